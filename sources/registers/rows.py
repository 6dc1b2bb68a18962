"""The rows of a register file, one after the other: strict csv, or worksheets by calamine.

A file is first looked into (`head_of`), which costs the same for ten rows and for a million. Only
when it is known to be a register are its rows read, under the caps of its own form.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from python_calamine import CalamineError, CalamineWorkbook

from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.container import CHECK_FILE, XLSX, recognise
from sources.readers.delimited import CSV_SHEET, delimiter_of
from sources.readers.grid import Cell, Limits, address, place_of
from sources.readers.sheetxml import percent_styles, scan_sheet, sheet_parts
from sources.readers.workbook import value_as_text
from sources.registers.definition import SLOTS, Register

HEAD_ROWS = 40
ENCODINGS = ("utf-8-sig", "gb18030")
BROKEN_PARTS = (
    zipfile.BadZipFile, zlib.error, KeyError, EOFError, ParseError, NotImplementedError,
    DefusedXmlException, ValueError,
)  # fmt: skip
_BLOCK = 1 << 20
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_MOST_STRINGS = 2_000_000

Row = list[str | None]


@dataclass(frozen=True)
class SheetRows:
    """One sheet: its rows with their numbers, from 0, and texts that stand in for lost values."""

    sheet: str
    rows: Iterator[tuple[int, Row]]
    instead: Mapping[tuple[int, int], str]
    """Error cells and formulas without a value: their text, by row and column."""


def limits_of(register: Register) -> Limits:
    """The caps of a register's files."""
    return Limits(
        file_bytes=register.max_file_bytes,
        unpacked_bytes=register.max_file_bytes * 8,
        rows=register.max_rows + HEAD_ROWS * 2,
        columns=SLOTS * 4,
        cells=(register.max_rows + HEAD_ROWS * 2) * (SLOTS + 1),
    )


def head_of(path: Path, limits: Limits) -> list[Cell]:
    """The filled cells of the first rows of every sheet.

    Raises:
        SourceError: the file cannot be opened as a workbook or a text.
    """
    if _is_workbook(path, limits):
        return _workbook_head(path)
    with path.open("rb") as stream:
        start = stream.read(_BLOCK)
    for encoding in ENCODINGS:
        try:
            # A character may be cut at the end of the block; the strict reading comes later.
            text = codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        rows = csv.reader(io.StringIO("".join(text.splitlines(keepends=True)[:HEAD_ROWS])))
        return [
            Cell(CSV_SHEET, row_no, column_no, address(row_no, column_no), value)
            for row_no, row in enumerate(rows)
            for column_no, value in enumerate(row)
            if value.strip()
        ]
    return []


def sheets_of(path: Path, limits: Limits) -> Iterator[SheetRows]:
    """Every visible sheet of a file.

    Raises:
        UnreadableFile: the text fits no encoding, a quote is not closed, a part is damaged.
        OversizedSheet: a filled cell lies beyond the caps.
    """
    if _is_workbook(path, limits):
        yield from _workbook_sheets(path, limits)
    else:
        yield SheetRows(CSV_SHEET, _csv_rows(path, limits), {})


def _is_workbook(path: Path, limits: Limits) -> bool:
    if path.stat().st_size > limits.file_bytes:
        raise OversizedSheet(f"文件超过 {limits.file_bytes // 1048576} MB 的上限")
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start.startswith((b"PK", _OLE)):
        return False
    if start.startswith(_OLE) or recognise(path.read_bytes(), path.name, limits) != XLSX:
        raise UnreadableFile(
            "台账只收 xlsx 和 csv", "请在 Excel 或 WPS 中另存为 xlsx 或 CSV UTF-8 后重新报送"
        )
    return True


def _encoding_of(path: Path) -> str:
    for encoding in ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(
        "文本编码既不是 UTF-8，也不是 GB18030",
        "请在 Excel 或 WPS 中另存为“CSV UTF-8（*.csv）”后重新报送",
    )


