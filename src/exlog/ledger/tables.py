"""Record tables: for each archived month a workbook of all its records, beside the month's archive.

They are made from the ledger's rows and can be made again at any time; nothing reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from exlog import ids, monthly
from exlog.canonical import decode_cell
from exlog.errors import Refused
from exlog.i18n import _
from exlog.ledger.session import Session, Sheet
from exlog.store import attributes, files, layout


class Maker(NamedTuple):
    """Makes a workbook of records. ``columns``: which, in their order.

    ``stamp``: what tells two tables apart, from title and rows. ``make``: the workbook's bytes. ``stamp_of``: the
    stamp of such bytes, empty for a workbook that somebody else made.
    """

    columns: tuple[str, ...]
    stamp: Callable[[str, Sequence[Sequence[str]]], str]
    make: Callable[[str, Sequence[Sequence[str]]], bytes]
    stamp_of: Callable[[bytes], str]


class Written(NamedTuple):
    """A record table that was written: its month, how many records it has, and where it stands."""

    month: str
    rows: int
    file: str


def write(session: Session, months: Sequence[str], maker: Maker) -> list[Written]:
    """Take the record tables of these months into what the session commits; those that say the same stay.

    Raises Refused where a file of that name was made by somebody else.
    """
    pattern = monthly.pattern(session.book.policy)
    written = []
    for month in months:
        name = monthly.file_name(pattern, month)
        file = f"{layout.ARCHIVE}/{name}"
        rows = _rows(session, month, maker.columns)
        files.refuse_links(session.book.root, file)
        present = files.read(session.book.root / file)
        old = "" if present is None else maker.stamp_of(present)
        if present is not None and not old:
            raise Refused(
                _("this file was not made by exlog archive --excel; it stays as it is"),
                where=file,
                remedy=_("move it away, or choose another excel_name under archive: in exlog.yaml"),
            )
        title = name.removesuffix(".xlsx")
        if not rows or maker.stamp(title, rows) == old:
            continue
        digest = None if present is None else files.digest(present)
        session.transaction.replace(file, maker.make(title, rows), digest)
        written.append(Written(month, len(rows), file))
    if written:
        _mark_as_binary(session)
    return written


def _rows(session: Session, month: str, columns: Sequence[str]) -> list[list[str]]:
    """The records of a month by their ids: those of its archive and those that are still in the live ledger."""
    found: dict[str, list[str]] = {}
    for sheet in (session.sheet(layout.archive_file(month)), session.live):
        found |= {one: _cells(sheet, row, columns) for row, one in enumerate(sheet.ids) if ids.month_of(one) == month}
    return [found[one] for one in sorted(found, key=ids.sort_key)]


def _cells(sheet: Sheet, row: int, columns: Sequence[str]) -> list[str]:
    table = sheet.rows.table
    present = dict(zip(table.columns, table.cells(row), strict=True))
    return [decode_cell(present.get(name, "")) for name in columns]


def _mark_as_binary(session: Session) -> None:
    """Tell git that a workbook is no text, in a ledger that was made before there were any."""
    data = files.read(session.book.root / attributes.FILE)
    if data is None:
        return
    text = data.decode("utf-8", "surrogateescape")
    completed = attributes.with_workbooks(text)
    if completed != text:
        session.transaction.replace(attributes.FILE, completed.encode("utf-8", "surrogateescape"), files.digest(data))
