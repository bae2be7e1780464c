"""The month, quarter or year that a report is about, and the one before it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from exlog import typed_times
from exlog.errors import Usage
from exlog.i18n import _, pick

_UNITS = {1: "month", 3: "quarter", 12: "year"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Period(NamedTuple):
    """A whole month, quarter or year: ``start`` belongs to it, ``end`` does not; both in the ledger's zone."""

    unit: str
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """As commands take it: 2024-03, 2024Q1, 2024."""
        year, month = self.start.year, self.start.month
        if self.unit == "year":
            return f"{year}"
        return f"{year}Q{(month + 2) // 3}" if self.unit == "quarter" else f"{year}-{month:02}"

    @property
    def label(self) -> str:
        """As people say it, in the language in force: Q1 2024, 2024年第一季度."""
        year, month = self.start.year, self.start.month
        if self.unit == "year":
            return pick(f"{year}", f"{year}年")
        if self.unit == "quarter":
            place = (month + 2) // 3
            return pick(f"Q{place} {year}", f"{year}年第{'一二三四'[place - 1]}季度")
        return pick(f"{_MONTHS[month - 1]} {year}", f"{year}年{month}月")

    @property
    def last_day(self) -> str:
        """The last day that belongs to it, as stored."""
        return (self.end.date() - timedelta(days=1)).isoformat()

    @property
    def step(self) -> str:
        """The dimension of time that its trend goes by."""
        return "week" if self.unit == "month" else "month"

    def steps(self, until: datetime) -> list[str]:
        """The months, or of a month the weeks, up to the one that holds ``until``: also those without any record."""
        last = min(self.end - timedelta(seconds=1), until).date()
        days = (self.start.date() + timedelta(days=number) for number in range((last - self.start.date()).days + 1))
        return list(dict.fromkeys(_week(day) if self.step == "week" else f"{day:%Y-%m}" for day in days))


def parse(text: str, *, now: datetime) -> Period:
    """The period that ``text`` means at ``now``. Raises Usage for anything but a month, a quarter or a year that
    has begun."""
    start, end = typed_times.parse_period(text, now=now)
    months = (end.year * 12 + end.month) - (start.year * 12 + start.month)
    if months not in _UNITS or (start.day, end.day) != (1, 1):
        raise Usage(
            _("a report covers a month, a quarter or a year, not {text!r}").format(text=text),
            remedy=_("write it like 2024-03, 2024Q1, 2024 or last-month"),
        )
    period = Period(_UNITS[months], start, end)
    if start > now:
        raise Usage(
            _("{period} has not begun").format(period=period.name),
            remedy=_("take one that has, such as {example}").format(example=_containing(now, period.unit, now).name),
        )
    return period


def previous(period: Period, *, now: datetime) -> Period:
    """The month, quarter or year before ``period``."""
    return _containing(period.start - timedelta(days=1), period.unit, now)


def _week(day: date) -> str:
    year, number, _weekday = day.isocalendar()
    return f"{year}-W{number:02}"


def _containing(day: datetime, unit: str, now: datetime) -> Period:
    """The period of that kind around a day; read by ``times``, which knows how a day begins in the zone of ``now``."""
    name = Period(unit, day, day).name
    start, end = typed_times.parse_period(name, now=now)
    return Period(unit, start, end)
