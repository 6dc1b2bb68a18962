"""Computed values put back beside the formulas of a workbook that openpyxl has written.

openpyxl keeps a formula or its value, never both. Without a value a program that does not compute
(a protected view, a reader) shows nothing or zero, and the file sent back unopened is refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from sources.readers.grid import Cell
from sources.readers.sheetxml import sheet_parts

# As openpyxl writes a formula's cell, by either of its two XML libraries; it has no value there.
_FORMULA = re.compile(
    r'<c r="(?P<at>[A-Z]+[0-9]+)"(?P<more>[^>]*)>(?P<f><f[^>]*?(?:/>|>[^<]*</f>))'
    r"(?:<v ?/>|<v></v>)</c>"
)
_ERROR = re.compile(r"#[A-Z0-9/!?_]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def with_values(data: bytes, cells: list[Cell]) -> bytes:
    """The workbook with the values that its formulas had when they were read."""
    by_sheet: dict[str, dict[str, str]] = {}
    for one in cells:
        if one.text is not None and not one.text.startswith("="):
            by_sheet.setdefault(one.sheet, {})[one.cell] = one.text
    source = zipfile.ZipFile(io.BytesIO(data))
    sheets = {part.member: by_sheet.get(part.name, {}) for part in sheet_parts(source)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.infolist():
            content = source.read(member)
            if sheets.get(member.filename) and b"<f" in content:
                content = _filled(content.decode("utf-8"), sheets[member.filename]).encode("utf-8")
            archive.writestr(member, content)
    return target.getvalue()


def _filled(xml: str, values: Mapping[str, str]) -> str:
    def value_beside(match: re.Match[str]) -> str:
        text = values.get(match["at"])
        if text is None:
            return match[0]
        kind = ""
        if _ERROR.fullmatch(text):
            kind = ' t="e"'
        elif text in ("TRUE", "FALSE"):
            kind, text = ' t="b"', "1" if text == "TRUE" else "0"
        elif not _NUMBER.fullmatch(text):
            kind = ' t="str"'
        said = f"<v>{escape(text)}</v></c>"
        return f'<c r="{match["at"]}"{match["more"]}{kind}>{match["f"]}{said}'

    return _FORMULA.sub(value_beside, xml)
