"""stats --chart: bars in a terminal, aligned whatever the script, and plain figures where there is no terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from acceptance_helper import Ledger
from wcwidth import wcswidth

NOW = "2024-06-28T18:00:00+08:00"
EIGHTHS = " ▏▎▍▌▋▊▉█"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path)
    made.add(*(
        {"subject": f"{month} {one}", "type": "complaint", "category": "other", "received_at": f"{month}-05 10:00",
         "product": product, "cause": cause}
        for month, count, product, cause in (
            ("2024-01", 8, "空气净化器", "阀门"), ("2024-03", 4, "kettle", "paint"), ("2024-03", 1, "K", "dust"),
        )
        for one in range(count)
    ), now=NOW)  # fmt: skip
    return made


def chart(ledger: Ledger, *arguments: str, columns: int = 80) -> list[str]:
    done = ledger("stats", "--chart", *arguments, "-f", "table", now=NOW, COLUMNS=str(columns))
    assert "\x1b" not in done.out, "no colour where there is no terminal"
    return done.out.splitlines()


def length(line: str) -> float:
    """The bar of a line in columns."""
    return sum(EIGHTHS.index(char) / 8 for char in line if char in EIGHTHS[1:])


def test_bars_are_as_long_as_the_figures_and_stand_aligned(ledger: Ledger) -> None:
    title, *lines = chart(ledger, "--by", "product", columns=60)
    assert title == "Received – Product"
    bars = [line for line in lines if "┄" not in line]
    assert [line.split()[0] for line in bars] == ["空气净化器", "kettle", "K"]
    first, second, third = map(length, bars)
    assert second == pytest.approx(first / 2, abs=0.25) and third == pytest.approx(first / 8, abs=0.25)
    assert {wcswidth(line.rstrip()) for line in bars} == {60}, "a Chinese character is two columns wide"


def test_a_pareto_chart_adds_up_and_is_cut_at_eighty_percent(ledger: Ledger) -> None:
    _title, *lines = chart(ledger, "--by", "cause")
    told = [re.split(r"[█▏▎▍▌▋▊▉ ]+", line) for line in lines]
    assert [parts[-1] for parts in told if "%" in parts[-1]] == ["61.5%", "92.3%", "100.0%"], "8, 12 and 13 of 13"
    assert ["80%" in line for line in lines] == [False, False, True, False]


def test_what_has_no_cause_is_no_cause(ledger: Ledger) -> None:
    """It is no bar, and neither the sums nor the shares have it; of all charts the order and the sums are the same."""
    ledger.add(*({"type": "complaint", "category": "other", "subject": f"s{one}"} for one in range(20)), now=NOW)
    asked = ("--by", "cause", "--measure", "received,share,cumulative_share")
    lines = chart(ledger, *asked)
    told = [line.split() for line in lines if "┄" not in line]
    assert [words[0] for words in told if words[-1] != "Cause"] == ["阀门", "paint", "dust"] * 3
    assert [line for line in lines if "without" in line] == ["20 without Cause"] * 3
    assert [words[-1] for words in told[1:4]] == ["61.5%", "92.3%", "100.0%"]
    assert [words[-4:] for words in told[6:9]] == [[share, "%", "n", "13"] for share in ("61.5", "30.8", "7.7")]
    assert [words[-4:] for words in told[11:14]] == [[share, "%", "n", "13"] for share in ("61.5", "92.3", "100.0")]
    assert not any("without" in line for line in chart(ledger, "--by", "type"))


def test_what_is_left_out_is_said_in_chinese(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "--lang", "zh")
    ledger.add({"type": "complaint", "category": "other", "cause": "阀门"}, {"type": "complaint", "category": "other"},
               now=NOW)  # fmt: skip
    assert chart(ledger, "--by", "cause")[-1] == "另有 1 条“原因”为空"


def test_a_trend_is_in_order_of_time_and_has_no_sum(ledger: Ledger) -> None:
    title, *lines = chart(ledger)
    assert title == "Received – Month"
    assert [line.split()[0] for line in lines] == ["2024-01", "2024-02", "2024-03"], "a month without any is there, too"
    assert [line.split()[-1] for line in lines] == ["8", "0", "5"] and length(lines[1]) == 0
    assert not any("%" in line for line in lines)


def test_of_a_measure_that_is_no_count_n_is_told_and_a_dash_where_there_is_none(ledger: Ledger) -> None:
    ledger("close", ledger.ids("list", "--where", "product=K", now=NOW)[0], "--resolution", "r", "--set", "owner=li",
           "--satisfaction", "4", now=NOW)  # fmt: skip
    _title, *lines = chart(ledger, "--by", "product", "--measure", "satisfaction_mean")
    assert [line.split()[-1] for line in lines] == ["1", "0", "0"]
    assert [line.split()[1] for line in lines[1:]] == ["–"] * 2


def test_without_a_terminal_the_figures_are_plain(ledger: Ledger) -> None:
    plain = ledger("stats", "--chart", "--by", "product", "--measure", "received", now=NOW).out
    assert plain == ledger("stats", "--by", "product", "--measure", "received", now=NOW).out
    assert "█" not in plain


def test_a_label_cannot_steer_the_terminal(ledger: Ledger) -> None:
    ledger.add({"type": "inquiry", "product": "\x1b[31m[red]x[/red]"}, now=NOW)
    lines = "\n".join(chart(ledger, "--by", "product"))
    assert "[red]x[/red]" in lines


def test_what_a_chart_does_not_draw_is_refused(ledger: Ledger) -> None:
    assert "--by cause" in ledger("stats", "--chart", "--pivot", "month:type", code=2).err
