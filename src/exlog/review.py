"""What a review must look at: findings over records, each with the command that deals with it.

Every function is asked of one record, or of all of them for repeats, and knows no files: what a record's urgency or
targets are is handed in.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from exlog import times, urgency, vocabulary
from exlog.i18n import _
from exlog.measures.control import Judged
from exlog.sla import Running, Target, step_label
from exlog.worktime import Calendar

Record = Mapping[str, str]

REPEATS: Mapping[str, tuple[str, ...]] = {
    "repeat_customer": ("customer_id", "category"),
    "repeat_product": ("product",),
    "repeat_batch": ("model", "batch"),
    "repeat_cause": ("cause",),
}
"""Kinds of repeats and the fields that records alike share; all of a kind's fields must be there.

A one-off customer, who has no id, is known by the name.
"""

_LISTED = 5
_CONFIRM_HOURS = 24
_LATELY = ("progress_at", "first_response_at", "assigned_at", "recorded_at")


class Finding(NamedTuple):
    """One thing to deal with. ``kind``: of ``vocabulary.ENUMS["finding"]``; ``record``: the id, of repeats the newest.

    ``text`` says what is the matter, ``records`` how many it is about, ``command`` what deals with it.
    """

    kind: str
    record: str
    text: str
    records: int
    command: str


class Setting(NamedTuple):
    """What findings depend on beside the record. ``since``: from when what happened once is still told."""

    now: datetime
    since: datetime
    rules: Mapping[str, Any]
    calendar: Calendar
    gone: frozenset[str]
    followed: frozenset[str]
    """Ids that some record names as ``follow_up_of``."""


def of_open(record: Record, targets: Sequence[Running], rating: str, setting: Setting) -> Iterator[Finding]:
    """Findings of a record that is not closed. ``rating``: the level that the policy gives it by now."""
    yield from _late(record, targets, setting)
    running = record["status"] != "resolved"
    if record["status"] == "on_hold" and _past(record.get("hold_until"), setting.now):
        text = _("on hold until {date}: {reason}").format(
            date=_minute(record["hold_until"]), reason=record.get("hold_reason", "")
        )
        yield _finding("hold_over", record, text, "update {id} --status in_progress")
    if running and record["status"] != "on_hold":
        yield from _stalled(record, setting)
    if running and not record.get("owner"):
        yield _finding("unowned", record, record.get("department") or _("no department either"), "assign {id} OWNER")
    if record.get("owner") in setting.gone:
        text = _("{name} left").format(name=record["owner"])
        yield _finding("owner_gone", record, text, "assign {id} OWNER" if running else "update {id} --set owner=OWNER")
    if running:
        yield from _rated(record, rating)


def of_any(record: Record, setting: Setting) -> Iterator[Finding]:
    """Findings of a record whatever its status: what is to follow, and how it was entered."""
    if _past(record.get("follow_up_at"), setting.now) and not _since(record.get("progress_at"), record["follow_up_at"]):
        text = _("follow-up due since {date}").format(date=_minute(record["follow_up_at"]))
        yield _finding("follow_up_due", record, text, 'update {id} --note "TEXT" --set follow_up_at=')
    elif _unhappy(record, setting) and _past(record.get("closed_at"), setting.now, setting.since):
        text = _("satisfaction {value}, nobody asked again").format(value=record["satisfaction"])
        yield _finding("low_satisfaction", record, text, "update {id} --set follow_up_at=+2d")
    if _past(record.get("effect_check_at"), setting.now) and not record.get("effect"):
        text = _("effect of the actions, since {date}").format(date=_minute(record["effect_check_at"]))
        yield _finding("effect_check_due", record, text, 'update {id} --set effect="TEXT"')
    if record.get("type") == "complaint" and _past(record.get("recorded_at"), setting.now, setting.since):
        told = record.get("description") or record.get("subject", "")
        if width(told) < setting.rules["vague_below_columns"]:
            text = _("told in {count} columns: {text}").format(count=width(told), text=told)
            yield _finding("vague", record, text, 'update {id} --set description="TEXT"', subject=False)


def unapproved(record: Record, rule: str) -> Finding:
    """The finding of a resolved record that a second person has to approve before it is closed, by ``rule``."""
    text = _("closing needs the approval of a second person ({rule})").format(rule=rule)
    return _finding("unapproved", record, text, "approve {id} --for close")


def entered_late(record: Record, targets: Iterable[Target], setting: Setting) -> Iterator[Finding]:
    """A finding where a record was entered later than policy allows; ``targets`` are those to ``recorded_at``."""
    for target in targets:
        if target.state == "breached" and _past(record.get("recorded_at"), setting.now, setting.since):
            text = _("received {received}, entered {recorded}, due {due}").format(
                received=_minute(record["received_at"]),
                recorded=_minute(record["recorded_at"]),
                due=f"{target.due_at:%Y-%m-%d %H:%M}",
            )
            yield _finding("late_entry", record, text, "show {id} --history")


def repeats(records: Iterable[Record], setting: Setting) -> list[Finding]:
    """Records alike within 90 days, the newest of them not older than ``setting.since``; most first."""
    # From the start of that day, so that the command, which names the day, lists as many as are counted.
    oldest = (setting.now - urgency.WINDOW).replace(hour=0, minute=0, second=0, microsecond=0)
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        received = times.moment(record.get("received_at", ""))
        if received is None or received < oldest:
            continue
        for kind, names in REPEATS.items():
            values = [_likeness(record, name) for name in names]
            if all(values):
                groups.setdefault((kind, *values), []).append(record)
    found = []
    for (kind, *_values), alike in groups.items():
        group = sorted(filter(_counts, alike), key=lambda record: record["received_at"], reverse=True)
        if len(group) < setting.rules["repeats_from"]:
            continue
        newest = times.moment(group[0]["received_at"])
        if newest is not None and newest >= setting.since:
            left_out = [record for record in alike if not _counts(record)]
            found.append(_repeat(kind, group, left_out, oldest))
    order = list(REPEATS)
    return sorted(found, key=lambda one: (order.index(one.kind), -one.records, one.record))


def unusual_month(by: str, value: str, label: str, month: Judged) -> Finding:
    """A month in which complaints, all or those of one value, were out of the ordinary."""
    text = _("{label} in {month}: {count} where {expected} were to be expected ({low} to {high})").format(
        label=label, month=month.point.period, count=month.point.events, expected=_plain(month.expected),
        low=_plain(month.lower), high=_plain(month.upper),
    )  # fmt: skip
    if by:
        chosen = ["--category", value] if by == "category" else _where(by, value)
        command = shlex.join(["exlog", "stats", month.point.period, "--by", "cause", "--type", "complaint", *chosen])
    else:
        command = f"exlog stats {month.point.period} --by category --type complaint"
    return Finding("unusual_month", "", text, month.point.events, command)


def _plain(value: float | None) -> str:
    return f"{value or 0:.1f}"


def width(text: str) -> int:
    """Columns that a text takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text.strip())


