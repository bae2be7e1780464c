"""``exlog export``: records out, as text or as a file that other tools query."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from exlog import filters, render
from exlog.commands import results
from exlog.commands.options import settings
from exlog.commands.output import draft_of, whole
from exlog.errors import Usage
from exlog.i18n import _
from exlog.ledger import reading

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.render import Column

app = typer.Typer(add_completion=False)
FILTERS = True

BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl", ".md": "md"}
WORKBOOK = ".xlsx"
QUERIED = {".parquet": "parquet", ".sqlite": "sqlite", ".db": "sqlite", ".duckdb": "duckdb"}
"""Files that other tools query, by suffix."""
SUFFIXES = (*BY_SUFFIX, WORKBOOK, *QUERIED)


@app.command(help=_("Write records to a file, archives included: every field, formulas made harmless."))
def export(
    ctx: typer.Context,
    output: str = typer.Option("", "-o", "--output", metavar="FILE", help=", ".join(f"*{one}" for one in SUFFIXES)),
    to: str = typer.Option(
        "", "--to", metavar="KIND", help=_("parquet | sqlite | duckdb, whatever the file is called.")
    ),
    columns: str = typer.Option("", "--columns", metavar="A,B", help=_("Which fields; all by default.")),
) -> None:
    call = settings(ctx)
    book = call.open()
    selection = filters.understand(call.filters("all"), book.policy, book.now)
    wanted = [reading.column_field(book, name.strip()).name for name in columns.split(",") if name.strip()]
    kind = _queried(to, output, call.values.get("format"))
    if kind:
        from exlog.ledger import exporting

        with draft_of(Path(output)) as draft:
            count = exporting.write(book, selection, wanted, kind, draft)
        render.note(_("records written to {file}: {count}").format(count=count, file=output), call.quiet)
        return
    if Path(output).suffix.lower() == WORKBOOK and not call.values.get("format"):
        with reading.snapshot(book, selection) as view:
            names = wanted or view.columns(book.columns)
            count = _write_workbook(book, results.columns_of(book, names), view.ordered(names), Path(output))
        render.note(_("records written to {file}: {count}").format(count=count, file=output), call.quiet)
        return
    fmt = _format(call.values.get("format"), output)
    with reading.snapshot(book, selection) as view, _target(output, fmt) as out:
        names = wanted or view.columns(book.columns)
        count = render.rows("exceptions", results.columns_of(book, names), view.ordered(names), fmt, out)
    if output:
        render.note(_("records written to {file}: {count}").format(count=count, file=output), call.quiet)


def _write_workbook(book: Book, columns: Sequence[Column], rows: Iterable[Sequence[object]], target: Path) -> int:
    """A workbook of one sheet in which text stays text; how many records."""
    from exlog.render import records

    with whole(target) as stream:
        made = records.workbook(stream, book.root.name, book.now)
        sheet = records.put(made, _("Records"), columns, ([str(cell) for cell in row] for row in rows))
        made.close()
    return int(sheet.dim_rowmax)


def _queried(to: str, output: str, fmt: str | None) -> str:
    """The kind of file that other tools query; empty where text is asked for."""
    kinds = tuple(dict.fromkeys(QUERIED.values()))
    if to and to not in kinds:
        raise Usage(
            _("no such kind of file: {kind}").format(kind=to),
            remedy=_("one of: {choices}").format(choices=", ".join(kinds)),
        )
    if to and fmt:
        raise Usage(_("--to and --format exclude each other"), remedy=_("give one of them"))
    if to and output in ("", "-"):
        raise Usage(_("--to needs a file"), remedy=f"exlog export --to {to} -o records.{to}")
    return to or ("" if fmt else QUERIED.get(Path(output).suffix.lower(), ""))


def _format(asked: str | None, output: str) -> str:
    if asked:
        return render.choose_format(asked, sys.stdout)
    if not output or output == "-":
        return "csv"
    fmt = BY_SUFFIX.get(Path(output).suffix.lower())
    if fmt is None:
        raise Usage(
            _("no format is known for {file}").format(file=output),
            remedy=_("end the name in one of: {choices}").format(choices=", ".join(SUFFIXES)),
        )
    return fmt


@contextmanager
def _target(output: str, fmt: str) -> Iterator[TextIO]:
    """The file to write, whole or not at all; stdout for no name or ``-``. CSV gets the BOM that Excel wants."""
    if not output or output == "-":
        yield sys.stdout
        return
    with whole(Path(output)) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8-sig" if fmt == "csv" else "utf-8", newline="\n")
        yield stream
        stream.flush()
        stream.detach()
