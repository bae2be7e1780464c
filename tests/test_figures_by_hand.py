"""docs/figures-by-hand.md: the arithmetic is right, it is of the cells shown above it, and stats says the same."""

from __future__ import annotations

import json
import re
import statistics
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger

from exlog.measures import MEASURES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "figures-by-hand.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| (-?[\d.]+) \|$", PAGE, re.MULTILINE)
AS_OF = "2024-06-28T18:00:00+08:00"


def p90(*values: float) -> float:
    """Nearest rank."""
    return sorted(values)[-(-9 * len(values) // 10) - 1]


def by_hand(text: str) -> float:
    """What an expression of the page comes to; it holds numbers, signs and these three words."""
    assert re.fullmatch(r"(median|p90|mean|[\d., +\-*/()])+", text), text
    words = {"median": lambda *values: statistics.median(values), "mean": lambda *values: statistics.fmean(values)}
    return float(eval(text, {"__builtins__": {}, "p90": p90, **words}))


def on_paper(text: str, figure: str) -> Decimal:
    """What an expression comes to, rounded half up to as many digits as the figure has: a reader's pencil."""
    places = Decimal(1).scaleb(Decimal(figure).as_tuple().exponent)
    return Decimal(f"{by_hand(text):.9f}").quantize(places, ROUND_HALF_UP)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("byhand") / "ledger"
    folder.mkdir()
    sample = Ledger(folder, "--sample")
    names = ",".join(name for name, _text, _figure in ROWS if name != "complaint_rate")
    done = sample("stats", "--customer", "慢半拍,苏晚晴", "--measure", names, "-f", "json", now=AS_OF)
    (found,) = json.loads(done.out)["data"]
    done = sample("stats", "2024Q1", "--by", "region", "--measure", "complaint_rate", "-f", "json", now=AS_OF)
    (east,) = (row for row in json.loads(done.out)["data"] if row["region"] == "华东")
    return {**found, "complaint_rate": east["complaint_rate"]}


def test_every_measure_is_worked_once() -> None:
    assert sorted(name for name, _text, _figure in ROWS) == sorted(MEASURES)


@pytest.mark.parametrize(("name", "text", "figure"), ROWS, ids=[row[0] for row in ROWS])
def test_the_arithmetic_gives_what_stats_prints(name: str, text: str, figure: str, figures: dict[str, Any]) -> None:
    assert figures[name] == pytest.approx(float(figure), abs=1e-9)
    assert on_paper(text, figure) == Decimal(figure)


def test_the_hours_are_those_of_the_records_shown() -> None:
    table = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| F2024")]
    assert len(table) == 12
    shown = [[cell.strip() for cell in row] for row in table if row[3].strip() != "duplicate"]
    for name, column in (("resolution_mean_h", 6), ("resolution_mean_wh", 7), ("response_mean_h", 9),
                         ("response_mean_wh", 10), ("recording_lag_mean_wh", 11)):  # fmt: skip
        (text,) = (text for one, text, _figure in ROWS if one == name)
        numbers = [float(number) for number in re.findall(r"[\d.]+", text)]
        assert numbers == [float(row[column]) for row in shown if row[column]], name
