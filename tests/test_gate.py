"""check --since: what a push or a branch may change in a ledger, held against real commits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acceptance_helper import run
from gate_helper import APPROVAL, CLERK, LEAD, MANAGER, PEOPLE, Repo

from exlog import chain

LIVE, HISTORY, OLD = "exceptions.csv", "history/2024-03/0.csv", "2024-02-10T10:00:00+08:00"
CLOSE = ("--satisfaction", "5")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two open records, one closed in an archive, one closed and live, one customer; everything committed."""
    made = Repo(tmp_path / "ledger", PEOPLE)
    made.ledger.add({"subject": "a"}, {"subject": "b"})
    made.closed("archived", now=OLD)
    made.ledger("archive", "--as", MANAGER)
    made.closed("closed")
    made.ledger("customer", "add", "Big", "--phone", "1", "--as", MANAGER)
    made.mark()
    return made


def edit(repo: Repo, name: str, old: str, new: str) -> None:
    text = repo.ledger.text(name)
    assert old in text
    repo.ledger.write(name, text.replace(old, new, 1))


def line_of(repo: Repo, name: str, start: str) -> str:
    return next(line for line in repo.ledger.text(name).splitlines(keepends=True) if line.startswith(start))


def one(repo: Repo, *args: str) -> str:
    """The only finding."""
    found = repo.findings(*args)
    assert len(found) == 1, found
    return found[0]


def test_everything_that_commands_do_passes(repo: Repo) -> None:
    ledger = repo.ledger
    ledger.add({"subject": "new"}, {"subject": "dup"})
    ledger("assign", "001", "李雷", "--as", MANAGER)
    ledger("update", "001", "--note", "called", "--responded", "--as", CLERK)
    ledger("update", "001", "--hold", "parts", "--until", "+2d", "--as", CLERK)
    ledger("update", "001", "--resolution", "done", "--as", CLERK, now="2024-03-16T10:00:00+08:00")
    ledger("close", "001", *CLOSE, "--as", CLERK, now="2024-03-16T11:00:00+08:00")
    ledger("reopen", "001", "--reason", "again", "--as", MANAGER, now="2024-03-16T12:00:00+08:00")
    ledger("close", "315005", "--duplicate-of", "315004", "--as", LEAD)
    ledger("reopen", "F20240210001", "--reason", "again", "--as", MANAGER, now="2024-03-01T12:00:00+08:00")
    ledger("customer", "edit", "Big", "--phone", "2", "--as", LEAD)
    ledger("customer", "add", "New", "--as", LEAD)
    later = "2024-04-02T10:00:00+08:00"
    ledger("archive", "--as", MANAGER, now=later)
    edit(repo, LIVE, ",a,", ",A,")
    ledger("check", "--adopt", "--as", MANAGER, now=later)
    done = ledger("check", "--since", repo.base, now=later)
    assert done.err == "the gate lets this pass\n"
    head = repo.commit()
    ledger("check", "--since", repo.base, "--until", head, now=later)
    ledger("check", "--since", "0" * 40, now=later)


def test_findings_are_problems_in_json_with_exit_1(repo: Repo) -> None:
    edit(repo, LIVE, ",a,", ",A,")
    done = repo.ledger("check", "--since", repo.base, "-f", "json", code=1)
    envelope = json.loads(done.out)
    assert envelope["kind"] == "problems" and set(envelope["data"][0]) == {"where", "message", "remedy"}


def test_a_row_that_is_gone_is_named_with_its_place_and_how_to_bring_it_back(repo: Repo) -> None:
    edit(repo, LIVE, line_of(repo, LIVE, "F20240315001"), "")
    found = one(repo)
    assert "F20240315001 is gone" in found and f"git checkout {repo.base[:12]} -- exceptions.csv" in found


def test_a_change_without_an_event_is_found(repo: Repo) -> None:
    edit(repo, LIVE, ",a,", ",A,")
    assert f"{LIVE}:2: subject," in (found := one(repo)) and "the history says 'a'" in found


def test_a_row_without_a_history_is_found(repo: Repo) -> None:
    row = line_of(repo, LIVE, "F20240315001")
    repo.ledger.write(LIVE, repo.ledger.text() + row.replace("F20240315001", "F20240315009")[:-11] + "abcdefghij\n")
    assert "F20240315009 has no history" in one(repo)


def test_an_event_that_was_changed_or_removed_is_found(repo: Repo) -> None:
    edit(repo, HISTORY, ",ann,", ",bob,")
    assert "was changed or removed" in one(repo)
    repo.git("checkout", "-q", ".")
    edit(repo, HISTORY, repo.ledger.text(HISTORY).splitlines(keepends=True)[1], "")
    assert "was changed or removed" in one(repo)
    repo.git("checkout", "-q", ".")
    (repo.path / HISTORY).unlink()
    assert "history file is gone" in one(repo)


