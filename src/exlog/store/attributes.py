"""The lines of .gitattributes that let git merge and show a ledger by way of exlog."""

from __future__ import annotations

FILE = ".gitattributes"

_TABLES = "*.csv text eol=lf"
_DRIVEN = f"{_TABLES} merge=exlog diff=exlog"
_PROFILES = "customers/*.yaml text eol=lf merge=exlog"
_WORKBOOKS = "archive/*.xlsx binary"
_MERGED_WORKBOOKS = f"{_WORKBOOKS} merge=exlog"
LINES = (_DRIVEN, "*.yaml text eol=lf", _PROFILES, _MERGED_WORKBOOKS)


def completed(text: str) -> str:
    """The file with every line of ours; what people wrote in it stays, a line of an older exlog becomes today's."""
    lines = text.splitlines()
    older = {old: new for old, new in ((_TABLES, _DRIVEN), (_WORKBOOKS, _MERGED_WORKBOOKS)) if new not in lines}
    lines = [older.get(line, line) for line in lines]
    missing = [line for line in LINES if line not in lines]
    if lines == text.splitlines() and not missing:
        return text
    return "\n".join([*lines, *missing, ""])


def with_workbooks(text: str) -> str:
    """The file with the line for workbooks; it merges them by exlog where the file lets exlog merge at all."""
    lines = text.splitlines()
    if {_WORKBOOKS, _MERGED_WORKBOOKS} & set(lines):
        return text
    return "\n".join([*lines, _MERGED_WORKBOOKS if _DRIVEN in lines else _WORKBOOKS, ""])


def without(text: str) -> str:
    """The file without a word of exlog's driver; that tables are text with LF stays."""
    ours = (_PROFILES, _MERGED_WORKBOOKS)
    lines = [_TABLES if line == _DRIVEN else line for line in text.splitlines() if line not in ours]
    return text if lines == text.splitlines() else "\n".join([*lines, ""])
