"""Working time: official arrangements by hand, a clock that walks minute by minute, and what exlog.yaml may say."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import i18n
from exlog.errors import Damaged
from exlog.store import cache, public_holidays, yamlfile
from exlog.worktime import (
    DEFAULT_HOURS,
    Calendar,
    CalendarSpec,
    Interval,
    Special,
    Within,
    parse_within,
    read_calendar,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
PATH = ("calendar",)

OFFICIAL = {
    # Mondays, and a sign for each day of the weeks from there: W is worked, - is off.
    "2024 Spring Festival": ("2024-01-29", "WWWWW-W WWWWW-- ------W WWWWW--"),
    "2024 National Day": ("2024-09-23", "WWWWW-W W------ -WWWWW- WWWWW--"),
    "2025 Spring Festival": ("2025-01-20", "WWWWW-W W------ --WWWW- WWWWW--"),
    "2025 National Day and Mid-Autumn": ("2025-09-22", "WWWWW-W WW----- ---WWW- WWWWW--"),
    "2026 Spring Festival": ("2026-02-09", "WWWWWW- ------- -WWWWW- WWWWW--"),
    "2026 Mid-Autumn and National Day": ("2026-09-14", "WWWWW-W WWWW--- WWW---- ---WWW-"),
}
"""By the notices of the General Office of the State Council, read off by hand."""


def where(*path: Any) -> str:
    return "exlog.yaml: " + ".".join(str(part) for part in path)


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def shown(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def china(folder: Path) -> Calendar:
    return Calendar(
        CalendarSpec(country="CN"), SHANGHAI, lambda year: public_holidays.load(folder, "CN", "", [year], where, PATH)
    )


def spec(text: str) -> CalendarSpec:
    """The calendar in a YAML text."""
    document = yamlfile.load(f"calendar:\n{text}".encode(), "exlog.yaml")
    return read_calendar(document.plain()["calendar"], document.where, PATH)


class TestGolden:
    def test_eight_hours_over_a_make_up_saturday(self, china: Calendar) -> None:
        assert shown(china.add_working(at("2026-02-13T16:00"), 480)) == "Sat 2026-02-14 16:00"
        assert shown(china.add_working(at("2025-10-10T17:00"), 480)) == "Sat 2025-10-11 17:00"

    @pytest.mark.parametrize("name", OFFICIAL)
    def test_the_official_arrangement(self, china: Calendar, name: str) -> None:
        monday, weeks = OFFICIAL[name]
        signs = weeks.replace(" ", "")
        first = date.fromisoformat(monday)
        days = china.days(first, first + timedelta(days=len(signs) - 1))
        assert "".join("W" if day.working else "-" for day in days) == signs
        for day, sign in zip(days, signs, strict=True):
            midnight = datetime(day.date.year, day.date.month, day.date.day, tzinfo=SHANGHAI)
            assert china.working_minutes(midnight, midnight + timedelta(days=1)) == (480 if sign == "W" else 0)

    @pytest.mark.parametrize("name", OFFICIAL)
    def test_the_nth_working_day_in_these_weeks(self, china: Calendar, name: str) -> None:
        monday, weeks = OFFICIAL[name]
        first = date.fromisoformat(monday)
        worked = [first + timedelta(days=n) for n, sign in enumerate(weeks.replace(" ", "")) if sign == "W"]
        for start in range(14):
            moment = datetime.combine(first + timedelta(days=start), datetime.min.time(), SHANGHAI)
            later = [day for day in worked if day > moment.date()]
            for number in range(1, 6):
                close = china.close_of_workday(moment.replace(hour=start), number)
                assert close.isoformat() == f"{later[number - 1]}T18:00:00+08:00"
                assert china.workdays(moment, close) == number

    @pytest.mark.parametrize(
        ("start", "within", "due"),
        [
            ("2024-02-09T17:00", "1wh", "Fri 2024-02-09 18:00"),
            ("2024-02-09T17:00", "2wh", "Sun 2024-02-18 10:00"),
            ("2024-02-09T17:00", "1wd", "Sun 2024-02-18 18:00"),
            ("2024-03-15T23:30", "1wh", "Mon 2024-03-18 10:00"),
            ("2024-03-15T11:30", "1wh", "Fri 2024-03-15 13:30"),
            ("2024-03-16T10:00", "1wd", "Mon 2024-03-18 18:00"),
            ("2024-03-15T10:00", "5wd", "Fri 2024-03-22 18:00"),
            ("2024-03-15T10:00", "24h", "Sat 2024-03-16 10:00"),
            ("2024-03-15T10:00", "2d", "Sun 2024-03-17 10:00"),
            ("2024-03-15T10:00", "90m", "Fri 2024-03-15 11:30"),
            ("2024-12-31T17:30", "1wh", "Thu 2025-01-02 09:30"),
        ],
    )
    def test_due(self, china: Calendar, start: str, within: str, due: str) -> None:
        assert shown(china.due(at(start), parse_within(within, where, PATH))) == due

    def test_a_moment_in_another_zone_is_the_same_moment(self, china: Calendar) -> None:
        assert shown(china.add_working(at("2026-02-13T16:00").astimezone(UTC), 480)) == "Sat 2026-02-14 16:00"
        assert shown(china.close_of_workday(datetime(2024, 3, 14, 17, tzinfo=UTC), 1)) == "Mon 2024-03-18 18:00"

    def test_why_a_day_works_or_not(self, china: Calendar) -> None:
        days = {str(day.date): day for day in china.days(date(2026, 2, 12), date(2026, 3, 1))}
        assert days["2026-02-13"][1:] == (True, "")
        assert days["2026-02-14"][1:] == (True, "make-up day for Spring Festival")
        assert {days[f"2026-02-{n}"][1:] for n in range(15, 24)} == {(False, "Spring Festival")}
        assert days["2026-02-28"][1:] == (True, "make-up day for Spring Festival")
        assert days["2026-03-01"][1:] == (False, "weekend")


class TestSpecialDays:
    def test_a_make_up_day_has_its_own_hours_or_mondays(self) -> None:
        saturday, sunday = date(2026, 2, 14), date(2026, 2, 15)
        own = spec('  hours: {mon: ["08:00-10:00"], tue-fri: ["09:00-17:00"], sat: ["10:00-11:00"]}')
        made = Calendar(own, SHANGHAI, {saturday: Special(True), sunday: Special(True)})
        assert made.working_minutes(at("2026-02-14T00:00"), at("2026-02-15T00:00")) == 60
        assert made.working_minutes(at("2026-02-15T00:00"), at("2026-02-16T00:00")) == 120
        assert [day.why for day in made.days(saturday, sunday)] == ["make-up day", "make-up day"]

    def test_without_a_monday_it_has_the_first_hours_of_the_week(self) -> None:
        made = Calendar(spec('  hours: {wed-thu: ["08:00-09:30"]}'), SHANGHAI, {date(2026, 2, 14): Special(True)})
        assert made.working_minutes(at("2026-02-14T00:00"), at("2026-02-15T00:00")) == 90
        assert made.days(date(2026, 2, 16), date(2026, 2, 16))[0].why == "no working hours"

    def test_the_lists_of_the_policy_win(self) -> None:
        special = {date(2027, 2, 6): Special(False, "Spring Festival"), date(2027, 2, 8): Special(True)}
        listed = spec("  extra_workdays: [2027-02-06]\n  extra_holidays: [2027-02-08]")
        made = Calendar(listed, SHANGHAI, special)
        assert made.days(date(2027, 2, 6), date(2027, 2, 8)) == [
            (date(2027, 2, 6), True, "extra workday"),
            (date(2027, 2, 7), False, "weekend"),
            (date(2027, 2, 8), False, "extra holiday"),
        ]
        assert shown(made.close_of_workday(at("2027-02-05T10:00"), 1)) == "Sat 2027-02-06 18:00"
        assert shown(made.close_of_workday(at("2027-02-05T10:00"), 2)) == "Tue 2027-02-09 18:00"

    def test_only_the_years_that_are_needed_are_asked_for(self) -> None:
        asked: list[int] = []

        def special(year: int) -> dict[date, Special]:
            asked.append(year)
            return {}

        made = Calendar(CalendarSpec(), SHANGHAI, special)
        assert not made.years
        made.workdays(at("2024-06-01T10:00"), at("2024-06-01T10:00"))
        assert asked == [2024] and made.years == range(2024, 2025)
        assert shown(made.close_of_workday(at("2022-06-01T10:00"), 1)) == "Thu 2022-06-02 18:00"
        assert sorted(asked) == [2022, 2023, 2024]
        made.add_working(at("2024-12-20T10:00"), 480 * 30)
        assert sorted(asked) == [2022, 2023, 2024, 2025] and made.years == range(2022, 2026)

    def test_what_makes_no_sense_is_refused(self) -> None:
        made = Calendar(CalendarSpec(), SHANGHAI)
        with pytest.raises(ValueError, match="negative"):
            made.add_working(at("2024-03-15T10:00"), -1)
        with pytest.raises(ValueError, match="no such working day"):
            made.close_of_workday(at("2024-03-15T10:00"), 0)
        with pytest.raises(ValueError, match="no zone"):
            made.passed(datetime(2024, 3, 15))

    def test_without_end_there_is_no_end(self) -> None:
        class Never(dict[date, Special]):
            def get(self, key: date, default: Any = None) -> Any:
                return Special(False)

        with pytest.raises(OverflowError):
            Calendar(CalendarSpec(), ZoneInfo("UTC"), Never()).add_working(datetime(9980, 1, 1, tzinfo=UTC), 1)

    def test_times_before_1970(self) -> None:
        made = Calendar(CalendarSpec(), SHANGHAI)
        assert shown(made.close_of_workday(at("1949-10-01T10:00"), 1)) == "Mon 1949-10-03 18:00"
        assert made.working_minutes(at("1899-12-29T10:00"), at("1899-12-29T11:00")) == 60


class TestClockChanges:
    def test_the_night_of_a_gap_is_an_hour_shorter(self) -> None:
        night = Calendar(spec('  hours: {sun: ["00:00-08:00"]}'), NEW_YORK)
        assert night.working_minutes(at("2024-03-10T00:00", NEW_YORK), at("2024-03-11T00:00", NEW_YORK)) == 7 * 60
        assert night.working_minutes(at("2024-11-03T00:00", NEW_YORK), at("2024-11-04T00:00", NEW_YORK)) == 9 * 60
        assert shown(night.add_working(at("2024-03-10T00:00", NEW_YORK), 180)) == "Sun 2024-03-10 04:00"
        second = night.add_working(at("2024-11-03T00:00", NEW_YORK), 150)
        assert (shown(second), second.fold) == ("Sun 2024-11-03 01:30", 1)

    def test_hours_that_begin_or_end_within_a_gap_or_a_repeated_hour(self) -> None:
        made = Calendar(spec('  hours: {sun: ["01:00-02:30", "02:45-04:00"]}'), NEW_YORK)
        assert made.working_minutes(at("2024-03-10T00:00", NEW_YORK), at("2024-03-11T00:00", NEW_YORK)) == 120
        half = Calendar(spec('  hours: {sun: ["00:00-01:30"]}'), NEW_YORK)
        assert half.working_minutes(at("2024-11-03T00:00", NEW_YORK), at("2024-11-04T00:00", NEW_YORK)) == 120

    def test_elapsed_hours_elapse(self) -> None:
        made = Calendar(CalendarSpec(), NEW_YORK)
        assert shown(made.due(at("2024-03-09T12:00", NEW_YORK), Within(24, "h"))) == "Sun 2024-03-10 13:00"

    def test_a_day_that_a_zone_skipped(self) -> None:
        apia = ZoneInfo("Pacific/Apia")
        made = Calendar(CalendarSpec(), apia)
        assert shown(made.close_of_workday(at("2011-12-29T10:00", apia), 1)) == "Mon 2012-01-02 18:00"


ZONES = {
    "Asia/Shanghai": ["2026-02-13T12:00"],
    "America/New_York": ["2024-03-09T20:00", "2024-11-02T20:00"],
    "Australia/Lord_Howe": ["2024-04-06T10:00", "2024-10-05T10:00"],
    "America/St_Johns": ["2006-10-28T12:00", "2006-04-01T12:00"],
    "Asia/Kathmandu": ["2024-12-31T12:00"],
}


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar with any hours, and a moment near a clock change of its zone."""
    zone = ZoneInfo(draw(st.sampled_from(sorted(ZONES))))
    day = st.lists(st.integers(0, 96), max_size=6, unique=True).map(
        lambda marks: tuple(
            Interval(a * 15, b * 15) for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
        )
    )
    hours = (*draw(st.tuples(*[day] * 6)), (Interval(60, 150), Interval(600, 1440)))
    start = datetime.fromisoformat(draw(st.sampled_from(ZONES[zone.key]))).replace(tzinfo=zone)
    near = start.date()
    marked = st.dictionaries(st.integers(-2, 3).map(lambda n: near + timedelta(days=n)), st.booleans(), max_size=3)
    special = {day: Special(works) for day, works in draw(marked).items()}
    return Calendar(CalendarSpec(hours=hours), zone, special), start


