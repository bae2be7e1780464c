"""``exlog undo``: take back the last command of this clone."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

import typer

from exlog import render
from exlog.commands import results
from exlog.commands.options import settings, whole_number
from exlog.errors import Usage
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.lately import Command
    from exlog.ledger.undoing import Step

app = typer.Typer(add_completion=False)

_LISTED = 10
_SHOWN = 3


@app.command(help=_("Take back the last command of this clone, all it did; called again, it does it anew."))
def undo(
    ctx: typer.Context,
    command: str = typer.Argument("", metavar="COMMAND", help=_("One of --list instead of the last.")),
    listing: bool = typer.Option(False, "--list", help=_("The last commands of this clone and what they did.")),
    limit: str = typer.Option("", "--limit", metavar="N", help=_("With --list: so many (10).")),
    dry_run: bool = typer.Option(False, "--dry-run", help=_("Only say what would be taken back.")),
) -> None:
    from exlog.ledger import records, undoing

    call = settings(ctx)
    most = whole_number(limit, "--limit")
    if listing and (command or dry_run):
        raise Usage(_("--list goes alone"), remedy="exlog undo --list")
    if most and not listing:
        raise Usage(_("--limit goes with --list"), remedy="exlog undo --list --limit 20")
    book = call.open()
    if listing:
        _list(book, most or _LISTED, call.format, call.quiet)
        return
    done = undoing.undo(book, command, dry_run=dry_run)
    if call.quiet:
        results.print_ids(dict.fromkeys(step.record for step in done.steps))
    else:
        fmt = call.format
        columns = [
            Column("record", pick("What", "对象")),
            Column("field", pick("Field", "字段")),
            Column("old", pick("Now", "现在") if dry_run else pick("Was", "原为")),
            Column("new", pick("Then", "之后") if dry_run else pick("Is now", "现为")),
        ]
        rows = done.steps if fmt in ("json", "jsonl") else [_in_words(book, step) for step in done.steps]
        render.rows("undo", columns, rows, fmt, sys.stdout)
    for remark in done.remarks:
        render.note(remark)
    if not done.finished:
        render.note(records.unfinished())
    names = {"command": done.command.name, "what": _what(done.command)}
    text = _("would take back {command}: {what}") if dry_run else _("taken back {command}: {what}")
    render.note(text.format(**names), call.quiet)


def _in_words(book: Book, step: Step) -> list[str]:
    field = book.policy.schema().get(step.field)
    if step.field == "*":
        here, gone = _("recorded"), _("taken out")
        return [step.record, "", here if step.old else gone, here if step.new else gone]
    return [step.record, field.label if field else step.field, step.old, step.new]


def _list(book: Book, most: int, fmt: str, quiet: bool) -> None:
    from exlog.ledger import lately

    found = list(islice(lately.commands(book), most))
    if quiet:
        results.print_ids(one.name for one in found)
        return
    back: set[str] = set()
    for one in found:  # newest first: an undo that was itself taken back counts no more
        if one.undoes and one.name not in back:
            back.add(one.undoes)
    columns = [
        Column("command", pick("Command", "命令")),
        Column("at", pick("When", "时间"), "time"),
        Column("actor", pick("Who", "操作人")),
        Column("what", pick("What it did", "做了什么")),
        Column("records", pick("Records", "记录数"), "int"),
        Column("state", pick("State", "状态")),
    ]
    rows = [
        [one.name, one.at, one.actor, _what(one), len(one.records), _("taken back") if one.name in back else ""]
        for one in found
    ]
    results.show_rows("commands", columns, rows, fmt)
    if not found:
        render.note(_("this clone has no command to take back"))


def _what(one: Command) -> str:
    """``close F20240315001``, ``import F20240301001, F20240301002, … (1,000)``."""
    ids = list(one.records)[::-1]
    shown = ", ".join(ids[:_SHOWN]) + (f", … ({len(ids):,})" if len(ids) > _SHOWN else "")
    actions = ",".join(reversed(one.actions))
    return f"{actions} {shown}" + (f" ← {one.undoes}" if one.undoes else "")
