"""What lies on disk: canonical text, the history behind it, own columns, and check over all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from acceptance_helper import NOW, Ledger, read_csv

NEXT = "2024-03-16T10:00:00+08:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def folded(ledger: Ledger) -> dict[str, dict[str, str]]:
    """The records as their events tell them."""
    records: dict[str, dict[str, str]] = {}
    for event in ledger.events():
        if not event["record"].startswith("F"):
            continue
        if event["field"] == "*":
            records[event["record"]] = json.loads(event["new"])
        else:
            row = records[event["record"]]
            if event["field"] in row or event["old"]:
                assert row.get(event["field"], "") == event["old"], event
            row[event["field"]] = event["new"]
    return {id_: {name: value for name, value in row.items() if value} for id_, row in records.items()}


def rows(ledger: Ledger, *names: str) -> dict[str, dict[str, str]]:
    found = [row for name in names or ("exceptions.csv",) for row in read_csv(ledger.text(name))]
    return {row["id"]: {name: value for name, value in row.items() if value} for row in found}


def test_the_table_is_canonical_text(ledger: Ledger) -> None:
    ledger.add({"subject": 'a, "b"', "description": "第一行\n第二行 C:\\temp\r\n"}, {"subject": "plain"})
    data = (ledger.path / "exceptions.csv").read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf") and b"\r" not in data and data.endswith(b"\n")
    lines = data.decode().splitlines()
    assert len(lines) == 3, "one row is one line"
    assert lines[0].startswith("id,status,type,category,severity,urgency,") and lines[0].endswith(",uid")
    assert '"a, ""b"""' in lines[1] and "第一行\\n第二行 C:\\\\temp" in lines[1]
    assert lines[2].count('"') == 0, "minimal quoting"
    assert ledger.show("001")["description"].startswith("第一行\n第二行 C:\\temp")
    assert "2024-03-15T14:30:00+08:00" in lines[2] and re.search(r",[a-z2-7]{10}$", lines[2])
    for path in ledger.path.rglob("*.csv"):
        text = path.read_bytes()
        assert b"\r" not in text and text.endswith(b"\n") and not text.startswith(b"\xef"), path


def test_rows_stay_sorted_and_untouched_ones_keep_their_bytes(ledger: Ledger) -> None:
    ledger.add({}, {"owner": "b"}, {})
    lines = ledger.text().splitlines()
    quoted = lines[1].replace(",Walk-in,", ',"Walk-in",')  # legal, though not what exlog would write
    ledger.write("exceptions.csv", "\n".join([lines[0], quoted, *lines[2:]]) + "\n")
    ledger("update", "002", "--note", "x")
    after = ledger.text().splitlines()
    assert (after[1], after[3]) == (quoted, lines[3])
    assert after[2] != lines[2]
    ledger.add({}, now="2024-03-14T09:00:00+08:00")
    ids = [line.split(",")[0] for line in ledger.text().splitlines()[1:]]
    assert ids == sorted(ids) and ids[0] == "F20240314001"
    assert quoted in ledger.text().splitlines()


def test_unknown_columns_survive_every_change(ledger: Ledger) -> None:
    ledger.add({"owner": "b"}, {"owner": "b"})
    header, *lines = ledger.text().splitlines()
    text = [header + ",tint,Our Note", *(f"{line},blue {n},n{n}" for n, line in enumerate(lines, 1))]
    ledger.write("exceptions.csv", "\n".join(text) + "\n")
    ledger("update", "001", "--note", "x")
    ledger.add({})
    ledger("close", "001", "--resolution", "r", "--satisfaction", "5")
    first, second, third = read_csv(ledger.text())
    assert (first["tint"], first["Our Note"], second["tint"], third["tint"]) == ("blue 1", "n1", "blue 2", "")
    assert ledger.text().splitlines()[0].index("tint") < ledger.text().splitlines()[0].index("Our Note")
    ledger("archive", now="2024-04-02T09:00:00+08:00")
    assert read_csv(ledger.text("archive/2024-03.csv"))[0]["Our Note"] == "n1"
    assert read_csv(ledger.text())[0]["Our Note"] == "n2"


