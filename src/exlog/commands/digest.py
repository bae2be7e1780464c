"""What a reminder says: a title with counts and plain lines, for a mail as for a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from exlog import vocabulary
from exlog.commands.due import left_of
from exlog.i18n import _
from exlog.render.escape import one_line

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.deadlines import Risk
    from exlog.ledger.reminding import Reminder
    from exlog.ledger.reviewing import Finding

MOST_LINES = 50
_LONGEST = {"customer_name": 40, "subject": 80, "owner": 30, "department": 30}
"""Characters of a field that a line shows."""

# Chats call everybody for @all, <!channel> and <at user_id="all">, and hide where a [link](…) leads.
_CALLS = str.maketrans({"@": "＠", "<": "＜"})


def of_due(book: Book, reminders: Sequence[Reminder], room: int, within: str) -> tuple[str, str]:
    """Title and body of targets at risk; together at most ``room`` bytes. ``within`` is the time asked for."""
    risks = [cast("Risk", one.about) for one in reminders]
    late = sum(_is_late(risk) for risk in risks)
    counts = [_("{count} late").format(count=late)] if late else []
    if near := len(risks) - late:
        words = _("{count} due within {time}") if within else _("{count} nearly late")
        counts.append(words.format(count=near, time=within))
    title = _title(book, ", ".join(counts))
    return title, cut([_risk(book, risk) for risk in risks], room - _bytes(title), "exlog due")


def of_review(book: Book, reminders: Sequence[Reminder], room: int) -> tuple[str, str]:
    """Title and body of what a review must look at; together at most ``room`` bytes."""
    findings = [cast("Finding", one.about) for one in reminders]
    title = _title(book, _("{count} to review").format(count=len(findings)))
    lines = [
        harmless(f"[{vocabulary.label('finding', one.kind)}] {one.record} {one.text} → {one.command}")
        for one in findings
    ]
    return title, cut(lines, room - _bytes(title), "exlog review --week")


def harmless(text: str) -> str:
    """``text`` on one line, which neither a terminal nor a chat takes for more than text."""
    return one_line(text).translate(_CALLS).replace("](", "] (")


def _title(book: Book, counts: str) -> str:
    return harmless(f"exlog {book.root.name}: {counts}")


def _risk(book: Book, risk: Risk) -> str:
    record, target = risk.record, risk.target
    on_hold = record["status"] == "on_hold"
    due = target.due_at.astimezone(book.tz)
    length = left_of(risk)
    what = _("{id} [{urgency}] {target} due {due}, {left}").format(
        id=record["id"],
        urgency=vocabulary.label("urgency", record["urgency"]) or "–",
        target=vocabulary.label("target", target.name),
        due=f"{due:%m-%d %H:%M}" if due.year == book.now.year else f"{due:%Y-%m-%d %H:%M}",
        left=length if _is_late(risk) or on_hold else _("{length} left").format(length=length),
    )
    who = "/".join(text for name in ("department", "owner") if (text := _short(record, name)))
    parts = (what, who or _("nobody has it"), _short(record, "customer_name"), _short(record, "subject"))
    return " · ".join(harmless(part) for part in parts if part)


def _is_late(risk: Risk) -> bool:
    return risk.target.state == "breached"


def _short(record: dict[str, str], name: str) -> str:
    text, most = record[name], _LONGEST[name]
    return text if len(text) <= most else text[: most - 1] + "…"


def cut(lines: list[str], room: int, command: str) -> str:
    """The first MOST_LINES lines, or as many as have room; then how many more there are."""
    if len(lines) <= MOST_LINES and _bytes(*lines) <= room:
        return "\n".join(lines)
    kept: list[str] = []
    for line in lines[:MOST_LINES]:
        if _bytes(*kept, line, _more(len(lines), command)) > room:
            break
        kept.append(line)
    return "\n".join([*kept, _more(len(lines) - len(kept), command)])


def _more(count: int, command: str) -> str:
    return _("and {count} more: {command}").format(count=count, command=command)


def _bytes(*lines: str) -> int:
    """The bytes of lines, with two for each line break: some services take \\r\\n."""
    return sum(len(line.encode("utf-8", "replace")) + 2 for line in lines)
