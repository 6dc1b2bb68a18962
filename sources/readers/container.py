"""What kind of file some bytes are, and whether they are safe to open.

What lives here: magic bytes, encrypted containers, the zip directory with its caps. The name of a
file is only used to say what the sender believed it to be.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

from sources.errors import EmptyWorkbook, EncryptedFile, OversizedSheet, UnreadableFile
from sources.readers.grid import LIMITS, Limits

XLSX = "xlsx"
DELIMITED = "delimited"

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOK_SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods"}
_SAVE_AS_XLSX = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（*.xlsx）”后重新报送"
_CHECK_FILE = "请确认文件能用 Excel 或 WPS 正常打开，另存为 xlsx 后重新报送"
_OTHER_MAGIC = {
    b"%PDF": "PDF 文件",
    b"\x89PNG": "图片文件",
    b"\xff\xd8\xff": "图片文件",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
}


def _suffix(file_name: str) -> str:
    return PurePath(file_name.replace("\\", "/")).suffix.lower()


def recognise(data: bytes, file_name: str, limits: Limits = LIMITS) -> str:
    """The reader for some bytes: `xlsx` or `delimited`.

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
        _refuse_ole(data)
    for magic, name in _OTHER_MAGIC.items():
        if data.startswith(magic):
            raise UnreadableFile(f"这是{name}，不是报表", _SAVE_AS_XLSX)
    suffix = _suffix(file_name)
    if suffix in _WORKBOOK_SUFFIXES:
        raise UnreadableFile(
            f"文件扩展名是 {suffix[1:]}，内容却不是 Excel 工作簿"
            "（可能是改了扩展名的文本、网页，或传输中损坏）",
            _CHECK_FILE,
        )
    if data.startswith(_UTF16):
        raise UnreadableFile(
            "文本编码是 UTF-16", "请在 Excel 或 WPS 中另存为“CSV UTF-8（*.csv）”后重新报送"
        )
    if b"\x00" in data:
        raise UnreadableFile("内容既不是 Excel 工作簿，也不是文本", _CHECK_FILE)
    return DELIMITED


def _recognise_zip(data: bytes, limits: Limits) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise UnreadableFile("工作簿已损坏或不完整（压缩结构不能打开）", _CHECK_FILE) from error
    if len(members) > limits.members:
        raise OversizedSheet(f"工作簿内含 {len(members)} 个部件，超过 {limits.members} 个的上限")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise OversizedSheet(
            f"工作簿展开后有 {unpacked / 1048576:.0f} MB，"
            f"超过 {limits.unpacked_bytes // 1048576} MB 的上限"
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise EncryptedFile
    names = {member.filename.lower().lstrip("/") for member in members}
    if "xl/vbaproject.bin" in names:
        raise UnreadableFile("这是带宏的工作簿（xlsm）", _SAVE_AS_XLSX)
    if "xl/workbook.bin" in names:
        raise UnreadableFile("这是二进制工作簿（xlsb）", _SAVE_AS_XLSX)
    if "xl/workbook.xml" in names:
        return XLSX
    if "content.xml" in names and "mimetype" in names:
        raise UnreadableFile("这是 ODF 文档（ods）", _SAVE_AS_XLSX)
    if any(name.startswith("word/") for name in names):
        raise UnreadableFile("这是 Word 文档，不是报表", _SAVE_AS_XLSX)
    raise UnreadableFile("这是压缩包，不是 Excel 工作簿", "请解压后逐个报送其中的报表")


def _refuse_ole(data: bytes) -> None:
    """Refuses an OLE container: a password-protected workbook, or one of the old format."""
    # Imported here: its ciphers take longer to load than most files take to read.
    import msoffcrypto
    from msoffcrypto.exceptions import FileFormatError, ParseError

    try:
        is_encrypted = bool(msoffcrypto.OfficeFile(io.BytesIO(data)).is_encrypted())
    except (FileFormatError, ParseError, OSError, ValueError, KeyError, IndexError) as error:
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise EncryptedFile from error
        raise UnreadableFile("旧版 Office 文件，且已损坏或不是工作簿", _SAVE_AS_XLSX) from error
    if is_encrypted:
        raise EncryptedFile
    raise UnreadableFile("这是旧版工作簿（xls）", _SAVE_AS_XLSX)
