"""Runs exlog as a process on a real folder, with a fixed clock and nothing from the outside."""

from __future__ import annotations

import atexit
import csv
import io
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOW = "2024-03-15T14:30:00+08:00"
CODES = (0, 1, 2, 3, 4, 5, 75)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def environment(home: Path, **more: str | None) -> dict[str, str]:
    plain: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.environ.get("PYTHONPATH"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "EXLOG_NOW": NOW,
        "EXLOG_USER": "ann",
        **more,
    }
    return {name: value for name, value in plain.items() if value is not None}


def run(*args: str, cwd: Path, code: int | None = 0, stdin: str = "", **env: str | None) -> Result:
    """Run exlog; `code` is the exit code that must come (None: any documented one)."""
    done = subprocess.run(
        [sys.executable, "-m", "exlog", *args],
        cwd=cwd,
        env=environment(cwd, **env),
        input=stdin.encode(),
        capture_output=True,
        timeout=60,
    )
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    told = f"exlog {' '.join(args)} -> {result.code}\n{result.out}\n{result.err}"
    assert "Traceback" not in result.err, told
    assert result.code == code if code is not None else result.code in CODES, told
    return result


def read_csv(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


TEMPLATES: dict[tuple[str, ...], Path] = {}


class Ledger:
    """One ledger folder and the commands on it; `exlog init` runs once for each set of options and is then copied."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        if (path / "exlog.yaml").exists():
            return
        if init not in TEMPLATES:
            TEMPLATES[init] = Path(tempfile.mkdtemp(prefix="exlog-template-"))
            atexit.register(shutil.rmtree, TEMPLATES[init], ignore_errors=True)
            run("init", ".", *init, cwd=TEMPLATES[init])
        shutil.copytree(TEMPLATES[init], path, dirs_exist_ok=True)

    def __call__(
        self, *args: str, code: int | None = 0, stdin: str = "", now: str | None = None, **env: str | None
    ) -> Result:
        if now:
            env["EXLOG_NOW"] = now
        return run(*args, cwd=self.path, code=code, stdin=stdin, **env)

    def json(self, *args: str, stdin: str = "", now: str | None = None) -> Any:
        envelope = json.loads(self(*args, "-f", "json", stdin=stdin, now=now).out)
        assert envelope["exlog"] == 1
        return envelope["data"]

    def add(self, *lines: dict[str, Any], now: str | None = None, flags: tuple[str, ...] = ("--one-off",)) -> list[str]:
        """Record several at once; type inquiry, channel phone and a customer are filled in."""
        full = [
            {"customer": "Walk-in", "subject": "s", "type": "inquiry", "channel": "phone", **line} for line in lines
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in full)
        return self("add", "--json", *flags, "-q", stdin=text, now=now).out.split()

    def show(self, tail: str) -> dict[str, Any]:
        data: dict[str, Any] = self.json("show", tail)
        return data

    def ids(self, *args: str, now: str | None = None) -> list[str]:
        return self(*args, "-q", now=now).out.split()

    def text(self, name: str = "exceptions.csv") -> str:
        return (self.path / name).read_bytes().decode()

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_bytes(text.encode())

    def policy(self, more: str) -> None:
        """Append top-level keys to exlog.yaml."""
        self.write("exlog.yaml", self.text("exlog.yaml").rstrip("\n") + "\n" + more)

    def rule(self, old: str, new: str) -> None:
        assert old in self.text("exlog.yaml")
        self.write("exlog.yaml", self.text("exlog.yaml").replace(old, new, 1))

    def files(self) -> dict[str, bytes]:
        """Every file of the ledger but the local ones, with its bytes."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not {".exlog", ".git"} & set(path.relative_to(self.path).parts)
        }

    def events(self) -> list[dict[str, str]]:
        found = sorted((self.path / "history").rglob("*.csv"))
        return [event for path in found for event in read_csv(path.read_text("utf-8"))]


def on_a_terminal(
    *args: str, cwd: Path, answers: dict[str, str], columns: int = 80, stdout_piped: bool = False, **env: str | None
) -> Result:
    """Run exlog on a pseudo terminal; whenever it waits, the answer whose key its last line holds is typed."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "exlog", *args],
        cwd=cwd,
        env=environment(cwd, TERM="xterm-256color", COLUMNS=str(columns), **env),
        stdin=terminal,
        stdout=subprocess.PIPE if stdout_piped else terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    seen, answered, end = b"", 0, time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([controller], [], [], 0.3)[0]:
            try:
                seen += os.read(controller, 65536)
            except OSError:
                break
        elif process.poll() is not None:
            break
        elif len(seen) > answered:
            question = seen[answered:].decode(errors="replace").strip().splitlines()[-1].lower()
            answered = len(seen)
            reply = next((text for word, text in answers.items() if word in question), "")
            os.write(controller, reply.encode() + b"\n")
    if process.poll() is None:
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError("it still waits after:\n" + seen.decode(errors="replace")) from None
    out = process.stdout.read().decode() if process.stdout else ""
    os.close(controller)
    return Result(process.returncode, out, seen.decode(errors="replace").replace("\r\n", "\n"))
