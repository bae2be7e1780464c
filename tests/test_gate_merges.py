"""The gate and merges: what a merge may say without a permission, what it must not decide, and links of new lines."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from gate_helper import CLERK, LEAD, MANAGER, PEOPLE, Repo
from team_helper import Clone, Team

from exlog import canonical, chain

LIVE, HISTORY = "exceptions.csv", "history/2024-03/0.csv"
ESCALATING = """
escalation:
  - {at: warn, level: 1, to: owner}
  - {at: breach, level: 2, to: 王芳, target: resolve}
"""
TIGHT = PEOPLE.replace("clerk: [record, update, close]", "clerk: [record]") + ESCALATING


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two records, one of them resolved, by people of whom the clerk may record and no more; all committed."""
    made = Repo(tmp_path / "ledger", TIGHT)
    made.ledger.add({"subject": "a", "notes": "one"}, {"subject": "b"})
    made.ledger("assign", "002", "李雷", "--as", MANAGER)
    made.ledger("update", "002", "--resolution", "r", "--as", MANAGER)
    made.mark()
    return made


def cell(repo: Repo, record: str, field: str, value: str | None = None) -> str:
    """What a row has in a column; ``value`` is put in its place."""
    header, *found = csv.reader(io.StringIO(repo.ledger.text()))
    row = next(row for row in found if row[0] == record)
    old, place = row[header.index(field)], header.index(field)
    if value is not None:
        row[place] = value
        repo.ledger.write(LIVE, "".join(canonical.join_row(cells) + "\n" for cells in (header, *found)))
    return old


def forge(
    repo: Repo, record: str, action: str, field: str, old: str, new: str, *, event: str = "rec-0123", who: str = CLERK
) -> None:
    """An event of the history as exlog writes it, with its link, and the row that goes with it."""
    uid, text = cell(repo, record, "uid"), repo.ledger.text(HISTORY)
    cells = ["2024-03-15T14:30:00+08:00", who, record, action, field, old, new, "", uid, event]
    (line,) = chain.chained([cells], chain.link(text.splitlines()[-1]))
    repo.ledger.write(HISTORY, f"{text}{line}\n")
    if field and field != "*":
        cell(repo, record, field, new)


FORGED = [
    ("001", "escalate", "subject", "a", "hacked"),
    ("001", "escalate", "status", "new", "in_progress"),
    ("001", "escalate", "owner", "", "Hacker"),
    ("001", "merge", "subject", "a", "hacked"),
    ("001", "merge", "notes", "one", "LIES"),
    ("002", "merge", "first_resolved_at", "2024-03-15T14:30:00+08:00", "2024-03-15T14:29:00+08:00"),
    ("002", "merge", "hold_minutes", "", "60"),
    ("001", "merge", "status", "new", "in_progress"),
]


@pytest.mark.parametrize(("record", "action", "field", "old", "new"), FORGED)
def test_no_field_is_written_in_the_name_of_what_needs_no_permission(
    repo: Repo, record: str, action: str, field: str, old: str, new: str
) -> None:
    forge(repo, f"F20240315{record}", action, field, old, new)
    repo.ledger("check")
    found = repo.findings()
    assert any(f"{CLERK} (role clerk) lacks the permission" in one for one in found), found
    if field == "status":
        assert any("no command makes in_progress of new" in one for one in found), found


def test_who_may_adopt_what_a_hand_did_may_write_what_no_merge_gives(repo: Repo) -> None:
    forge(repo, "F20240315001", "merge", "notes", "one", "two", who=MANAGER)
    assert repo.findings() == []
    forge(repo, "F20240315002", "merge", "notes", "", "two", who=LEAD, event="rec-4")
    assert "lacks the permission adopt" in repo.findings()[0]


def test_a_record_that_gets_another_id_stays_as_it_was(repo: Repo) -> None:
    record = dict(next(csv.DictReader(io.StringIO(repo.ledger.text()))))
    import json

    text = json.dumps({**{name: text for name, text in record.items() if text}, "subject": "hacked"})
    forge(repo, "F20240315001", "remint", "*", "F20240315009", text)
    cell(repo, "F20240315001", "subject", "hacked")
    assert any("lacks the permission adopt" in one for one in repo.findings())


def test_escalations_are_those_that_rules_give(repo: Repo) -> None:
    late = "2024-03-29T10:00:00+08:00"
    raised = repo.ledger("due", "--escalate", "--as", CLERK, now=late)
    assert raised.out
    assert repo.ledger("check", "--since", repo.base, now=late).err == "the gate lets this pass\n"
    line = next(event for event in repo.ledger.events() if event["action"] == "escalate")
    repo.git("checkout", "-q", ".")
    for old, new, event in (("resolve", "7", line["event"]), ("party", "1", line["event"]), ("resolve", "2", "esc-1")):
        forge(repo, line["record"], "escalate", "", old, new, event=event)
        assert any("no rule of exlog.yaml escalates so" in one for one in repo.findings())
        repo.git("checkout", "-q", ".")


