"""Files that only save time: kept under ``.exlog/cache``, with a checksum, and never an error."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from exlog.errors import Damaged
from exlog.store import files


def read(path: Path) -> dict[str, Any] | None:
    """A cache file's mapping; None where there is none or it is not as it was written: a cache is never an error."""
    try:
        kept = json.loads(path.read_bytes())
        value = kept["value"]
        if kept["sha256"] != files.digest(_text(value)):
            return None
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def write(path: Path, value: dict[str, Any]) -> None:
    """Write a cache file, whole or not at all; silently not where the folder refuses."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    work = path.parent.parent
    if work.is_symlink() or path.parent.is_symlink():
        return
    try:
        files.make_folders(work.parent, f"{work.name}/{path.parent.name}")
        draft.write_bytes(_text({"sha256": files.digest(_text(value)), "value": value}))
        os.replace(draft, path)
    except (OSError, Damaged):
        with contextlib.suppress(OSError):
            draft.unlink()
