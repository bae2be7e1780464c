"""The fields of a customer's profile, and how a typed name finds one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from exlog.errors import Refused
from exlog.fields import Field
from exlog.i18n import _

FIELDS: tuple[Field, ...] = (
    Field("id", "id", "Customer ID", "客户ID", "C, date, lane, sequence; minted, never changed", "exlog"),
    Field("name", "text", "Name", "客户名称", "the company's full name, or the person's"),
    Field("short_name", "text", "Short name", "简称", "what people call it; finds it as well"),
    Field("kind", "choice", "Kind", "客户类型", "company or person", "person", "kind"),
    Field("level", "choice", "Level", "客户等级", "", "person", "level"),
    Field("contact", "text", "Contact", "联系人", "whom to speak to"),
    Field("phone", "text", "Phone", "电话", "its last four digits find the customer as well"),
    Field("email", "text", "Email", "邮箱"),
    Field("address", "text", "Address", "地址"),
    Field("industry", "text", "Industry", "所属行业", "by the classification the team uses"),
    Field("region", "text", "Region", "地区"),
    Field("opened_on", "date", "Customer since", "开户日期", "first day of cooperation"),
    Field("external_id", "text", "External ID", "外部编号", "the id in another system"),
    Field("notes", "text", "Notes", "备注"),
    Field("created_at", "time", "Created", "创建时间", "", "exlog"),
    Field("updated_at", "time", "Updated", "更新时间", "", "exlog"),
    Field("uid", "uid", "UID", "UID", "the profile's identity in a merge", "exlog"),
)

PRIVATE = frozenset(("contact", "phone", "email", "address", "notes"))
"""How a customer is reached, and what was noted of them: no figure, query or report tells it."""

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}


class Customer(NamedTuple):
    """What the index keeps of a profile: enough to find it and to list it."""

    id: str
    name: str
    short_name: str = ""
    level: str = ""
    region: str = ""
    industry: str = ""
    phone: str = ""


def find(wanted: str, customers: Iterable[Customer]) -> list[Customer]:
    """The customers that ``wanted`` may mean; the narrowest reading that finds any.

    In order: the id, the name or short name, the last four digits of the phone, a part of a name.
    """
    text = wanted.strip().casefold()
    everyone = list(customers)
    readings = (
        [one for one in everyone if one.id.casefold() == text],
        [one for one in everyone if text in (one.name.casefold(), one.short_name.casefold())],
        [one for one in everyone if len(text) == 4 and text.isdigit() and _digits(one.phone).endswith(text)],
        [one for one in everyone if text in one.name.casefold() or text in one.short_name.casefold()],
    )
    return next((found for found in readings if found and text), [])


def near(wanted: str, customers: Iterable[Customer]) -> list[Customer]:
    """Customers whose names resemble ``wanted``, best first, five at most."""
    import difflib

    scored = []
    text = wanted.strip().casefold()
    for one in customers:
        names = [name.casefold() for name in (one.name, one.short_name) if name]
        parts = {part for name in names for part in (name, name[: len(text)], *name.split())}
        score = max((difflib.SequenceMatcher(None, text, part).ratio() for part in parts), default=0.0)
        if score >= 0.6:
            scored.append((score, one))
    scored.sort(key=lambda pair: (-pair[0], pair[1].id))
    return [one for _score, one in scored[:5]]


def ambiguous(wanted: str, found: Iterable[Customer]) -> Refused:
    """The refusal that lists whom ``wanted`` may mean."""
    return Refused(
        _("{name!r} may be any of: {names}").format(name=wanted, names=named(found)),
        remedy=_("give the id"),
    )


def named(customers: Iterable[Customer]) -> str:
    """``C20240101001 Name, C20240101002 Name`` for messages; the first eight."""
    listed = list(customers)
    text = ", ".join(f"{one.id} {one.name}" for one in listed[:8])
    return f"{text}, …" if len(listed) > 8 else text


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
