"""The queue as an Excel workbook: what waits, and three open columns for the decision.

Every text is written as text and marked so, whatever it begins with: what a county filed is never
a formula here, nor after a clerk has clicked into the cell. All other columns are protected; what
names a row is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import IO

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from sources.definitions import Definitions
from sources.templates.styles import lines_of
from warehouse.queue.acting import VERBS
from warehouse.queue.rows import QueueRow

SHEET = "待办"
CHOICES_SHEET = "_choices"
HEADER_ROW = 3
DECISION, REASON_KIND, REASON = "处理", "原因类别", "理由"
SUBMISSION, FINDING, CORRECTION, COUNTER = "报送件", "问题编号", "更正编号", "核对号"
KEYS = (SUBMISSION, FINDING, CORRECTION, COUNTER)
"""Columns by which a row is known again; hidden except the submission."""
OUTCOME = "结果"
NOTICE_ZH = "本表仅供内部使用。填写浅黄色的三栏后用“待办导入”交回；留空的行不处理。"
DEMO_ZH = "【演示数据】"

_COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("类别", 8, "kind_zh"),
    ("单位", 13, "unit_zh"),
    ("报表", 18, "form_zh"),
    ("报告期", 11, "period_zh"),
    ("状态", 11, "state_zh"),
    ("级别", 9, "severity_zh"),
    ("规则", 7, "rule_id"),
    ("位置", 10, "place"),
    ("指标", 15, "element_zh"),
    ("报送值", 13, "value_text"),
    ("应为", 13, "expected_text"),
    ("问题", 34, "message_zh"),
    ("建议", 22, "advice_zh"),
)
_OPEN = ((DECISION, 11), (REASON_KIND, 13), (REASON, 30))
_LINE_POINTS, _MOST_POINTS = 13.5, 200.0
_LOCKED = {
    "autofilter": True,
    "sort": True,
    "format_columns": True,
    "format_rows": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}
_CELL = {"border": 1, "border_color": "#BFBFBF", "valign": "top", "text_wrap": True,
         "font_name": "宋体", "font_size": 10, "quote_prefix": True}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """For whom, when, and whether it is demo data."""

    login: str
    at: datetime
    is_synthetic: bool


def reason_kinds(definitions: Definitions) -> dict[str, str]:
    """Code by printed name of each kind of reason."""
    table = definitions.table("explanation_reasons").select("reason_zh", "reason_code")
    return dict(table.iter_rows())


def write_queue(
    rows: Sequence[QueueRow],
    definitions: Definitions,
    made: Made,
    target: Path | IO[bytes],
    outcomes: Mapping[int, str] | None = None,
) -> None:
    """Writes the queue; with `outcomes` (by place in `rows`) what became of each row beside it."""
    where = str(target) if isinstance(target, Path) else target
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(where, options)
    sheet = book.add_worksheet(SHEET)
    title = book.add_format({"font_name": "黑体", "font_size": 14})
    plain = book.add_format({"font_name": "宋体", "font_size": 10})
    mark = DEMO_ZH if made.is_synthetic else ""
    sheet.write_string(0, 0, f"{mark}待办（{len(rows)} 条）", title)
    sheet.write_string(1, 0, f"导出人 {made.login}，导出时间 {made.at:%Y-%m-%d %H:%M}", plain)
    sheet.write_string(2, 0, NOTICE_ZH, plain)
    _write_header(book, sheet, has_outcomes=outcomes is not None)
    locked = book.add_format(_CELL)
    entry = book.add_format({**_CELL, "quote_prefix": False, "locked": False,
                             "bg_color": "#FFF9E5", "num_format": "@"})  # fmt: skip
    for number, row in enumerate(rows):
        _write_row(sheet, HEADER_ROW + 1 + number, row, locked, entry)
        if outcomes is not None:
            told = outcomes.get(number, "")
            sheet.write_string(HEADER_ROW + 1 + number, _width(), told, locked)
    kinds = list(reason_kinds(definitions))
    _add_choices(book, sheet, rows, kinds)
    last = HEADER_ROW + max(1, len(rows))
    sheet.autofilter(HEADER_ROW, 0, last, _width() - 1)
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3: what a clerk reads beside the screen
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.protect("", _LOCKED)
    book.close()


def _width() -> int:
    return len(_COLUMNS) + len(_OPEN) + len(KEYS)


def _write_header(book: Workbook, sheet: Worksheet, *, has_outcomes: bool) -> None:
    style = book.add_format({**_CELL, "bold": True, "bg_color": "#DDE8F3", "align": "center",
                             "quote_prefix": False})  # fmt: skip
    headings = [(name, width) for name, width, _ in _COLUMNS] + list(_OPEN)
    headings += [(SUBMISSION, 24), (FINDING, 12), (CORRECTION, 12), (COUNTER, 8)]
    if has_outcomes:
        headings.append((OUTCOME, 46))
    for column, (name, width) in enumerate(headings):
        is_hidden = name in (FINDING, CORRECTION, COUNTER)
        sheet.set_column(column, column, width, None, {"hidden": is_hidden})
        sheet.write_string(HEADER_ROW, column, name, style)


def _write_row(sheet: Worksheet, at: int, row: QueueRow, locked: object, entry: object) -> None:
    lines = 1
    for column, (_, width, name) in enumerate(_COLUMNS):
        text = getattr(row, name)
        lines = max(lines, lines_of(text, width))
        sheet.write_string(at, column, text, locked)
    # Office programs do not grow a protected row by themselves.
    sheet.set_row(at, min(_MOST_POINTS, 4 + _LINE_POINTS * lines))
    first = len(_COLUMNS)
    for column in range(first, first + len(_OPEN)):
        sheet.write_blank(at, column, None, entry if row.verbs else locked)
    keys = (row.submission_id, row.finding_id, row.correction_id, str(row.version_counter))
    for column, text in enumerate(keys, start=first + len(_OPEN)):
        sheet.write_string(at, column, text or "", locked)


def _add_choices(
    book: Workbook, sheet: Worksheet, rows: Sequence[QueueRow], kinds: Sequence[str]
) -> None:
    """The drop-downs: each row offers what its account may decide on it."""
    choices = book.add_worksheet(CHOICES_SHEET)
    for number, text in enumerate(kinds):
        choices.write_string(number, 0, text)
    choices.hide()
    decision, kind = len(_COLUMNS), len(_COLUMNS) + 1
    start = HEADER_ROW + 1
    for offered, run in groupby(rows, key=lambda row: row.verbs):
        end = start + len(list(run)) - 1
        if offered:
            source = [VERBS[code].name_zh for code in offered]
            sheet.data_validation(
                start, decision, end, decision,
                {"validate": "list", "source": source, "error_title": "不能这样处理",
                 "error_message": f"可选：{'、'.join(source)}"},
            )  # fmt: skip
        if "explain" in offered:
            source_range = f"={CHOICES_SHEET}!$A$1:$A${len(kinds)}"
            sheet.data_validation(
                start, kind, end, kind,
                {"validate": "list", "source": source_range, "error_title": "没有这个类别",
                 "error_message": "请从下拉清单中选择，也可以留空。"},
            )  # fmt: skip
        start = end + 1
