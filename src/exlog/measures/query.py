"""One question over ``facts`` as SQL: groups by the clock of each aggregate, joined by their keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from exlog.measures import sql
from exlog.measures.dimensions import AGES, Dimension
from exlog.measures.facts import DAY, named, utc_day
from exlog.measures.table import AGGREGATES, CLOCKS, MEASURES, Measure

SIZE = "size"


class Question(NamedTuple):
    """What is asked: keys of MEASURES, dimensions, and the period as [start, end)."""

    measures: tuple[str, ...]
    by: tuple[Dimension, ...] = ()
    period: tuple[datetime, datetime] | None = None

    @property
    def chosen(self) -> list[Measure]:
        """The measures."""
        return [MEASURES[name] for name in self.measures]

    @property
    def aggregates(self) -> list[str]:
        """The aggregates that the measures are made of."""
        text = " ".join(f"{one.value} {one.over}" for one in self.chosen)
        words = set(re.findall(r"\w+", text))
        return [name for name in AGGREGATES if name in words]

    @property
    def clocks(self) -> list[str]:
        """The clocks that tell which group a record counts in; one for all where none of them matters."""
        found = [clock for clock in CLOCKS if any(AGGREGATES[name].clock == clock for name in self.aggregates)]
        if self.period or "backlog" in found or any(one.kind == "time" for one in self.by):
            return found
        return found[:1]

    @property
    def facts(self) -> set[str]:
        """The columns of ``facts`` that the answer is made of, but for those of dimensions."""
        text = " ".join(AGGREGATES[name].sql for name in self.aggregates)
        clocks = " ".join(f"{CLOCKS[clock].member} {CLOCKS[clock].at}" for clock in self.clocks)
        if not (self.period or any(one.kind == "time" for one in self.by)) and len(self.clocks) < 2:
            clocks = ""
        text += " ended received" if "backlog" in self.clocks else ""
        text += " received_n ended_n ended" if any(one.kind == "age" for one in self.by) else ""
        return named(f"{text} {clocks}")


class Setting(NamedTuple):
    """What of the ledgers an SQL text needs.

    ``columns``: the column of ``facts`` of each dimension. ``offset``: seconds from UTC of the wall clock where it
    is the same for all instants; None where ``zones`` tells. ``days``: the number of the last working day up to
    the moment ``at`` by calendar. ``ended``: whether ``at`` is the end of a period that is over.
    """

    columns: Mapping[str, str]
    offset: int | None
    days: Mapping[int, int]
    at: datetime
    ended: bool


def text_of(question: Question, setting: Setting) -> str:
    """SQL whose rows are the values of the dimensions, what the rows are ordered by, and value and n by measure."""
    keys = [f"key{place}" for place in range(len(question.by))]
    parts = {clock: _part(question, clock, setting, whole=len(question.clocks) < 2) for clock in question.clocks}
    if len(parts) == 1:
        ((_clock, joined),) = parts.items()
        columns = [*keys, *question.aggregates]
        source = f"({joined}) AS part"
    else:
        columns = [f"every.{key} AS {key}" for key in keys] + [_or_none(name) for name in question.aggregates]
        source = _joined(parts, keys)
    inner = f"SELECT {', '.join(columns)} FROM {source}"
    figures = "".join(
        f", {one.value} AS value{place}, {one.over} AS n{place}" for place, one in enumerate(question.chosen)
    )
    size = next((one.over if "OVER" not in one.over else one.value for one in question.chosen), "0")
    return f"SELECT {''.join(f'{key}, ' for key in keys)}{size} AS {SIZE}{figures} FROM ({inner}) AS joined"


def _or_none(name: str) -> str:
    """An aggregate of a group that the clock of another one made: nothing was counted there."""
    aggregate = AGGREGATES[name]
    column = f"part_{aggregate.clock}.{name}"
    return f"coalesce({column}, 0) AS {name}" if aggregate.sql.startswith("count(") else f"{column} AS {name}"


def _joined(parts: Mapping[str, str], keys: Sequence[str]) -> str:
    """The parts side by side, for each key that any of them has."""
    if not keys:
        return " CROSS JOIN ".join(f"({part}) AS part_{clock}" for clock, part in parts.items())
    listed = ", ".join(keys)
    every = " UNION ".join(f"SELECT {listed} FROM ({part}) AS of_{clock}" for clock, part in parts.items())
    joins = [
        f"LEFT JOIN ({part}) AS part_{clock} ON " + " AND ".join(f"part_{clock}.{key} = every.{key}" for key in keys)
        for clock, part in parts.items()
    ]
    return f"({every}) AS every {' '.join(joins)}"


def _part(question: Question, clock: str, setting: Setting, *, whole: bool) -> str:
    """The groups of the records that have one clock, with the aggregates that go by it; all where it is the only."""
    keys = [_key(one, setting) for one in question.by]
    wanted = [name for name in question.aggregates if whole or AGGREGATES[name].clock == clock]
    columns = [f"{key} AS key{place}" for place, key in enumerate(keys)]
    columns += [f"{AGGREGATES[name].sql} AS {name}" for name in wanted]
    text = f"SELECT {', '.join(columns)} FROM {_source(question, clock, setting)} WHERE "
    text += sql.all_true(_members(question, clock, setting))
    return text + (f" GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}" if keys else "")


def _members(question: Question, clock: str, setting: Setting) -> list[str]:
    """Which records count by a clock."""
    if clock == "backlog":
        at = sql.number(sql.seconds(setting.at))
        come, over = ("<", ">=") if setting.ended else ("<=", ">")
        return [f"facts.received {come} {at}", f"facts.ended IS NULL OR facts.ended {over} {at}"]
    by_time = any(one.kind == "time" for one in question.by)
    tests = [CLOCKS[clock].member] if question.period or by_time or len(question.clocks) > 1 else []
    if question.period:
        start, end = (sql.number(sql.seconds(moment)) for moment in question.period)
        tests.append(f"{CLOCKS[clock].at} >= {start} AND {CLOCKS[clock].at} < {end}")
    return tests


def _source(question: Question, clock: str, setting: Setting) -> str:
    """``facts``; where a dimension is a time, with the local day that the clock showed."""
    if not any(one.kind == "time" for one in question.by):
        return "facts AS facts"  # Spark would take WHERE (x) behind a name without alias for an alias
    at = f"facts.{CLOCKS[clock].at}"
    if setting.offset is not None:
        local, zones = f"{at} + {setting.offset}", ""
    else:
        local = f"{at} + CASE WHEN {at} < zones.turn THEN zones.before ELSE zones.after END"
        zones = f" LEFT JOIN zones ON zones.book = facts.book AND zones.day = {utc_day(at)}"
    made = f"SELECT facts.*, {local} AS local FROM facts{zones}"
    return f"({made}) AS facts LEFT JOIN days ON days.number = {utc_day('facts.local')}"


def _key(one: Dimension, setting: Setting) -> str:
    """The value of a dimension; empty where it is absent."""
    if one.kind == "ledger":
        return "CAST(facts.book AS VARCHAR)"
    if one.kind == "age":
        return _age(setting)
    if one.kind != "time":
        return f"facts.{setting.columns[one.name]}"
    if one.name != "hour":
        return f"coalesce(days.{one.name}_, '')"
    hour = f"CAST(floor((facts.local - days.number * {DAY}.0) / 3600.0) AS BIGINT)"
    return f"CASE WHEN days.number IS NULL THEN '' ELSE lpad(CAST({hour} AS VARCHAR), 2, '0') END"


def _age(setting: Setting) -> str:
    at = sql.number(sql.seconds(setting.at))
    today = " ".join(f"WHEN {calendar} THEN {number}" for calendar, number in sorted(setting.days.items()))
    last = f"CASE WHEN facts.ended <= {at} THEN facts.ended_n ELSE CASE facts.calendar {today} END END"
    days = f"({last} - facts.received_n)"
    steps = "".join(f" WHEN {days} <= {most} THEN '{key}'" for key, most, _label in AGES if most is not None)
    return f"CASE WHEN {days} IS NULL THEN ''{steps} ELSE '{AGES[-1][0]}' END"
