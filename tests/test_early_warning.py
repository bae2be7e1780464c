"""Early warning through the command line: repeats as figures, and months out of the ordinary in the review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger

NOW = "2024-09-10T12:00:00+08:00"


def monthly(ledger: Ledger, counts: dict[str, int], **more: str) -> None:
    ledger.add(*(
        {"subject": f"{month} {one}", "type": "complaint", "category": "quality", "received_at": f"{month}-05 10:00",
         "product": "P20", "batch": "B1", **more}
        for month, count in counts.items() for one in range(count)
    ), now=NOW)  # fmt: skip


def unusual(ledger: Ledger, *arguments: str, now: str = NOW) -> list[tuple[str, int, str]]:
    rows = ledger.json("review", *arguments, now=now)
    return [(row["text"], row["records"], row["command"]) for row in rows if row["kind"] == "unusual_month"]


STEADY = {f"2024-{month:02}": 9 for month in range(1, 8)}


def test_a_month_far_above_the_ones_before_is_in_the_review_with_what_was_to_be_expected(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    monthly(ledger, {**STEADY, "2024-08": 30})
    found = unusual(ledger)
    assert [(text.partition(":")[0], records) for text, records, _command in found] == [
        ("all complaints in 2024-08", 30), ("product quality in 2024-08", 30), ("P20 in 2024-08", 30),
    ]  # fmt: skip
    expected = 9 * 7 / 213 * 31
    assert f"{expected:.1f}" in found[0][0] and f"{expected + 3 * expected**0.5:.1f}" in found[0][0]
    assert [command for _text, _records, command in found] == [
        "exlog stats 2024-08 --by category --type complaint",
        "exlog stats 2024-08 --by cause --type complaint --category quality",
        "exlog stats 2024-08 --by cause --type complaint --where product=P20",
    ]
    for _text, _records, command in found:
        assert sum(row["received"] for row in ledger.json(*command.split()[1:], now=NOW)) == 30
    assert ledger.ids("review", now=NOW) and "" not in ledger("review", "-q", now=NOW).out.splitlines()


def test_a_steady_year_and_too_short_a_past_say_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    monthly(ledger, {**STEADY, "2024-08": 11})
    assert unusual(ledger) == []
    assert unusual(ledger, "--since", "2024-08") == [], "the months before are read, whatever is chosen"


def test_the_month_that_goes_on_is_judged_by_the_days_that_passed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    monthly(ledger, {**STEADY, "2024-08": 9, "2024-09": 12})
    found = unusual(ledger, now="2024-09-06T12:00:00+08:00")
    assert [text.partition(":")[0] for text, _records, _command in found] == [
        "all complaints in 2024-09", "product quality in 2024-09", "P20 in 2024-09",
    ]  # fmt: skip
    assert unusual(ledger, now="2024-09-30T12:00:00+08:00") == [], "by the end of the month twelve are ordinary"


def test_with_denominators_a_month_of_more_sales_is_no_exception(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    monthly(ledger, {**STEADY, "2024-08": 30})
    units = {**dict.fromkeys(STEADY, 1000), "2024-08": 3300, "2024-09": 300}
    lines = [f"{month},product,P20,units,{count}" for month, count in units.items()]
    ledger.write("denominators.csv", "\n".join(["period,dimension,value,unit,amount", *lines, ""]))
    assert [text.partition(":")[0] for text, _records, _command in unusual(ledger)] == [
        "all complaints in 2024-08", "product quality in 2024-08",
    ], "the product sold more, of all products nothing is told"  # fmt: skip


def test_a_report_tells_the_months_of_its_period_that_were_out_of_the_ordinary(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    monthly(ledger, {**STEADY, "2024-08": 30})
    august = ledger("report", "2024-08", "-o", "-", "-f", "md", now=NOW).out
    assert "Out of the ordinary by the control chart: all complaints in 2024-08: 30 where 9.2" in august
    assert "(exlog stats 2024-08 --unusual)" in august
    rows = ledger.json("stats", "2024-08", "--unusual", now=NOW)
    assert rows[0] == {
        "by": None, "value": None, "month": "2024-08", "complaints": 30, "expected": 9.2, "low": 0.1, "high": 18.3,
        "unusual": "above",
    }  # fmt: skip
    assert [(row["by"], row["value"]) for row in rows] == [(None, None), ("category", "quality"), ("product", "P20")]
    every = ledger.json("stats", "--unusual", now=NOW)
    assert len(every) == 3 * 9 and [row["unusual"] for row in every[:9]] == [*[None] * 7, "above", None]
    told = ledger("stats", "--unusual", now=NOW).err
    assert told == ("not judged: 18 of 27 lines, as fewer than 6 ordinary months or 5 complaints went before\n"), (
        "six months of each of three counts"
    )
    assert ledger("stats", "2024-08", "--unusual", now=NOW).err == ""
    assert "stands alone" in ledger("stats", "--unusual", "--by", "type", code=2).err
    assert "Out of the ordinary by" not in ledger("report", "2024Q2", "-o", "-", "-f", "md", now=NOW).out


@pytest.fixture
def alike(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path)
    monthly(ledger, {"2024-07": 3, "2024-08": 2}, customer="Walk-in", model="M1", cause="valve")
    monthly(ledger, {"2024-08": 2}, customer="Other", model="M2", cause="paint")
    return ledger


def repeats(ledger: Ledger, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(ledger("stats", "--repeats", *arguments, "-f", "json", now=NOW).out)["data"]
    return rows


def test_repeats_are_counted_by_customer_product_batch_and_cause(alike: Ledger) -> None:
    found = {(row["kind"], row["value"]): row["received"] for row in repeats(alike)}
    assert found == {
        ("repeat_customer", "Walk-in · quality"): 5, ("repeat_product", "P20"): 7, ("repeat_batch", "M1 · B1"): 5,
        ("repeat_cause", "valve"): 5,
    }  # fmt: skip


def test_repeats_of_a_period_are_those_received_in_it_and_the_policy_says_how_many_make_one(alike: Ledger) -> None:
    assert {row["value"] for row in repeats(alike, "2024-08")} == {"P20"}
    alike.rule("repeats_from: 3", "repeats_from: 2")
    assert {(row["value"], row["received"]) for row in repeats(alike, "2024-08")} == {
        ("Walk-in · quality", 2), ("Other · quality", 2), ("P20", 4), ("M1 · B1", 2), ("M2 · B1", 2), ("valve", 2),
        ("paint", 2),
    }  # fmt: skip
    assert "stands alone" in alike("stats", "--repeats", "--by", "type", code=2).err
