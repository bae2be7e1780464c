"""What belongs to this clone alone: its uuid, the last numbers it minted, and what it sent (``outbox``).

Kept under ``.git``, which ``git clone`` does not copy, else under ``.exlog``, which git ignores.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path

from exlog.store import files
from exlog.store.gitfolder import git_folder as git_folder
from exlog.store.journal import WORK

_KEPT_DATES = 400
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}", re.ASCII)
_HIGHEST = 999_999_999
"""No id has a higher sequence than this."""


def folder(root: Path) -> Path:
    """The folder of what belongs to this clone; it may not be there yet."""
    git = git_folder(root)
    return git / "exlog" if git is not None else root / WORK


def read_uuid(root: Path) -> str:
    """This clone's uuid; empty where it has none yet or the file is damaged. One made before ``git init`` counts.

    Raises OSError where the file cannot be read: a clone with an uuid must not take a second lane.
    """
    for place in (folder(root), root / WORK):
        with contextlib.suppress(FileNotFoundError):
            text = (place / "clone").read_text(encoding="ascii", errors="replace").strip()
            if _UUID.fullmatch(text):
                return text
    return ""


def write_uuid(root: Path, uuid: str) -> None:
    """Give this clone its uuid. Raises OSError where the folder refuses."""
    keep(root, "clone", uuid + "\n")


def keep(root: Path, name: str, text: str) -> None:
    """Let the clone's own file ``name`` hold ``text`` (ASCII), durably. Raises OSError where the folder refuses."""
    keep_in(folder(root), name, text)


def keep_in(place: Path, name: str, text: str) -> None:
    """As ``keep``, in a folder that ``folder`` gave."""
    files.make_folders(place.parent, place.name)
    _replace(place / name, text, durably=True)
    files.flush_folder(place)


def read_floor(root: Path) -> dict[str, int]:
    """The highest sequence this clone minted, by prefix and date (``F20240315``).

    Nothing where there is no such file or it is damaged. Raises OSError where it cannot be read.
    """
    try:
        value = json.loads((folder(root) / "minted.json").read_bytes())
        floor = {str(key): int(number) for key, number in value.items()}
    except (FileNotFoundError, ValueError, AttributeError, TypeError, OverflowError, RecursionError):
        return {}
    return {key: number for key, number in floor.items() if 0 < number < _HIGHEST}


def raise_floor(root: Path, minted: dict[str, int]) -> None:
    """Remember what was minted, so that an id is not used again after a branch switch.

    The ids stand in the ledger as well, so a floor that cannot be written is no error.
    """
    with contextlib.suppress(OSError):
        floor = read_floor(root)
        for key, number in minted.items():
            floor[key] = max(number, floor.get(key, 0))
        if len(floor) > _KEPT_DATES:
            floor = dict(sorted(floor.items(), key=lambda item: item[0][1:])[-_KEPT_DATES:])
        place = folder(root)
        files.make_folders(place.parent, place.name)
        _replace(place / "minted.json", json.dumps(floor))


def _replace(path: Path, text: str, *, durably: bool = False) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if durably:
            files.write_durably(draft, text.encode("ascii"))
        else:
            draft.write_text(text, encoding="ascii")
        os.replace(draft, path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
