"""Takes back a command of this clone: each record as it was before, by new events; the history is never rewritten.

What a command recorded anew is taken out of its table; its id stays used, and its history says why it is gone. Where
a later change would be lost, nothing is taken back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from exlog import canonical, ids, invariants, times, undone
from exlog.errors import NotFound, Refused
from exlog.i18n import _
from exlog.ledger import customers, lately, permits, spans, tracing
from exlog.ledger.book import Book
from exlog.ledger.lately import Command
from exlog.ledger.session import Session, writing
from exlog.ledger.steering import Steering
from exlog.ledger.tracing import Traced
from exlog.store import clone, layout, yamlfile
from exlog.store.files import digest, shown
from exlog.store.history import Entry
from exlog.workflow import Change, Event, Record


class Step(NamedTuple):
    """What is taken back of one field: from what, to what. ``*`` is the whole record, empty where it goes."""

    record: str
    field: str
    old: str
    new: str


class Undone(NamedTuple):
    """What was taken back, and whether the files are up to it (a full disk may leave that to the next command)."""

    command: Command
    steps: list[Step]
    remarks: list[str]
    finished: bool


def undo(book: Book, wanted: str = "", *, dry_run: bool = False) -> Undone:
    """Take back the last command of this clone, or the one that ``wanted`` names.

    Raises NotFound where there is none, Refused with the reason where a later change would be lost.
    """
    permits.require(book, "undo")
    with writing(book) as session:
        command = _find(book, wanted)
        work = _Work(session, command)
        permits.require_undo(book, command.actor, work.events)
        work.plan()
        if not work.steps:
            raise Refused(
                "; ".join([_("{command}: there is nothing to take back").format(command=command.name), *work.reasons]),
                remedy=_("see exlog undo --list"),
            )
        finished = True
        if not dry_run:
            work.write()
            finished = session.commit()
        remarks = [] if command.actor == book.actor else [_("it was a command of {actor}").format(actor=command.actor)]
        return Undone(command, work.steps, remarks, finished)


def _find(book: Book, wanted: str) -> Command:
    for command in lately.commands(book):
        if wanted in ("", command.name):
            return command
    raise NotFound(
        _("this clone has no command {name}").format(name=shown(wanted))
        if wanted
        else _("this clone has no command to take back"),
        remedy=_("see exlog undo --list; other clones take back their own"),
    )


class _Work:
    """One command on its way back: first everything is looked at, then the session is changed."""

    def __init__(self, session: Session, command: Command) -> None:
        self.session = session
        self.book = session.book
        self.command = command
        self.steps: list[Step] = []
        self.reasons: list[str] = []
        """Why something of it is not taken back."""
        self.events: dict[str, list[Entry]] = {}
        for entry in lately.events_of(self.book, command):
            self.events.setdefault(entry.record, []).append(entry)
        self._rows = tracing.Rows(session)
        self._schema = self.book.policy.schema()
        self._out: dict[str, set[str]] = {}
        self._in: dict[str, list[Record]] = {}
        self._profiles: dict[str, Record | None] = {}
        self._uids: dict[str, str] = {}

    def plan(self) -> None:
        """Find out what every record was before. Raises Refused."""
        traced = tracing.trace(self.book, self.command.name, self.events)
        for record, events in self.events.items():
            self._uids[record] = events[0].uid
            if layout.is_month(record):
                self._plan_month(record, events)
            elif any(event.field == "*" for event in events):
                self._plan_whole(record, events, traced)
            else:
                self._plan_fields(record, events, traced)

    def _plan_fields(self, record_id: str, events: Sequence[Entry], traced: Traced) -> None:
        first: dict[str, str] = {}
        last: dict[str, str] = {}
        for event in events:
            if event.field:
                first.setdefault(event.field, event.old)
                last[event.field] = event.new
        changed = [name for name in first if first[name] != last[name]]
        traced.refuse_later(record_id, set(last))
        now = self._now(record_id)
        for name in changed:
            if now.get(name, "") != last[name]:
                raise self._edited(record_id, name)
            self.steps.append(Step(record_id, name, last[name], first[name]))
        if events[0].action == "approve":
            self.steps.append(Step(record_id, "", events[0].new, ""))
        before = {**now, **{name: first[name] for name in changed}}
        if record_id.startswith(ids.CUSTOMER):
            self._profiles[record_id] = before
        elif changed:
            self._replace(record_id, now, before)

    def _plan_whole(self, record_id: str, events: Sequence[Entry], traced: Traced) -> None:
        whole = next(event for event in events if event.field == "*")
        gone = whole.action == undone.ACTION and not whole.new
        traced.refuse_later(record_id, None)
        if gone:
            values = traced.fold(record_id)
            self.steps.append(Step(record_id, "*", "", json.dumps(values, ensure_ascii=False)))
            if record_id.startswith(ids.CUSTOMER):
                self._profiles[record_id] = values
            else:
                self._refuse_unsound(None, values)
                self._in.setdefault(layout.LIVE, []).append(values)
            return
        traced.refuse_named(record_id)
        told, now = traced.fold(record_id), self._now(record_id)
        ignored = {"updated_at"} if record_id.startswith(ids.CUSTOMER) else set()
        for name in dict.fromkeys((*told, *now)):
            if told.get(name, "") != now.get(name, "") and name not in ignored:
                raise self._edited(record_id, name)
        self.steps.append(Step(record_id, "*", json.dumps(told, ensure_ascii=False), ""))
        if record_id.startswith(ids.CUSTOMER):
            self._profiles[record_id] = None
        else:
            self._out.setdefault(self._rows.file_of(record_id), set()).add(record_id)

    def _plan_month(self, month: str, events: Sequence[Entry]) -> None:
        """Rows that were rotated come back from their archive; where that was taken back, they go there again."""
        rotated = any(event.field == "rows" for event in events)
        moved = next((event for event in events if event.field == "ids"), None)
        if moved is None:
            if rotated:
                raise Refused(
                    _("{month}: this rotation was recorded without its ids").format(month=month),
                    remedy=_("exlog reopen takes single records out of the archive"),
                )
            return
        archive, moves = layout.archive_file(month), 0
        source, target = (archive, layout.LIVE) if moved.new else (layout.LIVE, archive)
        for record_id in spans.read(moved.new or moved.old):
            if self._rows.file_of(record_id) != source:
                continue  # reopened since, or taken away: it is where a later command put it
            record = self._rows.record(record_id)
            if target == archive and record.get("status") != "closed":
                continue
            self._move(record_id, source, target, record)
            moves += 1
        if not moves:
            self.reasons.append(_("{month}: each of its records was reopened or moved since").format(month=month))
            return
        self.steps.append(Step(month, "ids", moved.new, moved.old))
        count = next((event for event in events if event.field == "rows"), None)
        if count is not None:
            self.steps.append(Step(month, "rows", count.new, count.old))

    def _replace(self, record_id: str, now: Record, before: Record) -> None:
        """Let a row be as before, where it belongs then: what a reopening brought back goes into its archive again."""
        file = target = self._rows.file_of(record_id)
        archive = layout.archive_file(ids.month_of(record_id))
        if before.get("status") != "closed":
            target = layout.LIVE
        elif file == layout.LIVE and now.get("status") != "closed" and self._came_from_archive(record_id):
            target = archive
        self._refuse_unsound(now, before)
        self._guard(now, before)
        self._move(record_id, file, target, before)

    def _came_from_archive(self, record_id: str) -> bool:
        events = self.events.get(ids.month_of(record_id), ())
        return any(event.field == "sha256" for event in events)

    def _move(self, record_id: str, source: str, target: str, record: Record) -> None:
        self._out.setdefault(source, set()).add(record_id)
        self._in.setdefault(target, []).append(record)

    def _now(self, record_id: str) -> Record:
        if record_id.startswith(ids.CUSTOMER):
            return customers.values_of(customers.load(self.book, record_id))
        return self._rows.record(record_id)

    def _refuse_unsound(self, now: Record | None, before: Record) -> None:
        schema = self._schema
        known = set(invariants.problems(now, schema, self.book.now)) if now is not None else set()
        for problem in invariants.problems(before, schema, self.book.now):
            if problem not in known:
                raise Refused(f"{before['id']}: {problem.message}", remedy=_("change it with exlog update instead"))

    def _guard(self, now: Record, before: Record) -> None:
        """A closing that comes back needs what any closing needs: the second person, where policy asks for one."""
        if before.get("status") != "closed" or now.get("status") == "closed":
            return
        steering = Steering(self.book)
        if steering.rules.approval:
            change = Change(before, self.book.policy, self.book.now)
            change.events.append(Event(undone.ACTION, "status", now.get("status", ""), "closed"))
            permits.guard(self.book, steering, now, change)

    def _edited(self, record_id: str, field: str) -> Refused:
        return Refused(
            _("{id}: {field} was edited by hand since").format(id=record_id, field=field),
            remedy=_("see exlog check; adopt the edit or restore the file from git"),
        )

    def write(self) -> None:
        """Put everything into the session: rows, profiles, events."""
        session = self.session
        session.empty_archives_go = any(layout.is_month(step.record) for step in self.steps)
        for file, unwanted in self._out.items():
            session.sheet(file).drop(unwanted)
        for file, records in self._in.items():
            sheet = session.sheet(file)
            sheet.widen(list(dict.fromkeys(name for record in records for name in record)))
            sheet.extend([
                (one["id"], canonical.join_row([canonical.encode_cell(one.get(name, "")) for name in sheet.columns]))
                for one in records
            ])  # fmt: skip
        for customer_id, values in self._profiles.items():
            self._write_profile(customer_id, values)
        note = undone.note(self.command.name)
        for step in self.steps:
            old = "" if step.field == "*" else step.old
            session.log(
                step.record, self._uids.get(step.record, ""), [Event(undone.ACTION, step.field, old, step.new, note)]
            )
        self._remember_ids()

    def _write_profile(self, customer_id: str, values: Record | None) -> None:
        file = layout.customer_file(customer_id)
        path = self.book.root / file
        before = digest(path.read_bytes()) if path.exists() else None
        if values is None:
            self.session.transaction.remove(file, before or "")
            return
        if before is None:
            self.session.transaction.replace(file, yamlfile.dump(values), None)
            return
        tree = customers.load(self.book, customer_id).tree
        for step in self.steps:
            if step.record == customer_id:
                if step.new:
                    tree[step.field] = step.new
                else:
                    tree.pop(step.field, None)
        tree["updated_at"] = times.format_time(self.book.now)
        self.session.transaction.replace(file, yamlfile.dump(tree), before)

    def _remember_ids(self) -> None:
        """An id that is taken back stays used, in whatever branch."""
        floor: dict[str, int] = {}
        for step in self.steps:
            prefix = step.record[:1]
            parsed = ids.parse(step.record, prefix) if prefix in (ids.RECORD, ids.CUSTOMER) else None
            if step.field == "*" and parsed is not None:
                key = f"{prefix}{parsed.date}{parsed.lane}"
                floor[key] = max(floor.get(key, 0), parsed.sequence)
        if floor:
            clone.raise_floor(self.book.root, floor)
