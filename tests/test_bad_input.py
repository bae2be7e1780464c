"""Bad input is one clear line, a documented exit code and an untouched ledger; legal CSV of any kind is read."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import ledgers, process
from faults.ledgers import ARCHIVED, CUSTOMER, NEW
from faults.process import Done
from hypothesis import given, settings
from hypothesis import strategies as st

from exlog import canonical, fields, policy
from exlog.errors import Damaged
from exlog.store import rows, yamlfile

LIVE = "exceptions.csv"
ARCHIVE = "archive/2023-12.csv"
HISTORY = "history/2024-03/0.csv"
PROFILE = f"customers/{CUSTOMER}.yaml"

ADD = ("add", "One off", "again", "-t", "inquiry", "--one-off")
CLOSE = ("close", NEW, "--invalid", "--reason", "x")
READERS = (("list",), ("list", "--all"), ("stats",), ("show", NEW), ("export",))
WRITERS = (ADD, CLOSE, ("update", NEW, "--note", "x"), ("assign", NEW, "li"), ("archive",))


def exlog(root: Path, *arguments: str, env: dict[str, str] | None = None, stdin: bytes = b"") -> Done:
    named = () if "-C" in arguments else ("-C", str(root))
    return process.forked(*named, *arguments, env=env, stdin=stdin)


def assert_one_line(done: Done, code: int, *says: str) -> None:
    assert done.code == code, done
    assert "Traceback" not in done.err
    assert done.err.startswith("exlog: "), done
    assert done.err.count("\n") == 1, done
    for text in says:
        assert text in done.err, (text, done)


def refused(root: Path, code: int, arguments: tuple[str, ...], *says: str, **more: object) -> Done:
    """A command that must end with one line that says this, ``code``, and the ledger as it was."""
    before = ledgers.content(root)
    done = exlog(root, *arguments, **more)  # type: ignore[arg-type]
    assert_one_line(done, code, *says)
    assert ledgers.content(root) == before
    return done


def found_by_check(root: Path, *says: str) -> None:
    """``check`` says so on stdout and stderr, exits 4, and changes nothing."""
    before = ledgers.content(root)
    done = exlog(root, "check")
    assert done.code == 4, done
    assert "Traceback" not in done.err
    for text in says:
        assert text in done.err, (text, done)
    assert ledgers.content(root) == before


# Damaged tables


def line(number: int, change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """A change to one line of a file, counted from 1."""

    def apply(data: bytes) -> bytes:
        lines = data.decode().split("\n")
        lines[number - 1] = change(lines[number - 1])
        return "\n".join(lines).encode()

    return apply


def without_column(name: str) -> Callable[[bytes], bytes]:
    def apply(data: bytes) -> bytes:
        table = list(csv.reader(io.StringIO(data.decode(), newline="")))
        place = table[0].index(name)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(row[:place] + row[place + 1 :] for row in table)
        return out.getvalue().encode()

    return apply


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "a row with a cell too many": (line(3, lambda text: text + ",x"), ":3:", "cells where the header has"),
    "a row with too few cells": (line(3, lambda text: text.rpartition(",")[0]), ":3:", "cells where the header has"),
    "a row that was cut off": (lambda data: data[:-60], ":{last}:", "cells where the header has"),
    "a doubled row": (lambda data: data + data.split(b"\n")[1] + b"\n", ":{next}: id", "a second time"),
    "an id that is none": (line(2, lambda text: "G" + text[1:]), ":2: id", "is no record id"),
    "an id in lower case": (line(2, lambda text: "f" + text[1:]), ":2: id", "is no record id"),
    "an id of no month": (line(2, lambda text: text[:5] + "13" + text[7:]), ":2: id", "is no record id"),
    "an id padded with zeros": (line(2, lambda text: text[:10] + "0" + text[10:]), ":2: id", "is no record id"),
    "an id with a space": (line(2, lambda text: " " + text), ":2: id", "is no record id"),
    "no id": (line(2, lambda text: text[text.index(",") :]), ":2: id", "is no record id"),
    "an unknown status": (line(2, lambda text: text.replace(",closed,", ",gone,", 1)), ":2: status", "'gone'"),
    "a missing column": (without_column("received_at"), ":1:", "the column received_at is missing"),
    "a column named twice": (line(1, lambda text: text.replace("product", "batch")), ":1:", "batch twice"),
    "a column without a name": (line(1, lambda text: text.replace("product", "")), ":1:", "has no name"),
    "the header a second time": (lambda data: data.split(b"\n")[0] + b"\n" + data, ":2: status", "'status'"),
    "no header": (lambda data: data.partition(b"\n")[2], ":1:", ""),
    "a byte 0xFF": (lambda data: data.replace(b"complaint", b"compl\xffint", 1), ":2:", "0xFF"),
    "a character cut in two": (line(2, lambda text: text + "裂裂裂裂裂裂"), ":2:", ""),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), ":1:", "UTF-8"),
    "a quote that does not close": (line(3, lambda text: text.replace(",complaint,", ',"complaint,')), ":3:", "CSV"),
    "a quote within a word": (line(3, lambda text: text.replace(",phone,", ',"pho"ne,')), ":3:", "CSV"),
    "an empty file": (lambda data: b"", ":1:", "empty"),
    "a blank line": (lambda data: b"\n", ":1:", "empty"),
    "blank lines": (lambda data: b"\r\n\n\r", ":1:", "empty"),
    "nothing but NUL bytes": (lambda data: bytes(len(data)), ":1:", "missing"),
    "a conflict of git": (
        lambda data: data + b"<<<<<<< HEAD\n=======\n>>>>>>> theirs\n",
        ":{next}:",
        "left conflict markers",
    ),
    "a workbook": (lambda data: b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xff\xfe", ":1:", ""),
}  # fmt: skip
DAMAGES["a character cut in two"] = (
    lambda data: data.replace("晚到三天".encode(), "晚到三天".encode()[:-1]).replace(
        "外壳开裂，客户".encode(), "外壳开裂，客户".encode()[:-1]
    ),
    ":2:",
    "UTF-8",
)


def damage(root: Path, file: str, name: str) -> tuple[str, str]:
    """Damage a file; the place and the words that a message must have."""
    change, place, words = DAMAGES[name]
    path = root / file
    data = path.read_bytes()
    last = data.count(b"\n")
    if name == "a quote that does not close" and file == ARCHIVE:
        change = line(3, lambda text: text.replace(",inquiry,", ',"inquiry,'))
    damaged = change(data)
    assert damaged != data
    path.write_bytes(damaged)
    return f"{file}{place.format(last=last, next=last + 1)}", words


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_live_ledger_stops_every_command(ledger: Path, name: str) -> None:
    place, words = damage(ledger, LIVE, name)
    for arguments in (*READERS, *WRITERS):
        refused(ledger, 4, arguments, f"exlog: {place}", words)
    found_by_check(ledger, f"exlog: {place}", words)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_archive_stops_what_looks_into_it_and_nothing_else(ledger: Path, name: str) -> None:
    """A reader may stop later, and take what it does not need to look at, but never gives a damaged row."""
    sound = exlog(ledger, "list", "--all", "--columns", "all", "-f", "jsonl").out.splitlines()
    place, words = damage(ledger, ARCHIVE, name)
    refused(ledger, 4, ("update", ARCHIVED, "--set", "product=x"), f"exlog: {place}", words)
    refused(ledger, 4, ("show", ARCHIVED), f"exlog: {place}", words)
    refused(ledger, 4, ("reopen", ARCHIVED, "--reason", "x"), f"exlog: {place}", words)
    for arguments in (("stats",), ("export",), ("list", "--all", "--columns", "all", "-f", "jsonl")):
        before = ledgers.content(ledger)
        done = exlog(ledger, *arguments)
        if done.code:
            assert_one_line(done, 4, f"exlog: {ARCHIVE}:")
        assert ledgers.content(ledger) == before
    if done.code == 0:
        ids = {json.loads(text)["id"] for text in done.out.splitlines()}
        assert {json.loads(text)["id"] for text in sound} - ids <= {ARCHIVED}
    found_by_check(ledger, f"exlog: {place}", words)
    assert exlog(ledger, "list").code == 0
    assert exlog(ledger, *ADD).code == 0


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("another header", "month,rows\n2023-12,2\n", ":1:"),
        ("no month", "{header}\n2023-13,2,x,,\n", ":2:"),
        ("no number", "{header}\n2023-12,two,x,,\n", ":2:"),
        ("a ragged row", "{header}\n2023-12,2\n", ":2:"),
        ("an empty file", "", ":1:"),
        ("a quote that does not close", '{header}\n"2023-12,2,x,,\n', ":2:"),
    ],
)  # fmt: skip
def test_a_damaged_manifest_stops_what_needs_it(ledger: Path, name: str, text: str, place: str) -> None:
    file = ledger / "archive" / "manifest.csv"
    file.write_text(text.format(header=file.read_text().splitlines()[0]))
    for arguments in (("list", "--all"), ("stats",), ("archive",), ("update", ARCHIVED, "--set", "product=x")):
        refused(ledger, 4, arguments, f"exlog: archive/manifest.csv{place}")
    found_by_check(ledger, f"exlog: archive/manifest.csv{place}")
    assert exlog(ledger, "list").code == 0
    assert exlog(ledger, *ADD).code == 0


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("another header", b"lane,clone\n0,x\n", ":1:"),
        ("no lane", b"lane,clone,taken_by,taken_at\n00,x,,\n", ":2: lane"),
        ("an empty lane", b"lane,clone,taken_by,taken_at\n,x,,\n", ":2: lane"),
        ("a ragged row", b"lane,clone,taken_by,taken_at\n0\n", ":2:"),
        ("an empty file", b"", ":1:"),
        ("a byte 0xFF", b"lane,clone,taken_by,taken_at\n0,\xff\xff,,\n", ":2:"),
    ],
)
def test_damaged_lanes_stop_every_writer(ledger: Path, name: str, data: bytes, place: str) -> None:
    (ledger / "lanes.csv").write_bytes(data)
    for arguments in WRITERS:
        refused(ledger, 4, arguments, f"exlog: lanes.csv{place}")
    found_by_check(ledger, f"exlog: lanes.csv{place}")
    for arguments in READERS:
        assert exlog(ledger, *arguments).code == 0


@pytest.mark.parametrize(
    ("name", "change", "place"),
    [
        ("another header", line(1, lambda text: text.replace("actor", "who")), ":1:"),
        ("a row with too few cells", line(2, lambda text: text.rpartition(",")[0]), ":2:"),
        ("a row that was cut off", lambda data: data[:-40], ":2:"),
        ("a byte 0xFF", line(2, lambda text: text.replace("create", "cr\udcffate")), ":2:"),
        ("a quote that does not close", line(2, lambda text: text.replace(",create", ',"create')), ":2:"),
        ("an empty file", lambda data: b"", ":1:"),
    ],
)
def test_a_damaged_history_is_never_shown_as_sound(
    ledger: Path, name: str, change: Callable[[bytes], bytes], place: str
) -> None:
    file = ledger / HISTORY
    if name == "a byte 0xFF":
        file.write_bytes(file.read_bytes().replace(b"create", b"cr\xffate"))
    else:
        file.write_bytes(change(file.read_bytes()))
    found_by_check(ledger, f"exlog: {HISTORY}{place}")
    shown = exlog(ledger, "show", NEW, "--history")
    assert shown.code in (0, 4)
    if shown.code == 4:
        assert_one_line(shown, 4, f"exlog: {HISTORY}{place}")
    for arguments in (("list",), ("list", "--all"), ("stats",)):
        assert exlog(ledger, *arguments).code == 0
    added = exlog(ledger, *ADD, "-q")
    if added.code:
        assert_one_line(added, 4, f"exlog: {HISTORY}{place}")
    else:
        assert added.out == "F20240315002\n"


@pytest.mark.parametrize("values", ["5", "null", "{", "[[1,2]]", "[" * 5000, '"x"', '{"id": 7}', '{"id": null}'])
def test_a_new_record_in_the_history_that_is_no_object_is_a_finding(ledger: Path, values: str) -> None:
    cells = ["2024-03-15T11:00:00+08:00", "t", NEW, "create", "*", "", values, "", "auid", "bevent.1"]
    with (ledger / HISTORY).open("a", encoding="utf-8") as stream:
        stream.write(canonical.join_row([canonical.encode_cell(cell) for cell in cells]) + "\n")
    for arguments in (("check",), ("check", "--adopt"), ("show", NEW, "--history")):
        done = exlog(ledger, *arguments)
        assert done.code in (0, 1, 4), done
        assert "Traceback" not in done.err
    assert exlog(ledger, "check").code in (1, 4)


# exlog.yaml and profiles

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(f'*{last}' for _n in range(9))}]\n"
    for last, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD_YAML = {
    "a bomb": (BOMB, ":1", "anchors"),
    "deep nesting": ("language: " + "[" * 50_000, "", "nests deeper"),
    "deep indents": ("".join(" " * depth + f"k{depth}:\n" for depth in range(500)), "", "nests deeper"),
    "a tag": ("language: !!python/object/apply:os.system ['touch x']\n", ":1", "tags"),
    "broken": ("exlog: 1\nlanguage: [en\n", "", "not YAML"),
    "a tab for an indent": ("exlog: 1\nrules:\n\tx: 1\n", ":3", "not YAML"),
    "a key twice": ("exlog: 1\nexlog: 1\n", ":2", "not YAML"),
    "a list": ("- exlog\n", ":1", "keys and values"),
    "a text": ("exlog\n", ":1", "keys and values"),
    "two documents": ("exlog: 1\n---\nexlog: 1\n", "", "not YAML"),
    "NUL bytes": ("exlog: 1\n\0\0\0\n", "", "not YAML"),
    "too much": ("#" * (1 << 20) + "\n", "", "too much"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_YAML)
def test_a_bad_exlog_yaml_stops_every_command(ledger: Path, name: str) -> None:
    text, place, words = BAD_YAML[name]
    (ledger / "exlog.yaml").write_text(text)
    for arguments in (("list",), ADD, ("stats",), ("check",)):
        refused(ledger, 4, arguments, f"exlog: exlog.yaml{place}", words)


@pytest.mark.parametrize("name", BAD_YAML)
def test_a_bad_profile_stops_what_needs_it_and_nothing_else(ledger: Path, name: str) -> None:
    text, place, words = BAD_YAML[name]
    (ledger / PROFILE).write_text(text)
    for arguments in (
        ("customer", "list"),
        ("customer", "show", CUSTOMER),
        ("customer", "edit", CUSTOMER, "--phone", "1"),
        ("add", CUSTOMER, "again", "-t", "inquiry"),
    ):
        refused(ledger, 4, arguments, f"exlog: {PROFILE}{place}", words)
    found_by_check(ledger, f"exlog: {PROFILE}{place}")
    for arguments in (("list", "--all"), ("stats",), ("show", NEW)):
        assert exlog(ledger, *arguments).code == 0


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("exlog: 1\nlangauge: en\n", ":2: langauge", "no such key"),
        ("exlog: 1\nrules:\n  reopen: 3\n", ":3: rules.reopen", "no such key"),
        ("exlog: 1\nrules:\n  reopen_within_days: -1\n", ":3: rules.reopen_within_days", "-1"),
        ("exlog: 1\nrules:\n  reopen_within_days: [1]\n", ":3: rules.reopen_within_days", ""),
        ("exlog: 1\nrules: 7\n", ":2: rules", "keys and values"),
        ("exlog: 99\n", ":1: exlog", "99"),
        ("exlog: one\n", ":1: exlog", "one"),
        ("exlog: 1\nlanguage: fr\n", ":2: language", "fr"),
        ("exlog: 1\nlanguage: [en]\n", ":2: language", ""),
        ("exlog: 1\ncalendar:\n  timezone: ../../etc/passwd\n", ":3: calendar.timezone", "timezone"),
        ("exlog: 1\ncalendar:\n  timezone: Mars/Base\n", "", "Mars/Base"),
        ("exlog: 1\nfields:\n  - {name: id}\n", ":3: fields.0.name", "id"),
        ("exlog: 1\nfields:\n  - {name: A b}\n", ":3: fields.0.name", "A b"),
        ("exlog: 1\nfields: {name: x}\n", ":2: fields", "list"),
        ("exlog: 1\naliases:\n  urgency: {soon: never}\n", ":3: aliases.urgency.soon", "never"),
    ],
)
def test_what_exlog_yaml_says_wrongly_is_named_with_line_and_key(
    ledger: Path, text: str, place: str, words: str
) -> None:
    (ledger / "exlog.yaml").write_text(text)
    for arguments in (("list",), ADD, ("check",)):
        refused(ledger, 4, arguments, f"exlog: exlog.yaml{place}", words)


YAML_TEXT = st.lists(
    st.text(" \n:-[]{},&*!|>'\"%@#?abc019.\t~=<\0\x85\u2028é中", max_size=20)
    | st.sampled_from(
        ["exlog: 1\n", "rules:\n  ", "fields:\n  - ", "? ", "- ", "<<: ", "!!", "calendar: ", "aliases:\n  urgency: ",
         "2024-01-01", "0o9", "1_0", ".inf", "0x", "1e999", "true", "null", "language: ", "name: ", "choices: "]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(YAML_TEXT.map(str.encode) | st.binary(max_size=30))
def test_any_text_as_a_policy_is_read_or_refused_as_damaged(data: bytes) -> None:
    try:
        document = yamlfile.load(data, "exlog.yaml")
        policy.read(document.plain(), document.where)
        yamlfile.dump(document.tree)
    except Damaged as error:
        assert error.where.startswith("exlog.yaml")
        assert error.remedy


def test_exlog_yaml_in_another_encoding_is_refused(ledger: Path) -> None:
    file = ledger / "exlog.yaml"
    text = "# 中文\n" + file.read_text("utf-8")
    for encoding in ("utf-16", "gb18030"):
        file.write_text(text, encoding)
        refused(ledger, 4, ("list",), "exlog: exlog.yaml")


def test_exlog_yaml_that_is_a_folder_is_no_ledger(ledger: Path) -> None:
    (ledger / "exlog.yaml").unlink()
    (ledger / "exlog.yaml").mkdir()
    for arguments in (("list",), ADD):
        refused(ledger, 5, arguments, "no ledger here")


@pytest.mark.parametrize("name", [LIVE, ARCHIVE, "archive/manifest.csv", "lanes.csv", HISTORY, PROFILE])
def test_a_folder_in_place_of_a_file_is_refused(ledger: Path, name: str) -> None:
    (ledger / name).unlink()
    (ledger / name).mkdir()
    found_by_check(ledger, name)
    for arguments in (("list", "--all"), ("show", ARCHIVED), ADD, ("archive",), ("customer", "list")):
        done = exlog(ledger, *arguments)
        assert done.code in (0, 4), (arguments, done)
        if done.code:
            assert_one_line(done, 4, name)


@pytest.mark.parametrize("name", ["archive", "history", "customers", ".exlog"])
def test_a_file_in_place_of_a_folder_loses_nothing(ledger: Path, name: str) -> None:
    shutil.rmtree(ledger / name)
    (ledger / name).write_text("a file")
    for arguments in (("list",), ADD, ("add", "New Co", "s", "-t", "inquiry", "--new-customer"), ("archive",)):
        before = ledgers.content(ledger)
        done = exlog(ledger, *arguments)
        assert done.code in (0, 4, 75), (arguments, done)
        if done.code:
            assert_one_line(done, done.code, name)
            assert ledgers.content(ledger) == before
    assert not (ledger / ".exlog" / "pending.json").exists()


# What a crash or a stranger left in .exlog

WRONG_LOGS = {
    "no JSON": "{",
    "no text": b"\xff\xfe",
    "deep nesting": "[" * 100_000,
    "a list": "[]",
    "no files": "{}",
    "files of the wrong kind": '{"files": 7}',
    "an entry of the wrong kind": '{"files": [7]}',
    "an entry without a path": '{"files": [{}]}',
    "an entry with only a path": '{"files": [{"path": "exceptions.csv"}]}',
    "a path out of the ledger": '{"files": [{"path": "../x", "size": 0, "tail": "", "text": "x"}]}',
    "an absolute path": '{"files": [{"path": "/tmp/x", "size": 0, "tail": "", "text": "x"}]}',
    "a path with NUL": '{"files": [{"path": "a\\u0000b", "size": 0, "tail": "", "text": "x"}]}',
    "half a character": '{"files": [{"path": "a", "size": 0, "tail": "", "text": "\\ud800"}]}',
    "half a character in a path": '{"files": [{"path": "a\\ud800", "size": 0, "tail": "", "text": "x"}]}',
    "a negative size": '{"files": [{"path": "a", "size": -1, "tail": "", "text": "x"}]}',
    "a size that is none": '{"files": [{"path": "a", "size": "1", "tail": "", "text": "x"}]}',
    "a path into git's folder": '{"files": [{"path": ".git/hooks/post-checkout", "size": 0, "tail": "", "text": "x"}]}',
    "a draft out of the ledger": '{"files": [{"path": "a", "staged": "../outside", "before": null, "after": "%s"}]}',
    "a draft of the ledger's": '{"files": [{"path": "a", "staged": "exceptions.csv", "before": null, "after": "%s"}]}',
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_LOGS)
def test_a_redo_log_that_exlog_did_not_write_is_refused_and_kept(ledger: Path, memory: Path, name: str) -> None:
    root = ledgers.copied(ledger, memory / "ledger")
    outside = memory / "outside"
    outside.write_text("outside")
    (root / ".git" / "hooks").mkdir(parents=True)
    log = root / ".exlog" / "pending.json"
    data = WRONG_LOGS[name]
    if isinstance(data, str) and "%s" in data:
        source = outside if "outside" in data else root / LIVE
        data %= rows.files.digest(source.read_bytes())
    log.write_bytes(data if isinstance(data, bytes) else data.encode())
    for arguments in (("list",), ADD, ("check",)):
        refused(root, 4, arguments, f"exlog: {log}: the log of an unfinished command")
    assert outside.read_text() == "outside"
    assert log.exists()


def test_a_file_that_changed_after_a_crash_is_exit_3_and_both_versions_are_kept(ledger: Path) -> None:
    new = (ledger / LIVE).read_bytes() + b"changed\n"
    (ledger / ".exlog" / "new").mkdir(exist_ok=True)
    (ledger / ".exlog" / "new" / "0").write_bytes(new)
    entry = {"path": LIVE, "staged": ".exlog/new/0", "before": "0" * 64, "after": rows.files.digest(new)}
    log = ledger / ".exlog" / "pending.json"
    log.write_text(json.dumps({"exlog": 1, "files": [entry]}))
    for arguments in (("list",), ADD, ("check",)):
        refused(ledger, 3, arguments, f"{ledger}/{LIVE}: this file changed after", str(log))
    assert (ledger / ".exlog" / "new" / "0").read_bytes() == new
    log.unlink()
    assert exlog(ledger, "check").code == 0


CACHES = ("", "{", "\0\0\0", "[]", "null", "7", "[" * 100_000, '{"stamp": 5}', '{"%s": 5}', '{"%s": []}',
          '{"%s": [[1, 2]]}', '{"%s": [[%d, %d], 7]}', '{"%s": [[%d, %d], [1, 2, 3, 4, 5, 6, 7]]}',
          '{"%s": [[%d, %d], [null, null, null, null, null, null, null]]}')  # fmt: skip


@pytest.mark.parametrize("text", CACHES)
def test_a_corrupted_cache_is_ignored(ledger: Path, text: str) -> None:
    profile = (ledger / PROFILE).stat()
    values = (f"{CUSTOMER}.yaml", profile.st_mtime_ns, profile.st_size)[: text.count("%")]
    commands = (("list", "--all"), ("customer", "list"), ("customer", "show", "华兴"), ("stats",))
    sound = [exlog(ledger, *arguments) for arguments in commands]
    for name in ("customers.json", "policy.json"):
        for arguments, expected in zip(commands, sound, strict=True):
            (ledger / ".exlog" / "cache" / name).write_text(text % values)
            assert exlog(ledger, *arguments) == expected
    (ledger / ".exlog" / "cache" / "customers.json").write_text(text % values)
    assert exlog(ledger, "add", "华兴", "s", "-t", "inquiry", "-q").out == "F20240315002\n"


def test_a_policy_cache_that_was_changed_anywhere_is_ignored(ledger: Path) -> None:
    cache = ledger / ".exlog" / "cache" / "policy.json"
    expected = exlog(ledger, "list")
    sound = cache.read_bytes()
    for damaged in (
        sound[:-3], sound[3:], sound.replace(b"Asia/Shanghai", b"Mars/Phobos"), sound.replace(b'"exlog"', b'"gloxe"'),
        sound.replace(b'"rules":{', b'"rules":[{') + b"]", sound.replace(b'"data":{', b'"data":7,"dota":{'),
    ):  # fmt: skip
        assert damaged != sound
        cache.write_bytes(damaged)
        assert exlog(ledger, "list") == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "\0", "[" * 100_000, '{"F202403150": "x"}', '{"F202403150": null}', '{"F202403150": -5}',
        '{"F202403150": 1000000000000}', '{"F202403150": 1e400}',
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_corrupted_floor_is_ignored(ledger: Path, text: str) -> None:
    (ledger / ".exlog" / "minted.json").write_text(text)
    assert exlog(ledger, *ADD, "-q").out == "F20240315002\n"
    assert exlog(ledger, "check").code == 0


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"a,b\nc\n", b"x" * 100_000])
def test_a_corrupted_clone_uuid_takes_another_lane(ledger: Path, data: bytes) -> None:
    (ledger / ".exlog" / "clone").write_bytes(data)
    assert exlog(ledger, *ADD, "-q").out == "F20240315101\n"
    assert exlog(ledger, "add", "Another", *ADD[2:], "-q").out == "F20240315102\n"
    assert exlog(ledger, "check").code == 0


# Identity is taken from ids, never from text


def test_an_id_in_a_customers_text_does_not_move_the_numbers(ledger: Path) -> None:
    assert exlog(ledger, "add", "F202403150888888888", "see F202403150999999999", "-t", "inquiry", "--one-off",
                 "--as", "F202403150777777777").code == 0  # fmt: skip
    assert exlog(ledger, *ADD, "-q").out == "F20240315003\n"
    assert exlog(ledger, "check").code == 0


def test_the_last_number_of_a_day_is_refused_rather_than_a_broken_id_written(ledger: Path) -> None:
    file = ledger / LIVE
    file.write_text(file.read_text("utf-8").replace("F20240315001", "F202403150999999999"), "utf-8")
    refused(ledger, 2, ADD)
    assert exlog(ledger, "list").code == 0


@pytest.mark.parametrize("lost", [".exlog/minted.json", HISTORY, "neither"])
def test_the_id_of_a_row_that_is_gone_is_not_used_again(ledger: Path, lost: str) -> None:
    """Taken out by hand, or on another branch: the history remembers it, and so does the clone."""
    assert exlog(ledger, *ADD, "-q").out == "F20240315002\n"
    file = ledger / LIVE
    file.write_text(file.read_text("utf-8").rpartition("F20240315002")[0], "utf-8")
    (ledger / lost).unlink(missing_ok=True)
    assert exlog(ledger, "add", "Another", *ADD[2:], "-q").out == "F20240315003\n"


# Paths and links

OUTSIDE_IDS = ("../../x", "../C20231210001", f"../customers/{CUSTOMER}", "/etc/passwd", "C20231210001/../x", ".", "..")


@pytest.mark.parametrize("text", OUTSIDE_IDS)
def test_an_id_is_never_a_path(ledger: Path, text: str) -> None:
    refused(ledger, 5, ("customer", "show", text), "no customer")
    refused(ledger, 5, ("customer", "edit", text, "--phone", "1"), "no customer")
    refused(ledger, 2, ("add", text, "s", "-t", "inquiry"), "no customer is called")
    for arguments in (("show", text), ("close", text, "--invalid", "--reason", "x"), ("reopen", text, "--reason", "x")):
        refused(ledger, 5, arguments, "no record")
    refused(ledger, 2, (*ADD, "--set", f"customer_id={text}"), "customer_id")


@pytest.mark.parametrize("text", OUTSIDE_IDS)
def test_a_customer_id_of_a_row_is_never_a_path(ledger: Path, text: str) -> None:
    (ledger.parent / "x.yaml").write_text("id: ../../x\nname: outside\n")
    file = ledger / LIVE
    file.write_text(file.read_text("utf-8").replace(CUSTOMER, text), "utf-8")
    shown = exlog(ledger, "show", NEW, "-f", "json")
    assert shown.code == 0
    assert json.loads(shown.out)["data"]["customer"] is None
    assert "outside" not in shown.out
    checked = exlog(ledger, "check")
    assert checked.code == 1
    assert f"there is no profile {text}" in checked.out


def test_a_profile_whose_name_is_no_id_is_refused(ledger: Path) -> None:
    (ledger / "customers" / "notes.yaml").write_text("name: x\n")
    refused(ledger, 4, ("customer", "list"), "exlog: customers/notes.yaml: the file name is no customer id")


CUSTOMER_COMMANDS = (
    ("customer", "list"),
    ("customer", "show", CUSTOMER),
    ("customer", "edit", CUSTOMER, "--phone", "1"),
)
ARCHIVE_COMMANDS = (("list", "--all"), ("stats",), ("show", ARCHIVED), ("reopen", ARCHIVED, "--reason", "x"))


@pytest.mark.parametrize(
    ("name", "stopped"),
    [
        (LIVE, (("list",), ("stats",), ("show", NEW), *WRITERS)),
        ("customers", (*CUSTOMER_COMMANDS, ("add", CUSTOMER, "s", "-t", "inquiry"))),
        (PROFILE, CUSTOMER_COMMANDS),
        (".exlog", WRITERS),
        (".exlog/lock", WRITERS),
        ("history", (("show", NEW), *WRITERS[:3])),
        ("history/2024-03", (("show", NEW), *WRITERS[:3])),
        (HISTORY, (("show", NEW), *WRITERS[:3])),
        ("archive", (*ARCHIVE_COMMANDS, ("archive",))),
        (ARCHIVE, ARCHIVE_COMMANDS),
        ("archive/manifest.csv", (("list", "--all"), ("stats",), ("archive",))),
        ("lanes.csv", WRITERS),
        ("exlog.yaml", (("list",), *WRITERS)),
    ],
)  # fmt: skip
def test_a_symbolic_link_is_not_followed(
    ledger: Path, tmp_path: Path, name: str, stopped: tuple[tuple[str, ...], ...]
) -> None:
    """Neither to read nor to write: it could lead out of the ledger."""
    outside = tmp_path / "outside"
    shutil.move(ledger / name, outside)
    (ledger / name).symlink_to(outside)
    before = fingerprint(outside)
    for arguments in stopped:
        refused(ledger, 4, arguments, name, "symbolic link")
    assert exlog(ledger, "check").code == 4
    for arguments in (*READERS, ("customer", "list")):
        assert exlog(ledger, *arguments).code in (0, 4)
    assert fingerprint(outside) == before


def fingerprint(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {str(file): file.read_bytes() for file in files}


def test_a_link_in_the_cache_is_not_written_through(ledger: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(ledger / ".exlog" / "cache")
    (ledger / ".exlog" / "cache").symlink_to(outside)
    assert exlog(ledger, "list").code == 0
    assert exlog(ledger, "customer", "list").code == 0
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("draft", ["pending.new", "new", "new/0"])
def test_a_link_where_drafts_are_written_is_not_written_through(ledger: Path, tmp_path: Path, draft: str) -> None:
    outside = tmp_path / "outside"
    place = ledger / ".exlog" / draft
    shutil.rmtree(ledger / ".exlog" / "new", ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    if draft == "new":
        outside.mkdir()
    else:
        outside.write_text("outside")
    place.symlink_to(outside)
    done = exlog(ledger, *ADD)
    assert done.code in (0, 4), done
    assert (list(outside.iterdir()) == []) if draft == "new" else (outside.read_text() == "outside")


# Text from customers is data

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_stored_as_it_is_and_inert_in_what_a_spreadsheet_opens(
    ledger: Path, tmp_path: Path, text: str
) -> None:
    given = json.dumps({"customer": text, "subject": f"x{text}", "description": text, "type": "inquiry"})
    added = exlog(ledger, "add", "--json", "--one-off", "-q", stdin=given.encode())
    assert added.code == 0, added
    record = added.out.strip()
    shown = json.loads(exlog(ledger, "show", record, "-f", "json").out)["data"]
    assert shown["description"] == text.strip()
    exported = tmp_path / "x.csv"
    assert exlog(ledger, "export", "-o", str(exported)).code == 0
    listed = exlog(ledger, "list", "-f", "csv", "--columns", "id,description,customer_name").out
    for out in (exported.read_text("utf-8-sig"), listed):
        row = next(row for row in csv.DictReader(io.StringIO(out, newline="")) if row["id"] == record)
        for name in ("description", "customer_name"):
            assert row[name] == "'" + text.strip()


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\r\x08\x7f\u2028end"


@pytest.mark.parametrize("fmt", ["table", "plain", "md", "tsv"])
def test_terminal_escapes_and_bidi_overrides_are_shown_escaped(ledger: Path, fmt: str) -> None:
    given = json.dumps({"customer": f"n{HOSTILE}", "subject": f"s{HOSTILE}", "type": "inquiry"})
    assert exlog(ledger, "add", "--json", "--one-off", "-q", stdin=given.encode()).code == 0
    for arguments in (("list",), ("show", "F20240315002"), ("show", "F20240315002", "--history"), ("stats",)):
        assert_harmless(exlog(ledger, *arguments, "-f", fmt).out)
    changed = exlog(ledger, "update", "F20240315002", "--note", HOSTILE, "-f", fmt)
    assert changed.code == 0
    assert_harmless(changed.out + changed.err)


def assert_harmless(text: str) -> None:
    assert not {*"\x1b\x07\x9b\u202e\u2066\r\x08\x7f\u2028"} & {*text}, text


def test_messages_show_hostile_text_escaped_on_one_line(ledger: Path) -> None:
    for arguments in (
        ("show", HOSTILE), ("close", HOSTILE, "--invalid", "--reason", "x"), ("customer", "show", HOSTILE),
        ("add", HOSTILE, "s", "-t", "inquiry"), ("list", "--status", HOSTILE), ("list", "--sort", HOSTILE),
        ("list", "--columns", HOSTILE), ("list", "--where", HOSTILE), ("list", "--where", f"{HOSTILE}=1"),
        ("list", "--since", HOSTILE), ("list", "--limit", HOSTILE), ("stats", "--by", HOSTILE), (HOSTILE,),
        ("list", f"--{HOSTILE}"), ("list", "-f", HOSTILE), ("update", NEW, "--set", f"{HOSTILE}=1"),
        ("update", NEW, "--set", f"category={HOSTILE}"), ("update", NEW, "--until", HOSTILE, "--hold", "x"),
        ("close", NEW, "--satisfaction", HOSTILE), ("archive", "--before", HOSTILE), ("export", "-o", f"x.{HOSTILE}"),
        ("import", HOSTILE, "--map", HOSTILE), ("-C", HOSTILE, "list"), ("init", "--lang", HOSTILE),
    ):  # fmt: skip
        done = exlog(ledger, *arguments)
        assert done.code in (2, 5), (arguments, done)
        assert_one_line(done, done.code)
        assert_harmless(done.err + done.out)


def test_an_ambiguous_customer_lists_the_candidates_escaped(ledger: Path) -> None:
    for number in (1, 2):
        given = {"customer": f"Twin {number} {HOSTILE}", "subject": "s", "type": "inquiry"}
        assert exlog(ledger, "add", "--json", "--new-customer", stdin=json.dumps(given).encode()).code == 0
    done = refused(ledger, 2, ("add", "Twin", "s", "-t", "inquiry"), "C20240315001", "C20240315002")
    assert_harmless(done.err)


# What people type


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "F20240315099"), 5, "no record F20240315099"),
        (("show", "999"), 5, "no record 999"),
        (("close", "F19990101001", "--invalid", "--reason", "x"), 5, "no record F19990101001"),
        (("update", NEW, "F20240315099", "--note", "x"), 5, "no record F20240315099"),
        (("show", "001"), 2, "F20240110001, F20240210001, F20240315001"),
        (("close", "01", "--invalid", "--reason", "x"), 2, "F20240110001, F20240210001, F20240315001"),
        (("show", ""), 5, "no record"),
        (("show", "²²"), 5, "no record"),
        (("close", NEW, "--satisfaction", "9"), 2, "satisfaction is 1 to 5, not 9"),
        (("close", NEW, "--satisfaction", "4.5"), 2, "satisfaction is 1 to 5"),
        (("close", NEW, "--satisfaction", "-1"), 2, "satisfaction"),
        ((*ADD, "--received-at", "2024-02-30"), 2, "2024-02-30"),
        ((*ADD, "--received-at", "03/04/2024"), 2, "2024-03-04"),
        ((*ADD, "--received-at", "soon"), 2, "soon"),
        ((*ADD, "--received-at", "2024-13-45"), 2, "2024-13-45"),
        ((*ADD, "--received-at", "99999999999999999999"), 2, "9999"),
        ((*ADD, "--received-at", "2024-03-20"), 2, "received_at"),
        ((*ADD, "--set", "production_date=31 Feb"), 2, "31 Feb"),
        ((*ADD, "--set", "order_value=many"), 2, "order_value must be a number"),
        ((*ADD, "--set", "order_value=NaN"), 2, "order_value must be a number"),
        ((*ADD, "--set", "order_value=1e5"), 2, "order_value must be a number"),
        ((*ADD, "--set", "id=F20240315009"), 2, "id is not set this way"),
        ((*ADD, "--set", "uid=x"), 2, "uid is not set this way"),
        ((*ADD, "--set", "status=closed"), 2, "status is not set this way"),
        ((*ADD, "--set", "nothing=x"), 2, "no such field: nothing"),
        ((*ADD, "--set", "nothing"), 2, "FIELD=VALUE"),
        (("list", "--since", "2024-02-31"), 2, "2024-02-31"),
        (("list", "--where", "received_at>=yesteryear"), 2, "yesteryear"),
        (("list", "--limit", "-1"), 2, "--limit"),
        (("list", "--limit", "9" * 5000), 2, ""),
        (("archive", "--before", "2024-04"), 2, "2024-03"),
        (("archive", "--before", "2024-99"), 2, "2024-99"),
        (("list", "--nothing"), 2, "--nothing"),
        (("nothing",), 2, "no such command: nothing"),
        (("-C", "/nonexistent", "list"), 5, "no ledger here"),
        (("-C", "~nobody-of-this-name/x", "list"), 5, "no ledger here"),
        (("-C", "x" * 5000, "list"), 5, ""),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else None,
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_one_line(
    ledger: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    refused(ledger, code, arguments, says)


def test_a_ledger_folder_that_is_a_loop_of_links_is_no_ledger(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    refused(ledger, 5, ("-C", str(tmp_path / "loop"), "list"), "no ledger here")


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
                                   "x" * 100_000, "\x1b[2J", "٢٠٢٤-٠٣-١٥", "20240315T143000", " "])  # fmt: skip
def test_a_clock_that_is_none_is_a_usage_error(ledger: Path, value: str) -> None:
    for arguments in (("list",), ADD):
        done = exlog(ledger, *arguments, env={"EXLOG_NOW": value})
        if value == "20240315T143000":
            assert done.code == 0  # ISO 8601 as well
            continue
        assert_one_line(done, 2, "EXLOG_NOW")
        assert_harmless(done.err)


@pytest.mark.parametrize("value", ["soon", "ten", "1e", "\x1b[2J", "1,5"])
def test_a_lock_timeout_that_is_no_number_is_a_usage_error(ledger: Path, value: str) -> None:
    refused(ledger, 2, ADD, "EXLOG_LOCK_TIMEOUT", env={"EXLOG_LOCK_TIMEOUT": value})


@pytest.mark.parametrize("value", ["-5", "nan", "inf", "-inf", "1e999", "0x10"])
def test_a_strange_lock_timeout_does_no_harm(ledger: Path, value: str) -> None:
    done = exlog(ledger, *ADD, env={"EXLOG_LOCK_TIMEOUT": value})
    assert done.code in (0, 2), done
    assert "Traceback" not in done.err


# Long texts, foreign bytes

TEN_MEGABYTES = 10 << 20


def test_ten_megabytes_of_description_are_refused(ledger: Path) -> None:
    refused(ledger, 2, (*ADD, "-d", "-"), "description has 10485760 characters", stdin=b"x" * TEN_MEGABYTES)
    for name in ("description", "subject", "customer"):
        given = json.dumps({"customer": "A", "subject": "s", "type": "inquiry", name: "x" * TEN_MEGABYTES})
        refused(ledger, 2, ("add", "--json", "--one-off"), "10485760", stdin=given.encode())


def test_a_reason_of_ten_megabytes_is_refused(ledger: Path) -> None:
    given = {"customer": "A", "subject": "s", "type": "inquiry", "urgency": "high", "reason": "x" * TEN_MEGABYTES}
    refused(ledger, 2, ("add", "--json", "--one-off"), stdin=json.dumps(given).encode())


def test_a_description_of_a_megabyte_is_stored_whole(ledger: Path) -> None:
    text = ("长文" * 10 + '",\\n\n') * 40_000
    text = text[: 1 << 20].strip()
    assert exlog(ledger, *ADD, "-d", "-", stdin=text.encode()).code == 0
    shown = json.loads(exlog(ledger, "show", "F20240315002", "-f", "json").out)
    assert shown["data"]["description"] == text
    assert exlog(ledger, "check").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (b"add", b"\xff", b"s", b"-t", b"inquiry", b"--one-off"),
        (b"add", b"A", b"s\xff", b"-t", b"inquiry", b"--one-off"),
        (b"add", b"A", b"s", b"-t", b"\xff", b"--one-off"),
        (b"add", b"A", b"s", b"-t", b"inquiry", b"--one-off", b"-d", b"\xc3"),
        (b"add", b"A", b"s", b"-t", b"inquiry", b"--one-off", b"--as", b"\xff"),
        (b"add", b"A", b"s", b"-t", b"inquiry", b"--one-off", b"--urgency", b"high", b"--reason", b"\xff"),
        (b"add", b"A", b"s", b"-t", b"inquiry", b"--one-off", b"--idempotency-key", b"\xff"),
        (b"add", b"\xff", b"s", b"-t", b"inquiry", b"--new-customer"),
        (b"close", NEW.encode(), b"--invalid", b"--reason", b"\xff"),
        (b"update", NEW.encode(), b"--note", b"\xff"),
        (b"update", NEW.encode(), b"--set", b"product=\xff"),
        (b"assign", NEW.encode(), b"\xff"),
        (b"reopen", ARCHIVED.encode(), b"--reason", b"\xff"),
        (b"customer", b"edit", CUSTOMER.encode(), b"--phone", b"\xff"),
        (b"customer", b"add", b"\xff"),
        (b"show", b"\xff"),
        (b"list", b"--status", b"\xff"),
        (b"\xff",),
        (b"-C", b"\xff", b"list"),
    ],
    ids=lambda value: b" ".join(value).decode("ascii", "backslashreplace"),
)
def test_arguments_that_are_not_utf8_are_refused(ledger: Path, arguments: tuple[bytes, ...]) -> None:
    before = ledgers.content(ledger)
    done = process.forked("-C", str(ledger), *map(os.fsdecode, arguments))
    assert done.code in (2, 5), done
    assert_one_line(done, done.code)
    assert ledgers.content(ledger) == before


def test_arguments_that_are_not_utf8_reach_a_fresh_process_alike(ledger: Path) -> None:
    done = process.spawned("-C", str(ledger), b"add", b"\xff", b"s", b"-t", b"inquiry", b"--one-off")
    assert_one_line(done, 2, "no text")
    found = process.spawned("-C", str(ledger), b"list", b"--all", b"--search", b"\xff")
    assert_one_line(found, 2, "no text")


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        ((*ADD, "-d", "-"), b"caf\xe9"),
        ((*ADD, "-d", "-"), "裂".encode("gb18030")),
        (("add", "--json", "--one-off"), b'{"customer": "caf\xe9", "subject": "s", "type": "inquiry"}'),
        (("add", "--json", "--one-off"), '{"customer": "A"}'.encode("utf-16")),
        (("add", "--json", "--one-off"), b"\0\0\0"),
    ],
)
def test_standard_input_that_is_not_utf8_is_refused(
    ledger: Path, arguments: tuple[str, ...], stdin: bytes, errors: str
) -> None:
    """Python's own reading of it depends on the locale."""
    before = ledgers.content(ledger)
    done = process.spawned("-C", str(ledger), *arguments, stdin=stdin, env={"PYTHONIOENCODING": f"utf-8:{errors}"})
    assert_one_line(done, 2)
    assert ledgers.content(ledger) == before


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "{", "7", "null", "[7]", "[" * 100_000,
     '{"subject": "s"}', '{"customer": {"a": 1}}', '{"customer": []}',
     '{"customer": "A", "subject": true}', '{"customer": "A", "subject": "s", "nothing": 1, "type": "inquiry"}',
     '{"customer": "A", "subject": "\\ud800", "type": "inquiry"}', '{"customer": "\\udfff", "subject": "s"}',
     '{"customer": "A", "subject": "s", "type": "inquiry", "urgency": "high", "reason": "\\ud800"}',
     '{"customer": "A", "subject": "s", "type": "inquiry", "idempotency_key": "\\ud800"}',
     '{"customer": "A", "subject": "s", "type": "inquiry", "order_value": NaN}',
     '{"customer": "A", "subject": "s", "type": "inquiry", "order_value": 1e999}',
     '{"customer": "A", "subject": "s", "type": "inquiry"}\n{"customer": "A"}'],
    ids=lambda text: text[:50],
)  # fmt: skip
def test_json_that_is_no_record_is_refused_and_nothing_of_it_recorded(ledger: Path, text: str) -> None:
    refused(ledger, 2, ("add", "--json", "--one-off"), stdin=text.encode())


