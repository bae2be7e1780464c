"""Every way to write exlog.yaml wrongly is one line that names the place and what to do; nothing is guessed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from faults import ledgers, process
from faults.ledgers import CUSTOMER

ADD = ("add", CUSTOMER, "again", "-t", "inquiry")
COMMANDS = (("list",), ADD, ("check",))

HERE = "# here"
"""Stands at the end of the line that the message must name."""


class Bad(NamedTuple):
    """A section that is wrong, the key that the message names, and words of what it says and what it advises."""

    key: str
    text: str
    says: str
    remedy: str


RESOLVE = "resolve: {from: received_at, to: resolved_at, within: 1wd}"

URGENCY = {
    "weights that do not sum to 100": Bad(
        "urgency.factors",
        """\
urgency:
  factors:  # here
    - {field: severity, weight: 40, map: {safety: 1}}
    - {field: order_value, weight: 50.5, bands: [[0, 1]]}
""",
        "sum to 90.5, not to 100",
        "weight",
    ),
    "no factors at all": Bad("urgency.factors", "urgency:\n  factors: []  # here\n", "sum to 0", "weight"),
    "a weight below 0": Bad(
        "urgency.factors.0.weight",
        "urgency:\n  factors:\n    - {field: severity, weight: -5, map: {safety: 1}}  # here\n",
        "-5",
        "number",
    ),
    "a weight that is a word": Bad(
        "urgency.factors.0.weight",
        "urgency:\n  factors:\n    - field: severity\n      weight: heavy  # here\n      map: {safety: 1}\n",
        "heavy",
        "number",
    ),
    "a weight with three decimals": Bad(
        "urgency.factors.0.weight",
        "urgency:\n  factors:\n    - {field: severity, weight: 33.333, map: {safety: 1}}  # here\n",
        "33.333",
        "number",
    ),
    "a weight that is missing": Bad(
        "urgency.factors.0.weight",
        "urgency:\n  factors:\n    - {field: severity, map: {safety: 1}}  # here\n",
        "weight is missing",
        "add it",
    ),
    "an unknown level": Bad(
        "urgency.levels.0.key",
        "urgency:\n  levels:\n    - {key: extreme, min: 80}  # here\n    - {key: low, min: 0}\n",
        "extreme",
        "critical",
    ),
    "an unknown level in a floor": Bad(
        "urgency.floors.0.at_least",
        "urgency:\n  floors:\n    - {when: {severity: safety}, at_least: extreme}  # here\n",
        "extreme",
        "critical",
    ),
    "a floor at a level that is not listed": Bad(
        "urgency.floors.0.at_least",
        """\
urgency:
  levels: [{key: high, min: 50}, {key: low, min: 0}]
  floors:
    - when: {severity: safety}
      at_least: critical  # here
""",
        "no such level here: critical",
        "high, low",
    ),
    "a floor at the lowest level": Bad(
        "urgency.floors.0.at_least",
        "urgency:\n  floors:\n    - {when: {severity: safety}, at_least: low}  # here\n",
        "never raises",
        "remove it",
    ),
    "levels that go up": Bad(
        "urgency.levels.1",
        "urgency:\n  levels:\n    - {key: low, min: 0}\n    - {key: high, min: 60}  # here\n",
        "levels go down",
        "critical, high, medium, low",
    ),
    "a lowest level that does not start at 0": Bad(
        "urgency.levels",
        "urgency:\n  levels: [{key: high, min: 60}, {key: low, min: 5}]  # here\n",
        "start at 0",
        "min: 0",
    ),
    "no levels": Bad("urgency.levels", "urgency:\n  levels: []  # here\n", "start at 0", "min: 0"),
    "a level above 100": Bad(
        "urgency.levels.0.min",
        "urgency:\n  levels:\n    - {key: high, min: 101}  # here\n    - {key: low, min: 0}\n",
        "101",
        "number",
    ),
    "an unknown field in a factor": Bad(
        "urgency.factors.0.field",
        "urgency:\n  factors:\n    - {field: severty, weight: 100, map: {safety: 1}}  # here\n",
        "no such field: severty",
        "did you mean severity",
    ),
    "a factor with map and bands": Bad(
        "urgency.factors.0",
        "urgency:\n  factors:\n    - {field: severity, weight: 100, map: {safety: 1}, bands: [[0, 1]]}  # here\n",
        "either map or bands",
        "bands for a number",
    ),
    "a factor without map and bands": Bad(
        "urgency.factors.0",
        "urgency:\n  factors:\n    - {field: severity, weight: 100}  # here\n",
        "either map or bands",
        "bands for a number",
    ),
    "bands for a choice": Bad(
        "urgency.factors.0.field",
        "urgency:\n  factors:\n    - {field: severity, weight: 100, bands: [[0, 1]]}  # here\n",
        "cannot be weighed",
        "bands for a number",
    ),
    "a map for a number": Bad(
        "urgency.factors.0.field",
        "urgency:\n  factors:\n    - {field: order_value, weight: 100, map: {5: 1}}  # here\n",
        "cannot be weighed",
        "bands for a number",
    ),
    "a factor of a time": Bad(
        "urgency.factors.0.field",
        "urgency:\n  factors:\n    - {field: received_at, weight: 100, map: {x: 1}}  # here\n",
        "cannot be weighed",
        "times and dates",
    ),
    "a factor of the urgency itself": Bad(
        "urgency.factors.0.field",
        "urgency:\n  factors:\n    - {field: urgency, weight: 100, map: {high: 1}}  # here\n",
        "depend on itself",
        "another field",
    ),
    "a share above 1": Bad(
        "urgency.factors.0.map.safety",
        "urgency:\n  factors:\n    - {field: severity, weight: 100, map: {safety: 40}}  # here\n",
        "40 is no number from 0 to 1",
        "number",
    ),
    "a value that the field cannot have": Bad(
        "urgency.factors.0.map.grave",
        """\
