"""Many ids in one cell: ``F20240115001+44`` is that id and the 44 that follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exlog import ids


def write(found: Iterable[str]) -> str:
    """The ids as spans, in order."""
    spans: list[tuple[ids.Id, int]] = []
    for one in sorted(found, key=ids.sort_key):
        parsed = ids.parse(one)
        if parsed is None:
            continue
        if spans:
            first, more = spans[-1]
            if first[:3] == parsed[:3] and parsed.sequence == first.sequence + more + 1:
                spans[-1] = first, more + 1
                continue
        spans.append((parsed, 0))
    return " ".join(f"{first}+{more}" if more else str(first) for first, more in spans)


def read(text: str) -> Iterator[str]:
    """The ids of spans; what is none is passed over."""
    for span in text.split():
        start, _plus, more = span.partition("+")
        parsed = ids.parse(start)
        if parsed is not None and (more or "0").isdecimal():
            for step in range(min(int(more or 0), ids.HIGHEST) + 1):
                yield str(parsed._replace(sequence=parsed.sequence + step))
