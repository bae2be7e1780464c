"""What every check of the gate looks at: two trees, the law of the former, and the rows and events that differ."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from exlog import canonical, clock, conditions, policy, rulebook
from exlog.canonical import Table
from exlog.errors import Damaged
from exlog.fields import Field
from exlog.i18n import _
from exlog.ledger.audit import Finding
from exlog.rulebook import Rulebook
from exlog.store import config, git, layout, rows, yamlfile
from exlog.store.tree import Repository, Tree
from exlog.workflow import Record


class Row(NamedTuple):
    """One row of a table and where it stands."""

    id: str
    uid: str
    table: Table
    place: int

    @property
    def key(self) -> str:
        """What stays the same for ever: the uid, the id where a hand left none."""
        return self.uid or self.id

    @property
    def file(self) -> str:
        """The file it stands in."""
        return self.table.name

    @property
    def line(self) -> str:
        """Its text."""
        return self.table.lines[self.place]

    def where(self, field: str = "") -> str:
        """File, line and field."""
        return self.table.where(self.place, field)

    def record(self) -> Record:
        """Its non-empty cells as plain texts."""
        pairs = zip(self.table.columns, self.table.cells(self.place), strict=True)
        return {name: canonical.decode_cell(cell) for name, cell in pairs if cell}


class Pair(NamedTuple):
    """A row before and after, None where it is not there, that is not the same or not in the same place."""

    old: Row | None
    new: Row | None

    @property
    def key(self) -> str:
        """The row's identity."""
        row = self.new or self.old
        assert row is not None
        return row.key

    @property
    def moved(self) -> bool:
        """Whether it stands in another file than before."""
        return self.old is not None and self.new is not None and self.old.file != self.new.file


class Law(NamedTuple):
    """What exlog.yaml said before the push."""

    rules: Rulebook
    today: date


