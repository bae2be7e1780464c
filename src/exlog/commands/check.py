"""``exlog check``: is the ledger sound."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from exlog import render, vocabulary
from exlog.commands import results
from exlog.commands.options import Settings, settings
from exlog.errors import Usage
from exlog.i18n import _, pick
from exlog.render import Column

if TYPE_CHECKING:
    from exlog.ledger.audit import Finding
    from exlog.ledger.book import Book
    from exlog.ledger.previewing import Difference

app = typer.Typer(add_completion=False)


@app.command(help=_("Say whether the ledger is sound: rows, history, archives, profiles, policy. Exit 1 if not."))
def check(
    ctx: typer.Context,
    adopt: bool = typer.Option(False, "--adopt", help=_("Write hand edits into the history as yours.")),
    fix: bool = typer.Option(False, "--fix", help=_("Bring tables back into canonical text.")),
    policy: str = typer.Option(
        "", "--policy", metavar="FILE", help=_("Instead: what another exlog.yaml would change.")
    ),
    policy_at: str = typer.Option(
        "", "--policy-at", metavar="REV", help=_("Instead: what the exlog.yaml of a commit would.")
    ),
    since: str | None = typer.Option(
        None, "--since", metavar="REV", help=_("Instead: what changed since a commit, against what may change.")
    ),
    until: str | None = typer.Option(
        None, "--until", metavar="REV", help=_("With --since: up to a commit; a bare repository will do.")
    ),
    author: str = typer.Option(
        "", "--author", metavar="WHO", help=_("With --since: who pushes; new events must be theirs.")
    ),
) -> None:
    from exlog.ledger import adoption, audit

    call = settings(ctx)
    if since is not None or until is not None or author:
        if since is None or adopt or fix or policy or policy_at:
            raise Usage(
                _("--until and --author go with --since, and that with none of the others"),
                remedy="exlog check --since REV [--until REV] [--author WHO]",
            )
        from exlog.commands import gating

        _tell(call, gating.findings(call, since, until, author), _("the gate lets this pass"))
        return
    if policy or policy_at:
        if adopt or fix or (policy and policy_at):
            raise Usage(_("--policy, --policy-at, --adopt and --fix do not go together"), remedy=_("give one of them"))
        _preview(call, policy, policy_at)
        return
    book = call.open()
    if fix:
        for file in adoption.fix(book):
            render.note(_("{file}: brought into canonical text").format(file=file), call.quiet)
    if adopt:
        for record_id in adoption.adopt(book):
            render.note(_("{id}: hand edit adopted").format(id=record_id), call.quiet)
    _tell(call, audit.check(book), _("the ledger is sound"))


def _tell(call: Settings, findings: list[Finding], sound: str) -> None:
    """Print findings, and leave with the exit code they ask for."""
    columns = [
        Column("where", pick("Where", "位置")),
        Column("message", pick("Problem", "问题")),
        Column("remedy", pick("What to do", "处理办法")),
    ]
    if not call.quiet:
        render.rows("problems", columns, [finding[:3] for finding in findings], call.format, sys.stdout)
    damage = [finding for finding in findings if finding.damage]
    for finding in damage:
        render.note(f"exlog: {finding.where}: {finding.message}; {finding.remedy}")
    if findings:
        render.note(_("problems found: {count}").format(count=len(findings)), call.quiet)
        raise typer.Exit(4 if damage else 1)
    render.note(sound, call.quiet)


def _preview(call: Settings, file: str, revision: str) -> None:
    """Print what another policy would decide otherwise; nothing of it is a problem, so the exit code is 0."""
    from pathlib import Path

    from exlog.ledger import previewing

    book = call.open()
    policy, where = (
        previewing.policy_in_file(book, Path(file)) if file else previewing.policy_at(book, revision)
    )  # fmt: skip
    found = previewing.preview(book, policy, where)
    changed = dict.fromkeys(one.record for one in found)
    if call.quiet:
        results.print_ids(changed)
        return
    columns = [
        *results.columns_of(book, ["id"]),
        Column("what", pick("What", "事项")),
        Column("now", pick("Now", "现在")),
        Column("then", pick("Then", "之后")),
        *(column._replace(spare=1) for column in results.columns_of(book, ["customer_name", "subject"])),
    ]
    fmt = call.format
    rows = [_in_words(book, one) if fmt in ("table", "md") else one for one in found]
    results.show_rows("policy_changes", columns, rows, fmt)
    render.note(_("records that would change: {count}").format(count=len(changed)))


def _in_words(book: Book, one: Difference) -> list[str]:
    """A difference as people read it."""
    if one.what == "due_at":
        what, (now, then) = book.policy.schema()["due_at"].label, (text[:16].replace("T", " ") for text in one[2:4])
    else:
        enum = "urgency" if one.what == "urgency" else "state"
        field = book.policy.schema().get(one.what)
        what = field.label if enum == "urgency" and field else vocabulary.label("target", one.what)
        now, then = (vocabulary.label(enum, text) for text in one[2:4])
    return [one.record, what, now or "–", then or "–", one.customer_name, one.subject]
