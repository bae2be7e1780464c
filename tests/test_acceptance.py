"""The conventions of the command line: where the ledger is, what is printed where, and how a command ends."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_helper import Ledger, environment, on_a_terminal, read_csv, run

FORMATS = ["table", "plain", "json", "jsonl", "csv", "tsv", "md"]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Two customers and three records, one closed; tests only read it."""
    ledger = Ledger(tmp_path_factory.mktemp("filled"))
    ledger(
        "customer", "add", "上海星辰科技有限公司", "--short-name", "星辰", "--level", "vip", "--phone", "13800001234"
    )
    ledger("customer", "add", "Nova Trading")
    ledger.add(
        {
            "customer": "星辰",
            "subject": "外壳划痕",
            "type": "complaint",
            "category": "quality",
            "order_value": "1299.50",
        },
        {"customer": "Nova", "subject": "two\nlines", "description": 'say "hi", \\ and\tтаб'},
        {"customer": "Nova", "subject": "points", "owner": "bob"},
        flags=(),
    )
    ledger("close", "003", "--resolution", "told", "--satisfaction", "5")
    return ledger


FILTERS = "--status --type --category --urgency --customer --department --owner --channel --since --until --overdue "
FILTERS += "--unassigned --search --where"
FLAGS = {
    "init": "--lang --sample",
    "add": "-t -c -d -e --channel --severity --urgency --reason --order-no --received-at --set --new-customer "
    "--one-off --json --idempotency-key",
    "assign": "--department",
    "update": "--status --note --responded --resolution --urgency --reason --hold --until --set",
    "close": "--resolution --satisfaction --comment --no-response --duplicate-of --invalid --reason",
    "reopen": "--reason",
    "list": FILTERS + " --sort --limit --columns --all",
    "show": "--history",
    "stats": FILTERS + " --by --measure --pivot",
    "archive": "--before --dry-run",
    "customer": "",
    "customer add": "",
    "customer edit": "",
    "customer list": "",
    "customer show": "",
    "check": "--adopt --fix",
    "import": "--map --dry-run",
    "export": FILTERS + " -o",
}
COMMON = "--ledger -C --format -f --quiet -q --as --no-input"


def test_every_command_has_help_with_every_flag_of_the_contract(tmp_path: Path) -> None:
    root = " ".join(run("--help", cwd=tmp_path).out.split())
    for code in (0, 1, 2, 3, 4, 5, 75):
        assert re.search(rf"(?<!\d){code} +[a-z]", root), f"exit code {code} is not named"
    for command, flags in FLAGS.items():
        assert command.split()[0] in root
        words = re.split(r"[^\w-]+", run(*command.split(), "--help", cwd=tmp_path, COLUMNS="120").out)
        assert not set(f"{flags} {COMMON}".split()) - set(words), command


def test_common_options_are_taken_before_and_after_the_command(filled: Ledger, tmp_path: Path) -> None:
    where = str(filled.path)
    before = run("-C", where, "-f", "csv", "--no-input", "--as", "eve", "list", cwd=tmp_path).out
    after = run("list", "--ledger", where, "--format", "csv", "--no-input", "--as", "eve", cwd=tmp_path).out
    assert before == after
    assert len(read_csv(before)) == 2
    quiet = run("--quiet", "--ledger", where, "list", cwd=tmp_path).out
    assert quiet == run("list", "-q", "-C", where, cwd=tmp_path).out == "F20240315001\nF20240315002\n"
    nested = run("customer", "list", "-q", "-C", where, cwd=tmp_path).out
    assert nested == run("-C", where, "-q", "customer", "list", cwd=tmp_path).out == "C20240315001\nC20240315002\n"
    assert nested == run("customer", "-C", where, "-q", "list", cwd=tmp_path).out


def test_the_actor_is_as_then_exlog_user_then_git_then_login(ledger: Ledger) -> None:
    ledger.add({})
    subprocess.run(["git", "init", "-q"], cwd=ledger.path, check=True)
    subprocess.run(["git", "config", "user.email", "git@example.cn"], cwd=ledger.path, check=True)
    ledger("--as", "李雷", "update", "001", "--note", "1")
    ledger("update", "001", "--note", "2", "--as", "韩梅梅")
    ledger("update", "001", "--note", "3")
    ledger("update", "001", "--note", "4", EXLOG_USER=None)
    subprocess.run(["git", "config", "--unset", "user.email"], cwd=ledger.path, check=True)
    ledger("update", "001", "--note", "5", EXLOG_USER=None)
    actors = [event["actor"] for event in ledger.events() if event["field"] == "progress"]
    assert actors[:4] == ["李雷", "韩梅梅", "ann", "git@example.cn"]
    assert re.fullmatch(r"[^@]+@[^@]+", actors[4])


