"""Which record a typed id means: an id as it stands, in lower case, or any unique tail of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exlog import ids
from exlog.errors import NotFound, Refused
from exlog.i18n import _
from exlog.ledger import manifest
from exlog.ledger.book import Book
from exlog.store import files, layout, rows


def locate(book: Book, text: str, live: Sequence[str]) -> tuple[str, str]:
    """The id and the file that ``text`` (an id or a unique tail) means.

    Raises Refused that lists the candidates of an ambiguous tail, NotFound for an unknown one.
    """
    wanted = text.strip().upper()
    parsed = ids.parse(wanted)
    if wanted in live:
        return wanted, layout.LIVE
    if parsed is not None:
        file = layout.archive_file(parsed.month)
        if not (book.root / file).exists() and parsed.month in manifest.read(book.root):
            raise manifest.missing(parsed.month)
        if wanted in rows.read(book.root / file, file, book.columns).ids:
            return wanted, file
        raise _unknown(text)
    if not wanted or not wanted.isalnum():
        raise _unknown(text)
    found = [(one, layout.LIVE) for one in live if one.endswith(wanted)]
    if not found:
        found = list(_archived_tails(book, wanted))
    if not found:
        raise _unknown(text)
    if len(found) > 1:
        listed = ", ".join(one for one, _file in found[:8]) + (", …" if len(found) > 8 else "")
        raise Refused(
            _("{text} may be any of: {ids}").format(text=text, ids=listed),
            remedy=_("type more of the id"),
        )
    return found[0]


def _archived_tails(book: Book, tail: str) -> Iterator[tuple[str, str]]:
    for file in manifest.archives(book.root, manifest.read(book.root)):
        stream = rows.Stream(book.root / file, file)
        place = stream.columns.index("id")
        for cells in stream.rows(((tail,),)):
            if cells[place].endswith(tail):
                yield cells[place], file
        stream.close()


def _unknown(text: str) -> NotFound:
    return NotFound(
        _("no record {id}").format(id=files.shown(text)),
        remedy=_("see exlog list --all, or exlog list --search TEXT"),
    )
