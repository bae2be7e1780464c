"""Commits to git what exlog wrote, and nothing else: no other work of the person, staged or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from exlog import canonical, monthly
from exlog.errors import Damaged, ExlogError
from exlog.i18n import _
from exlog.ledger import telling
from exlog.ledger.book import Book
from exlog.ledger.telling import Told
from exlog.store import attributes, clone, config, files, git, layout

_PLACES = (layout.LIVE, layout.HISTORY, layout.ARCHIVE, layout.CUSTOMERS, layout.LANES)
_FOUNDED = (config.FILE, attributes.FILE, ".gitignore")
"""Files that exlog makes once and people change: theirs to commit, but for a ledger that no commit has yet."""
_OURS = re.compile(
    r"exceptions\.csv|lanes\.csv|archive/(manifest|\d{4}-\d\d)\.csv|customers/C[0-9A-Z]+\.yaml"
    r"|history/\d{4}-\d\d/[^/]+\.csv"
)


class Own(NamedTuple):
    """Files of the ledger that differ from the last commit, below its folder; ``fresh`` are unknown to git by now."""

    paths: list[str]
    fresh: list[str]


def is_own(path: str) -> bool:
    """Whether a path below the ledger's folder is one of a file that exlog alone writes."""
    return _OURS.fullmatch(path) is not None


def automatically(book: Book) -> str:
    """Commit after a command, where the policy asks for it; what to tell where that is not possible."""
    if not book.policy.autocommit:
        return ""
    try:
        folder = clone.git_folder(book.root)
        if folder is None:
            return _("not committed: the ledger lies in no work tree of git")
        going_on = git.under_way(folder)
        if going_on:
            return _("not committed: a {what} is under way").format(what=going_on)
        commit(book)
    except (ExlogError, OSError) as error:
        return _("recorded, but not committed: {reason}").format(reason=getattr(error, "message", str(error)))
    return ""


def commit(book: Book) -> str:
    """Commit what exlog wrote since the last commit. Returns the message; empty where there is nothing.

    The index stays as it is for all other paths. Raises GitError where git refuses, as a hook of the person's may,
    Busy where another git holds the index.
    """
    with book.locked(shared=True):
        return commit_held(book)


def commit_held(book: Book) -> str:
    """As ``commit``, for who holds the ledger's lock already."""
    own = changes(book)
    if not own.paths:
        return ""
    text = telling.message(events(book, own.paths), book.policy, own.paths)
    if own.fresh:
        done = git.run_in_turn(book.root, "add", *_FROM_STDIN, stdin=git.paths_on_stdin(own.fresh))
        if done.code != 0:
            raise git.refused("add", done)
    arguments = ("commit", "--quiet", "--only", "--cleanup=whitespace", "--message", text, *_FROM_STDIN)
    done = git.run_in_turn(book.root, *arguments, stdin=git.paths_on_stdin(own.paths))
    if done.code != 0:
        if own.fresh:
            git.run(book.root, "rm", "--cached", "--quiet", *_FROM_STDIN, stdin=git.paths_on_stdin(own.fresh))
        raise git.refused("commit", done)
    return text


_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")


def changes(book: Book) -> Own:
    """What of the ledger differs from the last commit and is exlog's to commit."""
    places = [name for name in (*_PLACES, *_FOUNDED) if (book.root / name).exists() or name in _PLACES]
    out = git.ask(
        book.root, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *places
    )  # fmt: skip
    prefix = git.ask(book.root, "rev-parse", "--show-prefix")
    own = Own([], [])
    for entry in filter(None, out.split("\0")):
        code, path = entry[:2], entry[3:].removeprefix(prefix)
        if _is_ours(book, path) or (path in _FOUNDED and _is_founded(book, code, path)):
            own.paths.append(path)
            if code == "??":
                own.fresh.append(path)
    return own


def _is_ours(book: Book, path: str) -> bool:
    folder, _slash, name = path.rpartition("/")
    is_table = folder == layout.ARCHIVE and monthly.matches(monthly.pattern(book.policy), name)
    return is_table or is_own(path)


def _is_founded(book: Book, code: str, path: str) -> bool:
    """Whether one of the files that people change is as exlog left it."""
    if code == "??" or code[0] == "A":
        return True
    old = (_at_head(book, path) or b"").decode("utf-8", "surrogateescape")
    now = (files.read(book.root / path) or b"").decode("utf-8", "surrogateescape")
    return path == attributes.FILE and now == attributes.completed(old)


def events(book: Book, paths: list[str]) -> Iterator[Told]:
    """The events in these files that the last commit does not have."""
    for path in paths:
        if path.startswith(f"{layout.HISTORY}/"):
            yield from _new_events(book, path)


def _new_events(book: Book, path: str) -> Iterator[Told]:
    known = set((_at_head(book, path) or b"").decode("utf-8", "replace").splitlines())
    data = files.read(book.root / path)
    if data is None:
        return
    try:
        table = canonical.parse(data, path)
        for row, line in enumerate(table.lines):
            if line not in known:
                cells = dict(zip(table.columns, map(canonical.decode_cell, table.cells(row)), strict=True))
                yield Told(*(cells.get(name, "") for name in Told._fields))
    except Damaged:
        return


def _at_head(book: Book, path: str) -> bytes | None:
    answer = git.run(book.root, "show", "--end-of-options", f"HEAD:./{path}")
    return answer.out if answer.code == 0 else None
