"""Several submissions from one received file: sheets of a workbook, members of a zip."""

from __future__ import annotations

from functools import partial

from sources.errors import (
    DuplicateForm,
    EncryptedFile,
    MissingColumn,
    PeriodMismatch,
    UnitMismatch,
    UnknownForm,
    UnreadableFile,
)
from tests.corpus.books import ods, xls, xlsx, zipped, zipped_by_windows
from tests.corpus.cases import Case, Form, Refusal, several
from tests.unit.sources.builders import IDENTITY, SHEET, as_csv, sheet_with

APRIL = sheet_with(B4="2025年4月", D8=13)
MAY = sheet_with(B4="2025年5月", D8=14)
IN_APRIL = Form(period="2025-04").with_values(a=("D8", "13", None))
IN_MAY = Form(period="2025-05").with_values(a=("D8", "14", None))
MONTHS = {"三月": SHEET, "四月": APRIL, "五月": MAY}


def _locked() -> bytes:
    import io

    from msoffcrypto.format.ooxml import OOXMLFile

    target = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx({"表": SHEET}))).encrypt("secret", target)
    return target.getvalue()


CASES: list[Case] = [
    several("three months in one workbook", "一季度.xlsx", partial(xlsx, MONTHS, None),
            [Form(), IN_APRIL, IN_MAY]),
    several("three months in one old workbook", "一季度.xls", partial(xls, MONTHS, None),
            [Form(), IN_APRIL, IN_MAY]),
    several("three months in one OpenDocument spreadsheet", "一季度.ods", partial(ods, MONTHS),
            [Form(), IN_APRIL, IN_MAY]),
    several("sheets copied into the template of the second", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "四月": APRIL}, IDENTITY | {"period_code": "2025-04"}),
            [Form(), IN_APRIL]),
    several("two months, one with a renamed header", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "四月": sheet_with(B4="2025年4月", D6="四月份")}, None),
            [Form(), Refusal(MissingColumn, "“四月份”", "四月", "D6")]),
    several("two months and a sheet of another unit", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "四月": APRIL,
                          "戊县": sheet_with(B2="戊县", B3="900102")}, None),
            [Form(), IN_APRIL, Refusal(UnitMismatch, "戊县（900102）", "戊县")]),
    several("a template that names no sheet of its workbook", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "四月": APRIL}, IDENTITY | {"period_code": "2025-07"}),
            [Refusal(PeriodMismatch, "期别不符", "三月", "B4"), IN_APRIL]),
    several("the same month twice beside another", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "三月改": sheet_with(D8=99), "四月": APRIL}, None),
            [Refusal(DuplicateForm, "“三月”、“三月改”", "三月"), IN_APRIL]),
    several("a form whose number is unknown beside a good one", "a.xlsx",
            lambda: xlsx({"三月": SHEET, "另表": sheet_with(F2="另1表")}, None),
            [Form(), Refusal(UnknownForm, "“另1表”", "另表", "F2")]),
    several("a zip of workbooks", "报送.zip",
            lambda: zipped({"三月.xlsx": xlsx({"表": SHEET}), "四月.csv": as_csv(APRIL),
                            "五月.xls": xls({"表": MAY}, None)}),
            [Form(), IN_APRIL, IN_MAY]),
    several("a zip with names in the Chinese code page", "报送.zip",
            lambda: zipped_by_windows({"丁区/三月.xlsx": xlsx({"表": SHEET}),
                                       "丁区/四月.csv": as_csv(APRIL)}),
            [Form(), IN_APRIL]),
    several("a zip packed on a Mac, with folders and leftovers", "报送.zip",
            lambda: zipped({"报送/": b"", "报送/三月.xlsx": xlsx({"表": SHEET}),
                            "__MACOSX/报送/._三月.xlsx": b"x", "报送/.DS_Store": b"x",
                            "报送/~$三月.xlsx": b"x", "Thumbs.db": b"x"}),
            [Form()]),
    several("a zip with a workbook of several forms", "报送.zip",
            lambda: zipped({"a.xlsx": xlsx({"三月": SHEET, "四月": APRIL}, None),
                            "b.csv": as_csv(MAY)}),
            [Form(), IN_APRIL, IN_MAY]),
    several("a zip with a scan and a locked workbook beside a good one", "报送.zip",
            lambda: zipped({"扫描.pdf": b"%PDF-1.7", "三月.xlsx": xlsx({"表": SHEET}),
                            "四月.xlsx": _locked()}),
            [Refusal(UnreadableFile, "扫描.pdf"), Form(), Refusal(EncryptedFile, "四月.xlsx")]),
    several("a zip in a zip, beside a good workbook", "报送.zip",
            lambda: zipped({"三月.xlsx": xlsx({"表": SHEET}),
                            "内.zip": zipped({"四月.csv": as_csv(APRIL)})}),
            [Form(), Refusal(UnreadableFile, "内.zip")]),
]  # fmt: skip
