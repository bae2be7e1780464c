"""``exlog undo``: every command taken back, refusals, twice, and across clones, on real folders and real git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, environment, read_csv

CLOSED, OPEN, CUSTOMER = "F20240110001", "F20240210001", "C20240110001"
LATER = "2024-03-16T10:00:00+08:00"


def build(path: Path) -> Ledger:
    ledger = Ledger(path)
    ledger.rule("reopen_within_days: 30", "reopen_within_days: 3650")
    ledger.add({"customer": "Hua", "subject": "lamp", "type": "complaint", "category": "quality"},
               now="2024-01-10T10:00:00+08:00", flags=("--new-customer",))  # fmt: skip
    ledger("close", CLOSED, "--set", "owner=li", "--resolution", "x", "--satisfaction", "4",
           now="2024-01-11T10:00:00+08:00")  # fmt: skip
    ledger.add({"subject": "late"}, {"subject": "more"}, now="2024-02-10T10:00:00+08:00")
    return ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return build(tmp_path / "ledger")


def rows(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Every record by id, wherever it stands."""
    return {row["id"]: row for row in ledger.json("list", "--all", now=LATER)}


def kept(ledger: Ledger) -> dict[str, bytes]:
    """Every file but the history and the time of a profile's last change."""
    found = {name: data for name, data in ledger.files().items() if not name.startswith("history/")}
    return {
        name: b"".join(line for line in data.splitlines(True) if b"updated_at" not in line)
        for name, data in found.items()
    }


def lay_out(ledger: Ledger, tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "t.csv").write_text('key,opened,what\nA-1,2024-01-05,lamp\nA-2,2024-01-06,"a, b"\n')
    (tmp_path / "m.yaml").write_text(
        "source: desk\nid: key\nset:\n  type: inquiry\n  channel: online\n  customer_name: Somebody\n"
        "  subject: {column: what}\n  received_at: {column: opened}\n"
    )
    return ("import", str(tmp_path / "t.csv"), "--map", str(tmp_path / "m.yaml"))


COMMANDS: dict[str, tuple[str, ...]] = {
    "add": ("add", "Walk-in", "new", "-t", "praise", "--one-off"),
    "add with a customer": ("add", "Neu", "new", "-t", "praise", "--new-customer"),
    "assign": ("assign", OPEN, "F20240210002", "li", "--department", "D"),
    "update": ("update", OPEN, "--note", "called", "--urgency", "high", "--reason", "vip", "--set", "product=P1"),
    "hold": ("update", OPEN, "--set", "owner=li", "--hold", "parts", "--until", "2024-04-01"),
    "close": ("close", OPEN, "--set", "owner=li", "--resolution", "done", "--satisfaction", "1"),
    "close as duplicate": ("close", OPEN, "--duplicate-of", "F20240210002"),
    "reopen": ("reopen", CLOSED, "--reason", "again"),
    "archive": ("archive",),
    "customer add": ("customer", "add", "Other", "--phone", "2"),
    "customer edit": ("customer", "edit", CUSTOMER, "--phone", "3", "--level", "vip"),
    "import": ("import",),
}


