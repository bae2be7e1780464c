"""Where each file of a ledger stands, and its header."""

from __future__ import annotations

import re
from pathlib import Path

from exlog.store import files

LIVE = "exceptions.csv"
CUSTOMERS = "customers"
HISTORY = "history"
ARCHIVE = "archive"
MANIFEST = "archive/manifest.csv"
LANES = "lanes.csv"
LOCK = ".exlog/lock"

MANIFEST_COLUMNS = ("month", "rows", "sha256", "first_received", "last_received")
LANE_COLUMNS = ("lane", "clone", "taken_by", "taken_at")
EVENT_COLUMNS = ("at", "actor", "record", "action", "field", "old", "new", "note", "uid", "event")
"""One event a row. ``uid`` is the record's; ``event`` is the command's id and a count, unique for ever."""
HISTORY_COLUMNS = (*EVENT_COLUMNS, "prev")
"""``prev`` is the link to the line before, see ``chain``. Files begun before there were links have EVENT_COLUMNS."""
HISTORY_HEADERS = (HISTORY_COLUMNS, EVENT_COLUMNS)

_OWN = ("exlog.yaml", LIVE, LANES, "denominators.csv", ".gitattributes", ".gitignore")

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def archive_file(month: str) -> str:
    """``archive/2024-03.csv``."""
    return f"{ARCHIVE}/{month}.csv"


def history_file(month: str, lane: str) -> str:
    """``history/2024-03/0.csv``."""
    return f"{HISTORY}/{month}/{lane}.csv"


def customer_file(customer_id: str) -> str:
    """``customers/C20231008001.yaml``; the caller has made sure that it is an id."""
    return f"{CUSTOMERS}/{customer_id}.yaml"


def is_own(path: Path) -> bool:
    """Whether a path below the root is a file that the ledger consists of, or lies where such files do."""
    folder = path.parts[0] if len(path.parts) > 1 else ""
    if folder == ARCHIVE:
        return path.suffix == ".csv"
    return folder in (CUSTOMERS, HISTORY, ".exlog", ".git") or str(path) in _OWN


def is_month(text: str) -> bool:
    """Whether ``text`` is a month like 2024-03."""
    return _MONTH.fullmatch(text) is not None


def archived_months(root: Path) -> list[str]:
    """Months that have an archive file, oldest first. Raises Damaged where the folder is a symbolic link."""
    folder = root / ARCHIVE
    files.refuse_links(root, MANIFEST)
    if not folder.is_dir():
        return []
    return sorted(path.stem for path in folder.glob("*.csv") if is_month(path.stem))


def history_files(root: Path, since: str = "") -> list[str]:
    """History files of the months from ``since`` on, oldest first, as paths below the root.

    Raises Damaged where a folder on the way is a symbolic link.
    """
    folder = root / HISTORY
    files.refuse_links(root, f"{HISTORY}/x")
    if not folder.is_dir():
        return []
    months = sorted(entry.name for entry in folder.iterdir() if is_month(entry.name) and entry.name >= since)
    for month in months:
        files.refuse_links(root, history_file(month, "x"))
    return [f"{HISTORY}/{month}/{path.name}" for month in months for path in sorted((folder / month).glob("*.csv"))]
