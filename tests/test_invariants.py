"""The quick check of an import never lets through what the invariants refuse."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import fields, ids, invariants

NOW = datetime(2024, 3, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TIMES = (
    "occurred_at",
    "received_at",
    "recorded_at",
    "assigned_at",
    "resolved_at",
    "confirmed_at",
    "closed_at",
    "hold_since",
)
SCHEMA = {
    **fields.BY_NAME,
    "warranty": fields.Field("warranty", "text", "Warranty", "保修", required_when=(("type", "complaint"),)),
}

times = st.sampled_from(
    ["2024-03-01T08:00:00+08:00", "2024-03-10T08:00:00+08:00", "2024-03-10T01:00:00+00:00", "2024-04-01T08:00:00+08:00"]
)
values = {
    "status": st.sampled_from(["new", "in_progress", "on_hold", "resolved", "closed"]),
    "type": st.sampled_from(["complaint", "inquiry"]),
    "category": st.just("quality"),
    "channel": st.just("phone"),
    "subject": st.just("s"),
    "customer_name": st.just("c"),
    "customer_id": st.just("C20240101001"),
    "resolution": st.just("done"),
    "close_reason": st.sampled_from(["confirmed", "duplicate"]),
    "warranty": st.just("in"),
    **dict.fromkeys(TIMES, times),
}


@given(record=st.fixed_dictionaries({}, optional=values), own=st.booleans())
@settings(max_examples=2000, deadline=None)
def test_what_passes_the_quick_check_breaks_no_invariant(record: dict[str, str], own: bool) -> None:
    schema = SCHEMA if own else fields.BY_NAME
    if invariants.quick_check(schema, NOW)(record):
        assert list(invariants.problems(record, schema, NOW)) == []


def test_an_ordinary_closed_record_passes_the_quick_check() -> None:
    at = "2024-03-10T08:00:00+08:00"
    record = {
        "status": "closed", "type": "complaint", "category": "quality", "channel": "phone", "subject": "s",
        "customer_name": "c", "received_at": at, "recorded_at": at, "resolved_at": at, "closed_at": at,
        "resolution": "r",
    }  # fmt: skip
    assert invariants.quick_check(fields.BY_NAME, NOW)(record)
    assert not invariants.quick_check(fields.BY_NAME, NOW)({**record, "closed_at": "2024-03-09T08:00:00+08:00"})


@given(lane=st.sampled_from(ids.LANES), number=st.integers(1, 999_999_999), day=st.dates())
def test_an_id_is_read_back_in_its_parts_and_sorts_by_them(lane: str, number: int, day: datetime) -> None:
    date = f"{day:%Y%m%d}".zfill(8)
    text = ids.mint(ids.RECORD, date, lane, number - 1)
    assert ids.parse(text.lower()) == ids.Id("F", date, lane, number)
    assert ids.sort_key(text) == f"{date}{lane}{number:09d}"
