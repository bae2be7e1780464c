"""Canonical CSV text: UTF-8, LF, comma, minimal quoting, one row one line, so that grep, awk and diff work.

Inside a cell a line feed is stored as ``\\n``, a carriage return as ``\\r`` and a backslash as ``\\\\``.
A *stored* cell carries these escapes; a *plain* one is what people mean.
Any legal CSV is read (BOM, CRLF, real line breaks in quotes, semicolons, tabs, GB18030).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exlog.errors import Damaged
from exlog.i18n import _

_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\\\": "\\"}
_BREAK = re.compile(r"(\\*)(\r\n|\n|\r)")
_ESCAPED = re.compile(r"\\[nr\\]")
_MARKER = re.compile(r"(?:<{7,}|[|]{7,}|>{7,}) |={7,}$")
_COMMON = frozenset((*range(0xA1, 0xA4), *range(0xB0, 0xD8)))
"""First bytes of GB 2312's signs and common characters."""
MAX_CELL = 1 << 20
"""Characters in one cell. A longer text belongs in a file of its own; the record names it."""

csv.field_size_limit(1 << 27)


class Table(NamedTuple):
    """A CSV file in memory: its header and its rows as canonical lines.

    ``numbers[i]`` is the line of the file that row i starts on. ``canonical`` says that the file's own text was
    canonical already, so that untouched rows keep their bytes.
    """

    name: str
    columns: tuple[str, ...]
    lines: list[str]
    numbers: Sequence[int]
    canonical: bool

    def where(self, row: int, field: str = "") -> str:
        """``exceptions.csv:12`` or ``exceptions.csv:12: status`` for messages."""
        place = f"{self.name}:{self.numbers[row]}"
        return f"{place}: {field}" if field else place

    def cells(self, row: int) -> list[str]:
        """The stored cells of one row. Raises Damaged where their number is not the header's."""
        try:
            cells = split_row(self.lines[row])
        except ValueError as error:
            raise Damaged(str(error), where=self.where(row), remedy=_REMEDY()) from None
        if len(cells) != len(self.columns):
            raise ragged(self, row, len(cells))
        return cells


def _REMEDY() -> str:
    return _("fix the row in an editor, or restore the file from git")


def ragged(table: Table, row: int, found: int) -> Damaged:
    """The error for a row with too many or too few cells, which may be what git wrote into the file."""
    if _MARKER.match(table.lines[row]):
        return Damaged(
            _("git merged the file as text and left conflict markers"),
            where=table.where(row),
            remedy=_("exlog sync merges it again while the merge is under way; else restore the file from git"),
        )
    return Damaged(
        _("{found} cells where the header has {expected}").format(found=found, expected=len(table.columns)),
        where=table.where(row),
        remedy=_REMEDY(),
    )


def encode_cell(plain: str) -> str:
    """A plain text as it is stored."""
    if "\\" in plain:
        plain = plain.replace("\\", "\\\\")
    if "\n" in plain:
        plain = plain.replace("\n", "\\n")
    if "\r" in plain:
        plain = plain.replace("\r", "\\r")
    return plain


def decode_cell(stored: str) -> str:
    """A stored text as it is meant; a backslash before any other character stands for itself."""
    if "\\" not in stored:
        return stored
    return _ESCAPED.sub(lambda match: _ESCAPES[match[0]], stored)


def join_row(stored: Sequence[str]) -> str:
    """One canonical line (without its line feed) of stored cells."""
    line = ",".join(stored)
    if '"' not in line and line.count(",") == len(stored) - 1:
        return line if len(stored) > 1 or line else '""'
    return ",".join('"' + cell.replace('"', '""') + '"' if '"' in cell or "," in cell else cell for cell in stored)


_fed: list[str] = []
_reader = csv.reader(iter(_fed.pop, None), strict=True)
"""Reads the line that was put into ``_fed``: a reader for each line would take half as long again."""


def split_row(line: str) -> list[str]:
    """The stored cells of one canonical line. Raises ValueError for quotes that do not close."""
    if '"' not in line:
        return line.split(",")
    _fed.append(line)
    try:
        return next(_reader)
    except csv.Error as error:
        raise ValueError(_("not a CSV row ({error})").format(error=error)) from None
    except IndexError:  # the row goes on, and there is no further line
        raise ValueError(_("not a CSV row ({error})").format(error="unexpected end of data")) from None


def have_width(lines: Sequence[str], width: int) -> bool:
    """Whether each of many canonical lines has so many cells."""
    try:
        widths = [len(cells) for cells in csv.reader(lines, strict=True)]
    except csv.Error:
        return False
    return len(widths) == len(lines) and all(found == width for found in widths)


