"""``exlog sync`` in a clone that is in a mess: not set up, left half merged, or with another command at work in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_helper import environment
from team_helper import IDENTITY, Clone, Team, settle

ID = "F20240315001"
LATER = "2024-03-15T18:00:00+08:00"
CLOSE = ("--resolution", "换新", "--satisfaction", "4")
APRIL = "2024-04-02T10:00:00+08:00"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Clone, Clone]:
    team = Team(tmp_path / "team")
    return team.found("ann"), team.join("bob")


def part(ann: Clone, bob: Clone) -> None:
    """Each side edits a field of one record and adds one; ann's is on the server, bob's committed."""
    for clone, field in ((ann, "order_no"), (bob, "product")):
        clone("update", ID, "--set", f"{field}={clone.name}")
        clone.record(f"by {clone.name}")
        clone.git("add", "-A")
        clone.git("commit", "-qm", clone.name)
    ann("sync")
    bob.git("fetch", "-q")


def expect_both(ann: Clone, bob: Clone) -> None:
    settle(ann, bob)
    row = ann.row(ID)
    assert (row["order_no"], row["product"], len(ann.rows())) == ("ann", "bob", 3)


def test_a_clone_that_is_not_set_up_syncs_only_when_it_is(tmp_path: Path) -> None:
    team = Team(tmp_path / "team")
    ann, bob = team.found("ann"), team.join("bob", set_up=False)
    part(ann, bob)
    result = bob("sync", code=2)
    assert "plain text" in result.err and "exlog git-setup, then exlog sync" in result.err
    assert bob.git("status", "--porcelain") == ""
    bob("git-setup")
    expect_both(ann, bob)


def test_conflict_markers_are_named_and_sync_merges_the_file_again(tmp_path: Path) -> None:
    team = Team(tmp_path / "team")
    ann, bob = team.found("ann"), team.join("bob", set_up=False)
    part(ann, bob)
    bob.git("merge", "--no-edit", "origin/main", code=1)
    assert "<<<<<<<" in bob.text()
    told = bob("list", code=4).err
    assert "conflict markers" in told and "exlog sync" in told
    bob("git-setup")
    assert "exceptions.csv: git could not merge it; exlog sync tries again" in bob("resolve", code=3).err
    assert "exceptions.csv: merged again by way of exlog" in bob("sync").err
    expect_both(ann, bob)


def test_a_driver_that_is_killed_loses_nothing(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    part(ann, bob)
    driver = bob.git("config", "merge.exlog.driver")
    bob.git("config", "merge.exlog.driver", "kill -9 $$ #")
    assert "could not be merged by way of exlog" in bob("sync", code=3).err
    assert "could not be merged by way of exlog" in bob("sync", code=3).err
    assert "UU exceptions.csv" in bob.git("status", "--porcelain")
    bob.git("config", "merge.exlog.driver", driver)
    assert "merged again" in bob("sync").err
    expect_both(ann, bob)


def test_what_a_person_made_of_a_file_is_not_merged_over(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    part(ann, bob)
    driver = bob.git("config", "merge.exlog.driver")
    bob.git("config", "merge.exlog.driver", "kill -9 $$ #")
    bob("sync", code=3)
    bob.git("config", "merge.exlog.driver", driver)
    edited = bob.text().replace("by bob", "BY BOB")
    bob.write("exceptions.csv", edited)
    bob("sync", code=3)
    assert bob.text() == edited


@pytest.mark.parametrize("first", ["undone", "edited"])
def test_an_archive_removed_on_one_side_and_edited_on_the_other_keeps_the_edit(
    pair: tuple[Clone, Clone], first: str
) -> None:
    ann, bob = pair
    ann("assign", ID, "ann")
    ann("close", ID, *CLOSE)
    ann("archive", now=APRIL)
    ann("sync", now=APRIL)
    bob("sync", now=APRIL)
    ann("undo", now=APRIL)
    bob("update", ID, "--set", "order_no=bob", now=APRIL)
    assert not (ann.path / "archive" / "2024-03.csv").exists()
    one, other = (ann, bob) if first == "undone" else (bob, ann)
    one("sync", now=APRIL)
    assert "the edit is kept" in other("sync", now=APRIL).err
    one("sync", now=APRIL)
    assert ann.files() == bob.files()
    assert ann.json("show", ID)["order_no"] == "bob"
    ann("check", now=APRIL)


def test_syncs_and_commands_of_several_terminals_do_not_get_into_each_others_way(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    bob.record("by bob")
    bob("sync")
    add = ("add", "Walk-in", "x", "-c", "other", "--one-off", "-q")
    waiting = [start(ann, *words) for words in (("sync",), add, add, ("sync",), add, add, ("sync",))]
    for process in waiting:
        told = process.communicate(timeout=60)[0].decode()
        assert process.returncode == 0, told
    for clone in (ann, bob):
        clone("sync", now=LATER)
    assert ann.files() == bob.files()
    assert len(ann.rows()) == 6
    ann("check", now=LATER)


def start(clone: Clone, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "exlog", *words], cwd=clone.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment(clone.path, EXLOG_USER=clone.name, EXLOG_NOW=LATER, EXLOG_LOCK_TIMEOUT="50", **IDENTITY),
    )  # fmt: skip


def test_a_lock_that_a_killed_git_left_is_named(pair: tuple[Clone, Clone]) -> None:
    ann, _bob = pair
    ann.record("x")
    (ann.top / ".git" / "index.lock").touch()
    result = ann("sync", code=75, EXLOG_LOCK_TIMEOUT="0.2")
    assert "index.lock" in result.err and "remove it" in result.err
    (ann.top / ".git" / "index.lock").unlink()
    ann("sync")


def test_a_staged_file_of_ones_own_is_named_with_the_way_out(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    part(ann, bob)
    (bob.path / "mine.txt").write_text("x")
    bob.git("add", "mine.txt")
    told = bob("sync", code=2).err
    assert "mine.txt" in told and "git restore --staged" in told
    bob.git("restore", "--staged", "mine.txt")
    (bob.path / "mine.txt").unlink()
    expect_both(ann, bob)


def test_a_branch_without_a_commit_gets_one_before_its_upstream_is_asked_for(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path / "u", env=environment(tmp_path, **IDENTITY), check=True)

    (tmp_path / "u").mkdir()
    git("init", "-q", "-b", "main")
    git("init", "-q", "--bare", "../r.git")
    git("remote", "add", "origin", "../r.git")
    told = ""
    for words in (["init", "."], ["add", "A", "s", "-c", "other", "--one-off"], ["sync"]):
        done = subprocess.run(
            [sys.executable, "-m", "exlog", *words], cwd=tmp_path / "u", env=environment(tmp_path, **IDENTITY),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = done.stderr
    assert told.rstrip().endswith("git push -u origin main")
    git("push", "-q", "-u", "origin", "main")
