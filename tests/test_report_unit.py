"""The pure parts of a report: periods, movements, suggestions, and what each rule speaks of; hand-made answers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
import report_helper as made
from report_helper import NOW, SHANGHAI, headline, material, say, usual

from exlog import i18n, report
from exlog.errors import Usage
from exlog.render import charts, outline, page
from exlog.report import Document, words
from exlog.report.model import Change, Chart, Figure, Series


@pytest.fixture(autouse=True)
def english() -> object:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


def document(period: str = "2024Q2", **answers: made.Answer) -> Document:
    return report.build(material(period, **answers), ledger="team", now=NOW, scope="")


@pytest.mark.parametrize(
    ("text", "name", "before", "step"),
    [
        ("2024Q1", "2024Q1", "2023Q4", "month"), ("2024-01", "2024-01", "2023-12", "week"),
        ("2024", "2024", "2023", "month"), ("2024年第二季度", "2024Q2", "2024Q1", "month"),
        ("last-month", "2024-06", "2024-05", "week"), ("this-quarter", "2024Q3", "2024Q2", "month"),
    ],
)  # fmt: skip
def test_a_period_is_a_month_a_quarter_or_a_year(text: str, name: str, before: str, step: str) -> None:
    period = report.parse(text, now=NOW)
    assert (period.name, report.previous(period, now=NOW).name, period.step) == (name, before, step)
    assert report.previous(period, now=NOW).end == period.start


@pytest.mark.parametrize(
    "text", ["2024-06-01", "2024-W11", "yesterday", "-2d", "2024Q4", "2025", "2024-08", "soon", ""]
)
def test_anything_else_and_the_future_are_refused(text: str) -> None:
    with pytest.raises(Usage):
        report.parse(text, now=NOW)


def test_the_steps_of_a_trend_also_those_without_a_record() -> None:
    quarter, month = report.parse("2024Q2", now=NOW), report.parse("2024-05", now=NOW)
    assert quarter.steps(NOW) == ["2024-04", "2024-05", "2024-06"]
    assert quarter.steps(datetime(2024, 5, 2, tzinfo=SHANGHAI)) == ["2024-04", "2024-05"], "not those to come"
    assert month.steps(NOW) == ["2024-W18", "2024-W19", "2024-W20", "2024-W21", "2024-W22"]
    assert report.parse("2021-01", now=NOW).steps(NOW)[0] == "2020-W53"
    part = next(one for one in document(trend=made.months("2024-06")).sections if one.key == "trend")
    assert [row.cells[0] for row in part.tables[0].rows[3:]] == ["2024-04", "2024-05", "2024-06"]
    assert part.charts[0].series[0].values[3:] == (0, 0, 10)


def test_periods_in_words() -> None:
    now = datetime(2025, 1, 1, tzinfo=SHANGHAI)
    names = [report.parse(text, now=now).label for text in ("2024-03", "2024Q1", "2024")]
    assert names == ["March 2024", "Q1 2024", "2024"]
    i18n.set_language("zh")
    assert [report.parse(text, now=now).label for text in ("2024-03", "2024Q1", "2024")] == [
        "2024年3月", "2024年第一季度", "2024年",
    ]  # fmt: skip


def test_a_headline_figure_stands_beside_the_period_before_and_its_target() -> None:
    tiles = {tile.figure.measure: tile for tile in document().tiles}
    mean = tiles["resolution_mean_wh"]
    assert (mean.figure.value, mean.before.value, mean.change.value, mean.change.verdict) == (16.0, 12.0, 4.0, "worse")
    assert mean.limit is not None and mean.limit.value == 12.0
    assert mean.against is not None and (mean.against.value, mean.against.verdict) == (4.0, "worse")
    assert tiles["satisfaction_mean"].change.verdict == "better"
    assert tiles["received"].change.verdict == "", "more records are neither good nor bad"
    assert tiles["satisfaction_mean"].limit is None


def test_a_target_of_the_teams_own_is_held_against_its_figure() -> None:
    found = report.build(
        replace(material(), limits={"satisfaction_mean": 4.6, "sla_compliance": 0.75}), ledger="t", now=NOW, scope=""
    )
    tiles = {tile.figure.measure: tile for tile in found.tiles}
    assert tiles["satisfaction_mean"].against is not None and tiles["satisfaction_mean"].against.verdict == "worse"
    assert tiles["sla_compliance"].against is not None and tiles["sla_compliance"].against.verdict == "better"


def test_what_improved_and_what_worsened() -> None:
    found = document()
    better, worse = ({one.label: one.change.value for one in side} for side in (found.improved, found.worsened))
    assert better["Satisfaction (1–5), VIP"] == 0.3 and "Satisfaction (1–5), VIP" not in worse
    assert worse["Complaints"] == 10 and worse["Mean time to resolve, 售后部"] == 4.0
    assert worse["Complaints, 华东"] == 12 and "Complaints, 华南" not in worse, "6 complaints are few for a group"
    assert not set(better) & set(worse)
    for one in (*found.improved, *found.worsened):
        assert one.figure.additive or min(one.figure.n, one.before.n) >= 5, "no play of small numbers"


def test_small_numbers_and_small_differences_are_not_told() -> None:
    few = say(("vip", (20, 4, 4.9, 1.0), (20, 4, 4, 4)))
    assert "Satisfaction (1–5), VIP" not in {one.label for one in document(levels=few).improved}
    near = say(("vip", (20, 15, 4.25, 0.9), (20, 15, 15, 15)))
    assert "Satisfaction (1–5), VIP" not in {one.label for one in document(levels=near).improved}


def test_a_change_over_small_numbers_is_neither_better_nor_worse() -> None:
    few = say(("vip", (20, 4, 2.0, 0.2), (20, 4, 4, 4)))
    part = next(one for one in document(levels=few).sections if one.key == "levels")
    change = part.tables[0].rows[0].cells[5]
    assert isinstance(change, Change) and (change.value, change.verdict) == (-2.2, "")
    part = next(one for one in document().sections if one.key == "regions")
    told = {row.cells[0]: row.cells[6] for row in part.tables[0].rows}
    assert told["华东"].verdict == "worse" and told["华南"].verdict == "", "20 complaints say something, 6 do not"


def test_counts_of_a_period_that_is_not_over_are_not_compared() -> None:
    early = datetime(2024, 5, 20, 12, tzinfo=SHANGHAI)
    found = report.build(material(now=early), ledger="t", now=early, scope="")
    tiles = {tile.figure.measure: tile for tile in found.tiles}
    assert tiles["complaints"].change.value is None and tiles["satisfaction_mean"].change.value == 0.3
    assert any("not over" in note for note in found.notes)
    changes = [
        (cells[1], one)
        for part in found.sections
        for table in part.tables
        for cells in (row.cells for row in table.rows)
        for one in cells
        if isinstance(one, Change) and isinstance(cells[1], Figure) and cells[1].additive and part.key == "all"
    ]
    assert {figure.measure for figure, _change in changes} >= {"sla_met", "sla_breached", "backlog"}
    compared = {figure.measure for figure, change in changes if change.value is not None}
    assert compared == {"backlog"}, "the backlog is of a moment, every other count grows until the period ends"


def test_a_ledger_that_begins_with_the_period_has_nothing_to_compare_with() -> None:
    nothing = {f"{name}_before": say() for name in ("departments", "levels", "regions")}
    found = document(all_before=headline(), **nothing)
    assert all(tile.change.value is None for tile in found.tiles)
    assert not found.improved and not found.worsened
    chart = next(one for one in found.sections if one.key == "levels").charts[0]
    assert [series.name for series in chart.series] == ["Q2 2024"], "no empty bars of the period before"
    assert sum("nothing to compare" in note for note in found.notes) == 1
    shown = (page.html(found), outline.text(found))
    for text in shown:
        assert text.count("Q1 2024") == 1 and "2024Q1" not in text, "it is named in the note that says so, and nowhere"
        assert "What improved" not in text and "Compared with" not in text
    trend = next(one for one in found.sections if one.key == "trend")
    assert trend.charts[0].labels == ("2024-04", "2024-05", "2024-06")
    for part in found.sections:
        for chart in part.charts:
            for series in chart.series:
                table = part.tables[chart.table]
                assert all(isinstance(row.cells[series.column], Figure) for row in table.rows), (
                    "charts keep their cells"
                )


def test_months_before_the_first_record_are_left_out_of_the_trend() -> None:
    found = document(ever=say(("2024-02", (9,), (9,)), ("2024-06", (9,), (9,))))
    part = next(one for one in found.sections if one.key == "trend")
    assert [row.cells[0] for row in part.tables[0].rows] == [f"2024-0{month}" for month in (2, 3, 4, 5, 6)]
    assert "The first record is of 2024-02." in part.lead
    assert [one.text for one in part.commands if one.source == "ever"] == ["exlog stats --by month --measure received"]
    part = next(one for one in document().sections if one.key == "trend")
    assert len(part.tables[0].rows) == 6 and "first record" not in " ".join(part.lead)


def test_the_pareto_is_cut_where_80_per_cent_are_reached() -> None:
    part = next(one for one in document().sections if one.key == "causes")
    assert [row.mark for row in part.tables[0].rows] == ["", "cut", ""]
    assert part.charts[0].hatched == {2}
    assert "83.3 % of them come from 2 of 3 causes." in part.lead
    assert part.charts[0].series[0].texts == ("12 · Σ 50.0 %", "8 · Σ 83.3 %", "4 · Σ 100.0 %")
    html = page.html(document())
    assert "Σ: all causes down to this bar, together" in html, "nobody takes it for the share of one cause"


def test_a_pareto_whose_cut_lies_below_what_is_shown_says_how_many_causes_it_takes() -> None:
    many = say(*((f"c{n}", (1, 0.05, round(0.05 * (n + 1), 4)), (1, 20, 20)) for n in range(20)))
    part = next(one for one in document(causes=many).sections if one.key == "causes")
    assert len(part.charts[0].labels) == 10
    assert "The 10 largest, shown here, come to 50.0 % together: reaching 80 % takes 16 causes." in part.lead


def test_the_sign_of_the_variance_is_explained_in_words() -> None:
    part = next(one for one in document().sections if one.key == "departments")
    assert "negative is better" in " ".join(part.lead)
    told = {row.cells[0]: row.cells[6] for row in part.tables[0].rows}
    assert told == {"售后部": "slower by 0.5 days", "物流部": "faster by 0.8 days", "质量部": "slower by 3.5 days"}


def test_n_is_shown_everywhere_and_small_n_is_marked() -> None:
    text = outline.text(document())
    assert "| 质量部 | 2 | 40.0 h° (n 2) |" in text
    for line in text.splitlines():
        if line.startswith("|") and " %" in line and "pp" not in line and "Target" not in line:
            assert "(n " in line, line
    empty = document(all=headline(), all_before=headline())
    assert [tile.figure.value for tile in empty.tiles if not tile.figure.additive] == [None] * 5
    assert "| – |" in outline.text(empty)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "share", "–"), (0.2, "share", "20.0 %"), (4.2, "points", "4.20"), (1234, "records", "1,234"),
        (-6.04, "hours", "−6.0 h"), (-0.01, "hours", "0.0 h"), (1234.56, "hours", "1,234.6 h"), (0, "records", "0"),
    ],
)  # fmt: skip
def test_figures_in_words(value: float | None, unit: str, shown: str) -> None:
    assert words.value(value, unit) == shown


HOSTILE = "<script>alert(1)</script>{{ 7*7 }}{% x %}\x1b[31m\u202e</svg>&\"'`|=1+1"


def hostile() -> dict[str, made.Answer]:
    return {
        "causes": say((HOSTILE, (12, 1.0, 1.0), (12, 12, 12))),
        "departments": say((HOSTILE, (30, 28, 16.0, 12.0, 4.0, 0.75), (30, 28, 28, 28, 28, 28))),
        "customers": say((HOSTILE, (6, 4, 3), (6, 6, 6))),
        "products": say((HOSTILE, (6, 4, 0.1), (6, 6, 60))),
        "batches": say(((HOSTILE, HOSTILE), (6, 4, 0.1), (6, 6, 60))),
        "regions": say((HOSTILE, (60, 20, 1.0, 4.1), (60, 60, 60, 20))),
    }


def hostile_document() -> Document:
    one = material(**hostile())
    waiting = [record._replace(customer_name=HOSTILE, subject=HOSTILE, owner=HOSTILE) for record in one.waiting]
    return report.build(replace(one, waiting=waiting), ledger=HOSTILE, now=NOW, scope=HOSTILE)


def test_text_of_customers_is_text_in_the_page() -> None:
    html = page.html(hostile_document())
    assert "<script" not in html and "\x1b" not in html and "\u202e" not in html
    assert "{{ 7*7 }}" in html and "49" not in re.sub(r"[^<>]*?(\d[\d.,]*)", "", html)
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10
    assert html.count("<svg") == html.count("</svg>")
    assert not re.search(r"\son[a-z]+=", re.sub(r">[^<]*<", "><", html)), "no handler of events"
    assert "\\x1b[31m" in html and "\\u202e" in html


def test_text_of_customers_is_text_in_markdown() -> None:
    text = outline.text(hostile_document())
    assert "\x1b" not in text and "\u202e" not in text
    loose = [line for line in text.splitlines() if "<script" in line]
    assert len(loose) == 1 and loose[0].startswith("Only: `"), "within a code span alone"
    assert loose[0].count("`") == 2
    rows = [line for line in text.splitlines() if line.startswith("|") and "alert(1)" in line]
    assert rows and all("\\|" in row for row in rows)


def test_the_page_loads_and_runs_nothing() -> None:
    html = page.html(document())
    assert "script" not in html.lower().replace("description", "")
    for address in re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?([^"')\s>]+)""", html):
        assert address.startswith("#"), address
    assert not re.findall(r"https?://(?!www\.w3\.org/)", html)
    assert "default-src 'none'" in html