urgency:
  factors:
    - field: severity
      weight: 100
      map:
        safety: 1
        grave: 0.5  # here
""",
        "grave",
        "moderate",
    ),
    "bands that go up": Bad(
        "urgency.factors.0.bands.1",
        """\
urgency:
  factors:
    - field: order_value
      weight: 100
      bands:
        - [0, 0.1]
        - [10000, 1]  # here
""",
        "bands go down",
        "highest value first",
    ),
    "a band that is no pair": Bad(
        "urgency.factors.0.bands.0",
        "urgency:\n  factors:\n    - {field: order_value, weight: 100, bands: [5]}  # here\n",
        "a least value and a share",
        "[[10000, 1]",
    ),
    "two factors of one field": Bad(
        "urgency.factors.1.field",
        """\
urgency:
  factors:
    - {field: severity, weight: 50, map: {safety: 1}}
    - {field: severity, weight: 50, map: {major: 1}}  # here
""",
        "severity has a factor already",
        "one factor",
    ),
    "an unknown key of a factor": Bad(
        "urgency.factors.0.wieght",
        "urgency:\n  factors:\n    - {field: severity, wieght: 100, map: {safety: 1}}  # here\n",
        "no such key: wieght",
        "field, weight, map, bands, missing",
    ),
    "an unknown key of urgency": Bad(
        "urgency.factor", "urgency:\n  factor: []  # here\n", "no such key: factor", "levels, factors, floors"
    ),
    "a floor that asks an unknown field": Bad(
        "urgency.floors.0.when.repeats",
        "urgency:\n  floors:\n    - {when: {repeats: 3}, at_least: high}  # here\n",
        "no such field: repeats",
        "",
    ),
    "a floor that asks an impossible value": Bad(
        "urgency.floors.0.when.type",
        "urgency:\n  floors:\n    - {when: {type: quality}, at_least: high}  # here\n",
        "quality",
        "complaint",
    ),
    "a comparison of a choice": Bad(
        "urgency.floors.0.when.severity",
        'urgency:\n  floors:\n    - {when: {severity: ">=major"}, at_least: high}  # here\n',
        "no order",
        "list the values",
    ),
    "a comparison with a wrong sign": Bad(
        "urgency.floors.0.when.order_value",
        'urgency:\n  floors:\n    - {when: {order_value: "=>5"}, at_least: high}  # here\n',
        "=>5",
        '">=5"',
    ),
    "a floor that never raises": Bad(
        "urgency.floors.1",
        """\
urgency:
  floors:
    - {when: {type: complaint}, at_least: high}
    - {when: {type: complaint, category: quality}, at_least: medium}  # here
