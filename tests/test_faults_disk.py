"""Real disks that refuse: full, out of inodes, over a limit, read-only, of somebody else."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import ledgers, process, runner
from faults.process import Done

PAGE = 4096
COMMANDS = {
    "add": ("add", "北京新客户", "坏了", "-c", "quality", "--new-customer"),
    "close": ("close", ledgers.NEW, "--set", "owner=li", "--resolution", "换了", "--satisfaction", "5"),
    "archive": ("archive",),
}
READERS = (
    ("list",), ("list", "--all", "-f", "json"), ("show", ledgers.NEW, "--history"), ("show", ledgers.ARCHIVED),
    ("stats",), ("customer", "list"), ("customer", "show", ledgers.CUSTOMER), ("export",), ("check",),
)  # fmt: skip


def exlog(root: Path, *arguments: str) -> Done:
    return process.forked("-C", str(root), *arguments)


def mount(*arguments: str) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")


@contextlib.contextmanager
def disk(place: Path, options: str) -> Iterator[Path]:
    """A small disk of its own, mounted at ``place``."""
    place.mkdir()
    mount("-t", "tmpfs", "-o", options, "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def states(prepared: Path, folder: Path, arguments: tuple[str, ...]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The ledger before and after a command."""
    root = ledgers.copied(prepared, folder / "reference")
    before = ledgers.content(root)
    assert exlog(root, *arguments).code == 0
    return before, ledgers.content(root)


def fill(place: Path, pages: int) -> Path:
    """Leave this many pages free on the disk."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(PAGE))
    with filler.open("r+b") as stream:
        stream.truncate(max(0, filler.stat().st_size - pages * PAGE))
    return filler


def assert_refused(done: Done, *says: str) -> None:
    """Exit 75 and one clear line."""
    assert (done.code, done.out) == (75, ""), done
    assert done.err.startswith("exlog: "), done
    assert done.err.count("\n") == 1, done
    for text in says:
        assert text in done.err, done


@pytest.mark.parametrize("name", COMMANDS)
def test_on_a_full_disk_a_command_happens_or_is_refused_and_works_again_when_there_is_room(
    prepared: Path, tmp_path: Path, name: str
) -> None:
    arguments = COMMANDS[name]
    before, after = states(prepared, tmp_path, arguments)
    codes = []
    with disk(tmp_path / "disk", "size=512k") as place:
        for pages in range(14):
            root = ledgers.copied(prepared, place / "ledger")
            filler = fill(place, pages)
            done = exlog(root, *arguments)
            codes.append(done.code)
            if done.code:
                assert_refused(done, "the disk is full", "make room")
                assert exlog(root, "list").code == 0
            else:
                assert exlog(root, "list").code in (0, 75)
            filler.unlink()
            assert exlog(root, "check").code == 0
            assert ledgers.content(root) == (before if done.code else after), (pages, done)
            if done.code:
                assert exlog(root, *arguments).code == 0
                assert ledgers.content(root) == after
    assert codes[0] == 75
    assert codes[-1] == 0


def test_without_room_for_the_history_the_change_is_told_as_recorded(prepared: Path, tmp_path: Path) -> None:
    """Past the commit point there is no way back, so it is never told as refused."""
    with disk(tmp_path / "disk", "size=512k") as place:
        root = ledgers.copied(prepared, place / "ledger")
        note = ("update", ledgers.NEW, "--note", "x" * 12_000)
        for pages in range(2, 20):
            filler = fill(place, pages)
            done = exlog(root, *note)
            if "recorded, but" in done.err:
                break
            filler.unlink()
            ledgers.copied(prepared, root)
        else:
            pytest.fail("the history always found room, or nothing did")
        assert done.code == 0
        assert_refused(exlog(root, "list"), "the disk is full")
        filler.unlink()
        assert exlog(root, "check").code == 0
        assert json.loads(exlog(root, "show", ledgers.NEW, "-f", "json").out)["data"]["progress"] == "x" * 12_000


def test_an_export_to_a_full_disk_leaves_the_old_file_and_no_draft(ledger: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=64k") as place:
        target = place / "export.json"
        target.write_text("the old one")
        for pages in (0, 1):
            filler = fill(place, pages)
            assert_refused(exlog(ledger, "export", "-o", str(target)), "export.json")
            assert target.read_text() == "the old one"
            assert sorted(path.name for path in place.iterdir()) == ["export.json", "filler"]
            filler.unlink()
        assert exlog(ledger, "export", "-o", str(target)).code == 0


def test_a_disk_without_inodes_refuses_and_loses_nothing(prepared: Path, tmp_path: Path) -> None:
    arguments = COMMANDS["archive"]
    before, after = states(prepared, tmp_path, arguments)
    codes = []
    with disk(tmp_path / "disk", "size=2m,nr_inodes=200") as place:
        for spare in range(10):
            root = ledgers.copied(prepared, place / "ledger")
            folder = place / "filler"
            folder.mkdir()
            with contextlib.suppress(OSError):
                for number in range(1000):
                    (folder / str(number)).touch()
            for number in range(spare):
                (folder / str(number)).unlink()
            done = exlog(root, *arguments)
            codes.append(done.code)
            if done.code:
                assert_refused(done, "the disk is full")
            shutil.rmtree(folder)
            assert exlog(root, "check").code == 0
            assert ledgers.content(root) == (before if done.code else after)
    assert codes[0] == 75
    assert codes[-1] == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_limit_on_the_size_of_files_refuses_and_loses_nothing(prepared: Path, tmp_path: Path, name: str) -> None:
    arguments = COMMANDS[name]
    states(prepared, tmp_path, arguments)
    before, after = without_uids(prepared), without_uids(tmp_path / "reference")
    codes = []
    for size in (0, 100, 1000, 2000, 3000, 100_000):
        root = ledgers.copied(prepared, tmp_path / "ledger")
        done = limited(root, size, *arguments)
        codes.append(done.code)
        if done.code:
            assert_refused(done, "the file would be too large")
        assert exlog(root, "check").code == 0
        assert without_uids(root) == (before if done.code else after), (size, done)
    assert codes[0] == 75
    assert codes[-1] == 0


def limited(root: Path, size: int, *arguments: str) -> Done:
    """A command in a process whose files cannot grow beyond ``size`` bytes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return process.spawned("-C", str(root), *arguments, before=limit)


