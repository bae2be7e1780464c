"""The engine for many ledgers: Spark, in this process or on a cluster (the extra ``exlog[spark]``).

It runs the same SQL as DuckDB, translated by sqlglot. On a cluster every machine has to see the files of the
ledgers under the same paths.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from exlog.errors import Usage
from exlog.i18n import _
from exlog.store import files
from exlog.store.engine import Sheet, Unreadable

_LOCAL = "local[*]"
_DEPTH = 20_000
"""How deep sqlglot may go: letters that fold into several are replaced one within the other."""

_KINDS = {"BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "string"}
_GLOB = re.compile(r"([\[\]{}*?\\,])")


class Spark:
    """A Spark session. Tables are kept in memory until it ends; nothing is written."""

    def __init__(self, master: str = "") -> None:
        """Start Spark on ``master``, by default on this machine. Raises Usage where it cannot be."""
        sql, self._errors = _imported()
        self._folder = tempfile.TemporaryDirectory(prefix="exlog-spark-", ignore_cleanup_errors=True)
        settings = {
            "spark.ui.enabled": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.csv.parser.columnPruning.enabled": "false",  # else a row with too few cells is not noticed
            "spark.sql.ansi.enabled": "true",
            "spark.driver.extraJavaOptions": "-Xss16m",  # for the same depth
            "spark.ui.showConsoleProgress": "false",
        }
        if (master or _LOCAL).startswith("local"):  # one machine, and no more rows than DuckDB would take
            settings |= {"spark.sql.shuffle.partitions": "2", "spark.driver.host": "localhost"}
            settings |= {"spark.sql.adaptive.enabled": "false", "spark.sql.codegen.wholeStage": "false"}
            settings |= {"spark.sql.warehouse.dir": self._folder.name}
        builder = sql.SparkSession.builder.appName("exlog").master(master or _LOCAL)
        try:
            with _silent():
                self._session = builder.config(map=settings).getOrCreate()
        except Exception as error:  # py4j, pyspark and Java each have their own
            self._folder.cleanup()
            raise Usage(
                _("Spark does not start: {reason}").format(reason=files.shown(str(error).strip().split("\n")[0], 200)),
                remedy=_("it needs Java 17 or newer (JAVA_HOME), and with --master a cluster that answers"),
            ) from None

    def open(self, sheets: Sequence[Sheet], places: dict[str, str], used: Sequence[str]) -> None:
        """See Engine."""
        made = None
        alike = sorted(sheets, key=lambda sheet: (sheet.book, sheet.columns))
        for (book, columns), group in groupby(alike, key=lambda sheet: (sheet.book, sheet.columns)):
            part = self._frame([sheet.path for sheet in group], [places[name] for name in columns], book, used)
            made = part if made is None else made.unionAll(part)
        if made is None:
            nothing = "".join(f", '' AS {name}" for name in used)
            made = self._session.sql(f"SELECT 0 AS book{nothing} WHERE FALSE")
        made.createOrReplaceTempView("raw")

    def make(self, name: str, text: str) -> None:
        """See Engine."""
        try:
            frame = self._session.sql(translated(text)).cache()
            frame.count()
        except self._errors as error:
            raise Unreadable(str(error)) from error
        frame.createOrReplaceTempView(name)

    def fill(self, name: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        """See Engine."""
        schema = ", ".join(f"`{column}` {_KINDS[kind]}" for column, kind in columns)
        kinds = [kind for _name, kind in columns]
        listed = [tuple(_value(*pair) for pair in zip(row, kinds, strict=True)) for row in rows]
        self._session.createDataFrame(listed, schema).cache().createOrReplaceTempView(name)

    def drop(self, name: str) -> None:
        """See Engine: it is what later tables were made of, and goes with the session."""

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """See Engine."""
        try:
            return [tuple(row) for row in self._session.sql(translated(text)).collect()]
        except self._errors as error:
            raise Unreadable(str(error)) from error

    def close(self) -> None:
        """See Engine."""
        self._session.stop()
        self._folder.cleanup()

    def _frame(self, paths: Sequence[Path], names: Sequence[str], book: int, used: Sequence[str]) -> Any:
        """The rows of files of one ledger that have the same header."""
        reader = self._session.read.options(
            header=True, sep=",", quote='"', escape='"', lineSep="\n", encoding="UTF-8", mode="FAILFAST",
            nullValue="\x01", emptyValue="", multiLine=False, maxCharsPerColumn=-1, maxColumns=len(names) + 1,
        )  # fmt: skip
        schema = ", ".join(f"{name} string" for name in names)
        frame = reader.schema(schema).csv([_GLOB.sub(r"\\\1", str(path)) for path in paths])
        present = set(names)
        cells = [f"coalesce({name}, '') AS {name}" if name in present else f"'' AS {name}" for name in used]
        return frame.selectExpr(f"CAST({book} AS BIGINT) AS book", *cells)


def _value(value: Any, kind: str) -> Any:
    """A value as Spark takes it for a column of a kind: it makes no float of a whole number itself."""
    return float(value) if kind == "DOUBLE" and value is not None else value


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the log of a JVM that starts meanwhile off our stderr: what goes wrong comes as an exception."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@cache
def translated(text: str) -> str:
    """SQL of DuckDB in the words of Spark."""
    import sqlglot

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        words: str = sqlglot.transpile(text, read="duckdb", write=_dialect())[0]
        return words
    finally:
        sys.setrecursionlimit(limit)


@cache
def _dialect() -> Any:
    """Spark's words as sqlglot has them, but for the exact percentile: sqlglot would take an approximate one."""
    from sqlglot import exp
    from sqlglot.dialects.spark import Spark as Words

    def within(generator: Any, node: Any) -> str:
        share, order = generator.sql(node.this, "this"), generator.sql(node, "expression")
        return f"PERCENTILE_DISC({share}) WITHIN GROUP ({order})"

    base: Any = Words
    transforms = {**base.Generator.TRANSFORMS, exp.WithinGroup: within}
    words = type("Generator", (base.Generator,), {"TRANSFORMS": transforms})
    return type("ExactSpark", (base,), {"Generator": words})


def _imported() -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        import sqlglot
        from py4j.protocol import Py4JError
        from pyspark import sql
        from pyspark.errors import PySparkException
    except ImportError as error:
        raise Usage(
            _("the engine spark needs the package {name}, which is not installed").format(name=error.name),
            remedy="pip install 'exlog[spark]'",
        ) from None
    assert sqlglot
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # it prints what is raised besides
    return sql, (PySparkException, Py4JError)
