"""Sets a clone up for teamwork over git: the attributes, the merge driver, the text of diffs, the hooks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from exlog.errors import Damaged, ExlogError, Usage
from exlog.i18n import N_, _
from exlog.ledger import lanes
from exlog.ledger.book import Book
from exlog.store import attributes, clone, config, driver, files, git, hooks, layout
from exlog.store.journal import Transaction

SYNCING = "EXLOG_SYNCING"
"""Set by ``sync`` while it runs git: it puts right what a merge left itself, under a lock that hooks would wait for."""

WRITTEN, KEPT, REMOVED = N_("written"), N_("as it was"), N_("removed")
_OF_HOOK = {
    hooks.WRITTEN: WRITTEN,
    hooks.KEPT: KEPT,
    hooks.REMOVED: REMOVED,
    hooks.NO_SCRIPT: N_("left alone: it is no shell script; let it call exlog git-hook {name}"),
    hooks.NOT_RUN: N_("left alone: it is not executable, so git does not run it"),
    hooks.SWITCHED_OFF: N_("left alone: hooks are switched off by core.hooksPath"),
}


class Step(NamedTuple):
    """One thing that was looked after: what, where it stands, and what became of it."""

    what: str
    where: str
    state: str


def set_up(book: Book) -> list[Step]:
    """Set the clone up; again is no harm. Raises Usage outside of a repository, GitError where git refuses."""
    _refuse_outside(book)
    changed = driver.configure(book.root)
    steps = [_attributes(book, attributes.completed)]
    for key in driver.wanted():
        steps.append(Step(key, _config(book), _(WRITTEN) if key in changed else _(KEPT)))
    steps += _hooks(book)
    driver.forget_told(book.root)
    return [*steps, lane_of(book)]


def at_founding(book: Book) -> str:
    """Set the clone of a new ledger up where it lies in one; what to tell of it."""
    if git.top(book.root) is None:
        return ""
    try:
        set_up(book)
    except ExlogError as error:
        return _("git is not set up: {reason}; try exlog git-setup").format(reason=error.message)
    return _("git merges and shows the ledger by way of exlog in this clone (see exlog git-setup)")


def take_down(book: Book) -> list[Step]:
    """Take away exactly what ``set_up`` made. Raises as it does."""
    _refuse_outside(book)
    steps = [_attributes(book, attributes.without)]
    steps += [Step(key, _config(book), _(REMOVED)) for key in driver.forget(book.root)]
    place = hooks.folder(book.root)
    if place is not None:
        with _refusing(place):
            steps += [_hook(place, name, state) for name, state in hooks.remove(place).items()]
    return steps


def lane_of(book: Book) -> Step:
    """The lane that this clone mints in."""
    own = clone.read_uuid(book.root)
    try:
        rows = lanes.read(files.read(book.root / layout.LANES))
    except Damaged as error:
        return Step(_("lane"), layout.LANES, error.message)
    lane = next((row[0] for row in rows if own and row[1] == own), "")
    return Step(_("lane"), layout.LANES, lane or _("taken on the first write of this clone; exlog sync soon after it"))


def ledgers(top: Path) -> list[Path]:
    """The ledgers that the repository at ``top`` tracks. Raises GitError where git refuses."""
    out = git.ask(top, "ls-files", "-z", "--full-name", "--", f":(top,glob)**/{config.FILE}")
    return [(top / name).parent for name in out.split("\0") if name]


def may_put_right(root: Path, hook: str, arguments: list[str]) -> bool:
    """Whether a hook may write files now: not in the middle of something that git goes on with."""
    folder = clone.git_folder(root)
    if folder is None or os.environ.get(SYNCING):
        return False
    if hook == "post-checkout" and arguments[2:3] == ["0"]:
        return False  # single files were checked out
    if (folder / "MERGE_AUTOSTASH").exists() or (folder / "rebase-merge" / "autostash").exists():
        return False  # what git takes out of its stash afterwards must find the files as they are
    going_on = git.under_way(folder)
    if hook == "post-rewrite" and arguments[:1] == ["rebase"]:
        return True  # git removes its notes of the rebase only after this hook
    return not going_on or (hook == "post-merge" and going_on == "merge")


def _refuse_outside(book: Book) -> None:
    if git.top(book.root) is None:
        raise Usage(
            _("the ledger lies in no work tree of git"),
            where=str(book.root),
            remedy=_("make one with: git init, then exlog git-setup"),
        )


def _config(book: Book) -> str:
    return _shown(book.root, driver.config_file(book.root) or Path())


def _attributes(book: Book, change: Callable[[str], str]) -> Step:
    with book.locked(shared=False):
        data = files.read(book.root / attributes.FILE)
        text = (data or b"").decode("utf-8", "surrogateescape")
        new = change(text)
        if new == text:
            return Step(attributes.FILE, attributes.FILE, _(KEPT))
        transaction = Transaction(book.root)
        before = files.digest(data) if data is not None else None
        transaction.replace(attributes.FILE, new.encode("utf-8", "surrogateescape"), before)
        transaction.commit()
    return Step(attributes.FILE, attributes.FILE, _(WRITTEN) if change is attributes.completed else _(REMOVED))


def _hooks(book: Book) -> list[Step]:
    place = hooks.folder(book.root)
    if place is None:
        return []
    with _refusing(place):
        return [_hook(place, name, state) for name, state in hooks.install(place).items()]


def _hook(place: Path, name: str, state: str) -> Step:
    return Step(name, str(place / name), _(_OF_HOOK[state]).format(name=name))


@contextlib.contextmanager
def _refusing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise files.refusal(error, place) from None


def _shown(root: Path, path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(root))
    return str(path)