def test_lines_that_a_merge_unites_in_another_order_pass_and_a_doubled_event_does_not(repo: Repo) -> None:
    header, *lines = repo.ledger.text(HISTORY).splitlines()
    month = ["2024-03-14T09:00:00+08:00", MANAGER, "2024-03", "archive", "", "", "", "", "", "zzzzzzzzzz.1"]
    fork = chain.chained([month], lines[0].rpartition(",")[2])  # goes on from what the first line goes on from
    repo.ledger.write(HISTORY, "\n".join([header, *chain.united(header.split(","), [*lines, *fork]), ""]))
    assert repo.ledger.text(HISTORY).splitlines()[1] == fork[0]
    assert repo.findings() == []
    repo.ledger.write(HISTORY, "\n".join([header, *lines, lines[-1], ""]))
    assert "appears a second time" in repo.findings()[0]


def test_a_line_that_goes_on_from_none_above_it_is_found(repo: Repo) -> None:
    for number in range(2):
        repo.ledger("update", "001", "--note", f"n{number}", "--as", MANAGER)
    edit(repo, HISTORY, ",n0,", ",nX,")
    place = next(at for at, line in enumerate(repo.ledger.text(HISTORY).splitlines(), 1) if ",nX," in line)
    assert f'{HISTORY}:{place + 1},"this event does not follow' in one(repo)
    repo.ledger("check", "--adopt", "--as", MANAGER)
    assert repo.findings() == []
    repo.git("checkout", "-q", ".")
    header, *lines = repo.ledger.text(HISTORY).splitlines()
    repo.ledger.write(HISTORY, "\n".join([header, *reversed(lines), ""]))
    assert "this event does not follow" in one(repo)


def test_a_break_that_was_there_before_is_not_held_against_a_push(repo: Repo) -> None:
    edit(repo, HISTORY, ",ann,", ",bob,")
    repo.mark()
    repo.ledger("update", "001", "--note", "n", "--as", MANAGER)
    later = "2024-04-02T10:00:00+08:00"
    repo.ledger("update", "001", "--note", "m", "--as", MANAGER, now=later)
    assert repo.ledger("check", "--since", repo.base, now=later).err == "the gate lets this pass\n"


def without_links(repo: Repo, name: str) -> None:
    lines = [line.rpartition(",")[0] for line in repo.ledger.text(name).splitlines()]
    repo.ledger.write(name, "\n".join([*lines, ""]))


def test_a_history_file_that_loses_its_links_or_begins_without_is_found(repo: Repo) -> None:
    without_links(repo, HISTORY)
    assert f'{HISTORY},"the column prev is missing' in one(repo)
    repo.ledger("check", "--adopt", "--as", MANAGER)
    assert "the column prev is missing" in one(repo)
    repo.git("checkout", "-q", ".")
    later = "2024-04-02T10:00:00+08:00"
    repo.ledger("update", "001", "--note", "n", "--as", MANAGER, now=later)
    without_links(repo, "history/2024-04/0.csv")
    told = repo.ledger("check", "--since", repo.base, now=later, code=1).out
    assert "history/2024-04/0.csv" in told and "prev is missing" in told


def test_an_id_or_a_uid_that_changed_and_an_id_given_twice_are_found(repo: Repo) -> None:
    row = line_of(repo, LIVE, "F20240315001")
    uid = row.rstrip("\n").rpartition(",")[2]
    edit(repo, LIVE, f",{uid}\n", ",bbbbbbbbbb\n")
    assert any("a uid never changes" in found for found in repo.findings())
    repo.git("checkout", "-q", ".")
    edit(repo, LIVE, row, row.replace("F20240315001", "F20240315008"))
    assert any("an id never changes" in found for found in repo.findings())
    repo.git("checkout", "-q", ".")
    archived = line_of(repo, "archive/2024-02.csv", "F20240210001")
    repo.ledger.write(LIVE, repo.ledger.text() + archived)
    assert any("F20240210001 is also in archive/2024-02.csv:2" in found for found in repo.findings())


def test_an_archive_changes_only_by_exlog(repo: Repo) -> None:
    edit(repo, "archive/2024-02.csv", ",archived,", ",Archived,")
    found = repo.findings()
    assert len(found) == 2 and "the history says 'archived'" in found[0] and "manifest" in found[1]


