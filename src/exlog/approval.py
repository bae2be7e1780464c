"""The two-person rule: ``approval:`` of exlog.yaml says what a second person approves before it is done.

    approval:
      - {for: close, when: {urgency: critical}}
      - {for: invalidate}

An approval is an event. It stands until the record changes in what it was about (``ABOUT``, and what the rule's
condition asks), until it is used, or until it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from exlog import conditions
from exlog.conditions import Condition, Known, Place, Resolve
from exlog.i18n import N_, _

if TYPE_CHECKING:
    from exlog.policy import Where
    from exlog.workflow import Event

PURPOSES: dict[str, str] = {
    "close": N_("closing as confirmed or unanswered"),
    "invalidate": N_("closing as a duplicate or as invalid"),
}
"""What may ask for an approval: the permissions of ``roles`` that it guards."""

ABOUT = frozenset((
    "type", "category", "severity", "urgency", "customer_id", "customer_name", "subject", "description", "order_value",
    "cause", "corrective_action", "preventive_action", "resolution", "reopen_count",
))  # fmt: skip
"""Fields that an approval is about: a change of one of them ends it."""

ACTION = "approve"


class Told(Protocol):
    """What is asked of an event of the history here."""

    @property
    def actor(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def new(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def event(self) -> str: ...


class Rule(NamedTuple):
    """One item of the list: what it guards, of which records; ``number`` counts from 1."""

    purpose: str
    when: Condition
    number: int

    def words(self) -> str:
        """The rule as people read it."""
        return _("rule {number}: {condition}").format(number=self.number, condition=self.when.words())

    @property
    def about(self) -> frozenset[str]:
        """The fields whose change ends an approval under this rule."""
        return ABOUT | {test.field.name for test in self.when.tests}


Rules = tuple[Rule, ...]


def read(data: Any, where: Where, path: tuple[Any, ...], known: Known, resolve: Resolve) -> Rules:
    """The rules in the list that stands at ``path``; none where there is no list.

    Raises Damaged, with the place and what to do, also for a rule that an earlier one makes needless.
    """
    place = Place(where, path, known, resolve)
    made: list[Rule] = []
    for spot, item in place.items([] if data is None else data):
        said = spot.entry(item, ("for",), ("when",))
        purpose = said["for"]
        if purpose not in PURPOSES:
            raise spot.at("for").bad(
                _("{value} needs no approval").format(value=purpose),
                _("one of: {choices}").format(choices=", ".join(PURPOSES)),
            )
        when = {} if said.get("when") is None else said["when"]
        rule = Rule(purpose, conditions.read(when, *spot.at("when")), len(made) + 1)
        for other in made:
            if other.purpose == purpose and conditions.covers(other.when, rule.when):
                raise spot.bad(
                    _("this rule never matches: rule {number} takes all of it").format(number=other.number),
                    _("put it before that rule, or remove it"),
                )
        made.append(rule)
    return tuple(made)


def asked(rules: Rules, purpose: str, *states: Mapping[str, str]) -> Rule | None:
    """The first rule that guards ``purpose`` for a record in any of these states; None where none does.

    States are a record before and after a command, with the customer's fields (``conditions.merged``): a record
    does not get round a rule by what changes along with it.
    """
    return next((rule for rule in rules if rule.purpose == purpose and any(map(rule.when.matches, states))), None)


def standing(rule: Rule, events: Iterable[Told]) -> list[str]:
    """Who approved what the rule guards, and whose approval still stands after these events, oldest first."""
    found: dict[str, str] = {}
    for event in events:
        if event.action == ACTION and event.new == rule.purpose:
            found[event.event.rpartition(".")[0]] = event.actor
        elif event.action == "undo" and event.note.removeprefix("undo ") in found:
            del found[event.note.removeprefix("undo ")]
        elif event.field in rule.about or event.field == "*" or (event.field == "status" and event.new == "closed"):
            found.clear()
    return list(found.values())


def touched(rule: Rule, events: Sequence[Event]) -> list[str]:
    """The fields that a command changes although the approval that it uses is about them."""
    return list(dict.fromkeys(event.field for event in events if event.field in rule.about))


def event(purpose: str, reason: str) -> Event:
    """The event that an approval is."""
    from exlog.workflow import Event

    return Event(ACTION, "", "", purpose, reason)
