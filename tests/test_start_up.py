"""What a command loads: nothing slow that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = (
    "pydantic", "rich", "tabulate", "wcwidth", "ruamel", "dateutil", "sqlite3", "asyncio", "email", "jinja2",
    "markupsafe", "pygal", "xlsxwriter", "duckdb", "sqlglot", "pyspark", "exlog.report", "exlog.store.engine",
    "exlog.store.extract", "exlog.mapping", "exlog.measures", "exlog.ledger.audit", "exlog.ledger.intake",
    "exlog.ledger.founding", "exlog.store.spool", "exlog.render.table", "exlog.store.source",
)  # fmt: skip

OF_LIST = {
    "exlog", "exlog.__main__", "exlog.canonical", "exlog.clock", "exlog.commands", "exlog.commands.app",
    "exlog.commands.list_", "exlog.commands.options", "exlog.commands.results", "exlog.errors", "exlog.fields",
    "exlog.filters", "exlog.i18n", "exlog.ids", "exlog.ledger", "exlog.ledger.book", "exlog.ledger.manifest",
    "exlog.ledger.reading", "exlog.policy", "exlog.render", "exlog.render.columns", "exlog.render.delimited",
    "exlog.render.escape", "exlog.render.stream", "exlog.store", "exlog.store.config", "exlog.store.files",
    "exlog.store.journal", "exlog.store.layout", "exlog.store.lock", "exlog.store.rows", "exlog.times",
    "exlog.typed_times", "exlog.vocabulary", "exlog.ledger.locating", "exlog.worded", "exlog.store.cache",
    "exlog.store.settled", "exlog.store.gitfolder", "exlog.store.clone",
}  # fmt: skip


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules in memory after one command, without those that Python itself starts with."""
    code = (
        "import sys; before = set(sys.modules); from exlog.commands.app import run; code = run(sys.argv[1:]);"
        "sys.stderr.write('\\n'.join(sorted(set(sys.modules) - before))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-C", str(folder), *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "EXLOG_USER": "tester"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    for arguments in (["init", str(tmp_path)], ["-C", str(tmp_path), "add", "A", "S", "-c", "other", "--one-off"]):
        subprocess.run([sys.executable, "-m", "exlog", *arguments], check=True, capture_output=True)
    return tmp_path


def test_list_loads_just_these_modules_of_exlog(ledger: Path) -> None:
    ours = {name for name in loaded(ledger, "list", "--status", "new") if name.split(".")[0] == "exlog"}
    assert ours - OF_LIST == set()


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("add", "B", "S", "-c", "other", "--one-off"), ("show", "001"), ("update", "001", "--note", "x")],
)
def test_an_everyday_command_loads_nothing_slow(ledger: Path, arguments: tuple[str, ...]) -> None:
    names = loaded(ledger, *arguments)
    assert [slow for slow in SLOW if any(name == slow or name.startswith(slow + ".") for name in names)] == []
