"""The second look at a workbook: what calamine does not tell.

One streaming pass over the XML of each sheet finds error cells, formulas with and without a cached
value, percent formats and hidden rows, and refuses a cell beyond the caps *before* calamine would
allocate the rectangle up to it. Nothing here reads a value that counts.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import join, normpath
from typing import IO, Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring, iterparse

from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.container import CHECK_FILE, SAVE_AS_XLSX
from sources.readers.grid import LIMITS, Limits, address, place_of

_BUILT_IN_PERCENT = {"9", "10"}
_LITERALS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_TRUE = {"1", "true"}
_EXTERNAL = re.compile(r"\[\d+\]|\[[^\]]+\.xl\w+\]")
_DDE = re.compile(r"""^[^"']*\b\w+\|""")


@dataclass(frozen=True)
class SheetPart:
    """One worksheet of a workbook and the member it is stored in."""

    name: str
    member: str
    is_hidden: bool = False


@dataclass
class SheetScan:
    """What the pass found: per (row, column) the issue, and a text where calamine has none."""

    issues: dict[tuple[int, int], str] = field(default_factory=dict)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    filled: set[tuple[int, int]] = field(default_factory=set)
    is_hidden: bool = False

    def check(
        self, at: tuple[int, int], sheet: str, limits: Limits, text: str | None = None
    ) -> None:
        """Refuses a filled cell beyond the caps.

        Raises:
            OversizedSheet: it is; the cell is named.
        """
        if at[0] >= limits.rows or at[1] >= limits.columns:
            raise OversizedSheet(
                f"在第 {at[0] + 1} 行、第 {at[1] + 1} 列有内容，"
                f"超出 {limits.rows} 行、{limits.columns} 列的上限",
                sheet=sheet, cell=address(*at), value_text=text or None,
            )  # fmt: skip

    def take(self, at: tuple[int, int], sheet: str, limits: Limits) -> None:
        """Counts a filled cell.

        Raises:
            OversizedSheet: it is beyond the caps, or one too many; the cell is named.
            UnreadableFile: the sheet has this cell twice; which one a program shows is its own
                affair.
        """
        self.check(at, sheet, limits)
        if at in self.filled:
            raise UnreadableFile(
                f"单元格 {address(*at)} 在文件中出现两次，无法确定以哪个为准", CHECK_FILE,
                sheet=sheet, cell=address(*at),
            )  # fmt: skip
        self.filled.add(at)
        if len(self.filled) > limits.cells:
            raise OversizedSheet(
                f"有内容的单元格超过 {limits.cells} 个", sheet=sheet, cell=address(*at)
            )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _children(element: Element, name: str) -> Iterable[Element]:
    return (child for child in element if _local(child.tag) == name)


def sheet_parts(archive: zipfile.ZipFile) -> list[SheetPart]:
    """The worksheets in the workbook's order, charts and macro sheets left out.

    Raises:
        KeyError: the workbook lacks one of its parts.
    """
    relations = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in relations
        if relation.get("Type", "").endswith("/worksheet")
    }
    book = fromstring(archive.read("xl/workbook.xml"))
    parts = []
    for sheets in _children(book, "sheets"):
        for sheet in sheets:
            relation_id = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
            target = targets.get(relation_id)
            if target:
                member = target[1:] if target.startswith("/") else normpath(join("xl", target))
                is_hidden = sheet.get("state", "visible") != "visible"
                parts.append(SheetPart(sheet.get("name", ""), member, is_hidden))
    return parts


def is_percent_format(code: str) -> bool:
    """Whether a number format shows hundredths: a percent sign that is no mere decoration."""
    return "%" in _LITERALS.sub("", code)


def percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Numbers of the cell styles that show a percentage."""
    try:
        return _percent_styles(archive.read("xl/styles.xml"))
    except KeyError:
        return frozenset()


# All workbooks of one template share their styles, byte by byte.
@lru_cache(maxsize=64)
def _percent_styles(styles_xml: bytes) -> frozenset[str]:
    styles = fromstring(styles_xml)
    percent = set(_BUILT_IN_PERCENT)
    for formats in _children(styles, "numFmts"):
        for number_format in formats:
            if is_percent_format(number_format.get("formatCode", "")):
                percent.add(number_format.get("numFmtId", ""))
    return frozenset(
        str(place)
        for formats in _children(styles, "cellXfs")
        for place, cell_format in enumerate(formats)
        if cell_format.get("numFmtId") in percent
    )


def scan_sheet(
    stream: IO[bytes],
    sheet: str,
    percent: frozenset[str],
    limits: Limits = LIMITS,
    *,
    is_hidden: bool = False,
) -> SheetScan:
    """One sheet's issues, from one pass that holds one row at a time.

    Raises:
        OversizedSheet: a filled cell lies beyond the caps; it is named.
    """
    scan = SheetScan(is_hidden=is_hidden)
    row_no = -1
    for _, element in iterparse(stream, events=("end",), forbid_dtd=True):
        if not element.tag.endswith("}row"):
            # Cells are kept until their row ends; everything outside rows is of no interest.
            if element.tag.endswith(("}c", "}v", "}f", "}is", "}t", "}r", "}rPr")):
                continue
            element.clear()
            continue
        told = element.get("r")
        row_no = int(told) - 1 if told else row_no + 1
        _scan_row(element, row_no, scan, sheet, percent, limits)
        element.clear()
    return scan


def _scan_row(
    row: Element,
    row_no: int,
    scan: SheetScan,
    sheet: str,
    percent: frozenset[str],
    limits: Limits,
) -> None:
    is_hidden = row.get("hidden") in _TRUE or row.get("ht") == "0"
    column_no = -1
    for cell in row:
        reference = cell.get("r")
        place = place_of(reference) if reference else None
        column_no = place[1] if place else column_no + 1
        if len(cell) == 0:
            continue
        at = (place[0] if place else row_no, column_no)
        scan.check(at, sheet, limits, _text_of(cell))
        scan.take(at, sheet, limits)
        _judge(cell, at, is_hidden, scan, percent, sheet)


def _judge(
    cell: Element,
    at: tuple[int, int],
    is_hidden: bool,
    scan: SheetScan,
    percent: frozenset[str],
    sheet: str,
) -> None:
    kind = cell.get("t", "n")
    formula: Element | None = None
    value: str | None = None
    for child in cell:
        tag = child.tag
        if tag.endswith("}v"):
            value = child.text
        elif tag.endswith("}f"):
            formula = child
    said = (formula.text or "") if formula is not None else ""
    if _DDE.search(said):
        raise UnreadableFile(
            "单元格公式是连到其他程序的 DDE 链接，为安全起见不接收", SAVE_AS_XLSX,
            sheet=sheet, cell=address(*at), value_text=f"={said}"[:40],
        )  # fmt: skip
    if kind == "e":
        scan.issues[at] = "error_value"
        scan.texts[at] = value or "#ERROR"
    elif formula is not None and not value and kind != "str":
        scan.issues[at] = "uncached_formula"
        scan.texts[at] = f"={said}"
    elif kind == "n" and value and cell.get("s") in percent:
        scan.issues[at] = "percent_format"
    elif formula is not None:
        scan.issues[at] = "external_formula" if _EXTERNAL.search(said) else "formula"
    elif is_hidden:
        scan.issues[at] = "hidden_row"


def _text_of(cell: Any) -> str | None:
    texts = [child.text for child in cell.iter() if _local(child.tag) in {"v", "t"} and child.text]
    return texts[0][:40] if texts and cell.get("t") != "s" else None
