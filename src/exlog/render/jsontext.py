"""JSON text: records built piece by piece from ready-made keys, which a million of them needs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring as quote
from typing import TextIO

from exlog.render.columns import NUMERIC, Column, is_number
from exlog.render.escape import HOSTILE
from exlog.render.stream import batches, put

_LINE_ENDS = "\x85\u2028\u2029"
"""JSON lets them stand, but many readers would break a line of JSON lines there."""


def print_json(kind: str, columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """The envelope around an array with one record a line; returns the number of records."""
    before = _opening(kind) + "["
    count = 0
    for batch in batches(map(encoder(columns), records)):
        _put(before + "\n" + ",\n".join(batch), out)
        before = ","
        count += len(batch)
    _put("\n]}\n" if count else before + "]}\n", out)
    return count


def print_lines(columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """One object a line and no envelope; returns the number of records."""
    count = 0
    for batch in batches(map(encoder(columns), records)):
        _put("\n".join(batch) + "\n", out)
        count += len(batch)
    return count


def print_record(
    kind: str | None,
    columns: Sequence[Column],
    values: Sequence[object],
    extra: Mapping[str, object],
    out: TextIO,
) -> None:
    """One object with all keys and those of ``extra``, which win; in the envelope unless ``kind`` is None."""
    pairs = [(column, value) for column, value in zip(columns, values, strict=True) if column.name not in extra]
    own = encoder([column for column, _ in pairs])([value for _, value in pairs])
    more = _dumps(extra)
    text = own[:-1] + (", " if pairs and extra else "") + more[1:]
    _put(text + "\n" if kind is None else _opening(kind) + text + "}\n", out)


def print_envelope(kind: str, data: object, out: TextIO) -> None:
    """Any data that JSON can hold, in the envelope, on one line."""
    _put(_opening(kind) + _dumps(data) + "}\n", out)


def encoder(columns: Sequence[Column]) -> Callable[[Sequence[object]], str]:
    """The function from the cells of one record to its JSON object, with every key and absent cells null."""
    keys = [quote(column.name) + ": " for column in columns]
    slots = [
        (key, key + "null", _number if column.kind in NUMERIC else _text)
        for key, column in zip(keys, columns, strict=True)
    ]

    def encode(values: Sequence[object]) -> str:
        cells = [
            absent if value == "" or value is None else key + encoded(value)
            for (key, absent, encoded), value in zip(slots, values, strict=True)
        ]
        return "{" + ", ".join(cells) + "}"

    return encode


def _text(value: object) -> str:
    return quote(value) if isinstance(value, str) else _other(value)


def _number(value: object) -> str:
    if isinstance(value, str):
        return value if is_number(value) else quote(value)
    return _other(value)


def _other(value: object) -> str:
    """A number, or what else JSON holds; null for a float that is no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return _dumps(value)


def _dumps(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def _opening(kind: str) -> str:
    return f'{{"exlog": 1, "kind": {quote(kind)}, "data": '


def _put(text: str, out: TextIO) -> None:
    r"""Write JSON; what breaks lines, steers a terminal or cannot be encoded stands as ``\uXXXX``."""
    if out.isatty():
        text = HOSTILE.sub(lambda match: match[0] if match[0] == "\n" else _unicode(match[0]), text)
    elif not text.isascii():
        for char in _LINE_ENDS:
            if char in text:
                text = text.replace(char, _unicode(char))
    put(text, out, _unicode)


def _unicode(char: str) -> str:
    r"""``\uXXXX``, twice for a character beyond the first plane."""
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"
