"""What a merge comes to: the merged text, what a person must decide, and what a person must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

WHOLE = "*"
"""The field of a conflict about a whole row, event or profile."""


class Clash(NamedTuple):
    """One field with two values. ``chosen`` is what the merged file holds until a person decides.

    Values are plain ones; None where a side has no such row, column or key. ``dependents`` are the fields that
    follow the chosen side, each with the value of ours and of theirs.
    """

    id: str
    uid: str
    field: str
    base: Any
    ours: Any
    theirs: Any
    chosen: Any
    dependents: Mapping[str, tuple[Any, Any]] = {}


class Made(NamedTuple):
    """A cell of a row that both sides changed. ``taken``: one side alone changed it, else it was made of both.

    ``key`` is the row's uid, its id where it has none; the value is a plain one.
    """

    key: str
    field: str
    value: str
    taken: bool


class Merged(NamedTuple):
    """The merged bytes, the conflicts in them, lines for a person, and cells that the history may not end with."""

    data: bytes
    clashes: tuple[Clash, ...] = ()
    remarks: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()


def chosen_of(ours: str, theirs: str) -> str:
    """The value that a conflicted cell holds: never an empty one, else the greater text; the same from either side."""
    return max(ours, theirs)
