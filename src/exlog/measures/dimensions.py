"""What figures are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exlog import vocabulary
from exlog.fields import BY_NAME, Field
from exlog.i18n import pick
from exlog.profiles import BY_NAME as OF_PROFILE


class Dimension(NamedTuple):
    """What the records are grouped by.

    ``kind``: ``choice`` (sorts by the rank in the vocabulary ``enum``), ``text`` (the largest group first),
    ``customer`` (the id, or the name of a one-off customer; shown by name), ``time`` (ascending; every measure by
    its own time, in the ledger's zone), ``age`` (ascending) or ``ledger`` (in the order given). ``column``: the
    column of a record; of a ``profile`` dimension the field of the customer's profile.
    """

    name: str
    kind: str
    en: str
    zh: str
    enum: str = ""
    column: str = ""
    profile: bool = False

    @property
    def label(self) -> str:
        """The label in the language in force."""
        return pick(self.en, self.zh)

    @property
    def is_calendar(self) -> bool:
        """Whether its values are periods that follow each other, each with an end; weekdays and hours come again."""
        return self.kind == "time" and self.name not in _CYCLES


def _of_column(name: str) -> Dimension:
    field = BY_NAME[name]
    return Dimension(name, "choice" if field.enum else "text", field.en, field.zh, field.enum, name)


def _of_profile(name: str, en: str, zh: str) -> Dimension:
    field = OF_PROFILE[name]
    return Dimension(f"customer.{name}", "choice" if field.enum else "text", en, zh, field.enum, name, True)


_TIMES = (
    ("day", "Day", "日期"), ("week", "Week", "周"), ("month", "Month", "月份"), ("quarter", "Quarter", "季度"),
    ("year", "Year", "年份"), ("weekday", "Weekday", "星期"), ("hour", "Hour", "时段"),
)  # fmt: skip

_CYCLES = ("weekday", "hour")

_DIMENSIONS = (
    *map(_of_column, ("status", "type", "category", "severity", "urgency", "channel", "department", "owner")),
    Dimension("customer", "customer", "Customer", "客户"),
    _of_profile("level", "Customer level", "客户等级"),
    _of_profile("industry", "Industry", "所属行业"),
    *map(_of_column, ("region", "product", "model", "batch", "cause", "carrier", "close_reason")),
    Dimension("age", "age", "Age (working days)", "时长（工作日）"),
    *(Dimension(name, "time", en, zh) for name, en, zh in _TIMES),
    Dimension("ledger", "ledger", "Ledger", "台账"),
)

DIMENSIONS: dict[str, Dimension] = {dimension.name: dimension for dimension in _DIMENSIONS}
"""Every dimension by name; a ledger's own fields are dimensions besides (see ``dimension``)."""

WEEKDAYS = (
    ("Mon", "周一"), ("Tue", "周二"), ("Wed", "周三"), ("Thu", "周四"),
    ("Fri", "周五"), ("Sat", "周六"), ("Sun", "周日"),
)  # fmt: skip
"""English and Chinese labels of the weekdays 1 to 7."""

AGES = (("1", 1, "≤1"), ("3", 3, "2–3"), ("7", 7, "4–7"), ("30", 30, "8–30"), ("more", None, ">30"))
"""Classes of age: key, the most working days in it, and what people read."""


def dimension(name: str, own: Sequence[Field] = ()) -> Dimension:
    """The dimension ``name``: one of DIMENSIONS or a field of the ledger's own. KeyError for any other."""
    if name not in DIMENSIONS:
        for field in own:
            if field.name == name:
                return Dimension(name, "text", field.en, field.zh, column=name)
    return DIMENSIONS[name]


def label_of(one: Dimension, value: str) -> str:
    """A value as people read it: the label of a choice, a weekday, a class of age; else the value."""
    if one.name == "weekday" and value:
        return pick(*WEEKDAYS[int(value) - 1])
    if one.kind == "age":
        return next((shown for key, _most, shown in AGES if key == value), value)
    return vocabulary.label(one.enum, value) if one.enum else value
