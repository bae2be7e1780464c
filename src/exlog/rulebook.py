"""What exlog.yaml says of urgency, people, roles, routing, working time, service levels and escalation, as a whole.

Each section has a module of its own that reads it; here they meet, so that one may name what another declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exlog import conditions, escalation, sla, urgency
from exlog.conditions import Condition, Known, Place
from exlog.escalation import Escalation
from exlog.i18n import _
from exlog.policy import Policy, Where
from exlog.sla import SlaPolicy
from exlog.urgency import REPEATS, UrgencyPolicy
from exlog.worktime import CalendarSpec, read_calendar

if TYPE_CHECKING:
    from exlog.approval import Rules as Approvals
    from exlog.roles import Roles
    from exlog.routing import People, Routing

DEFAULT_CALENDAR = "default"
"""The name of the calendar under ``calendar:``."""

COUNTRIES = {"Asia/Shanghai": "CN"}
"""The country of a calendar that names none, by the ledger's timezone; ``country: ""`` says that there is none."""


SECTIONS = (
    "people",
    "calendars",
    "sla",
    "escalation",
    "urgency",
    "routing",
    "roles",
    "approval",
    "record_table",
    "targets",
)
"""What a rulebook has, in the order in which ``read`` looks for mistakes."""


class Rulebook:
    """The sections of a policy that drive the work, each read when it is first asked for.

    ``where(*path)`` gives file, line and key. Whatever opens a ledger has read the whole of its policy before (see
    ``read``), so that a command that needs few of the sections may read only those.
    """

    def __init__(self, policy: Policy, where: Where) -> None:
        self._policy = policy
        self._where = where
        self._said = policy.sections

    @cached_property
    def people(self) -> People:
        """Who works here, by name."""
        from exlog import routing

        return routing.read_people(self._said.get("people"), self._where)

    @cached_property
    def calendars(self) -> Mapping[str, CalendarSpec]:
        """The ledger's calendar and those under ``calendars:``, by name."""
        return _calendars(self._policy, self._where)

    @cached_property
    def sla(self) -> SlaPolicy:
        """The times allowed."""
        return sla.read_sla(
            self._said.get("sla"),
            self._where,
            known=self._known,
            resolve=self._policy.resolve,
            calendars=list(self.calendars),
        )

    @cached_property
    def escalation(self) -> Escalation:
        """Who hears of what is late."""
        place = Place(self._where, ("escalation",), self._known, self._policy.resolve)
        rules = escalation.read(self._said.get("escalation"), *place)
        _refuse_unknown_targets(rules, self.sla, place)
        return rules

    @cached_property
    def urgency(self) -> UrgencyPolicy:
        """How urgent a record is."""
        own, resolve = self._policy.own_fields, self._policy.resolve
        return urgency.read(self._said.get("urgency"), self._where, own=own, resolve=resolve)

    @cached_property
    def routing(self) -> Routing:
        """Who gets a record."""
        from exlog import routing

        own, resolve = self._policy.own_fields, self._policy.resolve
        return routing.read(self._said.get("routing"), self._where, people=self.people, own=own, resolve=resolve)

    @cached_property
    def roles(self) -> Roles:
        """Who may do what."""
        from exlog import roles

        return roles.read(self._said.get("roles"), self._where, self.people)

    @cached_property
    def approval(self) -> Approvals:
        """What a second person approves."""
        from exlog import approval

        place = Place(self._where, ("approval",), self._known, self._policy.resolve)
        return approval.read(self._said.get("approval"), *place)

    @cached_property
    def record_table(self) -> str:
        """The pattern of the name of a month's record table."""
        from exlog import monthly

        return monthly.read(self._said.get("archive"), self._policy.language, self._where)

    @cached_property
    def targets(self) -> Mapping[str, float]:
        """What the report holds figures to, by measure."""
        return _targets(self._said.get("report"), self._where)

    @cached_property
    def _known(self) -> Known:
        return conditions.known(self._policy.own_fields)

    @property
    def asked(self) -> frozenset[str]:
        """The fields of records and profiles that any rule looks at."""
        names = {test.field.name for condition in self._conditions() for test in condition.tests}
        return frozenset(names | {factor.field.name for factor in self.urgency.factors})

    @property
    def rated(self) -> frozenset[str]:
        """The fields that the urgency depends on."""
        floors = {test.field.name for floor in self.urgency.floors for test in floor.when.tests}
        return frozenset(floors | {factor.field.name for factor in self.urgency.factors})

    @property
    def timed(self) -> frozenset[str]:
        """The fields that due times and escalations depend on, beside the times of their steps."""
        conditions_ = (*(rule.match for rule in self.sla.rules), *(rule.match for rule in self.escalation))
        return frozenset(test.field.name for condition in conditions_ for test in condition.tests)

    @property
    def counts_repeats(self) -> bool:
        """Whether the urgency depends on how often the customer came back."""
        return REPEATS.name in self.rated

    def _conditions(self) -> Iterator[Condition]:
        yield from (floor.when for floor in self.urgency.floors)
        yield from (rule.when for rule in self.routing)
        yield from (rule.match for rule in self.sla.rules)
        yield from (rule.match for rule in self.escalation)
        yield from (rule.when for rule in self.approval)


def read(policy: Policy, where: Where) -> Rulebook:
    """The rules of a policy, all of them read. Raises Damaged, with the place and what to do, for what is wrong."""
    found = Rulebook(policy, where)
    for name in SECTIONS:
        getattr(found, name)
    return found


def _targets(section: Any, where: Where) -> Mapping[str, float]:
    """Few ledgers set any: what reads them is loaded where one does."""
    if section is None:
        return {}
    from exlog.report import targets

    return targets.read(section, where)


def _calendars(policy: Policy, where: Where) -> dict[str, CalendarSpec]:
    """The ledger's calendar and those under ``calendars:``; what a further one leaves out is the ledger's."""
    said = policy.sections
    main: dict[str, Any] = dict(said.get("calendar") or {})
    main.setdefault("timezone", policy.timezone)
    main.setdefault("country", COUNTRIES.get(policy.timezone, ""))
    found = {DEFAULT_CALENDAR: read_calendar(main, where, ("calendar",))}
    place = Place(where, ("calendars",), {}, policy.resolve)
    for name, data in place.mapping(said.get("calendars", {})):
        spot = place.at(name)
        if not isinstance(name, str) or name == DEFAULT_CALENDAR:
            raise spot.bad(
                _("{name} is no name for a further calendar").format(name=name),
                _("the ledger's own is the one under calendar:"),
            )
        own = dict(spot.mapping({} if data is None else data))
        inherited = {key: value for key, value in main.items() if key not in ("subdivision",) or "country" not in own}
        found[name] = read_calendar({**inherited, **own}, where, ("calendars", name))
    return found


def _refuse_unknown_targets(rules: Escalation, levels: SlaPolicy, place: Place) -> None:
    names = dict.fromkeys(step.name for rule in levels.rules for step in rule.steps)
    for number, rule in enumerate(rules):
        for name in sorted(rule.targets - set(names)):
            raise place.at(number, "target").bad(
                _("no such target under sla: {name}").format(name=name),
                _("one of: {choices}").format(choices=", ".join(names)),
            )
