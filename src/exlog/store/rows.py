"""Reads rows: a whole small table with its checks, or a large file as a stream from either end.

A stream keeps one block in memory. It counts on canonical text (one row one line) and falls back to reading
the whole file where that does not hold.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from exlog import canonical, fields, ids, vocabulary
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.store import files, layout

_BLOCK = 1 << 18
_ID = re.compile(rf"{ids.RECORD}\d{{4}}(?:0[1-9]|1[0-2])\d\d[{ids.LANES}](?:\d\d|[1-9]\d{{2,8}})", re.ASCII)
"""An id as exlog writes it, of a month that an archive can have; what people type (``ids.parse``) may be looser."""
_START = re.compile(rf"({_ID.pattern}),(?:{'|'.join(vocabulary.keys('status'))}),")
"""How a line begins that has its id and status in front."""

Cells = list[str]


class Rows(NamedTuple):
    """A checked table of records with the id of each row and the sha256 of the file (None where there is none)."""

    table: Table
    ids: list[str]
    digest: str | None


def read(path: Path, name: str, default_columns: tuple[str, ...]) -> Rows:
    """Read exceptions.csv or an archive whole and check what every command relies on.

    Raises Damaged that names file, line and field for a missing column, a row with too many or too few cells,
    a doubled or malformed id, or an unknown status. An archive that is not there is an empty table; the live ledger
    stands in every ledger, so where it does not, its rows are lost.
    """
    if "/" in name and path.parent.is_symlink():
        raise files.linked(path.parent)
    data = files.read(path)
    if data is None and name == layout.LIVE:
        raise Damaged(_("the file is missing"), where=name, remedy=_("restore it from git"))
    if data is None:
        return Rows(Table(name, default_columns, [], range(0), True), [], None)
    table = canonical.parse(data, name)
    return Rows(table, check(table), files.digest(data))


def check(table: Table) -> list[str]:
    """The ids of a table's rows, in order. Raises Damaged as ``read`` says."""
    missing = [name for name in fields.REQUIRED_COLUMNS if name not in table.columns]
    if missing:
        raise Damaged(
            _("the column {names} is missing").format(names=", ".join(missing)),
            where=f"{table.name}:1",
            remedy=_("put it back into the header, or restore the file from git"),
        )
    found = _quickly(table)
    if found is not None:
        return found
    found = []
    seen: set[str] = set()
    statuses = set(vocabulary.keys("status"))
    commas = len(table.columns) - 1
    in_front = table.columns[:2] == ("id", "status")
    for row, line in enumerate(table.lines):
        if '"' not in line:
            if line.count(",") != commas:
                raise canonical.ragged(table, row, line.count(",") + 1)
            cells = line.split(",", 2) if in_front else line.split(",")
        else:
            cells = table.cells(row)
        record_id = cells[0] if in_front else cells[table.columns.index("id")]
        status = cells[1] if in_front else cells[table.columns.index("status")]
        if status not in statuses:
            raise _unknown_status(table, row, status)
        if record_id in seen or not _ID.fullmatch(record_id):
            raise _bad_id(table, row, record_id, record_id in seen)
        seen.add(record_id)
        found.append(record_id)
    return found


def _quickly(table: Table) -> list[str] | None:
    """The ids of a table in which nothing is wrong; None where a closer look is needed to say what is."""
    if table.columns[:2] != ("id", "status"):
        return None
    commas = len(table.columns) - 1
    match = _START.match
    starts = [match(line) for line in table.lines if '"' in line or line.count(",") == commas]
    ids = [start[1] for start in starts if start is not None]
    if len(ids) != len(table.lines) or len(set(ids)) != len(ids):
        return None
    return ids if canonical.have_width([line for line in table.lines if '"' in line], commas + 1) else None


def _unknown_status(table: Table, row: int, status: str) -> Damaged:
    return Damaged(
        _("no such status: {status!r}").format(status=status),
        where=table.where(row, "status"),
        remedy=_("one of: {choices}").format(choices=", ".join(vocabulary.keys("status"))),
    )


def _bad_id(table: Table, row: int, record_id: str, doubled: bool) -> Damaged:
    if doubled:
        message = _("the id {id} appears a second time").format(id=record_id)
    else:
        message = _("{id!r} is no record id like F20240315001").format(id=record_id)
    return Damaged(
        message,
        where=table.where(row, "id"),
        remedy=_("remove or renumber the row, or restore the file from git"),
    )


