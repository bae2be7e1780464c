"""What render prints: the formats as contracts, and that no text of a customer breaks any of them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from exlog import render
from exlog.errors import Usage
from exlog.i18n import set_language
from exlog.render import Column
from exlog.render.escape import HOSTILE, inert, markdown, one_line, safe
from exlog.render.width import clip, wrap

STREAMED = ("plain", "json", "jsonl", "csv", "tsv", "md")
COLUMNS = (
    Column("id", "ID", "id"),
    Column("status", "Status", "choice", "status"),
    Column("subject", "Subject"),
    Column("order_value", "Order value", "decimal"),
    Column("due_at", "Due", "time"),
)
RECORDS = (
    ("F20240315001", "in_progress", "屏幕有裂纹", "12500.00", "2024-03-15T14:30:00+08:00"),
    ("F20240315002", "closed", "late", "", None),
)
TEXT = (Column("a", "A"), Column("b", "B"), Column("c", "C"))

any_text = st.text(st.characters(exclude_categories=()), max_size=60)
nasty = st.text(
    st.sampled_from("a b,\"'|\\\t\n\r\0\x1b[\x9b=+-@<&`客户，\u202e\u2066\u200d\u2028\x85\ud83d\ufe0f👍❤\u0301;1"),
    max_size=40,
)
cell = any_text | nasty
three = st.lists(st.tuples(cell, cell, cell), max_size=5)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    yield
    set_language("en")


def printed(fmt: str, records=RECORDS, columns=COLUMNS, width: int | None = None, out=None) -> str:
    out = io.StringIO() if out is None else out
    records = list(records)
    assert render.rows("exceptions", columns, iter(records), fmt, out, width=width) == len(records)
    return out.getvalue()


def printed_record(fmt: str, values, columns=COLUMNS, **more) -> str:
    out = io.StringIO()
    render.record("exception", columns, values, fmt, out, **more)
    return out.getvalue()


def joined(text: str) -> str:
    """``text`` with halves of a pair that stand side by side made one character, as JSON readers do."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def unescaped(text: str) -> str:
    names = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
    return re.sub(
        r"\\(?:([tnr\\])|x(..)|u(....)|U(.{8}))",
        lambda m: names[m[1]] if m[1] else chr(int(m[2] or m[3] or m[4], 16)),
        text,
    )


def unquoted(text: str) -> str:
    """The reverse of ``inert``, as its docstring promises."""
    return text[1:] if re.match("'+[=+\\-@\t\r\n\0＝＋－＠]", text) else text


# Formats


def test_a_terminal_gets_a_table_and_anything_else_plain():
    assert render.default_format(Terminal()) == "table"
    assert render.default_format(io.StringIO()) == "plain"
    assert render.choose_format(None, Terminal()) == "table"
    assert render.choose_format("csv", Terminal()) == "csv"


def test_an_unknown_format_is_refused_with_the_choices():
    with pytest.raises(Usage) as caught:
        render.choose_format("xml", io.StringIO())
    assert "xml" in caught.value.line()
    assert all(name in caught.value.remedy for name in render.FORMATS)


@pytest.mark.parametrize("fmt", ["xml", ""])
def test_rows_in_a_format_that_does_not_exist_are_a_mistake_of_the_program(fmt):
    with pytest.raises(ValueError):
        printed(fmt)


