"""Figures as rows: units and labels for people, keys and numbers for scripts, and n beside what is taken over n."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from exlog.fields import Field
from exlog.i18n import _
from exlog.measures import DEFAULT_MEASURES, MEASURES, Measure, Row, dimension
from exlog.measures.rounding import DIGITS, number, written
from exlog.render.columns import Column

Show = Callable[[str, str], str]
Number = int | float | None

_SPARE = {"resolved": 2, "answers": 3, "resolution_p90_h": 4, "resolution_mean_h": 5, "response_rate": 6}
"""Default measures that a table leaves out where a terminal is too narrow for all, the highest number first."""

_SPARE_N = 7

_SHOWN = {"share": (100, 1, " %"), "rate": (1000, 2, " ‰")}
"""By unit what people read a figure multiplied with, its decimals, and the sign behind it."""


class Table(NamedTuple):
    """What is printed."""

    columns: list[Column]
    rows: list[list[object]]


class Frame(NamedTuple):
    """How figures are shown: the measures, the dimensions, the ledger's own fields, and the format."""

    measures: tuple[str, ...]
    by: tuple[str, ...]
    own: Sequence[Field]
    fmt: str

    @property
    def for_people(self) -> bool:
        """Whether people read it rather than scripts."""
        return self.fmt in ("table", "md")

    @property
    def as_json(self) -> bool:
        """Whether there is room for n of every measure."""
        return self.fmt in ("json", "jsonl")

    def cell(self, value: Number, measure: Measure, *, change: bool = False) -> object:
        """A figure, or the change of one: words for people, a rounded number for scripts."""
        if self.for_people:
            return shown(value, measure, change=change)
        return number(value, measure.unit)


def table(frame: Frame, rows: Iterable[Row], show: Show) -> Table:
    """Rows of figures, with n in columns of its own (one where all share it), in JSON as one object."""
    beside = {} if frame.as_json else _beside(frame.measures)
    columns = [head(name, frame.own) for name in frame.by]
    for name in frame.measures:
        columns.append(_of_measure(name, frame))
        if name in beside:
            label = _("n") if len(beside) == 1 else _("n ({measure})").format(measure=MEASURES[name].label)
            columns.append(Column("n" if len(beside) == 1 else f"n_{name}", label, "number", spare=_SPARE_N))
    columns += [Column("n", "n", "number")] if frame.as_json else []
    return Table(columns, [_cells(frame, row, show, beside) for row in rows])


def compared(frame: Frame, rows: Iterable[Row], before: Iterable[Row], show: Show) -> Table:
    """For each measure its figure, that of the period before, and the change; n as ``table`` has it.

    For scripts these are columns; for people, whose screens are narrow, each measure of each group is a row.
    """
    old = {row.values: row for row in before}
    new = {row.values: row for row in rows}
    if frame.for_people:
        return _listed(frame, new, old, show)
    columns = [head(name, frame.own) for name in frame.by]
    for name in frame.measures:
        plain = _of_measure(name, frame)
        columns += [
            plain,
            Column(f"{name}_previous", _("{measure} before").format(measure=plain.label), "number"),
            Column(f"{name}_change", _("Change"), "number"),
        ]
    columns += [Column("n", "n", "number")] if frame.as_json else []
    beside = {} if frame.as_json else _beside(frame.measures)
    for name in beside:
        label = MEASURES[name].label
        columns += [
            Column(f"n_{name}", _("n ({measure})").format(measure=label), "number", spare=_SPARE_N),
            Column(f"n_{name}_previous", _("n before ({measure})").format(measure=label), "number", spare=_SPARE_N),
        ]
    made = []
    for key in dict.fromkeys((*new, *old)):
        made.append(_compared(frame, key, new.get(key), old.get(key), show, beside))
    return Table(columns, made)


def _listed(frame: Frame, new: Mapping[tuple[str, ...], Row], old: Mapping[tuple[str, ...], Row], show: Show) -> Table:
    """A comparison with a row for each measure of each group; the n of a count is the count itself."""
    columns = [head(name, frame.own) for name in frame.by]
    columns.append(Column("measure", _("Measure")))
    labels = (_("Now"), _("Before"), _("Change"), _("n"), _("n before"))
    columns += [
        Column(name, label, "number")
        for name, label in zip(("now", "before", "change", "n", "n_before"), labels, strict=True)
    ]
    made: list[list[object]] = []
    for key in dict.fromkeys((*new, *old)):
        values = [_value(frame, name, value, show) for name, value in zip(frame.by, key, strict=True)]
        for place, name in enumerate(frame.measures):
            measure = MEASURES[name]
            figures, counts = _pair(name, place, new.get(key), old.get(key))
            cells = [frame.cell(one, measure, change=number == 2) for number, one in enumerate(figures)]
            made.append([*values, measure.label, *cells, *(("", "") if measure.is_count else counts)])
    return Table(columns, made)


