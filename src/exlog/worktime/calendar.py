"""A calendar precomputed, year by year: adding and measuring working time are look-ups, not walks of days.

Working time is what the wall clock of the calendar's zone shows, counted in minutes that elapse: when clocks
are put forward within working hours the day is shorter, when they are put back it is longer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import accumulate
from typing import NamedTuple

from exlog import instants
from exlog.i18n import _
from exlog.worktime.spec import CalendarSpec, Interval, Within

DAY = 86400
_EPOCH = date(1970, 1, 1).toordinal()
_MARGIN = 2 * DAY
"""No zone is further than this from UTC, so a year of UTC less this much lies within the year of any zone."""

_LAST_YEAR = 9990


class Special(NamedTuple):
    """A day that is not what its weekday says: a public holiday, or a workday that makes up for one.

    ``name`` is the holiday's; of a make-up workday, the holiday that it makes up for, where that is known.
    """

    is_workday: bool
    name: str = ""


class Day(NamedTuple):
    """A day of a calendar, and why it works or does not; "" for an ordinary working day."""

    date: date
    working: bool
    why: str


SpecialDays = Mapping[date, Special] | Callable[[int], Mapping[date, Special]]
"""All special days, or what gives those of a year: it is asked once for each year that is needed."""

Span = tuple[int, int]


class Calendar:
    """Working time by ``spec`` in ``zone``. Moments are aware; those that come back are in ``zone``.

    Instants are seconds since 1970: who computes for many records stays with them, since making a moment takes
    longer than finding it. The lists of ``spec`` win over ``special``. Years are computed when first needed.
    """

    def __init__(self, spec: CalendarSpec, zone: tzinfo, special: SpecialDays | None = None) -> None:
        self.spec = spec
        self.zone = zone
        self._special = special if special is not None else {}
        self._special_by_year: dict[int, Mapping[date, Special]] = {}
        self._first, self._last = 1, 0
        self._low, self._high = 0.0, -1.0
        self._spans: list[Span] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._after: list[int] = []
        self._workdays: list[int] = []
        self._closes: list[int] = []

    @property
    def years(self) -> range:
        """The years that were needed so far."""
        return range(self._first, self._last + 1)

    def date_of(self, moment: datetime) -> date:
        """The day that the calendar's zone shows at ``moment``."""
        return moment.astimezone(self.zone).date()

    def moment(self, at: float) -> datetime:
        """An instant as a moment."""
        return instants.in_zone(at, self.zone)

    def due(self, start: datetime, within: Within) -> datetime:
        """When the time allowed has run out that begins at ``start``."""
        return self.moment(self.due_instant(instants.of(start), within))

    def due_instant(self, start: float, within: Within) -> float:
        """``due`` of an instant, as an instant."""
        unit = within.unit
        if unit == "wh":
            return self.later(start, within.minutes)
        if unit == "wd":
            return self._close(start, within.number)
        return start + within.minutes * 60

    def add_working(self, start: datetime, minutes: float) -> datetime:
        """The first moment by which ``minutes`` of working time have passed since ``start``.

        So it may be the end of a working day, and never the start of one; no minutes give ``start`` back.
        """
        return self.moment(self.later(instants.of(start), minutes))

    def later(self, start: float, minutes: float) -> float:
        """``add_working`` of an instant, as an instant."""
        if minutes <= 0:
            if minutes < 0:
                raise ValueError(f"negative working time: {minutes}")
            return start
        if not self._low <= start < self._high:
            self._cover(start)
        place = bisect_right(self._starts, start) - 1
        left = minutes * 60
        rest = self._ends[place] - start if place >= 0 else -1.0
        if left <= rest:
            return start + left  # within one span, as most are
        passed = self._after[place] - max(rest, 0.0) if place >= 0 else 0.0
        wanted = passed + left
        while not self._after or wanted > self._after[-1]:
            self._extend(self._last + 1)
        place = bisect_left(self._after, wanted)
        return self._ends[place] - (self._after[place] - wanted)

    def working_minutes(self, a: datetime, b: datetime) -> float:
        """Minutes of working time from ``a`` to ``b``, negative where ``b`` is earlier."""
        return self.minutes_between(instants.of(a), instants.of(b))

    def minutes_between(self, a: float, b: float) -> float:
        """``working_minutes`` of instants."""
        if not (self._low <= a < self._high and self._low <= b < self._high):
            self._cover(a)
            self._cover(b)
        return (self._passed(b) - self._passed(a)) / 60

    def passed(self, moment: datetime) -> float:
        """Seconds of working time up to ``moment``, from a start that moves when earlier years are first needed."""
        return self._passed(self._instant(moment))

    def spans(self, start: int, end: int) -> list[Span]:
        """The spans of working time between two instants in seconds, of years that were needed already."""
        first = bisect_right(self._ends, start)
        last = bisect_left(self._starts, end)
        return [(max(low, start), min(high, end)) for low, high in self._spans[first:last]]

    def workday(self, day: int) -> tuple[int, int | None]:
        """How many working days there are up to a day (since 1970), and its close of business where it is one."""
        place = bisect_right(self._workdays, day + _EPOCH)
        working = place > 0 and self._workdays[place - 1] == day + _EPOCH
        return place, self._closes[place - 1] if working else None

    def close_of_workday(self, start: datetime, number: int) -> datetime:
        """Close of business on the working day with this ``number`` after the day of ``start``, itself not counted."""
        return self.moment(self._close(instants.of(start), number))

    def _close(self, start: float, number: int) -> float:
        if number < 1:
            raise ValueError(f"no such working day: {number}")
        if not self._low <= start < self._high:
            self._cover(start)
        place = bisect_right(self._workdays, self.moment(start).toordinal()) + number - 1
        while place >= len(self._workdays):
            self._extend(self._last + 1)
        return self._closes[place]

    def workdays(self, a: datetime, b: datetime) -> int:
        """Working days after the day of ``a``, up to and with the day of ``b``; 0 where ``b`` is earlier."""
        self._instant(a)
        self._instant(b)
        first = bisect_right(self._workdays, self.date_of(a).toordinal())
        return max(0, bisect_right(self._workdays, self.date_of(b).toordinal()) - first)

    def days(self, start: date, end: date) -> list[Day]:
        """The days from ``start`` to ``end``, both included, each with the reason why it works or does not."""
        return [self._day(date.fromordinal(n)) for n in range(start.toordinal(), end.toordinal() + 1)]

    def _day(self, day: date) -> Day:
        working = bool(self._hours(day))
        special = self._special_day(day)
        weekend = _("weekend") if day.weekday() >= 5 else _("no working hours")
        if day in self.spec.extra_workdays:
            why = _("extra workday")
        elif day in self.spec.extra_holidays:
            why = _("extra holiday")
        elif special is None:
            why = "" if working else weekend
        elif special.is_workday:
            why = _("make-up day for {name}").format(name=special.name) if special.name else _("make-up day")
        else:
            why = special.name or _("public holiday")
        return Day(day, working, why)

    def _hours(self, day: date) -> tuple[Interval, ...]:
        if day in self.spec.extra_holidays:
            return ()
        special = self._special_day(day)
        if day in self.spec.extra_workdays or (special is not None and special.is_workday):
            return self.spec.hours_of(day.weekday())
        return self.spec.hours[day.weekday()] if special is None else ()

    def _special_day(self, day: date) -> Special | None:
        if not callable(self._special):
            return self._special.get(day)
        if day.year not in self._special_by_year:
            self._special_by_year[day.year] = self._special(day.year)
        return self._special_by_year[day.year].get(day)

    def _instant(self, moment: datetime) -> float:
        """Seconds since 1970; the year around them is computed afterwards."""
        at = instants.of(moment)
        if not self._low <= at < self._high:
            self._cover(at)
        return at

    def _passed(self, at: float) -> float:
        """Working seconds from the start of the years computed to the instant ``at``."""
        place = bisect_right(self._starts, at) - 1
        if place < 0:
            return 0.0
        rest = self._ends[place] - at
        return self._after[place] - rest if rest > 0 else self._after[place]

    def _cover(self, at: float) -> None:
        day = instants.in_zone(at, UTC)
        for near in (day - timedelta(seconds=_MARGIN), day + timedelta(seconds=_MARGIN)):
            self._extend(near.year)

    def _extend(self, year: int) -> None:
        """Compute the years up to ``year``, from those that are there already: they never have a gap."""
        if year > _LAST_YEAR:
            raise OverflowError("no working time in the years that Python knows")
        if not self.years:
            self._first, self._last = year, year - 1
        wanted = [*range(year, self._first), *range(self._last + 1, year + 1)]
        if not wanted:
            return
        for one in wanted:
            self._compute(one)
        self._first, self._last = min(self._first, year), max(self._last, year)
        self._low = (date(self._first, 1, 1).toordinal() - _EPOCH) * DAY + _MARGIN
        self._high = (date(self._last + 1, 1, 1).toordinal() - _EPOCH) * DAY - _MARGIN
        self._spans.sort()
        self._starts, self._ends = [start for start, _end in self._spans], [end for _start, end in self._spans]
        self._after = list(accumulate(end - start for start, end in self._spans))
        closes = sorted(zip(self._workdays, self._closes, strict=True))
        self._workdays, self._closes = [day for day, _close in closes], [close for _day, close in closes]

    def _compute(self, year: int) -> None:
        first, last = (date(one, 1, 1).toordinal() - _EPOCH for one in (year, year + 1))
        parts = list(offsets(self.zone, first * DAY - _MARGIN, last * DAY + _MARGIN))
        for number in range(first, last):
            midnight = number * DAY
            spans = [
                span
                for start, end in self._hours(date.fromordinal(number + _EPOCH))
                for span in _instants(midnight + start * 60, midnight + end * 60, parts)
            ]
            if spans:
                self._spans += spans
                self._workdays.append(number + _EPOCH)
                self._closes.append(max(end for _start, end in spans))


def offsets(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The spans of instants in which the zone keeps one offset from UTC, in seconds: start, end, offset."""
    begin, offset = start, _offset(zone, start)
    for day in range(start, end, DAY):
        if _offset(zone, day + DAY) == offset:
            continue
        low, high = day, day + DAY
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        yield begin, high, offset
        begin, offset = high, _offset(zone, high)
    yield begin, end, offset


def _offset(zone: tzinfo, at: int) -> int:
    offset = instants.in_zone(at, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _instants(start: int, end: int, offsets: list[tuple[int, int, int]]) -> Iterator[Span]:
    """The instants at which the wall clock shows ``start`` to ``end``: cut by a gap, doubled by a repeated hour."""
    for first, last, offset in offsets:
        low, high = max(start - offset, first), min(end - offset, last)
        if low < high:
            yield low, high
