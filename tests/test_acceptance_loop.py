"""The closed loop: what is late, what escalates, what a review must see, why, and what another policy would do."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, read_csv
from test_acceptance_policy import Quick

from exlog import vocabulary

Row = dict[str, Any]

SERVICE: Row = {"type": "complaint", "category": "service"}
TOLD: Row = {**SERVICE, "description": "The hotline kept them waiting for half an hour"}
CLOCK = """\
sla:
  - {match: {batch: alone}, resolve: {from: received_at, to: resolved_at, within: 8wh}}
  - {match: {batch: half}, warn_at: 0.5, resolve: {from: received_at, to: resolved_at, within: 8wh}}
  - respond: {from: received_at, to: first_response_at, within: 4wh}
    resolve: {from: received_at, to: resolved_at, within: 8wh}
    confirm: {from: resolved_at, to: confirmed_at, within: 24h}
"""
"""From Monday, 18 March 2024 at 9: respond by 14:00, nearly late at 12:00; resolve by 18:00, nearly late at 16:00."""


def on(day: int, clock: str, month: int = 3) -> str:
    return f"2024-{month:02}-{day:02}T{clock}:00+08:00"


MONDAY = on(18, "09:00")


@pytest.fixture
def ledger(tmp_path: Path) -> Quick:
    return Quick(tmp_path / "ledger")


@pytest.fixture
def clock(ledger: Quick) -> Quick:
    ledger.policy(CLOCK)
    return ledger


def risks(ledger: Quick, now: str, *args: str) -> list[tuple[str, str]]:
    """The targets at risk and their states."""
    return [(row["target"], row["state"]) for row in ledger.json("due", *args, now=now)]


def stamps(ledger: Ledger) -> dict[str, tuple[bytes, int]]:
    """Every file of the ledger with its bytes and the time of its last change."""
    return {name: (data, (ledger.path / name).stat().st_mtime_ns) for name, data in ledger.files().items()}


def imported(ledger: Quick, *rows: Row, now: str = MONDAY) -> list[str]:
    """Take rows in from a file whose columns are fields; their ids, in order."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(["no", *names])]
    lines += [",".join([str(n), *(row.get(name, "") for name in names)]) for n, row in enumerate(rows)]
    ledger.write("old.csv", "\n".join(lines) + "\n")
    told = {"type": "inquiry", "channel": "phone", "subject": "from before", "customer_name": "Walk-in"}
    mapped = [f"  {name}: {text}\n" for name, text in told.items() if name not in names]
    mapped += [f"  {name}: {{column: {name}}}\n" for name in names]
    ledger.write("map.yaml", "source: old\nid: no\nset:\n" + "".join(mapped))
    ledger("import", str(ledger.path / "old.csv"), "--map", str(ledger.path / "map.yaml"), now=now)
    for name in ("old.csv", "map.yaml"):
        (ledger.path / name).unlink()
    found = {row["external_id"]: row["id"] for row in ledger.json("list", "--all", now=now)}
    return [found[f"old:{n}"] for n in range(len(rows))]


# due: what is late or nearly so


def test_due_follows_a_record_from_nearly_late_to_confirmed(clock: Quick) -> None:
    (record,) = clock.add({}, now=MONDAY)
    assert risks(clock, on(18, "11:59")) == []
    assert risks(clock, on(18, "12:00")) == [("respond", "warn")], "three of four hours are used"
    assert risks(clock, on(18, "14:00")) == [("respond", "warn")], "it could still be in time"
    assert risks(clock, on(18, "14:01")) == [("respond", "breached")]
    assert risks(clock, on(18, "15:59")) == [("respond", "breached")]
    assert risks(clock, on(18, "16:00")) == [("respond", "breached"), ("resolve", "warn")]
    assert risks(clock, on(18, "18:01")) == [("respond", "breached"), ("resolve", "breached")]
    clock("update", record, "--responded", "--note", "called", now=on(19, "09:30"))
    assert risks(clock, on(19, "09:30")) == [("resolve", "breached")], "a late answer is an answer"
    clock("assign", record, "bob", now=on(19, "09:40"))
    clock("update", record, "--resolution", "told", now=on(19, "10:00"))
    assert risks(clock, on(20, "03:59")) == []
    assert risks(clock, on(20, "04:00")) == [("confirm", "warn")], "18 of 24 hours, at night too"
    assert risks(clock, on(20, "10:01")) == [("confirm", "breached")]
    clock("close", record, "--satisfaction", "5", now=on(20, "11:00"))
    assert risks(clock, on(25, "11:00")) == []


def test_the_share_of_time_from_which_a_target_is_nearly_late_is_the_rules(clock: Quick) -> None:
    clock.add({"batch": "half"}, now=MONDAY)
    assert risks(clock, on(18, "13:59")) == []
    assert risks(clock, on(18, "14:00")) == [("resolve", "warn")]


def test_working_time_alone_brings_a_target_near(clock: Quick) -> None:
    """Received on Friday at 16:00, six of eight hours are used on Monday at 14:00."""
    clock.add({"batch": "alone"}, now=on(15, "16:00"))
    assert risks(clock, on(17, "12:00")) == []
    assert risks(clock, on(18, "13:59")) == []
    assert risks(clock, on(18, "14:00")) == [("resolve", "warn")]


def test_due_lists_the_most_urgent_and_then_the_soonest_first(clock: Quick) -> None:
    (later,) = clock.add({"batch": "alone", "received_at": on(18, "09:20")}, now=on(18, "09:25"))
    (sooner,) = clock.add({"batch": "alone", "received_at": on(18, "09:10")}, now=on(18, "09:25"))
    (high,) = clock.add({"type": "complaint", "category": "quality", "batch": "alone"}, now=on(18, "09:40"))
    (critical,) = clock.add({"severity": "safety", "batch": "alone"}, now=on(18, "09:45"))
    (medium,) = clock.add({"severity": "major", "batch": "alone"}, now=on(18, "09:30"))
    (unrated,) = imported(clock, {"status": "new", "received_at": on(18, "09:00"), "batch": "alone"})
    expected = [critical, high, medium, sooner, later, unrated]
    assert clock.ids("due", now=on(18, "17:30")) == expected
    assert clock.ids("due", now=on(18, "18:05")) == expected, "what is late does not go before what is more urgent"
    assert clock.ids("due", now=on(19, "10:00")) == expected


def test_due_within_a_time_looks_that_far_ahead(clock: Quick) -> None:
    clock.add({}, now=MONDAY)
    ten = on(18, "10:00")
    respond, resolve = ("respond", "pending"), ("resolve", "pending")
    assert risks(clock, ten, "--within", "239m") == []
    assert risks(clock, ten, "--within", "4h") == [respond]
    assert risks(clock, ten, "--within", "2wh") == []
    assert risks(clock, ten, "--within", "3wh") == [respond], "lunch is no working time"
    assert risks(clock, ten, "--within", "7h") == [respond]
    assert risks(clock, ten, "--within", "8h") == [respond, resolve]
    assert risks(clock, ten, "--within", "7wh") == [respond, resolve]
    assert risks(clock, ten, "--within", "1wd") == [respond, resolve]
    assert risks(clock, on(18, "15:00"), "--within", "1h") == [("respond", "breached")], "what is late is there anyway"


def test_due_within_working_time_passes_over_the_weekend(clock: Quick) -> None:
    clock.add({"batch": "alone", "due_at": "2024-03-26 12:00"}, now=MONDAY)
    friday = on(22, "17:00")
    for near in ("8wh", "11wh", "1wd", "24h", "3d"):
        assert risks(clock, friday, "--within", near) == [], near
    for far in ("12wh", "2wd", "4d", "96h"):  # an hour on Friday, 8 on Monday, 3 on Tuesday
        assert [target for target, _state in risks(clock, friday, "--within", far)] == ["resolve"], far


@pytest.mark.parametrize("text", ["4", "soon", "-4h", "4x", "h", "4 hours or so"])
def test_a_time_ahead_that_cannot_be_read_is_refused(ledger: Quick, text: str) -> None:
    told = ledger("due", "--within", text, code=2)
    assert "--within" in told.err and told.out == ""


def test_the_exit_code_says_whether_something_is_due_where_it_is_asked_to(clock: Quick) -> None:
    clock.add({}, now=MONDAY)
    clock("due", "--exit-code", now=on(18, "10:00"))
    late = clock("due", "--exit-code", now=on(18, "15:00"), code=1)
    assert late.out != ""
    clock("due", now=on(18, "15:00"))
    clock("due", "-q", "--exit-code", now=on(18, "15:00"), code=1)
    clock("due", "--exit-code", "--within", "4h", now=on(18, "10:00"), code=1)
    clock("due", "--exit-code", "--owner", "nobody", now=on(18, "15:00"))


def test_due_in_every_format(clock: Quick) -> None:
    (record,) = clock.add({"owner": "李华", "subject": "屏幕, 裂了"}, now=MONDAY)
    now = on(18, "15:30")
    envelope = json.loads(clock("due", "-f", "json", now=now).out)
    assert (envelope["exlog"], envelope["kind"]) == (1, "due")
    (row,) = envelope["data"]
    assert (row["id"], row["target"], row["state"], row["due_at"]) == (record, "respond", "breached", on(18, "14:00"))
    assert row["left_minutes"] == -90 and type(row["left_minutes"]) is int
    assert (row["urgency"], row["status"], row["owner"], row["department"]) == ("low", "new", "李华", None)
    assert json.loads(clock("due", "-f", "jsonl", now=now).out) == row
    for fmt, delimiter in (("csv", ","), ("tsv", "\t")):
        (line,) = read_csv(clock("due", "-f", fmt, now=now).out, delimiter)
        assert {record, "respond", "breached", "-90", "屏幕, 裂了"} <= set(line.values()), fmt
    plain = clock("due", "-f", "plain", now=now).out.rstrip("\n").split("\t")
    assert {record, "respond", "-90", "屏幕, 裂了"} <= set(plain)
    for fmt in ("table", "md"):
        text = clock("due", "-f", fmt, now=now, COLUMNS="200").out
        assert record in text and "first response" in text and "breached" in text and "1 h 30 min late" in text, fmt


