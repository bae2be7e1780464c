"""How a due time came about, in words: which rule, which days counted and why one did not."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby

from exlog import vocabulary
from exlog.i18n import _
from exlog.sla.targets import Target
from exlog.worktime import Calendar, Day


def state_label(state: str) -> str:
    """The state of a target in the language in force."""
    return vocabulary.label("state", state)


def step_label(name: str) -> str:
    """The name of a step in the language in force, where it is a usual one."""
    return vocabulary.label("target", name)


def explain(target: Target, calendar: Calendar) -> list[str]:
    """The lines that explain a target to a person, in the language in force; ``calendar`` is the target's."""
    lines = [_rule(target)]
    if target.from_at is None or target.due_at is None:
        return [*lines, _("it has not begun")]
    if target.held:
        text = (
            _("{length} of working time on hold do not count")
            if target.limit.working
            else _("{length} on hold do not count")
        )
        lines.append(text.format(length=_length(target.held)))
        if not target.exact:
            lines.append(_("when that was is not known from the row: it is taken from the start"))
    if target.limit.working:
        lines += _days(target, calendar)
    lines.append(_due(target, calendar))
    return lines


def _rule(target: Target) -> str:
    return _("{step}: {within} = {words}; item {number} of sla ({match}), urgency {urgency}").format(
        step=step_label(target.name),
        within=target.within,
        words=target.limit.words(),
        number=target.rule + 1,
        match=target.match.words(),
        urgency=vocabulary.label("urgency", target.urgency) or "–",
    )


def _days(target: Target, calendar: Calendar) -> list[str]:
    """The days from start to due, runs of a kind in one line."""
    assert target.from_at is not None and target.due_at is not None
    first, last = calendar.date_of(target.from_at), calendar.date_of(target.due_at)
    days = calendar.days(first, last)
    lines = []
    if target.limit.unit == "wd":
        lines.append(_("{days}: the start day, not counted").format(days=first))
        days = days[1:]
    for (working, why), run in groupby(days, key=lambda day: (day.working, day.why)):
        text = _("{days}: counts") if working else _("{days}: does not count")
        lines.append(text.format(days=_span(list(run))) + (f" ({why})" if why else ""))
    return lines


def _span(run: list[Day]) -> str:
    """``2026-02-14``, ``2026-02-15..23``, ``2026-01-28..02-04`` or two whole dates."""
    first, last = run[0].date, run[-1].date
    if first == last:
        return str(first)
    return f"{first}..{_shortened(first, last)}"


def _shortened(first: date, last: date) -> str:
    if first.year != last.year:
        return str(last)
    return f"{last:%d}" if first.month == last.month else f"{last:%m-%d}"


def _due(target: Target, calendar: Calendar) -> str:
    start, due, met = (_shown(moment, calendar) for moment in (target.from_at, target.due_at, target.met_at))
    if target.met_at is not None:
        return _("from {start}, due {due}, done {met}: {state}").format(
            start=start, due=due, met=met, state=state_label(target.state)
        )
    if target.used is None:
        return _("from {start}, due {due}: {state}").format(start=start, due=due, state=state_label(target.state))
    return _("from {start}, due {due}, {share}% of the time used: {state}").format(
        start=start, due=due, share=int(target.used * 100), state=state_label(target.state)
    )


def _shown(moment: datetime | None, calendar: Calendar) -> str:
    return f"{moment.astimezone(calendar.zone):%Y-%m-%d %H:%M}" if moment else "–"


def _length(minutes: float) -> str:
    hours, rest = divmod(int(minutes), 60)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