def test_importing_render_and_printing_for_scripts_loads_no_table_library():
    code = """if True:
        import io, sys
        from exlog import render
        assert "json" not in sys.modules, "json"
        for fmt in ("plain", "csv", "tsv", "md", "json", "jsonl"):
            render.rows("k", [render.Column("a", "A")], [("x",)], fmt, io.StringIO())
            render.record("k", [render.Column("a", "A")], ("x",), fmt, io.StringIO())
        assert not {"tabulate", "wcwidth", "rich", "csv"} & set(sys.modules), set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("fmt", STREAMED)
def test_many_records_take_no_more_memory_than_few(fmt):
    columns = [Column(f"column_{n}", f"Column {n}") for n in range(55)]
    record = ("F20240315001", *[""] * 53, "客户" * 50)

    class Nowhere(io.StringIO):
        def write(self, text: str) -> int:
            return len(text)

    render.rows("k", columns, [record], fmt, Nowhere())
    tracemalloc.start()
    render.rows("k", columns, (record for _ in range(3000)), fmt, Nowhere())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600_000


@pytest.mark.parametrize("fmt", STREAMED)
def test_a_closed_pipe_is_left_to_the_entry_point(fmt):
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError), open(writing, "w", encoding="utf-8") as out:  # noqa: PTH123 - a pipe
        render.rows("exceptions", COLUMNS, (RECORDS[0] for _ in range(5000)), fmt, out)


def test_what_fails_before_the_first_record_prints_nothing():
    def failing() -> Iterator[tuple[str, ...]]:
        raise Usage("no")
        yield ()

    for fmt in render.FORMATS:
        out = io.StringIO()
        with pytest.raises(Usage):
            render.rows("exceptions", COLUMNS, failing(), fmt, out)
        assert out.getvalue() == ""


@pytest.mark.parametrize("fmt", ("table", "json", "jsonl", "md"))
@pytest.mark.parametrize("extra", (1, -1))
def test_a_record_of_the_wrong_length_is_never_printed_askew(fmt, extra):
    short = ("x",) * (len(COLUMNS) + extra)
    with pytest.raises(ValueError):
        printed(fmt, [short])


@pytest.mark.parametrize("encoding", ("ascii", "gbk"))
@pytest.mark.parametrize("fmt", render.FORMATS)
def test_a_terminal_that_cannot_show_chinese_still_gets_everything(fmt, encoding):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    render.rows("exceptions", COLUMNS[:3], [("F1", "new", "客户🙂\ud800")], fmt, out)
    out.flush()
    text = raw.getvalue().decode(encoding)
    if fmt.startswith("json"):
        data = json.loads(text)
        data = data["data"][0] if fmt == "json" else data
        assert data["subject"] == "客户🙂\ud800"
    else:
        assert r"\U0001f642" in text.replace("\\\\", "\\")
        assert r"\ud800" in text.replace("\\\\", "\\")


# JSON


def test_json_is_an_envelope_with_one_record_a_line():
    assert printed("json") == (
        '{"exlog": 1, "kind": "exceptions", "data": [\n'
        '{"id": "F20240315001", "status": "in_progress", "subject": "屏幕有裂纹", "order_value": 12500.00, '
        '"due_at": "2024-03-15T14:30:00+08:00"},\n'
        '{"id": "F20240315002", "status": "closed", "subject": "late", "order_value": null, "due_at": null}\n'
        "]}\n"
    )


def test_json_without_records_is_an_empty_array():
    assert printed("json", []) == '{"exlog": 1, "kind": "exceptions", "data": []}\n'
    assert printed("jsonl", []) == ""


def test_jsonl_is_an_object_a_line():
    lines = printed("jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["F20240315001", "F20240315002"]


@pytest.mark.parametrize("count", (1, 31, 32, 33, 64, 100))
def test_batches_join_without_a_seam(count):
    records = [(f"F{n}", "new", "", "", "") for n in range(count)]
    ids = [record[0] for record in records]
    assert [row["id"] for row in json.loads(printed("json", records))["data"]] == ids
    assert [json.loads(line)["id"] for line in printed("jsonl", records).splitlines()] == ids
    assert [line.split("\t")[0] for line in printed("plain", records).splitlines()] == ids
    assert [line.split("\t")[0] for line in printed("tsv", records).splitlines()] == ["id", *ids]


@pytest.mark.parametrize("text", ("0", "-5", "12500.00", "0.5", "-0", "123456789012345678"))
def test_a_canonical_number_is_a_json_number(text):
    data = json.loads(printed("json", [("F1", "", "", text, "")]))["data"][0]["order_value"]
    assert not isinstance(data, str)
    assert data == (float(text) if "." in text else int(text))


@pytest.mark.parametrize(
    "text",
    ("+5", "05", "1e5", "1.", ".5", "1,000", "NaN", "Infinity", "１２", "5\n", " 5", "--5", "9" * 5000),
)
def test_what_is_no_canonical_number_is_a_json_string(text):
    data = json.loads(printed("json", [("F1", "", "", text, "")]))["data"][0]["order_value"]
    assert data == text


def test_numbers_are_numbers_in_any_column_and_zero_is_not_absent():
    values = (0, 0.0, 1.5, None, float("nan"))
    data = json.loads(printed("json", [values]))["data"][0]
    assert list(data.values()) == [0, 0.0, 1.5, None, None]
    assert printed("plain", [values]) == "0\t0.0\t1.5\t\t\n"
    assert printed("csv", [values]).splitlines()[1] == "0,0.0,1.5,,"


def test_digits_in_a_column_of_text_stay_text():
    assert json.loads(printed("json", [("1", "2", "007", "", "")]))["data"][0]["subject"] == "007"


@given(three, cell)
def test_json_reads_back_as_what_was_there(records, key):
    columns = (Column(key + "1", ""), Column(key + "2", ""), Column(key + "3", "", "decimal"))
    expected = [
        {joined(c.name): (joined(v) if v else None) for c, v in zip(columns, record, strict=True)} for record in records
    ]

    def read(line: str) -> dict[str, object]:
        found = json.loads(line, parse_int=str, parse_float=str)
        assert isinstance(found, dict)
        return found

    out = printed("json", records, columns)
    out.encode("utf-8")
    assert read(out)["data"] == expected
    lines = printed("jsonl", records, columns)
    lines.encode("utf-8")
    assert [read(line) for line in lines.splitlines()] == expected


@given(three)
def test_json_on_a_terminal_reads_back_and_steers_nothing(records):
    out = printed("json", records, TEXT, out=Terminal())
    assert not HOSTILE.search(out.replace("\n", ""))
    found = [tuple(row.values()) for row in json.loads(out)["data"]]
    assert found == [tuple(joined(v) if v else None for v in record) for record in records]


def test_one_record_is_an_object_with_every_key_and_the_extra_ones():
    text = printed_record(
        "json", RECORDS[1], extra={"history": [{"at": 1}], "customer": {"name": "客户"}, "status": "x"}
    )
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "exlog": 1,
        "kind": "exception",
        "data": {
            "id": "F20240315002",
            "subject": "late",
            "order_value": None,
            "due_at": None,
            "history": [{"at": 1}],
            "customer": {"name": "客户"},
            "status": "x",
        },
    }
    assert "客户" in text


def test_one_record_as_jsonl_is_the_object_alone():
    assert json.loads(printed_record("jsonl", RECORDS[1], extra={"a": []}))["a"] == []
    assert json.loads(printed_record("jsonl", ("", "", "", "", ""))) == dict.fromkeys(c.name for c in COLUMNS)
    assert printed_record("jsonl", (), columns=(), extra={"a": 1}) == '{"a": 1}\n'
    assert printed_record("jsonl", (), columns=()) == "{}\n"


def test_envelope_holds_any_data():
    out = io.StringIO()
    render.envelope("stats", [{"投诉": 3, "share": 0.5, "none": None}], out)
    assert out.getvalue() == ('{"exlog": 1, "kind": "stats", "data": [{"投诉": 3, "share": 0.5, "none": null}]}\n')


def test_envelope_refuses_what_json_cannot_hold_before_it_prints():
    out = io.StringIO()
    with pytest.raises(ValueError):
        render.envelope("stats", [float("nan")], out)
    assert out.getvalue() == ""


# plain and tsv


def test_plain_has_keys_and_full_times_and_no_header():
    set_language("zh")
    assert printed("plain") == (
        "F20240315001\tin_progress\t屏幕有裂纹\t12500.00\t2024-03-15T14:30:00+08:00\nF20240315002\tclosed\tlate\t\t\n"
    )


def test_tsv_has_a_header_of_names_even_without_records():
    header = "id\tstatus\tsubject\torder_value\tdue_at"
    assert printed("tsv").splitlines()[0] == header
    assert printed("tsv", []) == header + "\n"
    assert printed("plain", []) == ""


def test_plain_shows_tabs_newlines_backslashes_and_controls_escaped():
    text = "a\tb\nc\\d\x1b[2J\x9b\x7f\u202e\U000e0041"
    assert printed("plain", [(text,)], TEXT[:1]) == ("a\\tb\\nc\\\\d\\x1b[2J\\x9b\\x7f\\u202e\\U000e0041\n")


@given(three)
def test_plain_is_one_line_a_record_and_can_be_read_back(records):
    lines = printed("plain", records, TEXT).splitlines()
    assert len(lines) == len(records)
    for line, record in zip(lines, records, strict=True):
        assert line.count("\t") == 2
        assert not HOSTILE.search(line.replace("\t", ""))
        assert tuple(map(unescaped, line.split("\t"))) == record


@given(three)
def test_tsv_can_be_read_back_and_computes_nothing(records):
    lines = printed("tsv", records, TEXT).splitlines()[1:]
    assert [tuple(unescaped(unquoted(c)) for c in line.split("\t")) for line in lines] == records


def test_one_record_in_plain_is_names_and_values_of_what_is_there():
    assert printed_record("plain", ("F1", "new", "a\nb", "", None)) == ("id\tF1\nstatus\tnew\nsubject\ta\\nb\n")


# csv


def test_csv_has_a_header_and_quotes_only_where_it_must():
    columns = TEXT
    assert printed("csv", [("a b", 'say "x"', "1,2"), ("", "x\ny", "x\ry")], columns) == (
        'a,b,c\na b,"say ""x""","1,2"\n,"x\ny","x\ry"\n'
    )
    assert printed("csv", []) == "id,status,subject,order_value,due_at\n"


