"""Runs exlog's command line in a process of its own: forked, which takes milliseconds, or started afresh."""

from __future__ import annotations

import codecs
import contextlib
import functools
import gc
import hashlib
import importlib
import io
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

NOW = "2024-03-15T14:30:00+08:00"
_LONGEST = 60


class Done(NamedTuple):
    """How a process ended: its exit code (-9 for SIGKILL) and what it wrote."""

    code: int
    out: str
    err: str


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every command: the clock fixed, who acts given, nothing of the outside world."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("EXLOG_", "GIT_"))}
    return {**kept, "EXLOG_NOW": NOW, "EXLOG_USER": "tester", "LC_ALL": "C.UTF-8", **(more or {})}


def forked(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    inside: Callable[[], None] | None = None,
    repeatable: bool = True,
) -> Done:
    """Run ``exlog ARGUMENTS`` in a fork of this process, which has the modules loaded already.

    ``inside`` is called there first. The random bytes of ids come from the arguments, so that two runs of one
    command write the same bytes; unless it is not to be ``repeatable``.
    """
    _preload()
    with _streams(stdin) as streams:
        pid = os.fork()
        if pid == 0:
            _become(arguments, environment(env), [stream.fileno() for stream in streams], inside, repeatable)
        return _end(pid, streams)


def begun(*arguments: str, env: Mapping[str, str] | None = None, inside: Callable[[], None] | None = None) -> Running:
    """``exlog ARGUMENTS`` under way in a fork."""
    _preload()
    with _streams(b"", keep=True) as streams:
        pid = os.fork()
        if pid == 0:
            _become(arguments, environment(env), [stream.fileno() for stream in streams], inside, True)
        return Running(pid, streams)


class Running:
    """A forked command under way."""

    def __init__(self, pid: int, streams: list[IO[bytes]]) -> None:
        self.pid = pid
        self._streams = streams

    def stopped_within(self, seconds: float) -> bool:
        """Whether it stopped itself (SIGSTOP) before the time was over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid:
                assert os.WIFSTOPPED(status), "it ended"
                return True
            time.sleep(0.005)
        return False

    def go_on(self) -> None:
        """Let it go on after a stop."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> Done:
        """How it ended; waits for that."""
        try:
            return _end(self.pid, self._streams)
        finally:
            for stream in self._streams:
                stream.close()


def at_once(jobs: Sequence[Callable[[], object]]) -> list[Any]:
    """Do each job in a process of its own, all at the same time; what each of them returned."""
    _preload()
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _job in jobs]
        pids = []
        for job, file in zip(jobs, files, strict=True):
            pid = os.fork()
            if pid == 0:
                _work(job, file)
            pids.append(pid)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        results = []
        for file, code in zip(files, codes, strict=True):
            file.seek(0)
            results.append(pickle.load(file) if code == 0 else None)
        assert not any(codes), codes
        return results


def _work(job: Callable[[], object], file: IO[bytes]) -> None:
    code = 70
    try:
        gc.freeze()
        signal.alarm(2 * _LONGEST)
        pickle.dump(job(), file)
        file.flush()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@contextlib.contextmanager
def _streams(stdin: bytes, *, keep: bool = False) -> Iterator[list[IO[bytes]]]:
    streams: list[IO[bytes]] = [tempfile.TemporaryFile() for _number in range(3)]  # noqa: SIM115
    streams[0].write(stdin)
    streams[0].seek(0)
    yield streams
    if not keep:
        for stream in streams:
            stream.close()


def _end(pid: int, streams: Sequence[IO[bytes]]) -> Done:
    _pid, status = os.waitpid(pid, 0)
    return Done(os.waitstatus_to_exitcode(status), _text(streams[1]), _text(streams[2]))


def spawned(
    *arguments: str | bytes,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    before: Callable[[], None] | None = None,
) -> Done:
    """Run ``python -m exlog ARGUMENTS`` as a process started afresh; ``before`` is called in it before that."""
    done = subprocess.run(
        [sys.executable, "-m", "exlog", *arguments],
        input=stdin, capture_output=True, env=environment(env), timeout=_LONGEST, check=False, preexec_fn=before,
    )  # fmt: skip
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def started(
    *arguments: str, env: Mapping[str, str] | None = None, before: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    """``python -m exlog ARGUMENTS`` under way."""
    return subprocess.Popen(
        [sys.executable, "-m", "exlog", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(env),
        preexec_fn=before,
    )  # fmt: skip


@functools.cache
def _preload() -> None:
    """Load what commands load, and build the command line once: that is most of what a command would cost."""
    from exlog.commands import app

    app.root()
    for name in app.COMMANDS:
        app.load(name)
    for name in ("ledger.records", "ledger.customers", "ledger.rotation", "ledger.audit", "ledger.adoption",
                 "ledger.intake", "ledger.founding", "ledger.reading", "render.delimited", "render.jsontext",
                 "render.escape", "store.yamlfile", "ledger.undoing"):  # fmt: skip
        importlib.import_module(f"exlog.{name}")
    for name in ("ruamel.yaml", "ruamel.yaml.events", "difflib", "shutil", "tempfile"):
        importlib.import_module(name)
    for name in ("utf-8-sig", "gb18030", "utf-16", "ascii"):
        codecs.lookup(name)


def _become(
    arguments: Sequence[str],
    env: Mapping[str, str],
    streams: Sequence[int],
    inside: Callable[[], None] | None,
    repeatable: bool,
) -> None:
    """Be exlog, and end."""
    code = 70
    try:
        gc.freeze()  # a collection would copy every page of the test process
        signal.alarm(_LONGEST)
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        os.environ.clear()
        os.environ.update(env)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8", "surrogateescape")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8")
        sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", write_through=True)
        sys.argv = ["exlog", *arguments]
        if repeatable:
            _fix_entropy(arguments)
        from exlog.__main__ import main

        if inside is not None:
            inside()
        try:
            main()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _fix_entropy(arguments: Sequence[str]) -> None:
    from exlog.ledger import founding
    from exlog.ledger.book import Book

    count = 0

    def entropy(size: int) -> bytes:
        nonlocal count
        count += 1
        seed = "\0".join([*arguments[2:], os.environ["EXLOG_NOW"], str(count)])
        return hashlib.shake_128(seed.encode("utf-8", "surrogateescape")).digest(size)

    for function in (Book.__init__, founding.found):
        assert function.__kwdefaults__ is not None
        function.__kwdefaults__["entropy"] = entropy


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
