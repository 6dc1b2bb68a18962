"""Refused: files that are not what they say, are damaged, or were made to harm their reader."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from functools import partial

from msoffcrypto.format.ooxml import OOXMLFile

from sources.errors import EmptyWorkbook, EncryptedFile, OversizedSheet, UnreadableFile
from tests.corpus.books import (
    MAIN,
    declaring,
    in_sheet,
    ods,
    ods_cell,
    rezipped,
    with_members,
    xls,
    xlsx,
    zipped,
)
from tests.corpus.cases import Case, refused
from tests.unit.sources.builders import SHEET, as_csv, sheet_with

BOOK = {"表": SHEET}
_ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">' for n in range(1, 9))
    + "]>"
)


def _locked() -> bytes:
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx(BOOK))).encrypt("secret", target)
    return target.getvalue()


def _declaring(part: str) -> bytes:
    """A workbook in which one part declares entities."""

    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        head, _, body = content.decode().partition("?>")
        return f"{head}?>{_ENTITIES}{body}".encode()

    return rezipped(xlsx(BOOK), change)


def _zeros(size: int) -> bytes:
    """A zip bomb: one member of zeros."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("三月.xlsx", "w") as member,
    ):
        for _ in range(size // (1 << 20)):
            member.write(bytes(1 << 20))
    return target.getvalue()


def _bomb_in_workbook() -> bytes:
    """A sheet that unpacks to more than any form needs."""
    filler = f"<!--{' ' * (1 << 20)}-->"
    return rezipped(xlsx(BOOK), lambda name, content: content.replace(
        b"</sheetData>", b"</sheetData>" + filler.encode() * 210)
        if name == "xl/worksheets/sheet1.xml" else content)  # fmt: skip


def _lying(data: bytes, member: str, size: int) -> bytes:
    """A zip whose directory declares another unpacked size for a member than it has."""
    central = data.index(b"PK\x01\x02")
    while data[central + 46 : central + 46 + len(member)] != member.encode():
        central = data.index(b"PK\x01\x02", central + 1)
    local = struct.unpack_from("<I", data, central + 42)[0]
    lie = struct.pack("<I", size)
    data = data[: central + 24] + lie + data[central + 28 :]
    return data[: local + 22] + lie + data[local + 26 :]


def _twice(name: str) -> bytes:
    """A workbook with two parts of one name: one for the check, one for the reader."""
    target = io.BytesIO(xlsx(BOOK))
    with zipfile.ZipFile(target, "a") as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            archive.writestr(name, zipfile.ZipFile(io.BytesIO(xlsx(BOOK))).read(name))
    return target.getvalue()


def _linked() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("三月.xlsx")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return target.getvalue()


def _many(count: int) -> bytes:
    return zipped({f"{n}.csv": "x" for n in range(count)})


_DDE_LINK = (
    f'<externalLink {MAIN}><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
).encode()
_MACRO_TYPES = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_GONE = "已损坏或不完整"


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _macro_named() -> bytes:
    return rezipped(xlsx(BOOK), lambda name, content: content.replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        _MACRO_TYPES) if name == "[Content_Types].xml" else content)  # fmt: skip


