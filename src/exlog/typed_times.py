"""Times as people type them, in English and Chinese, made moments and periods.

``now`` is always passed in: aware, its tzinfo the ledger's zone. Moments that come back carry that same zone.
Python compares and subtracts two of those by wall clock, which errs across a clock change; against a stored
time, whose offset is fixed, it takes the instants.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from exlog import worded
from exlog.errors import Usage
from exlog.i18n import _
from exlog.times import FIRST_YEAR, LAST_YEAR

LONGEST = 100
"""Characters that a typed time may have."""

_PLAIN = {0xFEE0 + code: code for code in range(0x21, 0x7F)} | {0x2212: 0x2D}
"""Full-width letters, digits and signs, and the minus sign, as the plain characters they stand for."""

_DAYS = {
    "today": 0, "yesterday": -1, "tomorrow": 1,
    "今天": 0, "今日": 0, "昨天": -1, "昨日": -1, "前天": -2, "明天": 1, "明日": 1, "后天": 2,
}  # fmt: skip

_WEEKDAY_NAMES = (
    "mon monday 周一 星期一", "tue tues tuesday 周二 星期二", "wed wednesday 周三 星期三",
    "thu thur thurs thursday 周四 星期四", "fri friday 周五 星期五", "sat saturday 周六 星期六",
    "sun sunday 周日 周天 星期日 星期天",
)  # fmt: skip

_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_MONTHS = {name: n for n, full in enumerate(_MONTH_NAMES, 1) for name in (full, full[:3])} | {"sept": 9}

_PERIOD_NAMES = {
    "week": ("this-week 本周 这周", "last-week 上周"),
    "month": ("this-month 本月 这个月", "last-month 上月 上个月"),
    "quarter": ("this-quarter 本季度", "last-quarter 上季度 上个季度"),
    "year": ("this-year 今年 本年", "last-year 去年"),
}
"""Unit of the calendar: names of the present one, names of the one before."""

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}

# Patterns stay text: most runs need one or two of them, and ``re`` keeps what it compiled.

_PERIODS = (
    ("year", r"(\d{4})年?"),
    ("month", r"(\d{4})[-/.](\d{1,2})"),
    ("month", r"(\d{4})年(\d{1,2})月"),
    ("quarter", r"(\d{4})[- ]?q([1-4])"),
    ("quarter", r"(\d{4})年第?([一二三四1-4])季度"),
    ("week", r"(\d{4})[- ]?w(\d{1,2})"),
)

_WEEKDAY_FIRST = r"(?:(?P<weekday>[a-z]+),? )?"

_WRITTEN_DAYS = (
    r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?",
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -]?(?P<month>[a-z]+)\.?(?:,?[ -](?P<year>\d{4}))?",
    r"(?P<month>[a-z]+)\.?[ -]?(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?[ -](?P<year>\d{4}))?",
)

_YEAR_LAST = r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4})"

_UNIT = r"(?P<unit>m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?)"

# Five digits at most: no such span, added to any year up to 2200, leaves the years that Python knows.
_SPAN = rf"(?P<number>\d{{1,5}}) ?{_UNIT}"

_UNIT_LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:点时](?P<minute>\d{2})分?(?::(?P<second>\d{2})(?:[.,]\d+)?)?|(?= ?[ap]m))"
    r"(?: ?(?P<half>am|pm))?"
    r"(?: ?(?P<zone>z|utc|gmt|[+-]\d{2}(?::?[0-5]\d)?))?"
)

_TO_THE_MINUTE = r"\d[:点时]\d|\d ?[ap]m\b"
_TO_THE_SECOND = r":\d\d:\d\d"

# Where nothing stands between day and time, both must have two digits: 2024-03-114:30 has two readings.
_DAY_AND_CLOCK = rf"(?P<text>.*?)(?:(?:^|,? |(?<=\d)t|(?<=[^\d ])|(?<=\d\d)(?=\d\d:)){_CLOCK})?"


def parse_when(text: str, *, now: datetime, future: bool = False) -> datetime:
    """The moment that ``text`` means to the person who types it at ``now``, to the second, in now's zone.

    A day without a time is its start. A year left out makes the date the latest that is not after today, a
    weekday is the most recent one, today included. With ``future`` the date is the earliest that is not
    before today, the weekday the first that is still to come, and ``2d`` is ``+2d``. Raises Usage where the
    text cannot be read, has two readings, or names no day of the years 1900 to 2200.
    """
    reading = _read(text, now, future)
    if reading is None:
        raise Usage(
            _("{text!r} is no time that can be read").format(text=text),
            remedy=_("write it like 2024-03-15 14:30, 15 Mar 14:30, tomorrow, mon, 14:30 or +2d")
            if future
            else _("write it like 2024-03-15 14:30, 15 Mar 14:30, yesterday, mon, 14:30 or -2d"),
        )
    return reading[0]


def parse_date(text: str, *, now: datetime) -> str:
    """The day, YYYY-MM-DD in now's zone, of whatever ``parse_when`` reads. Raises Usage."""
    return parse_when(text, now=now).date().isoformat()


