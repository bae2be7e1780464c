"""What a command prints or writes to a file: never over the ledger, and told where it could not be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_helper import Ledger, environment

AS_OF = "2024-06-28T18:00:00+08:00"
ADD = "add A s -c other --one-off -q"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger", "--sample")


def shell(ledger: Ledger, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``exlog`` is this one."""
    made = f'exlog() {{ "{sys.executable}" -m exlog "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", made], cwd=ledger.path, env=environment(ledger.path, EXLOG_NOW=AS_OF), capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip


def all_bytes(ledger: Ledger) -> dict[Path, bytes]:
    paths = (path for path in ledger.path.rglob("*") if path.is_file() and ".exlog" not in path.parts)
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    "name",
    [
        "exceptions.csv", "exlog.yaml", "lanes.csv", "archive/manifest.csv", "archive/2024-01.csv", "link.csv",
        "history/2024-03/0.csv", "customers/C20231008001.yaml", ".gitattributes", "customers/../exceptions.csv",
    ],
)  # fmt: skip
def test_nothing_is_written_over_a_file_of_the_ledger(ledger: Ledger, name: str) -> None:
    (ledger.path / "link.csv").symlink_to("exceptions.csv")
    before = all_bytes(ledger)
    for more in (("-f", "csv"), ("--to", "parquet")):
        done = ledger("export", *more, "-o", str(ledger.path / name), code=2, now=AS_OF)
        assert "a file of the ledger itself" in done.err
    assert all_bytes(ledger) == before
    done = ledger("report", "2024Q1", "-o", str(ledger.path / "customers" / "r.md"), code=2, now=AS_OF)
    assert "a file of the ledger itself" in done.err


def test_beside_the_ledger_and_in_folders_of_ones_own_files_are_written(ledger: Ledger) -> None:
    (ledger.path / "out").mkdir()
    for name in ("records.csv", "out/exceptions.csv", "archive/r.md"):
        command = ("export",) if name.endswith("csv") else ("report", "2024Q1")
        ledger(*command, "-o", str(ledger.path / name), now=AS_OF)
        assert (ledger.path / name).stat().st_size > 100


def test_output_that_finds_no_room_is_told_and_the_change_stands(ledger: Ledger) -> None:
    for line in (f"exlog {ADD} > /dev/full", "exlog export > /dev/full", "exlog --help > /dev/full"):
        done = shell(ledger, line)
        assert done.returncode == 74, done
        assert done.stderr.count("exlog: ") == 1 and "could not be written" in done.stderr
    assert shell(ledger, "exlog list --customer A -q").stdout.count("F20240628") == 1


def test_a_reader_that_goes_away_ends_the_command_with_141(ledger: Ledger) -> None:
    for line in ("exlog export", f"exlog {ADD}", "exlog stats -f csv"):
        done = shell(ledger, line + " | true; exit ${PIPESTATUS[0]}")
        assert done.returncode == 141 and "exlog:" not in done.stderr, (line, done)
    assert shell(ledger, "exlog list --customer A -q").stdout.count("F20240628") == 1


def test_streams_that_the_caller_closed_lead_nowhere(ledger: Ledger) -> None:
    for line, code in (
        ("exlog list >&-", 0), (f"exlog {ADD} >&-", 0), ("exlog add <&-", 2), ("exlog add --json <&-", 2),
        ("exlog nosuch 2>&-", 2), (f"exlog {ADD} >&- 2>&- <&-", 0),
    ):  # fmt: skip
        done = shell(ledger, line)
        assert done.returncode == code, (line, done)
        assert "Traceback" not in done.stderr
    assert shell(ledger, "exlog list --customer A -q").stdout.count("F20240628") == 2
    assert shell(ledger, "exlog check").returncode == 0
