"""How often many records are repeated: by the live ledger and by the archives that may hold a repeat."""

from __future__ import annotations

from collections.abc import Iterable

from exlog import filters, times, urgency
from exlog.ledger import reading, steering
from exlog.ledger.book import Book
from exlog.workflow import Record

_ASKED = ("id", "customer_id", "customer_name", "category", "received_at", "close_reason")


def counts(book: Book, records: Iterable[Record]) -> dict[str, int]:
    """The repeats of each of the records by id, as ``steering.repeats`` counts them of one."""
    received = [found for record in records if (found := times.moment(record["received_at"])) is not None]
    if not received:
        return {}
    everything = filters.understand(filters.Filters(), book.policy, book.now)
    contacts = []
    with reading.snapshot(book, everything._replace(since=min(received) - urgency.WINDOW)) as view:
        for part in view.parts():
            lay = reading.layer(part.columns, _ASKED)
            contacts += [steering.contact(dict(zip(_ASKED, lay(cells), strict=True))) for cells in part.cells]
    return urgency.all_repeats(contacts)
