"""``exlog list``: what is open, most urgent and soonest due first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import typer

from exlog import filters, render
from exlog.commands import results
from exlog.commands.options import settings, whole_number
from exlog.i18n import _
from exlog.ledger import reading

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.reading import Snapshot

app = typer.Typer(add_completion=False)
FILTERS = True


@app.command("list", help=_("List what is open, most urgent and soonest due first."))
def list_(
    ctx: typer.Context,
    sort: str = typer.Option("", "--sort", metavar="FIELD", help=_("Sort by a field; -FIELD turns the order around.")),
    limit: str = typer.Option("", "--limit", metavar="N", help=_("The first N only.")),
    columns: str = typer.Option("", "--columns", metavar="A,B", help=_("Which fields, or all.")),
) -> None:
    call = settings(ctx)
    most = whole_number(limit, "--limit")
    book = call.open()
    selection = filters.understand(call.filters("open"), book.policy, book.now)
    fmt = call.format
    with reading.snapshot(book, selection) as view:
        names = ["id"] if call.quiet else _columns(columns, book, fmt, view)
        found = _rows(view, book, sort, names, most)
        if call.quiet:
            results.print_ids(texts[0] for texts in found)
            return
        heads = results.columns_of(book, names)
        if not columns:
            heads = [head._replace(spare=results.SPARE.get(head.name, 0)) for head in heads]
            if fmt == "table":
                found = results.without_year(found, names, book.now)
        count = results.show_rows("exceptions", heads, found, fmt)
    if not count and fmt == "table":
        render.note(_("no record matches; --all takes closed ones too"))


def _rows(view: Snapshot, book: Book, sort: str, names: list[str], most: int | None) -> Iterator[Sequence[str]]:
    if sort:
        field = reading.column_field(book, sort.removeprefix("-"))
        return view.sorted_by(field, names, descending=sort.startswith("-"), limit=most)
    return islice(view.ordered(names), most)


def _columns(text: str, book: Book, fmt: str, view: Snapshot) -> list[str]:
    if text == "all" or (not text and fmt in ("json", "jsonl")):
        return view.columns(book.columns)
    if not text:
        return list(results.LIST_COLUMNS)
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [reading.column_field(book, name).name for name in names]
