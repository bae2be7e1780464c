"""Complaint rates: the complaints of each group, divided by what denominators.csv tells for it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exlog import canonical, typed_times, vocabulary
from exlog.errors import ExlogError, Refused, Usage
from exlog.i18n import _
from exlog.ledger.book import Book
from exlog.measures import denominators
from exlog.measures.answering import Row
from exlog.measures.denominators import COLUMNS, DIMENSIONS, FILE, UNIT, Denominators, Period
from exlog.measures.query import Question
from exlog.store import files

MEASURE = "complaint_rate"
_PERIODS = ("month", "quarter", "year")
_LEDGER = "ledger"


class Rates:
    """Divides by the denominators of some ledgers."""

    def __init__(self, books: Sequence[Book]) -> None:
        self._books = books
        self._told = [read(book) for book in books]

    def fill(self, questions: Sequence[Question], found: Sequence[list[Row]], pers: Sequence[str]) -> list[list[Row]]:
        """The rows with their rates; None where nothing is told for a group.

        ``pers`` names for each question the unit, where more than one is told.

        Raises Refused, with the reason, where there is nothing to divide by in any of the questions that ask for
        the rate, Usage where it is not told by what.
        """
        made, refusals, filled = [], [], False
        for question, rows, per in zip(questions, found, pers, strict=True):
            if MEASURE not in question.measures:
                made.append(rows)
                continue
            try:
                divided = self._divided(question, rows, vocabulary.resolve(UNIT, per) if per else "")
            except ExlogError as error:
                refusals.append(error)
                divided = [self._with(question, row, None) for row in rows]
            else:
                filled = True
            made.append(divided)
        if refusals and not filled:
            raise refusals[0]
        return made

    def _divided(self, question: Question, rows: Sequence[Row], per: str) -> list[Row]:
        names = [one.name for one in question.by]
        told_by = self._told_by(question)
        unit = self._unit(told_by, per)
        value_at = names.index(told_by) if told_by else None
        amounts = []
        for row in rows:
            period = self._period(question, row)
            value = row.values[value_at] if value_at is not None else ""
            known = period is not None and (value or value_at is None)
            books = [int(row.values[names.index(_LEDGER)])] if _LEDGER in names else range(len(self._books))
            amounts.append(self._amount(books, unit, told_by, value, period) if known and period else None)
        if rows and not any(amounts):
            raise Refused(
                _("{file} tells no {unit} for the whole of any period asked for{dimension}").format(
                    file=FILE, unit=vocabulary.label(UNIT, unit), dimension=f" ({told_by})" if told_by else ""
                ),
                remedy=_("add the lines that are missing, or ask for a period that it tells"),
            )
        return [self._with(question, row, amount) for row, amount in zip(rows, amounts, strict=True)]

    def _told_by(self, question: Question) -> str:
        """The dimension that amounts are told for; empty for the whole."""
        others = [one for one in question.by if one.name != _LEDGER and one.name not in _PERIODS]
        if len(others) > 1 or any(one.name not in DIMENSIONS for one in others):
            raise Usage(
                _("no complaint rate by {dimension}").format(dimension=", ".join(one.label for one in others)),
                remedy=_("by one of {choices}, and by month, quarter or year").format(choices=", ".join(DIMENSIONS)),
            )
        if question.period is None and not any(one.name in _PERIODS for one in question.by):
            raise Usage(
                _("a complaint rate needs a period"), remedy="exlog stats 2024Q1 --measure complaint_rate --by region"
            )
        return others[0].name if others else ""

    def _unit(self, told_by: str, per: str) -> str:
        present = [told for told in self._told if told is not None]
        if not present:
            raise _nothing(
                _("there is no {file}, so complaints cannot be divided by anything").format(file=FILE), told_by
            )
        units = [unit for unit in vocabulary.keys(UNIT) if all(unit in told.units_of(told_by) for told in present)]
        if per and per in units:
            return per
        if per or not units:
            unit = vocabulary.label(UNIT, per) if per else _("amounts")
            raise _nothing(
                _("{file} tells no {unit} by {dimension}").format(
                    file=FILE, unit=unit, dimension=told_by or _("the whole")
                ),
                told_by,
            )
        if len(units) > 1:
            raise Usage(
                _("{file} tells more than one unit: {units}").format(file=FILE, units=", ".join(units)),
                remedy=f"--per {units[0]}",
            )
        return units[0]

    def _period(self, question: Question, row: Row) -> Period | None:
        """The period of a row: where it asks for months, that month, as far as it lies in the period asked for."""
        period = question.period
        for one, value in zip(question.by, row.values, strict=True):
            if one.name in _PERIODS:
                if not value:
                    return None
                start, end = typed_times.parse_period(value, now=self._books[0].now)
                period = (max(start, period[0]), min(end, period[1])) if period else (start, end)
        return period

    def _amount(self, books: Sequence[int], unit: str, told_by: str, value: str, period: Period) -> Decimal | None:
        """The amount of all of these ledgers; None where one of them does not tell it."""
        total = Decimal()
        for place in books:
            told = self._told[place]
            amount = told.amount(unit, told_by, value, period) if told else None
            if amount is None:
                return None
            total += amount
        return total

    def _with(self, question: Question, row: Row, amount: Decimal | None) -> Row:
        figures, counts = list(row.figures), list(row.n)
        place = question.measures.index(MEASURE)
        complaints = figures[place] or 0
        figures[place] = float(Decimal(complaints) / amount) if amount else None
        counts[place] = round(amount) if amount else 0
        return row._replace(figures=tuple(figures), n=tuple(counts))


def read(book: Book) -> Denominators | None:
    """What a ledger's file tells; None where it has none. Raises Damaged that names file, line and column."""
    files.refuse_links(book.root, FILE)
    data = files.read(book.root / FILE)
    return None if data is None else denominators.read(canonical.parse(data, FILE), now=book.now)


def _nothing(reason: str, told_by: str) -> Refused:
    line = f"2024-03,{told_by},…,orders,1200" if told_by else "2024-03,,,orders,1200"
    return Refused(
        reason,
        remedy=_("write it with the header {columns} and lines like {example}").format(
            columns=",".join(COLUMNS), example=line
        ),
    )
