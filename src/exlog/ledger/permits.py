"""Asks, before a command writes, whether who acts may do it, and whether a second person approved where policy asks.

Files on one's own disk cannot be forbidden to their owner: this keeps honest people from slips, the gate
(``ledger.gate``) is where it is enforced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from exlog import conditions
from exlog.errors import Refused, Usage
from exlog.i18n import _
from exlog.ledger import reading
from exlog.ledger.book import Book
from exlog.store import config
from exlog.workflow import Change, Record

if TYPE_CHECKING:
    from exlog.approval import Rule
    from exlog.ledger.steering import Steering
    from exlog.roles import EventLike, Roles


def require(book: Book, permission: str) -> None:
    """Raise Refused where who acts lacks the permission; costs nothing where no roles are declared."""
    if "roles" not in book.policy.sections:
        return
    refusal = _roles(book).refusal(book.actor, [permission], book.now.date())
    if refusal is not None:
        raise refusal


def require_undo(book: Book, actor: str, done: Mapping[str, Sequence[EventLike]]) -> None:
    """Raise Refused where who acts may not take back what ``actor``'s command did, by record."""
    require(book, "undo")
    if "roles" not in book.policy.sections:
        return
    from exlog import roles

    who = _roles(book)
    own = who.same(actor, book.actor)
    for record, events in done.items():
        refusal = who.refusal(book.actor, roles.needed_to_undo(record, events, own=own), book.now.date(), record)
        if refusal is not None:
            raise refusal


def guard(book: Book, steering: Steering, before: Record, change: Change) -> None:
    """Ask for what a command did to a record: each permission that it needs, then the approval where policy asks.

    Raises Refused that says who lacks what and who could do it.
    """
    rules = steering.rules
    if rules.roles.by_name is not None:
        from exlog import roles

        needed = roles.needed(change.id, change.events)
        refusal = rules.roles.refusal(book.actor, needed, book.now.date(), change.id)
        if refusal is not None:
            raise refusal
    if rules.approval and any(event.field == "status" and event.new == "closed" for event in change.events):
        _guard_closing(book, steering, before, change)


def approve(book: Book, steering: Steering, change: Change, purpose: str, reason: str) -> None:
    """Give an approval: an event of the change. ``purpose`` is empty where policy leaves just one.

    Raises Refused where policy asks for none, Usage where it could be for several things.
    """
    from exlog import approval

    if change.status == "closed":
        raise Refused(_("{id}: it is closed already").format(id=change.id), remedy=f"exlog show {change.id}")
    profile = steering.profile(change.record.get("customer_id", ""))
    state = conditions.merged(change.record, profile)
    found = [
        rule
        for name in approval.PURPOSES
        if purpose in ("", name) and (rule := approval.asked(steering.rules.approval, name, state)) is not None
    ]
    if not found:
        raise Refused(
            _("{id}: no approval is asked for").format(id=change.id),
            remedy=_("approval in exlog.yaml says what needs one"),
        )
    if len(found) > 1:
        raise Usage(
            _("{id}: an approval may be for {choices}").format(
                id=change.id, choices=", ".join(rule.purpose for rule in found)
            ),
            remedy=f"exlog approve {change.id} --for {found[0].purpose}",
        )
    given = _standing(book, found[0], change.record)
    if any(steering.rules.roles.same(actor, book.actor) for actor in given):
        change.remarks.append(_("{id}: you approved it already").format(id=change.id))
        return
    change.events.append(approval.event(found[0].purpose, reason))


def _guard_closing(book: Book, steering: Steering, before: Record, change: Change) -> None:
    from exlog import approval, roles

    purpose = next(iter({"invalidate", "close"} & set(roles.needed(change.id, change.events))), "close")
    profile = steering.profile(before.get("customer_id", ""))
    states = (conditions.merged(before, profile), conditions.merged(change.record, profile))
    rule = approval.asked(steering.rules.approval, purpose, *states)
    if rule is None:
        return
    late = approval.touched(rule, change.events)
    if late:
        names = ", ".join(late)
        raise Refused(
            _("{id}: a second person approves {fields} before it is closed ({rule})").format(
                id=change.id, fields=names, rule=rule.words()
            ),
            remedy=_("change that first (exlog update {id}), then: exlog approve {id} --for {purpose}").format(
                id=change.id, purpose=purpose
            ),
        )
    who, today = steering.rules.roles, book.now.date()
    for actor in _standing(book, rule, before):
        if not who.same(actor, book.actor) and who.may(actor, "approve", today):
            return
    raise Refused(
        _("{id}: closing it needs the approval of a second person ({rule})").format(id=change.id, rule=rule.words()),
        remedy=f"exlog approve {change.id} --for {purpose} ({_able(who, book)})",
    )


def _able(who: Roles, book: Book) -> str:
    if who.by_name is None:
        return _("anybody but {actor}").format(actor=book.actor)
    return who.able_words("approve", book.now.date(), but=book.actor)


def _standing(book: Book, rule: Rule, record: Record) -> Sequence[str]:
    from exlog import approval

    return approval.standing(rule, reading.events_of(book, record["id"], record.get("uid", "")))


def _roles(book: Book) -> Roles:
    from exlog import roles, routing

    def where(*path: object) -> str:
        return config.FILE

    people = routing.read_people(book.policy.sections.get("people"), where)
    return roles.read(book.policy.sections.get("roles"), where, people)
