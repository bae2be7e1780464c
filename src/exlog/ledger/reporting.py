"""Asks everything that a period's report needs, and puts the report together (see ``report`` for what is in it)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from exlog import filters, monthly, report, review, rulebook
from exlog.errors import Usage
from exlog.filters import Filters, Selection
from exlog.i18n import _
from exlog.ledger import figuring, reading, unusual
from exlog.ledger.book import Book
from exlog.report import Document, Material, Question, Waiting
from exlog.report.model import Answered

_RUNNING = ("new", "in_progress", "on_hold")
_LONGEST = 10
_FLAGS = ("overdue", "unassigned")


class Asked:
    """A report that is asked for: its period, whose records it is about, and how that was typed."""

    def __init__(self, book: Book, text: str, typed: Filters) -> None:
        if typed.since or typed.until:
            raise Usage(
                _("a report has its period already"),
                remedy=_("leave --since and --until away, or take exlog stats"),
            )
        self.book = book
        self.period = report.parse(text, now=book.now)
        self.before = report.previous(self.period, now=book.now)
        self.typed = typed
        self.selection = filters.understand(typed, book.policy, book.now)

    def document(self) -> Document:
        """The report, in the language in force."""
        rules = rulebook.read(self.book.policy, lambda *path: ".".join(map(str, path)))
        asked = report.questions(self.period)
        options = written(self.typed)
        material = Material(
            period=self.period,
            before=self.before,
            now=self.book.now,
            answers=self._answers(asked),
            commands={one.name: report.command(one, self.period, self.before, options) for one in asked},
            measures={one.name: one.measures for one in asked},
            limits=rules.targets,
            repeats_from=self.book.policy.rules["repeats_from"],
            hours_a_day=_hours_a_day(rules),
            waiting=list(self._waiting()),
            waiting_command=self._waiting_command(options),
            unusual=self._unusual(),
            unusual_command=shlex.join(["exlog", "stats", self.period.name, "--unusual", *options]),
        )
        return report.build(material, ledger=self.book.root.name, now=self.book.now, scope=shlex.join(options))

    def records(self) -> tuple[list[str], Iterator[list[str]]]:
        """The columns of a record table, and a row for each record received in the period: archives first, by id.

        Those closed as duplicate or invalid are among them, which no figure counts.
        """
        names = [*monthly.COLUMNS, *(own.name for own in self.book.policy.own_fields)]
        return names, self._rows(names)

    def _rows(self, names: Sequence[str]) -> Iterator[list[str]]:
        chosen = self.selection._replace(since=self.period.start, until=self.period.end)
        with reading.snapshot(self.book, chosen) as view:
            for part in view.parts():
                yield from map(reading.layer(part.columns, names), part.cells)

    def _answers(self, asked: Sequence[Question]) -> Mapping[str, Answered]:
        """An answer for each question; those with the same further conditions are of one reading of the files."""
        found: dict[str, Answered] = {}
        for where, group in groupby(sorted(asked, key=lambda one: one.where), key=lambda one: one.where):
            some = list(group)
            asks = [figuring.Ask(one.measures, one.by, self._span(one.before)) for one in some]
            answers = figuring.answer([self.book], self._narrowed(where), asks)
            found |= {one.name: said for one, said in zip(some, answers, strict=True)}
        return found

    def _unusual(self) -> list[str]:
        """What the control chart says of the months of the period, as the review words it."""
        found = unusual.judged(self.book, self.selection, (self.period.start, self.period.end))
        return [review.unusual_month(one.by, one.value, one.label, month).text for one, month in found if month.sign]

    def _span(self, before: bool) -> tuple[datetime, datetime]:
        period = self.before if before else self.period
        return period.start, period.end

    def _narrowed(self, where: Sequence[str]) -> Selection:
        more = filters.understand(Filters(where=tuple(where)), self.book.policy, self.book.now)
        return self.selection._replace(
            conditions=(*self.selection.conditions, *more.conditions), needles=(*self.selection.needles, *more.needles)
        )

    def _waiting(self) -> Iterator[Waiting]:
        """The records that were received first among those that are not resolved."""
        statuses = frozenset(_RUNNING) & (self.selection.statuses or frozenset(_RUNNING))
        if not statuses:
            return
        chosen = self.selection._replace(statuses=statuses, until=self.period.end)
        schema = self.book.policy.schema()
        names = ("id", "customer_name", "subject", "status", "owner", "received_at", "due_at", "hold_since")
        with reading.snapshot(self.book, chosen) as view:
            for cells in view.sorted_by(schema["received_at"], names, descending=False, limit=_LONGEST):
                one = dict(zip(names, cells, strict=True))
                late = filters.is_overdue(one["status"], one["due_at"], one.pop("hold_since"), self.book.now)
                yield Waiting(
                    one["id"], one["customer_name"], one["subject"], one["status"], one["owner"], one["received_at"],
                    one["due_at"], late,
                )  # fmt: skip

    def _waiting_command(self, options: Sequence[str]) -> str:
        words = ["exlog", "list", "--status", ",".join(_RUNNING), "--until", self.period.name]
        return shlex.join([*words, "--sort", "received_at", "--limit", str(_LONGEST), *options])


def written(typed: Filters) -> list[str]:
    """The filter options as words of a command line."""
    words = []
    for name in Filters._fields:
        value = getattr(typed, name)
        if isinstance(value, tuple):
            words += [word for one in value for word in (f"--{name}", one)]
    words += [f"--{name}" for name in _FLAGS if getattr(typed, name)]
    return [*words, *(["--open"] if typed.scope == "open" else [])]


def _hours_a_day(rules: rulebook.Rulebook) -> float:
    """Working hours of the usual working day of the ledger's calendar."""
    days = [hours for hours in rules.calendars[rulebook.DEFAULT_CALENDAR].hours if hours]
    minutes = sum(one.end - one.start for hours in days for one in hours)
    return round(minutes / len(days) / 60, 2)


def is_empty(document: Document) -> bool:
    """Whether nothing was received in the period."""
    return not document.tiles[0].figure.value
