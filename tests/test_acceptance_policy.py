"""What exlog.yaml makes of a record: how urgent it is, who gets it, by when it is due, and what closes the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import CODES, NOW, Ledger, Result
from faults.process import forked

Row = dict[str, Any]

SERVICE: Row = {"type": "complaint", "category": "service"}
DUE_LOW = "2024-03-22T18:00:00+08:00"  # the fifth working day after Friday, 15 March 2024
DUE_MEDIUM = "2024-03-20T18:00:00+08:00"  # the third
DUE_HIGH = "2024-03-19T18:00:00+08:00"  # the second
DUE_CRITICAL = "2024-03-18T14:30:00+08:00"  # 3.5 of 8 hours on Friday, 3 on Monday morning, 1.5 after lunch


class Quick(Ledger):
    """A ledger whose commands run in a fork of this process, which has the modules loaded already."""

    def __call__(
        self, *args: str, code: int | None = 0, stdin: str = "", now: str | None = None, **env: str | None
    ) -> Result:
        more = {name: text for name, text in env.items() if text is not None}
        if now:
            more["EXLOG_NOW"] = now
        done = forked("-C", str(self.path), *args, env=more, stdin=stdin.encode(), repeatable=False)
        told = f"exlog {' '.join(args)} -> {done}"
        assert "Traceback" not in done.err, told
        assert done.code == code if code is not None else done.code in CODES, told
        return Result(*done)

    def event(self, record: str, field: str) -> Row:
        """The newest event of a field, as ``show --history -f json`` has it."""
        found = [event for event in self.json("show", record, "--history")["history"] if event["field"] == field]
        assert found, f"nothing happened to {field}"
        newest: Row = found[-1]
        return newest

    def section(self, key: str, text: str) -> None:
        """Put a top-level section into exlog.yaml in place of the one that is there."""
        lines = self.text("exlog.yaml").split("\n")
        if f"{key}:" in lines:
            start = lines.index(f"{key}:")
            end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith(" "))
            del lines[start:end]
        self.write("exlog.yaml", "\n".join(lines).rstrip("\n") + f"\n{key}:{text}\n")


@pytest.fixture
def ledger(tmp_path: Path) -> Quick:
    return Quick(tmp_path / "ledger")


def shown(ledger: Ledger, record: str, *names: str) -> tuple[Any, ...]:
    row = ledger.show(record)
    return tuple(row[name] for name in names)


# Urgency: the sum, the levels, the floors


def test_each_factor_adds_its_points_and_a_score_that_equals_a_bound_reaches_the_level(ledger: Quick) -> None:
    """5 points of a standard level where none is known; the bounds are 35, 60 and 80."""
    for level in ("standard", "vip", "strategic"):
        ledger("customer", "add", f"{level} Ltd", "--level", level)
    cases: list[tuple[str, Row]] = [
        ("low", {}),  # 5
        ("low", {"severity": "minor"}),  # 4 + 5
        ("low", {"severity": "moderate"}),  # 20 + 5
        ("medium", {"severity": "major"}),  # 30 + 5 = 35
        ("low", {"severity": "moderate", "order_value": "9999.99"}),  # 20 + 5 + 2
        ("medium", {"severity": "moderate", "order_value": "10000"}),  # 20 + 5 + 12
        ("medium", {"severity": "major", "order_value": "100000"}),  # 30 + 5 + 20
        ("low", {"customer": "standard Ltd", "severity": "moderate"}),  # 20 + 5
        ("medium", {"customer": "vip Ltd", "severity": "moderate"}),  # 20 + 17.5
        ("medium", {"customer": "vip Ltd", "severity": "major", "order_value": "99999"}),  # 30 + 17.5 + 12 = 59.5
        ("high", {"customer": "vip Ltd", "severity": "major", "order_value": "100000"}),  # 30 + 17.5 + 20
        ("medium", {"customer": "strategic Ltd", "severity": "major"}),  # 30 + 25
        ("high", {"customer": "strategic Ltd", "severity": "major", "order_value": "10000"}),  # 30 + 25 + 12
    ]
    ids = ledger.add(*(case for _level, case in cases))
    rows = {row["id"]: row for row in ledger.json("list")}
    assert [rows[one]["urgency"] for one in ids] == [level for level, _case in cases]
    assert {(row["urgency_by"], row["urgency_rated"] == row["urgency"]) for row in rows.values()} == {
        ("computed", True)
    }


def test_floors_raise_what_scores_low(ledger: Quick) -> None:
    safety, quality, praise = ledger.add(
        {"severity": "safety"}, {"type": "complaint", "category": "quality"}, {"type": "praise", "category": "quality"}
    )
    assert [ledger.show(one)["urgency"] for one in (safety, quality, praise)] == ["critical", "high", "low"]


def test_two_repeats_of_a_large_order_are_critical(ledger: Quick) -> None:
    first, second, third, fourth = ledger.add(
        *({**SERVICE, "order_value": value} for value in ("10000", "10000", "10000", "9999"))
    )
    assert [ledger.show(one)["urgency"] for one in (first, second)] == ["low", "low"]
    assert ledger.show(third)["urgency"] == "critical"
    assert ledger.show(fourth)["urgency"] == "low"  # 5 + 2 + 15


def test_repeats_are_of_one_customer_and_category_within_ninety_days(ledger: Quick) -> None:
    """Minor, 10000, of a VIP: 4 + 17.5 + 12 = 33.5 is low; with one repeat 36.5 is medium."""
    for name in ("Nova", "Orion", "Pluto", "Quasar"):
        ledger("customer", "add", name, "--level", "vip")
    ledger.add(
        {"customer": "Nova", **SERVICE},
        {"customer": "Orion", "type": "complaint", "category": "other"},
        now="2024-01-10T09:00:00+08:00",
    )
    ledger.add({"customer": "Pluto", **SERVICE, "received_at": "2023-12-16 14:30"})  # 90 days to the minute
    ledger.add({"customer": "Quasar", **SERVICE, "received_at": "2023-12-16 14:29"})
    facts = {**SERVICE, "severity": "minor", "order_value": "10000"}
    found = {
        name: ledger.show(ledger.add({"customer": name, **facts})[0])["urgency"]
        for name in ("Nova", "Orion", "Pluto", "Quasar")
    }
    assert found == {"Nova": "medium", "Orion": "low", "Pluto": "medium", "Quasar": "low"}


def test_an_archived_record_is_a_repeat_as_well(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "vip")
    early = "2024-01-10T09:00:00+08:00"
    (old,) = ledger.add({"customer": "Nova", **SERVICE, "owner": "bob"}, now=early)
    ledger("close", old, "--resolution", "done", "--satisfaction", "5", now=early)
    ledger("archive", now="2024-02-02T09:00:00+08:00")
    assert old not in ledger.text()
    (again,) = ledger.add({"customer": "Nova", **SERVICE, "severity": "minor", "order_value": "10000"})
    assert ledger.show(again)["urgency"] == "medium"


def test_add_prints_the_urgency_and_the_due_time(ledger: Quick) -> None:
    told = ledger("add", "Nova", "sparks", "-t", "inquiry", "--severity", "safety", "--one-off")
    assert "critical" in told.out and DUE_CRITICAL[:16] in told.out


def test_a_ledgers_own_factors_levels_and_floors_are_used(ledger: Quick) -> None:
    """Own fields, the customer's region and words in Chinese; a level that is not listed is never given."""
    ledger.policy(
        "fields:\n  - {name: warranty, kind: choice, choices: [in, out]}\n"
        "aliases:\n  urgency: {急: high}\n"
        "urgency:\n"
        "  levels: [{key: 急, min: 50}, {key: 低, min: 0}]\n"
        "  factors:\n"
        "    - {field: warranty, weight: 49.5, map: {in: 1, out: 0.5}}\n"
        "    - {field: customer.region, weight: 50, map: {华东: 0.505, 华北: 0.5}}\n"
        "    - {field: channel, weight: 0.5, map: {电话: 1}}\n"
        "  floors: [{when: {type: 投诉, batch: '!='}, at_least: 紧急}]\n"
    )
    ledger("customer", "add", "东", "--region", "华东")
    ledger("customer", "add", "北", "--region", "华北")
    ids = ledger.add(
        {"customer": "东", "warranty": "out"},  # 24.75 + 25.25 + 0.5
        {"customer": "东", "warranty": "out", "channel": "email"},  # 50, exactly
        {"customer": "北", "warranty": "out", "channel": "email"},  # 49.75
        {"customer": "北", "warranty": "in"},  # 75
        {"type": "complaint", "category": "other"},
        {"type": "complaint", "category": "other", "batch": "B7"},
    )
    assert [ledger.show(one)["urgency"] for one in ids] == ["high", "high", "low", "high", "low", "high"]


