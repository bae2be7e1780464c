"""Figures and periods in words, in the language in force."""

from __future__ import annotations

from collections.abc import Sequence

from exlog.i18n import _, pick
from exlog.measures.rounding import written
from exlog.report.model import Change, Figure, Limit

_UNITS = {"week": ("week", "周"), "month": ("month", "月份")}
MINUS = "−"
THOUSAND = 1000
"""Rates are told of a thousand."""
_SHOWN = {
    "share": (100, 1, " %"),
    "rate": (THOUSAND, 2, " ‰"),
    "points": (1, 2, ""),
    "records": (1, 0, ""),
    "hours": (1, 1, " h"),
}
"""By unit what a figure is multiplied with, its decimals, and the sign behind it."""


def figure(one: Figure | Limit) -> str:
    """A figure with its unit; a dash for one of nothing."""
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
    scale, decimals, behind = _SHOWN[unit]
    return signed(number * scale, decimals) + behind


def change(one: Change) -> str:
    """A difference with its sign; shares in percentage points."""
    if one.value is None:
        return "–"
    scale, decimals, behind = _SHOWN[one.unit]
    size = written(abs(one.value) * scale, decimals)
    sign = "±" if not size.strip("0.") else "+" if one.value > 0 else MINUS
    return sign + size + (" " + _("pp") if one.unit == "share" else behind)


def count(number: float | int | None) -> str:
    """A count with separators of thousands."""
    return "–" if number is None else f"{number:,.0f}"


def number(size: float) -> str:
    """A number without needless decimals."""
    return f"{size:g}"


def signed(size: float, decimals: int) -> str:
    """A number with decimals, a true minus sign and no negative nought."""
    return written(size, decimals).replace("-", MINUS)


def against_target(variance: Figure, hours_a_day: float) -> str:
    """In words, which side of the target a variance is on, and by how many working days."""
    if variance.value is None:
        return "–"
    if variance.value == 0:
        return _("on target")
    text = _("faster by {days} days") if variance.value < 0 else _("slower by {days} days")
    return text.format(days=written(abs(variance.value) / hours_a_day, 1))


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
