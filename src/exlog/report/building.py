"""Puts a report together."""

from __future__ import annotations

from datetime import datetime

from exlog.i18n import _
from exlog.measures import MEASURES
from exlog.report import headline, names, sections, suggestions, words
from exlog.report.material import Material
from exlog.report.model import SMALL, Document, Figure, Section, Table


def build(material: Material, *, ledger: str, now: datetime, scope: str) -> Document:
    """The document, in the language in force. ``ledger``: its name; ``scope``: the filters as they were typed."""
    improved, worsened = headline.movements(material)
    period = material.period
    parts: tuple[Section, ...] = (*sections.build(material), headline.all_figures(material))
    if material.is_new:
        parts = tuple(one._replace(tables=tuple(table.alone() for table in one.tables)) for one in parts)
    return Document(
        title=_("Customer service report, {period}").format(period=period.label),
        ledger=ledger,
        period=period.name,
        period_label=period.label,
        before_label="" if material.is_new else material.before.label,
        span=f"{period.start:%Y-%m-%d} – {period.last_day}",
        made=f"{now:%Y-%m-%d %H:%M}",
        scope=scope,
        notes=_notes(material, now),
        tiles=headline.tiles(material),
        improved=improved,
        worsened=worsened,
        movement_rule=headline.movement_rule(),
        unmoved=_("Nothing of weight."),
        suggestions=suggestions.suggest(material),
        sections=parts,
        rules=suggestions.rules(material.limits, material.repeats_from),
        reading=_reading(material),
        formulas=_formulas(parts),
    )


def _notes(material: Material, now: datetime) -> tuple[str, ...]:
    found = []
    if not material.over:
        day = f"{now:%Y-%m-%d %H:%M}"
        found.append(
            _("{period} is not over: figures are as of {day}, and counts are not compared.").format(
                period=material.period.label, day=day
            )
        )
    if not material.figure("all", "received").value:
        found.append(_("No record was received in {period}.").format(period=material.period.label))
    if material.is_new:
        found.append(
            _("There are no records of {before}: there is nothing to compare with, so nothing is compared.").format(
                before=material.before.label
            )
        )
    return tuple(found)


def _reading(material: Material) -> tuple[tuple[str, str], ...]:
    moves = _("more or less than in {before}; the word says whether that is better")
    return (
        ("n", _("over how many records a figure is taken")),
        ("–", _("no record to take a figure over (n is 0)")),
        ("°", _("fewer than {n} records: chance alone may move it").format(n=SMALL)),
        *([] if material.is_new else [("▲ ▼", moves.format(before=material.before.label))]),
        (_("Variance"), _("mean less target: below 0 is faster than the target, above 0 is slower")),
        ("h", _("working hours, as the calendar of exlog.yaml counts them; {hours} are a working day").format(
            hours=words.number(material.hours_a_day))),
        (_("Period"), _("each measure counts a record by its own time: received, resolved, closed or due in it")),
        (_("Left out"), _("records closed as duplicate or invalid")),
    )  # fmt: skip


def _formulas(parts: tuple[Section, ...]) -> tuple[tuple[str, str, str], ...]:
    def shown(table: Table) -> list[str]:
        return [cell.measure for row in table.rows for cell in row.cells if isinstance(cell, Figure)]

    found = {key for part in parts for table in part.tables for key in shown(table)}
    return tuple((key, names.name(key), names.meaning(key)) for key in MEASURES if key in found)
