"""Who may do what: ``roles:`` of exlog.yaml, for the names and addresses under ``people:``.

    roles:
      default: [record, update]
      clerk: [record, assign, update, close]
      manager: [all]

``default`` is the role of anybody who is not under ``people``, has no role there, or left. Where there is no
``roles:`` at all, everybody may do everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from exlog import ids, vocabulary
from exlog.conditions import Place
from exlog.errors import Refused
from exlog.i18n import N_, _
from exlog.merge.rules import COMBINED
from exlog.routing import People, Person
from exlog.workflow import Event

if TYPE_CHECKING:
    from exlog.policy import Where

DEFAULT = "default"
"""The role of who has none."""

ALL = "all"
"""Stands for every permission."""

PERMISSIONS: dict[str, str] = {
    "record": N_("record exceptions: add"),
    "assign": N_("say who deals with a record: assign, another owner or department"),
    "update": N_("change records: update, with notes, holds and resolutions"),
    "close": N_("close as confirmed or unanswered"),
    "invalidate": N_("close as a duplicate or as invalid, so that no figure counts it"),
    "reopen": N_("start a resolved or closed record again"),
    "approve": N_("be the second person of the two-person rule"),
    "edit_customers": N_("make and change profiles of customers"),
    "archive": N_("rotate closed records into the archive"),
    "import": N_("take records in from a file, with the own fields that its map declares"),
    "adopt": N_("take changes by hand into the history: check --adopt"),
    "undo": N_("take a command back; somebody else's by who could do it"),
    "change_policy": N_("change exlog.yaml; only the gate can ask it"),
}
"""Every permission and what it is for: messages, validation and the docs read this."""

_SHOWN = 5
_ENDED = ("resolved", "closed")
_OF_CLOSING = ("status", "close_reason")
_EXCLUDING = vocabulary.EXCLUDED_CLOSE_REASONS
_BY_ACTION = {"reopen": "reopen", "approve": "approve", "import": "import", "archive": "archive"}
FREE = frozenset(("escalate", "remint", "merge"))
"""Actions that follow from the files alone, whoever runs the command that records them: an escalation, which changes no
field, and ``merge`` for the columns that a merge makes one value of."""


class EventLike(Protocol):
    """What is asked of an event here: of a command under way, or one that stands in the history."""

    @property
    def action(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...


class Roles(NamedTuple):
    """What each role may do, None where no roles are declared, and who has which."""

    by_name: dict[str, frozenset[str]] | None
    people: People

    def person(self, actor: str) -> Person | None:
        """Who ``actor`` (a name or an address) is; None for nobody under people."""
        word = actor.strip().casefold()
        named = (one for one in self.people.values() if word == one.name.casefold())
        mailed = (one for one in self.people.values() if one.email and word == one.email.casefold())
        return next(named, None) or next(mailed, None)

    def same(self, actor: str, other: str) -> bool:
        """Whether two actors are one person."""
        one, two = self.person(actor), self.person(other)
        return actor.strip().casefold() == other.strip().casefold() or (one is not None and one == two)

    def role_of(self, actor: str, today: date) -> str:
        """The role that holds for ``actor``; ``default`` also for who left."""
        person = self.person(actor)
        return DEFAULT if person is None or not person.role or person.left(today) else person.role

    def may(self, actor: str, permission: str, today: date) -> bool:
        """Whether ``actor`` has the permission."""
        if self.by_name is None:
            return True
        return permission in self.by_name.get(self.role_of(actor, today), frozenset())

    def refusal(self, actor: str, needed: Iterable[str], today: date, what: str = "") -> Refused | None:
        """The error for the first permission that ``actor`` lacks; None where nothing is lacking.

        ``what`` is put in front: the record that it is about.
        """
        for permission in needed:
            if not self.may(actor, permission, today):
                text = _("{actor} (role {role}) lacks the permission {permission}").format(
                    actor=actor, role=self.role_of(actor, today), permission=permission
                )
                return Refused(f"{what}: {text}" if what else text, remedy=self.able_words(permission, today))
        return None

    def able_words(self, permission: str, today: date, but: str = "") -> str:
        """Who may do it, in words; ``but`` is somebody who does not count."""
        names = [
            one.name
            for one in self.people.values()
            if not one.left(today) and self.may(one.name, permission, today) and not (but and self.same(one.name, but))
        ]
        if names:
            listed = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            return _("{names} may do it").format(names=listed)
        return _("nobody under people may do it; roles in exlog.yaml say who")


def needed(record: str, events: Sequence[EventLike]) -> list[str]:
    """The permissions that one command needs for what it did to one record (an id, or a month for an archive).

    What a step brings along needs no permission of its own: whoever may close may resolve on the way.
    """
    found: dict[str, None] = {}
    actions = {event.action for event in events}
    closing = _closing(events)
    for event in events:
        for permission in _of(record, event, actions, closing):
            found[permission] = None
    if not found and actions - FREE:
        found["update"] = None
    return list(found)


def needed_to_undo(record: str, events: Sequence[EventLike], *, own: bool) -> list[str]:
    """The permissions to take back what a command did to one record.

    One's own command takes ``undo`` alone; somebody else's also what that command needed, and what a closing or a
    reopening needs that comes of taking it back: who could do it may take it back.
    """
    if own:
        return ["undo"]
    done = [event if event.action != "undo" else Event("update", event.field, event.old, event.new) for event in events]
    back = [Event("update", event.field, event.new, event.old) for event in done if event.field in _OF_CLOSING]
    return list(dict.fromkeys(["undo", *needed(record, done), *(needed(record, back) if back else ())]))


def _of(record: str, event: EventLike, actions: set[str], closing: str) -> Iterable[str]:
    action, field = event.action, event.field
    if action in ("adopt", "undo"):
        yield action
    if action == "undo":  # what more it takes says ``needed_to_undo``
        return
    if record.startswith(ids.CUSTOMER):
        yield "edit_customers"
    elif action in _BY_ACTION:
        yield _BY_ACTION[action]
    elif action == "close" or (field == "status" and event.new == "closed"):
        yield closing or "close"
    elif field == "status" and event.old in _ENDED and event.new not in _ENDED:
        yield "reopen"
    elif field in ("owner", "department") or (field == "status" and action == "assign"):
        yield "assign"
    elif action == "create":
        yield "record"
    elif action not in ("adopt", "rate") and not _is_free(event) and not _follows(event, actions, closing):
        yield "update"


def _is_free(event: EventLike) -> bool:
    if event.action == "escalate":
        return not event.field
    return event.action in FREE and (event.action != "merge" or event.field in COMBINED)


def _follows(event: EventLike, actions: set[str], closing: str) -> bool:
    """Whether the event is part of a larger step of the same command."""
    if "create" in actions or "import" in actions:
        return True
    if event.action in ("resolve", "resume"):
        return bool(closing)
    return event.field == "assigned_at" and event.action == "assign"


def _closing(events: Sequence[EventLike]) -> str:
    """The permission that closing needs, where these events close a record."""
    if not any(event.field == "status" and event.new == "closed" for event in events):
        return ""
    reasons = {event.new for event in events if event.field == "close_reason"}
    return "invalidate" if reasons & set(_EXCLUDING) else "close"


def read(data: Any, where: Where, people: People, path: tuple[Any, ...] = ("roles",)) -> Roles:
    """The roles under ``roles:``; ``data`` is None where there are none.

    Raises Damaged, with the place and what to do, for an unknown permission, a person with a role that is not
    there, one address with two roles, and roles by which nobody could change the policy any more.
    """
    if data is None:
        return Roles(None, people)
    place = Place(where, path, {}, vocabulary.resolve)
    by_name = {str(name): _permissions(place.at(name), said) for name, said in place.mapping(data)}
    for person in people.values():
        if person.role and person.role not in by_name:
            raise place._replace(path=("people", person.name, "role")).bad(
                _("no such role: {name}").format(name=person.role),
                _("one of: {choices}").format(choices=", ".join(by_name)),
            )
    _refuse_two_roles(place, people)
    held = {person.role or DEFAULT for person in people.values()} | {DEFAULT}
    if not any("change_policy" in by_name.get(name, ()) for name in held):
        raise place.bad(
            _("nobody could change the policy any more"),
            _("give somebody under people a role with change_policy, or with all"),
        )
    return Roles(by_name, people)


def _permissions(place: Place, data: Any) -> frozenset[str]:
    found: set[str] = set()
    for spot, item in place.items([] if data is None else data):
        if item == ALL:
            found.update(PERMISSIONS)
        elif item in PERMISSIONS:
            found.add(item)
        else:
            raise spot.bad(
                _("no such permission: {name}").format(name=item),
                _("one of: {choices}").format(choices=", ".join((ALL, *PERMISSIONS))),
            )
    return frozenset(found)


def _refuse_two_roles(place: Place, people: People) -> None:
    """An address, or a name that is another's address, must not stand for two roles."""
    known: dict[str, Person] = {}
    for person in people.values():
        for word in {text.casefold() for text in (person.name, person.email) if text}:
            other = known.setdefault(word, person)
            if other.role != person.role:
                raise place._replace(path=("people", person.name, "email")).bad(
                    _("{word} stands for {name} too, who has another role").format(word=word, name=other.name),
                    _("give each person an address of their own"),
                )
