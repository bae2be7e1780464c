"""`stats` with periods, comparison, another moment, several ledgers, and the words it takes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, read_csv, run
from wcwidth import wcswidth

from exlog.measures import DIMENSIONS, MEASURES
from exlog.measures.rounding import DIGITS


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Five records: four of January, one of April; what was resolved when is in each test that needs it."""
    ledger = Ledger(tmp_path_factory.mktemp("books"))
    ledger("customer", "add", "Nova", "--set", "level=vip", "--set", "industry=机械")
    facts = {"type": "complaint", "category": "quality", "owner": "bob", "department": "质量部"}
    a, b, c, _waiting = ledger.add(
        {**facts, "customer": "Nova"}, facts, {"owner": "amy"}, {"owner": "amy"},
        now="2024-01-30T10:00:00+08:00", flags=("--one-off",),
    )  # fmt: skip
    ledger("close", a, "--resolution", "r", "--satisfaction", "5", now="2024-01-30T15:00:00+08:00")
    ledger("update", b, "--note", "called", "--responded", now="2024-01-30T11:30:00+08:00")
    ledger("close", b, "--resolution", "r", "--satisfaction", "2", now="2024-02-01T10:00:00+08:00")
    ledger("close", c, "--resolution", "r", "--satisfaction", "4", now="2024-04-02T10:00:00+08:00")
    ledger("reopen", c, "--reason", "again", now="2024-04-03T10:00:00+08:00")
    ledger.add({**facts, "customer": "Nova"}, now="2024-04-09T10:00:00+08:00", flags=())
    return ledger


NOW = "2024-04-10T10:00:00+08:00"


def figures(ledger: Ledger, *arguments: str, now: str = NOW) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ledger.json("stats", *arguments, now=now)
    return rows


def test_a_period_counts_each_measure_by_its_own_time(books: Ledger) -> None:
    asked = "received,resolved,closed,satisfaction_mean,clearance,reopen_rate"
    (january,) = figures(books, "2024-01", "--measure", asked)
    assert [january[name] for name in asked.split(",")] == [4, 1, 1, 5.0, 0.25, 0.0]
    (february,) = figures(books, "2024-02", "--measure", asked)
    assert [february[name] for name in asked.split(",")] == [0, 1, 1, 2.0, None, 0.0]
    (quarter,) = figures(books, "2024Q2", "--measure", asked)
    assert [quarter[name] for name in asked.split(",")] == [1, 0, 0, None, 0.0, 1.0]
    (last,) = figures(books, "last-month", "--measure", "received")
    assert last["received"] == 0
    (filtered,) = figures(books, "2024-02", "--measure", "resolved", "--since", "2024-02")
    assert filtered["resolved"] == 0, "--since stays a filter by the time a record was received"


def test_the_backlog_is_taken_at_the_end_of_the_period_or_now(books: Ledger) -> None:
    for period, number in (("2024-01", 3), ("2024-02", 2), ("2024Q2", 3), ("2023", 0)):
        assert figures(books, period, "--measure", "backlog") == [{"backlog": number, "n": {"backlog": number}}]
    assert figures(books, "--measure", "backlog")[0]["backlog"] == 3
    ages = {row["age"]: row["backlog"] for row in figures(books, "2024-02", "--measure", "backlog", "--by", "age")}
    assert ages == {"30": 2}, "17 working days, the Spring Festival left out"
    ages = {row["age"]: row["backlog"] for row in figures(books, "--measure", "backlog", "--by", "age")}
    assert ages == {"1": 1, "more": 2}


