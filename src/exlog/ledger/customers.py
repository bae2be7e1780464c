"""Customer profiles: one YAML file each, and an index to find them by name. ``enrolling`` changes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exlog import ids, profiles
from exlog.errors import Damaged, NotFound
from exlog.i18n import _
from exlog.ledger.book import Book
from exlog.profiles import Customer
from exlog.store import cache, files, layout, yamlfile

_CACHE = ".exlog/cache/customers.json"


def index(book: Book) -> list[Customer]:
    """Every customer, by id. Profiles that did not change since the last call come from a cache.

    Raises Damaged that names file and line for a profile that cannot be read.
    """
    found, broken = sound(book)
    for error in broken.values():
        raise error
    return found


def sound(book: Book) -> tuple[list[Customer], dict[str, Damaged]]:
    """The customers whose profiles can be read, by id, and for each other profile what is wrong with it."""
    folder = book.root / layout.CUSTOMERS
    if folder.is_symlink():
        raise files.linked(folder)
    if not folder.is_dir():
        return [], {}
    cached = cache.read(book.root / _CACHE) or {}
    fresh: dict[str, Any] = {}
    broken: dict[str, Damaged] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(".yaml"):
                continue
            name = entry.name.removesuffix(".yaml")
            if entry.is_symlink():
                broken[name] = files.linked(Path(entry.path))
                continue
            stat = entry.stat()
            stamp = [stat.st_mtime_ns, stat.st_size]
            kept = cached.get(entry.name)
            if kept is None or kept[0] != stamp or len(kept[1]) != len(Customer._fields):
                try:
                    kept = [stamp, list(_summary(book, name))]
                except Damaged as error:
                    broken[name] = error
                    continue
            fresh[entry.name] = kept
    if fresh != cached:
        cache.write(book.root / _CACHE, fresh)
    return sorted(Customer(*kept[1]) for kept in fresh.values()), dict(sorted(broken.items()))


def load(book: Book, customer_id: str) -> yamlfile.Document:
    """One profile. Raises NotFound, or Damaged that names file and line."""
    parsed = ids.parse(customer_id, ids.CUSTOMER)
    if parsed is None:
        raise unknown(customer_id)
    file = layout.customer_file(str(parsed))
    files.refuse_links(book.root, file)
    data = files.read(book.root / file)
    if data is None:
        raise unknown(customer_id)
    document = yamlfile.load(data, file)
    _check(document, str(parsed))
    return document


def find(book: Book, wanted: str) -> Customer:
    """The one customer that ``wanted`` means. Raises Refused where it may be several, NotFound for none."""
    everyone = index(book)
    found = profiles.find(wanted, everyone)
    if len(found) > 1:
        raise profiles.ambiguous(wanted, found)
    if not found:
        raise unknown(wanted, profiles.near(wanted, everyone))
    return found[0]


def values_of(document: yamlfile.Document) -> dict[str, str]:
    """A profile as plain texts by key, unknown keys included."""
    return {name: text_of(value) for name, value in document.plain().items()}


def _summary(book: Book, customer_id: str) -> Customer:
    if ids.parse(customer_id, ids.CUSTOMER) is None:
        raise Damaged(
            _("the file name is no customer id like C20231008001"),
            where=f"{layout.CUSTOMERS}/{files.shown(customer_id)}.yaml",
            remedy=_("rename the file to the id in it"),
        )
    return summary_of(values_of(load(book, customer_id)))


def summary_of(record: Mapping[str, str]) -> Customer:
    """What the index has of a profile, given as plain texts by key."""
    digits = "".join(char for char in record.get("phone", "") if char.isdigit())
    texts = {name: record.get(name, "") for name in Customer._fields}
    return Customer(**{**texts, "phone": digits[-4:]})


def _check(document: yamlfile.Document, customer_id: str) -> None:
    inside = text_of(document.tree.get("id"))
    if inside != customer_id:
        raise Damaged(
            _("the id in the file is {id}").format(id=files.shown(inside) or _("missing")),
            where=document.where("id"),
            remedy=_("it must be that of the file name: {id}").format(id=customer_id),
        )
    for name, value in document.tree.items():
        if isinstance(value, dict | list) and name in profiles.BY_NAME:
            raise Damaged(
                _("{field} must be one text").format(field=name),
                where=document.where(name),
                remedy=_("write it on one line"),
            )
    if not text_of(document.tree.get("name")):
        raise Damaged(_("the customer's name is missing"), where=document.where("name"), remedy=_("add a line name: …"))


def text_of(value: Any) -> str:
    """A value of a profile as plain text."""
    return "" if value is None else str(value)


def unknown(wanted: str, near: list[Customer] | None = None) -> NotFound:
    """The error for a customer that no profile knows, with those of a similar name."""
    return NotFound(
        _("no customer {name!r}").format(name=files.shown(wanted)),
        remedy=_("did you mean {near}?").format(near=profiles.named(near)) if near else _("see exlog customer list"),
    )
