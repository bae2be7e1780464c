"""The days of the wall clock with the periods they lie in: the table ``days`` that time dimensions join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from exlog.worktime.tables import day_of

COLUMNS = ("day_", "week_", "month_", "quarter_", "year_", "weekday_")


def labels(day: date) -> tuple[str, ...]:
    """The day, ISO week, month, quarter, year and weekday (1 is Monday) of a day, by COLUMNS."""
    year, week, weekday = day.isocalendar()
    text = day.isoformat()
    return (
        text,
        f"{year:04d}-W{week:02d}",
        text[:7],
        f"{text[:4]}Q{(day.month + 2) // 3}",
        text[:4],
        str(weekday),
    )


def rows(numbers: Iterable[int]) -> list[tuple[int | str, ...]]:
    """A row for each of the days since 1970 that Python knows."""
    return [(number, *labels(day)) for number in sorted(numbers) if (day := day_of(number)) is not None]


def between(name: str, first: date, end: date) -> list[str]:
    """The labels of a time dimension (day to year) from the first day up to the day before ``end``, without a gap."""
    place = COLUMNS.index(f"{name}_")
    days = (first + timedelta(days=number) for number in range((end - first).days))
    return list(dict.fromkeys(labels(day)[place] for day in days))


def ends(names: Sequence[str], first: date, last: date) -> list[tuple[date, tuple[str, ...]]]:
    """The last day and the labels of each period from that of ``first`` to that of ``last``, which ends with ``last``.

    Of several dimensions (day to year) a period is where all of them say the same.
    """
    places = [COLUMNS.index(f"{name}_") for name in names]
    found: dict[tuple[str, ...], date] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        known = labels(day)
        found[tuple(known[place] for place in places)] = day
    return [(day, key) for key, day in found.items()]