class Stream:
    """An open archive file, read in blocks. Opened while the ledger is locked, read after."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._file: BinaryIO = files.open_plain(path)
        self._whole: Table | None = None
        self._start = 0
        try:
            self.columns: tuple[str, ...] = self._read_header()
        except BaseException:
            self.close()
            raise

    @property
    def is_line_by_line(self) -> bool:
        """Whether the header is a canonical one, so that the file need not be read whole."""
        return self._whole is None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def rows(self, needles: tuple[tuple[str, ...], ...] = (), *, backward: bool = False) -> Iterator[Cells]:
        """Stored cells of each row whose line holds one text of each group of ``needles``.

        Raises Damaged for a row with too many or too few cells.
        """
        if self._whole is not None:
            yield from self._rows_of(self._whole, needles, backward, 0)
            return
        width = len(self.columns)
        passed = 0
        try:
            for block in self._blocks_backward() if backward else self._blocks():
                text = block.decode("utf-8")
                lines = text.split("\n")
                if "" in lines or "\r" in text:
                    raise ValueError
                if backward:
                    lines.reverse()
                for line in lines:
                    if '"' in line and line.count('"') & 1:
                        # A part of a row with real line breaks: from either end, the first part has an odd count.
                        raise ValueError
                    if not needles or all(any(text in line for text in group) for group in needles):
                        cells = line.split(",") if '"' not in line else canonical.split_row(line)
                        if len(cells) != width:
                            raise ValueError
                        yield cells
                    passed += 1
        except ValueError:
            table = self._read_whole()
            for row in range(len(table.lines)):
                table.cells(row)
            yield from self._rows_of(table, needles, backward, passed)

    def holding(self, text: str) -> Iterator[Cells]:
        """Stored cells of each row whose line holds ``text``, found without a look at the other rows."""
        if self._whole is not None:
            yield from self.rows(((text,),))
            return
        try:
            lines = list(self._lines_with(text.encode("utf-8")))
            found = [canonical.split_row(line.decode("utf-8")) for line in lines]
            if any(len(cells) != len(self.columns) for cells in found):
                raise ValueError
        except ValueError:
            self._whole = self._read_whole()
            found = list(self.rows(((text,),)))
        yield from found

    def _lines_with(self, wanted: bytes) -> Iterator[bytes]:
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            place = data.find(wanted, self._start)
            while place >= 0:
                start, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
                end = len(data) if end < 0 else end
                yield data[start:end]
                place = data.find(wanted, end)

    def _rows_of(
        self, table: Table, needles: tuple[tuple[str, ...], ...], backward: bool, skip: int
    ) -> Iterator[Cells]:
        order = range(len(table.lines) - 1, -1, -1) if backward else range(len(table.lines))
        for row in order[skip:]:
            line = table.lines[row]
            if all(any(text in line for text in group) for group in needles):
                yield table.cells(row)

    def _read_header(self) -> tuple[str, ...]:
        header = self._file.readline()
        self._start = len(header)
        text = header.decode("utf-8", "replace")
        if not text.endswith("\n") or text == "\n" or any(char in text for char in '\r"\ufeff\ufffd;\t'):
            self._whole = self._read_whole()
            columns = self._whole.columns
        else:
            columns = tuple(text[:-1].split(","))
            canonical.check_header(columns, self.name)
        missing = [column for column in fields.REQUIRED_COLUMNS if column not in columns]
        if missing:
            raise Damaged(
                _("the column {names} is missing").format(names=", ".join(missing)),
                where=f"{self.name}:1",
                remedy=_("restore the file from git"),
            )
        return columns

    def _read_whole(self) -> Table:
        self._file.seek(0)
        return canonical.parse(self._file.read(), self.name)

    def _blocks(self) -> Iterator[bytes]:
        """The text after the header as pieces of whole lines, each without its last line feed."""
        self._file.seek(self._start)
        rest = b""
        while block := self._file.read(_BLOCK):
            whole, feed, rest_of_block = block.rpartition(b"\n")
            if not feed:
                rest += block
                continue
            yield rest + whole
            rest = rest_of_block
        if rest:
            yield rest

    def _blocks_backward(self) -> Iterator[bytes]:
        """The same pieces from the end of the file; the lines within a piece stand in their order."""
        end = self._file.seek(0, os.SEEK_END)
        cut_off = b""
        while end > self._start:
            begin = max(self._start, end - _BLOCK)
            self._file.seek(begin)
            block = self._file.read(end - begin) + cut_off
            end = begin
            cut_off = b""
            if begin > self._start:
                first, feed, whole = block.partition(b"\n")
                cut_off = first + feed
                if not feed:
                    continue
                block = whole
            if block:
                yield block.removesuffix(b"\n")
