"""Applies the policy to a record that a command makes or changes: its route, its urgency and its due time.

A record that is closed or resolved is left as it is; of an open one the urgency follows the facts upwards, and the
due time follows the urgency. Each such change is an event that says why.
"""

from __future__ import annotations

from exlog import conditions, sla, undone, urgency, vocabulary
from exlog.i18n import _
from exlog.ledger import steering
from exlog.ledger.reading import events_of
from exlog.ledger.session import Session
from exlog.ledger.steering import Steering
from exlog.sla import Hold
from exlog.urgency import Rating
from exlog.workflow import Change, Record

RUNNING = ("new", "in_progress", "on_hold")
"""Statuses in which urgency and due time still matter."""

_DUE_FROM = ("received_at",)
"""Fields that move a computed due time when a hand changes them, beside the urgency."""


class Applied:
    """The policy at work within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.steering = Steering(session.book, made=session.customers)

    def to_new(self, record: Record, *, manual: bool) -> list[str]:
        """Complete a new record in place; what the person should know. ``manual``: its urgency is set by hand."""
        remarks = []
        if not record.get("department") and not record.get("owner"):
            remarks += self._route(record)
        if record.get("department") or record.get("owner"):
            record.setdefault("assigned_at", self._session.stamp)
        rating = self.rating(record)
        record["urgency_rated"] = rating.level
        if not manual:
            record["urgency"], record["urgency_by"] = rating.level, "computed"
        if record.get("due_at"):
            record["due_by"] = "manual"
        else:
            record["due_at"] = self.steering.due_at(record)
            record["due_by"] = "computed" if record["due_at"] else ""
        return remarks

    def to_changed(self, change: Change, *, anew: bool = False) -> None:
        """Let urgency and due time of a record follow what changed.

        ``anew`` takes what the policy in force gives, also where that is lower; what was set by hand stays.
        """
        if change.status not in RUNNING:
            return
        touched = {event.field for event in change.events}
        rating = self.rating(change.record)
        missing = self.steering.missing_profile(change.record.get("customer_id", ""))
        if missing:
            change.remarks.append(_("{id}: rated without the profile ({why})").format(id=change.id, why=missing))
        fresh = (anew or "urgency_by" in touched) and change.record.get("urgency_by") != "manual"
        self._follow_urgency(change, rating, touched, anew=fresh)
        moved = bool({event.field for event in change.events} & {"urgency", *_DUE_FROM})
        moved = moved or ("customer_id" in touched and any(map(_is_of_customer, self.steering.rules.timed)))
        self._keep_due_by_hand(change)
        due_by = change.record.get("due_by")
        if not change.record.get("due_at") or (anew and due_by != "manual") or (moved and due_by == "computed"):
            self._follow_due(change)

    def rating(self, record: Record) -> Rating:
        """How urgent the record is by all that is known now."""
        return self.steering.rate(record, self._repeats(record))

    def _repeats(self, record: Record) -> int:
        if not self.steering.rules.counts_repeats:
            return 0
        return steering.repeats(self._session.book, record, self._session.live.rows.table)

    def _route(self, record: Record) -> list[str]:
        route = self.steering.route(record)
        if not route.department and not route.owner:
            return [] if route.rule is None else [_("not routed: {why}").format(why=route.why)]
        record["department"], record["owner"] = route.department, route.owner
        whom = " / ".join(name for name in (route.department, route.owner) if name)
        return [_("routed to {whom} ({why})").format(whom=whom, why=route.why)]

    def _follow_urgency(self, change: Change, rating: Rating, touched: set[str], *, anew: bool) -> None:
        record = change.record
        old, rated = record.get("urgency", ""), self.steering.rules.rated
        by_hand = any(event.action == "urgency" for event in change.events)
        if by_hand and not anew:  # in this very command
            change.set("urgency_rated", rating.level, "urgency")
            return
        corrected = bool(touched & rated) or ("customer_id" in touched and any(map(_is_of_customer, rated)))
        level: str | None = rating.level
        if not anew:
            level = urgency.revise(
                old, record.get("urgency_by", ""), record.get("urgency_rated", ""), rating, lower=corrected
            )
        if level is not None and (level != old or anew):
            change.set("urgency", level, "rate", why(rating))
            change.set("urgency_by", "computed", "rate")
            if level != old:
                change.remarks.append(
                    _("{id}: urgency {old} → {new} ({why})").format(
                        id=change.id, old=_label(old), new=_label(level), why=why(rating)
                    )
                )
        known = urgency.rank(record.get("urgency_rated", ""))
        if anew or corrected or urgency.rank(rating.level) > known:
            change.set("urgency_rated", rating.level, "rate")

    def _keep_due_by_hand(self, change: Change) -> None:
        """A due time that was given in this very command stands, also where the command ends a hold."""
        given = [event.new for event in change.events if event.field == "due_at" and event.action == "update"]
        if given and given[-1]:
            moved = [event for event in change.events if event.field == "due_at" and event.action == "resume"]
            change.events[:] = [event for event in change.events if event not in moved]
            change.record["due_at"] = given[-1]
            change.set("due_by", "manual")

    def _follow_due(self, change: Change) -> None:
        record = change.record
        due = self.steering.due_at(record, self._holds(change))
        if due == record.get("due_at", "") and record.get("due_by") == "computed":
            return
        if due != record.get("due_at", "") and record.get("due_at"):
            change.remarks.append(
                _("{id}: due {new}, before {old}").format(id=change.id, new=due[:16] or "–", old=record["due_at"][:16])
            )
        change.set("due_at", due, "rate")
        change.set("due_by", "computed" if due else "", "rate")

    def _holds(self, change: Change) -> list[Hold] | None:
        """The holds that ended, the one that this very command ended too; None where there were none."""
        record = change.record
        if not record.get("hold_minutes"):
            return None
        earlier = events_of(self._session.book, record["id"], record.get("uid", ""))
        ended = undone.changes(earlier)
        ended += [(self._session.stamp, event.field, event.old, event.new) for event in change.events]
        return sla.held_intervals(ended)


def _is_of_customer(name: str) -> bool:
    """Whether what a rule asks for changes with the customer of a record."""
    return name.startswith(conditions.CUSTOMER) or name == urgency.REPEATS.name


def why(rating: Rating) -> str:
    """A rating in one line: the score, or the floor that raised it."""
    score = _("score {score}").format(score=f"{rating.score.normalize():f}")
    if not rating.floors:
        return score
    return f"{score}; " + _("at least {level}: {condition}").format(
        level=_label(rating.level), condition=rating.floors[-1].when.words()
    )


def _label(level: str) -> str:
    return vocabulary.label("urgency", level) or "–"
