"""Minutes on hold after a merge: what the driver made of two rows is counted anew from the history."""

from __future__ import annotations

from collections import defaultdict

from exlog import ids
from exlog.ledger.book import Book
from exlog.ledger.session import Session, writing
from exlog.merge import holds
from exlog.store import history, layout
from exlog.store.history import Entry
from exlog.workflow import Event

_ABOUT_HOLDS = "hold_"
"""Part of every event that says when a hold began or what it came to."""


def recount(book: Book, identity: str) -> None:
    """Let rows that were on hold have the minutes that their events come to, with an event where these say otherwise.

    ``identity`` begins the event's own, which follows from what it says: two clones make one and the same.
    """
    found: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in history.in_order(book.root, containing=_ABOUT_HOLDS):
        if entry.uid and entry.field in ("*", "hold_since", *holds.FIELDS):
            found[entry.uid][entry.event] = entry
    wanted = {uid: cells for uid, told in found.items() if (cells := holds.counted([*told.values()]))}
    if not wanted:
        return
    renumbered = history.renumbered(book.root)
    with writing(book) as session:
        changed = False
        for uid, cells in sorted(wanted.items()):
            told = [*found[uid].values()]
            record_id = renumbered.get((told[-1].record, uid), told[-1].record)
            for file in (layout.LIVE, layout.archive_file(ids.month_of(record_id))):
                changed = _put(session, file, record_id, told, cells, identity) or changed
        if changed:
            session.commit()


def _put(
    session: Session, file: str, record_id: str, told: list[Entry], cells: dict[str, str], identity: str
) -> bool:  # fmt: skip
    """Give the row of a table its minutes; whether it stands there and had others."""
    if not (session.book.root / file).exists() or record_id not in session.sheet(file).ids:
        return False
    record, uid = session.sheet(file).record(record_id), told[-1].uid
    wrong = [name for name, text in cells.items() if record.get(name, "") != text]
    if record.get("uid") != uid or not wrong:
        return False
    session.put({**record, **cells}, [], file)
    for name in wrong:
        last = next((entry.new for entry in reversed(told) if entry.field == name), "")
        if last != cells[name]:
            event = Event("merge", name, last, cells[name])
            session.log_as(f"{identity}{name}-{uid}-{len(told)}", record_id, uid, event)
    return True
