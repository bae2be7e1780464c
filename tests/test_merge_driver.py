"""The driver through real git: merge, rebase, cherry-pick and stash pop, both directions, the same bytes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from acceptance_helper import NOW
from test_merge import BASE_PROFILE, CLOSED, DAY, EVENT, HEADER, event, other, read, wide, written

LIVE, ARCHIVE, MANIFEST = "exceptions.csv", "archive/2024-03.csv", "archive/manifest.csv"
HISTORY, LANES, CUSTOMER = "history/2024-03/0.csv", "lanes.csv", "customers/C20231008001.yaml"
DRIVER = f"{shlex.quote(sys.executable)} -m exlog merge-driver %O %A %B %P %L"
Files = dict[str, bytes | None]


class Repo:
    """A repository whose merges exlog does."""

    def __init__(self, path: Path, driver: str = DRIVER) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "merge.exlog.driver", driver)
        self.git("config", "user.name", "ann")
        self.git("config", "user.email", "ann@example.com")
        self.commit({".gitattributes": b"*.csv merge=exlog\ncustomers/*.yaml merge=exlog\n"})

    def git(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.path), "LANG": "C.UTF-8", "EXLOG_NOW": NOW,
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }  # fmt: skip
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        told = f"git {' '.join(arguments)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, told
        assert code is None or done.returncode == code, told
        return done

    def write(self, files: Files) -> None:
        for name, data in files.items():
            target = self.path / name
            if data is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def commit(self, files: Files, *, branch: str = "") -> None:
        if branch:
            self.git("checkout", "-q", "-b", branch, "main")
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", branch or "base")

    def content(self) -> dict[str, bytes]:
        names = self.git("ls-files", "-z").stdout.split("\0")
        return {name: (self.path / name).read_bytes() for name in sorted(set(names)) if (self.path / name).is_file()}

    def conflicts(self) -> list[dict[str, Any]]:
        file = self.path / ".git" / "exlog" / "conflicts.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


class Outcome(NamedTuple):
    """What a way of merging ended with."""

    files: dict[str, bytes]
    conflicts: list[dict[str, Any]]
    told: str
    code: int


def by_merge(repo: Repo, here: str, there: str) -> subprocess.CompletedProcess[str]:
    repo.git("checkout", "-q", here)
    return repo.git("merge", "--no-edit", there, code=None)


def by_rebase(repo: Repo, here: str, there: str) -> subprocess.CompletedProcess[str]:
    repo.git("checkout", "-q", here)
    return repo.git("rebase", there, code=None)


def by_cherry_pick(repo: Repo, here: str, there: str) -> subprocess.CompletedProcess[str]:
    repo.git("checkout", "-q", here)
    return repo.git("cherry-pick", "--keep-redundant-commits", there, code=None)


def by_stash(repo: Repo, here: str, there: str) -> subprocess.CompletedProcess[str]:
    repo.git("checkout", "-q", "main")
    repo.git("checkout", there, "--", ".")
    gone = repo.git("diff", "--name-only", "--diff-filter=D", "main", there).stdout.split()
    if gone:
        repo.git("rm", "-q", "--", *gone)
    repo.git("stash")
    repo.git("checkout", "-q", here)
    return repo.git("stash", "pop", code=None)


WAYS: dict[str, Callable[[Repo, str, str], subprocess.CompletedProcess[str]]] = {
    "merge": by_merge, "rebase": by_rebase, "cherry-pick": by_cherry_pick, "stash pop": by_stash,
}  # fmt: skip


def outcomes(folder: Path, base: Files, left: Files, right: Files) -> list[Outcome]:
    """Every way in both directions; asserts that the bytes are the same each time."""
    template = Repo(folder / "template")
    template.commit(base)
    template.commit(left, branch="left")
    template.commit(right, branch="right")
    found = []
    for way, merge in WAYS.items():
        for here, there in (("left", "right"), ("right", "left")):
            copy = folder / f"{way} {here}"
            subprocess.run(["cp", "-r", str(template.path), str(copy)], check=True)
            repo = Repo.__new__(Repo)
            repo.path = copy
            done = merge(repo, here, there)
            found.append(Outcome(repo.content(), repo.conflicts(), done.stdout + done.stderr, done.returncode))
    for one in found[1:]:
        assert one.files == found[0].files
        assert [entry["chosen"] for entry in one.conflicts] == [entry["chosen"] for entry in found[0].conflicts]
    return found


def clean(folder: Path, base: Files, left: Files, right: Files) -> dict[str, bytes]:
    """The files of a merge that leaves nothing to decide."""
    found = outcomes(folder, base, left, right)
    for one in found:
        assert (one.code, one.conflicts) == (0, []), one.told
    return found[0].files


def test_both_append(tmp_path: Path) -> None:
    base = written(other(1))
    files = clean(tmp_path, {LIVE: base}, {LIVE: written(other(1), other(2))}, {LIVE: written(other(1), other(3))})
    assert files[LIVE] == written(other(1), other(2), other(3))


def test_adjacent_rows_and_other_fields_of_one_row(tmp_path: Path) -> None:
    base = written(other(1), other(2), other(3))
    left = written(other(1, owner="bo"), other(2), other(3, product="p"))
    right = written(other(1), other(2, owner="cy"), other(3, batch="b"))
    files = clean(tmp_path, {LIVE: base}, {LIVE: left}, {LIVE: right})
    assert files[LIVE] == written(other(1, owner="bo"), other(2, owner="cy"), other(3, product="p", batch="b"))


def test_one_side_sorted_anew(tmp_path: Path) -> None:
    base = written(other(1), other(2), other(3))
    left = written(other(3), other(1), other(2))
    files = clean(tmp_path, {LIVE: base}, {LIVE: left}, {LIVE: written(other(1), other(2, owner="cy"), other(3))})
    assert files[LIVE] == written(other(1), other(2, owner="cy"), other(3))


def test_one_field_with_two_values_stops_git_and_is_written_down(tmp_path: Path) -> None:
    base = written(other(1), other(2))
    left, right = written(other(1, owner="bo"), other(2)), written(other(1, owner="cy"), other(2, product="p"))
    for one in outcomes(tmp_path, {LIVE: base}, {LIVE: left}, {LIVE: right}):
        assert one.code == 1
        assert one.files[LIVE] == written(other(1, owner="cy"), other(2, product="p"))
        (entry,) = one.conflicts
        assert {entry["ours"], entry["theirs"]} == {"bo", "cy"}
        expected = ("exceptions.csv", "F20240301001", "aaaaaaaaab", "owner", "ann", "cy")
        assert tuple(entry[name] for name in ("path", "id", "uid", "field", "base", "chosen")) == expected
        assert entry["at"].startswith("2024-03-15T")
        assert "F20240301001: owner is" in one.told


def test_delete_against_edit_keeps_the_edit_and_says_so(tmp_path: Path) -> None:
    base = written(other(1), other(2))
    right = written(other(1), other(2, owner="bo"))
    for one in outcomes(tmp_path, {LIVE: base}, {LIVE: written(other(1))}, {LIVE: right}):
        assert (one.code, one.files[LIVE]) == (0, right)
        assert "F20240301002: edited" in one.told and "the edit is kept (owner)" in one.told


def test_archived_on_one_side_and_edited_on_the_other_loses_neither(tmp_path: Path) -> None:
    closed = other(1, **CLOSED)
    base: Files = {LIVE: written(closed, other(2)), MANIFEST: b"month,rows\n"}
    left: Files = {LIVE: written(other(2)), ARCHIVE: written(closed), MANIFEST: b"month,rows\n2024-03,1\n"}
    right: Files = {LIVE: written({**closed, "effect": "good"}, other(2))}
    for one in outcomes(tmp_path, base, left, right):
        assert (one.code, one.conflicts) == (0, [])
        assert one.files[LIVE] == right[LIVE]
        assert one.files[ARCHIVE] == left[ARCHIVE]
        assert "the edit is kept (effect)" in one.told


def test_both_archive_the_same_and_others_into_one_new_file(tmp_path: Path) -> None:
    rows = [other(number, **CLOSED) for number in (1, 2, 3)]
    head = b"month,rows,sha256\n"
    base: Files = {LIVE: written(*rows), MANIFEST: head}
    left: Files = {LIVE: written(rows[2]), ARCHIVE: written(*rows[:2]), MANIFEST: head + b"2024-03,2,aa\n"}
    right: Files = {LIVE: written(rows[1]), ARCHIVE: written(rows[0], rows[2]), MANIFEST: head + b"2024-03,2,bb\n"}
    files = clean(tmp_path, base, left, right)
    assert files[ARCHIVE] == written(*rows)
    assert files[LIVE] == written()
    assert files[MANIFEST] == head + b"2024-03,2,bb\n"


def test_a_column_added_and_a_row_edited_and_two_columns_added(tmp_path: Path) -> None:
    base = written(other(1), other(2))
    left = written(other(1, zone="z"), other(2), header=wide("zone"))
    right = written(other(1, owner="bo", area="a"), other(2), header=wide("area"))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    files = clean(tmp_path / "one", {LIVE: base}, {LIVE: left}, {LIVE: written(other(1), other(2, owner="bo"))})
    assert files[LIVE] == written(other(1, zone="z"), other(2, owner="bo"), header=wide("zone"))
    files = clean(tmp_path / "two", {LIVE: base}, {LIVE: left}, {LIVE: right})
    both = other(1, owner="bo", area="a", zone="z")
    assert files[LIVE] == written(both, other(2), header=wide("area", "zone"))


def test_a_column_dropped_against_an_edit_stays_with_a_conflict(tmp_path: Path) -> None:
    base = written(other(1, zone="a"), header=wide("zone"))
    right = written(other(1, zone="b"), header=wide("zone"))
    for one in outcomes(tmp_path, {LIVE: base}, {LIVE: written(other(1))}, {LIVE: right}):
        assert (one.code, one.files[LIVE]) == (1, right)
        assert [entry["field"] for entry in one.conflicts] == ["zone"]
        assert None in (one.conflicts[0]["ours"], one.conflicts[0]["theirs"])


def test_text_of_several_lines(tmp_path: Path) -> None:
    long = 'first, "so"\nsecond\n\nfourth \\n'
    base = written(other(1, description=long), other(2, description="x\ny"))
    left = written(other(1, description=long, owner="bo"), other(2, description="x\ny"))
    right = written(other(1, description=long + "\nmore"), other(2, description="x\nz"))
    files = clean(tmp_path, {LIVE: base}, {LIVE: left}, {LIVE: right})
    assert [row["description"] for row in read(files[LIVE])] == [long + "\nmore", "x\nz"]
    assert read(files[LIVE])[0]["owner"] == "bo"


def test_one_new_id_on_both_sides_keeps_both_rows(tmp_path: Path) -> None:
    base = written(other(1))
    left, right = other(2, uid="bbbbbbbbbb"), other(2, uid="cccccccccc", owner="bo")
    for one in outcomes(tmp_path, {LIVE: base}, {LIVE: written(other(1), left)}, {LIVE: written(other(1), right)}):
        assert (one.code, one.files[LIVE]) == (0, written(other(1), left, right))
        assert "F20240301002: two records have this id" in one.told


def test_one_side_saved_by_excel(tmp_path: Path) -> None:
    base = written(other(1, subject="甲"), other(2))
    left = written(other(1, subject="甲", owner="波"), other(2)).decode().replace("\n", "\r\n").encode("utf-8-sig")
    files = clean(tmp_path, {LIVE: base}, {LIVE: left}, {LIVE: written(other(1, subject="甲", product="p"), other(2))})
    assert files[LIVE] == written(other(1, subject="甲", owner="波", product="p"), other(2))


def test_histories_lanes_and_profiles_merge_too(tmp_path: Path) -> None:
    lane = b"lane,clone,taken_by,taken_at\n"
    zero = lane + b"0,aaa,ann,2024-03-01T10:00:00+08:00\n"
    history = EVENT + event(1, "k.1")
    base: Files = {HISTORY: history.encode(), LANES: zero, CUSTOMER: BASE_PROFILE.encode()}
    left: Files = {
        HISTORY: (history + event(3, "z.1")).encode(),
        LANES: zero + b"1,bbb,bo,2024-03-02T10:00:00+08:00\n",
        CUSTOMER: BASE_PROFILE.replace("138", "139").replace(DAY.format(1), DAY.format(2)).encode(),
    }
    right: Files = {
        HISTORY: (history + event(2, "a.1")).encode(),
        LANES: zero + b"1,ccc,cy,2024-03-03T10:00:00+08:00\n",
        CUSTOMER: BASE_PROFILE.replace("甲", "乙").replace(DAY.format(1), DAY.format(3)).encode(),
    }
    files = clean(tmp_path, base, left, right)
    assert files[HISTORY].decode() == history + event(2, "a.1") + event(3, "z.1")
    assert files[LANES] == zero + b"1,bbb,bo,2024-03-02T10:00:00+08:00\n1,ccc,cy,2024-03-03T10:00:00+08:00\n"
    profile = BASE_PROFILE.replace("138", "139").replace("甲", "乙").replace(DAY.format(1), DAY.format(3))
    assert files[CUSTOMER].decode() == profile


def test_three_branches_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    import itertools

    repo = Repo(tmp_path / "repo")
    repo.commit({LIVE: written(other(1), other(2), other(3, notes="n"))})
    repo.commit({LIVE: written(other(1, owner="bo"), other(3, notes="n\na"), other(4))}, branch="one")
    repo.commit({LIVE: written(other(1, product="p"), other(2), other(3, notes="n\nb"), other(5))}, branch="two")
    repo.commit(
        {LIVE: written(other(1), other(2), other(3, notes="n\nc", zone="z"), header=wide("zone"))}, branch="three"
    )
    found = set()
    for number, order in enumerate(itertools.permutations(("one", "two", "three"))):
        repo.git("checkout", "-q", "-b", f"all{number}", order[0])
        repo.git("merge", "--no-edit", order[1])
        repo.git("merge", "--no-edit", order[2])
        found.add((repo.path / LIVE).read_bytes())
    assert found == {
        written(
            other(1, owner="bo", product="p"),
            other(3, notes="n\na\nb\nc", zone="z"),
            other(4),
            other(5),
            header=wide("zone"),
        )
    }


def test_criss_cross_merges_record_no_conflict_of_git_itself(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({LIVE: written(other(1))})
    repo.commit({LIVE: written(other(1, owner="bo"))}, branch="one")
    repo.commit({LIVE: written(other(1, owner="cy"))}, branch="two")
    for here, there, name in (("one", "two", "bo"), ("two", "one~0", "bo")):
        repo.git("checkout", "-q", "-B", f"{here}-merged", here)
        repo.git("merge", "--no-edit", there, code=1)
        repo.commit({LIVE: written(other(1, owner=name))})
    (repo.path / ".git" / "exlog" / "conflicts.jsonl").unlink()
    repo.commit({LIVE: written(other(1, owner="bo", product="p"))})
    repo.git("checkout", "-q", "one-merged")
    repo.git("merge", "--no-edit", "two-merged")
    assert (repo.path / LIVE).read_bytes() == written(other(1, owner="bo", product="p"))
    assert repo.conflicts() == []


def test_longer_markers_in_gitattributes_do_not_hide_a_conflict(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({".gitattributes": b"*.csv merge=exlog conflict-marker-size=20\n", LIVE: written(other(1))})
    repo.commit({LIVE: written(other(1, owner="bo"))}, branch="one")
    repo.commit({LIVE: written(other(1, owner="cy"))}, branch="two")
    repo.git("merge", "--no-edit", "one", code=1)
    assert [entry["field"] for entry in repo.conflicts()] == ["owner"]


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        (LIVE, b"<<<<<<< x\n" + written(other(1))),
        (LIVE, written(other(1, owner="bo")) + b"F1,ragged\n"),
        (ARCHIVE, b"\xff\xfe\x00broken\n"),
        (HISTORY, b"no,such,header\n1,2,3\n"),
        (LANES, b"x\n"),
        (CUSTOMER, b"a: [\n"),
        (CUSTOMER, b"a: 1\nb: &x 2\nc: *x\n"),
        (CUSTOMER, b"{id: C1, name: y}\n"),
    ],
)
def test_what_cannot_be_read_gets_gits_own_markers_and_never_exit_0(tmp_path: Path, name: str, broken: bytes) -> None:
    sound = {
        LIVE: written(other(1)), ARCHIVE: written(other(1)), HISTORY: (EVENT + event(1, "a.1")).encode(),
        LANES: b"lane,clone,taken_by,taken_at\n", CUSTOMER: BASE_PROFILE.encode(),
    }[name]  # fmt: skip
    repo = Repo(tmp_path / "repo")
    repo.commit({name: sound})
    repo.commit({name: broken}, branch="left")
    repo.commit(
        {name: sound.replace(b"ann", b"cy").replace(b"138", b"1") + (b"0,a,b,c\n" if name == LANES else b"")},
        branch="right",
    )
    for here, there in (("left", "right"), ("right", "left")):
        repo.git("checkout", "-q", here)
        done = repo.git("merge", "--no-edit", there, code=1)
        assert f"{name}: merged as plain text" in done.stderr
        text = (repo.path / name).read_bytes()
        assert b"<<<<<<< ours" in text or b"\0" in broken
        repo.git("merge", "--abort")


def test_other_tables_merge_as_they_would_without_exlog(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    lines = b"".join(b"%d,x\n" % number for number in range(20))
    repo.commit({"prices.csv": lines})
    repo.commit({"prices.csv": lines.replace(b"1,x\n", b"1,y\n", 1)}, branch="left")
    repo.commit({"prices.csv": lines.replace(b"19,x\n", b"19,z\n")}, branch="right")
    repo.commit({"prices.csv": lines.replace(b"19,x\n", b"19,w\n")}, branch="third")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "--no-edit", "left")
    repo.git("merge", "--no-edit", "right")
    assert (repo.path / "prices.csv").read_bytes() == lines.replace(b"1,x\n", b"1,y\n", 1).replace(b"19,x\n", b"19,z\n")
    repo.git("checkout", "-q", "third")
    repo.git("merge", "--no-edit", "right", code=1)
    assert b"<<<<<<< ours\n19,w\n" in (repo.path / "prices.csv").read_bytes()


def test_a_ledger_in_a_folder_and_a_linked_worktree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    name = f"crm/ledger/{LIVE}"
    repo.commit({name: written(other(1))})
    repo.commit({name: written(other(1, owner="bo"))}, branch="left")
    repo.commit({name: written(other(1, owner="cy"))}, branch="right")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "left")
    linked = Repo.__new__(Repo)
    linked.path = tmp_path / "linked"
    linked.git("merge", "--no-edit", "right", code=1)
    kept = (repo.path / ".git/worktrees/linked/exlog/conflicts.jsonl").read_text("utf-8")
    assert json.loads(kept)["path"] == name


def test_a_run_by_hand(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "exlog", "merge-driver"]
    done = subprocess.run([*run, "x"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("exlog: merge-driver takes")) == (2, True)
    done = subprocess.run([*run, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "%O %A %B %P" in done.stdout) == (0, True)
    done = subprocess.run([sys.executable, "-m", "exlog", "--help"], capture_output=True, text=True, check=False)
    assert "merge-driver" not in done.stdout
    assert HEADER[0] == "id"


def test_the_driver_loads_only_what_it_needs(tmp_path: Path) -> None:
    for name, data in (("O", other(1)), ("A", other(1, owner="bo")), ("B", other(1, product="p"))):
        (tmp_path / name).write_bytes(written(data))
    code = (
        "import sys; from exlog.commands import merging; code = merging.run(['O', 'A', 'B', 'exceptions.csv']);"
        "print(*sorted(name for name in sys.modules)); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "typer",
        "ruamel.yaml",
        "subprocess",
        "json",
        "exlog.ledger",
        "exlog.policy",
        "exlog.store.journal",
    }
