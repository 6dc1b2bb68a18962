"""The workbook of a release: a sheet per plan as its document prints it, counties, coverage."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from sources.vocabulary import TARGET_STATUS_ZH, said
from warehouse.exports.bundle import Source, Written
from warehouse.exports.page import Entry
from warehouse.exports.plan_figures import decimals_of, remark, shown
from warehouse.exports.plan_layout import PlanColumn, PlanTable
from warehouse.exports.printing import NONE_ZH, plain_text, printed
from warehouse.exports.records import CODE_LABEL_ZH
from warehouse.exports.sheet import Styles, new_workbook, on_paper, text_width, write_entry
from warehouse.exports.workbook_lists import LISTS, NOTES, cells_in, write_lists, write_notes
from warehouse.queries.row_names import period_words

WORKBOOK = "plan_tables.xlsx"
OURS = ("实际", "报告期", "应达到", "完成率（%）", "状态", "报齐", "说明")
"""What is told beside a document's own columns."""
FIRST_ROW = 6
_OURS_WIDTH, _WIDEST, _LINE = 13, 34, 18
_PLAIN_NUMBER = re.compile(r"\d+(\.\d+)?")
_LEFT = ("indicator_zh", "remark_zh")


def write_workbook(source: Source, folder: Path) -> Sequence[Written]:
    """The workbook, its rows counted again from the file."""
    target = io.BytesIO()
    book = new_workbook(target, source.record.code, "规划指标表")
    styles = Styles(book)
    names = sheet_names(source.tables)
    for table in source.tables:
        _plan_sheet(book, book.add_worksheet(names[table.code]), styles, source, table)
    selected = write_lists(book, styles, source)
    book.close()
    path = folder / WORKBOOK
    path.write_bytes(target.getvalue())
    selected += sum(len(table.rows) for table in source.tables)
    return [Written(path, selected, _rows_in(path, set(names.values())))]


def plan_workbook(source: Source) -> bytes:
    """The workbook of a source's plans alone: their sheets and 说明."""
    target = io.BytesIO()
    book = new_workbook(target, source.record.code, "规划指标表")
    styles = Styles(book)
    names = sheet_names(source.tables)
    for table in source.tables:
        _plan_sheet(book, book.add_worksheet(names[table.code]), styles, source, table)
    write_notes(book.add_worksheet(NOTES), styles, source)
    book.close()
    return target.getvalue()


def sheet_names(tables: Iterable[PlanTable]) -> dict[str, str]:
    """A sheet's name for each plan: its city, with the plan's code where a city has several."""
    names: dict[str, str] = {}
    for table in tables:
        city = re.sub(r"[\[\]:*?/\\']", "", str(table.plan["city_name_zh"] or table.code)).strip()
        name = city[:31] or table.code[:31]
        if name.lower() in {one.lower() for one in names.values()} or name in LISTS:
            name = re.sub(r"[\[\]:*?/\\']", "", table.code)[:31]
        number = 2
        while name.lower() in {one.lower() for one in names.values()}:
            name, number = f"{name[:27]}_{number}", number + 1
        names[table.code] = name
    return names


