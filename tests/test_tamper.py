"""A changed, removed, moved or added line of the history is found, by file and line; united lanes are sound."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from acceptance_helper import Ledger, read_csv
from gate_helper import Repo

from exlog import canonical, chain
from exlog.errors import Damaged
from exlog.store import trail

FILE = "history/2024-03/0.csv"
HEADER = "at,actor,record,action,field,old,new,note,uid,event,prev"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger")
    made.add({"subject": "one"}, now="2024-02-10T10:00:00+08:00")
    made("update", "001", "--note", "first, with a comma", now="2024-02-11T10:00:00+08:00")
    for day, note in ((1, "second"), (2, "third\nof two lines"), (3, "fourth"), (4, "fifth")):
        made("update", "001", "--note", note, now=f"2024-03-0{day}T10:00:00+08:00")
    assert made("check").code == 0
    return made


def lines(ledger: Ledger, name: str = FILE) -> list[str]:
    return ledger.text(name).splitlines()


def write(ledger: Ledger, text: list[str], name: str = FILE) -> None:
    ledger.write(name, "".join(line + "\n" for line in text))


def places(ledger: Ledger) -> list[str]:
    """Where ``check`` sees a link that does not fit."""
    problems = read_csv(ledger("check", "-f", "csv", code=1).out)
    return [one["where"] for one in problems if "does not follow" in one["message"]]


def test_each_event_carries_the_link_to_the_line_before_it(ledger: Ledger) -> None:
    before = lines(ledger, "history/2024-02/0.csv")
    assert before[0] == HEADER
    text = [*before[1:], *lines(ledger)[1:]]
    for last, line in itertools.pairwise([before[0], *text]):
        assert line.rpartition(",")[2] == hashlib.sha256(last.encode()).hexdigest()[:32]


CHANGES: dict[str, tuple[Callable[[list[str]], list[str]], int]] = {
    "a cell": (lambda text: [line.replace("third", "thirst") for line in text], 5),
    "a time": (lambda text: [text[0], text[1].replace("T10:00:00", "T10:00:01", 1), *text[2:]], 3),
    "a link": (lambda text: [*text[:2], text[2][:-1] + ("0" if text[2][-1] != "0" else "1"), *text[3:]], 3),
    "the first line gone": (lambda text: [text[0], *text[2:]], 2),
    "a line gone": (lambda text: [*text[:4], *text[5:]], 5),
    "two lines gone": (lambda text: [*text[:3], *text[5:]], 4),
    "lines swapped": (lambda text: [*text[:3], text[4], text[3], *text[5:]], 4),
    "a line moved up": (lambda text: [text[0], text[-1], *text[1:-1]], 2),
    "a line copied to the end": (lambda text: [*text, text[4].replace(".2,", ".3,")], 10),
    "a line appended without a link": (lambda text: [*text, text[-1].rpartition(",")[0] + "x,"], 10),
    "a line put in": (lambda text: [*text[:5], text[4].replace(".2,", ".3,"), *text[5:]], 6),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_hand_is_found_with_file_and_line(ledger: Ledger, change: str) -> None:
    edit, line = CHANGES[change]
    text = lines(ledger)
    write(ledger, edit(text))
    assert ledger.text(FILE).splitlines() != text
    assert places(ledger) == [f"{FILE}:{line}"]


@pytest.mark.parametrize("name", ["history/2024-02/0.csv", FILE])
def test_a_month_cut_short_or_gone_is_found_once_there_is_a_later_one(ledger: Ledger, name: str) -> None:
    ledger("update", "001", "--note", "next", now="2024-04-01T10:00:00+08:00")
    later = "history/2024-03/0.csv:2" if "-02/" in name else "history/2024-04/0.csv:2"
    text = lines(ledger, name)
    write(ledger, text[:-1], name)
    assert places(ledger) == [later]
    (ledger.path / name).unlink()
    assert places(ledger) == [later]


def test_what_excel_makes_of_a_history_file_breaks_no_link(ledger: Ledger) -> None:
    text = ledger.text(FILE).replace("third\\nof", "third\\nof").replace("\n", "\r\n")
    (ledger.path / FILE).write_bytes(b"\xef\xbb\xbf" + text.encode())
    ledger("check")
    ledger("update", "001", "--note", "after Excel", now="2024-03-20T10:00:00+08:00")
    assert ledger.text(FILE).startswith(HEADER + "\n")
    ledger("check", now="2024-03-20T11:00:00+08:00")


def test_a_break_that_is_adopted_is_an_event_and_no_finding_any_more(ledger: Ledger) -> None:
    text = lines(ledger)
    write(ledger, [*text[:3], text[3].replace("third", "thirst"), *text[4:]])
    assert f"{FILE}:5" in ledger("check", "--adopt").err
    event = ledger.events()[-1]
    assert (event["action"], event["field"], event["note"], event["actor"]) == ("adopt", "prev", f"{FILE}:5", "ann")
    ledger("check")
    text = lines(ledger)
    write(ledger, [*text[:5], text[5].replace("fourth", "forth"), *text[6:]])
    assert places(ledger) == [f"{FILE}:7"]


def test_an_event_put_in_as_a_branch_of_its_own_is_found_by_its_identity_or_its_row(ledger: Ledger) -> None:
    text = lines(ledger)
    write(ledger, [*text[:3], text[3].replace("third", "never"), *text[3:]])
    assert f"{FILE}:5" in ledger("check", code=1).out
    write(ledger, [*text, text[-2].replace("fifth", "sixth").replace(".1,", "x.1,")])
    assert "progress" in ledger("check", code=1).out


def test_a_file_begun_without_links_is_continued_so_and_the_next_month_links_to_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.add({}, {}, now="2024-02-10T10:00:00+08:00")
    name = "history/2024-02/0.csv"
    write(ledger, [line.rpartition(",")[0] for line in lines(ledger, name)], name)
    (ledger.path / "history/2023-10/0.csv").exists()
    ledger("update", "001", "--note", "x", now="2024-02-11T10:00:00+08:00")
    assert HEADER.startswith(lines(ledger, name)[0])
    assert {len(canonical.split_row(line)) for line in lines(ledger, name)} == {10}
    ledger("update", "001", "--note", "y", now="2024-03-01T10:00:00+08:00")
    ledger("check")
    assert lines(ledger)[0] == HEADER
    write(ledger, lines(ledger, name)[:-1], name)
    assert f"{FILE}:2" in places(ledger)


def stripped(ledger: Ledger, name: str) -> None:
    write(ledger, [line.rpartition(",")[0] for line in lines(ledger, name)], name)


def test_a_file_that_lost_its_links_is_found_after_one_with_links_and_by_git_where_it_is_the_first(
    ledger: Ledger,
) -> None:
    stripped(ledger, FILE)
    told = ledger("check", code=1).out
    assert FILE in told and "the column prev is missing" in told
    ledger("check", "--adopt")
    assert ledger.events()[-1]["new"] == FILE
    ledger("check")


def test_a_first_file_that_lost_its_links_is_found_by_what_git_knows_of_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "ledger")
    ledger = repo.ledger
    ledger.add({"subject": "one"})
    ledger("update", "001", "--note", "n1")
    repo.mark()
    ledger("update", "001", "--note", "n2")
    stripped(ledger, FILE)
    write(ledger, [line.replace(",n1,", ",FORGED,") for line in lines(ledger)])
    assert "the column prev is missing" in ledger("check", code=1).out
    repo.mark()
    assert "the column prev is missing" in ledger("check", code=1).out


def test_an_import_goes_on_from_what_is_there_and_is_gone_on_from(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('key,opened,what\nA-1,2024-01-05,lamp\nA-2,2024-01-06,"a, b"\n')
    (tmp_path / "m.yaml").write_text(
        "source: desk\nid: key\nset:\n  type: inquiry\n  channel: online\n  customer_name: Somebody\n"
        "  subject: {column: what}\n  received_at: {column: opened}\n"
    )
    ledger("import", str(tmp_path / "t.csv"), "--map", str(tmp_path / "m.yaml"))
    ledger("update", "F20240105001", "--note", "x", now="2024-03-16T10:00:00+08:00")
    ledger("check", now="2024-03-16T11:00:00+08:00")
    text = lines(ledger)
    place = next(number for number, line in enumerate(text) if "lamp" in line)
    write(ledger, [line.replace("lamp", "damp") for line in text])
    assert places(ledger) == [f"{FILE}:{place + 2}"]


def story(start: list[str], command: str, day: int, count: int = 3) -> list[str]:
    cells = [
        [f"2024-03-{day:02d}T10:00:0{one}+08:00", "ann", "F20240301001", "note", "progress", "", f"{command}{one}", "",
         "u", f"{command}.{one}"] for one in range(1, count + 1)
    ]  # fmt: skip
    return [*start, *chain.chained(cells, chain.link(start[-1]))]


def breaks(text: list[str]) -> list[int]:
    follower = chain.Follower(text[0].encode(), lambda link: False)
    follower.read([line.encode() for line in text[1:]])
    return [one.place for one in follower.breaks]


def test_two_lanes_united_in_order_of_time_are_sound_whatever_the_order_of_uniting() -> None:
    base = story([HEADER], "base", 1)
    sides = [story(story(base, f"{name}a", day), f"{name}b", day + 3) for name, day in (("x", 2), ("y", 2), ("z", 3))]
    columns = HEADER.split(",")
    merged = {
        tuple(chain.united(columns, [line for side in order for line in side[1:]]))
        for order in itertools.permutations(sides)
    }
    assert len(merged) == 1
    text = [HEADER, *merged.pop()]
    assert len(text) == 1 + 3 + 3 * 6
    times = [line[:25] for line in text[1:]]
    assert times == sorted(times)
    assert breaks(text) == []
    assert breaks(story(text, "after", 9)) == []
    for place in range(1, len(text)):
        tip = chain.link(text[place]) not in {line.rpartition(",")[2] for line in text}
        assert bool(breaks([*text[:place], *text[place + 1 :]])) is not tip


def test_a_clock_that_went_back_does_not_put_a_line_above_the_one_it_goes_on_from() -> None:
    base = story([HEADER], "base", 9)
    one, other = story(base, "early", 2), story(base, "late", 12)
    text = [HEADER, *chain.united(HEADER.split(","), [*one[1:], *other[1:]])]
    assert breaks(text) == []


def test_a_large_history_is_followed_by_a_process_of_its_own_with_the_same_findings(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, [line.replace("third", "thirst") for line in lines(ledger)])
    alone = list(trail.gaps(ledger.path))
    assert [gap.where for gap in alone] == [f"{FILE}:5", f"{FILE}:7"]
    monkeypatch.setattr(trail, "LARGE", 0)
    assert trail.gaps_aside(ledger.path)() == alone
    ledger.write(FILE, "no history")
    with pytest.raises(Damaged):
        trail.gaps_aside(ledger.path)()
