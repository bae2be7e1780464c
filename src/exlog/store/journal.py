"""The redo log: a command that touches several files happens whole or not at all.

Order of a commit: every new file is written into ``.exlog/new`` and flushed; the log, which names each file
with its hash before and after, is written, flushed and renamed to ``.exlog/pending.json`` (the commit point);
then the files are renamed into place, appended bytes are appended, folders are flushed, and the log is dropped.
A crash before the commit point leaves the ledger as it was; after it, the next command does the rest again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from exlog.errors import Conflict, Damaged
from exlog.i18n import _
from exlog.store import files

WORK = ".exlog"
PENDING = f"{WORK}/pending.json"
STAGING = f"{WORK}/new"
STAMPED = (WORK, "exceptions.csv", "archive/manifest.csv", "exlog.yaml")
"""The folder in which every commit makes and removes its log, and the files of which every commit that changes a
table replaces at least one: the time of a folder is a matter of milliseconds, a new file is another one."""
_TAIL = 4096


class Staged:
    """A file on its way into place: written within a ``with`` block, flushed and hashed at its end."""

    def __init__(self, root: Path, entry: dict[str, Any]) -> None:
        self._entry = entry
        self._target = root / entry["path"]
        self._path = root / entry["staged"]
        self._hash = hashlib.sha256()
        self._stream: BinaryIO | None = None
        self.digest = ""

    def __enter__(self) -> Staged:
        self._stream = self._path.open("wb")
        return self

    def write(self, data: bytes) -> None:
        """Add ``data`` to the file."""
        assert self._stream is not None
        self._stream.write(data)
        self._hash.update(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._stream is not None
        try:
            if kind is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())
                _keep_mode(self._target, self._path)
                self.digest = self._entry["after"] = self._hash.hexdigest()
        finally:
            self._stream.close()


class Transaction:
    """What one command will write, collected and then committed. Used under the exclusive lock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._entries: list[dict[str, Any]] = []

    def replace(self, relative: str, data: bytes | Iterable[bytes], before: str | None) -> str:
        """Let ``relative`` hold ``data`` (one piece or many). Returns the sha256 of it.

        ``before`` is the sha256 that the file had when it was read, None where there was none: a file that
        somebody else wrote meanwhile is not overwritten.
        """
        with self.stage(relative, before) as staged:
            for piece in (data,) if isinstance(data, bytes) else data:
                staged.write(piece)
        return staged.digest

    def stage(self, relative: str, before: str | None) -> Staged:
        """A new version of ``relative`` to be written bit by bit, within a ``with`` block; see ``replace``."""
        files.make_folders(self._root, STAGING)
        folder = str(Path(relative).parent)
        if folder != ".":
            files.make_folders(self._root, folder)
        entry = {"path": relative, "staged": f"{STAGING}/{len(self._entries)}", "before": before}
        self._entries.append(entry)
        return Staged(self._root, entry)

    def remove(self, relative: str, before: str) -> None:
        """Take the file ``relative`` away, which had the sha256 ``before`` when it was read."""
        self._entries.append({"path": relative, "before": before, "gone": True})

    def append(self, relative: str, data: bytes) -> None:
        """Add ``data`` to the end of ``relative``, which may not exist yet."""
        folder = str(Path(relative).parent)
        if folder != ".":
            files.make_folders(self._root, folder)
        size, tail = _end_of(self._root / relative)
        self._entries.append({"path": relative, "size": size, "tail": tail, "text": data.decode("utf-8")})

    def commit(self) -> bool:
        """Write the log, then do what it says. Raises Conflict where a file changed since it was read.

        False where the disk refused after the commit point: the change is recorded, and the next command
        brings the files up to it.
        """
        if not self._entries:
            return True
        for entry in self._entries:
            self._refuse_changed(entry)
            self._refuse_unwritable(entry)
        log = json.dumps({"exlog": 1, "files": self._entries}, ensure_ascii=False).encode("utf-8")
        work = self._root / WORK
        draft = work / "pending.new"
        files.write_durably(draft, log)
        if (self._root / STAGING).is_dir():
            files.flush_folder(self._root / STAGING)
        os.replace(draft, self._root / PENDING)
        try:
            files.flush_folder(work)
            _apply(self._root, self._entries)
        except OSError:
            return False
        return True

    def _refuse_changed(self, entry: dict[str, Any]) -> None:
        path = self._root / entry["path"]
        if path.is_symlink():
            raise files.linked(path)
        if "size" not in entry:
            same = files.digest_of_file(path) == entry["before"]
        else:
            same = _end_of(path) == (entry["size"], entry["tail"])
        if not same:
            raise Conflict(
                _("another program wrote this file while the command ran; nothing was changed"),
                where=str(path),
                remedy=_("run the command again"),
            )

    def _refuse_unwritable(self, entry: dict[str, Any]) -> None:
        """Ask before the commit point whether all will be allowed: other people may own some of the files."""
        path = self._root / entry["path"]
        asked = path if "size" in entry and path.exists() else path.parent
        if not os.access(asked, os.W_OK):
            raise files.refusal(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(asked)), asked)


