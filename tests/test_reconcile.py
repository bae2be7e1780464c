"""What a merge leaves across files is put right by the next command, the same in every clone.

The merges here are git's own ``union``, which keeps the lines of both sides: a clone without exlog's driver.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from acceptance_helper import Ledger, environment, read_csv
from team_helper import Team

from exlog.merge import holds
from exlog.store.history import Entry

UNION = "*.csv text eol=lf merge=union\n*.yaml text eol=lf\n"
LATER = "2024-04-02T10:00:00+08:00"


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=False, env=environment(folder),
    )  # fmt: skip
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def commit(ledger: Ledger, message: str = "work") -> None:
    git(ledger.path, "add", "-A")
    git(ledger.path, "commit", "-qm", message)


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Ledger, Ledger]:
    """Two clones of one ledger with two records, one of them closed."""
    git(tmp_path, "init", "-q", "-b", "main", "one")
    one = Ledger(tmp_path / "one")
    one.write(".gitattributes", UNION)
    one.add({"owner": "li"}, {"owner": "li"}, now="2024-03-14T09:00:00+08:00")
    one("close", "002", "--resolution", "done", "--satisfaction", "5", now="2024-03-14T10:00:00+08:00")
    commit(one, "start")
    git(tmp_path, "clone", "-q", "one", "two")
    two = Ledger.__new__(Ledger)
    object.__setattr__(two, "__dict__", dict(one.__dict__))
    two.path = tmp_path / "two"
    return one, two


def share_a_lane(one: Ledger, two: Ledger) -> None:
    """Let the second clone take itself for the first, as a copied folder does."""
    own = next(path for path in (one.path / ".git/exlog/clone", one.path / ".exlog/clone") if path.exists())
    (two.path / ".git" / "exlog").mkdir(exist_ok=True)
    shutil.copy(own, two.path / ".git" / "exlog" / "clone")


def merge_both(one: Ledger, two: Ledger) -> None:
    """Each takes the other's commit, at the same time."""
    commit(one)
    commit(two)
    git(one.path, "fetch", "-q", str(two.path), "main:theirs")
    git(two.path, "fetch", "-q", str(one.path), "main:theirs")
    git(one.path, "merge", "-q", "-m", "merge", "theirs")
    git(two.path, "merge", "-q", "-m", "merge", "theirs")


def tables(ledger: Ledger) -> dict[str, bytes]:
    return {
        str(path.relative_to(ledger.path)): path.read_bytes()
        for path in [ledger.path / "exceptions.csv", *sorted((ledger.path / "archive").glob("*.csv"))]
    }


def test_one_id_given_twice_stays_with_the_older_and_the_other_gets_a_new_one(clones: tuple[Ledger, Ledger]) -> None:
    one, two = clones
    share_a_lane(one, two)
    (first,) = one.add({"subject": "from one"}, now="2024-03-15T09:00:00+08:00")
    (second,) = two.add({"subject": "from two"}, now="2024-03-15T09:05:00+08:00")
    assert first == second
    merge_both(one, two)
    told = one("list", "-q", now=LATER)
    assert first in told.err
    assert len(set(told.lines)) == len(told.lines) == 3
    two("list", "-q", now=LATER)
    assert tables(one) == tables(two)
    rows = {row["subject"]: row for row in read_csv((one.path / "exceptions.csv").read_text("utf-8"))}
    assert rows["from one"]["id"] == first
    assert rows["from two"]["former_id"] == first
    assert rows["from two"]["id"] > first
    one("check", now=LATER)
    assert one("list", "-q", now=LATER).err == "", "once is enough"
    assert rows["from two"]["id"] in one("show", first, now=LATER).err
    trail = one.json("show", rows["from two"]["id"], "--history", now=LATER)["history"]
    assert [event["action"] for event in trail] == ["create", "remint"]


def test_an_edit_follows_a_row_into_the_archive(clones: tuple[Ledger, Ledger]) -> None:
    one, two = clones
    one("archive", now=LATER)
    two("update", "002", "--set", "cause=valve", "--note", "asked again", now=LATER)
    merge_both(one, two)
    one("list", "-q", now=LATER)
    two("list", "-q", now=LATER)
    assert tables(one) == tables(two)
    assert one.show("002")["cause"] == "valve"
    (archived,) = read_csv((one.path / "archive" / "2024-03.csv").read_text("utf-8"))
    assert archived["cause"] == "valve"
    one("check", now=LATER)


def test_a_manifest_that_somebody_changed_is_put_right_and_that_is_said(clones: tuple[Ledger, Ledger]) -> None:
    one, name = clones[0], "archive/manifest.csv"
    one("archive", now=LATER)
    commit(one)
    one("check", now=LATER)
    text = one.text(name)
    for change in (text.replace(text.splitlines()[1].split(",")[2], "0" * 64), text.splitlines()[0] + "\n"):
        one.write(name, change)
        commit(one)
        assert f"{name} did not agree with archive/2024-03.csv" in one("check", now=LATER).err
        assert one("check", now=LATER).err == "the ledger is sound\n"
        assert one.text(name) == text
        commit(one)


