"""The second look at an old workbook (xls): one pass over its records, before calamine reads it.

It finds error cells, formulas with and without a stored result, percent formats, hidden rows and
sheets, and refuses passwords, macro sheets, DDE links and cells beyond the caps. Records are a
type, a length and a body; a record that runs past the end is a damaged file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile

from sources.errors import EncryptedFile, UnreadableFile
from sources.readers.container import CHECK_FILE, CUT_LINK, SAVE_AS_XLSX
from sources.readers.grid import Limits
from sources.readers.sheetxml import SheetScan, is_percent_format

_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _FORMAT, _XF, _SUPBOOK = (
    0x0809, 0x000A, 0x002F, 0x0085, 0x041E, 0x00E0, 0x01AE,
)  # fmt: skip
_ROW, _FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _LABELSST, _LABEL, _RSTRING = (
    0x0208, 0x0006, 0x0203, 0x027E, 0x00BD, 0x0205, 0x00FD, 0x0204, 0x00D6,
)  # fmt: skip
_PERCENT_BUILT_IN = {9, 10}
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
           0x24: "#NUM!", 0x2A: "#N/A"}  # fmt: skip
_WORKSHEET, _MACRO_SHEET = 0, 1
_DDE_SEPARATOR = "\x03"
_HIDDEN_ROW = 0x20


@dataclass
class _Book:
    """What stands before the sheets: their places, and which cell formats are percentages."""

    sheets: list[tuple[str, int, bool]] = field(default_factory=list)
    formats: dict[int, str] = field(default_factory=dict)
    cell_formats: list[int] = field(default_factory=list)

    @property
    def percent(self) -> frozenset[int]:
        shown = {
            number for number, text in self.formats.items() if is_percent_format(text)
        } | _PERCENT_BUILT_IN
        return frozenset(i for i, number in enumerate(self.cell_formats) if number in shown)


def scan_workbook(
    data: bytes, limits: Limits, into: type[SheetScan] = SheetScan
) -> dict[str, SheetScan]:
    """One scan per worksheet, in the workbook's order.

    Raises:
        EncryptedFile: it needs a password.
        OversizedSheet: a filled cell lies beyond the caps; it is named.
        UnreadableFile: it is damaged, holds macro sheets or links to other programs.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            stream = container.openstream("Workbook").read()
        book = _book_of(stream)
        percent = book.percent
        return {
            name: _scan_sheet(stream, start, name, into(is_hidden=is_hidden), percent, limits)
            for name, start, is_hidden in book.sheets
        }
    except (struct.error, LookupError, OSError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFile("旧版工作簿已损坏或不完整", CHECK_FILE) from error


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream, its own end included, embedded ones (charts) left out."""
    depth = 0
    while True:
        kind, length = struct.unpack_from("<HH", stream, start)
        body = stream[start + 4 : start + 4 + length]
        if len(body) < length:
            raise IndexError(start)
        start += 4 + length
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, body


def _text(body: bytes, at: int, length_bytes: int) -> str:
    """A string of a record: its length, a flag for wide characters, its characters."""
    length = int.from_bytes(body[at : at + length_bytes], "little")
    is_wide = body[at + length_bytes] & 1
    start = at + length_bytes + 1
    raw = body[start : start + length * (2 if is_wide else 1)]
    return raw.decode("utf-16-le" if is_wide else "latin-1")


def _book_of(stream: bytes) -> _Book:
    book = _Book()
    for kind, body in _records(stream, 0):
        if kind == _FILEPASS:
            raise EncryptedFile
        if kind == _BOUNDSHEET:
            start, visibility, sheet_kind = struct.unpack_from("<IBB", body)
            name = _text(body, 6, 1)
            if sheet_kind == _MACRO_SHEET:
                raise UnreadableFile(
                    "工作簿中有宏表（Excel 4.0 宏），为安全起见不接收宏", SAVE_AS_XLSX, sheet=name
                )
            if sheet_kind == _WORKSHEET:
                book.sheets.append((name, start, visibility & 3 != 0))
        elif kind == _FORMAT:
            book.formats[struct.unpack_from("<H", body)[0]] = _text(body, 2, 2)
        elif kind == _XF:
            book.cell_formats.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _SUPBOOK and len(body) > 5 and _DDE_SEPARATOR in _text(body, 2, 2):
            raise UnreadableFile(
                "工作簿含有连到其他程序的 DDE 链接，为安全起见不接收", CUT_LINK,
                value_text=_text(body, 2, 2).replace(_DDE_SEPARATOR, "|"),
            )  # fmt: skip
    return book


def _scan_sheet(
    stream: bytes, start: int, sheet: str, scan: SheetScan, percent: frozenset[int], limits: Limits
) -> SheetScan:
    hidden_rows: set[int] = set()
    for kind, body in _records(stream, start):
        if kind == _ROW:
            if struct.unpack_from("<H", body, 12)[0] & _HIDDEN_ROW:
                hidden_rows.add(struct.unpack_from("<H", body)[0])
        elif kind == _MULRK:
            row, first = struct.unpack_from("<HH", body)
            for n in range((len(body) - 6) // 6):
                xf = struct.unpack_from("<H", body, 4 + 6 * n)[0]
                scan.take((row, first + n), sheet, limits)
                if xf in percent:
                    scan.issues[row, first + n] = "percent_format"
        elif kind in (_FORMULA, _NUMBER, _RK, _BOOLERR, _LABELSST, _LABEL, _RSTRING):
            row, column, xf = struct.unpack_from("<HHH", body)
            scan.take((row, column), sheet, limits)
            _judge(kind, body, (row, column), xf in percent, scan)
    for at in scan.filled_in(hidden_rows):
        scan.hide(at)
    return scan


def _judge(kind: int, body: bytes, at: tuple[int, int], is_percent: bool, scan: SheetScan) -> None:
    if kind == _BOOLERR and body[7]:
        scan.issues[at], scan.texts[at] = "error_value", _ERRORS.get(body[6], "#ERROR")
    elif kind == _FORMULA:
        result = body[6:14]
        is_number = result[6:8] != b"\xff\xff"
        if not is_number and result[0] == 2:
            scan.issues[at], scan.texts[at] = "error_value", _ERRORS.get(result[2], "#ERROR")
        elif not is_number and result[0] == 3:
            scan.issues[at], scan.texts[at] = "uncached_formula", "="
        else:
            scan.issues[at] = "percent_format" if is_number and is_percent else "formula"
    elif kind in (_NUMBER, _RK) and is_percent:
        scan.issues[at] = "percent_format"