def test_no_line_of_the_manifest_and_no_archive_goes(repo: Repo) -> None:
    name, manifest = "archive/2024-02.csv", "archive/manifest.csv"
    edit(repo, manifest, line_of(repo, manifest, "2024-02"), "")
    assert f"{name},this archive is not in the manifest" in one(repo)
    (repo.path / manifest).unlink()
    assert f"{name},this archive is not in the manifest" in one(repo)
    repo.git("checkout", "-q", ".")
    edit(repo, manifest, line_of(repo, manifest, "2024-02").split(",")[2], "0" * 64)
    assert f"{name},the archive is not as the manifest has it" in one(repo)
    repo.git("checkout", "-q", ".")
    (repo.path / name).unlink()
    assert any("the manifest names this archive, but the file is missing" in found for found in repo.findings())


def test_no_lane_is_given_up(repo: Repo) -> None:
    edit(repo, "lanes.csv", line_of(repo, "lanes.csv", "0,"), "")
    assert "lane 0 was taken and is free now" in one(repo) and "git checkout" in one(repo)
    (repo.path / "lanes.csv").unlink()
    assert "lane 0 was taken and is free now" in one(repo)


def test_rows_moved_into_and_out_of_an_archive_by_hand_are_found(repo: Repo) -> None:
    name = "archive/2024-02.csv"
    row = line_of(repo, name, "F20240210001")
    edit(repo, name, row, "")
    repo.ledger.write(LIVE, repo.ledger.text() + row)
    assert any("moved out of the archive by hand" in found for found in repo.findings())
    repo.git("checkout", "-q", ".")
    later = "2024-04-02T10:00:00+08:00"
    repo.ledger("archive", "--as", MANAGER, now=later)
    for path in (repo.path / "history").rglob("2024-04/*.csv"):
        path.unlink()
    found = repo.ledger("check", "--since", repo.base, now=later, code=1).out
    assert "moved into the archive by hand" in found


@pytest.mark.parametrize(
    ("who", "args", "permission"),
    [
        (CLERK, ("assign", "001", "李雷"), "assign"),
        (CLERK, ("reopen", "003", "--reason", "x"), "reopen"),
        (CLERK, ("close", "001", "--invalid", "--reason", "x"), "invalidate"),
        ("stranger", ("update", "001", "--note", "x"), "update"),
        (CLERK, ("customer", "edit", "Big", "--phone", "2"), "edit_customers"),
        (LEAD, ("archive", "--before", "2024-03"), "archive"),
    ],
)
def test_who_lacks_the_permission_by_the_roles_before_the_push_is_named(
    repo: Repo, who: str, args: tuple[str, ...], permission: str
) -> None:
    if permission == "archive":
        repo.closed("old", now="2024-02-11T10:00:00+08:00")
        repo.mark()
    mine = repo.ledger.text("exlog.yaml")
    repo.ledger.write("exlog.yaml", mine.partition("\npeople:")[0] + "\n")  # on one's own disk
    repo.ledger(*args, "--as", who)
    repo.ledger.write("exlog.yaml", mine)
    found = one(repo)
    assert f"lacks the permission {permission}" in found and f"{who} (role " in found and found.startswith("history/")


def test_nobody_gives_himself_a_role_in_the_push_that_uses_it(repo: Repo) -> None:
    edit(repo, "exlog.yaml", "role: clerk", "role: manager")
    repo.ledger("reopen", "003", "--reason", "x", "--as", CLERK)
    repo.commit(author=CLERK)
    found = repo.findings()
    assert len(found) == 2 and found[0].startswith("exlog.yaml (")
    assert f"{CLERK} (role clerk) lacks the permission change_policy" in found[0]
    assert "lacks the permission reopen" in found[1]


def test_the_policy_is_changed_by_who_may(repo: Repo) -> None:
    edit(repo, "exlog.yaml", "role: clerk", "role: manager")
    assert "ann (role default) lacks the permission change_policy" in one(repo)  # not committed: who runs it
    head = repo.commit(author=MANAGER)
    assert repo.findings() == []
    assert repo.findings("--until", head) == []
    assert repo.findings("--author", "王芳") == []
    assert f"{MANAGER} changed the policy, but {LEAD} pushes it" in one(repo, "--author", LEAD)


def test_events_must_be_of_who_pushes_where_that_is_asked(repo: Repo) -> None:
    repo.ledger("update", "001", "--note", "x", "--as", CLERK)
    assert repo.findings("--author", "李雷") == []
    assert f"{CLERK} did this, but 王芳 pushes it" in repo.findings("--author", "王芳")[0]


