"""Refused: sound files whose form, unit, period or table is not what it must be."""

from __future__ import annotations

from functools import partial

from sources.errors import (
    DuplicateForm,
    DuplicateRow,
    FormVersionMismatch,
    MissingColumn,
    MissingRow,
    PeriodMismatch,
    UnitMismatch,
    UnknownForm,
    UnknownPeriod,
    UnknownUnit,
    UnmappedColumn,
    UnmappedRow,
)
from tests.corpus.books import xlsx
from tests.corpus.cases import Case, refused
from tests.unit.sources.builders import HEADER, IDENTITY, SHEET, as_csv, sheet_with


def _book(**changes: object) -> bytes:
    return xlsx({"表": sheet_with(**changes)}, None)


def _under(*header: list[object]) -> bytes:
    return xlsx({"表": [*SHEET[:HEADER], *header, *SHEET[HEADER + 1 :]]}, None)


TABLE = SHEET[HEADER:]
LABELS = SHEET[:HEADER]

CASES: list[Case] = [
    refused("no form number", "a.xlsx", partial(_book, E2=None, F2=None), UnknownForm,
            "找不到表号"),
    refused("an unknown form number", "a.xlsx", partial(_book, F2="另1表"), UnknownForm, "“另1表”",
            "表", "F2"),
    refused("two form numbers on one sheet", "a.xlsx", partial(_book, C4="表号：", D4="T-C1"),
            UnknownForm, "不一致", "表", "D4"),
    refused("another form number than the template's", "a.xlsx",
            lambda: xlsx({"表": sheet_with(F2="T-C1")}), UnknownForm, "不一致", "表", "F2"),
    refused("a form in a hidden sheet only", "a.xlsx",
            lambda: xlsx({"表": SHEET, "Sheet2": []}, hidden=["表"],
                         finish=lambda book, _: book.worksheets()[1].activate()),
            UnknownForm, "被隐藏", "表"),
    refused("no unit", "a.xlsx", partial(_book, A2=None, B2=None, A3=None, B3=None), UnknownUnit,
            "找不到填报单位"),
    refused("an unknown unit code", "a.xlsx", partial(_book, B3="999999"), UnknownUnit, "“999999”",
            "表", "B3"),
    refused("another unit's form", "a.xlsx", partial(_book, B2="戊县", B3="900102"), UnitMismatch,
            "戊县（900102）"),
    refused("two units in one form", "a.xlsx", partial(_book, C3="单位代码：", D3="900102"),
            UnitMismatch, "“900102”", "表", "D3"),
    refused("two unit names in one form", "a.csv",
            lambda: as_csv(sheet_with(C4="填报单位：", D4="戊县")), UnitMismatch, "戊县", "csv",
            "D4"),
    refused("a second sheet about another unit", "a.xlsx",
            lambda: xlsx({"表": SHEET, "附": [["填报单位：", "戊县"], ["质押", 3]]}, None),
            UnitMismatch, "戊县", "附", "B1"),
    refused("a name that contradicts the code", "a.xlsx", partial(_book, B2="戊县"), UnitMismatch,
            "不一致", "表", "B2"),
    refused("no period", "a.xlsx", partial(_book, A4=None, B4=None), UnknownPeriod,
            "找不到报告期"),
    refused("a period without its year", "a.xlsx", partial(_book, B4="三月"), UnknownPeriod,
            "“三月”", "表", "B4"),
    refused("a period as a day count", "a.xlsx", partial(_book, B4=45717), UnknownPeriod,
            "日期序列值 45717", "表", "B4"),
    refused("an October that may be a January", "a.xlsx", partial(_book, B4=2025.1), UnknownPeriod,
            "“2025.1”", "表", "B4"),
    refused("a day in the middle of a month", "a.xlsx", partial(_book, B4="2025-03-15"),
            UnknownPeriod, "“2025-03-15”", "表", "B4"),
    refused("a quarter on a monthly form", "a.xlsx", partial(_book, B4="2025年一季度"),
            UnknownPeriod, "频率不符"),
    refused("two periods in one form", "a.xlsx", partial(_book, C4="报告期：", D4="2025年4月"),
            PeriodMismatch, "“2025年3月”（B4）、“2025年4月”（D4）", "表", "D4"),
    refused("another period than the template's", "a.xlsx",
            lambda: xlsx({"表": sheet_with(B4="2025年4月")}), PeriodMismatch,
            "模板内置的报告期是“2025-03”，表内所印的是“2025年4月”（B4），文件名未写报告期", "表",
            "B4"),
    refused("a version that is not in force", "a.xlsx",
            lambda: xlsx({"表": SHEET}, IDENTITY | {"form_version": "1"}), FormVersionMismatch,
            "第 2 版"),
    refused("a renamed header", "a.xlsx", partial(_book, D6="三月份"), MissingColumn, "“三月份”",
            "表", "D6"),
    refused("no header", "a.xlsx", lambda: _under(), MissingColumn, "“指标名称”", "表"),
    refused("a further column", "a.xlsx", partial(_book, G6="去年同期"), UnmappedColumn,
            "“去年同期”", "表", "G6"),
    refused("a column twice", "a.xlsx", partial(_book, G6="本月数"), UnmappedColumn, "重复", "表",
            "G6"),
    refused("the right headers in the wrong sheet", "a.xlsx",
            lambda: xlsx({"封面": LABELS, "数据": TABLE}, None), MissingColumn,
            "只在工作表“数据”中齐全", "封面"),
    refused("the right headers in last month's sheet, renamed ones in this month's", "a.xlsx",
            lambda: xlsx({"三月": sheet_with(D6="三月份"), "旧表": TABLE}, None), MissingColumn,
            "只在工作表“旧表”中齐全", "三月"),
    refused("a second table of the form", "a.xlsx",
            lambda: xlsx({"表": SHEET, "副本": TABLE}, None), UnmappedColumn, "同样表头的表",
            "副本", "A1"),
    refused("the form twice under one period", "a.xlsx",
            lambda: xlsx({"表": SHEET, "表(2)": SHEET}, None), DuplicateForm, "“表”、“表(2)”",
            "表"),
    refused("last year's figures under the right headers", "a.xlsx",
            lambda: _under(["指标名称", "代码", "计量单位", "上年同期", None, "备注"],
                           [None, None, None, "本月", "1—本月累计"]),
            UnmappedColumn, "“上年同期”", "表", "D6"),
    refused("last year's figures under a heading of their own row", "a.xlsx",
            lambda: _under([None, None, None, "上年同期"], SHEET[HEADER]), UnmappedColumn,
            "“上年同期”", "表", "D6"),
    refused("a header of two levels with a column too many", "a.xlsx",
            lambda: _under(["指标名称", "代码", "计量单位", "数量", None, None, "备注"],
                           [None, None, None, "本月", "1—本月累计", "上年"]),
            UnmappedColumn, "“上年”", "表", "F7"),
    refused("a missing row", "a.xlsx", lambda: xlsx({"表": [*SHEET[:8], *SHEET[9:]]}), MissingRow,
            "02 其中：发明", "表"),
    refused("a row that is none of the form's", "a.xlsx",
            lambda: xlsx({"表": [*SHEET[:11], ["商标", "04", "件", 3], *SHEET[11:]]}), UnmappedRow,
            "04 商标", "表", "B12"),
    refused("a figure that is nobody's", "a.xlsx",
            lambda: xlsx({"表": [*SHEET[:11], [None, None, None, 3], *SHEET[11:]]}), UnmappedRow,
            "“3”", "表", "D12"),
    refused("a row twice", "a.xlsx", lambda: xlsx({"表": [*SHEET[:9], SHEET[8], *SHEET[9:]]}),
            DuplicateRow, "B9、B10", "表", "B10"),
    refused("codes of two rows exchanged", "a.xlsx", partial(_book, B8="02", B9="01"), UnmappedRow,
            "不是同一行", "表", "B8"),
    refused("a figure beside the table", "a.xlsx", partial(_book, I9=5), UnmappedColumn,
            "没有表头", "表", "I9"),
    refused("an uncomputed formula beside the table", "a.csv",
            lambda: as_csv(sheet_with(I9="=6+6")), UnmappedColumn, "没有表头", "csv", "I9"),
]  # fmt: skip
