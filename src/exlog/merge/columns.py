"""Merges headers: columns added, dropped or moved on a side, in canonical order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exlog.fields import NAMES

_KNOWN = frozenset(NAMES)


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], kept: Iterable[str] = ()) -> tuple[str, ...]:
    """The merged header: schema order, then the columns no schema knows, then uid.

    A column that a side dropped goes, unless it is in ``kept`` because the other side edited it. Where one side alone
    changed the unknown columns, its order stands; else those of the base come first and what was added by name.
    """
    old, one, other = ([name for name in side if name not in _KNOWN] for side in (base, ours, theirs))
    stay = {*kept, *(name for name in (*ours, *theirs) if name not in base), *({*ours} & {*theirs})}
    unknown = arrange(old, one, other, stay)
    known = [name for name in NAMES if name in stay]
    last = ["uid"] if "uid" in stay else []
    return (*(name for name in known if name != "uid"), *unknown, *last)


def arrange(base: list[str], ours: list[str], theirs: list[str], stay: set[str]) -> list[str]:
    """Names in one order out of three: of the side that changed it, else the base's and the added ones by name."""
    for taken, other in ((ours, theirs), (theirs, ours)):
        if (ours == theirs or other == base) and set(taken) == stay - _KNOWN:
            return taken
    orders = [[name for name in side if name in base and name in stay] for side in (base, ours, theirs)]
    moved = [order for order in orders[1:] if order != orders[0] and set(order) == set(orders[0])]
    return (min(moved) if moved else orders[0]) + sorted(stay - _KNOWN - set(base))


def dropped(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> set[str]:
    """Columns of the base that exactly one side dropped."""
    return set(base) & (set(ours) ^ set(theirs))
