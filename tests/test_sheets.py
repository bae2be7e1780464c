"""Files in any shape, and damaged ones: figures are taken of what `list` shows, or refused as `list` refuses."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from acceptance_helper import Ledger

from exlog import canonical, filters, policy
from exlog.errors import Damaged
from exlog.filters import Filters
from exlog.ledger import reading
from exlog.ledger.book import Book
from exlog.ledger.figuring import Ask, answer
from exlog.ledger.sheets import Sheets
from exlog.store import layout

COLUMNS = ("id", "status", "type", "channel", "subject", "received_at", "recorded_at", "product", "uid")
STAMP = "2024-01-0{}T10:00:00+08:00"


def line(place: int, subject: str = "s", product: str = "P1", **more: str) -> str:
    cells = {
        "id": f"F20240101{place:03d}", "status": "closed", "type": "complaint", "channel": "phone", "subject": subject,
        "received_at": STAMP.format(place), "recorded_at": STAMP.format(place), "product": product, "uid": f"u{place}",
        **more,
    }  # fmt: skip
    return canonical.join_row([cells[name] for name in COLUMNS])


TEXT = "\n".join(
    [
        ",".join(COLUMNS), line(1), line(2, "说 “坏了”", "P2"), line(3, 'a, "b"', "A, B"), line(4, "x\\ny", "P\\\\1"),
        line(5, product="é"), line(6, product=""), "",
    ]
)  # fmt: skip
DATA = TEXT.encode()
SHAPES: dict[str, bytes] = {
    "canonical": DATA,
    "byte order mark": b"\xef\xbb\xbf" + DATA,
    "carriage returns": TEXT.replace("\n", "\r\n").encode(),
    "old line ends": TEXT.replace("\n", "\r").encode(),
    "semicolons": TEXT.replace('"a, ""b"""', "ab").replace('"A, B"', "AB").replace(",", ";").encode(),
    "tabs": TEXT.replace('"a, ""b"""', "ab").replace('"A, B"', "AB").replace(",", "\t").encode(),
    "gb18030": TEXT.replace("é", "e").encode("gb18030"),
    "line break in quotes": DATA.replace(b"x\\ny", b'"x\ny"'),
    "line break in a product": DATA.replace("é".encode(), b'"P\n1"'),
    "backslash before a line break": DATA.replace("é".encode(), b'"P\\\n1"'),
    "blank lines": DATA.replace(b"\nF20240101003", b"\n\nF20240101003") + b"\n",
    "no last line feed": DATA[:-1],
    "all quoted": "\n".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in TEXT.split("\n")[:3]).encode(),
    "quotes inside": DATA.replace("é".encode(), b'P"1"'),
    "space before a quote": DATA.replace("é".encode(), b' "P1"'),
    "space after a quote": DATA.replace("é".encode(), b'"P1" '),
    "space after no text": DATA.replace("é".encode(), b'"" '),
    "too few cells": DATA.replace(",é,".encode(), b","),
    "too many cells": DATA.replace("é".encode(), b"P,1"),
    "a quote that never closes": DATA.replace("é".encode(), b'"P'),
    "a byte that is no text": DATA.replace("é".encode(), b"\xff\xfe"),
    "such a byte elsewhere": DATA.replace(b",phone,s,", b",phone,\xff\xff,", 1),
    "a null byte": DATA.replace("é".encode(), b"P\x001"),
    "a column twice": DATA.replace(b"subject", b"type", 1),
    "no column status": DATA.replace(b",status", b",state", 1),
    "an unnamed column": DATA.replace(b"product", b"", 1),
    "a header with quotes": DATA.replace(b",product,", b',"product",', 1),
    "an odd header": DATA.replace(b",product,", b",product' x}; drop,", 1),
    "nothing": b"",
    "the header alone": DATA.split(b"\n")[0] + b"\n",
    "times in another form": DATA.replace(b"T10:00:00+08:00", b" 02:00:00Z"),
    "times that are none": DATA.replace(b"2024-01-03T10:00:00+08:00,2024-01-03", b"soon,2024-01-03"),
    "a very long cell": DATA.replace("é".encode(), b"x" * 2_500_000),
    "a column too many for the schema": DATA.replace(b",uid\n", b",extra,uid\n").replace(b",u", b",e,u"),
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a 'ledger' [x]*")
    (folder / "archive").mkdir()
    return folder


