"""What holds for every row, imported ones too: known keys, order of times, a resolution once resolved.

Guards (see ``workflow``) are asked at the moment of a change; these are asked of any row at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from exlog import vocabulary
from exlog.fields import Field
from exlog.i18n import _
from exlog.times import format_time
from exlog.times import moment as read_moment

_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

ORDER: tuple[tuple[str, str], ...] = (
    ("occurred_at", "received_at"),
    ("received_at", "recorded_at"),
    ("received_at", "assigned_at"),
    ("received_at", "first_response_at"),
    ("received_at", "resolved_at"),
    ("received_at", "closed_at"),
    ("resolved_at", "confirmed_at"),
    ("resolved_at", "closed_at"),
)
"""Pairs of times of which the first never comes after the second, where both are there."""

_RESOLVED = ("resolved", "closed")
_REQUIRED = ("status", "type", "channel", "subject", "received_at", "recorded_at")
_ALWAYS = frozenset(_REQUIRED)
_PAST = ("received_at", "recorded_at", "resolved_at", "closed_at")
_CLOSED = frozenset(("resolution", "resolved_at", "closed_at"))
_CLOSED_ALONE = frozenset(("resolved_at", "closed_at", "close_reason", "hold_since"))
_OPEN_AND_RUNNING = ("new", "in_progress")


class Problem(NamedTuple):
    """One thing wrong with a row: the field it shows at, and what is wrong."""

    field: str
    message: str


def problems(record: Mapping[str, str], schema: Mapping[str, Field], now: datetime) -> Iterator[Problem]:
    """Everything that is wrong with ``record`` (plain texts by field name; absent is missing or empty)."""
    times: dict[str, datetime] = {}
    for name, text in record.items():
        if not text:
            continue
        field = schema.get(name)
        if field is None or field.kind == "text":
            continue
        if field.kind == "time":
            moment = read_moment(text)
            if moment is None:
                yield Problem(name, _("{text!r} is no time like 2024-03-15T14:30:00+08:00").format(text=text))
            else:
                times[name] = moment
        else:
            message = wrong_value(field, text)
            if message:
                yield Problem(name, message)
    yield from _absent(record, schema)
    yield from _out_of_order(record, times, now)
    yield from _against_status(record)


def quick_check(schema: Mapping[str, Field], now: datetime) -> Callable[[Mapping[str, str]], bool]:
    """A test that says of most sound records that they are; where it does not, ``problems`` decides.

    For imports, where the map has made every value one of its kind already and leaves absent ones out: it looks at
    what must be there, at times written with one offset, which sort as texts do, and at the status.
    """
    latest = format_time(now)
    offset = latest[19:]
    asked = [name for name, field in schema.items() if field.required_when]
    order = {name for pair in ORDER for name in pair}

    def is_sound(present: Mapping[str, str]) -> bool:
        if not present.keys() >= _ALWAYS or (present["type"] == "complaint" and "category" not in present):
            return False
        if ("customer_name" not in present and "customer_id" not in present) or (
            asked and not present.keys() >= set(asked)
        ):
            return False
        for name in present.keys() & order:
            if present[name][19:] != offset or (name in _PAST and present[name] > latest):
                return False
        for first, second in ORDER:
            if first in present and second in present and present[first] > present[second]:
                return False
        if present["status"] == "closed":
            return present.keys() >= _CLOSED and "hold_since" not in present
        return present["status"] in _OPEN_AND_RUNNING and not present.keys() & _CLOSED_ALONE

    return is_sound


def row_check(schema: Mapping[str, Field], now: datetime) -> Callable[[Mapping[str, str]], bool]:
    """A test for many rows of any origin, which remembers the values it found right; see ``quick_check``."""
    is_sound = quick_check(schema, now)
    kinds = {name: field.kind for name, field in schema.items() if field.kind != "text"}
    right: dict[str, set[str]] = {name: set() for name in kinds}
    days, hours, offsets = set[str](), set[str](), set[str]()

    def is_time(text: str) -> bool:
        if len(text) != 25 or read_moment(text) is None:
            return False
        days.add(text[:10])
        hours.add(text[10:19])
        offsets.add(text[19:])
        return True

    def check(present: Mapping[str, str]) -> bool:
        for name, text in present.items():
            kind = kinds.get(name)
            if kind == "time":
                if not ((text[:10] in days and text[10:19] in hours and text[19:] in offsets) or is_time(text)):
                    return False
            elif kind is not None and text not in right[name]:
                if wrong_value(schema[name], text):
                    return False
                right[name].add(text)
        return is_sound(present)

    return check


def wrong_value(field: Field, text: str) -> str:
    """What is wrong with one value of a field of any kind but text and time; empty for nothing."""
    if field.kind == "choice":
        known = vocabulary.keys(field.enum) if field.enum else field.choices
        if text not in known:
            return _("no such {field}: {text!r}").format(field=field.name, text=text)
    elif field.kind == "int":
        if not _INTEGER.fullmatch(text):
            return _("{text!r} is no whole number").format(text=text)
        if field.name == "satisfaction" and text not in ("1", "2", "3", "4", "5"):
            return _("satisfaction is 1 to 5, not {text}").format(text=text)
    elif field.kind == "decimal":
        if not _DECIMAL.fullmatch(text):
            return _("{text!r} is no number").format(text=text)
    elif field.kind == "date":
        try:
            valid = _DATE.fullmatch(text) and datetime.fromisoformat(text)
        except ValueError:
            valid = None
        if not valid:
            return _("{text!r} is no date like 2024-03-15").format(text=text)
    return ""


def _absent(record: Mapping[str, str], schema: Mapping[str, Field]) -> Iterator[Problem]:
    for name in _REQUIRED:
        if not record.get(name):
            yield Problem(name, _("{field} is missing").format(field=name))
    if record.get("type") == "complaint" and not record.get("category"):
        yield Problem("category", _("a complaint needs a category"))
    if not record.get("customer_id") and not record.get("customer_name"):
        yield Problem("customer_name", _("the customer is missing"))
    for name, field in schema.items():
        if (
            field.required_when
            and not record.get(name)
            and all(record.get(key, "") == value for key, value in field.required_when)
        ):
            yield Problem(name, _("{field} is missing").format(field=name))


def _out_of_order(record: Mapping[str, str], times: Mapping[str, datetime], now: datetime) -> Iterator[Problem]:
    for first, second in ORDER:
        if first in times and second in times and times[first] > times[second]:
            yield Problem(
                second,
                _("times out of order: {second} {later} comes before {first} {earlier}").format(
                    second=second, later=record[second], first=first, earlier=record[first]
                ),
            )
    for name in _PAST:
        if name in times and times[name] > now:
            yield Problem(name, _("{field} {time} lies in the future").format(field=name, time=record[name]))


def _against_status(record: Mapping[str, str]) -> Iterator[Problem]:
    status = record.get("status", "")
    closed_unresolved = status == "closed" and record.get("close_reason", "") in vocabulary.EXCLUDED_CLOSE_REASONS
    if status in _RESOLVED and not closed_unresolved:
        for name in ("resolution", "resolved_at"):
            if not record.get(name):
                yield Problem(
                    name,
                    _("{field} is missing although the record is {status}").format(
                        field=name, status=vocabulary.label("status", status)
                    ),
                )
    elif status not in _RESOLVED and record.get("resolved_at"):
        yield Problem(
            "resolved_at",
            _("resolved_at is set although the record is {status}").format(status=vocabulary.label("status", status)),
        )
    if (status == "closed") != bool(record.get("closed_at")):
        yield Problem("closed_at", _("closed_at and the status contradict each other"))
    if status != "closed" and record.get("close_reason"):
        yield Problem("close_reason", _("close_reason is set although the record is not closed"))
    if (status == "on_hold") != bool(record.get("hold_since")):
        yield Problem("hold_since", _("hold_since and the status contradict each other"))
