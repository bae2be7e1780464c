"""The rows: none gone, none doubled, no identity changed, each change told by events, archives moved only by exlog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from exlog import ids, invariants, times
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate import trail
from exlog.ledger.gate.case import Case, Pair, Row
from exlog.ledger.gate.trail import Trail
from exlog.store import files, layout
from exlog.store.tree import Tree

_IDENTITY = ("id", "uid", "former_id")
_ENDED = ("resolved", "closed")


def check(case: Case, told: Trail) -> Iterator[Finding]:
    """Every finding about rows."""
    yield from _doubled(case)
    archived = {event.record for event in told.fresh if event.action == "archive"}
    for pair in case.pairs:
        if pair.new is None:
            if not _taken_out(pair.key, told):
                yield from _gone(case, pair)
            continue
        yield from _identity(case, pair)
        yield from _explained(pair, told)
        yield from _sound(case, pair)
        yield from _moved(pair, told, archived)
        yield from _started_again(pair, told)
    yield from _without_row(case, told)
    yield from _archives(case)


def _doubled(case: Case) -> Iterator[Finding]:
    """One row once, one id once; also where the other one stands in an archive that did not change."""
    _before, after = case.tables
    places: dict[str, Row] = {}
    for rows in after.values():
        for row in rows:
            other = places.setdefault(row.id, row)
            if other is not row:
                yield _twice(row, row.id, other.where())
        for row in rows[1:]:
            if row.id != rows[0].id:
                yield _twice(row, row.uid, rows[0].where())
    asked: dict[str, list[Row]] = {}
    for pair in case.pairs:
        name = layout.archive_file(ids.month_of(pair.new.id)) if pair.new else ""
        if pair.new and name in case.new.names and not case.changed(name):
            asked.setdefault(name, []).append(pair.new)
    for name, found in asked.items():
        archived = case.known_in(name)
        for row in found:
            if row.id in archived or row.key in archived:
                yield _twice(row, row.id, archived.get(row.id, archived.get(row.key, row)).where())


def _twice(row: Row, what: str, other: str) -> Finding:
    return Finding(
        row.where("id"),
        _("{id} is also in {other}").format(id=files.shown(what), other=other),
        _("run an exlog command after the merge, it puts that right; or remove one of the two rows"),
    )


def _gone(case: Case, pair: Pair) -> Iterator[Finding]:
    """A row that was there is there still, as long as every table can be read."""
    row = pair.old
    assert row is not None
    if case.unreadable:
        return
    same_id = case.by_id.get(row.id)
    if same_id is not None:
        yield Finding(
            same_id.where("uid"),
            _("{id}: its uid was {old}; a uid never changes").format(id=row.id, old=row.uid),
            _("write the old one back"),
        )
        return
    yield Finding(
        f"{row.file} ({case.old.label}: {row.where()})",
        _("{id} is gone; a record is closed as invalid, not removed").format(id=row.id),
        case.restore(row.file),
    )


def _identity(case: Case, pair: Pair) -> Iterator[Finding]:
    """An id is never given twice nor changed, but for one that a merge had to give anew."""
    old, new = pair.old, pair.new
    assert new is not None
    if old is not None and old.id != new.id and new.record().get("former_id") != old.id:
        yield Finding(
            new.where("id"),
            _("{new} was {old}; an id never changes").format(new=new.id, old=old.id),
            case.restore(new.file),
        )


def _explained(pair: Pair, told: Trail) -> Iterator[Finding]:
    """Each field that changed is as its events have it, and each event has been carried out."""
    row = pair.new
    assert row is not None
    before, after = pair.old.record() if pair.old else {}, row.record()
    events = told.events.get(row.key, ())
    begun = any(event.field == "*" for event in events)
    if pair.old is None and not begun:
        text = _("{id} has no history: it was added by hand").format(id=row.id)
        yield Finding(row.where(), text, _("adopt it with exlog check --adopt, and commit the history"))
        return
    fold = told.fold(row.key, None if begun else before) or {}
    if not begun:
        fold = dict(before)
        for event in told.fresh_of(row.key):
            fold = trail.folded(fold, event) or fold
    fresh = [event.field for event in told.fresh_of(row.key)]
    touched = [name for name in dict.fromkeys((*before, *after)) if before.get(name, "") != after.get(name, "")]
    for name in dict.fromkeys((*touched, *(fold if "*" in fresh else fresh))):
        if name and name != "*" and name not in _IDENTITY and fold.get(name, "") != after.get(name, ""):
            yield Finding(
                row.where(name),
                _("{id}: {field} is {new!r}, the history says {old!r}").format(
                    id=row.id,
                    field=name,
                    new=files.shown(after.get(name, "")),
                    old=files.shown(fold.get(name, "")),
                ),
                _("adopt it with exlog check --adopt, and commit the history"),
            )


def _sound(case: Case, pair: Pair) -> Iterator[Finding]:
    """Nothing is wrong with a row that was not wrong with it before."""
    row = pair.new
    assert row is not None
    now = case.now + times.CLOCK_SKEW
    known = set(invariants.problems(pair.old.record(), case.schema, now)) if pair.old else set()
    for problem in invariants.problems(row.record(), case.schema, now):
        if problem not in known:
            yield Finding(
                row.where(problem.field),
                f"{row.id}: {problem.message}",
                _("fix it: exlog update {id} --set {field}=…").format(id=row.id, field=problem.field)
                if problem.field in case.schema and case.schema[problem.field].set_by == "person"
                else _("fix the row by hand, then run exlog check --adopt"),
            )


def _moved(pair: Pair, told: Trail, archived: set[str]) -> Iterator[Finding]:
    """A row goes into its month's archive with exlog archive, and out of it when it is reopened."""
    row = pair.new
    assert row is not None
    status = row.record().get("status", "")
    if row.file != layout.LIVE:
        month = ids.month_of(row.id)
        if status != "closed" or row.file != layout.archive_file(month):
            text = _("{id} does not belong in this archive").format(id=row.id)
            yield Finding(row.where("status"), text, _("move the row back to {file}").format(file=layout.LIVE))
        elif (pair.moved or pair.old is None) and month not in archived and not _reminted(row, told):
            text = _("{id} was moved into the archive by hand").format(id=row.id)
            yield Finding(row.where(), text, _("move the row back to {file}, then run exlog archive").format(
                file=layout.LIVE))  # fmt: skip
    elif pair.moved and status == "closed" and not _taken_back(pair, told):
        text = _("{id} was moved out of the archive by hand").format(id=row.id)
        yield Finding(row.where(), text, _("move the row back, or use exlog reopen"))


