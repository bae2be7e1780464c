"""Conflicts that a merge left: which stand, and a person's decision written into the row and the history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from exlog import canonical, ids, profiles, values
from exlog.errors import Damaged, NotFound, Refused, Usage
from exlog.i18n import _
from exlog.ledger import customers
from exlog.ledger.applying import RUNNING
from exlog.ledger.book import Book
from exlog.ledger.session import Session, writing
from exlog.ledger.steering import Steering
from exlog.merge import versions
from exlog.merge.outcome import WHOLE
from exlog.store import clone, conflicts, files, git, history, layout, yamlfile
from exlog.store.conflicts import Standing, text_of
from exlog.workflow import Event

OURS, THEIRS = "ours", "theirs"


class Decided(NamedTuple):
    """What was decided, the paths that git has been told of, what still stands, and what git is in the middle of."""

    decided: list[tuple[Standing, str]]
    added: list[str]
    left: int
    under_way: str


def standing(book: Book) -> list[Standing]:
    """The conflicts that stand in this ledger. Raises Damaged where their file cannot be read."""
    return conflicts.read(book.root)


def marked(book: Book, found: list[Standing]) -> list[str]:
    """Files that git could not merge although no conflict of ours is about them, named from the top."""
    if clone.git_folder(book.root) is None:
        return []
    known = tuple({one.path for one in found})
    return [path for path in git.unmerged(book.root) if not path.endswith(known)] if known else git.unmerged(book.root)


def forget_aborted(book: Book) -> list[Standing]:
    """Drop the conflicts of a merge that was taken back, and those whose field somebody changed since.

    While git is in the middle of something, and where a merge was committed with a cell as the driver left it,
    they stand: nobody decided. Returns what is dropped.
    """
    found = standing(book)
    folder = clone.git_folder(book.root)
    if not found or folder is None or git.under_way(folder) or git.unmerged(book.root):
        return []
    taken_back = git.head(book.root) == git.head(book.root, "ORIG_HEAD")
    gone = [one for one in found if _is_settled(book, one, taken_back=taken_back)]
    if gone:
        with book.locked(shared=False):
            conflicts.drop(book.root, gone)
    return gone


def find(book: Book, text: str, name: str) -> Standing:
    """The conflict on a record (an id or a unique tail of one) and a field. Raises NotFound or Refused."""
    wanted = text.strip().upper()
    field = book.policy.field(name) or profiles.BY_NAME.get(name)
    names = {name, field.name} if field is not None else {name}
    found = [one for one in standing(book) if one.id.endswith(wanted) and one.field in names]
    if not found:
        raise NotFound(
            _("no conflict stands on {id} {field}").format(id=files.shown(text), field=files.shown(name)),
            remedy=_("see exlog resolve"),
        )
    if len({one.id for one in found}) > 1:
        raise Refused(
            _("{text} may be any of: {ids}").format(text=text, ids=", ".join(sorted({one.id for one in found}))),
            remedy=_("type more of the id"),
        )
    return found[0]


def by_history(book: Book) -> list[str]:
    """Decide what nobody has to: two values in a row that both sides added to a file, as where each archived it, of
    which the history says that one came out of the other. What to tell.
    """
    found = [(one, how) for one in standing(book) if (how := _told_by_history(book, one))]
    if found:
        decide(book, found, told=True)
    return [
        _("{id}: {field} is {value}, which the history says came later").format(
            id=one.id, field=one.field, value=files.shown(text_of(getattr(one, how))) or "–"
        )
        for one, how in found
    ]


def _told_by_history(book: Book, one: Standing) -> str:
    """The side whose value came later; empty where a person has to decide."""
    if one.base is not None or one.ours is None or one.theirs is None or one.field == WHOLE or _is_profile(one):
        return ""
    entries = history.of_uid(book.root, one.uid) if one.uid else []
    steps = [(entry.field, entry.old, entry.new) for entry in entries]
    newest = versions.later(steps, one.field, text_of(one.ours), text_of(one.theirs))
    return "" if newest is None else OURS if newest == text_of(one.ours) else THEIRS


def decide(book: Book, chosen: Sequence[tuple[Standing, str]], *, told: bool = False) -> Decided:
    """Write each decision (``ours``, ``theirs``, or ``=`` and a typed value) into its row, with an event of it; none
    where the history has ``told`` it.

    A path that has no conflict left is added to git's index, with the history of the decision. Raises Usage for a
    value that the field cannot have, NotFound for a row that is gone.
    """
    done: list[tuple[Standing, str]] = []
    with writing(book) as session:
        for one, how in chosen:
            value = _value(book, one, how)
            if one.field == WHOLE:
                _decide_whole(session, one, value)
            elif _is_profile(one):
                _decide_profile(session, one, value)
            else:
                _decide_row(session, one, how, text_of(value), told)
            done.append((one, text_of(value)))
        session.commit()
        conflicts.drop(book.root, [one for one, _how in chosen])
        left = standing(book)
        own = layout.history_file(session.stamp[:7], session.lane)
    folder = clone.git_folder(book.root)
    added = _add(book, {one.path for one, _how in chosen} - {one.path for one in left}, own) if folder else []
    return Decided(done, added, len(left), git.under_way(folder) if folder else "")


def _value(book: Book, one: Standing, how: str) -> Any:
    """The value that is decided on; None removes it."""
    if how in (OURS, THEIRS):
        return one.ours if how == OURS else one.theirs
    if one.field == WHOLE:
        raise Usage(_("one side is taken as a whole"), remedy="--ours|--theirs")
    field = profiles.BY_NAME.get(one.field) if _is_profile(one) else book.policy.schema().get(one.field)
    typed = how.removeprefix("=")
    return (values.read(field, typed, book.policy, book.now) if field is not None else typed) or None


def _event(one: Standing, field: str, old: str, value: str) -> Event:
    note = ""
    if field == one.field:
        note = _("ours: {ours}; theirs: {theirs}").format(
            ours=text_of(one.ours) or "–", theirs=text_of(one.theirs) or "–"
        )
    return Event("resolve_conflict", field, old, value, note)


def _decide_row(session: Session, one: Standing, how: str, value: str, told: bool) -> None:
    """The field, and with it those that follow the side whose value is taken.

    An event also where the row has the value already: events of both sides are in the history, the later one wins.
    """
    file, record = _row(session, one)
    side = how if how in (OURS, THEIRS) else next((name for name in (OURS, THEIRS) if getattr(one, name) == value), "")
    wanted = {one.field: value, **{name: texts[side] for name, texts in one.dependents.items() if side in texts}}
    if told:
        session.put({**record, **wanted}, [], file)
        return
    events = [_event(one, name, record.get(name, ""), text) for name, text in wanted.items()]
    events += _due_follows(session, {**record, **wanted}, one.field)
    session.put({**record, **wanted, **{event.field: event.new for event in events}}, events, file)


def _due_follows(session: Session, record: dict[str, str], field: str) -> list[Event]:
    """The computed due time of a record whose urgency was decided; an event also where it is the one that stands."""
    running = record.get("status") in RUNNING and record.get("due_by") == "computed" and not record.get("hold_minutes")
    if field not in ("urgency", "received_at") or not running:
        return []
    return [Event("rate", "due_at", record.get("due_at", ""), Steering(session.book).due_at(record))]


def _row(session: Session, one: Standing) -> tuple[str, dict[str, str]]:
    """The row that a conflict is about, wherever it stands by now."""
    for file in _tables(session.book, one):
        for record_id in session.sheet(file).ids:
            if record_id == one.id or (one.uid and record_id[:9] == one.id[:9]):
                record = session.sheet(file).record(record_id)
                if record.get("uid", "") == one.uid or (not one.uid and record_id == one.id):
                    return file, record
    raise NotFound(
        _("no record {id}").format(id=files.shown(one.id)),
        remedy=_("git merge --abort takes the merge back"),
    )


def _tables(book: Book, one: Standing) -> list[str]:
    """The tables that a row may stand in: its own, the live one, and the archive of its month."""
    names = [one.path, layout.LIVE]
    if ids.parse(one.id) is not None:
        names.append(layout.archive_file(ids.month_of(one.id)))
    return [
        name for name in dict.fromkeys(names)
        if name == layout.LIVE or (_in_archive(name) and name != layout.MANIFEST and (book.root / name).exists())
    ]  # fmt: skip


def _is_profile(one: Standing) -> bool:
    return one.path.startswith(f"{layout.CUSTOMERS}/")


def _decide_profile(session: Session, one: Standing, value: Any) -> None:
    document = customers.load(session.book, one.id)
    parent, key = _place(document.tree, one.field)
    old = text_of(parent.get(key))
    if value is None:
        parent.pop(key, None)
    else:
        parent[key] = value
    event = _event(one, one.field, old, text_of(value))
    _replace(session, one.path, yamlfile.dump(document.tree))
    session.log(one.id, text_of(document.tree.get("uid")), [event])


def _place(tree: Any, field: str) -> tuple[Any, str]:
    """The mapping and the key that a flattened key (``contact.phone``) names."""
    *way, last = field.split(".") if field not in tree else [field]
    for name in way:
        if not isinstance(tree.get(name), dict):
            raise Usage(
                _("the profile has no {field}").format(field=files.shown(field)), remedy=_("edit the file by hand")
            )
        tree = tree[name]
    return tree, last


def _decide_whole(session: Session, one: Standing, value: Any) -> None:
    """A whole profile, or a line of a history file: the text of the side that is taken."""
    text = text_of(value)
    if not _is_profile(one):
        whole = (files.read(session.book.root / one.path) or b"").decode("utf-8")
        text = whole.replace(f"\n{text_of(one.chosen)}\n", f"\n{text}\n")
    _replace(session, one.path, text.encode("utf-8"))
    session.log(one.id, one.uid, [Event("resolve_conflict", "", "", "", _("one side taken as a whole"))])


def _replace(session: Session, path: str, data: bytes) -> None:
    present = files.read(session.book.root / path)
    session.transaction.replace(path, data, files.digest(present) if present is not None else None)


def _cell(book: Book, one: Standing) -> Any:
    """What stands in the cell now; None where there is no such row or key."""
    if one.field == WHOLE:
        data = (files.read(book.root / one.path) or b"").decode("utf-8", "replace")
        return one.chosen if text_of(one.chosen) in data else None
    if _is_profile(one):
        document = yamlfile.load(files.read(book.root / one.path) or b"", one.path)
        parent, key = _place(document.tree, one.field)
        return _place(document.plain(), one.field)[0].get(key) if key in parent else None
    for file in _tables(book, one):
        table = canonical.parse(files.read(book.root / file) or b"", file)
        for row in range(len(table.lines)):
            if (one.uid or one.id) in table.lines[row]:
                cells = dict(zip(table.columns, map(canonical.decode_cell, table.cells(row)), strict=True))
                if cells.get("uid") == one.uid if one.uid else cells.get("id") == one.id:
                    return cells.get(one.field, "")
    return None


def _is_settled(book: Book, one: Standing, *, taken_back: bool) -> bool:
    """Whether nobody needs to decide any more: the cell was changed since, or the merge was taken back."""
    try:
        if text_of(_cell(book, one)) != text_of(one.chosen):
            return True
    except (Damaged, Usage):
        return False
    known = {text_of(one.base)}
    for event in history.entries(book.root, containing=one.uid or one.id):
        if event.field == one.field:
            if _is_later(event.at, one.at):
                return True
            known.add(event.new)
    merged = {text_of(one.ours), text_of(one.theirs)} <= known
    return taken_back and not merged and _is_as_committed(book, one.path)


def _is_later(at: str, than: str) -> bool:
    try:
        return datetime.fromisoformat(at) > datetime.fromisoformat(than)
    except (ValueError, TypeError):
        return False


def _is_as_committed(book: Book, path: str) -> bool:
    return git.run(book.root, "diff", "--quiet", "--no-ext-diff", "HEAD", "--", path).code == 0


def _add(book: Book, settled: set[str], own: str) -> list[str]:
    """Tell git that these paths are decided, and of the history that says so."""
    prefix = git.ask(book.root, "rev-parse", "--show-prefix")
    waiting = {path.removeprefix(prefix) for path in git.unmerged(book.root)}
    added = sorted(settled & waiting)
    if added:
        more = [own, layout.LANES, *([layout.MANIFEST] if any(_in_archive(path) for path in added) else [])]
        paths = [*added, *(name for name in more if (book.root / name).exists() and name not in waiting)]
        git.ask(book.root, "add", "--", *paths)
    return added


def _in_archive(path: str) -> bool:
    return path.startswith(f"{layout.ARCHIVE}/")
