"""A plan's own table in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.cli.console import out, tell
from sources.vocabulary import TARGET_STATUS_ZH, said

STATUS_STYLE: Mapping[str, str] = {
    "met": "green",
    "on_track": "green",
    "behind": "yellow",
    "incomplete": "yellow",
    "not_met": "red",
}

LINK_SIDES: Mapping[str, str] = {"before": "上期规划", "after": "下期规划"}


def print_plan(
    plan: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, Any]],
    release_id: str,
) -> None:
    """Prints a plan's table, and below it what its statuses and numbers need to be said of.

    Args:
        plan: the plan, by code and name.
        rows: its targets in its own order, each with its `links`.
        links: how its targets stand beside those of the plans before and after.
        release_id: the release shown; rows of an earlier one are of a city held back.
    """
    if not rows:
        tell(f"{plan['plan_zh']}（{plan['plan_code']}）没有可以列出的指标。")
        return
    first = rows[0]
    stamp = "  【演示数据】" if first["is_synthetic"] else ""
    title = f"{plan['plan_zh']}（{plan['plan_code']}）截至 {first['as_of']}{stamp}"
    grid = Table(title=title, title_justify="left", header_style="bold")
    for heading in ("分类", "指标", "单位", "基期", "目标", "实际", "期", "状态", "覆盖"):
        numeric = heading in {"基期", "目标", "实际", "覆盖"}
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    sides = [side for side in LINK_SIDES if any(link["side"] == side for link in links)]
    for side in sides:
        grid.add_column(LINK_SIDES[side], overflow="fold")
    category = None
    for row in rows:
        status_code = row["status_code"]
        word = said(TARGET_STATUS_ZH, status_code)
        style = STATUS_STYLE.get(status_code, "")
        grid.add_row(
            row["category_zh"] if row["category_zh"] != category else "",
            row["indicator_zh"],
            row["unit_zh"] or "",
            _baseline(row),
            row["target_printed"],
            row["actual_printed"] or "",
            row["period_code"] or "",
            f"[{style}]{word}[/{style}]" if style else word,
            f"{row['reported_units']}/{row['expected_units']}" if row["expected_units"] else "",
            *(_linked(row["links"], side) for side in sides),
        )
        category = row["category_zh"]
    out.print(grid)
    if any(row["baseline_source"] == "observed" for row in rows):
        tell("* 文件未印基期值，为基期年末（未印基期的，为首个完整报告期）的实际值")
    _print_remarks(rows, release_id)
    _print_links(links)


def _print_remarks(rows: Sequence[Mapping[str, Any]], release_id: str) -> None:
    """Why a status is what it is, once for all targets of which the same is said."""
    from warehouse.exports.plan_figures import PLAIN_REASONS, remark

    said_of: dict[str, list[str]] = {}
    for row in rows:
        text = remark(row, release_id)
        if text and text not in PLAIN_REASONS:
            said_of.setdefault(text, []).append(row["indicator_zh"])
    if said_of:
        tell("说明")
    for text, names in said_of.items():
        tell(f"  {'、'.join(names)}：{text}")


def _linked(links: Sequence[Mapping[str, Any]], side: str) -> str:
    """What a target is in the plan before or after: 延续 BT-T01, 新增, 不再设置."""
    named = (
        " ".join(filter(None, (link["link_zh"], link["other_target_code"])))
        for link in links
        if link["side"] == side
    )
    return "；".join(named)


def _print_links(links: Sequence[Mapping[str, Any]]) -> None:
    """What the table has no row for: targets of the plan before that were given up, and why."""
    for link in links:
        if link["target_code"] is None and link["side"] == "before":
            name = f"{link['other_target_code']} {link['other_indicator_zh']}"
            plan = f"上期规划（{link['other_plan_code']}）"
            tell(f"{plan}{name}：{link['link_zh']}")
        elif link["link_kind"] == "redefined" and link["side"] == "before" and link["note_zh"]:
            tell(f"{link['target_code']} {link['link_zh']}：{link['note_zh']}")


def _baseline(row: Mapping[str, Any]) -> str:
    """The baseline as printed, or as first observed, which is marked."""
    if row["baseline_value"] is None:
        return "—"
    text = str(row["baseline_printed"])
    return text if row["baseline_source"] == "printed" else f"{text}*"
