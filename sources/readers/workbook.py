"""xlsx workbooks: values by calamine, issues by the second pass over the sheets' XML.

The pass goes first, because it is what keeps a stray cell at XFD1048576 from calamine.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook

from sources.errors import UnreadableFile
from sources.numbers import number_as_text
from sources.readers.grid import LIMITS, Cell, Limits, address
from sources.readers.sheetxml import SheetScan, percent_styles, scan_sheet, sheet_parts

_DAMAGED = "请确认文件能用 Excel 或 WPS 正常打开，另存为 xlsx 后重新报送"
_BROKEN_PARTS = (
    zipfile.BadZipFile, zlib.error, KeyError, EOFError, ParseError, NotImplementedError,
    DefusedXmlException, ValueError,
)  # fmt: skip


def value_as_text(value: object) -> str | None:
    """A workbook's value as text: numbers by 15 digits, dates in ISO form; None for a blank."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_as_text(value)
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return None


def read_workbook(data: bytes, limits: Limits = LIMITS) -> list[Cell]:
    """Every filled cell of every worksheet, hidden ones too, in sheet, row and column order.

    Raises:
        UnreadableFile: a part of the workbook is missing, damaged or no XML.
        OversizedSheet: a filled cell lies beyond the caps.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            percent = percent_styles(archive)
            scans: dict[str, SheetScan] = {}
            for part in sheet_parts(archive):
                with archive.open(part.member) as stream:
                    scans[part.name] = scan_sheet(stream, part.name, percent, limits)
    except _BROKEN_PARTS as error:
        raise UnreadableFile("工作簿已损坏或不完整（内部结构不能读取）", _DAMAGED) from error
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells: list[Cell] = []
        for name, scan in scans.items():
            if scan.cells:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                cells += _cells_of(name, rows, scan)
    except (CalamineError, ValueError, OSError) as error:
        raise UnreadableFile("工作簿已损坏或不完整（内容不能读取）", _DAMAGED) from error
    return cells


def _cells_of(sheet: str, rows: Sequence[Sequence[object]], scan: SheetScan) -> list[Cell]:
    found: dict[tuple[int, int], str | None] = {}
    for row_no, row in enumerate(rows):
        for column_no, value in enumerate(row):
            if value != "":
                found[row_no, column_no] = value_as_text(value)
    # Calamine returns a blank for an error and for a formula without value alike.
    found.update(scan.texts)
    places = sorted(found) if scan.texts else found
    issues = scan.issues
    return [Cell(sheet, at[0], at[1], address(*at), found[at], issues.get(at)) for at in places]
