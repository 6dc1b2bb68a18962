"""The sheet 审核结果: facts, every finding with a link to its cell, what was corrected.

Texts come from files and are written as texts: a leading =, +, - or @ never becomes a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from expectations.answers.letter import FoundItem, Letter
from sources.readers.grid import column_letters, place_of
from sources.vocabulary import FINDING_STATUS_ZH, said

HEADER = ("序号", "级别", "位置", "填报内容", "应为", "问题", "建议", "说明", "规则", "状态")
LINK_COLUMN = HEADER.index("位置") + 1
_WIDTHS = (6, 9, 24, 16, 20, 40, 34, 28, 8, 10)
HOW_ZH = (
    "点“位置”跳到单元格；有问题的单元格已着色并加批注。"
    "改正后直接报送本文件即可，本工作表不会被当作数据读取。"
)
_TEXT_LIMIT = 32_767
_LINK_LIMIT = 60_000
"""Excel holds 65,530 links a sheet; findings beyond are listed, without a link."""

_LINE = Side(style="thin", color="FF9AA0A6")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_WRAP = Alignment(wrap_text=True, vertical="top")
_HEAD_FILL = PatternFill("solid", fgColor="FFDDE8F3")
_INKS = {"blocking": "FFA40E26", "quasi_blocking": "FF953800", "verify": "FF0550AE"}


def cleaned(text: str) -> str:
    """A text as a workbook can hold it."""
    plain = ILLEGAL_CHARACTERS_RE.sub("�", text)
    return plain if len(plain) <= _TEXT_LIMIT else plain[: _TEXT_LIMIT - 1] + "…"


def write_text(cell: Cell, text: str | None) -> None:
    """Writes a text that stays one, also when somebody edits the cell."""
    if not text:
        return
    cell.value = cleaned(text)
    cell.data_type = "s"
    if text[0] in "=+-@\t\r":
        cell.quotePrefix = True


def write_findings_sheet(
    sheet: Worksheet, letter: Letter, sheets: set[str], notes: Iterable[str] = ()
) -> None:
    """Fills the sheet.

    Args:
        sheet: an empty sheet.
        letter: what to say.
        sheets: names of the workbook's sheets, which links may lead to.
        notes: further sentences about the workbook itself.
    """
    paper = _Paper(sheet)
    paper.line(letter.shown_title, Font(size=16, bold=True))
    for label, text in letter.facts:
        paper.line(f"{label}：{text}")
    paper.line(f"问题：{letter.tally_zh}。", Font(bold=True))
    if letter.against_zh:
        paper.line(f"与上一版相比：{letter.against_zh}", Font(bold=True))
    paper.line(HOW_ZH)
    for note in notes:
        paper.line(note)
    paper.gap()
    paper.table(letter.findings, sheets)
    if letter.corrected:
        paper.gap()
        paper.line(f"已更正 {len(letter.corrected)} 条", Font(bold=True))
        paper.table(letter.corrected, set())
    _print_setup(sheet)


class _Paper:
    """The sheet and the row that is written next."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._row = 1
        for column, width in enumerate(_WIDTHS):
            sheet.column_dimensions[column_letters(column)].width = width

    def gap(self) -> None:
        """Leaves a row empty."""
        self._row += 1

    def line(self, text: str, font: Font | None = None) -> None:
        """One sentence across the sheet."""
        cell: Any = self._sheet.cell(self._row, 1)
        write_text(cell, text)
        cell.font = font or Font()
        cell.alignment = _WRAP
        self._sheet.merge_cells(
            start_row=self._row, start_column=1, end_row=self._row, end_column=len(HEADER)
        )
        size = font.size if font is not None and font.size else 11.0
        lines = 1 + _columns(text) // sum(_WIDTHS)
        self._sheet.row_dimensions[self._row].height = 1.5 * size * lines
        self._row += 1

    def table(self, findings: Iterable[FoundItem], sheets: set[str]) -> None:
        """The findings, one a row under their header."""
        listed = list(findings)
        if not listed:
            return
        self._cells(HEADER, is_header=True)
        for number, one in enumerate(listed, start=1):
            row = self._row
            self._cells(_texts(number, one))
            kind: Any = self._sheet.cell(row, 2)
            kind.font = Font(bold=True, color=_INKS.get(one.severity_code, "FF57606A"))
            if number <= _LINK_LIMIT and one.sheet in sheets:
                _link(self._sheet, row, one)

    def _cells(self, texts: Sequence[str | int | None], *, is_header: bool = False) -> None:
        lines = 1
        for column, text in enumerate(texts, start=1):
            cell: Any = self._sheet.cell(self._row, column)
            if isinstance(text, int):
                cell.value = text
            else:
                write_text(cell, text)
                # No program sizes the rows of a file that another one made.
                width = _WIDTHS[column - 1] - 1
                parts = (text or "").split("\n")
                lines = max(lines, sum(1 + (_columns(part) - 1) // width for part in parts))
            cell.border, cell.alignment = _BOX, _WRAP
            if is_header:
                cell.font, cell.fill = Font(bold=True), _HEAD_FILL
        self._sheet.row_dimensions[self._row].height = min(400.0, 15.0 * lines + 3)
        self._row += 1


def _columns(text: str) -> int:
    """How wide a text is: a Han character takes two columns."""
    return max(1, sum(1 if char.isascii() else 2 for char in text))


def _texts(number: int, one: FoundItem) -> tuple[str | int | None, ...]:
    status = said(FINDING_STATUS_ZH, one.status_code)
    place = " ".join(part for part in (one.sheet, one.cell) if part)
    return (
        number, one.severity_zh, place or "整个文件", one.value_text, one.expected_text,
        one.message_zh, one.advice_zh, "\n".join(one.notes_zh) or None, one.rule_id,
        f"{status}，{one.since_zh}" if one.since_zh else status,
    )  # fmt: skip


def _link(sheet: Worksheet, row: int, one: FoundItem) -> None:
    name = str(one.sheet).replace("'", "''")
    at = one.cell if one.cell and place_of(one.cell) else "A1"
    cell: Any = sheet.cell(row, LINK_COLUMN)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!{at}")
    cell.font = Font(color="FF0563C1", underline="single")


def _print_setup(sheet: Worksheet) -> None:
    whole: Any = sheet
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    whole.sheet_properties.pageSetUpPr.fitToPage = True
    whole.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.sheet_view.showGridLines = False
