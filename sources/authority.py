"""Published releases: the figures an authority printed, and whether they agree with themselves.

What lives here: reading a release by its header set, and its row, kind and area sums (A01, A02,
A03). Which printed name is which element, and whether a total is a month's or of all years, stands
in the table `authority_series`. Values keep the unit of the release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sources.contract import FormIdentity, SheetCheck
from sources.definitions import Definitions, FormVersion
from sources.errors import (
    DuplicateRow,
    FormVersionMismatch,
    MissingColumn,
    UnitMismatch,
    UnknownPeriod,
    UnknownUnit,
    UnmappedRow,
)
from sources.identity import read_period, rows_of
from sources.numbers import canonical, parse_number
from sources.periods import Period, containing
from sources.readers.grid import Cell
from sources.texts import normalised

TOTAL_ZH = "合计"
DERIVED_NOTE = "derived"
_REGION, _CITY = "region", "city"

# The columns a release may have beside those its layout names: two ways to say when.
_WINDOW_COLUMNS = ("period_start", "period_end")
_POINT_COLUMN = "as_of"
_AREA_COLUMN = "region_code"
_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")

AuthorityRow = tuple[
    str, date | None, str, str | None, str, str, str, str, bool, str | None, str, str
]
"""One row of the AUTHORITY frame, in its column order."""

Margins = dict[tuple[str, ...], tuple[Decimal, Cell]]


@dataclass(frozen=True)
class Release:
    """A release, read: identity, the rows of the AUTHORITY frame and the failed sum checks."""

    identity: FormIdentity
    rows: list[AuthorityRow]
    checks: tuple[SheetCheck, ...]


@dataclass(frozen=True)
class _Series:
    series_code: str
    element_code: str
    period_type: str


@dataclass(frozen=True)
class _Table:
    """The release's table: its form, its named columns and the rows below the header."""

    form: FormVersion
    columns: Mapping[str, int]
    item_columns: tuple[str, ...]
    value_column: str
    rows: Sequence[tuple[int, Mapping[int, Cell]]]

    def cell(self, row: Mapping[int, Cell], name: str) -> Cell | None:
        column = self.columns.get(name)
        return row.get(column) if column is not None else None

    def text(self, row: Mapping[int, Cell], name: str) -> str | None:
        cell = self.cell(row, name)
        return cell.text.strip() if cell is not None and cell.text else None


def release_table(cells: Sequence[Cell], definitions: Definitions) -> _Table | None:
    """The table of a release when the first row is the header of one, else None.

    Raises:
        MissingColumn: the layout's columns are there, but none that says when.
    """
    for sheet, rows in rows_of(cells).items():
        first = min(rows)
        columns = {normalised(cell.text): column for column, cell in rows[first].items()}
        for form in definitions.form_versions:
            if form.form_kind != "authority":
                continue
            layout = definitions.layout(form.layout_code)
            names = {column: normalised(column.header_zh) for column in layout}
            if not layout or not all(names[c] in columns for c in layout if c.is_required):
                continue
            if _POINT_COLUMN not in columns and not all(c in columns for c in _WINDOW_COLUMNS):
                strangers = sorted(set(columns) - set(names.values()))
                raise MissingColumn(_WINDOW_COLUMNS, strangers, sheet=sheet)
            return _Table(
                form=form,
                columns=columns,
                item_columns=tuple(names[c] for c in layout if c.column_role == "item"),
                value_column=next(names[c] for c in layout if c.column_role == "value"),
                rows=[(n, rows[n]) for n in sorted(rows) if n > first],
            )
    return None


def read_release(table: _Table, definitions: Definitions, expected_unit: str | None) -> Release:
    """The figures of a release with their series' elements, and the checks it fails.

    Raises:
        UnknownUnit, UnitMismatch, UnknownPeriod, UnmappedRow, DuplicateRow, FormVersionMismatch.
    """
    series = {
        row["item_key"]: _Series(row["series_code"], row["element_code"], row["period_type"])
        for row in definitions.table("authority_series").iter_rows(named=True)
        if row["form_code"] == table.form.form_code
    }
    rows: list[AuthorityRow] = []
    margins: dict[tuple[str, str], Margins] = {}
    seen: dict[tuple[str, str, str], Cell] = {}
    periods: list[Period] = []
    for _, row in table.rows:
        value = table.cell(row, table.value_column)
        if value is None:
            continue
        key = tuple(table.text(row, name) or "" for name in table.item_columns)
        item_key = "/".join(key)
        found = series.get(item_key)
        if found is None:
            raise UnmappedRow(
                item_key, reason_zh=f"“{item_key}”不是该发布表已登记的项目",
                sheet=value.sheet, cell=value.cell, expected_text="、".join(sorted(series)),
            )  # fmt: skip
        area = _area(table, row, value, definitions, expected_unit)
        period = _period(table, row, value, found.period_type)
        again = seen.setdefault((area, item_key, period.code), value)
        if again is not value:
            raise DuplicateRow(area, item_key, [again.cell, value.cell], sheet=value.sheet)
        periods.append(period)
        number = parse_number(value.text, definitions.marks)
        if number.number is not None:
            margins.setdefault((area, period.code), {})[key] = (number.number, value)
        note = table.text(row, "note") or table.text(row, "reading")
        rows.append((
            table.text(row, "release_id") or f"{found.series_code}-{period.code}",
            _published_on(table, row), area,
            table.text(row, "region_name") or definitions.units[area].unit_name_zh,
            found.element_code, period.code, period.period_type,
            number.number_text or (value.text or ""),
            (note or "").startswith(DERIVED_NOTE), note, value.sheet, value.cell,
        ))  # fmt: skip
    if not periods:
        raise UnknownPeriod(None)
    identity = _identity(table, rows, max(periods), definitions, expected_unit)
    elements = {tuple(item.split("/")): known.element_code for item, known in series.items()}
    return Release(identity, rows, tuple(_checks(margins, elements, definitions)))


