"""Dates in words that no pattern of ``typed_times`` knows, such as ``Friday, 15th of March 2024 14h30``.

python-dateutil reads them. It is lenient: it fills what is not said from a default. So each text is read twice
with different defaults, and only what comes out the same was really said.
"""

from __future__ import annotations

import re
import warnings
from datetime import datetime

_FIRST = datetime(2000, 1, 1, 0, 0)
_SECOND = datetime(2001, 2, 2, 1, 0)
_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
_WORD = re.compile(r"[a-z]{3,}")


def read(text: str, now: datetime) -> tuple[datetime, bool] | None:
    """The moment in now's zone, and whether it is a whole day; None where day, month and year are not all said."""
    if not _YEAR.search(text) or not _WORD.search(text):
        return None
    from dateutil import parser

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an unknown zone name is only a warning there
            first, second = (parser.parse(text, default=default) for default in (_FIRST, _SECOND))
    except (ValueError, OverflowError, parser.UnknownTimezoneWarning):
        return None
    if first.date() != second.date():
        return None
    whole_day = first.time() != second.time()
    if whole_day:
        first = first.replace(hour=0, minute=0)
    zoned = first.replace(tzinfo=now.tzinfo) if first.tzinfo is None else first.astimezone(now.tzinfo)
    return zoned.replace(microsecond=0), whole_day