def test_by_month_the_backlog_is_that_of_each_month_s_end(books: Ledger) -> None:
    """Also of a month in which nothing was received; the running one up to now, a period's last one up to its end."""
    asked = ("--by", "month", "--measure", "received,backlog")
    found = [(row["month"], row["received"], row["backlog"]) for row in figures(books, *asked)]
    assert found == [("2024-01", 4, 3), ("2024-02", 0, 2), ("2024-03", 0, 2), ("2024-04", 1, 3)]
    for month, _received, backlog in found:
        assert figures(books, month, "--measure", "backlog")[0]["backlog"] == backlog
    weeks = figures(books, "2024-02", "--by", "week,owner", "--measure", "backlog")
    assert [(row["week"], row["owner"], row["backlog"]) for row in weeks] == [
        (f"2024-W0{week}", "amy", 2) for week in range(5, 10)
    ]
    ages = figures(books, "--by", "month,age", "--measure", "backlog")
    assert [(row["month"], row["age"], row["backlog"]) for row in ages][:2] == [
        ("2024-01", "3", 3),
        ("2024-02", "30", 2),
    ]
    assert {row["weekday"]: row["backlog"] for row in figures(books, "--by", "weekday", "--measure", "backlog")} == {
        "2": 3
    }


def test_working_time_and_targets(books: Ledger) -> None:
    (row,) = figures(books, "--measure", "resolution_mean_wh,target_mean_wh,variance_mean_wh,response_median_wh")
    # 10:00-15:00 without lunch are 4 h, and to 1 Feb 10:00 two whole days, 16 h; due at the end of the third day.
    assert row["resolution_mean_wh"] == 10.0
    assert row["response_median_wh"] == 1.5
    assert row["target_mean_wh"] == pytest.approx(row["resolution_mean_wh"] - row["variance_mean_wh"])
    (row,) = figures(books, "--measure", "sla_met,sla_breached,sla_compliance")
    assert (row["sla_met"], row["sla_breached"], row["n"]["sla_compliance"]) == (2, 2, 4)
    assert row["sla_compliance"] == 0.5


def test_the_period_before_stands_beside(books: Ledger) -> None:
    asked = ("--measure", "received,satisfaction_mean", "--compare", "previous")
    (row,) = figures(books, "2024-02", *asked)
    assert row == {
        "received": 0, "received_previous": 4, "received_change": -4,
        "satisfaction_mean": 2.0, "satisfaction_mean_previous": 5.0, "satisfaction_mean_change": -3.0,
        "n": {"received": 0, "received_previous": 4, "satisfaction_mean": 1, "satisfaction_mean_previous": 1},
    }  # fmt: skip
    rows = {row["type"]: row for row in figures(books, "2024Q2", "--by", "type", *asked)}
    assert (rows["inquiry"]["received_change"], rows["complaint"]["received_change"]) == (-2, -1)
    assert rows["inquiry"]["satisfaction_mean_change"] is None
    shown = books("stats", "2024-02", *asked, "-f", "table", now=NOW, COLUMNS="200").out
    assert "-4" in shown and "-3.0" in shown
    every = books(
        "stats", "2024-02", "--compare", "previous", "--by", "department", "-f", "table", now=NOW, COLUMNS="80"
    )
    lines = every.out.splitlines()
    assert lines[0].split() == ["Department", "Measure", "Now", "Before", "Change", "n", "n", "before"]
    assert lines[2].split() == ["质量部", "Received", "0", "2", "-2"]
    assert "…" not in every.out and {wcswidth(line) for line in lines} <= set(range(81))
    assert next(line.split()[1:] for line in lines if "Rating" in line) == ["Rating", "2.00", "5.00", "-3.00", "1", "1"]
    shown = books("stats", "2024-02", *asked, "-f", "md", now=NOW).out
    assert "| Rating | 2.00 | 5.00 | -3.00 | 1 | 1 |" in shown
    (row,) = read_csv(books("stats", "2024-02", *asked, "-f", "csv", now=NOW).out)
    assert (row["n_satisfaction_mean"], row["n_satisfaction_mean_previous"]) == ("1", "1")
    for wrong in (("--compare", "previous"), ("2024", "--compare", "x"), ("2024", *asked, "--pivot", "type:month")):
        books("stats", *wrong, code=2)


