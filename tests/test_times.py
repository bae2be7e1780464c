"""What people may type as a time, what it means, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exlog import instants, times, typed_times
from exlog.errors import Usage

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = (SHANGHAI, NEW_YORK, ZoneInfo("UTC"))

NOW = datetime(2024, 3, 20, 10, 30, 5, tzinfo=SHANGHAI)
"""A Wednesday."""


def when(text: str, now: datetime = NOW, future: bool = False) -> str:
    """The moment without its offset where that is the ledger's own in spring 2024."""
    return times.format_time(typed_times.parse_when(text, now=now, future=future)).removesuffix("+08:00")


def period(text: str, now: datetime = NOW) -> tuple[str, str]:
    start, end = typed_times.parse_period(text, now=now)
    return start.strftime("%Y-%m-%d"), end.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2024-03-15T14:30:05+08:00", "2024-03-15T14:30:05"),
        ("2024-03-15T06:30:00Z", "2024-03-15T14:30:00"),
        ("2024-03-15 06:30:00.999+0000", "2024-03-15T14:30:00"),
        ("2024-03-15T20:00-05", "2024-03-16T09:00:00"),
        ("2024-03-15T14:30:00", "2024-03-15T14:30:00"),
        ("Fri, 15 Mar 2024 06:30:00 GMT", "2024-03-15T14:30:00"),
        ("2024-03-15", "2024-03-15T00:00:00"),
        ("2024-3-5 9:05", "2024-03-05T09:05:00"),
        ("2024-03-15 14:30", "2024-03-15T14:30:00"),
        ("2024-03-1514:30", "2024-03-15T14:30:00"),
        ("2024/3/15 14:30", "2024-03-15T14:30:00"),
        ("2024.3.15", "2024-03-15T00:00:00"),
        ("20240315", "2024-03-15T00:00:00"),
        ("20240315 14:30", "2024-03-15T14:30:00"),
        ("15 Mar 14:30", "2024-03-15T14:30:00"),
        ("15-Mar-2024", "2024-03-15T00:00:00"),
        ("15 March 2024", "2024-03-15T00:00:00"),
        ("Mar 15", "2024-03-15T00:00:00"),
        ("mar. 15th, 2024, 2:30 PM", "2024-03-15T14:30:00"),
        ("3 Sept 2023 12am", "2023-09-03T00:00:00"),
        ("15/03/2024", "2024-03-15T00:00:00"),
        ("03/15/2024", "2024-03-15T00:00:00"),
        ("04/04/2024 12:15 pm", "2024-04-04T12:15:00"),
        ("2024年3月15日 14:30", "2024-03-15T14:30:00"),
        ("2024 年 3 月 15 号14时30分", "2024-03-15T14:30:00"),
        ("3月15日", "2024-03-15T00:00:00"),
        ("２０２４－０３－１５　１４：３０", "2024-03-15T14:30:00"),
        ("14:30", "2024-03-20T14:30:00"),
        ("now", "2024-03-20T10:30:05"),
        ("today", "2024-03-20T00:00:00"),
        ("Yesterday 14:30", "2024-03-19T14:30:00"),
        ("tomorrow 3pm", "2024-03-21T15:00:00"),
        ("现在", "2024-03-20T10:30:05"),
        ("今天", "2024-03-20T00:00:00"),
        ("昨天14：30", "2024-03-19T14:30:00"),
        ("前天 9:05", "2024-03-18T09:05:00"),
        ("明天", "2024-03-21T00:00:00"),
        ("mon", "2024-03-18T00:00:00"),
        ("Thursday 14:30", "2024-03-14T14:30:00"),
        ("wed 14:30", "2024-03-20T14:30:00"),
        ("周一", "2024-03-18T00:00:00"),
        ("星期天 8:00", "2024-03-17T08:00:00"),
        ("-2d", "2024-03-18T10:30:05"),
        ("+4h", "2024-03-20T14:30:05"),
        ("-90m", "2024-03-20T09:00:05"),
        ("-1w", "2024-03-13T10:30:05"),
        ("2d ago", "2024-03-18T10:30:05"),
        ("3 hours ago", "2024-03-20T07:30:05"),
    ],
)
def test_what_people_type_is_read_as_they_mean_it(typed: str, meant: str) -> None:
    assert when(typed) == meant
    assert when(f"  {typed.upper()}\t") == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "5", "15", "-5", "2024", "2024-03", "202403", "10 apples", "15 apples 2024", "mar", "may"),
        *(
            "15 mar 14",
            "1 2 3",
            "2024-03-15 14",
            "2024-3/15",
            "2024-03-15 junk",
            "junk 2024-03-15",
            "2d",
            "d",
        ),
        *("-2d ago", "+1x", "1 month ago", "-1.5h", "now 14:30", ":30", "14:3", "2024-03-15+08:00", "15-03"),
        *("15/03/24", "2024-03-15 14:30 CST", "today today", "mon tue", "next-week", "2024-03-15\x0014:30"),
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(Usage) as refusal:
        typed_times.parse_when(typed, now=NOW)
    assert refusal.value.message == f"{typed!r} is no time that can be read"
    assert "2024-03-15 14:30" in refusal.value.remedy
    assert "\n" not in refusal.value.line()