def _csv_rows(path: Path, limits: Limits) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=_encoding_of(path), newline="") as stream:
        delimiter = delimiter_of(stream.read(_BLOCK))
        stream.seek(0)
        try:
            # Not strict, an unclosed quote would swallow the rest of the file without a word.
            for row_no, row in enumerate(csv.reader(stream, delimiter=delimiter, strict=True)):
                if row_no >= limits.rows:
                    raise OversizedSheet(f"超过 {limits.rows} 行的上限", sheet=CSV_SHEET)
                yield row_no, list[str | None](row)
        except csv.Error as error:
            raise UnreadableFile(
                "文本不能按逗号或制表符分列（引号不成对，或某一格过长）",
                "请在 Excel 或 WPS 中另存为 xlsx 后重新报送",
            ) from error


def _workbook_sheets(path: Path, limits: Limits) -> Iterator[SheetRows]:
    try:
        with zipfile.ZipFile(path) as archive:
            percent = percent_styles(archive)
            scans = {}
            for part in sheet_parts(archive):
                with archive.open(part.member) as stream:
                    scans[part.name] = scan_sheet(stream, part.name, percent, limits)
        book = CalamineWorkbook.from_path(str(path))
    except (*BROKEN_PARTS, CalamineError, OSError) as error:
        raise UnreadableFile("工作簿已损坏或不完整（内部结构不能读取）", CHECK_FILE) from error
    for name, scan in scans.items():
        if scan.filled and not name.startswith("_"):
            sheet = book.get_sheet_by_name(name)
            first = sheet.start or (0, 0)
            pad: Row = [None] * first[1]
            rows = (
                (row_no, [*pad, *(value_as_text(value) for value in row)])
                for row_no, row in enumerate(sheet.iter_rows(), start=first[0])
            )
            yield SheetRows(name, rows, scan.texts)


def _workbook_head(path: Path) -> list[Cell]:
    """The first rows by the sheets' XML, so that nothing else of a large file is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            found: list[tuple[str, int, int, str, bool]] = []
            for part in sheet_parts(archive):
                with archive.open(part.member) as stream:
                    found += _head_rows(stream, part.name)
            wanted = {int(text) for *_, text, is_shared in found if is_shared and text.isdigit()}
            strings = _shared(archive, wanted)
    except BROKEN_PARTS as error:
        raise UnreadableFile("工作簿已损坏或不完整（内部结构不能读取）", CHECK_FILE) from error
    cells = []
    for sheet, row_no, column_no, text, is_shared in found:
        shown = strings.get(int(text)) if is_shared and text.isdigit() else text
        if shown:
            cells.append(Cell(sheet, row_no, column_no, address(row_no, column_no), shown))
    return cells


def _head_rows(stream: IO[bytes], sheet: str) -> list[tuple[str, int, int, str, bool]]:
    found: list[tuple[str, int, int, str, bool]] = []
    seen = 0
    for _, element in iterparse(stream, events=("end",), forbid_dtd=True):
        if element.tag.endswith("}row"):
            for cell in element:
                place = place_of(cell.get("r", ""))
                text = _cell_text(cell)
                if place and text:
                    found.append((sheet, *place, text, cell.get("t") == "s"))
            element.clear()
            seen += 1
            if seen >= HEAD_ROWS:
                break
    return found


def _cell_text(cell: Element) -> str:
    return "".join(
        part.text or "" for part in cell.iter() if part.tag.endswith(("}v", "}t"))
    ).strip()


def _shared(archive: zipfile.ZipFile, wanted: set[int]) -> dict[int, str]:
    """The shared strings of some numbers, read no further than the last of them."""
    found: dict[int, str] = {}
    if not wanted:
        return found
    last = min(max(wanted), _MOST_STRINGS)
    number = 0
    with archive.open("xl/sharedStrings.xml") as stream:
        for _, element in iterparse(stream, events=("end",), forbid_dtd=True):
            if not element.tag.endswith("}si"):
                continue
            if number in wanted:
                found[number] = _cell_text(element)
            element.clear()
            number += 1
            if number > last:
                break
    return found
