"""Records as a sheet of a workbook: ids and order numbers as text, times as times, formulas inert."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from exlog.render.columns import is_number, shown
from exlog.render.escape import HOSTILE, spelled

if TYPE_CHECKING:
    from exlog.render.columns import Column

LONGEST = 32_767
"""Characters that a cell of a workbook holds."""

_WIDTHS = {"time": 16, "date": 11, "decimal": 11, "int": 9, "number": 11, "id": 15, "choice": 11}
_WIDE = {"subject": 34, "description": 48, "resolution": 40, "progress": 30, "cause": 26, "customer_name": 24}
_STAMP = "exlog-source"


def workbook(stream: Any, title: str, made: datetime) -> Any:
    """A new workbook in which text stays text; the same content makes the same bytes.

    It is written as it comes: every sheet from its first row to its last, so that 100,000 records need no memory.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(
        stream,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": title, "created": made.replace(tzinfo=None), "author": "exlog"})
    return book


def put(book: Any, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, blank: str = "") -> Any:
    """Add a sheet of records: a frozen header with filters, then a row each. ``blank`` stands for an absent text."""
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#DCE5ED", "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    top = {"valign": "top"}
    formats = {
        "text": book.add_format({**top, "num_format": "@"}),
        "time": book.add_format({**top, "num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        "date": book.add_format({**top, "num_format": "yyyy-mm-dd", "align": "left"}),
        "number": book.add_format(top),
    }
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDE.get(column.name) or _WIDTHS.get(column.kind, 14))
    sheet.set_row(0, 30)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.label, head)
    sheet.freeze_panes(1, 1)
    last = 0
    for last, row in enumerate(rows, 1):
        for place, (column, text) in enumerate(zip(columns, row, strict=True)):
            _cell(sheet, last, place, column, text or blank, formats)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return sheet


def table(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], made: datetime, *, blank: str = ""
) -> bytes:
    """A workbook of one sheet of records, with a stamp of what it was made from; see ``stamp_of``."""
    stream = io.BytesIO()
    book = workbook(stream, title, made)
    book.set_custom_property(_STAMP, stamp(title, columns, rows))
    put(book, title[:31], columns, rows, blank=blank)
    book.close()
    return stream.getvalue()


def stamp(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """What tells two tables of records apart."""
    text = json.dumps([title, [[*column] for column in columns], list(rows)], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stamp_of(data: bytes) -> str:
    """The stamp in a workbook that ``table`` made; empty in any other file."""
    import re
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.getinfo("docProps/custom.xml")
            text = archive.read(found).decode("utf-8") if found.file_size < 1 << 16 else ""
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, EOFError, OSError):
        return ""
    match = re.search(rf'name="{_STAMP}"><vt:lpwstr>([0-9a-f]{{64}})<', text)
    return match[1] if match else ""


def harmless(text: str) -> str:
    """A text as a cell of a workbook holds it: line breaks stay, what steers or hides text is spelled out."""
    if not text.isprintable():
        text = HOSTILE.sub(lambda match: match[0] if match[0] in "\n\t" else spelled(match[0]), text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _cell(sheet: Any, row: int, place: int, column: Column, text: str, formats: dict[str, Any]) -> None:
    if not text:
        return
    if column.kind in ("time", "date") and (moment := _moment(text)):
        sheet.write_datetime(row, place, moment, formats[column.kind])
    elif column.kind in ("decimal", "int", "number") and is_number(text) and len(text) <= 15:
        sheet.write_number(row, place, float(text), formats["number"])
    else:
        sheet.write_string(row, place, harmless(shown(column, text)), formats["text"])


def _moment(text: str) -> datetime | None:
    """A stored time by the wall clock of its place, as a sheet, which knows no zones, can hold it."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if moment.year >= 1900 else None
