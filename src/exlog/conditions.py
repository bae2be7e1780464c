"""Conditions over a record as exlog.yaml writes them, compiled: ``{category: quality, order_value: ">=10000"}``.

A condition holds where each of its fields does; ``{}`` always holds. A field takes

* a value, or a list of values of which one must be there: ``category: [quality, delivery]``,
* ``"!=value"``: anything else, also nothing,
* ``">=10000"``, ``">5"``, ``"<=5"``, ``"<5"``: numbers and dates; never an empty field.

``""`` is an empty field; of a time only that can be asked (``""`` or ``"!="``). Choices are compared by key, numbers
by value, texts without regard to case. The fields of the customer's profile are called ``customer.level`` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog import fields, profiles, times, vocabulary
from exlog.errors import Damaged, Usage
from exlog.fields import Field
from exlog.i18n import _

if TYPE_CHECKING:
    from exlog.policy import Where

Key = str | Decimal | date
"""What two values of a field are compared by."""

Known = Mapping[str, Field]
Resolve = Callable[[str, str], str]

CUSTOMER = "customer."
"""What the fields of the customer's profile start with."""

_COMPARISON = re.compile(r"(>=|<=|!=|>|<|=|~)(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_ORDERED = ("int", "decimal", "date")


class Test(NamedTuple):
    """What is asked of one field. ``sign``: = (any of ``wanted``), !=, >=, >, <= or <; ``given`` is for people."""

    field: Field
    sign: str
    given: tuple[str, ...]
    wanted: frozenset[Key]

    @property
    def bound(self) -> Key:
        """What an order is held against."""
        return next(iter(self.wanted))

    def holds(self, found: Key) -> bool:
        """Whether a field with this key passes."""
        if self.sign == "=":
            return found in self.wanted
        if self.sign == "!=":
            return found not in self.wanted
        if isinstance(found, str):  # empty, or no number or date at all
            return False
        bound: Any = self.bound
        above, equal = found > bound, found == bound
        return (equal and "=" in self.sign) or (not equal and above == (">" in self.sign))

    def implies(self, other: Test) -> bool:
        """Whether each key that passes this test certainly passes ``other``, a test of the same field."""
        if other.sign == "!=":
            return not any(self.holds(one) for one in other.wanted)
        if self.sign == "=":
            return all(other.holds(one) for one in self.wanted)
        if self.sign[0] != other.sign[0]:  # not both above or both below
            return False
        return other.holds(self.bound) or (self.bound == other.bound and "=" not in self.sign)

    def words(self) -> str:
        """``Category = product quality`` in the language in force."""
        return f"{self.field.label} {self.sign} {' / '.join(shown(self.field, text) for text in self.given)}"


class Condition(NamedTuple):
    """Tests that must all pass, at most one for each field; none of them: always."""

    tests: tuple[Test, ...] = ()

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether it holds of a record's stored texts (see ``merged``); an absent field is empty."""
        return all(test.holds(key_of(test.field, values.get(test.field.name, ""))) for test in self.tests)

    def words(self) -> str:
        """The condition as people read it, in the language in force."""
        return ", ".join(test.words() for test in self.tests) or _("every record")


always = Condition()


def covers(earlier: Condition, later: Condition) -> bool:
    """Whether ``earlier`` certainly matches whatever ``later`` does, so that, first match wins, ``later`` never does.

    Sound, not complete: True is certain; False may be said of a cover that this does not see, such as
    ``severity: [safety, major, moderate, minor, ""]``, which is every value there is.
    """
    asked = {test.field.name: test for test in later.tests}
    return all(test.field.name in asked and asked[test.field.name].implies(test) for test in earlier.tests)


def read(
    data: Any, where: Where, path: tuple[Any, ...], known: Known, resolve: Resolve = vocabulary.resolve
) -> Condition:
    """The condition in a mapping of exlog.yaml that stands at ``path``.

    ``known``: the fields that may be asked (see ``known``); ``resolve`` makes a word of an enumeration its key.
    Raises Damaged, with the place, for an unknown field, a value that the field cannot have or a comparison
    that cannot be read.
    """
    place = Place(where, path, known, resolve)
    return Condition(tuple(_test(place.at(name), str(name), value) for name, value in place.mapping(data)))


def known(own: Iterable[Field] = (), computed: Iterable[Field] = ()) -> dict[str, Field]:
    """Every field that a condition may ask: exlog's, the ledger's own, the customer's, and ``computed`` ones."""
    theirs = [_of_customer(field) for field in profiles.FIELDS]
    return {**fields.BY_NAME, **{field.name: field for field in (*own, *theirs, *computed)}}


def merged(record: Mapping[str, str], customer: Mapping[str, str]) -> dict[str, str]:
    """A record and its customer's profile as the one mapping that conditions look at."""
    return {**record, **{CUSTOMER + name: value for name, value in customer.items()}}


def key_of(field: Field, text: str) -> Key:
    """What the stored ``text`` of ``field`` is compared by: Decimal, date or folded text, which is "" for empty.

    A number or date that cannot be read stays text: it equals itself and is neither above nor below anything.
    """
    text = text.strip()
    if field.kind in ("int", "decimal") and _NUMBER.fullmatch(text):
        return Decimal(text)
    if field.kind == "date" and times.is_date(text):
        return date.fromisoformat(text)
    return text.casefold()


def shown(field: Field, text: str) -> str:
    """A value as people read it: the label of a choice, – for nothing."""
    return (vocabulary.label(field.enum, text) if field.enum else text) or "–"


class Place(NamedTuple):
    """A spot in exlog.yaml and the words that may stand there: reads what is written, or says where and what to do."""

    where: Where
    path: tuple[Any, ...]
    known: Known
    resolve: Resolve

    def at(self, *parts: Any) -> Place:
        """The place below this one."""
        return self._replace(path=(*self.path, *parts))

    def bad(self, message: str, remedy: str) -> Damaged:
        """The error that names this place."""
        return Damaged(message, where=self.where(*self.path), remedy=remedy)

    def mapping(self, data: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
        """The keys and values of a mapping, only of ``keys`` where these are given."""
        if not isinstance(data, dict):
            raise self.bad(_("this must hold keys and values"), _("indent them below it"))
        for key, value in data.items():
            if keys and key not in keys:
                remedy = _("known here: {keys}").format(keys=", ".join(keys))
                raise self.at(key).bad(_("no such key: {key}").format(key=key), remedy)
            yield key, value

    def entry(self, data: Any, needed: tuple[str, ...], others: tuple[str, ...] = ()) -> dict[str, Any]:
        """A mapping that has the keys ``needed`` and may have ``others``."""
        said = dict(self.mapping(data, (*needed, *others)))
        for key in needed:
            if said.get(key) is None:
                raise self.at(key).bad(_("{key} is missing").format(key=key), _("add it"))
        return said

    def items(self, data: Any) -> Iterator[tuple[Place, Any]]:
        """The items of a list, each with its place."""
        if not isinstance(data, list):
            raise self.bad(_("this must be a list"), _("write each item on a line of its own that starts with -"))
        for number, item in enumerate(data):
            yield self.at(number), item

    def field(self, name: Any) -> Field:
        """The known field of this name."""
        found = self.known.get(name) if isinstance(name, str) else None
        if found is None:
            import difflib

            near = difflib.get_close_matches(str(name), list(self.known), n=3)
            remedy = _("did you mean {near}?").format(near=", ".join(near))
            raise self.bad(
                _("no such field: {name}").format(name=name),
                remedy if near else _("own fields are declared under fields: in exlog.yaml"),
            )
        return found

    def text(self, value: Any) -> str:
        """A text; numbers are refused, because YAML reads 007 as 7."""
        if not isinstance(value, str):
            raise self.bad(_("{value} is no text").format(value=value), _('put it in quotes, like "007"'))
        return value.strip()

    def number(self, value: Any, low: int, high: int, digits: int) -> Decimal:
        """A number from ``low`` to ``high`` with at most ``digits`` decimals, exactly as it is written."""
        found = _decimal(value)
        if found is None or not low <= found <= high or found != round(found, digits):
            raise self.bad(
                _("{value} is no number from {low} to {high} with at most {digits} decimals").format(
                    value=value, low=low, high=high, digits=digits
                ),
                _("write a number"),
            )
        return found

    def choice(self, enum: str, value: Any) -> str:
        """The key of ``enum`` that a key, a label or an alias stands for."""
        try:
            return self.resolve(enum, str(value))
        except Usage as error:
            raise self.bad(error.message, error.remedy) from None

    def value(self, field: Field, value: Any) -> str:
        """One value of ``field`` as it would be stored; "" is the empty field."""
        if value == "":
            return ""
        if field.enum:
            return self.choice(field.enum, value)
        if field.kind in ("int", "decimal"):
            found = _decimal(value)
            if found is None:
                raise self.bad(_("{value} is no number").format(value=value), _("write a number"))
            return f"{found:f}"
        text = self.text(value)
        if field.kind == "date" and not times.is_date(text):
            raise self.bad(_("{value} is no date").format(value=value), _("write it like 2024-03-15"))
        if field.kind == "time":
            raise self.bad(_("of a time only whether it is there can be asked"), _('write "" or "!="'))
        if field.choices:
            return self._own_choice(field, text)
        return text

    def _own_choice(self, field: Field, text: str) -> str:
        for choice in field.choices:
            if choice.casefold() == text.casefold():
                return choice
        raise self.bad(
            _("{enum} cannot be {text!r}").format(enum=field.name, text=text),
            _("one of: {choices}").format(choices=", ".join(field.choices)),
        )


def _test(place: Place, name: str, data: Any) -> Test:
    field = place.field(name)
    if isinstance(data, list):
        if not data:
            raise place.bad(_("an empty list never matches"), _("list the values, or remove the field"))
        return _made(field, "=", tuple(_plain(spot, field, item) for spot, item in place.items(data)))
    comparison = _COMPARISON.fullmatch(data.strip()) if isinstance(data, str) else None
    if comparison is None:
        return _made(field, "=", (place.value(field, data),))
    sign = comparison[1]
    if sign in ("=", "~"):
        raise place.bad(_("{value!r} is no comparison").format(value=data), _signs())
    value = place.value(field, comparison[2].strip())
    if sign != "!=" and (field.kind not in _ORDERED or not value):
        raise place.bad(
            _("{value!r} has no order: that is for numbers and dates").format(value=data), _("list the values instead")
        )
    return _made(field, sign, (value,))


def _plain(place: Place, field: Field, item: Any) -> str:
    if isinstance(item, str) and _COMPARISON.fullmatch(item.strip()):
        raise place.bad(_("a list holds values, not comparisons like {value!r}").format(value=item), _signs())
    return place.value(field, item)


def _made(field: Field, sign: str, given: tuple[str, ...]) -> Test:
    return Test(field, sign, given, frozenset(key_of(field, text) for text in given))


def _signs() -> str:
    return _('write a value, a list of values, or one of ">=5", ">5", "<=5", "<5", "!=5"')


def _decimal(value: Any) -> Decimal | None:
    """A number as it is written; YAML gives it as int, float or text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _of_customer(field: Field) -> Field:
    """A field of the profile as a condition names it: ``customer.level``, Customer level, 客户等级."""
    first = field.en[0].lower() if field.en[1:2].islower() else field.en[0]
    return field._replace(
        name=CUSTOMER + field.name,
        en=field.en if field.en.startswith("Customer") else f"Customer {first}{field.en[1:]}",
        zh=field.zh if field.zh.startswith("客户") else f"客户{field.zh}",
    )
