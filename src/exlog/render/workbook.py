"""A report as a workbook: a summary, a sheet for each section with charts that Excel draws, and the records."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from exlog.i18n import _, pick
from exlog.render import records
from exlog.render.page import titles, verdicts
from exlog.report import words
from exlog.report.model import Cell, Change, Chart, Document, Figure, Head, Limit, Row, Section, Table

if TYPE_CHECKING:
    from exlog.render.columns import Column

_NUMBERS = {"share": "0.0%", "points": "0.00", "records": "#,##0", "rate": '0.00" ‰"'}
_HOURS = '#,##0.0" h"'
_INK, _TINT = "#23496B", "#DCE5ED"
_COLOURS = {"better": "#1C6B44", "worse": "#A4391B"}
_HEIGHTS = {"title": 28, "h2": 20}
_NO_NAME = re.compile(r"[\[\]:*?/\\']")


class _Place(NamedTuple):
    """Where a table stands on its sheet: first and last row of its body, and the column of each of its own."""

    first: int
    last: int
    columns: tuple[int, ...]


class _Sheet:
    """A sheet that is filled from the top."""

    def __init__(self, book: Any, name: str, formats: _Formats) -> None:
        self.name = _NO_NAME.sub(" ", name)[:31]
        self.raw = book.add_worksheet(self.name)
        self.raw.hide_gridlines(2)
        self.raw.set_column(0, 0, 40)
        self.raw.set_column(1, 14, 17)
        self.raw.set_landscape()
        self.raw.set_paper(9)
        self.raw.fit_to_pages(1, 0)
        self.row = 0
        self._formats = formats

    def line(self, text: str, style: str = "") -> None:
        """One line of text."""
        if style in _HEIGHTS:
            self.raw.set_row(self.row, _HEIGHTS[style])
        self.raw.write_string(self.row, 0, records.harmless(text), self._formats.text(style))
        self.row += 1

    def space(self, rows: int = 1) -> None:
        self.row += rows

    def table(self, table: Table) -> _Place:
        """A table; beside each figure that is no count a column for its n."""
        if table.caption:
            self.line(table.caption, "bold")
        columns, column = [], 0
        self.raw.set_row(self.row, 30)
        with_n = [_has_n(table, place) for place in range(len(table.heads))]
        for place, head in enumerate(table.heads):
            columns.append(column)
            label = f"{head.label} {head.about}".strip()
            style = "head" if head.numeric else "head-text"
            self.raw.write_string(self.row, column, label, self._formats.text(style))
            column += 1
            if with_n[place]:
                self.raw.write_string(self.row, column, "n", self._formats.text("head"))
                column += 1
        self.row += 1
        first = self.row
        for row in table.rows:
            for place, cell in enumerate(row.cells):
                self._cell(columns[place], cell)
            self.row += 1
        if table.rest:
            self.line(table.rest, "soft")
        return _Place(first, first + len(table.rows) - 1, tuple(columns))

    def _cell(self, column: int, cell: Cell) -> None:
        if isinstance(cell, str):
            self.raw.write_string(self.row, column, records.harmless(cell), self._formats.text(""))
        elif isinstance(cell, Figure):
            if cell.value is None:
                self.raw.write_string(self.row, column, "–", self._formats.text("dash"))
            else:
                value = cell.value * words.THOUSAND if cell.unit == "rate" else cell.value
                self.raw.write_number(self.row, column, value, self._formats.number(cell.unit, cell.small))
            if not cell.additive:
                self.raw.write_number(self.row, column + 1, cell.n, self._formats.text("n"))
        elif isinstance(cell, Limit):
            self.raw.write_number(self.row, column, cell.value, self._formats.number(cell.unit, False))
        elif isinstance(cell, Change):
            if cell.value is None:
                self.raw.write_string(self.row, column, "–", self._formats.text("dash"))
            else:
                value = cell.value * {"share": 100, "rate": words.THOUSAND}.get(cell.unit, 1)
                self.raw.write_number(self.row, column, value, self._formats.change(cell))


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[object, Any] = {}
        self._texts: dict[str, dict[str, Any]] = {
            "": {"num_format": "@"},
            "title": {"bold": True, "font_size": 18, "font_color": _INK},
            "h2": {"bold": True, "font_size": 13, "font_color": _INK},
            "bold": {"bold": True},
            "soft": {"font_color": "#5B6571"},
            "code": {"font_name": "Consolas", "font_size": 9, "font_color": "#5B6571"},
            "head": {"bold": True, "bg_color": _TINT, "align": "right", "text_wrap": True, "valign": "vcenter"},
            "head-text": {"bold": True, "bg_color": _TINT, "text_wrap": True, "valign": "vcenter"},
            "dash": {"align": "right", "font_color": "#5B6571"},
            "n": {"num_format": "#,##0", "font_color": "#5B6571", "font_size": 9},
        }

    def text(self, style: str) -> Any:
        """A format of text."""
        return self._get(style, self._texts[style])

    def number(self, unit: str, small: bool) -> Any:
        """A figure of a unit; one over few records is marked and grey."""
        form = _NUMBERS.get(unit, _HOURS) + ('"°"' if small else "")
        return self._get((unit, small), {"num_format": form, **({"font_color": "#5B6571"} if small else {})})

    def change(self, change: Change) -> Any:
        """A difference with its sign, and in words whether it is better."""
        digits = {"records": "#,##0", "points": "0.00", "rate": "0.00"}.get(change.unit, "#,##0.0")
        unit = {"share": " " + _("pp"), "rate": " ‰"}.get(change.unit, "" if change.unit in _NUMBERS else " h")
        word = verdicts().get(change.verdict, "")
        tail = f'"{unit}{" " + word if word else ""}"' if unit or word else ""
        form = f"+{digits}{tail};−{digits}{tail};0{tail}"
        colour = {"font_color": _COLOURS[change.verdict]} if change.verdict in _COLOURS else {}
        return self._get(form, {"num_format": form, **colour})

    def _get(self, key: object, properties: dict[str, Any]) -> Any:
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "top", **properties})
        return self._made[key]


def render(document: Document, columns: Sequence[Column], rows: Iterable[Sequence[str]], made: datetime) -> bytes:
    """The workbook's bytes, in the language in force."""
    stream = io.BytesIO()
    book = records.workbook(stream, document.title, made)
    formats = _Formats(book)
    _summary(book, document, formats)
    for part in document.sections:
        _section(book, part, formats)
    _reading(book, document, formats)
    records.put(book, pick("Records", "客户反馈记录"), columns, rows)
    book.close()
    return stream.getvalue()


