"""Every measure, declared once: what it counts by, its formula for people, and its SQL.

A measure is made of *aggregates*, SQL over the relation ``facts`` (see ``facts``; one row for each record that
counts). Each aggregate has a *clock*: the time of a record that a period or a time dimension counts it by. A
measure's ``value`` and ``n`` are SQL over the names of aggregates, so one may be made of two clocks. All is
written in what DuckDB and, translated by sqlglot, Spark speak.
"""

from __future__ import annotations

from typing import NamedTuple

from exlog import vocabulary
from exlog.i18n import pick


class Clock(NamedTuple):
    """A time of a record that figures count by. ``member``: which records have it; ``at``: seconds since 1970."""

    member: str
    at: str
    field: str


CLOCKS = {
    "received": Clock("TRUE", "received", "received_at"),
    "responded": Clock("responded IS NOT NULL", "responded", "first_response_at"),
    "resolved": Clock("is_resolved", "resolved", "resolved_at"),
    "first_resolved": Clock("is_first_resolved", "first_resolved", "first_resolved_at"),
    "closed": Clock("is_closed", "closed", "closed_at"),
    "due": Clock("due IS NOT NULL", "due", "due_at"),
    "backlog": Clock("TRUE", "received", "received_at"),
}
"""``backlog`` takes what was received before the end of the period, or now, and was not over by then; where days to
years are a dimension, at the end of each of these."""


class Aggregate(NamedTuple):
    """A figure of a group of records: SQL over ``facts``."""

    clock: str
    sql: str


