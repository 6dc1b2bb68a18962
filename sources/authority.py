"""Published releases: the figures an authority printed, and whether they agree with themselves.

What lives here: reading a release by its header set, and its row, kind and area sums (A01, A02,
A03). Which printed name is which element, and whether a total is a month's or of all years, stands
in the table `authority_series`: several names of one element (企业, 大专院校 … of 职务) are added
up. Values keep the unit of the release.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sources.authority_tables import POINT_COLUMN, WINDOW_COLUMNS, ReleaseTable, release_table
from sources.contract import FormIdentity, SheetCheck
from sources.definitions import Definitions
from sources.errors import (
    DuplicateRow,
    FormVersionMismatch,
    UnitMismatch,
    UnknownPeriod,
    UnknownUnit,
    UnmappedRow,
)
from sources.identity import read_period
from sources.numbers import ParsedNumber, canonical, parse_number
from sources.periods import Period, containing
from sources.readers.grid import Cell

TOTAL_ZH = "合计"
DERIVED_NOTE = "derived"
_REGION, _CITY = "region", "city"

_AREA_COLUMN = "region_code"
_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")

__all__ = ["AuthorityRow", "Release", "read_release", "release_table"]

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


def read_release(
    table: ReleaseTable, definitions: Definitions, expected_unit: str | None
) -> Release:
    """The figures of a release with their series' elements, and the checks it fails.

    Raises:
        UnknownUnit, UnitMismatch, UnknownPeriod, UnmappedRow, DuplicateRow, FormVersionMismatch.
    """
    series = {
        row["item_key"]: _Series(row["series_code"], row["element_code"], row["period_type"])
        for row in definitions.table("authority_series").iter_rows(named=True)
        if row["form_code"] == table.form.form_code
    }
    figures: dict[tuple[str, str], dict[str, list[_Figure]]] = {}
    margins: dict[tuple[str, str], Margins] = {}
    seen: dict[tuple[str, str, str], Cell] = {}
    periods: list[Period] = []
    for _, row in table.rows:
        for value, key in _filled(table, row):
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
            place = figures.setdefault((area, period.code), {})
            place.setdefault(found.element_code, []).append(
                _Figure(found, item_key, number, value, period, row)
            )
    parts = Counter(one.element_code for one in series.values())
    rows = [
        _authority_row(table, area, told, definitions)
        for (area, _), place in figures.items()
        for element, told in place.items()
        # Of parts that are not all there nothing is known: a sum of some would be too small.
        if len(told) == parts[element] and (len(told) == 1 or all(
            one.number.number is not None for one in told
        ))
    ]  # fmt: skip
    if not periods:
        raise UnknownPeriod(None)
    identity = _identity(table, rows, max(periods), definitions, expected_unit)
    elements = {tuple(item.split("/")): known.element_code for item, known in series.items()}
    return Release(identity, rows, tuple(_checks(margins, elements, definitions)))


@dataclass(frozen=True)
class _Figure:
    """One printed figure."""

    series: _Series
    item_key: str
    number: ParsedNumber
    value: Cell
    period: Period
    row: Mapping[int, Cell]


def _filled(table: ReleaseTable, row: Mapping[int, Cell]) -> Iterator[tuple[Cell, tuple[str, ...]]]:
    """The figures of a row, each with the names that say what it is."""
    items = tuple(table.text(row, name) or "" for name in table.item_columns)
    for name, added in table.value_columns.items():
        cell = table.cell(row, name)
        if cell is not None:
            yield cell, (*items, *added)


def _authority_row(
    table: ReleaseTable, area: str, told: Sequence[_Figure], definitions: Definitions
) -> AuthorityRow:
    """One row of the AUTHORITY frame: a printed figure, or the sum of those that are its parts."""
    first = told[0]
    row, value, period = first.row, first.value, first.period
    note = table.text(row, "note") or table.text(row, "reading")
    text = first.number.number_text or (value.text or "")
    if len(told) > 1:
        text = canonical(sum((one.number.number or Decimal(0) for one in told), Decimal(0)))
        named = "＋".join(one.item_key for one in told)
        note = f"{DERIVED_NOTE}: {named}" + (f"; {note}" if note else "")
    return (
        table.text(row, "release_id") or f"{first.series.series_code}-{period.code}",
        _published_on(table, row), area,
        table.text(row, "region_name") or definitions.units[area].unit_name_zh,
        first.series.element_code, period.code, period.period_type, text,
        (note or "").startswith(DERIVED_NOTE), note, value.sheet, value.cell,
    )  # fmt: skip


def _area(
    table: ReleaseTable,
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


def _period(table: ReleaseTable, row: Mapping[int, Cell], value: Cell, period_type: str) -> Period:
    """The calendar period of the series' type when the row's dates are one, else a window."""
    point = table.text(row, POINT_COLUMN)
    texts: list[str | None] = (
        [point] if point else [table.text(row, name) for name in WINDOW_COLUMNS]
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


def _published_on(table: ReleaseTable, row: Mapping[int, Cell]) -> date | None:
    """The printed day of publication; for press items the day named in the source."""
    for name in ("published_on", "source"):
        if match := _DAY.search(table.text(row, name) or ""):
            try:
                return date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                continue
    return None


def _identity(
    table: ReleaseTable,
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
