"""``exlog git-hook``: what git's hooks call after a merge, a rebase or a checkout. It never fails."""

from __future__ import annotations

from pathlib import Path

import typer

from exlog import i18n, render
from exlog.errors import ExlogError
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Called by git's hooks: put right what a merge left across files."))
def git_hook(
    name: str = typer.Argument(..., metavar="NAME"),
    arguments: list[str] = typer.Argument(None, metavar="[ARGUMENT]..."),
) -> None:
    from exlog.ledger import reconciling, teamwork
    from exlog.ledger.book import open_book

    here = Path.cwd()
    try:
        if not teamwork.may_put_right(here, name, list(arguments or ())):
            return
        for root in teamwork.ledgers(here):
            book = open_book(root)
            i18n.set_language(book.policy.language)
            for remark in reconciling.reconcile(book):
                render.note(f"exlog: {remark}")
    except (ExlogError, OSError) as error:
        render.note(f"exlog: {error.line() if isinstance(error, ExlogError) else error}")
