"""Opens a ledger: finds its folder, reads its policy, and gives out reading and writing access."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from exlog import clock
from exlog.errors import ExlogError, NotFound
from exlog.i18n import _
from exlog.policy import Policy
from exlog.store import config, files, journal, layout
from exlog.store.lock import Lock

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.01
T = TypeVar("T")


class Book:
    """An open ledger: where it stands, what its policy says, what time it is there and who acts."""

    def __init__(
        self,
        root: Path,
        policy: Policy,
        *,
        actor: str = "",
        entropy: Callable[[int], bytes] = os.urandom,
        now: datetime | None = None,
        name: str = "",
    ) -> None:
        self.root = root
        self.name = name or root.name
        """What people call the ledger where there are several."""
        self.policy = policy
        self.tz = config.zone(policy.timezone, lambda *path: f"{config.FILE}: {'.'.join(path)}")
        self.now = now or clock.now(self.tz)
        self.entropy = entropy
        self.tell: Callable[[str], object] = _keep_silent
        """Says something to the person that no result of a command has room for."""
        self._actor = actor

    @property
    def actor(self) -> str:
        """Who acts: ``--as``, else EXLOG_USER, else git's user.email, else login@host."""
        if not self._actor:
            named = os.environ.get("EXLOG_USER") or _git_email(self.root) or _login()
            self._actor = named.encode("utf-8", "backslashreplace").decode("utf-8")
        return self._actor

    @property
    def columns(self) -> tuple[str, ...]:
        """The canonical header of this ledger's tables, unknown columns aside."""
        from exlog import fields

        return fields.columns(self.policy.own_fields)

    @contextmanager
    def locked(self, *, shared: bool) -> Iterator[None]:
        """Hold the ledger's lock; what a crash left behind is finished or discarded first.

        Raises Busy when the lock cannot be had in time or the folder refuses.
        """
        files.refuse_links(self.root, layout.LOCK)
        work = self.root / journal.WORK
        try:
            files.make_folders(self.root, journal.WORK)
        except OSError as error:
            if not shared:
                raise files.refusal(error, work) from None
        if shared and journal.is_pending(self.root):
            self._sweep()
        try:
            with self._clean_lock(shared):
                yield
        except BrokenPipeError:
            raise
        except OSError as error:
            if shared:
                raise
            raise files.refusal(error, self.root) from error

    def consistent(self, read: Callable[[], T]) -> T:
        """What ``read`` gives, of one moment: no commit took place while it opened its files.

        Readers do not wait for a writer that is still preparing; only where commits follow one another so
        fast that no such moment is found, or a crash left one unfinished, is the lock taken.
        """
        for _attempt in range(_ATTEMPTS):
            before = journal.generation(self.root)
            if before is not None:
                try:
                    found = read()
                except (ExlogError, FileNotFoundError):
                    if journal.generation(self.root) == before:
                        raise
                else:
                    if journal.generation(self.root) == before:
                        return found
            time.sleep(_PAUSE_SECONDS)
        with self.locked(shared=True):
            return read()

    @contextmanager
    def _clean_lock(self, shared: bool) -> Iterator[None]:
        """The lock, with nothing left to finish: a writer may die between a reader's look and its lock."""
        while True:
            with Lock(self.root / layout.LOCK, shared=shared):
                if not shared:
                    journal.sweep(self.root)
                if not shared or not journal.is_pending(self.root):
                    yield
                    return
            self._sweep()

    def _sweep(self) -> None:
        try:
            with Lock(self.root / layout.LOCK, shared=False):
                journal.sweep(self.root)
        except OSError as error:
            raise files.refusal(error, self.root) from None


def find_root(start: Path | None) -> Path:
    """The ledger's folder: ``start``, else EXLOG_LEDGER, else the nearest parent that holds exlog.yaml.

    Raises NotFound where there is none.
    """
    named = start or (Path(os.environ["EXLOG_LEDGER"]) if os.environ.get("EXLOG_LEDGER") else None)
    if named is not None:
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            folder = named.expanduser().resolve()
            if (folder / config.FILE).is_file():
                return folder
        raise NotFound(
            _("no ledger here: {file} is missing").format(file=config.FILE),
            where=str(named),
            remedy=_("make one with: exlog init {folder}").format(folder=named),
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / config.FILE).is_file():
            return folder
    raise NotFound(
        _("no ledger here or in any folder above"),
        where=str(here),
        remedy=_("make one with exlog init, or name one with -C DIR"),
    )


def open_book(start: Path | None, *, actor: str = "") -> Book:
    """Open the ledger that ``find_root`` finds. Raises what it and ``config.load`` raise."""
    root = find_root(start)
    return Book(root, config.load(root), actor=actor)


def _keep_silent(text: str) -> None:
    """Who opens a ledger without an ear for it hears nothing."""


def lacks_driver(root: Path) -> bool:
    """Whether .gitattributes names exlog's merge driver and the clone's own configuration does not know it.

    Asked by every command, so no process is run and nothing is loaded.
    """
    with contextlib.suppress(OSError):
        if b"merge=exlog" in (root / ".gitattributes").read_bytes():
            place = next((one / ".git" for one in (root, *root.parents) if (one / ".git").exists()), None)
            if place is not None and place.is_file():  # a linked worktree or a submodule
                from exlog.store import driver

                place = (driver.config_file(root) or place).parent
            return place is not None and b'[merge "exlog"]' not in (place / "config").read_bytes()
    return False


def _git_email(root: Path) -> str:
    from exlog.store import git

    return git.email(root)


def _login() -> str:
    import getpass
    import socket

    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = "unknown"
    return f"{login}@{socket.gethostname()}"
