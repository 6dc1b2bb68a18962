"""The second look at a workbook: what calamine does not tell.

One streaming pass over the XML of each sheet finds error cells, formulas with and without a cached
value, percent formats and hidden rows, and refuses a cell beyond the caps *before* calamine would
allocate the rectangle up to it. Nothing here reads a value that counts.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import join, normpath
from typing import IO, Protocol
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml.common import DTDForbidden
from defusedxml.ElementTree import fromstring

from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.container import CHECK_FILE, CUT_LINK
from sources.readers.grid import LIMITS, Limits, address, place_of

_BUILT_IN_PERCENT = {"9", "10"}
_LITERALS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_TRUE = {"1", "true"}
_WRITTEN = {
    "s": re.compile(r"[0-9]+"),
    "n": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    "b": re.compile(r"[01]"),
}
"""How the value of a cell is written: a text by its number, a figure, a truth value."""
_CHUNK = 1 << 16
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

    def filled_in(self, rows: Container[int]) -> list[tuple[int, int]]:
        """The filled cells of some rows."""
        return [at for at in self.filled if at[0] in rows]

    def hide(self, at: tuple[int, int]) -> None:
        """Notes that a filled cell stands in a hidden row, unless there is worse to say of it."""
        self.issues.setdefault(at, "hidden_row")

    def hide_in_column(self, at: tuple[int, int]) -> None:
        """Notes that a filled cell stands in a hidden column, as if its row were hidden."""
        self.hide(at)


@dataclass
class LongSheetScan(SheetScan):
    """The scan of a register: a number per row says which cells are filled, no set of cells."""

    masks: dict[int, int] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    cells: int = 0

    def take(self, at: tuple[int, int], sheet: str, limits: Limits) -> None:
        """Counts a filled cell, as the scan of a form does."""
        self.check(at, sheet, limits)
        mask, bit = self.masks.get(at[0], 0), 1 << at[1]
        if mask & bit:
            raise UnreadableFile(
                f"单元格 {address(*at)} 在文件中出现两次，无法确定以哪个为准", CHECK_FILE,
                sheet=sheet, cell=address(*at),
            )  # fmt: skip
        self.masks[at[0]] = mask | bit
        self.cells += 1
        if self.cells > limits.cells:
            raise OversizedSheet(
                f"有内容的单元格超过 {limits.cells} 个", sheet=sheet, cell=address(*at)
            )

    def filled_in(self, rows: Container[int]) -> list[tuple[int, int]]:
        """One cell of each of some rows, which is all that `hide` asks for."""
        return [(row_no, 0) for row_no in self.masks if row_no in rows]

    def hide(self, at: tuple[int, int]) -> None:
        """Notes the row alone: a filter may hide most of a register."""
        self.hidden_rows.add(at[0])

    def hide_in_column(self, at: tuple[int, int]) -> None:
        """Notes nothing: columns of a register are hidden to see the others side by side."""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _children(element: Element, name: str) -> Iterable[Element]:
    return (child for child in element if _local(child.tag) == name)


class HasParts(Protocol):
    """A zip, as `zipfile` opens it or as `package` does."""

    def read(self, name: str, /) -> bytes:
        """A part, unpacked; KeyError when there is none."""


def sheet_parts(archive: HasParts) -> list[SheetPart]:
    """The worksheets in the workbook's order, charts and macro sheets left out.

    Raises:
        KeyError: the workbook lacks one of its parts.
    """
    return list(_sheet_parts(archive.read("xl/_rels/workbook.xml.rels"),
                             archive.read("xl/workbook.xml")))  # fmt: skip


# All workbooks of one template name their sheets alike, byte by byte.
@lru_cache(maxsize=64)
def _sheet_parts(relations_xml: bytes, book_xml: bytes) -> tuple[SheetPart, ...]:
    relations = fromstring(relations_xml)
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in relations
        if relation.get("Type", "").endswith("/worksheet")
    }
    book = fromstring(book_xml)
    parts = []
    for sheets in _children(book, "sheets"):
        for sheet in sheets:
            relation_id = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
            target = targets.get(relation_id)
            if target:
                member = target[1:] if target.startswith("/") else normpath(join("xl", target))
                is_hidden = sheet.get("state", "visible") != "visible"
                parts.append(SheetPart(sheet.get("name", ""), member, is_hidden))
    return tuple(parts)


def is_percent_format(code: str) -> bool:
    """Whether a number format shows hundredths: a percent sign that is no mere decoration."""
    return "%" in _LITERALS.sub("", code)


def percent_styles(archive: HasParts) -> frozenset[str]:
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


def has_dde(formula: str) -> bool:
    """Whether a formula is a link to another program."""
    return _DDE.search(formula) is not None


def is_external(formula: str) -> bool:
    """Whether a formula refers to another workbook."""
    return _EXTERNAL.search(formula) is not None


def scan_sheet(
    stream: IO[bytes],
    sheet: str,
    percent: frozenset[str],
    limits: Limits = LIMITS,
    *,
    is_hidden: bool = False,
    into: type[SheetScan] = SheetScan,
) -> SheetScan:
    """One sheet's issues, from one pass that holds one cell at a time.

    Raises:
        OversizedSheet: a filled cell lies beyond the caps; it is named.
        UnreadableFile: a cell stands twice, or is a link to another program.
    """
    scan = into(is_hidden=is_hidden)
    # No tree is built: a sheet with a million formatted blank rows is a long file and no content.
    told = _SheetPass(scan, sheet, percent, limits)
    # Expat itself, without a doctype as defusedxml has it: its own parser takes twice the time.
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = told.start
    parser.EndElementHandler = told.end
    parser.CharacterDataHandler = told.data
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ParseError(str(error)) from error
    return scan


def _refuse_doctype(name: str, *_: object) -> None:
    raise DTDForbidden(name, None, None)


class _SheetPass:
    """What the parser tells of a sheet, kept for the length of one cell."""

    def __init__(
        self, scan: SheetScan, sheet: str, percent: frozenset[str], limits: Limits
    ) -> None:
        self._scan, self._sheet, self._percent, self._limits = scan, sheet, percent, limits
        self._kinds: dict[str, str] = {}
        self._row_no = self._column_no = -1
        self._is_hidden_row = False
        self._hidden_columns: list[tuple[int, int]] = []
        self._cell: dict[str, str] | None = None
        self._is_filled = False
        self._said: dict[str, list[str]] = {}
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = self._kinds.get(tag) or self._kinds.setdefault(tag, _local(tag))
        if kind == "c":
            self._cell, self._is_filled, self._said = attributes, False, {}
        elif kind == "row":
            told = attributes.get("r")
            self._row_no = int(told) - 1 if told else self._row_no + 1
            self._column_no = -1
            self._is_hidden_row = attributes.get("hidden") in _TRUE or attributes.get("ht") == "0"
        elif kind == "col" and attributes.get("hidden") in _TRUE:
            first, last = (int(attributes.get(name, "0")) - 1 for name in ("min", "max"))
            self._hidden_columns.append((first, last))
        elif self._cell is not None:
            self._is_filled = True
            if kind in ("v", "f", "t"):
                self._text = self._said.setdefault(kind, [])

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        self._text = None
        if self._cell is not None and self._kinds[tag] == "c":
            reference = self._cell.get("r")
            place = place_of(reference) if reference else None
            if reference and place is None:
                raise UnreadableFile(
                    f"“{reference[:40]}”不是单元格地址（内部结构不能读取）", CHECK_FILE,
                    sheet=self._sheet, cell=address(self._row_no, self._column_no + 1),
                    value_text=reference[:40],
                )  # fmt: skip
            self._column_no = place[1] if place else self._column_no + 1
            if self._is_filled:
                self._take((place[0] if place else self._row_no, self._column_no), self._cell)
            self._cell = None

    def _take(self, at: tuple[int, int], cell: dict[str, str]) -> None:
        scan, kind = self._scan, cell.get("t", "n")
        value = "".join(self._said.get("v", ()))
        formula = "".join(self._said["f"]) if "f" in self._said else None
        shown = value if kind != "s" else ""
        text = (shown or "".join(self._said.get("t", ())))[:40]
        scan.check(at, self._sheet, self._limits, text)
        scan.take(at, self._sheet, self._limits)
        if formula is not None and has_dde(formula):
            raise UnreadableFile(
                "单元格公式是连到其他程序的 DDE 链接，为安全起见不接收", CUT_LINK,
                sheet=self._sheet, cell=address(*at), value_text=f"={formula}"[:40],
            )  # fmt: skip
        if value and kind in _WRITTEN and not _WRITTEN[kind].fullmatch(value):
            # Calamine takes what it cannot read as the first text of the table, or as text.
            raise UnreadableFile(
                "单元格的内容不合工作簿的格式（内部结构不能读取）", CHECK_FILE,
                sheet=self._sheet, cell=address(*at), value_text=text,
            )  # fmt: skip
        if kind == "e":
            scan.issues[at], scan.texts[at] = "error_value", value or "#ERROR"
        elif formula is not None and not value and kind != "str":
            scan.issues[at], scan.texts[at] = "uncached_formula", f"={formula}"
        elif kind == "n" and value and cell.get("s") in self._percent:
            scan.issues[at] = "percent_format"
        elif formula is not None:
            scan.issues[at] = "external_formula" if is_external(formula) else "formula"
        if self._is_hidden_row:
            scan.hide(at)
        elif any(first <= at[1] <= last for first, last in self._hidden_columns):
            scan.hide_in_column(at)
