"""Merges files of lines that never conflict: the history by event, lanes by clone, the manifest by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from exlog import canonical, chain
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.merge import rules
from exlog.merge.outcome import WHOLE, Clash, Merged, chosen_of

Cells = list[str]


def history(base: bytes, ours: bytes, theirs: bytes, name: str) -> Merged:
    """A history file with the lines of both sides, as ``chain.united`` orders them.

    A line that both sides changed is a conflict. Where each side wrote a line of its own for one event, as two branches
    do that both escalate a record, both lines stay: later lines go on from either. Raises Damaged where one is no
    history.
    """
    sides = [_read(data, name, "at", "event") for data in (base, ours, theirs)]
    header = _widest(sides[1], sides[2])
    rows = _keyed([_cells(side, header) for side in sides], header.index("event"))
    clashes: list[Clash] = []
    chosen: dict[str, Cells] = {}
    for key in {**rows[1], **rows[2]}:
        was, one, other = (side.get(key) for side in rows)
        if one is None or other is None or one == other:
            chosen[key] = one or other or []
        elif was in (one, other):
            chosen[key] = other if one == was else one
        else:
            texts = [canonical.join_row(cells) for cells in (was or [], one, other)]
            chosen[key] = max(one, other)
            clashes.append(_whole(header, was, one, other, chosen[key], texts))
    lines = chain.united(header, (canonical.join_row(cells) for cells in chosen.values()))
    return Merged("\n".join([canonical.join_row(header), *lines, ""]).encode("utf-8"), tuple(clashes))


def _keyed(versions: Sequence[list[Cells]], place: int) -> list[dict[str, Cells]]:
    """The lines of base, ours and theirs by event where the base has it and none has it twice, else by their text."""
    counts = [Counter(cells[place] for cells in version) for version in versions]
    known = {event for event in counts[0] if event and all(count[event] <= 1 for count in counts)}
    return [
        {cells[place] if cells[place] in known else canonical.join_row(cells): cells for cells in version}
        for version in versions
    ]


def _whole(header: Sequence[str], was: Cells | None, one: Cells, other: Cells, taken: Cells, texts: list[str]) -> Clash:
    known = dict(zip(header, taken, strict=True))
    base = texts[0] if was is not None else None
    return Clash(
        known.get("record", ""), known.get("uid", ""), WHOLE, base, texts[1], texts[2], canonical.join_row(taken)
    )


def lanes(base: bytes, ours: bytes, theirs: bytes, name: str) -> Merged:
    """lanes.csv, a row a clone, by lane; of a clone with two rows the one taken later. Raises Damaged."""

    def better(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
        taken = [row.get("taken_at", "") for row in (one, other)]
        later = rules.later(*taken) or chosen_of(*taken)
        if taken[0] != taken[1]:
            return one if taken[0] == later else other
        return max(one, other, key=lambda row: list(row.values()))

    return _by_key(base, ours, theirs, name, "clone", better)


def manifest(base: bytes, ours: bytes, theirs: bytes, name: str) -> Merged:
    """archive/manifest.csv, a line a month; of two the one with more rows, until it is counted again.

    Raises Damaged.
    """

    def better(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
        return max(one, other, key=lambda row: (rules.whole(row.get("rows", "")) or 0, list(row.values())))

    return _by_key(base, ours, theirs, name, "month", better)


def workbook(base: bytes, ours: bytes, theirs: bytes, name: str) -> Merged:
    """A record table, which is made from the rows and made again by the next ``archive --excel``: a changed one goes
    before an unchanged one, and of two changed ones the same is taken from either side."""
    if ours in (base, theirs):
        return Merged(theirs)
    return Merged(ours if theirs == base else max(ours, theirs))


def _by_key(
    base: bytes,
    ours: bytes,
    theirs: bytes,
    name: str,
    key: str,
    better: Callable[[dict[str, str], dict[str, str]], dict[str, str]],
) -> Merged:
    """Rows by ``key``: a change goes before no change and before a removal; of two changes the ``better``."""
    sides = [_read(data, name, key) for data in (base, ours, theirs)]
    header = _widest(sides[1], sides[2])
    place = header.index(key)
    cells_of = [_cells(side, header) for side in sides]
    rows: list[dict[tuple[str, ...], Cells]] = [{(cells[place],): cells for cells in found} for found in cells_of]
    if [*map(len, rows)] != [*map(len, cells_of)]:  # one key twice in a file: whole rows, so that none is lost
        rows = [{tuple(cells): cells for cells in found} for found in cells_of]
    kept = []
    for each in sorted({*rows[1], *rows[2]}):
        was, one, other = (side.get(each) for side in rows)
        if one is None or other is None:
            row = one or other
            if row != was:
                kept.append(row or [])
        elif one == other or other == was:
            kept.append(one)
        elif one == was:
            kept.append(other)
        else:
            named = [dict(zip(header, cells, strict=True)) for cells in (one, other)]
            kept.append(list(better(*named).values()))
    return Merged(_text(header, sorted(kept)))


def _read(data: bytes, name: str, *keys: str) -> Table:
    if not data.strip():
        return Table(name, (), [], range(0), True)
    table = canonical.parse(data, name)
    if missing := [key for key in keys if key not in table.columns]:
        raise Damaged(
            _("the column {names} is missing").format(names=missing[0]),
            where=f"{name}:1",
            remedy=_("restore the file from git"),
        )
    return table


def _widest(ours: Table, theirs: Table) -> tuple[str, ...]:
    """The header that has all columns of both. Raises Damaged where neither has, or one is empty."""
    header = max((ours.columns, theirs.columns), key=lambda names: (len(names), names))
    if not ours.columns or not theirs.columns or not {*ours.columns, *theirs.columns} <= {*header}:
        raise Damaged(
            _("the header must be {columns}").format(columns=",".join(header)),
            where=f"{ours.name}:1",
            remedy=_("restore the file from git"),
        )
    return header


def _cells(table: Table, header: tuple[str, ...]) -> list[Cells]:
    """The rows under ``header``."""
    rows = [table.cells(row) for row in range(len(table.lines))]
    if table.columns == header:
        return rows
    have = {name: place for place, name in enumerate(table.columns)}
    return [[row[have[name]] if name in have else "" for name in header] for row in rows]


def _text(header: Sequence[str], rows: list[Cells]) -> bytes:
    return "\n".join([canonical.join_row(header), *map(canonical.join_row, rows), ""]).encode("utf-8")