def test_nothing_due_is_an_empty_list_and_a_note(ledger: Quick) -> None:
    told = ledger("due", "-f", "json")
    assert json.loads(told.out) == {"exlog": 1, "kind": "due", "data": []}
    told = ledger("due", "-q")
    assert told.out == ""
    assert "nothing" in ledger("due", "-f", "table").err


def test_quiet_due_prints_each_id_once(clock: Quick) -> None:
    ids = clock.add({}, {"severity": "safety"}, now=MONDAY)
    assert len(risks(clock, on(19, "10:00"))) == 4
    assert clock.ids("due", now=on(19, "10:00")) == ids[::-1]


def test_filters_mean_in_due_what_they_mean_in_list(clock: Quick) -> None:
    clock("customer", "add", "Nova")
    ids = clock.add(
        {"customer": "Nova", "owner": "bob", "channel": "email"},
        {**SERVICE, "department": "售后部", "severity": "safety"},
        {"customer": "Novel", "product": "P20", "subject": "scratch"},
        {"received_at": on(15, "10:00")},
        now=MONDAY,
    )
    clock("assign", ids[0], "bob", now=MONDAY)
    now = on(19, "10:00")
    assert set(clock.ids("due", now=now)) == set(ids)
    for options, expected in {
        "--owner bob": [0], "--department 售后部": [1], "--unassigned": [1, 2, 3], "--urgency 特急": [1],
        "--urgency low": [0, 2, 3], "--status new": [1, 2, 3], "--status 处理中": [0], "--type complaint": [1],
        "--category service": [1], "--channel email": [0], "--customer nov": [0, 2], "--search SCRATCH": [2],
        "--where product=p20": [2], "--where product=": [0, 1, 3], "--since 2024-03-18": [0, 1, 2],
        "--until 2024-03-15": [3], "--overdue": [0, 1, 2, 3], "--all": [0, 1, 2, 3], "--status closed": [],
    }.items():  # fmt: skip
        found = clock.ids("due", *options.split(), now=now)
        assert set(found) == {ids[n] for n in expected}, options
        assert set(found) <= set(clock.ids("list", *options.split(), now=now)), options


def test_on_hold_the_clock_stands_still(clock: Quick) -> None:
    """Five of eight hours are used when the hold begins on Monday at 15:00; three are left on Wednesday at 9."""
    (record,) = clock.add({"batch": "alone", "owner": "bob"}, now=MONDAY)
    clock("assign", record, "bob", now=MONDAY)
    clock("update", record, "--hold", "等配件", "--until", "2024-03-25", now=on(18, "15:00"))
    for now in (on(18, "17:30"), on(18, "18:01"), on(19, "10:00"), on(25, "18:00"), on(29, "18:00")):
        assert risks(clock, now) == [], now
        assert clock.ids("list", "--overdue", now=now) == []
    clock("update", record, "--status", "in_progress", now=on(20, "09:00"))
    assert risks(clock, on(20, "10:00")) == [("resolve", "warn")]
    assert risks(clock, on(20, "12:00")) == [("resolve", "warn")]
    assert risks(clock, on(20, "12:01")) == [("resolve", "breached")]


def test_the_clock_of_every_target_stands_still_on_hold(clock: Quick) -> None:
    (record,) = clock.add({"owner": "bob"}, now=MONDAY)
    clock("assign", record, "bob", now=MONDAY)
    clock("update", record, "--hold", "等客户", "--until", "2024-03-25", now=on(18, "11:00"))
    assert risks(clock, on(20, "15:00")) == []
    clock("update", record, "--status", "in_progress", now=on(20, "09:00"))
    assert ("respond", "warn") not in risks(clock, on(20, "09:59"))
    assert ("respond", "warn") in risks(clock, on(20, "10:00")), "two hours on Monday and one now"
    assert ("respond", "warn") in risks(clock, on(20, "11:00"))
    assert ("respond", "breached") in risks(clock, on(20, "11:01"))


def test_what_was_late_before_a_hold_is_late_after_it(clock: Quick) -> None:
    """The first response was due on Monday at 14:00; a hold on Tuesday takes nothing of that back."""
    (record,) = clock.add({"owner": "bob"}, now=MONDAY)
    clock("assign", record, "bob", now=MONDAY)
    clock("update", record, "--hold", "等客户", "--until", "2024-03-25", now=on(19, "09:00"))
    clock("update", record, "--status", "in_progress", now=on(21, "18:00"))
    assert risks(clock, on(21, "18:00")) == [("respond", "breached"), ("resolve", "breached")]
    assert len([row for row in findings(clock, now=on(21, "18:00")) if row["kind"] == "overdue"]) == 2


def test_what_was_late_before_a_hold_is_late_on_hold(clock: Quick) -> None:
    late, nearly = clock.add(*({"batch": "alone", "owner": "bob"},) * 2, now=MONDAY)
    clock("assign", late, nearly, "bob", now=MONDAY)
    clock("update", nearly, "--hold", "等配件", "--until", "2024-03-25", now=on(18, "17:00"))
    clock("update", late, "--hold", "等配件", "--until", "2024-03-25", now=on(19, "09:30"))
    rows = {row["id"]: row["state"] for row in clock.json("due", now=on(22, "10:00"))}
    assert rows == {late: "breached", nearly: "warn"}


def test_an_imported_record_that_has_no_due_time_is_seen(clock: Quick) -> None:
    (record,) = imported(clock, {"status": "in_progress", "owner": "bob", "received_at": on(15, "10:00"),
                                 "first_response_at": on(15, "11:00")})  # fmt: skip
    assert clock.show(record)["due_at"] is None
    assert risks(clock, on(15, "17:30")) == [("resolve", "warn")]
    (row,) = clock.json("due", now=on(18, "09:59"))
    assert (row["target"], row["state"], row["due_at"]) == ("resolve", "warn", on(18, "10:00"))
    assert risks(clock, on(18, "10:01")) == [("resolve", "breached")]


def test_a_record_without_urgency_has_the_longest_time(ledger: Quick) -> None:
    imported(ledger, {"status": "in_progress", "owner": "bob", "received_at": on(15, "10:00"),
                      "first_response_at": on(15, "11:00")})  # fmt: skip
    assert risks(ledger, on(22, "17:59")) == [("resolve", "warn")]
    assert risks(ledger, on(22, "18:01")) == [("resolve", "breached")], "five working days, as at low"


def test_without_service_levels_nothing_is_due(ledger: Quick) -> None:
    ledger.add({"severity": "safety"}, {"due_at": "2024-03-15 18:00"})
    ledger.policy("sla: []\n")
    told = ledger("due", "--exit-code", "-f", "json", now=on(29, "10:00"))
    assert json.loads(told.out)["data"] == []


def test_what_is_recorded_too_late_and_what_is_closed_is_not_due(ledger: Quick) -> None:
    early, closed, invalid, duplicate = ledger.add(
        {"received_at": "2024-03-01 10:00", "owner": "bob"}, {"owner": "bob"}, {}, {}
    )
    ledger("close", closed, "--resolution", "r", "--satisfaction", "4")
    ledger("close", invalid, "--invalid", "--reason", "a test")
    ledger("close", duplicate, "--duplicate-of", early, "--reason", "same")
    found = {(row["id"], row["target"]) for row in ledger.json("due", now=on(29, "10:00"))}
    assert found == {(early, "respond"), (early, "resolve")}, "it was recorded late, but it is recorded"


# Escalation

ESCALATION = (
    CLOCK
    + """\
escalation:
  - {at: warn, level: 1, to: owner}
  - {at: breach, level: 2, to: department}
  - {at: breach + 1wd, level: 3, to: 总监, match: {urgency: [critical, high]}}
"""
)
SAFETY: Row = {"severity": "safety", "batch": "alone", "owner": "李华", "department": "售后部"}
FRIDAY = on(15, "09:00")


@pytest.fixture
def strict(ledger: Quick) -> Quick:
    ledger.policy(ESCALATION)
    return ledger


def escalations(ledger: Quick, record: str) -> list[tuple[str, str, str]]:
    """Of each escalation in the history as ``show`` has it: when, the target and the level; checks who acted."""
    events = ledger.json("show", record, "--history")["history"]
    return [(event["at"], event["old"], event["new"]) for event in events if event["action"] == "escalate"]


def receivers(ledger: Quick, record: str) -> list[str]:
    events = ledger.json("show", record, "--history")["history"]
    return [event["note"] for event in events if event["action"] == "escalate"]


def levels(ledger: Quick, now: str) -> list[int]:
    found = [row["level"] for row in ledger.json("due", "--escalate", now=now)]
    assert all(type(level) is int for level in found)
    return found


def test_each_level_is_recorded_when_its_moment_has_come(strict: Quick) -> None:
    """Received on Friday at 9, due at 18:00; a working day after that is Monday's close of business."""
    (record,) = strict.add(SAFETY, now=FRIDAY)
    assert levels(strict, on(15, "15:59")) == []
    assert levels(strict, on(15, "16:00")) == [1]
    assert levels(strict, on(15, "18:00")) == []
    assert levels(strict, on(15, "18:01")) == [2]
    assert levels(strict, on(17, "12:00")) == []
    assert levels(strict, on(18, "17:59")) == []
    assert levels(strict, on(18, "18:01")) == [3]
    assert escalations(strict, record) == [
        (on(15, "16:00"), "resolve", "1"), (on(15, "18:01"), "resolve", "2"), (on(18, "18:01"), "resolve", "3"),
    ]  # fmt: skip
    assert [text.split()[-1] for text in receivers(strict, record)] == ["李华", "售后部", "总监"]
    strict("check", now=on(18, "18:01"))


