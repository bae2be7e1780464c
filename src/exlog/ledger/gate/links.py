"""The links of the history: each new line goes on from one above it, and no file loses its links or begins without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from exlog import canonical, chain
from exlog.errors import Damaged
from exlog.ledger import audit, folding
from exlog.ledger.audit import Finding
from exlog.ledger.gate import trail
from exlog.ledger.gate.case import Case
from exlog.ledger.gate.trail import Trail
from exlog.store import layout
from exlog.store.tree import Tree

_LINK = layout.HISTORY_COLUMNS[-1]


def check(case: Case, told: Trail) -> Iterator[Finding]:
    """Every finding about links, of each file the first; what was wrong before the push is not held against it."""
    accepted = {event.new for event in told.fresh if event.action == "adopt" and event.field == folding.LINK}
    for name in case.differing(f"{layout.HISTORY}/"):
        try:
            new, old = trail.table(case.new, name), trail.table(case.old, name)
        except Damaged:
            continue  # told by ``trail.check``
        if new is None:
            continue
        if _LINK not in new.columns:
            if (old is not None and _LINK in old.columns) or (name not in accepted and _may_not_begin_so(case, name)):
                yield audit.without_links(name)
            continue
        breaks = _breaks(case.new, name, new)
        known = {one.link for one in _breaks(case.old, name, old)} if breaks and old is not None else set()
        if breaks and trail.difference(case, name)[0]:
            continue  # what breaks the link is told as lost
        first = next((one for one in breaks if one.link not in known | accepted), None)
        if first is not None:
            yield audit.broken_link(name, new.where(first.place))


def _may_not_begin_so(case: Case, name: str) -> bool:
    """Whether a file without links is new, in a ledger that knows links: of one that was there before, none or all."""
    if name in case.old.names:
        return False
    earlier = (one for one in case.new.names if one.startswith(f"{layout.HISTORY}/") and one[:15] < name[:15])
    return not case.founded or any(_is_linked(case.new, one) for one in earlier)


def _is_linked(tree: Tree, name: str) -> bool:
    table = trail.table(tree, name)
    return table is not None and _LINK in table.columns


def _breaks(tree: Tree, name: str, table: canonical.Table) -> list[chain.Break]:
    """The lines of a file that go on from none above them, nor from one in an earlier file of the lane."""
    known: set[bytes] = set()
    month, lane = name.split("/")[1:]
    waiting = sorted(one for one in tree.names if one.startswith(f"{layout.HISTORY}/") and one.endswith(f"/{lane}"))
    waiting = [one for one in waiting if one.split("/")[1] < month]

    def is_earlier(link: bytes) -> bool:
        while link not in known and waiting:
            known.update(_links(tree, waiting.pop()))
        return link in known

    follower = chain.Follower(",".join(table.columns).encode("utf-8"), is_earlier)
    follower.read(_encoded(table.lines))
    return follower.breaks


def _links(tree: Tree, name: str) -> Iterator[bytes]:
    try:
        table = trail.table(tree, name)
    except Damaged:
        return
    for line in _encoded(table.lines if table is not None else ()):
        yield sha256(line).digest()[: chain.LENGTH // 2]


def _encoded(lines: Sequence[str]) -> list[bytes]:
    return [line.encode("utf-8") for line in lines]
