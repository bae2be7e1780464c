"""The filters as SQL over ``raw``: the same records as ``filters.compile_for`` chooses, whatever the cells hold."""

from __future__ import annotations

from datetime import datetime

from exlog import filters
from exlog.fields import Field
from exlog.filters import Selection
from exlog.measures import sql
from exlog.measures.raw import Raw


def where(selection: Selection, raw: Raw) -> str:
    """The condition that the chosen rows fulfil."""
    tests = []
    if selection.statuses:
        tests.append(sql.any_of(raw.cell("status"), selection.statuses))
    for name, sign, wanted in selection.conditions:
        tests.append(_condition(raw, selection.kinds[name], sign, wanted))
    if selection.customers:
        tests.append(_customers(raw, selection.customers))
    if selection.since or selection.until:
        tests.append(period(raw.at("received_at"), selection.since, selection.until))
    if selection.overdue_at:
        tests.append(overdue(raw, selection.overdue_at))
    if selection.unassigned:
        tests.append(f"{raw.cell('owner')} = ''")
    tests += [_search(raw, selection.kinds, words) for words in selection.texts]
    return sql.all_true(tests)


def period(at: str, since: datetime | None, until: datetime | None) -> str:
    """Whether an instant lies in [since, until)."""
    tests = [f"{at} >= {sql.number(sql.seconds(since))}"] if since else []
    tests += [f"{at} < {sql.number(sql.seconds(until))}"] if until else []
    return f"coalesce({sql.all_true(tests)}, FALSE)"


def overdue(raw: Raw, now: datetime) -> str:
    """Whether a record is overdue, see ``filters.is_overdue``."""
    status = raw.cell("status")
    due = raw.at("due_at", sql.any_of(status, filters.RUNNING))
    held = raw.at("hold_since", f"{status} = 'on_hold'")
    return f"coalesce({due} < coalesce({held}, {sql.number(sql.seconds(now))}), FALSE)"


def _condition(raw: Raw, field: Field, sign: str, wanted: tuple[str, ...]) -> str:
    cell = raw.cell(field.name)
    if sign in ("=", "!="):
        return _equal(raw, field, wanted) if sign == "=" else f"NOT ({_equal(raw, field, wanted)})"
    if sign == "~":
        return f"contains({sql.folded(raw.plain(field.name))}, {sql.text(wanted[0].casefold())})"
    bound = filters.bound(field, wanted[0])
    value: str
    if field.kind == "time":
        # A time bound is the start or the end of what was typed, so > and >= both mean "from there on".
        sign = {">": ">=", "<=": "<"}.get(sign, sign)
        value, limit = raw.at(field.name), sql.number(sql.seconds(bound))
    elif field.kind in ("int", "decimal"):
        value, limit = sql.decimal(cell), f"CAST({sql.text(str(bound))} AS DECIMAL(27, 9))"
    else:
        value, limit = raw.plain(field.name), sql.text(bound)
    return f"{cell} <> '' AND coalesce({value} {sign} {limit}, FALSE)"


def _equal(raw: Raw, field: Field, wanted: tuple[str, ...]) -> str:
    if field.kind == "time" and wanted != ("",):
        return sql.any_true([period(raw.at(field.name), start, end) for start, end in filters.periods(wanted)])
    words = {word.casefold() for word in wanted}
    cell = raw.cell(field.name) if field.kind == "choice" else raw.plain(field.name)
    return sql.any_of(cell if words == {""} else sql.folded(cell), words)


def _customers(raw: Raw, wanted: tuple[str, ...]) -> str:
    code, name = sql.folded(raw.cell("customer_id")), sql.folded(raw.plain("customer_name"))
    return sql.any_true([f"{code} = {sql.text(word)} OR contains({name}, {sql.text(word)})" for word in wanted])


def _search(raw: Raw, kinds: dict[str, Field], words: tuple[str, ...]) -> str:
    """One of the words in one of the texts: these are folded as one, with something no word has between them."""
    names = [
        name for name in raw.columns
        if not name.endswith(sql.HIDDEN) and (name not in kinds or kinds[name].kind in ("text", "id"))
    ]  # fmt: skip
    between = next(mark for mark in map(chr, range(2, 100)) if not any(mark in word for word in words))
    texts = f" || {sql.text(between)} || ".join(f"({raw.plain(name)})" for name in names) or "''"
    found = sql.folded(texts)
    return sql.any_true([f"contains({found}, {sql.text(word)})" for word in words])
