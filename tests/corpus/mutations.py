"""Mutated files and, for each, an independent word on what is written in it.

Three kinds: another sheet written soundly (cells, rows and columns changed), the XML of a workbook
changed inside a sound zip, and bytes of a finished file changed. What is written is told by code
that shares nothing with the readers: the grid itself, ElementTree, xlrd, or the csv module.
"""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree

import xlrd

from sources.readers.grid import address
from tests.corpus.books import ods, rezipped, xls, xlsx
from tests.unit.sources.builders import SHEET, as_csv

Written = Mapping[tuple[str, str], str]
"""Text by sheet and address, as far as it is known what is written."""
Grid = list[list[object]]

_SHEET = "表"
_TEXTS = [
    "12", "1,234", "１２", "-", "—", "无", "/", "…", "12件", "6万件", "3.17亿元", "1.2万",
    "95.3%", "增长-2件", "约12", "3—5", "12 34", "1e5", "=1+1", "@a", "+7", "-7", "０", "合计",
    "小计", "注：", "填表人：", "01", "02", "04", "件", "万元", "元", "本月", "1—本月累计",
    "指标名称", "代码", "专利授权量", "  其中：发明", "一、创造", "2025年4月", "900102", "丁区",
    "", " ", "\u3000", "甲", "上年同期", '"', "a,b", "a\nb", "\u200b12", "12\xa0", "①", "٣",
    "是", "T-C1",
]  # fmt: skip
_NUMBERS = [0, 1, -3, 12, 0.5, 0.1 + 0.2, 1e15, 123456789012345, 1e-7, 45717, 2025.1, 99999.995]
_XML_PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml")


@dataclass(frozen=True)
class Mutant:
    """One mutated file; `written` is None where only soundness is asked (no other reader)."""

    kind: str
    file_name: str
    data: bytes
    written: Callable[[], Written | None]


def mutant(seed: int) -> Mutant:
    """The mutated file of a seed."""
    dice = random.Random(seed)
    make = dice.choice([_another_sheet, _another_sheet, _another_xml, _other_bytes])
    return make(dice)


def _another_sheet(dice: random.Random) -> Mutant:
    grid: Grid = [list(row) for row in SHEET]
    for _ in range(dice.randint(1, 3)):
        _change(grid, dice)
    suffix, build, sheet = dice.choice(_WRITERS)
    texts = {
        (sheet, address(row_no, column_no)): str(value) if sheet == "csv" else _plain(value)
        for row_no, row in enumerate(grid)
        for column_no, value in enumerate(row)
        if value is not None
    }
    return Mutant("sheet", f"三月.{suffix}", build(grid), lambda: texts)


def _change(grid: Grid, dice: random.Random) -> None:
    row_no = dice.randrange(len(grid))
    row = grid[row_no]
    deed = dice.choice(["cell"] * 6 + ["drop", "repeat", "swap", "blank", "column"])
    if deed == "cell":
        column_no = dice.randrange(7)
        row += [None] * (column_no + 1 - len(row))
        row[column_no] = dice.choice([*_TEXTS, *_NUMBERS, None])
    elif deed == "drop":
        del grid[row_no]
    elif deed == "repeat":
        grid.insert(dice.randrange(len(grid)), list(row))
    elif deed == "swap":
        other = dice.randrange(len(grid))
        grid[row_no], grid[other] = grid[other], row
    elif deed == "blank":
        grid.insert(row_no, [])
    else:
        column_no = dice.randrange(6)
        for one in grid:
            if column_no < len(one):
                one.insert(dice.choice([0, column_no]), None)


_WRITERS: list[tuple[str, Callable[[Grid], bytes], str]] = [
    ("xlsx", lambda grid: xlsx({_SHEET: grid}, None), _SHEET),
    ("xls", lambda grid: xls({_SHEET: grid}, None), _SHEET),
    ("ods", lambda grid: ods({_SHEET: grid}), _SHEET),
    ("csv", lambda grid: as_csv(grid, "utf-8"), "csv"),
    ("csv", lambda grid: as_csv(grid, "gb18030"), "csv"),
    ("csv", lambda grid: as_csv(grid, "utf-16"), "csv"),
    ("tsv", lambda grid: as_csv(grid, "utf-8-sig", "\t"), "csv"),
]


def _another_xml(dice: random.Random) -> Mutant:
    part = dice.choice(_XML_PARTS)

    def change(name: str, content: bytes) -> bytes:
        return _mangled(content, dice, dice.randint(1, 3)) if name == part else content

    data = rezipped(xlsx({_SHEET: SHEET}), change)
    return Mutant("xml", "三月.xlsx", data, lambda: _by_element_tree(data))