def test_a_row_reopened_there_and_archived_here_is_live(clones: tuple[Ledger, Ledger]) -> None:
    one, two = clones
    one("archive", now=LATER)
    two("reopen", "002", "--reason", "leaks", now=LATER)
    merge_both(one, two)
    assert "F20240314002" in one("list", "-q", now=LATER).lines
    two("list", "-q", now=LATER)
    assert tables(one) == tables(two)
    one("check", now=LATER)


def test_two_archives_of_one_month_agree_with_the_manifest(clones: tuple[Ledger, Ledger]) -> None:
    one, two = clones
    one("archive", now=LATER)
    two("close", "001", "--resolution", "done", "--satisfaction", "4", now=LATER)
    two("archive", now=LATER)
    merge_both(one, two)
    one("list", "-q", now=LATER)
    two("list", "-q", now=LATER)
    assert tables(one) == tables(two)
    assert len(read_csv((one.path / "archive" / "2024-03.csv").read_text("utf-8"))) == 2
    one("check", now=LATER)


def test_the_later_of_two_clones_in_one_lane_moves(clones: tuple[Ledger, Ledger]) -> None:
    _one, two = clones
    (mine,) = two.add({}, now="2024-03-15T09:00:00+08:00")
    lanes = (two.path / "lanes.csv").read_text("utf-8")
    (two.path / "lanes.csv").write_text(lanes.replace("\n1,", "\n0,"), "utf-8")
    commit(two)
    told = two("list", "-q", now=LATER)
    assert "lane" in told.err
    assert [row["lane"] for row in read_csv((two.path / "lanes.csv").read_text("utf-8"))] == ["0", "1"]
    assert mine in told.lines


def test_a_hand_edit_is_for_check_to_tell(clones: tuple[Ledger, Ledger]) -> None:
    one, _two = clones
    one("list")
    file = one.path / "exceptions.csv"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines, lines[-1]]), "utf-8")
    assert one("list", code=4).err != ""
    assert file.read_text("utf-8") == "".join([*lines, lines[-1]])


def held(at: str, command: str, since: str, before: str, after: str, action: str = "resume") -> list[Entry]:
    """The events with which a command ends a hold."""
    pairs = [("hold_since", since, ""), ("hold_minutes", before, after)]
    return [
        Entry(at, "ann", "F1", action, field, old, new, "", "u", f"{command}.{number}", "")
        for number, (field, old, new) in enumerate(pairs)
    ]


def test_minutes_on_hold_are_counted_once_for_each_hold() -> None:
    def minutes(*events: Entry) -> str:
        return holds.counted(events)["hold_minutes"]

    one, two = held("1", "a", "s1", "", "60"), held("2", "b", "s2", "60", "90")
    undo = Entry("3", "ann", "F1", "undo", "hold_minutes", "90", "60", "undo b", "u", "c.1", "")
    merged = Entry("3", "ann", "F1", "merge", "hold_minutes", "90", "150", "", "u", "rec-x", "")
    adopted = Entry("3", "ann", "F1", "adopt", "hold_minutes", "90", "5", "", "u", "d.1", "")
    assert holds.counted([]) == {}
    assert minutes(*one, *two) == "90"
    assert minutes(*one, *held("2", "b", "s2", "", "30")) == "90", "each in a clone of its own"
    assert minutes(*one, *held("2", "b", "s1", "", "75")) == "75", "one hold that two clones ended"
    assert minutes(*one, *two, undo) == "60"
    assert minutes(*one, *two, merged) == "90"
    assert minutes(*one, *two, adopted, *held("4", "e", "s3", "5", "15")) == "15"


def test_working_minutes_on_hold_are_empty_where_those_of_one_hold_are_not_known() -> None:
    worked = Entry("1", "ann", "F1", "resume", "hold_work_minutes", "", "40", "", "u", "a.5", "")
    one, two = [*held("1", "a", "s1", "", "60"), worked], held("2", "b", "s2", "60", "90")
    assert holds.counted(one) == {"hold_minutes": "60", "hold_work_minutes": "40"}
    assert holds.counted([*one, *two]) == {"hold_minutes": "90", "hold_work_minutes": ""}


def test_a_hold_that_came_by_a_squashed_branch_counts_once(tmp_path: Path) -> None:
    ann = Team(tmp_path / "team").found("ann")
    ann("assign", "001", "li")
    ann("sync")

    def hold(day: int) -> None:
        ann("update", "001", "--hold", "parts", "--until", "2024-04-01", now=f"2024-03-{day}T10:00:00+08:00")
        ann("update", "001", "--status", "in_progress", now=f"2024-03-{day}T11:00:00+08:00")
        ann.git("commit", "-qam", str(day))

    ann.git("switch", "-qc", "feature")
    hold(18)
    ann.git("switch", "-q", "main")
    ann.git("merge", "-q", "--squash", "feature")
    ann.git("commit", "-qm", "squashed")
    ann.git("switch", "-q", "feature")
    hold(19)
    ann.git("switch", "-q", "main")
    ann.git("merge", "-q", "--no-edit", "feature")
    later = "2024-03-20T10:00:00+08:00"
    ann("sync", now=later)
    row = ann.row("F20240315001")
    assert (row["hold_minutes"], row["hold_work_minutes"]) == ("120", "120")
    ann("check", now=later)
