"""archive/manifest.csv: what each archive file holds, so that a change to one is seen and dates prune files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exlog import canonical
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.store import files, layout

if TYPE_CHECKING:
    from exlog.store.journal import Transaction


class Line(NamedTuple):
    """One archive file: its month, number of rows, hash, and the earliest and latest received_at in it."""

    month: str
    rows: int
    sha256: str
    first_received: str
    last_received: str


def read(root: Path) -> dict[str, Line]:
    """The manifest by month. Raises Damaged where it is not one."""
    data = files.read(root / layout.MANIFEST)
    if data is None:
        return {}
    table = canonical.parse(data, layout.MANIFEST)
    if table.columns != layout.MANIFEST_COLUMNS:
        raise Damaged(
            _("the header must be {columns}").format(columns=",".join(layout.MANIFEST_COLUMNS)),
            where=f"{layout.MANIFEST}:1",
            remedy=_("restore the file from git"),
        )
    lines = {}
    for row in range(len(table.lines)):
        month, count, sha256, first, last = table.cells(row)
        if not layout.is_month(month) or not count.isdigit():
            raise Damaged(_("not a line of a manifest"), where=table.where(row), remedy=_("restore the file from git"))
        lines[month] = Line(month, int(count), sha256, first, last)
    return lines


def archives(
    root: Path, lines: dict[str, Line], since: datetime | None = None, until: datetime | None = None
) -> list[str]:
    """The archives that can hold a record received within [since, until), the oldest first.

    Raises Damaged for one that the manifest names and that is not there.
    """
    present = layout.archived_months(root)
    months = sorted({*present, *lines})
    wanted = [month for month in months if overlaps(lines.get(month), since, until)]
    for month in wanted:
        if month not in present:
            raise missing(month)
    return [layout.archive_file(month) for month in wanted]


def missing(month: str) -> Damaged:
    """The error for an archive that is not there."""
    return Damaged(
        _("the manifest names this archive, but the file is missing"),
        where=layout.archive_file(month),
        remedy=_("restore it from git"),
    )


def month_of(file: str) -> str:
    """The month of an archive file."""
    return Path(file).stem


def describe(file: str, table: Table, sha256: str) -> Line:
    """The manifest's line for an archive table under canonical columns."""
    place = table.columns.index("received_at")
    received = [canonical.split_row(line)[place] for line in table.lines]
    span = bounds(received)
    return Line(month_of(file), len(received), sha256, *span)


def bounds(received: Sequence[str]) -> tuple[str, str]:
    """The earliest and the latest of stored times; empty texts where there are none."""
    if not received:
        return "", ""
    offsets = {text[19:] for text in received}
    if len(offsets) == 1:
        return min(received), max(received)
    return min(received, key=datetime.fromisoformat), max(received, key=datetime.fromisoformat)


def update(root: Path, transaction: Transaction, written: Sequence[Line]) -> None:
    """Put the lines of written archive files into the manifest; one without a hash is of a file that is gone."""
    data = files.read(root / layout.MANIFEST)
    lines = read(root)
    lines.update({line.month: line for line in written})
    ordered = [lines[month] for month in sorted(lines) if lines[month].sha256]
    text = "\n".join(
        [
            ",".join(layout.MANIFEST_COLUMNS),
            *(canonical.join_row([str(value) for value in line]) for line in ordered),
            "",
        ]
    )
    transaction.replace(layout.MANIFEST, text.encode("utf-8"), files.digest(data) if data is not None else None)


def overlaps(line: Line | None, since: datetime | None, until: datetime | None) -> bool:
    """Whether a file can hold a record received within [since, until); True where the manifest is silent."""
    if line is None or not line.first_received:
        return True
    try:
        first = datetime.fromisoformat(line.first_received)
        last = datetime.fromisoformat(line.last_received)
    except ValueError:
        return True
    return (until is None or first < until) and (since is None or last >= since)
