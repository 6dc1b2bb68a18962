"""The parts of a workbook that is a zip: its directory read once, its parts unpacked at once.

`zipfile` reads the directory. A part is unpacked in one step and held against what the directory
says of it, which takes a third of the time of `zipfile`'s streams; what is packed in an unusual
way is left to them.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache

_LOCAL = b"PK\x03\x04"
_LENGTHS = struct.Struct("<HH")
_UTF8_NAME = 0x800
_HEADER_BYTES, _LENGTHS_AT = 30, 26
_AT_ONCE = 16 * 1024 * 1024


class Package:
    """A zip in memory."""

    def __init__(self, data: bytes) -> None:
        """Reads the directory.

        Raises:
            zipfile.BadZipFile, ValueError, struct.error, OSError, NotImplementedError: it cannot
                be read.
        """
        self._data = data
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.members = self._archive.infolist()
        self._by_name = {member.filename: member for member in self.members}

    @property
    def archive(self) -> zipfile.ZipFile:
        """The zip itself, for parts that are read as a stream."""
        return self._archive

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def size(self, name: str) -> int:
        """Bytes a part has by the directory.

        Raises:
            KeyError: there is no such part.
        """
        return self._by_name[name].file_size

    def is_small(self, name: str) -> bool:
        """Whether a part is unpacked in one step; a larger one is better read as a stream.

        Raises:
            KeyError: there is no such part.
        """
        return self.size(name) <= _AT_ONCE

    def read(self, name: str) -> bytes:
        """A part, unpacked.

        Raises:
            KeyError: there is no such part.
            zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError: it is not
                what the directory says.
        """
        member = self._by_name[name]
        at = member.header_offset
        header = self._data[at : at + _HEADER_BYTES]
        is_plain = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if len(header) < _HEADER_BYTES or header[:4] != _LOCAL or member.flag_bits & ~_KNOWN_FLAGS:
            is_plain = False
        if not is_plain or member.file_size > _AT_ONCE:
            return self._archive.read(member)
        name_bytes, extra_bytes = _LENGTHS.unpack_from(header, _LENGTHS_AT)
        start = at + _HEADER_BYTES + name_bytes
        encoding = "utf-8" if member.flag_bits & _UTF8_NAME else "cp437"
        packed_name = self._data[at + _HEADER_BYTES : start]
        if packed_name.decode(encoding, "replace") != member.orig_filename:
            return self._archive.read(member)
        start += extra_bytes
        packed = self._data[start : start + member.compress_size]
        content = (
            packed if member.compress_type == zipfile.ZIP_STORED else _inflated(packed, member)
        )
        if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 or size for file {member.filename!r}")
        return content


_KNOWN_FLAGS = _UTF8_NAME | 0x8 | 0x6
"""Names in UTF-8, sizes repeated behind the data, how well it was packed: nothing to heed here."""


def _inflated(packed: bytes, member: zipfile.ZipInfo) -> bytes:
    """The unpacked bytes, never more than one beyond the declared size."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.file_size + 1)


# A file is recognised, checked and read by three callers, one after the other.
@lru_cache(maxsize=1)
def package_of(data: bytes) -> Package:
    """The package of some bytes; see `Package`."""
    return Package(data)
