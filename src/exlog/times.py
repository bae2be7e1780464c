"""Stored times: RFC 3339 to the second with an offset, and what is read from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

FIRST_YEAR, LAST_YEAR = 1900, 2200

CLOCK_SKEW = timedelta(minutes=15)
"""How far the clocks of two clones may differ: no time of another clone's that is less ahead is held to be wrong."""

_MINUTE = timedelta(minutes=1)

_STORED_LENGTH = len("2024-03-15T14:30:00+08:00")


def format_time(moment: datetime) -> str:
    """``moment`` as stored: RFC 3339 to the second with a numeric offset. ValueError where it has no zone."""
    text = moment.isoformat()
    if len(text) == _STORED_LENGTH:  # neither a fraction nor seconds in the offset
        return text
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"no zone: {moment!r}")
    if offset % _MINUTE:
        # Local mean time (Shanghai in 1900) has seconds in its offset, RFC 3339 has not; the instant stays.
        moment = moment.astimezone(timezone(-(-offset // _MINUTE) * _MINUTE))
    return moment.isoformat(timespec="seconds")


def is_date(text: str) -> bool:
    """Whether ``text`` is a stored date: YYYY-MM-DD, a day that exists, in the years 1900 to 2200."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and FIRST_YEAR <= day.year <= LAST_YEAR


def moment(text: str) -> datetime | None:
    """The moment of a stored time, None for what is none or has no offset; quick, for cells of many rows."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def days_after(text: str, days: int) -> datetime:
    """The moment so many days after a stored time; the last there is where that lies beyond the calendar."""
    try:
        return datetime.fromisoformat(text) + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
