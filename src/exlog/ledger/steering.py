"""What the policy makes of a record in this ledger: who gets it, how urgent it is, and by when what is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from exlog import canonical, conditions, instants, sla, times, urgency
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.i18n import _
from exlog.ledger import customers, manifest
from exlog.ledger.book import Book
from exlog.policy import Policy, Where
from exlog.profiles import Customer
from exlog.rulebook import DEFAULT_CALENDAR, Rulebook
from exlog.sla import Hold, Running, Target, Watch
from exlog.store import config, public_holidays, rows
from exlog.urgency import Contact, Rating
from exlog.workflow import HoldEnd
from exlog.worktime import Calendar, CalendarSpec, Special

if TYPE_CHECKING:
    from exlog.routing import Route

_INDEXED = frozenset(Customer._fields) - {"phone"}
"""Fields of a profile that the index of customers has as they are."""


_UNRESOLVED = dict.fromkeys(("resolved_at", "closed_at", "close_reason", "hold_since"), "")
"""What an open record that runs does not have."""


class Steering:
    """The rules of a policy, by default the ledger's own, at work in a ledger.

    ``made`` are customers made by the command under way, which no index knows yet.
    """

    def __init__(
        self, book: Book, policy: Policy | None = None, where: Where | None = None, made: Sequence[Customer] = ()
    ) -> None:
        self.book = book
        self.policy = policy or book.policy
        self._where = where or (lambda *path: config.FILE)
        self.rules = Rulebook(self.policy, self._where)
        self._made = made
        self._profiles: dict[str, dict[str, str]] = {}
        self._broken: dict[str, Damaged] = {}

    @cached_property
    def _asks_profiles(self) -> bool:
        return any(name.startswith(conditions.CUSTOMER) for name in self.rules.asked)

    @cached_property
    def calendars(self) -> dict[str, Calendar]:
        """The calendars by name, with the public holidays of their countries."""
        return {name: self._calendar(name, spec) for name, spec in self.rules.calendars.items()}

    def profile(self, customer_id: str) -> dict[str, str]:
        """The fields of a customer that rules look at; none for a one-off customer or a profile that is missing."""
        if not customer_id or not self._asks_profiles:
            return {}
        if customer_id not in self._profiles:
            self._profiles[customer_id] = self._read_profile(customer_id)
        return self._profiles[customer_id]

    def route(self, record: Mapping[str, str]) -> Route:
        """Who gets the record."""
        from exlog import routing

        profile = self.profile(record.get("customer_id", ""))
        return routing.route(record, profile, self.rules.routing, self.rules.people, self.book.now.date())

    def rate(self, record: Mapping[str, str], repeats: int) -> Rating:
        """How urgent the record is."""
        return urgency.rate(record, self.profile(record.get("customer_id", "")), repeats, self.rules.urgency)

    def level(self, record: Mapping[str, str], repeats: int) -> str:
        """How urgent the record is, without the way to it."""
        return urgency.level(record, self.profile(record.get("customer_id", "")), repeats, self.rules.urgency)

    def targets(
        self, record: Mapping[str, str], *, holds: Sequence[Hold] | None = None, keep: bool = True,
        steps: Sequence[str] | None = None,
    ) -> list[Target]:  # fmt: skip
        """What is due, in time or late, see ``sla.targets``."""
        values = self._timed(record)
        return sla.targets(
            values, self.rules.sla, self.calendars, self.book.now, holds=holds, keep=keep, steps=steps
        )  # fmt: skip

    def verdicts(
        self, record: Mapping[str, str], *, holds: Sequence[Hold] | None = None, keep: bool = True
    ) -> dict[str, str]:
        """What was met or breached, see ``sla.verdicts``."""
        values = self._timed(record)
        return sla.verdicts(values, self.rules.sla, self.calendars, self.book.now, holds=holds, keep=keep)

    def times_as(self, other: Steering) -> bool:
        """Whether another policy makes the same due times of whatever record of the same urgency."""
        return (self.rules.sla, self.rules.calendars, self.policy.timezone) == (
            other.rules.sla, other.rules.calendars, other.policy.timezone,
        )  # fmt: skip

    def running(self, record: Mapping[str, str], holds: Sequence[Hold] | None = None) -> list[Running]:
        """What of an open record has begun and is not met, see ``sla.Watch``."""
        return self._watch.running(self._timed(record), holds)

    def _timed(self, record: Mapping[str, str]) -> Mapping[str, str]:
        """A record with what the rules of due times ask of its customer."""
        profile = self.profile(record.get("customer_id", "")) if self._times_ask_profiles else {}
        return conditions.merged(record, profile) if profile else record

    @cached_property
    def _times_ask_profiles(self) -> bool:
        return any(name.startswith(conditions.CUSTOMER) for name in self.rules.timed)

    @cached_property
    def _watch(self) -> Watch:
        return Watch(self.rules.sla, self.calendars, self.book.now)

    def due_at(self, record: Mapping[str, str], holds: Sequence[Hold] | None = None) -> str:
        """When the record must be resolved by the rules, as it is stored; empty where no rule says so.

        The hold that still lasts is left out: its end moves the stored due time.
        """
        open_record = {**self._timed(record), "status": "in_progress", **_UNRESOLVED}
        due = sla.main_due(open_record, self.rules.sla, self.calendars, self.book.now, holds)
        return "" if due is None else instants.stored(due, self.book.tz)

    def end_hold(self, record: Mapping[str, str], now: datetime) -> HoldEnd:
        """What a hold that ends now comes to: the due time, moved by the time held as the record's rule counts it,
        and the working time held."""
        due, since = times.moment(record.get("due_at", "")), times.moment(record.get("hold_since", ""))
        if since is None:
            return HoldEnd(record.get("due_at", ""), 0)
        number = self.rules.sla.rule_of(self._timed(record))
        rule = None if number is None else self.rules.sla.rules[number]
        calendar = self.calendars[rule.calendar if rule else DEFAULT_CALENDAR]
        worked = calendar.working_minutes(since, now)
        if due is None or since >= due:
            return HoldEnd(record.get("due_at", ""), max(0, int(worked)))
        limit = rule.main.within(record.get("urgency", "")) if rule and rule.main else None
        elapsed = limit is not None and not limit.working
        moved = due + (now - since) if elapsed else calendar.add_working(due, worked)
        stored = times.format_time(moved.astimezone(self.book.tz).replace(microsecond=0))
        return HoldEnd(stored, max(0, int(worked)))

    def unannounced(self, moments: Iterable[str]) -> list[str]:
        """A warning for each year of the stored ``moments`` whose make-up workdays are not announced yet."""
        years = {found.year for text in moments if (found := times.moment(text)) is not None}
        warnings = []
        for name, spec in self.rules.calendars.items():
            path = _path(name)
            for year in sorted(years):
                known = {day.year for day in (*spec.extra_workdays, *spec.extra_holidays)}
                if year not in known and not public_holidays.announced(
                    self.book.root, spec.country, spec.subdivision, year, self._where, path
                ):
                    warnings.append(
                        _(
                            "the make-up workdays of {year} in {country} are not announced: due times of {year} may "
                            "be off; list them under {key}.extra_workdays in exlog.yaml"
                        ).format(year=year, country=spec.country, key=".".join(path))
                    )
        return warnings

    def _calendar(self, name: str, spec: CalendarSpec) -> Calendar:
        path = _path(name)

        def special(year: int) -> Mapping[date, Special]:
            return public_holidays.load(self.book.root, spec.country, spec.subdivision, [year], self._where, path)

        zone = config.zone(spec.timezone or self.policy.timezone, self._where, path)
        return Calendar(spec, zone, special)

    def missing_profile(self, customer_id: str) -> str:
        """Why a customer's profile cannot be looked at; empty where it can, or where no rule looks at profiles."""
        if not self._asks_profiles or not customer_id:
            return ""
        self.profile(customer_id)
        error = self._broken.get(customer_id)
        return "" if error is None else f"{error.where}: {error.message}"

    @cached_property
    def _sound(self) -> tuple[dict[str, Customer], dict[str, Damaged]]:
        found, broken = customers.sound(self.book)
        return {one.id: one for one in (*found, *self._made)}, broken

    @cached_property
    def _needs_whole_profiles(self) -> bool:
        asked = {name for name in self.rules.asked if name.startswith(conditions.CUSTOMER)}
        return bool(asked - {conditions.CUSTOMER + name for name in _INDEXED})

    def _read_profile(self, customer_id: str) -> dict[str, str]:
        index, broken = self._sound
        found = index.get(customer_id)
        if found is None:
            if customer_id in broken:
                self._broken[customer_id] = broken[customer_id]
            return {}
        if self._needs_whole_profiles and found not in self._made:
            return customers.values_of(customers.load(self.book, customer_id))
        return {name: text for name, text in found._asdict().items() if name in _INDEXED}