def test_a_status_that_the_machine_does_not_allow_is_found_although_it_has_its_event(repo: Repo) -> None:
    row = line_of(repo, LIVE, "F20240315001")
    uid = row.rstrip("\n").rpartition(",")[2]
    edit(repo, LIVE, row, row.replace("F20240315001,new,", "F20240315001,on_hold,"))
    tail = f"2024-03-15T14:30:00+08:00,{MANAGER},F20240315001,update,status,new,on_hold,,{uid},zzzzzzzzzz.1"
    width = repo.ledger.text(HISTORY).split("\n")[0].count(",") - tail.count(",")
    repo.ledger.write(HISTORY, repo.ledger.text(HISTORY) + tail + "," * width + "\n")
    assert any("no command makes on_hold of new (update)" in found for found in repo.findings())


def test_closing_without_the_approval_that_policy_asks_is_found(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "ledger", PEOPLE + APPROVAL)
    ledger, strict = repo.ledger, PEOPLE + APPROVAL
    critical = {"category": "quality", "severity": "safety", "type": "complaint", "batch": "B1"}
    for name in ledger.add(critical, critical):
        ledger("assign", name, "李雷", "--as", MANAGER)
        ledger("update", name, "--resolution", "r", "--as", CLERK)
    repo.mark()
    with_rule = ledger.text("exlog.yaml")
    ledger("approve", "001", "--for", "close", "--as", LEAD)
    ledger("close", "001", *CLOSE, "--as", CLERK)
    assert repo.findings() == []
    ledger.write("exlog.yaml", with_rule.replace(strict, PEOPLE))
    ledger("close", "002", *CLOSE, "--as", CLERK)
    ledger.write("exlog.yaml", with_rule)
    assert "closed without the approval of a second person (rule 1: Urgency = critical)" in one(repo)


def test_profiles_change_with_events_and_do_not_go(repo: Repo) -> None:
    (name,) = [str(path.relative_to(repo.path)) for path in (repo.path / "customers").iterdir()]
    repo.ledger.write(name, repo.ledger.text(name) + "# a remark\n")
    assert repo.findings() == []
    edit(repo, name, "Big", "Bigger")
    assert "name is 'Bigger', the history says 'Big'" in one(repo)
    (repo.path / name).unlink()
    assert "the profile is gone" in one(repo)
    repo.git("checkout", "-q", ".")
    repo.ledger.write("customers/C20240315009.yaml", "id: C20240315009\nname: By hand\n")
    assert "C20240315009 has no history" in one(repo)


def test_a_branch_that_does_not_build_on_the_other_is_refused(repo: Repo) -> None:
    repo.ledger("update", "001", "--note", "x", "--as", CLERK)
    newer = repo.commit()
    repo.git("checkout", "-q", "-B", "main", repo.base)
    done = repo.ledger("check", "--since", newer, code=1)
    assert "commits would be lost" in done.out and "merge first" in done.out


def test_files_that_cannot_be_read_are_findings_and_exit_4(repo: Repo) -> None:
    edit(repo, LIVE, "F20240315001", "<<<<<<< HEAD\nF20240315001")
    done = repo.ledger("check", "--since", repo.base, code=4)
    assert f"{LIVE}:2" in done.out and "is gone" not in done.out
    repo.git("checkout", "-q", ".")
    (repo.path / "exlog.yaml").unlink()
    head = repo.commit()
    done = run("-C", str(repo.path / ".git"), "check", "--since", repo.base, "--until", head, cwd=repo.path, code=None)
    assert done.code != 0


def test_what_cannot_be_compared_is_refused(repo: Repo) -> None:
    for args in (("--since", "nope"), ("--since", ""), ("--until", "HEAD"), ("--since", "HEAD", "--fix")):
        assert repo.ledger("check", *args, code=2).err.count("\n") == 1


def test_a_ledger_in_a_folder_of_its_repository(tmp_path: Path) -> None:
    top = Repo(tmp_path / "top")
    inner = Repo(top.path / "team", PEOPLE)
    import shutil

    shutil.rmtree(inner.path / ".git")
    for path in ("exlog.yaml", LIVE, "lanes.csv"):
        (top.path / path).unlink()
    inner.ledger.add({"subject": "a"})
    base = top.commit()
    inner.ledger("assign", "001", "x", "--as", CLERK, code=2)
    edit(inner, LIVE, ",a,", ",A,")
    assert "subject is 'A'" in inner.ledger("check", "--since", base, code=1).out
    head = top.commit()
    bare = tmp_path / "bare.git"
    top.git("clone", "-q", "--bare", ".", str(bare))
    done = run("check", "--since", base, "--until", head, cwd=bare, code=1)
    assert "team/exceptions.csv:2: subject" in done.out
