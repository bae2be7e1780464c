"""The profiles of customers: none gone, each change told by events."""

from __future__ import annotations

from collections.abc import Iterator

from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate import trail
from exlog.ledger.gate.case import Case, damage, values_of
from exlog.ledger.gate.trail import Trail
from exlog.store import files, layout, yamlfile
from exlog.workflow import Record

_STAMPS = ("id", "updated_at")
"""Keys that no event tells: the file name has the one, the events' own times the other."""


def check(case: Case, told: Trail) -> Iterator[Finding]:
    """Every finding about profiles."""
    for name in case.differing(f"{layout.CUSTOMERS}/"):
        data = case.new.read(name)
        if data is None:
            customer = name.removeprefix(f"{layout.CUSTOMERS}/").removesuffix(".yaml")
            if not any(event.record == customer and event.action in ("erase", "undo") for event in told.fresh):
                yield Finding(name, _("the profile is gone"), case.restore(name))
            continue
        try:
            document = yamlfile.load(data, name)
        except Damaged as error:
            yield damage(error)
            continue
        yield from _explained(case, name, document, told)


def _explained(case: Case, name: str, document: yamlfile.Document, told: Trail) -> Iterator[Finding]:
    customer = name.removeprefix(f"{layout.CUSTOMERS}/").removesuffix(".yaml")
    before, after = _before(case, name), values_of(document)
    remedy = _("take it back, then use exlog customer edit {id}").format(id=customer)
    if before.get("uid") and before["uid"] != after.get("uid", ""):
        text = _("{id}: its uid was {old}; a uid never changes").format(id=customer, old=files.shown(before["uid"]))
        yield Finding(document.where("uid"), text, case.restore(name))
        return
    key = after.get("uid") or customer
    fold = told.fold(key)
    if fold is None:
        if not before:
            text = _("{id} has no history: the profile was made by hand").format(id=customer)
            yield Finding(document.where(), text, _("make it with exlog customer add"))
            return
        fold = dict(before)
        for event in told.fresh_of(key):
            fold = trail.folded(fold, event) or fold
    fresh = [event.field for event in told.fresh_of(key) if event.field not in ("", "*")]
    changed = [field for field in dict.fromkeys((*before, *after)) if before.get(field, "") != after.get(field, "")]
    for field in dict.fromkeys((*changed, *fresh)):
        if field not in _STAMPS and fold.get(field, "") != after.get(field, ""):
            text = _("{id}: {field} is {new!r}, the history says {old!r}").format(
                id=customer,
                field=field,
                new=files.shown(after.get(field, "")),
                old=files.shown(fold.get(field, "")),
            )
            yield Finding(document.where(field), text, remedy)


def _before(case: Case, name: str) -> Record:
    """The profile as it was; nothing where there was none, or none that can be read."""
    data = case.old.read(name)
    try:
        return values_of(yamlfile.load(data, name)) if data is not None else {}
    except Damaged:
        return {}
