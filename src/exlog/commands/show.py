"""``exlog show``: one record, whole."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from exlog import render, undone
from exlog.commands import results
from exlog.commands.events import SILENT, actions, change
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import N_, _, pick
from exlog.profiles import BY_NAME
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.explaining import Reasons
    from exlog.store.history import Entry
    from exlog.workflow import Record

app = typer.Typer(add_completion=False)

_NOISE = {
    ("reopen_count", "0"), ("urgency_by", "manual"), ("urgency_by", "computed"), ("due_by", "computed"),
}  # fmt: skip
"""What a person learns nothing from."""

_EVENT_NAMES = ("at", "actor", N_("action"), N_("field"), N_("old"), N_("new"), N_("note"))
_PROGRESS_NAMES = ("at", "actor", "text")


@app.command(help=_("Show one record whole, and why this urgency and these due times."))
def show(
    ctx: typer.Context,
    id: str = typer.Argument(..., metavar="ID"),
    history: bool = typer.Option(False, "--history", help=_("Every change: who, when, from what, to what.")),
) -> None:
    from exlog.ledger import explaining, reading

    call = settings(ctx)
    if history and not call.quiet and call.format in ("csv", "tsv"):
        raise Usage(
            _("{format} has one table, and no place for the history").format(format=call.format),
            remedy=_("use -f json, which holds both"),
        )
    book = call.open()
    record, file = reading.one_record(book, id)
    if call.quiet:
        results.print_ids([record["id"]])
        return
    for other in reading.renumbered(book, record["id"]):
        render.note(_("{other} was given this id as well, until the clones were merged").format(other=other))
    events = reading.events_of(book, record["id"], record.get("uid", ""))
    count = undone.effective(events)
    progress = [[event.at, event.actor, event.new] for event in count if event.field == "progress"]
    fmt = call.format
    reasons = explaining.explain(book, record, events)
    reason = next((event.note for event in reversed(count) if event.field == "urgency" and event.note), "")
    names = [name for name in record if fmt != "table" or _tells(name, record[name])]
    columns = results.columns_of(book, names)
    values = [record[name] for name in names]
    if fmt in ("json", "jsonl"):
        extra: dict[str, object] = {
            "file": file,
            "urgency_reason": reason or None,
            **reasons.as_data(),
            "customer": _customer(book, record),
            "progress_entries": [dict(zip(_PROGRESS_NAMES, entry, strict=True)) for entry in progress],
        }
        if history:
            extra["history"] = [{name: getattr(event, name) for name in _EVENT_NAMES} for event in events]
        render.record("exception", columns, values, fmt, sys.stdout, extra=extra)
        return
    if reason and fmt == "table":
        place = names.index("urgency") + 1
        columns.insert(place, Column("urgency_reason", pick("Urgency because", "紧急原因")))
        values.insert(place, reason)
    render.record("exception", columns, values, fmt, sys.stdout)
    if fmt not in ("csv", "tsv"):
        _show_reasons(reasons, fmt)
        _show_profile(_customer(book, record), fmt)
        _show_trail(book, events if history else [], progress, fmt)


def _tells(name: str, value: str) -> bool:
    """Whether a person learns something from a field that the rest does not say."""
    return (name, value) not in _NOISE and name not in ("uid", "urgency_rated")


def _show_reasons(reasons: Reasons, fmt: str) -> None:
    """Why this urgency and why these due times, a paragraph each."""
    for title, lines in reasons.paragraphs():
        _head(title, fmt)
        start = "- " if fmt == "md" else "  " if fmt == "table" else ""
        sys.stdout.writelines(f"{start}{render.safe(line)}\n" for line in lines)


def _head(title: str, fmt: str) -> None:
    """A line above a part of what is shown."""
    heading = {"md": f"## {title}\n", "table": title}.get(fmt, f"# {title}")
    sys.stdout.write(f"\n{heading}\n")


def _show_trail(book: Book, events: Sequence[Entry], progress: list[list[str]], fmt: str) -> None:
    parts: list[tuple[str, list[Column], list[list[str]]]] = []
    if progress and not events:
        parts.append((_("Progress"), [_time(), _who(), Column("text", _("Entry"))], progress))
    if events:
        told = _told if fmt in ("table", "md") else _as_stored
        parts.append((_("History"), *told(book, events)))
    if parts:
        sys.stdout.write("\n")
        render.sections(parts, fmt, sys.stdout, wrapped=True)


def _told(book: Book, found: Sequence[Entry]) -> tuple[list[Column], list[list[str]]]:
    """The history for people: labels, and an event's old and new value in one cell."""
    columns = [_time(), _who(), Column("action", pick("Action", "操作")), Column("changes", pick("Changes", "变更")),
               Column("note", pick("Note", "备注"))]  # fmt: skip
    rows = [
        [event.at, event.actor, actions([event]), change(book, event), event.note]
        for event in found
        if event.field not in SILENT
    ]
    return columns, rows


def _as_stored(book: Book, found: Sequence[Entry]) -> tuple[list[Column], list[list[str]]]:
    """The history for programs: keys and values as in its files."""
    columns = [_time(), _who(), *(Column(name, _(name)) for name in _EVENT_NAMES[2:])]
    return columns, [[str(getattr(event, name)) for name in _EVENT_NAMES] for event in found]


def _show_profile(profile: dict[str, str | None] | None, fmt: str) -> None:
    """What the profile says beyond the name, where there is one."""
    known = [BY_NAME[name] for name in ("short_name", "level", "contact", "phone", "email", "address", "notes")]
    present = [field for field in known if profile and profile.get(field.name)]
    if profile and present:
        _head(pick("Customer", "客户"), fmt)
        columns = [results.column(field) for field in present]
        render.record("customer", columns, [profile[field.name] for field in present], fmt, sys.stdout)


def _time() -> Column:
    return Column("at", pick("When", "时间"), "time")


def _who() -> Column:
    return Column("actor", pick("Who", "操作人"))


def _customer(book: Book, record: Record) -> dict[str, str | None] | None:
    """The profile behind the record, every field of it, where there is one that can be read."""
    from exlog.errors import ExlogError
    from exlog.ledger import customers

    if not record.get("customer_id"):
        return None
    try:
        profile = customers.values_of(customers.load(book, record["customer_id"]))
        return {name: profile.get(name) for name in dict.fromkeys((*BY_NAME, *profile))}
    except ExlogError:
        return None