def test_a_working_day_after_a_breach_passes_over_a_holiday(strict: Quick) -> None:
    """Friday, 9 February 2024 is the last working day before the Spring Festival, Sunday the 18th the next."""
    strict.add(SAFETY, now=on(9, "09:00", 2))
    assert levels(strict, on(9, "18:01", 2)) == [1, 2]
    assert levels(strict, on(18, "17:59", 2)) == []
    assert levels(strict, on(18, "18:01", 2)) == [3]


def test_the_first_run_after_a_pause_records_every_level_at_once(strict: Quick) -> None:
    (record,) = strict.add(SAFETY, now=FRIDAY)
    assert levels(strict, on(19, "09:00")) == [1, 2, 3]
    assert [level for _at, _target, level in escalations(strict, record)] == ["1", "2", "3"]


def test_an_escalation_is_recorded_once_however_often_due_runs(strict: Quick) -> None:
    (record,) = strict.add(SAFETY, now=FRIDAY)
    strict("due", "--escalate", now=on(15, "16:00"))
    before = stamps(strict)
    for now in (on(15, "16:00"), on(15, "16:10"), on(15, "17:59")):
        told = strict("due", "--escalate", "-f", "json", "--exit-code", now=now)
        assert json.loads(told.out) == {"exlog": 1, "kind": "escalations", "data": []}
        assert strict("due", "--escalate", "-q", now=now).out == ""
    assert stamps(strict) == before and len(escalations(strict, record)) == 1


def test_nothing_is_written_where_nothing_escalates(ledger: Quick, strict: Quick) -> None:
    strict.add(SAFETY, {}, now=FRIDAY)
    before = stamps(strict)
    for now in (FRIDAY, on(15, "10:30")):
        assert levels(strict, now) == []
    assert stamps(strict) == before


def test_due_itself_writes_nothing(strict: Quick) -> None:
    strict.add(SAFETY, now=FRIDAY)
    before = stamps(strict)
    strict("due", now=on(19, "09:00"))
    strict("due", "--within", "1wd", now=on(19, "09:00"))
    strict("review", now=on(19, "09:00"))
    assert stamps(strict) == before


def test_escalate_shows_what_it_recorded(strict: Quick) -> None:
    (record,) = strict.add(SAFETY, now=FRIDAY)
    told = strict("due", "--escalate", "--exit-code", "-f", "json", code=1, now=on(15, "18:01"))
    envelope = json.loads(told.out)
    assert envelope["kind"] == "escalations"
    assert [(row["id"], row["target"], row["level"], row["to"]) for row in envelope["data"]] == [
        (record, "resolve", 1, "李华"), (record, "resolve", 2, "售后部"),
    ]  # fmt: skip
    assert strict.ids("due", "--escalate", now=on(18, "18:01")) == [record]


def test_an_owner_who_is_missing_leaves_it_to_the_department_and_the_other_way_round(strict: Quick) -> None:
    placed, owned = strict.add({**SAFETY, "owner": ""}, {**SAFETY, "department": ""}, now=FRIDAY)
    strict("due", "--escalate", now=on(15, "18:01"))
    assert [text.split()[-1] for text in receivers(strict, placed)] == ["售后部", "售后部"]
    assert [text.split()[-1] for text in receivers(strict, owned)] == ["李华", "李华"]


def test_a_match_chooses_the_records_that_escalate(strict: Quick) -> None:
    (low,) = strict.add({**SAFETY, "severity": "minor"}, now=FRIDAY)
    strict("due", "--escalate", now=on(29, "10:00"))
    assert [level for _at, _target, level in escalations(strict, low)] == ["1", "2"]


def test_a_rule_for_some_targets_leaves_the_others(ledger: Quick) -> None:
    ledger.policy(
        CLOCK + "escalation:\n"
        "  - {at: breach, level: 1, to: 组长, target: respond}\n"
        "  - {at: breach, level: 2, to: 经理, target: [resolve, confirm]}\n"
    )
    (record,) = ledger.add({"owner": "bob"}, now=MONDAY)
    found = ledger.json("due", "--escalate", now=on(19, "09:00"))
    assert [(row["target"], row["level"], row["to"]) for row in found] == [
        ("respond", 1, "组长"), ("resolve", 2, "经理"),
    ]  # fmt: skip
    ledger("update", record, "--resolution", "r", now=on(19, "10:00"))
    found = ledger.json("due", "--escalate", now=on(20, "10:01"))
    assert [(row["target"], row["level"]) for row in found] == [("confirm", 2)]


def test_filters_choose_what_escalates(strict: Quick) -> None:
    mine, other = strict.add(SAFETY, {**SAFETY, "owner": "王强"}, now=FRIDAY)
    assert strict.ids("due", "--escalate", "--owner", "李华", now=on(15, "18:01")) == [mine]
    assert escalations(strict, other) == []
    assert strict.ids("due", "--escalate", now=on(15, "18:01")) == [other]


def test_on_hold_nothing_escalates_that_was_not_late(strict: Quick) -> None:
    (record,) = strict.add(SAFETY, now=FRIDAY)
    strict("assign", record, "李华", now=FRIDAY)
    strict("update", record, "--hold", "等配件", "--until", "+9d", now=on(15, "11:00"))
    assert levels(strict, on(22, "10:00")) == []


def test_without_rules_of_escalation_nothing_is_recorded(clock: Quick) -> None:
    clock.add({}, now=MONDAY)
    before = stamps(clock)
    assert clock.json("due", "--escalate", now=on(29, "10:00")) == [] and stamps(clock) == before


def test_escalate_and_within_exclude_each_other(strict: Quick) -> None:
    strict("due", "--escalate", "--within", "4h", code=2)


def test_a_record_that_was_reopened_may_escalate_anew(strict: Quick) -> None:
    (record,) = strict.add(SAFETY, now=FRIDAY)
    strict("due", "--escalate", now=on(18, "09:00"))
    strict("close", record, "--resolution", "r", "--satisfaction", "3", now=on(18, "10:00"))
    assert levels(strict, on(19, "10:00")) == []
    strict("reopen", record, "--reason", "坏了", now=on(19, "11:00"))
    assert levels(strict, on(19, "11:00")) == [1, 2, 3]
    assert levels(strict, on(20, "11:00")) == []
    names = [event["event"] for event in strict.events() if event["action"] == "escalate"]
    assert len(names) == len(set(names)) == 5
    strict("check", now=on(20, "11:00"))


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", "-C", str(folder), *args],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def committed(ledger: Ledger, message: str) -> str:
    """Commit the ledger as it stands, in a repository of its own; the commit."""
    if not (ledger.path / ".git").exists():
        git(ledger.path, "init", "-q", "-b", "main")
    git(ledger.path, "add", "-A")
    git(ledger.path, "commit", "-q", "--allow-empty", "-m", message)
    return git(ledger.path, "rev-parse", "HEAD")


def test_two_clones_that_both_escalate_record_one_event(strict: Quick, tmp_path: Path) -> None:
    git(strict.path, "init", "-q", "-b", "main")
    (record,) = strict.add(SAFETY, now=FRIDAY)
    committed(strict, "one record")
    git(tmp_path, "clone", "-q", str(strict.path), str(tmp_path / "clone"))
    clone = Quick(tmp_path / "clone")
    assert levels(strict, on(15, "18:01")) == [1, 2]
    assert levels(clone, on(15, "18:04")) == [1, 2]
    names = [
        [event["event"] for event in one.events() if event["action"] == "escalate"] for one in (strict, clone)
    ]  # fmt: skip
    assert names[0] == names[1] and len(set(names[0])) == 2

    theirs = {path.name for path in (clone.path / "history" / "2024-03").glob("*.csv")}
    ours = {path.name for path in (strict.path / "history" / "2024-03").glob("*.csv")}
    new = theirs - ours
    assert len(new) == 1, "each clone has a lane of its own"
    for name in new:
        shutil.copy(clone.path / "history" / "2024-03" / name, strict.path / "history" / "2024-03" / name)
    (own,) = (set(clone.text("lanes.csv").splitlines()) - set(strict.text("lanes.csv").splitlines()))  # fmt: skip
    strict.write("lanes.csv", strict.text("lanes.csv") + own + "\n")
    assert len([event for event in strict.events() if event["action"] == "escalate"]) == 4, "both lines are there"
    strict("check", now=on(15, "18:10"))
    assert [level for _at, _target, level in escalations(strict, record)] == ["1", "2"]
    assert levels(strict, on(15, "18:10")) == []
    assert levels(strict, on(18, "18:01")) == [3]
    strict("check", now=on(18, "18:01"))


def test_two_branches_of_one_clone_that_both_escalate_merge_with_every_line_in_its_chain(strict: Quick) -> None:
    git(strict.path, "init", "-q", "-b", "main")
    strict("git-setup")
    (record,) = strict.add(SAFETY, now=FRIDAY)
    committed(strict, "one record")
    git(strict.path, "checkout", "-q", "-b", "side")
    assert levels(strict, on(15, "18:01")) == [1, 2]
    strict("update", record, "--note", "called the customer", now=on(15, "18:02"))
    committed(strict, "escalated on a branch")
    git(strict.path, "checkout", "-q", "main")
    assert levels(strict, on(15, "18:04")) == [1, 2]
    committed(strict, "escalated on main")
    git(strict.path, "merge", "-q", "--no-edit", "side")
    escalated = [event["event"] for event in strict.events() if event["action"] == "escalate"]
    assert len(escalated) == 4 and len(set(escalated)) == 2, "each branch keeps the line that its later ones go on from"
    strict("check", now=on(15, "18:10"))
    assert [level for _at, _target, level in escalations(strict, record)] == ["1", "2"]
    assert levels(strict, on(15, "18:10")) == []


# review: what a review must see

REVIEW = on(29, "10:00")  # a Friday
LONG = "客户反映连续三次来电无人接听，要求回电"

