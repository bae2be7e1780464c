"""Events that need no permission because they follow from the files: whether they say no more than can follow.

A merge makes one value of two: the events of the field fork, and what it comes to is made of theirs. A record that a
merge gives another id stays as it was. An escalation changes no field, and its identity follows from what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from exlog import escalation
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate import trail
from exlog.ledger.gate.case import Case
from exlog.ledger.gate.trail import Told
from exlog.merge import holds, rules
from exlog.rulebook import Rulebook
from exlog.store import config, files, history
from exlog.workflow import Record

MERGE, ESCALATE = "merge", "escalate"
_IDENTITY = ("id", "former_id")
_LEVELS = tuple("123456789")


def follows(event: Told, events: Sequence[Told], fresh: frozenset[Told]) -> bool:
    """Whether a new event of a merge is what a merge can give. ``events``: all of its record or customer."""
    # Not by their order: an event of a merge may have the time of the last one that it follows from.
    earlier = [one for one in events if one is not event and one.moment <= event.moment]
    if event.action == history.REMINT:
        return _keeps_values(event, earlier)
    if event.field in holds.FIELDS:
        return holds.counted(earlier).get(event.field, "") == event.new
    if event.field not in rules.COMBINED:
        return False
    steps = [one for one in earlier if one.field in ("*", event.field)]
    return _fork(steps, event.field, fresh) and _is_made_of(event, steps)


def _keeps_values(event: Told, earlier: Sequence[Told]) -> bool:
    """Whether a record has another id, and all else as before."""
    before: Record | None = None
    for one in earlier:
        if one.action != history.REMINT:
            before = trail.folded(before, one)
    after = trail.folded(None, event)
    if before is None or after is None:
        return False
    names = {*before, *after} - {*_IDENTITY}
    return all(before.get(name, "") == after.get(name, "") for name in names)


def _fork(steps: Sequence[Told], field: str, fresh: frozenset[Told]) -> bool:
    """Whether two sides changed the field, one of them in this push: an event goes on from another value than that
    before it.
    """
    for pair in pairwise(steps):
        forks = pair[1].field != "*" and pair[1].old != _value(pair[0], field)
        if forks and any(side in fresh and side.action not in (MERGE, history.REMINT) for side in pair):
            return True
    return False


def _value(event: Told, field: str) -> str:
    """What a field is after an event of it, or of the whole record."""
    return event.new if event.field != "*" else (trail.folded(None, event) or {}).get(field, "")


def _is_made_of(event: Told, steps: Sequence[Told]) -> bool:
    """Whether a merged value is one of those that events gave, or holds no line and no word that is in none of them."""
    known = {"", *(_value(one, event.field) for one in steps), *(one.old for one in steps if one.field != "*")}
    rule = rules.BY_COLUMN[event.field]
    if rule == "both":
        return {*event.new.split("\n")} <= {line for text in known for line in text.split("\n")}
    if rule == "set":
        return {*rules.members(event.new)} <= {word for text in known for word in rules.members(text)}
    return event.new in known


def escalated(case: Case, event: Told, reopened: str) -> Finding | None:
    """What is wrong with a new escalation: it has a field, or no exlog.yaml so far had a rule that gives it.

    ``reopened``: how often the record was opened again by now.
    """
    if event.field:
        text = _("{id}: an escalation changes no field, and this one says {field}").format(
            id=event.record, field=files.shown(event.field)
        )
        return Finding(event.where, text, _("take the line and the change back, then use exlog update"))
    level = int(event.new) if event.new in _LEVELS else 0
    rounds = range(int(reopened) + 1 if reopened.isascii() and reopened.isdigit() and len(reopened) < 4 else 1)
    identities = {escalation.identity({"uid": event.uid, "reopen_count": str(one)}, event.old, level) for one in rounds}
    if event.event in identities and any(_gives(rules_then, event.old, level) for rules_then in case.rules_so_far()):
        return None
    text = _("{id}: no rule of {file} escalates so: {target}, level {level}").format(
        id=event.record, file=config.FILE, target=files.shown(event.old), level=files.shown(event.new)
    )
    return Finding(event.where, text, _("take the line back; exlog due --escalate writes what the rules say"))


def _gives(policy: Rulebook, target: str, level: int) -> bool:
    known = {step.name for rule in policy.sla.rules for step in rule.steps}
    return target in known and any(
        rule.level == level and (not rule.targets or target in rule.targets) for rule in policy.escalation
    )