def _summary(book: Any, document: Document, formats: _Formats) -> None:
    t = titles()
    sheet = _Sheet(book, pick("Summary", "摘要"), formats)
    sheet.line(document.title, "title")
    sheet.line(f"{document.ledger} · {document.span} · {t['made']}{t['colon']}{document.made}", "soft")
    if document.scope:
        sheet.line(f"{t['only']}{t['colon']}{document.scope}", "soft")
    for note in document.notes:
        sheet.line(note)
    sheet.space()
    _tiles(sheet, document, t)
    if document.before_label:
        _movements(sheet, document, t)
    sheet.space()
    sheet.line(t["suggestions"], "h2")
    for place, one in enumerate(document.suggestions, 1):
        figures = words.listed([f"{label} {words.with_n(figure)}" for label, figure in one.figures])
        sheet.line(f"{place}. {one.text}", "bold")
        sheet.line(words.sentences(figures, f"{t['rule']} {one.rule}{t['colon']}{one.because}"), "soft")
    if not document.suggestions:
        sheet.line(t["no_suggestion"], "soft")


def _movements(sheet: _Sheet, document: Document, t: dict[str, str]) -> None:
    for title, moves in ((t["improved"], document.improved), (t["worsened"], document.worsened)):
        sheet.space()
        sheet.line(title, "h2")
        for move in moves:
            change = f"{words.change(move.change)} {verdicts().get(move.change.verdict, '')}".strip()
            moved = words.listed([f"{words.with_n(move.before)} → {words.with_n(move.figure)}", change])
            sheet.line(f"{move.label}{t['colon']}{moved}")
        if not moves:
            sheet.line(document.unmoved, "soft")
    sheet.line(document.movement_rule, "soft")


