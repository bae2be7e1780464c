"""Text from customers made harmless: for terminals, for lines, for markdown and for spreadsheets."""

from __future__ import annotations

import re

from exlog.render.columns import is_number

HOSTILE = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # C0 with ESC, DEL, C1 with CSI
    r"\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # hide, reorder, break
    r"\ud800-\udfff"  # halves of a pair: no encoding takes them
    r"\U000e0000-\U000e007f]"  # invisible tags
)
"""One character that steers a terminal, reorders or hides text, or breaks a line.

The zero width joiner is among them: terminals do not agree on what it joins, a table would not be straight.
"""

LINE_BREAK = re.compile(r"\r\n|\r|\n")
_NAMES = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_MARKDOWN = re.compile(r"[\\|`\[]")
_MARKUP = re.compile(r"&(?=#?\w+;)|<")
_FORMULA = re.compile("'*[=+\\-@\t\r\n\0＝＋－＠]")


def spelled(char: str) -> str:
    r"""The escape that stands for ``char``: ``\t``, ``\n``, ``\r``, ``\x1b``, ``\u202e``, ``\U000e0041``."""
    code = ord(char)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _NAMES.get(char) or (f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}")


def safe(text: str) -> str:
    """``text`` on one line, with whatever would steer a terminal or reorder text spelled out."""
    if text.isprintable():
        return text
    return HOSTILE.sub(lambda match: spelled(match[0]), text)


def field(text: str) -> str:
    r"""A cell of plain and tsv: like ``safe``, and a backslash is ``\\``, so that nothing is lost."""
    return safe(text.replace("\\", "\\\\"))


def one_line(text: str) -> str:
    """A cell of a table: a line break is a visible ``⏎``, a tab a space, the rest like ``safe``."""
    if text.isprintable():
        return text
    return safe(LINE_BREAK.sub("⏎", text).replace("\t", " "))


def markdown(text: str) -> str:
    """A cell of a markdown table: a line break is ``<br>``; pipes, code, links and HTML are plain text."""
    lines = LINE_BREAK.split(text)
    return "<br>".join(_markdown_line(line.replace("\t", " ")) for line in lines)


def _markdown_line(text: str) -> str:
    escaped = _MARKDOWN.sub(lambda match: "\\" + match[0], safe(text))
    return _MARKUP.sub(lambda match: "&lt;" if match[0] == "<" else "&amp;", escaped)


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    A cell gets a leading apostrophe when it starts with ``= + - @``, one of their full-width forms, a tab, a
    line break or NUL, unless it is a canonical number (``-5``, ``-12.50``). ``+8613800138000`` gets one too:
    a spreadsheet would compute it and lose the plus. A cell that starts with apostrophes before such a
    character gets one more, so that a reader has the text back by taking exactly one away from these.
    """
    if _FORMULA.match(text) and not is_number(text):
        return "'" + text
    return text
