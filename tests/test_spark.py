"""Spark and DuckDB give the same figures of the same ledgers: every measure, by every dimension, filters as well."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from test_choosing import POLICY, chosen_by_sql  # the filters that both engines are asked
from test_figures import CELLS, World, built

from exlog import filters
from exlog.errors import Damaged, Usage
from exlog.filters import Filters
from exlog.ledger.book import Book, open_book
from exlog.ledger.figuring import Ask, answer
from exlog.measures import DIMENSIONS, MEASURES
from exlog.store.engine import Duck

pytest.importorskip("pyspark")
pytest.importorskip("sqlglot")
pytestmark = pytest.mark.skipif(
    shutil.which("java") is None and not os.environ.get("JAVA_HOME"), reason="Spark needs Java"
)

SAMPLE = Path(__file__).parents[1] / "sample_ledger"
ZONE = ZoneInfo("Asia/Shanghai")
QUARTER = (datetime(2024, 4, 1, tzinfo=ZONE), datetime(2024, 7, 1, tzinfo=ZONE))
ALL = tuple(name for name in MEASURES if name != "complaint_rate")
SOME = ("backlog", "sla_compliance", "resolution_p90_wh", "reopen_rate", "satisfaction_mean")
MASTER = "local[2]"


def same(books: Sequence[Book], asked: Filters, *asks: Ask) -> None:
    selection = filters.understand(asked, books[0].policy, books[0].now)
    here = answer(books, selection, asks)
    there = answer(books, selection, asks, engine="spark", master=MASTER)
    for one, other in zip(here, there, strict=True):
        assert one.rows, one.ask
        assert one.rows == other.rows, one.ask
        for name, place in ((name, place) for place, name in enumerate(one.ask.by)):
            values = {row.values[place] for row in one.rows}
            assert [one.labels(name, value) for value in values] == [other.labels(name, value) for value in values]


def test_the_sample_ledger_by_every_dimension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXLOG_NOW", "2024-06-28T18:00:00+08:00")
    book = open_book(Path(shutil.copytree(SAMPLE, tmp_path / "a {1} [x]", ignore=shutil.ignore_patterns(".exlog"))))
    known = [name for name in DIMENSIONS if name != "ledger"]
    asks = [Ask(ALL, ("type", "month")), Ask(SOME, ("age",), QUARTER), Ask(("received", "repeat_rate"), tuple(known))]
    same([book], Filters(), *asks)
    same([book], Filters(), Ask(("complaints", "complaint_rate"), ("region",), QUARTER))


def invented(dice: random.Random, number: int) -> dict[str, str]:
    """A record of a few months around clock changes, with holds, reopenings, gaps and odd cells."""
    start = datetime(2024, 3, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=dice.randrange(40 * 86400))
    record = {"id": f"F20240101{number:03d}", "status": dice.choice(["new", "on_hold", "resolved", "closed", "closed"])}
    offsets = [timedelta(hours=hours) for hours in (8, 8, 8, -5, 1)]

    def stamp(moment: datetime) -> str:
        offset = dice.choice(offsets)
        sign = "-" if offset < timedelta(0) else "+"
        return f"{(moment + offset).replace(tzinfo=None).isoformat()}{sign}{abs(offset) // timedelta(hours=1):02d}:00"

    moment = start
    for name in ("received_at", "recorded_at", "first_response_at", "first_resolved_at", "resolved_at", "closed_at"):
        moment += timedelta(seconds=dice.randrange(3 * 86400))
        record[name] = stamp(moment) if dice.random() < 0.8 else ""
    record["due_at"] = stamp(start + timedelta(hours=dice.randrange(200)))
    record["hold_since"] = stamp(start) if record["status"] == "on_hold" else ""
    for name, values in {
        "type": ("complaint", "complaint", "inquiry", ""), "category": ("quality", "service", ""),
        "urgency": ("high", "low", ""), "close_reason": ("confirmed", "confirmed", "duplicate", ""),
        "department": ("质量部", 'A "B"', "a,b", "l1\nl2", "x\\n", ""), "customer_name": ("A", "B"),
        "customer_id": ("C20240101001", "C20240101002", "", ""), "order_value": ("", "99", "100.5"),
        "warranty": ("in", "out", ""), "hold_minutes": ("", "0", "90", "2880"), "hold_work_minutes": ("", "30"),
        "satisfaction": ("", "1", "3", "5"), "reopen_count": ("", "0", "1"),
    }.items():  # fmt: skip
        record[name] = dice.choice(values)
    assert record.keys() >= CELLS.keys()
    return record


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[World]:
    made = []
    for seed, name in enumerate(("several", "new york")):
        world = built(tmp_path_factory.mktemp("w"), name)
        dice = random.Random(seed)
        records = [invented(dice, number) for number in range(1, 80)]
        records[3]["received_at"], records[4]["resolved_at"] = "2024-03-05 10:00:00.25Z", "soon"
        world.write(records, archived=bool(seed))
        made.append(world)
    return made


def test_random_ledgers_of_several_zones_and_calendars(worlds: list[World]) -> None:
    books = [world.book for world in worlds]
    books[0].name, books[1].name = "one", "two"
    period = (datetime(2024, 3, 11, tzinfo=ZONE), datetime(2024, 4, 1, tzinfo=ZONE))
    asks = (
        Ask(SOME, ("ledger", "day")),
        Ask(ALL, ("customer",), period),
        Ask(("received", "backlog"), ("hour", "warranty")),
        Ask(("received", "backlog"), ("month", "age"), period),
    )
    same(books, Filters(), *asks)


def test_a_selection_of_records(worlds: list[World]) -> None:
    asked = Filters(where=("department~X\\",), since="2024-03-02", type=("complaint",))
    same([worlds[0].book], asked, Ask(("received", "share", "resolution_median_wh", "backlog"), ("department",)))


def test_filters_choose_the_same_in_both(worlds: list[World]) -> None:
    from exlog.store.spark import Spark

    columns = ["id", "status", "subject", "product", "received_at", "order_value", "owner"]
    texts = [
        "",
        "ß",
        "SS",
        "ẞ",
        "İx",
        "Σίσυφος",
        "É",
        "ﬁ",
        "质量部",
        "a\\\\n",
        "\\n",
        "\x01\\\\",
        "\x010",
        "\U0001e900",
        "50%_",
        "a'b",
    ]
    rows = [
        [f"F2024031500{n}", "new", text, texts[-n], "2024-03-15T10:00:00+08:00", "10.5", ""]
        for n, text in enumerate(texts)
    ]
    asked = [
        *(Filters(search=(text,)) for text in texts if text),
        *(Filters(where=(f"subject{sign}{text}",)) for text in texts for sign in ("=", "!=", "~", ">=")),
        Filters(where=("order_value>10", "received_at<=2024-03-15"), since="2024-03", until="2024-03", unassigned=True),
    ]
    duck, spark = Duck(), Spark(MASTER)
    try:
        for one in asked[:: max(1, len(asked) // 12)]:
            selection = filters.understand(one, POLICY, datetime(2024, 4, 1, tzinfo=ZONE))
            assert chosen_by_sql(spark, columns, rows, selection) == chosen_by_sql(duck, columns, rows, selection), one
    finally:
        duck.close()
        spark.close()


def test_a_damaged_file_is_told_as_elsewhere(worlds: list[World]) -> None:
    book = worlds[1].book
    file = book.root / "archive" / "2024-01.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:-1], "short,row\n"]), encoding="utf-8")
    selection = filters.understand(Filters(), book.policy, book.now)
    told = set()
    for engine in ("duckdb", "spark"):
        with pytest.raises(Damaged) as error:
            answer([book], selection, [Ask(("received",))], engine=engine, master=MASTER if engine == "spark" else "")
        told.add(error.value.line())
    assert len(told) == 1 and f":{len(lines)}" in told.pop()


def test_the_command_takes_the_engine(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "exlog", "-C", str(SAMPLE), "stats", "-f", "json", "--by", "type"]
    environment = {**os.environ, "EXLOG_NOW": "2024-06-28T18:00:00+08:00"}
    shown = [
        subprocess.run([*command, *more], check=True, capture_output=True, text=True, env=environment)
        for more in ((), ("--engine", "spark", "--master", MASTER))
    ]
    assert shown[0].stdout == shown[1].stdout and "complaint" in shown[0].stdout
    assert shown[1].stderr == ""


def test_a_cluster_that_is_not_there_is_told_on_one_line(worlds: list[World]) -> None:
    selection = filters.understand(Filters(), worlds[0].book.policy, worlds[0].book.now)
    with pytest.raises(Usage):
        answer([worlds[0].book], selection, [Ask(("received",))], engine="spark", master="nosuch://x")
