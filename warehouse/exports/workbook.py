"""The workbook of a release: a sheet per plan as its document prints it, counties, coverage."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from sources.vocabulary import RELEASE_KIND_ZH, TARGET_STATUS_MEANING_ZH, TARGET_STATUS_ZH, said
from warehouse.exports.bundle import Source, Written
from warehouse.exports.page import Entry
from warehouse.exports.plan_figures import remark, shown
from warehouse.exports.plan_layout import PlanTable
from warehouse.exports.printing import NONE_ZH, plain_text, printed, rounded
from warehouse.exports.records import CODE_LABEL_ZH
from warehouse.exports.sheet import A4, Styles, new_workbook, text_width, write_entry

WORKBOOK = "plan_tables.xlsx"
OURS = ("实际", "报告期", "应达到", "完成率（%）", "状态", "报齐", "说明")
"""What is told beside a document's own columns."""
FIRST_ROW = 6
_CHART_ROWS = 18
_WIDEST = 30

COUNTIES_SQL = """
select found.city_code, cities.city_name_zh, found.unit_code, found.unit_name_zh,
    found.indicator_code, found.indicator_zh, found.unit_zh, found.period_code, found.value,
    found.is_provisional, found.value_reason_zh, indicators.decimals, indicators.rounding_mode
from marts.unit_indicators as found
inner join marts.indicators as indicators using (indicator_code)
inner join (select distinct city_code, city_name_zh from marts.city_indicators) as cities
    on found.city_code = cities.city_code
where found.is_partition_member and found.is_additive and found.period_type = 'year'
    and found.period_code = (
        select max(period_code) from marts.city_indicators
        where period_type = 'year' and period_end <= (select as_of from marts.release)
    )
order by found.city_code, found.indicator_code, found.unit_code
"""
"""Additive indicators of each city's members in the last ended year: their sum is the city's."""

COVERAGE_SQL = """
select rates.city_code, rates.unit_code, units.unit_name_zh, rates.form_code, rates.period_code,
    rates.due_at, rates.received_at, rates.is_received, rates.is_on_time, rates.is_accepted,
    rates.expected_cells, rates.filled_cells
from marts.reporting_rates as rates
left join marts.units as units using (unit_code)
where rates.is_expected and rates.due_at <= (select as_of + interval 1 day from marts.release)
    and rates.period_end > (select as_of - interval 13 month from marts.release)
order by rates.city_code, rates.form_code, rates.period_code, rates.unit_code
"""
"""What was due within the last thirteen months, and what came."""


def write_workbook(source: Source, folder: Path) -> Sequence[Written]:
    """The workbook, its rows counted again from the file."""
    target = io.BytesIO()
    book = new_workbook(target, source.record.code, "规划指标表")
    styles = Styles(book)
    names = sheet_names(source.tables)
    for table in source.tables:
        _plan_sheet(book, book.add_worksheet(names[table.code]), styles, source, table)
    counties, coverage = source.ask(COUNTIES_SQL), source.ask(COVERAGE_SQL)
    _counties(book.add_worksheet("旗县区"), styles, counties)
    _coverage(book.add_worksheet("报送情况"), styles, coverage)
    _notes(book.add_worksheet("说明"), styles, source)
    book.close()
    path = folder / WORKBOOK
    path.write_bytes(target.getvalue())
    selected = sum(len(table.rows) for table in source.tables) + len(counties) + len(coverage)
    return [Written(path, selected, _rows_in(path, set(names.values())))]


def plan_workbook(source: Source) -> bytes:
    """The workbook of a source's plans alone: their sheets and 说明."""
    target = io.BytesIO()
    book = new_workbook(target, source.record.code, "规划指标表")
    styles = Styles(book)
    names = sheet_names(source.tables)
    for table in source.tables:
        _plan_sheet(book, book.add_worksheet(names[table.code]), styles, source, table)
    _notes(book.add_worksheet("说明"), styles, source)
    book.close()
    return target.getvalue()


def sheet_names(tables: Iterable[PlanTable]) -> dict[str, str]:
    """A sheet's name for each plan: its city, with the plan's code where a city has several."""
    names: dict[str, str] = {}
    for table in tables:
        city = re.sub(r"[\[\]:*?/\\']", "", str(table.plan["city_name_zh"] or table.code)).strip()
        name = city[:31] or table.code[:31]
        if name.lower() in {one.lower() for one in names.values()} or name in _OTHERS:
            name = re.sub(r"[\[\]:*?/\\']", "", table.code)[:31]
        number = 2
        while name.lower() in {one.lower() for one in names.values()}:
            name, number = f"{name[:27]}_{number}", number + 1
        names[table.code] = name
    return names


