"""``exlog report`` on real folders: the files it writes, the commands it names, what a browser makes of its page."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import browser
import openpyxl
import pytest
from acceptance_helper import Ledger, environment, run

ROOT = Path(__file__).parents[1]
NOW = "2024-07-02T09:00:00+08:00"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(2)>|`"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The sample ledger, to read."""
    folder = tmp_path_factory.mktemp("report") / "sample_ledger"
    shutil.copytree(ROOT / "sample_ledger", folder, ignore=shutil.ignore_patterns(".exlog"))
    return Ledger(folder)


@pytest.fixture(scope="module")
def pages(sample: Ledger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of 2024Q2 as a page in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    for lang in ("en", "zh"):
        sample("report", "2024Q2", "--lang", lang, "-o", str(folder / f"{lang}.html"), now=NOW)
    return {lang: folder / f"{lang}.html" for lang in ("en", "zh")}


class Page(HTMLParser):
    """The figures of a page, by section, and the commands that each section names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.section = ""
        self.figures: list[tuple[str, dict[str, str]]] = []
        self.commands: dict[str, dict[str, str]] = {}
        self.lists: list[str] = []
        self._source = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "section":
            self.section = found.get("id", "")
        elif tag == "data":
            self.figures.append((self.section, found))
        self._source = found["data-source"] if tag == "code" and "data-source" in found else ""

    def handle_data(self, data: str) -> None:
        if self._source:
            if self._source == "list":
                self.lists.append(data)
            self.commands.setdefault(self.section, {})[self._source] = data
            self._source = ""


def answer(ledger: Ledger, command: str) -> list[dict[str, Any]]:
    """What a command of a report gives."""
    program, *arguments = shlex.split(command)
    assert program == "exlog"
    data: list[dict[str, Any]] = json.loads(ledger(*arguments, "-f", "json", now=NOW).out)["data"]
    return data


@pytest.mark.parametrize("period", ["2024Q2", "2024Q1", "2024-05", "2024"])
def test_every_figure_can_be_had_by_a_command_that_the_page_names(sample: Ledger, period: str) -> None:
    html = sample("report", period, "-o", "-", now=NOW).out
    page = Page(html)
    assert len(page.figures) > 150
    answers: dict[str, list[dict[str, Any]]] = {}
    for section, found in page.figures:
        command = page.commands[section][found["data-source"]]
        if command not in answers:
            answers[command] = answer(sample, command)
        words = shlex.split(command)
        by = words[words.index("--by") + 1].split(",") if "--by" in words else []
        key = dict(zip(by, json.loads(found["data-key"]), strict=True))
        rows = [row for row in answers[command] if all((row[name] or "") == value for name, value in key.items())]
        shown = json.loads(found["value"]) if found["value"] else None
        if rows:
            assert len(rows) == 1 and rows[0][found["data-measure"]] == shown, (command, found)
        else:
            assert not shown and found["data-n"] == "0", (command, found)
    listed = {row["id"]: row["received_at"] for one in page.lists for row in answer(sample, one)}
    first = sorted(listed, key=lambda one: (datetime.fromisoformat(listed[one]), one))[:10]
    table = html[html.index('id="longest"') : html.index('id="all"')]
    assert first and re.findall(r">(F\d{11})<", table) == first


def test_the_longest_open_of_a_past_period_are_those_of_its_end(sample: Ledger) -> None:
    html = sample("report", "2024Q1", "-o", "-", now=NOW).out
    table = html[html.index('id="longest"') : html.index('id="all"')]
    end = datetime.fromisoformat("2024-04-01T00:00:00+08:00")
    rows = json.loads(sample("list", "--all", "--until", "2024Q1", "-f", "json", now=NOW).out)["data"]
    waiting = [
        row["id"]
        for row in rows
        if row["close_reason"] not in ("duplicate", "invalid")
        and (not row["resolved_at"] or datetime.fromisoformat(row["resolved_at"]) >= end)
    ]
    assert set(re.findall(r">(F\d{11})<", table)) == set(waiting) and "As of the end of 2024-03-31" in table
    (figure,) = answer(sample, "exlog stats 2024Q1 --measure backlog")
    assert figure["backlog"] == len(waiting) == 9, "what is listed is what the backlog above it counts"
    assert ">2024-04-0" in table and "in progress" not in table, "when it was resolved, not what it is today"
    running = sample("report", "2024Q2", "-o", "-", now="2024-06-28T18:00:00+08:00").out
    assert "As of 2024-06-28 18:00." in running and "in progress" in running


def test_the_list_of_a_report_of_some_statuses_is_of_these(sample: Ledger) -> None:
    page = Page(sample("report", "2024Q2", "--status", "on_hold,closed", "-o", "-", now=NOW).out)
    found = [row["status"] for command in page.lists for row in answer(sample, command)]
    assert set(found) == {"on_hold"}
    assert [shlex.split(one)[5:6] for one in page.lists][:1] == [["on_hold"]]


def test_the_commands_of_a_filtered_report_are_filtered(sample: Ledger) -> None:
    page = Page(sample("report", "2024Q2", "--where", "region=华东", "--type", "complaint", "-o", "-", now=NOW).out)
    command = page.commands["all"]["all"]
    assert shlex.split(command)[-4:] == ["--type", "complaint", "--where", "region=华东"]
    (row,) = answer(sample, command)
    shown = {found["data-measure"]: found["value"] for section, found in page.figures if found["data-source"] == "all"}
    assert 0 < row["received"] == row["complaints"] == int(shown["received"]) < 30
    waiting = [row for listed in page.lists for row in answer(sample, listed)]
    assert waiting and {(one["region"], one["type"]) for one in (sample.show(one["id"]) for one in waiting)} <= {
        ("华东", "complaint")
    }


def test_the_sample_says_what_the_mission_asks_for(sample: Ledger, pages: dict[str, Path]) -> None:
    html = pages["zh"].read_text("utf-8")
    for text in (
        "2024年第二季度客户服务报告", "咨询 25.3 %", "投诉 56.6 %", "VIP客户", "普通客户", "战略客户", "质量部",
        "慢 ", "华东", "D2404", "改进建议", "积压", "客服部", "原因帕累托图",
    ):  # fmt: skip
        assert text in html, text


def test_a_quarter_without_one_before_says_so(sample: Ledger) -> None:
    out = sample("report", "2024Q1", "-o", "-", now=NOW).out
    assert "There are no records of Q4 2023" in out and "Customer service report, Q1 2024" in out
    assert out.count("Q4 2023") == 1 and "2023-1" not in out, "no empty columns, no empty months"
    sample("report", "2024Q1", "-o", "first.xlsx", now=NOW)
    book = openpyxl.load_workbook(sample.path / "first.xlsx")
    (sample.path / "first.xlsx").unlink()
    texts = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert sum("Q4 2023" in str(text) for text in texts) == 1


def test_the_language_is_that_of_the_ledger_unless_another_is_asked_for(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", "--lang", "zh")
    assert '<html lang="zh-CN">' in ledger("report", "2024-03", "-o", "-").out
    assert '<html lang="en">' in ledger("report", "2024-03", "--lang", "en", "-o", "-").out
    assert "en 或 zh" in ledger("report", "2024-03", "--lang", "fr", code=2, EXLOG_LANG="zh").err


def test_the_file_is_named_after_the_period_and_a_replaced_one_is_told(sample: Ledger, tmp_path: Path) -> None:
    def report(*more: str) -> str:
        return run("-C", str(sample.path), "report", "2024Q2", *more, cwd=tmp_path, EXLOG_NOW=NOW).err

    assert report() == "report written to report-2024Q2.html\n"
    first = (tmp_path / "report-2024Q2.html").read_bytes()
    assert "in place of the one that was there" in report()
    assert (tmp_path / "report-2024Q2.html").read_bytes() == first, "the same figures make the same file"
    report("-f", "md")
    report("-o", "x.XLSX")
    assert report("-q") == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-2024Q2.html", "report-2024Q2.md", "x.XLSX"]


def test_stdout_takes_every_format(sample: Ledger, tmp_path: Path) -> None:
    for fmt, start in (("html", b"<!DOCTYPE html>"), ("md", b"# Customer service report"), ("xlsx", b"PK")):
        done = subprocess.run(
            [sys.executable, "-m", "exlog", "report", "2024Q2", "-o", "-", "-f", fmt],
            cwd=sample.path, env=environment(sample.path, EXLOG_NOW=NOW), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0 and done.stdout.startswith(start) and done.stderr == b""


def test_markdown_has_the_same_figures(sample: Ledger, pages: dict[str, Path]) -> None:
    text = sample("report", "2024Q2", "-o", "-", "-f", "md", now=NOW).out
    page = Page(pages["en"].read_text("utf-8"))
    assert text.count("exlog stats") == sum(
        command.startswith("exlog stats") for found in page.commands.values() for command in found.values()
    )
    assert all(command in text for command in page.lists)
    for line in ("| complaint | 47 | 56.6 % (n 83) |", "## 1 Trend", "`slow-department`"):
        assert line in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len(tables) > 80 and "<" not in "".join(tables).replace("<br>", "").replace("&lt;", "")


def test_the_workbook_read_back(sample: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "q2.xlsx"
    sample("report", "2024Q2", "-o", str(target), now=NOW)
    book = openpyxl.load_workbook(target)
    assert book.sheetnames[0] == "Summary" and book.sheetnames[-1] == "Records"
    for name in book.sheetnames:
        assert len(name) < 31 and "  " not in name, "no name is cut"
    types = {row[0]: row for row in book["Types"].iter_rows(values_only=True) if row[0]}
    assert types["complaint"][1:4] == (47, pytest.approx(47 / 83, abs=1e-6), 83), (
        "figures are numbers, with n beside them"
    )
    assert any("exlog stats 2024Q2 --by type" in str(key) for key in types)
    charts = {name: len(book[name]._charts) for name in book.sheetnames}
    assert (
        charts["Causes"] == charts["Trend"] == charts["Departments against target"] == 1 and sum(charts.values()) >= 7
    )
    head, *body = book["Records"].iter_rows(values_only=True)
    reasons = [row[head.index("Close reason")] for row in body]
    assert len(body) == 84 and reasons.count("duplicate") == 1, "what no figure counts is a record nonetheless"
    assert head[0] == "ID" and body[0][0] < body[-1][0]
    column = head.index("Received")
    assert all(isinstance(row[column], datetime) for row in body)
    assert book["Records"].freeze_panes == "B2" and book["Records"].auto_filter.ref


def test_a_chinese_report_has_chinese_punctuation(sample: Ledger, tmp_path: Path) -> None:
    text = sample("report", "2024Q2", "--lang", "zh", "-o", "-", "-f", "md", now=NOW).out
    told = [line for line in text.splitlines() if not line.startswith(("exlog ", "| "))]
    for line in told:
        assert not re.search(r"[\u4e00-\u9fff`)] ?[:,;.!?]( |$)| \(n \d", line), line
    slow = next(line for line in told if "`slow-department`" in line)
    assert "（n 14），平均目标时长" in slow and "。规则 `slow-department`：" in slow and slow.endswith("。")
    assert "（超时）" in text and " （" not in text
    sample("report", "2024Q2", "--lang", "zh", "-o", str(tmp_path / "q2.xlsx"), now=NOW)
    book = openpyxl.load_workbook(tmp_path / "q2.xlsx")
    assert "重复问题" in book.sheetnames and all(len(name) < 31 for name in book.sheetnames)
    summary = [str(row[0]) for row in book["摘要"].iter_rows(values_only=True) if row[0]]
    assert any("规则 slow-department：" in line for line in summary)


def test_the_complaint_rate_stands_where_its_denominators_cover_the_period(sample: Ledger, tmp_path: Path) -> None:
    page = Page(sample("report", "2024Q2", "-o", "-", now=NOW).out)
    shown = {
        (found["data-source"], *json.loads(found["data-key"])): (found["value"], found["data-n"])
        for section, found in page.figures
        if section == "rates" and found["data-measure"] == "complaint_rate"
    }
    assert shown["rate_orders",] == ("0.002204", "21322")
    assert shown["rate_orders_before",] == ("0.002326", "16767")
    assert shown["rate_region_orders", "华东"][1] == "7255", "n is what is divided by"
    assert set(page.commands["rates"]) == {
        f"rate_{name}{when}"
        for name in ("orders", "region_orders", "product_units", "customer.level_customers")
        for when in ("", "_before")
    }
    assert "rates" not in Page(sample("report", "2024Q2", "--type", "complaint", "-o", "-", now=NOW).out).commands
    running = Page(sample("report", "2024Q2", "-o", "-", now="2024-06-28T18:00:00+08:00").out)
    assert "rates" in running.commands
    sample("report", "2024Q2", "-o", str(tmp_path / "q2.xlsx"), now=NOW)
    rows = list(openpyxl.load_workbook(tmp_path / "q2.xlsx")["Complaint rate"].iter_rows(values_only=True))
    assert any(row[:4] == ("orders", 47, pytest.approx(47 / 21.322), 21322) for row in rows), (
        "of a thousand, as its format says"
    )


def test_a_complaint_rate_is_left_out_where_nothing_is_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.add({"region": "华东", "type": "complaint", "category": "quality"}, now="2024-03-04T09:00:00+08:00")

    def section(period: str, *lines: str) -> str:
        ledger.write("denominators.csv", "\n".join(("period,dimension,value,unit,amount", *lines)) + "\n")
        out = ledger("report", period, "-o", "-", "-f", "md", now="2024-07-02T09:00:00+08:00").out
        return out[out.index("Complaint rate") :].split("## ")[0] if "Complaint rate\n" in out else ""

    assert section("2024Q1", "2024-03,,,orders,500") == "", "two of three months are not told"
    assert section("2024-03", "2024-03,region,华北,orders,500") == "", "there is no record of what is told"
    told = section("2024-03", "2024-03,,,orders,500", "2024-03,,,customers,4", "2024-03,region,华东,orders,200")
    assert "1 complaints" not in told
    assert "| orders | 1 | 2.00 ‰ (n 500) |" in told and "| customers | 1 | 250.00 ‰° (n 4) |" in told
    assert "| 华东 | 1 | 5.00 ‰ (n 200) |" in told
    assert "exlog stats 2024-03 --measure complaints,complaint_rate --per customers" in told


def hostile(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger")
    lines: list[dict[str, Any]] = [
        {
            "customer": f"=cmd|' /C calc'!A{place}", "subject": HOSTILE, "description": "+1-1\x1b[31m\u202e",
            "owner": HOSTILE, "department": HOSTILE, "region": HOSTILE, "product": HOSTILE,
            "model": "@x", "batch": HOSTILE, "cause": HOSTILE, "order_no": "007",
            "type": "complaint", "category": "quality",
        }
        for place in range(6)
    ]  # fmt: skip
    ledger.add(*lines, now="2024-03-04T09:00:00+08:00")
    return ledger


def test_text_of_customers_runs_nowhere(tmp_path: Path) -> None:
    ledger = hostile(tmp_path)
    html = ledger("report", "2024-03", "-o", "-").out
    assert "<script" not in html and "<img" not in html and "\x1b" not in html and "\u202e" not in html
    assert html.count("&lt;script&gt;alert(1)") > 8
    ledger("report", "2024-03", "-o", "r.xlsx")
    book = openpyxl.load_workbook(ledger.path / "r.xlsx")
    texts = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not [cell for cell in texts if cell.data_type == "f" or cell.hyperlink]
    found = {cell.value: cell for cell in texts}
    assert found["=cmd|' /C calc'!A0"].data_type in ("s", "inlineStr") and "007" in found
    assert "+1-1\\x1b[31m\\u202e" in found
    text = ledger("report", "2024-03", "-o", "-", "-f", "md").out
    assert "\x1b" not in text and "<script" not in text.replace("`<script", "")


def test_a_period_without_records_makes_a_report_that_says_so(sample: Ledger) -> None:
    done = sample("report", "2023-11", "-o", "-", now=NOW)
    assert "No record was received in November 2023." in done.out
    assert "no record was received in 2023-11" in done.err
    for fmt in ("md", "xlsx"):
        sample("report", "2023-11", "-o", f"empty.{fmt}", now=NOW)
        (sample.path / f"empty.{fmt}").unlink()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2024Q4"], "has not begun"), (["2025"], "has not begun"), (["2024-W11"], "a month, a quarter or a year"),
        (["2024-03-15"], "a month, a quarter or a year"), (["soon"], "soon"), ([], "PERIOD"),
        (["2024Q1", "-o", "x.pdf"], "x.pdf"), (["2024Q1", "-o", "x"], "no format is known"),
        (["2024Q1", "-f", "json"], "json"), (["2024Q1", "-o", "x.md", "-f", "html"], "take one"),
        (["2024Q1", "-o", "nowhere/x.html"], "there is no such folder"), (["2024Q1", "--since", "2024-01"], "--since"),
        (["2024Q1", "-o", "folder.html"], "this is a folder"), (["2024Q1", "--type", "x"], "x"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_on_one_line(sample: Ledger, arguments: list[str], told: str) -> None:
    (sample.path / "folder.html").mkdir(exist_ok=True)
    done = sample("report", *arguments, code=2, now=NOW)
    assert told in done.err and len(done.err.splitlines()) == 1 and done.out == ""


def test_a_file_that_cannot_be_written_stays_as_it_was(sample: Ledger, tmp_path: Path) -> None:
    """/dev/full refuses every byte, root's too."""
    folder = tmp_path / "proc"
    folder.symlink_to("/proc/self")
    assert "cannot write" in sample("report", "2024Q1", "-o", str(folder / "x.html"), code=75, now=NOW).err


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.write("exceptions.csv", ledger.text() + "F20240301001,broken\n")
    refused = ledger("report", "2024-03", "-o", "x.html", code=4)
    assert "exceptions.csv" in refused.err and not (ledger.path / "x.html").exists()


def test_targets_of_the_policy_stand_beside_their_figures(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy("report:\n  targets: {satisfaction_mean: 4.5, sla_compliance: 0.9}\n")
    ledger.add({"owner": "b"}, now="2024-03-04T09:00:00+08:00")
    ledger("close", "001", "--resolution", "r", "--satisfaction", "4", now="2024-03-05T09:00:00+08:00")
    html = ledger("report", "2024-03", "-o", "-").out
    assert "target: 4.50" in html and "▼ −0.50 worse" in html and "target: 90.0 %" in html


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("report: 5", "report"), ("report: {goals: {}}", "report.goals"), ("report: {targets: [1]}", "report.targets"),
        ("report: {targets: {sla_compliance: 90}}", "report.targets.sla_compliance"),
        ("report: {targets: {satisfaction_mean: high}}", "report.targets.satisfaction_mean"),
        ("report: {targets: {received: 5}}", "report.targets.received"),
        ("report: {targets: {backlog: true}}", "report.targets.backlog"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, place: str) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy(text + "\n")
    refused = ledger("list", code=4)
    assert place in refused.err and "exlog.yaml:" in refused.err and len(refused.err.splitlines()) == 1


needs_browser = pytest.mark.skipif(not browser.PROGRAM, reason="no Chromium here")


@needs_browser
def test_the_browser_of_these_tests_hears_and_sees(tmp_path: Path) -> None:
    """A page that does what a report must not do is caught."""
    page = tmp_path / "bad.html"
    page.write_text("<script>console.error('boom')</script><img src='http://127.0.0.1:9/x.png'>")
    seen = browser.look(tmp_path, page)
    assert "boom" in "".join(seen.console) and seen.asked == ["http://127.0.0.1:9/x.png"]


@needs_browser
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_browser_says_nothing_and_asks_for_nothing(pages: dict[str, Path], tmp_path: Path, lang: str) -> None:
    picture = tmp_path / "page.png"
    seen = browser.look(tmp_path, pages[lang])
    assert seen.console == [] and seen.asked == []
    assert seen.dom.count("<svg") == pages[lang].read_text("utf-8").count("<svg"), "every chart is there"
    browser.chromium(tmp_path, "--window-size=1000,6000", f"--screenshot={picture}", pages[lang].as_uri())
    assert picture.stat().st_size > 150_000, "it is no blank page"


@needs_browser
def test_a_page_of_hostile_text_is_as_quiet(tmp_path: Path) -> None:
    ledger = hostile(tmp_path)
    ledger("report", "2024-03", "-o", "page.html")
    seen = browser.look(tmp_path, ledger.path / "page.html")
    assert seen.console == [] and seen.asked == []
    assert "<script" not in re.sub(r"&lt;script", "", seen.dom)


@needs_browser
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext here")
def test_it_prints_on_a4_with_numbered_pages(pages: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    browser.chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", pages["en"].as_uri())
    done = subprocess.run(["pdfinfo", str(target)], capture_output=True, text=True, check=True)
    assert "A4" in done.stdout
    text = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, text=True, check=True).stdout
    pages_ = text.rstrip("\f").split("\f")
    assert 5 <= len(pages_) <= 14 and f"1 / {len(pages_)}" in pages_[0]
    assert "Customer service report, Q2 2024" in pages_[0]


@needs_browser
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext here")
def test_the_chinese_table_of_departments_prints_its_first_column_whole(pages: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    browser.chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", pages["zh"].as_uri())
    text = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, text=True, check=True).stdout
    lines = text.splitlines()
    assert any(line.startswith("责任部门") and "解决数" in line for line in lines), "the header is one line"
    assert any("截止时间" in line and "完成时间" in line for line in lines), "nor is another one broken"
    assert any(re.match(r"客服部\s+\d+\s+[\d.]+ h", line) for line in lines)