def parse_period(text: str, *, now: datetime) -> tuple[datetime, datetime]:
    """The period that ``text`` means, as its start and the first moment after it, in now's zone.

    A year, quarter, month, ISO week (weeks start on Monday) or day, or one second where ``text`` has a time
    of day or is relative (``-2d``). Raises Usage as ``parse_when`` does.
    """
    plain = _plain(text)
    try:
        days = _named_period(plain, now.date()) or _written_period(plain)
    except ValueError:
        raise _impossible(text) from None
    if days:
        return _local(days[0], time(), now.tzinfo), _local(days[1], time(), now.tzinfo)
    reading = _read(text, now, future=False)
    if reading is None:
        raise Usage(
            _("{text!r} is no period or time that can be read").format(text=text),
            remedy=_("write it like 2024-03, 2024Q1, 2024-W11, last-month, 2024-03-15, yesterday or -2d"),
        )
    start, whole_day = reading
    if whole_day:
        return start, _local(start.date() + timedelta(days=1), time(), now.tzinfo)
    return start, _elapse(start, timedelta(seconds=1))


def parse_span(text: str, *, now: datetime) -> tuple[datetime, datetime]:
    """``parse_period``, but a time of day without seconds is its whole minute. Raises Usage."""
    start, end = parse_period(text, now=now)
    if re.search(_TO_THE_MINUTE, _plain(text)) and not re.search(_TO_THE_SECOND, _plain(text)):
        return start, _elapse(start, timedelta(minutes=1))
    return start, end


def parse_since(text: str, *, now: datetime) -> datetime:
    """The start of the period that ``text`` means: the bound itself belongs to it. Raises Usage."""
    return parse_period(text, now=now)[0]


def parse_until(text: str, *, now: datetime) -> datetime:
    """The first moment after the period that ``text`` means: an exclusive bound. Raises Usage."""
    return parse_period(text, now=now)[1]


def _plain(text: str) -> str:
    """``text`` in lower case, with plain digits and signs and single spaces, none around 年月日."""
    if len(text) > LONGEST:
        raise Usage(
            _("a time has at most {longest} characters").format(longest=LONGEST),
            remedy=_("write it like 2024-03-15 14:30"),
        )
    return re.sub(r" ?([年月日号]) ?", r"\1", " ".join(text.translate(_PLAIN).lower().split()))


def _impossible(text: str) -> Usage:
    return Usage(
        _("{text!r} is no day or time of the years {first} to {last}").format(
            text=text, first=FIRST_YEAR, last=LAST_YEAR
        ),
        remedy=_("check the day, the time and the year"),
    )


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"year {year}")


def _local(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """The moment when ``zone`` shows ``day`` and ``clock``: the first of two, or moved out of a gap."""
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)


def _elapse(moment: datetime, length: timedelta) -> datetime:
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def _read(text: str, now: datetime, future: bool) -> tuple[datetime, bool] | None:
    """The moment that ``text`` means and whether it is a whole day; None where it cannot be read."""
    plain = _plain(text)
    now = now.replace(microsecond=0)
    try:
        moment = now if plain in ("now", "现在") else _relative(plain, now, future)
        reading = (moment, False) if moment else _day_and_clock(plain, now, future) or worded.read(plain, now)
        if reading:
            _check_year(reading[0].year)
    except (ValueError, OverflowError):
        raise _impossible(text) from None
    return reading


def _relative(text: str, now: datetime, future: bool) -> datetime | None:
    """``-2d``, ``+4h``, ``2d ago``, in the ``future`` ``2d`` too: days and weeks keep the time of day, hours and
    minutes elapse."""
    found = re.fullmatch(rf"(?P<sign>[+-] ?)?{_SPAN}(?P<ago> ago)?", text)
    if not found or (found["sign"] and found["ago"]) or not (found["sign"] or found["ago"] or future):
        return None
    unit = found["unit"][0]
    length = int(found["number"]) * _UNIT_LENGTHS[unit]
    if found["ago"] or (found["sign"] or "").startswith("-"):
        length = -length
    if unit in "mh":
        return _elapse(now, length)
    return _local(now.date() + length, now.time().replace(fold=0), now.tzinfo)


def _day_and_clock(text: str, now: datetime, future: bool) -> tuple[datetime, bool] | None:
    found = re.fullmatch(_DAY_AND_CLOCK, text)
    if not found or not text:
        return None
    # An offset belongs to a full date: which day "yesterday 14:30Z" means depends on where one stands.
    if found["zone"] and not re.search(r"\d{4}", found["text"]):
        return None
    clock = _clock(found)
    day = _day(found["text"], clock, now, future) if found["text"] else now.date()
    if day is None:
        return None
    zone = _offset(found["zone"]) if found["zone"] else now.tzinfo
    return _local(day, clock, zone).astimezone(now.tzinfo), not found["hour"]


