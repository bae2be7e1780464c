"""Whose record it is: an id means that profile or nobody, and a wrong customer can be corrected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acceptance_helper import Ledger, Result


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "l", "--lang", "en")
    ledger("customer", "add", "Acme Shanghai", "--level", "standard")
    ledger("customer", "add", "Beta", "--level", "strategic")
    return ledger


ACME, BETA, NOBODY = "C20240315001", "C20240315002", "C20240315099"


def add(ledger: Ledger, *flags: str, code: int = 0, **fields: str | None) -> Result:
    one = {"subject": "s", "type": "inquiry", **fields}
    return ledger("add", "--json", "-q", *flags, stdin=json.dumps(one), code=code)


@pytest.mark.parametrize("flag", [(), ("--one-off",), ("--new-customer",)])
def test_a_customer_id_is_that_of_a_profile_and_no_name(ledger: Ledger, flag: tuple[str, ...]) -> None:
    before = ledger.files()
    for text in ("Acme", "Acme Shanghai", "20240315001", NOBODY):
        add(ledger, *flag, customer_id=text, code=5)
    assert ledger.files() == before
    (one,) = add(ledger, *flag, customer_id=ACME.lower()).out.split()
    assert ledger.show(one)["customer_name"] == "Acme Shanghai"
    (one,) = add(ledger, customer="Acme", customer_id=None).out.split()
    assert ledger.show(one)["customer_id"] == ACME


@pytest.mark.parametrize("flag", [(), ("--one-off",), ("--new-customer",)])
def test_a_mistyped_id_becomes_nobody_s_name(ledger: Ledger, flag: tuple[str, ...]) -> None:
    before = ledger.files()
    for text in (NOBODY, "c99999999999"):
        assert text in ledger("add", text, "s", "-t", "inquiry", *flag, code=5).err
    assert ledger.files() == before


def test_a_wrong_customer_is_corrected(ledger: Ledger) -> None:
    (one,) = add(ledger, customer_id=ACME, order_value="20000").out.split()
    assert "--set customer_id=" in ledger("update", one, "--set", "customer_name=Beta", code=2).err
    ledger("update", one, "--set", "customer_id=Beta", code=5)
    ledger("update", one, "--set", "customer_id=", code=5)
    low = ledger.show(one)["urgency"]
    ledger("update", one, "--set", f"customer_id={BETA}")
    shown = ledger.show(one)
    assert (shown["customer_id"], shown["customer_name"]) == (BETA, "Beta")
    assert shown["urgency"] != low
    told = {event["field"]: (event["old"], event["new"]) for event in ledger.events() if event["action"] == "update"}
    assert told == {"customer_id": (ACME, BETA), "customer_name": ("Acme Shanghai", "Beta")}
    ledger("update", one, "--set", f"customer_id={ACME}")
    assert ledger.show(one)["urgency"] == low, "a correction lowers it too"
    ledger("check")
    ledger("undo")
    assert ledger.show(one)["customer_name"] == "Beta"
