"""Random ledgers, three clones, random commands, merged in random order by real git: nothing is lost, nothing doubled.

A run is told by its seed, which a failure prints. ``--merges N`` takes N runs.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from faults import process
from faults.process import environment

CHUNKS = 12
START = datetime.fromisoformat("2024-03-28T09:00:00+08:00")
NAMES = ("ann", "bob", "cho")
SETTABLE = {
    "product": ("P20", "P30", "K10"), "batch": ("B1", "B2"), "cause": ("valve", "paint"), "region": ("华东", "华南"),
    "notes": ("asked twice", "VIP, take care", "见附件"), "severity": ("major", "minor"), "owner": ("li", "wang"),
}  # fmt: skip
MADE_OF_TWO = {"notes", "severity"}
"""Fields whose merged value may be neither side's (notes), or that take others along (severity rates anew)."""


class Clone:
    """One clone, its own clock, and what was set in it: the last value of each uid and field."""

    def __init__(self, path: Path, name: str, dice: random.Random) -> None:
        self.path, self.name, self.dice = path, name, dice
        self.now = START
        self.edits: dict[tuple[str, str], str] = {}

    def exlog(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> process.Done:
        self.now += timedelta(minutes=self.dice.randrange(1, 90))
        env = {"EXLOG_NOW": self.now.isoformat(), "EXLOG_USER": self.name, "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = process.forked("-C", str(self.path), "--as", self.name, *arguments, env=env)
        assert done.code in codes, (self.name, arguments, done)
        return done

    def git(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        who = ("-c", f"user.name={self.name}", "-c", f"user.email={self.name}@example.com")
        clock = {"EXLOG_NOW": self.now.isoformat(), "EXLOG_USER": self.name}  # for the hooks
        env = {**environment(clock), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode in codes, (self.name, arguments, done)
        return done

    def rows(self) -> list[dict[str, str]]:
        return [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in json.loads(self.exlog("list", "--all", "-f", "json").out)["data"]
        ]

    def stored(self) -> list[dict[str, str]]:
        """The rows as they stand in the files, without a process."""
        texts = (path.read_text("utf-8") for path in (self.path / "exceptions.csv", *self.path.glob("archive/2*.csv")))
        return sorted((row for text in texts for row in csv.DictReader(text.splitlines())), key=lambda row: row["id"])

    def act(self) -> None:
        """One random command; a guard may refuse it, which changes nothing."""
        row = self.dice.choice(self.stored())
        field = self.dice.choice(list(SETTABLE))
        value = self.dice.choice(SETTABLE[field])
        owner = value if field == "owner" else "li"
        commands = {
            "add": ("add", self.dice.choice(("ACME", "北风")), f"by {self.name}", "-c", "service", "--one-off"),
            "assign": ("assign", row["id"], owner),
            "set": ("update", row["id"], "--set", f"{field}={value}"),
            "note": ("update", row["id"], "--note", f"{self.name} called"),
            "close": ("close", row["id"], "--set", "owner=li", "--resolution", "换新", "--satisfaction", "4"),
            "reopen": ("reopen", row["id"], "--reason", "again"),
            "archive": ("archive", "--before", "2024-04"),
            "customer": ("customer", "edit", "C20240301001", "--phone", f"021-{self.dice.randrange(9)}"),
        }
        told = {"set": {field: value}, "assign": {"owner": owner}, "close": {"owner": "li"}}
        name = self.dice.choice(list(commands))
        if name == "archive" and self.now < START + timedelta(days=4):
            self.now = START + timedelta(days=5)
        if name == "set" and self.dice.random() < 0.1:
            self.widen()
        done = self.exlog(*commands[name], codes=(0, 2))
        if done.code == 0 and "nothing to change" not in done.err:
            self.edits.update({(row["uid"], field): value for field, value in told.get(name, {}).items()})

    def widen(self) -> None:
        """A column that exlog does not know, as a person adds one in a spreadsheet."""
        file = self.path / "exceptions.csv"
        header, *lines = file.read_text("utf-8").splitlines()
        column = f"extra_{self.name}"
        if column not in header:
            file.write_text("\n".join([f"{header},{column}", *(f"{line}," for line in lines), ""]), "utf-8")

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", f"work of {self.name}", codes=(0, 1))

    def take(self, other: Clone) -> list[dict[str, str]]:
        """Merge what the other clone has; the conflicts, each decided for one side."""
        self.now = max(self.now, other.now)
        self.git("fetch", "-q", str(other.path), "main")
        merged = self.git("merge", "-q", "--no-edit", "FETCH_HEAD", codes=(0, 1))
        conflicts: list[dict[str, str]] = []
        if merged.returncode:
            listed = self.exlog("resolve", "-f", "json", codes=(0, 3))
            conflicts = json.loads(listed.out)["data"]
            assert conflicts or "the history says" in listed.err, (merged.stdout, merged.stderr, listed.err)
            if conflicts:
                self.exlog("resolve", "--all", self.dice.choice(("--ours", "--theirs")))
            self.git("add", "-A")
            self.git("commit", "-q", "--no-edit")
        self.exlog("list", "-q")
        listed = self.exlog("resolve", "-f", "json", codes=(0, 3))  # what reconcile found to decide across files
        if listed.code:
            conflicts += json.loads(listed.out)["data"]
            self.exlog("resolve", "--all", self.dice.choice(("--ours", "--theirs")))
        self.commit()
        return conflicts


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in git with four records, one closed, and a customer; set up for merging."""
    folder = tmp_path_factory.mktemp("founded") / "ledger"
    folder.mkdir()
    clone = Clone(folder, "ann", random.Random(0))
    clone.git("init", "-q", "-b", "main")
    clone.now = START - timedelta(days=27)
    clone.exlog("init", str(folder))
    clone.exlog("customer", "add", "ACME")
    for number in range(4):
        clone.exlog("add", "ACME", f"record {number}", "-c", "delivery", "--order-no", str(number))
    first = clone.rows()[0]["id"]
    clone.exlog("close", first, "--set", "owner=li", "--resolution", "done", "--satisfaction", "5")
    attributes = folder / ".gitattributes"
    assert "merge=exlog" in attributes.read_text("utf-8"), "init within a repository sets it up"
    clone.commit()
    return folder


def joined(founded: Path, folder: Path, dice: random.Random) -> list[Clone]:
    shutil.copytree(founded, folder / "ann", symlinks=True)
    clones = [Clone(folder / "ann", "ann", dice)]
    for name in NAMES[1:]:
        subprocess.run(["git", "clone", "-q", str(founded), str(folder / name)], check=True, capture_output=True)
        clone = Clone(folder / name, name, dice)
        program = f"{sys.executable} -m exlog merge-driver %O %A %B %P %L"
        clone.git("config", "merge.exlog.driver", program)
        clones.append(clone)
    clones[0].git("config", "merge.exlog.driver", program)
    return clones


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_three_clones_merged_in_any_order_lose_nothing(
    chunk: int, founded: Path, memory: Path, pytestconfig: pytest.Config
) -> None:
    for seed in range(chunk, pytestconfig.getoption("--merges"), CHUNKS):
        folder = memory / str(seed)
        folder.mkdir()
        try:
            run(founded, folder, random.Random(seed))
        except BaseException:
            sys.stderr.write(f"seed {seed}\n")
            raise
        shutil.rmtree(folder)


def run(founded: Path, folder: Path, dice: random.Random) -> None:
    clones = joined(founded, folder, dice)
    for clone in clones:
        for _time in range(dice.randrange(1, 6)):
            clone.act()
        clone.commit()
    known = {row["uid"] for clone in clones for row in clone.stored()}
    dice.shuffle(clones)
    hub, *others = clones
    conflicts = [one for other in others for one in hub.take(other)]
    for other in others:
        other.now = max(other.now, hub.now)
        other.git("pull", "-q", "--ff-only", str(hub.path), "main")
        other.exlog("list", "-q")
    check_whole(clones, known, conflicts)


def check_whole(clones: list[Clone], known: set[str], conflicts: list[dict[str, str]]) -> None:
    hub = clones[0]
    rows = hub.rows()
    assert len({row["id"] for row in rows}) == len(rows), "an id twice"
    assert sorted(row["uid"] for row in rows) == sorted(known), "a row lost or doubled"
    for clone in clones:
        clone.exlog("check")
        assert tables(clone) == tables(hub)
    reported = {(one["id"], one["field"]) for one in conflicts}
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for clone in clones:
        for key, value in clone.edits.items():
            told[key].add(value)
    final = {row["uid"]: row for row in rows}
    for (uid, field), values in told.items():
        if field in MADE_OF_TWO or (final[uid]["id"], field) in reported:
            continue
        assert final[uid].get(field, "") in values, (uid, field, values)
        assert len(values) == 1, ("two values and no conflict", uid, field, values)


def tables(clone: Clone) -> dict[str, bytes]:
    names = ["exceptions.csv", "lanes.csv", *(f"archive/{path.name}" for path in (clone.path / "archive").glob("*"))]
    found = {name: (clone.path / name).read_bytes() for name in names}
    return {**found, **{path.name: path.read_bytes() for path in (clone.path / "customers").iterdir()}}
