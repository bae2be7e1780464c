"""Reads exlog.yaml, through a cache: parsing YAML takes longer than everything else that ``list`` does."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from exlog import __version__, i18n, policy
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.policy import Policy, Where
from exlog.store import cache, files
from exlog.store.journal import WORK

FILE = "exlog.yaml"
_CACHE = f"{WORK}/cache/policy.json"
_ANY_YEAR = 2024
"""For asking whether the holidays of a country are known at all."""


def load(root: Path) -> Policy:
    """The policy of the ledger at ``root``. Raises Damaged that names file, line and key."""
    data = files.read(root / FILE)
    if data is None:
        raise Damaged(_("the file is missing"), where=str(root / FILE), remedy=_("restore it from git"))
    stamp = f"{__version__} {files.digest(data)}"
    cached = cache.read(root / _CACHE)
    if cached is not None and cached.get("stamp") == stamp and isinstance(cached.get("data"), dict):
        with contextlib.suppress(Damaged):
            return policy.read(cached["data"], lambda *path: FILE)
    from exlog.store import yamlfile

    document = yamlfile.load(data, FILE)
    plain = document.plain()
    if plain.get("language") in i18n.LANGUAGES:
        i18n.set_language(plain["language"])  # what is wrong in the file is said in the ledger's own language
    parsed = checked(root, plain, document.where)
    cache.write(root / _CACHE, {"stamp": stamp, "data": plain})
    return parsed


def checked(root: Path, data: dict[str, Any], where: Where) -> Policy:
    """The policy in a parsed exlog.yaml, every section of it read and found sound.

    What came through here once is in the cache, so commands that need few of the sections read only those.
    Raises Damaged, with the place and what to do, also for a timezone or a country that is not known here.
    """
    from exlog import rulebook
    from exlog.store import public_holidays

    parsed = policy.read(data, where)
    for name, spec in rulebook.read(parsed, where).calendars.items():
        path = ("calendar",) if name == rulebook.DEFAULT_CALENDAR else ("calendars", name)
        zone(spec.timezone or parsed.timezone, where, path)
        public_holidays.load(root, spec.country, spec.subdivision, [_ANY_YEAR], where, path)
    return parsed


def zone(name: str, where: Where, path: tuple[Any, ...] = ("calendar",)) -> ZoneInfo:
    """The timezone ``name``. Raises Damaged where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Damaged(
            _("no such timezone: {value}").format(value=name),
            where=where(*path, "timezone"),
            remedy=_("write it like Asia/Shanghai"),
        ) from None