def test_unknown_columns_are_exported_too(ledger: Ledger) -> None:
    ledger.add({})
    header, line = ledger.text().splitlines()
    ledger.write("exceptions.csv", f"{header},tint\n{line},blue\n")
    ledger("export", "-o", "../all.csv")
    (row,) = read_csv((ledger.path.parent / "all.csv").read_text("utf-8-sig"))
    assert row.get("tint") == "blue"


@pytest.mark.parametrize("shape", ["bom", "crlf", "semicolon", "gb18030", "shuffled", "line breaks"])
def test_any_legal_csv_is_read_and_normalised_on_the_next_write(ledger: Ledger, shape: str) -> None:
    ledger.add({"subject": "外壳划痕", "description": "一\n二"}, {"subject": "x"})
    text, before = ledger.text(), rows(ledger)
    header, first, second = text.splitlines()
    odd = {
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "crlf": text.replace("\n", "\r\n").encode(),
        "semicolon": text.replace(",", ";").encode(),
        "gb18030": text.encode("gb18030"),
        "shuffled": f"{header}\n{second}\n{first}\n".encode(),
        "line breaks": text.replace("一\\n二", '"一\n二"').encode(),
    }
    (ledger.path / "exceptions.csv").write_bytes(odd[shape])
    assert ledger.show("001")["subject"] == "外壳划痕"
    assert ledger.show("001")["description"] == "一\n二"
    ledger.add({})
    after = ledger.text()
    assert after.splitlines()[:3] == [header, first, second] and "\r" not in after
    assert {id_: row for id_, row in rows(ledger).items() if id_ in before} == before
    ledger("check")


def test_each_change_is_one_event_and_folding_them_gives_the_row(ledger: Ledger) -> None:
    ids = ledger.add({"owner": "b", "order_value": "1299.50", "due_at": "2024-03-20"}, {"owner": "b"}, {}, {})
    ledger("assign", ids[0], ids[2], "bob", "--department", "售后部", "--as", "eve")
    ledger("update", ids[0], "--note", "已联系", "--set", "model=P20", "--urgency", "high", "--reason", "vip")
    ledger("update", ids[0], "--hold", "parts", "--until", "+2d", now=NEXT)
    ledger("update", ids[0], "--status", "in_progress", now="2024-03-17T10:00:00+08:00")
    ledger("close", ids[0], ids[1], "--resolution", "r", "--satisfaction", "2", now="2024-04-01T10:00:00+08:00")
    ledger("reopen", ids[1], "--reason", "again", now="2024-04-02T10:00:00+08:00")
    ledger("close", ids[3], "--invalid", "--reason", "test", now="2024-04-02T10:00:00+08:00")
    ledger("archive", now="2024-04-02T11:00:00+08:00")
    assert folded(ledger) == rows(ledger, "exceptions.csv", "archive/2024-03.csv")
    events = ledger.events()
    assert list(events[0])[:7] == ["at", "actor", "record", "action", "field", "old", "new"]
    assert {event["at"][:7] for event in read_csv(ledger.text("history/2024-04/0.csv"))} == {"2024-04"}
    model = [event for event in events if event["field"] == "model"]
    assert [(e["at"], e["actor"], e["record"], e["old"], e["new"]) for e in model] == [(NOW, "ann", ids[0], "", "P20")]
    owner = [event for event in events if event["field"] == "owner"]
    assert ("eve", "b", "bob") in [(event["actor"], event["old"], event["new"]) for event in owner]
    shown = ledger.json("show", ids[0], "--history")["history"]
    assert [(e["at"], e["field"], e["old"], e["new"]) for e in shown] == [
        (e["at"], e["field"], e["old"], e["new"]) for e in events if e["record"] == ids[0]
    ]
    assert "eve" in ledger("show", ids[0], "--history", "-f", "table").out
    ledger("check", now="2024-04-03T10:00:00+08:00")


