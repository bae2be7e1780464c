"""Merges one row that both sides changed: cells one by one, and those that belong together as a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from exlog.canonical import decode_cell, encode_cell
from exlog.merge import rules
from exlog.merge.outcome import Clash, Made, chosen_of

ABSENT = "\0"
"""The cell of a side whose file dropped the column. No stored cell of a text file is that."""

_MANUAL, _COMPUTED = "manual", "computed"
_IN_ORDER = (
    ("occurred_at", "received_at"), ("received_at", "recorded_at"), ("received_at", "assigned_at"),
    ("received_at", "first_response_at"), ("received_at", "resolved_at"), ("received_at", "closed_at"),
    ("resolved_at", "confirmed_at"), ("resolved_at", "closed_at"),
)  # fmt: skip
"""As ``invariants.ORDER``, which would load what no merge needs; a test holds the two together."""


class Row:
    """One row under merge: stored cells of the base (None where both sides added it), of ours and of theirs.

    ``cells`` is the merged row and ``clashes`` what a person must decide, once ``merge`` has run.
    """

    def __init__(
        self, place: dict[str, int], base: Sequence[str] | None, ours: Sequence[str], theirs: Sequence[str]
    ) -> None:
        self._place = place
        self._had_base = base is not None
        self._base = list(base) if base is not None else [""] * len(place)
        self._ours, self._theirs = list(ours), list(theirs)
        self.cells = list(ours)
        self.clashes: list[Clash] = []
        self._open: dict[str, int] = {}

    def merge(self) -> None:
        """Fill ``cells`` and ``clashes``."""
        if ABSENT in self._ours or ABSENT in self._theirs:
            self._put_back_dropped()
        for name, place in self._place.items():
            base, ours, theirs = self._base[place], self._ours[place], self._theirs[place]
            if ours == theirs or theirs == base:
                self.cells[place] = ours
            elif ours == base:
                self.cells[place] = theirs
            else:
                self._open[name] = place
        self._keep_status_whole()
        self._keep_customer_whole()
        self._prefer(("urgency", "urgency_by"), rules.higher)
        self._prefer(("due_at", "due_by"), rules.earlier_due)
        self._take_newest()
        for name in list(self._open):
            self._by_rule(name)
        self._keep_times_in_order()

    def made(self) -> Iterator[Made]:
        """The cells that differ on the sides and that nobody has to decide, once ``merge`` has run."""
        decided = {name for clash in self.clashes for name in (clash.field, *clash.dependents)}
        if self._base in (self._ours, self._theirs):
            return
        key = decode_cell(min(self._values("uid")[1:]) or min(self._values("id")[1:]))
        for name, place in self._place.items():
            base, ours, theirs = self._base[place], self._ours[place], self._theirs[place]
            if ours == theirs or name in decided:
                continue
            cell = self.cells[place]
            taken = cell == (theirs if ours == base else ours if theirs == base else ABSENT)
            yield Made(key, name, decode_cell(cell), taken)

    def _put_back_dropped(self) -> None:
        """A side without the column has what the base had; what the other side made of it is a conflict."""
        for name, place in self._place.items():
            for side, other in ((self._ours, self._theirs), (self._theirs, self._ours)):
                if side[place] == ABSENT:
                    side[place] = self._base[place]
                    if other[place] not in (self._base[place], ABSENT):
                        dropped = (None, other[place]) if side is self._ours else (other[place], None)
                        self._clash(name, other[place], values=dropped)

    def _values(self, name: str) -> tuple[str, str, str]:
        """Base, ours and theirs of one column; empty texts where there is no such column."""
        place = self._place.get(name)
        return ("", "", "") if place is None else (self._base[place], self._ours[place], self._theirs[place])

    def _settle(self, name: str, value: str) -> None:
        self._open.pop(name, None)
        if name in self._place:
            self.cells[self._place[name]] = value

    def _clash(
        self,
        name: str,
        chosen: str,
        *,
        values: tuple[str | None, str | None] | None = None,
        dependents: dict[str, tuple[str, str]] | None = None,
    ) -> None:
        """Settle ``name`` with one value, and report the two."""
        base, ours, theirs = self._values(name)
        one, other = values or (ours, theirs)
        self._settle(name, chosen)
        self.clashes.append(
            Clash(
                min(text for text in self._values("id")[1:]),
                min(text for text in self._values("uid")[1:]),
                name,
                decode_cell(base) if self._had_base else None,
                None if one is None else decode_cell(one),
                None if other is None else decode_cell(other),
                decode_cell(chosen),
                {key: (decode_cell(a), decode_cell(b)) for key, (a, b) in (dependents or {}).items()},
            )
        )

    def _keep_status_whole(self) -> None:
        base, ours, theirs = self._values("status")
        if ours != base and theirs != base:
            if ours != theirs:
                self._split("status", rules.status_rank(ours) < rules.status_rank(theirs), rules.STATUS_DEPENDENTS)
            elif "close_reason" in self._open:
                _base, one, other = self._values("close_reason")
                self._split("close_reason", one == chosen_of(one, other), rules.STATUS_DEPENDENTS)
            else:
                for name in rules.SET_ON_CLOSING:
                    self._settle_by(name, rules.earlier(*self._values(name)[1:]))
        elif ours != theirs:
            self._follow(moved_here=ours != base)

    def _split(self, field: str, take_ours: bool, followers: Sequence[str]) -> None:
        """One conflict on ``field``: what depends on it is taken from the side whose value is taken."""
        dependents = {}
        for name in followers:
            _base, ours, theirs = self._values(name)
            if name != field and ours != theirs:
                dependents[name] = (ours, theirs)
                self._settle(name, ours if take_ours else theirs)
        _base, ours, theirs = self._values(field)
        self._clash(field, ours if take_ours else theirs, dependents=dependents)

    def _follow(self, moved_here: bool) -> None:
        """One side moved the status: what the other made of its dependents stays where it fits the new status."""
        status = self._values("status")[1 if moved_here else 2]
        for name in rules.STATUS_DEPENDENTS:
            base, ours, theirs = self._values(name)
            movers, others = (ours, theirs) if moved_here else (theirs, ours)
            if name in self._open or (others not in (base, movers) and not rules.fits(name, others, status)):
                self._clash(name, movers)

    def _keep_customer_whole(self) -> None:
        base, ours, theirs = self._values("customer_id")
        if "customer_id" in self._open:
            self._split("customer_id", ours == chosen_of(ours, theirs), ("customer_name",))
        elif ours != theirs and "customer_name" in self._open:
            _base, one, other = self._values("customer_name")
            self._clash("customer_name", one if ours != base else other)

    def _prefer(self, pair: tuple[str, str], better: Callable[[str, str], str]) -> None:
        """A value and who set it, as one: by hand before computed; of two computed ones the ``better``."""
        name, by = pair
        (base, ours, theirs), (base_by, ours_by, theirs_by) = self._values(name), self._values(by)
        if (base, base_by) in ((ours, ours_by), (theirs, theirs_by)) or (ours, ours_by) == (theirs, theirs_by):
            return
        here, there = ((one == _MANUAL) - (one == _COMPUTED) for one in (ours_by, theirs_by))
        if here != there:
            self._settle(name, ours if here > there else theirs)
            self._settle(by, ours_by if here > there else theirs_by)
        elif ours == theirs:
            self._settle(name, ours)
            self._settle_by(by, chosen_of(ours_by, theirs_by))
        elif here == -1:
            self._settle(name, better(ours, theirs))
            self._settle(by, _COMPUTED)
        elif here == 0 and base in (ours, theirs):
            self._settle(by, chosen_of(ours_by, theirs_by))
        else:
            self._split(name, ours == chosen_of(ours, theirs), (by,))

    def _take_newest(self) -> None:
        (base, ours, theirs), (base_at, ours_at, theirs_at) = self._values("progress"), self._values("progress_at")
        if (base, base_at) in ((ours, ours_at), (theirs, theirs_at)) or (ours, ours_at) == (theirs, theirs_at):
            return
        if not ours_at and not theirs_at:
            return
        newest = rules.later(ours_at, theirs_at)
        if newest is None:
            newest = chosen_of(ours_at, theirs_at)
        take_ours = ours == chosen_of(ours, theirs) if ours_at == theirs_at else newest == ours_at
        self._settle("progress", ours if take_ours else theirs)
        self._settle("progress_at", ours_at if take_ours else theirs_at)

    def _settle_by(self, name: str, value: str | None) -> None:
        """Settle ``name``, where it is open and there is a value."""
        if name in self._open and value is not None:
            self._settle(name, value)

    def _by_rule(self, name: str) -> None:
        base, ours, theirs = self._values(name)
        rule = rules.BY_COLUMN.get(name, "")
        value: str | None = None
        if rule == "later":
            value = rules.later(ours, theirs)
        elif rule == "earlier" or (rule == "first" and not base):
            value = rules.earlier(ours, theirs)
        elif rule == "both":
            value = encode_cell(rules.both_texts(*(decode_cell(text) for text in (base, ours, theirs))))
        elif rule == "set":
            value = encode_cell(rules.as_set(*(decode_cell(text) for text in (base, ours, theirs))))
        elif rule == "larger":
            value = rules.larger(ours, theirs)
        elif rule == "sum":
            value = self._held(base, ours, theirs)
        elif rule == "higher":
            value = rules.higher(ours, theirs)
        elif rule == "smaller":
            value = min(ours, theirs) if ours and theirs else ours or theirs
        if value is None:
            self._clash(name, chosen_of(ours, theirs))
        else:
            self._settle(name, value)

    def _held(self, base: str, ours: str, theirs: str) -> str | None:
        """Minutes on hold: what both sides added; of one hold that both ended the longer."""
        before, here, there = rules.whole(base), rules.whole(ours), rules.whole(theirs)
        if before is None or here is None or there is None:
            return None
        since, since_here, since_there = self._values("hold_since")
        if since and since not in (since_here, since_there):
            return str(max(here, there))
        return str(max(here + there - before, 0))

    def _keep_times_in_order(self) -> None:
        """Where each side's times are in order and the merged ones are not, take both from one side and report it."""
        for pair in _IN_ORDER:
            if any(name not in self._place for name in pair):
                continue
            places = [self._place[name] for name in pair]
            here, there, merged = ([side[place] for place in places] for side in (self._ours, self._theirs, self.cells))
            if merged in (here, there) or _ordered(merged) or not _ordered(here) or not _ordered(there):
                continue
            taken, given_up = (here, there) if here > there else (there, here)
            for name, place, one, other in zip(pair, places, taken, given_up, strict=True):
                self.cells[place] = one
                if other not in (one, self._base[place]) and name not in [clash.field for clash in self.clashes]:
                    self._clash(name, one)


def _ordered(pair: Sequence[str]) -> bool:
    first, second = (rules.moment(text) for text in pair)
    return first is None or second is None or first <= second
