"""``exlog git-setup``: attributes, driver, diffs and hooks in real repositories of every shape."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from acceptance_helper import run
from team_helper import Clone, Team, git

from exlog.ledger.book import lacks_driver

HOOKS = ("post-merge", "post-rewrite", "post-checkout")
HINT = "exlog git-setup"


def repository(folder: Path, inside: str = "") -> Clone:
    """A repository with a ledger and one record, committed."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", ".")
    made = Clone(folder, "ann", inside)
    made.path.mkdir(exist_ok=True)
    made("init", ".")
    made.record("first")
    made.git("add", ".")
    made.git("commit", "-qm", "founded")
    return made


@pytest.fixture
def ledger(tmp_path: Path) -> Clone:
    return repository(tmp_path / "repo")


def wiring(clone: Clone) -> dict[str, bytes]:
    """Every file that setting up may touch."""
    names = [clone.path / ".gitattributes", clone.top / ".git" / "config"]
    names += [clone.top / ".git" / "hooks" / name for name in HOOKS]
    return {str(path): path.read_bytes() for path in names if path.exists()}


def test_init_in_a_repository_sets_it_up(ledger: Clone) -> None:
    lines = ledger.text(".gitattributes").splitlines()
    assert "*.csv text eol=lf merge=exlog diff=exlog" in lines
    assert "customers/*.yaml text eol=lf merge=exlog" in lines and "*.yaml text eol=lf" in lines
    assert ledger.git("config", "merge.exlog.driver").endswith(" merge-driver %O %A %B %P %L")
    assert ledger.git("check-attr", "merge", "exlog.yaml").endswith("unspecified")
    for name in HOOKS:
        assert (ledger.top / ".git" / "hooks" / name).stat().st_mode & 0o111


def test_again_is_no_harm_and_says_the_lane(ledger: Clone) -> None:
    before = wiring(ledger)
    result = ledger("git-setup", "-f", "json")
    assert wiring(ledger) == before
    assert '"lane"' in result.out and result.out.count("as it was") == 7
    assert '"0"' in result.out


def test_it_prints_what_it_did(ledger: Clone, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(ledger.top), "other")
    other = Clone(tmp_path / "other", "bob")
    told = other("git-setup").out
    for name in ("merge.exlog.driver", "diff.exlog.textconv", *HOOKS):
        assert any(line.startswith(name) and line.endswith("\twritten") for line in told.splitlines()), told
    assert "taken on the first write" in told
    other.record("x")
    assert "lane\tlanes.csv\t1" in other("git-setup").out


