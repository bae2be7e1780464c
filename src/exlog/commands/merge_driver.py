"""``exlog merge-driver``: called by git, which reaches ``merging`` without Typer (see ``__main__``)."""

from __future__ import annotations

import typer

from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Called by git merge: merge one file of the ledger, %O %A %B into %A; %P is its path."))
def merge_driver(
    given: list[str] = typer.Argument(..., metavar="%O %A %B %P [%L]"),
) -> None:
    from exlog.commands import merging

    raise typer.Exit(merging.run(given))
