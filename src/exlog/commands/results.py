"""How commands show records: which columns, and what a change prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from exlog import render
from exlog.commands.options import Settings
from exlog.fields import Field
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.records import Done

T = TypeVar("T")

LIST_COLUMNS = (
    "id", "status", "urgency", "due_at", "type", "category", "customer_name", "subject", "department", "owner",
    "received_at",
)  # fmt: skip
"""What ``list`` prints, unless ``--columns`` says otherwise; a table leaves out the ones that are all empty."""

SPARE = {"owner": 1, "department": 2, "type": 3, "category": 4, "received_at": 5}
"""What a table leaves out first where a terminal is too narrow for all."""

CHANGE_COLUMNS = ("id", "status", "urgency", "department", "owner", "due_at", "customer_name", "subject")
"""What a command that changes records prints of each."""


def column(field: Field) -> Column:
    """The printed column of a field."""
    return Column(field.name, field.label, field.kind, field.enum)


def columns_of(book: Book, names: Sequence[str]) -> list[Column]:
    """Printed columns by name; a name no schema knows is a text column of a hand-made header."""
    schema = book.policy.schema()
    return [column(schema[name]) if name in schema else Column(name, name) for name in names]


def show_done(settings: Settings, book: Book, done: Done) -> None:
    """Print the records that a command changed, and its remarks on stderr."""
    show_records(settings, book, done.records)
    for remark in done.remarks:
        render.note(remark)


def show_records(settings: Settings, book: Book, records: Sequence[Mapping[str, str]]) -> None:
    """Print changed records: ids for -q, all fields for json, else the columns that matter after a change."""
    if settings.quiet:
        print_ids(record["id"] for record in records)
        return
    fmt = settings.format
    if fmt in ("json", "jsonl"):
        names = list(dict.fromkeys((*book.columns, *(name for record in records for name in record))))
        columns = columns_of(book, names)
        if len(records) == 1:
            render.record("exception", columns, [records[0].get(name, "") for name in names], fmt, sys.stdout)
            return
    else:
        names = list(CHANGE_COLUMNS)
        columns = columns_of(book, names)
    rows = [[record.get(name, "") for name in names] for record in records]
    show_rows("exceptions", columns, rows, fmt)


def show_rows(kind: str, columns: Sequence[Column], rows: Iterable[Sequence[object]], fmt: str) -> int:
    """Print rows; a table leaves out columns in which no row has a value. Returns how many rows there were."""
    if fmt == "table":
        rows = list(rows)
        kept = [place for place, _column in enumerate(columns) if any(row[place] not in ("", None) for row in rows)]
        columns = [columns[place] for place in kept]
        rows = [[row[place] for place in kept] for row in rows]
    return render.rows(kind, columns, rows, fmt, sys.stdout)


def without_year(found: Iterable[Sequence[T]], names: Sequence[str], now: datetime) -> Iterator[list[T | str]]:
    """Times of this year as ``06-25 18:00``: a list is read for what is near, and room is short."""
    places = [place for place, name in enumerate(names) if name.endswith("_at")]
    year = f"{now:%Y-}"
    for cells in found:
        texts: list[T | str] = [*cells]
        for place in places:
            text = str(texts[place])
            if text.startswith(year):
                texts[place] = f"{text[5:10]} {text[11:16]}"
        yield texts


def print_ids(ids: Iterable[str]) -> None:
    """One id a line."""
    sys.stdout.writelines(f"{one}\n" for one in ids)
