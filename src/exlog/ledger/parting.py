"""Two customers of one id, as two new clones in one lane make them: both stay, and the later one gets another id.

The merge driver can write one file only, so it lists them as a conflict; nobody has to decide it.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from exlog import ids, undone
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger import deciding
from exlog.ledger.book import Book
from exlog.ledger.customers import text_of, values_of
from exlog.ledger.folding import record_at
from exlog.ledger.session import Session, writing
from exlog.merge.outcome import WHOLE
from exlog.store import clone, conflicts, files, git, history, layout, yamlfile
from exlog.store.conflicts import Standing
from exlog.workflow import Event, Record


class Pair(NamedTuple):
    """The customer that keeps the id and the one that gets another, with the conflict that lists them."""

    one: Standing
    stays: yamlfile.Document
    moves: yamlfile.Document


def part(book: Book) -> list[str]:
    """Give the later of two customers of one id another, and its records that too; what to tell."""
    told = []
    for one in deciding.standing(book):
        pair = _pair(one)
        if pair is not None:
            fresh = _part(book, pair)
            name = files.shown(text_of(pair.moves.tree.get("name")))
            told.append(
                _("{old} was given to two customers: the later one, {name!r}, is {new} now").format(
                    old=one.id, name=name, new=fresh
                )
            )
    return told


def _pair(one: Standing) -> Pair | None:
    is_new = one.field == WHOLE and one.base is None and one.path == layout.customer_file(one.id)
    if not is_new or not isinstance(one.ours, str) or not isinstance(one.theirs, str):
        return None
    try:
        found = [yamlfile.load(text.encode("utf-8"), one.path) for text in (one.ours, one.theirs)]
    except Damaged:
        return None
    # Both were made by a clone that had never heard of the other's: the order is the same for whoever merges.
    found.sort(key=lambda profile: (text_of(profile.tree.get("created_at")), text_of(profile.tree.get("uid"))))
    return Pair(one, *found)


def _part(book: Book, pair: Pair) -> str:
    old, uid = pair.one.id, text_of(pair.moves.tree.get("uid"))
    with writing(book) as session:
        fresh = _next(book, old)
        moved = _records_of(session, pair)
        pair.moves.tree["id"] = fresh
        session.transaction.replace(layout.customer_file(fresh), yamlfile.dump(pair.moves.tree), None)
        present = files.read(book.root / pair.one.path)
        digest = files.digest(present) if present is not None else None
        session.transaction.replace(pair.one.path, yamlfile.dump(pair.stays.tree), digest)
        text = json.dumps(values_of(pair.moves), ensure_ascii=False)
        note = _("two clones had given one id")
        session.log_as(_identity(uid, old, fresh), fresh, uid, Event(history.REMINT, "*", old, text, note))
        for file, record in moved:
            session.put({**record, "customer_id": fresh}, [], file)
            event = Event("merge", "customer_id", old, fresh, note)
            session.log_as(_identity(record.get("uid", ""), old, fresh), record["id"], record.get("uid", ""), event)
        session.commit()
        conflicts.drop(book.root, [pair.one])
        own = layout.history_file(session.stamp[:7], session.lane)
    _add(book, pair.one.path, [layout.customer_file(fresh), own, layout.LANES, *(file for file, _record in moved)])
    return fresh


def _next(book: Book, old: str) -> str:
    """The next free id of the same day and lane."""
    day, lane = old[1:9], old[9]
    known = [path.stem for path in (book.root / layout.CUSTOMERS).glob(f"{old[:10]}*.yaml")]
    known += history.ids_of_day(book.root, f"{day[:4]}-{day[4:6]}", old[:10])
    return ids.mint(ids.CUSTOMER, day, lane, ids.highest([old, *known], day, lane, ids.CUSTOMER))


def _records_of(session: Session, pair: Pair) -> list[tuple[str, Record]]:
    """The records of the customer that moves: made by one command with it, else called by its name alone."""
    root, old = session.book.root, pair.one.id
    commands, names = [], []
    for profile in (pair.stays, pair.moves):
        events = history.of_uid(root, text_of(profile.tree.get("uid")))
        commands.append({undone.command_of(entry.event) for entry in events})
        names.append({text_of(profile.tree.get(name)) for name in ("name", "short_name")} - {""})
    made = {
        entry.uid: undone.command_of(entry.event)
        for entry in history.entries(root, containing=old)
        if entry.field == "*" and entry.record.startswith(ids.RECORD) and entry.action != history.REMINT
    }
    found = []
    for file in (layout.LIVE, *(layout.archive_file(month) for month in layout.archived_months(root))):
        table = session.sheet(file).rows.table
        for row in range(len(table.lines)):
            record = record_at(table, row)
            command, name = made.get(record.get("uid", "")), record.get("customer_name", "")
            by_name = name in names[1] - names[0] and command not in commands[0]
            if record.get("customer_id") == old and (command in commands[1] or by_name):
                found.append((file, record))
    return found


def _identity(*parts: str) -> str:
    """The event's id: the same in every clone that does the same."""
    return "par-" + hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:20]


def _add(book: Book, path: str, more: list[str]) -> None:
    """Tell git, where it waits for the profile, that this is decided, and of what goes with it."""
    if clone.git_folder(book.root) is None:
        return
    prefix = git.ask(book.root, "rev-parse", "--show-prefix")
    waiting = {name.removeprefix(prefix) for name in git.unmerged(book.root)}
    if path in waiting:
        known = dict.fromkeys(name for name in more if name not in waiting)
        git.ask(book.root, "add", "--", path, *known)