""",
        "floor 1",
        "remove it",
    ),
    "urgency as a list": Bad("urgency", "urgency:  # here\n  - high\n", "keys and values", "indent"),
    "factors as a mapping": Bad("urgency.factors", "urgency:\n  factors: {severity: 100}  # here\n", "list", "-"),
    "floors as a mapping": Bad("urgency.floors", "urgency:\n  floors: {safety: critical}  # here\n", "list", "-"),
    "levels as a mapping": Bad("urgency.levels", "urgency:\n  levels: {high: 60}  # here\n", "list", "-"),
    "urgency as a word": Bad("urgency", "urgency: high  # here\n", "keys and values", "indent"),
}

CALENDAR = {
    "hours that overlap": Bad(
        "calendar.hours.mon-fri.1",
        """\
calendar:
  hours:
    mon-fri:
      - "09:00-12:00"
      - "11:00-18:00"  # here
""",
        "overlap",
        "when the one before has ended",
    ),
    "hours with one digit and without quotes": Bad(
        "calendar.hours.mon-fri.0",
        "calendar:\n  hours: {mon-fri: [9:00-12:00]}  # here\n",
        "9:00-12:00 are no hours",
        '"09:00-12:00"',
    ),
    "a time of day without its end": Bad(
        "calendar.hours.mon-fri.0", "calendar:\n  hours: {mon-fri: [9:00]}  # here\n", "9:00", '"09:00-12:00"'
    ),
    "hours of a day as a number": Bad(
        "calendar.hours.mon-fri", "calendar:\n  hours: {mon-fri: 8}  # here\n", "8", '"09:00-12:00"'
    ),
    "hours as a number": Bad("calendar.hours", "calendar:\n  hours: 8  # here\n", "by day", "mon-fri"),
    "hours as a list": Bad("calendar.hours", 'calendar:\n  hours: ["09:00-18:00"]  # here\n', "by day", "mon-fri"),
    "hours in a list as a number": Bad(
        "calendar.hours.mon-fri.0", "calendar:\n  hours: {mon-fri: [9, 18]}  # here\n", "9 are no hours", "quotes"
    ),
    "hours that end before they begin": Bad(
        "calendar.hours.mon-fri.0", 'calendar:\n  hours: {mon-fri: ["22:00-06:00"]}  # here\n', "ends before", "24:00"
    ),
    "hours of a clock that does not exist": Bad(
        "calendar.hours.mon-fri.0", 'calendar:\n  hours: {mon-fri: ["09:00-25:00"]}  # here\n', "25:00", "two digits"
    ),
    "a day that does not exist": Bad(
        "calendar.hours.monday", 'calendar:\n  hours: {monday: ["09:00-18:00"]}  # here\n', "monday", "mon-fri"
    ),
    "a day with hours twice": Bad(
        "calendar.hours.fri-sat",
        'calendar:\n  hours:\n    mon-fri: ["09:00-18:00"]\n    fri-sat: ["09:00-12:00"]  # here\n',
        "fri has hours already",
        "once",
    ),
    "days with a comma without quotes": Bad(
        "calendar.hours.mon", 'calendar:\n  hours: {mon,fri: ["09:00-18:00"]}  # here\n', "no hours", "quote"
    ),
    "a day with an empty list": Bad(
        "calendar.hours.mon", "calendar:\n  hours: {mon: []}  # here\n", "no hours", "leave out"
    ),
    "a week without work": Bad("calendar.hours", "calendar:\n  hours: {}  # here\n", "60 minutes", "mon-fri"),
    "an unknown timezone": Bad(
        "calendar.timezone", "calendar:\n  timezone: Asia/Shangai  # here\n", "Asia/Shangai", "Asia/Shanghai"
    ),
    "a timezone that is a number": Bad("calendar.timezone", "calendar:\n  timezone: 8  # here\n", "8", "Asia/Shanghai"),
    "a timezone that is a list": Bad(
        "calendar.timezone", "calendar:\n  timezone: [Asia/Shanghai]  # here\n", "timezone", "Asia/Shanghai"
    ),
    "a timezone that is nothing": Bad(
        "calendars.depot.timezone", "calendars:\n  depot:\n    timezone: 0  # here\n", "timezone: 0", "Asia/Shanghai"
    ),
    "a country without data": Bad("calendar.country", "calendar:\n  country: ZZ  # here\n", "ZZ", "extra_holidays"),
    "a country by its name": Bad("calendar.country", "calendar:\n  country: China  # here\n", "China", "CN"),
    "a country that is a number": Bad("calendar.country", "calendar:\n  country: 86  # here\n", "86", "CN"),
    "a country that is no text": Bad("calendar.country", "calendar:\n  country: false  # here\n", "False", '"NO"'),
    "an unknown subdivision": Bad(
        "calendar.subdivision", "calendar:\n  country: DE\n  subdivision: XX  # here\n", "XX", "BY"
    ),
    "a subdivision without its country": Bad(
        "calendar.subdivision", 'calendar:\n  country: ""\n  subdivision: BY  # here\n', "country", "country:"
    ),
    "an extra workday that is no date": Bad(
        "calendar.extra_workdays.0", "calendar:\n  extra_workdays: [next Saturday]  # here\n", "next Saturday", "2027"
    ),
    "an extra workday that no month has": Bad(
        "calendar.extra_workdays.1",
        'calendar:\n  extra_workdays:\n    - 2027-02-06\n    - "2027-02-30"  # here\n',
        "2027-02-30",
        "2027-02-06",
    ),
    "an extra holiday that is no list": Bad(
        "calendar.extra_holidays", "calendar:\n  extra_holidays: 2027-02-06  # here\n", "list", "-"
    ),
    "a day off that is an extra workday as well": Bad(
        "calendar.extra_holidays.0",
        "calendar:\n  extra_workdays: [2027-02-06]\n  extra_holidays: [2027-02-06]  # here\n",
        "2027-02-06",
        "one of the two",
    ),
    "an unknown key of calendar": Bad(
        "calendar.holidays", "calendar:\n  holidays: []  # here\n", "no such key: holidays", "extra_holidays"
    ),
    "calendar as a list": Bad("calendar", "calendar:  # here\n  - CN\n", "keys and values", "indent"),
    "calendar as a word": Bad("calendar", "calendar: CN  # here\n", "keys and values", "indent"),
    "calendars as a list": Bad("calendars", "calendars:  # here\n  - depot\n", "keys and values", "indent"),
    "calendars as an empty list": Bad("calendars", "calendars: []  # here\n", "keys and values", "indent"),
    "a further calendar called default": Bad(
        "calendars.default", "calendars:\n  default: {country: DE}  # here\n", "default", "calendar:"
    ),
    "a further calendar that is a list": Bad(
        "calendars.depot", "calendars:\n  depot: [DE]  # here\n", "keys", "indent"
    ),
    "an unknown timezone of a further calendar": Bad(
        "calendars.depot.timezone", "calendars:\n  depot: {timezone: Mars/Base}  # here\n", "Mars/Base", "Asia/Shanghai"
    ),
    "an unknown country of a further calendar": Bad(
        "calendars.depot.country", "calendars:\n  depot:\n    country: ZZ  # here\n", "ZZ", "extra_holidays"
    ),
    "overlapping hours of a further calendar": Bad(
        "calendars.depot.hours.sat.1",
        'calendars:\n  depot:\n    hours: {sat: ["09:00-12:00", "11:59-13:00"]}  # here\n',
        "overlap",
        "ended",
    ),
}

SLA = {
    "an unknown calendar": Bad(
        "sla.0.calendar", f"sla:\n  - {{calendar: depot, {RESOLVE}}}  # here\n", "depot", "default"
    ),
    "an urgency without a time and no default": Bad(
        "sla.0.resolve.within",
        """\
