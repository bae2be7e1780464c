"""The words that people ask for measures and dimensions with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from exlog.errors import Usage
from exlog.fields import Field
from exlog.i18n import _
from exlog.measures.dimensions import DIMENSIONS, Dimension, dimension
from exlog.measures.table import DEFAULT_MEASURES, MEASURES, Measure


def parse_measures(texts: Sequence[str]) -> tuple[str, ...]:
    """The measures that the comma lists ``texts`` name, each once; the default ones where they name none.

    A measure goes by its name or its label in either language. Raises Usage that lists what can be said.
    """
    words = _words(MEASURES)
    names = [_named(text, words, _("no such measure: {text!r}"), MEASURES) for text in _split(texts)]
    return tuple(dict.fromkeys(names)) or DEFAULT_MEASURES


def parse_dimensions(texts: Sequence[str], own: Sequence[Field] = ()) -> tuple[str, ...]:
    """The dimensions that the comma lists ``texts`` name, each once; ``own`` are the ledger's own fields.

    A dimension goes by its name or its label in either language. Raises Usage that lists what can be said.
    """
    known = {**{field.name: dimension(field.name, own) for field in own}, **DIMENSIONS}
    words = _words(known)
    message = _("no such dimension: {text!r}")
    choices = (*DIMENSIONS, *(field.name for field in own if field.name not in DIMENSIONS))
    return tuple(dict.fromkeys(_named(text, words, message, choices) for text in _split(texts)))


def parse_pivot(text: str, own: Sequence[Field] = ()) -> tuple[str, str]:
    """The two dimensions of ``ROW:COL``. Raises Usage for any other shape, and for one dimension twice."""
    parts = [part.strip() for part in text.replace("：", ":").split(":")]
    if len(parts) == 2 and all(parts):
        names = parse_dimensions(parts, own)
        if len(names) == 2:
            return names[0], names[1]
    raise Usage(
        _("{text!r} is no pivot").format(text=text),
        remedy=_("write two different dimensions like month:type"),
    )


def _split(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in re.split("[,，、]", text) if part.strip()]


def _words(table: Mapping[str, Measure] | Mapping[str, Dimension]) -> dict[str, str]:
    """Every word to its name: labels first, so that a name wins over a label that reads the same."""
    words = {text.casefold(): name for name, term in table.items() for text in (term.en, term.zh)}
    return words | {name.casefold(): name for name in table}


def _named(text: str, words: Mapping[str, str], message: str, choices: Iterable[str]) -> str:
    wanted = text.casefold()
    found = words.get(wanted) or words.get(wanted.replace("-", "_"))
    if found:
        return found
    import difflib

    near = list(dict.fromkeys(words[word] for word in difflib.get_close_matches(wanted, words, n=3)))
    listed = _("one of: {choices}").format(choices=", ".join(choices))
    hint = _("did you mean {near}?").format(near=", ".join(near)) + " " if near else ""
    raise Usage(message.format(text=text), remedy=hint + listed)