Made = tuple[list[str], list[str]]
"""The ids of records of which a finding is told, and of those of which it is not."""


def findings(ledger: Quick, *args: str, now: str = REVIEW) -> list[Row]:
    rows: list[Row] = ledger.json("review", *args, now=now)
    return rows


def found_of(ledger: Quick, kind: str, *args: str, now: str = REVIEW) -> set[str]:
    return {row["id"] for row in findings(ledger, *args, now=now) if row["kind"] == kind}


def dealt_with(ledger: Quick, row: Row, now: str = REVIEW, code: int = 0) -> None:
    """Run the command of a finding, its capitals replaced."""
    text = row["command"].replace('"TEXT"', shlex.quote(LONG)).replace("OWNER", "carol").replace("1-5", "4")
    name, *words = shlex.split(text)
    assert name == "exlog" and not re.search(r"\b[A-Z]{3,}\b", text), text
    ledger(*words, now=now, code=code)


def closed_long_ago(**more: str) -> Row:
    """An imported row that was closed on 20 March."""
    return {
        "status": "closed", "owner": "bob", "received_at": on(18, "10:00"), "resolution": "r",
        "resolved_at": on(19, "10:00"), "closed_at": on(20, "10:00"), "close_reason": "confirmed", **more,
    }  # fmt: skip


def _overdue(ledger: Quick) -> Made:
    """Low: five working days to resolve, two to respond."""
    facts = {"owner": "bob", "first_response_at": "2024-03-15 14:30", "received_at": "2024-03-15 14:00"}
    (late, done) = ledger.add(facts, facts, now=on(15, "14:30"))
    (unanswered, pending) = ledger.add({"owner": "bob"}, {"owner": "bob"}, now=on(25, "09:00"))
    ledger("update", done, "--resolution", "r", now=on(20, "10:00"))
    ledger("update", pending, "--responded", "--note", "called", now=on(25, "10:00"))
    return [late, unanswered], [done, pending]


def _unconfirmed(ledger: Quick) -> Made:
    late, early = ledger.add(*({"owner": "bob"},) * 2, now=on(27, "09:00"))
    ledger("update", late, "--resolution", "r", now=on(28, "09:59"))
    ledger("update", early, "--resolution", "r", now=on(28, "10:30"))
    return [late], [early]


def _unconfirmed_without_service_levels(ledger: Quick) -> Made:
    ledger.policy("sla: []\n")
    return _unconfirmed(ledger)


def _hold_over(ledger: Quick) -> Made:
    ids = ledger.add(*({"owner": "bob"},) * 2, now=on(25, "09:00"))
    ledger("assign", *ids, "bob", now=on(25, "09:00"))
    for record, until in zip(ids, ("2024-03-28 12:00", "2024-04-05 12:00"), strict=True):
        ledger("update", record, "--hold", "等配件", "--until", until, now=on(25, "10:00"))
    return [ids[0]], [ids[1]]


def _stalled(ledger: Quick) -> Made:
    quiet, noted, lately, held, resolved = ledger.add(*({"owner": "bob"},) * 5, now=on(22, "10:00"))
    ledger("assign", held, "bob", now=on(22, "10:00"))
    ledger("update", held, "--hold", "等配件", "--until", "2024-04-05", now=on(22, "11:00"))
    ledger("update", resolved, "--resolution", "r", now=on(22, "11:00"))
    ledger("update", noted, "--note", "called", now=on(26, "17:00"))  # Wednesday, Thursday and Friday since
    ledger("update", lately, "--note", "called", now=on(27, "09:00"))
    return [quiet, noted], [lately, held, resolved]


def _unowned(ledger: Quick) -> Made:
    nobody, placed, owned = ledger.add({}, {"department": "售后部"}, {"owner": "bob"}, now=on(28, "10:00"))
    return [nobody, placed], [owned]


def _owner_gone(ledger: Quick) -> Made:
    ids = ledger.add({"owner": "王强"}, {"owner": "王强"}, {"owner": "赵敏"}, {"owner": "bob"}, now=on(28, "10:00"))
    ledger("update", ids[1], "--resolution", "r", now=on(28, "11:00"))
    ledger.policy("people:\n  王强: {until: 2024-03-28}\n  赵敏: {until: 2024-03-29}\n")
    return ids[:2], ids[2:]


def _unrated(ledger: Quick) -> Made:
    facts = {"status": "in_progress", "owner": "bob", "received_at": on(28, "10:00")}
    ids = imported(ledger, facts, {**facts, "urgency": "low"}, closed_long_ago(), now=on(28, "12:00"))
    return ids[:1], ids[1:]


def _underrated(ledger: Quick) -> Made:
    for name in ("Nova", "Orion"):
        ledger("customer", "add", name, "--level", "standard", now=on(28, "09:00"))
    facts = {"severity": "major", "order_value": "10000", "owner": "bob"}  # 30 + 5 + 12 and then 30 + 25 + 12
    names = ("Nova", "Nova", "Orion")
    risen, resolved, same = ledger.add(*({"customer": name, **facts} for name in names), now=on(28, "10:00"))
    ledger("update", resolved, "--resolution", "r", now=on(28, "11:00"))
    ledger("customer", "edit", "Nova", "--level", "strategic", now=on(28, "12:00"))
    return [risen], [resolved, same]


def _low_satisfaction(ledger: Quick) -> Made:
    one, two, three, noted, followed, earlier = imported(
        ledger,
        closed_long_ago(satisfaction="1"), closed_long_ago(satisfaction="2"), closed_long_ago(satisfaction="3"),
        closed_long_ago(satisfaction="1"), closed_long_ago(satisfaction="1"),
        closed_long_ago(satisfaction="1", received_at=on(1, "10:00", 2), resolved_at=on(2, "10:00", 2),
                        closed_at=on(5, "10:00", 2)),
        now=on(21, "10:00"),
    )  # fmt: skip
    ledger("update", noted, "--note", "apologised", now=on(22, "10:00"))
    ledger.add({"follow_up_of": followed, "owner": "bob"}, now=on(22, "10:00"))
    return [one, two], [three, noted, followed, earlier]


def _follow_up_due(ledger: Quick) -> Made:
    """Seven days after closing."""
    ids = ledger.add(*({"owner": "bob"},) * 4, now=on(18, "10:00"))
    for record, closing, stars in zip(ids, (20, 25, 20, 20), "1231", strict=True):
        ledger("close", record, "--resolution", "r", "--satisfaction", stars, now=on(closing, "10:00"))
    ledger("update", ids[3], "--note", "called", "--set", "follow_up_at=", now=on(27, "11:00"))
    return ids[:1], ids[1:]


def _effect_check_due(ledger: Quick) -> Made:
    ledger.rule("effect_check_after_days: 0", "effect_check_after_days: 5")
    acted = {"owner": "bob", "corrective_action": "换货"}
    ids = ledger.add(acted, acted, acted, {"owner": "bob"}, now=on(18, "10:00"))
    for record, closing in zip(ids, (20, 25, 20, 20), strict=True):
        ledger("close", record, "--resolution", "r", "--satisfaction", "5", now=on(closing, "10:00"))
    ledger("update", ids[2], "--set", "effect=未再发生", now=on(26, "10:00"))
    return ids[:1], ids[1:]


def _late_entry(ledger: Quick) -> Made:
    """By the close of the working day after the day of receipt."""
    late, early = ledger.add(
        {"owner": "bob", "received_at": "2024-03-21 10:00"}, {"owner": "bob", "received_at": "2024-03-22 17:00"},
        now=on(25, "09:00"),
    )  # fmt: skip
    return [late], [early]


def _vague(ledger: Quick) -> Made:
    """Twenty columns are enough, a Chinese character has two."""
    texts = ("坏了", "水壶用了两天就坏掉", "x" * 19, "", "水壶用了两天就坏掉了", "x" * 20)
    ids = ledger.add(
        *({**SERVICE, "owner": "bob", "description": text, "subject": "坏"} for text in texts),
        {"owner": "bob", "description": "坏了"},
        now=on(28, "10:00"),
    )
    return ids[:4], ids[4:]


SINGLE: list[tuple[str, Callable[[Quick], Made]]] = [
    ("overdue", _overdue), ("unconfirmed", _unconfirmed), ("unconfirmed", _unconfirmed_without_service_levels),
    ("hold_over", _hold_over), ("stalled", _stalled), ("unowned", _unowned), ("owner_gone", _owner_gone),
    ("unrated", _unrated), ("underrated", _underrated), ("low_satisfaction", _low_satisfaction),
    ("follow_up_due", _follow_up_due), ("effect_check_due", _effect_check_due), ("late_entry", _late_entry),
    ("vague", _vague),
]  # fmt: skip
REPEATS = ("repeat_customer", "repeat_product", "repeat_batch", "repeat_cause")


def test_every_kind_of_finding_is_tested() -> None:
    untried = {"unusual_month", "unapproved"}  # see test_early_warning and test_approval
    assert {kind for kind, _make in SINGLE} | set(REPEATS) | untried == set(vocabulary.keys("finding"))


@pytest.mark.parametrize(("kind", "make"), SINGLE, ids=[make.__name__[1:] for _kind, make in SINGLE])
def test_a_finding_is_told_where_it_is_and_its_command_deals_with_it(
    ledger: Quick, kind: str, make: Callable[[Quick], Made]
) -> None:
    present, absent = make(ledger)
    mine = [row for row in findings(ledger) if row["kind"] == kind]
    assert sorted(row["id"] for row in mine) == sorted(present), absent
    for row in mine:
        assert row["records"] == 1 and row["text"] and row["id"] in row["command"]
        dealt_with(ledger, row)
    if kind != "late_entry":  # what happened cannot be undone
        assert found_of(ledger, kind) == set()
    ledger("check", now=on(30, "10:00"))


