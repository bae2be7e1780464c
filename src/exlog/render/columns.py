"""What a column is, and a cell as scripts and as people read it."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from exlog import vocabulary

NUMERIC = frozenset({"decimal", "int", "number"})
"""Kinds whose cells are numbers: JSON numbers, right aligned in tables."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})"
    r"(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)


class Column(NamedTuple):
    """One column of what is printed.

    ``name`` is the stable key for scripts, ``label`` the header for people, in their language already.
    ``kind``: text, choice, time, date, decimal, int, number, id or uid. ``enum`` names the vocabulary of a
    choice. ``spare``: a table too wide leaves out the columns with the highest number first; 0 is never.
    """

    name: str
    label: str
    kind: str = "text"
    enum: str = ""
    spare: int = 0


def is_number(text: str) -> bool:
    """Whether ``text`` is a canonical number: no plus sign, no leading zero, no exponent.

    At most 18 digits stand on either side of the point, so that any reader of JSON takes it.
    """
    return _NUMBER.fullmatch(text) is not None


def raw(value: object) -> str:
    """A cell as scripts read it: keys and full times; empty where it is absent or not a finite number."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return str(value)


def shown(column: Column, value: object) -> str:
    """A cell as people read it: the label of a choice, a time to the minute, anything else as it is."""
    text = raw(value)
    if column.kind == "choice" and column.enum in vocabulary.ENUMS:
        return vocabulary.label(column.enum, text)
    if column.kind == "time" and (match := _TIME.fullmatch(text)):
        return f"{match[1]} {match[2]}"
    return text
