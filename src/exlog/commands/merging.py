"""What ``exlog merge-driver`` does. Git runs it once a file, so it loads no more than that file needs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from exlog import i18n
from exlog.i18n import _
from exlog.merge.outcome import WHOLE, Clash, Made, Merged

if TYPE_CHECKING:
    from exlog.merge.profile import Version

Merge = Callable[[bytes, bytes, bytes, str], Merged]

_SHOWN = 20
_MARKERS = 7
"""How long conflict markers are where .gitattributes does not say. Git asks for longer ones when it merges two common
ancestors for itself."""


def run(arguments: Sequence[str]) -> int:
    """Merge as git asks: ``%O %A %B %P`` and, if given, ``%L``. Writes ``%A``; 0 where nothing is left to decide."""
    i18n.set_language(i18n.language_of_environment())
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if len(arguments) < 4:
        _tell(_("merge-driver takes what git hands it: %O %A %B %P"))
        return 2
    base, ours, theirs = (Path(name) for name in arguments[:3])
    path = arguments[3]
    inner = len(arguments) > 4 and arguments[4].isdecimal() and _is_inner(int(arguments[4]), path)
    merge = chosen(path)
    if merge is None:
        return _as_text(base, ours, theirs)
    try:
        merged = merge(base.read_bytes(), ours.read_bytes(), theirs.read_bytes(), path)
        _replace(ours, merged.data)
    except Exception as error:  # whatever it is: git gets its own merge, and never an unmarked side
        _tell(_("{path}: merged as plain text: {reason}").format(path=path, reason=_reason(error)))
        _as_text(base, ours, theirs)
        return 1
    if inner:
        return 1 if merged.clashes else 0
    if merged.made:
        _keep_made(path, merged.made)
    _mark()
    return _report(path, merged)


def _is_inner(markers: int, path: str) -> bool:
    """Whether git merges two common ancestors for itself: what conflicts there nobody has to decide."""
    if markers <= _MARKERS:
        return False
    from exlog.errors import ExlogError
    from exlog.store import git

    try:
        *_said, size = git.run(Path.cwd(), "check-attr", "conflict-marker-size", "--", path).text.split()
    except (ExlogError, ValueError):
        return True
    return markers > (int(size) if size.isdecimal() else _MARKERS)


def _mark() -> None:
    """Let the next command look for what a merge leaves across files."""
    from exlog.store import gitfolder

    with contextlib.suppress(OSError):
        gitfolder.mark_merged(Path.cwd())


def chosen(path: str) -> Merge | None:
    """How a file of that path in a ledger merges; None for files that are not exlog's."""
    parts = PurePosixPath(path).parts
    name, folder = parts[-1], parts[-2] if len(parts) > 1 else ""
    if folder == "customers" and name.endswith(".yaml"):
        return _profile
    if len(parts) > 2 and parts[-3] == "history" and name.endswith(".csv"):
        from exlog.merge import lists

        return lists.history
    if name == "lanes.csv" or (folder == "archive" and name == "manifest.csv"):
        from exlog.merge import lists

        return lists.lanes if name == "lanes.csv" else lists.manifest
    if name == "exceptions.csv" or (folder == "archive" and name.endswith(".csv")):
        from exlog.merge import table

        return table.merge
    if folder == "archive" and name.endswith(".xlsx"):
        from exlog.merge import lists

        return lists.workbook
    return None


def _profile(base: bytes, ours: bytes, theirs: bytes, path: str) -> Merged:
    from exlog.merge import profile
    from exlog.store import yamlfile

    def version(data: bytes) -> Version:
        document = yamlfile.load(data, path)
        return profile.Version(data.decode("utf-8-sig"), document.tree, document.plain())

    old = version(base) if base.strip() else None
    made = profile.merge(old, version(ours), version(theirs), lambda mapping: yamlfile.dump(mapping).decode("utf-8"))
    if yamlfile.load(made.merged.data, path).plain() != made.plain:
        raise ValueError("the merged text does not hold the merged values")
    return made.merged


def _report(path: str, merged: Merged) -> int:
    """Keep the conflicts for ``resolve`` and say what a person must know."""
    if merged.clashes:
        _keep(path, merged.clashes)
    lines = [*merged.remarks, *(_line(clash) for clash in merged.clashes)]
    for line in lines[:_SHOWN]:
        _tell(line)
    if len(lines) > _SHOWN:
        _tell(_("{path}: and {count} more").format(path=path, count=len(lines) - _SHOWN))
    return 1 if merged.clashes else 0


def _keep(path: str, clashes: Sequence[Clash]) -> None:
    from exlog.store import conflicts

    try:
        conflicts.keep(conflicts.folder(Path.cwd()), path, [conflicts.entry(clash, _now()) for clash in clashes])
    except Exception as error:  # the file is merged by now; git still has to hear of the conflicts
        _tell(_("the conflicts could not be written down: {reason}").format(reason=_reason(error)))


def _keep_made(path: str, made: Sequence[Made]) -> None:
    from exlog.store import combined

    try:
        combined.keep(Path.cwd(), path, made)
    except Exception as error:  # the file is merged by now; what the history lacks of it check will tell
        _tell(_("the merged cells could not be written down: {reason}").format(reason=_reason(error)))


def _now() -> str:
    import time
    from datetime import timedelta, timezone

    from exlog import clock

    return clock.now(timezone(timedelta(seconds=time.localtime().tm_gmtoff))).isoformat()


def _line(clash: Clash) -> str:
    if clash.field == WHOLE:
        return _("{id}: both sides have it and they differ as a whole; decide it with exlog resolve").format(
            id=clash.id
        )
    return _("{id}: {field} is {ours} here, {theirs} there; decide it with exlog resolve").format(
        id=clash.id, field=clash.field, ours=_shown(clash.ours), theirs=_shown(clash.theirs)
    )


def _shown(value: Any) -> str:
    if value is None:
        return _("removed")
    text = str(value)
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _reason(error: Exception) -> str:
    from exlog.errors import ExlogError

    return error.line() if isinstance(error, ExlogError) else f"{type(error).__name__}: {error}"


def _tell(text: str) -> None:
    from exlog.render.escape import one_line

    sys.stderr.write(f"exlog: {one_line(text)}\n")


def _replace(path: Path, data: bytes) -> None:
    """Give ``%A`` its new text whole or not at all."""
    draft = path.with_name(f"{path.name}.exlog-{os.getpid()}")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _as_text(base: Path, ours: Path, theirs: Path) -> int:
    """git's own merge, with markers, into ``ours``: 0 where it is clean, as it would be without exlog."""
    from exlog.errors import ExlogError
    from exlog.store import git

    labels = [text for label in ("ours", "base", "theirs") for text in ("-L", label)]
    names = [str(path.absolute()) for path in (ours, base, theirs)]
    try:
        answer = git.run(Path.cwd(), "merge-file", *labels, "--", *names)
    except ExlogError as error:
        _tell(error.line())
        return 1
    if answer.code > 127:
        _tell(answer.reason)
    return 0 if answer.code == 0 else 1
