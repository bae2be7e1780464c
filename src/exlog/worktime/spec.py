"""What exlog.yaml says of working time: the hours of a calendar, and a time allowed such as ``8wh``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import times, vocabulary
from exlog.conditions import Place
from exlog.i18n import N_, _

if TYPE_CHECKING:
    from exlog.policy import Where

Path = tuple[Any, ...]

KEYS = ("timezone", "country", "subdivision", "hours", "extra_workdays", "extra_holidays")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

LEAST_A_WEEK = 60
"""Minutes of work that a week must have: with fewer, a few hours allowed would last for decades."""

LIMITS = {"m": 99999, "h": 9999, "d": 999, "wh": 9999, "wd": 999}
"""Units of a time allowed and the most of each."""

_WORDS = {
    "m": N_("{number} minutes"),
    "h": N_("{number} hours"),
    "d": N_("{number} times 24 hours"),
    "wh": N_("{number} working hours"),
    "wd": N_("close of business on working day {number} after the start day"),
}

_WORDS_OF_ONE = {"m": N_("1 minute"), "h": N_("1 hour"), "d": N_("24 hours"), "wh": N_("1 working hour")}

_MINUTES = {"m": 1, "h": 60, "d": 1440, "wh": 60, "wd": 0}

_ROUGHLY = {"m": 1, "h": 60, "d": 1440, "wh": 252, "wd": 2016}
"""Elapsed minutes that a unit takes in a week of five days of eight hours."""

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_WITHIN = re.compile(r"(\d{1,5}) ?(m|h|d|wh|wd)", re.ASCII)


class Interval(NamedTuple):
    """Working time of a day: minutes of the wall clock since midnight, the end not included."""

    start: int
    end: int


Hours = tuple[tuple[Interval, ...], ...]
"""The intervals of each weekday, Monday first."""

_OFFICE = (Interval(540, 720), Interval(780, 1080))
DEFAULT_HOURS: Hours = (*(_OFFICE,) * 5, (), ())
"""Where exlog.yaml names no hours: Monday to Friday, 09:00-12:00 and 13:00-18:00."""


class CalendarSpec(NamedTuple):
    """A calendar as exlog.yaml has it. An empty ``timezone`` is the ledger's, an empty ``country`` is none."""

    timezone: str = ""
    country: str = ""
    subdivision: str = ""
    hours: Hours = DEFAULT_HOURS
    extra_workdays: frozenset[date] = frozenset()
    extra_holidays: frozenset[date] = frozenset()

    def hours_of(self, weekday: int) -> tuple[Interval, ...]:
        """The hours of a weekday (Monday is 0) that works by exception, such as a make-up workday.

        Its own where it has any, else Monday's, else those of the first day of the week that has some.
        """
        return self.hours[weekday] or next(hours for hours in self.hours if hours)


class Within(NamedTuple):
    """A time allowed: ``m``, ``h`` and ``d`` (24 hours) elapse, ``wh`` are working hours, ``wd`` is close of
    business on that working day after the start day."""

    number: int
    unit: str

    @property
    def text(self) -> str:
        """As it is written: ``8wh``."""
        return f"{self.number}{self.unit}"

    @property
    def working(self) -> bool:
        """Whether it is counted by a calendar."""
        return self.unit.startswith("w")

    @property
    def minutes(self) -> int:
        """The minutes it has, elapsed or working; 0 for ``wd``, which only a calendar can tell."""
        return self.number * _MINUTES[self.unit]

    @property
    def roughly(self) -> int:
        """About how many minutes elapse, to tell which of two is the longer."""
        return self.number * _ROUGHLY[self.unit]

    def words(self) -> str:
        """As people read it, in the language in force."""
        words = _WORDS_OF_ONE.get(self.unit) if self.number == 1 else None
        return _(words or _WORDS[self.unit]).format(number=self.number)


def parse_within(value: Any, where: Where, path: Path) -> Within:
    """The time allowed that stands at ``path``: ``90m``, ``24h``, ``2d``, ``8wh`` or ``1wd``. Raises Damaged."""
    found = _WITHIN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and 0 < int(found[1]) <= LIMITS[found[2]]:
        return Within(int(found[1]), found[2])
    place = _place(where, path)
    if found:
        most = LIMITS[found[2]]
        raise place.bad(
            _("{value} is not from 1 to {most}{unit}").format(value=value, most=most, unit=found[2]), _how()
        )
    raise place.bad(_("{value} is no time allowed").format(value=value), _how())