def _area(
    table: _Table,
    row: Mapping[int, Cell],
    value: Cell,
    definitions: Definitions,
    expected_unit: str | None,
) -> str:
    cell = table.cell(row, _AREA_COLUMN)
    code = (cell.text or "").strip() if cell is not None else expected_unit
    if code is None or definitions.unit(code) is None:
        raise UnknownUnit(code, sheet=value.sheet, cell=cell.cell if cell else None)
    return code


def _period(table: _Table, row: Mapping[int, Cell], value: Cell, period_type: str) -> Period:
    """The calendar period of the series' type when the row's dates are one, else a window."""
    point = table.text(row, _POINT_COLUMN)
    texts: list[str | None] = (
        [point] if point else [table.text(row, name) for name in _WINDOW_COLUMNS]
    )
    try:
        if point and len(point) == 4:
            period = read_period(point)
            if period is not None:
                return period
        days = [date.fromisoformat(text or "") for text in texts]
    except ValueError as error:
        told = "/".join(text or "" for text in texts)
        raise UnknownPeriod(told, sheet=value.sheet, cell=value.cell) from error
    period = containing(period_type, days[0])
    if point or (period.start, period.end) == (days[0], days[-1]):
        return period
    return Period(days[0], days[-1], f"{days[0]}/{days[-1]}", "window")


def _published_on(table: _Table, row: Mapping[int, Cell]) -> date | None:
    """The printed day of publication; for press items the day named in the source."""
    for name in ("published_on", "source"):
        if match := _DAY.search(table.text(row, name) or ""):
            try:
                return date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                continue
    return None


def _identity(
    table: _Table,
    rows: Sequence[AuthorityRow],
    period: Period,
    definitions: Definitions,
    expected_unit: str | None,
) -> FormIdentity:
    """The release as a submission of the area it is about: the region, else the sender's city."""
    areas = dict.fromkeys(row[2] for row in rows)
    regions = [area for area in areas if definitions.units[area].level == _REGION]
    own = regions[0] if regions else next(iter(areas))
    if regions or len(areas) == 1:
        sender = definitions.unit(expected_unit) if expected_unit else definitions.units[own]
        if sender is None:
            raise UnknownUnit(expected_unit)
        if sender.unit_code != own or sender.level not in (_REGION, _CITY):
            raise UnitMismatch(definitions.units[own].unit_name_zh, sender.unit_name_zh)
    elif expected_unit is not None:
        own = expected_unit
    form = definitions.form(table.form.form_code, period)
    if form is None:
        raise FormVersionMismatch(table.form.form_code, table.form.form_version, period.code)
    return FormIdentity(
        form.form_code, form.form_version, own, period.code,
        layout_code=form.layout_code, form_kind=form.form_kind,
    )  # fmt: skip


def _checks(
    margins: Mapping[tuple[str, str], Margins],
    elements: Mapping[tuple[str, ...], str],
    definitions: Definitions,
) -> list[SheetCheck]:
    """Failed sums: parts along each printed dimension (A01 last, A02 first), areas (A03)."""
    failed: list[SheetCheck] = []
    width = max((len(key) for key in elements), default=0)
    if width < 2:
        return failed
    for rule_id, dimension in (("A01", width - 1), ("A02", 0)):
        parts = {key[dimension] for key in elements} - {TOTAL_ZH}
        for (area, _), values in margins.items():
            for key, (total, cell) in values.items():
                if key[dimension] != TOTAL_ZH:
                    continue
                along = [(*key[:dimension], part, *key[dimension + 1 :]) for part in parts]
                if all(part in values for part in along):
                    check = _compared(
                        rule_id, area, key, cell, total,
                        sum((values[part][0] for part in along), Decimal(0)),
                        "、".join(sorted(parts)) + "之和", elements, definitions,
                    )  # fmt: skip
                    failed += check
    for (area, period), printed in margins.items():
        if definitions.units[area].level != _REGION:
            continue
        members = [v for (a, p), v in margins.items() if p == period and a != area]
        for key, (total, cell) in printed.items():
            if members and all(key in values for values in members):
                added = sum((values[key][0] for values in members), Decimal(0))
                said = f"{len(members)} 个盟市合计"
                failed += _compared(
                    "A03", area, key, cell, total, added, said, elements, definitions
                )
    return failed


def _compared(
    rule_id: str,
    area: str,
    key: tuple[str, ...],
    cell: Cell,
    total: Decimal,
    added: Decimal,
    said: str,
    elements: Mapping[tuple[str, ...], str],
    definitions: Definitions,
) -> list[SheetCheck]:
    if total == added:
        return []
    name = definitions.units[area].unit_name_zh
    message = (
        f"工作表“{cell.sheet}”单元格 {cell.cell}：{name}“{'/'.join(key)}”印为 {canonical(total)}，"
        f"{said}为 {canonical(added)}，相差 {canonical(total - added)}。请与发布原文核对"
    )
    return [SheetCheck(
        rule_id, cell.sheet, cell.cell, area, elements.get(key), canonical(total),
        canonical(added), message,
    )]  # fmt: skip
