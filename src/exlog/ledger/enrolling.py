"""Makes and changes customer profiles, with an event for every change."""

from __future__ import annotations

from collections.abc import Mapping

from exlog import ids, profiles, values
from exlog.errors import Refused, Usage
from exlog.i18n import _
from exlog.ledger import permits
from exlog.ledger.book import Book
from exlog.ledger.customers import index, load, summary_of, text_of
from exlog.ledger.session import Session
from exlog.profiles import Customer
from exlog.store import files, layout, yamlfile
from exlog.workflow import Event


def create(session: Session, given: Mapping[str, str]) -> Customer:
    """Make a profile from typed values (name is required). Raises Usage or Refused."""
    book = session.book
    permits.require(book, "edit_customers")
    record = _read(book, given)
    if not record.get("name"):
        raise Usage(_("the customer's name is missing"), remedy='exlog customer add "NAME"')
    everyone = [*index(book), *session.customers]
    same = [one for one in everyone if one.name.casefold() == record["name"].casefold()]
    if same:
        raise Refused(
            _("there is a customer of this name already: {names}").format(names=profiles.named(same)),
            remedy=_("use that id, or tell the two apart in the name"),
        )
    record["id"] = session.mint(ids.CUSTOMER, [one.id for one in everyone])
    record["created_at"] = record["updated_at"] = session.stamp
    record["uid"] = ids.new_uid(book.entropy)
    ordered = {field.name: record[field.name] for field in profiles.FIELDS if record.get(field.name)}
    session.transaction.replace(layout.customer_file(record["id"]), yamlfile.dump(ordered), None)
    session.log(record["id"], record["uid"], [_created(ordered)])
    made = summary_of(ordered)
    session.customers.append(made)
    return made


def edit(session: Session, customer_id: str, given: Mapping[str, str]) -> list[Event]:
    """Change fields of a profile; comments and key order stay. Returns the events. Raises Usage, NotFound."""
    book = session.book
    permits.require(book, "edit_customers")
    document = load(book, customer_id)
    record = _read(book, given)
    if "name" in record and not record["name"]:
        raise Usage(_("a customer needs a name"), remedy='--name "NAME"')
    events = []
    tree = document.tree
    for name, new in record.items():
        old = text_of(tree.get(name))
        if old != new:
            events.append(Event("update", name, old, new))
            if new:
                tree[name] = new
            else:
                tree.pop(name, None)
    if not events:
        return []
    tree["updated_at"] = session.stamp
    file = layout.customer_file(customer_id)
    before = files.digest(files.read(book.root / file) or b"")
    session.transaction.replace(file, yamlfile.dump(tree), before)
    session.log(customer_id, text_of(tree.get("uid")), events)
    return events


def _created(ordered: Mapping[str, str]) -> Event:
    import json

    return Event("create", "*", "", json.dumps(dict(ordered), ensure_ascii=False))


def _read(book: Book, given: Mapping[str, str]) -> dict[str, str]:
    record = {}
    for name, typed in given.items():
        field = profiles.BY_NAME.get(name)
        if field is None or field.set_by != "person":
            known = [one.name for one in profiles.FIELDS if one.set_by == "person"]
            raise Usage(
                _("a profile has no field {name} to set").format(name=files.shown(name)),
                remedy=_("one of: {choices}").format(choices=", ".join(known)),
            )
        record[name] = values.read(field, typed, book.policy, book.now)
    return record
