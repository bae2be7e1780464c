"""The parts of a report, one function each: what the figures say in a sentence, the chart, the table."""

from __future__ import annotations

from collections.abc import Sequence

from exlog.i18n import _, pick
from exlog.report import groups, rates, words
from exlog.report.material import Material
from exlog.report.model import Cell, Chart, Head, Row, Section, Series, Table
from exlog.report.pieces import LISTED, any_of, bars, group_head, grouped, rest, values
from exlog.report.questions import TREND

CUT = 0.8
"""Where a Pareto analysis parts the vital few from the useful many."""


def build(material: Material) -> tuple[Section, ...]:
    """Every section but the table of all figures, in the order of the report."""
    return tuple(
        part(material)
        for part in (
            trend,
            types,
            causes,
            departments,
            levels,
            groups.repeats,
            groups.regions,
            *((rates.complaint_rates,) if rates.told(material) else ()),
            groups.backlog,
            groups.longest,
        )
    )


def trend(material: Material) -> Section:
    """Received and resolved, month by month, or week by week in a month; a quarter beside the one before."""
    step = words.unit(material.period.step)
    asked = ["trend"]
    if "trend_before" in material.answers and not material.is_new:
        asked.insert(0, "trend_before")
    keys = [(key, name) for name in asked for key in material.steps(name)]
    rows = [Row((key, *(material.figure(name, one, key) for one in TREND))) for key, name in keys]
    received = [material.figure(name, "received", key) for key, name in keys]
    resolved = [material.figure(name, "resolved", key) for key, name in keys]
    lead = []
    if any(one.value for one in received):
        most = max(received, key=lambda one: one.value or 0)
        text = _("The busiest {step} was {name} with {count} received.")
        lead.append(text.format(step=step, name=most.key[0], count=words.count(most.value)))
    if len(asked) > 1:
        lead.append(_("{before} stands before it, for comparison.").format(before=material.before.label))
    if material.starts_within(asked[0]):
        lead.append(_("The first record is of {step}.").format(step=material.begins))
        asked.append("ever")
    lead += [
        _("Out of the ordinary by the control chart: {what}. ({command})").format(
            what=one, command=material.unusual_command
        )
        for one in material.unusual
    ]
    chart = Chart(
        "columns",
        _("Received and resolved"),
        _("Bars side by side for each {step}: received, resolved.").format(step=step),
        tuple(key for key, _name in keys),
        tuple(
            Series(material.head(name).label, values(figures), tuple(words.figure(one) for one in figures), column)
            for name, figures, column in (("received", received, 1), ("resolved", resolved, 3))
        ),
    )
    heads = (group_head(material.period.step), *(material.head(one) for one in TREND))
    return Section(
        "trend", _("Trend"), tuple(lead), (chart,) if keys else (), (Table("", heads, tuple(rows)),),
        material.command(*asked),
    )  # fmt: skip


def types(material: Material) -> Section:
    """The shares of the types and of the categories."""
    keys = [key for (key,) in material.keys("types")]
    lead = []
    shares = [material.figure("types", "share", key) for key in keys]
    if shares and shares[0].n:
        named = [f"{material.label('types', 'type', one.key[0])} {words.figure(one)}" for one in shares if one.value]
        lead.append(words.listed(named) + words.stop())
    chart = bars(material, _("Types by share"), "types", "type", keys, "share", "received", column=2)
    rows = []
    for key in keys:
        share, before = material.figure("types", "share", key), material.figure("types_before", "share", key)
        rows.append(
            Row(
                (
                    material.label("types", "type", key), material.figure("types", "received", key),
                    share, before, material.change(share, before),
                )
            )
        )  # fmt: skip
    heads = (
        group_head("type"), material.head("received"), material.head("share"),
        material.head_before("share"), Head(_("Change"), compares=True),
    )  # fmt: skip
    categories = grouped(material, "categories", ("category",), ("received", "share"), _("By category"))
    return Section(
        "types", _("Types"), tuple(lead), chart, (Table("", heads, tuple(rows)), categories),
        material.command("types", "types_before", "categories"),
    )  # fmt: skip


def causes(material: Material) -> Section:
    """The Pareto of the causes: descending, with the cumulative share, cut at 80 %."""
    keys = [key for (key,) in material.keys("causes") if key]
    few = vital(material)
    known = material.figure("causes", "share", *(keys[:1] or [""])).n
    received = material.figure("all", "received")
    lead = [
        _("A cause is recorded in {n} of {all} records.").format(n=known, all=words.figure(received)),
    ]
    if few:
        lead.append(
            _("{share} of them come from {few} of {all} causes.").format(
                few=len(few), all=len(keys), share=words.figure(material.figure("causes", "cumulative_share", few[-1]))
            )
        )
    shown = keys[:LISTED]
    if len(few) > len(shown):
        text = _("The {shown} largest, shown here, come to {share} together: reaching {cut} % takes {few} causes.")
        so_far = material.figure("causes", "cumulative_share", shown[-1])
        lead.append(text.format(shown=len(shown), share=words.figure(so_far), cut=round(CUT * 100), few=len(few)))
    figures = [material.figure("causes", "received", key) for key in shown]
    cumulative = [material.figure("causes", "cumulative_share", key) for key in shown]
    texts = [f"{words.figure(one)} · Σ {words.figure(total)}" for one, total in zip(figures, cumulative, strict=True)]
    chart = Chart(
        "rows",
        _("Pareto of the causes"),
        _("Bars of the number of records for each cause, the largest first; Σ: all causes down to it together."),
        tuple(shown),
        (Series(material.head("received").label, values(figures), tuple(texts), 1),),
        0,
        3,
        frozenset(place for place, key in enumerate(shown) if key not in few),
        _("up to {cut} % together").format(cut=round(CUT * 100)),
        _("the rest"),
        _("Σ: all causes down to this bar, together"),
    )
    measures = ("received", "share", "cumulative_share")
    rows = [
        Row((key, *(material.figure("causes", one, key) for one in measures)), "cut" if few and key == few[-1] else "")
        for key in shown
    ]
    heads = (group_head("cause"), *(material.head(one) for one in measures))
    return Section(
        "causes", _("Causes"), tuple(lead), (chart,) if keys else (),
        (Table("", heads, tuple(rows), rest(keys, shown)),), material.command("causes"),
    )  # fmt: skip


