"""Each way a definition table can be wrong is named with file, row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sources.definition_checks import Problem, check_definitions
from sources.definition_checks.changes import CHAIN
from sources.definitions import DefinitionError, Definitions

MODELS = Path(__file__).resolve().parents[3] / "models"
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
    assert [(p.row, p.column) for p in found] == [(2, column)]
    assert found[0].file.endswith("plan_targets.csv")
    assert "seeds" not in found[0].file
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


CHANGES = "change_code,change_kind,changed_on,from_unit_code,to_unit_code,share\n"
UNITS = (
    "unit_code,unit_name_zh,level,city_code,parent_code,is_partition_member,valid_from,valid_to\n"
)
TERMS = "indicator_code,term_role,term_order,element_code,coefficient,valid_from,valid_to\n"
PLANS = (
    "plan_code,city_code,plan_zh,status_code,plan_start,plan_end,supersedes_plan_code,"
    "follows_plan_code\n"
)
JUDGED = (
    "target_code,plan_code,tier,target_order,indicator_zh,indicator_code,unit_zh,unit_factor,"
    "basis,target_year,comparator,target_low,target_printed,direction,document,line,quote\n"
)
CELLS = (
    "form_code,form_version,row_order,row_code,item_zh,value_column,element_code,unit_zh,"
    "unit_factor,is_required,decimals\n"
)
LISTED = "code_list,code,code_order,label_zh,meaning_zh\n"
RULES = (
    "rule_id,rule_version,stage,rule_kind,severity_code,form_code,target_element,left_expression,"
    "operator,right_expression,missing_strategy,title_zh,message_zh,advice_zh,source_zh,valid_from\n"
)


def _target(**words: str) -> str:
    row = {
        "code": "X1", "plan": PLAN, "indicator": "HVP_STOCK", "unit": "件", "factor": "1",
        "basis": "level", "printed": "1",
    } | words  # fmt: skip
    return JUDGED + (
        f"{row['code']},{row['plan']},table,1,名,{row['indicator']},{row['unit']},{row['factor']},"
        f"{row['basis']},2025,>=,1,{row['printed']},up,d,1,q\n"
    )


@pytest.mark.parametrize(
    ("table", "text", "row", "column", "said"),
    [
        # units of measure
        ("plan_targets", _target(unit="万件"), 2, "unit_factor", "10000"),
        ("plan_targets", _target(unit="亿元"), 2, "unit_zh", "给不出"),
        ("plan_targets", _target(unit="%"), 2, "unit_zh", "给不出"),
        ("plan_targets", _target(indicator="PLEDGE_REGISTERED", unit="亿元"), 2, "unit_factor",
         "10000"),
        ("plan_targets", _target(basis="share"), 2, "basis", "不是比率"),
        ("plan_targets", _target(basis="growth"), 2, "baseline_year", "基期"),
        ("form_elements", CELLS + "IP-Q1,2021,99,99,项,current,hvp_stock,万件,1,true,0\n", 2,
         "unit_factor", "10000"),
        # what a spreadsheet spoils
        ("plan_targets", _target(printed="1月2日"), 2, "target_printed", "日期"),
        ("plan_targets", _target(printed="2026-01-02 00:00:00"), 2, "target_printed", "日期"),
        ("units", UNITS + "10101,某县,county,150200,150200,true,2020-01-01,\n", 2, "unit_code",
         "文本"),
        ("units", UNITS + "150299.0,某县,county,150200,150200,true,2020-01-01,\n", 2, "unit_code",
         "文本"),
        ("channels", "unit_code,channel_kind,location\n1.502E+05,inbox,x\n", 2, "unit_code",
         "文本"),
        # spells
        ("units", UNITS + "150202,东河新区,county,150200,150400,true,2024-01-01,\n", 2,
         "valid_from", "两个上级"),
        ("indicator_terms", TERMS + "HVP_STOCK,numerator,1,hvp_stock,1,2024-01-01,\n", 2,
         "valid_from", "重叠"),
        ("units", UNITS + "150298,某县,county,150200,150200,true,2020-01-01,2020-01-01\n", 2,
         "valid_to", "有效期为空"),
        # words of codes
        ("codelists", LISTED + "target_status,met,4,已达到,达到目标\n", 2, "label_zh",
         "只能是“达标”"),
        ("codelists", LISTED + "target_status,met,4,达标,已经达到\n", 2, "meaning_zh",
         "只能是“达到目标”"),
        ("codelists", LISTED + "target_status,fine,9,很好,\n", 2, "label_zh", "没有这个代码"),
        # changes of units
        ("unit_changes", CHANGES + "s1,split,2024-01-01,150202,150203,0.6\n"
         "s2,split,2024-01-01,150202,150204,0.3\n", 3, "share", "0.9"),
        ("unit_changes", CHANGES + "m1,merge,2024-01-01,150202,150202,1\n", 2, "to_unit_code",
         "同一个单位"),
        ("unit_changes", CHANGES + "t1,transfer,2024-01-01,150202,150202,1\n", 2, "to_unit_code",
         "另起一行"),
        ("unit_changes", CHANGES + "t1,transfer,2024-01-01,150202,150203,0.6\n"
         "t2,transfer,2024-01-01,150202,150204,0.5\n", 3, "share", "1.1"),
        ("unit_changes", CHANGES + "m1,merge,2024-01-01,150202,150203,0.6\n", 2, "share", "0.6"),
        ("unit_changes", CHANGES + "s1,split,2024-01-01,150202,150203,1.5\n"
         "s2,split,2024-01-01,150202,150204,-0.5\n", 3, "share", "大于 0"),
        ("unit_changes", CHANGES + "c1,recode,2023-01-01,150202,150203,1\n"
         "c2,merge,2024-01-01,150203,150204,1\nc3,recode,2025-01-01,150204,150202,1\n", 4,
         "to_unit_code", "成环"),
        ("unit_changes", CHANGES + "c1,recode,2024-01-01,150202,150203,1\n"
         "c2,merge,2024-01-01,150203,150204,1\n", 2, "to_unit_code", "同一天"),
        ("unit_changes", CHANGES + "".join(
            f"c{year},merge,202{year}-01-01,15020{year},15020{year + 1},1\n" for year in range(1, 8)
        ), 8, "changed_on", "超过 6 次"),
        ("units", UNITS + "150202,东河区,county,150400,150200,true,2024-01-01,\n", 2, "city_code",
         "没有当日的 transfer"),
        # formulas
        ("indicator_terms", TERMS + "HVP_PER_10K,denominator,1,resident_population,0,,\n", 2,
         "coefficient", "分母"),
        # rules
        ("rules", RULES + "Z1,1,expectation,consistency,blocking,IP-A1,hvp_stock,hvp_stock,<=,1,"
         "skip,题,文,法,源,2020-01-01\n", 2, "target_element", "永远不会触发"),
        # names
        ("plan_targets", _target(code="BT-T01", plan="tongliao-145"), 2, "target_code",
         "baotou-145"),
        # plans
        ("plans", PLANS + "next,150200,名,issued,2026-01-01,2030-12-31,,next\n", 2,
         "follows_plan_code", "成环"),
        ("plans", PLANS + "next,150200,名,issued,2026-01-01,2030-12-31,,tongliao-145\n", 2,
         "follows_plan_code", "同一个城市"),
    ],
)  # fmt: skip
def test_rows_that_cannot_stand_are_named_with_file_line_and_column(
    problems: Callable[[str, str], list[Problem]],
    table: str,
    text: str,
    row: int,
    column: str,
    said: str,
) -> None:
    found = problems(table, text)
    assert [(p.row, p.column) for p in found if said in p.problem_zh] == [(row, column)], found
    assert all(p.file.endswith(f"{table}.csv") and "seeds" not in p.file for p in found)


def test_a_target_may_have_no_printed_deadline(
    problems: Callable[[str, str], list[Problem]],
) -> None:
    """It is then judged at the plan's horizon, which its reason says."""
    assert problems("plan_targets", _target().replace(",2025,", ",,")) == []


