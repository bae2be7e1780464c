"""Measures exlog as people meet it: whole processes, start-up and disk included, side by side with a yardstick.

    python benchmarks/run.py [--only NAME]... [--runs N] [--scale X] [--work FOLDER]

Each round runs the yardstick and exlog one after the other, and the ratio is taken of such a pair, so that a
busy machine slows both. Nothing is asserted: the table shows each figure beside its target. exlog is the
console script beside this interpreter; see docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
NOW = "2026-07-15T12:00:00+08:00"
THIS_MONTH = NOW[:7]
COUNTS = {
    "1k": 1_000,
    "10k": 10_000,
    "100k": 100_000,
    "125k": 125_000,
    "200k": 200_000,
    "250k": 250_000,
    "1m": 1_000_000,
}
LEAST_ROWS = 100
HEADER = ("case", "what", "target", "measured", "wall", "CPU", "MB", "yardstick", "wall", "CPU", "MB", "runs")


class Sample(NamedTuple):
    """One process: wall and CPU time in seconds, peak memory in MB, and the figure that it printed, where it did."""

    wall: float
    cpu: float
    peak: float
    told: float = 0.0


class Side(NamedTuple):
    """What is run: the command of a round, and what has to be done before it, which is not measured.

    ``tells``: it prints its own figure, in seconds.
    """

    name: str
    command: Callable[[int], list[str]]
    prepare: Callable[[], object] = lambda: None
    tells: bool = False


class Case(NamedTuple):
    """One line of the table. ``sides``: exlog, and the yardstick where there is one.

    ``most`` bounds the rounds of a long case; ``rows`` makes the figure a rate.
    """

    what: str
    target: str
    sides: tuple[Side, ...]
    most: int = 1_000
    rows: int = 0


class Missing(Exception):
    """A case cannot be run here; the text says why."""


class Bench:
    """The programs, the generated ledgers and the folder they lie in."""

    def __init__(self, work: Path, scale: float, check: bool) -> None:
        self.scale = scale
        self.exlog = _script("exlog")
        self._check = check
        self._generator = hashlib.sha256((HERE / "ledgers.py").read_bytes()).hexdigest()[:8]
        self._made = work / "ledgers"
        self.copies = work / "copies"
        self._errors = work / "stderr"
        self._told = work / "stdout"
        self._made.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.copies, ignore_errors=True)
        self.copies.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXLOG_", "PYTHON"))}
        self._environment = {**kept, "EXLOG_NOW": NOW, "EXLOG_LANG": "en"}

    def count(self, name: str) -> int:
        """A number of rows by its short name, at the scale asked for."""
        return max(LEAST_ROWS, round(COUNTS[name] * self.scale))

    def rows(self, name: str) -> str:
        """The same for people."""
        return f"{self.count(name):,}"

    def ledger(self, live: str = "", *, archived: str = "", rotatable: str = "") -> Path:
        """A generated ledger, made once and kept; read it, or take a copy to write to."""
        counts = [(part, name) for part, name in (("live", live), ("archived", archived), ("rotatable", rotatable))]
        sizes = {part: self.count(name) if name else 0 for part, name in counts}
        folder = self._made / "-".join([self._generator, *(f"{part}{size}" for part, size in sizes.items())])
        if not folder.exists():
            options = [text for part, size in sizes.items() for text in (f"--{part}", str(size))]
            self._generate("ledger", folder, *options, "--exlog", self.exlog)
            for command in (
                ["list", "--limit", "1"],
                ["customer", "list"],
                ["stats"],
            ):  # what they read is cached from then on
                self.run([self.exlog, "-C", str(folder), *command])
        if self._check and not (folder / ".exlog" / "checked").exists():
            _say(f"checking {folder.name}")
            self.run([self.exlog, "-C", str(folder), "check"])
            (folder / ".exlog" / "checked").touch()
        return folder

    def table(self, rows: str) -> Path:
        """A generated CSV file to import; its map lies beside it."""
        file = self._made / f"{self._generator}-table{self.count(rows)}.csv"
        if not file.exists():
            draft = file.with_suffix(".draft.csv")
            self._generate("table", draft, "--rows", str(self.count(rows)))
            draft.with_suffix(".yaml").rename(file.with_suffix(".yaml"))
            draft.rename(file)
        return file

    def copy(self, ledger: Path, name: str) -> Path:
        """A copy to write to. Files that exlog replaces whole are linked; the rest is copied and flushed."""
        target = self.copies / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(ledger, target, copy_function=_link_or_copy)
        os.sync()
        return target

    @cached_property
    def bare(self) -> Side:
        """A Typer program with one command and one option."""
        return Side("bare Typer", lambda place: [sys.executable, str(HERE / "bare.py"), "--name", "all"])

    def on(self, ledger: Path, *arguments: str) -> Side:
        """exlog with the same arguments in each round."""
        return Side("exlog", lambda place: [self.exlog, "-C", str(ledger), *arguments])

    def run(self, command: Sequence[str], *, tells: bool = False) -> Sample:
        """Run one process to its end; what it prints is thrown away, or is its figure. Stops where it fails."""
        with self._errors.open("w+b") as errors, self._told.open("w+b") as told:
            start = time.perf_counter()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=told if tells else subprocess.DEVNULL,
                stderr=errors,
                env=self._environment,
            )
            _pid, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                text = errors.read().decode("utf-8", "replace")[-2000:]
                raise SystemExit(f"exit {process.returncode} of {' '.join(command)}\n{text}")
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        figure = float(self._told.read_text()) if tells else 0.0
        return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, figure)

    def works(self, *arguments: str) -> bool:
        """Whether exlog takes these arguments."""
        done = subprocess.run([self.exlog, *arguments], env=self._environment, capture_output=True, check=False)
        return done.returncode == 0

    def _generate(self, kind: str, target: Path, *options: str) -> None:
        _say(f"generating {target.name}")
        command = [sys.executable, str(HERE / "ledgers.py"), kind, str(target), *options]
        subprocess.run(command, env=self._environment, check=True)


def _listing(bench: Bench, live: str, target: str) -> Case:
    side = bench.on(bench.ledger(live), "list", "--status", "new")
    return Case(f"`list --status new`, {bench.rows(live)} live rows", target, (side, bench.bare))


def _due(bench: Bench) -> Case:
    side = bench.on(bench.ledger("10k"), "due")
    return Case(f"`due`, {bench.rows('10k')} live rows", "≤ 2.2×", (side, bench.bare))


def _targets(bench: Bench, what: str, words: str, target: str) -> Case:
    """Nothing but the sums: what the process tells, not what it takes with start-up and reading."""
    ledger = bench.ledger("100k")
    command = [sys.executable, str(HERE / "targets.py"), str(ledger), what]
    return Case(
        f"{words} of {bench.rows('100k')} records, recomputed",
        target,
        (Side("exlog", lambda place: command, tells=True),),
        most=5,
    )


def _preview(bench: Bench) -> Case:
    """Due times and verdicts of every record, twice: by the policy in force, and by one with other working hours."""
    ledger = bench.ledger("100k")
    text = (ledger / "exlog.yaml").read_text(encoding="utf-8")
    other = bench.copies / "other.yaml"
    other.write_text(text.replace("13:00-18:00", "13:30-18:00"), encoding="utf-8")
    side = bench.on(ledger, "check", "--policy", str(other))
    return Case(f"`check --policy`, {bench.rows('100k')} live rows", "none", (side, bench.bare), most=3)


def _adding(bench: Bench, ledger: Path, name: str) -> Side:
    copy = bench.copy(ledger, name)
    given = ("-t", "complaint", "-c", "quality", "--order-no", "SO000001", "--set", "model=M-001")
    return bench.on(copy, "add", "宁波海川机械有限公司0", "包装破损，外箱有水渍", *given, "-d", "客户要求换货")


def _closing(bench: Bench, ledger: Path, name: str) -> Side:
    copy = bench.copy(ledger, name)
    with (copy / "exceptions.csv").open(encoding="utf-8", newline="") as lines:
        started = [row["id"] for row in csv.DictReader(lines) if row["status"] == "in_progress"]
    step = max(1, len(started) // 100)
    ids = started[::step] if len(started) >= 100 else started
    end = ("--resolution", "更换轴承，客户确认正常", "--satisfaction", "4")

    def command(place: int) -> list[str]:
        if place >= len(ids):
            raise SystemExit(f"only {len(ids)} records to close: give fewer --runs or a larger --scale")
        return [bench.exlog, "-C", str(copy), "close", ids[place], *end]

    return Side("exlog", command)


def _writing(bench: Bench, side: Side, what: str) -> Case:
    return Case(f"`{what}`, {bench.rows('10k')} live rows, fsync included", "≤ 1.9×", (side, bench.bare))


def _beside(bench: Bench, what: str, make: Callable[[Path, str], Side]) -> Case:
    """The same command with and without a million archived rows beside the live ones."""
    alone = make(bench.ledger("10k"), "alone")._replace(name="without archives")
    side = make(bench.ledger("10k", archived="1m"), "beside")
    return Case(f"`{what}`, {bench.rows('1m')} archived rows beside", "≤ 1.1×", (side, alone))


def _against_miller(bench: Bench, what: str, arguments: Sequence[str], condition: str) -> Case:
    miller = shutil.which("mlr")
    if miller is None:
        raise Missing("Miller (mlr) is not installed")
    ledger = bench.ledger("10k", archived="1m")
    files = [*map(str, sorted((ledger / "archive").glob("2*.csv"))), str(ledger / "exceptions.csv")]
    yardstick = Side("Miller", lambda place: [miller, "--icsv", "--ojson", "filter", condition, *files])
    side = bench.on(ledger, "list", "--all", "-f", "json", *arguments)
    text = f"`list --all -f json{what}`, {bench.rows('1m')} archived rows"
    return Case(text, "≤ 1.5× Miller, < 100 MB", (side, yardstick), most=5)


def _import(bench: Bench, rows: str, target: str) -> Case:
    if not bench.works("import", "--help"):
        raise Missing("this exlog has no import")
    file = bench.table(rows)
    empty = bench.ledger("")
    copy = bench.copy(empty, "import")
    arguments = ("import", str(file), "--map", str(file.with_suffix(".yaml")))
    side = bench.on(copy, *arguments)._replace(prepare=lambda: bench.copy(empty, "import"))
    text = f"`import` of {bench.rows(rows)} rows, {file.stat().st_size / 1e6:.0f} MB"
    return Case(text, target, (side,), most=3, rows=bench.count(rows))


def _archive(bench: Bench) -> Case:
    ledger = bench.ledger("1k", rotatable="100k")
    copy = bench.copy(ledger, "archive")
    side = bench.on(copy, "archive")._replace(prepare=lambda: bench.copy(ledger, "archive"))
    return Case(f"`archive` of {bench.rows('100k')} rows", "< 5 s", (side,), most=5)


def _show(bench: Bench) -> Case:
    ledger = bench.ledger("10k", archived="1m")
    oldest = min((ledger / "archive").glob("2*.csv"))
    with oldest.open(encoding="utf-8") as lines:
        lines.readline()
        record_id = lines.readline().partition(",")[0]
    text = f"`show` of the oldest of {bench.rows('1m')} archived rows"
    return Case(text, "none", (bench.on(ledger, "show", record_id), bench.bare), most=5)


def _stats(bench: Bench) -> Case:
    side = bench.on(bench.ledger("1k"), "stats")
    return Case(f"`stats`, {bench.rows('1k')} live rows", "≤ 3×", (side, bench.bare))


def _archived_stats(bench: Bench, against: Callable[[list[str]], Side], target: str) -> Case:
    ledger = bench.ledger("10k", archived="1m")
    files = [*map(str, sorted((ledger / "archive").glob("2*.csv"))), str(ledger / "exceptions.csv")]
    side = bench.on(ledger, "stats", "-f", "json")
    return Case(f"`stats -f json`, {bench.rows('1m')} archived rows", target, (side, against(files)), most=5)


def _select(files: list[str]) -> Side:
    command = [sys.executable, str(HERE / "duckdb_select.py"), *files]
    return Side("DuckDB's own select", lambda place: command)


def _summed_by_miller(files: list[str]) -> Side:
    miller = shutil.which("mlr")
    if miller is None:
        raise Missing("Miller (mlr) is not installed")
    hours = (
        '$h = (strptime($resolved_at, "%Y-%m-%dT%H:%M:%S%z") - strptime($received_at, "%Y-%m-%dT%H:%M:%S%z")) / 3600'
    )
    chain = ["filter", '$resolved_at != ""', "then", "put", hours]
    chain += ["then", "stats1", "-a", "count,p50,p90,mean", "-f", "h,satisfaction"]
    return Side("Miller", lambda place: [miller, "--icsv", "--ojson", *chain, *files])


def _report(bench: Bench, fmt: str, target: str) -> Case:
    """The archives have two years: one of them, with half of the rows, beside the year before."""
    side = bench.on(bench.ledger("1k", archived="200k"), "report", "2025", "-o", "-", "-f", fmt)
    rows = f"{bench.count('200k') // 2:,}"
    return Case(f"`report` of a year with {rows} rows as {fmt}", target, (side,), most=5)


def _check(bench: Bench) -> Case:
    side = bench.on(bench.ledger("1k", rotatable="100k"), "check")
    return Case(f"`check` of {bench.rows('100k')} rows with their history", "< 10 s", (side,), most=3)


CASES: dict[str, Callable[[Bench], Case]] = {
    "list-1k": lambda bench: _listing(bench, "1k", "≤ 1.5×"),
    "list-10k": lambda bench: _listing(bench, "10k", "≤ 1.9×"),
    "due-10k": _due,
    "review-10k": lambda bench: Case(
        f"`review`, {bench.rows('10k')} live rows",
        "none",
        (bench.on(bench.ledger("10k"), "review"), bench.bare),
        most=5,
    ),
    "targets-due-100k": lambda bench: _targets(bench, "due", "due time", "< 2 s"),
    "targets-all-100k": lambda bench: _targets(bench, "all", "all due times and verdicts", "< 2 s"),
    "policy-100k": _preview,
    "add-10k": lambda bench: _writing(bench, _adding(bench, bench.ledger("10k"), "add"), "add"),
    "close-10k": lambda bench: _writing(bench, _closing(bench, bench.ledger("10k"), "close"), "close"),
    "list-beside-1m": lambda bench: _beside(
        bench, "list --status new", lambda ledger, name: bench.on(ledger, "list", "--status", "new")
    ),
    "add-beside-1m": lambda bench: _beside(bench, "add", lambda ledger, name: _adding(bench, ledger, name)),
    "close-beside-1m": lambda bench: _beside(bench, "close", lambda ledger, name: _closing(bench, ledger, name)),
    "list-all-some": lambda bench: _against_miller(
        bench, " --where product=P7", ("--where", "product=P7"), '$product == "P7"'
    ),
    "list-all": lambda bench: _against_miller(bench, "", (), "true"),
    "import-125k": lambda bench: _import(bench, "125k", "memory bounded"),
    "import-250k": lambda bench: _import(bench, "250k", "≥ 20,000 rows/s"),
    "archive-100k": _archive,
    "stats-1k": _stats,
    "stats-1m": lambda bench: _archived_stats(bench, _select, "≤ 1.5×, < 600 MB"),
    "stats-1m-miller": lambda bench: _archived_stats(bench, _summed_by_miller, "≤ 0.33×"),
    "report-100k": lambda bench: _report(bench, "html", "< 5 s"),
    "report-xlsx-100k": lambda bench: _report(bench, "xlsx", "none"),
    "check-100k": _check,
    "show-1m": _show,
}
"""Every case by the name that --only takes."""


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    names = [name for name in CASES if not given.only or any(wanted in name for wanted in given.only)]
    if not names:
        raise SystemExit(f"no such case; there is: {', '.join(CASES)}")
    with _folder(given.work) as work:
        bench = Bench(work, given.scale, given.check)
        print(_machine(work), end="\n\n")
        print(_piped(HEADER))
        print(_piped(["---"] * len(HEADER)), flush=True)
        for name in names:
            print(_row(bench, name, given.runs), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="cases whose name has NAME in it; repeatable")
    parser.add_argument("--runs", type=int, default=21, help="rounds of a case; long cases take fewer (21)")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies every number of rows (1)")
    parser.add_argument("--work", type=Path, help="keeps the generated ledgers here; a real disk, 2 GB free")
    parser.add_argument("--check", action="store_true", help="run exlog check over each generated ledger first")
    return parser


def _row(bench: Bench, name: str, runs: int) -> str:
    try:
        case = CASES[name](bench)
    except Missing as reason:
        return _piped([name, f"skipped: {reason}", *[""] * (len(HEADER) - 2)])
    _say(name)
    rounds = list(_rounds(bench, case, min(runs, case.most)))
    cells = [name, case.what, case.target, _measured(case, rounds), *_resources([one[0] for one in rounds])]
    if len(case.sides) > 1:
        cells += [case.sides[1].name, *_resources([one[1] for one in rounds])]
    else:
        cells += [""] * 4
    return _piped([*cells, str(len(rounds))])


def _resources(samples: Sequence[Sample]) -> list[str]:
    """Median wall and CPU time, highest peak."""
    walls, cpus, peaks, _told = zip(*samples, strict=True)
    return [*(f"{median(times):.{3 if median(times) < 1 else 1}f} s" for times in (walls, cpus)), f"{max(peaks):.0f}"]


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rounds(bench: Bench, case: Case, count: int) -> Iterator[list[Sample]]:
    """The samples of each round, after one that only warms the caches; the yardstick runs first."""
    for place in range(count + 1):
        samples = []
        for side in reversed(case.sides):
            side.prepare()
            samples.append(bench.run(side.command(place), tells=side.tells))
        if place:
            yield samples[::-1]


def _measured(case: Case, rounds: Sequence[Sequence[Sample]]) -> str:
    """The figure in the unit of the target: a ratio of pairs, rows a second, or seconds."""
    if len(case.sides) > 1:
        return _spread([one.wall / other.wall for one, other in rounds], "×")
    if case.sides[0].tells:
        return _spread([one.told for (one,) in rounds], "s")
    if case.rows:
        return _spread([case.rows / one.wall for (one,) in rounds], "rows/s")
    return _spread([one.wall for (one,) in rounds], "s")


def _spread(values: Sequence[float], unit: str) -> str:
    """``median (min–max)`` with its unit."""
    digits = 0 if unit == "rows/s" else 2 if unit == "×" or max(values) >= 1 else 3
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle}{'' if unit == '×' else ' '}{unit} ({low}–{high})"


def _machine(work: Path) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    system = f"{os.cpu_count()} cores, {sys.platform}, Python {version}"
    return f"{datetime.now():%Y-%m-%d}: {system}; fsync of 64 KB {_fsync(work):.1f} ms"


def _fsync(work: Path) -> float:
    """The median time in ms that the disk under ``work`` takes to keep 64 KB."""
    taken = []
    probe = work / "fsync"
    for _place in range(21):
        with probe.open("wb") as stream:
            stream.write(bytes(1 << 16))
            stream.flush()
            start = time.perf_counter()
            os.fsync(stream.fileno())
            taken.append(time.perf_counter() - start)
    probe.unlink()
    return 1000 * median(taken)


@contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    """Where the ledgers are made: a folder that is kept, or one that goes away."""
    if work:
        work.mkdir(parents=True, exist_ok=True)
        yield work.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="exlog-bench-") as folder:
            yield Path(folder)


def _script(name: str) -> str:
    """The console script of the running environment."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed beside {sys.executable}")
    return found


def _link_or_copy(source: str, target: str) -> None:
    """Link what exlog only reads or replaces whole: archives, and the history of past months."""
    folder = Path(source).parent
    if folder.name == "archive" or (folder.parent.name == "history" and folder.name != THIS_MONTH):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _say(text: str) -> None:
    sys.stderr.write(f"{text} …\n")


if __name__ == "__main__":
    main()
