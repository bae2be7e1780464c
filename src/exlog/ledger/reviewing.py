"""Gathers what a review must look at from the live ledger and the archives (see ``review`` for the findings)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from exlog import approval, conditions, routing, urgency, vocabulary
from exlog import review as findings
from exlog.filters import Selection
from exlog.ledger import deadlines, reading, repeating, unusual
from exlog.ledger.book import Book
from exlog.ledger.steering import Steering
from exlog.review import Finding, Setting
from exlog.rulebook import DEFAULT_CALENDAR
from exlog.workflow import Record

__all__ = ["Finding", "review"]

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
_REACH = timedelta(days=400)
"""How far back closed records are read: a follow-up or an effect check may be due months after closing."""

_LOOKED_AT = (
    "id", "uid", "status", "type", "category", "urgency", "urgency_by", "urgency_rated", "customer_id",
    "customer_name", "subject", "description", "department", "owner", "product", "model", "batch", "cause",
    "corrective_action", "preventive_action",
    "due_at", "due_by", "hold_since", "hold_minutes", "hold_until", "hold_reason",
    "received_at", "recorded_at", "assigned_at",
    "first_response_at", "resolved_at", "progress_at", "satisfaction", "closed_at", "close_reason", "follow_up_at",
    "follow_up_of", "effect_check_at", "effect", "reopen_count",
)  # fmt: skip


def review(book: Book, selection: Selection, *, week: bool) -> list[Finding]:
    """Every finding, by kind and then most urgent first.

    ``selection`` chooses among all records, closed ones too. What happened once (a late entry, a vague text, a low
    satisfaction, a repeat) is told if it is of the last 7 days (``week``), else of the last 30.
    """
    steer = Steering(book)
    records = _records(book, steer, selection)
    still_open = [record for record in records if record["status"] != "closed"]
    targets = {record["id"]: own for record, own in deadlines.running(book, steer, still_open)}
    counts = repeating.counts(book, still_open) if steer.rules.counts_repeats else {}
    setting = Setting(
        now=book.now,
        since=book.now - (WEEK if week else MONTH),
        rules=book.policy.rules,
        calendar=steer.calendars[DEFAULT_CALENDAR],
        gone=frozenset(routing.gone(steer.rules.people, book.now.date())),
        followed=frozenset(record["follow_up_of"] for record in records if record["follow_up_of"]),
    )
    entering = [step.name for rule in steer.rules.sla.rules for step in rule.steps if step.end == "recorded_at"]
    found: list[tuple[Record, Finding]] = []
    for record in records:
        if record["close_reason"] in vocabulary.EXCLUDED_CLOSE_REASONS:
            continue
        mine = list(findings.of_any(record, setting))
        mine += findings.entered_late(record, steer.targets(record, steps=entering), setting)
        if record["status"] != "closed":
            rating = steer.level(record, counts.get(record["id"], 0))
            mine += findings.of_open(record, targets.get(record["id"], ()), rating, setting)
            mine += _unapproved(book, steer, record)
        found += [(record, finding) for finding in mine]
    order = vocabulary.keys("finding")
    found.sort(
        key=lambda pair: (order.index(pair[1].kind), -urgency.rank(pair[0]["urgency"]), pair[0]["due_at"] or "~")
    )
    others = [*findings.repeats(records, setting), *_unusual(book, selection)]
    return sorted([*(finding for _record, finding in found), *others], key=lambda finding: order.index(finding.kind))


def _unusual(book: Book, selection: Selection) -> list[Finding]:
    """Months out of the ordinary: none of the fewer records that a filter chooses would be."""
    return [
        findings.unusual_month(one.by, one.value, one.label, month) for one, month in unusual.current(book, selection)
    ]


def _unapproved(book: Book, steer: Steering, record: Record) -> Iterable[Finding]:
    """Whether the record is ready to be closed, but for the approval that policy asks for."""
    if record["status"] != "resolved" or not steer.rules.approval:
        return
    state = conditions.merged(record, steer.profile(record["customer_id"]))
    rule = approval.asked(steer.rules.approval, "close", state)
    if rule is not None and not approval.standing(rule, reading.events_of(book, record["id"], record["uid"])):
        yield findings.unapproved(record, rule.words())


def _records(book: Book, steer: Steering, selection: Selection) -> list[Record]:
    """The chosen records that are open or were received lately enough to matter."""
    chosen = [selection]
    if selection.since is None:
        still_open = frozenset(vocabulary.OPEN_STATUSES) & (selection.statuses or frozenset(vocabulary.OPEN_STATUSES))
        chosen = [selection._replace(since=book.now - _REACH)]
        chosen += [selection._replace(statuses=still_open)] if still_open else []
    approved = (test.field.name for rule in steer.rules.approval for test in rule.when.tests)
    wanted = tuple(dict.fromkeys((*_LOOKED_AT, *deadlines.needed(steer), *steer.rules.rated, *approved)))
    found: dict[str, Record] = {}
    for one in chosen:
        with reading.snapshot(book, one) as view:
            for part in view.parts():
                lay = reading.layer(part.columns, wanted)
                for cells in part.cells:
                    record = dict(zip(wanted, lay(cells), strict=True))
                    found.setdefault(record["id"], record)
    return list(found.values())
