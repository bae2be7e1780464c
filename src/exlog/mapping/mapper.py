"""A compiled import map at work: cells of a row → record and external id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from exlog.i18n import _
from exlog.mapping.columns import Fetch
from exlog.mapping.convert import Rejected, shown

Get = Callable[[list[str]], str]
"""Takes the value of one field from the cells of a row, "" for none; raises Rejected."""

_SEPARATOR = "\x1f"
_CACHED = 50_000
_CACHED_LENGTH = 200


class Rule(NamedTuple):
    """One field: how it is got, or its constant; ``when`` is what fields mapped before must be."""

    field: str
    get: Get | None
    constant: str
    when: tuple[tuple[str, frozenset[str]], ...]


class IdColumn(NamedTuple):
    """A column of the source's own id."""

    name: str
    position: int


def cached(fetch: Fetch, make: Callable[[str], str]) -> Get:
    """``make`` of what ``fetch`` takes, remembered for texts that come again; memory stays bounded."""
    known: dict[str, str] = {}

    def get(cells: list[str]) -> str:
        text = fetch(cells)
        value = known.get(text)
        if value is None:
            value = make(text)
            if len(text) <= _CACHED_LENGTH:
                if len(known) >= _CACHED:
                    known.clear()
                known[text] = value
        return value

    return get


def text_getter(fetch: Fetch, empty: frozenset[str], strip: bool, convert: Callable[[str], str], default: str) -> Get:
    """A text as it stands, without spaces around it; ``convert`` is asked only about what may not stand there.

    The hot path of an import: most fields of most rows come through here.
    """
    longest = max(map(len, empty))

    def get(cells: list[str]) -> str:
        cell = fetch(cells)
        text = cell.strip()
        if len(text) <= longest and text in empty:
            return default
        if not strip:
            text = cell
        if "\r" in text or "\0" in text:
            return convert(text)
        return text

    return get


class Mapper:
    """Takes the rows of one file. Made by ``compile_map``.

    ``fields`` are the fields that it can set. It remembers the external ids that it gave, so one Mapper
    serves one pass over one file.
    """

    def __init__(
        self,
        source: str,
        header: Sequence[str],
        rules: Sequence[Rule],
        id_columns: Sequence[IdColumn],
        empty: frozenset[str],
    ) -> None:
        """``rules`` stand after those that they wait for."""
        self.source = source
        self.fields: tuple[str, ...] = tuple(rule.field for rule in rules)
        self._width = len(header)
        self._id_columns = tuple(id_columns)
        self._empty = empty
        self._constants = {rule.field: rule.constant for rule in rules if not rule.when and not rule.get}
        self._plain = tuple((rule.field, rule.get) for rule in rules if rule.get and not rule.when)
        self._guarded = tuple(
            (rule.field, rule.get or _constantly(rule.constant), rule.when) for rule in rules if rule.when
        )
        self._digests: dict[int, int] = {}
        self._ids: set[str] = set()

    def record(self, cells: list[str]) -> dict[str, str]:
        """The fields of one row that have a value, as plain text.

        Raises Rejected for a row that cannot be taken. Whether required fields are there and times are in
        order is not asked here.
        """
        if len(cells) != self._width:
            self._check_width(cells)
        record = self._constants.copy()
        for field, get in self._plain:
            value = get(cells)
            if value:
                record[field] = value
        for field, get, when in self._guarded:
            for other, values in when:
                if record.get(other, "") not in values:
                    break
            else:
                value = get(cells)
                if value:
                    record[field] = value
        return record

    def external_id(self, cells: list[str]) -> str:
        """What the row is known by when the file comes again: ``source:id``, or ``source:digest.occurrence``.

        The digest is of all cells, the occurrence counts equal rows from 1, so call it once for a row. Raises
        Rejected for an id that is empty, has control characters, or stood in an earlier row of this file.
        """
        if len(cells) != self._width:
            self._check_width(cells)
        if not self._id_columns:
            return self._digest(cells)
        parts = [self._id_part(column, cells[column.position].strip()) for column in self._id_columns]
        if len(parts) > 1:
            # The parts must stay apart: a|b and c are other ids than a and b|c.
            parts = [part.replace("%", "%25").replace("|", "%7C") for part in parts]
        known_by = f"{self.source}:{'|'.join(parts)}"
        if known_by in self._ids:
            raise Rejected(
                _("external_id: {text} stood in an earlier row of this file").format(text=shown("|".join(parts))),
                field="external_id",
                column=self._id_columns[0].name,
            )
        self._ids.add(known_by)
        return known_by

    def _id_part(self, column: IdColumn, text: str) -> str:
        if text in self._empty:
            message = _("external_id: column {column} is empty").format(column=column.name)
        elif text.isprintable() or not any(character < " " or character == "\x7f" for character in text):
            return text
        else:
            message = _("external_id: {text} has a line break or another control character").format(text=shown(text))
        raise Rejected(message, field="external_id", column=column.name)

    def _digest(self, cells: list[str]) -> str:
        text = _SEPARATOR.join(cells if len(cells) == self._width else cells[: self._width])
        if text.count(_SEPARATOR) >= self._width:
            # A cell holds the separator itself: lengths keep the cells apart.
            text = _SEPARATOR.join(f"{len(cell)}:{cell}" for cell in cells[: self._width])
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        digest = blake2b(text.encode("utf-8", "surrogatepass")).digest()[:8]
        key = int.from_bytes(digest)
        occurrence = self._digests.get(key, 0) + 1
        self._digests[key] = occurrence
        return f"{self.source}:{digest.hex()}.{occurrence}"

    def _check_width(self, cells: list[str]) -> None:
        if len(cells) < self._width or any(cell.strip() for cell in cells[self._width :]):
            raise Rejected(
                _("{found} cells where the header has {expected}").format(found=len(cells), expected=self._width)
            )


def _constantly(value: str) -> Get:
    return lambda cells: value
