"""Brings the generated parts of the docs up to date: the command reference, tables, and shown sessions.

    python scripts/build_docs.py [PAGE …]            rewrite what is stale
    python scripts/build_docs.py --check [PAGE …]    say what is stale, exit 1

A page marks a generated part with ``<!-- generated: NAME -->`` and ``<!-- end -->``; the text between comes from
the program. A ``console`` block below ``<!-- session: in an empty folder -->`` or ``<!-- session: in a checkout -->``
is run for real on a pseudo-terminal, all its commands in one shell that begins there, and what they print is what the
page shows. A block below ``<!-- session: goes on -->`` is typed into the shell of the block before it. The shell brings
nothing but PATH and the language of messages: whatever else an output depends on (the clock, who acts), a page
has to say. A command of several lines goes on at ``> ``.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exlog import fields, measures, policy, profiles, roles, vocabulary
from exlog.commands import app
from exlog.errors import EXIT_CODES
from exlog.ledger import template
from exlog.merge import rules as rules_of_merging
from exlog.report import suggestions as suggesting

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md")))
WIDTH = 100

_PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SESSION = re.compile(
    r"(<!-- session: (?P<begins>in an empty folder|in a checkout|goes on) -->\n+```console\n)(?P<text>.*?)(^```$)",
    re.DOTALL | re.MULTILINE,
)
_COMMAND = re.compile(r"^\$ .*(?:\n> .*)*", re.MULTILINE)
_DONE = "\x1e"  # printed behind each command, before and after its exit status


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def commands() -> str:
    """Every command with its usage, arguments and options, as ``--help`` has them."""
    parts = []
    for name in app.COMMANDS:
        command: Any = app.load(name)
        parts.append(describe(command, f"exlog {name}"))
        for below in getattr(command, "commands", {}).values():
            parts.append(describe(below, f"exlog {name} {below.name}"))
    return "\n".join(parts)


def describe(command: Any, path: str) -> str:
    """One command's section."""
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    usage = " ".join([path, *(param.metavar or f"<{param.name}>" for param in arguments), "[OPTIONS]"])
    if hasattr(command, "commands"):
        usage = f"{path} {'|'.join(command.commands)} …"
        return f"## `{path}`\n\n{command.help}\n\n```\n{usage}\n```\n"
    rows = []
    for param in command.params:
        if param.param_type_name == "option" and not param.hidden:
            value = "" if param.is_flag else f" {param.metavar or 'TEXT'}"
            rows.append([f"`{', '.join(param.opts)}{value}`", param.help or ""])
    return f"## `{path}`\n\n{command.help}\n\n```\n{usage}\n```\n\n{table(['option', ''], rows)}"


def field_rows(declared: tuple[fields.Field, ...]) -> str:
    """The columns of a record or the keys of a profile."""
    setters = {"person": "people", "command": "a command", "exlog": "exlog"}
    return table(
        ["field", "English", "中文", "kind", "set by", "rule"],
        [[f"`{one.name}`", one.en, one.zh, one.enum or one.kind, setters[one.set_by], one.help] for one in declared],
    )


def enumerations() -> str:
    """Every enumeration with keys, labels and aliases."""
    rows = [
        [f"`{enum}`", f"`{term.key}`", term.en, term.zh, ", ".join(term.aliases)]
        for enum, terms in vocabulary.ENUMS.items()
        for term in terms
    ]
    return table(["enumeration", "key", "English", "中文", "also taken"], rows)


def rules() -> str:
    """The keys under ``rules:``."""
    rows = [
        [
            f"`{rule.name}`",
            f"`{rule.default}`",
            ", ".join(rule.choices) or (f"{rule.low}–{rule.high}" if rule.high else "list of types"),
            rule.help,
        ]
        for rule in policy.RULES
    ]
    return table(["rule", "default", "values", "what it does"], rows)


def permissions() -> str:
    """What a role may be allowed."""
    return table(["permission", "lets people"], [[f"`{name}`", text] for name, text in roles.PERMISSIONS.items()])


def exit_codes() -> str:
    """The exit codes."""
    return table(["code", "meaning"], [[str(code), text] for code, text in EXIT_CODES.items()])


def default_policy(section: str) -> str:
    """A section of exlog.yaml as a new ledger has it in comments."""
    text = template.config_text("en", "Asia/Shanghai").decode("utf-8")
    lines = text.partition(f"\n# {section}:\n")[2].partition("\n\n")[0].splitlines()
    return "\n".join(["```yaml", f"{section}:", *(line.removeprefix("# ") for line in lines), "```", ""])


def figures() -> str:
    """Every measure with its formula."""
    rows = [
        [
            f"`{one.name}`",
            one.en,
            one.zh,
            one.unit,
            one.formula,
            f"`{field}`" if (field := one.counted_by) else "their own",
        ]
        for one in measures.MEASURES.values()
    ]
    return table(["measure", "English", "中文", "unit", "formula", "counts by"], rows)


