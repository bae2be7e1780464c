"""The exlog.yaml of a new ledger: every key with its default and what it does."""

from __future__ import annotations

from typing import Any

from exlog import monthly, policy, sla, urgency
from exlog.i18n import _
from exlog.rulebook import COUNTRIES


def config_text(language: str, timezone: str) -> bytes:
    """exlog.yaml of a new ledger in a language and a timezone."""
    lines = [
        "# " + _("The policy of this ledger. docs/policy.md explains every key; exlog check reads it."),
        f"exlog: {policy.FORMAT}  # " + _("format of the ledger"),
        f"language: {language}  # " + _("of labels and messages: en or zh"),
        "",
        *_calendar(timezone),
        "",
        "rules:",
    ]
    for rule in policy.RULES:
        value = "[" + ", ".join(rule.default) + "]" if isinstance(rule.default, list) else rule.default
        choices = f" ({', '.join(rule.choices)})" if rule.choices else ""
        lines.append(f"  {rule.name}: {value}  # {_(rule.help)}{choices}")
    lines += [
        "",
        "git:",
        "  autocommit: false  # " + _("true: every command that changes the ledger commits its files"),
        "",
        "# " + _("Your own words for a key, as people type them:"),
        "# aliases:",
        "#   urgency: {急: high}",
        "",
        "# " + _("Your own columns (kind: text, number, date or choice):"),
        "# fields:",
        "#   - {name: warranty, kind: choice, choices: [in, out], label: {en: Warranty, zh: 保修}}",
        "",
        "# " + _("How urgent a record is: weights sum to 100, floors raise the level. This is the default:"),
        *_commented("urgency", urgency.DEFAULT),
        "",
        *_people(),
        "# " + _("Who gets a new record; the first rule that matches wins:"),
        "# routing:",
        "#   - {when: {category: delivery}, department: 物流部}",
        "#   - {when: {customer.level: strategic}, department: 售后部, owner: 李华}",
        "",
        "# " + _("By when what is done; the first match wins. h elapsed, wh working hours, wd working days."),
        "# " + _("This is the default:"),
        *_commented("sla", sla.STANDARD),
        "",
        *_escalation(),
        "# " + _("What exlog report holds figures to, besides the service levels:"),
        "# report:",
        "#   targets: {satisfaction_mean: 4.5, sla_compliance: 0.9}",
        "",
        "# " + _("The file of a month's record table (exlog archive --excel):"),
        "# archive:",
        f'#   excel_name: "{monthly.NAMES[language]}"',
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _escalation() -> list[str]:
    return [
        "# " + _("Who hears of what is late; exlog due --escalate records it once:"),
        "# escalation:",
        "#   - {at: warn, level: 1, to: owner}",
        "#   - {at: breach, level: 2, to: 李华}",
        "#   - {at: breach + 1wd, level: 3, to: 总经理, match: {urgency: [critical, high]}}",
        "",
    ]


def _people() -> list[str]:
    return [
        "# " + _("Who works here; until is the last day of somebody who leaves:"),
        "# people:",
        "#   李华: {department: 售后部, email: lihua@example.com, until: 2027-03-31}",
        "",
        "# " + _("Who may do what, by role; without roles everybody may do everything:"),
        "# roles:",
        "#   default: [record, update]",
        "#   manager: [all]",
        "",
        "# " + _("What a second person approves (exlog approve) before it is done:"),
        "# approval:",
        "#   - {for: close, when: {urgency: critical}}",
        "",
    ]


def _calendar(timezone: str) -> list[str]:
    country = COUNTRIES.get(timezone, "")
    named = f"  country: {country}  # " if country else '  country: ""  # '
    return [
        "calendar:",
        f"  timezone: {timezone}  # " + _("times are stored in it; months are its months"),
        named + _("public holidays and make-up workdays are its own; empty for none"),
        '  hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}  # ' + _("working time"),
        "  extra_workdays: []  # " + _("days that work although they should not, like 2027-02-06"),
        "  extra_holidays: []  # " + _("days off that no calendar knows"),
    ]


def _commented(key: str, value: Any) -> list[str]:
    """A section in comments, its top levels a line each."""
    lines = [f"# {key}:"]
    if isinstance(value, dict):
        for name, items in value.items():
            lines.append(f"#   {name}:")
            lines += [f"#     - {_flow(item)}" for item in items]
        return lines
    for item in value:
        (first, *rest) = item.items()
        lines.append(f"#   - {first[0]}: {_flow(first[1])}")
        lines += [f"#     {name}: {_flow(part)}" for name, part in rest]
    return lines


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    text = str(value)
    return f'"{text}"' if text.startswith((">", "<", "!", "=")) else text