sla:
  - resolve:
      from: received_at
      to: resolved_at
      within: {critical: 8wh, low: 5wd}  # here
""",
        "no time for: high, medium",
        "default",
    ),
    "an urgency that does not exist": Bad(
        "sla.0.resolve.within.hgih",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: {hgih: 1wd, default: 2wd}}  # here\n",
        "hgih",
        "high",
    ),
    "an urgency with two times": Bad(
        "sla.0.resolve.within.紧急",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: {high: 1h, 紧急: 2h, default: 3h}}  # here\n",
        "high has a time already",
        "remove",
    ),
    "a time allowed in an unknown unit": Bad(
        "sla.0.resolve.within",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: 3x}  # here\n",
        "3x is no time allowed",
        "8wh",
    ),
    "an unknown unit of one urgency": Bad(
        "sla.0.resolve.within.low",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: {low: 3x, default: 1wd}}  # here\n",
        "3x",
        "1wd",
    ),
    "a time allowed without a unit": Bad(
        "sla.0.resolve.within",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: 3}  # here\n",
        "3 is no time allowed",
        "8wh",
    ),
    "no time allowed at all": Bad(
        "sla.0.resolve.within",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: 0wh}  # here\n",
        "0wh",
        "8wh",
    ),
    "a time allowed of centuries": Bad(
        "sla.0.resolve.within",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: 99999wd}  # here\n",
        "99999wd",
        "1wd",
    ),
    "a time allowed that is a list": Bad(
        "sla.0.resolve.within",
        "sla:\n  - resolve: {from: received_at, to: resolved_at, within: [1wd]}  # here\n",
        "no time allowed",
        "1wd",
    ),
    "an unknown key of a step": Bad(
        "sla.0.resolve.until",
        "sla:\n  - resolve: {from: received_at, until: resolved_at, within: 1wd}  # here\n",
        "no such key: until",
        "from, to, within",
    ),
    "a step without its beginning": Bad(
        "sla.0.resolve", "sla:\n  - resolve: {to: resolved_at, within: 1wd}  # here\n", "from is missing", "within"
    ),
    "an unknown key of a rule": Bad(
        "sla.0.macth", f"sla:\n  - {{macth: {{type: complaint}}, {RESOLVE}}}  # here\n", "macth", "match, calendar"
    ),
    "a step that is a word": Bad("sla.0.resolve", "sla:\n  - resolve: 1wd  # here\n", "resolve", "from: received_at"),
    "a step from an unknown field": Bad(
        "sla.0.resolve.from",
        "sla:\n  - resolve: {from: recieved_at, to: resolved_at, within: 1wd}  # here\n",
        "recieved_at",
        "received_at",
    ),
    "a step to what is no time": Bad(
        "sla.0.resolve.to",
        "sla:\n  - resolve: {from: received_at, to: resolution, within: 1wd}  # here\n",
        "resolution is no time",
        "resolved_at",
    ),
    "a step that ends where it begins": Bad(
        "sla.0.resolve.to",
        "sla:\n  - resolve: {from: received_at, to: received_at, within: 1wd}  # here\n",
        "ends where it begins",
        "two different",
    ),
    "a rule for an unknown field": Bad(
        "sla.0.match.customer.levle",
        f"sla:\n  - {{match: {{customer.levle: vip}}, {RESOLVE}}}  # here\n",
        "customer.levle",
        "customer.level",
    ),
    "a rule for an unknown value": Bad(
        "sla.0.match.customer.level",
        f"sla:\n  - {{match: {{customer.level: gold}}, {RESOLVE}}}  # here\n",
        "gold",
        "strategic",
    ),
    "a rule that is never used": Bad(
        "sla.1",
        f"sla:\n  - {{match: {{type: complaint}}, {RESOLVE}}}\n"
        f"  - {{match: {{type: 投诉, category: quality}}, {RESOLVE}}}  # here\n",
        "item 1",
        "further up",
    ),
    "a rule after the one for all": Bad(
        "sla.1", f"sla:\n  - {RESOLVE}\n  - {{match: {{type: praise}}, {RESOLVE}}}  # here\n", "never used", "remove"
    ),
    "a warning beyond the end": Bad(
        "sla.0.warn_at", f"sla:\n  - {{warn_at: 75, {RESOLVE}}}  # here\n", "75 is no number from 0 to 1", "number"
    ),
    "sla as a mapping": Bad("sla", f"sla:  # here\n  {RESOLVE}\n", "list", "-"),
    "a rule that is a word": Bad("sla.0", "sla:\n  - 8wh  # here\n", "keys and values", "indent"),
}

ROUTING = {
    "an owner who is not among the people": Bad(
        "routing.0.owner",
        "people:\n  李小华: {}\nrouting:\n  - {when: {}, owner: 李晓华}  # here\n",
        "李晓华 is not under people",
        "李小华",
    ),
    "a rule that names nobody": Bad(
        "routing.0", "routing:\n  - {when: {type: complaint}}  # here\n", "names nobody", "department"
    ),
    "a rule without a condition": Bad(
        "routing.0.when", "routing:\n  - {department: 质量部}  # here\n", "when is missing", "add it"
    ),
    "a rule that never matches": Bad(
        "routing.1",
        """\