def _plan_sheet(book: Any, sheet: Any, styles: Styles, source: Source, table: PlanTable) -> None:
    own = len(table.columns)
    last = own + len(OURS) - 1
    _titles(sheet, styles, source, table, last)
    widths = _widths(table)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for column, heading in enumerate((*(one.heading_zh for one in table.columns), *OURS)):
        sheet.write_string(FIRST_ROW - 1, column, heading, styles.head)
    for number, row in enumerate(table.rows, start=FIRST_ROW):
        entries = [*(_printed(one, row) for one in table.columns), *_ours(row, source.release_id)]
        lines = max(
            math.ceil((text_width(entry.text) + 1) / width)
            for entry, width in zip(entries, widths, strict=True)
        )
        sheet.set_row(number, _LINE if lines < 2 else 14 * lines + 4)
        for column, entry in enumerate(entries):
            is_left = column == last or (
                column < own and table.columns[column].field_name in _LEFT
            )  # fmt: skip
            form = styles.text if is_left else styles.center
            write_entry(sheet, number, column, entry, styles, form, is_plain=column < own)
    _merge_categories(sheet, styles, table)
    end = FIRST_ROW + len(table.rows)
    if not table.rows:
        sheet.merge_range(end, 0, end, last, "", styles.text)
        sheet.write_string(end, 0, "本规划没有可以列出的指标。", styles.text)
        end += 1
    room = sum(widths)
    for text in _notes_under(source, table):
        end += 1
        sheet.merge_range(end, 0, end, last, "", styles.note)
        sheet.write_string(end, 0, plain_text(text), styles.note)
        sheet.set_row(end, 14 * math.ceil(text_width(text) / room) + 2)
    if any(row["completion_pct"] is not None for row in table.rows):
        _chart(book, sheet, table, end + 2)
    on_paper(sheet, (FIRST_ROW - 1, FIRST_ROW - 1), source.stamp_zh)
    named = [n for n, one in enumerate(table.columns) if one.field_name == "indicator_zh"]
    sheet.freeze_panes(FIRST_ROW, named[0] + 1 if named else 0)


def _titles(sheet: Any, styles: Styles, source: Source, table: PlanTable, last: int) -> None:
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


def _notes_under(source: Source, table: PlanTable) -> list[str]:
    own = len(table.columns)
    told = [f"左起 {own} 列按文件原样；其后为本系统所报实际情况。{NONE_ZH} 表示无数，不是零。"]
    if table.sentences_zh:
        told.append(f"文件没有指标表，左起 {own} 列取自正文：{table.sentences_zh}。")
    return [*told, f"{CODE_LABEL_ZH}：{source.record.code}（qiangshi verify {source.record.code}）"]


def _printed(column: PlanColumn, row: Any) -> Entry:
    """A cell of the document: a plain number is a number, with the decimals it is printed with."""
    text = column.text(row)
    if not _PLAIN_NUMBER.fullmatch(text):
        return Entry(text)
    return Entry(text, Decimal(text), len(text.partition(".")[2]))


def _ours(row: Any, release_id: str) -> list[Entry]:
    decimals, completion = decimals_of(row), row["completion_pct"]
    return [
        _number(shown(row, "actual_value"), decimals),
        Entry(period_words(row["period_code"]) if row["period_code"] else NONE_ZH),
        _number(shown(row, "expected_value"), decimals),
        _number(None if completion is None else printed(completion, 1), 1),
        Entry(said(TARGET_STATUS_ZH, row["status_code"])),
        Entry(shown(row, "coverage") or NONE_ZH),
        Entry(remark(row, release_id)),
    ]


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


def _widths(table: PlanTable) -> list[float]:
    widths = []
    for printed_column in table.columns:
        texts = [printed_column.heading_zh, *(printed_column.text(row) for row in table.rows)]
        widths.append(min(max(max(map(text_width, texts)) + 3, 9), 56))
    return widths + [_WIDEST if heading == "说明" else _OURS_WIDTH for heading in OURS]


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
            "gap": 60,
            "data_labels": {"value": True, "font": {"size": 9}},
        }
    )
    chart.set_title({"name": f"{table.table_title_zh}：完成率（%）", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    # Every bar keeps its name, however many there are.
    chart.set_y_axis({"reverse": True, "interval_unit": 1, "num_font": {"size": 9}})
    chart.set_x_axis(
        {
            "min": 0,
            "num_format": "0",
            "num_font": {"size": 9},
            "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}},
        }
    )
    chart.set_size({"width": 900, "height": 90 + 19 * len(table.rows)})
    sheet.insert_chart(row, 0, chart, {"description": f"{table.title_zh}各项目标的完成率"})


def _rows_in(path: Path, plan_sheets: set[str]) -> int:
    """Rows that stand in the file: of plans below the headings, of lists what they were made of."""
    book = load_workbook(path, read_only=True)
    counted = 0
    for sheet in book.worksheets:
        if sheet.title in plan_sheets:
            rows = sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True)
            for row in rows:
                if row[-1] is None and all(one is None for one in row[1:]):
                    break
                counted += 1
        else:
            counted += cells_in(sheet)
    book.close()
    return counted
