"""Ledgers in real git repositories, for the tests of the gate."""

from __future__ import annotations

import subprocess
from pathlib import Path

from acceptance_helper import Ledger, environment

PEOPLE = """
people:
  王芳: {email: wf@example.com, role: manager}
  李雷: {email: ll@example.com, role: clerk}
  赵敏: {email: zm@example.com, role: lead}
roles:
  default: [record]
  clerk: [record, update, close]
  lead: [record, update, assign, approve, close, invalidate, edit_customers]
  manager: [all]
"""
APPROVAL = """
approval:
  - {for: close, when: {urgency: critical}}
  - {for: invalidate}
"""
MANAGER, CLERK, LEAD = "wf@example.com", "ll@example.com", "zm@example.com"


class Repo:
    """A ledger in a repository of its own, committed; ``base`` is the commit that the gate compares with."""

    def __init__(self, path: Path, policy: str = "") -> None:
        self.path = path
        self.ledger = Ledger(path)
        if policy:
            self.ledger.policy(policy)
        self.git("init", "-q", "-b", "main")
        self.base = ""

    def git(self, *args: str, code: int | None = 0, author: str = MANAGER) -> str:
        done = subprocess.run(
            ["git", "-c", f"user.email={author}", "-c", "user.name=x", *args],
            cwd=self.path, env=environment(self.path.parent), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, (args, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def commit(self, author: str = MANAGER) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x", author=author)
        return self.git("rev-parse", "HEAD").strip()

    def mark(self) -> None:
        """What is there by now is sound; the gate looks at what comes after."""
        self.base = self.commit()

    def findings(self, *args: str) -> list[str]:
        """What the gate finds in the work tree since ``base``, as ``where: message; remedy``."""
        done = self.ledger("check", "--since", self.base, *args, "-f", "csv", code=None)
        lines = done.out.splitlines()[1:]
        assert done.code == (0 if not lines else done.code) and (done.code in (1, 4)) == bool(lines), done
        return lines

    def closed(self, subject: str = "s", now: str | None = None) -> str:
        """A record that is closed, by the manager."""
        (one,) = self.ledger.add({"subject": subject}, now=now)
        self.ledger("assign", one, "李雷", "--as", MANAGER, now=now)
        self.ledger("close", one, "--resolution", "done", "--satisfaction", "5", "--as", MANAGER, now=now)
        return one