def test_a_single_empty_cell_is_not_an_empty_line():
    assert printed("csv", [("",), ("x",)], TEXT[:1]) == 'a\n""\nx\n'


@pytest.mark.parametrize(
    "text", ("=1+1", "+8613800138000", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "-", "-1-1", "＝1+1")
)
def test_a_cell_that_a_spreadsheet_would_compute_is_made_inert(text):
    assert inert(text) == "'" + text


@pytest.mark.parametrize("text", ("-5", "-12.50", "5", "", "a=b", "2024-03-15", "'quoted'", " =1"))
def test_numbers_and_other_text_stay_as_they_are_in_csv(text):
    assert inert(text) == text


def test_column_names_from_a_file_are_inert_in_csv_too():
    assert printed("csv", [], [Column("=1+1", "")]) == "'=1+1\n"


@given(st.lists(st.tuples(cell, cell, cell), max_size=5))
def test_csv_reads_back_as_what_was_there(records):
    records = [tuple(c.encode("utf-8", "ignore").decode() for c in record) for record in records]
    found = list(csv.reader(io.StringIO(printed("csv", records, TEXT), newline=""), strict=True))
    assert found[0] == ["a", "b", "c"]
    assert [tuple(map(unquoted, row)) for row in found[1:]] == records
    for row in found[1:]:
        for text in row:
            assert not re.match("[=+@\t\r]", text)
            assert not text.startswith("-") or float(text) <= 0


