"""``exlog log``: the history as people read it, newest first."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import typer

from exlog import filters, render
from exlog.commands import events, results
from exlog.commands.options import settings, whole_number
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.filters import Filters
    from exlog.ledger.book import Book
    from exlog.ledger.chronicle import Told, Wanted

app = typer.Typer(add_completion=False)
FILTERS = True


@app.command(help=_("Show what was changed, by whom and when, newest first."))
def log(
    ctx: typer.Context,
    since: str = typer.Option("", "--since", metavar="T", help=_("Changed then or later (2024-03, -2d, last-month).")),
    until: str = typer.Option("", "--until", metavar="T", help=_("Changed until the end of it.")),
    actor: list[str] = typer.Option([], "--actor", metavar="NAME", help=_("Part of who did it; comma for or.")),
    limit: str = typer.Option("", "--limit", metavar="N", help=_("The first N only.")),
) -> None:
    from exlog.ledger import chronicle

    call = settings(ctx)
    most = whole_number(limit, "--limit")
    book = call.open()
    wanted = _wanted(book, call.filters("all"), since, until, actor)
    found = chronicle.told(book, wanted)
    if call.quiet:
        results.print_ids(islice(dict.fromkeys(one.record for one in found), most))
        return
    fmt = call.format
    columns = [
        Column("at", pick("When", "时间"), "time"),
        Column("actor", pick("Who", "操作人")),
        Column("record", pick("What", "对象")),
        Column("action", pick("Action", "操作")),
        Column("changes", pick("Changes", "变更")),
        Column("note", pick("Note", "备注")),
    ]
    if fmt in ("json", "jsonl"):
        columns.append(Column("command", "command"))
        count = render.rows("log", columns, (_as_data(one) for one in islice(found, most)), fmt, sys.stdout)
    else:
        told = (one for one in found if any(event.field not in events.SILENT for event in one.events))
        lines: Iterator[list[str]] = (_in_text(book, one, fmt) for one in islice(told, most))
        if fmt == "table":
            lines = results.without_year(lines, ["changed_at"], book.now)
        count = results.show_rows("log", columns, lines, fmt)
    if not count and fmt == "table":
        render.note(_("nothing in the history matches"))


def _wanted(book: Book, given: Filters, since: str, until: str, actors: list[str]) -> Wanted:
    """The filters choose records as they are now; since and until are about the change, not about its record."""
    from exlog.ledger import chronicle

    dates = filters.understand(filters.Filters(since=since, until=until), book.policy, book.now)
    records = None
    if given != filters.Filters(scope="all"):
        records = chronicle.records_of(book, filters.understand(given, book.policy, book.now))
    names = tuple(word.strip() for text in actors for word in text.replace("，", ",").split(",") if word.strip())
    return chronicle.Wanted(dates.since, dates.until, names, records)


def _as_data(one: Told) -> list[object]:
    changes = [{"field": event.field, "old": event.old or None, "new": event.new or None} for event in one.events]
    return [one.at, one.actor, one.record, _actions(one), changes, _note(one), one.command]


def _in_text(book: Book, one: Told, fmt: str) -> list[str]:
    said = [events.change(book, event) for event in one.events if event.field not in events.SILENT]
    shown = "; ".join(text for text in said if text)
    actions = events.actions(one.events) if fmt in ("table", "md") else _actions(one)
    return [one.at, one.actor, one.record, actions, shown, _note(one)]


def _actions(one: Told) -> str:
    return ",".join(dict.fromkeys(event.action for event in one.events))


def _note(one: Told) -> str:
    return "; ".join(dict.fromkeys(event.note for event in one.events if event.note))
