"""Reminders: what is worth telling, each with the identity by which it is told once, and telling it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from exlog.errors import Busy
from exlog.filters import Selection
from exlog.ledger import deadlines
from exlog.ledger.book import Book
from exlog.ledger.deadlines import Risk
from exlog.store import outbox
from exlog.store.outbox import Outbox
from exlog.worktime import Within

if TYPE_CHECKING:
    from exlog.ledger.reviewing import Finding

MOMENTS = ("warn", "breach")
"""When a target is worth a reminder: once it is nearly late or late, or only once it is late."""


class Reminder(NamedTuple):
    """Something to be told once: its identity, the id of its record, and what it is about."""

    identity: str
    record: str
    about: Risk | Finding


Compose = Callable[[Sequence[Reminder], int], tuple[str, str]]
"""Makes title and body of some reminders; both together have at most so many bytes."""


class Sent(NamedTuple):
    """What one URL was told; ``url`` has its secrets masked."""

    url: str
    title: str
    reminders: list[Reminder]


class Outcome(NamedTuple):
    """What was sent, and an error for each URL that did not take it."""

    sent: list[Sent]
    failed: list[Busy]


def of_due(book: Book, selection: Selection, within: Within | None, at: str) -> list[Reminder]:
    """A reminder for each target at risk, most urgent and soonest due first; ``at`` is one of MOMENTS.

    A record that was reopened is reminded of anew, since its targets begin again.
    """
    return [
        Reminder(
            f"due:{risk.record['uid'] or risk.record['id']}:{risk.record['reopen_count'] or 0}:{risk.target.name}:{at}",
            risk.record["id"],
            risk,
        )
        for risk in deadlines.at_risk(book, selection, within)
        if at == "warn" or risk.target.state == "breached"
    ]


def of_review(book: Book, selection: Selection) -> list[Reminder]:
    """A reminder for each finding of this week's review; the next ISO week tells all that still holds again."""
    from exlog.ledger import reviewing

    year, week, _day = book.now.isocalendar()
    return [
        Reminder(f"review:{year}-W{week:02}:{finding.kind}:{finding.record}", finding.record, finding)
        for finding in reviewing.review(book, selection, week=True)
    ]


def unsent(box: Outbox, url: str, reminders: Sequence[Reminder]) -> list[Reminder]:
    """Those that this clone did not send to the URL yet."""
    return [one for one in reminders if not box.has(url, one.identity)]


def fresh(book: Book, urls: Sequence[str], reminders: Sequence[Reminder]) -> list[list[Reminder]]:
    """What each URL would be told now: lists that differ, without empty ones; all of it where there is no URL."""
    box = Outbox(book.root, book.now.date())
    each = [unsent(box, url, reminders) for url in urls] or [list(reminders)]
    return [new for place, new in enumerate(each) if new and new not in each[:place]]


def deliver(book: Book, urls: Sequence[str], reminders: Sequence[Reminder], compose: Compose) -> Outcome:
    """Tell each URL what it was not told yet. Processes that do so at the same time take turns.

    A reminder is marked as sent after the service took it: a crash between the two sends it once more rather
    than never. A URL that fails keeps its reminders for the next run, and the others are served.

    Raises Usage for a URL that Apprise does not understand (before anything is sent) and where Apprise is
    missing, Busy where another process sends for too long or the disk refuses, Damaged as ``Outbox`` does.
    """
    identities = [one.identity for one in reminders]
    box = Outbox(book.root, book.now.date())
    outcome = Outcome([], [])
    new = any(unsent(box, url, reminders) for url in urls)
    channels: dict[str, Channel] = {}
    if new or not all(map(box.knows, urls)):
        # A wrong URL is told to whoever sets reminders up, even if nothing is late on that day.
        from exlog.sending import Channel

        channels = {url: Channel(url, number) for number, url in enumerate(urls, 1)}
    if not new and not any(box.fading(url, identities) for url in urls):
        return outcome
    with outbox.turn(book.root):
        box = Outbox(book.root, book.now.date())
        for url in urls:
            box.add(url, box.fading(url, identities))
        # A disk that refuses is to do so now, not when something was sent and cannot be remembered.
        box.save()
        for url, channel in channels.items():
            told = unsent(box, url, reminders)
            if not told:
                continue
            title, body = compose(told, channel.room)
            try:
                channel.send(title, body)
            except Busy as error:
                outcome.failed.append(error)
                continue
            box.add(url, (one.identity for one in told))
            box.save()
            outcome.sent.append(Sent(channel.masked, title, told))
    return outcome
