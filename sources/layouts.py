"""Where a form's values stand in a sheet: columns by header text, rows by code or item.

A moved column or row is accepted, a renamed, missing, extra or repeated one is refused by name.
Header texts and rows come from the definitions; what the form is was decided in `identity`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sources.contract import VALUES_SCHEMA, VOIDING_ISSUES, FormIdentity
from sources.definitions import Definitions, FormElement, LayoutColumn
from sources.errors import DuplicateRow, MissingColumn, MissingRow, UnmappedColumn, UnmappedRow
from sources.identity import (
    FOOTER_LABELS_ZH,
    HIDDEN_PREFIX,
    identify,
    normalised,
    rows_of,
)
from sources.numbers import parse_number
from sources.readers.grid import Cell, address

__all__ = ["identify", "locate", "located_values"]

Rows = Mapping[int, Mapping[int, Cell]]
ValueRow = tuple[str, str, str, str, str, str | None, str | None, str | None, str | None]
"""One row of the VALUES frame, in its column order."""

_FOOTER = tuple(normalised(label) for label in FOOTER_LABELS_ZH)


@dataclass(frozen=True)
class Header:
    """The header row of a sheet: which column holds which role."""

    sheet: str
    row_no: int
    item: int | None
    row_code: int | None
    unit: int | None
    source: int | None
    values: Mapping[str, int]
    columns: frozenset[int]
    """Every column that has a header."""


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
    layout = definitions.layout(identity.layout_code or "")
    elements = definitions.form_elements(identity.form_code, identity.form_version)
    sheets = {
        name: rows for name, rows in rows_of(cells).items() if not name.startswith(HIDDEN_PREFIX)
    }
    header = find_header(sheets, layout)
    rows = sheets[header.sheet]
    placed = _place_rows(header, rows, elements)
    _refuse_figures_outside(header, rows, placed)
    return [
        _value(element, header, rows.get(placed[element.row_code], {}), placed[element.row_code])
        for element in elements
    ]


def find_header(sheets: Mapping[str, Rows], layout: Sequence[LayoutColumn]) -> Header:
    """The row that names most of the layout's columns, on whatever visible sheet it stands.

    Raises:
        MissingColumn: a required column is missing there, or no row names two columns.
        UnmappedColumn: the row has a header the layout does not know, or one twice.
    """
    known: dict[str, LayoutColumn] = {
        normalised(text): column
        for column in reversed(layout)
        for text in (column.header_zh, *column.aliases_zh)
    }
    best: tuple[int, str, int] | None = None
    for sheet, rows in sheets.items():
        for row_no, row in rows.items():
            hits = len({known[t].column_order for c in row.values() if (t := _text(c)) in known})
            if hits >= 2 and (best is None or hits > best[0]):
                best = (hits, sheet, row_no)
    if best is None:
        expected = [column.header_zh for column in layout if column.is_required]
        raise MissingColumn(expected, sheet=next(iter(sheets), None))
    hits, sheet, row_no = best
    for other, rows in sheets.items():
        for number, row in rows.items():
            again = {known[t].column_order for c in row.values() if (t := _text(c)) in known}
            if (other, number) != (sheet, row_no) and len(again) == hits:
                # Two tables of the same form: taking the first would lose the second unseen.
                raise UnmappedColumn(
                    [], sheet=other, cell=row[min(row)].cell,
                    reason_zh=f"除工作表“{sheet}”外，这里还有一张同样表头的表，无法确定以哪张为准",
                )  # fmt: skip
    return _mapped(sheet, row_no, sheets[sheet][row_no], layout, known)


def _text(cell: Cell | None) -> str:
    return normalised(cell.text) if cell is not None else ""


def _mapped(
    sheet: str,
    row_no: int,
    row: Mapping[int, Cell],
    layout: Sequence[LayoutColumn],
    known: Mapping[str, LayoutColumn],
) -> Header:
    found: dict[int, int] = {}
    unmapped: list[Cell] = []
    for column_no in sorted(row):
        text = _text(row[column_no])
        column = known.get(text)
        if column is None:
            if text:
                unmapped.append(row[column_no])
        elif column.column_order in found:
            cell = row[column_no]
            raise UnmappedColumn(
                [cell.text or ""], sheet=sheet, cell=cell.cell,
                reason_zh=f"表头“{cell.text}”与另一列重复（都表示“{column.header_zh}”）",
            )  # fmt: skip
        else:
            found[column.column_order] = column_no
    strangers = [(cell.text or "").strip() for cell in unmapped]
    missing = [c.header_zh for c in layout if c.is_required and c.column_order not in found]
    at = unmapped[0].cell if unmapped else row[min(row)].cell
    if missing:
        raise MissingColumn(missing, strangers, sheet=sheet, cell=at)
    if unmapped:
        raise UnmappedColumn(
            strangers, sheet=sheet, cell=at, known=[column.header_zh for column in layout]
        )

    def column_of(role: str) -> int | None:
        return next(
            (found[c.column_order] for c in layout
             if c.column_role == role and c.column_order in found), None,
        )  # fmt: skip

    return Header(
        sheet=sheet,
        row_no=row_no,
        item=column_of("item"),
        row_code=column_of("row_code"),
        unit=column_of("unit"),
        source=column_of("source"),
        values={
            column.value_column: found[column.column_order]
            for column in layout
            if column.column_role == "value"
            and column.value_column
            and column.column_order in found
        },
        columns=frozenset(found.values()),
    )


def _refuse_figures_outside(header: Header, rows: Rows, placed: Mapping[str, int]) -> None:
    """A figure beside the table, in a column without a header, is not dropped without a word."""
    for row_no in placed.values():
        for column_no, cell in rows[row_no].items():
            if column_no not in header.columns and parse_number(cell.text).number is not None:
                raise UnmappedColumn(
                    [], sheet=header.sheet, cell=cell.cell,
                    reason_zh=f"单元格填有数值“{cell.text}”，但所在列没有表头",
                )  # fmt: skip


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


def _place_rows(header: Header, rows: Rows, elements: Sequence[FormElement]) -> dict[str, int]:
    """Row number of each row code of the form."""
    index = _Index.of(elements)
    placed: dict[str, int] = {}
    last_row = header.row_no
    for row_no in sorted(number for number in rows if number > header.row_no):
        row = rows[row_no]
        if _is_footer(row):
            break
        after_blank = row_no > last_row + 1
        code = _row_code(row, header, index, after_blank)
        if code is None:
            if after_blank and not _is_section(row, header, index):
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
    return placed


def _is_footer(row: Mapping[int, Cell]) -> bool:
    first = _text(row[min(row)])
    return any(first == label or first.startswith(f"{label}:") for label in _FOOTER)


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
                reason_zh=f"代码 {code} 与指标名称“{name}”不是同一行（该指标的代码是 {other}）",
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


def _value(element: FormElement, header: Header, row: Mapping[int, Cell], row_no: int) -> ValueRow:
    column_no = header.values.get(element.value_column)
    cell = row.get(column_no) if column_no is not None else None
    text: str | None = None
    number_text: str | None = None
    issue: str | None = "blank"
    if cell is not None:
        text = cell.text
        parsed = parse_number(text)
        issue = cell.issue_code or parsed.issue
        if cell.issue_code in {"formula", "hidden_row"} and parsed.number is None:
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
    return (
        element.row_code, element.value_column, element.element_code, element.item_zh.strip(),
        header.sheet, address(row_no, column_no) if column_no is not None else None,
        text, number_text, issue,
    )  # fmt: skip
