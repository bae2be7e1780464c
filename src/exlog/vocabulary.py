"""Every enumeration, declared once: stable key, English and Chinese label, and words taken as the same.

Keys stand in files, JSON and scripts; labels in tables and reports; input takes the key, either label or an
alias. Terms follow ISO 10002:2018 (complaints handling) and usual help-desk vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exlog.errors import Usage
from exlog.i18n import _, pick


class Term(NamedTuple):
    """One value of an enumeration."""

    key: str
    en: str
    zh: str
    aliases: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The label in the language in force."""
        return pick(self.en, self.zh)


ENUMS: dict[str, tuple[Term, ...]] = {
    "status": (
        Term("new", "new", "待处理", ("未处理",)),
        Term("in_progress", "in progress", "处理中", ("in-progress", "working", "进行中")),
        Term("on_hold", "on hold", "挂起", ("on-hold", "hold", "暂停")),
        Term("resolved", "resolved", "已解决"),
        Term("closed", "closed", "已关闭", ("已完成", "已处理", "完成")),
    ),
    "type": (
        Term("complaint", "complaint", "投诉"),
        Term("inquiry", "inquiry", "咨询", ("enquiry", "question")),
        Term("suggestion", "suggestion", "建议"),
        Term("praise", "praise", "表扬", ("compliment",)),
    ),
    "category": (
        Term("quality", "product quality", "产品质量", ("质量", "产品质量问题", "质量问题")),
        Term("service", "service", "服务", ("服务问题",)),
        Term("delivery", "delivery", "交付", ("物流", "交付问题")),
        Term("other", "other", "其他"),
    ),
    "severity": (
        Term("safety", "safety", "安全"),
        Term("major", "major", "严重"),
        Term("moderate", "moderate", "中等"),
        Term("minor", "minor", "轻微"),
    ),
    "urgency": (
        Term("critical", "critical", "极高", ("特急",)),
        Term("high", "high", "高", ("紧急", "urgent")),
        Term("medium", "medium", "中", ("一般", "中等", "normal")),
        Term("low", "low", "低"),
    ),
    "set_by": (
        Term("computed", "computed", "计算"),
        Term("manual", "manual", "人工"),
    ),
    "channel": (
        Term("phone", "phone", "电话", ("telephone", "call")),
        Term("online", "online", "在线客服", ("在线", "web", "chat")),
        Term("email", "email", "邮件", ("e-mail", "mail", "邮箱")),
        Term("onsite", "on site", "现场", ("on-site",)),
        Term("other", "other", "其他"),
    ),
    "close_reason": (
        Term("confirmed", "confirmed", "客户确认"),
        Term("no_response", "no response", "客户未回复", ("no-response",)),
        Term("duplicate", "duplicate", "重复"),
        Term("invalid", "invalid", "无效"),
    ),
    "level": (
        Term("strategic", "strategic", "战略客户", ("战略",)),
        Term("vip", "VIP", "VIP客户", ("重要客户", "重要")),
        Term("standard", "standard", "普通客户", ("普通", "regular")),
    ),
    "target": (
        Term("record", "recording", "记录"),
        Term("assign", "assignment", "分配"),
        Term("respond", "first response", "首次响应"),
        Term("resolve", "resolution", "解决"),
        Term("confirm", "confirmation", "确认"),
        Term("close", "closing", "关闭"),
    ),
    "state": (
        Term("breached", "breached", "超时"),
        Term("warn", "nearly breached", "即将超时"),
        Term("pending", "in time so far", "未到期"),
        Term("not_started", "not started", "未开始"),
        Term("met", "met", "按时"),
    ),
    "finding": (
        Term("overdue", "overdue", "超时"),
        Term("unconfirmed", "not confirmed", "未确认"),
        Term("unapproved", "waits for approval", "待审批"),
        Term("hold_over", "hold is over", "挂起到期"),
        Term("stalled", "no progress", "无进展"),
        Term("unowned", "no owner", "无责任人"),
        Term("owner_gone", "owner left", "责任人已离开"),
        Term("unrated", "not rated", "未评定"),
        Term("underrated", "more urgent by now", "紧急程度上升"),
        Term("low_satisfaction", "low satisfaction", "低满意度"),
        Term("follow_up_due", "follow-up due", "回访到期"),
        Term("effect_check_due", "effect check due", "效果验证到期"),
        Term("repeat_customer", "repeat: customer", "重复：客户"),
        Term("repeat_product", "repeat: product", "重复：产品"),
        Term("repeat_batch", "repeat: batch", "重复：批次"),
        Term("repeat_cause", "repeat: cause", "重复：原因"),
        Term("late_entry", "entered late", "补录过晚"),
        Term("vague", "vague description", "描述含糊"),
        Term("unusual_month", "month out of the ordinary", "异常月份"),
    ),
    "action": (
        Term("create", "recorded", "记录"),
        Term("import", "imported", "导入"),
        Term("assign", "assigned", "分配"),
        Term("update", "changed", "更新"),
        Term("note", "note", "进度"),
        Term("respond", "customer answered", "回复客户"),
        Term("urgency", "urgency set", "设定紧急程度"),
        Term("rate", "rated", "评定"),
        Term("hold", "put on hold", "挂起"),
        Term("resume", "taken up again", "恢复"),
        Term("resolve", "resolved", "解决"),
        Term("close", "closed", "关闭"),
        Term("reopen", "reopened", "重开"),
        Term("approve", "approved", "批准"),
        Term("escalate", "escalated", "升级"),
        Term("archive", "archived", "归档"),
        Term("adopt", "adopted", "认领"),
        Term("undo", "taken back", "撤销"),
        Term("merge", "merged", "合并"),
        Term("resolve_conflict", "conflict decided", "裁定冲突"),
        Term("remint", "renumbered", "重新编号"),
    ),
    "unusual": (
        Term("above", "above", "偏高"),
        Term("below", "below", "偏低"),
    ),
    "denominator": (
        Term("customers", "customers", "客户数", ("customer", "客户")),
        Term("orders", "orders", "订单数", ("order", "订单")),
        Term("units", "units", "件数", ("unit", "件", "台数", "台", "销量")),
    ),
    "kind": (
        Term("company", "company", "企业"),
        Term("person", "person", "个人"),
    ),
}

