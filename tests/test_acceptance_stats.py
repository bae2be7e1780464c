"""Figures against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, read_csv

TIMES = "received,resolved,resolution_median_h,resolution_p90_h,resolution_mean_h"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Fourteen records, two of them invalid or duplicate.

    Hours from reception to resolution without the hold: 2, 3 (six less three on hold), 24, 10, 1 and six times 5.
    """
    ledger = Ledger(tmp_path_factory.mktemp("books"))
    first, second = "2024-01-10T09:00:00+08:00", "2024-02-20T09:00:00+08:00"
    bad: dict[str, Any] = {"type": "complaint", "category": "quality", "department": "质量部", "owner": "bob"}
    ask: dict[str, Any] = {"department": "客服部", "owner": "amy"}
    a1, a2, a3, a4, _ = ledger.add(
        bad,
        {**bad, "category": "delivery", "department": "物流部"},
        ask,
        {"type": "suggestion", "owner": "amy"},
        {"type": "praise", "due_at": "2024-02-01 09:00"},
        now=first,
    )
    ledger("assign", a2, "bob", now=first)
    ledger("update", a2, "--hold", "customs", "--until", "2024-01-11", now="2024-01-10T10:00:00+08:00")
    ledger("update", a1, "--resolution", "replaced", now="2024-01-10T11:00:00+08:00")
    ledger("update", a2, "--status", "in_progress", now="2024-01-10T13:00:00+08:00")
    ledger("update", a2, "--resolution", "delivered", now="2024-01-10T15:00:00+08:00")
    ledger("update", a3, "--resolution", "told", now="2024-01-11T09:00:00+08:00")
    ledger("close", a4, "--invalid", "--reason", "a test", now="2024-01-11T09:00:00+08:00")
    ledger("close", a1, "--satisfaction", "5", now="2024-01-12T09:00:00+08:00")
    ledger("close", a2, "--satisfaction", "2", now="2024-01-12T09:00:00+08:00")
    ledger("close", a3, "--no-response", now="2024-01-20T09:00:00+08:00")
    b1, b2, b3, *rest = ledger.add(bad, bad, ask, *[ask] * 6, now=second)
    ledger("close", b2, "--duplicate-of", b1, "--reason", "same", now=second)
    ledger("close", b3, "--resolution", "told", "--satisfaction", "4", now="2024-02-20T10:00:00+08:00")
    ledger("close", *rest, "--resolution", "told", "--satisfaction", "3", now="2024-02-20T14:00:00+08:00")
    ledger("update", b1, "--resolution", "replaced", now="2024-02-20T19:00:00+08:00")
    assert len(ledger("archive", "-f", "csv", now="2024-03-01T09:00:00+08:00").lines) == 3
    return ledger


def close_to(value: float) -> Any:
    return pytest.approx(value, abs=0.006)


def test_totals_leave_duplicates_and_invalid_out_and_count_the_archives(books: Ledger) -> None:
    (row,) = books.json("stats")
    assert (row["received"], row["resolved"], row["share"]) == (12, 11, 1.0)
    assert row["open"] == len(books.ids("list"))
    assert row["overdue"] == len(books.ids("list", "--overdue")) == 1
    assert row["resolution_median_h"] == close_to(5)
    assert row["resolution_p90_h"] == close_to(10), "the tenth of eleven by nearest rank"
    assert row["resolution_mean_h"] == close_to(70 / 11), "the hold is taken off"
    assert row["satisfaction_mean"] == close_to(29 / 9)
    assert row["response_rate"] == close_to(0.9)


def test_every_measure_that_the_help_names_can_be_asked_for(books: Ledger) -> None:
    asked = "closed,answers,satisfied,satisfied_share,clearance,reopened,timed,received"
    (row,) = books.json("stats", "--measure", asked)
    assert list(row) == [*asked.split(","), "n"]
    expected = {"closed": 10, "answers": 9, "satisfied": 2, "reopened": 0, "timed": 11, "received": 12}
    assert {name: row[name] for name in expected} == expected
    assert (row["satisfied_share"], row["clearance"]) == (close_to(2 / 9), close_to(11 / 12))


