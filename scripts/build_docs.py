"""Brings the generated parts of the docs up to date: the command reference, tables, and shown sessions.

    python scripts/build_docs.py            rewrite what is stale
    python scripts/build_docs.py --check    say what is stale, exit 1

A page marks a generated part with ``<!-- generated: NAME -->`` and ``<!-- end -->``; the text between comes from
the program. A ``console`` block below ``<!-- session: CLOCK -->`` is run for real on a pseudo-terminal, in a folder
of its own with the clock fixed, and its output is what the page shows.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
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
_SESSION = re.compile(r"(<!-- session: (?P<clock>\S+) -->\n+```console\n)(?P<text>.*?)(```)", re.DOTALL)


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


def session(clock: str, text: str) -> str:
    """The block's commands with the output they have on a terminal now."""
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sample_ledger").symlink_to(ROOT / "sample_ledger")
        (Path(folder) / "examples").symlink_to(ROOT / "docs" / "examples")
        for line in text.splitlines():
            if line.startswith("$ "):
                output = on_terminal(line[2:], folder, clock).replace(folder, "/home/li").rstrip("\n")
                shown.append(f"{line}\n{output}\n" if output else f"{line}\n")
    return "".join(shown)


def on_terminal(command: str, folder: str, clock: str) -> str:
    """What one shell command prints on a terminal of WIDTH columns, both streams together."""
    environment = {
        **os.environ, "EXLOG_NOW": clock, "EXLOG_USER": "li", "NO_COLOR": "1", "COLUMNS": str(WIDTH), "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8", "EXLOG_LANG": "en", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave
    )
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
    return _SESSION.sub(lambda match: match[1] + session(match["clock"], match["text"]) + match[4], text)


def main() -> int:
    """Rewrite or check every page."""
    stale = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        new = fresh(text)
        if new != text:
            stale.append(page.relative_to(ROOT))
            if "--check" not in sys.argv:
                page.write_text(new, encoding="utf-8")
    for page in stale:
        print(f"{page}: {'stale' if '--check' in sys.argv else 'rewritten'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
