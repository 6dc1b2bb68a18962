"""Bytes become located text cells, or a refusal that says what they are."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from xlsxwriter.worksheet import Worksheet

from sources.errors import (
    EmptyWorkbook,
    EncryptedFile,
    OversizedSheet,
    SourceError,
    UnreadableFile,
)
from sources.readers import read_cells, read_file
from sources.readers.grid import Limits, address, place_of
from tests.unit.sources.builders import SHEET, as_csv, as_xlsx


def _book(write: Callable[[xlsxwriter.Workbook, Worksheet], None]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    write(book, book.add_worksheet("表"))
    book.close()
    return target.getvalue()


def _rezipped(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The workbook with its members changed, or left out where the change gives None."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()


def _one(write: Callable[[xlsxwriter.Workbook, Worksheet], None]) -> tuple[str | None, str | None]:
    """Text and issue of the single cell that was written."""
    (cell,) = read_file(_book(write), "a.xlsx")
    return cell.text, cell.issue_code


@pytest.mark.parametrize(
    ("row_no", "column_no", "name"), [(0, 0, "A1"), (6, 1, "B7"), (9, 26, "AA10"),
                                      (1048575, 16383, "XFD1048576")],
)  # fmt: skip
def test_an_address_goes_both_ways(row_no: int, column_no: int, name: str) -> None:
    assert address(row_no, column_no) == name
    assert place_of(name) == (row_no, column_no)


def test_every_filled_cell_has_sheet_place_and_text() -> None:
    frame = read_cells(as_xlsx([["项目", None, 12.0], [None, None, None], ["甲", 0.1 + 0.2]], None))
    assert frame.rows() == [
        ("表", 0, 0, "A1", "项目", None),
        ("表", 0, 2, "C1", "12", None),
        ("表", 2, 0, "A3", "甲", None),
        ("表", 2, 1, "B3", "0.3", None),
    ]


def test_cells_of_hidden_sheets_are_kept() -> None:
    frame = read_cells(as_xlsx(SHEET))
    assert frame.filter(sheet="_qiangshi", cell="B1")["text"].to_list() == ["T-M1"]


def test_dates_are_iso_and_an_explicit_zero_is_no_blank() -> None:
    def write(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(0, 0, datetime(2025, 4, 3), day)
        sheet.write_datetime(0, 1, datetime(2025, 4, 3, 8, 30), day)
        sheet.write_number(0, 2, 0)
        sheet.write_boolean(0, 3, True)

    texts = [cell.text for cell in read_file(_book(write), "a.xlsx")]
    assert texts == [date(2025, 4, 3).isoformat(), "2025-04-03 08:30:00", "0", "TRUE"]


def test_an_error_cell_keeps_its_text_and_says_so() -> None:
    assert _one(lambda _, s: s.write_formula(0, 0, "=NA()", None, "#N/A")) == (
        "#N/A", "error_value",
    )  # fmt: skip


def test_a_formula_without_value_is_told_from_a_blank() -> None:
    assert _one(lambda _, s: s.write_formula(0, 0, "=1+1", None, "")) == (
        "=1+1",
        "uncached_formula",
    )


def test_a_formula_with_value_keeps_the_value() -> None:
    assert _one(lambda _, s: s.write_formula(0, 0, "=1+1", None, 2)) == ("2", "formula")


@pytest.mark.parametrize("style", ["0.0%", "0%", "0.00%", '#,##0.0"（"%"）"'])
def test_a_cell_that_shows_a_percentage_says_so(style: str) -> None:
    assert _one(lambda b, s: s.write_number(0, 0, 0.953, b.add_format({"num_format": style}))) == (
        "0.953", "percent_format",
    )  # fmt: skip


@pytest.mark.parametrize("style", ['0.0"%"', "0.0", '0"件"'])
def test_a_percent_sign_that_is_only_decoration_scales_nothing(style: str) -> None:
    issue = _one(lambda b, s: s.write_number(0, 0, 95.3, b.add_format({"num_format": style})))
    assert issue == ("95.3", None)


def test_a_cell_in_a_hidden_row_says_so() -> None:
    def write(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_number(3, 0, 7)
        sheet.set_row(3, None, None, {"hidden": True})

    assert _one(write) == ("7", "hidden_row")


def test_cells_without_an_address_stand_in_their_order() -> None:
    def strip(name: str, content: bytes) -> bytes:
        if name == "xl/worksheets/sheet1.xml":
            content = content.replace(b' r="A1"', b"").replace(b' r="B1"', b"")
        return content

    data = _book(lambda _, s: s.write_row(0, 0, [1, 2]))
    assert [c.cell for c in read_file(_rezipped(data, strip), "a.xlsx")] == ["A1", "B1"]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ","),
        ("gb18030", ","),
        ("gb18030", "\t"),
        ("utf-8", "\t"),
        ("utf-16", ","),
        ("utf-16", "\t"),
        ("utf-16-le", ","),
        ("utf-16-be", "\t"),
    ],
)
def test_delimited_text_is_read_in_every_usual_encoding(encoding: str, delimiter: str) -> None:
    data = as_csv([["指标名称", "本月"], ["专利授权量", "1"]], encoding, delimiter)
    cells = read_file(data, "三月.csv")
    assert [(c.sheet, c.cell, c.text) for c in cells] == [
        ("csv", "A1", "指标名称"), ("csv", "B1", "本月"),
        ("csv", "A2", "专利授权量"), ("csv", "B2", "1"),
    ]  # fmt: skip


def test_mongolian_script_survives_gb18030() -> None:
    assert read_file(as_csv([["ᠮᠣᠩᠭᠣᠯ", "1"]], "gb18030"), "a.csv")[0].text == "ᠮᠣᠩᠭᠣᠯ"


def test_a_number_that_excel_quoted_with_thousands_marks_is_one_cell() -> None:
    assert [c.text for c in read_file(b'a,"1,234"\r\n', "a.csv")] == ["a", "1,234"]


def _encrypted() -> bytes:
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(as_xlsx(SHEET))).encrypt("secret", target)
    return target.getvalue()


_GOOD = as_xlsx(SHEET)
_BOMB = (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><worksheet xmlns="http://schemas.'
         b'openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>')  # fmt: skip


@pytest.mark.parametrize(
    ("data", "name", "error", "words"),
    [
        ("指标,1\n".encode(), "三月.xlsx", UnreadableFile, "扩展名是 xlsx"),
        (b"<html><table></table></html>", "a.xls", UnreadableFile, "扩展名是 xls"),
        (_GOOD[: len(_GOOD) // 2], "a.xlsx", UnreadableFile, "已损坏或不完整"),
        (_GOOD[:200], "a.xlsx", UnreadableFile, "已损坏或不完整"),
        (_rezipped(_GOOD, lambda n, c: None if "sheet1" in n else c), "a.xlsx", UnreadableFile,
         "已损坏"),
        (_rezipped(_GOOD, lambda n, c: c[:50] if "sheet1.xml" in n else c), "a.xlsx",
         UnreadableFile, "已损坏"),
        (_rezipped(_GOOD, lambda n, c: _BOMB if n.endswith("sheet1.xml") else c), "a.xlsx",
         UnreadableFile, "已损坏"),
        (_encrypted(), "a.xlsx", EncryptedFile, "密码"),
        (as_xlsx([], None), "空.xlsx", EmptyWorkbook, "没有任何内容"),
        (b"", "a.csv", EmptyWorkbook, "没有任何内容"),
        (b"\xef\xbb\xbf\r\n , \r\n", "a.csv", EmptyWorkbook, "没有任何内容"),
        (b"%PDF-1.7", "a.xlsx", UnreadableFile, "PDF"),
        (b"\xff\xfea\x00,\x00b", "a.csv", UnreadableFile, "UTF-16"),
        (b"a,\x00\x01", "a.csv", UnreadableFile, "也不是文本"),
        (b"\xff\xff\xff,1", "a.csv", UnreadableFile, "编码"),
        (b'a,"' + b"x" * 200_000, "a.csv", UnreadableFile, "分列"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "a.xls", UnreadableFile, "Office"),
    ],
    ids=["text as xlsx", "html as xls", "half a zip", "head of a zip", "sheet missing",
         "sheet cut off", "entities", "password", "empty workbook", "no bytes", "only blanks",
         "pdf", "utf-16", "binary", "no encoding", "open quote", "broken ole"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words_with_the_files_name(
    data: bytes, name: str, error: type[SourceError], words: str
) -> None:
    with pytest.raises(error) as caught:
        read_file(data, name)
    assert words in caught.value.message_zh
    assert f"“{name}”" in caught.value.message_zh


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"xl/workbook.xml": "", "xl/vbaProject.bin": ""}, "xlsm"),
        ({"xl/workbook.bin": ""}, "xlsb"),
        ({"mimetype": "", "content.xml": ""}, "ods"),
        ({"word/document.xml": ""}, "Word"),
        ({"[Content_Types].xml": ""}, "缺少主要部件"),
    ],
)
def test_other_containers_are_refused_by_name(members: dict[str, str], words: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(UnreadableFile, match=words):
        read_file(target.getvalue(), "a.xlsx")


def test_a_cell_at_the_far_corner_is_refused_by_its_address_before_anything_is_allocated() -> None:
    data = _book(lambda _, s: s.write(1048575, 16383, "x"))
    assert len(data) < 7000
    with pytest.raises(OversizedSheet) as caught:
        read_file(data, "a.xlsx")
    assert (caught.value.sheet, caught.value.cell) == ("表", "XFD1048576")
    assert "XFD1048576" in caught.value.message_zh


def test_a_mere_format_at_the_far_corner_is_no_content() -> None:
    def write(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write(0, 0, "x")
        sheet.write_blank(1048575, 16383, None, book.add_format({"bold": True}))

    assert [c.cell for c in read_file(_book(write), "a.xlsx")] == ["A1"]


def test_a_delimited_file_has_the_same_caps() -> None:
    with pytest.raises(OversizedSheet, match="第 3 行"):
        read_file(b"a\nb\nc\n", "a.csv", Limits(rows=2))
    with pytest.raises(OversizedSheet, match="超过 2 个"):
        read_file(b"a,b,c\n", "a.csv", Limits(cells=2))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(OversizedSheet, match="展开后"):
        read_file(_GOOD, "a.xlsx", Limits(unpacked_bytes=1000))
    with pytest.raises(OversizedSheet, match="部件"):
        read_file(_GOOD, "a.xlsx", Limits(members=3))
    with pytest.raises(OversizedSheet, match="MB"):
        read_file(_GOOD, "a.xlsx", Limits(file_bytes=100))


def test_a_name_with_spaces_brackets_and_mongolian_script_is_read(tmp_path: Path) -> None:
    path = tmp_path / "红山区 [3月] (报送) ᠮᠣᠩᠭᠣᠯ.xlsx"
    path.write_bytes(_GOOD)
    assert read_cells(path).height > 20
