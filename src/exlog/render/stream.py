"""Writing to a stream: in batches, and never a character that the stream's encoding cannot hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TextIO

from exlog.render.escape import spelled

_BATCH = 32
"""Lines in one write: few enough to stay in the processor's cache, which 500 are not."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """``lines`` in short lists: one write each, and memory stays flat."""
    rest = iter(lines)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def put(text: str, out: TextIO, spell: Callable[[str], str] = spelled) -> None:
    """Write ``text``; a character that ``out`` cannot encode is written as ``spell`` has it."""
    encoding = out.encoding or "utf-8"
    if not (text.isascii() or _encodable(text, encoding)):
        text = _NOT_ASCII.sub(lambda match: match[0] if _encodable(match[0], encoding) else spell(match[0]), text)
    out.write(text)


def put_lines(lines: Iterable[str], out: TextIO, header: str | None = None) -> int:
    """Write ``header``, where there is one, and ``lines``; return how many lines, the header not counted."""
    count = 0
    head = "" if header is None else header + "\n"
    for batch in batches(lines):
        put(head + "\n".join(batch) + "\n", out)
        head = ""
        count += len(batch)
    if head:
        put(head, out)
    return count


def _encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
