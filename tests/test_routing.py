"""Routing and the conditions it shares with urgency: what matches, what covers, who gets a record, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exlog import conditions, i18n, routing, vocabulary
from exlog.conditions import Condition, covers
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.routing import Person, Route
from exlog.store import yamlfile
from exlog.urgency import REPEATS

OWN = (
    Field("warranty", "choice", "Warranty", "保修", choices=("in", "out")),
    Field("pieces", "decimal", "Pieces", "件数"),
    Field("made_on", "date", "Made", "制造日期"),
)
KNOWN = conditions.known(OWN, [REPEATS])


def where(*path: Any) -> str:
    return ".".join(str(part) for part in path)


def condition(data: Any) -> Condition:
    return conditions.read(data, where, ("when",), KNOWN)


@pytest.fixture
def chinese() -> Iterator[None]:
    i18n.set_language("zh")
    yield
    i18n.set_language("en")


# --- conditions


@pytest.mark.parametrize(
    ("data", "matching", "others"),
    [
        ({}, [{}, {"type": "complaint"}], []),
        ({"category": "quality"}, [{"category": "quality"}], [{"category": "service"}, {"category": ""}, {}]),
        ({"category": "物流"}, [{"category": "delivery"}], [{"category": "quality"}]),
        ({"category": ["质量", "delivery"]}, [{"category": "quality"}, {"category": "delivery"}], [{}]),
        ({"category": "!=quality"}, [{"category": "service"}, {}], [{"category": "quality"}]),
        ({"category": ""}, [{}, {"category": ""}], [{"category": "other"}]),
        ({"category": "!="}, [{"category": "other"}], [{}, {"category": " "}]),
        ({"order_value": ">=10000"}, [{"order_value": "10000.00"}, {"order_value": "99999"}],
         [{"order_value": "9999.99"}, {"order_value": ""}, {"order_value": "NaN"}, {"order_value": "1e9"}]),
        ({"order_value": "> 10000"}, [{"order_value": "10000.01"}], [{"order_value": "10000"}]),
        ({"order_value": "<5"}, [{"order_value": "-3"}], [{"order_value": "5"}, {}]),
        ({"order_value": "<=5"}, [{"order_value": "5"}], [{"order_value": "5.1"}]),
        ({"order_value": 5}, [{"order_value": "5.00"}], [{"order_value": "50"}, {}]),
        ({"order_value": [5, "6.5"]}, [{"order_value": "6.50"}], [{"order_value": "6"}]),
        ({"order_value": "!=5"}, [{"order_value": "6"}, {}, {"order_value": "x"}], [{"order_value": "5.0"}]),
        ({"product": "P20 pro"}, [{"product": "p20 PRO "}], [{"product": "P20"}]),
        ({"made_on": ">=2024-03-01"}, [{"made_on": "2024-03-01"}], [{"made_on": "2024-02-29"}, {"made_on": "soon"}]),
        ({"made_on": "2024-03-01"}, [{"made_on": "2024-03-01"}], [{}]),
        ({"first_response_at": ""}, [{}], [{"first_response_at": "2024-03-01T10:00:00+08:00"}]),
        ({"first_response_at": "!="}, [{"first_response_at": "2024-03-01T10:00:00+08:00"}], [{}]),
        ({"warranty": "IN"}, [{"warranty": "in"}], [{"warranty": "out"}]),
        ({"customer.level": "VIP客户"}, [{"customer.level": "vip"}], [{"level": "vip"}, {}]),
        ({"customer.region": "华东"}, [{"customer.region": "华东"}], [{"region": "华东"}]),
        ({"repeat_90d": ">=2"}, [{"repeat_90d": "2"}], [{"repeat_90d": "1"}]),
        ({"type": "complaint", "region": "华东"}, [{"type": "complaint", "region": "华东"}],
         [{"type": "complaint"}, {"region": "华东"}]),
    ],
)  # fmt: skip
def test_a_condition_matches(data: Any, matching: list[dict[str, str]], others: list[dict[str, str]]) -> None:
    made = condition(data)
    assert [values for values in matching if not made.matches(values)] == []
    assert [values for values in others if made.matches(values)] == []


def test_a_record_and_its_customer_are_one_mapping() -> None:
    values = conditions.merged({"region": "华东"}, {"region": "华北", "level": "vip"})
    assert values == {"region": "华东", "customer.region": "华北", "customer.level": "vip"}


def test_the_ledgers_own_words_are_taken() -> None:
    def resolve(enum: str, text: str) -> str:
        return vocabulary.resolve(enum, text, {"门店": "onsite"} if enum == "channel" else None)

    made = conditions.read({"channel": "门店"}, where, (), KNOWN, resolve)
    assert made.matches({"channel": "onsite"})


def test_a_condition_in_words() -> None:
    made = condition({"category": ["quality", ""], "customer.level": "!=vip", "order_value": ">=10000"})
    assert made.words() == "Category = product quality / –, Customer level != VIP, Order value >= 10000"
    assert conditions.always.words() == "every record"


@pytest.mark.usefixtures("chinese")
def test_a_condition_in_chinese() -> None:
    made = condition({"category": "quality", "customer.level": "vip", "customer.region": "华东"})
    assert made.words() == "类别 = 产品质量, 客户等级 = VIP客户, 客户地区 = 华东"


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        ("complaint", "when", "keys and values"),
        (None, "when", "keys and values"),
        ({"catgory": "quality"}, "when.catgory", "mean category"),
        ({"customer.levle": "vip"}, "when.customer.levle", "customer.level"),
        ({"zzz": "1"}, "when.zzz", "own fields are declared"),
        ({"category": "colour"}, "when.category", "quality (产品质量)"),
        ({"category": None}, "when.category", "'None'"),
        ({"category": ["quality", "colour"]}, "when.category.1", "'colour'"),
        ({"category": []}, "when.category", "never matches"),
        ({"category": ["!=quality"]}, "when.category.0", "not comparisons"),
        ({"category": "=quality"}, "when.category", "no comparison"),
        ({"subject": "~scratch"}, "when.subject", "no comparison"),
        ({"category": ">=quality"}, "when.category", "no order"),
        ({"product": ">5"}, "when.product", "no order"),
        ({"order_value": ">="}, "when.order_value", "no order"),
        ({"order_value": ">=much"}, "when.order_value", "much is no number"),
        ({"order_value": ">=10,000"}, "when.order_value", "10,000 is no number"),
        ({"order_value": True}, "when.order_value", "True is no number"),
        ({"order_value": float("inf")}, "when.order_value", "inf is no number"),
        ({"order_value": {"min": 5}}, "when.order_value", "no number"),
        ({"order_no": 7}, "when.order_no", "in quotes"),
        ({"made_on": ">=March"}, "when.made_on", "March is no date"),
        ({"due_at": ">=2024-03-01"}, "when.due_at", "whether it is there"),
        ({"warranty": "maybe"}, "when.warranty", "in, out"),
    ],
)
def test_a_condition_that_cannot_be_read_names_its_place(data: Any, place: str, says: str) -> None:
    with pytest.raises(Damaged) as caught:
        condition(data)
    assert caught.value.where == place
    assert caught.value.remedy
    assert says in caught.value.line()


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ({}, {"type": "complaint"}, True),
        ({}, {}, True),
        ({"type": "complaint"}, {}, False),
        ({"type": "complaint"}, {"type": "complaint", "category": "quality"}, True),
        ({"type": "complaint", "category": "quality"}, {"type": "complaint"}, False),
        ({"type": ["complaint", "inquiry"]}, {"type": "inquiry"}, True),
        ({"type": "inquiry"}, {"type": ["complaint", "inquiry"]}, False),
        ({"type": "!=praise"}, {"type": "complaint"}, True),
        ({"type": "!=praise"}, {"type": "!=praise"}, True),
        ({"type": "!=praise"}, {"type": "!=inquiry"}, False),
        ({"type": "praise"}, {"type": "!=inquiry"}, False),
        ({"order_value": ">=100"}, {"order_value": ">=200"}, True),
        ({"order_value": ">=100"}, {"order_value": ">100"}, True),
        ({"order_value": ">100"}, {"order_value": ">100"}, True),
        ({"order_value": ">100"}, {"order_value": ">=100"}, False),
        ({"order_value": ">=200"}, {"order_value": ">=100"}, False),
        ({"order_value": "<=100"}, {"order_value": ">=50"}, False),
        ({"order_value": "<100"}, {"order_value": "<=99"}, True),
        ({"order_value": ">=100"}, {"order_value": ["100.0", 300]}, True),
        ({"order_value": "!="}, {"order_value": "<5"}, True),
        ({"order_value": "!=5"}, {"order_value": "<5"}, True),
        ({"order_value": "!=4"}, {"order_value": "<5"}, False),
        ({"region": "华东"}, {"customer.region": "华东"}, False),
        ({"product": "P20"}, {"product": "p20"}, True),
    ],
)
def test_an_earlier_condition_covers_a_later_one(earlier: Any, later: Any, covered: bool) -> None:
    assert covers(condition(earlier), condition(later)) is covered


NUMBERS = ("-1", "0", "1", "1.5", "2", "2.0", "3")
DATES = ("2024-01-01", "2024-01-02", "2024-01-03")
SIGNS = ("!=", ">=", ">", "<=", "<")


def asked(values: tuple[str, ...], signs: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """A value, a list of some, or a comparison."""
    one = st.sampled_from(values)
    compared = st.tuples(st.sampled_from(signs), one).map("".join)
    return one | st.lists(one, min_size=1, max_size=4) | compared | st.sampled_from(("", "!="))


ASKED = {
    "type": asked(vocabulary.keys("type"), ("!=",)),
    "customer.level": asked(vocabulary.keys("level"), ("!=",)),
    "product": asked(("P20", "p20", "X1"), ("!=",)),
    "order_value": asked(NUMBERS, SIGNS),
    "repeat_90d": asked(("0", "1", "2", "3"), SIGNS),
    "made_on": asked(DATES, SIGNS),
}
FOUND = {
    "type": vocabulary.keys("type"),
    "customer.level": (*vocabulary.keys("level"), "gold"),
    "product": ("P20", "p20 ", "x1", "y"),
    "order_value": (*NUMBERS, "NaN", "1e3", "much"),
    "repeat_90d": ("0", "1", "2", "3", "4"),
    "made_on": (*DATES, "2023-12-31", "2024-02-30"),
}
CONDITIONS = st.fixed_dictionaries({}, optional=ASKED)
RECORDS = st.fixed_dictionaries({}, optional={name: st.sampled_from(("", *values)) for name, values in FOUND.items()})


@settings(deadline=None)
@given(CONDITIONS, CONDITIONS, st.lists(RECORDS, min_size=1, max_size=30))
@example({"order_value": "!="}, {"order_value": ">1"}, [{"order_value": "NaN"}])
def test_what_a_covered_condition_matches_the_earlier_one_does(
    earlier: Any, later: Any, records: list[dict[str, str]]
) -> None:
    first, second = condition(earlier), condition(later)
    if covers(first, second):
        assert [record for record in records if second.matches(record) and not first.matches(record)] == []
    assert covers(first, first)
    assert covers(conditions.always, second)


@settings(deadline=None)
@given(st.sampled_from(sorted(ASKED)), st.data())
def test_covers_is_sound_for_one_field_over_all_its_values(name: str, data: st.DataObject) -> None:
    first, second = condition({name: data.draw(ASKED[name])}), condition({name: data.draw(ASKED[name])})
    counter = [text for text in ("", *FOUND[name]) if second.matches({name: text}) and not first.matches({name: text})]
    assert not (covers(first, second) and counter)


# --- routing

TODAY = date(2024, 3, 20)
PEOPLE_SAID = {
    "王芳": {"department": "质量部", "email": "wang@example.com", "until": "2024-06-30", "role": "agent"},
    "李强": {"department": "物流部", "until": "2024-03-19"},
    "赵敏": {},
    "陈晨": None,
}
PEOPLE = routing.read_people(PEOPLE_SAID, where)
RULES_SAID = [
    {"when": {"category": "quality"}, "department": "质量部", "owner": "王芳"},
    {"when": {"category": "delivery", "region": "华东"}, "department": "物流部"},
    {"when": {"category": "delivery", "customer.level": "strategic"}, "owner": "王芳"},
    {"when": {"category": "delivery"}, "owner": "李强"},
    {"when": {"urgency": "极高"}, "owner": "赵敏"},
]


def rules(data: Any = None, people: Any = PEOPLE) -> routing.Routing:
    return routing.read(RULES_SAID if data is None else data, where, people=people, own=OWN)


@pytest.mark.parametrize(
    ("record", "level", "department", "owner", "rule"),
    [
        ({"category": "quality"}, "", "质量部", "王芳", 0),
        ({"category": "quality", "urgency": "critical"}, "", "质量部", "王芳", 0),
        ({"category": "delivery", "region": "华东"}, "strategic", "物流部", "", 1),
        ({"category": "delivery", "region": "华北"}, "strategic", "质量部", "王芳", 2),
        ({"category": "delivery"}, "vip", "物流部", "", 3),
        ({"urgency": "critical"}, "", "", "赵敏", 4),
        ({"category": "service"}, "", "", "", None),
    ],
)
def test_the_first_rule_that_matches_wins(
    record: dict[str, str], level: str, department: str, owner: str, rule: int | None
) -> None:
    found = routing.route(record, {"level": level}, rules(), PEOPLE, TODAY)
    assert found[:3] == (department, owner, rule)


def test_the_route_says_why() -> None:
    why = routing.route({"category": "delivery", "region": "华东"}, {}, rules(), PEOPLE, TODAY).why
    assert why == "rule 2: Category = delivery, Region = 华东"
    assert routing.route({}, {}, (), {}, TODAY) == Route("", "", None, "no rule of routing matches")


def test_who_left_is_never_routed_to() -> None:
    record = {"category": "quality"}
    assert routing.route(record, {}, rules(), PEOPLE, date(2024, 6, 30)).owner == "王芳", "the last day counts"
    after = routing.route(record, {}, rules(), PEOPLE, date(2024, 7, 1))
    assert after == Route("质量部", "", 0, "rule 1: Category = product quality; 王芳 left after 2024-06-30"), (
        "the department keeps it"
    )


def test_who_left() -> None:
    assert routing.gone(PEOPLE, date(2024, 3, 19)) == set()
    assert routing.gone(PEOPLE, TODAY) == {"李强"}
    assert routing.gone(PEOPLE, date(2024, 7, 1)) == {"李强", "王芳"}


def test_people_are_read() -> None:
    assert PEOPLE["王芳"] == Person("王芳", "质量部", "wang@example.com", date(2024, 6, 30), "agent")
    assert PEOPLE["陈晨"] == Person("陈晨")
    assert routing.read_people(None, where) == {}


def test_without_people_any_owner_will_do() -> None:
    made = rules([{"when": {}, "owner": "somebody"}], people=None)
    assert routing.route({}, {}, made, {}, TODAY)[:2] == ("", "somebody")
    assert routing.read(None, where) == ()


ALL = {"when": {}, "department": "D"}


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        ({}, "routing", "a list"),
        (["质量部"], "routing.0", "keys and values"),
        ([{"department": "D"}], "routing.0.when", "when is missing"),
        ([{"when": {}}], "routing.0", "names nobody"),
        ([{**ALL, "queue": "Q"}], "routing.0.queue", "known here: when, department, owner"),
        ([{**ALL, "department": 7}], "routing.0.department", "in quotes"),
        ([{**ALL, "owner": "王方"}], "routing.0.owner", "add the name there"),
        ([{**ALL, "owner": "王芳芳"}], "routing.0.owner", "mean 王芳"),
        ([{**ALL, "when": {"colour": "red"}}], "routing.0.when.colour", "no such field"),
        ([{**ALL, "when": {"repeat_90d": ">=2"}}], "routing.0.when.repeat_90d", "no such field"),
        ([{**ALL, "when": {"category": "red"}}], "routing.0.when.category", "'red'"),
        ([ALL, {**ALL, "when": {"category": "quality"}}], "routing.1", "rule 1 takes all of it"),
        ([RULES_SAID[0], RULES_SAID[1], RULES_SAID[1]], "routing.2", "rule 2 takes all of it"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_with_their_place(data: Any, place: str, says: str) -> None:
    with pytest.raises(Damaged) as caught:
        rules(data)
    assert caught.value.where == place
    assert caught.value.remedy
    assert says in caught.value.line()


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        (["王芳"], "people", "keys and values"),
        ({"王芳": "质量部"}, "people.王芳", "keys and values"),
        ({"王芳": {"team": "A"}}, "people.王芳.team", "known here: department, email, until, role"),
        ({"王芳": {"until": "June"}}, "people.王芳.until", "June is no date"),
        ({"王芳": {"until": 20240630}}, "people.王芳.until", "no date"),
        ({"王芳": {"department": 7}}, "people.王芳.department", "in quotes"),
    ],
)
def test_people_that_cannot_be_meant_are_refused_with_their_place(data: Any, place: str, says: str) -> None:
    with pytest.raises(Damaged) as caught:
        routing.read_people(data, where)
    assert caught.value.where == place
    assert says in caught.value.line()


def test_the_policy_as_a_team_writes_it() -> None:
    text = """
routing:                         # first match wins
  - {when: {category: quality}, department: 质量部, owner: 王芳}
  - {when: {category: delivery, region: 华东}, department: 物流部}
  - {when: {category: 质量, severity: safety}, department: 质量部}
people:
  王芳: {department: 质量部, email: wang@example.com, until: 2024-06-30, role: agent}
"""
    document = yamlfile.load(text.encode(), "exlog.yaml")
    data = document.plain()
    people = routing.read_people(data["people"], document.where)
    assert people["王芳"].until == date(2024, 6, 30)
    with pytest.raises(Damaged, match="never matches") as caught:
        routing.read(data["routing"], document.where, people=people)
    assert caught.value.where == "exlog.yaml:5: routing.2"
    assert len(routing.read(data["routing"][:2], document.where, people=people)) == 2
