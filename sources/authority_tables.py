"""The table of a published release: which layout its header is, and where its columns stand.

A column is known by the header of its layout or an alias of it, wherever it stands. An authority
adds and renames columns without a word, so an unknown one is refused, never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sources.definitions import Definitions, FormVersion, LayoutColumn
from sources.errors import MissingColumn, UnmappedColumn
from sources.headers import Matched, headings, matched
from sources.readers.grid import Cell
from sources.texts import normalised

# Two ways to say when; a release must have one of them.
WINDOW_COLUMNS = ("period_start", "period_end")
POINT_COLUMN = "as_of"
_ONLY_VALUE = "current"


@dataclass(frozen=True)
class ReleaseTable:
    """The release's table: its form, its named columns and the rows below the header.

    Attributes:
        columns: column number by the header of the layout.
        item_columns: headers that name what a row is about.
        value_columns: headers of figures, each with what it adds to the row's item (the applicant
            kind where each has a column of its own), or nothing.
        share_column: header of the printed shares (占比) of a release with one column of figures.
    """

    form: FormVersion
    columns: Mapping[str, int]
    item_columns: tuple[str, ...]
    value_columns: Mapping[str, tuple[str, ...]]
    share_column: str | None
    rows: Sequence[tuple[int, Mapping[int, Cell]]]

    def cell(self, row: Mapping[int, Cell], name: str) -> Cell | None:
        """The cell of a row in a named column."""
        column = self.columns.get(name)
        return row.get(column) if column is not None else None

    def text(self, row: Mapping[int, Cell], name: str) -> str | None:
        """The text of a row in a named column, None where it is blank."""
        cell = self.cell(row, name)
        return cell.text.strip() if cell is not None and cell.text else None

    def share(self, row: Mapping[int, Cell]) -> Cell | None:
        """The printed share of a row's figure, None where there is none."""
        cell = self.cell(row, self.share_column) if self.share_column else None
        return cell if cell is not None and (cell.text or "").strip() else None


def release_table(
    sheets: Mapping[str, Mapping[int, Mapping[int, Cell]]], definitions: Definitions
) -> ReleaseTable | None:
    """The table of a release when the first row is the header of one, else None.

    Raises:
        MissingColumn: a layout's columns are there but one, or none that says when.
        UnmappedColumn: a heading that the layout does not know, or one twice.
    """
    forms = [form for form in definitions.form_versions if form.form_kind == "authority"]
    known = _headings(definitions)
    for sheet, rows in sheets.items():
        first = min(rows)
        if known.isdisjoint(normalised(cell.text) for cell in rows[first].values()):
            continue
        heads = [
            (form, layout, header_of(rows[first], layout))
            for form in forms
            if (layout := definitions.layout(form.layout_code))
        ]
        for form, layout, head in heads:
            if not head.missing:
                _refuse_drift(sheet, head, layout)
                return _table(form, layout, head, [(n, rows[n]) for n in sorted(rows) if n > first])
        for _, layout, head in heads:
            if _is_nearly(head, layout):
                _refuse_drift(sheet, head, layout)
    return None


@lru_cache(maxsize=8)
def _headings(definitions: Definitions) -> frozenset[str]:
    """Every heading of every layout of a release."""
    layouts = [
        definitions.layout(form.layout_code)
        for form in definitions.form_versions
        if form.form_kind == "authority"
    ]
    return frozenset(heading for layout in layouts for heading in headings(layout))


def header_of(row: Mapping[int, Cell], layout: Sequence[LayoutColumn]) -> Matched:
    """The first row of a sheet held against the layout of a release."""
    known = headings(layout)
    own: dict[int, tuple[Cell, int]] = {}
    for column_no, cell in row.items():
        if text := normalised(cell.text):
            own[column_no] = (cell, known[text].column_order if text in known else 0)
    return matched(own, layout)


def _is_nearly(head: Matched, layout: Sequence[LayoutColumn]) -> bool:
    """Whether a row is plainly the header of a release, although a column is not what it was."""
    named = [column for column in layout if column.column_order in head.found]
    required = [column for column in named if column.is_required]
    return len(required) >= 2 and any(
        column.header_zh in (*WINDOW_COLUMNS, POINT_COLUMN) for column in named
    )


def _refuse_drift(sheet: str, head: Matched, layout: Sequence[LayoutColumn]) -> None:
    strangers = [(cell.text or "").strip() for cell in head.strangers]
    at = (head.strangers or list(head.found.values()))[0].cell
    missing = [column.header_zh for column in head.missing]
    names = {c.header_zh for c in layout if c.column_order in head.found}
    if POINT_COLUMN not in names and not names.issuperset(WINDOW_COLUMNS):
        missing += [name for name in WINDOW_COLUMNS if name not in names]
    if missing:
        raise MissingColumn(missing, strangers, likely=head.likely, sheet=sheet, cell=at)
    if strangers:
        raise UnmappedColumn(
            strangers, likely=head.likely, sheet=sheet, cell=at,
            known=[column.header_zh for column in layout],
        )  # fmt: skip
    for cell, _ in head.repeated:
        raise UnmappedColumn(
            [cell.text or ""], sheet=sheet, cell=cell.cell,
            reason_zh=f"表头“{(cell.text or '').strip()}”与另一列重复",
        )  # fmt: skip


def _table(
    form: FormVersion,
    layout: Sequence[LayoutColumn],
    head: Matched,
    rows: Sequence[tuple[int, Mapping[int, Cell]]],
) -> ReleaseTable:
    return ReleaseTable(
        form=form,
        columns={
            column.header_zh: head.places[column.column_order]
            for column in layout
            if column.column_order in head.found
        },
        item_columns=tuple(c.header_zh for c in layout if c.column_role == "item"),
        value_columns={c.header_zh: _added(c) for c in layout if c.column_role == "value"},
        share_column=next((c.header_zh for c in layout if c.column_role == "share"), None),
        rows=rows,
    )


def _added(column: LayoutColumn) -> tuple[str, ...]:
    """What a column of figures adds to the item of its row."""
    if column.value_column in (None, _ONLY_VALUE):
        return ()
    return (str(column.value_column),)
