"""When what happened: each story of the sample becomes steps, each at its moment in office hours, by somebody."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sample_stories import Cast, Story

from exlog import times
from exlog.ledger import records
from exlog.ledger.book import Book
from exlog.ledger.session import Session
from exlog.workflow import Change

TIMEZONE = "Asia/Shanghai"
ZONE = ZoneInfo(TIMEZONE)
TODAY = datetime(2024, 6, 28, 18, tzinfo=ZONE)
"""The moment at which the sample stands; nothing happens after it."""

_HOURS = ((time(9), time(12)), (time(13, 30), time(18)))
_HOLIDAYS = (("2024-01-01", 1), ("2024-02-10", 8), ("2024-04-04", 3), ("2024-05-01", 5), ("2024-06-08", 3))
_DAYS_OFF = {date.fromisoformat(first) + timedelta(days=n) for first, days in _HOLIDAYS for n in range(days)}
_MAKE_UP_DAYS = {date.fromisoformat(f"2024-{day}") for day in ("02-04", "02-18", "04-07", "04-28", "05-11")}

_LAG_MINUTES = {"phone": (2, 25), "online": (3, 60), "email": (8, 150), "onsite": (5, 40), "other": (5, 60)}
_HOURS_OF_TYPE = {"complaint": (8, 30), "inquiry": (0.1, 1.5), "suggestion": (8, 30), "praise": (1, 6)}
_UNANSWERED_DAYS = 7


class Step(NamedTuple):
    """One command at one moment."""

    at: datetime
    actor: str
    act: Callable[[Book], object]


Ids = dict[str, str]
"""The id of each story's record, by the story's key, once it is recorded."""


def moment(text: str) -> datetime:
    """``01-02 09:35`` of 2024, or a full date and time; a day alone ends at 18:00."""
    full = text if len(text) > 11 else f"2024-{text}"
    return datetime.fromisoformat(full if " " in full else f"{full} 18:00").replace(tzinfo=ZONE)


def later(start: datetime, hours: float) -> datetime:
    """The moment ``hours`` working hours after ``start``, to the second."""
    left = timedelta(hours=hours)
    while True:
        for opens, closes in _HOURS if _is_workday(start.date()) else ():
            begin = max(start, datetime.combine(start.date(), opens, ZONE))
            end = datetime.combine(start.date(), closes, ZONE)
            if begin + left < end:
                return (begin + left).replace(microsecond=0)
            left -= max(end - begin, timedelta())
        start = datetime.combine(start.date() + timedelta(days=1), time(), ZONE)


def _is_workday(day: date) -> bool:
    return day in _MAKE_UP_DAYS or (day.weekday() < 5 and day not in _DAYS_OFF)


def steps(story: Story, cast: Cast, ids: Ids) -> list[Step]:
    """The whole life of one story's record, in order of time, up to TODAY."""
    life = Life(story, cast, ids)
    return sorted((step for step in life.steps() if step.at <= TODAY), key=lambda step: step.at)


