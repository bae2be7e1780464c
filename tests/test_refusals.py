"""Calls that would lose or double something in silence are refused, or say so by their exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acceptance_helper import Ledger, run


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "l", "--lang", "en")


def test_two_records_are_never_duplicates_of_each_other(ledger: Ledger) -> None:
    first, second, third = ledger.add({}, {}, {})
    ledger("close", first, "--duplicate-of", second)
    said = ledger("close", second, "--duplicate-of", first, code=2).err
    assert f"exlog reopen {first}" in said
    said = ledger("close", third, "--duplicate-of", first, code=2).err
    assert f"exlog close {third} --duplicate-of {second}" in said
    ledger("close", third, "--duplicate-of", second)
    (counted,) = ledger.json("stats", "--measure", "received")
    assert counted["received"] == 1


def test_a_duplicate_names_no_record_that_is_invalid(ledger: Ledger) -> None:
    first, second = ledger.add({}, {})
    ledger("close", first, "--invalid", "--reason", "a slip")
    assert "invalid" in ledger("close", second, "--duplicate-of", first, code=2).err
    assert ledger.show(second)["status"] == "new"


def test_a_record_named_twice_is_changed_once(ledger: Ledger) -> None:
    (one,) = ledger.add({})
    ledger("update", one, one[-3:], "--note", "called")
    assert sum(event["field"] == "progress" for event in ledger.events()) == 1


def test_one_profile_that_cannot_be_read_is_one_finding(ledger: Ledger) -> None:
    for name in ("Acme", "Beta"):
        ledger("add", name, "s", "-t", "inquiry", "--new-customer")
    (broken, _other) = sorted((ledger.path / "customers").iterdir())
    broken.write_text("level: [x\n", "utf-8")
    said = ledger("check", code=4)
    assert "there is no profile" not in said.out + said.err
    assert broken.name in said.out + said.err


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("-q",), ("-f", "json")])
def test_an_import_with_rejected_rows_exits_1_where_that_is_asked(ledger: Ledger, options: tuple[str, ...]) -> None:
    ledger.write(
        "map.yaml",
        "source: shop\nset: {type: inquiry, channel: phone, subject: {column: what}, customer_name: {column: who}, "
        "received_at: {column: at}}\n",
    )
    start = "what,who,at\nbroken,Acme,2024-03-01\n"
    ledger.write("good.csv", start)
    ledger.write("bad.csv", start + "late,Acme,someday\n")
    ledger("import", "good.csv", "--map", "map.yaml", *options)
    ledger("import", "bad.csv", "--map", "map.yaml", *options)
    ledger("import", "bad.csv", "--map", "map.yaml", "--exit-code", *options, code=1)


def test_no_ledger_is_founded_over_a_file_or_in_no_zone(tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("x")
    for folder in ("afile", "afile/below"):
        assert "afile" in run("init", folder, cwd=tmp_path, code=2).err
    assert "Mars/X" in run("init", "new", "--timezone", "Mars/X", cwd=tmp_path, code=2).err
    assert [path.name for path in tmp_path.iterdir()] == ["afile"]


@pytest.mark.parametrize("fmt", ["csv", "tsv"])
def test_a_history_is_not_left_out_in_silence(ledger: Ledger, fmt: str) -> None:
    (one,) = ledger.add({})
    assert "-f json" in ledger("show", one, "--history", "-f", fmt, code=2).err
    assert ledger("show", one, "-f", fmt).out


def test_an_empty_idempotency_key_is_refused(ledger: Ledger) -> None:
    before = ledger.files()
    add = ("add", "A", "s", "-t", "inquiry", "--one-off")
    assert "empty" in ledger(*add, "--idempotency-key", "", code=2).err
    one = {"customer": "A", "subject": "s", "type": "inquiry", "idempotency_key": ""}
    assert "empty" in ledger("add", "--json", "--one-off", stdin=json.dumps(one), code=2).err
    assert ledger.files() == before
    ledger("add", "--json", "--one-off", stdin=json.dumps({**one, "idempotency_key": None}))


def test_an_empty_option_empties_the_field_of_a_profile(ledger: Ledger) -> None:
    ledger("customer", "add", "Acme", "--short-name", "AC", "--phone", "")
    assert ledger.json("customer", "edit", "Acme", "--short-name", "")["short_name"] is None
    assert "needs a name" in ledger("customer", "edit", "Acme", "--name", "", code=2).err


@pytest.mark.parametrize("field", ["subject", "description", "customer", "order_no"])
def test_a_nul_character_is_refused(ledger: Ledger, field: str) -> None:
    before = ledger.files()
    one = {"customer": "A", "subject": "s", "type": "inquiry", "channel": "phone", field: "a\0b"}
    assert "NUL" in ledger("add", "--json", "--one-off", stdin=json.dumps(one), code=2).err
    assert ledger.files() == before
