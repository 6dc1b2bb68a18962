"""Ways in which counties bend a form without harm: each gives another grid that reads the same.

What lives here: moved columns, numbers typed as full-width text with thousands marks. Harmful
changes are the demo's faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from sources.templates.grid import FormGrid, GridRow, Value

_WIDE = str.maketrans("0123456789,.-", "０１２３４５６７８９，．－")


def reorder_columns(grid: FormGrid, order: tuple[int, ...]) -> FormGrid:
    """The grid with its table columns in another order; labels and footer stay."""
    moved = {old: new for new, old in enumerate(order)}
    rows = tuple(
        row
        if row.kind in ("title", "label", "footer")
        else replace(row, cells={moved[c]: value for c, value in row.cells.items()})
        for row in grid.rows
    )
    return replace(
        grid,
        rows=rows,
        columns=tuple(grid.columns[old] for old in order),
        rules={(row, moved[column]): rule for (row, column), rule in grid.rules.items()},
        places={key: (row, moved[column]) for key, (row, column) in grid.places.items()},
    )


def with_cells(grid: FormGrid, cells: Mapping[tuple[int, int], Value]) -> FormGrid:
    """The grid with other contents in some cells."""
    rows = list(grid.rows)
    for (row_no, column), value in cells.items():
        row = rows[row_no]
        rows[row_no] = GridRow(row.kind, {**row.cells, column: value}, row.row_code)
    return replace(grid, rows=tuple(rows))


def unit_before_code(grid: FormGrid) -> FormGrid:
    """The second and third column changed places."""
    order = list(range(len(grid.columns)))
    order[1], order[2] = order[2], order[1]
    return reorder_columns(grid, tuple(order))


def full_width_numbers(grid: FormGrid) -> FormGrid:
    """Every number typed as full-width text with thousands marks."""
    cells = {}
    for row, column in grid.places.values():
        value = grid.rows[row].cells.get(column)
        if isinstance(value, Decimal | int):
            cells[row, column] = f"{value:,}".translate(_WIDE)
    return with_cells(grid, cells)


VARIANTS: Mapping[str, Callable[[FormGrid], FormGrid]] = {
    "full_width": full_width_numbers,
    "moved_column": unit_before_code,
}
