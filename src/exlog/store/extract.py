"""A ledger's files as they were at a commit, written into another folder."""

from __future__ import annotations

from pathlib import Path

from exlog.errors import NotFound
from exlog.i18n import _
from exlog.store import config, files, git, tree


def write(root: Path, revision: str, target: Path) -> int:
    """Write the ledger at ``root`` as it was at ``revision`` into ``target``; gives the commit's time in seconds.

    The history is left out. Raises Usage for what is no commit, NotFound where there was no ledger then.
    """
    repository = tree.repository(root)
    commit = repository.commit(revision)
    found = repository.at(commit) if commit else tree.empty(revision)
    names = [name for name in found.names if not name.startswith("history/")]
    if config.FILE not in names:
        raise NotFound(
            _("there was no ledger here at {revision}").format(revision=files.shown(revision)),
            where=str(root),
            remedy=_("name a later commit"),
        )
    for name in names:
        data = found.read(name)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data or b"")
    return int(git.ask(root, "show", "--no-patch", "--format=%ct", "--end-of-options", commit))
