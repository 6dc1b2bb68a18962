"""How a form is spoiled: one small function per kind of fault, from a sound form to a bad one.

What lives here: the edits. Which form, cell and number is data (`faults.csv`), read by `faults`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from sources.definitions import LayoutColumn
from sources.demo.submission import DemoSubmission
from sources.periods import shift
from sources.templates import FormGrid, Formula, GridRow, Percent, Value, ValueKey
from sources.templates.delimited import render_delimited
from sources.templates.grid import HEADER_ROW
from sources.templates.variants import with_cells
from sources.templates.workbook import render_workbook

_PASSWORD = "demo"
_FAR = {"XFD1048576": (1_048_575, 16_383)}

Place = tuple[int, int]
Render = Callable[[FormGrid], bytes]


@dataclass(frozen=True)
class Spoiled:
    """A form on its way to becoming a fault.

    Attributes:
        other: the same form of another unit, for the fault of filing someone else's.
        render: how the grid becomes bytes.
        is_extra: filed beside the sound form, not instead of it.
    """

    submission: DemoSubmission
    grid: FormGrid
    other: FormGrid
    render: Render
    is_extra: bool = False


class NotFittingError(Exception):
    """The fault cannot show in this form's values; another unit's form is needed."""


def keys_of(target: str) -> list[ValueKey]:
    """Form elements named in the data: `01.current 02.current`."""
    pairs = [name.partition(".") for name in target.split()]
    return [(row, column) for row, _, column in pairs]


def number_at(grid: FormGrid, key: ValueKey) -> Decimal:
    """The number in a form element's cell.

    Raises:
        NotFittingError: there is none.
    """
    row, column = grid.places[key]
    value = grid.rows[row].cells.get(column)
    if not isinstance(value, Decimal):
        raise NotFittingError(key)
    return value


def workbook_bytes(grid: FormGrid) -> bytes:
    """The form as xlsx."""
    out = io.BytesIO()
    render_workbook(grid, out)
    return out.getvalue()


def _edited(spoiled: Spoiled, cells: Mapping[ValueKey, Value]) -> Spoiled:
    """The form with other contents in some entries.

    Raises:
        NotFittingError: nothing would change.
    """
    grid = spoiled.grid
    places = {grid.places[key]: value for key, value in cells.items()}
    if all(grid.rows[row].cells.get(column) == v for (row, column), v in places.items()):
        raise NotFittingError(sorted(cells))
    return replace(spoiled, grid=with_cells(grid, places))


def _text_as_workbook(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return replace(spoiled, render=lambda grid: render_delimited(grid, "utf-8-sig"))


def _empty_workbook(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    def render(grid: FormGrid) -> bytes:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True})
        book.add_worksheet("Sheet1")
        book.close()
        return out.getvalue()

    return replace(spoiled, render=render)


def _encrypted(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    def render(grid: FormGrid) -> bytes:
        out = io.BytesIO()
        OOXMLFile(io.BytesIO(workbook_bytes(grid))).encrypt(_PASSWORD, out)
        return out.getvalue()

    return replace(spoiled, render=render)


def _truncated(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    def render(grid: FormGrid) -> bytes:
        whole = workbook_bytes(grid)
        return whole[: len(whole) * 2 // 3]

    return replace(spoiled, render=render)


def _stray(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return replace(spoiled, grid=replace(spoiled.grid, strays={_FAR[target]: argument}))


def _error_value(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, {key: Formula("=NA()", argument) for key in keys_of(target)})


def _uncached(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, {key: Formula(argument, None) for key in keys_of(target)})


def _percent(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, {key: Percent(Decimal(argument)) for key in keys_of(target)})


def _text(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, dict.fromkeys(keys_of(target), argument))


def _set(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, dict.fromkeys(keys_of(target), Decimal(argument)))


def _blank(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _edited(spoiled, dict.fromkeys(keys_of(target)))


def _add(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    changed = {key: number_at(spoiled.grid, key) + Decimal(argument) for key in keys_of(target)}
    if any(value < 0 for value in changed.values()):
        raise NotFittingError(target)
    return _edited(spoiled, changed)


def _times(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    """Multiplies; every amount must be there, else it would look the same afterwards."""
    numbers = {key: number_at(spoiled.grid, key) for key in keys_of(target)}
    if not all(numbers.values()):
        raise NotFittingError(target)
    return _edited(spoiled, {key: value * Decimal(argument) for key, value in numbers.items()})


def _above(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    """Sets a cell to another cell's number and some more."""
    other, more = argument.split()
    level = number_at(spoiled.grid, keys_of(other)[0]) + Decimal(more)
    return _edited(spoiled, dict.fromkeys(keys_of(target), level))


