"""Recording: whom it is about, what must be said, how times and words are read, and which id comes out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, on_a_terminal, read_csv

INQUIRY = ("-t", "inquiry", "--channel", "phone")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """A ledger with three customers."""
    ledger(
        "customer", "add", "上海星辰科技有限公司", "--short-name", "星辰", "--phone", "138 0000 1234", "--level", "vip"
    )
    ledger("customer", "add", "Nova Trading", "--phone", "021-5555-9876")
    ledger("customer", "add", "Nova Shipping", "--phone", "021-5555-1111")
    return ledger


def test_a_known_customer_is_found_by_id_name_short_name_part_or_phone(known: Ledger) -> None:
    star = ["C20240315001", "c20240315001", "上海星辰科技有限公司", "星辰", "上海", "1234"]
    nova = ["nova trading", "Trading", "9876"]
    lines = [{"customer": name, "subject": "s", "type": "inquiry"} for name in star + nova]
    out = known("add", "--json", "-f", "json", stdin="\n".join(json.dumps(line) for line in lines)).out
    found = [row["customer_id"] for row in json.loads(out)["data"]]
    assert found == ["C20240315001"] * len(star) + ["C20240315002"] * len(nova)
    known("add", "星辰", "one by one", *INQUIRY)
    row = known.json("list", "--search", "one by one")[0]
    assert (row["customer_id"], row["customer_name"]) == ("C20240315001", "上海星辰科技有限公司")


def test_an_unknown_customer_is_refused_with_near_matches(known: Ledger) -> None:
    before = known.files()
    near = known("add", "Nova Tradng", "late", *INQUIRY, code=2)
    assert "C20240315002" in near.err and "Nova Trading" in near.err
    assert "--new-customer" in near.err and "--one-off" in near.err
    assert "上海星辰科技有限公司" in known("add", "上海星晨科技有限公司", "迟到", *INQUIRY, code=2).err
    vague = known("add", "Nova", "late", *INQUIRY, code=2)
    assert "C20240315002" in vague.err and "C20240315003" in vague.err
    assert near.out == vague.out == "" and known.files() == before


def test_new_customer_makes_a_profile_and_one_off_keeps_just_the_name(known: Ledger) -> None:
    known("add", "张三", "首次来电", *INQUIRY, "--new-customer")
    known("add", "路人", "问路", *INQUIRY, "--one-off")
    first, second = known.show("001"), known.show("002")
    assert (first["customer_id"], first["customer_name"]) == ("C20240315004", "张三")
    assert (known.path / "customers" / "C20240315004.yaml").is_file()
    assert (second["customer_id"], second["customer_name"]) == (None, "路人")
    assert known.ids("customer", "list") == [f"C2024031500{number}" for number in (1, 2, 3, 4)]
    known("add", "张三", "again", *INQUIRY)
    assert known.show("003")["customer_id"] == "C20240315004"
    known("add", "谁", "x", *INQUIRY, "--new-customer", "--one-off", code=2)


def test_new_customer_takes_the_profile_that_is_there_already(known: Ledger) -> None:
    known("add", "Nova Trading", "x", *INQUIRY, "--new-customer")
    assert known.show("001")["customer_id"] == "C20240315002"
    assert len(known.ids("customer", "list")) == 3


def test_one_off_is_for_the_unknown_and_does_not_hide_a_profile(known: Ledger) -> None:
    known("add", "C20240315002", "x", *INQUIRY, "--one-off")
    row = known.show("001")
    assert (row["customer_id"], row["customer_name"]) == ("C20240315002", "Nova Trading")


def test_policy_may_forbid_one_off_customers_and_ask_for_details(ledger: Ledger) -> None:
    ledger.rule("one_off_customers: allow", "one_off_customers: refuse")
    assert "--new-customer" in ledger("add", "路人", "x", *INQUIRY, "--one-off", code=2).err
    quality = ("-t", "complaint", "-c", "quality", "--new-customer")
    assert "model" in ledger("add", "甲", "warned", *quality).err
    assert "--order-no" in ledger("add", "甲", "warned", "-t", "complaint", "-c", "delivery").err
    assert ledger("add", "甲", "told", *quality, "--set", "batch=B7").err == ""
    assert ledger("add", "甲", "told", "-c", "delivery", "--order-no", "A1").err == ""
    ledger.rule("missing_details: warn", "missing_details: refuse")
    ledger("add", "甲", "refused", *quality, code=2)
    ledger("add", "甲", "taken", *quality, "--set", "model=P20")
    assert len(ledger.ids("list")) == 5


def test_every_option_lands_in_its_field(known: Ledger) -> None:
    out = known(
        *(
            "add",
            "星辰",
            "外壳划痕",
            "--type",
            "投诉",
            "--category",
            "产品质量",
            "--channel",
            "在线客服",
            "--severity",
            "major",
        ),
        *("--urgency", "紧急", "--reason", "老客户", "--order-no", "A-17", "--received-at", "2024-03-15 09:30"),
        *("--set", "occurred_at=2024-03-14 18:05", "--set", "order_value=1299.50", "--set", "model=P20"),
        *("--set", "remedy_sought=换货", "--set", "production_date=2024-01-05", "-d", "第一行\n第二行", "-f", "json"),
    ).out
    row = json.loads(out)["data"]
    expected: dict[str, Any] = {
        "type": "complaint",
        "category": "quality",
        "channel": "online",
        "severity": "major",
        "urgency": "high",
        "urgency_by": "manual",
        "order_no": "A-17",
        "received_at": "2024-03-15T09:30:00+08:00",
        "occurred_at": "2024-03-14T18:05:00+08:00",
        "recorded_at": "2024-03-15T14:30:00+08:00",
        "order_value": 1299.5,
        "model": "P20",
        "remedy_sought": "换货",
        "production_date": "2024-01-05",
        "description": "第一行\n第二行",
        "status": "new",
    }
    assert {name: row[name] for name in expected} == expected
    assert "老客户" in known("show", "001", "--history").out


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ({"type": "咨询", "channel": "电话"}, ("inquiry", None, "phone")),
        ({"type": "建议", "channel": "邮件"}, ("suggestion", None, "email")),
        ({"type": "表扬", "channel": "现场"}, ("praise", None, "onsite")),
        ({"type": "投诉", "category": "服务", "channel": "在线"}, ("complaint", "service", "online")),
        ({"type": "COMPLAINT", "category": "Delivery", "channel": "Phone"}, ("complaint", "delivery", "phone")),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
def test_labels_in_both_languages_are_input(ledger: Ledger, typed: dict[str, str], keys: tuple[str, ...]) -> None:
    row = ledger.show(ledger.add(typed)[0])
    assert (row["type"], row["category"], row["channel"]) == keys


def test_urgency_words_and_the_ledgers_own_aliases_are_input(ledger: Ledger) -> None:
    ledger.policy("aliases:\n  urgency: {急: high, P1: critical}\n  channel: {微信: online}\n")
    words = {"极高": "critical", "高": "high", "紧急": "high", "中": "medium", "一般": "medium", "低": "low"}
    words |= {"急": "high", "P1": "critical", "HIGH": "high"}
    ids = ledger.add(*({"urgency": word, "channel": "微信"} for word in words), flags=("--one-off", "--reason", "因为"))
    rows = {row["id"]: row for row in ledger.json("list")}
    assert {word: rows[id_]["urgency"] for word, id_ in zip(words, ids, strict=True)} == words
    assert {row["channel"] for row in rows.values()} == {"online"}
    assert "极高" in ledger("update", ids[0], "--urgency", "随便", "--reason", "x", code=2).err
    ledger("update", ids[0], "--urgency", "一般", "--reason", "x")
    assert ledger.show(ids[0])["urgency"] == "medium"


def test_what_is_required_is_asked_for_by_name_and_nothing_is_recorded(ledger: Ledger) -> None:
    before = ledger.files()
    complaint = ledger("add", "甲", "x", "-t", "complaint", "--one-off", code=2)
    assert "-c " in complaint.err and "quality" in complaint.err
    urgent = ledger("add", "甲", "x", *INQUIRY, "--one-off", "--urgency", "high", code=2)
    assert "--reason" in urgent.err
    for args in (
        ["add"],
        ["add", "甲"],
        ["add", "甲", "", *INQUIRY, "--one-off"],
        ["add", "甲", " ", *INQUIRY, "--one-off"],
    ):
        assert "SUBJECT" in ledger(*args, code=2).err.upper(), args
    assert "CUSTOMER" in ledger("add", "", "x", *INQUIRY, "--one-off", code=2).err.upper()
    for field in ("status=closed", "id=F20240315009", "uid=aaaaaaaaaa", "urgency=high", "nosuch=1", "order_value=dear"):
        assert field.split("=")[0] in ledger("add", "甲", "x", *INQUIRY, "--one-off", "--set", field, code=2).err
    assert ledger.files() == before


def test_typed_times_are_understood(ledger: Ledger) -> None:
    typed = {
        "2024-03-15": "2024-03-15T00:00:00+08:00",
        "2024-03-14 09:05": "2024-03-14T09:05:00+08:00",
        "2024-03-14T09:05:06+08:00": "2024-03-14T09:05:06+08:00",
        "2024-03-14T01:05:00Z": "2024-03-14T09:05:00+08:00",
        "yesterday": "2024-03-14T00:00:00+08:00",
        "yesterday 18:20": "2024-03-14T18:20:00+08:00",
        "-2d": "2024-03-13T14:30:00+08:00",
        "-3h": "2024-03-15T11:30:00+08:00",
        "15 Mar 14:30": "2024-03-15T14:30:00+08:00",
        "25/02/2024": "2024-02-25T00:00:00+08:00",
        "2024年3月1日": "2024-03-01T00:00:00+08:00",
        "昨天": "2024-03-14T00:00:00+08:00",
    }
    ids = ledger.add(*({"received_at": text} for text in typed))
    got = {row["id"]: row["received_at"] for row in ledger.json("list")}
    assert dict(zip(typed, (got[id_] for id_ in ids), strict=True)) == typed
    ledger("add", "甲", "x", *INQUIRY, "--one-off", "--received-at", "-2d")


def test_an_ambiguous_or_impossible_time_is_refused(ledger: Ledger) -> None:
    add = ("add", "甲", "x", *INQUIRY, "--one-off", "--received-at")
    err = ledger(*add, "03/04/2024", code=2).err
    assert "2024-04-03" in err and "2024-03-04" in err
    for text in ("2024-02-30", "soon", "2024-03-15 25:00", "2023-02-29"):
        assert text in ledger(*add, text, code=2).err
    assert "03/04/2024" in ledger("list", "--since", "03/04/2024", code=2).err
    assert ledger.ids("list") == []


def test_times_must_stand_in_order_and_none_in_the_future(ledger: Ledger) -> None:
    add = ("add", "甲", "x", *INQUIRY, "--one-off")
    future = ledger(*add, "--received-at", "2024-03-15 14:31", code=2)
    assert "received" in future.err.lower()
    ledger(*add, "--received-at", "tomorrow", code=2)
    ledger(*add, "--set", "occurred_at=2024-03-16", code=2)
    ledger(*add, "--received-at", "2024-03-10", "--set", "occurred_at=2024-03-11", code=2)
    ledger(*add, "--received-at", "2024-03-15 14:30")
    assert ledger.ids("list") == ["F20240315001"]


def test_a_future_reception_is_not_answered_with_moving_the_recording(ledger: Ledger) -> None:
    err = ledger("add", "甲", "x", *INQUIRY, "--one-off", "--received-at", "2024-03-16", code=2).err
    assert "--received-at" in err, "the remedy names the option that was given"
    assert "recorded_at=" not in err, "nobody sets recorded_at to a time to come"


def test_a_description_comes_from_standard_input_or_the_editor(ledger: Ledger) -> None:
    ledger("add", "甲", "x", *INQUIRY, "--one-off", "-d", "-", stdin="时间：昨天\n地点：仓库\n=1+1\n")
    assert ledger.show("001")["description"] == "时间：昨天\n地点：仓库\n=1+1"
    editor = ledger.path.parent / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "from the editor\\nline 2\\n" > "$1"\n')
    editor.chmod(0o755)
    assert "-d" in ledger("add", "甲", "y", *INQUIRY, "--one-off", "-e", EDITOR=str(editor), code=2).err
    add = ("add", "甲", "y", *INQUIRY, "--one-off", "-e")
    done = on_a_terminal(*add, cwd=ledger.path, answers={}, VISUAL=None, EDITOR=str(editor))
    assert done.code == 0, done.err
    assert ledger.show("002")["description"] == "from the editor\nline 2"


def test_json_takes_one_object_or_lines_and_all_or_nothing(ledger: Ledger) -> None:
    spread = {"customer": "甲", "subject": "一", "type": "咨询", "channel": "电话", "order_value": 12.5}
    one = json.dumps(spread, ensure_ascii=False, indent=2)
    assert ledger("add", "--json", "--one-off", "-q", stdin=one).out == "F20240315001\n"
    assert ledger.show("001")["order_value"] == 12.5
    lines = [{"customer": "乙", "subject": f"{n}", "type": "inquiry", "channel": "phone"} for n in range(3)]
    text = "\n".join(json.dumps(line) for line in lines)
    assert ledger("add", "--json", "--one-off", "-q", stdin=text).out.split() == [f"F2024031500{n}" for n in (2, 3, 4)]
    before = ledger.files()
    bad: list[str] = [
        '{"customer": "丙", "subject": "no category", "type": "complaint"}',
        "{",
        '{"nosuch": 1}',
        "[1]",
        '"x"',
    ]
    bad += ['{"customer": "丙", "subject": "x", "type": "inquiry", "received_at": "2025-01-01"}']
    for line in bad:
        result = ledger("add", "--json", "--one-off", stdin=text + "\n" + line, code=2)
        assert result.out == "" and ledger.files() == before, line
    assert re.search(r"\b4\b", ledger("add", "--json", "--one-off", stdin=text + "\n{", code=2).err)
    assert ledger("add", "--json", "--one-off", stdin="", code=2).out == ""


def test_a_bad_json_record_among_many_is_named(ledger: Ledger) -> None:
    good = '{"customer": "乙", "subject": "s", "type": "inquiry"}\n'
    err = ledger("add", "--json", "--one-off", stdin=good * 2 + '{"customer": "丙", "type": "inquiry"}\n', code=2).err
    assert re.search(r"\b3\b", err), f"which of the three lines is it? {err}"


def test_json_that_was_printed_can_be_typed_in_again(ledger: Ledger) -> None:
    row = {
        "type": "complaint",
        "category": "quality",
        "severity": "minor",
        "order_no": None,
        "notes": "",
        "model": "P1",
    }
    first = ledger.show(ledger.add(row)[0])
    again = {name: first[name] for name in ("customer_name", "subject", *row)}
    second = ledger.show(ledger("add", "--json", "--one-off", "-q", stdin=json.dumps(again)).out.strip())
    assert {name: second[name] for name in again} == again


def test_an_idempotency_key_records_once(ledger: Ledger) -> None:
    add = ("add", "甲", "x", *INQUIRY, "--one-off", "--idempotency-key", "web-17")
    first = ledger(*add, "-q").out
    before = ledger.files()
    assert ledger(*add, "-q").out == first == "F20240315001\n"
    assert ledger(*add, "-q", now="2024-03-16T09:00:00+08:00").out == first
    assert ledger.files() == before
    assert ledger("add", "甲", "x", *INQUIRY, "--one-off", "--idempotency-key", "web-18", "-q").out == "F20240315002\n"
    lines = '{"customer": "乙", "subject": "1"}\n{"customer": "乙", "subject": "2"}\n'
    batch = ("add", "--json", "-t", "inquiry", "--one-off", "-q", "--idempotency-key", "batch")
    assert ledger(*batch, stdin=lines).out == ledger(*batch, stdin=lines).out == "F20240315003\nF20240315004\n"


def test_ids_count_per_day_and_widen_past_99(ledger: Ledger) -> None:
    assert ledger.add({}, {}) == ["F20240315001", "F20240315002"]
    assert ledger.add({}, now="2024-03-16T00:00:00+08:00") == ["F20240316001"]
    assert ledger.add({}, now="2024-03-15T23:30:00Z") == ["F20240316002"], "the day is the one of the ledger's timezone"
    many = ledger.add(*[{}] * 99)
    assert many[-3:] == ["F20240315099", "F202403150100", "F202403150101"]
    ids = [row["id"] for row in read_csv(ledger.text())]
    assert ids[97:102] == ["F20240315098", "F20240315099", "F202403150100", "F202403150101", "F20240316001"]
    assert ledger.show("f202403150100")["id"] == "F202403150100"
    ledger("check", now="2024-03-17T00:00:00+08:00")


def test_a_unique_tail_in_any_case_names_a_record(ledger: Ledger) -> None:
    ledger.add({}, {})
    ledger.add({}, {}, {}, now="2024-03-16T10:00:00+08:00")
    for typed in ("F20240316003", "f20240316003", "20240316003", "0316003", "316003", "003"):
        assert ledger.show(typed)["id"] == "F20240316003", typed
    vague = ledger("show", "001", code=2)
    assert "F20240315001" in vague.err and "F20240316001" in vague.err and vague.out == ""
    assert ledger("update", "002", "--note", "x", code=2).out == ""
    ledger("update", "315002", "316001", "--note", "x")


def test_an_id_is_never_used_again(ledger: Ledger) -> None:
    ledger.add({}, {})
    ledger("assign", "001", "002", "bob")
    ledger("close", "001", "002", "--resolution", "r", "--satisfaction", "5")
    ledger("archive", now="2024-04-01T09:00:00+08:00")
    assert ledger.add({}) == ["F20240315003"]
    ledger.write("exceptions.csv", ledger.text().splitlines()[0] + "\n")
    assert ledger.add({}) == ["F20240315004"], "a row that someone deleted keeps its number"


def test_a_second_clone_takes_the_next_lane(ledger: Ledger) -> None:
    def git(*args: str, cwd: Path = ledger.path) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.cn")
        subprocess.run(["git", *identity, *args], cwd=cwd, check=True, capture_output=True)

    git("init", "-q")
    assert ledger.add({}) == ["F20240315001"]
    git("add", "-A")
    git("commit", "-qm", "one")
    git("clone", "-q", str(ledger.path), str(ledger.path.parent / "clone"), cwd=ledger.path.parent)
    clone = Ledger(ledger.path.parent / "clone")
    assert clone.ids("list") == ["F20240315001"]
    assert clone.add({}, {}) == ["F20240315101", "F20240315102"]
    assert clone("customer", "add", "Nova", "-q").out == "C20240315101\n"
    assert ledger.add({}) == ["F20240315002"]
    assert [row["lane"] for row in read_csv(clone.text("lanes.csv"))] == ["0", "1"]
    assert {path.name for path in (clone.path / "history" / "2024-03").iterdir()} == {"0.csv", "1.csv"}
    untracked = subprocess.run(["git", "status", "--short"], cwd=clone.path, capture_output=True, check=True).stdout
    assert b".exlog" not in untracked
    clone("check")
    shutil.rmtree(clone.path / ".exlog", ignore_errors=True)
    assert clone.add({}) == ["F20240315103"], "the clone is known by what stands under .git"