def _count(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _p90(value: str) -> str:
    return f"percentile_disc(0.9) WITHIN GROUP (ORDER BY {value})"


def _times(name: str, clock: str, value: str) -> dict[str, Aggregate]:
    """The aggregates of a length in seconds: how many, median, 90th percentile and mean, these in hours."""
    return {
        f"{name}_n": Aggregate(clock, f"count({value})"),
        f"{name}_median": Aggregate(clock, f"median({value}) / 3600.0"),
        f"{name}_p90": Aggregate(clock, f"{_p90(value)} / 3600.0"),
        f"{name}_mean": Aggregate(clock, f"avg({value}) / 3600.0"),
    }


AGGREGATES: dict[str, Aggregate] = {
    "a_received": Aggregate("received", "count(*)"),
    "a_complaints": Aggregate("received", _count("is_complaint")),
    "a_open": Aggregate("received", _count("is_open")),
    "a_overdue": Aggregate("received", _count("is_overdue")),
    "a_reopened": Aggregate("received", _count("is_reopened")),
    "a_repeats": Aggregate("received", _count("is_repeat")),
    "a_recorded": Aggregate("received", "count(lag_w)"),
    "a_in_time": Aggregate("received", _count("lag_w IS NOT NULL AND is_in_time")),
    "a_backlog": Aggregate("backlog", "count(*)"),
    "a_resolved": Aggregate("resolved", _count("is_resolved")),
    "a_variance": Aggregate("resolved", "avg(CASE WHEN target_w IS NOT NULL THEN spent_w END - target_w) / 3600.0"),
    "a_target": Aggregate("resolved", "avg(CASE WHEN spent_w IS NOT NULL THEN target_w END) / 3600.0"),
    "a_targets": Aggregate("resolved", "count(spent_w + target_w)"),
    "a_first_resolved": Aggregate("first_resolved", _count("is_first_resolved")),
    "a_came_back": Aggregate("first_resolved", _count("is_first_resolved AND is_reopened")),
    "a_closed": Aggregate("closed", _count("is_closed")),
    "a_answers": Aggregate("closed", "count(rating)"),
    "a_satisfied": Aggregate("closed", _count("rating >= 4")),
    "a_rating": Aggregate("closed", "avg(rating)"),
    "a_met": Aggregate("due", _count("sla = 1")),
    "a_breached": Aggregate("due", _count("sla = 0")),
    **_times("a_spent", "resolved", "spent"),
    **_times("a_spent_w", "resolved", "spent_w"),
    **_times("a_response", "responded", "response"),
    **_times("a_response_w", "responded", "response_w"),
    **_times("a_lag_w", "received", "lag_w"),
}
"""SQL over ``facts``, by name."""


class Measure(NamedTuple):
    """One figure.

    ``unit``: records, share (1 is all), hours, points (1 to 5) or rate (complaints for each of what they are divided
    by). ``clock``: a key of CLOCKS, that of the value. ``value`` and ``n``, how many records the figure is taken over:
    SQL over the names of AGGREGATES; where n is 0, the figure is absent, but for a count. ``running``: rows are summed
    up in the order they are shown. Of unit ``rate``, the value is still to be divided by what denominators.csv tells,
    which is its n.
    """

    name: str
    unit: str
    en: str
    zh: str
    clock: str
    formula: str
    value: str
    n: str = ""
    running: bool = False

    @property
    def label(self) -> str:
        """The label in the language in force."""
        return pick(self.en, self.zh)

    @property
    def counted_by(self) -> str:
        """The field of a record's time that a period or a time dimension looks at; empty where it is two."""
        return CLOCKS[self.clock].field if self.clock else ""

    @property
    def is_count(self) -> bool:
        """Whether it counts records: then it is 0 where there are none, and its own n."""
        return self.unit == "records"

    @property
    def over(self) -> str:
        """SQL of n."""
        return self.n or self.value


def _counted(name: str, en: str, zh: str, clock: str, formula: str) -> Measure:
    return Measure(name, "records", en, zh, clock, formula, f"a_{name}")


def _ratio(name: str, en: str, zh: str, clock: str, formula: str, value: str, n: str) -> Measure:
    return Measure(name, "share", en, zh, clock, formula, f"{value} * 1.0 / nullif({n}, 0)", n)


def _hours(name: str, aggregate: str, en: str, zh: str, clock: str, what: str) -> tuple[Measure, ...]:
    """Median, 90th percentile and mean of one length of time."""
    unit = name.rpartition("_")[2]
    stem = name.removesuffix(f"_{unit}")
    kinds = (("median", "Median", "中位"), ("p90", "P90", "P90"), ("mean", "Mean", "平均"))
    words = {"median": "median", "p90": "90th percentile (nearest rank)", "mean": "mean"}
    return tuple(
        Measure(
            f"{stem}_{kind}_{unit}", "hours", f"{first}{en}", f"{erst}{zh}", clock,
            f"{words[kind]} of {what}", f"{aggregate}_{kind}", f"{aggregate}_n",
        )
        for kind, first, erst in kinds
    )  # fmt: skip


_HELD = "hours (resolved_at - received_at - hold_minutes / 60)"
_HELD_W = "working hours (resolved_at - received_at - hold_work_minutes / 60)"

_TABLE = (
    _counted("received", "Received", "接收数", "received", "count of records"),
    _ratio(
        "share", "Share", "占比", "received",
        "received / received of the whole result", "a_received", "sum(a_received) OVER ()",
    ),
    _ratio(
        "cumulative_share", "Cumulative", "累计占比", "received",
        "sum of the shares of the rows down to this one, in the order printed",
        "a_received", "sum(a_received) OVER ()",
    )._replace(running=True),
    _counted("complaints", "Complaints", "投诉数", "received", "count where type is complaint"),
    Measure("complaint_rate", "rate", "Complaint rate", "投诉率", "received",
            "complaints / what denominators.csv tells for the period and the value of the dimension", "a_complaints"),
    _counted("open", "Open", "未关闭数", "received",
             f"count where status is {', '.join(vocabulary.OPEN_STATUSES)}"),
    _counted("overdue", "Overdue", "逾期数", "received",
             "count where open, not resolved and due_at < now (on hold: < hold_since)"),
    _counted("reopened", "Reopened", "重开数", "received", "count where reopen_count > 0"),
    _counted("backlog", "Backlog", "积压数", "backlog",
             "count received before, and not over by, the end of the period, else now; by day to year: of each"),
    _counted("resolved", "Resolved", "解决数", "resolved", "count with resolved_at"),
    Measure("clearance", "share", "Clearance", "清结率", "", "resolved / received",
            "a_resolved * 1.0 / nullif(a_received, 0)", "a_received"),
    Measure("timed", "records", "Timed resolutions", "计时解决数", "resolved",
            "count with resolved_at and received_at, both readable", "a_spent_n"),
    *_hours("resolution_h", "a_spent", " h", "时长", "resolved", _HELD),
    *_hours("resolution_wh", "a_spent_w", " work h", "工时", "resolved", _HELD_W),
    Measure("target_mean_wh", "hours", "Target work h", "目标工时", "resolved",
            "mean of working hours (due_at - received_at - hold_work_minutes / 60) of resolved records",
            "a_target", "a_targets"),
    Measure("variance_mean_wh", "hours", "Variance work h", "工时偏差", "resolved",
            "mean of working hours (resolved_at - due_at): resolution less target; negative is better",
            "a_variance", "a_targets"),
    *_hours("response_h", "a_response", " response h", "响应时长", "responded",
            "hours (first_response_at - received_at)"),
    *_hours("response_wh", "a_response_w", " response work h", "响应工时", "responded",
            "working hours (first_response_at - received_at)"),
    *_hours("recording_lag_wh", "a_lag_w", " recording lag work h", "补录工时", "received",
            "working hours (recorded_at - received_at)"),
    _ratio("recorded_in_time_share", "Recorded in time", "及时记录率", "received",
           "recorded by close of business of the next working day / recorded", "a_in_time", "a_recorded"),
    _counted("sla_met", "SLA met", "达标数", "due", "count of resolved_at <= due_at")._replace(value="a_met"),
    _counted("sla_breached", "SLA breached", "超时数", "due",
             "count of resolved_at > due_at, and of what is past due and not resolved",
             )._replace(value="a_breached"),
    _ratio("sla_compliance", "SLA compliance", "SLA达标率", "due",
           "sla_met / (sla_met + sla_breached); not yet due is in neither", "a_met", "(a_met + a_breached)"),
    _ratio("reopen_rate", "Reopen rate", "重开率", "first_resolved",
           "resolved, and reopened later / resolved, each record when it was first resolved",
           "a_came_back", "a_first_resolved"),
    _counted("repeat_contacts", "Repeat contacts", "重复反馈数", "received",
             "count where the customer had a record of the same category within 30 days before",
             )._replace(value="a_repeats"),
    _ratio("repeat_rate", "Repeat rate", "重复反馈率", "received", "repeat_contacts / received",
           "a_repeats", "a_received"),
    _counted("closed", "Closed", "关闭数", "closed", "count where status is closed"),
    _counted("answers", "Answers", "评价数", "closed", "count of closed with satisfaction 1 to 5"),
    _counted("satisfied", "Satisfied", "满意数", "closed", "count of closed with satisfaction 4 or 5"),
    Measure("satisfaction_mean", "points", "Rating", "满意度", "closed",
            "mean of satisfaction over answers", "a_rating", "a_answers"),
    _ratio("satisfied_share", "Satisfied share", "满意率", "closed", "satisfied / answers", "a_satisfied", "a_answers"),
    _ratio("response_rate", "Answered", "评价率", "closed", "answers / closed", "a_answers", "a_closed"),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _TABLE}
"""Every measure by name."""

DEFAULT_MEASURES: tuple[str, ...] = (
    "received", "share", "open", "overdue", "resolved", "resolution_median_h", "resolution_p90_h",
    "resolution_mean_h", "answers", "satisfaction_mean", "response_rate",
)  # fmt: skip
"""What ``stats`` shows unless it is told which."""
