"""Minutes on hold, counted from the events of a record: each hold once, in whatever branches it was ended.

A row cannot say of which holds its minutes are: where a commit was picked or squashed into another branch, both sides
of a merge have the minutes of one hold, and their sum would have them twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from exlog import undone

MINUTES, WORKED, _SINCE = "hold_minutes", "hold_work_minutes", "hold_since"
FIELDS = (MINUTES, WORKED)
_ENDING, _COMBINING, _REMINT = "resume", "merge", "remint"

Tally = tuple[int | None, dict[str, int]]
"""What the count goes on from, None for nothing, and the minutes of each hold by its start."""


def counted(events: Sequence[undone.Told]) -> dict[str, str]:
    """The cells of FIELDS after these events of one record, in order of time; none where no event is about a hold.

    Of one hold that two clones ended the longer counts. A value that a person gave (an adopted edit) is where the
    count goes on from. The working minutes are empty where those of one hold are not known.
    """
    start, of_holds = _tally(events, MINUTES)
    if start is None and not of_holds:
        return {}
    worked_before, worked = _tally(events, WORKED)
    is_known = of_holds.keys() <= worked.keys() and (worked_before is not None or not start)
    return {
        MINUTES: str((start or 0) + sum(of_holds.values())),
        WORKED: str((worked_before or 0) + sum(worked.values())) if is_known else "",
    }


def _tally(events: Sequence[undone.Told], field: str) -> Tally:
    start: int | None = None
    of_holds: dict[str, int] = {}
    starts = {undone.command_of(event.event): event.old for event in events if event.field == _SINCE and event.old}
    for event in undone.effective(events):
        if event.field == "*" and event.action != _REMINT:
            whole = _of_whole(event.new, field)
            start = whole if whole is not None else start
        elif event.field == field and event.action == _ENDING:
            hold = starts.get(undone.command_of(event.event), event.event)
            of_holds[hold] = max(of_holds.get(hold, 0), _number(event.new) - _number(event.old))
        elif event.field == field and event.action != _COMBINING:
            start = _number(event.new)
            of_holds.clear()
    return start, of_holds


def _of_whole(text: str, field: str) -> int | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = value.get(field) if isinstance(value, dict) else None
    return None if found is None else _number(str(found))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