def test_an_escalation_by_a_rule_that_somebody_removed_meanwhile_passes(repo: Repo) -> None:
    late = "2024-03-29T10:00:00+08:00"
    with_rules = repo.ledger.text("exlog.yaml")
    repo.ledger.write("exlog.yaml", with_rules.replace(ESCALATING, "\n"))
    repo.mark()
    repo.ledger.write("exlog.yaml", with_rules)
    repo.ledger("due", "--escalate", "--as", CLERK, now=late)
    repo.git("checkout", "-q", "exlog.yaml")
    assert repo.ledger("check", "--since", repo.base, now=late).err == "the gate lets this pass\n"


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Clone, Clone]:
    """Two clones of one ledger with one record; clerk and lead may update, and not adopt."""
    team = Team(tmp_path / "team")
    ann = team.found("ann")
    ann.write("exlog.yaml", ann.text("exlog.yaml") + PEOPLE)
    ann.git("commit", "-qam", "people")
    ann("sync")
    return ann, team.join("ben")


def both(clones: tuple[Clone, Clone], field: str, one: str, other: str) -> str:
    """Each clone changes the field of the one record, the first one syncs. The commit that the second builds on."""
    ann, ben = clones
    ann("update", "001", "--set", f"{field}={one}", "--as", LEAD)
    ann("sync", "--as", LEAD)
    ben("update", "001", "--set", f"{field}={other}", "--as", CLERK)
    return ann.git("rev-parse", "HEAD")


@pytest.mark.parametrize("way", ["false", "true"], ids=["merged", "rebased"])
def test_what_a_merge_makes_of_two_values_passes(clones: tuple[Clone, Clone], way: str) -> None:
    base = both(clones, "notes", "hers", "his")
    ben = clones[1]
    ben.git("config", "pull.rebase", way)
    ben("sync", "--as", CLERK)
    assert "merge" in [event["action"] for event in ben.events() + clones[0].events()] or way == "true"
    assert ben("check", "--since", base).err == "the gate lets this pass\n"


def undecided(clones: tuple[Clone, Clone]) -> str:
    """Both changed the product, and the merge was committed as it stands. The commit before the push."""
    base = both(clones, "product", "lamp", "desk")
    clones[1]("sync", "--as", CLERK, code=3)
    clones[1].git("commit", "-qam", "as it stands")
    return base


def test_a_merge_that_nobody_decided_is_found_with_both_values(clones: tuple[Clone, Clone]) -> None:
    base, ben = undecided(clones), clones[1]
    told = ben("check", "--since", base, code=1).out
    assert "both sides changed product, to 'desk' and to 'lamp', and nobody decided" in told
    assert "exlog resolve F20240315001 product" in told
    ben("resolve", "001", "product", "--ours", "--as", CLERK)
    assert ben("check", "--since", base).err == "the gate lets this pass\n"


@pytest.mark.parametrize("how", [("resolve", "001", "product", "--theirs"), ("update", "001", "--set", "product=both")])
def test_a_decision_passes_whichever_command_made_it(clones: tuple[Clone, Clone], how: tuple[str, ...]) -> None:
    base, ben = both(clones, "product", "lamp", "desk"), clones[1]
    ben("sync", "--as", CLERK, code=3)
    ben(*how, "--as", CLERK)
    ben("sync", "--as", CLERK, code=None)
    ben.git("commit", "-qam", "merged", code=None)
    assert len(ben.git("rev-list", "--merges", "HEAD").split()) == 1
    assert ben("check", "--since", base, "--until", "HEAD").err == "the gate lets this pass\n"


def test_merges_of_both_directions_with_two_common_ancestors_pass_once_decided(clones: tuple[Clone, Clone]) -> None:
    base, (ann, ben) = both(clones, "product", "lamp", "desk"), clones
    ben("sync", "--as", CLERK, code=3)
    ben("resolve", "001", "product", "--ours", "--as", CLERK)
    ben("sync", "--as", CLERK)
    ann("update", "001", "--set", "model=x", "--as", LEAD)
    ann("sync", "--as", LEAD)
    ben("update", "001", "--set", "model=y", "--note", "n", "--as", CLERK)
    ben("sync", "--as", CLERK, code=3)
    ben("resolve", "001", "model", "--ours", "--as", CLERK)
    ben("sync", "--as", CLERK)
    assert ben("check", "--since", base).err == "the gate lets this pass\n"
