"""Pieces that several sections are made of: a table of groups, a chart of bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exlog.i18n import _, pick
from exlog.measures import DIMENSIONS
from exlog.report import words
from exlog.report.material import Material
from exlog.report.model import Chart, Figure, Head, Row, Series, Table

LISTED = 10
"""Rows of a table of groups; the rest is counted."""


def group_head(dimension: str) -> Head:
    """The header of a column of groups."""
    return Head(DIMENSIONS[dimension].label, numeric=False)


def grouped(
    material: Material, question: str, by: Sequence[str], measures: Sequence[str], caption: str, *, least: int = 1
) -> Table:
    """A table of groups as they come, the absent value last; those below ``least`` records are only counted.

    Groups of two dimensions, of which both must be given, come the largest first.
    """
    keys = [key for key in material.keys(question) if all(key) or least == 1]
    if len(by) > 1:
        keys.sort(key=lambda key: -(material.figure(question, measures[0], *key).value or 0))
    enough = [key for key in keys if (material.figure(question, measures[0], *key).value or 0) >= least]
    shown = enough[:LISTED]
    rows = [
        Row(
            (
                *(material.label(question, dimension, value) for dimension, value in zip(by, key, strict=True)),
                *(material.figure(question, one, *key) for one in measures),
            )
        )
        for key in shown
    ]
    heads = (
        *map(group_head, by),
        *(material.head(one) for one in measures),
    )
    return Table(caption, heads, tuple(rows), rest(keys, shown))


def bars(
    material: Material,
    title: str,
    question: str,
    dimension: str,
    keys: Sequence[str],
    measure: str,
    beside: str = "",
    *,
    column: int = 1,
    table: int = 0,
) -> tuple[Chart, ...]:
    """Lying bars of one measure, as the answer has them. ``beside``: a measure told in the text of each.

    ``table`` and ``column``: where the section has the same figures.
    """
    figures = [material.figure(question, measure, key) for key in keys[:LISTED]]
    if not any(one.value for one in figures):
        return ()
    texts = []
    for one in figures:
        text = words.figure(one)
        if beside:
            other = material.figure(question, beside, *one.key)
            text += pick(" ({})", "（{}）").format(f"{material.head(beside).label} {words.figure(other)}")
        texts.append(text)
    description = _("Bars of {measure}, one for each group.").format(measure=material.head(measure).label)
    labels = tuple(material.label(question, dimension, one.key[0]) for one in figures)
    series = Series(material.head(measure).label, values(figures), tuple(texts), column)
    return (Chart("rows", title, description, labels, (series,), table),)


def values(figures: Iterable[Figure]) -> tuple[float | None, ...]:
    return tuple(None if one.value is None else float(one.value) for one in figures)


def any_of(material: Material, question: str, measure: str, key: str) -> bool:
    return bool(material.figure(question, measure, key).value)


def rest(keys: Sequence[object], shown: Sequence[object]) -> str:
    left = len(keys) - len(shown)
    return _("and {count} more, see the command").format(count=left) if left > 0 else ""
