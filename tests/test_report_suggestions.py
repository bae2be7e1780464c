"""The suggestions of a report: what each rule speaks of, what it names, and when it is silent; hand-made answers."""

from __future__ import annotations

from dataclasses import replace

import report_helper as made
from report_helper import NOW, headline, material, say

from exlog import report
from exlog.report import Document


def document(period: str = "2024Q2", **answers: made.Answer) -> Document:
    return report.build(material(period, **answers), ledger="team", now=NOW, scope="")


def spoken(**answers: made.Answer) -> dict[str, str]:
    """The suggestions by rule, the first of each."""
    found = document(**answers).suggestions
    return {one.rule: one.text for one in reversed(found)}


def test_every_rule_speaks_of_what_it_is_for_and_names_its_figures() -> None:
    told = document().suggestions
    assert {one.rule for one in told} >= {
        "slow-department", "targets-missed", "backlog-grows", "old-backlog", "vital-cause", "repeat-batch",
        "repeat-customer", "low-rating", "region",
    }  # fmt: skip
    known = {rule.key for rule in document().rules}
    sections = {part.key for part in document().sections}
    for one in told:
        assert one.rule in known and one.section in sections and one.figures and one.because


def test_departments_with_few_records_are_left_alone() -> None:
    slow = [one for one in document().suggestions if one.rule == "slow-department"]
    assert len(slow) == 1 and "售后部" in slow[0].text, "质量部 is slower still, over two records"


def test_batches_from_the_number_that_policy_names() -> None:
    assert "B2403" in spoken()["repeat-batch"]
    found = report.build(replace(material(), repeats_from=6), ledger="t", now=NOW, scope="")
    assert "repeat-batch" not in {one.rule for one in found.suggestions}


def test_every_batch_that_qualifies_is_named() -> None:
    def batches(count: int) -> made.Answer:
        return say(*(((f"M{n}", f"B{n}"), (30 - n, 4, 0.1), (30 - n, 30 - n, 60)) for n in range(count)))

    (one,) = (one for one in document(batches=batches(6)).suggestions if one.rule == "repeat-batch")
    assert one.text.endswith(": B0 (M0): 30, B1 (M1): 29, B2 (M2): 28, B3 (M3): 27, B4 (M4): 26, B5 (M5): 25.")
    assert [label for label, _figure in one.figures][:2] == ["B0 (M0) Complaints", "B1 (M1) Complaints"]
    (one,) = (one for one in document(batches=batches(14)).suggestions if one.rule == "repeat-batch")
    assert one.text.endswith("B9 (M9): 21, 4 more.") and len(one.figures) == 10


def test_suggestions_of_one_rule_that_are_left_out_are_counted() -> None:
    slow = say(*((f"d{n}", (30, 28, 16.0, 12.0, 4.0, 0.75), (30, 28, 28, 28, 28, 28)) for n in range(5)))
    told = [one for one in document(departments=slow).suggestions if one.rule == "slow-department"]
    assert len(told) == 3 and told[-1].because.endswith("; it speaks 2 times more")
    assert "times more" not in told[0].because


def test_a_rating_that_fell_is_shown_with_the_one_before() -> None:
    now, before = say(("vip", (20, 15, 4.1, 0.9), (20, 15, 15, 15))), say(("vip", (20, 15, 4.4, 0.9), (20, 15, 15, 15)))
    (one,) = (one for one in document(levels=now, levels_before=before).suggestions if one.rule == "low-rating")
    assert "their rating fell from 4.40 to 4.10" in one.text
    assert [(label, figure.value) for label, figure in one.figures] == [
        ("Satisfaction (1–5)", 4.1), ("Satisfaction (1–5) Q1 2024", 4.4),
    ]  # fmt: skip


def test_what_is_to_be_decided_reads_right_for_one_and_for_many() -> None:
    for count in (1, 3):
        text = spoken(backlog=say(("more", (count,), (count,))))["old-backlog"]
        assert text.startswith(f"Decide what waits for more than 30 working days (records: {count})")


def test_rules_are_silent_where_all_is_well() -> None:
    well = headline(
        received=(60, 60), complaints=(12, 60), resolved=(62, 62), clearance=(1.0333, 60), backlog=(4, 4),
        closed=(60, 60),
                resolution_mean_wh=(8.0, 62), target_mean_wh=(12.0, 62), variance_mean_wh=(-4.0, 62), sla_met=(60, 62),
        sla_breached=(2, 62), sla_compliance=(0.9677, 62), recorded_in_time_share=(0.98, 60), answers=(50, 50),
        satisfaction_mean=(4.6, 50), satisfied_share=(0.95, 50), response_rate=(0.8333, 60), reopen_rate=(0.0, 62),
        repeat_rate=(0.0, 60),
    )  # fmt: skip
    quiet = {
        "all": well,
        "departments": say(("售后部", (60, 60, 8.0, 12.0, -4.0, 0.97), (60,) * 6)),
        "levels": say(("vip", (20, 15, 4.6, 0.9), (20, 15, 15, 15))),
        "levels_before": say(("vip", (20, 15, 4.5, 0.9), (20, 15, 15, 15))),
        "causes": say(*((f"c{n}", (2, 0.1, round(0.1 * (n + 1), 4)), (2, 20, 20)) for n in range(10))),
        "customers": say(("a", (1, 1, 0), (1, 1, 1))),
        "batches": say((("", ""), (60, 12, 1.0), (60, 60, 60))),
        "regions": say(*((name, (20, 4, 0.3333, 4.6), (20, 20, 60, 16)) for name in ("华东", "华南", "海外"))),
        "backlog": say(("1", (4,), (4,))),
    }
    told = {one.rule for one in document(**quiet).suggestions}
    assert told <= {"causes-scattered"}, told


def test_scattered_and_missing_causes() -> None:
    assert "causes-missing" in spoken(causes=say(("packing", (2, 1.0, 1.0), (2, 2, 2))))
    scattered = say(*((f"c{n}", (1, 0.05, round(0.05 * (n + 1), 4)), (1, 20, 20)) for n in range(20)))
    assert "16 of 20" in spoken(causes=scattered)["causes-scattered"]
