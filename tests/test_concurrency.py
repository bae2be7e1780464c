"""Many processes at one ledger: no update is lost, and a reader never sees half of a command."""

from __future__ import annotations

import csv
import fcntl
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from faults import ledgers, process, runner
from faults.process import Done

REAL_CLOCK = {"EXLOG_NOW": "", "EXLOG_LOCK_TIMEOUT": "50"}
FIXED_CLOCK = {"EXLOG_LOCK_TIMEOUT": "50"}


def exlog(root: Path, *arguments: str, env: dict[str, str] = FIXED_CLOCK) -> Done:
    return process.forked("-C", str(root), *arguments, env=env, repeatable=False)


@pytest.fixture
def empty(memory: Path) -> Path:
    root = memory / "ledger"
    assert exlog(root, "init", str(root)).code == 0
    return root


def history(root: Path) -> list[dict[str, str]]:
    found = []
    for file in sorted((root / "history").rglob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            found += list(csv.DictReader(stream))
    return found


def assert_sound(root: Path, env: dict[str, str] = FIXED_CLOCK) -> None:
    checked = exlog(root, "check", env=env)
    assert checked.code == 0, checked


def assert_200_adds(root: Path, printed: list[str]) -> None:
    expected = [f"F202403150{number:02d}" for number in range(1, 201)]
    assert expected[99] == "F202403150100"
    assert sorted(printed, key=lambda one: (len(one), one)) == expected
    with (root / "exceptions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows] == expected
    assert len({row["uid"] for row in rows}) == 200
    assert len({row["subject"] for row in rows}) == 200
    events = history(root)
    assert [event["action"] for event in events] == ["create"] * 200
    assert sorted(event["record"] for event in events) == sorted(expected)
    assert len({event["event"] for event in events}) == 200
    assert (root / "lanes.csv").read_text().count("\n") == 2
    assert_sound(root)


def test_200_adds_by_20_processes_at_a_time_leave_200_rows_with_200_ids(empty: Path) -> None:
    def adder(worker: int) -> Callable[[], list[Done]]:
        def work() -> list[Done]:
            return [
                exlog(empty, "add", "Somebody", f"case {worker}.{count}", "-t", "inquiry", "--one-off", "-q")
                for count in range(10)
            ]

        return work

    def reader() -> list[list[str]]:
        seen = []
        while not seen or len(seen[-1]) < 200:
            done = exlog(empty, "list", "-q")
            assert done.code == 0, done
            seen.append(done.out.split())
        return seen

    *added, seen = process.at_once([*(adder(worker) for worker in range(20)), reader])
    runs = [done for worker in added for done in worker]
    assert [done for done in runs if done.code] == []
    assert_200_adds(empty, [done.out.strip() for done in runs])
    for earlier, later in pairwise(seen):
        assert len(set(later)) == len(later)
        assert set(earlier) <= set(later)


@pytest.mark.long
def test_200_adds_by_20_fresh_processes_at_a_time(empty: Path) -> None:
    printed = []
    for batch in range(10):
        running = [
            process.started("-C", str(empty), "add", "S", f"case {batch}.{number}", "-t", "inquiry", "--one-off", "-q",
                            env=FIXED_CLOCK)
            for number in range(20)
        ]  # fmt: skip
        for one in running:
            out, err = one.communicate()
            assert one.returncode == 0, err
            printed.append(out.decode().strip())
    assert_200_adds(empty, printed)


def test_mixed_commands_at_once_lose_nothing_and_readers_always_see_a_whole_ledger(
    prepared: Path, memory: Path, pytestconfig: pytest.Config
) -> None:
    root = ledgers.copied(prepared, memory / "ledger")
    rounds = 60 if pytestconfig.getoption("--long") else 12
    everyone = exlog(root, "list", "--all", "-q").out.split()

    def writer(worker: int) -> Callable[[], list[tuple[str, Done]]]:
        def work() -> list[tuple[str, Done]]:
            dice = random.Random(worker)
            done = []
            for count in range(rounds):
                name = f"{worker}.{count}"
                one = dice.choice(everyone)
                arguments = dice.choice(
                    (
                        ("add", "Somebody", name, "-t", "inquiry", "--one-off"),
                        ("add", f"Customer {name}", name, "-t", "inquiry", "--new-customer"),
                        ("update", one, "--note", f"note {name}", "--set", f"product={name}"),
                        ("update", ledgers.NEW, "--note", f"note {name}", "--set", f"product={name}"),
                        ("assign", one, f"owner {worker}"),
                        ("close", one, "--set", "owner=li", "--resolution", name, "--satisfaction", "4"),
                        ("reopen", one, "--reason", name),
                        ("customer", "edit", ledgers.CUSTOMER, "--phone", name),
                        ("archive",),
                    )
                )
                note = next((text for text in arguments if text.startswith("note ")), "")
                done.append((note, exlog(root, *arguments, env=REAL_CLOCK)))
            return done

        return work

    stop = memory / "stop"

    def reader(*commands: tuple[str, ...]) -> Callable[[], list[tuple[str, Done]]]:
        def work() -> list[tuple[str, Done]]:
            done = []
            while not stop.exists() or not done:
                done += [(command[0], exlog(root, *command, env=REAL_CLOCK)) for command in commands]
            return done

        return work

    def writers() -> list[tuple[str, Done]]:
        try:
            return [one for worker in process.at_once([writer(number) for number in range(5)]) for one in worker]
        finally:
            stop.touch()

    written, listed, shown = process.at_once(
        [
            writers,
            reader(("list", "--all", "-f", "json"), ("stats", "-f", "json")),
            reader(("show", ledgers.NEW, "--history", "-f", "json"), ("customer", "show", ledgers.CUSTOMER)),
        ]
    )
    assert {done.code for _note, done in written} <= {0, 2}, [
        done for _note, done in written if done.code not in (0, 2)
    ]
    assert sum(done.code == 0 for _note, done in written) > 5 * rounds // 3
    assert [done for _name, done in [*listed, *shown] if done.code or done.err] == []
    assert_each_sees_a_whole_ledger(everyone, listed)
    notes = [event["new"] for event in history(root) if event["action"] == "note" and event["field"] == "progress"]
    assert sorted(notes) == sorted(note for note, done in written if note and done.code == 0)
    assert_sound(root, REAL_CLOCK)


def assert_each_sees_a_whole_ledger(everyone: list[str], listed: list[tuple[str, Done]]) -> None:
    """No row is lost or doubled while archives rotate: what was seen once is seen again."""
    known, received = set(everyone), 0
    for name, done in listed:
        data = json.loads(done.out)["data"]
        if name == "list":
            ids = [row["id"] for row in data]
            assert len(ids) == len(set(ids))
            assert known <= set(ids)
            known = set(ids)
        else:
            assert data[0]["received"] >= received
            received = data[0]["received"]


def test_one_idempotency_key_by_many_processes_at_once_makes_one_record(empty: Path) -> None:
    def work() -> Done:
        return exlog(empty, "add", "S", "mail", "-t", "inquiry", "--one-off", "-q", "--idempotency-key", "mail-1")

    assert {done.out for done in process.at_once([work] * 10)} == {"F20240315001\n"}
    assert exlog(empty, "list", "-q").out == "F20240315001\n"


def test_one_new_customer_by_many_processes_at_once_is_one_profile(empty: Path) -> None:
    def work() -> Done:
        return exlog(empty, "add", "New Co", "s", "-t", "inquiry", "--new-customer", "-q")

    assert {done.code for done in process.at_once([work] * 8)} == {0}
    assert [file.name for file in (empty / "customers").iterdir()] == ["C20240315001.yaml"]
    assert len(exlog(empty, "list", "-q").out.split()) == 8
    assert_sound(empty)


def test_init_by_many_processes_at_once_makes_one_ledger(memory: Path) -> None:
    root = memory / "new"
    codes = sorted(done.code for done in process.at_once([lambda: exlog(root, "init", str(root))] * 6))
    assert codes == [0, 2, 2, 2, 2, 2]
    assert_sound(root)


def test_the_first_writes_of_a_clone_at_once_take_one_lane(ledger: Path) -> None:
    (ledger / ".exlog" / "clone").unlink()

    def work() -> Done:
        return exlog(ledger, "add", "S", "s", "-t", "inquiry", "--one-off", "-q")

    ids = sorted(done.out.strip() for done in process.at_once([work] * 6))
    assert ids == [f"F20240315{1}{number:02d}" for number in range(1, 7)]
    assert (ledger / "lanes.csv").read_text().count("\n") == 3


@contextmanager
def held(root: Path, mode: int) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that holds the ledger's lock."""
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'a'); fcntl.flock(file, int(sys.argv[2]));"
        "print('held', flush=True); time.sleep(60)"
    )
    arguments = [sys.executable, "-c", code, str(root / ".exlog" / "lock"), str(mode)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield holder
        finally:
            holder.kill()


@pytest.mark.parametrize("command", [("add", "S", "s", "-t", "inquiry", "--one-off"), ("archive",), ("check",)])
def test_a_lock_held_too_long_is_exit_75_and_one_clear_line(ledger: Path, command: tuple[str, ...]) -> None:
    before = ledgers.content(ledger)
    with held(ledger, fcntl.LOCK_EX):
        begun = time.monotonic()
        done = process.spawned("-C", str(ledger), *command, env={"EXLOG_LOCK_TIMEOUT": "0.3"})
        took = time.monotonic() - begun
    assert (done.code, done.out) == (75, "")
    assert done.err == (
        f"exlog: {ledger}/.exlog/lock: another exlog command is writing to this ledger; try again when it is done\n"
    )
    assert 0.3 <= took < 20
    assert ledgers.content(ledger) == before


def test_readers_do_not_wait_for_a_writer_that_prepares_its_change(ledger: Path) -> None:
    with held(ledger, fcntl.LOCK_EX):
        for command in (("list", "--all"), ("stats",), ("show", ledgers.NEW), ("export",)):
            assert exlog(ledger, *command, env={"EXLOG_LOCK_TIMEOUT": "0"}).code == 0


def test_a_shared_lock_keeps_writers_out_and_lets_readers_in(ledger: Path) -> None:
    with held(ledger, fcntl.LOCK_SH):
        assert exlog(ledger, "check", env={"EXLOG_LOCK_TIMEOUT": "0"}).code == 0
        added = exlog(ledger, "add", "S", "s", "-t", "inquiry", "--one-off", env={"EXLOG_LOCK_TIMEOUT": "0.1"})
    assert added.code == 75


def test_the_lock_of_a_killed_process_is_free_at_once(ledger: Path) -> None:
    with held(ledger, fcntl.LOCK_EX) as holder:
        waiting = process.begun("-C", str(ledger), "add", "S", "s", "-t", "inquiry", "--one-off", env=FIXED_CLOCK)
        time.sleep(0.2)
        holder.send_signal(signal.SIGKILL)
        assert waiting.end().code == 0
    assert (ledger / ".exlog" / "lock").exists()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks descriptors up in /proc")


def steps(root: Path, log: Path, *arguments: str, reads: bool = False) -> list[runner.Call]:
    """The counted calls of a command, on a copy of the ledger."""
    copy = ledgers.copied(root, log.parent / "probe")
    faults = runner.Faults
    process.forked("-C", str(copy), *arguments, inside=lambda: runner.install(faults(copy, log, reads=reads)))
    return runner.calls(log)


def stopping(
    root: Path, log: Path, *arguments: str, at: int, how: str = "stop", reads: bool = False, env: dict[str, str]
) -> process.Running:
    """The command under way in a process that stops itself at a call."""

    def inside() -> None:
        runner.install(runner.Faults(root, log, at=at, how=how, reads=reads))

    return process.begun("-C", str(root), *arguments, env=env, inside=inside)


@linux
@pytest.mark.parametrize("command", [("list", "--all", "-q"), ("check", "-q")])
@pytest.mark.parametrize("file", ["archive/2024-01.csv", "archive/manifest.csv", "history/2024-03/0.csv"])
def test_a_reader_does_not_see_what_a_writer_leaves_that_dies_while_it_reads(
    ledger: Path, memory: Path, command: tuple[str, ...], file: str
) -> None:
    """The reader stands still at each file that it opens, a writer dies after its commit point meanwhile.

    By then the live ledger is in place without the archived rows, and the archives are not.
    """
    log, other = memory / "log", memory / "other"
    sound = ledgers.copied(ledger, memory / "sound")
    expected = exlog(ledger, *command)
    places = [at for at, call in enumerate(steps(ledger, log, *command, reads=True), 1) if call.path != "."]
    fatal = last_call(steps(ledger, other, "archive"), file)
    for at in places:
        ledgers.copied(sound, ledger)
        reader = stopping(ledger, log, *command, at=at, reads=True, env=FIXED_CLOCK)
        if not reader.stopped_within(20):
            continue
        try:
            writer = stopping(ledger, other, "archive", at=fatal, how="before", env={"EXLOG_LOCK_TIMEOUT": "0.1"})
            assert writer.end().code in (-signal.SIGKILL, 75)
        finally:
            reader.go_on()
        found = reader.end()
        assert (found.code, sorted(found.out)) == (0, sorted(expected.out)), (at, found)


def last_call(calls: list[runner.Call], path: str) -> int:
    """The number of the last call on a file."""
    return max(at for at, call in enumerate(calls, 1) if call.path == path)


@linux
@pytest.mark.parametrize(
    "command", [("list", "--all", "-q"), ("stats", "-f", "json"), ("export", "--columns", "id,status"), ("check", "-q")]
)
def test_a_whole_commit_while_a_reader_opens_its_files_does_not_mix_two_moments(
    ledger: Path, memory: Path, command: tuple[str, ...]
) -> None:
    """The reader stands still at each file that it opens, while a writer archives or brings back what it looks at."""
    log = memory / "log"
    sound = ledgers.copied(ledger, memory / "sound")
    expected = exlog(ledger, *command).out
    places = [at for at, call in enumerate(steps(ledger, log, *command, reads=True), 1) if call.path != "."]
    for at in places:
        for writer in (("archive",), ("reopen", ledgers.ARCHIVED, "--reason", "x")):
            ledgers.copied(sound, ledger)
            reader = stopping(ledger, log, *command, at=at, reads=True, env=FIXED_CLOCK)
            if not reader.stopped_within(20):
                continue
            try:
                written = exlog(ledger, *writer, env={"EXLOG_LOCK_TIMEOUT": "0.02"})
                assert written.code in (0, 75), written
            finally:
                reader.go_on()
            found = reader.end()
            assert found.code == 0, (at, found)
            after = exlog(ledger, *command).out
            assert sorted(found.out) in (sorted(expected), sorted(after)), (at, writer, found)


@linux
def test_show_reads_the_history_while_no_writer_is_within_it(ledger: Path, memory: Path) -> None:
    """The reader stands still right before it opens the history; a writer stands still within appending to it."""
    log, other = memory / "log", memory / "other"
    show = ("show", ledgers.NEW, "--history")
    update = ("update", ledgers.NEW, "--note", "客户已回电" * 100)
    paths = [call.path for call in steps(ledger, log, *show, reads=True)]
    place = paths.index("history/2024-03/0.csv") + 1
    reader = stopping(ledger, log, *show, at=place, reads=True, env=FIXED_CLOCK)
    assert reader.stopped_within(20)
    calls = [(call.kind, call.path) for call in steps(ledger, other, *update)]
    place = calls.index(("write", "history/2024-03/0.csv")) + 1
    writer = stopping(ledger, other, *update, at=place, how="stop within", env=FIXED_CLOCK)
    stopped = writer.stopped_within(1)
    reader.go_on()
    time.sleep(0.3)
    # A writer that waits for the reader comes to its stop only now; a reader that waits for the writer goes on.
    assert stopped or writer.stopped_within(20)
    writer.go_on()
    assert writer.end().code == 0
    shown = reader.end()
    assert shown.code == 0, shown


@linux
@pytest.mark.parametrize("file", ["exceptions.csv", "history/2024-03/0.csv"])
def test_a_file_that_an_editor_saves_while_a_command_runs_is_exit_3_and_kept(
    ledger: Path, memory: Path, file: str
) -> None:
    """The command stands still after it read the files, right before it looks whether they are still the same."""
    log = memory / "log"
    update = ("update", ledgers.NEW, "--note", "x")
    calls = [(call.kind, call.path) for call in steps(ledger, log, *update, reads=True)]
    commit = calls.index(("create", ".exlog/pending.new"))
    place = max(at for at, call in enumerate(calls[:commit], 1) if call == ("read", "exceptions.csv"))
    writer = stopping(ledger, log, *update, at=place, reads=True, env=FIXED_CLOCK)
    assert writer.stopped_within(20)
    with (ledger / file).open("a", encoding="utf-8") as stream:
        stream.write("written by an editor\n")
    saved = ledgers.content(ledger)
    writer.go_on()
    done = writer.end()
    assert (done.code, done.out) == (3, ""), done
    assert done.err.startswith(f"exlog: {ledger}/{file}: another program wrote this file")
    assert ledgers.content(ledger) == saved


@linux
def test_a_writer_that_waited_for_another_is_dated_after_it(ledger: Path, memory: Path) -> None:
    """Else folding the history by time gives the earlier value, and ``check`` finds a difference."""
    first = stopping(ledger, memory / "log", "update", ledgers.NEW, "--set", "product=late", at=1, env=REAL_CLOCK)
    assert first.stopped_within(20)
    try:
        time.sleep(1.1)
        assert exlog(ledger, "update", ledgers.NEW, "--set", "product=early", env=REAL_CLOCK).code == 0
    finally:
        first.go_on()
    assert first.end().code == 0
    shown = json.loads(exlog(ledger, "show", ledgers.NEW, "-f", "json", env=REAL_CLOCK).out)
    assert shown["data"]["product"] == "late"
    assert_sound(ledger, REAL_CLOCK)


def test_the_lock_is_not_held_while_an_editor_is_open(ledger: Path, memory: Path) -> None:
    editor = memory / "editor"
    editor.write_text(
        f"#!/bin/sh\n{sys.executable} -m exlog -C {ledger} add Inner inner -t inquiry --one-off -q >{memory}/inner\n"
        'echo "from the editor" >"$1"\n'
    )
    editor.chmod(0o755)
    env = process.environment({"EDITOR": str(editor), "EXLOG_LOCK_TIMEOUT": "0.5"})
    code = (
        "import os, pty, sys; os.environ.pop('VISUAL', None);"
        "sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, '-m', 'exlog', *sys.argv[1:]])))"
    )
    outer = subprocess.run(
        [sys.executable, "-c", code, "-C", str(ledger), "add", "Outer", "outer", "-t", "inquiry", "--one-off", "-e"],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert outer.returncode == 0, outer
    assert (memory / "inner").read_text() == "F20240315002\n"
    rows = json.loads(exlog(ledger, "list", "--where", "customer_name=Outer", "-f", "json").out)["data"]
    assert [row["description"] for row in rows] == ["from the editor"]
