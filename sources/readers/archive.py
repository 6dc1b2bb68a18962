"""A zip of workbooks: each member becomes a file of its own, kept by its own hash.

Only what a person packs is taken: no members outside the archive, no links, no archive in an
archive. Sizes are counted while unpacking, whatever the directory declares.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from sources.contract import ArchiveMember
from sources.errors import EmptyWorkbook, OversizedSheet, UnreadableFile
from sources.evidence import evidence_kind
from sources.readers.container import CHECK_FILE
from sources.readers.grid import LIMITS, Limits

_PACK_AGAIN = "请重新打包，压缩包内只放要报送的表格"
_UTF8_NAME = 0x800
_CHUNK = 1 << 20
_LEFT_OUT = ("~$", ".")
_LEFT_OUT_NAMES = {"thumbs.db", "desktop.ini"}
_LEFT_OUT_FOLDERS = {"__macosx"}


def unpack(
    data: bytes,
    key: str,
    file_name: str,
    folder: Path,
    limits: Limits = LIMITS,
    member_bytes: int = 0,
) -> list[ArchiveMember]:
    """The members of an archive, written into a folder under their hashes.

    Args:
        data: the archive.
        key: its key; members get keys below it.
        file_name: as received.
        folder: where to leave the members.
        limits: the caps of a file.
        member_bytes: the cap of one member where that is higher, since it may be a register.

    Raises:
        UnreadableFile: a member's name points outside, is a link, or its bytes are damaged.
        OversizedSheet: there are too many members or bytes.
        EmptyWorkbook: there is no file in it.
    """
    found: list[ArchiveMember] = []
    unpacked = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(member, _name_of(member)) for member in archive.infolist()]
        for member, name in members:
            _refuse_unsafe(member, name)
        wanted = [(m, n) for m, n in members if not m.is_dir() and not _is_left_out(n)]
        if len(wanted) > limits.archive_members:
            raise OversizedSheet(
                f"压缩包内有 {len(wanted)} 个文件，超过 {limits.archive_members} 个的上限"
            )
        for number, (member, name) in enumerate(wanted, start=1):
            content = _content(archive, member, name, max(limits.file_bytes, member_bytes))
            unpacked += len(content)
            if unpacked > limits.unpacked_bytes:
                raise OversizedSheet(
                    f"压缩包展开后超过 {limits.unpacked_bytes // 1048576} MB 的上限",
                    value_text=name,
                )
            sha256 = hashlib.sha256(content).hexdigest()
            path = folder / sha256
            path.write_bytes(content)
            found.append(
                ArchiveMember(
                    f"{key}/{number}", f"{file_name}/{name}", sha256, len(content), path,
                    evidence_kind(content) is not None,
                )
            )  # fmt: skip
    if not found:
        raise EmptyWorkbook
    return found


def _name_of(member: zipfile.ZipInfo) -> str:
    """The name as the sender saw it: Windows in Chinese packs names in its own code page."""
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    raw = member.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _refuse_unsafe(member: zipfile.ZipInfo, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if ".." in path.parts or path.is_absolute() or ":" in name or "\x00" in name:
        raise UnreadableFile(
            f"压缩包内的文件名“{name}”指向压缩包之外", _PACK_AGAIN, value_text=name
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadableFile(f"压缩包内的“{name}”是链接，不是文件", _PACK_AGAIN, value_text=name)


def _is_left_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return (
        path.name.startswith(_LEFT_OUT)
        or path.name.lower() in _LEFT_OUT_NAMES
        or any(part.lower() in _LEFT_OUT_FOLDERS for part in path.parts)
    )


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise OversizedSheet(
                        f"压缩包内的“{name}”超过 {most // 1048576} MB 的上限",
                        value_text=name,
                    )
                parts.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(
            f"压缩包内的“{name}”已损坏，或所称大小与内容不符", CHECK_FILE, value_text=name
        ) from error
    return b"".join(parts)
