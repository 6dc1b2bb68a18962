"""The rows of a register file, one after the other: strict csv, or worksheets by calamine.

A file is first looked into (`head_of`), which for csv and xlsx costs the same for ten rows and for
a million. Only when it is known to be a register are its rows read, under the caps of its own form.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from python_calamine import CalamineWorkbook

from sources.contract import ANSWER_SHEET_ZH
from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.container import CHECK_FILE, DELIMITED, ODS, XLS, XLSX, recognise
from sources.readers.delimited import CSV_SHEET, delimiter_of
from sources.readers.encodings import encoding_of, is_mojibake
from sources.readers.grid import HIDDEN_SHEET, Cell, Limits, address, place_of
from sources.readers.sheetxml import LongSheetScan, SheetScan, sheet_parts
from sources.readers.workbook import damaged, scans_of, value_as_text
from sources.registers.definition import SLOTS, Register

HEAD_ROWS = 40
BROKEN_PARTS = (
    zipfile.BadZipFile, zlib.error, KeyError, EOFError, ParseError, NotImplementedError,
    DefusedXmlException, ValueError,
)  # fmt: skip
_BLOCK = 1 << 20
_WORKBOOKS = (XLSX, XLS, ODS)
_WORKBOOK = (b"PK", bytes.fromhex("D0CF11E0A1B11AE1"))
_MOST_STRINGS = 2_000_000
_OWN_PREFIX = "_"

Row = list[str | None]


@dataclass(frozen=True)
class Noted:
    """What calamine does not tell of a cell: its issue, and a text where calamine has none."""

    column_no: int
    issue: str
    text: str | None = None


@dataclass(frozen=True)
class SheetRows:
    """One sheet: its rows with their numbers, from 0, and what else is known of them."""

    sheet: str
    rows: Iterator[tuple[int, Row]]
    notes: Mapping[int, list[Noted]] = field(default_factory=dict)
    """Error cells, formulas and percent formats, by row."""
    hidden_rows: frozenset[int] = frozenset()
    is_text: bool = False


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
    """The filled cells of the first rows of every sheet; those of a hidden one say so.

    Raises:
        SourceError: the file cannot be opened as a workbook or a text.
    """
    kind = _kind_of(path, limits)
    if kind == XLSX:
        return _workbook_head(path)
    if kind != DELIMITED:
        return [
            Cell(sheet.sheet, row_no, column_no, address(row_no, column_no), text)
            for sheet in _workbook_sheets(path, kind, limits, is_head=True)
            for row_no, row in islice(sheet.rows, HEAD_ROWS)
            for column_no, text in enumerate(row)
            if text and text.strip()
        ]
    with path.open(encoding=encoding_of(path), newline="") as stream:
        lines = list(islice(stream, HEAD_ROWS))
    rows = csv.reader(io.StringIO("".join(lines)), delimiter=delimiter_of("".join(lines)))
    cells = [
        Cell(CSV_SHEET, row_no, column_no, address(row_no, column_no), value)
        for row_no, row in enumerate(rows)
        for column_no, value in enumerate(row)
        if value.strip()
    ]
    for cell in cells:
        if is_mojibake(cell.text or ""):
            raise mojibake(cell.cell)
    return cells


def mojibake(cell: str) -> UnreadableFile:
    """The refusal of a text that was read in the wrong encoding before it was saved."""
    return UnreadableFile(
        "文字是乱码（曾按错误的编码打开后另存）",
        "请回到原来的 Excel 或 WPS 文件，另存为 xlsx 后重新报送", sheet=CSV_SHEET, cell=cell,
    )  # fmt: skip


def sheets_of(path: Path, limits: Limits) -> Iterator[SheetRows]:
    """Every visible sheet of a file.

    Raises:
        UnreadableFile: the text fits no encoding, a quote is not closed, a part is damaged.
        OversizedSheet: a filled cell lies beyond the caps.
    """
    kind = _kind_of(path, limits)
    if kind == DELIMITED:
        yield SheetRows(CSV_SHEET, _csv_rows(path, limits), is_text=True)
    else:
        yield from _workbook_sheets(path, kind, limits)


def _kind_of(path: Path, limits: Limits) -> str:
    if path.stat().st_size > limits.file_bytes:
        raise OversizedSheet(f"文件超过 {limits.file_bytes // 1048576} MB 的上限")
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start.startswith(_WORKBOOK):
        return DELIMITED
    kind = recognise(path.read_bytes(), path.name, limits)
    if kind not in _WORKBOOKS:
        raise UnreadableFile("台账须是工作簿或文本", CHECK_FILE)
    return kind


def _csv_rows(path: Path, limits: Limits) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=encoding_of(path), newline="") as stream:
        delimiter = delimiter_of(stream.read(_BLOCK))
        stream.seek(0)
        row_no = -1
        # Not strict, an unclosed quote would swallow the rest of the file without a word.
        reader = cast("Iterator[Row]", csv.reader(stream, delimiter=delimiter, strict=True))
        try:
            for row_no, row in enumerate(reader):
                if row_no >= limits.rows:
                    raise OversizedSheet(f"超过 {limits.rows} 行的上限", sheet=CSV_SHEET)
                yield row_no, row
        except csv.Error as error:
            raise UnreadableFile(
                f"文本不能按逗号、分号或制表符分列（第 {row_no + 2} 行起引号不成对，或某一格过长）",
                "请在 Excel 或 WPS 中另存为 xlsx 后重新报送",
                sheet=CSV_SHEET, cell=address(row_no + 1, 0),
            ) from error  # fmt: skip


def _workbook_sheets(
    path: Path, kind: str, limits: Limits, *, is_head: bool = False
) -> Iterator[SheetRows]:
    """The sheets a clerk sees; for the head also the hidden sheet of the template."""
    data = path.read_bytes()
    scans = scans_of(data, kind, limits, LongSheetScan)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except BaseException as error:
        raise damaged(error) from error
    del data
    for name, seen in scans.items():
        is_own = name.startswith(_OWN_PREFIX)
        if name == ANSWER_SHEET_ZH or (seen.is_hidden and not is_own) or (is_own and not is_head):
            continue
        if isinstance(seen, LongSheetScan) and seen.cells:
            hidden = frozenset(seen.hidden_rows)
            yield SheetRows(name, _rows_of(book, name), _notes_of(seen), hidden)


def _rows_of(book: CalamineWorkbook, name: str) -> Iterator[tuple[int, Row]]:
    try:
        sheet = book.get_sheet_by_name(name)
        first = sheet.start or (0, 0)
        pad: Row = [None] * first[1]
        for row_no, row in enumerate(sheet.iter_rows(), start=first[0]):
            yield row_no, [*pad, *map(value_as_text, row)]
    except GeneratorExit:
        raise
    except BaseException as error:
        raise damaged(error) from error


def _notes_of(seen: SheetScan) -> dict[int, list[Noted]]:
    notes: dict[int, list[Noted]] = {}
    for at, issue in seen.issues.items():
        notes.setdefault(at[0], []).append(Noted(at[1], issue, seen.texts.get(at)))
    return notes


def _workbook_head(path: Path) -> list[Cell]:
    """The first rows by the sheets' XML, so that nothing else of a large file is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            found: list[tuple[str, int, int, str, bool]] = []
            unseen: set[str] = set()
            for part in sheet_parts(archive):
                if part.is_hidden and not part.name.startswith(_OWN_PREFIX):
                    unseen.add(part.name)
                with archive.open(part.member) as stream:
                    found += _head_rows(stream, part.name)
            wanted = {int(text) for *_, text, is_shared in found if is_shared and text.isdigit()}
            strings = _shared(archive, wanted)
    except BROKEN_PARTS as error:
        raise UnreadableFile("工作簿已损坏或不完整（内部结构不能读取）", CHECK_FILE) from error
    cells = []
    for sheet, row_no, column_no, text, is_shared in found:
        shown = strings.get(int(text)) if is_shared and text.isdigit() else text
        if shown and sheet != ANSWER_SHEET_ZH:
            issue = HIDDEN_SHEET if sheet in unseen else None
            at = address(row_no, column_no)
            cells.append(Cell(sheet, row_no, column_no, at, shown, issue))
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
