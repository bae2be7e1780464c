"""One command's change to a ledger, under the exclusive lock: what it read, what it will write."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from exlog import canonical, fields, ids, times
from exlog.canonical import Table
from exlog.errors import Refused
from exlog.i18n import _
from exlog.ledger import lanes
from exlog.ledger.book import Book
from exlog.ledger.locating import locate
from exlog.profiles import Customer
from exlog.store import clone, history, layout, rows
from exlog.store.journal import Transaction
from exlog.workflow import Event, Record

if TYPE_CHECKING:
    from exlog.ledger import manifest

_STEP = timedelta(seconds=1)


class Found(NamedTuple):
    """A record and the file it stands in (``exceptions.csv`` or an archive)."""

    record: Record
    file: str


class Sheet:
    """One table of records under change: rows by id, kept as lines so that untouched ones keep their bytes."""

    def __init__(self, book: Book, file: str) -> None:
        self.file = file
        self.rows = rows.read(book.root / file, file, book.columns)
        self.changed = False
        self._keys: list[str] = []
        self._own = book.policy.own_fields
        known = fields.columns(self._own)
        unknown = tuple(name for name in self.rows.table.columns if name not in known)
        self.columns = fields.columns(self._own, unknown)

    @property
    def ids(self) -> list[str]:
        """The ids of the rows, in their order."""
        return self.rows.ids

    def record(self, record_id: str) -> Record:
        """The record ``record_id`` as plain texts by column name."""
        table = self.rows.table
        cells = table.cells(self.ids.index(record_id))
        return {name: canonical.decode_cell(cell) for name, cell in zip(table.columns, cells, strict=True)}

    def put(self, record: Mapping[str, str]) -> None:
        """Add ``record``, or let it take the place of the row with its id."""
        self._arrange()
        self.widen(list(record))
        line = canonical.join_row([canonical.encode_cell(record.get(name, "")) for name in self.columns])
        record_id = record["id"]
        place = bisect.bisect_left(self._keys, ids.sort_key(record_id))
        if place < len(self.ids) and self.ids[place] == record_id:
            self.rows.table.lines[place] = line
        else:
            self.rows.table.lines.insert(place, line)
            self.ids.insert(place, record_id)
            self._keys.insert(place, ids.sort_key(record_id))

    def remove(self, record_id: str) -> None:
        """Take the row with this id out."""
        self._arrange()
        place = self.ids.index(record_id)
        del self.rows.table.lines[place], self.ids[place], self._keys[place]

    def lines(self, wanted: set[str], columns: Sequence[str]) -> list[tuple[str, str]]:
        """Id and canonical line, under ``columns``, of each row whose id is wanted."""
        table = self.rows.table
        same = table.canonical and table.columns == tuple(columns)
        return [
            (one, table.lines[row] if same else relay(table, row, columns))
            for row, one in enumerate(self.ids)
            if one in wanted
        ]

    def keyed_lines(self) -> Iterator[str]:
        """Sort key, a tab and the canonical line of each row, sorted."""
        self._arrange()
        lines = self.rows.table.lines
        return (f"{key}\t{line}" for key, line in zip(self._keys, lines, strict=True))

    def tidy(self) -> None:
        """Bring the table into canonical text although no row changes."""
        self._arrange()
        table = self.rows.table
        lines = [canonical.join_row(table.cells(row)) for row in range(len(table.lines))]
        self._set(list(zip(self.ids, lines, strict=True)))

    def widen(self, names: Sequence[str]) -> None:
        """Take in further columns, those that no schema knows after the ones that are here."""
        known = fields.columns(self._own)
        mine = [name for name in self.columns if name not in known]
        theirs = [name for name in names if name not in known and name not in mine]
        if not theirs:
            return
        self.columns = fields.columns(self._own, (*mine, *theirs))
        if self.changed:
            table = self.rows.table
            lines = [relay(table, row, self.columns) for row in range(len(table.lines))]
            self._set(list(zip(self.ids, lines, strict=True)))

    def extend(self, added: Sequence[tuple[str, str]]) -> None:
        """Add many rows (id and canonical line under ``columns``) at once."""
        self._arrange()
        self._set([*zip(self.ids, self.rows.table.lines, strict=True), *added])

    def drop(self, unwanted: set[str]) -> None:
        """Take many rows out at once."""
        self._arrange()
        pairs = zip(self.ids, self.rows.table.lines, strict=True)
        self._set([pair for pair in pairs if pair[0] not in unwanted])

    def _set(self, pairs: list[tuple[str, str]]) -> None:
        """Let these rows, sorted here, be the table."""
        keyed = sorted((ids.sort_key(pair[0]), pair) for pair in pairs)
        self._keys = [key for key, _pair in keyed]
        lines = [line for _key, (_id, line) in keyed]
        table = Table(self.file, self.columns, lines, range(2, len(lines) + 2), True)
        self.rows = rows.Rows(table, [one for _key, (one, _line) in keyed], self.rows.digest)

    def data(self) -> bytes:
        """The whole file as canonical text."""
        self._arrange()
        return "\n".join([",".join(self.columns), *self.rows.table.lines, ""]).encode("utf-8")

    def _arrange(self) -> None:
        """Canonical columns and order, once, before the first change."""
        if self.changed:
            return
        self.changed = True
        table = self.rows.table
        lines = table.lines
        if table.columns != self.columns:
            lines = [relay(table, row, self.columns) for row in range(len(table.lines))]
        self._set(list(zip(self.ids, lines, strict=True)))


def relay(table: Table, row: int, columns: Sequence[str]) -> str:
    """One row of ``table`` as a canonical line under other columns."""
    present = dict(zip(table.columns, table.cells(row), strict=True))
    return canonical.join_row([present.get(name, "") for name in columns])


def _keep_step(book: Book, lane: str) -> None:
    """Let a clock that is a little behind be as far as the newest events: of this clone, and after those of others.

    Else a change would come before the one that it goes on from, and the history would have the older value. Events of
    one lane keep their order within a second, those of two lanes do not.
    """
    since = times.format_time(book.now)[:7]
    last = [end for end in history.ends(book.root, since) if end <= book.now + times.CLOCK_SKEW]
    others = [end + _STEP for end in history.ends(book.root, since, but=lane) if end <= book.now + times.CLOCK_SKEW]
    book.now = max((book.now, *last, *others)).astimezone(book.tz)


class Session:
    """Reads, changes and commits under the exclusive lock. Made by ``writing``."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.transaction = Transaction(book.root)
        self.command = ids.new_uid(book.entropy)
        self.lane = lanes.take(book, self.transaction)
        _keep_step(book, self.lane)
        self.stamp = times.format_time(book.now)
        self.customers: list[Customer] = []
        """Profiles made by this command, which no index knows yet."""
        self.empty_archives_go = False
        self.wrote = False
        """Whether it was committed."""
        self._sheets: dict[str, Sheet] = {}
        self._events: list[list[str]] = []
        self._minted: dict[str, int] = {}

    @property
    def live(self) -> Sheet:
        """The live ledger."""
        return self.sheet(layout.LIVE)

    def sheet(self, file: str) -> Sheet:
        """A table of records, read once."""
        if file not in self._sheets:
            self._sheets[file] = Sheet(self.book, file)
        return self._sheets[file]

    def find(self, text: str) -> Found:
        """The record an id or a unique tail of one means; the live ledger first, then the archives.

        Raises Refused that lists the candidates of an ambiguous tail, NotFound for an unknown one.
        """
        record_id, file = locate(self.book, text, self.live.ids)
        return Found(self.sheet(file).record(record_id), file)

    def mint(self, prefix: str, taken: Iterable[str] = ()) -> str:
        """A new id of today in this clone's lane: after the highest of live, archive, history and floor."""
        date = f"{self.book.now:%Y%m%d}"
        key = f"{prefix}{date}"
        if key not in self._minted:
            month = f"{self.book.now:%Y-%m}"
            known: list[str] = list(taken)
            if prefix == ids.RECORD:
                known += self.live.ids
                if (self.book.root / layout.archive_file(month)).exists():
                    known += self.sheet(layout.archive_file(month)).ids
            known += history.ids_of_day(self.book.root, month, key + self.lane)
            floor = clone.read_floor(self.book.root).get(key + self.lane, 0)
            self._minted[key] = max(floor, ids.highest(known, date, self.lane, prefix))
        if self._minted[key] >= ids.HIGHEST:
            raise Refused(_("there is no number left for {day}").format(day=key), remedy=_("record it tomorrow"))
        self._minted[key] += 1
        return ids.mint(prefix, date, self.lane, self._minted[key] - 1)

    def put(self, record: Record, events: Sequence[Event], file: str = layout.LIVE) -> None:
        """Take a new or changed record and its events into what will be written."""
        if not record.get("uid"):
            record["uid"] = ids.new_uid(self.book.entropy)
        self.sheet(file).put(record)
        self.log(record["id"], record["uid"], events)

    def move(self, record_id: str, source: str, target: str, record: Record) -> None:
        """Take a row out of one table and put ``record`` into another."""
        self.sheet(source).remove(record_id)
        self.sheet(target).put(record)

    def log(self, record_id: str, uid: str, events: Sequence[Event]) -> None:
        """Add events to the history."""
        for event in events:
            number = f"{self.command}.{len(self._events) + 1}"
            self._events.append([self.stamp, self.book.actor, record_id, *event, uid, number])

    def log_as(self, identity: str, record_id: str, uid: str, event: Event) -> None:
        """Add an event whose identity follows from what it says, so that two clones cannot make two of it."""
        self._events.append([self.stamp, self.book.actor, record_id, *event, uid, identity])

    def commit(self) -> bool:
        """Write everything, whole or not at all; False where a full disk left the rest to the next command."""
        from exlog.ledger import manifest

        archived: list[manifest.Line] = []
        for file, sheet in self._sheets.items():
            if sheet.changed and self.empty_archives_go and file != layout.LIVE and not sheet.ids:
                if sheet.rows.digest is not None:
                    self.transaction.remove(file, sheet.rows.digest)
                archived.append(manifest.Line(manifest.month_of(file), 0, "", "", ""))
            elif sheet.changed:
                digest = self.transaction.replace(file, sheet.data(), sheet.rows.digest)
                if file != layout.LIVE:
                    archived.append(manifest.describe(file, sheet.rows.table, digest))
        if archived:
            self._tell_of_archives(archived)
            manifest.update(self.book.root, self.transaction, archived)
        if self._events:
            history.append(self.book.root, self.transaction, self.stamp[:7], self.lane, self._events)
        done = self.transaction.commit()
        self.wrote = True
        if self._minted:
            clone.raise_floor(self.book.root, {key + self.lane: number for key, number in self._minted.items()})
        return done

    def _tell_of_archives(self, written: Sequence[manifest.Line]) -> None:
        """Each change of the manifest is an event: which archive, its hash before and after."""
        from exlog.ledger import manifest

        known = manifest.read(self.book.root)
        for line in written:
            old = known[line.month].sha256 if line.month in known else ""
            if self._events and old != line.sha256:
                self.log(line.month, "", [Event("archive", "sha256", old, line.sha256)])


@contextmanager
def writing(book: Book) -> Iterator[Session]:
    """A session under the exclusive lock; nothing is written unless it is committed.

    Raises Busy where the lock is held too long or the disk refuses.
    """
    with book.locked(shared=False):
        session = Session(book)
        yield session
    if session.wrote and book.policy.autocommit:
        from exlog.ledger import committing

        remark = committing.automatically(book)
        if remark:
            book.tell(remark)