@pytest.mark.parametrize(
    "typed",
    [
        *("2024-02-30", "2023-02-29", "30 Feb", "2024-13-01", "00/03/2024", "13/13/2024", "2024年4月31日"),
        *("24:00", "2024-03-15 14:60", "14:30:60", "13:00 pm", "0am", "2024-03-15 14:30+24:00"),
        *(
            "1899-12-31",
            "2201-01-01",
            "0001-01-01T00:00+14:00",
            "9999-12-31T23:59-12:00",
            "-99999w",
            "-300w ago",
        ),
        *("2200-12-31T23:00-05:00", "0000-01-01", "99999999"),
    ],
)
def test_days_and_times_outside_the_calendar_are_refused(typed: str) -> None:
    with pytest.raises(Usage):
        typed_times.parse_when(typed, now=NOW)


def test_overlong_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(Usage) as refusal:
        typed_times.parse_when("2024-03-15" + " " * 91, now=NOW)
    assert refusal.value.message == "a time has at most 100 characters"


@pytest.mark.parametrize("typed", ["03/04/2024", "3.4.2024", "03-04-2024 14:30", "０３／０４／２０２４"])
@pytest.mark.parametrize("parse", [typed_times.parse_when, typed_times.parse_period, typed_times.parse_date])
def test_day_and_month_that_could_be_swapped_are_refused_with_both_readings(
    parse: Callable[..., object], typed: str
) -> None:
    with pytest.raises(Usage) as refusal:
        parse(typed, now=NOW)
    for part in (refusal.value.message, refusal.value.remedy):
        assert "2024-04-03" in part
        assert "2024-03-04" in part


def test_a_day_without_a_separator_before_its_time_needs_two_digits_in_both() -> None:
    for typed in ("2024-03-114:30", "2024-03-151:30", "2024-3-514:30"):
        with pytest.raises(Usage):
            typed_times.parse_when(typed, now=NOW)


def test_a_weekday_beside_a_date_must_be_the_right_one() -> None:
    assert when("Fri 15 Mar") == "2024-03-15T00:00:00"
    with pytest.raises(Usage, match="2024-03-15 is not a thu"):
        typed_times.parse_when("Thu, 15 Mar 2024", now=NOW)


def test_an_offset_is_taken_only_beside_a_full_date() -> None:
    for typed in ("14:30Z", "yesterday 14:30+08:00", "15 Mar 14:30Z", "mon 14:30 UTC"):
        with pytest.raises(Usage):
            typed_times.parse_when(typed, now=NOW)


@pytest.mark.parametrize(
    ("typed", "past", "coming"),
    [
        ("15 Mar", "2024-03-15", "2025-03-15"),
        ("21 Mar", "2023-03-21", "2024-03-21"),
        ("20 Mar", "2024-03-20", "2024-03-20"),
        ("12月31日", "2023-12-31", "2024-12-31"),
        ("29 Feb", "2024-02-29", "2028-02-29"),
        ("mon", "2024-03-18", "2024-03-25"),
        ("周五", "2024-03-15", "2024-03-22"),
        ("wed", "2024-03-20", "2024-03-27"),
        ("wed 10:00", "2024-03-20", "2024-03-27"),
        ("wed 11:00", "2024-03-20", "2024-03-20"),
    ],
)
def test_a_missing_year_or_week_is_the_last_one_or_with_future_the_coming_one(
    typed: str, past: str, coming: str
) -> None:
    assert when(typed)[:10] == past
    assert when(typed, future=True)[:10] == coming


def test_the_year_before_is_meant_in_january() -> None:
    january = datetime(2024, 1, 10, tzinfo=SHANGHAI)
    assert when("15 Mar", january) == "2023-03-15T00:00:00"
    assert when("15 Mar", january, future=True) == "2024-03-15T00:00:00"


def test_29_february_is_found_across_the_eight_years_without_one() -> None:
    assert when("29 Feb", datetime(2104, 2, 28, tzinfo=SHANGHAI))[:10] == "2096-02-29"
    assert when("29 Feb", datetime(2096, 3, 1, tzinfo=SHANGHAI), future=True)[:10] == "2104-02-29"