@pytest.mark.parametrize("actor", ["a\nb", "a,b", 'a"b', "a\\nb", "\x1b[2J", "x" * 100_000, "=cmd()"])
def test_who_acts_may_be_any_text_without_harm(ledger: Path, actor: str) -> None:
    """It goes into the history and, with the first write of a clone, into lanes.csv."""
    (ledger / ".exlog" / "clone").unlink()
    done = exlog(ledger, *ADD, "--as", actor)
    assert done.code in (0, 2), done
    assert "Traceback" not in done.err
    assert exlog(ledger, "check").code == 0
    assert exlog(ledger, *ADD).code == 0


# Hand edits that are readable but wrong


@pytest.mark.parametrize(
    ("column", "text"),
    [("received_at", "yesterday"), ("received_at", ""), ("received_at", "2024-03-15"), ("satisfaction", "9"),
     ("due_at", "2024-99-99T00:00:00+08:00"), ("order_value", "1e400"), ("hold_minutes", "-3"), ("type", "riddle"),
     ("reopen_count", "many"), ("resolved_at", "9999-12-31T23:59:59-14:00"), ("closed_at", "0001-01-01T00:00:00+14:00"),
     ("subject", ""), ("uid", ""), ("due_at", "0001-01-01T00:00:00+14:00"), ("hold_until", "x")],
)  # fmt: skip
def test_a_wrong_value_is_found_by_check_and_stops_no_reader(ledger: Path, column: str, text: str) -> None:
    header, *lines = (ledger / LIVE).read_text("utf-8").splitlines()
    names = header.split(",")
    cells = canonical.split_row(lines[-1])
    cells[names.index(column)] = text
    (ledger / LIVE).write_text("\n".join([header, *lines[:-1], canonical.join_row(cells), ""]), "utf-8")
    for arguments in (
        *READERS, ("list", "--sort", column), ("list", "--overdue"), ("list", "--since", "2024-01"),
        ("stats", "--by", "month"), ("list", "--where", f"{column}=x", "--where", "subject~x"),
    ):  # fmt: skip
        done = exlog(ledger, *arguments)
        assert done.code in (0, 2), (arguments, done)
        assert "Traceback" not in done.err
    checked = exlog(ledger, "check")
    assert checked.code == 1, checked
    assert f"{LIVE}:5" in checked.out
    for arguments in (*WRITERS, ("check", "--adopt")):
        done = exlog(ledger, *arguments)
        assert done.code in (0, 1, 2, 4), (arguments, done)
        assert "Traceback" not in done.err


