"""The clock of a record's steps: when each is due, which holds moved that, and how much of its time is used.

While a record is on hold the clock stands still. A due time in ``m``, ``h`` or ``d`` moves by the time held, one
in ``wh`` or ``wd`` by the working time held. Which parts of a hold count depends on when it was:

* Intervals from the history (``targets.held_intervals``) are exact: what lies between the step's start and its end,
  and begins before the step is due, counts.
* Without them the row has only ``hold_minutes``, the sum of the holds that ended. They count as one hold from
  the step's start, no longer than the step itself; but not for a step that is over before work begins (to
  ``recorded_at`` or ``assigned_at``) or begins after it (from ``resolved_at``, ``confirmed_at`` or
  ``closed_at``). ``Clock.exact`` says so then.
* The hold that still lasts begins at ``hold_since``, which is exact too.

The due time in a row's ``due_at`` stands, whatever the rules say by now (``Rule.main`` is the step it is of): it was
told to people, and only a hold, a change of urgency or a hand moves it. Only the hold that still lasts is added.

Times are instants here, in seconds since 1970: making a moment of one takes longer than computing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from exlog import instants
from exlog.sla.reading import Rule, Step
from exlog.worktime import Calendar, Within

_BEFORE_WORK = ("recorded_at", "assigned_at")
_AFTER_WORK = ("resolved_at", "confirmed_at", "closed_at")


class Hold(NamedTuple):
    """A time on hold."""

    start: datetime
    end: datetime


Due = tuple[float, float, bool]
"""When a step is due, the minutes held that moved it, and whether the row's own due time was taken."""


class Clock:
    """What the steps of one record share: its times, and its holds.

    ``holds`` are those that ended, from the history, None where that was not read. ``keep`` lets the due time in
    the row stand.
    """

    __slots__ = ("_main", "_record", "calendar", "holds", "now", "was_held")

    def __init__(
        self,
        record: Mapping[str, str],
        rule: Rule,
        calendar: Calendar,
        now: float,
        holds: Sequence[Hold] | None,
        *,
        keep: bool = True,
    ) -> None:
        self._record = record
        self._main = rule.main if keep else None
        self.calendar = calendar
        self.now = now
        self.holds = holds
        self.was_held = bool(holds or record.get("hold_since") or record.get("hold_minutes"))

    def at(self, field: str) -> float | None:
        """The time in ``field``; None where there is none that can be read."""
        text = self._record.get(field)
        return instants.read(text) if text else None

    def due(self, step: Step, limit: Within, start: float, stop: float) -> Due:
        """When a step from ``start`` is due that was, or is not yet, taken at ``stop``."""
        if step is self._main and (kept := self.at("due_at")) is not None:
            return self._kept(kept, limit, stop)
        due = self.calendar.due_instant(start, limit)
        held = 0.0
        if self.was_held:
            for begin, end in self._holds(step, start, stop):
                if begin >= due:
                    break
                minutes = self._minutes(limit, begin, end)
                due = self._later(limit, due, minutes)
                held += minutes
        return due, held, False

    def used(self, limit: Within, start: float, due: Due) -> float:
        """The share of the time allowed that is used by now; of a due time set by hand, of the time up to it."""
        at, held, kept = due
        whole: float = limit.minutes
        if kept and self._record.get("due_by") != "computed":
            whole = self._minutes(limit, start, at) - held
        elif not whole:
            whole = self._minutes(limit, start, self.calendar.due_instant(start, limit))
        return 1 - self._minutes(limit, self.now, at) / max(whole, 1)

    def exact(self, step: Step) -> bool:
        """Whether it is known when the record was on hold, as far as it matters to the step."""
        return not self.was_held or self.holds is not None or not self._minutes_held(step)

    def _kept(self, due: float, limit: Within, stop: float) -> Due:
        """The row's own due time, moved by the hold that still lasts."""
        since = self.at("hold_since")
        if since is None or since >= due or since >= stop:
            return due, 0.0, True
        minutes = self._minutes(limit, since, stop)
        return self._later(limit, due, minutes), minutes, True

    def _minutes(self, limit: Within, begin: float, end: float) -> float:
        return self.calendar.minutes_between(begin, end) if limit.working else (end - begin) / 60

    def _later(self, limit: Within, due: float, minutes: float) -> float:
        return self.calendar.later(due, minutes) if limit.working else due + minutes * 60

    def _holds(self, step: Step, start: float, stop: float) -> list[tuple[float, float]]:
        """The holds from ``start`` to ``stop``, in order and apart from each other."""
        known = [(begin.timestamp(), end.timestamp()) for begin, end in self.holds or ()]
        since = self.at("hold_since")
        if since is not None:
            known.append((since, self.now))
        found: list[tuple[float, float]] = []
        low = start
        for begin, end in sorted(known):
            hold = (max(begin, low), min(end, stop))
            if hold[0] < hold[1]:
                found.append(hold)
                low = hold[1]
        if self.holds is None and (minutes := self._minutes_held(step)):
            end = min(start + minutes * 60, stop)
            found[:0] = [(start, end)] if start < end else []
        return found

    def _minutes_held(self, step: Step) -> int:
        """The sum of the holds that ended, where it can have to do with the step."""
        if step.end in _BEFORE_WORK or step.start in _AFTER_WORK:
            return 0
        text = self._record.get("hold_minutes", "")
        return int(text) if text.isdecimal() and len(text) <= 9 else 0
