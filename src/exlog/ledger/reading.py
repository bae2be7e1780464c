"""Reads records: a consistent view of the live ledger and the archives, filtered, in the order people want."""

from __future__ import annotations

import heapq
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exlog import canonical, filters, ids, vocabulary
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.filters import Selection
from exlog.ledger import manifest
from exlog.ledger.book import Book
from exlog.ledger.locating import locate
from exlog.store import layout, rows

if TYPE_CHECKING:
    from exlog.store.history import Entry
    from exlog.workflow import Record

Cells = Sequence[str]


class Part(NamedTuple):
    """Rows of one file that were chosen: its columns and the stored cells."""

    columns: tuple[str, ...]
    cells: Iterable[Cells]


class Snapshot:
    """The live rows and the open archive files as they were at one moment."""

    def __init__(self, live: rows.Rows, archives: list[rows.Stream], selection: Selection) -> None:
        self._live = live
        self._archives = archives
        self._selection = selection

    def columns(self, canonical_columns: Sequence[str]) -> list[str]:
        """The canonical columns and those besides that any of the files has, uid last."""
        present = [self._live.table.columns, *(stream.columns for stream in self._archives)]
        names = dict.fromkeys((*canonical_columns[:-1], *(name for columns in present for name in columns)))
        names.pop("uid", None)
        return [*names, "uid"]

    def parts(self) -> Iterator[Part]:
        """The chosen rows, file by file, oldest archive first, the live ledger last."""
        for stream in self._archives:
            test = filters.compile_for(self._selection, stream.columns)
            yield Part(stream.columns, filter(test, stream.rows(self._selection.needles)))
        yield Part(self._live.table.columns, self._chosen_live())

    def ordered(self, columns: Sequence[str]) -> Iterator[Cells]:
        """Plain texts of ``columns``: open rows most urgent and soonest due first, then closed ones, newest first."""
        lay = layer(self._live.table.columns, columns)
        key = _urgency_key(self._live.table.columns)
        still_open: list[list[str]] = []
        closed: list[list[str]] = []
        status = self._live.table.columns.index("status")
        for cells in self._chosen_live():
            (closed if cells[status] == "closed" else still_open).append(cells)
        for cells in sorted(still_open, key=key):
            yield lay(cells)
        place = self._live.table.columns.index("id")
        for cells in sorted(closed, key=lambda cells: ids.sort_key(cells[place]), reverse=True):
            yield lay(cells)
        for stream in reversed(self._archives):
            lay = layer(stream.columns, columns)
            test = filters.compile_for(self._selection, stream.columns)
            for cells in stream.rows(self._selection.needles, backward=True):
                if test(cells):
                    yield lay(cells)

    def sorted_by(
        self, field: Field, columns: Sequence[str], *, descending: bool, limit: int | None
    ) -> Iterator[Cells]:
        """Plain texts of ``columns`` by the values of one field, absent ones last."""
        keyed = self._keyed(field, columns)
        key = _reversed_key if descending else _forward_key
        found = heapq.nsmallest(limit, keyed, key=key) if limit is not None else sorted(keyed, key=key)
        return (texts for _key, texts, _id in found)

    def _keyed(self, field: Field, columns: Sequence[str]) -> Iterator[tuple[object, Cells, str]]:
        """The value to sort by, the texts to show, and the id's key, which decides between equals."""
        value = _sort_value(field)
        for part in self.parts():
            lay = layer(part.columns, columns)
            place = part.columns.index(field.name) if field.name in part.columns else None
            own = part.columns.index("id")
            for cells in part.cells:
                found = value(cells[place]) if place is not None and cells[place] else None
                yield found, lay(cells), ids.sort_key(cells[own])

    def _chosen_live(self) -> Iterator[list[str]]:
        table = self._live.table
        test = filters.compile_for(self._selection, table.columns)
        statuses = self._selection.statuses
        quick = bool(statuses) and table.columns[:2] == ("id", "status")
        needles = self._selection.needles
        for row, line in enumerate(table.lines):
            if quick:
                status = line.split(",", 2)[1]
                if status not in statuses and not status.startswith('"'):
                    continue
            if needles and not all(any(text in line for text in group) for group in needles):
                continue
            cells = line.split(",") if '"' not in line else table.cells(row)
            if test(cells):
                yield cells


@contextmanager
def snapshot(book: Book, selection: Selection) -> Iterator[Snapshot]:
    """Open what ``selection`` can be found in: archives only where closed rows are asked for, and only the
    months whose dates allow.

    A writer replaces files, it never changes an open one, so what is open stays as it was.
    """

    def opened() -> tuple[rows.Rows, list[rows.Stream]]:
        live = rows.read(book.root / layout.LIVE, layout.LIVE, book.columns)
        archives: list[rows.Stream] = []
        if selection.wants_closed:
            lines = manifest.read(book.root)
            for file in manifest.archives(book.root, lines, selection.since, selection.until):
                archives.append(rows.Stream(book.root / file, file))
        return live, archives

    live, archives = book.consistent(opened)
    try:
        yield Snapshot(live, archives, selection)
    finally:
        for stream in archives:
            stream.close()


