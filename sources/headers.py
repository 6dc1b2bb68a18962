"""The header of a form's table: which column holds which role, whatever its place and its levels.

A header may take up to three rows, merged or not. A heading over other headings is accepted only
where it is declared to change nothing (`本期`, `数量`): under `上年同期` the same columns would
hold other figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from sources.definitions import LayoutColumn
from sources.errors import MissingColumn, UnmappedColumn
from sources.labels import labels_in
from sources.likely import likely_columns
from sources.marks import ReadingMarks
from sources.readers.grid import Cell
from sources.table_errors import Likely
from sources.texts import normalised, shown

Rows = Mapping[int, Mapping[int, Cell]]
_LEVELS = 3


@dataclass(frozen=True)
class Header:
    """The header of a table: which column holds which role; `row_no` is its last row."""

    sheet: str
    row_no: int
    item: int | None
    row_code: int | None
    unit: int | None
    source: int | None
    values: Mapping[str, int]
    columns: frozenset[int]
    """Every column that has a header."""
    moved: tuple[Cell, ...] = ()
    """Headings that stand elsewhere among the others than in the form's layout."""

    @cached_property
    def table(self) -> frozenset[int | None]:
        """The columns that hold items, codes, units and figures."""
        return frozenset((self.item, self.row_code, self.unit, *self.values.values()))


@dataclass(frozen=True)
class Candidate:
    """Some rows of a sheet read as one header: each column's own heading, and those above it."""

    sheet: str
    first: int
    last: int
    own: Mapping[int, tuple[Cell, int]]
    """By column: the cell that heads it, and the layout column it is (0 when it is none)."""
    above: tuple[Cell, ...]

    @property
    def hits(self) -> int:
        """How many different columns of the layout are named."""
        return len({order for _, order in self.own.values()} - {0})


def fingerprint(headings: Iterable[str]) -> str:
    """Twelve hex digits of a set of headings, whatever their order and spacing."""
    names = "\n".join(sorted({normalised(heading) for heading in headings}))
    return hashlib.sha256(names.encode()).hexdigest()[:12]


def find_header(
    sheets: Mapping[str, Rows],
    layout: Sequence[LayoutColumn],
    marks: ReadingMarks,
    form_sheet: str | None = None,
) -> Header:
    """The rows that name most of the layout's columns, on the form's own sheet where it has one.

    Raises:
        MissingColumn: a required column is missing there, no row names two columns, or the table
            stands on another sheet than the form's number.
        UnmappedColumn: the header has a heading the layout does not know, or one twice; or there
            is a second such table.
    """
    found = candidates(sheets, layout)
    required = [column.header_zh for column in layout if column.is_required]
    if not found:
        raise MissingColumn(required, sheet=form_sheet or next(iter(sheets), None))
    best = max(found, key=lambda one: (one.hits, one.sheet == form_sheet))
    if form_sheet is not None and best.sheet != form_sheet:
        raise MissingColumn(
            required, sheet=form_sheet,
            reason_zh=f"表号印在工作表“{form_sheet}”，而表头“{'、'.join(required)}”只在工作表"
            f"“{best.sheet}”中齐全，无法确定以哪张为准",
        )  # fmt: skip
    for other in found:
        overlaps = other.sheet == best.sheet and other.first <= best.last and (
            best.first <= other.last
        )  # fmt: skip
        if other.hits == best.hits and not overlaps:
            # Two tables of the same form: taking the first would lose the second unseen.
            raise UnmappedColumn(
                [], sheet=other.sheet, cell=next(iter(other.own.values()))[0].cell,
                reason_zh=f"除工作表“{best.sheet}”外，这里还有一张同样表头的表，"
                "无法确定以哪张为准",
            )  # fmt: skip
    header = _mapped(best, layout)
    _refuse_strange_groups(best, header, sheets[best.sheet], marks)
    return header


def headings(layout: Sequence[LayoutColumn]) -> Mapping[str, LayoutColumn]:
    """The columns of a layout by every text they are known by, normalised."""
    return _headings_of(tuple(layout))


@lru_cache(maxsize=64)
def _headings_of(layout: tuple[LayoutColumn, ...]) -> Mapping[str, LayoutColumn]:
    return {
        normalised(text): column
        for column in reversed(layout)
        for text in (column.header_zh, *column.aliases_zh)
    }


def candidates(sheets: Mapping[str, Rows], layout: Sequence[LayoutColumn]) -> list[Candidate]:
    """Every place of some sheets that names two columns of a layout or more."""
    known = headings(layout)
    return [
        best
        for sheet, rows in sheets.items()
        for row_no in rows
        if (best := _best_from(sheet, rows, row_no, known)) is not None
    ]


def _best_from(
    sheet: str, rows: Rows, first: int, known: Mapping[str, LayoutColumn]
) -> Candidate | None:
    """The best header that begins in a row: a further level only where it names more columns."""
    if not any(normalised(cell.text) in known for cell in rows[first].values()):
        return None
    best = _candidate(sheet, rows, first, first, known)
    for last in range(first + 1, first + _LEVELS):
        if last not in rows:
            break
        deeper = _candidate(sheet, rows, first, last, known)
        if deeper.hits > best.hits:
            best = deeper
    return best if best.hits >= 2 else None


