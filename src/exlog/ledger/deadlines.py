"""What is late or nearly so: the open targets of open records, and the escalations that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from exlog import conditions, escalation, ids, routing, urgency
from exlog.conditions import CUSTOMER
from exlog.filters import Selection
from exlog.ledger import reading
from exlog.ledger.book import Book
from exlog.ledger.steering import Steering
from exlog.sla import Hold, Running, held_intervals
from exlog.store import layout
from exlog.worktime import Within

if TYPE_CHECKING:
    from exlog.store.history import Entry
    from exlog.workflow import Record

_SHOWN = (
    "id", "uid", "status", "urgency", "customer_id", "customer_name", "subject", "department", "owner", "due_at",
    "due_by", "hold_until",
    "hold_since", "hold_minutes", "closed_at", "close_reason", "reopen_count", "recorded_at",
)  # fmt: skip

_HELD = "hold_since"


class Risk(NamedTuple):
    """A target that is breached or nearly so, and the fields of its record that are needed to say so."""

    record: Record
    target: Running
    minutes_left: int
    """Minutes of ordinary time until it is due; negative once it is late."""


class Raised(NamedTuple):
    """An escalation that was recorded now."""

    record: Record
    step: escalation.Step


def at_risk(book: Book, selection: Selection, within: Within | None = None) -> list[Risk]:
    """The open targets that are breached or nearly so, most urgent and soonest due first.

    Nearly: the share ``warn_at`` of the time is used; with ``within``, what is due in so much time from now.
    """
    steering = Steering(book)
    now = book.now.timestamp()
    near = {name: one.due_instant(now, within) for name, one in steering.calendars.items()} if within else {}
    found = []
    for record, targets in running(book, steering, open_records(book, steering, selection)):
        rank = -urgency.rank(record["urgency"])
        for target in targets:
            if target.state == "breached" or (target.due <= near[target.calendar] if near else target.state == "warn"):
                risk = Risk(record, target, int((target.due - now) // 60))
                found.append((rank, target.due, record["id"], target.name, risk))
    found.sort()  # a record has one target of a name, so that no two risks are compared
    return [risk for _rank, _due, _id, _name, risk in found]


def open_records(book: Book, steering: Steering, selection: Selection) -> Iterator[Record]:
    """The chosen records that still need somebody, with the fields that rules and messages look at."""
    wanted = tuple(dict.fromkeys((*_SHOWN, *needed(steering))))
    with reading.snapshot(book, selection) as view:
        for part in view.parts():
            lay = reading.layer(part.columns, wanted)
            for cells in part.cells:
                record = dict(zip(wanted, lay(cells), strict=True))
                if record["status"] != "closed":
                    yield record


def running(book: Book, steering: Steering, records: Iterable[Record]) -> Iterator[tuple[Record, list[Running]]]:
    """Each of the open ``records`` that has targets under way, and these.

    When a record was on hold stands in the history only; it is read where a due time hangs on it.
    """
    held = []
    for record in records:
        found = steering.running(record)
        if record["hold_minutes"] and not all(target.kept for target in found):
            held.append(record)
        elif found:
            yield record, found
    holds = _holds(book, held)
    for record in held:
        if found := steering.running(record, holds.get(record["id"])):
            yield record, found


def _holds(book: Book, records: Sequence[Record]) -> dict[str, list[Hold]]:
    """The holds of some records that ended, by id."""
    if not records:
        return {}
    from exlog import undone
    from exlog.store import history

    month = min(ids.month_of(record["id"]) for record in records)
    oldest = month if layout.is_month(month) else ""
    uids = {record["id"]: record["uid"] for record in records}
    events: dict[str, list[Entry]] = {}
    for entry in book.consistent(lambda: list(history.entries(book.root, oldest, containing=_HELD))):
        if entry.field == _HELD and entry.record in uids and entry.uid == uids[entry.record]:
            events.setdefault(entry.record, []).append(entry)
    return {record: held_intervals(undone.changes(found)) for record, found in events.items()}


def needed(steering: Steering) -> list[str]:
    """The columns that due times and escalations depend on."""
    asked = [name for name in steering.rules.timed if not name.startswith(CUSTOMER)]
    steps = [step for rule in steering.rules.sla.rules for step in rule.steps]
    return [*asked, *(name for step in steps for name in (step.start, step.end)), "received_at"]


def escalate(book: Book, selection: Selection) -> list[Raised]:
    """Record the escalations that hold now and were not recorded before; none twice, whoever calls this when."""
    from exlog.ledger.session import writing
    from exlog.workflow import Event

    if not Steering(book).rules.escalation or not _steps(book, selection):
        return []
    with writing(book) as session:
        # Once more under the lock: another process may have recorded them meanwhile.
        raised = _steps(book, selection)
        for record, step in raised:
            event = Event("escalate", "", step.target.name, str(step.rule.level), f"{step.rule.words()} → {step.to}")
            session.log_as(step.identity, record["id"], record["uid"], event)
        session.commit()
    return raised


def gone(book: Book, raised: Iterable[Raised]) -> list[str]:
    """Whom escalations went to although they left."""
    left = routing.gone(Steering(book).rules.people, book.now.date())
    return sorted({one.step.to for one in raised} & left)


def _steps(book: Book, selection: Selection) -> list[Raised]:
    """The escalations that hold and that the history does not have."""
    steering = Steering(book)
    made = [
        Raised(record, step)
        for record, targets in running(book, steering, open_records(book, steering, selection))
        for step in escalation.steps(
            conditions.merged(record, steering.profile(record["customer_id"])),
            targets,
            steering.rules.escalation,
            steering.calendars,
            book.now,
        )
    ]
    if not made:
        return []
    from exlog.store import history

    oldest = min(ids.month_of(raised.record["id"]) for raised in made)
    known = history.identities(book.root, oldest if layout.is_month(oldest) else "", escalation.PREFIX)
    fresh = [raised for raised in made if raised.step.identity not in known]
    return sorted(fresh, key=lambda raised: (_rank(raised.record), raised.record["id"], raised.step.rule.level))


def _rank(record: Record) -> int:
    return -urgency.rank(record["urgency"])