class Life:
    """One story on its way into steps. Its dice depend on nothing but the story, so others may change."""

    def __init__(self, story: Story, cast: Cast, ids: Ids) -> None:
        self.story = story
        self.cast = cast
        self.ids = ids
        self.key = story.key or f"{story.when} {story.who} {story.via}"
        self.dice = random.Random(f"exlog {story.when} {story.who} {story.subject}")
        self.recorder = story.recorder or self._recorder()
        self.received = moment(story.when)
        self.recorded = later(self.received, self._lag() / 60)

    def steps(self) -> Iterator[Step]:
        """Every step, in no order."""
        story = self.story
        yield Step(self.recorded, self.recorder, self._add)
        if story.end == "new":
            return
        if story.end == "duplicate":
            yield self._change(later(self.recorded, story.hours), self.recorder, self._close_as_duplicate)
            return
        assigned = later(self.recorded, self._draw(0.1, 2) if story.type == "complaint" else self._draw(0.02, 0.5))
        yield self._change(assigned, self.recorder, self._assign)
        yield from self._hold(assigned)
        hours = (story.hours or self._draw(*_HOURS_OF_TYPE[story.type])) + self._draw(0, 0.2)
        yield from self._notes(assigned, hours, story.notes)
        end = later(assigned, hours)
        if story.end == "invalid":
            yield self._change(end, story.owner, lambda change, _session: change.close_as_invalid(story.reason))
        elif story.again is not None:
            yield from self._again(end)
        elif story.end not in ("progress", "hold"):
            yield from self._resolved(end, story.fix, story.score)

    def _resolved(self, at: datetime, fix: str, score: int) -> Iterator[Step]:
        """Resolved, and closed by whoever took it in, unless it waits for the customer today."""
        story = self.story

        def resolve(change: Change, session: Session) -> None:
            records.set_fields(change, self._lessons(), session)
            change.note("", responded=True)
            change.resolve(fix)

        yield self._change(at, story.owner, resolve)
        if story.end == "closed":
            if not 1 <= score <= 5:
                raise ValueError(f"{self.key}: a closed story needs a score")
            wait = story.wait or (self._draw(0.2, 5) if story.type == "inquiry" else self._draw(2, 12))
            yield self._change(
                later(at, wait), self.recorder, lambda change, _session: change.close("", str(score), story.said, "")
            )
        elif story.end == "unanswered":
            asked = later(at + timedelta(days=_UNANSWERED_DAYS), self._draw(1, 12))
            yield self._change(asked, self.recorder, lambda change, _session: change.close_unanswered("", story.reason))

    def _again(self, at: datetime) -> Iterator[Step]:
        """Resolved, perhaps closed, reopened because the customer was not content, and the second round."""
        story, again = self.story, self.story.again
        assert again is not None

        def resolve(change: Change, session: Session) -> None:
            records.set_fields(change, self._lessons(), session)
            change.resolve(story.fix)

        yield self._change(at, story.owner, resolve)
        asked = later(at, self._draw(2, 6))
        if again.score:
            yield self._change(
                asked, self.recorder, lambda change, _session: change.close("", str(again.score), "", "")
            )
        back = later(asked, self._draw(15, 24))
        yield self._change(back, self.recorder, lambda change, _session: change.reopen(again.reason))
        yield from self._notes(back, again.hours, tuple(again.notes))
        if story.end == "closed":
            yield from self._resolved(later(back, again.hours), again.fix, story.score)

    def _notes(self, start: datetime, hours: float, texts: tuple[str, ...]) -> Iterator[Step]:
        """Progress entries of the owner; the first one tells the customer, and when it will be done."""
        first = min(hours * 0.3, self._draw(0.2, 2.5))
        if not texts and self.story.type == "complaint":
            answered = later(start, first)
            yield self._change(answered, self.story.owner, lambda change, _session: change.note("", responded=True))
        apart = (hours * 0.9 - first) / max(len(texts), 1)
        for place, text in enumerate(texts):
            at = later(start, first + apart * place * self._draw(0.9, 1.05))
            yield self._change(at, self.story.owner, self._noting(text, later(start, hours), first=not place))

    def _noting(self, text: str, end: datetime, *, first: bool) -> Callable[[Change, Session], None]:
        story = self.story
        given = {}
        if first and story.expected:
            given["expected_at"] = times.format_time(moment(story.expected))
        elif first and story.type == "complaint" and end - self.received > timedelta(days=2):
            given["expected_at"] = f"{end:%Y-%m-%d} 18:00"
        if first and story.end == "progress" and story.fix and story.again is None:
            given["resolution"] = story.fix

        def step(change: Change, session: Session) -> None:
            records.set_fields(change, given, session)
            change.note(text, responded=first)

        return step

    def _hold(self, assigned: datetime) -> Iterator[Step]:
        """Put on hold, and taken up again at its end unless the story stands there today."""
        hold = self.story.hold
        if hold is None:
            return
        until = times.format_time(moment(hold.until))
        at = later(assigned, hold.hours)
        yield self._change(at, self.story.owner, lambda change, _session: change.hold(hold.reason, until))
        if self.story.end != "hold":
            yield self._change(moment(hold.until), self.story.owner, lambda change, _session: change.start())

    def _assign(self, change: Change, _session: Session) -> None:
        change.assign(self.story.owner, self.cast.staff[self.story.owner])

    def _close_as_duplicate(self, change: Change, session: Session) -> None:
        change.close_as_duplicate(session.find(self.ids[self.story.follows]).record, self.story.reason)

    def _change(self, at: datetime, actor: str, step: Callable[[Change, Session], None]) -> Step:
        return Step(at, actor, lambda book: records.change(book, [self.ids[self.key]], step))

    def _add(self, book: Book) -> None:
        story = self.story
        one_off = story.who.startswith("~")
        level, _colon, reason = story.urgency.partition(": ")
        new = records.NewRecord(
            story.who.removeprefix("~"), self._given(level), reason, "one-off" if one_off else "refuse"
        )
        self.ids[self.key] = records.add(book, [new]).records[0]["id"]

    def _given(self, level: str) -> dict[str, str]:
        """The fields that were known when it was recorded."""
        story = self.story
        return {
            "type": story.type,
            "category": story.category,
            "channel": story.via,
            "subject": story.subject,
            "description": story.text,
            "received_at": times.format_time(self.received),
            "occurred_at": self._occurred(),
            "due_at": self._due(),
            "urgency": level,
            "severity": story.severity,
            "order_no": story.order,
            "remedy_sought": story.sought,
            "warranty": story.warranty,
            "region": story.region or self.cast.profile(story.who).get("region", ""),
            "follow_up_of": self.ids[story.follow_up] if story.follow_up else "",
            **self._goods(),
            **self._shipment(),
        }

    def _goods(self) -> dict[str, str]:
        """What it is about: product, model, batch, day of production, value of the order."""
        model, _space, batch = self.story.goods.partition(" ")
        if not model:
            return {}
        about = self.cast.models[model]
        pieces = self.cast.orders.get(self.story.order, 0)
        return {
            "product": str(about["product"]),
            "model": model,
            "batch": batch,
            "production_date": self.cast.batches[self.story.goods] if batch else "",
            "order_value": str(pieces * int(about["price"])) if pieces else "",
        }

    def _shipment(self) -> dict[str, str]:
        """Day of shipping and carrier of a delivery problem."""
        story = self.story
        if story.category != "delivery" or story.type != "complaint":
            return {}
        region = self.cast.profile(story.who).get("region", story.region)
        day = story.shipped
        if not day:
            ordered = date.fromisoformat(f"{story.order[1:5]}-{story.order[5:7]}-{story.order[7:9]}")
            day = (ordered + timedelta(days=1)).isoformat()
        return {"ship_date": day, "carrier": story.carrier or self.dice.choice(self.cast.carriers[region])}

    def _lessons(self) -> dict[str, str]:
        """The fields that were known when it was resolved."""
        story = self.story
        known = {
            "cause": story.cause,
            "corrective_action": story.corrective,
            "preventive_action": story.preventive,
            "compensation": story.compensation,
        }
        return {name: text for name, text in known.items() if text}

    def _occurred(self) -> str:
        """When it happened: as told, or for most complaints some hours before they were received."""
        story = self.story
        if story.occurred:
            return "" if story.occurred == "none" else times.format_time(moment(story.occurred))
        before = self._draw(1, 30)
        if story.type != "complaint" or self.dice.random() < 0.4:
            return ""
        at = (self.received - timedelta(hours=before)).replace(second=0, microsecond=0)
        at = at.replace(hour=min(max(at.hour, 8), 21), minute=at.minute // 10 * 10)
        return times.format_time(min(at, self.received))

    def _due(self) -> str:
        """When it must be resolved, where somebody promised a day; else exlog says."""
        due = self.story.due
        return times.format_time(moment(due)) if due and due != "none" else ""

    def _recorder(self) -> str:
        """Who answers the customer on that channel."""
        story = self.story
        if self.cast.staff[story.owner] == "客服部":
            return story.owner
        if self.cast.profile(story.who).get("region") == "海外":
            return "Emma Clarke"
        return "林小雨" if story.via in ("online", "other") else "何静"

    def _lag(self) -> float:
        """Working minutes until it was recorded: as told, else within the hour or two."""
        return self.story.lag or self._draw(*_LAG_MINUTES[self.story.via])

    def _draw(self, low: float, high: float) -> float:
        return self.dice.uniform(low, high)