def test_history_is_only_ever_appended_to(ledger: Ledger) -> None:
    ids = ledger.add({"owner": "b"})
    seen = ledger.text("history/2024-03/0.csv")
    for args in (["update", ids[0], "--note", "x"], ["close", ids[0], "--resolution", "r", "--satisfaction", "3"]):
        ledger(*args)
        now = ledger.text("history/2024-03/0.csv")
        assert now.startswith(seen) and len(now) > len(seen)
        seen = now


OWN = """fields:
  - {name: warranty, kind: choice, choices: [inside, outside], label: {en: Warranty, zh: 保修}}
  - {name: weight, kind: number, label: {en: Weight, zh: 重量}}
  - {name: sold_on, kind: date}
  - {name: fault_code, kind: text, required_when: {category: quality}}
"""


def test_own_fields_are_columns_with_a_kind(ledger: Ledger) -> None:
    (old,) = ledger.add({})
    ledger.policy(OWN)
    assert ledger.ids("list") == [old]
    (id_,) = ledger.add({"warranty": "inside", "weight": 3.5, "sold_on": "2024年3月1日"})
    row = ledger.show(id_)
    assert (row["warranty"], row["weight"], row["sold_on"], row["fault_code"]) == ("inside", 3.5, "2024-03-01", None)
    assert ledger.show(old)["warranty"] is None
    assert ledger.text().splitlines()[0].endswith(",warranty,weight,sold_on,fault_code,uid")
    before = ledger.files()
    for bad in ("warranty=maybe", "weight=heavy", "sold_on=2024-13-01", "warrenty=inside"):
        assert bad.split("=")[0][:4] in ledger("update", id_, "--set", bad, code=2).err or bad == "sold_on=2024-13-01"
    assert ledger.files() == before
    ledger("update", id_, "--set", "weight=4", "--set", "warranty=")
    assert (ledger.show(id_)["weight"], ledger.show(id_)["warranty"]) == (4, None)
    ledger("check")


def test_an_own_field_is_required_when_its_condition_holds(ledger: Ledger) -> None:
    ledger.policy(OWN)
    quality = ("add", "甲", "x", "-t", "complaint", "-c", "quality", "--one-off", "--set", "model=P1")
    assert "fault_code" in ledger(*quality, code=2).err
    ledger(*quality, "--set", "fault_code=E7")
    ledger("add", "甲", "x", "-t", "complaint", "-c", "service", "--one-off")
    assert "fault_code" in ledger("update", "001", "--set", "fault_code=", code=2).err


def test_own_labels_stand_in_tables_of_both_languages(tmp_path: Path) -> None:
    for language, label in (("en", "Warranty"), ("zh", "保修")):
        ledger = Ledger(tmp_path / language, "--lang", language)
        ledger.policy(OWN)
        ledger.add({"warranty": "inside"})
        assert label in ledger("list", "-f", "table", "--columns", "id,warranty").out


def test_check_finds_a_hand_edit_and_adopt_writes_it_into_the_history(ledger: Ledger) -> None:
    ledger.add({"subject": "划痕"}, {})
    assert ledger("check").out == "" and ledger.json("check") == []
    ledger.write("exceptions.csv", ledger.text().replace(",划痕,", ",划伤,"))
    found = ledger("check", code=1)
    assert found.out and "Traceback" not in found.err
    (problem,) = json.loads(ledger("check", "-f", "json", code=1).out)["data"]
    assert set(problem) >= {"where", "message", "remedy"}
    assert "exceptions.csv:2" in problem["where"] and "划伤" in problem["message"] and "--adopt" in problem["remedy"]
    assert ledger("list", "-q").code == 0, "a hand edit is welcome meanwhile"
    ledger("check", "--adopt", "--as", "eve")
    ledger("check")
    last = ledger.events()[-1]
    assert (last["actor"], last["field"], last["old"], last["new"]) == ("eve", "subject", "划痕", "划伤")
    assert folded(ledger) == rows(ledger)