def _tiles(sheet: _Sheet, document: Document, t: dict[str, str]) -> None:
    heads = (
        Head(t["headline"], numeric=False), Head(document.period_label), Head(document.before_label, compares=True),
        Head(_("Change"), compares=True), Head(t["target"]), Head(_("Against target")),
    )  # fmt: skip
    rows = tuple(
        Row((tile.label, tile.figure, tile.before, tile.change, tile.limit, tile.against)) for tile in document.tiles
    )
    table = Table("", heads, rows)
    sheet.table(table if document.before_label else table.alone())


def _section(book: Any, part: Section, formats: _Formats) -> None:
    t = titles()
    sheet = _Sheet(book, part.short or part.title, formats)
    sheet.line(part.title, "title")
    for sentence in part.lead:
        sheet.line(sentence)
    sheet.space()
    places = []
    for table in part.tables:
        places.append(sheet.table(table))
        sheet.space()
    sheet.line(t["source"], "soft")
    for command in part.commands:
        sheet.line(command.text, "code")
    sheet.space()
    for chart in part.charts:
        place = places[chart.table]
        if place.last >= place.first:
            drawn = _chart(book, sheet.name, chart, place, part.tables[chart.table])
            sheet.raw.insert_chart(sheet.row, 0, drawn, {"description": chart.description})
            sheet.space(18)


def _chart(book: Any, name: str, chart: Chart, place: _Place, table: Table) -> Any:
    """A chart that Excel draws over the cells of the table."""

    def cells(column: int) -> list[object]:
        return [name, place.first, column, place.last, column]

    standing = chart.kind == "columns" or chart.line is not None
    drawn = book.add_chart({"type": "column" if standing else "bar"})
    for number, series in enumerate(chart.series):
        second = {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": _INK, "bg_color": "white"}}
        fill = second if number else {"fill": {"color": _INK}}
        drawn.add_series(
            {
                "name": series.name, "categories": cells(0), "values": cells(place.columns[series.column]),
                "data_labels": {"value": True}, "gap": 60, "border": {"color": _INK}, **fill,
            }
        )  # fmt: skip
    if chart.line is not None:
        line = book.add_chart({"type": "line"})
        line.add_series(
            {
                "name": table.heads[chart.line].label, "categories": cells(0),
                "values": cells(place.columns[chart.line]), "y2_axis": True, "marker": {"type": "circle"},
                "line": {"color": "#A4391B", "width": 2},
            }
        )  # fmt: skip
        line.set_y2_axis({"min": 0, "max": 1, "num_format": "0%"})
        drawn.combine(line)
    drawn.set_title({"name": chart.title, "name_font": {"size": 12}})
    drawn.set_legend({"position": "bottom"} if len(chart.series) > 1 or chart.line is not None else {"none": True})
    if not standing:
        drawn.set_y_axis({"reverse": True, "major_gridlines": {"visible": False}})
        drawn.set_x_axis({"major_gridlines": {"visible": False}, "min": 0})
    drawn.set_size({"width": 860, "height": 420 if chart.line is not None else 330})
    return drawn


def _reading(book: Any, document: Document, formats: _Formats) -> None:
    t = titles()
    sheet = _Sheet(book, t["reading"], formats)
    sheet.line(t["reading"], "title")
    for term, meaning in document.reading:
        sheet.line(f"{term}{t['colon']}{meaning}")
    sheet.space()
    sheet.line(t["formulas"], "h2")
    for key, label, formula in document.formulas:
        sheet.line(f"{label} ({key}){t['colon']}{formula}")
    sheet.space()
    sheet.line(t["rules"], "h2")
    for rule in document.rules:
        sheet.line(f"{rule.key}{t['colon']}{rule.statement}")


def _has_n(table: Table, place: int) -> bool:
    cells = [row.cells[place] for row in table.rows]
    return any(isinstance(cell, Figure) and not cell.additive for cell in cells)
