"""Reading CSV files from elsewhere: encodings and delimiters found out, places kept, nothing bent into shape."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exlog.errors import Damaged, Usage
from exlog.store import source
from exlog.store.source import open_source

HEADER = "id,主题\n"
ROW = "1,包装破损\n"


def file(tmp_path: Path, data: bytes | str) -> Path:
    path = tmp_path / "in.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(path: Path, **options: str) -> tuple[str, list[str], list[tuple[int, list[str]]]]:
    with open_source(path, **options) as opened:
        return opened.encoding, opened.header, list(opened.rows())


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (HEADER + ROW, "utf-8"),
        ("\ufeff" + HEADER + ROW, "utf-8-sig"),
        ((HEADER + ROW).encode("gb18030"), "gb18030"),
        (("\ufeff" + HEADER + ROW).encode("gb18030"), "gb18030"),
        ("id,主题\n1,\U00020000㐂\n".encode("gb18030"), "gb18030"),
    ],
)
def test_the_encoding_is_found_out_and_a_bom_is_no_part_of_the_header(
    tmp_path: Path, data: bytes | str, encoding: str
) -> None:
    found, header, rows = read(file(tmp_path, data))
    assert found == encoding
    assert header == ["id", "主题"]
    assert rows[0][0] == 2
    assert len(rows[0][1][1]) in (2, 4)


def test_quotes_in_the_header_are_read_after_a_bom(tmp_path: Path) -> None:
    assert read(file(tmp_path, '\ufeff"id","a,b"\n1,2\n'))[1] == ["id", "a,b"]


@pytest.mark.parametrize("chunk", [3, 1 << 20])
def test_a_damaged_byte_in_chinese_utf8_is_named_and_not_read_as_gb18030(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(source, "_CHUNK", chunk)
    data = (HEADER + ROW * 3).encode()
    spot = data.rindex("破".encode())
    path = file(tmp_path, data[:spot] + b"\xe7" + data[spot + 3 :])
    with pytest.raises(Damaged) as caught:
        open_source(path)
    assert caught.value.where == f"{path}:4"
    assert f"byte {spot} (0xE7)" in caught.value.message
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
@pytest.mark.parametrize("tail", [b"\xff\n", b"\x81", b"a\x81\x30", b"\xd6\xd0\xff\n"])
def test_a_byte_of_no_known_encoding_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, tail: bytes
) -> None:
    monkeypatch.setattr(source, "_CHUNK", chunk)
    path = file(tmp_path, b"id,name\r\n1,a\r2,b\n3," + tail)
    with pytest.raises(Damaged) as caught:
        open_source(path)
    with pytest.raises(UnicodeDecodeError) as plain:
        path.read_bytes().decode("gb18030")
    assert caught.value.where == f"{path}:4"
    assert f"byte {plain.value.start} " in caught.value.message


def test_an_encoding_that_is_given_is_held_to_strictly(tmp_path: Path) -> None:
    path = file(tmp_path, "id,name\n1,café\n".encode("cp1252"))
    assert read(path, encoding="cp1252")[2] == [(2, ["1", "café"])]
    with pytest.raises(Damaged, match="the file is not utf-8"):
        open_source(path, encoding="utf-8")
    assert read(file(tmp_path, "\ufeffid\n1\n"), encoding="UTF8")[:2] == ("utf-8-sig", ["id"])


@pytest.mark.parametrize("encoding", ["utf-16", "nonsense", "rot13", "punycode", ""])
def test_an_encoding_that_cannot_be_is_a_usage_error(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(Usage, match="encoding"):
        open_source(file(tmp_path, HEADER), encoding=encoding)


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", " "])
def test_a_delimiter_that_cannot_be_is_a_usage_error(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(Usage, match="delimiter"):
        open_source(file(tmp_path, HEADER), delimiter=delimiter)


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"PK\x03\x04rest", "", "workbook"),
        ("id,name\n".encode("utf-16"), ":1", "UTF-16"),
        ("id,name\n".encode("utf-16-be"), ":1", "byte 0 is NUL"),
        (b"id,name\n1,a\n2,\0\n", ":3", "byte 14 is NUL"),
    ],
)
def test_a_binary_is_refused_with_the_way_out(tmp_path: Path, data: bytes, line: str, says: str) -> None:
    path = file(tmp_path, data)
    with pytest.raises(Damaged, match=says) as caught:
        open_source(path)
    assert caught.value.where == f"{path}{line}"
    assert "CSV UTF-8" in caught.value.remedy


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_MAX_LINE", 100)
    monkeypatch.setattr(source, "_CHUNK", 10)
    assert read(file(tmp_path, "id\n" + "1\n" * 200))[1] == ["id"]
    with pytest.raises(Damaged, match="100 bytes") as caught:
        open_source(file(tmp_path, "id\n1\n" + "x" * 120))
    assert caught.value.where.endswith(":3")


@pytest.mark.parametrize("data", ["", "\ufeff", "\n\r\n\n"])
def test_an_empty_file_is_refused(tmp_path: Path, data: str) -> None:
    with pytest.raises(Damaged, match="empty"):
        open_source(file(tmp_path, data))


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert read(file(tmp_path, "id,name"))[1:] == (["id", "name"], [])


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("a,b,c", ","),
        ("a;b;c", ";"),
        ("a\tb\tc", "\t"),
        ("alone", ","),
        ('"x, y, z";b', ";"),
        ('a;"x, ""y"", z\n, w, v";c', ";"),
        ("a,b;c,d", ","),
        ('5" pipe;b;c', ";"),
        ("a;b\u2028,,,;c", ","),
    ],
)
def test_the_delimiter_is_what_the_header_line_has_most_of_outside_quotes(
    tmp_path: Path, header: str, delimiter: str
) -> None:
    path = file(tmp_path, f"{header}\n1,2,3,4,5,6,7,8\n")
    with open_source(path) as opened:
        assert opened.delimiter == delimiter


def test_names_of_the_header_stay_as_they_are(tmp_path: Path) -> None:
    assert read(file(tmp_path, "Zip ,name,,name\n1,2,3,4\n"))[1] == ["Zip ", "name", "", "name"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_carry_the_line_they_start_on_and_blank_lines_are_passed_over(tmp_path: Path, end: str) -> None:
    lines = ["", "id,text", '1,"two', 'lines, ""quoted"""', "", "2,b", '"3","', '"', "4,d", "", ""]
    rows = read(file(tmp_path, end.join(lines)))[2]
    assert [(line, cells[0]) for line, cells in rows] == [(3, "1"), (6, "2"), (7, "3"), (9, "4")]
    assert rows[0][1][1] == f'two{end}lines, "quoted"'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('id,a\n1,x\n2,"never closed\n3,y\n', 3, "never closed"),
        ('id,a\n\n1,"x"y\n', 3, "expected after"),
        ('id,"a\n', 1, "never closed"),
    ],
)
def test_text_that_is_no_csv_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = file(tmp_path, text)
    with pytest.raises(Damaged, match=says) as caught, open_source(path) as opened:
        list(opened.rows())
    assert caught.value.where == f"{path}:{line}"


