"""Scans and photos: what is a paper and no form, and what a file's name tells about it.

PDF, JPG, PNG and OFD are told by their first bytes, not by their suffix. A name tells unit, form
and period only where it says so plainly; what it leaves open stays open.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import PurePath

from sources.definitions import Definitions, Unit
from sources.identity import read_period
from sources.periods import Period

_PDF_MARK_WITHIN = 1024  # where readers look for it; scanners put bytes of their own before
_CONTAINERS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PERIOD = re.compile(
    r"\d{4}年(?:第?[1-4一二三四]季度?|[上下]半年|(?:1[-至])?(?:1[0-2]|0?[1-9])月份?|度)?"
    r"|\d{4}[-/.](?:1[0-2]|0?[1-9])(?!\d)|\d{4}-[QS]\d"
)
_STAMP_WORDS = re.compile(r"盖章|签章|签字|扫描|照片|原件|版|件|[\s_\-—()（）\[\]【】]+|\d*$")


def evidence_kind(data: bytes) -> str | None:
    """`pdf`, `jpg`, `png` or `ofd` for a paper; None for everything else."""
    # An archive or workbook may hold a PDF near its beginning, and is none.
    if b"%PDF-" in data[:_PDF_MARK_WITHIN] and not data.startswith(_CONTAINERS):
        return "pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "ofd" if _is_ofd(data) else None


def period_named(file_name: str) -> Period | None:
    """The one period a file name states; None when it states none or several."""
    found = {
        period
        for text in _PERIOD.findall(unicodedata.normalize("NFKC", file_name))
        if (period := read_period(text)) is not None
    }
    return found.pop() if len(found) == 1 else None


def form_named(file_name: str, definitions: Definitions) -> str | None:
    """The one form whose code, number or title stands in a file name."""
    name = _folded(file_name)
    found = {
        form.form_code
        for form in definitions.form_versions
        for known in (form.form_code, form.form_number, form.form_zh)
        if known and _folded(known) in name
    }
    return found.pop() if len(found) == 1 else None


def unit_named(file_name: str, units: Iterable[Unit]) -> Unit | None:
    """The one unit whose name stands in a file name; a city beside its county gives way."""
    name = _folded(file_name)
    found = {
        unit.unit_code: unit
        for unit in units
        for known in (unit.unit_name_zh, *unit.aliases_zh)
        if len(known) > 1 and _folded(known) in name
    }
    parents = {unit.city_code for unit in found.values() if unit.unit_code != unit.city_code}
    own = [unit for code, unit in found.items() if code not in parents]
    return own[0] if len(own) == 1 else None


def stem_of(file_name: str) -> str:
    """A file name without suffix, blanks and the words clerks add to the scan of a form."""
    return _STAMP_WORDS.sub("", _folded(PurePath(file_name).stem))


def _is_ofd(data: bytes) -> bool:
    # Every workbook is a zip too: the name of the document's root is looked for before unpacking.
    if not data.startswith(b"PK") or b"OFD.xml" not in data:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return "OFD.xml" in names and "[Content_Types].xml" not in names


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