# Legal CSV of any kind is read


def again(change: Callable[[list[list[str]]], list[list[str]]], **dialect: object) -> Callable[[str], str]:
    """The same table written by Python's csv in another way."""

    def apply(text: str) -> str:
        table = list(csv.reader(io.StringIO(text, newline="")))
        out = io.StringIO()
        csv.writer(out, **{"lineterminator": "\n", **dialect}).writerows(change(table))  # type: ignore[arg-type]
        return out.getvalue()

    return apply


def same(table: list[list[str]]) -> list[list[str]]:
    return table


def real_breaks(table: list[list[str]]) -> list[list[str]]:
    return [[cell.replace("\\n", "\n") for cell in row] for row in table]


def turned(table: list[list[str]]) -> list[list[str]]:
    """Columns in another order, a text with line breaks first, and rows from the end."""
    places = [table[0].index("resolution"), *range(len(table[0]) - 1, -1, -1)]
    places = list(dict.fromkeys(places))
    return [[row[place] for place in places] for row in (table[0], *reversed(table[1:]))]


VARIANTS: dict[str, tuple[Callable[[str], str], str]] = {
    "as it is": (str, "utf-8"),
    "BOM": (str, "utf-8-sig"),
    "CRLF": (again(same, lineterminator="\r\n"), "utf-8"),
    "CR": (again(same, lineterminator="\r"), "utf-8"),
    "what Excel saves": (again(same, lineterminator="\r\n"), "utf-8-sig"),
    "semicolons": (again(same, delimiter=";"), "utf-8"),
    "tabs": (again(same, delimiter="\t", lineterminator="\r\n"), "utf-8"),
    "GB18030": (str, "gb18030"),
    "GB18030 with BOM": (lambda text: "\ufeff" + text, "gb18030"),
    "GB18030 with CRLF and semicolons": (again(same, delimiter=";", lineterminator="\r\n"), "gb18030"),
    "every cell quoted": (again(same, quoting=csv.QUOTE_ALL), "utf-8"),
    "every cell quoted but the header's": (
        lambda text: text.partition("\n")[0] + "\n" + again(same, quoting=csv.QUOTE_ALL)(text.partition("\n")[2]),
        "utf-8",
    ),
    "real line breaks": (again(real_breaks), "utf-8"),
    "real line breaks as Excel has them": (again(real_breaks, lineterminator="\r\n"), "utf-8-sig"),
    "another order": (again(lambda table: turned(real_breaks(table))), "utf-8"),
    "no end of the last line": (lambda text: text[:-1], "utf-8"),
    "blank lines": (lambda text: text.replace("\n", "\n\n"), "utf-8"),
    "blank lines at the end": (lambda text: text + "\n\n\n", "utf-8"),
    "a blank line at the start": (lambda text: "\n" + text, "utf-8"),
}


