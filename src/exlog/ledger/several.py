"""Several ledgers at once, and ledgers as they were at a commit of git."""

from __future__ import annotations

import atexit
import glob
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from exlog.errors import NotFound
from exlog.i18n import _
from exlog.ledger.book import Book, find_root
from exlog.policy import Policy
from exlog.store import config, extract


def folders(texts: Sequence[str]) -> list[Path | None]:
    """The folders that ``-C`` names; a pattern that is no folder stands for the ledgers it matches.

    None is the ledger that is found where no folder is named. Raises NotFound for a pattern without a ledger.
    """
    found: list[Path | None] = []
    for text in texts:
        if not glob.has_magic(text) or Path(text).exists():
            found.append(Path(text))
            continue
        places = [Path(one) for one in sorted(glob.glob(str(Path(text).expanduser())))]
        ledgers = [place for place in places if (place / config.FILE).is_file()]
        if not ledgers:
            raise NotFound(_("no ledger here"), where=text, remedy=_("check the pattern given with -C"))
        found += ledgers
    if not found:
        return [None]
    unique = {find_root(folder): folder for folder in reversed(found)}
    return list(reversed(unique.values()))


def named(books: Sequence[Book]) -> list[Book]:
    """The ledgers with names that are apart: that of the folder, or its whole path."""
    counts = Counter(book.name for book in books)
    for book in books:
        if counts[book.name] > 1:
            book.name = str(book.root)
    return list(books)


def common_policy(books: Sequence[Book]) -> Policy:
    """The policy that filters are understood by: that of the first ledger, with the own fields of all."""
    first = books[0].policy
    own = {field.name: field for book in reversed(books) for field in book.policy.own_fields}
    aliases = {
        enum: {word: key for book in reversed(books) for word, key in book.policy.aliases.get(enum, {}).items()}
        for enum in {enum for book in books for enum in book.policy.aliases}
    }
    return first._replace(own_fields=tuple(own.values()), aliases=aliases)


def at(books: Sequence[Book], revision: str) -> list[Book]:
    """The ledgers as they were at a revision of git; now is then. The files go when the process ends.

    Raises Usage where git knows no such commit, NotFound where the ledger was not there yet.
    """
    folder = tempfile.TemporaryDirectory(prefix="exlog-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    found = []
    for number, book in enumerate(books):
        root = Path(folder.name) / str(number)
        moment = extract.write(book.root, revision, root)
        policy = config.load(root)
        then = Book(root, policy, actor=book.actor, now=datetime.fromtimestamp(moment, book.tz), name=book.name)
        then.now = then.now.astimezone(then.tz)
        then.tell = book.tell
        found.append(then)
    return found
