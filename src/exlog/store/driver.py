"""git's configuration of this clone: who merges a ledger's files, and how ``git diff`` shows them."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from pathlib import Path

from exlog.store import clone, files, git

TOLD = "told-git-setup"
"""The clone's own file that remembers that a missing configuration was told, or that it stands elsewhere."""


def program() -> list[str]:
    """The exlog that runs now, as a command that works from any folder: git's hooks know no PATH of ours."""
    called = Path(sys.argv[0])
    if called.stem == "exlog":
        found = str(called) if called.parent != Path() else shutil.which(called.name) or ""
        if found and Path(found).is_file():
            return [Path(os.path.abspath(found)).as_posix()]
    # -P: never a module of the folder that git runs in
    return [Path(sys.executable).as_posix(), "-P", "-m", "exlog"]


def shell(*arguments: str) -> str:
    """The program and its arguments as a command of the shell."""
    return shlex.join([*program(), *arguments])


def wanted() -> dict[str, str]:
    """What stands in the configuration of a clone that is set up."""
    return {
        "merge.exlog.name": "exlog: rows by their uid, cells one by one",
        "merge.exlog.driver": shell("merge-driver").replace("%", "%%") + " %O %A %B %P %L",
        "diff.exlog.textconv": shell("git-textconv"),
    }


def configure(root: Path) -> list[str]:
    """Write the configuration into the clone. Returns the keys that changed. Raises GitError where git refuses."""
    changed = []
    for key, value in wanted().items():
        if git.config(root, key, "--local") != value:
            git.ask(root, "config", "--local", "--replace-all", key, value)
            changed.append(key)
    return changed


def forget(root: Path) -> list[str]:
    """Take the configuration out of the clone. Returns the keys that went. Raises GitError where git refuses."""
    gone = [key for key in wanted() if git.config(root, key, "--local")]
    for key in gone:
        git.ask(root, "config", "--local", "--unset-all", key)
    for section in ("merge.exlog", "diff.exlog"):
        if gone and not git.run(root, "config", "--local", "--get-regexp", f"^{section}[.]").text:
            git.run(root, "config", "--local", "--remove-section", section)
    return gone


def forget_told(root: Path) -> None:
    """Let a configuration that goes missing again be told again."""
    with contextlib.suppress(OSError):
        (clone.folder(root) / TOLD).unlink(missing_ok=True)


def config_file(root: Path) -> Path | None:
    """The clone's configuration file; linked worktrees share that of their repository. None outside of git."""
    folder = clone.git_folder(root)
    if folder is None:
        return None
    common = files.read(folder / "commondir")
    if common is not None:
        folder = folder / common.decode("utf-8", "replace").strip()
    return folder / "config"


def is_to_be_told(root: Path) -> bool:
    """Whether a person should hear, for the first time, that .gitattributes names a driver that git does not know.

    Asked only where the clone's own configuration is silent: it may stand in that of the user or the machine.
    """
    place = clone.folder(root) / TOLD
    try:
        config = config_file(root)
        if place.exists() or config is None or b'[merge "exlog"]' in config.read_bytes():
            return False
        clone.keep(root, TOLD, "exlog git-setup\n")
        return not git.config(root, "merge.exlog.driver")
    except (OSError, git.GitError):
        return False
