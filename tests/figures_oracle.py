"""The definition of every measure again, in plain Python over plain records, as an oracle for the SQL.

Nothing of ``exlog.measures`` is used but names; working time is that of ``exlog.worktime``, which has tests of its
own.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Any, NamedTuple

from exlog.worktime import Calendar

Record = dict[str, str]
HOUR = timedelta(hours=1)
PERIODS = ("day", "week", "month", "quarter", "year")
TIMES = (*PERIODS, "weekday", "hour")


class Setting(NamedTuple):
    """One ledger: its clock, its profiles, and the calendar that counts for a record."""

    now: datetime
    zone: tzinfo
    profiles: dict[str, dict[str, str]]
    calendar: Callable[[Record], Calendar]


def moment(record: Record, name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(record.get(name, ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0


def bucket(name: str, local: datetime) -> str:
    return {
        "day": local.strftime("%Y-%m-%d"), "week": local.strftime("%G-W%V"), "month": local.strftime("%Y-%m"),
        "quarter": f"{local.year}Q{-(-local.month // 3)}", "year": local.strftime("%Y"),
        "weekday": local.strftime("%u"), "hour": local.strftime("%H"),
    }[name]  # fmt: skip


def counts(record: Record) -> bool:
    return record.get("close_reason") not in ("duplicate", "invalid")


def first_resolved(record: Record) -> str:
    return "first_resolved_at" if record.get("first_resolved_at") else "resolved_at"


CLOCKS: dict[str, tuple[Callable[[Record], bool], Callable[[Record], str]]] = {
    "received": (lambda record: True, lambda record: "received_at"),
    "backlog": (lambda record: True, lambda record: "received_at"),
    "responded": (lambda record: moment(record, "first_response_at") is not None, lambda record: "first_response_at"),
    "resolved": (lambda record: bool(record.get("resolved_at")), lambda record: "resolved_at"),
    "first_resolved": (lambda record: bool(record.get(first_resolved(record))), first_resolved),
    "closed": (lambda record: record.get("status") == "closed", lambda record: "closed_at"),
    "due": (lambda record: moment(record, "due_at") is not None, lambda record: "due_at"),
}


def spent(record: Record) -> Fraction | None:
    """Hours to the resolution without holds."""
    start, end = moment(record, "received_at"), moment(record, "resolved_at")
    if start is None or end is None:
        return None
    return hours(start, end) - Fraction(number(record.get("hold_minutes", "")), 60)


def hours(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // timedelta(microseconds=1), 3_600_000_000)


def working(calendar: Calendar, start: datetime | None, end: datetime | None) -> float | None:
    """Hours of working time."""
    if start is None or end is None or not all(1900 <= one.year <= 2200 for one in (start, end)):
        return None
    return calendar.working_minutes(start, end) / 60


def held_working(record: Record, calendar: Calendar) -> float:
    """Hours of working time on hold; where the row does not say, of one hold from the start."""
    if record.get("hold_work_minutes"):
        return number(record["hold_work_minutes"]) / 60
    start, end = moment(record, "received_at"), moment(record, "resolved_at")
    minutes = number(record.get("hold_minutes", ""))
    if not minutes or start is None or end is None:
        return 0.0
    try:
        until = min(start + timedelta(minutes=minutes), end)
    except OverflowError:
        until = end
    return working(calendar, start, until) or 0.0


def running_late(record: Record, setting: Setting) -> bool:
    due, held = moment(record, "due_at"), moment(record, "hold_since")
    stop = held if record.get("status") == "on_hold" and held else setting.now
    return due is not None and due < stop


def sla(record: Record, setting: Setting) -> bool | None:
    """Whether the resolution was in time; None where it is not yet due."""
    due, resolved, closed = (moment(record, name) for name in ("due_at", "resolved_at", "closed_at"))
    assert due is not None
    if resolved is not None:
        return resolved <= due
    late = due < closed if closed is not None else running_late(record, setting)
    return False if late else None


def over(record: Record) -> datetime | None:
    """When a record was over; one whose time is unreadable never waited."""
    name = "resolved_at" if record.get("resolved_at") else "closed_at" if record.get("status") == "closed" else ""
    return (moment(record, name) or moment(record, "received_at")) if name else None


def waiting(record: Record, at: datetime, *, ended: bool) -> bool:
    came, gone = moment(record, "received_at"), over(record)
    if came is None:
        return False
    if ended:
        return came < at and (gone is None or gone >= at)
    return came <= at and (gone is None or gone > at)


def age(record: Record, at: datetime, setting: Setting) -> str:
    came, gone = moment(record, "received_at"), over(record)
    end = gone if gone is not None and gone <= at else at
    if came is None or not all(1900 <= one.year <= 2200 for one in (came, end)):
        return ""
    calendar = setting.calendar(record)
    days = calendar.workdays(came, end)
    return next((key for key, most in (("1", 1), ("3", 3), ("7", 7), ("30", 30)) if days <= most), "more")


def customer(record: Record) -> str:
    return record.get("customer_id") or record.get("customer_name", "")


def repeated(records: Sequence[Record]) -> set[int]:
    """The records whose customer had one of the same category within 30 days before."""
    known = [
        (moment(one, "received_at"), one.get("id", ""), customer(one), one.get("category", ""), place)
        for place, one in enumerate(records)
        if counts(one)
    ]
    known = [one for one in known if one[0] and one[2] and one[3]]
    found = set()
    for at, own, who, what, place in known:
        for before, other, whose, which, elsewhere in known:
            earlier = (before, other) < (at, own) and elsewhere != place
            if earlier and (who, what) == (whose, which) and at - before <= timedelta(days=30):
                found.add(place)
    return found


def rank90(values: Sequence[Any]) -> Any:
    """The first value with at least nine tenths of all at or below it."""
    ordered = sorted(values)
    return next(value for place, value in enumerate(ordered, 1) if place >= Fraction(9, 10) * len(ordered))


def three(stem: str, unit: str, values: Sequence[Any]) -> dict[str, tuple[Any, int]]:
    kinds = {"median": statistics.median, "p90": rank90, "mean": statistics.mean}
    return {f"{stem}_{kind}_{unit}": (of(values) if values else None, len(values)) for kind, of in kinds.items()}


def share(part: int, whole: int) -> tuple[Any, int]:
    return (Fraction(part, whole) if whole else None), whole


def figures(
    groups: dict[str, list[Record]], everything: int, again: Sequence[Record], setting: Setting
) -> dict[str, tuple[Any, int]]:
    """Each measure with its n, of the records of one group by their clocks."""
    received, resolved, closed = groups["received"], groups["resolved"], groups["closed"]
    opened = [one for one in received if one.get("status") in ("new", "in_progress", "on_hold", "resolved")]
    late = [one for one in opened if one["status"] != "resolved" and running_late(one, setting)]
    answers = [int(one["satisfaction"]) for one in closed if one.get("satisfaction", "") in list("12345")]
    verdicts = [sla(one, setting) for one in groups["due"]]
    known = [value for value in map(spent, resolved) if value is not None]
    repeats = sum(any(one is other for other in again) for one in received)
    plain: dict[str, int] = {
        "received": len(received),
        "complaints": sum(one.get("type") == "complaint" for one in received),
        "open": len(opened),
        "overdue": len(late),
        "reopened": sum(number(one.get("reopen_count", "")) > 0 for one in received),
        "backlog": len(groups["backlog"]),
        "resolved": len(resolved),
        "timed": len(known),
        "sla_met": verdicts.count(True),
        "sla_breached": verdicts.count(False),
        "repeat_contacts": repeats,
        "closed": len(closed),
        "answers": len(answers),
        "satisfied": sum(points >= 4 for points in answers),
    }
    back = sum(number(one.get("reopen_count", "")) > 0 for one in groups["first_resolved"])
    return {
        **{name: (value, value) for name, value in plain.items()},
        "share": share(len(received), everything),
        "clearance": (Fraction(len(resolved), len(received)) if received else None, len(received)),
        **three("resolution", "h", known),
        **working_figures(groups, setting),
        "sla_compliance": share(verdicts.count(True), verdicts.count(True) + verdicts.count(False)),
        "reopen_rate": share(back, len(groups["first_resolved"])),
        "repeat_rate": share(repeats, len(received)),
        "satisfaction_mean": (statistics.mean(map(Fraction, answers)) if answers else None, len(answers)),
        "satisfied_share": share(plain["satisfied"], len(answers)),
        "response_rate": share(len(answers), len(closed)),
    }


def working_figures(groups: dict[str, list[Record]], setting: Setting) -> dict[str, tuple[Any, int]]:
    """The measures of working time, and those of the first response."""

    def between(record: Record, start: str, end: str) -> float | None:
        return working(setting.calendar(record), moment(record, start), moment(record, end))

    took, targets, variances = [], [], []
    for one in groups["resolved"]:
        whole, allowed = between(one, "received_at", "resolved_at"), between(one, "received_at", "due_at")
        held = held_working(one, setting.calendar(one))
        if whole is not None:
            took.append(whole - held)
        if whole is not None and allowed is not None:
            targets.append(allowed - held)
            variances.append(whole - allowed)
    lags = [(one, lag) for one in groups["received"] if (lag := between(one, "received_at", "recorded_at")) is not None]
    in_time = 0
    for one, _lag in lags:
        came, entered = moment(one, "received_at"), moment(one, "recorded_at")
        assert came and entered
        in_time += entered <= setting.calendar(one).close_of_workday(came, 1)
    quick = [
        hours(came, heard) for one in groups["responded"]
        if (came := moment(one, "received_at")) and (heard := moment(one, "first_response_at"))
    ]  # fmt: skip
    quick_w = [value for one in groups["responded"]
               if (value := between(one, "received_at", "first_response_at")) is not None]  # fmt: skip
    return {
        **three("resolution", "wh", took),
        "target_mean_wh": (statistics.mean(targets) if targets else None, len(targets)),
        "variance_mean_wh": (statistics.mean(variances) if targets else None, len(targets)),
        **three("response", "h", quick),
        **three("response", "wh", quick_w),
        **three("recording_lag", "wh", [lag for _one, lag in lags]),
        "recorded_in_time_share": share(in_time, len(lags)),
    }


def values(record: Record, by: Sequence[str], time: str, at: datetime, setting: Setting) -> tuple[str, ...]:
    found = []
    for name in by:
        if name == "customer":
            found.append(customer(record))
        elif name.startswith("customer."):
            profile = setting.profiles.get(record.get("customer_id", ""), {})
            found.append(profile.get(name.removeprefix("customer."), ""))
        elif name == "age":
            found.append(age(record, at, setting))
        elif name in TIMES:
            when = moment(record, time)
            try:
                found.append(bucket(name, when.astimezone(setting.zone)) if when else "")
            except OverflowError:  # in the first or the last hours that Python knows
                found.append("")
        else:
            found.append(record.get(name, ""))
    return tuple(found)


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def ends(
    records: Sequence[Record], by: Sequence[str], period: tuple[datetime, datetime] | None, at: datetime,
    setting: Setting,
) -> dict[tuple[str, ...], datetime]:  # fmt: skip
    """The periods of the dimensions of time with the moments they are over: those up to ``at``, which ends the last."""
    names = [name for name in by if name in PERIODS]
    came = [when for one in records if (when := moment(one, "received_at"))]
    start = max([min(came, default=at), *([period[0]] if period else []), datetime(1900, 1, 1, 12, tzinfo=UTC)])
    day, found = min(start, at + timedelta(days=1)).astimezone(setting.zone).date(), {}
    while midnight(day, setting.zone) < at:
        over = midnight(day + timedelta(days=1), setting.zone)
        local = datetime(day.year, day.month, day.day)
        found[tuple(bucket(name, local) for name in names)] = min(over, at.astimezone(UTC))
        day += timedelta(days=1)
    return found


def waiting_at_ends(
    records: Sequence[Record], by: Sequence[str], period: tuple[datetime, datetime] | None, at: datetime,
    setting: Setting, *, ended: bool,
) -> dict[tuple[str, ...], list[Record]]:  # fmt: skip
    """The backlog at the end of each period, by the other dimensions of its records."""
    found: dict[tuple[str, ...], list[Record]] = {}
    for period_key, end in ends(records, by, period, at, setting).items():
        for record in records:
            if waiting(record, end, ended=ended or end < at):
                labels = iter(period_key)
                key = values(record, by, "received_at", end, setting)
                key = tuple(next(labels) if name in PERIODS else text for name, text in zip(by, key, strict=True))
                found.setdefault(key, []).append(record)
    return found


def results(
    records: Sequence[Record], chosen: Sequence[Record], by: Sequence[str], clocks: Sequence[str],
    period: tuple[datetime, datetime] | None, setting: Setting,
) -> dict[tuple[str, ...], dict[str, tuple[Any, int]]]:  # fmt: skip
    """Every measure of every group. ``records``: all there are; ``chosen``: those that the filters leave.

    ``clocks``: those of the measures asked for, whose groups there are.
    """
    ended = period is not None and period[1] <= setting.now
    at = period[1] if period is not None and ended else setting.now
    again = [records[place] for place in repeated(records)]
    counted = [one for one in chosen if counts(one)]
    apart = bool(period) or "backlog" in clocks or any(name in TIMES for name in by)
    of: dict[str, dict[tuple[str, ...], list[Record]]] = {clock: {} for clock in CLOCKS}
    every: dict[tuple[str, ...], None] = {} if by else {(): None}
    at_ends = "backlog" in clocks and any(name in PERIODS for name in by)
    if at_ends:
        of["backlog"] = waiting_at_ends(counted, by, period, at, setting, ended=ended)
        every |= dict.fromkeys(of["backlog"])
    for clock, (has, time) in CLOCKS.items():
        for record in () if clock == "backlog" and at_ends else counted:
            name = time(record)
            key = values(record, by, name, at, setting)
            when = moment(record, name)
            if not apart:
                every[key] = None
            if clock == "backlog":
                member = waiting(record, at, ended=ended)
            else:
                member = has(record) and (period is None or (when is not None and period[0] <= when < period[1]))
            if member:
                of[clock].setdefault(key, []).append(record)
                if apart and clock in clocks:
                    every[key] = None
    whole = sum(len(group) for key, group in of["received"].items() if key in every)
    return {key: figures({clock: of[clock].get(key, []) for clock in CLOCKS}, whole, again, setting) for key in every}
