"""Service levels: what exlog.yaml may say, each state, holds, and the words that explain a due time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import conditions, i18n
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.sla import (
    STATES,
    Compliance,
    Hold,
    SlaPolicy,
    Target,
    Watch,
    compliance,
    explain,
    held_intervals,
    read_sla,
    state_label,
    step_label,
    targets,
    verdicts,
)
from exlog.store import yamlfile
from exlog.worktime import Calendar, CalendarSpec, Interval, Special

SHANGHAI = ZoneInfo("Asia/Shanghai")

FESTIVAL = {date(2026, 2, n): Special(False, "Spring Festival") for n in range(15, 24)} | {
    date(2026, 2, 14): Special(True, "Spring Festival"),
    date(2026, 2, 28): Special(True, "Spring Festival"),
}
CALENDARS = {
    "default": Calendar(CalendarSpec(), SHANGHAI, FESTIVAL),
    "round": Calendar(CalendarSpec(hours=((Interval(0, 1440),),) * 7), SHANGHAI),
}

SLA = """
sla:
  - match: {type: praise}
  - match: {customer.level: strategic, order_value: ">=10000"}
    calendar: round
    respond: {from: received_at, to: first_response_at, within: 30m}
    warn_at: 0.5
  - match: {}
    record:  {from: received_at, to: recorded_at, within: 1wd}
    respond: {from: received_at, to: first_response_at, within: {critical: 1wh, high: 2wh, medium: 8wh, low: 2wd}}
    resolve: {from: received_at, to: resolved_at, within: {critical: 8wh, 紧急: 2wd, medium: 3wd, default: 5wd}}
    confirm: {from: resolved_at, to: confirmed_at, within: 24h}
"""


def read(text: str, **known: Any) -> SlaPolicy:
    document = yamlfile.load(text.encode(), "exlog.yaml")
    return read_sla(document.plain().get("sla"), document.where, calendars=("default", "round"), **known)


POLICY = read(SLA)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def record(**cells: str) -> dict[str, str]:
    """A record's cells; a time may leave out seconds and offset."""
    times = {name: f"{text}:00+08:00" if len(text) == 16 else text for name, text in cells.items()}
    return {"type": "complaint", **times}


def found(now: str, holds: list[Hold] | None = None, policy: SlaPolicy = POLICY, **cells: str) -> dict[str, Target]:
    return {one.name: one for one in targets(record(**cells), policy, CALENDARS, at(now), holds=holds)}


def hold(start: str, end: str) -> Hold:
    return Hold(at(start), at(end))


def due(target: Target) -> str:
    assert target.due_at is not None
    return f"{target.due_at:%Y-%m-%d %H:%M}"


