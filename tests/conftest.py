"""``--long`` and the ledger that the tests of the store's guarantees start from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import ledgers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="take the slow, thorough tests as well")
    parser.addoption("--merges", type=int, default=96, help="random runs of three clones that merge; CI takes 300")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs --long"))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger to copy, never to change."""
    return ledgers.build(tmp_path_factory.mktemp("prepared") / "ledger")


@pytest.fixture
def ledger(prepared: Path, tmp_path: Path) -> Path:
    """A ledger of the test's own."""
    return ledgers.copied(prepared, tmp_path / "ledger")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of copies of a ledger, each with its flushes, take seconds."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)