def test_the_ledger_is_named_given_by_environment_or_found_above(
    filled: Ledger, ledger: Ledger, tmp_path: Path
) -> None:
    deep = filled.path / "notes" / "2024"
    deep.mkdir(parents=True)
    assert run("list", "-q", cwd=deep).lines == ["F20240315001", "F20240315002"]
    assert run("list", "-q", cwd=tmp_path, EXLOG_LEDGER=str(filled.path)).lines == ["F20240315001", "F20240315002"]
    assert run("list", "-q", cwd=deep, EXLOG_LEDGER=str(ledger.path)).lines == []
    assert run("-C", str(filled.path), "list", "-q", cwd=tmp_path, EXLOG_LEDGER=str(ledger.path)).lines
    for args in (["list"], ["-C", str(tmp_path), "list"], ["-C", str(tmp_path / "none"), "list"]):
        lost = run(*args, cwd=tmp_path, code=5)
        assert lost.out == ""
        assert "exlog init" in lost.err
    run("list", cwd=tmp_path, code=5, EXLOG_LEDGER=str(tmp_path / "none"))


def test_init_makes_a_ledger_and_never_overwrites_one(tmp_path: Path) -> None:
    made = run("init", "books", cwd=tmp_path)
    path = tmp_path / "books"
    for name in ("exlog.yaml", "exceptions.csv", "lanes.csv", ".gitattributes", ".gitignore", "archive/manifest.csv"):
        assert (path / name).is_file(), name
    assert "#" in (path / "exlog.yaml").read_text("utf-8")
    assert ".exlog" in (path / ".gitignore").read_text("utf-8")
    assert "exlog -C books add" in made.err
    ledger = Ledger(path)
    ledger.add({})
    before = ledger.files()
    for args in (["init", "books"], ["init", "books", "--lang", "zh"], ["-C", "books", "init"]):
        assert "exlog.yaml" in run(*args, cwd=tmp_path, code=2).err
    assert ledger.files() == before
    run("init", cwd=path, code=2)


def test_init_keeps_what_a_folder_holds_already(tmp_path: Path) -> None:
    held = {".gitignore": "node_modules/\n", ".gitattributes": "*.png binary\n", "README.md": "ours\n"}
    for name, text in held.items():
        (tmp_path / name).write_text(text, "utf-8")
    result = run("init", ".", cwd=tmp_path, code=None)
    for name, text in held.items():
        assert text.strip() in (tmp_path / name).read_text("utf-8"), f"{name} was overwritten"
    if result.code == 0:
        assert ".exlog" in (tmp_path / ".gitignore").read_text("utf-8")


def test_mistakes_of_usage_end_with_2_and_a_way_on(filled: Ledger) -> None:
    mistakes = {
        ("bogus",): "exlog --help",
        ("list", "--bogus"): "exlog list --help",
        ("list", "--status", "nonsense"): "in_progress",
        ("list", "--type", "nonsense"): "投诉",
        ("list", "--sort", "receved_at"): "received_at",
        ("list", "--columns", "id,nosuch"): "nosuch",
        ("list", "--where", "nosuch=1"): "nosuch",
        ("list", "--since", "garbage"): "last-month",
        ("list", "--limit", "many"): "--limit",
        ("list", "-f", "pdf"): "jsonl",
        ("stats", "--by", "nosuch"): "month",
        ("stats", "--measure", "nosuch"): "received",
        ("stats", "--pivot", "month"): "month:type",
        ("show",): "ID",
    }
    for args, hint in mistakes.items():
        result = filled(*args, code=2)
        assert result.out == "", args
        assert hint in result.err, (args, result.err)
        assert result.err.startswith("exlog: ") and len(result.err.splitlines()) == 1, result.err


def test_what_is_not_there_ends_with_5(filled: Ledger) -> None:
    for args in (
        ["show", "999"],
        ["show", "F20240315099"],
        ["show", "../exlog"],
        ["update", "F20230101001", "--note", "x"],
        ["close", "999", "--satisfaction", "5"],
        ["reopen", "999", "--reason", "x"],
        ["assign", "999", "bob"],
        ["customer", "show", "nobody"],
        ["customer", "edit", "nobody", "--level", "vip"],
    ):
        result = filled(*args, code=5)
        assert result.out == "" and result.err.startswith("exlog: "), args


