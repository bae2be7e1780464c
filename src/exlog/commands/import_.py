"""``exlog import``: records in from a file of another system."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from exlog import render
from exlog.commands import results
from exlog.commands.options import settings
from exlog.errors import Problems, Usage
from exlog.i18n import N_, _
from exlog.render import Column

app = typer.Typer(add_completion=False)


@app.command("import", help=_("Take records in from a CSV file, by a map from its columns to fields."))
def import_(
    ctx: typer.Context,
    file: str = typer.Argument(..., metavar="FILE", help=_("UTF-8 or GB18030; comma, semicolon or tab.")),
    map: str = typer.Option("", "--map", metavar="MAP.yaml", help=_("Which column fills which field.")),
    dry_run: bool = typer.Option(False, "--dry-run", help=_("Read and check everything, record nothing.")),
    exit_code: bool = typer.Option(False, "--exit-code", help=_("Exit 1 where a row was rejected.")),
) -> None:
    from exlog.ledger import intake

    call = settings(ctx)
    if not map:
        raise Usage(_("a map is missing"), remedy=_("exlog import FILE --map map.yaml; see docs/importing.md"))
    path = Path(file)
    book = call.open()
    with _progress(path, call.quiet) as progress:
        counts = intake.take_in(book, path, Path(map), dry_run=dry_run, progress=progress)
    fmt = call.format
    if dry_run and not call.quiet and fmt not in ("json", "jsonl"):
        names = [name for name in book.columns if any(record.get(name) for record in counts.preview)]
        preview = ([record.get(name, "") for name in names] for record in counts.preview)
        render.rows("exceptions", results.columns_of(book, names), preview, fmt, sys.stdout)
    elif not call.quiet:
        figures = {
            N_("read"): counts.read,
            N_("taken"): counts.taken,
            N_("known"): counts.known,
            N_("rejected"): counts.rejected,
        }
        columns = [Column(name, _(name), "int") for name in figures]
        render.record("import", columns, list(figures.values()), fmt, sys.stdout)
    _tell(counts, path, dry_run)
    if exit_code and counts.rejected:
        raise typer.Exit(Problems.exit_code)


def _tell(counts: object, path: Path, dry_run: bool) -> None:
    from exlog.ledger.intake import Counts

    assert isinstance(counts, Counts)
    message = (
        _("{read} rows read: {taken} would be taken, {known} known already, {rejected} rejected")
        if dry_run
        else _("{read} rows read: {taken} taken, {known} known already, {rejected} rejected")
    )
    render.note(message.format(read=counts.read, taken=counts.taken, known=counts.known, rejected=counts.rejected))
    for field, (number, example) in sorted(counts.reasons.items(), key=lambda item: -item[1][0])[:10]:
        render.note(
            "  " + _("{number} × {field}, such as: {reason}").format(number=number, field=field, reason=example)
        )
    if counts.rejected and not dry_run:
        render.note(_("rejected rows stand in {file}").format(file=f"{path}.rejected.csv"))


@contextmanager
def _progress(path: Path, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A bar over the bytes of the file, on a terminal."""
    if quiet or not sys.stderr.isatty() or not path.is_file():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(path.name, total=path.stat().st_size)
        yield lambda position: bar.update(task, completed=position)
