"""Is the ledger sound: files and rows, invariants, history against rows, archives against their manifest.

Each check gives findings; none stops the others. ``adopt`` writes hand edits into the history.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from exlog import ids, invariants, profiles, times
from exlog.canonical import Table
from exlog.errors import Damaged, NotFound
from exlog.fields import Field
from exlog.i18n import _
from exlog.ledger import customers, folding, lanes, manifest
from exlog.ledger.book import Book
from exlog.ledger.folding import Told, record_at
from exlog.store import files, layout, rows, trail
from exlog.workflow import Record


class Finding(NamedTuple):
    """One thing that is wrong: where, what, what to do. ``damage`` says the file cannot be read as it should."""

    where: str
    message: str
    remedy: str
    damage: bool = False


class Survey(NamedTuple):
    """Every row of the ledger and where it stands, read once and shared by the checks."""

    book: Book
    tables: dict[str, rows.Rows]
    places: dict[str, tuple[str, int]]
    told: Told | None
    """What the history says; None where it cannot be read."""
    customers: set[str] | None
    """The profiles that are there, those that cannot be read too; None where their folder cannot be."""
    complete: bool
    """Whether every table could be read."""
    schema: dict[str, Field]


def check(book: Book) -> list[Finding]:
    """Every finding, in the order of files. The lock is held shared while the files are read."""
    findings: list[Finding] = []
    with book.locked(shared=True), _no_collector():
        gaps = trail.gaps_aside(book.root)
        everything = survey(book, findings)
        findings.extend(_check_links(everything, gaps))
        for one in CHECKS:
            findings.extend(one(everything))
    return findings


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of lists that live for a moment, and no cycles among them: the collector would only look at all rows."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def survey(book: Book, findings: list[Finding]) -> Survey:
    tables: dict[str, rows.Rows] = {}
    places: dict[str, tuple[str, int]] = {}
    names = [layout.LIVE, *(layout.archive_file(month) for month in layout.archived_months(book.root))]
    for file in names:
        try:
            files.refuse_links(book.root, file)
            tables[file] = rows.read(book.root / file, file, book.columns)
        except Damaged as error:
            findings.append(_damage(error))
            continue
        for row, record_id in enumerate(tables[file].ids):
            other = places.setdefault(record_id, (file, row))
            if other != (file, row):
                findings.append(
                    Finding(
                        tables[file].table.where(row, "id"),
                        _("{id} is also in {other}").format(id=record_id, other=other[0]),
                        _("remove one of the two rows, or restore the files from git"),
                    )
                )
    known = _profiles(book, findings)
    told = _history(book, tables, places, known, findings)
    return Survey(book, tables, places, told, known, len(tables) == len(names), book.policy.schema())


def _profiles(book: Book, findings: list[Finding]) -> set[str] | None:
    """The ids of the profiles; each that cannot be read is a finding."""
    try:
        found, broken = customers.sound(book)
    except Damaged as error:
        findings.append(_damage(error))
        return None
    findings.extend(_damage(error) for error in broken.values())
    return {*(one.id for one in found), *broken}


def _history(
    book: Book,
    tables: dict[str, rows.Rows],
    places: dict[str, tuple[str, int]],
    known: set[str] | None,
    findings: list[Finding],
) -> Told | None:
    """The rows held to the history, and what is wrong with single events."""
    try:
        told = folding.compare(book.root, tables, places, _first_look(book, known))
    except Damaged as error:
        findings.append(_damage(error))
        return None
    for entry in told.doubled:
        message = _("the event {event} appears a second time").format(event=files.shown(entry.event))
        findings.append(Finding(entry.where, message, _("remove one of the two lines")))
    for entry in told.unreadable:
        message = _("the values of a new record cannot be read")
        findings.append(Finding(entry.where, message, _("restore the file from git")))
    return told


def _first_look(book: Book, known: set[str] | None) -> folding.Look:
    """A quick look at a row on its own: where it finds something, the checks of rows say what."""
    is_sound = invariants.row_check(book.policy.schema(), book.now + times.CLOCK_SKEW)

    def look(file: str, record: Record) -> bool:
        if "duplicate_of" in record or "follow_up_of" in record or not is_sound(record):
            return False
        if file != layout.LIVE and (
            record["status"] != "closed" or layout.archive_file(ids.month_of(record["id"])) != file
        ):
            return False
        customer = record.get("customer_id")
        return customer is None or known is None or customer in known

    return look


class Row(NamedTuple):
    """One row under check: where it stands, and its plain texts by column name."""

    table: Table
    place: int
    id: str
    record: Record

    def where(self, field: str) -> str:
        """File, line and field for messages."""
        return self.table.where(self.place, field)


def rows_of(seen: Survey, without: Collection[str] = frozenset()) -> Iterator[Row]:
    """Every row of every table, one after the other, ``without`` the known places of some ids."""
    for file, found in seen.tables.items():
        for place, record_id in enumerate(found.ids):
            if record_id in without and seen.places[record_id] == (file, place):
                continue
            yield Row(found.table, place, record_id, record_at(found.table, place))


def _check_rows(seen: Survey) -> Iterator[Finding]:
    """Every check of single rows, in one pass; then records that the history knows and no table has."""
    for row in rows_of(seen, seen.told.plain if seen.told else frozenset()):
        for one in (check_values, _check_archive, _check_references, _check_history):
            yield from one(seen, row)
    # Where a table could not be read, a record that is in none may stand in that one.
    for record_id in sorted(seen.told.known, key=ids.sort_key) if seen.told and seen.complete else ():
        if record_id not in seen.places:
            yield Finding(
                layout.LIVE,
                _("{id} stands in the history but in no table").format(id=record_id),
                _("restore the row from git; a record is closed as invalid, not removed"),
            )


def check_values(seen: Survey, row: Row) -> Iterator[Finding]:
    """Values, order of times, required fields."""
    for problem in invariants.problems(row.record, seen.schema, seen.book.now + times.CLOCK_SKEW):
        field = seen.schema.get(problem.field)
        yield Finding(
            row.where(problem.field),
            f"{row.id}: {problem.message}",
            _("fix it: exlog update {id} --set {field}=…").format(id=row.id, field=problem.field)
            if field is not None and field.set_by == "person"
            else _("fix the row by hand, then run exlog check --adopt"),
        )


def _check_archive(seen: Survey, row: Row) -> Iterator[Finding]:
    """Archived rows are closed and in their month."""
    file = row.table.name
    if file != layout.LIVE and (row.record["status"] != "closed" or layout.archive_file(ids.month_of(row.id)) != file):
        yield Finding(
            row.where("status"),
            _("{id} does not belong in this archive").format(id=row.id),
            _("move the row back to {file}").format(file=layout.LIVE),
        )


def _check_references(seen: Survey, row: Row) -> Iterator[Finding]:
    """Records and customers that a row names are there."""
    for name in ("duplicate_of", "follow_up_of"):
        other = row.record.get(name)
        if other and other not in seen.places:
            yield Finding(
                row.where(name),
                _("{id}: there is no record {other}").format(id=row.id, other=files.shown(other)),
                _("name a record that is there"),
            )
    customer = row.record.get("customer_id")
    if customer and seen.customers is not None and customer not in seen.customers:
        yield Finding(
            row.where("customer_id"),
            _("{id}: there is no profile {customer}").format(id=row.id, customer=files.shown(customer)),
            _("restore {file} from git").format(file=layout.customer_file(files.shown(customer))),
        )


def _check_history(seen: Survey, row: Row) -> Iterator[Finding]:
    """Folding a record's events gives its row; a row without events, or unlike them, was edited by hand."""
    for name, old, new in differences(seen, row):
        if name == "*" and seen.told and row.id in seen.told.gone:
            message = _("{id} was taken back by undo, but its row is here").format(id=row.id)
        elif name == "*":
            message = _("{id} has no history: it was added by hand").format(id=row.id)
        else:
            message = _("{id}: {field} is {new!r}, the history says {old!r}").format(
                id=row.id, field=name, new=files.shown(new), old=files.shown(old)
            )
        yield Finding(
            row.where("" if name == "*" else name),
            message,
            _("write the old one back")
            if name == "uid" and old and new
            else _("adopt it with exlog check --adopt, or restore the file from git"),
        )