def _other_bytes(dice: random.Random) -> Mutant:
    suffix, build, sheet = dice.choice(_WRITERS)
    sound = build([list(row) for row in SHEET])
    data = _mangled(sound, dice, dice.randint(1, 4))
    told: Mapping[str, Callable[[], Written | None]] = {
        # The checksums of a zip see to it that members are what they were or damaged.
        "xlsx": lambda: _grid_texts(sheet), "ods": lambda: _grid_texts(sheet),
        "xls": lambda: _by_xlrd(data), "csv": lambda: _by_csv(data), "tsv": lambda: _by_csv(data),
    }  # fmt: skip
    return Mutant(f"bytes of {suffix}", f"三月.{suffix}", data, told[suffix])


def _mangled(data: bytes, dice: random.Random, times: int) -> bytes:
    mangled = bytearray(data)
    for _ in range(times):
        at = dice.randrange(len(mangled))
        deed = dice.choice(["flip", "digit", "digit", "cut", "drop", "double", "insert"])
        if deed == "flip":
            mangled[at] ^= 1 << dice.randrange(8)
        elif deed == "digit":
            digits = [n for n, byte in enumerate(mangled) if 48 <= byte <= 57]
            if digits:
                mangled[dice.choice(digits)] = dice.randrange(48, 58)
        elif deed == "cut" and dice.random() < 0.3:
            del mangled[at:]
        elif deed == "drop":
            del mangled[at : at + dice.randint(1, 8)]
        elif deed == "double":
            mangled[at:at] = mangled[at : at + dice.randint(1, 40)]
        elif deed == "insert":
            mangled[at:at] = dice.choice([b'"', b",", b"\n", b"\t", b"1", b"\x00", b"<", b"\xff"])
        if not mangled:
            return b"\n"
    return bytes(mangled)


def _plain(value: object) -> str:
    """A written value as text: numbers by their 15 digits."""
    if isinstance(value, str):
        return value
    return _number(float(str(value)))


def _number(value: float) -> str:
    text = format(Decimal(f"{value:.15g}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _grid_texts(sheet: str) -> Written:
    return {
        (sheet, address(row_no, column_no)): _plain(value)
        for row_no, row in enumerate(SHEET)
        for column_no, value in enumerate(row)
        if value is not None
    }


def _by_element_tree(data: bytes) -> Written | None:
    """What the visible sheet's XML says, cell by cell; None where it is no XML any more."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            strings = [
                "".join(text.text or "" for text in entry.iter() if _local(text.tag) == "t")
                for entry in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
            ]
            book = archive.read("xl/workbook.xml").decode(errors="replace")
            root = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    except (ElementTree.ParseError, LookupError, ValueError):
        return None
    names = re.findall(r'<sheet name="([^"]*)"', book)
    sheet = names[0] if names else _SHEET
    found: dict[tuple[str, str], str] = {}
    row_no = -1
    for row in root.iter():
        if _local(row.tag) != "row":
            continue
        row_no = int(row.get("r", row_no + 2)) - 1
        column_no = -1
        for cell in row:
            place = cell.get("r")
            column_no += 1
            value = next((child.text for child in cell if _local(child.tag) == "v"), None)
            if value is None:
                continue
            kind = cell.get("t", "n")
            text = strings[int(value)] if kind == "s" else value
            if kind == "n":
                text = _number(float(value))
            found[sheet, (place or address(row_no, column_no)).upper()] = text
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _by_xlrd(data: bytes) -> Written | None:
    """What xlrd reads; None where it cannot."""
    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO())
        return {
            (page.name, address(row_no, column_no)): (
                _number(cell.value) if cell.ctype == xlrd.XL_CELL_NUMBER else str(cell.value)
            )
            for page in book.sheets()
            for row_no in range(page.nrows)
            for column_no, cell in enumerate(page.row(row_no))
            if cell.ctype not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
        }
    except Exception:  # noqa: BLE001  (xlrd fails in many ways; then it has no say)
        return None


def _by_csv(data: bytes) -> Written | None:
    """What the csv module reads in the first encoding that fits."""
    for encoding in ("utf-16", "utf-8-sig", "gb18030"):
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        delimiter = "\t" if text.count("\t") > 20 else ","
        return {
            ("csv", address(row_no, column_no)): value
            for row_no, row in enumerate(
                csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            )
            for column_no, value in enumerate(row)
            if value
        }
    return None
