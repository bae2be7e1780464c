"""What an engine for SQL over CSV files offers, and the one that runs in this process: DuckDB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EMPTY = "''"
_LONGEST_LINE = 2_000_000
"""Bytes; DuckDB's own bound."""


class Sheet(NamedTuple):
    """A CSV file in canonical form, as far as is known: its columns, the ledger it is of, its longest line in bytes."""

    path: Path
    columns: tuple[str, ...]
    book: int = 0
    longest: int = 0


class Unreadable(Exception):
    """The engine cannot read a file as canonical CSV."""


class Engine(Protocol):
    """Runs SQL as DuckDB speaks it over CSV files."""

    def open(self, sheets: Sequence[Sheet], places: dict[str, str], used: Sequence[str]) -> None:
        """Make ``raw`` of all rows: ``book`` and the columns ``used``, by the names ``places`` gives them, as texts."""

    def make(self, name: str, text: str) -> None:
        """Make a table of what a query gives. Raises Unreadable."""

    def fill(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        """Make a table of rows; ``columns`` are names with SQL types."""

    def drop(self, name: str) -> None:
        """Let go of a table."""

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """What a query gives. Raises Unreadable."""

    def close(self) -> None:
        """Let go of everything."""


class Duck:
    """DuckDB in memory. Nothing is downloaded, no table of the ledger is written."""

    def __init__(self) -> None:
        import duckdb

        self._errors = (
            duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException, duckdb.OutOfMemoryException,
        )  # fmt: skip
        config: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        }
        self._connection: DuckDBPyConnection = duckdb.connect(config=config)

    def open(self, sheets: Sequence[Sheet], places: dict[str, str], used: Sequence[str]) -> None:
        """See Engine."""
        alike = sorted(sheets, key=lambda sheet: (sheet.book, sheet.columns))
        parts = [
            _select(book, columns, list(group), places, used)
            for (book, columns), group in groupby(alike, key=lambda sheet: (sheet.book, sheet.columns))
        ]
        nothing = "".join(f", '' AS {name}" for name in used)
        empty = f"SELECT 0 AS book{nothing} WHERE FALSE"
        self._run(f"CREATE OR REPLACE TEMP VIEW raw AS {' UNION ALL '.join(parts) or empty}")

    def make(self, name: str, text: str) -> None:
        """See Engine."""
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")

    def fill(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        """See Engine."""
        lists: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[] for _one in columns]
        listed = ", ".join(f"unnest(?::{kind}[]) AS {column}" for column, kind in columns)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed}", lists)

    def drop(self, name: str) -> None:
        """See Engine."""
        self._run(f"DROP TABLE {name}")

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """See Engine."""
        return self._run(text).fetchall()

    def close(self) -> None:
        """See Engine."""
        with contextlib.suppress(*self._errors):
            self._connection.close()

    def _run(self, text: str) -> DuckDBPyConnection:
        try:
            return self._connection.execute(text)
        except self._errors as error:
            raise Unreadable(str(error)) from error


def _select(
    book: int, columns: Sequence[str], sheets: Sequence[Sheet], places: dict[str, str], used: Sequence[str]
) -> str:
    """The rows of files of one ledger that have the same header."""
    files = ", ".join(_text(str(sheet.path)) for sheet in sheets)
    schema = ", ".join(f"'{places[name]}': 'VARCHAR'" for name in columns)
    present = {places[name] for name in columns}
    listed = "".join(f", {name if name in present else _EMPTY} AS {name}" for name in used)
    longest = max(_LONGEST_LINE, *(sheet.longest + 1 for sheet in sheets))
    options = (
        "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', "
        f"strict_mode = true, nullstr = '\x01', max_line_size = {longest}"
    )
    return f"SELECT {book} AS book{listed} FROM read_csv([{files}], columns = {{{schema}}}, {options})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
