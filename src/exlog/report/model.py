"""What a report holds: figures with where each is from, tables, charts, sections; nothing of how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

SMALL = 5
"""Fewer records than this make a figure that chance moves a lot: it is marked, and no suggestion builds on it."""


class AnsweredRow(Protocol):
    """One row of figures: the values of the dimensions, a figure for each measure, and over how many records."""

    @property
    def values(self) -> tuple[str, ...]: ...

    @property
    def figures(self) -> tuple[int | float | None, ...]: ...

    @property
    def n(self) -> tuple[int, ...]: ...


class Answered(Protocol):
    """What the figures engine says to one question. ``labels``: (dimension, value) to what people read."""

    @property
    def rows(self) -> Sequence[AnsweredRow]: ...

    @property
    def labels(self) -> Callable[[str, str], str]: ...


class Figure(NamedTuple):
    """One figure as the engine gave it.

    ``value``: None where ``n`` is 0. ``unit``: of the measure. ``source``: the question it answers; ``key``: the
    values of that question's dimensions.
    """

    measure: str
    value: int | float | None
    n: int
    unit: str
    source: str
    key: tuple[str, ...]
    additive: bool = False

    @property
    def small(self) -> bool:
        """Whether it rests on so few records that chance alone may move it; a count is what it is."""
        return not self.additive and 0 < self.n < SMALL


class Change(NamedTuple):
    """The difference of two figures. ``verdict``: ``better``, ``worse``, ``same`` or ``""`` where none is to be had."""

    value: float | None
    unit: str
    verdict: str


class Limit(NamedTuple):
    """A target that policy sets for a measure."""

    value: float
    unit: str


Cell = str | Figure | Change | Limit | None
"""None is a place without anything to say."""


class Head(NamedTuple):
    """The header of a column. ``about``: the period it is of, where a table has two. ``whole``: no cell is broken.

    ``compares``: it is there for the sake of the period before.
    """

    label: str
    numeric: bool = True
    about: str = ""
    whole: bool = False
    compares: bool = False


class Row(NamedTuple):
    """One row of a table. ``mark``: ``cut`` (the last one above a cut) or ``""``."""

    cells: tuple[Cell, ...]
    mark: str = ""


class Table(NamedTuple):
    """A table with a caption; ``rest``: what was left out below, in words."""

    caption: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    rest: str = ""

    def alone(self) -> Table:
        """The table without the columns that compare."""
        kept = [place for place, head in enumerate(self.heads) if not head.compares]
        rows = tuple(row._replace(cells=tuple(row.cells[place] for place in kept)) for row in self.rows)
        return self._replace(heads=tuple(self.heads[place] for place in kept), rows=rows)


class Series(NamedTuple):
    """Bars of one kind. ``texts``: what stands at each bar; a value of None draws none.

    ``column``: where the same figures stand in the table of the chart.
    """

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    column: int


class Chart(NamedTuple):
    """A chart. ``kind``: ``rows`` (bars that lie, a label before each) or ``columns`` (bars that stand, in time).

    ``hatched``: places of the bars that are drawn hatched, where one series has two sorts of bars. ``hatch_means``
    says what hatching means then. ``table``: which table of the section has the figures. ``line``: the column of
    that table whose shares a Pareto chart draws as a line. ``key``: what a sign in the texts of the bars means.
    """

    kind: str
    title: str
    description: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    table: int = 0
    line: int | None = None
    hatched: frozenset[int] = frozenset()
    solid_means: str = ""
    hatch_means: str = ""
    key: str = ""


class Section(NamedTuple):
    """One part of the report. ``lead``: sentences that say what the figures say; ``commands``: what gives them.

    ``short``: the title where there is little room, such as the name of a sheet; empty where the title is short.
    """

    key: str
    title: str
    lead: tuple[str, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    commands: tuple[Command, ...]
    short: str = ""


class Command(NamedTuple):
    """A command that prints the figures of the question ``source``."""

    source: str
    text: str


class Tile(NamedTuple):
    """One headline figure."""

    label: str
    figure: Figure
    before: Figure
    change: Change
    limit: Limit | Figure | None
    against: Change | None
    """The difference to ``limit``; None where there is none."""
    direction: int
    """1: more is better; -1: less is better; 0: neither."""


class Movement(NamedTuple):
    """One thing that improved or worsened."""

    label: str
    figure: Figure
    before: Figure
    change: Change


class Suggestion(NamedTuple):
    """What to do, the rule that says so, the figures it rests on, and the section they stand in."""

    rule: str
    text: str
    because: str
    figures: tuple[tuple[str, Figure], ...]
    section: str


class Rule(NamedTuple):
    """A rule that suggestions come from. ``statement``: when it speaks, with its numbers."""

    key: str
    statement: str


class Document(NamedTuple):
    """A whole report, in the language in force."""

    title: str
    ledger: str
    period: str
    """Its name: 2024Q1."""
    period_label: str
    before_label: str
    """The period that it is compared with; empty where nothing is."""
    span: str
    made: str
    scope: str
    """The filters as they were typed; empty for everything."""
    notes: tuple[str, ...]
    tiles: tuple[Tile, ...]
    improved: tuple[Movement, ...]
    worsened: tuple[Movement, ...]
    movement_rule: str
    unmoved: str
    """What stands where nothing improved, or nothing worsened."""
    suggestions: tuple[Suggestion, ...]
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]
    reading: tuple[tuple[str, str], ...]
    """How to read it: a term and what it means."""
    formulas: tuple[tuple[str, str, str], ...]
    """Key, label and formula of each measure that is shown."""
