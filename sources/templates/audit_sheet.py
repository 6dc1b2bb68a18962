"""The sheet 表内审核: every in-form check with its two sides and 平 or 不平, computed as one fills.

What lives here: where the checks stand and how they print. None of its headings is one of a form's
own, so that a reader looking for the form's table never takes this sheet for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from sources.templates.checks import (
    BALANCED_ZH,
    BLANK_ZH,
    NO_NUMBER_ZH,
    NOTHING_TO_COMPARE_ZH,
    UNBALANCED_ZH,
    FormCheck,
    FormulaWriter,
    KnownFigure,
)
from sources.templates.grid import YES_ZH, FormGrid, Place, cell_name
from sources.templates.styles import Styles, lines_of

AUDIT_SHEET = "表内审核"
REFERENCE_SHEET = "_reference"

# heading, width in characters
_COLUMNS: tuple[tuple[str, float], ...] = (
    ("规则", 7), ("审核关系", 58), ("左侧数", 13), ("右侧数", 13), ("差额", 12), ("结果", 10),
    ("性质", 11), ("不平时怎样办", 36),
)  # fmt: skip
_LEFT, _RIGHT, _DIFFERENCE, _VERDICT = 2, 3, 4, 5
_HEADER_ROW = 3
_LINE_POINTS = 14.0
_ROWS_ON_A_PAGE = 30
_NOTE = (
    "填数时自动计算，只看本表以内以及上期已报的数；“平”不等于审核通过，收到后还按全部规则审核。"
    "强制性不平的须改正，其他不平的须说明。本页不必打印盖章。"
)


@dataclass(frozen=True)
class FormSheet:
    """What the checks need to know of the form's sheet."""

    grid: FormGrid
    nil_place: Place | None

    def reference(self, row: int, column: int) -> str:
        """Absolute reference of a cell, from any sheet: '强市知创月1表'!$E$7."""
        letters = cell_name(row, column).rstrip("0123456789")
        return f"{_quoted(self.grid.sheet_name)}!${letters}${row + 1}"


def _quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def add_reference_sheet(book: Workbook, checks: tuple[FormCheck, ...]) -> dict[KnownFigure, str]:
    """The hidden sheet of the figures filed elsewhere; where each of them stands."""
    known = dict.fromkeys(
        figure
        for check in checks
        for figure in check.figures
        if isinstance(figure, KnownFigure) and figure.amount is not None
    )
    if not known:
        return {}
    sheet = book.add_worksheet(REFERENCE_SHEET)
    sheet.set_column(0, 0, 60)
    places = {}
    for row, figure in enumerate(known):
        sheet.write_string(row, 0, figure.label_zh)
        sheet.write_number(row, 1, float(figure.amount or 0))
        places[figure] = f"{REFERENCE_SHEET}!$B${row + 1}"
    sheet.protect()
    sheet.hide()
    return places


def add_audit_sheet(
    book: Workbook, styles: Styles, form: FormSheet, checks: tuple[FormCheck, ...]
) -> None:
    """Adds the sheet, and behind it the hidden one with the figures it compares with."""
    sheet = book.add_worksheet(AUDIT_SHEET)
    known = add_reference_sheet(book, checks)
    entries = {key: form.reference(*place) for key, place in form.grid.places.items()}
    writer = FormulaWriter(entries, known)
    for column, (heading, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEADER_ROW, column, heading, styles.named("header"))
    title = f"{AUDIT_SHEET}：{form.grid.rows[0].cells[0]}"
    last = len(_COLUMNS) - 1
    sheet.merge_range(0, 0, 0, last, title, styles.named("title"))
    sheet.set_row(0, 30)
    sheet.merge_range(2, 0, 2, last, _NOTE, styles.named("hint"))
    sheet.set_row(2, 28)
    sheet.set_row(_HEADER_ROW, 20)
    for row, check in enumerate(checks, start=_HEADER_ROW + 1):
        _write_check(sheet, styles, writer, row, check)
    last_row = _HEADER_ROW + max(1, len(checks))
    _write_summary(sheet, styles, form, last_row)
    _colour(sheet, styles, last_row)
    _print_setup(sheet, last_row, last)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _write_check(
    sheet: Worksheet, styles: Styles, writer: FormulaWriter, row: int, check: FormCheck
) -> None:
    texts: Mapping[int, tuple[str, str]] = {
        0: (check.rule_id, "centred"), 1: (check.relation_zh, "text"),
        6: (check.severity_zh, "centred"), 7: (check.advice_zh, "small"),
    }  # fmt: skip
    for column, (text, style) in texts.items():
        sheet.write_string(row, column, text, styles.named(style))
    figure, verdict = styles.named("figure"), styles.named("verdict")
    if check.is_comparable:
        made = writer.formulas(check, cell_name(row, _DIFFERENCE), cell_name(row, _RIGHT))
        for column, formula in (
            (_LEFT, made.left), (_RIGHT, made.right), (_DIFFERENCE, made.difference),
        ):  # fmt: skip
            sheet.write_formula(row, column, formula, figure, "")
        sheet.write_formula(row, _VERDICT, made.verdict, verdict, _verdict_of_blank(check))
    else:
        for column in (_LEFT, _RIGHT, _DIFFERENCE):
            sheet.write_blank(row, column, None, figure)
        sheet.write_string(row, _VERDICT, NOTHING_TO_COMPARE_ZH, verdict)
    lines = max(lines_of(text, _COLUMNS[column][1]) for column, (text, _) in texts.items())
    sheet.set_row(row, max(20.0, _LINE_POINTS * lines + 4))