def test_attributes_that_are_there_are_completed(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", ".")
    (folder / ".gitattributes").write_text("*.png binary\n*.csv text eol=lf\n*.yaml text eol=lf", "utf-8")
    clone = Clone(folder, "ann")
    clone("init", ".")
    assert clone.text(".gitattributes").splitlines() == [
        "*.png binary",
        "*.csv text eol=lf merge=exlog diff=exlog",
        "*.yaml text eol=lf",
        "customers/*.yaml text eol=lf merge=exlog",
        "archive/*.xlsx binary merge=exlog",
    ]


EXISTING = {
    "plain": "#!/bin/sh\necho theirs >> ran\n",
    "no line end": "#!/bin/sh\necho theirs >> ran",
    "ends early": "#!/usr/bin/env bash\necho theirs >> ran\nexit 0\n",
    "execs": "#!/bin/sh\nset -e\nexec sh -c 'echo theirs >> ran'\n",
}


@pytest.mark.parametrize("text", EXISTING.values(), ids=EXISTING)
def test_a_hook_that_is_there_still_runs_and_so_does_ours(ledger: Clone, text: str, tmp_path: Path) -> None:
    ledger("git-setup", "--remove")
    hook = ledger.top / ".git" / "hooks" / "post-checkout"
    hook.write_text(text, "utf-8")
    hook.chmod(0o755)
    ledger("git-setup")
    whole = hook.read_text("utf-8")
    assert all(line in whole for line in text.splitlines()) and whole.count("git-hook post-checkout") == 1
    ledger("git-setup")
    assert hook.read_text("utf-8") == whole
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\necho ours >> '{ledger.top}/ran'\n", "utf-8")
    spy.chmod(0o755)
    program = ledger.git("config", "diff.exlog.textconv").removesuffix(" git-textconv")
    hook.write_text(whole.replace(program, str(spy)), "utf-8")
    ledger.git("checkout", "-q", "-b", "side")
    assert sorted((ledger.top / "ran").read_text("utf-8").split()) == ["ours", "theirs"]
    hook.write_text(whole, "utf-8")
    ledger("git-setup", "--remove")
    assert hook.read_text("utf-8") == text


def test_a_hook_that_fails_still_fails(ledger: Clone) -> None:
    ledger("git-setup", "--remove")
    hook = ledger.top / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\ntest -e nothing\n", "utf-8")
    hook.chmod(0o755)
    ledger("git-setup")
    ledger.git("checkout", "-q", "-b", "side", code=1)


def test_hooks_of_another_language_and_those_git_does_not_run_are_left_alone(ledger: Clone) -> None:
    ledger("git-setup", "--remove")
    folder = ledger.top / ".git" / "hooks"
    (folder / "post-merge").write_text("#!/usr/bin/env python3\nprint('mine')\n", "utf-8")
    (folder / "post-merge").chmod(0o755)
    (folder / "post-rewrite").write_text("#!/bin/sh\nrm -rf precious\n", "utf-8")
    told = ledger("git-setup").out
    assert "no shell script" in told and "not executable" in told
    assert (folder / "post-merge").read_text("utf-8").endswith("print('mine')\n")
    assert (folder / "post-rewrite").read_text("utf-8") == "#!/bin/sh\nrm -rf precious\n"


def test_remove_takes_exactly_ours_away(ledger: Clone) -> None:
    ledger.git("config", "diff.exlog.cachetextconv", "false")
    ledger("git-setup", "--remove")
    assert "exlog" not in ledger.git("config", "--local", "--get-regexp", "merge.*", code=None)
    assert ledger.git("config", "diff.exlog.cachetextconv") == "false"
    assert "exlog" not in ledger.text(".gitattributes") and "*.csv text eol=lf" in ledger.text(".gitattributes")
    assert not any((ledger.top / ".git" / "hooks" / name).exists() for name in HOOKS)
    assert ledger("git-setup", "--remove").out.splitlines() == [".gitattributes\t.gitattributes\tas it was"]
    ledger("git-setup")
    assert ledger.git("status", "--porcelain") == ""


def test_a_hook_never_fails_a_git_command(ledger: Clone) -> None:
    ledger.write("exceptions.csv", "id\n\x00garbage")
    ledger.write("exlog.yaml", "nonsense: [")
    ledger.git("checkout", "-q", "-b", "side")
    hook = ledger.top / ".git" / "hooks" / "post-checkout"
    program = ledger.git("config", "diff.exlog.textconv").split()[0].strip("'")
    hook.write_text(hook.read_text("utf-8").replace(program, "/gone/python"), "utf-8")
    assert ledger.git("checkout", "-q", "-b", "other") == ""


@pytest.mark.parametrize("named", [".githooks", "my hooks"])
def test_hooks_stand_where_git_looks_for_them(tmp_path: Path, named: str) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", ".")
    git(folder, "config", "core.hooksPath", named)
    clone = Clone(folder, "ann", "ledger")
    clone.path.mkdir()
    clone("init", ".")
    assert "git-hook" in (folder / named / "post-merge").read_text("utf-8")
    assert not (folder / ".git" / "hooks" / "post-merge").exists()
    git(folder, "config", "core.hooksPath", "/dev/null")
    assert "switched off" in clone("git-setup").out


@pytest.mark.parametrize("name", ["plain", "our team's ledger", "100% 客户", 'a "b" $c'])
def test_a_merge_runs_the_driver_from_any_path(tmp_path: Path, name: str) -> None:
    clone = repository(tmp_path / name, "in side")
    clone.git("checkout", "-qb", "side")
    clone("update", "001", "--set", "owner=李华")
    clone.git("commit", "-qam", "side")
    clone.git("checkout", "-q", "main")
    clone("update", "001", "--note", "here")
    clone.git("commit", "-qam", "main")
    clone.git("merge", "-q", "side")
    row = clone.row("F20240315001")
    assert (row["owner"], row["progress"]) == ("李华", "here")


def test_a_linked_worktree_and_a_submodule(ledger: Clone, tmp_path: Path) -> None:
    ledger.git("worktree", "add", "-q", str(tmp_path / "work tree"), "-b", "side")
    tree = Clone(tmp_path / "work tree", "bob")
    assert HINT not in tree("list").err, "it shares the configuration"
    tree("git-setup")
    tree.record("there")
    assert tree.rows()[1]["id"][9] == "1", "a worktree mints in a lane of its own"
    assert "+F20240315101 subject: there" in tree.git("diff")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", ".")
    git(outer, "submodule", "--quiet", "add", str(ledger.top), "ledger")
    inner = Clone(outer / "ledger", "cho")
    assert HINT in inner("list").err
    inner("git-setup")
    assert "git-hook" in (outer / ".git" / "modules" / "ledger" / "hooks" / "post-merge").read_text("utf-8")
    assert HINT not in inner("list").err
    inner("update", "001", "--set", "owner=cho")
    assert "+F20240315001 owner: cho" in inner.git("diff")


def test_a_diff_reads_as_fields(ledger: Clone) -> None:
    ledger("assign", "001", "李华")
    ledger.git("commit", "-qam", "assigned")
    ledger("close", "001", "--resolution", "上门取件\n换新", "--satisfaction", "4")
    text = ledger.git("diff", "--", "exceptions.csv")
    assert "-F20240315001 status: in_progress\n+F20240315001 status: closed\n" in text
    assert "+F20240315001 resolution: 上门取件\\n换新\n" in text
    history = ledger.git("diff", "--", "history")
    assert "close status: resolved → closed" in history


def test_a_diff_holds_nothing_that_steers_a_terminal(ledger: Clone) -> None:
    (ledger.path / "exceptions.csv").write_bytes(ledger.text().replace("first", "fi\x1b[31mrst").encode())
    assert "\x1b" not in ledger.git("diff", "--", "exceptions.csv") and "\\x1b[31m" in ledger.git("diff")


def test_a_table_that_is_not_ours_and_a_damaged_one_are_shown_as_they_are(ledger: Clone) -> None:
    ledger.write("other.csv", "name,age\nli,3\n")
    ledger.git("add", "other.csv")
    assert "+li,3" in ledger.git("diff", "--cached", "--", "other.csv")
    ledger.write("exceptions.csv", "<<<<<<< ours\nid,id\n")
    assert "+<<<<<<< ours" in ledger.git("diff", "--", "exceptions.csv")


def test_a_clone_that_is_not_set_up_is_told_once(ledger: Clone, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(ledger.top), "other")
    other = Clone(tmp_path / "other", "bob")
    first = other("list")
    assert HINT in first.err and len(first.err.splitlines()) == 1 and HINT not in first.out
    assert other("list").err == "" == other("list", "--all").err
    other("git-setup")
    git(other.top, "config", "--unset", "merge.exlog.driver")
    git(other.top, "config", "--remove-section", "merge.exlog")
    assert HINT in other("list").err, "what was set up and is gone is told again"


def test_a_configuration_of_the_user_will_do(ledger: Clone, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(ledger.top), "other")
    config = tmp_path / "gitconfig"
    config.write_text('[merge "exlog"]\n\tdriver = exlog merge-driver %O %A %B %P\n', "utf-8")
    assert Clone(tmp_path / "other", "bob")("list", GIT_CONFIG_GLOBAL=str(config)).err == ""


def test_looking_for_it_costs_next_to_nothing(ledger: Clone) -> None:
    start = time.perf_counter()
    for _round in range(100):
        assert not lacks_driver(ledger.path)
    assert (time.perf_counter() - start) / 100 < 0.001


def test_outside_of_a_repository_the_way_in_is_named(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "lone", "ann")
    clone.path.mkdir()
    assert "git" not in clone("init", ".").err
    assert "git init" in clone("git-setup", code=2).err
    git(clone.path, "init", "-q", ".")
    assert HINT in clone("list").err
    clone("git-setup")
    assert "lane\tlanes.csv\t0" in clone("git-setup").out, "the lane taken before git init counts"


def test_commands_that_git_calls_are_not_in_the_help(tmp_path: Path) -> None:
    text = run("--help", cwd=tmp_path).out
    assert "git-setup" in text and "sync" in text and "resolve" in text
    assert "git-hook" not in text and "git-textconv" not in text and "merge-driver" not in text


def test_a_hook_puts_right_what_a_merge_left(tmp_path: Path) -> None:
    pytest.importorskip("exlog.ledger.reconciling", exc_type=ImportError)
    team = Team(tmp_path / "team")
    ann = team.found("ann")
    bob = team.join("bob")
    ann("assign", "001", "ann")
    ann("close", "001", "--resolution", "x", "--satisfaction", "4")
    ann("archive", now="2024-05-02T09:00:00+08:00")
    ann("sync")
    bob("update", "001", "--note", "late news")
    bob.git("commit", "-qam", "bob")
    bob.git("pull", "-q", "--no-rebase", "--no-edit")
    assert bob.rows() == []
    assert "late news" in bob.text("archive/2024-03.csv")
