"""``exlog git-setup``: this clone merges and shows the ledger by way of exlog."""

from __future__ import annotations

import sys

import typer

from exlog import render
from exlog.commands.options import settings
from exlog.i18n import _, pick
from exlog.render import Column

app = typer.Typer(add_completion=False)


@app.command(help=_("Let git merge and show the ledger by way of exlog, in this clone; again is no harm."))
def git_setup(
    ctx: typer.Context,
    remove: bool = typer.Option(False, "--remove", help=_("Take away all that it made.")),
) -> None:
    from exlog.ledger import teamwork

    call = settings(ctx)
    book = call.open(set_up=True)
    steps = teamwork.take_down(book) if remove else teamwork.set_up(book)
    columns = [
        Column("what", pick("What", "事项")),
        Column("where", pick("Where", "位置")),
        Column("state", pick("State", "状态")),
    ]
    if not call.quiet:
        render.rows("git_setup", columns, steps, call.format, sys.stdout)
