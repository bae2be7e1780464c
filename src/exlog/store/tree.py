"""The files of a ledger as they are at a commit or in a folder: names, what tells versions apart, and bytes.

A commit is read with ``git ls-tree`` and ``git cat-file --batch``, so that a bare repository on a server will do, and
only the files that differ are read at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from exlog.errors import Damaged, Usage
from exlog.i18n import _
from exlog.store import config, files, git, layout

_OURS = re.compile(
    r"exlog\.yaml|exceptions\.csv|lanes\.csv|archive/(manifest|\d{4}-\d\d)\.csv|customers/[^/]+\.yaml"
    r"|history/\d{4}-(0[1-9]|1[0-2])/[^/]+\.csv"
)
"""Files of a ledger; whatever else stands beside them is not looked at."""

_NOBODY = re.compile(r"0{7,64}")
"""How git writes the commit that is not there: what a branch was before its first push."""


class Tree:
    """The files of one ledger at one moment. ``names`` maps each to what tells its versions apart."""

    def __init__(self, label: str, names: dict[str, str], content: dict[str, bytes], source: Path | None) -> None:
        self.label = label
        self.names = names
        self._content = content
        self._source = source

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        if name not in self.names:
            return None
        self.fetch([name])
        return self._content[self.names[name]]

    def fetch(self, names: Iterable[str]) -> None:
        """Read several files at one go. Raises GitError where git does not give them."""
        wanted = list(dict.fromkeys(self.names[name] for name in names if name in self.names))
        wanted = [one for one in wanted if one not in self._content]
        if wanted and self._source is not None:
            self._content.update(_blobs(self._source, wanted))


def empty(label: str) -> Tree:
    """No ledger at all: what there was before a first push."""
    return Tree(label, {}, {}, None)


class Repository(NamedTuple):
    """A repository, bare or with a work tree, and the folder of the ledger in it (``""`` or ``team/``)."""

    folder: Path
    prefix: str

    def commit(self, revision: str) -> str:
        """The commit that ``revision`` names; empty for all zeros. Raises Usage where git knows none."""
        if _NOBODY.fullmatch(revision):
            return ""
        found = git.head(self.folder, revision) if revision else ""
        if not found:
            raise Usage(
                _("git knows no commit {revision}").format(revision=files.shown(revision) or "''"),
                remedy=_("name a commit, a branch or a tag; in CI fetch the whole history"),
            )
        return found

    def at(self, commit: str) -> Tree:
        """The ledger at a commit. Raises Damaged for a symbolic link where the ledger keeps a file of its own."""
        answer = git.run(self.folder, "ls-tree", "-r", "-z", "--full-tree", commit)
        if answer.code != 0:
            raise git.refused("ls-tree", answer)
        names = {}
        for entry in answer.out.decode("utf-8", "surrogateescape").split("\0"):
            kind, _tab, path = entry.partition("\t")
            name = path.removeprefix(self.prefix)
            if not entry or not path.startswith(self.prefix) or not _OURS.fullmatch(name):
                continue
            mode, _type, blob = kind.split(" ")
            if not mode.startswith("100"):
                raise files.linked(Path(name))
            names[name] = blob
        return Tree(commit[:12], names, {}, self.folder)

    def is_ancestor(self, commit: str, other: str) -> bool:
        """Whether ``other`` builds on ``commit``."""
        return git.run(self.folder, "merge-base", "--is-ancestor", commit, other).code == 0

    def merges(self, since: str, until: str) -> list[list[str]]:
        """Each merge commit after ``since`` up to ``until`` with its parents, the oldest first."""
        text = git.ask(self.folder, "rev-list", "--reverse", "--merges", "--parents", until, f"^{since}")
        return [line.split() for line in text.splitlines()]

    def bases(self, one: str, other: str) -> list[str]:
        """The best common ancestors of two commits."""
        return git.run(self.folder, "merge-base", "--all", one, other).text.split()

    def authors(self, since: str, until: str, name: str) -> list[tuple[str, str]]:
        """Commit and author's address of each commit from ``since`` (excluded) to ``until`` that changes a file."""
        revisions = [until, *([f"^{since}"] if since else [])]
        text = git.ask(self.folder, "log", "--full-history", "--format=%H %ae", *revisions, "--", self.prefix + name)
        found = (line.partition(" ") for line in text.splitlines() if line)
        return [(commit[:12], address) for commit, _space, address in found]

    def versions(self, until: str, name: str) -> Iterator[bytes]:
        """What a file held in each commit up to ``until`` that changed it, the newest first."""
        path = self.prefix + name
        for commit in git.run(self.folder, "log", "--full-history", "--format=%H", until, "--", path).text.splitlines():
            data = git.show(self.folder, commit, path)
            if data is not None:
                yield data


def ledgers(folder: Path, *commits: str) -> list[str]:
    """The folders (``""``, ``team/``) that hold a ledger at any of these commits."""
    found: dict[str, None] = {}
    for commit in filter(None, commits):
        for path in git.ask(folder, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit).split("\0"):
            if path == config.FILE or path.endswith(f"/{config.FILE}"):
                found[path.removesuffix(config.FILE)] = None
    return sorted(found)


def is_bare(folder: Path) -> bool:
    """Whether ``folder`` lies in a repository without a work tree."""
    return git.run(folder, "rev-parse", "--is-bare-repository").text == "true"


def repository(root: Path) -> Repository:
    """The repository that the ledger at ``root`` lies in. Raises GitError where there is none."""
    return Repository(root, git.ask(root, "rev-parse", "--show-prefix"))


def of_folder(root: Path, like: Tree) -> Tree:
    """The ledger as it stands on the disk, with the names of blobs that git would give its files.

    ``like``: a tree of the same repository, which says how long those names are. Raises Damaged for links.
    """
    names: dict[str, str] = {}
    content: dict[str, bytes] = {}
    wide = any(len(blob) > 40 for blob in like.names.values())
    for name in _files_of(root):
        files.refuse_links(root, name)
        data = files.read(root / name)
        if data is not None:
            head = f"blob {len(data)}\0".encode()
            names[name] = (hashlib.sha256 if wide else hashlib.sha1)(head + data).hexdigest()
            content[names[name]] = data
    return Tree(_("the work tree"), names, content, None)


def _files_of(root: Path) -> list[str]:
    found = [config.FILE, layout.LIVE, layout.LANES]
    for folder in (layout.ARCHIVE, layout.CUSTOMERS):
        files.refuse_links(root, f"{folder}/x")
        if (root / folder).is_dir():
            found += sorted(f"{folder}/{path.name}" for path in (root / folder).iterdir())
    found += layout.history_files(root)
    return [name for name in found if _OURS.fullmatch(name)]


def _blobs(folder: Path, wanted: list[str]) -> dict[str, bytes]:
    """The contents of blobs, by their names."""
    answer = git.run(folder, "cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode("ascii"))
    if answer.code != 0:
        raise git.refused("cat-file", answer)
    found: dict[str, bytes] = {}
    out, place = answer.out, 0
    while place < len(out):
        end = out.index(b"\n", place)
        blob, kind, *size = out[place:end].decode("ascii", "replace").split(" ")
        if kind != "blob":
            raise Damaged(
                _("git has lost the file {blob}").format(blob=blob), where=str(folder), remedy=_("run git fsck")
            )
        found[blob] = out[end + 1 : end + 1 + int(size[0])]
        place = end + 1 + int(size[0]) + 1
    return found