def test_an_overdue_record_without_owner_is_first_given_one(ledger: Quick) -> None:
    (record,) = ledger.add({"first_response_at": "2024-03-15 14:30"})
    for expected in (f"exlog assign {record} OWNER", f'exlog update {record} --resolution "TEXT"'):
        (row,) = (row for row in findings(ledger) if row["kind"] == "overdue")
        assert row["command"] == expected
        dealt_with(ledger, row)
    assert found_of(ledger, "overdue") == set()


def test_a_command_of_review_gives_what_policy_asks_for(ledger: Quick) -> None:
    for name in ("cause", "corrective_action", "preventive_action"):
        ledger.rule(f"{name}_required_for: []", f"{name}_required_for: [complaint]")
    facts = {"owner": "bob", "first_response_at": "2024-03-15 14:30"}
    asked, half, free = ledger.add({**TOLD, **facts}, {**TOLD, **facts, "cause": "培训"}, facts)
    for kind in ("overdue", "unconfirmed"):
        now = REVIEW if kind == "overdue" else on(30, "12:00")
        rows = {row["id"]: row for row in findings(ledger, now=now) if row["kind"] == kind}
        assert set(rows) == {asked, half, free}
        if kind == "overdue":
            assert "cause=" in rows[asked]["command"] and "cause=" not in rows[half]["command"]
            assert rows[free]["command"] == f'exlog update {free} --resolution "TEXT"'
        for row in rows.values():
            dealt_with(ledger, row, now)
    assert {row["status"] for row in ledger.json("list", "--all")} == {"closed"}
    ledger("check", now=on(30, "13:00"))


def test_days_off_are_no_days_without_progress(ledger: Quick) -> None:
    """After Friday, 9 February 2024 the next working days are the 18th (a Sunday), the 19th and the 20th."""
    (record,) = ledger.add({"owner": "bob"}, now=on(9, "10:00", 2))
    assert found_of(ledger, "stalled", now=on(19, "17:00", 2)) == set()
    assert found_of(ledger, "stalled", now=on(20, "10:00", 2)) == {record}


def test_the_rules_of_the_ledger_say_what_is_stalled_vague_and_a_repeat(ledger: Quick) -> None:
    (record,) = ledger.add({**SERVICE, "owner": "bob", "description": "x" * 20}, now=on(27, "10:00"))
    ledger.add({**TOLD, "owner": "bob"}, now=on(27, "10:00"))
    assert findings(ledger, now=on(28, "10:00")) == []
    ledger.rule("stalled_after_workdays: 3", "stalled_after_workdays: 1")
    ledger.rule("vague_below_columns: 20", "vague_below_columns: 21")
    ledger.rule("repeats_from: 3", "repeats_from: 2")
    assert found_of(ledger, "vague", now=on(28, "10:00")) == {record}
    assert len(found_of(ledger, "stalled", now=on(28, "10:00"))) == 2
    assert len(found_of(ledger, "repeat_customer", now=on(28, "10:00"))) == 1


def test_a_week_leaves_out_what_happened_before_it(ledger: Quick) -> None:
    """Told once: of the last 30 days, or of the last 7; what is still open is told however old it is."""
    days = {on(26, "09:00"): "new", on(14, "09:00"): "old", on(20, "09:00", 2): "ancient"}
    ids = {}
    for now, age in days.items():
        received = "2024-02-01 10:00" if age == "ancient" else f"{now[:8]}04 10:00"
        facts = {**SERVICE, "owner": "bob", "description": "坏了", "cause": age, "product": age}
        ids[age] = ledger.add(*({**facts, "customer": age, "received_at": received},) * 3, now=now)
    closings = (on(20, "10:00"), on(27, "10:00"))
    low = imported(ledger, *(closed_long_ago(satisfaction="1", closed_at=at) for at in closings), now=on(28, "10:00"))
    for kind in ("late_entry", "vague"):
        assert found_of(ledger, kind) == {*ids["new"], *ids["old"]}, kind
        assert found_of(ledger, kind, "--week") == set(ids["new"]), kind
    assert found_of(ledger, "low_satisfaction") == set(low)
    assert found_of(ledger, "low_satisfaction", "--week") == {low[1]}
    for args in ((), ("--week",)):
        assert found_of(ledger, "overdue", *args) >= set(ids["ancient"])


def test_repeats_are_told_by_when_the_newest_was_received(ledger: Quick) -> None:
    for customer, days in {"Nova": (1, 5, 27), "Orion": (1, 5, 15), "Pluto": (1, 5, 6)}.items():
        for day in days:
            ledger.add({**TOLD, "customer": customer}, now=on(day, "10:00"))
    ledger.add(*({**TOLD, "customer": "Quasar"},) * 3, now=on(10, "10:00", 2))
    names = {row["text"].split(" · ")[0] for row in findings(ledger) if row["kind"] == "repeat_customer"}
    assert names == {"Nova", "Orion", "Pluto"}
    names = {row["text"].split(" · ")[0] for row in findings(ledger, "--week") if row["kind"] == "repeat_customer"}
    assert names == {"Nova"}


ALIKE: dict[str, tuple[Row, Row]] = {
    "repeat_customer": ({**TOLD, "customer": "Nova"}, {**TOLD, "customer": "Nova", "category": "other"}),
    "repeat_product": ({**TOLD, "product": "P 20"}, {**TOLD, "product": "P 200"}),
    "repeat_batch": ({**TOLD, "model": "F15", "batch": "L2404"}, {**TOLD, "model": "F16", "batch": "L2404"}),
    "repeat_cause": ({**TOLD, "cause": "培训 不足"}, {**TOLD, "cause": "培训"}),
}


def listed(ledger: Quick, row: Row, now: str = REVIEW) -> list[str]:
    """What the command of repeats lists."""
    name, command, *words = shlex.split(row["command"])
    assert (name, command) == ("exlog", "list")
    return ledger.ids("list", *words, now=now)


@pytest.mark.parametrize("kind", REPEATS)
def test_repeats_are_counted_and_listed(ledger: Quick, kind: str) -> None:
    """Four alike, one of them archived, and three that are another thing; two alike are no repeat."""
    alike, other = ALIKE[kind]
    told = {"customer": "x", "owner": "bob"}
    walkers = iter("abcdefghijklmnop")

    def facts(of: Row) -> Row:
        return {**told, **of, "customer": of.get("customer", next(walkers))}

    (old,) = ledger.add(facts(alike), now=on(10, "10:00", 1))
    ledger("close", old, "--resolution", "r", "--satisfaction", "5", now=on(11, "10:00", 1))
    ledger("archive", now=on(2, "09:00", 2))
    assert old not in ledger.text()
    ids = ledger.add(*(facts(alike) for _n in range(2)), *(facts(other) for _n in range(2)), now=on(15, "10:00"))
    assert [row["records"] for row in findings(ledger) if row["kind"] == kind] == [3]
    (newest,) = ledger.add(facts(alike), now=on(28, "10:00"))
    (row,) = (row for row in findings(ledger) if row["kind"] == kind)
    assert (row["records"], row["id"]) == (4, newest) and type(row["records"]) is int
    assert set(listed(ledger, row)) == {old, *ids[:2], newest}
    for record in (old, *ids[:2], newest):
        assert record in row["text"]


def repeated(ledger: Quick, kind: str = "repeat_customer") -> list[tuple[int, int]]:
    """Of each repeat how many it counts, and how many its command lists."""
    return [(row["records"], len(listed(ledger, row))) for row in findings(ledger) if row["kind"] == kind]


def test_repeats_list_exactly_what_they_count_of_a_name_within_another(ledger: Quick) -> None:
    ledger.add(*({**TOLD, "customer": name} for name in ("Nova", "Nova", "Nova", "Nova Labs", "Supernova")), now=MONDAY)
    assert repeated(ledger) == [(3, 3)]


def test_repeats_list_exactly_what_they_count_without_duplicates_and_invalid_ones(ledger: Quick) -> None:
    first, second, third, *_others = ledger.add(*({**TOLD, "customer": "Nova", "product": "P20"},) * 5, now=MONDAY)
    ledger("close", second, "--duplicate-of", first, "--reason", "same call", now=MONDAY)
    ledger("close", third, "--invalid", "--reason", "a test", now=MONDAY)
    ledger.add({**TOLD, "customer": "Nova", "product": "P20", "type": "praise"}, now=MONDAY)
    for kind in ("repeat_customer", "repeat_product"):
        ((count, lines),) = repeated(ledger, kind)
        assert count == lines and count in (3, 4)


def test_repeats_list_exactly_what_they_count_of_values_with_commas_quotes_and_capitals(ledger: Quick) -> None:
    ledger.add(
        *({**TOLD, "customer": "Nova, \"Ltd\" & 'Co'", "product": "pump, $5 'new'", "cause": text}
          for text in ("Lack of training", "lack of Training", "LACK OF TRAINING")),
        *({**TOLD, "customer": name, "product": name} for name in ("pump", "Nova")),
        now=MONDAY,
    )  # fmt: skip
    for kind in ("repeat_customer", "repeat_product", "repeat_cause"):
        assert repeated(ledger, kind) == [(3, 3)], kind


def test_repeats_list_exactly_what_they_count_at_the_edge_of_the_90_days(ledger: Quick) -> None:
    """90 days before REVIEW is 30 December 2023 at 10:00."""
    edges = ("2023-12-29 23:00", "2023-12-30 10:01", "2024-01-15 10:00", "2024-03-28 10:00")
    ledger.add(*({**TOLD, "customer": "Nova", "received_at": at} for at in edges), now=on(28, "12:00"))
    assert repeated(ledger) == [(3, 3)]
    ledger.add({**TOLD, "customer": "Nova", "received_at": "2023-12-30 08:00"}, now=on(28, "12:00"))
    ((count, lines),) = repeated(ledger)
    assert count == lines


