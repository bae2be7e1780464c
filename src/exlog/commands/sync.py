"""``exlog sync``: this clone and its upstream brought together."""

from __future__ import annotations

import typer

from exlog import render
from exlog.commands.options import settings
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Commit what exlog wrote, take in what others pushed, put it right, check it, push."))
def sync(ctx: typer.Context) -> None:
    from exlog.ledger import syncing

    call = settings(ctx)
    syncing.sync(call.open(), lambda text: render.note(text, call.quiet))
