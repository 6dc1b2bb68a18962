"""A form grid as comma-separated text: the same rows as the workbook, for counties without Excel.

What lives here: text of a value and the encoding of the file.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from sources.templates.grid import FormGrid, Formula, Percent, Value
from sources.texts import harmless


def text_of(value: Value) -> str:
    """A value as plain text: no exponent, no trailing point; blank for none."""
    if value is None:
        return ""
    if isinstance(value, Formula):
        return value.result or ""
    if isinstance(value, Percent):
        return f"{value.number:.1%}"
    return f"{value:f}" if isinstance(value, Decimal) else harmless(str(value))


def render_delimited(grid: FormGrid, encoding: str = "utf-8-sig") -> bytes:
    """The grid as the bytes of a CSV file.

    Raises:
        UnicodeEncodeError: a text does not exist in the encoding.
    """
    width = max(grid.width, *(max(row.cells, default=0) + 1 for row in grid.rows))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in grid.rows:
        writer.writerow([text_of(row.cells.get(column)) for column in range(width)])
    return out.getvalue().encode(encoding)