def _late(record: Record, targets: Sequence[Running], setting: Setting) -> Iterator[Finding]:
    confirming = False
    for target in targets:
        if target.end == "confirmed_at":
            confirming = True
        if target.state != "breached":
            continue
        text = _("{step} due {due}").format(step=step_label(target.name), due=f"{target.due_at:%Y-%m-%d %H:%M}")
        if target.end == "confirmed_at":
            yield _finding("unconfirmed", record, text, _closing(record, setting))
        else:
            yield _finding("overdue", record, text, _next(record, target, setting))
    resolved = times.moment(record.get("resolved_at", "")) if record["status"] == "resolved" else None
    if not confirming and resolved and setting.now - resolved > timedelta(hours=_CONFIRM_HOURS):
        text = _("resolved {date}").format(date=_minute(record["resolved_at"]))
        yield _finding("unconfirmed", record, text, _closing(record, setting))


def _closing(record: Record, setting: Setting) -> str:
    return "close {id} --satisfaction 1-5" + _asked(record, setting, "preventive_action")


def _asked(record: Record, setting: Setting, *names: str) -> str:
    """Options for the fields among ``names`` that policy asks for and the record lacks."""
    missing = [
        name for name in names if not record.get(name) and record.get("type") in setting.rules[f"{name}_required_for"]
    ]
    return "".join(f' --set {name}="TEXT"' for name in missing)


def _next(record: Record, target: Running, setting: Setting) -> str:
    """The command that meets a target, or that takes the next step towards it."""
    if target.end == "first_response_at":
        return 'update {id} --responded --note "TEXT"'
    if not record.get("owner"):
        return "assign {id} OWNER"
    if target.end == "resolved_at":
        return 'update {id} --resolution "TEXT"' + _asked(record, setting, "cause", "corrective_action")
    return "show {id}"


