"""Identity: ``F20240315001`` is F, recording date, one lane character, two or more sequence digits.

An id is read by its parts, never by its length: past 99 entries a day the sequence widens
(``F202403150100`` is lane 0, entry 100).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

LANES = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Lane characters in the order they are taken; I and O are left out because they read as 1 and 0."""

RECORD = "F"
CUSTOMER = "C"

_PATTERN = re.compile(r"([FC])(\d{8})([0-9A-HJ-NP-Z])(\d{2,9})", re.ASCII)
_UID_FIRST = "abcdfghjkmnpqrst"
_UID_REST = "abcdefghijklmnopqrstuvwxyz234567"
_UID_PAIRS = tuple(first + second for second in _UID_REST for first in _UID_REST)
UID_LENGTH = 10
HIGHEST = 999_999_999
"""The highest sequence of a day: nine digits."""


class Id(NamedTuple):
    """The parts of an id; they sort by date, lane, sequence."""

    prefix: str
    date: str
    lane: str
    sequence: int

    @property
    def month(self) -> str:
        """The month whose archive holds the record: ``2024-03``."""
        return f"{self.date[:4]}-{self.date[4:6]}"

    def __str__(self) -> str:
        return f"{self.prefix}{self.date}{self.lane}{self.sequence:02d}"


def parse(text: str, prefix: str = RECORD) -> Id | None:
    """The parts of ``text`` (typed in either case), or None where it is no id with ``prefix``."""
    match = _PATTERN.fullmatch(text.strip().upper())
    if match is None or match[1] != prefix:
        return None
    return Id(match[1], match[2], match[3], int(match[4]))


def sort_key(text: str) -> str:
    """A text that sorts as the parts of the id do; an id of another shape sorts by its own text, last."""
    if len(text) == 12 and text[0] == RECORD:
        return text[1:10] + "0000000" + text[10:]
    parsed = parse(text)
    return f"{parsed.date}{parsed.lane}{parsed.sequence:09d}" if parsed else "~" + text


def month_of(text: str) -> str:
    """The month in an id, ``2024-03``; of any text that starts as an id does."""
    return f"{text[1:5]}-{text[5:7]}"


def mint(prefix: str, date: str, lane: str, highest: int) -> str:
    """The id after ``highest`` for ``date`` (YYYYMMDD) in ``lane``."""
    return str(Id(prefix, date, lane, highest + 1))


def highest(ids: Iterable[str], date: str, lane: str, prefix: str = RECORD) -> int:
    """The highest sequence among ``ids`` for one date and lane; 0 where there is none."""
    top = 0
    start = f"{prefix}{date}{lane}"
    for text in ids:
        if text.startswith(start):
            parsed = parse(text, prefix)
            if parsed is not None and parsed.sequence > top:
                top = parsed.sequence
    return top


def new_uid(entropy: Callable[[int], bytes]) -> str:
    """Ten base32 characters from ``entropy(n)`` (n random bytes).

    The first is a letter, and never e, so that a spreadsheet cannot take a uid for a number.
    """
    raw = int.from_bytes(entropy(7), "big")
    pairs = _UID_PAIRS
    return (
        _UID_FIRST[raw >> 45 & 15]
        + pairs[raw & 1023]
        + pairs[raw >> 10 & 1023]
        + pairs[raw >> 20 & 1023]
        + pairs[raw >> 30 & 1023]
        + _UID_REST[raw >> 40 & 31]
    )
