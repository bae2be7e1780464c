"""How figures are rounded: once, where they are shown, half away from zero, as people do by hand."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DIGITS = {"records": 0, "share": 4, "hours": 2, "points": 2, "rate": 6}
"""Decimals of a figure of each unit where it is written as a number."""

_SAME = 6
"""Decimals that every engine computes alike, whatever order it adds in."""


def settled(value: float) -> float:
    """A figure without what the order of adding left behind its sixth decimal."""
    return round(value, _SAME) + 0.0


def rounded(value: float, digits: int) -> float:
    """``value`` to ``digits`` decimals."""
    return float(_decimal(value, digits)) + 0.0


def number(value: int | float | None, unit: str) -> int | float | None:
    """A figure as programs read it: counts whole, others to the decimals of their unit, None as it is."""
    return rounded(value, DIGITS[unit]) if isinstance(value, float) else value


def written(value: float, digits: int) -> str:
    """``value`` with so many decimals and separators of thousands; no negative nought."""
    number = _decimal(value, digits)
    return f"{number if number else abs(number):,}"


def _decimal(value: float, digits: int) -> Decimal:
    # Twelve digits are what is left of a figure times a hundred: 0.0625 * 100 is 6.25, not 6.2499….
    return Decimal(f"{value:.12g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
