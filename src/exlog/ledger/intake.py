"""Takes records in from a file of another system: mapped, checked, numbered, in one transaction.

The file is read as a stream; what is new waits in sorted runs on disk, so memory does not grow with its size.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import IO, Any, NamedTuple

from exlog import canonical, ids, invariants, policy
from exlog.chain import link
from exlog.errors import NotFound, Usage
from exlog.i18n import _
from exlog.ledger import customers, manifest, permits
from exlog.ledger.book import Book
from exlog.ledger.session import Session, writing
from exlog.mapping import Mapper, Rejected, compile_map, map_fields
from exlog.policy import Policy
from exlog.store import clone, config, files, history, layout, rows, yamlfile
from exlog.store.journal import STAGING
from exlog.store.source import Source, open_source
from exlog.store.spool import Spool
from exlog.workflow import Record

_PREVIEW = 5
_REPORT_EVERY = 500


class Counts:
    """What became of the rows of a file."""

    def __init__(self) -> None:
        self.read = self.taken = self.known = self.rejected = 0
        self.preview: list[Record] = []
        self.reasons: dict[str, tuple[int, str]] = {}
        """By the field that was at fault: how often, and one reason in full."""


class Plan(NamedTuple):
    """A map understood for one ledger: the policy with the fields that the map declares, and exlog.yaml for it."""

    document: yamlfile.Document
    policy: Policy
    config: bytes | None
    added: tuple[str, ...]


def plan(book: Book, map_path: Path) -> Plan:
    """Read a map. Raises Usage or Damaged that names file, line and key."""
    data = map_path.read_bytes() if map_path.is_file() else None
    if data is None:
        raise NotFound(_("no such file"), where=str(map_path), remedy=_("see docs/importing.md for examples"))
    document = yamlfile.load(data, map_path.name)
    declared = map_fields(document.plain(), lambda path: document.where(*path))
    wanted = policy.own_fields(declared, document.where)
    present = {field.name: field for field in book.policy.own_fields}
    for place, field in enumerate(wanted):
        known = present.get(field.name)
        if known is not None and (known.kind, known.choices) != (field.kind, field.choices):
            raise Usage(
                _("exlog.yaml declares {field} in another way").format(field=field.name),
                where=document.where("fields", place, "name"),
                remedy=_("make the two agree, or give the field another name"),
            )
    added = [place for place, field in enumerate(wanted) if field.name not in present]
    if not added:
        return Plan(document, book.policy, None, ())
    old = yamlfile.load(files.read(book.root / config.FILE) or b"", config.FILE)
    old.tree["fields"] = [*(old.tree.get("fields") or []), *(declared[place] for place in added)]
    text = yamlfile.dump(old.tree)
    fresh = policy.read(yamlfile.load(text, config.FILE).plain(), old.where)
    return Plan(document, fresh, text, tuple(wanted[place].name for place in added))


def take_in(
    book: Book, path: Path, map_path: Path, *, dry_run: bool = False, progress: Callable[[int], None] | None = None
) -> Counts:
    """Import ``path`` by the map at ``map_path``; ``progress`` is told how many bytes were read.

    Rows that cannot be taken go to ``FILE.rejected.csv`` with the reason; the rest is recorded in one
    transaction. Rows that an earlier import took are passed over. Raises Usage or Damaged where the file or
    the map cannot be used at all; then nothing is recorded.
    """
    planned = plan(book, map_path)
    book = Book(book.root, planned.policy, actor=book.actor, entropy=book.entropy, now=book.now)
    if not path.is_file():
        raise NotFound(_("no such file"), where=str(path), remedy=_("name the file to import"))
    with open_source(path) as source:
        mapper = compile_map(
            planned.document.plain(),
            header=source.header,
            schema=planned.policy.schema(),
            aliases=planned.policy.aliases,
            tz=book.tz,
            where=lambda key: planned.document.where(*key),
        )
        if dry_run:
            with _Rejects(path, source, write=False) as rejects:
                reader = _Reader(book, source, mapper, rejects.add, progress)
                for _row in reader.rows():
                    pass
                return reader.counts
        permits.require(book, "import")
        with writing(book) as session:
            if planned.config is not None:
                before = files.digest_of_file(book.root / config.FILE)
                session.transaction.replace(config.FILE, planned.config, before)
            with _Rejects(path, source, write=True) as rejects:
                reader = _Reader(book, source, mapper, rejects.add, progress)
                _record(session, reader, rejects)
            return reader.counts


class _Reader:
    """The rows of the source that are new and sound, as records with their external id; counts what it sees."""

    def __init__(
        self,
        book: Book,
        source: Source,
        mapper: Mapper,
        reject: Callable[[int, list[str], str], None],
        progress: Callable[[int], None] | None,
    ) -> None:
        self.counts = Counts()
        self._book = book
        self._source = source
        self._mapper = mapper
        self._reject = reject
        self._progress = progress
        self._known = _external_ids(book, mapper.source)
        everyone = customers.index(book)
        self._by_id = {one.id: one for one in everyone}
        self._by_name = {one.name.casefold(): one for one in everyone}
        self._schema = book.policy.schema()
        self._is_sound = invariants.quick_check(self._schema, book.now)
        self._one_off = book.policy.rules["one_off_customers"] == "allow"

    def rows(self) -> Iterator[Record]:
        """Records to be taken in, in the order of the file."""
        counts, mapper = self.counts, self._mapper
        for line, cells in self._source.rows():
            counts.read += 1
            if self._progress is not None and counts.read % _REPORT_EVERY == 0:
                self._progress(self._source.position())
            try:
                external = mapper.external_id(cells)
                if external in self._known:
                    counts.known += 1
                    continue
                record = mapper.record(cells)
                record["external_id"] = external
                self._complete(record)
            except Rejected as rejected:
                self._refuse(line, cells, rejected)
                continue
            counts.taken += 1
            if len(counts.preview) < _PREVIEW:
                counts.preview.append(dict(record))
            yield record

    def _complete(self, record: Record) -> None:
        """Defaults, the customer's profile and the invariants. Raises Rejected."""
        record.setdefault("status", "new")
        record.setdefault("reopen_count", "0")
        if "received_at" in record:
            record.setdefault("recorded_at", record["received_at"])
        if "urgency" in record:
            record["urgency_by"] = "manual"
        self._link_customer(record)
        if max(map(len, record.values())) > canonical.MAX_CELL:
            raise Rejected(_("a text has more than {most} characters").format(most=canonical.MAX_CELL))
        if not self._is_sound(record):
            for problem in invariants.problems(record, self._schema, self._book.now):
                raise Rejected(problem.message, field=problem.field)

    def _link_customer(self, record: Record) -> None:
        if "customer_id" in record:
            known = self._by_id.get(record["customer_id"].upper())
            if known is None:
                raise Rejected(_("there is no profile {customer}").format(customer=record["customer_id"]))
        else:
            known = self._by_name.get(record.get("customer_name", "").casefold())
        if known is not None:
            record["customer_id"] = known.id
            record.setdefault("customer_name", known.name)
        elif not self._one_off:
            raise Rejected(_("the policy does not allow one-off customers"))

    def _refuse(self, line: int, cells: list[str], rejected: Rejected) -> None:
        self.counts.rejected += 1
        kind = rejected.field or str(rejected)
        counted, example = self.counts.reasons.get(kind, (0, str(rejected)))
        self.counts.reasons[kind] = (counted + 1, example)
        self._reject(line, cells, str(rejected))


