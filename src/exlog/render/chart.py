"""Figures as bars in the terminal, by rich: it knows how wide Chinese characters are, and Typer brings it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from exlog.i18n import _
from exlog.render.escape import one_line
from exlog.render.width import terminal_width

if TYPE_CHECKING:
    from rich.bar import Bar
    from rich.table import Table

CUT = 0.8
"""Where a Pareto chart parts the few that make most of it from the rest."""

_LABEL = 28
_LEAST = 40


class Line(NamedTuple):
    """One bar: what it is of, its length (None for no figure), the figure as people read it, and n but for a count."""

    label: str
    value: float | None
    shown: str
    n: int | None


def draw(title: str, lines: Sequence[Line], out: TextIO, *, pareto: bool = False, below: str = "") -> None:
    """Print bars below a title; ``pareto`` adds what the lines down to each make together, and cuts at 80 %.

    ``below`` is a line below the bars. Figures below 0 go to the left of a common start. Without a terminal, or with
    NO_COLOR, there is no colour.
    """
    from rich.console import Console
    from rich.text import Text

    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    console = Console(
        file=out, width=max(terminal_width(), _LEAST), force_terminal=coloured, no_color=not coloured, highlight=False,
        legacy_windows=False, color_system="standard" if coloured else None,
    )  # fmt: skip
    console.print(Text(one_line(title), style="bold"))
    if lines:
        console.print(_grid(lines, pareto=pareto))
    if below:
        console.print(Text(one_line(below), style="dim"))


def _grid(lines: Sequence[Line], *, pareto: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(max_width=_LABEL, no_wrap=True, overflow="ellipsis")
    grid.add_column(ratio=1)
    for _column in range(2):
        grid.add_column(justify="right", no_wrap=True)
    values = [line.value for line in lines if line.value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    whole, before = sum(values), 0.0
    cut = False
    for line in lines:
        if pareto and not cut and whole and before / whole >= CUT:
            cut = True
            grid.add_row(Text("┄" * 8, style="dim"), Text(f"┄ {CUT:.0%} ┄", style="dim"), "", "")
        before += line.value or 0
        beside = _("n {count}").format(count=line.n) if line.n is not None else ""
        if pareto:
            beside = f"{before / whole:.1%}" if whole else "–"
        label = Text(one_line(line.label) or "–")
        grid.add_row(label, _bar(line.value, low, high, dim=cut), Text(line.shown), Text(beside, style="dim"))
    return grid


def _bar(value: float | None, low: float, high: float, *, dim: bool) -> Bar:
    from rich.bar import Bar

    at, end = sorted((0.0, value or 0.0))
    return Bar(max(high - low, 1e-12), at - low, end - low, color="bright_black" if dim else "cyan")
