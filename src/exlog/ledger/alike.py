"""Repeats as figures: groups of records alike, by the kinds of ``review.REPEATS``, with what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exlog import review
from exlog.filters import Selection
from exlog.ledger import figuring
from exlog.ledger.book import Book
from exlog.ledger.figuring import Ask
from exlog.measures.answering import Row
from exlog.measures.periods import Period

SEPARATOR = " · "
_DIMENSIONS = {"customer_id": "customer"}


class Alike(NamedTuple):
    """A group: its kind (of REPEATS), what its records share, as keys and as people read it, and its figures."""

    kind: str
    value: str
    label: str
    row: Row


def groups(
    books: Sequence[Book], selection: Selection, measures: Sequence[str], period: Period | None, least: int
) -> list[Alike]:
    """Groups of at least ``least`` records, by kind and then the largest first; ``received`` is the first measure."""
    wanted = ("received", *(name for name in measures if name != "received"))
    kinds = {kind: tuple(_DIMENSIONS.get(name, name) for name in names) for kind, names in review.REPEATS.items()}
    answers = figuring.answer(books, selection, [Ask(wanted, names, period) for names in kinds.values()])
    found = []
    for (kind, names), answer in zip(kinds.items(), answers, strict=True):
        alike = [row for row in answer.rows if all(row.values) and (row.figures[0] or 0) >= least]
        for row in sorted(alike, key=lambda row: -(row.figures[0] or 0)):
            label = SEPARATOR.join(answer.labels(name, value) for name, value in zip(names, row.values, strict=True))
            found.append(Alike(kind, SEPARATOR.join(row.values), label, row))
    return found