def _external_ids(book: Book, source: str) -> set[str]:
    """External ids of ``source`` that the ledger knows, archives included."""
    start = f"{source}:"
    found: set[str] = set()
    for file in (layout.LIVE, *manifest.archives(book.root, manifest.read(book.root))):
        if not (book.root / file).exists():
            continue
        stream = rows.Stream(book.root / file, file)
        if "external_id" in stream.columns:
            place = stream.columns.index("external_id")
            for cells in stream.rows(((start.replace('"', '""'),),)):
                found.add(canonical.decode_cell(cells[place]))
        stream.close()
    return found


class _Numbers:
    """Ids for records of many days: after the highest of live, archive, history and floor of each day."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._root = session.book.root
        lane = session.lane
        self._top = history.highest_by_day(self._root, lane)
        for key, number in clone.read_floor(self._root).items():
            if key[-1] == lane:
                self._raise(key[:-1], number)
        self._take(session.live.ids)
        self._archived: set[str] = set(layout.archived_months(self._root))
        self.minted: dict[str, int] = {}

    def next(self, date: str) -> tuple[str, str]:
        """A new id for ``date`` (YYYYMMDD), and its sort key."""
        key = ids.RECORD + date
        if key not in self.minted:
            month = ids.month_of(key)
            if month in self._archived:
                self._archived.discard(month)
                self._take(self._session.sheet(layout.archive_file(month)).ids)
        number = self._top.get(key, 0) + 1
        self._top[key] = self.minted[key] = number
        day = f"{date}{self._session.lane}"
        return f"{ids.RECORD}{day}{number:02d}", f"{day}{number:09d}"

    def _take(self, known: list[str]) -> None:
        for text in known:
            parsed = ids.parse(text)
            if parsed is not None and parsed.lane == self._session.lane:
                self._raise(ids.RECORD + parsed.date, parsed.sequence)

    def _raise(self, key: str, number: int) -> None:
        if number > self._top.get(key, 0):
            self._top[key] = number


def _record(session: Session, reader: _Reader, rejects: _Rejects) -> None:
    """Write what the reader gives: rows into the live ledger, one event each into the history.

    The refused rows are in their place before the commit: what was taken is never without what was not.
    """
    book, transaction = session.book, session.transaction
    numbers = _Numbers(session)
    month = session.stamp[:7]
    live = session.live
    files.make_folders(book.root, STAGING)
    with Spool(book.root / STAGING) as spool:
        with history.stage(book.root, transaction, month, session.lane) as trail:
            prev = history.copy_into(trail, book.root, month, session.lane)
            write = _event_writer(session, trail.write, prev)
            line = _line_writer(live.columns)
            for record in reader.rows():
                record["id"], key = numbers.next(_day(record["recorded_at"]))
                record["uid"] = ids.new_uid(book.entropy)
                spool.add(f"{key}\t{line(record)}")
                write(record)
        rejects.finish()
        if not reader.counts.taken:
            return
        with transaction.stage(layout.LIVE, live.rows.digest) as table:
            table.write((",".join(live.columns) + "\n").encode("utf-8"))
            batch: list[str] = []
            for keyed in spool.sorted_with(live.keyed_lines()):
                batch.append(keyed.partition("\t")[2])
                if len(batch) >= 1000:
                    table.write(("\n".join(batch) + "\n").encode("utf-8"))
                    batch.clear()
            table.write("".join(line + "\n" for line in batch).encode("utf-8"))
        transaction.commit()
    clone.raise_floor(book.root, {key + session.lane: number for key, number in numbers.minted.items()})


def _event_writer(
    session: Session, write: Callable[[bytes], None], prev: str | None
) -> Callable[[Mapping[str, str]], None]:
    """A function that writes the event of one imported record; what all of them share is made once.

    ``prev`` is the link to the last event there is; None where the file goes without links.
    """
    start = history.join([session.stamp, session.book.actor])
    keys: dict[str, str] = {}
    count = 0

    def event(record: Mapping[str, str]) -> None:
        nonlocal count, prev
        count += 1
        parts = []
        for name, text in record.items():
            key = keys.get(name)
            if key is None:
                key = keys[name] = encode_basestring(name) + ": "
            parts.append(key + encode_basestring(text))
        values = ("{" + ", ".join(parts) + "}").replace("\\", "\\\\").replace('"', '""')
        line = f'{start},{record["id"]},import,*,,"{values}",,{record["uid"]},{session.command}.{count}'
        if prev is not None:
            line = f"{line},{prev}"
            prev = link(line)
        write(f"{line}\n".encode())

    return event


def _line_writer(columns: Sequence[str]) -> Callable[[Mapping[str, str]], str]:
    """A function that gives the canonical line of a record; only cells with signs of CSV's own need care."""
    places = {name: place for place, name in enumerate(columns)}
    empty = [""] * len(columns)
    special = re.compile(r'[",\\\n\r]').search

    def line(record: Mapping[str, str]) -> str:
        cells = empty.copy()
        for name, text in record.items():
            cells[places[name]] = text if special(text) is None else canonical.join_row((canonical.encode_cell(text),))
        return ",".join(cells)

    return line


