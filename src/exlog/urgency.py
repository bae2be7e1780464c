"""How urgent a record is: a sum of weighted shares makes a score, the score a level, floors raise the level.

    points of a factor = weight × share        share 0 to 1, by the value of one field
    score              = sum of all points     0 to 100, because the weights sum to 100
    level              = the first level whose ``min`` the score reaches, raised by each floor that holds

Numbers are Decimals as written in exlog.yaml (weights with at most 2 decimals, shares with 4), so that products and
sums are exact: nothing is rounded, a score of exactly ``min`` reaches the level, and anybody can redo the sum by hand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import conditions, times, vocabulary
from exlog.conditions import Condition, Key, Place, Resolve
from exlog.fields import Field
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.policy import Where

WINDOW = timedelta(days=90)
"""How far apart two records are repeats of each other: 90 times 24 hours between their receipts, ends included."""

REPEATS = Field(
    "repeat_90d",
    "int",
    "Repeats in 90 days",
    "90天内重复次数",
    "of this customer and category",
    "exlog",
)

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


class Level(NamedTuple):
    """A level and the least score, 0 to 100, that reaches it."""

    key: str
    min: Decimal


class Factor(NamedTuple):
    """What one field adds. ``weight``: its most points. ``bands``: least value and share, the highest first."""

    field: Field
    weight: Decimal
    shares: Mapping[Key, Decimal]
    bands: tuple[tuple[Decimal, Decimal], ...]
    missing: Decimal

    def share(self, value: str) -> Decimal:
        """0 to 1: ``missing`` where the field is empty, not in the map, or no number; 0 below all bands."""
        key = conditions.key_of(self.field, value)
        if not self.bands:
            return self.shares.get(key, self.missing)
        if not isinstance(key, Decimal):
            return self.missing
        return next((share for least, share in self.bands if key >= least), Decimal(0))


class Floor(NamedTuple):
    """Records of a kind that are ``at_least`` so urgent, whatever their score."""

    when: Condition
    at_least: str


class UrgencyPolicy(NamedTuple):
    """``urgency:`` of exlog.yaml; levels from the highest to the one that starts at 0."""

    levels: tuple[Level, ...]
    factors: tuple[Factor, ...]
    floors: tuple[Floor, ...]


class Part(NamedTuple):
    """What one factor gave: points = weight × share. ``value`` is as stored; ``label`` and ``shown`` are for people."""

    field: str
    label: str
    value: str
    weight: Decimal
    share: Decimal
    points: Decimal
    shown: str


class Rating(NamedTuple):
    """A level and the whole way to it: ``parts`` sum to ``score``, which makes ``scored``; ``floors`` raised that."""

    level: str
    score: Decimal
    parts: tuple[Part, ...]
    floors: tuple[Floor, ...]
    scored: Level


class Contact(NamedTuple):
    """What counting repeats needs of a record. ``customer``: customer_id, else customer_name."""

    customer: str
    category: str
    received_at: str
    close_reason: str
    id: str


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


def rate(record: Mapping[str, str], customer: Mapping[str, str], repeats: int, policy: UrgencyPolicy) -> Rating:
    """How urgent ``record`` is, of a customer with this profile, with so many ``repeats`` in 90 days.

    Any stored text is taken: what cannot be read counts as missing.
    """
    values = {**conditions.merged(record, customer), REPEATS.name: str(repeats)}
    parts = tuple(_part(factor, values.get(factor.field.name, "")) for factor in policy.factors)
    score = sum((part.points for part in parts), Decimal(0))
    scored = _scored(score, policy)
    raised = tuple(_raised(scored, values, policy))
    return Rating(raised[-1].at_least if raised else scored.key, score, parts, raised, scored)


def level(record: Mapping[str, str], customer: Mapping[str, str], repeats: int, policy: UrgencyPolicy) -> str:
    """The level of ``rate``, without the way to it: for many records."""
    values = {**conditions.merged(record, customer), REPEATS.name: str(repeats)}
    points = (factor.weight * factor.share(values.get(factor.field.name, "")) for factor in policy.factors)
    found = _scored(sum(points, Decimal(0)), policy)
    return next((floor.at_least for floor in reversed(_raised(found, values, policy))), found.key)


def _scored(score: Decimal, policy: UrgencyPolicy) -> Level:
    return next(level for level in policy.levels if score >= level.min)


def _raised(scored: Level, values: Mapping[str, str], policy: UrgencyPolicy) -> list[Floor]:
    """The floors that raise a level that was reached, each higher than the one before."""
    reached, raised = rank(scored.key), []
    for floor in policy.floors:
        if rank(floor.at_least) > reached and floor.when.matches(values):
            reached = rank(floor.at_least)
            raised.append(floor)
    return raised


def explain(rating: Rating) -> list[str]:
    """The sum factor by factor, the level it reaches and each floor that raised it, in the language in force."""
    lines = [
        f"{part.label}: {part.shown} → {_digits(part.weight)} × {_digits(part.share)} = {_digits(part.points)}"
        for part in rating.parts
    ]
    lines.append(
        _("score {score}: {level} (from {min})").format(
            score=_digits(rating.score), level=_label(rating.scored.key), min=_digits(rating.scored.min)
        )
    )
    lines += [
        _("at least {level}: {condition}").format(level=_label(floor.at_least), condition=floor.when.words())
        for floor in rating.floors
    ]
    return lines


def revise(old_urgency: str, old_by: str, old_rated: str, rating: Rating, *, lower: bool = False) -> str | None:
    """The level that an open record takes after a new rating; None: it keeps its own.

    ``old_rated`` is the highest level that was rated before: only where the facts have risen above it, an urgency
    set by hand is raised as well, since what the person knew then is not all that is known now. A lower rating
    changes nothing unless ``lower`` is asked for (a fact of the record itself was corrected), and never an urgency
    set by hand: only a person takes that back.
    """
    return revise_level(old_urgency, old_by, old_rated, rating.level, lower=lower)


def revise_level(old_urgency: str, old_by: str, old_rated: str, level: str, *, lower: bool = False) -> str | None:
    """``revise`` for a level that was rated already."""
    now, before = rank(level), rank(old_urgency)
    if old_by == "manual" and now <= rank(old_rated):
        return None
    if now > before or (now < before and lower and old_by != "manual"):
        return level
    return None


_RANKS = {key: rank for rank, key in enumerate(reversed(vocabulary.keys("urgency")), 1)}


def rank(level: str) -> int:
    """Levels in order: low is less than high; what is no level, such as an empty cell, is below all."""
    return _RANKS.get(level, 0)


def repeats(one: Contact, rows: Iterable[Contact]) -> int:
    """How many other ``rows`` lie within ``WINDOW`` of ``one``, from the same customer, in the same category.

    Earlier ones and later ones count: a customer who comes again makes what is still open more urgent. Duplicate
    and invalid records do not count. Without a customer, a category or a readable time nothing repeats. Only rows
    of the same customer have their times read.
    """
    received = times.moment(one.received_at)
    if received is None or not one.customer or not one.category:
        return 0
    count = 0
    for row in rows:
        if row.customer != one.customer or row.category != one.category or row.id == one.id or not _counts(row):
            continue
        other = times.moment(row.received_at)
        count += other is not None and abs(received - other) <= WINDOW
    return count


def all_repeats(rows: Iterable[Contact]) -> dict[str, int]:
    """``repeats`` of every row by id, against all the others: n log n, for rating a whole ledger anew."""
    groups: dict[tuple[str, str], list[timedelta]] = {}
    wanted: list[tuple[Contact, timedelta]] = []
    found: dict[str, int] = {}
    for row in rows:
        found[row.id] = 0
        received = times.moment(row.received_at)
        if received is None or not row.customer or not row.category:
            continue
        since = received - _EPOCH
        wanted.append((row, since))
        if _counts(row):
            groups.setdefault((row.customer, row.category), []).append(since)
    for group in groups.values():
        group.sort()
    for row, since in wanted:
        group = groups.get((row.customer, row.category), [])
        found[row.id] = bisect_right(group, since + WINDOW) - bisect_left(group, since - WINDOW) - _counts(row)
    return found


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _counts(row: Contact) -> bool:
    return row.close_reason not in vocabulary.EXCLUDED_CLOSE_REASONS


def _part(factor: Factor, value: str) -> Part:
    field, weight, share = factor.field, factor.weight, factor.share(value)
    return Part(field.name, field.label, value, weight, share, weight * share, conditions.shown(field, value))


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
        raise place.bad(_("the weights sum to {total}, not to 100").format(total=_digits(total)), _("change a weight"))
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


def _label(level: str) -> str:
    return vocabulary.label("urgency", level)


def _digits(number: Decimal) -> str:
    return f"{number.normalize():f}"
