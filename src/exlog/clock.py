"""The one place where the clock is read. EXLOG_NOW fixes it, for tests and demonstrations."""

from __future__ import annotations

import os
from datetime import datetime, tzinfo

from exlog.errors import Usage
from exlog.i18n import _


def now(tz: tzinfo) -> datetime:
    """The present, to the second, in ``tz``.

    EXLOG_NOW (ISO 8601; without an offset it is in ``tz``) stands in for it. Raises Usage where that cannot
    be read.
    """
    fixed = os.environ.get("EXLOG_NOW")
    if not fixed:
        return datetime.now(tz).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(fixed)
        moment = moment.replace(tzinfo=tz) if moment.tzinfo is None else moment.astimezone(tz)
    except (ValueError, OverflowError):
        raise Usage(
            _("EXLOG_NOW is {value!r}, which is no time").format(value=fixed),
            remedy=_("write it like 2024-03-15T14:30:00+08:00"),
        ) from None
    return moment.replace(microsecond=0)
