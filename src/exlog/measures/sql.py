"""Pieces of SQL: what a stored cell says, in words that DuckDB and, translated by sqlglot, Spark understand.

Every expression gives for any cell what Python's own reading gives: ``canonical.decode_cell``, ``str.casefold``,
``times.moment`` and the numbers that ``check`` allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

_LAST_CASED = 0x1EFFF
HIDDEN = "\x01"
"""What the name of a column ends with that holds the seconds of those times that are not in canonical form."""

_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][+-]([01][0-9]|2[0-3]):[0-5][0-9]$"
_EASY = "".join(
    f"\\x{{{first:04X}}}-\\x{{{last:04X}}}"
    for first, last in (
        (0x0000, 0x007F), (0x00C0, 0x00DE), (0x00E0, 0x012F), (0x0131, 0x0148), (0x014A, 0x017E), (0x0400, 0x052F),
        (0x2010, 0x2027), (0x3000, 0x9FFF), (0xAC00, 0xD7A3), (0xFF01, 0xFF20),
    )
)  # fmt: skip
"""Letters that every engine's ``lower`` folds as ``str.casefold`` does, as a class of characters."""


def text(value: str) -> str:
    """A text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def number(value: float) -> str:
    """A number as a literal of double precision."""
    return f"CAST({value!r} AS DOUBLE)"


def seconds(moment: datetime) -> float:
    """Seconds since 1970 of an aware moment."""
    return moment.timestamp()


def any_of(cell: str, wanted: Iterable[str]) -> str:
    """Whether the cell is one of some texts."""
    listed = ", ".join(map(text, sorted(wanted)))
    return f"{cell} IN ({listed})" if listed else "FALSE"


def all_true(conditions: Sequence[str]) -> str:
    """Whether every condition holds."""
    return " AND ".join(f"({one})" for one in conditions) or "TRUE"


def any_true(conditions: Sequence[str]) -> str:
    """Whether one of the conditions holds."""
    return " OR ".join(f"({one})" for one in conditions) or "FALSE"


def is_canonical_time(cell: str) -> str:
    """Whether a cell is a time as exlog writes it: nearly all are, and these are read by the engine itself."""
    return f"({cell} >= '0001' AND regexp_matches({cell}, {text(_TIME)}))"


def instant(cell: str, hidden: str = "") -> str:
    """Seconds since 1970 of a stored time; NULL for what ``times.moment`` cannot read.

    ``hidden``: the cell that holds the seconds of a time in another form than the canonical one.
    """
    other = f" WHEN {hidden} <> '' THEN TRY_CAST({hidden} AS DOUBLE)" if hidden else ""
    canonical = f"CAST(epoch(TRY_CAST({cell} AS TIMESTAMPTZ)) AS DOUBLE)"
    return f"CASE WHEN {is_canonical_time(cell)} THEN {canonical}{other} END"


def plain(cell: str) -> str:
    """A stored cell as it is meant, see ``canonical.decode_cell``: a mark keeps what is decoded apart."""
    mark, back = "chr(1)", "chr(92)"
    made = f"replace({cell}, {mark}, {mark} || '0')"
    for stored, meant in (
        (f"{back} || {back}", f"{mark} || '1'"),
        (f"{back} || 'n'", "chr(10)"),
        (f"{back} || 'r'", "chr(13)"),
        (f"{mark} || '1'", back),
        (f"{mark} || '0'", mark),
    ):
        made = f"replace({made}, {stored}, {meant})"  # fmt: skip
    return f"CASE WHEN contains({cell}, {back}) THEN {made} ELSE {cell} END"


def whole(cell: str) -> str:
    """A whole number as ``check`` allows it; 0 for anything else."""
    is_whole = f"regexp_matches({cell}, '^[0-9]{{1,12}}$')"
    return f"CASE WHEN {cell} = '' THEN 0.0 WHEN {is_whole} THEN CAST({cell} AS DOUBLE) ELSE 0.0 END"


def decimal(cell: str) -> str:
    """A number as ``check`` allows it; NULL for anything else."""
    is_number = f"regexp_matches({cell}, '^-?[0-9]{{1,18}}([.][0-9]{{1,9}})?$')"
    return f"CASE WHEN {is_number} THEN CAST({cell} AS DECIMAL(27, 9)) END"


def folded(value: str) -> str:
    """``str.casefold`` of an expression.

    Lower case in ASCII and in scripts without case; any other text is folded letter by letter.
    """
    ones, manys = _folds()
    made = f"translate({value}, {text(''.join(ones))}, {text(''.join(ones.values()))})"
    for one, many in manys.items():
        made = f"replace({made}, {text(one)}, {text(many)})"
    return f"CASE WHEN regexp_matches({value}, '[^{_EASY}]') THEN {made} ELSE lower({value}) END"


@cache
def _folds() -> tuple[dict[str, str], dict[str, str]]:
    """Letters with what ``str.casefold`` makes of them: one letter, and several."""
    ones: dict[str, str] = {}
    manys: dict[str, str] = {}
    for code in range(_LAST_CASED + 1):
        letter = chr(code)
        fold = letter.casefold()
        if fold != letter:
            (ones if len(fold) == 1 else manys)[letter] = fold
    return ones, manys
