"""The CSV files that figures are taken from, each in a form that an engine reads as exlog does.

A file that is not as exlog writes it (saved by a spreadsheet, edited by hand) is read by exlog itself, which names
file and line of what is wrong, and handed on as a canonical copy in a temporary folder. The copy has, beside each
time in another form than the canonical one, its seconds since 1970 in a column of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from exlog import canonical, times
from exlog.filters import Selection
from exlog.ledger import manifest
from exlog.ledger.book import Book
from exlog.measures.sql import HIDDEN
from exlog.store import layout, plain, rows
from exlog.store.engine import Sheet

Bounds = tuple[datetime | None, datetime | None]


class Sheets:
    """The files of some ledgers that a selection can be found in; a context manager that owns the copies."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.found: list[Sheet] = []
        self._of: dict[Path, tuple[Book, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, book: Book, number: int, selection: Selection, received: Bounds, *, all_months: bool) -> None:
        """Add the live table, and the archives whose rows can be chosen and were received within the bounds.

        Raises Damaged where the live table cannot be read.
        """
        if all_months or selection.wants_closed:
            lines = manifest.read(book.root)
            known = plain.Plain(book.root)
            for file in manifest.archives(book.root, lines, *received):
                self._add_archive(book, number, file, known)
            known.keep()
        live = rows.read(book.root / layout.LIVE, layout.LIVE, book.columns)
        if live.digest is None:
            return
        path = book.root / layout.LIVE
        self._of[path] = book, layout.LIVE
        sheet = Sheet(path, live.table.columns, number)
        if not live.table.canonical or not plain.are_plain(live.table.lines):
            sheet = self._copied(sheet, book, map(live.table.cells, range(len(live.table.lines))))
        self.found.append(sheet)

    def is_copy(self, sheet: Sheet) -> bool:
        """Whether exlog has read the file already."""
        return sheet.path not in self._of

    def copy(self, sheet: Sheet) -> None:
        """Put a canonical copy in the place of a file. Raises Damaged that names file and line."""
        book, file = self._of[sheet.path]
        stream = rows.Stream(book.root / file, file)
        try:
            self.found[self.found.index(sheet)] = self._copied(sheet, book, stream.rows())
        finally:
            stream.close()

    def _add_archive(self, book: Book, number: int, file: str, known: plain.Plain) -> None:
        stream = rows.Stream(book.root / file, file)
        try:
            path = book.root / file
            sheet = Sheet(path, stream.columns, number)
            self._of[path] = book, file
            if not stream.is_line_by_line or not known.is_plain(file):
                sheet = self._copied(sheet, book, stream.rows())
            self.found.append(sheet)
        finally:
            stream.close()

    def _copied(self, sheet: Sheet, book: Book, cells: Iterable[Sequence[str]]) -> Sheet:
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="exlog-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / f"{len(list(Path(self._folder.name).iterdir()))}.csv"
        timed = [name for name, field in book.policy.schema().items() if field.kind == "time"]
        places = [sheet.columns.index(name) for name in timed if name in sheet.columns]
        columns = (*sheet.columns, *(sheet.columns[place] + HIDDEN for place in places))
        longest = 0
        with path.open("w", encoding="utf-8", newline="") as out:
            out.write(",".join(f"c{place}" for place in range(len(columns))) + "\n")
            for line in _lines(cells, places):
                longest = max(longest, len(line.encode("utf-8")))
                out.write(line + "\n")
        return Sheet(path, columns, sheet.book, longest)


def _lines(cells: Iterable[Sequence[str]], places: Sequence[int]) -> Iterator[str]:
    for row in cells:
        hidden = [_seconds(row[place]) for place in places]
        yield canonical.join_row([*row, *hidden])


def _seconds(cell: str) -> str:
    """The seconds of a time; something that is no number for what is no time, and nothing for nothing."""
    if not cell:
        return ""
    moment = times.moment(cell)
    try:
        return repr(moment.timestamp()) if moment else "-"
    except OverflowError:
        return "-"
