"""The events: by whom, whether the role of who acts allows it, whether the machine does, and who approved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from exlog import approval, conditions, roles, undone
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate import trail, unasked
from exlog.ledger.gate.case import Case
from exlog.ledger.gate.trail import Told, Trail
from exlog.store import files, history
from exlog.workflow import TRANSITIONS, Event, Record

_OF_THE_MACHINE = frozenset(action for actions in TRANSITIONS.values() for action in actions)
_BY_HAND = frozenset(TRANSITIONS) | {
    ("new", "on_hold"), ("on_hold", "resolved"), ("on_hold", "closed"),
}  # fmt: skip
"""What an adopted change by hand may do to a status: several steps at a time, but none that no command could make."""
_EXCLUDING = ("duplicate", "invalid")


def check(case: Case, told: Trail) -> Iterator[Finding]:
    """Every finding about new events."""
    if case.author:
        yield from _of_others(case, told)
    for events in told.events.values():
        past: list[Told] = []
        record: Record | None = None
        for _command, group in groupby(events, key=lambda event: event.command):
            found = list(group)
            before = record
            for event in found:
                record = trail.folded(record, event)
            fresh = [event for event in found if event in told.fresh]
            if fresh and not case.founded:
                yield from _allowed(case, fresh, past, _beyond(fresh, events, told))
                yield from _by_the_machine(fresh, past, record or {})
                yield from _escalated(case, fresh, record or {})
                yield from _approved(case, fresh, past, before or {}, record or {})
            past += found


def _of_others(case: Case, told: Trail) -> Iterator[Finding]:
    """Who pushes brings their own events only."""
    if case.law is None:
        return
    for event in sorted(told.fresh, key=lambda one: one.where):
        if not case.law.rules.roles.same(event.actor, case.author):
            yield Finding(
                event.where,
                _("{record}: {actor} did this, but {author} pushes it").format(
                    record=event.record, actor=files.shown(event.actor), author=files.shown(case.author)
                ),
                _("{actor} pushes it; or the actor was set with --as or EXLOG_USER").format(
                    actor=files.shown(event.actor)
                ),
            )


def _beyond(fresh: list[Told], events: list[Told], told: Trail) -> list[Told]:
    """Events of merges that say what no merge gives: they need what a change by hand needs, that is adopted."""
    merged = (event for event in fresh if event.action in (unasked.MERGE, history.REMINT))
    return [event for event in merged if not unasked.follows(event, events, told.fresh)]


def _escalated(case: Case, fresh: list[Told], record: Record) -> Iterator[Finding]:
    """An escalation is one that a rule gives."""
    for event in fresh:
        if event.action == unasked.ESCALATE:
            finding = unasked.escalated(case, event, record.get("reopen_count", ""))
            if finding is not None:
                yield finding


def _allowed(case: Case, fresh: list[Told], past: list[Told], beyond: list[Told]) -> Iterator[Finding]:
    """The role of who acts, by the policy as it was, has each permission that the command needs."""
    if case.law is None or case.law.rules.roles.by_name is None:
        return
    who, today = case.law.rules.roles, case.law.today
    for actor in dict.fromkeys(event.actor for event in fresh):
        theirs = [event for event in fresh if event.actor == actor]
        wanted = roles.needed(theirs[0].record, theirs)
        by_hand = [Event("adopt", one.field, one.old, one.new) for one in beyond if one.actor == actor]
        wanted += roles.needed(theirs[0].record, by_hand)
        for command in dict.fromkeys(map(undone.target, theirs)):
            done = [event for event in past if command and event.command == command]
            own = all(who.same(event.actor, actor) for event in done)
            wanted += roles.needed_to_undo(theirs[0].record, done, own=own) if done else []
        for permission in dict.fromkeys(wanted):
            refusal = who.refusal(actor, [permission], today, theirs[0].record)
            if refusal is not None:
                yield Finding(theirs[0].where, refusal.message, refusal.remedy)


def _by_the_machine(fresh: list[Told], past: list[Told], after: Record) -> Iterator[Finding]:
    """Each change of status is one that the machine knows, made by a step that makes it."""
    for event in fresh:
        if event.field == "status" and not _is_step(event, past, after):
            yield Finding(
                event.where,
                _("{id}: no command makes {new} of {old} ({action})").format(
                    id=event.record, old=files.shown(event.old), new=files.shown(event.new), action=event.action
                ),
                _("take the line and the change back, then use the commands: assign, update, close, reopen"),
            )
        elif event.action == "undo" and event.field and not _undoes(event, past):
            yield Finding(
                event.where,
                _("{id}: {actor} takes back what nobody did").format(id=event.record, actor=files.shown(event.actor)),
                _("take the line and the change back"),
            )


def _is_step(event: Told, past: list[Told], after: Record) -> bool:
    pair = (event.old, event.new)
    if event.action == "undo":
        return _undoes(event, past)
    if event.action == "adopt":
        return pair in _BY_HAND
    if event.action in roles.FREE:
        return False
    if event.action not in _OF_THE_MACHINE:
        return event.old == event.new or pair in _BY_HAND
    if event.action not in TRANSITIONS.get(pair, ()):
        return False
    return pair == ("resolved", "closed") or event.new != "closed" or after.get("close_reason") in _EXCLUDING


def _undoes(event: Told, past: list[Told]) -> bool:
    """Whether the command that it names did the opposite."""
    command = undone.target(event)
    done = [one for one in past if one.command == command and one.field == event.field]
    if not done:
        return False
    return event.field == "*" or (done[0].old, done[-1].new) == (event.new, event.old)


def _approved(
    case: Case, fresh: list[Told], past: list[Told], before: Record, after: Record
) -> Iterator[Finding]:  # fmt: skip
    """A second person approved what the policy as it was asks to be approved."""
    closing = next((event for event in fresh if event.field == "status" and event.new == "closed"), None)
    if closing is None or closing.action == "undo" or case.law is None or not case.law.rules.approval:
        return
    purpose = "invalidate" if after.get("close_reason") in _EXCLUDING else "close"
    profile = case.profile(after)
    states = (conditions.merged(before, profile), conditions.merged(after, profile))
    rule = approval.asked(case.law.rules.approval, purpose, *states)
    if rule is None:
        return
    who, today = case.law.rules.roles, case.law.today
    if not any(event.field in rule.about for event in fresh):
        for actor in approval.standing(rule, past):
            if not who.same(actor, closing.actor) and who.may(actor, "approve", today):
                return
    yield Finding(
        closing.where,
        _("{id}: closed without the approval of a second person ({rule})").format(id=closing.record, rule=rule.words()),
        _("undo it (exlog undo), then: exlog approve {id} --for {purpose}").format(id=closing.record, purpose=purpose),
    )