routing:
  - {when: {category: [quality, delivery]}, department: 质量部}
  - {when: {category: 产品质量, region: 华东}, department: 上海}  # here
""",
        "rule 1 takes all of it",
        "before that rule",
    ),
    "an empty list of values": Bad(
        "routing.0.when.category",
        "routing:\n  - {when: {category: []}, department: 质量部}  # here\n",
        "never matches",
        "list the values",
    ),
    "a comparison within a list": Bad(
        "routing.0.when.order_value.0",
        'routing:\n  - {when: {order_value: [">=5"]}, department: 质量部}  # here\n',
        ">=5",
        '">=5"',
    ),
    "an unknown field": Bad(
        "routing.0.when.catgory",
        "routing:\n  - {when: {catgory: quality}, department: 质量部}  # here\n",
        "catgory",
        "category",
    ),
    "an unknown value": Bad(
        "routing.0.when.category",
        "routing:\n  - {when: {category: qualty}, department: 质量部}  # here\n",
        "qualty",
        "quality",
    ),
    "an amount that is a word": Bad(
        "routing.0.when.order_value",
        "routing:\n  - {when: {order_value: much}, department: 质量部}  # here\n",
        "much is no number",
        "number",
    ),
    "an unknown key of a rule of routing": Bad(
        "routing.0.to", "routing:\n  - {when: {}, to: 质量部}  # here\n", "no such key: to", "department, owner"
    ),
    "a department that is a number": Bad(
        "routing.0.department", "routing:\n  - {when: {}, department: 7}  # here\n", "7 is no text", "quotes"
    ),
    "routing as a mapping": Bad("routing", "routing:  # here\n  quality: 质量部\n", "list", "-"),
    "routing to a word": Bad("routing.0", "routing:\n  - 质量部  # here\n", "keys and values", "indent"),
    "a condition that is a word": Bad(
        "routing.0.when", "routing:\n  - {when: quality, department: 质量部}  # here\n", "keys and values", "indent"
    ),
    "a last day that is no date": Bad(
        "people.李华.until", "people:\n  李华: {until: next month}  # here\n", "next month is no date", "2024-03-15"
    ),
    "a last day that no month has": Bad(
        "people.李华.until", 'people:\n  李华:\n    until: "2024-02-30"  # here\n', "2024-02-30", "2024-03-15"
    ),
    "an unknown key of a person": Bad(
        "people.李华.mail", "people:\n  李华: {mail: li@example.com}  # here\n", "no such key: mail", "email"
    ),
    "a person that is a word": Bad("people.李华", "people:\n  李华: 售后部  # here\n", "keys and values", "indent"),
    "a department of a person that is a number": Bad(
        "people.李华.department", "people:\n  李华: {department: 7}  # here\n", "7 is no text", "quotes"
    ),
    "people as a list": Bad("people", "people:  # here\n  - 李华\n", "keys and values", "indent"),
    "people as an empty list": Bad("people", "people: []  # here\n", "keys and values", "indent"),
}

ESCALATION = {
    "a moment that is none": Bad(
        "escalation.0.at", "escalation:\n  - {at: noon, level: 1, to: owner}  # here\n", "noon", "breach + 1wd"
    ),
    "a moment after a warning": Bad(
        "escalation.0.at", "escalation:\n  - {at: warn + 1wd, level: 1, to: owner}  # here\n", "warn + 1wd", "breach"
    ),
    "a moment in an unknown unit": Bad(
        "escalation.0.at", "escalation:\n  - {at: breach + 3x, level: 1, to: owner}  # here\n", "3x", "1wd"
    ),
    "level 0": Bad("escalation.0.level", "escalation:\n  - {at: warn, level: 0, to: owner}  # here\n", "0", "number"),
    "level 10": Bad(
        "escalation.0.level", "escalation:\n  - {at: warn, level: 10, to: owner}  # here\n", "10", "number"
    ),
    "a level between two": Bad(
        "escalation.0.level", "escalation:\n  - {at: warn, level: 1.5, to: owner}  # here\n", "1.5", "number"
    ),
    "a level that is a word": Bad(
        "escalation.0.level", "escalation:\n  - at: warn\n    level: high  # here\n    to: owner\n", "high", "number"
    ),
    "an unknown target": Bad(
        "escalation.0.target",
        "escalation:\n  - {at: warn, level: 1, to: owner, target: reslove}  # here\n",
        "reslove",
        "resolve",
    ),
    "a target that the ledger's own sla does not have": Bad(
        "escalation.0.target",
        f"sla:\n  - {RESOLVE}\n"
        "escalation:\n  - {at: warn, level: 1, to: owner, target: [resolve, respond]}  # here\n",
        "respond",
        "one of: resolve",
    ),
    "a target that is a number": Bad(
        "escalation.0.target", "escalation:\n  - {at: warn, level: 1, to: owner, target: 5}  # here\n", "list", "-"
    ),
    "nobody to escalate to": Bad(
        "escalation.0.to", "escalation:\n  - {at: warn, level: 1}  # here\n", "to is missing", "add it"
    ),
    "somebody without a name": Bad(
        "escalation.0.to", 'escalation:\n  - {at: warn, level: 1, to: " "}  # here\n', "nobody", "owner"
    ),
    "a rule that never escalates": Bad(
        "escalation.1",
        "escalation:\n  - {at: warn, level: 1, to: owner}\n  - {at: breach, level: 1, to: 李华}  # here\n",
        "rule 1",
        "higher level",
    ),
    "an unknown key of an escalation": Bad(
        "escalation.0.who", "escalation:\n  - {at: warn, level: 1, who: 李华}  # here\n", "no such key: who", "to"
    ),
    "an escalation of an unknown field": Bad(
        "escalation.0.match.urgancy",
        "escalation:\n  - {at: warn, level: 1, to: owner, match: {urgancy: high}}  # here\n",
        "urgancy",
        "urgency",
    ),
    "escalation as a mapping": Bad("escalation", "escalation: {at: warn, level: 1, to: owner}  # here\n", "list", "-"),
}

RULES = {
    "types in a word": Bad(
        "rules.corrective_action_required_for",
        "rules:\n  corrective_action_required_for: complaint  # here\n",
        "list of types",
        "complaint, inquiry",
    ),
    "a type that does not exist": Bad(
        "rules.preventive_action_required_for",
        "rules:\n  preventive_action_required_for: [quality]  # here\n",
        "list of types",
        "complaint, inquiry",
    ),
    "days below 0": Bad(
        "rules.effect_check_after_days", "rules:\n  effect_check_after_days: -1  # here\n", "-1", "number"
    ),
    "days that are yes": Bad(
        "rules.effect_check_after_days", "rules:\n  effect_check_after_days: true  # here\n", "True", "number"
    ),
    "rules as a list": Bad("rules", "rules:  # here\n  - effect_check_after_days\n", "keys and values", "indent"),
}

CASES = {**URGENCY, **CALENDAR, **SLA, **ROUTING, **ESCALATION, **RULES}


@pytest.fixture(scope="module")
def root(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One ledger for all cases: every command is refused, so none changes it."""
    return ledgers.copied(prepared, tmp_path_factory.mktemp("bad") / "ledger")


