"""Text of a cell → text of a field: one converter for each kind of field; what fits none is rejected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo

from exlog import vocabulary
from exlog.errors import Usage
from exlog.fields import Field
from exlog.i18n import _
from exlog.mapping.moments import stored_date, stored_time

Convert = Callable[[str], str]
"""Takes a text that is not empty; raises Rejected where it does not fit the field."""

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)[$€£¥￥₩₹₽฿₫₪₺₴₱＄￡]? ?(?P<minus>-?)"
    r"(?P<whole>[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5}|(?=\.))(?P<part>\.[0-9]{1,9})?"
)
_SHOWN = 60


class Rejected(Exception):
    """A row that cannot be taken. ``reason`` is for people; ``field`` and ``column`` name the place."""

    def __init__(self, reason: str, *, field: str = "", column: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.column = column


def shown(text: str) -> str:
    """``text`` quoted for a message: one line, control characters escaped, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def converter(
    field: Field, column: str, formats: tuple[str, ...], tz: tzinfo, aliases: Mapping[str, Mapping[str, str]]
) -> Convert:
    """The converter for ``field``. ``column`` goes into rejections; ``formats`` are strptime's, or ISO."""

    def reject(message: str, **parts: object) -> Rejected:
        return Rejected(message.format(field=field.name, column=column, **parts), field=field.name, column=column)

    if field.kind == "choice":
        return _choice(field, aliases, reject)
    if field.kind in ("time", "date"):
        return _time(field, formats, tz, reject)
    if field.kind in ("decimal", "int"):
        return _number(field, reject)
    return _text(reject)


_Reject = Callable[..., Rejected]


def _text(reject: _Reject) -> Convert:
    def convert(text: str) -> str:
        if "\0" in text:
            raise reject(_("{field}: the text has a NUL character"))
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text

    return convert


def _choice(field: Field, aliases: Mapping[str, Mapping[str, str]], reject: _Reject) -> Convert:
    choices = vocabulary.keys(field.enum) if field.enum else field.choices
    folded = {choice.casefold(): choice for choice in reversed(field.choices)}

    def convert(text: str) -> str:
        try:
            if field.enum:
                return vocabulary.resolve(field.enum, text, aliases.get(field.enum))
            return text if text in choices else folded[text.casefold()]
        except (Usage, KeyError):
            message = _("{field}: {text} is none of {choices}")
            raise reject(message, text=shown(text), choices=", ".join(choices)) from None

    return convert


def _time(field: Field, formats: tuple[str, ...], tz: tzinfo, reject: _Reject) -> Convert:
    read = stored_date(formats, tz) if field.kind == "date" else stored_time(formats, tz)
    wanted = " | ".join(formats) or "YYYY-MM-DD[THH:MM:SS[+HH:MM]]"

    def convert(text: str) -> str:
        try:
            return read(text)
        except (ValueError, OverflowError):
            message = _("{field}: {text} is no time like {format}")
            raise reject(message, text=shown(text), format=wanted) from None

    return convert


def _number(field: Field, reject: _Reject) -> Convert:
    whole = field.kind == "int"

    def convert(text: str) -> str:
        found = _NUMBER.fullmatch(text)
        if not found or (found["sign"] and found["minus"]):
            raise reject(_("{field}: {text} is no number of at most 18 digits and 9 decimals"), text=shown(text))
        digits = found["whole"].replace(",", "") or "0"
        negative = "-" in (found["sign"], found["minus"])
        if not whole:
            return f"{'-' if negative else ''}{digits}{found['part'] or ''}"
        if negative or (found["part"] or "").strip(".0") or len(digits) > 12:
            raise reject(_("{field}: {text} is no whole number from 0 on"), text=shown(text))
        value = int(digits)
        if field.name == "satisfaction" and not 1 <= value <= 5:
            raise reject(_("{field}: {text} is not 1 to 5"), text=shown(text))
        return str(value)

    return convert
