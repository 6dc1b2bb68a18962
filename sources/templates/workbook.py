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

from sources.templates.grid import (
    HEADER_ROW,
    NIL_RETURN_LABEL_ZH,
    NO_ZH,
    YES_ZH,
    EntryRule,
    FormGrid,
    Formula,
    GridRow,
    Percent,
    Value,
)

IDENTITY_SHEET = "_qiangshi"
CODES_SHEET = "_codes"

# The file's own creation time: fixed, so that the same form has the same bytes.
CREATED = datetime(2021, 1, 1)

_SONG, _HEI = "宋体", "黑体"
_ENTRY_FILL, _HEADER_FILL, _SECTION_FILL = "#FFF9E5", "#DDE8F3", "#F3F3F3"
_BORDERED = {"border": 1, "border_color": "#7F7F7F", "valign": "vcenter"}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"font_name": _HEI, "font_size": 16, "align": "center", "valign": "vcenter"},
    "label": {"align": "right", "valign": "vcenter"},
    "label_value": {"align": "left", "valign": "vcenter"},
    "header": {**_BORDERED, "bold": True, "align": "center", "bg_color": _HEADER_FILL,
               "text_wrap": True},
    "section": {**_BORDERED, "bold": True, "bg_color": _SECTION_FILL},
    "item": {**_BORDERED, "text_wrap": True},
    "row_code": {**_BORDERED, "align": "center"},
    "unit": {**_BORDERED, "align": "center"},
    "remark": {**_BORDERED, "font_size": 9, "text_wrap": True, "locked": False},
    "source": {**_BORDERED, "font_size": 9, "text_wrap": True, "locked": False,
               "bg_color": _ENTRY_FILL},
    # A value column's cell in a row that does not ask for it.
    "value": {**_BORDERED, "bg_color": "#E4E4E4"},
    "blank": dict(_BORDERED),
    "percent": {**_BORDERED, "num_format": "0.0%", "locked": False},
    "open": {"align": "left", "valign": "vcenter", "bottom": 1, "bg_color": _ENTRY_FILL,
             "locked": False},
}  # fmt: skip
_WIDTHS = {"item": 38, "row_code": 9, "unit": 10, "value": 16, "source": 30, "remark": 24}
_PROTECTION = {
    "select_locked_cells": True,
    "select_unlocked_cells": True,
    "format_columns": True,
    "format_rows": True,
}


class _Styles:
    """Formats of one workbook, each made when first used."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def named(self, name: str) -> Format:
        if name not in self._made:
            self._made[name] = self._book.add_format({"font_name": _SONG, **_STYLES[name]})
        return self._made[name]

    def entry(self, decimals: int) -> Format:
        key = f"entry{decimals}"
        if key not in self._made:
            number = "0" + ("." + "0" * decimals if decimals else "")
            look = {**_BORDERED, "align": "right", "num_format": number, "locked": False}
            self._made[key] = self._book.add_format(
                {"font_name": _SONG, "bg_color": _ENTRY_FILL, **look}
            )
        return self._made[key]


def _write(
    sheet: Worksheet, styles: _Styles, row: int, column: int, value: Value, style: Format
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


def _write_form_row(
    sheet: Worksheet, styles: _Styles, grid: FormGrid, row_no: int, row: GridRow, width: int
) -> None:
    for column in range(width):
        value = row.cells.get(column)
        rule = grid.rules.get((row_no, column))
        if rule is not None:
            style = styles.entry(rule.decimals)
        elif row.kind in ("header", "section"):
            style = styles.named(row.kind)
        else:
            role = grid.columns[column].column_role if column < len(grid.columns) else "remark"
            style = styles.named(role if role in _STYLES else "blank")
        _write(sheet, styles, row_no, column, value, style)


def _write_pairs(sheet: Worksheet, styles: _Styles, row_no: int, row: GridRow, width: int) -> None:
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
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(0, 0, last_row, width - 1)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.freeze_panes(HEADER_ROW + 1, 0)


def _hidden_sheets(book: Workbook, identity: Mapping[str, str]) -> None:
    codes = book.add_worksheet(CODES_SHEET)
    for row, text in enumerate((NIL_RETURN_LABEL_ZH, NO_ZH, YES_ZH)):
        codes.write_string(row, 0, text)
    codes.hide()
    told = book.add_worksheet(IDENTITY_SHEET)
    for row, (name, text) in enumerate(identity.items()):
        told.write_string(row, 0, name)
        told.write_string(row, 1, text)
    told.protect()
    told.very_hidden()


def render_workbook(grid: FormGrid, target: Path | IO[bytes]) -> None:
    """Writes the grid as an xlsx file: the form, and two hidden sheets."""
    where = str(target) if isinstance(target, Path) else target
    book = xlsxwriter.Workbook(where, {"in_memory": True})
    book.set_properties({"created": CREATED})
    styles = _Styles(book)
    sheet = book.add_worksheet(grid.sheet_name)
    width = grid.width
    table_width = max(width, len(grid.columns))
    for column in range(table_width):
        role = grid.columns[column].column_role if column < len(grid.columns) else "remark"
        sheet.set_column(column, column, _WIDTHS.get(role, 12))
    for row_no, row in enumerate(grid.rows):
        if row.kind == "title":
            title = row.cells.get(0)
            sheet.merge_range(row_no, 0, row_no, width - 1, title, styles.named("title"))
            sheet.set_row(row_no, 30)
        elif row.kind in ("label", "footer"):
            _write_pairs(sheet, styles, row_no, row, width)
        else:
            _write_form_row(sheet, styles, grid, row_no, row, table_width)
        for column, text in row.cells.items():
            if row.kind == "label" and text == f"{NIL_RETURN_LABEL_ZH}：":
                choice = {"validate": "list", "source": f"={CODES_SHEET}!$A$2:$A$3"}
                sheet.data_validation(row_no, column + 1, row_no, column + 1, choice)
    for (row_no, column), value in grid.strays.items():
        _write(sheet, styles, row_no, column, value, styles.named("blank"))
    _validate_entries(sheet, grid.rules)
    _print_setup(sheet, len(grid.rows) - 1, table_width)
    sheet.protect("", _PROTECTION)
    _hidden_sheets(book, grid.identity)
    book.close()
