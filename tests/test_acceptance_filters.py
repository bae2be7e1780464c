"""Filters: each alone, repeated, with a comma and combined; the same in list, stats and export."""

from __future__ import annotations

import pytest
from acceptance_helper import Ledger, read_csv

WARRANTY = "fields:\n  - {name: warranty, kind: choice, choices: [inside, outside], label: {en: Warranty, zh: 保修}}\n"
WARRANTY += "  - {name: weight, kind: number}\n  - {name: sold_on, kind: date}\nsla: []\n"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Nine records of three months, known below by the letters a to i; a, b and d are closed and archived."""
    ledger = Ledger(tmp_path_factory.mktemp("books"))
    ledger.policy(WARRANTY)
    ledger("customer", "add", "上海星辰科技有限公司", "--short-name", "星辰", now="2024-01-10T09:00:00+08:00")
    ledger("customer", "add", "Nova Trading", now="2024-01-10T09:00:00+08:00")
    star, nova = {"customer": "星辰"}, {"customer": "Nova"}
    scratch = {
        "subject": "外壳划痕",
        "description": "屏幕右下角有明显划痕，要求换货",
        "model": "P20",
        "order_value": 1299.5,
    }
    a = {**star, **scratch, "type": "complaint", "category": "quality", "channel": "online", "weight": 10}
    b = {**nova, "subject": "Points", "owner": "bob", "received_at": "2024-01-31 22:00"}
    c = {**nova, "subject": "Late parcel", "type": "complaint", "category": "delivery", "order_no": "A-17"}
    d = {"customer": "路人", "subject": "谢谢", "type": "praise", "channel": "email"}
    e = {**star, "subject": "Idea", "type": "suggestion", "channel": "onsite", "warranty": "inside", "weight": 2.5}
    f = {**nova, "subject": "Rude", "type": "complaint", "category": "service", "due_at": "2024-03-12 10:00"}
    g = {"customer": "路人", "subject": "Hours?", "due_at": "2024-03-20 10:00", "model": "P30", "sold_on": "2024-02-29"}
    h = {"customer": "路人", "subject": "Where?", "due_at": "2024-03-18 10:00", "warranty": "outside", "weight": 9}
    i = {
        "customer": "路人",
        "subject": "Lamp",
        "due_at": "2024-03-13 10:00",
        "type": "complaint",
        "category": "quality",
    }
    ledger.add(a, now="2024-01-10T09:00:00+08:00", flags=())
    ledger.add(b, now="2024-02-01T09:00:00+08:00", flags=())
    ledger.add(c, now="2024-02-20T09:00:00+08:00", flags=())
    ledger.add(d, now="2024-02-20T09:30:00+08:00")
    ledger.add(e, f, now="2024-03-11T09:00:00+08:00", flags=())
    ledger.add(g, h, i, now="2024-03-11T09:30:00+08:00")
    then = "2024-03-11T10:00:00+08:00"
    ledger("assign", "0110001", "bob", "--department", "售后部", now=then)
    ledger("assign", "0220001", "311002", "李四", "--department", "物流部", now=then)
    ledger("assign", "220002", "311003", "bob", now=then)
    ledger("update", "311003", "--hold", "等配件", "--until", "2024-03-20", now=then)
    ledger("update", "311002", "--urgency", "high", "--reason", "vip", "--note", "已联系供应商", now=then)
    ledger("update", "311001", "--urgency", "low", "--reason", "idea", now=then)
    ledger("update", "311005", "--urgency", "critical", "--reason", "fire", now=then)
    ledger("update", "220001", "--resolution", "sent again", now=then)
    ledger("close", "110001", "220002", "201001", "--resolution", "done", "--satisfaction", "4", now=then)
    ledger("archive", now=then)
    return ledger


NAMES = {
    "F20240110001": "a",
    "F20240201001": "b",
    "F20240220001": "c",
    "F20240220002": "d",
    "F20240311001": "e",
    "F20240311002": "f",
    "F20240311003": "g",
    "F20240311004": "h",
    "F20240311005": "i",
}

CASES = [
    ([], "abcdefghi"),
    (["--status", "new"], "ehi"),
    (["--status", "处理中,挂起"], "fg"),
    (["--status", "closed", "--status", "resolved"], "abcd"),
    (["--type", "complaint"], "acfi"),
    (["--type", "表扬", "--type", "suggestion"], "de"),
    (["--category", "quality,交付"], "aci"),
    (["--urgency", "紧急,critical"], "afi"),
    (["--customer", "C20240110001"], "ae"),
    (["--customer", "星辰"], "ae"),
    (["--customer", "nova"], "bcf"),
    (["--customer", "路人", "--customer", "Nova Trading"], "bcdfghi"),
    (["--department", "售后部,物流部"], "acf"),
    (["--owner", "bob"], "abdg"),
    (["--owner", "李四", "--type", "complaint", "--status", "resolved"], "c"),
    (["--channel", "在线客服", "--channel", "email"], "ad"),
    (["--since", "2024-02"], "cdefghi"),
    (["--until", "2024-01"], "ab"),
    (["--since", "2024-01", "--until", "2024-01"], "ab"),
    (["--since", "last-month", "--until", "last-month"], "cd"),
    (["--since", "2024Q1", "--until", "2024Q1"], "abcdefghi"),
    (["--since", "2023Q4", "--until", "2023"], ""),
    (["--since", "2024-02-20", "--until", "2024-02-20"], "cd"),
    (["--since", "-5d"], "efghi"),
    (["--until", "2024-01-31 22:00"], "ab"),
    (["--overdue"], "fi"),
    (["--unassigned"], "ehi"),
    (["--unassigned", "--overdue"], "i"),
    (["--search", "划痕"], "a"),
    (["--search", "换货"], "a"),
    (["--search", "PARCEL"], "c"),
    (["--search", "已联系供应商"], "f"),
    (["--search", "星辰"], "ae"),
    (["--where", "model=P20"], "a"),
    (["--where", "model=P20,P30"], "ag"),
    (["--where", "model!=P20"], "bcdefghi"),
    (["--where", "model=", "--where", "weight="], "bcdfi"),
    (["--where", "warranty=inside"], "e"),
    (["--where", "weight>9"], "a"),
    (["--where", "weight>=9"], "ah"),
    (["--where", "weight<9", "--type", "建议"], "e"),
    (["--where", "weight<=9"], "eh"),
    (["--where", "order_value>=1299.50"], "a"),
    (["--where", "sold_on>=2024-02-29"], "g"),
    (["--where", "received_at<2024-02-01"], "ab"),
    (["--where", "description~划痕"], "a"),
    (["--where", "type=投诉", "--where", "status=已解决"], "c"),
    (["--where", "satisfaction>=4"], "abd"),
    (["--channel", "phone", "--type", "complaint,inquiry", "--since", "2024-02", "--search", "e"], "cfh"),
]


def letters(ids: list[str]) -> str:
    return "".join(sorted(NAMES[id_] for id_ in ids))


@pytest.mark.parametrize(("filters", "expected"), CASES, ids=lambda value: " ".join(value) or "all")
def test_a_filter_means_the_same_in_list_stats_and_export(books: Ledger, filters: list[str], expected: str) -> None:
    assert letters(books.ids("list", "--all", *filters)) == expected


def test_a_comma_means_or_in_a_search_too(books: Ledger) -> None:
    assert letters(books.ids("list", "--all", "--search", "a-17,谢谢")) == "cd"


def test_stats_and_export_take_every_filter_over_everything(books: Ledger) -> None:
    for filters, expected in CASES[1::3]:
        (figures,) = books.json("stats", "--measure", "received", *filters)
        assert figures["received"] == len(expected), filters
    for filters, expected in CASES[2::3]:
        books("export", *filters, "-o", "../out.csv")
        rows = read_csv((books.path.parent / "out.csv").read_text("utf-8-sig"))
        assert letters([row["id"] for row in rows]) == expected, filters


def test_the_scope_of_list_is_what_is_open_and_of_stats_and_export_everything(books: Ledger) -> None:
    assert letters(books.ids("list")) == letters(books.ids("list", "--open")) == "cefghi"
    assert letters(books.ids("list", "--status", "closed")) == "abd"
    assert letters(books.ids("list", "--status", "closed", "--since", "2024-02", "--until", "2024-02")) == "d"
    assert letters(books.ids("list", "--status", "new,closed")) == "abdehi"
    assert letters(books.ids("list", "--type", "complaint")) == "cfi"
    assert books.json("stats", "--measure", "received", "--open")[0]["received"] == 6
    books("export", "--open", "-o", "../open.json")
    assert (books.path.parent / "open.json").read_text("utf-8").count('"id"') == 6


def test_only_the_archives_that_the_dates_allow_are_read(books: Ledger) -> None:
    january = books.path / "archive" / "2024-01.csv"
    sound = january.read_bytes()
    january.write_bytes(sound + b"ragged\n")
    try:
        books("list", "--all", code=4)
        assert letters(books.ids("list", "--all", "--since", "2024-02-15")) == "cdefghi"
        assert letters(books.ids("list")) == "cefghi"
    finally:
        january.write_bytes(sound)


def test_the_list_shows_the_most_urgent_and_soonest_due_first(books: Ledger) -> None:
    order = [NAMES[id_] for id_ in books.ids("list")]
    assert order[:3] == ["i", "f", "e"] or order[:2] == ["i", "f"]
    assert order.index("h") < order.index("g") < order.index("c"), "soonest due first, without a due time last"


def test_sorting_limiting_and_choosing_columns(books: Ledger) -> None:
    def sorted_by(field: str, *more: str) -> str:
        return "".join(NAMES[id_] for id_ in books.ids("list", "--sort", field, *more))

    assert sorted_by("received_at", "--all") == "abcdefghi"
    assert sorted_by("-received_at", "--all")[-4:] == "dcba"
    assert sorted_by("due_at", "--where", "due_at>2024-01-01") == "fihg"
    assert sorted_by("-due_at", "--limit", "2") == "gh"
    assert sorted_by("weight", "--all", "--where", "weight>0") == "eha", "numbers sort as numbers"
    assert sorted_by("urgency", "--where", "urgency!=") == "ifcegh", "the low ones by id"
    assert sorted_by("id", "--limit", "3", "--all") == "abc"
    assert (
        books("list", "--sort", "id", "--limit", "1", "--columns", "subject,id,model").out
        == "Late parcel\tF20240220001\t\n"
    )
    (row,) = books.json("list", "--columns", "id,weight", "--where", "warranty=inside")
    assert row == {"id": "F20240311001", "weight": 2.5}
    header = books("list", "--columns", "customer_name,warranty", "-f", "csv").lines[0]
    assert header == "customer_name,warranty"
    assert books("list", "--limit", "0", code=None).code in (0, 2)


def test_an_empty_result_is_no_error_and_leaves_stdout_to_data(books: Ledger) -> None:
    empty = books("list", "--search", "没有这个")
    assert empty.out == ""
    assert "--all" in books("list", "--search", "没有这个", "-f", "table").err
    assert books.json("list", "--search", "没有这个") == []
    assert read_csv(books("list", "--search", "没有这个", "-f", "csv").out) == []
    assert books("list", "--search", "没有这个", "-f", "csv").lines[0].startswith("id,")
