"""A report as one HTML page: it opens offline, runs nothing, loads nothing, and prints on A4.

Every text is escaped by the template engine; what would steer or hide text is spelled out before that.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from markupsafe import Markup

from exlog import __version__, i18n
from exlog.i18n import _
from exlog.measures import rounding
from exlog.render import charts
from exlog.render.escape import one_line
from exlog.report import words
from exlog.report.model import Change, Chart, Document, Figure, Table

_LANGUAGES = {"en": "en", "zh": "zh-CN"}


def html(document: Document) -> str:
    """The page, in the language in force."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_plain, keep_trailing_newline=True)
    environment.filters.update(
        shown=words.figure, number=_number, change=words.change, arrow=arrow, count=words.count, over=words.over
    )
    return environment.from_string(_text("report.html")).render(
        doc=document,
        lang=_LANGUAGES[i18n.language()],
        version=__version__,
        css=Markup(_text("report.css")),
        drawn=_drawn,
        swatch=_swatch,
        room=_room,
        titles={part.key: part.title for part in document.sections},
        verdicts=verdicts(),
        t=titles(),
    )


def _number(one: Figure) -> object:
    """The value of a figure as ``stats`` writes it, for whoever reads the page by a program."""
    return "" if one.value is None else rounding.number(one.value, one.unit)


def verdicts() -> dict[str, str]:
    """What a change is, in words: colour alone says nothing to some, and nothing on grey paper."""
    return {"better": _("better"), "worse": _("worse")}


def titles() -> dict[str, str]:
    """The fixed texts of a report."""
    return {
        "period": _("Period"),
        "compared": _("Compared with"),
        "made": _("Made"),
        "only": _("Only"),
        "headline": _("Headline figures"),
        "colon": words.colon(),
        "target": _("target"),
        "improved": _("What improved"),
        "worsened": _("What worsened"),
        "suggestions": _("Suggestions"),
        "no_suggestion": _("No rule has anything to suggest."),
        "rule": _("Rule"),
        "source": _("These figures come from:"),
        "reading": _("How to read this report"),
        "formulas": _("Measures"),
        "rules": _("Rules of the suggestions"),
        "footer": _("Made by exlog from the ledger's files; every figure can be had by the command below it."),
    }


def arrow(change: Change) -> str:
    """The direction of a change as a sign."""
    if not change.value:
        return ""
    return "▲ " if change.value > 0 else "▼ "


def _plain(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _drawn(chart: Chart, key: str) -> Markup:
    return Markup(charts.svg(chart, key))


def _swatch(place: int) -> Markup:
    kind = "hatched" if place else "solid"
    return Markup(
        f'<svg class="swatch" aria-hidden="true"><rect x=".5" y=".5" width="19" height="10" class="bar-{kind}"/></svg>'
    )


def _room(table: Table) -> str:
    """The width that the widest n of a table takes: so that the figures before it stand below one another."""
    cells = (cell for row in table.rows for cell in row.cells)
    widest = max(
        (len(words.count(cell.n)) for cell in cells if isinstance(cell, Figure) and not cell.additive), default=1
    )
    return f"{widest + 2}ch"


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
