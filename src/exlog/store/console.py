"""A person's own SQL over tables of a ledger, run by DuckDB: it reads these tables and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from exlog import times
from exlog.errors import Usage
from exlog.i18n import _
from exlog.measures import sql
from exlog.store.engine import Duck, Sheet, Unreadable

_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM)")
_BATCH = 10_000
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


class Found(NamedTuple):
    """What a query gives: names and kinds (text, number, date, time) of the columns, and rows of plain values."""

    columns: list[tuple[str, str]]
    rows: list[list[object]]


class Console(Duck):
    """DuckDB in memory for the SQL of a person, who is shown the tables ``shown``. Times are those of ``zone``."""

    def __init__(self, zone: tzinfo, name: str, shown: Sequence[str]) -> None:
        super().__init__()
        self._zone, self._shown = zone, shown
        self._run("SET preserve_insertion_order = true")
        self._run(f"SET TimeZone = '{name}'")

    def define(self, text: str) -> None:
        """Run a statement of ours, such as one that makes a view or a macro."""
        self._run(text)

    def confine(self, sheets: Sequence[Sheet]) -> None:
        """From now on nothing but these files can be read, and nothing written or set."""
        paths = ", ".join("'" + str(sheet.path).replace("'", "''") + "'" for sheet in sheets)
        self._run(f"SET allowed_paths = [{paths}]")
        self._run("SET enable_external_access = false")
        self._run("SET lock_configuration = true")

    def ask(self, text: str) -> Found:
        """The answer to one SELECT. Raises Usage with DuckDB's words for what it refuses."""
        import duckdb

        try:
            self._refuse_others(text)
            self._make_answer(text)
            columns, batches = self.stream("SELECT * FROM answer", _BATCH)
            rows = [row for batch in batches for row in batch]
        except self._errors as error:
            raise Unreadable(_first_line(error)) from error
        except duckdb.Error as error:
            raise refused(_first_line(error)) from None
        return Found(columns, rows)

    def stream(self, text: str, size: int) -> tuple[list[tuple[str, str]], Iterator[list[list[object]]]]:
        """Columns as ``Found`` has them, and the rows of a query of ours, so many at a time."""
        described = self._connection.execute(f"DESCRIBE {text}").fetchall()
        columns = [(str(row[0]), str(row[1])) for row in described]
        listed = ", ".join(_fetched(name, kind) for name, kind in columns)
        running = self._run(f"SELECT {listed} FROM ({text})")

        def batches() -> Iterator[list[list[object]]]:
            while rows := running.fetchmany(size):
                yield [
                    [self._plain(value, kind) for value, (_name, kind) in zip(row, columns, strict=True)]
                    for row in rows
                ]

        return [(name, _kind(kind)) for name, kind in columns], batches()

    def _make_answer(self, text: str) -> None:
        """Keep the answer; our own helping tables stay out of ``SHOW TABLES``."""
        asked = f"SELECT * FROM ({text.strip().rstrip(';')}\n)"
        if re.match(r"\s*SHOW\s+(ALL\s+)?TABLES\b", text, re.IGNORECASE):
            asked += f" WHERE name IN ({', '.join(repr(name) for name in self._shown)})"
        self._connection.execute(f"CREATE TEMP TABLE answer AS {asked}")

    def _refuse_others(self, text: str) -> None:
        import duckdb

        statements = duckdb.extract_statements(text)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise Usage(
                _("query takes one SELECT, which only reads"),
                remedy=_("change records with exlog's own commands"),
            )

    def _plain(self, value: Any, kind: str) -> object:
        if kind == "TIMESTAMP WITH TIME ZONE":
            return stamp(value, self._zone) or None
        if value is None or isinstance(value, str | int):
            return value
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if isinstance(value, float):
            return value
        if isinstance(value, datetime):
            return value.isoformat(" ")
        if isinstance(value, date):
            return value.isoformat()
        return str(value)


def stamp(microseconds: int | None, zone: tzinfo) -> str:
    """A moment, given since 1970, as times are stored; empty for none."""
    if microseconds is None:
        return ""
    try:
        moment = (_UNIX + timedelta(microseconds=microseconds)).astimezone(zone)
    except OverflowError:
        return ""
    return times.format_time(moment)


def refused(message: str) -> Usage:
    """What the person's SQL is refused with."""
    return Usage(message, remedy=_('look at the tables with exlog query "SHOW TABLES" and "DESCRIBE exceptions"'))


def _kind(kind: str) -> str:
    if _NUMBERS.fullmatch(kind):
        return "number"
    return {"DATE": "date", "TIMESTAMP WITH TIME ZONE": "time", "TIMESTAMP": "time"}.get(kind, "text")


def _fetched(name: str, kind: str) -> str:
    """A column as it is handed over: a moment as microseconds since 1970, as DuckDB asks for a package for it else."""
    quoted = sql.quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({quoted})"
    return f"CAST({quoted} AS VARCHAR)" if "TIME ZONE" in kind else quoted


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