def test_changes_that_can_be_followed_are_no_problem(
    problems: Callable[[str, str], list[Problem]],
) -> None:
    """A split whose unit goes on, one that cannot be divided, and parts that go to and fro."""
    rows = (
        "s1,split,2024-01-01,150202,150202,0.6\ns2,split,2024-01-01,150202,150203,0.4\n"
        "s3,split,2024-01-01,150204,150205,\ns4,split,2024-01-01,150204,150206,\n"
        "t1,transfer,2024-01-01,150207,150221,0.2\nt2,transfer,2025-01-01,150221,150207,0.1\n"
        "r1,rename,2024-01-01,150222,150222,\n"
    )
    assert problems("unit_changes", CHANGES + rows) == []


def test_the_models_follow_as_many_changes_as_are_allowed() -> None:
    project = yaml.safe_load((MODELS / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["unit_change_steps"] == CHAIN


def test_a_file_that_is_not_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "plans.csv").write_bytes("plan_code,plan_zh\np,规划\n".encode("gb18030"))
    with pytest.raises(DefinitionError, match="UTF-8"):
        Definitions.load(tmp_path)


@pytest.mark.parametrize(
    ("table", "text", "column"),
    [
        (
            "elements",
            "element_code,element_zh,kind,unit_zh\nTM_VALID_STOCK,重名,stock,件\n",
            "element_code",
        ),
        (
            "indicators",
            "indicator_code,indicator_zh,unit_zh,is_ratio,direction,formula_zh\n"
            "tm_valid_stock,重名,件,false,up,由外部公布\n",
            "indicator_code",
        ),
    ],
)
def test_a_code_of_another_table_is_named_at_the_users_row_whichever_table_comes_first(
    tmp_path: Path, table: str, text: str, column: str
) -> None:
    (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
    [found] = check_definitions(Definitions.load(tmp_path))
    assert (found.file, found.row, found.column) == (str(tmp_path / f"{table}.csv"), 2, column)
    assert "另有所指" in found.problem_zh
