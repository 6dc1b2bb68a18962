"""Delimited text: UTF-8, UTF-16 or GB18030; commas or tabs; quotes that are closed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Literal

from sources.errors import OversizedSheet, UnreadableFile
from sources.readers.encodings import decode, is_mojibake
from sources.readers.grid import LIMITS, Cell, Limits, address

CSV_SHEET = "csv"

Delimiter = Literal["\t", ",", ";"]
_DELIMITERS: tuple[Delimiter, ...] = ("\t", ",", ";")


def delimiter_of(text: str) -> Delimiter:
    """Tab where at least as many lines hold it as hold another, semicolon where more do.

    Figures hold commas too, and remarks hold semicolons: it is the lines that count.
    """
    lines = text.splitlines()
    held: dict[Delimiter, int] = {mark: sum(mark in line for line in lines) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: held[mark])
    return best if held[best] else ","


def read_delimited(data: bytes, limits: Limits = LIMITS) -> list[Cell]:
    """Every filled cell, in row and column order, on the sheet `csv`.

    Raises:
        UnreadableFile: the text cannot be decoded or split, or was damaged before it was saved.
        OversizedSheet: there are more rows, columns or cells than the caps allow.
    """
    text = decode(data)
    cells: list[Cell] = []
    for row_no, row in _rows(text):
        for column_no, value in enumerate(row):
            if not value or value.isspace():
                continue
            place = address(row_no, column_no)
            if row_no >= limits.rows or column_no >= limits.columns:
                raise OversizedSheet(
                    f"在第 {row_no + 1} 行、第 {column_no + 1} 列有内容，"
                    f"超出 {limits.rows} 行、{limits.columns} 列的上限",
                    sheet=CSV_SHEET, cell=place, value_text=value[:40],
                )  # fmt: skip
            if is_mojibake(value):
                raise UnreadableFile(
                    "文字是乱码（曾按错误的编码打开后另存）",
                    "请回到原来的 Excel 或 WPS 文件，另存为 xlsx 后重新报送",
                    sheet=CSV_SHEET, cell=place, value_text=value[:40],
                )  # fmt: skip
            # A text file holds no results: what begins like a formula was never computed.
            issue = "uncached_formula" if value[0] == "=" and len(value) > 1 else None
            cells.append(Cell(CSV_SHEET, row_no, column_no, place, value, issue))
        if len(cells) > limits.cells:
            raise OversizedSheet(f"有内容的单元格超过 {limits.cells} 个", sheet=CSV_SHEET)
    return cells


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows; strictly, since an open quote would swallow all that follows.

    Raises:
        UnreadableFile: a quote is never closed, or closed in the middle of a text.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    row_no = 0
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(
                f"文本不能按逗号、分号或制表符分列（第 {line} 行起引号不成对，或某一格过长）",
                "请在 Excel 或 WPS 中另存为 xlsx 后重新报送",
                sheet=CSV_SHEET, cell=address(row_no, 0),
            ) from error  # fmt: skip
        yield row_no, row
        row_no += 1
