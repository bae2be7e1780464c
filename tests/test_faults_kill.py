"""A command that is cut off, by a kill, an error or a power cut, happened whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from faults import ledgers, powercut, process, runner

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks descriptors up in /proc")


class Scene(NamedTuple):
    """A command line, and what is done to the ledger before it."""

    arguments: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda root: None
    now: str = process.NOW


def edit_by_hand(root: Path) -> None:
    for name in ("exceptions.csv", "archive/2023-12.csv"):
        file = root / name
        file.write_text(file.read_text("utf-8").replace("late", "very late").replace("外壳", "机壳"), "utf-8")


def save_as_windows_does(root: Path) -> None:
    for name in ("exceptions.csv", "archive/2023-12.csv"):
        text = (root / name).read_bytes()
        (root / name).write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    manifest = root / "archive/manifest.csv"
    digest = hashlib.sha256((root / "archive/2023-12.csv").read_bytes()).hexdigest()
    month, rows, _old, *rest = manifest.read_text().splitlines()[1].split(",")
    header = manifest.read_text().splitlines()[0]
    manifest.write_text("\n".join([header, ",".join([month, rows, digest, *rest]), ""]))


def done_before(*arguments: str) -> Callable[[Path], None]:
    """Another command of this clone, to be taken back."""

    def act(root: Path) -> None:
        ledgers.must("-C", str(root), *arguments, now=process.NOW)

    return act


def import_before(root: Path) -> None:
    lay_out_an_import(root)
    source = root.parent / "source"
    done_before("import", str(source / "tickets.csv"), "--map", str(source / "map.yaml"))(root)


def forget_this_clone(root: Path) -> None:
    shutil.rmtree(root / ".exlog")


def lay_out_an_import(root: Path) -> None:
    """The source lies outside the ledger, so that calls on it are not counted."""
    source = root.parent / "source"
    source.mkdir(exist_ok=True)
    (source / "tickets.csv").write_text(
        "key,opened,what,done\nA-1,2024-01-05,lamp broken,2024-01-09\nA-2,2023-12-08,\"late, again\",\n"
        "A-4,2024-03-01,外壳开裂,\n", "utf-8",
    )  # fmt: skip
    (source / "map.yaml").write_text(
        "source: desk\nid: key\nset:\n  type: inquiry\n  channel: online\n  customer_name: Somebody\n"
        "  subject: {column: what}\n  received_at: {column: opened}\n  warranty: {const: in}\n"
        "fields:\n  - {name: warranty, kind: choice, choices: [in, out]}\n", "utf-8",
    )  # fmt: skip


SCENES = {
    "add": Scene(("add", "One off", "again", "-c", "delivery", "--one-off")),
    "add a customer too": Scene(("add", "北京新客户", "坏了", "-c", "quality", "--new-customer")),
    "add from another clone": Scene(("add", "One off", "again", "-t", "praise", "--one-off"), forget_this_clone),
    "add in a new month": Scene(("add", ledgers.CUSTOMER, "again", "-t", "inquiry"), now="2024-04-01T10:00:00+08:00"),
    "close a new one in one go": Scene(
        ("close", ledgers.NEW, "--set", "owner=li", "--resolution", "换了, 新的", "--satisfaction", "1")
    ),
    "close two": Scene(("close", ledgers.NEW, ledgers.OPEN, "--invalid", "--reason", "test")),
    "update an archived one": Scene(("update", ledgers.ARCHIVED, "--set", "product=P20")),
    "reopen an archived one": Scene(("reopen", ledgers.ARCHIVED, "--reason", "裂了")),
    "add a customer": Scene(("customer", "add", "上海新客户", "--phone", "021-1")),
    "edit a customer": Scene(("customer", "edit", ledgers.CUSTOMER, "--phone", "0755-8888", "--level", "vip")),
    "archive two months": Scene(("archive",)),
    "adopt hand edits": Scene(("check", "--adopt"), edit_by_hand),
    "make canonical": Scene(("check", "--fix"), save_as_windows_does),
    "import": Scene(("import", "{source}/tickets.csv", "--map", "{source}/map.yaml"), lay_out_an_import),
    "undo an archive": Scene(("undo",), done_before("archive")),
    "undo an add with its customer": Scene(
        ("undo",), done_before("add", "北京新客户", "坏了", "-c", "quality", "--new-customer")
    ),
    "undo a close": Scene(("undo",), done_before("close", ledgers.OPEN, "--invalid", "--reason", "test")),
    "undo a reopening": Scene(("undo",), done_before("reopen", ledgers.ARCHIVED, "--reason", "裂了")),
    "undo an import": Scene(("undo",), import_before),
}


MAIN = ("add in a new month", "add from another clone", "archive two months", "import")
"""Scenes that write files of every kind in every way: the others go through the same code."""


class Trial:
    """One scene in a folder of its own: the state before, the state after, and each fault in a fresh copy."""

    def __init__(self, prepared: Path, folder: Path, scene: Scene) -> None:
        self.start = ledgers.copied(prepared, folder / "start")
        self.root = folder / "ledger"
        self._log = folder / "log"
        self._seen: dict[str, str] = {}
        scene.prepare(self.start)
        source = str(self.start.parent / "source")
        self.env = {"EXLOG_NOW": scene.now}
        self.arguments = tuple(argument.replace("{source}", source) for argument in scene.arguments)
        self.before = ledgers.content(self.start)
        done, self.calls = self.run()
        assert done.code == 0, done
        self.after = ledgers.content(self.root)
        assert self.after != self.before

    def run(self, at: int = 0, how: str = "", code: int = 0, *, reads: bool = False) -> tuple[process.Done, list]:
        """The command on a fresh copy, with a fault; how it ended and the calls that it made."""
        ledgers.copied(self.start, self.root)
        return self.run_here(self.arguments, at, how, code, reads=reads)

    def run_here(
        self, arguments: tuple[str, ...], at: int = 0, how: str = "", code: int = 0, *, reads: bool = False
    ) -> tuple[process.Done, list]:
        """A command on the ledger as it is now, with a fault."""

        def inside() -> None:
            runner.install(runner.Faults(self.root, self._log, at=at, how=how, code=code, reads=reads))

        done = process.forked("-C", str(self.root), *arguments, env=self.env, inside=inside)
        return done, runner.calls(self._log)

    def recovered(self) -> str:
        """``before`` or ``after``: which of the two the next commands find. Anything else fails.

        What they do depends on the files alone, so a state of the folder that was seen before is not tried again.
        """
        state = fingerprint(self.root)
        if state not in self._seen:
            self._seen[state] = self._recover()
        return self._seen[state]

    def _recover(self) -> str:
        listed = process.forked("-C", str(self.root), "list", "-f", "json", "--all", env=self.env)
        assert listed.code == 0, listed
        ids = [row["id"] for row in json.loads(listed.out)["data"]]
        assert len(ids) == len(set(ids))
        content = ledgers.content(self.root)
        assert content in (self.before, self.after), difference(content, self.before, self.after)
        which = "before" if content == self.before else "after"
        if self.arguments[0] != "check" or which == "after":
            checked = process.forked("-C", str(self.root), "check", env=self.env)
            assert checked.code == 0, checked
        assert ledgers.content(self.root) == content
        assert not (self.root / ".exlog" / "pending.json").exists()
        return which


def fingerprint(root: Path) -> str:
    """What tells apart states of a ledger. Of files that no log names yet, only that they are there."""
    found = hashlib.sha256()
    committed = (root / ".exlog" / "pending.json").exists()
    for path in sorted(root.rglob("*")):
        draft = path.parent.name == "new" or path.name == "pending.new"
        data = path.read_bytes() if path.is_file() and (committed or not draft) else b""
        found.update(f"{path.relative_to(root)}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def difference(found: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes]) -> str:
    lines = []
    for name in sorted({*found, *before, *after}):
        old, new, now = before.get(name), after.get(name), found.get(name)
        if old != new or now != old:
            lines.append(f"{name}: {'as before' if now == old else 'as after' if now == new else repr(now)}")
    return "\n".join(lines)


@pytest.fixture(params=SCENES)
def trial(request: pytest.FixtureRequest, prepared: Path, memory: Path) -> Trial:
    return Trial(prepared, memory, SCENES[request.param])


@pytest.fixture(params=[name if name in MAIN else pytest.param(name, marks=pytest.mark.long) for name in SCENES])
def main_trial(request: pytest.FixtureRequest, prepared: Path, memory: Path) -> Trial:
    return Trial(prepared, memory, SCENES[request.param])


def faults(calls: list[runner.Call], *ways: str) -> Iterator[tuple[int, str]]:
    """Each call with each way to fail there; ``within`` only where a write can be cut in two."""
    for at, call in enumerate(calls, 1):
        for how in ways:
            if how != "within" or call.kind == "write":
                yield at, how


def test_killed_before_or_within_any_call_it_is_as_before_or_as_after(trial: Trial) -> None:
    outcomes = []
    for at, how in faults(trial.calls, "before", "within"):
        done, _calls = trial.run(at, how)
        assert done.code == -signal.SIGKILL, (at, how, done)
        outcomes.append(trial.recovered())
    assert outcomes == sorted(outcomes, key=["before", "after"].index), "back to before after it was committed"
    assert {*outcomes} == {"before", "after"}


@pytest.mark.long
def test_killed_just_after_any_call_it_is_as_before_or_as_after(trial: Trial) -> None:
    for at, how in faults(trial.calls, "after"):
        done, _calls = trial.run(at, how)
        assert done.code == -signal.SIGKILL, (at, how, done)
        trial.recovered()


def test_an_error_at_any_call_is_exit_75_and_as_before_or_exit_0_and_as_after(trial: Trial) -> None:
    for at, how in faults(trial.calls, "error"):
        done, _calls = trial.run(at, how, errno.EIO)
        assert_truthful(trial, done, (at, how, trial.calls[at - 1]))


def test_a_disk_full_from_any_call_on_is_exit_75_and_as_before_or_exit_0_and_as_after(main_trial: Trial) -> None:
    for at, how in faults(main_trial.calls, "full"):
        done, _calls = main_trial.run(at, how)
        assert_truthful(main_trial, done, (at, how, main_trial.calls[at - 1]))


def test_a_disk_that_dies_at_any_call_is_exit_75_and_as_before_or_exit_0_and_as_after(main_trial: Trial) -> None:
    for at, how in faults(main_trial.calls, "dead"):
        done, _calls = main_trial.run(at, how, errno.EROFS)
        assert_truthful(main_trial, done, (at, how, main_trial.calls[at - 1]))


@pytest.mark.long
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES], ids=errno.errorcode.get)
def test_any_error_at_any_call_is_exit_75_and_as_before_or_exit_0_and_as_after(trial: Trial, code: int) -> None:
    for at, how in faults(trial.calls, "error", "dead"):
        done, _calls = trial.run(at, how, code)
        assert_truthful(trial, done, (at, how, trial.calls[at - 1]))


@pytest.mark.parametrize("name", ["add", "reopen an archived one", "archive two months"])
def test_a_file_that_cannot_be_read_is_exit_75_and_nothing_changed(prepared: Path, memory: Path, name: str) -> None:
    trial = Trial(prepared, memory, SCENES[name])
    _done, calls = trial.run(reads=True)
    for at, call in enumerate(calls, 1):
        if call.kind == "read":
            done, _calls = trial.run(at, "error", errno.EIO, reads=True)
            assert_truthful(trial, done, (at, call))


def assert_truthful(trial: Trial, done: process.Done, what: object) -> None:
    """Exit 0 and it happened, or exit 75 with one line and it did not."""
    state = trial.recovered()
    assert "Traceback" not in done.err
    if trial.arguments[0] == "check" and state == "after":
        # Two commands in one: what was adopted is told, then the check that follows may find the disk refusing.
        assert "adopted" in done.err or "canonical" in done.err, (what, done)
        return
    assert (done.code, state) in ((0, "after"), (75, "before")), (what, done)
    if done.code == 75:
        assert done.out == "", (what, done)
        assert done.err.startswith("exlog: "), (what, done)
        assert done.err.count("\n") == 1, (what, done)


@pytest.mark.parametrize("name", ["close two", "archive two months"])
def test_after_a_kill_the_next_writer_finishes_or_discards_and_goes_on(prepared: Path, memory: Path, name: str) -> None:
    trial = Trial(prepared, memory, SCENES[name])
    old = row_ids(trial.start)
    for at, how in faults(trial.calls, "before"):
        trial.run(at, how)
        added = process.forked("-C", str(trial.root), "add", "Next", "one", "-t", "praise", "--one-off", "-q")
        assert added.code == 0, (at, how, added)
        new = row_ids(trial.root)
        assert added.out.strip() in new
        assert len(new) == len(set(new))
        assert set(old) <= set(new)
        assert process.forked("-C", str(trial.root), "check").code == 0


def row_ids(root: Path) -> list[str]:
    listed = process.forked("-C", str(root), "list", "--all", "-q")
    assert listed.code == 0, listed
    return listed.out.split()


@pytest.mark.parametrize("name", ["close two", "archive two months"])
def test_killed_while_it_recovers_the_ledger_still_recovers(prepared: Path, memory: Path, name: str) -> None:
    trial = Trial(prepared, memory, SCENES[name])
    commit = [call.path for call in trial.calls].index(".exlog/pending.json") + 2
    for first in (commit, commit + 2, len(trial.calls) - 4):
        trial.run(first, "before")
        halfway = ledgers.copied(trial.root, memory / "halfway")
        _done, calls = trial.run_here(("list",))
        for at, how in faults(calls, "before", "within"):
            ledgers.copied(halfway, trial.root)
            trial.run_here(("list",), at, how)
            assert trial.recovered() == "after", (first, at, how)


def test_a_writer_killed_while_it_recovers_leaves_both_commands_whole(prepared: Path, memory: Path) -> None:
    trial = Trial(prepared, memory, SCENES["close two"])
    commit = [call.path for call in trial.calls].index(".exlog/pending.json") + 2
    trial.run(commit, "before")
    halfway = ledgers.copied(trial.root, memory / "halfway")
    note = ("update", ledgers.CLOSED[0], "--note", "next")
    _done, calls = trial.run_here(note)
    both = ledgers.content(trial.root)
    for at, how in faults(calls, "before", "within"):
        ledgers.copied(halfway, trial.root)
        trial.run_here(note, at, how)
        assert process.forked("-C", str(trial.root), "check").code == 0
        assert ledgers.content(trial.root) in (trial.after, both), (at, how)


def test_a_power_cut_at_any_moment_leaves_it_as_before_or_as_after(main_trial: Trial) -> None:
    dice = random.Random(1)
    disk = powercut.Disk(main_trial.start)
    seen: set[str] = set()
    for call in main_trial.calls:
        disk.feed(call)
        for image in disk.images(dice):
            if powercut.digest(image) not in seen:
                seen.add(powercut.digest(image))
                powercut.written(image, main_trial.root)
                main_trial.recovered()
    for image in disk.images(dice):
        powercut.written(image, main_trial.root)
        assert main_trial.recovered() == "after", "a command that was done is gone after a power cut"


def test_init_killed_anywhere_can_be_called_again(memory: Path) -> None:
    root, log = memory / "new", memory / "log"

    def inside(at: int, how: str) -> Callable[[], None]:
        return lambda: runner.install(runner.Faults(root, log, at=at, how=how))

    process.forked("init", str(root), inside=inside(0, ""))
    calls = runner.calls(log)
    for at, how in faults(calls, "before"):
        ledgers.remove(root)
        killed = process.forked("init", str(root), inside=inside(at, how))
        assert killed.code == -signal.SIGKILL
        again = process.forked("init", str(root))
        assert again.code in (0, 2), again
        assert process.forked("-C", str(root), "check").code == 0, (at, how)
        added = process.forked("-C", str(root), "add", "A", "B", "-t", "praise", "--one-off", "-q")
        assert added.out == "F20240315001\n", added


def test_no_change_below_the_ledger_slips_past_the_runner(prepared: Path, memory: Path) -> None:
    """Python's own audit events are the other witness."""
    for scene in SCENES.values():
        root = ledgers.copied(prepared, memory / "ledger")
        scene.prepare(root)
        arguments = [argument.replace("{source}", str(memory / "source")) for argument in scene.arguments]
        log, events = memory / "log", memory / "events"

        def inside(root: Path = root, log: Path = log, events: Path = events) -> None:
            out = os.open(events, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            faults = runner.Faults(root, log)
            write = os.write

            def hook(event: str, details: tuple) -> None:
                kind = AUDITED.get(event)
                if event == "open" and not (details[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                    return
                if kind and isinstance(details[0], str | bytes | os.PathLike):
                    at = details[1] if kind == "rename" else details[0]
                    dir_fd = details[-1] if event in ("os.remove", "os.rmdir") and details[-1] >= 0 else None
                    place = faults.inside(at, dir_fd)
                    if place is not None:
                        write(out, f"{kind} {place}\n".encode())

            runner.install(faults)
            sys.addaudithook(hook)

        env = {"EXLOG_NOW": scene.now}
        assert process.forked("-C", str(root), *arguments, env=env, inside=inside).code == 0
        made = [call._replace(kind=call.detail) if call.kind == runner.FAILED else call for call in runner.calls(log)]
        counted = [
            f"{'open' if call.kind in ('create', 'truncate', 'open') else call.kind} {call.path}"
            for call in made
            if call.kind not in ("write", "sync", "read") and not (call.kind == "truncate" and call.detail)
        ]
        assert sorted(counted) == sorted(events.read_text().splitlines())


AUDITED = {
    "open": "open", "os.rename": "rename", "os.remove": "unlink", "os.rmdir": "rmdir", "os.mkdir": "mkdir",
    "os.chmod": "chmod", "os.link": "link", "os.symlink": "link",
}  # fmt: skip


def test_killed_at_random_moments_no_row_is_lost_or_doubled(
    prepared: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    root = ledgers.copied(prepared, tmp_path / "ledger")
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    known = row_ids(root)
    times = 400 if pytestconfig.getoption("--long") else 20
    took = 0.15
    for number in range(times):
        arguments = dice.choice(
            (
                ("add", "Somebody", f"try {number}", "-t", "inquiry", "--one-off"),
                ("add", f"Customer {number}", f"try {number}", "-t", "inquiry", "--new-customer"),
                ("update", ledgers.ARCHIVED, "--set", f"product=P{number}"),
                ("close", dice.choice(known), "--invalid", "--reason", "random"),
                ("reopen", dice.choice(known), "--reason", "random"),
                ("archive",),
            )
        )
        running = process.started("-C", str(root), *arguments)
        begun = time.monotonic()
        time.sleep(dice.uniform(0.3, 1.1) * took)
        running.kill()
        running.communicate()
        if running.returncode == 0:
            took = 0.7 * took + 0.3 * (time.monotonic() - begun)
        else:
            took *= 1.02
        found = row_ids(root)
        assert len(found) == len(set(found)), seed
        assert set(known) <= set(found), seed
        assert len(found) - len(known) <= (arguments[0] == "add"), seed
        checked = process.forked("-C", str(root), "check")
        assert checked.code == 0, (seed, number, arguments, checked)
        known = found