def _default(name: str) -> Any:
    return next(rule.default for rule in policy.RULES if rule.name == name)


def suggestions() -> str:
    """Every rule that a report's suggestions come from."""
    rows = [[f"`{rule.key}`", rule.statement] for rule in suggesting.rules({}, _default("repeats_from"))]
    return table(["rule", "it speaks where"], rows)


def merge_rules() -> str:
    """How each column merges."""
    rows = [[", ".join(f"`{name}`" for name in rule.columns), rule.help] for rule in rules_of_merging.RULES]
    return table(["columns", "what is taken"], [*rows, ["every other one", "a conflict"]])


def dimensions() -> str:
    """What ``--by`` takes."""
    return ", ".join(f"`{name}`" for name in measures.DIMENSIONS) + ", and the ledger's own fields.\n"


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "fields": lambda: field_rows(fields.FIELDS),
    "profile-fields": lambda: field_rows(profiles.FIELDS),
    "enumerations": enumerations,
    "rules": rules,
    "permissions": permissions,
    "default-urgency": lambda: default_policy("urgency"),
    "default-sla": lambda: default_policy("sla"),
    "exit-codes": exit_codes,
    "measures": figures,
    "suggestions": suggestions,
    "merge-rules": merge_rules,
    "dimensions": dimensions,
}


def sessions(text: str) -> Iterator[str]:
    """Each block of the page as it should be: its commands with the output they have on a terminal now."""
    shells: list[tuple[str, list[list[str]]]] = []
    for found in _SESSION.finditer(text):
        typed = _COMMAND.findall(found["text"])
        if found["begins"] != "goes on":
            shells.append((found["begins"], [typed]))
        elif shells:
            shells[-1][1].append(typed)
        else:
            raise SystemExit("the first session of a page cannot go on")
    for begins, blocks in shells:
        outputs = iter(typed_in(begins == "in a checkout", [one for block in blocks for one in block]))
        for block in blocks:
            yield "".join(f"{one}\n{output}\n" if (output := next(outputs)) else f"{one}\n" for one in block)


def typed_in(checkout: bool, typed: list[str]) -> list[str]:
    """What each command prints, all of them typed into one shell that begins in a folder of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        if checkout:
            shutil.copytree(ROOT / "sample_ledger", folder / "sample_ledger", ignore=shutil.ignore_patterns(".exlog"))
            (folder / "docs").symlink_to(ROOT / "docs")
        commands = [one.replace("\n> ", "\n")[2:] for one in typed]
        text = on_terminal("".join(f"{one}\nprintf '\\036%s\\036' $?\n" for one in commands), folder)
    outputs = []
    pieces = text.split(_DONE)
    for one, output, status in zip(commands, pieces[::2], pieces[1::2], strict=False):
        # exlog may refuse what a page wants refused; anything else that fails is a mistake of the page.
        if status != "0" and not re.search(r"^exlog: ", output, re.MULTILINE):
            raise SystemExit(f"{one}\nends with {status}:\n{output}")
        outputs.append(output.replace(str(folder), "/home/li").rstrip("\n"))
    if len(outputs) != len(commands):
        raise SystemExit(f"the shell ended within: {commands[len(outputs)]}")
    return outputs


def on_terminal(script: str, folder: Path) -> str:
    """What a shell prints on a terminal of WIDTH columns, both streams together."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EXLOG_", "GIT_", "LC_"))}
    environment = {
        **inherited, "HOME": str(folder), "NO_COLOR": "1", "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    environment.pop("COLUMNS", None)
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, WIDTH))
    process = subprocess.Popen(
        ["bash", "--norc", "-c", script],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    process.wait()
    os.close(master)
    text = b"".join(pieces).decode("utf-8").replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in text.split("\n"))


def fresh(text: str) -> str:
    """A page with its generated parts as they should be now."""
    text = _PART.sub(lambda match: f"{match[1]}\n{PARTS[match['name']]()}\n{match[3]}", text)
    blocks = sessions(text)
    return _SESSION.sub(lambda match: match[1] + next(blocks) + match[4], text)


def main() -> int:
    """Rewrite or check the pages that are named, else every page."""
    checking = "--check" in sys.argv
    named = [Path(name).resolve() for name in sys.argv[1:] if name != "--check"]
    stale = []
    for page in named or PAGES:
        text = page.read_text(encoding="utf-8")
        new = fresh(text)
        if new != text:
            stale.append(page.relative_to(ROOT))
            if not checking:
                page.write_text(new, encoding="utf-8")
    for page in stale:
        print(f"{page}: {'stale' if checking else 'rewritten'}")
    return 1 if stale and checking else 0


if __name__ == "__main__":
    sys.exit(main())
