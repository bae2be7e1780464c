"""``exlog reopen``: start a record again."""

from __future__ import annotations

import typer

from exlog.commands import results
from exlog.commands.options import settings
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Start a resolved or closed record again; an archived one comes back to the live ledger."))
def reopen(
    ctx: typer.Context,
    ids: list[str] = typer.Argument(..., metavar="ID..."),
    reason: str = typer.Option("", "--reason", metavar="R", help=_("Why; goes into the history.")),
) -> None:
    from exlog.ledger import permits, records

    call = settings(ctx)
    book = call.open()
    permits.require(book, "reopen")
    why = records.text_of("notes", reason, book)
    results.show_done(call, book, records.change(book, ids, lambda change, _session: change.reopen(why)))
