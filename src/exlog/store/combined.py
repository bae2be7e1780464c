"""Cells that the merge driver made of two sides, until ``ledger/reconciling`` has given the history an event of each.

Kept in the clone's own folder, a canonical row each. A hand edit is not among them: it is for a person to adopt. Loads
little: the merge driver, which git runs once a file, writes them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from exlog import canonical
from exlog.merge.outcome import Made
from exlog.store import gitfolder

_FILE = "combined.csv"
_TAKEN = "taken"


def keep(root: Path, path: str, found: Iterable[Made]) -> None:
    """Add cells of the file at ``path``, from the top of the work tree. Raises OSError where the folder refuses."""
    place = _place(root)
    if place is not None:
        place.parent.mkdir(exist_ok=True)
        rows = [(path, one.key, one.field, one.value, _TAKEN if one.taken else "") for one in found]
        lines = (canonical.join_row([canonical.encode_cell(cell) for cell in row]) + "\n" for row in rows)
        with place.open("a", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)


def read(root: Path) -> list[Made]:
    """The cells of the ledger at ``root``. A line that cannot be read counts as none."""
    found = []
    for line in _lines(root):
        with contextlib.suppress(ValueError):
            path, key, field, value, taken = map(canonical.decode_cell, canonical.split_row(line))
            if gitfolder.below(root, path):
                found.append(Made(key, field, value, taken == _TAKEN))
    return found


def drop(root: Path) -> None:
    """Forget the cells of this ledger, not those of others in the repository. Raises OSError."""
    lines = _lines(root)
    place = _place(root)
    if lines and place is not None:
        kept = [line for line in lines if not gitfolder.below(root, _path_of(line))]
        place.write_text("".join(line + "\n" for line in kept), encoding="utf-8", newline="")


def _path_of(line: str) -> str:
    try:
        return canonical.decode_cell(canonical.split_row(line)[0])
    except (ValueError, IndexError):
        return ""


def _lines(root: Path) -> list[str]:
    place = _place(root)
    try:
        return place.read_text(encoding="utf-8", errors="replace").split("\n")[:-1] if place is not None else []
    except OSError:
        return []


def _place(root: Path) -> Path | None:
    git = gitfolder.git_folder(root)
    return git / gitfolder.OURS / _FILE if git is not None else None
