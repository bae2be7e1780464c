"""Files of the ledger that git left unmerged although no conflict in them is listed: what ``sync`` does about them.

A clone without the driver merges as plain text, a driver that was killed leaves one side without a marker, and where
one side removed a file and the other edited it git calls no driver at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from exlog.i18n import _
from exlog.ledger import committing
from exlog.ledger.book import Book
from exlog.store import conflicts, files, git, gitfolder

_MARKED = re.compile(rb"^(?:<{7,}|>{7,}) ", re.MULTILINE)
_OURS, _THEIRS = "2", "3"


def again(book: Book, paths: Sequence[str]) -> list[str]:
    """Merge these paths (from the top of the work tree) once more by way of exlog, those of the ledger; what to tell.

    Only where nobody worked on the file since: it has conflict markers or is one side as it was. A file that one side
    removed and the other edited stays. Either is added to the index, unless conflicts are listed in it now.
    """
    top = gitfolder.top(book.root)
    told = []
    for path in paths:
        if not _is_ours(book, top, path):
            continue
        sides = _sides(top, path)
        if len(sides) == 1:
            _add(top, path)
            told.append(_("{path}: removed on one side and edited on the other: the edit is kept").format(path=path))
        elif _is_untouched(top, path, sides.get(_OURS, "")) and _merged(book, top, path):
            told.append(_("{path}: merged again by way of exlog").format(path=path))
    return told


def is_ours(book: Book, path: str) -> bool:
    """Whether a path from the top of the work tree is a file of the ledger that exlog merges."""
    return _is_ours(book, gitfolder.top(book.root), path)


def _is_ours(book: Book, top: Path, path: str) -> bool:
    prefix = book.root.relative_to(top).as_posix()
    below = path if prefix == "." else path.removeprefix(f"{prefix}/") if path.startswith(f"{prefix}/") else ""
    return committing.is_own(below)


def _sides(top: Path, path: str) -> dict[str, str]:
    """The blobs of our side and of theirs, as far as they have the file, by git's number of the stage."""
    out = git.ask(top, "--literal-pathspecs", "ls-files", "--unmerged", "-z", "--", path)
    stages = (entry.partition("\t")[0].split() for entry in out.split("\0") if entry)
    return {stage: blob for _mode, blob, stage in stages if stage in (_OURS, _THEIRS)}


def _is_untouched(top: Path, path: str, ours: str) -> bool:
    data = files.read(top / path)
    return data is None or _MARKED.search(data) is not None or data == git.run(top, "cat-file", "blob", ours).out


def _merged(book: Book, top: Path, path: str) -> bool:
    """Let git run the driver; whether it did, which its mark says: a killed one leaves none."""
    folder = gitfolder.git_folder(book.root)
    before = gitfolder.merged_at(folder) if folder is not None else None
    git.run(top, "--literal-pathspecs", "checkout", "--merge", "--", path)
    if folder is None or gitfolder.merged_at(folder) == before:
        return False
    if any(path.endswith(one.path) for one in conflicts.read(book.root)):
        return True
    _add(top, path)
    return True


def _add(top: Path, path: str) -> None:
    git.ask(top, "--literal-pathspecs", "add", "--", path)