def _path(calendar: str) -> tuple[str, ...]:
    return ("calendar",) if calendar == DEFAULT_CALENDAR else ("calendars", calendar)


def contact(record: Mapping[str, str]) -> Contact:
    """What counting repeats needs of a record."""
    return Contact(
        record.get("customer_id") or record.get("customer_name", ""),
        record.get("category", ""),
        record.get("received_at", ""),
        record.get("close_reason", ""),
        record.get("id", ""),
    )


def repeats(book: Book, record: Mapping[str, str], live: Table) -> int:
    """How many other records repeat this one, in the live table and in the archives that may hold one."""
    one = contact(record)
    if not one.customer or not one.category or times.moment(one.received_at) is None:
        return 0
    return urgency.repeats(one, _contacts_like(book, one, live))


def _contacts_like(book: Book, one: Contact, live: Table) -> Iterator[Contact]:
    """The contacts of rows that name the customer: other lines are not even split."""
    wanted = canonical.encode_cell(one.customer).replace('"', '""')
    named = (live.cells(row) for row, line in enumerate(live.lines) if wanted in line)
    yield from _contacts(live.columns, named)
    received = times.moment(one.received_at)
    assert received is not None
    since, until = received - urgency.WINDOW, received + urgency.WINDOW + timedelta(seconds=1)
    for file in manifest.archives(book.root, manifest.read(book.root), since, until):
        stream = rows.Stream(book.root / file, file)
        yield from _contacts(stream.columns, stream.holding(wanted))
        stream.close()


def _contacts(columns: Sequence[str], found: Iterable[Sequence[str]]) -> Iterator[Contact]:
    names = ("customer_id", "customer_name", "category", "received_at", "close_reason", "id")
    places = [columns.index(name) if name in columns else -1 for name in names]
    for cells in found:
        texts = [canonical.decode_cell(cells[place]) if place >= 0 else "" for place in places]
        yield contact(dict(zip(names, texts, strict=True)))
