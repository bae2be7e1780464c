"""The filter options, the same in every command, compiled into one predicate over the cells of a row.

Filters choose records: each option narrows, values of one option (with commas, or repeated) widen. ``--search`` and
``--where`` widen with commas and narrow when repeated.
``since`` and ``until`` look at received_at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from exlog import times, typed_times, vocabulary
from exlog.canonical import decode_cell, encode_cell
from exlog.errors import Usage
from exlog.fields import Field
from exlog.i18n import _
from exlog.policy import Policy

Cells = Sequence[str]
Condition = tuple[str, str, tuple[str, ...]]
"""Field, sign and the wanted values; of a time that equals, start and end of each period (see ``periods``)."""
Test = Callable[[Cells], bool]

_CONDITION = re.compile(r"\s*([^!<>=~]*[^!<>=~\s])\s*(!=|>=|<=|=|>|<|~)(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
CHOICE_OPTIONS = ("status", "type", "category", "urgency", "channel")
RUNNING = frozenset(vocabulary.OPEN_STATUSES) - {"resolved"}
"""Statuses in which a record can be overdue."""
TEXT_OPTIONS = ("department", "owner")


class Filters(NamedTuple):
    """What the options say, as typed. ``scope``: ``open`` (records that still need somebody) or ``all``."""

    scope: str = "all"
    status: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    overdue: bool = False
    unassigned: bool = False
    search: tuple[str, ...] = ()
    where: tuple[str, ...] = ()


class Selection(NamedTuple):
    """Filters understood: keys resolved, times read, conditions parsed.

    ``needles``: for each group, one of its texts must stand in the line of a row, or the row cannot match;
    a cheap test before the row is split. ``since``/``until`` bound received_at: [since, until).
    """

    statuses: frozenset[str]
    conditions: tuple[Condition, ...]
    customers: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    since: datetime | None
    until: datetime | None
    overdue_at: datetime | None
    unassigned: bool
    needles: tuple[tuple[str, ...], ...]
    kinds: dict[str, Field]

    @property
    def wants_closed(self) -> bool:
        """Whether an archived row, which is always closed, can be chosen."""
        return (not self.statuses or "closed" in self.statuses) and self.overdue_at is None


def understand(filters: Filters, policy: Policy, now: datetime) -> Selection:
    """Resolve what was typed. Raises Usage for an unknown value, field or time."""
    statuses = {policy.resolve("status", word) for word in _split(filters.status)}
    if not statuses and filters.scope == "open":
        statuses = set(vocabulary.OPEN_STATUSES)
    conditions = []
    for name in CHOICE_OPTIONS[1:]:
        words = _split(getattr(filters, name))
        if words:
            conditions.append((name, "=", tuple(policy.resolve(name, word) for word in words)))
    for name in TEXT_OPTIONS:
        words = _split(getattr(filters, name))
        if words:
            conditions.append((name, "=", tuple(words)))
    conditions += [_condition(text, policy, now) for text in filters.where]
    kinds = policy.schema()
    since = typed_times.parse_since(filters.since, now=now) if filters.since else None
    until = typed_times.parse_until(filters.until, now=now) if filters.until else None
    if since and until and since >= until:
        raise Usage(
            _("--since {since} comes after --until {until}").format(since=filters.since, until=filters.until),
            remedy=_("turn the two around"),
        )
    return Selection(
        statuses=frozenset(statuses),
        conditions=tuple(conditions),
        customers=tuple(word.casefold() for word in _split(filters.customer)),
        texts=tuple(tuple(word.casefold() for word in _split([text])) for text in filters.search if _split([text])),
        since=since,
        until=until,
        overdue_at=now if filters.overdue else None,
        unassigned=filters.unassigned,
        needles=_needles(conditions, kinds),
        kinds=kinds,
    )


def compile_for(selection: Selection, columns: Sequence[str]) -> Test:
    """The predicate over stored cells under ``columns``; a column that is not there counts as empty."""
    place = {name: index for index, name in enumerate(columns)}
    tests: list[Test] = []
    if selection.statuses:
        tests.append(_one_of(place["status"], selection.statuses))
    for name, sign, wanted in selection.conditions:
        tests.append(_condition_test(place.get(name), selection.kinds[name], sign, wanted))
    if selection.customers:
        tests.append(_customer_test(place, selection.customers))
    if selection.since or selection.until:
        tests.append(_period_test(place["received_at"], selection.since, selection.until))
    if selection.overdue_at:
        tests.append(_overdue_test(place, selection.overdue_at))
    if selection.unassigned:
        tests.append(_empty_test(place.get("owner")))
    for words in selection.texts:
        tests.append(_search_test(place, selection.kinds, words))
    if len(tests) == 1:
        return tests[0]
    return lambda cells: all(test(cells) for test in tests)


def _split(words: Sequence[str]) -> list[str]:
    return [part.strip() for word in words for part in re.split("[,，]", word) if part.strip()]


def _condition(text: str, policy: Policy, now: datetime) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise Usage(
            _("{text!r} is no condition").format(text=text),
            remedy=_("write it like product=P20, order_value>=1000, batch= or subject~scratch"),
        )
    name, sign, value = match[1], match[2], match[3].strip()
    field = policy.field(name)
    if field is None:
        raise unknown_field(name, policy)
    name = field.name
    wanted = _split([value]) if sign in ("=", "!=") else [value]
    if not value:
        return name, sign, ("",)
    if field.enum and sign != "~":
        wanted = [policy.resolve(field.enum, word) for word in wanted]
    if field.kind == "time" and sign in ("=", "!="):
        spans = [typed_times.parse_span(word, now=now) for word in wanted]
        wanted = [times.format_time(moment) for span in spans for moment in span]
    elif field.kind == "time" and sign != "~":
        wanted = [times.format_time(_bound(word, sign, now)) for word in wanted]
    return name, sign, tuple(wanted)


def periods(wanted: Sequence[str]) -> list[tuple[datetime, datetime]]:
    """The periods in which a time lies that equals what was typed, each without its end."""
    moments = [datetime.fromisoformat(word) for word in wanted]
    return list(zip(moments[::2], moments[1::2], strict=True))


def _bound(word: str, sign: str, now: datetime) -> datetime:
    """``>2024-03`` is after March, ``<=2024-03`` takes March in: the end of the period, else its start."""
    start, end = typed_times.parse_span(word, now=now)
    return end if sign in (">", "<=") else start


def is_overdue(status: str, due_at: str, hold_since: str, now: datetime) -> bool:
    """Whether an unresolved record is past its due time; on hold the clock stood still when the hold began."""
    due = times.moment(due_at) if status in RUNNING else None
    held = times.moment(hold_since) if status == "on_hold" else None
    return due is not None and due < (held or now)


def unknown_field(name: str, policy: Policy) -> Usage:
    """The error for a field that neither exlog nor exlog.yaml declares, with the near matches."""
    import difflib

    near = difflib.get_close_matches(name, list(policy.schema()), n=3)
    return Usage(
        _("no such field: {name}").format(name=name),
        remedy=_("did you mean {near}?").format(near=", ".join(near))
        if near
        else _("own fields are declared under fields: in exlog.yaml"),
    )


def _needles(conditions: Sequence[Condition], kinds: dict[str, Field]) -> tuple[tuple[str, ...], ...]:
    groups = []
    for name, sign, wanted in conditions:
        exact = kinds[name].kind == "choice" or not any(_has_case(word) for word in wanted)
        if sign == "=" and exact and all(wanted) and kinds[name].kind != "time":
            groups.append(tuple(encode_cell(word).replace('"', '""') for word in wanted))
    return tuple(groups)


def _has_case(word: str) -> bool:
    return word.casefold() != word or word.upper() != word


def _one_of(index: int, wanted: frozenset[str]) -> Test:
    return lambda cells: cells[index] in wanted


def _empty_test(index: int | None) -> Test:
    return lambda cells: index is None or not cells[index]


def _condition_test(index: int | None, field: Field, sign: str, wanted: tuple[str, ...]) -> Test:
    if index is None:
        matches = _condition_test(0, field, sign, wanted)([""])
        return lambda cells: matches
    if sign in ("=", "!="):
        if field.kind == "time" and wanted != ("",):
            within = [_period_test(index, start, end) for start, end in periods(wanted)]
            return lambda cells: any(test(cells) for test in within) == (sign == "=")
        words = frozenset(word.casefold() for word in wanted)
        if field.kind == "choice":
            return lambda cells: (cells[index].casefold() in words) == (sign == "=")
        return lambda cells: (decode_cell(cells[index]).casefold() in words) == (sign == "=")
    if sign == "~":
        part = wanted[0].casefold()
        return lambda cells: part in decode_cell(cells[index]).casefold()
    return _compare_test(index, field, sign, wanted[0])


def bound(field: Field, wanted: str) -> Any:
    """What the values of a field are compared with. Raises Usage where it cannot be."""
    found = _key(field)(wanted)
    if found is None:
        raise Usage(
            _("{value!r} is no number to compare {field} with").format(value=wanted, field=field.name),
            remedy=_("write it like order_value>=1000"),
        )
    return found


def _key(field: Field) -> Callable[[str], Any]:
    if field.kind == "time":
        return times.moment
    return _decimal if field.kind in ("int", "decimal") else decode_cell


def _compare_test(index: int, field: Field, sign: str, wanted: str) -> Test:
    key, limit = _key(field), bound(field, wanted)
    # A time bound is the start or the end of what was typed (see _bound), so > and >= both mean "from there on".
    sign = {">": ">=", "<=": "<"}.get(sign, sign) if field.kind == "time" else sign

    def test(cells: Cells) -> bool:
        value = key(cells[index]) if cells[index] else None
        if value is None:
            return False
        above, equal = value > limit, value == limit
        return (above and ">" in sign) or (equal and "=" in sign) or (not above and not equal and "<" in sign)

    return test


def _decimal(text: str) -> Decimal | None:
    """A number as ``check`` allows it."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _customer_test(place: dict[str, int], wanted: tuple[str, ...]) -> Test:
    id_index, name_index = place.get("customer_id"), place.get("customer_name")

    def test(cells: Cells) -> bool:
        code = cells[id_index].casefold() if id_index is not None else ""
        name = decode_cell(cells[name_index]).casefold() if name_index is not None else ""
        return any(word == code or word in name for word in wanted)

    return test


def _period_test(index: int, since: datetime | None, until: datetime | None) -> Test:
    def test(cells: Cells) -> bool:
        moment = times.moment(cells[index])
        if moment is None:
            return False
        return (since is None or moment >= since) and (until is None or moment < until)

    return test


def _overdue_test(place: dict[str, int], now: datetime) -> Test:
    status, due, held = place["status"], place.get("due_at"), place.get("hold_since")
    return lambda cells: (
        due is not None and is_overdue(cells[status], cells[due], cells[held] if held is not None else "", now)
    )


def _search_test(place: dict[str, int], kinds: dict[str, Field], words: tuple[str, ...]) -> Test:
    indexes = [index for name, index in place.items() if name not in kinds or kinds[name].kind in ("text", "id")]

    def test(cells: Cells) -> bool:
        texts = [decode_cell(cells[index]).casefold() for index in indexes if cells[index]]
        return any(word in text for text in texts for word in words)

    return test
