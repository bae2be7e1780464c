"""The history: only appended to. And the events of what a push touches, in order of time."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from exlog import canonical, escalation, times
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate.case import Case, damage
from exlog.store import files, layout
from exlog.store.tree import Tree
from exlog.workflow import Record

_START = datetime.min.replace(tzinfo=UTC)
_RECONCILED = "rec-"
"""How the identity of an event begins that a merge makes, the same in every clone."""


class Told(NamedTuple):
    """One event of the history, as plain texts, and where it stands; further columns are not looked at."""

    at: str
    actor: str
    record: str
    action: str
    field: str
    old: str
    new: str
    note: str
    uid: str
    event: str
    where: str

    @property
    def key(self) -> str:
        """Whose event it is: a row's or a profile's uid, else the id."""
        return self.uid or self.record

    @property
    def command(self) -> str:
        """The command that it is part of."""
        return self.event.rpartition(".")[0] or self.event

    @property
    def moment(self) -> datetime:
        """When it happened, for an order of time."""
        return times.moment(self.at) or _START


class Trail(NamedTuple):
    """What a push adds, and everything that is told of the records and customers it touches, by key."""

    fresh: frozenset[Told]
    events: dict[str, list[Told]]

    def fresh_of(self, key: str) -> list[Told]:
        """The new events of one record or customer."""
        return [event for event in self.events.get(key, ()) if event in self.fresh]

    def fold(self, key: str, start: Record | None = None) -> Record | None:
        """What the events of a record come to; None where no event says how it began and ``start`` does not."""
        record = start
        for event in self.events.get(key, ()):
            record = folded(record, event)
        return record


def folded(record: Record | None, event: Told) -> Record | None:
    """A record after one more event; an event of a record that never began says nothing."""
    if event.field == "*" and event.action == "undo" and not event.new:
        return None
    if event.field == "*":
        try:
            value = json.loads(event.new)
        except (ValueError, RecursionError):
            return record
        return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else record
    if event.field and record is not None:
        return {**record, event.field: event.new}
    return record


def check(case: Case, _told: Trail) -> Iterator[Finding]:
    """Each line that was there is there still; each that is new has an identity of its own."""
    for name in case.differing(f"{layout.HISTORY}/"):
        if name not in case.new.names:
            yield Finding(name, _("the history file is gone; history is only appended to"), case.restore(name))
            continue
        try:
            lost, added = difference(case, name)
            yield from _twice(case.new, name, added)
        except Damaged as error:
            yield damage(error)
            continue
        for event in lost:
            text = _("the event {event} of {record} was changed or removed; history is only appended to")
            where = f"{name} ({case.old.label}: {event.where})"
            text = text.format(event=files.shown(event.event), record=files.shown(event.record))
            yield Finding(where, text, case.restore(name))


def difference(case: Case, name: str) -> tuple[list[Told], list[Told]]:
    """The events of one file that are gone, and those that are new. Raises Damaged.

    Lines that are there before and after are not split; the rest are held against each other without the columns
    that are not looked at.
    """
    before, after = table(case.old, name), table(case.new, name)
    gone: Iterable[int] = range(len(before.lines)) if before is not None else ()
    come: Iterable[int] = range(len(after.lines)) if after is not None else ()
    if before is not None and after is not None and before.columns == after.columns:
        olds, news = Counter(before.lines), Counter(after.lines)
        gone, come = _those(before, olds - news), _those(after, news - olds)
    olders = list(_told(before, gone)) if before is not None else []
    newers = list(_told(after, come)) if after is not None else []
    left = Counter(event[:-1] for event in newers)
    left.subtract(event[:-1] for event in olders)
    lost, added = [], []
    for event in olders:
        if left[event[:-1]] < 0:
            left[event[:-1]] += 1
            lost.append(event)
    for event in reversed(newers):
        if left[event[:-1]] > 0:
            left[event[:-1]] -= 1
            added.append(event)
    return lost, added[::-1]


def _those(table: canonical.Table, wanted: Counter[str]) -> list[int]:
    """The rows of lines that are wanted so many times, the later ones of equals."""
    found = []
    for row in reversed(range(len(table.lines))) if wanted else ():
        line = table.lines[row]
        if line in wanted and wanted[line] > 0:
            wanted[line] -= 1
            found.append(row)
    return found[::-1]


def _twice(tree: Tree, name: str, added: list[Told]) -> Iterator[Finding]:
    """New events whose identity another event of the file has."""
    whole = table(tree, name)
    if not added or whole is None:
        return
    place = whole.columns.index("event") - len(whole.columns)
    seen = Counter(line.rsplit(",", -place)[1].partition(",")[0] for line in whole.lines if line.count(",") >= -place)
    for event in added:
        if seen[event.event] > 1 and not event.event.startswith((escalation.PREFIX, _RECONCILED)):
            text = _("the event {event} appears a second time").format(event=files.shown(event.event))
            yield Finding(event.where, text, _("remove one of the two lines"))


def read(case: Case) -> Trail:
    """The new events, and all those of the records they or the changed rows are about. Damage is told by ``check``."""
    fresh: list[Told] = []
    for name in case.differing(f"{layout.HISTORY}/"):
        with contextlib.suppress(Damaged):
            fresh += difference(case, name)[1]
    wanted = {event.record for event in fresh}
    for pair in case.pairs:
        wanted |= {row.id for row in pair if row is not None}
        wanted |= {pair.new.record().get("former_id", "")} if pair.new is not None else set()
    wanted |= {name.removeprefix(f"{layout.CUSTOMERS}/").removesuffix(".yaml")
               for name in case.differing(f"{layout.CUSTOMERS}/")}  # fmt: skip
    events: dict[str, list[Told]] = {}
    for event in _of(case.new, wanted):
        events.setdefault(event.key, []).append(event)
    for found in events.values():
        found.sort(key=lambda event: event.moment)
    return Trail(frozenset(fresh), events)


def _of(tree: Tree, wanted: set[str]) -> Iterator[Told]:
    """The events of these ids, file by file."""
    names = sorted(name for name in tree.names if name.startswith(f"{layout.HISTORY}/"))
    tree.fetch(names)
    for name in names:
        with contextlib.suppress(Damaged):
            whole = table(tree, name)
            if whole is not None:
                yield from _told(whole, _about(whole, wanted))


def _about(table: canonical.Table, wanted: set[str]) -> Iterator[int]:
    """The rows whose third cell is one of these ids; where quotes stand before it, whichever row it is."""
    plain = table.columns[:3] == Told._fields[:3]
    for row, line in enumerate(table.lines):
        at, actor, record, *_rest = [*line.split(",", 3), "", ""]
        if not plain or '"' in at + actor or record in wanted:
            yield row


def table(tree: Tree, name: str) -> canonical.Table | None:
    """One file of the history; None where there is none. Raises Damaged."""
    data = tree.read(name)
    if data is None:
        return None
    found = canonical.parse(data, name)
    missing = [column for column in Told._fields[:-1] if column not in found.columns]
    if missing:
        raise Damaged(
            _("the column {names} is missing").format(names=", ".join(missing)),
            where=f"{name}:1",
            remedy=_("restore the file from git"),
        )
    return found


def _told(table: canonical.Table, rows: Iterable[int]) -> Iterator[Told]:
    """The events of some rows. Raises Damaged for one with too many or too few cells."""
    places = [table.columns.index(column) for column in Told._fields[:-1]]
    for row in rows:
        cells = [canonical.decode_cell(cell) for cell in table.cells(row)]
        yield Told._make([*(cells[place] for place in places), table.where(row)])
