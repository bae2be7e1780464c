"""``exlog log``: the history as people read it, through the command line on real folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance_helper import Ledger, read_csv


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger", "--lang", "en")
    made.add({"customer": "Hua", "subject": "lamp", "type": "complaint", "category": "quality"},
             now="2024-01-10T10:00:00+08:00", flags=("--new-customer",))  # fmt: skip
    made("close", "F20240110001", "--set", "owner=li", "--resolution", "new, lamp", "--satisfaction", "4",
         now="2024-01-12T10:00:00+08:00")  # fmt: skip
    made.add({"subject": "hours?"}, now="2024-02-01T09:00:00+08:00")
    made("archive", now="2024-02-02T09:00:00+08:00", EXLOG_USER="bo")
    made("customer", "edit", "Hua", "--phone", "1", now="2024-02-03T09:00:00+08:00")
    made("update", "F20240201001", "--note", "called\nback", "--urgency", "high", "--reason", "VIP",
         now="2024-03-01T00:10:00+08:00", EXLOG_USER="bo li")  # fmt: skip
    return made


def test_newest_first_a_line_for_each_change_of_a_record(ledger: Ledger) -> None:
    rows = read_csv(ledger("log", "-f", "csv").out)
    assert [(row["record"], row["action"]) for row in rows] == [
        ("F20240201001", "urgency,note,rate"),
        ("C20240110001", "update"),
        ("2024-01", "archive"),
        ("F20240201001", "create"),
        ("F20240110001", "update,resolve,close"),
        ("F20240110001", "create"),
        ("C20240110001", "create"),
    ]
    assert rows[0]["actor"] == "bo li"
    assert rows[0]["note"] == "VIP"
    closing = next(row for row in rows if "close" in row["action"])
    assert "Resolution: – → new, lamp" in closing["changes"]
    assert "Status: resolved → closed" in closing["changes"]
    assert rows[-2]["changes"] == "lamp"


def test_json_has_every_field_and_the_command(ledger: Ledger) -> None:
    data = ledger.json("log", "--limit", "1")
    assert data[0]["record"] == "F20240201001"
    assert {"field": "urgency", "old": "low", "new": "high"} in data[0]["changes"]
    assert {"field": "progress", "old": None, "new": "called\nback"} in data[0]["changes"]
    assert len(data[0]["command"]) == 10


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--since", "2024-02-02"), ["F20240201001", "C20240110001", "2024-01"]),
        (("--until", "2024-01-11"), ["F20240110001", "C20240110001"]),
        (("--since", "2024-02", "--until", "2024-02"), ["C20240110001", "2024-01", "F20240201001"]),
        (("--actor", "BO"), ["F20240201001", "2024-01"]),
        (("--actor", "li,nobody"), ["F20240201001"]),
        (("--status", "closed"), ["F20240110001"]),
        (("--customer", "Hua", "--type", "complaint"), ["F20240110001"]),
        (("--limit", "2"), ["F20240201001", "C20240110001"]),
        (("--since", "2024-03-02"), []),
    ],
)
def test_filters_choose_records_and_dates_choose_changes(
    ledger: Ledger, arguments: tuple[str, ...], expected: list[str]
) -> None:
    assert ledger.ids("log", *arguments) == expected


def test_only_the_months_that_the_dates_allow_are_opened(ledger: Ledger) -> None:
    ledger.write("history/2024-01/0.csv", "broken")
    assert ledger.ids("log", "--since", "2024-02-03") == ["F20240201001", "C20240110001"]
    assert "history/2024-01/0.csv:1" in ledger("log", code=4).err


@pytest.mark.parametrize("form", ["table", "plain", "json", "jsonl", "csv", "tsv", "md"])
def test_every_format(ledger: Ledger, form: str) -> None:
    assert "F20240110001" in ledger("log", "-f", form).out


def test_labels_in_both_languages(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "zh", "--lang", "zh")
    ledger.add({"subject": "灯不亮"})
    ledger("close", "001", "--invalid", "--reason", "测试")
    out = ledger("log", "-f", "table", COLUMNS="200").out
    assert "时间" in out
    assert "状态: 待处理 → 已关闭" in out


def test_wrong_options_are_refused(ledger: Ledger) -> None:
    assert "--limit" in ledger("log", "--limit", "0", code=2).err
    assert "status" in ledger("log", "--status", "nosuch", code=2).err
