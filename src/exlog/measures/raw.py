"""The relation ``raw``: all rows of the CSV files as they are stored, every column a text.

Its columns are named c0, c1 … because a header may hold any name; ``book`` is the number of the ledger. A file
that lacks a column has empty cells there.
"""

from __future__ import annotations

from collections.abc import Iterable

from exlog.measures import sql

BOOK = "book"


class Raw:
    """Expressions over ``source``; remembers which columns were asked for, and which of them as times."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = list(dict.fromkeys(columns))
        self._places = {name: f"c{place}" for place, name in enumerate(self.columns)}
        self._used: dict[str, None] = {}
        self._times: dict[tuple[str, str], tuple[str, str]] = {}

    @property
    def used(self) -> list[str]:
        """The names in ``raw`` of the columns asked for."""
        return list(self._used)

    @property
    def source(self) -> str:
        """``raw`` with the times that were asked for as seconds since 1970, so that each is read once."""
        times = "".join(f", {text} AS {name}" for name, text in self._times.values())
        return f"(SELECT {', '.join([BOOK, *self._used])}{times} FROM raw) AS typed"

    @property
    def odd(self) -> str:
        """Whether a row has a time that was asked for and that the engine cannot read itself."""
        return sql.any_true([self._is_odd(*key) for key in self._times])

    def cell(self, name: str) -> str:
        """The stored cell."""
        found = self._places.get(name)
        if found is None:
            return "''"
        self._used[found] = None
        return found

    def plain(self, name: str) -> str:
        """The cell as it is meant."""
        return sql.plain(self.cell(name)) if name in self._places else "''"

    def at(self, name: str, when: str = "") -> str:
        """Seconds since 1970 of a time, only where the condition ``when`` (over cells) holds; NULL for none."""
        if name not in self._places:
            return "CAST(NULL AS DOUBLE)"
        if (name, when) not in self._times:
            read = sql.instant(self.cell(name), self._hidden(name))
            self._times[name, when] = f"t{len(self._times)}", f"CASE WHEN {when} THEN {read} END" if when else read
        return self._times[name, when][0]

    def _hidden(self, name: str) -> str:
        other = name + sql.HIDDEN
        return self.cell(other) if other in self._places else ""

    def _is_odd(self, name: str, when: str) -> str:
        tests = [f"{self._times[name, when][0]} IS NULL", f"{self.cell(name)} <> ''"]
        hidden = self._hidden(name)
        tests += [f"{hidden} = ''"] if hidden else []
        return sql.all_true([*tests, when] if when else tests)
