"""The command that walks one published number back to the cells it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from orchestration.cli.console import JsonFlag, guarded, out, print_json, settings_of
from orchestration.cli.reading import PeriodOption, ReleaseOption
from sources.vocabulary import (
    COMBINED_ZH,
    OBSERVED_ZH,
    SOURCE_ZH,
    STATE_ZH,
    TARGET_STATUS_ZH,
    said,
)


def register(app: typer.Typer) -> None:
    """Adds the commands of this group."""
    app.command()(trace)


@guarded
def trace(
    target: Annotated[str, typer.Argument(help="目标代码，如 BT-T01")],
    period: PeriodOption = None,
    release: ReleaseOption = None,
    full: Annotated[bool, typer.Option("--full", help="连同每一次处理")] = False,
    as_json: JsonFlag = False,
) -> None:
    """把一个公布的数追到规划原文、公式、单位、文件和单元格；加总不符时退出码为 1。"""
    from warehouse.ledger.engine import open_ledger
    from warehouse.queries.trace import trace as traced

    settings = settings_of()
    found = traced(settings, open_ledger(settings), target, period, release)
    if as_json:
        print_json(found)
    else:
        out.print(_tree(found, full=full))
    if not found.get("is_equal", True):
        raise typer.Exit(1)


def _tree(found: Mapping[str, Any], *, full: bool) -> Tree:
    target, figure = found["target"], found["figure"]
    judged = said(TARGET_STATUS_ZH, figure["status_code"])
    root = Tree(
        f"[bold]{target['target_code']} {target['indicator_zh']}[/bold]"
        f" {figure['period_code']}：{figure['actual_printed'] or '无值'} {target['unit_zh'] or ''}"
        f"（{judged}：{figure['status_reason_zh']}）"
    )
    root.add(f"原文：{escape(target['quote'])}（{target['document']}，第 {target['line']} 行）")
    if target["basis_reason_zh"]:
        root.add(f"口径解读：{target['basis_reason_zh']}（{target['basis_decided_by_zh']}）")
    indicator = found["indicator"]
    if indicator is None:
        return root
    source = figure["source_of_record"] or ""
    named = "、".join(said(SOURCE_ZH, code) for code in source.split("+") if code)
    root.add(f"指标：{indicator['indicator_zh']}，{indicator['definition_zh']} 来源：{named}")
    branch = root.add(f"计算：{found['arithmetic_zh']}")
    if not found["is_equal"]:
        branch.add(
            f"[bold red]逐项加总为 {found['recomputed']}，与公布的 {figure['actual_value']} 不符，"
            "请运维人员核查[/bold red]"
        )
    for year in found.get("years", ()):
        status = said(TARGET_STATUS_ZH, year["status_code"])
        branch.add(f"{year['period_code']}：{year['actual_printed'] or '无值'}（{status}）")
    _add_terms(root, found, found["terms"], full=full)
    for title, terms in (
        ("基期", found.get("base_terms")),
        ("对照", (found.get("reference") or {}).get("terms")),
    ):
        if terms:
            _add_terms(root.add(title), found, terms, full=full)
    for unit in found.get("units", ()):
        mark = " ← 最低" if unit["is_deciding"] else ""
        status = said(TARGET_STATUS_ZH, unit["status_code"])
        value = "无值" if unit["actual_value"] is None else _number(unit["actual_value"])
        _add_terms(
            root.add(f"{unit['unit_name_zh']}：{value}（{status}）{mark}"),
            found,
            unit["terms"],
            full=full,
        )
    return root


def _add_terms(
    root: Tree, found: Mapping[str, Any], terms: Sequence[Mapping[str, Any]], *, full: bool
) -> None:
    for term in terms:
        role = "分子" if term["term_role"] == "numerator" else "分母"
        times = "" if term["coefficient"] == 1 else f" × {_number(term['coefficient'])}"
        name = term["element_zh"] or term["element_code"]
        how = COMBINED_ZH[term["combined"]]
        value = _number(term["value"])
        branch = root.add(f"{role} {name}：{value} {term['unit_zh']}{times}（{how}）")
        if "source_zh" in term:
            branch.add(f"期末前已公布的常住人口：{term['source_zh'] or '无'}")
        for unit in term["units"]:
            _add_unit(branch, found, unit, full=full)


def _add_unit(root: Tree, found: Mapping[str, Any], unit: Mapping[str, Any], *, full: bool) -> None:
    leaves = unit["leaves"]
    if len(leaves) == 1 and not full:
        root.add(f"{unit['unit_name_zh']} {_leaf(leaves[0])}")
        return
    missing = [leaf["period_code"] for leaf in leaves if leaf["value"] is None]
    gaps = f"，缺 {'、'.join(missing)}" if missing else ""
    branch = root.add(f"{unit['unit_name_zh']}：{_number(unit['value'])}（{len(leaves)} 期{gaps}）")
    for leaf in leaves:
        twig = branch.add(_leaf(leaf))
        paper = found["submissions"].get(leaf.get("submission_id"))
        if paper and full:
            acts = "，".join(
                f"{act['effective_at']:%Y-%m-%d} {said(STATE_ZH, act['to_state'])}"
                f"（{act['by_zh']}）"
                for act in paper["decisions"]
            )
            twig.add(f"{paper['submission_id']}：{acts}")


def _leaf(leaf: Mapping[str, Any]) -> str:
    from warehouse.queries.row_names import cell_words

    status = said(OBSERVED_ZH, leaf["obs_status"])
    if leaf.get("is_deducted"):
        status += "，当时计入原属市或所在单位，此处扣除"
    start = f"{leaf['period_code']}：{_number(leaf['value'])}（{status}）"
    if leaf.get("authority_release_id"):
        return f"{start} ← {leaf['authority_release_id']}，{leaf['published_on'] or '发布日期不详'}"
    if not leaf.get("file_name"):
        return start
    place = cell_words(leaf["source_cell"]) or "更正"
    return f"{start} ← {escape(leaf['file_name'])} {place}，原填“{leaf.get('text_as_filed') or ''}”"


def _number(value: Any) -> str:
    from warehouse.queries.trace.arithmetic import plain

    return "缺" if value is None else plain(value)