def test_damaged_data_ends_with_4_names_the_line_and_touches_nothing(ledger: Ledger) -> None:
    ledger.add({}, {})
    sound = ledger.text()
    damages = {
        "ragged": sound + "a,b\n",
        "bad utf-8": sound.encode() + b"F20240315003,\xff\xfe\xff,new\n",
        "no id column": sound.replace("id,status", "nr,status", 1),
    }
    for name, text in damages.items():
        (ledger.path / "exceptions.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        before = ledger.files()
        for args in (["list"], ["stats"], ["add", "x", "y", "-t", "inquiry", "--one-off"], ["archive"], ["check"]):
            result = ledger(*args, code=4)
            assert "exceptions.csv" in result.err + result.out, (name, args)
        assert ledger.files() == before, name
    ledger.write("exceptions.csv", sound)
    policy = ledger.text("exlog.yaml")
    for text in ("calendar: [\n", "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n"):
        ledger.write("exlog.yaml", policy + text)
        assert "exlog.yaml" in ledger("list", code=4 if "[\n" in text else None).err
    ledger.write("exlog.yaml", policy)
    assert len(ledger.ids("list")) == 2


def test_a_held_lock_ends_with_75_and_a_clear_message(ledger: Ledger) -> None:
    ledger.add({})
    before = ledger.files()
    with (ledger.path / ".exlog" / "lock").open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = ledger("update", "001", "--note", "x", code=75)
    assert busy.out == "" and "again" in busy.err
    assert ledger.files() == before
    ledger("update", "001", "--note", "x")


def test_every_format_of_the_list_reads_back(filled: Ledger) -> None:
    out = {name: filled("list", "-f", name).out for name in FORMATS}
    rows = json.loads(out["json"])
    assert list(rows) == ["exlog", "kind", "data"] and rows["kind"] == "exceptions"
    assert [json.loads(line) for line in out["jsonl"].splitlines()] == rows["data"]
    first, second = rows["data"]
    assert (first["order_value"], first["reopen_count"], first["category"]) == (1299.5, 0, "quality")
    assert second["order_value"] is None and second["category"] is None
    assert second["description"] == 'say "hi", \\ and\tтаб'
    assert set(first) == set(second) >= {"id", "status", "customer_id", "satisfaction", "due_at", "uid"}
    assert read_csv(out["csv"])[1]["subject"] == "two\nlines"
    wide = read_csv(filled("list", "-f", "csv", "--columns", "all").out)
    assert wide[1]["description"] == second["description"]
    assert {name: value or None for name, value in wide[1].items()}.keys() == second.keys()
    assert [line.split("\t")[0] for line in out["plain"].splitlines()] == ["F20240315001", "F20240315002"]
    assert len({line.count("\t") for line in out["plain"].splitlines() + out["tsv"].splitlines()}) == 1
    assert out["md"].splitlines()[1].replace(" ", "").startswith("|---|---")
    assert "外壳划痕" in out["table"] and filled("list").out == out["plain"]
    assert "\x1b[" not in "".join(out.values())


def test_every_printing_command_takes_every_format(filled: Ledger) -> None:
    printing = {
        ("show", "001"): "exception",
        ("stats", "--by", "type"): "stats",
        ("stats", "--pivot", "month:type"): "stats",
        ("customer", "list"): "customers",
        ("customer", "show", "Nova"): "customer",
        ("check",): "problems",
        ("archive", "--dry-run"): None,
    }
    for args, kind in printing.items():
        for name in FORMATS if kind in ("exception", "customers") else ("json", "csv", "table"):
            out = filled(*args, "-f", name).out
            if name == "json":
                envelope = json.loads(out)
                assert envelope["exlog"] == 1 and envelope["kind"] == (kind or envelope["kind"]), args
                assert isinstance(envelope["data"], dict if kind in ("exception", "customer") else list), args
            if name == "jsonl":
                assert all(json.loads(line) is not None for line in out.splitlines()), args
            if name in ("csv", "tsv") and args[0] != "check":
                assert all(None not in row for row in read_csv(out, "," if name == "csv" else "\t")), args


def test_json_keys_are_stable_and_absent_is_null(filled: Ledger) -> None:
    full, bare, none = filled.show("001"), filled.show("002"), filled.json("show", "003", "--history")
    assert set(full) == set(bare) == set(none) - {"history"}
    assert set(full["customer"]) == set(bare["customer"]), "a profile without a level has no key for it"
    assert full["customer"]["level"] == "vip" and full["satisfaction"] is None and none["satisfaction"] == 5
    one, two = filled.json("customer", "list")
    assert set(one) == set(two) and two["level"] is None


def test_changing_commands_print_the_record_in_the_format_asked_for(ledger: Ledger) -> None:
    made = ledger("add", "Ann", "x", "-t", "complaint", "-c", "quality", "--one-off", "-f", "json")
    assert json.loads(made.out)["data"]["id"] == "F20240315001"
    assert "model" in made.err
    rows = json.loads(ledger("assign", "001", "bob", "-f", "json").out)["data"]
    assert (rows if isinstance(rows, dict) else rows[0])["owner"] == "bob"
    assert read_csv(ledger("update", "001", "--note", "n", "-f", "csv").out)[0]["status"] == "in_progress"
    assert ledger("close", "001", "--resolution", "r", "--satisfaction", "4", "-q").out == "F20240315001\n"
    assert json.loads(ledger("reopen", "001", "--reason", "r", "-f", "jsonl").out)["reopen_count"] == 1
    profile = json.loads(ledger("customer", "add", "Nova", "-f", "json").out)
    assert (profile["kind"], profile["data"]["id"]) == ("customer", "C20240315001")


def test_a_table_on_a_terminal_fits_its_width(filled: Ledger) -> None:
    import unicodedata

    def width(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)

    for columns in (60, 100):
        shown = on_a_terminal("list", cwd=filled.path, answers={}, columns=columns).err
        lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
        assert any("F20240315001" in line for line in lines)
        assert max(map(width, lines)) <= columns, shown
    assert "\x1b[" not in on_a_terminal("list", cwd=filled.path, answers={}, NO_COLOR="1").err


def test_control_characters_are_shown_escaped(ledger: Ledger) -> None:
    ledger.add({"subject": "red \x1b[31m bell\x07", "description": "\x1b]0;title\x07"})
    for args in (
        ["list", "-f", "table"],
        ["list"],
        ["show", "001"],
        ["show", "001", "-f", "table"],
        ["list", "-f", "md"],
    ):
        assert not re.search("[\x07\x1b]", ledger(*args).out), args
    assert ledger.show("001")["subject"] == "red \x1b[31m bell\x07"


def test_nothing_is_asked_without_a_terminal(ledger: Ledger) -> None:
    asked = subprocess.Popen(
        [sys.executable, "-m", "exlog", "add"],
        cwd=ledger.path,
        env=environment(ledger.path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert asked.wait(10) == 2, "add waits for input that never comes"
    finally:
        asked.kill()
        asked.communicate()
    refused = on_a_terminal("add", "--no-input", cwd=ledger.path, answers={})
    assert refused.code == 2 and "CUSTOMER" in refused.err
    assert ledger.ids("list", "--all") == []


def test_add_without_arguments_on_a_terminal_asks_step_by_step(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova Trading")
    answers = {
        "customer": "Nova",
        "what happened": "屏幕碎裂",
        "type": "投诉",
        "category": "产品质量",
        "channel": "电话",
    }
    done = on_a_terminal("add", "-q", cwd=ledger.path, answers=answers, stdout_piped=True)
    assert done.code == 0, done.err
    assert done.out == "F20240315001\n", "the questions do not mix with the data"
    row = ledger.show("001")
    assert (row["customer_name"], row["subject"], row["category"]) == ("Nova Trading", "屏幕碎裂", "quality")
    assert (row["type"], row["channel"]) == ("complaint", "phone")


def test_a_closed_pipe_and_a_poor_locale_do_no_harm(filled: Ledger) -> None:
    command = f'"{sys.executable}" -m exlog list --all -f json'
    piped = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -c 5"], cwd=filled.path, env=environment(filled.path), capture_output=True
    )
    assert b"Traceback" not in piped.stderr and b"Error" not in piped.stderr
    assert "外壳划痕" in filled("list", LANG="C", LC_ALL="C").out
    assert "外壳划痕" in filled("list", LANG="C", LC_ALL="POSIX", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0").out


def test_a_chinese_ledger_has_chinese_labels_and_messages_but_the_same_keys(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "--lang", "zh")
    ledger("add", "张三", "屏幕碎裂", "-t", "投诉", "-c", "产品质量", "--channel", "电话", "--one-off")
    ledger("assign", "001", "李四", "--department", "售后部")
    table = ledger("list", "-f", "table", COLUMNS="160").out
    for label in ("记录编号", "处理状态", "反馈类型", "客户名称", "责任部门", "责任人", "处理中", "投诉", "产品质量"):
        assert label in table, label
    assert "处理中" in ledger("show", "001", "-f", "table").out
    assert "投诉" in ledger("stats", "--by", "type", "-f", "table").out
    row = ledger.json("list")[0]
    assert (row["status"], row["type"], row["category"], row["channel"]) == (
        "in_progress",
        "complaint",
        "quality",
        "phone",
    )
    assert read_csv(ledger.text())[0]["status"] == "in_progress"
    assert ledger("list", "-f", "csv").lines[0].startswith("id,status,")
    assert os.linesep.join(ledger("list").lines).startswith("F20240315001\tin_progress")


def test_a_chinese_ledger_speaks_chinese_when_it_refuses(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "--lang", "zh")
    for args in (["show", "999"], ["add", "张三", "屏幕", "-t", "咨询"], ["list", "--status", "nonsense"]):
        err = ledger(*args, code=None).err
        prose = re.sub(r"[(（].*?[)）]|'.*?'", "", err)  # labels and what was typed aside
        assert re.search("[一-鿿]", prose), err