def write(root: Path, text: str, language: str = "en") -> int:
    """Let ``text`` follow the first lines of exlog.yaml; the number of the line that is marked as wrong."""
    whole = f"exlog: 1\nlanguage: {language}\n\n{text}"
    (root / "exlog.yaml").write_text(whole, "utf-8")
    marked = [number for number, line in enumerate(whole.split("\n"), 1) if line.endswith(HERE)]
    return marked[0] if marked else 0


def refused(root: Path, arguments: tuple[str, ...], **env: str) -> str:
    """The one line with which a command ends that cannot read the policy and changes nothing."""
    before = ledgers.content(root)
    done = process.forked("-C", str(root), *arguments, env=env)
    assert done.code == 4, done
    assert done.out == "", done
    assert "Traceback" not in done.err
    assert done.err.startswith("exlog: ") and done.err.endswith("\n") and done.err.count("\n") == 1, done
    assert ledgers.content(root) == before
    return done.err


@pytest.mark.parametrize("name", CASES)
def test_what_a_section_says_wrongly_is_named_with_line_key_and_remedy(root: Path, name: str) -> None:
    bad = CASES[name]
    line = write(root, bad.text)
    for arguments in COMMANDS:
        told = refused(root, arguments)
        place = f"exlog: exlog.yaml:{line}: {bad.key}: "
        assert told.startswith(place), told
        message, semicolon, remedy = told.removeprefix(place).rstrip("\n").rpartition("; ")
        assert semicolon and remedy.strip(), told
        assert bad.says in message, told
        assert bad.remedy in remedy or bad.remedy in message, told


