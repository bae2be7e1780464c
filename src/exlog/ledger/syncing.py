"""Brings this clone and its upstream together: commit, fetch, merge, reconcile, check, push."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exlog.errors import Busy, Conflict, Problems, Refused, Usage
from exlog.i18n import _
from exlog.ledger import audit, committing, deciding, reconciling, remerging
from exlog.ledger.book import Book, lacks_driver, open_book
from exlog.ledger.teamwork import SYNCING
from exlog.store import clone, files, git
from exlog.store.lock import Lock

_TRIES = 5
_SHORTEST, _LONGEST = 0.1, 1.0
"""Seconds to wait before a rejected push is tried again: random, so that two clones do not meet again."""
_OVERTAKEN = (
    "fetch first",
    "non-fast-forward",
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old",
)
_HOOKS_WAIT = {SYNCING: "1"}
_LOCK = ".exlog/sync.lock"
"""Held by a ``sync`` from its start to its end: two of one clone would get into each other's way."""


class Upstream(NamedTuple):
    """Where the branch that is checked out comes from: ``origin``, ``refs/heads/main``, and the local name of it."""

    branch: str
    remote: str
    ref: str

    @property
    def tracking(self) -> str:
        """How this clone calls what it fetched."""
        return f"{self.branch}@{{upstream}}"

    @property
    def shown(self) -> str:
        """``origin/main``."""
        name = self.ref.removeprefix("refs/heads/")
        return name if self.remote == "." else f"{self.remote}/{name}"


def sync(book: Book, say: Callable[[str], object]) -> None:
    """Bring both together, or say why not with everything kept. ``say`` hears of each step as it is done.

    Raises Conflict where a person must decide, Busy where the upstream cannot be reached or another sync runs, Usage
    where there is none to reach or the clone is not set up, GitError where git refuses, Problems where what came of it
    is not sound.
    """
    folder = _refuse_outside(book)
    _refuse_plain_text(book)
    files.make_folders(book.root, Path(_LOCK).parent.name)
    files.refuse_links(book.root, _LOCK)
    try:
        with Lock(book.root / _LOCK, shared=False, held=_("another exlog sync runs in this clone")):
            _sync(book, folder, say)
    except OSError as error:
        raise files.refusal(error, book.root) from error


def _sync(book: Book, folder: Path, say: Callable[[str], object]) -> None:
    deciding.forget_aborted(book)
    _go_on(book, git.under_way(folder), say)
    if not git.head(book.root):
        _put_right(book, say)  # a branch without a commit cannot be pushed, which is how it gets an upstream
    upstream = _upstream(book)
    _put_right(book, say)
    received = 0
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(random.uniform(_SHORTEST, _LONGEST))
        _fetch(book, upstream)
        behind = _merge(book, upstream, say)
        if behind:
            received += behind
            say(_("commits taken in from {upstream}: {count}").format(count=behind, upstream=upstream.shown))
            book = _anew(book)
            _put_right(book, say)
        ahead = _ahead(book, upstream)
        if ahead or received:
            _refuse_unsound(book)
        if not ahead:
            if not received:
                say(_("nothing to do: this clone and {upstream} are the same").format(upstream=upstream.shown))
            return
        if _push(book, upstream):
            say(_("commits pushed to {upstream}: {count}").format(count=ahead, upstream=upstream.shown))
            return
    raise Busy(
        _("others pushed before us {count} times; everything is committed here").format(count=_TRIES),
        remedy=_("try again: exlog sync"),
    )


def _refuse_outside(book: Book) -> Path:
    folder = clone.git_folder(book.root)
    if folder is None:
        raise Usage(
            _("the ledger lies in no work tree of git"), where=str(book.root), remedy=_("make one with: git init")
        )
    return folder


def _refuse_plain_text(book: Book) -> None:
    """A clone that is not set up would merge the ledger as text: rows doubled, or conflicts all over."""
    if lacks_driver(book.root) and not git.config(book.root, "merge.exlog.driver"):
        raise Usage(
            _("this clone merges the ledger as plain text, which may double rows"),
            remedy=_("set it up: exlog git-setup, then exlog sync"),
        )