def test_repeats_of_a_customer_go_by_the_profile_and_not_by_the_name(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", now=on(1, "10:00"))
    ledger.add(*({**TOLD, "customer": "Nova"},) * 2, now=on(15, "10:00"))
    ledger("customer", "edit", "Nova", "--name", "Nova Energy", now=on(16, "10:00"))
    ledger.add({**TOLD, "customer": "Nova Energy"}, now=on(18, "10:00"))
    assert repeated(ledger) == [(3, 3)]
    ledger.add(*({**TOLD, "customer": "Nova Energy Club"},) * 2, now=on(18, "10:00"))
    assert repeated(ledger) == [(3, 3)]


def test_an_archived_record_whose_follow_up_is_due_is_found(ledger: Quick) -> None:
    (record,) = ledger.add({"owner": "bob"}, now=on(26, "10:00", 2))
    ledger("close", record, "--resolution", "r", "--satisfaction", "1", now=on(27, "10:00", 2))
    ledger("archive", now=on(1, "09:00"))
    assert record not in ledger.text()
    assert found_of(ledger, "follow_up_due", now=on(5, "09:00")) == set()
    (row,) = findings(ledger, now=on(6, "09:00"))
    assert (row["kind"], row["id"]) == ("follow_up_due", record)
    dealt_with(ledger, row, now=on(6, "09:00"))
    assert findings(ledger, now=on(6, "09:00")) == []


def test_review_takes_the_filters_of_list(ledger: Quick) -> None:
    mine, other = ledger.add({"owner": "bob"}, {**SERVICE, "owner": "李华", "description": LONG})
    assert found_of(ledger, "overdue") == {mine, other}
    for options, expected in {
        "--owner bob": {mine}, "--type complaint": {other}, "--search 回电": {other}, "--since 2024-03-20": set(),
        "--status closed": set(), "--open": {mine, other}, "--overdue": {mine, other},
    }.items():  # fmt: skip
        assert found_of(ledger, "overdue", *options.split()) == expected, options


def test_a_review_of_some_records_still_counts_what_others_repeat(ledger: Quick) -> None:
    """Major, of a strategic customer: 55, and two repeats make it 64."""
    ledger("customer", "add", "Nova", "--level", "strategic")
    (mine,) = ledger.add({**TOLD, "customer": "Nova", "severity": "major", "owner": "bob"})
    ledger.add(*({**TOLD, "customer": "Nova", "owner": "ann"},) * 2)
    for options in ((), ("--owner", "bob"), ("--since", "2024-03-15", "--owner", "bob")):
        assert mine in found_of(ledger, "underrated", *options), options


def test_review_in_every_format(ledger: Quick) -> None:
    (record,) = ledger.add({"owner": "bob", "subject": "a, b"})
    ledger("update", record, "--responded", "--note", "called", now=on(28, "10:00"))
    envelope = json.loads(ledger("review", "-f", "json", now=REVIEW).out)
    assert (envelope["exlog"], envelope["kind"]) == (1, "review")
    (row,) = envelope["data"]
    assert (row["kind"], row["id"], row["records"]) == ("overdue", record, 1)
    assert row["command"] == f'exlog update {record} --resolution "TEXT"'
    assert "2024-03-22 18:00" in row["text"] and "a, b" in row["text"] and "bob" in row["text"]
    assert json.loads(ledger("review", "-f", "jsonl", now=REVIEW).out) == row
    for fmt, delimiter in (("csv", ","), ("tsv", "\t")):
        (line,) = read_csv(ledger("review", "-f", fmt, now=REVIEW).out, delimiter)
        assert {record, "1", row["text"], row["command"]} <= set(line.values()), fmt
    for fmt in ("plain", "table", "md"):
        text = ledger("review", "-f", fmt, now=REVIEW, COLUMNS="250").out
        assert row["command"] in text and row["text"].replace("|", "\\|") in text, fmt
    assert ledger.ids("review", now=REVIEW) == [record]


def test_the_exit_code_says_whether_a_review_has_something_where_it_is_asked_to(ledger: Quick) -> None:
    assert json.loads(ledger("review", "--exit-code", "-f", "json").out) == {"exlog": 1, "kind": "review", "data": []}
    ledger.add({"owner": "bob"})
    ledger("review", "--exit-code")
    ledger("review", "--exit-code", now=REVIEW, code=1)
    ledger("review", now=REVIEW)
    assert len(ledger.ids("review", now=REVIEW)) == 1, "overdue twice and stalled, one id"


# show: why this urgency, and why these due times


def why(ledger: Quick, record: str, now: str = REVIEW) -> Row:
    told: Row = ledger.json("show", record, now=now)["urgency_why"]
    return told


def target(ledger: Quick, record: str, name: str, now: str = REVIEW) -> Row:
    (found,) = (row for row in ledger.json("show", record, now=now)["targets"] if row["target"] == name)
    told: Row = found
    return told


def test_show_adds_the_sum_up_factor_by_factor(ledger: Quick) -> None:
    """Major 30, VIP 17.5, an order of 12,000 12, two repeats 9; the level is high, and a floor makes it critical."""
    ledger("customer", "add", "Nova", "--level", "vip")
    *_others, record = ledger.add(
        *({**SERVICE, "customer": "Nova", "severity": "major", "order_value": "12000", "subject": "x"},) * 3
    )
    told = why(ledger, record)
    assert told["score"] == 68.5 and told["level"] == "critical"
    points = {part["field"]: (part["value"], part["weight"], part["share"], part["points"]) for part in told["factors"]}
    assert points == {
        "severity": ("major", 40, 0.75, 30), "customer.level": ("vip", 25, 0.7, 17.5),
        "order_value": ("12000", 20, 0.6, 12), "repeat_90d": ("2", 15, 0.6, 9),
    }  # fmt: skip
    assert sum(part["points"] for part in told["factors"]) == told["score"]
    (floor,) = told["floors"]
    assert floor["at_least"] == "critical" and "2" in floor["when"] and "10000" in floor["when"]
    assert any(floor["when"] in line for line in told["lines"])
    text = ledger("show", record, "-f", "table", COLUMNS="200").out
    for line in told["lines"]:
        assert line in text
    for number in ("30", "17.5", "12", "9", "68.5"):
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", "\n".join(told["lines"])), number


def test_show_names_the_floor_that_raised_a_level(ledger: Quick) -> None:
    quality, safety, plain = ledger.add(
        {"type": "complaint", "category": "quality"}, {"severity": "safety"}, {"severity": "minor"}
    )
    (floor,) = why(ledger, safety)["floors"]
    assert floor["at_least"] == "critical" and "safety" in floor["when"]
    assert [floor["at_least"] for floor in why(ledger, quality)["floors"]] == ["high"]
    assert why(ledger, quality)["level"] == "high" and why(ledger, quality)["score"] == 5
    assert why(ledger, plain)["floors"] == [] and why(ledger, plain)["score"] == 9


def test_show_gives_the_reason_of_an_urgency_by_hand_beside_the_sum(ledger: Quick) -> None:
    made = ledger(
        "add", "Nova", "s", "-t", "inquiry", "--one-off", "--urgency", "critical", "--reason", "记者来电", "-q"
    )
    record = made.out.strip()
    row = ledger.show(record)
    assert (row["urgency_by"], row["urgency_reason"], row["urgency_why"]["level"]) == ("manual", "记者来电", "low")
    assert any("记者来电" in line and "critical" in line for line in row["urgency_why"]["lines"])
    for fmt in ("table", "plain", "md"):
        assert "记者来电" in ledger("show", record, "-f", fmt).out


def test_show_says_what_a_record_keeps_and_what_its_next_change_makes_of_it(ledger: Quick) -> None:
    for name in ("Nova", "Orion"):
        ledger("customer", "add", name, "--level", "vip")
    facts = {"severity": "major", "order_value": "10000"}  # 30 + 17.5 + 12: medium
    risen, fallen = ledger.add({"customer": "Nova", **facts}, {"customer": "Orion", **facts, "severity": "safety"})
    ledger("customer", "edit", "Nova", "--level", "strategic")  # 67
    assert ledger.show(risen)["urgency"] == "medium"
    lines = why(ledger, risen)["lines"]
    assert "the record keeps medium; by policy it is high now" in lines
    assert "the next change of the record raises it to high" in lines
    ledger("update", risen, "--note", "x")
    assert not any("keeps" in line or "raises" in line for line in why(ledger, risen)["lines"])
    assert not any("keeps" in line or "raises" in line for line in why(ledger, fallen)["lines"])


def test_show_has_each_target_with_its_times_and_state(clock: Quick) -> None:
    (record,) = clock.add({"owner": "bob"}, now=MONDAY)
    now = on(18, "17:00")
    clock("update", record, "--responded", "--note", "x", now=on(18, "14:30"))
    told = {row["target"]: row for row in clock.json("show", record, now=now)["targets"]}
    assert list(told) == ["respond", "resolve", "confirm"]
    parts = ("within", "from", "due_at", "met_at", "state")
    assert [told["respond"][name] for name in parts] == ["4wh", MONDAY, on(18, "14:00"), on(18, "14:30"), "breached"]
    assert [told["resolve"][name] for name in parts] == ["8wh", MONDAY, on(18, "18:00"), None, "warn"]
    assert [told["confirm"][name] for name in parts] == ["24h", None, None, None, "not_started"]
    assert {row["rule"] for row in told.values()} == {3}, "the third item of the list"
    assert "item 3" in told["respond"]["lines"][0]
    clock("update", record, "--resolution", "r", now=on(18, "17:30"))
    assert target(clock, record, "resolve", now)["state"] == "met"
    assert target(clock, record, "confirm", on(18, "18:00"))["due_at"] == on(19, "17:30")


GOLDEN = [
    # received, severity, due, what each day is
    ("2026-02-13T16:00", "safety", "2026-02-14T16:00", {"2026-02-14": "make-up"}),
    ("2025-10-10T17:00", "safety", "2025-10-11T17:00", {"2025-10-11": "make-up"}),
    ("2026-02-13T16:00", "major", "2026-02-25T18:00",
     {"2026-02-14": "make-up", "2026-02-15..23": "Spring Festival", "2026-02-24..25": ""}),
    ("2025-10-10T17:00", "major", "2025-10-14T18:00",
     {"2025-10-11": "make-up", "2025-10-12": "weekend", "2025-10-13..14": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("received", "severity", "due", "days"), GOLDEN)
def test_show_says_which_days_count_over_a_holiday_and_why_one_does_not(
    ledger: Quick, received: str, severity: str, due: str, days: dict[str, str]
) -> None:
    (record,) = ledger.add({"severity": severity}, now=f"{received}:00+08:00")
    told = target(ledger, record, "resolve", now=f"{received}:00+08:00")
    assert told["due_at"] == f"{due}:00+08:00" == ledger.show(record)["due_at"]
    assert told["within"] in told["lines"][0] and "item 1" in told["lines"][0]
    for day, reason in days.items():
        (line,) = (text.strip() for text in told["lines"] if text.strip().startswith(day))
        counts = reason in ("", "make-up")
        assert ("does not count" in line) is not counts and reason in line, line
    assert due.replace("T", " ") in told["lines"][-1]
    text = ledger("show", record, "-f", "table", now=f"{received}:00+08:00", COLUMNS="200").out
    assert all(line in text for line in told["lines"])


def test_show_says_that_a_due_time_was_set_by_hand_or_told_before_the_policy_changed(ledger: Quick) -> None:
    manual, told = ledger.add({"due_at": "2024-03-29 12:00"}, {})
    ledger.policy("sla:\n  - {resolve: {from: received_at, to: resolved_at, within: 1wd}}\n")
    for record, due, word in ((manual, on(29, "12:00"), "by hand"), (told, on(22, "18:00"), "keeps")):
        row = target(ledger, record, "resolve", on(18, "10:00"))
        assert (row["due_at"], row["state"]) == (due, "pending")
        assert word in row["lines"][-1] and due[:16].replace("T", " ") in row["lines"][-1]
        assert any("2024-03-18 18:00" in line for line in row["lines"])


def test_show_says_how_long_a_record_was_on_hold(clock: Quick) -> None:
    (record,) = clock.add({"owner": "bob"}, now=MONDAY)
    clock("assign", record, "bob", now=MONDAY)
    clock("update", record, "--hold", "等客户", "--until", "2024-03-25", now=on(18, "11:00"))
    clock("update", record, "--status", "in_progress", now=on(18, "15:00"))
    respond = target(clock, record, "respond", on(18, "16:00"))
    assert respond["due_at"] == on(18, "17:00"), "three working hours on hold, lunch is none"
    assert any("3 h 0 min" in line for line in respond["lines"])
    assert target(clock, record, "resolve", on(18, "16:00"))["due_at"] == on(19, "12:00")


# check --policy: what another exlog.yaml would change

STEEPER = """
  levels: [{key: critical, min: 80}, {key: high, min: 35}, {key: medium, min: 20}, {key: low, min: 0}]"""
TIGHT = "\n  - {resolve: {from: received_at, to: resolved_at, within: 1wd}}"


def changed(ledger: Quick, name: str, section: str, *, to: str = "proposed.yaml") -> Path:
    """Another exlog.yaml, beside the ledger, with a section of its own."""
    other = Quick(ledger.path.parent / "other", "--lang", "en")
    other.write("exlog.yaml", ledger.text("exlog.yaml"))
    other.section(name, section)
    path = ledger.path.parent / to
    path.write_text(other.text("exlog.yaml"), "utf-8")
    return path


def preview(ledger: Quick, *args: str) -> list[tuple[str, str, str | None, str | None]]:
    rows = ledger.json("check", *args)
    return [(row["id"], row["what"], row["now"], row["then"]) for row in rows]


def test_the_same_policy_changes_nothing(ledger: Quick) -> None:
    ledger.add({"severity": "major"}, {"due_at": "2024-03-29 12:00"})
    told = ledger("check", "--policy", str(ledger.path / "exlog.yaml"), "-f", "json")
    assert json.loads(told.out) == {"exlog": 1, "kind": "policy_changes", "data": []}
    assert ledger("check", "--policy", str(ledger.path / "exlog.yaml"), "-q").out == ""


def test_a_preview_says_whose_urgency_and_due_time_change_and_an_update_makes_it_so(ledger: Quick) -> None:
    """35 points become high, 25 medium, 9 stay low; what was set by hand, resolved or closed stays as it is."""
    medium, low, minor, resolved, dated = ledger.add(
        {"severity": "major"}, {"severity": "moderate", "subject": "灯不亮", "customer": "陈"}, {"severity": "minor"},
        {"severity": "major", "owner": "bob"}, {"severity": "major", "due_at": "2024-03-29 12:00"},
    )  # fmt: skip
    made = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", "--severity", "major",
                  "--urgency", "low", "--reason", "no hurry", "-q")  # fmt: skip
    manual = made.out.strip()
    ledger("update", resolved, "--resolution", "r")
    path = changed(ledger, "urgency", STEEPER)
    before = stamps(ledger)
    expected = [
        (medium, "urgency", "medium", "high"), (medium, "due_at", on(20, "18:00"), on(19, "18:00")),
        (low, "urgency", "low", "medium"), (low, "due_at", on(22, "18:00"), on(20, "18:00")),
        (dated, "urgency", "medium", "high"),
    ]  # fmt: skip
    assert sorted(preview(ledger, "--policy", str(path))) == sorted(expected)
    rows = ledger.json("check", "--policy", str(path))
    assert {(row["customer_name"], row["subject"]) for row in rows if row["id"] == low} == {("陈", "灯不亮")}
    assert ledger("check", "--policy", str(path), "-q").out.split() == [medium, low, dated]
    table = ledger("check", "--policy", str(path), "-f", "table", COLUMNS="200").out
    assert "2024-03-19 18:00" in table and "high" in table
    assert stamps(ledger) == before, "a preview writes nothing"

    shutil.copy(path, ledger.path / "exlog.yaml")
    ledger("update", medium, low, minor, "--rate")
    for record, what, _now, then in expected[:4]:
        assert ledger.show(record)[what] == then
    assert (ledger.show(minor)["urgency"], ledger.show(minor)["due_at"]) == ("low", on(22, "18:00"))
    assert (ledger.show(manual)["urgency"], ledger.show(manual)["urgency_by"]) == ("low", "manual")
    ledger("check", now=on(15, "15:00"))


def test_a_preview_says_which_verdicts_change(ledger: Quick) -> None:
    """Within 3 working days, or within 1: resolved on the second of them, still open on the second, or in time."""
    facts = {"severity": "major", "owner": "bob"}
    second, still_open, first, dated = ledger.add(facts, facts, facts, {**facts, "due_at": "2024-03-29 12:00"})
    ledger("update", first, "--resolution", "r", now=on(18, "10:00"))
    ledger("update", second, dated, "--resolution", "r", now=on(19, "10:00"))
    path = changed(ledger, "sla", TIGHT)
    told = json.loads(ledger("check", "--policy", str(path), "-f", "json", now=on(19, "12:00")).out)["data"]
    verdicts = {(row["id"], row["now"], row["then"]) for row in told if row["what"] == "resolve"}
    assert verdicts == {(second, "met", "breached"), (still_open, "pending", "breached")} or verdicts == {
        (second, "met", "breached"),
        (still_open, "warn", "breached"),
    }
    assert [(row["id"], row["now"], row["then"]) for row in told if row["what"] == "due_at"] == [
        (still_open, on(20, "18:00"), on(18, "18:00"))
    ]
    assert not [row for row in told if row["id"] in (first, dated) and row["what"] in ("resolve", "due_at")]


def test_a_preview_without_service_levels_takes_the_due_time_away(ledger: Quick) -> None:
    (record,) = ledger.add({})
    path = changed(ledger, "sla", " []")
    assert preview(ledger, "--policy", str(path)) == [
        (record, "due_at", on(22, "18:00"), None), (record, "record", "met", None),
    ]  # fmt: skip
    shutil.copy(path, ledger.path / "exlog.yaml")
    ledger("update", record, "--rate")
    assert ledger.show(record)["due_at"] is None


def test_a_preview_counts_repeats_and_asks_profiles_and_archives(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "strategic")
    old = ledger.add({**TOLD, "customer": "Nova", "owner": "bob"}, now=on(20, "10:00", 2))[0]
    ledger("close", old, "--resolution", "r", "--satisfaction", "5", now=on(21, "10:00", 2))
    one, two = ledger.add(*({**TOLD, "customer": "Nova"},) * 2)  # 25 + 3 or 25 + 9 of two repeats
    ledger("archive")
    path = changed(ledger, "urgency", STEEPER.replace("35", "34").replace("20", "26"))
    ours = [row for row in preview(ledger, "--policy", str(path)) if row[1] == "urgency"]
    assert sorted(ours) == sorted([(one, "urgency", "low", "high"), (two, "urgency", "low", "high")])
    shutil.copy(path, ledger.path / "exlog.yaml")
    ledger("update", one, two, "--rate")
    assert [ledger.show(record)["urgency"] for record in (one, two)] == ["high", "high"]


def test_a_preview_over_a_hold_says_what_an_update_then_does(ledger: Quick) -> None:
    """Held on Monday from 9 to 12: three working hours after Monday 18:00."""
    (record,) = ledger.add({"owner": "bob"})
    ledger("assign", record, "bob")
    ledger("update", record, "--hold", "等配件", "--until", "2024-03-25", now=on(18, "09:00"))
    ledger("update", record, "--status", "in_progress", now=on(18, "12:00"))
    path = changed(ledger, "sla", TIGHT)
    told = ledger("check", "--policy", str(path), "-f", "json", now=on(18, "12:00"))
    moved = [(row["now"], row["then"]) for row in json.loads(told.out)["data"] if row["what"] == "due_at"]
    assert moved == [(on(25, "12:00"), on(19, "12:00"))]
    shutil.copy(path, ledger.path / "exlog.yaml")
    ledger("update", record, "--rate", now=on(18, "12:00"))
    assert ledger.show(record)["due_at"] == on(19, "12:00")


def test_a_broken_policy_is_refused_with_its_file_and_line(ledger: Quick) -> None:
    ledger.add({})
    before = stamps(ledger)
    path = changed(ledger, "urgency", "\n  levels: 3")
    line = path.read_text("utf-8").splitlines().index("  levels: 3") + 1
    told = ledger("check", "--policy", str(path), code=4)
    assert f"{path}:{line}" in told.err and "urgency.levels" in told.err and told.out == ""
    path.write_text("exlog: 1\nurgency: {levels: [\n", "utf-8")
    assert str(path) in ledger("check", "--policy", str(path), code=4).err
    path.write_text("exlog: 1\nurgencies: {}\n", "utf-8")
    assert f"{path}:2" in ledger("check", "--policy", str(path), code=4).err
    assert stamps(ledger) == before


@pytest.mark.parametrize("args", [("--policy", "no/such.yaml"), ("--policy", "."), ("--policy-at", "HEAD"),
                                  ("--policy", "x", "--policy-at", "y"), ("--policy", "x", "--fix"),
                                  ("--policy-at", "x", "--adopt")])  # fmt: skip
def test_a_preview_of_nothing_is_refused(ledger: Quick, args: tuple[str, ...]) -> None:
    """The ledger is no repository."""
    told = ledger("check", *args, code=2)
    assert told.out == "" and told.err.startswith("exlog: ")


@pytest.fixture
def versioned(ledger: Quick) -> Quick:
    ledger.add({"severity": "major"})
    ledger("update", ledger.ids("list")[0], "--note", "x")
    committed(ledger, "as it is")
    return ledger


def test_a_preview_of_a_commit_a_branch_and_a_tag(versioned: Quick) -> None:
    (record,) = versioned.ids("list")
    git(versioned.path, "switch", "-q", "-c", "proposal/urgency")
    versioned.section("urgency", STEEPER)
    commit = committed(versioned, "steeper")
    git(versioned.path, "tag", "v2")
    git(versioned.path, "switch", "-q", "main")
    before = (stamps(versioned), git(versioned.path, "status", "--porcelain"), git(versioned.path, "rev-parse", "HEAD"))
    expected = [(record, "urgency", "medium", "high"), (record, "due_at", on(20, "18:00"), on(19, "18:00"))]
    for name in (commit, commit[:10], "proposal/urgency", "v2", "v2~0"):
        assert preview(versioned, "--policy-at", name) == expected, name
    assert preview(versioned, "--policy-at", "main") == preview(versioned, "--policy-at", "HEAD") == []
    after = (stamps(versioned), git(versioned.path, "status", "--porcelain"), git(versioned.path, "rev-parse", "HEAD"))
    assert after == before
    git(versioned.path, "merge", "-q", "v2")
    versioned("update", record, "--rate")
    row = versioned.show(record)
    assert (row["urgency"], row["due_at"]) == ("high", on(19, "18:00"))


def test_a_preview_of_an_earlier_commit_goes_back(versioned: Quick) -> None:
    (record,) = versioned.ids("list")
    versioned.section("urgency", STEEPER)
    committed(versioned, "steeper")
    assert ("urgency", "high", "medium") in [row[1:] for row in preview(versioned, "--policy-at", "HEAD~1")]
    assert [row[0] for row in preview(versioned, "--policy-at", "HEAD~1")] == [record] * 2


@pytest.mark.parametrize("name", ["no-such-branch", "--all", "-p", "--output=x", "HEAD:exlog.yaml", "HEAD~9"])
def test_a_preview_of_an_unknown_revision_is_refused(versioned: Quick, name: str) -> None:
    before = stamps(versioned)
    told = versioned("check", f"--policy-at={name}", code=2)
    assert "\nexlog: git has no exlog.yaml at " in f"\n{told.err}" and told.out == ""
    assert stamps(versioned) == before


def test_a_broken_policy_of_a_commit_is_refused_with_its_revision_and_line(versioned: Quick) -> None:
    good = versioned.text("exlog.yaml")
    versioned.section("sla", "\n  - {resolve: {from: received_at, to: resolved_at, within: soon}}")
    line = versioned.text("exlog.yaml").splitlines().index("sla:") + 2
    committed(versioned, "broken")
    versioned.write("exlog.yaml", good)
    told = versioned("check", "--policy-at", "HEAD", code=4)
    assert f"HEAD:exlog.yaml:{line}" in told.err


def test_a_preview_of_a_ledger_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    ledger = Quick(tmp_path / "desk" / "ledger")
    (record,) = ledger.add({"severity": "major"})
    git(tmp_path, "init", "-q", "-b", "main")
    good = ledger.text("exlog.yaml")
    ledger.section("urgency", STEEPER)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "steeper")
    ledger.write("exlog.yaml", good)
    assert [row[:2] for row in preview(ledger, "--policy-at", "main")] == [(record, "urgency"), (record, "due_at")]


# The sample of a small company, in both languages

CLOSING = "2024-06-28T18:00:00+08:00"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Quick]:
    english = Quick(tmp_path_factory.mktemp("sample") / "en", "--sample")
    chinese = english.path.parent / "zh"
    shutil.copytree(english.path, chinese)
    found = {"en": english, "zh": Quick(chinese)}
    found["zh"].rule("language: en", "language: zh")
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sample_answers_due_review_and_show(sample: dict[str, Quick], language: str) -> None:
    ledger = sample[language]
    late = ledger.json("due", now=CLOSING)
    assert {row["state"] for row in late} == {"breached", "warn"}
    ranks = [vocabulary.keys("urgency").index(row["urgency"]) for row in late]
    assert ranks == sorted(ranks)
    told = findings(ledger, now=CLOSING)
    kinds = {"overdue", "unconfirmed", "stalled", "unowned", "owner_gone", "follow_up_due", "late_entry", *REPEATS}
    assert kinds <= {row["kind"] for row in told}
    for record in {row["id"] for row in late}:
        row = ledger.json("show", record, now=CLOSING)
        assert sum(part["points"] for part in row["urgency_why"]["factors"]) == row["urgency_why"]["score"]
        states = {(one["target"], one["state"]) for one in row["targets"]}
        assert {(one["target"], one["state"]) for one in late if one["id"] == record} <= states, record
    ledger("check", now=CLOSING)


