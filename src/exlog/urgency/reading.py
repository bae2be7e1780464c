"""``urgency:`` of exlog.yaml made into a policy, or refused with the place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from exlog import conditions, vocabulary
from exlog.conditions import Key, Place, Resolve
from exlog.fields import Field
from exlog.i18n import _
from exlog.urgency.rating import REPEATS, Factor, Floor, Level, UrgencyPolicy, digits, rank

if TYPE_CHECKING:
    from exlog.policy import Where

DEFAULT: dict[str, Any] = {
    "levels": [
        {"key": "critical", "min": 80},
        {"key": "high", "min": 60},
        {"key": "medium", "min": 35},
        {"key": "low", "min": 0},
    ],
    "factors": [
        {"field": "severity", "weight": 40, "map": {"safety": 1, "major": 0.75, "moderate": 0.5, "minor": 0.1}},
        {
            "field": "customer.level",
            "weight": 25,
            "map": {"strategic": 1, "vip": 0.7, "standard": 0.2},
            "missing": 0.2,
        },
        {"field": "order_value", "weight": 20, "bands": [[100000, 1], [10000, 0.6], [0, 0.1]], "missing": 0},
        {"field": "repeat_90d", "weight": 15, "bands": [[3, 1], [2, 0.6], [1, 0.2], [0, 0]]},
    ],
    "floors": [
        {"when": {"severity": "safety"}, "at_least": "critical"},
        {"when": {"repeat_90d": ">=2", "order_value": ">=10000"}, "at_least": "critical"},
        {"when": {"type": "complaint", "category": "quality"}, "at_least": "high"},
    ],
}
"""What holds for each key that ``urgency:`` in exlog.yaml does not have."""

_OWN = ("urgency", "urgency_by", "urgency_rated")


def read(
    data: Any,
    where: Where,
    path: tuple[Any, ...] = ("urgency",),
    own: Iterable[Field] = (),
    resolve: Resolve = vocabulary.resolve,
) -> UrgencyPolicy:
    """The policy under ``urgency:``; each key it lacks takes its default.

    ``own`` are the ledger's own fields, ``resolve`` makes a word of an enumeration its key. Raises Damaged, with
    the place and what to do, for anything that cannot be meant.
    """
    place = Place(where, path, conditions.known(own, [REPEATS]), resolve)
    given = dict(place.mapping({} if data is None else data, tuple(DEFAULT)))
    said = {key: default if given.get(key) is None else given[key] for key, default in DEFAULT.items()}
    levels = _levels(place.at("levels"), said["levels"])
    return UrgencyPolicy(
        levels,
        _factors(place.at("factors"), said["factors"]),
        _floors(place.at("floors"), said["floors"], levels),
    )


def _levels(place: Place, data: Any) -> tuple[Level, ...]:
    made: list[Level] = []
    for spot, item in place.items(data):
        said = spot.entry(item, ("key", "min"))
        level = Level(spot.at("key").choice("urgency", said["key"]), spot.at("min").number(said["min"], 0, 100, 2))
        if made and (level.min >= made[-1].min or rank(level.key) >= rank(made[-1].key)):
            raise spot.bad(
                _("levels go down, in urgency and in min"),
                _("each below the one before: {levels}").format(levels=", ".join(vocabulary.keys("urgency"))),
            )
        made.append(level)
    if not made or made[-1].min:
        raise place.bad(_("the last level must start at 0, so that each score has one"), _("give it min: 0"))
    return tuple(made)


def _factors(place: Place, data: Any) -> tuple[Factor, ...]:
    made: list[Factor] = []
    for spot, item in place.items(data):
        factor = _factor(spot, item)
        if factor.field.name in [other.field.name for other in made]:
            raise spot.at("field").bad(
                _("{field} has a factor already").format(field=factor.field.name), _("make one factor of the two")
            )
        made.append(factor)
    total = sum((factor.weight for factor in made), Decimal(0))
    if total != 100:
        raise place.bad(_("the weights sum to {total}, not to 100").format(total=digits(total)), _("change a weight"))
    return tuple(made)


def _factor(place: Place, data: Any) -> Factor:
    said = place.entry(data, ("field", "weight"), ("map", "bands", "missing"))
    field = place.at("field").field(said["field"])
    _refuse_circle(place.at("field"), field)
    weight = place.at("weight").number(said["weight"], 0, 100, 2)
    numeric = field.kind in ("int", "decimal")
    if ("map" in said) == ("bands" in said):
        raise place.bad(_("a factor has either map or bands"), _("bands for a number, map for anything else"))
    if numeric != ("bands" in said) or field.kind in ("date", "time"):
        raise place.at("field").bad(
            _("{field} cannot be weighed so").format(field=field.name),
            _("bands for a number, map for a choice or a text; times and dates cannot be weighed"),
        )
    missing = place.at("missing").number(said.get("missing", 0), 0, 1, 4)
    if numeric:
        return Factor(field, weight, {}, _bands(place.at("bands"), field, said["bands"]), missing)
    return Factor(field, weight, _shares(place.at("map"), field, said["map"]), (), missing)


def _shares(place: Place, field: Field, data: Any) -> dict[Key, Decimal]:
    made: dict[Key, Decimal] = {}
    for word, share in place.mapping(data):
        spot = place.at(word)
        key = conditions.key_of(field, spot.value(field, word))
        if not key or key in made:
            raise spot.bad(
                _("an empty value, or one that the map has already"),
                _("a share for an empty field goes under missing:"),
            )
        made[key] = spot.number(share, 0, 1, 4)
    if not made:
        raise place.bad(_("the map has no values"), _("write it like {example}").format(example="{safety: 1}"))
    return made


def _bands(place: Place, field: Field, data: Any) -> tuple[tuple[Decimal, Decimal], ...]:
    made: list[tuple[Decimal, Decimal]] = []
    example = _("write it like {example}").format(example="[[10000, 1], [0, 0.1]]")
    for spot, item in place.items(data):
        if not isinstance(item, list) or len(item) != 2:
            raise spot.bad(_("a band is a least value and a share"), example)
        least = conditions.key_of(field, spot.at(0).value(field, item[0]))
        if not isinstance(least, Decimal) or (made and least >= made[-1][0]):
            raise spot.bad(_("bands go down: the first that is reached counts"), _("put the highest value first"))
        made.append((least, spot.at(1).number(item[1], 0, 1, 4)))
    if not made:
        raise place.bad(_("there are no bands"), example)
    return tuple(made)


def _floors(place: Place, data: Any, levels: tuple[Level, ...]) -> tuple[Floor, ...]:
    made: list[Floor] = []
    for spot, item in place.items(data):
        said = spot.entry(item, ("when", "at_least"))
        at_least = spot.at("at_least")
        floor = Floor(conditions.read(said["when"], *spot.at("when")), at_least.choice("urgency", said["at_least"]))
        for test in floor.when.tests:
            _refuse_circle(spot.at("when", test.field.name), test.field)
        if floor.at_least not in [level.key for level in levels]:
            raise at_least.bad(
                _("no such level here: {level}").format(level=floor.at_least),
                _("one of: {choices}").format(choices=", ".join(level.key for level in levels)),
            )
        if floor.at_least == levels[-1].key:
            raise at_least.bad(_("nothing is below the lowest level, so this floor never raises"), _("remove it"))
        for number, other in enumerate(made, 1):
            if rank(other.at_least) >= rank(floor.at_least) and conditions.covers(other.when, floor.when):
                raise spot.bad(
                    _("this floor never raises: floor {number} does so before").format(number=number),
                    _("remove it, or make it stricter than that one"),
                )
        made.append(floor)
    return tuple(made)


def _refuse_circle(place: Place, field: Field) -> None:
    if field.name in _OWN:
        raise place.bad(_("the urgency cannot depend on itself"), _("take another field"))
