"""Escalation rules of exlog.yaml: who hears of a target that is nearly breached, breached, or breached for long.

    escalation:
      - {at: warn, level: 1, to: owner}
      - {at: breach, level: 2, to: 李经理, target: resolve}
      - {at: breach + 1wd, level: 3, to: 总监, match: {urgency: [critical, high]}}

Each rule that holds is recorded once for a record, target and level. The identity of that event follows from these
alone, so the events of two clones that both record it are one event when they are merged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import conditions
from exlog.conditions import Condition, Known, Place, Resolve
from exlog.i18n import _
from exlog.worktime import Calendar, Within, parse_within

if TYPE_CHECKING:
    from exlog.policy import Where
    from exlog.sla import Running

ROLES = ("owner", "department")
"""Words under ``to`` that stand for who has the record."""

PREFIX = "esc-"
"""How the identity of each escalation begins."""

_AT = re.compile(r"(warn|breach)(?: ?\+ ?(\S.*))?", re.ASCII)
_IDENTITY_BYTES = 10


class Rule(NamedTuple):
    """One item of the list. ``state``: warn or breached; ``after``: how long after the due time, None at once.

    ``targets``: the steps it is about, all where it names none.
    """

    match: Condition
    targets: frozenset[str]
    state: str
    after: Within | None
    level: int
    to: str

    def words(self) -> str:
        """When it holds, as exlog.yaml has it."""
        start = "breach" if self.state == "breached" else self.state
        return f"{start} + {self.after.text}" if self.after else start


Escalation = tuple[Rule, ...]


class Step(NamedTuple):
    """One escalation of one record that is due now: the level, the name it goes to, and the event's identity."""

    rule: Rule
    target: Running
    to: str
    identity: str


def read(data: Any, where: Where, path: tuple[Any, ...], known: Known, resolve: Resolve) -> Escalation:
    """The rules in the list that stands at ``path``; none where there is no list.

    Raises Damaged that names place and remedy, also for a rule that can never be the one recorded.
    """
    place = Place(where, path, known, resolve)
    made: list[Rule] = []
    for spot, item in place.items([] if data is None else data):
        rule = _rule(spot, item)
        for number, other in enumerate(made, 1):
            if other.level == rule.level and _takes(other, rule):
                raise spot.bad(
                    _("this rule never escalates: rule {number} has its level and holds before").format(number=number),
                    _("give it a higher level, or remove it"),
                )
        made.append(rule)
    return tuple(made)


def steps(
    record: Mapping[str, str], found: Collection[Running], rules: Escalation, calendars: Mapping[str, Calendar],
    now: datetime,
) -> list[Step]:  # fmt: skip
    """The escalations that hold of an open record now, whether recorded before or not; lowest level first.

    ``record`` has the customer's fields too where rules ask for them (``conditions.merged``).
    """
    made: dict[str, Step] = {}
    for target in found:
        for rule in rules:
            if _holds(rule, target, calendars, now) and rule.match.matches(record):
                key = identity(record, target.name, rule.level)
                made.setdefault(key, Step(rule, target, _receiver(rule.to, record), key))
    return sorted(made.values(), key=lambda step: step.rule.level)


def identity(record: Mapping[str, str], target: str, level: int) -> str:
    """The event's id: the same in every clone. A record that was reopened may escalate anew."""
    parts = (record.get("uid", ""), target, str(level), record.get("reopen_count") or "0")
    return PREFIX + hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[: 2 * _IDENTITY_BYTES]


def _holds(rule: Rule, target: Running, calendars: Mapping[str, Calendar], now: datetime) -> bool:
    if rule.targets and target.name not in rule.targets:
        return False
    if rule.state == "warn":
        return target.state in ("warn", "breached")
    if target.state != "breached":
        return False
    return rule.after is None or now >= calendars[target.calendar].due(target.due_at, rule.after)


def _receiver(to: str, record: Mapping[str, str]) -> str:
    """Whom ``to`` means for this record; the department where an owner is asked for and there is none."""
    if to not in ROLES:
        return to
    return record.get(to) or record.get("department") or record.get("owner") or ""


def _takes(other: Rule, rule: Rule) -> bool:
    """Whether ``other`` holds wherever and as early as ``rule`` does."""
    if other.targets and (not rule.targets or not rule.targets <= other.targets):
        return False
    earlier = other.state == "warn" or (
        rule.state == "breached" and (other.after is None or (rule.after is not None and other.after == rule.after))
    )
    return earlier and conditions.covers(other.match, rule.match)


def _rule(place: Place, data: Any) -> Rule:
    said = place.entry(data, ("at", "level", "to"), ("target", "match"))
    state, after = _when(place.at("at"), said["at"])
    to = place.at("to").text(said["to"])
    if not to:
        raise place.at("to").bad(_("it goes to nobody"), _("name a person, or write owner or department"))
    match = {} if said.get("match") is None else said["match"]
    return Rule(
        match=conditions.read(match, place.where, (*place.path, "match"), place.known, place.resolve),
        targets=_targets(place.at("target"), said.get("target")),
        state=state,
        after=after,
        level=int(place.at("level").number(said["level"], 1, 9, 0)),
        to=to,
    )


def _when(place: Place, value: Any) -> tuple[str, Within | None]:
    found = _AT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or (found[1] == "warn" and found[2]):
        raise place.bad(
            _("{value} is no moment of escalation").format(value=value),
            _("write warn, breach, or breach + 1wd"),
        )
    after = parse_within(found[2], place.where, place.path) if found[2] else None
    return "warn" if found[1] == "warn" else "breached", after


def _targets(place: Place, data: Any) -> frozenset[str]:
    if data is None:
        return frozenset()
    names = [data] if isinstance(data, str) else [item for _spot, item in place.items(data)]
    if not names or not all(isinstance(name, str) for name in names):
        raise place.bad(_("this must be a target of sla, or a list of them"), _("write it like target: resolve"))
    return frozenset(names)
