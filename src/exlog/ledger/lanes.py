"""Lanes: each clone mints in a lane of its own, so that two people offline never mint one id.

A clone takes the lowest free lane on its first write: a row in lanes.csv, committed with the ledger.
"""

from __future__ import annotations

import uuid

from exlog import canonical, ids, times
from exlog.errors import Damaged, Refused
from exlog.i18n import _
from exlog.ledger.book import Book
from exlog.store import clone, files, layout
from exlog.store.journal import Transaction


def take(book: Book, transaction: Transaction) -> str:
    """This clone's lane; taken now, within ``transaction``, where it has none."""
    data = files.read(book.root / layout.LANES)
    rows = read(data)
    own = clone.read_uuid(book.root)
    for lane, owner, *_rest in rows:
        if own and owner == own:
            return lane
    if not own:
        own = str(uuid.UUID(bytes=book.entropy(16), version=4))
        clone.write_uuid(book.root, own)
    taken = {row[0] for row in rows}
    free = next((lane for lane in ids.LANES if lane not in taken), None)
    if free is None:
        raise Refused(
            _("all {count} lanes are taken").format(count=len(ids.LANES)),
            where=layout.LANES,
            remedy=_("remove the rows of clones that are gone"),
        )
    rows.append([free, own, book.actor, times.format_time(book.now)])
    transaction.replace(layout.LANES, text(rows), files.digest(data) if data is not None else None)
    return free


def part(book: Book) -> list[str]:
    """Move the later of two clones in one lane to a free one; the same in every clone that does it. What to tell."""
    data = files.read(book.root / layout.LANES)
    held = read(data)
    taken = {row[0] for row in held}
    moved: list[str] = []
    for lane in sorted(taken):
        for row in sorted((row for row in held if row[0] == lane), key=lambda row: (row[3], row[1]))[1:]:
            free = next((one for one in ids.LANES if one not in taken), None)
            if free is None:
                return moved
            taken.add(free)
            row[0] = free
            moved.append(
                _("two clones held lane {lane}: {name}'s is {free} now").format(lane=lane, name=row[2], free=free)
            )
    if moved:
        transaction = Transaction(book.root)
        transaction.replace(layout.LANES, text(held), files.digest(data or b""))
        transaction.commit()
    return moved


def read(data: bytes | None) -> list[list[str]]:
    """The rows of lanes.csv: lane, clone, taken_by, taken_at. Raises Damaged for another header or lane."""
    if data is None:
        return []
    table = canonical.parse(data, layout.LANES)
    if table.columns != layout.LANE_COLUMNS:
        raise Damaged(
            _("the header must be {columns}").format(columns=",".join(layout.LANE_COLUMNS)),
            where=f"{layout.LANES}:1",
            remedy=_("restore the file from git"),
        )
    rows = [[canonical.decode_cell(cell) for cell in table.cells(row)] for row in range(len(table.lines))]
    for place, row in enumerate(rows):
        if row[0] not in ids.LANES or not row[0]:
            raise Damaged(
                _("{lane!r} is no lane").format(lane=row[0]),
                where=table.where(place, "lane"),
                remedy=_("restore the file from git"),
            )
    return rows


def text(rows: list[list[str]]) -> bytes:
    """lanes.csv as canonical text, in the order of lanes."""
    ordered = sorted(rows, key=lambda row: ids.LANES.index(row[0]))
    lines = [
        ",".join(layout.LANE_COLUMNS),
        *(canonical.join_row([canonical.encode_cell(cell) for cell in row]) for row in ordered),
        "",
    ]
    return "\n".join(lines).encode("utf-8")
