"""``exlog due``: what is late or nearly so."""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING

import typer

from exlog import filters, instants, render
from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Damaged, Usage
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.deadlines import Raised, Risk
    from exlog.sla import Running
    from exlog.worktime import Within

app = typer.Typer(add_completion=False)
FILTERS = True

_FIELDS = ("urgency", "status", "department", "owner", "customer_name", "subject")
_SPARE = {"owner": 1, "customer_name": 2, "state": 3, "department": 4, "status": 5}


@app.command(help=_("List what is late or nearly late, most urgent first."))
def due(
    ctx: typer.Context,
    within: str = typer.Option("", "--within", metavar="TIME", help=_("Late, or due in this time: 4h, 8wh, 1wd.")),
    exit_code: bool = typer.Option(False, "--exit-code", help=_("Exit 1 where there is something.")),
    escalate: bool = typer.Option(False, "--escalate", help=_("Record what escalates now, each once.")),
) -> None:
    from exlog.ledger import deadlines

    call = settings(ctx)
    length = within_of(within)
    if escalate and within:
        raise Usage(_("--escalate and --within exclude each other"), remedy=_("give one of them"))
    book = call.open()
    selection = filters.understand(call.filters("open"), book.policy, book.now)
    raised: list[Raised] = []
    if escalate:
        raised = deadlines.escalate(book, selection)
        ids = [one.record["id"] for one in raised]
        columns, rows = _raised(book, raised)
        kind, nothing = "escalations", _("nothing to escalate")
    else:
        found = deadlines.at_risk(book, selection, length)
        ids = [risk.record["id"] for risk in found]
        columns, rows = _risks(book, found, call.format)
        kind, nothing = "due", _("nothing is late or nearly late")
    if call.quiet:
        results.print_ids(dict.fromkeys(ids))
    else:
        if call.format == "table":
            rows = list(results.without_year(rows, [column.name for column in columns], book.now))
        results.show_rows(kind, columns, rows, call.format)
        if not ids:
            render.note(nothing)
    for name in deadlines.gone(book, raised):
        render.note(
            _("{name} left: give the records to somebody, or let somebody else hear of escalations").format(name=name)
        )
    if exit_code and ids:
        sys.stdout.flush()
        raise typer.Exit(1)


def within_of(text: str) -> Within | None:
    """A typed length of time such as 4h, 8wh or 1wd; None where nothing was typed. Raises Usage."""
    from exlog.worktime import parse_within

    if not text:
        return None
    try:
        return parse_within(text, lambda *path: "--within", ())
    except Damaged as error:
        raise Usage(error.message, where=error.where, remedy=error.remedy) from None


def left(minutes: int) -> str:
    """``2 d 3 h``, ``3 h 20 min``: how long until it is due, or how late it is, for people."""
    days, rest = divmod(abs(minutes), 1440)
    hours, rest = divmod(rest, 60)
    if days:
        length = _("{days} d {hours} h").format(days=days, hours=hours)
    else:
        length = _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
    return _("{length} late").format(length=length) if minutes < 0 else length


def left_of(risk: Risk) -> str:
    """How long until a target is due; of a record on hold, whose clock stands still, until when that is meant to be."""
    if risk.record["status"] == "on_hold" and risk.target.state != "breached":
        until = risk.record["hold_until"][:16].replace("T", " ") or "–"
        return _("on hold until {date}").format(date=until.removeprefix(f"{risk.target.due_at:%Y}-"))
    return left(risk.minutes_left)


def _risks(book: Book, found: list[Risk], fmt: str) -> tuple[list[Column], list[list[object]]]:
    for_people = fmt in ("table", "md")
    columns = [
        *results.columns_of(book, ["id"]),
        Column("target", pick("At risk", "时限"), "choice", "target"),
        Column("state", pick("State", "状态"), "choice", "state", _SPARE["state"]),
        Column("due_at", pick("Due", "截止时间"), "time"),
        Column("left", pick("Left", "剩余")) if for_people else Column("left_minutes", pick("Left", "剩余"), "int"),
        *(one._replace(spare=_SPARE.get(one.name, 0)) for one in results.columns_of(book, _FIELDS)),
    ]
    fields = operator.itemgetter(*_FIELDS)
    rows: list[list[object]] = []
    for risk in found:
        record, target, minutes = risk
        rows.append([
            record["id"], target.name, target.state, stored(book, target),
            left_of(risk) if for_people else minutes, *fields(record),
        ])  # fmt: skip
    return columns, rows


def _raised(book: Book, raised: list[Raised]) -> tuple[list[Column], list[list[object]]]:
    columns = [
        *results.columns_of(book, ["id"]),
        Column("target", pick("At risk", "时限"), "choice", "target"),
        Column("level", pick("Level", "级别"), "int"),
        Column("to", pick("Goes to", "通知")),
        Column("due_at", pick("Due", "截止时间"), "time"),
        *(one._replace(spare=_SPARE.get(one.name, 0)) for one in results.columns_of(book, _FIELDS)),
    ]
    rows: list[list[object]] = []
    for record, step in raised:
        rows.append([
            record["id"], step.target.name, step.rule.level, step.to, stored(book, step.target),
            *(record[name] for name in _FIELDS),
        ])  # fmt: skip
    return columns, rows


def stored(book: Book, target: Running) -> str:
    """When a target is due, as times are stored: in the ledger's timezone."""
    return instants.stored(target.due, book.tz)
