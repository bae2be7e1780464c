"""Working time: a calendar read from exlog.yaml, and the sums that due times and measures are made of.

``spec`` reads what exlog.yaml says of hours and of times allowed, ``calendar`` adds and measures working time.
No public holidays are known here: they are handed in as ``Special`` days.
"""

from exlog.worktime.calendar import Calendar, Day, Special
from exlog.worktime.spec import DEFAULT_HOURS, CalendarSpec, Interval, Within, parse_within, read_calendar

__all__ = [
    "DEFAULT_HOURS",
    "Calendar",
    "CalendarSpec",
    "Day",
    "Interval",
    "Special",
    "Within",
    "parse_within",
    "read_calendar",
]
