"""``exlog archive``: rotate closed rows of past months out of the live ledger."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from exlog import render, typed_times
from exlog.commands import results
from exlog.commands.options import settings
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.tables import Maker

app = typer.Typer(add_completion=False)


@app.command(help=_("Move closed records of whole past months into archive/, a file a month."))
def archive(
    ctx: typer.Context,
    before: str = typer.Option(
        "", "--before", metavar="MONTH", help=_("Months before this one (default: this month).")
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help=_("Only say what would be moved.")),
    excel: bool = typer.Option(
        False, "--excel", help=_("Write the record table of each archived month beside it, as a workbook.")
    ),
) -> None:
    from exlog.ledger import rotation

    call = settings(ctx)
    book = call.open()
    month = f"{typed_times.parse_period(before, now=book.now)[0]:%Y-%m}" if before else ""
    rotated, tables = rotation.archive(book, month, dry_run=dry_run, maker=_maker(book) if excel else None)
    if call.quiet:
        return
    columns = [
        Column("month", pick("Month", "月份")),
        Column("rows", pick("Records", "记录数"), "int"),
        Column("file", pick("File", "文件")),
    ]
    render.rows("archives", columns, rotated, call.format, sys.stdout)
    for one in tables:
        text = _("record table of {month}: {file}, records: {count}")
        render.note(text.format(month=one.month, file=one.file, count=one.rows))
    if excel and not dry_run and not tables:
        render.note(_("every record table is up to date"))
    total = sum(one.rows for one in rotated)
    if not rotated:
        render.note(_("nothing to archive"))
    elif dry_run:
        render.note(_("records that would be archived: {count}").format(count=total))
    else:
        render.note(_("records archived: {count}").format(count=total))


def _maker(book: Book) -> Maker:
    """Makes record tables in the language in force."""
    from exlog import monthly
    from exlog.ledger.tables import Maker
    from exlog.render import records

    names = (*monthly.COLUMNS, *(own.name for own in book.policy.own_fields))
    columns = results.columns_of(book, names)
    return Maker(
        names,
        lambda title, rows: records.stamp(title, columns, rows),
        lambda title, rows: records.table(title, columns, rows, book.now, blank=monthly.BLANK),
        records.stamp_of,
    )
