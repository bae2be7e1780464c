"""The three public files import by their maps, and `stats` agrees with figures computed elsewhere."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
MAPS = ROOT / "docs" / "examples" / "import"

pytestmark = pytest.mark.skipif(not (DATA / "expected.json").is_file(), reason="the public data files are not here")

FILES = {
    "nyc_dcwp": "nyc_dcwp_mediated.csv",
    "cfpb": "cfpb_2013_noid.csv",
    "agile_jira": "agile_jira_dates.csv",
}


def exlog(ledger: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "exlog", "-C", str(ledger), *arguments],
        capture_output=True, text=True, check=False, encoding="utf-8",
        env={**os.environ, "EXLOG_USER": "tester", "EXLOG_NOW": "2026-01-01T12:00:00+08:00"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout


def figures(ledger: Path, *arguments: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = json.loads(exlog(ledger, "stats", "-f", "json", *arguments))["data"]
    return data


def by(ledger: Path, dimension: str, measure: str = "received") -> dict[str, Any]:
    return {row[dimension] or "": row[measure] for row in figures(ledger, "--by", dimension) if row[measure]}


@pytest.fixture(scope="module", params=FILES)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    file = Path(shutil.copy(DATA / FILES[request.param], folder))
    ledger = folder / "ledger"
    exlog(folder, "init", str(ledger))
    exlog(ledger, "import", str(file), "--map", str(MAPS / f"{request.param}.yaml"))
    return request.param, ledger, file


def rejected(file: Path) -> list[dict[str, str]]:
    with file.with_name(f"{file.name}.rejected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def expected(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    return data[FILES[name]]  # type: ignore[no-any-return]


def test_just_the_rows_out_of_order_and_the_shifted_one_are_rejected(imported: tuple[str, Path, Path]) -> None:
    name, ledger, file = imported
    refused = rejected(file)
    shifted = [row for row in refused if "out of order" not in row["exlog_reason"]]
    times = expected(name)[
        "start_to_close" if name == "nyc_dcwp" else "received_to_sent" if name == "cfpb" else "open_to_close"
    ]
    assert len(refused) - len(shifted) == times["negative"]
    assert [row["exlog_line"] for row in shifted] == (["194"] if name == "nyc_dcwp" else [])
    assert figures(ledger)[0]["received"] == expected(name)["rows"] - len(refused)


def test_median_mean_and_p90_agree_with_the_independent_ones(imported: tuple[str, Path, Path]) -> None:
    name, ledger, _file = imported
    days = expected(name)[
        "start_to_close" if name == "nyc_dcwp" else "received_to_sent" if name == "cfpb" else "open_to_close"
    ]
    row = figures(ledger)[0]
    assert row["resolution_median_h"] == days["median_nonneg"] * 24
    if name != "cfpb":  # three of its rows are still open, the independent mean counts them
        assert row["resolution_mean_h"] == pytest.approx(days["mean_nonneg"] * 24, abs=0.01)
        assert row["resolution_p90_h"] == days["p90_nonneg_linear"] * 24


def test_the_ledger_is_sound_after_the_import(imported: tuple[str, Path, Path]) -> None:
    _name, ledger, _file = imported
    exlog(ledger, "check")


def test_importing_the_same_file_again_adds_nothing(imported: tuple[str, Path, Path]) -> None:
    name, ledger, file = imported
    before = (ledger / "exceptions.csv").read_bytes()
    again = json.loads(exlog(ledger, "import", str(file), "--map", str(MAPS / f"{name}.yaml"), "-f", "json"))["data"]
    assert again["taken"] == 0
    assert again["known"] + again["rejected"] == again["read"] == expected(name)["rows"]
    assert (ledger / "exceptions.csv").read_bytes() == before


def test_rotation_into_archives_changes_no_figure(imported: tuple[str, Path, Path], tmp_path: Path) -> None:
    _name, ledger, _file = imported
    copy = Path(shutil.copytree(ledger, tmp_path / "copy", ignore=shutil.ignore_patterns("lock")))
    exlog(copy, "archive")
    assert list((copy / "archive").glob("20*.csv"))
    assert figures(copy, "--by", "month") == figures(ledger, "--by", "month")
    exlog(copy, "check")


DIMENSIONS = {
    "nyc_dcwp": {"by_satisfaction": ("satisfied", "Satisfaction"), "top_type": ("cause", "Complaint Type")},
    "cfpb": {
        "by_product": ("product", "Product"),
        "by_response": ("response", "Company response to consumer"),
        "by_channel": ("via", "Submitted via"),
        "by_disputed": ("disputed", "Consumer disputed?"),
        "by_timely": ("timely", "Timely response?"),
    },
    "agile_jira": {},
}


def test_counts_by_every_known_dimension_agree_when_the_rejected_rows_are_added(
    imported: tuple[str, Path, Path],
) -> None:
    name, ledger, file = imported
    refused = rejected(file)
    for key, (dimension, column) in DIMENSIONS[name].items():
        counts = by(ledger, dimension)
        for row in refused:
            counts[row[column]] = counts.get(row[column], 0) + 1
        for value, number in expected(name)[key].items():
            assert counts.get(value, 0) == number, (dimension, value)


def test_months_agree_when_the_rejected_rows_are_added(imported: tuple[str, Path, Path]) -> None:
    name, ledger, file = imported
    if name != "nyc_dcwp":
        pytest.skip("only this file has figures by both months")
    for key, measure, column in (
        ("by_start_month", "received", "Mediation Start Date"),
        ("by_close_month", "resolved", "Mediation Close Date"),
    ):
        counts = by(ledger, "month", measure)
        for row in rejected(file):
            month, _day, year = [*row[column].split("/"), "", ""][:3]
            counts[f"{year}-{month}"] = counts.get(f"{year}-{month}", 0) + 1
        assert {month: counts.get(month, 0) for month in expected(name)[key]} == expected(name)[key]
