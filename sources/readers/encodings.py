"""The text of a file: UTF-8 with or without BOM, UTF-16, or GB18030, each strictly.

GB18030 accepts nearly anything, so UTF-8 goes first, and what looks like damaged or twice converted
text is refused by its place rather than read as other characters.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from sources.errors import UnreadableFile

_SAVE_AS_CSV = "请在 Excel 或 WPS 中另存为“CSV UTF-8（*.csv）”后重新报送"
_NOT_TEXT = "请确认文件能用 Excel 或 WPS 正常打开，另存为 xlsx 后重新报送"
_PLAINLY_UTF8 = 6
"""So many characters beyond ASCII are not valid UTF-8 by chance."""
_SHORTEST_MOJIBAKE = 4
_BLOCK = 1 << 20
REPLACED = ("\ufffd", "锟斤拷", "烫烫烫")


def decode(data: bytes) -> str:
    """The text of a delimited file.

    Raises:
        UnreadableFile: no encoding fits every byte, or the bytes are a damaged text.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("文本编码是 UTF-32", _SAVE_AS_CSV)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16")
    if b"\x00" in data:
        return _wide(data)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        if sum(not character.isascii() for character in before) >= _PLAINLY_UTF8:
            line = before.count("\n") + 1
            raise UnreadableFile(
                f"文本是 UTF-8 编码，但第 {line} 行的字符已损坏", _SAVE_AS_CSV
            ) from error
    return _strictly(data, "gb18030")


def encoding_of(path: Path) -> str:
    """The codec of a delimited file too long to be held in memory: it fits every byte.

    Raises:
        UnreadableFile: no encoding fits, or the bytes are a damaged text.
    """
    with path.open("rb") as stream:
        start = stream.read(_BLOCK)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFile("文本编码是 UTF-32", _SAVE_AS_CSV)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        wanted = ["utf-16"]
    elif b"\x00" in start:
        # The last character may be cut in two where the block ends.
        wanted = [_wide_codec(start[: len(start) // 2 * 2])]
    else:
        wanted = ["utf-8-sig", "gb18030"]
    for encoding in wanted:
        failed_at = _first_failure(path, encoding)
        if failed_at is None:
            return encoding
        if encoding == "utf-8-sig" and _is_plainly_utf8(start[:failed_at]):
            break
    said = "不是完整的 UTF-16" if wanted[0].startswith("utf-16") else "既不是 UTF-8，也不是 GB18030"
    raise UnreadableFile(f"文本编码{said}，或字符已损坏", _SAVE_AS_CSV)


def _first_failure(path: Path, encoding: str) -> int | None:
    """The byte from which on a file is not in an encoding, to the block; None where it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
                done += len(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done + error.start
    return None


def _is_plainly_utf8(start: bytes) -> bool:
    text = start.decode("utf-8", errors="ignore")
    return sum(not character.isascii() for character in text) >= _PLAINLY_UTF8


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        said = "不是完整的 UTF-16" if encoding == "utf-16" else "既不是 UTF-8，也不是 GB18030"
        raise UnreadableFile(
            f"文本编码{said}（第 {error.start + 1} 个字节起不能识别）", _SAVE_AS_CSV
        ) from error


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: the byte order in which line ends and separators are ASCII."""
    return data.decode(_wide_codec(data))


def _wide_codec(data: bytes) -> str:
    readable = []
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and "\n" in text and ("," in text or "\t" in text):
            readable.append(encoding)
    if len(readable) != 1:
        raise UnreadableFile("内容既不是 Excel 工作簿，也不是文本", _NOT_TEXT)
    return readable[0]


def is_mojibake(text: str) -> bool:
    """Whether a text was read in the wrong encoding before it was saved again."""
    if text.isascii():
        return False
    if any(mark in text for mark in REPLACED):
        return True
    if sum(not character.isascii() for character in text) < _SHORTEST_MOJIBAKE:
        return False
    return any(
        _is_other_text(text, wrong, right)
        for wrong, right in (("gb18030", "utf-8"), ("latin-1", "gb18030"), ("cp1252", "utf-8"),
                             ("latin-1", "utf-8"))
    )  # fmt: skip


def _is_other_text(text: str, wrong: str, right: str) -> bool:
    try:
        restored = text.encode(wrong).decode(right)
    except (UnicodeEncodeError, UnicodeDecodeError):
        return False
    return any("\u4e00" <= character <= "\u9fff" for character in restored)