def _swap(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    (one,), (two,) = keys_of(target), keys_of(argument)
    a, b = number_at(spoiled.grid, one), number_at(spoiled.grid, two)
    return _edited(spoiled, {one: b, two: a})


def _column_of(grid: FormGrid, name: str) -> int:
    return next(
        place for place, column in enumerate(grid.columns)
        if name in (column.value_column, column.column_role)
    )  # fmt: skip


def _rename_header(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    place = (HEADER_ROW, _column_of(spoiled.grid, target))
    return replace(spoiled, grid=with_cells(spoiled.grid, {place: argument}))


def _table_rows(
    grid: FormGrid, change: Callable[[dict[int, Value]], dict[int, Value]]
) -> tuple[GridRow, ...]:
    kept = ("title", "label", "footer")
    return tuple(
        row if row.kind in kept else replace(row, cells=change(dict(row.cells)))
        for row in grid.rows
    )


def _drop_column(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    grid = spoiled.grid
    gone = _column_of(grid, target)

    def without(cells: dict[int, Value]) -> dict[int, Value]:
        return {c - (c > gone): value for c, value in cells.items() if c != gone}

    def moved(place: Place) -> Place:
        return place[0], place[1] - (place[1] > gone)

    left = {key: place for key, place in grid.places.items() if place[1] != gone}
    return replace(spoiled, grid=replace(
        grid,
        rows=_table_rows(grid, without),
        columns=tuple(c for place, c in enumerate(grid.columns) if place != gone),
        rules={moved(p): rule for p, rule in grid.rules.items() if p[1] != gone},
        places={key: moved(place) for key, place in left.items()},
    ))  # fmt: skip


def _add_column(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    grid = spoiled.grid
    column = LayoutColumn(len(grid.columns) + 1, "remark", None, argument, (), False)
    place = (HEADER_ROW, len(grid.columns))
    wider = replace(grid, columns=(*grid.columns, column))
    return replace(spoiled, grid=with_cells(wider, {place: argument}))


def _with_rows(grid: FormGrid, rows: list[GridRow]) -> FormGrid:
    """The grid with rows added or taken away; entries keep their row by its code."""
    numbers = {row.row_code: n for n, row in reversed(list(enumerate(rows))) if row.row_code}
    old = {n: row.row_code for n, row in enumerate(grid.rows)}
    moved = {n: numbers[code] for n, code in old.items() if code in numbers}
    return replace(
        grid,
        rows=tuple(rows),
        rules={(moved[r], c): rule for (r, c), rule in grid.rules.items() if r in moved},
        places={key: (moved[r], c) for key, (r, c) in grid.places.items() if r in moved},
    )


def _drop_row(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    rows = [row for row in spoiled.grid.rows if row.row_code != target]
    return replace(spoiled, grid=_with_rows(spoiled.grid, rows))


def _appended(spoiled: Spoiled, row: GridRow) -> Spoiled:
    rows = list(spoiled.grid.rows)
    end = max(n for n, one in enumerate(rows) if one.kind == "item") + 1
    return replace(spoiled, grid=_with_rows(spoiled.grid, [*rows[:end], row, *rows[end:]]))


def _repeat_row(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return _appended(spoiled, next(r for r in spoiled.grid.rows if r.row_code == target))


def _add_row(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    places = {c.column_role: n for n, c in enumerate(spoiled.grid.columns)}
    cells: dict[int, Value] = {places["item"]: argument, places["row_code"]: target}
    return _appended(spoiled, GridRow("item", cells, target))


def _unit(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    row, _ = spoiled.grid.places[keys_of(target)[0]]
    place = (row, _column_of(spoiled.grid, "unit"))
    return replace(spoiled, grid=with_cells(spoiled.grid, {place: argument}))


def _other_unit(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    return replace(spoiled, grid=spoiled.other)


def label_place(grid: FormGrid, label: str) -> Place:
    """Where the text beside a printed label stands."""
    return next(
        (n, column + 1)
        for n, row in enumerate(grid.rows)
        for column, text in row.cells.items()
        if text == f"{label}："
    )


def _print_form(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    place = label_place(spoiled.grid, "表号")
    return replace(spoiled, grid=with_cells(spoiled.grid, {place: argument}))


def _identity(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    told = {**spoiled.grid.identity, target: argument}
    return replace(spoiled, grid=replace(spoiled.grid, identity=told))


def _unstamped(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    title = {(0, 0): spoiled.submission.form_version.form_zh}
    bare = replace(spoiled, grid=with_cells(spoiled.grid, title))
    return _identity(bare, "is_synthetic", "false")


def _nil(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    place = label_place(spoiled.grid, "零报告")
    return replace(spoiled, grid=with_cells(spoiled.grid, {place: "是"}))


def _later_period(spoiled: Spoiled, target: str, argument: str) -> Spoiled:
    old = spoiled.submission.period
    period = shift(old, int(argument))
    submission = spoiled.submission.about(period)
    place = label_place(spoiled.grid, "报告期")
    grid = with_cells(spoiled.grid, {place: period.label_zh})
    moved = replace(spoiled, submission=submission, grid=grid, is_extra=True)
    return _identity(moved, "period_code", period.code)


ACTIONS: Mapping[str, Callable[[Spoiled, str, str], Spoiled]] = {
    "above": _above, "add": _add, "add_column": _add_column, "add_row": _add_row,
    "blank": _blank, "drop_column": _drop_column, "drop_row": _drop_row,
    "empty_workbook": _empty_workbook, "encrypted": _encrypted, "error_value": _error_value,
    "identity": _identity, "later_period": _later_period, "nil": _nil,
    "other_unit": _other_unit, "percent": _percent, "print_form": _print_form,
    "rename_header": _rename_header, "repeat_row": _repeat_row, "set": _set, "stray": _stray,
    "swap": _swap, "text": _text, "text_as_workbook": _text_as_workbook, "times": _times,
    "truncated": _truncated, "uncached": _uncached, "unit": _unit, "unstamped": _unstamped,
}  # fmt: skip
