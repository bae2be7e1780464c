"""A headless Chromium for tests: what a page says on the console, what it asks of the network, how it looks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the browser with an empty profile below ``folder``."""
    profile = folder / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    command = [PROGRAM, *_FLAGS, f"--user-data-dir={profile}", *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


class Seen:
    """What the browser did: lines of the console, addresses that were asked for, the page as it came to be."""

    def __init__(self) -> None:
        self.console: list[str] = []
        self.asked: list[str] = []
        self.dom = ""


def look(folder: Path, page: Path, *more: str) -> Seen:
    """Open the file ``page``, with a log of everything that the network is asked for."""
    seen = Seen()
    log = folder / "net.json"
    done = chromium(
        folder, f"--log-net-log={log}", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", "--dump-dom",
        *more, page.as_uri(),
    )  # fmt: skip
    seen.dom = done.stdout
    seen.console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    seen.asked = _urls(log)
    return seen


def _urls(log: Path) -> list[str]:
    """The addresses that pages asked for, by Chromium's own log of the network.

    What the browser asks for itself (updates, accounts) has no page as its initiator.
    """
    text = log.read_text("utf-8", "replace")
    try:
        events = json.loads(text)["events"]
    except ValueError:  # cut off where the browser ended
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    asked = [event.get("params", {}) for event in events]
    return sorted(
        {
            one["url"]
            for one in asked
            if one.get("initiator", "not an origin") != "not an origin"
            and str(one.get("url", "")).startswith(("http", "ws", "ftp"))
        }
    )
