"""``exlog review``: what a weekly review must look at."""

from __future__ import annotations

import sys

import typer

from exlog import filters, render
from exlog.commands import results
from exlog.commands.options import settings
from exlog.i18n import _, pick
from exlog.render import Column

app = typer.Typer(add_completion=False)
FILTERS = True


@app.command(help=_("List what a review must see, each line with its command."))
def review(
    ctx: typer.Context,
    week: bool = typer.Option(False, "--week", help=_("What happened in the last 7 days instead of 30.")),
    exit_code: bool = typer.Option(False, "--exit-code", help=_("Exit 1 where there is something.")),
) -> None:
    from exlog.ledger import reviewing

    call = settings(ctx)
    book = call.open()
    selection = filters.understand(call.filters("all"), book.policy, book.now)
    found = reviewing.review(book, selection, week=week)
    if call.quiet:
        results.print_ids(dict.fromkeys(finding.record for finding in found if finding.record))
    else:
        columns = [
            Column("kind", pick("What", "事项"), "choice", "finding"),
            *results.columns_of(book, ["id"]),
            Column("records", pick("Records", "记录数"), "int"),
            Column("text", pick("Why", "说明")),
            Column("command", pick("What to do", "处理办法")),
        ]
        rows = [(one.kind, one.record, one.records, one.text, one.command) for one in found]
        if call.format == "table":
            render.sections(_parts(columns, rows), "table", sys.stdout, wrapped=True)
        else:
            results.show_rows("review", columns, rows, call.format)
        if not found:
            render.note(_("nothing to look at"))
    if exit_code and found:
        sys.stdout.flush()
        raise typer.Exit(1)


Row = tuple[str, str, int, str, str]


def _parts(columns: list[Column], rows: list[Row]) -> list[tuple[str, list[Column], list[list[object]]]]:
    """A table for each kind of finding, so that each line has room for its command."""
    from exlog import vocabulary

    kinds = dict.fromkeys(row[0] for row in rows)
    parts: list[tuple[str, list[Column], list[list[object]]]] = []
    for kind in kinds:
        mine = [row for row in rows if row[0] == kind]
        # How many records a finding is about is news only where it can be more than one.
        places = (1, 2, 3, 4) if any(row[2] > 1 for row in mine) else (1, 3, 4)
        title = f"{vocabulary.label('finding', kind)} ({len(mine)})"
        parts.append((title, [columns[place] for place in places], [[row[place] for place in places] for row in mine]))
    return parts
