"""Which column an unknown heading probably is: proposed to the filer, never taken by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from sources.definitions import LayoutColumn
from sources.readers.grid import Cell
from sources.table_errors import Likely
from sources.texts import normalised

# Short Chinese headings share few characters even where one is plainly the other (三月份, 本月:
# 40 of 100), so what stands at the missing column's own place is taken for likelier.
_LEAST = 50.0
_IN_PLACE = 20.0


def likely_columns(
    strangers: Sequence[Cell], absent: Sequence[LayoutColumn], found: Mapping[int, int]
) -> tuple[Likely, ...]:
    """Unknown headings with the absent column each probably is, each used once, best pairs first.

    Args:
        strangers: cells of the header that the layout does not know.
        absent: columns of the layout that were not found.
        found: column number in the sheet by the layout's column order, of those that were.
    """
    pairs = [
        (_similarity(cell, column, found), place, cell, column)
        for place, cell in enumerate(strangers)
        for column in absent
    ]
    said: dict[int, Likely] = {}
    given: set[int] = set()
    for score, place, cell, column in sorted(pairs, key=lambda pair: (-pair[0], pair[1])):
        if score < _LEAST or place in said or column.column_order in given:
            continue
        given.add(column.column_order)
        said[place] = ((cell.text or "").strip(), column.header_zh)
    return tuple(said[place] for place in sorted(said))


def _similarity(cell: Cell, column: LayoutColumn, found: Mapping[int, int]) -> float:
    text = normalised(cell.text)
    alike = max(
        fuzz.ratio(text, normalised(name)) for name in (column.header_zh, *column.aliases_zh)
    )
    return alike + (_IN_PLACE if _stands_in_place(cell, column, found) else 0.0)


def _stands_in_place(cell: Cell, column: LayoutColumn, found: Mapping[int, int]) -> bool:
    """Whether a heading stands between the columns that the layout puts the absent one between."""
    left = [order for order, place in found.items() if place < cell.column_no]
    right = [order for order, place in found.items() if place > cell.column_no]
    return max(left, default=0) < column.column_order < min(right, default=1_000)
