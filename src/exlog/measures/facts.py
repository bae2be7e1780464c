"""The relation ``facts``: a row for each record that counts, with what the measures are made of.

Times are seconds since 1970, lengths are seconds. It is made in two steps: ``base`` from the cells alone, and
then what hangs on a working calendar, by joining two tables: ``clocks`` has for each day of UTC the working time
passed before it and the spans within it, so W(t) is a sum of look-ups; ``workdays`` numbers the working days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from exlog.filters import Selection
from exlog.measures import sql
from exlog.measures.choosing import overdue, where
from exlog.measures.dimensions import Dimension
from exlog.measures.raw import BOOK, Raw
from exlog.vocabulary import EXCLUDED_CLOSE_REASONS, OPEN_STATUSES

DAY = 86400
REPEAT_DAYS = 30
"""A contact is repeated where the customer had one of the same category so many days before."""

CUSTOMER = "customer"
"""The column of ``facts`` that tells customers apart: the id, or the name of a one-off customer."""

_Make = Callable[[Raw, datetime], str]


def _rating(raw: Raw, _now: datetime) -> str:
    points = " ".join(f"WHEN '{points}' THEN {points}" for points in range(1, 6))
    return f"CASE WHEN {raw.cell('status')} = 'closed' THEN CASE {raw.cell('satisfaction')} {points} END END"


def _hold(raw: Raw) -> str:
    return f"60.0 * {sql.whole(raw.cell('hold_minutes'))}"


def _first_resolved(raw: Raw) -> str:
    kept = raw.cell("first_resolved_at")
    return f"CASE WHEN {kept} <> '' THEN {raw.at('first_resolved_at')} ELSE {raw.at('resolved_at')} END"


def _ended(raw: Raw, _now: datetime) -> str:
    """When a record was over; of one whose time cannot be read, when it came."""
    resolved, closed = f"{raw.cell('resolved_at')} <> ''", f"{raw.cell('status')} = 'closed'"
    return (
        f"CASE WHEN {resolved} THEN coalesce({raw.at('resolved_at')}, {raw.at('received_at')})"
        f" WHEN {closed} THEN coalesce({raw.at('closed_at')}, {raw.at('received_at')}) END"
    )


def _sla(raw: Raw, now: datetime) -> str:
    """1 met, 0 breached, else not yet due; see ``sla.targets``: the due time in the row is the target."""
    due, done, closed = (raw.at(name) for name in ("due_at", "resolved_at", "closed_at"))
    held = raw.at("hold_since", f"{raw.cell('status')} = 'on_hold'")
    late = f"{due} < coalesce({closed}, {held}, {sql.number(sql.seconds(now))})"
    return f"CASE WHEN {done} <= {due} THEN 1 WHEN {done} > {due} THEN 0 WHEN {done} IS NULL AND {late} THEN 0 END"


def _held_until(raw: Raw, _now: datetime) -> str:
    """Where only the elapsed minutes are known, they count as one hold from the start, as ``sla.targets`` has it."""
    start, end = raw.at("received_at"), raw.at("resolved_at")
    only = f"{raw.cell('hold_work_minutes')} = '' AND {_hold(raw)} > 0"
    return f"CASE WHEN {only} THEN least({start} + {_hold(raw)}, {end}) ELSE {start} END"


BASE: dict[str, _Make] = {
    "received": lambda raw, now: raw.at("received_at"),
    "recorded": lambda raw, now: raw.at("recorded_at"),
    "recorded_just": lambda raw, now: f"{raw.at('recorded_at')} - 0.000001",
    "responded": lambda raw, now: raw.at("first_response_at"),
    "resolved": lambda raw, now: raw.at("resolved_at"),
    "first_resolved": lambda raw, now: _first_resolved(raw),
    "closed": lambda raw, now: raw.at("closed_at"),
    "due": lambda raw, now: raw.at("due_at"),
    "ended": _ended,
    "held_until": _held_until,
    "hold_worked": lambda raw, now: f"60.0 * {sql.whole(raw.cell('hold_work_minutes'))}",
    "spent": lambda raw, now: f"{raw.at('resolved_at')} - {raw.at('received_at')} - {_hold(raw)}",
    "response": lambda raw, now: f"{raw.at('first_response_at')} - {raw.at('received_at')}",
    "rating": _rating,
    "sla": _sla,
    "is_complaint": lambda raw, now: f"{raw.cell('type')} = 'complaint'",
    "is_open": lambda raw, now: sql.any_of(raw.cell("status"), OPEN_STATUSES),
    "is_overdue": overdue,
    "is_reopened": lambda raw, now: f"{sql.whole(raw.cell('reopen_count'))} > 0",
    "is_resolved": lambda raw, now: f"{raw.cell('resolved_at')} <> ''",
    "is_first_resolved": lambda raw, now: f"{raw.cell('first_resolved_at')} <> '' OR {raw.cell('resolved_at')} <> ''",
    "is_closed": lambda raw, now: f"{raw.cell('status')} = 'closed'",
}
"""Columns of ``facts`` that the cells of a record tell, as SQL over ``raw``."""

REPEAT = "is_repeat"

WORKED: dict[str, str] = {
    "spent_w": "W(resolved) - W(received) - hold_worked - (W(held_until) - W(received))",
    "target_w": "W(due) - W(received) - hold_worked - (W(held_until) - W(received))",
    "response_w": "W(responded) - W(received)",
    "lag_w": "W(recorded) - W(received)",
    "is_in_time": "N(recorded_just) - (CASE WHEN recorded_just < C(recorded_just) THEN 1 ELSE 0 END) <= N(received)",
    "received_n": "N(received)",
    "ended_n": "N(ended)",
}
"""Columns that hang on a calendar. W(t): working seconds up to the instant t, N(t): the number of the last working
day up to that of t, C(t): close of business of the day of t where it is a working day. A record that was in time
has no more days closed before it was recorded than began up to the day it was received."""


def named(text: str) -> set[str]:
    """The columns of ``facts`` that a piece of SQL names."""
    words = set(re.findall(r"[a-z_]+", text))
    return words & {*BASE, *WORKED, REPEAT}


def instants(names: Iterable[str]) -> tuple[set[str], set[str]]:
    """The instants whose working time, and those whose working day, the columns ``names`` need."""
    text = " ".join(WORKED[name] for name in names if name in WORKED)
    numbered = set(re.findall(r"[NC]\(([a-z_]+)\)", text))
    return set(re.findall(r"W\(([a-z_]+)\)", text)), numbered


def needed(names: Iterable[str]) -> set[str]:
    """The columns of BASE that ``names`` are made of."""
    found = set(names)
    return (found | {one for name in found if name in WORKED for one in named(WORKED[name])}) & set(BASE)


def base(
    raw: Raw,
    names: Collection[str],
    dims: Mapping[str, Dimension],
    selection: Selection,
    now: datetime,
    more: Mapping[str, str],
) -> str:
    """SQL of the first step: the columns ``names``, of ``dims`` (name in ``facts`` to dimension) and ``more``.

    A row with a time that the engine cannot read is marked ``odd``; where the filters look at that time, it is
    there whether it is chosen or not.
    """
    chosen = where(selection, raw)
    odd_to_filters = raw.odd
    made = {name: BASE[name](raw, now) for name in sorted(needed(names))}
    made |= {alias: _dimension(raw, one) for alias, one in dims.items()}
    made |= more
    counts = f"NOT {sql.any_of(raw.cell('close_reason'), EXCLUDED_CLOSE_REASONS)}"
    if REPEAT in names:
        made[REPEAT] = REPEAT
        source, odd, condition = _repeats(raw, counts, chosen), "odd", f"(chosen OR odd) AND {counts}"
    else:
        source, odd, condition = raw.source, raw.odd, f"({counts} AND {chosen}) OR {odd_to_filters}"
    listed = "".join(f", {text} AS {name}" for name, text in made.items())
    return f"SELECT {BOOK}, ({odd}) AS odd{listed} FROM {source} WHERE {condition}"


def customer_of(raw: Raw) -> str:
    """What tells customers apart."""
    code, name = raw.plain("customer_id"), raw.plain("customer_name")
    return f"CASE WHEN {raw.cell('customer_id')} <> '' THEN {code} ELSE {name} END"


def _dimension(raw: Raw, one: Dimension) -> str:
    if one.kind == "customer":
        return customer_of(raw)
    return raw.plain("customer_id" if one.profile else one.column)


def _repeats(raw: Raw, counts: str, chosen: str) -> str:
    """``raw`` with whether the customer came before, by all records that count, chosen or not."""
    at, customer, category = raw.at("received_at"), customer_of(raw), raw.plain("category")
    own = raw.cell("id")
    known = f"({counts}) AND ({customer}) <> '' AND ({category}) <> '' AND ({at}) IS NOT NULL"
    before = f"lag(came) OVER (PARTITION BY {BOOK}, whom, what, known ORDER BY came, {own})"
    inner = (
        f"SELECT *, ({chosen}) AS chosen, ({raw.odd}) AS odd, ({known}) AS known, {at} AS came,"
        f" {customer} AS whom, {category} AS what FROM {raw.source}"
    )
    again = f"known AND coalesce(came - {before} <= {REPEAT_DAYS * DAY}, FALSE)"
    return f"(SELECT *, {again} AS is_repeat FROM ({inner}) AS contacts) AS repeats"


def worked(names: Collection[str], spans: int, source: str) -> str:
    """SQL of the second step over ``source``, which has ``calendar``; ``clocks`` has so many ``spans`` a day."""
    passed, numbered = instants(names)
    lists = [
        f"b.*{''.join(f', {_worked(WORKED[name], spans)} AS {name}' for name in sorted(set(names) & set(WORKED)))}"
    ]
    joins = [
        f"LEFT JOIN clocks k_{one} ON k_{one}.calendar = b.calendar AND k_{one}.day = {utc_day(f'b.{one}')}"
        for one in sorted(passed | numbered)
    ]
    joins += [
        f"LEFT JOIN workdays n_{one} ON n_{one}.calendar = b.calendar AND n_{one}.day = {utc_day(_local(one))}"
        for one in sorted(numbered)
    ]
    return f"SELECT {', '.join(lists)} FROM {source} AS b {' '.join(joins)}"


def utc_day(at: str) -> str:
    """The number of the day since 1970 that an instant in seconds falls in."""
    return f"CAST(floor(({at}) / {DAY}.0) AS BIGINT)"


def _local(one: str) -> str:
    return f"b.{one} + CASE WHEN b.{one} < k_{one}.turn THEN k_{one}.before ELSE k_{one}.after END"


def _worked(text: str, spans: int) -> str:
    def passed(match: re.Match[str]) -> str:
        one = match[1]
        parts = [
            f" + greatest(0.0, least(b.{one} - k_{one}.open{span}, k_{one}.length{span}))" for span in range(spans)
        ]
        return f"(k_{one}.passed{''.join(parts)})"

    text = re.sub(r"\bW\(([a-z_]+)\)", passed, text)
    text = re.sub(r"\bN\(([a-z_]+)\)", r"n_\1.number", text)
    text = re.sub(r"\bC\(([a-z_]+)\)", r"n_\1.close", text)
    return re.sub(r"(?<![.\w])(hold_worked|recorded_just)\b", r"b.\1", text)
