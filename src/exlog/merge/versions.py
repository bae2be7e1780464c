"""Two versions of one row, and no version that both came from: the events of its history say which came later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exlog.merge.outcome import Clash, chosen_of
from exlog.merge.rules import BY_COLUMN, COMBINED, SET_ON_CLOSING, STATUS_DEPENDENTS, both_texts, earlier, status_rank

Record = dict[str, str]
Step = tuple[str, str, str]
"""Field, old and new value of an event."""


def joined(one: Record, other: Record, steps: Sequence[Step]) -> tuple[Record, list[Clash]]:
    """The two as one, and what a person has to decide. ``steps`` are the record's events in order of time.

    The status and what depends on it come from one of them, so that they stay whole.
    """
    clashes: list[Clash] = []
    newest = later(steps, "status", one.get("status", ""), other.get("status", ""))
    lead, follow = (one, other) if newest == one.get("status", "") else (other, one)
    if newest is None:
        lead, follow = sorted((one, other), key=lambda record: status_rank(record.get("status", "")))
        dependents = [name for name in STATUS_DEPENDENTS if lead.get(name, "") != follow.get(name, "")]
        clashes.append(_clash("status", lead, follow, lead.get("status", ""), dependents))
    of_status = ("status", *STATUS_DEPENDENTS) if lead.get("status") != follow.get("status") else ()
    record: Record = {}
    for name in {**one, **other}:
        mine, theirs = lead.get(name, ""), follow.get(name, "")
        value: str | None = mine
        if mine != theirs and name not in of_status:
            value = later(steps, name, mine, theirs)
        if value is None and BY_COLUMN.get(name) == "both":
            value = both_texts("", mine, theirs)
        elif value is None and name in SET_ON_CLOSING:
            value = earlier(mine, theirs)
        if value is None:
            value = chosen_of(mine, theirs)
            if name not in COMBINED or name in SET_ON_CLOSING:
                clashes.append(_clash(name, lead, follow, value))
        record[name] = value
    return record, clashes


def later(steps: Iterable[Step], field: str, one: str, other: str) -> str | None:
    """Which of two values of a field came out of the other by its events; None where neither did."""
    if one == other:
        return one
    after: dict[str, set[str]] = defaultdict(set)
    last = ""
    for name, old, new in steps:
        if name == field:
            after[old].add(new)
            last = new
    leads, back = _leads(after, one, other), _leads(after, other, one)
    if leads and back:
        return last if last in (one, other) else chosen_of(one, other)
    return other if leads else one if back else None


def _leads(after: Mapping[str, set[str]], start: str, end: str) -> bool:
    seen, left = {start}, [start]
    while left:
        fresh = after.get(left.pop(), set()) - seen
        if end in fresh:
            return True
        seen |= fresh
        left += fresh
    return False


def _clash(field: str, ours: Record, theirs: Record, chosen: str, dependents: Iterable[str] = ()) -> Clash:
    return Clash(
        ours.get("id", ""),
        ours.get("uid", ""),
        field,
        None,
        ours.get(field, ""),
        theirs.get(field, ""),
        chosen,
        {name: (ours.get(name, ""), theirs.get(name, "")) for name in dependents},
    )