class TestReading:
    def test_rules_and_their_defaults(self) -> None:
        praise, strategic, everyone = POLICY.rules
        assert (praise.steps, praise.calendar, praise.warn_at) == ((), "default", 0.75)
        assert (strategic.calendar, strategic.warn_at) == ("round", 0.5)
        assert [step.name for step in everyone.steps] == ["record", "respond", "resolve", "confirm"]
        assert everyone.steps[2].within("high").text == "2wd"
        assert read("sla: []") == SlaPolicy(())

    def test_without_an_urgency_the_default_counts_else_the_longest(self) -> None:
        respond, resolve = POLICY.rules[2].steps[1:3]
        for urgency in ("", "unheard of"):
            assert respond.within(urgency).text == "2wd"
            assert resolve.within(urgency).text == "5wd"
        assert resolve.within("low").text == "5wd"

    def test_own_fields_and_own_steps(self) -> None:
        own = Field("warranty", "choice", "Warranty", "保修", choices=("in", "out"))
        policy = read(
            "sla: [{match: {warranty: in}, assign: {from: recorded_at, to: assigned_at, within: 2wh}}]",
            known=conditions.known([own]),
        )
        made = found("2024-03-15T15:00", policy=policy, warranty="in", recorded_at="2024-03-15T09:00")
        assert (made["assign"].state, due(made["assign"])) == ("breached", "2024-03-15 11:00")
        assert not found("2024-03-15T15:00", policy=policy, warranty="out", recorded_at="2024-03-15T09:00")

    @pytest.mark.parametrize(
        ("text", "place", "says", "remedy"),
        [
            ("sla: {match: {}}", "exlog.yaml:1: sla", "must be a list", "-"),
            ("sla: [x]", "sla.0", "keys and values", ""),
            ("sla: [{macth: {}}]", "sla.0.macth", "macth is neither match, calendar, warn_at nor a step", "respond:"),
            ("sla: [{match: {typ: x}}]", "sla.0.match.typ", "no such field: typ", "type"),
            ("sla: [{match: {type: praised}}]", "sla.0.match.type", "praised", "praise"),
            ("sla: [{calendar: night}]", "sla.0.calendar", "no such calendar: night", "default, round"),
            ("sla: [{calendar: [default]}]", "sla.0.calendar", "no such calendar", "default"),
            ("sla: [{warn_at: 75}]", "sla.0.warn_at", "75 is no number from 0 to 1", "number"),
            ("sla: [{warn_at: 75%}]", "sla.0.warn_at", "75% is no number", "number"),
            ("sla: [{respond: 8wh}]", "sla.0.respond", "nor a step", "from"),
            ("sla: [{Respond: {from: received_at}}]", "sla.0.Respond", "nor a step", "from"),
            ("sla: [{respond: {from: received_at, within: 8wh}}]", "sla.0.respond", "to is missing", "from, to"),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: 8wh, by: 1}}]",
                "sla.0.respond.by",
                "no such key: by",
                "from, to, within",
            ),
            (
                "sla: [{respond: {from: recieved_at, to: resolved_at, within: 8wh}}]",
                "sla.0.respond.from",
                "no such field: recieved_at",
                "received_at",
            ),
            (
                "sla: [{respond: {from: received_at, to: status, within: 8wh}}]",
                "sla.0.respond.to",
                "status is no time of a record",
                "first_response_at",
            ),
            (
                "sla: [{respond: {from: customer.created_at, to: resolved_at, within: 8wh}}]",
                "sla.0.respond.from",
                "is no time of a record",
                "received_at",
            ),
            (
                "sla: [{respond: {from: received_at, to: received_at, within: 8wh}}]",
                "sla.0.respond.to",
                "ends where it begins",
                "different",
            ),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: 8}}]",
                "sla.0.respond.within",
                "8 is no time allowed",
                "8wh",
            ),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: {critcal: 8wh}}}]",
                "sla.0.respond.within.critcal",
                "critcal",
                "critical",
            ),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: {critical: 8wh, 极高: 1wh}}}]",
                "sla.0.respond.within.极高",
                "critical has a time already",
                "remove",
            ),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: {critical: 8wh, high: 9wh}}}]",
                "sla.0.respond.within",
                "no time for: medium, low",
                "default",
            ),
            (
                "sla: [{respond: {from: received_at, to: resolved_at, within: {critical: 0h, default: 1h}}}]",
                "sla.0.respond.within.critical",
                "0h is not from 1 to 9999h",
                "8wh",
            ),
            ("sla:\n- match: {}\n- match: {type: praise}", "exlog.yaml:3: sla.1", "never used: item 1", "further up"),
            ("sla:\n- {}\n- {}", "sla.1", "never used: item 1", "further up"),
            (
                "sla:\n- match: {type: inquiry}\n- match: {type: [complaint, praise]}\n"
                "- match: {type: praise, channel: phone}",
                "sla.2",
                "never used: item 2",
                "remove",
            ),
        ],
    )
    def test_what_is_refused(self, text: str, place: str, says: str, remedy: str) -> None:
        with pytest.raises(Damaged) as caught:
            read(text)
        assert caught.value.where.endswith(place)
        assert caught.value.where.startswith("exlog.yaml:")
        assert says in caught.value.message
        assert remedy in caught.value.remedy


