"""Merges customers' profiles key by key. Each key keeps its own lines, with the comments above it.

A key that one side alone changed is taken with its text as it stands, so that comments, quotes and key order stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from exlog import profiles
from exlog.merge import rules
from exlog.merge.outcome import WHOLE, Clash, Merged

Render = Callable[[Mapping[str, Any]], str]
"""YAML text of a mapping."""

_ORDER = {field.name: place for place, field in enumerate(profiles.FIELDS)}
_GONE = object()


class Version(NamedTuple):
    """A profile: its text, ruamel's tree of it, which knows the line of each key, and its plain values."""

    text: str
    tree: Any
    plain: Mapping[str, Any]


class Part(NamedTuple):
    """One key: comments and blank lines above it, its own lines, its value, and what is below it where it nests."""

    lead: str
    body: str
    value: Any
    below: dict[str, Part]


class Result(NamedTuple):
    """The merge, and the plain values that its text must hold: the caller reads it again to make sure."""

    merged: Merged
    plain: Mapping[str, Any]


def merge(base: Version | None, ours: Version, theirs: Version, render: Render) -> Result:
    """Three versions of one profile as one; without a base both sides added the file.

    Two customers of one id are one conflict about the whole file: it holds the one with the lesser uid.
    Raises ValueError for a profile that is not written with a key a line.
    """
    uids = [str(side.plain.get("uid") or "") for side in (ours, theirs)]
    if uids[0] != uids[1] and (base is None or str(base.plain.get("uid") or "") not in uids):
        return _two_customers(base, ours, theirs, uids)
    merging = _Profile(render, str(ours.plain.get("id") or theirs.plain.get("id") or ""), min(uids))
    parts = [_parts(side) if side is not None else ("", {}, "") for side in (base, ours, theirs)]
    merged = merging.mapping([part[1] for part in parts], ())
    opening = _one_of(*(part[0] for part in parts))
    closing = _comments(*(part[2] for part in parts))
    text = opening + "".join(part.lead + part.body for part in merged.values()) + closing
    plain = {key: part.value for key, part in merged.items()}
    return Result(Merged(text.encode("utf-8"), tuple(merging.clashes)), plain)


def _two_customers(base: Version | None, ours: Version, theirs: Version, uids: list[str]) -> Result:
    chosen = min((ours, theirs), key=lambda side: (str(side.plain.get("uid") or "~"), side.text))
    customer = str(chosen.plain.get("id") or "")
    was = base.text if base is not None else None
    clash = Clash(customer, min(uids), WHOLE, was, ours.text, theirs.text, chosen.text)
    return Result(Merged(chosen.text.encode("utf-8"), (clash,)), chosen.plain)


class _Profile:
    """Merges mappings of parts, and gathers the conflicts."""

    def __init__(self, render: Render, customer: str, uid: str) -> None:
        self.clashes: list[Clash] = []
        self._render = render
        self._customer = customer
        self._uid = uid

    def mapping(self, sides: list[dict[str, Part]], path: tuple[str, ...]) -> dict[str, Part]:
        """The merged keys of one mapping, in order."""
        merged = {}
        for key in {**sides[1], **sides[2]}:
            part = self._part([side.get(key) for side in sides], (*path, key))
            if part is not None:
                merged[key] = part
        return {key: merged[key] for key in _arranged(sides, set(merged))}

    def _part(self, sides: list[Part | None], path: tuple[str, ...]) -> Part | None:
        base, ours, theirs = sides
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        left = ours or theirs
        lead = left.lead if left and None in sides[1:] else _comments(*(side.lead if side else "" for side in sides))
        values = [side.value if side else _GONE for side in sides]
        if ours and theirs and ours.below and theirs.below and (base is None or base.below):
            return self._nested(sides, lead, path)
        was, one, other = values
        if _same(one, other) or _same(other, was):
            return self._taken(sides, one, lead)
        if _same(one, was):
            return self._taken(sides, other, lead)
        value = self._by_rule(path[-1], *values)
        if value is _GONE:
            value = one if other is _GONE else other if one is _GONE else max(one, other, key=_text_of)
            shown = [None if each is _GONE else each for each in values]
            clash = Clash(self._customer, self._uid, ".".join(path), shown[0], shown[1], shown[2], value)
            self.clashes.append(clash)
        return self._taken(sides, value, lead, path)

    def _nested(self, sides: list[Part | None], lead: str, path: tuple[str, ...]) -> Part:
        below = self.mapping([side.below if side else {} for side in sides], path)
        head = _one_of(*(_head(side) if side else "" for side in sides))
        body = head + "".join(part.lead + part.body for part in below.values())
        return Part(lead, body, {key: part.value for key, part in below.items()}, below)

    def _by_rule(self, key: str, was: Any, one: Any, other: Any) -> Any:
        """The value that the rule of the key gives; _GONE where it is a conflict."""
        rule = rules.BY_COLUMN.get(key, "")
        if rule == "set" and all(isinstance(each, list) for each in (one, other)):
            old = was if isinstance(was, list) else []
            return rules.set_of(old, one, other) if all(map(_all_texts, (old, one, other))) else _GONE
        if rule not in ("later", "both", "set"):
            return _GONE
        texts = ["" if each is _GONE or each is None else each for each in (was, one, other)]
        if not _all_texts(texts):
            return _GONE
        if rule == "later":
            found = rules.later(texts[1], texts[2])
            return _GONE if found is None else found
        return rules.both_texts(*texts) if rule == "both" else rules.as_set(*texts)

    def _taken(self, sides: list[Part | None], value: Any, lead: str, path: tuple[str, ...] = ()) -> Part | None:
        """The part with that value: as a side wrote it, as a changed one where both did, else written anew."""
        if value is _GONE:
            return None
        base = sides[0]
        have = [side for side in sides[1:] if side is not None and _same(side.value, value)]
        changed = [side for side in have if base is None or side.body != base.body]
        if have:
            taken = max(changed or have, key=lambda side: side.body)
            return taken._replace(lead=lead)
        like = next(side for side in sides[1:] if side is not None)
        indent = like.body[: len(like.body) - len(like.body.lstrip(" "))]
        text = self._render({path[-1]: value})
        return Part(lead, "".join(indent + line for line in text.splitlines(keepends=True)), value, {})


