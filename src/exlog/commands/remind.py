"""``exlog remind``: what is late, or what a review must look at, sent to people once."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import typer

from exlog import filters, render
from exlog.commands import results
from exlog.commands.options import Settings, settings
from exlog.errors import Usage
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.reminding import Compose, Outcome, Reminder

app = typer.Typer(add_completion=False)
FILTERS = True

URLS = "EXLOG_REMIND_TO"
_KINDS = ("due", "review")


@app.command(help=_("Send what is late, each once, by mail or to a chat."))
def remind(
    ctx: typer.Context,
    to: list[str] = typer.Option(
        [], "--to", metavar="URL", help=_("Where to, as Apprise writes it; repeatable; else $EXLOG_REMIND_TO.")
    ),
    what: str = typer.Option(
        "", "--what", metavar="due|review", help=_("What is late (due, the default), or the weekly review.")
    ),
    at: str = typer.Option(
        "", "--at", metavar="warn|breach", help=_("When nearly late or late (warn, the default), or only when late.")
    ),
    within: str = typer.Option("", "--within", metavar="TIME", help=_("Late, or due in this time: 4h, 8wh, 1wd.")),
    dry_run: bool = typer.Option(False, "--dry-run", help=_("Print the message; send nothing.")),
) -> None:
    from exlog.ledger import reminding

    call = settings(ctx)
    _one_of("--what", what or "due", _KINDS)
    _one_of("--at", at or "warn", reminding.MOMENTS)
    urls = _urls(to)
    if not urls and not dry_run:
        raise Usage(_("no URL to send to"), remedy=_("give --to URL or set EXLOG_REMIND_TO; see docs/reminders.md"))
    book, reminders, compose = _gathered(call, what, at, within)
    if dry_run:
        _show(call, reminding.fresh(book, urls, reminders), compose)
    else:
        _report(call, reminding.deliver(book, urls, reminders, compose))


def _urls(to: list[str]) -> list[str]:
    """Where to send, each once: --to, else the environment, which stays out of the list of processes."""
    given = to or os.environ.get(URLS, "").split()
    return list(dict.fromkeys(url.strip() for url in given if url.strip()))


def _one_of(option: str, text: str, choices: tuple[str, ...]) -> None:
    if text not in choices:
        raise Usage(
            _("{option} cannot be {text!r}").format(option=option, text=text),
            remedy=_("one of: {choices}").format(choices=", ".join(choices)),
        )


def _gathered(call: Settings, what: str, at: str, within: str) -> tuple[Book, list[Reminder], Compose]:
    """The ledger, what holds there now, and how it is put into words."""
    from exlog.commands import digest
    from exlog.commands.due import within_of
    from exlog.ledger import reminding

    if what == "review":
        if at or within:
            raise Usage(_("--at and --within are about what is due"), remedy=_("leave them out with --what review"))
        book = call.open()
        selection = filters.understand(call.filters("all"), book.policy, book.now)
        return book, reminding.of_review(book, selection), partial(digest.of_review, book)
    if within and at == "breach":
        raise Usage(_("--within and --at breach exclude each other"), remedy=_("give one of them"))
    length = within_of(within)
    book = call.open()
    selection = filters.understand(call.filters("open"), book.policy, book.now)
    compose = partial(digest.of_due, book, within=length.text if length else "")
    return book, reminding.of_due(book, selection, length, at or "warn"), compose


def _show(call: Settings, groups: list[list[Reminder]], compose: Compose) -> None:
    """Print what would be sent, once where several URLs would get the same."""
    if call.quiet:
        results.print_ids(dict.fromkeys(one.record for group in groups for one in group))
        return
    texts = ("\n\n".join(compose(group, sys.maxsize)) for group in groups)
    sys.stdout.write("\n\n".join(texts) + "\n" if groups else "")
    if not groups:
        render.note(_nothing())


def _report(call: Settings, outcome: Outcome) -> None:
    """Say what was sent; raises Busy for what was not."""
    if call.quiet:
        results.print_ids(dict.fromkeys(one.record for sent in outcome.sent for one in sent.reminders))
    for sent in outcome.sent:
        render.note(_("sent to {url}: {title}").format(url=sent.url, title=sent.title), call.quiet)
    if not outcome.sent and not outcome.failed:
        render.note(_nothing(), call.quiet)
    if outcome.failed:
        *others, last = outcome.failed
        for error in others:
            render.note(f"exlog: {error.line()}")
        raise last


def _nothing() -> str:
    return _("nothing new to remind of")
