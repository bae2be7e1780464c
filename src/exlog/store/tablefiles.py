"""Tables as files that other tools query: Parquet, SQLite, DuckDB."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from exlog.measures import sql
from exlog.store.console import Console

_BATCH = 10_000
_OF_SQLITE = {"number": "NUMERIC"}


def write(console: Console, kind: str, tables: Mapping[str, str], target: Path) -> None:
    """Write what queries give to a new file, one table each; Parquet holds the first one only.

    ``kind``: parquet, sqlite or duckdb. Raises OSError where the folder refuses, Unreadable where the engine fails.
    """
    target.unlink(missing_ok=True)
    {"parquet": _parquet, "sqlite": _sqlite, "duckdb": _duckdb}[kind](console, tables, target)


def _parquet(console: Console, tables: Mapping[str, str], target: Path) -> None:
    text = next(iter(tables.values()))
    console.define(f"COPY ({text}) TO {sql.text(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def _duckdb(console: Console, tables: Mapping[str, str], target: Path) -> None:
    console.define(f"ATTACH {sql.text(str(target))} AS made")
    for name, text in tables.items():
        console.define(f"CREATE TABLE made.{name} AS {text}")
    console.define("DETACH made")


def _sqlite(console: Console, tables: Mapping[str, str], target: Path) -> None:
    """SQLite has no type for times: they are texts as the ledger has them."""
    with closing(sqlite3.connect(target)) as made, made:
        for name, text in tables.items():
            columns, batches = console.stream(text, _BATCH)
            declared = ", ".join(f"{sql.quoted(column)} {_OF_SQLITE.get(kind, 'TEXT')}" for column, kind in columns)
            made.execute(f"CREATE TABLE {name} ({declared})")
            marks = ", ".join("?" for _column in columns)
            for rows in batches:
                made.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
