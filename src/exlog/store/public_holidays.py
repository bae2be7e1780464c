"""Public holidays and make-up workdays, from the ``holidays`` package: the one place that imports it.

Importing it and building a year costs about 100 ms, so each year is kept in ``.exlog/cache`` under the version
of the package that gave it. Nothing is known before 2000 or after 2100: those years have no special days.

China's government decrees each year, usually in November before, which days are off and which weekend days
make up for them. The package carries the decrees. Such a year is told in whole blocks, as the decree has it:
weekends within and beside the holiday belong to it, and all its days, the make-up days too, bear its name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, NamedTuple

from exlog import __version__, times
from exlog.errors import Damaged
from exlog.i18n import _, pick
from exlog.policy import Where
from exlog.store import cache
from exlog.store.journal import WORK
from exlog.worktime import Special

PACKAGE = "holidays"
FIRST_YEAR, LAST_YEAR = 2000, 2100

DECREED = ("CN",)
"""Countries whose make-up workdays are decreed year by year, so that a year can be not announced yet."""

_DAY = timedelta(days=1)

_SHORT = {
    "Chinese New Year's Eve": "Spring Festival",
    "Chinese New Year (Spring Festival)": "Spring Festival",
    "农历除夕": "春节",
}
"""Names of the package and what the decree calls the whole of that holiday."""


class Place(NamedTuple):
    """Where exlog.yaml names the country, for messages."""

    where: Where
    path: tuple[Any, ...]

    def bad(self, key: str, message: str, remedy: str) -> Damaged:
        """The error that names ``key`` of the calendar."""
        return Damaged(message, where=self.where(*self.path, key), remedy=remedy)


def load(
    root: Path, country: str, subdivision: str, years: Iterable[int], where: Where, path: tuple[Any, ...]
) -> dict[date, Special]:
    """The special days of ``years`` in a country, named in the language in force; none for country "".

    ``path`` is that of the calendar in exlog.yaml. Raises Damaged, which names it, where no holidays are known
    for the country or its subdivision.
    """
    found: dict[date, Special] = {}
    for year in years:
        for day, (works, en, zh) in _year(root, country, subdivision, year, Place(where, path))["days"].items():
            found[date.fromisoformat(day)] = Special(works, pick(en, zh))
    return found


def announced(root: Path, country: str, subdivision: str, year: int, where: Where, path: tuple[Any, ...]) -> bool:
    """Whether the make-up workdays of ``year`` are known; always so where no government decrees them year by year.

    Raises Damaged as ``load`` does.
    """
    return bool(_year(root, country, subdivision, year, Place(where, path))["announced"])


def _year(root: Path, country: str, subdivision: str, year: int, place: Place) -> dict[str, Any]:
    """``{"announced": true, "days": {"2026-02-14": [true, "Spring Festival", "春节"]}}``."""
    if not country or not FIRST_YEAR <= year <= LAST_YEAR:
        return {"announced": True, "days": {}}
    name = "-".join(re.sub(r"\W", "_", part, flags=re.ASCII) for part in (country, subdivision) if part)
    file = root / WORK / "cache" / f"holidays-{name}-{year}.json"
    stamp = " ".join(("exlog", __version__, _version(place), country, subdivision))
    cached = cache.read(file)
    if cached is not None and cached.get("stamp") == stamp and _sound(cached):
        return cached
    fresh = {"stamp": stamp, **_computed(country, subdivision, year, place)}
    cache.write(file, fresh)
    return fresh


def _version(place: Place) -> str:
    installed = _installed()
    if not installed:
        raise place.bad(
            "country",
            _("public holidays are known by the Python package {package}, which is missing").format(package=PACKAGE),
            _("pip install {package}, or remove country and list extra_holidays").format(package=PACKAGE),
        )
    return installed


@functools.cache
def _installed() -> str:
    """Name and version of the package, "" where it is missing.

    Found without importing it or ``importlib.metadata``, which takes as long.
    """
    spec = PathFinder.find_spec(PACKAGE)
    if spec is None or not spec.origin:
        return ""
    found = list(Path(spec.origin).parents[1].glob(f"{PACKAGE}-*.dist-info"))
    if len(found) == 1:
        return found[0].name
    from importlib.metadata import version

    return f"{PACKAGE}-{version(PACKAGE)}"


def _sound(cached: dict[str, Any]) -> bool:
    """Whether a cache file has the form that ``_computed`` gives."""
    days = cached.get("days")
    return (
        isinstance(cached.get("announced"), bool)
        and isinstance(days, dict)
        and all(times.is_date(day) for day in days)
        and all(isinstance(one, list) and [type(part) for part in one] == [bool, str, str] for one in days.values())
    )


def _computed(country: str, subdivision: str, year: int, place: Place) -> dict[str, Any]:
    source = _Source(country, subdivision, year, place)
    known = source.newest is None or year <= source.newest
    en, zh = source.days("en_US"), source.days("zh_CN")
    days = {day.isoformat(): [works, name, zh[day][1]] for day, (works, name) in en.items()}
    return {"announced": known, "days": dict(sorted(days.items()))}


class _Source:
    """What the package says of a year and, since holidays cross New Year, of those beside it.

    ``newest`` is the last year that was decreed; None where no decree is needed.
    """

    def __init__(self, country: str, subdivision: str, year: int, place: Place) -> None:
        import holidays

        try:
            plain = holidays.country_holidays(country, expand=False)
        except (NotImplementedError, AttributeError, TypeError):
            raise place.bad(
                "country",
                _("no public holidays are known for the country {country}").format(country=country),
                _("write it like CN; or remove it and list extra_holidays"),
            ) from None
        if subdivision and subdivision not in plain.subdivisions:
            raise place.bad(
                "subdivision",
                _("{country} has no subdivision {value}").format(country=country, value=subdivision),
                _("one of: {choices}").format(choices=", ".join(plain.subdivisions))
                if plain.subdivisions
                else _("remove it: {country} has none").format(country=country),
            )
        self.year = year
        years = range(year - 1, year + 2)
        self._build: Callable[[str | None], Any] = lambda language: holidays.country_holidays(
            country, subdiv=subdivision or None, years=years, expand=False, language=language
        )
        self._languages = plain.supported_languages
        decrees = getattr(plain, "special_public_holidays", {}) if country in DECREED else {}
        self.newest: int | None = max(decrees, default=0) if country in DECREED else None

    def days(self, language: str) -> dict[date, tuple[bool, str]]:
        """The special days of the year, whether they work, and their names in ``language``, else in English."""
        known = [one for one in (language, "en_US") if one in self._languages]
        table = self._build(known[0] if known else None)
        names = _names(table)
        makeups = dict.fromkeys(table.weekend_workdays, "")
        blocks: dict[date, str] = {}
        if self.newest is not None:
            separator = "、" if language == "zh_CN" else ", "
            for block in _blocks(table):
                if block[0].year <= self.newest:
                    label = separator.join(dict.fromkeys(names[day] for day in block if names.get(day)))
                    blocks.update(dict.fromkeys(block, label))
            for rest, makeup in _swaps(table):
                makeups[makeup] = blocks.get(rest, "")
        # A block that the years asked for cut off may have no name; this year's are whole.
        found = {day: (False, blocks.get(day) or table[day]) for day in (*table, *blocks) if day.year == self.year}
        found.update({day: (True, name) for day, name in makeups.items() if day.year == self.year})
        return found


def _names(table: Any) -> dict[date, str]:
    """The holidays by their names alone, without what says that a day is given in lieu; such days are left out."""
    lieu = _pattern(table, "substituted_label")
    observed = _pattern(table, "observed_label")
    names = {}
    for day, name in table.items():
        if not lieu.fullmatch(name):
            match = observed.fullmatch(name)
            plain = match[1] if match else name
            names[day] = _SHORT.get(plain, plain)
    return names


def _pattern(table: Any, label: str) -> re.Pattern[str]:
    """What the package makes of a label such as ``%s (observed)``, in the language of ``table``."""
    text = getattr(table, label, None)
    return re.compile(re.escape(table.tr(text)).replace("%s", "(.*)") if text else r"(?!)")


def _swaps(table: Any) -> Iterator[tuple[date, date]]:
    """Each day off that is given in lieu, and the weekend day that works for it: the names of the former say so."""
    label, form = table.tr(table.substituted_label), table.tr(table.substituted_date_format)
    lieu = {name: day for day, name in table.items()}
    for day in table.weekend_workdays:
        rest = lieu.get(label % day.strftime(form))
        if rest is not None:
            yield rest, day


def _blocks(table: Any) -> Iterator[list[date]]:
    """The unbroken rows of days off that hold a holiday, weekends within and beside them included."""

    def off(day: date) -> bool:
        return (day in table or day.weekday() in table.weekend) and day not in table.weekend_workdays

    last = date.min
    for day in sorted(table):
        if day <= last:
            continue
        first = last = day
        while off(first - _DAY):
            first -= _DAY
        while off(last + _DAY):
            last += _DAY
        yield [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
