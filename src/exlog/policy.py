"""exlog.yaml as values: language, timezone, own fields, aliases and rules; every key declared once.

``KEYS`` and ``RULES`` are the reference that validation, the file written by ``init`` and the docs read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from exlog import fields, vocabulary
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.i18n import LANGUAGES, N_, _

FORMAT = 1
"""The version of the ledger format that this program writes, and the newest it reads."""

Where = Callable[..., str]


class Rule(NamedTuple):
    """One key under ``rules:``. ``choices`` or ``low``/``high`` bound its value."""

    name: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


RULES: tuple[Rule, ...] = (
    Rule("one_off_customers", "allow", N_("a record for a customer without a profile"), ("allow", "refuse")),
    Rule(
        "missing_details",
        "warn",
        N_("a quality problem without model or batch, a delivery problem without order_no"),
        ("ignore", "warn", "refuse"),
    ),
    Rule("cause_required_for", [], N_("types that need a cause before they are resolved")),
    Rule("corrective_action_required_for", [], N_("types that need a corrective action before they are resolved")),
    Rule("preventive_action_required_for", [], N_("types that need a preventive action before they are closed")),
    Rule(
        "effect_check_after_days",
        0,
        N_("days after closing until the effect of corrective or preventive action is checked; 0 is never"),
        low=0,
        high=3650,
    ),
    Rule(
        "no_response_after_days",
        7,
        N_("days after which an unanswered resolution may be closed"),
        low=0,
        high=3650,
    ),
    Rule(
        "reopen_within_days",
        30,
        N_("days in which a closed record is reopened rather than followed up"),
        low=0,
        high=3650,
    ),
    Rule(
        "follow_up_at_satisfaction",
        2,
        N_("a satisfaction this low or lower makes a follow-up due; 0 is never"),
        low=0,
        high=5,
    ),
    Rule("follow_up_within_days", 7, N_("days until that follow-up"), low=0, high=3650),
    Rule(
        "stalled_after_workdays",
        3,
        N_("working days without progress after which review lists an open record"),
        low=1,
        high=365,
    ),
    Rule(
        "vague_below_columns",
        20,
        N_("a description narrower than this is vague to review; a Chinese character has two columns; 0 is never"),
        low=0,
        high=1000,
    ),
    Rule("repeats_from", 3, N_("records alike within 90 days from which review calls them repeats"), low=2, high=1000),
)

SECTIONS = (
    "calendar", "calendars", "urgency", "people", "roles", "approval", "routing", "sla", "escalation",
    "archive", "report",
)  # fmt: skip
"""Keys whose contents ``rulebook`` reads: commands that need none of it, such as ``list``, do without."""

KEYS = ("exlog", "language", "fields", "aliases", "rules", "git", *SECTIONS)

OWN_KINDS = {"text": "text", "number": "decimal", "date": "date", "choice": "choice"}
"""Kinds of an own field, as exlog.yaml names them, and the kind of column each makes."""


class Policy(NamedTuple):
    """What exlog.yaml says, with the defaults where it is silent."""

    language: str
    timezone: str
    own_fields: tuple[Field, ...]
    aliases: Mapping[str, Mapping[str, str]]
    rules: Mapping[str, Any]
    sections: Mapping[str, Any]
    """What stands under each of ``SECTIONS``, as it is written."""
    autocommit: bool = False
    """Whether every command that changes the ledger commits its files to git."""

    def field(self, name: str) -> Field | None:
        """The declared field ``name``, exlog's or the ledger's own; its label in either language finds it too."""
        found = fields.BY_NAME.get(name)
        if found is not None:
            return found
        word = name.casefold()
        for field in (*self.own_fields, *fields.FIELDS):
            if word in (field.name, field.en.casefold(), field.zh.casefold()):
                return field
        return None

    def schema(self) -> dict[str, Field]:
        """Every declared field by name, in column order."""
        return {**fields.BY_NAME, **{own.name: own for own in self.own_fields}}

    def resolve(self, enum: str, text: str) -> str:
        """The key of ``enum`` that ``text`` stands for, the ledger's own aliases first."""
        return vocabulary.resolve(enum, text, self.aliases.get(enum))


def read(data: Mapping[str, Any], where: Where) -> Policy:
    """The policy in a parsed exlog.yaml.

    ``where(*path)`` gives file, line and key for messages. Raises Damaged for an unknown key or a value that
    is out of bounds: nothing is guessed.
    """
    _refuse_unknown(data, KEYS, (), where)
    version = data.get("exlog", FORMAT)
    if not isinstance(version, int) or not 1 <= version <= FORMAT:
        raise _bad(
            _("this ledger has format {version}; this exlog reads up to {newest}").format(
                version=version, newest=FORMAT
            ),
            _("use a newer exlog"),
            where,
            "exlog",
        )
    language = data.get("language") or "en"
    if language not in LANGUAGES:
        raise _bad(_("no such language: {value}").format(value=language), _("en or zh"), where, "language")
    return Policy(
        language=language,
        timezone=_timezone(_mapping(data, "calendar", where), where),
        own_fields=own_fields([] if data.get("fields") is None else data["fields"], where),
        aliases=_aliases(_mapping(data, "aliases", where), where),
        rules=_rules(_mapping(data, "rules", where), where),
        sections={name: data[name] for name in SECTIONS if data.get(name) is not None},
        autocommit=_autocommit(_mapping(data, "git", where), where),
    )


