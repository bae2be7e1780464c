"""The docs say what the program does: generated parts are fresh, shown sessions are real, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exlog.commands import app
from exlog.errors import EXIT_CODES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_generated_parts_and_shown_sessions_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_docs.py"), "--check"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, f"run scripts/build_docs.py:\n{done.stdout}{done.stderr}"


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
