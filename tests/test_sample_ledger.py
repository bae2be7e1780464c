"""The sample ledger: what its script makes again is what is there, it is sound, and it tells what it should."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = PROJECT / "sample_ledger"
AS_OF = "2024-06-28T18:00:00+08:00"


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a ledger by its path; what a clone keeps for itself (.exlog) left out."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    relative = {path.relative_to(folder): path for path in paths}
    return {name.as_posix(): path.read_bytes() for name, path in relative.items() if name.parts[0] != ".exlog"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample, so that reading it leaves nothing behind in the checkout."""
    folder = tmp_path_factory.mktemp("sample") / "ledger"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".exlog"))
    return folder


def exlog(ledger: Path, *arguments: str, now: str = AS_OF) -> subprocess.CompletedProcess[str]:
    """Run exlog on the ledger at ``now``; at today's clock where that is empty."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("EXLOG_")}
    if now:
        env["EXLOG_NOW"] = now
    return subprocess.run(
        [sys.executable, "-m", "exlog", "-C", str(ledger), *arguments],
        capture_output=True, encoding="utf-8", env=env, timeout=120, check=False,
    )  # fmt: skip


def data(ledger: Path, *arguments: str) -> Any:
    """The ``data`` of a command's JSON."""
    done = exlog(ledger, *arguments, "-f", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


@pytest.fixture(scope="module")
def everything(ledger: Path) -> list[dict[str, Any]]:
    """Every record, archived ones too."""
    found: list[dict[str, Any]] = data(ledger, "list", "--all")
    return found


def test_the_script_makes_the_same_bytes_again(tmp_path: Path) -> None:
    target = tmp_path / "rebuilt"
    script = PROJECT / "scripts" / "build_sample.py"
    subprocess.run([sys.executable, str(script), str(target)], check=True, timeout=300)
    built, kept = files_of(target), files_of(SAMPLE)
    assert sorted(built) == sorted(kept)
    assert [name for name in kept if built[name] != kept[name]] == []


def test_the_script_leaves_a_folder_that_is_no_ledger_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("my only copy", encoding="utf-8")
    script = PROJECT / "scripts" / "build_sample.py"
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, check=False, timeout=300)
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("now", [AS_OF, ""], ids=["as of the sample", "today"])
def test_it_is_sound(ledger: Path, now: str) -> None:
    done = exlog(ledger, "check", now=now)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_files_of_a_ledger_are_in_it() -> None:
    parts = {Path(name).parts[0] for name in files_of(SAMPLE)}
    assert parts == {
        ".gitattributes", ".gitignore", "archive", "customers", "denominators.csv", "exceptions.csv", "exlog.yaml",
        "history", "lanes.csv",
    }  # fmt: skip


def test_a_ledger_made_with_it_has_its_policy_as_people_write_it(tmp_path: Path) -> None:
    done = exlog(tmp_path, "init", str(tmp_path / "new"), "--sample", "--lang", "zh")
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "new" / "exlog.yaml").read_text(encoding="utf-8").splitlines()
    assert "language: zh  # of labels and messages: en or zh" in made
    assert '  hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}  # working time' in made


def test_it_holds_half_a_year_of_a_small_company(ledger: Path, everything: list[dict[str, Any]]) -> None:
    assert 145 <= len(everything) <= 165
    assert len(data(ledger, "customer", "list")) == 30
    archives = sorted(path.name for path in (SAMPLE / "archive").iterdir())
    assert archives == ["2024-01.csv", "2024-02.csv", "manifest.csv"]
    months = Counter(record["recorded_at"][:7] for record in everything)
    assert sorted(months) == [f"2024-0{month}" for month in range(1, 7)]
    assert min(months.values()) >= 15


