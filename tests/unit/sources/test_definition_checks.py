"""Each way a definition table can be wrong is named with file, row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sources.definition_checks import Problem, check_definitions
from sources.definitions import Definitions

TARGET = (
    "target_code,plan_code,tier,target_order,indicator_zh,indicator_code,unit_factor,basis,"
    "target_year,comparator,target_low,target_high,tolerance_pct,relative_indicator_code,direction,"
    "document,line,quote\n"
)
PLAN = "baotou-145"
RELATIVE = "relative_indicator_code"


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str, str], list[Problem]]:
    def of(table: str, text: str) -> list[Problem]:
        (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
        return [p for p in check_definitions(Definitions.load(tmp_path)) if p.table == table]

    return of


def test_the_projects_own_definitions_have_no_problem() -> None:
    assert check_definitions(Definitions.load()) == []


@pytest.mark.parametrize(
    ("row", "direction", "column", "said"),
    [
        ("no-such-plan,table,1,名,HVP_STOCK,1,level,2025,>=,1,,,", "up", "plan_code", "没有这个"),
        ("P,table,1,名,NONE,1,level,2025,>=,1,,,", "up", "indicator_code", "没有这个"),
        ("P,tabel,1,名,HVP_STOCK,1,level,2025,>=,1,,,", "up", "tier", "只能是"),
        ("P,table,1,名,HVP_STOCK,1,,2025,>=,1,,,", "up", "basis", "不能为空"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,>=,1,,,", "", "direction", "不能为空"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,>=,1月2日,,,", "up", "target_low", "不是数"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,>=,,,,", "up", "target_low", "没有目标值"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,range,1,,,", "up", "target_high", "区间"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,about,1,,,", "up", "tolerance_pct", "容差"),
        ("P,table,1,名,HVP_STOCK,1,level,2025,relative,,,,", "up", RELATIVE, "比较"),
        ("P,table,1,名,,1,level,2025,>=,1,,,", "up", "indicator_code", "没有说明"),
    ],
)  # fmt: skip
def test_a_spoilt_target_is_named(
    problems: Callable[[str, str], list[Problem]], row: str, direction: str, column: str, said: str
) -> None:
    whole = "X1," + row.replace("P,", f"{PLAN},", 1) + f",{direction},d,1,q"
    found = problems("plan_targets", TARGET + whole + "\n")
    assert [(p.row, p.column) for p in found] == [(116, column)]
    assert said in found[0].problem_zh


def test_a_date_that_is_none_and_a_dangling_unit_are_named(
    problems: Callable[[str, str], list[Problem]],
) -> None:
    found = problems("holidays", "holiday_date,is_workday,name_zh\n2030/1/1,false,元旦\n")
    assert [(p.column, p.value) for p in found] == [("holiday_date", "2030/1/1")]
    found = problems("channels", "unit_code,channel_kind,location\n999999,inbox,x\n")
    assert [(p.column, p.value) for p in found] == [("unit_code", "999999")]


def test_a_ratio_without_denominator_is_named(
    problems: Callable[[str, str], list[Problem]],
) -> None:
    head = "indicator_code,indicator_zh,unit_zh,is_ratio,factor,direction\n"
    found = problems("indicators", head + "NEW_RATE,新比率,%,true,100,up\n")
    assert {(p.column, p.problem_zh[:2]) for p in found} == {
        ("is_ratio", "与 "),
        ("indicator_code", "没有"),
    }
