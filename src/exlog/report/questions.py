"""The questions that a report asks of the figures engine, and the command that asks each of them again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from exlog.report.periods import Period

HEADLINE = (
    "received", "complaints", "resolved", "clearance", "backlog", "closed",
    "resolution_mean_wh", "resolution_median_wh", "resolution_p90_wh", "target_mean_wh", "variance_mean_wh",
    "sla_met", "sla_breached", "sla_compliance",
    "response_median_wh", "recorded_in_time_share",
    "answers", "satisfaction_mean", "satisfied_share", "response_rate",
    "reopen_rate", "repeat_contacts", "repeat_rate",
)  # fmt: skip
"""The measures of the headline and of the table of all figures."""


TREND = ("received", "complaints", "resolved", "answers", "satisfaction_mean", "sla_compliance")
"""The measures of the trend."""


class Question(NamedTuple):
    """A question about the period, the one ``before``, or all time (``ever``).

    ``where``: further conditions, as ``--where`` takes them. ``per``: the unit that complaints are divided by.
    """

    name: str
    measures: tuple[str, ...]
    by: tuple[str, ...] = ()
    before: bool = False
    where: tuple[str, ...] = ()
    ever: bool = False
    per: str = ""


Told = tuple[str, str]
"""A dimension (empty: the whole) and a unit that complaints can be divided by."""


def questions(period: Period, told: Sequence[Told] = (), told_before: Sequence[Told] = ()) -> tuple[Question, ...]:
    """Everything that a report of ``period`` asks, by unique names.

    ``told``: what denominators cover the whole of it, and of the period before.
    """
    steps = Question("trend", TREND, (period.step,))
    departments = ("received", "resolved", "resolution_mean_wh", "target_mean_wh", "variance_mean_wh", "sla_compliance")
    levels = ("received", "answers", "satisfaction_mean", "satisfied_share")
    known = "cause!="
    return (
        *_twice(Question("all", HEADLINE)),
        *(_twice(steps) if period.unit == "quarter" else (steps,)),
        Question("ever", ("received",), (period.step,), ever=True),
        *_twice(Question("types", ("received", "share"), ("type",))),
        Question("categories", ("received", "share"), ("category",)),
        Question("causes", ("received", "share", "cumulative_share"), ("cause",), where=(known,)),
        *_twice(Question("departments", departments, ("department",))),
        *_twice(Question("levels", levels, ("customer.level",))),
        Question("level_trend", ("satisfaction_mean",), ("customer.level", period.step)),
        Question("customers", ("received", "complaints", "repeat_contacts"), ("customer",)),
        Question("products", ("received", "complaints", "share"), ("product",)),
        Question("batches", ("received", "complaints", "share"), ("model", "batch")),
        *_twice(Question("regions", ("received", "complaints", "share", "satisfaction_mean"), ("region",))),
        Question("repeats", ("received", "repeat_contacts", "repeat_rate")),
        Question("backlog", ("backlog",), ("age",)),
        Question("waiting", ("backlog",)),
        *map(_rate, told),
        *(_twice(_rate(one))[1] for one in told if one in told_before),
    )


def rate_of(told: Told) -> str:
    """The name of the question for the complaint rate."""
    return "_".join(filter(None, ("rate", *told)))


def _rate(told: Told) -> Question:
    dimension, unit = told
    by = (dimension,) if dimension else ()
    return Question(rate_of(told), ("complaints", "complaint_rate"), by, per=unit)


def _twice(question: Question) -> tuple[Question, Question]:
    return question, question._replace(name=f"{question.name}_before", before=True)


def command(question: Question, period: Period, before: Period, filters: Sequence[str]) -> str:
    """The ``exlog stats`` command that gives the answer to ``question``. ``filters``: the options as typed."""
    words = ["exlog", "stats", *([] if question.ever else [(before if question.before else period).name])]
    if question.by:
        words += ["--by", ",".join(question.by)]
    words += ["--measure", ",".join(question.measures)]
    for condition in question.where:
        words += ["--where", condition]
    words += ["--per", question.per] if question.per else []
    return shlex.join([*words, *filters])
