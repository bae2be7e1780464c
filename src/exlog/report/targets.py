"""Targets that a team sets for measures, in exlog.yaml under ``report: targets:``; the report holds figures to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exlog.errors import Damaged
from exlog.i18n import _
from exlog.report.material import FALLS, RISES

if TYPE_CHECKING:
    from exlog.policy import Where

_BOUNDS = {"share": 1.0, "points": 5.0}
_NONE = frozenset({"variance_mean_wh", "complaint_rate"})
"""The target of the first is 0: it is the difference to one. The other is of as many units as a ledger tells."""


def read(section: Any, where: Where) -> dict[str, float]:
    """The targets by measure. Raises Damaged for anything but a number within the bounds of a measure's unit."""
    from exlog.measures import MEASURES

    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise _bad(_("this must hold keys and values"), _("indent them below it"), where)
    for key in section:
        if key != "targets":
            raise _bad(
                _("no such key: {key}").format(key=key), _("known here: {keys}").format(keys="targets"), where, str(key)
            )
    said = section.get("targets") or {}
    if not isinstance(said, Mapping):
        raise _bad(_("this must hold keys and values"), _("indent them below it"), where, "targets")
    known = sorted((RISES | FALLS) - _NONE)
    found = {}
    for name, value in said.items():
        if name not in known:
            raise _bad(
                _("no target can be set for {name}").format(name=name),
                _("one of: {choices}").format(choices=", ".join(known)), where, "targets", str(name),
            )  # fmt: skip
        most = _BOUNDS.get(MEASURES[name].unit, 1e9)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise _bad(
                _("{value} is no number from 0 to {most}").format(value=value, most=f"{most:g}"),
                _("write a share like 0.95, a rating like 4.5, times in hours"), where, "targets", name,
            )  # fmt: skip
        found[name] = float(value)
    return found


def _bad(message: str, remedy: str, where: Where, *path: str) -> Damaged:
    return Damaged(message, where=where("report", *path), remedy=remedy)