class TestStates:
    def test_the_first_rule_that_holds_has_the_times(self) -> None:
        assert not found("2024-03-15T10:00", type="praise", received_at="2024-03-15T09:00")
        cells = {"customer.level": "strategic", "order_value": "10000.00", "received_at": "2024-03-16T09:00"}
        made = found("2024-03-16T09:10", **cells)
        assert list(made) == ["respond"]
        assert (made["respond"].rule, made["respond"].calendar, due(made["respond"])) == (
            1, "round", "2024-03-16 09:30",
        )  # fmt: skip
        assert found("2024-03-16T09:10", **{**cells, "order_value": "9999"})["respond"].rule == 2
        assert targets(record(), SlaPolicy(()), CALENDARS, at("2024-03-16T09:10")) == []

    def test_steps_are_chosen_by_name(self) -> None:
        made = targets(
            record(received_at="2024-03-15T09:00"), POLICY, CALENDARS, at("2024-03-15T10:00"), steps=("resolve",)
        )
        assert [one.name for one in made] == ["resolve"]

    @pytest.mark.parametrize(
        ("urgency", "respond", "resolve"),
        [
            ("critical", "2024-03-15 17:30", "2024-03-18 16:30"),
            ("high", "2024-03-18 09:30", "2024-03-19 18:00"),
            ("medium", "2024-03-18 16:30", "2024-03-20 18:00"),
            ("low", "2024-03-19 18:00", "2024-03-22 18:00"),
            ("", "2024-03-19 18:00", "2024-03-22 18:00"),
        ],
    )
    def test_due_times_by_urgency(self, urgency: str, respond: str, resolve: str) -> None:
        made = found("2024-03-15T16:30", urgency=urgency, received_at="2024-03-15T16:30")
        assert (due(made["respond"]), due(made["resolve"])) == (respond, resolve)

    def test_a_make_up_saturday_counts(self) -> None:
        made = found("2026-02-13T16:00", urgency="critical", received_at="2026-02-13T16:00")
        assert due(made["resolve"]) == "2026-02-14 16:00"

    @pytest.mark.parametrize(
        ("now", "state", "used"),
        [
            ("2024-03-15T09:00", "pending", 0),
            ("2024-03-15T15:59", "pending", 359 / 480),
            ("2024-03-15T16:00", "warn", 0.75),
            ("2024-03-15T18:00", "warn", 1),
            ("2024-03-15T18:01", "breached", 1),
            ("2024-03-18T10:00", "breached", 540 / 480),
        ],
    )
    def test_an_open_step(self, now: str, state: str, used: float) -> None:
        made = found(now, urgency="critical", received_at="2024-03-15T09:00")["resolve"]
        assert made.state == state
        assert made.used == pytest.approx(used)

    def test_the_share_of_working_days(self) -> None:
        cells = {"urgency": "high", "received_at": "2024-03-14T14:00"}
        assert found("2024-03-15T18:00", **cells)["resolve"].used == pytest.approx(12 / 20)
        assert due(found("2024-03-15T18:00", **cells)["resolve"]) == "2024-03-18 18:00"

    def test_a_step_that_was_taken(self) -> None:
        cells = {"urgency": "critical", "received_at": "2024-03-15T09:00"}
        late = found("2024-04-01T09:00", resolved_at="2024-03-15T18:01", **cells)
        just = found("2024-04-01T09:00", resolved_at="2024-03-15T18:00", **cells)
        assert (late["resolve"].state, just["resolve"].state) == ("breached", "met")
        assert just["resolve"].used is None and just["resolve"].met_at == at("2024-03-15T18:00")
        assert (late["confirm"].state, due(late["confirm"])) == ("breached", "2024-03-16 18:01")

    def test_a_step_that_has_not_begun(self) -> None:
        made = found("2024-03-15T10:00", received_at="2024-03-15T09:00")["confirm"]
        assert (made.state, made.from_at, made.due_at, made.used) == ("not_started", None, None, None)
        for damaged in ("yesterday", "2024-03-15", "0001-01-01T00:00:00+00:00"):
            assert found("2024-03-15T10:00", received_at=damaged)["resolve"].state == "not_started"

    def test_a_stored_time_of_another_zone_is_that_instant(self) -> None:
        made = found("2024-03-15T10:00", urgency="critical", received_at="2024-03-15T01:00:00Z")
        assert due(made["resolve"]) == "2024-03-15 18:00"

    def test_duplicates_and_invalid_records_have_none(self) -> None:
        for reason in ("duplicate", "invalid"):
            assert not found("2024-03-15T10:00", received_at="2024-03-15T09:00", close_reason=reason)

    def test_a_closed_record_waits_for_nothing(self) -> None:
        cells = {
            "urgency": "high",
            "received_at": "2024-03-15T09:00",
            "resolved_at": "2024-03-15T10:00",
            "close_reason": "confirmed",
            "confirmed_at": "2024-03-15T10:00",
        }
        early = found("2024-04-01T09:00", closed_at="2024-03-15T10:00", **cells)
        late = found("2024-04-01T09:00", closed_at="2024-03-15T17:00", **cells)
        assert "respond" not in early
        assert late["respond"].state == "breached" and late["respond"].used is None

    def test_a_confirmation_that_the_customer_never_gave_is_no_breach(self) -> None:
        cells = {"received_at": "2024-03-15T09:00", "resolved_at": "2024-03-15T10:00", "closed_at": "2024-03-25T10:00"}
        assert "confirm" not in found("2024-04-01T09:00", close_reason="no_response", **cells)
        assert found("2024-04-01T09:00", close_reason="confirmed", **cells)["confirm"].state == "breached"


