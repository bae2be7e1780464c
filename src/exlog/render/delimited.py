"""Rows as lines: plain, tsv, csv and markdown. All of them stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from exlog.render.columns import NUMERIC, Column, raw, shown
from exlog.render.escape import HOSTILE, field, inert, markdown, spelled
from exlog.render.stream import put_lines

_QUOTED = re.compile(r'[,"\r\n]')


def print_plain(columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """Tab separated, one record a line, no header, for awk and cut; returns the number of records."""
    return put_lines(("\t".join(_plain(record)) for record in records), out)


def print_pairs(columns: Sequence[Column], values: Sequence[object], out: TextIO) -> None:
    """One record as lines of name and value; what is absent is left out."""
    pairs = zip((column.name for column in columns), map(raw, values), strict=True)
    put_lines((f"{field(name)}\t{field(text)}" for name, text in pairs if text), out)


def print_tsv(columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """Like plain with a header of names, and safe to open in a spreadsheet (see ``escape.inert``)."""
    header = "\t".join(_tsv([column.name for column in columns]))
    return put_lines(("\t".join(_tsv(record)) for record in records), out, header)


def print_csv(columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """RFC 4180 with a header of names, quotes only where they must be, lines ended by LF.

    A cell that a spreadsheet would take for a formula is made inert by a leading apostrophe; the rule is told
    at ``escape.inert``. Anything else stands as it is, line breaks within quotes included; only on a terminal
    are characters that would steer it spelled out.
    """
    steered = out.isatty()
    header = _csv([column.name for column in columns], steered)
    return put_lines((_csv(record, steered) for record in records), out, header)


def print_markdown(columns: Sequence[Column], records: Iterable[Sequence[object]], out: TextIO) -> int:
    """A pipe table with a header of labels, cells as people read them; returns the number of records."""
    labels = [markdown(column.label) for column in columns]
    rule = ["---:" if column.kind in NUMERIC else "---" for column in columns]
    lines = (_piped(_markdown(columns, record)) for record in records)
    return put_lines(lines, out, f"{_piped(labels)}\n{_piped(rule)}")


def _plain(record: Sequence[object]) -> list[str]:
    cells = [cell if isinstance(cell, str) else raw(cell) for cell in record]
    joined = " ".join(cells)
    if joined.isprintable() and "\\" not in joined:
        return cells
    return [field(cell) for cell in cells]


def _tsv(record: Sequence[object]) -> list[str]:
    return [inert(cell) if cell else cell for cell in _plain(record)]


def _csv(record: Sequence[object], steered: bool) -> str:
    cells = [_csv_cell(raw(cell), steered) if cell != "" else "" for cell in record]
    return ",".join(cells) if len(cells) != 1 or cells[0] else '""'


def _csv_cell(text: str, steered: bool) -> str:
    text = inert(text)
    if steered:
        text = HOSTILE.sub(lambda match: match[0] if match[0] == "\n" else spelled(match[0]), text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _markdown(columns: Sequence[Column], record: Sequence[object]) -> list[str]:
    pairs = zip(columns, record, strict=True)
    return ["" if value == "" else markdown(shown(column, value)) for column, value in pairs]


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
