"""Puts right what a merge by git leaves across files: a driver may write only the file it merges.

* One id, two rows (two clones held one lane for a while): both stay; the older keeps the id, the other gets the next
  free one of its lane and day, and its old id as ``former_id``.
* One row twice, in the live ledger and in an archive, or doubled by a merge without the driver: one row stays, with the
  values that its history says came last; live if it is open, else in its archive.
* An open row in an archive comes back; the manifest follows archives whose rows the history proves.
* A cell that the merge driver made of two, such as notes that keep both, becomes an event: the history proves it. The
  driver says which; an edit by hand is left for a person to adopt.
  Minutes on hold are counted anew from the events.
* Two customers of one id: both stay (``parting``).
* A conflict in a row that both sides added to a file is none where the history says which value came later.
* Two clones in one lane: the later one moves to a free lane.

All of it follows from the files alone, so that two clones which both do it come to the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from exlog import canonical, fields, ids, times
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger import deciding, folding, holding, lanes, manifest, parting
from exlog.ledger.book import Book
from exlog.merge import versions
from exlog.merge.holds import FIELDS as HELD
from exlog.merge.outcome import Clash, Made
from exlog.merge.rules import COMBINED
from exlog.store import combined, conflicts, files, gitfolder, history, layout, rows, settled
from exlog.store.journal import Transaction
from exlog.workflow import Event, Record

_IDENTITY = "rec-"
_STEP = timedelta(seconds=1)

Found = tuple[str, str, Event, str]
"""Record, uid, event and the event's identity."""


class Row(NamedTuple):
    """A record and the table it stands in."""

    file: str
    record: Record

    @property
    def id(self) -> str:
        """Its id."""
        return self.record.get("id", "")

    @property
    def uid(self) -> str:
        """Its identity in a merge; id and time of recording where it has none."""
        return self.record.get("uid") or f"{self.id} {self.record.get('recorded_at', '')}"


class Tables(NamedTuple):
    """The tables of the ledger as they stand, unchecked: by file the columns, the rows and the hash of the bytes."""

    columns: dict[str, tuple[str, ...]]
    rows: list[Row]
    digests: dict[str, str]


class Mended(NamedTuple):
    """What came of it: the rows, the files that change, the events, what to tell, and cells made of two."""

    rows: list[Row]
    changed: set[str]
    events: list[Found]
    remarks: list[str]
    clashes: list[tuple[str, Clash]]
    made: list[Made]


def reconcile(book: Book) -> list[str]:
    """Put right what a merge left, if anything; what to tell. Costs a look at the files where nothing changed.

    Tables that cannot be read, such as ones with conflict markers, are left for the command that reads them to tell.
    """
    if settled.is_settled(book.root):
        return []
    with contextlib.suppress(Damaged):
        ran = settled.driver_ran(book.root)
        remarks = _reconcile(book)
        if ran:
            holding.recount(book, _IDENTITY)
            remarks += parting.part(book)
            remarks += deciding.by_history(book)
        return remarks
    return []


def _reconcile(book: Book) -> list[str]:
    with book.locked(shared=False):
        if settled.is_settled(book.root):
            return []
        remarks = lanes.part(book)
        tables = _read(book)
        mended = _mend(book, tables)
        proven = _proven_archives(book, tables, mended)
        if mended.changed or proven:
            _write(book, tables, mended, proven)
            _keep_clashes(book, mended)
            _tell_of_manifest(book, proven, mended)
        _record_merged_cells(book, [*combined.read(book.root), *mended.made])
        combined.drop(book.root)
        settled.settle(book.root)
        return [*remarks, *mended.remarks]


def _tell_of_manifest(book: Book, proven: list[str], mended: Mended) -> None:
    """Where no merge explains that the manifest was not as the archives are, somebody changed it: that is told."""
    if not settled.driver_ran(book.root):
        mended.remarks.extend(
            _("{manifest} did not agree with {file}, whose rows the history proves; it was put right").format(
                manifest=layout.MANIFEST, file=file
            )
            for file in proven
        )


def _keep_clashes(book: Book, mended: Mended) -> None:
    """Leave what a person has to decide to ``exlog resolve``: the path is that of the file in which the row stands."""
    where = {row.record.get("uid", ""): row.file for row in mended.rows}
    top = gitfolder.top(book.root)
    for file, clash in mended.clashes:
        path = (book.root / where.get(clash.uid, file)).relative_to(top).as_posix()
        conflicts.keep(conflicts.folder(book.root), path, [conflicts.entry(clash, times.format_time(book.now))])
        mended.remarks.append(
            _("{id}: {field} has two values; a person must decide: exlog resolve").format(
                id=clash.id, field=clash.field
            )
        )


