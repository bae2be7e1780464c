"""Due times of many records, recomputed by the rules: prints the seconds of CPU that it takes. Reading is not counted.

python benchmarks/targets.py LEDGER due    # by when each record must be resolved
python benchmarks/targets.py LEDGER all    # each of its steps, four by default: due time and verdict
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from exlog import filters
from exlog.ledger import reading
from exlog.ledger.book import open_book
from exlog.ledger.steering import Steering


def main(folder: str, what: str) -> None:
    book = open_book(Path(folder))
    with reading.snapshot(book, filters.understand(filters.Filters(), book.policy, book.now)) as view:
        names = view.columns(book.columns)
        parts = [(part.cells, reading.layer(part.columns, names)) for part in view.parts()]
        records = [dict(zip(names, lay(cells), strict=True)) for rows, lay in parts for cells in rows]
    start = time.process_time()
    steering = Steering(book)
    for record in records:
        if what == "due":
            steering.due_at(record)
        else:
            steering.verdicts(record, keep=False)
    sys.stdout.write(f"{time.process_time() - start:.4f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
