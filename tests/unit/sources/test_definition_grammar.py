"""Cells that can be read in two ways, and rows that would be counted twice, are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from expectations import rules
from sources.definition_checks import Problem, check_definitions
from sources.definition_checks.grammar import CLOSED_LISTS
from sources.definitions import KEYS, DefinitionError, Definitions

Problems = Callable[..., list[Problem]]
TUTORIALS = Path(__file__).resolve().parents[3] / "docs" / "tutorials"
CSV = re.compile(r"^```csv definitions/(\S+)\n(.*?)^```$", re.M | re.S)

TERMS = "indicator_code,term_role,term_order,element_code,coefficient,valid_from,valid_to\n"
UNITS = (
    "unit_code,unit_name_zh,level,city_code,parent_code,host_unit_code,zone_relation,"
    "is_partition_member,valid_from\n"
)
PEOPLE = "area_code,year,population_kind,reference_date,available_from,resident_population\n"
CELLS = (
    "form_code,form_version,row_order,row_code,item_zh,value_column,element_code,unit_zh,"
    "unit_factor,is_required,min_value,max_value,decimals\n"
)
RATIOS = "indicator_code,indicator_zh,unit_zh,is_ratio,factor,direction,formula_zh\n"
VINTAGES = "indicator_code,city_code,denominator_vintage,decimals,publish_min_coverage_pct\n"
PATHS = "target_code,path_method,path_year,path_value\n"
OWED = "form_code,city_code,unit_level,unit_code,first_period_start,last_period_end\n"
DUE = "calendar_code,frequency,due_month_offset,due_day,due_time,holiday_shift,valid_from\n"
FORMS = "form_code,form_version,form_zh,frequency,form_kind,calendar_code,layout_code,valid_from\n"
SOURCES = "element_code,city_code,source_kind,valid_from\n"
PLANS = "plan_code,city_code,plan_zh,status_code,plan_start,plan_end\n"
HOLIDAYS = "holiday_date,is_workday,name_zh\n"
SERIES = "series_code,form_code,item_key,element_code,period_type,unit_factor\n"
LAYOUTS = "layout_code,column_order,column_role,header_zh,is_required\n"
RULES = "rule_id,rule_version,stage,rule_kind,severity_code,operator,missing_strategy\n"
TERM = "HVP_STOCK,numerator,1,hvp_stock,"
CELL = "IP-Q1,2021,99,99,项,current,agri_parks,件,"


def _target(**words: str) -> str:
    row = {
        "target_code": "X1", "plan_code": "baotou-145", "tier": "table", "target_order": "1",
        "indicator_zh": "名", "indicator_code": "HVP_STOCK", "unit_zh": "", "unit_factor": "1",
        "basis": "level", "target_year": "2025", "comparator": ">=", "target_low": "1",
        "target_high": "", "target_printed": "1", "direction": "up", "is_binding": "false",
        "baseline_year": "2020", "bound_unit_codes": "", "document": "d", "line": "1", "quote": "q",
    } | words  # fmt: skip
    return ",".join(row) + "\n" + ",".join(row.values()) + "\n"


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    def of(table: str, text: str, **others: str) -> list[Problem]:
        for name, rows in {table: text, **others}.items():
            (tmp_path / f"{name}.csv").write_text(rows, encoding="utf-8")
        return [p for p in check_definitions(Definitions.load(tmp_path)) if p.table == table]

    return of


@pytest.mark.parametrize(
    ("table", "text", "row", "column", "said"),
    [
        # names
        *(("units", f'{UNITS}150299,"某{sign}县",county,150200,150200,,,true,2020-01-01\n', 2,
           "unit_name_zh", "控制字符")
          for sign in ("\n", "\r\n", "\t", "\x0b", "\x1b", "\x7f", "\x85", "\u2028")),
        # numbers
        *(("indicator_terms", f"{TERMS}{TERM}{text},,\n", 2, "coefficient", "不是数")
          for text in ("abc", "1_0", "４", "1e3", "NaN", "sNaN", "+1", "1.", "0.0000001")),
        ("indicator_terms", f"{TERMS}{TERM}1000000,,\n", 2, "coefficient", "太大"),
        ("form_elements", f"{CELLS}{CELL}x,true,,,0\n", 2, "unit_factor", "不是数"),
        ("form_elements", f"{CELLS}{CELL}0,true,,,0\n", 2, "unit_factor", "大于 0"),
        ("form_elements", f"{CELLS}{CELL}1,true,5,1,0\n", 2, "max_value", "小于下限"),
        ("authority_series", SERIES + "S,RA-M1,k,hvp_stock,month,-1\n", 2, "unit_factor", "大于 0"),
        *(("plan_targets", _target(basis=basis, unit_factor="0"), 2, "unit_factor", "大于 0")
          for basis in ("growth", "score", "rank", "per_unit", "level")),
        ("plan_targets", _target(comparator="range", target_low="3", target_high="2"), 2,
         "target_high", "小于下限"),
        ("populations", PEOPLE + "150200,2024,year_end,2024-12-31,2025-03-01,-5\n", 2,
         "resident_population", "大于 0"),
        ("publication_settings", VINTAGES + "HVP_STOCK,,,,101\n", 2, "publish_min_coverage_pct",
         "0 到 100"),
        ("indicators", RATIOS + "GI_RATE,率,%,true,,up,由外部公布\n", 2, "factor", "没有倍数"),
        ("indicators", RATIOS + "GI_RATE,率,%,true,0,up,由外部公布\n", 2, "factor", "大于 0"),
        # whole numbers
        *(("plan_targets", _target(target_year=text), 2, "target_year", said) for text, said in
          (("2025.5", "不是整数"), ("２０２５", "不是整数"), ("20250", "1900 到 2199"))),
        ("plan_targets", _target(baseline_year="去年"), 2, "baseline_year", "不是整数"),
        ("plan_targets", _target(target_order="一"), 2, "target_order", "不是整数"),
        ("target_paths", PATHS + "BT-T01,yearly,20x5,3\n", 2, "path_year", "不是整数"),
        ("populations", PEOPLE + "150200,24,year_end,2024-12-31,2025-03-01,5\n", 2, "year", "1900"),
        ("publication_settings", VINTAGES + "HVP_STOCK,,,1.5,\n", 2, "decimals", "不是整数"),
        ("layouts", LAYOUTS + "L-X,a,item,名,true\n", 2, "column_order", "不是整数"),
        ("indicator_terms", TERMS + "HVP_STOCK,numerator,1.0,hvp_stock,1,,\n", 2, "term_order",
         "不是整数"),
        ("form_elements", f"{CELLS}{CELL}1,true,,,\n", 2, "decimals", "不能为空"),
        ("calendar", DUE + "X,month,1,32,23:59:59,none,2020-01-01\n", 2, "due_day", "1 到 31"),
        ("calendar", DUE + "X,month,x,5,23:59:59,none,2020-01-01\n", 2, "due_month_offset",
         "不是整数"),
        ("calendar", DUE + "X,month,1,5,24点,none,2020-01-01\n", 2, "due_time", "HH:MM:SS"),
        # truth values
        *(("plan_targets", _target(is_binding=text), 2, "is_binding", "只能是")
          for text in ("是", "yes", "1", "True")),
        ("holidays", HOLIDAYS + "2030-01-01,否,元旦\n", 2, "is_workday", "只能是"),
        ("form_elements", f"{CELLS}{CELL}1,必填,,,0\n", 2, "is_required", "只能是"),
        # dates
        *(("holidays", f"{HOLIDAYS}{text},false,元旦\n", 2, "holiday_date", "YYYY-MM-DD")
          for text in ("20250101", "2025-W01-1", "2025-02-30", "２０２５-01-01")),
        ("plans", PLANS + "p,150200,名,issued,2025-01-01,2024-12-31\n", 2, "plan_end", "早于"),
        ("form_assignments", OWED + "IP-M1,150200,county,,2025-01-01,2024-12-31\n", 2,
         "last_period_end", "早于"),
        # texts that a spreadsheet or a hand has spoiled
        ("plan_targets", _target(target_printed="=1/2"), 2, "target_printed", "公式"),
        ("holidays", HOLIDAYS + "2030-01-01,false,=A2\n", 2, "name_zh", "公式"),
        ("plan_targets", _target(bound_unit_codes="150202| 150203"), 2, "bound_unit_codes",
         "空白"),
        ("units", UNITS + "1502 99,县,county,150200,150200,,,true,\n", 2, "unit_code", "空白"),
        ("units", UNITS + "15029９,县,county,150200,150200,,,true,\n", 2, "unit_code", "全角"),
        ("units", UNITS + "150299\u200b,县,county,150200,150200,,,true,\n", 2, "unit_code",
         "看不见"),
        # closed lists
        ("publication_settings", VINTAGES + "HVP_STOCK,,latest,,\n", 2, "denominator_vintage",
         "census"),
        ("indicators", RATIOS.replace("factor", "denominator_vintage") +
         "GI_RATE,率,%,false,newest,up,由外部公布\n", 2, "denominator_vintage", "census"),
        ("populations", PEOPLE + "150200,2024,户籍,2024-12-31,2025-03-01,5\n", 2,
         "population_kind", "year_end"),
        ("form_assignments", OWED + "IP-M1,150200,旗县,,2025-01-01,\n", 2, "unit_level", "county"),
        ("calendar", DUE + "X,monthly,1,5,23:59:59,none,2020-01-01\n", 2, "frequency", "month"),
        ("rules", RULES + "Z1,1,reader,value,fatal,,\n", 2, "severity_code", "blocking"),
        ("rules", RULES + "Z1,1,reader,value,info,==,\n", 2, "operator", "within_factor"),
        ("rules", RULES + "Z1,1,reader,value,info,,ignore\n", 2, "missing_strategy", "never_skip"),
        # one key twice, the earlier line named
        ("holidays", HOLIDAYS + "2030-01-01,false,甲\n2030-01-02,false,乙\n2030-01-01,true,丙\n",
         4, "holiday_date", "第 2 行"),
        ("form_assignments", OWED + "IP-M1,,county,,2025-01-01,\nIP-M1,,county,,2026-01-01,\n", 3,
         "form_code、city_code、unit_level、unit_code", "第 2 行"),
        # counted twice
        ("indicator_terms", TERMS + "HVP_STOCK,numerator,2,hvp_stock,1,,\n", 2, "element_code",
         "重复计算"),
        ("form_elements", CELLS + "IP-Q1,2021,99,99,项,current,hvp_stock,件,1,true,,,0\n", 2,
         "element_code", "两处"),
        ("form_elements", CELLS + "IP-Q2,2021,99,99,项,current,hvp_stock,件,1,true,,,0\n", 2,
         "element_code", "IP-Q2"),
        ("units", UNITS + "150299,园区,zone,150200,150200,150202,inside,true,\n", 2,
         "is_partition_member", "150202"),
        ("target_paths", PATHS + "BT-T01,yearly,2024,3\n", 2, "path_method", "一种路径"),
        ("sources_of_record", SOURCES + "agri_parks,150200,authority,2020-01-01\n", 2,
         "source_kind", "没有发布机构的系列"),
    ],
)  # fmt: skip
def test_a_cell_or_row_that_cannot_stand_is_named_with_line_and_column(
    problems: Problems, table: str, text: str, row: int, column: str, said: str
) -> None:
    found = problems(table, text)
    assert [(p.row, p.column) for p in found if said in p.problem_zh] == [(row, column)], found
    assert all(p.file.endswith(f"{table}.csv") and "seeds" not in p.file for p in found)


def test_a_quarterly_figure_may_move_to_another_form_when_the_first_ends(
    problems: Problems,
) -> None:
    form = FORMS + "NEW,1,新表,quarter,template,QUARTERLY,L-PERIOD,2026-01-01\n"
    cell = CELLS + "NEW,1,1,01,项,current,hvp_stock,件,1,true,,,0\n"
    asked = OWED + "NEW,150200,county,,2026-01-01,\n"
    both = problems("form_elements", cell, forms=form, form_assignments=asked)
    assert [(p.row, p.column, p.value) for p in both] == [(2, "element_code", "hvp_stock")]
    moved = asked + "IP-Q1,150200,county,,2021-01-01,2025-12-31\n"
    assert problems("form_elements", cell, forms=form, form_assignments=moved) == []


def test_truth_values_as_excel_writes_them_are_taken(tmp_path: Path) -> None:
    (tmp_path / "holidays.csv").write_text(
        HOLIDAYS + "2030-01-01,FALSE,元旦\n2030-01-02,TRUE,上班\n", encoding="utf-8"
    )
    definitions = Definitions.load(tmp_path)
    assert check_definitions(definitions) == []
    assert definitions.table("holidays")["is_workday"][-2:].to_list() == ["false", "true"]


def test_blanks_around_a_code_are_not_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "channels.csv").write_text(
        "unit_code,channel_kind,location\n 150202\u3000,inbox,x\n", encoding="utf-8"
    )
    definitions = Definitions.load(tmp_path)
    assert check_definitions(definitions) == []
    assert "150202" in definitions.table("channels")["unit_code"].to_list()


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holidays.csv").write_text("holiday_date,is_workday,is_workday\n", "utf-8")
    with pytest.raises(DefinitionError, match="is_workday列：列名重复"):
        Definitions.load(tmp_path)


@pytest.mark.parametrize("junk", ["abc", "NaN", "sNaN", "1e999999999", "²", "{|", "9" * 5000])
def test_no_text_in_any_column_stops_the_check(junk: str) -> None:
    own = Definitions.load()

    def spoilt(table: str, place: int) -> pl.DataFrame:
        frame = own.table(table).head(5)
        names = frame.columns
        return frame.with_columns(pl.lit(junk).alias(names[place % len(names)]))

    for place in range(max(len(own.table(table).columns) for table in KEYS)):
        assert check_definitions(Definitions({table: spoilt(table, place) for table in KEYS}))


def _pages() -> Iterator[Path]:
    yield from sorted(TUTORIALS.glob("*.md"))


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.stem)
def test_the_tables_of_a_tutorial_have_no_problem(page: Path, tmp_path: Path) -> None:
    tables = CSV.findall(page.read_text(encoding="utf-8"))
    assert tables
    for name, text in tables:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert check_definitions(Definitions.load(tmp_path)) == []


def test_the_words_of_rules_are_those_the_rules_are_run_by() -> None:
    words = {column: set(CLOSED_LISTS["rules", column]) for column in (
        "stage", "rule_kind", "severity_code", "operator", "missing_strategy",
    )}  # fmt: skip
    assert words == {
        "stage": set(rules.STAGES),
        "rule_kind": set(rules.RULE_KINDS),
        "severity_code": set(rules.SEVERITIES),
        "operator": {word for words in rules.OPERATORS.values() for word in words},
        "missing_strategy": set(rules.MISSING_STRATEGIES),
    }
