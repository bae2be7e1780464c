"""Import maps: checked before any row is read, rows taken as they are or rejected with a reason."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exlog import fields, invariants, policy
from exlog.errors import Damaged, ExlogError, Usage
from exlog.fields import Field
from exlog.mapping import Mapper, Rejected, compile_map, map_fields
from exlog.mapping.moments import is_whole_format, stored_time
from exlog.store import yamlfile
from exlog.store.source import open_source

ROOT = Path(__file__).parents[1]
MAPS = ROOT / "docs" / "examples" / "import"
DATA = ROOT.parent / "shared" / "data"
NEW_YORK = ZoneInfo("America/New_York")

OWN = {
    "satisfied": Field("satisfied", "choice", "Satisfied", "是否满意", choices=("Yes", "No", "NA")),
    "amount": Field("amount", "decimal", "Amount", "金额"),
}


def mapper(rules: dict[str, Any], header: str = "A,B,C", **top: Any) -> Mapper:
    return compile_map(
        {"source": "test", "set": rules, **top},
        header=header.split(","),
        schema={**fields.BY_NAME, **OWN},
        aliases=top.pop("aliases", {}),
        tz=NEW_YORK,
    )


def taken(rule: Any, cell: str, field: str = "subject", **top: Any) -> str | None:
    """What ``field`` becomes where column A holds ``cell``; None where it is absent."""
    return mapper({field: rule}, **top).record([cell, "b", "c"]).get(field)


def reason(rule: Any, cell: str, field: str = "subject", **top: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        taken(rule, cell, field, **top)
    assert caught.value.reason == str(caught.value)
    return caught.value


def refused(rules: Any, kind: type[ExlogError] = Usage, header: str = "A,B,C", **top: Any) -> str:
    with pytest.raises(kind) as caught:
        mapper(rules, header, **top)
    assert caught.value.where.startswith("map")
    assert caught.value.remedy
    return caught.value.line()


# Constants, columns, templates


def test_scalars_are_constants_in_the_words_of_the_field() -> None:
    record = mapper({"type": "投诉", "channel": {"const": "web"}, "satisfaction": 4, "product": 7}).record(["", "", ""])
    assert record == {"type": "complaint", "channel": "online", "satisfaction": "4", "product": "7"}


def test_the_words_of_the_ledger_are_known_too() -> None:
    made = compile_map(
        {"source": "t", "set": {"urgency": {"column": "A"}}},
        header=["A"],
        schema=fields.BY_NAME,
        aliases={"urgency": {"P1": "critical"}},
        tz=NEW_YORK,
    )
    assert made.record(["p1"]) == {"urgency": "critical"}


def test_text_is_taken_without_spaces_around_it_and_with_plain_line_ends() -> None:
    assert taken({"column": "A"}, "\u3000 one\r\ntwo\rthree\n ") == "one\ntwo\nthree"
    assert taken({"column": "A", "strip": False}, " one\r\n") == " one\n"
    assert taken({"column": "A", "strip": False}, "  ") is None


def test_cells_that_mean_nothing_leave_the_field_out_or_give_the_default() -> None:
    assert taken({"column": "A"}, "  ") is None
    assert taken({"column": "A"}, "-") == "-"
    assert taken({"column": "A"}, " - ", empty=["-", "N/A"]) is None
    assert taken({"column": "A"}, "", empty=["-"]) is None
    assert taken({"column": "A", "default": "none"}, "N/A", empty="N/A") == "none"
    assert taken({"column": "A", "default": "2019-01-01"}, "", "received_at") == "2019-01-01T00:00:00-05:00"


def test_a_nul_character_rejects_the_row() -> None:
    assert "NUL" in reason({"column": "A"}, "a\0b").reason
    assert "NUL" in reason({"template": "{A}"}, "a\0b").reason


def test_columns_are_found_by_their_exact_name_first_then_without_spaces_and_case() -> None:
    rules = {"subject": {"column": "zip"}}
    assert mapper(rules, "Zip , Zip,zip").record(["1", "2", "3"]) == {"subject": "3"}
    assert mapper(rules, "a,b,Zip ").record(["1", "2", "3"]) == {"subject": "3"}
    assert mapper({"subject": {"column": "  ZIP "}}, "a,b,Zip").record(["1", "2", "3"]) == {"subject": "3"}


def test_a_missing_column_is_named_with_the_near_matches() -> None:
    line = refused({"subject": {"column": "Complaint Typ"}}, header="Complaint Type ,Product")
    assert "'Complaint Typ'" in line and "'Complaint Type '" in line and "set.subject.column" in line
    assert "'Product'" in refused({"subject": {"column": "zzz"}}, header="Product")


def test_a_doubled_column_matters_only_where_the_map_uses_it() -> None:
    assert mapper({"subject": {"column": "C"}}, "A,A,C").record(["1", "2", "3"]) == {"subject": "3"}
    assert "'A' twice" in refused({"subject": {"column": "A"}}, Damaged, "A,A,C")
    assert "'A' twice" in refused({"subject": {"template": "{C} {a}"}}, Damaged, "A,A,C")
    assert "several columns" in refused({"subject": {"column": "NAME"}}, Usage, "name,Name,C")


def test_templates_take_columns_in_braces() -> None:
    made = mapper({"subject": {"template": "100 % {{of}} {A}: {B}"}})
    assert made.record([" one ", "two", ""]) == {"subject": "100 % {of} one: two"}


def test_a_template_without_any_text_is_empty_and_with_some_is_filled() -> None:
    rule = {"template": "{A}: {B}", "default": "nothing"}
    made = mapper({"subject": rule}, empty=["-"])
    assert made.record(["", "-", ""])["subject"] == "nothing"
    assert made.record(["", "b", ""])["subject"] == ": b"


def test_of_several_templates_the_first_that_has_all_its_texts_is_taken() -> None:
    made = mapper({"subject": {"template": ["{A}: {B}", "{B}, {C}", "{A} only"]}})
    assert made.record(["a", "b", "c"])["subject"] == "a: b"
    assert made.record(["", "b", "c"])["subject"] == "b, c"
    assert made.record(["a", "", "c"])["subject"] == "a only"
    assert made.record(["", "", "c"]) == {}


def test_a_date_and_a_time_in_two_columns_make_one_moment() -> None:
    made = mapper({"received_at": {"template": "{A} {B}", "format": "%d.%m.%Y %H:%M"}})
    assert made.record(["07.02.2019", "14:30", ""]) == {"received_at": "2019-02-07T14:30:00-05:00"}


# Value maps and choices


def test_a_value_map_goes_before_the_vocabulary() -> None:
    rule = {"column": "A", "map": {"Web": "在线客服", "Fax": "other"}}
    assert taken(rule, "Web", "channel") == "online"
    assert taken(rule, " Fax ", "channel") == "other"
    assert taken(rule, "电话", "channel") == "phone"
    found = reason(rule, "Pigeon", "channel")
    assert "channel: 'Pigeon' is none of phone, online" in found.reason
    assert (found.field, found.column) == ("channel", "A")


def test_default_is_for_empty_cells_and_other_for_texts_that_are_not_in_the_map() -> None:
    rule = {"column": "A", "map": {"Web": "online"}, "default": "phone", "other": "other"}
    assert taken(rule, "Web", "channel") == "online"
    assert taken(rule, "", "channel") == "phone"
    assert taken(rule, "email", "channel") == "other"


def test_null_in_a_map_means_no_value() -> None:
    rule = {"column": "A", "map": {"unknown": None, 1: "one"}, "other": None}
    assert taken(rule, "unknown") is None
    assert taken(rule, "1") == "one"
    assert taken(rule, "else") is None


def test_a_text_that_is_not_in_the_map_rejects_the_row_where_there_is_no_vocabulary() -> None:
    found = reason({"column": "A", "map": {"1": "one"}}, "2")
    assert found.reason == "subject: the map has no value for '2'"
    assert found.column == "A"


def test_choices_of_the_ledgers_own_fields_are_known_whatever_their_case() -> None:
    assert taken({"column": "A"}, "yes", "satisfied") == "Yes"
    assert "Yes, No, NA" in reason({"column": "A"}, "maybe", "satisfied").reason


# Times, dates, numbers


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%m/%d/%Y", "02/07/2019", "2019-02-07T00:00:00-05:00"),
        ("%m/%d/%Y", "7/29/2013", "2013-07-29T00:00:00-04:00"),
        ("%Y年%m月%d日", "2024年3月15日", "2024-03-15T00:00:00-04:00"),
        ("%m/%d/%Y %I:%M:%S %p", "3/15/2024 12:05:09 am", "2024-03-15T00:05:09-04:00"),
        ("%d %b %Y %H:%M", "15 Mar 2024 14:30", "2024-03-15T14:30:00-04:00"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2024-03-15T18:30:00.250Z", "2024-03-15T14:30:00-04:00"),
        ("%Y%m%d", "20240315", "2024-03-15T00:00:00-04:00"),
        (["%Y-%m-%d", "%d.%m.%y"], "15.03.24", "2024-03-15T00:00:00-04:00"),
        (None, "2024-03-15", "2024-03-15T00:00:00-04:00"),
        (None, "2024-03-15 14:30", "2024-03-15T14:30:00-04:00"),
        (None, "2024-03-15T18:30:00.999z", "2024-03-15T14:30:00-04:00"),
        (None, "2024-03-16 02:30:00 +0800", "2024-03-15T14:30:00-04:00"),
    ],
)
def test_times_are_read_by_their_formats(form: Any, text: str, moment: str) -> None:
    rule = {"column": "A"} if form is None else {"column": "A", "format": form}
    assert taken(rule, text, "received_at") == moment


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%m/%d/%Y", "13/45/2019"),
        ("%m/%d/%Y", "02/29/2019"),
        ("%m/%d/%Y", "02/07/19"),
        ("%m/%d/%Y", "02/07/2019 10:00"),
        ("%m/%d/%Y", "01/01/1066"),
        ("%Y%m%d", "2024111"),
        (None, "2024-03-1514:30"),
        (None, "2024-03-15x14:30"),
        (None, "2024-03-15114:30"),
        (None, "2024-W11-5"),
        (None, "20240315"),
        (None, "2024-02-30"),
        (None, "2201-01-01"),
        (None, "9999-12-31T23:59:59-23:59"),
        (None, "0001-01-01T00:00:00+23:59"),
        (None, "yesterday"),
    ],
)
def test_a_time_that_cannot_be_read_rejects_the_row_and_names_field_text_and_format(
    form: str | None, text: str
) -> None:
    rule = {"column": "A", "format": form} if form else {"column": "A"}
    found = reason(rule, text, "received_at")
    assert found.reason.startswith(f"received_at: {text!r} is no time like {form or 'YYYY-MM-DD'}")
    assert (found.field, found.column) == ("received_at", "A")


def test_an_hour_that_clocks_show_twice_is_the_first_and_one_they_skip_is_moved() -> None:
    assert taken({"column": "A"}, "2019-11-03 01:30", "received_at") == "2019-11-03T01:30:00-04:00"
    assert taken({"column": "A"}, "2019-03-10 02:30", "received_at") == "2019-03-10T03:30:00-04:00"
    assert taken({"column": "A"}, "2019-03-10", "received_at") == "2019-03-10T00:00:00-05:00"
    assert taken({"column": "A"}, "2019-03-10 12:00", "received_at") == "2019-03-10T12:00:00-04:00"


def test_a_date_is_the_day_in_the_zone_of_the_ledger() -> None:
    assert taken({"column": "A"}, "2024-03-15", "ship_date") == "2024-03-15"
    assert taken({"column": "A"}, "2024-03-15T02:00:00Z", "ship_date") == "2024-03-14"
    assert taken({"column": "A", "format": "%d/%m/%Y %H:%M"}, "15/03/2024 23:59", "ship_date") == "2024-03-15"
    assert "ship_date" in reason({"column": "A"}, "15/03/2024", "ship_date").reason


@given(
    moment=st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),
    zone=st.sampled_from(["America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia"]),
    form=st.sampled_from(["", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%c"]),
)
def test_a_stored_time_is_the_instant_that_the_zone_gives_the_text(moment: datetime, zone: str, form: str) -> None:
    tz = ZoneInfo(zone)
    text = moment.strftime(form) if form else moment.isoformat(" ")
    stored = datetime.fromisoformat(stored_time([form] if form else [], tz)(text))
    wanted = moment.replace(microsecond=0, tzinfo=tz).astimezone(timezone.utc)  # noqa: UP017
    assert stored == wanted
    assert abs(stored.utcoffset() - wanted.astimezone(tz).utcoffset()) < timedelta(minutes=1)  # type: ignore[operator]


@given(
    form=st.lists(
        st.sampled_from(["%Y", "%m", "%d", "%H", "%M", "%S", "%I", "%p", " ", "/", "1", "at"]), max_size=11
    ).map("".join),
    text=st.text("0123456789/ apmAPMt", max_size=24),
    moment=st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),
)
def test_a_format_is_read_as_strptime_reads_it(form: str, text: str, moment: datetime) -> None:
    form = "%m/%d/%Y " + form if "%Y" not in form else form
    if not is_whole_format(form):
        return
    read = stored_time([form], ZoneInfo("UTC"))
    for example in (text, moment.strftime(form)):
        try:
            wanted = datetime.strptime(example, form)
        except ValueError:
            with pytest.raises(ValueError):
                read(example)
        else:
            try:
                assert read(example)[:19] == wanted.isoformat()
            except ValueError:
                assert not 1900 <= wanted.year <= 2200 or wanted.strftime(form) != example


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1469.00", "1469.00"),
        ("$1,234,567.80", "1234567.80"),
        ("-¥ 12", "-12"),
        ("€-12.5", "-12.5"),
        ("+3", "3"),
        (".5", "0.5"),
        ("007", "007"),
    ],
)
def test_numbers_are_kept_as_typed_without_currency_and_thousands(text: str, number: str) -> None:
    assert taken({"column": "A"}, text, "amount") == number


@pytest.mark.parametrize(
    "text",
    ["Yes", "1,23", "1.234,56", "1e3", "NaN", "--1", "5.", ".", "$", "12 34", "１２", "1" * 19, "0x1F"],
)
def test_a_bad_number_rejects_the_row(text: str) -> None:
    assert "is no number" in reason({"column": "A"}, text, "amount").reason


def test_whole_numbers_are_plain_and_satisfaction_is_1_to_5() -> None:
    assert taken({"column": "A"}, "1,200", "hold_minutes") == "1200"
    assert taken({"column": "A"}, "5.0", "satisfaction") == "5"
    for text in ("0", "6", "4.5", "-1"):
        assert "satisfaction" in reason({"column": "A"}, text, "satisfaction").reason
    assert "hold_minutes" in reason({"column": "A"}, "9" * 18, "hold_minutes").reason


def test_remembered_values_do_not_pile_up_and_stay_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exlog.mapping.mapper._CACHED", 3)
    made = mapper({"amount": {"column": "A"}, "notes": {"column": "B", "map": {"x": "y"}, "other": "z"}})
    for round_ in range(3):
        for number in range(10):
            assert made.record([str(number), "x" * (number + round_), ""])["amount"] == str(number)


# Conditions


def test_when_takes_a_field_only_where_others_have_these_values() -> None:
    made = mapper(
        {
            "closed_at": {"column": "B", "when": {"resolved_at": "2019-01-02"}},
            "resolved_at": {
                "column": "B",
                "when": {"status": ["resolved", "已关闭"], "owner": [None, "Ann"]},
            },
            "resolution": {"const": "done", "when": {"status": "closed"}},
            "status": {"column": "A"},
            "owner": {"column": "C"},
        }
    )
    assert made.record(["closed", "2019-01-02", ""]) == {
        "status": "closed",
        "resolution": "done",
        "resolved_at": "2019-01-02T00:00:00-05:00",
        "closed_at": "2019-01-02T00:00:00-05:00",
    }
    assert made.record(["closed", "2019-01-02", "Bob"]) == {
        "status": "closed",
        "resolution": "done",
        "owner": "Bob",
    }
    assert made.record(["new", "no date", ""]) == {"status": "new"}
    assert set(made.fields) == {"closed_at", "resolved_at", "resolution", "status", "owner"}


# Rows of the wrong width, identity


def test_a_row_of_another_width_is_rejected_unless_what_is_over_is_empty() -> None:
    made = mapper({"subject": {"column": "A"}})
    assert made.record(["a", "", "", "", " "]) == {"subject": "a"}
    for cells in (["a", "b"], ["a", "b", "c", "", "d"]):
        for take in (made.record, made.external_id):
            with pytest.raises(Rejected, match=f"{len(cells)} cells where the header has 3"):
                take(cells)


def test_the_id_of_the_source_is_the_external_id() -> None:
    made = mapper({"subject": "x"}, id="A")
    assert made.external_id([" P0-T1 ", "", ""]) == "test:P0-T1"
    for cell, says in ((" ", "empty"), ("a\nb", "control"), ("P0-T1", "earlier row")):
        with pytest.raises(Rejected, match=says) as caught:
            made.external_id([cell, "", ""])
        assert caught.value.column == "A"
    with pytest.raises(Rejected, match="empty"):
        mapper({"subject": "x"}, id="A", empty=["?"]).external_id(["?", "", ""])


def test_an_id_of_several_columns_keeps_them_apart() -> None:
    made = mapper({"subject": "x"}, id=["A", "B"])
    rows = (["a", "b", ""], ["a|b", "c", ""], ["a", "b|c", ""], ["a%7Cb", "c", ""])
    assert made.external_id(rows[0]) == "test:a|b"
    assert len({made.external_id(row) for row in rows[1:]}) == 3


def test_without_an_id_the_row_is_known_by_its_digest_and_occurrence() -> None:
    made = mapper({"subject": "x"})
    first, other = ["a", "b", "c"], ["a", "b", "d"]
    ids = [made.external_id(row) for row in (first, other, first, first)]
    assert [known_by.rpartition(".")[2] for known_by in ids] == ["1", "1", "2", "3"]
    assert ids[0].startswith("test:") and len(ids[0]) == len("test:") + 16 + len(".1")
    again = mapper({"subject": "x"})
    assert [again.external_id(row) for row in (first, other, first, first)] == ids
    assert mapper({"notes": "y"}).external_id([*first, ""]) == ids[0]


def test_rows_that_differ_in_where_a_cell_ends_have_different_digests() -> None:
    made = mapper({"subject": "x"})
    rows = (["a\x1fb", "c", ""], ["a", "b\x1fc", ""], ["a", "b", "c"], ["ab", "", "c"], ["", "ab", "c"])
    assert len({made.external_id(row) for row in rows}) == len(rows)


# What the map says is checked before any row is read


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"subjet": "x"}, "did you mean 'subject'"),
        ({"id": {"column": "A"}}, "cannot be imported"),
        ({"uid": "x"}, "cannot be imported"),
        ({"hold_since": {"column": "A"}}, "cannot be imported"),
        ({"external_id": {"column": "A"}}, "under id:"),
        ({"subject": {"colum": "A"}}, "did you mean 'column'"),
        ({"subject": {}}, "needs one of column, template and const"),
        ({"subject": {"const": "x", "column": "A"}}, "it has column, const"),
        ({"subject": {"const": "x", "default": "y"}}, "default says nothing beside const"),
        ({"subject": {"column": "A", "format": "%Y-%m-%d"}}, "format is for times"),
        ({"received_at": {"column": "A", "format": "%Y-%m-%d", "map": {"x": None}}}, "contradict"),
        ({"received_at": {"column": "A", "format": "%m/%d"}}, "gives no whole date"),
        ({"received_at": {"column": "A", "format": "%m/%d/%Y %I:%M"}}, "gives no whole date"),
        ({"received_at": {"column": "A", "format": "%Y-%m-%d %H:%M %Z"}}, "gives no whole date"),
        ({"received_at": {"column": "A", "format": ["%Y-%m-%d", "soon"]}}, "gives no whole date"),
        ({"received_at": {"column": "A", "default": "soon"}}, "set.received_at.default"),
        ({"channel": {"column": "A", "other": "other"}}, "there is no map"),
        ({"channel": {"column": "A", "map": {"Web": "onlin"}}}, "channel: 'onlin' is none of"),
        ({"channel": {"column": "A", "map": {}}}, "set.channel.map"),
        ({"channel": {"column": "A", "map": {"": "other"}}}, "default:"),
        ({"channel": "carrier pigeon"}, "is none of phone, online"),
        ({"channel": None}, "is given no value"),
        ({"channel": {"const": ""}}, "is given no value"),
        ({"channel": ["phone"]}, "must be a text"),
        ({"subject": True}, "in quotes"),
        ({"satisfaction": 6}, "not 1 to 5"),
        ({"subject": {"column": "A", "strip": "no"}}, "strip is true or false"),
        ({"satisfaction": {"column": "A", "strip": False}}, "strip: false"),
        ({"subject": {"template": "no column"}}, "names no column"),
        ({"subject": {"template": "{A"}}, "stands alone"),
        ({"subject": {"template": []}}, "says nothing"),
        ({"subject": {"template": "{D}"}}, "no column 'D'"),
        ({"subject": {"column": "A", "when": {"status": "closed"}}}, "status"),
        (
            {"status": "new", "subject": {"column": "A", "when": {"status": "shut"}}},
            "status: 'shut' is none of",
        ),
        ({"subject": {"column": "A", "when": {"subject": "x"}}}, "wait for each other"),
        (
            {
                "owner": {"column": "A", "when": {"department": "x"}},
                "department": {"column": "B", "when": {"owner": "x"}},
            },
            "wait for each other: owner, department",
        ),
        ({"subject": {"column": "A", "when": "closed"}}, "keys and values"),
        ({}, "sets no field"),
        (["subject"], "sets no field"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place_and_a_remedy(rules: Any, says: str) -> None:
    assert says in refused(rules)


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ({"sett": {}}, "did you mean 'set'"),
        ({"source": "a:b"}, "source cannot be 'a:b'"),
        ({"source": None}, "map.source"),
        ({"id": "D"}, "no column 'D'"),
        ({"id": []}, "map.id"),
        ({"id": None}, "map.id"),
        ({"empty": [True]}, "map.empty"),
        ({"fields": {"name": "x"}}, "fields is a list"),
        ({"fields": [{"name": "x", "kind": "colour"}]}, "kinds are text"),
        ({"fields": [{"name": "amount", "kind": "text"}]}, "another kind: decimal"),
    ],
)
def test_a_wrong_map_is_refused_with_its_place_and_a_remedy(top: dict[str, Any], says: str) -> None:
    assert says in refused({"subject": "x"}, **top)


def test_a_map_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(Usage, match="keys and values"):
        compile_map(["set"], header=[], schema={}, aliases={}, tz=NEW_YORK)  # type: ignore[arg-type]


def test_places_come_from_the_caller() -> None:
    with pytest.raises(Usage) as caught:
        compile_map(
            {"source": "t", "set": {"subject": {"column": "X"}}},
            header=["A"],
            schema=fields.BY_NAME,
            aliases={},
            tz=NEW_YORK,
            where=lambda path: f"map.yaml:12: {'.'.join(map(str, path))}",
        )
    assert caught.value.where == "map.yaml:12: set.subject.column"


def test_the_fields_a_map_needs_are_handed_out_as_they_stand() -> None:
    declared = [{"name": "result", "kind": "text", "label": {"en": "Result", "zh": "结果"}}]
    assert map_fields({"fields": declared}) == declared
    assert map_fields({}) == []


# The maps in the documentation

HEADERS = {
    "nyc_dcwp": "Business Name,Industry,Complaint Type,Mediation Start Date,Mediation Close Date,Complaint Result,"
    "Satisfaction,Restitution,Business Building,Business Street,Building Address Unit,Business City,"
    "Business State,Business Zip,Complainant Zip ,Longitude,Latitude",
    "cfpb": "Date received,Product,Sub-product,Issue,Sub-issue,Company,State,ZIP code,Consumer consent provided?,"
    "Submitted via,Date sent to company,Company response to consumer,Timely response?,Consumer disputed?",
    "agile_jira": "id,project,task,created_date,finished_date,cycle_time_days",
}
ROWS = {
    "nyc_dcwp": "ACME REPAIRS,Garage - 049,,02/28/2019,03/11/2019,Cash Amount - AMT,NA,75.50,"
    "1,MAIN ST,,BRONX,NY,10451,,,",
    "cfpb": "7/29/2013,Mortgage,,Payments,,Acme Bank,,,N/A,Fax,7/30/2013,In progress,Yes,",
    "agile_jira": "P0-T7,0,7,2013-12-25,2013-12-31,6",
}


def documented(name: str, header: list[str]) -> tuple[Mapper, dict[str, Field]]:
    """The Mapper of a documented map, and the schema of a ledger that has taken over its fields."""
    document = yamlfile.load((MAPS / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    data = document.plain()
    own = policy.own_fields(map_fields(data), document.where)
    schema = {**fields.BY_NAME, **{field.name: field for field in own}}
    made = compile_map(
        data,
        header=header,
        schema=schema,
        aliases={},
        tz=NEW_YORK,
        where=lambda path: document.where(*path),
    )
    return made, schema


def wrong(record: dict[str, str], schema: dict[str, Field]) -> list[invariants.Problem]:
    whole = {
        **record,
        "id": "F20240101001",
        "uid": "AAAAAAAAAA",
        "recorded_at": record.get("received_at", ""),
    }
    return list(invariants.problems(whole, schema, datetime(2026, 1, 1, tzinfo=NEW_YORK)))


@pytest.mark.parametrize("name", HEADERS)
def test_a_documented_map_makes_sound_records(name: str) -> None:
    made, schema = documented(name, HEADERS[name].split(","))
    record = made.record(ROWS[name].split(","))
    assert wrong(record, schema) == []


def test_a_documented_map_says_what_it_says() -> None:
    record = documented("nyc_dcwp", HEADERS["nyc_dcwp"].split(","))[0].record(ROWS["nyc_dcwp"].split(","))
    assert record["subject"] == "Garage - 049: ACME REPAIRS"
    assert record["notes"] == "1 MAIN ST, BRONX 10451"
    assert record["satisfied"] == "NA"
    assert "cause" not in record
    record = documented("cfpb", HEADERS["cfpb"].split(","))[0].record(ROWS["cfpb"].split(","))
    assert record["status"] == "in_progress"
    assert not {"resolution", "resolved_at", "closed_at", "consent", "disputed"} & record.keys()


class Outcome:
    """A real file taken through its documented map and the invariants."""

    def __init__(self, name: str, file: str) -> None:
        if not (DATA / file).is_file():
            pytest.skip(f"{DATA / file} is not there")
        self.mapped: list[dict[str, str]] = []
        self.sound: list[dict[str, str]] = []
        self.rejected: list[tuple[int, str]] = []
        ids: set[str] = set()
        with open_source(DATA / file) as opened:
            made, schema = documented(name, opened.header)
            for line, cells in opened.rows():
                ids.add(made.external_id(cells))
                try:
                    record = made.record(cells)
                except Rejected as rejected:
                    self.rejected.append((line, rejected.reason))
                    continue
                self.mapped.append(record)
                problems = wrong(record, schema)
                if problems:
                    self.rejected.append((line, problems[0].message))
                else:
                    self.sound.append(record)
        assert len(ids) == len(self.mapped) + sum("out of order" not in text for _, text in self.rejected)

    def count(self, field: str) -> Counter[str]:
        return Counter(record.get(field, "") for record in self.mapped)

    def days(self) -> list[int]:
        return [
            (
                datetime.fromisoformat(record["resolved_at"]).date()
                - datetime.fromisoformat(record["received_at"]).date()
            ).days
            for record in self.sound
        ]


def test_the_mediated_complaints_of_new_york_give_the_known_figures() -> None:
    nyc = Outcome("nyc_dcwp", "nyc_dcwp_mediated.csv")
    assert (len(nyc.sound), len(nyc.rejected)) == (3038, 7)
    assert {line: "out of order" in text for line, text in nyc.rejected}.pop(194) is False
    assert sum("out of order" in text for _, text in nyc.rejected) == 6
    assert nyc.count("satisfied") == {"Yes": 1437, "No": 962, "NA": 645}
    causes = nyc.count("cause")
    assert causes["Misrepresentation - M01"] == 500
    assert causes["Exchange Goods/Contract Cancelled - E01"] == 256
    assert causes[""] == 203
    assert nyc.count("product")["Home Improvement Contractor - 100"] == 529
    assert nyc.count("resolution")["Advised to Sue - ATS"] == 536
    assert sum(float(record["restitution"]) for record in nyc.mapped) == 979519
    assert sum(float(record["restitution"]) > 0 for record in nyc.mapped) == 735
    assert statistics.median(nyc.days()) == 25


def test_the_complaints_about_finance_give_the_known_figures() -> None:
    cfpb = Outcome("cfpb", "cfpb_2013_noid.csv")
    assert (len(cfpb.sound), len(cfpb.rejected)) == (3180, 6)
    assert all("out of order" in text for _, text in cfpb.rejected)
    assert cfpb.count("product")["Mortgage"] == 921
    assert cfpb.count("response") == {
        "Closed with explanation": 2489,
        "Closed with non-monetary relief": 384,
        "Closed with monetary relief": 216,
        "Closed": 68,
        "Untimely response": 26,
        "In progress": 3,
    }
    assert cfpb.count("via") == {"Web": 2233, "Referral": 533, "Phone": 200, "Postal mail": 168, "Fax": 52}
    assert cfpb.count("channel") == {"online": 2233, "phone": 200, "other": 753}
    assert cfpb.count("status") == {"closed": 3183, "in_progress": 3}
    assert cfpb.count("disputed")["Yes"] == 595
    assert cfpb.count("timely")["No"] == 93


def test_the_cycle_times_of_jira_give_the_known_figures() -> None:
    jira = Outcome("agile_jira", "agile_jira_dates.csv")
    assert (len(jira.sound), len(jira.rejected)) == (2461, 1662)
    assert all("out of order" in text for _, text in jira.rejected)
    assert jira.count("product") == {"0": 2427, "1": 1696}
    assert statistics.median(jira.days()) == 5
    assert round(statistics.mean(jira.days()), 4) == 16.8887
