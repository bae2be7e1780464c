"""What is typed for a field is stored as it was meant, or refused with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance_helper import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "l", "--lang", "en")


@pytest.mark.parametrize("typed", ["12,50", "1,2,3,4", "1.234,50", "1,23", ",5", "1,299,5", "12，50", "1，2"])
def test_a_comma_that_separates_no_thousands_is_refused(ledger: Ledger, typed: str) -> None:
    (one,) = ledger.add({})
    before = ledger.files()
    assert "1299.50" in ledger("update", one, "--set", f"order_value={typed}", code=2).err
    assert ledger.files() == before


@pytest.mark.parametrize(("typed", "stored"), [("1,299.50", 1299.5), ("1，234，567", 1234567), ("-1,000", -1000)])
def test_commas_between_thousands_are_taken(ledger: Ledger, typed: str, stored: float) -> None:
    (one,) = ledger.add({})
    ledger("update", one, "--set", f"order_value={typed}")
    assert ledger.show(one)["order_value"] == stored


def test_a_denominator_takes_commas_between_thousands_only(ledger: Ledger) -> None:
    ledger.add({"type": "complaint", "category": "other"})
    ask = ("stats", "2024-03", "--measure", "complaint_rate", "-f", "csv")
    start = "period,dimension,value,unit,amount\n2024-03,,,customers,"
    ledger.write("denominators.csv", start + '"12,50"\n')
    assert "1200" in ledger(*ask, code=4).err
    ledger.write("denominators.csv", start + '"1,250"\n')
    assert "1250" in ledger(*ask).out


def test_a_number_that_is_too_long_is_told_so(ledger: Ledger) -> None:
    (one,) = ledger.add({})
    said = ledger("update", one, "--set", f"order_value={'1' * 32}", code=2).err
    assert "too long a number" in said and "18 digits" in said
    assert "must be a number" in ledger("update", one, "--set", "order_value=much", code=2).err


@pytest.mark.parametrize("typed", ["4.5", "6", "good", "4,5"])
def test_a_satisfaction_that_is_none_is_told_what_it_may_be(ledger: Ledger, typed: str) -> None:
    (one,) = ledger.add({"owner": "li"})
    said = ledger("close", one, "--resolution", "r", "--satisfaction", typed, code=2).err
    assert "1 to 5" in said and "12" not in said


def test_the_end_of_a_hold_is_taken_as_the_remedy_writes_it(ledger: Ledger) -> None:
    one, other = ledger.add({"owner": "li"}, {"owner": "li"})
    ledger("update", one, other, "--status", "in_progress")
    assert "--until +2d" in ledger("update", one, "--hold", "parts", code=2).err
    ledger("update", one, "--hold", "parts", "--until", "+2d")
    ledger("update", other, "--hold", "parts", "--until", "2d")
    assert ledger.show(one)["hold_until"] == ledger.show(other)["hold_until"] == "2024-03-17T14:30:00+08:00"
    assert "+2d" in ledger("update", one, "--hold", "parts", "--until", "soon", code=2).err


@pytest.mark.parametrize("field", ["due_at", "expected_at", "follow_up_at", "effect_check_at"])
def test_a_bare_span_lies_ahead_where_the_time_does(ledger: Ledger, field: str) -> None:
    (one,) = ledger.add({})
    ledger("update", one, "--set", f"{field}=4h")
    assert ledger.show(one)[field] == "2024-03-15T18:30:00+08:00"


def test_a_bare_span_says_nothing_of_what_was(ledger: Ledger) -> None:
    assert "-2d" in ledger("add", "A", "s", "-t", "inquiry", "--one-off", "--received-at", "2d", code=2).err


TIMES = ["2024-03-11 09:15:20", "2024-03-11 09:16", "2024-03-12", "2024-02-20"]


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ("received_at=2024-03-11", "ab"),
        ("received_at=2024-03", "abc"),
        ("received_at!=2024-03", "d"),
        ("received_at=2024-03-12,2024-02", "cd"),
        ("received_at!=2024-03-12,2024-02", "ab"),
        ("received_at=2024-03-11 09:15", "a"),
        ("received_at=2024-03-11 09:15:20", "a"),
        ("received_at=2024-03-11 09:15:00", ""),
        ("received_at<=2024-03-11 09:15", "ad"),
        ("received_at>2024-03-11 09:15", "bc"),
        ("resolved_at=2024-03", ""),
        ("resolved_at!=2024-03", "abcd"),
    ],
)
def test_a_time_equals_a_period_that_it_lies_in(ledger: Ledger, condition: str, chosen: str) -> None:
    ledger.add(*({"received_at": text, "subject": name} for name, text in zip("abcd", TIMES, strict=True)))
    listed = ledger.json("list", "--where", condition, "--columns", "subject")
    assert sorted(row["subject"] for row in listed) == [*chosen]
    (counted,) = ledger.json("stats", "--measure", "received", "--where", condition)
    assert counted["received"] == len(chosen)
