"""The form as a unit filed it: sections, rows and cells, each with its marks and its past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sources.definitions import Definitions, FormElement
from sources.vocabulary import SEVERITY_ZH
from warehouse.queries.filed import Beside, FiledValue, Key, exact

_ORDER = list(SEVERITY_ZH)


@dataclass(frozen=True)
class Cell:
    """One entry cell.

    Attributes:
        marks: numbers (from 1, in the list beside the form) of the findings on it.
        severity_code: of the gravest of them that is not settled.
        corrected: the approved figure that takes its place.
    """

    element: FormElement
    value: FiledValue | None
    beside: Beside | None
    marks: tuple[int, ...]
    severity_code: str | None
    corrected: str | None
    course: tuple[Decimal | None, ...]

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return f"c-{self.element.row_code}-{self.element.value_column}"


@dataclass(frozen=True)
class Line:
    """One row of the form, or the heading of a section."""

    section_zh: str | None
    row_code: str = ""
    item_zh: str = ""
    unit_zh: str = ""
    cells: tuple[Cell | None, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The whole form."""

    columns: tuple[tuple[str, str], ...]
    """Value columns with their headings."""
    lines: tuple[Line, ...]
    has_past: bool


def numbered(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings with their number in the list."""
    return [dict(row) | {"number": place} for place, row in enumerate(rows, start=1)]


def sheet_of(
    definitions: Definitions,
    form: tuple[str, str],
    values: Mapping[Key, FiledValue],
    beside: Mapping[Key, Beside],
    findings: Sequence[Mapping[str, Any]],
    corrections: Iterable[Mapping[str, Any]] = (),
) -> Sheet | None:
    """The form of a submission; None for forms that are no fixed table (registers, releases)."""
    elements = definitions.form_elements(*form)
    if not elements:
        return None
    headings = _headings(definitions, form, elements)
    marks = _marks(values, findings)
    approved = {
        (one["row_code"], one["value_column"]): one["new_number_text"]
        for one in corrections
        if one["state_code"] == "approved"
    }
    lines: list[Line] = []
    section: str | None = None
    for row_code, group in _by_row(elements).items():
        first = next(iter(group.values()))
        if first.section_zh and first.section_zh != section:
            section = first.section_zh
            lines.append(Line(section))
        cells = tuple(
            _cell(group[name], values, beside, marks, approved) if name in group else None
            for name, _ in headings
        )
        lines.append(Line(None, row_code, first.item_zh.strip(), first.unit_zh, cells))
    return Sheet(tuple(headings), tuple(lines), bool(beside))


def _cell(
    element: FormElement,
    values: Mapping[Key, FiledValue],
    beside: Mapping[Key, Beside],
    marks: Mapping[Key, list[Mapping[str, Any]]],
    approved: Mapping[Key, str],
) -> Cell:
    key = (element.row_code, element.value_column)
    found = marks.get(key, [])
    pending = [one for one in found if one["status_code"] in ("open", "returned")]
    grave = min((one["severity_code"] for one in pending), key=_rank, default=None)
    value, past = values.get(key), beside.get(key)
    now = exact(approved.get(key) or (value.number_text if value else None))
    course = (*past.course, now) if past else ()
    numbers = tuple(int(one["number"]) for one in found)
    return Cell(element, value, past, numbers, grave, approved.get(key), course)


def _rank(severity_code: str) -> int:
    return _ORDER.index(severity_code) if severity_code in _ORDER else len(_ORDER)


def _by_row(elements: Sequence[FormElement]) -> dict[str, dict[str, FormElement]]:
    found: dict[str, dict[str, FormElement]] = {}
    for one in elements:
        found.setdefault(one.row_code, {})[one.value_column] = one
    return found


def _headings(
    definitions: Definitions, form: tuple[str, str], elements: Sequence[FormElement]
) -> list[tuple[str, str]]:
    layout = next(
        (v.layout_code for v in definitions.form_versions if (v.form_code, v.form_version) == form),
        "",
    )
    used = {one.value_column for one in elements}
    named = [
        (column.value_column, column.header_zh)
        for column in definitions.layout(layout)
        if column.column_role == "value" and column.value_column in used
    ]
    known = {name for name, _ in named}
    return [(str(name), zh) for name, zh in named] + [(name, name) for name in sorted(used - known)]


def _marks(
    values: Mapping[Key, FiledValue], findings: Sequence[Mapping[str, Any]]
) -> dict[Key, list[Mapping[str, Any]]]:
    """The findings on each cell: by its address, else by its element."""
    by_cell: dict[tuple[str | None, str], Key] = {}
    by_element: dict[str, Key] = {}
    for key, value in values.items():
        if value.cell:
            by_cell[value.sheet, value.cell] = key
        by_element.setdefault(value.element_code, key)
    found: dict[Key, list[Mapping[str, Any]]] = {}
    for one in findings:
        if one["status_code"] == "closed":
            continue
        place = by_cell.get((one["sheet"], one["cell"] or ""))
        place = place or by_element.get(one["element_code"] or "")
        if place is not None:
            found.setdefault(place, []).append(one)
    return found
