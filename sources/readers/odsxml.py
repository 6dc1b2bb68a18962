"""The second look at an OpenDocument spreadsheet: one streaming pass over its `content.xml`.

It finds formulas with and without a stored result, error cells, percentages, hidden rows and
sheets, and refuses DDE links and cells beyond the caps: a cell may say that it is repeated a
million times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from sources.errors import UnreadableFile
from sources.readers.container import CUT_LINK
from sources.readers.grid import Limits, address
from sources.readers.sheetxml import SheetScan

_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TABLE, _OFFICE, _STYLE, _TEXT = (
    _NS % "table", _NS % "office", _NS % "style", _NS % "text",
)  # fmt: skip
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_VALUES = tuple(f"{_OFFICE}{name}" for name in
                ("value", "date-value", "time-value", "boolean-value", "string-value"))  # fmt: skip
_UNSEEN = {"collapse", "filter"}


def scan_content(
    stream: IO[bytes], limits: Limits, into: type[SheetScan] = SheetScan
) -> dict[str, SheetScan]:
    """One scan per sheet, in the document's order.

    Raises:
        OversizedSheet: a filled cell lies beyond the caps; it is named.
        UnreadableFile: a formula is a link to another program.
    """
    scans: dict[str, SheetScan] = {}
    hidden_styles: set[str] = set()
    scan, sheet, row_no = into(), "", 0
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                sheet, row_no = element.get(f"{_TABLE}name", ""), 0
                is_hidden = element.get(f"{_TABLE}style-name") in hidden_styles
                scan = scans[sheet] = into(is_hidden=is_hidden)
            continue
        if element.tag == f"{_STYLE}style":
            shown = [child.get(f"{_TABLE}display") for child in element]
            if "false" in shown:
                hidden_styles.add(element.get(f"{_STYLE}name", ""))
        elif element.tag == f"{_TABLE}table-row":
            times = _repeated(element, "rows")
            _scan_row(element, row_no, times, scan, sheet, limits)
            row_no += times
            element.clear()
    return scans


def _repeated(element: Element, what: str) -> int:
    return max(1, int(element.get(f"{_TABLE}number-{what}-repeated", "1")))


def _scan_row(
    row: Element, row_no: int, times: int, scan: SheetScan, sheet: str, limits: Limits
) -> None:
    is_hidden = row.get(f"{_TABLE}visibility") in _UNSEEN
    for column_no, width, cell in _filled(row):
        # The far corner first: it is what would be allocated.
        scan.check((row_no + times - 1, column_no + width - 1), sheet, limits, _said(cell))
        for at in (
            (row_no + down, column_no + right) for down in range(times) for right in range(width)
        ):
            scan.take(at, sheet, limits)
            _judge(cell, at, is_hidden, scan, sheet)


def _filled(row: Element) -> Iterator[tuple[int, int, Element]]:
    """The cells with a value or a formula: column, how often repeated, element."""
    column_no = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        width = _repeated(cell, "columns")
        if cell.get(f"{_OFFICE}value-type") or cell.get(f"{_TABLE}formula") or _said(cell):
            yield column_no, width, cell
        column_no += width


def _said(cell: Element) -> str:
    return "\n".join("".join(p.itertext()) for p in cell if p.tag == f"{_TEXT}p")


def _judge(
    cell: Element, at: tuple[int, int], is_hidden: bool, scan: SheetScan, sheet: str
) -> None:
    formula = cell.get(f"{_TABLE}formula")
    kind = cell.get(f"{_OFFICE}value-type")
    has_value = any(cell.get(name) for name in _VALUES) or bool(_said(cell))
    if formula is not None and "DDE(" in formula.upper():
        raise UnreadableFile(
            "单元格公式是连到其他程序的 DDE 链接，为安全起见不接收", CUT_LINK,
            sheet=sheet, cell=address(*at), value_text=formula[:40],
        )  # fmt: skip
    if cell.get(f"{_CALC}value-type") == "error":
        scan.issues[at], scan.texts[at] = "error_value", _said(cell) or "#ERROR"
    elif formula is not None and (kind is None or not has_value):
        scan.issues[at], scan.texts[at] = "uncached_formula", formula
    elif kind == "percentage":
        scan.issues[at] = "percent_format"
    elif formula is not None:
        scan.issues[at] = "external_formula" if "file:" in formula else "formula"
    if is_hidden:
        scan.hide(at)
