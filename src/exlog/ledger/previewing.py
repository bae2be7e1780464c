"""What another exlog.yaml would make of the records: urgency, due times and verdicts, before it is merged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from exlog import filters, sla, undone, vocabulary
from exlog.errors import Usage
from exlog.i18n import _
from exlog.ledger import deadlines, reading, repeating
from exlog.ledger.applying import RUNNING
from exlog.ledger.book import Book
from exlog.ledger.steering import Steering
from exlog.policy import Policy, Where
from exlog.sla import Hold
from exlog.store import config, files, revision, yamlfile
from exlog.workflow import Record

_VERDICTS = ("met", "breached")

_SHOWN = (
    "id", "uid", "status", "urgency", "urgency_by", "customer_id", "customer_name", "category", "subject",
    "received_at", "due_at", "due_by", "hold_since", "hold_minutes", "closed_at", "close_reason",
)  # fmt: skip


class Difference(NamedTuple):
    """One thing that another policy decides otherwise. ``what``: urgency, due_at, or the name of a target."""

    record: str
    what: str
    now: str
    then: str
    customer_name: str
    subject: str


def policy_in_file(book: Book, path: Path) -> tuple[Policy, Where]:
    """The policy in a file of any name. Raises Usage where it cannot be read, Damaged for what is wrong in it."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Usage(_("cannot read the policy: {reason}").format(reason=reason), where=str(path),
                    remedy=_("name a file like exlog.yaml")) from None  # fmt: skip
    return _checked(book, data, str(path))


def policy_at(book: Book, name: str) -> tuple[Policy, Where]:
    """The exlog.yaml of a revision. Raises Usage where git does not know it, Damaged for what is wrong in it."""
    return _checked(book, revision.read(book.root, name, config.FILE), f"{files.shown(name)}:{config.FILE}")


def preview(book: Book, policy: Policy, where: Where) -> list[Difference]:
    """What ``policy`` would decide otherwise than the one in force, for each record of the live ledger.

    Both are asked anew of the same facts, so that nothing but the policy makes a difference. What was set by hand
    stays as it is. Records of the archives are settled.
    """
    ours, theirs = Steering(book), Steering(book, policy, where)
    same_levels, same_times = ours.rules.urgency == theirs.rules.urgency, ours.times_as(theirs)
    if same_levels and same_times:
        return []
    records = [record for record in _live(book, ours, theirs) if not _left_out(record)]
    rated = [record for record in records if _is_rated(record)]
    asked = ours.rules.counts_repeats or theirs.rules.counts_repeats
    counts = repeating.counts(book, rated) if asked else {}
    found: list[Difference] = []
    for record in records:
        now = then = record["urgency"]
        if _is_rated(record):
            repeats = counts.get(record["id"], 0)
            now = ours.level(record, repeats)
            then = now if same_levels else theirs.level(record, repeats)
        if now != then:
            found.append(_difference(record, "urgency", now, then))
        if now != then or not same_times:
            pairs = ((ours, {**record, "urgency": now}), (theirs, {**record, "urgency": then}))
            found += _of_times(pairs, _holds(book, record))
    return found


def _of_times(pairs: tuple[tuple[Steering, Record], ...], holds: list[Hold] | None) -> Iterator[Difference]:
    """What differs in due time and verdicts of one record, as each policy rates it."""
    record = pairs[0][1]
    if record["status"] in RUNNING and record["due_by"] != "manual":
        now, then = (steer.due_at(rated, holds) for steer, rated in pairs)
        if now != then:
            yield _difference(record, "due_at", now, then)
    keep = record["due_by"] == "manual"
    ours, theirs = (steer.verdicts(rated, holds=holds, keep=keep) for steer, rated in pairs)
    if ours == theirs:
        return
    ours, theirs = (
        {target.name: target.state for target in steer.targets(rated, holds=holds, keep=keep)} for steer, rated in pairs
    )
    for name in dict.fromkeys((*ours, *theirs)):
        now, then = ours.get(name, ""), theirs.get(name, "")
        if now != then and (now in _VERDICTS or then in _VERDICTS):
            yield _difference(record, name, now, then)


def _is_rated(record: Record) -> bool:
    """Whether the policy says how urgent the record is."""
    return record["status"] in RUNNING and record["urgency_by"] != "manual"


def _difference(record: Record, what: str, now: str, then: str) -> Difference:
    return Difference(record["id"], what, now, then, record["customer_name"], record["subject"])


def _live(book: Book, *steers: Steering) -> Iterator[Record]:
    """The records of the live ledger, with the fields that either policy looks at."""
    asked = (name for steer in steers for name in (*deadlines.needed(steer), *steer.rules.rated))
    wanted = tuple(dict.fromkeys((*_SHOWN, *asked)))
    selection = filters.understand(filters.Filters(), book.policy, book.now)
    only_live = selection._replace(statuses=frozenset(vocabulary.keys("status")))
    with reading.snapshot(book, only_live) as view:
        *_archives, part = view.parts()
        lay = reading.layer(part.columns, wanted)
        for cells in part.cells:
            yield dict(zip(wanted, lay(cells), strict=True))


def _left_out(record: Record) -> bool:
    return record["close_reason"] in vocabulary.EXCLUDED_CLOSE_REASONS


def _holds(book: Book, record: Record) -> list[Hold] | None:
    if not record["hold_minutes"]:
        return None
    events = reading.events_of(book, record["id"], record["uid"])
    return sla.held_intervals(undone.changes(events))


def _checked(book: Book, data: bytes, name: str) -> tuple[Policy, Where]:
    document = yamlfile.load(data, name)
    return config.checked(book.root, document.plain(), document.where), document.where