CASES: list[Case] = [
    refused("no bytes", "a.xlsx", lambda: b"", EmptyWorkbook, "没有任何内容"),
    refused("an empty workbook", "a.xlsx", lambda: xlsx({"表": []}, None), EmptyWorkbook,
            "没有任何内容"),
    refused("an empty zip", "a.zip", lambda: zipped({}), EmptyWorkbook, "没有任何内容"),
    refused("a zip of folders only", "a.zip", lambda: zipped({"三月/": b""}), EmptyWorkbook,
            "没有任何内容"),
    refused("a text named xlsx", "a.xlsx", partial(as_csv, SHEET), UnreadableFile, "扩展名是 xlsx"),
    refused("a web page named xls", "a.xls", lambda: b"<html><table/></html>", UnreadableFile,
            "扩展名是 xls"),
    refused("a scan", "三月.pdf", lambda: b"%PDF-1.7", UnreadableFile, "PDF"),
    refused("a photo", "盖章页.jpg", lambda: b"\xff\xd8\xff\xe0JFIF", UnreadableFile, "图片"),
    refused("a picture", "盖章页.png", lambda: b"\x89PNG\r\n\x1a\n", UnreadableFile, "图片"),
    refused("a sealed document", "盖章页.ofd",
            lambda: zipped({"OFD.xml": "<x/>", "Doc_0/Document.xml": "<x/>"}), UnreadableFile,
            "OFD"),
    refused("a photo named xlsx", "三月.xlsx", lambda: b"\xff\xd8\xff\xe0", UnreadableFile, "图片"),
    refused("a rar", "三月.rar", lambda: b"Rar!\x1a\x07", UnreadableFile, "RAR"),
    refused("a letter", "三月.xlsx", lambda: zipped({"[Content_Types].xml": "", "word/d.xml": ""}),
            UnreadableFile, "Word"),
    refused("a binary workbook", "a.xlsb", lambda: zipped({"xl/workbook.bin": ""}), UnreadableFile,
            "xlsb"),
    refused("an OpenDocument letter", "a.odt",
            lambda: zipped({"mimetype": "application/vnd.oasis.opendocument.text",
                            "content.xml": ""}), UnreadableFile, "不是电子表格"),
    refused("a password", "a.xlsx", _locked, EncryptedFile, "密码"),
    refused("an OpenDocument password", "a.ods",
            lambda: ods(BOOK, members={"META-INF/manifest.xml": "<encryption-data/>"}),
            EncryptedFile, "密码"),
    refused("macros", "a.xlsm", lambda: with_members(xlsx(BOOK), {"xl/vbaProject.bin": b"x"}),
            UnreadableFile, "带宏"),
    refused("macros under an innocent name", "a.xlsx",
            lambda: with_members(xlsx(BOOK), {"xl/vbaProject.bin": b"x"}), UnreadableFile, "带宏"),
    refused("a workbook of the kind for macros", "a.xlsm", _macro_named, UnreadableFile, "带宏"),
    refused("a macro sheet", "a.xlsx",
            lambda: with_members(xlsx(BOOK), {"xl/macrosheets/sheet1.xml": b"<x/>"}),
            UnreadableFile, "宏表"),
    refused("OpenDocument macros", "a.ods",
            lambda: ods(BOOK, members={"Basic/Standard/script-lb.xml": "<x/>"}), UnreadableFile,
            "带宏"),
    refused("half a workbook", "a.xlsx", lambda: _half(xlsx(BOOK)), UnreadableFile, _GONE),
    refused("half an old workbook", "a.xls", lambda: _half(xls(BOOK)), UnreadableFile, "损坏"),
    refused("half an OpenDocument spreadsheet", "a.ods", lambda: _half(ods(BOOK)), UnreadableFile,
            _GONE),
    refused("the head of an old workbook", "a.xls",
            lambda: bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, UnreadableFile, "旧版"),
    refused("a workbook without its sheet", "a.xlsx",
            lambda: rezipped(xlsx(BOOK), lambda n, c: None if n.endswith("sheet1.xml") else c),
            UnreadableFile, _GONE),
    refused("a workbook without its workbook", "a.xlsx",
            lambda: rezipped(xlsx(BOOK), lambda n, c: None if n == "xl/workbook.xml" else c),
            UnreadableFile, "缺少主要部件"),
    refused("a sheet cut off", "a.xlsx",
            lambda: rezipped(xlsx(BOOK), lambda n, c: c[:900] if n.endswith("sheet1.xml") else c),
            UnreadableFile, _GONE),
    refused("an entity bomb in a sheet", "a.xlsx", partial(_declaring, "xl/worksheets/sheet1.xml"),
            UnreadableFile, _GONE),
    refused("an entity bomb in the string table", "a.xlsx",
            partial(_declaring, "xl/sharedStrings.xml"), UnreadableFile, "xl/sharedStrings.xml"),
    refused("an entity bomb in the workbook part", "a.xlsx", partial(_declaring, "xl/workbook.xml"),
            UnreadableFile, "xl/workbook.xml"),
    refused("an entity bomb in an OpenDocument spreadsheet", "a.ods",
            partial(ods, BOOK, prolog=_ENTITIES), UnreadableFile, _GONE),
    refused("a link to another program", "a.xlsx",
            lambda: with_members(xlsx(BOOK), {"xl/externalLinks/externalLink1.xml": _DDE_LINK}),
            UnreadableFile, "DDE"),
    refused("a formula that starts another program", "a.xlsx",
            lambda: in_sheet(xlsx(BOOK), '<c r="D8"><v>12</v></c>',
                             '<c r="D8"><f>cmd|\'/c calc\'!A0</f><v>12</v></c>'),
            UnreadableFile, "DDE", "表", "D8"),
    refused("an OpenDocument formula that starts another program", "a.ods",
            lambda: ods(BOOK, replaced={(7, 3): ods_cell(
                12, 'table:formula="of:=DDE(&quot;cmd&quot;;&quot;a&quot;;&quot;b&quot;)"')}),
            UnreadableFile, "DDE", "表", "D8"),
    refused("a zip bomb", "报送.zip", lambda: _zeros(300 << 20), OversizedSheet, "展开后有 300 MB"),
    refused("a member beyond the size of a file", "报送.zip", lambda: _zeros(30 << 20),
            OversizedSheet, "三月.xlsx"),
    refused("a bomb inside a workbook", "a.xlsx", _bomb_in_workbook, OversizedSheet, "展开后"),
    refused("a workbook that declares its sheet small", "a.xlsx",
            lambda: _lying(xlsx(BOOK), "xl/worksheets/sheet1.xml", 100), UnreadableFile, _GONE),
    refused("a workbook that declares its string table small", "a.xlsx",
            lambda: _lying(xlsx(BOOK), "xl/sharedStrings.xml", 100), UnreadableFile, _GONE),
    refused("a string table that declares two thousand million strings", "a.xlsx",
            partial(declaring, 2147483647, 1), UnreadableFile, "自称有 2147483647 个字符串"),
    refused("a workbook that declares its sheet huge", "a.xlsx",
            lambda: _lying(xlsx(BOOK), "xl/worksheets/sheet1.xml", 2**31), OversizedSheet,
            "xl/worksheets/sheet1.xml"),
    refused("a zip that declares its member small", "报送.zip",
            lambda: _lying(zipped({"a.csv": as_csv(SHEET)}), "a.csv", 10), UnreadableFile, "a.csv"),
    refused("a zip with too many files", "报送.zip", partial(_many, 201), OversizedSheet,
            "201 个文件"),
    refused("a zip with a world of files", "报送.zip", partial(_many, 2001), OversizedSheet,
            "2001 个部件"),
    refused("a member that climbs out", "报送.zip", lambda: zipped({"../../三月.csv": "x"}),
            UnreadableFile, "“../../三月.csv”指向压缩包之外"),
    refused("a member that climbs out the Windows way", "报送.zip",
            lambda: zipped({"..\\..\\a.csv": "x"}), UnreadableFile, "指向压缩包之外"),
    refused("a member with an absolute place", "报送.zip", lambda: zipped({"/etc/passwd": "x"}),
            UnreadableFile, "“/etc/passwd”指向压缩包之外"),
    refused("a member on a drive", "报送.zip", lambda: zipped({"C:/a.csv": "x"}), UnreadableFile,
            "指向压缩包之外"),
    refused("a member that is a link", "报送.zip", _linked, UnreadableFile, "是链接"),
    refused("two sheets under one name", "a.xlsx", partial(_twice, "xl/worksheets/sheet1.xml"),
            UnreadableFile, "重名的部件“xl/worksheets/sheet1.xml”"),
    refused("a cell that stands twice", "a.xlsx",
            lambda: in_sheet(xlsx(BOOK), '<c r="D8"><v>12</v></c>',
                             '<c r="D8"><v>12</v></c><c r="D8"><v>99</v></c>'),
            UnreadableFile, "出现两次", "表", "D8"),
    refused("a cell at the far corner", "a.xlsx",
            lambda: xlsx(BOOK, finish=lambda _, page: page.write(1048575, 16383, "x")),
            OversizedSheet, "XFD1048576", "表", "XFD1048576"),
    refused("a sheet of 16,384 columns", "a.xlsx",
            lambda: xlsx({"表": [*SHEET, ["x"] * 16384]}), OversizedSheet, "512 列", "表", "SS14"),
    refused("a text of 16,384 columns", "a.csv",
            lambda: as_csv([*SHEET, ["x"] * 16384]), OversizedSheet, "512 列", "csv", "SS14"),
    refused("an old workbook with a cell at its far corner", "a.xls",
            lambda: xls(BOOK, finish=lambda _, page: page.write(65535, 255, "x")),
            OversizedSheet, "IV65536", "表", "IV65536"),
    refused("an OpenDocument text repeated a million times", "a.ods",
            partial(ods, BOOK, tail='<table:table-row table:number-rows-repeated="1048563">'
                    f"{ods_cell('x')}</table:table-row>"),
            OversizedSheet, "A1048576", "表", "A1048576"),
    refused("more cells than a form can have", "a.csv",
            lambda: (",".join(["1"] * 500) + "\n").encode() * 900, OversizedSheet, "400000 个",
            "csv"),
    refused("a text beyond the size of a file", "a.csv", lambda: b"1,2\n" * (6 << 20),
            OversizedSheet, "20 MB"),
    refused("an unclosed quote in the first row", "a.csv",
            lambda: b'"' + as_csv(sheet_with(A1="x" * 3)), UnreadableFile, "引号不成对", "csv",
            "A1"),
    refused("an unclosed quote in a remark", "a.csv",
            lambda: as_csv(SHEET).replace("质押融资金额".encode(), '"质押融资金额'.encode(), 1),
            UnreadableFile, "第 11 行", "csv", "A11"),
    refused("a quote closed inside a text", "a.csv",
            lambda: as_csv(SHEET).replace("质押融资金额".encode(), '"质押"融资金额'.encode(), 1),
            UnreadableFile, "第 11 行", "csv", "A11"),
    refused("UTF-8 read as GBK and saved", "a.csv",
            lambda: as_csv(SHEET).decode("gb18030", "replace").replace("\ufffd", "").encode(),
            UnreadableFile, "乱码", "csv"),
    refused("GBK read as Latin and saved", "a.csv",
            lambda: as_csv(SHEET, "gb18030").decode("latin-1").encode(), UnreadableFile, "乱码",
            "csv", "A1"),
    refused("characters lost on the way", "a.csv",
            lambda: as_csv(sheet_with(A8="专利\ufffd\ufffd量")), UnreadableFile, "乱码", "csv",
            "A8"),
    refused("UTF-8 with a byte missing", "a.csv",
            lambda: as_csv(SHEET).replace("质".encode(), "质".encode()[:2]), UnreadableFile,
            "第 11 行"),
    refused("half a character of UTF-16", "a.csv",
            lambda: as_csv(SHEET, "utf-16")[:-1], UnreadableFile, "UTF-16"),
    refused("bytes that are no text", "a.csv", lambda: b"a,\x00\x01", UnreadableFile, "也不是文本"),
    refused("UTF-32", "a.csv", partial(as_csv, SHEET, "utf-32"), UnreadableFile, "UTF-32"),
]  # fmt: skip
