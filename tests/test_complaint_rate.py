"""Complaint rates through the command line: complaints over what denominators.csv tells, or the reason why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acceptance_helper import Ledger

AS_OF = "2024-06-28T18:00:00+08:00"
HEADER = "period,dimension,value,unit,amount\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path)
    made.add(*(
        {"subject": day, "type": kind, "category": "quality", "received_at": f"{day} 10:00", "region": region,
         "product": product, "batch": "B1"}
        for day, kind, region, product in (
            ("2024-01-10", "complaint", "华东", "P1"), ("2024-01-11", "complaint", "华东", "P2"),
            ("2024-02-10", "complaint", "华东", "P1"), ("2024-02-11", "inquiry", "华东", "P1"),
            ("2024-02-12", "complaint", "华南", "P1"), ("2024-04-01", "complaint", "华南", "P1"),
        )
    ), now=AS_OF)  # fmt: skip
    return made


def rates(ledger: Ledger, *arguments: str) -> list[dict[str, object]]:
    done = ledger("stats", *arguments, "--measure", "complaints,complaint_rate", "-f", "json", now=AS_OF)
    data: list[dict[str, object]] = json.loads(done.out)["data"]
    return data


def tell(ledger: Ledger, *lines: str) -> None:
    (ledger.path / "denominators.csv").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def test_complaints_are_divided_by_what_is_told_for_the_period_and_value(ledger: Ledger) -> None:
    tell(ledger, "2024-01,region,华东,orders,100", "2024-02,region,华东,orders,150", "2024-03,region,华东,orders,250",
         "2024Q1,region,华南,orders,50", "2024Q1,,,orders,1000")  # fmt: skip
    assert rates(ledger, "2024Q1", "--by", "region") == [
        {"region": "华东", "complaints": 3, "complaint_rate": 0.006, "n": {"complaints": 3, "complaint_rate": 500}},
        {"region": "华南", "complaints": 1, "complaint_rate": 0.02, "n": {"complaints": 1, "complaint_rate": 50}},
    ]
    assert rates(ledger, "2024Q1") == [
        {"complaints": 4, "complaint_rate": 0.004, "n": {"complaints": 4, "complaint_rate": 1000}}
    ]
    by_month = {
        (row["month"], row["region"]): row["complaint_rate"] for row in rates(ledger, "--by", "month,region")
    }  # fmt: skip
    assert by_month == {
        ("2024-01", "华东"): 0.02, ("2024-02", "华东"): round(1 / 150, 6), ("2024-02", "华南"): None,
        ("2024-04", "华南"): None,
    }, "a quarter tells nothing of its months"  # fmt: skip
    shown = ledger("stats", "2024Q1", "--by", "region", "--measure", "complaints,complaint_rate", "-f", "table").out
    assert "6.00 ‰" in shown and "500" in shown, "of a thousand, with what it was divided by"


def test_filters_choose_the_complaints_and_not_what_they_are_divided_by(ledger: Ledger) -> None:
    tell(ledger, "2024Q1,region,华东,units,300")
    (row,) = rates(ledger, "2024Q1", "--by", "region", "--where", "product=P1", "--where", "region=华东")
    assert (row["complaints"], row["complaint_rate"]) == (2, round(2 / 300, 6))


def test_of_two_units_one_is_named(ledger: Ledger) -> None:
    tell(ledger, "2024Q1,,,orders,100", "2024Q1,,,customers,10")
    refused = ledger("stats", "2024Q1", "--measure", "complaint_rate", code=2)
    assert "--per customers" in refused.err and "orders" in refused.err
    (row,) = rates(ledger, "2024Q1", "--per", "订单数")
    assert row["complaint_rate"] == 0.04
    assert "units" in ledger("stats", "2024Q1", "--measure", "complaint_rate", "--per", "units", code=2).err


@pytest.mark.parametrize(
    ("lines", "arguments", "says"),
    [
        (None, ("2024Q1", "--by", "region"), "there is no denominators.csv"),
        (["2024Q1,region,华东,orders,5"], ("2024Q1", "--by", "product"), "no amounts by product"),
        (["2024Q1,region,华东,orders,5"], ("2024Q2", "--by", "region"), "whole of any period"),
        (["2024Q1,region,华东,orders,5"], ("--by", "region"), "needs a period"),
        (["2024Q1,region,华东,orders,5"], ("2024Q1", "--by", "owner"), "by Owner"),
        (["2024Q1,region,华东,orders,5"], ("2024Q1", "--by", "region,product"), "by Region, Product"),
        (["2024Q1,region,华东,orders,5"], ("2024Q1", "--by", "region,week"), "Week"),
    ],
)
def test_where_there_is_nothing_to_divide_by_the_reason_is_said(
    ledger: Ledger, lines: list[str] | None, arguments: tuple[str, ...], says: str
) -> None:
    if lines is not None:
        tell(ledger, *lines)
    refused = ledger("stats", *arguments, "--measure", "complaint_rate", code=2)
    assert says in refused.err and not refused.out and refused.err.count("\n") == 1


def test_the_overview_leaves_out_what_no_amounts_are_told_by(ledger: Ledger) -> None:
    tell(ledger, "2024Q1,,,orders,50")
    done = ledger("stats", "2024Q1", "--measure", "complaint_rate", "-f", "md")
    assert [line for line in done.out.splitlines() if line.startswith("#")] == ["## All"]
    both = ledger("stats", "2024Q1", "--measure", "received,complaint_rate", "-f", "md")
    assert "## Status" in both.out, "what was received is a figure"


def test_a_line_that_cannot_be_read_is_named(ledger: Ledger) -> None:
    tell(ledger, "2024Q1,region,华东,orders,5", "2024Q1,region,华南,orders,none")
    refused = ledger("stats", "2024Q1", "--measure", "complaint_rate", "--by", "region", code=4)
    assert "denominators.csv:3: amount" in refused.err
    assert ledger("stats", "2024Q1", "--by", "region").code == 0, "other figures do not need it"


def test_a_pivot_and_a_period_before_have_their_own_denominators(ledger: Ledger) -> None:
    tell(ledger, "2024-01,,,orders,100", "2024-02,,,orders,200", "2024-01,region,华东,orders,50",
         "2024-02,region,华东,orders,50", "2024-02,region,华南,orders,20")  # fmt: skip
    done = ledger("stats", "2024-02", "--compare", "previous", "--measure", "complaint_rate", "-f", "json")
    (row,) = json.loads(done.out)["data"]
    assert (row["complaint_rate"], row["complaint_rate_previous"]) == (0.01, 0.02)
    done = ledger("stats", "--pivot", "region:month", "--measure", "complaint_rate", "-f", "json")
    cells = {row["region"]: (row["2024-01"], row["2024-02"]) for row in json.loads(done.out)["data"]}
    assert cells == {"华东": (0.04, 0.02), "华南": (None, 0.05)}