def _verdict_of_blank(check: FormCheck) -> str:
    """What a blank form says until an office program has computed it."""
    return "" if check.is_blank_zero else BLANK_ZH


def _write_summary(sheet: Worksheet, styles: Styles, form: FormSheet, last_row: int) -> None:
    required = [place for place, rule in form.grid.rules.items() if rule.is_required]
    filled = "+".join(f"COUNT({area})" for area in _areas(form, required)) or "0"
    verdicts = f"$F${_HEADER_ROW + 2}:$F${last_row + 1}"

    def counted(verdict: str) -> str:
        return f'COUNTIF({verdicts},"{verdict}")'

    said = (
        f'"必填 {len(required)} 项，已填 "&({filled})&" 项。审核关系：{BALANCED_ZH} "'
        f'&{counted(BALANCED_ZH)}&"，{UNBALANCED_ZH} "&{counted(UNBALANCED_ZH)}'
        f'&"，未填或非数值 "&({counted(BLANK_ZH)}+{counted(NO_NUMBER_ZH)})'
        f'&"，{NOTHING_TO_COMPARE_ZH} "&{counted(NOTHING_TO_COMPARE_ZH)}'
    )
    if form.nil_place is not None:
        nil_cell = form.reference(*form.nil_place)
        said = f'IF({nil_cell}="{YES_ZH}","本表标为零报告，不必填数。",{said})'
    initial = f"必填 {len(required)} 项，已填 0 项。"
    style = styles.named("summary")
    sheet.merge_range(1, 0, 1, len(_COLUMNS) - 1, "", style)
    sheet.write_formula(1, 0, f"={said}", style, initial)
    sheet.set_row(1, 22)


def _areas(form: FormSheet, places: list[tuple[int, int]]) -> list[str]:
    """The cells as few ranges: runs of rows of one column."""
    areas: list[list[tuple[int, int]]] = []
    for place in sorted(places, key=lambda cell: (cell[1], cell[0])):
        if areas and areas[-1][-1] == (place[0] - 1, place[1]):
            areas[-1].append(place)
        else:
            areas.append([place])
    return [
        f"{form.reference(*run[0])}:{form.reference(*run[-1]).rpartition('!')[2]}" for run in areas
    ]


def _colour(sheet: Worksheet, styles: Styles, last_row: int) -> None:
    for verdict, mark in (
        (BALANCED_ZH, "good"), (UNBALANCED_ZH, "bad"), (BLANK_ZH, "open"), (NO_NUMBER_ZH, "bad"),
    ):  # fmt: skip
        shown = {
            "type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": styles.mark(mark),
        }  # fmt: skip
        sheet.conditional_format(_HEADER_ROW + 1, _VERDICT, last_row, _VERDICT, shown)


def _print_setup(sheet: Worksheet, last_row: int, last_column: int) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 1 if last_row < _ROWS_ON_A_PAGE else 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.print_area(0, 0, last_row, last_column)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.freeze_panes(_HEADER_ROW + 1, 0)
