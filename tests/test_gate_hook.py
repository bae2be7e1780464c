"""docs/examples/gate: the pre-receive script in a real bare repository, and the CI snippets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from acceptance_helper import environment
from gate_helper import CLERK, LEAD, MANAGER, PEOPLE, Repo

from exlog.store import yamlfile

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples" / "gate"
LIVE, HISTORY = "exceptions.csv", "history/2024-03/0.csv"


class Server:
    """A bare repository with the script as its hook, and one clone that pushes to it."""

    def __init__(self, path: Path, policy: str = PEOPLE) -> None:
        self.repo = Repo(path / "ledger", policy)
        self.bare = path / "bare.git"
        self.home = path
        self.repo.git("init", "-q", "--bare", "-b", "main", str(self.bare))
        shutil.copy(EXAMPLES / "pre-receive", self.bare / "hooks" / "pre-receive")
        program = path / "exlog"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m exlog "$@"\n')
        program.chmod(0o755)

    def push(self, *refs: str, **env: str) -> tuple[int, str]:
        done = subprocess.run(
            ["git", "push", "-q", str(self.bare), *(refs or ("main",))],
            cwd=self.repo.path, env=environment(self.home, EXLOG=str(self.home / "exlog"), **env),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stderr

    def passes(self, *refs: str, **env: str) -> None:
        code, told = self.push(*refs, **env)
        assert code == 0, told
        assert "remote: the gate lets this pass" in told or refs

    def refuses(self, says: str, *refs: str, **env: str) -> None:
        """The push is refused with the line shown to the pusher; the branch stays where it was."""
        before = self.repo.git("ls-remote", str(self.bare))
        code, told = self.push(*refs, **env)
        assert code != 0 and "pre-receive hook declined" in told
        assert any(line.startswith("remote: ") and says in line for line in told.splitlines()), told
        assert "Traceback" not in told
        assert self.repo.git("ls-remote", str(self.bare)) == before


@pytest.fixture
def server(tmp_path: Path) -> Server:
    made = Server(tmp_path)
    made.repo.ledger.add({"subject": "a"})
    made.repo.closed("b")
    made.repo.ledger("customer", "add", "Big", "--as", MANAGER)
    made.repo.commit()
    made.passes()
    return made


def test_sound_pushes_pass(server: Server) -> None:
    ledger = server.repo.ledger
    ledger("update", "001", "--note", "x", "--as", CLERK)
    server.repo.commit()
    server.passes()
    ledger("customer", "edit", "Big", "--phone", "7", "--as", LEAD)
    ledger("assign", "001", "李雷", "--as", LEAD)
    server.repo.commit()
    server.passes(EXLOG_AUTHOR="赵敏")
    server.passes("main:refs/heads/elsewhere")


UNDO = PEOPLE.replace("clerk: [record, update, close]", "clerk: [record, update, undo]")
APRIL = "2024-04-02T10:00:00+08:00"


@pytest.mark.parametrize("pushed", [True, False], ids=["pushed before", "in one push"])
def test_what_is_taken_back_passes_and_so_does_doing_it_anew(server: Server, pushed: bool) -> None:
    """By the manager, who may undo what others did: an update, a new record, an import, an archive, an approval."""
    ledger, write = server.repo.ledger, server.repo.ledger.write
    names = ("subject", "customer_name", "received_at", "channel", "type", "category")
    write("i.csv", ",".join(names) + "\none,X,2024-03-01,phone,complaint,other\n")
    columns = "".join(f"  {name}: {{column: {name}}}\n" for name in names)
    write("map.yaml", f"source: old\nid: subject\nset:\n{columns}")
    for command in (
        ("update", "001", "--set", "order_no=A", "--as", CLERK),
        ("add", "Walk-in", "slip", "-c", "other", "--one-off", "--as", CLERK),
        ("customer", "edit", "Big", "--phone", "8", "--as", LEAD),
        ("import", "i.csv", "--map", "map.yaml", "--as", MANAGER),
        ("archive", "--as", MANAGER),
    ):
        ledger(*command, now=APRIL)
        for again in (("undo", "--as", MANAGER), ("undo", "--as", MANAGER)):
            if pushed:
                server.repo.commit()
                server.passes(EXLOG_NOW=APRIL)
            ledger(*again, now=APRIL)
        server.repo.commit()
        server.passes(EXLOG_NOW=APRIL)


def test_what_somebody_else_did_is_taken_back_by_who_could_do_it(tmp_path: Path) -> None:
    server = Server(tmp_path, UNDO)
    ledger = server.repo.ledger
    ledger.add({"subject": "a"}, {"subject": "b"})
    server.repo.commit()
    server.passes()
    ledger("assign", "001", "李雷", "--as", MANAGER)
    told = ledger("undo", "--as", CLERK, code=2).err
    assert "lacks the permission assign" in told
    ledger("update", "002", "--set", "order_no=A", "--as", LEAD)
    ledger("undo", "--as", CLERK)
    server.repo.commit()
    server.passes()
    ledger("update", "002", "--set", "order_no=B", "--as", "李雷")
    ledger("undo", "--as", CLERK)  # one person under two names
    server.repo.commit()
    server.passes()
    ledger.rule("clerk: [record, update, undo]", "clerk: [all]")
    ledger("assign", "002", "李雷", "--as", MANAGER)
    ledger("undo", "--as", CLERK)
    ledger.rule("clerk: [all]", "clerk: [record, update, undo]")
    server.repo.commit()
    server.refuses(f"{CLERK} (role clerk) lacks the permission assign")


def test_taking_back_a_closing_of_somebody_else_takes_what_reopening_does(tmp_path: Path) -> None:
    server = Server(tmp_path, UNDO.replace("[record, update, undo]", "[record, update, close, assign, undo]"))
    ledger = server.repo.ledger
    server.repo.closed("b")
    assert "lacks the permission reopen" in ledger("undo", "--as", CLERK, code=2).err
    ledger("undo", "--as", MANAGER)
    ledger("close", "001", "--resolution", "x", "--satisfaction", "3", "--as", CLERK)
    ledger("undo", "--as", CLERK)


def take_back_by_hand(repo: Repo) -> None:
    """An event that names a command which did something else."""
    repo.ledger("update", "001", "--set", "order_no=A", "--as", MANAGER)
    repo.ledger("undo", "--as", MANAGER)
    text = repo.ledger.text(HISTORY)
    repo.ledger.write(HISTORY, text.replace("undo,order_no,A,,undo ", "undo,order_no,A,B,undo "))


def test_a_clock_that_is_a_little_ahead_is_no_matter_for_the_gate(server: Server) -> None:
    server.repo.ledger.add({"subject": "c"}, now="2024-03-15T14:40:00+08:00")
    server.repo.commit()
    server.passes()
    server.repo.ledger.add({"subject": "d"}, now="2024-03-15T14:50:00+08:00")
    server.repo.commit()
    server.refuses("lies in the future")


def lose_a_row(repo: Repo) -> None:
    repo.ledger.write(LIVE, "".join(repo.ledger.text().splitlines(keepends=True)[:-1]))


def rewrite_history(repo: Repo) -> None:
    repo.ledger.write(HISTORY, repo.ledger.text(HISTORY).replace(",ann,", ",bob,", 1))


def edit_by_hand(repo: Repo) -> None:
    repo.ledger.write(LIVE, repo.ledger.text().replace(",a,", ",A,", 1))


def drop_the_profile(repo: Repo) -> None:
    shutil.rmtree(repo.path / "customers")


def take_a_role(repo: Repo) -> None:
    repo.ledger.write("exlog.yaml", repo.ledger.text("exlog.yaml").replace("role: clerk", "role: manager"))


def reopen_without_permission(repo: Repo) -> None:
    before = repo.ledger.text("exlog.yaml")
    take_a_role(repo)
    repo.ledger("reopen", "002", "--reason", "x", "--as", CLERK)
    repo.ledger.write("exlog.yaml", before)


def leave_conflict_markers(repo: Repo) -> None:
    repo.ledger.write(LIVE, repo.ledger.text() + "<<<<<<< HEAD\n")


def break_the_policy(repo: Repo) -> None:
    repo.ledger.write("exlog.yaml", repo.ledger.text("exlog.yaml") + "sla: 7\n")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lose_a_row, "is gone; a record is closed as invalid, not removed"),
        (rewrite_history, "history is only appended to"),
        (edit_by_hand, "the history says 'a'"),
        (drop_the_profile, "the profile is gone"),
        (take_a_role, f"{CLERK} (role clerk) lacks the permission change_policy"),
        (reopen_without_permission, f"{CLERK} (role clerk) lacks the permission reopen"),
        (take_back_by_hand, f"{MANAGER} takes back what nobody did"),
        (leave_conflict_markers, "left conflict markers"),
        (break_the_policy, "this must be a list"),
    ],
)
def test_each_bad_push_is_refused_with_the_reason(server: Server, bad: Callable[[Repo], None], says: str) -> None:
    bad(server.repo)
    server.repo.commit(author=CLERK)
    server.refuses(says)


def test_lost_commits_a_deleted_branch_and_the_work_of_others_are_refused(server: Server) -> None:
    repo = server.repo
    repo.ledger("update", "001", "--note", "x", "--as", CLERK)
    repo.commit()
    server.refuses(f"{CLERK} did this, but 王芳 pushes it", EXLOG_AUTHOR="王芳")
    server.passes(EXLOG_AUTHOR=CLERK)
    repo.git("checkout", "-q", "-B", "main", "HEAD~1")
    server.refuses("commits would be lost", "+main")
    repo.git("-C", str(server.bare), "config", "receive.denyDeleteCurrent", "ignore")
    server.refuses("is not deleted here", ":main")


def test_the_script_is_plain_shell_and_the_snippets_are_yaml() -> None:
    script = EXAMPLES / "pre-receive"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)
    for path in EXAMPLES.glob("*.yml"):
        assert "exlog check --since" in str(yamlfile.load(path.read_bytes(), path.name).plain())
