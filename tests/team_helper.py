"""Clones of one bare repository with a ledger in it, exlog as a process in each, and a clock that goes on."""

from __future__ import annotations

import itertools
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from acceptance_helper import Ledger, Result, environment, run

START = datetime.fromisoformat("2024-03-15T14:30:00+08:00")
IDENTITY = {
    "GIT_AUTHOR_NAME": "Tester", "GIT_AUTHOR_EMAIL": "tester@example.com",
    "GIT_COMMITTER_NAME": "Tester", "GIT_COMMITTER_EMAIL": "tester@example.com",
}  # fmt: skip
MARKS = ("<<<<<<<", "=======", ">>>>>>>")
_TICKS = itertools.count(1)


def git(folder: Path, *arguments: str, code: int | None = 0, **env: str) -> str:
    """Run git; what it prints on both streams."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder, env=environment(folder, **IDENTITY, **env), capture_output=True, timeout=60,
    )  # fmt: skip
    text = (done.stdout + done.stderr).decode()
    assert code is None or done.returncode == code, f"git {' '.join(arguments)} -> {done.returncode}\n{text}"
    return text.strip("\n")


class Clone(Ledger):
    """One clone; its ledger stands at the top, or in ``inside``. Every command is a little later than the last."""

    def __init__(self, top: Path, name: str, inside: str = "") -> None:
        self.top = top
        self.path = top / inside if inside else top
        self.name = name

    def __call__(
        self, *args: str, code: int | None = 0, stdin: str = "", now: str | None = None, **env: str | None
    ) -> Result:
        when = now or (START + timedelta(seconds=3 * next(_TICKS))).isoformat()
        given = {"EXLOG_USER": self.name, "EXLOG_NOW": when, **IDENTITY, **env}
        return run(*args, cwd=self.path, code=code, stdin=stdin, **given)

    def git(self, *arguments: str, code: int | None = 0, **env: str) -> str:
        return git(self.top, *arguments, code=code, **env)

    def record(self, subject: str, *more: str, now: str | None = None) -> str:
        """One new record of a walk-in customer; its id."""
        return self("add", "Walk-in", subject, "-c", "other", "--one-off", "-q", *more, now=now).out.strip()

    def log(self) -> list[str]:
        """Subjects of the commits, newest first."""
        return self.git("log", "--format=%s").splitlines()

    def row(self, record_id: str) -> dict[str, str]:
        return next(row for row in self.rows() if row["id"] == record_id)

    def rows(self) -> list[dict[str, str]]:
        import csv
        import io

        return list(csv.DictReader(io.StringIO(self.text())))


class Team:
    """A bare repository and its clones."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.hub = folder / "hub.git"
        git(folder, "init", "--quiet", "--bare", str(self.hub))

    def found(self, name: str = "ann", *init: str, inside: str = "") -> Clone:
        """The first clone: a ledger with one record, committed and pushed."""
        top = self.folder / name
        git(self.folder, "clone", "--quiet", str(self.hub), str(top))
        clone = Clone(top, name, inside)
        clone.path.mkdir(exist_ok=True)
        clone("init", ".", *init)
        clone.record("first")
        clone("sync")
        return clone

    def join(self, name: str, *, inside: str = "", set_up: bool = True) -> Clone:
        """Another clone, set up for merging."""
        top = self.folder / name
        git(self.folder, "clone", "--quiet", str(self.hub), str(top))
        clone = Clone(top, name, inside)
        if set_up:
            clone("git-setup")
        return clone


def settle(*clones: Clone) -> None:
    """Let every clone sync until all have everything."""
    for clone in (*clones, *clones):
        clone("sync")
    assert len({frozenset(clone.files().items()) for clone in clones}) == 1
    for clone in clones:
        assert not any(mark in clone.text() for mark in MARKS)
        clone("check")