_OTHERS = ("旗县区", "报送情况", "说明")


def _plan_sheet(book: Any, sheet: Any, styles: Styles, source: Source, table: PlanTable) -> None:
    own = len(table.columns)
    last = own + len(OURS) - 1
    for place, (text, form) in enumerate(
        (
            (table.title_zh, styles.title),
            (table.origin_zh, styles.under),
            (table.table_title_zh, styles.caption),
            (source.stamp_zh, styles.under),
        )
    ):
        sheet.merge_range(place, 0, place, last, "", form)
        sheet.write_string(place, 0, plain_text(text), form)
    sheet.set_row(0, 28)
    sheet.set_row(2, 20)
    for column, heading in enumerate((*(one.heading_zh for one in table.columns), *OURS)):
        sheet.write_string(FIRST_ROW - 1, column, heading, styles.head)
    for number, row in enumerate(table.rows, start=FIRST_ROW):
        sheet.set_row(number, 18)
        for column, printed_column in enumerate(table.columns):
            text = printed_column.text(row)
            form = styles.text if column == 0 or not text[:1].isdigit() else styles.right
            sheet.write_string(number, column, plain_text(text), form)
        for column, entry in enumerate(_ours(row, source.release_id), start=own):
            form = styles.text if column == last else styles.center
            write_entry(sheet, number, column, entry, styles, form)
    _merge_categories(sheet, styles, table)
    end = FIRST_ROW + len(table.rows)
    if not table.rows:
        sheet.merge_range(end, 0, end, last, "", styles.text)
        sheet.write_string(end, 0, "本规划没有可以列出的指标。", styles.text)
    lines = (
        f"左起 {own} 列按文件原样；其后为本系统所报实际情况。{NONE_ZH} 表示无数，不是零。",
        f"{CODE_LABEL_ZH}：{source.record.code}（qiangshi verify {source.record.code}）",
    )
    for offset, text in enumerate(lines, start=1):
        sheet.merge_range(end + offset, 0, end + offset, last, "", styles.note)
        sheet.write_string(end + offset, 0, text, styles.note)
    _widths(sheet, table)
    if any(row["completion_pct"] is not None for row in table.rows):
        _chart(book, sheet, table, end + 4)
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW - 1)
    sheet.freeze_panes(FIRST_ROW, 0)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _ours(row: Any, release_id: str) -> list[Entry]:
    actual = row["actual_printed"] if row["actual_value"] is not None else None
    completion, expected = row["completion_pct"], row["expected_value"]
    decimals = len(actual.partition(".")[2]) if actual else 0
    told = [
        _number(actual, decimals),
        Entry(str(row["period_code"] or NONE_ZH)),
        Entry(NONE_ZH) if expected is None else _number(printed(expected, decimals), decimals),
        Entry(NONE_ZH) if completion is None else _number(printed(completion, 1), 1),
        Entry(said(TARGET_STATUS_ZH, row["status_code"])),
        Entry(shown(row, "coverage") or NONE_ZH),
        Entry(remark(row, release_id)),
    ]
    return told


def _number(text: str | None, decimals: int) -> Entry:
    return Entry(NONE_ZH) if text is None else Entry(text, Decimal(text), decimals)


def _merge_categories(sheet: Any, styles: Styles, table: PlanTable) -> None:
    """Categories are printed once over their rows, as documents print them."""
    for column, printed_column in enumerate(table.columns):
        if printed_column.field_name != "category_zh":
            continue
        for first, count in table.category_spans():
            if count > 1:
                top = FIRST_ROW + first
                sheet.merge_range(top, column, top + count - 1, column, "", styles.center)
                text = plain_text(printed_column.text(table.rows[first]))
                sheet.write_string(top, column, text, styles.center)


def _widths(sheet: Any, table: PlanTable) -> None:
    for column, printed_column in enumerate(table.columns):
        texts = [printed_column.heading_zh, *(printed_column.text(row) for row in table.rows)]
        sheet.set_column(column, column, min(max(map(text_width, texts)) + 2, 48))
    for column, heading in enumerate(OURS, start=len(table.columns)):
        sheet.set_column(column, column, _WIDEST if heading == "说明" else 12)


