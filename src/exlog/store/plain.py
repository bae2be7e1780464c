"""Whether a CSV file is as exlog writes it, so that an engine reads from it just what exlog reads.

The engine sees to the number of cells and to quotes that do not close. What it would take without a word, and
differently, is looked for here: bytes that are no UTF-8, carriage returns, blank lines, line breaks within
quotes, and spaces around quotes. What was found sound is remembered by the file's time and size.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from exlog.store import cache, files

_CACHE = ".exlog/cache/plain.json"
_BLOCK = 1 << 20
_NEARLY = re.compile(r', +"(?!")|" +(?:,|$)|^ +"')
"""A cheap look at a line: nearly all that have no space around quotes are told by it."""
_SPACED = re.compile(r'(?:^|,) +"(?!")|(?<!")(?:"")*" +(?:,|$)|(?:^|,)"" +(?:,|$)')


class Plain:
    """The files of a ledger that were found plain, kept in its cache."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = cache.read(root / _CACHE) or {}
        self._fresh = dict(self._known)

    def is_plain(self, file: str) -> bool:
        """Whether a file below the root is plain."""
        with files.open_plain(self._root / file) as stream:
            stat = os.fstat(stream.fileno())
            stamp = [stat.st_mtime_ns, stat.st_size]
            if self._known.get(file) == stamp:
                return True
            stream.readline()
            rest = b""
            while block := stream.read(_BLOCK):
                whole, feed, rest_of_block = block.rpartition(b"\n")
                if not feed:
                    rest += block
                    continue
                if not _are_plain(rest + whole):
                    return False
                rest = rest_of_block
            if rest and not _are_plain(rest):
                return False
        self._fresh[file] = stamp
        return True

    def keep(self) -> None:
        """Remember what was found."""
        if self._fresh != self._known:
            cache.write(self._root / _CACHE, self._fresh)


def are_plain(lines: Sequence[str]) -> bool:
    """Whether canonical lines have no spaces around quotes: these the engine takes away, or passes over."""
    return not any(
        (' "' in line or '" ' in line or line.endswith(" ")) and _NEARLY.search(line) and _SPACED.search(line)
        for line in lines
    )


def _are_plain(block: bytes) -> bool:
    """Whether whole lines, without the last line feed, are plain."""
    if b"\r" in block:
        return False
    try:
        lines = block.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return False
    if "" in lines:
        return False
    quoted = [line for line in lines if '"' in line]
    return not any(line.count('"') & 1 for line in quoted) and are_plain(quoted)
