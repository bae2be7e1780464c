"""What ``undo`` leaves in the history: events that say which command they take back, and what counts after that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

ACTION = "undo"
_START = "undo "


class Told(Protocol):
    """What of an event is looked at."""

    @property
    def at(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def event(self) -> str: ...


T = TypeVar("T", bound=Told)


def note(command: str) -> str:
    """The note of an event that takes back the command."""
    return _START + command


def command_of(event: str) -> str:
    """The command that an event belongs to; empty for one of no command, such as an escalation."""
    return event.rpartition(".")[0]


def target(event: Told) -> str:
    """The command that an event takes back; empty where it takes back none."""
    return event.note.removeprefix(_START) if event.action == ACTION and event.note.startswith(_START) else ""


def taken_back(events: Iterable[Told]) -> set[str]:
    """The commands that are taken back after these events, in order of time; an undo that was undone counts no more."""
    undoes: dict[str, str] = {}
    for event in events:
        if target(event):
            undoes.setdefault(command_of(event.event), target(event))
    back: set[str] = set()
    for command in reversed(undoes):
        if command not in back:
            back.add(undoes[command])
    return back


def effective(events: Sequence[T]) -> list[T]:
    """The events that still count: without those of commands taken back, and without the undoing itself."""
    back = taken_back(events)
    if not back and not any(event.action == ACTION for event in events):
        return list(events)
    return [event for event in events if event.action != ACTION and command_of(event.event) not in back]


def changes(events: Sequence[Told]) -> list[tuple[str, str, str, str]]:
    """When, field, old and new of the events that still count."""
    return [(event.at, event.field, event.old, event.new) for event in effective(events)]
