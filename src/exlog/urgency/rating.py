"""The rating of a record: weighted shares, the level that their sum reaches, the floors that raise it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from exlog import conditions, vocabulary
from exlog.conditions import Condition, Key
from exlog.fields import Field
from exlog.i18n import _

REPEATS = Field(
    "repeat_90d",
    "int",
    "Repeats in 90 days",
    "90天内重复次数",
    "of this customer and category",
    "exlog",
)


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
        f"{part.label}: {part.shown} → {digits(part.weight)} × {digits(part.share)} = {digits(part.points)}"
        for part in rating.parts
    ]
    lines.append(
        _("score {score}: {level} (from {min})").format(
            score=digits(rating.score), level=_label(rating.scored.key), min=digits(rating.scored.min)
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


def _part(factor: Factor, value: str) -> Part:
    field, weight, share = factor.field, factor.weight, factor.share(value)
    return Part(field.name, field.label, value, weight, share, weight * share, conditions.shown(field, value))


def _label(level: str) -> str:
    return vocabulary.label("urgency", level)


def digits(number: Decimal) -> str:
    """A number as a person writes it: neither an exponent nor zeros at its end."""
    return f"{number.normalize():f}"
