"""Whatever customers write and whatever the figures are: the page stays a page, no suggestion rests on chance."""

from __future__ import annotations

import io
import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_helper import NOW, Answer, material, say

from exlog import monthly, report
from exlog.render import Column, outline, page, records
from exlog.report.model import SMALL

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40) | st.sampled_from(
    ["</svg><script>", "]]>", "<!--", "{{ x }}", "&lt;", "\x00", "\u202e", "'\"><img src=x>", "|`*_", "=1+1", " ", "\n"]
)
KINDS = ("departments", "causes", "products", "regions", "customers")
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VOID = {"meta", "rect", "path", "link", "br"}


class Nested(HTMLParser):
    """Whether every tag is closed where it should be, and which tags there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _value in attrs if name.startswith("on") or name in ("src", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def answers(name: str) -> dict[str, Answer]:
    return {
        "departments": say((name, (30, 28, 16.0, 12.0, 4.0, 0.75), (30, 28, 28, 28, 28, 28))),
        "causes": say((name, (12, 1.0, 1.0), (12, 12, 12))),
        "products": say((name, (12, 8, 0.2), (12, 12, 60))),
        "regions": say((name, (30, 20, 0.5, 4.1), (30, 30, 60, 20))),
        "customers": say((name, (6, 4, 3), (6, 6, 6))),
        "batches": say(((name, name), (5, 4, 0.0833), (5, 5, 60))),
    }


def shape(text: str) -> list[int]:
    """The columns of each line of Markdown."""
    return [re.sub(r"\\.", "", line).count("|") if line.startswith("|") else 0 for line in text.splitlines()]


PLAIN_DOCUMENT = report.build(material(**answers("plain")), ledger="team", now=NOW, scope="x")
SHAPE = shape(outline.text(PLAIN_DOCUMENT))
PLAIN = Nested(page.html(PLAIN_DOCUMENT)).tags


@FEW
@given(TEXT)
def test_no_text_adds_a_tag_to_the_page_or_a_row_to_markdown(text: str) -> None:
    document = report.build(material(**answers(text)), ledger=text, now=NOW, scope=text)
    seen = Nested(page.html(document))
    assert seen.open == [] and seen.tags == PLAIN
    assert shape(outline.text(document)) == SHAPE


numbers = st.integers(0, 9)


@FEW
@given(st.lists(st.tuples(numbers, st.floats(0, 99), st.floats(-50, 50)), min_size=1, max_size=4), st.data())
def test_no_suggestion_rests_on_a_few_records(departments: list[tuple[int, float, float]], data: Any) -> None:
    slow = say(
        *(
            (f"d{place}", (n, n, round(mean, 1), 12.0, round(late, 1), 0.5), (n,) * 6)
            for place, (n, mean, late) in enumerate(departments)
            if n
        )
    )
    n = data.draw(numbers)
    rating = say(("vip", (9, n, 1.0, 0.0), (9, n, n, n))) if n else say()
    found = report.build(material(departments=slow, levels=rating), ledger="t", now=NOW, scope="")
    for one in found.suggestions:
        for _label, figure in one.figures:
            assert figure.additive or figure.n >= SMALL, one
    for move in (*found.improved, *found.worsened):
        assert move.figure.additive or min(move.figure.n, move.before.n) >= SMALL, move


@FEW
@given(st.lists(st.tuples(TEXT, st.sampled_from(["", "5", "-1.5", "x"]), TEXT), min_size=1, max_size=5), TEXT)
def test_a_record_table_holds_text_as_text_and_knows_what_it_was_made_from(
    rows: list[tuple[str, str, str]], blank: str
) -> None:
    columns = [Column("id", "ID", "id"), Column("order_value", "Value", "decimal"), Column("subject", "Subject")]
    made = records.table("202403 x", columns, rows, datetime(2024, 4, 1, 9, 0), blank="-")
    assert records.stamp_of(made) == records.stamp("202403 x", columns, rows)
    assert records.stamp_of(made[: len(made) // 2]) == records.stamp_of(b"") == ""
    sheet = openpyxl.load_workbook(io.BytesIO(made)).active
    body = list(sheet.iter_rows(min_row=2))
    assert len(body) == len(rows)
    for cells in body:
        assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    assert records.table("202403 x", columns, rows, datetime(2024, 4, 1, 9, 0), blank="-") == made


@given(
    st.sampled_from(["{yyyymm}客户反馈记录表.xlsx", "a.{yyyymm}+b.xlsx"]), st.integers(1990, 2100), st.integers(1, 12)
)
def test_the_name_of_a_month_is_known_again(pattern: str, year: int, month: int) -> None:
    name = monthly.file_name(pattern, f"{year}-{month:02}")
    assert monthly.matches(pattern, name) and not monthly.matches(pattern, "x" + name)
    assert not monthly.matches(pattern, name.replace(".", "x", 1))
