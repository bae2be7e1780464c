"""What a power cut may leave on a disk: a model of files and folders that keeps what was flushed, and no more.

It is fed the calls of a run (see ``runner``). A file's bytes are safe after an fsync of the file, a name in a folder
after an fsync of the folder; of what is not safe, any part may be there. A rename is one step where the folder it
leaves was flushed; before that the old name may still be there as well.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from faults import runner
from faults.runner import Call

Image = dict[str, bytes | None]
"""A path below the ledger and the bytes there; None for a folder."""


class Disk:
    """The ledger's folder as the running system sees it and as the disk has it."""

    def __init__(self, root: Path) -> None:
        self._data: list[bytearray] = []
        self._safe: list[bytes] = []
        self._names: dict[str, int | None] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            self._names[name] = None if path.is_dir() else self._file(path.read_bytes())
        self._kept = dict(self._names)
        self._pending: list[tuple[Call, int | None]] = []

    def feed(self, call: Call) -> None:
        """Take in one call."""
        if call.detail == "nameless" or call.kind in ("open", "chmod", runner.FAILED):
            return
        if call.kind == "create":
            self._enter(call, self._file(b""))
            self._safe[-1] = b""
        elif call.kind == "write":
            self._write(call)
        elif call.kind == "truncate":
            data = self._data[self._number(call.path)]
            data[call.detail :] = b"\0" * max(0, call.detail - len(data))
        elif call.kind == "sync":
            self._flush(call)
        elif call.kind == "rename":
            self._enter(call, self._names.pop(call.detail))
        elif call.kind == "mkdir":
            self._enter(call, None)
        elif call.kind in ("unlink", "rmdir"):
            # Files within shutil.rmtree are named by their folder's descriptor, so the path is whole here.
            self._pending.append((call, None))
            self._names.pop(call.path, None)
        else:
            raise AssertionError(call)

    def images(self, dice: random.Random) -> Iterator[Image]:
        """What the disk may hold now: the least, the most, names without bytes, bytes without names, and mixtures."""
        everything = len(self._pending)
        for names, data in ((0, "safe"), (0, "all"), (everything, "safe"), (everything, "zeros"), (everything, "all")):
            yield self._image([True] * names + [False] * (everything - names), data)
        for _time in range(3):
            yield self._image(self._some(dice), dice.choice(("safe", "all", "zeros")))

    def _some(self, dice: random.Random) -> list[bool]:
        """Some of the names that are not safe: of each folder the first few, as a journal would have it."""
        folders = {folder for call, _number in self._pending for folder in _folders(call)}
        ends = {folder: dice.randrange(len(self._pending) + 1) for folder in sorted(folders)}
        return [
            all(place < ends[folder] for folder in _folders(call))
            for place, (call, _number) in enumerate(self._pending)
        ]

    def _image(self, chosen: list[bool], data: str) -> Image:
        names = dict(self._kept)
        for (call, number), is_there in zip(self._pending, chosen, strict=True):
            if is_there:
                _change(names, call, number)
        found: Image = {}
        for name, number in names.items():
            parents = [str(parent) for parent in Path(name).parents if str(parent) != "."]
            if all(parent in names for parent in parents):
                found[name] = None if number is None else self._bytes(number, data)
        return found

    def _bytes(self, number: int, data: str) -> bytes:
        now, safe = bytes(self._data[number]), self._safe[number]
        if data == "all" or now == safe:
            return now
        if data == "zeros" and now.startswith(safe):
            return safe + b"\0" * (len(now) - len(safe))
        return safe

    def _file(self, data: bytes) -> int:
        self._data.append(bytearray(data))
        self._safe.append(data)
        return len(self._data) - 1

    def _number(self, name: str) -> int:
        number = self._names[name]
        assert number is not None
        return number

    def _enter(self, call: Call, number: int | None) -> None:
        self._names[call.path] = number
        self._pending.append((call, number))

    def _write(self, call: Call) -> None:
        offset, text = call.detail
        data = self._data[self._number(call.path)]
        data[len(data) : offset] = b"\0" * max(0, offset - len(data))
        data[offset : offset + len(text)] = text

    def _flush(self, call: Call) -> None:
        if not call.detail:
            number = self._number(call.path)
            self._safe[number] = bytes(self._data[number])
            return
        left = []
        for one, number in self._pending:
            if one.kind == "rename" and _folder(one.detail) != call.path == _folder(one.path):
                self._kept[one.path] = number  # the new name is safe, the old one may still be there
                left.append((Call("unlink", one.detail), None))
            elif call.path in _folders(one):
                _change(self._kept, one, number)
            else:
                left.append((one, number))
        self._pending = left


def written(image: Image, root: Path) -> Path:
    """The image as a folder; what stood there is gone."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in sorted(image):
        data = image[name]
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)
    return root


def digest(image: Image) -> str:
    """What tells two images apart."""
    return hashlib.sha256(repr(sorted(image.items())).encode()).hexdigest()


def _change(names: dict[str, int | None], call: Call, number: int | None) -> None:
    if call.kind in ("create", "mkdir", "rename"):
        names[call.path] = number
    if call.kind == "rename":
        names.pop(call.detail, None)
    elif call.kind in ("unlink", "rmdir"):
        names.pop(call.path, None)


def _folder(path: str) -> str:
    return os.path.dirname(path) or "."


def _folders(call: Call) -> set[str]:
    return {_folder(call.path), *([_folder(call.detail)] if call.kind == "rename" else [])}
