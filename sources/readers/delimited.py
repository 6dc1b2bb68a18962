"""Delimited text: UTF-8 with or without BOM, or GB18030; commas or tabs.

Each decoding is strict and UTF-8 goes first, since GB18030 accepts nearly anything.
"""

from __future__ import annotations

import csv
import io
from typing import Literal

from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.grid import LIMITS, Cell, Limits, address

CSV_SHEET = "csv"
ENCODINGS = ("utf-8-sig", "gb18030")

Delimiter = Literal[",", "\t"]


def decode(data: bytes) -> str:
    """The text of a delimited file.

    Raises:
        UnreadableFile: neither encoding fits every byte.
    """
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        "文本编码既不是 UTF-8，也不是 GB18030",
        "请在 Excel 或 WPS 中另存为“CSV UTF-8（*.csv）”后重新报送",
    )


def delimiter_of(text: str) -> Delimiter:
    """Tab where the text has more tabs than commas, else comma."""
    return "\t" if text.count("\t") > text.count(",") else ","


def read_delimited(data: bytes, limits: Limits = LIMITS) -> list[Cell]:
    """Every filled cell, in row and column order, on the sheet `csv`.

    Raises:
        UnreadableFile: the text cannot be decoded or split.
        OversizedSheet: there are more rows, columns or cells than the caps allow.
    """
    text = decode(data)
    cells: list[Cell] = []
    try:
        for row_no, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter_of(text))):
            for column_no, value in enumerate(row):
                if not value or value.isspace():
                    continue
                if row_no >= limits.rows or column_no >= limits.columns:
                    raise OversizedSheet(
                        f"在第 {row_no + 1} 行、第 {column_no + 1} 列有内容，"
                        f"超出 {limits.rows} 行、{limits.columns} 列的上限",
                        sheet=CSV_SHEET, cell=address(row_no, column_no), value_text=value[:40],
                    )  # fmt: skip
                cells.append(Cell(CSV_SHEET, row_no, column_no, address(row_no, column_no), value))
            if len(cells) > limits.cells:
                raise OversizedSheet(f"有内容的单元格超过 {limits.cells} 个", sheet=CSV_SHEET)
    except csv.Error as error:
        raise UnreadableFile(
            "文本不能按逗号或制表符分列（引号不成对，或某一格过长）",
            "请在 Excel 或 WPS 中另存为 xlsx 后重新报送",
        ) from error
    return cells