@pytest.mark.parametrize("archived", [False, True], ids=["live", "archived"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_taken_back_and_done_anew(ledger: Ledger, tmp_path: Path, name: str, archived: bool) -> None:
    if archived:
        if name == "archive":
            pytest.skip("nothing is left to archive")
        ledger("archive")
    arguments = lay_out(ledger, tmp_path) if name == "import" else COMMANDS[name]
    if name == "hold":
        ledger("assign", OPEN, "li")
        arguments = ("update", OPEN, "--hold", "parts", "--until", "2024-04-01")
    before = kept(ledger)
    ledger(*arguments)
    after = kept(ledger)
    assert after != before
    history = ledger.text("history/2024-03/0.csv")
    dry = ledger("undo", "--dry-run", now=LATER)
    assert kept(ledger) == after, dry
    ledger("undo", now=LATER)
    assert kept(ledger) == before
    assert ledger.text("history/2024-03/0.csv").startswith(history)
    ledger("check", now=LATER)
    ledger("undo", now=LATER)
    assert kept(ledger) == after
    ledger("check", now=LATER)
    ledger("undo", now=LATER)
    assert kept(ledger) == before
    ledger("check", now=LATER)
    assert {event["note"][:5] for event in ledger.events() if event["action"] == "undo"} == {"undo "}


def test_an_adopted_edit_is_taken_back_to_what_the_history_said(ledger: Ledger) -> None:
    before = ledger.text()
    ledger.write("exceptions.csv", before.replace("late", "very late"))
    ledger("check", "--adopt")
    assert "very late" in ledger.text()
    ledger("undo")
    assert ledger.text() == before
    ledger("check")


def test_an_adopted_edit_of_an_archive_too(ledger: Ledger) -> None:
    ledger("archive")
    name = "archive/2024-01.csv"
    before = ledger.text(name)
    ledger.write(name, before.replace("lamp", "lantern"))
    ledger("check", "--adopt")
    ledger("undo")
    assert ledger.text(name) == before
    ledger("check")


def test_an_id_that_is_taken_back_is_never_used_again(ledger: Ledger) -> None:
    first = ledger.add({"subject": "slip"})
    ledger("undo")
    assert first[0] not in ledger.ids("list", "--all")
    assert ledger("show", first[0], code=5)
    assert ledger.add({"subject": "next"}) == ["F20240315002"]
    ledger("check")


def test_an_idempotency_key_records_anew_after_an_undo(ledger: Ledger) -> None:
    again = ("add", "Walk-in", "s", "-t", "praise", "--one-off", "--idempotency-key", "k1", "-q")
    first = ledger(*again).out
    assert ledger(*again).out == first
    ledger("undo")
    assert ledger(*again).out != first
    ledger("check")


def test_an_import_taken_back_can_be_imported_again(ledger: Ledger, tmp_path: Path) -> None:
    arguments = lay_out(ledger, tmp_path)
    ledger(*arguments)
    ledger("undo")
    ledger(*arguments)
    assert ledger.ids("list", "--all", "--search", "lamp") == ["F20240105002", CLOSED]
    assert len([row for row in rows(ledger).values() if row["customer_name"] == "Somebody"]) == 2
    ledger("check")


def test_a_later_change_of_the_same_field_is_not_lost(ledger: Ledger) -> None:
    ledger("assign", OPEN, "li")
    command = names(ledger)[0]
    ledger("assign", OPEN, "bo", EXLOG_USER="bo")
    before = ledger.files()
    refused = ledger("undo", command, code=2)
    assert OPEN in refused.err
    assert "bo" in refused.err
    assert ledger.files() == before
    ledger("undo")
    ledger("undo", command)
    assert rows(ledger)[OPEN]["status"] == "new"
    ledger("check")


def test_another_field_changed_later_stays(ledger: Ledger) -> None:
    ledger("update", OPEN, "--set", "product=P1")
    command = names(ledger)[0]
    ledger("update", OPEN, "--set", "model=M1")
    ledger("undo", command)
    row = rows(ledger)[OPEN]
    assert (row["product"], row["model"]) == (None, "M1")
    ledger("check")


def test_a_record_that_was_changed_or_named_later_is_not_taken_out(ledger: Ledger) -> None:
    ledger.add({"subject": "slip"})
    command = names(ledger)[0]
    ledger("close", OPEN, "--duplicate-of", "F20240315001")
    assert OPEN in ledger("undo", command, code=2).err
    ledger("undo")
    ledger("update", "F20240315001", "--note", "x")
    assert "note" in ledger("undo", command, code=2).err
    ledger("check")


def test_a_customer_with_records_stays(ledger: Ledger) -> None:
    ledger("customer", "add", "Neu")
    command = names(ledger)[0]
    ledger.add({"customer": "Neu"}, flags=())
    assert "F20240315001" in ledger("undo", command, code=2).err
    ledger("undo")
    ledger("undo", command, code=2)


def test_a_hand_edit_of_what_would_be_taken_back_is_not_lost(ledger: Ledger) -> None:
    ledger("update", OPEN, "--set", "product=P1")
    ledger.write("exceptions.csv", ledger.text().replace("P1", "P2"))
    assert "product" in ledger("undo", code=2).err


def test_an_archived_record_reopened_since_stays_open_when_the_rotation_is_taken_back(ledger: Ledger) -> None:
    ledger("close", OPEN, "--invalid", "--reason", "x", now="2024-02-11T10:00:00+08:00")
    ledger("archive")
    command = names(ledger)[0]
    ledger("reopen", CLOSED, "--reason", "again")
    ledger("undo", command)
    assert rows(ledger)[CLOSED]["status"] == "in_progress"
    assert sorted(path.name for path in (ledger.path / "archive").iterdir()) == ["2024-01.csv", "manifest.csv"]
    assert ledger.text("archive/2024-01.csv").count("\n") == 1
    ledger("check")


def test_a_rotation_of_which_nothing_is_left_says_why_it_is_not_taken_back(ledger: Ledger) -> None:
    ledger("archive")
    command = names(ledger)[0]
    ledger("reopen", CLOSED, "--reason", "again")
    told = ledger("undo", command, code=2).err
    assert "there is nothing to take back; 2024-01: each of its records was reopened or moved since" in told


def test_a_note_taken_back_is_no_progress_and_a_hold_taken_back_no_hold(ledger: Ledger) -> None:
    ledger("assign", OPEN, "li")
    ledger("update", OPEN, "--note", "said")
    ledger("update", OPEN, "--hold", "parts", "--until", "2024-04-01")
    ledger("undo", now="2024-03-20T10:00:00+08:00")
    shown = ledger.show(OPEN)
    assert shown["hold_since"] is None
    assert [entry["text"] for entry in shown["progress_entries"]] == ["said"]
    ledger("update", OPEN, "--note", "slip", now="2024-03-20T11:00:00+08:00")
    ledger("undo", now="2024-03-20T11:00:00+08:00")
    assert [entry["text"] for entry in ledger.show(OPEN)["progress_entries"]] == ["said"]


def test_the_list_says_what_was_done_and_what_is_taken_back(ledger: Ledger) -> None:
    ledger("archive")
    ledger("undo")
    listed = read_csv(ledger("undo", "--list", "-f", "csv").out)
    assert [one["state"] != "" for one in listed] == [False, True, False, False, False]
    assert listed[1]["what"] == "archive 2024-01"
    assert listed[0]["what"].endswith(f"← {listed[1]['command']}")
    assert len(names(ledger, "--limit", "2")) == 2


def test_nothing_to_take_back_and_wrong_calls_are_refused(tmp_path: Path, ledger: Ledger) -> None:
    assert Ledger(tmp_path / "new")("undo", code=5).err.count("\n") == 1
    ledger("undo", "nosuch", code=5)
    ledger("undo", "--list", "--dry-run", code=2)
    ledger("undo", "--limit", "3", code=2)


def names(ledger: Ledger, *more: str) -> list[str]:
    return ledger("undo", "--list", "-q", *more).out.split()


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *arguments],
        cwd=folder, env=environment(folder), check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Ledger, Ledger]:
    one = build(tmp_path / "one")
    shutil.rmtree(one.path / ".exlog")
    git(tmp_path, "init", "-q", "-b", "main", "one")
    one("update", OPEN, "--set", "product=P0")
    git(one.path, "add", "-A")
    git(one.path, "commit", "-q", "-m", "start")
    git(tmp_path, "clone", "-q", "one", "two")
    return one, Ledger(tmp_path / "two")


