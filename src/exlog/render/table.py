"""Tables for people at a terminal, fitted to its width."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TextIO

from tabulate import tabulate  # type: ignore[import-untyped]  # ships no types

from exlog.render.columns import NUMERIC, Column, raw, shown
from exlog.render.escape import LINE_BREAK, one_line
from exlog.render.stream import put, put_lines
from exlog.render.width import clip, pad, terminal_width, width_of, wrap

STYLES = {
    ("urgency", "critical"): "1;31",
    ("urgency", "high"): "33",
    ("status", "closed"): "2",
}
"""Column name and key of a cell → the SGR code it is shown in, on a terminal and without NO_COLOR."""

_GAP = 2
_UNCUT = 1 << 30
_LEAST = ({"text": 10, "choice": _UNCUT}, {"text": 6, "choice": 6})
"""Down to which width a column is cut, by kind: first text alone, then choices too; other kinds never are."""
_DECENT = {"text": 16}
"""The width that text should have before spare columns are shown beside it."""
_LEAST_VALUE = 20
_HEADER_LINES = 2


def print_table(
    columns: Sequence[Column],
    records: Iterable[Sequence[object]],
    out: TextIO,
    width: int | None = None,
    *,
    wrapped: bool = False,
) -> int:
    """A table within ``width`` columns (default: the terminal's); nothing at all where there are no records.

    The widest columns of text are cut first, headers with them; ids, numbers and times never are. A table
    that cannot be fitted so is wider than ``width``. ``wrapped`` puts what does not fit on further lines.
    """
    room = max(terminal_width() if width is None else width, _LEAST_VALUE)
    coloured = _coloured(out)
    cells: list[list[str]] = []
    codes: list[list[str]] = []
    for record in records:
        pairs = list(zip(columns, record, strict=True))
        cells.append([_cell(column, value, room) for column, value in pairs])
        if coloured:
            codes.append([STYLES.get((column.name, raw(value)), "") for column, value in pairs])
    if not cells:
        return 0
    headers = [clip(one_line(column.label), room) for column in columns]
    kept = _roomy(columns, headers, cells, room)
    columns, headers = [columns[place] for place in kept], [headers[place] for place in kept]
    cells = [[row[place] for place in kept] for row in cells]
    codes = [[row[place] for place in kept] for row in codes]
    widths = _fitted(columns, headers, cells, room)
    fit = _folded if wrapped else clip
    body = [[fit(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    for row, row_codes in zip(body, codes, strict=False):
        row[:] = [_painted(cell, code) for cell, code in zip(row, row_codes, strict=True)]
    put(_laid_out(columns, headers, widths, body), out)
    return len(cells)


def print_record(columns: Sequence[Column], values: Sequence[object], out: TextIO) -> None:
    """One record as labels and values; absent ones are left out, long text is wrapped to the terminal."""
    coloured = _coloured(out)
    labels = [one_line(column.label) for column in columns]
    margin = max(map(width_of, labels), default=0) + _GAP
    room = max(terminal_width() - margin, _LEAST_VALUE)
    lines: list[str] = []
    for column, label, value in zip(columns, labels, values, strict=True):
        text = shown(column, value)
        if text:
            code = STYLES.get((column.name, raw(value)), "") if coloured else ""
            parts = [line for part in LINE_BREAK.split(text) for line in wrap(one_line(part), room)]
            lines.append(pad(label, margin) + _painted(parts[0], code))
            lines += [(" " * margin + part).rstrip() for part in parts[1:]]
    put_lines(lines, out)


def _cell(column: Column, value: object, room: int) -> str:
    text = one_line(shown(column, value)).strip(" ")
    return clip(text, room) if column.kind in _LEAST[0] else text


def _roomy(columns: Sequence[Column], headers: Sequence[str], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """The places of the columns to show: spare ones go until text has decent room and choices stay whole."""
    kept = list(range(len(columns)))
    while spare := max((columns[place].spare for place in kept), default=0):
        needed = _GAP * (len(kept) - 1)
        for place in kept:
            inside = max((width_of(row[place]) for row in cells), default=0)
            needed += max(min(inside, _DECENT.get(columns[place].kind, _UNCUT)), _longest_word(headers[place]))
        if needed <= room:
            break
        kept = [place for place in kept if columns[place].spare != spare]
    return kept


def spare_kept(columns: Sequence[Column], records: Sequence[Sequence[object]], width: int | None = None) -> int:
    """The highest ``spare`` that a table of these records has room for."""
    room = max(terminal_width() if width is None else width, _LEAST_VALUE)
    cells = [[_cell(column, value, room) for column, value in zip(columns, record, strict=True)] for record in records]
    kept = _roomy(columns, [one_line(column.label) for column in columns], cells, room)
    return max((columns[place].spare for place in kept), default=0)


def _folded(text: str, width: int) -> str:
    return "\n".join(wrap(text, width)) if width_of(text) > width else text


def _longest_word(header: str) -> int:
    return max(map(width_of, header.split()), default=0)


def _fitted(columns: Sequence[Column], headers: Sequence[str], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """The width of each column: its natural one, or less where the whole would not fit into ``room``."""
    content = [max(width_of(row[index]) for row in cells) for index in range(len(columns))]
    heads = [width_of(header) for header in headers]
    natural = [max(pair) for pair in zip(content, heads, strict=True)]
    room -= _GAP * (len(columns) - 1)
    floors = natural
    words = [_longest_word(header) for header in headers]
    for least, word_floor in zip(_LEAST, (_UNCUT, 4), strict=True):
        floors = [
            max(min(inside, least.get(column.kind, _UNCUT)), min(word, word_floor))
            for column, inside, word in zip(columns, content, words, strict=True)
        ]
        if sum(floors) <= room:
            break
    for cap in range(max(natural, default=0), 0, -1):
        widths = [min(wanted, max(floor, cap)) for wanted, floor in zip(natural, floors, strict=True)]
        if sum(widths) <= room:
            return _topped_up(widths, natural, room - sum(widths))
    return floors


def _topped_up(widths: list[int], natural: Sequence[int], spare: int) -> list[int]:
    """``widths`` with the columns that were left over given back, one each, from the left."""
    for index, wanted in enumerate(natural):
        if spare and widths[index] < wanted:
            widths[index] += 1
            spare -= 1
    return widths


def _laid_out(
    columns: Sequence[Column], headers: Sequence[str], widths: Sequence[int], body: Sequence[Sequence[str]]
) -> str:
    """The text of the table. The header is a row like others: tabulate would make its columns wider."""
    parts = [
        wrap(header, width) if width_of(header) > width else [header]
        for header, width in zip(headers, widths, strict=True)
    ]
    if max(map(len, parts)) > _HEADER_LINES:
        parts = [[clip(header, width)] for header, width in zip(headers, widths, strict=True)]
    lines = max(map(len, parts))
    heads = [list(line) for line in zip(*([*[""] * (lines - len(part)), *part] for part in parts), strict=True)]
    rule = ["-" * width for width in widths]
    align = ["right" if column.kind in NUMERIC else "left" for column in columns]
    text: str = tabulate([*heads, rule, *body], tablefmt="plain", disable_numparse=True, colalign=align)
    return "".join(line.rstrip() + "\n" for line in text.split("\n"))


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def _coloured(out: TextIO) -> bool:
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