def _chart(book: Any, sheet: Any, table: PlanTable, row: int) -> None:
    """A native bar chart of completion, one bar per target, in the order of the table."""
    name = sheet.get_name()
    named = next((n for n, one in enumerate(table.columns) if one.field_name == "indicator_zh"), 0)
    completion = len(table.columns) + OURS.index("完成率（%）")
    last = FIRST_ROW + len(table.rows) - 1
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "完成率（%）",
            "categories": [name, FIRST_ROW, named, last, named],
            "values": [name, FIRST_ROW, completion, last, completion],
            "fill": {"color": "#2F6DA3"},
            "data_labels": {"value": True},
        }
    )
    chart.set_title({"name": f"{table.table_title_zh}：完成率（%）", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}})
    chart.set_size({"width": 900, "height": 100 + 19 * len(table.rows)})
    sheet.insert_chart(row, 0, chart, {"description": f"{table.title_zh}各项目标的完成率"})


def _list(sheet: Any, styles: Styles, headings: Sequence[str], rows: list[list[Entry]]) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, styles.head)
        texts = [heading, *(entries[column].text for entries in rows[:500])]
        sheet.set_column(column, column, min(max(map(text_width, texts)) + 2, 40))
    for number, entries in enumerate(rows, start=1):
        for column, entry in enumerate(entries):
            write_entry(sheet, number, column, entry, styles, styles.text)
    sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
    sheet.freeze_panes(1, 0)
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _counties(sheet: Any, styles: Styles, rows: list[dict[str, Any]]) -> None:
    headings = ("城市", "单位", "指标", "计量单位", "报告期", "数值", "说明")
    told = []
    for row in rows:
        decimals = int(row["decimals"] or 0)
        number = rounded(row["value"], decimals, row["rounding_mode"] or "half_up")
        text = printed(row["value"], decimals, row["rounding_mode"] or "half_up")
        why = row["value_reason_zh"] or ("初步数" if row["is_provisional"] else "")
        told.append([
            Entry(str(row["city_name_zh"])), Entry(str(row["unit_name_zh"])),
            Entry(str(row["indicator_zh"])), Entry(str(row["unit_zh"] or "")),
            Entry(str(row["period_code"])), Entry(text, number, decimals), Entry(str(why)),
        ])  # fmt: skip
    _list(sheet, styles, headings, told)


def _coverage(sheet: Any, styles: Styles, rows: list[dict[str, Any]]) -> None:
    headings = ("单位", "报表", "报告期", "应报时间", "已报", "按时", "已接收", "应填", "已填")
    told = []
    for row in rows:
        told.append([
            Entry(str(row["unit_name_zh"] or row["unit_code"])), Entry(str(row["form_code"])),
            Entry(str(row["period_code"])), Entry(f"{row['due_at']:%Y-%m-%d}"),
            *(Entry("是" if row[name] else "否")
              for name in ("is_received", "is_on_time", "is_accepted")),
            *(Entry(str(row[name] or 0), Decimal(row[name] or 0))
              for name in ("expected_cells", "filled_cells")),
        ])  # fmt: skip
    _list(sheet, styles, headings, told)


def _notes(sheet: Any, styles: Styles, source: Source) -> None:
    held = "、".join(str(city["city_code"]) for city in source.manifest["held_cities"])
    lines = [
        ("发布号", source.release_id),
        ("类别", said(RELEASE_KIND_ZH, source.manifest["kind"])),
        ("截至", str(source.manifest["as_of"])),
        ("数据性质", "演示数据，非真实统计" if source.is_synthetic else "真实填报数据"),
        ("被拦下、沿用上一版的城市", held or "无"),
        (CODE_LABEL_ZH, source.record.code),
        ("无数的表示", f"{NONE_ZH}；无数不是零"),
        ("报齐", "9/10 为应报十个单位中九个已报；未报齐的数不作结论"),
        ("完成率", "实际值与目标之比；没有意义的不列"),
        ("应达到", "按文件或登记的分年度路径，到报告期应达到的值"),
        *(
            (f"状态：{word}", TARGET_STATUS_MEANING_ZH[code])
            for code, word in TARGET_STATUS_ZH.items()
        ),
    ]
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 80)
    for number, (name, text) in enumerate(lines):
        sheet.write_string(number, 0, name, styles.head)
        sheet.write_string(number, 1, plain_text(text), styles.text)


def _rows_in(path: Path, plan_sheets: set[str]) -> int:
    """Rows that stand in the file: of plans below the headings, of lists below the first row."""
    book = load_workbook(path, read_only=True)
    counted = 0
    for sheet in book.worksheets:
        if sheet.title in plan_sheets:
            rows = sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True)
            for row in rows:
                if row[-1] is None and all(one is None for one in row[1:]):
                    break
                counted += 1
        elif sheet.title in _OTHERS[:2]:
            counted += sum(1 for row in sheet.iter_rows(min_row=2, values_only=True) if any(row))
    book.close()
    return counted