def test_rows_before_the_damage_are_given(tmp_path: Path) -> None:
    with open_source(file(tmp_path, 'id,a\n1,x\n2,"y')) as opened:
        rows = opened.rows()
        assert next(rows) == (2, ["1", "x"])
        with pytest.raises(Damaged):
            next(rows)


def test_a_cell_may_be_long_but_not_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = csv.field_size_limit()
    long = "x" * 300_000
    assert read(file(tmp_path, f'id\n"{long}\n"\n'))[2] == [(2, [long + "\n"])]
    monkeypatch.setattr(source, "MAX_CELL", 1000)
    with pytest.raises(Damaged, match="more than 1000 characters") as caught:
        read(file(tmp_path, f'id\n1\n"{long}\n"\n'))
    assert caught.value.where.endswith(":3")
    assert csv.field_size_limit() == before


def test_a_file_can_be_read_twice_and_says_how_far_it_is(tmp_path: Path) -> None:
    path = file(tmp_path, "id,a\n" + "1,some text\n" * 50_000)
    with open_source(path) as opened:
        assert opened.size == path.stat().st_size
        rows = opened.rows()
        next(rows)
        assert 0 < opened.position() < opened.size
        assert len(list(rows)) == 49_999
        assert opened.position() == opened.size
        assert len(list(opened.rows())) == 50_000


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="No such file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(Usage, match="directory"):
        open_source(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_because_it_can_be_read_only_once(tmp_path: Path) -> None:
    ends = os.pipe()
    try:
        with pytest.raises(Usage, match="pipe"):
            open_source(Path(f"/dev/fd/{ends[0]}"))
    finally:
        for end in ends:
            os.close(end)


COMMON = st.sampled_from(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面"
)
ANY = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")
PLAIN = st.sampled_from("az09 ,;\t\"'\r\n\\|é")


def tables(letters: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    cells = st.text(st.one_of(PLAIN, letters), max_size=12)
    return st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=8)
    )


def written(rows: list[list[str]], encoding: str, delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    width = len(rows[0]) if rows else 2
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([f"column {index}" for index in range(width)])
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


@given(
    rows=tables(ANY),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    delimiter=st.sampled_from(source.DELIMITERS),
)
def test_whatever_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str, delimiter: str
) -> None:
    path = file(tmp_path_factory.mktemp("any"), written(rows, encoding, delimiter))
    options = {"encoding": encoding} if encoding == "gb18030" else {}
    assert [cells for _line, cells in read(path, **options)[2]] == rows


@given(rows=tables(COMMON), delimiter=st.sampled_from(source.DELIMITERS))
def test_common_chinese_in_gb18030_is_found_out(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    data = written(rows, "gb18030", delimiter)
    try:
        data.decode()
    except UnicodeDecodeError:
        pass
    else:
        assume(False)
    encoding, _header, found = read(file(tmp_path_factory.mktemp("gb"), data))
    assert encoding == "gb18030"
    assert [cells for _line, cells in found] == rows
