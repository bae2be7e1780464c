"""The docs say what the program does: generated parts are fresh, shown sessions are real, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from exlog.commands import app
from exlog.errors import EXIT_CODES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """scripts/build_docs.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "scripts" / "build_docs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_fresh_and_its_sessions_run_from_top_to_bottom(page: Path, build: ModuleType) -> None:
    text = page.read_text(encoding="utf-8")
    assert build.fresh(text) == text, "run scripts/build_docs.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_sessions_of_a_page_are_one_shell(page: Path) -> None:
    """So a reader can type the page in order: one beginning, no block that nobody ran, no ledger made twice."""
    text = page.read_text(encoding="utf-8")
    begins = re.findall(r"<!-- session: (.*) -->\n+```console\n", text)
    assert len(begins) == text.count("```console\n")
    assert begins[:1] != ["goes on"] and set(begins[1:]) <= {"goes on"}
    commands = re.findall(r"^\$ (.*)", text, re.MULTILINE)
    assert len(set(re.findall(r"exlog init (\w+)", "\n".join(commands)))) == sum(
        "exlog init" in one for one in commands
    )
    if "in an empty folder" in begins:
        assert commands[0].startswith("export EXLOG_NOW="), "what is shown hangs on the clock"


def test_a_shell_lives_from_line_to_line_and_from_block_to_block(build: ModuleType) -> None:
    page = """
<!-- session: in an empty folder -->

```console
$ ls -A
$ mkdir one && cd one
$ export WHO=li{stale}
```

<!-- session: goes on -->

```console
$ pwd{where}
$ cat <<'END'
> A text of $WHO
> END{text}
$ echo $WHO{who}
```
"""
    before = page.format(stale="\nwhat it printed once", where="", text="", who="")
    assert build.fresh(before) == page.format(stale="", where="\n/home/li/one", text="\nA text of $WHO", who="\nli")


def test_a_shell_has_nothing_that_the_page_does_not_show(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXLOG_NOW", "EXLOG_USER", "EXLOG_LANG", "EXLOG_LEDGER", "COLUMNS"):
        monkeypatch.setenv(name, "1")
    page = "<!-- session: in an empty folder -->\n\n```console\n$ env | grep -e ^EXLOG_ -e ^COLUMNS= | cat\n```\n"
    assert build.fresh(page) == page


@pytest.mark.parametrize("command", ["exlgo list", "cat missing", "exit"])
def test_a_command_that_fails_is_no_page(build: ModuleType, command: str) -> None:
    with pytest.raises(SystemExit, match=command):
        build.fresh(f"<!-- session: in an empty folder -->\n\n```console\n$ {command}\n```\n")


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_has_help_and_stands_in_the_reference(name: str) -> None:
    assert app.load(name).help
    assert f"## `exlog {name}`" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_help_of_the_root_names_every_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exlog", "--help"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    for code in EXIT_CODES:
        assert re.search(rf"\b{code}\b", done.stdout), code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_tests_that_the_docs_name_are_there() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in set(re.findall(r"`(tests/[\w*/.]+)`", text)):
        assert list(ROOT.glob(name)), name
