"""Blank and filled forms: what is printed, what may be filled, and that it reads back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from sources.definitions import Definitions, FormVersion, Unit
from sources.periods import Period, parse_period
from sources.submission_files import parse_submission
from sources.templates import (
    TemplateError,
    blueprint,
    fill,
    render_delimited,
    write_delimited,
    write_template,
)
from sources.templates.grid import column_letters
from sources.templates.variants import VARIANTS

PERIOD = parse_period("2025-03")


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return Definitions.load()


@pytest.fixture(scope="module")
def monthly(definitions: Definitions) -> FormVersion:
    return next(f for f in definitions.form_versions if f.frequency == "month")


@pytest.fixture(scope="module")
def unit(definitions: Definitions, monthly: FormVersion) -> Unit:
    return next(a.unit for a in definitions.assignments if a.form_code == monthly.form_code)


def some_values(definitions: Definitions, form: FormVersion) -> dict[tuple[str, str], Decimal]:
    cells = definitions.form_elements(form.form_code, form.form_version)
    return {(c.row_code, c.value_column): Decimal(n * 1000 + 7) for n, c in enumerate(cells)}


def blank(path: Path, definitions: Definitions, form: FormVersion, unit: Unit) -> openpyxl.Workbook:
    write_template(path, definitions, form, unit, PERIOD)
    return openpyxl.load_workbook(path)


def filed(
    definitions: Definitions, data: bytes, name: str, unit: Unit
) -> dict[tuple[str, str], str | None]:
    parsed = parse_submission(data, name, unit.unit_code, definitions)
    rows = parsed.values.select("row_code", "value_column", "number_text").iter_rows()
    return {(row, column): number for row, column, number in rows}


def test_only_entry_cells_remarks_names_and_the_nil_mark_may_be_filled(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    sheet = blank(tmp_path / "blank.xlsx", definitions, monthly, unit).worksheets[0]
    grid = fill(blueprint(definitions, monthly), unit, PERIOD, is_synthetic=False)
    unlocked = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked
    }
    assert {grid.cell_name(key) for key in grid.places} <= unlocked
    assert "B5" in unlocked
    header = {cell.coordinate for cell in sheet[6]}
    items = {f"{column}{row}" for row in range(7, len(grid.rows) - 2) for column in "ABC"}
    assert unlocked.isdisjoint(header | items)


def test_the_sheet_is_protected_without_a_password(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    sheet = blank(tmp_path / "blank.xlsx", definitions, monthly, unit).worksheets[0]
    assert sheet.protection.sheet
    assert sheet.protection.password is None


def test_the_hidden_sheet_says_what_the_form_is(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    book = blank(tmp_path / "blank.xlsx", definitions, monthly, unit)
    assert book["_qiangshi"].sheet_state == "veryHidden"
    assert dict(book["_qiangshi"].iter_rows(values_only=True)) == {
        "form_code": monthly.form_code,
        "form_version": monthly.form_version,
        "unit_code": unit.unit_code,
        "period_code": "2025-03",
        "layout_code": monthly.layout_code,
        "is_synthetic": "false",
        "template_version": "1",
    }


def test_the_nil_return_is_chosen_from_the_hidden_code_sheet(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    book = blank(tmp_path / "blank.xlsx", definitions, monthly, unit)
    choice = next(v for v in book.worksheets[0].data_validations.dataValidation if v.type == "list")
    assert (str(choice.sqref), choice.formula1) == ("B5", "_codes!$A$2:$A$3")
    assert book["_codes"].sheet_state == "hidden"
    assert [book["_codes"]["A2"].value, book["_codes"]["A3"].value] == ["否", "是"]


def test_every_entry_cell_has_a_validation(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    sheet = blank(tmp_path / "blank.xlsx", definitions, monthly, unit).worksheets[0]
    grid = fill(blueprint(definitions, monthly), unit, PERIOD, is_synthetic=False)
    checked = {
        f"{column_letters(column - 1)}{row}"
        for rule in sheet.data_validations.dataValidation
        if rule.type in ("whole", "decimal")
        for area in rule.sqref.ranges
        for row, column in area.cells
    }
    assert checked == {grid.cell_name(key) for key in grid.places}


@pytest.mark.parametrize(("is_synthetic", "is_stamped"), [(True, True), (False, False)])
def test_only_demo_forms_are_stamped(
    definitions: Definitions, monthly: FormVersion, unit: Unit, is_synthetic: bool, is_stamped: bool
) -> None:
    grid = fill(blueprint(definitions, monthly), unit, PERIOD, is_synthetic=is_synthetic)
    assert ("演示数据" in str(grid.rows[0].cells[0])) is is_stamped


def test_the_form_prints_its_labels(
    definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    grid = fill(blueprint(definitions, monthly), unit, PERIOD, is_synthetic=False)
    labels = [row.cells for row in grid.rows if row.kind == "label"]
    assert [cells[0] for cells in labels] == ["填报单位：", "单位代码：", "报告期：", "零报告："]
    assert [cells[1] for cells in labels] == [
        unit.unit_name_zh, unit.unit_code, "2025年3月", "否",
    ]  # fmt: skip
    right = [cells[grid.width - 2] for cells in labels]
    assert right == ["表号：", "制定机关：", "批准文号：", "有效期至："]
    texts = {text for row in grid.rows if row.kind == "footer" for text in row.cells.values()}
    assert {"单位负责人：", "统计负责人：", "填表人：", "联系电话：", "报出日期："} <= texts


def test_a_value_without_a_cell_is_refused(
    definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    with pytest.raises(TemplateError, match="没有这些单元"):
        fill(
            blueprint(definitions, monthly), unit, PERIOD, {("99", "current"): Decimal(1)},
            is_synthetic=False,
        )  # fmt: skip


def test_a_form_without_a_layout_is_refused(definitions: Definitions, monthly: FormVersion) -> None:
    bare = Definitions(
        {name: definitions.table(name) for name in ("elements", "form_elements")}
        | {"layouts": definitions.table("layouts").head(0)}
    )
    with pytest.raises(TemplateError, match="没有版式"):
        blueprint(bare, monthly)


def test_the_same_form_has_the_same_bytes(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    values = some_values(definitions, monthly)
    for name in ("one.xlsx", "two.xlsx"):
        write_template(tmp_path / name, definitions, monthly, unit, PERIOD, values)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


@pytest.mark.parametrize("frequency", ["month", "quarter", "year"])
def test_a_filled_workbook_reads_back_as_filed(
    tmp_path: Path, definitions: Definitions, frequency: str
) -> None:
    form = next(f for f in definitions.form_versions if f.frequency == frequency)
    who = next(a.unit for a in definitions.assignments if a.form_code == form.form_code)
    period: Period = {
        "month": PERIOD, "quarter": parse_period("2025-Q1"), "year": parse_period("2025"),
    }[frequency]  # fmt: skip
    values = some_values(definitions, form)
    write_template(tmp_path / "a.xlsx", definitions, form, who, period, values)
    read = filed(definitions, (tmp_path / "a.xlsx").read_bytes(), "a.xlsx", who)
    assert read == {key: str(value) for key, value in values.items()}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_reads_back_as_filed(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit, encoding: str
) -> None:
    values = some_values(definitions, monthly)
    path = tmp_path / "a.csv"
    write_delimited(path, definitions, monthly, unit, PERIOD, values, encoding=encoding)
    assert "填报单位" in path.read_bytes().decode(encoding)
    read = filed(definitions, path.read_bytes(), "a.csv", unit)
    assert read == {key: str(value) for key, value in values.items()}


def test_a_blank_cell_stays_blank_and_a_zero_a_zero(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    key, *_ = some_values(definitions, monthly)
    path = tmp_path / "a.xlsx"
    write_template(path, definitions, monthly, unit, PERIOD, {key: Decimal(0)})
    read = filed(definitions, path.read_bytes(), "a.xlsx", unit)
    assert read.pop(key) == "0"
    assert set(read.values()) == {None}


def test_a_nil_return_and_the_names_are_read_from_the_form(
    tmp_path: Path, definitions: Definitions, monthly: FormVersion, unit: Unit
) -> None:
    path = tmp_path / "a.xlsx"
    people = {"填表人": "某某"}
    write_template(path, definitions, monthly, unit, PERIOD, people=people, is_nil_return=True)
    identity = parse_submission(path.read_bytes(), "a.xlsx", None, definitions).identity
    assert (identity.is_nil_return, dict(identity.people)) == (True, people)


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_a_harmless_variant_reads_the_same(
    definitions: Definitions, monthly: FormVersion, unit: Unit, variant: str
) -> None:
    values = some_values(definitions, monthly)
    plain = fill(blueprint(definitions, monthly), unit, PERIOD, values, is_synthetic=False)
    bent = VARIANTS[variant](plain)
    assert render_delimited(bent) != render_delimited(plain)
    read = filed(definitions, render_delimited(bent), "a.csv", unit)
    assert read == {key: str(value) for key, value in values.items()}


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (16383, "XFD")])
def test_columns_are_lettered_as_in_a_sheet(column: int, letters: str) -> None:
    assert column_letters(column) == letters
