"""``exlog git-textconv``: a table as ``git diff`` compares it, one field a line."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from exlog.errors import Usage
from exlog.i18n import _
from exlog.store import files

app = typer.Typer(add_completion=False)


@app.command(help=_("Called by git diff: print a table one field a line."))
def git_textconv(file: str = typer.Argument(..., metavar="FILE")) -> None:
    from exlog.render import fieldwise

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise Usage(files.reason(error), where=files.shown(file), remedy=_("name a file")) from None
    sys.stdout.flush()
    sys.stdout.buffer.writelines(fieldwise.lines(data, Path(file).name))
