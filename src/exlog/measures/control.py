"""A control chart over counts: which month is out of the ordinary.

The u-chart of Shewhart, for events over an area of opportunity that differs from period to period (ISO 7870-2;
Montgomery, Introduction to Statistical Quality Control, ch. 7.3): with a rate ``u`` of events for each unit and an
exposure of ``n`` units, ``n·u`` events are expected, and the limits stand three standard deviations of a Poisson count
away, ``n·u ± 3·√(n·u)``. With one exposure for all it is the c-chart.

A period is judged by the rate of the ones before it, so that what is out of the ordinary does not widen its own
limits, and leaves the rate of later ones. What is out of the ordinary on the same side a second time running counts
again: then it begins to be a new level.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

SIGMAS = 3
WINDOW = 12
"""How many periods before make the rate: a year of months, so that each season is in it once."""
LEAST = 6
"""Fewer periods before say too little of what is ordinary."""
LEAST_EVENTS = 5
"""Nor do fewer events than these, all periods before together."""


class Point(NamedTuple):
    """What happened in one period: ``events`` over ``exposure`` units, such as days or orders (above 0)."""

    period: str
    events: int
    exposure: float


class Judged(NamedTuple):
    """A point with what was to be expected, in events of that period. ``sign``: above, below or empty (ordinary).

    ``expected``, ``lower`` and ``upper`` are None where too little went before.
    """

    point: Point
    expected: float | None
    lower: float | None
    upper: float | None
    sign: str

    @property
    def rate(self) -> float:
        """Events for each unit of exposure."""
        return self.point.events / self.point.exposure


def judge(points: Sequence[Point], *, whole: bool = True) -> list[Judged]:
    """Each of ``points``, ascending and without gaps, by those before it.

    Unless ``whole``, the last one is still going on: its exposure is what passed of it, and it is told when above only,
    as what is yet to be entered may fill it up.
    """
    judged: list[Judged] = []
    ordinary: list[Point] = []
    for place, point in enumerate(points):
        before = ordinary[-WINDOW:]
        running = place == len(points) - 1 and not whole
        found = _judged(point, before, running)
        again = judged[-1].sign if judged else ""
        judged.append(found)
        if not found.sign or found.sign == again:
            ordinary.append(point)
    return judged


def _judged(point: Point, before: Sequence[Point], running: bool) -> Judged:
    events = sum(one.events for one in before)
    if len(before) < LEAST or events < LEAST_EVENTS:
        return Judged(point, None, None, None, "")
    expected = events / sum(one.exposure for one in before) * point.exposure
    spread = SIGMAS * sqrt(expected)
    lower, upper = max(expected - spread, 0.0), expected + spread
    sign = "above" if point.events > upper else "below" if point.events < lower and not running else ""
    return Judged(point, expected, lower, upper, sign)
