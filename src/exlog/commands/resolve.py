"""``exlog resolve``: what a merge left for a person to decide."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from exlog import profiles, render, times, vocabulary
from exlog.commands.options import Settings, settings
from exlog.errors import Conflict, Usage
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.book import Book
    from exlog.ledger.deciding import Decided
    from exlog.store.conflicts import Standing

app = typer.Typer(add_completion=False)


@app.command(help=_("List the conflicts that a merge left, or decide one. Exit 3 while any stands."))
def resolve(
    ctx: typer.Context,
    record: str = typer.Argument("", metavar="[ID"),
    field: str = typer.Argument("", metavar="FIELD]"),
    ours: bool = typer.Option(False, "--ours", help=_("Take the value of the branch that is checked out.")),
    theirs: bool = typer.Option(False, "--theirs", help=_("Take the value of the branch that is merged.")),
    value: str | None = typer.Option(None, "--value", metavar="V", help=_("Take another value.")),
    everything: bool = typer.Option(False, "--all", help=_("Decide all of them: with --ours or --theirs.")),
) -> None:
    from exlog.ledger import deciding

    call = settings(ctx)
    how = _how(ours, theirs, value)
    if everything and (record or value is not None or not how):
        raise Usage(_("--all takes --ours or --theirs and no ID"), remedy="exlog resolve --all --ours")
    if (record and not (field and how)) or (how and not record and not everything):
        raise Usage(
            _("a decision needs a record, a field, and one of --ours, --theirs, --value"),
            remedy="exlog resolve ID FIELD --ours|--theirs|--value V",
        )
    book = call.open()
    deciding.forget_aborted(book)
    if not how:
        _list(call, book, deciding.standing(book))
        return
    found = deciding.standing(book) if everything else [deciding.find(book, record, field)]
    _tell(deciding.decide(book, [(one, how) for one in found]), call)


def _how(ours: bool, theirs: bool, value: str | None) -> str:
    given = [how for how, said in (("ours", ours), ("theirs", theirs), (f"={value}", value is not None)) if said]
    if len(given) > 1:
        raise Usage(_("--ours, --theirs and --value exclude each other"), remedy=_("give one of them"))
    return given[0] if given else ""


def _list(call: Settings, book: Book, found: list[Standing]) -> None:
    from exlog.ledger import deciding, remerging

    columns = [
        Column("id", "ID", "id"),
        Column("field", pick("Field", "字段")),
        Column("base", pick("Before", "之前")),
        Column("ours", pick("Ours", "我方")),
        Column("theirs", pick("Theirs", "对方")),
        Column("chosen", pick("Now", "现值"), spare=1),
        Column("path", pick("File", "文件"), spare=2),
        Column("at", pick("Since", "时间"), "time", spare=3),
    ]
    fmt = call.format
    if call.quiet:
        sys.stdout.writelines(f"{one}\n" for one in dict.fromkeys(one.id for one in found))
    else:
        rows = [_in_words(book, one) if fmt in ("table", "md") else _plainly(book, one) for one in found]
        render.rows("conflicts", columns, rows, fmt, sys.stdout)
    files = deciding.marked(book, found)
    for file in files:
        text = _("{file}: git could not merge it; edit it, then git add it")
        if remerging.is_ours(book, file):
            text = _("{file}: git could not merge it; exlog sync tries again")
        render.note(text.format(file=file))
    if found or files:
        raise Conflict(
            _("conflicts that stand: {count}").format(count=len(found) + len(files)),
            remedy="exlog resolve ID FIELD --ours|--theirs|--value V" if found else "git status",
        )
    render.note(_("no conflict stands"), call.quiet)


def _plainly(book: Book, one: Standing) -> list[str]:
    from exlog.store.conflicts import text_of

    moment = times.moment(one.at)  # the driver knows no zone of the ledger's
    at = times.format_time(moment.astimezone(book.tz)) if moment is not None else one.at
    return [one.id, one.field, *map(text_of, (one.base, one.ours, one.theirs, one.chosen)), one.path, at]


def _in_words(book: Book, one: Standing) -> list[str]:
    """A conflict as people read it: labels of the field and of its values."""
    field = profiles.BY_NAME.get(one.field) if one.id.startswith("C") else book.policy.schema().get(one.field)
    if field is None:
        return _plainly(book, one)
    texts, (path, at) = _plainly(book, one)[2:6], _plainly(book, one)[6:]
    if field.enum:
        texts = [vocabulary.label(field.enum, text) for text in texts]
    return [one.id, f"{field.label} ({field.name})", *texts, path, at]


def _tell(done: Decided, call: Settings) -> None:
    if call.quiet:
        sys.stdout.writelines(f"{one.id}\n" for one, _value in done.decided)
        return
    for one, value in done.decided:
        render.note(_("{id} {field}: {value}").format(id=one.id, field=one.field, value=value or "–"))
    for path in done.added:
        render.note(_("{path}: decided, and added to the index").format(path=path))
    if done.left:
        render.note(_("conflicts that stand: {count}").format(count=done.left))
    elif done.under_way == "merge":
        render.note(_("next: exlog sync, or git commit"))
    elif done.under_way:
        render.note(_("next: exlog sync, or git {what} --continue").format(what=done.under_way))
