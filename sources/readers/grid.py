"""Located cells, and the size a county's file may have.

What lives here: addresses, the cell tuple all readers produce, the caps. Readers give plain tuples
because a night holds thousands of small files: frames are built once per batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

HIDDEN_SHEET = "hidden_sheet"
"""The issue of every cell of a sheet that the clerk does not see."""


class Cell(NamedTuple):
    """One filled cell, in the column order of the CELLS frame; rows and columns count from 0."""

    sheet: str
    row_no: int
    column_no: int
    cell: str
    text: str | None
    issue_code: str | None = None


@dataclass(frozen=True)
class Limits:
    """Caps checked before anything is parsed. An honest form has under 100 rows and 10 columns.

    calamine allocates the whole rectangle up to the last filled cell: 20,000 × 512 is some 250 MB,
    1,048,576 × 16,384 kills the process.
    """

    file_bytes: int = 20 * 1024 * 1024
    unpacked_bytes: int = 200 * 1024 * 1024
    members: int = 2_000
    archive_members: int = 200
    rows: int = 20_000
    columns: int = 512
    cells: int = 400_000


LIMITS = Limits()


@lru_cache(maxsize=1024)
def column_letters(column_no: int) -> str:
    """Letters of a column: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    rest = column_no + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


@lru_cache(maxsize=65536)
def address(row_no: int, column_no: int) -> str:
    """Address of a cell as people write it: row 6, column 1 is B7."""
    return f"{column_letters(column_no)}{row_no + 1}"


@lru_cache(maxsize=65536)
def place_of(reference: str) -> tuple[int, int] | None:
    """Row and column of an address; None when it is none."""
    letters = reference.rstrip("0123456789")
    digits = reference[len(letters) :]
    if not digits or digits[0] == "0" or not 1 <= len(letters) <= 3:
        return None
    if not (letters.isascii() and letters.isalpha()):
        return None
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1