def _record_merged_cells(book: Book, made: Iterable[Made]) -> None:
    """Give the history the cells that were made of two sides, such as notes that keep both, as events.

    So too a cell that one side alone changed and that the history does not end with, since the other changed it and
    changed it back: where a clone's own events end with it. Any other that differs was edited by a person.
    """
    by_key: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        by_key[one.key].append(one)
    if not by_key:
        return
    tables, places = _placed(book)
    told = folding.compare(book.root, tables, places, lambda _id, _record: False)
    events = []
    for record_id, fold in sorted(told.folds.items()):
        if record_id not in places or fold.gone:
            continue
        file, place = places[record_id]
        row, said = folding.record_at(tables[file].table, place), fold.record()
        uid = row.get("uid", "")
        for name in _made_names(book, uid, by_key.get(uid or record_id, [])):
            old, new = said.get(name, ""), row.get(name, "")
            if old != new and any((one.field, one.value) == (name, new) for one in by_key[uid or record_id]):
                events.append((record_id, uid, Event("merge", name, old, new), _identity(uid, name, new, old)))
    if events:
        transaction = Transaction(book.root)
        _append(book, transaction, lanes.take(book, transaction), events)
        transaction.commit()


def _made_names(book: Book, uid: str, made: list[Made]) -> list[str]:
    """The fields among these whose values are no edit by hand."""
    last = _last_of_clones(book, uid) if any(one.taken for one in made) else set()
    found = {one.field for one in made if one.field in COMBINED and not one.taken}
    found |= {one.field for one in made if one.taken and (one.field, one.value) in last}
    return sorted(found - {*HELD})


def _last_of_clones(book: Book, uid: str) -> set[tuple[str, str]]:
    """Field and value of the last event that each clone has of a record's field."""
    found: dict[tuple[str, str], str] = {}
    for entry in history.of_uid(book.root, uid):
        lane = entry.where.rpartition("/")[2].partition(".")[0]
        values = folding.read_record(entry.new) if entry.field == "*" else {entry.field: entry.new}
        found.update({(lane, name): text for name, text in (values or {}).items()})
    return {(name, text) for (_lane, name), text in found.items()}


def _placed(book: Book) -> tuple[dict[str, rows.Rows], dict[str, tuple[str, int]]]:
    """The tables by file, and for each id the file and the place in it."""
    tables: dict[str, rows.Rows] = {}
    places: dict[str, tuple[str, int]] = {}
    for file in (layout.LIVE, *(layout.archive_file(month) for month in layout.archived_months(book.root))):
        tables[file] = rows.read(book.root / file, file, book.columns)
        places.update({record_id: (file, row) for row, record_id in enumerate(tables[file].ids)})
    return tables, places


def _read(book: Book) -> Tables:
    """The live ledger, and the archives that are not as the manifest says or that share an id with it."""
    tables = Tables({}, [], {})
    live = files.read(book.root / layout.LIVE)
    if live is not None:
        _take(tables, layout.LIVE, live)
    mine: dict[str, list[bytes]] = defaultdict(list)
    for row in tables.rows:
        mine[ids.month_of(row.id)].append(f"\n{row.id},".encode())
    lines = manifest.read(book.root)
    for month in layout.archived_months(book.root):
        file = layout.archive_file(month)
        files.refuse_links(book.root, file)
        data = files.read(book.root / file) or b""
        line = lines.get(month)
        if line is None or line.sha256 != files.digest(data) or any(start in data for start in mine[month]):
            _take(tables, file, data)
    return tables


def _take(tables: Tables, file: str, data: bytes) -> None:
    table = canonical.parse(data, file)
    tables.columns[file], tables.digests[file] = table.columns, files.digest(data)
    for place in range(len(table.lines)):
        cells = [canonical.decode_cell(cell) for cell in table.cells(place)]
        tables.rows.append(Row(file, dict(zip(table.columns, cells, strict=True))))


def _mend(book: Book, tables: Tables) -> Mended:
    mended = Mended([], set(), [], [], [], [])
    by_uid: dict[str, list[Row]] = defaultdict(list)
    for row in tables.rows:
        by_uid[row.uid].append(row)
    for group in by_uid.values():
        mended.rows.append(_one_of(book, group, mended) if len(group) > 1 else _in_place(group[0], mended))
    _remint(book, mended)
    return mended


def _in_place(row: Row, mended: Mended) -> Row:
    """A row where it belongs: an open one in the live ledger."""
    if row.file != layout.LIVE and row.record.get("status") != "closed":
        mended.changed.update((row.file, layout.LIVE))
        mended.remarks.append(_("{id}: open again, back from its archive").format(id=row.id))
        return row._replace(file=layout.LIVE)
    return row


def _one_of(book: Book, group: list[Row], mended: Mended) -> Row:
    """One row of several with one uid: its history decides each field on which they differ, or a person has to."""
    found = [(entry.field, entry.old, entry.new) for entry in history.of_uid(book.root, group[0].uid)]
    record = dict(group[0].record)
    for row in group[1:]:
        record, clashes = versions.joined(record, row.record, found)
        mended.clashes.extend((row.file, clash) for clash in clashes)
    differ = {name for row in group for name, text in row.record.items() if text != group[0].record.get(name, "")}
    mended.made.extend(Made(group[0].uid, name, record[name], False) for name in sorted(differ & COMBINED))
    archives = sorted(row.file for row in group if row.file != layout.LIVE)
    file = archives[0] if archives and record.get("status") == "closed" else layout.LIVE
    mended.changed.update(row.file for row in group)
    mended.changed.add(file)
    mended.remarks.append(_("{id}: stood in several places, kept in {file}").format(id=record.get("id", ""), file=file))
    return Row(file, record)


