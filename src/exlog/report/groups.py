"""The parts of a report that look for what comes again and what waits: repeats, regions, the backlog."""

from __future__ import annotations

from exlog import vocabulary
from exlog.fields import BY_NAME
from exlog.i18n import _, pick
from exlog.report import words
from exlog.report.material import Material, Waiting
from exlog.report.model import Command, Head, Row, Section, Table
from exlog.report.pieces import LISTED, any_of, bars, group_head, grouped, rest

_WHOLE = ("id", "received_at", "owner", "due_at", "resolved_at", "status")


def repeats(material: Material) -> Section:
    """Customers who came again, products and batches that came up again."""
    tables = []
    again = [key for (key,) in material.keys("customers") if any_of(material, "customers", "repeat_contacts", key)]
    again.sort(key=lambda key: -(material.figure("customers", "repeat_contacts", key).value or 0))
    rate = material.figure("repeats", "repeat_rate")
    lead = [
        _("{rate} of what was received repeats an earlier contact of the same customer and category within 30 days.")
        .format(rate=words.with_n(rate))
    ]  # fmt: skip
    measures = ("received", "complaints", "repeat_contacts")
    rows = [
        Row((material.label("customers", "customer", key), *(material.figure("customers", m, key) for m in measures)))
        for key in again[:LISTED]
    ]
    heads = (group_head("customer"), *(material.head(one) for one in measures))
    tables.append(Table(_("Customers who came again"), heads, tuple(rows), rest(again, again[:LISTED])))
    tables.append(
        grouped(material, "products", ("product",), ("received", "complaints", "share"), _("Products"), least=2)
    )
    tables.append(
        grouped(
            material, "batches", ("model", "batch"), ("received", "complaints", "share"), _("Batches"),
            least=material.repeats_from,
        )
    )  # fmt: skip
    keys = [key for (key,) in material.keys("products") if key][:LISTED]
    chart = bars(material, _("Records by product"), "products", "product", keys, "received", "complaints", table=1)
    return Section(
        "repeats", _("Repeats: customers, products, batches"), tuple(lead), chart, tuple(tables),
        material.command("repeats", "customers", "products", "batches"), short=pick("Repeats", "重复问题"),
    )  # fmt: skip


def regions(material: Material) -> Section:
    """Where it comes from."""
    keys = [key for (key,) in material.keys("regions")]
    chart = bars(material, _("Records by region"), "regions", "region", keys, "received", "complaints")
    measures = ("received", "complaints", "share", "satisfaction_mean")
    rows = []
    for key in keys:
        complaints = material.figure("regions", "complaints", key)
        before = material.figure("regions_before", "complaints", key)
        cells = [material.figure("regions", one, key) for one in measures]
        rows.append(
            Row((material.label("regions", "region", key), *cells, before, material.change(complaints, before)))
        )
    heads = (
        group_head("region"), *(material.head(one) for one in measures),
        material.head_before("complaints"), Head(_("Change"), compares=True),
    )  # fmt: skip
    return Section(
        "regions", _("Regions"), (), chart, (Table("", heads, tuple(rows)),),
        material.command("regions", "regions_before"),
    )  # fmt: skip


def backlog(material: Material) -> Section:
    """What was received and is not resolved, by age in working days."""
    keys = [key for (key,) in material.keys("backlog")]
    total = material.figure("waiting", "backlog")
    if material.over:
        text = _("Not resolved at the end of {day}: {count}.").format(
            day=material.period.last_day, count=words.figure(total)
        )
    else:
        text = _("Not resolved by now: {count}.").format(count=words.figure(total))
    chart = bars(material, _("Backlog by age in working days"), "backlog", "age", keys, "backlog")
    table = grouped(material, "backlog", ("age",), ("backlog",), "")
    return Section("backlog", _("Backlog by age"), (text,), chart, (table,), material.command("backlog", "waiting"))


def longest(material: Material) -> Section:
    """The records that waited longest when the period ended, or by now."""
    past = material.over
    shown = ("id", "received_at", "customer_name", "subject", "owner", "due_at", "resolved_at" if past else "status")
    rows = tuple(Row(tuple(_told(one, name) for name in shown)) for one in material.waiting)
    heads = tuple(Head(BY_NAME[name].label, numeric=False, whole=name in _WHOLE) for name in shown)
    if not rows:
        lead = _("Everything received by the end of the period is resolved.")
        if past:
            lead = _("Everything received by the end of the period was resolved by then.")
    elif past:
        lead = _("As of the end of {day}; resolved is what was resolved since.").format(day=material.period.last_day)
    else:
        lead = _("As of {now}.").format(now=f"{material.now:%Y-%m-%d %H:%M}")
    commands = tuple(Command("list", one) for one in material.waiting_commands)
    return Section("longest", _("Longest open"), (lead,), (), (Table("", heads, rows),) if rows else (), commands)


def _told(one: Waiting, name: str) -> str:
    value: str = getattr(one, name)
    if name == "status":
        return vocabulary.label("status", value)
    if name == "due_at" and one.overdue:
        return pick(f"{value[:10]} (late)", f"{value[:10]}（超时）")
    return (value[:10] if name.endswith("_at") else value) or "–"
