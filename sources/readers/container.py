"""What kind of file some bytes are, and whether they are safe to open.

What lives here: magic bytes, encrypted containers, the zip directory with its caps. The name of a
file is only used to say what the sender believed it to be.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from sources.errors import EmptyWorkbook, EncryptedFile, OversizedSheet, UnreadableFile
from sources.readers.grid import LIMITS, Limits
from sources.readers.package import package_of

XLSX, XLS, ODS, ARCHIVE, DELIMITED = "xlsx", "xls", "ods", "zip", "delimited"

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ODS_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_SUFFIXES = {
    XLSX: {".xlsx"},
    XLS: {".xls", ".et"},
    ODS: {".ods"},
    ARCHIVE: {".zip"},
    DELIMITED: {".csv", ".tsv", ".txt"},
}
_WORKBOOK_SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods", ".zip"}
SAVE_AS_XLSX = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（*.xlsx）”后重新报送"
CUT_LINK = (
    "请把连接其他程序的公式改为直接填写的数值或文字（整本的链接在“数据”—“编辑链接”中断开），"
    "保存为 xlsx 后重新报送"
)
_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, RuntimeError,
    OSError, struct.error,
)  # fmt: skip
CHECK_FILE = "请确认文件能用 Excel 或 WPS 正常打开，另存为 xlsx 后重新报送"
_AS_EVIDENCE = "扫描件和照片随报表报送，作为佐证保存；数据请用 Excel 报表填报"
_AS_ZIP = "请改用 zip 打包，或直接报送 xlsx"
_OTHER_MAGIC = {
    b"%PDF": (" PDF 文件", _AS_EVIDENCE),
    b"\x89PNG": ("图片文件", _AS_EVIDENCE),
    b"\xff\xd8\xff": ("图片文件", _AS_EVIDENCE),
    b"Rar!": (" RAR 压缩包", _AS_ZIP),
    b"7z\xbc\xaf": (" 7z 压缩包", _AS_ZIP),
}


def _suffix(file_name: str) -> str:
    return PurePath(file_name.replace("\\", "/")).suffix.lower()


def belies(kind: str, file_name: str) -> str | None:
    """The extension of a name that promises another kind of file than it is; None if it agrees."""
    suffix = _suffix(file_name)
    known = set().union(*_SUFFIXES.values(), _WORKBOOK_SUFFIXES)
    return suffix[1:] if suffix in known and suffix not in _SUFFIXES[kind] else None


def recognise(data: bytes, file_name: str, limits: Limits = LIMITS) -> str:
    """The reader for some bytes: `xlsx`, `xls`, `ods`, `zip` or `delimited`.

    Raises:
        EmptyWorkbook: there are no bytes.
        EncryptedFile: the workbook needs a password.
        OversizedSheet: the file, or what it unpacks to, is beyond the caps.
        UnreadableFile: anything else, named as what it is.
    """
    if len(data) > limits.file_bytes:
        raise OversizedSheet(
            f"文件有 {len(data) / 1048576:.1f} MB，超过 {limits.file_bytes // 1048576} MB 的上限"
        )
    if not data:
        raise EmptyWorkbook
    if data.startswith((_ZIP, _EMPTY_ZIP)):
        return _recognise_zip(data, limits)
    if data.startswith(_OLE):
        return _recognise_ole(data)
    for magic, (name, advice) in _OTHER_MAGIC.items():
        if data.startswith(magic):
            raise UnreadableFile(f"这是{name}，不是报表", advice)
    suffix = _suffix(file_name)
    if suffix in _WORKBOOK_SUFFIXES:
        raise UnreadableFile(
            f"文件扩展名是 {suffix[1:]}，内容却不是 Excel 工作簿"
            "（可能是改了扩展名的文本、网页，或传输中损坏）",
            CHECK_FILE,
        )
    return DELIMITED


def _recognise_zip(data: bytes, limits: Limits) -> str:
    try:
        package = package_of(data)
        members = package.members
        names = {member.filename.lower().lstrip("/") for member in members}
        is_workbook = "xl/workbook.xml" in names
        kinds = b""
        for name in ("[Content_Types].xml", "mimetype"):
            if name in package and package.size(name) < 1_000_000:
                kinds += package.read(name)
    except _BROKEN_ZIP as error:
        raise UnreadableFile("工作簿已损坏或不完整（压缩结构不能打开）", CHECK_FILE) from error
    _check_directory(members, limits)
    if "xl/vbaproject.bin" in names or b"macroEnabled" in kinds:
        raise UnreadableFile("这是带宏的工作簿（xlsm），为安全起见不接收宏", SAVE_AS_XLSX)
    if any(name.startswith("xl/macrosheets/") for name in names):
        raise UnreadableFile("工作簿中有宏表（Excel 4.0 宏），为安全起见不接收宏", SAVE_AS_XLSX)
    if "xl/workbook.bin" in names:
        raise UnreadableFile("这是二进制工作簿（xlsb）", SAVE_AS_XLSX)
    if is_workbook:
        return XLSX
    if "content.xml" in names and "mimetype" in names:
        return _recognise_odf(names, kinds)
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise UnreadableFile("这是 Word 或 PPT 文档，不是报表", SAVE_AS_XLSX)
    if "ofd.xml" in names:
        raise UnreadableFile("这是 OFD 版式文件（扫描件），不是报表", SAVE_AS_XLSX)
    if "[content_types].xml" in names or any(name.startswith("xl/") for name in names):
        raise UnreadableFile("工作簿已损坏或不完整（缺少主要部件）", CHECK_FILE)
    return ARCHIVE


def _check_directory(members: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuses what a zip's directory alone gives away.

    Raises:
        OversizedSheet, EncryptedFile, UnreadableFile: as named.
    """
    if len(members) > limits.members:
        raise OversizedSheet(f"文件内含 {len(members)} 个部件，超过 {limits.members} 个的上限")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        largest = max(members, key=lambda member: member.file_size)
        raise OversizedSheet(
            f"文件展开后有 {unpacked / 1048576:.0f} MB，"
            f"超过 {limits.unpacked_bytes // 1048576} MB 的上限（最大的部件是“{largest.filename}”）"
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise EncryptedFile
    # Two members of one name: what one program checks is not what another reads.
    twice = [n for n, times in Counter(member.filename for member in members).items() if times > 1]
    if twice:
        raise UnreadableFile(
            f"文件内有重名的部件“{twice[0]}”，无法确定以哪个为准", CHECK_FILE, value_text=twice[0]
        )


def _recognise_odf(names: set[str], kinds: bytes) -> str:
    if _ODS_MIME not in kinds:
        raise UnreadableFile("这是 ODF 文档，但不是电子表格（ods）", SAVE_AS_XLSX)
    if any(name.startswith(("basic/", "scripts/")) for name in names):
        raise UnreadableFile("这是带宏的电子表格（ods），为安全起见不接收宏", SAVE_AS_XLSX)
    return ODS


def _recognise_ole(data: bytes) -> str:
    """An old workbook, or a container that is refused as what it is."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            entries = {"/".join(path).lower() for path in container.listdir()}
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise EncryptedFile from error
        raise UnreadableFile("旧版 Office 文件，且已损坏或不是工作簿", SAVE_AS_XLSX) from error
    if "encryptedpackage" in entries:
        raise EncryptedFile
    if any(entry.startswith("_vba_project_cur") for entry in entries):
        raise UnreadableFile("这是带宏的旧版工作簿（xls），为安全起见不接收宏", SAVE_AS_XLSX)
    if "workbook" in entries:
        return XLS
    if "book" in entries:
        raise UnreadableFile("这是 Excel 95 或更早的工作簿", SAVE_AS_XLSX)
    raise UnreadableFile("旧版 Office 文件，且已损坏或不是工作簿", SAVE_AS_XLSX)
