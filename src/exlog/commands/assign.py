"""``exlog assign``: who deals with it."""

from __future__ import annotations

import typer

from exlog import ids
from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Say who deals with records; starts them. The last word is the owner if it is no id."))
def assign(
    ctx: typer.Context,
    words: list[str] = typer.Argument(..., metavar="ID... [OWNER]"),
    department: str = typer.Option("", "--department", metavar="D", help=_("The department.")),
) -> None:
    from exlog.ledger import permits, records

    call = settings(ctx)
    texts, owner = _split(words, bool(department))
    book = call.open()
    permits.require(book, "assign")
    done = records.change(book, texts, lambda change, _session: change.assign(owner, department))
    results.show_done(call, book, done)


def _split(words: list[str], has_department: bool) -> tuple[list[str], str]:
    """Ids and owner: the last word is the owner unless it reads as an id or a tail of one."""
    last = words[-1]
    reads_as_id = ids.parse(last) is not None or (last.isascii() and last.isdigit())
    if len(words) > 1 and not reads_as_id:
        return words[:-1], last
    if not has_department:
        raise Usage(_("the owner is missing"), remedy="exlog assign ID OWNER [--department D]")
    return words, ""
