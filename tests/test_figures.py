"""The figures of random ledgers against an oracle that knows only the definitions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import figures_oracle as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import canonical, fields, filters, policy, vocabulary
from exlog.filters import Filters
from exlog.ledger import manifest
from exlog.ledger.book import Book
from exlog.ledger.figuring import Answer, Ask, answer
from exlog.ledger.steering import Steering
from exlog.measures import DIMENSIONS, MEASURES, Question, dimension
from exlog.measures.dimensions import AGES
from exlog.store import layout

HALF = {"records": 0, "share": 0.00005, "hours": 0.005, "points": 0.005}
PROFILES = {
    "C20240101001": {"level": "vip", "industry": "机械"},
    "C20240101002": {"level": "standard", "industry": "a, b"},
}

POLICIES: dict[str, dict[str, Any]] = {
    "shanghai": {"calendar": {"timezone": "Asia/Shanghai", "country": ""}},
    "new york": {
        "calendar": {"timezone": "America/New_York", "country": "",
                     "hours": {"mon-thu": ["00:00-02:30", "20:00-24:00"], "sun": ["01:00-04:00"]},
                     "extra_workdays": ["2024-03-09"], "extra_holidays": ["2024-03-12"]},
    },
    "several": {
        "calendar": {"timezone": "Europe/Berlin", "country": "", "extra_holidays": ["2024-04-01"]},
        "calendars": {"always": {"hours": {"mon-sun": ["00:00-24:00"]}},
                      "far": {"timezone": "Pacific/Apia", "hours": {"mon-sat": ["08:00-12:00", "12:00-12:30"]}}},
        "sla": [
            {"match": {"customer.level": "vip", "type": "complaint"}, "calendar": "always",
             "resolve": {"from": "received_at", "to": "resolved_at", "within": "8wh"}},
            {"match": {"order_value": ">=100"}, "calendar": "far",
             "resolve": {"from": "received_at", "to": "resolved_at", "within": "2wd"}},
            {"match": {"department": "A,B"}, "resolve": {"from": "received_at", "to": "resolved_at", "within": "4h"}},
        ],
    },
}  # fmt: skip


class World(NamedTuple):
    """A ledger on the disk whose tables are written anew for each example."""

    book: Book
    setting: oracle.Setting

    def write(self, records: Sequence[oracle.Record], *, archived: bool) -> None:
        columns = list(dict.fromkeys(["id", "status", *(name for record in records for name in record), *REQUIRED]))
        lines = [canonical.join_row([canonical.encode_cell(one.get(name, "")) for name in columns]) for one in records]
        text = "\n".join([",".join(columns), *lines, ""]).encode()
        live = self.book.root / "exceptions.csv"
        file = self.book.root / "archive" / "2024-01.csv"
        file.unlink(missing_ok=True)
        (self.book.root / layout.MANIFEST).unlink(missing_ok=True)
        if archived:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text)
            self._write_manifest(records)
            text = (",".join(REQUIRED) + "\n").encode()
        live.write_bytes(text)

    def _write_manifest(self, records: Sequence[oracle.Record]) -> None:
        """When the records were received, where that is known of all: it prunes archives."""
        came = [one["received_at"] for one in records if oracle.moment(one, "received_at")]
        span = manifest.bounds(came) if len(came) == len(records) else ("", "")
        lines = [",".join(layout.MANIFEST_COLUMNS), f"2024-01,{len(records)},{'0' * 64},{span[0]},{span[1]}", ""]
        (self.book.root / layout.MANIFEST).write_text("\n".join(lines), encoding="utf-8")

    def ask(self, *asks: Ask, **chosen: Any) -> list[Answer]:
        selection = filters.understand(Filters(**chosen), self.book.policy, self.book.now)
        return answer([self.book], selection, asks)


REQUIRED = fields.REQUIRED_COLUMNS


@pytest.fixture(scope="module", params=POLICIES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return built(tmp_path_factory.mktemp("world"), request.param)


def built(root: Path, name: str) -> World:
    data = {**POLICIES[name], "fields": [{"name": "warranty", "kind": "choice", "choices": ["in", "out"]}]}
    parsed = policy.read(data, lambda *path: "exlog.yaml")
    book = Book(root, parsed, now=datetime(2024, 4, 10, 12, tzinfo=ZoneInfo(parsed.timezone)))
    (root / "customers").mkdir()
    for code, profile in PROFILES.items():
        lines = [f"id: {code}", f"name: N{code}", *(f"{key}: {value!r}" for key, value in profile.items())]
        (root / "customers" / f"{code}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    steering = Steering(book)

    def calendar(record: oracle.Record) -> Any:
        profile = PROFILES.get(record.get("customer_id", ""), {})
        number = steering.rules.sla.rule_of({**record, **{f"customer.{key}": text for key, text in profile.items()}})
        return steering.calendars["default" if number is None else steering.rules.sla.rules[number].calendar]

    return World(book, oracle.Setting(book.now, book.tz, PROFILES, calendar))


def instants(first: str, last: str) -> st.SearchStrategy[str]:
    start, end = (int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp()) for text in (first, last))
    return st.builds(
        lambda seconds, offset: datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset))).isoformat(),
        st.integers(start, end),
        st.sampled_from([480, 480, 480, 0, 330, -210, -300, 60]),
    )


TIMES = st.one_of(
    instants("2024-01-20", "2024-05-01"),
    instants("2024-03-08", "2024-03-13"),
    st.sampled_from(["", "2024-04-10T12:00:00+08:00", "2024-04-01T00:00:00+02:00", "2024-03-31T23:59:59+08:00"]),
)
ODD = st.sampled_from(
    [
        "2024-04-10T04:00:00Z", "2024-04-10T04:00:00.250+00:00", "2024-04-10T12:00:00", "2024-04-10", "nonsense",
        "2024-13-10T12:00:00+08:00", "2024-02-30T12:00:00+08:00", "2024-04-10T12:61:00+08:00", "20240410T120000+0800",
        "2024-04-10 12:00:00+08:00", "2024-04-10T24:00:00+08:00", "2024-04-10T12:00:00+25:00", "2024-W11-3T09:00+01:00",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-04-10T12:00:00+08:00 ", " 2024-04-10T12:00:00Z",
    ]
)  # fmt: skip
COUNTS = st.sampled_from(["", "0", "0", "7", "90", "2880"])
STAMPS = (
    "received_at", "recorded_at", "first_response_at", "due_at", "hold_since", "resolved_at", "first_resolved_at",
    "closed_at",
)  # fmt: skip
CELLS = {
    "status": st.sampled_from([*vocabulary.keys("status"), "closed", "closed", "closed"]),
    "type": st.sampled_from([*vocabulary.keys("type"), "complaint", "", "?"]),
    "category": st.sampled_from(["quality", "service", ""]),
    "urgency": st.sampled_from([*vocabulary.keys("urgency"), ""]),
    "close_reason": st.sampled_from([*vocabulary.keys("close_reason"), "", "", "", ""]),
    "department": st.sampled_from(["质量部", 'A "B" ', "a,b", "l1\nl2", "x\\n", ""]),
    "customer_id": st.sampled_from([*PROFILES, "C20240101003", "", ""]),
    "customer_name": st.sampled_from(["A", "B", ""]),
    "order_value": st.sampled_from(["", "99", "100.5", "many"]),
    "warranty": st.sampled_from(["in", "out", ""]),
    **dict.fromkeys(STAMPS, TIMES),
    "hold_minutes": COUNTS,
    "hold_work_minutes": COUNTS,
    "satisfaction": st.sampled_from(["", "1", "2", "3", "4", "5", "6", "³"]),
    "reopen_count": st.sampled_from(["", "0", "0", "1", "2", "x", "-1", "00"]),
}  # fmt: skip


@st.composite
def ledgers(draw: st.DrawFn) -> list[oracle.Record]:
    """Records with ids; some columns are in none of them, and some ledgers have times in any form."""
    present = draw(st.sets(st.sampled_from(sorted(CELLS)), min_size=len(CELLS) - 4)) | {"status"}
    cells = {name: CELLS[name] for name in sorted(present)}
    if draw(st.booleans()):
        cells = {name: cell | ODD if cell is TIMES else cell for name, cell in cells.items()}
    made = draw(st.lists(st.fixed_dictionaries(cells), max_size=40))
    if draw(st.booleans()):
        made = [in_order(record) for record in made]
    return [{"id": f"F20240101{place:03d}", **record} for place, record in enumerate(made, 1)]


def in_order(record: oracle.Record) -> oracle.Record:
    """The times of a record in the order of its life, so that lengths are no nonsense."""
    names = [name for name in ("received_at", "recorded_at", "first_response_at", "resolved_at", "closed_at")
             if oracle.moment(record, name)]  # fmt: skip
    texts = sorted((record[name] for name in names), key=lambda text: datetime.fromisoformat(text).timestamp())
    return {**record, **dict(zip(names, texts, strict=True))}


NAMES = ("id", *CELLS)
CHOSEN = st.sampled_from(
    [
        {},
        {},
        {"since": "2024-03", "until": "2024-03-15"},
        {"type": ("complaint",)},
        {"scope": "open"},
        {"overdue": True},
    ]
)
ALL = tuple(name for name in MEASURES if name != "complaint_rate")
"""A rate is what its complaints are, divided by a file; see ``test_complaint_rate``."""
STORED = [name for name, one in DIMENSIONS.items() if name in CELLS or one.kind in ("time", "age", "customer")]
DIMS = st.lists(
    st.sampled_from([*STORED, "customer.level", "customer.industry", "warranty"]), max_size=2, unique=True
).map(tuple)
PERIODS = st.sampled_from(
    [None, ("2024-03-01", "2024-04-01"), ("2024-04-01", "2024-07-01"), ("2020-01-01", "2020-02-01")]
)
ASKED = st.one_of(st.just(ALL), st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique=True).map(tuple))


def close(value: object, expected: Any, unit: str) -> bool:
    """Equal to what the rounding of the unit keeps; 1e-9 for halves that floats round either way."""
    if value is None or expected is None:
        return value is expected
    assert isinstance(value, int | float)
    return bool(abs(value - float(expected)) <= HALF[unit] + 1e-9 * max(1, abs(value)))


def agree(world: World, found: Answer, records: Sequence[oracle.Record], chosen: Sequence[oracle.Record]) -> None:
    """Whether an answer is what the oracle says, in the order that is promised."""
    ask = found.ask
    question = Question(
        ask.measures, tuple(dimension(name, world.book.policy.own_fields) for name in ask.by), ask.period
    )
    expected = oracle.results(records, chosen, ask.by, question.clocks, ask.period, world.setting)
    assert {row.values for row in found.rows} == set(expected)
    assert len(found.rows) == len(expected)
    shares = 0.0
    for row in found.rows:
        wanted = expected[row.values]
        for name, figure, n in zip(ask.measures, row.figures, row.n, strict=True):
            if name == "cumulative_share":
                shares += float(wanted["share"][0] or 0)
                value, number = (shares if wanted["share"][1] else None), wanted["share"][1]
            else:
                value, number = wanted[name]
            assert n == number, (row.values, name, n, number)
            assert close(figure, value, MEASURES[name].unit), (row.values, name, figure, value)


@settings(max_examples=30, deadline=None)
@given(records=ledgers(), data=st.data(), archived=st.booleans())
def test_every_figure_is_that_of_its_definition(
    world: World, records: list[oracle.Record], data: st.DataObject, archived: bool
) -> None:
    asks = []
    for _place in range(3):
        days = data.draw(PERIODS)
        period = days and tuple(datetime.fromisoformat(day).replace(tzinfo=world.book.tz) for day in days)
        asks.append(Ask(data.draw(ASKED), data.draw(DIMS), period))
    options = data.draw(CHOSEN)
    selection = filters.understand(Filters(**options), world.book.policy, world.book.now)
    # Archives hold closed records alone, so they are not read for any other.
    world.write(records, archived=archived and selection.wants_closed)
    test = filters.compile_for(selection, list(NAMES))
    chosen = [one for one in records if test([canonical.encode_cell(one.get(name, "")) for name in NAMES])]
    for found in world.ask(*asks, **options):
        agree(world, found, records, chosen)


@settings(max_examples=10, deadline=None)
@given(records=ledgers(), data=st.data())
def test_a_backlog_by_periods_is_that_of_their_ends(
    world: World, records: list[oracle.Record], data: st.DataObject
) -> None:
    world.write(records, archived=False)
    periods = st.lists(st.sampled_from(oracle.PERIODS), min_size=1, max_size=2, unique=True).map(tuple)
    others = st.sampled_from([(), ("age",), ("weekday",), ("department",), ("customer.level",)])
    asks = []
    for _place in range(3):
        days = data.draw(PERIODS)
        period = days and tuple(datetime.fromisoformat(day).replace(tzinfo=world.book.tz) for day in days)
        asks.append(Ask(("backlog", "received", "share"), data.draw(periods) + data.draw(others), period))
    for found in world.ask(*asks):
        agree(world, found, records, records)


def test_the_backlog_of_several_ledgers_is_that_of_each_in_its_own_zone(tmp_path: Path) -> None:
    dice = random.Random(7)
    worlds, now = [], datetime(2024, 4, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    for name in ("shanghai", "new york", "several"):
        (tmp_path / name).mkdir()
        world = built(tmp_path / name, name)
        worlds.append(World(Book(tmp_path / name, world.book.policy, now=now), world.setting))
        records = []
        for number in range(1, 60):
            came = datetime(2024, 3, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=dice.randrange(40 * 86400))
            over = came + timedelta(seconds=dice.randrange(6 * 86400))
            records.append(
                {"id": f"F20240301{number:03d}", "status": "resolved", "received_at": came.isoformat(),
                 "resolved_at": over.isoformat() if dice.random() < 0.9 else ""}
            )  # fmt: skip
        worlds[-1].write(records, archived=False)
    books = [world.book for world in worlds]
    for period in (None, (datetime(2024, 3, 5, tzinfo=now.tzinfo), datetime(2024, 4, 1, tzinfo=now.tzinfo))):
        selection = filters.understand(Filters(), books[0].policy, now)
        asked = [Ask(("backlog", "received"), ("ledger", *by), period) for by in (("day",), ("week", "age"))]
        for ask, together in zip(asked, answer(books, selection, asked), strict=True):
            alone = [row for book in books for row in answer([book], selection, [ask])[0].rows]
            assert sorted(together.rows) == sorted(alone)
            assert len({row.values[0] for row in alone}) == 3


@settings(max_examples=10, deadline=None)
@given(records=ledgers(), by=DIMS)
def test_rows_come_in_the_order_of_each_dimension_in_turn(
    world: World, records: list[oracle.Record], by: tuple[str, ...]
) -> None:
    world.write(records, archived=False)
    (found, *alone) = world.ask(Ask(("received",), by), *(Ask(("received",), (name,)) for name in by))
    ranks = [{row.values[0]: place for place, row in enumerate(one.rows)} for one in alone]
    keys = [tuple(rank[value] for rank, value in zip(ranks, row.values, strict=True)) for row in found.rows]
    assert keys == sorted(keys)
    for name, one in zip(by, alone, strict=True):
        named = [row for row in one.rows if row.values[0]]
        assert [row for row in one.rows if not row.values[0]] == one.rows[len(named) :]
        if DIMENSIONS.get(name) and DIMENSIONS[name].kind == "time":
            assert [row.values[0] for row in named] == sorted(row.values[0] for row in named)
        elif DIMENSIONS.get(name) and DIMENSIONS[name].kind in ("choice", "age"):
            order = vocabulary.keys(DIMENSIONS[name].enum) if DIMENSIONS[name].enum else [key for key, *_rest in AGES]
            assert [row.values[0] for row in named] == [
                key for key in (*order, "?") if key in {row.values[0] for row in named}
            ]
        else:
            assert [row.figures[0] for row in named] == sorted((row.figures[0] for row in named), reverse=True)


def test_recording_is_in_time_up_to_the_close_of_the_next_working_day(world: World) -> None:
    """Also where that close is midnight, which is the next day on the wall clock."""
    calendar = world.setting.calendar({})
    records = []
    for day in range(1, 29):
        came = datetime(2024, 3, day, 15, tzinfo=timezone(timedelta(hours=8)))
        close_of_next = calendar.close_of_workday(came, 1)
        for late in (0, 1):
            recorded = (close_of_next + timedelta(seconds=late)).astimezone(came.tzinfo)
            records.append({"received_at": came.isoformat(), "recorded_at": recorded.isoformat(), "type": str(late)})
    world.write(
        [{"id": f"F20240301{place:03d}", "status": "new", **one} for place, one in enumerate(records, 1)],
        archived=False,
    )
    (found,) = world.ask(Ask(("recorded_in_time_share",), ("type",)))
    assert {row.values: (row.figures, row.n) for row in found.rows} == {
        ("0",): ((1.0,), (28,)),
        ("1",): ((0.0,), (28,)),
    }
