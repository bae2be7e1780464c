"""A figure is rounded once, where it is shown, half away from zero; page, workbook and terminal agree."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from acceptance_helper import Ledger
from hypothesis import given
from hypothesis import strategies as st

from exlog.measures.rounding import rounded, settled, written

AS_OF = "2024-06-28T18:00:00+08:00"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (43 / 63 * 100, 1, "68.3"), (0.0625 * 100, 1, "6.3"), (-13.655, 2, "-13.66"), (-0.04, 1, "0.0"),
        (1234.5, 0, "1,235"), (2.675, 2, "2.68"), (1e9 + 0.25, 1, "1,000,000,000.3"), (0, 1, "0.0"),
    ],
)  # fmt: skip
def test_a_figure_is_written_as_by_hand(value: float, digits: int, text: str) -> None:
    assert written(value, digits) == text


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 4))
def test_a_share_is_the_nearest_number_of_so_many_decimals(part: int, whole: int, digits: int) -> None:
    exact = Fraction(part, whole)
    found = rounded(settled(part / whole), digits)
    assert abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**digits) + Fraction(1, 10**6)


def test_a_quarter_is_told_alike_in_the_terminal_on_the_page_and_in_the_workbook(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "--sample")
    asked = ("stats", "2024Q1", "--measure", "sla_compliance,sla_met,sla_breached")
    (row,) = json.loads(ledger(*asked, "-f", "json", now=AS_OF).out)["data"]
    assert row["sla_compliance"] == rounded(row["sla_met"] / (row["sla_met"] + row["sla_breached"]), 4) == 0.6825
    assert "68.3 %" in ledger(*asked, "-f", "table", now=AS_OF).out
    for name in ("r.md", "r.html", "r.xlsx"):
        assert ledger("report", "2024Q1", "-o", str(tmp_path / name), now=AS_OF).code == 0
    assert "68.3 %" in (tmp_path / "r.md").read_text("utf-8")
    assert "68.2 %" not in (tmp_path / "r.md").read_text("utf-8")
    assert "68.3 %" in (tmp_path / "r.html").read_text("utf-8")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if isinstance(cell.value, float)]
    assert any(cell.number_format.startswith("0.0%") and abs(cell.value - 43 / 63) < 1e-6 for cell in cells)


def test_the_change_of_a_share_is_in_percentage_points(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "--sample")
    asked = ("stats", "2024Q2", "--measure", "repeat_rate", "--compare", "previous")
    assert "+2.0 pp" in ledger(*asked, "-f", "table", now=AS_OF).out
    (row,) = json.loads(ledger(*asked, "-f", "json", now=AS_OF).out)["data"]
    assert row["repeat_rate_change"] == rounded(10 / 83 - 7 / 70, 4)