class TestHolds:
    CELLS = {"urgency": "critical", "received_at": "2024-03-15T09:00"}  # noqa: RUF012

    def test_working_time_on_hold_moves_the_due_time(self) -> None:
        friday = [hold("2024-03-15T11:00", "2024-03-15T14:00")]
        made = found("2024-03-15T15:00", friday, **self.CELLS)["resolve"]
        assert (due(made), made.held, made.exact) == ("2024-03-18 11:00", 120, True)
        assert made.used == pytest.approx(3 / 8)

    def test_a_hold_over_the_weekend_moves_it_by_what_was_working_time(self) -> None:
        made = found("2024-03-18T09:00", [hold("2024-03-15T17:00", "2024-03-18T09:00")], **self.CELLS)["resolve"]
        assert (due(made), made.held) == ("2024-03-18 10:00", 60)

    def test_elapsed_hours_move_by_elapsed_time(self) -> None:
        policy = read("sla: [{resolve: {from: received_at, to: resolved_at, within: 24h}}]")
        made = found("2024-03-15T15:00", [hold("2024-03-15T11:00", "2024-03-15T14:00")], policy, **self.CELLS)
        assert (due(made["resolve"]), made["resolve"].held) == ("2024-03-16 12:00", 180)

    def test_only_what_lies_in_the_step_and_begins_before_it_is_due(self) -> None:
        holds = [
            hold("2024-03-14T09:00", "2024-03-15T10:00"),  # an hour of it lies in the step
            hold("2024-03-15T09:30", "2024-03-15T10:30"),  # half of it is in the one before
            hold("2024-03-18T14:00", "2024-03-18T15:00"),  # the step is due by then
        ]
        made = found("2024-03-20T09:00", holds, **self.CELLS)["resolve"]
        assert (due(made), made.held, made.state) == ("2024-03-18 10:30", 90, "breached")
        taken = found("2024-03-20T09:00", holds, resolved_at="2024-03-15T10:15", **self.CELLS)["resolve"]
        assert (due(taken), taken.held) == ("2024-03-18 10:15", 75)

    def test_a_due_time_by_working_days_moves_as_well(self) -> None:
        cells = {**self.CELLS, "urgency": "high"}
        made = found("2024-03-16T09:00", [hold("2024-03-15T10:00", "2024-03-15T11:00")], **cells)["resolve"]
        assert due(made) == "2024-03-20 10:00"

    def test_while_it_lasts_the_clock_stands_still(self) -> None:
        cells = {**self.CELLS, "hold_since": "2024-03-15T11:00"}
        before, after = (found(now, [], **cells)["resolve"] for now in ("2024-03-15T11:30", "2024-03-19T11:00"))
        assert before.used == after.used == pytest.approx(2 / 8)
        assert (before.state, after.state) == ("pending", "pending")
        assert (due(before), due(after)) == ("2024-03-18 09:30", "2024-03-19 18:00")
        assert found("2024-03-19T11:00", **cells)["resolve"].exact

    def test_a_record_held_after_its_due_time_stays_late(self) -> None:
        made = found("2024-03-19T11:00", [], **self.CELLS, hold_since="2024-03-18T09:00")["resolve"]
        assert (due(made), made.state) == ("2024-03-15 18:00", "breached")

    def test_without_the_history_the_sum_counts_from_the_start(self) -> None:
        made = found("2024-03-15T15:00", **self.CELLS, hold_minutes="180")
        assert (due(made["resolve"]), made["resolve"].held) == ("2024-03-18 12:00", 180)
        assert not made["resolve"].exact
        assert made["record"].exact and made["record"].held == 0
        weekend = found("2024-03-20T15:00", urgency="critical", received_at="2024-03-15T17:00", hold_minutes="3900")
        assert (due(weekend["resolve"]), weekend["resolve"].held) == ("2024-03-19 10:00", 120)

    def test_the_sum_is_no_longer_than_the_step(self) -> None:
        made = found("2024-03-15T10:00", **self.CELLS, hold_minutes="999999999")["resolve"]
        assert (due(made), made.held) == ("2024-03-18 10:00", 60)
        assert found("2024-03-15T10:00", **self.CELLS, hold_minutes="many")["resolve"].held == 0

    def test_a_step_after_the_work_knows_no_hold(self) -> None:
        cells = {**self.CELLS, "resolved_at": "2024-03-15T10:00", "hold_minutes": "60"}
        assert due(found("2024-03-15T11:00", **cells)["confirm"]) == "2024-03-16 10:00"

    def test_intervals_from_the_history(self) -> None:
        events = [
            ("2024-03-18T09:00:00+08:00", "hold_since", "2024-03-15T17:00:00+08:00", ""),
            ("2024-03-15T17:00:00+08:00", "hold_since", "", "2024-03-15T17:00:00+08:00"),
            ("2024-03-15T11:00:00+08:00", "hold_since", "2024-03-15T10:00:00+08:00", ""),
            ("2024-03-15T11:00:00+08:00", "status", "on_hold", "in_progress"),
            ("2024-03-15T11:00:00+08:00", "hold_since", "whenever", ""),
        ]
        assert held_intervals(events) == [
            hold("2024-03-15T10:00", "2024-03-15T11:00"),
            hold("2024-03-15T17:00", "2024-03-18T09:00"),
        ]

    @given(
        st.integers(0, 3000),
        st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 600)), max_size=4),
        st.sampled_from(["critical", "high", "medium", "low"]),
        st.booleans(),
    )
    @settings(max_examples=60, deadline=None)
    def test_what_is_left_is_what_was_not_used(
        self, start: int, spans: list[tuple[int, int]], urgency: str, closed: bool
    ) -> None:
        """The due time is where the time allowed has run out, walking from hold to hold."""
        received = at("2024-03-15T09:00") + timedelta(minutes=start)
        holds = sorted(Hold(received + timedelta(minutes=a), received + timedelta(minutes=a + b)) for a, b in spans)
        now = received + timedelta(days=60)
        cells = {"urgency": urgency, "received_at": received.isoformat()}
        made = {one.name: one for one in targets(record(**cells), POLICY, CALENDARS, now, holds=holds)}["resolve"]
        assert made.due_at is not None
        calendar = CALENDARS["default"]
        left = calendar.working_minutes(received, calendar.due(received, made.limit))
        place = received
        for begin, end in holds:
            run = calendar.working_minutes(place, max(place, begin))
            if run >= left:
                break
            left -= run
            place = max(place, end)
        assert calendar.working_minutes(made.due_at, calendar.add_working(place, left)) == 0


