"""A calendar and a timezone as tables, by the days of UTC: what SQL joins to tell working time and local time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from exlog.worktime.calendar import DAY, Calendar, offsets

FIRST_DAY = (date(1900, 1, 1) - date(1970, 1, 1)).days
LAST_DAY = (date(2201, 1, 1) - date(1970, 1, 1)).days
"""Days with working time: those of the years that a stored time may have."""

_NEVER = 1e18
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


class Turn(NamedTuple):
    """The offset of a zone from UTC, in seconds: ``before`` the instant ``turn`` of the day, and ``after`` it."""

    turn: float
    before: int
    after: int


def turns(zone: tzinfo, days: Iterable[int]) -> dict[int, Turn]:
    """The offsets of a zone on each of the ``days`` of UTC (since 1970), as far as Python knows the day."""
    found = {}
    for day in days:
        try:
            parts = list(offsets(zone, day * DAY, (day + 1) * DAY))
        except OverflowError:  # within a day of year 1 or 9999
            continue
        turn = parts[0][1] if len(parts) > 1 else _NEVER
        found[day] = Turn(turn, parts[0][2], parts[-1][2])
    return found


def clocks(calendar: Calendar, days: Iterable[int]) -> list[tuple[int, float, list[tuple[float, float]], Turn]]:
    """For each of the ``days`` of UTC: working seconds before it, its spans as (open, length), its offsets."""
    wanted = sorted(day for day in days if FIRST_DAY <= day < LAST_DAY)
    if not wanted:
        return []
    for day in (wanted[0], wanted[-1] + 1):  # so that all days are counted from one start
        calendar.passed(_UNIX + timedelta(days=day))
    zone = turns(calendar.zone, wanted)
    found = []
    for day in wanted:
        start = day * DAY
        passed = calendar.passed(_UNIX + timedelta(days=day))
        spans = [(float(low), float(high - low)) for low, high in calendar.spans(start, start + DAY)]
        found.append((day, passed, spans, zone[day]))
    return found


def local_days(rows: Iterable[tuple[int, Turn]]) -> set[int]:
    """The days since 1970 that a zone's wall clock shows on days of UTC."""
    return {(day * DAY + offset) // DAY + more for day, turn in rows for offset in turn[1:] for more in (0, 1)}


def number_of(day: date) -> int:
    """The number of a day since 1970-01-01."""
    return day.toordinal() - _UNIX.toordinal()


def day_of(number: int) -> date | None:
    """The day so many days after 1970-01-01; None outside of the years that Python knows."""
    try:
        return date.fromordinal(number + date(1970, 1, 1).toordinal())
    except (ValueError, OverflowError):
        return None
