"""What people read in a table: labels instead of keys, counts, what a hold does to a due time, who left."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from acceptance_helper import Ledger

from exlog import vocabulary

AS_OF = "2024-06-28T18:00:00+08:00"


@pytest.fixture(scope="module")
def zh(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("zh") / "ledger", "--sample", "--lang", "zh")


def test_a_history_is_told_in_labels_and_stored_in_keys(zh: Ledger) -> None:
    told = zh("show", "614001", "--history", "-f", "table", now=AS_OF, COLUMNS="160").out
    for text in ("操作", "挂起至: – → 2024-07-03 12:00", "处理状态: 处理中 → 挂起", "首次响应时间"):
        assert text in told
    for key in ("on_hold", "first_response_at", "+08:00"):
        assert key not in told.partition("历史")[2], key
    plain = zh("show", "614001", "--history", "-f", "plain", now=AS_OF).out
    assert "hold\tstatus\tin_progress\ton_hold" in plain


def test_every_action_in_the_histories_of_the_sample_has_a_label(zh: Ledger) -> None:
    found = zh.json("query", "SELECT DISTINCT action FROM history", now=AS_OF)
    assert {row["action"] for row in found} <= set(vocabulary.keys("action"))


def test_a_review_says_how_many_records_a_repeat_is_of(zh: Ledger) -> None:
    out = zh("review", "-f", "table", now=AS_OF, COLUMNS="120").out
    repeats = out[out.index("重复：批次") :].splitlines()
    assert "记录数" in repeats[1] and "  7  " in repeats[3]
    assert "记录数" not in out[out.index("超时") :].splitlines()[1]


def test_a_target_on_hold_says_so_instead_of_a_time_that_cannot_come(zh: Ledger) -> None:
    assert "挂起至 07-03 12:00" in zh("due", "--within", "90d", "-f", "table", now=AS_OF, COLUMNS="160").out
    digest = zh("remind", "--dry-run", "--within", "90d", "--to", "json://localhost", now=AS_OF).out
    assert any("F20240614001" in line and "挂起至 07-03 12:00" in line for line in digest.splitlines())


def test_an_escalation_to_somebody_who_left_says_so(zh: Ledger) -> None:
    done = zh("due", "--escalate", now=AS_OF)
    assert "周晓岚 已离开" in done.err


def test_an_export_to_a_workbook_has_text_as_text(zh: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "r.xlsx"
    done = zh("export", "--status", "closed", "-o", str(file), now=AS_OF)
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None and str(sheet.max_row - 1) in done.err
    heads = [cell.value for cell in sheet[1]]
    assert heads[0] == "记录编号" and sheet["A2"].value.startswith("F2024")
    phones = [cell for row in sheet.iter_rows(min_row=2) for cell in row if isinstance(cell.value, str)]
    assert not [cell for cell in phones if cell.data_type == "f"]