def parse(data: bytes, name: str) -> Table:
    """Any legal CSV as a Table. ``name`` stands in messages.

    Raises Damaged that names file and line for bytes in no known encoding, an empty file, a header with an
    empty or doubled name, and quotes that do not close. The number of cells of each row is not looked at here.
    """
    text, plain_utf8 = _decode(data, name)
    header, feed, body = text.partition("\n")
    canonical = plain_utf8 and "\r" not in text and bool(feed) and (not body or body.endswith("\n"))
    if canonical and header and '"' not in header and ";" not in header and "\t" not in header:
        lines = body.split("\n")
        lines.pop()
        if all(lines) and not any(line.count('"') & 1 for line in lines):
            columns = tuple(header.split(","))
            check_header(columns, name)
            return Table(name, columns, lines, range(2, len(lines) + 2), True)
    return _parse_foreign(text, name)


def _parse_foreign(text: str, name: str) -> Table:
    delimiter = _delimiter(re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0])
    reader = csv.reader(_keep_breaks(text), delimiter=delimiter, strict=True)
    lines: list[str] = []
    numbers: list[int] = []
    columns: tuple[str, ...] = ()
    start = 1
    try:
        for cells in reader:
            if cells and not columns:
                columns = tuple(cell.strip() for cell in cells)
            elif cells:
                lines.append(join_row([_store_breaks(cell) for cell in cells]))
                numbers.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise Damaged(
            _("not a CSV row ({error})").format(error=error), where=f"{name}:{start}", remedy=_REMEDY()
        ) from None
    check_header(columns, name)
    return Table(name, columns, lines, numbers, False)


def _keep_breaks(text: str) -> list[str]:
    """Lines with their own ends; unlike str.splitlines only LF and CR end a line."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


def _store_breaks(cell: str) -> str:
    """Real line breaks as stored ones; what was escaped already stays so."""
    return _BREAK.sub(_stored_break, cell) if "\n" in cell or "\r" in cell else cell


def _stored_break(match: re.Match[str]) -> str:
    """A backslash that stands alone right before the break would swallow the one of its escape."""
    alone = len(match[1]) % 2
    return match[1] + "\\" * alone + ("\\r" if match[2] == "\r" else "\\n")


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count) if header else ","


def check_header(columns: tuple[str, ...], name: str) -> None:
    """Raise Damaged for a header with an empty or doubled name, or without any."""
    where = f"{name}:1"
    remedy = _("fix the header line, or restore the file from git")
    if not columns:
        raise Damaged(_("the file is empty, it has no header"), where=where, remedy=remedy)
    if "" in columns:
        raise Damaged(_("a column of the header has no name"), where=where, remedy=remedy)
    if len(set(columns)) != len(columns):
        double = next(column for column in columns if columns.count(column) > 1)
        raise Damaged(_("the header names {column} twice").format(column=double), where=where, remedy=remedy)


def _decode(data: bytes, name: str) -> tuple[str, bool]:
    """The text and whether it was UTF-8 without BOM."""
    if data.startswith(b"\xef\xbb\xbf"):
        return _strict(data[3:], name), False
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        pass
    if _looks_utf8(data):
        return _strict(data, name), True
    try:
        text = data.decode("gb18030").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return _strict(data, name), True
    return (text, False) if is_chinese(Counter(text)) else (_strict(data, name), True)


def is_chinese(count: Mapping[str, int]) -> bool:
    """Whether text that GB18030 gave is likely what was meant, by how often it has each character.

    GB18030 takes most texts of Windows' western and Japanese encodings too: ``Müller`` becomes ``M黮ler``. Hardly any
    of their characters are signs or among the common ones of GB 2312 (its level 1); of Chinese text, old forms too,
    at least a third are.
    """
    beyond = {char: times for char, times in count.items() if char > "\x7f"}
    usual = sum(times for char, times in beyond.items() if char.encode("gb2312", "replace")[0] in _COMMON)
    return usual * 3 >= sum(beyond.values())


def _looks_utf8(data: bytes) -> bool:
    """More whole three-byte characters than stray bytes: damaged UTF-8 rather than GB18030.

    GB18030 would decode damaged UTF-8 into other Chinese characters without complaint.
    """
    text = data.decode("utf-8", "surrogateescape")
    stray = len(re.findall("[\udc80-\udcff]", text))
    return len(re.findall("[\u0800-\ud7ff\ue000-\uffff]", text)) > stray


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Damaged(
            _("byte 0x{byte:02X} is not UTF-8, and the file is not GB18030 either").format(byte=data[error.start]),
            where=f"{name}:{line}",
            remedy=_("save the file as CSV UTF-8, or restore it from git"),
        ) from None
