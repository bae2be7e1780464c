"""``exlog resolve``: conflicts of real merges, listed, decided, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from team_helper import Clone, Team, settle

pytest.importorskip("exlog.ledger.reconciling", exc_type=ImportError)

ID = "F20240315001"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Clone, Clone]:
    team = Team(tmp_path / "team")
    return team.found("ann"), team.join("bob")


def collide(ann: Clone, bob: Clone, *fields: str) -> None:
    """Both give each field a value of their own; bob's clone ends within the merge."""
    for clone in (ann, bob):
        sets = [part for field in fields for part in ("--set", f"{field}={clone.name}")]
        clone("update", ID, *sets)
    ann("sync")
    bob("sync", code=3)


def test_conflicts_are_listed_with_all_values(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    bob("resolve")
    collide(ann, bob, "owner", "product")
    result = bob("resolve", "-f", "json", code=3)
    envelope = json.loads(result.out)
    assert envelope["kind"] == "conflicts"
    found = {one["field"]: one for one in envelope["data"]}
    assert set(found) == {"owner", "product"}
    assert (found["owner"]["id"], found["owner"]["ours"], found["owner"]["theirs"]) == (ID, "bob", "ann")
    assert found["owner"]["base"] is None and found["owner"]["path"] == "exceptions.csv"
    table = bob("resolve", "-f", "table", code=3).out
    assert "Owner (owner)" in table and "Ours" in table
    assert bob("resolve", "-q", code=3).out == f"{ID}\n"


def test_values_of_choices_have_their_labels(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    for clone, level in ((ann, "critical"), (bob, "high")):
        clone("update", ID, "--urgency", level, "--reason", "x")
    ann("sync")
    bob("sync", code=3)
    table = bob("resolve", "-f", "table", code=3).out
    assert "Urgency (urgency)" in table and "critical" in table
    bob("resolve", ID, "urgency", "--ours")
    bob("sync")
    settle(ann, bob)
    assert ann.row(ID)["urgency"] == "high"


@pytest.mark.parametrize(("how", "value"), [(["--ours"], "bob"), (["--theirs"], "ann"), (["--value", "王芳"], "王芳")])
def test_a_decision_is_written_and_remembered(pair: tuple[Clone, Clone], how: list[str], value: str) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    result = bob("resolve", "001", "owner", *how, "--as", "judge")
    assert "exceptions.csv: decided" in result.err and "exlog sync" in result.err
    assert bob.row(ID)["owner"] == value
    event = next(event for event in reversed(bob.events()) if event["action"] == "resolve_conflict")
    assert [event[name] for name in ("actor", "field", "new")] == ["judge", "owner", value]
    assert event["note"] == "ours: bob; theirs: ann"
    assert "UU" not in bob.git("status", "--porcelain")
    assert "history/2024-03/1.csv" in bob.git("diff", "--cached", "--name-only")
    bob("check")
    assert bob("resolve").err == "no conflict stands\n"
    bob.git("commit", "-q", "--no-edit")
    settle(ann, bob)
    assert ann.row(ID)["owner"] == value


def test_the_event_goes_to_the_lane_of_the_clone_that_decides(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    before = bob.text("history/2024-03/0.csv")
    bob("resolve", "001", "owner", "--theirs")
    assert bob.text("history/2024-03/0.csv") == before
    assert "resolve_conflict" in bob.text("history/2024-03/1.csv")


def test_a_path_is_added_only_when_nothing_stands_in_it(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner", "product")
    bob("resolve", "001", "owner", "--ours")
    assert "UU exceptions.csv" in bob.git("status", "--porcelain")
    assert "conflicts for a person to decide: 1" in bob("sync", code=3).err
    bob("resolve", "001", "product", "--theirs")
    assert "UU" not in bob.git("status", "--porcelain")
    bob("sync")
    settle(ann, bob)
    assert (ann.row(ID)["owner"], ann.row(ID)["product"]) == ("bob", "ann")


def test_all_at_once(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner", "product", "batch")
    assert "--all" in bob("resolve", "--all", code=2).err
    bob("resolve", "--all", "--theirs")
    bob("sync")
    settle(ann, bob)
    assert {ann.row(ID)[name] for name in ("owner", "product", "batch")} == {"ann"}


def test_what_follows_the_status_is_decided_with_it(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    for clone in pair:
        clone("assign", ID, clone.name) if clone is ann else clone.git("pull", "-q")
        ann("sync")
    bob.git("pull", "-q")
    ann("close", ID, "--resolution", "换新", "--satisfaction", "4")
    bob("update", ID, "--hold", "parts", "--until", "+2d")
    ann("sync")
    bob("sync", code=3)
    bob("resolve", ID, "status", "--theirs")
    bob("sync")
    settle(ann, bob)
    row = ann.row(ID)
    assert (row["status"], row["resolution"], row["hold_reason"]) == ("closed", "换新", "")


def test_a_merge_that_is_taken_back_leaves_no_conflict(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    bob.git("merge", "--abort")
    assert bob("resolve").err == "no conflict stands\n"
    assert bob.row(ID)["owner"] == "bob"
    bob("sync", code=3)
    bob("resolve", ID, "owner", "--ours")
    bob("sync")
    settle(ann, bob)


def test_a_rebase_that_is_taken_back_leaves_no_conflict(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    bob.git("config", "pull.rebase", "true")
    collide(ann, bob, "owner")
    bob("resolve", code=3)
    bob.git("rebase", "--abort")
    assert bob("resolve").err == "no conflict stands\n"


def test_a_merge_that_was_committed_without_a_decision_still_asks_for_one(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    bob.git("commit", "-qam", "careless")
    for _again in range(2):
        bob("resolve", code=3)
        bob.git("reset", "-q", "--hard")
    bob("sync", code=3)
    bob("resolve", ID, "owner", "--value", "zoe")
    bob("sync")
    settle(ann, bob)
    assert ann.row(ID)["owner"] == "zoe"


def test_a_change_after_the_merge_is_a_decision_too(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    bob.git("commit", "-qam", "careless")
    bob("assign", ID, "zoe")
    assert bob("resolve").err == "no conflict stands\n"


def test_a_profile_is_decided_with_its_comments_kept(tmp_path: Path) -> None:
    team = Team(tmp_path / "team")
    ann = team.found("ann")
    ann("customer", "add", "星河贸易")
    file = next((ann.path / "customers").iterdir())
    file.write_text("# our best one\n" + file.read_text("utf-8"), "utf-8")
    ann("sync")
    bob = team.join("bob")
    customer = file.stem
    ann("customer", "edit", customer, "--set", "region=华东")
    bob("customer", "edit", customer, "--set", "region=华南")
    ann("sync")
    bob("sync", code=3)
    bob("resolve", customer, "region", "--value", "华北")
    bob("sync")
    settle(ann, bob)
    text = ann.text(f"customers/{file.name}")
    assert text.startswith("# our best one\n") and "region: 华北" in text


def test_what_cannot_be_decided_is_refused(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    collide(ann, bob, "owner")
    mistakes = {
        ("resolve", ID): 2,
        ("resolve", ID, "owner"): 2,
        ("resolve", "--ours"): 2,
        ("resolve", ID, "owner", "--ours", "--theirs"): 2,
        ("resolve", "--all", "--value", "x"): 2,
        ("resolve", ID, "product", "--ours"): 5,
        ("resolve", "F20240101001", "owner", "--ours"): 5,
    }
    for arguments, code in mistakes.items():
        assert len(bob(*arguments, code=code).err.splitlines()) == 1
    bob("resolve", code=3)


def test_an_impossible_value_is_refused_and_the_conflict_stands(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    for clone, value in ((ann, "quality"), (bob, "service")):
        clone("update", ID, "--set", f"category={value}")
    ann("sync")
    bob("sync", code=3)
    assert "quality" in bob("resolve", ID, "category", "--value", "nonsense", code=2).err
    bob("resolve", ID, "category", "--value", "delivery")
    bob("sync")
    settle(ann, bob)


def test_a_file_that_git_left_with_markers_is_named(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    for clone in pair:
        (clone.top / "notes.txt").write_text(f"{clone.name}\n", "utf-8")
        clone.git("add", "notes.txt")
        clone.git("commit", "-qm", clone.name)
    ann("sync")
    assert "notes.txt" in bob("sync", code=3).err
    assert "notes.txt" in bob("resolve", code=3).err
    (bob.top / "notes.txt").write_text("both\n", "utf-8")
    bob.git("add", "notes.txt")
    bob("sync")
    settle(ann, bob)


def test_two_ledgers_of_one_repository_do_not_see_each_other(tmp_path: Path) -> None:
    team = Team(tmp_path / "team")
    ann = team.found("ann", inside="east")
    west = Clone(ann.top, "ann", "west")
    west.path.mkdir()
    west("init", ".")
    west.record("west")
    west("sync")
    bob = team.join("bob", inside="east")
    collide(ann, bob, "owner")
    other = Clone(bob.top, "bob", "west")
    assert other("resolve", "-q", code=3).out == "", "git's merge is under way, but the conflict is not this ledger's"
    bob("resolve", ID, "owner", "--ours")
    bob("sync")
    assert other("resolve").err == "no conflict stands\n"


def test_a_damaged_list_of_conflicts_is_named(pair: tuple[Clone, Clone]) -> None:
    _ann, bob = pair
    (bob.top / ".git" / "exlog").mkdir(exist_ok=True)
    (bob.top / ".git" / "exlog" / "conflicts.jsonl").write_text("{nonsense\n", "utf-8")
    assert "conflicts.jsonl:1" in bob("resolve", code=4).err


def test_a_clone_that_merged_as_text_merges_again_by_the_driver(tmp_path: Path) -> None:
    """The way out that docs/teamwork.md shows for conflict markers in a table."""
    team = Team(tmp_path / "team")
    ann = team.found("ann")
    bob = team.join("bob", set_up=False)
    for clone in (ann, bob):
        clone.record(f"by {clone.name}")
        clone("update", ID, "--set", f"owner={clone.name}")
    ann("sync")
    bob.git("add", ".")
    bob.git("commit", "-qm", "bob")
    bob.git("pull", "-q", "--no-rebase", code=1)
    assert "<<<<<<<" in bob.text()
    assert "exceptions.csv:2" in bob("list", code=4).err
    bob("git-setup")
    bob.git("checkout", "--merge", "--", "exceptions.csv")
    assert "<<<<<<<" not in bob.text()
    bob("resolve", ID, "owner", "--ours")
    bob.git("add", "exceptions.csv", "lanes.csv")
    bob("sync")
    settle(ann, bob)
    assert len(ann.rows()) == 3 and ann.row(ID)["owner"] == "bob"


APRIL = "2024-04-02T10:00:00+08:00"


def both_archive(pair: tuple[Clone, Clone], *edits: tuple[str, ...]) -> None:
    """Each clone edits a closed record, or not, and archives it; no archive was there before."""
    ann, bob = pair
    ann("assign", ID, "ann")
    ann("close", ID, "--resolution", "换新", "--satisfaction", "4")
    ann("sync")
    bob("sync")
    for clone, edit in zip(pair, edits, strict=True):
        if edit:
            clone("update", ID, *edit)
        clone("archive", now=APRIL)
        clone.git("add", "-A")
        clone.git("commit", "-qm", clone.name)
    ann("sync", now=APRIL)
    bob.git("fetch", "-q")


@pytest.mark.parametrize("edited", [0, 1])
def test_a_record_edited_and_archived_here_and_only_archived_there_is_no_conflict(
    pair: tuple[Clone, Clone], edited: int
) -> None:
    ann, bob = pair
    edits: list[tuple[str, ...]] = [(), ()]
    edits[edited] = ("--set", "subject=another")
    both_archive(pair, *edits)
    assert "subject is another, which the history says came later" in bob("sync", now=APRIL).err
    ann("sync", now=APRIL)
    assert ann.files() == bob.files()
    assert ann.json("show", ID)["subject"] == "another"
    bob("check", now=APRIL)
    assert "resolve_conflict" not in bob("show", ID, "--history", now=APRIL).out


@pytest.mark.parametrize("way", [("merge", "--no-edit"), ("rebase",)])
def test_different_edits_of_a_record_that_both_archived_are_no_conflict_for_plain_git_either(
    pair: tuple[Clone, Clone], way: tuple[str, ...]
) -> None:
    ann, bob = pair
    both_archive(pair, ("--set", "subject=another"), ("--set", "channel=email"))
    bob.git(*way, "origin/main", code=1)
    told = bob("resolve", now=APRIL).err
    assert told.count("came later") == 2 and "no conflict stands" in told
    assert not bob.git("ls-files", "--unmerged")
    bob("sync", now=APRIL)
    ann("sync", now=APRIL)
    assert ann.files() == bob.files()
    shown = ann.json("show", ID)
    assert (shown["subject"], shown["channel"]) == ("another", "email")


def test_two_values_of_one_field_in_a_record_that_both_archived_are_a_conflict(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    both_archive(pair, ("--set", "subject=another"), ("--set", "subject=third"))
    bob("sync", code=3, now=APRIL)
    bob("resolve", ID, "subject", "--theirs", now=APRIL)
    bob("sync", now=APRIL)
    ann("sync", now=APRIL)
    assert ann.files() == bob.files()
    assert ann.json("show", ID)["subject"] == "another"
