"""The status machine: a record and what was asked of it give the changed record and its events, or a refusal.

    new → in_progress → resolved → closed, in_progress ↔ on_hold, resolved or closed → in_progress (reopen),
    any → closed as duplicate or invalid.

Guards are asked here, at the moment of a change; each refusal says what is missing and which command gives it.
Records are plain texts by field name; an absent field is missing or empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from exlog import times, vocabulary
from exlog.errors import Refused
from exlog.i18n import _
from exlog.policy import Policy

Record = dict[str, str]


class HoldEnd(NamedTuple):
    """What the end of a hold comes to by the rules of the ledger: the due time as it is stored, and the whole
    minutes of working time that the hold took."""

    due_at: str
    work_minutes: int


EndHold = Callable[[Mapping[str, str], datetime], HoldEnd]
"""Tells it of a record whose hold ends at a moment."""


TRANSITIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("new", "in_progress"): ("assign", "update"),
    ("in_progress", "on_hold"): ("hold",),
    ("on_hold", "in_progress"): ("resume",),
    ("new", "resolved"): ("resolve",),
    ("in_progress", "resolved"): ("resolve",),
    ("resolved", "closed"): ("close",),
    ("new", "closed"): ("close",),
    ("in_progress", "closed"): ("close",),
    ("resolved", "new"): ("reopen",),
    ("resolved", "in_progress"): ("reopen",),
    ("closed", "new"): ("reopen",),
    ("closed", "in_progress"): ("reopen",),
}
"""From which status to which, and by which actions; straight to closed only as duplicate or invalid."""


_OF_A_ROUND = (
    "resolution", "resolved_at", "satisfaction", "customer_comment", "confirmed_at", "closed_at", "close_reason",
    "duplicate_of", "follow_up_at", "effect_check_at", "effect",
)  # fmt: skip
"""What a reopened record had from the round that ended."""


class Event(NamedTuple):
    """One line of the history: what happened to which field. ``note`` holds a reason or a progress entry."""

    action: str
    field: str = ""
    old: str = ""
    new: str = ""
    note: str = ""


class Outcome(NamedTuple):
    """A changed record, the events that lead to it, and what the person should know besides."""

    record: Record
    events: list[Event]
    remarks: list[str]


class Change:
    """One record under change by one command. Each method is a step; ``outcome`` is the result.

    ``now`` carries the ledger's timezone. ``end_hold`` knows the rules and calendars that the end of a hold asks for;
    without it the due time moves by elapsed time, and no working time is known.
    """

    def __init__(
        self, record: Mapping[str, str], policy: Policy, now: datetime, end_hold: EndHold | None = None
    ) -> None:
        self._end_hold = end_hold
        self.record: Record = dict(record)
        self.events: list[Event] = []
        self.remarks: list[str] = []
        self.policy = policy
        self.now = now
        self._stamp = times.format_time(now)

    def outcome(self) -> Outcome:
        """What the steps so far come to."""
        return Outcome(self.record, self.events, self.remarks)

    @property
    def status(self) -> str:
        """The status the record has by now."""
        return self.record.get("status", "")

    @property
    def id(self) -> str:
        """The record's id, for messages."""
        return self.record.get("id") or _("the new record")

    def set(self, field: str, value: str, action: str = "update", note: str = "") -> None:
        """Give ``field`` a value; an event where it differs."""
        old = self.record.get(field, "")
        if old != value:
            self.record[field] = value
            self.events.append(Event(action, field, old, value, note))

    def assign(self, owner: str, department: str) -> None:
        """Give the record to somebody; a new one starts."""
        if self.status in ("resolved", "closed"):
            raise self._refused(_("it is {status}, there is nothing to assign"), "exlog reopen {id} --reason WHY")
        if not owner and not department:
            raise self._refused(_("assign needs an owner or a department"), "exlog assign {id} OWNER [--department D]")
        if owner:
            self.set("owner", owner, "assign")
        if department:
            self.set("department", department, "assign")
        if not self.record.get("assigned_at"):
            self.set("assigned_at", self._stamp, "assign")
        if self.status == "new":
            self.set("status", "in_progress", "assign")

    def start(self) -> None:
        """new → in_progress; on_hold → in_progress."""
        if self.status == "on_hold":
            self._resume()
            return
        if self.status in ("resolved", "closed"):
            raise self._refused(_("it is {status}, it starts again by reopening"), "exlog reopen {id} --reason WHY")
        if not self.record.get("owner") and not self.record.get("department"):
            raise self._refused(
                _("it needs an owner or a department first"), "exlog assign {id} OWNER [--department D]"
            )
        if not self.record.get("assigned_at"):
            self.set("assigned_at", self._stamp, "assign")
        self.set("status", "in_progress")

    def hold(self, reason: str, until: str) -> None:
        """in_progress → on_hold: the clock stands still until it goes on."""
        if self.status == "on_hold" and (reason or until):
            self.set("hold_reason", reason or self.record["hold_reason"], "hold")
            self.set("hold_until", until or self.record["hold_until"], "hold")
            return
        if self.status != "in_progress":
            known = self.record.get("owner") or self.record.get("department")
            begin = "exlog update {id} --status in_progress" if known else "exlog assign {id} OWNER [--department D]"
            raise self._refused(
                _("it is {status}, only what is in progress can be put on hold"),
                begin if self.status == "new" else "exlog reopen {id} --reason WHY",
            )
        if not reason or not until:
            raise self._refused(
                _("a hold needs a reason and an end"),
                _('exlog update {id} --hold "waiting for parts" --until +2d'),
            )
        if datetime.fromisoformat(until) <= self.now:
            raise self._refused(
                _("the end of the hold lies in the past"), "exlog update {id} --hold REASON --until +2d"
            )
        self.set("hold_reason", reason, "hold")
        self.set("hold_since", self._stamp, "hold")
        self.set("hold_until", until, "hold")
        self.set("status", "on_hold", "hold", reason)

    def _resume(self) -> None:
        held = self.now - datetime.fromisoformat(self.record["hold_since"])
        minutes = int(held.total_seconds() // 60)
        before = int(self.record.get("hold_minutes") or 0)
        end = self._end_hold(self.record, self.now) if self._end_hold is not None else None
        self.set("hold_minutes", str(before + minutes), "resume")
        worked = self.record.get("hold_work_minutes") or ("" if before else "0")
        if end is not None and worked:  # the working time of earlier holds may be unknown: then that of all is
            self.set("hold_work_minutes", str(int(worked) + end.work_minutes), "resume")
        if self.record.get("due_at"):
            self.set("due_at", end.due_at if end is not None else _due_later(self.record, self.now), "resume")
        for field in ("hold_reason", "hold_since", "hold_until"):
            self.set(field, "", "resume")
        self.set("status", "in_progress", "resume")

    def resolve(self, resolution: str) -> None:
        """→ resolved, or another wording where it is resolved already."""
        if self.status == "closed":
            raise self._refused(_("it is closed"), "exlog reopen {id} --reason WHY")
        if self.status == "resolved":
            self.set("resolution", resolution or self.record.get("resolution", ""))
            return
        resolution = resolution or self.record.get("resolution", "")
        self._refuse_unresolvable(resolution)
        if self.status == "on_hold":
            self._resume()
        self.set("resolution", resolution, "resolve")
        self.set("resolved_at", self._stamp, "resolve")
        self.set("status", "resolved", "resolve")

    def _refuse_unresolvable(self, resolution: str) -> None:
        """Refuse to resolve where something is missing; the remedy supplies all of it but the owner."""
        lacking = [
            (not self.record.get("owner"), _("an owner"), ""),
            (self._wants("cause"), _("the cause (policy asks for it)"), " --set cause=CAUSE"),
            (
                self._wants("corrective_action"),
                _("the corrective action (policy asks for it)"),
                ' --set corrective_action="WHAT"',
            ),
            (not resolution, _("a resolution"), ' --resolution "what was done"'),
        ]
        names = [name for lacks, name, _option in lacking if lacks]
        if not names:
            return
        options = "".join(option for lacks, _name, option in lacking if lacks)
        raise self._refused(
            _("missing: {names}").replace("{names}", ", ".join(names)),
            "exlog assign {id} OWNER" if not self.record.get("owner") else "exlog update {id}" + options,
        )

    def _wants(self, field: str) -> bool:
        """Whether policy asks records of this type for a field that is empty."""
        return self.record.get("type") in self.policy.rules[f"{field}_required_for"] and not self.record.get(field)

    def close(self, resolution: str, satisfaction: str, comment: str, reason: str) -> None:
        """The whole way to closed, confirmed by the customer."""
        self._refuse_closed()
        if resolution or self.status != "resolved":
            self.resolve(resolution)
        satisfaction = satisfaction or self.record.get("satisfaction", "")
        if not satisfaction:
            raise self._refused(
                _("the customer's satisfaction is missing"),
                _("exlog close {id} --satisfaction 1-5, --no-response, --duplicate-of ID, or --invalid --reason WHY"),
            )
        self.set("satisfaction", satisfaction, "close")
        if comment:
            self.set("customer_comment", comment, "close")
        self.set("confirmed_at", self._stamp, "close")
        self._end_answered("confirmed", reason)
        if int(satisfaction) <= self.policy.rules["follow_up_at_satisfaction"]:
            days = self.policy.rules["follow_up_within_days"]
            due = times.format_time(self.now + timedelta(days=days))
            self.set("follow_up_at", due, "close")
            self.remarks.append(
                _("{id}: satisfaction {value} asks for a follow-up by {due}").format(
                    id=self.id, value=satisfaction, due=due[:10]
                )
            )

    def close_unanswered(self, resolution: str, reason: str) -> None:
        """→ closed because the customer does not answer."""
        self._refuse_closed()
        if resolution or self.status != "resolved":
            self.resolve(resolution)
        days = self.policy.rules["no_response_after_days"]
        allowed = times.days_after(self.record["resolved_at"], days)
        if self.now < allowed:
            raise self._refused(
                _("without an answer it may be closed from {date} ({days} days after it was resolved)").format(
                    date=times.format_time(allowed.astimezone(self.now.tzinfo))[:16], days=days
                ),
                "exlog close {id} --satisfaction 1-5",
            )
        self._end_answered("no_response", reason)

    def close_as_duplicate(self, other: Record, reason: str) -> None:
        """Any status → closed as a duplicate of ``other``; the row is kept and leaves every measure."""
        self._refuse_closed()
        if other["id"] == self.id:
            raise self._refused(_("a record cannot be a duplicate of itself"), _("name the other record"))
        self._refuse_uncounted(other)
        self.set("duplicate_of", other["id"], "close")
        self._leave_hold()
        self._end("duplicate", reason)

    def _refuse_uncounted(self, other: Record) -> None:
        """Refuse to name a record that left the measures itself: what happened would then be in none."""
        reopen = f"exlog reopen {other['id']} --reason WHY"
        if other.get("close_reason") == "invalid":
            message = _("{other} is closed as invalid, so what happened would be counted nowhere")
        elif other.get("close_reason") == "duplicate":
            message = _("{other} is closed as a duplicate of {target} itself")
            if other.get("duplicate_of") not in (self.id, "", None):
                reopen = f"exlog close {self.id} --duplicate-of {other['duplicate_of']}"
        else:
            return
        named = message.replace("{other}", other["id"]).replace("{target}", other.get("duplicate_of", ""))
        raise self._refused(named, reopen)

    def close_as_invalid(self, reason: str) -> None:
        """Any status → closed as invalid; the row is kept and leaves every measure."""
        self._refuse_closed()
        if not reason:
            raise self._refused(_("a reason is missing"), 'exlog close {id} --invalid --reason "WHY"')
        self._leave_hold()
        self._end("invalid", reason)

    def reopen(self, reason: str) -> None:
        """resolved or closed → in_progress; what the last round ended with stays in the history."""
        if self.status not in ("resolved", "closed"):
            raise self._refused(_("it is {status}, so it is open already"), "exlog show {id}")
        if not reason:
            raise self._refused(_("a reason is missing"), 'exlog reopen {id} --reason "WHY"')
        if self.status == "closed":
            days = self.policy.rules["reopen_within_days"]
            last = times.days_after(self.record["closed_at"], days)
            if self.now > last:
                raise self._refused(
                    _("it was closed more than {days} days ago").format(days=days),
                    'exlog add "{customer}" SUBJECT -t {type}{more} --set follow_up_of={id}',
                )
        if not self.record.get("first_resolved_at") and self.record.get("resolved_at"):
            self.set("first_resolved_at", self.record["resolved_at"], "reopen")
        for field in _OF_A_ROUND:
            self.set(field, "", "reopen")
        self.set("reopen_count", str(int(self.record.get("reopen_count") or 0) + 1), "reopen")
        status = "in_progress" if self.record.get("owner") or self.record.get("department") else "new"
        self.set("status", status, "reopen", reason)

    def note(self, text: str, responded: bool) -> None:
        """A progress entry; ``responded`` says that the customer heard of it."""
        if text:
            self.events.append(Event("note", "progress", self.record.get("progress", ""), text))
            self.record["progress"] = text
            self.set("progress_at", self._stamp, "note")
        if responded and not self.record.get("first_response_at"):
            self.set("first_response_at", self._stamp, "respond")

    def rate(self, urgency: str, reason: str) -> None:
        """Set the urgency by hand."""
        if not reason:
            raise self._refused(
                _("an urgency set by hand needs a reason"),
                "--urgency {urgency} --reason WHY",
            )
        old = self.record.get("urgency", "")
        self.record["urgency"] = urgency
        # Also where the level stays: the reason is what the history must keep.
        self.events.append(Event("urgency", "urgency", old, urgency, reason))
        self.set("urgency_by", "manual", "urgency")

    def unrate(self) -> None:
        """Give an urgency that was set by hand back to the policy, which rates the record when it is written."""
        self.set("urgency_by", "computed", "rate")

    def _end_answered(self, close_reason: str, note: str) -> None:
        """Close what was dealt with: policy may ask for prevention, and for a look at the effect later."""
        if self._wants("preventive_action"):
            raise self._refused(
                _("the preventive action is missing (policy asks for it)"),
                'exlog update {id} --set preventive_action="WHAT"',
            )
        days = self.policy.rules["effect_check_after_days"]
        acted = self.record.get("corrective_action") or self.record.get("preventive_action")
        if days and acted and not self.record.get("effect_check_at"):
            self.set("effect_check_at", times.format_time(self.now + timedelta(days=days)), "close")
        self._end(close_reason, note)

    def _end(self, close_reason: str, note: str) -> None:
        self.set("close_reason", close_reason, "close")
        self.set("closed_at", self._stamp, "close")
        self.set("status", "closed", "close", note)

    def _more_of_follow_up(self) -> str:
        """What ``add`` needs besides to follow this record up."""
        category = self.record.get("category")
        one_off = "" if self.record.get("customer_id") else " --one-off"
        return (f" -c {category}" if category else "") + one_off

    def _leave_hold(self) -> None:
        if self.status == "on_hold":
            self._resume()

    def _refuse_closed(self) -> None:
        if self.status == "closed":
            raise self._refused(_("it is closed already"), "exlog show {id}")

    def _refused(self, message: str, remedy: str) -> Refused:
        values = {
            "id": self.id,
            "status": vocabulary.label("status", self.status),
            "customer": self.record.get("customer_id") or self.record.get("customer_name", ""),
            "urgency": "high",
            "type": self.record.get("type", ""),
            "more": self._more_of_follow_up(),
        }
        return Refused(f"{self.id}: {message.format(**values)}", remedy=remedy.format(**values))


def _due_later(record: Mapping[str, str], now: datetime) -> str:
    due, since = datetime.fromisoformat(record["due_at"]), datetime.fromisoformat(record["hold_since"])
    return times.format_time((due + (now - since)).astimezone(now.tzinfo).replace(microsecond=0))
