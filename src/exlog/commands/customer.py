"""``exlog customer``: profiles."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from exlog import profiles, render
from exlog.commands import results
from exlog.commands.options import Settings, settings
from exlog.errors import Usage
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book

app = typer.Typer(add_completion=False, help=_("Customer profiles."))

_NAME = typer.Argument(..., metavar="CUSTOMER", help=_("Id, name, short name, part of one, or last 4 of the phone."))
_SHORT = typer.Option(None, "--short-name", metavar="TEXT", help=_("Short name."))
_KIND = typer.Option(None, "--kind", metavar="K", help="company | person")
_LEVEL = typer.Option(None, "--level", metavar="L", help="strategic | vip | standard")
_CONTACT = typer.Option(None, "--contact", metavar="TEXT", help=_("Contact person."))
_PHONE = typer.Option(None, "--phone", metavar="TEXT")
_EMAIL = typer.Option(None, "--email", metavar="TEXT")
_ADDRESS = typer.Option(None, "--address", metavar="TEXT")
_INDUSTRY = typer.Option(None, "--industry", metavar="TEXT")
_REGION = typer.Option(None, "--region", metavar="TEXT")
_SINCE = typer.Option(None, "--opened-on", metavar="DATE", help=_("First day of cooperation."))
_SETS = typer.Option([], "--set", metavar="FIELD=VALUE", help=_("Any other field."))


@app.command(help=_("Make a profile."))
def add(
    ctx: typer.Context,
    name: str = typer.Argument(..., metavar="NAME"),
    short_name: str | None = _SHORT,
    kind: str | None = _KIND,
    level: str | None = _LEVEL,
    contact: str | None = _CONTACT,
    phone: str | None = _PHONE,
    email: str | None = _EMAIL,
    address: str | None = _ADDRESS,
    industry: str | None = _INDUSTRY,
    region: str | None = _REGION,
    opened_on: str | None = _SINCE,
    sets: list[str] = _SETS,
) -> None:
    from exlog.ledger import enrolling
    from exlog.ledger.records import parse_assignments
    from exlog.ledger.session import writing

    call = settings(ctx)
    book = call.open()
    given = _given(short_name=short_name, kind=kind, level=level, contact=contact, phone=phone, email=email,
                   address=address, industry=industry, region=region, opened_on=opened_on)  # fmt: skip
    with writing(book) as session:
        made = enrolling.create(session, {"name": name, **given, **parse_assignments(sets)})
        done = session.commit()
    _show_or_tell(call, book, made.id, done)


@app.command(help=_("Change a profile; what it held before stays in the history."))
def edit(
    ctx: typer.Context,
    customer: str = _NAME,
    name: str | None = typer.Option(None, "--name", metavar="TEXT"),
    short_name: str | None = _SHORT,
    kind: str | None = _KIND,
    level: str | None = _LEVEL,
    contact: str | None = _CONTACT,
    phone: str | None = _PHONE,
    email: str | None = _EMAIL,
    address: str | None = _ADDRESS,
    industry: str | None = _INDUSTRY,
    region: str | None = _REGION,
    opened_on: str | None = _SINCE,
    sets: list[str] = _SETS,
) -> None:
    from exlog.ledger import customers, enrolling
    from exlog.ledger.records import parse_assignments
    from exlog.ledger.session import writing

    call = settings(ctx)
    book = call.open()
    given = _given(name=name, short_name=short_name, kind=kind, level=level, contact=contact, phone=phone,
                   email=email, address=address, industry=industry, region=region, opened_on=opened_on)  # fmt: skip
    given.update(parse_assignments(sets))
    if not given:
        raise Usage(_("nothing to change was given"), remedy="exlog customer edit CUSTOMER --phone TEXT")
    with writing(book) as session:
        found = customers.find(book, customer)
        if not enrolling.edit(session, found.id, given):
            render.note(_("{id}: nothing to change").format(id=found.id))
        done = session.commit()
    _show_or_tell(call, book, found.id, done)


@app.command("list", help=_("List profiles."))
def list_(
    ctx: typer.Context,
    search: str = typer.Option("", "--search", metavar="TEXT", help=_("Part of an id or a name.")),
    level: str | None = _LEVEL,
) -> None:
    from exlog.ledger import customers

    call = settings(ctx)
    book = call.open()
    wanted = {
        book.policy.resolve("level", word) for word in (level or "").replace("，", ",").split(",") if word.strip()
    }
    text = search.casefold()
    found = [
        one
        for one in customers.index(book)
        if (not wanted or one.level in wanted)
        and (not text or any(text in name.casefold() for name in (one.id, one.name, one.short_name)))
    ]
    if call.quiet:
        results.print_ids(one.id for one in found)
        return
    names = ("id", "name", "short_name", "level", "region", "industry")
    columns = [results.column(profiles.BY_NAME[name]) for name in names]
    rows = ([getattr(one, name) for name in names] for one in found)
    render.rows("customers", columns, rows, call.format, sys.stdout)


@app.command(help=_("Show a profile and what changed in it."))
def show(ctx: typer.Context, customer: str = _NAME) -> None:
    from exlog.ledger import customers, reading

    call = settings(ctx)
    book = call.open()
    found = customers.find(book, customer)
    record = customers.values_of(customers.load(book, found.id))
    changes = [
        [event.at, event.actor, event.field, event.old, event.new]
        for event in reading.events_of(book, found.id, record.get("uid", ""))
        if event.field != "*"
    ]
    _show(call, record, changes)


def _show_or_tell(call: Settings, book: Book, customer_id: str, done: bool) -> None:
    """The profile as it is now; its id alone where a full disk left the file to the next command."""
    from exlog.ledger import customers, records

    if done:
        _show(call, customers.values_of(customers.load(book, customer_id)))
        return
    results.print_ids([customer_id])
    render.note(records.unfinished())


def _given(**texts: str | None) -> dict[str, str]:
    """The options that were given; an empty one empties its field."""
    return {name: text for name, text in texts.items() if text is not None}


def _show(call: Settings, record: Mapping[str, str], changes: list[list[str]] | None = None) -> None:
    if call.quiet:
        results.print_ids([record["id"]])
        return
    names = list(dict.fromkeys((*profiles.BY_NAME, *record)))
    columns = [
        results.column(profiles.BY_NAME[name]) if name in profiles.BY_NAME else Column(name, name) for name in names
    ]
    fmt = call.format
    keys = ("at", "actor", "field", "old", "new")
    extra = {"changes": [dict(zip(keys, change, strict=True)) for change in changes]} if changes is not None else None
    render.record("customer", columns, [record.get(name, "") for name in names], fmt, sys.stdout, extra=extra)
    if changes and fmt in ("table", "plain", "md"):
        labels = (
            pick("When", "时间"),
            pick("Who", "操作人"),
            pick("Field", "字段"),
            pick("Before", "原值"),
            pick("After", "新值"),
        )
        heads = [Column(key, label, "time" if key == "at" else "text") for key, label in zip(keys, labels, strict=True)]
        sys.stdout.write("\n")
        render.sections([(_("Changes"), heads, changes)], fmt, sys.stdout)
