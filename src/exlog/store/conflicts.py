"""The conflicts that a merge left for a person: ``conflicts.jsonl`` in the clone's own folder, which the driver writes.

Of each: the path from the top of the work tree, the record, the field, what was before, what either side made of it,
which of the two stands in the file until a person decides, and the fields that follow that side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from exlog.errors import Damaged
from exlog.i18n import _
from exlog.merge.outcome import Clash
from exlog.store import clone, files, gitfolder

FILE = "conflicts.jsonl"


class Standing(NamedTuple):
    """One conflict; ``path`` is below the ledger's folder. A value is None where a side has no such row or key."""

    path: str
    id: str
    uid: str
    field: str
    base: Any
    ours: Any
    theirs: Any
    chosen: Any
    at: str
    dependents: Mapping[str, Mapping[str, str]] = {}

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about: told twice, the later one counts."""
        return self.path, self.uid or self.id, self.field


def text_of(value: Any) -> str:
    """A value as a person reads it; empty where there is none."""
    return "" if value is None else str(value)


def folder(top: Path) -> Path:
    """Where the conflicts of the work tree at ``top`` are kept."""
    return clone.folder(top)


def entry(clash: Clash, at: str) -> dict[str, Any]:
    """A conflict that a merge found ``at`` a time, as ``keep`` takes it."""
    dependents = {name: {"ours": one, "theirs": other} for name, (one, other) in clash.dependents.items()}
    return {**clash._asdict(), "at": at, "dependents": dependents}


def keep(place: Path, path: str, found: Iterable[Mapping[str, Any]]) -> None:
    """Add conflicts on ``path`` (from the top of the work tree). One on the same field before is superseded.

    Those on other fields stay: a merge that was committed without a decision decides nothing. Raises OSError where the
    folder refuses, Damaged where the file is not as this writes it.
    """
    fresh = [{"path": path, **one} for one in found]
    if fresh:
        keys = {_key(line) for line in fresh}
        _write(place, [*(line for line in _lines(place) if _key(line) not in keys), *fresh])


def read(root: Path) -> list[Standing]:
    """The conflicts of the ledger at ``root``. Raises Damaged where the file is not as the driver writes it."""
    found = {}
    for line in _lines(folder(root)):
        one = _mine(root, line)
        if one is not None:
            found[one.key] = one
    return list(found.values())


def drop(root: Path, gone: list[Standing]) -> None:
    """Forget these conflicts, not those of other ledgers in the repository. Raises OSError where the folder refuses."""
    keys = {one.key for one in gone}
    lines = _lines(folder(root))
    kept = [line for line in lines if (one := _mine(root, line)) is None or one.key not in keys]
    if len(kept) != len(lines):
        _write(folder(root), kept)


def _key(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line.get("path"), line.get("uid") or line.get("id"), line.get("field")


def _write(place: Path, lines: list[dict[str, Any]]) -> None:
    clone.keep_in(place, FILE, "".join(json.dumps(line) + "\n" for line in lines))


def _lines(place: Path) -> list[dict[str, Any]]:
    path = place / FILE
    found = []
    for number, line in enumerate((files.read(path) or b"").splitlines(), 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("dependents", {}), dict):
            raise Damaged(
                _("the list of conflicts cannot be read"),
                where=f"{path}:{number}",
                remedy=_("remove the line after a look at the ledger with git diff"),
            )
        found.append(value)
    return found


def _mine(root: Path, line: Mapping[str, Any]) -> Standing | None:
    """The conflict, if it is about this ledger."""
    path = gitfolder.below(root, text_of(line.get("path")))
    if not path:
        return None
    texts = {name: text_of(line.get(name)) for name in ("id", "uid", "field", "at")}
    values: dict[str, Any] = {name: line.get(name) for name in ("base", "ours", "theirs", "chosen")}
    return Standing(path=path, **texts, **values, dependents=line.get("dependents") or {})
