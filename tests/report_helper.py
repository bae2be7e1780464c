"""Answers made by hand, as the figures engine would give them, for a report of 2024Q2 against 2024Q1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from exlog import report
from exlog.report import Material, Waiting

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2024, 7, 8, 9, 0, tzinfo=SHANGHAI)


class Row(NamedTuple):
    values: tuple[str, ...]
    figures: tuple[int | float | None, ...]
    n: tuple[int, ...]


class Answer(NamedTuple):
    rows: list[Row]
    labels: Callable[[str, str], str]


LABELS = {
    "complaint": "complaint", "inquiry": "inquiry", "vip": "VIP", "strategic": "strategic", "standard": "standard",
    "C20231008001": "半亩云咖啡连锁有限公司", "1": "≤ 1", "3": "2–3", "7": "4–7", "30": "8–30", "more": "> 30",
}  # fmt: skip


def say(*rows: tuple[str | tuple[str, ...], Sequence[Any], Sequence[int]]) -> Answer:
    """An answer of (key or keys, figures, n) each."""
    made = [Row((key,) if isinstance(key, str) else key, tuple(figures), tuple(n)) for key, figures, n in rows]
    return Answer(made, lambda _dimension, value: LABELS.get(value, value))


def headline(changes: Mapping[str, tuple[Any, int]] | None = None, **more: tuple[Any, int]) -> Answer:
    """The headline answer: (figure, n) by measure; what is not named is of nothing."""
    from exlog.measures import MEASURES
    from exlog.report.questions import HEADLINE

    said = {**(changes or {}), **more}
    empty = {name: ((0 if MEASURES[name].is_count else None), 0) for name in HEADLINE}
    pairs = [said.get(name, empty[name]) for name in HEADLINE]
    return Answer([Row((), tuple(one for one, _n in pairs), tuple(n for _one, n in pairs))], lambda _d, value: value)


def months(*names: str) -> Answer:
    """A trend of some months."""
    return say(
        *((name, (10 + place, 5, 9 + place, 8, 4.2, 0.9), (10, 10, 9, 8, 8, 9)) for place, name in enumerate(names))
    )


def usual() -> dict[str, Answer]:
    """Answers of a usual quarter."""
    return {
        "all": headline(
            received=(60, 60), complaints=(30, 60), resolved=(50, 50), clearance=(0.8333, 60), backlog=(18, 18),
            closed=(48, 48), resolution_mean_wh=(16.0, 50), resolution_median_wh=(11.5, 50),
            resolution_p90_wh=(41.2, 50), target_mean_wh=(12.0, 50), variance_mean_wh=(4.0, 50), sla_met=(40, 50),
            sla_breached=(10, 50), sla_compliance=(0.8, 50), response_median_wh=(1.4, 58),
            recorded_in_time_share=(0.95, 60), answers=(40, 40), satisfaction_mean=(4.5, 40),
            satisfied_share=(0.9, 40), response_rate=(0.8333, 48), reopen_rate=(0.04, 50), repeat_contacts=(9, 60),
            repeat_rate=(0.15, 60),
        ),
        "all_before": headline(
            received=(50, 50), complaints=(20, 50), resolved=(48, 48), clearance=(0.96, 50), backlog=(8, 8),
            closed=(48, 48), resolution_mean_wh=(12.0, 48), resolution_median_wh=(9.0, 48),
            resolution_p90_wh=(30.0, 48), target_mean_wh=(12.0, 48), variance_mean_wh=(0.0, 48), sla_met=(45, 48),
            sla_breached=(3, 48), sla_compliance=(0.9375, 48), response_median_wh=(1.5, 48),
            recorded_in_time_share=(0.8, 50), answers=(40, 40), satisfaction_mean=(4.2, 40),
            satisfied_share=(0.8, 40), response_rate=(0.8333, 48), reopen_rate=(0.04, 48), repeat_contacts=(4, 50),
            repeat_rate=(0.08, 50),
        ),
        "ever": say(("2023-11", (4,), (4,)), ("2024-06", (9,), (9,))),
        "trend": months("2024-04", "2024-05", "2024-06"),
        "trend_before": months("2024-01", "2024-02", "2024-03"),
        "types": say(("inquiry", (36, 0.6), (36, 60)), ("complaint", (12, 0.2), (12, 60)),
                     ("praise", (12, 0.2), (12, 60))),
        "types_before": say(("inquiry", (30, 0.6), (30, 50)), ("complaint", (20, 0.4), (20, 50))),
        "categories": say(("quality", (40, 0.6667), (40, 60)), ("", (20, 0.3333), (20, 60))),
        "causes": say(
            ("packing", (12, 0.5, 0.5), (12, 24, 24)), ("carrier late", (8, 0.3333, 0.8333), (8, 24, 24)),
            ("other", (4, 0.1667, 1.0), (4, 24, 24)),
        ),
        "departments": say(
            ("售后部", (30, 28, 16.0, 12.0, 4.0, 0.75), (30, 28, 28, 28, 28, 28)),
            ("物流部", (20, 20, 6.0, 12.0, -6.0, 1.0), (20, 20, 20, 20, 20, 20)),
            ("质量部", (3, 2, 40.0, 12.0, 28.0, 0.5), (3, 2, 2, 2, 2, 2)),
        ),
        "departments_before": say(("售后部", (30, 28, 12.0, 12.0, 0.0, 0.9), (30, 28, 28, 28, 28, 28))),
        "levels": say(
            ("vip", (20, 15, 4.5, 0.9), (20, 15, 15, 15)), ("standard", (40, 25, 3.8, 0.7), (40, 25, 25, 25))
        ),
        "levels_before": say(
            ("vip", (20, 15, 4.2, 0.8), (20, 15, 15, 15)), ("standard", (30, 25, 3.9, 0.7), (30, 25, 25, 25))
        ),
        "level_trend": say((("vip", "2024-04"), (4.4,), (7,)), (("vip", "2024-05"), (4.6,), (8,))),
        "customers": say(
            ("C20231008001", (6, 4, 3), (6, 6, 6)), ("one-off", (1, 1, 0), (1, 1, 1))
        ),
        "products": say(("kettle", (12, 8, 0.2), (12, 12, 60)), ("", (48, 22, 0.8), (48, 48, 60))),
        "batches": say(
            (("K10", "B2403"), (5, 4, 0.0833), (5, 5, 60)), (("K10", "B2404"), (2, 1, 0.0333), (2, 2, 60)),
            (("", ""), (53, 25, 0.8833), (53, 53, 60)),
        ),
        "regions": say(
            ("华东", (30, 20, 0.5, 4.1), (30, 30, 60, 20)), ("华南", (20, 6, 0.3333, 4.6), (20, 20, 60, 15)),
            ("海外", (10, 4, 0.1667, 4.9), (10, 10, 60, 5)),
        ),
        "regions_before": say(("华东", (20, 8, 0.4, 4.1), (20, 20, 50, 20))),
        "repeats": say(((), (60, 9, 0.15), (60, 60, 60))),
        "waiting": say(((), (18,), (18,))),
        "backlog": say(("1", (4,), (4,)), ("3", (6,), (6,)), ("7", (3,), (3,)), ("30", (2,), (2,)),
                       ("more", (3,), (3,))),
    }  # fmt: skip


def material(period: str = "2024Q2", now: datetime = NOW, **answers: Answer) -> Material:
    """Everything that a report is built from; ``answers`` in place of the usual ones."""
    this = report.parse(period, now=now)
    before = report.previous(this, now=now)
    asked = report.questions(this)
    said = {**usual(), **answers}
    return Material(
        period=this,
        before=before,
        now=now,
        answers=said,
        commands={one.name: report.command(one, this, before, []) for one in asked},
        measures={one.name: one.measures for one in asked},
        limits={},
        repeats_from=3,
        hours_a_day=8,
        waiting=[
            Waiting(
                "F20240402001", "Larkspur Kettle Co.", "Bill of lading shows another consignee", "in_progress",
                "Mei Tang", "2024-04-02T09:00:00+08:00", "2024-04-04T18:00:00+08:00", "", True,
            )
        ],
        waiting_commands=["exlog list --until 2024Q2 --status new,in_progress,on_hold --sort received_at --limit 10"],
    )  # fmt: skip
