"""The history as people read it: newest first, one line for what a command did to one record."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from exlog import canonical, times, undone
from exlog.filters import Selection
from exlog.ledger import reading
from exlog.ledger.book import Book
from exlog.store import layout, trail
from exlog.store.history import Entry

_AT = layout.EVENT_COLUMNS.index("at")
_WIDTH = len(layout.EVENT_COLUMNS)
_SLACK = 14 * 3600
"""Seconds by which the month of a file and a moment may be apart: offsets of the world's timezones."""


class Wanted(NamedTuple):
    """Which changes are asked for: of when ([since, until)), by whom (parts of names), of which records."""

    since: datetime | None = None
    until: datetime | None = None
    actors: tuple[str, ...] = ()
    records: frozenset[str] | None = None


class Told(NamedTuple):
    """What one command did to one record, customer or month: its events, the first one first."""

    at: str
    actor: str
    record: str
    command: str
    events: list[Entry]


def told(book: Book, wanted: Wanted) -> Iterator[Told]:
    """The changes, newest first; only the months that the dates allow are opened. Raises Damaged."""
    sizes = book.consistent(lambda: trail.sizes(book.root))
    names = [file for file in reversed(sizes) if _may_hold(file.split("/")[1], wanted)]
    for _month, group in groupby(names, key=lambda file: file.split("/")[1]):
        streams = [trail.newest_first(book.root, file, sizes[file]) for file in group]
        lines = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(_AT), reverse=True)
        yield from _grouped(lines, _test(wanted))


def _may_hold(month: str, wanted: Wanted) -> bool:
    """Whether the file of a month can hold what is asked for, in whatever timezone it was written."""
    start = datetime.fromisoformat(f"{month}-01T00:00:00+00:00").timestamp() - _SLACK
    end = start + 31 * 86400 + 2 * _SLACK
    return (wanted.until is None or start < wanted.until.timestamp()) and (
        wanted.since is None or end > wanted.since.timestamp()
    )


def _test(wanted: Wanted) -> Callable[[list[str]], bool]:
    names = tuple(name.casefold() for name in wanted.actors)
    places = {name: place for place, name in enumerate(layout.EVENT_COLUMNS)}
    actor, record = places["actor"], places["record"]

    def test(cells: list[str]) -> bool:
        if wanted.records is not None and cells[record] not in wanted.records:
            return False
        if names and not any(name in canonical.decode_cell(cells[actor]).casefold() for name in names):
            return False
        if wanted.since is None and wanted.until is None:
            return True
        moment = times.moment(cells[_AT])
        return moment is not None and (
            (wanted.since is None or moment >= wanted.since) and (wanted.until is None or moment < wanted.until)
        )

    return test


def _grouped(lines: Iterator[list[str]], test: Callable[[list[str]], bool]) -> Iterator[Told]:
    """Events of one command and one record as one; a command's records in their order."""
    for (at, _command), group in groupby(filter(test, lines), key=_command_of):
        found: dict[str, list[Entry]] = {}
        for cells in group:
            entry = Entry._make([*map(canonical.decode_cell, cells[:_WIDTH]), ""])
            found.setdefault(entry.record, []).append(entry)
        for record, events in found.items():
            events.reverse()
            first = events[0]
            yield Told(at, first.actor, record, undone.command_of(first.event) or first.event, events)


def _command_of(cells: list[str]) -> tuple[str, str]:
    identity = cells[layout.EVENT_COLUMNS.index("event")]
    return cells[_AT], undone.command_of(identity) or identity


def records_of(book: Book, selection: Selection) -> frozenset[str]:
    """The ids of the records that the filters choose, as they are now, archives included."""
    found: set[str] = set()
    with reading.snapshot(book, selection) as view:
        for part in view.parts():
            place = part.columns.index("id")
            found.update(cells[place] for cells in part.cells)
    return frozenset(found)
