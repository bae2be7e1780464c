"""The whole of it: three clones of one bare remote work offline for a week, sync one after the other, and agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from team_helper import MARKS, Clone, Team

FIRST, SECOND, THIRD = "F20240315001", "F20240315002", "F20240315003"
DAYS = [datetime.fromisoformat("2024-03-28T09:00:00+08:00") + timedelta(days=number) for number in range(7)]
EVENING = "2024-04-03T18:00:00+08:00"


class Person(Clone):
    """A clone with a clock that is set by hand, and the ids that it gave."""

    def __init__(self, clone: Clone) -> None:
        super().__init__(clone.top, clone.name)
        self.mine: list[str] = []

    def works(self, when: datetime, number: int) -> None:
        """A day: a record is made, the one of yesterday gets an owner, that of the day before is closed."""
        made = self("add", "Walk-in", f"{self.name} {number}", "-c", "other", "--one-off", "-q", now=later(when, 1))
        self.mine.append(made.out.strip())
        if number >= 1:
            self("assign", self.mine[-2], self.name, "-q", now=later(when, 2))
        if number >= 2:
            done = ("--resolution", f"换新 {number}", "--satisfaction", "4", "-q")
            self("close", self.mine[-3], *done, now=later(when, 3))


def later(when: datetime, minutes: int) -> str:
    return (when + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def team(tmp_path: Path) -> tuple[Person, ...]:
    made = Team(tmp_path / "team")
    ann = Person(made.found("ann", "--lang", "zh"))
    ann.record("second")
    ann.record("third")
    ann("assign", THIRD, "ann")
    ann("close", THIRD, "--resolution", "赔偿", "--satisfaction", "3")
    ann("sync")
    return ann, Person(made.join("bob")), Person(made.join("cho"))


def test_a_week_offline_ends_in_one_ledger_with_every_edit_and_one_conflict(team: tuple[Person, ...]) -> None:
    for number, day in enumerate(DAYS):
        for hour, clone in enumerate(team):
            clone.works(day + timedelta(hours=hour), number)
    ann, bob, cho = team
    ann("update", FIRST, "--set", "order_no=A-1", now=later(DAYS[1], 700))
    bob("update", FIRST, "--note", "已联系供应商", now=later(DAYS[1], 720))
    cho("update", FIRST, "--set", "product=泵", now=later(DAYS[1], 740))
    ann("assign", SECOND, "李雷", now=later(DAYS[2], 700))
    cho("assign", SECOND, "王芳", now=later(DAYS[2], 720))
    bob("update", THIRD, "--set", "cause=handling", now=later(DAYS[2], 740))
    for clone in team:
        clone("archive", now=later(DAYS[5], 700))

    for clone in team[:2]:
        clone("sync", now=EVENING)
    cho("sync", code=3, now=EVENING)
    listed = cho("resolve", "-f", "json", code=3, now=EVENING).out
    assert listed.count('"field": "owner"') == 1 and listed.count('"id"') == 1, listed
    cho("resolve", SECOND, "owner", "--theirs", now=EVENING)
    for clone in (cho, ann, bob, cho):
        clone("sync", now=EVENING)

    assert len({frozenset(clone.files().items()) for clone in team}) == 1
    for clone in team:
        clone("check", now=EVENING)
        clone("resolve", now=EVENING)
        assert clone.git("status", "--porcelain") == ""
        assert not any(mark in text.decode() for text in clone.files().values() for mark in MARKS)
    expect_every_edit(ann)


def expect_every_edit(clone: Person) -> None:
    rows = {row["subject"]: row for row in clone.json("list", "--all", "--columns", COLUMNS, now=EVENING)}
    assert len(rows) == 3 + 3 * len(DAYS)
    assert len({row["id"] for row in rows.values()}) == len(rows)
    first = rows["first"]
    assert (first["order_no"], first["progress"], first["product"]) == ("A-1", "已联系供应商", "泵")
    assert rows["second"]["owner"] == "李雷"
    assert (rows["third"]["status"], rows["third"]["cause"]) == ("closed", "handling")
    for name in ("ann", "bob", "cho"):
        for number in range(len(DAYS)):
            row = rows[f"{name} {number}"]
            closed = number <= len(DAYS) - 3
            assert row["owner"] == (name if number < len(DAYS) - 1 else None), row
            assert (row["status"] == "closed", row["resolution"]) == (closed, f"换新 {number + 2}" if closed else None)
    archived = clone.text("archive/2024-03.csv").splitlines()[1:]
    assert len(archived) == 1 + 3 * sum(day.month == 3 for day in DAYS)
    assert clone.text().count("\n") == 1 + len(rows) - len(archived)


COLUMNS = "id,subject,status,owner,order_no,product,progress,cause,resolution"
