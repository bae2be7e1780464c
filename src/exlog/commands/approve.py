"""``exlog approve``: the second person of the two-person rule."""

from __future__ import annotations

import typer

from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Approve, as a second person, what approval in exlog.yaml guards; somebody else then does it."))
def approve(
    ctx: typer.Context,
    ids: list[str] = typer.Argument(..., metavar="ID..."),
    purpose: str = typer.Option("", "--for", metavar="WHAT", help="close | invalidate"),
    reason: str = typer.Option("", "--reason", metavar="R", help=_("Why; goes into the history.")),
) -> None:
    from exlog import approval
    from exlog.ledger import records

    call = settings(ctx)
    if purpose and purpose not in approval.PURPOSES:
        raise Usage(
            _("{value} needs no approval").format(value=purpose),
            remedy=_("one of: {choices}").format(choices=", ".join(approval.PURPOSES)),
        )
    book = call.open()
    results.show_done(call, book, records.approve(book, ids, purpose, records.text_of("notes", reason, book)))