def _stalled(record: Record, setting: Setting) -> Iterator[Finding]:
    last = max((found for name in _LATELY if (found := times.moment(record.get(name, "")))), default=None)
    if last is None or last > setting.now:
        return
    days = setting.calendar.workdays(last, setting.now)
    if days >= setting.rules["stalled_after_workdays"]:
        text = _("nothing for {days} working days, since {date}").format(days=days, date=f"{last:%Y-%m-%d}")
        yield _finding("stalled", record, text, 'update {id} --note "TEXT"')


def _rated(record: Record, rating: str) -> Iterator[Finding]:
    if not record.get("urgency"):
        text = _("by policy: {level}").format(level=vocabulary.label("urgency", rating))
        yield _finding("unrated", record, text, "update {id} --rate")
    elif urgency.revise_level(record["urgency"], record.get("urgency_by", ""), record.get("urgency_rated", ""), rating):
        text = _("{old}, by policy {new}").format(
            old=vocabulary.label("urgency", record["urgency"]), new=vocabulary.label("urgency", rating)
        )
        by_hand = record.get("urgency_by") == "manual"
        yield _finding("underrated", record, text, f"update {{id}} {'--urgency computed' if by_hand else '--rate'}")


def _unhappy(record: Record, setting: Setting) -> bool:
    """Whether a customer who was not satisfied was left alone since."""
    stars = record.get("satisfaction", "")
    return (
        stars.isdecimal()
        and int(stars) <= setting.rules["follow_up_at_satisfaction"]
        and record.get("status") == "closed"
        and not record.get("follow_up_at")
        and not _since(record.get("progress_at"), record.get("closed_at", ""))
        and record["id"] not in setting.followed
    )


def _counts(record: Record) -> bool:
    """Whether a record counts among repeats."""
    return record.get("close_reason") not in vocabulary.EXCLUDED_CLOSE_REASONS and record.get("type") != "praise"


def _likeness(record: Record, name: str) -> str:
    """What records alike have in common, as ``list`` compares it: without regard to case."""
    text = record.get(name, "") or (name == "customer_id" and record.get("customer_name", "")) or ""
    return text.strip().casefold()


def _repeat(kind: str, group: Sequence[Record], left_out: Sequence[Record], since: datetime) -> Finding:
    """The finding of a group, the newest first, with the command that lists the group and nothing else."""
    first = group[0]
    shown: list[str] = []
    options: list[str] = []
    for name in REPEATS[kind]:
        value = first.get(name, "")
        if name == "category":
            shown.append(vocabulary.label(name, value))
            options += ["--category", value]
        elif name == "customer_id":
            shown.append(first.get("customer_name", ""))
            options += ["--customer", value] if value else [*_where("customer_name", shown[-1]), "--where", name + "="]
        else:
            shown.append(value)
            options += _where(name, value)
    if any(record.get("type") == "praise" for record in left_out):
        options += ["--where", "type!=praise"]
    if any(record.get("close_reason") in vocabulary.EXCLUDED_CLOSE_REASONS for record in left_out):
        options += ["--where", "close_reason!=" + ",".join(vocabulary.EXCLUDED_CLOSE_REASONS)]
    ids = ", ".join(record["id"] for record in group[:_LISTED]) + (", …" if len(group) > _LISTED else "")
    command = f"exlog list --all --since {since:%Y-%m-%d} {shlex.join(options)}"
    return Finding(kind, first["id"], f"{' · '.join(shown)}: {ids}", len(group), command)


def _where(name: str, value: str) -> list[str]:
    """The condition that a field has a value; a comma would part it in two, so there it must only contain it."""
    return ["--where", f"{name}{'~' if set(value) & set(',，') else '='}{value.strip()}"]


def _finding(kind: str, record: Record, text: str, command: str, *, subject: bool = True) -> Finding:
    who = [record.get("owner", "")] if kind not in ("unowned", "owner_gone") else []
    parts = [text, record.get("subject", "") if subject else "", record.get("customer_name", ""), *who]
    told = " · ".join(part for part in parts if part)
    return Finding(kind, record["id"], told, 1, "exlog " + command.replace("{id}", record["id"]))


def _past(text: str | None, now: datetime, since: datetime | None = None) -> bool:
    """Whether a stored time lies before ``now``, and not before ``since``."""
    found = times.moment(text or "")
    return found is not None and found <= now and (since is None or found >= since)


def _since(text: str | None, other: str) -> bool:
    """Whether a stored time is later than another."""
    one, two = times.moment(text or ""), times.moment(other)
    return one is not None and two is not None and one > two


def _minute(text: str) -> str:
    return text[:16].replace("T", " ")
