"""Reads the whole history file by file, block by block, so that memory does not grow with it: its links, its events."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from exlog.chain import LENGTH, Follower
from exlog.store import clone, files, git, history, layout

LARGE = 1 << 25
"""Bytes of history from which on a second process is worth its start."""
_BLOCK = 1 << 18
_BYTES = LENGTH // 2


class Gap(NamedTuple):
    """A line of the history that does not go on from a line above it: file and number, its link, what it says."""

    file: str
    number: int
    link: str
    prev: str

    @property
    def where(self) -> str:
        """``history/2024-03/0.csv:12`` for messages."""
        return f"{self.file}:{self.number}"


def gaps_aside(root: Path) -> Callable[[], list[Gap]]:
    """Begin to look for gaps; the function waits for what came of it. Raises what ``gaps`` raises, then.

    A large history is read by a process of its own, on another core, while this one does other work.
    """
    if not hasattr(os, "fork") or sum(sizes(root).values()) < LARGE:
        return lambda: list(gaps(root))
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException), os.fdopen(theirs, "wb") as out:
            text = json.dumps(list(gaps(root)))
            out.write(text.encode("ascii"))
        os._exit(0)
    os.close(theirs)

    def found() -> list[Gap]:
        with os.fdopen(ours, "rb") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        return [Gap(*one) for one in json.loads(text)] if text else list(gaps(root))

    return found


def gaps(root: Path) -> Iterator[Gap]:
    """Every line whose link leads nowhere, file by file. Raises Damaged for a file that is no history."""
    earlier: dict[str, list[bytes]] = {}
    for file in layout.history_files(root):
        files.refuse_links(root, file)
        lane = file.rpartition("/")[2]
        follower, numbers = _follow(root / file, file, earlier.setdefault(lane, []))
        earlier[lane].append(bytes(follower.digests))
        for one in follower.breaks:
            yield Gap(file, numbers[one.place] if numbers is not None else one.place + 2, one.link, one.prev)


def _follow(path: Path, file: str, earlier: list[bytes]) -> tuple[Follower, list[int] | None]:
    """The links of one file; the numbers of its lines where they are not just one after the other.

    The file is read in blocks as canonical text; where that shows breaks, or is not what it seems, it is read whole.
    """
    with files.open_plain(path) as stream:
        header = stream.readline()
        if header in history.HEADERS:
            follower = _new(header[:-1], earlier)
            for block in _blocks(stream, len(header)):
                follower.read(block.split(b"\n"))
            if not follower.breaks:
                return follower, None
    table = history.table(path, file)
    follower = _new(",".join(table.columns).encode("ascii"), earlier)
    follower.read([line.encode("utf-8") for line in table.lines])
    return follower, list(table.numbers)


def _new(header: bytes, earlier: list[bytes]) -> Follower:
    def known(link: bytes) -> bool:
        return any(_holds(links, link) for links in reversed(earlier))

    return Follower(header, known)


def _holds(links: bytes, link: bytes) -> bool:
    """Whether one of many links of 16 bytes each is ``link``; the last one is looked at first."""
    if len(link) != _BYTES:
        return False
    place = links.rfind(link)
    while place > 0 and place % _BYTES:
        place = links.rfind(link, 0, place + _BYTES - 1)
    return place >= 0


def _blocks(stream: BinaryIO, start: int) -> Iterator[bytes]:
    """What stands after ``start`` as pieces of whole lines, each without its last line feed."""
    stream.seek(start)
    rest = b""
    while block := stream.read(_BLOCK):
        whole, feed, cut_off = block.rpartition(b"\n")
        if not feed:
            rest += block
            continue
        yield rest + whole
        rest = cut_off
    if rest:
        yield rest


def without_links(root: Path) -> list[str]:
    """History files without links that ought to have them: those of a month after the first one with links, and those
    that git knows with links from their beginning. A ledger made before there were links has others.
    """
    names = layout.history_files(root)
    bare = [file for file in names if not _has_links(_first_line(root / file))]
    months = [file.split("/")[1] for file in names if file not in bare]
    late = {file for file in bare if months and file.split("/")[1] > months[0]}
    stripped = _begun_with_links(root, [file for file in bare if file not in late])
    return [file for file in bare if file in late or file in stripped]


def _first_line(path: Path) -> bytes:
    with files.open_plain(path) as stream:
        return stream.readline()


def _has_links(header: bytes) -> bool:
    return header.rstrip(b'\r\n"').endswith(layout.HISTORY_COLUMNS[-1].encode("ascii"))


def _begun_with_links(root: Path, names: list[str]) -> set[str]:
    """Those of the files that had links when they were first committed."""
    if not names or clone.git_folder(root) is None:
        return set()
    answer = git.run(
        root, "log", "--diff-filter=A", "--format=commit %H", "--name-only", "--relative", "--", f"{layout.HISTORY}/"
    )
    commit, found = "", set()
    for line in answer.text.splitlines():
        commit = line.removeprefix("commit ") if line.startswith("commit ") else commit
        if line in names and _has_links((git.show(root, commit, f"./{line}") or b"").partition(b"\n")[0]):
            found.add(line)
    return found


def sizes(root: Path) -> dict[str, int]:
    """The history files, oldest first, and how long each is now: what is appended meanwhile is not to be read."""
    return {file: (root / file).stat().st_size for file in layout.history_files(root)}


def newest_first(root: Path, file: str, size: int | None = None) -> Iterator[list[str]]:
    """The stored cells of each event of a file (of its first ``size`` bytes), the last one first.

    Raises Damaged that names file and line.
    """
    files.refuse_links(root, file)
    passed = 0
    with files.open_plain(root / file) as stream:
        header = stream.readline()
        if header in history.HEADERS:
            width = header.count(b",") + 1
            try:
                for block in _blocks_backward(stream, len(header), size):
                    found = _rows(block.decode("utf-8"), width)
                    found.reverse()
                    yield from found
                    passed += len(found)
            except (ValueError, csv.Error):
                pass
            else:
                return
    table = history.table(root / file, file)
    for row in range(len(table.lines) - 1 - passed, -1, -1):
        yield table.cells(row)


def _rows(text: str, width: int) -> list[list[str]]:
    """The cells of each line. Raises ValueError or csv.Error where they are not what canonical text would be."""
    lines = text.split("\n")
    if "\r" in text:
        raise ValueError
    found = list(csv.reader(lines, strict=True))
    if len(found) != len(lines) or set(map(len, found)) != {width}:
        raise ValueError
    return found


def _blocks_backward(stream: BinaryIO, start: int, size: int | None = None) -> Iterator[bytes]:
    """The same pieces from the end of the file; the lines within a piece stand in their order."""
    end = stream.seek(0, os.SEEK_END) if size is None else size
    cut_off = b""
    while end > start:
        begin = max(start, end - _BLOCK)
        stream.seek(begin)
        block = stream.read(end - begin) + cut_off
        end, cut_off = begin, b""
        if begin > start:
            cut_off, feed, block = block.partition(b"\n")
            cut_off += feed
            if not feed:
                continue
        if block:
            yield block.removesuffix(b"\n")
