"""What ``undo`` asks of the history: what came after a command, who names its records, what they were before it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from exlog import ids, times, undone
from exlog.errors import NotFound, Refused
from exlog.i18n import _
from exlog.ledger.book import Book
from exlog.ledger.folding import record_at
from exlog.ledger.session import Session
from exlog.store import history, layout
from exlog.store.history import Entry
from exlog.workflow import Record

_FEW = 20
"""So many records are looked for one by one; for more the history is read once, whole."""


class Rows:
    """Where the rows of records stand, found by id without a search for each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._places: dict[str, dict[str, int]] = {}

    def file_of(self, record_id: str) -> str:
        """The table that has the record. Raises NotFound."""
        for file in (layout.LIVE, layout.archive_file(ids.month_of(record_id))):
            if record_id in self._of(file):
                return file
        raise NotFound(_("no record {id}").format(id=record_id), remedy=_("see exlog check"))

    def record(self, record_id: str) -> Record:
        """The record as plain texts. Raises NotFound."""
        file = self.file_of(record_id)
        return record_at(self._session.sheet(file).rows.table, self._of(file)[record_id])

    def _of(self, file: str) -> dict[str, int]:
        if file not in self._places:
            present = file == layout.LIVE or (self._session.book.root / file).exists()
            found = self._session.sheet(file).ids if present else []
            self._places[file] = {one: row for row, one in enumerate(found)}
        return self._places[file]


class Traced:
    """The events of the records of one command: those before and of it, those after it, and who names them."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._before: dict[str, list[Entry]] = {}
        self._after: dict[str, list[Entry]] = {}
        self._named: dict[str, Entry] = {}

    def take(self, record: str, events: Sequence[Entry]) -> None:
        """The events of one record, in order of time."""
        own = [place for place, entry in enumerate(events) if undone.command_of(entry.event) == self._command]
        last = own[-1]
        mine = events[last]
        file = mine.where.rpartition(":")[0]
        before, after = list(events[: last + 1]), list(events[last + 1 :])
        # What another lane wrote in the same second may have come later.
        for entry in events[:last]:
            if entry.at == mine.at and entry.where.rpartition(":")[0] != file:
                after.append(entry)
        self._before[record], self._after[record] = before, after

    def name(self, record: str, by: Entry) -> None:
        """Say that an event of another record names this one."""
        self._named.setdefault(record, by)

    def refuse_later(self, record: str, names: Collection[str] | None) -> None:
        """Raise Refused where a later event changes one of these fields; anything at all where they are None."""
        back = undone.taken_back(self._after.get(record, ()))
        for entry in self._after.get(record, ()):
            # A pair of a command and its undo changed nothing; both must have come after.
            if entry.action == undone.ACTION and undone.target(entry) in {
                undone.command_of(one.event) for one in self._after[record]
            }:
                continue
            if undone.command_of(entry.event) in back:
                continue
            if names is None or entry.field in names or entry.field == "*":
                raise Refused(
                    _("{id}: {actor} changed it later ({at}: {action} {field}), and that would be lost").format(
                        id=record, actor=entry.actor, at=entry.at[:16].replace("T", " "), action=entry.action,
                        field=entry.field,
                    ),
                    remedy=_("see exlog show {id} --history, and change it with exlog update instead").format(id=record)
                    if record.startswith(ids.RECORD)
                    else _("see exlog customer show {id}").format(id=record),
                )  # fmt: skip

    def refuse_named(self, record: str) -> None:
        """Raise Refused where another record names this one, which is to go."""
        entry = self._named.get(record)
        if entry is not None:
            raise Refused(
                _("{id}: {other} names it").format(id=record, other=entry.record),
                remedy=_("close it instead: exlog close {id} --invalid --reason WHY").format(id=record)
                if record.startswith(ids.RECORD)
                else _("keep the profile, or take back {other} first").format(other=entry.record),
            )

    def fold(self, record: str) -> Record:
        """What the events up to the command come to; of a record that was taken back, what it was before that."""
        values: Record = {}
        for entry in self._before[record]:
            if entry.field == "*" and entry.new:
                values = dict(json.loads(entry.new))
            elif entry.field and entry.field != "*":
                values[entry.field] = entry.new
        return {name: text for name, text in values.items() if text}


def trace(book: Book, command: str, own: Mapping[str, Sequence[Entry]]) -> Traced:
    """Look at everything that the history has of the records of a command (months aside), and at who names them."""
    records = {one for one in own if not layout.is_month(one)}
    found: dict[str, list[Entry]] = {one: [] for one in records}
    traced = Traced(command)
    for entry in _entries(book, records):
        if entry.record in records:
            found[entry.record].append(entry)
        else:
            for one in _names(entry, records):
                traced.name(one, entry)
    for record, events in found.items():
        traced.take(record, sorted(events, key=_order))
    return traced


def _entries(book: Book, records: set[str]) -> Iterator[Entry]:
    if not records:
        return
    since = min(ids.month_of(one) for one in records)
    since = since if layout.is_month(since) else ""
    if len(records) > _FEW:
        yield from history.entries(book.root, since)
        return
    seen: set[str] = set()
    for one in sorted(records):
        for entry in history.entries(book.root, since, containing=one):
            if entry.where not in seen:
                seen.add(entry.where)
                yield entry


def _names(entry: Entry, records: set[str]) -> Iterable[str]:
    """The records that an event of another one names."""
    if entry.field in ("duplicate_of", "follow_up_of", "customer_id"):
        return {entry.new} & records
    if entry.field != "*" or not entry.new:
        return ()
    try:
        values = json.loads(entry.new)
    except (ValueError, RecursionError):
        return ()
    return {values.get(name, "") for name in ("duplicate_of", "follow_up_of", "customer_id")} & records


def _order(entry: Entry) -> tuple[float, str, int]:
    """Time, then file and line: events come in as they were found."""
    moment = times.moment(entry.at)
    file, _colon, number = entry.where.rpartition(":")
    return moment.timestamp() if moment else 0.0, file, int(number)
