"""Roles of exlog.yaml: who may do what, asked by each command before it writes, and what is refused in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance_helper import Ledger
from gate_helper import CLERK, LEAD, MANAGER, PEOPLE

from exlog import roles
from exlog.workflow import Event

MAP = """\
source: s
set:
  {type: inquiry, channel: online, subject: {column: title}, customer_name: W, received_at: "2024-03-01"}
"""
OLD = "2024-02-10T10:00:00+08:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger")
    made.policy(PEOPLE)
    return made


def refused(ledger: Ledger, who: str, *args: str) -> str:
    """The one line of a refusal that changed nothing."""
    before = ledger.files()
    done = ledger(*args, "--as", who, code=2)
    assert done.out == "" and done.err.count("\n") == 1
    assert ledger.files() == before
    return done.err


def test_a_refusal_says_who_lacks_what_in_which_role_and_who_may(ledger: Ledger) -> None:
    (one,) = ledger.add({})
    told = refused(ledger, "李雷", "assign", one, "王芳")
    assert told == "exlog: 李雷 (role clerk) lacks the permission assign; 王芳, 赵敏 may do it\n"


@pytest.mark.parametrize("who", ["赵敏", LEAD, LEAD.upper()])
def test_a_person_is_known_by_name_and_by_address(ledger: Ledger, who: str) -> None:
    (one,) = ledger.add({})
    ledger("assign", one, "李雷", "--as", who)


def test_who_is_not_under_people_or_left_has_the_default_role(ledger: Ledger) -> None:
    ledger.rule("role: manager}", "role: manager, until: 2024-03-14}")
    ledger.rule("role: clerk}", "role: manager}")
    (one,) = ledger.add({})  # default may record
    for who in ("somebody@example.com", "王芳"):
        assert f"{who} (role default) lacks the permission update" in refused(ledger, who, "update", one, "--note", "x")


def test_without_roles_everybody_may_do_everything(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy("people:\n  王芳: {role: whatever}\n")
    (one,) = ledger.add({})
    ledger("close", one, "--invalid", "--reason", "x", "--as", "anybody")


def test_each_command_asks_for_its_permission(ledger: Ledger, tmp_path: Path) -> None:
    ledger.rule("clerk: [record, update, close]", "clerk: []")
    (tmp_path / "in.csv").write_text("title\nx\n")
    (tmp_path / "map.yaml").write_text(MAP)
    (one,) = ledger.add({})
    (two,) = ledger.add({}, now=OLD)
    ledger("update", one, "--set", "owner=赵敏", "--as", MANAGER)
    ledger("close", two, "--invalid", "--reason", "x", "--as", MANAGER, now=OLD)
    asked = {
        "record": ("add", "A", "S", "-t", "inquiry", "--one-off"),
        "assign": ("update", one, "--set", "owner=李雷"),
        "update": ("update", one, "--note", "x"),
        "close": ("close", one, "--resolution", "r", "--satisfaction", "4"),
        "invalidate": ("close", one, "--invalid", "--reason", "x"),
        "reopen": ("reopen", two, "--reason", "x"),
        "edit_customers": ("customer", "add", "A"),
        "archive": ("archive",),
        "adopt": ("check", "--adopt"),
        "approve": ("approve", one),
        "import": ("import", str(tmp_path / "in.csv"), "--map", str(tmp_path / "map.yaml")),
    }
    for permission, args in asked.items():
        assert f"{CLERK} (role clerk) lacks the permission {permission};" in refused(ledger, CLERK, *args), args


def test_who_may_close_resolves_on_the_way_and_a_new_customer_needs_its_own_permission(ledger: Ledger) -> None:
    ledger.rule("clerk: [record, update, close]", "clerk: [record, close]")
    (one,) = ledger.add({})
    ledger("assign", one, "李雷", "--as", MANAGER)
    ledger("close", one, "--resolution", "r", "--satisfaction", "4", "--as", CLERK)
    told = refused(ledger, CLERK, "add", "New Co", "S", "-t", "inquiry", "--new-customer")
    assert "edit_customers; 王芳, 赵敏 may" in told


def test_where_nobody_has_a_permission_the_refusal_says_so(ledger: Ledger) -> None:
    ledger.rule("\n  manager: [all]", "\n  manager: [change_policy]")
    (one,) = ledger.add({})
    assert "nobody under people may do it" in refused(ledger, MANAGER, "reopen", one, "--reason", "x")


BAD = {
    "an unknown permission": ("roles:\n  default: [all]\n  clerk: [fly]  # here\n", "roles.clerk.0", "fly", "assign"),
    "a permission that is no list": ("roles:\n  default: all  # here\n", "roles.default", "must be a list", "line"),
    "a role that is not there": (
        "people:\n  A: {role: boss}  # here\nroles:\n  default: [all]\n", "people.A.role", "boss", "default",
    ),
    "nobody who may change the policy": ("roles:  # here\n  default: [record]\n", "roles", "nobody", "change_policy"),
    "no roles": ("roles: {}  # here\n", "roles", "nobody", "change_policy"),
    "an address with two roles": (
        "people:\n  A: {role: x, email: a@x}\n  B: {email: A@x}  # here\nroles: {default: [all], x: []}\n",
        "people.B.email", "A", "own",
    ),
    "roles in a list": ("roles: [clerk]  # here\n", "roles", "keys and values", "indent"),
    "an approval for what needs none": ("approval:\n  - {for: add}  # here\n", "approval.0.for", "add", "invalidate"),
    "an approval for nothing": ("approval:\n  - {when: {}}  # here\n", "approval.0.for", "missing", "add it"),
    "an approval that an earlier one takes": (
        "approval:\n  - {for: close}\n  - {for: close, when: {urgency: high}}  # here\n",
        "approval.1", "rule 1", "before",
    ),
    "an unknown field in a condition": (
        "approval:\n  - {for: close, when: {urgncy: high}}  # here\n", "approval.0.when.urgncy", "urgncy", "urgency",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_in_the_file_is_named_with_line_key_and_remedy(tmp_path: Path, name: str) -> None:
    text, key, says, remedy = BAD[name]
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy(text)
    line = next(n for n, part in enumerate(ledger.text("exlog.yaml").split("\n"), 1) if part.endswith("# here"))
    told = ledger("list", code=4).err
    assert told.startswith(f"exlog: exlog.yaml:{line}: {key}: "), told
    message, _semicolon, advice = told.rpartition("; ")
    assert says in message and (remedy in advice or remedy in message), told


def test_what_a_merge_makes_one_value_of_needs_no_permission_and_anything_else_does() -> None:
    merged = Event("merge", "assigned_at", "2024-03-15T15:00:00+08:00", "2024-03-15T14:00:00+08:00")
    assert roles.needed("F20240315001", [merged]) == []
    assert roles.needed("F20240315001", [Event("merge", "subject", "a", "b")]) == ["update"]
    assert roles.needed("F20240315001", [Event("merge", "owner", "a", "b")]) == ["assign"]
