"""Options that many commands share, and the settings they add up to.

They are taken before the command and after it; the later one wins.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

import typer

from exlog import i18n
from exlog.i18n import N_, _

if TYPE_CHECKING:
    from exlog.filters import Filters
    from exlog.ledger.book import Book


class Settings:
    """What the shared options of one call say."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    @property
    def folder(self) -> Path | None:
        """The ledger that ``-C`` names. Raises Usage where it names several."""
        texts = self.values.get("ledger") or ()
        if len(texts) > 1:
            from exlog.errors import Usage

            raise Usage(_("this command works on one ledger"), remedy=_("give -C once"))
        return Path(texts[0]) if texts else None

    @property
    def quiet(self) -> bool:
        """Whether just ids are to be printed."""
        return bool(self.values.get("quiet"))

    @property
    def format(self) -> str:
        """The output format: as asked for, else by what stdout is."""
        from exlog import render

        return render.choose_format(self.values.get("format"), sys.stdout)

    @property
    def actor(self) -> str:
        """Who acts, where ``--as`` says so."""
        return str(self.values.get("actor") or "")

    @property
    def may_ask(self) -> bool:
        """Whether a question may be asked: a terminal on both ends and no ``--no-input``."""
        return not self.values.get("no_input") and sys.stdin.isatty() and sys.stderr.isatty()

    def open(self, *, set_up: bool = False) -> Book:
        """Open the ledger; its language is that of messages from here on.

        A clone that git cannot merge the ledger in is told so, unless it is being ``set_up`` now.
        """
        return self._open(self.folder, set_up=set_up)

    def open_several(self, revision: str = "") -> list[Book]:
        """Open every ledger that ``-C`` names, once or again, or a glob of it; as they were at a ``revision``."""
        from exlog.ledger import several

        folders = several.folders(self.values.get("ledger") or ())
        books = [self._open(folder) for folder in folders]
        i18n.set_language(books[0].policy.language)
        return several.named(several.at(books, revision) if revision else books)

    def _open(self, folder: Path | None, *, set_up: bool = False) -> Book:
        from exlog.ledger.book import lacks_driver, open_book
        from exlog.store import settled

        book = open_book(folder, actor=self.actor)
        book.tell = _tell
        i18n.set_language(book.policy.language)
        if not settled.is_settled(book.root):
            _reconcile(book)
        if not set_up and lacks_driver(book.root):
            _tell_of_driver(book)
        return book

    def filters(self, scope: str) -> Filters:
        """The filter options; ``scope`` is what the command looks at unless --all or --open says otherwise."""
        from exlog.filters import Filters

        given = {name: value for name, value in self.values.items() if name in Filters._fields and value}
        if self.values.get("all"):
            scope = "all"
        elif self.values.get("open"):
            scope = "open"
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list | tuple)}
        return Filters(**{**given, **lists, "scope": scope})


def _tell(text: str) -> None:
    from exlog import render

    render.note(text)


def _reconcile(book: Book) -> None:
    """Put right what a merge by git left across files, and tell it; a folder that refuses stops nobody."""
    from exlog import render
    from exlog.errors import Busy
    from exlog.ledger import reconciling

    with contextlib.suppress(Busy):
        for remark in reconciling.reconcile(book):
            render.note(remark)


def _tell_of_driver(book: Book) -> None:
    """Say once that this clone merges the ledger as plain text."""
    from exlog import render
    from exlog.store import driver

    if driver.is_to_be_told(book.root):
        render.note(_("this clone merges the ledger as plain text, which may double rows; set it up: exlog git-setup"))


def settings(ctx: typer.Context) -> Settings:
    """The settings of this call."""
    top = ctx.find_root()
    if not isinstance(top.obj, Settings):
        top.obj = Settings()
    return top.obj


