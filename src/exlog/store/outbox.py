"""What this clone has sent, so that nothing is sent twice; it stands beside the clone's other own files.

An entry is the sha256 of an URL (never the URL: it holds secrets), the identity of what was told, and the day on
which it was last seen to be worth telling. Entries that nothing has asked for in 400 days are dropped.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from exlog.errors import Busy, Damaged
from exlog.i18n import _
from exlog.store import clone, files
from exlog.store.journal import WORK
from exlog.store.lock import Lock

FILE = "outbox.json"
LOCK = "outbox.lock"
KEPT = timedelta(days=400)
_FADING = timedelta(days=30)
"""How old a last sight may get before it is written anew: else every run would write the file."""


@contextmanager
def turn(root: Path) -> Iterator[None]:
    """Hold the lock of those who send, which no other command takes.

    Raises Busy where another one sends for longer than EXLOG_LOCK_TIMEOUT, or where the folder refuses.
    """
    place = clone.folder(root)
    lock = Lock(place / LOCK, shared=False, held=_("another exlog remind is sending"))
    with contextlib.ExitStack() as stack:
        try:
            files.make_folders(place.parent, place.name)
            stack.enter_context(lock)
        except OSError as error:
            raise files.refusal(error, place / LOCK) from None
        yield


class Outbox:
    """What was sent, as it was when this was made; ``today`` is the ledger's."""

    def __init__(self, root: Path, today: date) -> None:
        """Raises Damaged where the file is not as exlog writes it."""
        self._root = root
        self._today = today
        self._sent = _read(root)

    def knows(self, url: str) -> bool:
        """Whether anything was sent to this URL."""
        return _key(url) in self._sent

    def has(self, url: str, identity: str) -> bool:
        """Whether this was sent to the URL."""
        return identity in self._sent.get(_key(url), {})

    def add(self, url: str, identities: Iterable[str]) -> None:
        """Remember that these were sent to the URL now."""
        self._sent.setdefault(_key(url), {}).update(dict.fromkeys(identities, self._today))

    def fading(self, url: str, identities: Iterable[str]) -> list[str]:
        """Those of ``identities`` that were sent to the URL and whose last sight is to be written anew."""
        sent = self._sent.get(_key(url), {})
        return [one for one in identities if one in sent and self._today - sent[one] >= _FADING]

    def save(self) -> None:
        """Write the file durably. Raises Busy where the folder refuses."""
        kept = {
            key: {identity: f"{day}" for identity, day in sorted(sent.items()) if self._today - day <= KEPT}
            for key, sent in sorted(self._sent.items())
        }
        text = json.dumps({"exlog": 1, "sent": {key: sent for key, sent in kept.items() if sent}}, indent=0)
        try:
            clone.keep(self._root, FILE, text + "\n")
        except OSError as error:
            raise Busy(
                _("cannot remember what is sent: {reason}").format(reason=files.reason(error)),
                where=str(clone.folder(self._root) / FILE),
                remedy=_("make room or give write permission; else a message may come twice"),
            ) from None


def _key(url: str) -> str:
    return files.digest(url.encode("utf-8"))


def _read(root: Path) -> dict[str, dict[str, date]]:
    """Last sights by identity, by URL; nothing where there is no file. One made before ``git init`` counts."""
    for place in (clone.folder(root), root / WORK):
        data = files.read(place / FILE)
        if data is not None:
            try:
                return _parsed(json.loads(data))
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                raise Damaged(
                    _("the list of what was sent cannot be read"),
                    where=str(place / FILE),
                    remedy=_("remove the file; what is late now will be sent once more"),
                ) from None
    return {}


def _parsed(value: Any) -> dict[str, dict[str, date]]:
    return {
        str(key): {str(identity): date.fromisoformat(day) for identity, day in sent.items()}
        for key, sent in value["sent"].items()
    }