def test_n_stands_once_where_all_share_it(books: Ledger) -> None:
    rows = read_csv(books("stats", "-f", "csv", "--measure", "resolution_mean_h,resolution_p90_h", now=NOW).out)
    assert list(rows[0]) == ["resolution_mean_h", "resolution_p90_h", "n"] and rows[0]["n"] == "2"
    rows = read_csv(books("stats", "-f", "csv", "--measure", "answers,satisfaction_mean,response_rate", now=NOW).out)
    assert list(rows[0]) == ["answers", "satisfaction_mean", "response_rate", "n"], "answers are shown already"
    assert rows[0]["n"] == "2"


def test_measures_and_dimensions_go_by_key_or_label_in_both_languages(books: Ledger) -> None:
    books.policy("fields:\n  - {name: warranty, kind: choice, choices: [in, out], label: {en: Warranty, zh: 保修}}\n")
    expected = figures(books, "--by", "customer.level", "--measure", "sla_compliance")
    for by, measure in (
        ("客户等级", "SLA达标率"),
        ("Customer level", "SLA compliance"),
        ("CUSTOMER.LEVEL", "Sla-Compliance"),
    ):
        assert figures(books, "--by", by, "--measure", measure) == expected
    assert {row["customer.level"] for row in expected} == {"vip", None}
    assert figures(books, "--by", "保修", "--measure", "received")[0]["warranty"] is None
    assert [row["customer.industry"] for row in figures(books, "--by", "所属行业")] == ["机械", None]
    assert "resolution" in books("stats", "--measure", "resolution_mean", code=2).err


def test_the_cumulative_share_runs_down_the_rows(books: Ledger) -> None:
    rows = figures(books, "--by", "type", "--measure", "received,cumulative_share")
    assert [row["received"] for row in rows] == [3, 2]
    assert [row["cumulative_share"] for row in rows] == [0.6, 1.0]


def test_a_repeat_is_found_also_where_a_filter_leaves_the_first_one_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    fact = {"type": "complaint", "category": "quality"}
    (first,) = ledger.add({**fact, "product": "P1"}, now="2024-01-20T10:00:00+08:00")
    ledger("close", first, "--invalid", "--reason", "x", now="2024-01-20T10:00:00+08:00")
    ledger.add({**fact, "product": "P1", "owner": "b"}, now="2024-01-25T10:00:00+08:00")
    ledger("close", "-q", "F20240125001", "--resolution", "r", "--satisfaction", "5", now="2024-01-26T10:00:00+08:00")
    ledger("archive", now="2024-02-20T10:00:00+08:00")
    ledger.add({**fact, "product": "P2"}, {**fact, "customer": "Else"}, now="2024-02-24T09:00:00+08:00")
    asked = ("--measure", "repeat_contacts,repeat_rate")
    assert figures(ledger, *asked)[0]["repeat_contacts"] == 1, "what was invalid does not count"
    for chosen in (("--since", "2024-02"), ("--where", "product=P2"), ("--open",), ("2024-02",)):
        assert figures(ledger, *asked, *chosen)[0]["repeat_contacts"] == 1, chosen
    assert figures(ledger, *asked, "--until", "2024-01")[0]["repeat_rate"] == 0.0


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
    dates = {"GIT_AUTHOR_DATE": "2024-02-01T09:00:00+08:00", "GIT_COMMITTER_DATE": "2024-02-01T09:00:00+08:00"}
    import os

    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **dates}).stdout


def test_figures_as_they_were_at_a_commit(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "repo" / "team")
    ledger.add({"due_at": "2024-02-02T09:00:00+08:00"}, {"due_at": "2024-01-31T09:00:00+08:00"},
               now="2024-01-30T10:00:00+08:00")  # fmt: skip
    git(tmp_path / "repo", "init", "-q")
    git(tmp_path / "repo", "add", "-A")
    git(tmp_path / "repo", "commit", "-qm", "then")
    ledger.add({"due_at": "2030-01-01"}, now="2024-02-03T10:00:00+08:00")
    before = ledger.files()
    asked = ("--measure", "received,overdue")
    (row,) = figures(ledger, *asked)
    assert (row["received"], row["overdue"]) == (3, 2)
    (row,) = figures(ledger, *asked, "--at", "HEAD")
    assert (row["received"], row["overdue"]) == (2, 1), "now is the time of the commit"
    assert (
        figures(ledger, *asked, "--at", "HEAD", "--since", "-2d", now="2030-01-01T00:00:00+08:00")[0]["received"] == 2
    )
    assert ledger.files() == before
    for wrong in ("nosuch", "--output=x", "HEAD:team"):
        assert ledger("stats", f"--at={wrong}", code=None).code in (2, 5)
    assert not (tmp_path / "x").exists()
    ledger("stats", "--at", "HEAD^", code=2)