def _parts(version: Version) -> tuple[str, dict[str, Part], str]:
    """What stands before the first key, the keys, and what stands after the last. Raises ValueError."""
    text = version.text if version.text.endswith("\n") else version.text + "\n"
    lines = [line + "\n" for line in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")[:-1]]
    if not version.plain:
        return "", {}, "".join(lines)
    end = len(lines)
    while end and _is_comment(lines[end - 1], 0):
        end -= 1
    start, parts = _split(lines, 0, end, version.tree, version.plain)
    return "".join(lines[:start]), parts, "".join(lines[end:])


def _split(lines: list[str], start: int, end: int, tree: Any, plain: Mapping[str, Any]) -> tuple[int, dict[str, Part]]:
    """The keys of a block mapping between two lines, and the line on which the first of them begins."""
    places = sorted((tree.lc.key(key), key) for key in tree)
    rows = [place[0] for place, _key in places]
    named = all(isinstance(key, str) for key in tree)
    if tree.fa.flow_style() or rows != sorted(set(rows)) or rows[0] < start or not named:
        raise ValueError("the keys are not on lines of their own")
    parts = {}
    begins = []
    for (row, column), _key in places:
        lead = row
        while lead > start and _is_comment(lines[lead - 1], column):
            lead -= 1
        begins.append(lead)
    for place, ((row, _column), key) in enumerate(places):
        stop = begins[place + 1] if place + 1 < len(places) else end
        value: Any = plain[key]
        node: Any = tree[key]
        below: dict[str, Part] = {}
        if isinstance(value, dict) and value and not node.fa.flow_style():
            first, below = _split(lines, row + 1, stop, node, value)
            if first != row + 1:
                below = {}
        parts[key] = Part("".join(lines[begins[place] : row]), "".join(lines[row:stop]), value, below)
    return begins[0], parts


def _is_comment(line: str, column: int) -> bool:
    return not line.strip() or line.startswith(" " * column + "#")


def _head(part: Part) -> str:
    """The line of a key that nests."""
    return part.body.partition("\n")[0] + "\n"


def _arranged(sides: list[dict[str, Part]], stay: set[str]) -> list[str]:
    """Keys in the order of the side that alone changed it; else the base's, and the added ones by their schema."""
    base, ours, theirs = ([key for key in side if key in stay] for side in sides)
    for taken, other in ((ours, theirs), (theirs, ours)):
        if (ours == theirs or other == base) and set(taken) == stay:
            return taken
    moved = [order for order in ([key for key in side if key in base] for side in (ours, theirs)) if order != base]
    order = min((one for one in moved if set(one) == set(base)), default=base)
    rank = {key: place for place, key in enumerate(order)}
    last = len(_ORDER)

    def key_of(key: str) -> tuple[int, int, int, str]:
        known = _ORDER.get(key, last)
        if key in rank:
            return (rank[key], -1, -1, key)
        before = [rank[one] for one in order if _ORDER.get(one, last) < known]
        return (max(before, default=-1), 0, known, key)

    return sorted(stay, key=key_of)


def _comments(base: str, ours: str, theirs: str) -> str:
    """Comment lines: those of the side that changed them; of both where both did."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    lines = rules.both_lines(*(text.splitlines(keepends=True) for text in (base, ours, theirs)))
    return "".join(lines)


def _one_of(base: str, ours: str, theirs: str) -> str:
    """The text of the side that changed it; the greater where both did."""
    if theirs == base or ours == theirs:
        return ours
    return theirs if ours == base else max(ours, theirs)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _text_of(value: Any) -> tuple[str, str]:
    return (str(value), type(value).__name__)


def _all_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