def test_today_is_the_day_in_the_ledgers_zone() -> None:
    late = datetime(2024, 3, 20, 20, 0, tzinfo=UTC)
    assert when("today", late.astimezone(SHANGHAI)) == "2024-03-21T00:00:00"
    assert when("today", late.astimezone(NEW_YORK)) == "2024-03-20T00:00:00-04:00"


def test_a_time_that_the_clock_skips_moves_forward_and_a_repeated_one_is_the_first() -> None:
    now = datetime(2024, 11, 20, tzinfo=NEW_YORK)
    assert when("2024-03-10 02:30", now) == "2024-03-10T03:30:00-04:00"
    assert when("2024-11-03 01:30", now) == "2024-11-03T01:30:00-04:00"
    assert when("2024-11-03T01:30-05:00", now) == "2024-11-03T01:30:00-05:00"


def test_days_back_keep_the_time_of_day_and_hours_back_elapse() -> None:
    now = datetime(2024, 3, 11, 2, 30, tzinfo=NEW_YORK)
    assert when("-2d", now) == "2024-03-09T02:30:00-05:00"
    assert when("-48h", now) == "2024-03-09T01:30:00-05:00"
    assert when("-1d", now) == "2024-03-10T03:30:00-04:00"


def test_days_back_from_a_repeated_hour_still_move_forward_out_of_a_gap() -> None:
    london = ZoneInfo("Europe/London")
    now = datetime(2024, 10, 27, 1, 30, tzinfo=london, fold=1)
    assert when("-210d", now) == "2024-03-31T02:30:00+01:00"


@pytest.mark.parametrize(
    ("typed", "first", "after"),
    [
        ("2024-03", "2024-03-01", "2024-04-01"),
        ("2024/12", "2024-12-01", "2025-01-01"),
        ("2024年3月", "2024-03-01", "2024-04-01"),
        ("2024Q1", "2024-01-01", "2024-04-01"),
        ("2024-q4", "2024-10-01", "2025-01-01"),
        ("2024年第一季度", "2024-01-01", "2024-04-01"),
        ("2024年第３季度", "2024-07-01", "2024-10-01"),
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024年", "2024-01-01", "2025-01-01"),
        ("2024-W11", "2024-03-11", "2024-03-18"),
        ("2020-W53", "2020-12-28", "2021-01-04"),
        ("2025w1", "2024-12-30", "2025-01-06"),
        ("2024-03-15", "2024-03-15", "2024-03-16"),
        ("20231231", "2023-12-31", "2024-01-01"),
        ("15 Mar", "2024-03-15", "2024-03-16"),
        ("today", "2024-03-20", "2024-03-21"),
        ("yesterday", "2024-03-19", "2024-03-20"),
        ("昨天", "2024-03-19", "2024-03-20"),
        ("mon", "2024-03-18", "2024-03-19"),
        ("this-week", "2024-03-18", "2024-03-25"),
        ("last week", "2024-03-11", "2024-03-18"),
        ("this-month", "2024-03-01", "2024-04-01"),
        ("Last-Month", "2024-02-01", "2024-03-01"),
        ("this quarter", "2024-01-01", "2024-04-01"),
        ("last-quarter", "2023-10-01", "2024-01-01"),
        ("this-year", "2024-01-01", "2025-01-01"),
        ("last-year", "2023-01-01", "2024-01-01"),
        ("本周", "2024-03-18", "2024-03-25"),
        ("上周", "2024-03-11", "2024-03-18"),
        ("本月", "2024-03-01", "2024-04-01"),
        ("上月", "2024-02-01", "2024-03-01"),
        ("上个月", "2024-02-01", "2024-03-01"),
        ("本季度", "2024-01-01", "2024-04-01"),
        ("上季度", "2023-10-01", "2024-01-01"),
        ("今年", "2024-01-01", "2025-01-01"),
        ("去年", "2023-01-01", "2024-01-01"),
    ],
)
def test_a_period_runs_from_its_first_day_to_the_day_after_its_last(typed: str, first: str, after: str) -> None:
    assert period(typed) == (first, after)
    start, end = typed_times.parse_period(typed, now=NOW)
    assert (typed_times.parse_since(typed, now=NOW), typed_times.parse_until(typed, now=NOW)) == (start, end)
    assert start.time() == end.time() == datetime.min.time()


