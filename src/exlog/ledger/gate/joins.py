"""The merges of a push: what both sides of one changed to different values, a person decides, with an event of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.ledger.gate.case import Case
from exlog.ledger.gate.trail import Told, Trail
from exlog.merge import profile, table, versions
from exlog.merge.outcome import WHOLE, Clash
from exlog.store import files, layout, yamlfile
from exlog.store.tree import Tree


class Join(NamedTuple):
    """A merge commit with two parents, and the commits that both come from."""

    commit: str
    parents: tuple[Tree, Tree]
    bases: list[Tree]


def check(case: Case, told: Trail) -> Iterator[Finding]:
    """Every field that the driver left to a person, and that no event of the merged history is about."""
    for join in _joins(case):
        for clash in _clashes(join):
            events = told.events.get(clash.uid or clash.id, [])
            if not _is_told(clash, events) and not any(_decides(join, clash, event) for event in events):
                yield Finding(
                    f"{clash.id} ({join.commit[:12]})",
                    _("{id}: both sides changed {field}, to {ours!r} and to {theirs!r}, and nobody decided").format(
                        id=clash.id, field=clash.field, ours=files.shown(str(clash.ours)),
                        theirs=files.shown(str(clash.theirs)),
                    ),
                    _("in the clone that merged: exlog resolve {id} {field}").format(id=clash.id, field=clash.field),
                )  # fmt: skip


def _joins(case: Case) -> Iterator[Join]:
    """The merges that the push brings; of a ledger that was not there before, none: its past is as it is."""
    if case.founded or not case.head:
        return
    for commit, *parents in case.repository.merges(case.old_commit, case.head):
        if len(parents) == 2:
            one, other = (case.repository.at(parent) for parent in parents)
            bases = [case.repository.at(base) for base in case.repository.bases(*parents)]
            yield Join(commit, (one, other), bases)


def _clashes(join: Join) -> Iterator[Clash]:
    """What nobody could decide but a person; of several common ancestors, whichever of them is looked from."""
    one, other = join.parents
    for name in one.names.keys() & other.names.keys():
        mine, theirs = one.names[name], other.names[name]
        if mine == theirs or any(base.names.get(name) in (mine, theirs) for base in join.bases):
            continue
        found = [{(clash.uid, clash.id, clash.field): clash for clash in _of_file(base, join, name)}
                 for base in join.bases]  # fmt: skip
        for key, clash in sorted(found[0].items()) if found else ():
            if all(key in more for more in found):
                yield clash


def _of_file(base: Tree, join: Join, name: str) -> list[Clash]:
    """The conflicts of one table or profile, as the merge driver finds them; none where it cannot read a side."""
    data = [tree.read(name) or b"" for tree in (base, *join.parents)]
    try:
        if name == layout.LIVE or (name.startswith(f"{layout.ARCHIVE}/") and name != layout.MANIFEST):
            merged = table.merge(data[0], data[1], data[2], name)
        elif name.startswith(f"{layout.CUSTOMERS}/"):
            old, one, other = (_version(one, name) if one.strip() else None for one in data)
            if one is None or other is None:
                return []
            merged = profile.merge(old, one, other, lambda tree: yamlfile.dump(tree).decode("utf-8")).merged
        else:
            return []
    except (Damaged, ValueError):
        return []
    return [one for one in merged.clashes if one.field != WHOLE and one.ours is not None and one.theirs is not None]


def _version(data: bytes, name: str) -> profile.Version:
    document = yamlfile.load(data, name)
    return profile.Version(data.decode("utf-8-sig"), document.tree, document.plain())


def _is_told(clash: Clash, events: list[Told]) -> bool:
    """Whether the history says which value of a row without a common ancestor came later."""
    steps = [(event.field, event.old, event.new) for event in events]
    return clash.base is None and versions.later(steps, clash.field, str(clash.ours), str(clash.theirs)) is not None


def _decides(join: Join, clash: Clash, event: Told) -> bool:
    """Whether an event of the field, or of the whole record, is in the history of neither side: it came after."""
    if event.field not in (clash.field, "*"):
        return False
    name, identity = event.where.rpartition(":")[0], event.event.encode("utf-8")
    return not any(identity in (tree.read(name) or b"") for tree in join.parents)
