"""In and out: import by a map, export to what others open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acceptance_helper import Ledger, read_csv

MAP = """source: desk
id: 编号
fields:
  - {name: plan, kind: text}
set:
  type: {column: 反馈类型}
  category: {column: 类别, map: {质量问题: quality, 物流问题: delivery}, when: {type: complaint}}
  channel: {column: 来源渠道}
  subject: {column: 问题}
  customer_name: {column: 客户}
  received_at: {column: 反馈时间, format: "%Y/%m/%d %H:%M"}
  plan: {column: 套餐}
"""
ROWS = [
    "编号,反馈类型,类别,来源渠道,问题,客户,反馈时间,套餐",
    "T1,投诉,质量问题,电话,外壳划痕,甲,2024/01/05 09:30,A",
    'T2,咨询,,在线客服,"积分, 怎么用",乙,2024/02/06 10:00,',
    "T3,胡说,,电话,类型不对,丙,2024/02/07 10:00,B",
    "T4,咨询,,电话,时间不对,丁,2024/13/07 10:00,B",
    "T5,投诉,质量问题,电话,以后,戊,2025/01/01 10:00,B",
]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger")
    (tmp_path / "map.yaml").write_text(MAP, "utf-8")
    (tmp_path / "in.csv").write_text("\n".join(ROWS) + "\n", "utf-8")
    return ledger


IMPORT = ("import", "../in.csv", "--map", "../map.yaml")


def test_import_maps_columns_and_rejects_with_the_reason(ledger: Ledger) -> None:
    done = ledger(*IMPORT)
    assert "2" in done.err and "3" in done.err
    first, second = ledger.json("list", "--all", "--sort", "received_at")
    assert (first["type"], first["category"], first["channel"], first["subject"], first["customer_name"]) == (
        "complaint",
        "quality",
        "phone",
        "外壳划痕",
        "甲",
    )
    assert (first["received_at"], first["plan"]) == ("2024-01-05T09:30:00+08:00", "A")
    assert (second["type"], second["category"], second["subject"], second["plan"]) == (
        "inquiry",
        None,
        "积分, 怎么用",
        None,
    )
    assert first["external_id"] and first["external_id"] != second["external_id"]
    (rejected,) = ledger.path.parent.glob("in.csv*reject*")
    rows = read_csv(rejected.read_text("utf-8-sig"))
    assert [row["编号"] for row in rows] == ["T3", "T4", "T5"]
    reasons = [" ".join(row.values()) for row in rows]
    assert "胡说" in reasons[0] and "2024/13/07" in reasons[1] and "future" in reasons[2]
    assert [row["exlog_line"] for row in rows] == ["4", "5", "6"]
    ledger("check")


def test_a_dry_run_writes_nothing_and_a_second_import_adds_nothing(ledger: Ledger) -> None:
    before = ledger.files()
    dry = ledger(*IMPORT, "--dry-run", "-f", "json")
    assert ledger.files() == before and not list(ledger.path.parent.glob("*reject*"))
    assert json.loads(dry.out)["data"], "a dry run shows what would be taken"
    ledger(*IMPORT)
    after = ledger.files()
    ledger(*IMPORT)
    assert ledger.files() == after
    text = (ledger.path.parent / "in.csv").read_text("utf-8")
    (ledger.path.parent / "in.csv").write_text(text + "T6,建议,,邮件,新的,己,2024/03/01 10:00,\n", "utf-8")
    ledger(*IMPORT)
    assert [row["subject"] for row in ledger.json("list", "--type", "suggestion")] == ["新的"]
    assert len(ledger.ids("list", "--all")) == 3


def test_a_corrected_rejected_file_can_be_imported(ledger: Ledger) -> None:
    ledger(*IMPORT)
    (rejected,) = ledger.path.parent.glob("in.csv*reject*")
    text = rejected.read_text("utf-8-sig").replace("2024/13/07", "2024/03/07").replace(",胡说,", ",咨询,")
    (ledger.path.parent / "again.csv").write_text(text, "utf-8")
    ledger("import", "../again.csv", "--map", "../map.yaml")
    assert sorted(row["subject"] for row in ledger.json("list")) == sorted(
        ["外壳划痕", "积分, 怎么用", "类型不对", "时间不对"]
    )


@pytest.mark.parametrize("shape", ["gb18030", "semicolon", "tab", "bom and crlf"])
def test_import_reads_what_spreadsheets_write(ledger: Ledger, shape: str) -> None:
    text = "\n".join(line for line in ROWS if '"' not in line) + "\n"
    data = {
        "gb18030": text.encode("gb18030"),
        "semicolon": text.replace(",", ";").encode(),
        "tab": text.replace(",", "\t").encode(),
        "bom and crlf": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    }[shape]
    (ledger.path.parent / "in.csv").write_bytes(data)
    ledger(*IMPORT)
    assert [row["subject"] for row in ledger.json("list")] == ["外壳划痕"]


def test_a_bad_map_or_file_is_refused_and_nothing_is_recorded(ledger: Ledger) -> None:
    before = ledger.files()
    home = ledger.path.parent
    ledger("import", "../none.csv", "--map", "../map.yaml", code=5)
    ledger("import", "../in.csv", "--map", "../none.yaml", code=5)
    assert "--map" in ledger("import", "../in.csv", code=2).err
    bad = {
        "set: [": (2, 4),
        MAP.replace("{column: 客户}", "{column: 没有}"): (2, 4),
        MAP.replace("  subject:", "  subjekt:"): (2, 4),
        MAP.replace("source: desk\n", ""): (0, 2, 4),
    }
    for text, codes in bad.items():
        (home / "bad.yaml").write_text(text, "utf-8")
        result = ledger("import", "../in.csv", "--map", "../bad.yaml", code=None)
        assert result.code in codes and ("bad.yaml" in result.err or "没有" in result.err or result.code == 0), result
        if result.code:
            assert ledger.files() == before
    (home / "in.csv").write_bytes(b"\xff\xfe\x00garbage\x00")
    ledger(*IMPORT, code=None)
    assert not [row for row in ledger.json("list", "--all") if "garbage" in str(row)]


NASTY = ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1", "\r=1", "＝1"]


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    ledger.add(*({"subject": f"s{n}", "notes": text, "owner": "b"} for n, text in enumerate(NASTY)))
    ledger.add({"subject": "两\n行", "order_value": 12.5, "description": 'a,"b"'}, {"owner": "b"})
    ledger("close", "010", "--resolution", "r", "--satisfaction", "4")
    ledger("archive", now="2024-04-02T09:00:00+08:00")
    return ledger


def test_export_writes_every_record_and_field_in_every_format(filled: Ledger) -> None:
    home = filled.path.parent
    for name in ("csv", "tsv", "json", "jsonl"):
        filled("export", "-o", f"../out.{name}")
    rows = filled.json("list", "--all")
    assert len(rows) == 10
    envelope = json.loads((home / "out.json").read_text("utf-8"))
    assert (envelope["exlog"], envelope["kind"]) == (1, "exceptions")
    by_id = {row["id"]: row for row in rows}
    assert {row["id"]: row for row in envelope["data"]} == by_id
    lines = [json.loads(line) for line in (home / "out.jsonl").read_text("utf-8").splitlines()]
    assert {row["id"]: row for row in lines} == by_id
    data = (home / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "Excel needs the BOM to read Chinese"
    table = {row["id"]: row for row in read_csv(data.decode("utf-8-sig"))}
    assert set(table["F20240315009"]) == set(by_id["F20240315009"])
    two = table["F20240315009"]
    assert (two["subject"], two["order_value"], two["description"]) == ("两\n行", "12.5", 'a,"b"')
    tabbed = (home / "out.tsv").read_text("utf-8-sig").splitlines()
    assert len(tabbed) == 11 and len({line.count("\t") for line in tabbed}) == 1
    filled("export", "--status", "closed", "--columns", "id,status", "-o", "../some.csv")
    assert read_csv((home / "some.csv").read_text("utf-8-sig")) == [{"id": "F20240315010", "status": "closed"}]


def test_formulas_are_inert_in_what_a_spreadsheet_opens(filled: Ledger) -> None:
    home = filled.path.parent
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        filled("export", "-o", f"../out.{name}")
        rows = read_csv((home / f"out.{name}").read_text("utf-8-sig"), delimiter)
        for row in rows:
            for cell in row.values():
                assert not cell or cell[0] not in "=+-@\t\r＝", cell
        assert any("HYPERLINK" in row["notes"] for row in rows), "the text itself stays"
    assert filled.show("001")["notes"] == "=1+1", "the ledger keeps what was said"


def test_an_export_into_a_missing_folder_says_so(filled: Ledger) -> None:
    lost = filled("export", "-o", "../nowhere/out.csv", code=None)
    assert ".out.csv." not in lost.err, "the folder is missing, not a temporary file"
    assert lost.code in (2, 5), "75 says try again, and trying again does not make the folder"


def test_export_writes_a_file_whole_or_not_at_all(filled: Ledger) -> None:
    home = filled.path.parent
    filled("export", "-o", "../out.csv")
    before = (home / "out.csv").read_bytes()
    filled("export", "-o", "../out.csv", "--status", "nonsense", code=2)
    assert (home / "out.csv").read_bytes() == before
    assert ".csv" in filled("export", "-o", "../out.pdf", code=2).err
    names = sorted(path.name for path in home.iterdir())
    filled("export", "-o", "../nowhere/out.csv", code=None)
    assert sorted(path.name for path in home.iterdir()) == names


SAME = ("type", "channel", "subject", "customer_name", "received_at", "notes")


def test_what_was_exported_can_be_imported_elsewhere(filled: Ledger) -> None:
    filled("export", "--open", "-o", "../moved.csv")
    (filled.path.parent / "same.yaml").write_text(
        "source: other\nid: id\nset:\n" + "".join(f"  {name}: {{column: {name}}}\n" for name in SAME),
        "utf-8",
    )
    other = Ledger(filled.path.parent / "other")
    other("import", "../moved.csv", "--map", "../same.yaml")
    assert len(other.ids("list")) == 9
    assert {row["subject"] for row in other.json("list")} == {f"s{n}" for n in range(8)} | {"两\n行"}
    other("check")
