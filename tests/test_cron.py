"""The crontab of the docs, each line run as cron would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_helper import Ledger

DOCS = Path(__file__).parents[1] / "docs"
NOW = "2024-03-15T14:30:00+08:00"
ESCALATION = "escalation:\n  - {at: breach, level: 1, to: owner}\n"


def lines() -> list[str]:
    block = (DOCS / "cron.md").read_text("utf-8").partition("```crontab\n")[2].partition("```")[0]
    return [line.split(maxsplit=5)[5] for line in block.splitlines() if not line.startswith("#")]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as the recipes expect it: the program, and a ledger with something late, closed and unsound in it."""
    program = tmp_path / ".local" / "bin" / "exlog"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m exlog "$@"\n')
    program.chmod(0o755)
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy(ESCALATION)
    ledger.add({"received_at": "2024-02-20T09:00:00+08:00"}, {"owner": "li"}, now="2024-02-20T09:30:00+08:00")
    ledger("close", "002", "--resolution", "done", "--satisfaction", "5", now="2024-02-20T10:00:00+08:00")
    return tmp_path


def cron(home: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "EXLOG_NOW": NOW, "LC_ALL": "C.UTF-8"}
    return subprocess.run(["/bin/sh", "-c", command], env=env, cwd=home, capture_output=True, text=True, check=False)


def test_every_line_of_the_crontab_runs_as_written(home: Path) -> None:
    escalate, late, review, month, quarter, check = lines()
    for _time in range(2):
        assert cron(home, escalate).returncode == 0
    escalated = [
        one for one in (home / "ledger/history/2024-03/0.csv").read_text("utf-8").splitlines() if "escal" in one
    ]
    assert len(escalated) == 2, "once for each of the two targets that are late"
    done = cron(home, late)
    assert (done.returncode, done.stderr) == (0, "")
    assert "F20240220001" in done.stdout
    assert cron(home, review).returncode == 0
    assert "F20240220001" in (home / "review.md").read_text("utf-8")
    assert cron(home, month).returncode == 0
    assert "| Received |" in (home / "figures.md").read_text("utf-8")
    assert (home / "ledger/archive/2024-02.csv").is_file()
    assert cron(home, quarter).returncode == 0
    assert "Q4 2023" in (home / "report.html").read_text("utf-8")
    assert (home / "ledger/archive/202402 customer feedback.xlsx").is_file()
    sound = cron(home, check)
    assert (sound.returncode, sound.stdout) == (0, "")


def test_the_nightly_check_is_silent_unless_something_is_wrong(home: Path) -> None:
    nightly = lines()[-1]
    assert cron(home, nightly).stderr == ""
    file = home / "ledger" / "exceptions.csv"
    file.write_text(file.read_text("utf-8").replace(",low,", ",high,", 1), "utf-8")
    done = cron(home, nightly)
    assert done.returncode == 1
    assert done.stdout + done.stderr != ""
