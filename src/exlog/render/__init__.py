"""The only place that prints: data on stdout as table, plain, json, jsonl, csv, tsv or md; notes on stderr.

Importing this costs next to nothing: what a format needs is loaded when it is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from exlog.errors import Usage
from exlog.i18n import _
from exlog.render.columns import Column
from exlog.render.escape import markdown, safe
from exlog.render.stream import put

__all__ = [
    "FORMATS",
    "Column",
    "choose_format",
    "default_format",
    "envelope",
    "note",
    "record",
    "rows",
    "safe",
    "sections",
]

FORMATS = ("table", "plain", "json", "jsonl", "csv", "tsv", "md")

Section = tuple[str, Sequence[Column], Iterable[Sequence[object]]]
"""A title, columns and records."""


def default_format(stream: TextIO) -> str:
    """``table`` for a terminal, ``plain`` for anything else."""
    return "table" if stream.isatty() else "plain"


def choose_format(text: str | None, stream: TextIO) -> str:
    """The format that ``text`` names, or the default for ``stream``. Raises Usage for an unknown one."""
    if text is None:
        return default_format(stream)
    if text in FORMATS:
        return text
    raise Usage(
        _("format cannot be {text!r}").format(text=text),
        remedy=_("one of: {choices}").format(choices=", ".join(FORMATS)),
    )


def rows(
    kind: str,
    columns: Sequence[Column],
    records: Iterable[Sequence[object]],
    fmt: str,
    out: TextIO,
    *,
    width: int | None = None,
) -> int:
    """Print ``records`` and return their number. Every format but ``table`` streams.

    A cell is a str ('' is absent), a number or None (absent). ``kind`` names the envelope of json; ``width``
    is for tables, by default the terminal's.
    """
    if fmt in ("json", "jsonl"):
        from exlog.render import jsontext

        if fmt == "json":
            return jsontext.print_json(kind, columns, records, out)
        return jsontext.print_lines(columns, records, out)
    if fmt == "table":
        from exlog.render import table

        return table.print_table(columns, records, out, width)
    from exlog.render import delimited

    if fmt == "plain":
        return delimited.print_plain(columns, records, out)
    if fmt == "csv":
        return delimited.print_csv(columns, records, out)
    if fmt == "tsv":
        return delimited.print_tsv(columns, records, out)
    if fmt == "md":
        return delimited.print_markdown(columns, records, out)
    raise ValueError(fmt)


def record(
    kind: str,
    columns: Sequence[Column],
    values: Sequence[object],
    fmt: str,
    out: TextIO,
    *,
    extra: Mapping[str, object] | None = None,
) -> None:
    """Print one record: names and values for people and for plain, one object for json and jsonl, else a row.

    ``extra`` is more of it that only json and jsonl can hold; its keys win over those of columns.
    """
    if fmt in ("json", "jsonl"):
        from exlog.render import jsontext

        jsontext.print_record(kind if fmt == "json" else None, columns, values, extra or {}, out)
    elif fmt == "table":
        from exlog.render import table

        table.print_record(columns, values, out)
    elif fmt == "plain":
        from exlog.render import delimited

        delimited.print_pairs(columns, values, out)
    else:
        rows(kind, columns, [values], fmt, out)


def envelope(kind: str, data: object, out: TextIO) -> None:
    """Print any data that JSON can hold, in the envelope, on one line."""
    from exlog.render import jsontext

    jsontext.print_envelope(kind, data, out)


def sections(
    parts: Iterable[Section], fmt: str, out: TextIO, *, width: int | None = None, wrapped: bool = False
) -> None:
    """Print several titled sets of records, a blank line between; json has ``envelope`` for this.

    The title is a line of its own: a heading in md, bare above a table, after ``# `` elsewhere. A table
    without records is left out with its title; all tables leave out the same spare columns. ``wrapped``
    puts what does not fit into a table on further lines.
    """
    if fmt in ("json", "jsonl"):
        raise ValueError(fmt)
    between = ""
    for title, columns, records in _alike(parts, width) if fmt == "table" else parts:
        put(between + _heading(title, fmt), out)
        if fmt == "table":
            from exlog.render import table

            table.print_table(columns, records, out, width, wrapped=wrapped)
        else:
            rows("", columns, records, fmt, out, width=width)
        between = "\n"


def _alike(parts: Iterable[Section], width: int | None) -> list[Section]:
    """The sections that have records, without the spare columns that any of them has no room for."""
    from exlog.render import table

    listed = [(title, columns, list(records)) for title, columns, records in parts]
    listed = [part for part in listed if part[2]]
    kept = min((table.spare_kept(columns, records, width) for _title, columns, records in listed), default=0)
    alike: list[Section] = []
    for title, columns, records in listed:
        places = [place for place, column in enumerate(columns) if column.spare <= kept]
        alike.append(
            (title, [columns[place] for place in places], [[row[place] for place in places] for row in records])
        )
    return alike


def _heading(title: str, fmt: str) -> str:
    if fmt == "md":
        return f"## {markdown(title)}\n\n"
    return f"{safe(title)}\n" if fmt == "table" else f"# {safe(title)}\n"


def note(message: str, quiet: bool = False) -> None:
    """One line for people on stderr, unless ``quiet``."""
    if not quiet:
        sys.stderr.write(safe(message) + "\n")
