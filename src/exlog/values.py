"""What people type for one field, made into the text that is stored: keys, times, dates, numbers."""

from __future__ import annotations

import re
from datetime import datetime

from exlog import times, typed_times
from exlog.canonical import MAX_CELL
from exlog.errors import Usage
from exlog.fields import Field
from exlog.i18n import _
from exlog.policy import Policy

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,12}", re.ASCII)
_LONG = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}([,，]\d{3})+(\.\d+)?", re.ASCII)
_AHEAD = ("expected_at", "due_at", "follow_up_at", "hold_until", "effect_check_at")
"""Times that lie ahead: a typed weekday or a date without a year is the coming one, ``2d`` is in two days."""


def read(field: Field, text: str, policy: Policy, now: datetime) -> str:
    """The stored text of ``field`` for what was typed; an empty text empties the field.

    Raises Usage that names the field and what it takes.
    """
    text = text.strip() if field.kind != "text" else text.replace("\r\n", "\n").strip()
    if not text:
        return ""
    if len(text) > MAX_CELL:
        raise Usage(
            _("{field} has {size} characters; the most is {most}").format(
                field=field.name, size=len(text), most=MAX_CELL
            ),
            remedy=_("keep long texts in a file of their own and name it in the record"),
        )
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Usage(_("{field} holds bytes that are no text").format(field=field.name), remedy=_("type it as UTF-8"))
    if "\0" in text:
        raise Usage(_("{field} holds a NUL character").format(field=field.name), remedy=_("send plain text without it"))
    if field.kind == "choice":
        return policy.resolve(field.enum, text) if field.enum else _own_choice(field, text)
    if field.kind == "time":
        moment = typed_times.parse_when(text, now=now, future=field.name in _AHEAD)
        return times.format_time(moment)
    if field.kind == "date":
        return typed_times.parse_date(text, now=now)
    return _number(field, text) if field.kind in ("decimal", "int") else text


def _own_choice(field: Field, text: str) -> str:
    for choice in field.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise Usage(
        _("{enum} cannot be {text!r}").format(enum=field.name, text=text),
        remedy=_("one of: {choices}").format(choices=", ".join(field.choices)),
    )


def without_separators(text: str) -> str:
    """A number without the commas between its thousands; any other text as it is, so no comma is lost from it."""
    return text.replace(",", "").replace("，", "") if _GROUPED.fullmatch(text) else text


def _number(field: Field, text: str) -> str:
    plain = without_separators(text)
    if field.name == "satisfaction" and plain not in ("1", "2", "3", "4", "5"):
        raise Usage(_("satisfaction is 1 to 5, not {text}").format(text=text), remedy=_("1 is the worst, 5 the best"))
    whole = field.kind == "int"
    if (_INTEGER if whole else _NUMBER).fullmatch(plain):
        return plain
    if _LONG.fullmatch(plain) and not (whole and "." in plain):
        raise Usage(
            _("{field} is too long a number: {text}").format(field=field.name, text=text),
            remedy=_("at most 12 digits") if whole else _("at most 18 digits before the point and 9 after it"),
        )
    raise Usage(
        _("{field} must be a number, not {text!r}").format(field=field.name, text=text),
        remedy=_("write it like 12")
        if whole
        else _("write it like 1299.50 or 1,299.50: a point before decimals, commas between thousands"),
    )
