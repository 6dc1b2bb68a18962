"""The plan sheets beside the printed documents: what is expected here was copied from the papers.

Nothing of it comes from the definitions: each table below was typed from the document that its
comment names, column by column and row by row, so that a slip in the definitions shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Workspace

Row = tuple[str, ...]


@dataclass(frozen=True)
class Printed:
    """A document's table, or its sentence of targets, as it is on paper."""

    title: str
    origin: str
    table_title: str
    headings: Row
    rows: Sequence[Row]
    merged: Sequence[int] = ()
    """Rows that each printed category spans, where the table has categories."""


# 赤峰市人民政府，赤政发〔2023〕15号，“二、发展目标”第一段；文件没有指标表。
CHIFENG = Printed(
    "赤峰市全面推进知识产权强市建设行动方案",
    "赤政发〔2023〕15号　2023年7月8日印发",
    "二、发展目标",
    ("指标", "到2025年目标"),
    (
        ("全市有效注册商标", "50000件"),
        ("地理标志证明商标", "50件"),
        ("高价值发明专利万人拥有量", "0.5件"),
        ("培育知识产权试点示范园区", "1个"),
        ("知识产权质押融资额度", "稳定在6亿元以上"),
    ),
)

# 鄂尔多斯市征求意见稿，未标文号和日期，“二、主要目标”；文件没有指标表。
ORDOS = Printed(
    "鄂尔多斯市贯彻落实知识产权强国建设纲要（2021—2035年）工作方案（征求意见稿）",
    "征求意见稿",
    "二、主要目标",
    ("指标", "到2025年目标"),
    (
        ("知识产权保护社会满意度", "高于自治区平均水平"),
        ("每万人口高价值发明专利拥有量", "2件"),
        ("商标有效注册量", "6万件"),
        ("地理标志数量", "24件"),
        ("版权登记数量", "3290件"),
        ("知识产权质押融资金额", "90亿元"),
        ("知识产权维权援助和调解案件量", "150件"),
        ("知识产权从业人员数量", "96人"),
    ),
)

# 通辽市人民政府办公室，通政办发〔2023〕26号，表1。
TONGLIAO = Printed(
    "通辽市“十四五”知识产权发展规划",
    "通政办发〔2023〕26号　2023年6月7日印发",
    "表1 通辽市“十四五”知识产权发展主要指标",
    ("分类", "指标（单位）", "发展目标"),
    (
        ("知识产权产出", "万人高价值专利拥有量（件）", "0.6"),
        ("", "有效注册商标总量（件）", "20000"),
        ("", "新增地理标志证明商标和集体商标（件）", "10"),
        ("知识产权运用", "专利商标质押融资金额（亿元）", "1.5"),
        ("", "千亿级知识产权密集型绿色农畜产品产业集群（个）", "1"),
        ("", "新增知识产权许可、转让合同（项）", "20"),
        ("知识产权保护", "新增知识产权保护中心（家）", "1"),
        ("", "新增产业知识产权保护联盟（个）", "1~2"),
        ("", "新增国家或区知识产权保护规范化（培育）市场（个）", "1~2"),
        ("", "知识产权保护权利人满意度（分）", "80"),
        ("知识产权治理", "申报或建设知识产权强国建设试点城市、强县（个）", "1~2"),
        ("", "新增知识产权示范试点园区（个）", "1~2"),
        ("", "新增知识产权贯标企业（家）", "5~10"),
        ("知识产权服务", "知识产权服务机构总数（家）", "4"),
        ("", "新增知识产权公共服务平台（个）", "1"),
        ("", "新增专利代理师", "3"),
        ("知识产权人才", "知识产权业务培训（人次）", "2000"),
        ("", "新增通过专利代理师资格考试人员数量（人）", "2"),
        ("", "新增知识产权智库（个）", "1"),
    ),
    (3, 3, 4, 3, 3, 3),
)

# 朔州市人民政府办公室，朔政办发〔2021〕38号，“二、发展目标”；文件没有指标表。
SHUOZHOU = Printed(
    "朔州市全面推进知识产权强市建设行动方案",
    "朔政办发〔2021〕38号　2021年9月7日印发",
    "二、发展目标",
    ("指标", "到2025年目标"),
    (
        ("全市有效发明专利拥有量", "200件"),
        ("全市有效注册商标", "7000件"),
        ("登记农产品地理标志", "13件"),
        ("地理标志商标、地理标志产品", "10件"),
        ("知识产权主要数据指标在全省的位次", "进入全省中等行列"),
    ),
)

