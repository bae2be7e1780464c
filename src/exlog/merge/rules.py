"""How each column merges where both sides changed a cell to different values: one table, and the values it needs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from exlog import vocabulary
from exlog.i18n import N_


class Rule(NamedTuple):
    """One way to merge, the columns that merge so, and what it does, for people."""

    name: str
    columns: tuple[str, ...]
    help: str


STATUS_DEPENDENTS = (
    "resolution", "resolved_at", "satisfaction", "customer_comment", "confirmed_at", "closed_at", "close_reason",
    "duplicate_of", "hold_reason", "hold_since", "hold_until", "follow_up_at", "effect_check_at", "effect",
)  # fmt: skip
"""Columns that say what a status says, or that a change of it sets or clears."""

SET_ON_CLOSING = ("follow_up_at", "effect_check_at")
"""Times that follow from when a record was closed, so that two who close it alike have each another one."""

_STAMPS = ("resolved_at", "confirmed_at", "closed_at", "hold_since")

RULES: tuple[Rule, ...] = (
    Rule("later", ("updated_at",), N_("the later time")),
    Rule(
        "first",
        ("assigned_at", "first_response_at", "first_resolved_at"),
        N_("the earlier time, where there was none before"),
    ),
    Rule("earlier", _STAMPS, N_("the earlier time")),
    Rule("both", ("notes",), N_("both texts: lines that neither side removed, then the new ones of both")),
    Rule("set", ("tags", "labels"), N_("a set: what either side added is in it, what either removed is not")),
    Rule("larger", ("reopen_count",), N_("the larger number")),
    Rule(
        "sum",
        ("hold_minutes", "hold_work_minutes"),
        N_("the minutes of both sides added; of one hold that both ended, the larger"),
    ),
    Rule("higher", ("urgency_rated",), N_("the higher level")),
    Rule("newest", ("progress", "progress_at"), N_("the newest entry, with its time")),
    Rule(
        "rated", ("urgency", "urgency_by"), N_("one set by hand before a computed one; the higher of two computed ones")
    ),
    Rule("due", ("due_at", "due_by"), N_("one set by hand before a computed one; the earlier of two computed ones")),
    Rule("smaller", ("id", "uid"), N_("the smaller; a row has two only where it was renumbered on both sides")),
    Rule("together", ("customer_id", "customer_name"), N_("a conflict on the ID; the name follows it")),
    Rule("closing", SET_ON_CLOSING, N_("the earlier time where both closed the record alike; else a conflict")),
    Rule(
        "status",
        ("status", *(name for name in STATUS_DEPENDENTS if name not in (*_STAMPS, *SET_ON_CLOSING))),
        N_("a conflict; where both moved the status differently it is one on status, and what depends on it follows"),
    ),
)
"""Every column that is not here: two different values are a conflict."""

BY_COLUMN: dict[str, str] = {name: rule.name for rule in RULES for name in rule.columns}

COMBINED = frozenset(name for name, rule in BY_COLUMN.items() if rule not in ("status", "together", "smaller"))
"""Columns whose two values are made one of, without a person."""

STANDS_IN: dict[str, tuple[str, ...]] = {
    "resolved_at": ("resolved", "closed"),
    "closed_at": ("closed",),
    "confirmed_at": ("closed",),
    "close_reason": ("closed",),
    "duplicate_of": ("closed",),
    "hold_since": ("on_hold",),
    "hold_reason": ("on_hold",),
    "hold_until": ("on_hold",),
}
"""Columns that have a value in these statuses alone."""

NEEDED_IN: dict[str, tuple[str, ...]] = {
    "resolution": ("resolved", "closed"),
    "resolved_at": ("resolved", "closed"),
    "closed_at": ("closed",),
    "hold_since": ("on_hold",),
}
"""Columns that a row in these statuses has."""

_SEPARATORS = re.compile(r"[;,|、；，]")


def moment(text: str) -> datetime | None:
    """A stored time or date as a moment that compares with others; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def earlier(one: str, other: str) -> str | None:
    """The earlier of two times; the same for either order. None where one is no time."""
    first, second = moment(one), moment(other)
    if first is None or second is None:
        return None
    return min((first, one), (second, other))[1]


