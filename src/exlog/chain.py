"""The chain of a history file: each line carries the hash of the one before it, so that a change to one is seen.

``link`` of a line is the beginning of the sha256 of its canonical text. A line's last cell ``prev`` is the link of
the line that was last when it was written; of the first one, of the last line of the lane's file before this one, else
of the header. Two branches of one ledger may both go on from one line, so the chain may fork; but every line goes
on from one that stands above it, and only the first event of a command begins a fork.
"""

from __future__ import annotations

import heapq
from binascii import hexlify
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from exlog import canonical, instants

LENGTH = 32
"""Hex digits of a link: 128 bits, so that nobody can make two lines with one link, not even both at once."""
_BYTES = LENGTH // 2


def link(line: str | bytes) -> str:
    """The link of a canonical line, given without its line feed."""
    return sha256(line.encode("utf-8") if isinstance(line, str) else line).hexdigest()[:LENGTH]


def chained(lines: Iterable[Sequence[str]], prev: str) -> list[str]:
    """Canonical lines of plain cells, each with the link of the one before it as its last cell."""
    made = []
    for cells in lines:
        line = canonical.join_row([*(canonical.encode_cell(cell) for cell in cells), prev])
        made.append(line)
        prev = link(line)
    return made


class Break(NamedTuple):
    """A line that goes on from no line above it: its place among the lines, what it says, and its own link."""

    place: int
    prev: str
    link: str


class Follower:
    """Follows the chain of one file, line by line, and gathers the breaks. ``digests`` are the links, 16 bytes each.

    ``header`` is the header line; ``earlier`` says whether a link is that of a line in an earlier file of the lane.
    Of a file begun before there were links just the digests are gathered.
    """

    def __init__(self, header: bytes, earlier: Callable[[bytes], bool]) -> None:
        self._linked = header.endswith(b",prev")
        self.breaks: list[Break] = []
        self.digests = bytearray()
        self._earlier = earlier
        self._root = self._last = sha256(header).digest()[:_BYTES]
        self._tips: set[bytes] | None = None
        self._known: set[bytes] = set()
        self._count = 0

    def read(self, lines: Sequence[bytes]) -> None:
        """Take the next lines in, each without its line feed."""
        if not self._linked:
            self.digests += b"".join(sha256(line).digest()[:_BYTES] for line in lines)
            return
        last = self._last
        expected = b"," + hexlify(last)
        digests, hashed, in_hex, ending = self.digests, sha256, hexlify, -LENGTH - 1
        for place, line in enumerate(lines, self._count):
            digest = hashed(line).digest()[:_BYTES]
            if line[ending:] != expected or self._tips is not None:
                self._look(place, line, digest, last)
            digests += digest
            last, expected = digest, b"," + in_hex(digest)
        self._last = last
        self._count += len(lines)

    def _look(self, place: int, line: bytes, digest: bytes, last: bytes) -> None:
        """A closer look at a line that may go on from another one than the line above it."""
        if self._tips is None:
            self._known = {bytes(self.digests[at : at + _BYTES]) for at in range(0, len(self.digests), _BYTES)}
            self._tips = {last} if self.digests else set()
        cell = line.rpartition(b",")[2].decode("ascii", "replace")
        try:
            told = bytes.fromhex(cell) if len(cell) == LENGTH else b""
        except ValueError:
            told = b""
        if told in self._tips:
            self._tips.discard(told)
        elif not (self._begins_fork(line) and (told in self._known or told == self._root or self._earlier(told))):
            self.breaks.append(Break(place, cell, digest.hex()))
        self._known.add(digest)
        self._tips.add(digest)

    @staticmethod
    def _begins_fork(line: bytes) -> bool:
        """Whether the event is the first of its command, or of none: nothing is written onto half of a command."""
        parts = line.rsplit(b",", 2)
        count = parts[-2].rpartition(b".")[2] if len(parts) == 3 else b""
        return count == b"1" or not count.isdigit()


def united(columns: Sequence[str], lines: Iterable[str]) -> list[str]:
    """The lines of two or more versions of a history file as one: each line once, in order of time, none above
    the line that it goes on from. The same lines give the same file, whatever versions they come from.
    """
    place = columns.index("prev") if "prev" in columns else None
    named = [columns.index(name) for name in ("at", "event")]
    keys: dict[str, tuple[float, str, int, str]] = {}
    for line in lines:
        cells = canonical.split_row(line)
        at, event = (cells[column] for column in named)
        command, _dot, count = event.rpartition(".")
        keys[line] = (instants.read(at) or 0.0, command, int(count) if count.isascii() and count.isdigit() else 0, line)
    if place is None:
        return sorted(keys, key=keys.__getitem__)
    above = {link(line): line for line in keys}
    waiting: dict[str, list[str]] = {}
    ready = []
    for line in keys:
        before = above.get(canonical.split_row(line)[place])
        if before is None or before == line:
            ready.append(keys[line])
        else:
            waiting.setdefault(before, []).append(line)
    heapq.heapify(ready)
    ordered = []
    while ready:
        line = heapq.heappop(ready)[-1]
        ordered.append(line)
        for follower in waiting.pop(line, ()):
            heapq.heappush(ready, keys[follower])
    return ordered