def test_a_limit_that_only_the_history_reaches_leaves_the_rest_to_the_next_command(
    prepared: Path, tmp_path: Path
) -> None:
    root = ledgers.copied(prepared, tmp_path / "ledger")
    for letter in "abc":
        assert exlog(root, "update", ledgers.CLOSED[0], "--note", letter * 5000).code == 0
    arguments = ("update", ledgers.NEW, "--set", "product=P1")
    states(root, tmp_path, arguments)
    done = limited(root, 12_000, *arguments)
    assert done.code == 0, done
    assert "recorded, but" in done.err
    assert_refused(limited(root, 12_000, "list"), "the file would be too large")
    assert exlog(root, "list").code == 0
    assert without_uids(root) == without_uids(tmp_path / "reference")
    assert exlog(root, "check").code == 0


def without_uids(root: Path) -> dict[str, bytes]:
    """The content of a ledger without what is random in it, and without the links that follow from it."""
    uid = re.compile(rb"\b[abcdfghjkmnpqrst][a-z2-7]{9}\b(\.\d+)?")
    link = re.compile(rb",[0-9a-f]{32}$", re.MULTILINE)
    return {name: link.sub(b",link", uid.sub(b"uid", data)) for name, data in ledgers.content(root).items()}


def assert_only_readable(root: Path, expected: list[Done], reason: str) -> None:
    """Readers print what they always do; writers are refused and change nothing."""
    before = ledgers.content(root)
    for arguments, sound in zip(READERS, expected, strict=True):
        assert exlog(root, *arguments) == sound, arguments
    for arguments in (
        *COMMANDS.values(), ("update", ledgers.ARCHIVED, "--note", "x"), ("check", "--adopt"),
        ("customer", "edit", ledgers.CUSTOMER, "--phone", "1"), ("customer", "add", "New"), ("init", str(root / "new")),
    ):  # fmt: skip
        assert_refused(exlog(root, *arguments), reason)
    assert ledgers.content(root) == before


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[None]:
    mount("-o", "remount,ro", str(place))
    try:
        yield
    finally:
        mount("-o", "remount,rw", str(place))