def by_python(book: Book, asked: Filters) -> dict[tuple[str, str], int] | str:
    """Records by product and month as `list` reads them, or the line in which it refuses."""
    selection = filters.understand(asked, book.policy, book.now)
    found: Counter[tuple[str, str]] = Counter()
    try:
        with reading.snapshot(book, selection) as view:
            for part in view.parts():
                lay = reading.layer(part.columns, ("product", "received_at"))
                for product, received in map(lay, part.cells):
                    try:
                        local = datetime.fromisoformat(received).astimezone(book.tz)
                    except ValueError:
                        found[product, ""] += 1
                    else:
                        found[product, local.strftime("%Y-%m")] += 1
    except Damaged as error:
        return error.line()
    return dict(found)


def by_engine(book: Book, asked: Filters) -> dict[tuple[str, str], int] | str:
    selection = filters.understand(asked, book.policy, book.now)
    try:
        (found,) = answer([book], selection, [Ask(("received",), ("product", "month"))])
    except Damaged as error:
        return error.line()
    return {row.values: int(row.figures[0] or 0) for row in found.rows}  # type: ignore[misc]


@pytest.mark.parametrize("place", ["live", "archive"])
@pytest.mark.parametrize("shape", SHAPES)
def test_figures_are_taken_of_what_list_shows(root: Path, shape: str, place: str) -> None:
    book = Book(root, policy.read({}, lambda *path: ""), now=datetime(2024, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    other = TEXT.replace("F20240101", "F20240201").encode()
    (root / "exceptions.csv").write_bytes(SHAPES[shape] if place == "live" else other)
    (root / "archive" / "2024-01.csv").write_bytes(SHAPES[shape] if place == "archive" else other)
    for asked in (Filters(), Filters(since="2024-01-03"), Filters(where=("product~p",), search=("s",))):
        expected = by_python(book, asked)
        assert by_engine(book, asked) == expected
        if place == "archive":
            assert by_engine(book, asked) == expected, "once more, now that it is remembered what the file is like"


def test_a_plain_file_is_read_by_the_engine_itself(root: Path) -> None:
    book = Book(root, policy.read({}, lambda *path: ""), now=datetime(2024, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    (root / "exceptions.csv").write_bytes(DATA)
    selection = filters.understand(Filters(), book.policy, book.now)
    for data, copies in ((DATA, 0), (DATA.replace(b"\n", b"\r\n"), 1)):
        (root / "archive" / "2024-01.csv").write_bytes(data)
        with Sheets() as sheets:
            sheets.add(book, 0, selection, (None, None), all_months=True)
            assert sum(sheets.is_copy(sheet) for sheet in sheets.found) == copies


@pytest.mark.parametrize("change", ["half a row", "half a letter"])
def test_a_damaged_file_ends_with_its_place_and_exit_code_4(tmp_path: Path, change: str) -> None:
    ledger = Ledger(tmp_path)
    ledger.add({"subject": "破损"}, {"subject": "破损"})
    data = (tmp_path / layout.LIVE).read_bytes()
    cut = data.rindex("损".encode()) + (3 if change == "half a row" else 1)
    (tmp_path / layout.LIVE).write_bytes(data[:cut] + (b"\n" if change == "half a row" else data[cut + 1 :]))
    told = [ledger(*command, code=4).err for command in (["stats"], ["list"])]
    assert told[0] == told[1] and "exceptions.csv:3" in told[0]


def test_nothing_is_left_in_the_temporary_folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    book = Book(root, policy.read({}, lambda *path: ""), now=datetime(2024, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    for shape in ("carriage returns", "times in another form", "too few cells"):
        (root / "exceptions.csv").write_bytes(SHAPES[shape])
        by_engine(book, Filters())
    assert not list(tmp_path.iterdir())
