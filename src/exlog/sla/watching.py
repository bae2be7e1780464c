"""What is under way in many open records: as ``targets`` has it, but only what tells how near each due time is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from exlog import instants
from exlog.sla.clock import Clock, Hold
from exlog.sla.reading import SlaPolicy
from exlog.worktime import Calendar


class Running(NamedTuple):
    """A step of an open record that has begun and is not met.

    ``end``: the field whose time meets it. ``state``: breached, warn or pending. ``due``: in seconds since 1970.
    ``kept``: the due time is the row's own. ``zone``: the calendar's.
    """

    name: str
    end: str
    calendar: str
    state: str
    due: float
    kept: bool
    zone: tzinfo

    @property
    def due_at(self) -> datetime:
        """When it is due, in the calendar's zone."""
        return instants.in_zone(self.due, self.zone)


class Watch:
    """The steps under way of many records, at one moment."""

    def __init__(self, policy: SlaPolicy, calendars: Mapping[str, Calendar], now: datetime) -> None:
        self._policy = policy
        self._calendars = calendars
        self._now = now.timestamp()

    def running(self, record: Mapping[str, str], holds: Sequence[Hold] | None = None) -> list[Running]:
        """Those of one open record (see ``conditions.merged``); ``holds`` as ``targets`` has them."""
        number = self._policy.rule_of(record)
        if number is None:
            return []
        rule, now = self._policy.rules[number], self._now
        urgency = record.get("urgency", "")
        calendar = self._calendars[rule.calendar]
        clock = Clock(record, rule, calendar, now, holds)
        found = []
        for step in rule.steps:
            start = None if record.get(step.end) else clock.at(step.start)
            if start is None:
                continue
            limit = step.within(urgency)
            due = clock.due(step, limit, start, now)
            at, _held, kept = due
            state = "breached" if now > at else rule.state_at(clock.used(limit, start, due))
            found.append(Running(step.name, step.end, rule.calendar, state, at, kept, calendar.zone))
        return found