def test_the_mix_is_believable(everything: list[dict[str, Any]]) -> None:
    types = Counter(record["type"] for record in everything)
    share = {name: number / len(everything) for name, number in types.items()}
    assert 0.5 < share["complaint"] < 0.6
    assert 0.23 < share["inquiry"] < 0.33
    assert 0.07 < share["suggestion"] < 0.13
    assert 0.04 < share["praise"] < 0.1
    reasons = Counter(record["close_reason"] for record in everything)
    assert (reasons["duplicate"], reasons["invalid"]) == (2, 1)
    assert sum(record["reopen_count"] > 0 for record in everything) == 3
    assert sum(record["satisfaction"] in (1, 2) for record in everything) >= 4
    assert all(record["follow_up_at"] for record in everything if record["satisfaction"] in (1, 2))


def test_no_story_is_told_twice(everything: list[dict[str, Any]]) -> None:
    for field in ("subject", "description"):
        assert len({record[field] for record in everything}) == len(everything)


def test_some_records_are_open_and_a_few_of_them_late(ledger: Path) -> None:
    statuses = Counter(record["status"] for record in data(ledger, "list"))
    assert set(statuses) == {"new", "in_progress", "on_hold", "resolved"}
    assert 20 <= statuses.total() <= 30
    assert statuses["on_hold"] == 2
    assert 3 <= len(data(ledger, "list", "--overdue")) <= 8


def test_one_batch_stands_out(ledger: Path) -> None:
    rows = data(ledger, "stats", "--by", "batch", "--type", "complaint", "--measure", "received")
    named = sorted((row["received"], row["batch"]) for row in rows if row["batch"])
    assert named[-1] == (9, "B2403")
    noisy = data(ledger, "list", "--all", "--where", "batch=B2403", "--type", "complaint")
    assert {record["model"] for record in noisy} == {"P20"}
    assert {record["received_at"][:7] for record in noisy} == {"2024-03", "2024-04"}


def test_the_complaint_of_the_documents(ledger: Path) -> None:
    record = data(ledger, "show", "F20240315001")
    expected = {
        "received_at": "2024-03-15T09:30:00+08:00",
        "channel": "phone",
        "type": "complaint",
        "urgency": "high",
        "description": "订单C20240314002收到的产品有划痕，要求换货",
        "order_no": "C20240314002",
        "department": "售后部",
        "status": "closed",
        "resolution": "2024-03-16上门取件，3日内换新",
        "satisfaction": 4,
        "customer_comment": "换货产品已收到，满意",
    }
    assert {name: record[name] for name in expected} == expected
    assert record["resolved_at"].startswith("2024-03-18")


def test_the_inquiry_of_the_documents(ledger: Path) -> None:
    record = data(ledger, "show", "F20240315002")
    expected = {
        "received_at": "2024-03-15T14:20:00+08:00",
        "channel": "online",
        "type": "inquiry",
        "urgency": "medium",
        "description": "会员积分兑换规则是否可叠加使用？",
        "department": "客服部",
        "status": "in_progress",
        "resolution": "积分不可叠加，可单独使用",
        "resolved_at": None,
        "satisfaction": None,
    }
    assert {name: record[name] for name in expected} == expected
    assert [entry["text"] for entry in record["progress_entries"]] == ["积分不可叠加，可单独使用"]


def test_the_customer_of_the_documents(ledger: Path) -> None:
    profile = data(ledger, "customer", "show", "C20240315001")
    assert profile["name"].endswith("科技有限公司")
    assert (profile["level"], profile["industry"], profile["opened_on"]) == ("vip", "信息技术服务", "2023-10-08")
    assert data(ledger, "show", "F20240315001")["customer_id"] == "C20240315001"


def test_nobody_in_it_can_be_called_or_written_to() -> None:
    for path in (SAMPLE / "customers").glob("*.yaml"):
        lines = dict(line.split(": ", 1) for line in path.read_text(encoding="utf-8").splitlines() if ": " in line)
        domain = lines["email"].rpartition("@")[2]
        assert domain in ("example.com", "example.org", "example.net"), path.name
        reserved = ("138-0000-", "+49 30 23125 ", "+44 20 7946 0", "+1 613-555-01", "+46 8 465 004 ", "+34 600 000 ")
        assert lines["phone"].startswith((*reserved, "+234 800 000 ")), path.name
