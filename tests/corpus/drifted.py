"""Forms that drift: other columns, other versions, periods told in several places."""

from __future__ import annotations

from functools import partial

from sources.errors import FormVersionMismatch, MissingColumn, PeriodMismatch, UnmappedColumn
from tests.corpus.books import xlsx
from tests.corpus.cases import Case, Form, Value, refused, taken
from tests.unit.sources.builders import HEADER, IDENTITY, OLD_SHEET, SHEET, as_csv, sheet_with

OLD_IDENTITY = IDENTITY | {"form_version": "1", "period_code": "2023-11", "layout_code": "L-M-1"}
OLD_VALUES: dict[str, Value] = {
    "a": ("E7", "12", None), "b": ("D7", "30", None),
    "c": ("E8", "5", None), "d": ("E9", "1500.5", None),
}  # fmt: skip


def _book(**changes: object) -> bytes:
    return xlsx({"表": sheet_with(**changes)}, None)


def _columns(*order: int) -> bytes:
    """The good workbook with the columns of its table in another order."""
    rows = [
        [row[n] if n < len(row) else None for n in order] if HEADER <= at <= 10 else row
        for at, row in enumerate(SHEET)
    ]
    return xlsx({"表": rows})


def _old(period: str) -> list[list[object]]:
    return [["报告期：", period] if row[0] == "报告期：" else row for row in OLD_SHEET]


CASES: list[Case] = [
    taken("the two figure columns exchanged with their headings", "a.xlsx",
          partial(_columns, 0, 1, 2, 4, 3, 5), Form(notes=("S20",)),
          a=("E8", "12", None), b=("D8", "30", None), c=("E9", "5", None),
          d=("E11", "1500.5", None)),
    taken("the remark column in front", "a.xlsx", partial(_columns, 5, 0, 1, 2, 3, 4),
          Form(notes=("S20",)),
          a=("E8", "12", None), b=("F8", "30", None), c=("E9", "5", None),
          d=("E11", "1500.5", None)),
    refused("a heading renamed in its place", "a.xlsx", partial(_book, D6="三月份"), MissingColumn,
            "“三月份”可能是“本月”（仅供参考，系统不会自行套用）", "表", "D6"),
    refused("two headings renamed", "a.xlsx", partial(_book, D6="本月发生数", E6="今年累计"),
            MissingColumn, "“本月发生数”可能是“本月”，“今年累计”可能是“1—本月累计”", "表", "D6"),
    refused("a heading renamed beyond recognition", "a.xlsx",
            lambda: xlsx({"表": [[*row, "甲", "乙"] if at == HEADER else row
                               for at, row in enumerate(sheet_with(E6=None))]}, None),
            MissingColumn, "“1—本月累计”，另有无法识别的表头“甲”、“乙”（可能是被改名的列）",
            "表", "G6"),
    refused("a column removed", "a.xlsx", partial(_book, E6=None, E8=None), MissingColumn,
            "表头缺少“1—本月累计”。", "表"),
    refused("an unknown column like an absent one", "a.xlsx", partial(_book, F6="备注说明"),
            UnmappedColumn, "“备注说明”可能是“备注”", "表", "F6"),
    taken("an old form for an old period, filed years later", "a.xlsx",
          lambda: xlsx({"表": OLD_SHEET}, OLD_IDENTITY), Form(OLD_VALUES, period="2023-11")),
    taken("an old form without its hidden sheet", "丁区2023年11月补报.csv",
          lambda: as_csv(OLD_SHEET), Form(OLD_VALUES, period="2023-11")),
    refused("an old form for a period of the new one", "a.xlsx",
            lambda: xlsx({"表": _old("2025年3月")}, OLD_IDENTITY | {"period_code": "2025-03"}),
            FormVersionMismatch,
            "第 1 版不适用于报告期 2025-03，该版适用期为 2020-01-01 至 2024-01-01"),
    refused("an old form for a new period, known by its headings only", "a.csv",
            lambda: as_csv(_old("2025年3月")), FormVersionMismatch,
            "表头和各行是该表另一版的：报表 T-M1 第 1 版不适用于报告期 2025-03", "csv", "D6"),
    refused("a new form for an old period", "a.xlsx",
            lambda: xlsx({"表": sheet_with(B4="2023年11月")},
                         IDENTITY | {"period_code": "2023-11"}),
            FormVersionMismatch, "第 2 版不适用于报告期 2023-11"),
    refused("a new form for an old period, known by its headings only", "a.csv",
            lambda: as_csv(sheet_with(B4="2023年11月")), FormVersionMismatch,
            "请下载该报告期的模板（第 1 版）重新填报", "csv", "D6"),
    taken("the same month in the file's name", "丁区2025年3月测试月报.xlsx",
          lambda: xlsx({"表": SHEET})),
    taken("a day and a month of sending in the file's name",
          "丁区测试月报 2025年4月报送 20250405.xlsx", lambda: xlsx({"表": SHEET})),
    taken("two months in the file's name", "丁区2025年3月、2025年4月测试月报.xlsx",
          lambda: xlsx({"表": SHEET})),
    refused("another month in the file's name", "丁区2025年4月测试月报.xlsx",
            lambda: xlsx({"表": SHEET}), PeriodMismatch,
            "模板内置的报告期是“2025-03”，表内所印的是“2025年3月”（B4），"
            "文件名所写的是“2025年4月”", "表", "B4"),
    refused("another month in the name of a text", "丁区-202504.csv", lambda: as_csv(SHEET),
            PeriodMismatch, "模板未内置报告期，表内所印的是“2025年3月”（B4），"
            "文件名所写的是“202504”", "csv", "B4"),
    refused("three periods in one file", "测月1表_丁区_2025-05.xlsx",
            lambda: xlsx({"表": sheet_with(B4="2025年4月")}), PeriodMismatch,
            "“2025-03”，表内所印的是“2025年4月”（B4），文件名所写的是“2025-05”", "表", "B4"),
    refused("a release with a renamed column", "合成示例（虚构数据）.xlsx",
            lambda: xlsx({"发布": [
                ["起始日期", "截止日期", "地区代码", "专利类型", "企业", "高等院校", "科研机构",
                 "机关团体", "个人", "合计"],
                ["2023-01-01", "2023-01-31", "900100", "发明", 1, 1, 1, 0, 1, 4],
            ]}, None), MissingColumn, "“高等院校”可能是“大专院校”", "发布", "F1"),
]  # fmt: skip
