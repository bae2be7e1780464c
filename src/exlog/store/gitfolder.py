"""Where git keeps what it knows of a work tree, and exlog's mark there that a merge took place.

Loads nothing: the merge driver, which git runs once a file, needs it.
"""

from __future__ import annotations

from pathlib import Path

OURS, _MARK = "exlog", "merged"


def git_folder(root: Path) -> Path | None:
    """The git folder of the work tree that ``root`` lies in; of a linked worktree its own one."""
    for place in (root, *root.parents):
        entry = place / ".git"
        if entry.is_dir():
            return entry
        if entry.is_file():
            text = entry.read_text(encoding="utf-8", errors="replace").strip()
            if text.startswith("gitdir:"):
                folder = (place / text.removeprefix("gitdir:").strip()).resolve()
                return folder if folder.is_dir() else None
    return None


def top(root: Path) -> Path:
    """The top of the work tree that ``root`` lies in; ``root`` itself outside of git."""
    return next((place for place in (root, *root.parents) if (place / ".git").exists()), root)


def below(root: Path, path: str) -> str:
    """A path from the top of the work tree as one below the ledger at ``root``; empty for one outside of it."""
    prefix = root.relative_to(top(root)).as_posix()
    if prefix == ".":
        return path
    return path.removeprefix(f"{prefix}/") if path.startswith(f"{prefix}/") else ""


def mark_merged(root: Path) -> None:
    """Leave a mark that the merge driver ran. Raises OSError where the folder refuses."""
    git = git_folder(root)
    if git is not None:
        (git / OURS).mkdir(exist_ok=True)
        (git / OURS / _MARK).write_bytes(b"")


def merged_at(git: Path) -> int | None:
    """When the driver last ran, in nanoseconds as the file system has it; None for never."""
    try:
        return (git / OURS / _MARK).stat().st_mtime_ns
    except OSError:
        return None