def test_a_read_only_ledger_can_be_read_and_nothing_else(prepared: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=2m") as place:
        root = ledgers.copied(prepared, place / "ledger")
        expected = [exlog(root, *arguments) for arguments in READERS]
        assert {done.code for done in expected} == {0}
        with read_only(place):
            assert_only_readable(root, expected, "the file system is read-only")
        assert exlog(root, *COMMANDS["close"]).code == 0


def test_a_read_only_clone_that_never_ran_exlog_can_be_read(prepared: Path, tmp_path: Path) -> None:
    """Without .exlog: no lock, no cache."""
    with disk(tmp_path / "disk", "size=2m") as place:
        root = ledgers.copied(prepared, place / "ledger")
        expected = [exlog(root, *arguments) for arguments in READERS]
        shutil.rmtree(root / ".exlog")
        with read_only(place):
            assert_only_readable(root, expected, "the file system is read-only")


def test_a_bind_mount_that_is_read_only_can_be_read(prepared: Path, tmp_path: Path) -> None:
    root = ledgers.copied(prepared, tmp_path / "ledger")
    expected = [exlog(root, *arguments) for arguments in READERS]
    bound = tmp_path / "bound"
    bound.mkdir()
    mount("--bind", str(root), str(bound))
    try:
        mount("-o", "remount,bind,ro", str(bound))
        assert_only_readable(bound, expected, "the file system is read-only")
    finally:
        subprocess.run(["umount", "-l", str(bound)], check=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks descriptors up in /proc")
def test_an_unfinished_command_on_a_read_only_disk_waits_for_a_writable_one(prepared: Path, tmp_path: Path) -> None:
    """Half of it would be shown else."""
    _before, after = states(prepared, tmp_path, ("archive",))
    with disk(tmp_path / "disk", "size=2m") as place:
        root = ledgers.copied(prepared, place / "ledger")
        log = tmp_path / "log"
        copy = ledgers.copied(prepared, tmp_path / "copy")
        process.forked("-C", str(copy), "archive", inside=lambda: runner.install(runner.Faults(copy, log)))
        place_of = [call.path for call in runner.calls(log)].index("archive/2024-01.csv") + 1
        faults = runner.Faults(root, log, at=place_of, how="before")
        process.forked("-C", str(root), "archive", inside=lambda: runner.install(faults))
        halfway = ledgers.content(root)
        with read_only(place):
            for arguments in (("list",), ("stats",), ("check",), ("add", "S", "s", "-t", "inquiry", "--one-off")):
                assert_refused(exlog(root, *arguments), "the file system is read-only")
            assert ledgers.content(root) == halfway
        assert exlog(root, "list").code == 0
        assert ledgers.content(root) == after


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")
def test_a_ledger_of_somebody_else_can_be_read_and_nothing_else(prepared: Path, memory: Path) -> None:
    # Loaded before somebody else is become, who may not read where Python's own library is.
    for name in ("secrets", "duckdb", "exlog.commands.stats", "exlog.ledger.figuring", "exlog.store.engine"):
        importlib.import_module(name)
    memory.chmod(0o755)
    root = ledgers.copied(prepared, memory / "ledger")
    expected = [exlog(root, *arguments) for arguments in READERS]

    def as_nobody(*arguments: str) -> Done:
        return process.forked("-C", str(root), *arguments, inside=lambda: os.setuid(65534))

    before = ledgers.content(root)
    for arguments, sound in zip(READERS, expected, strict=True):
        assert as_nobody(*arguments) == sound, arguments
    for arguments in COMMANDS.values():
        assert_refused(as_nobody(*arguments), "permission is denied")
    (root / "exceptions.csv").chmod(0o600)
    assert_refused(as_nobody("list"), "exceptions.csv")
    assert ledgers.content(root) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")
def test_one_file_that_may_not_be_written_refuses_the_command_before_any_other_is(prepared: Path, memory: Path) -> None:
    """Two people share a folder: past the commit point every command would wait for what one of them may not do."""
    importlib.import_module("secrets")
    memory.chmod(0o755)
    root = ledgers.copied(prepared, memory / "ledger")
    exlog(root, "update", ledgers.NEW, "--note", "x")
    newest = max(root.glob("history/*/0.csv"))
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    os.chown(newest, 0, 0)
    before = ledgers.content(root)

    def as_nobody(*arguments: str) -> Done:
        return process.forked("-C", str(root), *arguments, inside=lambda: os.setuid(65534))

    assert_refused(as_nobody("update", ledgers.NEW, "--note", "y"), "permission is denied")
    assert as_nobody("list").code == 0
    assert ledgers.content(root) == before
    newest.parent.chmod(0o777)
    os.chown(newest, 65534, 65534)
    assert as_nobody("update", ledgers.NEW, "--note", "y").code == 0