def walk(calendar: Calendar, start: datetime, minutes: int) -> list[bool]:
    """Whether each minute from ``start`` is worked, by what the wall clock shows."""
    found = []
    for n in range(minutes):
        local = (start.astimezone(UTC) + timedelta(minutes=n)).astimezone(calendar.zone)
        special = calendar._special.get(local.date())  # type: ignore[union-attr]
        hours = calendar.spec.hours[local.weekday()]
        if special is not None:
            hours = (hours or calendar.spec.hours_of(local.weekday())) if special.is_workday else ()
        clock = local.hour * 60 + local.minute
        found.append(any(begin <= clock < end for begin, end in hours))
    return found


def later(moment: datetime, minutes: float) -> datetime:
    return moment.astimezone(UTC) + timedelta(minutes=minutes)


class TestAgainstAWalk:
    @given(calendars(), st.integers(0, 700), st.data())
    @settings(max_examples=40, deadline=None)
    def test_minute_by_minute(self, made: tuple[Calendar, datetime], offset: int, data: st.DataObject) -> None:
        calendar, base = made
        start = later(base, offset)
        worked = walk(calendar, start, 2000)
        length = data.draw(st.integers(0, 2000))
        assert calendar.working_minutes(start, later(start, length)) == sum(worked[:length])
        if any(worked):
            wanted = data.draw(st.integers(1, sum(worked)))
            ends = [n + 1 for n, works in enumerate(worked) if works]
            assert calendar.add_working(start, wanted).astimezone(UTC) == later(start, ends[wanted - 1])

    @given(calendars(), st.integers(0, 200_000), st.integers(0, 100_000))
    @settings(max_examples=60, deadline=None)
    def test_adding_and_measuring_are_inverse(self, made: tuple[Calendar, datetime], offset: int, minutes: int) -> None:
        calendar, base = made
        start = later(base, offset)
        due = calendar.add_working(start, minutes)
        assert calendar.working_minutes(start, due) == minutes
        assert calendar.working_minutes(due, start) == -minutes
        again = calendar.add_working(start, calendar.working_minutes(start, due))
        assert again == due
        assert calendar.add_working(start, minutes + 1) > due

    @given(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)), st.floats(0, 20_000), st.floats(0, 20_000))
    @settings(max_examples=60, deadline=None)
    def test_seconds_and_parts_add_up(self, china: Calendar, start: datetime, one: float, two: float) -> None:
        moment = start.replace(tzinfo=SHANGHAI)
        whole = china.add_working(moment, one + two)
        parts = china.add_working(china.add_working(moment, one), two)
        assert abs((whole - parts).total_seconds()) < 0.01 or not china.working_minutes(parts, whole) > 0.001


