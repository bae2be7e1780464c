"""The few file-system calls that everything else in the store is made of."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from exlog.errors import Busy, Damaged
from exlog.i18n import N_, _

_REFUSED = {
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the disk quota is used up"),
    errno.EROFS: N_("the file system is read-only"),
    errno.EACCES: N_("permission is denied"),
    errno.EPERM: N_("permission is denied"),
    errno.EIO: N_("the disk reports an error"),
    errno.EFBIG: N_("the file would be too large"),
    errno.EXDEV: N_("the folder lies on another file system than the ledger"),
}


def reason(error: OSError) -> str:
    """Why the file system refuses, in the language in force."""
    return _(_REFUSED.get(error.errno or 0, error.strerror or str(error)))


def refusal(error: OSError, path: Path | str) -> Busy:
    """The error to show when the file system refuses a write: nothing changed."""
    return Busy(
        _("cannot write: {reason}; nothing was changed").format(reason=reason(error)),
        where=str(error.filename or path),
        remedy=_("make room or give write permission, then run the command again"),
    )


def digest(data: bytes) -> str:
    """The sha256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(path: Path) -> str | None:
    """The sha256 of a file's bytes; None where there is no file."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def read(path: Path) -> bytes | None:
    """A file's bytes, None where there is none. Raises Damaged as ``open_plain`` does."""
    try:
        stream = open_plain(path)
    except FileNotFoundError:
        return None
    with stream:
        return stream.read()


def open_plain(path: Path) -> BinaryIO:
    """An ordinary file, opened to be read; never through a symbolic link, which could lead out of the ledger.

    Raises Damaged for a link and for a path that is no ordinary file, FileNotFoundError where there is none.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise linked(path) from None
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Damaged(_("this is no ordinary file"), where=str(path), remedy=_("put the file of the ledger back"))
    return os.fdopen(fd, "rb")


def linked(path: Path) -> Damaged:
    """The error for a symbolic link where the ledger keeps a file or a folder of its own."""
    return Damaged(
        _("this is a symbolic link; exlog does not follow links out of a ledger"),
        where=str(path),
        remedy=_("put the real file or folder in its place"),
    )


def refuse_links(root: Path, relative: str) -> None:
    """Raise Damaged where a folder on the way from ``root`` to ``relative`` is a symbolic link."""
    place = root
    for part in Path(relative).parts[:-1]:
        place = place / part
        if place.is_symlink():
            raise linked(place)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk; the caller flushes the folder."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def flush_folder(path: Path) -> None:
    """Flush a folder's entries to the disk, where the system knows such a call."""
    if os.name == "nt":  # pragma: no cover
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folders(root: Path, relative: str) -> None:
    """Make the folder ``relative`` below ``root`` durably, refusing links on the way."""
    refuse_links(root, relative + "/x")
    place = root
    for part in Path(relative).parts:
        parent, place = place, place / part
        if not place.is_dir():
            try:
                place.mkdir()
            except FileExistsError:
                if not place.is_dir():
                    raise Damaged(
                        _("this is no folder"), where=str(place), remedy=_("put the folder of the ledger back")
                    ) from None
            flush_folder(parent)


def shown(text: str, longest: int = 80) -> str:
    """A text from the command line or a file as one short, harmless piece of a message."""
    plain = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
