"""Marked workbooks: the county's own file, what is wrong in it, and nothing that was not there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from expectations.answers.guard import Task, write_workbooks
from expectations.answers.letter import MARKS_SHEET, gravest_first
from expectations.answers.worker import answered
from sources.contract import ANSWER_SHEET_ZH
from sources.definitions import Definitions
from sources.periods import parse_period
from sources.readers import read_file
from sources.templates import write_template
from tests.unit.expectations.letters import SUBMISSION, found, letter


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A protected form as a county gets it."""
    definitions = Definitions.load(None)
    period = parse_period("2025-12")
    version = definitions.form("IP-M1", period)
    unit = definitions.unit("150402")
    assert version
    assert unit
    path = tmp_path_factory.mktemp("form") / "form.xlsx"
    write_template(path, definitions, version, unit, period)
    return path.read_bytes()


def sheet_of(data: bytes) -> str:
    return load_workbook(io.BytesIO(data)).sheetnames[0]


def opened(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data))


def own_cells(data: bytes) -> list[tuple[str, str, str | None]]:
    """What the readers find, without what the answer keeps for itself."""
    return [
        (one.sheet, one.cell, one.text)
        for one in read_file(data, "表.xlsx")
        if one.sheet != MARKS_SHEET
    ]


def workbook(**cells: Any) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet
    sheet.title = "报表"
    for address, value in cells.items():
        sheet[address] = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_bad_cell_is_coloured_commented_and_linked_from_the_first_sheet(form: bytes) -> None:
    name = sheet_of(form)
    book = opened(answered(form, "表.xlsx", letter(found(sheet=name))))
    assert book.sheetnames[0] == ANSWER_SHEET_ZH
    cell = book[name]["D8"]
    assert cell.fill.fgColor.rgb == "FFFFB3B3"
    assert cell.comment.author == "审核"
    for words in ("强制性", "不是数值", "以“件”计的整数", "请只填数字"):
        assert words in cell.comment.text
    links = [row[2].hyperlink for row in book[ANSWER_SHEET_ZH].iter_rows() if row[2].hyperlink]
    assert [link.location for link in links] == [f"'{name}'!D8"]


def test_the_form_keeps_protection_drop_downs_hidden_sheets_and_every_value(form: bytes) -> None:
    name = sheet_of(form)
    data = answered(form, "表.xlsx", letter(found(sheet=name)))
    before, after = opened(form), opened(data)
    assert after[name].protection.sheet
    assert not after[name]["D8"].protection.locked
    assert {str(one.sqref) for one in after[name].data_validations.dataValidation} == {
        str(one.sqref) for one in before[name].data_validations.dataValidation
    }
    assert after["_qiangshi"].sheet_state == "veryHidden"
    assert after["_codes"].sheet_state == "hidden"
    assert own_cells(data) == own_cells(form)


def test_only_the_sheet_of_findings_is_selected(form: bytes) -> None:
    book = opened(answered(form, "表.xlsx", letter(found(sheet=sheet_of(form)))))
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == [ANSWER_SHEET_ZH]


def test_every_finding_is_listed_however_many_there_are() -> None:
    many = [
        found(f"B{row}", finding_id=str(row), message_zh=f"第{row}条") for row in range(1, 3001)
    ]
    data = answered(workbook(A1="x"), "表.xlsx", letter(*many))
    listed = [row[5].value for row in opened(data)[ANSWER_SHEET_ZH].iter_rows() if row[0].value]
    assert [text for text in listed if text and text.startswith("第")] == [
        f"第{row}条" for row in range(1, 3001)
    ]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "=HYPERLINK(1)"])
def test_a_filed_text_never_becomes_a_formula(text: str) -> None:
    data = answered(workbook(B2="x"), "表.xlsx", letter(found("B2", value_text=text)))
    book = opened(data)
    [cell] = [row[3] for row in book[ANSWER_SHEET_ZH].iter_rows() if row[3].value == text]
    assert cell.data_type == "s"
    assert cell.quotePrefix
    copied = opened(answered(f"a,{text}\n".encode(), "表.csv", letter(found("B1", sheet="csv"))))
    assert copied["csv"]["B1"].value == text
    assert copied["csv"]["B1"].data_type == "s"


def test_a_second_answer_takes_the_marks_of_the_first_away(form: bytes) -> None:
    name = sheet_of(form)
    first = answered(form, "表.xlsx", letter(found(sheet=name), found("D9", sheet=name)))
    second = opened(
        answered(first, "表.xlsx", letter(found("D10", sheet=name), submission_id="v2"))
    )
    untouched = opened(form)[name]
    for at in ("D8", "D9"):
        assert second[name][at].fill.fgColor.rgb == untouched[at].fill.fgColor.rgb
        assert second[name][at].comment is None
    assert second[name]["D10"].comment
    assert second.sheetnames.count(ANSWER_SHEET_ZH) == 1
    assert second[MARKS_SHEET]["B1"].value == "v2"
    assert second[MARKS_SHEET].sheet_state == "veryHidden"


def test_a_comment_of_the_county_is_kept_beside_ours_and_alone_afterwards() -> None:
    book = opened(workbook(B2="x"))
    book["报表"]["B2"].comment = Comment("请看附件", "clerk")
    target = io.BytesIO()
    book.save(target)
    first = answered(target.getvalue(), "表.xlsx", letter(found("B2")))
    assert "原批注：请看附件" in opened(first)["报表"]["B2"].comment.text
    again = opened(answered(first, "表.xlsx", letter()))
    assert again["报表"]["B2"].comment.text == "请看附件"