def whole_number(text: str, option: str) -> int | None:
    """A typed whole number above 0; None where nothing was typed. Raises Usage."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        from exlog.errors import Usage

        raise Usage(
            _("{option} is a whole number above 0, not {text!r}").format(option=option, text=text[:60]),
            remedy=f"{option} 20",
        )
    return int(text)


def _keep(ctx: typer.Context, param: Any, value: Any) -> Any:
    if value not in (None, False, (), []):
        settings(ctx).values[param.name] = value
    return value


def _option(default: Any, *names: str, **more: Any) -> Any:
    return typer.Option(default, *names, expose_value=False, **more)


def _shared(
    ledger: list[str] | None = _option(
        None, "-C", "--ledger", metavar="DIR", help=N_("The ledger; else $EXLOG_LEDGER, else the nearest parent.")
    ),
    format: str | None = _option(
        None, "-f", "--format", metavar="FORMAT", help="table | plain | json | jsonl | csv | tsv | md"
    ),
    quiet: bool = _option(False, "-q", "--quiet", help=N_("Print just the ids.")),
    actor: str | None = _option(None, "--as", metavar="NAME", help=N_("Who acts; goes into the history.")),
    no_input: bool = _option(False, "--no-input", help=N_("Never ask a question.")),
) -> None: ...


def _filters(
    status: list[str] | None = _option(None, "--status", metavar="S", help=N_("Status; comma for or, repeatable.")),
    type: list[str] | None = _option(None, "--type", metavar="T", help=N_("Type.")),
    category: list[str] | None = _option(None, "--category", metavar="C", help=N_("Category.")),
    urgency: list[str] | None = _option(None, "--urgency", metavar="U", help=N_("Urgency.")),
    channel: list[str] | None = _option(None, "--channel", metavar="CH", help=N_("Channel.")),
    customer: list[str] | None = _option(None, "--customer", metavar="NAME", help=N_("Customer id or part of a name.")),
    department: list[str] | None = _option(None, "--department", metavar="D", help=N_("Department.")),
    owner: list[str] | None = _option(None, "--owner", metavar="NAME", help=N_("Owner.")),
    since: str | None = _option(
        None, "--since", metavar="T", help=N_("Received then or later (2024-03, -2d, last-month).")
    ),
    until: str | None = _option(None, "--until", metavar="T", help=N_("Received until the end of it.")),
    overdue: bool = _option(False, "--overdue", help=N_("Past the due time and not resolved.")),
    unassigned: bool = _option(False, "--unassigned", help=N_("Without an owner.")),
    search: list[str] | None = _option(None, "--search", metavar="TEXT", help=N_("Text in any text field.")),
    where: list[str] | None = _option(
        None, "--where", metavar="FIELD=VALUE", help=N_("Any field; = != ~ > >= < <= (batch= is empty).")
    ),
    all: bool = _option(False, "--all", help=N_("Closed and archived records too.")),
    open: bool = _option(False, "--open", help=N_("Only what is open.")),
) -> None: ...


@cache
def _params(function: Callable[..., None]) -> tuple[Any, ...]:
    """The options of ``function`` as Typer makes them, kept in the settings when they are given."""
    app = typer.Typer(add_completion=False)
    app.command()(function)
    params: tuple[Any, ...] = tuple(typer.main.get_command(app).params)
    for param in params:
        param.help = _(param.help)
        param.callback = _keep  # given to Typer, it would be taken apart anew for each option
    return params


def complete(command: Any, *, filters: bool = False) -> None:
    """Give a command, and those below it, the shared options, and make all of its options cheap to read."""
    for below in getattr(command, "commands", {}).values():
        complete(below, filters=filters)
    taken = {name for param in command.params for name in param.opts}
    more = (*(_params(_filters) if filters else ()), *_params(_shared))
    command.params += [param for param in more if not taken & set(param.opts)]
    for param in command.params:
        param.process_value = MethodType(_read_text, param)
    command.get_help_option = MethodType(_help_option, command)


def _help_option(self: Any, ctx: typer.Context) -> Any:
    option = type(self).get_help_option(self, ctx)
    if option is not None:
        option.help = _("Show this message and exit.")
        option.process_value = MethodType(_read_text, option)
    return option


def _read_text(self: Any, ctx: typer.Context, value: Any) -> Any:
    """Take a text or a flag as it is.

    Typer would load pydantic (66 of a bare program's 160 ms) to turn texts into texts; exlog reads every
    value itself, with messages that name field and remedy.
    """
    if value is None and (self.multiple or self.nargs == -1):
        value = ()
    if self.required and self.value_is_missing(value):
        return type(self).process_value(self, ctx, value)
    return self.callback(ctx, self, value) if self.callback is not None else value
