"""denominators.csv: what complaints are divided by. The team keeps it; exlog only reads it.

``period,dimension,value,unit,amount``: a month, quarter or year; what it is told for (``region``, ``product``,
``batch``, ``customer.level``; empty for the whole), its value, the unit and how many. Orders and units flow, so those
of a quarter are the sum of its months; customers are counted at a time, so those of a quarter are the mean of its
months, each weighted by its days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from exlog import typed_times, vocabulary
from exlog.canonical import Table, decode_cell
from exlog.errors import Damaged, Usage
from exlog.i18n import _
from exlog.values import without_separators

FILE = "denominators.csv"
COLUMNS = ("period", "dimension", "value", "unit", "amount")
DIMENSIONS = ("region", "product", "batch", "customer.level")
"""What rates can be broken down by; the whole besides."""
UNIT = "denominator"
"""The enumeration of units."""

_STOCKS = frozenset({"customers"})
_PERIOD = re.compile(r"\d{4}(-\d{1,2}|-?q[1-4])?", re.IGNORECASE | re.ASCII)

Period = tuple[datetime, datetime]


class Entry(NamedTuple):
    """One line: ``amount`` of ``unit`` in ``period`` (start, first moment after it) for one value of a dimension."""

    period: Period
    dimension: str
    value: str
    unit: str
    amount: Decimal


class Denominators:
    """The amounts by unit, dimension and value."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._kept: dict[tuple[str, str, str], dict[Period, Decimal]] = {}
        for one in entries:
            self._kept.setdefault((one.unit, one.dimension, one.value), {})[one.period] = one.amount

    @property
    def units(self) -> tuple[str, ...]:
        """The units that are told for anything."""
        told = {unit for unit, _dimension, _value in self._kept}
        return tuple(unit for unit in vocabulary.keys(UNIT) if unit in told)

    def units_of(self, dimension: str) -> tuple[str, ...]:
        """The units that are told for ``dimension`` (empty: the whole)."""
        told = {unit for unit, name, _value in self._kept if name == dimension}
        return tuple(unit for unit in self.units if unit in told)

    def told(self, period: Period) -> list[tuple[str, str]]:
        """The dimensions (the whole first) with the units whose lines cover the whole of ``period`` for some value."""
        found = {
            (dimension, unit)
            for unit, dimension, value in self._kept
            if self.amount(unit, dimension, value, period) is not None
        }
        return [(one, unit) for one in ("", *DIMENSIONS) for unit in self.units if (one, unit) in found]

    def amount(self, unit: str, dimension: str, value: str, period: Period) -> Decimal | None:
        """How many there were in ``period``; None unless lines cover the whole of it."""
        told = self._kept.get((unit, dimension, value), {})
        cover = _cover(sorted(told), period)
        if not cover:
            return None
        if unit not in _STOCKS:
            return sum((told[part] for part in cover), Decimal())
        seconds = [Decimal((end - start).total_seconds()) for start, end in cover]
        weighted = sum((told[part] * length for part, length in zip(cover, seconds, strict=True)), Decimal())
        return weighted / sum(seconds)


def _cover(told: Sequence[Period], period: Period) -> list[Period]:
    """The fewest of the periods that make up ``period`` without gap or overlap; none where they do not."""
    at, wanted = period
    cover: list[Period] = []
    while at < wanted:
        found = max((one for one in told if one[0] == at and one[1] <= wanted), key=lambda one: one[1], default=None)
        if found is None:
            return []
        cover.append(found)
        at = found[1]
    return cover


def read(table: Table, *, now: datetime) -> Denominators:
    """The lines of denominators.csv; periods are those of ``now``'s zone.

    Raises Damaged, with file, line and column, where one cannot be read or two tell the same.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise Damaged(
            _("the column {names} is missing").format(names=", ".join(missing)),
            where=f"{table.name}:1",
            remedy=_("the header is {columns}").format(columns=",".join(COLUMNS)),
        )
    places = {name: table.columns.index(name) for name in COLUMNS}
    entries: list[Entry] = []
    lines: dict[tuple[object, ...], int] = {}
    for row in range(len(table.lines)):
        cells = table.cells(row)
        texts = {name: decode_cell(cells[place]).strip() for name, place in places.items()}
        if any(texts.values()):
            entry = _entry(table, row, texts, now)
            first = lines.setdefault(entry[:4], table.numbers[row])
            if first != table.numbers[row]:
                raise Damaged(
                    _("line {line} tells the same already").format(line=first),
                    where=table.where(row),
                    remedy=_("keep one of the two lines"),
                )
            entries.append(entry)
    return Denominators(entries)


def _entry(table: Table, row: int, texts: dict[str, str], now: datetime) -> Entry:
    period = _period(texts["period"], now)
    if period is None:
        raise Damaged(
            _("{text!r} is no month, quarter or year").format(text=texts["period"]),
            where=table.where(row, "period"),
            remedy=_("write it like 2024-03, 2024Q1 or 2024"),
        )
    dimension = _dimension(texts["dimension"])
    if dimension is None or bool(dimension) != bool(texts["value"]):
        raise Damaged(
            _("{text!r} is nothing that rates are told for").format(text=texts["dimension"] or texts["value"]),
            where=table.where(row, "dimension"),
            remedy=_("one of {choices} with its value, or both empty for the whole").format(
                choices=", ".join(DIMENSIONS)
            ),
        )
    value = texts["value"]
    if dimension == "customer.level":
        value = _known(table, row, "value", "level", value)
    unit = _known(table, row, "unit", UNIT, texts["unit"])
    return Entry(period, dimension, value, unit, _amount(table, row, texts["amount"]))


def _period(text: str, now: datetime) -> Period | None:
    if not _PERIOD.fullmatch(text):
        return None
    try:
        return typed_times.parse_period(text, now=now)
    except Usage:
        return None


def _dimension(text: str) -> str | None:
    """The dimension, by its name or by its label in either language; None for anything else."""
    from exlog.measures.dimensions import DIMENSIONS as KNOWN

    for name in ("", *DIMENSIONS):
        if text == name or (name and text.casefold() in (KNOWN[name].en.casefold(), KNOWN[name].zh)):
            return name
    return None


def _known(table: Table, row: int, column: str, enum: str, text: str) -> str:
    try:
        return vocabulary.resolve(enum, text)
    except Usage as error:
        raise Damaged(error.message, where=table.where(row, column), remedy=error.remedy) from None


def _amount(table: Table, row: int, text: str) -> Decimal:
    try:
        amount = Decimal(without_separators(text.strip()))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise Damaged(
            _("{text!r} is no number above 0").format(text=text),
            where=table.where(row, "amount"),
            remedy=_("write how many there were, such as 1200 or 1,200"),
        )
    return amount
