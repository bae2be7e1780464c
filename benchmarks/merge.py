"""Measures the merge driver as git runs it: one process a file, beside ``git merge-file`` and daff on the same files.

    python benchmarks/merge.py [--rows N]... [--changed N] [--runs N] [--work FOLDER]

Each side changes its own rows and a few of the other's, in other columns, and adds ten. A round runs all programs
one after the other, and the ratio is taken of a round, so that a busy machine slows all. git's text merge leaves
conflicts on such files, and daff knows no uid: only the time is compared. ``exlog`` is the console script beside this
interpreter.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run as bench

TARGETS = {10_000: "≤ 0.3 s", 50_000: "≤ 1.2 s"}
HEADER = (
    "rows",
    "MB",
    "changed a side",
    "target",
    "exlog",
    "CPU",
    "MB of memory",
    "yardstick",
    "wall",
    "ratio",
    "runs",
)
FREE = ("product", "batch", "carrier", "region", "remedy_sought", "cause")
"""Columns of free text: ours edits the first half, theirs the other, so that a row which both edit merges."""


def sides(base: str, changed: int) -> tuple[str, str]:
    """Two versions of a canonical table: each edits ``changed`` rows, a tenth of them both, and adds ten."""
    header, *lines = base.rstrip("\n").split("\n")
    names = header.split(",")
    plain = [place for place, line in enumerate(lines) if '"' not in line]
    picked = random.Random(7).sample(plain, min(len(plain), 2 * changed))
    shared = changed // 10
    made = []
    for side, rows in enumerate((picked[:changed], picked[changed - shared : 2 * changed - shared])):
        edited = list(lines)
        for place in rows:
            cells = edited[place].split(",")
            cells[names.index(FREE[side * 3 + place % 3])] = f"改{side}-{place}"
            edited[place] = ",".join(cells)
        last = lines[plain[-1]].split(",")
        for more in range(10):
            added = list(last)
            added[0] = f"F20991231{side + 1}{more + 1:02d}"
            added[-1] = f"new{side}{more:06d}"
            edited.append(",".join(added))
        made.append("\n".join([header, *edited, ""]))
    return made[0], made[1]


class Files:
    """%O, %A and %B in a folder; ``fresh`` puts %A back, which the merge overwrites."""

    def __init__(self, folder: Path, base: str, changed: int) -> None:
        ours, theirs = sides(base, changed)
        for name, text in (("O", base), ("A.csv", ours), ("B.csv", theirs), ("O.csv", base)):
            (folder / name).write_text(text, encoding="utf-8", newline="")
        self.folder = folder
        self.paths = [str(folder / name) for name in ("O", "A", "B.csv")]

    def fresh(self) -> None:
        shutil.copyfile(self.folder / "A.csv", self.folder / "A")


def yardsticks(files: Files) -> dict[str, list[str]]:
    """The other programs that are here, each with its command."""
    base, ours, theirs = files.paths
    git, daff = shutil.which("git"), shutil.which("daff", path=str(Path(sys.executable).parent)) or shutil.which("daff")
    found = {"git merge-file": [git, "merge-file", "-q", ours, base, theirs]} if git else {}
    if daff:
        names = [str(files.folder / name) for name in ("O.csv", "A.csv", "B.csv")]
        found["daff"] = [daff, "merge", "--output", str(files.folder / "daff.csv"), *names]
    return found


def measure(folder: Path, files: Files, runs: int, exlog: str) -> list[tuple[str, ...]]:
    """The cells after the first four of the table for one set of files, a line a yardstick."""
    others = yardsticks(files)
    commands = {**others, "exlog": [exlog, "merge-driver", *files.paths, "exceptions.csv"]}
    rounds = []
    for place in range(runs + 1):
        samples = {}
        for name, command in commands.items():
            files.fresh()
            samples[name] = run(command, folder)
        if place:  # the first one warms the caches
            rounds.append(samples)
    own = [one["exlog"] for one in rounds]
    times = [f"{median(values):.3f} s" for values in ([one.wall for one in own], [one.cpu for one in own])]
    start = (*times, f"{max(one.peak for one in own):.0f}")
    if not others:
        return [(*start, "", "", "", str(runs))]
    lines = []
    for name in others:
        ratio = bench._spread([one["exlog"].wall / one[name].wall for one in rounds], "×")
        lines.append((*start, name, f"{median(one[name].wall for one in rounds):.3f} s", ratio, str(runs)))
    return lines


def run(command: Sequence[str], folder: Path) -> bench.Sample:
    """One process to its end, whatever its exit code: a text merge leaves conflicts."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return bench.Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="rows of the table; repeatable (10000, 50000)")
    parser.add_argument("--changed", type=int, default=500, help="rows that each side changes (500)")
    parser.add_argument("--runs", type=int, default=11, help="rounds (11)")
    parser.add_argument("--work", type=Path, help="keeps the generated ledgers here")
    given = parser.parse_args()
    with bench._folder(given.work) as work:
        maker = bench.Bench(work, 1.0, False)
        print(bench._machine(work), end="\n\n")
        print(bench._piped(HEADER))
        print(bench._piped(["---"] * len(HEADER)), flush=True)
        for rows in given.rows or sorted(TARGETS):
            bench.COUNTS["merge"] = rows
            base = (maker.ledger("merge") / "exceptions.csv").read_text(encoding="utf-8")
            with tempfile.TemporaryDirectory(dir=work) as folder:
                files = Files(Path(folder), base, given.changed)
                start = (f"{rows:,}", f"{len(base.encode()) / 1e6:.0f}", str(given.changed), TARGETS.get(rows, "none"))
                for line in measure(Path(folder), files, given.runs, maker.exlog):
                    print(bench._piped([*start, *line]), flush=True)


if __name__ == "__main__":
    main()
