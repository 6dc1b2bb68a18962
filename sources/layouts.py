"""Where a form's values stand in a sheet: columns by header text, rows by code or item.

A moved column or row is accepted, a renamed, missing, extra or repeated one is refused by name.
Header texts and rows come from the definitions; what the form is was decided in `identity`. A row
that only adds up others (合计, 小计) is a control total: checked, never data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import polars as pl

from sources.contract import VALUES_SCHEMA, VOIDING_ISSUES, FormIdentity, SheetCheck
from sources.control_totals import ControlTotal, failed_totals
from sources.definitions import Definitions, FormElement, FormVersion, LayoutColumn
from sources.errors import (
    DuplicateRow,
    FormVersionMismatch,
    MissingRow,
    SourceError,
    UnmappedColumn,
    UnmappedRow,
)
from sources.headers import Header, find_header
from sources.identity import identify, is_shown, rows_of
from sources.labels import labels_in
from sources.marks import ReadingMarks
from sources.numbers import ParsedNumber, parse_filed
from sources.readers.grid import Cell, address
from sources.texts import normalised, shown

__all__ = ["identify", "locate", "located", "located_values"]

Rows = Mapping[int, Mapping[int, Cell]]
ValueRow = tuple[str, str, str, str, str, str | None, str | None, str | None, str | None]
"""One row of the VALUES frame, in its column order."""

_PERCENT = "%"
_LOST = {"uncached_formula", "error_value"}
_STILL_A_NUMBER = {"formula", "hidden_row", "external_formula"}


@dataclass(frozen=True)
class Located:
    """The rows of the VALUES frame, in the order of the form, and the control totals that fail."""

    values: list[ValueRow]
    checks: tuple[SheetCheck, ...] = ()


def locate(cells: pl.DataFrame, identity: FormIdentity, definitions: Definitions) -> pl.DataFrame:
    """The VALUES frame of a form: one row per form element, blanks included.

    Raises:
        MissingColumn, UnmappedColumn, MissingRow, UnmappedRow, DuplicateRow: as named.
    """
    rows = located_values([Cell(*row) for row in cells.iter_rows()], identity, definitions)
    return pl.DataFrame(rows, schema=VALUES_SCHEMA, orient="row")


def located_values(
    cells: Sequence[Cell], identity: FormIdentity, definitions: Definitions
) -> list[ValueRow]:
    """The rows of the VALUES frame, in the order of the form; see `locate`."""
    sheets = {name: rows for name, rows in rows_of(cells).items() if is_shown(name, rows)}
    return located(sheets, identity, definitions).values


def located(
    sheets: Mapping[str, Rows], identity: FormIdentity, definitions: Definitions
) -> Located:
    """The values of a form on some visible sheets; see `locate`.

    Raises:
        FormVersionMismatch: the table is not that of the version to report the period on, but all
            of it is that of another version of the form.
    """
    try:
        return _located(sheets, identity, definitions)
    except SourceError as refusal:
        other = _version_it_fits(sheets, identity, definitions)
        if other is None:
            raise
        raise FormVersionMismatch(
            identity.form_code, other.form_version, identity.period_code,
            valid_from=other.valid_from, valid_to=other.valid_to,
            expected_version=identity.form_version, is_seen_in_table=True,
            sheet=refusal.sheet, cell=refusal.cell,
        ) from refusal  # fmt: skip


def _version_it_fits(
    sheets: Mapping[str, Rows], identity: FormIdentity, definitions: Definitions
) -> FormVersion | None:
    """Another version of the form whose columns and rows the sheets have, every one."""
    for version in definitions.form_versions:
        if version.form_code != identity.form_code or (
            version.form_version == identity.form_version
        ):
            continue
        tried = replace(
            identity, form_version=version.form_version, layout_code=version.layout_code
        )
        try:
            _located(sheets, tried, definitions)
        except SourceError:
            continue
        return version
    return None


def _located(
    sheets: Mapping[str, Rows], identity: FormIdentity, definitions: Definitions
) -> Located:
    marks = definitions.marks
    layout = definitions.layout(identity.layout_code or "")
    elements = definitions.form_elements(identity.form_code, identity.form_version)
    header = find_header(sheets, layout, marks, identity.sheet)
    rows = sheets[header.sheet]
    index = _index_of(definitions, identity.form_code, identity.form_version)
    placed, totals = _place_rows(header, rows, index, marks)
    _refuse_figures_outside(header, rows, placed, marks)
    values = [
        _value(element, header, rows.get(placed[element.row_code], {}), placed, marks)
        for element in elements
    ]
    checks = failed_totals(totals, values, placed, elements, identity)
    return Located(values, (*_moved(header, layout, identity), *checks))


def _moved(
    header: Header, layout: Sequence[LayoutColumn], identity: FormIdentity
) -> list[SheetCheck]:
    """The note that columns were found by their names, elsewhere than the layout has them."""
    if not header.moved:
        return []
    first = header.moved[0]
    names = "、".join(f"“{(cell.text or '').strip()}”（{cell.cell}）" for cell in header.moved)
    expected = "、".join(column.header_zh for column in layout)
    said = f"工作表“{header.sheet}”：列{names}的位置与版式不同，已按列名收取，各数未受影响"
    return [SheetCheck(
        "S20", header.sheet, first.cell, identity.unit_code, None, (first.text or "").strip(),
        expected, said,
    )]  # fmt: skip


def _refuse_figures_outside(
    header: Header, rows: Rows, placed: Mapping[str, int], marks: ReadingMarks
) -> None:
    """A figure beside the table, in a column without a header, is not dropped without a word."""
    for row_no in placed.values():
        for column_no, cell in rows[row_no].items():
            if column_no in header.columns or not (cell.text or "").strip():
                continue
            if parse_filed(cell.text, "", marks).number is not None or cell.issue_code in _LOST:
                raise UnmappedColumn(
                    [], sheet=header.sheet, cell=cell.cell,
                    reason_zh=f"单元格填有数值“{shown(cell.text or '')}”，但所在列没有表头",
                )  # fmt: skip


def _text(cell: Cell | None) -> str:
    return normalised(cell.text) if cell is not None else ""


def _without_zeros(code: str) -> str:
    return code.lstrip("0") or code


@dataclass(frozen=True)
class _Index:
    """The rows of a form, to be found by code or by item."""

    items: Mapping[str, str]
    by_code: Mapping[str, str]
    by_item: Mapping[str, str]
    sections: frozenset[str]

    @classmethod
    def of(cls, elements: Sequence[FormElement]) -> _Index:
        items = {element.row_code: element.item_zh for element in elements}
        plain_codes: dict[str, list[str]] = {}
        texts: dict[str, list[str]] = {}
        for code, item in items.items():
            texts.setdefault(normalised(item), []).append(code)
            plain_codes.setdefault(_without_zeros(normalised(code)), []).append(code)
        # Excel turns 01 into 1 when a csv passes through it.
        by_code = {plain: codes[0] for plain, codes in plain_codes.items() if len(codes) == 1}
        by_code |= {normalised(code): code for code in items}
        return cls(
            items, by_code,
            {text: codes[0] for text, codes in texts.items() if len(codes) == 1},
            frozenset(normalised(element.section_zh) for element in elements) - {""},
        )  # fmt: skip

    def code_of(self, text: str) -> str | None:
        return self.by_code.get(text) or self.by_code.get(_without_zeros(text))


@lru_cache(maxsize=64)
def _index_of(definitions: Definitions, form_code: str, form_version: str) -> _Index:
    return _Index.of(definitions.form_elements(form_code, form_version))


def _place_rows(
    header: Header, rows: Rows, index: _Index, marks: ReadingMarks
) -> tuple[dict[str, int], list[ControlTotal]]:
    """Row number of each row code of the form, and the control totals among the rows."""
    placed: dict[str, int] = {}
    totals: list[ControlTotal] = []
    last_row = header.row_no
    group_from = header.row_no + 1
    for row_no in sorted(number for number in rows if number > header.row_no):
        row = rows[row_no]
        if _is_footer(row, header, marks):
            break
        if row_no == header.row_no + 1 and _is_column_row(row, header, marks):
            last_row = row_no
            continue
        total = _total_of(row, header, index, marks)
        if total is not None:
            totals.append(ControlTotal(header, row_no, row, group_from, total))
            group_from, last_row = row_no + 1, row_no
            continue
        after_blank = row_no > last_row + 1
        code = _row_code(row, header, index, after_blank)
        if code is None:
            if _is_section(row, header, index):
                group_from = row_no + 1
            elif after_blank:
                break
            last_row = row_no
            continue
        if code in placed:
            column = header.row_code if header.row_code is not None else header.item or 0
            cells = [address(placed[code], column), address(row_no, column)]
            raise DuplicateRow(code, index.items[code].strip(), cells, sheet=header.sheet)
        placed[code] = row_no
        last_row = row_no
    missing = [(code, item.strip()) for code, item in index.items.items() if code not in placed]
    if missing:
        raise MissingRow(missing, sheet=header.sheet)
    return placed, totals


def _is_footer(row: Mapping[int, Cell], header: Header, marks: ReadingMarks) -> bool:
    """Whether a row stands below the table: it begins with a note or holds a footer label."""
    if marks.ends_table(normalised(row[min(row)].text)):
        return True
    table, footer = header.table, marks.footer
    return any(
        column in table
        and cell.text
        and not cell.text[0].isascii()
        and labels_in(cell.text, footer)
        for column, cell in row.items()
    )


def _is_column_row(row: Mapping[int, Cell], header: Header, marks: ReadingMarks) -> bool:
    """Whether a row is the line of column numbers under the header (甲 乙 丙 1 2)."""
    return normalised(row[min(row)].text) in marks.column_rows and min(row) in header.columns


def _total_of(
    row: Mapping[int, Cell], header: Header, index: _Index, marks: ReadingMarks
) -> str | None:
    """Over which rows a row adds up; None for a row of the form and for any other."""
    item = _text(row.get(header.item)) if header.item is not None else ""
    code = _text(row.get(header.row_code)) if header.row_code is not None else ""
    if item in index.by_item or index.code_of(code) is not None:
        return None
    # A merged 合计 may begin in any column left of the figures.
    left = [column for column in row if column < min(header.values.values(), default=0)]
    said = item or (_text(row[min(left)]) if left else "")
    return marks.total_kind(said)


def _is_section(row: Mapping[int, Cell], header: Header, index: _Index) -> bool:
    return header.item is not None and _text(row.get(header.item)) in index.sections


def _row_code(
    row: Mapping[int, Cell], header: Header, index: _Index, after_blank: bool
) -> str | None:
    """The form's row a sheet row is; None for a section title or a row with nothing of the table.

    Raises:
        UnmappedRow: the row is none of the form's, or its code and its item are of two rows.
    """
    code_cell = row.get(header.row_code) if header.row_code is not None else None
    item_cell = row.get(header.item) if header.item is not None else None
    item = _text(item_cell)
    if code_cell is not None and _text(code_cell):
        code = index.code_of(_text(code_cell))
        if code is None:
            if after_blank:
                return None
            said = " ".join(
                cell.text.strip() for cell in (code_cell, item_cell) if cell and cell.text
            )
            raise UnmappedRow(said, sheet=header.sheet, cell=code_cell.cell)
        other = index.by_item.get(item)
        if item_cell is not None and other is not None and item != normalised(index.items[code]):
            name = (item_cell.text or "").strip()
            raise UnmappedRow(
                f"{code} {name}", sheet=header.sheet, cell=code_cell.cell,
                expected_text=index.items[code].strip(),
                reason_zh=f"代码 {code} 与指标名称“{shown(name)}”不是同一行"
                f"（该指标的代码是 {other}）",
            )  # fmt: skip
        return code
    if item in index.by_item:
        return index.by_item[item]
    if item in index.sections or after_blank:
        return None
    # A figure without code and item is nobody's; only a row without any of the two is a gap.
    stranger = (
        item_cell
        if item
        else next(
            (row[c] for c in sorted(header.values.values()) if c in row and _text(row[c])), None
        )
    )
    if stranger is None:
        return None
    raise UnmappedRow((stranger.text or "").strip(), sheet=header.sheet, cell=stranger.cell)


def _value(
    element: FormElement,
    header: Header,
    row: Mapping[int, Cell],
    placed: Mapping[str, int],
    marks: ReadingMarks,
) -> ValueRow:
    column_no = header.values.get(element.value_column)
    cell = row.get(column_no) if column_no is not None else None
    text: str | None = None
    number_text: str | None = None
    issue: str | None = "blank"
    if cell is not None:
        text = cell.text
        parsed = _parsed(cell, element, marks)
        issue = cell.issue_code or parsed.issue
        if cell.issue_code in _STILL_A_NUMBER and (parsed.number is None or parsed.issue):
            # What the text itself is wins over how the cell was made.
            issue = parsed.issue
        if cell.issue_code == "percent_format" and parsed.number is not None:
            issue = parsed.issue
        unit = row.get(header.unit) if header.unit is not None else None
        if (
            issue not in VOIDING_ISSUES
            and unit is not None
            and _text(unit) != normalised(element.unit_zh)
        ):
            issue = "unit_differs"
        if issue not in VOIDING_ISSUES:
            number_text = parsed.number_text
            if header.source is not None and not _text(row.get(header.source)):
                issue = issue or "no_source_document"
    row_no = placed[element.row_code]
    return (
        element.row_code, element.value_column, element.element_code, element.item_zh.strip(),
        header.sheet, address(row_no, column_no) if column_no is not None else None,
        text, number_text, issue,
    )  # fmt: skip


def _parsed(cell: Cell, element: FormElement, marks: ReadingMarks) -> ParsedNumber:
    """The number of a cell; a cell that shows a percentage holds its hundredth."""
    parsed = parse_filed(cell.text, element.unit_zh, marks)
    if cell.issue_code != "percent_format":
        return parsed
    if parsed.number is None or normalised(element.unit_zh) != _PERCENT:
        return ParsedNumber(None, issue="percent_format")
    return ParsedNumber(parsed.number * 100, issue="unit_scaled")
