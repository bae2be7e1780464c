"""``exlog init``: a new ledger."""

from __future__ import annotations

from pathlib import Path

import typer

from exlog import i18n, render
from exlog.commands.options import settings
from exlog.i18n import _

app = typer.Typer(add_completion=False)


@app.command(help=_("Make a new ledger in DIR (default: here); never over an existing one."))
def init(
    ctx: typer.Context,
    folder: str | None = typer.Argument(None, metavar="[DIR]", help=_("Where; the current folder by default.")),
    lang: str = typer.Option("", "--lang", metavar="en|zh", help=_("Language of labels and messages.")),
    timezone: str = typer.Option("Asia/Shanghai", "--timezone", metavar="ZONE", help=_("Times are stored in it.")),
    sample: bool = typer.Option(False, "--sample", help=_("Fill it with the sample of a small company.")),
) -> None:
    from exlog.ledger import founding, teamwork

    call = settings(ctx)
    language = founding.language_or_default(lang)
    i18n.set_language(language)
    where = Path(folder) if folder else call.folder or Path.cwd()
    book = founding.found(where, language=language, timezone=timezone, sample=sample, actor=call.actor)
    wired = teamwork.at_founding(book)
    if call.quiet:
        return
    render.note(
        _("ledger made in {folder} ({zone}, {language})").format(
            folder=book.root, zone=book.policy.timezone, language=language
        )
    )
    if wired:
        render.note(wired)
    here = "" if book.root == Path.cwd() else f"-C {where} "
    render.note(_('next: exlog {here}add "CUSTOMER" "SUBJECT" -c quality --one-off').format(here=here))