def _go_on(book: Book, what: str, say: Callable[[str], object]) -> None:
    """Finish a merge or rebase whose conflicts are decided. Raises Conflict where some stand."""
    for told in remerging.again(book, deciding.marked(book, deciding.standing(book)) if what else []):
        say(told)
    for remark in reconciling.reconcile(book):
        book.tell(remark)
    standing = deciding.standing(book)
    left = git.unmerged(book.root) if what else []
    if standing or left:
        raise conflict(book, what, len(standing), left)
    if what == "merge":
        done = git.run(book.root, "commit", "--no-edit", "--quiet", env=_HOOKS_WAIT)
    elif what == "rebase":
        done = git.run(book.root, "rebase", "--continue", env=_HOOKS_WAIT)
    elif what:
        raise Conflict(
            _("a {what} is under way").format(what=what),
            remedy=_("end it with git {what} --continue, then exlog sync").format(what=what),
        )
    else:
        return
    left = git.unmerged(book.root)
    standing = deciding.standing(book)
    if left or standing:
        raise conflict(book, what, len(standing), left)
    if done.code != 0:
        raise git.refused(what, done)


def conflict(book: Book, what: str, standing: int, left: list[str]) -> Conflict:
    """What to say where a person must decide before it goes on."""
    if standing:
        return Conflict(
            _("conflicts for a person to decide: {count}; everything is kept").format(count=standing),
            remedy=_(
                "see exlog resolve, decide each with exlog resolve ID FIELD --ours|--theirs|--value V, then exlog sync"
            ),
        )
    ours = [path for path in left if remerging.is_ours(book, path)]
    if ours:
        return Conflict(
            _("{file} could not be merged by way of exlog; everything is kept").format(file=ours[0]),
            remedy=_(
                "see why: git checkout --merge -- {file}; then edit and git add it, or exlog git-setup where exlog "
                "moved; then exlog sync"
            ).format(file=ours[0]),
        )
    return Conflict(
        _("git could not merge {files}; everything is kept").format(files=", ".join(left[:5])),
        remedy=_("edit and git add them, then exlog sync; git {what} --abort takes it back").format(
            what=what or "merge"
        ),
    )


def _upstream(book: Book) -> Upstream:
    branch = git.branch(book.root)
    if not branch:
        raise Usage(_("no branch is checked out"), remedy=_("check one out: git switch BRANCH"))
    remote, ref = (git.config(book.root, f"branch.{branch}.{key}") for key in ("remote", "merge"))
    if not remote or not ref:
        remotes = git.ask(book.root, "remote").split()
        push = f"git push -u {remotes[0] if remotes else 'origin'} {branch}"
        raise Usage(
            _("the branch {branch} has no upstream").format(branch=branch),
            remedy=push if remotes else f"git remote add origin URL && {push}",
        )
    return Upstream(branch, remote, ref)


def _fetch(book: Book, upstream: Upstream) -> None:
    try:
        done = git.run(book.root, "fetch", "--quiet", upstream.remote, seconds=git.NETWORK_SECONDS, env=_ssh(book))
    except git.GitError as error:
        raise _offline(upstream, error.message) from None
    if done.code != 0:
        raise _offline(upstream, done.reason)


def _offline(upstream: Upstream, reason: str) -> Busy:
    return Busy(
        _("offline: {remote} cannot be reached ({reason}); everything is committed here").format(
            remote=upstream.remote, reason=reason
        ),
        remedy=_("run exlog sync again later"),
    )


def _ssh(book: Book) -> dict[str, str]:
    """No question of ssh's for a password, where the person has no ssh command of their own."""
    own = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH") or git.config(book.root, "core.sshCommand")
    return {} if own else {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}