class TestReading:
    def test_all_keys(self) -> None:
        assert spec(
            "  timezone: Europe/Berlin\n  country: de\n  subdivision: BY\n"
            '  hours: {"mon-wed, fri": ["13:00-18:00", "09:00-12:00"], sat: ["20:00-24:00"]}\n'
            "  extra_workdays: [2027-02-06]\n  extra_holidays: [2027-02-08, 2027-02-09]\n"
        ) == CalendarSpec(
            "Europe/Berlin",
            "DE",
            "BY",
            (*(DEFAULT_HOURS[0],) * 3, (), DEFAULT_HOURS[0], (Interval(1200, 1440),), ()),
            frozenset({date(2027, 2, 6)}),
            frozenset({date(2027, 2, 8), date(2027, 2, 9)}),
        )

    def test_nothing_said_is_office_hours_without_public_holidays(self) -> None:
        assert read_calendar({}, where, PATH) == CalendarSpec()
        assert [bool(hours) for hours in CalendarSpec().hours] == [True] * 5 + [False] * 2

    def test_a_range_may_run_over_sunday(self) -> None:
        assert [bool(hours) for hours in spec('  hours: {sun-thu: ["09:00-17:00"]}').hours] == [
            True, True, True, True, False, False, True,
        ]  # fmt: skip

    def test_hours_that_touch_are_taken(self) -> None:
        made = Calendar(spec('  hours: {mon: ["09:00-12:00", "12:00-18:00"]}'), SHANGHAI)
        assert made.working_minutes(at("2024-03-18T00:00"), at("2024-03-19T00:00")) == 540

    @pytest.mark.parametrize(
        ("text", "place", "says", "remedy"),
        [
            ("  tz: x", "exlog.yaml:2: calendar.tz", "no such key: tz", "timezone, country"),
            ("  hours: {}", "calendar.hours", "at least 60 minutes", "mon-fri"),
            ('  hours: ["09:00-12:00"]', "calendar.hours", "by day", "mon-fri"),
            ('  hours: {monday: ["09:00-12:00"]}', "calendar.hours.monday", "no such day: monday", "mon, tue"),
            ('  hours: {mon-xyz: ["09:00-12:00"]}', "calendar.hours.mon-xyz", "no such day: mon-xyz", "mon-fri"),
            (
                '  hours: {mon-fri: ["09:00-12:00"], fri: ["13:00-14:00"]}',
                "calendar.hours.fri",
                "fri has hours",
                "once",
            ),
            ('  hours: {mon: ["09:00-12:00", "11:59-13:00"]}', "calendar.hours.mon.1", "overlap", "start when"),
            ('  hours: {mon: ["11:59-13:00", "09:00-12:00"]}', "calendar.hours.mon.0", "overlap", "start when"),
            ('  hours: {mon: ["12:00-09:00"]}', "calendar.hours.mon.0", "12:00-09:00 ends before", "midnight"),
            ('  hours: {mon: ["09:00-09:00"]}', "calendar.hours.mon.0", "ends before", "midnight"),
            ('  hours: {mon: ["09:00-24:01"]}', "calendar.hours.mon.0", "are no hours", '"09:00-12:00"'),
            ("  hours: {mon: []}", "calendar.hours.mon", "no hours here", "leave out"),
            ('  hours: {mon,fri: ["09:00-12:00"]}', "calendar.hours.mon", "no hours here", '"mon,wed,fri"'),
            ("  hours: {mon: [9:00-12:00]}", "calendar.hours.mon.0", "9:00-12:00 are no hours", '["09:00-12:00"'),
            ("  hours: {mon: [9:00]}", "calendar.hours.mon.0", "are no hours", '["09:00-12:00"'),
            ("  hours: {mon: [540]}", "calendar.hours.mon.0", "540 are no hours", '["09:00-12:00"'),
            ("  hours: {mon: 9:00}", "calendar.hours.mon", "is no list of hours", '["09:00-12:00"'),
            ('  hours: {mon: ["09:00-09:59"]}', "calendar.hours", "at least 60 minutes", "mon-fri"),
            ("  country: CHN", "calendar.country", "CHN is no country", "CN"),
            ("  country: 86", "calendar.country", "86 is no country", "CN"),
            ("  country: false", "calendar.country", "False is no country", '"NO"'),
            ("  subdivision: BY", "calendar.subdivision", "needs its country", "country"),
            ("  country: DE\n  subdivision: 7", "calendar.subdivision", "7 is no code", "quotes"),
            ("  extra_workdays: 2027-02-06", "calendar.extra_workdays", "must be a list", "-"),
            ("  extra_workdays: ['2027-02-30']", "calendar.extra_workdays.0", "2027-02-30 is no date", "2027-02-06"),
            ("  extra_holidays: [20270206]", "calendar.extra_holidays.0", "20270206 is no date", "2027-02-06"),
            (
                "  extra_workdays: [2027-02-06]\n  extra_holidays: [2027-02-05, 2027-02-06]",
                "exlog.yaml:3: calendar.extra_holidays.1",
                "2027-02-06 is an extra workday",
                "remove",
            ),
        ],
    )
    def test_what_is_refused(self, text: str, place: str, says: str, remedy: str) -> None:
        with pytest.raises(Damaged) as caught:
            spec(text)
        assert caught.value.where.endswith(place)
        assert caught.value.where.startswith("exlog.yaml:")
        assert says in caught.value.message
        assert remedy in caught.value.remedy

    @pytest.mark.parametrize("text", ["90m", "24h", "2d", "8wh", "1wd", "3 wd"])
    def test_times_allowed(self, text: str) -> None:
        assert parse_within(text, where, PATH).text == text.replace(" ", "")

    @pytest.mark.parametrize("value", ["", "8", 8, None, "0h", "1.5h", "-1h", "1w", "10000h", "1000wd", "８h", "1wm"])
    def test_no_times_allowed(self, value: Any) -> None:
        with pytest.raises(Damaged) as caught:
            parse_within(value, where, ("sla", 0, "resolve", "within"))
        assert caught.value.where == "exlog.yaml: sla.0.resolve.within"
        assert "8wh" in caught.value.remedy

    def test_in_words(self) -> None:
        assert Within(8, "wh").words() == "8 working hours"
        assert Within(1, "wh").words() == "1 working hour"
        assert Within(8, "wh").roughly == Within(1, "wd").roughly > Within(24, "h").roughly


