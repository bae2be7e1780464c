"""The answers that a report is built from, and how figures are taken out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from exlog.i18n import _
from exlog.measures import MEASURES
from exlog.report import names
from exlog.report.model import SMALL, Answered, AnsweredRow, Change, Command, Figure, Head, Limit
from exlog.report.periods import Period
from exlog.report.questions import Told

RISES = frozenset(
    {"clearance", "sla_compliance", "satisfaction_mean", "satisfied_share", "response_rate", "recorded_in_time_share"}
)
"""Measures of which more is better."""

FALLS = frozenset(
    {
        "complaints", "backlog", "resolution_mean_wh", "resolution_median_wh", "resolution_p90_wh", "variance_mean_wh",
        "response_median_wh", "complaint_rate", "reopen_rate", "repeat_contacts", "repeat_rate",
    }
)  # fmt: skip
"""Measures of which less is better."""

GROUP = 2 * SMALL
"""The least that a count of a group must come to, to be called better or worse: small counts go up and down by
themselves."""

STEPS = {"share": 0.005, "points": 0.05, "hours": 0.05, "rate": 0.000005}
"""The least difference of a unit that is called one; anything below is the same. Of counts any."""


class Waiting(NamedTuple):
    """One of the records that wait longest, by the names of their fields.

    ``resolved_at``: when it was resolved after the period. ``overdue``: at the end of the period, or by now.
    """

    id: str
    customer_name: str
    subject: str
    status: str
    owner: str
    received_at: str
    due_at: str
    resolved_at: str
    overdue: bool


@dataclass(frozen=True)
class Material:
    """``answers`` and ``commands`` by the name of the question; ``limits``: targets that policy sets, by measure.

    ``repeats_from``: records alike from which policy calls them repeats. ``hours_a_day``: of the working day, to say
    working hours in days. ``told``: what complaints can be divided by. ``unusual``: months
    out of the ordinary, in words.
    """

    period: Period
    before: Period
    now: datetime
    answers: Mapping[str, Answered]
    commands: Mapping[str, str]
    measures: Mapping[str, tuple[str, ...]]
    limits: Mapping[str, float]
    repeats_from: int
    hours_a_day: float
    waiting: Sequence[Waiting]
    waiting_commands: Sequence[str]
    told: Sequence[Told] = ()
    unusual: Sequence[str] = ()
    unusual_command: str = ""

    def figure(self, question: str, measure: str, *key: str) -> Figure:
        """The figure of ``measure`` in the row of ``key``; of nothing where the answer has no such row."""
        row = self._rows[question].get(key)
        if row is not None:
            place = self.measures[question].index(measure)
            return self._made(question, measure, key, row.figures[place], row.n[place])
        one = MEASURES[measure]
        return self._made(question, measure, key, 0 if one.is_count else None, 0)

    @property
    def over(self) -> bool:
        """Whether the period is past."""
        return self.period.end <= self.now

    @cached_property
    def _rows(self) -> dict[str, dict[tuple[str, ...], AnsweredRow]]:
        return {name: {row.values: row for row in said.rows} for name, said in self.answers.items()}

    def keys(self, question: str) -> Iterator[tuple[str, ...]]:
        """The values of the dimensions, row by row, in the order of the answer."""
        return (row.values for row in self.answers[question].rows)

    def label(self, question: str, dimension: str, value: str) -> str:
        """What people read for a value, also for an absent one."""
        return self.answers[question].labels(dimension, value) if value else _("not given")

    def command(self, *questions: str) -> tuple[Command, ...]:
        """The commands of these questions; without those that compare where there is nothing to compare with."""
        asked = (name for name in questions if not (self.is_new and name.endswith("_before")))
        return tuple(Command(name, self.commands[name]) for name in asked)

    def limit(self, measure: str) -> Limit | None:
        """The target that policy sets for a measure."""
        found = self.limits.get(measure)
        return None if found is None else Limit(found, MEASURES[measure].unit)

    def change(self, figure: Figure, before: Figure) -> Change:
        """From ``before`` to ``figure``; empty where one of them is of nothing."""
        if figure.value is None or before.value is None or self.is_new or not self._comparable(figure.measure):
            return Change(None, figure.unit, "")
        few = figure.small or before.small
        if figure.additive and figure.key:
            few = max(figure.value, before.value) < GROUP
        step = _difference(figure.value, before.value)
        return Change(step, figure.unit, "" if few else verdict(figure, before.value))

    @cached_property
    def is_new(self) -> bool:
        """Whether the ledger holds nothing of the period before: then nothing is compared."""
        counts = (name for name in self.measures["all_before"] if MEASURES[name].is_count)
        return not any(self.figure("all_before", name).value for name in counts)

    def steps(self, question: str) -> list[str]:
        """The steps of a trend, or of the one ``_before``, from the ledger's first record on."""
        every = self._every_step(question)
        return [step for step in every if step >= self.begins] or every

    def starts_within(self, question: str) -> bool:
        """Whether the ledger's first record came later than the first step of a trend."""
        return self._every_step(question)[0] < self.begins

    def _every_step(self, question: str) -> list[str]:
        return (self.before if question.endswith("_before") else self.period).steps(self.now)

    @cached_property
    def begins(self) -> str:
        """The step that the first record was received in; empty where there is none."""
        return min((key for (key,) in self.keys("ever") if key), default="")

    def head(self, measure: str) -> Head:
        """The header of a column of figures."""
        return Head(names.name(measure))

    def head_before(self, measure: str) -> Head:
        """The header of a column of figures of the period before."""
        return Head(names.name(measure), about=self.before.label, compares=True)

    def _comparable(self, measure: str) -> bool:
        return self.over or not grows_with_time(measure)

    def _made(self, question: str, measure: str, key: tuple[str, ...], value: int | float | None, n: int) -> Figure:
        one = MEASURES[measure]
        return Figure(measure, value, n, one.unit, question, key, one.is_count)


def verdict(figure: Figure, reference: float) -> str:
    """Whether ``figure`` is better than ``reference``; ``""`` for a measure that is neither good nor bad."""
    if figure.value is None:
        return ""
    step = _difference(figure.value, reference)
    if abs(step) < STEPS.get(figure.unit, 0) or step == 0:
        return "same"
    if figure.measure in RISES:
        return "better" if step > 0 else "worse"
    if figure.measure in FALLS:
        return "worse" if step > 0 else "better"
    return ""


def grows_with_time(measure: str) -> bool:
    """Whether a measure counts what happens in a period, so that one that is not over has less of it.

    The backlog is counted at a moment.
    """
    one = MEASURES[measure]
    return (one.is_count and one.clock != "backlog") or one.unit == "rate"


def direction(measure: str) -> int:
    """1 where more is better, -1 where less is, 0 where neither is."""
    return (measure in RISES) - (measure in FALLS)


def _difference(one: float, other: float) -> float:
    return round(one - other, 6)
