"""``exlog report``: a month's, a quarter's or a year's service report as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from exlog import i18n, render
from exlog.commands import output, results
from exlog.commands.options import settings
from exlog.errors import Usage
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.ledger.reporting import Asked
    from exlog.report import Document

app = typer.Typer(add_completion=False)
FILTERS = True

FORMATS = ("html", "xlsx", "md")


@app.command(help=_("A month's, quarter's or year's service report: a page, a workbook or Markdown."))
def report(
    ctx: typer.Context,
    period: str = typer.Argument(..., metavar="PERIOD"),
    target: str = typer.Option(
        "",
        "-o",
        "--output",
        metavar="FILE",
        help=_("*.html | *.xlsx | *.md; - is stdout (default: report-PERIOD.html)."),
    ),
    lang: str = typer.Option("", "--lang", metavar="en|zh", help=_("Language of the report; the ledger's by default.")),
) -> None:
    from exlog.ledger import reporting

    call = settings(ctx)
    if lang and lang not in i18n.LANGUAGES:
        raise Usage(_("no such language: {value}").format(value=lang), remedy=_("en or zh"))
    fmt = _format(call.values.get("format"), target)
    book = call.open()
    asked = reporting.Asked(book, period, call.filters("all"))
    i18n.set_language(lang or book.policy.language)
    document = asked.document()
    data = _rendered(asked, document, fmt)
    i18n.set_language(book.policy.language)
    if target == "-":
        sys.stdout.buffer.write(data)
    else:
        path = Path(target or f"report-{document.period}.{fmt}")
        replaced = path.exists()
        with output.whole(path) as stream:
            stream.write(data)
        text = (
            _("report written to {file}, in place of the one that was there")
            if replaced
            else _("report written to {file}")
        )
        render.note(text.format(file=path), call.quiet)
    if reporting.is_empty(document):
        render.note(_("no record was received in {period}").format(period=document.period), call.quiet)


def _format(asked: str | None, target: str) -> str:
    """What the name of the file says, else ``-f``, else a page. Raises Usage for anything else, or two answers."""
    said = Path(target).suffix.lower().lstrip(".") if target not in ("", "-") else ""
    if target not in ("", "-") and said not in FORMATS:
        raise Usage(
            _("no format is known for {file}").format(file=target),
            remedy=_("end the name in one of: {choices}").format(choices=", ".join(f".{one}" for one in FORMATS)),
        )
    if asked is not None and asked not in FORMATS:
        raise Usage(
            _("format cannot be {text!r}").format(text=asked),
            remedy=_("one of: {choices}").format(choices=", ".join(FORMATS)),
        )
    if asked and said and asked != said:
        raise Usage(_("-f {asked} and a name ending in .{said}").format(asked=asked, said=said), remedy=_("take one"))
    return said or asked or "html"


def _rendered(asked: Asked, document: Document, fmt: str) -> bytes:
    if fmt == "html":
        from exlog.render import page

        return page.html(document).encode("utf-8")
    if fmt == "md":
        from exlog.render import outline

        return outline.text(document).encode("utf-8")
    from exlog.render import workbook

    names, rows = asked.records()
    return workbook.render(document, results.columns_of(asked.book, names), rows, asked.book.now)
