"""What the engine found as rows in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from exlog import vocabulary
from exlog.measures.dimensions import AGES, Dimension
from exlog.measures.query import Question
from exlog.measures.rounding import settled
from exlog.measures.table import Measure

Number = int | float | None
Show = Callable[[str, str], str]


class Row(NamedTuple):
    """One group: a value for each dimension ("" is absent), and by measure the figure (None where n is 0) and n."""

    values: tuple[str, ...]
    figures: tuple[Number, ...]
    n: tuple[int, ...]


def rows_of(question: Question, found: Sequence[Sequence[object]], show: Show) -> list[Row]:
    """The rows that ``query.text_of`` gave, ordered.

    Choices come by rank, times and ages ascending, anything else by size, the largest first; in every dimension
    unknown choices come after known ones, and what is absent comes last.
    """
    width = len(question.by)
    orders = [_order(place, one, found, width, show) for place, one in enumerate(question.by)]
    ordered = sorted(found, key=lambda row: [orders[place][str(row[place])] for place in range(width)])
    sums = [0.0] * len(question.measures)
    made = []
    for row in ordered:
        figures, counts = [], []
        for place, one in enumerate(question.chosen):
            value, n = row[width + 1 + 2 * place], _whole(row[width + 2 + 2 * place])
            if one.running and n:
                sums[place] += _float(value)
                value = sums[place]
            figures.append(_figure(one, value, n))
            counts.append(n)
        made.append(Row(tuple(str(value) for value in row[:width]), tuple(figures), tuple(counts)))
    return made


def _figure(measure: Measure, value: object, n: int) -> Number:
    if measure.is_count:
        return _whole(value)
    return None if not n or value is None else settled(_float(value))


def _whole(value: object) -> int:
    return int(_float(value)) if value is not None else 0


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]  # an engine gives numbers of several kinds


def _order(
    place: int, one: Dimension, found: Sequence[Sequence[object]], width: int, show: Show
) -> dict[str, tuple[object, ...]]:
    """The values of a dimension with what each sorts by."""
    sizes: Counter[str] = Counter()
    for row in found:
        sizes[str(row[place])] += _whole(row[width])
    if one.kind in ("time", "ledger"):
        return {value: (value == "", len(value) if one.kind == "ledger" else 0, value) for value in sizes}
    if one.kind in ("choice", "age"):
        keys = vocabulary.keys(one.enum) if one.enum else tuple(key for key, _most, _label in AGES)
        ranks = {key: rank for rank, key in enumerate(keys)}
        return {value: (value == "", ranks.get(value, len(ranks)), value) for value in sizes}
    return {value: (value == "", -size, show(one.name, value), value) for value, size in sizes.items()}
