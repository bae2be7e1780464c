"""docs/other-tools.md: what the page's programs print over a ledger's files is what exlog's own query says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_helper import Ledger

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples" / "analysis"
SAMPLE = ROOT / "sample_ledger"
TOOLS = ("duckdb", "pandas", "pyspark")


def by_query() -> list[str]:
    """The figures that the page shows for its own query."""
    page = (ROOT / "docs" / "other-tools.md").read_text(encoding="utf-8")
    found = re.search(r"^month,complaints,stars\n((?:2024-\d\d,.*\n)+)", page, re.MULTILINE)
    assert found is not None
    return [line.replace(",", " ") for line in found[1].splitlines()]


def printed(tool: str, ledger: Path) -> list[str]:
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    program = EXAMPLES / f"with_{tool.removeprefix('py')}.py"
    done = subprocess.run(
        [sys.executable, str(program), str(ledger)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("tool", TOOLS)
def test_the_programs_of_the_page_print_what_query_says(tool: str) -> None:
    assert len(by_query()) == 6 and printed(tool, SAMPLE) == by_query()


@pytest.mark.parametrize("tool", TOOLS)
def test_they_read_a_ledger_without_archives(tool: str, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    ledger = Ledger(tmp_path / "ledger")
    (uid,) = ledger("add", "ACME", "Dented", "-t", "complaint", "-c", "delivery", "--one-off", "-q").lines
    ledger("assign", uid, "li")
    ledger("close", uid, "--resolution", "replaced", "--satisfaction", "4")
    assert printed(tool, ledger.path) == ["2024-03 1 4.0"]
