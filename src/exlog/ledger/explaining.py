"""Why a record is as urgent as it is, and why what is due when: the sums behind what the row says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from exlog import sla, times, undone, urgency, vocabulary
from exlog.i18n import _
from exlog.ledger import steering
from exlog.ledger.applying import RUNNING
from exlog.ledger.book import Book
from exlog.ledger.steering import Steering
from exlog.sla import Target
from exlog.store import layout, rows
from exlog.store.history import Entry
from exlog.urgency import Rating
from exlog.workflow import Record


class Reasons(NamedTuple):
    """The explanations of one record, in lines for people and as data for scripts."""

    rating: Rating
    urgency_lines: list[str]
    targets: list[tuple[Target, list[str]]]
    warnings: list[str]

    def paragraphs(self) -> list[tuple[str, list[str]]]:
        """Titles and lines."""
        found = [(_("Why this urgency"), self.urgency_lines)]
        lines = [line for _target, own in self.targets for line in own] + self.warnings
        return [*found, (_("Why these due times"), lines)] if lines else found

    def as_data(self) -> dict[str, Any]:
        """What ``show -f json`` adds: the rating factor by factor, and each target."""
        return {
            "urgency_why": {
                "level": self.rating.level,
                "score": float(self.rating.score),
                "factors": [
                    {
                        "field": part.field, "value": part.value or None, "weight": float(part.weight),
                        "share": float(part.share), "points": float(part.points),
                    }
                    for part in self.rating.parts
                ],
                "floors": [
                    {"at_least": floor.at_least, "when": floor.when.words()} for floor in self.rating.floors
                ],
                "lines": self.urgency_lines,
            },
            "targets": [
                {
                    "target": target.name, "within": target.within, "from": _text(target.from_at),
                    "due_at": _text(target.due_at), "met_at": _text(target.met_at), "state": target.state,
                    "rule": target.rule + 1, "calendar": target.calendar, "lines": lines,
                }
                for target, lines in self.targets
            ],
        }  # fmt: skip


def explain(book: Book, record: Record, events: Sequence[Entry]) -> Reasons:
    """The reasons for a record as it stands, by the policy in force and by its history."""
    steer = Steering(book)
    live = book.consistent(lambda: rows.read(book.root / layout.LIVE, layout.LIVE, book.columns))
    count = steering.repeats(book, record, live.table) if steer.rules.counts_repeats else 0
    rating = steer.rate(record, count)
    events = undone.effective(events)
    holds = sla.held_intervals(undone.changes(events))
    targets = steer.targets(record, holds=holds)
    computed = {target.name: target for target in steer.targets(record, holds=holds, keep=False)}
    explained = [(target, _of_target(steer, target, computed.get(target.name, target), record)) for target in targets]
    due = [record.get("due_at", "")] if record.get("status") in RUNNING else []
    lines = _of_urgency(record, rating, events)
    missing = steer.missing_profile(record.get("customer_id", ""))
    if missing:
        lines.append(_("rated without the profile ({why})").format(why=missing))
    return Reasons(rating, lines, explained, steer.unannounced(due))


def _of_urgency(record: Record, rating: Rating, events: Sequence[Entry]) -> list[str]:
    lines = urgency.explain(rating)
    now, kept = vocabulary.label("urgency", rating.level), record.get("urgency", "")
    if record.get("urgency_by") == "manual":
        reason = next((event.note for event in reversed(events) if event.field == "urgency" and event.note), "")
        lines.append(
            _("set by hand to {level}: {reason}").format(level=vocabulary.label("urgency", kept), reason=reason)
        )
    elif kept and kept != rating.level:
        lines.append(
            _("the record keeps {level}; by policy it is {now} now").format(
                level=vocabulary.label("urgency", kept), now=now
            )
        )
    raised = record.get("status") in RUNNING and urgency.revise(
        kept, record.get("urgency_by", ""), record.get("urgency_rated", ""), rating
    )
    if raised:
        lines.append(_("the next change of the record raises it to {level}").format(level=now))
    return lines


def _of_target(steer: Steering, target: Target, computed: Target, record: Record) -> list[str]:
    """The explanation of a target: of the sum by the rules, then of a due time that stands beside it."""
    lines = sla.explain(computed, steer.calendars[computed.calendar])
    first, *rest = lines
    told = [first, *(f"  {line}" for line in rest)]
    if target.kept and target.due_at is not None and target.due_at != computed.due_at:
        by_hand = record.get("due_by") == "manual"
        text = (
            _("set by hand: due {due}: {state}")
            if by_hand
            else _("the record keeps {due}, told before the policy or its facts changed: {state}")
        )
        shown = f"{target.due_at.astimezone(steer.book.tz):%Y-%m-%d %H:%M}"
        told.append("  " + text.format(due=shown, state=sla.state_label(target.state)))
    return told


def _text(moment: datetime | None) -> str | None:
    return times.format_time(moment.replace(microsecond=0)) if moment else None