def test_figures_by_one_dimension_have_shares_and_nulls(books: Ledger) -> None:
    rows = {row["type"]: row for row in books.json("stats", "--by", "type")}
    assert {key: rows[key]["received"] for key in ("complaint", "inquiry", "praise")} == {
        "complaint": 3,
        "inquiry": 8,
        "praise": 1,
    }
    assert rows.get("suggestion", {"received": 0})["received"] == 0
    assert [rows[key]["share"] for key in ("complaint", "inquiry", "praise")] == [
        close_to(3 / 12),
        close_to(8 / 12),
        close_to(1 / 12),
    ]
    assert sum(row["received"] for row in rows.values()) == 12
    complaint, inquiry, praise = rows["complaint"], rows["inquiry"], rows["praise"]
    assert (complaint["resolution_median_h"], complaint["resolution_p90_h"]) == (close_to(3), close_to(10))
    assert complaint["resolution_mean_h"] == close_to(5)
    assert (inquiry["resolution_median_h"], inquiry["resolution_p90_h"]) == (close_to(5), close_to(24))
    assert (praise["resolved"], praise["resolution_mean_h"], praise["satisfaction_mean"]) == (0, None, None)
    assert praise["response_rate"] is None and praise["overdue"] == 1


def test_figures_by_two_dimensions_and_of_a_selection(books: Ledger) -> None:
    rows = books.json("stats", "--by", "department,type", "--measure", TIMES)
    assert list(rows[0]) == ["department", "type", *TIMES.split(","), "n"]
    by = {(row["department"], row["type"]): row for row in rows}
    assert (by["质量部", "complaint"]["received"], by["质量部", "complaint"]["resolution_mean_h"]) == (2, close_to(6))
    assert (by["物流部", "complaint"]["received"], by["物流部", "complaint"]["resolution_median_h"]) == (1, close_to(3))
    assert by["客服部", "inquiry"]["resolution_mean_h"] == close_to(55 / 8)
    assert by[None, "praise"]["resolved"] == 0
    (row,) = books.json("stats", "--measure", TIMES, "--owner", "bob", "--until", "2024-01")
    assert row == {
        "received": 2,
        "resolved": 2,
        "resolution_median_h": row["resolution_median_h"],
        "resolution_p90_h": close_to(3),
        "resolution_mean_h": close_to(2.5),
        "n": dict.fromkeys(TIMES.split(","), 2),
    }
    months = {row["month"]: row["received"] for row in books.json("stats", "--by", "month", "--measure", "received")}
    assert months == {"2024-01": 4, "2024-02": 8}
    assert [row["quarter"] for row in books.json("stats", "--by", "quarter")] == ["2024Q1"]


def test_a_pivot_is_a_cross_table_of_one_measure(books: Ledger) -> None:
    january, february = books.json("stats", "--pivot", "month:type")
    assert [january["month"], february["month"]] == ["2024-01", "2024-02"]
    assert [january[key] for key in ("complaint", "inquiry", "praise", "total")] == [2, 1, 1, 4]
    assert [february[key] or 0 for key in ("complaint", "inquiry", "praise", "total")] == [1, 7, 0, 8]
    means = books.json("stats", "--pivot", "department:month", "--measure", "satisfaction_mean")
    by = {row["department"]: row for row in means}
    assert (by["质量部"]["2024-01"], by["质量部"]["2024-02"], by["物流部"]["2024-01"]) == (5, None, 2)
    assert by["客服部"]["2024-02"] == close_to(22 / 7)
    books("stats", "--pivot", "month:type", "--measure", "received,resolved", code=2)
    books("stats", "--pivot", "month:nosuch", code=2)


def test_a_pivot_and_a_grouping_can_be_read_in_every_text_format(books: Ledger) -> None:
    rows = read_csv(books("stats", "--pivot", "month:type", "-f", "csv").out)
    assert rows[0]["month"] == "2024-01" and rows[0]["complaint"] == "2"
    table = books("stats", "--pivot", "month:type", "-f", "table").out
    assert "2024-01" in table and "complaint" in table
    by = read_csv(books("stats", "--by", "type", "-f", "csv").out)
    assert {row["type"]: row["received"] for row in by}["inquiry"] == "8"
    assert books("stats", "--by", "type", "--measure", "received").lines[0].split("\t") == ["complaint", "3"]


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two(books: Ledger) -> None:
    (row,) = books.json("stats", "--measure", TIMES, "--owner", "bob", "--until", "2024-01")
    assert row["resolution_median_h"] == close_to(2.5), "of 2 and 3 hours"