def read_calendar(data: Mapping[str, Any], where: Where, path: Path) -> CalendarSpec:
    """The calendar in the mapping that stands at ``path``, with the defaults where it is silent.

    Raises Damaged that names place and remedy. Whether there is such a timezone, and whether public holidays
    are known for the country, is asked by those who look them up.
    """
    place = _place(where, path)
    found = dict(place.mapping(data, KEYS))
    work = _dates(place.at("extra_workdays"), found.get("extra_workdays"))
    free = _dates(place.at("extra_holidays"), found.get("extra_holidays"))
    for day in free:
        if day in work:
            raise place.at("extra_holidays", free.index(day)).bad(
                _("{day} is an extra workday as well").format(day=day), _("remove it from one of the two lists")
            )
    country = _country(place.at("country"), found.get("country"))
    return CalendarSpec(
        timezone=_timezone(place.at("timezone"), found.get("timezone")),
        country=country,
        subdivision=_subdivision(place.at("subdivision"), found.get("subdivision"), country),
        hours=_hours(place.at("hours"), found["hours"]) if found.get("hours") is not None else DEFAULT_HOURS,
        extra_workdays=frozenset(work),
        extra_holidays=frozenset(free),
    )


def _place(where: Where, path: Path) -> Place:
    return Place(where, path, {}, vocabulary.resolve)


def _how() -> str:
    return _("write it like 90m, 24h, 2d (elapsed), 8wh (working hours) or 1wd (working days)")


def _timezone(place: Place, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise place.bad(_("no such timezone: {value}").format(value=value), _("write it like Asia/Shanghai"))


def _country(place: Place, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha():
        return value.upper()
    raise place.bad(_("{value} is no country of two letters").format(value=value), _('write it like CN, or "NO"'))


def _subdivision(place: Place, value: Any, country: str) -> str:
    if value is None or value == "":
        return ""
    if not country:
        raise place.bad(_("a subdivision needs its country"), _("name it under country:"))
    if isinstance(value, str):
        return value
    raise place.bad(_("{value} is no code of a subdivision").format(value=value), _('write it in quotes, like "BY"'))


def _dates(place: Place, data: Any) -> list[date]:
    found: list[date] = []
    for spot, value in place.items(data if data is not None else []):
        if not (isinstance(value, str) and times.is_date(value)):
            raise spot.bad(_("{value} is no date").format(value=value), _("write it like 2027-02-06"))
        found.append(date.fromisoformat(value))
    return found


def _hours(place: Place, data: Any) -> Hours:
    if not isinstance(data, dict):
        raise place.bad(_("hours are written by day"), _hours_like())
    found: dict[int, tuple[Interval, ...]] = {}
    for key, value in place.mapping(data):
        spot = place.at(key)
        intervals = _intervals(spot, value)
        for day in _weekdays(spot, key):
            if day in found:
                raise spot.bad(
                    _("{day} has hours already").format(day=WEEKDAYS[day]), _("name each day of the week once")
                )
            found[day] = intervals
    if sum(end - start for intervals in found.values() for start, end in intervals) < LEAST_A_WEEK:
        raise place.bad(
            _("a week needs at least {least} minutes of work").format(least=LEAST_A_WEEK),
            _hours_like(),
        )
    return tuple(found.get(day, ()) for day in range(7))


def _weekdays(place: Place, key: Any) -> list[int]:
    """The days that ``mon-fri``, ``mon,wed,fri``, ``sun-thu`` or ``sat`` names; 0 is Monday."""
    days: list[int] = []
    for part in str(key).replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise place.bad(
                _("no such day: {day}").format(day=part),
                _("write days like mon-fri, sat or mon,wed,fri: {days}").format(days=", ".join(WEEKDAYS)),
            )
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % 7 if dash else 0
        days += [(start + step) % 7 for step in range(length + 1)]
    return days


def _intervals(place: Place, data: Any) -> tuple[Interval, ...]:
    if data is None:  # what YAML makes of {mon,fri: [...]}
        raise place.bad(
            _("there are no hours here"), _("quote days with a comma: {example}").format(example='"mon,wed,fri": [...]')
        )
    if not isinstance(data, list):
        raise place.bad(_("{value} is no list of hours").format(value=data), _quoted())
    if not data:
        raise place.bad(_("there are no hours here"), _("leave out a day without work"))
    found = sorted((_interval(spot, value), spot.path) for spot, value in place.items(data))
    for (one, _path), (other, path) in pairwise(found):
        if other.start < one.end:
            raise place._replace(path=path).bad(
                _("these hours overlap others of the day"), _("let each start when the one before has ended")
            )
    return tuple(interval for interval, _path in found)


def _interval(place: Place, value: Any) -> Interval:
    found = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise place.bad(_("{value} are no hours").format(value=value), _quoted())
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4]) if found[3] else 24 * 60
    if end <= start:
        raise place.bad(
            _("{value} ends before it has begun").format(value=value),
            _('split a night at midnight: "22:00-24:00", and "00:00-06:00" on the next day'),
        )
    return Interval(start, end)


def _hours_like() -> str:
    return _("write it like {example}").format(example='mon-fri: ["09:00-12:00", "13:00-18:00"]')


def _quoted() -> str:
    return _("write hours with two digits and in quotes, like {example}").format(
        example='["09:00-12:00", "13:00-18:00"]'
    )
