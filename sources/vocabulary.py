"""The Chinese words for codes: one table, used wherever a person reads one.

Programs get the codes (`--json`, marts); a person gets these words. A code that has none here is
shown as it is (`said`), so that nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SEVERITY_ZH: Mapping[str, str] = {
    "blocking": "强制性",
    "quasi_blocking": "准强制性",
    "verify": "核实性",
    "info": "提示",
}
"""Severities of findings, gravest first."""

STATE_ZH: Mapping[str, str] = {
    "received": "已收到，待审核",
    "refused": "不予接收",
    "held": "审核未通过，暂不采用",
    "passed": "审核通过，待接收",
    "explained": "已说明，待接收",
    "returned": "已退回",
    "accepted_county": "旗县级已接收",
    "accepted_city": "市级已接收，待发布",
    "published": "已纳入发布",
    "superseded": "已被新版替代",
    "withdrawn": "已撤回",
}
"""States of a submission, in the order of its course."""

FINDING_STATUS_ZH: Mapping[str, str] = {
    "open": "待处理",
    "explained": "已说明",
    "returned": "已退回",
    "corrected": "已更正",
    "closed": "已关闭",
}

TARGET_STATUS_ZH: Mapping[str, str] = {
    "not_due": "未到期",
    "not_computable": "无法计算",
    "no_data": "无数据",
    "met": "达标",
    "incomplete": "未报齐",
    "not_met": "未达标",
    "on_track": "进度正常",
    "behind": "落后",
}

WITHHELD, WITHHELD_ZH = "withheld", "不予公开"
"""Status of a row whose value its reader may not see; only files made for an audience have it."""

TARGET_STATUS_MEANING_ZH: Mapping[str, str] = {
    "not_due": "首个评价期尚未结束",
    "not_computable": "没有公式，或分母为零",
    "no_data": "没有可用的数",
    "met": "达到目标",
    "incomplete": "报送不齐或尚未接收，不作结论",
    "not_met": "到期未达到目标",
    "on_track": "未到期，已达到应达到的值",
    "behind": "未到期，低于应达到的值",
}
"""What each status says, for people who read the table for the first time."""

OBSERVED_ZH: Mapping[str, str] = {
    "reported": "填报",
    "nil": "零报告",
    "corrected": "已更正",
    "history": "历史补录",
    "authority": "主管部门发布",
    "register": "台账",
    "carried": "沿用上期",
    "missing": "未报",
    "held": "扣留待改",
    "not_due": "未到期",
    "awaiting_authority": "等待主管部门发布",
    "not_applicable": "不适用",
}
"""Status of a value."""

SOURCE_ZH: Mapping[str, str] = {
    "sum_of_units": "各单位合计",
    "department": "市直部门",
    "authority": "主管部门发布",
    "register": "台账",
    "history": "历史补录",
}
"""Sources of record."""

COMBINED_ZH: Mapping[str, str] = {"sum": "各期相加", "last": "取期末", "reference": "人口资料"}

PERIOD_TYPE_ZH: Mapping[str, str] = {
    "month": "月报",
    "quarter": "季报",
    "half": "半年报",
    "year": "年报",
    "window": "专门期间",
}
"""Frequencies of forms."""

RELEASE_KIND_ZH: Mapping[str, str] = {"nightly": "夜间发布", "official": "正式发布"}

OFFICIAL_REPORT_ZH: Mapping[str, str] = {
    "quarterly": "季报",
    "annual": "年报",
    "midterm": "中期评估",
    "final": "终期评估",
}
"""Reports that an official release is made for."""

OFFICIAL_REPORT_PERIODS: Mapping[str, str] = {
    "quarterly": "quarter",
    "annual": "year",
    "midterm": "year",
    "final": "year",
}
"""Type of the period that each report is of; an evaluation is named by its last year."""

OFFICIAL_STATE_ZH: Mapping[str, str] = {
    "proposed": "已提请，待审批",
    "approved": "已批准发布",
    "rejected": "未获批准",
    "replaced": "已重新提请",
}
"""States of a proposal for an official release."""

VERB_ZH: Mapping[str, str] = {
    "explain": "说明",
    "return": "退回",
    "correct": "更正",
    "confirm": "确认",
    "approve": "批准更正",
    "reject": "不同意更正",
    "accept": "接收",
    "withdraw": "撤回",
    "undo": "撤销",
    "close": "封库",
    "reopen": "开封",
    "extend": "延期",
    "confirm-unit": "确认单位",
    "dismiss": "搁置",
    "correct-arrival": "记录实际交件时间",
    "standing": "批准长期说明",
}
"""The desk's verbs."""

MOVE_ZH: Mapping[str, str] = {
    "receive": "收到",
    "refuse": "不予接收",
    "pass": "审核通过",
    "hold": "审核扣留",
    "reread": "重新读取",
    "publish": "纳入发布",
    "supersede": "被新版替代",
}
"""The line's own moves, author `system`."""

CORRECTION_STATE_ZH: Mapping[str, str] = {
    "proposed": "已提出，待批准",
    "approved": "已批准",
    "rejected": "未获同意",
    "cancelled": "已撤销",
}

HOLD_REASON_ZH: Mapping[str, str] = {
    "unconfirmed": "代录，待填报单位确认",
    "closed": "已封库，待开封",
}
"""Why a submission without a blocking finding is held."""


def said(words: Mapping[str, str], code: str | None) -> str:
    """The word for a code; a code without one as it is."""
    return words.get(code, code) if code else ""


def tally(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    """Counts in words, in the order of the table: 强制性 2；核实性 1; empty where all are none."""
    known = [code for code in words if counts.get(code)]
    other = sorted(code for code in counts if code not in words and counts[code])
    return "；".join(f"{said(words, code)} {counts[code]}" for code in (*known, *other))


def gravity(
    severity_code: str, sheet: str | None, cell: str | None, rule_id: str | None
) -> tuple[int, str, int, int, str]:
    """Sort key of findings everywhere: severity, sheet, row, column; rule last.

    What is of the whole file goes before what is of a sheet, and that before what is of a cell.
    """
    order = list(SEVERITY_ZH)
    grave = order.index(severity_code) if severity_code in SEVERITY_ZH else len(order)
    row, column = _place(cell)
    return (grave, sheet or "", row, column, rule_id or "")


def gravity_of(row: Mapping[str, Any]) -> tuple[int, str, int, int, str]:
    """`gravity` of a row of findings."""
    return gravity(row["severity_code"], row.get("sheet"), row.get("cell"), row.get("rule_id"))


def _place(cell: str | None) -> tuple[int, int]:
    """Row and column of the first cell named: `B12`, `AA3:AB4`; without one, (0, 0)."""
    column, digits = 0, ""
    for char in cell or "":
        if char.isascii() and char.isdigit():
            digits += char
        elif digits:
            break
        elif char.isascii() and char.isalpha():
            column = column * 26 + ord(char.upper()) - 64
    return (int(digits[:7]), column) if digits else (0, 0)
