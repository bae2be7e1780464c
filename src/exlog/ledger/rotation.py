"""Archive rotation: closed rows of whole past months move from the live ledger into a file a month."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from exlog import ids
from exlog.errors import Refused
from exlog.i18n import _
from exlog.ledger import manifest, permits, spans, tables
from exlog.ledger.book import Book
from exlog.ledger.session import Session, Sheet, writing
from exlog.ledger.tables import Maker, Written
from exlog.store import layout
from exlog.workflow import Event


class Rotated(NamedTuple):
    """How many rows a month's archive takes in, and where it stands."""

    month: str
    rows: int
    file: str


class Archived(NamedTuple):
    """What a rotation did: rows moved, by month, and record tables written."""

    rotated: list[Rotated]
    tables: list[Written]


def archive(book: Book, before: str = "", *, dry_run: bool = False, maker: Maker | None = None) -> Archived:
    """Move closed rows of the months before ``before`` (default: this month) by the month in their id.

    With a ``maker``, the record table of each archived month before it is brought up to date in the same commit.
    Raises Refused for a month that is not over.
    """
    this_month = f"{book.now:%Y-%m}"
    before = before or this_month
    if before > this_month:
        raise Refused(
            _("{month} is not over; only whole past months are archived").format(month=this_month),
            remedy=f"exlog archive --before {this_month}",
        )
    if dry_run:
        found = _closed(book.consistent(lambda: Sheet(book, layout.LIVE)), before)
        moved = [Rotated(month, len(ids_of), layout.archive_file(month)) for month, ids_of in found.items()]
        return Archived(moved, [])
    permits.require(book, "archive")
    with writing(book) as session:
        months = _closed(session.live, before)
        rotated = [_move(session, month, found) for month, found in months.items()]
        if rotated:
            session.live.drop(set().union(*months.values()))
        written: list[Written] = []
        if maker is not None:
            archived = {*layout.archived_months(book.root), *months}
            written = tables.write(session, sorted(month for month in archived if month < before), maker)
        session.commit()
    return Archived(rotated, written)


def _closed(live: Sheet, before: str) -> dict[str, set[str]]:
    table = live.rows.table
    place = table.columns.index("status")
    found: dict[str, set[str]] = defaultdict(set)
    for row, record_id in enumerate(live.ids):
        month = ids.month_of(record_id)
        if month < before and table.cells(row)[place] == "closed":
            found[month].add(record_id)
    return dict(sorted(found.items()))


def _move(session: Session, month: str, wanted: set[str]) -> Rotated:
    file = layout.archive_file(month)
    sheet = session.sheet(file)
    if sheet.rows.digest is None and month in manifest.read(session.book.root):
        raise manifest.missing(month)
    sheet.widen(session.live.columns)
    sheet.extend(session.live.lines(wanted, sheet.columns))
    events = [Event("archive", "rows", "", str(len(wanted)), file), Event("archive", "ids", "", spans.write(wanted))]
    session.log(month, "", events)
    return Rotated(month, len(wanted), file)
