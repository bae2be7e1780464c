"""The two-person rule: what policy guards is done by one person and approved by another before."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance_helper import Ledger
from gate_helper import APPROVAL, CLERK, LEAD, MANAGER, PEOPLE

CRITICAL = {"category": "quality", "severity": "safety", "type": "complaint", "batch": "B1"}
CLOSE = ("--satisfaction", "5")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger")
    made.policy(PEOPLE + APPROVAL)
    return made


def resolved(ledger: Ledger, **more: str) -> str:
    (one,) = ledger.add({**CRITICAL, **more})
    ledger("assign", one, "李雷", "--as", MANAGER)
    ledger("update", one, "--resolution", "recalled", "--as", CLERK)
    return one


def test_closing_waits_for_a_second_person_and_the_refusal_names_the_command(ledger: Ledger) -> None:
    one = resolved(ledger)
    told = ledger("close", one, *CLOSE, "--as", CLERK, code=2).err
    assert told == (
        f"exlog: {one}: closing it needs the approval of a second person (rule 1: Urgency = critical); "
        f"exlog approve {one} --for close (王芳, 赵敏 may do it)\n"
    )
    ledger("approve", one, "--for", "close", "--reason", "seen", "--as", LEAD)
    ledger("close", one, *CLOSE, "--as", CLERK)
    event = next(event for event in ledger.events() if event["action"] == "approve")
    assert (event["actor"], event["new"], event["note"], event["field"]) == (LEAD, "close", "seen", "")
    ledger("check")


def test_ones_own_approval_does_not_count_under_either_name(ledger: Ledger) -> None:
    one = resolved(ledger)
    ledger("approve", one, "--for", "close", "--as", "赵敏")
    assert "王芳 may do it" in ledger("close", one, *CLOSE, "--as", LEAD, code=2).err
    assert "you approved it already" in ledger("approve", one, "--for", "close", "--as", LEAD).err
    ledger("close", one, *CLOSE, "--as", MANAGER)


def test_who_may_not_approve_is_refused(ledger: Ledger) -> None:
    one = resolved(ledger)
    assert "lacks the permission approve" in ledger("approve", one, "--for", "close", "--as", CLERK, code=2).err


def test_review_lists_what_waits_for_a_second_person_with_the_command(ledger: Ledger) -> None:
    one, mild = resolved(ledger), resolved(ledger, severity="minor")
    (early,) = ledger.add(CRITICAL)
    found = {line["id"]: line for line in ledger.json("review") if line["kind"] == "unapproved"}
    assert set(found) == {one} and {mild, early}.isdisjoint(found)
    assert "rule 1: Urgency = critical" in found[one]["text"]
    ledger(*found[one]["command"].split()[1:], "--as", LEAD)
    assert all(line["kind"] != "unapproved" for line in ledger.json("review"))
    ledger("update", one, "--set", "severity=major", "--as", MANAGER)
    ledger("update", one, "--urgency", "critical", "--reason", "x", "--as", MANAGER, code=None)
    assert any(line["kind"] == "unapproved" for line in ledger.json("review")), "the approval fell with the change"


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        (("--resolution", "something else"), False),
        (("--set", "cause=design"), False),
        (("--set", "severity=minor"), False),
        (("--note", "customer called"), True),
        (("--set", "order_no=7"), True),
    ],
)
def test_an_approval_stands_until_what_it_was_about_changes(
    ledger: Ledger, change: tuple[str, str], stands: bool
) -> None:
    one = resolved(ledger)
    ledger("approve", one, "--for", "close", "--as", LEAD)
    ledger("update", one, *change, "--as", CLERK)
    ledger("close", one, *CLOSE, "--as", CLERK, code=0 if stands else 2)


def test_an_approval_is_used_once(ledger: Ledger) -> None:
    one = resolved(ledger)
    ledger("approve", one, "--for", "close", "--as", LEAD)
    ledger("close", one, *CLOSE, "--as", CLERK)
    ledger("reopen", one, "--reason", "again", "--as", MANAGER)
    ledger("update", one, "--resolution", "recalled", "--as", CLERK)
    assert "exlog approve" in ledger("close", one, *CLOSE, "--as", CLERK, code=2).err


def test_the_command_that_closes_cannot_change_what_was_approved_nor_lower_it_out_of_the_rule(ledger: Ledger) -> None:
    one = resolved(ledger)
    ledger("approve", one, "--for", "close", "--as", LEAD)
    told = ledger("close", one, *CLOSE, "--resolution", "nothing", "--as", CLERK, code=2).err
    assert "approves resolution before it is closed" in told and f"exlog update {one}" in told
    assert "approves severity" in ledger("close", one, *CLOSE, "--set", "severity=minor", "--as", CLERK, code=2).err
    ledger("close", one, *CLOSE, "--as", CLERK)


def test_the_rule_asks_only_for_what_it_names(ledger: Ledger) -> None:
    (one,) = ledger.add({})
    ledger("assign", one, "李雷", "--as", MANAGER)
    ledger("close", one, "--resolution", "r", *CLOSE, "--as", CLERK)
    assert "is closed already" in ledger("approve", one, "--for", "close", "--as", LEAD, code=2).err
    (two,) = ledger.add({})
    assert "no approval is asked for" in ledger("approve", two, "--for", "close", "--as", LEAD, code=2).err
    assert "needs no approval" in ledger("approve", two, "--for", "reopen", "--as", LEAD, code=2).err
    told = ledger("close", two, "--invalid", "--reason", "spam", "--as", LEAD, code=2).err
    assert f"exlog approve {two} --for invalidate" in told
    ledger("approve", two, "--as", MANAGER)
    ledger("close", two, "--invalid", "--reason", "spam", "--as", LEAD)


def test_what_could_be_approved_for_two_things_is_named(ledger: Ledger) -> None:
    one = resolved(ledger)
    assert "may be for close, invalidate; exlog approve" in ledger("approve", one, "--as", LEAD, code=2).err


def test_conditions_may_ask_the_customer_and_roles_are_not_needed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy("approval:\n  - {for: close, when: {customer.level: strategic}}\n")
    customer = ledger("customer", "add", "Big", "--level", "strategic", "-q").out.strip()
    (one,) = ledger.add({"customer": customer}, flags=())
    ledger("assign", one, "bob")
    ledger("update", one, "--resolution", "r")
    assert "(anybody but ann)" in ledger("close", one, *CLOSE, code=2).err
    ledger("approve", one, "--as", "bob")
    ledger("close", one, *CLOSE)
