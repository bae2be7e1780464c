"""Two clones that work on the same records at the same time: what git merges is sound and the same in both."""

from __future__ import annotations

from pathlib import Path

import pytest
from team_helper import Clone, Team, settle

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


@pytest.mark.parametrize("satisfactions", [("1", "1"), ("1", "2")])
def test_two_who_close_a_record_dissatisfied_have_the_earlier_times(
    pair: tuple[Clone, Clone], satisfactions: tuple[str, str]
) -> None:
    ann, bob = pair
    ann("assign", ID, "ann")
    settle(ann, bob)
    for clone, satisfaction in zip(pair, satisfactions, strict=True):
        clone("close", ID, "--resolution", "x", "--satisfaction", satisfaction)
    times = [clone.row(ID)["follow_up_at"] for clone in pair]
    assert "" not in times and times[0] < times[1]
    ann("sync")
    if satisfactions[0] != satisfactions[1]:
        bob("sync", code=3)
        bob("resolve", ID, "satisfaction", "--theirs")
    settle(bob, ann)
    row = ann.row(ID)
    assert (row["status"], row["satisfaction"], row["follow_up_at"]) == ("closed", "1", times[0])


@pytest.mark.parametrize("behind", ["2024-03-15T16:04:00+08:00", "2024-03-15T16:01:00+08:00"])
def test_a_record_renumbered_by_a_clock_that_is_behind_is_sound(team: Team, behind: str) -> None:
    """In the second in which the record was made as well as before that."""
    ann = team.found("ann")
    bob, cho = team.join("bob"), team.join("cho")
    made = [
        clone.record(f"by {clone.name}", now=f"2024-03-15T16:0{minute}:00+08:00")
        for clone, minute in ((bob, 3), (cho, 4))
    ]
    assert made[0] == made[1], "two new clones take one lane"
    cho.git("add", "-A")
    cho.git("commit", "-qm", "cho")
    cho.git("push", "-q", "origin", "HEAD:cho")
    bob("sync", now="2024-03-15T16:05:00+08:00")
    ann.git("pull", "-q", "--no-rebase", EXLOG_NOW=behind)
    ann.git("pull", "-q", "--no-rebase", "origin", "cho", EXLOG_NOW=behind)
    ann("sync", now=behind)
    ann("check", now="2024-03-15T16:06:00+08:00")


def test_a_clock_that_goes_back_over_the_end_of_a_month_does_no_harm(pair: tuple[Clone, Clone]) -> None:
    ann, _bob = pair
    ann("update", ID, "--set", "product=A", now="2024-07-01T00:03:00+08:00")
    ann("update", ID, "--set", "product=B", now="2024-06-30T23:58:00+08:00")
    ann("check", now="2024-07-01T00:04:00+08:00")
    assert ann.row(ID)["product"] == "B"


def test_a_change_in_the_second_of_another_clones_record_comes_after_it(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    now = "2024-03-15T17:00:00+08:00"
    made = bob.record("by bob", now=now)
    bob("sync", now=now)
    ann("sync", now=now)
    ann("update", made, "--set", "product=A", now=now)
    ann("check", now=now)
    assert ann.row(made)["product"] == "A"


def test_an_edit_by_hand_is_not_adopted_by_a_merge(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    ann("update", ID, "--set", "due_at=2024-03-20T10:00:00+08:00")
    settle(ann, bob)
    bob("update", ID, "--set", "product=P")
    (bob.path / "exceptions.csv").write_text(bob.text().replace("2024-03-20T10:00", "2024-03-25T10:00"), "utf-8")
    ann("update", ID, "--note", "from ann")
    ann("update", ID, "--set", "order_no=A")
    ann("sync")
    assert "due_at" in bob("sync", code=1).err
    assert "due_at" in bob("check", code=1).out
    bob("check", "--adopt")
    settle(bob, ann)


def test_what_was_recorded_while_a_merge_stood_is_told_when_it_is_taken_back(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    for clone in pair:
        clone("update", ID, "--set", f"product={clone.name}")
    ann("sync")
    bob("sync", code=3)
    bob("update", ID, "--note", "called")
    bob.git("merge", "--abort")
    ann("update", ID, "--set", "order_no=A")
    ann("sync")
    bob("sync", code=3)
    bob("resolve", "--all", "--ours")
    assert "progress" in bob("sync", code=1).err
    assert ",merge,progress," not in bob.text("history/2024-03/1.csv")


def test_a_value_that_one_clone_gave_and_took_back_does_not_outdo_the_others(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    bob("update", ID, "--set", "product=B")
    ann("update", ID, "--set", "product=A", "--set", "order_no=1")
    ann("update", ID, "--set", "product=")
    settle(ann, bob)
    assert ann.row(ID)["product"] == "B"


def test_two_explicit_decisions_on_an_urgency_are_a_conflict(pair: tuple[Clone, Clone]) -> None:
    ann, bob = pair
    before = ann.row(ID)["urgency"]
    ann("update", ID, "--urgency", "critical", "--reason", "VIP")
    bob("update", ID, "--urgency", before, "--reason", "checked")
    ann("sync")
    bob("sync", code=3)
    bob("resolve", ID, "urgency", "--ours")
    settle(bob, ann)
    assert (ann.row(ID)["urgency"], ann.row(ID)["urgency_by"]) == (before, "manual")


def test_two_new_customers_of_one_id_both_stay_with_their_records(team: Team) -> None:
    team.found("ann")
    bob, cho = team.join("bob"), team.join("cho")
    for clone, name, phone in ((bob, "Beta", "111"), (cho, "Gamma", "222")):
        made = clone("add", name, f"by {clone.name}", "-c", "other", "--new-customer", "-q").out.strip()
        clone("customer", "edit", clone.row(made)["customer_id"], "--set", f"phone={phone}")
        clone("add", name, f"again by {clone.name}", "-c", "other", "-q")
    bob("sync")
    told = cho("sync").err
    assert "given to two customers" in told and "Gamma" in told
    settle(bob, cho)
    owners = {row["customer_name"]: row["customer_id"] for row in bob.rows() if row["customer_id"]}
    assert len(bob.rows()) == 5 and len(set(owners.values())) == 2
    phones = {name: bob.text(f"customers/{one}.yaml") for name, one in owners.items()}
    assert "111" in phones["Beta"] and "222" in phones["Gamma"]
    assert owners["Beta"] < owners["Gamma"], "the older one keeps the id"
