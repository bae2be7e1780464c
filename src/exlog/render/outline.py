"""A report as Markdown: the same content as the page, tables instead of charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exlog.render.escape import markdown, safe
from exlog.render.page import arrow, titles, verdicts
from exlog.report import words
from exlog.report.model import Cell, Change, Document, Figure, Head, Limit, Movement, Row, Section, Table


def text(document: Document) -> str:
    """The report, in the language in force."""
    return "\n".join(_lines(document)) + "\n"


def cell(one: Cell) -> str:
    """What stands in a cell: the figure with its n, a change with its direction and verdict."""
    if one is None:
        return ""
    if isinstance(one, str):
        return markdown(one)
    if isinstance(one, Figure):
        return words.with_n(one)
    if isinstance(one, Limit):
        return words.figure(one)
    return _change(one)


def _change(one: Change) -> str:
    return " ".join(filter(None, (arrow(one).strip(), words.change(one), verdicts().get(one.verdict, ""))))


def _lines(document: Document) -> Iterator[str]:
    t = titles()
    yield from (f"# {markdown(document.title)}", "")
    facts = [
        document.ledger,
        f"{t['period']}{t['colon']}{document.span}",
        *([f"{t['compared']}{t['colon']}{document.before_label}"] if document.before_label else []),
        f"{t['made']}{t['colon']}{document.made}",
    ]
    yield from (" · ".join(markdown(fact) for fact in facts), "")
    if document.scope:
        yield from (f"{t['only']}{t['colon']}`{_code(document.scope)}`", "")
    for note in document.notes:
        yield from (f"> {markdown(note)}", "")
    yield from (f"## {t['headline']}", "")
    yield from _table(_tiles(document, t))
    if document.before_label:
        yield from _movements(document, t)
    yield from ("", f"## {t['suggestions']}", "")
    yield from _suggestions(document, t)
    for place, part in enumerate(document.sections, 1):
        yield from ("", f"## {place} {markdown(part.title)}", "")
        yield from _section(part, t)
    yield from _appendix(document, t)


def _tiles(document: Document, t: dict[str, str]) -> Table:
    heads = (
        Head("", numeric=False), Head(document.period_label), Head(document.before_label, compares=True),
        Head("", compares=True), Head(t["target"]), Head(""),
    )  # fmt: skip
    rows = tuple(
        Row((one.label, one.figure, one.before, one.change, one.limit or "–", one.against)) for one in document.tiles
    )
    table = Table("", heads, rows)
    return table if document.before_label else table.alone()


def _movements(document: Document, t: dict[str, str]) -> Iterator[str]:
    for title, moves in ((t["improved"], document.improved), (t["worsened"], document.worsened)):
        yield from ("", f"## {title}", "")
        yield from (f"* {_movement(move)}" for move in moves)
        if not moves:
            yield markdown(document.unmoved)
    yield from ("", markdown(document.movement_rule))


def _movement(move: Movement) -> str:
    moved = words.listed([f"{cell(move.before)} → {cell(move.figure)}", _change(move.change)])
    return f"{markdown(move.label)}{words.colon()}{moved}"


def _suggestions(document: Document, t: dict[str, str]) -> Iterator[str]:
    for place, one in enumerate(document.suggestions, 1):
        figures = words.listed([f"{markdown(label)} {cell(figure)}" for label, figure in one.figures])
        rule = f"{t['rule']} `{one.rule}`{t['colon']}{markdown(one.because)}"
        yield f"{place}. **{markdown(one.text)}** {words.sentences(figures, rule)}"
    if not document.suggestions:
        yield t["no_suggestion"]


def _section(part: Section, t: dict[str, str]) -> Iterator[str]:
    for sentence in part.lead:
        yield from (markdown(sentence), "")
    for table in part.tables:
        if table.rows:
            yield from _table(table)
            yield ""
    yield from (t["source"], "", "```sh", *(safe(command.text) for command in part.commands), "```")


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield from (f"**{markdown(table.caption)}**", "")
    heads = [f"{markdown(head.label)} {head.about}".strip() for head in table.heads]
    first = next((place for place, head in enumerate(table.heads) if head.numeric), len(heads))
    yield from _rows(heads, ([cell(one) for one in row.cells] for row in table.rows), first)
    if table.rest:
        yield from ("", markdown(table.rest))


def _rows(heads: list[str], rows: Iterable[list[str]], texts: int) -> Iterator[str]:
    """A table of Markdown; from the column ``texts`` on figures, aligned right."""
    yield "| " + " | ".join(heads) + " |"
    yield "| " + " | ".join("---" if place < texts else "---:" for place in range(len(heads))) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _appendix(document: Document, t: dict[str, str]) -> Iterator[str]:
    yield from ("", f"## {t['reading']}", "")
    yield from (f"* {markdown(term)}{t['colon']}{markdown(meaning)}" for term, meaning in document.reading)
    yield from ("", f"### {t['formulas']}", "")
    yield from (
        f"* {markdown(label)} (`{key}`){t['colon']}{markdown(formula)}" for key, label, formula in document.formulas
    )
    yield from ("", f"### {t['rules']}", "")
    yield from (f"* `{rule.key}`{t['colon']}{markdown(rule.statement)}" for rule in document.rules)


def _code(text: str) -> str:
    return safe(text).replace("`", "'")