def vital(material: Material) -> list[str]:
    """The causes that, the largest first, together reach 80 %."""
    found = []
    for (key,) in material.keys("causes"):
        total = material.figure("causes", "cumulative_share", key).value
        if not key or total is None:
            continue
        found.append(key)
        if total >= CUT:
            break
    return found


def departments(material: Material) -> Section:
    """Mean resolution in working hours against the mean target."""
    keys = [key for (key,) in material.keys("departments") if any_of(material, "departments", "resolved", key)]
    lead = [
        _("Variance is mean less target, in working hours: negative is better, the department was faster."),
        _("{hours} working hours are one working day.").format(hours=words.number(material.hours_a_day)),
    ]
    mean = [material.figure("departments", "resolution_mean_wh", key) for key in keys]
    target = [material.figure("departments", "target_mean_wh", key) for key in keys]
    chart = Chart(
        "rows",
        _("Mean resolution against target"),
        _("Two bars for each department: the mean time to resolve and the mean of the targets, in working hours."),
        tuple(material.label("departments", "department", key) for key in keys),
        (
            Series(
                material.head("resolution_mean_wh").label, values(mean), tuple(words.with_n(one) for one in mean), 2
            ),
            Series(
                material.head("target_mean_wh").label, values(target), tuple(words.figure(one) for one in target), 3
            ),
        ),
    )
    rows = []
    for key in keys:
        before = material.figure("departments_before", "variance_mean_wh", key)
        measures = ("resolved", "resolution_mean_wh", "target_mean_wh", "variance_mean_wh", "sla_compliance")
        cells: list[Cell] = [material.figure("departments", one, key) for one in measures]
        variance = material.figure("departments", "variance_mean_wh", key)
        said = words.against_target(variance, material.hours_a_day)
        rows.append(Row((material.label("departments", "department", key), *cells, said, before)))
    heads = (
        group_head("department"), material.head("resolved"), material.head("resolution_mean_wh"),
        material.head("target_mean_wh"), material.head("variance_mean_wh"), material.head("sla_compliance"),
        Head(_("Against target"), numeric=False), material.head_before("variance_mean_wh"),
    )  # fmt: skip
    return Section(
        "departments", _("Departments against target"), tuple(lead), (chart,) if keys else (),
        (Table("", heads, tuple(rows)),), material.command("departments", "departments_before"),
    )  # fmt: skip


def levels(material: Material) -> Section:
    """Satisfaction by customer level, now and before, and along the period."""
    keys = [key for (key,) in material.keys("levels")]
    now = [material.figure("levels", "satisfaction_mean", key) for key in keys]
    before = [material.figure("levels_before", "satisfaction_mean", key) for key in keys]
    lead = [
        pick("{level}: {before} → {now}.", "{level}：{before} → {now}。").format(
            level=material.label("levels", "customer.level", one.key[0]),
            before=words.with_n(old),
            now=words.with_n(one),
        )
        for one, old in zip(now, before, strict=True)
        if one.value is not None and old.value is not None
    ]
    drawn = [place for place, one in enumerate(now) if one.n or before[place].n]
    pairs = [(material.period.label, now, 2), *([] if material.is_new else [(material.before.label, before, 4)])]
    chart = Chart(
        "rows",
        _("Satisfaction by customer level"),
        _("A bar for each level: the mean rating from 1 to 5 in this period, below it that of the one before."),
        tuple(material.label("levels", "customer.level", keys[place]) for place in drawn),
        tuple(
            Series(
                label, values(found[place] for place in drawn), tuple(words.with_n(found[place]) for place in drawn), at
            )
            for label, found, at in pairs
            if any(one.n for one in found)
        ),
    )
    rows = []
    for place, key in enumerate(keys):
        rows.append(
            Row(
                (
                    material.label("levels", "customer.level", key), material.figure("levels", "received", key),
                    now[place], material.figure("levels", "satisfied_share", key), before[place],
                    material.change(now[place], before[place]),
                )
            )
        )  # fmt: skip
    heads = (
        group_head("customer.level"), material.head("received"), material.head("satisfaction_mean"),
        material.head("satisfied_share"), material.head_before("satisfaction_mean"), Head(_("Change"), compares=True),
    )  # fmt: skip
    return Section(
        "levels", _("Satisfaction by customer level"), tuple(lead), (chart,) if drawn else (),
        (Table("", heads, tuple(rows)), *_level_trend(material, keys)),
        material.command("levels", "levels_before", "level_trend"),
    )  # fmt: skip


def _level_trend(material: Material, keys: Sequence[str]) -> tuple[Table, ...]:
    steps = material.steps("level_trend")
    rows = [
        Row(
            (
                material.label("levels", "customer.level", key),
                *(material.figure("level_trend", "satisfaction_mean", key, step) for step in steps),
            )
        )
        for key in keys
    ]
    caption = _("{measure} by {step}").format(
        measure=material.head("satisfaction_mean").label, step=words.unit(material.period.step)
    )
    return (Table(caption, (group_head("customer.level"), *(Head(step) for step in steps)), tuple(rows)),)