class Case:
    """One comparison. Raises Damaged where the exlog.yaml that is to be cannot be read."""

    def __init__(
        self, repository: Repository, commits: tuple[str, str], old: Tree, new: Tree, now: datetime | None,
        author: str, actor: str,
    ) -> None:  # fmt: skip
        self.repository, self.old, self.new = repository, old, new
        self.old_commit, self.head = commits
        self.author, self.actor = author, actor
        self.findings: list[Finding] = []
        self._known: dict[str, dict[str, Row]] = {}
        parsed, self.rules = rules_of(new)
        self.now = now or clock.now(config.zone(parsed.timezone, lambda *path: config.FILE))
        self.schema: dict[str, Field] = parsed.schema()
        self.law = self._law()

    @property
    def founded(self) -> bool:
        """Whether there was no ledger before."""
        return config.FILE not in self.old.names

    def changed(self, name: str) -> bool:
        """Whether a file is not as it was."""
        return self.old.names.get(name) != self.new.names.get(name)

    def differing(self, start: str) -> list[str]:
        """The files below a folder, or one file, that are not as they were; fetched at one go."""
        names = sorted(name for name in {*self.old.names, *self.new.names} if name.startswith(start))
        found = [name for name in names if self.changed(name)]
        self.old.fetch(found)
        self.new.fetch(found)
        return found

    @cached_property
    def tables(self) -> tuple[dict[str, list[Row]], dict[str, list[Row]]]:
        """The rows of the tables that differ, by key, before and after; what cannot be read is a finding."""
        before: dict[str, list[Row]] = {}
        after: dict[str, list[Row]] = {}
        for name in [*self.differing(layout.LIVE), *self.differing(f"{layout.ARCHIVE}/")]:
            if name == layout.MANIFEST:
                continue
            for tree, found in ((self.old, before), (self.new, after)):
                try:
                    for row in rows_of(tree, name):
                        found.setdefault(row.key, []).append(row)
                except Damaged as error:
                    if tree is self.new:
                        self.findings.append(damage(error))
                        self.unreadable.add(name)
        return before, after

    @cached_property
    def pairs(self) -> list[Pair]:
        """The rows that are not as they were, in the order of the ledger as it is to be, gone ones last."""
        before, after = self.tables
        found = []
        for key, news in after.items():
            old = before[key][0] if key in before else None
            if old is None or old.file != news[0].file or not _same(old, news[0]):
                found.append(Pair(old, news[0]))
        gone = (olds[0] for key, olds in before.items() if key not in after)
        return [*found, *(Pair(row, None) for row in gone)]

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """The rows of the tables that differ, as they are to be, by id."""
        return {row.id: row for rows in self.tables[1].values() for row in rows}

    def known_in(self, name: str) -> dict[str, Row]:
        """The rows of a table that did not change, by key and by id; read once."""
        if name not in self._known:
            self._known[name] = {word: row for row in rows_of(self.new, name) for word in (row.id, row.key)}
        return self._known[name]

    @cached_property
    def unreadable(self) -> set[str]:
        """Tables that cannot be read: what is missing may stand in one of them."""
        return set()

    def profile(self, record: Mapping[str, str]) -> dict[str, str]:
        """The record's customer as conditions ask for it; nothing where there is no readable profile."""
        name = layout.customer_file(record.get("customer_id", ""))
        if self.law is None or not any(one.startswith(conditions.CUSTOMER) for one in self.law.rules.asked):
            return {}
        try:
            data = self.new.read(name)
            return values_of(yamlfile.load(data, name)) if data is not None else {}
        except Damaged:
            return {}

    def rules_so_far(self) -> Iterator[Rulebook]:
        """The rules of each exlog.yaml up to now, the newest first: a clone that was offline went by an older one."""
        yield self.rules
        if self.law is not None:
            yield self.law.rules
        for data in self.repository.versions(self.head or "HEAD", config.FILE):
            with contextlib.suppress(Damaged):
                yield read_rules(data)[1]

    def uncommitted(self, name: str) -> bool:
        """Whether the work tree has a file otherwise than the commit that it stands on."""
        if not self.head:
            return True
        found = git.show(self.repository.folder, self.head, self.repository.prefix + name)
        return found != self.new.read(name)

    def restore(self, name: str) -> str:
        """The command that brings a file back as it was."""
        return _("bring it back: git checkout {rev} -- {file}").format(rev=self.old.label, file=name)

    def _law(self) -> Law | None:
        """None for a new ledger; where the former exlog.yaml cannot be read, the new one's."""
        if self.founded:
            return None
        try:
            return Law(rules_of(self.old)[1], self.now.date())
        except Damaged:
            return Law(self.rules, self.now.date())


def _same(old: Row, new: Row) -> bool:
    if old.table.columns == new.table.columns and old.line == new.line:
        return True
    return old.record() == new.record()


def rules_of(tree: Tree) -> tuple[policy.Policy, Rulebook]:
    """The policy of a tree, every section read. Raises Damaged that names file, line and key."""
    return read_rules(tree.read(config.FILE) or b"")


def read_rules(data: bytes) -> tuple[policy.Policy, Rulebook]:
    """The policy in the bytes of an exlog.yaml. Raises Damaged that names file, line and key."""
    document = yamlfile.load(data, config.FILE)
    parsed = policy.read(document.plain(), document.where)
    return parsed, rulebook.read(parsed, document.where)


def rows_of(tree: Tree, name: str) -> list[Row]:
    """The rows of one table. Raises Damaged as ``rows.check`` does."""
    data = tree.read(name)
    if data is None:
        return []
    table = canonical.parse(data, name)
    ids = rows.check(table)
    last = table.columns[-1] == "uid"
    place = table.columns.index("uid")
    uids = (line.rpartition(",")[2] if last else table.cells(row)[place] for row, line in enumerate(table.lines))
    return [Row(record_id, uid, table, row) for row, (record_id, uid) in enumerate(zip(ids, uids, strict=True))]


def values_of(document: yamlfile.Document) -> dict[str, str]:
    """A profile as plain texts by key."""
    return {name: "" if value is None else str(value) for name, value in document.plain().items()}


def damage(error: Damaged) -> Finding:
    """The finding for a file that cannot be read."""
    return Finding(error.where, error.message, error.remedy, damage=True)
