"""``archive --excel``: a workbook of every record of each archived month, beside the month's archive."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from acceptance_helper import Ledger, environment
from team_helper import git

APRIL = "2024-04-02T09:00:00+08:00"
MAY = "2024-05-02T09:00:00+08:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """One closed of February, one closed and one open of March, texts that a spreadsheet could compute."""
    return filled(Ledger(tmp_path / "ledger", "--lang", "zh"))


def filled(ledger: Ledger) -> Ledger:
    ledger.add({"owner": "b"}, now="2024-02-20T09:00:00+08:00")
    hostile = {
        "customer": "=HYPERLINK(\"http://x\")", "subject": "+86 138 0013 8000", "description": "@SUM(A1)\n第二行",
        "order_no": "00012345678901234567", "owner": "b", "category": "delivery",
    }  # fmt: skip
    ledger.add(hostile, {"owner": "b", "subject": "等待"}, now="2024-03-05T09:00:00+08:00")
    ledger("close", "220001", "305001", "--resolution", "-1+1", "--satisfaction", "4", now="2024-03-06T09:00:00+08:00")
    return ledger


def sheet(ledger: Ledger, name: str) -> Any:
    book = openpyxl.load_workbook(ledger.path / "archive" / name)
    assert len(book.sheetnames) == 1
    return book.active


def rows(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    head, *body = sheet(ledger, name).iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def workbooks(ledger: Ledger) -> list[str]:
    return sorted(path.name for path in (ledger.path / "archive").glob("*.xlsx"))


def test_each_archived_month_gets_its_record_table_with_every_record_of_the_month(ledger: Ledger) -> None:
    told = ledger("archive", "--excel", now=APRIL)
    assert workbooks(ledger) == ["202402客户反馈记录表.xlsx", "202403客户反馈记录表.xlsx"]
    assert "archive/202403客户反馈记录表.xlsx" in told.err
    march = rows(ledger, "202403客户反馈记录表.xlsx")
    assert [row["记录编号"] for row in march] == ["F20240305001", "F20240305002"], "the open one is of the month too"
    assert [row["处理状态"] for row in march] == ["已关闭", "待处理"]
    assert list(march[0])[:17] == [
        "记录编号", "客户ID", "客户名称", "反馈时间", "来源渠道", "反馈类型", "紧急程度", "主题", "问题描述",
        "责任部门", "责任人", "处理状态", "处理进度", "解决方案", "完成时间", "客户满意度(1-5分)", "客户反馈意见",
    ]  # fmt: skip
    assert march[0]["反馈时间"] == datetime(2024, 3, 5, 9, 0) and march[0]["客户满意度(1-5分)"] == 4
    assert march[0]["责任部门"] == march[1]["解决方案"] == "-", "a dash where there is nothing"
    ledger("check", now=APRIL)


def test_nothing_in_it_is_computed_and_ids_and_numbers_stay_as_they_are(ledger: Ledger) -> None:
    ledger("archive", "--excel", now=APRIL)
    found = sheet(ledger, "202403客户反馈记录表.xlsx")
    cells = {cell.value: cell for row in found.iter_rows() for cell in row}
    for text in ('=HYPERLINK("http://x")', "+86 138 0013 8000", "@SUM(A1)\n第二行", "00012345678901234567", "-1+1"):
        assert cells[text].data_type in ("s", "inlineStr"), text
        assert cells[text].hyperlink is None
    assert cells["F20240305001"].number_format == "@"
    assert cells[datetime(2024, 3, 5, 9, 0)].number_format == "yyyy-mm-dd hh:mm"
    assert found.freeze_panes == "B2" and found.auto_filter.ref.startswith("A1:")


def test_months_that_were_archived_before_are_written_too_and_again_only_when_they_changed(ledger: Ledger) -> None:
    ledger("archive", now=APRIL)
    assert workbooks(ledger) == []
    ledger("archive", "--excel", "--before", "2024-03", now=APRIL)
    assert workbooks(ledger) == ["202402客户反馈记录表.xlsx"]
    ledger("archive", "--excel", now=APRIL)
    assert len(workbooks(ledger)) == 2
    before = ledger.files()
    ledger("archive", "--excel", now=MAY)
    assert ledger.files() == before, "the same records make the same file, and no second one"
    ledger("update", "305002", "--note", "已联系供应商", now=MAY)
    ledger("archive", "--excel", now=MAY)
    changed = {name for name, data in ledger.files().items() if before.get(name) != data and name.endswith(".xlsx")}
    assert changed == {"archive/202403客户反馈记录表.xlsx"}
    assert rows(ledger, "202403客户反馈记录表.xlsx")[1]["处理进度"] == "已联系供应商"


def test_an_english_ledger_and_a_pattern_of_the_teams_own(tmp_path: Path) -> None:
    ledger = filled(Ledger(tmp_path / "ledger"))
    ledger("archive", "--excel", now=APRIL)
    assert workbooks(ledger) == ["202402 customer feedback.xlsx", "202403 customer feedback.xlsx"]
    assert rows(ledger, "202403 customer feedback.xlsx")[0]["Status"] == "closed"
    assert "every record table is up to date" in ledger("archive", "--excel", now=APRIL).err
    ledger.policy('archive: {excel_name: "登记-{yyyymm}.xlsx"}\n')
    ledger("archive", "--excel", now=APRIL)
    assert "登记-202403.xlsx" in workbooks(ledger)
    assert "登记-202403" in openpyxl.load_workbook(ledger.path / "archive" / "登记-202403.xlsx").sheetnames


@pytest.mark.parametrize(
    "name",
    ["table.xlsx", "../{yyyymm}.xlsx", "a/{yyyymm}.xlsx", "{yyyymm}.xls", "{yyyymm}{dd}.xlsx", "{yyyymm}\\x.xlsx", 5,
     "", "{yyyymm}{yyyymm}.xlsx", ".{yyyymm}.xlsx", "C:{yyyymm}.xlsx", "x" * 99 + "{yyyymm}.xlsx", [1]],
)  # fmt: skip
def test_a_pattern_that_is_no_file_name_is_refused(tmp_path: Path, name: object) -> None:
    ledger = Ledger(tmp_path / "ledger")
    text = f"'{name}'" if isinstance(name, str) else name
    ledger.policy(f"archive:\n  excel_name: {text}\n")
    refused = ledger("list", code=4)
    assert "excel_name" in refused.err and "exlog.yaml:" in refused.err and len(refused.err.splitlines()) == 1


def test_unknown_keys_beside_it_are_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy("archive: {excel: x}\n")
    assert "archive.excel" in ledger("list", code=4).err


def test_a_file_that_somebody_else_made_is_not_overwritten_and_nothing_is_archived(ledger: Ledger) -> None:
    theirs = ledger.path / "archive" / "202403客户反馈记录表.xlsx"
    book = openpyxl.Workbook()
    book.save(theirs)
    before = ledger.files()
    refused = ledger("archive", "--excel", code=2, now=APRIL)
    assert "202403客户反馈记录表.xlsx" in refused.err
    assert ledger.files() == before
    theirs.write_bytes(b"PK\x03\x04 no workbook")
    ledger("archive", "--excel", code=2, now=APRIL)


def test_a_dry_run_writes_nothing(ledger: Ledger) -> None:
    before = ledger.files()
    ledger("archive", "--excel", "--dry-run", now=APRIL)
    assert ledger.files() == before


def test_the_tables_are_committed_and_are_binary_to_git(ledger: Ledger) -> None:
    subprocess.run(["git", "init", "-q", str(ledger.path)], check=True)
    git(ledger.path, "config", "user.email", "ann@example.com")
    git(ledger.path, "config", "user.name", "ann")
    ledger("git-setup")
    ledger.rule("autocommit: false", "autocommit: true")
    git(ledger.path, "add", "-A")
    git(ledger.path, "commit", "-qm", "start")
    (ledger.path / "archive" / "mine.xlsx").write_bytes(b"x")
    ledger("archive", "--excel", now=APRIL)
    left = git(ledger.path, "status", "--porcelain", "-z").split("\0")
    assert [entry for entry in left if entry] == ["?? archive/mine.xlsx"], "what exlog did not make is not committed"
    asked = git(ledger.path, "check-attr", "text", "diff", "merge", "--", "archive/202403客户反馈记录表.xlsx")
    assert [line.rpartition(" ")[2] for line in asked.splitlines()] == ["unset", "unset", "exlog"]


def test_a_ledger_with_older_attributes_learns_that_a_workbook_is_no_text(ledger: Ledger) -> None:
    older = [line for line in ledger.text(".gitattributes").splitlines() if "xlsx" not in line]
    ledger.write(".gitattributes", "\n".join([*older, "*.png binary", ""]))
    ledger("archive", "--excel", now=APRIL)
    lines = ledger.text(".gitattributes").splitlines()
    assert lines == [*older, "*.png binary", "archive/*.xlsx binary merge=exlog"]


def test_two_clones_that_both_wrote_a_table_merge_alike(tmp_path: Path) -> None:
    """Whichever side merges, git has nothing to ask, the bytes are the same, and the next run brings it up to date."""
    from exlog.commands import merging

    merge = merging.chosen("team/archive/202403客户反馈记录表.xlsx")
    assert merge is not None
    assert merge(b"", b"one", b"two", "x").data == merge(b"", b"two", b"one", "x").data
    assert merge(b"old", b"old", b"new", "x").data == merge(b"old", b"new", b"old", "x").data == b"new"

    ledger = filled(Ledger(tmp_path / "ann"))
    subprocess.run(["git", "init", "-q", "-b", "main", str(ledger.path)], check=True)
    for name, value in (("user.email", "a@example.com"), ("user.name", "a")):
        git(ledger.path, "config", name, value)
    ledger("git-setup")
    git(ledger.path, "add", "-A")
    git(ledger.path, "commit", "-qm", "start")
    subprocess.run(["git", "clone", "-q", str(ledger.path), str(tmp_path / "ben")], check=True)
    other = Ledger(tmp_path / "ben")
    for name, value in (("user.email", "b@example.com"), ("user.name", "b")):
        git(other.path, "config", name, value)
    other("git-setup")
    for one, note in ((ledger, "by ann"), (other, "by ben")):
        one("update", "220001" if one is ledger else "305001", "--note", note, now=APRIL)
        one("archive", "--excel", now=APRIL)
        git(one.path, "add", "-A")
        git(one.path, "commit", "-qm", note)
    git(other.path, "pull", "-q", "--no-rebase", "--no-edit")
    assert "U" not in {line[0] for line in git(other.path, "status", "--porcelain").splitlines()}
    other("check", now=APRIL)
    other("archive", "--excel", now=APRIL)
    notes = {row["ID"]: row["Progress"] for month in ("202402", "202403")
             for row in rows(other, f"{month} customer feedback.xlsx")}  # fmt: skip
    assert notes["F20240220001"] == "by ann" and notes["F20240305001"] == "by ben"


def test_the_file_is_part_of_the_commit_of_the_command(ledger: Ledger) -> None:
    """A crash after the commit point leaves the next command to put the workbook in place as well."""
    code = (
        "import exlog.store.journal as j, os, sys; j._apply = lambda *a: os._exit(9);"
        "from exlog.commands.app import run; run(sys.argv[1:])"
    )
    env = {**environment(ledger.path, EXLOG_NOW=APRIL), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code, "archive", "--excel"], cwd=ledger.path, env=env, check=False)
    assert done.returncode == 9 and workbooks(ledger) == []
    ledger("add", "x", "y", "-t", "inquiry", "--one-off", now=APRIL)
    assert workbooks(ledger) == ["202402客户反馈记录表.xlsx", "202403客户反馈记录表.xlsx"]
    ledger("check", now=APRIL)


def test_what_was_archived_can_be_changed_and_archived_again_with_its_table(ledger: Ledger) -> None:
    """Reopened records leave the archive; their month's table keeps them and learns how they ended."""
    ledger("archive", "--excel", now=APRIL)
    ledger("reopen", "305001", "--reason", "又坏了", now=APRIL)
    ledger("archive", "--excel", now=MAY)
    ledger("close", "305001", "305002", "--resolution", "换新", "--satisfaction", "5", now=MAY)
    ledger("archive", "--excel", now=MAY)
    assert [row["解决方案"] for row in rows(ledger, "202403客户反馈记录表.xlsx")] == ["换新", "换新"]
    ledger("check", now=MAY)
