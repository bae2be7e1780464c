"""exlog.yaml is changed by who may change the policy, by the roles before the change. And no lane is held twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from exlog import ids
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger import lanes
from exlog.ledger.audit import Finding
from exlog.ledger.gate.case import Case
from exlog.ledger.gate.trail import Trail
from exlog.store import config, files, layout, yamlfile


def check(case: Case, _told: Trail) -> Iterator[Finding]:
    """Every finding about exlog.yaml and lanes.csv."""
    if case.changed(config.FILE) and not case.founded:
        yield from _by_whom(case)
    if case.changed(layout.LANES):
        yield from _lanes(case)


def _lanes(case: Case) -> Iterator[Finding]:
    """No lane is held twice. None is given up before all are taken, since its clone may still mint in it."""
    taken = [row[0] for row in lanes.read(case.new.read(layout.LANES))]
    for lane in sorted({lane for lane in taken if taken.count(lane) > 1}):
        yield Finding(
            layout.LANES,
            _("two clones hold lane {lane}").format(lane=lane),
            _("remove the row of the later one; it takes another lane on its next write"),
        )
    with contextlib.suppress(Damaged):
        before = {row[0] for row in lanes.read(case.old.read(layout.LANES))}
        for lane in sorted(before - {*taken}) if len(before) < len(ids.LANES) else ():
            text = _("lane {lane} was taken and is free now: another clone could give its ids again").format(lane=lane)
            yield Finding(layout.LANES, text, case.restore(layout.LANES))


def _by_whom(case: Case) -> Iterator[Finding]:
    """The author of each commit that changes the file, or who answers for what is not committed."""
    assert case.law is not None
    who, today = case.law.rules.roles, case.law.today
    found = case.repository.authors(case.old_commit, case.head, config.FILE) if case.head else []
    if case.uncommitted(config.FILE):
        found.append(("", case.author or case.actor))
    enough = ("change_policy", "import") if _only_fields_added(case) else ("change_policy",)
    for commit, address in found:
        where = f"{config.FILE} ({commit})" if commit else config.FILE
        if not any(who.may(address, permission, today) for permission in enough):
            refusal = who.refusal(address, ["change_policy"], today)
            assert refusal is not None
            yield Finding(where, refusal.message, refusal.remedy)
        elif case.author and commit and not who.same(address, case.author):
            text = _("{actor} changed the policy, but {author} pushes it").format(
                actor=files.shown(address), author=files.shown(case.author)
            )
            yield Finding(where, text, _("{actor} pushes it").format(actor=files.shown(address)))


def _only_fields_added(case: Case) -> bool:
    """Whether the file differs only by further own fields, as import writes them."""
    try:
        old, new = (_plain(tree.read(config.FILE)) for tree in (case.old, case.new))
    except Damaged:
        return False
    before, after = old.pop("fields", None) or [], new.pop("fields", None) or []
    return old == new and isinstance(after, list) and after[: len(before)] == before


def _plain(data: bytes | None) -> dict[str, Any]:
    return yamlfile.load(data or b"", config.FILE).plain()
