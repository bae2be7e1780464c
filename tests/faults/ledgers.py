"""The ledger that the tests start from, and what is compared of one."""

from __future__ import annotations

import shutil
from pathlib import Path

from faults.process import Done, forked

ARCHIVED = "F20231210001"
CLOSED = ("F20240110001", "F20240210001")
OPEN = "F20240210002"
NEW = "F20240315001"
CUSTOMER = "C20231210001"

_STORY = (
    ("2023-12-10", "add", "深圳华兴电子", "外壳开裂，客户要求换货", "-c", "quality", "--new-customer"),
    ("2023-12-11", "add", "Wang, Li", 'asks for a "refund"', "-t", "inquiry", "--one-off"),
    ("2023-12-12", "close", ARCHIVED, "--set", "owner=李敏", "--resolution", "换货", "--satisfaction", "5"),
    ("2023-12-12", "close", "F20231211001", "--invalid", "--reason", "test call"),
    ("2024-01-02", "archive"),
    ("2024-01-10", "add", CUSTOMER, "晚到三天", "-c", "delivery", "--order-no", "SO-7"),
    ("2024-01-12", "close", CLOSED[0], "--set", "owner=li", "--resolution", "补偿\n运费", "--satisfaction", "2"),
    ("2024-02-10", "add", "One off", "late", "-c", "delivery", "--one-off"),
    ("2024-02-10", "add", "One off", "still late", "-c", "delivery", "--one-off"),
    ("2024-02-11", "close", CLOSED[1], "--set", "owner=li", "--resolution", "sent, again", "--satisfaction", "4"),
    ("2024-03-15", "add", CUSTOMER, "灯不亮", "-c", "quality", "--set", "model=P20"),
)  # fmt: skip


def build(folder: Path) -> Path:
    """A small ledger with a bit of everything: a profile, an archive, closed months, open and new records."""
    must("init", str(folder), "--lang", "en")
    policy = folder / "exlog.yaml"
    policy.write_text(policy.read_text().replace("reopen_within_days: 30", "reopen_within_days: 3650"))
    for day, command, *arguments in _STORY:
        must("-C", str(folder), command, *arguments, now=f"{day}T10:00:00+08:00")
    profile = folder / "customers" / f"{CUSTOMER}.yaml"
    profile.write_text("# 老客户，电话请打前台\n" + profile.read_text("utf-8"), "utf-8")
    assert forked("-C", str(folder), "check").code == 0
    return folder


def must(*arguments: str, now: str = "2023-12-01T10:00:00+08:00") -> Done:
    """Run a command that must succeed."""
    done = forked(*arguments, env={"EXLOG_NOW": now})
    assert done.code == 0, done
    return done


def copied(source: Path, target: Path) -> Path:
    """A copy of a ledger; what stood at ``target`` is gone."""
    remove(target)
    shutil.copytree(source, target, symlinks=True)
    return target


def remove(folder: Path) -> None:
    """Remove a ledger, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def content(root: Path) -> dict[str, bytes]:
    """Every file of a ledger outside ``.exlog`` with its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".exlog" not in path.relative_to(root).parts
    }
