"""``exlog query``: a person's own SQL over the ledger, reading only."""

from __future__ import annotations

import sys

import typer

from exlog import render
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _
from exlog.render import Column

app = typer.Typer(add_completion=False)


@app.command(help=_("Run one SELECT over the tables exceptions (archives included), history and customers."))
def query(
    ctx: typer.Context,
    sql: str = typer.Argument("", metavar="SELECT", help=_("DuckDB's SQL; - reads it from stdin.")),
) -> None:
    call = settings(ctx)
    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise Usage(_("there is no SQL"), remedy='exlog query "SELECT status, count(*) FROM exceptions GROUP BY ALL"')
    from exlog.ledger import querying

    found = querying.run(call.open_several(), text)
    columns = [Column(name, name, kind) for name, kind in found.columns]
    # What the columns are is known to who wrote the query only: plain output names them, too.
    render.rows("query", columns, found.rows, "tsv" if call.format == "plain" else call.format, sys.stdout)
