"""Records, and for databases their events and customers, as files that other tools query: Parquet, SQLite, DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from exlog.errors import Refused
from exlog.filters import Selection
from exlog.i18n import _
from exlog.ledger import querying
from exlog.ledger.book import Book
from exlog.ledger.figuring import consistent
from exlog.measures import sql
from exlog.store import tablefiles
from exlog.store.engine import Sheet, Unreadable

_TABLES = {
    "exceptions": "SELECT * FROM chosen",
    "history": "SELECT * EXCLUDE (ledger) FROM history",
    "customers": "SELECT * EXCLUDE (ledger) FROM customers ORDER BY id",
}


def write(book: Book, selection: Selection, columns: Sequence[str], kind: str, target: Path) -> int:
    """Write the chosen records to a new file; how many. ``kind``: parquet, sqlite or duckdb.

    ``columns``: all but the ledger's name where none are given. Raises Refused where the engine cannot write.
    """

    def read(sheets: Sequence[Sheet]) -> int:
        with closing(querying.console_of([book])) as console:
            querying.define_exceptions(console, [book], sheets, "*", selection)
            listed = ", ".join(map(sql.quoted, columns)) if columns else "* EXCLUDE (ledger)"
            console.define(f"CREATE TEMP VIEW chosen AS SELECT {listed} FROM exceptions ORDER BY id")
            if kind != "parquet":
                querying.fill_history(console, [book])
                querying.fill_customers(console, [book])
            tablefiles.write(console, kind, _TABLES, target)
            return int(console.rows("SELECT count(*) FROM exceptions")[0][0])

    try:
        return consistent([book], lambda: querying.with_sheets([book], read))
    except Unreadable as error:
        raise Refused(_("the file cannot be written: {reason}").format(reason=error), where=str(target)) from None