def _candidate(
    sheet: str, rows: Rows, first: int, last: int, known: Mapping[str, LayoutColumn]
) -> Candidate:
    own: dict[int, tuple[Cell, int]] = {}
    above: list[Cell] = []
    for row_no in range(first, last + 1):
        for column_no, cell in sorted(rows.get(row_no, {}).items()):
            text = normalised(cell.text)
            if not text:
                continue
            upper = own.get(column_no)
            if upper is not None:
                above.append(upper[0])
            column = known.get(text)
            if column is None and row_no > first:
                column = known.get(_heading_over(own, column_no) + text)
            own[column_no] = (cell, column.column_order if column else 0)
    return Candidate(sheet, first, last, own, tuple(above))


def _heading_over(own: Mapping[int, tuple[Cell, int]], column_no: int) -> str:
    """The heading of the level above that a column stands under: its own, or one further left."""
    places = [column for column in own if column <= column_no]
    return normalised(own[max(places)][0].text) if places else ""


@dataclass(frozen=True)
class Matched:
    """A header held against a layout: what was found where, and what was not.

    Attributes:
        found: the heading's cell by column order.
        repeated: further headings of a column that was found, with its order.
        strangers: headings the layout does not know.
        absent: columns of the layout without a heading.
    """

    found: Mapping[int, Cell]
    repeated: Sequence[tuple[Cell, int]]
    strangers: Sequence[Cell]
    absent: Sequence[LayoutColumn]

    @property
    def places(self) -> dict[int, int]:
        """Column number in the sheet by column order."""
        return {order: cell.column_no for order, cell in self.found.items()}

    @property
    def missing(self) -> list[LayoutColumn]:
        """The absent columns that must be there."""
        return [column for column in self.absent if column.is_required]

    @property
    def moved(self) -> tuple[int, ...]:
        """Orders of the columns that stand elsewhere among the others than in the layout."""
        placed = sorted(self.found, key=lambda order: self.found[order].column_no)
        if placed == sorted(placed):
            return ()
        matcher = SequenceMatcher(None, sorted(placed), placed, autojunk=False)
        kept = {
            placed[block.b + step]
            for block in matcher.get_matching_blocks()
            for step in range(block.size)
        }
        return tuple(order for order in placed if order not in kept)

    @property
    def likely(self) -> tuple[Likely, ...]:
        """Which absent column each unknown heading probably is."""
        return likely_columns(self.strangers, self.absent, self.places)


def matched(own: Mapping[int, tuple[Cell, int]], layout: Sequence[LayoutColumn]) -> Matched:
    """A header held against the layout it was read by."""
    found: dict[int, Cell] = {}
    repeated: list[tuple[Cell, int]] = []
    strangers: list[Cell] = []
    for _, (cell, order) in sorted(own.items()):
        if not order:
            strangers.append(cell)
        elif order in found:
            repeated.append((cell, order))
        else:
            found[order] = cell
    absent = [column for column in layout if column.column_order not in found]
    return Matched(found, repeated, strangers, absent)


def _mapped(best: Candidate, layout: Sequence[LayoutColumn]) -> Header:
    by_order = {column.column_order: column for column in layout}
    told = matched(best.own, layout)
    found = told.places
    for cell, order in told.repeated:
        raise UnmappedColumn(
            [cell.text or ""], sheet=best.sheet, cell=cell.cell,
            reason_zh=f"表头“{shown(cell.text or '')}”与另一列重复"
            f"（都表示“{by_order[order].header_zh}”）",
        )  # fmt: skip
    strangers = [(cell.text or "").strip() for cell in told.strangers]
    at = told.strangers[0].cell if told.strangers else best.own[min(best.own)][0].cell
    if told.missing:
        missing = [column.header_zh for column in told.missing]
        raise MissingColumn(missing, strangers, likely=told.likely, sheet=best.sheet, cell=at)
    if strangers:
        raise UnmappedColumn(
            strangers, likely=told.likely, sheet=best.sheet, cell=at,
            known=[column.header_zh for column in layout],
        )  # fmt: skip

    def column_of(role: str) -> int | None:
        return next(
            (found[c.column_order] for c in layout
             if c.column_role == role and c.column_order in found), None,
        )  # fmt: skip

    return Header(
        sheet=best.sheet,
        row_no=best.last,
        item=column_of("item"),
        row_code=column_of("row_code"),
        unit=column_of("unit"),
        source=column_of("source"),
        values={
            column.value_column: found[column.column_order]
            for column in layout
            if column.column_role == "value"
            and column.value_column
            and column.column_order in found
        },
        columns=frozenset(found.values()),
        moved=tuple(told.found[order] for order in told.moved),
    )


def _refuse_strange_groups(
    best: Candidate, header: Header, rows: Rows, marks: ReadingMarks
) -> None:
    """Refuses a heading over the value columns that is not declared to change nothing."""
    over = list(best.above)
    upper = [cell for cell in rows.get(best.first - 1, {}).values() if normalised(cell.text)]
    figures = set(header.values.values())
    # A row that stands over the value columns alone, and is no row of labels, heads them too.
    if all(cell.column_no in figures for cell in upper) and not any(
        labels_in(cell.text, marks.footer) for cell in upper
    ):
        over += upper
    for cell in over:
        if normalised(cell.text) not in marks.header_groups:
            raise UnmappedColumn(
                [(cell.text or "").strip()], sheet=best.sheet, cell=cell.cell,
                reason_zh=f"表头上方有无法识别的上级标题“{shown(cell.text or '')}”，"
                "不能确定其下各列填的是什么",
            )  # fmt: skip
