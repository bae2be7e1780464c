"""The tables that ``query`` reads: exceptions (live and archived), history, customers, and working time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date
from typing import TypeVar

from exlog import filters, profiles
from exlog.fields import Field
from exlog.filters import Filters, Selection
from exlog.i18n import _
from exlog.ledger import customers
from exlog.ledger.book import Book
from exlog.ledger.figuring import consistent
from exlog.ledger.sheets import Sheets
from exlog.ledger.steering import Steering
from exlog.measures import sql
from exlog.measures.choosing import where
from exlog.measures.raw import BOOK, Raw
from exlog.rulebook import DEFAULT_CALENDAR
from exlog.store import history
from exlog.store.console import Console, Found, refused
from exlog.store.engine import Sheet, Unreadable
from exlog.worktime import tables

T = TypeVar("T")

TABLES = ("exceptions", "history", "customers")
WORK_HOURS = "work_hours"
WORK_DAYS = "work_days"
_PROFILE_FIELDS = tuple(name for name in profiles.Customer._fields if name not in profiles.PRIVATE)
_DAY = 86400
_AFTER_A_TABLE = frozenset((
    "where", "group", "order", "having", "limit", "offset", "join", "left", "right", "inner", "outer", "full", "cross",
    "on", "using", "union", "except", "intersect", "qualify", "sample", "window", "asof", "natural", "semi", "anti",
    "positional",
))  # fmt: skip
"""Words after a table that are no other name of it."""


def run(books: Sequence[Book], text: str) -> Found:
    """What one SELECT gives, of the ledgers as they were at one moment.

    Raises Usage for what is no SELECT or is refused by DuckDB, Damaged that names file and line for a file that cannot
    be read.
    """
    return consistent(books, lambda: _run(books, text))


def _run(books: Sequence[Book], text: str) -> Found:
    try:
        return with_sheets(books, lambda sheets: _asked(books, sheets, text))
    except Unreadable as error:
        raise refused(str(error)) from None


def with_sheets(books: Sequence[Book], read: Callable[[Sequence[Sheet]], T]) -> T:
    """What ``read`` gives of all files; those that the engine cannot read exlog reads for it.

    Raises Unreadable where the engine still cannot, Damaged that names file and line of what is wrong.
    """
    selection = filters.understand(Filters(), books[0].policy, books[0].now)
    with Sheets() as sheets:
        for number, book in enumerate(books):
            sheets.add(book, number, selection, (None, None), all_months=True)
        try:
            return read(sheets.found)
        except Unreadable:
            if not _copied(sheets):
                raise
        return read(sheets.found)


def _copied(sheets: Sheets) -> bool:
    """Whether files were found that exlog has to read for the engine, and now has."""
    fresh = [sheet for sheet in sheets.found if not sheets.is_copy(sheet)]
    for sheet in fresh:
        sheets.copy(sheet)
    return bool(fresh)


def _asked(books: Sequence[Book], sheets: Sequence[Sheet], text: str) -> Found:
    with closing(console_of(books)) as console:
        define_exceptions(console, books, sheets, text)
        if _mentions(text, "history"):
            fill_history(console, books)
        if _mentions(text, "customers"):
            fill_customers(console, books)
        if _mentions(text, WORK_HOURS) or _mentions(text, WORK_DAYS):
            _working_time(console, books[0])
        console.confine(sheets)
        return console.ask(text)


def console_of(books: Sequence[Book]) -> Console:
    """A console whose times are those of the first ledger's zone."""
    return Console(books[0].tz, books[0].policy.timezone, TABLES)


def define_exceptions(
    console: Console, books: Sequence[Book], sheets: Sequence[Sheet], text: str, selection: Selection | None = None
) -> None:
    """Make the view ``exceptions`` of the records that ``selection`` chooses; only the times that ``text`` may read are
    looked through for ones that the engine cannot read.

    Raises Unreadable where exlog has to read a file for the engine.
    """
    columns = [name for sheet in sheets for name in sheet.columns]
    raw, probe = Raw(columns), Raw(columns)
    kinds = {name: field for book in books for name, field in book.policy.schema().items()}
    listed = _exceptions(raw, kinds)
    chosen = where(selection, raw) if selection else "TRUE"
    console.open(sheets, {name: f"c{place}" for place, name in enumerate(raw.columns)}, raw.used)
    looked_at = [probe.at(name) for name in _named(text, raw.columns) if name in kinds and kinds[name].kind == "time"]
    if selection:
        looked_at.append(where(selection, probe))
    if looked_at and console.rows(f"SELECT 1 FROM {probe.source} WHERE {probe.odd} LIMIT 1"):
        raise Unreadable(_("a time cannot be read"))
    console.fill("ledgers", [("number", "BIGINT"), ("name", "VARCHAR")], [*enumerate(book.name for book in books)])
    source = f"(SELECT * FROM {raw.source} WHERE {chosen}) AS chosen_rows"
    console.define(
        f"CREATE TEMP VIEW exceptions AS SELECT {listed}, ledgers.name AS ledger"
        f" FROM {source} JOIN ledgers ON ledgers.number = chosen_rows.{BOOK}"
    )


def _mentions(text: str, name: str) -> bool:
    """Whether a query may mean a table or function; ``SHOW TABLES`` means every one."""
    return re.search(rf"\b({name}|show)\b", text, re.IGNORECASE) is not None


def _named(text: str, columns: Iterable[str]) -> set[str]:
    """The columns that a query may read: those it names, and every one where it may mean them all."""
    plain = re.sub(r"count\s*\(\s*\*\s*\)", "", text.casefold())
    words = re.findall(r"\w+", plain)
    simple = words[:1] == ["select"] and words.count("select") == words.count("from")
    every = not simple or "*" in plain or "columns" in words or _takes_rows_whole(plain)
    return {name for name in columns if every or name.casefold() in words or not name.isidentifier()}