def differences(seen: Survey, row: Row) -> Iterator[tuple[str, str, str]]:
    """Field, text by the history, text in the row, for each that differ; ``*`` where there is no history."""
    if seen.told is None:
        return
    if row.id not in seen.told.known:
        yield "*", "", ""
        return
    fold = seen.told.folds.get(row.id)
    if fold is None:
        return
    told = fold.record()
    for name in dict.fromkeys((*row.record, *told)):
        old, new = told.get(name, ""), row.record.get(name, "")
        if old != new:
            yield name, old, new


def _check_manifest(seen: Survey) -> Iterator[Finding]:
    """Every archive is as the manifest says, and every line of it has its file."""
    try:
        lines = manifest.read(seen.book.root)
    except Damaged as error:
        yield _damage(error)
        return
    for file, found in seen.tables.items():
        if file == layout.LIVE:
            continue
        line = lines.pop(file.removeprefix(f"{layout.ARCHIVE}/").removesuffix(".csv"), None)
        if line is None or line.sha256 != found.digest or line.rows != len(found.ids):
            yield Finding(
                file,
                _("the archive is not as the manifest has it") if line else _("this archive is not in the manifest"),
                _("restore it from git, or adopt it with exlog check --adopt"),
            )
    for month in lines:
        yield Finding(
            layout.archive_file(month), _("the manifest names this archive, but the file is missing"),
            _("restore it from git"),
        )  # fmt: skip


