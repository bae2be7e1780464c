"""Rebuilds the sample ledger: python scripts/build_sample.py [TARGET]

The stories in scripts/sample/ are lived through again, command by command, on a simulated clock and with fixed
dice, so exlog itself makes every id, event and archive, and the same bytes come out every time.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

from sample_plan import TIMEZONE, Ids, Step, moment, steps
from sample_stories import called, cast, stories

from exlog.ledger import enrolling, founding, rotation
from exlog.ledger.book import Book
from exlog.ledger.session import writing
from exlog.measures import denominators
from exlog.store import attributes, clone, config, journal

TARGET = Path(__file__).resolve().parent.parent / "sample_ledger"
OTHERS_FIGURES = Path(__file__).resolve().parent / "sample" / denominators.FILE
"""How many orders, units and customers there were: figures of the shop, which no command of exlog makes."""
SEED = 20240315
FOUNDED = "2023-10-08T09:00:00+08:00"
FOUNDER = "林小雨"
ROTATIONS = (("2024-03-01 09:40", "2024-02"), ("2024-04-02 17:40", "2024-03"))
"""When closed records were archived, and before which month."""

OWN = {
    "aliases": """aliases:
  urgency: {急: high, 特急: critical, 不急: low}
  channel: {微信: online, 私信: other, 门店: onsite}
  category: {发货: delivery, 客服态度: service}
""",
    "fields": """fields:
  - {name: warranty, kind: choice, choices: [in, out], label: {en: Warranty, zh: 保修}, help: in or out of warranty}
  - {name: compensation, kind: number, label: {en: Compensation, zh: 补偿金额}, help: paid to the customer in CNY}
""",
    "people": """people:
  林小雨: {department: 客服部, email: xiaoyu@example.com}
  何静: {department: 客服部, email: hejing@example.com}
  Emma Clarke: {department: 客服部, email: emma@example.com}
  陈立: {department: 售后部, email: chenli@example.com}
  周晓岚: {department: 售后部, email: xiaolan@example.com, until: 2024-06-21}
  Daniel Roth: {department: 售后部, email: daniel@example.com}
  韩志远: {department: 质量部, email: zhiyuan@example.com}
  沈悦: {department: 质量部, email: shenyue@example.com}
  郭凯: {department: 物流部, email: guokai@example.com}
  Mei Tang: {department: 物流部, email: mei@example.com}
  吴建: {department: 生产部, email: wujian@example.com}
""",
    "routing": """routing:
  - {when: {category: delivery}, department: 物流部}
  - {when: {type: complaint, category: quality}, department: 售后部}
  - {when: {}, department: 客服部}
""",
    "escalation": """escalation:
  - {at: warn, level: 1, to: owner}
  - {at: breach, level: 2, to: 林小雨, target: [resolve, confirm]}
  - {at: breach + 1wd, level: 3, to: 韩志远, target: resolve, match: {urgency: [critical, high]}}
""",
}
"""What this ledger says under some keys of exlog.yaml that a new one shows as comments."""


def main(arguments: list[str]) -> int:
    """Build the ledger in a temporary folder, then put it in the place of TARGET."""
    target = Path(arguments[0]) if arguments else TARGET
    if target.is_dir() and any(target.iterdir()) and not (target / config.FILE).is_file():
        sys.stderr.write(f"{target} holds something else than a ledger; name an empty folder\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        if clone.git_folder(Path(folder)) is not None:
            sys.stderr.write(f"{folder} lies in a git checkout; set TMPDIR to a folder outside\n")
            return 2
        root = Path(folder) / "sample"
        # A thousand commands flush ten thousand times, which a folder that lives for seconds does not need.
        with mock.patch("os.fsync"):
            build(root)
        replace(target, root)
    return 0


def build(root: Path) -> None:
    """Found the ledger, then do everything that ever happened in it, in order of time."""
    dice = random.Random(SEED)
    os.environ["EXLOG_NOW"] = FOUNDED
    founding.found(root, language="en", timezone=TIMEZONE, actor=FOUNDER, entropy=dice.randbytes)
    plain = attributes.without((root / attributes.FILE).read_text(encoding="utf-8"))
    (root / attributes.FILE).write_text(plain, encoding="utf-8")  # nobody merges the sample in its own repository
    write_policy(root / config.FILE)
    shutil.copyfile(OTHERS_FIGURES, root / denominators.FILE)
    policy = config.load(root)
    for step in sorted(everything(), key=lambda step: step.at):
        step.act(Book(root, policy, actor=step.actor, entropy=dice.randbytes, now=step.at))


def write_policy(path: Path) -> None:
    """Put the ledger's own words and fields where a new exlog.yaml shows in comments how such are written."""
    text = path.read_text(encoding="utf-8")
    for key, own in OWN.items():
        text, found = re.subn(rf"^# {key}:\n(#   .*\n)+", own, text, flags=re.MULTILINE)
        if found != 1:
            raise SystemExit(f"exlog.yaml of a new ledger no longer shows {key} in comments")
    path.write_text(text, encoding="utf-8", newline="\n")


def everything() -> Iterator[Step]:
    """Profiles made and changed, every step of every story, and the rotations."""
    people = cast()
    profiles: Ids = {}
    for profile in people.customer:
        yield Step(moment(profile["made"]), FOUNDER, _making(profile, profiles))
    for edit in people.edit:
        yield Step(moment(edit["at"]), FOUNDER, _editing(edit["who"], edit["fields"], profiles))
    ids: Ids = {}
    for story in stories():
        yield from steps(story, people, ids)
    for at, before in ROTATIONS:
        yield Step(moment(at), FOUNDER, partial(rotation.archive, before=before))


def _making(profile: dict[str, str], made: Ids) -> Callable[[Book], None]:
    given = {"kind": "company", **{name: text for name, text in profile.items() if name != "made"}}

    def act(book: Book) -> None:
        with writing(book) as session:
            made[called(profile)] = enrolling.create(session, given).id
            session.commit()

    return act


def _editing(who: str, fields: dict[str, str], made: Ids) -> Callable[[Book], None]:
    def act(book: Book) -> None:
        with writing(book) as session:
            enrolling.edit(session, made[who], fields)
            session.commit()

    return act


def replace(target: Path, built: Path) -> None:
    """Let ``target`` hold the files of ``built`` and no others, what belongs to a clone (.exlog) aside."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        if old.is_dir() and old.name != journal.WORK:
            shutil.rmtree(old)
        elif old.is_file():
            old.unlink()
    for path in sorted(built.rglob("*")):
        relative = path.relative_to(built)
        if path.is_file() and relative.parts[0] != journal.WORK:
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            (target / relative).write_bytes(path.read_bytes())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