@pytest.mark.parametrize(
    ("word", "key"),
    [("极高", "critical"), ("特急", "critical"), ("紧急", "high"), ("高", "high"), ("URGENT", "high"),
     ("一般", "medium"), ("中", "medium"), ("低", "low")],
)  # fmt: skip
def test_an_urgency_is_understood_by_its_label_and_its_aliases(ledger: Quick, word: str, key: str) -> None:
    made = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", "--urgency", word, "--reason", "客户要求", "-q")
    record = made.out.strip()
    assert shown(ledger, record, "urgency", "urgency_by") == (key, "manual")
    assert ledger.ids("list", "--urgency", word) == [record]


# Urgency by hand, and what moves it later


def test_an_urgency_by_hand_needs_a_reason_and_keeps_it_in_the_history(ledger: Quick) -> None:
    before = ledger.files()
    refused = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", "--urgency", "high", code=2)
    assert "--reason" in refused.err and ledger.files() == before
    (record,) = ledger.add({})
    assert "--reason" in ledger("update", record, "--urgency", "high", code=2).err
    ledger("update", record, "--urgency", "紧急", "--reason", "总经理的客户")
    assert shown(ledger, record, "urgency", "urgency_by", "urgency_rated", "due_at") == (
        "high", "manual", "low", DUE_HIGH,
    )  # fmt: skip
    event = ledger.event(record, "urgency")
    assert (event["old"], event["new"], event["note"], event["actor"]) == ("low", "high", "总经理的客户", "tester")


def test_a_customer_who_rises_raises_an_open_record_when_a_command_touches_it(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "standard")
    touched, begun, resolved = ledger.add(
        *({"customer": "Nova", "severity": "major", "order_value": "10000"},) * 2,
        {"customer": "Nova", "severity": "major", "order_value": "10000", "owner": "bob"},
    )
    ledger("update", resolved, "--resolution", "told")
    assert shown(ledger, touched, "urgency", "due_at") == ("medium", DUE_MEDIUM)  # 30 + 5 + 12
    ledger("customer", "edit", "Nova", "--level", "战略客户")
    assert ledger.show(touched)["urgency"] == "medium"
    told = ledger("update", touched, "--note", "已联系供应商")  # 30 + 25 + 12
    assert f"{touched}: urgency medium → high (score 67)" in told.err
    assert shown(ledger, touched, "urgency", "urgency_by", "due_at") == ("high", "computed", DUE_HIGH)
    event = ledger.event(touched, "urgency")
    assert (event["action"], event["old"], event["new"], event["note"]) == ("rate", "medium", "high", "score 67")
    assert ledger.event(touched, "due_at")["new"] == DUE_HIGH
    ledger("assign", begun, "bob")
    assert ledger.show(begun)["urgency"] == "high"
    ledger("update", resolved, "--note", "told again")
    assert ledger.show(resolved)["urgency"] == "medium", "what is resolved is left as it is"
    ledger("check", now="2024-03-16T00:00:00+08:00")


