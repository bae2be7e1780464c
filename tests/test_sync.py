"""``exlog sync`` and automatic commits: real clones of a real bare repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from team_helper import Clone, Team, git, settle

pytest.importorskip("exlog.ledger.reconciling", exc_type=ImportError)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team")


@pytest.fixture
def ann(team: Team) -> Clone:
    return team.found("ann")


@pytest.fixture
def bob(team: Team, ann: Clone) -> Clone:
    return team.join("bob")


def test_two_clones_that_both_worked_end_alike(ann: Clone, bob: Clone) -> None:
    one, two = ann.record("from ann"), bob.record("from bob")
    ann("assign", one, "李华")
    bob("update", "001", "--note", "已联系供应商")
    settle(ann, bob)
    assert {row["id"] for row in ann.rows()} == {"F20240315001", one, two}
    assert ann.row("F20240315001")["progress"] == "已联系供应商"
    assert two[9] == "1", "another clone mints in another lane"


def test_a_message_says_what_a_person_did(ann: Clone) -> None:
    ann("assign", "001", "李华", "--department", "售后部")
    ann("sync")
    assert ann.log()[0] == "F20240315001 assigned to 售后部 / 李华"
    ann("close", "001", "--resolution", "换新", "--satisfaction", "4")
    said = ann("sync").err
    assert ann.log()[0] == "F20240315001 closed: 换新, satisfaction 4"
    assert "committed: F20240315001 closed: 换新, satisfaction 4" in said
    assert "commits pushed to origin/main: 1" in said


def test_several_changes_are_a_summary_and_a_line_each(ann: Clone) -> None:
    two = ann.record("第二条")
    ann("update", "001", "--note", "called")
    ann("sync")
    body = ann.git("log", "-1", "--format=%B").strip().splitlines()
    assert body == [f"2 changes: {two}, F20240315001", "", f"{two} new: 第二条", "F20240315001 note: called"]


def test_a_message_is_in_the_language_of_the_ledger_and_holds_nothing_hostile(team: Team) -> None:
    ann = team.found("ann", "--lang", "zh")
    ann("assign", "001", "李华")
    ann("close", "001", "--resolution", "上门取件\n\x1b[31m换新", "--satisfaction", "5")
    ann("sync")
    body = ann.git("log", "-1", "--format=%B")
    assert ann.log()[0].startswith("2 项变更") and "已关闭" in body and "满意度 5" in body and "分派给 李华" in body
    assert "\x1b" not in body


def test_a_message_tells_of_an_undo_and_of_an_archive(ann: Clone) -> None:
    ann("assign", "001", "李华")
    ann("undo")
    ann("customer", "add", "星河贸易", "-q")
    ann("undo")
    ann("assign", "001", "李华")
    ann("close", "001", "--resolution", "换新", "--satisfaction", "4")
    ann("archive", now="2024-04-02T10:00:00+08:00")
    ann("undo", now="2024-04-02T10:00:01+08:00")
    ann("sync", now="2024-04-02T10:00:02+08:00")
    lines = ann.git("log", "-1", "--format=%B").splitlines()
    expected = (
        "F20240315001 undo: assigned_at, owner, status",
        "C20240315001 undo: taken out",
        "2024-03 undo: archive",
    )
    assert {*expected, "2024-03 records archived: 1"} <= set(lines), lines
    assert "星河贸易" not in "".join(lines)


def test_many_imported_records_are_one_line(ann: Clone) -> None:
    names = ("subject", "customer_name", "received_at", "channel", "type", "category")
    lines = "".join(f"r{number},X,2024-03-01,phone,complaint,other\n" for number in range(30))
    (ann.top / "old.csv").write_text(",".join(names) + "\n" + lines, "utf-8")
    (ann.top / "map.yaml").write_text(
        "source: old\nid: subject\nset:\n" + "".join(f"  {name}: {{column: {name}}}\n" for name in names), "utf-8"
    )
    ann("import", "old.csv", "--map", "map.yaml")
    ann("sync")
    assert "30 records imported" in ann.git("log", "-1", "--format=%B")


def test_other_work_is_left_alone_staged_or_not(ann: Clone, bob: Clone) -> None:
    for name in ("staged.txt", "half.txt", "dirty.txt"):
        (ann.top / name).write_text("before\n", "utf-8")
    ann.git("add", "half.txt", "dirty.txt")
    ann.git("commit", "-qm", "texts")
    ann("sync")
    ann.git("add", "staged.txt")
    (ann.top / "half.txt").write_text("staged\n", "utf-8")
    ann.git("add", "half.txt")
    (ann.top / "half.txt").write_text("staged and more\n", "utf-8")
    (ann.top / "dirty.txt").write_text("unstaged\n", "utf-8")
    (ann.top / "loose.txt").write_text("untracked\n", "utf-8")
    (ann.top / "customers").mkdir(exist_ok=True)
    (ann.top / "customers" / "notes.txt").write_text("mine\n", "utf-8")
    (ann.top / "exlog.yaml").write_text(ann.text("exlog.yaml") + "# a thought\n", "utf-8")
    before, staged = ann.git("status", "--porcelain"), ann.git("diff", "--cached")
    ann.record("another")
    ann("sync")
    assert (ann.git("status", "--porcelain"), ann.git("diff", "--cached")) == (before, staged)
    assert set(ann.git("show", "--name-only", "--format=").split()) == {"exceptions.csv", "history/2024-03/0.csv"}
    bob("sync")
    assert len(bob.rows()) == 2


def test_what_a_person_staged_of_the_ledger_is_no_obstacle(ann: Clone) -> None:
    ann.record("staged")
    ann.git("add", "exceptions.csv")
    ann("update", "001", "--note", "and more")
    ann("sync")
    assert ann.git("status", "--porcelain") == ""


def test_a_profile_is_committed_with_its_record_and_no_name_stands_in_the_message(ann: Clone) -> None:
    ann("add", "星河贸易", "late", "-c", "delivery", "--new-customer", "-q")
    ann("sync")
    assert any(name.startswith("customers/C") for name in ann.git("show", "--name-only", "--format=").split())
    assert "星河贸易" not in ann.git("log", "-1", "--format=%B")


def test_nothing_to_do_is_said(ann: Clone) -> None:
    before = ann.git("rev-parse", "HEAD")
    assert "nothing to do" in ann("sync").err
    assert ann("sync", "-q").err == ""
    assert ann.git("rev-parse", "HEAD") == before


def test_a_push_that_came_second_is_tried_again(ann: Clone, bob: Clone) -> None:
    bob.record("bob was faster")
    bob.git("add", ".")
    bob.git("commit", "-qm", "bob")
    hook = ann.top / ".git" / "hooks" / "pre-push"
    hook.write_text(
        f"#!/bin/sh\nif mkdir '{ann.top}/.git/once' 2>/dev/null; then\n"
        f"  env -u GIT_DIR -u GIT_WORK_TREE git -C '{bob.top}' push -q origin HEAD:main || exit 1\nfi\n",
        "utf-8",
    )
    hook.chmod(0o755)
    ann.record("ann was slower")
    said = ann("sync").err
    assert "commits taken in from origin/main: 1" in said and "commits pushed to origin/main: 2" in said
    settle(ann, bob)
    assert len(ann.rows()) == 3


def test_a_push_that_always_comes_second_ends_as_busy(ann: Clone) -> None:
    hub = ann.top.parent / "hub.git"
    hook = ann.top / ".git" / "hooks" / "pre-push"
    hook.write_text(
        "#!/bin/sh\nunset GIT_DIR GIT_WORK_TREE\n"
        f"cd '{hub}' && new=$(git commit-tree -p main -m other main^{{tree}}) && git update-ref refs/heads/main $new\n",
        "utf-8",
    )
    hook.chmod(0o755)
    ann.record("x")
    result = ann("sync", code=75)
    assert "5 times" in result.err and "committed here" in result.err
    assert result.err.count("commits taken in from origin/main: 1") == 4
    hook.unlink()
    assert "commits pushed to" in ann("sync").err


def test_offline_everything_is_committed_and_said_on_one_line(ann: Clone) -> None:
    ann.git("remote", "set-url", "origin", str(ann.top.parent / "nowhere.git"))
    ann.record("on the train")
    result = ann("sync", code=75)
    lines = [line for line in result.err.splitlines() if "offline" in line]
    assert len(lines) == 1 and "everything is committed here" in lines[0] and "nowhere.git" in lines[0]
    assert ann.log()[0].endswith("new: on the train") and ann.git("status", "--porcelain") == ""
    ann.git("remote", "set-url", "origin", str(ann.top.parent / "hub.git"))
    assert "commits pushed to origin/main: 1" in ann("sync").err


def test_without_an_upstream_the_remedy_is_named(ann: Clone, tmp_path: Path) -> None:
    ann.git("switch", "-qc", "side")
    assert "git push -u origin side" in ann("sync", code=2).err
    ann.git("checkout", "-q", "--detach")
    assert "git switch" in ann("sync", code=2).err
    ann.git("switch", "-q", "main")
    ann.git("remote", "remove", "origin")
    assert "git remote add origin URL" in ann("sync", code=2).err
    lone = Clone(tmp_path / "lone", "ann")
    lone.path.mkdir()
    lone("init", ".")
    assert "git init" in lone("sync", code=2).err


def test_a_conflict_stops_with_everything_kept_and_goes_on_when_it_is_decided(ann: Clone, bob: Clone) -> None:
    ann("update", "001", "--set", "owner=ann", "--note", "by ann")
    bob("update", "001", "--set", "owner=bob")
    ann("sync")
    result = bob("sync", code=3)
    assert "exlog resolve" in result.err and "everything is kept" in result.err
    assert "exlog resolve" in bob("sync", code=3).err, "a second sync decides nothing"
    assert bob.git("rev-parse", "--verify", "MERGE_HEAD")
    bob("resolve", "001", "owner", "--ours")
    bob("sync")
    settle(ann, bob)
    row = ann.row("F20240315001")
    assert (row["owner"], row["progress"]) == ("bob", "by ann")


def test_it_rebases_where_git_is_configured_so(ann: Clone, bob: Clone) -> None:
    bob.git("config", "pull.rebase", "true")
    ann("update", "001", "--set", "owner=ann")
    bob("update", "001", "--set", "owner=bob")
    two = bob.record("second")
    ann("sync")
    bob("sync", code=3)
    bob("resolve", "001", "owner", "--value", "zoe")
    bob("sync")
    assert bob.git("log", "--merges", "--oneline") == ""
    settle(ann, bob)
    assert ann.row("F20240315001")["owner"] == "zoe" and ann.row(two)["subject"] == "second"


def test_what_git_refuses_is_told_with_its_reason(ann: Clone, bob: Clone) -> None:
    (ann.top / "notes.txt").write_text("ann's\n", "utf-8")
    ann.git("add", "notes.txt")
    ann.git("commit", "-qm", "notes")
    ann("sync")
    (bob.top / "notes.txt").write_text("bob's\n", "utf-8")
    bob.record("kept")
    result = bob("sync", code=2)
    assert "notes.txt" in result.err and len(result.err.splitlines()) == 2
    assert (bob.top / "notes.txt").read_text("utf-8") == "bob's\n" and bob.log()[0].endswith("new: kept")
    (bob.top / "notes.txt").unlink()
    settle(ann, bob)


def test_what_the_server_refuses_is_told_with_its_words(ann: Clone) -> None:
    hook = ann.top.parent / "hub.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'no pushes on Friday' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    ann.record("x")
    result = ann("sync", code=2)
    assert "no pushes on Friday" in result.err and "committed here" in result.err
    assert ann.git("status", "--porcelain") == ""


def test_an_unsound_ledger_is_not_pushed(ann: Clone) -> None:
    ann.write("exceptions.csv", ann.text().replace("Walk-in", "Somebody"))
    result = ann("sync", code=1)
    assert "not pushed" in result.err and "exlog check" in result.err
    assert git(ann.top.parent / "hub.git", "rev-parse", "main") != ann.git("rev-parse", "HEAD")
    ann("check", "--adopt")
    assert "commits pushed to origin/main: 2" in ann("sync").err


def test_a_clock_that_is_a_few_minutes_behind_does_no_harm(ann: Clone, bob: Clone) -> None:
    ahead, behind, after = "2024-03-15T16:10:00+08:00", "2024-03-15T16:00:00+08:00", "2024-03-15T16:12:00+08:00"
    ann("update", "001", "--set", "order_no=A", now=ahead)
    ann("add", "Walk-in", "ahead", "-c", "other", "--one-off", now=ahead)
    ann("sync", now=ahead)
    bob("sync", now=behind)
    bob("update", "001", "--set", "order_no=B", now=behind)
    bob("assign", "002", "bob", now=behind)
    bob("check", now=behind)
    bob("sync", now=behind)
    ann("update", "001", "--set", "product=P", now=after)
    bob("update", "001", "--set", "product=Q", now=behind)
    ann("sync", now=after)
    bob("sync", code=3, now=behind)
    bob("resolve", "001", "product", "--ours", now=behind)
    bob("sync", now=behind)
    ann("sync", now=after)
    ann("check", now=after)
    row = ann.row("F20240315001")
    assert (row["order_no"], row["product"]) == ("B", "Q")
    assert "lies in the future" in bob("check", now="2024-03-15T15:50:00+08:00", code=1).out


def test_three_clones_and_a_ledger_in_a_subfolder(team: Team) -> None:
    ann = team.found("ann", inside="our ledger")
    others = [team.join(name, inside="our ledger") for name in ("bob", "cho")]
    ids = [clone.record(f"by {clone.name}") for clone in (ann, *others)]
    for clone, one in zip((ann, *others), ids, strict=True):
        clone("assign", one, clone.name)
        clone("close", one, "--resolution", "换新", "--satisfaction", "4")
    settle(ann, *others)
    rows = ann.rows()
    assert {row["subject"]: row["status"] for row in rows if row["subject"] != "first"} == dict.fromkeys(
        ("by ann", "by bob", "by cho"), "closed"
    )
    assert len({row["id"] for row in rows}) == 4, "bob and cho took one lane, apart: one of their records has a new id"
    assert {line.split(",")[0] for line in ann.text("lanes.csv").splitlines()[1:]} == {"0", "1", "2"}


def test_a_clone_of_an_empty_repository_is_the_first(team: Team) -> None:
    bob = team.found("bob")
    assert bob.log() == ["F20240315001 new: first"]
    assert "exlog.yaml" in bob.git("ls-files").split()


def automatic(clone: Clone) -> None:
    clone.write("exlog.yaml", clone.text("exlog.yaml").replace("autocommit: false", "autocommit: true"))
    clone.git("commit", "-qam", "policy")


def test_autocommit_commits_each_command_and_nothing_else(ann: Clone) -> None:
    automatic(ann)
    (ann.top / "staged.txt").write_text("mine\n", "utf-8")
    ann.git("add", "staged.txt")
    ann("assign", "001", "李华")
    ann("customer", "add", "星河贸易")
    ann("close", "001", "--resolution", "换新", "--satisfaction", "4")
    assert ann.log()[:3] == [
        "F20240315001 closed: 换新, satisfaction 4",
        "C20240315001 new customer",
        "F20240315001 assigned to 李华",
    ]
    assert ann.git("status", "--porcelain") == "A  staged.txt"


def test_autocommit_never_fails_the_command(ann: Clone, tmp_path: Path) -> None:
    automatic(ann)
    hook = ann.top / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'error: too late today' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    two = ann("add", "Walk-in", "x", "-c", "other", "--one-off", "-q", "--new-customer", code=None)
    result = ann("update", "001", "--note", "x")
    assert "not committed" in result.err and "too late today" in result.err
    assert ann.log()[0] == "policy" and two.code in (0, 2)
    assert ann.git("diff", "--cached", "--name-only") == ""
    hook.unlink()
    lone = Clone(tmp_path / "lone", "ann")
    lone.path.mkdir()
    lone("init", ".")
    lone.write("exlog.yaml", lone.text("exlog.yaml").replace("autocommit: false", "autocommit: true"))
    assert "not committed" in lone("add", "Walk-in", "x", "-c", "other", "--one-off").err


def test_autocommit_waits_while_a_merge_is_under_way(ann: Clone, bob: Clone) -> None:
    automatic(ann)
    ann("sync")
    bob("sync")
    bob("update", "001", "--set", "owner=bob")
    bob("sync")
    ann("update", "001", "--set", "owner=ann")
    ann("sync", code=3)
    result = ann("resolve", "001", "owner", "--ours")
    assert "merge is under way" in result.err
    ann("sync")
    settle(ann, bob)


def test_autocommit_must_be_true_or_false(ann: Clone) -> None:
    ann.write("exlog.yaml", ann.text("exlog.yaml").replace("autocommit: false", "autocommit: often"))
    assert "git.autocommit" in ann("list", code=4).err
