"""The texts of the sample ledger as values: who is in it (cast.toml) and what happened (a file a month)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "sample"


class Hold(NamedTuple):
    """A pause ``hours`` after the record was assigned; it ends at ``until`` unless the story ends in it."""

    reason: str
    until: str
    hours: float


class Again(NamedTuple):
    """A second round: why the record was reopened, and what was done then.

    ``score`` is the satisfaction that closed the first round; without one it was only resolved.
    """

    reason: str
    hours: float
    notes: list[str]
    fix: str = ""
    score: int = 0


class Story(NamedTuple):
    """One record's life. Times are ``MM-DD HH:MM`` of 2024; hours are working hours; 0 leaves them to chance."""

    when: str
    """When the customer told us."""
    who: str
    """A customer's short name; of a one-off customer the name after ``~``."""
    kind: str
    """Type and category."""
    via: str
    subject: str
    text: str
    owner: str
    recorder: str = ""
    """Who took it in; else by channel and region."""
    goods: str = ""
    """Model and batch."""
    order: str = ""
    urgency: str = ""
    """Level and reason."""
    severity: str = ""
    sought: str = ""
    warranty: str = ""
    region: str = ""
    carrier: str = ""
    occurred: str = ""
    shipped: str = ""
    due: str = ""
    expected: str = ""
    lag: float = 0
    """Working minutes until it was recorded."""
    hours: float = 0
    """Until it was resolved."""
    wait: float = 0
    """From resolved to closed."""
    notes: tuple[str, ...] = ()
    fix: str = ""
    cause: str = ""
    corrective: str = ""
    preventive: str = ""
    compensation: str = ""
    end: str = "closed"
    """closed, unanswered, duplicate or invalid; or where it stands today: new, progress, hold, resolved."""
    score: int = 0
    said: str = ""
    reason: str = ""
    key: str = ""
    """A name by which another story refers to this one."""
    follows: str = ""
    """The story that this one repeats (a duplicate)."""
    follow_up: str = ""
    """The closed story that this one continues."""
    hold: Hold | None = None
    again: Again | None = None

    @property
    def type(self) -> str:
        """Complaint, inquiry, suggestion or praise."""
        return self.kind.split()[0]

    @property
    def category(self) -> str:
        """The category; empty where the story gives none."""
        return self.kind.partition(" ")[2]


class Cast(NamedTuple):
    """The people and things of the ledger, as cast.toml has them."""

    staff: Mapping[str, str]
    models: Mapping[str, Mapping[str, Any]]
    batches: Mapping[str, str]
    carriers: Mapping[str, list[str]]
    orders: Mapping[str, int]
    customer: list[dict[str, str]]
    edit: list[dict[str, Any]]

    def profile(self, who: str) -> Mapping[str, str]:
        """The customer of that short name (or name); empty for a one-off customer."""
        return next((one for one in self.customer if who == called(one)), {})


def called(customer: Mapping[str, str]) -> str:
    """What stories call a customer: the short name, of a person the name."""
    return customer.get("short_name") or customer["name"]


def cast() -> Cast:
    """Everybody in cast.toml."""
    return Cast(**_read("cast.toml"))


def stories() -> list[Story]:
    """Every story, month by month."""
    tables = [table for file in sorted(FOLDER.glob("2024-*.toml")) for table in _read(file.name)["story"]]
    return [_story(table) for table in tables]


def _story(table: dict[str, Any]) -> Story:
    if "hold" in table:
        table["hold"] = Hold(**table["hold"])
    if "again" in table:
        table["again"] = Again(**table["again"])
    return Story(**table)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