def one_record(book: Book, text: str) -> tuple[Record, str]:
    """The record that an id or a unique tail means, and its file. Raises Refused or NotFound."""

    def read() -> tuple[Record, str]:
        live = rows.read(book.root / layout.LIVE, layout.LIVE, book.columns)
        record_id, file = locate(book, text, live.ids)
        found = live if file == layout.LIVE else rows.read(book.root / file, file, book.columns)
        pairs = zip(found.table.columns, found.table.cells(found.ids.index(record_id)), strict=True)
        return {name: canonical.decode_cell(cell) for name, cell in pairs}, file

    return book.consistent(read)


def events_of(book: Book, record_id: str, uid: str) -> list[Entry]:
    """The events of one record or customer, oldest first."""
    from exlog.store import history

    since = ids.month_of(record_id)

    def read() -> list[Entry]:
        # By the uid, which stays where a record that two clones gave one id has got another one.
        entries = history.entries(book.root, since if layout.is_month(since) else "", containing=uid or record_id)
        return [entry for entry in entries if (entry.uid == uid if uid else entry.record == record_id)]

    found = sorted(book.consistent(read), key=lambda entry: _moment(entry.at))
    # Two clones may both have recorded one escalation: it has one identity, and the earlier of the two counts.
    return list({entry.event: entry for entry in reversed(found)}.values())[::-1]


def renumbered(book: Book, record_id: str) -> list[str]:
    """The ids of records that were given this id as well, and got another one when their clones were merged.

    A file that cannot be read is passed over: what it holds is for the commands that need it to tell.
    """
    found = []
    for file in (layout.LIVE, layout.archive_file(ids.month_of(record_id))):
        if not (book.root / file).exists():
            continue
        with suppress(Damaged):
            stream = rows.Stream(book.root / file, file)
            if "former_id" in stream.columns:
                own, former = stream.columns.index("id"), stream.columns.index("former_id")
                found += [cells[own] for cells in stream.holding(record_id) if cells[former] == record_id]
            stream.close()
    return found


def layer(present: Sequence[str], wanted: Sequence[str]) -> Callable[[Cells], Cells]:
    """A function that gives the plain texts of ``wanted`` columns from cells under ``present`` ones."""
    decode = canonical.decode_cell
    if tuple(present) == tuple(wanted):
        return lambda cells: [cell if "\\" not in cell else decode(cell) for cell in cells]
    absent = len(present)
    places = [present.index(name) if name in present else absent for name in wanted]
    if len(places) > 1 and absent not in places:
        pick = operator.itemgetter(*places)

        def lay(cells: Cells) -> Cells:
            found: Cells = pick(cells)
            return found if "\\" not in "".join(found) else [decode(cell) for cell in found]

        return lay
    pick = operator.itemgetter(*places, absent)

    def lay_with_absent(cells: Cells) -> Cells:
        *found, _absent = pick([*cells, ""])
        return found if "\\" not in "".join(found) else [decode(cell) for cell in found]

    return lay_with_absent


def column_field(book: Book, name: str) -> Field:
    """The declared field of a column. Raises NotFound's kin through ``filters.unknown_field``."""
    field = book.policy.field(name)
    if field is None:
        raise filters.unknown_field(name, book.policy)
    return field


def _urgency_key(columns: Sequence[str]) -> Callable[[Cells], tuple[int, str, str]]:
    ranks = {key: rank for rank, key in enumerate(vocabulary.keys("urgency"))}
    urgency, due, received = (
        columns.index(name) if name in columns else None for name in ("urgency", "due_at", "received_at")
    )

    def key(cells: Cells) -> tuple[int, str, str]:
        rank = ranks.get(cells[urgency], len(ranks)) if urgency is not None else 0
        soonest = (cells[due] if due is not None else "") or "~"
        return rank, soonest, cells[received] if received is not None else ""

    return key


def _sort_value(field: Field) -> Callable[[str], object]:
    if field.kind in ("int", "decimal"):
        return _number
    if field.kind == "time":
        return _moment
    if field.kind == "id":
        return ids.sort_key
    if field.enum:
        ranks = {key: rank for rank, key in enumerate(vocabulary.keys(field.enum))}
        return lambda text: ranks.get(text, len(ranks))
    return lambda text: canonical.decode_cell(text).casefold()


def _number(text: str) -> object:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _forward_key(keyed: tuple[object, Cells, str]) -> tuple[bool, object, str]:
    return keyed[0] is None, 0 if keyed[0] is None else keyed[0], keyed[2]


class _Backward:
    """Turns the order of values of any kind around, and keeps equal ones in their order."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __lt__(self, other: _Backward) -> bool:
        return bool(other.value < self.value)  # type: ignore[operator]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backward) and other.value == self.value


def _reversed_key(keyed: tuple[object, Cells, str]) -> tuple[bool, object, str]:
    return keyed[0] is None, _Backward(0) if keyed[0] is None else _Backward(keyed[0]), keyed[2]
