"""Figures and periods in words, in the language in force."""

from __future__ import annotations

from collections.abc import Sequence

from exlog.i18n import _, pick
from exlog.report.model import Change, Figure, Limit

_UNITS = {"week": ("week", "周"), "month": ("month", "月份")}
MINUS = "−"
THOUSAND = 1000
"""Rates are told of a thousand."""


def figure(one: Figure | Limit) -> str:
    """A figure with its unit; a dash for one of nothing."""
    if one.unit == "rate" and one.value is not None:
        return f"{signed(one.value * THOUSAND, 2)} ‰"
    return value(one.value, one.unit)


def with_n(one: Figure) -> str:
    """A figure with the number of records it rests on, marked where these are few; a count is its own number."""
    if one.additive or one.value is None:
        return figure(one)
    return f"{figure(one)}{'°' if one.small else ''}{over(one.n)}"


def over(n: int) -> str:
    """Behind a figure, over how many records it is taken."""
    return pick(" (n {})", "（n {}）").format(count(n))


def value(number: float | int | None, unit: str) -> str:
    """A figure of a unit: records plainly, shares in percent, hours and points with their decimals."""
    if number is None:
        return "–"
    if unit == "share":
        return f"{signed(number * 100, 1)} %"
    if unit == "points":
        return signed(number, 2)
    if unit == "records":
        return count(number)
    return f"{signed(number, 1)} h"


def change(one: Change) -> str:
    """A difference with its sign; shares in percentage points."""
    if one.value is None:
        return "–"
    if one.unit == "rate":
        return f"{'+' if one.value > 0 else ''}{signed(one.value * THOUSAND, 2)} ‰"
    sign = "+" if one.value > 0 else MINUS if one.value < 0 else "±"
    size = abs(one.value)
    if one.unit == "share":
        return f"{sign}{size * 100:.1f} " + _("pp")
    if one.unit == "points":
        return f"{sign}{size:.2f}"
    if one.unit == "records":
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:,.1f} h"


def count(number: float | int | None) -> str:
    """A count with separators of thousands."""
    return "–" if number is None else f"{number:,.0f}"


def number(size: float) -> str:
    """A number without needless decimals."""
    return f"{size:g}"


def signed(size: float, decimals: int) -> str:
    """A number with decimals, a true minus sign and no negative nought."""
    text = f"{abs(size):,.{decimals}f}"
    return MINUS + text if size < 0 and float(text.replace(",", "")) else text


def against_target(variance: Figure, hours_a_day: float) -> str:
    """In words, which side of the target a variance is on, and by how many working days."""
    if variance.value is None:
        return "–"
    if variance.value == 0:
        return _("on target")
    text = _("faster by {days} days") if variance.value < 0 else _("slower by {days} days")
    return text.format(days=f"{abs(variance.value) / hours_a_day:,.1f}")


def unit(step: str) -> str:
    """A step of the trend."""
    return pick(*_UNITS[step])


def listed(parts: Sequence[str]) -> str:
    """Several things in one sentence."""
    return pick(", ", "，").join(parts)


def sentences(*parts: str) -> str:
    """Some sentences, each with its end."""
    return pick(" ", "").join(part + stop() for part in parts)


def colon() -> str:
    """What stands between a name and what is said of it."""
    return pick(": ", "：")


def stop() -> str:
    """What ends a sentence."""
    return pick(".", "。")