OPEN_STATUSES = ("new", "in_progress", "on_hold", "resolved")
"""Statuses of a record that still needs somebody: ``list``, ``due`` and ``review`` look at these."""

EXCLUDED_CLOSE_REASONS = ("duplicate", "invalid")
"""Records closed for these reasons leave every measure."""


def keys(enum: str) -> tuple[str, ...]:
    """The stable keys of ``enum``, in their order of rank."""
    return tuple(term.key for term in ENUMS[enum])


def label(enum: str, key: str) -> str:
    """The label of ``key`` in the language in force; ``key`` itself where it is none of ours."""
    for term in ENUMS[enum]:
        if term.key == key:
            return term.label
    return key


def resolve(enum: str, text: str, aliases: Mapping[str, str] | None = None) -> str:
    """The key that ``text`` stands for: a key, a label in either language, or an alias.

    ``aliases`` are the ledger's own (alias to key) and win over the built-in ones. Raises Usage that lists
    what can be said.
    """
    wanted = text.strip().casefold()
    for alias, key in (aliases or {}).items():
        if alias.casefold() == wanted:
            return key
    for term in ENUMS[enum]:
        if wanted in (term.key, term.en.casefold(), term.zh.casefold()) or wanted in term.aliases:
            return term.key
    raise Usage(
        _("{enum} cannot be {text!r}").format(enum=enum, text=text),
        remedy=_("one of: {choices}").format(choices=", ".join(f"{term.key} ({term.zh})" for term in ENUMS[enum])),
    )
