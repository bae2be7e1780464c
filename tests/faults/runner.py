"""Lets the N-th file-system call below a folder go wrong, in this process; no product code knows of it.

The functions of ``os`` and ``open`` that change or open files are replaced by ones that count the calls which
touch something below the folder, and write each into a log. What happens at the N-th call:

* ``before``, ``after``, ``within``: SIGKILL just before it, just after it, or (a write) with half of it written;
* ``stop``: SIGSTOP just before it; ``stop within``: with half of a write done;
* ``error``: it raises an OSError in place of doing anything, and later calls work again;
* ``full``: the disk is full from there on: half of a write is done, what needs room raises ENOSPC;
* ``dead``: it and every later call that changes something raises.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

NEEDS_ROOM = ("create", "write", "mkdir", "rename", "truncate", "sync")
"""Kinds of calls that fail on a full disk (a new name or a flush of delayed blocks may need room)."""
READS = ("read",)
FAILED = "failed"
"""The kind of a call that the system refused by itself, such as mkdir of what is there."""


class Call(NamedTuple):
    """One counted call: what it does to which path below the folder, and what is needed to do it again."""

    kind: str
    path: str
    detail: Any = None


class Faults:
    """The fault that is to come, and the log of calls that leads there."""

    def __init__(self, root: Path, log: Path, *, at: int = 0, how: str = "", code: int = 0, reads: bool = False):
        self.root = os.path.realpath(root)
        self.at = at
        self.how = how
        self.code = code
        self.reads = reads
        self.seen = 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        self._write = os.write

    def inside(self, path: Any, dir_fd: int | None = None) -> str | None:
        """The path below the folder that a call is about; None where it is none of ours."""
        try:
            if isinstance(path, int):
                full = os.readlink(f"/proc/self/fd/{path}").removesuffix(" (deleted)")
            else:
                base = os.getcwd() if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")
                full = os.path.join(base, os.fsdecode(path))
                folder, name = os.path.split(full)
                full = os.path.join(os.path.realpath(folder), name)
        except OSError:
            return None
        if full == self.root:
            return "."
        return os.path.relpath(full, self.root) if full.startswith(self.root + "/") else None

    def step(self, call: Call, do: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Count a call and do it, unless it is the one that goes wrong."""
        if call.kind in READS and not self.reads:
            return do()
        self.seen += 1
        here = self.seen == self.at
        if here:
            self._happen(call, do, half)
        elif 0 < self.at < self.seen:
            self._persist(call)
        try:
            if here and self.how in ("full", "stop within") and half is not None:
                result = half()  # a short write, which its caller goes on with
                if self.how == "stop within":
                    os.kill(os.getpid(), signal.SIGSTOP)
            else:
                result = do()
        except OSError:
            call = Call(FAILED, call.path, call.kind)
            raise
        finally:
            self._write(self._log, pickle.dumps(call))
        if here and self.how == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def _happen(self, call: Call, do: Callable[[], Any], half: Callable[[], Any] | None) -> None:
        if self.how in ("before", "within"):
            if self.how == "within":
                with contextlib.suppress(OSError):
                    (half or do)()
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.how == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self.how == "error" or (self.how == "full" and half is None):
            if self.how == "error" or call.kind in NEEDS_ROOM:
                raise self._error(call)
        elif self.how == "dead":
            raise self._error(call)

    def _persist(self, call: Call) -> None:
        if (self.how == "full" and call.kind in NEEDS_ROOM) or (self.how == "dead" and call.kind not in READS):
            raise self._error(call)

    def _error(self, call: Call) -> OSError:
        code = errno.ENOSPC if self.how == "full" else self.code
        return OSError(code, os.strerror(code), os.path.join(self.root, call.path))


def calls(log: Path) -> list[Call]:
    """The calls that a log holds."""
    found = []
    with log.open("rb") as stream:
        while True:
            try:
                found.append(pickle.load(stream))
            except EOFError:
                return found


def install(faults: Faults) -> None:
    """Replace the functions of this process; there is no way back, so it is done in a child."""
    _patch_descriptors(faults)
    _patch_names(faults)
    _patch_open(faults)


