"""Events of the history as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from exlog import ids, profiles, times, vocabulary
from exlog.i18n import _, pick

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.store.history import Entry

SILENT = ("sha256", "ids", "reopen_count", "urgency_by", "urgency_rated", "due_by", "progress_at")
"""Fields that people learn nothing from; json has them all the same."""
_LONGEST = 60


def actions(events: Iterable[Entry]) -> str:
    """What was done, each action once."""
    return pick(", ", "、").join(dict.fromkeys(vocabulary.label("action", event.action) for event in events))


def change(book: Book, event: Entry) -> str:
    """``status: new → in progress``, in the language in force; of a whole record its subject or name."""
    if event.field == "*":
        return _subject(event.new) if event.new else _("taken out")
    known = profiles.BY_NAME if event.record.startswith(ids.CUSTOMER) else book.policy.schema()
    field = known.get(event.field)
    label = field.label if field is not None else event.field
    if event.field == "progress":
        return f"{label}: {_short(event.new)}" if event.new else ""
    enum = field.enum if field is not None else ""
    old, new = (_value(enum, text) for text in (event.old, event.new))
    if not event.field:
        return " ".join(text for text in (old, new) if text)
    return f"{label}: {old or '–'} → {new or '–'}"


def _value(enum: str, text: str) -> str:
    if enum and text:
        return vocabulary.label(enum, text)
    return _short(text[:16].replace("T", " ") if times.moment(text) else text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _subject(text: str) -> str:
    import json

    try:
        values = json.loads(text)
        return _short(str(values.get("subject") or values.get("name") or ""))
    except (ValueError, RecursionError, AttributeError):
        return ""
