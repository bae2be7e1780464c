"""The parts of a report that look for what comes again and what waits: repeats, regions, the backlog."""

from __future__ import annotations

from exlog import vocabulary
from exlog.fields import BY_NAME
from exlog.i18n import _
from exlog.report import words
from exlog.report.material import Material
from exlog.report.model import Command, Head, Row, Section, Table
from exlog.report.pieces import LISTED, any_of, bars, group_head, grouped, rest

_SHOWN = ("id", "received_at", "customer_name", "subject", "status", "owner", "due_at")


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
        material.command("repeats", "customers", "products", "batches"),
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
        material.head("complaints", material.before.label), Head(_("Change")),
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
    """The records that wait longest, to this day."""
    heads = [BY_NAME[name].label for name in _SHOWN]
    rows = [
        Row(
            (
                one.id, one.received_at[:10], one.customer, one.subject, vocabulary.label("status", one.status),
                one.owner or "–", (one.due_at[:10] or "–") + (" " + _("(late)") if one.overdue else ""),
            )
        )
        for one in material.waiting
    ]  # fmt: skip
    lead = () if rows else (_("Everything received by the end of the period is resolved."),)
    table = Table("", tuple(Head(one, numeric=False) for one in heads), tuple(rows))
    return Section(
        "longest", _("Longest open"), lead, (), (table,) if rows else (), (Command("list", material.waiting_command),)
    )
