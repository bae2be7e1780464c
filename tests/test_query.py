"""exlog query: one SELECT over live and archived records, events and customers; it reads these and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger

AS_OF = "2024-06-28T18:00:00+08:00"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("query") / "ledger"
    folder.mkdir()
    return Ledger(folder, "--sample")


def ask(ledger: Ledger, text: str, *more: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(ledger("query", text, *more, "-f", "json", now=AS_OF).out)["data"]
    return rows


def test_live_and_archived_records_are_one_table_with_typed_columns(sample: Ledger) -> None:
    (row,) = ask(sample, "SELECT count(*) n, min(received_at) first, max(satisfaction) best FROM exceptions")
    everything = sample.json("list", "--all", now=AS_OF)
    assert row == {"n": len(everything), "first": min(one["received_at"] for one in everything), "best": 5}
    kinds = {one["column_name"]: one["column_type"] for one in ask(sample, "DESCRIBE exceptions")}
    assert kinds["received_at"] == "TIMESTAMP WITH TIME ZONE" and kinds["reopen_count"] == "BIGINT"
    assert kinds["ship_date"] == "DATE" and kinds["order_value"].startswith("DECIMAL")
    assert [kinds[name] for name in ("compensation", "warranty", "ledger")] == [kinds["order_value"], *["VARCHAR"] * 2]
    one = everything[0]
    (found,) = ask(sample, f"SELECT * EXCLUDE (ledger) FROM exceptions WHERE id = '{one['id']}'")
    assert found == one, "every cell reads as list prints it"


def test_times_are_those_of_the_ledgers_zone(sample: Ledger) -> None:
    hours = ask(sample, "SELECT DISTINCT hour(received_at) h FROM exceptions WHERE id = 'F20240301001'")
    assert hours == [{"h": 10}]


def test_working_time_is_that_of_stats(sample: Ledger) -> None:
    (row,) = ask(
        sample,
        "SELECT avg(work_hours(received_at, resolved_at) - coalesce(hold_work_minutes, 0) / 60) wh,"
        " sum(CASE WHEN work_hours(received_at, recorded_at) IS NOT NULL THEN 1 END) n FROM exceptions"
        " WHERE coalesce(close_reason, '') NOT IN ('duplicate', 'invalid')",
    )
    (figures,) = sample.json("stats", "--measure", "resolution_mean_wh,received", now=AS_OF)
    assert (round(row["wh"], 2), row["n"]) == (figures["resolution_mean_wh"], figures["received"])


def test_make_up_workdays_and_holidays_count_as_the_calendar_has_them(sample: Ledger) -> None:
    """The Spring Festival of 2024: 10 to 17 February are free, Sunday the 4th and Sunday the 18th are worked."""
    (row,) = ask(
        sample,
        "SELECT work_days(TIMESTAMPTZ '2024-02-09 12:00+08', TIMESTAMPTZ '2024-02-19 12:00+08') d,"
        " work_hours(TIMESTAMPTZ '2024-02-09 17:00+08', TIMESTAMPTZ '2024-02-18 10:00+08') h,"
        " work_hours(NULL, now()) nothing",
    )
    assert row == {"d": 2, "h": 2.0, "nothing": None}


def test_customers_join_and_their_private_fields_are_nowhere(sample: Ledger) -> None:
    rows = ask(
        sample,
        "SELECT c.level, count(*) n FROM exceptions e JOIN customers c ON c.id = e.customer_id GROUP BY ALL ORDER BY 1",
    )
    by_level = sample.json("stats", "--by", "customer.level", now=AS_OF)
    assert {row["level"] for row in rows} == {row["customer.level"] for row in by_level} - {None}
    columns = {one["column_name"] for one in ask(sample, "DESCRIBE customers")}
    assert columns == {"id", "name", "short_name", "level", "region", "industry", "ledger"}
    phones = {row["phone"] for row in sample.json("customer", "list", now=AS_OF) if row.get("phone")}
    told = json.dumps(ask(sample, "SELECT * FROM history WHERE record LIKE 'C%'"), ensure_ascii=False)
    assert told.count("record") > 20 and not [phone for phone in phones if phone in told]


def test_the_history_is_a_table(sample: Ledger) -> None:
    (row,) = ask(sample, "SELECT count(DISTINCT record) n FROM history WHERE action = 'close' AND field = 'status'")
    assert row["n"] > 50
    assert ask(sample, "SELECT typeof(happened_at) t FROM history LIMIT 1") == [{"t": "TIMESTAMP WITH TIME ZONE"}]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM exceptions", "CREATE TABLE x AS SELECT 1", "COPY exceptions TO '/tmp/never.csv'",
        "SELECT 1; SELECT 2",
        "ATTACH '/tmp/never.db'", "INSTALL httpfs", "PRAGMA version", "SET threads = 1", "EXPORT DATABASE '/tmp/never'",
    ],
)  # fmt: skip
def test_only_one_select_is_taken(sample: Ledger, text: str) -> None:
    before = sample.files()
    refused = sample("query", text, code=2)
    assert "one SELECT" in refused.err and not refused.out
    assert sample.files() == before and not list(Path("/tmp").glob("never*"))


@pytest.mark.parametrize(
    "text",
    ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('exlog.yaml')",
     "SELECT * FROM 'customers/*.yaml'", "SELECT * FROM glob('*')", "SELECT * FROM read_text('/etc/hostname')"],
)  # fmt: skip
def test_no_other_file_can_be_read(sample: Ledger, text: str) -> None:
    refused = sample("query", text, code=2)
    assert refused.err.count("\n") == 1 and not refused.out


def test_a_wrong_query_is_told_in_one_line_with_where_to_look(sample: Ledger) -> None:
    for text in (
        "SELECT nope FROM exceptions",
        "SELEC 1",
        "SELECT CAST(subject AS INT) FROM exceptions",
        "SELECT * FROM nowhere",
    ):
        refused = sample("query", text, code=2)
        assert refused.err.count("\n") == 1 and "SHOW TABLES" in refused.err, text
    assert "there is no SQL" in sample("query", code=2).err
    assert [row["name"] for row in ask(sample, "SHOW TABLES")] == ["customers", "exceptions", "history"]


def test_sql_comes_from_stdin_and_goes_out_in_any_format(sample: Ledger) -> None:
    text = "SELECT type, count(*) AS n -- by type\nFROM exceptions GROUP BY ALL ORDER BY n DESC LIMIT 1;"
    assert sample("query", "-", "-f", "csv", stdin=text).out == "type,n\ncomplaint,89\n"
    assert sample("query", "-", stdin=text).out == "type\tn\ncomplaint\t89\n", "plain names its columns"
    assert "| complaint | 89 |" in " ".join(sample("query", "-", "-f", "md", stdin=text).out.split())
    assert sample("query", "SELECT '=1+1' AS x", "-f", "csv").out == "x\n'=1+1\n", "formulas are inert"


def test_a_file_saved_by_a_spreadsheet_and_odd_times_read_as_list_reads_them(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ids = ledger.add({"subject": "第一"}, {"subject": "b \\n c\nd"}, now=AS_OF)
    text = ledger.text().replace("2024-06-28T18:00:00+08:00", "2024-06-28 10:00:00Z", 1)
    (tmp_path / "exceptions.csv").write_bytes(text.replace(",", ";").replace("\n", "\r\n").encode("gb18030"))
    listed = {row["id"]: (row["subject"], row["received_at"]) for row in ledger.json("list", "--all", now=AS_OF)}
    rows = ask(ledger, "SELECT id, subject, received_at FROM exceptions ORDER BY id")
    assert [row["id"] for row in rows] == ids
    assert [row["subject"] for row in rows] == [listed[one][0] for one in ids]
    assert {row["received_at"] for row in rows} == {"2024-06-28T18:00:00+08:00"}


@pytest.mark.parametrize(
    "text",
    ["FROM exceptions", "SELECT e FROM exceptions e", "SELECT received_at FROM exceptions", "TABLE exceptions",
     "WITH x AS (FROM exceptions) SELECT received_at FROM x", "SELECT COLUMNS('.*_at') FROM exceptions",
     "SELECT exceptions.received_at FROM exceptions WHERE id IN (SELECT id FROM exceptions)"],
)  # fmt: skip
def test_a_time_in_another_form_is_read_however_it_is_asked_for(tmp_path: Path, text: str) -> None:
    ledger = Ledger(tmp_path)
    ledger.add({}, now=AS_OF)
    ledger.write("exceptions.csv", ledger.text().replace("2024-06-28T18:00:00+08:00", "2024-06-28 10:00:00Z"))
    told = ledger("query", text, "-f", "csv", now=AS_OF).out
    assert "2024-06-28T18:00:00+08:00" in told or "2024-06-28 18:00:00+08" in told


def test_a_damaged_file_is_named_with_its_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add({}, now=AS_OF)
    with (tmp_path / "exceptions.csv").open("a", encoding="utf-8") as stream:
        stream.write("F20240628009,new\n")
    refused = ledger("query", "SELECT count(*) FROM exceptions", code=4)
    assert "exceptions.csv:3" in refused.err and refused.err.count("\n") == 1


def test_unknown_columns_and_names_that_sql_has_for_itself_can_be_asked_for(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add({}, now=AS_OF)
    header, line = ledger.text().splitlines()
    ledger.write("exceptions.csv", f'{header},select,"a ""b"" 列"\n{line},7,八\n')
    assert ask(ledger, 'SELECT "select", "a ""b"" 列" AS x FROM exceptions') == [{"select": "7", "x": "八"}]


def test_several_ledgers_are_one_table(tmp_path: Path) -> None:
    for name, count in (("north", 2), ("south", 1)):
        (tmp_path / name).mkdir()
        Ledger(tmp_path / name).add(*[{}] * count, now=AS_OF)
    both = Ledger.__new__(Ledger)
    both.path = tmp_path
    rows = json.loads(both("query", "SELECT ledger, count(*) n FROM exceptions GROUP BY ALL ORDER BY 1", "-C", "north",
                           "-C", "south", "-f", "json").out)["data"]  # fmt: skip
    assert rows == [{"ledger": "north", "n": 2}, {"ledger": "south", "n": 1}]


def test_an_empty_ledger_has_its_tables(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ask(ledger, "SELECT count(*) n FROM exceptions") == [{"n": 0}]
    assert ask(ledger, "SELECT id FROM exceptions") == []
    assert ask(ledger, "SELECT work_hours(received_at, resolved_at) FROM exceptions") == []
