"""Reminders reach people once: real processes, a real SMTP server, a real HTTP listener, all on loopback."""

from __future__ import annotations

import email
import email.policy
import importlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from acceptance_helper import Ledger, Result
from aiosmtpd.controller import Controller
from faults import process

from exlog.commands import digest

SLA = "sla:\n  - {resolve: {from: received_at, to: resolved_at, within: 8h}}\n"
"""Nearly late after 6 hours, late after 8."""
LATE, NEAR, LATER = "2024-03-15T04:00:00+08:00", "2024-03-15T08:00:00+08:00", "2024-03-15T17:00:00+08:00"
SECRET = "sEcReTkEy0815"


class Receiver:
    """``receiver.py`` under way."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        command = [sys.executable, str(Path(__file__).with_name("receiver.py")), str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        self.url = f"json://team:{SECRET}@127.0.0.1:{port}/hooks/{SECRET}"
        self.masked = f"json://team:****@127.0.0.1:{port}/…"

    def messages(self, kind: str = "taken") -> list[dict[str, str]]:
        """What came so far, oldest first."""
        return [json.loads(path.read_bytes()) for path in sorted(self.folder.glob(f"*.{kind}"))]

    def ids(self) -> list[str]:
        """The ids of the lines of all messages."""
        return [line.split()[0] for message in self.messages() for line in message["message"].splitlines()]

    def flag(self, name: str, up: bool = True) -> None:
        if up:
            (self.folder / name).touch()
        else:
            (self.folder / name).unlink()


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver(tmp_path / f"received{len(made)}"))
        return made[-1]

    yield make
    for one in made:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def chat(receivers: Callable[[], Receiver]) -> Receiver:
    return receivers()


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        found = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[str, list[EmailMessage]]]:
    """The URL of a mailbox and the mails in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"mailto://127.0.0.1:{port}?from=exlog@example.com&to=team@example.com&smtp=127.0.0.1", box.mails
    controller.stop()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger")
    made.policy(SLA)
    return made


@pytest.fixture
def ids(ledger: Ledger) -> list[str]:
    """A late record, one that is nearly late, and one that has time."""
    return ledger.add(
        {"subject": "no light", "received_at": LATE},
        {"subject": "no sound", "received_at": NEAR},
        {"subject": "new", "received_at": "2024-03-15T14:00:00+08:00"},
    )


def at_once(ledger: Ledger, count: int, *arguments: str, **env: str) -> list[Result]:
    """The same command by several processes at the same time."""
    env = {"EXLOG_LOCK_TIMEOUT": "50", **env}
    running = [process.started("-C", str(ledger.path), *arguments, env=env) for _number in range(count)]
    ended = [(one, *one.communicate(timeout=60)) for one in running]
    return [Result(one.returncode, out.decode(), err.decode()) for one, out, err in ended]


def waited_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What arrives


