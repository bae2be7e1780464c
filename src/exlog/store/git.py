"""The one place that runs git: argument lists, no prompts, no translations, and its reasons on one line."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from exlog.errors import Busy, ExlogError
from exlog.i18n import _
from exlog.store import files, lock

SECONDS = 60.0
NETWORK_SECONDS = 600.0
_PAUSE_SECONDS = 0.1
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git hands to its hooks: relative to the folder that git runs in, not to the one that exlog asks about."""
_SAYS_WHY = ("fatal:", "error:", "remote: error:", "remote:", "ERROR:", "ssh:")


class GitError(ExlogError):
    """Git refuses, or is not there."""

    exit_code = 2


class Answer(NamedTuple):
    """How git ended and what it printed."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """What it printed, without the line end."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")

    @property
    def reason(self) -> str:
        """Why it refused, on one line: what git marks as the reason, else the last thing it said."""
        lines = [line.strip() for line in (self.err + "\n" + self.text).splitlines() if line.strip()]
        for start in _SAYS_WHY:
            place = next((number for number, line in enumerate(lines) if line.startswith(start)), None)
            if place is not None:
                text = lines[place].removeprefix(start).strip()
                more = lines[place + 1] if text.endswith(":") and place + 1 < len(lines) else ""
                return files.shown(f"{text} {more}".strip(), 200)
        return files.shown(lines[-1], 200) if lines else _("without a word; perhaps a hook refused")


def run(
    folder: Path,
    *arguments: str,
    stdin: bytes | None = None,
    seconds: float = SECONDS,
    env: dict[str, str] | None = None,
) -> Answer:
    """Run git in ``folder``. Raises GitError where there is none to run or it takes too long; not where it refuses.

    Paths among ``arguments`` stand behind ``--``, below ``folder`` (git takes that part literally); revisions
    behind ``--end-of-options``.
    """
    command = ["git", "-C", str(folder), *arguments]
    environment = {name: text for name, text in os.environ.items() if name not in _INHERITED}
    environment.update({"LC_ALL": "C", "LANGUAGE": "", "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"})
    environment.update({"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no"})
    environment.update(env or {})
    try:
        done = subprocess.run(
            command, input=stdin or b"", capture_output=True, env=environment, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise GitError(
            _("git {command} took longer than {seconds:.0f} s").format(command=arguments[0], seconds=seconds),
            remedy=_("try again"),
        ) from None
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GitError(_("git cannot be run: {error}").format(error=error), remedy=_("install git")) from None
    return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def run_in_turn(folder: Path, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Answer:
    """As ``run``, for a command that writes the index: it waits for another git that does as for the ledger's lock."""
    deadline = time.monotonic() + lock.wait_seconds()
    while True:
        answer = run(folder, *arguments, stdin=stdin, seconds=NETWORK_SECONDS, env=env)
        if not _is_held(answer) or time.monotonic() >= deadline:
            return answer
        time.sleep(_PAUSE_SECONDS)


def _is_held(answer: Answer) -> bool:
    return answer.code != 0 and "index.lock': File exists" in answer.err


def ask(folder: Path, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> str:
    """What git prints. Raises GitError with git's reason where it refuses."""
    answer = run(folder, *arguments, stdin=stdin, env=env)
    if answer.code != 0:
        raise refused(arguments[0], answer)
    return answer.text


def refused(command: str, answer: Answer) -> ExlogError:
    """The error for a git command that refused; Busy where another git holds the index."""
    if _is_held(answer):
        return Busy(
            _("git {command}: another git is at work in this clone ({reason})").format(
                command=command, reason=answer.reason
            ),
            remedy=_("try again; if none is, a killed one left that file: remove it"),
        )
    return GitError(_("git {command}: {reason}").format(command=command, reason=answer.reason))


def config(folder: Path, key: str, *options: str) -> str:
    """A value of git's configuration; empty where there is none. Raises GitError where git cannot be run."""
    return run(folder, "config", *options, "--get", key).text


def email(folder: Path) -> str:
    """git's user.email; empty where there is none, or no git."""
    try:
        return config(folder, "user.email").strip()
    except GitError:
        return ""


def top(folder: Path) -> Path | None:
    """The top of the work tree that ``folder`` lies in; None outside of one, and where there is no git."""
    try:
        answer = run(folder, "rev-parse", "--show-toplevel")
    except GitError:
        return None
    return Path(answer.text) if answer.code == 0 and answer.text else None


def head(folder: Path, name: str = "HEAD") -> str:
    """The commit that ``name`` stands for; empty where there is none."""
    return run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").text


def branch(folder: Path) -> str:
    """The branch that is checked out; empty where none is."""
    return run(folder, "symbolic-ref", "--quiet", "--short", "HEAD").text


def show(folder: Path, revision: str, path: str) -> bytes | None:
    """The bytes of ``path`` (from the top of the work tree) at ``revision``; None where it has no such file."""
    answer = run(folder, "cat-file", "blob", f"{revision}:{path}")
    return answer.out if answer.code == 0 else None


def paths_on_stdin(paths: Sequence[str]) -> bytes:
    """Paths as ``--pathspec-from-file=- --pathspec-file-nul`` reads them: there may be thousands."""
    return b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)


_UNDER_WAY = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


def under_way(git_folder: Path) -> str:
    """What git is in the middle of: ``merge``, ``rebase``, ``cherry-pick``, ``revert``; empty where nothing is."""
    return next((name for file, name in _UNDER_WAY.items() if (git_folder / file).exists()), "")


def unmerged(folder: Path) -> list[str]:
    """Paths of the whole work tree, named from its top, that a merge left for a person to decide."""
    out = ask(folder, "ls-files", "--unmerged", "--full-name", "-z", "--", ":(top)")
    return list(dict.fromkeys(entry.partition("\t")[2] for entry in out.split("\0") if entry))