def test_a_uid_that_changed_is_not_adopted(ledger: Ledger) -> None:
    ledger.add({})
    uid = ledger.show("001")["uid"]
    ledger.write("exceptions.csv", ledger.text().replace(uid, "aaaaaaaaaa"))
    before = ledger.files()
    told = ledger("check", "--adopt", code=4).err
    assert "exceptions.csv:2: uid" in told and f"its uid was {uid}; a uid never changes" in told
    assert ledger.files() == before
    assert "write the old one back" in ledger("check", code=1).out


def test_adopting_takes_rows_that_were_typed_or_removed_by_hand(ledger: Ledger) -> None:
    ledger.add({}, {"subject": "two"})
    header, first, second = ledger.text().splitlines()
    ledger.write("exceptions.csv", f"{header}\n{first}\n{second}\n{second.replace('F20240315002', 'F20240315003')}\n")
    assert ledger("check", code=1).out
    fresh = re.sub("[a-z2-7]{10}$", "", second.replace("F20240315002", "F20240315003"))
    ledger.write("exceptions.csv", f"{header}\n{first}\n{second}\n{fresh}\n")
    assert "F20240315003" in ledger("check", code=1).out
    ledger("check", "--adopt")
    ledger("check")
    assert ledger.show("003")["subject"] == "two" and re.fullmatch("[a-z2-7]{10}", ledger.show("003")["uid"])
    ledger.write("exceptions.csv", "\n".join(line for line in ledger.text().splitlines() if "15001" not in line) + "\n")
    assert "F20240315001" in ledger("check", code=1).out


def test_check_names_each_kind_of_damage_with_its_place_and_remedy(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova")
    ledger.add({"customer": "Nova"}, {"customer": "Nova", "owner": "b"}, flags=())
    ledger("close", "002", "--resolution", "r", "--satisfaction", "5")
    sound = ledger.files()
    first = ledger.text().splitlines()[1]
    damages = {
        "exceptions.csv:2": [("exceptions.csv", ",new,inquiry,", ",new,nonsense,")],
        "exceptions.csv:3": [("exceptions.csv", ",5,,2024-03-15T14:30:00+08:00", ",9,,2024-03-15T14:30:00+08:00")],
        "received_at": [("exceptions.csv", f"{NOW},{NOW}", f"2024-03-16T00:00:00+08:00,{NOW}")],
        "F20240315001": [("exceptions.csv", first, f"{first}\n{first}")],
        "C20240315001": [("customers/C20240315001.yaml", "C20240315001", "C20240315009")],
        "exlog.yaml": [("exlog.yaml", "no_response_after_days: 7", "no_response_after_days: soon")],
        "resolution": [("exceptions.csv", ",r,2024", ",,2024")],
    }
    for where, edits in damages.items():
        for name, old, new in edits:
            assert old in sound[name].decode(), where
            (ledger.path / name).write_bytes(sound[name].decode().replace(old, new, 1).encode())
        result = ledger("check", "-f", "json", code=None)
        assert result.code in (1, 4), where
        assert where in result.out + result.err, result
        if result.code == 1:
            assert all(p["where"] and p["message"] and p["remedy"] for p in json.loads(result.out)["data"]), where
        for name, _, _ in edits:
            (ledger.path / name).write_bytes(sound[name])
    ledger("check")


def test_fix_brings_tables_back_into_canonical_text_and_loses_nothing(ledger: Ledger) -> None:
    ledger.add({}, {"description": "一\n二"})
    sound = ledger.text()
    header, first, second = sound.splitlines()
    (ledger.path / "exceptions.csv").write_bytes(("﻿" + "\r\n".join([header, second, first, ""])).encode())
    ledger("check", "--fix")
    assert ledger.text() == sound
    after = ledger.files()
    ledger("check", "--fix")
    assert ledger.files() == after
    ledger.write("exceptions.csv", sound + "ragged,row\n")
    ledger("check", "--fix", code=4)
    assert ledger.text() == sound + "ragged,row\n"
