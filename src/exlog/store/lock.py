"""One kernel lock for a ledger: released by the kernel on a crash, so never stale.

Written here rather than taken from a library: the two that are alive (filelock, portalocker) add 40 to 55 ms
to every command by what they import, and this needs flock in two modes and nothing else.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from types import TracebackType

from exlog.errors import Busy, Usage
from exlog.i18n import _
from exlog.store import files

DEFAULT_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.01
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)
"""Why a lock file cannot be made or opened where nothing may be written; ENOENT: its folder could not be made."""


def wait_seconds() -> float:
    """How long to wait for the lock: EXLOG_LOCK_TIMEOUT in seconds, else ten."""
    text = os.environ.get("EXLOG_LOCK_TIMEOUT")
    if not text:
        return DEFAULT_WAIT_SECONDS
    try:
        return max(0.0, float(text))
    except ValueError:
        raise Usage(
            _("EXLOG_LOCK_TIMEOUT is {value!r}, which is no number of seconds").format(value=text),
            remedy=_("write it like 10"),
        ) from None


class Lock:
    """The ledger's lock file, held shared (readers) or exclusive (writers) within a ``with`` block.

    A reader in a folder it may not write goes without: nothing of ours can write there either. ``held`` says what
    the other process does, where that is not writing to the ledger.
    """

    def __init__(self, path: Path, *, shared: bool, held: str = "") -> None:
        self._path = path
        self._shared = shared
        self._held = held
        self._fd: int | None = None

    def __enter__(self) -> Lock:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | _NOFOLLOW, 0o666)
        except OSError as error:
            if self._shared and error.errno in _READ_ONLY:
                return self
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise files.linked(self._path) from None
            raise
        deadline = time.monotonic() + wait_seconds()
        while not _try_lock(self._fd, self._shared):
            if time.monotonic() >= deadline:
                os.close(self._fd)
                self._fd = None
                raise Busy(
                    self._held or _("another exlog command is writing to this ledger"),
                    where=str(self._path),
                    remedy=_("try again when it is done"),
                )
            time.sleep(_POLL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


if os.name == "nt":  # pragma: no cover - the lock of Windows knows no shared mode
    import msvcrt

    def _try_lock(fd: int, shared: bool) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise
        return True

else:
    import fcntl

    def _try_lock(fd: int, shared: bool) -> bool:
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise
        return True