def newest() -> int:
    """The last year that the package has China's decree for."""
    from holidays.countries.china import ChinaStaticHolidays

    return max(ChinaStaticHolidays.special_public_holidays)


def announced(folder: Path, year: int, country: str = "CN") -> bool:
    return public_holidays.announced(folder, country, "", year, where, PATH)


class TestPublicHolidays:
    def test_names_in_the_language_in_force(self, folder: Path) -> None:
        names = []
        for language in ("en", "zh"):
            i18n.set_language(language)
            try:
                found = public_holidays.load(folder, "CN", "", [2025], where, PATH)
            finally:
                i18n.set_language("en")
            names += [found[date(2025, 9, 28)], found[date(2025, 10, 8)]]
        assert names == [
            Special(True, "National Day, Mid-Autumn Festival"),
            Special(False, "National Day, Mid-Autumn Festival"),
            Special(True, "国庆节、中秋节"),
            Special(False, "国庆节、中秋节"),
        ]

    def test_a_year_is_announced_or_not(self, folder: Path) -> None:
        assert [announced(folder, year) for year in (1999, 2001, 2026, newest())] == [True] * 4
        assert not announced(folder, newest() + 1)
        assert announced(folder, newest() + 1, "US")
        assert announced(folder, 2030, "")
        days = public_holidays.load(folder, "CN", "", [newest() + 1], where, PATH)
        assert days and not any(day.is_workday for day in days.values())

    def test_a_make_up_day_in_the_year_before(self, folder: Path) -> None:
        found = public_holidays.load(folder, "CN", "", [2001], where, PATH)
        assert found[date(2001, 12, 29)] == Special(True, "New Year's Day")

    def test_other_countries(self, folder: Path) -> None:
        bavaria = public_holidays.load(folder, "DE", "BY", [2026], where, PATH)
        germany = public_holidays.load(folder, "DE", "", [2026], where, PATH)
        assert bavaria[date(2026, 1, 6)] == Special(False, "Epiphany")
        assert date(2026, 1, 6) not in germany and date(2026, 10, 3) in germany
        assert public_holidays.load(folder, "RU", "", [2025], where, PATH)[date(2025, 11, 1)].is_workday
        assert public_holidays.load(folder, "", "", [2026], where, PATH) == {}
        assert public_holidays.load(folder, "CN", "", [1950, 2150], where, PATH) == {}

    @pytest.mark.parametrize(
        ("country", "subdivision", "place"),
        [("XX", "", "calendar.country"), ("DE", "XX", "calendar.subdivision")],
    )
    def test_what_is_unknown(self, folder: Path, country: str, subdivision: str, place: str) -> None:
        with pytest.raises(Damaged) as caught:
            public_holidays.load(folder, country, subdivision, [2026], where, PATH)
        assert caught.value.where == f"exlog.yaml: {place}"
        assert caught.value.remedy

    def test_the_package_is_missing(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(public_holidays, "_installed", lambda: "")
        with pytest.raises(Damaged, match="holidays, which is missing") as caught:
            public_holidays.load(folder, "CN", "", [2026], where, PATH)
        assert caught.value.where == "exlog.yaml: calendar.country"

    def test_a_cached_year_is_read_without_the_package(self, tmp_path: Path) -> None:
        first = public_holidays.load(tmp_path, "CN", "", [2026], where, PATH)
        code = (
            "import sys; from pathlib import Path; from exlog.store import cache, public_holidays as p;"
            f"found = p.load(Path({str(tmp_path)!r}), 'CN', '', [2026], lambda *path: '', ());"
            "print(len(found), 'holidays' in sys.modules, 'importlib.metadata' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == [str(len(first)), "False", "False"]

    @pytest.mark.parametrize("damage", ["stamp", "days", "date", "kind", "text"])
    def test_a_cache_that_is_old_or_damaged_is_written_anew(self, tmp_path: Path, damage: str) -> None:
        fresh = public_holidays.load(tmp_path, "CN", "", [2026], where, PATH)
        file = tmp_path / ".exlog" / "cache" / "holidays-CN-2026.json"
        good = file.read_text(encoding="utf-8")
        value = json.loads(good)["value"]
        if damage == "stamp":
            value = {**value, "stamp": "holidays-0.1", "days": {}}
        elif damage == "days":
            value["days"] = []
        elif damage == "date":
            value["days"]["2026-02-30"] = [True, "a", "b"]
        elif damage == "kind":
            value["days"]["2026-02-14"] = ["yes", "a", "b"]
        cache.write(file, value)
        if damage == "text":
            file.write_text("{", encoding="utf-8")
        assert public_holidays.load(tmp_path, "CN", "", [2026], where, PATH) == fresh
        assert file.read_text(encoding="utf-8") == good


class TestEveryYear:
    @pytest.mark.parametrize("year", range(1999, 2033))
    def test_a_year_of_china_is_told_whatever_lies_around_it(self, tmp_path: Path, year: int) -> None:
        found = public_holidays.load(tmp_path, "CN", "", [year], where, PATH)
        assert all(day.year == year for day in found)
        assert bool(found) is (year >= 2000)
