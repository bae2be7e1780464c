"""``exlog check --since``: finds the ledgers and the two moments that the gate compares."""

from __future__ import annotations

from pathlib import Path

from exlog import i18n
from exlog.commands.options import Settings
from exlog.errors import Damaged, Usage
from exlog.i18n import _
from exlog.ledger import gate
from exlog.ledger.audit import Finding
from exlog.ledger.book import find_root, open_book
from exlog.store import git, tree
from exlog.store.tree import Repository


def findings(call: Settings, since: str, until: str | None, author: str) -> list[Finding]:
    """What the gate finds, in the ledger of this call or, in a bare repository, in every ledger that it holds.

    Raises Usage for a revision that git does not know, GitError where there is no repository.
    """
    folder = call.folder or Path.cwd()
    if until is not None and folder.is_dir() and tree.is_bare(folder):
        return _in_bare(folder, since, until, author)
    root = find_root(call.folder)
    repository = tree.repository(root)
    start = repository.commit(since)
    if until is not None:
        head = repository.commit(until)
        found = repository.at(head)
        _speak(found)
        return gate.check(repository, start, found, head, None, author=author)
    book = open_book(call.folder, actor=call.actor)
    i18n.set_language(book.policy.language)
    with book.locked(shared=True):
        like = repository.at(start) if start else tree.empty("")
        found = tree.of_folder(root, like)
    head = git.head(root)
    return gate.check(repository, start, found, head, book.now, author=author, actor=book.actor)


def _in_bare(folder: Path, since: str, until: str, author: str) -> list[Finding]:
    whole = Repository(folder, "")
    start, head = whole.commit(since), whole.commit(until)
    if not head:
        raise Usage(_("--until names no commit"), remedy=_("a branch that is deleted is no matter for the gate"))
    found: list[Finding] = []
    for prefix in tree.ledgers(folder, start, head):
        repository = Repository(folder, prefix)
        at = repository.at(head)
        _speak(at)
        told = gate.check(repository, start, at, head, None, author=author)
        found += [one._replace(where=prefix + one.where) for one in told]
    return found


def _speak(found: tree.Tree) -> None:
    """Let messages be in the ledger's language."""
    from exlog.ledger.gate.case import rules_of

    try:
        i18n.set_language(rules_of(found)[0].language)
    except Damaged:
        return
