"""Files that a command writes outside of the ledger: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from exlog.errors import Usage
from exlog.i18n import _
from exlog.store import config, files, layout


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes are ``path`` once the block ends well; until then what was there stays.

    Raises what ``draft_of`` raises.
    """
    with draft_of(path) as draft, draft.open("wb") as stream:
        yield stream


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A path beside ``path``, which takes its place once the block ends well; until then what was there stays.

    Raises Usage where there is no such folder, a folder has that name, or a ledger needs the file; Busy where the
    disk refuses.
    """
    if not path.parent.is_dir():
        raise Usage(
            _("there is no such folder"), where=str(path.parent), remedy=_("make it, or choose another file name")
        )
    if path.is_dir():
        raise Usage(_("this is a folder"), where=str(path), remedy=_("name a file in it"))
    _refuse_own(path)
    draft = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        yield draft
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(draft, path)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise files.refusal(error, path) from None
    finally:
        draft.unlink(missing_ok=True)


def _refuse_own(path: Path) -> None:
    """Refuse what any ledger consists of, however the path is written."""
    found = path.resolve()
    for root in found.parents:
        if (root / config.FILE).is_file() and layout.is_own(found.relative_to(root)):
            raise Usage(_("this is a file of the ledger itself"), where=str(path), remedy=_("choose another file name"))
