"""Sorts more lines than memory should hold: sorted runs on disk, merged when read. Files vanish by themselves."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

_RUN = 20_000


class Spool:
    """Lines that come in any order and go out sorted. A line must not hold a line feed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run: list[str] = []
        self._files: list[IO[str]] = []

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_error: object) -> None:
        for file in self._files:
            file.close()

    def add(self, line: str) -> None:
        """Take one line in."""
        self._run.append(line)
        if len(self._run) >= _RUN:
            self._write_run()

    def sorted_with(self, others: Iterable[str]) -> Iterator[str]:
        """Every line, merged with ``others``, which are sorted already."""
        self._run.sort()
        for file in self._files:
            file.seek(0)
        return heapq.merge(*map(_lines, self._files), self._run, others)

    def _write_run(self) -> None:
        self._run.sort()
        file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=self._folder)  # noqa: SIM115
        self._files.append(file)
        file.writelines(line + "\n" for line in self._run)
        self._run.clear()


def _lines(file: IO[str]) -> Iterator[str]:
    return (line[:-1] for line in file)
