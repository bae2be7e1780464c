"""Questions on a terminal: ``add`` without arguments asks step by step; nothing is locked meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from exlog import fields, profiles, vocabulary
from exlog.errors import ExlogError, Usage
from exlog.i18n import _
from exlog.render import safe

if TYPE_CHECKING:
    from pathlib import Path

    from exlog.ledger.book import Book


def new_record(book: Book, given: dict[str, str]) -> tuple[str, str, str, dict[str, str]]:
    """Customer, subject, what to do with an unknown customer, and further fields, as typed."""
    asked: dict[str, str] = {}
    customer, unknown = _customer(book)
    subject = _ask(_("What happened (one line)"))
    if not given.get("type"):
        asked["type"] = _choice(book, "type", "complaint")
    if not given.get("category") and asked.get("type", given.get("type")) == "complaint":
        asked["category"] = _choice(book, "category", "quality")
    if not given.get("channel"):
        asked["channel"] = _choice(book, "channel", "phone")
    asked["description"] = _ask(_("Details (time, place, people, course; Enter for none)"), "")
    return customer, subject, unknown, asked


def _customer(book: Book) -> tuple[str, str]:
    from exlog.ledger import customers

    while True:
        name = _ask(_("Customer (id, name or part of one)"))
        everyone = customers.index(book)
        found = profiles.find(name, everyone)
        if len(found) == 1:
            _say(f"  {found[0].id} {found[0].name}")
            return found[0].id, "refuse"
        if found:
            _say("  " + _("may be any of: {names}").format(names=profiles.named(found)))
            continue
        near = profiles.near(name, everyone)
        if near:
            _say("  " + _("similar: {names}").format(names=profiles.named(near)))
        answer = _ask(_("Unknown. Make a profile (p), keep just the name (n), or type again (t)"), "p")
        if answer in ("p", "n"):
            return name, "profile" if answer == "p" else "one-off"


def _choice(book: Book, enum: str, default: str) -> str:
    listed = ", ".join(f"{term.key} {term.zh}" for term in vocabulary.ENUMS[enum])
    while True:
        try:
            return book.policy.resolve(enum, _ask(f"{fields.BY_NAME[enum].label} ({listed})", default))
        except ExlogError as error:
            _say(f"  {error.line()}")


def _ask(question: str, default: str | None = None) -> str:
    while True:
        sys.stderr.write(safe(f"{question} [{default}]: " if default else f"{question}: "))
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise typer.Abort
        answer = line.strip() or (default or "")
        if answer or default is not None:
            return answer


def _say(text: str) -> None:
    sys.stderr.write(safe(text) + "\n")


@contextmanager
def edited(text: str) -> Iterator[str]:
    """What the person wrote in $VISUAL or $EDITOR; its file is kept, and named, where the use of it fails.

    Raises Usage where the editor fails.
    """
    import shutil
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="exlog-"))
    file = folder / "description.txt"
    try:
        file.write_text(text, encoding="utf-8")
        _run_editor(file)
        yield file.read_text(encoding="utf-8")
    except BaseException:
        if file.exists() and file.read_bytes().strip() not in (b"", text.encode().strip()):
            _say(_("what you wrote is kept in {file}; give it with -d - < {file}").format(file=file))
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _run_editor(file: Path) -> None:
    import os
    import shlex
    import subprocess

    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(command), str(file)], check=False).returncode
    except OSError as error:
        raise Usage(_("the editor {name} does not start: {error}").format(name=command, error=error)) from None
    if code:
        raise Usage(_("the editor {name} ended with code {code}").format(name=command, code=code))
