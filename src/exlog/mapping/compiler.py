"""An import map checked against the header of a file and the schema of a ledger, and compiled to a Mapper."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from operator import itemgetter
from typing import Any

from exlog.errors import Usage
from exlog.fields import Field
from exlog.i18n import _
from exlog.mapping.columns import Fetch, cleaner, filled, find_column, nearest, parse_template
from exlog.mapping.convert import Convert, Rejected, converter, shown
from exlog.mapping.mapper import Get, IdColumn, Mapper, Rule, cached, text_getter
from exlog.mapping.moments import is_whole_format

Path = tuple[str | int, ...]
Where = Callable[[Path], str]

_KEYS = ("source", "id", "fields", "empty", "set")
_SOURCES = ("column", "template", "const")
_RULE_KEYS = (*_SOURCES, "format", "map", "other", "default", "strip", "when")
_OWN_KINDS = {"text": "text", "number": "decimal", "date": "date", "choice": "choice"}
_NEVER_SET = ("id", "uid", "urgency_by", "former_id", "progress_at", "hold_since")


def _dotted(path: Path) -> str:
    return ".".join(("map", *map(str, path)))


def map_fields(data: Mapping[str, Any], where: Where = _dotted) -> list[dict[str, Any]]:
    """The declarations under ``fields`` of a map as they stand there: own fields that the ledger must have.

    Raises Usage where they are no list of fields with a name and a kind.
    """
    declared = data.get("fields") or []
    if not isinstance(declared, list):
        raise _wrong(_("fields is a list"), _("write it like {name: result, kind: text}"), where(("fields",)))
    for place, item in enumerate(declared):
        if not (isinstance(item, dict) and item.get("name") and item.get("kind", "text") in _OWN_KINDS):
            raise _wrong(
                _("a field is written as name, kind and label"),
                _("write it like {name: result, kind: text}; kinds are text, number, date and choice"),
                where(("fields", place)),
            )
    return [dict(item) for item in declared]


def compile_map(
    data: Mapping[str, Any],
    *,
    header: Sequence[str],
    schema: Mapping[str, Field],
    aliases: Mapping[str, Mapping[str, str]],
    tz: tzinfo,
    where: Where = _dotted,
) -> Mapper:
    """The Mapper for a file with ``header`` into a ledger with ``schema``, its own fields included.

    ``aliases`` are the ledger's words for its vocabulary, ``tz`` its zone, ``where`` gives file, line and key
    of a path in the map. Everything is checked before any row is read: raises Usage for an unknown key,
    field, column, value or format and for keys that contradict each other, Damaged for a column that the
    header has twice.
    """
    return _Compiler(data, header, schema, aliases, tz, where).mapper()


def _wrong(message: str, remedy: str, where: str) -> Usage:
    return Usage(message, where=where, remedy=remedy)


def _check_keys(data: Any, known: Sequence[str], path: Path, where: Where) -> None:
    if not isinstance(data, Mapping):
        raise _wrong(_("this must be keys and values"), _("keys: {keys}").format(keys=", ".join(known)), where(path))
    for key in data:
        if key not in known:
            raise _wrong(_("unknown key {key!r}").format(key=key), nearest(str(key), known), where((*path, key)))


class _Compiler:
    """One compilation: the map, and what it is checked against."""

    def __init__(
        self,
        data: Mapping[str, Any],
        header: Sequence[str],
        schema: Mapping[str, Field],
        aliases: Mapping[str, Mapping[str, str]],
        tz: tzinfo,
        where: Where,
    ) -> None:
        _check_keys(data, _KEYS, (), where)
        self.data = data
        self.header = header
        self.schema = schema
        self.aliases = aliases
        self.tz = tz
        self.where = where
        empty = data.get("empty", [])
        texts = empty if isinstance(empty, list) else [empty]
        self.empty = frozenset(("", *(self.scalar(text, ("empty",)).strip() for text in texts)))

    def mapper(self) -> Mapper:
        self.check_own_fields()
        source = self.scalar(self.data.get("source"), ("source",))
        if not re.fullmatch(r"\w[\w.-]{0,39}", source):
            raise _wrong(
                _("source cannot be {text!r}").format(text=source),
                _("letters, digits, - . and _, at most 40"),
                self.where(("source",)),
            )
        fields = self.data.get("set")
        if not isinstance(fields, Mapping) or not fields:
            raise _wrong(_("the map sets no field"), _("write set: with the fields and columns"), self.where(("set",)))
        rules = [self.rule(name, says) for name, says in fields.items()]
        return Mapper(source, self.header, self.ordered(rules), self.id_columns(), self.empty)

    def check_own_fields(self) -> None:
        for place, item in enumerate(map_fields(self.data, self.where)):
            known = self.schema.get(str(item["name"]))
            kind = item.get("kind", "text")
            if known and known.kind != _OWN_KINDS[kind]:
                raise _wrong(
                    _("the ledger has a field {name} of another kind: {kind}").format(name=known.name, kind=known.kind),
                    _("give the field of the map another name"),
                    self.where(("fields", place)),
                )

    def id_columns(self) -> list[IdColumn]:
        if "id" not in self.data:
            return []
        wanted = self.data["id"]
        names = wanted if isinstance(wanted, list) and wanted else [wanted]
        found = []
        for name in names:
            column = self.scalar(name, ("id",))
            found.append(IdColumn(column, find_column(column, self.header, self.where(("id",)))))
        return found

    def rule(self, name: Any, says: Any) -> Rule:
        path: Path = ("set", name)
        field = self.target(name, path)
        if not isinstance(says, Mapping):
            return Rule(field.name, None, self.constant(field, says, path), ())
        _check_keys(says, _RULE_KEYS, path, self.where)
        self.check_contradictions(field, says, path)
        when = self.conditions(says, path)
        if "const" in says:
            return Rule(field.name, None, self.constant(field, says["const"], (*path, "const")), when)
        return Rule(field.name, self.getter(field, says, path), "", when)

    def target(self, name: Any, path: Path) -> Field:
        field = self.schema.get(name) if isinstance(name, str) else None
        if field is None:
            raise _wrong(
                _("the ledger has no field {name!r}").format(name=name),
                _("{near}; or declare it under fields: in the map").format(near=nearest(str(name), self.schema)),
                self.where(path),
            )
        if name in _NEVER_SET:
            raise _wrong(
                _("{name} cannot be imported, exlog keeps it itself").format(name=name),
                _("take it out of the map"),
                self.where(path),
            )
        if name == "external_id":
            raise _wrong(
                _("external_id is made of source and id"),
                _("name the column under id: and take this out"),
                self.where(path),
            )
        return field

    def check_contradictions(self, field: Field, says: Mapping[str, Any], path: Path) -> None:
        sources = [key for key in _SOURCES if key in says]
        if len(sources) != 1:
            raise _wrong(
                _("{field} needs one of column, template and const").format(field=field.name),
                _("it has {keys}").format(keys=", ".join(sources) or _("none of them")),
                self.where(path),
            )
        for key in says:
            if key in (*sources, "when"):
                continue
            if "const" in says:
                reason = _("{key} says nothing beside const").format(key=key)
            elif key == "format" and field.kind not in ("time", "date"):
                reason = _("format is for times and dates, {field} is none").format(field=field.name)
            elif key == "format" and "map" in says:
                reason = _("format and map contradict each other")
            elif key == "other" and "map" not in says:
                reason = _("other is for a text that is not in map, and there is no map")
            elif key == "strip" and not isinstance(says[key], bool):
                reason = _("strip is true or false")
            elif key == "strip" and not says[key] and (field.kind != "text" or "map" in says):
                reason = _("strip: false is for text that is taken as it stands")
            else:
                continue
            raise _wrong(reason, _("take one of them out"), self.where((*path, key)))

    def conditions(self, says: Mapping[str, Any], path: Path) -> tuple[tuple[str, frozenset[str]], ...]:
        if "when" not in says:
            return ()
        path = (*path, "when")
        _check_keys(says["when"], [str(name) for name in self.data["set"]], path, self.where)
        made = []
        for name, wanted in says["when"].items():
            field = self.target(name, (*path, name))
            values = wanted if isinstance(wanted, list) else [wanted]
            made.append((name, frozenset(self.value(field, value, (*path, name)) for value in values)))
        return tuple(made)

    def ordered(self, rules: Sequence[Rule]) -> list[Rule]:
        """Rules after those that they wait for. Raises Usage where fields wait for each other."""
        ordered = [rule for rule in rules if not rule.when]
        waiting = {rule.field: rule for rule in rules if rule.when}
        while waiting:
            free = [rule for rule in waiting.values() if not any(name in waiting for name, _values in rule.when)]
            if not free:
                raise _wrong(
                    _("these fields wait for each other: {fields}").format(fields=", ".join(waiting)),
                    _("take one when: out"),
                    self.where(("set", next(iter(waiting)), "when")),
                )
            for rule in free:
                ordered.append(waiting.pop(rule.field))
        return ordered

    def getter(self, field: Field, says: Mapping[str, Any], path: Path) -> Get:
        clean = cleaner(self.empty, says.get("strip", True))
        fetch, column = self.fetch(says, path, clean)
        convert = converter(field, column, self.formats(says, path), self.tz, self.aliases)
        default = self.value(field, says.get("default"), (*path, "default"))
        if "map" in says:
            convert = self.mapped(field, column, says, path, convert)
        elif field.kind == "text":
            return text_getter(fetch, self.empty, says.get("strip", True), convert, default)

        def make(cell: str) -> str:
            text = clean(cell)
            return convert(text) if text else default

        return cached(fetch, make)

    def fetch(self, says: Mapping[str, Any], path: Path, clean: Callable[[str], str]) -> tuple[Fetch, str]:
        """What takes the text out of the cells, and the name to give it in messages."""
        if "column" in says:
            path = (*path, "column")
            column = self.scalar(says["column"], path)
            return itemgetter(find_column(column, self.header, self.where(path))), column
        path = (*path, "template")
        wanted = says["template"]
        texts = [self.scalar(text, path) for text in (wanted if isinstance(wanted, list) else [wanted])]
        if not texts:
            raise _wrong(_("this says nothing"), _("write columns like {Issue}"), self.where(path))
        templates = [parse_template(text, self.header, self.where(path)) for text in texts]
        return filled(templates, clean), texts[0]

    def mapped(self, field: Field, column: str, says: Mapping[str, Any], path: Path, convert: Convert) -> Convert:
        """What looks a text up in ``map``; one that is not there is ``other`` or a word of the vocabulary."""
        if not isinstance(says["map"], Mapping) or not says["map"]:
            raise _wrong(
                _("map is texts of the file and values of the field"),
                _("write it like map: {Web: online}"),
                self.where((*path, "map")),
            )
        table = {}
        for key, value in says["map"].items():
            spot = (*path, "map", key)
            text = self.scalar(key, spot).strip()
            if text in self.empty:
                raise _wrong(
                    _("{text!r} means nothing, so map never sees it").format(text=text),
                    _("give the value under default:, or take the text out of empty:"),
                    self.where(spot),
                )
            table[text] = self.value(field, value, spot)
        other = self.value(field, says["other"], (*path, "other")) if "other" in says else None

        def lookup(text: str) -> str:
            value = table.get(text, other)
            if value is not None:
                return value
            if field.kind == "choice":
                return convert(text)
            raise Rejected(
                _("{field}: the map has no value for {text}").format(field=field.name, text=shown(text)),
                field=field.name,
                column=column,
            )

        return lookup

    def formats(self, says: Mapping[str, Any], path: Path) -> tuple[str, ...]:
        if "format" not in says:
            return ()
        path = (*path, "format")
        wanted = says["format"]
        formats = tuple(self.scalar(text, path) for text in (wanted if isinstance(wanted, list) else [wanted]))
        for text in formats:
            if not is_whole_format(text):
                raise _wrong(
                    _("the format {text!r} gives no whole date").format(text=text),
                    _("write it like %Y-%m-%d, %m/%d/%Y, %d.%m.%Y %H:%M or %Y-%m-%d %I:%M %p; zones are %z"),
                    self.where(path),
                )
        return formats

    def constant(self, field: Field, value: Any, path: Path) -> str:
        text = self.value(field, value, path)
        if not text:
            raise _wrong(
                _("{field} is given no value").format(field=field.name),
                _("write a value, or take it out"),
                self.where(path),
            )
        return text

    def value(self, field: Field, value: Any, path: Path) -> str:
        """A value of ``field`` that the map itself gives, as it will stand in the record; null is ""."""
        text = "" if value is None else self.scalar(value, path).strip()
        if not text:
            return ""
        try:
            return converter(field, "", (), self.tz, self.aliases)(text)
        except Rejected as rejected:
            raise _wrong(rejected.reason, _("write a value that the field takes"), self.where(path)) from None

    def scalar(self, value: Any, path: Path) -> str:
        """A text or a number of the map as text."""
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        raise _wrong(
            _("this must be a text, not {value}").format(value=value),
            _("write it in quotes, or leave it out"),
            self.where(path),
        )