def test_a_digest_arrives_at_a_listener_once(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    first = ledger("remind", "--to", chat.url)
    assert first.out == ""
    assert first.err == f"sent to {chat.masked}: exlog ledger: 1 late, 1 nearly late\n"
    (message,) = chat.messages()
    assert message["title"] == "exlog ledger: 1 late, 1 nearly late"
    assert message["message"].splitlines() == [
        f"{ids[0]} [low] resolution due 03-15 12:00, 2 h 30 min late · nobody has it · Walk-in · no light",
        f"{ids[1]} [low] resolution due 03-15 16:00, 1 h 30 min left · nobody has it · Walk-in · no sound",
    ]
    again = ledger("remind", "--to", chat.url)
    assert (again.out, again.err) == ("", "nothing new to remind of\n")
    assert len(chat.messages()) == 1


def test_a_digest_arrives_by_mail_once_as_plain_text(
    ledger: Ledger, ids: list[str], mailbox: tuple[str, list[EmailMessage]]
) -> None:
    url, mails = mailbox
    ledger("assign", ids[0], "王芳", "--department", "售后部")
    for _run in range(2):
        ledger("remind", "--to", url)
    (mail,) = mails
    assert (mail["Subject"], mail["To"]) == ("exlog ledger: 1 late, 1 nearly late", "team@example.com")
    assert mail.get_body(("html",)) is None
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines()[0] == (
        f"{ids[0]} [low] resolution due 03-15 12:00, 2 h 30 min late · 售后部/王芳 · Walk-in · no light"
    )


def test_a_late_record_is_told_again_only_when_it_was_told_as_nearly_late(
    ledger: Ledger, ids: list[str], chat: Receiver
) -> None:
    """``--at warn`` says it once, nearly late or late; ``--at breach`` only what is late, and remembers apart."""
    ledger("remind", "--to", chat.url)
    ledger("remind", "--to", chat.url, now=LATER)
    assert chat.ids() == ids[:2]
    ledger("remind", "--to", chat.url, "--at", "breach")
    assert chat.ids() == [*ids[:2], ids[0]]
    ledger("remind", "--to", chat.url, "--at", "breach", now=LATER)
    ledger("remind", "--to", chat.url, "--at", "breach", now=LATER)
    assert chat.ids() == [*ids[:2], ids[0], ids[1]]


def test_a_reopened_record_is_told_anew(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    ledger("remind", "--to", chat.url)
    ledger("close", ids[0], "--set", "owner=li", "--resolution", "x", "--satisfaction", "5")
    ledger("reopen", ids[0], "--reason", "broken again")
    for _run in range(2):
        ledger("remind", "--to", chat.url)
    assert chat.ids() == [ids[0], ids[1], ids[0]]


def test_within_and_filters_choose_what_is_told(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    ledger("remind", "--to", chat.url, "--within", "1h")
    assert chat.messages()[0]["title"] == "exlog ledger: 1 late"
    ledger("remind", "--to", chat.url, "--within", "8h", "--search", "new")
    assert chat.messages()[1]["title"] == "exlog ledger: 1 due within 8h"
    assert chat.ids() == [ids[0], ids[2]]


def test_the_weekly_review_arrives_whole_each_week(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    review = ("remind", "--what", "review", "--to", chat.url)
    for now in ("2024-03-19T09:00:00+08:00", "2024-03-22T09:00:00+08:00", "2024-03-25T09:00:00+08:00"):
        ledger(*review, now=now)
        ledger(*review, now=now)
    found = [set(message["message"].splitlines()) for message in chat.messages()]
    overdue = {f"[overdue] {one}" for one in ids}
    for whole in (found[0], found[-1]):
        assert overdue <= {" ".join(line.split()[:2]) for line in whole}
        assert all(" → exlog " in line for line in whole)
    same_week = found[:-1]
    told = [" ".join(line.split("]")[0:1] + line.split("] ")[1].split()[:1]) for lines in same_week for line in lines]
    assert len(told) == len(set(told)), "within a week each finding comes once"
    assert re.fullmatch(r"exlog ledger: \d+ to review", chat.messages()[0]["title"])


def test_a_long_digest_names_50_and_counts_the_rest(ledger: Ledger, chat: Receiver) -> None:
    ledger.add(*({"subject": f"s{number}", "received_at": LATE} for number in range(60)))
    ledger("remind", "--to", chat.url)
    ledger("remind", "--to", chat.url)
    (message,) = chat.messages()
    lines = message["message"].splitlines()
    assert (len(lines), lines[-1]) == (51, "and 10 more: exlog due")
    assert message["title"] == "exlog ledger: 60 late"


@pytest.mark.parametrize("room", [100, 2048, 4096])
def test_a_digest_has_no_more_bytes_than_the_service_takes(room: int) -> None:
    """WeCom answers 200 to a message of more than 2048 bytes and drops it."""
    lines = [f"F20240315{number:03} · {'外壳开裂' * 10}" for number in range(1, 61)]
    text = digest.cut(lines, room, "exlog due").replace("\n", "\r\n")
    assert len(text.encode()) <= room
    kept = text.count("\n")
    assert text.endswith(f"and {60 - kept} more: exlog due")
    assert kept == {100: 0, 2048: 14, 4096: 29}[room]
    assert digest.cut(lines[:3], room * 100, "exlog due") == "\n".join(lines[:3])


def test_a_subject_can_neither_steer_a_terminal_nor_call_everybody(tmp_path: Path, chat: Receiver) -> None:
    zh = Ledger(tmp_path / "zh", "--lang", "zh")
    zh.policy(SLA)
    nasty = "断电\n第二行\u202e\x1b[31m <b>粗</b> @all <!channel> [点我](http://example.com)"
    (one,) = zh.add({"subject": nasty, "received_at": LATE, "customer": "深圳华兴"})
    zh("remind", "--to", chat.url)
    (message,) = chat.messages()
    assert message["title"] == "exlog zh: 超时 1 项"
    assert message["message"] == (
        f"{one}［低］解决截止 03-15 12:00，超时2小时30分 · 无人负责 · 深圳华兴 · "
        r"断电⏎第二行\u202e\x1b[31m ＜b>粗＜/b> ＠all ＜!channel> [点我] (http://example.com)"
    )


# Once


def test_five_processes_at_once_send_each_reminder_once(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    done = at_once(ledger, 5, "remind", "--to", chat.url)
    assert {one.code for one in done} == {0}, done
    assert sorted(one.err.split()[0] for one in done) == ["nothing"] * 4 + ["sent"]
    assert chat.ids() == ids[:2]


def test_a_url_that_is_down_keeps_its_reminders_and_the_other_is_served_once(
    ledger: Ledger, ids: list[str], receivers: Callable[[], Receiver]
) -> None:
    down, up = receivers(), receivers()
    down.flag("refuse")
    both = {"EXLOG_REMIND_TO": f"{down.url} {up.url}"}
    for _run in range(2):
        failed = ledger("remind", code=75, **both)
        (line,) = [line for line in failed.err.splitlines() if line.startswith("exlog: ")]
        assert line.startswith(f"exlog: {down.masked}: not delivered: ")
        assert line.endswith("error=500; the next exlog remind sends it")
    assert (down.ids(), up.ids()) == ([], ids[:2])
    down.flag("refuse", up=False)
    for _run in range(2):
        ledger("remind", **both)
    assert (down.ids(), up.ids()) == (ids[:2], ids[:2])


def test_five_processes_at_once_with_a_url_that_is_down(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    done = at_once(ledger, 5, "remind", "--to", "json://127.0.0.1:1", "--to", chat.url)
    assert {one.code for one in done} == {75}, done
    assert not any("Traceback" in one.err for one in done)
    assert chat.ids() == ids[:2]


def test_killed_before_the_answer_it_sends_once_more_and_never_again(
    ledger: Ledger, ids: list[str], chat: Receiver
) -> None:
    chat.flag("hold")
    running = process.started("-C", str(ledger.path), "remind", "--to", chat.url)
    waited_for(lambda: chat.messages("held"))
    running.kill()
    running.communicate()
    chat.flag("hold", up=False)
    assert chat.messages("taken") == []
    for _run in range(2):
        ledger("remind", "--to", chat.url)
    assert chat.messages("taken") == chat.messages("held")
    assert chat.ids() == ids[:2]


def test_while_one_sends_another_waits_and_gives_up_and_other_commands_go_on(
    ledger: Ledger, ids: list[str], chat: Receiver
) -> None:
    chat.flag("hold")
    running = process.started("-C", str(ledger.path), "remind", "--to", chat.url)
    waited_for(lambda: chat.messages("held"))
    waiting = ledger("remind", "--to", chat.url, code=75, EXLOG_LOCK_TIMEOUT="0.1")
    assert waiting.err.endswith("outbox.lock: another exlog remind is sending; try again when it is done\n")
    ledger("update", ids[0], "--note", "x", EXLOG_LOCK_TIMEOUT="0.1")
    chat.flag("hold", up=False)
    assert running.wait(30) == 0
    running.communicate()
    assert ledger("remind", "--to", chat.url).err == "nothing new to remind of\n"


def test_what_was_sent_is_remembered_in_the_clone_without_the_url_and_for_400_days(
    ledger: Ledger, ids: list[str], chat: Receiver
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=ledger.path, check=True)
    box = ledger.path / ".git" / "exlog" / "outbox.json"

    def entries() -> dict[str, str]:
        (sent,) = json.loads(box.read_text())["sent"].values()
        return dict(sent)

    ledger("remind", "--to", chat.url)
    assert SECRET not in box.read_text()
    assert "127.0.0.1" not in box.read_text()
    assert set(entries().values()) == {"2024-03-15"}
    ledger("update", ids[2], "--set", "owner=li", "--resolution", "x")
    ledger("update", ids[1], "--set", "owner=li", "--resolution", "x")
    first = datetime.fromisoformat(LATER)
    for day in range(0, 500, 99):
        now = (first + timedelta(days=day)).isoformat()
        ledger("remind", "--to", chat.url, "--where", "subject=no light", now=now)
    assert chat.ids() == ids[:2], "a record that stays late for more than a year is told once"
    assert list(entries().values()) == ["2025-07-23"], "what nobody asked for in 400 days is dropped"


# Before anything is sent


def test_dry_run_prints_the_message_and_sends_and_marks_nothing(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    shown = ledger("remind", "--dry-run", EXLOG_REMIND_TO=chat.url)
    assert (shown.lines[0], shown.lines[1], shown.err) == ("exlog ledger: 1 late, 1 nearly late", "", "")
    assert [line.split()[0] for line in shown.lines[2:]] == ids[:2]
    assert shown.out == ledger("remind", "--dry-run").out, "without a URL all of it"
    assert shown.out == ledger("remind", "--dry-run", "--to", chat.url, "--to", "json://127.0.0.1:1").out
    assert not list(ledger.path.rglob("outbox*"))
    ledger("remind", EXLOG_REMIND_TO=chat.url)
    assert chat.messages()[0]["message"].splitlines() == shown.lines[2:]
    nothing = ledger("remind", "--dry-run", "--to", chat.url)
    assert (nothing.out, nothing.err) == ("", "nothing new to remind of\n")
    assert ledger.ids("remind", "--dry-run") == ids[:2]


def test_the_option_wins_over_the_environment_and_quiet_prints_ids(
    ledger: Ledger, ids: list[str], chat: Receiver
) -> None:
    done = ledger("remind", "-q", "--to", chat.url, "--to", chat.url, EXLOG_REMIND_TO="json://127.0.0.1:1")
    assert (done.out.split(), done.err) == (ids[:2], "")
    assert chat.ids() == ids[:2]
    again = ledger("remind", "-q", "--to", chat.url)
    assert (again.out, again.err) == ("", "")


@pytest.mark.parametrize("nothing_late", [False, True])
def test_a_missing_package_is_one_line(ledger: Ledger, tmp_path: Path, nothing_late: bool) -> None:
    if not nothing_late:
        ledger.add({"received_at": LATE})
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "apprise.py").write_text("raise ModuleNotFoundError('No module named apprise')\n")
    path = os.pathsep.join(filter(None, (str(tmp_path / "without"), os.environ.get("PYTHONPATH"))))
    failed = ledger("remind", "--to", "json://127.0.0.1", code=2, PYTHONPATH=path)
    assert failed.err == (
        "exlog: sending needs the package apprise, which is not installed; pip install 'exlog[notify]'\n"
    )
    assert ledger("remind", "--dry-run", PYTHONPATH=path).code == 0


@pytest.mark.parametrize("nothing_late", [False, True])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"nosuch://{SECRET}", "nosuch://…"),
        (SECRET, "…"),
        (f"mailto://me:{SECRET}@127.0.0.1", "mailto://…"),
        (f"slack://{SECRET}", "slack://…"),
    ],
)
def test_a_url_that_apprise_does_not_understand_is_named_without_its_secrets_and_nothing_is_sent(
    ledger: Ledger, chat: Receiver, url: str, shown: str, nothing_late: bool
) -> None:
    if not nothing_late:
        ledger.add({"received_at": LATE})
    failed = ledger("remind", "--to", chat.url, "--to", url, code=2)
    assert failed.err.startswith(f"exlog: Apprise does not understand URL 2 ({shown})")
    assert failed.err.count("\n") == 1
    assert SECRET not in failed.err
    assert chat.messages() == []


def test_a_failure_shows_no_secret(ledger: Ledger, ids: list[str]) -> None:
    failed = ledger("remind", "--to", f"json://me:{SECRET}@127.0.0.1:1/{SECRET}?+X-Key={SECRET}", code=75)
    assert failed.err.count("\n") == 1
    assert failed.err.startswith("exlog: json://me:****@127.0.0.1:1/…: not delivered: ")
    assert SECRET not in failed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no URL to send to; give --to URL or set EXLOG_REMIND_TO"),
        (("--to", " "), "no URL to send to"),
        (("--dry-run", "--what", "all"), "--what cannot be 'all'; one of: due, review"),
        (("--dry-run", "--at", "never"), "--at cannot be 'never'; one of: warn, breach"),
        (("--dry-run", "--within", "soon"), "soon is no time allowed"),
        (("--dry-run", "--within", "4h", "--at", "breach"), "exclude each other"),
        (("--dry-run", "--within", "4h", "--what", "review"), "leave them out"),
        (("--dry-run", "--at", "warn", "--what", "review"), "leave them out"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(ledger: Ledger, arguments: tuple[str, ...], words: str) -> None:
    failed = ledger("remind", *arguments, code=2)
    assert words in failed.err
    assert failed.err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sent": {"a": {"b": "soon"}}}', '{"sent": {"a": []}}'])
def test_a_damaged_list_of_what_was_sent_stops_it(ledger: Ledger, ids: list[str], chat: Receiver, text: str) -> None:
    (ledger.path / ".exlog" / "outbox.json").write_text(text)
    failed = ledger("remind", "--to", chat.url, code=4)
    assert failed.err.endswith(
        "outbox.json: the list of what was sent cannot be read; remove the file; "
        "what is late now will be sent once more\n"
    )
    assert chat.messages() == []


def test_a_link_in_place_of_the_list_is_not_followed(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    (ledger.path / ".exlog" / "outbox.json").symlink_to(ledger.path.parent / "elsewhere")
    ledger("remind", "--to", chat.url, code=4)
    assert chat.messages() == []


def test_a_folder_that_refuses_does_so_before_anything_is_sent(ledger: Ledger, ids: list[str], chat: Receiver) -> None:
    limited = subprocess.run(
        ["bash", "-c", f"ulimit -f 0; exec {sys.executable} -m exlog remind --to {chat.url}"],
        cwd=ledger.path, env=process.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert limited.returncode == 75, limited
    assert "cannot remember what is sent: the file would be too large" in limited.stderr
    assert chat.messages() == []


def test_the_crontab_of_the_docs_runs_as_written(tmp_path: Path, chat: Receiver) -> None:
    """With nothing but what cron gives: HOME, a short PATH and /bin/sh."""
    ledger = Ledger(tmp_path / "ledger")
    ledger.policy(SLA + ESCALATION)
    (one,) = ledger.add({"received_at": LATE})
    program = tmp_path / ".local" / "bin" / "exlog"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m exlog "$@"\n')
    program.chmod(0o755)
    (tmp_path / ".config" / "exlog").mkdir(parents=True)
    (tmp_path / ".config" / "exlog" / "remind.env").write_text(f"EXLOG_REMIND_TO='{chat.url}'\n")
    text = (Path(__file__).parents[1] / "docs" / "reminders.md").read_text("utf-8")
    block = text.partition("```crontab\n")[2].partition("```")[0]
    commands = [line.split(maxsplit=5)[5] for line in block.splitlines() if not line.startswith("#")]
    assert len(commands) == 3
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "EXLOG_NOW": "2024-03-15T14:30:00+08:00"}
    for command in commands * 2:
        done = subprocess.run(["/bin/sh", "-c", command], env=env, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), command
    assert chat.messages()[0]["title"] == "exlog ledger: 1 late"
    assert len(chat.messages()) == 2
    assert {event["record"] for event in ledger.events() if event["action"] == "escalate"} == {one}


# A night of cron

EVENING = datetime.fromisoformat("2024-03-15T20:00:00+08:00")
ESCALATION = """\
escalation:
  - {at: warn, level: 1, to: owner}
  - {at: breach, level: 2, to: 李华}
"""


def test_a_night_of_cron_sends_each_reminder_once_and_records_each_escalation_once(
    memory: Path, chat: Receiver, pytestconfig: pytest.Config
) -> None:
    """200 records; ``due --escalate`` and ``remind`` by five processes at each step from 20:00 to 08:00."""
    ledger = Ledger(memory / "ledger")
    ledger.policy(SLA.replace("8h", "12h") + ESCALATION)
    received = [EVENING + timedelta(hours=-10, minutes=3 * number) for number in range(200)]
    ids = ledger.add(*({"received_at": at.isoformat()} for at in received), now=EVENING.isoformat())
    importlib.import_module("apprise")  # once here rather than in each fork
    step = timedelta(minutes=10 if pytestconfig.getoption("--long") else 120)
    now = EVENING
    seen = 0
    while now <= EVENING + timedelta(hours=12):
        env = {"EXLOG_NOW": now.isoformat(), "EXLOG_LOCK_TIMEOUT": "50"}

        def cron(env: dict[str, str] = env) -> list[process.Done]:
            return [
                process.forked("-C", str(ledger.path), *command, env=env, repeatable=False)
                for command in (("due", "--escalate"), ("remind", "--to", chat.url))
            ]

        done = [one for runs in process.at_once([cron] * 5) for one in runs]
        assert {one.code for one in done} == {0}, done
        near = [one for one, at in zip(ids, received, strict=True) if now - at >= timedelta(hours=9)]
        assert sorted(chat.ids()[seen:]) == sorted(near[seen:]), now
        seen = len(near)
        late = [one for one, at in zip(ids, received, strict=True) if now - at > timedelta(hours=12)]
        raised = sorted((event["new"], event["record"]) for event in ledger.events() if event["action"] == "escalate")
        assert raised == sorted([*(("1", one) for one in near), *(("2", one) for one in late)]), now
        now += step
    assert seen == 200
    assert ledger("check", now=now.isoformat()).code == 0
