"""docs/design.md says who may import whom; this holds the code to it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "exlog"

BASE = {"errors", "i18n", "clock"}
PURE = {
    "fields", "vocabulary", "ids", "times", "typed_times", "instants", "canonical", "policy", "profiles", "workflow",
    "invariants", "filters", "values", "worded", "conditions", "urgency", "routing", "worktime", "sla", "escalation",
    "rulebook", "review", "report", "monthly", "measures", "mapping", "roles", "approval", "chain", "undone", "merge",
}  # fmt: skip
RANK = {
    **dict.fromkeys(BASE, 0), **dict.fromkeys(PURE, 1), "store": 2, "sending": 2, "ledger": 3, "render": 4,
    "commands": 5,
}  # fmt: skip
NO_IO = {"os", "io", "pathlib", "shutil", "subprocess", "socket", "tempfile", "time", "random", "typer", "rich"}
NO_CLOCK = {"now", "today", "utcnow"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "sample_ledger" not in path.parts)


def unit(path: Path) -> str:
    """The row of the table that a module belongs to: its top-level name."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """Imported names, and whether the import only serves the type checker."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in for_types) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(f"{node.module}.{alias.name}", id(node) in for_types) for alias in node.names]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_imports_only_from_its_own_row_or_below(path: Path) -> None:
    here = unit(path)
    if here in ("__init__", "__main__"):
        return
    for name, _for_types in imports(path):
        parts = name.split(".")
        if parts[0] != "exlog" or len(parts) < 2 or parts[1] == "__version__":
            continue
        assert parts[1] in RANK, f"{parts[1]} is not in the table of docs/design.md"
        assert RANK[parts[1]] <= RANK[here], f"{here} imports {name}"


@pytest.mark.parametrize(
    "path", [path for path in modules() if unit(path) in PURE], ids=lambda path: str(path.relative_to(SOURCE))
)
def test_a_pure_module_does_no_io_and_reads_no_clock(path: Path) -> None:
    for name, for_types in imports(path):
        assert for_types or name.split(".")[0] not in NO_IO, f"{path.name} imports {name}"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NO_CLOCK:
            assert not isinstance(node.func.value, ast.Name) or node.func.value.id not in ("datetime", "date"), (
                f"{path.name}:{node.lineno} reads the clock"
            )


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if unit(path) not in ("store", "commands")],
    ids=lambda path: str(path.relative_to(SOURCE)),
)
def test_only_the_store_opens_files_of_the_ledger_for_writing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {"ledger/intake.py"}  # FILE.rejected.csv stands beside the imported file, not in the ledger
    if str(path.relative_to(SOURCE)) in allowed:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("write_text", "write_bytes", "fsync", "unlink", "rename"), (
                f"{path.name}:{node.lineno} writes a file"
            )


def test_every_module_is_in_the_table_of_the_design() -> None:
    table = (SOURCE.parents[1] / "docs" / "design.md").read_text(encoding="utf-8")
    for path in modules():
        name = unit(path)
        if name not in ("__init__",):
            assert f"`{name}" in table, f"docs/design.md does not name {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_stay_short_and_functions_fit_a_screen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 420
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{path.name}:{node.lineno} {node.name} has {length} lines"