def _told(book: Book, row: Row) -> Record:
    """What the history says of a row, by its uid."""
    record: Record = {}
    for entry in history.of_uid(book.root, row.uid):
        if entry.field == "*":
            with contextlib.suppress(ValueError):
                record.update(json.loads(entry.new))
        elif entry.field:
            record[entry.field] = entry.new
    return record


def _remint(book: Book, mended: Mended) -> None:
    """Give every row but the oldest of one id another one, which follows from the rows alone."""
    by_id: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(mended.rows):
        by_id[row.id].append(place)
    taken = set(by_id)
    for record_id in sorted(by_id):
        places = by_id[record_id]
        if len(places) < 2 or ids.parse(record_id) is None:
            continue
        places.sort(key=lambda place: (mended.rows[place].record.get("recorded_at", ""), mended.rows[place].uid))
        for place in places[1:]:
            row = mended.rows[place]
            fresh = _next(book, record_id, taken)
            taken.add(fresh)
            record = {**row.record, "id": fresh, "former_id": record_id}
            mended.rows[place] = row._replace(record=record)
            mended.changed.add(row.file)
            text = json.dumps({name: text for name, text in record.items() if text}, ensure_ascii=False)
            event = Event(history.REMINT, "*", record_id, text, _("two clones had given one id"))
            mended.events.append((fresh, row.uid, event, _identity(row.uid, record_id, fresh)))
            mended.remarks.append(
                _("{old} was given twice: the later one, {subject!r}, is {new} now").format(
                    old=record_id, new=fresh, subject=files.shown(record.get("subject", ""))
                )
            )


def _next(book: Book, record_id: str, taken: Iterable[str]) -> str:
    """The next free id of the same day and lane: after the highest of the rows and of the history."""
    parsed = ids.parse(record_id)
    assert parsed is not None
    day, lane = record_id[1:9], record_id[9]
    known = [*taken, *history.ids_of_day(book.root, parsed.month, record_id[:10])]
    return ids.mint(ids.RECORD, day, lane, ids.highest(known, day, lane))


def _identity(*parts: str) -> str:
    """The event's id: the same in every clone that does the same."""
    return _IDENTITY + hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:20]


def _proven_archives(book: Book, tables: Tables, mended: Mended) -> list[str]:
    """Archives that are not as the manifest says although the history proves each of their rows: git merged them."""
    lines = manifest.read(book.root)
    found = []
    for file, digest in tables.digests.items():
        month = file.removeprefix(f"{layout.ARCHIVE}/").removesuffix(".csv")
        line = lines.get(month)
        if file == layout.LIVE or file in mended.changed or (line is not None and line.sha256 == digest):
            continue
        if all(_is_proven(book, row) for row in tables.rows if row.file == file):
            found.append(file)
    return found


def _is_proven(book: Book, row: Row) -> bool:
    told = _told(book, row)
    return bool(told) and all(told.get(name, "") == text for name, text in row.record.items())


def _write(book: Book, tables: Tables, mended: Mended, proven: list[str]) -> None:
    transaction = Transaction(book.root)
    lane = lanes.take(book, transaction)
    written: list[manifest.Line] = []
    for file in sorted({*mended.changed, *proven}):
        records = [row.record for row in mended.rows if row.file == file]
        columns = _columns(book, [*tables.columns.get(file, ()), *(name for record in records for name in record)])
        table = canonical.Table(file, columns, list(_lines(records, columns)), range(2, len(records) + 2), True)
        data = "\n".join([",".join(columns), *table.lines, ""]).encode("utf-8")
        digest = tables.digests.get(file, "")
        if file in mended.changed:
            digest = transaction.replace(file, data, tables.digests.get(file))
        if file != layout.LIVE:
            written.append(manifest.describe(file, table, digest))
    if written:
        manifest.update(book.root, transaction, written)
    if mended.events:
        _append(book, transaction, lane, mended.events)
    transaction.commit()


def _append(book: Book, transaction: Transaction, lane: str, events: Iterable[Found]) -> None:
    # After every event that it follows from, whatever the clocks of other clones say.
    newest = max((book.now, *(end + _STEP for end in history.ends(book.root))))
    stamp = times.format_time(newest.astimezone(book.tz))
    lines = [[stamp, book.actor, record, *event, uid, identity] for record, uid, event, identity in events]
    history.append(book.root, transaction, stamp[:7], lane, lines)


def _columns(book: Book, names: Iterable[str]) -> tuple[str, ...]:
    known = set(fields.columns(book.policy.own_fields))
    return fields.columns(book.policy.own_fields, tuple(dict.fromkeys(name for name in names if name not in known)))


def _lines(records: list[Record], columns: tuple[str, ...]) -> Iterator[str]:
    for record in sorted(records, key=lambda record: ids.sort_key(record["id"])):
        yield canonical.join_row([canonical.encode_cell(record.get(name, "")) for name in columns])
