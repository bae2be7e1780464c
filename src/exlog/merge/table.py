"""Merges exceptions.csv and archives: rows meet by uid, without one by id and recorded_at.

Lines that are the same in all three files are not looked into, so that the work is in what changed. Tables hold
their lines *raw*: the bytes of the UTF-8 text as Latin-1, which costs nothing to make; only what changed is decoded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from exlog import canonical, ids
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.merge import columns
from exlog.merge.cells import ABSENT, Row
from exlog.merge.outcome import Clash, Made, Merged

Cells = list[str]
_FOREIGN = re.compile(rb"\xef\xbb\xbf|[\";\t]|^$")
_IDS = re.compile(rf"(?:{ids.RECORD}\d{{8}}[{ids.LANES}](?:\d\d|[1-9]\d{{2,8}})(?:\n|\Z))*", re.ASCII)
"""Ids as exlog writes them, one a line."""


def merge(base: bytes, ours: bytes, theirs: bytes, name: str) -> Merged:
    """The merged table as canonical text, sorted by id, then uid. An empty ``base`` is a file that both sides added.

    Raises Damaged, as ``canonical.parse`` does, for what is no table of records, for a row with too many or too few
    cells, and for a row that stands twice in one side.
    """
    try:
        return _Tables(base, ours, theirs, name, read).merge()
    except UnicodeDecodeError:  # no UTF-8 after all
        return _Tables(base, ours, theirs, name, read_any).merge()


class _Tables:
    """Three versions of one table under one header."""

    def __init__(
        self, base: bytes, ours: bytes, theirs: bytes, name: str, reading: Callable[[bytes, str], Table]
    ) -> None:
        sides = [reading(data, name) for data in (ours, theirs)]
        old = reading(base, name) if base.strip() else Table(name, (), [], range(0), True)
        headers = (old.columns, sides[0].columns, sides[1].columns)
        self.columns = columns.merge(*headers, _edited(old, *sides))
        self.place = {column: place for place, column in enumerate(self.columns)}
        self.base = _laid_out(old, self.columns, ())
        self.ours, self.theirs = (_laid_out(side, self.columns, old.columns) for side in sides)
        self.clashes: list[Clash] = []
        self.remarks: list[str] = []
        self.made: list[Made] = []

    def merge(self) -> Merged:
        """All rows, of which only those are split that are not the same three times."""
        common = {*self.base.lines}.intersection(self.ours.lines).intersection(self.theirs.lines)
        same = [line for line in self.ours.lines if line in common]
        _refuse_ragged(self.ours, same)
        changed = [self._changed(side, common) for side in (self.base, self.ours, self.theirs)]
        keyed = keys(changed, self.columns)
        self._refuse_doubled(same, keyed[1:])
        by_key = [dict(zip(names, rows, strict=True)) for names, rows in zip(keyed, changed, strict=True)]
        lines = same
        for key in dict.fromkeys([*by_key[1], *by_key[2]]):
            row = self._row(by_key[0].get(key), by_key[1].get(key), by_key[2].get(key))
            if row is not None:
                lines.append(_raw(canonical.join_row(row)))
        lines = in_order(lines, self.columns)
        self._tell_doubled_ids(lines)
        self.clashes.sort(key=lambda clash: (ids.sort_key(clash.id), clash.uid, clash.field))
        text = "\n".join([_raw(canonical.join_row(self.columns)), *lines, ""])
        return Merged(text.encode("latin-1"), tuple(self.clashes), tuple(sorted(self.remarks)), tuple(self.made))

    def _changed(self, side: Table, common: set[str]) -> list[Cells]:
        """The rows that are not the same in all three, decoded."""
        places = [place for place, line in enumerate(side.lines) if line not in common]
        lines = [side.lines[place].encode("latin-1").decode("utf-8") for place in places]
        changed = Table(side.name, side.columns, lines, [side.numbers[place] for place in places], True)
        return [changed.cells(row) for row in range(len(lines))]

    def _row(self, base: Cells | None, ours: Cells | None, theirs: Cells | None) -> Cells | None:
        """One row merged; None where it is gone."""
        if ours is None or theirs is None:
            row = theirs if ours is None else ours
            if row is None or base == row:
                return None
            left = self._without_absent(base, row)
            if base is not None:
                self._tell_kept(base, left, here=ours is not None)
            return left
        if ours == theirs and ABSENT not in ours:
            return ours
        merging = Row(self.place, base, ours, theirs)
        merging.merge()
        self.clashes += merging.clashes
        self.made += merging.made()
        return merging.cells

    def _without_absent(self, base: Cells | None, row: Cells) -> Cells:
        old = base or [""] * len(row)
        return [before if cell == ABSENT else cell for before, cell in zip(old, row, strict=True)]

    def _tell_kept(self, base: Cells, row: Cells, *, here: bool) -> None:
        edited = [name for name, old, new in zip(self.columns, base, row, strict=True) if old != new]
        message = (
            _("{id}: edited here, removed there: the edit is kept ({fields})")
            if here
            else _("{id}: edited there, removed here: the edit is kept ({fields})")
        )
        if edited:
            self.remarks.append(message.format(id=row[self.place["id"]], fields=", ".join(edited)))

    def _refuse_doubled(self, same: list[str], changed: list[list[str]]) -> None:
        """Refuse a side in which two rows have one key: one of them would be lost."""
        known = {line.rpartition(",")[2] for line in same}
        for side, table in zip(changed, (self.ours, self.theirs), strict=True):
            doubled = [key for key, count in Counter(side).items() if count > 1 or key in known]
            if doubled or len(set(table.lines)) != len(table.lines):
                raise Damaged(
                    _("two rows have one uid: {uid}").format(uid=doubled[0] if doubled else _twice(table.lines)),
                    where=table.name,
                    remedy=_("remove one of them, or give it another uid"),
                )

    def _tell_doubled_ids(self, lines: list[str]) -> None:
        doubled = _doubled(lines)
        if doubled:
            for record_id in sorted(doubled - _doubled(self.ours.lines) - _doubled(self.theirs.lines)):
                self.remarks.append(_("{id}: two records have this id; both are kept").format(id=record_id))


def read(data: bytes, name: str) -> Table:
    """A table of records, its lines raw. Of canonical text nothing is decoded but the header. Raises Damaged."""
    header, feed, _body = data.partition(b"\n")
    if not feed or not data.endswith(b"\n") or _FOREIGN.search(header) or b"\r" in data or b"\0" in data:
        return read_any(data, name)
    lines = data.decode("latin-1").split("\n")[1:-1]
    if "" in lines or any(line.count('"') & 1 for line in lines if '"' in line):  # empty lines, or breaks in quotes
        return read_any(data, name)
    columns = tuple(header.decode("utf-8").split(","))
    canonical.check_header(columns, name)
    return _with_ids(Table(name, columns, lines, range(2, len(lines) + 2), True))


def read_any(data: bytes, name: str) -> Table:
    """A table of records out of any legal CSV, its lines raw. Raises Damaged where it is none."""
    if b"\0" in data:
        raise Damaged(_("a byte 0 is no text"), where=name, remedy=_("restore the file from git"))
    table = canonical.parse(data, name)
    return _with_ids(table._replace(lines=[_raw(line) for line in table.lines]))


def _with_ids(table: Table) -> Table:
    if "id" in table.columns:
        return table
    raise Damaged(
        _("the column {names} is missing").format(names="id"),
        where=f"{table.name}:1",
        remedy=_("restore the file from git"),
    )


def _raw(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8").decode("latin-1")


def in_order(lines: list[str], header: tuple[str, ...]) -> list[str]:
    """Lines under a canonical header by id, then uid."""
    found = [line.partition(",")[0] for line in lines]
    if _IDS.fullmatch("\n".join(found)) and len(set(found)) == len(found):
        marked = [name[:10] + chr(len(name)) + name[10:] for name in found]  # 100 comes after 99
        return [line for _mark, line in sorted(zip(marked, lines, strict=True))]
    uids = [line.rpartition(",")[2] if header[-1] == "uid" else "" for line in lines]
    return [line for *_keys, line in sorted(zip(map(ids.sort_key, found), uids, lines, strict=True))]


def keys(sides: list[list[Cells]], header: tuple[str, ...]) -> list[list[str]]:
    """What each row of each side meets its others by.

    The uid; id and recorded_at where a row, or its counterpart on another side, has none; uid and id where one side
    has a uid twice.
    """
    place = {name: at for at, name in enumerate(header)}
    made_of = [place[name] for name in ("id", "recorded_at") if name in place]
    uid = place.get("uid", -1)
    named = [[row[uid] if uid >= 0 and row[uid] != ABSENT else "" for row in side] for side in sides]
    pairs = [["\0".join(row[at] for at in made_of) for row in side] for side in sides]
    nameless = {pair for of, by in zip(named, pairs, strict=True) for key, pair in zip(of, by, strict=True) if not key}
    for by in pairs:
        nameless -= {pair for pair, count in Counter(by).items() if count > 1} if nameless else set()
    doubled = {key for of in named for key, count in Counter(of).items() if count > 1 and key}
    return [
        [
            "\0" + pair if not key or pair in nameless else f"{key}\0{row[place['id']]}" if key in doubled else key
            for key, pair, row in zip(of, by, side, strict=True)
        ]
        for of, by, side in zip(named, pairs, sides, strict=True)
    ]


def _edited(base: Table, ours: Table, theirs: Table) -> set[str]:
    """Columns that one side dropped and the other edited."""
    found: set[str] = set()
    for column in columns.dropped(base.columns, ours.columns, theirs.columns):
        side = ours if column in ours.columns else theirs
        for header in (base.columns, side.columns):
            if column not in header:  # pragma: no cover  # dropped() names columns that both have
                continue
        old, new = ([row.cells(at) for at in range(len(row.lines))] for row in (base, side))
        before = dict(zip(keys([old], base.columns)[0], old, strict=True))
        at_old, at_new = base.columns.index(column), side.columns.index(column)
        for key, cells in zip(keys([new], side.columns)[0], new, strict=True):
            was = before.get(key)
            if cells[at_new] != (was[at_old] if was is not None else ""):
                found.add(column)
                break
    return found


def _laid_out(table: Table, header: tuple[str, ...], base: tuple[str, ...]) -> Table:
    """The table under the merged header; a cell is ABSENT where the side dropped its column."""
    if table.columns == header:
        return table
    have = {name: place for place, name in enumerate(table.columns)}
    picks: list[int] = [have.get(name, -1) for name in header]
    blank = [ABSENT if name in base else "" for name in header]
    lines = []
    for row in range(len(table.lines)):
        cells = table.cells(row)
        laid = [cells[pick] if pick >= 0 else empty for pick, empty in zip(picks, blank, strict=True)]
        lines.append(canonical.join_row(laid))
    return Table(table.name, header, lines, table.numbers, table.canonical)


def _refuse_ragged(table: Table, same: list[str]) -> None:
    """Refuse a table with too few or too many commas in a row that nobody changed: it may be no row at all."""
    commas = len(table.columns) - 1
    odd = [line for line in same if line.count(",") != commas]
    if any(line.count(",") < commas or '"' not in line for line in odd):
        for row in range(len(table.lines)):
            table.cells(row)


def _doubled(lines: Iterable[str]) -> set[str]:
    found = [line.partition(",")[0] for line in lines]
    return {key for key, count in Counter(found).items() if count > 1} if len(set(found)) != len(found) else set()


def _twice(lines: list[str]) -> str:
    return next(line for line, count in Counter(lines).items() if count > 1).rpartition(",")[2]
