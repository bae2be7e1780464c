"""The complaint rates of a report: complaints beside what denominators.csv tells for the whole period."""

from __future__ import annotations

from collections.abc import Sequence

from exlog import vocabulary
from exlog.i18n import _, pick
from exlog.report import words
from exlog.report.material import GROUP, Material
from exlog.report.model import Cell, Change, Chart, Head, Row, Section, Series, Table
from exlog.report.pieces import LISTED, group_head, rest, values
from exlog.report.questions import Told, rate_of

RATE = "complaint_rate"
_UNIT = "denominator"
_RANKED = frozenset({"customer.level"})
"""Dimensions whose values have an order of their own; of any other the highest rate comes first."""


def told(material: Material) -> list[Told]:
    """What there is a rate for, over something."""
    return [one for one in material.told if _keys(material, one)]


def complaint_rates(material: Material) -> Section:
    """Complaints for each order, unit or customer: of all, then by whatever they are told for."""
    every = told(material)
    whole = [one for one in every if not one[0]]
    lead = [_whole(material, one) for one in whole]
    lead.append(_("n is how many orders, units or customers denominators.csv tells for the whole period."))
    if not material.over:
        lead.append(_("Complaints are those until now, what they are divided by is of the whole period."))
    parts = [one for one in every if one[0]]
    tables = [_table(material, one) for one in parts]
    if whole:
        tables.insert(0, _table_of_all(material, whole))
    chart = [_chart(material, one, len(tables) - len(parts)) for one in parts[:1]]
    asked = [rate_of(one) for one in every]
    names = [name for one in asked for name in (one, f"{one}_before") if name in material.answers]
    return Section("rates", _("Complaint rate"), tuple(lead), tuple(chart), tuple(tables), material.command(*names))


def _keys(material: Material, one: Told) -> list[tuple[str, ...]]:
    """The groups that have a rate, as they are shown."""
    name = rate_of(one)
    if name not in material.answers:
        return []
    found = [key for key in material.keys(name) if material.figure(name, RATE, *key).value is not None]
    if one[0] not in _RANKED:
        found.sort(key=lambda key: -(material.figure(name, RATE, *key).value or 0))
    return found


def _whole(material: Material, one: Told) -> str:
    rate, complaints = (material.figure(rate_of(one), measure) for measure in (RATE, "complaints"))
    unit = vocabulary.label(_UNIT, one[1])
    return _("Complaints: {complaints}, {unit}: {amount}, so {rate}.").format(
        complaints=words.figure(complaints), amount=words.count(rate.n), unit=unit, rate=words.figure(rate)
    )


def _cells(material: Material, one: Told, key: tuple[str, ...]) -> list[Cell]:
    """Complaints, their rate, that of the period before where it is told, and the change."""
    name = rate_of(one)
    complaints, rate = (material.figure(name, measure, *key) for measure in ("complaints", RATE))
    if f"{name}_before" not in material.answers:
        return [complaints, rate, None, None]
    old = material.figure(f"{name}_before", "complaints", *key)
    before = material.figure(f"{name}_before", RATE, *key)
    change = material.change(rate, before)
    few = max(complaints.value or 0, old.value or 0) < GROUP
    return [complaints, rate, before, Change(change.value, change.unit, "") if few else change]


def _heads(material: Material, first: Head) -> tuple[Head, ...]:
    heads = (material.head("complaints"), material.head(RATE), material.head_before(RATE))
    return (first, *heads, Head(_("Change"), compares=True))


def _made(material: Material, caption: str, first: Head, rows: Sequence[Row], left: str = "") -> Table:
    table = Table(caption, _heads(material, first), tuple(rows), left)
    return table if any(row.cells[3] is not None for row in rows) else table.alone()


def _table_of_all(material: Material, whole: Sequence[Told]) -> Table:
    rows = [Row((vocabulary.label(_UNIT, one[1]), *_cells(material, one, ()))) for one in whole]
    return _made(material, "", Head(_("Divided by"), numeric=False), rows)


def _table(material: Material, one: Told) -> Table:
    dimension, unit = one
    keys = _keys(material, one)
    rows = [
        Row((material.label(rate_of(one), dimension, key[0]), *_cells(material, one, key))) for key in keys[:LISTED]
    ]
    caption = pick("{dimension} ({unit})", "{dimension}（{unit}）").format(
        dimension=group_head(dimension).label, unit=vocabulary.label(_UNIT, unit)
    )
    return _made(material, caption, group_head(dimension), rows, rest(keys, rows))


def _chart(material: Material, one: Told, table: int) -> Chart:
    name, keys = rate_of(one), _keys(material, one)[:LISTED]
    figures = [material.figure(name, RATE, *key) for key in keys]
    title = _("{measure} by {dimension}").format(measure=material.head(RATE).label, dimension=group_head(one[0]).label)
    description = _("Bars of {measure}, one for each group.").format(measure=material.head(RATE).label)
    labels = tuple(material.label(name, one[0], key[0]) for key in keys)
    texts = tuple(words.with_n(figure) for figure in figures)
    series = Series(material.head(RATE).label, values(figures), texts, 2)
    return Chart("rows", title, description, labels, (series,), table)
