"""The control chart: which month is out of the ordinary, by the months before it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exlog.measures.control import LEAST, WINDOW, Judged, Point, judge


def months(*counts: int, exposure: float = 30.0) -> list[Point]:
    return [Point(f"m{place:02}", count, exposure) for place, count in enumerate(counts)]


def signs(judged: list[Judged]) -> str:
    return "".join({"above": "+", "below": "-", "": "."}[one.sign] for one in judged)


def test_limits_are_three_deviations_of_a_poisson_count_around_the_rate_before() -> None:
    last = judge(months(14, 18, 16, 15, 17, 16, 29))[-1]
    assert (last.expected, last.lower, last.upper) == (16.0, 4.0, 28.0), "16 ± 3·√16, by hand"
    assert last.sign == "above"
    assert judge(months(14, 18, 16, 15, 17, 16, 28))[-1].sign == "", "the limit itself is ordinary"
    assert judge(months(14, 18, 16, 15, 17, 16, 3))[-1].sign == "below"
    assert judge(months(14, 18, 16, 15, 17, 16, 4))[-1].sign == ""


def test_the_exposure_scales_what_is_expected() -> None:
    short = [*months(*[16] * 6, exposure=32.0), Point("half", 15, 16.0)]
    last = judge(short)[-1]
    assert last.expected == pytest.approx(8.0) and last.upper == pytest.approx(8 + 3 * math.sqrt(8))
    assert last.sign == "" and last.rate == pytest.approx(15 / 16)
    assert judge([*short[:-1], Point("half", 17, 16.0)])[-1].sign == "above"


def test_too_little_before_says_nothing() -> None:
    assert signs(judge(months(*[10] * (LEAST - 1), 900))) == "." * LEAST
    assert judge(months(*[10] * (LEAST - 1), 900))[-1].upper is None
    assert signs(judge(months(0, 0, 1, 0, 0, 0, 9))) == ".......", "a rate cannot be told from one event"
    assert judge([]) == []


def test_a_month_out_of_the_ordinary_does_not_widen_the_limits_of_later_ones() -> None:
    judged = judge(months(*[16] * 6, 90, 16, 29))
    assert signs(judged) == "......+.+"
    assert judged[-1].upper == pytest.approx(28.0)


def test_a_new_level_becomes_the_ordinary_one() -> None:
    signs_of_a_year = signs(judge(months(*[16] * 12, *[60] * 12)))
    assert signs_of_a_year.startswith("." * 12 + "++") and signs_of_a_year.endswith("....")


def test_a_month_that_goes_on_is_told_above_only() -> None:
    low = months(*[16] * 6, 1)
    assert signs(judge(low)) == "......-"
    assert signs(judge(low, whole=False)) == "......."
    assert signs(judge(months(*[16] * 6, 40), whole=False)) == "......+"


def test_a_rate_of_a_year_ago_is_forgotten() -> None:
    steps = [round(10 + place * 0.5) for place in range(40)]
    assert judge(months(*steps))[-1].expected == pytest.approx(sum(steps[-1 - WINDOW : -1]) / WINDOW)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0.5, 1e6)), max_size=40))
def test_what_is_flagged_is_outside_of_its_limits_and_nothing_else_is(numbers: list[tuple[int, float]]) -> None:
    points = [Point(str(place), count, exposure) for place, (count, exposure) in enumerate(numbers)]
    judged = judge(points)
    assert [one.point for one in judged] == points
    for one in judged:
        if one.expected is None or one.lower is None or one.upper is None:
            assert not one.sign
            continue
        assert 0 <= one.lower <= one.expected <= one.upper
        assert one.sign == (
            "above" if one.point.events > one.upper else "below" if one.point.events < one.lower else ""
        )


def test_a_steady_process_is_seldom_flagged_and_a_doubled_one_soon() -> None:
    """False alarms of a Poisson process with a known rate are some 0.3 %; with an estimated one, a little more."""
    dice = random.Random(7)

    def poisson(mean: float) -> int:
        left, count = math.exp(-mean), 0
        product = dice.random()
        while product > left:
            product *= dice.random()
            count += 1
        return count

    steady = [judge(months(*(poisson(20) for _month in range(13))))[-1].sign for _run in range(2000)]
    assert sum(map(bool, steady)) / len(steady) < 0.015
    doubled = [judge(months(*(poisson(20) for _month in range(12)), poisson(40)))[-1].sign for _run in range(500)]
    assert doubled.count("above") / len(doubled) > 0.6
