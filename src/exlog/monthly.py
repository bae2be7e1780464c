"""The month's record table (客户反馈记录表): its columns and the name of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exlog.errors import Damaged
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.policy import Policy, Where

MONTH = "{yyyymm}"
NAMES = {"en": f"{MONTH} customer feedback.xlsx", "zh": f"{MONTH}客户反馈记录表.xlsx"}
"""The pattern of a ledger that names none, by its language."""

COLUMNS = (
    "id", "customer_id", "customer_name", "received_at", "channel", "type", "urgency", "subject", "description",
    "department", "owner", "status", "progress", "resolution", "resolved_at", "satisfaction", "customer_comment",
    "category", "order_no", "product", "model", "batch", "region", "cause", "first_response_at", "due_at",
    "close_reason", "notes",
)  # fmt: skip
"""The columns of a record table as customer service keeps it, then what else a record says; the ledger's own fields
come behind."""

BLANK = "-"
"""What stands in a record table where there is nothing."""

_LONGEST = 100
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|{}]')


def read(section: Any, language: str, where: Where) -> str:
    """The pattern under ``archive: excel_name:``, or the default of the language. Raises Damaged."""
    if section is None:
        return NAMES[language]
    if not isinstance(section, Mapping):
        raise _bad(_("this must hold keys and values"), _("indent them below it"), where)
    for key in section:
        if key != "excel_name":
            raise _bad(
                _("no such key: {key}").format(key=key),
                _("known here: {keys}").format(keys="excel_name"),
                where,
                str(key),
            )
    name = section.get("excel_name")
    if name is None:
        return NAMES[language]
    rest = name.replace(MONTH, "", 1) if isinstance(name, str) else ""
    sound = isinstance(name, str) and MONTH in name and name.endswith(".xlsx") and len(name) <= _LONGEST
    if not sound or _FORBIDDEN.search(rest) or name.startswith((".", " ")):
        raise _bad(
            _("{value!r} is no name for the month's record table").format(value=name),
            _("write a file name with {month} once, without folders, ending in .xlsx").format(month=MONTH),
            where, "excel_name",
        )  # fmt: skip
    return str(name)


def pattern(policy: Policy) -> str:
    """The pattern of a policy that was found sound."""
    return read(policy.sections.get("archive"), policy.language, lambda *path: ".".join(map(str, path)))


def file_name(pattern: str, month: str) -> str:
    """The name for a month such as 2024-03."""
    return pattern.replace(MONTH, month.replace("-", ""))


def matches(pattern: str, name: str) -> bool:
    """Whether ``name`` is what the pattern makes of some month."""
    before, after = pattern.split(MONTH)
    return re.fullmatch(re.escape(before) + r"\d{4}(0[1-9]|1[0-2])" + re.escape(after), name) is not None


def _bad(message: str, remedy: str, where: Where, *path: str) -> Damaged:
    return Damaged(message, where=where("archive", *path), remedy=remedy)
