"""Rules applied to a record: when each step was due (see ``clock``), and whether it was in time.

A closed record waits for nothing: a step that it lacks is breached if it was due before the record was closed,
and else no target at all. Nor is a confirmation that the customer never gave (``no_response``). Duplicates and
invalid records have no targets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from exlog import times, vocabulary
from exlog.conditions import Condition
from exlog.sla.clock import Clock, Due, Hold
from exlog.sla.reading import Rule, SlaPolicy, Step
from exlog.worktime import Calendar, Within

STATES = ("not_started", "pending", "warn", "met", "breached")
"""``not_started``: the time it begins with is not there; ``warn``: open, and more than ``warn_at`` of it is used."""


class Target(NamedTuple):
    """A step of a record that has a time allowed.

    ``rule`` counts from 0. ``due_at`` is in the calendar's zone, the other times are as they are stored.
    ``held``: minutes that did not count, elapsed or working as ``limit`` is. ``used``: the share of the time
    allowed that is used up, above 1 where it is over, None unless the step is open. ``kept``: the due time is the
    row's own. ``end``: the field whose time meets the target.
    """

    name: str
    rule: int
    match: Condition
    calendar: str
    urgency: str
    limit: Within
    from_at: datetime | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    state: str = "not_started"
    held: float = 0.0
    exact: bool = True
    used: float | None = None
    kept: bool = False
    end: str = ""

    @property
    def within(self) -> str:
        """The time allowed, as exlog.yaml has it."""
        return self.limit.text


class Compliance(NamedTuple):
    """Steps in time and steps late; what is not yet due is in neither."""

    met: int
    breached: int

    @property
    def number(self) -> int:
        """How many steps the share is of."""
        return self.met + self.breached

    @property
    def share(self) -> float | None:
        """met ÷ (met + breached); None where there are none."""
        return self.met / self.number if self.number else None


def targets(
    record: Mapping[str, str],
    policy: SlaPolicy,
    calendars: Mapping[str, Calendar],
    now: datetime,
    *,
    holds: Sequence[Hold] | None = None,
    steps: Collection[str] | None = None,
    keep: bool = True,
) -> list[Target]:
    """The targets of a record, in the order of its rule; none where no rule holds.

    ``record`` has the customer's fields too where rules ask for them (``conditions.merged``). ``holds`` are those
    that ended, from the history, None where that was not read. ``steps`` chooses by name. ``keep`` lets the due
    time in the row stand; without it all is computed by the rules.
    """
    number = _rule_of(record, policy)
    if number is None:
        return []
    rule = policy.rules[number]
    clock = Clock(record, rule, calendars[rule.calendar], now.timestamp(), holds, keep=keep)
    wanted = rule.steps if steps is None else [step for step in rule.steps if step.name in steps]
    return [target for step in wanted if (target := _target(step, rule, number, record, clock)) is not None]


def verdicts(
    record: Mapping[str, str],
    policy: SlaPolicy,
    calendars: Mapping[str, Calendar],
    now: datetime,
    *,
    holds: Sequence[Hold] | None = None,
    keep: bool = True,
) -> dict[str, str]:
    """Which ``targets`` of a record were met or breached, by name: the same, of many records, in a third of the time.

    The others are open or not_started.
    """
    number = _rule_of(record, policy)
    if number is None:
        return {}
    rule = policy.rules[number]
    clock = Clock(record, rule, calendars[rule.calendar], now.timestamp(), holds, keep=keep)
    urgency = record.get("urgency", "")
    courses = ((step.name, _course(step, step.within(urgency), record, clock)) for step in rule.steps)
    return {name: course[-1] for name, course in courses if course is not None}


def main_due(
    record: Mapping[str, str],
    policy: SlaPolicy,
    calendars: Mapping[str, Calendar],
    now: datetime,
    holds: Sequence[Hold] | None = None,
) -> float | None:
    """When an open record must be resolved by the rules alone, in seconds since 1970; None where none says so.

    ``record`` and ``holds`` as ``targets`` has them.
    """
    number = policy.rule_of(record)
    rule = None if number is None else policy.rules[number]
    if rule is None or rule.main is None:
        return None
    clock = Clock(record, rule, calendars[rule.calendar], now.timestamp(), holds, keep=False)
    start = clock.at(rule.main.start)
    if start is None:
        return None
    at, _held, _kept = clock.due(rule.main, rule.main.within(record.get("urgency", "")), start, clock.now)
    return at


def compliance(found: Iterable[Target]) -> Compliance:
    """How many of the targets were in time; open and past due is late."""
    states = [target.state for target in found]
    return Compliance(states.count("met"), states.count("breached"))


def held_intervals(events: Iterable[tuple[str, str, str, str]]) -> list[Hold]:
    """The holds that ended, from a record's history: (at, field, old, new) of each event, in any order.

    A hold ends with the event that empties ``hold_since``. Times that cannot be read are passed over.
    """
    found = []
    for at, field, old, new in events:
        if field == "hold_since" and old and not new:
            start, end = times.moment(old), times.moment(at)
            if start and end and start < end:
                found.append(Hold(start, end))
    return sorted(found)


def _rule_of(record: Mapping[str, str], policy: SlaPolicy) -> int | None:
    """The rule that the targets of a record are by; None for one that has none."""
    return None if record.get("close_reason") in vocabulary.EXCLUDED_CLOSE_REASONS else policy.rule_of(record)


Course = tuple[float | None, float | None, Due | None, str]
"""When a step began and was met, when it is due, and whether it is not_started, open, met or breached."""


def _course(step: Step, limit: Within, record: Mapping[str, str], clock: Clock) -> Course | None:
    """How a step of a record goes or went; None where the record was closed without it, and in time."""
    start, met = clock.at(step.start), clock.at(step.end)
    closed = clock.at("closed_at") if met is None else None
    if closed is not None and (
        start is None or (step.end == "confirmed_at" and record.get("close_reason") == "no_response")
    ):
        return None
    if start is None:
        return None, met, None, "not_started"
    over = met if met is not None else closed
    stop = clock.now if over is None else over
    due = clock.due(step, limit, start, stop)
    if stop > due[0]:
        return start, met, due, "breached"
    if closed is not None:
        return None
    return start, met, due, "open" if met is None else "met"


def _target(step: Step, rule: Rule, number: int, record: Mapping[str, str], clock: Clock) -> Target | None:
    """What a step of a rule comes to for one record."""
    urgency = record.get("urgency", "")
    limit = step.within(urgency)
    course = _course(step, limit, record, clock)
    if course is None:
        return None
    start, met, due, state = course
    met_at = times.moment(record[step.end]) if met is not None else None
    if start is None or due is None:
        return Target(step.name, number, rule.match, rule.calendar, urgency, limit, met_at=met_at, end=step.end)
    at, held, kept = due
    over = met is not None or clock.at("closed_at") is not None
    used = None if over else clock.used(limit, start, due)
    if state == "open" and used is not None:
        state = rule.state_at(used)
    return Target(
        step.name, number, rule.match, rule.calendar, urgency, limit, times.moment(record[step.start]),
        clock.calendar.moment(at), met_at, state, held, kept or clock.exact(step), used, kept, step.end,
    )  # fmt: skip
