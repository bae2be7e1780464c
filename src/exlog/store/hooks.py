"""A marked block in git's hooks beside whatever stands in them; taken away again without a trace."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from pathlib import Path

from exlog.store import driver, files, git

NAMES = ("post-merge", "post-rewrite", "post-checkout")
"""The hooks after which rows may stand in two files or hold one id twice."""

WRITTEN, KEPT, REMOVED = "written", "as it was", "removed"
NO_SCRIPT, NOT_RUN, SWITCHED_OFF = "no shell script", "not executable", "no folder"

_WHOLE = "# >>> exlog (this file) >>>"
_AFTER = "# >>> exlog >>>"
_JOINED = "# >>> exlog (after a line without an end) >>>"
_END = "# <<< exlog <<<"
_BLOCK = re.compile(
    rf"(?:\n{re.escape(_JOINED)}|^(?:{re.escape(_WHOLE)}|{re.escape(_AFTER)}))\n.*?^{re.escape(_END)}\n",
    re.DOTALL | re.MULTILINE,
)
_SHELL = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:ba|da|z|k|a)?sh\b")
_ENDS_EARLY = re.compile(r"\b(?:exit|exec)\b|^\s*(?:\.|source)\s", re.MULTILINE)


def folder(root: Path) -> Path | None:
    """Where git looks for the hooks of the clone: core.hooksPath, else that of the repository; None outside of git."""
    top, config = git.top(root), driver.config_file(root)
    if top is None or config is None:
        return None
    named = git.config(root, "core.hooksPath", "--type=path")
    return top / named if named else config.parent / "hooks"


def install(place: Path) -> dict[str, str]:
    """Put the block into each hook in ``place``; what became of each. Raises OSError where the folder refuses."""
    if place.exists() and not place.is_dir():
        return dict.fromkeys(NAMES, SWITCHED_OFF)
    place.mkdir(parents=True, exist_ok=True)
    return {name: _install(place / name) for name in NAMES}


def remove(place: Path) -> dict[str, str]:
    """Take the block out of each hook in ``place``; those that had one. Raises OSError where the folder refuses."""
    removed = {}
    for name in NAMES:
        path = place / name
        text = _read(path) or ""
        rest = _BLOCK.sub("", text)
        if rest != text:
            if _WHOLE in text and rest == "#!/bin/sh\n":
                path.unlink()
            else:
                _replace(path, rest)
            removed[name] = REMOVED
    return removed


def _install(path: Path) -> str:
    text = _read(path)
    if text is None:
        _replace(path, "#!/bin/sh\n" + _block(path.name, _WHOLE))
        path.chmod(path.stat().st_mode | 0o111)
        return WRITTEN
    bare = _BLOCK.sub("", text)
    if not _SHELL.match(bare):
        return NO_SCRIPT
    if not os.access(path, os.X_OK):
        return NOT_RUN
    new = "#!/bin/sh\n" + _block(path.name, _WHOLE) if _WHOLE in text and bare == "#!/bin/sh\n" else _with(bare, path)
    if new == text:
        return KEPT
    _replace(path, new)
    return WRITTEN


def _with(text: str, path: Path) -> str:
    """A hook with the block at its end; behind its first line where it may end before it gets there."""
    if _ENDS_EARLY.search(text):
        first, feed, rest = text.partition("\n")
        return first + feed + _block(path.name, _AFTER) + rest if feed else text
    if text.endswith("\n"):
        return text + _block(path.name, _AFTER)
    return text + "\n" + _block(path.name, _JOINED)


def _block(name: str, start: str) -> str:
    """The call; it never fails, and hands on how the lines before it ended."""
    runs = shlex.quote(driver.program()[0])
    lines = [
        start,
        "# Puts right what a merge leaves across files. Taken away by: exlog git-setup --remove",
        "exlog_status=$?",
        f'if [ -x {runs} ]; then {driver.shell("git-hook", name)} "$@" </dev/null || :; fi',
        '(exit "$exlog_status")',
        _END,
    ]
    return "\n".join([*lines, ""])


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _replace(path: Path, text: str) -> None:
    """Write the hook anew, whole or not at all, where it really stands; its mode stays."""
    real = path.resolve()
    fd, draft = tempfile.mkstemp(dir=real.parent, prefix=".exlog-")
    os.close(fd)
    try:
        files.write_durably(Path(draft), text.encode("utf-8", "surrogateescape"))
        os.chmod(draft, real.stat().st_mode & 0o7777 if real.exists() else 0o755)
        os.replace(draft, real)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
