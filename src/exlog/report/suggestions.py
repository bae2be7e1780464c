"""What to do next: each suggestion comes from a rule over figures, and says which.

A rule speaks only of figures that rest on ``SMALL`` records or more, unless it is about single records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from exlog.i18n import N_, _, pick
from exlog.report import sections, words
from exlog.report.material import Material
from exlog.report.model import SMALL, Figure, Rule, Suggestion

FEW_CAUSES = 0.2
LOW_RATING = 4.0
RATING_FELL = 0.2
IN_TIME = 0.9
ANSWERED = 0.6
REOPENED = 0.1
CAUSE_KNOWN = 0.5
SCATTERED = 0.7
AMONG = 0.4
AGAIN = 2
PER_RULE = 3
"""Suggestions of one rule, the weightiest first; how many more there are is said."""
NAMED = 10
"""Things that one suggestion names."""

Spoken = Iterator[tuple[str, list[Figure], str]]
"""Text, figures and section of each suggestion."""


class _Rule(NamedTuple):
    key: str
    statement: str
    numbers: dict[str, object]
    speak: Callable[[Material], Spoken]


def suggest(material: Material) -> tuple[Suggestion, ...]:
    """Every suggestion, in the order of the rules."""
    found = []
    for rule in _rules(material.limits, material.repeats_from):
        because = _(rule.statement).format(**rule.numbers)
        spoken = list(rule.speak(material))
        for text, figures, section in spoken[:PER_RULE]:
            named = tuple((_label(material, one), one) for one in figures)
            found.append(Suggestion(rule.key, text, because, named, section))
        if len(spoken) > PER_RULE:
            more = _("{because}; it speaks {count} times more").format(because=because, count=len(spoken) - PER_RULE)
            found[-1] = found[-1]._replace(because=more)
    return tuple(found)


def _label(material: Material, one: Figure) -> str:
    """What a figure is called: its measure, with the batch, or the period if that is the one before."""
    label = material.head(one.measure).label
    if one.source == "batches":
        return pick(f"{_batch(one)} {label}", f"{_batch(one)}{label}")
    if one.source.endswith("_before"):
        return pick(f"{label} {material.before.label}", f"{material.before.label}{label}")
    return label


def rules(limits: Mapping[str, float], repeats_from: int) -> tuple[Rule, ...]:
    """Every rule with its numbers, whether it speaks or not. ``limits``: targets that policy sets, by measure."""
    return tuple(Rule(one.key, _(one.statement).format(**one.numbers)) for one in _rules(limits, repeats_from))


def _rules(limits: Mapping[str, float], repeats_from: int) -> tuple[_Rule, ...]:
    return (*_of_speed(limits), *_of_causes(repeats_from), *_of_customers(limits), *_of_habits(limits))


def _of_speed(limits: Mapping[str, float]) -> Iterator[_Rule]:
    target = limits.get("sla_compliance", IN_TIME)
    yield _Rule(
        "slow-department",
        N_("a department's mean time to resolve is above the mean target, over {n} or more"),
        {"n": SMALL}, _slow_departments,
    )  # fmt: skip
    yield _Rule(
        "targets-missed",
        N_("targets met are below {least}, over {n} or more"),
        {"n": SMALL, "least": words.value(target, "share")}, _targets_missed,
    )  # fmt: skip
    yield _Rule(
        "backlog-grows",
        N_("less was resolved than received, and the backlog is larger than before"),
        {},
        _backlog_grows,
    )
    yield _Rule("old-backlog", N_("something waits for more than 30 working days"), {}, _old_backlog)


def _of_causes(repeats_from: int) -> Iterator[_Rule]:
    yield _Rule(
        "vital-cause",
        N_("one cause makes up {share} or more of those recorded, over {n} or more"),
        {"n": SMALL, "share": words.value(FEW_CAUSES, "share")}, _vital_causes,
    )  # fmt: skip
    yield _Rule(
        "causes-scattered",
        N_("it takes {share} or more of all causes to reach 80 %, over {n} or more: most are written only once"),
        {"n": 2 * SMALL, "share": words.value(SCATTERED, "share")}, _causes_scattered,
    )  # fmt: skip
    yield _Rule(
        "causes-missing",
        N_("fewer records have a cause than {share} of the number of complaints, over {n} complaints or more"),
        {"n": SMALL, "share": words.value(CAUSE_KNOWN, "share")}, _causes_missing,
    )  # fmt: skip
    yield _Rule(
        "repeat-batch",
        N_("a batch has {times} records or more (repeats_from of exlog.yaml)"),
        {"times": repeats_from}, _repeat_batches,
    )  # fmt: skip


def _of_customers(limits: Mapping[str, float]) -> Iterator[_Rule]:
    rating = limits.get("satisfaction_mean", LOW_RATING)
    yield _Rule(
        "repeat-customer",
        N_("a customer came again {times} times or more with the same category within 30 days"),
        {"times": AGAIN}, _repeat_customers,
    )  # fmt: skip
    yield _Rule(
        "low-rating",
        N_("a customer level rates below {rating}, or {fell} less than before, over {n} answers or more"),
        {"n": SMALL, "rating": words.value(rating, "points"), "fell": RATING_FELL}, _low_ratings,
    )  # fmt: skip
    yield _Rule(
        "region",
        N_("one of three or more regions has {share} of the complaints or more, over {n} or more"),
        {"n": SMALL, "share": words.value(AMONG, "share")}, _regions,
    )  # fmt: skip


def _of_habits(limits: Mapping[str, float]) -> Iterator[_Rule]:
    recorded = limits.get("recorded_in_time_share", IN_TIME)
    yield _Rule(
        "late-recording",
        N_("what is recorded within one working day is below {least}, over {n} or more"),
        {"n": SMALL, "least": words.value(recorded, "share")}, _late_recording,
    )  # fmt: skip
    yield _Rule(
        "unasked",
        N_("fewer than {least} of the closed records have a rating, over {n} or more"),
        {"n": SMALL, "least": words.value(ANSWERED, "share")}, _unasked,
    )  # fmt: skip
    yield _Rule(
        "reopened",
        N_("{share} or more of what was resolved was opened again, over {n} or more"),
        {"n": SMALL, "share": words.value(REOPENED, "share")}, _reopened,
    )  # fmt: skip


def _slow_departments(material: Material) -> Spoken:
    found = []
    for (key,) in material.keys("departments"):
        variance = material.figure("departments", "variance_mean_wh", key)
        if key and variance.value is not None and variance.value > 0 and not variance.small:
            found.append(variance)
    for one in sorted(found, key=lambda figure: -(figure.value or 0)):
        (key,) = one.key
        mean = material.figure("departments", "resolution_mean_wh", key)
        target = material.figure("departments", "target_mean_wh", key)
        text = _("Look at where {department} waits: it takes {mean} against a target of {target}.").format(
            department=material.label("departments", "department", key),
            mean=words.figure(mean),
            target=words.figure(target),
        )
        yield text, [mean, target, one], "departments"


def _targets_missed(material: Material) -> Spoken:
    kept = material.figure("all", "sla_compliance")
    if _below(kept, material.limits.get("sla_compliance", IN_TIME)):
        text = _("Go through what was late, one by one, and move people or targets (late: {count}).").format(
            count=words.figure(material.figure("all", "sla_breached"))
        )
        yield text, [kept, material.figure("all", "sla_met"), material.figure("all", "sla_breached")], "departments"


def _backlog_grows(material: Material) -> Spoken:
    waiting, before = material.figure("all", "backlog"), material.figure("all_before", "backlog")
    clearance = material.figure("all", "clearance")
    if (
        clearance.value is not None
        and clearance.value < 1
        and not material.is_new
        and waiting.value is not None
        and before.value is not None
        and waiting.value > before.value
    ):
        text = _("Clear the backlog before it ages: it grew from {before} to {now}.").format(
            before=words.figure(before), now=words.figure(waiting)
        )
        yield text, [clearance, waiting], "backlog"


def _old_backlog(material: Material) -> Spoken:
    old = material.figure("backlog", "backlog", "more")
    if old.value:
        yield (
            _("Decide what waits for more than 30 working days (records: {count}): solve it or close it with a reason.")
            .format(count=words.figure(old)),
            [old], "longest",
        )  # fmt: skip


def _vital_causes(material: Material) -> Spoken:
    for (key,) in material.keys("causes"):
        share, received = material.figure("causes", "share", key), material.figure("causes", "received", key)
        if key and share.value is not None and share.value >= FEW_CAUSES and (received.value or 0) >= SMALL:
            text = _("Remove the cause “{cause}” first: corrective action, then a check of its effect.").format(
                cause=key
            )
            yield text, [received, share], "causes"


def _causes_scattered(material: Material) -> Spoken:
    keys = [key for (key,) in material.keys("causes") if key]
    few = sections.vital(material)
    if keys and material.figure("causes", "share", keys[0]).n >= 2 * SMALL and len(few) >= SCATTERED * len(keys):
        text = _("Agree on a short list of causes: it takes {few} of {all} to reach 80 %, so none stands out.").format(
            few=len(few), all=len(keys)
        )
        yield text, [material.figure("causes", "cumulative_share", few[-1])], "causes"


def _causes_missing(material: Material) -> Spoken:
    complaints = material.figure("all", "complaints")
    keys = [key for (key,) in material.keys("causes") if key]
    known = material.figure("causes", "share", keys[0]).n if keys else 0
    if complaints.value is not None and complaints.value >= SMALL and known < CAUSE_KNOWN * complaints.value:
        text = _("Have causes recorded (cause_required_for in exlog.yaml; records with one: {known}).").format(
            known=known
        )
        yield text, [complaints], "causes"


def _repeat_batches(material: Material) -> Spoken:
    """One suggestion for all of them: what is to be done is the same."""
    every = [material.figure("batches", "received", *key) for key in material.keys("batches") if key[1]]
    found = [one for one in every if (one.value or 0) >= material.repeats_from]
    found.sort(key=lambda figure: -(figure.value or 0))
    named = [
        pick("{batch}: {count}", "{batch}{count}条").format(batch=_batch(one), count=words.figure(one))
        for one in found[:NAMED]
    ]
    if len(found) > NAMED:
        named.append(_("{count} more").format(count=len(found) - NAMED))
    if found:
        text = _("Check these batches with quality, and stop what is still in stock (records): {batches}.")
        complaints = [material.figure("batches", "complaints", *one.key) for one in found[:NAMED]]
        yield text.format(batches=words.listed(named)), complaints, "repeats"


def _batch(one: Figure) -> str:
    model, batch = one.key
    return pick(f"{batch} ({model or '–'})", f"{batch}（{model or '–'}）")


def _repeat_customers(material: Material) -> Spoken:
    found = [material.figure("customers", "repeat_contacts", key) for (key,) in material.keys("customers")]
    for one in sorted((one for one in found if (one.value or 0) >= AGAIN), key=lambda figure: -(figure.value or 0)):
        text = _("Visit or call {customer}, who had to come again {count} times.").format(
            customer=material.label("customers", "customer", one.key[0]), count=words.figure(one)
        )
        yield text, [one, material.figure("customers", "received", *one.key)], "repeats"


def _low_ratings(material: Material) -> Spoken:
    least = material.limits.get("satisfaction_mean", LOW_RATING)
    for (key,) in material.keys("levels"):
        now, before = (material.figure(name, "satisfaction_mean", key) for name in ("levels", "levels_before"))
        if now.value is None or now.small:
            continue
        fell = before.value is not None and not before.small and round(before.value - now.value, 6) >= RATING_FELL
        if now.value < least or fell:
            text = (
                _("Ask customers of level {level} what they miss: their rating fell from {before} to {rating}.")
                if fell
                else _("Ask customers of level {level} what they miss: they rate {rating}.")
            )
            level = material.label("levels", "customer.level", key)
            said = text.format(level=level, before=words.figure(before), rating=words.figure(now))
            yield said, [now, before] if fell else [now], "levels"


def _regions(material: Material) -> Spoken:
    keys = [key for (key,) in material.keys("regions") if key]
    all_of_them = material.figure("all", "complaints").value or 0
    if len(keys) < 3 or all_of_them < SMALL:
        return
    for key in keys:
        complaints = material.figure("regions", "complaints", key)
        if (complaints.value or 0) >= AMONG * all_of_them:
            text = _("See what {region} has that others have not: {count} of {all} complaints come from there.").format(
                region=key, count=words.figure(complaints), all=words.count(all_of_them)
            )
            yield text, [complaints], "regions"


def _late_recording(material: Material) -> Spoken:
    kept = material.figure("all", "recorded_in_time_share")
    if _below(kept, material.limits.get("recorded_in_time_share", IN_TIME)):
        yield _("Record on the day: what is written late is written from memory."), [kept], "all"


def _unasked(material: Material) -> Spoken:
    answered = material.figure("all", "response_rate")
    if _below(answered, ANSWERED):
        yield _("Ask for a rating at every confirmation: too few customers are heard."), [answered], "levels"


def _reopened(material: Material) -> Spoken:
    rate = material.figure("all", "reopen_rate")
    if rate.value is not None and rate.value >= REOPENED and not rate.small:
        yield _("Confirm with the customer before closing: too much comes back."), [rate], "all"


def _below(figure: Figure, least: float) -> bool:
    return figure.value is not None and figure.value < least and not figure.small
