"""Generates what the benchmarks read: sound ledgers of any size, and CSV files to import.

    python benchmarks/ledgers.py ledger FOLDER --live 10000 --archived 1000000
    python benchmarks/ledgers.py table FILE.csv --rows 250000

A ledger is what the program itself would have written: ``exlog init`` makes it, then rows, history, profiles,
archives and their manifest are filled in, so that ``exlog check`` finds nothing. The same arguments give the
same rows. It runs as a process of its own because a child starts with the peak memory of its parent: the one
that measures has to stay small.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 7, 15, 12)
"""When the benchmarks take place (EXLOG_NOW), in the ledger's zone."""

OFFSET = "+08:00"
HISTORY_HEADER = "at,actor,record,action,field,old,new,note,uid,event,prev\n"
MANIFEST_HEADER = "month,rows,sha256,first_received,last_received\n"

_LIVE_DAYS = 60
_ARCHIVED_MONTHS = 24
_ROTATED = (datetime(2026, 5, 1), datetime(2026, 7, 1))
_PROFILES = 200
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]

_OPEN = ("new", "in_progress", "on_hold")
_MIX = ("new",) * 4 + ("in_progress",) * 5 + ("on_hold",) + ("resolved",) * 2 + ("closed",) * 8
_TYPES = ("complaint",) * 7 + ("inquiry", "suggestion", "praise")
_CATEGORIES = ("quality", "service", "delivery", "other")
_CHANNELS = ("phone", "online", "email", "onsite", "other")
_SEVERITIES = ("major", "moderate", "minor", "")
_URGENCIES = ("critical", "high", "medium", "low")
_CITIES = ("宁波", "苏州", "佛山", "青岛", "成都", "武汉", "西安", "天津", "厦门", "长沙")
_NAMES = ("海川机械", "恒达电气", "新源包装", "明远科技", "华泰纺织", "蓝天医疗", "金鼎建材", "瑞丰食品")
_OWNERS = ("李娜", "王强", "张敏", "刘洋", "陈静", "赵磊")
_DEPARTMENTS = ("质量部", "客服部", "物流部", "生产部")
_CARRIERS = ("顺丰", "德邦", "中通", "")
_SUBJECTS = (
    "电机运转异响，客户要求停机检查",
    "交货延迟三天",
    "包装破损，外箱有水渍",
    "Display flickers after firmware update",
    "发票抬头错误",
    "客服电话长时间无人接听",
    "零件尺寸偏差，无法装配",
    "Wrong colour, two of five pieces",
    "咨询保修期限",
    "表面划痕",
)
_DESCRIPTIONS = (
    "客户来电反映，设备运行约两小时后出现异常声响，温度升高。\n现场照片已发邮件，要求三日内答复。",
    "Received 12 of 20 units; the customer asks when the rest will ship.",
    '外箱标注 "易碎", 但到货时两箱已变形, 内部产品待检。',
    "客户希望了解该型号在高湿环境下的保修条款。",
    "安装后首次通电即报错 E-17，复位无效。客户已停线，催促尽快处理。",
)
_RESOLUTIONS = (
    "更换轴承并重新校准，客户现场确认正常",
    "补发缺件，已签收",
    "Refund issued, customer informed by phone",
    "上门维修，更换控制板",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("ledger", help="a ledger")
    one.add_argument("folder", type=Path)
    one.add_argument("--live", type=int, default=1000, help="rows of the last 60 days, in every status")
    one.add_argument("--archived", type=int, default=0, help="rows in the archives of 24 months")
    one.add_argument("--rotatable", type=int, default=0, help="live rows that `exlog archive` would take")
    one.add_argument("--exlog", default="exlog", help="the program that makes the empty ledger")
    two = kinds.add_parser("table", help="a CSV file of one-off customers, to import")
    two.add_argument("file", type=Path)
    two.add_argument("--rows", type=int, default=1000)
    given = parser.parse_args(arguments)
    if given.kind == "table":
        write_table(given.file, given.rows)
    else:
        write_ledger(given.folder, given.live, given.archived, given.rotatable, given.exlog)


def write_ledger(folder: Path, live: int, archived: int, rotatable: int, exlog: str) -> None:
    """Make the ledger in ``folder``, whole or not at all."""
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    subprocess.run([exlog, "init", str(draft)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    header = (draft / "exceptions.csv").read_text(encoding="utf-8").rstrip("\n")
    if archived:
        write_archives(draft, header, archived)
    teller = Teller(header.split(","), random.Random(live))
    teller.write_profiles(draft)
    history: dict[str, list[str]] = defaultdict(list)
    lines = [header]
    if rotatable:
        for record_id, moment in _moments(*_ROTATED, rotatable):
            lines.append(teller.tell(record_id, moment, "closed", history))
    start = _ROTATED[1] if rotatable else NOW - timedelta(days=_LIVE_DAYS)
    for record_id, moment in _moments(start, NOW, live):
        lines.append(teller.tell(record_id, moment, teller.status_at(moment), history))
    (draft / "exceptions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_history(draft, history)
    draft.rename(folder)


def write_archives(folder: Path, header: str, count: int) -> None:
    """The archive of each month, one event a record in its history, and the manifest."""
    teller = Teller(header.split(","), random.Random(count))
    months = list(_months(NOW - timedelta(days=_LIVE_DAYS), _ARCHIVED_MONTHS))
    manifest = []
    for place, (start, end) in enumerate(months):
        share = count * (place + 1) // len(months) - count * place // len(months)
        month = f"{start:%Y-%m}"
        lines, events, received = [header], [], []
        for record_id, moment in _moments(start, end, share):
            line, event, at = teller.tell_whole(record_id, moment)
            lines.append(line)
            events.append(event)
            received.append(at)
        data = ("\n".join(lines) + "\n").encode("utf-8")
        (folder / "archive" / f"{month}.csv").write_bytes(data)
        _write_history(folder, {month: events})
        if received:
            digest = hashlib.sha256(data).hexdigest()
            manifest.append(f"{month},{share},{digest},{min(received)},{max(received)}\n")
    (folder / "archive" / "manifest.csv").write_text(MANIFEST_HEADER + "".join(manifest), encoding="utf-8")


class Teller:
    """Tells the lives of records: their rows and the events that lead there, in the form of the program."""

    def __init__(self, columns: Sequence[str], rng: random.Random) -> None:
        self._columns = columns
        self._pick = rng.choice
        self._random = rng.random
        self._bits = rng.getrandbits
        self._customers = [
            (
                f"C202310{place // 10 + 1:02d}0{place % 10 + 1:02d}",
                f"{_CITIES[place % 10]}{_NAMES[place % 8]}有限公司{place}",
            )
            for place in range(_PROFILES)
        ]

    def write_profiles(self, folder: Path) -> None:
        """A profile for each customer, with its event."""
        (folder / "customers").mkdir(exist_ok=True)
        events = []
        at = f"2023-10-31T09:00:00{OFFSET}"
        for customer_id, name in self._customers:
            profile = {
                "id": customer_id,
                "name": name,
                "level": self._pick(("strategic", "vip", "standard")),
                "contact": self._pick(_OWNERS),
                "phone": f"1390000{self._bits(30) % 10000:04d}",
                "region": name[:2],
                "created_at": at,
                "updated_at": at,
                "uid": self._uid(),
            }
            quoted = ("phone", "created_at", "updated_at")
            text = "".join(
                f"{key}: '{value}'\n" if key in quoted else f"{key}: {value}\n" for key, value in profile.items()
            )
            (folder / "customers" / f"{customer_id}.yaml").write_text(text, encoding="utf-8")
            events.append(self._event(at, customer_id, "create", "*", "", _json(profile), "", profile["uid"], 1))
        _write_history(folder, {at[:7]: events})

    def status_at(self, moment: datetime) -> str:
        """A status that a record of that time may have by now; what is young is still open."""
        status = self._pick(_MIX)
        return self._pick(_OPEN) if moment > NOW - timedelta(days=6) and status not in _OPEN else status

    def tell(self, record_id: str, moment: datetime, status: str, history: dict[str, list[str]]) -> str:
        """The row of a record that came to ``status`` command by command; its events go into ``history``."""
        record = self._created(record_id, moment)
        uid = record["uid"]
        at = record["recorded_at"]
        lines = history[at[:7]]
        lines.append(self._event(at, record_id, "create", "*", "", _json(record), "", uid, 1))
        urgency = self._pick(_URGENCIES)
        self._command(record, at, history, "urgency", (("urgency", urgency, "客户等级"), ("urgency_by", "manual", "")))
        if status == "new":
            return self._line(record)
        at = _stamp(moment + timedelta(hours=1 + 3 * self._random()))
        self._command(record, at, history, "assign", self._assignment(at))
        if status == "on_hold":
            at = _stamp(moment + timedelta(hours=5))
            self._command(record, at, history, "hold", self._hold(at))
        elif status in ("resolved", "closed"):
            at = _stamp(moment + timedelta(hours=8 + 60 * self._random()))
            self._command(record, at, history, "resolve", self._resolution(at))
            if status == "closed":
                at = _stamp(moment + timedelta(hours=70 + 60 * self._random()))
                self._command(record, at, history, "close", self._end(at))
        return self._line(record)

    def tell_whole(self, record_id: str, moment: datetime) -> tuple[str, str, str]:
        """The row of a closed record, one event that holds all of it, and when it was received."""
        record = self._created(record_id, moment)
        at = record["recorded_at"]
        record |= {"urgency": self._pick(_URGENCIES), "urgency_by": "manual"}
        for hours, steps in ((2.0, self._assignment), (30.0, self._resolution), (90.0, self._end)):
            then = _stamp(moment + timedelta(hours=hours * (1 + self._random())))
            record |= {name: value for name, value, _note in steps(then)}
        event = self._event(at, record_id, "create", "*", "", _json(record), "", record["uid"], 1)
        return self._line(record), event, record["received_at"]

    def _created(self, record_id: str, moment: datetime) -> dict[str, str]:
        pick = self._pick
        number = self._bits(24)
        record = {
            "id": record_id,
            "status": "new",
            "recorded_at": _stamp(moment),
            "reopen_count": "0",
            "customer_id": "",
            "customer_name": f"{pick(_CITIES)}零售客户{number % 5000}",
            "type": pick(_TYPES),
            "channel": pick(_CHANNELS),
            "category": pick(_CATEGORIES),
            "severity": pick(_SEVERITIES),
            "order_no": f"SO{number % 1000000:06d}",
            "subject": pick(_SUBJECTS),
            "description": pick(_DESCRIPTIONS),
            "product": f"P{number % 60}",
            "model": f"M-{number % 300:03d}",
            "region": pick(_CITIES),
            "carrier": pick(_CARRIERS),
            "received_at": _stamp(moment - timedelta(seconds=number % 7200)),
            "due_at": _stamp(moment + timedelta(days=3)),
        }
        if number % 10 < 7:
            record["customer_id"], record["customer_name"] = pick(self._customers)
        record = {name: text for name, text in record.items() if text}
        record["uid"] = self._uid()
        return record

    def _assignment(self, at: str) -> tuple[tuple[str, str, str], ...]:
        owner = ("owner", self._pick(_OWNERS), "")
        department = ("department", self._pick(_DEPARTMENTS), "")
        return (owner, department, ("assigned_at", at, ""), ("status", "in_progress", ""))

    def _hold(self, at: str) -> tuple[tuple[str, str, str], ...]:
        end = ("hold_until", _stamp(NOW + timedelta(days=3)), "")
        return (("hold_reason", "等待配件", ""), ("hold_since", at, ""), end, ("status", "on_hold", "等待配件"))

    def _resolution(self, at: str) -> tuple[tuple[str, str, str], ...]:
        return (("resolution", self._pick(_RESOLUTIONS), ""), ("resolved_at", at, ""), ("status", "resolved", ""))

    def _end(self, at: str) -> tuple[tuple[str, str, str], ...]:
        answer = self._pick("345")
        return (
            ("satisfaction", answer, ""),
            ("confirmed_at", at, ""),
            ("close_reason", "confirmed", ""),
            ("closed_at", at, ""),
            ("status", "closed", ""),
        )

    def _command(
        self,
        record: dict[str, str],
        at: str,
        history: dict[str, list[str]],
        action: str,
        steps: Sequence[tuple[str, str, str]],
    ) -> None:
        lines = history[at[:7]]
        command = self._uid()
        for number, (field, value, note) in enumerate(steps, 1):
            old = record.get(field, "")
            record[field] = value
            lines.append(self._event(at, record["id"], action, field, old, value, note, record["uid"], number, command))

    def _event(
        self, at: str, record_id: str, action: str, field: str, old: str, new: str, note: str, uid: str,
        number: int, command: str = "",
    ) -> str:  # fmt: skip
        cells = (
            at,
            "li.na@example.com",
            record_id,
            action,
            field,
            old,
            new,
            note,
            uid,
            f"{command or self._uid()}.{number}",
        )
        return _join([cell.replace("\\", "\\\\").replace("\n", "\\n") for cell in cells])

    def _line(self, record: dict[str, str]) -> str:
        if "\n" in record["description"]:
            record = record | {"description": record["description"].replace("\n", "\\n")}
        get = record.get
        return _join([get(name, "") for name in self._columns])

    def _uid(self) -> str:
        bits = self._bits(49)
        rest = "".join([_PAIRS[bits >> shift & 1023] for shift in (0, 10, 20, 30)])
        return "abcdfghjkmnpqrst"[bits >> 45] + rest + _BASE32[bits >> 40 & 31]


def write_table(file: Path, rows: int) -> None:
    """A CSV file of another system, and beside it the map (FILE.yaml) that imports it."""
    rng = random.Random(rows)
    start = datetime(2025, 1, 1, 8)
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(_HEADER)
        for place in range(rows):
            opened = start + timedelta(seconds=place * 100)
            finished = opened.date() + timedelta(days=1 + place % 9)
            number = rng.getrandbits(24)
            cells = (
                f"T-{place:07d}",
                f"{opened:%m/%d/%Y %H:%M}",
                f"{finished}",
                rng.choice(("Web", "Phone", "E-mail", "Shop")),
                rng.choice(("Defect", "Late", "Staff", "Invoice")),
                rng.choice(_SUBJECTS),
                rng.choice(_DESCRIPTIONS),
                f"{rng.choice(_CITIES)}客户{number % 100000}",
                rng.choice(_CITIES),
                f"P{number % 60}",
                f"M-{number % 300:03d}",
                f"SO{number % 1000000:06d}",
                rng.choice(_DEPARTMENTS),
                rng.choice(_OWNERS),
                rng.choice(_RESOLUTIONS),
            )
            table.writerow(cells)
    file.with_suffix(".yaml").write_text(_MAP, encoding="utf-8")


_HEADER = (
    "Ticket", "Opened", "Finished", "Source", "Issue type", "Title", "Text", "Customer", "City", "Product", "Model",
    "Order", "Team", "Agent", "Outcome",
)  # fmt: skip

_MAP = """\
source: tickets
id: Ticket
set:
  type: complaint
  status: closed
  channel: {column: Source, map: {Web: online, Phone: phone, E-mail: email, Shop: onsite}}
  category: {column: Issue type, map: {Defect: quality, Late: delivery, Staff: service}, other: other}
  subject: {column: Title}
  description: {column: Text}
  customer_name: {column: Customer}
  region: {column: City}
  product: {column: Product}
  model: {column: Model}
  order_no: {column: Order}
  department: {column: Team}
  owner: {column: Agent}
  resolution: {column: Outcome}
  received_at: {column: Opened, format: "%m/%d/%Y %H:%M"}
  resolved_at: {column: Finished}
  closed_at: {column: Finished}
"""


def _moments(start: datetime, end: datetime, count: int) -> Iterator[tuple[str, datetime]]:
    """Ids and recording times of ``count`` records, spread evenly over the days from ``start`` to ``end``."""
    days = max(1, (end - start).days)
    for day in range(days):
        date = start.replace(hour=8) + timedelta(days=day)
        today = count * (day + 1) // days - count * day // days
        for place in range(today):
            yield f"F{date:%Y%m%d}0{place + 1:02d}", date + timedelta(seconds=36000 * place // today)


def _months(before: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """The ``count`` whole months before the one of ``before``, oldest first, as start and end."""
    number = before.year * 12 + before.month - 1 - count
    for place in range(number, number + count):
        yield datetime(place // 12, place % 12 + 1, 1), datetime((place + 1) // 12, (place + 1) % 12 + 1, 1)


def _write_history(folder: Path, history: dict[str, list[str]]) -> None:
    """Append events month by month, each with the link to the line before it, as the program does."""
    for month, lines in history.items():
        file = folder / "history" / month / "0.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines.sort(key=lambda line: line[:25])
        last = HISTORY_HEADER[:-1]
        if file.exists():
            last = file.read_text(encoding="utf-8").splitlines()[-1]
        else:
            file.write_text(HISTORY_HEADER, encoding="utf-8")
        with file.open("a", encoding="utf-8") as out:
            for line in lines:
                last = f"{line},{hashlib.sha256(last.encode()).hexdigest()[:32]}"
                out.write(last + "\n")


def _stamp(moment: datetime) -> str:
    return moment.isoformat()[:19] + OFFSET


def _json(record: dict[str, str]) -> str:
    return json.dumps(record, ensure_ascii=False)


def _join(cells: Sequence[str]) -> str:
    """One canonical line: quotes only where they must be."""
    line = ",".join(cells)
    if '"' not in line and line.count(",") == len(cells) - 1:
        return line
    return ",".join(['"' + cell.replace('"', '""') + '"' if '"' in cell or "," in cell else cell for cell in cells])


if __name__ == "__main__":
    main(sys.argv[1:])