def test_a_customer_who_falls_lowers_nothing(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "strategic")
    (record,) = ledger.add({"customer": "Nova", "severity": "major", "order_value": "10000"})
    ledger("customer", "edit", "Nova", "--level", "standard")
    ledger("update", record, "--note", "x")
    assert shown(ledger, record, "urgency", "due_at") == ("high", DUE_HIGH)


def test_a_repeat_raises_the_earlier_open_record_when_a_command_touches_it(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "strategic")
    (first,) = ledger.add({"customer": "Nova", **SERVICE, "severity": "major"})  # 55
    ledger.add(*({"customer": "Nova", **SERVICE},) * 2)
    assert ledger.show(first)["urgency"] == "medium"
    ledger("update", first, "--note", "x")  # 55 + 9
    assert ledger.show(first)["urgency"] == "high"
    assert ledger.event(first, "urgency")["note"] == "score 64"


def test_duplicates_and_invalid_records_are_no_repeats(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "strategic")
    first, second, third = ledger.add(
        {"customer": "Nova", **SERVICE, "severity": "major"}, *({"customer": "Nova", **SERVICE},) * 2
    )
    ledger("close", second, "--duplicate-of", first, "--reason", "same call")
    ledger("update", first, "--note", "x")  # 55 + 3
    assert ledger.show(first)["urgency"] == "medium"
    ledger("close", third, "--invalid", "--reason", "a test")
    (later,) = ledger.add({"customer": "Nova", **SERVICE, "severity": "minor", "order_value": "10000"})
    assert ledger.show(later)["urgency"] == "medium"  # 4 + 25 + 12 + 3: the first is the one repeat


def test_an_urgency_by_hand_is_never_lowered(ledger: Quick) -> None:
    made = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", "--severity", "major",
                  "--urgency", "critical", "--reason", "the press asks", "-q")  # fmt: skip
    record = made.out.strip()
    for change in (("--note", "x"), ("--set", "severity=minor"), ("--set", "order_value=5")):
        ledger("update", record, *change)
        assert shown(ledger, record, "urgency", "urgency_by", "due_at") == ("critical", "manual", DUE_CRITICAL)


def test_an_urgency_by_hand_is_raised_only_where_the_facts_rose(ledger: Quick) -> None:
    (record,) = ledger.add({"severity": "major", "order_value": "10000"})  # 47: medium
    ledger("update", record, "--urgency", "low", "--reason", "spoke to them, no hurry")
    for change in (("--note", "x"), ("--set", "region=华东"), ("--set", "order_value=20000")):
        ledger("update", record, *change)
        assert shown(ledger, record, "urgency", "urgency_by") == ("low", "manual"), change
    told = ledger("update", record, "--set", "severity=safety")
    assert "low → critical" in told.err
    assert shown(ledger, record, "urgency", "urgency_by") == ("critical", "computed")
    assert ledger.event(record, "urgency")["action"] == "rate"


def test_an_urgency_by_hand_holds_although_the_facts_rose_in_the_same_command(ledger: Quick) -> None:
    (record,) = ledger.add({"severity": "major"})  # medium
    ledger("update", record, "--set", "severity=safety", "--urgency", "medium", "--reason", "a false alarm")
    assert shown(ledger, record, "urgency", "urgency_by") == ("medium", "manual")
    ledger("update", record, "--note", "checked on site")
    assert ledger.show(record)["urgency"] == "medium"


def test_correcting_a_fact_lowers_a_computed_urgency_and_moves_the_due_time(ledger: Quick) -> None:
    (record,) = ledger.add({"severity": "safety"})
    assert shown(ledger, record, "urgency", "due_at") == ("critical", DUE_CRITICAL)
    told = ledger("update", record, "--set", "severity=轻微")
    assert "critical → low" in told.err
    assert shown(ledger, record, "urgency", "urgency_by", "due_at") == ("low", "computed", DUE_LOW)
    assert [ledger.event(record, name)["old"] for name in ("urgency", "due_at")] == ["critical", DUE_CRITICAL]


def test_rate_takes_anew_what_was_computed_and_what_was_set_by_hand_is_given_back_one_by_one(ledger: Quick) -> None:
    made = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", "--severity", "major", "--urgency", "critical",
                  "--reason", "x", "--set", "due_at=2024-03-29 12:00", "-q")  # fmt: skip
    record = made.out.strip()
    ledger.policy("sla:\n  - {resolve: {from: received_at, to: resolved_at, within: 1wd}}\n")
    ledger("update", record, "--note", "x")
    assert shown(ledger, record, "urgency", "due_at") == ("critical", "2024-03-29T12:00:00+08:00")
    ledger("update", record, "--rate")
    assert shown(ledger, record, "urgency", "urgency_by", "due_at", "due_by") == (
        "critical", "manual", "2024-03-29T12:00:00+08:00", "manual",
    ), "what was set by hand stays"  # fmt: skip
    ledger("update", record, "--urgency", "计算")
    assert shown(ledger, record, "urgency", "urgency_by", "due_by") == ("medium", "computed", "manual")
    ledger("update", record, "--set", "due_at=")
    assert shown(ledger, record, "due_at", "due_by") == ("2024-03-18T18:00:00+08:00", "computed")
    text = ledger.text("exlog.yaml").replace("within: 1wd", "within: 2wd")
    ledger.write("exlog.yaml", text)
    ledger("update", record, "--rate")
    assert shown(ledger, record, "due_at") == ("2024-03-19T18:00:00+08:00",)
    ledger("update", record, "--rate", "--urgency", "low", "--reason", "x", code=2)


# Routing

ROUTING = """\
people:
  李华: {department: 售后部, email: lihua@example.com}
  王强: {department: 质量部, until: 2024-03-14}
  赵敏: {department: 物流部, until: 2024-03-15}
routing:
  - {when: {customer.level: 战略客户}, department: 大客户部, owner: 李华}
  - {when: {category: delivery, region: 华东}, department: 物流部, owner: 赵敏}
  - {when: {category: delivery}, department: 物流部}
  - {when: {product: [P20, P30]}, owner: 王强}
  - {when: {category: quality}, owner: 李华}
"""