def test_csv_on_a_terminal_does_not_steer_it():
    out = printed("csv", [("\x1b[2J\x9b", "\u202e", "a\nb")], TEXT, out=Terminal())
    assert out == 'a,b,c\n\\x1b[2J\\x9b,\\u202e,"a\nb"\n'


# md


def test_md_is_a_pipe_table_of_labels():
    set_language("zh")
    assert printed("md") == (
        "| ID | Status | Subject | Order value | Due |\n"
        "| --- | --- | --- | ---: | --- |\n"
        "| F20240315001 | 处理中 | 屏幕有裂纹 | 12500.00 | 2024-03-15 14:30 |\n"
        "| F20240315002 | 已关闭 | late |  |  |\n"
    )


def test_md_takes_no_markup_from_a_customer():
    assert markdown("a|b\r\nc\\|d <script> &lt; R&D [x](y) `z` \x1b") == (
        "a\\|b<br>c\\\\\\|d &lt;script> &amp;lt; R&D \\[x](y) \\`z\\` \\\\x1b"
    )


@given(three)
def test_md_has_a_line_a_record_and_as_many_cells_as_columns(records):
    markdown_it = pytest.importorskip("markdown_it")
    text = printed("md", records, TEXT)
    assert len(text.splitlines()) == len(records) + 2
    html = markdown_it.MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<td>") == 3 * len(records)
    assert "<a " not in html and "<img" not in html and "<code>" not in html


