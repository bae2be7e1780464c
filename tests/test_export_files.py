"""exlog export as Parquet, SQLite and DuckDB: the same records, typed, without what is private."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from acceptance_helper import Ledger

AS_OF = "2024-06-28T18:00:00+08:00"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("export") / "ledger"
    folder.mkdir()
    return Ledger(folder, "--sample")


def from_duckdb(file: Path, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        return connection.execute(text.format(file=f"'{file}'")).fetchall()


def plain(value: object) -> object:
    return float(value) if isinstance(value, int | Decimal) else value


def test_parquet_has_every_field_typed(sample: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "records.parquet"
    sample("export", "-o", str(target), now=AS_OF)
    everything = {row["id"]: row for row in sample.json("list", "--all", now=AS_OF)}
    names = ("id", "subject", "description", "order_value", "satisfaction", "ship_date", "compensation", "uid")
    listed = ", ".join(names).replace("ship_date", "ship_date::VARCHAR")
    rows = from_duckdb(target, f"SELECT {listed}, strftime(received_at, '%Y-%m-%dT%H:%M:%S') FROM {{file}}")
    assert len(rows) == len(everything)
    for row in rows:
        known = everything[row[0]]
        assert [plain(one) for one in row[:-1]] == [plain(known[name]) for name in names]
        assert known["received_at"] == row[-1] + "+08:00"
    assert not from_duckdb(target, "SELECT 1 FROM (DESCRIBE SELECT * FROM {file}) WHERE column_name = 'ledger'")


def test_filters_and_columns_choose_what_goes_out(sample: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "few.parquet"
    sample(
        "export", "--type", "complaint", "--since", "2024-05", "--columns", "id,region", "-o", str(target), now=AS_OF
    )
    listed = sample.ids("list", "--all", "--type", "complaint", "--since", "2024-05", now=AS_OF)
    assert from_duckdb(target, "SELECT * FROM {file}") == sorted(
        (row["id"], row["region"]) for row in sample.json("list", "--all", now=AS_OF) if row["id"] in set(listed)
    )


def test_sqlite_has_records_events_and_customers(sample: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "records.db"
    sample("export", "--to", "sqlite", "-o", str(target), now=AS_OF)
    with sqlite3.connect(target) as made:
        first = made.execute("SELECT id, received_at, satisfaction FROM exceptions ORDER BY id LIMIT 1").fetchone()
        assert first == ("F20240102001", "2024-01-02T09:35:00+08:00", 4)
        ((events,),) = made.execute("SELECT count(*) FROM history")
        columns = {row[1] for row in made.execute("PRAGMA table_info(customers)")}
        phone = made.execute("SELECT count(*) FROM history WHERE field = 'phone' AND new IS NOT NULL").fetchone()
    assert events > 2000 and phone == (0,) and not {"phone", "email", "contact", "address"} & columns


def test_a_duckdb_file_takes_the_place_of_an_older_one(sample: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "records.duckdb"
    for kind, count in (("complaint", 89), ("praise", 10)):
        sample("export", "--type", kind, "-o", str(target), now=AS_OF)
        with duckdb.connect(str(target), read_only=True) as made:
            assert made.execute("SELECT count(*) FROM exceptions").fetchone() == (count,)
            assert made.execute("SELECT count(*) FROM customers").fetchone() == (30,)
    assert [path.name for path in tmp_path.iterdir()] == ["records.duckdb"]


def test_what_cannot_be_written_is_refused_and_leaves_what_was_there(sample: Ledger, tmp_path: Path) -> None:
    kept = tmp_path / "kept.parquet"
    kept.write_bytes(b"kept")
    assert "parquet, sqlite, duckdb" in sample("export", "--to", "xml", "-o", str(kept), code=2).err
    assert "needs a file" in sample("export", "--to", "parquet", code=2).err
    assert "exclude each other" in sample("export", "--to", "parquet", "-f", "csv", "-o", str(kept), code=2).err
    assert "no such folder" in sample("export", "-o", str(tmp_path / "nowhere" / "x.sqlite"), code=2).err
    with (sample.path / "archive" / "2024-01.csv").open("ab") as stream:
        stream.write(b"F20240131999,new\n")
    refused = sample("export", "-o", str(kept), code=4)
    assert "archive/2024-01.csv" in refused.err and kept.read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.parquet"]
