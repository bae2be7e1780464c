"""The root command. Each sub-command is imported only when it is called; errors are shown once, here."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from exlog import __version__, i18n
from exlog.commands import options
from exlog.errors import EXIT_CODES, Busy, ExlogError, OutputLost
from exlog.i18n import _

COMMANDS: dict[str, str] = {
    "init": "init",
    "add": "add",
    "assign": "assign",
    "update": "update",
    "close": "close",
    "reopen": "reopen",
    "undo": "undo",
    "approve": "approve",
    "list": "list_",
    "show": "show",
    "log": "log",
    "due": "due",
    "review": "review",
    "remind": "remind",
    "stats": "stats",
    "query": "query",
    "report": "report",
    "archive": "archive",
    "customer": "customer",
    "check": "check",
    "import": "import_",
    "export": "export",
    "sync": "sync",
    "resolve": "resolve",
    "git-setup": "git_setup",
}
"""Every command and the module that holds it, in the order of ``--help``."""

HIDDEN: dict[str, str] = {
    "git-hook": "git_hook",
    "git-textconv": "git_textconv",
    "merge-driver": "merge_driver",
}
"""Commands that git calls; ``--help`` does not show them."""


class Root(TyperGroup):
    """A group that knows its commands by name and loads them one by one."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own base class
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The command, imported now; None where there is none of that name."""
        return load(cmd_name) if cmd_name in COMMANDS or cmd_name in HIDDEN else None

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        if args[0] not in COMMANDS and args[0] not in HIDDEN:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=3)
            raise ExlogUsage(
                _("no such command: {name}").format(name=args[0]),
                _("did you mean {near}?").format(near=", ".join(near)) if near else _("see exlog --help"),
            )
        return super().resolve_command(ctx, args)


class ExlogUsage(ExlogError):
    """A call that Typer cannot parse."""

    exit_code = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)


def load(name: str) -> TyperCommand | TyperGroup:
    """The command ``name`` with the options that every command takes."""
    module = importlib.import_module(f"exlog.commands.{COMMANDS.get(name) or HIDDEN[name]}")
    command: Any = typer.main.get_command(module.app)
    command.name = name
    options.complete(command, filters=getattr(module, "FILTERS", False))
    return command  # type: ignore[no-any-return]


def root() -> Root:
    """The root command as Typer makes it."""
    codes = "  ".join(_("{code} {text}.").format(code=code, text=_(text)) for code, text in EXIT_CODES.items())
    app = typer.Typer(
        cls=Root,
        add_completion=False,
        invoke_without_command=True,
        help=_("A ledger for customer exceptions: complaints, quality, service and delivery problems."),
        epilog=_("Exit codes: {codes}").format(codes=codes),
    )

    @app.callback()
    def main(
        ctx: typer.Context,
        version: bool = typer.Option(False, "--version", help=_("Print the version and exit."), is_eager=True),
    ) -> None:
        if version:
            sys.stdout.write(f"exlog {__version__}\n")
            raise typer.Exit
        if ctx.invoked_subcommand is None:
            sys.stdout.write(ctx.get_help() + "\n")

    command: Any = typer.main.get_command(app)
    options.complete(command)
    return command  # type: ignore[no-any-return]


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Errors go to stderr on one line each."""
    i18n.set_language(i18n.language_of_environment())
    _prepare_streams()
    try:
        _refuse_bytes(arguments)
        result = root().main(list(arguments), prog_name="exlog", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except SystemExit:  # Typer ends so where the reader of a pipe went away
        _close_stdout()
        return 141
    except ExlogError as error:
        return _show(error.line(), error.exit_code)
    except typer.Abort:
        return _show(_("stopped"), 130)
    except KeyboardInterrupt:
        return _show(_("stopped"), 130)
    except BrokenPipeError:
        _close_stdout()
        return 141
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename:
            return _show(f"{error.filename}: {reason}", Busy.exit_code)
        _close_stdout()  # a file of the ledger has a name: it is the output that could not be written
        return _show(OutputLost(reason, remedy=_(EXIT_CODES[OutputLost.exit_code])).line(), OutputLost.exit_code)
    except typer.TyperException as error:
        return _show(_usage_line(error), 2)


def _refuse_bytes(arguments: Sequence[str]) -> None:
    """Refuse arguments that are no text: Python hands undecodable bytes on as lone surrogates."""
    for text in arguments:
        if any("\ud800" <= char <= "\udfff" for char in text):
            shown = text.encode("utf-8", "backslashreplace").decode("ascii", "backslashreplace")[:60]
            raise ExlogUsage(
                _("an argument holds bytes that are no text: {text}").format(text=shown), _("type it as UTF-8")
            )


def _usage_line(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "exlog"
    text = _in_our_words(error) or " ".join(error.format_message().split())
    return f"{text.rstrip('.')}; " + _("see {command} --help").format(command=path)


def _in_our_words(error: Any) -> str:
    """The two refusals of Typer that people meet most, in the language in force; empty for others."""
    if hasattr(error, "possibilities"):
        text = _("no such option: {name}").format(name=error.option_name)
        near = ", ".join(sorted(error.possibilities or ()))
        return f"{text} ({near})" if near else text
    if hasattr(error, "param_type") and error.param is not None:
        return _("missing: {names}").format(names=error.param.metavar or error.param.name)
    return ""


def _show(line: str, code: int) -> int:
    from exlog.render.escape import one_line

    try:
        sys.stdout.flush()
    except OSError:
        _close_stdout()
    with suppress(OSError):
        sys.stderr.write(f"exlog: {one_line(line)}\n")
    return code


def _prepare_streams() -> None:
    """Data that leaves through a pipe is UTF-8 everywhere; a terminal gets what it can show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            if stream.isatty():
                reconfigure(errors="backslashreplace")
            else:
                reconfigure(encoding="utf-8", errors="backslashreplace")


def _close_stdout() -> None:
    """Point stdout to nowhere, so that the interpreter's last flush does not complain of the closed pipe."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
