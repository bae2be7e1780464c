"""Makes a new ledger: exlog.yaml with commented defaults, git's attribute files, empty tables, or the sample."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

from exlog import canonical, fields, policy, times
from exlog.errors import Damaged, NotFound, Refused, Usage
from exlog.i18n import _
from exlog.ledger import lanes, template
from exlog.ledger.book import Book
from exlog.store import attributes, clone, config, files, layout, yamlfile
from exlog.store.journal import Transaction

_IGNORED = ".exlog/"
_OURS = (config.FILE, layout.LIVE, layout.LANES, layout.MANIFEST)


def found(
    folder: Path,
    *,
    language: str,
    timezone: str = "Asia/Shanghai",
    sample: bool = False,
    actor: str = "",
    entropy: Callable[[int], bytes] = os.urandom,
) -> Book:
    """Make a ledger in ``folder``, whole or not at all. Raises Refused where one is there already."""
    if not sample:
        _refuse_zone(timezone)
    try:
        folder = folder.expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
    except (FileExistsError, NotADirectoryError) as error:
        raise Refused(
            _("a file is in the way: {file}").format(file=files.shown(str(error.filename or folder))),
            remedy=_("choose another folder"),
        ) from None
    except OSError as error:
        raise files.refusal(error, folder) from None
    except (RuntimeError, ValueError) as error:
        raise Refused(
            _("no folder can be made there: {error}").format(error=error), remedy=_("choose another folder")
        ) from None
    text = _sample_config(language) if sample else template.config_text(language, timezone)
    parsed = policy.read(yamlfile.load(text, config.FILE).plain(), lambda *path: config.FILE)
    book = Book(folder, parsed, actor=actor, entropy=entropy)
    with book.locked(shared=False):
        present = [name for name in _OURS if (folder / name).exists()]
        if present:
            raise Refused(
                _("there is a ledger here already ({file})").format(file=present[0]),
                where=str(folder),
                remedy=_("use it with -C {folder}, or choose another folder").format(folder=folder),
            )
        transaction = Transaction(folder)
        transaction.replace(config.FILE, text, None)
        _complete(folder, transaction, attributes.FILE, attributes.completed)
        _complete(folder, transaction, ".gitignore", _with_ignored)
        if sample:
            _copy_sample(transaction)
        else:
            transaction.replace(layout.LIVE, _header(fields.columns(parsed.own_fields)), None)
            transaction.replace(layout.MANIFEST, _header(layout.MANIFEST_COLUMNS), None)
        transaction.replace(layout.LANES, lanes.text([_own_lane(book)]), None)
        transaction.commit()
    return book


def _refuse_zone(name: str) -> None:
    """Refuse a timezone that is none before anything is made."""
    try:
        config.zone(name, lambda *path: config.FILE)
    except Damaged as error:
        raise Usage(error.message, where="--timezone", remedy=error.remedy) from None


def sample_folder() -> Path:
    """The sample ledger that comes with exlog: beside the package when installed, else in the checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "sample_ledger", package.parent.parent / "sample_ledger"):
        if (folder / config.FILE).is_file():
            return folder
    raise NotFound(_("the sample ledger is not part of this installation"), remedy=_("install exlog from its wheel"))


def _sample_config(language: str) -> bytes:
    document = yamlfile.load((sample_folder() / config.FILE).read_bytes(), config.FILE)
    document.tree["language"] = language
    return yamlfile.dump(document.tree)


def _copy_sample(transaction: Transaction) -> None:
    source = sample_folder()
    skipped = {config.FILE, layout.LANES, ".gitattributes", ".gitignore"}
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source).as_posix()
        if path.is_file() and relative not in skipped and not relative.startswith(".exlog/"):
            transaction.replace(relative, path.read_bytes(), None)


def _complete(folder: Path, transaction: Transaction, name: str, completed: Callable[[str], str]) -> None:
    """Add what a file of git's lacks; what people wrote in it stays."""
    data = files.read(folder / name)
    present = (data or b"").decode("utf-8", "surrogateescape")
    text = completed(present)
    if text != present:
        before = files.digest(data) if data is not None else None
        transaction.replace(name, text.encode("utf-8", "surrogateescape"), before)


def _with_ignored(text: str) -> str:
    """.gitignore with exlog's own folder in it."""
    if _IGNORED in text.splitlines():
        return text
    return (text if not text or text.endswith("\n") else text + "\n") + f"{_IGNORED}\n"


def _header(columns: tuple[str, ...]) -> bytes:
    return (canonical.join_row(columns) + "\n").encode("utf-8")


def _own_lane(book: Book) -> list[str]:
    own = clone.read_uuid(book.root)
    if not own:
        own = str(uuid.UUID(bytes=book.entropy(16), version=4))
        clone.write_uuid(book.root, own)
    return ["0", own, book.actor, times.format_time(book.now)]


def language_or_default(text: str) -> str:
    """``en`` or ``zh`` as typed, else what the terminal speaks. Raises Refused for another one."""
    from exlog.i18n import LANGUAGES, language_of_environment

    if text and text not in LANGUAGES:
        raise Refused(_("no such language: {value}").format(value=text), remedy="--lang en|zh")
    return text or language_of_environment()
