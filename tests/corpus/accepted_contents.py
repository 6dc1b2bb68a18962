"""Accepted: what counties write in and around the table, read as written and noted where odd."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tests.corpus.books import in_sheet, xlsx, zipped
from tests.corpus.cases import Case, Form, Value, shifted, taken
from tests.unit.sources.builders import HEADER, IDENTITY, SHEET, as_csv, sheet_with

Sheet = list[list[object]]


def _with_header(*header: list[object]) -> Sheet:
    """The good sheet under another header."""
    return [*SHEET[:HEADER], *header, *SHEET[HEADER + 1 :]]


def _merged(book: xlsxwriter.Workbook, page: Worksheet) -> None:
    page.merge_range("A1:F1", "测试月报")
    for column in "ABCF":
        page.merge_range(f"{column}6:{column}7", SHEET[HEADER]["ABCDEF".index(column)])
    page.merge_range("D6:E6", "数量")


def _hidden_row(_: xlsxwriter.Workbook, page: Worksheet) -> None:
    page.set_row(8, None, None, {"hidden": True})


def _formula(cell: str, formula: str, value: object) -> bytes:
    def write(_: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_formula(cell, formula, None, value)

    return xlsx({"表": sheet_with(**{cell: None})}, finish=write)


def _number(cell: str, number: float, style: str) -> bytes:
    def write(book: xlsxwriter.Workbook, page: Worksheet) -> None:
        page.write_number(cell, number, book.add_format({"num_format": style}))

    return xlsx({"表": sheet_with(**{cell: None})}, finish=write)


def _a_million_blank_rows() -> bytes:
    rows = "".join(
        f'<row r="{n}" ht="18" customHeight="1"><c r="A{n}" s="0"/></row>'
        for n in range(14, 1_000_014)
    )
    return in_sheet(xlsx({"表": SHEET}), "</sheetData>", f"{rows}</sheetData>")


def _far_format(book: xlsxwriter.Workbook, page: Worksheet) -> None:
    page.write_blank(1048575, 16383, None, book.add_format({"bold": True}))


def _inserted(at: int, *rows: list[object]) -> Sheet:
    return [*SHEET[:at], *rows, *SHEET[at:]]


def _filed(name: str, cell: str, filed: object, value: Value) -> Case:
    """One cell written in its own way, in a workbook and so in a text too."""
    key = {"D8": "a", "E8": "b", "D9": "c", "D11": "d"}[cell]
    rows = sheet_with(**{cell: filed})
    return taken(name, "a.xlsx", partial(xlsx, {"表": rows}), cells={"表": rows}, **{key: value})


def _period(text: object, name: str = "") -> Case:
    said = name or str(text)
    return taken(f"the period {said}", "a.xlsx",
                 partial(xlsx, {"表": sheet_with(B4=text)}, None))  # fmt: skip


ADDED_PEOPLE = ["填表人：某乙　审核人：某丙", None, None, "联系电话（座机）：0000-111111"]
MARKS = ["-", "—", "——", "－", "无", "/", "…", "……", "N/A"]

CASES: list[Case] = [
    taken("no title row", "a.xlsx", lambda: xlsx({"表": SHEET[1:]}), Form(shifted(-1))),
    taken("three title rows", "a.xlsx",
          lambda: xlsx({"表": [["附件2"], ["某市知识产权局文件"], *SHEET]}), Form(shifted(2))),
    taken("a table that begins at C5", "a.xlsx",
          lambda: xlsx({"表": [[], [], [], [], *([None, None, *row] for row in SHEET)]}),
          Form(shifted(4, 2))),
    taken("merged title and a header of two levels", "a.xlsx",
          lambda: xlsx({"表": _with_header([], [None, None, None, "本月", "1—本月累计"])},
                       finish=_merged), Form(shifted(1))),
    taken("a header of two levels in a text", "a.csv",
          lambda: as_csv(_with_header(["指标名称", "代码", "计量单位", "数量", "", "备注"],
                                      ["", "", "", "本月", "1—本月累计", ""])), Form(shifted(1))),
    taken("a header of three levels", "a.xlsx",
          lambda: xlsx({"表": _with_header(["指标名称", "代码", "计量单位", "填报数据"],
                                           [None, None, None, "本期"],
                                           [None, None, None, "本月", "1—本月累计"])}),
          Form(shifted(2))),
    taken("a group heading alone above the header", "a.xlsx",
          lambda: xlsx({"表": _inserted(HEADER, [None, None, None, "本期情况"])}),
          Form(shifted(1))),
    taken("a line of column numbers under the header", "a.xlsx",
          lambda: xlsx({"表": _inserted(HEADER + 1, ["甲", "乙", "丙", 1, 2])}), Form(shifted(1))),
    taken("moved columns", "a.csv",
          lambda: as_csv([[row[n] if n < len(row) else None for n in (4, 1, 0, 3, 2, 5)]
                          if HEADER <= at <= 10 else row for at, row in enumerate(SHEET)]),
          Form(notes=("S20",)), b=("A8", "30", None)),
    taken("moved rows", "a.xlsx",
          lambda: xlsx({"表": [*SHEET[:6], SHEET[10], SHEET[8], SHEET[7], *SHEET[11:]]}),
          a=("D9", "12", None), b=("E9", "30", None), c=("D8", "5", None),
          d=("D7", "1500.5", None)),
    taken("blank rows inside the table", "a.xlsx",
          lambda: xlsx({"表": _inserted(8, [])}),
          c=("D10", "5", None), d=("D12", "1500.5", None)),
    taken("other names and widths of headers", "a.xlsx",
          lambda: xlsx({"表": sheet_with(A6="项 目", B6="行次", C6="单位", D6="本月数",
                                         E6="１－本月累计")})),
    taken("no remark column", "a.xlsx", lambda: xlsx({"表": sheet_with(F6=None)})),
    taken("codes without their zero", "a.xlsx", lambda: xlsx({"表": sheet_with(B8=1, B9=2)})),
    taken("a row without its code", "a.xlsx", lambda: xlsx({"表": sheet_with(B9=None)})),
    taken("a sheet of explanations beside the form", "a.xlsx",
          lambda: xlsx({"表": SHEET, "填表说明": [["一、本表由旗县区填报"], ["二、单位为万元"]]})),
    taken("empty sheets beside the form", "a.xlsx",
          lambda: xlsx({"Sheet1": [], "表": SHEET, "Sheet3": []})),
    taken("a hidden copy of another month", "a.xlsx",
          lambda: xlsx({"表": SHEET, "二月": sheet_with(B4="2025年2月", D8=99)}, hidden=["二月"])),
    taken("a hidden sheet before the form", "a.xlsx",
          lambda: xlsx({"底稿": sheet_with(D8=77), "表": SHEET},
                       hidden=["底稿"], finish=lambda book, _: book.worksheets()[1].activate())),
    taken("a hidden row", "a.xlsx", lambda: xlsx({"表": SHEET}, finish=_hidden_row),
          c=("D9", "5", "hidden_row")),
    taken("several people in one cell, other labels, notes below", "a.xlsx",
          lambda: xlsx({"表": [*SHEET[:11], ADDED_PEOPLE, ["填报日期：", "2025-04-03"],
                              ["注：数据取自各股室"], ["备查", "99", None, 8]]}),
          Form(people={"填表人": "某乙", "审核人": "某丙", "联系电话": "0000-111111",
                       "填报日期": "2025-04-03"})),
    taken("people whose labels are spaced", "a.xlsx",
          lambda: xlsx({"表": [*SHEET[:11], ["填 表 人：", "某乙", "审 核 人：", "某丙"]]}),
          Form(people={"填表人": "某乙", "审核人": "某丙"})),
    taken("a footer that begins in the third column", "a.xlsx",
          lambda: xlsx({"表": [*SHEET[:11], [None, None, "填表人：", "某乙"]]}),
          Form(people={"填表人": "某乙"})),
    taken("a nil return", "a.xlsx", lambda: xlsx({"表": sheet_with(B5="是")}), Form(is_nil=True)),
    taken("a subtotal that is right", "a.xlsx",
          lambda: xlsx({"表": _inserted(9, ["小计", None, "件", 17, 30])}),
          d=("D12", "1500.5", None)),
    taken("a subtotal that leaves parts out", "a.csv",
          lambda: as_csv(_inserted(9, ["小计", None, "件", 12])), d=("D12", "1500.5", None)),
    taken("a subtotal that is wrong", "a.xlsx",
          lambda: xlsx({"表": _inserted(9, ["小　计", None, "件", 18])}), Form(notes=("S17",)),
          d=("D12", "1500.5", None)),
    taken("a total over different units", "a.xlsx",
          lambda: xlsx({"表": _inserted(11, ["合计", "99", None, 7777])})),
    taken("a total of running totals that is wrong", "a.xlsx",
          lambda: xlsx({"表": _inserted(11, ["合计", None, None, None, 31])}),
          Form(notes=("S17",))),
    *(_filed(f"the missing mark {mark}", "D11", mark, ("D11", None, "missing_mark"))
      for mark in MARKS),
    _filed("a blank", "D11", None, ("D11", None, "blank")),
    _filed("a zero", "D11", 0, ("D11", "0", None)),
    _filed("thousands marks", "D11", "1,234,500.5", ("D11", "1234500.5", None)),
    _filed("full-width thousands marks", "D11", "１，５００．５", ("D11", "1500.5", "full_width")),
    _filed("a number kept as text", "D8", "12", ("D8", "12", None)),
    _filed("blanks around a number", "D8", " 12\u3000", ("D8", "12", None)),
    _filed("a number of fifteen digits", "D11", 0.1 + 0.2, ("D11", "0.3", None)),
    _filed("a Chinese minus", "D11", "－5", ("D11", "-5", "full_width")),
    _filed("a plus", "D8", "+12", ("D8", "12", None)),
    _filed("the row's unit after the number", "D8", "12件", ("D8", "12", "unit_spelled")),
    _filed("ten thousands of the row's unit", "D8", "0.15万件", ("D8", "1500", "unit_scaled")),
    _filed("hundred millions where ten thousands are asked", "D11", "3.17亿元",
           ("D11", "31700", "unit_scaled")),
    _filed("the base unit where ten thousands are asked", "D11", "15,000,000元",
           ("D11", "1500", "unit_scaled")),
    _filed("a scale without its unit", "D8", "1.2万", ("D8", None, "unit_suffix")),
    _filed("another unit after the number", "D8", "12项", ("D8", None, "unit_suffix")),
    _filed("a negative after 增长", "D11", "增长-12.5万元", ("D11", "-12.5", "growth_word")),
    _filed("a fall in words", "D8", "下降3件", ("D8", "-3", "growth_word")),
    _filed("a percentage in words", "D8", "95.3%", ("D8", None, "percent")),
    _filed("about", "D8", "约12", ("D8", None, "not_a_number")),
    _filed("a range", "D8", "3—5", ("D8", None, "not_a_number")),
    _filed("a number in words", "D8", "十二", ("D8", None, "not_a_number")),
    _filed("sixteen digits as text", "D8", "1234567890123456", ("D8", None, "not_a_number")),
    taken("a day where a figure should be", "a.xlsx",
          lambda: xlsx({"表": sheet_with(D8=datetime(2025, 3, 5))}),
          a=("D8", None, "not_a_number")),
    taken("another unit in the unit column", "a.xlsx",
          lambda: xlsx({"表": sheet_with(C11="元")}), d=("D11", None, "unit_differs")),
    taken("a formula with its result", "a.xlsx", partial(_formula, "D8", "=6+6", 12),
          a=("D8", "12", "formula")),
    taken("a formula that was never computed", "a.xlsx", partial(_formula, "D8", "=6+6", ""),
          a=("D8", None, "uncached_formula")),
    taken("a formula that failed", "a.xlsx", partial(_formula, "D8", "=1/0", "#DIV/0!"),
          a=("D8", None, "error_value")),
    taken("a formula over another workbook", "a.xlsx",
          partial(_formula, "D8", "='[1]二月'!D8", 12), a=("D8", "12", "external_formula")),
    taken("a formula in a text", "a.csv", lambda: as_csv(sheet_with(D8="=6+6")),
          a=("D8", None, "uncached_formula")),
    taken("a percent format", "a.xlsx", partial(_number, "D8", 0.12, "0.0%"),
          a=("D8", None, "percent_format")),
    taken("a format that only prints a unit", "a.xlsx", partial(_number, "D8", 12, '0"件"')),
    taken("formulas for export programs in the remarks", "a.csv",
          lambda: as_csv(sheet_with(F8="=cmd|' /C calc'!A0", F9="@SUM(1)", F11="+1-1"))),
    taken("a comma, a quote and a line end inside a remark", "a.csv",
          lambda: as_csv(sheet_with(F8='见"附件",\n另报'))),
    taken("a million blank formatted rows", "a.xlsx", _a_million_blank_rows),
    taken("a mere format at the far corner", "a.xlsx",
          lambda: xlsx({"表": SHEET}, finish=_far_format)),
    *(_period(text) for text in (
        "2025年3月", "二〇二五年三月", "二零二五年三月份", "2025.03", "2025/3", "202503",
        "2025年1—3月", "２０２５年３月", "2025-03",
    )),
    _period(datetime(2025, 3, 1), "that the program made a date"),
    taken("a unit known by its other name", "a.xlsx",
          lambda: xlsx({"表": sheet_with(A3=None, B3=None, B2="丁")}, None)),
    taken("a zip with one workbook", "报送.zip",
          lambda: zipped({"三月/表.xlsx": xlsx({"表": SHEET}, IDENTITY)})),
]  # fmt: skip
