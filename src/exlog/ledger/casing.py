"""Which calendar counts for a record, and the tables of working time that figures join.

The calendar is that of the SLA rule that the record falls under, else the ledger's own. The rules are those of
``sla``: each different set of values that they ask for is put to them once, and the answer joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from exlog import conditions
from exlog.ledger.book import Book
from exlog.ledger.steering import Steering
from exlog.measures import facts
from exlog.measures.raw import Raw
from exlog.rulebook import DEFAULT_CALENDAR
from exlog.store.engine import Engine
from exlog.worktime import Calendar, tables

_WHOM = "case_whom"


class Cases:
    """The calendars of some ledgers by number; first, one for each ledger, then those that only some rules name."""

    def __init__(self, books: Sequence[Book]) -> None:
        self._steering = [Steering(book) for book in books]
        self.calendars: list[Calendar] = []
        self._numbers: dict[tuple[int, str], int] = {}
        self.asked: list[str] = []
        """The fields that tell which calendar counts; none where each ledger has only one that can."""
        several = []
        for number, steering in enumerate(self._steering):
            names = _names(steering)
            self._number(number, names[0])
            if len(names) > 1:
                several.append((number, names))
        for number, names in several:
            for name in names[1:]:
                self._number(number, name)
            tests = [test for rule in self._steering[number].rules.sla.rules for test in rule.match.tests]
            self.asked += [test.field.name for test in tests]
        self.asked = list(dict.fromkeys(self.asked))
        self._several = {number for number, _names in several}

    def columns(self, raw: Raw) -> dict[str, str]:
        """What ``base`` needs to have: the calendar, or what tells it."""
        if not self.asked:
            return {"calendar": "book"}
        found = {f"case{place}": raw.plain(name) for place, name in enumerate(self._own_fields)}
        return found | ({_WHOM: raw.plain("customer_id")} if self._asks_customer else {})

    def fill(self, engine: Engine, source: str) -> None:
        """Make the table ``cases``: for each set of values in ``source`` the calendar."""
        keys = ["book", *self._keys]
        found = engine.rows(f"SELECT DISTINCT {', '.join(keys)} FROM {source}")
        rows = [(*row, self._calendar_of(int(row[0]), [str(value) for value in row[1:]])) for row in found]
        kinds = [("book", "BIGINT"), *((key, "VARCHAR") for key in self._keys), ("calendar", "BIGINT")]
        engine.fill("cases", kinds, rows)

    def with_calendar(self, source: str) -> str:
        """SQL that adds the calendar to ``source``."""
        join = " AND ".join(f"c.{key} = b.{key}" for key in ("book", *self._keys))
        return f"SELECT b.*, c.calendar FROM {source} AS b JOIN cases c ON {join}"

    def fill_days(self, engine: Engine, source: str, names: Iterable[str], moments: Sequence[datetime]) -> int:
        """Make ``clocks`` and ``workdays`` for the times that ``names`` look at; gives how many spans a day has.

        ``moments``: those that ``workday_at`` will be asked for.
        """
        from exlog.ledger.tabling import utc_days

        passed, numbered = facts.instants(names)
        wanted = utc_days(engine, "calendar", source, sorted(passed | numbered))
        clocks = []
        for number, calendar in enumerate(self.calendars):
            for moment in moments:  # the working days are numbered from the first year that was needed
                calendar.passed(moment)
            clocks += [(number, *row) for row in tables.clocks(calendar, wanted.get(number, ()))]
        spans = max((len(row[3]) for row in clocks), default=0)
        kinds = [("calendar", "BIGINT"), ("day", "BIGINT"), ("passed", "DOUBLE"), ("turn", "DOUBLE"),
                 ("before", "BIGINT"), ("after", "BIGINT")]  # fmt: skip
        kinds += [(f"{name}{span}", "DOUBLE") for span in range(spans) for name in ("open", "length")]
        rows = []
        for number, day, before, found, turn in clocks:
            padded = [*found, *[(0.0, 0.0)] * (spans - len(found))]
            rows.append((number, day, before, *turn, *(value for span in padded for value in span)))
        engine.fill("clocks", kinds, rows)
        if numbered:
            self._fill_workdays(engine, clocks)
        return spans

    def workday_at(self, moment: datetime) -> dict[int, int]:
        """The number of the last working day up to that of a moment, by calendar."""
        return {
            number: calendar.workday(tables.number_of(calendar.date_of(moment)))[0]
            for number, calendar in enumerate(self.calendars)
        }

    def calendars_of(self, book: int) -> list[int]:
        """The calendars that can count in a ledger."""
        return [number for (whose, _name), number in self._numbers.items() if whose == book]

    def _fill_workdays(self, engine: Engine, clocks: Sequence[tuple[object, ...]]) -> None:
        rows = []
        for number, calendar in enumerate(self.calendars):
            days = tables.local_days((row[1], row[4]) for row in clocks if row[0] == number)  # type: ignore[misc]
            for day in sorted(days):
                count, close = calendar.workday(day)
                rows.append((number, day, count, None if close is None else float(close)))
        kinds = [("calendar", "BIGINT"), ("day", "BIGINT"), ("number", "BIGINT"), ("close", "DOUBLE")]
        engine.fill("workdays", kinds, rows)

    @property
    def _own_fields(self) -> list[str]:
        return [name for name in self.asked if not name.startswith(conditions.CUSTOMER)]

    @property
    def _asks_customer(self) -> bool:
        return len(self._own_fields) < len(self.asked)

    @property
    def _keys(self) -> list[str]:
        own = [f"case{place}" for place in range(len(self._own_fields))]
        return own + ([_WHOM] if self._asks_customer else [])

    def _number(self, book: int, name: str) -> int:
        if (book, name) not in self._numbers:
            self._numbers[book, name] = len(self.calendars)
            self.calendars.append(self._steering[book].calendars[name])
        return self._numbers[book, name]

    def _calendar_of(self, book: int, values: Sequence[str]) -> int:
        if book not in self._several:
            return book
        steering = self._steering[book]
        record = dict(zip(self._own_fields, values, strict=False))
        profile = steering.profile(values[-1]) if self._asks_customer else {}
        rule = steering.rules.sla.rule_of(conditions.merged(record, profile))
        name = DEFAULT_CALENDAR if rule is None else steering.rules.sla.rules[rule].calendar
        return self._numbers[book, name]


def _names(steering: Steering) -> list[str]:
    """The calendars that can count in a ledger."""
    rules = steering.rules.sla.rules
    names = dict.fromkeys(rule.calendar for rule in rules)
    if not any(not rule.match.tests for rule in rules):
        names[DEFAULT_CALENDAR] = None
    return list(names)
