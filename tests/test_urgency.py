"""Urgency: the sum by hand, levels at their thresholds, floors, repeats, and what the policy refuses."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import i18n, times, urgency, vocabulary
from exlog.conditions import Condition
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.store import yamlfile
from exlog.urgency import DEFAULT, Contact, Level, Rating, UrgencyPolicy

OWN = (
    Field("warranty", "choice", "Warranty", "保修", choices=("in", "out")),
    Field("pieces", "decimal", "Pieces", "件数"),
    Field("line", "text", "Line", "产线"),
)


def where(*path: Any) -> str:
    return ".".join(str(part) for part in path)


def policy_of(data: Any = None) -> UrgencyPolicy:
    return urgency.read(data, where, own=OWN)


POLICY = policy_of()


@pytest.fixture
def chinese() -> Iterator[None]:
    i18n.set_language("zh")
    yield
    i18n.set_language("en")


def rated(level: str = "", repeats: int = 0, **record: str) -> Rating:
    return urgency.rate(record, {"level": level} if level else {}, repeats, POLICY)


# --- the score


@pytest.mark.parametrize(
    ("level", "repeats", "record", "score", "expected"),
    [
        ("", 0, {}, "5", "low"),  # 0.2 × 25
        ("standard", 0, {"severity": "minor"}, "9", "low"),  # 4 + 5
        ("vip", 0, {"severity": "moderate"}, "37.5", "medium"),  # 20 + 17.5
        ("vip", 2, {"severity": "major", "order_value": "10000"}, "68.5", "critical"),  # 30 + 17.5 + 12 + 9, floor 2
        ("vip", 1, {"severity": "major", "order_value": "10000"}, "62.5", "high"),  # 30 + 17.5 + 12 + 3
        ("strategic", 3, {"severity": "major", "order_value": "9999.99"}, "72", "high"),  # 30 + 25 + 2 + 15
        ("strategic", 3, {"severity": "safety", "order_value": "100000"}, "100", "critical"),
        ("", 0, {"severity": "safety"}, "45", "critical"),  # 40 + 5, floor 1
        ("", 0, {"type": "complaint", "category": "quality"}, "5", "high"),  # floor 3
        ("", 0, {"type": "inquiry", "category": "quality"}, "5", "low"),
        ("standard", 0, {"order_value": "0"}, "7", "low"),  # 5 + 2
        ("standard", 0, {"order_value": "-1"}, "5", "low"),  # below all bands
        ("standard", 0, {"order_value": "lots"}, "5", "low"),  # no number: missing
        ("gold", 99, {"severity": "odd"}, "20", "low"),  # 0.2 × 25 missing, 15
    ],
)
def test_the_sum_is_what_a_person_gets_by_hand(
    level: str, repeats: int, record: dict[str, str], score: str, expected: str
) -> None:
    rating = rated(level, repeats, **record)
    assert rating.score == Decimal(score) == sum(part.points for part in rating.parts)
    assert rating.level == expected
    assert all(part.points == part.weight * part.share for part in rating.parts)


def test_each_part_says_what_it_saw() -> None:
    part = rated("vip", severity="major").parts[1]
    assert part == ("customer.level", "Customer level", "vip", Decimal(25), Decimal("0.7"), Decimal("17.5"), "VIP")


def test_floors_apply_in_order_and_only_those_that_raise_are_told() -> None:
    rating = rated(type="complaint", category="quality", severity="safety")
    assert [floor.at_least for floor in rating.floors] == ["critical"]
    assert rating.scored == Level("medium", Decimal(35))
    rising = policy_of(
        {"floors": [{"when": {}, "at_least": "medium"}, {"when": {"type": "complaint"}, "at_least": "critical"}]}
    )
    twice = urgency.rate({"type": "complaint"}, {}, 0, rising)
    assert [floor.at_least for floor in twice.floors] == ["medium", "critical"]
    assert urgency.rate({}, {}, 0, rising).level == "medium"
    assert urgency.level({"type": "complaint"}, {}, 0, rising) == twice.level


def test_the_explanation_is_the_sum_factor_by_factor() -> None:
    rating = rated("vip", 2, severity="major", order_value="20000", type="complaint")
    assert urgency.explain(rating) == [
        "Severity: major → 40 × 0.75 = 30",
        "Customer level: VIP → 25 × 0.7 = 17.5",
        "Order value: 20000 → 20 × 0.6 = 12",
        "Repeats in 90 days: 2 → 15 × 0.6 = 9",
        "score 68.5: high (from 60)",
        "at least critical: Repeats in 90 days >= 2, Order value >= 10000",
    ]
    assert urgency.explain(rated())[0] == "Severity: – → 40 × 0 = 0"


@pytest.mark.usefixtures("chinese")
def test_the_explanation_has_chinese_labels() -> None:
    lines = urgency.explain(rated("strategic", severity="safety"))
    assert lines[0] == "严重程度: 安全 → 40 × 1 = 40"
    assert lines[1] == "客户等级: 战略客户 → 25 × 1 = 25"
    assert "高" in lines[4]
    assert "极高" in lines[5]
    assert "严重程度 = 安全" in lines[5]


def test_own_fields_labels_and_aliases_may_stand_in_the_policy() -> None:
    made = policy_of(
        {
            "levels": [{"key": "紧急", "min": 50.5}, {"key": "一般", "min": 0}],
            "factors": [
                {"field": "severity", "weight": 33.25, "map": {"安全": 1, "严重": 0.5}},
                {"field": "warranty", "weight": 16.75, "map": {"IN": 1}, "missing": 0.25},
                {"field": "pieces", "weight": 50, "bands": [["12.5", 1], [-1, 0.0001]]},
            ],
            "floors": [{"when": {"line": "A"}, "at_least": "urgent"}],
        }
    )
    rating = urgency.rate({"severity": "safety", "warranty": "in", "pieces": "0"}, {}, 0, made)
    assert (rating.score, rating.level) == (Decimal("50.005"), "medium")
    assert urgency.rate({"line": "a"}, {}, 0, made).level == "high"


def test_what_the_policy_does_not_say_is_as_by_default() -> None:
    assert policy_of({}) == policy_of(copy.deepcopy(DEFAULT)) == POLICY
    assert policy_of({"floors": []}) == POLICY._replace(floors=())
    assert policy_of({"levels": None}) == POLICY


# --- what the policy refuses

GOOD_LEVELS = [{"key": "high", "min": 60}, {"key": "low", "min": 0}]
SEVERITY = {"field": "severity", "weight": 100, "map": {"safety": 1}}
VALUE = {"field": "order_value", "weight": 100, "bands": [[10, 1], [0, 0]]}
FLOOR = {"when": {"severity": "safety"}, "at_least": "high"}
NARROWER = {"when": {"severity": "safety", "type": "praise"}, "at_least": "high"}


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        ([], "urgency", "keys and values"),
        ({"weights": 1}, "urgency.weights", "no such key"),
        ({"levels": {}}, "urgency.levels", "a list"),
        ({"levels": []}, "urgency.levels", "start at 0"),
        ({"levels": [{"key": "high", "min": 60}]}, "urgency.levels", "start at 0"),
        ({"levels": [{"key": "huge", "min": 0}]}, "urgency.levels.0.key", "'huge'"),
        ({"levels": [{"key": "high"}]}, "urgency.levels.0.min", "min is missing"),
        ({"levels": [{"key": "high", "min": 101}]}, "urgency.levels.0.min", "from 0 to 100"),
        ({"levels": [{"key": "high", "min": 1.005}]}, "urgency.levels.0.min", "at most 2 decimals"),
        ({"levels": [{"key": "high", "min": float("nan")}]}, "urgency.levels.0.min", "nan is no number"),
        ({"levels": [{"key": "high", "min": True}]}, "urgency.levels.0.min", "True is no number"),
        ({"levels": [*GOOD_LEVELS, {"key": "low", "min": 0}]}, "urgency.levels.2", "go down"),
        ({"levels": [{"key": "low", "min": 60}, {"key": "high", "min": 0}]}, "urgency.levels.1", "go down"),
        ({"levels": [{"key": "high", "min": 0}, {"key": "low", "min": 0}]}, "urgency.levels.1", "go down"),
        ({"factors": []}, "urgency.factors", "sum to 0"),
        ({"factors": [{**SEVERITY, "weight": 99.5}]}, "urgency.factors", "sum to 99.5, not to 100"),
        ({"factors": [{**SEVERITY, "weight": -1}]}, "urgency.factors.0.weight", "from 0 to 100"),
        ({"factors": [{**SEVERITY, "weight": "a lot"}]}, "urgency.factors.0.weight", "a lot is no number"),
        ({"factors": ["severity"]}, "urgency.factors.0", "keys and values"),
        ({"factors": [{"weight": 100}]}, "urgency.factors.0.field", "field is missing"),
        ({"factors": [{**SEVERITY, "field": "severty"}]}, "urgency.factors.0.field", "mean severity"),
        ({"factors": [{**SEVERITY, "field": ["severity"]}]}, "urgency.factors.0.field", "no such field"),
        ({"factors": [{**SEVERITY, "field": "urgency"}]}, "urgency.factors.0.field", "on itself"),
        ({"factors": [{**SEVERITY, "share": 1}]}, "urgency.factors.0.share", "no such key"),
        ({"factors": [SEVERITY, SEVERITY]}, "urgency.factors.1.field", "has a factor already"),
        ({"factors": [{**SEVERITY, "bands": [[0, 1]]}]}, "urgency.factors.0", "either map or bands"),
        ({"factors": [{"field": "severity", "weight": 100}]}, "urgency.factors.0", "either map or bands"),
        ({"factors": [{**VALUE, "field": "severity"}]}, "urgency.factors.0.field", "map for a choice"),
        ({"factors": [{**SEVERITY, "field": "order_value"}]}, "urgency.factors.0.field", "bands for a number"),
        ({"factors": [{**SEVERITY, "field": "due_at"}]}, "urgency.factors.0.field", "times and dates"),
        ({"factors": [{**SEVERITY, "map": {}}]}, "urgency.factors.0.map", "no values"),
        ({"factors": [{**SEVERITY, "map": {"grave": 1}}]}, "urgency.factors.0.map.grave", "safety"),
        ({"factors": [{**SEVERITY, "map": {"safety": 1.01}}]}, "urgency.factors.0.map.safety", "from 0 to 1"),
        ({"factors": [{**SEVERITY, "map": {"safety": 0.00001}}]}, "urgency.factors.0.map.safety", "4 decimals"),
        ({"factors": [{**SEVERITY, "map": {"safety": 1, "安全": 1}}]}, "urgency.factors.0.map.安全", "already"),
        ({"factors": [{**SEVERITY, "map": {"": 1}}]}, "urgency.factors.0.map.", "missing:"),
        ({"factors": [{**SEVERITY, "field": "warranty"}]}, "urgency.factors.0.map.safety", "in, out"),
        ({"factors": [{**SEVERITY, "missing": 2}]}, "urgency.factors.0.missing", "from 0 to 1"),
        ({"factors": [{**VALUE, "bands": []}]}, "urgency.factors.0.bands", "no bands"),
        ({"factors": [{**VALUE, "bands": [0, 1]}]}, "urgency.factors.0.bands.0", "least value and a share"),
        ({"factors": [{**VALUE, "bands": [[0, 1], [10, 0]]}]}, "urgency.factors.0.bands.1", "go down"),
        ({"factors": [{**VALUE, "bands": [[0, 1], [0, 0]]}]}, "urgency.factors.0.bands.1", "go down"),
        ({"factors": [{**VALUE, "bands": [["", 1]]}]}, "urgency.factors.0.bands.0", "go down"),
        ({"factors": [{**VALUE, "bands": [["much", 1]]}]}, "urgency.factors.0.bands.0.0", "much is no number"),
        ({"factors": [{**VALUE, "bands": [[0, -0.1]]}]}, "urgency.factors.0.bands.0.1", "from 0 to 1"),
        ({"floors": [{"at_least": "high"}]}, "urgency.floors.0.when", "when is missing"),
        ({"floors": [{"when": {"severity": "grave"}, "at_least": "high"}]}, "urgency.floors.0.when.severity", "grave"),
        ({"floors": [{"when": {"urgency": "low"}, "at_least": "high"}]}, "urgency.floors.0.when.urgency", "itself"),
        ({"floors": [{**FLOOR, "at_least": "top"}]}, "urgency.floors.0.at_least", "'top'"),
        ({"levels": GOOD_LEVELS}, "urgency.floors.0.at_least", "high, low"),
        ({"floors": [{**FLOOR, "at_least": "low"}]}, "urgency.floors.0.at_least", "never raises"),
        ({"floors": [FLOOR, FLOOR]}, "urgency.floors.1", "floor 1 does so before"),
        ({"floors": [{**FLOOR, "at_least": "critical"}, NARROWER]}, "urgency.floors.1", "never raises"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_meant_is_refused_with_its_place(data: Any, place: str, says: str) -> None:
    with pytest.raises(Damaged) as caught:
        policy_of(data)
    assert caught.value.where == place
    assert caught.value.remedy
    assert says in caught.value.line()


def test_a_floor_that_raises_further_than_the_one_before_is_taken() -> None:
    floors = [FLOOR, {**FLOOR, "at_least": "critical"}]
    assert [floor.at_least for floor in policy_of({"floors": floors}).floors] == ["high", "critical"]


def test_an_error_names_file_and_line() -> None:
    text = (
        "urgency:\n  floors:\n    - {when: {severity: safety}, at_least: critical}\n    - {when: {}, at_least: low}\n"
    )
    document = yamlfile.load(text.encode(), "exlog.yaml")
    with pytest.raises(Damaged, match="nothing is below") as caught:
        urgency.read(document.plain()["urgency"], document.where)
    assert caught.value.where == "exlog.yaml:4: urgency.floors.1.at_least"


def test_the_default_reads_the_same_from_yaml() -> None:
    document = yamlfile.load(yamlfile.dump({"urgency": DEFAULT}), "exlog.yaml")
    assert urgency.read(document.plain()["urgency"], document.where, own=OWN) == POLICY


# --- properties

SHARES = st.integers(0, 10_000).map(lambda number: Decimal(number) / 10_000)
KNOWN = {
    "severity": ("", "odd", *vocabulary.keys("severity")),
    "type": vocabulary.keys("type"),
    "category": ("", *vocabulary.keys("category")),
    "order_value": ("", "x", "NaN", "-5", "0", "9999.99", "10000", "99999", "100000", "1e9"),
}
RECORDS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in KNOWN.items()})


@st.composite
def policies(draw: st.DrawFn) -> UrgencyPolicy:
    """The default with other weights (hundredths that sum to 100), shares and floors."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=3, max_size=3)))
    weights = [Decimal(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    factors = []
    for factor, weight in zip(POLICY.factors, weights, strict=True):
        shares = {key: draw(SHARES) for key in factor.shares}
        bands = tuple((least, draw(SHARES)) for least, _share in factor.bands)
        factors.append(factor._replace(weight=weight, shares=shares, bands=bands, missing=draw(SHARES)))
    floors = POLICY.floors if draw(st.booleans()) else ()
    return POLICY._replace(factors=tuple(factors), floors=floors)


def with_share(policy: UrgencyPolicy, number: int, share: Decimal) -> UrgencyPolicy:
    """The policy in which one factor gives ``share`` whatever it sees."""
    factor = policy.factors[number]
    fixed = factor._replace(shares={}, bands=(), missing=share)
    return policy._replace(factors=(*policy.factors[:number], fixed, *policy.factors[number + 1 :]))


@settings(deadline=None)
@given(policies(), RECORDS, st.integers(0, 5), st.integers(0, 3), SHARES, SHARES)
def test_a_higher_share_never_lowers_score_or_level(
    policy: UrgencyPolicy, record: dict[str, str], repeats: int, number: int, one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    less = urgency.rate(record, {}, repeats, with_share(policy, number, low))
    more = urgency.rate(record, {}, repeats, with_share(policy, number, high))
    assert more.score - less.score == policy.factors[number].weight * (high - low)
    assert urgency.rank(more.level) >= urgency.rank(less.level)


@settings(deadline=None)
@given(policies(), RECORDS, st.sampled_from(("", "vip", "standard", "x")), st.integers(0, 5))
def test_a_rating_is_the_same_each_time_and_its_sum_exact(
    policy: UrgencyPolicy, record: dict[str, str], level: str, repeats: int
) -> None:
    rating = urgency.rate(record, {"level": level}, repeats, policy)
    assert rating == urgency.rate(dict(reversed(record.items())), {"level": level}, repeats, policy)
    assert rating.level == urgency.level(record, {"level": level}, repeats, policy)
    hundredths = [(int(part.weight * 100), int(part.share * 10_000)) for part in rating.parts]
    assert int(rating.score * 1_000_000) == sum(weight * share for weight, share in hundredths)
    assert 0 <= rating.score <= 100
    assert urgency.rank(rating.level) >= urgency.rank(rating.scored.key)
    assert len(urgency.explain(rating)) == len(rating.parts) + 1 + len(rating.floors)


@settings(deadline=None)
@given(st.lists(st.integers(1, 10_000), min_size=3, max_size=3, unique=True), SHARES, st.integers(0, 2))
def test_levels_begin_exactly_at_their_min(mins: list[int], share: Decimal, number: int) -> None:
    bounds = [*(Decimal(one) / 100 for one in sorted(mins, reverse=True)), Decimal(0)]
    names = ("critical", "high", "medium", "low")
    factor = {"field": "severity", "weight": 100, "map": {"safety": 1}}
    made = policy_of(
        {
            "levels": [{"key": key, "min": str(least)} for key, least in zip(names, bounds, strict=True)],
            "factors": [factor],
            "floors": [],
        }
    )
    exact = urgency.rate({}, {}, 0, with_share(made, 0, bounds[number] / 100))
    assert (exact.score, exact.level) == (bounds[number], names[number])
    just_below = urgency.rate({}, {}, 0, with_share(made, 0, (bounds[number] - Decimal("0.0001")) / 100))
    assert urgency.rank(just_below.level) < urgency.rank(exact.level)
    score = urgency.rate({}, {}, 0, with_share(made, 0, share))
    assert score.level == next(name for name, bound in zip(names, bounds, strict=True) if share * 100 >= bound)


# --- revising


@pytest.mark.parametrize(
    ("old", "by", "rated_before", "now", "expected", "asked"),
    [
        ("", "", "", "low", "low", "low"),
        ("P1", "", "", "low", "low", "low"),
        ("medium", "computed", "medium", "high", "high", "high"),
        ("medium", "manual", "medium", "high", "high", "high"),
        ("medium", "manual", "high", "high", None, None),
        ("medium", "manual", "", "high", "high", "high"),
        ("medium", "computed", "medium", "medium", None, None),
        ("high", "computed", "high", "low", None, "low"),
        ("high", "manual", "medium", "low", None, None),
        ("high", "manual", "low", "high", None, None),
    ],
)
def test_new_facts_raise_and_never_lower_unasked(
    old: str, by: str, rated_before: str, now: str, expected: str | None, asked: str | None
) -> None:
    rating = rated()._replace(level=now)
    assert urgency.revise(old, by, rated_before, rating) == expected
    assert urgency.revise(old, by, rated_before, rating, lower=True) == asked


# --- repeats


def contact(id: str, day: str, customer: str = "C1", category: str = "quality", reason: str = "") -> Contact:
    received = day if "T" in day else f"{day}T10:00:00+08:00"
    return Contact(customer, category, received, reason, id)


def test_repeats_are_others_of_the_customer_with_the_category_within_90_days() -> None:
    one = contact("F20240401001", "2024-04-01")
    rows = [
        one,
        contact("F20240301001", "2024-03-01"),  # 1
        contact("F20240302002", "2024-03-02", reason="confirmed"),  # 2
        contact("F20240102001", "2024-01-02"),  # 3: 90 days to the second
        contact("F20240102002", "2024-01-02T09:59:59+08:00"),  # a second too early
        contact("F20240302002", "2024-03-02", reason="duplicate"),
        contact("F20240302003", "2024-03-02", reason="invalid"),
        contact("F20240302004", "2024-03-02", category="delivery"),
        contact("F20240302005", "2024-03-02", customer="C2"),
        contact("F20240402001", "2024-04-02"),  # 4: later
        contact("F20240331001", "2024-04-01"),  # 5: the same second
        contact("F20240630001", "2024-06-30T02:00:00Z"),  # 6: 90 days later to the second, in another zone
        contact("F20240630002", "2024-06-30T02:00:01Z"),  # a second too late
        contact("F20240401004", "someday"),
    ]
    assert urgency.repeats(one, rows) == 6
    assert urgency.all_repeats(rows)["F20240401001"] == 6
    assert urgency.repeats(one._replace(id=""), rows) == 7, "without an id yet it is none of the rows"


@pytest.mark.parametrize("gap", ["customer", "category", "received_at"])
def test_without_customer_category_or_time_nothing_repeats(gap: str) -> None:
    one = contact("F20240401001", "2024-04-01")._replace(**{gap: ""})
    rows = [one, one._replace(id="F20240301001")]
    assert urgency.repeats(one, rows) == 0
    assert set(urgency.all_repeats(rows).values()) == {0}


@st.composite
def contacts(draw: st.DrawFn) -> list[Contact]:
    made = []
    for number in range(draw(st.integers(0, 25))):
        minutes = draw(st.sampled_from((0, 1, 90 * 1440, 90 * 1440 + 1, 120 * 1440)) | st.integers(0, 200 * 1440))
        moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        received = draw(st.sampled_from((times.format_time(moment), times.format_time(moment), "", "x", "2024-01-01")))
        reason = draw(st.sampled_from(("", "confirmed", "duplicate", "invalid")))
        customer, category = draw(st.sampled_from(("C1", "C2", ""))), draw(st.sampled_from(("quality", "service", "")))
        made.append(Contact(customer, category, received, reason, f"F202401010{number + 95:02d}"))
    return draw(st.permutations(made))


def naive(one: Contact, rows: list[Contact]) -> int:
    """Counted the plain way, rule by rule."""
    count = 0
    for row in rows:
        if row.id == one.id or row.close_reason in ("duplicate", "invalid"):
            continue
        if (row.customer, row.category) != (one.customer, one.category) or "" in (row.customer, row.category):
            continue
        if "T" not in row.received_at or "T" not in one.received_at:
            continue
        gap = datetime.fromisoformat(one.received_at) - datetime.fromisoformat(row.received_at)
        count += abs(gap) <= timedelta(days=90)
    return count


@settings(deadline=None)
@given(contacts())
def test_repeats_are_what_a_naive_count_gives(rows: list[Contact]) -> None:
    expected = {row.id: naive(row, rows) for row in rows}
    assert {row.id: urgency.repeats(row, rows) for row in rows} == expected
    assert urgency.all_repeats(rows) == expected


def test_counting_is_quick_among_ten_thousand_rows() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        contact(f"F20240101{number:05d}", times.format_time(start + timedelta(minutes=number)), f"C{number % 500}")
        for number in range(10_000)
    ]
    begun = time.process_time()
    assert urgency.repeats(rows[-1], rows) == 19
    once = time.process_time() - begun
    assert sum(urgency.all_repeats(rows).values()) == 500 * 20 * 19
    assert once < 0.1
    assert time.process_time() - begun < 2


def test_a_floor_without_conditions_holds_for_every_record() -> None:
    made = policy_of({"floors": [{"when": {}, "at_least": "medium"}]})
    assert made.floors[0].when == Condition()
    assert urgency.explain(urgency.rate({}, {}, 0, made))[-1] == "at least medium: every record"
