"""How wide text is on a terminal: cutting it, padding it and wrapping it, CJK as two columns."""

from __future__ import annotations

import re
import shutil

from wcwidth import wcswidth, wcwidth

_CLOSING = "，。、；：？！）》」』】〉”’…"
_WORDS = re.compile(rf" +|[^ \u2e80-\U0010ffff]+[{_CLOSING}]{{0,2}}|[\u2e80-\U0010ffff][{_CLOSING}]{{0,2}}")
"""Spaces; words; and single characters from where scripts without spaces begin.

Chinese punctuation that must not start a line belongs to what stands before it.
"""


def terminal_width() -> int:
    """The columns of the terminal, 80 where there is none."""
    return shutil.get_terminal_size().columns


def width_of(text: str) -> int:
    """The columns that ``text`` takes; it holds no control characters."""
    return len(text) if text.isascii() else wcswidth(text)


def clip(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns (1 or more), with ``…`` where something was cut."""
    if len(text) <= 4 * width and width_of(text) <= width:
        return text
    return _head(text, width - 1) + "…"


def pad(text: str, width: int) -> str:
    """``text`` with spaces up to ``width`` columns."""
    return text + " " * (width - width_of(text))


def wrap(text: str, width: int) -> list[str]:
    """One line of text as lines of at most ``width`` columns, broken at spaces and between CJK characters."""
    lines: list[str] = []
    line = ""
    used = 0
    for word in _WORDS.findall(text):
        needed = _reach(word)
        if used + needed > width:
            if line.strip(" "):
                lines.append(line.rstrip(" "))
            line, used = "", 0
            if word[0] == " ":
                continue
            *full, word = _pieces(word, width)
            lines += full
            needed = _reach(word)
        line += word
        used += needed
    return [*lines, line.rstrip(" ")] if line.strip(" ") or not lines else lines


def _pieces(word: str, width: int) -> list[str]:
    """A word cut where it does not fit into a line; ``[word]`` where it does."""
    pieces: list[str] = []
    start = used = 0
    for index, char in enumerate(word):
        columns = _reach(char)
        if used + columns > width and index > start:
            pieces.append(word[start:index])
            start, used = index, 0
        used += columns
    return [*pieces, word[start:]]


def _head(text: str, width: int) -> str:
    """A start of ``text`` within ``width`` columns."""
    kept = used = 0
    for char in text[:width]:
        used += _reach(char)
        if used > width:
            break
        kept += 1
    return text[:kept]


def _reach(text: str) -> int:
    """The columns of ``text`` at most.

    Every character counts as one at least: how marks and selectors widen what they join is not additive.
    """
    return len(text) if text.isascii() else sum(max(wcwidth(char), 1) for char in text)