# table


def test_a_table_has_labels_short_times_and_numbers_to_the_right():
    set_language("zh")
    assert printed("table") == (
        "ID            Status  Subject     Order value  Due\n"
        "------------  ------  ----------  -----------  ----------------\n"
        "F20240315001  处理中  屏幕有裂纹     12500.00  2024-03-15 14:30\n"
        "F20240315002  已关闭  late\n"
    )


def test_an_empty_table_prints_nothing():
    assert printed("table", []) == ""


def test_a_table_is_fitted_by_cutting_its_widest_text_and_never_ids():
    columns = (Column("id", "ID", "id"), Column("subject", "Subject"), Column("owner", "Owner"))
    text = printed("table", [("F20240315001", "客户反馈屏幕有裂纹" * 9, "li")], columns, width=40)
    assert text == (
        "ID            Subject              Owner\n"
        "------------  -------------------  -----\n"
        "F20240315001  客户反馈屏幕有裂纹…  li\n"
    )


def test_text_is_cut_before_choices_are():
    text = printed("table", [("F20240315001", "in_progress", "x" * 90, "", "")], width=64)
    assert "in progress" in text and "xxxx…" in text


def test_a_table_that_cannot_fit_keeps_ids_numbers_and_times_whole():
    text = printed("table", width=10)
    assert "F20240315001" in text and "12500.00" in text and "2024-03-15 14:30" in text


def test_the_terminal_says_how_wide_a_table_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "33")
    assert max(map(len, printed("table", [("x" * 99, "y" * 99, "z")], TEXT).splitlines())) == 33


def test_what_looks_like_a_number_is_not_reformatted_in_a_table():
    text = printed("table", [("1e5", "007", "1_000")], TEXT)
    assert text.splitlines()[2].split() == ["1e5", "007", "1_000"]


@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=4), st.integers(min_value=22, max_value=90))
def test_a_table_is_never_wider_than_its_width_and_steers_nothing(records, width):
    text = printed("table", records, TEXT, width=width)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(records) + 2
    for line in lines:
        assert not HOSTILE.search(line)
        assert 0 <= wcswidth(line) <= width


@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=4))
def test_the_second_column_of_a_table_starts_at_the_same_place_in_every_line(records):
    columns = (Column("a", "A"), Column("b", "B", "int"))
    lines = printed("table", [(a, "7") for a, _ in records], columns, width=60).splitlines()
    assert len({wcswidth(line) for line in lines}) == 1


def test_colour_is_for_terminals_alone_and_moves_nothing(monkeypatch):
    columns = (Column("urgency", "紧急", "choice", "urgency"), Column("n", "N", "int"))
    records = [("critical", "1"), ("high", "2"), ("low", "3")]
    set_language("zh")
    bare = printed("table", records, columns)
    coloured = printed("table", records, columns, out=Terminal())
    assert "\x1b[1;31m极高\x1b[0m" in coloured and "\x1b[33m高\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == bare
    assert "\x1b[1;31m" in render_record_on_terminal(columns, records[0])
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed("table", records, columns, out=Terminal()) == bare
    assert "\x1b" not in render_record_on_terminal(columns, records[0])


def render_record_on_terminal(columns, values) -> str:
    out = Terminal()
    render.record("exception", columns, values, "table", out)
    return out.getvalue()


