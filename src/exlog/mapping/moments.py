"""Times in the texts of other systems, ISO 8601 and strptime formats, as the ledger stores them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import itemgetter

from exlog.times import FIRST_YEAR, LAST_YEAR, format_time

Read = Callable[[str], datetime]
"""Takes a text; raises ValueError where it is no time of that form."""

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_RUN_TOGETHER = re.compile("%[YymdHIMSjf]%[YymdHIMSjf]")
_PIECES = re.compile(r"%(?P<directive>.)|(?P<space>\s+)|(?P<literal>[^%\s]+)")
_QUICK = {"Y": r"(\d{4})", "p": "(am|pm)"} | dict.fromkeys("mdHIMS", r"(\d{1,2})")
_SAMPLE = datetime(2019, 11, 23, 16, 5, 7, tzinfo=UTC)


def is_whole_format(form: str) -> bool:
    """Whether a strptime format reads a day, month and year, and no hour or zone of which it is unsure."""
    try:
        read = datetime.strptime(_SAMPLE.strftime(form), form)
    except (ValueError, re.error):
        return False
    return "%Z" not in form and read.date() == _SAMPLE.date() and read.hour in (0, _SAMPLE.hour)


def stored_time(formats: Sequence[str], tz: tzinfo) -> Callable[[str], str]:
    """From a text in one of ``formats`` (strptime's; ISO 8601 without any) to RFC 3339 in ``tz``.

    A time without an offset is one of ``tz``: the first of two, or moved out of a gap. What comes back raises
    ValueError or OverflowError for a text in none of the formats and for years before 1900 and after 2200.
    """
    read = _reader(formats)
    offsets: dict[int, str] = {}

    def convert(text: str) -> str:
        moment = read(text)
        if moment.tzinfo is None:
            day = moment.toordinal()
            offset = offsets.get(day)
            if offset is None:
                offset = offsets[day] = _offset_of_day(moment.date(), tz)
            if offset:
                return moment.isoformat()[:19] + offset
            moment = moment.replace(tzinfo=tz)
        # By way of UTC, so that a time in the gap of a clock change comes out as one that clocks show.
        moment = moment.astimezone(UTC).astimezone(tz).replace(microsecond=0)
        _check_year(moment)
        return format_time(moment)

    return convert


def stored_date(formats: Sequence[str], tz: tzinfo) -> Callable[[str], str]:
    """Like ``stored_time``, but only the day."""
    read = _reader(formats)

    def convert(text: str) -> str:
        moment = read(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(tz)
        _check_year(moment)
        return moment.date().isoformat()

    return convert


def _check_year(moment: date) -> None:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"year {moment.year}")


def _offset_of_day(day: date, tz: tzinfo) -> str:
    """The offset of ``tz`` as it is all through ``day``, "" where it changes on that day."""
    _check_year(day)
    start = datetime.combine(day, time(), tz)
    end = datetime.combine(day + timedelta(days=1), time(), tz)
    same = start.utcoffset() == end.utcoffset() and not (start.utcoffset() or timedelta()).seconds % 60
    return format_time(start)[19:] if same else ""


def _reader(formats: Sequence[str]) -> Read:
    if not formats:
        return _read_iso
    readers = [_format_reader(form) for form in formats]

    def read(text: str) -> datetime:
        for reader in readers[:-1]:
            try:
                return reader(text)
            except ValueError:
                continue
        return readers[-1](text)

    return read


def _read_iso(text: str) -> datetime:
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    if len(text) <= 19:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"{text[:10]}T{text[11:].replace(' ', '').upper()}")


def _format_reader(form: str) -> Read:
    quick = _quick_reader(form)
    # strptime reads 2024111 by %Y%m%d, though it could be 11 January: such formats need all their digits.
    run_together = form.split("%z")[0] if _RUN_TOGETHER.search(form) else ""

    def read(text: str) -> datetime:
        moment = quick(text) if quick else None
        if moment is None:
            moment = datetime.strptime(text, form)
            if run_together and not text.startswith(moment.strftime(run_together)):
                raise ValueError(text)
        return moment

    return read


def _quick_reader(form: str) -> Callable[[str], datetime | None] | None:
    """What reads texts of a plain format several times as quickly as strptime, to the same moment.

    None for a format that is not plain. What comes back gives None for a text that it cannot read: then
    strptime decides.
    """
    pattern = names = group = ""
    for piece in _PIECES.finditer(form):
        before, group = group, _QUICK.get(piece["directive"], "")
        if group and not ("d" in group and "d" in before):
            names += piece["directive"]
            pattern += group
        elif piece["directive"] or re.search(r"\d", piece["literal"] or ""):
            return None
        else:
            pattern += r"\s+" if piece["space"] else re.escape(piece["literal"])
    halves = "p" in names
    order = "YmdIMS" if halves else "YmdHMS"
    wanted = order[: len(names) - halves]
    if sorted(names) != sorted(wanted + "p" * halves) or len(wanted) < 3 + halves:
        return None
    return _matching(re.compile(pattern, re.IGNORECASE), [names.index(name) for name in wanted], names.find("p"))


def _matching(pattern: re.Pattern[str], order: Sequence[int], half: int) -> Callable[[str], datetime | None]:
    """Reads the groups at ``order`` as year, month, day, hour, minute, second; ``half`` is that of am and pm."""
    take = itemgetter(*order)

    def read(text: str) -> datetime | None:
        found = pattern.fullmatch(text)
        if not found:
            return None
        groups = found.groups()
        parts = [*map(int, take(groups))]
        if half >= 0:
            if not 1 <= parts[3] <= 12:
                return None
            parts[3] = parts[3] % 12 + 12 * (groups[half] in ("PM", "pm", "Pm", "pM"))
        try:
            return datetime(*parts)  # type: ignore[arg-type]
        except ValueError:
            return None

    return read
