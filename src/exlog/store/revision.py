"""A file of the ledger as it was at a revision of git."""

from __future__ import annotations

from pathlib import Path

from exlog.errors import Usage
from exlog.i18n import _
from exlog.store import files, git


def read(root: Path, revision: str, name: str) -> bytes:
    """The bytes of ``name`` (below ``root``) at ``revision``. Raises Usage where git knows neither or is missing."""
    try:
        answer = git.run(root, "show", "--end-of-options", f"{revision}:./{name}")
    except git.GitError as error:
        raise Usage(error.message, remedy=_("install git, or name a file")) from None
    if answer.code != 0:
        raise Usage(
            _("git has no {name} at {revision} ({reason})").format(
                name=name, revision=files.shown(revision), reason=answer.reason
            ),
            remedy=_("name a commit, a branch or a tag of this ledger"),
        )
    return answer.out