def _takes_rows_whole(text: str) -> bool:
    """Whether ``exceptions``, by its name or another it is given, stands where its columns would."""
    for found in re.finditer(r"\bexceptions\b(?:\s+as)?(?:\s+(\w+))?", text):
        names = {"exceptions", found[1] or "exceptions"} - _AFTER_A_TABLE
        if any(len(re.findall(rf"\b{name}\b(?!\s*\.)", text)) > 1 for name in names):
            return True
    return False


def _exceptions(raw: Raw, kinds: dict[str, Field]) -> str:
    """Every column of a record, typed."""
    names = [name for name in raw.columns if not name.endswith(sql.HIDDEN)]
    return ", ".join(f"{_typed(raw, name, kinds.get(name))} AS {sql.quoted(name)}" for name in names)


def _typed(raw: Raw, name: str, field: Field | None) -> str:
    kind = field.kind if field else "text"
    if kind == "time":
        return f"to_timestamp({raw.at(name)})"
    if kind == "int":
        return f"TRY_CAST(nullif({raw.cell(name)}, '') AS BIGINT)"
    if kind in ("decimal", "number"):
        return sql.decimal(raw.cell(name))
    if kind == "date":
        return f"TRY_CAST(nullif({raw.cell(name)}, '') AS DATE)"
    return f"nullif({raw.plain(name)}, '')"


def fill_history(console: Console, books: Sequence[Book]) -> None:
    """The table of events; what a profile's private fields said is left out. ``at`` is a word of SQL's own."""
    rows = [
        (number, entry.at, *_public(entry), entry.note, entry.event)
        for number, book in enumerate(books)
        for entry in history.entries(book.root)
    ]
    names = ("at", "actor", "record", "action", "field", "old", "new", "note", "event")
    kinds = [("book", "BIGINT"), *((name, "VARCHAR") for name in names)]
    console.fill("events", kinds, rows)
    listed = ", ".join(f"nullif({sql.quoted(name)}, '') AS {sql.quoted(name)}" for name in names[1:])
    console.define(
        "CREATE TEMP VIEW history AS SELECT TRY_CAST(events.at AS TIMESTAMPTZ) AS happened_at,"
        f" {listed}, ledgers.name AS ledger FROM events JOIN ledgers ON ledgers.number = events.book"
    )


def _public(entry: history.Entry) -> tuple[str, str, str, str, str, str]:
    """An event without what it says of a private field of a profile."""
    of_profile = entry.record.startswith("C")
    hidden = of_profile and (entry.field == "*" or entry.field in profiles.PRIVATE)
    old, new = ("", "") if hidden else (entry.old, entry.new)
    return entry.actor, entry.record, entry.action, entry.field, old, new


def fill_customers(console: Console, books: Sequence[Book]) -> None:
    """The table of customers, without their private fields."""
    rows = [
        (*(getattr(one, name) or None for name in _PROFILE_FIELDS), book.name)
        for book in books
        for one in customers.index(book)
    ]
    console.fill("customers", [*((name, "VARCHAR") for name in _PROFILE_FIELDS), ("ledger", "VARCHAR")], rows)


def _working_time(console: Console, book: Book) -> None:
    """``work_hours(a, b)`` and ``work_days(a, b)``, by the ledger's calendar or the one that ``calendar :=`` names."""
    years = "min(year(received_at)), max(year(greatest(received_at, resolved_at, closed_at)))"
    low, high = console.rows(f"SELECT {years} FROM exceptions")[0]
    first, last = int(low or book.now.year) - 1, max(int(high or 0), book.now.year) + 1
    start, end = (tables.number_of(date(year, 1, 1)) for year in (first, last + 1))
    calendars = Steering(book).calendars
    found = {name: tables.clocks(calendar, range(start, end)) for name, calendar in calendars.items()}
    most = max(len(row[2]) for rows in found.values() for row in rows)
    rows = []
    for name, calendar in calendars.items():
        for day, passed, spans, _turn in found[name]:
            padded = [*spans, *[(0.0, 0.0)] * (most - len(spans))]
            count = calendar.workday(day)[0]
            rows.append((name, day, count, passed, *(value for span in padded for value in span)))
    kinds = [("kind", "VARCHAR"), ("day", "BIGINT"), ("number", "BIGINT"), ("passed", "DOUBLE")]
    kinds += [(f"{part}{span}", "DOUBLE") for span in range(most) for part in ("open", "length")]
    console.fill("working_days", kinds, rows)
    console.define(_macros(most))


def _macros(spans: int) -> str:
    """SQL of the functions; a day has at most so many ``spans`` of working time."""
    at = "epoch(CAST(t AS TIMESTAMPTZ))"
    parts = "".join(f" + greatest(0.0, least({at} - open{span}, length{span}))" for span in range(spans))
    of_day = "FROM working_days WHERE kind = named AND day"
    optional = f"calendar := '{DEFAULT_CALENDAR}'"
    return f"""
        CREATE TEMP MACRO worked_until(t, named) AS
            (SELECT passed{parts} {of_day} = CAST(floor({at} / {_DAY}.0) AS BIGINT));
        CREATE TEMP MACRO workday_of(t, named) AS
            (SELECT number {of_day} = date_diff('day', DATE '1970-01-01', CAST(t AS DATE)));
        CREATE TEMP MACRO {WORK_HOURS}(a, b, {optional}) AS
            ((worked_until(b, calendar) - worked_until(a, calendar)) / 3600.0);
        CREATE TEMP MACRO {WORK_DAYS}(a, b, {optional}) AS
            (greatest(0, workday_of(b, calendar) - workday_of(a, calendar)));
    """
