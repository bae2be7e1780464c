"""What commands do to records: add, assign, update, close, reopen. One call is one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from exlog import fields, ids, invariants, times, typed_times, undone, values
from exlog.errors import ExlogError, NotFound, Refused, Usage
from exlog.fields import Field
from exlog.filters import unknown_field
from exlog.i18n import N_, _
from exlog.ledger import naming, permits
from exlog.ledger.applying import Applied
from exlog.ledger.book import Book
from exlog.ledger.locating import locate
from exlog.ledger.session import Found, Session, writing
from exlog.store import layout
from exlog.workflow import Change, Event, Record


class Done(NamedTuple):
    """What a command did: the records as they are now, and what the person should know besides."""

    records: list[Record]
    remarks: list[str]


class NewRecord(NamedTuple):
    """What was typed for one new record. ``customer``: an id, a name or a part of one.

    ``unknown`` says what to do with a customer that no profile knows: ``refuse``, ``profile`` or ``one-off``.
    """

    customer: str
    given: Mapping[str, str]
    reason: str = ""
    unknown: str = "refuse"
    key: str = ""
    place: str = ""
    """Where it stood among others, for messages."""
    exact: bool = False
    """Whether ``customer`` is the id of a profile and nothing else."""


DEFAULTS = {"type": "complaint", "channel": "phone"}
_OTHER_COMMANDS = {
    "status": N_("--status, assign, close or reopen"),
    "urgency": N_("--urgency with --reason"),
    "resolved_at": "--resolution",
    "satisfaction": "exlog close --satisfaction",
    "customer_id": N_("CUSTOMER, or exlog update ID --set customer_id=C…"),
    "customer_name": N_("CUSTOMER, or exlog update ID --set customer_id=C…"),
    "hold_reason": N_("--hold with --until"),
    "hold_until": N_("--hold with --until"),
    "progress": "--note",
    "duplicate_of": "exlog close --duplicate-of",
}


def add(book: Book, new: Sequence[NewRecord]) -> Done:
    """Record exceptions, all in one transaction. Raises Usage, Refused or NotFound; then nothing is recorded."""
    done = Done([], [])
    permits.require(book, "record")
    with writing(book) as session:
        applied = Applied(session)
        for one in new:
            kept = _already(session, one.key)
            if kept:
                done.records.append(kept)
                continue
            try:
                record, remarks = _new_record(session, one, applied)
            except ExlogError as error:
                error.where = error.where or one.place
                raise
            done.records.append(record)
            done.remarks.extend(remarks)
        _commit(session, done)
        done.remarks.extend(applied.steering.unannounced(record.get("due_at", "") for record in done.records))
    return done


def rehearse(book: Book, new: NewRecord) -> None:
    """Raise what ``add`` would, and record nothing."""
    permits.require(book, "record")
    with writing(book) as session:
        if not _already(session, new.key):
            _new_record(session, new, Applied(session))


def change(
    book: Book, texts: Sequence[str], step: Callable[[Change, Session], None], *, anew: bool = False
) -> Done:  # fmt: skip
    """Find each record, let ``step`` change it, and write all of them in one transaction.

    Urgency and due time follow (see ``applying``); with ``anew`` as the policy in force has them.
    """
    done = Done([], [])
    with writing(book) as session:
        applied = Applied(session)
        moved: set[str] = set()
        for found in _found(session, texts):
            change = Change(found.record, book.policy, book.now, applied.steering.end_hold)
            step(change, session)
            if change.events or anew:
                applied.to_changed(change, anew=anew)
            record, events, remarks = change.outcome()
            done.records.append(record)
            done.remarks.extend(remarks)
            if not events:
                done.remarks.append(_("{id}: nothing to change").format(id=record["id"]))
                continue
            permits.guard(book, applied.steering, found.record, change)
            _refuse_unsound(book, found.record, record, {event.field for event in events})
            if found.file != layout.LIVE and record["status"] != "closed":
                session.move(record["id"], found.file, layout.LIVE, record)
                session.log(record["id"], record["uid"], events)
            else:
                session.put(record, events, found.file)
            moved.update(event.new for event in events if event.field == "due_at")
        _commit(session, done)
        done.remarks.extend(applied.steering.unannounced(moved))
    return done


def _found(session: Session, texts: Sequence[str]) -> Iterator[Found]:
    """Each record that was named, once, however often it was."""
    seen: set[str] = set()
    for text in texts:
        found = session.find(text)
        if found.record["id"] not in seen:
            seen.add(found.record["id"])
            yield found


def approve(book: Book, texts: Sequence[str], purpose: str, reason: str) -> Done:
    """Approve, as the second person, what policy guards of each record. Raises what ``permits.approve`` raises."""
    permits.require(book, "approve")
    done = Done([], [])
    with writing(book) as session:
        steering = Applied(session).steering
        for found in _found(session, texts):
            change = Change(found.record, book.policy, book.now)
            permits.approve(book, steering, change, purpose, reason)
            session.log(found.record["id"], found.record["uid"], change.events)
            done.records.append(found.record)
            done.remarks.extend(change.remarks)
        _commit(session, done)
    return done


def set_fields(change: Change, assignments: Mapping[str, str], session: Session) -> None:
    """Give typed values to fields. Raises Usage for a field that is not set this way."""
    policy = session.book.policy
    for name, typed in assignments.items():
        if policy.field(name) is fields.BY_NAME["customer_id"]:
            for known, value in naming.customer_of(session, typed, exact=True).items():
                change.set(known, value)
            continue
        field = settable(session.book, name)
        value = values.read(field, typed, policy, session.book.now)
        if field.name == "follow_up_of" and value:
            value = locate(session.book, value, session.live.ids)[0]
        change.set(field.name, value)


def settable(book: Book, name: str) -> Field:
    """The field ``name`` if ``--set`` may set it. Raises Usage that names what sets it otherwise."""
    field = book.policy.field(name)
    if field is None:
        raise unknown_field(name, book.policy)
    if field.set_by != "person":
        raise Usage(
            _("{field} is not set this way").format(field=field.name),
            remedy=_("use {command}").format(command=_(_OTHER_COMMANDS[field.name]))
            if field.name in _OTHER_COMMANDS
            else _("exlog keeps it"),
        )
    return field


def _new_record(session: Session, new: NewRecord, applied: Applied) -> tuple[Record, list[str]]:
    book = session.book
    record: Record = {"id": "", "status": "new", "recorded_at": session.stamp, "reopen_count": "0"}
    record.update(naming.customer_of(session, new.customer, new.unknown, exact=new.exact))
    given = {**DEFAULTS, **{name: text for name, text in new.given.items() if text}}
    urgency = given.pop("urgency", "")
    for name, typed in given.items():
        field = settable(book, name)
        record[field.name] = values.read(field, typed, book.policy, book.now)
    record.setdefault("received_at", session.stamp)
    if record.get("follow_up_of"):
        record["follow_up_of"] = locate(book, record["follow_up_of"], session.live.ids)[0]
    rating = Change({}, book.policy, book.now)
    if urgency:
        rating.rate(book.policy.resolve("urgency", urgency), text_of("notes", new.reason, book))
    _refuse_unsound(book, None, record, set(given))
    remarks = _details(book, record)
    record.update(rating.record)
    remarks += applied.to_new(record, manual=bool(urgency))
    for name in rating.record:
        del record[name]
    record["id"] = session.mint(ids.RECORD)
    record["uid"] = ids.new_uid(book.entropy)
    present = {name: text for name, text in record.items() if text}
    record.update(rating.record)
    created = Event("create", "*", "", json.dumps(present, ensure_ascii=False), _key_note(new.key))
    session.put(record, [created, *rating.events])
    return record, [f"{record['id']}: {remark}" for remark in remarks]


def _already(session: Session, key: str) -> Record | None:
    """The record that an earlier call with this idempotency key made."""
    if not key:
        return None
    from exlog.store import history

    if not key.isprintable() or set(key) & set('",\\'):
        raise Usage(
            _("{key!r} is no idempotency key").format(key=key),
            remedy=_("letters, digits and signs without commas, quotes and backslashes"),
        )
    for entry in history.entries(session.book.root, containing=key):
        if entry.action == "create" and entry.note == _key_note(key) and entry.record.startswith(ids.RECORD):
            if _is_taken_back(session.book, entry.record):
                continue
            try:
                return session.find(entry.record).record
            except NotFound:
                return dict(json.loads(entry.new))
    return None


def _is_taken_back(book: Book, record_id: str) -> bool:
    """Whether ``undo`` took the record out of its table: the next call with its key records anew."""
    from exlog.store import history

    entries = history.entries(book.root, containing=record_id)
    whole = [one for one in entries if one.record == record_id and one.field == "*"]
    return whole[-1].action == undone.ACTION and not whole[-1].new


def _key_note(key: str) -> str:
    """How the history remembers an idempotency key."""
    return f"idempotency-key {key}" if key else ""


def _details(book: Book, record: Record) -> list[str]:
    wanted = ""
    if record.get("category") == "quality" and not (record.get("model") or record.get("batch")):
        wanted = _("a quality problem should name its model or batch (--set model=…)")
    elif record.get("category") == "delivery" and not record.get("order_no"):
        wanted = _("a delivery problem should name its order (--order-no)")
    mode = book.policy.rules["missing_details"]
    if wanted and mode == "refuse":
        raise Refused(wanted, remedy=_("or change rules.missing_details in exlog.yaml"))
    return [wanted] if wanted and mode == "warn" else []


def _refuse_unsound(book: Book, old: Mapping[str, str] | None, record: Record, typed: set[str]) -> None:
    """Refuse a record in which an invariant is broken that was not broken before (``old`` is None: a new record).

    ``typed`` are the fields that the person gave; the remedy names one of them where it can.
    """
    schema = book.policy.schema()
    known = set(invariants.problems(old, schema, book.now)) if old is not None else set()
    for problem in invariants.problems(record, schema, book.now):
        if problem in known:
            continue
        pairs = [pair for pair in invariants.ORDER if problem.field in pair]
        related = [problem.field, *(name for pair in pairs for name in pair)]
        name = next((one for one in related if one in typed and one in problem.message), problem.field)
        raise Refused(
            f"{record['id']}: {problem.message}" if old is not None else problem.message,
            remedy=_remedy(name, schema[name].label, new=old is None),
        )


def _remedy(name: str, label: str, *, new: bool) -> str:
    options = {
        "category": "-c quality|service|delivery|other",
        "type": "-t complaint|inquiry|suggestion|praise",
        "channel": "--channel phone|online|email|onsite|other",
        "received_at": "--received-at",
    }
    how = options.get(name) if new else None
    return _("give {label} with {how}").format(label=label, how=how or f"--set {name}=…")


def _commit(session: Session, done: Done) -> None:
    if not session.commit():
        done.remarks.append(unfinished())


def unfinished() -> str:
    """What to tell where the disk refused after the commit point."""
    return _("recorded, but the disk is full: make room, and the next exlog command brings the files up to it")


def parse_assignments(texts: Sequence[str]) -> dict[str, str]:
    """``FIELD=VALUE`` texts as a mapping. Raises Usage for one without an equals sign."""
    assignments = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise Usage(_("{text!r} is no FIELD=VALUE").format(text=text), remedy=_("write it like --set product=P20"))
        assignments[name.strip().replace("-", "_")] = value
    return assignments


def now_or(text: str, book: Book) -> str:
    """A typed time as stored; empty where nothing was typed."""
    return times.format_time(typed_times.parse_when(text, now=book.now, future=True)) if text else ""


def text_of(name: str, typed: str, book: Book) -> str:
    """Typed text of a field as it is stored. Raises Usage as ``values.read`` does."""
    return values.read(fields.BY_NAME[name], typed, book.policy, book.now)