@pytest.mark.parametrize("typed", ["2024-03-15 14:30", "2024-03-15T14:30:59Z", "14:30", "-2d", "now"])
def test_a_moment_with_a_time_is_a_period_of_one_second(typed: str) -> None:
    start, end = typed_times.parse_period(typed, now=NOW)
    assert start == typed_times.parse_when(typed, now=NOW)
    assert end - start == timedelta(seconds=1)


@pytest.mark.parametrize(
    "typed", ["", "5", "99", "202403", "2024-13", "2024-00", "2024Q5", "2024-W53", "2024-W00", "last-day"]
)
def test_a_period_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(Usage):
        typed_times.parse_period(typed, now=NOW)


def test_years_of_periods_are_bounded_like_those_of_times() -> None:
    assert period("2200") == ("2200-01-01", "2201-01-01")
    assert period("2200-12-31") == ("2200-12-31", "2201-01-01")
    for typed in ("1899", "2201", "0000-01", "9999Q4", "9999-W52"):
        with pytest.raises(Usage):
            typed_times.parse_period(typed, now=NOW)


def test_the_day_the_clock_changes_has_23_or_25_hours() -> None:
    now = datetime(2024, 11, 20, tzinfo=NEW_YORK)
    for typed, hours in (("2024-03-10", 23), ("2024-11-03", 25)):
        start, end = typed_times.parse_period(typed, now=now)
        assert end.timestamp() - start.timestamp() == hours * 3600


def test_the_last_repeated_second_ends_when_the_clock_goes_back() -> None:
    start, end = typed_times.parse_period("2024-11-03 01:59:59", now=datetime(2024, 11, 20, tzinfo=NEW_YORK))
    assert times.format_time(start) == "2024-11-03T01:59:59-04:00"
    assert times.format_time(end) == "2024-11-03T01:00:00-05:00"


def test_dates_are_taken_in_any_form_and_given_as_iso() -> None:
    assert typed_times.parse_date("15 Mar", now=NOW) == "2024-03-15"
    assert typed_times.parse_date("昨天", now=NOW) == "2024-03-19"
    assert typed_times.parse_date("2024-03-15 23:00Z", now=NOW) == "2024-03-16"


@pytest.mark.parametrize("text", ["2024-03-15", "1900-01-01", "2200-12-31", "2024-02-29"])
def test_a_stored_date_is_a_real_day_in_full_digits(text: str) -> None:
    assert times.is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2024-3-15", "20240315", "2024-02-30", "2024-W11-1", "1899-12-31", "2201-01-01"),
        *("2024-03-15\n", " 2024-03-15", "２０２４-03-15", "2024-03-15T00:00:00+08:00"),
    ],
)
def test_anything_else_is_no_stored_date(text: str) -> None:
    assert not times.is_date(text)


def test_a_time_without_a_zone_is_not_formatted() -> None:
    with pytest.raises(ValueError):
        times.format_time(datetime(2024, 3, 15))


def test_an_offset_with_seconds_is_written_to_the_minute_without_moving_the_instant() -> None:
    moment = datetime(1900, 1, 1, tzinfo=SHANGHAI)
    assert times.format_time(moment) == "1900-01-01T00:00:17+08:06"
    assert times.moment(times.format_time(moment)) == moment


def test_importing_the_module_loads_no_date_library() -> None:
    code = "import sys, exlog.typed_times; print([name for name in sys.modules if name.startswith('dateutil')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


zones = st.sampled_from(ZONES)
nows = st.builds(
    lambda naive, zone: naive.replace(tzinfo=UTC).astimezone(zone),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 12, 31)),
    zones,
)
minutes = st.integers(-1439, 1439).map(lambda offset: timezone(timedelta(minutes=offset)))
whole = st.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30)).map(lambda moment: moment.replace(microsecond=0))

words = st.sampled_from(
    (
        *typed_times._DAYS,
        *typed_times._WEEKDAYS,
        *typed_times._MONTHS,
        *(
            "now",
            "现在",
            "ago",
            "am",
            "pm",
            "z",
            "utc",
            "t",
            "w",
            "q",
            "d",
            "h",
            "m",
            "th",
            "last",
            "this",
            "week",
        ),
        *(
            "年",
            "月",
            "日",
            "第",
            "季度",
            "点",
            "分",
            "上",
            "本",
            "周",
            "-",
            "/",
            ".",
            ":",
            "：",
            ",",
            " ",
            "+",
            "\0",
        ),
    )
)
numbers = st.one_of(st.integers(0, 99), st.integers(1890, 2210), st.integers(0, 10**9)).map(str)
wordy = st.lists(st.one_of(words, numbers, st.just(" ")), max_size=12).map("".join)
typed_periods = st.one_of(
    st.dates(datetime(1900, 1, 1).date(), datetime(2200, 12, 31).date()).flatmap(
        lambda day: st.sampled_from(
            (
                *(day.isoformat(), f"{day:%Y-%m}", f"{day:%Y}", f"{day:%Y}Q{(day.month + 2) // 3}"),
                *(f"{day:%d %b %Y}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y-%m-%d} 01:59:59"),
            )
        )
    ),
    st.sampled_from([name for pair in typed_times._PERIOD_NAMES.values() for names in pair for name in names.split()]),
    st.sampled_from([*typed_times._DAYS, *typed_times._WEEKDAYS, "now", "14:30", "-2d", "+90m"]),
)


