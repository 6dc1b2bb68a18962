"""A fresh workbook made of the cells of a file that is no xlsx, or of none when it cannot be read.

Runs in the guarded child process only.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from expectations.answers.letter import Letter
from expectations.answers.marking import finished
from expectations.answers.sheet import write_text
from sources.numbers import number_as_text
from sources.readers.grid import Cell, column_letters

COPIED_ZH = (
    "原文件不是 xlsx 工作簿或结构特殊，本文件由原文件的单元格另行生成，格式与原文件不同；"
    "可在本文件中改正后报送。"
)
NOT_OPENED_ZH = "原文件未能打开，本文件只列审核结果；请按建议重新报送原来的报表。"
_HIDDEN_PREFIX = "_"


def copied_workbook(cells: list[Cell], letter: Letter, note_zh: str) -> bytes:
    """A workbook of these cells with the findings in it; a text reads back as it was."""
    book = Workbook()
    del book[book.sheetnames[0]]
    for one in cells:
        if one.sheet not in book.sheetnames:
            made = book.create_sheet(one.sheet)
            if one.sheet.startswith(_HIDDEN_PREFIX):
                made.sheet_state = "veryHidden"
        cell: Any = book[one.sheet].cell(one.row_no + 1, one.column_no + 1)
        number = _number(one.text)
        if number is None:
            write_text(cell, one.text)
        else:
            cell.value = number
            if one.issue_code == "percent_format":
                # Without its format 95.3 % would come back as an honest 0.953.
                cell.number_format = "0.0###%"
    for sheet in book.worksheets:
        _widen(sheet, [one for one in cells if one.sheet == sheet.title])
    return finished(book, letter, [], [note_zh])


def _widen(sheet: Worksheet, cells: list[Cell]) -> None:
    """Columns as wide as their texts below the title, within reason."""
    widths: dict[int, int] = {}
    for one in cells:
        if one.row_no > 0:
            wide = 2 + sum(1 if char.isascii() else 2 for char in one.text or "")
            widths[one.column_no] = min(44, max(widths.get(one.column_no, 8), wide))
    for column, width in widths.items():
        sheet.column_dimensions[column_letters(column)].width = width


def _number(text: str | None) -> int | float | None:
    """The number a text is, when it reads back as the very same text; codes like 01 are none."""
    if not text or len(text) > 16:
        return None
    try:
        number = float(Decimal(text))
    except (InvalidOperation, OverflowError):
        return None
    if number_as_text(number) != text:
        return None
    return int(number) if number.is_integer() and "." not in text else number