def sweep(root: Path) -> None:
    """Finish what a crash left behind, or discard what it had not committed. Used under the exclusive lock.

    Raises Conflict, with both versions kept, where a file is neither as it was before the unfinished command
    nor as that command would leave it.
    """
    pending = root / PENDING
    data = files.read(pending)
    if data is not None:
        entries = _entries_of(data)
        if entries is None:
            raise Damaged(
                _("the log of an unfinished command cannot be read"),
                where=str(pending),
                remedy=_("move the file away after looking at the ledger with git diff"),
            )
        for entry in entries:
            _refuse_foreign(root, entry)
        _apply(root, entries)
    staging = root / STAGING
    if staging.is_dir() and not staging.is_symlink():
        shutil.rmtree(staging)
    (root / WORK / "pending.new").unlink(missing_ok=True)


def _entries_of(data: bytes) -> list[dict[str, Any]] | None:
    """The entries of a log; None where it is none of ours.

    A clone may bring a log along that somebody else wrote: it must not reach out of the ledger, nor into the
    folders of git and exlog within it.
    """
    try:
        entries = json.loads(data)["files"]
        return list(entries) if all(_is_entry(entry) for entry in entries) else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _is_entry(entry: dict[str, Any]) -> bool:
    path = entry["path"]
    if b"\0" in path.encode("utf-8") or not _is_inside(path):
        return False
    if {".git", WORK} & {part.casefold() for part in Path(path).parts}:
        return False
    if "gone" in entry:
        return entry["gone"] is True and isinstance(entry["before"], str) and entry.keys() == {"path", "before", "gone"}
    if "staged" not in entry:
        return bool(entry["size"] >= 0 and isinstance(entry["tail"], str) and entry["text"].encode("utf-8"))
    folder, _slash, number = entry["staged"].rpartition("/")
    before, after = entry["before"], entry["after"]
    return folder == STAGING and number.isdigit() and (before is None or isinstance(before, str)) and bool(after)


def _is_inside(relative: str) -> bool:
    parts = Path(relative).parts
    return bool(parts) and ".." not in parts and not Path(relative).is_absolute()


def _keep_mode(target: Path, staged: Path) -> None:
    try:
        os.chmod(staged, target.stat().st_mode & 0o7777)
    except FileNotFoundError:
        return


def generation(root: Path) -> tuple[object, ...] | None:
    """A stamp that changes with every commit; None while one is under way.

    A reader that finds the same stamp before and after it opened its files has them all of one commit.
    """
    if is_pending(root):
        return None
    stamp: list[object] = []
    for name in STAMPED:
        try:
            stat = (root / name).stat()
            stamp += [stat.st_ino, stat.st_mtime_ns, stat.st_size]
        except FileNotFoundError:
            stamp.append(None)
    return None if is_pending(root) else tuple(stamp)


def is_pending(root: Path) -> bool:
    """Whether a crash left a command to finish."""
    return (root / PENDING).exists()


def _apply(root: Path, entries: list[dict[str, Any]]) -> None:
    folders = set()
    for entry in entries:
        target = root / entry["path"]
        folders.add(target.parent)
        if "staged" in entry:
            staged = root / entry["staged"]
            if staged.exists():
                os.replace(staged, target)
        elif "gone" in entry:
            target.unlink(missing_ok=True)
        else:
            _append_at(target, entry["size"], entry["text"].encode("utf-8"))
    for folder in folders:
        files.flush_folder(folder)
    os.unlink(root / PENDING)


def _append_at(path: Path, size: int, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        os.lseek(fd, size, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.ftruncate(fd, size + len(data))
        os.fsync(fd)
    finally:
        os.close(fd)


def _end_of(path: Path) -> tuple[int, str]:
    """Size and hash of the last bytes of a file: enough to know it again when a crash is cleaned up."""
    if path.is_symlink():
        raise files.linked(path)
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL))
            return size, files.digest(stream.read())
    except FileNotFoundError:
        return 0, files.digest(b"")


def _refuse_foreign(root: Path, entry: dict[str, Any]) -> None:
    path = root / entry["path"]
    for file in (entry["path"], entry.get("staged", PENDING)):
        files.refuse_links(root, file)
        if (root / file).is_symlink():
            raise files.linked(root / file)
    if "staged" in entry:
        present = files.digest_of_file(path)
        staged = root / entry["staged"]
        whole = not staged.exists() or files.digest_of_file(staged) == entry["after"]
        known = present == entry["after"] or (present == entry["before"] and staged.exists() and whole)
    elif "gone" in entry:
        staged = root / PENDING
        known = files.digest_of_file(path) in (None, entry["before"])
    else:
        staged = root / PENDING
        known = _is_prefix_of_append(path, entry)
    if not known:
        raise Conflict(
            _("this file changed after a command was cut off; both versions are kept (the other is {other})").format(
                other=staged
            ),
            where=str(path),
            remedy=_("put the right version in place and remove {log}").format(log=root / PENDING),
        )


def _is_prefix_of_append(path: Path, entry: dict[str, Any]) -> bool:
    """Whether the file is as before the append, as after it, or cut off within it.

    After a power cut some file systems have the new length with zeros where the bytes should be.
    """
    size = entry["size"]
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, size - _TAIL))
            tail = stream.read(min(size, _TAIL))
            rest = stream.read()
    except FileNotFoundError:
        return bool(size == 0)
    text: bytes = entry["text"].encode("utf-8")
    return files.digest(tail) == entry["tail"] and (
        text.startswith(rest) or (len(rest) <= len(text) and text.startswith(rest.rstrip(b"\0")))
    )
