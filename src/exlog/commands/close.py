"""``exlog close``: end the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.ledger.session import Session
    from exlog.workflow import Change

app = typer.Typer(add_completion=False)


@app.command(help=_("End the loop: with the customer's answer, without one, or as duplicate or invalid."))
def close(
    ctx: typer.Context,
    ids: list[str] = typer.Argument(..., metavar="ID..."),
    resolution: str = typer.Option("", "--resolution", metavar="TEXT", help=_("What was done.")),
    satisfaction: str = typer.Option("", "--satisfaction", metavar="1-5", help=_("The customer's answer.")),
    comment: str = typer.Option("", "--comment", metavar="TEXT", help=_("In the customer's words.")),
    no_response: bool = typer.Option(False, "--no-response", help=_("The customer did not answer.")),
    duplicate_of: str = typer.Option("", "--duplicate-of", metavar="ID", help=_("It duplicates this record.")),
    invalid: bool = typer.Option(False, "--invalid", help=_("It is no exception; needs --reason.")),
    reason: str = typer.Option("", "--reason", metavar="R", help=_("Why; goes into the history.")),
    sets: list[str] = typer.Option([], "--set", metavar="FIELD=VALUE", help=_("Any other field, such as cause.")),
) -> None:
    from exlog import values
    from exlog.fields import BY_NAME
    from exlog.ledger import permits, records

    call = settings(ctx)
    ways = [bool(satisfaction or comment), no_response, bool(duplicate_of), invalid]
    if sum(ways) > 1:
        raise Usage(
            _("--satisfaction, --no-response, --duplicate-of and --invalid exclude each other"),
            remedy=_("give one of them"),
        )
    book = call.open()
    permits.require(book, "invalidate" if duplicate_of or invalid else "close")
    stars = values.read(BY_NAME["satisfaction"], satisfaction, book.policy, book.now)
    assignments = records.parse_assignments(sets)
    why = records.text_of("notes", reason, book)

    def step(change: Change, session: Session) -> None:
        records.set_fields(change, assignments, session)
        done = records.text_of("resolution", resolution, book)
        if duplicate_of:
            change.close_as_duplicate(session.find(duplicate_of).record, why)
        elif invalid:
            change.close_as_invalid(why)
        elif no_response:
            change.close_unanswered(done, why)
        else:
            change.close(done, stars, records.text_of("customer_comment", comment, book), why)

    results.show_done(call, book, records.change(book, ids, step))