def earlier_due(one: str, other: str) -> str:
    """The earlier of two due times, an empty one aside; the lesser text where one is no time."""
    if not one or not other:
        return one or other
    return earlier(one, other) or min(one, other)


def later(one: str, other: str) -> str | None:
    """The later of two times, an empty one aside. None where one is no time."""
    if not one or not other:
        return one or other
    first = earlier(one, other)
    return None if first is None else other if first == one else one


def larger(one: str, other: str) -> str | None:
    """The larger of two whole numbers, empty as 0. None where one is none."""
    first, second = whole(one), whole(other)
    return None if first is None or second is None else str(max(first, second))


def whole(text: str) -> int | None:
    """A whole number; an empty text is 0; None where it is none."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else None


def higher(one: str, other: str) -> str:
    """The level of more rank; of levels that are none of ours the greater text."""
    return min((one, other), key=lambda level: (rank(level), [-ord(char) for char in level]))


def rank(level: str) -> int:
    """The place of an urgency, 0 the highest; what is none of ours comes last."""
    levels = vocabulary.keys("urgency")
    return levels.index(level) if level in levels else len(levels)


def status_rank(status: str) -> tuple[int, str]:
    """The place of a status in a record's life; what is none of ours comes last."""
    statuses = vocabulary.keys("status")
    return (statuses.index(status) if status in statuses else len(statuses), status)


def fits(column: str, value: str, status: str) -> bool:
    """Whether a row in ``status`` can have ``value`` in ``column``."""
    if value:
        return status in STANDS_IN.get(column, (status,))
    return status not in NEEDED_IN.get(column, ())


def both_texts(base: str, ours: str, theirs: str) -> str:
    """Plain texts line by line: lines of the base that neither side removed, then what each added."""
    return "\n".join(both_lines(base.split("\n"), ours.split("\n"), theirs.split("\n")))


def both_lines(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """Lines of the base that neither removed, then the added ones: whole runs, the run with the lesser start first."""
    old = set(base)
    kept = [line for line in base if line in ours and line in theirs and line]
    runs = [[line for line in dict.fromkeys(side) if line and line not in old] for side in (ours, theirs)]
    return kept + woven(*runs)


def woven(one: list[str], other: list[str]) -> list[str]:
    """Two lists as one: always the lesser of the two next ones, each list in its own order, no text twice."""
    made: dict[str, None] = {}
    first, second = 0, 0
    while first < len(one) and second < len(other):
        if one[first] in made:
            first += 1
        elif other[second] in made:
            second += 1
        elif one[first] <= other[second]:
            made[one[first]] = None
            first += 1
        else:
            made[other[second]] = None
            second += 1
    made.update(dict.fromkeys([*one[first:], *other[second:]]))
    return list(made)


def as_set(base: str, ours: str, theirs: str) -> str:
    """A cell that lists words, as a set: what stayed in its old order, then what was added, sorted."""
    old, one, other = (members(text) for text in (base, ours, theirs))
    joined = set_of(old, one, other)
    every = base + ours + theirs
    separator = next((mark for mark in ";,|、；，" if mark in every), ";")
    return (separator + " " if separator + " " in every else separator).join(joined)


def members(text: str) -> list[str]:
    """The words of such a cell."""
    return list(dict.fromkeys(word for word in (part.strip() for part in _SEPARATORS.split(text)) if word))


def set_of(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """A set merged three-way: members of the base that neither side removed, then the added ones, sorted."""
    kept = [word for word in base if word in ours and word in theirs]
    return kept + sorted({*ours, *theirs} - set(base))