def _pair(
    name: str, place: int, new: Row | None, old: Row | None
) -> tuple[tuple[Number, Number, Number], tuple[int, int]]:
    """A measure now and before with the change, and n of both."""
    nothing = 0 if MEASURES[name].is_count else None
    now = new.figures[place] if new else nothing
    before = old.figures[place] if old else nothing
    change = None if now is None or before is None else now - before
    return (now, before, change), (new.n[place] if new else 0, old.n[place] if old else 0)


def pivoted(frame: Frame, cells: Iterable[Row], sides: Sequence[Iterable[Row]], show: Show) -> Table:
    """One measure over two dimensions with totals. ``sides``: by the first, by the second, of all.

    For scripts each column is named by the key of its value (``no_…`` where it is absent), and there is no row of
    totals; a combination without records is 0 where the measure is a count or a share, else absent.
    """
    (name,), (down, across) = frame.measures, frame.by
    measure = MEASURES[name]
    found = {row.values: row.figures[0] for row in cells}
    rows, columns, (whole,) = (list(side) for side in sides)
    nothing = 0 if measure.is_count else 0.0 if name == "share" else None

    def cell(value: Number) -> object:
        return frame.cell(value, measure)

    heads = [Column(one.values[0] or f"no_{across}", show(across, one.values[0]) or "–", "number") for one in columns]
    made = [
        [
            _value(frame, down, row.values[0], show),
            *(cell(found.get((row.values[0], column.values[0]), nothing)) for column in columns),
            cell(row.figures[0]),
        ]
        for row in rows
    ]
    if frame.for_people and made:
        made.append([_("Total"), *(cell(column.figures[0]) for column in columns), cell(whole.figures[0])])
    return Table([head(down, frame.own), *heads, Column("total", _("Total"), "number")], made)


def head(name: str, own: Sequence[Field]) -> Column:
    """The column of a dimension."""
    one = dimension(name, own)
    return Column(name, one.label, "choice" if one.enum else "text", one.enum)


def _of_measure(name: str, frame: Frame) -> Column:
    spare = _SPARE if frame.measures == DEFAULT_MEASURES else {}
    return Column(name, MEASURES[name].label, "number", spare=spare.get(name, 0))


def _beside(names: Sequence[str]) -> dict[str, str]:
    """The measures behind which n stands, with its SQL: the last of those that share an n which no count shows."""
    counted = {MEASURES[name].value for name in names if MEASURES[name].is_count}
    # A rate is taken over what it is divided by, whatever is counted beside it.
    over = {name: "" if MEASURES[name].unit == "rate" else MEASURES[name].over for name in names}
    last = {over[name]: name for name in names if not MEASURES[name].is_count}
    return {name: over for over, name in last.items() if over not in counted and "OVER" not in over}


def _cells(frame: Frame, row: Row, show: Show, beside: Mapping[str, str]) -> list[object]:
    cells: list[object] = [_value(frame, name, value, show) for name, value in zip(frame.by, row.values, strict=True)]
    for name, figure, n in zip(frame.measures, row.figures, row.n, strict=True):
        cells.append(frame.cell(figure, MEASURES[name]))
        if name in beside:
            cells.append(n)
    return [*cells, dict(zip(frame.measures, row.n, strict=True))] if frame.as_json else cells


def _compared(
    frame: Frame, key: tuple[str, ...], new: Row | None, old: Row | None, show: Show, beside: Mapping[str, str]
) -> list[object]:
    cells: list[object] = [_value(frame, name, value, show) for name, value in zip(frame.by, key, strict=True)]
    counts: dict[str, int] = {}
    for place, name in enumerate(frame.measures):
        figures, n = _pair(name, place, new, old)
        cells += [frame.cell(one, MEASURES[name], change=number == 2) for number, one in enumerate(figures)]
        counts |= dict(zip((name, f"{name}_previous"), n, strict=True))
    if frame.as_json:
        return [*cells, counts]
    return [*cells, *(counts[one] for name in beside for one in (name, f"{name}_previous"))]


def _value(frame: Frame, name: str, value: str, show: Show) -> object:
    if frame.for_people:
        return show(name, value) or "–"
    return value


def shown(value: Number, measure: Measure, *, change: bool = False) -> str:
    """A figure as people read it: a dash for nothing, shares in percent, rates of a thousand.

    A change has its sign, and that of a share is in percentage points.
    """
    if value is None:
        return "–"
    scale, decimals, behind = _SHOWN.get(measure.unit, (1, DIGITS[measure.unit], ""))
    text = written(value * scale, decimals)
    sign = "+" if change and value > 0 and text.strip("0.") else ""
    return sign + text + (" " + _("pp") if change and measure.unit == "share" else behind)