def test_each_command_of_the_samples_review_runs(sample: dict[str, Quick], tmp_path: Path) -> None:
    shutil.copytree(sample["en"].path, tmp_path / "ledger")
    ledger = Quick(tmp_path / "ledger")
    for row in findings(ledger, now=CLOSING):
        if row["kind"].startswith("repeat_"):
            assert len(listed(ledger, row, CLOSING)) == row["records"], row
        else:
            dealt_with(ledger, row, CLOSING)
    left = {row["kind"] for row in findings(ledger, now=CLOSING) if not row["kind"].startswith("repeat_")}
    assert left <= {"overdue", "late_entry", "unconfirmed"}
    ledger("check", now="2024-06-28T19:00:00+08:00")


ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,.;:]+[A-Za-z]{2,})+")


def english(ledger: Quick, text: str) -> set[str]:
    """Runs of English words in a text that are neither what the ledger holds nor a command to type."""
    folder = ledger.path
    files = [*folder.glob("*.csv"), *folder.glob("*/*.csv"), *folder.glob("customers/*"), *folder.glob("*/*/*.csv")]
    held = " ".join(" ".join(path.read_text("utf-8").split()) for path in files) + ledger.text("exlog.yaml")
    text = re.sub(r"exlog (update|assign|close|show|list|reopen) [^\n│|]*", "", text)
    runs = [run for cell in re.split(r" {2,}|\n|\|", text) for run in ENGLISH.findall(cell)]
    return {run for run in runs if run.split("…")[0] not in held}