def _day(stored: str) -> str:
    return stored[:4] + stored[5:7] + stored[8:10]


class _Rejects:
    """Rows that cannot be taken, on their way to ``FILE.rejected.csv``, which appears only if there are any."""

    def __init__(self, path: Path, source: Source, *, write: bool) -> None:
        self._target = path.with_name(f"{path.name}.rejected.csv")
        self._draft = self._target.with_name(f".{self._target.name}.{os.getpid()}")
        self._header = [*source.header, "exlog_line", "exlog_reason"]
        self._write = write
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._stream is not None:
            self._stream.close()
            self._draft.unlink(missing_ok=True)

    def add(self, line: int, cells: list[str], reason: str) -> None:
        """Take one row with the line it starts on and why it was refused."""
        if not self._write:
            return
        try:
            if self._stream is None:
                self._stream = self._draft.open("w", encoding="utf-8", newline="")
                self._writer = csv.writer(self._stream, lineterminator="\n")
                self._writer.writerow(self._header)
            self._writer.writerow([*cells, line, reason])
        except OSError as error:
            raise files.refusal(error, self._target) from None

    def finish(self) -> None:
        """Put the file into place. Raises Busy where the disk refuses."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            os.replace(self._draft, self._target)
        except OSError as error:
            raise files.refusal(error, self._target) from None
