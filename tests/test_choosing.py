"""The filters as SQL choose the very records that the filters in Python choose, whatever the cells hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exlog import canonical, filters, policy, times, vocabulary
from exlog.errors import Usage
from exlog.filters import Filters
from exlog.measures.choosing import where
from exlog.measures.raw import Raw
from exlog.measures.sql import HIDDEN
from exlog.store.engine import Duck

NOW = datetime(2024, 4, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
POLICY = policy.read(
    {
        "fields": [
            {"name": "warranty", "kind": "choice", "choices": ["in", "Out"]},
            {"name": "weight", "kind": "number"},
        ]
    },
    lambda *path: "exlog.yaml",
)

WORDS = (
    "", "A", "a", "ß", "SS", "ẞ", "İx", "Σίσυφος", "σίσυφοσ", "质量部", "é", "É", "ﬁ", "K", "k", "50%_", "x\\n", "x\ny",
    "\\", 'say "a", b', "a'b", "\x01", "\x020", "Ａ", "\U0001e900", "1", "12",
)  # fmt: skip
TEXT = st.one_of(st.sampled_from(WORDS), st.text(max_size=6))
TIME = st.sampled_from(
    [
        "", "2024-03-15T14:30:00+08:00", "2024-03-31T23:59:59+08:00", "2024-04-01T00:00:00+08:00", "soon",
        "2024-03-31T16:00:00Z", "2024-03-31T16:00:00.000001Z", "2024-03-31 17:00:00+01:00", "2024-04-01T00:00:00",
        "2024-04-10T12:00:00+08:00", "2024-04-10T11:59:59+08:00", "2024-02-30T00:00:00+08:00",
        "0001-01-01T00:00:00+14:00",
    ]
)  # fmt: skip
NUMBER = st.sampled_from(
    ["", "0", "-0", "1000", "999.999999999", "1000.0", "1e3", " 7", "NaN", "١", "-12.5", "+3", "7."]
)
CELLS = {
    "id": st.sampled_from(["F20240315001", "F20240315002", "f1"]),
    "status": st.sampled_from([*vocabulary.keys("status"), "?"]),
    "type": st.sampled_from([*vocabulary.keys("type"), "", "COMPLAINT"]),
    "urgency": st.sampled_from([*vocabulary.keys("urgency"), ""]),
    "customer_id": st.sampled_from(["C20240101001", "c20240101001", ""]),
    "customer_name": TEXT,
    "subject": TEXT,
    "department": TEXT,
    "owner": TEXT,
    "product": TEXT,
    "warranty": st.sampled_from(["in", "Out", "OUT", ""]),
    "received_at": TIME,
    "due_at": TIME,
    "hold_since": TIME,
    "order_value": NUMBER,
    "weight": NUMBER,
    "ship_date": st.sampled_from(["", "2024-03-15", "2024-4-1"]),
    "satisfaction": NUMBER,
    "a name, so": TEXT,
}
SIGNS = st.sampled_from(["=", "!=", "~", ">", ">=", "<", "<="])
CONDITIONS = st.one_of(
    st.builds(
        "{}{}{}".format, st.sampled_from(["product", "subject", "warranty", "status", "batch", "id"]), SIGNS, TEXT
    ),
    st.builds(
        "{}{}{}".format, st.sampled_from(["order_value", "weight", "satisfaction"]), SIGNS,
        st.sampled_from(["1000", "7", "-12.5", "", "0", "1e3"]),
    ),
    st.builds(
        "{}{}{}".format, st.sampled_from(["received_at", "due_at", "resolved_at"]), SIGNS,
        st.sampled_from(["2024-03", "2024-03-31T16:00:00Z", "2024-04-01", "", "2024-03-31 23:59:59",
                         "2024-03-31 23:59", "2024-03,2024-04-10 11:59"]),
    ),
    st.builds("ship_date{}{}".format, SIGNS, st.sampled_from(["2024-03-15", ""])),
)  # fmt: skip
SOME = st.lists(TEXT, max_size=2).map(tuple)
FILTERS = st.builds(
    Filters,
    scope=st.sampled_from(["all", "all", "open"]),
    status=st.sampled_from([(), (), ("closed",), ("new", "on_hold")]),
    type=st.sampled_from([(), (), ("complaint,inquiry",)]),
    customer=SOME, department=SOME, owner=SOME, search=SOME,
    since=st.sampled_from(["", "", "2024-04", "2024-03-31 23:59:59"]),
    until=st.sampled_from(["", "", "2024-04-10"]),
    overdue=st.sampled_from([False, False, True]),
    unassigned=st.sampled_from([False, False, True]),
    where=st.lists(CONDITIONS, max_size=2).map(tuple),
)  # fmt: skip


@pytest.fixture(scope="module")
def duck() -> Iterator[Duck]:
    engine = Duck()
    yield engine
    engine.close()


def chosen_by_sql(duck: Duck, columns: list[str], rows: list[list[str]], selection: filters.Selection) -> list[int]:
    """The rows that the condition leaves, of a relation as ``sheets`` makes it of a file with odd times."""
    timed = [
        place for place, name in enumerate(columns) if name in selection.kinds and selection.kinds[name].kind == "time"
    ]
    raw = Raw([*columns, *(columns[place] + HIDDEN for place in timed)])
    text = where(selection, raw)
    full = []
    for number, row in enumerate(rows):
        moments = [times.moment(row[place]) for place in timed]
        hidden = [
            repr(moment.timestamp()) if moment else "-" if row[place] else ""
            for place, moment in zip(timed, moments, strict=True)
        ]
        full.append((number, *row, *hidden))
    kinds = [("book", "BIGINT"), *((f"c{place}", "VARCHAR") for place in range(len(raw.columns)))]
    duck.fill("raw", kinds, full)
    assert not duck.rows(f"SELECT 1 FROM {raw.source} WHERE {raw.odd}"), "no time is left that only Python can read"
    return [row[0] for row in duck.rows(f"SELECT book FROM {raw.source} WHERE {text} ORDER BY book")]


@settings(max_examples=300, deadline=None)
@example(rows=[{"subject": "a\x02b"}], asked=Filters(search=("a\x02b,\x03",)))
@example(rows=[{"product": "ẞ"}, {"product": "\\"}], asked=Filters(where=("product~ss",)))
@given(rows=st.lists(st.fixed_dictionaries(CELLS), max_size=8), asked=FILTERS)
def test_sql_and_python_choose_the_same(duck: Duck, rows: list[dict[str, str]], asked: Filters) -> None:
    columns = [name for name in CELLS if name != "product" or len(rows) % 3]
    cells = [[canonical.encode_cell(row.get(name, "")) for name in columns] for row in rows]
    try:
        selection = filters.understand(asked, POLICY, NOW)
        test = filters.compile_for(selection, columns)
    except Usage:
        with pytest.raises(Usage):
            where(filters.understand(asked, POLICY, NOW), Raw(columns))
        return
    expected = [number for number, row in enumerate(cells) if test(row)]
    assert chosen_by_sql(duck, columns, cells, selection) == expected


@example("\x011\\n\\\\")
@example("\x01\\\\0\x010")
@given(st.text())
def test_a_text_folds_and_decodes_as_in_python(duck: Duck, text: str) -> None:
    from exlog.measures import sql

    stored = text.replace("\x00", "")
    duck.fill("one", [("cell", "VARCHAR")], [(stored,)])
    (found,) = duck.rows(f"SELECT {sql.folded('cell')}, {sql.plain('cell')} FROM one")
    assert found == (stored.casefold(), canonical.decode_cell(stored))
