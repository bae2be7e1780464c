"""The list under ``sla:`` in exlog.yaml, read into rules: the first whose condition holds has the times allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import conditions, vocabulary
from exlog.conditions import CUSTOMER, Condition, Known, Place, Resolve
from exlog.i18n import _
from exlog.worktime import Within, parse_within

if TYPE_CHECKING:
    from exlog.policy import Where

KEYS = ("match", "calendar", "warn_at")
"""Keys of a rule that are no steps."""

STEP_KEYS = ("from", "to", "within")

STANDARD: list[dict[str, Any]] = [
    {
        "match": {},
        "record": {"from": "received_at", "to": "recorded_at", "within": "1wd"},
        "respond": {
            "from": "received_at",
            "to": "first_response_at",
            "within": {"critical": "1wh", "high": "2wh", "medium": "8wh", "low": "2wd"},
        },
        "resolve": {
            "from": "received_at",
            "to": "resolved_at",
            "within": {"critical": "8wh", "high": "2wd", "medium": "3wd", "low": "5wd"},
        },
        "confirm": {"from": "resolved_at", "to": "confirmed_at", "within": "24h"},
    }
]
"""What holds where exlog.yaml has no ``sla:``."""

DEFAULT = "default"
"""The calendar of a rule that names none, and the time allowed of an urgency that has none of its own."""

WARN_AT = 0.75

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Step(NamedTuple):
    """One time allowed of a rule: between the times in two fields, by urgency."""

    name: str
    start: str
    end: str
    by_urgency: Mapping[str, Within]
    otherwise: Within

    def within(self, urgency: str) -> Within:
        """The time allowed at an urgency; where a record has none, ``default``, else the longest."""
        return self.by_urgency.get(urgency, self.otherwise)


class Rule(NamedTuple):
    """One item of the list. ``warn_at``: the share of its time from which a step is nearly breached."""

    match: Condition
    calendar: str
    warn_at: float
    steps: tuple[Step, ...]
    main: Step | None = None
    """The step whose due time a record keeps in ``due_at``."""

    def state_at(self, used: float) -> str:
        """The state of an open step that is not yet due, of whose time this share is used."""
        return "warn" if used >= self.warn_at else "pending"


class SlaPolicy(NamedTuple):
    """The rules, in order."""

    rules: tuple[Rule, ...]

    def rule_of(self, record: Mapping[str, str]) -> int | None:
        """The number, from 0, of the rule that a record falls under (see ``conditions.merged``)."""
        for number, rule in enumerate(self.rules):
            if not rule.match.tests or rule.match.matches(record):
                return number
        return None


def read_sla(
    data: Any,
    where: Where,
    path: tuple[Any, ...] = ("sla",),
    *,
    known: Known | None = None,
    resolve: Resolve = vocabulary.resolve,
    calendars: Collection[str] = (DEFAULT,),
) -> SlaPolicy:
    """The rules in the list that stands at ``path``; ``STANDARD`` where there is none, no rules where it is empty.

    ``known``: the fields a condition may ask (``conditions.known()``), ``resolve``: what makes a word its key,
    ``calendars``: the names a rule may use. Raises Damaged that names place and remedy.
    """
    data = STANDARD if data is None else data
    place = Place(where, path, conditions.known() if known is None else known, resolve)
    rules: list[Rule] = []
    for spot, item in place.items(data):
        rule = _rule(spot, item, calendars)
        for number, earlier in enumerate(rules):
            if conditions.covers(earlier.match, rule.match):
                raise spot.bad(
                    _("this rule is never used: item {number} of the list holds wherever it does").format(
                        number=number + 1
                    ),
                    _("move it further up, or remove it"),
                )
        rules.append(rule)
    return SlaPolicy(tuple(rules))


def _rule(place: Place, data: Any, calendars: Collection[str]) -> Rule:
    found = dict(place.mapping(data))
    match = found["match"] if found.get("match") is not None else {}
    calendar = found.get("calendar", DEFAULT)
    if not isinstance(calendar, str) or calendar not in calendars:
        raise place.at("calendar").bad(
            _("no such calendar: {name}").format(name=calendar), _("one of: {choices}").format(choices=_all(calendars))
        )
    steps = tuple(_step(place.at(key), str(key), value) for key, value in found.items() if key not in KEYS)
    return Rule(
        match=conditions.read(match, place.where, (*place.path, "match"), place.known, place.resolve),
        calendar=calendar,
        warn_at=float(place.at("warn_at").number(found.get("warn_at", WARN_AT), 0, 1, 4)),
        steps=steps,
        main=_main(steps),
    )


def _main(steps: Collection[Step]) -> Step | None:
    """The step to ``resolved_at``; of several, ``resolve``."""
    found = [step for step in steps if step.end == "resolved_at"]
    return next((step for step in found if step.name == "resolve"), found[0] if found else None)


def _step(place: Place, name: str, data: Any) -> Step:
    if not _NAME.fullmatch(name) or not isinstance(data, dict) or not set(data) & set(STEP_KEYS):
        raise place.bad(
            _("{name} is neither {keys} nor a step").format(name=name, keys=_all(KEYS)),
            _("write a step like {example}").format(
                example="respond: {from: received_at, to: first_response_at, within: 8wh}"
            ),
        )
    found = dict(place.mapping(data, STEP_KEYS))
    for key in STEP_KEYS:
        if found.get(key) is None:
            raise place.bad(_("{key} is missing").format(key=key), _("a step has from, to and within"))
    start, end = (_time_field(place.at(key), found[key]) for key in ("from", "to"))
    if start == end:
        raise place.at("to").bad(_("it ends where it begins"), _("name two different times"))
    by_urgency, otherwise = _within(place.at("within"), found["within"])
    return Step(name, start, end, by_urgency, otherwise)


def _time_field(place: Place, name: Any) -> str:
    field = place.field(name)
    if field.kind != "time" or field.name.startswith(CUSTOMER):
        times = [one.name for one in place.known.values() if one.kind == "time" and not one.name.startswith(CUSTOMER)]
        raise place.bad(
            _("{name} is no time of a record").format(name=name), _("one of: {choices}").format(choices=_all(times))
        )
    return field.name


def _within(place: Place, data: Any) -> tuple[dict[str, Within], Within]:
    """The times allowed by urgency, and the one for a record without urgency."""
    if not isinstance(data, dict):
        return {}, parse_within(data, place.where, place.path)
    levels = vocabulary.keys("urgency")
    found: dict[str, Within] = {}
    for key, value in place.mapping(data):
        spot = place.at(key)
        level = DEFAULT if key == DEFAULT else spot.choice("urgency", key)
        if level in found:
            raise spot.bad(_("{name} has a time already").format(name=level), _("remove one of the two"))
        found[level] = parse_within(value, spot.where, spot.path)
    default = found.pop(DEFAULT, None)
    missing = [level for level in levels if level not in found]
    if missing and default is None:
        raise place.bad(
            _("there is no time for: {names}").format(names=_all(missing)),
            _("add it, or add default: for all the rest"),
        )
    return found, default or max(found.values(), key=lambda within: within.roughly)


def _all(names: Collection[str]) -> str:
    return ", ".join(names)
