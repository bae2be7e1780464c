"""The period before a period."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

Period = tuple[datetime, datetime]
"""[start, end), aware, in the ledger's zone."""


def previous(period: Period) -> Period:
    """The period of the same kind that ends where ``period`` begins.

    Whole months (so quarters and years, too) go back by so many months, anything else by its length.
    """
    start, end = period
    if start.day == end.day == 1 and start.time() == end.time() == time():
        months = (end.year - start.year) * 12 + end.month - start.month
        place = start.year * 12 + start.month - 1 - months
        return _local(date(place // 12, place % 12 + 1, 1), start), start
    if start.time() == end.time() == time():
        return _local(start.date() - (end.date() - start.date()), start), start
    return start - (end.astimezone(UTC) - start.astimezone(UTC)), start


def _local(day: date, like: datetime) -> datetime:
    """The moment at which the zone of ``like`` shows the start of a day, moved out of a gap."""
    return datetime.combine(day, time(), like.tzinfo).astimezone(UTC).astimezone(like.tzinfo)
