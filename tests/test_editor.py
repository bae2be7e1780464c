"""What a person writes in an editor is not lost where the record is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from acceptance_helper import Ledger, Result, on_a_terminal

BETWEEN = "import os, sys, pathlib\npathlib.Path(sys.argv[1]).write_text('as told')\npathlib.Path('opened').touch()\n"


def add(ledger: Ledger, *flags: str, script: str = BETWEEN) -> Result:
    (ledger.path / "editor.py").write_text(script)
    temporary = ledger.path.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    return on_a_terminal("add", *flags, "-e", cwd=ledger.path, answers={}, EDITOR="python3 editor.py", columns=200,
                         TMPDIR=str(temporary))  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "l", "--lang", "en")


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("Nobody", "s", "-t", "inquiry"), 2),
        (("A", "s", "-c", "nonsense", "--one-off"), 2),
        (("A", "s", "-t", "inquiry", "--one-off", "--urgency", "high"), 2),
        (("A", "s", "-t", "inquiry", "--one-off", "--set", "order_value=much"), 2),
    ],
)
def test_what_can_be_refused_is_before_the_editor_opens(ledger: Ledger, flags: tuple[str, ...], code: int) -> None:
    before = ledger.files()
    assert add(ledger, *flags).code == code
    assert not (ledger.path / "opened").exists()
    (ledger.path / "editor.py").unlink()
    assert ledger.files() == before


def test_a_text_is_kept_where_it_cannot_be_recorded(ledger: Ledger) -> None:
    told = add(ledger, "A", "s", "-t", "inquiry", "--one-off",
               script=BETWEEN + "pathlib.Path('exlog.yaml').unlink()\n"
               "pathlib.Path('exceptions.csv').write_text('nonsense')\n")  # fmt: skip
    assert told.code == 4, told
    found = re.search(r"kept in (\S+);", told.err)
    assert found and Path(found[1]).read_text() == "as told"


def test_a_text_is_kept_where_the_editor_fails(ledger: Ledger) -> None:
    told = add(ledger, "A", "s", "-t", "inquiry", "--one-off", script=BETWEEN + "sys.exit(3)\n")
    found = re.search(r"kept in (\S+);", told.err)
    assert told.code == 2 and found and Path(found[1]).read_text() == "as told"


def test_nothing_is_left_of_a_text_that_was_recorded(ledger: Ledger) -> None:
    assert add(ledger, "A", "s", "-t", "inquiry", "--one-off").code == 0
    (one,) = ledger.ids("list")
    assert ledger.show(one)["description"] == "as told"
    assert not list((ledger.path.parent / "tmp").iterdir())
