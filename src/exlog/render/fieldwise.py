"""A table one field a line, so that a diff reads ``F20240315001 status: in_progress`` → ``closed``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exlog import canonical, ids
from exlog.errors import Damaged
from exlog.render.escape import safe

_EVENT = ("at", "actor", "record", "action", "field", "old", "new", "note", "uid", "event")
_KEYS = {"id", "lane", "month"}
"""Columns that name a row, if the first one is such."""


def lines(data: bytes, name: str) -> Iterator[bytes]:
    """The lines, ended by LF. A text that is no table of exlog's comes as it is."""
    try:
        table = canonical.parse(data, name)
        cells = [table.cells(row) for row in range(len(table.lines))]
    except Damaged:
        yield data
        return
    if table.columns[: len(_EVENT)] == _EVENT:
        found: Iterable[str] = map(_event, cells)
    elif table.columns[0] in _KEYS:
        found = (line for row in _ordered(table.columns[0], cells) for line in _fields(table.columns, row))
    else:
        yield data
        return
    for line in found:
        yield (safe(line) + "\n").encode("utf-8", "backslashreplace")


def _ordered(key: str, cells: list[list[str]]) -> list[list[str]]:
    """Rows by id, however a spreadsheet sorted them."""
    return sorted(cells, key=lambda row: ids.sort_key(row[0])) if key == "id" else cells


def _fields(columns: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    key = row[0] if columns[0] == "id" else f"{columns[0]} {row[0]}"
    yield from (f"{key} {name}: {text}" for name, text in zip(columns[1:], row[1:], strict=True) if text)


def _event(row: Sequence[str]) -> str:
    at, actor, record, action, field, old, new, note = row[:8]
    change = f" {field}: {old or '–'} → {new or '–'}" if field else ""
    return f"{at} {actor} {record} {action}{change}" + (f" ({note})" if note else "")