@pytest.mark.parametrize("file", [LIVE, ARCHIVE])
@pytest.mark.parametrize("name", VARIANTS)
def test_any_legal_csv_is_read_and_made_canonical_by_the_next_write(ledger: Path, name: str, file: str) -> None:
    change, encoding = VARIANTS[name]
    path = ledger / file
    data = path.read_bytes()
    path.write_bytes(change(data.decode()).encode(encoding))
    record = NEW if file == LIVE else ARCHIVED
    readings = (
        ("list", "--all", "--columns", "all", "-f", "json"),
        ("list",),
        ("list", "--all", "--sort", "id", "-f", "plain"),
        ("list", "--all", "--status", "closed", "-q"),
        ("list", "--all", "--where", "owner=李敏", "-q"),
        ("list", "--all", "--search", "运费", "-q"),
        ("stats", "-f", "json"),
        ("show", record, "-f", "json"),
    )
    before = [read_by(ledger, *arguments) for arguments in readings]
    sound = ledgers.copied(ledger, ledger.parent / "sound")
    (sound / file).write_bytes(data)
    assert [read_by(sound, *arguments) for arguments in readings] == before
    assert exlog(ledger, "update", record, "--set", "product=P9").code == 0
    assert exlog(sound, "update", record, "--set", "product=P9").code == 0
    assert ledgers.content(ledger) == ledgers.content(sound) or name.startswith("every cell quoted but")
    assert exlog(ledger, "check").code == 0


