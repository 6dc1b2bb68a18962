"""Readers: bytes of any supported format become located text cells.

The format is told by magic bytes, never by the file's name. Files of counties are read only in the
guarded child processes of `guard`; these functions are what runs inside them.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sources.contract import ANSWER_SHEET_ZH, CELLS_SCHEMA
from sources.errors import EmptyWorkbook, SourceError
from sources.readers.container import ARCHIVE, DELIMITED, recognise
from sources.readers.delimited import read_delimited
from sources.readers.grid import LIMITS, Cell, Limits
from sources.readers.workbook import read_workbook


def read_file(data: bytes, file_name: str, limits: Limits = LIMITS) -> list[Cell]:
    """Every filled cell of a file, in sheet, row and column order.

    Raises:
        SourceError: the file cannot be read; the error names it.
    """
    return read_kind(data, file_name, limits)[1]


def read_kind(data: bytes, file_name: str, limits: Limits = LIMITS) -> tuple[str, list[Cell]]:
    """What kind of file it is (see `container`) and its cells; an archive has none of its own.

    Raises:
        SourceError: the file cannot be read; the error names it.
    """
    try:
        kind = recognise(data, file_name, limits)
        if kind == ARCHIVE:
            return kind, []
        if kind == DELIMITED:
            cells = read_delimited(data, limits)
        else:
            cells = read_workbook(data, kind, limits)
        cells = [cell for cell in cells if cell.sheet != ANSWER_SHEET_ZH]
        if not cells:
            raise EmptyWorkbook
    except SourceError as error:
        raise error.in_file(file_name) from error.__cause__
    return kind, cells


def read_cells(source: Path | bytes, file_name: str = "") -> pl.DataFrame:
    """The CELLS frame of a file: one row per filled cell.

    Raises:
        SourceError: the file cannot be read; the error names it.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    name = file_name or (source.name if isinstance(source, Path) else "")
    return pl.DataFrame(read_file(data, name), schema=CELLS_SCHEMA, orient="row")
