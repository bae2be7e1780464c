"""The gate: what a push, or a branch, changes in a ledger, held against what it may change.

Two trees are compared, the ledger as it was and as it is to be; the law (roles, approvals) is that of the former, so
that nobody gives himself a role in the push that uses it. A ledger that was not there before is checked as a whole,
without law: there was none.
"""

from __future__ import annotations

from datetime import datetime

from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate import joins, links, moves, policies, profiles, steps, trail
from exlog.ledger.gate.case import Case, damage
from exlog.store import config
from exlog.store.tree import Repository, Tree, empty

CHECKS = (policies.check, trail.check, links.check, moves.check, steps.check, joins.check, profiles.check)
"""In the order of their findings; none stops the others."""


def check(
    repository: Repository,
    since: str,
    until: Tree,
    head: str,
    now: datetime | None,
    *,
    author: str = "",
    actor: str = "",
) -> list[Finding]:
    """Every finding of ``until`` against the commit ``since`` (empty: there was no ledger before).

    ``head``: the commit that ``until`` is, or that the work tree stands on. ``author``: the name or address of who
    pushes, whose events alone may be new; ``actor``: who answers for changes that are in no commit yet.
    """
    if since and head and not repository.is_ancestor(since, head):
        text = _("{until} does not build on {since}: commits would be lost").format(until=head[:12], since=since[:12])
        return [Finding(config.FILE, text, _("merge first: git pull, or exlog sync"))]
    old = repository.at(since) if since else empty("")
    if config.FILE not in until.names:
        text = _("the ledger's exlog.yaml is gone")
        return [Finding(config.FILE, text, _("bring it back: git checkout {rev} -- {file}").format(
            rev=since[:12], file=config.FILE))] if old.names else []  # fmt: skip
    try:
        case = Case(repository, (since, head), old, until, now, author, actor)
    except Damaged as error:
        return [damage(error)]
    told = trail.read(case)
    for one in CHECKS:
        try:
            case.findings.extend(one(case, told))
        except Damaged as error:
            case.findings.append(damage(error))
    return list(dict.fromkeys(case.findings))
