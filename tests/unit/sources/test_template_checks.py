"""In-form checks: the formulas they become, the sheet they stand on, what is read of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from sources.definitions import Definitions, FormVersion, Unit
from sources.periods import parse_period
from sources.submission_files import parse_submission
from sources.templates import (
    LAST_YEAR,
    PREVIOUS,
    Aids,
    CheckTerm,
    FormCheck,
    FormFigure,
    KnownFigure,
    write_blank,
)
from sources.templates.checks import FormulaWriter

ONE = Decimal(1)
PERIOD = parse_period("2025-12")
TOTAL, PART, OTHER = (FormFigure((code, "current")) for code in ("01", "02", "03"))
CELLS = {TOTAL.key: "F!$D$8", PART.key: "F!$D$9", OTHER.key: "F!$D$10"}
EARLIER = KnownFigure("上期", Decimal("7.5"))
PARTS = FormCheck(
    "C01", "合计 ＝ 甲＋乙", "强制性", "请核对", (CheckTerm(ONE, "sum", (TOTAL,)),), "=",
    (CheckTerm(ONE, "sum", (PART,)), CheckTerm(ONE, "sum", (OTHER,))),
)  # fmt: skip


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def monthly(definitions: Definitions) -> FormVersion:
    return next(f for f in definitions.form_versions if f.form_code == "IP-M1")


@pytest.fixture(scope="module")
def unit(definitions: Definitions, monthly: FormVersion) -> Unit:
    return next(a.unit for a in definitions.assignments if a.form_code == monthly.form_code)


def formulas(check: FormCheck) -> tuple[str, str, str, str]:
    made = FormulaWriter(CELLS, {EARLIER: "_reference!$B$1"}).formulas(check, "E5", "D5")
    return made.left, made.right, made.difference, made.verdict


def test_a_check_waits_for_all_its_figures_before_it_judges() -> None:
    is_open = "COUNT(F!$D$8,F!$D$9,F!$D$10)<3"
    assert formulas(PARTS) == (
        f'=IF({is_open},"",ROUND(F!$D$8,6))',
        f'=IF({is_open},"",ROUND(F!$D$9+F!$D$10,6))',
        f'=IF({is_open},"",ROUND(F!$D$8-(F!$D$9+F!$D$10),6))',
        f'=IF({is_open},IF(COUNTA(F!$D$8,F!$D$9,F!$D$10)<3,"未填","非数值"),'
        'IF(ABS(E5)<=0,"平","不平"))',
    )


def test_where_a_blank_counts_as_zero_nothing_is_waited_for() -> None:
    verdict = formulas(replace(PARTS, is_blank_zero=True))
    assert verdict[2:] == (
        "=ROUND(N(F!$D$8)-(N(F!$D$9)+N(F!$D$10)),6)",
        '=IF(ABS(E5)<=0,"平","不平")',
    )


@pytest.mark.parametrize(
    ("operator", "tolerance_abs", "tolerance_rel", "condition"),
    [
        ("=", "0.01", "0", "ABS(E5)<=0.01"),
        ("<=", "0", "0", "E5<=0"),
        ("<", "0.5", "0", "E5<0.5"),
        (">=", "2", "0", "E5>=-2"),
        (">", "0", "0", "E5>-0"),
        ("=", "1", "0.05", "ABS(IF(ABS(E5)<=1+0.05*ABS(D5),0,E5))<=0"),
        ("<=", "0", "0.1", "IF(ABS(E5)<=0+0.1*ABS(D5),0,E5)<=0"),
    ],
)
def test_the_verdict_keeps_operator_and_tolerance(
    operator: str, tolerance_abs: str, tolerance_rel: str, condition: str
) -> None:
    check = replace(
        PARTS, operator=operator, tolerance_abs=Decimal(tolerance_abs),
        tolerance_rel=Decimal(tolerance_rel),
    )  # fmt: skip
    assert f'IF({condition},"平","不平")' in formulas(check)[3]


def test_coefficients_functions_factors_constants_and_earlier_figures_are_written_out() -> None:
    scaled = FormFigure(OTHER.key, Decimal(10000))
    right = (
        CheckTerm(Decimal("-2.5"), "sum", (PART,)),
        CheckTerm(ONE, "max", (PART, scaled)),
        CheckTerm(Decimal(-1), "sign", (TOTAL,)),
        CheckTerm(ONE, "sum", (EARLIER,)),
        CheckTerm(Decimal(3)),
    )
    assert formulas(replace(PARTS, right=right, is_blank_zero=True))[1] == (
        "=ROUND(-2.5*N(F!$D$9)+MAX(N(F!$D$9),N(F!$D$10)*10000)-SIGN(N(F!$D$8))+_reference!$B$1+3,6)"
    )


def written(
    tmp_path: Path, definitions: Definitions, form: FormVersion, unit: Unit, aids: Aids
) -> Path:
    path = tmp_path / "blank.xlsx"
    write_blank(path, definitions, form, unit, PERIOD, aids)
    return path


def test_every_check_stands_on_its_sheet_and_a_missing_comparison_is_said(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    unknown = replace(
        PARTS, rule_id="C07", right=(CheckTerm(ONE, "sum", (KnownFigure("上期", None),)),)
    )
    path = written(tmp_path, definitions, monthly, unit, Aids((PARTS, unknown)))
    sheet = openpyxl.load_workbook(path)["表内审核"]
    computed = openpyxl.load_workbook(path, data_only=True)["表内审核"]
    assert sheet["F5"].value.startswith("=IF(COUNT('强市知创月1表'!$D$8,")
    assert [(computed[f"A{row}"].value, computed[f"F{row}"].value) for row in (5, 6)] == [
        ("C01", "未填"), ("C07", "无对比数"),
    ]  # fmt: skip
    assert computed["A2"].value == "必填 21 项，已填 0 项。"
    assert sheet.protection.sheet


def test_a_known_figure_stands_once_on_a_hidden_sheet(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    twice = replace(PARTS, right=(CheckTerm(ONE, "sum", (EARLIER,)),))
    path = written(tmp_path, definitions, monthly, unit, Aids((twice, twice)))
    book = openpyxl.load_workbook(path)
    assert book["_reference"].sheet_state == "hidden"
    assert list(book["_reference"].iter_rows(values_only=True)) == [("上期", 7.5)]
    assert "_reference!$B$1" in book["表内审核"]["D6"].value


def test_earlier_figures_stand_beside_the_entries_locked(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    earlier = {PREVIOUS: {TOTAL.key: Decimal(11)}, LAST_YEAR: {TOTAL.key: Decimal(9)}}
    path = written(tmp_path, definitions, monthly, unit, Aids((), earlier))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert [cell.value for cell in sheet[6]] == [
        "指标名称", "代码", "计量单位", "本月", "1—本月累计", "上月", "上年同月", "备注",
    ]  # fmt: skip
    assert [(sheet[cell].value, sheet[cell].protection.locked) for cell in ("F8", "G8", "F9")] == [
        (11, True), (9, True), (None, True),
    ]  # fmt: skip


def test_a_comparison_without_any_figure_has_no_column(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    aids = Aids((), {PREVIOUS: {TOTAL.key: Decimal(11)}, LAST_YEAR: {}})
    path = written(tmp_path, definitions, monthly, unit, aids)
    header = [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][6]]
    assert "上月" in header
    assert "上年同月" not in header


def test_checks_and_earlier_figures_are_not_read_as_filed(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    earlier = {role: {TOTAL.key: Decimal(99)} for role in (PREVIOUS, LAST_YEAR)}
    path = written(tmp_path, definitions, monthly, unit, Aids((PARTS,), earlier))
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["D8"] = 5
    book.save(path)
    parsed = parse_submission(path.read_bytes(), "a.xlsx", None, definitions)
    read = parsed.values.filter(parsed.values["text"].is_not_null())
    assert read.select("row_code", "value_column", "number_text").rows() == [("01", "current", "5")]
    assert parsed.identity.unit_code == unit.unit_code
    assert parsed.identity.period_code == "2025-12"
    assert dict(parsed.identity.people) == {}


def test_the_form_prints_on_one_a4_page_with_a_place_for_the_seal(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    path = written(tmp_path, definitions, monthly, unit, Aids((PARTS,)))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    setup = sheet.page_setup
    assert (setup.paperSize, setup.orientation, setup.fitToHeight or 1) == (9, "portrait", 1)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$6:$6"
    last = sheet.max_row
    assert sheet.print_area.endswith(f"$F${last}")
    texts = [cell.value for row in sheet.iter_rows(min_row=last - 3) for cell in row if cell.value]
    assert texts[1:] == ["（填报单位盖章处）"]
    assert "表内审核" in texts[0]


def test_a_yes_or_no_is_chosen_from_the_hidden_code_sheet(
    tmp_path: Path, definitions: Definitions
) -> None:
    form = next(f for f in definitions.form_versions if f.form_code == "IP-A1")
    unit = next(a.unit for a in definitions.assignments if a.form_code == "IP-A1")
    path = tmp_path / "year.xlsx"
    write_blank(path, definitions, form, unit, parse_period("2025"), Aids())
    book = openpyxl.load_workbook(path)
    rules = book.worksheets[0].data_validations.dataValidation
    chosen = [rule for rule in rules if rule.formula1 == "_codes!$B$2:$B$3"]
    items = {
        book.worksheets[0].cell(row, 1).value
        for rule in chosen for area in rule.sqref.ranges for row, _ in area.cells
    }  # fmt: skip
    assert len(items) == 2
    assert all("有填1，无填0" in item for item in items)
    assert [book["_codes"][cell].value for cell in ("B2", "B3")] == [0, 1]


@pytest.mark.parametrize(
    ("form_code", "period", "hint"),
    [("IP-A1", "2025", "不要留空"), ("IP-H1", "2020", "查不到的留空")],
)
def test_only_a_form_of_required_figures_forbids_a_blank(
    tmp_path: Path, definitions: Definitions, form_code: str, period: str, hint: str
) -> None:
    form = next(f for f in definitions.form_versions if f.form_code == form_code)
    unit = next(a.unit for a in definitions.assignments if a.form_code == form_code)
    path = tmp_path / "form.xlsx"
    write_blank(path, definitions, form, unit, parse_period(period), Aids())
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert hint in str(sheet.cell(sheet.max_row - 3, 1).value)
