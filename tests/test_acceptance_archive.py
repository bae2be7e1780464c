"""Rotation: closed rows of whole past months go into a file a month, by the month in their id."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from acceptance_helper import Ledger, read_csv

APRIL = "2024-04-02T09:00:00+08:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two closed of January, one closed and one open of February, one closed of March, one new of April."""
    ledger = Ledger(tmp_path / "ledger")
    done = ledger.add({"owner": "b"}, {"owner": "b"}, now="2024-01-31T09:00:00+08:00")
    done += ledger.add({"owner": "b", "received_at": "2024-01-30"}, now="2024-02-01T09:00:00+08:00")
    ledger.add({"owner": "b"}, now="2024-02-20T09:00:00+08:00")
    done += ledger.add({"owner": "b"}, now="2024-03-05T09:00:00+08:00")
    ledger("close", *done, "--resolution", "r", "--satisfaction", "4", now="2024-03-06T09:00:00+08:00")
    ledger.add({}, now="2024-04-01T09:00:00+08:00")
    return ledger


def ids(ledger: Ledger, name: str) -> list[str]:
    return [row["id"] for row in read_csv(ledger.text(name))]


def manifest(ledger: Ledger) -> dict[str, dict[str, str]]:
    rows = {row["month"]: row for row in read_csv(ledger.text("archive/manifest.csv"))}
    for month, row in rows.items():
        data = (ledger.path / "archive" / f"{month}.csv").read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest() and int(row["rows"]) == data.count(b"\n") - 1
    return rows


def test_closed_rows_of_every_past_month_are_moved(ledger: Ledger) -> None:
    before = {row["id"]: row for row in ledger.json("list", "--all")}
    rows = ledger.json("archive", now=APRIL)
    assert [(row["month"], row["rows"]) for row in rows] == [("2024-01", 2), ("2024-02", 1), ("2024-03", 1)]
    assert ids(ledger, "exceptions.csv") == ["F20240220001", "F20240401001"]
    assert ids(ledger, "archive/2024-01.csv") == ["F20240131001", "F20240131002"]
    assert ids(ledger, "archive/2024-02.csv") == ["F20240201001"], "the month of the id, not of the reception"
    assert ids(ledger, "archive/2024-03.csv") == ["F20240305001"]
    assert list(manifest(ledger)) == ["2024-01", "2024-02", "2024-03"]
    assert {row["id"]: row for row in ledger.json("list", "--all")} == before, "a row keeps every cell"
    assert ledger.show("131002")["file"] == "archive/2024-01.csv"
    assert ledger.ids("list", "--all", "--since", "2024-01-30", "--until", "2024-01-30") == ["F20240201001"]
    ledger("check", now=APRIL)


def test_before_and_dry_run(ledger: Ledger) -> None:
    before = ledger.files()
    for args in (["--dry-run"], ["--dry-run", "--before", "2024-03"]):
        shown = ledger.json("archive", *args, now=APRIL)
        assert len(shown) == (2 if "--before" in args else 3)
    ledger("archive", "--before", "2024-05", code=2, now=APRIL)
    ledger("archive", "--before", "2024-05-31", code=2, now=APRIL)
    ledger("archive", "--before", "soon", code=2, now=APRIL)
    assert ledger.files() == before
    ledger("archive", "--before", "2024-02", now=APRIL)
    assert list(manifest(ledger)) == ["2024-01"]
    ledger("archive", "--before", "2024-04", now=APRIL)
    assert list(manifest(ledger)) == ["2024-01", "2024-02", "2024-03"]


def test_the_present_month_stays_and_a_second_run_does_nothing(ledger: Ledger) -> None:
    ledger("archive", now="2024-03-31T23:59:00+08:00")
    assert list(manifest(ledger)) == ["2024-01", "2024-02"]
    after = ledger.files()
    again = ledger("archive", now="2024-03-31T23:59:30+08:00")
    assert again.out == "" and ledger.files() == after
    ledger("archive", now="2024-03-31T16:00:00Z")
    assert list(manifest(ledger))[-1] == "2024-03", "it is April in the ledger's timezone"