# 包头市市场监督管理局，包市监发（2021）369号，规划正文的指标表；表上没有印表题。
BAOTOU = Printed(
    "包头市“十四五”知识产权保护和运用规划",
    "包市监发（2021）369号　2021年12月22日印发",
    "主要指标",
    ("指 标", "2020年", "2025年", "属性", "备注"),
    (
        ("每万人高价值发明专利拥有量(件)", "2.04", "4.1", "预期性", "按照年均增长率15%计算"),
        ("专利授权量(件)", "3040", "8000", "预期性", "按照年均增长率21.35%计算"),
        ("有效注册商标总量(件)", "28266", "62000", "预期性", "按照年均增长率17%计算"),
        ("地理标志数量", "18", "26", "预期性", "按照年均增长率7.63%计算"),
        ("版权登记数量", "200", "356", "预期性", "按照年均增长率12.22%计算"),
        (
            "年度知识产权质押融资登记金额(亿元)",
            "3.17",
            "10.7",
            "预期性",
            "按照年均增长率27.5%计算",
        ),
        ("知识产权维权援助和调解案件量", "70", "214", "预期性", "按照年均增长率25%计算"),
        ("知识产权从业人员数量(人)", "120", "241", "预期性", "按照年均增长率15%计算"),
        ("稀土产业规上企业专利拥有率(%)", "-", "100", "约束性", "-"),
        ("重点农牧企业、服务企业商标拥有率(%)", "-", "100", "约束性", "-"),
    ),
)
PAPERS = {
    "赤峰市": CHIFENG,
    "鄂尔多斯市": ORDOS,
    "通辽市": TONGLIAO,
    "朔州市": SHUOZHOU,
    "包头市": BAOTOU,
}
TITLE, ORIGIN, TABLE_TITLE, HEADINGS = 1, 2, 3, 6
"""Rows of a sheet, counted as Excel does."""


@pytest.fixture(scope="module")
def book(demo: Workspace) -> Any:
    published = json.loads((demo.home / "published/manifest.json").read_text(encoding="utf-8"))
    path: Path = demo.home / "releases" / published["release_id"] / "exports/plan_tables.xlsx"
    return load_workbook(path)


def seen(cell: Any) -> str:
    """What Excel shows of a cell: a number by its format, which here only counts the decimals."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        return cell.value
    places = cell.number_format.partition(".")[2].count("0")
    return f"{cell.value:.{places}f}"


@pytest.mark.parametrize("city", PAPERS)
def test_a_sheet_is_its_paper(book: Any, city: str) -> None:
    paper, sheet = PAPERS[city], book[city]
    width = len(paper.headings)
    assert (sheet.cell(TITLE, 1).value, sheet.cell(ORIGIN, 1).value) == (paper.title, paper.origin)
    assert sheet.cell(TABLE_TITLE, 1).value == paper.table_title
    assert tuple(sheet.cell(HEADINGS, n + 1).value for n in range(width)) == paper.headings
    found = [
        tuple(seen(sheet.cell(HEADINGS + 1 + n, column + 1)) for column in range(width))
        for n in range(len(paper.rows))
    ]
    assert found == list(paper.rows)
    below = sheet.cell(HEADINGS + 1 + len(paper.rows), 1).value
    assert not below, "a row that the document does not print"
    spans = sorted(
        (one.min_row, one.max_row - one.min_row + 1)
        for one in sheet.merged_cells.ranges
        if one.min_col == one.max_col == 1 and one.min_row > HEADINGS
    )
    assert tuple(count for _, count in spans) == tuple(paper.merged)


@pytest.mark.parametrize("city", PAPERS)
def test_a_plain_number_of_the_paper_is_a_number_of_the_sheet(book: Any, city: str) -> None:
    paper, sheet = PAPERS[city], book[city]
    for n, row in enumerate(paper.rows):
        for column, text in enumerate(row):
            value = sheet.cell(HEADINGS + 1 + n, column + 1).value
            is_number = text.replace(".", "", 1).isdigit()
            assert isinstance(value, int | float) is is_number, (city, text)