def test_the_samples_chinese_tables_hold_no_english_sentence(sample: dict[str, Quick]) -> None:
    ledger = sample["zh"]
    words = {term.en for enum in vocabulary.ENUMS.values() for term in enum if " " in term.en or len(term.en) > 5}
    ids = ledger.ids("due", now=CLOSING)[:6] + ledger.ids("list", "--all", "--status", "closed", now=CLOSING)[:2]
    ids += ledger.ids("list", "--status", "on_hold", now=CLOSING)[:1]
    shown = [("show", one, "-f", "table") for one in ids]
    for args in [
        ("due", "-f", "table"),
        ("review", "-f", "table"),
        ("due", "-f", "md"),
        ("review", "-f", "md"),
        *shown,
    ]:
        done = ledger(*args, now=CLOSING, COLUMNS="1000")
        assert english(ledger, done.out + done.err) == set(), args
        cells = set(re.split(r" {2,}|\n|\|", done.out))
        assert not cells & words, args
    path = ledger.path.parent / "proposed.yaml"
    other = Quick(ledger.path.parent / "zh-other", "--lang", "zh")
    other.write("exlog.yaml", ledger.text("exlog.yaml"))
    other.section("urgency", STEEPER)
    path.write_text(other.text("exlog.yaml"), "utf-8")
    done = ledger("check", "--policy", str(path), "-f", "table", now=CLOSING, COLUMNS="1000")
    assert done.out and english(ledger, done.out + done.err) == set()


def test_the_samples_escalations_are_recorded_once(sample: dict[str, Quick], tmp_path: Path) -> None:
    shutil.copytree(sample["zh"].path, tmp_path / "ledger")
    ledger = Quick(tmp_path / "ledger")
    told = ledger("due", "--escalate", "-f", "table", now=CLOSING, COLUMNS="1000")
    assert told.out and english(ledger, told.out + told.err) == set()
    assert levels(ledger, CLOSING) == []
    ledger("check", now=CLOSING)
