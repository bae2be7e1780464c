"""The tables that questions are asked of, made in an engine: ``facts``, and what it is joined with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from exlog.filters import Selection
from exlog.ledger import customers, ending
from exlog.ledger.book import Book
from exlog.ledger.casing import Cases
from exlog.measures import days, facts, sql
from exlog.measures.query import Question, Setting
from exlog.measures.raw import Raw
from exlog.measures.table import CLOCKS
from exlog.store.engine import Engine, Sheet, Unreadable
from exlog.worktime import tables

_COMPUTED = ("time", "age", "ledger")
_WHOM, _CODE, _CALLED = "whom", "code", "called"


class Tables:
    """Makes ``facts`` and the tables of days for some questions to the records of some ledgers."""

    def __init__(
        self, books: Sequence[Book], engine: Engine, questions: Sequence[Question], selection: Selection
    ) -> None:
        self._books = books
        self._engine = engine
        self._questions = questions
        self._selection = selection
        self._now = books[0].now
        self._by = {one.name: one for question in questions for one in question.by}
        self._names = set[str]().union(*(question.facts for question in questions))
        stored = [name for name, one in self._by.items() if one.kind not in _COMPUTED]
        self._columns = {name: f"d{place}" for place, name in enumerate(stored)}
        self._profiles = [name for name in stored if self._by[name].profile]
        self._cases = Cases(books) if self._names & set(facts.WORKED) else None
        self._offset: int | None = 0
        self._ends: dict[Question, dict[int, list[ending.End]]] = {}

    @property
    def needs_others(self) -> bool:
        """Whether records that are not chosen matter: those that came before."""
        return facts.REPEAT in self._names

    def begin(self, sheets: Sequence[Sheet]) -> bool:
        """Read the chosen rows; False where one has a time that the engine cannot read. Raises Unreadable."""
        raw = self._raw(sheets)
        text = self._base(raw)
        self._open(sheets, raw)
        first = self._tables[0]
        self._engine.make(first, text)
        return not self._engine.rows(f"SELECT 1 FROM {first} WHERE odd LIMIT 1")

    def is_unfit(self, sheet: Sheet) -> bool:
        """Whether the engine cannot read a file, or finds a time in it that it cannot read."""
        raw = self._raw([sheet])
        self._base(raw)
        try:
            self._open([sheet], raw)
            odd = self._engine.rows(f"SELECT count(CASE WHEN {raw.odd} THEN 1 END) FROM {raw.source}")
        except Unreadable:
            return True
        return odd != [(0,)]

    def finish(self) -> None:
        """Make ``facts``, once ``begin`` is done, and what questions join with it."""
        self._find_ends(self._tables[0])
        for step, source, name in zip(self._steps[1:], self._tables, self._tables[1:], strict=False):
            self._engine.make(name, self._text_of(step, source))
            self._engine.drop(source)
        self._fill_days()
        for question, found in self._ends.items():
            cases = self._cases if question.asks_age else None
            ending.fill(self._engine, self._ends_of(question), question, found, cases)

    @property
    def _steps(self) -> list[str]:
        """What is done to the rows, one after the other."""
        steps = ["base", *(["profiles"] if self._profiles else [])]
        if self._cases is not None:
            steps += ["cases", "work"] if self._cases.asked else ["work"]
        return steps

    @property
    def _tables(self) -> list[str]:
        """The table that each step makes; the last is ``facts``."""
        return [*(f"after_{step}" for step in self._steps[:-1]), "facts"]

    def _text_of(self, step: str, source: str) -> str:
        """SQL of a step, once what it joins is there."""
        if step == "profiles":
            self._fill_profiles()
            return self._with_profiles(source)
        assert self._cases is not None
        if step == "cases":
            self._cases.fill(self._engine, source)
            return self._cases.with_calendar(source)
        moments = [self._at(question)[0] for question in self._questions]
        moments += [ends[0].moment for found in self._ends.values() for ends in found.values() if ends]
        spans = self._cases.fill_days(self._engine, source, self._names, moments)
        return facts.worked(self._names, spans, source)

    def setting(self, question: Question) -> Setting:
        """What the SQL of a question needs to know."""
        at, ended = self._at(question)
        numbers = self._cases.workday_at(at) if self._cases is not None and question.asks_age else {}
        return Setting(self._columns, self._offset, numbers, at, ended, self._ends_of(question))

    def customers(self) -> dict[str, str]:
        """The name that each customer in ``facts`` had last, by what the dimension calls it."""
        column = self._columns.get("customer")
        if column is None:
            return {}
        found = self._engine.rows(f"SELECT {column}, max({_CALLED}) FROM facts WHERE {_CALLED} <> '' GROUP BY {column}")
        return {str(code): str(called).partition("\x01")[2] for code, called in found}

    def _at(self, question: Question) -> tuple[datetime, bool]:
        """The moment that a backlog is taken at, and whether it is the end of a period that is over."""
        end = question.period[1] if question.period else None
        return (end, True) if end is not None and end <= self._now else (self._now, False)

    def _find_ends(self, source: str) -> None:
        """The periods at whose ends backlogs are taken."""
        asked = [question for question in self._questions if question.periods]
        first = ending.earliest(self._engine, source) if asked else {}
        for question in asked:
            at, ended = self._at(question)
            self._ends[question] = {
                number: ending.of(self._books[number], question, day, at, ended=ended) for number, day in first.items()
            }

    def _ends_of(self, question: Question) -> str:
        """The table of the periods of a question."""
        return f"ends{list(self._ends).index(question)}" if question in self._ends else ""

    def _raw(self, sheets: Sequence[Sheet]) -> Raw:
        return Raw(name for sheet in sheets for name in sheet.columns)

    def _open(self, sheets: Sequence[Sheet], raw: Raw) -> None:
        places = {name: f"c{place}" for place, name in enumerate(raw.columns)}
        self._engine.open(sheets, places, raw.used)

    def _base(self, raw: Raw) -> str:
        dims = {self._columns[name]: one for name, one in self._by.items() if name in self._columns and not one.profile}
        more = {}
        if self._profiles:
            more[_WHOM] = raw.plain("customer_id")
        if self._cases is not None:
            more |= self._cases.columns(raw)
        if "customer" in self._columns:
            more[_CALLED] = _called(raw)
            if len(self._books) > 1:
                more[self._columns["customer"]] = self._prefixed(facts.customer_of(raw))
        return facts.base(raw, self._names, dims, self._selection, self._now, more)

    def _prefixed(self, customer: str) -> str:
        """Customers of several ledgers are apart, whatever their ids."""
        cases = "".join(f" WHEN {place} THEN {sql.text(book.name)}" for place, book in enumerate(self._books))
        return f"CASE WHEN ({customer}) = '' THEN '' ELSE CASE book{cases} END || ':' || ({customer}) END"

    def _fill_profiles(self) -> None:
        fields = [self._by[name].column for name in self._profiles]
        rows = [
            (number, one.id, *(getattr(one, field) for field in fields))
            for number, book in enumerate(self._books)
            for one in customers.sound(book)[0]
        ]
        kinds = [("book", "BIGINT"), ("id", "VARCHAR"), *((f"p{place}", "VARCHAR") for place in range(len(fields)))]
        self._engine.fill("profiles", kinds, rows)

    def _with_profiles(self, source: str) -> str:
        listed = "".join(
            f", coalesce(p.p{place}, '') AS {self._columns[name]}" for place, name in enumerate(self._profiles)
        )
        join = f"LEFT JOIN profiles p ON p.book = b.book AND p.id = b.{_WHOM}"
        return f"SELECT b.*{listed} FROM {source} AS b {join}"

    def _fill_days(self) -> None:
        """``days``, and where a zone's offset changes ``zones``, for the times that time dimensions look at."""
        clocks = {
            clock for question in self._questions if any(one.kind == "time" for one in question.by)
            for clock in question.clocks
        }  # fmt: skip
        if not clocks:
            return
        wanted = dict.fromkeys([*(CLOCKS[clock].at for clock in sorted(clocks)), *(["ended"] if self._ends else [])])
        found = utc_days(self._engine, "book", "facts", wanted)
        turns = {number: tables.turns(book.tz, found.get(number, ())) for number, book in enumerate(self._books)}
        offsets = {offset for rows in turns.values() for turn in rows.values() for offset in (turn.before, turn.after)}
        self._offset = offsets.pop() if len(offsets) == 1 else None if offsets else 0
        local = set[int]().union(*(tables.local_days(rows.items()) for rows in turns.values()))
        kinds = [("number", "BIGINT"), *((name, "VARCHAR") for name in days.COLUMNS)]
        self._engine.fill("days", kinds, days.rows(local))
        if self._offset is None:
            zones = [(number, day, *turn) for number, rows in turns.items() for day, turn in rows.items()]
            columns = [
                ("book", "BIGINT"),
                ("day", "BIGINT"),
                ("turn", "DOUBLE"),
                ("before", "BIGINT"),
                ("after", "BIGINT"),
            ]
            self._engine.fill("zones", columns, zones)


def utc_days(engine: Engine, key: str, source: str, columns: Iterable[str]) -> dict[int, set[int]]:
    """The days of UTC that instants in some columns of a table fall on, by the value of another column."""
    parts = [
        f"SELECT {key}, {facts.utc_day(column)} AS day FROM {source} WHERE {column} IS NOT NULL GROUP BY 1, 2"
        for column in columns
    ]
    found: dict[int, set[int]] = {}
    for value, day in engine.rows(" UNION ALL ".join(parts)) if parts else []:
        found.setdefault(int(value), set()).add(int(day))
    return found


def _called(raw: Raw) -> str:
    """When a record came and what its customer was called; empty for a one-off customer."""
    code, name = raw.cell("customer_id"), raw.plain("customer_name")
    return f"CASE WHEN {code} <> '' AND ({name}) <> '' THEN {raw.cell('received_at')} || chr(1) || ({name}) ELSE '' END"