def test_charts_say_in_words_what_they_show() -> None:
    chart = Chart(
        "rows", "Title", "What it shows.", ("a", "供应商：风机轴承缺油"),
        (Series("Mean", (3.0, None), ("3.0 h", "–"), 1), Series("Target", (2.0, 1.0), ("2.0 h", "1.0 h"), 2)),
    )  # fmt: skip
    svg = charts.svg(chart, "k")
    assert 'role="img"' in svg and 'aria-labelledby="k-title k-desc"' in svg
    assert '<title id="k-title">Title</title>' in svg
    assert "What it shows. a: Mean 3.0 h, Target 2.0 h. 供应商：风机轴承缺油: Mean –, Target 1.0 h." in svg
    assert svg.count("bar-solid") == 1 and svg.count("bar-hatched") == 2, "one bar each, none for nothing"
    assert charts.svg(chart, "k") == svg, "the same bytes each time"


def test_a_long_label_is_cut_and_a_chart_of_one_bar_can_be_drawn() -> None:
    svg = charts.svg(Chart("rows", "T", "D", ("长" * 40,), (Series("S", (1.0,), ("1",), 1),)), "k")
    assert f">{'长' * 16}…<" in svg
    assert "<svg" in charts.svg(Chart("columns", "T", "D", ("2024-01",), (Series("S", (0.0,), ("0",), 1),)), "k")


def test_english_and_chinese_say_the_same_figures() -> None:
    english = page.html(document())
    i18n.set_language("zh")
    chinese = page.html(document())
    figures = re.compile(r'<data value="([^"]*)" data-source="([^"]*)" data-measure="([^"]*)"')
    assert figures.findall(english) == figures.findall(chinese) and len(figures.findall(english)) > 100
    assert '<html lang="zh-CN">' in chinese and "改进建议" in chinese and "2024年第二季度客户服务报告" in chinese
    assert "Suggestions" not in chinese


def test_a_chinese_report_says_in_chinese_what_each_measure_means() -> None:
    i18n.set_language("zh")
    found = document()
    assert len(found.formulas) > 20
    for key, label, meaning in found.formulas:
        assert re.search("[一-鿿]", meaning) and re.search("[一-鿿]", label), key


def test_every_question_has_its_command_and_every_figure_its_question() -> None:
    found = document()
    asked = {one.name for one in report.questions(report.parse("2024Q2", now=NOW))}
    assert set(usual()) == asked
    for part in found.sections:
        sources = {command.source for command in part.commands}
        for table in part.tables:
            for row in table.rows:
                for cell in row.cells:
                    assert not hasattr(cell, "source") or cell.source in sources, (part.key, cell)