def test_more_is_added_to_a_month_that_is_archived_already(ledger: Ledger) -> None:
    ledger("archive", now=APRIL)
    line = ledger.text("archive/2024-02.csv").splitlines()[1]
    ledger("close", "220001", "--resolution", "r", "--satisfaction", "1", now=APRIL)
    ledger("archive", now=APRIL)
    assert ids(ledger, "archive/2024-02.csv") == ["F20240201001", "F20240220001"]
    assert line in ledger.text("archive/2024-02.csv").splitlines(), "an archived row keeps its bytes"
    assert manifest(ledger)["2024-02"]["rows"] == "2"
    ledger("check", now=APRIL)


def test_an_archived_record_takes_notes_and_comes_back_when_reopened(ledger: Ledger) -> None:
    ledger("archive", now=APRIL)
    ledger("update", "305001", "--note", "回访", now=APRIL)
    assert ledger.show("305001")["progress"] == "回访"
    manifest(ledger)
    ledger("reopen", "305001", "--reason", "坏了", now=APRIL)
    assert "F20240305001" in ids(ledger, "exceptions.csv")
    assert "2024-03" not in manifest(ledger) or manifest(ledger)["2024-03"]["rows"] == "0"
    assert "F20240305001" in ledger.ids("list", now=APRIL)
    assert ledger.ids("list", "--all", "--since", "2024-03", "--until", "2024-03") == ["F20240305001"], "once"
    ledger("close", "305001", "--resolution", "r", "--satisfaction", "5", now=APRIL)
    ledger("archive", now=APRIL)
    assert ids(ledger, "archive/2024-03.csv") == ["F20240305001"]
    ledger("check", now=APRIL)


def test_everyday_commands_do_not_open_the_archives(ledger: Ledger) -> None:
    ledger("archive", now=APRIL)
    for name in ("2024-01", "2024-02", "2024-03"):
        (ledger.path / "archive" / f"{name}.csv").write_bytes(b"damaged\n\xff")
    assert ledger.ids("list", now=APRIL) == ["F20240220001", "F20240401001"]
    ledger("update", "F20240220001", "--note", "x", now=APRIL)
    ledger("close", "F20240220001", "--resolution", "r", "--satisfaction", "5", now=APRIL)
    ledger("show", "F20240220001", now=APRIL)
    ledger("stats", code=4, now=APRIL)


def test_a_tampered_archive_is_found_by_check(ledger: Ledger) -> None:
    ledger("archive", now=APRIL)
    text = ledger.text("archive/2024-01.csv")
    ledger.write("archive/2024-01.csv", text.replace(",4,", ",5,", 1))
    assert "archive/2024-01.csv" in ledger("check", code=1, now=APRIL).out
    ledger.write("archive/2024-01.csv", text)
    ledger("check", now=APRIL)
    (ledger.path / "archive" / "2024-01.csv").unlink()
    assert "2024-01" in ledger("check", code=None, now=APRIL).out
    assert ledger("check", code=None, now=APRIL).code in (1, 4)


LOST = {
    "exceptions.csv": (("list",), ("stats",), ("show", "F20240131001"), ("add", "W", "x", "-c", "other", "--one-off"),
                       ("archive",), ("due",), ("review",)),
    "archive/2024-01.csv": (("list", "--all"), ("stats", "2024-01"), ("show", "F20240131001"), ("show", "131001"),
                            ("reopen", "F20240131001", "--reason", "x"), ("report", "2024-01")),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_a_table_that_is_gone_is_no_empty_one(ledger: Ledger, name: str) -> None:
    ledger("archive", now=APRIL)
    (ledger.path / name).unlink()
    before = ledger.files()
    for command in LOST[name]:
        told = ledger(*command, code=4, now=APRIL).err
        assert name in told and "restore it from git" in told and told.count("\n") == 1, (command, told)
    assert ledger("check", code=None, now=APRIL).code in (1, 4)
    assert name in ledger("check", code=None, now=APRIL).out
    assert ledger.files() == before