def test_the_first_rule_that_matches_routes_a_new_record(ledger: Quick) -> None:
    ledger.policy(ROUTING)
    ledger("customer", "add", "Nova", "--level", "strategic")
    delivery = {"type": "complaint", "category": "delivery", "order_no": "SO-1"}
    quality = {"type": "complaint", "category": "quality", "batch": "B7"}
    cases: list[tuple[Row, str | None, str | None]] = [
        ({**delivery, "region": "华东", "customer": "Nova"}, "大客户部", "李华"),
        ({**delivery, "region": "华东"}, "物流部", "赵敏"),  # today is the last day there
        ({**delivery, "region": "华北"}, "物流部", None),
        ({**delivery, "product": "P20"}, "物流部", None),
        ({**quality, "product": "p30"}, "质量部", None),  # 王强 left yesterday: the department keeps it
        ({**quality, "product": "P99"}, "售后部", "李华"),
        ({}, None, None),
    ]
    ids = ledger.add(*(case for case, _department, _owner in cases))
    for record, (case, department, owner) in zip(ids, cases, strict=True):
        row = ledger.show(record)
        assert (row["department"], row["owner"], row["status"]) == (department, owner, "new"), case
        assert row["assigned_at"] == (NOW if department else None), case
    (tomorrow,) = ledger.add({**delivery, "region": "华东"}, now="2024-03-16T09:00:00+08:00")
    assert shown(ledger, tomorrow, "department", "owner") == ("物流部", None), "赵敏 left yesterday"


def test_add_says_whom_a_record_is_routed_to_and_by_which_rule(ledger: Quick) -> None:
    ledger.policy(ROUTING)
    add = ("add", "Nova", "s", "--one-off", "--set", "order_no=1", "--set", "batch=1")
    told = ledger(*add, "-c", "delivery", "--set", "region=华东").err
    assert told.count("\n") == 1 and "物流部 / 赵敏" in told and "rule 2" in told
    gone = ledger(*add, "-c", "quality", "--set", "product=P20").err
    assert "质量部" in gone and "王强 left after 2024-03-14" in gone
    assert ledger(*add, "-c", "other").err == "", "no rule matches: there is nothing to say"


def test_a_rule_that_knows_only_somebody_who_left_routes_to_nobody_and_says_so(ledger: Quick) -> None:
    ledger.policy("people:\n  王强: {until: 2024-03-14}\nrouting:\n  - {when: {type: inquiry}, owner: 王强}\n")
    told = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off")
    assert "not routed" in told.err and "王强 left after 2024-03-14" in told.err
    (row,) = ledger.json("list")
    assert (row["owner"], row["department"], row["assigned_at"]) == (None, None, None)


def test_who_is_named_when_adding_wins_over_the_rules(ledger: Quick) -> None:
    ledger.policy(ROUTING)
    add = ("add", "Nova", "s", "--one-off", "-c", "delivery", "--set", "order_no=1", "-q")
    owned = ledger(*add, "--set", "owner=周杰")
    placed = ledger(*add, "--set", "department=财务部")
    assert "routed" not in owned.err + placed.err
    assert shown(ledger, owned.out.strip(), "owner", "department", "assigned_at") == ("周杰", None, NOW)
    assert shown(ledger, placed.out.strip(), "owner", "department") == (None, "财务部")


def test_a_routed_record_starts_without_being_assigned(ledger: Quick) -> None:
    ledger.policy(ROUTING)
    (record,) = ledger.add({"type": "complaint", "category": "delivery", "order_no": "1", "region": "华东"})
    ledger("update", record, "--status", "in_progress", now="2024-03-15T15:00:00+08:00")
    assert shown(ledger, record, "status", "assigned_at") == ("in_progress", NOW)


def test_routing_asks_a_profile_made_by_the_same_command(ledger: Quick) -> None:
    ledger.policy("routing:\n  - {when: {customer.name: Nova}, department: 大客户部}\n")
    made = ledger("add", "Nova", "s", "-t", "inquiry", "--new-customer", "-q")
    assert ledger.show(made.out.strip())["department"] == "大客户部"


# Due times

TABLE = [
    # Ordinary days: lunch, before hours, after hours, the weekend
    ("2024-03-13 11:30", "1wh", "2024-03-13T13:30"),
    ("2024-03-13 12:10", "1wh", "2024-03-13T14:00"),
    ("2024-03-13 10:00", "2wh", "2024-03-13T12:00"),
    ("2024-03-13 10:00", "3wh", "2024-03-13T14:00"),
    ("2024-03-13 06:00", "1wh", "2024-03-13T10:00"),
    ("2024-03-13 20:00", "1wh", "2024-03-14T10:00"),
    ("2024-03-15 14:30", "8wh", "2024-03-18T14:30"),
    ("2024-03-13 23:59", "1wd", "2024-03-14T18:00"),
    ("2024-03-16 10:00", "1wd", "2024-03-18T18:00"),
    ("2024-03-15 14:30", "24h", "2024-03-16T14:30"),
    ("2024-03-15 11:30", "90m", "2024-03-15T13:00"),
    ("2024-03-15 14:30", "2d", "2024-03-17T14:30"),
    # Spring Festival 2024: off 10 to 17 February; Sundays 4 and 18 work
    ("2024-02-09 16:00", "8wh", "2024-02-18T16:00"),
    ("2024-02-03 10:00", "8wh", "2024-02-04T18:00"),
    ("2024-02-02 17:00", "1wd", "2024-02-04T18:00"),
    ("2024-02-02 17:00", "2wd", "2024-02-05T18:00"),
    ("2024-02-08 11:00", "2wd", "2024-02-18T18:00"),
    ("2024-02-08 11:00", "3wd", "2024-02-19T18:00"),
    ("2024-02-12 10:00", "1wh", "2024-02-18T10:00"),
    ("2024-02-09 16:00", "24h", "2024-02-10T16:00"),
    # National Day 2024: off 1 to 7 October; Sunday 29 September and Saturday 12 October work
    ("2024-09-30 17:30", "1wh", "2024-10-08T09:30"),
    ("2024-09-28 12:00", "2wd", "2024-09-30T18:00"),
    ("2024-09-29 09:00", "16wh", "2024-09-30T18:00"),
    ("2024-10-11 15:00", "1wd", "2024-10-12T18:00"),
    ("2024-10-11 15:00", "2wd", "2024-10-14T18:00"),
    # National Day 2025: off 1 to 8 October; Sunday 28 September and Saturday 11 October work
    ("2025-09-27 20:00", "8wh", "2025-09-28T18:00"),
    ("2025-09-30 18:00", "1wd", "2025-10-09T18:00"),
    ("2025-09-30 18:00", "3wd", "2025-10-11T18:00"),
    ("2025-09-30 15:00", "8wh", "2025-10-09T15:00"),
    ("2025-10-10 17:00", "8wh", "2025-10-11T17:00"),
    # Spring Festival 2026: off 15 to 23 February; Saturdays 14 and 28 work
    ("2026-02-13 16:00", "8wh", "2026-02-14T16:00"),
    ("2026-02-14 17:00", "2wh", "2026-02-24T10:00"),
    ("2026-02-13 09:00", "2wd", "2026-02-24T18:00"),
    ("2026-02-27 16:30", "8wh", "2026-02-28T16:30"),
    ("2026-02-26 10:00", "3wd", "2026-03-02T18:00"),
]


