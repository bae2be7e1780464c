"""The append-only trail: one event a row, a file per month and lane."""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from exlog import canonical, chain, times
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.store import files, layout
from exlog.store.journal import Staged, Transaction

_HEADER = ",".join(layout.HISTORY_COLUMNS)
HEADERS = tuple((",".join(columns) + "\n").encode("ascii") for columns in layout.HISTORY_HEADERS)
_WIDTH = len(layout.EVENT_COLUMNS)
_BLOCK = 1 << 13
REMINT = "remint"
"""The action that gives a record another id; ``old`` is the one it had."""

_BEFORE_RECORD = rb'^[^,;\t\r\n]*[,;\t](?:"(?:[^"\r\n]|"")*"|[^,;\t"\r\n]*)[,;\t]"?'
"""The cells ``at`` and ``actor``: an id that stands in a customer's text was not minted."""


class Entry(NamedTuple):
    """One event of the history, as plain texts, and where it stands."""

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


def append(root: Path, transaction: Transaction, month: str, lane: str, events: Sequence[Sequence[str]]) -> None:
    """Add events (cells in the order of EVENT_COLUMNS, plain) to the file of ``month`` and ``lane``.

    Of the file only the last line is read, for the link of the first new one to it.
    """
    file = layout.history_file(month, lane)
    files.refuse_links(root, file)
    path = root / file
    header = _tidy_header(path)
    if header is not None:
        lines = _lines_after(_last_line(path) or header, header, events)
        transaction.append(file, _text(lines))
        return
    data = files.read(path)
    if data is None:
        lines = chain.chained(events, _root_link(root, month, lane))
        transaction.append(file, _text([_HEADER, *lines]))
        return
    table = canonical.parse(data, file)
    _check_header(table, file)
    header = ",".join(table.columns)
    lines = _lines_after(table.lines[-1] if table.lines else header, header, events)
    transaction.replace(file, _text([header, *table.lines, *lines]), files.digest(data))


def _lines_after(last: str | bytes, header: str, events: Sequence[Sequence[str]]) -> list[str]:
    """The events as lines that go on from ``last``; a file begun without links stays without them to its end."""
    return chain.chained(events, chain.link(last)) if header == _HEADER else [join(cells) for cells in events]


def _text(lines: Sequence[str]) -> bytes:
    return "".join(line + "\n" for line in lines).encode("utf-8")


def _root_link(root: Path, month: str, lane: str) -> str:
    """What the first line of a file goes on from: the last line of the lane's file before it, else the header."""
    earlier = [one for one in layout.history_files(root) if one.endswith(f"/{lane}.csv") and one[8:15] < month]
    for file in reversed(earlier):
        path = root / file
        if _tidy_header(path) is not None:
            last = _last_line(path)
        else:
            lines = canonical.parse(files.read(path) or b"", file).lines
            last = lines[-1].encode("utf-8") if lines else None
        if last is not None:
            return chain.link(last)
    return chain.link(_HEADER)


def _last_line(path: Path) -> bytes | None:
    """The last line of a canonical file, read from its end; None where there is none below the header."""
    with files.open_plain(path) as stream:
        end = stream.seek(0, os.SEEK_END)
        tail = b""
        while end and b"\n" not in tail[:-1]:
            begin = max(0, end - _BLOCK)
            stream.seek(begin)
            tail = stream.read(end - begin) + tail
            end = begin
        before, _feed, last = tail[:-1].rpartition(b"\n")
        return last if before or end else None


def join(cells: Sequence[str]) -> str:
    """One event as a canonical line."""
    return canonical.join_row([canonical.encode_cell(cell) for cell in cells])


def _tidy_header(path: Path) -> str | None:
    """The header of a file that is canonical at both ends and can be appended to; None for any other, and for none."""
    try:
        with path.open("rb") as stream:
            header = stream.readline()
            stream.seek(-1, os.SEEK_END)
            whole = stream.read(1) == b"\n"
    except OSError:
        return None
    return header[:-1].decode("ascii") if whole and header in HEADERS else None


def ids_of_day(root: Path, month: str, start: str) -> list[str]:
    """Ids in the month's history that begin with ``start`` (prefix, date, lane)."""
    pattern = re.compile(_BEFORE_RECORD + rb"(" + re.escape(start.encode("ascii")) + rb"\d{2,9})(?!\d)", re.MULTILINE)
    found: set[bytes] = set()
    for file in layout.history_files(root, month):
        found.update(pattern.findall(files.read(root / file) or b""))
    return [one.decode("ascii") for one in found]


def highest_by_day(root: Path, lane: str) -> dict[str, int]:
    """The highest sequence of each day (``F20240315``) that stands in the history, for one lane."""
    pattern = re.compile(_BEFORE_RECORD + rb"F(\d{8})" + lane.encode("ascii") + rb"(\d{2,9})(?!\d)")
    found: dict[str, int] = {}
    for file in layout.history_files(root):
        with files.open_plain(root / file) as stream:
            for line in stream:
                match = pattern.match(line)
                if match is not None:
                    key = "F" + match[1].decode("ascii")
                    found[key] = max(found.get(key, 0), int(match[2]))
    return found


def stage(root: Path, transaction: Transaction, month: str, lane: str) -> Staged:
    """The file of ``month`` and ``lane``, to be written anew; ``copy_into`` gives it what it holds by now."""
    file = layout.history_file(month, lane)
    return transaction.stage(file, files.digest_of_file(root / file))


