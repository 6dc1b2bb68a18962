"""The quick look at a sheet says what the pass cell by cell says, or says nothing."""

from __future__ import annotations

import io
import random
import zipfile
from xml.etree.ElementTree import ParseError

import pytest
import xlsxwriter
from defusedxml.common import DefusedXmlException

from sources.errors import SourceError
from sources.readers.grid import LIMITS, Limits
from sources.readers.plainsheet import scan_plain
from sources.readers.sheetxml import SheetScan, scan_sheet

SEED = 20260131
PERCENT = frozenset({"2"})
HEAD = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    b' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac">'
    b'<dimension ref="A1:C4"/><sheetData>'
)
TAIL = b'</sheetData><pageMargins left="0.7" right="0.7"/></worksheet>'
ROWS = (
    b'<row r="1" spans="1:3" ht="30" customHeight="1" x14ac:dyDescent="0.2">'
    b'<c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="1"/></row>'
    b'<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="2"><v>0.953</v></c>'
    b'<c r="C2" t="n"><v>-1.5E3</v></c></row><row r="3"/>'
    b'<row r="4" hidden="false"><c r="A4"><f>SUM(B2,C2)</f><v>3</v></c>'
    b'<c r="B4" t="str"><f aca="false">"\xe5\x85\xac"</f><v>\xe5\x85\xac</v></c>'
    b'<c r="C4" s="2"><f>[1]Sheet1!A1</f><v>7</v></c></row>'
)


def slow(content: bytes, limits: Limits = LIMITS) -> SheetScan | None:
    """What the pass of expat finds; None where it refuses."""
    try:
        return scan_sheet(io.BytesIO(content), "表", PERCENT, limits)
    except (SourceError, ParseError, DefusedXmlException, ValueError):
        return None


def sheet(rows: bytes) -> bytes:
    return HEAD + rows + TAIL


def test_a_plain_sheet_is_seen_alike() -> None:
    quick = scan_plain(sheet(ROWS), PERCENT, LIMITS)
    assert quick == slow(sheet(ROWS))
    assert quick is not None
    assert quick.issues == {
        (1, 1): "percent_format", (3, 0): "formula", (3, 1): "formula", (3, 2): "percent_format",
    }  # fmt: skip
    assert len(quick.filled) == 7


def test_a_sheet_without_a_cell_is_plain() -> None:
    for content in (sheet(b""), HEAD.replace(b"<sheetData>", b"<sheetData/>") + TAIL[12:]):
        assert scan_plain(content, PERCENT, LIMITS) == slow(content) == SheetScan()


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1" hidden="1"><c r="A1"><v>1</v></c></row>',
        b'<row r="1" ht="0"><c r="A1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>',
        b'<row r="1"><c r="A1"><f>1+1</f></c></row>',
        b'<row r="1"><c r="A1"><f>1+1</f><v></v></c></row>',
        b'<row r="1"><c r="A1"><f></f><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><f t="shared" si="0"/><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><f>cmd|\'/c calc\'!A1</f><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        b'<row r="1"><c><v>1</v></c></row>',
        b'<row r="1"><c r="A0"><v>1</v></c></row>',
        b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>x</v></c></row>',
        b'<row r="1"><c r="A1"><v>x</v></c></row>',
        b'<row r="1"><c r="A1" t="b"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>1</t></is></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>&#49;</v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>]]></v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>\xff</v></c></row>',
        b'<row r="1"><c r="A1" t="str"><v>\xef\xbf\xbf</v></c></row>',
        b'<!-- <row r="1"> --><row r="1"><c r="A1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1"><v>1</v></c></row></sheetData><sheetData><row r="2"/>',
        b'</sheetData><x><row r="1"><c r="A1"><v>1</v></c></row></x><sheetData>',
    ],
)
def test_what_is_not_plain_is_left_to_the_pass(rows: bytes) -> None:
    assert scan_plain(sheet(rows), PERCENT, LIMITS) is None