def test_a_finding_in_a_merged_area_marks_the_cell_that_shows() -> None:
    book = opened(workbook(B2="x"))
    book["报表"].merge_cells("B2:C3")
    target = io.BytesIO()
    book.save(target)
    marked = opened(answered(target.getvalue(), "表.xlsx", letter(found("C3"))))
    assert marked["报表"]["B2"].comment


def test_a_formula_keeps_its_value_so_that_it_reads_back_unopened(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("报表")
    sheet.write_formula("A1", "=2*6", None, 12)
    sheet.write_formula("A2", '="a"&"<b"', None, "a<b")
    sheet.write_formula("A3", "=1=1", None, True)
    sheet.write_formula("A4", "=1/0", None, "#DIV/0!")
    book.close()
    data = path.read_bytes()
    returned = answered(data, "表.xlsx", letter(found("A1")))
    assert own_cells(returned) == own_cells(data)
    assert own_cells(data)[0] == ("报表", "A1", "12")
    assert opened(returned)["报表"]["A1"].value == "=2*6"


def test_a_formula_that_reaches_outside_gives_way_to_its_value(tmp_path: Path) -> None:
    path = tmp_path / "links.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("报表")
    sheet.write_formula("A1", "='[其他.xlsx]表'!A1", None, 7)
    book.close()
    marked = opened(answered(path.read_bytes(), "表.xlsx", letter(found("B1"))))
    assert marked["报表"]["A1"].value == "7"
    notes = [row[0].value for row in marked[ANSWER_SHEET_ZH].iter_rows()]
    assert any("引用其他文件" in str(note) for note in notes)


def test_a_text_file_gets_a_workbook_made_of_its_cells_that_says_so() -> None:
    data = "代码,数\n01,12\n02,12.50\n03,95.3%\n".encode()
    returned = answered(data, "表.csv", letter(found("B3", sheet="csv")))
    assert own_cells(returned) == [(o.sheet, o.cell, o.text) for o in read_file(data, "表.csv")]
    book = opened(returned)
    assert book["csv"]["B2"].value == 12
    assert book["csv"]["B3"].comment
    assert any("另行生成" in str(row[0].value) for row in book[ANSWER_SHEET_ZH].iter_rows())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"PK\x03\x04broken"])
def test_a_file_that_cannot_be_opened_gets_its_findings_alone(data: bytes) -> None:
    book = opened(answered(data, "表.xlsx", letter(found(None, sheet=None, rule_id="S01"))))
    assert book.sheetnames == [ANSWER_SHEET_ZH, MARKS_SHEET]
    assert any("未能打开" in str(row[0].value) for row in book[ANSWER_SHEET_ZH].iter_rows())


def test_the_sheet_of_findings_is_not_read_as_data(form: bytes) -> None:
    data = answered(form, "表.xlsx", letter(found(value_text="12345", message_zh="指标名称")))
    assert ANSWER_SHEET_ZH not in {one.sheet for one in read_file(data, "表.xlsx")}


def test_a_workbook_that_defeats_its_process_gets_a_plainer_answer(tmp_path: Path) -> None:
    # calamine reads it, openpyxl does not: its styles name a fill that is none.
    source = zipfile.ZipFile(io.BytesIO(workbook(A1="指标", B1=12)))
    odd, good = tmp_path / "odd.xlsx", tmp_path / "good.xlsx"
    with zipfile.ZipFile(odd, "w") as archive:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "xl/styles.xml":
                content = content.replace(b'patternType="gray125"', b'patternType="nonsense"')
            archive.writestr(member, content)
    good.write_bytes(workbook(A1="指标"))
    targets = [tmp_path / "a.xlsx", tmp_path / "b.xlsx"]
    said = letter(found("B1"))
    tasks = [
        Task(source, source.name, said, target)
        for source, target in zip((odd, good), targets, strict=True)
    ]
    assert write_workbooks(tasks, workers=1) == 1
    first, second = (opened(target.read_bytes()) for target in targets)
    assert first["报表"]["B1"].value == 12
    assert first["报表"]["B1"].comment
    assert second["报表"]["B1"].comment
    assert list(tmp_path.glob("*.part")) == []


def test_the_gravest_finding_goes_first_and_then_by_row() -> None:
    rows = [
        found("D10"), found("D9"), found("D2", severity_code="verify"), found(None, rule_id="S09"),
    ]  # fmt: skip
    assert [(one.rule_id, one.cell) for one in gravest_first(rows)] == [
        ("S09", None), ("V02", "D9"), ("V02", "D10"), ("V02", "D2"),
    ]  # fmt: skip


def test_an_answer_that_says_the_same_has_the_same_signature() -> None:
    one = letter(found())
    assert one.signature == letter(found(), state_zh="已退回", next_zh="").signature
    assert one.signature != letter(found(status_code="explained")).signature
    stamped = opened(answered(workbook(A1="x"), "表.xlsx", one))
    assert stamped.properties.identifier == one.signature
    assert stamped[MARKS_SHEET]["B1"].value == SUBMISSION
