"""The numbers of plans' own tables as an exported table remembers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sources.vocabulary import TARGET_STATUS_ZH, said
from warehouse.errors import UnknownTarget
from warehouse.exports.printing import printed
from warehouse.exports.selection import Figure
from warehouse.queries.published import ask
from warehouse.settings import Settings

Row = Mapping[str, Any]

REMEMBERED: Mapping[str, str] = {
    "actual_value": "实际值",
    "expected_value": "应达到",
    "completion_pct": "完成率（%）",
    "status_code": "状态",
    "coverage": "报齐",
}
"""What is told of a target in every export of a plan's table, with its heading."""

PLAIN_REASONS = ("已达到目标", "未达到目标")
"""Reasons that say no more than the status beside them."""


def plan_rows(settings: Settings, plan_codes: Sequence[str], release_id: str) -> list[Row]:
    """Rows of the plans' own tables, plan by plan in the order named, in each plan's own order.

    Raises:
        UnknownTarget: the release has no such plan.
    """
    found = ask(
        settings,
        """
        select plan_table.*, plans.plan_zh, targets.remark_zh, targets.quote
        from marts.plan_table
        inner join marts.plans using (plan_code)
        left join marts.plan_targets as targets using (target_code)
        where list_contains(?, plan_table.plan_code)
        order by list_position(?, plan_table.plan_code), plan_table.target_order
        """,
        [list(plan_codes), list(plan_codes)],
        release_id,
    )
    known = {str(row["plan_code"]) for row in ask(
        settings, "select plan_code from marts.plans", (), release_id
    )}  # fmt: skip
    for code in plan_codes:
        if code not in known:
            raise UnknownTarget("规划", code)
    return list(found)


def shown(row: Row, column: str) -> str | None:
    """One thing told of a target, as it is printed; None where there is nothing to tell."""
    if column == "actual_value":
        return row["actual_printed"] if row["actual_value"] is not None else None
    if column == "status_code":
        return said(TARGET_STATUS_ZH, row["status_code"])
    if column == "coverage":
        expected = row["expected_units"]
        return f"{row['reported_units']}/{expected}" if expected else None
    if column == "expected_value":
        return None if row[column] is None else printed(row[column], decimals_of(row))
    return None if row[column] is None else printed(row[column], 1)


def decimals_of(row: Row) -> int:
    """Places a target's actual value is printed with; other numbers beside it have as many."""
    return len(str(row["actual_printed"] or "").partition(".")[2])


def held_zh(row: Row, release_id: str) -> str:
    """What must be said of a row that a held city keeps from an earlier release; empty else."""
    own = row["release_id"]
    return "" if own == release_id else f"本市被拦下，沿用 {own} 发布的数"


def remark(row: Row, release_id: str) -> str:
    """What stands beside a target: why its status, and what must be said of its number."""
    said_of = [str(row["status_reason_zh"] or "")]
    if row["is_provisional"]:
        said_of.append("初步数")
    said_of.append(held_zh(row, release_id))
    return "；".join(part for part in said_of if part)


def figures_of(found: Sequence[Row]) -> list[Figure]:
    """The numbers of plans' rows, as they are printed."""
    figures = []
    for row in found:
        key_text = "|".join(
            str(row[name]) for name in ("plan_code", "target_code", "period_code", "period_type")
            if row[name] is not None
        )  # fmt: skip
        for column, heading in REMEMBERED.items():
            label = f"{row['plan_zh']} {row['target_code']} {row['indicator_zh']} {heading}"
            figures.append(
                Figure(
                    f"{row['target_code']}|{column}", label, shown(row, column), "plan_table",
                    key_text, column,
                )
            )  # fmt: skip
    return figures


def plan_figures(
    settings: Settings, selection: Mapping[str, Any], release_id: str
) -> Sequence[Figure]:
    """The numbers of a recorded selection of plans in a release."""
    return figures_of(plan_rows(settings, selection["plan_codes"], release_id))