def test_one_record_in_a_table_is_labels_and_values_over_several_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "36")
    columns = (
        Column("id", "ID", "id"),
        Column("owner", "责任人"),
        Column("due", "Due", "time"),
        Column("d", "Text"),
    )
    text = printed_record(
        "table",
        ("F1", "", "2024-03-15T14:30:00Z", "客户反馈：外包装破损，屏幕有裂纹。Please send one\n\n第二段"),
        columns,
    )
    assert text == (
        "ID      F1\n"
        "Due     2024-03-15 14:30\n"
        "Text    客户反馈：外包装破损，屏幕有\n"
        "        裂纹。Please send one\n"
        "\n"
        "        第二段\n"
    )


@given(cell)
def test_one_record_in_a_table_steers_nothing_and_fits(text):
    out = printed_record("table", (text, "", ""), TEXT)
    for line in out.removesuffix("\n").split("\n"):
        assert not HOSTILE.search(line)
        assert 0 <= wcswidth(line) <= 80


@given(cell.map(one_line), st.integers(min_value=2, max_value=40))
def test_wrapped_text_loses_nothing_but_spaces(text, width):
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(wcswidth(line) <= width for line in lines)


def test_chinese_punctuation_does_not_start_a_line():
    assert wrap("屏幕有裂，请换", 8) == ["屏幕有", "裂，请换"]


def test_a_very_long_text_is_wrapped_without_delay():
    assert len(wrap("x" * 1_000_000, 60)) == 16_667
    assert len(wrap("客" * 100_000, 60)) == 3_334


@given(cell.map(one_line), st.integers(min_value=1, max_value=40))
def test_clipped_text_fits_and_says_that_it_was_cut(text, width):
    found = clip(text, width)
    assert wcswidth(found) <= width
    assert found == text or found.endswith("…")


def test_cjk_is_cut_at_two_columns_a_character():
    assert clip("客户反馈", 8) == "客户反馈"
    assert clip("客户反馈", 7) == "客户反…"
    assert clip("客户反馈", 6) == "客户…"
    assert clip("客户反馈", 1) == "…"


def test_a_customer_cannot_hide_text_behind_thousands_of_marks():
    assert len(clip("a" + "\u0301" * 5000, 20)) <= 20


# Sections and notes


def printed_sections(fmt: str) -> str:
    out = io.StringIO()
    columns = (Column("status", "Status", "choice", "status"), Column("count", "Count", "int"))
    render.sections(
        [
            ("By status", columns, iter([("in_progress", 2)])),
            ("Late\n", columns, iter([])),
            ("Again", columns, [("new", 1)]),
        ],
        fmt,
        out,
    )
    return out.getvalue()


def test_sections_of_tables_have_titles_and_leave_empty_ones_out():
    assert printed_sections("table") == (
        "By status\nStatus       Count\n-----------  -----\nin progress      2\n\n"
        "Again\nStatus  Count\n------  -----\nnew         1\n"
    )


def test_sections_for_scripts_are_told_apart_by_a_title_line():
    assert printed_sections("plain") == "# By status\nin_progress\t2\n\n# Late\\n\n\n# Again\nnew\t1\n"
    assert printed_sections("csv").startswith("# By status\nstatus,count\nin_progress,2\n\n# Late")


def test_sections_in_md_have_headings():
    assert printed_sections("md").startswith("## By status\n\n| Status | Count |\n| --- | ---: |\n")


@pytest.mark.parametrize("fmt", ("json", "jsonl"))
def test_sections_are_no_json(fmt):
    with pytest.raises(ValueError):
        printed_sections(fmt)


@given(cell)
def test_safe_text_is_one_harmless_line(text):
    found = safe(text)
    assert not HOSTILE.search(found)
    assert len(found.splitlines()) <= 1


def test_every_hostile_character_is_found_by_the_quick_look_first():
    assert not [c for c in map(chr, range(0x110000)) if HOSTILE.match(c) and c.isprintable()]


def test_a_note_goes_to_stderr_unless_quiet(capsys):
    render.note("done\x1b[2J\n客户")
    render.note("never seen", quiet=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "done\\x1b[2J\\n客户\n"
