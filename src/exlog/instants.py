"""Moments as instants, in seconds since 1970: quick to compute with, where there are many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from exlog import times

_YEAR_3000 = 32503680000
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=128)  # several steps of a record begin with the same time
def read(text: str) -> float | None:
    """The instant of a stored time; None for what is none, has no offset, or lies outside the years 1900 to 2200."""
    found = times.moment(text)
    return found.timestamp() if found is not None and times.FIRST_YEAR <= found.year <= times.LAST_YEAR else None


@lru_cache(maxsize=128)  # in order of time, and many days end at one
def stored(at: float, zone: tzinfo) -> str:
    """An instant as times are stored."""
    return times.format_time(in_zone(at, zone))


def of(moment: datetime) -> float:
    """A moment as an instant. ValueError where it has no zone."""
    if moment.tzinfo is None:
        raise ValueError(f"no zone: {moment!r}")
    return moment.timestamp()


def in_zone(at: float, zone: tzinfo) -> datetime:
    """An instant as a moment in ``zone``; Windows cannot tell those before 1970 and after 3000."""
    if 0 <= at < _YEAR_3000:
        return datetime.fromtimestamp(at, zone)
    return (_UNIX + timedelta(seconds=at)).astimezone(zone)