def _reminted(row: Row, told: Trail) -> bool:
    """Whether a merge gave the row another id, which may have another archive."""
    return any(event.action == "remint" for event in told.fresh_of(row.key))


def _taken_out(key: str, told: Trail) -> bool:
    """Whether the push takes back that the record was recorded; then it stands in no table."""
    undone = any(event.action == "undo" and event.field == "*" for event in told.fresh_of(key))
    return undone and told.fold(key) is None


def _taken_back(pair: Pair, told: Trail) -> bool:
    """Whether the row came out because a command was undone, or closed again after it was reopened."""
    assert pair.new is not None
    month = ids.month_of(pair.new.id)
    undone = any(event.action == "undo" and event.record == month for event in told.fresh)
    return undone or any(event.field == "status" or event.action == "undo" for event in told.fresh_of(pair.key))


def _started_again(pair: Pair, told: Trail) -> Iterator[Finding]:
    """What was resolved or closed is open again only by exlog reopen, or because a command was taken back."""
    assert pair.new is not None
    if pair.old is None:
        return
    old, new = (row.record().get("status", "") for row in (pair.old, pair.new))
    if old not in _ENDED or new in _ENDED or old == new:
        return
    fresh = [event for event in told.fresh_of(pair.key) if event.field == "status"]
    if not any(event.old in _ENDED and event.new not in _ENDED for event in fresh):
        yield Finding(
            pair.new.where("status"),
            _("{id} was {old} and is {new}, but nobody reopened it").format(id=pair.new.id, old=old, new=new),
            _("let it be {old}, then: exlog reopen {id} --reason WHY").format(id=pair.new.id, old=old),
        )


def _without_row(case: Case, told: Trail) -> Iterator[Finding]:
    """A new event is about a record, a customer or a month that is there."""
    if case.unreadable:
        return
    before, after = case.tables
    known: Counter[str] = Counter()
    for event in sorted(told.fresh, key=lambda one: one.where):
        if ids.parse(event.record) is None or event.action == "undo":
            continue
        if event.key in after or event.key in before or known[event.key]:  # what was there before is told as gone
            continue
        known[event.key] += 1
        if not _taken_out(event.key, told) and not _stands_elsewhere(case, event.record, event.key):
            yield Finding(
                event.where,
                _("{id} stands in the history but in no table").format(id=event.record),
                _("restore the row from git; a record is closed as invalid, not removed"),
            )


def _stands_elsewhere(case: Case, record_id: str, key: str) -> bool:
    """Whether a table that did not change has the row."""
    for name in (layout.LIVE, layout.archive_file(ids.month_of(record_id))):
        if name in case.new.names and not case.changed(name):
            row = case.known_in(name).get(key)
            if row is not None and row.key == key:
                return True
    return False


def _archives(case: Case) -> Iterator[Finding]:
    """The manifest has each archive that it had or that differs, as it is, and no other."""
    lines, before = _manifest(case.new), _manifest(case.old)
    rewritten = {layout.archive_file(month) for month in lines.keys() | before.keys() if case.changed(layout.MANIFEST)
                 and lines.get(month) != before.get(month)}  # fmt: skip
    for name in sorted({*case.differing(f"{layout.ARCHIVE}/"), *rewritten} - {layout.MANIFEST}):
        month = name.removeprefix(f"{layout.ARCHIVE}/").removesuffix(".csv")
        found = case.new.read(name)
        if found is None and month in lines:
            text = _("the manifest names this archive, but the file is missing")
            yield Finding(name, text, case.restore(name))
        elif found is not None and name not in case.unreadable and files.digest(found) != lines.get(month):
            yield Finding(
                name,
                _("the archive is not as the manifest has it") if month in lines else
                _("this archive is not in the manifest"),
                _("restore it from git, or adopt it with exlog check --adopt"),
            )  # fmt: skip


def _manifest(tree: Tree) -> dict[str, str]:
    """The hash of each archive by its month, as the manifest has them."""
    found: dict[str, str] = {}
    for line in (tree.read(layout.MANIFEST) or b"").decode("utf-8", "replace").splitlines():
        month, _rows, sha256, *_more = [*line.split(","), "", ""]
        if layout.is_month(month):
            found[month] = sha256
    return found
