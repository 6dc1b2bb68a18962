"""A unit's own workbook with its bad cells marked and commented, and a first sheet of findings.

Runs in the guarded child process only. The form keeps its protection, drop-downs and hidden
sheets; marks of an earlier answer are taken away first, so that a workbook sent back and forth
shows what is wrong now. Pictures, charts and links to other workbooks do not survive.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.worksheet import Worksheet

from expectations.answers import cached
from expectations.answers.letter import MARKS_SHEET, FoundItem, Letter
from expectations.answers.sheet import cleaned, write_findings_sheet
from sources.contract import ANSWER_SHEET_ZH
from sources.readers.grid import Cell as ReadCell
from sources.readers.grid import place_of

AUTHOR = "审核"
_FILLS: Mapping[str, str] = {
    "blocking": "FFFFB3B3",
    "quasi_blocking": "FFFFD1A3",
    "verify": "FFFFF2A8",
    "info": "FFD6E8F7",
}
_OUTWARD = re.compile(r"\[|\||\b(?:WEBSERVICE|FILTERXML|HYPERLINK|CALL|REGISTER|DDE)\b", re.I)
_COMMENT_LIMIT = 4000
_MARK_HEADER = ("sheet", "cell", "pattern", "color_kind", "color", "tint", "comment")


def marked_workbook(data: bytes, cells: list[ReadCell], letter: Letter) -> bytes:
    """The workbook of `data` with the findings of `letter` in it.

    Args:
        data: an xlsx workbook that the readers have found sound.
        cells: what the readers found in it: computed values of its formulas among them.
        letter: what to say.
    """
    book = load_workbook(io.BytesIO(data), keep_links=False)
    notes = _disarm(book, {(one.sheet, one.cell): one.text for one in cells})
    _take_away_marks(book)
    return finished(book, letter, cells, notes)


def finished(
    book: Workbook, letter: Letter, cells: list[ReadCell], notes: Iterable[str] = ()
) -> bytes:
    """The bytes of a workbook once marks, comments and the sheet of findings are in."""
    marks = _mark(book, letter.findings)
    sheet = book.create_sheet(ANSWER_SHEET_ZH, 0)
    write_findings_sheet(sheet, letter, {one.title for one in book.worksheets}, notes)
    _remember(book, letter, marks)
    for other in book.worksheets:
        # Two selected tabs would be one group, and what is typed into one would go into both.
        other.sheet_view.tabSelected = other is sheet
    book.active = 0
    book.properties.identifier = letter.signature
    if book.calculation is not None:
        book.calculation.fullCalcOnLoad = True
    target = io.BytesIO()
    book.save(target)
    return cached.with_values(target.getvalue(), cells)


def _disarm(book: Workbook, values: Mapping[tuple[str, str], str | None]) -> list[str]:
    """Formulas that reach outside the workbook give way to the value they had."""
    replaced = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or not _OUTWARD.search(str(cell.value)):
                    continue
                value = values.get((sheet.title, cell.coordinate))
                cell.value = None if value is None or value.startswith("=") else value
                cell.data_type = "s" if isinstance(cell.value, str) else "n"
                replaced += 1
    said = f"有 {replaced} 个公式引用其他文件或外部程序，本文件中已换成其原有结果。"
    return [said] if replaced else []


def _take_away_marks(book: Workbook) -> None:
    """Puts back what was under the marks of an earlier answer."""
    if ANSWER_SHEET_ZH in book.sheetnames:
        del book[ANSWER_SHEET_ZH]
    if MARKS_SHEET not in book.sheetnames:
        return
    for row in book[MARKS_SHEET].iter_rows(min_row=3, values_only=True):
        told = dict(zip(_MARK_HEADER, [*row, *[None] * len(_MARK_HEADER)], strict=False))
        sheet = book[str(told["sheet"])] if told["sheet"] in book.sheetnames else None
        cell = _cell_at(sheet, told["cell"]) if sheet is not None else None
        if cell is None:
            continue
        cell.fill = _fill_of(told)
        kept = told["comment"]
        cell.comment = Comment(str(kept), AUTHOR) if kept else None
    del book[MARKS_SHEET]


def _mark(book: Workbook, findings: Iterable[FoundItem]) -> list[tuple[Any, ...]]:
    """Marks every named cell; returns what was there before."""
    by_cell: dict[tuple[str, str], list[FoundItem]] = {}
    for one in findings:
        sheet = book[one.sheet] if one.sheet and one.sheet in book.sheetnames else None
        cell = _cell_at(sheet, one.cell) if sheet is not None else None
        if sheet is not None and cell is not None:
            by_cell.setdefault((sheet.title, cell.coordinate), []).append(one)
    marks = []
    for (title, at), found in by_cell.items():
        cell = book[title][at]
        before = cell.comment.text if cell.comment else None
        marks.append((title, at, *_told_fill(cell.fill), before))
        cell.fill = PatternFill("solid", fgColor=_FILLS.get(found[0].severity_code, "FFFFB3B3"))
        cell.comment = _comment(found, before)
    return marks


def _comment(found: list[FoundItem], before: str | None) -> Comment:
    parts = [
        f"【{one.severity_zh}】{one.message_zh}"
        + (f"\n应为：{one.expected_text}" if one.expected_text else "")
        + (f"\n建议：{one.advice_zh}" if one.advice_zh else "")
        + "".join(f"\n{note}" for note in one.notes_zh)
        for one in found
    ]
    text = cleaned("\n\n".join(parts))
    if len(text) > _COMMENT_LIMIT:
        text = text[:_COMMENT_LIMIT] + f"\n…… 全文见工作表“{ANSWER_SHEET_ZH}”"
    if before:
        text += f"\n\n原批注：{before}"
    lines = sum(1 + len(line) // 22 for line in text.splitlines())
    return Comment(text, AUTHOR, width=320, height=min(600, 24 + 19 * lines))


def _cell_at(sheet: Worksheet | None, address: object) -> Cell | None:
    """The cell of an address, or the one that holds its merged area; None when it is no address."""
    place = place_of(str(address)) if sheet is not None and address else None
    if sheet is None or place is None or place[0] < 0:
        return None
    cell = sheet.cell(place[0] + 1, place[1] + 1)
    if isinstance(cell, MergedCell):
        area = next(one for one in sheet.merged_cells.ranges if cell.coordinate in one)
        cell = sheet.cell(area.min_row, area.min_col)
    return cell if isinstance(cell, Cell) else None


def _told_fill(fill: Any) -> tuple[str | None, str | None, str | None, float]:
    if not getattr(fill, "patternType", None):
        return (None, None, None, 0.0)
    color = fill.fgColor
    return (fill.patternType, color.type, str(color.value), float(color.tint or 0))


def _fill_of(told: Mapping[str, Any]) -> PatternFill:
    if not told["pattern"] or told["color_kind"] not in ("rgb", "theme", "indexed"):
        return PatternFill()
    kind, value = str(told["color_kind"]), str(told["color"])
    color = Color(**{kind: value if kind == "rgb" else int(value)}, tint=float(told["tint"] or 0))
    pattern: Any = told["pattern"]
    return PatternFill(pattern, fgColor=color)


def _remember(book: Workbook, letter: Letter, marks: list[tuple[Any, ...]]) -> None:
    sheet = book.create_sheet(MARKS_SHEET)
    sheet.append(("submission_id", letter.submission_id))
    sheet.append(_MARK_HEADER)
    for mark in marks:
        sheet.append([None] * len(mark))
        for column, value in enumerate(mark, start=1):
            cell = sheet.cell(sheet.max_row, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    sheet.protection.enable()
    sheet.sheet_state = "veryHidden"
