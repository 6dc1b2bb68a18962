"""Checks of targets and units of measure: what could not be judged, or would be off by a factor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sources.definition_checks.grammar import number
from sources.definition_checks.problem import Problem, is_projects, problem
from sources.definition_checks.relations import numbered
from sources.definition_files import overlaid
from sources.definitions import Definitions

Row = Mapping[str, Any]

SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
_UNIT = re.compile(r"([万亿]?)(.*)")
# Bases whose target is printed in another unit than the indicator's: a percentage, points.
OF_ANOTHER_UNIT = frozenset({"growth", "score", "rank", "per_unit"})


def target_problems(definitions: Definitions) -> Iterator[Problem]:
    """Targets that cannot be judged, and units that do not fit one another."""
    indicators = {
        row["indicator_code"]: row for row in definitions.table("indicators").iter_rows(named=True)
    }
    cities = {
        row["plan_code"]: row["city_code"]
        for row in definitions.table("plans").iter_rows(named=True)
    }
    for index, target in numbered(definitions, "plan_targets"):
        indicator = indicators.get(target["indicator_code"])
        found = [*_missing(target), *_unfit(target, indicator)]
        found += _bound_elsewhere(definitions, target, cities.get(target["plan_code"]))
        for column, value, said in found:
            yield problem(definitions, "plan_targets", index, column, value, said)
    yield from _units_of_cells(definitions)
    yield from _targets_taken_over(definitions)


Found = Iterator[tuple[str, str | None, str]]


def _missing(target: Row) -> Found:
    """What a comparator or basis needs and the row does not say."""
    comparator, basis = target["comparator"], target["basis"]
    if target["indicator_code"] is None and target["not_computable_reason_zh"] is None:
        yield "indicator_code", None, "没有指标，也没有说明原因"
    if comparator is None and basis != "rank":
        yield "comparator", None, "没有比较方式"
    if comparator == "relative" and target["relative_indicator_code"] is None:
        yield "relative_indicator_code", None, "没有比较对象"
    if comparator == "range" and target["target_high"] is None:
        yield "target_high", None, "区间没有上限"
    if comparator == "about" and target["tolerance_pct"] is None:
        yield "tolerance_pct", None, "“左右”没有容差"
    if comparator in {">=", ">", "=", "range", "about"} and target["target_low"] is None:
        yield "target_low", None, "没有目标值"
    if _is_upside_down(target["target_low"], target["target_high"]):
        yield "target_high", target["target_high"], "上限小于下限"
    if basis == "growth" and target["baseline_year"] is None:
        yield "baseline_year", None, "增长目标没有基期年份"


def _unfit(target: Row, indicator: Row | None) -> Found:
    """A basis or a printed unit that the indicator cannot give."""
    if indicator is None:
        return
    if target["basis"] == "share" and indicator["is_ratio"] != "true":
        yield "basis", "share", f"指标 {indicator['indicator_code']} 不是比率，不能按 share 评价"
    if target["basis"] in OF_ANOTHER_UNIT or not target["unit_zh"]:
        return
    scale, name = _measured(target["unit_zh"])
    own_scale, own_name = _measured(indicator["unit_zh"])
    if ("%" in name) != ("%" in own_name) or name.endswith("元") != own_name.endswith("元"):
        said = f"指标 {indicator['indicator_code']} 的单位是 {indicator['unit_zh']}，给不出这个单位"
        yield "unit_zh", target["unit_zh"], said
        return
    factor = number(target["unit_factor"] or "1")
    if factor is not None and factor != scale / own_scale:
        said = f"{target['unit_zh']} 折合 {indicator['unit_zh']} 的倍数应为 {scale / own_scale:f}"
        yield "unit_factor", target["unit_factor"], said


def _bound_elsewhere(definitions: Definitions, target: Row, city: str | None) -> Found:
    for code in (target["bound_unit_codes"] or "").split("|"):
        unit = definitions.unit(code) if code else None
        if unit is not None and unit.city_code != city:
            yield "bound_unit_codes", code, "这个单位不属于规划所在的城市"


def _units_of_cells(definitions: Definitions) -> Iterator[Problem]:
    units = {
        row["element_code"]: row["unit_zh"]
        for row in definitions.table("elements").iter_rows(named=True)
    }
    for index, cell in numbered(definitions, "form_elements"):
        if _is_upside_down(cell["min_value"], cell["max_value"]):
            high = cell["max_value"]
            yield problem(definitions, "form_elements", index, "max_value", high, "上限小于下限")
        own, factor = units.get(cell["element_code"]), number(cell["unit_factor"] or "1")
        if not own or not cell["unit_zh"] or factor is None:
            continue
        scale, name = _measured(cell["unit_zh"])
        own_scale, own_name = _measured(own)
        if name == own_name and factor != scale / own_scale:
            said = f"{cell['unit_zh']} 折合 {own} 的倍数应为 {scale / own_scale:f}"
            yield problem(
                definitions, "form_elements", index, "unit_factor", cell["unit_factor"], said
            )


def _targets_taken_over(definitions: Definitions) -> Iterator[Problem]:
    """An overlay may replace a target of its plan, not take one away from another plan."""
    own = {
        row["target_code"]: row["plan_code"]
        for row in overlaid("plan_targets", None)[0].iter_rows(named=True)
    }
    for index, target in numbered(definitions, "plan_targets"):
        plan = own.get(target["target_code"])
        is_own = is_projects(definitions, "plan_targets", index)
        if plan is not None and plan != target["plan_code"] and not is_own:
            said = f"这个代码是规划 {plan} 的目标，请换一个"
            code = target["target_code"]
            yield problem(definitions, "plan_targets", index, "target_code", code, said)


def _measured(unit: str) -> tuple[Decimal, str]:
    """A unit's scale (万件: 10000) and what is counted."""
    match = _UNIT.fullmatch(unit)
    mark, name = match.groups() if match else ("", unit)
    return SCALES.get(mark, Decimal(1)), name


def _is_upside_down(low: str | None, high: str | None) -> bool:
    bottom, top = number(low), number(high)
    return bottom is not None and top is not None and top < bottom
