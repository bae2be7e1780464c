"""What a commit's message says: the events since the last commit, as sentences a person can read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from exlog import ids, undone, vocabulary
from exlog.i18n import N_, _
from exlog.policy import Policy
from exlog.store import files, layout

_LONGEST = 60
_MOST_LINES = 200
_MOST_NAMED = 3
_MANY = 20
"""More new records of one command than this are one line."""


class Told(NamedTuple):
    """An event of the history, as far as messages need it; plain texts."""

    at: str
    record: str
    action: str
    field: str
    old: str
    new: str
    note: str
    event: str


class Doing(NamedTuple):
    """What one command did to one record: its events, and the new values by field."""

    record: str
    events: list[Told]
    values: dict[str, str]

    @property
    def actions(self) -> set[str]:
        """The kinds of its events."""
        return {event.action for event in self.events}

    def note(self, action: str) -> str:
        """The first note of an event of this kind."""
        return next((event.note for event in self.events if event.action == action and event.note), "")


def message(events: Iterable[Told], policy: Policy, paths: Sequence[str]) -> str:
    """The message of a commit of ``paths`` (below the ledger's folder), which hold these new events."""
    lines = list(dict.fromkeys(_lines(_doings(events), policy)))
    if not lines:
        if "exlog.yaml" in paths:
            return _("a new ledger")
        named = ", ".join(paths[:_MOST_NAMED]) + (", …" if len(paths) > _MOST_NAMED else "")
        return _("files of the ledger: {files}").format(files=named)
    if len(lines) == 1:
        return lines[0]
    subjects = list(dict.fromkeys(line.partition(" ")[0] for line in lines))
    named = ", ".join(subjects[:_MOST_NAMED]) + (", …" if len(subjects) > _MOST_NAMED else "")
    summary = _("{count} changes: {records}").format(count=len(lines), records=named)
    more = [_("and {count} more").format(count=len(lines) - _MOST_LINES)] if len(lines) > _MOST_LINES else []
    return "\n".join([summary, "", *lines[:_MOST_LINES], *more])


def _doings(events: Iterable[Told]) -> list[Doing]:
    """Events in order of time, those of one command on one record together."""
    found: dict[tuple[str, str], Doing] = {}
    for event in sorted(events, key=lambda event: event.at):
        command = event.event.rpartition(".")[0] or event.event
        doing = found.setdefault((command, event.record), Doing(event.record, [], {}))
        doing.events.append(event)
        doing.values[event.field] = event.new
    return list(found.values())


def _lines(doings: list[Doing], policy: Policy) -> Iterable[str]:
    imported = [doing.record for doing in doings if "import" in doing.actions]
    many = set(imported) if len(imported) > _MANY else set()
    if many:
        text = _("{first} to {last}: {count} records imported")
        yield text.format(first=imported[0], last=imported[-1], count=len(imported))
    for doing in doings:
        if doing.record not in many:
            yield f"{files.shown(doing.record)} {_sentence(doing, policy)}"


def _sentence(doing: Doing, policy: Policy) -> str:
    if undone.ACTION in doing.actions:
        return _undone(doing)
    if doing.record.startswith(ids.CUSTOMER):  # names and numbers of people stay out of messages: those last for ever
        if "*" in doing.values:
            return _("new customer")
        return _("changed: {fields}").format(fields=", ".join(sorted(name for name in doing.values if name)))
    for action, say in _SENTENCES.items():
        if action in doing.actions:
            return say(doing, policy)
    event = doing.events[0]
    return f"{event.action} {event.field}: {_short(event.new)}" if event.field else event.action


def _created(doing: Doing, policy: Policy) -> str:
    subject = ""
    with contextlib.suppress(ValueError, AttributeError):
        subject = str(json.loads(doing.values.get("*", "")).get("subject", ""))
    return _with(_("new"), _short(subject))


def _closed(doing: Doing, policy: Policy) -> str:
    why = doing.values.get("close_reason", "")
    if why not in ("confirmed", ""):
        label = vocabulary.label("close_reason", why)
        more = doing.values.get("duplicate_of", "") or _short(doing.note("close"))
        return _with(_("closed ({why})").format(why=label), more)
    stars = doing.values.get("satisfaction", "")
    parts = [
        _short(doing.values.get("resolution", "")),
        _("satisfaction {stars}").format(stars=stars) if stars else "",
    ]
    return _with(_("closed"), _(", ").join(part for part in parts if part))


def _assigned(doing: Doing, policy: Policy) -> str:
    whom = [doing.values.get(name, "") for name in ("department", "owner")]
    return _("assigned to {whom}").format(whom=_short(" / ".join(name for name in whom if name)))


def _updated(doing: Doing, policy: Policy) -> str:
    fields = [event for event in doing.events if event.action == "update" and event.field]
    named = [_pair(event, policy) for event in fields[:_MOST_NAMED]]
    return _(", ").join(named) + (_(", …") if len(fields) > _MOST_NAMED else "")


def _decided(doing: Doing, policy: Policy) -> str:
    pairs = [_pair(event, policy) for event in doing.events if event.action == "resolve_conflict"]
    return _with(_("conflict decided"), _(", ").join(pairs))


def _adopted(doing: Doing, policy: Policy) -> str:
    names = [event.field for event in doing.events if event.field not in ("", "*")]
    return _with(_("hand edit adopted"), ", ".join(names))


def _undone(doing: Doing) -> str:
    """What of a record, a customer or a month's archive a command took back: names of fields, never their values."""
    if layout.is_month(doing.record):
        return _("undo: archive")
    if "*" in doing.values:
        return _("undo: recorded again") if doing.values["*"] else _("undo: taken out")
    return _("undo: {fields}").format(fields=", ".join(sorted(filter(None, doing.values))) or _("approval"))


def _archived(doing: Doing, policy: Policy) -> str:
    return _("records archived: {count}").format(count=doing.values.get("rows", "?"))


def _noted(title: str, action: str, field: str = "") -> Callable[[Doing, Policy], str]:
    """A title, and the note of the action or the new value of a field."""
    return lambda doing, policy: _with(_(title), _short(doing.values.get(field, "") if field else doing.note(action)))


_SENTENCES: Mapping[str, Callable[[Doing, Policy], str]] = {
    "create": _created,
    "import": _noted(N_("imported"), "import"),
    "remint": lambda doing, policy: _("new id, formerly {old}").format(old=doing.events[0].old),
    "close": _closed,
    "reopen": _noted(N_("reopened"), "reopen"),
    "resolve_conflict": _decided,
    "resolve": _noted(N_("resolved"), "resolve", "resolution"),
    "assign": _assigned,
    "hold": _noted(N_("on hold"), "hold"),
    "note": _noted(N_("note"), "note", "progress"),
    "respond": _noted(N_("customer answered"), "respond"),
    "update": _updated,
    "resume": _noted(N_("goes on"), "resume"),
    "urgency": lambda doing, policy: _pair(doing.events[0], policy),
    "rate": lambda doing, policy: _pair(doing.events[0], policy),
    "escalate": lambda doing, policy: _("escalated to level {level}").format(level=doing.events[0].new),
    "archive": _archived,
    "adopt": _adopted,
    "approve": lambda doing, policy: _("approved for {purpose}").format(purpose=doing.events[0].new),
    "merge": lambda doing, policy: _("merged: {fields}").format(fields=", ".join(sorted(doing.values))),
}
"""How each kind of change is told; the first one that a command made of a record is what its line says."""


def _pair(event: Told, policy: Policy) -> str:
    """A field and its new value; a choice by its label."""
    field = policy.field(event.field)
    label = vocabulary.label(field.enum, event.new) if field is not None and field.enum else event.new
    return f"{event.field}: {_short(label) or '–'}"


def _with(title: str, more: str) -> str:
    return _("{title}: {more}").format(title=title, more=more) if more else title


def _short(text: str) -> str:
    return files.shown(" ".join(text.split()), _LONGEST)
