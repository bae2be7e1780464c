"""Who gets a record: ``routing:`` of exlog.yaml, of which the first rule that matches wins, and ``people:``.

A person who left (``until`` is the last day) is never routed to; the department keeps the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import conditions, times, vocabulary
from exlog.conditions import Condition, Place, Resolve
from exlog.fields import Field
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.policy import Where


class Person(NamedTuple):
    """One of ``people:``. ``until``: the last day, None for who stays."""

    name: str
    department: str = ""
    email: str = ""
    until: date | None = None
    role: str = ""

    def left(self, today: date) -> bool:
        """Whether the last day is over."""
        return self.until is not None and self.until < today


People = Mapping[str, Person]


class Rule(NamedTuple):
    """Records of a kind and who gets them; a rule without a department takes that of its owner."""

    when: Condition
    department: str
    owner: str


Routing = tuple[Rule, ...]


class Route(NamedTuple):
    """Who gets a record, empty for nobody. ``rule``: its place from 0, None where none matches; ``why``: for people."""

    department: str
    owner: str
    rule: int | None
    why: str


def read_people(data: Any, where: Where, path: tuple[Any, ...] = ("people",)) -> dict[str, Person]:
    """The people under ``people:`` by name. Raises Damaged, with the place and what to do."""
    place = Place(where, path, {}, vocabulary.resolve)
    made: dict[str, Person] = {}
    for name, said in place.mapping({} if data is None else data):
        spot = place.at(name)
        entry = spot.entry({} if said is None else said, (), ("department", "email", "until", "role"))
        texts = {key: spot.at(key).text(value) for key, value in entry.items() if key != "until"}
        made[str(name)] = Person(str(name), until=_until(spot.at("until"), entry.get("until")), **texts)
    return made


def read(
    data: Any,
    where: Where,
    path: tuple[Any, ...] = ("routing",),
    people: People | None = None,
    own: Iterable[Field] = (),
    resolve: Resolve = vocabulary.resolve,
) -> Routing:
    """The rules under ``routing:``.

    ``own`` are the ledger's own fields, ``resolve`` makes a word of an enumeration its key. Raises Damaged, with
    the place and what to do, for an unknown field or value, a rule that names nobody or that can never match,
    and an owner who is not among ``people``, where any are declared.
    """
    place = Place(where, path, conditions.known(own), resolve)
    made: list[Rule] = []
    for spot, item in place.items([] if data is None else data):
        rule = _rule(spot, item, people or {})
        for number, other in enumerate(made, 1):
            if conditions.covers(other.when, rule.when):
                raise spot.bad(
                    _("this rule never matches: rule {number} takes all of it").format(number=number),
                    _("put it before that rule, or remove it"),
                )
        made.append(rule)
    return tuple(made)


def route(
    record: Mapping[str, str], customer: Mapping[str, str], routing: Routing, people: People, today: date
) -> Route:
    """Who gets ``record``, of a customer with this profile, on ``today`` (a day in the ledger's zone)."""
    values = conditions.merged(record, customer)
    place = next((place for place, rule in enumerate(routing) if rule.when.matches(values)), None)
    if place is None:
        return Route("", "", None, _("no rule of routing matches"))
    rule = routing[place]
    person = people.get(rule.owner, Person(rule.owner))
    department = rule.department or person.department
    why = _("rule {number}: {condition}").format(number=place + 1, condition=rule.when.words())
    if not person.left(today):
        return Route(department, rule.owner, place, why)
    gone_why = _("{why}; {name} left after {date}").format(why=why, name=person.name, date=person.until)
    return Route(department, "", place, gone_why)


def gone(people: People, today: date) -> set[str]:
    """The names of those who left before ``today``."""
    return {name for name, person in people.items() if person.left(today)}


def _rule(place: Place, data: Any, people: People) -> Rule:
    said = place.entry(data, ("when",), ("department", "owner"))
    names = {key: place.at(key).text(said.get(key) or "") for key in ("department", "owner")}
    owner = names["owner"]
    if not any(names.values()):
        raise place.bad(_("this rule names nobody"), _("give it a department or an owner"))
    if owner and people and owner not in people:
        raise place.at("owner").bad(_("{name} is not under people").format(name=owner), _near(owner, people))
    return Rule(conditions.read(said["when"], *place.at("when")), **names)


def _near(name: str, people: People) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(people), n=3)
    return _("did you mean {near}?").format(near=", ".join(near)) if near else _("add the name there, or mend it here")


def _until(place: Place, value: Any) -> date | None:
    if value is None:
        return None
    if not times.is_date(str(value)):
        raise place.bad(_("{value} is no date").format(value=value), _("write it like 2024-03-15"))
    return date.fromisoformat(str(value))
