"""The first page of a report: headline figures, what improved and what worsened."""

from __future__ import annotations

from collections.abc import Iterator

from exlog.i18n import _
from exlog.report import names
from exlog.report.material import GROUP, Material, direction, verdict
from exlog.report.model import SMALL, Change, Figure, Head, Limit, Movement, Row, Section, Table, Tile
from exlog.report.questions import HEADLINE

TILES = (
    "received", "complaints", "clearance", "backlog",
    "resolution_mean_wh", "sla_compliance", "satisfaction_mean", "repeat_rate",
)  # fmt: skip

_NOT_TOLD = {"resolution_median_wh", "resolution_p90_wh", "variance_mean_wh", "satisfied_share", "repeat_contacts"}
"""Headline measures that only feed others, or say the same twice."""

LEAST = {"share": 0.02, "points": 0.1}
LEAST_RELATIVE = 0.1
"""The least differences that are told: by unit, else as a part of the figure before."""


def tiles(material: Material) -> tuple[Tile, ...]:
    """The headline figures, each beside the period before and its target."""
    return tuple(_tile(material, measure) for measure in TILES)


def _tile(material: Material, measure: str) -> Tile:
    figure, before = material.figure("all", measure), material.figure("all_before", measure)
    limit: Limit | Figure | None = material.limit(measure)
    against = None
    if measure == "resolution_mean_wh" and limit is None:
        limit = material.figure("all", "target_mean_wh")
        variance = material.figure("all", "variance_mean_wh")
        if variance.value is not None:
            against = Change(float(variance.value), variance.unit, verdict(variance, 0))
    elif isinstance(limit, Limit):
        against = _against(figure, limit)
    return Tile(
        names.name(measure), figure, before, material.change(figure, before), limit, against, direction(measure)
    )


def _against(figure: Figure, limit: Limit | None) -> Change | None:
    if limit is None or figure.value is None:
        return None
    return Change(round(figure.value - limit.value, 6), figure.unit, verdict(figure, limit.value))


def movements(material: Material) -> tuple[tuple[Movement, ...], tuple[Movement, ...]]:
    """What improved and what worsened, each as its own list."""
    found = [one for one in _candidates(material) if _tells(one)]
    better = tuple(one for one in found if one.change.verdict == "better")
    return better, tuple(one for one in found if one.change.verdict == "worse")


def movement_rule() -> str:
    """From when a difference is told, in words."""
    return _(
        "Told from a difference of {relative} % in counts and times, {share} points of percent in shares and "
        "{points} in ratings, where both figures rest on {n} records or more, counts of a group on {group}."
    ).format(
        relative=round(LEAST_RELATIVE * 100),
        share=round(LEAST["share"] * 100),
        points=LEAST["points"],
        n=SMALL,
        group=GROUP,
    )


def _candidates(material: Material) -> Iterator[Movement]:
    for measure in HEADLINE:
        if measure not in _NOT_TOLD and direction(measure):
            yield _movement(material, names.name(measure), "all", measure)
    for question, dimension, measure in (
        ("departments", "department", "resolution_mean_wh"),
        ("levels", "customer.level", "satisfaction_mean"),
        ("regions", "region", "complaints"),
    ):
        for (value,) in material.keys(question):
            if value:
                label = _("{measure}, {group}").format(
                    measure=names.name(measure), group=material.label(question, dimension, value)
                )
                yield _movement(material, label, question, measure, value)


def _movement(material: Material, label: str, question: str, measure: str, *key: str) -> Movement:
    figure, before = material.figure(question, measure, *key), material.figure(f"{question}_before", measure, *key)
    return Movement(label, figure, before, material.change(figure, before))


def _tells(one: Movement) -> bool:
    """Whether a difference is worth a sentence; a change over small numbers has no verdict and is told nowhere."""
    step = one.change.value
    if step is None or one.figure.value is None or one.before.value is None:
        return False
    if one.figure.additive and max(one.figure.value, one.before.value) < SMALL:
        return False
    if one.change.unit in LEAST:
        return abs(step) >= LEAST[one.change.unit]
    return abs(step) >= LEAST_RELATIVE * max(abs(one.before.value), 1)


def all_figures(material: Material) -> Section:
    """The table of every headline measure, with the period before and the change."""
    rows = []
    for measure in HEADLINE:
        figure, before = material.figure("all", measure), material.figure("all_before", measure)
        limit = material.limit(measure)
        cells = (names.name(measure), figure, before, material.change(figure, before), limit or "–")
        rows.append(Row((*cells, _against(figure, limit))))
    heads = (
        Head(_("Measure"), numeric=False),
        Head(material.period.label),
        Head(material.before.label, compares=True),
        Head(_("Change"), compares=True),
        Head(_("Target")),
        Head(_("Against target")),
    )
    return Section(
        "all",
        _("All figures"),
        (),
        (),
        (Table("", heads, tuple(rows)),),
        material.command("all", "all_before"),
    )
