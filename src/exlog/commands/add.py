"""``exlog add``: record an exception."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from exlog.commands import results
from exlog.commands.options import Settings, settings
from exlog.errors import Usage
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.records import Done, NewRecord

app = typer.Typer(add_completion=False)


@app.command(help=_("Record an exception. CUSTOMER is an id, a name or an unambiguous part of one."))
def add(
    ctx: typer.Context,
    customer: str | None = typer.Argument(None, metavar="[CUSTOMER]"),
    subject: str | None = typer.Argument(None, metavar="[SUBJECT]"),
    type: str = typer.Option(
        "", "-t", "--type", metavar="T", help=_("complaint (default) | inquiry | suggestion | praise")
    ),
    category: str = typer.Option("", "-c", "--category", metavar="C", help="quality | service | delivery | other"),
    description: str = typer.Option("", "-d", "--description", metavar="TEXT", help=_("- reads standard input.")),
    edit: bool = typer.Option(False, "-e", "--edit", help=_("Write the description in $EDITOR.")),
    channel: str = typer.Option(
        "", "--channel", metavar="CH", help=_("phone (default) | online | email | onsite | other")
    ),
    severity: str = typer.Option("", "--severity", metavar="S", help="safety | major | moderate | minor"),
    urgency: str = typer.Option("", "--urgency", metavar="U", help="critical | high | medium | low"),
    reason: str = typer.Option("", "--reason", metavar="R", help=_("Why this urgency.")),
    order_no: str = typer.Option("", "--order-no", metavar="N", help=_("Order number.")),
    received_at: str = typer.Option(
        "", "--received-at", metavar="T", help=_("When the customer told us (default: now).")
    ),
    sets: list[str] = typer.Option([], "--set", metavar="FIELD=VALUE", help=_("Any other field; repeatable.")),
    new_customer: bool = typer.Option(False, "--new-customer", help=_("Make a profile for an unknown customer.")),
    one_off: bool = typer.Option(False, "--one-off", help=_("Keep just the customer's name.")),
    from_json: bool = typer.Option(False, "--json", help=_("Read one object or JSON lines from standard input.")),
    key: str | None = typer.Option(
        None, "--idempotency-key", metavar="K", help=_("A second call with K records nothing new.")
    ),
) -> None:
    from exlog.ledger import records

    call = settings(ctx)
    if new_customer and one_off:
        raise Usage(_("--new-customer and --one-off exclude each other"), remedy=_("give one of them"))
    if key is not None:
        _refuse_empty_key(key, "--idempotency-key")
    unknown = "profile" if new_customer else "one-off" if one_off else "refuse"
    given = {
        "type": type, "category": category, "channel": channel, "severity": severity, "urgency": urgency,
        "order_no": order_no, "received_at": received_at, **records.parse_assignments(sets),
    }  # fmt: skip
    book = call.open()
    if from_json:
        if customer or subject:
            raise Usage(_("--json takes everything from standard input"), remedy=_("leave the arguments out"))
        done = records.add(book, _from_json(_standard_input(), given, unknown, reason, key or ""))
        results.show_done(call, book, done)
        return
    if customer is None and subject is None and call.may_ask:
        from exlog.commands import asking

        customer, subject, unknown, asked = asking.new_record(book, given)
        given.update(asked)
    if customer is None or subject is None:
        raise Usage(_("CUSTOMER and SUBJECT are missing"), remedy='exlog add "CUSTOMER" "SUBJECT" [-t T] [-c C]')
    given["subject"] = subject
    text = _standard_input() if description == "-" else description
    given["description"] = text or given.get("description", "")
    new = records.NewRecord(customer, given, reason, unknown, key or "")
    done = _add_edited(call, book, new) if edit and description != "-" else records.add(book, [new])
    results.show_done(call, book, done)


def _add_edited(call: Settings, book: Book, new: NewRecord) -> Done:
    """Record what the person writes in an editor; what else would be refused is before it opens."""
    from exlog.commands import asking
    from exlog.ledger import records

    if not call.may_ask:
        raise Usage(_("there is no terminal to edit on"), remedy=_("give the text with -d, or - for stdin"))
    records.rehearse(book, new)
    with asking.edited(new.given["description"]) as text:
        return records.add(book, [new._replace(given={**new.given, "description": text})])


def _standard_input() -> str:
    """All of standard input as text. Raises Usage where it is not UTF-8."""
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Usage(_("not UTF-8"), where=f"stdin:{line}", remedy=_("send it as UTF-8")) from None


def _from_json(text: str, given: Mapping[str, str], unknown: str, reason: str, key: str) -> list[NewRecord]:
    """New records from one object, a list of objects, or JSON lines. Raises Usage that names the line."""
    from exlog.ledger.records import NewRecord

    made = []
    for place, item in enumerate(_objects(text), 1):
        if not isinstance(item, dict):
            raise Usage(_("entry {n} is no JSON object").format(n=place), where="stdin", remedy='{"customer": …}')
        values = {str(name): _text(name, value, place) for name, value in item.items()}
        known = values.pop("customer_id", "")
        customer = known or values.pop("customer", "") or values.pop("customer_name", "")
        if not customer:
            raise Usage(_("entry {n} names no customer").format(n=place), where="stdin", remedy='"customer": "NAME"')
        where = _("stdin: entry {n}").format(n=place)
        if item.get("idempotency_key") is not None:
            _refuse_empty_key(values["idempotency_key"], where)
        own_key = values.pop("idempotency_key", "") or (f"{key}.{place}" if key and place > 1 else key)
        own_reason = values.pop("reason", "") or reason
        made.append(NewRecord(customer, {**given, **values}, own_reason, unknown, own_key, where, bool(known)))
    if not made:
        raise Usage(_("standard input holds no record"), remedy=_("one JSON object, or one a line"))
    return made


def _refuse_empty_key(key: str, where: str) -> None:
    """An unset variable of a shell is no key: two calls with it would record twice."""
    if not key.strip():
        raise Usage(_("the idempotency key is empty"), where=where, remedy=_("give one, or leave it out"))


def _objects(text: str) -> list[Any]:
    try:
        whole = json.loads(text)
        return whole if isinstance(whole, list) else [whole]
    except (ValueError, RecursionError):
        pass
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise Usage(
                    _("not JSON ({error})").format(error=error), where=f"stdin:{number}", remedy=_("one object a line")
                ) from None
    return found


def _text(name: str, value: Any, place: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        raise Usage(
            _("entry {n}: {field} must be a text or a number").format(n=place, field=name),
            where="stdin",
            remedy=_("write it out"),
        )
    return str(value)