@pytest.mark.parametrize(
    "text",
    [
        "urgency: {}\nurgency: {}  # here\n",
        "calendar:\n  country: CN\n  country: DE  # here\n",
        'calendar:\n  hours:\n    mon-fri: ["09:00-12:00"]\n    mon-fri: ["13:00-18:00"]  # here\n',
        "people:\n  李华: {}\n  李华: {until: 2024-01-01}  # here\n",
        "sla:\n  - resolve:\n      from: received_at\n      within: 1wd\n      within: 2wd  # here\n",
    ],
)
def test_a_key_that_is_there_twice_is_named_with_its_line(root: Path, text: str) -> None:
    line = write(root, text)
    key = text.split("\n")[line - 4].partition(":")[0].strip()
    for arguments in COMMANDS:
        told = refused(root, arguments)
        assert told.startswith(f"exlog: exlog.yaml:{line}: "), told
        assert f'"{key}"' in told and "; fix the line" in told, told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("urgency:\n  factors: " + "[" * 30 + "]" * 30 + "  # here\n", "nests deeper"),
        ("urgency:\n  factors: " + "[" * 30_000 + "  # here\n", "nests deeper"),
        ("calendar:\n\thours: {}  # here\n", "not YAML"),
        ("routing:\n  - {when: &all {}, department: 质量部}  # here\n", "anchors"),
        ("people:\n  李华: !!python/name:os.system {}  # here\n", "tags"),
        ("calendar:\n  extra_workdays: [2027-02-30]  # here\n", "there is no day 2027-02-30"),
        ("people:\n  李华: {until: 2024-02-30}  # here\n", "there is no day 2024-02-30"),
    ],
)
def test_a_section_that_is_no_plain_yaml_is_named_with_its_line(root: Path, text: str, says: str) -> None:
    line = write(root, text)
    for arguments in COMMANDS:
        told = refused(root, arguments)
        assert told.startswith(f"exlog: exlog.yaml:{line}: "), told
        assert says in told and "; " in told, told