MINUTES = st.integers(0, 4000)


@given(
    st.fixed_dictionaries(
        {
            "urgency": st.sampled_from(["critical", "high", "medium", "low", ""]),
            "hold_minutes": st.sampled_from(["", "90", "2520"]),
            "due_by": st.sampled_from(["computed", "manual"]),
        }
    ),
    st.dictionaries(
        st.sampled_from(["recorded_at", "first_response_at", "resolved_at", "confirmed_at", "hold_since", "due_at"]),
        MINUTES,
    ),
    st.none() | st.lists(st.tuples(MINUTES, st.integers(1, 600)), max_size=3),
    MINUTES,
)
@settings(max_examples=150, deadline=None)
def test_what_is_watched_is_what_the_targets_say(
    texts: dict[str, str], after: dict[str, int], spans: list[tuple[int, int]] | None, now: int
) -> None:
    received = at("2024-03-15T09:00")
    moments = {name: (received + timedelta(minutes=minutes)).isoformat() for name, minutes in after.items()}
    row = record(received_at=received.isoformat(), **texts, **moments)
    holds = None if spans is None else [
        Hold(received + timedelta(minutes=a), received + timedelta(minutes=a + b)) for a, b in sorted(spans)
    ]  # fmt: skip
    moment = received + timedelta(minutes=now)
    every = targets(row, POLICY, CALENDARS, moment, holds=holds)
    judged = {one.name: {"pending": "open", "warn": "open"}.get(one.state, one.state) for one in every}
    assert verdicts(row, POLICY, CALENDARS, moment, holds=holds) == judged
    wanted = [one for one in every if one.used is not None]
    watched = Watch(POLICY, CALENDARS, moment).running(row, holds)
    assert [(one.name, one.state, one.due_at, one.kept, one.end, one.calendar) for one in watched] == [
        (one.name, one.state, one.due_at, one.kept, one.end, one.calendar) for one in wanted
    ]


