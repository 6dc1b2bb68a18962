"""Tiny literal definitions and forms for the tests of this room."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import xlsxwriter

from sources.definitions import KEYS, SEEDS, Definitions

Row = Sequence[object]

FORMS = [
    # code, version, number, frequency, kind, calendar, layout, from, to
    ("T-M1", "1", "测月1表", "month", "template", "M", "L-M-1", "2020-01-01", "2024-01-01"),
    ("T-M1", "2", "测月1表", "month", "template", "M", "L-M", "2024-01-01", None),
    ("T-C1", "1", "测市1表", "month", "template", "M", "L-M", "2020-01-01", None),
    ("P-M1", "1", None, "month", "authority", "M", "L-R", "2000-01-01", None),
    ("P-M2", "1", None, "month", "authority", "M", "L-R5", "2000-01-01", None),
    ("P-N1", "1", None, "year", "authority", "M", "L-P", "2000-01-01", None),
]
ROWS = [
    # order, row code, section, item, unit, value columns
    (1, "01", "一、创造", "专利授权量", "件", ("current", "ytd")),
    (2, "02", "一、创造", "  其中：发明", "件", ("current",)),
    (3, "03", "二、运用", "质押融资金额", "万元", ("current",)),
]
LAYOUT = [
    # layout, order, role, value column, header, aliases, required
    ("L-M", "1", "item", None, "指标名称", "指标|项目", "true"),
    ("L-M", "2", "row_code", None, "代码", "行次", "true"),
    ("L-M", "3", "unit", None, "计量单位", "单位", "true"),
    ("L-M", "4", "value", "current", "本月", "本月数", "true"),
    ("L-M", "5", "value", "ytd", "1—本月累计", "本年累计", "true"),
    ("L-M", "6", "remark", None, "备注", None, "false"),
    ("L-M-1", "1", "item", None, "指标名称", "指标|项目", "true"),
    ("L-M-1", "2", "row_code", None, "代码", "行次", "true"),
    ("L-M-1", "3", "unit", None, "计量单位", "单位", "true"),
    ("L-M-1", "4", "value", "ytd", "自年初累计", None, "true"),
    ("L-M-1", "5", "value", "current", "本月实际", None, "true"),
    ("L-R", "1", "item", None, "patent_kind", None, "true"),
    ("L-R", "2", "item", None, "applicant_kind", None, "true"),
    ("L-R", "3", "value", "current", "count", None, "true"),
    ("L-P", "1", "item", None, "item", None, "true"),
    ("L-P", "2", "value", "current", "value", None, "true"),
    *(("L-R", str(place), "remark", None, name, None, "false")
      for place, name in enumerate(("release_id", "published_on", "period_start", "period_end",
                                    "region_code", "region_name", "note"), 4)),
    *(("L-P", str(place), "remark", None, name, None, "false")
      for place, name in enumerate(("item_as_printed", "as_of", "unit", "reading", "source"), 3)),
    ("L-R5", "1", "item", None, "patent_kind", "专利类型", "true"),
    *(("L-R5", str(place), "value", who, who, None, "true")
      for place, who in enumerate(("企业", "大专院校", "科研机构", "机关团体", "个人", "合计"), 2)),
    *(("L-R5", str(place), "remark", None, name, alias, "false")
      for place, (name, alias) in enumerate((("period_start", "起始日期"),
                                             ("period_end", "截止日期"),
                                             ("region_code", "地区代码"),
                                             ("region_name", "地区")), 8)),
]  # fmt: skip
UNITS = [
    ("900000", "甲自治区", "region", "900000", None),
    ("900100", "乙市", "city", "900100", "乙"),
    ("900200", "丙市", "city", "900200", None),
    ("900101", "丁区", "county", "900100", "丁"),
    ("900102", "戊县", "county", "900100", None),
]
FIVE = {"企业": "职务", "大专院校": "职务", "科研机构": "职务", "机关团体": "职务",
        "个人": "非职务", "合计": "合计"}  # fmt: skip
SERIES = [
    *((kind, who) for kind in ("发明", "外观设计", "合计") for who in ("职务", "非职务", "合计"))
]


def _header(table: str) -> list[str]:
    with (SEEDS / f"{table}.csv").open(encoding="utf-8") as handle:
        return next(csv.reader(handle))


def _frame(table: str, rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    columns = _header(table)
    texts = [[None if row.get(c) is None else str(row[c]) for c in columns] for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String), orient="row")


def small_definitions(
    holidays: Sequence[tuple[str, bool]] = (), calendar: Sequence[dict[str, object]] = ()
) -> Definitions:
    """One monthly form in two versions, two counties, and two published tables."""
    tables = {name: _frame(name, []) for name in KEYS}
    tables["reading_marks"] = Definitions.load().table("reading_marks")
    names = ("form_code", "form_version", "form_number", "frequency", "form_kind",
             "calendar_code", "layout_code", "valid_from", "valid_to")  # fmt: skip
    tables["forms"] = _frame(
        "forms", [dict(zip(names, form, strict=True), form_zh="测试月报") for form in FORMS]
    )
    tables["form_elements"] = _frame("form_elements", [
        {"form_code": form, "form_version": version, "row_order": order, "row_code": code,
         "section_zh": section, "item_zh": item, "value_column": column,
         "element_code": f"e{code}_{column}", "unit_zh": unit, "unit_factor": "1",
         "is_required": "true", "decimals": "0"}
        for form, version in (("T-M1", "1"), ("T-M1", "2"), ("T-C1", "1"))
        for order, code, section, item, unit, columns in ROWS
        for column in columns
    ])  # fmt: skip
    layout_names = ("layout_code", "column_order", "column_role", "value_column", "header_zh",
                    "aliases_zh", "is_required")  # fmt: skip
    tables["layouts"] = _frame(
        "layouts", [dict(zip(layout_names, row, strict=True)) for row in LAYOUT]
    )
    unit_names = ("unit_code", "unit_name_zh", "level", "city_code", "aliases_zh")
    tables["units"] = _frame("units", [
        {**dict(zip(unit_names, unit, strict=True)), "is_partition_member": "true"}
        for unit in UNITS
    ])  # fmt: skip
    tables["plans"] = _frame("plans", [{"plan_code": "p", "city_code": "900100"}])
    tables["form_assignments"] = _frame("form_assignments", [
        {"form_code": "T-M1", "unit_level": "county", "first_period_start": "2021-01-01"}
    ])  # fmt: skip
    tables["authority_series"] = _frame("authority_series", [
        *({"series_code": "REL", "form_code": "P-M1", "item_key": f"{kind}/{who}",
           "element_code": f"{kind}·{who}", "period_type": "month", "unit_factor": "1"}
          for kind, who in SERIES),
        *({"series_code": "REL-5", "form_code": "P-M2", "item_key": f"{kind}/{who}",
           "element_code": f"{kind}·{element}", "period_type": "month", "unit_factor": "1"}
          for kind in ("发明", "外观设计", "合计") for who, element in FIVE.items()),
        {"series_code": "NEWS", "form_code": "P-N1", "item_key": "grants",
         "element_code": "grants_all_time", "period_type": "year", "unit_factor": "1"},
    ])  # fmt: skip
    tables["holidays"] = _frame("holidays", [
        {"holiday_date": day, "is_workday": "true" if works else "false"}
        for day, works in holidays
    ])  # fmt: skip
    tables["calendar"] = _frame("calendar", list(calendar))
    return Definitions(tables)


IDENTITY = {"form_code": "T-M1", "form_version": "2", "unit_code": "900101",
            "period_code": "2025-03", "layout_code": "L-M", "is_synthetic": "false"}  # fmt: skip

SHEET: list[list[object]] = [
    ["测试月报"],
    ["填报单位：", "丁区", None, None, "表号：", "测月1表"],
    ["单位代码：", "900101"],
    ["报告期：", "2025年3月"],
    ["零报告：", "否"],
    ["指标名称", "代码", "计量单位", "本月", "1—本月累计", "备注"],
    ["一、创造"],
    ["专利授权量", "01", "件", 12, 30],
    ["  其中：发明", "02", "件", 5],
    ["二、运用"],
    ["质押融资金额", "03", "万元", 1500.5],
    ["单位负责人：", "某甲", None, None, "填表人：", "某乙"],
    ["联系电话：", "0000-000000"],
]
HEADER = 5

# The same form as its first version had it, for periods before 2024: other headings, another order.
OLD_SHEET: list[list[object]] = [
    *SHEET[:3],
    ["报告期：", "2023年11月"],
    SHEET[4],
    ["指标名称", "代码", "计量单位", "自年初累计", "本月实际"],
    ["专利授权量", "01", "件", 30, 12],
    ["  其中：发明", "02", "件", None, 5],
    ["质押融资金额", "03", "万元", None, 1500.5],
    *SHEET[11:],
]


def sheet_with(**changes: object) -> list[list[object]]:
    """The good sheet with single cells changed, by address: `sheet_with(D8="x")`."""
    rows = [list(row) for row in SHEET]
    for place, value in changes.items():
        column, row_no = ord(place[0]) - 65, int(place[1:]) - 1
        rows[row_no] += [None] * (column + 1 - len(rows[row_no]))
        rows[row_no][column] = value
    return rows


def as_xlsx(
    rows: Sequence[Row], identity: dict[str, str] | None = IDENTITY, sheet: str = "表"
) -> bytes:
    """Rows as a workbook, with the hidden sheet unless `identity` is None."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet(sheet)
    for row_no, row in enumerate(rows):
        for column_no, value in enumerate(row):
            if value is not None:
                page.write(row_no, column_no, value)
    if identity is not None:
        hidden = book.add_worksheet("_qiangshi")
        for row_no, pair in enumerate(identity.items()):
            hidden.write_row(row_no, 0, pair)
        hidden.very_hidden()
    book.close()
    return target.getvalue()


def as_csv(rows: Sequence[Row], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Rows as delimited text."""
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode(encoding)


def written(folder: Path, name: str, data: bytes) -> Path:
    """A file with some bytes."""
    path = folder / name
    path.write_bytes(data)
    return path
