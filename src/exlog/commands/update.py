"""``exlog update``: any change to records that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from exlog import vocabulary
from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.ledger.session import Session
    from exlog.workflow import Change

app = typer.Typer(add_completion=False)


@app.command(help=_("Change records: a progress note, a resolution, a hold, or any field."))
def update(
    ctx: typer.Context,
    ids: list[str] = typer.Argument(..., metavar="ID..."),
    status: str = typer.Option("", "--status", metavar="S", help="in_progress | on_hold | resolved"),
    note: str = typer.Option("", "--note", metavar="TEXT", help=_("A progress entry.")),
    responded: bool = typer.Option(False, "--responded", help=_("The customer heard from us.")),
    resolution: str = typer.Option("", "--resolution", metavar="TEXT", help=_("What was done; resolves it.")),
    urgency: str = typer.Option("", "--urgency", metavar="U", help="critical | high | medium | low | computed"),
    reason: str = typer.Option("", "--reason", metavar="R", help=_("Why this urgency.")),
    hold: str = typer.Option("", "--hold", metavar="REASON", help=_("Put it on hold.")),
    until: str = typer.Option("", "--until", metavar="T", help=_("When the hold ends.")),
    rate: bool = typer.Option(
        False, "--rate", help=_("Urgency and due time anew, by the policy in force; what was set by hand stays.")
    ),
    sets: list[str] = typer.Option(
        [], "--set", metavar="FIELD=VALUE", help=_("Any other field; an empty value clears it.")
    ),
) -> None:
    from exlog.ledger import records

    call = settings(ctx)
    assignments = records.parse_assignments(sets)
    if rate and urgency:
        raise Usage(_("--rate and --urgency exclude each other"), remedy=_("give one of them"))
    if not any((status, note, responded, resolution, urgency, hold, until, rate, assignments)):
        raise Usage(_("nothing to change was given"), remedy='exlog update ID --note "TEXT"')
    book = call.open()
    end = records.now_or(until, book)
    key = book.policy.resolve("status", status) if status else ""

    def step(change: Change, session: Session) -> None:
        records.set_fields(change, assignments, session)
        if urgency and _is_computed(urgency):
            change.unrate()
        elif urgency:
            change.rate(book.policy.resolve("urgency", urgency), records.text_of("notes", reason, book))
        if note or responded:
            change.note(records.text_of("progress", note, book), responded)
        if hold or until or key == "on_hold":
            change.hold(records.text_of("hold_reason", hold, book), end)
        if resolution or key == "resolved":
            change.resolve(records.text_of("resolution", resolution, book))
        elif key in ("in_progress", "new", "closed"):
            _move(change, key)

    results.show_done(call, book, records.change(book, ids, step, anew=rate))


def _is_computed(urgency: str) -> bool:
    """Whether the word is no level but says that the policy is to rate."""
    try:
        return vocabulary.resolve("set_by", urgency) == "computed"
    except Usage:
        return False


def _move(change: Change, key: str) -> None:
    if key == "in_progress":
        change.start()
    elif key == "closed":
        raise Usage(_("update does not close"), remedy=f"exlog close {change.id} --satisfaction 1-5")
    elif change.status != "new":
        raise Usage(_("a record does not become new again"), remedy=f"exlog show {change.id}")
