"""Asks everything that a period's report needs, and puts the report together (see ``report`` for what is in it)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from exlog import filters, monthly, report, review, rulebook, times
from exlog.errors import Refused, Usage
from exlog.filters import Filters, Selection
from exlog.i18n import _
from exlog.ledger import figuring, rates, reading, unusual
from exlog.ledger.book import Book
from exlog.report import Document, Material, Question, Waiting
from exlog.report.model import Answered
from exlog.report.questions import Told
from exlog.vocabulary import EXCLUDED_CLOSE_REASONS

_RUNNING = ("new", "in_progress", "on_hold")
_LONGEST = 10
_WAITING = (*(name for name in Waiting._fields if name != "overdue"), "hold_since")
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
        options = written(self.typed)
        told, told_before = self._told(options)
        asked = report.questions(self.period, told, told_before)
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
            waiting_commands=self._waiting_commands(),
            told=told,
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
        """An answer for each question; those with the same further conditions are of one reading of the files.

        None for a rate where no record falls on anything that denominators.csv tells.
        """
        found: dict[str, Answered] = {}
        for (where, rated), group in groupby(sorted(asked, key=_reading), key=_reading):
            some = list(group)
            asks = [
                figuring.Ask(one.measures, one.by, None if one.ever else self._span(one.before), one.per)
                for one in some
            ]
            try:
                answers = figuring.answer([self.book], self._narrowed(where), asks)
            except Refused:
                if not rated:
                    raise
                continue
            found |= {one.name: said for one, said in zip(some, answers, strict=True)}
        return found

    def _told(self, options: Sequence[str]) -> tuple[list[Told], list[Told]]:
        """What complaints can be divided by in the period, and in the one before.

        Nothing for a report of some records alone: denominators.csv tells of all.
        """
        known = None if options else rates.read(self.book)
        if known is None:
            return [], []
        return known.told(self._span(False)), known.told(self._span(True))

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
        """The records received first among those that were not resolved at the end of the period, or are not by now."""
        schema = self.book.policy.schema()
        at = min(self.period.end, self.book.now)
        found: list[Waiting] = []
        for chosen, _words in self._unresolved():
            with reading.snapshot(self.book, chosen) as view:
                for cells in view.sorted_by(schema["received_at"], _WAITING, descending=False, limit=_LONGEST):
                    one = dict(zip(_WAITING, cells, strict=True))
                    since = one.pop("hold_since")
                    held = times.moment(since) if one["status"] == "on_hold" else None
                    due = times.moment(one["due_at"])
                    late = due is not None and due < min(held or at, at)
                    found.append(Waiting(**one, overdue=late))
        yield from sorted(found, key=lambda one: (times.moment(one.received_at) or at, one.id))[:_LONGEST]

    def _unresolved(self) -> Iterator[tuple[Selection, list[str]]]:
        """Those that are not resolved, and of a past period those that were resolved after it; how list takes each."""
        typed = self.typed.status
        statuses = [one for one in _RUNNING if one in (self.selection.statuses or _RUNNING)]
        if statuses:
            chosen = self.selection._replace(statuses=frozenset(statuses), until=self.period.end)
            yield chosen, ["--status", ",".join(statuses)]
        if self.period.end <= self.book.now:
            conditions = (f"resolved_at>{self.period.name}", f"close_reason!={','.join(EXCLUDED_CLOSE_REASONS)}")
            more = ["--status", ",".join(typed)] if typed else ["--all"] if self.typed.scope == "all" else []
            yield (
                self._narrowed(conditions)._replace(until=self.period.end),
                [*more, *(word for one in conditions for word in ("--where", one))],
            )

    def _waiting_commands(self) -> list[str]:
        options = written(self.typed._replace(status=()))
        head = ["exlog", "list", "--until", self.period.name]
        tail = ["--sort", "received_at", "--limit", str(_LONGEST), *options]
        return [shlex.join([*head, *words, *tail]) for _chosen, words in self._unresolved()]


def _reading(one: Question) -> tuple[tuple[str, ...], bool]:
    return one.where, bool(one.per)


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
