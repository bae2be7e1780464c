"""The status machine: every way from one status to the next, every guard, and the command that helps on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import NOW, Ledger, Result

LATER = "2024-03-15T17:30:00+08:00"  # three hours on
WEEK = "2024-03-22T15:00:00+08:00"  # seven days and a little on
ANSWERS = {"OWNER": "bob", "WHY": "a reason", "TEXT": "a note", "SUBJECT": "again", "1-5": "4", "2d": "+2d", "…": "x"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def remedy(refused: Result) -> list[str]:
    """The command of a refusal, without its optional parts and with its placeholders filled in."""
    assert refused.out == "" and refused.err.startswith("exlog: ") and len(refused.err.splitlines()) == 1, refused.err
    found = re.search(r"; (?:.*? )?exlog ((?:add|assign|update|close|reopen|show) .*)", refused.err)
    assert found, f"no command that helps: {refused.err}"
    command = re.sub(r"\[[^]]*\]", "", found[1]).split(", ")[0]
    return [ANSWERS.get(word, word.replace("…", "x")) for word in shlex.split(command)]


def refused_then_helped(ledger: Ledger, *args: str, now: str | None = None) -> None:
    """A refusal changes nothing, its remedy works as written, and the command goes through after it."""
    before = ledger.files()
    refused = ledger(*args, code=2, now=now)
    assert ledger.files() == before, args
    ledger(*remedy(refused), now=now)


def test_the_whole_way_of_a_record(ledger: Ledger) -> None:
    (id_,) = ledger.add({"type": "complaint", "category": "service"})
    assert ledger.show(id_)["status"] == "new"
    ledger("assign", id_, "李四", "--department", "售后部", now=LATER)
    row = ledger.show(id_)
    assert (row["status"], row["owner"], row["department"], row["assigned_at"]) == (
        "in_progress",
        "李四",
        "售后部",
        LATER,
    )
    ledger("update", id_, "--note", "已联系供应商", now="2024-03-15T18:00:00+08:00")
    assert ledger.show(id_)["first_response_at"] is None
    ledger("update", id_, "--note", "已致电客户", "--responded", now="2024-03-15T19:00:00+08:00")
    ledger("update", id_, "--note", "再次致电", "--responded", now="2024-03-15T20:00:00+08:00")
    row = ledger.show(id_)
    assert row["first_response_at"] == "2024-03-15T19:00:00+08:00"
    assert [entry["text"] for entry in row["progress_entries"]] == ["已联系供应商", "已致电客户", "再次致电"]
    ledger("update", id_, "--resolution", "换货", now="2024-03-16T10:00:00+08:00")
    row = ledger.show(id_)
    assert (row["status"], row["resolved_at"], row["resolution"]) == ("resolved", "2024-03-16T10:00:00+08:00", "换货")
    ledger("close", id_, "--satisfaction", "4", "--comment", "满意", now="2024-03-16T12:00:00+08:00")
    row = ledger.show(id_)
    expected: dict[str, Any] = {
        "status": "closed",
        "closed_at": "2024-03-16T12:00:00+08:00",
        "confirmed_at": "2024-03-16T12:00:00+08:00",
        "close_reason": "confirmed",
        "satisfaction": 4,
        "customer_comment": "满意",
        "resolved_at": "2024-03-16T10:00:00+08:00",
        "reopen_count": 0,
        "follow_up_at": None,
    }
    assert {name: row[name] for name in expected} == expected
    ledger("check", now="2024-03-17T00:00:00+08:00")


def test_starting_needs_a_department_or_an_owner(ledger: Ledger) -> None:
    first, second, third = ledger.add({}, {}, {"owner": "bob"})
    refused_then_helped(ledger, "update", first, "--status", "in_progress")
    assert ledger.show(first)["status"] == "in_progress"
    ledger("assign", second, "--department", "质量部")
    assert (ledger.show(second)["status"], ledger.show(second)["owner"]) == ("in_progress", None)
    ledger("update", third, "--status", "in_progress")
    assert ledger.show(third)["status"] == "in_progress"
    assert "exlog assign" in ledger("assign", first, code=2).err


def test_a_hold_needs_a_reason_and_an_end_and_stops_the_clock(ledger: Ledger) -> None:
    (id_,) = ledger.add({"owner": "bob", "due_at": "2024-03-18T12:00:00+08:00"})
    ledger("assign", id_, "bob")
    refused_then_helped(ledger, "update", id_, "--hold", "等配件")
    ledger("update", id_, "--status", "in_progress")
    refused_then_helped(ledger, "update", id_, "--status", "on_hold")
    ledger("update", id_, "--status", "in_progress")
    assert ledger.show(id_)["hold_minutes"] in (None, 0)
    ledger("update", id_, "--hold", "等配件", "--until", "2024-03-17", code=2, now="2024-03-18T10:00:00+08:00")
    ledger("update", id_, "--hold", "等配件", "--until", "+2d")
    held = ledger.show(id_)
    assert (held["status"], held["hold_reason"], held["hold_until"]) == (
        "on_hold",
        "等配件",
        "2024-03-17T14:30:00+08:00",
    )
    ledger("update", id_, "--status", "in_progress", now=LATER)
    ledger("update", id_, "--hold", "等客户", "--until", "+1d", now="2024-03-15T18:00:00+08:00")
    ledger("update", id_, "--status", "in_progress", now="2024-03-15T18:15:00+08:00")
    row = ledger.show(id_)
    assert (row["status"], row["hold_minutes"], row["hold_reason"], row["hold_until"]) == (
        "in_progress",
        195,
        None,
        None,
    )
    assert row["due_at"] == "2024-03-18T16:00:00+08:00", "the due time moves by the three working hours it stood still"
    ledger("check", now="2024-03-17T00:00:00+08:00")


def test_only_what_is_in_progress_is_held(ledger: Ledger) -> None:
    (id_,) = ledger.add({"owner": "bob"})
    refused_then_helped(ledger, "update", id_, "--hold", "x", "--until", "+2d")
    ledger("update", id_, "--hold", "x", "--until", "+2d")
    ledger("update", id_, "--status", "in_progress")
    ledger("update", id_, "--resolution", "done")
    ledger("update", id_, "--hold", "x", "--until", "+2d", code=2)


def test_the_remedy_for_a_hold_works_where_an_owner_is_missing_too(ledger: Ledger) -> None:
    (new,) = ledger.add({})
    refused_then_helped(ledger, "update", new, "--hold", "x", "--until", "+2d")


def test_the_remedy_for_a_hold_of_what_is_over_works(ledger: Ledger) -> None:
    resolved, closed = ledger.add({"owner": "b"}, {"owner": "b"})
    ledger("update", resolved, closed, "--resolution", "done")
    ledger("close", closed, "--satisfaction", "4")
    refused_then_helped(ledger, "update", resolved, "--hold", "x", "--until", "+2d")
    refused_then_helped(ledger, "update", closed, "--hold", "x", "--until", "+2d")


def test_resolving_needs_an_owner_a_resolution_and_by_policy_a_cause(ledger: Ledger) -> None:
    ledger.rule("cause_required_for: []", "cause_required_for: [complaint]")
    asked, complaint = ledger.add({}, {"type": "complaint", "category": "service"})
    refused_then_helped(ledger, "update", asked, "--resolution", "told")
    ledger("update", asked, "--resolution", "told")
    ledger("assign", complaint, "bob")
    assert "--resolution" in ledger("update", complaint, "--status", "resolved", code=2).err
    refused_then_helped(ledger, "update", complaint, "--resolution", "replaced")
    ledger("update", complaint, "--resolution", "replaced")
    row = ledger.show(complaint)
    assert row["status"] == "resolved" and row["cause"]


def test_the_remedy_for_a_missing_resolution_works_where_a_cause_is_missing_too(ledger: Ledger) -> None:
    ledger.rule("cause_required_for: []", "cause_required_for: [complaint]")
    (id_,) = ledger.add({"type": "complaint", "category": "service"})
    ledger("assign", id_, "bob")
    refused_then_helped(ledger, "close", id_, "--satisfaction", "4")


def test_what_is_on_hold_is_not_resolved_without_the_clock_running_on(ledger: Ledger) -> None:
    (id_,) = ledger.add({"owner": "bob"})
    ledger("assign", id_, "bob")
    ledger("update", id_, "--hold", "parts", "--until", "+2d")
    result = ledger("update", id_, "--resolution", "done", code=None, now=LATER)
    row = ledger.show(id_)
    if result.code == 0:
        assert (row["status"], row["hold_minutes"], row["hold_reason"]) == ("resolved", 180, None)
    else:
        assert row["status"] == "on_hold" and remedy(result)


def test_closing_needs_a_resolution_and_an_answer(ledger: Ledger) -> None:
    (id_,) = ledger.add({"owner": "bob"})
    ledger("assign", id_, "bob")
    refused_then_helped(ledger, "close", id_, "--satisfaction", "4")
    assert ledger.show(id_)["status"] == "resolved"
    refused_then_helped(ledger, "close", id_)
    assert ledger.show(id_)["status"] == "closed"
    for mark in ("0", "6", "good", "3.5"):
        ledger("close", id_, "--satisfaction", mark, code=2)
    refused_then_helped(ledger, "close", id_, "--satisfaction", "4")
    refused_then_helped(ledger, "update", id_, "--status", "in_progress")
    assert ledger.show(id_)["status"] == "in_progress"


def test_close_goes_the_whole_way_in_one_command(ledger: Ledger) -> None:
    started, fresh = ledger.add({}, {"owner": "bob"})
    ledger("assign", started, "bob")
    for id_ in (started, fresh):
        ledger("close", id_, "--resolution", "换货", "--satisfaction", "5", "--comment", "好", now=LATER)
        row = ledger.show(id_)
        assert (row["status"], row["resolution"], row["satisfaction"]) == ("closed", "换货", 5)
        assert row["resolved_at"] == row["closed_at"] == row["confirmed_at"] == LATER
    (bare,) = ledger.add({})
    refused_then_helped(ledger, "close", bare, "--resolution", "r", "--satisfaction", "5")
    ledger("close", bare, "--resolution", "r", "--satisfaction", "5")


def test_no_response_closes_after_the_days_of_the_policy(ledger: Ledger) -> None:
    first, second = ledger.add({"owner": "bob"}, {"owner": "bob"})
    ledger("update", first, second, "--resolution", "told")
    early = ledger("close", first, "--no-response", code=2, now="2024-03-22T14:29:00+08:00")
    assert "2024-03-22" in early.err
    ledger("close", first, "--no-response", now=WEEK)
    row = ledger.show(first)
    assert (row["status"], row["close_reason"], row["satisfaction"], row["closed_at"]) == (
        "closed",
        "no_response",
        None,
        WEEK,
    )
    ledger.rule("no_response_after_days: 7", "no_response_after_days: 1")
    ledger("close", second, "--no-response", now="2024-03-16T14:30:00+08:00")
    ledger("close", second, "--no-response", "--satisfaction", "4", code=2)


def test_an_early_no_response_says_which_command_helps(ledger: Ledger) -> None:
    (id_,) = ledger.add({"owner": "bob"})
    ledger("update", id_, "--resolution", "told")
    assert "exlog close" in ledger("close", id_, "--no-response", code=2).err


def test_duplicates_and_invalid_records_leave_from_any_status_with_a_reason(ledger: Ledger) -> None:
    new, begun, held, done, kept = ledger.add({}, {"owner": "b"}, {"owner": "b"}, {"owner": "b"}, {})
    ledger("assign", begun, held, "bob")
    ledger("update", held, "--hold", "x", "--until", "+1d")
    ledger("update", done, "--resolution", "told")
    refused_then_helped(ledger, "close", new, "--invalid")
    ledger("close", begun, "--invalid", "--reason", "测试数据")
    ledger("close", held, done, "--duplicate-of", kept, "--reason", "same call", now=LATER)
    rows = {row["id"]: row for row in ledger.json("list", "--all")}
    assert [rows[id_]["close_reason"] for id_ in (new, begun, held, done)] == ["invalid"] * 2 + ["duplicate"] * 2
    assert rows[held]["duplicate_of"] == rows[done]["duplicate_of"] == kept
    assert {rows[id_]["status"] for id_ in (new, begun, held, done)} == {"closed"}
    assert "测试数据" in ledger("show", begun, "--history").out
    ledger("close", kept, "--duplicate-of", kept, "--reason", "x", code=2)
    ledger("close", kept, "--duplicate-of", "999", "--reason", "x", code=5)
    ledger("close", kept, "--duplicate-of", new, "--invalid", "--reason", "x", code=2)
    ledger("check", now="2024-03-17T00:00:00+08:00")


def test_the_record_that_a_duplicate_repeats_is_reason_enough(ledger: Ledger) -> None:
    first, second = ledger.add({}, {})
    ledger("close", second, "--duplicate-of", first)
    assert ledger.show(second)["duplicate_of"] == first


def test_a_low_satisfaction_makes_a_follow_up_due(ledger: Ledger) -> None:
    ids = ledger.add({"owner": "b"}, {"owner": "b"}, {"owner": "b"})
    for id_, mark in zip(ids, "123", strict=True):
        told = ledger("close", id_, "--resolution", "r", "--satisfaction", mark)
        assert ("2024-03-22" in told.err) == (mark in "12")
    due = [ledger.show(id_)["follow_up_at"] for id_ in ids]
    assert due == ["2024-03-22T14:30:00+08:00"] * 2 + [None]


def test_reopening_resolved_and_closed_records(ledger: Ledger) -> None:
    first, second, fresh = ledger.add({"owner": "b"}, {"owner": "b"}, {})
    ledger("update", first, "--resolution", "换货")
    refused_then_helped(ledger, "reopen", first)
    row = ledger.show(first)
    assert (row["status"], row["reopen_count"], row["resolved_at"], row["satisfaction"]) == (
        "in_progress",
        1,
        None,
        None,
    )
    assert row["first_resolved_at"] == NOW
    ledger("close", first, second, "--resolution", "again", "--satisfaction", "2", "--comment", "差", now=LATER)
    assert ledger.show(second)["first_resolved_at"] is None, "until it is reopened resolved_at says so"
    ledger("reopen", first, second, "--reason", "客户不满意", now="2024-04-14T17:29:00+08:00")
    assert [ledger.show(one)["first_resolved_at"] for one in (first, second)] == [NOW, LATER]
    row = ledger.show(first)
    assert (row["status"], row["reopen_count"], row["owner"]) == ("in_progress", 2, "b")
    assert [row[name] for name in ("closed_at", "close_reason", "confirmed_at", "satisfaction")] == [None] * 4
    history = ledger("show", first, "--history").out
    assert "换货" in history and "again" in history and "客户不满意" in history and "差" in history
    refused_then_helped(ledger, "reopen", fresh, "--reason", "x")
    ledger("check", now="2024-05-01T00:00:00+08:00")


def test_after_the_days_of_the_policy_a_follow_up_is_made_instead(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova")
    ids = ledger.add({"customer": "Nova", "owner": "b", "type": "complaint", "category": "service"}, flags=())
    ids += ledger.add({"customer": "路人", "owner": "b"})
    ledger("close", *ids, "--resolution", "r", "--satisfaction", "4")
    late = "2024-04-14T14:31:00+08:00"
    for id_ in ids:
        before = ledger.text()
        refused = ledger("reopen", id_, "--reason", "x", code=None, now=late)
        if refused.code:
            assert ledger.text() == before
            ledger(*remedy(refused), now=late)
        followers = ledger.json("list", "--where", f"follow_up_of={id_}")
        assert len(followers) == 1 and followers[0]["status"] in ("new", "in_progress")
        assert followers[0]["customer_name"] == ledger.show(id_)["customer_name"]
        assert ledger.show(id_)["status"] == "closed"


def test_an_archived_record_reopens_into_the_live_ledger(ledger: Ledger) -> None:
    first, second = ledger.add({"owner": "b"}, {"owner": "b"})
    ledger("close", first, second, "--resolution", "r", "--satisfaction", "3")
    ledger("archive", now="2024-04-02T09:00:00+08:00")
    assert first not in ledger.text()
    ledger("reopen", first, "--reason", "坏了", now="2024-04-02T10:00:00+08:00")
    assert first in ledger.text() and first not in ledger.text("archive/2024-03.csv")
    assert second in ledger.text("archive/2024-03.csv")
    assert ledger.ids("list") == [first]
    assert (ledger.show(first)["file"], ledger.show(second)["file"]) == ("exceptions.csv", "archive/2024-03.csv")
    ledger("check", now="2024-04-03T00:00:00+08:00")


def test_several_ids_are_one_transaction(ledger: Ledger) -> None:
    first, second, third = ledger.add({"owner": "b"}, {"owner": "b"}, {})
    before = ledger.files()
    ledger("assign", first, "F20240315099", "bob", code=5)
    ledger("update", first, "999", "--note", "x", code=5)
    assert third in ledger("update", first, second, third, "--resolution", "r", code=2).err
    assert third in ledger("close", first, third, "--resolution", "r", "--satisfaction", "4", code=2).err
    ledger("reopen", first, second, "--reason", "x", code=2)
    ledger("update", first, "--set", "order_value=1", "--set", "model", code=2)
    ledger("update", first, "--note", "x", "--urgency", "high", code=2)
    assert ledger.files() == before
    assert ledger("update", first, second, third, "--set", "region=华东", "-q").out.split() == [first, second, third]
    assert [row["region"] for row in ledger.json("list")] == ["华东"] * 3
    ledger("assign", first, first, "bob")
    assert ledger.ids("list", "--owner", "bob") == [first]


def test_update_changes_any_field_and_empties_one(ledger: Ledger) -> None:
    (id_,) = ledger.add({"model": "P20", "notes": "n"})
    ledger(
        "update",
        id_,
        "--set",
        "model=",
        "--set",
        "batch=B=7",
        "--set",
        "cause=packaging",
        "--urgency",
        "紧急",
        "--reason",
        "r",
    )
    row = ledger.show(id_)
    assert (row["model"], row["batch"], row["urgency"], row["urgency_by"]) == (None, "B=7", "high", "manual")
    before = ledger.files()
    for change in (["--set", "subject="], ["--set", "status=closed"], ["--urgency", "low"], []):
        refused = ledger("update", id_, *change, code=2)
        assert refused.out == "" and ledger.files() == before, change
    for status in ("closed", "nonsense", "resolved"):
        ledger("update", id_, "--status", status, code=2)
    ledger("update", id_, "--set", "occurred_at=2024-03-20", code=2)
    ledger("update", id_, "--resolution", "r", "--hold", "x", "--until", "+1d", code=2)
    assert ledger.files() == before and ledger.show(id_)["recorded_at"] == NOW


def test_a_complaint_keeps_its_category_whatever_changes(ledger: Ledger) -> None:
    asked, complaint = ledger.add({}, {"type": "complaint", "category": "service"})
    before = ledger.files()
    ledger("update", complaint, "--set", "category=", code=2)
    assert "category" in ledger("update", asked, "--set", "type=complaint", code=2).err.lower()
    ledger("update", asked, "--set", "channel=", code=2)
    assert ledger.files() == before
    ledger("update", asked, "--set", "type=投诉", "--set", "category=交付")
    assert ledger.show(asked)["category"] == "delivery"
