"""Files that a spreadsheet saved in another encoding: read if Chinese, refused if that is nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance_helper import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.mark.parametrize(
    ("encoding", "name", "taken"),
    [("gb18030", "王喆饮品公司", True), ("gb18030", "客戶投訴產品", True), ("cp1252", "Müller Größe ändern", False),
     ("shift_jis", "お客様からの苦情", False)],
)  # fmt: skip
def test_text_that_gb18030_would_make_nonsense_of_is_refused_not_taken(
    ledger: Ledger, encoding: str, name: str, taken: bool
) -> None:
    """Windows' western CSV is legal GB18030 as well: Müller would become M黮ler, and be written back so."""
    ledger("add", "X", "s", "-c", "other", "--one-off")
    live = ledger.path / "exceptions.csv"
    saved = live.read_text("utf-8").replace(",X,", f",{name},").encode(encoding)
    live.write_bytes(saved)
    done = ledger("list", "-f", "json", code=0 if taken else 4)
    assert (name in done.out) is taken
    if not taken:
        assert "exceptions.csv:2" in done.err and done.err.count("\n") == 1
        ledger("add", "Y", "s", "-c", "other", "--one-off", code=4)
        assert live.read_bytes() == saved
    source = ledger.path / "in.csv"
    source.write_bytes(f"who,what\r\n{name},s\r\n".encode(encoding))
    (ledger.path / "map.yaml").write_text(
        "source: t\nset: {customer_name: {column: who}, subject: {column: what}, category: other}\n", "utf-8"
    )
    done = ledger("import", str(source), "--map", str(ledger.path / "map.yaml"), "--dry-run", code=None)
    assert ("as GB18030 it makes no sense" in done.err) is not taken, done