@pytest.fixture(scope="module")
def due_times(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What a ledger says of each line of ``TABLE``; a rule of its own for each time allowed."""
    ledger = Quick(tmp_path_factory.mktemp("due") / "ledger")
    limits = sorted({within for _received, within, _due in TABLE})
    ledger.policy(
        "sla:\n"
        + "".join(
            f"  - {{match: {{batch: {within}}}, resolve: {{from: received_at, to: resolved_at, within: {within}}}}}\n"
            for within in limits
        )
    )
    lines = [{"batch": within, "received_at": received} for received, within, _due in TABLE]
    ids = ledger.add(*lines, now="2026-06-01T09:00:00+08:00")
    rows = {row["id"]: row["due_at"] for row in ledger.json("list")}
    return {(line["received_at"], line["batch"]): rows[one] for line, one in zip(lines, ids, strict=True)}


@pytest.mark.parametrize(("received", "within", "due"), TABLE)
def test_due_times_count_working_time_over_lunch_weekends_and_make_up_days(
    due_times: dict[tuple[str, str], str], received: str, within: str, due: str
) -> None:
    assert due_times[received, within] == f"{due}:00+08:00"


def test_the_due_time_goes_by_the_urgency(ledger: Quick) -> None:
    ids = ledger.add(
        {"severity": "safety"},
        {"type": "complaint", "category": "quality"},
        {"severity": "major"},
        {"severity": "minor"},
    )
    rows = {row["id"]: row for row in ledger.json("list")}
    assert [rows[one]["due_at"] for one in ids] == [DUE_CRITICAL, DUE_HIGH, DUE_MEDIUM, DUE_LOW]
    assert {row["due_by"] for row in rows.values()} == {"computed"}


def test_the_first_sla_rule_that_matches_counts_and_none_is_no_due_time(ledger: Quick) -> None:
    ledger.policy(
        "sla:\n"
        "  - {match: {type: 投诉, category: [quality, delivery]},"
        " resolve: {from: received_at, to: resolved_at, within: {紧急: 4wh, default: 6wh}}}\n"
        "  - {match: {type: complaint}, resolve: {from: received_at, to: resolved_at, within: 1wd}}\n"
    )
    quality, delivery, service, inquiry = ledger.add(
        {"type": "complaint", "category": "quality", "batch": "1"},
        {"type": "complaint", "category": "delivery", "order_no": "1"},
        SERVICE,
        {},
    )
    assert shown(ledger, quality, "due_at") == ("2024-03-18T09:30:00+08:00",)  # 3.5 hours on Friday
    assert shown(ledger, delivery, "due_at") == ("2024-03-18T11:30:00+08:00",)
    assert shown(ledger, service, "due_at") == ("2024-03-18T18:00:00+08:00",)
    assert shown(ledger, inquiry, "due_at", "due_by") == (None, None)


def test_a_second_calendar_goes_by_the_customers_level_or_the_department(ledger: Quick) -> None:
    ledger("customer", "add", "Nova", "--level", "strategic")
    within = "resolve: {from: received_at, to: resolved_at, within: 8wh}"
    ledger.policy(
        "calendars:\n"
        '  hotline: {country: "", hours: {mon-sun: ["00:00-24:00"]}}\n'
        '  depot: {hours: {mon-sat: ["08:00-20:00"]}, extra_holidays: [2024-03-16]}\n'
        "routing:\n  - {when: {category: delivery}, department: 物流部}\n"
        "sla:\n"
        f"  - {{match: {{customer.level: strategic}}, calendar: hotline, {within}}}\n"
        f"  - {{match: {{department: 物流部}}, calendar: depot, {within}}}\n"
        f"  - {{{within}}}\n"
    )
    delivery: Row = {"type": "complaint", "category": "delivery", "order_no": "1"}
    holiday = "2024-04-04T10:00:00+08:00"  # Qingming: off from the 4th to the 6th, Sunday the 7th works
    ids = ledger.add({"customer": "Nova"}, delivery, {})
    ids += ledger.add({"customer": "Nova"}, delivery, {}, now=holiday)
    assert [ledger.show(one)["due_at"] for one in ids] == [
        "2024-03-15T22:30:00+08:00",
        "2024-03-18T10:30:00+08:00",  # 5.5 hours on Friday, none on Saturday the 16th, 2.5 on Monday
        "2024-03-18T14:30:00+08:00",
        "2024-04-04T18:00:00+08:00",
        "2024-04-07T16:00:00+08:00",  # Sunday has Monday's hours
        "2024-04-07T18:00:00+08:00",
    ]


def test_a_calendar_in_another_timezone_has_its_own_day(ledger: Quick) -> None:
    ledger.policy(
        "calendars:\n"
        '  berlin: {timezone: Europe/Berlin, country: DE, hours: {mon-fri: ["09:00-17:00"]}}\n'
        "sla:\n  - {calendar: berlin, resolve: {from: received_at, to: resolved_at, within: 8wh}}\n"
    )
    (record,) = ledger.add({})  # 07:30 on Friday in Berlin
    assert ledger.show(record)["due_at"] == "2024-03-16T00:00:00+08:00"
    (easter,) = ledger.add({}, now="2024-03-29T00:00:00+08:00")  # Thursday 17:00; then Easter, then summer time
    assert ledger.show(easter)["due_at"] == "2024-04-02T23:00:00+08:00"


def test_a_ledger_in_another_timezone_keeps_its_own_holidays_and_summer_time(tmp_path: Path) -> None:
    ledger = Quick(tmp_path / "ledger")
    ledger.section("calendar", "\n  timezone: Europe/Berlin\n  country: DE")
    ledger.policy(
        "sla:\n"
        "  - {match: {batch: 24h}, resolve: {from: received_at, to: resolved_at, within: 24h}}\n"
        "  - {resolve: {from: received_at, to: resolved_at, within: 8wh}}\n"
    )
    working, elapsed = ledger.add(
        {"received_at": "2024-03-28 16:00"},  # Good Friday to Easter Monday are off
        {"received_at": "2024-03-30 12:00", "batch": "24h"},  # the night is an hour shorter
        now="2024-04-05T12:00:00+02:00",
    )
    assert ledger.show(working)["due_at"] == "2024-04-02T16:00:00+02:00"
    assert ledger.show(elapsed)["due_at"] == "2024-03-31T13:00:00+02:00"


def test_a_calendar_without_a_country_knows_no_holidays(ledger: Quick) -> None:
    ledger.section("calendar", '\n  timezone: America/New_York\n  hours: {mon-fri: ["09:00-17:00"]}')
    (record,) = ledger.add({"severity": "safety"}, now="2024-07-03T16:00:00-04:00")
    assert ledger.show(record)["due_at"] == "2024-07-04T16:00:00-04:00"


def test_local_extra_workdays_and_extra_holidays_count(ledger: Quick) -> None:
    ledger.rule("extra_workdays: []", "extra_workdays: [2024-03-16, 2024-04-05]")
    ledger.rule("extra_holidays: []", "extra_holidays: [2024-03-18, 2024-04-07]")
    ledger.policy("sla:\n  - {resolve: {from: received_at, to: resolved_at, within: 8wh}}\n")
    (record,) = ledger.add({})
    assert ledger.show(record)["due_at"] == "2024-03-16T14:30:00+08:00"
    (late,) = ledger.add({}, now="2024-03-16T17:00:00+08:00")
    assert ledger.show(late)["due_at"] == "2024-03-19T17:00:00+08:00"
    (qingming,) = ledger.add({}, now="2024-04-03T17:00:00+08:00")
    assert ledger.show(qingming)["due_at"] == "2024-04-05T17:00:00+08:00", "a local workday wins over the holiday"
    (after,) = ledger.add({}, now="2024-04-05T17:00:00+08:00")
    assert ledger.show(after)["due_at"] == "2024-04-08T17:00:00+08:00", "a local holiday wins over the make-up day"


UNKNOWN_YEAR = "2041-03-15T10:00:00+08:00"  # no decree is made so far ahead


def test_a_year_whose_make_up_days_are_not_announced_is_warned_of_once(ledger: Quick) -> None:
    add = ("add", "--json", "--one-off", "-q")
    text = '{"customer": "x", "subject": "s", "type": "inquiry"}\n' * 3
    told = ledger(*add, stdin=text, now=UNKNOWN_YEAR).err
    assert told.count("2041 in CN are not announced") == 1 and "calendar.extra_workdays" in told
    (record, *_others) = ledger.ids("list", now=UNKNOWN_YEAR)
    assert "not announced" in ledger("update", record, "--set", "severity=safety", now=UNKNOWN_YEAR).err
    assert "not announced" not in ledger("update", record, "--note", "x", now=UNKNOWN_YEAR).err
    assert "not announced" not in ledger(*add, stdin=text).err, "2024 is known"
    ledger.rule("extra_workdays: []", "extra_workdays: [2041-02-03]")
    assert "not announced" not in ledger(*add, stdin=text, now=UNKNOWN_YEAR).err


def test_the_year_in_which_a_record_is_due_is_the_one_that_is_warned_of(ledger: Quick) -> None:
    told = ledger("add", "Nova", "s", "-t", "inquiry", "--one-off", now="2040-12-30T10:00:00+08:00").err
    assert "2041 in CN" in told and "2040 in CN" not in told


# Due times later on


def test_a_due_time_by_hand_stands_when_the_urgency_changes(ledger: Quick) -> None:
    friday = "2024-03-29T12:00:00+08:00"
    (given,) = ledger.add({"due_at": "2024-03-29 12:00"})
    (moved,) = ledger.add({})
    ledger("update", moved, "--set", "due_at=2024-03-29 12:00")
    for record in (given, moved):
        assert shown(ledger, record, "due_at", "due_by") == (friday, "manual")
        ledger("update", record, "--set", "severity=safety")
        assert shown(ledger, record, "urgency", "due_at", "due_by") == ("critical", friday, "manual")
        ledger("update", record, "--set", "received_at=2024-03-14 10:00")
        assert ledger.show(record)["due_at"] == friday


def test_a_due_time_that_is_cleared_is_computed_again(ledger: Quick) -> None:
    (record,) = ledger.add({"due_at": "2024-03-29 12:00"})
    ledger("update", record, "--set", "due_at=")
    assert shown(ledger, record, "due_at", "due_by") == (DUE_LOW, "computed")


def test_a_corrected_time_of_receipt_moves_a_computed_due_time(ledger: Quick) -> None:
    (record,) = ledger.add({})
    ledger("update", record, "--set", "received_at=2024-03-14 17:00")
    assert shown(ledger, record, "due_at", "due_by") == ("2024-03-21T18:00:00+08:00", "computed")


def test_a_changed_policy_moves_no_due_time_that_was_told(ledger: Quick) -> None:
    (record,) = ledger.add({})
    ledger.policy("sla:\n  - {resolve: {from: received_at, to: resolved_at, within: 1wh}}\n")
    ledger("assign", record, "bob")
    assert ledger.show(record)["due_at"] == DUE_LOW


def held(ledger: Quick, record: str, start: str, end: str) -> Row:
    """Put a record on hold from one time to another; it as it is then."""
    ledger("update", record, "--hold", "等配件", "--until", "2024-06-01", now=f"{start}:00+08:00")
    ledger("update", record, "--status", "in_progress", now=f"{end}:00+08:00")
    return ledger.show(record)


def begun(ledger: Quick, now: str = NOW, **facts: str) -> str:
    (record,) = ledger.add(facts, now=now)
    ledger("assign", record, "bob", now=now)
    return record


def test_each_hold_moves_the_due_time_by_the_working_time_held(ledger: Quick) -> None:
    record = begun(ledger)
    assert held(ledger, record, "2024-03-18T10:00", "2024-03-18T12:00")["due_at"] == "2024-03-25T11:00:00+08:00"
    row = held(ledger, record, "2024-03-19T11:00", "2024-03-19T14:00")  # lunch is not working time
    assert (row["due_at"], row["due_by"], row["hold_minutes"]) == ("2024-03-25T14:00:00+08:00", "computed", 300)
    assert row["hold_work_minutes"] == 240, "two hours and, lunch left out, two more"
    row = held(ledger, record, "2024-03-19T19:00", "2024-03-20T08:00")
    assert row["due_at"] == "2024-03-25T14:00:00+08:00", "the night is not working time"


def test_a_hold_over_a_holiday_counts_only_its_working_hours(ledger: Quick) -> None:
    record = begun(ledger, "2024-02-08T10:00:00+08:00")
    assert ledger.show(record)["due_at"] == "2024-02-21T18:00:00+08:00"
    row = held(ledger, record, "2024-02-09T17:00", "2024-02-18T10:00")  # an hour on Friday, one on the make-up Sunday
    assert row["due_at"] == "2024-02-22T11:00:00+08:00"


def test_a_hold_counts_by_the_calendar_and_the_unit_of_its_rule(ledger: Quick) -> None:
    ledger.policy(
        'calendars:\n  hotline: {country: "", hours: {mon-sun: ["00:00-24:00"]}}\n'
        "sla:\n"
        "  - {match: {batch: h}, resolve: {from: received_at, to: resolved_at, within: 96h}}\n"
        "  - {calendar: hotline, resolve: {from: received_at, to: resolved_at, within: 96wh}}\n"
    )
    for record in (begun(ledger, batch="h"), begun(ledger)):
        assert ledger.show(record)["due_at"] == "2024-03-19T14:30:00+08:00"
        row = held(ledger, record, "2024-03-16T02:00", "2024-03-16T07:15")
        assert row["due_at"] == "2024-03-19T19:45:00+08:00"
        works = row["batch"] != "h"
        assert row["hold_work_minutes"] == (315 if works else 0), "by the calendar of the rule, whatever its unit"


def test_a_hold_begun_after_the_due_time_does_not_move_it(ledger: Quick) -> None:
    record = begun(ledger, severity="safety")
    row = held(ledger, record, "2024-03-18T14:30", "2024-03-19T14:30")
    assert (row["due_at"], row["hold_minutes"], row["hold_work_minutes"]) == (DUE_CRITICAL, 1440, 480)


def test_working_time_on_hold_is_not_told_where_that_of_an_earlier_hold_is_unknown(ledger: Quick) -> None:
    record = begun(ledger)
    held(ledger, record, "2024-03-18T10:00", "2024-03-18T12:00")
    text = ledger.text()
    assert ",120,120," in text
    ledger.write("exceptions.csv", text.replace(",120,120,", ",120,,"))
    row = held(ledger, record, "2024-03-19T10:00", "2024-03-19T12:00")
    assert (row["hold_minutes"], row["hold_work_minutes"]) == (240, None)


def test_a_hold_that_lasts_beyond_the_due_time_moves_it_by_all_of_its_working_time(ledger: Quick) -> None:
    record = begun(ledger, severity="safety")
    row = held(ledger, record, "2024-03-18T13:30", "2024-03-19T10:00")  # 4.5 hours, and one on Tuesday
    assert row["due_at"] == "2024-03-19T11:00:00+08:00"  # 14:30 and 3.5 hours is 18:00, 2 more on Tuesday


def test_a_due_time_by_hand_is_moved_by_a_hold_and_stays_by_hand(ledger: Quick) -> None:
    record = begun(ledger, due_at="2024-03-20 12:00")
    row = held(ledger, record, "2024-03-18T10:00", "2024-03-18T12:00")
    assert (row["due_at"], row["due_by"]) == ("2024-03-20T15:00:00+08:00", "manual")


def test_a_due_time_given_in_the_command_that_ends_a_hold_is_the_due_time(ledger: Quick) -> None:
    record = begun(ledger)
    ledger("update", record, "--hold", "等配件", "--until", "+5d")
    ledger("update", record, "--status", "in_progress", "--set", "due_at=2024-03-29 12:00",
           now="2024-03-18T12:00:00+08:00")  # fmt: skip
    assert shown(ledger, record, "due_at", "due_by") == ("2024-03-29T12:00:00+08:00", "manual")


# On hold on Monday from 9 to 12. Critical is then due on Monday at 14:30, and three working hours later.
HELD_MORNING = ("2024-03-18T09:00", "2024-03-18T12:00")
DUE_CRITICAL_HELD = "2024-03-18T17:30:00+08:00"


def test_a_new_urgency_after_a_hold_gives_the_time_held_on_top(ledger: Quick) -> None:
    record = begun(ledger, severity="major")
    assert held(ledger, record, *HELD_MORNING)["due_at"] == "2024-03-21T12:00:00+08:00"
    ledger("update", record, "--set", "severity=safety", now="2024-03-18T12:30:00+08:00")
    assert shown(ledger, record, "urgency", "due_at") == ("critical", DUE_CRITICAL_HELD)


def test_a_new_urgency_in_the_command_that_ends_a_hold_gives_the_time_held_on_top(ledger: Quick) -> None:
    record = begun(ledger, severity="major")
    start, end = HELD_MORNING
    ledger("update", record, "--hold", "等配件", "--until", "+5d", now=f"{start}:00+08:00")
    ledger("update", record, "--status", "in_progress", "--set", "severity=safety", now=f"{end}:00+08:00")
    assert shown(ledger, record, "urgency", "due_at", "due_by") == ("critical", DUE_CRITICAL_HELD, "computed")


def test_a_new_urgency_while_on_hold_does_not_count_the_hold_twice(ledger: Quick) -> None:
    record = begun(ledger, severity="major")
    start, end = HELD_MORNING
    ledger("update", record, "--hold", "等配件", "--until", "+5d", now=f"{start}:00+08:00")
    ledger("update", record, "--set", "severity=safety", now="2024-03-18T10:00:00+08:00")
    assert shown(ledger, record, "status", "urgency") == ("on_hold", "critical")
    ledger("update", record, "--status", "in_progress", now=f"{end}:00+08:00")
    assert ledger.show(record)["due_at"] == DUE_CRITICAL_HELD


def test_reopening_keeps_the_due_time(ledger: Quick) -> None:
    record = begun(ledger)
    ledger("close", record, "--resolution", "r", "--satisfaction", "3", now="2024-03-18T10:00:00+08:00")
    ledger("reopen", record, "--reason", "坏了", now="2024-03-28T10:00:00+08:00")
    assert shown(ledger, record, "status", "due_at", "due_by") == ("in_progress", DUE_LOW, "computed")


# Closing the loop


def test_policy_asks_for_cause_and_corrective_action_before_a_complaint_is_resolved(ledger: Quick) -> None:
    ledger.rule("cause_required_for: []", "cause_required_for: [complaint]")
    ledger.rule("corrective_action_required_for: []", "corrective_action_required_for: [complaint, suggestion]")
    complaint, suggestion, inquiry = ledger.add(
        {**SERVICE, "owner": "bob"}, {"type": "suggestion", "owner": "bob"}, {"owner": "bob"}
    )
    before = ledger.files()
    for args in (("update", complaint, "--resolution", "r"),
                 ("close", complaint, "--resolution", "r", "--satisfaction", "5")):  # fmt: skip
        refused = ledger(*args, code=2).err
        assert refused.count("\n") == 1 and "cause" in refused and "corrective action" in refused
        assert f"exlog update {complaint} --set cause=" in refused and "--set corrective_action=" in refused
    refused = ledger("update", suggestion, "--resolution", "r", code=2).err
    assert "corrective action" in refused and "cause" not in refused
    assert ledger.files() == before
    ledger("update", inquiry, "--resolution", "r")
    ledger("update", complaint, "--set", "cause=培训", "--set", "corrective_action=重新培训", "--resolution", "r")
    assert shown(ledger, complaint, "status", "cause") == ("resolved", "培训")


def test_policy_asks_for_preventive_action_before_a_complaint_is_closed(ledger: Quick) -> None:
    ledger.rule("preventive_action_required_for: []", "preventive_action_required_for: [complaint]")
    answered, silent, invalid = ledger.add(*({**SERVICE, "owner": "bob"},) * 3)
    ledger("update", answered, silent, invalid, "--resolution", "r")
    before = ledger.files()
    later = "2024-03-25T10:00:00+08:00"
    for args in (("close", answered, "--satisfaction", "4"), ("close", silent, "--no-response")):
        refused = ledger(*args, code=2, now=later).err
        assert "preventive action" in refused and f'exlog update {args[1]} --set preventive_action="WHAT"' in refused
    assert ledger.files() == before
    ledger("update", answered, silent, "--set", "preventive_action=改流程", now=later)
    ledger("close", answered, "--satisfaction", "4", now=later)
    ledger("close", silent, "--no-response", now=later)
    ledger("close", invalid, "--invalid", "--reason", "x", now=later)
    assert {row["status"] for row in ledger.json("list", "--all")} == {"closed"}


def test_the_effect_of_an_action_is_checked_after_the_days_of_the_policy(ledger: Quick) -> None:
    ledger.rule("effect_check_after_days: 0", "effect_check_after_days: 30")
    acted, prevented, bare, dated = ledger.add(
        {"owner": "b", "corrective_action": "换货"},
        {"owner": "b", "preventive_action": "改流程"},
        {"owner": "b"},
        {"owner": "b", "corrective_action": "换货", "effect_check_at": "2024-05-01 09:00"},
    )
    ledger("close", acted, prevented, bare, dated, "--resolution", "r", "--satisfaction", "5")
    found = [ledger.show(one)["effect_check_at"] for one in (acted, prevented, bare, dated)]
    assert found == ["2024-04-14T14:30:00+08:00"] * 2 + [None, "2024-05-01T09:00:00+08:00"]
    ledger("reopen", acted, "--reason", "坏了")
    assert ledger.show(acted)["effect_check_at"] is None


def test_no_effect_check_is_due_where_policy_asks_for_none(ledger: Quick) -> None:
    (record,) = ledger.add({"owner": "b", "corrective_action": "换货"})
    ledger("close", record, "--resolution", "r", "--satisfaction", "5")
    assert ledger.show(record)["effect_check_at"] is None
