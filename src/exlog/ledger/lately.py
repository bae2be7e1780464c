"""The last commands of this clone, by the lanes it writes in: what ``undo`` takes back, and what it lists."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from exlog import canonical, undone
from exlog.ledger import lanes
from exlog.ledger.book import Book
from exlog.store import clone, files, history, layout, trail
from exlog.store.history import Entry

_AT = layout.EVENT_COLUMNS.index("at")
_SILENT = ("sha256", "prev")
"""Fields of events that only say what a command's files came to."""


class Command:
    """One command as the history has it: what it did to how many records. ``month`` is that of its file."""

    def __init__(self, name: str, at: str, actor: str, month: str) -> None:
        self.name = name
        self.at = at
        self.actor = actor
        self.month = month
        self.records: dict[str, None] = {}
        self.actions: Counter[str] = Counter()
        self.undoes = ""
        self.events = 0

    def take(self, entry: Entry) -> None:
        """Count an event, from the last one to the first."""
        self.events += 1
        if entry.field not in _SILENT:
            self.records[entry.record] = None
            self.actions[entry.action] += 1
        self.undoes = self.undoes or undone.target(entry)


def own_lanes(book: Book) -> list[str]:
    """The lanes that this clone took; none before its first write."""
    own = clone.read_uuid(book.root)
    rows = lanes.read(files.read(book.root / layout.LANES))
    return [row[0] for row in rows if own and row[1] == own]


def commands(book: Book) -> Iterator[Command]:
    """The commands of this clone, newest first; what belongs to none (escalations) is passed over."""
    mine = {f"{lane}.csv" for lane in own_lanes(book)}
    names = [file for file in reversed(layout.history_files(book.root)) if file.rpartition("/")[2] in mine]
    for month, group in groupby(names, key=lambda file: file.split("/")[1]):
        streams = [trail.newest_first(book.root, file) for file in group]
        events = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(_AT), reverse=True)
        yield from _of_month(month, events)


def _of_month(month: str, events: Iterator[list[str]]) -> Iterator[Command]:
    """Commands by their last events; one is given out when its first event and those of all after it are seen."""
    found: dict[str, Command] = {}
    whole: set[str] = set()
    for cells in events:
        entry = Entry._make([*map(canonical.decode_cell, cells[: len(layout.EVENT_COLUMNS)]), ""])
        name = undone.command_of(entry.event)
        if not name:
            continue
        if name not in found:
            found[name] = Command(name, entry.at, entry.actor, month)
        found[name].take(entry)
        if entry.event.endswith(".1"):
            whole.add(name)
        while found and (first := next(iter(found))) in whole:
            yield found.pop(first)
    yield from found.values()


def events_of(book: Book, command: Command) -> list[Entry]:
    """The events of a command, in their order."""
    entries = history.entries(book.root, command.month, containing=f"{command.name}.")
    return [entry for entry in entries if undone.command_of(entry.event) == command.name]
