"""Chinese is an equal of English: each message is translated, and a Chinese ledger speaks it through real processes."""

from __future__ import annotations

import gettext
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest
from acceptance_helper import Ledger, Result, environment, run

ROOT = Path(__file__).parents[1]
MO = ROOT / "src" / "exlog" / "locale" / "zh" / "LC_MESSAGES" / "exlog.mo"

WATCH = """
import sys
opened = []
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
from exlog.commands.app import run
run(sys.argv[1:])
print(sum(name.endswith((".mo", ".po")) for name in opened))
"""

ALL_HELP = """
from exlog.commands import app
app.run(["--help"])
for name in app.COMMANDS:
    app.run([name, "--help"])
for name in app.load("customer").commands:
    app.run(["customer", name, "--help"])
"""


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    """The compiled catalogue: message to translation."""
    with MO.open("rb") as stream:
        catalogue: dict[str, str] = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    return {message: text for message, text in catalogue.items() if message}


@pytest.fixture
def zh(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger", "--lang", "zh")


def python(code: str, *args: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=cwd, env=environment(cwd, **env), capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout


def is_chinese(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None


def test_the_catalogue_has_each_message_of_the_source_translated() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_catalogue.py"), "--check"],
        capture_output=True, text=True, check=False, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, (
        f"run scripts/build_catalogue.py and translate what is new:\n{done.stdout}{done.stderr}"
    )


def test_placeholders_are_the_same(messages: dict[str, str]) -> None:
    def placeholders(text: str) -> list[tuple[str, ...]]:
        return sorted(
            (name, spec or "", conversion or "") for _, name, spec, conversion in Formatter().parse(text) if name
        )

    assert [message for message, text in messages.items() if placeholders(message) != placeholders(text)] == []


def test_options_and_files_are_left_as_they_are(messages: dict[str, str]) -> None:
    named = re.compile(r"--[a-z][a-z-]+|\b[\w-]+\.(?:yaml|csv|md)\b|\$?\bEXLOG_[A-Z]+")
    for message, text in messages.items():
        assert sorted(set(named.findall(message))) == sorted(set(named.findall(text))), message


def test_parts_of_an_error_line_stand_in_its_frame(messages: dict[str, str]) -> None:
    """``where: message; remedy`` has its own signs; ``import`` counts refusals by what stands before a colon."""
    for message, text in messages.items():
        assert text == text.strip(), message
        assert message.endswith((".", ":")) or not text.endswith(("。", "；", "：", ".")), message
        prefix = re.match(r"(?:\{\w+\}|external_id): ", message)
        assert prefix is None or text.startswith(prefix[0]), message


def test_an_error_is_one_chinese_line(zh: Ledger) -> None:
    failed = zh("add", "李四", "没发货", "-t", "投诉", "--one-off", code=2)
    assert failed.err == "exlog: 投诉须有类别; 请用 -c quality|service|delivery|other 填写类别\n"


def test_a_refusal_of_the_workflow_is_chinese_with_the_command_as_it_is(zh: Ledger) -> None:
    record = zh("add", "李四", "没发货", "-t", "咨询", "--one-off", "-q").out.strip()
    failed = zh("update", record, "--resolution", "已补发", code=2)
    assert failed.err == f"exlog: {record}: 缺少：责任人; exlog assign {record} OWNER\n"


def test_notes_on_success_are_chinese(tmp_path: Path) -> None:
    made = run("init", ".", "--lang", "zh", cwd=tmp_path)
    assert made.err.startswith("已在 ")
    assert "# 本台账的规则。" in (tmp_path / "exlog.yaml").read_text(encoding="utf-8")
    assert run("check", cwd=tmp_path).err == "台账完好\n"


def test_a_table_has_chinese_labels_and_json_its_keys(zh: Ledger) -> None:
    zh("add", "李四", "没发货", "-t", "投诉", "-c", "交付", "--order-no", "1", "--one-off")
    head, _rule, row = zh("list", "-f", "table").lines
    assert head.split()[:3] == ["记录编号", "处理状态", "紧急程度"]
    assert {"反馈类型", "类别", "客户名称", "主题"} <= {*head.split()}
    assert row.split()[1:3] == ["待处理", "低"]
    assert "交付" in row
    (record,) = json.loads(zh("list", "-f", "json").out)["data"]
    assert (record["status"], record["type"], record["category"]) == ("new", "complaint", "delivery")


def test_labels_of_the_history_are_chinese_and_its_keys_stay(zh: Ledger) -> None:
    record = zh("add", "李四", "没发货", "-t", "咨询", "--one-off", "-q").out.strip()
    trail = zh("show", record, "--history", "-f", "table").out.partition("\n历史\n")[2]
    assert trail.splitlines()[0].split() == ["时间", "操作人", "操作", "变更", "备注"]
    assert set(json.loads(zh("show", record, "--history", "-f", "json").out)["data"]["history"][0]) >= {"action", "old"}


@pytest.mark.parametrize("name", ["EXLOG_LANG", "LC_ALL", "LANG"])
def test_help_speaks_the_language_of_the_terminal(name: str, tmp_path: Path) -> None:
    def help_of(*words: str) -> Result:
        return run(*words, "--help", cwd=tmp_path, COLUMNS="80", **{name: "zh_CN.UTF-8"})

    root = help_of()
    assert "客户异常台账" in root.out
    assert "退出码" in root.out
    listed = help_of("list").out
    assert "列出未关闭的记录" in listed
    assert "台账目录" in listed, "options that all commands share"
    assert "--unassigned" in listed


def test_help_is_english_elsewhere(tmp_path: Path) -> None:
    assert not is_chinese(run("list", "--help", cwd=tmp_path).out)


def test_no_help_is_cut_on_a_terminal_of_80_columns(tmp_path: Path) -> None:
    """Rich breaks lines at spaces only, and cuts what is longer than its column: Chinese has few spaces."""
    text = python(ALL_HELP, cwd=tmp_path, EXLOG_LANG="zh", COLUMNS="80")
    assert text.count("操作人；记入历史") >= 19, "each command and the options that all share"
    assert [line for line in text.splitlines() if "…" in line] == []


def test_only_chinese_reads_a_catalogue(zh: Ledger, tmp_path: Path) -> None:
    english = Ledger(tmp_path / "english", "--lang", "en")
    for ledger in (english, zh):
        ledger("list")  # the policy is read once, and with it the holidays, which have catalogues of their own
    assert python(WATCH, "list", cwd=english.path).splitlines()[-1] == "0"
    assert python(WATCH, "list", cwd=zh.path).splitlines()[-1] == "1"
