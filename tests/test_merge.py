"""The three-way merges as pure functions: rules, rows, headers, lists, profiles; and what holds for any of them."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exlog import canonical, fields, invariants
from exlog.errors import Damaged
from exlog.merge import cells, columns, lists, profile, rules, table
from exlog.merge.outcome import Clash, Merged
from exlog.store import yamlfile

HEADER = fields.columns()
RECORD = {
    "id": "F20240301001", "status": "in_progress", "type": "inquiry", "channel": "phone", "subject": "s",
    "customer_name": "A", "received_at": "2024-03-01T09:00:00+08:00", "recorded_at": "2024-03-01T09:05:00+08:00",
    "urgency": "low", "urgency_by": "computed", "urgency_rated": "low", "owner": "ann", "uid": "aaaaaaaaaa",
}  # fmt: skip
DAY = "2024-03-{:02d}T10:00:00+08:00"
CLOSED = {
    "status": "closed", "resolution": "done", "resolved_at": DAY.format(5), "closed_at": DAY.format(6),
    "confirmed_at": DAY.format(6), "satisfaction": "4", "close_reason": "confirmed",
}  # fmt: skip


def written(*rows: Mapping[str, str], header: tuple[str, ...] = HEADER) -> bytes:
    """Rows as canonical text, in the order given."""
    lines = [canonical.join_row([canonical.encode_cell(row.get(name, "")) for name in header]) for row in rows]
    return "\n".join([",".join(header), *lines, ""]).encode()


def read(data: bytes) -> list[dict[str, str]]:
    """Rows as plain texts; asserts that the text is canonical."""
    found = canonical.parse(data, "x")
    assert found.canonical
    return [
        dict(zip(found.columns, map(canonical.decode_cell, found.cells(at)), strict=True))
        for at in range(len(found.lines))
    ]


def merged(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """The merge, after making sure that the swapped one is the same."""
    here = table.merge(base, ours, theirs, "exceptions.csv")
    there = table.merge(base, theirs, ours, "exceptions.csv")
    assert here.data == there.data
    assert [clash.chosen for clash in here.clashes] == [clash.chosen for clash in there.clashes]
    assert [(clash.ours, clash.theirs) for clash in here.clashes] == [(c.theirs, c.ours) for c in there.clashes]
    return here


def one(ours: Mapping[str, str], theirs: Mapping[str, str], **base: str) -> tuple[dict[str, str], list[Clash]]:
    """The one row that comes of two changes to RECORD, and the conflicts."""
    old = {**RECORD, **base}
    result = merged(written(old), written({**old, **ours}), written({**old, **theirs}))
    (row,) = read(result.data)
    return row, list(result.clashes)


def test_different_fields_of_one_row_merge() -> None:
    row, clashes = one({"product": "K1"}, {"batch": "B7"})
    assert (row["product"], row["batch"], clashes) == ("K1", "B7", [])


def test_one_field_with_two_values_is_a_conflict_with_all_three() -> None:
    row, (clash,) = one({"owner": "bo"}, {"owner": "cy"})
    assert (clash.field, clash.base, clash.ours, clash.theirs) == ("owner", "ann", "bo", "cy")
    assert row["owner"] == clash.chosen == "cy"


def test_the_same_change_on_both_sides_is_none() -> None:
    row, clashes = one({"owner": "bo"}, {"owner": "bo"})
    assert (row["owner"], clashes) == ("bo", [])


@pytest.mark.parametrize(
    ("column", "base", "ours", "theirs", "value"),
    [
        ("notes", "a", "a\nb", "a\nc", "a\nb\nc"),
        ("notes", "", "x", "y", "x\ny"),
        ("notes", "a\nb", "b", "a\nb\nc", "b\nc"),
        ("reopen_count", "1", "2", "3", "3"),
        ("reopen_count", "", "1", "2", "2"),
        ("hold_minutes", "10", "15", "17", "22"),
        ("hold_work_minutes", "10", "15", "17", "22"),
        ("first_resolved_at", "", DAY.format(3), DAY.format(2), DAY.format(2)),
        ("urgency_rated", "low", "high", "medium", "high"),
        ("assigned_at", "", DAY.format(2), DAY.format(3), DAY.format(2)),
        ("resolved_at", "", "2024-03-05T10:00:00+08:00", "2024-03-05T01:00:00+00:00", "2024-03-05T01:00:00+00:00"),
    ],
)
def test_a_column_with_a_rule_merges_by_it(column: str, base: str, ours: str, theirs: str, value: str) -> None:
    row, clashes = one({column: ours}, {column: theirs}, **{column: base})
    assert (row[column], clashes) == (value, [])


@pytest.mark.parametrize(
    ("column", "base", "ours", "theirs"),
    [
        ("first_response_at", DAY.format(2), DAY.format(3), DAY.format(4)),
        ("assigned_at", "", "soon", DAY.format(4)),
        ("hold_minutes", "1", "x", "3"),
        ("expected_at", "", DAY.format(8), DAY.format(9)),
    ],
)
def test_what_no_rule_decides_is_a_conflict(column: str, base: str, ours: str, theirs: str) -> None:
    row, (clash,) = one({column: ours}, {column: theirs}, **{column: base})
    assert clash.field == column
    assert row[column] == max(ours, theirs)


def test_of_one_hold_that_both_ended_the_longer_counts() -> None:
    held = {"status": "on_hold", "hold_since": DAY.format(2), "hold_minutes": "10"}
    on = {"status": "in_progress", "hold_since": ""}
    row, clashes = one({**on, "hold_minutes": "40"}, {**on, "hold_minutes": "50"}, **held)
    assert (row["hold_minutes"], clashes) == ("50", [])


@pytest.mark.parametrize(
    ("ours", "theirs", "urgency", "by", "fields"),
    [
        (("high", "computed"), ("medium", "computed"), "high", "computed", []),
        (("medium", "manual"), ("critical", "computed"), "medium", "manual", []),
        (("low", "manual"), ("critical", "computed"), "low", "manual", []),
        (("medium", "manual"), ("high", "manual"), "medium", "manual", ["urgency"]),
    ],
)
def test_urgency_and_who_set_it_stay_together(
    ours: tuple[str, str], theirs: tuple[str, str], urgency: str, by: str, fields: list[str]
) -> None:
    names = ("urgency", "urgency_by")
    row, clashes = one(dict(zip(names, ours, strict=True)), dict(zip(names, theirs, strict=True)))
    assert (row["urgency"], row["urgency_by"], [clash.field for clash in clashes]) == (urgency, by, fields)


def test_of_two_computed_due_times_the_earlier_stands_and_one_set_by_hand_before_any() -> None:
    early, late = {"due_at": DAY.format(8), "due_by": "computed"}, {"due_at": DAY.format(9), "due_by": "computed"}
    assert one(early, late)[0]["due_at"] == DAY.format(8)
    row, clashes = one(early, {**late, "due_by": "manual"}, due_by="computed")
    assert (row["due_at"], row["due_by"], clashes) == (DAY.format(9), "manual", [])


def test_the_newest_progress_comes_with_its_time() -> None:
    old = {"progress": "b", "progress_at": DAY.format(3)}
    new = {"progress": "a", "progress_at": DAY.format(4)}
    row, clashes = one(old, new)
    assert (row["progress"], row["progress_at"], clashes) == ("a", DAY.format(4), [])


def test_both_closed_it_alike_gives_the_earlier_times_and_no_conflict() -> None:
    later = {**CLOSED, "resolved_at": DAY.format(7), "closed_at": DAY.format(8), "follow_up_at": DAY.format(9)}
    row, clashes = one(later, {**CLOSED, "follow_up_at": DAY.format(10)})
    assert not clashes
    assert [row[name] for name in ("resolved_at", "closed_at", "follow_up_at")] == [
        DAY.format(day) for day in (5, 6, 9)
    ]


def test_both_closed_it_with_two_satisfactions_is_one_conflict() -> None:
    _row, (clash,) = one(CLOSED, {**CLOSED, "satisfaction": "2"})
    assert clash.field == "satisfaction"


def test_two_statuses_are_one_conflict_and_what_depends_on_them_follows() -> None:
    held = {"status": "on_hold", "hold_reason": "parts", "hold_since": DAY.format(4), "hold_until": DAY.format(9)}
    row, (clash,) = one(CLOSED, held)
    assert (clash.field, clash.ours, clash.theirs, clash.chosen) == ("status", "closed", "on_hold", "on_hold")
    assert clash.dependents["closed_at"] == (DAY.format(6), "")
    assert {name: row[name] for name in ("closed_at", "resolution", "hold_reason")} == {
        "closed_at": "", "resolution": "", "hold_reason": "parts",
    }  # fmt: skip


def test_an_edit_beside_a_change_of_status_merges_where_the_row_stays_possible() -> None:
    resolved = {"status": "resolved", "resolution": "x", "resolved_at": DAY.format(3)}
    more = {name: value for name, value in CLOSED.items() if name not in resolved} | {"status": "closed"}
    row, clashes = one(more, {"resolution": "better"}, **resolved)
    assert (row["status"], row["resolution"], clashes) == ("closed", "better", [])


def test_an_edit_that_the_new_status_cannot_have_is_a_conflict_and_gives_way() -> None:
    held = {"status": "on_hold", "hold_reason": "parts", "hold_since": DAY.format(4), "hold_until": DAY.format(9)}
    resumed = {"status": "in_progress", "hold_reason": "", "hold_since": "", "hold_until": "", "hold_minutes": "5"}
    row, (clash,) = one(resumed, {"hold_until": DAY.format(12)}, **held)
    assert (clash.field, clash.theirs, clash.chosen, row["hold_until"]) == ("hold_until", DAY.format(12), "", "")


def test_a_customer_is_one_choice() -> None:
    row, (clash,) = one(
        {"customer_id": "C20240101001", "customer_name": "Z"}, {"customer_id": "C20240101002", "customer_name": "Y"}
    )
    assert clash.field == "customer_id"
    assert (row["customer_id"], row["customer_name"]) == ("C20240101002", "Y")


def test_times_that_only_together_are_out_of_order_are_reported() -> None:
    row, clashes = one({"occurred_at": "2024-03-01T08:30:00+08:00"}, {"received_at": "2024-03-01T08:00:00+08:00"})
    assert clashes
    assert not row["occurred_at"] or row["occurred_at"] <= row["received_at"]


def test_the_order_of_times_is_that_of_the_invariants() -> None:
    assert cells._IN_ORDER == invariants.ORDER


def test_a_renumbered_row_keeps_its_identity() -> None:
    row, clashes = one({"id": "F20240301101", "former_id": "F20240301001"}, {"owner": "bo"})
    assert (row["id"], row["owner"], clashes) == ("F20240301101", "bo", [])
    row, clashes = one({"id": "F20240301101"}, {"id": "F20240301201"})
    assert (row["id"], clashes) == ("F20240301101", [])


def other(number: int, **values: str) -> dict[str, str]:
    return {**RECORD, "id": f"F2024030100{number}", "uid": f"aaaaaaaaa{'abcdefghi'[number]}", **values}


def test_added_rows_of_both_sides_are_in_order_of_id_then_uid() -> None:
    base = written(other(1))
    result = merged(base, written(other(1), other(4), other(2)), written(other(1), other(3)))
    assert [row["id"][-1] for row in read(result.data)] == list("1234")
    assert not result.clashes and not result.remarks


def test_one_new_id_with_two_uids_keeps_both_and_says_so() -> None:
    result = merged(written(), written(other(2, uid="mmmmmmmmmm")), written(other(2, uid="bbbbbbbbbb")))
    assert [row["uid"] for row in read(result.data)] == ["bbbbbbbbbb", "mmmmmmmmmm"]
    assert result.remarks == ("F20240301002: two records have this id; both are kept",)


def test_a_removed_row_goes_and_an_edited_one_stays() -> None:
    base = written(other(1), other(2))
    assert [row["id"] for row in read(merged(base, written(other(1)), base).data)] == ["F20240301001"]
    result = merged(base, written(other(1)), written(other(1), other(2, owner="bo")))
    assert [row["owner"] for row in read(result.data)] == ["ann", "bo"]
    assert result.remarks == ("F20240301002: edited there, removed here: the edit is kept (owner)",)
    assert not result.clashes


def test_a_removed_row_that_was_only_quoted_anew_goes() -> None:
    base = written(other(1), other(2))
    quoted = base.replace(b",ann,", b',"ann",')
    assert [row["id"] for row in read(merged(base, written(other(1)), quoted).data)] == ["F20240301001"]


def test_rows_without_uid_meet_by_id_and_recording() -> None:
    base = written({**RECORD, "uid": ""}, other(2, uid=""))
    result = merged(
        base,
        written({**RECORD, "uid": "", "owner": "bo"}, other(2, uid="")),
        written({**RECORD, "product": "x"}, other(2)),
    )
    first, second = read(result.data)
    assert (first["owner"], first["product"], first["uid"], second["uid"]) == ("bo", "x", "aaaaaaaaaa", "aaaaaaaaac")
    assert not result.clashes


def test_a_table_without_the_column_uid_merges() -> None:
    header = HEADER[:-1]
    base = written(other(1), other(2), header=header)
    ours = written(other(1, owner="bo"), other(2), header=header)
    theirs = written(other(1, product="p"), other(2), header=header)
    first, _second = read(merged(base, ours, theirs).data)
    assert (first["owner"], first["product"]) == ("bo", "p")


@pytest.mark.parametrize("spoil", ["bom", "crlf", "sorted", "semicolons", "gb18030", "breaks"])
def test_a_side_saved_by_another_program_merges(spoil: str) -> None:
    base = [other(1, notes="甲"), other(2, description="two\nlines"), other(3)]
    edited = [other(1, notes="甲"), other(2, description="two\nlines", owner="波"), other(3)]
    text = written(*edited).decode()
    spoilt = {
        "bom": text.encode("utf-8-sig"),
        "crlf": text.replace("\n", "\r\n").encode(),
        "sorted": written(*edited[::-1]),
        "semicolons": text.replace(",", ";").encode(),
        "gb18030": text.encode("gb18030"),
        "breaks": text.replace("two\\nlines", '"two\r\nlines"').replace("\n", "\r\n").replace("\r\r", "\r").encode(),
    }[spoil]
    theirs = written(other(1, notes="甲"), other(2, description="two\nlines", product="p"), other(3))
    result = merged(written(*base), spoilt, theirs)
    assert read(result.data)[1] == {**dict.fromkeys(HEADER, ""), **edited[1], "product": "p"}
    assert not result.clashes


def wide(*names: str) -> tuple[str, ...]:
    return fields.columns(unknown=names)


def test_columns_added_on_both_sides_stand_by_name_before_uid() -> None:
    base = written(other(1), other(2))
    ours = written(other(1, zone="z"), other(2), header=wide("zone"))
    theirs = written(other(1, area="a"), other(2, owner="bo", area="b"), header=wide("area"))
    result = merged(base, ours, theirs)
    assert canonical.parse(result.data, "x").columns == wide("area", "zone")
    first, second = read(result.data)
    assert (first["zone"], first["area"], second["area"], second["owner"]) == ("z", "a", "b", "bo")
    assert not result.clashes


def test_one_column_added_on_both_sides_with_two_values_is_a_conflict() -> None:
    base = written(other(1))
    result = merged(
        base, written(other(1, zone="x"), header=wide("zone")), written(other(1, zone="y"), header=wide("zone"))
    )
    assert [clash.field for clash in result.clashes] == ["zone"]


def test_a_dropped_column_goes_and_an_edited_one_stays_with_a_conflict() -> None:
    base = written(other(1, zone="a"), other(2, zone="b"), header=wide("zone"))
    dropped = written(other(1), other(2, owner="bo"))
    untouched = written(other(1, zone="a", product="p"), other(2, zone="b"), header=wide("zone"))
    result = merged(base, dropped, untouched)
    assert (canonical.parse(result.data, "x").columns, result.clashes) == (HEADER, ())
    edited = written(other(1, zone="a"), other(2, zone="c"), header=wide("zone"))
    result = merged(base, dropped, edited)
    assert [(row["zone"], row["owner"]) for row in read(result.data)] == [("a", "ann"), ("c", "bo")]
    assert [(c.field, c.base, c.ours, c.theirs, c.chosen) for c in result.clashes] == [("zone", "b", None, "c", "c")]


def test_a_moved_column_merges_with_an_edit() -> None:
    base = written(other(1, zone="a", area="b"), header=wide("zone", "area"))
    moved = written(other(1, zone="a", area="b"), header=("uid", *wide("area", "zone")[:-1]))
    result = merged(base, moved, written(other(1, zone="c", area="b"), header=wide("zone", "area")))
    assert canonical.parse(result.data, "x").columns == wide("area", "zone")
    assert read(result.data)[0]["zone"] == "c"


@pytest.mark.parametrize(
    ("ours", "problem"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "column id"),
        (written(other(1), other(1, owner="bo")), "one uid"),
        (written(other(1), other(1)), "one uid"),
        (b"<<<<<<< ours\n" + written(other(1)), "."),
        (written(other(1)) + b"<<<<<<< ours\n", "conflict markers"),
        (written(other(1)) + b'F2,"', "."),
        (b"\xff\xfe\x00" + written(other(1)), "."),
    ],
)
def test_what_is_no_sound_table_is_refused(ours: bytes, problem: str) -> None:
    for sides in ((ours, written(other(1, owner="cy"))), (written(other(1, owner="cy")), ours)):
        with pytest.raises(Damaged, match=problem):
            table.merge(written(other(1)), *sides, "exceptions.csv")


def test_a_ragged_row_that_all_sides_have_is_refused_too() -> None:
    broken = b"F20240301009,new\n"
    with pytest.raises(Damaged, match="cells"):
        table.merge(*(written(other(1, owner=who)) + broken for who in ("a", "b", "a")), "exceptions.csv")


def test_sets_merge_with_removals() -> None:
    header = wide("tags")
    base = written(other(1, tags="a;b;c"), header=header)
    result = merged(
        base, written(other(1, tags="b;c;z"), header=header), written(other(1, tags="a;b;d"), header=header)
    )
    assert (read(result.data)[0]["tags"], result.clashes) == ("b;d;z", ())


# Histories, lanes, the manifest

EVENT = "at,actor,record,action,field,old,new,note,uid,event\n"


def event(day: int, name: str, text: str = "x") -> str:
    return f"{DAY.format(day)},ann,F20240301001,update,owner,,{text},,aaaaaaaaaa,{name}\n"


def test_histories_unite_in_order_of_time_and_each_command_stays_whole() -> None:
    base = EVENT + event(1, "k.1")
    ours = base + event(2, "z.1") + event(2, "z.2") + "".join(event(4, f"c.{count}") for count in range(1, 12))
    theirs = base + event(2, "m.1") + event(3, "b.1")
    here = lists.history(base.encode(), ours.encode(), theirs.encode(), "history/2024-03/0.csv")
    there = lists.history(base.encode(), theirs.encode(), ours.encode(), "history/2024-03/0.csv")
    assert here == there
    found = [line.rpartition(",")[2] for line in here.data.decode().splitlines()[1:]]
    assert found == ["k.1", "m.1", "z.1", "z.2", "b.1", *(f"c.{count}" for count in range(1, 12))]


def test_a_history_line_that_one_side_lost_stays_and_one_changed_twice_is_a_conflict() -> None:
    base = EVENT + event(1, "a.1") + event(2, "b.1")
    lost = EVENT + event(1, "a.1")
    assert lists.history(base.encode(), lost.encode(), base.encode(), "h").data == base.encode()
    changed = [(EVENT + event(1, "a.1", text)).encode() for text in ("x", "y", "z")]
    assert [clash.field for clash in lists.history(*changed, "h").clashes] == ["*"]


def test_of_one_event_that_each_side_wrote_for_itself_both_lines_stay() -> None:
    base = EVENT + event(1, "a.1")
    ours, theirs = base + event(2, "esc-x", "one") + event(3, "o.1"), base + event(2, "esc-x", "two") + event(3, "t.1")
    merged = lists.history(base.encode(), ours.encode(), theirs.encode(), "h")
    assert not merged.clashes and merged == lists.history(base.encode(), theirs.encode(), ours.encode(), "h")
    assert sorted(merged.data.decode().splitlines()) == sorted({*ours.splitlines(), *theirs.splitlines()})
    again = lists.history(merged.data, merged.data + event(4, "u.1").encode(), merged.data, "h")
    assert again.data == merged.data + event(4, "u.1").encode()


def test_a_history_with_a_column_more_takes_in_one_without() -> None:
    old, new = EVENT + event(1, "a.1"), EVENT[:-1] + ",prev\n" + event(2, "b.1")[:-1] + ",0f\n"
    data = lists.history(b"", old.encode(), new.encode(), "h").data.decode()
    assert data.splitlines()[0].endswith(",prev") and data.splitlines()[1].endswith(",a.1,")


def test_lanes_and_the_manifest_never_conflict() -> None:
    lane = "lane,clone,taken_by,taken_at\n"
    ours, theirs = lane + f"1,bbb,bo,{DAY.format(2)}\n", lane + f"1,ccc,cy,{DAY.format(3)}\n"
    result = lists.lanes(lane.encode(), ours.encode(), theirs.encode(), "lanes.csv")
    assert result == lists.lanes(lane.encode(), theirs.encode(), ours.encode(), "lanes.csv")
    assert result.data.decode() == lane + f"1,bbb,bo,{DAY.format(2)}\n1,ccc,cy,{DAY.format(3)}\n"
    moved = lane + f"2,bbb,bo,{DAY.format(5)}\n"
    assert lists.lanes(ours.encode(), ours.encode(), moved.encode(), "lanes.csv").data.decode() == moved
    manifest = "month,rows,sha256,first_received,last_received\n"
    versions = [manifest + f"2024-01,{rows},{sha},,\n" for rows, sha in ((1, "a"), (9, "b"), (10, "c"))]
    found = lists.manifest(*(text.encode() for text in versions), "archive/manifest.csv")
    assert (found.data.decode(), found.clashes) == (versions[2], ())


# Profiles

PROFILE = "id: C20231008001\nname: 甲公司\n# call mornings\nphone: 138\nnotes: old\nupdated_at: '{}'\nuid: jiyoex5l3o\n"
BASE_PROFILE = PROFILE.format(DAY.format(1))


def version(text: str) -> profile.Version:
    document = yamlfile.load(text.encode(), "customers/C.yaml")
    return profile.Version(text, document.tree, document.plain())


def profiles_merged(base: str, ours: str, theirs: str) -> tuple[str, list[Clash]]:
    def run(one: str, other: str) -> Merged:
        old = version(base) if base else None
        made = profile.merge(old, version(one), version(other), lambda tree: yamlfile.dump(tree).decode())
        assert yamlfile.load(made.merged.data, "x").plain() == made.plain
        return made.merged

    here, there = run(ours, theirs), run(theirs, ours)
    assert here.data == there.data
    return here.data.decode(), list(here.clashes)


def test_keys_of_a_profile_merge_and_comments_and_order_stay() -> None:
    ours = BASE_PROFILE.replace("phone: 138", "phone: 139 # new").replace(DAY.format(1), DAY.format(4))
    theirs = BASE_PROFILE.replace("name: 甲公司", "name: 乙公司\n# sent 2024\nlevel: vip").replace(
        DAY.format(1), DAY.format(3)
    )
    text, clashes = profiles_merged(BASE_PROFILE, ours, theirs)
    assert not clashes
    assert text == (
        "id: C20231008001\nname: 乙公司\n# sent 2024\nlevel: vip\n# call mornings\nphone: 139 # new\nnotes: old\n"
        f"updated_at: '{DAY.format(4)}'\nuid: jiyoex5l3o\n"
    )


def test_one_key_with_two_values_is_a_conflict_and_notes_keep_both() -> None:
    ours = BASE_PROFILE.replace("phone: 138", "phone: 1").replace("notes: old", "notes: |\n  old\n  a")
    theirs = BASE_PROFILE.replace("phone: 138", "phone: 2").replace("notes: old", "notes: |-\n  old\n  b")
    text, (clash,) = profiles_merged(BASE_PROFILE, ours, theirs)
    assert (clash.id, clash.field, clash.base, clash.ours, clash.theirs) == ("C20231008001", "phone", 138, 1, 2)
    assert yamlfile.load(text.encode(), "x").plain()["notes"] == "old\na\nb"


def test_nested_keys_merge_each_for_itself() -> None:
    base = BASE_PROFILE + "site:\n  # the gate\n  gate: 1\n  dock: 2\n"
    text, clashes = profiles_merged(
        base, base.replace("gate: 1", "gate: 9"), base.replace("dock: 2", "dock: 8\n  lift: 3")
    )
    assert not clashes
    assert text.endswith("site:\n  # the gate\n  gate: 9\n  dock: 8\n  lift: 3\n")
    text, (clash,) = profiles_merged(base, base.replace("gate: 1", "gate: 9"), base.replace("gate: 1", "gate: 7"))
    assert clash.field == "site.gate"


def test_a_key_removed_and_edited_is_a_conflict_that_keeps_the_edit() -> None:
    ours, theirs = (
        BASE_PROFILE.replace("# call mornings\nphone: 138\n", ""),
        BASE_PROFILE.replace("phone: 138", "phone: 2"),
    )
    text, (clash,) = profiles_merged(BASE_PROFILE, ours, theirs)
    assert (clash.ours, clash.theirs, clash.chosen) == (None, 2, 2)
    assert "# call mornings\nphone: 2\n" in text


def test_tags_as_a_list_merge_as_a_set() -> None:
    base = BASE_PROFILE + "tags: [a, b]\n"
    text, clashes = profiles_merged(base, base.replace("[a, b]", "[b, c]"), base.replace("[a, b]", "[a, b, d]"))
    assert (yamlfile.load(text.encode(), "x").plain()["tags"], clashes) == (["b", "c", "d"], [])


def test_two_customers_of_one_id_are_a_conflict_with_both_whole() -> None:
    other_one = BASE_PROFILE.replace("jiyoex5l3o", "aaaaaaaaaa").replace("甲", "丙")
    text, (clash,) = profiles_merged("", BASE_PROFILE, other_one)
    assert (text, clash.field, clash.ours, clash.theirs) == (other_one, "*", BASE_PROFILE, other_one)


# What holds for any three versions

NAMES = ("id", "status", "type", "urgency", "urgency_by", "owner", "product", "resolved_at", "closed_at", "notes",
         "reopen_count", "hold_minutes", "progress", "progress_at", "due_at", "due_by", "extra", "tags",
         "uid")  # fmt: skip
TIMES = st.sampled_from(["", *(DAY.format(day) for day in range(1, 6))])
CELLS: dict[str, st.SearchStrategy[str]] = {
    "urgency": st.sampled_from(["low", "high", "critical"]),
    "urgency_by": st.sampled_from(["computed", "manual"]),
    "owner": st.sampled_from(["", "ann", "bo", 'c,"y"']),
    "product": st.sampled_from(["", "p", "q"]),
    "notes": st.sampled_from(["", "n", "n\nm"]),
    "due_at": TIMES,
    "extra": st.sampled_from(["", "1", "2"]),
    "tags": st.sampled_from(["", "a", "a;b", "b;c"]),
    "progress": st.sampled_from(["", "1", "2"]),
    "progress_at": TIMES,
    "due_by": st.sampled_from(["computed", "manual"]),
}
Row = dict[str, str]
STATES: list[Row] = [
    {"status": "new"},
    {"status": "in_progress"},
    {"status": "resolved", "resolved_at": DAY.format(3)},
    {"status": "closed", "resolved_at": DAY.format(3), "closed_at": DAY.format(4)},
    {"status": "closed", "resolved_at": DAY.format(4), "closed_at": DAY.format(5)},
]


def row(number: int) -> st.SearchStrategy[Row]:
    fixed = {
        "id": f"F20240301{number:03d}",
        "type": "inquiry",
        "uid": f"u{number:09d}",
        "resolved_at": "",
        "closed_at": "",
    }
    counts = st.fixed_dictionaries(
        {"reopen_count": st.sampled_from(["", "1"]), "hold_minutes": st.sampled_from(["", "5"])}
    )
    return st.builds(
        lambda state, cells, more: {**fixed, **state, **cells, **more},
        st.sampled_from(STATES),
        st.fixed_dictionaries(CELLS),
        counts,
    )


def tables() -> st.SearchStrategy[dict[str, Row]]:
    return st.builds(
        lambda rows: {one["uid"]: one for one in rows},
        st.integers(0, 4).flatmap(lambda size: st.tuples(*(row(number) for number in range(1, size + 1)))),
    )


@st.composite
def branches(draw: st.DrawFn, count: int) -> tuple[dict[str, Row], list[dict[str, Row]]]:
    """A table, and versions of it: cells edited, statuses moved, rows removed and added."""
    base = draw(tables())
    sides = []
    for branch in range(count):
        side = {}
        for uid, old in base.items():
            fate = draw(st.sampled_from(["same", "same", "edit", "edit", "move", "gone"]))
            new = dict(old)
            if fate == "edit":
                for name in draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=4, unique=True)):
                    new[name] = draw(CELLS[name])
                if draw(st.booleans()):
                    new["notes"] = old["notes"] + f"\nline {branch}-{draw(st.integers(0, 9))}"
                if draw(st.booleans()):
                    new["hold_minutes"] = str(int(old["hold_minutes"] or 0) + 2**branch)
            if fate == "move":
                new |= {"resolved_at": "", "closed_at": "", **draw(st.sampled_from(STATES))}
            if fate != "gone":
                side[uid] = new
        for number in draw(st.lists(st.integers(0, 2), max_size=2, unique=True)):
            fresh = draw(row(50 + number))
            uid = draw(st.sampled_from([f"n{branch}{number:08d}", f"shared{number:04d}"]))
            side[uid] = {**fresh, "uid": uid}
        sides.append(side)
    return base, sides


def text_of(rows: Mapping[str, Row]) -> bytes:
    return written(*rows.values(), header=NAMES)


def rows_of(data: bytes) -> dict[str, Row]:
    found = read(data)
    assert len({one["uid"] for one in found}) == len(found)
    return {one["uid"]: one for one in found}


@settings(max_examples=300, deadline=None)
@given(branches(2))
def test_no_row_is_lost_or_doubled_and_no_edit_without_a_conflict(drawn: Any) -> None:
    base, (ours, theirs) = drawn
    result = merged(text_of(base), text_of(ours), text_of(theirs))
    found = rows_of(result.data)
    reported = {(clash.uid, name) for clash in result.clashes for name in (clash.field, *clash.dependents)}
    decided_by_rule = set(rules.BY_COLUMN) - {"status", "tags"} - set(rules.STATUS_DEPENDENTS)
    for uid in {*base, *ours, *theirs}:
        sides = [side.get(uid) for side in (ours, theirs)]
        if None in sides and uid in base and base[uid] in [*sides, None]:
            assert uid not in found
            continue
        if sides == [None, None]:
            assert uid not in found
            continue
        assert uid in found
        for side in sides:
            for name in NAMES:
                before = base.get(uid, {}).get(name, "")
                if side is None or side[name] in (before, found[uid][name]) or (uid, name) in reported:
                    continue
                if name == "notes":
                    added = set(side[name].split("\n")) - set(before.split("\n")) - {""}
                    assert added <= set(found[uid][name].split("\n"))
                elif name == "tags":
                    assert {*rules.members(side[name])} - {*rules.members(before)} <= {*rules.members(found[uid][name])}
                else:
                    assert name in decided_by_rule or name in ("resolved_at", "closed_at"), (name, found[uid], sides)


@settings(max_examples=300, deadline=None)
@given(branches(2))
def test_a_merged_row_is_possible(drawn: Any) -> None:
    base, (ours, theirs) = drawn
    for one in rows_of(merged(text_of(base), text_of(ours), text_of(theirs)).data).values():
        assert bool(one["closed_at"]) == (one["status"] == "closed")
        assert bool(one["resolved_at"]) == (one["status"] in ("resolved", "closed"))
        assert not one["closed_at"] or one["resolved_at"] <= one["closed_at"]


@settings(max_examples=400, deadline=None)
@given(branches(3))
def test_three_branches_in_any_order_give_the_same_bytes(drawn: Any) -> None:
    base, sides = drawn
    first = text_of(base)
    found = set()
    for order in itertools.permutations([text_of(side) for side in sides]):
        halfway = table.merge(first, order[0], order[1], "x")
        whole = table.merge(first, halfway.data, order[2], "x")
        assume(not halfway.clashes and not whole.clashes)
        found.add(whole.data)
    assert len(found) == 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5), min_size=3, max_size=3),
    st.permutations("vwxyz"),
)
def test_headers_of_three_branches_in_any_order_are_the_same(added: list[list[str]], base: list[str]) -> None:
    headers = [("id", *base, *names, "uid") for names in added]
    start = ("id", *base, "uid")
    found = {
        columns.merge(start, columns.merge(start, one, two), three)
        for one, two, three in itertools.permutations(headers)
    }
    assert len(found) == 1


@settings(max_examples=200, deadline=None)
@given(branches(2))
def test_the_merged_text_is_valid_csv_in_canonical_order(drawn: Any) -> None:
    base, (ours, theirs) = drawn
    data = merged(text_of(base), text_of(ours), text_of(theirs)).data
    found = list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))
    assert [(one["id"], one["uid"]) for one in found] == sorted((one["id"], one["uid"]) for one in found)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc")), max_size=6), min_size=3, max_size=3))
def test_histories_of_three_branches_in_any_order_are_the_same(drawn: list[list[tuple[int, str]]]) -> None:
    base = EVENT.encode()
    sides = []
    for branch, events in enumerate(drawn):
        lines = [
            event(day, f"{name}{branch}{place}.1")
            for place, (day, name) in enumerate(sorted(events, key=lambda one: one[0]))
        ]
        sides.append((EVENT + "".join(lines)).encode())
    found = {
        lists.history(base, lists.history(base, one, two, "h").data, three, "h").data
        for one, two, three in itertools.permutations(sides)
    }
    assert len(found) == 1
    assert found.pop().count(b"\n") == sum(map(len, drawn)) + 1


@pytest.mark.parametrize("days", [0, 1])
def test_times_compare_across_offsets(days: int) -> None:
    here = datetime.fromisoformat(DAY.format(2)) + timedelta(days=days)
    there = here.astimezone(tz=None)
    assert rules.moment(here.isoformat()) == rules.moment(there.isoformat())