def commit(ledger: Ledger, *pull: str) -> None:
    git(ledger.path, "add", "-A")
    git(ledger.path, "commit", "-q", "-m", "work")
    if pull:
        git(ledger.path, "pull", "-q", "--no-edit", "--no-rebase", *pull)


def test_each_clone_takes_back_its_own_commands_and_no_later_one_of_another(clones: tuple[Ledger, Ledger]) -> None:
    one, two = clones
    assert len(names(one)) >= 1
    assert names(two) == []
    one("assign", OPEN, "li", now="2024-03-15T15:00:00+08:00")
    commit(one)
    git(two.path, "pull", "-q", "--no-edit", "--no-rebase", str(one.path), "main")
    two("update", OPEN, "--set", "product=P2", now="2024-03-15T16:00:00+08:00", EXLOG_USER="bo")
    two("assign", OPEN, "bo", now="2024-03-15T16:30:00+08:00", EXLOG_USER="bo")
    commit(two)
    git(one.path, "pull", "-q", "--no-edit", "--no-rebase", str(two.path), "main")
    refused = one("undo", code=2, now=LATER)
    assert "bo" in refused.err
    assert len(names(two)) == 2
    two("undo", now=LATER, EXLOG_USER="bo")
    commit(two)
    git(one.path, "pull", "-q", "--no-edit", "--no-rebase", str(two.path), "main")
    one("undo", now="2024-03-16T10:00:01+08:00")
    row = rows(one)[OPEN]
    assert (row["owner"], row["status"], row["product"]) == (None, "new", "P2")
    one("check", now=LATER)


def test_two_branches_of_one_clone_merge_into_a_sound_history(clones: tuple[Ledger, Ledger]) -> None:
    one, _two = clones
    git(one.path, "config", "merge.exlog.driver", "true")
    (one.path / ".gitattributes").write_text("history/** merge=union\n")
    commit(one)
    git(one.path, "checkout", "-q", "-b", "side")
    one("customer", "edit", CUSTOMER, "--phone", "7", now="2024-03-15T15:00:00+08:00")
    commit(one)
    git(one.path, "checkout", "-q", "main")
    one("update", "F20240210002", "--note", "x", now="2024-03-15T16:00:00+08:00")
    commit(one)
    git(one.path, "merge", "-q", "--no-edit", "side")
    one("check", now=LATER)
    one("update", "F20240210002", "--note", "y", now="2024-03-15T17:00:00+08:00")
    one("check", now=LATER)