@given(whole, st.one_of(zones, minutes), st.integers(0, 1))
def test_a_stored_time_reads_back_as_the_instant_it_was(naive: datetime, zone: tzinfo, fold: int) -> None:
    moment = naive.replace(tzinfo=zone, fold=fold)
    text = times.format_time(moment)
    read = times.moment(text)
    assert read is not None and read.timestamp() == moment.timestamp()
    assert times.format_time(read) == text


@given(whole, nows)
def test_a_stored_time_may_be_typed(naive: datetime, now: datetime) -> None:
    text = times.format_time(naive.replace(tzinfo=now.tzinfo))
    typed = typed_times.parse_when(text, now=now)
    assert typed.timestamp() == instants.read(text)
    assert typed.tzinfo is now.tzinfo


@given(typed_periods, nows)
def test_every_period_begins_before_it_ends_and_contains_its_moment(text: str, now: datetime) -> None:
    start, end = (bound.timestamp() for bound in typed_times.parse_period(text, now=now))
    assert start < end
    try:
        moment = typed_times.parse_when(text, now=now).timestamp()
    except Usage:
        assume(False)
    assert start <= moment < end


@given(st.sampled_from(["week", "month", "quarter", "year"]), nows)
def test_the_last_period_ends_where_this_one_begins_and_this_one_contains_now(unit: str, now: datetime) -> None:
    start, end = typed_times.parse_period(f"this-{unit}", now=now)
    assert typed_times.parse_until(f"last-{unit}", now=now) == start
    assert start.timestamp() <= now.timestamp() < end.timestamp()


@given(st.sampled_from([*typed_times._WEEKDAYS, "15 mar", "29 feb", "3月1日", "31 dec"]), nows)
def test_a_date_without_its_year_is_never_after_today_and_with_future_never_before(text: str, now: datetime) -> None:
    try:
        assert typed_times.parse_when(text, now=now).date() <= now.date()
        assert typed_times.parse_when(text, now=now, future=True).date() >= now.date()
    except Usage:
        assume(False)


@given(st.one_of(st.text(max_size=120), wordy), nows, st.booleans())
def test_arbitrary_text_is_read_or_refused_as_usage(text: str, now: datetime, future: bool) -> None:
    for parse in (
        lambda: typed_times.parse_when(text, now=now, future=future),
        lambda: typed_times.parse_period(text, now=now)[0],
    ):
        try:
            moment = parse()
        except Usage as refusal:
            assert "\n" not in refusal.line()
        else:
            assert moment.tzinfo is now.tzinfo


@given(wordy, nows)
def test_whatever_is_read_is_a_whole_second_of_the_years_allowed_and_can_be_stored(text: str, now: datetime) -> None:
    try:
        moment = typed_times.parse_when(text, now=now)
    except Usage:
        return
    assert moment.microsecond == 0
    assert 1900 <= moment.year <= 2200
    assert instants.read(times.format_time(moment)) == moment.timestamp()


@given(st.text(max_size=40))
def test_a_date_that_is_accepted_as_stored_is_what_typing_it_gives(text: str) -> None:
    assert not times.is_date(text) or typed_times.parse_date(text, now=NOW) == text


class TestWords:
    def test_a_date_in_words_is_read(self) -> None:
        now = datetime(2024, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
        for text in ("Friday, 15th of March 2024 14h30", "15th of March, 2024 at 14h30"):
            assert times.format_time(typed_times.parse_when(text, now=now)) == "2024-03-15T14:30:00+08:00"
        assert times.format_time(typed_times.parse_when("15th of March 2024", now=now)) == "2024-03-15T00:00:00+08:00"

    def test_words_that_leave_out_the_day_or_name_no_date_are_refused(self) -> None:
        now = datetime(2024, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
        for text in ("some time in 2024", "apples 2024", "the 15th of march", "march the 2024th at 2pm xyz"):
            with pytest.raises(Usage):
                typed_times.parse_when(text, now=now)
