"""Repeats: other records of the same customer and category that lie near one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from exlog import times, vocabulary

WINDOW = timedelta(days=90)
"""How far apart two records are repeats of each other: 90 times 24 hours between their receipts, ends included."""


class Contact(NamedTuple):
    """What counting repeats needs of a record. ``customer``: customer_id, else customer_name."""

    customer: str
    category: str
    received_at: str
    close_reason: str
    id: str


def repeats(one: Contact, rows: Iterable[Contact]) -> int:
    """How many other ``rows`` lie within ``WINDOW`` of ``one``, from the same customer, in the same category.

    Earlier ones and later ones count: a customer who comes again makes what is still open more urgent. Duplicate
    and invalid records do not count. Without a customer, a category or a readable time nothing repeats. Only rows
    of the same customer have their times read.
    """
    received = times.moment(one.received_at)
    if received is None or not one.customer or not one.category:
        return 0
    count = 0
    for row in rows:
        if row.customer != one.customer or row.category != one.category or row.id == one.id or not _counts(row):
            continue
        other = times.moment(row.received_at)
        count += other is not None and abs(received - other) <= WINDOW
    return count


def all_repeats(rows: Iterable[Contact]) -> dict[str, int]:
    """``repeats`` of every row by id, against all the others: n log n, for rating a whole ledger anew."""
    groups: dict[tuple[str, str], list[timedelta]] = {}
    wanted: list[tuple[Contact, timedelta]] = []
    found: dict[str, int] = {}
    for row in rows:
        found[row.id] = 0
        received = times.moment(row.received_at)
        if received is None or not row.customer or not row.category:
            continue
        since = received - _EPOCH
        wanted.append((row, since))
        if _counts(row):
            groups.setdefault((row.customer, row.category), []).append(since)
    for group in groups.values():
        group.sort()
    for row, since in wanted:
        group = groups.get((row.customer, row.category), [])
        found[row.id] = bisect_right(group, since + WINDOW) - bisect_left(group, since - WINDOW) - _counts(row)
    return found


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _counts(row: Contact) -> bool:
    return row.close_reason not in vocabulary.EXCLUDED_CLOSE_REASONS