def test_several_ledgers_are_one_table(tmp_path: Path) -> None:
    north, south = Ledger(tmp_path / "all" / "north"), Ledger(tmp_path / "all" / "south")
    north.policy("fields:\n  - {name: shift, kind: choice, choices: [day, night]}\n")
    south.rule("Asia/Shanghai", "America/New_York")
    for ledger, name in ((north, "Nova"), (south, "Vega")):
        ledger("customer", "add", name, now="2024-01-30T23:00:00+08:00")
        ledger.add({"customer": name}, now="2024-02-01T01:00:00+08:00", flags=())
    north.add({"shift": "night"}, now="2024-02-01T02:00:00+08:00")

    def ask(*arguments: str) -> list[dict[str, str]]:
        return read_csv(run("stats", *arguments, "-f", "csv", cwd=tmp_path, EXLOG_NOW=NOW).out)

    pattern = ("-C", "all/*", "--measure", "received")
    assert ask("-C", "all/north", "-C", "all/south", "--measure", "received") == [{"received": "3"}]
    assert ask(*pattern, "--by", "ledger") == [
        {"ledger": "north", "received": "2"},
        {"ledger": "south", "received": "1"},
    ]
    months = ask(*pattern, "--by", "ledger,month")
    assert [row["month"] for row in months] == ["2024-02", "2024-01"], "each by the clock of its own zone"
    assert {row["shift"]: row["received"] for row in ask(*pattern, "--by", "shift")} == {"night": "1", "": "2"}
    assert ask(*pattern, "--where", "shift=night") == [{"received": "1"}]
    customers = {row["customer"] for row in ask(*pattern, "--by", "customer")}
    assert customers == {"north:C20240130001", "south:C20240130001", "north:Walk-in"}, "one id, two customers"
    run("list", "-C", "all/north", "-C", "all/south", cwd=tmp_path, code=2)
    run("stats", "-C", "none/*", cwd=tmp_path, code=5)
    (tmp_path / "all" / "south" / "exceptions.csv").write_text("id\nx\n")
    run("stats", *pattern, cwd=tmp_path, code=4)


def test_ledgers_of_one_name_go_by_their_paths(tmp_path: Path) -> None:
    one = Ledger(tmp_path / "a" / "team")
    one.add({})
    shutil.copytree(one.path, tmp_path / "b" / "team")
    out = run("stats", "-C", "*/team", "--by", "ledger", "--measure", "received", "-f", "csv", cwd=tmp_path).out
    assert [row["ledger"] for row in read_csv(out)] == [str(tmp_path / name / "team") for name in "ab"]


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_has_a_label_in_both_languages_and_a_formula(name: str) -> None:
    measure = MEASURES[name]
    assert measure.en and measure.zh and measure.formula and measure.unit in DIGITS
    assert len({one.zh for one in MEASURES.values()}) == len({one.en for one in MEASURES.values()}) == len(MEASURES)


def test_every_measure_by_every_dimension(books: Ledger) -> None:
    names = [name for name in MEASURES if name != "complaint_rate"]  # it needs a period and its denominators
    rows = figures(books, "--by", "ledger", "--measure", ",".join(names))
    assert set(rows[0]) == {"ledger", "n", *names} == {"ledger", "n", *rows[0]["n"]}
    every = figures(books, "--by", ",".join(DIMENSIONS), "--measure", "received")
    assert sum(row["received"] for row in every) == 5 and set(DIMENSIONS) < set(every[0])