def test_compliance_leaves_out_what_is_not_yet_due() -> None:
    rows = [
        record(urgency="critical", received_at="2024-03-15T09:00", resolved_at="2024-03-15T12:00"),
        record(urgency="critical", received_at="2024-03-15T09:00", resolved_at="2024-03-19T12:00"),
        record(urgency="critical", received_at="2024-03-15T09:00"),
        record(urgency="critical", received_at="2024-03-20T08:00"),
        record(urgency="critical"),
    ]
    now = at("2024-03-20T09:00")
    made = [one for row in rows for one in targets(row, POLICY, CALENDARS, now, steps=("resolve",))]
    assert [one.state for one in made] == ["met", "breached", "breached", "pending", "not_started"]
    assert compliance(made) == Compliance(1, 2)
    assert compliance(made).share == pytest.approx(1 / 3) and compliance(made).number == 3
    assert compliance([]).share is None


class TestExplaining:
    def test_over_the_spring_festival(self) -> None:
        made = found("2026-02-14T10:00", urgency="high", received_at="2026-02-13T16:00")["resolve"]
        assert explain(made, CALENDARS["default"]) == [
            "resolution: 2wd = close of business on working day 2 after the start day; item 3 of sla (every record),"
            " urgency high",
            "2026-02-13: the start day, not counted",
            "2026-02-14: counts (make-up day for Spring Festival)",
            "2026-02-15..23: does not count (Spring Festival)",
            "2026-02-24: counts",
            "from 2026-02-13 16:00, due 2026-02-24 18:00, 16% of the time used: in time so far",
        ]

    def test_a_hold_and_a_step_that_was_taken(self) -> None:
        cells = {"urgency": "critical", "received_at": "2024-03-29T15:30", "resolved_at": "2024-04-01T12:00"}
        made = found("2024-04-02T10:00", hold_minutes="90", **cells)["resolve"]
        assert explain(made, CALENDARS["default"])[1:] == [
            "1 h 30 min of working time on hold do not count",
            "when that was is not known from the row: it is taken from the start",
            "2024-03-29: counts",
            "2024-03-30..31: does not count (weekend)",
            "2024-04-01: counts",
            "from 2024-03-29 15:30, due 2024-04-01 17:00, done 2024-04-01 12:00: met",
        ]

    def test_elapsed_time_and_what_has_not_begun(self) -> None:
        made = found("2024-04-01T13:00", received_at="2024-03-29T10:00", resolved_at="2024-04-01T12:00")
        assert explain(made["confirm"], CALENDARS["default"]) == [
            "confirmation: 24h = 24 hours; item 3 of sla (every record), urgency –",
            "from 2024-04-01 12:00, due 2024-04-02 12:00, 4% of the time used: in time so far",
        ]
        waiting = found("2024-04-01T13:00", received_at="2024-03-29T10:00")["confirm"]
        assert explain(waiting, CALENDARS["default"])[1:] == ["it has not begun"]

    def test_spans_over_a_month_and_a_year(self) -> None:
        policy = read("sla: [{resolve: {from: received_at, to: resolved_at, within: 3wd}}]")
        holiday = {date(2024, 12, 28) + timedelta(days=n): Special(False, "Turn of the Year") for n in range(6)}
        calendar = Calendar(CalendarSpec(), SHANGHAI, holiday)
        row = record(received_at="2024-12-27T10:00")
        (made,) = targets(row, policy, {"default": calendar}, at("2024-12-27T10:00"))
        lines = explain(made, calendar)
        assert lines[2:4] == ["2024-12-28..2025-01-02: does not count (Turn of the Year)", "2025-01-03: counts"]
        assert "2025-01-06..07: counts" in lines

    def test_labels(self) -> None:
        i18n.set_language("zh")
        try:
            assert [state_label(state) for state in STATES] == ["未开始", "未到期", "即将超时", "按时", "超时"]
            assert step_label("respond") == "首次响应"
        finally:
            i18n.set_language("en")
        assert step_label("own") == "own"


def test_of_a_due_time_that_a_hold_moved_the_hold_is_no_used_time() -> None:
    cells = {
        "urgency": "critical", "received_at": "2024-03-11T09:00", "recorded_at": "2024-03-11T09:05",
        "due_at": "2024-03-13T12:00", "due_by": "computed", "hold_minutes": "2520",
    }  # fmt: skip
    resolve = found("2024-03-13T09:00", **cells)["resolve"]
    assert resolve.limit.text == "8wh"
    assert resolve.used == pytest.approx(5 / 8)
    assert found("2024-03-13T09:00", **{**cells, "due_by": "manual"})["resolve"].used == pytest.approx(16 / 19)
