"""Figures of one ledger or several: questions answered by an engine from one consistent reading of the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from exlog.errors import Busy, ExlogError, Usage
from exlog.filters import Selection
from exlog.i18n import _
from exlog.ledger import rates
from exlog.ledger.book import Book
from exlog.ledger.sheets import Bounds, Sheets
from exlog.ledger.tabling import Tables
from exlog.measures import answering, facts, query
from exlog.measures.answering import Row
from exlog.measures.dimensions import Dimension, dimension, label_of
from exlog.measures.query import Question
from exlog.store import files, journal
from exlog.store.engine import Duck, Engine, Unreadable

T = TypeVar("T")
_ATTEMPTS = 2
_PAUSE_SECONDS = 0.01
ENGINES = ("duckdb", "spark")


class Ask(NamedTuple):
    """A question. ``measures``: keys of MEASURES; ``by``: keys of DIMENSIONS or own fields.

    ``period``: [start, end), aware; each measure counts by its own time. None is all time. ``per``: what complaint
    rates are divided by, where the ledger tells more than one.
    """

    measures: tuple[str, ...]
    by: tuple[str, ...] = ()
    period: tuple[datetime, datetime] | None = None
    per: str = ""


class Answer(NamedTuple):
    """The rows of a question, in the order ``stats`` prints them; ``labels`` shows a value of a dimension to people."""

    ask: Ask
    rows: list[Row]
    labels: Callable[[str, str], str]


def answer(
    books: Sequence[Book], selection: Selection, asks: Sequence[Ask], *, engine: str = "duckdb", master: str = ""
) -> list[Answer]:
    """Answer all ``asks`` from the records of ``books`` that ``selection`` chooses, as they were at one moment.

    ``master`` is the cluster of the engine ``spark``. Raises Damaged that names file and line for a file that
    cannot be read, Usage for an engine that is not there.
    """
    own = tuple({field.name: field for book in books for field in book.policy.own_fields}.values())
    questions = [Question(ask.measures, tuple(dimension(name, own) for name in ask.by), ask.period) for ask in asks]
    with closing(_start(engine, master)) as running:
        try:
            found, names = consistent(books, partial(_read, books, selection, questions, running))
        except Unreadable as error:
            raise Busy(
                _("{engine} gives up: {reason}").format(engine=engine, reason=files.shown(str(error), 200)),
                remedy=_("exlog check says whether the ledger is sound"),
            ) from None
    dims = {one.name: one for question in questions for one in question.by}
    show = partial(_show, dims, names)
    answered = [answering.rows_of(question, rows, show) for question, rows in zip(questions, found, strict=True)]
    if any(rates.MEASURE in ask.measures for ask in asks):
        answered = rates.Rates(books).fill(questions, answered, [ask.per for ask in asks])
    return [Answer(ask, _with_names(ask, rows, books), show) for ask, rows in zip(asks, answered, strict=True)]


_Rows = list[tuple[object, ...]]


def _start(engine: str, master: str) -> Engine:
    if engine == "duckdb":
        return Duck()
    if engine == "spark":
        from exlog.store.spark import Spark

        return Spark(master)
    raise Usage(_("no such engine: {name}").format(name=engine), remedy=", ".join(ENGINES))


def _show(dims: dict[str, Dimension], customers: dict[str, str], name: str, value: str) -> str:
    one = dims[name]
    if one.kind == "customer":
        return customers.get(value, value)
    return label_of(one, value)


def _with_names(ask: Ask, rows: list[Row], books: Sequence[Book]) -> list[Row]:
    """The ledgers by their names; in SQL they are numbers."""
    if "ledger" not in ask.by:
        return rows
    place = ask.by.index("ledger")
    return [
        row._replace(values=(*row.values[:place], books[int(row.values[place])].name, *row.values[place + 1 :]))
        for row in rows
    ]


def consistent(books: Sequence[Book], read: Callable[[], T]) -> T:
    """What ``read`` gives of one moment: no commit took place in any of the ledgers meanwhile."""
    for _attempt in range(_ATTEMPTS):
        before = [journal.generation(book.root) for book in books]
        if None not in before:
            try:
                found = read()
            except (ExlogError, Unreadable, FileNotFoundError):
                if [journal.generation(book.root) for book in books] == before:
                    raise
            else:
                if [journal.generation(book.root) for book in books] == before:
                    return found
        time.sleep(_PAUSE_SECONDS)
    with ExitStack() as locks:
        for book in books:
            locks.enter_context(book.locked(shared=True))
        return read()


def _read(
    books: Sequence[Book], selection: Selection, questions: Sequence[Question], engine: Engine
) -> tuple[list[_Rows], dict[str, str]]:
    """The rows of each question, and the names of the customers in them."""
    tables = Tables(books, engine, questions, selection)
    received = _bounds(selection, questions, repeats=tables.needs_others)
    with Sheets() as sheets:
        for number, book in enumerate(books):
            sheets.add(book, number, selection, received, all_months=tables.needs_others)
        _begin(tables, sheets)
        tables.finish()
        found = [engine.rows(query.text_of(question, tables.setting(question))) for question in questions]
        return found, tables.customers()


def _begin(tables: Tables, sheets: Sheets) -> None:
    """Read the files by the engine; those that it cannot read exlog reads for it, or says what is wrong."""
    with suppress(Unreadable):
        if tables.begin(sheets.found):
            return
    for sheet in list(sheets.found):
        if not sheets.is_copy(sheet) and tables.is_unfit(sheet):
            sheets.copy(sheet)
    tables.begin(sheets.found)


def _bounds(selection: Selection, questions: Sequence[Question], *, repeats: bool) -> Bounds:
    """When the records were received that can matter."""
    since, until = selection.since, selection.until
    if all(question.period and question.clocks == ["received"] for question in questions):
        periods = [question.period for question in questions if question.period]
        start, end = min(period[0] for period in periods), max(period[1] for period in periods)
        since, until = max(since or start, start), min(until or end, end)
    if since and repeats:
        since -= timedelta(days=facts.REPEAT_DAYS)
    return since, until
