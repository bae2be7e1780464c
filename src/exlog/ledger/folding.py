"""What the history says of each row, compared from the newest event backwards.

The newest event of a field says what the row must hold; older ones are passed over. So no event is kept, and the
memory does not grow with the history. Only where something differs is the history read again, forwards and with care.
"""

from __future__ import annotations

import heapq
import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from exlog import canonical, ids, undone
from exlog.store import history, layout, rows, trail
from exlog.workflow import Record

LINK = "prev"
"""The field of an event by which a person takes on a line that goes on from nothing; ``new`` is the line's link."""
_COMMAND = ids.UID_LENGTH + 1
"""How many characters of an event's identity tell its command."""
_AT, _RECORD, _ACTION, _FIELD, _NEW, _UID, _EVENT = (
    layout.EVENT_COLUMNS.index(name) for name in ("at", "record", "action", "field", "new", "uid", "event")
)


Look = Callable[[str, Record], bool]
"""Whether nothing is wrong with a record in a file, as far as it alone can tell."""


class Fold:
    """What the history says of one record: the JSON text of its ``*`` event, and what changed since.

    ``gone``: the record was taken back by ``undo``, and nothing came after that.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.changes: list[tuple[str, str]] = []
        self.gone = False

    def record(self) -> Record:
        """The record that the events add up to."""
        record: Record = json.loads(self.text)
        record.update(self.changes)
        return record


class Told(NamedTuple):
    """What came of the comparison. ``known``: records that the history has, ``gone``: those taken back by ``undo``.

    ``folds`` are the records that differ from their rows; ``doubled`` and ``unreadable`` are events, by place.
    """

    known: set[str]
    gone: set[str]
    plain: set[str]
    """Records that are as their rows say and that the caller's look found nothing in."""
    folds: dict[str, Fold]
    accepted: set[str]
    """Links of lines that a person took on although they go on from nothing."""
    doubled: list[history.Entry]
    unreadable: list[history.Entry]


def compare(
    root: Path, tables: Mapping[str, rows.Rows], places: Mapping[str, tuple[str, int]], look: Look
) -> Told:  # fmt: skip
    """Hold the rows to the history, and have a ``look`` at each that is as the history says.

    Raises Damaged that names file and line for a file that is no history.
    """
    moved = history.renumbered(root)
    found = _Comparison(tables, places, look, moved)
    for events in _months_backward(root):
        found.take(events)
    told = Told(found.done - found.gone, found.gone, found.plain, {}, found.accepted, [], [])
    if found.unlike or found.unreadable or found.may_have_doubles():
        _look_closer(root, found.unlike, moved, told)
    return told


def _months_backward(root: Path) -> Iterator[Iterator[list[str]]]:
    """The events of each month, newest first; those of several lanes meet by time, as ``history.in_order`` has them."""
    names = list(reversed(layout.history_files(root)))
    for _month, group in groupby(names, key=lambda file: file.rpartition("/")[0]):
        lanes = [trail.newest_first(root, file) for file in group]
        yield lanes[0] if len(lanes) == 1 else heapq.merge(*lanes, key=itemgetter(_AT), reverse=True)


class _Comparison:
    """Takes events in, newest first. What is known of a record is kept until the event that it begins with."""

    def __init__(
        self,
        tables: Mapping[str, rows.Rows],
        places: Mapping[str, tuple[str, int]],
        look: Look,
        moved: Mapping[tuple[str, str], str],
    ) -> None:
        self._moved = moved
        self.plain: set[str] = set()
        self._look = look
        self.done: set[str] = set()
        self.gone: set[str] = set()
        self.unlike: set[str] = set()
        self.accepted: set[str] = set()
        self.unreadable = False
        self._pending: dict[str, Record] = {}
        self._commands = array("q")
        self._doubles = False
        self._tables = tables
        self._places = places

    def take(self, events: Iterator[list[str]]) -> None:
        """Hold the events to the rows of their records."""
        current, command, moved = "", "", self._moved
        changes: Record | None = None
        of_command: set[str] = set()
        for event in events:
            record, field, identity = event[_RECORD], event[_FIELD], event[_EVENT]
            if moved:
                record = moved.get((record, event[_UID]), record)
            if identity[:_COMMAND] != command:
                command, of_command = identity[:_COMMAND], set()
                if "." in identity:
                    self._commands.append(hash(command))
            elif identity in of_command:
                self._doubles = True
            of_command.add(identity)
            if record != current:
                current, changes = record, self._changes_of(record)
            if changes is None:
                if field == LINK:
                    self.accepted.add(event[_NEW])
            elif field == "*":
                if self._begins(record, event, changes):
                    changes = None
            elif field and field not in changes:
                new = event[_NEW]
                changes[field] = new if "\\" not in new else canonical.decode_cell(new)

    def may_have_doubles(self) -> bool:
        """Whether two events may have one identity; those that are the same from every clone do not count."""
        return self._doubles or any(one == other for one, other in pairwise(sorted(self._commands)))

    def _changes_of(self, record: str) -> Record | None:
        """The newest value of each field so far; None for what is no record or is decided."""
        if record in self.done or record[:1] != ids.RECORD:
            return None
        return self._pending.setdefault(record, {})

    def _begins(self, record: str, event: list[str], changes: Record) -> bool:
        """Hold a record to its row at the event that it begins with; False where it does not begin there."""
        if event[_ACTION] == undone.ACTION and not event[_NEW]:
            if changes:  # an edit that came later, from another clone, has brought the record back
                return False
            self.gone.add(record)
        else:
            values = read_record(canonical.decode_cell(event[_NEW]))
            if values is None:
                self.unreadable = True
                return False
            place = self._places.get(record)
            if place is not None:
                values.update(changes)
                told = {name: text for name, text in values.items() if text}
                if told != record_at(self._tables[place[0]].table, place[1]):
                    self.unlike.add(record)
                elif self._look(place[0], told):
                    self.plain.add(record)
        self.done.add(record)
        del self._pending[record]
        return True


def record_at(table: canonical.Table, row: int) -> Record:
    """One row as plain texts by column name, without absent ones."""
    line = table.lines[row]
    if "\\" not in line:
        return {name: cell for name, cell in zip(table.columns, table.cells(row), strict=True) if cell}
    return {
        name: canonical.decode_cell(cell)
        for name, cell in zip(table.columns, table.cells(row), strict=True) if cell
    }  # fmt: skip


def read_record(text: str) -> Record | None:
    """The values of a ``*`` event; None where they cannot be read."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and set(map(type, value.values())) <= {str} else None


def _look_closer(root: Path, unlike: set[str], moved: Mapping[tuple[str, str], str], told: Told) -> None:
    """Read the whole history in order of time: exactly what the records say that differ, and which lines are wrong."""
    seen: set[str] = set()
    for entry in history.in_order(root):
        entry = entry._replace(record=moved.get((entry.record, entry.uid), entry.record))
        if entry.event in seen and "." in entry.event:
            told.doubled.append(entry)
        seen.add(entry.event)
        if entry.field == "*" and entry.record.startswith(ids.RECORD):
            if entry.action == undone.ACTION and not entry.new:
                if entry.record in told.folds:
                    told.folds[entry.record].gone = True
            elif read_record(entry.new) is None:
                told.unreadable.append(entry)
            elif entry.record in unlike:
                told.folds[entry.record] = Fold(entry.new)
        elif entry.field and entry.record in told.folds:
            told.folds[entry.record].changes.append((entry.field, entry.new))
