"""Months in which complaints were out of the ordinary: by the control chart of ``measures.control``.

Complaints are counted in whole, by category and by product. What they are counted over is what denominators.csv tells
of each of the months, else the days of the month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from exlog import typed_times
from exlog.filters import Selection
from exlog.i18n import _
from exlog.ledger import figuring, rates
from exlog.ledger.book import Book
from exlog.ledger.figuring import Answer, Ask
from exlog.measures import control
from exlog.measures.control import Judged, Point
from exlog.measures.denominators import DIMENSIONS as TOLD_BY
from exlog.measures.denominators import Denominators

SERIES = ("", "category", "product")
"""What complaints are counted by; empty for all of them."""

_DAY = 86400


class Series(NamedTuple):
    """The months of one count. ``by`` is of SERIES, ``label`` what its ``value`` is called."""

    by: str
    value: str
    label: str
    months: list[Judged]


def asks() -> list[Ask]:
    """The questions that ``series`` is made of."""
    return [Ask(("complaints",), ("month",) if not by else (by, "month")) for by in SERIES]


def series(book: Book, answers: Sequence[Answer], until: datetime) -> list[Series]:
    """Every count with its months judged, up to the month in which ``until`` (no later than now) lies or ends."""
    told = rates.read(book)
    found = []
    for by, answer in zip(SERIES, answers, strict=True):
        counts: dict[str, dict[str, int]] = {}
        for row in answer.rows:
            value, month = row.values if by else ("", row.values[0])
            if month and (value or not by):
                counts.setdefault(value, {})[month] = int(row.figures[0] or 0)
        for value, by_month in counts.items():
            months = _judged(by_month, by, value, told, book.now, until)
            label = answer.labels(by, value) if by else _("all complaints")
            found.append(Series(by, value, label, months))
    return found


def judged(book: Book, selection: Selection, period: tuple[datetime, datetime] | None) -> list[tuple[Series, Judged]]:
    """Every month of every count; where a period is given, the months that begin in it."""
    everything = selection._replace(since=None, until=None)
    until = min(period[1], book.now) if period else book.now
    found = series(book, figuring.answer([book], everything, asks()), until)
    first, end = (f"{moment:%Y-%m}" for moment in period) if period else ("", "9999")
    return [(one, month) for one in found for month in one.months if first <= month.point.period < end]


def current(book: Book, selection: Selection) -> list[tuple[Series, Judged]]:
    """What is out of the ordinary in this month, as far as it went, and in the last one."""
    everything = selection._replace(since=None, until=None)
    found = series(book, figuring.answer([book], everything, asks()), book.now)
    return [(one, month) for one in found for month in one.months[-2:] if month.sign]


def _judged(
    by_month: dict[str, int], by: str, value: str, told: Denominators | None, now: datetime, until: datetime
) -> list[Judged]:
    periods = _periods(min(by_month), now, until)
    exposures = _told(periods, by, value, told) or [_days(period, now) for period in periods]
    names = [f"{start:%Y-%m}" for start, _end in periods]
    points = [
        Point(name, by_month.get(name, 0), exposure)
        for name, exposure in zip(names, exposures, strict=True)
        if exposure > 0
    ]
    return control.judge(points, whole=not periods or periods[-1][1] <= now)


def _periods(first: str, now: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The months from the first one on, without a gap."""
    found = []
    period = typed_times.parse_period(first, now=now)
    while period[0] < until:
        found.append(period)
        period = typed_times.parse_period(f"{period[1]:%Y-%m}", now=now)
    return found


def _told(
    periods: Sequence[tuple[datetime, datetime]], by: str, value: str, told: Denominators | None
) -> list[float] | None:
    """What denominators.csv tells for each of the months, by the first unit that it tells for all; None for none."""
    dimension = by if by in TOLD_BY else ""
    for unit in told.units_of(dimension) if told else ():
        amounts = (
            [told.amount(unit, dimension, value if dimension else "", period) for period in periods] if told else []
        )
        if all(amounts):
            return [float(amount) for amount in amounts if amount]
    return None


def _days(period: tuple[datetime, datetime], now: datetime) -> float:
    start, end = period
    return (min(end, max(now, start)) - start).total_seconds() / _DAY
