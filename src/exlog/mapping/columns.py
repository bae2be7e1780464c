"""From the cells of a row to one text: columns found by name, templates filled, cells that mean nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from exlog.errors import Damaged, Usage
from exlog.i18n import _

Fetch = Callable[[list[str]], str]
"""Takes one text from the cells of a row."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LISTED = 20


class Template(NamedTuple):
    """A template with its columns found: ``pattern`` is filled with the texts at ``indices``."""

    pattern: str
    indices: tuple[int, ...]


def nearest(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name: those that look like it, or what there is."""
    folded = {text.strip().casefold(): text for text in known}
    near = difflib.get_close_matches(name.strip().casefold(), folded, n=3, cutoff=0.5)
    if near:
        return _("did you mean {names}?").format(names=", ".join(repr(folded[text]) for text in near))
    names = [repr(text) for text in folded.values()]
    more = ", …" if len(names) > _LISTED else ""
    return _("there is: {names}").format(names=", ".join(names[:_LISTED]) + more)


def find_column(name: str, header: Sequence[str], where: str) -> int:
    """The position of column ``name``: by its exact name, else without regard to case and spaces around it.

    Raises Usage that names the near matches for a column that is not there or could be two, Damaged for a
    name that the header has twice.
    """
    found = [index for index, text in enumerate(header) if text == name]
    if not found:
        folded = name.strip().casefold()
        found = [index for index, text in enumerate(header) if text.strip().casefold() == folded]
    if not found:
        raise Usage(
            _("the file has no column {column!r}").format(column=name),
            where=where,
            remedy=nearest(name, (text for text in header if text.strip())),
        )
    if len(found) == 1:
        return found[0]
    names = {header[index] for index in found}
    if len(names) == 1:
        raise Damaged(
            _("the header of the file has the column {column!r} twice").format(column=header[found[0]]),
            where=where,
            remedy=_("give one of the two another name in the file"),
        )
    raise Usage(
        _("{column!r} can be several columns of the file").format(column=name),
        where=where,
        remedy=_("write one of: {names}").format(names=", ".join(map(repr, sorted(names)))),
    )


def parse_template(text: str, header: Sequence[str], where: str) -> Template:
    """A template with columns in braces; doubled braces stand for themselves. Raises Usage, Damaged."""
    pattern: list[str] = []
    indices: list[int] = []
    end = 0
    for found in _BRACES.finditer(text):
        pattern.append(text[end : found.start()].replace("%", "%%"))
        end = found.end()
        if found[1] is not None:
            indices.append(find_column(found[1], header, where))
            pattern.append("%s")
        elif len(found[0]) == 2:
            pattern.append(found[0][0])
        else:
            raise Usage(
                _("a brace of the template stands alone"),
                where=where,
                remedy=_("write columns like {Issue}, and {{ or }} for a brace itself"),
            )
    if not indices:
        raise Usage(
            _("the template names no column"),
            where=where,
            remedy=_("write columns like {Issue}, or say const: for the same text in each row"),
        )
    pattern.append(text[end:].replace("%", "%%"))
    return Template("".join(pattern), tuple(indices))


def cleaner(empty: Collection[str], strip: bool) -> Callable[[str], str]:
    """What makes a cell a text: no spaces around it unless they are wanted, "" for what means nothing."""

    def clean(cell: str) -> str:
        text = cell.strip()
        if text in empty:
            return ""
        return text if strip else cell

    return clean


def filled(templates: Sequence[Template], clean: Callable[[str], str]) -> Fetch:
    """The first template whose columns all hold a text; else the last with what there is, "" for nothing."""
    *wholes, last = templates

    def fetch(cells: list[str]) -> str:
        for template in wholes:
            texts = [clean(cells[index]) for index in template.indices]
            if all(texts):
                return template.pattern % tuple(texts)
        texts = [clean(cells[index]) for index in last.indices]
        return last.pattern % tuple(texts) if any(texts) else ""

    return fetch