def read_by(root: Path, *arguments: str) -> object:
    """What a reader prints; columns and archived rows come in the order of their file."""
    done = exlog(root, *arguments)
    assert (done.code, done.err) == (0, ""), done
    if "json" not in arguments:
        return sorted(done.out.splitlines())
    data = json.loads(done.out)["data"]
    return sorted(data, key=lambda one: str(one.get("id"))) if isinstance(data, list) else data


@pytest.mark.parametrize("file", [LIVE, ARCHIVE])
def test_unknown_columns_survive_every_rewrite(ledger: Path, file: str) -> None:
    def widen(table: list[list[str]]) -> list[list[str]]:
        head, *body = table
        return [["batch no", *head, "旧系统"], *(["B,1", *row, f"值{place}"] for place, row in enumerate(body))]

    path = ledger / file
    path.write_bytes(again(widen, lineterminator="\r\n")(path.read_text("utf-8")).encode("gb18030"))
    record = NEW if file == LIVE else ARCHIVED
    assert exlog(ledger, "update", record, "--set", "product=P9").code == 0
    assert exlog(ledger, "reopen" if file == ARCHIVE else "assign", record,
                 *(("--reason", "x") if file == ARCHIVE else ("li",))).code == 0  # fmt: skip
    shown = json.loads(exlog(ledger, "show", record, "-f", "json").out)["data"]
    assert (shown["batch no"], shown["旧系统"]) == ("B,1", "值3" if file == LIVE else "值0")
    header, *_rows = (ledger / LIVE).read_text("utf-8").splitlines()
    assert header.split(",")[-3:] == ["batch no", "旧系统", "uid"]
    assert exlog(ledger, "archive").code == 0
    assert exlog(ledger, "list", "--all").code == 0


