"""The columns of a record, declared once: header, validation, option help, labels and docs come from here."""

from __future__ import annotations

from typing import NamedTuple

from exlog.i18n import pick


class Field(NamedTuple):
    """One column of exceptions.csv.

    ``kind``: text, choice, time, date, decimal, int, id or uid. ``enum`` names the vocabulary of a choice.
    ``set_by``: ``person`` (``--set`` takes it), ``command`` (a command of its own moves it) or ``exlog``
    (derived or minted, never typed). ``choices`` are the values of a ledger's own choice field.
    """

    name: str
    kind: str
    en: str
    zh: str
    help: str = ""
    set_by: str = "person"
    enum: str = ""
    choices: tuple[str, ...] = ()
    required_when: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The label in the language in force."""
        return pick(self.en, self.zh)


FIELDS: tuple[Field, ...] = (
    Field("id", "id", "ID", "记录编号", "F, recording date, lane, sequence; minted, never changed", "exlog"),
    Field("status", "choice", "Status", "处理状态", "where the record stands in its life", "command", "status"),
    Field("type", "choice", "Type", "反馈类型", "required", "person", "type"),
    Field("category", "choice", "Category", "类别", "required for a complaint", "person", "category"),
    Field("severity", "choice", "Severity", "严重程度", "how bad the effect is", "person", "severity"),
    Field(
        "urgency",
        "choice",
        "Urgency",
        "紧急程度",
        "a reason is required when set by hand",
        "command",
        "urgency",
    ),
    Field("urgency_by", "choice", "Urgency set", "紧急程度来源", "computed or manual", "exlog", "set_by"),
    Field(
        "urgency_rated",
        "choice",
        "Urgency rated",
        "紧急程度评定",
        "the highest level that the policy's sum has given so far",
        "exlog",
        "urgency",
    ),
    Field("customer_id", "text", "Customer ID", "客户ID", "the profile; empty for a one-off customer", "command"),
    Field("customer_name", "text", "Customer", "客户名称", "the name at the time", "command"),
    Field("channel", "choice", "Channel", "来源渠道", "required", "person", "channel"),
    Field("subject", "text", "Subject", "主题", "required; one line that says what happened"),
    Field("description", "text", "Description", "问题描述", "time, place, people, course; any length"),
    Field("occurred_at", "time", "Occurred", "发生时间", "when it happened"),
    Field("received_at", "time", "Received", "反馈时间", "when the customer told us"),
    Field("recorded_at", "time", "Recorded", "记录时间", "when it was entered", "exlog"),
    Field("order_no", "text", "Order no.", "订单号", "wanted for a delivery problem"),
    Field("order_value", "decimal", "Order value", "订单金额", "in the ledger's currency"),
    Field("product", "text", "Product", "产品"),
    Field("model", "text", "Model", "型号", "model or batch is wanted for a quality problem"),
    Field("batch", "text", "Batch", "批次"),
    Field("production_date", "date", "Produced", "生产日期"),
    Field("ship_date", "date", "Shipped", "发货日期"),
    Field("carrier", "text", "Carrier", "物流公司"),
    Field("region", "text", "Region", "地区"),
    Field("remedy_sought", "text", "Remedy sought", "客户诉求", "what the customer asks for"),
    Field("department", "text", "Department", "责任部门", "required, or an owner, before in progress"),
    Field("owner", "text", "Owner", "责任人", "the person who deals with it"),
    Field("assigned_at", "time", "Assigned", "分配时间", "when it was first given to somebody", "command"),
    Field("first_response_at", "time", "First response", "首次响应时间", "when the customer first heard from us"),
    Field("expected_at", "time", "Expected", "预计完成时间", "when the owner expects to be done"),
    Field("due_at", "time", "Due", "截止时间", "when it must be resolved: from the SLA, unless it is set by hand"),
    Field("due_by", "choice", "Due set", "截止时间来源", "computed or manual", "exlog", "set_by"),
    Field("hold_reason", "text", "Hold reason", "挂起原因", "", "command"),
    Field("hold_since", "time", "On hold since", "挂起时间", "", "exlog"),
    Field("hold_until", "time", "On hold until", "挂起至", "", "command"),
    Field(
        "hold_minutes",
        "int",
        "Minutes held",
        "累计挂起分钟",
        "elapsed minutes of the holds that ended",
        "exlog",
    ),
    Field(
        "hold_work_minutes",
        "int",
        "Working minutes held",
        "累计挂起工作分钟",
        "minutes of working time of those holds",
        "exlog",
    ),
    Field("cause", "text", "Cause", "原因", "required to resolve a complaint, where policy says so"),
    Field("corrective_action", "text", "Corrective action", "纠正措施", "what removes the cause (8D: D5, D6)"),
    Field("preventive_action", "text", "Preventive action", "预防措施", "what keeps it from coming back (8D: D7)"),
    Field("effect_check_at", "time", "Effect check due", "效果验证时间", "when to see whether the actions helped"),
    Field("effect", "text", "Effect", "验证结果", "whether the actions helped; answers the effect check"),
    Field("resolution", "text", "Resolution", "解决方案", "what was done, by whom, with what result"),
    Field("resolved_at", "time", "Resolved", "完成时间", "", "command"),
    Field(
        "first_resolved_at",
        "time",
        "First resolved",
        "首次完成时间",
        "of a record that was reopened, when it was resolved at first",
        "exlog",
    ),
    Field("satisfaction", "int", "Satisfaction", "客户满意度(1-5分)", "1 to 5", "command"),
    Field("customer_comment", "text", "Customer's comment", "客户反馈意见", "in the customer's words"),
    Field("confirmed_at", "time", "Confirmed", "确认时间", "when the customer confirmed", "command"),
    Field("closed_at", "time", "Closed", "关闭时间", "", "command"),
    Field("close_reason", "choice", "Close reason", "关闭原因", "", "command", "close_reason"),
    Field("duplicate_of", "text", "Duplicate of", "重复于", "the record that tells the same", "command"),
    Field("follow_up_of", "text", "Follow-up of", "后续于", "the earlier record that this one continues"),
    Field("reopen_count", "int", "Reopened", "重开次数", "", "exlog"),
    Field("follow_up_at", "time", "Follow up", "回访时间", "when to ask the customer again"),
    Field("external_id", "text", "External ID", "外部编号", "the id in the system it came from"),
    Field("former_id", "text", "Former ID", "曾用编号", "the id it had before two clones were merged", "exlog"),
    Field("progress", "text", "Progress", "处理进度", "the newest progress entry", "command"),
    Field("progress_at", "time", "Progress at", "进度时间", "", "exlog"),
    Field("notes", "text", "Notes", "备注", "background, special demands"),
    Field("uid", "uid", "UID", "UID", "the row's identity in a merge; last column", "exlog"),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

NAMES: tuple[str, ...] = tuple(BY_NAME)

REQUIRED_COLUMNS = ("id", "status", "type", "channel", "subject", "received_at", "recorded_at", "uid")
"""Columns without which exceptions.csv cannot be read as a ledger."""


def columns(custom: tuple[Field, ...] = (), unknown: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The canonical header: schema order, the ledger's own fields, unknown columns in their old order, uid."""
    known = {*NAMES, *(field.name for field in custom)}
    return (
        *NAMES[:-1],
        *(field.name for field in custom),
        *(name for name in unknown if name not in known),
        "uid",
    )
