"""Workbooks (xlsx, xls, ods): values by calamine, issues by a pass of our own over the file.

The pass goes first, because it is what keeps a stray cell at XFD1048576 from calamine.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook

from sources.errors import EncryptedFile, UnreadableFile
from sources.numbers import number_as_text
from sources.readers.container import CHECK_FILE, CUT_LINK, ODS, XLS, XLSX
from sources.readers.grid import HIDDEN_SHEET, LIMITS, Cell, Limits, address
from sources.readers.odsxml import scan_content
from sources.readers.package import Package, package_of
from sources.readers.plainsheet import PLAIN_BYTES, scan_plain
from sources.readers.sheetxml import (
    SheetPart,
    SheetScan,
    percent_styles,
    scan_sheet,
    sheet_parts,
)

_BROKEN_PARTS = (
    zipfile.BadZipFile, zlib.error, LookupError, EOFError, ParseError, NotImplementedError,
    DefusedXmlException, ValueError, RuntimeError, OSError,
)  # fmt: skip
_DECLARED = re.compile(rb'uniqueCount="(\d+)"')
_DOCTYPES = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"),
             "<!DOCTYPE".encode("utf-16-be"))  # fmt: skip


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


def read_workbook(data: bytes, kind: str = XLSX, limits: Limits = LIMITS) -> list[Cell]:
    """Every filled cell of every worksheet, hidden ones too, in sheet, row and column order.

    Raises:
        UnreadableFile: a part of the workbook is missing, damaged or no XML, or it is not safe.
        OversizedSheet: a filled cell lies beyond the caps.
    """
    scans = scans_of(data, kind, limits)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells: list[Cell] = []
        for name, scan in scans.items():
            if scan.filled:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                cells += _cells_of(name, rows, scan)
    except BaseException as error:
        raise damaged(error) from error
    return cells


def scans_of(
    data: bytes, kind: str, limits: Limits, into: type[SheetScan] = SheetScan
) -> dict[str, SheetScan]:
    """The second look at every worksheet; `into` is what one sheet's look is gathered in.

    Raises:
        UnreadableFile, OversizedSheet: as of `read_workbook`.
    """
    try:
        return _SCANS[kind](data, limits, into)
    except _BROKEN_PARTS as error:
        raise UnreadableFile("工作簿已损坏或不完整（内部结构不能读取）", CHECK_FILE) from error


def damaged(error: BaseException) -> BaseException:
    """What to raise for an error while calamine reads: a refusal, or the error that is no such.

    A panic of calamine is no Exception; left alone it would end the reading process.
    """
    is_of_file = isinstance(error, CalamineError | ValueError | OSError)
    if is_of_file or type(error).__name__ == "PanicException":
        return UnreadableFile("工作簿已损坏或不完整（内容不能读取）", CHECK_FILE)
    return error


def _scan_xlsx(data: bytes, limits: Limits, into: type[SheetScan]) -> dict[str, SheetScan]:
    package = package_of(data)
    _verify_parts(package)
    percent = percent_styles(package)
    return {
        part.name: _scan_part(package, part, percent, limits, into)
        for part in sheet_parts(package)
    }  # fmt: skip


def _scan_part(
    package: Package,
    part: SheetPart,
    percent: frozenset[str],
    limits: Limits,
    into: type[SheetScan],
) -> SheetScan:
    """One sheet's second look: the quick one where it will do."""
    if into is SheetScan and package.size(part.member) <= PLAIN_BYTES:
        content = package.read(part.member)
        quick = scan_plain(content, percent, limits, is_hidden=part.is_hidden)
        if quick is not None:
            return quick
        stream: IO[bytes] = io.BytesIO(content)
    else:
        stream = package.archive.open(part.member)
    with stream:
        return scan_sheet(
            stream, part.name, percent, limits, is_hidden=part.is_hidden, into=into
        )  # fmt: skip


def _verify_parts(package: Package) -> None:
    """Unpacks what calamine will unpack: a declared size or checksum that lies ends here.

    Raises:
        UnreadableFile: a part declares entities, or links to another program.
    """
    for member in package.members:
        name = member.filename.lower()
        if name.startswith("xl/worksheets/sheet") or not name.endswith((".xml", ".rels")):
            continue
        content = package.read(member.filename)
        if any(mark in content[:4096] for mark in _DOCTYPES):
            raise UnreadableFile(
                f"工作簿的部件“{member.filename}”声明了 XML 实体，正常的表格没有", CHECK_FILE,
                value_text=member.filename,
            )  # fmt: skip
        declared = _DECLARED.search(content[:4096]) if name == "xl/sharedstrings.xml" else None
        if declared is not None and int(declared[1]) > len(content):
            # Calamine makes room for as many strings as are declared.
            raise UnreadableFile(
                f"工作簿的字符串表自称有 {int(declared[1])} 个字符串，内容却装不下", CHECK_FILE,
                value_text=declared[1].decode(),
            )  # fmt: skip
        if name.startswith("xl/externallinks/") and b"ddeLink" in content:
            raise UnreadableFile(
                "工作簿含有连到其他程序的 DDE 链接，为安全起见不接收", CUT_LINK,
                value_text=member.filename,
            )  # fmt: skip


def _scan_ods(data: bytes, limits: Limits, into: type[SheetScan]) -> dict[str, SheetScan]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "META-INF/manifest.xml" in archive.namelist() and (
            b"encryption-data" in archive.read("META-INF/manifest.xml")
        ):
            raise EncryptedFile
        with archive.open("content.xml") as stream:
            return scan_content(stream, limits, into)


def _scan_xls(data: bytes, limits: Limits, into: type[SheetScan]) -> dict[str, SheetScan]:
    # Imported here: most files are not of the old kind.
    from sources.readers.biff import scan_workbook

    return scan_workbook(data, limits, into)


_SCANS: Mapping[str, Callable[[bytes, Limits, type[SheetScan]], dict[str, SheetScan]]] = {
    XLSX: _scan_xlsx, ODS: _scan_ods, XLS: _scan_xls,
}  # fmt: skip


def _cells_of(sheet: str, rows: Sequence[Sequence[object]], scan: SheetScan) -> list[Cell]:
    found = {
        (row_no, column_no): (value or None) if type(value) is str else value_as_text(value)
        for row_no, row in enumerate(rows)
        for column_no, value in enumerate(row)
        if value != ""
    }
    strays = found.keys() - scan.filled
    if strays:
        # Two readers that disagree about where a value stands cannot both be believed.
        at = min(strays)
        raise UnreadableFile(
            f"单元格 {address(*at)} 的位置前后矛盾（内部结构不能读取）", CHECK_FILE,
            sheet=sheet, cell=address(*at), value_text=found[at],
        )  # fmt: skip
    # Calamine returns a blank for an error and for a formula without value alike.
    found.update(scan.texts)
    places = sorted(found) if scan.texts else found
    issues = scan.issues
    if scan.is_hidden and not sheet.startswith("_"):
        # The clerk does not see this sheet: it is kept, and never read as a form.
        issues = dict.fromkeys(found, HIDDEN_SHEET)
    return [Cell(sheet, at[0], at[1], address(*at), found[at], issues.get(at)) for at in places]
