"""Accepted: the same form in every format, encoding, spelling and kind of program."""

from __future__ import annotations

import re
from functools import partial

import xlwt

from tests.corpus.books import declaring, in_sheet, ods, ods_cell, rezipped, xls, xlsx
from tests.corpus.cases import Case, Form, taken
from tests.unit.sources.builders import SHEET, as_csv, sheet_with

ONE = {"表": SHEET}
CSV = {"csv": SHEET}
NOTED = Form(notes=("S18",))


def _without_addresses() -> bytes:
    """As some exporters write it: no dimension, no address on any cell."""

    def change(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return content
        text = re.sub(r'<c r="[A-Z]+(\d+)"', "<c", content.decode())
        return re.sub(r"<dimension[^>]*/>", "", text).encode()

    return rezipped(xlsx({"表": [list(row) for row in _dense()]}), change)


def _dense() -> list[list[object]]:
    """The sheet without gaps, since a cell without an address stands next to the one before."""
    return [[("　" if v is None else v) for v in row] for row in SHEET]


def _inline(data: bytes) -> bytes:
    """Texts in the cells themselves, as WPS and many exporters write them."""
    return in_sheet(
        in_sheet(data, '<c r="A1" t="s"><v>0</v></c>',
                 '<c r="A1" t="inlineStr"><is><r><t>测试</t></r><r><t>月报</t></r></is></c>'),
        '<c r="D8"><v>12</v></c>', '<c r="D8" t="str"><v>12</v></c>',
    )  # fmt: skip


def _ods_formula(value: str) -> dict[tuple[int, int], str]:
    return {(7, 3): f'<table:table-cell table:formula="of:=6+6" {value}</table:table-cell>'}


CASES: list[Case] = [
    taken("a workbook", "三月.xlsx", partial(xlsx, ONE), cells=ONE),
    taken("an old workbook", "三月.xls", partial(xls, ONE), cells=ONE),
    taken("an old workbook as WPS names it", "三月.et", partial(xls, ONE), cells=ONE),
    taken("an OpenDocument spreadsheet", "三月.ods", partial(ods, ONE), cells=ONE),
    taken("a workbook without hidden sheet", "三月.xlsx", partial(xlsx, ONE, None), cells=ONE),
    taken("an old workbook without hidden sheet", "a.xls", partial(xls, ONE, None), cells=ONE),
    *(
        taken(
            f"text in {encoding} split by {'tabs' if delimiter == chr(9) else 'commas'}",
            "三月.tsv" if delimiter == "\t" else "三月.csv",
            partial(as_csv, SHEET, encoding, delimiter), cells=CSV,
        )
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
        for delimiter in (",", "\t")
    ),
    taken("text with the line ends of Unix", "a.csv",
          lambda: as_csv(SHEET).replace(b"\r\n", b"\n"), cells=CSV),
    taken("text with the line ends of old Macs", "a.csv",
          lambda: as_csv(SHEET).replace(b"\r\n", b"\r"), cells=CSV),
    taken("text whose last line has no end", "a.csv", lambda: as_csv(SHEET).rstrip(), cells=CSV),
    taken("text named txt", "a.txt", partial(as_csv, SHEET), cells=CSV),
    taken("text split by tabs with thousands commas in every row", "a.tsv",
          lambda: as_csv(sheet_with(D8="12", E8="1,030", D9="1,005", D11="1,500.5",
                                    F8="1,2", F11="3,4"), "utf-8", "\t"),
          b=("E8", "1030", None), c=("D9", "1005", None)),
    taken("text split by semicolons with thousands commas in some rows", "a.csv",
          lambda: as_csv(sheet_with(D8="12", E8="1,030", D9="5", D11="1500.5"), "gb18030", ";"),
          b=("E8", "1030", None)),
    taken("text split by commas with a semicolon in every remark", "a.csv",
          lambda: as_csv(sheet_with(F8="见附件；一;二", F9="甲;乙", F11="丙;丁"))),
    taken("a workbook named xls", "三月.xls", partial(xlsx, ONE), NOTED, cells=ONE),
    taken("an old workbook named xlsx", "三月.xlsx", partial(xls, ONE), NOTED, cells=ONE),
    taken("a workbook named csv", "三月.csv", partial(xlsx, ONE), NOTED, cells=ONE),
    taken("an OpenDocument spreadsheet named xlsx", "a.xlsx", partial(ods, ONE), NOTED, cells=ONE),
    taken("a workbook without extension", "三月", partial(xlsx, ONE), cells=ONE),
    taken("a workbook with texts in its cells", "a.xlsx", lambda: _inline(xlsx(ONE)), cells=ONE),
    taken("a workbook whose cells have no address", "a.xlsx", _without_addresses),
    taken("a workbook whose dimension lies low", "a.xlsx",
          lambda: in_sheet(xlsx(ONE), 'ref="A1:F13"', 'ref="A1:B2"'), cells=ONE),
    taken("a workbook whose dimension lies high", "a.xlsx",
          lambda: in_sheet(xlsx(ONE), 'ref="A1:F13"', 'ref="A1:XFD1048576"'), cells=ONE),
    taken("a workbook whose string table is a little wrong about its counts", "a.xlsx",
          partial(declaring, 999, 2147483647), cells=ONE),
    taken("a row number that its cells contradict", "a.xlsx",
          lambda: in_sheet(xlsx(ONE), '<row r="9"', '<row r="90"'), cells=ONE),
    taken("an old workbook with a formula that was never computed", "a.xls",
          lambda: xls(ONE, finish=lambda _, page: page.write(10, 3, xlwt.Formula("1+1"))),
          d=("D11", None, "uncached_formula")),
    taken("an old workbook with a percentage", "a.xls",
          lambda: xls(ONE, finish=lambda _, page: page.write(
              8, 3, 0.5, xlwt.easyxf(num_format_str="0.0%"))),
          c=("D9", None, "percent_format")),
    taken("an old workbook with a hidden row", "a.xls",
          lambda: xls(ONE, finish=lambda _, page: setattr(page.row(8), "hidden", True)),
          c=("D9", "5", "hidden_row")),
    taken("an old workbook with a hidden copy of another month", "a.xls",
          lambda: xls(ONE | {"二月": sheet_with(B4="2025年2月", D8=99)}, hidden=["二月"])),
    taken("an OpenDocument formula with its result", "a.ods",
          lambda: ods(ONE, replaced=_ods_formula(
              'office:value-type="float" office:value="12"><text:p>12</text:p>')),
          a=("D8", "12", "formula")),
    taken("an OpenDocument formula without a result", "a.ods",
          lambda: ods(ONE, replaced=_ods_formula(">")), a=("D8", None, "uncached_formula")),
    taken("an OpenDocument formula that failed", "a.ods",
          lambda: ods(ONE, replaced=_ods_formula(
              'office:value-type="string" office:string-value="" calcext:value-type="error">'
              "<text:p>#DIV/0!</text:p>")),
          a=("D8", None, "error_value")),
    taken("an OpenDocument percentage", "a.ods",
          lambda: ods(ONE, replaced={
              (8, 3): '<table:table-cell office:value-type="percentage" office:value="0.5">'
              "<text:p>50%</text:p></table:table-cell>"}),
          c=("D9", None, "percent_format")),
    taken("an OpenDocument hidden row", "a.ods", partial(ods, ONE, hidden_rows=[8]),
          c=("D9", "5", "hidden_row")),
    taken("an OpenDocument hidden sheet", "a.ods",
          partial(ods, ONE | {"二月": sheet_with(B4="2025年2月", D8=99)}, hidden=["二月"])),
    taken("an OpenDocument sheet whose blank rest is repeated to the end", "a.ods",
          partial(ods, ONE, tail='<table:table-row table:number-rows-repeated="1048563">'
                  '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>')),
    taken("an OpenDocument text repeated over merged columns", "a.ods",
          lambda: ods(ONE, replaced={
              (0, 0): ods_cell("测试月报", 'table:number-columns-spanned="6"')
              + '<table:covered-table-cell table:number-columns-repeated="5"/>'})),
]  # fmt: skip