def _clock(found: re.Match[str]) -> time:
    """The time of day, midnight where none was given. Raises ValueError where there is no such time."""
    hour = int(found["hour"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} {half}")
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def _offset(text: str) -> tzinfo | None:
    """``z``, ``utc``, ``gmt``, ``+08``, ``+0800`` or ``+08:00``. Raises ValueError from 24 hours on."""
    return time.fromisoformat(f"00:00{text}").tzinfo if text[0] in "+-" else UTC


def _day(text: str, clock: time, now: datetime, future: bool) -> date | None:
    """The day that ``text`` means beside ``clock``; None where it cannot be read."""
    today = now.date()
    if text in _DAYS:
        return today + timedelta(days=_DAYS[text])
    if text in _WEEKDAYS:
        if not future:
            return today - timedelta(days=(today.weekday() - _WEEKDAYS[text]) % 7)
        days = (_WEEKDAYS[text] - today.weekday()) % 7
        return today + timedelta(days=days or (0 if clock > now.time() else 7))
    return _year_last(text) or _written_day(text, today, future)


def _year_last(text: str) -> date | None:
    """``15/03/2024`` and ``03/15/2024``; Usage with both readings where day and month could be swapped."""
    found = re.fullmatch(_YEAR_LAST, text)
    if not found:
        return None
    year, first, second = int(found["year"]), int(found["first"]), int(found["second"])
    if first > 12 or first == second:
        return date(year, second, first)
    month_first = date(year, first, second)
    if second > 12:
        return month_first
    readings = {"one": date(year, second, first).isoformat(), "other": month_first.isoformat()}
    raise Usage(
        _("{text!r} can mean {one} or {other}").format(text=text, **readings),
        remedy=_("write {one} or {other}").format(**readings),
    )


def _written_day(text: str, today: date, future: bool) -> date | None:
    """A day in ISO order or with a named month. ValueError where there is none; Usage on a wrong weekday."""
    matches = (re.fullmatch(_WEEKDAY_FIRST + pattern, text) for pattern in _WRITTEN_DAYS)
    found = next(filter(None, matches), None)
    if not found:
        return None
    month = int(found["month"]) if found["month"].isdecimal() else _MONTHS.get(found["month"])
    weekday = found["weekday"]
    if month is None or (weekday and weekday not in _WEEKDAYS):
        return None
    if found["year"]:
        day = date(int(found["year"]), month, int(found["day"]))
    else:
        day = _nearest(month, int(found["day"]), today, future)
    if weekday and day.weekday() != _WEEKDAYS[weekday]:
        raise Usage(
            _("{day} is not a {weekday}").format(day=day, weekday=weekday),
            remedy=_("correct the weekday or leave it out"),
        )
    return day


def _nearest(month: int, day: int, today: date, future: bool) -> date:
    """The latest such day up to today, or the earliest from today on. Raises ValueError where none exists."""
    step = 1 if future else -1
    # Nine years, because 29 February can be eight years away: 2096 to 2104.
    for year in range(today.year, today.year + 9 * step, step):
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if (candidate - today) * step >= timedelta():
            return candidate
    raise ValueError(f"month {month}, day {day}")


def _named_period(text: str, today: date) -> tuple[date, date] | None:
    """``last-month`` and its like as first day and the day after the last."""
    name = text.replace(" ", "-")
    for unit, (present, before) in _PERIOD_NAMES.items():
        period = _containing(unit, today)
        if name in present.split():
            return period
        if name in before.split():
            return _containing(unit, period[0] - timedelta(days=1))
    return None


def _written_period(text: str) -> tuple[date, date] | None:
    """``2024``, ``2024-03``, ``2024Q1``, ``2024-W11``. Raises ValueError where there is no such period."""
    for unit, pattern in _PERIODS:
        if found := re.fullmatch(pattern, text):
            year = int(found[1])
            number = 1 if unit == "year" else int(found[2].translate(str.maketrans("一二三四", "1234")))
            _check_year(year)
            if unit == "week":
                return _containing(unit, date.fromisocalendar(year, number, 1))
            return _containing(unit, date(year, 3 * number if unit == "quarter" else number, 1))
    return None


def _containing(unit: str, day: date) -> tuple[date, date]:
    """The week, month, quarter or year around ``day``: its first day and the day after its last."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(weeks=1)
    months = _MONTHS_IN[unit]
    first = (day.year * 12 + day.month - 1) // months * months
    return date(first // 12, first % 12 + 1, 1), date((first + months) // 12, (first + months) % 12 + 1, 1)