def copy_into(staged: Staged, root: Path, month: str, lane: str) -> str | None:
    """Write the header and the events that the file of ``month`` and ``lane`` has by now.

    Returns the link that the next event has to carry; None where the file was begun without links.
    """
    file = layout.history_file(month, lane)
    files.refuse_links(root, file)
    path = root / file
    header = _tidy_header(path)
    if header is not None:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                staged.write(block)
        return chain.link(_last_line(path) or header) if header == _HEADER else None
    data = files.read(path)
    if data is None:
        staged.write(_text([_HEADER]))
        return _root_link(root, month, lane)
    table = canonical.parse(data, file)
    _check_header(table, file)
    header = ",".join(table.columns)
    staged.write(_text([header, *table.lines]))
    return chain.link([header, *table.lines][-1]) if header == _HEADER else None


def identities(root: Path, since: str, start: str) -> set[str]:
    """Identities of events that begin with ``start``, in the months from ``since`` on.

    Found as text anywhere in a line, since whatever looks like one was made by exlog: they hold a hash.
    """
    pattern = re.compile(re.escape(start.encode("ascii")) + rb"[0-9a-f]+")
    found: set[bytes] = set()
    for file in layout.history_files(root, since):
        found.update(pattern.findall(files.read(root / file) or b""))
    return {one.decode("ascii") for one in found}


def ends(root: Path, since: str = "", but: str = "") -> list[datetime]:
    """When the last event of each file happened, of those that can be read: of the months from ``since`` on, and of
    all lanes ``but`` one.
    """
    found = []
    for file in layout.history_files(root, since):
        if file.endswith(f"/{but}.csv"):
            continue
        last = _last_line(root / file) if _tidy_header(root / file) is not None else None
        moment = times.moment(last.split(b",", 1)[0].decode("utf-8", "replace")) if last else None
        if moment is not None:
            found.append(moment)
    return found


def renumbered(root: Path) -> dict[tuple[str, str], str]:
    """The new id of each record, by old id and uid, whose id two clones had given (action ``remint``)."""
    found: dict[tuple[str, str], str] = {}
    for entry in entries(root, containing=f",{REMINT},"):
        if entry.action == REMINT:
            found[entry.old, entry.uid] = entry.record
    for (old, uid), new in found.items():
        seen = {old}
        while (new, uid) in found and new not in seen:  # renumbered once more
            seen.add(new)
            new = found[new, uid]
        found[old, uid] = new
    return found


def entries(root: Path, since: str = "", containing: str = "") -> Iterator[Entry]:
    """Events of the months from ``since`` on, file by file.

    ``containing`` is an id, a key or another text without quotes and commas that a line must hold to be split
    at all. Raises Damaged that names file and line.
    """
    for file in layout.history_files(root, since):
        yield from _of_file(root, file, containing)


def in_order(root: Path, containing: str = "") -> Iterator[Entry]:
    """Every event in order of time, each file's in its own; those of several lanes meet month by month.

    ``containing`` and what is raised are as of ``entries``.
    """
    for _month, names in groupby(layout.history_files(root), key=lambda file: file.rpartition("/")[0]):
        yield from heapq.merge(*(_of_file(root, file, containing) for file in names), key=lambda entry: entry.at)


def of_uid(root: Path, uid: str) -> list[Entry]:
    """The events of one record or profile, in order. Raises as ``entries`` does."""
    return [entry for entry in in_order(root, uid) if entry.uid == uid]


def _of_file(root: Path, file: str, containing: str) -> Iterator[Entry]:
    files.refuse_links(root, file)
    data = files.read(root / file) or b""
    if containing:
        wanted = containing.encode("utf-8")
        if wanted not in data:
            return
        found = _lines_with(data, wanted, file)
        if found is not None:
            yield from found
            return
    table = canonical.parse(data, file)
    _check_header(table, file)
    for row, line in enumerate(table.lines):
        if containing in line:
            cells = [canonical.decode_cell(cell) for cell in table.cells(row)]
            yield Entry._make([*cells[:_WIDTH], table.where(row)])


def _lines_with(data: bytes, wanted: bytes, file: str) -> list[Entry] | None:
    """The events whose lines hold ``wanted``, without a look at the others; None where the text is not canonical."""
    if not data.startswith(HEADERS):
        return None
    width = data.count(b",", 0, data.find(b"\n")) + 1
    found = []
    number, counted = 1, 0
    place = data.find(wanted)
    while place >= 0:
        start = data.rfind(b"\n", 0, place) + 1
        end = data.find(b"\n", place)
        end = len(data) if end < 0 else end
        try:
            cells = canonical.split_row(data[start:end].decode("utf-8"))
        except ValueError:
            return None
        if len(cells) != width:
            return None
        number += data.count(b"\n", counted, start)
        counted = start
        found.append(Entry._make([*map(canonical.decode_cell, cells[:_WIDTH]), f"{file}:{number}"]))
        place = data.find(wanted, end)
    return found


def table(path: Path, file: str) -> canonical.Table:
    """A history file whole, as canonical lines. Raises Damaged that names file and line where it is none."""
    found = canonical.parse(files.read(path) or b"", file)
    _check_header(found, file)
    return found


def _check_header(table: canonical.Table, file: str) -> None:
    if table.columns not in layout.HISTORY_HEADERS:
        raise Damaged(
            _("the header must be {columns}").format(columns=",".join(layout.HISTORY_COLUMNS)),
            where=f"{file}:1",
            remedy=_("restore the file from git"),
        )