def test_untouched_rows_keep_their_bytes(ledger: Path) -> None:
    before = (ledger / LIVE).read_bytes().split(b"\n")
    assert exlog(ledger, "update", NEW, "--note", "x").code == 0
    after = (ledger / LIVE).read_bytes().split(b"\n")
    assert [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [4]


# Properties of canonical text and of the streams that read it

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.text('",\\\r\n \u2028\x00;\tn=', max_size=8)
GB_TEXT = st.text("客户退货、外壳开裂。abc,\"\\;\t\r\n", max_size=8)  # fmt: skip
WIDTH = 4
NAMES = ("id", "status", "自定", "uid")


def written_by_csv(table: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    """Before 3.13 the module leaves a CR bare where lines end in LF, which is no legal CSV: then it quotes all."""
    if any("\r" in cell or "\n" in cell for row in table for cell in row):
        quoting = csv.QUOTE_ALL
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return out.getvalue()


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_cells_written_and_read_back_are_equal(cells: list[str]) -> None:
    text = canonical.join_row([canonical.encode_cell(cell) for cell in cells])
    assert "\n" not in text
    assert "\r" not in text
    assert [canonical.decode_cell(cell) for cell in canonical.split_row(text)] == cells


@given(st.lists(st.lists(TEXT, min_size=WIDTH, max_size=WIDTH), max_size=5))
def test_a_table_written_and_read_back_is_equal(table: list[list[str]]) -> None:
    lines = [canonical.join_row([canonical.encode_cell(cell) for cell in row]) for row in (list(NAMES), *table)]
    found = canonical.parse(("\n".join(lines) + "\n").encode(), "x.csv")
    assert found.columns == NAMES
    assert found.canonical
    assert [[canonical.decode_cell(cell) for cell in found.cells(row)] for row in range(len(table))] == table
    assert list(found.numbers) == list(range(2, len(table) + 2))


def meant(cell: str) -> str:
    """What a cell of a foreign file means: its line breaks are LF or CR, and the escapes of a canonical one count."""
    text = cell.replace("\r\n", "\n")
    return "".join(canonical.decode_cell(part) if part not in "\r\n" else part for part in parted(text))


def parted(text: str) -> list[str]:
    """Runs of text and single line breaks."""
    found = [""]
    for char in text:
        if char in "\r\n":
            found += [char, ""]
        else:
            found[-1] += char
    return [part for part in found if part]


@given(
    table=st.lists(st.lists(TEXT | GB_TEXT, min_size=WIDTH, max_size=WIDTH), max_size=5),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_csv_is_read_with_equal_cells(
    table: list[list[str]], delimiter: str, end: str, encoding: str, quoting: int
) -> None:
    data = written_by_csv([list(NAMES), *table], delimiter, end, quoting).encode(encoding)
    assert_read(data, table)


@given(
    table=st.lists(st.lists(GB_TEXT, min_size=WIDTH, max_size=WIDTH), max_size=5),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_any_gb18030_csv_is_read_with_equal_cells(table: list[list[str]], delimiter: str, end: str, bom: bool) -> None:
    text = written_by_csv([list(NAMES), *table], delimiter, end, csv.QUOTE_MINIMAL)
    data = ("\ufeff" * bom + text).encode("gb18030")
    assert_read(data, table)


def assert_read(data: bytes, table: list[list[str]]) -> None:
    found = canonical.parse(data, "x.csv")
    assert found.columns == NAMES
    read = [[canonical.decode_cell(cell) for cell in found.cells(row)] for row in range(len(found.lines))]
    assert read == [[meant(cell) for cell in row] for row in table]
    again = "\n".join([canonical.join_row(found.columns), *found.lines, ""]).encode()
    assert canonical.parse(again, "x.csv").lines == found.lines


@given(
    table=st.lists(st.lists(TEXT, min_size=9, max_size=9), max_size=8),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    style=st.sampled_from(["canonical", "csv"]),
    last=st.sampled_from(["", "end"]),
    block=st.integers(1, 200),
    text_first=st.booleans(),
)
@settings(max_examples=300)
def test_a_stream_gives_the_rows_of_the_table_from_either_end_in_blocks_of_any_size(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]], end: str, style: str, last: str, block: int, text_first: bool,
) -> None:  # fmt: skip
    columns = ["subject", *(name for name in fields.REQUIRED_COLUMNS if name != "subject"), "more"]
    columns = columns if text_first else [*columns[1:], columns[0]]
    if style == "canonical":
        lines = [canonical.join_row([canonical.encode_cell(cell) for cell in row]) for row in (columns, *table)]
        text = "\n".join(lines) + "\n"
    else:
        text = written_by_csv([columns, *table], ",", end, csv.QUOTE_MINIMAL)
        if last == "":
            text = text.removesuffix(end)
    path = tmp_path_factory.getbasetemp() / f"stream-{os.getpid()}.csv"
    path.write_bytes(text.encode())
    whole = canonical.parse(text.encode(), "x.csv")
    expected = [whole.cells(row) for row in range(len(whole.lines))]
    needle = next((cell for row in expected for cell in row if cell.isalnum()), "x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_BLOCK", block)
        for backward in (False, True):
            order = expected[::-1] if backward else expected
            assert streamed(path, (), backward) == order
            with_needle = [row for row in order if any(needle in cell for cell in row)]
            assert [row for row in streamed(path, ((needle,),), backward) if row in with_needle] == with_needle


def streamed(path: Path, needles: tuple[tuple[str, ...], ...], backward: bool) -> list[list[str]]:
    stream = rows.Stream(path, "x.csv")
    try:
        return list(stream.rows(needles, backward=backward))
    finally:
        stream.close()


def test_a_large_archive_in_gb18030_is_streamed_whole(ledger: Path) -> None:
    """Longer than one block, so that the first of it is read before the encoding shows."""
    header, row, *_rest = (ledger / ARCHIVE).read_text("utf-8").splitlines()
    plain = "".join(char if char.isascii() else "x" * 40 for char in row)
    ascii_rows = [plain.replace(ARCHIVED, f"F202312{n // 90 + 11}0{n % 90 + 10}") for n in range(700)]
    assert len("".join(ascii_rows)) > 2 * rows._BLOCK
    text = "\n".join([header, *ascii_rows, row, ""])
    (ledger / ARCHIVE).write_bytes(text.encode("gb18030"))
    listed = exlog(ledger, "list", "--all", "--sort", "id", "-q")
    assert listed.code == 0
    assert len(listed.out.split()) == 701 + 4
    assert exlog(ledger, "list", "--all", "--where", "owner=李敏", "-q").out == f"{ARCHIVED}\n"