def _check_customers(seen: Survey) -> Iterator[Finding]:
    """Every profile can be read and holds known values."""
    for customer_id in sorted(seen.customers or ()):
        try:
            document = customers.load(seen.book, customer_id)
        except (Damaged, NotFound):
            continue  # told when the profiles were looked through
        for name, text in customers.values_of(document).items():
            field = profiles.BY_NAME.get(name)
            if field is not None and field.kind != "text":
                message = invariants.wrong_value(field, text) if text else ""
                if message:
                    yield Finding(document.where(name), f"{customer_id}: {message}", _("fix the line"))


def _check_links(seen: Survey, gaps: Callable[[], list[trail.Gap]]) -> Iterator[Finding]:
    """Each event goes on from a line above it; of each file the first that does not is named."""
    named: set[str] = set()
    accepted = seen.told.accepted if seen.told else set()
    try:
        for gap in gaps():
            if gap.file not in named and gap.link not in accepted:
                named.add(gap.file)
                yield broken_link(gap.file, gap.where)
        yield from (without_links(file) for file in trail.without_links(seen.book.root) if file not in accepted)
    except Damaged:
        return  # the history's own check tells


def broken_link(file: str, where: str) -> Finding:
    """The finding for an event that goes on from no line above it."""
    return Finding(
        where,
        _("this event does not follow from the lines above it: one was changed, removed, moved or added"),
        _("compare with git log -p -- {file} and restore the line above or this one; to keep the file "
          "as it is: exlog check --adopt").format(file=file),
    )  # fmt: skip


def without_links(file: str) -> Finding:
    """The finding for a history file without links, where it had some or its ledger has had them for longer."""
    return Finding(
        file,
        _("the column {names} is missing, so no change to a line can be seen").format(names=layout.HISTORY_COLUMNS[-1]),
        _("restore the file from git, see git log -p -- {file}").format(file=file),
    )


def _check_lanes(seen: Survey) -> Iterator[Finding]:
    """No lane is taken twice."""
    try:
        taken = [row[0] for row in lanes.read(files.read(seen.book.root / layout.LANES))]
    except Damaged as error:
        yield _damage(error)
        return
    for lane in sorted({lane for lane in taken if taken.count(lane) > 1}):
        yield Finding(
            layout.LANES, _("two clones hold lane {lane}").format(lane=lane),
            _("remove the row of the later one; it takes another lane on its next write"),
        )  # fmt: skip


CHECKS: tuple[Callable[[Survey], Iterator[Finding]], ...] = (
    _check_rows,
    _check_manifest,
    _check_customers,
    _check_lanes,
)


def _damage(error: Damaged) -> Finding:
    return Finding(error.where, error.message, error.remedy, damage=True)