@pytest.mark.parametrize(
    "content",
    [
        sheet(ROWS).replace(b"UTF-8", b"GB18030"),
        sheet(ROWS).replace(b"?>\n", b'?>\n<!DOCTYPE x [<!ENTITY a "1">]>'),
        sheet(ROWS).replace(b'right="0.7"/>', b'right="0.7">'),
        sheet(ROWS).replace(b' xmlns:x14ac="', b' xmlns:x15="'),
        sheet(ROWS).replace(b"<sheetData>", b"<sheetData >"),
        sheet(ROWS).decode().encode("utf-16"),
        sheet(ROWS)[:-12],
    ],
)
def test_another_document_is_left_to_the_pass(content: bytes) -> None:
    assert content != sheet(ROWS)
    assert scan_plain(content, PERCENT, LIMITS) is None


def test_a_hidden_column_is_seen_by_the_pass() -> None:
    cols = b'<cols><col min="1" max="1" width="9"/><col min="2" max="3" hidden="1"/></cols>'
    content = sheet(ROWS).replace(b"<sheetData>", cols + b"<sheetData>")
    assert scan_plain(content, PERCENT, LIMITS) is None
    seen = slow(content)
    assert seen is not None
    assert seen.issues[1, 2] == "hidden_row"
    # What is worse stays said, and what stands in a column that is shown is not touched.
    assert seen.issues[1, 1] == "percent_format"
    assert (1, 0) not in seen.issues
    shown = content.replace(b'hidden="1"', b'customWidth="1"')
    assert scan_plain(shown, PERCENT, LIMITS) == slow(shown)


def test_cells_beyond_the_caps_are_left_to_the_pass() -> None:
    for limits in (Limits(rows=3), Limits(columns=2), Limits(cells=6)):
        assert scan_plain(sheet(ROWS), PERCENT, limits) is None
        assert slow(sheet(ROWS), limits) is None


PIECES = (
    b"<", b">", b"/", b'"', b"&amp;", b"<v>", b"</v>", b"<f>", b"</f>", b"<c ", b"</c>", b"<row ",
    b"</row>", b' t="e"', b' t="s"', b' s="2"', b' hidden="1"', b' ht="0"', b'r="A1"', b"0", b"9",
    b"-", b"e", b".", b"|", b"[1]", b"\x00", b"\xe5", b"<!--", b"-->", b"<?", b"x:", b" ", b"\n",
    b"<sheetData>", b"</sheetData>", b"]]>", b"A1048576", b"XFD1",
)  # fmt: skip


def spoiled(content: bytes, random_: random.Random) -> bytes:
    """A sheet with one to three places cut, doubled or overwritten."""
    for _ in range(random_.randint(1, 3)):
        at, length = random_.randrange(len(content)), random_.randint(0, 12)
        kind = random_.random()
        piece = random_.choice(PIECES) if kind < 0.7 else content[at : at + length]
        skipped = length if kind < 0.85 else 0
        content = content[:at] + piece + content[at + skipped :]
    return content


def test_the_quick_look_never_says_what_the_pass_does_not() -> None:
    random_ = random.Random(SEED)
    judged = 0
    for number in range(6000):
        content = spoiled(sheet(ROWS), random_)
        quick = scan_plain(content, PERCENT, LIMITS)
        if quick is not None:
            judged += 1
            assert quick == slow(content), (number, content)
    assert judged > 100


def test_what_the_template_writer_makes_is_plain() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet("表")
    percent = book.add_format({"num_format": "0.0%"})
    page.write_row(0, 0, ["指标", 12, 0.5])
    page.write(1, 2, 0.25, percent)
    page.write_formula(2, 0, "=B1+C1", None, 12.5)
    page.write_blank(3, 0, None, percent)
    page.data_validation("B1", {"validate": "integer", "criteria": ">=", "value": 0})
    book.close()
    with zipfile.ZipFile(target) as archive:
        content = archive.read("xl/worksheets/sheet1.xml")
    seen = scan_plain(content, frozenset({"1"}), LIMITS)
    assert seen == scan_sheet(io.BytesIO(content), "表", frozenset({"1"}), LIMITS)
    assert seen is not None
    assert seen.issues == {(1, 2): "percent_format", (2, 0): "formula"}
