"""Whether git has merged anything since exlog last looked: then ``ledger/reconciling`` has to, else it need not.

Told by the commit that HEAD names and by a mark that the merge driver leaves (a stash pop moves no commit). Costs a
few small reads; outside of git nothing merges, and a hand edit is for ``check`` to tell.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from exlog.store import cache, gitfolder

_STAMP = ".exlog/cache/settled.json"


def is_settled(root: Path) -> bool:
    """Whether nothing was merged since ``settle``."""
    git = gitfolder.git_folder(root)
    if git is None:
        return True
    kept = cache.read(root / _STAMP)
    return kept is not None and kept == _stamp(git)


def driver_ran(root: Path) -> bool:
    """Whether the merge driver ran in this clone since ``settle``."""
    git = gitfolder.git_folder(root)
    kept = cache.read(root / _STAMP) or {}
    return git is not None and _stamp(git)["mark"] != kept.get("mark")


def settle(root: Path) -> None:
    """Remember what is merged by now; silently not where the folder refuses."""
    git = gitfolder.git_folder(root)
    if git is not None:
        cache.write(root / _STAMP, _stamp(git))


def _stamp(git: Path) -> dict[str, object]:
    return {"head": _head(git), "mark": gitfolder.merged_at(git)}


def _head(git: Path) -> str:
    """The commit that HEAD names, as text; a branch without one by its name."""
    try:
        text = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    if not text.startswith("ref: "):
        return text
    name = text.removeprefix("ref: ")
    common = git
    with contextlib.suppress(OSError):
        common = (git / (git / "commondir").read_text(encoding="utf-8").strip()).resolve()
    for folder in (git, common):
        try:
            return (folder / name).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
    try:
        packed = (common / "packed-refs").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return name
    return next((line.split(" ", 1)[0] for line in packed.splitlines() if line.endswith(f" {name}")), name)
