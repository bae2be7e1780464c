"""The ends of periods at which a backlog is taken: a small table for each question, which the engine joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from exlog.ledger.book import Book
from exlog.ledger.casing import Cases
from exlog.measures import days, facts
from exlog.measures.query import Question
from exlog.store.engine import Engine
from exlog.worktime import tables

_INSTANT = timedelta(microseconds=1)


class End(NamedTuple):
    """A period of one ledger: its labels, its last day since 1970, and the moment at which it is over, or now."""

    labels: tuple[str, ...]
    day: int
    moment: datetime


def earliest(engine: Engine, source: str) -> dict[int, int]:
    """The day of UTC on which the first record of each ledger was received."""
    found = engine.rows(f"SELECT book, min(received) FROM {source} WHERE received IS NOT NULL GROUP BY 1")
    return {int(book): int(at // facts.DAY) for book, at in found}


def of(book: Book, question: Question, earliest_day: int, at: datetime, *, ended: bool) -> list[End]:
    """The periods of a ledger from its first record to the moment ``at``, within the period of the question."""
    last = (at - _INSTANT if ended else at).astimezone(book.tz).date()
    # Its wall clock may be a day behind; and no stored time should lie before FIRST_DAY.
    first = tables.day_of(max(earliest_day - 1, tables.FIRST_DAY))
    assert first is not None
    if question.period:
        first = max(first, question.period[0].astimezone(book.tz).date())
    found = []
    for day, labels in days.ends(question.periods, first, last):
        over = datetime.combine(day + timedelta(days=1), time(), book.tz)
        found.append(End(labels, tables.number_of(day), over if day < last else at))
    return found


def fill(engine: Engine, name: str, question: Question, ends: Mapping[int, Sequence[End]], cases: Cases | None) -> None:
    """Make the table of a question. ``ends``: by ledger. ``cases`` where age is asked: then for each calendar."""
    kinds = [
        ("whose", "BIGINT"),
        ("day", "BIGINT"),
        *((f"{one}_", "VARCHAR") for one in question.periods),
        ("today", "BIGINT"),
    ]
    rows: list[tuple[object, ...]] = []
    for book, found in ends.items():
        for end in found:
            rows += [(whose, end.day, *end.labels, today) for whose, today in _todays(cases, book, end)]
    engine.fill(name, kinds, rows)


def _todays(cases: Cases | None, book: int, end: End) -> Iterable[tuple[int, int]]:
    """The number of the last working day up to an end, by calendar; without any, for the ledger itself."""
    if cases is None:
        return [(book, 0)]
    known = cases.workday_at(end.moment)
    return [(calendar, known[calendar]) for calendar in cases.calendars_of(book)]