def _patch_descriptors(faults: Faults) -> None:
    real_open, real_write, real_fsync, real_ftruncate = os.open, os.write, os.fsync, os.ftruncate

    def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        def do() -> int:
            return real_open(path, flags, mode, dir_fd=dir_fd)

        place = faults.inside(path, dir_fd)
        if place is None:
            return do()
        return int(faults.step(_opening(place, path, dir_fd, flags), do))

    def write(fd: int, data: Any) -> int:
        place = faults.inside(fd)
        if place is None:
            return real_write(fd, data)
        call = Call("write", place, (os.lseek(fd, 0, os.SEEK_CUR), bytes(data)))
        return int(
            faults.step(call, lambda: real_write(fd, data), lambda: real_write(fd, bytes(data)[: len(data) // 2]))
        )

    def fsync(fd: int) -> None:
        place = faults.inside(fd)
        if place is None:
            return real_fsync(fd)
        return faults.step(Call("sync", place, os.path.isdir(f"/proc/self/fd/{fd}")), lambda: real_fsync(fd))

    def ftruncate(fd: int, length: int) -> None:
        place = faults.inside(fd)
        if place is None:
            return real_ftruncate(fd, length)
        return faults.step(Call("truncate", place, length), lambda: real_ftruncate(fd, length))

    os.open, os.write, os.fsync, os.fdatasync, os.ftruncate = open_, write, fsync, fsync, ftruncate  # type: ignore


def _opening(place: str, path: Any, dir_fd: int | None, flags: int) -> Call:
    if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return Call("read", place)
    if flags & getattr(os, "O_TMPFILE", 0) == getattr(os, "O_TMPFILE", -1):
        return Call("create", place, "nameless")
    try:
        os.stat(path, dir_fd=dir_fd)
    except OSError:
        return Call("create", place)
    return Call("truncate", place, 0) if flags & os.O_TRUNC else Call("open", place)


def _patch_names(faults: Faults) -> None:
    def patch(name: str, kind: str) -> None:
        real = getattr(os, name)

        def call(path: Any, *args: Any, dir_fd: int | None = None, **more: Any) -> Any:
            if dir_fd is not None:
                more["dir_fd"] = dir_fd
            place = faults.inside(path, dir_fd)
            if place is None:
                return real(path, *args, **more)
            return faults.step(Call(kind, place), lambda: real(path, *args, **more))

        setattr(os, name, call)

    for name, kind in (("mkdir", "mkdir"), ("unlink", "unlink"), ("remove", "unlink"), ("rmdir", "rmdir"),
                       ("chmod", "chmod"), ("truncate", "truncate")):  # fmt: skip
        patch(name, kind)

    def patch_two(name: str, kind: str) -> None:
        real = getattr(os, name)

        def call(source: Any, target: Any, *args: Any, **more: Any) -> Any:
            place = faults.inside(target)
            if place is None:
                return real(source, target, *args, **more)
            return faults.step(Call(kind, place, faults.inside(source)), lambda: real(source, target, *args, **more))

        setattr(os, name, call)

    for name in ("replace", "rename"):
        patch_two(name, "rename")
    for name in ("link", "symlink"):
        patch_two(name, "link")


def _patch_open(faults: Faults) -> None:
    real_open = io.open

    class Counted(io.FileIO):
        """A raw file whose writes are counted."""

        place: str | None = None

        def write(self, data: Any) -> int:
            place = faults.inside(self.fileno())
            raw = super()
            if place is None:
                return raw.write(data)
            call = Call("write", place, (self.tell(), bytes(data)))
            return int(faults.step(call, lambda: raw.write(data), lambda: raw.write(bytes(data)[: len(data) // 2])))

        def truncate(self, size: int | None = None) -> int:
            place = faults.inside(self.fileno())
            raw = super()
            if place is None:
                return raw.truncate(size)
            length = self.tell() if size is None else size
            return int(faults.step(Call("truncate", place, length), lambda: raw.truncate(size)))

    def open_(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
        newline: Any = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        place = faults.inside(file)
        writing = bool(set(mode) & set("wax+"))
        if place is None or (isinstance(file, int) and not writing):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not writing:

            def read() -> Any:
                return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)

            return faults.step(Call("read", place), read)

        def make() -> Counted:
            return Counted(file, mode.replace("b", "").replace("t", ""), closefd, opener)

        if isinstance(file, int) or opener is not None:
            raw = make()
        else:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if "w" in mode else 0) if "r" not in mode else os.O_RDWR
            raw = faults.step(_opening(place, file, None, flags), make)
        if buffering == 0:
            return raw
        buffer = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffer
        return io.TextIOWrapper(buffer, encoding, errors, newline)

    io.open = builtins.open = open_  # type: ignore