def own_fields(declared: Any, where: Where) -> tuple[Field, ...]:
    """The ledger's own fields from the list under ``fields:``. Raises Damaged for a wrong declaration."""
    if not isinstance(declared, list):
        raise _bad(_("this must be a list of fields"), _("see docs/ledger-format.md"), where, "fields")
    made: list[Field] = []
    for place, item in enumerate(declared):
        made.append(_own_field(item, where, place))
        if made[-1].name in fields.BY_NAME or made[-1].name in [field.name for field in made[:-1]]:
            raise _bad(
                _("the field {name} exists already").format(name=made[-1].name),
                _("give it another name"),
                where,
                "fields",
                place,
                "name",
            )
    return tuple(made)


def _own_field(item: Any, where: Where, place: int) -> Field:
    path = ("fields", place)
    if not isinstance(item, dict):
        raise _bad(_("a field is written as name, kind and label"), _("see docs/ledger-format.md"), where, *path)
    _refuse_unknown(item, ("name", "kind", "label", "choices", "required_when", "help"), path, where)
    name = str(item.get("name") or "")
    if not (name.isascii() and name.isidentifier() and name == name.lower()):
        raise _bad(
            _("{name!r} is no name for a field").format(name=name),
            _("lower-case letters, digits and underscores, starting with a letter"),
            where,
            *path,
            "name",
        )
    kind = str(item.get("kind") or "text")
    if kind not in OWN_KINDS:
        raise _bad(_("no such kind: {value}").format(value=kind), ", ".join(OWN_KINDS), where, *path, "kind")
    choices = item.get("choices") or []
    if (kind == "choice") != bool(choices) or not isinstance(choices, list):
        raise _bad(
            _("a field of kind choice, and only such a field, has choices"),
            _("list them under choices:"),
            where,
            *path,
            "choices",
        )
    label = item.get("label") or name
    labels = label if isinstance(label, dict) else {"en": label, "zh": label}
    required = item.get("required_when") or {}
    if not isinstance(required, dict) or any(key not in fields.BY_NAME for key in required):
        raise _bad(
            _("required_when names fields of exlog and their values"),
            _("write it like {type: complaint}"),
            where,
            *path,
            "required_when",
        )
    return Field(
        name,
        OWN_KINDS[kind],
        str(labels.get("en", name)),
        str(labels.get("zh", name)),
        str(item.get("help") or ""),
        choices=tuple(str(choice) for choice in choices),
        required_when=tuple((str(key), str(value)) for key, value in required.items()),
    )


def _timezone(calendar: Mapping[str, Any], where: Where) -> str:
    said = calendar.get("timezone")
    name = "Asia/Shanghai" if said is None or said == "" else said
    if not isinstance(name, str) or name.startswith(("/", ".")) or ".." in name:
        raise _bad(
            _("no such timezone: {value}").format(value=name),
            _("write it like Asia/Shanghai"),
            where,
            "calendar",
            "timezone",
        )
    return name


def _autocommit(git: Mapping[str, Any], where: Where) -> bool:
    _refuse_unknown(git, ("autocommit",), ("git",), where)
    value = git.get("autocommit")
    if value is not None and not isinstance(value, bool):
        raise _bad(
            _("{value} is none of its values").format(value=value), _("true or false"), where, "git", "autocommit"
        )
    return bool(value)


def _aliases(declared: Mapping[str, Any], where: Where) -> dict[str, dict[str, str]]:
    _refuse_unknown(declared, tuple(vocabulary.ENUMS), ("aliases",), where)
    made: dict[str, dict[str, str]] = {}
    for enum in declared:
        words = {} if declared[enum] is None else declared[enum]
        if not isinstance(words, dict):
            raise _bad(
                _("aliases are written as word: key"),
                _("write it like {example}").format(example="urgency: {急: high}"),
                where,
                "aliases",
                enum,
            )
        for word, key in words.items():
            if key not in vocabulary.keys(enum):
                raise _bad(
                    _("{enum} has no value {key}").format(enum=enum, key=key),
                    ", ".join(vocabulary.keys(enum)),
                    where,
                    "aliases",
                    enum,
                    word,
                )
        made[enum] = {str(word): str(key) for word, key in words.items()}
    return made


def _rules(declared: Mapping[str, Any], where: Where) -> dict[str, Any]:
    _refuse_unknown(declared, tuple(rule.name for rule in RULES), ("rules",), where)
    made: dict[str, Any] = {}
    for rule in RULES:
        value = declared.get(rule.name, rule.default)
        if rule.choices and value not in rule.choices:
            raise _bad(
                _("{value} is none of its values").format(value=value),
                ", ".join(rule.choices),
                where,
                "rules",
                rule.name,
            )
        if rule.high and (isinstance(value, bool) or not isinstance(value, int) or not rule.low <= value <= rule.high):
            raise _bad(
                _("{value} is no whole number from {low} to {high}").format(value=value, low=rule.low, high=rule.high),
                _("write a number"),
                where,
                "rules",
                rule.name,
            )
        if isinstance(rule.default, list):
            types = vocabulary.keys("type")
            if not isinstance(value, list) or any(item not in types for item in value):
                raise _bad(_("this must be a list of types"), ", ".join(types), where, "rules", rule.name)
        made[rule.name] = value
    return made


def _mapping(data: Mapping[str, Any], key: str, where: Where) -> Mapping[str, Any]:
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad(_("this must hold keys and values"), _("indent them below it"), where, key)
    return value


def _refuse_unknown(data: Mapping[str, Any], known: tuple[str, ...], path: tuple[Any, ...], where: Where) -> None:
    for key in data:
        if key not in known:
            raise _bad(
                _("no such key: {key}").format(key=key),
                _("known here: {keys}").format(keys=", ".join(known)),
                where,
                *path,
                key,
            )


def _bad(message: str, remedy: str, where: Where, *path: Any) -> Damaged:
    return Damaged(message, where=where(*path), remedy=remedy)
