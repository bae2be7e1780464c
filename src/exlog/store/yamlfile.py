"""YAML in and out: comments, quotes and key order kept on rewrite, places known for messages, bombs refused."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from exlog.errors import Damaged
from exlog.i18n import _

_DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:$|(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d)", re.ASCII)
MAX_BYTES = 1 << 20
_MAX_DEPTH = 20


class Document:
    """A parsed YAML mapping that remembers where each key stands."""

    def __init__(self, name: str, tree: Any) -> None:
        self.name = name
        self.tree = tree

    def where(self, *path: str | int) -> str:
        """``exlog.yaml:12: rules.one_off_customers`` for a path of keys and list positions."""
        node: Any = self.tree
        line = 0
        for part in path:
            try:
                marks: Any = node.lc
                line = (marks.key(part) if isinstance(node, dict) else marks.item(part))[0]
                node = node[part]
            except (KeyError, IndexError, AttributeError, TypeError):
                break
        dotted = ".".join(str(part) for part in path)
        return f"{self.name}:{line + 1}: {dotted}" if dotted else f"{self.name}:{line + 1}"

    def plain(self) -> dict[str, Any]:
        """The document as plain dicts, lists and scalars."""
        value = _plain(self.tree)
        assert isinstance(value, dict)
        return value


def load(data: bytes, name: str) -> Document:
    """Parse one YAML mapping.

    Raises Damaged that names file and line for text that is no YAML, is too large, nests too deep, is no
    mapping, or uses anchors, aliases or tags (a few lines of those can stand for gigabytes).
    """
    if len(data) > MAX_BYTES:
        raise Damaged(
            _("{size} bytes are too much for this file").format(size=len(data)),
            where=name,
            remedy=_("keep it below {limit} bytes").format(limit=MAX_BYTES),
        )
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        text = data.decode("utf-8-sig")
        _refuse_bombs(text, name)
        yaml = YAML(typ="rt", pure=True)
        yaml.preserve_quotes = True
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{name}:{mark.line + 1}" if mark is not None else name
        raise Damaged(
            _("not YAML ({problem})").format(problem=_one_line(error.problem or str(error))),
            where=line,
            remedy=_("fix the line"),
        ) from None
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise Damaged(
            _("byte 0x{byte:02X} is not UTF-8").format(byte=data[error.start]),
            where=f"{name}:{number}",
            remedy=_("save the file as UTF-8, or restore it from git"),
        ) from None
    except Damaged:
        raise
    except Exception as error:  # ruamel has TypeError, AttributeError and others for texts like "? a:\n  - "
        raise Damaged(
            _("not YAML ({problem})").format(problem=_one_line(str(error))),
            where=name,
            remedy=_("fix the file"),
        ) from None
    if tree is None:
        from ruamel.yaml.comments import CommentedMap

        tree = CommentedMap()
    if not isinstance(tree, dict):
        raise Damaged(
            _("the file must hold keys and values"),
            where=f"{name}:1",
            remedy=_("write it as `key: value` lines"),
        )
    return Document(name, tree)


def dump(tree: Mapping[str, Any]) -> bytes:
    """YAML text of a mapping; one that was loaded here keeps its comments, quotes and key order."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.allow_unicode = True
    yaml.width = 4096
    stream = io.BytesIO()
    yaml.dump(tree, stream)
    return stream.getvalue()


def _refuse_bombs(text: str, name: str) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.events import (
        AliasEvent,
        CollectionEndEvent,
        CollectionStartEvent,
        NodeEvent,
        ScalarEvent,
    )

    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        problem = ""
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                problem = _("this nests deeper than {depth} levels").format(depth=_MAX_DEPTH)
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            problem = _("anchors and aliases are not taken")
        tag = getattr(event, "tag", None)
        if tag is not None and not problem:
            problem = _("tags (!name) are not taken")
        if problem:
            raise Damaged(
                problem,
                where=f"{name}:{event.start_mark.line + 1}",
                remedy=_("write the value out"),
            )
        if isinstance(event, ScalarEvent) and event.style is None and _is_no_day(event.value):
            raise Damaged(
                _("there is no day {value}").format(value=event.value),
                where=f"{name}:{event.start_mark.line + 1}",
                remedy=_("correct the date"),
            )


def _is_no_day(text: str) -> bool:
    """Whether YAML takes ``text`` for a date, or a date and time, of a day that does not exist."""
    found = _DAY.match(text)
    if found is None:
        return False
    try:
        date(*map(int, found.groups()))
    except ValueError:
        return True
    return False


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return str(node)
