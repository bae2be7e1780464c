"""What measures are called in a report: in full, for readers who know no keys. Any other has its usual label.

All times of a report are working hours.
"""

from __future__ import annotations

from exlog.i18n import pick
from exlog.measures import MEASURES

_NAMES = {
    "resolution_mean_wh": ("Mean time to resolve", "平均解决时长"),
    "resolution_median_wh": ("Median time to resolve", "解决时长中位数"),
    "resolution_p90_wh": ("Nine in ten resolved within", "九成在此时长内解决"),
    "target_mean_wh": ("Mean target", "平均目标时长"),
    "variance_mean_wh": ("Variance", "偏差"),
    "response_median_wh": ("Median time to first response", "首次响应时长中位数"),
    "recorded_in_time_share": ("Recorded within a working day", "一个工作日内记录"),
    "sla_met": ("Targets met", "按时解决数"),
    "sla_breached": ("Targets missed", "超时数"),
    "sla_compliance": ("Resolved on target", "按时解决率"),
    "satisfaction_mean": ("Satisfaction (1–5)", "满意度（1–5分）"),
    "satisfied_share": ("Satisfied (4 or 5)", "满意率（4–5分）"),
    "response_rate": ("Closed with a rating", "评价率"),
    "clearance": ("Resolved of received", "清结率"),
}

_MEANINGS = {
    "received": "期间内接收的记录数",
    "share": "接收数 ÷ 全部接收数",
    "cumulative_share": "按所列顺序，到该行为止的占比之和",
    "complaints": "类型为投诉的接收数",
    "complaint_rate": "投诉数 ÷ denominators.csv 所列的同期数量（订单、销量或客户）",
    "backlog": "期末（未结束则为目前）之前接收且未解决的记录数",
    "resolved": "期间内解决的记录数",
    "clearance": "解决数 ÷ 接收数",
    "closed": "期间内关闭的记录数",
    "resolution_mean_wh": "从接收到解决的工作小时（扣除挂起）的平均值",
    "resolution_median_wh": "从接收到解决的工作小时（扣除挂起）的中位数",
    "resolution_p90_wh": "从接收到解决的工作小时（扣除挂起）的第 90 百分位（最近秩）",
    "target_mean_wh": "从接收到截止时间的工作小时（扣除挂起）的平均值",
    "variance_mean_wh": "解决时长减目标时长的平均值；负数更好",
    "sla_met": "到期记录中在截止时间前解决的",
    "sla_breached": "到期记录中晚于截止时间解决的，以及已过期仍未解决的",
    "sla_compliance": "按时解决数 ÷（按时解决数 + 超时数）；未到期的不计",
    "response_median_wh": "从接收到首次响应的工作小时的中位数",
    "recorded_in_time_share": "下一工作日下班前录入的 ÷ 全部录入的",
    "answers": "期间内关闭且有 1–5 分评价的记录数",
    "satisfaction_mean": "评价的平均分",
    "satisfied_share": "4 分或 5 分的评价 ÷ 全部评价",
    "response_rate": "评价数 ÷ 关闭数",
    "reopen_rate": "首次解决后又重开的 ÷ 期间内首次解决的",
    "repeat_contacts": "同一客户此前 30 天内有同类别记录的接收数",
    "repeat_rate": "重复反馈数 ÷ 接收数",
}
"""What measures mean in Chinese; in English they have their formula."""


def meaning(measure: str) -> str:
    """How a measure is taken, in the language in force."""
    return pick(MEASURES[measure].formula, _MEANINGS.get(measure, MEASURES[measure].formula))


def name(measure: str) -> str:
    """The name of a measure in the language in force."""
    if measure in _NAMES:
        return pick(*_NAMES[measure])
    return MEASURES[measure].label
