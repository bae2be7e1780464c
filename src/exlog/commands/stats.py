"""``exlog stats``: figures over records, archives included."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import typer

from exlog import filters, measures, render, typed_times
from exlog.commands.options import Settings, settings
from exlog.errors import Usage
from exlog.i18n import _, pick
from exlog.ledger import figuring, several
from exlog.ledger.figuring import Answer, Ask
from exlog.measures import DIMENSIONS, MEASURES, Row
from exlog.measures.periods import Period, previous
from exlog.render import Column, figures
from exlog.render.figures import Frame

if TYPE_CHECKING:
    from exlog.fields import Field
    from exlog.filters import Selection
    from exlog.ledger.book import Book

app = typer.Typer(add_completion=False)
FILTERS = True

BREAKDOWNS = ("status", "type", "category", "urgency", "department")
"""What plain ``stats`` shows people below the totals."""


_SHARES = ("share", "cumulative_share")

_Figure = tuple[tuple[str, ...], int | float | None, int]
"""The values of a group, its figure and n."""

_OF_REPEATS = ("received", "open", "resolution_median_h", "satisfaction_mean")


class Call(NamedTuple):
    """What was asked for, understood."""

    books: Sequence[Book]
    selection: Selection
    measures: tuple[str, ...]
    period: Period | None
    fmt: str
    engine: str
    master: str
    per: str = ""
    quiet: bool = False

    @property
    def own(self) -> list[Field]:
        """The own fields of all ledgers."""
        return list({field.name: field for book in self.books for field in book.policy.own_fields}.values())

    def answers(self, *asks: Ask) -> list[Answer]:
        """The answers to some questions, of one reading."""
        asks = tuple(ask._replace(per=self.per) for ask in asks)
        return figuring.answer(self.books, self.selection, asks, engine=self.engine, master=self.master)


@app.command(help=_("Figures: totals, shares, times and satisfaction; by any dimension, or as a pivot."))
def stats(
    ctx: typer.Context,
    period: str = typer.Argument(
        "", metavar="[PERIOD]", help=_("2024Q1, 2024-03, last-month: each measure counts by its own time.")
    ),
    by: list[str] = typer.Option([], "--by", metavar="DIM[,DIM]", help=", ".join(DIMENSIONS)),
    measure: list[str] = typer.Option([], "--measure", metavar="M[,M]", help=", ".join(MEASURES)),
    pivot: str = typer.Option(
        "", "--pivot", metavar="ROW:COL", help=_("One measure as a cross table, such as month:type.")
    ),
    chart: bool = typer.Option(False, "--chart", help=_("Bars in the terminal: a trend, or a Pareto chart.")),
    repeats: bool = typer.Option(False, "--repeats", help=_("Groups alike: customer, product, batch, cause.")),
    unusual: bool = typer.Option(
        False, "--unusual", help=_("Complaints month by month with what was to be expected (control chart).")
    ),
    compare: str = typer.Option(
        "", "--compare", metavar="previous", help=_("Beside each measure that of the period before, and the change.")
    ),
    per: str = typer.Option("", "--per", metavar="UNIT", help=_("What complaint_rate divides by, if more is told.")),
    at: str = typer.Option("", "--at", metavar="REV", help=_("The figures as they were at a commit of git.")),
    engine: str = typer.Option("duckdb", "--engine", metavar="ENGINE", help="duckdb | spark"),
    master: str = typer.Option("", "--master", metavar="URL", help=_("The Spark cluster; else local[*].")),
) -> None:
    _refuse_contradictions(period, by, measure, pivot, compare)
    if unusual and (by or measure or pivot or compare or repeats or chart):
        raise Usage(_("--unusual stands alone"), remedy="exlog stats 2024Q1 --unusual")
    if chart and (pivot or compare or repeats):
        raise Usage(_("--chart draws figures by a dimension"), remedy="exlog stats --chart --by cause")
    if repeats and (by or pivot or compare):
        raise Usage(_("--repeats stands alone"), remedy=_("give it without --by, --pivot and --compare"))
    call = settings(ctx)
    understood = _understood(call, period, measure, at, engine, master)._replace(per=per, quiet=call.quiet)
    if unusual:
        _unusual(understood)
        return
    if repeats:
        _repeats(understood, given=bool(measure))
        return
    if pivot:
        _pivot(understood, measures.parse_pivot(pivot, understood.own), given=bool(measure))
        return
    dims = measures.parse_dimensions(by, understood.own) if by else ()
    for_people = not dims and not compare and understood.fmt not in ("json", "jsonl", "csv", "tsv")
    if compare:
        _compare(understood, dims)
    elif chart and understood.fmt == "table":
        _chart(understood, dims or ("month",), given=bool(measure))
    elif for_people and not chart:
        _overview(understood)
    else:
        _rows(understood, dims or (("month",) if chart else ()))


def _refuse_contradictions(period: str, by: Sequence[str], measure: Sequence[str], pivot: str, compare: str) -> None:
    if by and pivot:
        raise Usage(_("--by and --pivot exclude each other"), remedy=_("give one of them"))
    if compare and compare not in ("previous", "上期"):
        raise Usage(_("{value!r} is nothing to compare with").format(value=compare), remedy="--compare previous")
    if compare and pivot:
        raise Usage(_("--compare and --pivot exclude each other"), remedy=_("give one of them"))
    if compare and not period:
        raise Usage(_("--compare needs a period"), remedy="exlog stats 2024Q1 --compare previous")
    if pivot and len(measures.parse_measures(measure)) > 1 and measure:
        raise Usage(_("a pivot shows one measure"), remedy="--measure received")


def _understood(call: Settings, period: str, measure: Sequence[str], at: str, engine: str, master: str) -> Call:
    books = call.open_several(at)
    first = books[0]
    return Call(
        books,
        filters.understand(call.filters("all"), several.common_policy(books), first.now),
        measures.parse_measures(measure) if measure else measures.DEFAULT_MEASURES,
        typed_times.parse_period(period, now=first.now) if period else None,
        call.format,
        engine,
        master,
    )


def _rows(call: Call, dims: tuple[str, ...]) -> None:
    (answer,) = call.answers(Ask(call.measures, dims, call.period))
    made = figures.table(Frame(call.measures, dims, call.own, call.fmt), answer.rows, answer.labels)
    render.rows("stats", made.columns, made.rows, call.fmt, sys.stdout)


def _overview(call: Call) -> None:
    """All records, then by what people look at first and there are figures by."""
    dims: list[tuple[str, ...]] = [(), *((name,) for name in BREAKDOWNS)]
    answers = call.answers(*(Ask(call.measures, one, call.period) for one in dims))
    titles = [_("All"), *(DIMENSIONS[name].label for name in BREAKDOWNS)]
    parts = []
    for title, names, answer in zip(titles, dims, answers, strict=True):
        if names and all(figure is None for row in answer.rows for figure in row.figures):
            continue
        made = figures.table(Frame(call.measures, names, call.own, call.fmt), answer.rows, answer.labels)
        parts.append((title, made.columns, made.rows))
    render.sections(parts, "tsv" if call.fmt == "plain" else call.fmt, sys.stdout)


def _compare(call: Call, dims: tuple[str, ...]) -> None:
    assert call.period is not None
    now, before = call.answers(Ask(call.measures, dims, call.period), Ask(call.measures, dims, previous(call.period)))
    made = figures.compared(Frame(call.measures, dims, call.own, call.fmt), now.rows, before.rows, now.labels)
    # Twice the columns: without their names plain figures say nothing.
    render.rows("stats", made.columns, made.rows, "tsv" if call.fmt == "plain" else call.fmt, sys.stdout)


def _pivot(call: Call, pair: tuple[str, str], *, given: bool) -> None:
    """A row for each value of the first dimension, a column for each of the second, with totals."""
    chosen = call.measures[:1] if given else ("received",)
    cells, *sides = call.answers(*(Ask(chosen, dims, call.period) for dims in (pair, pair[:1], pair[1:], ())))
    frame = Frame(chosen, pair, call.own, call.fmt)
    made = figures.pivoted(frame, cells.rows, [side.rows for side in sides], cells.labels)
    # The columns are data here, too.
    render.rows("stats", made.columns, made.rows, "tsv" if call.fmt == "plain" else call.fmt, sys.stdout)


def _repeats(call: Call, *, given: bool) -> None:
    """The groups of records alike that are as many as policy calls repeats."""
    from exlog.ledger import alike

    chosen = call.measures if given else _OF_REPEATS
    found = alike.groups(call.books, call.selection, chosen, call.period, call.books[0].policy.rules["repeats_from"])
    frame = Frame(("received", *(name for name in chosen if name != "received")), (), call.own, call.fmt)
    made = figures.table(frame, [one.row._replace(values=()) for one in found], lambda _name, value: value)
    heads = [Column("kind", pick("Repeat", "重复"), "choice", "finding"), Column("value", pick("Of", "对象"))]
    rows = [
        [one.kind, one.label if frame.for_people else one.value, *cells]
        for one, cells in zip(found, made.rows, strict=True)
    ]
    render.rows("stats", [*heads, *made.columns], rows, call.fmt, sys.stdout)


def _chart(call: Call, dims: tuple[str, ...], *, given: bool) -> None:
    """A chart for each measure: bars in the order of the figures; of counts the largest first, with their sums.

    Counts and shares that are ranked so leave out what a dimension is blank of, as it is no answer; how many it are is
    said below.
    """
    from exlog.render import chart

    chosen = call.measures if given else ("received",)
    (answer,) = call.answers(Ask((*chosen, "received"), dims, call.period))
    is_ranked = not {measures.dimension(name, call.own).kind for name in dims} & {"time", "age"}
    heads = " · ".join(measures.dimension(name, call.own).label for name in dims)
    rows = {row.values: row for row in answer.rows}
    groups = _every(dims, rows, call.books[0])
    for place, name in enumerate(chosen):
        measure = MEASURES[name]
        is_share = name in _SHARES
        pareto = is_ranked and measure.is_count
        found = _figures(rows, groups, -1 if is_ranked and is_share else place, is_count=measure.is_count or is_share)
        blank = 0
        if pareto or (is_ranked and is_share):
            blank = sum(int(value or 0) for values, value, _n in found if not all(values))
            found = sorted((one for one in found if all(one[0])), key=lambda one: -(one[1] or 0))
        if is_ranked and is_share:
            found = _shared(found, running=measure.running)
        lines = [
            chart.Line(
                " · ".join(answer.labels(one, text) or "–" for one, text in zip(dims, values, strict=True)),
                value, str(figures.shown(value, measure)), None if measure.is_count else n,
            )
            for values, value, n in found
        ]  # fmt: skip
        below = _("{count} without {dimension}").format(count=blank, dimension=heads) if blank else ""
        chart.draw(f"{measure.label} – {heads}", lines, sys.stdout, pareto=pareto, below=below)


def _figures(
    rows: Mapping[tuple[str, ...], Row], groups: Iterable[tuple[str, ...]], place: int, *, is_count: bool
) -> list[_Figure]:
    """A measure of each group, also of one that nothing was found of."""
    nothing = (0 if is_count else None), 0
    return [
        (values, *((rows[values].figures[place], rows[values].n[place]) if values in rows else nothing))
        for values in groups
    ]


def _shared(counts: Sequence[_Figure], *, running: bool) -> list[_Figure]:
    """The share of each of the counts in all of these, or of those down to it."""
    whole, sums = sum(value or 0 for _values, value, _n in counts), 0.0
    found: list[_Figure] = []
    for values, value, _n in counts:
        sums = (sums if running else 0) + (value or 0)
        found.append((values, sums / whole if whole else None, int(whole)))
    return found


def _every(dims: tuple[str, ...], found: Iterable[tuple[str, ...]], book: Book) -> list[tuple[str, ...]]:
    """The groups of a chart; in a trend also the periods between without any record."""
    groups = list(found)
    known = [values for values in groups if values[0]]
    if len(dims) != 1 or not measures.dimension(dims[0], book.policy.own_fields).is_calendar or not known:
        return groups
    from exlog.measures import days

    (first, _end), (_start, end) = (
        typed_times.parse_period(values[0], now=book.now) for values in (known[0], known[-1])
    )
    every = [(label,) for label in days.between(dims[0], first.date(), end.date())]
    return every + [values for values in groups if not values[0]]


def _unusual(call: Call) -> None:
    """Each month of each series, judged; of a period its months alone."""
    from exlog.ledger import unusual
    from exlog.measures import control

    if len(call.books) > 1:
        raise Usage(_("--unusual looks at one ledger"), remedy=_("give -C once"))
    columns = [
        Column("by", pick("By", "维度")),
        Column("value", pick("Of", "对象")),
        Column("month", DIMENSIONS["month"].label),
        Column("complaints", MEASURES["complaints"].label, "number"),
        Column("expected", pick("Expected", "预期"), "number"),
        Column("low", pick("From", "下限"), "number"),
        Column("high", pick("To", "上限"), "number"),
        Column("unusual", pick("Out of the ordinary", "异常"), "choice", "unusual"),
    ]
    found = unusual.judged(call.books[0], call.selection, call.period)
    rows = [
        [
            one.by, one.label if call.fmt in ("table", "md") else one.value, judged.point.period, judged.point.events,
            *(None if value is None else round(value, 1) for value in (judged.expected, judged.lower, judged.upper)),
            judged.sign,
        ]
        for one, judged in found
    ]  # fmt: skip
    render.rows("stats", columns, rows, call.fmt, sys.stdout)
    unjudged = sum(judged.expected is None for _series, judged in found)
    if unjudged:
        text = _(
            "not judged: {count} of {total} lines, as fewer than {months} ordinary months or {events} complaints went"
            " before"
        )
        render.note(
            text.format(count=unjudged, total=len(found), months=control.LEAST, events=control.LEAST_EVENTS), call.quiet
        )
