"""A form grid as a protected Excel workbook that prints on A4.

What lives here: how cells look, which may be filled, drop-downs and hidden sheets. What stands in
the cells is decided in `grid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from sources.templates.audit_sheet import AUDIT_SHEET, FormSheet, add_audit_sheet
from sources.templates.checks import Aids
from sources.templates.grid import (
    COMPARISON_ROLES,
    HEADER_ROW,
    NIL_RETURN_LABEL_ZH,
    NO_ZH,
    YES_ZH,
    EntryRule,
    FormGrid,
    Formula,
    GridRow,
    Percent,
    Place,
    Value,
)
from sources.templates.styles import Styles, lines_of

IDENTITY_SHEET = "_qiangshi"
CODES_SHEET = "_codes"

_NIL_CHOICE, _YES_OR_NO = "$A$2:$A$3", "$B$2:$B$3"

# The file's own creation time: fixed, so that the same form has the same bytes.
CREATED = datetime(2021, 1, 1)

_WIDTHS = {
    "item": 34, "row_code": 6, "unit": 9, "value": 13, "previous": 10, "last_year": 10,
    "source": 28, "remark": 20,
}  # fmt: skip
_OTHER_WIDTH = 12
_ITEM_POINTS, _LINE_POINTS = 23.0, 15.0
_ROWS_ON_A_PAGE = 55
_SEAL_ROWS, _SEAL_POINTS = 4, 24.0
_HINT = "填报须知：浅黄色格填写，没有发生填 0，不要留空。"
_HINT_OF_OPTIONAL = "填报须知：浅黄色格填写，没有发生填 0，查不到的留空。"
_HINT_OF_EARLIER = "灰色的往期数供对照，不用改。"
_HINT_OF_CHECKS = f"填完请看“{AUDIT_SHEET}”页，有“不平”的先改正或备好说明，再签字盖章。"
_PROTECTION = {
    "select_locked_cells": True,
    "select_unlocked_cells": True,
    "format_columns": True,
    "format_rows": True,
}


def _write(
    sheet: Worksheet, styles: Styles, row: int, column: int, value: Value, style: Format
) -> None:
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    elif isinstance(value, Formula):
        # An empty result is written as no result at all.
        sheet.write_formula(row, column, value.formula, style, value.result or "")
    elif isinstance(value, Percent):
        sheet.write_number(row, column, float(value.number), styles.named("percent"))
    else:
        sheet.write_number(row, column, float(value), style)


def _role(grid: FormGrid, column: int) -> str:
    return grid.columns[column].column_role if column < len(grid.columns) else "remark"


def _decimals(grid: FormGrid, row_no: int) -> int:
    return max((rule.decimals for (row, _), rule in grid.rules.items() if row == row_no), default=0)


def _write_form_row(
    sheet: Worksheet, styles: Styles, grid: FormGrid, row_no: int, row: GridRow, width: int
) -> None:
    for column in range(width):
        value = row.cells.get(column)
        rule = grid.rules.get((row_no, column))
        role = _role(grid, column)
        if role in COMPARISON_ROLES and row.kind == "item":
            style = styles.earlier(_decimals(grid, row_no))
        elif rule is not None:
            style = styles.entry(rule.decimals)
        elif row.kind in ("header", "section"):
            style = styles.named(row.kind)
        else:
            style = styles.named(role if styles.has(role) else "blank")
        _write(sheet, styles, row_no, column, value, style)


def _write_pairs(sheet: Worksheet, styles: Styles, row_no: int, row: GridRow, width: int) -> None:
    """Label and value pairs: locked above the table, open for the names below it."""
    for column in (0, width - 2):
        label, value = row.cells.get(column), row.cells.get(column + 1)
        if label is None:
            continue
        is_open = row.kind == "footer" or label == f"{NIL_RETURN_LABEL_ZH}："
        style = styles.named("open" if is_open else "label_value")
        _write(sheet, styles, row_no, column, label, styles.named("label"))
        last = width - 3 if column == 0 else width - 1
        if last > column + 1:
            sheet.merge_range(row_no, column + 1, row_no, last, value or "", style)
        else:
            _write(sheet, styles, row_no, column + 1, value, style)


def _validation(rule: EntryRule) -> dict[str, Any]:
    if rule.is_yes_or_no:
        warning = {"error_title": "填报有误", "error_message": "有填 1，没有填 0。"}
        return {"validate": "list", "source": f"={CODES_SHEET}!{_YES_OR_NO}", **warning}
    allowed: dict[str, Any] = {"validate": "decimal" if rule.decimals else "integer"}
    low, high = (Decimal(v) if v else None for v in (rule.minimum, rule.maximum))
    kind = f"最多{rule.decimals}位小数的数" if rule.decimals else "整数"
    if low is not None and high is not None:
        allowed |= {"criteria": "between", "minimum": float(low), "maximum": float(high)}
        said = f"请填{low}至{high}之间的{kind}。"
    elif low is not None:
        allowed |= {"criteria": ">=", "value": float(low)}
        said = f"请填不小于{low}的{kind}。"
    elif high is not None:
        allowed |= {"criteria": "<=", "value": float(high)}
        said = f"请填不大于{high}的{kind}。"
    else:
        allowed |= {"criteria": "between", "minimum": -1e12, "maximum": 1e12}
        said = f"请填{kind}。"
    return allowed | {"error_title": "填报有误", "error_message": said + "没有发生请填 0。"}


def _validate_entries(sheet: Worksheet, rules: Mapping[tuple[int, int], EntryRule]) -> None:
    """One data validation per run of cells of a column under the same rule."""
    run: list[tuple[int, int]] = []

    def close(cells: Iterable[tuple[int, int]]) -> None:
        (top, column), *_, (bottom, _) = list(cells) * 2
        sheet.data_validation(top, column, bottom, column, _validation(rules[top, column]))

    for place in sorted(rules, key=lambda cell: (cell[1], cell[0])):
        if run and (place != (run[-1][0] + 1, run[-1][1]) or rules[place] != rules[run[-1]]):
            close(run)
            run = []
        run.append(place)
    if run:
        close(run)


def _print_setup(sheet: Worksheet, last_row: int, width: int) -> None:
    sheet.set_paper(9)
    sheet.set_portrait()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.center_horizontally()
    # A longer form goes over several pages rather than into a print nobody can read.
    sheet.fit_to_pages(1, 1 if last_row < _ROWS_ON_A_PAGE else 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(0, 0, last_row, width - 1)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.freeze_panes(HEADER_ROW + 1, 0)


def _hidden_sheets(book: Workbook, identity: Mapping[str, str]) -> None:
    codes = book.add_worksheet(CODES_SHEET)
    for row, text in enumerate((NIL_RETURN_LABEL_ZH, NO_ZH, YES_ZH)):
        codes.write_string(row, 0, text)
    codes.write_string(0, 1, "有填 1，无填 0")
    for row, number in enumerate((0, 1), start=1):
        codes.write_number(row, 1, number)
    codes.hide()
    told = book.add_worksheet(IDENTITY_SHEET)
    for row, (name, text) in enumerate(identity.items()):
        told.write_string(row, 0, name)
        told.write_string(row, 1, text)
    told.protect()
    told.very_hidden()


def _write_ending(sheet: Worksheet, styles: Styles, grid: FormGrid, aids: Aids) -> int:
    """What to mind, and beside it the place for the seal; the last row they take."""
    first_row, width = len(grid.rows), grid.width
    is_compared = any(column.column_role in COMPARISON_ROLES for column in grid.columns)
    is_asked = any(rule.is_required for rule in grid.rules.values())
    hint = _HINT if is_asked else _HINT_OF_OPTIONAL
    hint += _HINT_OF_EARLIER if is_compared else ""
    hint += _HINT_OF_CHECKS if aids.checks else ""
    last_row = first_row + _SEAL_ROWS - 1
    for row in range(first_row, last_row + 1):
        sheet.set_row(row, _SEAL_POINTS)
    sheet.merge_range(first_row, 0, last_row, width - 3, hint, styles.named("hint"))
    seal = styles.named("seal")
    sheet.merge_range(first_row, width - 2, last_row, width - 1, "（填报单位盖章处）", seal)
    return last_row


def _choose_nil_return(sheet: Worksheet, row_no: int, row: GridRow) -> Place | None:
    """The drop-down of 零报告 in the row that asks for it; where it stands."""
    if row.kind != "label":
        return None
    for column, text in row.cells.items():
        if text == f"{NIL_RETURN_LABEL_ZH}：":
            choice = {"validate": "list", "source": f"={CODES_SHEET}!{_NIL_CHOICE}"}
            sheet.data_validation(row_no, column + 1, row_no, column + 1, choice)
            return row_no, column + 1
    return None


def _set_heights(sheet: Worksheet, grid: FormGrid) -> None:
    """Heights of all rows: office programs do not grow a protected row by themselves."""
    for row_no, row in enumerate(grid.rows):
        if row.kind == "title":
            continue
        lines = [
            lines_of(text, _WIDTHS.get(_role(grid, column), _OTHER_WIDTH))
            for column, text in row.cells.items()
            if isinstance(text, str) and row.kind not in ("label", "footer")
        ]
        sheet.set_row(row_no, max(_ITEM_POINTS, _LINE_POINTS * max(lines, default=1) + 4))


def render_workbook(grid: FormGrid, target: Path | IO[bytes], aids: Aids | None = None) -> None:
    """Writes the grid as an xlsx file: the form, two hidden sheets, and a blank form's aids."""
    where = str(target) if isinstance(target, Path) else target
    book = xlsxwriter.Workbook(where, {"in_memory": True})
    book.set_properties({"created": CREATED})
    styles = Styles(book)
    sheet = book.add_worksheet(grid.sheet_name)
    width = grid.width
    table_width = max(width, len(grid.columns))
    nil_place: Place | None = None
    for column in range(table_width):
        sheet.set_column(column, column, _WIDTHS.get(_role(grid, column), _OTHER_WIDTH))
    for row_no, row in enumerate(grid.rows):
        if row.kind == "title":
            title = row.cells.get(0)
            sheet.merge_range(row_no, 0, row_no, width - 1, title, styles.named("title"))
            sheet.set_row(row_no, 30)
        elif row.kind in ("label", "footer"):
            _write_pairs(sheet, styles, row_no, row, width)
        else:
            _write_form_row(sheet, styles, grid, row_no, row, table_width)
        nil_place = _choose_nil_return(sheet, row_no, row) or nil_place
    for (row_no, column), value in grid.strays.items():
        _write(sheet, styles, row_no, column, value, styles.named("blank"))
    _validate_entries(sheet, grid.rules)
    last_row = len(grid.rows) - 1
    if aids is not None:
        _set_heights(sheet, grid)
        last_row = _write_ending(sheet, styles, grid, aids)
    _print_setup(sheet, last_row, table_width)
    sheet.protect("", _PROTECTION)
    if aids is not None and aids.checks:
        add_audit_sheet(book, styles, FormSheet(grid, nil_place), aids.checks)
    _hidden_sheets(book, grid.identity)
    book.close()
