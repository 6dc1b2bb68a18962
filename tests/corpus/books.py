"""Builders of awkward files: the same small form as xlsx, xls, ods or text, and spoiled by hand."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt
from xlsxwriter.worksheet import Worksheet

from tests.unit.sources.builders import IDENTITY, SHEET

Rows = Sequence[Sequence[object]]
Write = Callable[[xlsxwriter.Workbook, Worksheet], None]

_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)
_CALCEXT = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def xlsx(
    sheets: Mapping[str, Rows],
    identity: Mapping[str, str] | None = IDENTITY,
    *,
    hidden: Sequence[str] = (),
    finish: Write | None = None,
) -> bytes:
    """Sheets as a workbook; `finish` gets the workbook and its first sheet."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    pages = {name: book.add_worksheet(name) for name in sheets}
    day = book.add_format({"num_format": 'yyyy"年"m"月"'})
    for name, rows in sheets.items():
        for row_no, row in enumerate(rows):
            for column_no, value in enumerate(row):
                if isinstance(value, datetime):
                    pages[name].write_datetime(row_no, column_no, value, day)
                elif value is not None:
                    pages[name].write(row_no, column_no, value)
        if name in hidden:
            pages[name].hide()
    if identity is not None:
        told = book.add_worksheet("_qiangshi")
        for row_no, pair in enumerate(identity.items()):
            told.write_row(row_no, 0, pair)
        told.very_hidden()
    if finish is not None:
        finish(book, next(iter(pages.values())))
    book.close()
    return target.getvalue()


def xls(
    sheets: Mapping[str, Rows],
    identity: Mapping[str, str] | None = IDENTITY,
    *,
    hidden: Sequence[str] = (),
    finish: Callable[[xlwt.Workbook, xlwt.Worksheet], None] | None = None,
) -> bytes:
    """Sheets as an old workbook."""
    book = xlwt.Workbook(encoding="utf-8")
    pages = {name: book.add_sheet(name, cell_overwrite_ok=True) for name in sheets}
    for name, rows in sheets.items():
        for row_no, row in enumerate(rows):
            for column_no, value in enumerate(row):
                if value is not None:
                    pages[name].write(row_no, column_no, value)
        if name in hidden:
            pages[name].visibility = 1
    if identity is not None:
        told = book.add_sheet("_qiangshi")
        for row_no, (key, value) in enumerate(identity.items()):
            told.write(row_no, 0, key)
            told.write(row_no, 1, value)
        told.visibility = 2
    if finish is not None:
        finish(book, next(iter(pages.values())))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def ods_cell(value: object, more: str = "") -> str:
    """One cell of an OpenDocument sheet."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return (
        f"<table:table-cell {kind} {more}><text:p>{escape(str(value))}</text:p></table:table-cell>"
    )


def ods(
    sheets: Mapping[str, Rows],
    *,
    hidden: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    replaced: Mapping[tuple[int, int], str] | None = None,
    tail: str = "",
    members: Mapping[str, str] | None = None,
    prolog: str = "",
) -> bytes:
    """Sheets as an OpenDocument spreadsheet; `replaced` gives whole cells of the first sheet."""
    tables = []
    for number, (name, rows) in enumerate(sheets.items()):
        lines = []
        for row_no, row in enumerate(rows):
            cells = "".join(
                (replaced or {}).get((row_no, n), ods_cell(v)) if number == 0 else ods_cell(v)
                for n, v in enumerate(row)
            )
            unseen = ' table:visibility="collapse"' if row_no in hidden_rows else ""
            empty = "<table:table-cell/>"
            lines.append(f"<table:table-row{unseen}>{cells or empty}</table:table-row>")
        style = "gone" if name in hidden else "seen"
        end = tail if number == 0 else ""
        tables.append(
            f'<table:table table:name="{name}" table:style-name="{style}">'
            f"{''.join(lines)}{end}</table:table>"
        )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("seen", "true"), ("gone", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}'
        f"<office:document-content {_NAMES} {_CALCEXT}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
        "</manifest:manifest>"
    )
    return zipped(
        {"mimetype": _ODS, "content.xml": content, "META-INF/manifest.xml": manifest}
        | dict(members or {})
    )


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """Members as a zip."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def zipped_by_windows(members: Mapping[str, bytes]) -> bytes:
    """Members as a zip whose names stand in the Chinese code page, without the UTF-8 flag."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(
                "".join(chr(byte) for byte in b"@" * len(name.encode("gb18030"))), content
            )
    data = target.getvalue()
    for name in members:
        raw = name.encode("gb18030")
        data = data.replace(b"@" * len(raw), raw, 2)
    return data


def rezipped(data: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """A workbook with its members changed, left out where the change gives None, or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in more.items():
            new.writestr(name, content)
    return target.getvalue()


def in_sheet(data: bytes, old: str, new: str, sheet: int = 1) -> bytes:
    """A workbook with the XML of one sheet changed; the old text must be there."""

    def change(name: str, content: bytes) -> bytes:
        if name != f"xl/worksheets/sheet{sheet}.xml":
            return content
        assert old.encode() in content, old
        return content.replace(old.encode(), new.encode(), 1)

    return rezipped(data, change)


def declaring(strings: int, uses: int) -> bytes:
    """A workbook whose string table declares so many strings, used so many times."""

    def change(name: str, content: bytes) -> bytes:
        if name != "xl/sharedStrings.xml":
            return content
        content = re.sub(rb' count="\d+"', b' count="%d"' % uses, content)
        return re.sub(rb'uniqueCount="\d+"', b'uniqueCount="%d"' % strings, content)

    return rezipped(xlsx({"表": SHEET}), change)


def with_members(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """A workbook with further parts."""
    return rezipped(data, lambda _, content: content, **members)