def test_a_bracket_that_yaml_cannot_read_is_refused(root: Path) -> None:
    write(root, "sla:\n  - [\n")
    for arguments in COMMANDS:
        told = refused(root, arguments)
        assert told.startswith("exlog: exlog.yaml:") and "; " in told, told


def test_a_list_of_anything_where_a_mapping_belongs_and_the_other_way_round_is_refused(root: Path) -> None:
    """Nothing is taken for empty: not 0, not an empty text, list or mapping."""
    kinds = {"calendar": "{}", "calendars": "{}", "urgency": "{}", "people": "{}", "rules": "{}", "aliases": "{}",
             "routing": "[]", "sla": "[]", "escalation": "[]", "fields": "[]"}  # fmt: skip
    for section, right in kinds.items():
        for wrong in {"[]", "{}", "0", '""', "false", "7", "x"} - {right}:
            line = write(root, f"{section}: {wrong}  {HERE}\n")
            assert refused(root, ("list",)).startswith(f"exlog: exlog.yaml:{line}: {section}: "), (section, wrong)
        write(root, f"{section}: {right}\n")
        assert process.forked("-C", str(root), "list").code == 0, (section, right)


CHINESE = ("weights that do not sum to 100", "an unknown level", "an unknown field in a factor", "hours that overlap",
           "hours with one digit and without quotes", "an unknown timezone", "a country without data",
           "an urgency without a time and no default", "a time allowed in an unknown unit", "a rule that is never used",
           "an owner who is not among the people", "a last day that is no date", "a rule that never matches",
           "a moment that is none", "an unknown target", "types in a word")  # fmt: skip


@pytest.mark.parametrize("name", CHINESE)
def test_who_works_in_chinese_is_told_in_chinese(root: Path, name: str) -> None:
    bad = CASES[name]
    line = write(root, bad.text, "zh")
    for arguments in COMMANDS:
        place = f"exlog: exlog.yaml:{line}: {bad.key}: "
        told = refused(root, arguments)
        assert told.startswith(place), told
        told = told.removeprefix(place)
        assert re.search("[\u4e00-\u9fff]", told), told
        assert not re.search(r"\b(the|is|are|not|this|must|write|add|remove|one of)\b", told), told


def test_a_policy_that_is_mended_is_taken_by_the_next_command(root: Path) -> None:
    write(root, CASES["hours that overlap"].text)
    refused(root, ("list",))
    write(root, 'calendar:\n  hours: {mon-fri: ["09:00-12:00", "12:00-18:00"]}\n')
    assert process.forked("-C", str(root), "list").code == 0