def _merge(book: Book, upstream: Upstream, say: Callable[[str], object]) -> int:
    """Take in what the upstream has; how many commits. Raises Conflict, or GitError where git refuses."""
    if not git.head(book.root, upstream.tracking):
        return 0
    behind = _count(book, f"HEAD..{upstream.tracking}") if git.head(book.root) else 1
    if not behind:
        return 0
    what, *options = _way(book, upstream)
    with book.locked(shared=False):
        _tell_committed(committing.commit_held(book), say)  # what a command of another terminal wrote since
        done = git.run_in_turn(book.root, what, "--quiet", *options, upstream.tracking, env=_HOOKS_WAIT)
    if done.code != 0:
        if not git.unmerged(book.root) and not deciding.standing(book):
            _refuse_staged(book)
            raise git.refused(what, done)
        _go_on(book, what, say)
    return behind


def _refuse_staged(book: Book) -> None:
    """Why git would not merge, where a staged file of the person's is the reason."""
    staged = [name for name in git.ask(book.root, "diff", "--cached", "--name-only", "-z").split("\0") if name]
    if staged:
        raise Refused(
            _("git merges nothing while other files are staged: {files}").format(
                files=", ".join(files.shown(name) for name in staged[:5])
            ),
            remedy=_("commit them, or git restore --staged, then exlog sync"),
        )


def _way(book: Book, upstream: Upstream) -> list[str]:
    """Merge, or rebase where git's configuration says so."""
    keys = (f"branch.{upstream.branch}.rebase", "pull.rebase")
    how = next((value for value in (git.config(book.root, key) for key in keys) if value), "false").casefold()
    if how in ("false", "no", "off", "0"):
        return ["merge", "--no-edit"]
    return ["rebase", "--rebase-merges"] if how in ("merges", "m") else ["rebase"]


def _anew(book: Book) -> Book:
    """The book opened again: its policy may be another one after a merge."""
    fresh = open_book(book.root, actor=book.actor)
    fresh.tell = book.tell
    return fresh


def _put_right(book: Book, say: Callable[[str], object]) -> None:
    """Put right what a merge left across files, and commit that and what exlog wrote before."""
    for remark in reconciling.reconcile(book):
        book.tell(remark)
    _tell_committed(committing.commit(book), say)


def _tell_committed(message: str, say: Callable[[str], object]) -> None:
    if message:
        say(_("committed: {message}").format(message=message.partition("\n")[0]))


def _refuse_unsound(book: Book) -> None:
    findings = audit.check(book)
    if findings:
        raise Problems(
            _("not pushed: the ledger is not sound ({count} problems, the first: {message})").format(
                count=len(findings), message=findings[0].message
            ),
            where=findings[0].where,
            remedy=_("see exlog check, then exlog sync"),
        )


def _count(book: Book, span: str) -> int:
    return int(git.ask(book.root, "rev-list", "--count", "--end-of-options", span))


def _ahead(book: Book, upstream: Upstream) -> int:
    if not git.head(book.root):
        return 0
    known = git.head(book.root, upstream.tracking)
    return _count(book, f"{upstream.tracking}..HEAD" if known else "HEAD")


def _push(book: Book, upstream: Upstream) -> bool:
    """Push; False where somebody else was faster. Raises Busy offline, GitError where the other side refuses."""
    try:
        done = git.run(
            book.root, "push", "--porcelain", upstream.remote, f"HEAD:{upstream.ref}",
            seconds=git.NETWORK_SECONDS, env=_ssh(book),
        )  # fmt: skip
    except git.GitError as error:
        raise _offline(upstream, error.message) from None
    if done.code == 0:
        return True
    refusals = [line for line in done.text.splitlines() if line.startswith("!")]
    if any(word in line for line in refusals for word in _OVERTAKEN):
        return False
    if not refusals:
        raise _offline(upstream, done.reason)
    said = [line.removeprefix("remote:").strip() for line in done.err.splitlines() if line.startswith("remote:")]
    why = " · ".join(line.replace("\t", "; ") for line in said if line) or refusals[0].split("\t")[-1]
    raise git.GitError(
        _("{remote} refuses the push: {reason}").format(remote=upstream.remote, reason=files.shown(why, 300)),
        remedy=_("everything is committed here; put right what it names, then exlog sync"),
    )
