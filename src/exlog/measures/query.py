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

_APART = 10_000_000
"""Day numbers of one ledger are so far from those of the next one."""
_FAR = _APART // 2 - 1
"""A day after all that Python knows; below 0 one before them."""


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
    def periods(self) -> list[str]:
        """The dimensions at the end of whose periods a backlog is taken; none where it is not asked by any."""
        return [one.name for one in self.by if one.is_calendar and "backlog" in self.clocks]

    @property
    def asks_age(self) -> bool:
        """Whether age is a dimension."""
        return any(one.kind == "age" for one in self.by)

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
        text += " received_n ended_n ended" if self.asks_age else ""
        return named(f"{text} {clocks}")


class Setting(NamedTuple):
    """What of the ledgers an SQL text needs.

    ``columns``: the column of ``facts`` of each dimension. ``offset``: seconds from UTC of the wall clock where it
    is the same for all instants; None where ``zones`` tells. ``days``: the number of the last working day up to
    the moment ``at`` by calendar. ``ended``: whether ``at`` is the end of a period that is over. ``ends``: the table
    of the periods at whose ends a backlog is taken, see ``_waiting``.
    """

    columns: Mapping[str, str]
    offset: int | None
    days: Mapping[int, int]
    at: datetime
    ended: bool
    ends: str = ""


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
    if clock == "backlog" and question.periods:
        return _waiting(question, setting)
    keys = [_key(one, setting) for one in question.by]
    wanted = [name for name in question.aggregates if whole or AGGREGATES[name].clock == clock]
    columns = [f"{key} AS key{place}" for place, key in enumerate(keys)]
    columns += [f"{AGGREGATES[name].sql} AS {name}" for name in wanted]
    text = f"SELECT {', '.join(columns)} FROM {_source(question, clock, setting)} WHERE "
    text += sql.all_true(_members(question, clock, setting))
    return text + (f" GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}" if keys else "")


def _waiting(question: Question, setting: Setting) -> str:
    """The backlog at the end of each period: how many records waited over the same days, joined with these ends.

    So few rows are joined, however many records there are. Days are told apart by ledger, see ``_apart``.
    """
    whose = "calendar" if question.asks_age else "book"
    over = f"facts.ended {'<' if setting.ended else '<='} {sql.number(sql.seconds(setting.at))}"
    listed = {
        "came": _apart(f"facts.{whose}", f"coalesce({utc_day('facts.local')}, {-_FAR})"),
        "gone": _apart(
            f"facts.{whose}", f"CASE WHEN {over} THEN coalesce({utc_day('facts.gone')}, {-_FAR}) ELSE {_FAR} END"
        ),
    }
    if question.asks_age:
        listed["received_n"] = "facts.received_n"
    listed |= {
        f"key{place}": _key(one, setting)
        for place, one in enumerate(question.by) if not one.is_calendar and one.kind != "age"
    }  # fmt: skip
    spells = f"SELECT {', '.join(f'{text} AS {name}' for name, text in listed.items())}, count(*) AS waiting"
    spells += f" FROM {_source(question, 'backlog', setting)} WHERE {_come(setting)}"
    spells += f" GROUP BY {', '.join(str(place + 1) for place in range(len(listed)))}"
    columns = []
    for place, one in enumerate(question.by):
        text = f"ends.{one.name}_" if one.is_calendar else f"spells.key{place}"
        text = _age_class("(ends.today - spells.received_n)") if one.kind == "age" else text
        columns.append(f"{text} AS key{place}")
    groups = ", ".join(str(place + 1) for place in range(len(columns)))
    last = _apart("ends.whose", "ends.day")
    return (
        f"SELECT {', '.join(columns)}, CAST(sum(spells.waiting) AS BIGINT) AS a_backlog FROM ({spells}) AS spells"
        f" JOIN {setting.ends} AS ends ON {last} >= spells.came AND {last} < spells.gone GROUP BY {groups}"
    )


def _apart(whose: str, day: str) -> str:
    """A day since 1970 as a number that is another one for each ledger, or calendar: one order joins them all."""
    return f"(CAST({whose} AS BIGINT) * {_APART} + {day})"


def _come(setting: Setting) -> str:
    """Whether a record was there by the moment that a backlog is taken at."""
    return f"facts.received {'<' if setting.ended else '<='} {sql.number(sql.seconds(setting.at))}"


def _members(question: Question, clock: str, setting: Setting) -> list[str]:
    """Which records count by a clock."""
    if clock == "backlog":
        over = ">=" if setting.ended else ">"
        return [
            _come(setting),
            f"facts.ended IS NULL OR facts.ended {over} {sql.number(sql.seconds(setting.at))}",
        ]
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
    shown = {"local": CLOCKS[clock].at}
    if clock == "backlog" and question.periods:
        shown["gone"] = "ended"
    listed, joins = "", ""
    for name, column in shown.items():
        at, zone = f"facts.{column}", f"zones_{name}"
        if setting.offset is not None:
            listed += f", {at} + {setting.offset} AS {name}"
        else:
            listed += f", {at} + CASE WHEN {at} < {zone}.turn THEN {zone}.before ELSE {zone}.after END AS {name}"
            joins += f" LEFT JOIN zones AS {zone} ON {zone}.book = facts.book AND {zone}.day = {utc_day(at)}"
    made = f"SELECT facts.*{listed} FROM facts{joins}"
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
    return _age_class(f"({last} - facts.received_n)")


def _age_class(days: str) -> str:
    steps = "".join(f" WHEN {days} <= {most} THEN '{key}'" for key, most, _label in AGES if most is not None)
    return f"CASE WHEN {days} IS NULL THEN ''{steps} ELSE '{AGES[-1][0]}' END"
