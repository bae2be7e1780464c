"""Two clones that work on the same records at the same time: what git merges is sound and the same in both."""

from __future__ import annotations

from pathlib import Path

import pytest
from team_helper import Clone, Team

ID = "F20240315001"
APRIL = "2024-04-02T10:00:00+08:00"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team")


@pytest.fixture
def pair(team: Team) -> tuple[Clone, Clone]:
    return team.found("ann"), team.join("bob")


def test_an_archive_that_both_sides_added_to_agrees_with_the_manifest(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    found = [ann.record(f"no. {number}") for number in range(4)]
    close = ("--resolution", "换新", "--satisfaction", "5")
    ann("assign", *found, "ann")
    ann("update", found[2], "--resolution", "换新", "--status", "resolved")
    ann("close", found[0], *close)
    ann("archive", now=APRIL)
    ann("sync", now=APRIL)
    bob("sync", now=APRIL)
    for clone, closed in ((ann, found[1:2]), (bob, found[2:])):  # bob's command has more than nine events
        clone("close", *closed, *close, now=APRIL)
        clone("archive", now=APRIL)
        clone("sync", now=APRIL)
    ann("sync", now=APRIL)
    assert ann.files() == bob.files()
    ann("check", now=APRIL)