def test_a_plain_pivot_names_its_columns(books: Ledger) -> None:
    plain = books("stats", "--pivot", "month:type").out
    assert "complaint" in plain, "the columns of a pivot are data; without their names the numbers say nothing"


def test_n_stands_beside_the_satisfaction(books: Ledger) -> None:
    assert books.json("stats")[0]["answers"] == 9


def test_nothing_to_measure_is_a_dash_in_tables(books: Ledger) -> None:
    table = books("stats", "--by", "type", "--measure", "received,resolved,resolution_mean_h", "-f", "table").out
    (praise,) = [line for line in table.splitlines() if line.startswith("praise")]
    assert praise.split()[1:] == ["1", "0", "–", "0"], "– where n is 0, and n beside it"


def test_the_default_overview_shows_totals_and_the_share_of_each_type(books: Ledger) -> None:
    shown = books("stats", "-f", "table", COLUMNS="160").out
    for word in ("Type", "complaint", "inquiry", "Status", "Department", "质量部"):
        assert word in shown, word
    assert "12" in shown


def test_own_times_bucket_what_is_resolved_and_closed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ids = ledger.add({"owner": "b"}, {"owner": "b"}, {}, now="2024-01-31T09:00:00+08:00")
    ledger("close", ids[0], "--resolution", "r", "--satisfaction", "5", now="2024-02-01T09:00:00+08:00")
    ledger("update", ids[1], "--resolution", "r", now="2024-02-02T09:00:00+08:00")
    ledger("close", ids[1], "--satisfaction", "3", now="2024-03-02T09:00:00+08:00")
    asked = ("--measure", "received,resolved,closed,satisfaction_mean")
    rows = {row.pop("month"): row for row in ledger.json("stats", "--by", "month", *asked)}
    assert rows["2024-02"].pop("n") == {"received": 0, "resolved": 2, "closed": 1, "satisfaction_mean": 1}
    figures = {month: tuple(row.values())[:4] for month, row in rows.items()}
    assert figures == {"2024-01": (3, 0, 0, None), "2024-02": (0, 2, 1, 5), "2024-03": (0, 0, 1, 3)}


def test_reopened_records_count_as_reopened_and_open_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ids = ledger.add({"owner": "b"}, {"owner": "b"})
    ledger("close", *ids, "--resolution", "r", "--satisfaction", "2")
    ledger("reopen", ids[0], "--reason", "x")
    (row,) = ledger.json("stats", "--measure", "received,resolved,reopened,open,closed,satisfaction_mean")
    assert (row["received"], row["reopened"], row["open"], row["closed"], row["satisfaction_mean"]) == (2, 1, 1, 1, 2)


def test_an_empty_ledger_has_figures_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    (row,) = ledger.json("stats")
    assert (row["received"], row["resolved"], row["resolution_median_h"], row["satisfaction_mean"]) == (
        0,
        0,
        None,
        None,
    )
    assert ledger.json("stats", "--by", "type") == []
    assert ledger.json("stats", "--pivot", "month:type") == []
    ledger("stats", "-f", "table")


def test_figures_by_an_own_field_and_by_customer(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.policy("fields:\n  - {name: warranty, kind: choice, choices: [inside, outside]}\n")
    ledger("customer", "add", "Nova")
    ledger.add({"customer": "Nova", "warranty": "inside"}, {"customer": "Nova"}, flags=())
    ledger.add({"customer": "路人", "warranty": "inside"})
    rows = ledger.json("stats", "--by", "warranty", "--measure", "received")
    assert {row["warranty"]: row["received"] for row in rows} == {"inside": 2, None: 1}
    shown = ledger("stats", "--by", "customer", "--measure", "received", "-f", "table").out
    assert "Nova" in shown and "路人" in shown, "people know a customer by the name"
    pivot = ledger.json("stats", "--pivot", "warranty:customer")
    assert sum(row["total"] for row in pivot) == 3
