"""denominators.csv: what is told for a period, what makes up one, and what is refused with file, line and column."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exlog import canonical, typed_times
from exlog.errors import Damaged
from exlog.measures import denominators
from exlog.measures.denominators import Denominators

NOW = datetime.fromisoformat("2024-06-28T18:00:00+08:00")
HEADER = "period,dimension,value,unit,amount"


def told(*lines: str, header: str = HEADER) -> Denominators:
    data = "\n".join([header, *lines, ""]).encode()
    return denominators.read(canonical.parse(data, denominators.FILE), now=NOW)


def amount(found: Denominators, period: str, dimension: str = "", value: str = "", unit: str = "orders") -> str:
    return str(found.amount(unit, dimension, value, typed_times.parse_period(period, now=NOW)))


def test_orders_of_a_quarter_are_the_sum_of_its_months() -> None:
    found = told("2024-01,region,华东,orders,100", "2024-02,region,华东,orders,50", "2024-03,region,华东,orders,25.5")
    assert amount(found, "2024Q1", "region", "华东") == "175.5"
    assert amount(found, "2024-02", "region", "华东") == "50"
    assert amount(found, "2024", "region", "华东") == "None", "nine months are missing"
    assert amount(found, "2024Q1", "region", "华南") == "None"
    assert amount(found, "2024Q1", "region", "华东", "units") == "None"


def test_customers_of_a_quarter_are_the_mean_of_its_months_by_their_days() -> None:
    found = told("2024-01,,,customers,100", "2024-02,,,customers,110", "2024-03,,,customers,120")
    mean = found.amount("customers", "", "", typed_times.parse_period("2024Q1", now=NOW))
    assert mean is not None and Fraction(mean).limit_denominator(1000) == Fraction(100 * 31 + 110 * 29 + 120 * 31, 91)


def test_a_longer_period_goes_before_its_parts_and_may_be_mixed_with_them() -> None:
    found = told("2024Q1,,,orders,1000", "2024-01,,,orders,999", "2024-04,,,orders,7", "2024-05,,,orders,7",
                 "2024-06,,,orders,7")  # fmt: skip
    assert amount(found, "2024Q1") == "1000"
    assert amount(found, "2024-01") == "999"
    assert amount(found, "2024Q2") == "21"
    assert amount(told("2024Q1,,,orders,1000", "2024-04,,,orders,7"), "2024Q2") == "None"


def test_words_of_either_language_and_a_file_saved_by_a_spreadsheet_are_read() -> None:
    lines = ["2024-01;地区;华东;订单数;1,200", "2024q1;Region;华南;Orders;3000", "2024年1月;;;客户;12"]
    with pytest.raises(Damaged, match="2024年1月"):
        told(*lines, header=HEADER.replace(",", ";"))
    data = "\ufeff" + "\r\n".join([HEADER.replace(",", ";"), *lines[:2], ";;;;", ""])
    found = denominators.read(canonical.parse(data.encode(), denominators.FILE), now=NOW)
    assert amount(found, "2024-01", "region", "华东") == "1200"
    assert amount(found, "2024Q1", "region", "华南") == "3000"


@pytest.mark.parametrize(
    ("line", "where", "says"),
    [
        ("2024-13,,,orders,1", "denominators.csv:2: period", "'2024-13'"),
        ("yesterday,,,orders,1", "denominators.csv:2: period", "2024Q1"),
        ("2024-01,colour,red,orders,1", "denominators.csv:2: dimension", "'colour'"),
        ("2024-01,region,,orders,1", "denominators.csv:2: dimension", "'region'"),
        ("2024-01,,华东,orders,1", "denominators.csv:2: dimension", "'华东'"),
        ("2024-01,customer.level,gold,orders,1", "denominators.csv:2: value", "strategic"),
        ("2024-01,,,tonnes,1", "denominators.csv:2: unit", "customers"),
        ("2024-01,,,orders,0", "denominators.csv:2: amount", "'0'"),
        ("2024-01,,,orders,-5", "denominators.csv:2: amount", "'-5'"),
        ("2024-01,,,orders,many", "denominators.csv:2: amount", "'many'"),
        ("2024-01,,,orders,inf", "denominators.csv:2: amount", "'inf'"),
        ("2024-01,,,orders,", "denominators.csv:2: amount", "''"),
        ("2024-01,,orders,1", "denominators.csv:2", "4"),
    ],
)
def test_what_cannot_be_read_is_named_by_line_and_column(line: str, where: str, says: str) -> None:
    with pytest.raises(Damaged) as refused:
        told(line)
    assert refused.value.where == where and says in refused.value.line()


def test_two_lines_that_tell_the_same_and_a_missing_column_are_refused() -> None:
    with pytest.raises(Damaged, match="line 2") as refused:
        told("2024-01,,,orders,1", "2024-01,,,units,1", "2024-1,,,orders,2")
    assert refused.value.where == "denominators.csv:4"
    with pytest.raises(Damaged, match="amount"):
        told("2024-01,,,orders", header="period,dimension,value,unit")


@given(st.lists(st.integers(1, 10**9), min_size=12, max_size=12), st.sets(st.integers(1, 4)))
def test_a_year_is_told_by_any_mixture_of_months_and_quarters(months: list[int], quarters: set[int]) -> None:
    lines = [f"2024Q{one},,,units,{sum(months[one * 3 - 3 : one * 3])}" for one in quarters]
    lines += [
        f"2024-{month:02},,,units,{months[month - 1]}" for month in range(1, 13) if (month + 2) // 3 not in quarters
    ]
    found = told(*lines)
    assert found.amount("units", "", "", typed_times.parse_period("2024", now=NOW)) == Decimal(sum(months))
    assert found.units == ("units",) and found.units_of("") == ("units",) and found.units_of("region") == ()
