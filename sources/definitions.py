"""The definition tables: one copy for Python and dbt alike.

What lives here: reading `models/seeds/*.csv`, laying a folder of the user's own rows over them,
and the typed look-ups the rooms need. What the rows mean is said in `docs/definitions.md`; no
definition stands in code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl

from sources.definition_files import KEYS, SEEDS, DefinitionError, Place, header, overlaid, rows_of
from sources.marks import ReadingMarks
from sources.periods import Period

__all__ = ["KEYS", "SEEDS", "DefinitionError", "Definitions"]


@dataclass(frozen=True)
class Unit:
    """A body that files, or an area that figures are about."""

    unit_code: str
    unit_name_zh: str
    level: str
    city_code: str
    parent_code: str | None
    host_unit_code: str | None
    zone_relation: str | None
    is_partition_member: bool
    aliases_zh: tuple[str, ...]


@dataclass(frozen=True)
class FormVersion:
    """One version of a form, valid for the periods that begin in `[valid_from, valid_to)`."""

    form_code: str
    form_version: str
    form_number: str
    form_zh: str
    frequency: str
    form_kind: str
    calendar_code: str
    layout_code: str
    issuing_authority_zh: str | None
    approval_number: str | None
    valid_from: date
    valid_to: date | None

    def covers(self, period: Period) -> bool:
        """Whether this version is the one to report the period on (by period, not by day)."""
        return self.valid_from <= period.start and (
            self.valid_to is None or period.start < self.valid_to
        )


@dataclass(frozen=True)
class FormElement:
    """One entry cell of a form: row × value column → element."""

    row_order: int
    row_code: str
    section_zh: str | None
    item_zh: str
    value_column: str
    element_code: str
    unit_zh: str
    unit_factor: str
    is_required: bool
    min_value: str | None
    max_value: str | None
    decimals: int


@dataclass(frozen=True)
class LayoutColumn:
    """One printed column of a form's table and the header texts it is known by."""

    column_order: int
    column_role: str
    value_column: str | None
    header_zh: str
    aliases_zh: tuple[str, ...]
    is_required: bool


@dataclass(frozen=True)
class Assignment:
    """Who must file a form, and from which period on."""

    form_code: str
    unit: Unit
    first_period_start: date
    last_period_end: date | None


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split("|") if part)


def nearness(row: Mapping[str, str | None]) -> int:
    """How closely an assignment is about a unit: 2 names it, 1 names its city, 0 all cities."""
    if row["unit_code"]:
        return 2
    return 1 if row["city_code"] else 0


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class Definitions:
    """All definition tables, every column text, empty cells null.

    Raises:
        DefinitionError: a file cannot be read, or an overlay brings an unknown column.
    """

    def __init__(
        self,
        tables: Mapping[str, pl.DataFrame],
        places: Mapping[str, list[Place]] | None = None,
    ) -> None:
        self._tables = dict(tables)
        self._places = dict(places or {})

    @classmethod
    def load(cls, overlay: Path | None = None) -> Definitions:
        """The project's own tables, with the rows of a folder of the user's laid over them."""
        if overlay is not None:
            for path in sorted(overlay.glob("*.csv")):
                if path.stem not in KEYS:
                    raise DefinitionError(path.stem, 0, "", "没有这张定义表")
        found = {table: overlaid(table, overlay) for table in KEYS}
        return cls(
            {table: frame for table, (frame, _) in found.items()},
            {table: places for table, (_, places) in found.items()},
        )

    def place(self, table: str, index: int) -> Place:
        """The file and line of a row, counted from 0 in the merged table."""
        places = self._places.get(table)
        return places[index] if places else (f"{table}.csv", index + 2)

    @classmethod
    def read(cls, folder: Path) -> Definitions:
        """The merged tables that `write_merged` wrote; a table the folder lacks has no rows."""
        tables = {}
        for table in KEYS:
            path = folder / f"{table}.csv"
            columns = header(path if path.exists() else SEEDS / f"{table}.csv")
            rows = [row for row, _ in rows_of(path, table)] if path.exists() else []
            tables[table] = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))
        return cls(tables)

    def serving(self, city_codes: Collection[str]) -> Definitions:
        """The same definitions with only the plans of these cities; all of them when none is named.

        Units, elements and forms stay: a city that is not served owes nothing and has no table.
        """
        if not city_codes:
            return self
        served = dict(self._tables)
        wanted = pl.col("city_code").is_in(list(city_codes))
        served["plans"] = served["plans"].filter(wanted)
        served["form_assignments"] = served["form_assignments"].filter(
            pl.col("city_code").is_null() | wanted
        )
        for table, key in (
            ("plan_targets", "plan_code"), ("plan_facts", "plan_code"),
            ("plan_columns", "plan_code"), ("target_paths", "target_code"),
        ):  # fmt: skip
            source = served["plans"] if key == "plan_code" else served["plan_targets"]
            served[table] = served[table].join(source.select(key), on=key, how="semi")
        targets = served["plan_targets"]["target_code"].to_list()
        served["target_links"] = served["target_links"].filter(
            pl.col("from_target_code").is_in(targets) | pl.col("to_target_code").is_in(targets)
        )
        return Definitions(served)

    def table(self, name: str) -> pl.DataFrame:
        """One definition table, one row per row of its CSV."""
        return self._tables[name]

    def write_merged(self, folder: Path) -> None:
        """Writes every table as the CSV that dbt seeds from."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self._tables.items():
            text = frame.write_csv()
            path = folder / f"{name}.csv"
            # An unchanged file keeps its time, so that dbt need not parse it again.
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")

    @cached_property
    def hash(self) -> str:
        """sha256 over all tables, in name order."""
        digest = hashlib.sha256()
        for name in sorted(self._tables):
            digest.update(name.encode())
            digest.update(self._tables[name].write_csv().encode())
        return digest.hexdigest()

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Units by code, as their newest row has them."""
        spells = sorted(
            self.table("units").iter_rows(named=True), key=lambda row: row["valid_from"] or ""
        )
        return {
            str(row["unit_code"]): Unit(
                unit_code=row["unit_code"],
                unit_name_zh=row["unit_name_zh"],
                level=row["level"],
                city_code=row["city_code"],
                parent_code=row["parent_code"],
                host_unit_code=row["host_unit_code"],
                zone_relation=row["zone_relation"],
                is_partition_member=row["is_partition_member"] == "true",
                aliases_zh=_split(row["aliases_zh"]),
            )
            for row in spells
        }

    def unit(self, code: str) -> Unit | None:
        """The unit of a code, if there is one."""
        return self.units.get(code)

    @cached_property
    def form_versions(self) -> tuple[FormVersion, ...]:
        """All versions of all forms, in file order."""
        return tuple(
            FormVersion(
                form_code=row["form_code"],
                form_version=row["form_version"],
                form_number=row["form_number"],
                form_zh=row["form_zh"],
                frequency=row["frequency"],
                form_kind=row["form_kind"],
                calendar_code=row["calendar_code"],
                layout_code=row["layout_code"],
                issuing_authority_zh=row["issuing_authority_zh"],
                approval_number=row["approval_number"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=_day(row["valid_to"]),
            )
            for row in self.table("forms").iter_rows(named=True)
        )

    def form(self, form_code: str, period: Period) -> FormVersion | None:
        """The version of a form to report a period on, if there is one."""
        for version in self.form_versions:
            if version.form_code == form_code and version.covers(period):
                return version
        return None

    @cached_property
    def _form_elements(self) -> Mapping[tuple[str, str], tuple[FormElement, ...]]:
        found: dict[tuple[str, str], list[FormElement]] = {}
        for row in self.table("form_elements").iter_rows(named=True):
            found.setdefault((row["form_code"], row["form_version"]), []).append(
                FormElement(
                    row_order=int(row["row_order"]),
                    row_code=row["row_code"],
                    section_zh=row["section_zh"],
                    item_zh=row["item_zh"],
                    value_column=row["value_column"],
                    element_code=row["element_code"],
                    unit_zh=row["unit_zh"],
                    unit_factor=row["unit_factor"],
                    is_required=row["is_required"] == "true",
                    min_value=row["min_value"],
                    max_value=row["max_value"],
                    decimals=int(row["decimals"]),
                )
            )
        return {
            key: tuple(sorted(cells, key=lambda c: c.row_order)) for key, cells in found.items()
        }

    def form_elements(self, form_code: str, form_version: str) -> tuple[FormElement, ...]:
        """The entry cells of a form version, in the order of its rows."""
        return self._form_elements.get((form_code, form_version), ())

    @cached_property
    def _layouts(self) -> Mapping[str, tuple[LayoutColumn, ...]]:
        found: dict[str, list[LayoutColumn]] = {}
        for row in self.table("layouts").iter_rows(named=True):
            found.setdefault(row["layout_code"], []).append(
                LayoutColumn(
                    column_order=int(row["column_order"]),
                    column_role=row["column_role"],
                    value_column=row["value_column"],
                    header_zh=row["header_zh"],
                    aliases_zh=_split(row["aliases_zh"]),
                    is_required=row["is_required"] == "true",
                )
            )
        return {
            k: tuple(sorted(v, key=lambda column: column.column_order)) for k, v in found.items()
        }

    def layout(self, layout_code: str) -> tuple[LayoutColumn, ...]:
        """The columns of a layout, from left to right."""
        return self._layouts.get(layout_code, ())

    @cached_property
    def marks(self) -> ReadingMarks:
        """What clerks write beside figures: missing marks, footer labels, totals, scales."""
        return ReadingMarks.of(self.table("reading_marks"))

    @cached_property
    def plan_cities(self) -> frozenset[str]:
        """Codes of the cities that have a plan."""
        return frozenset(self.table("plans")["city_code"].to_list())

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """Every (form, unit) that is expected to file, with its dates.

        A blank city means every city with a plan, a blank unit every unit of the level. What is
        said of a unit goes before what is said of its city, and that before what is said of all;
        a row without a first period says that the form is not filed.
        """
        fitting = [
            (row, unit)
            for row in self.table("form_assignments").iter_rows(named=True)
            for unit in self.assigned_to(row)
        ]
        nearest: dict[tuple[str, str], int] = {}
        for row, unit in fitting:
            key = (row["form_code"], unit.unit_code)
            nearest[key] = max(nearest.get(key, 0), nearness(row))
        return tuple(
            Assignment(
                form_code=row["form_code"],
                unit=unit,
                first_period_start=date.fromisoformat(row["first_period_start"]),
                last_period_end=_day(row["last_period_end"]),
            )
            for row, unit in fitting
            if row["first_period_start"]
            and nearness(row) == nearest[row["form_code"], unit.unit_code]
        )

    def assigned_to(self, row: Mapping[str, str | None]) -> Iterator[Unit]:
        """The units a row of `form_assignments` is about."""
        cities = {row["city_code"]} if row["city_code"] else self.plan_cities
        for unit in self.units.values():
            is_named = row["unit_code"] is None or row["unit_code"] == unit.unit_code
            if is_named and unit.level == row["unit_level"] and unit.city_code in cities:
                yield unit

    def forms_of_unit(self, unit_code: str) -> tuple[str, ...]:
        """Codes of the forms a unit is expected to file."""
        return self._forms_of_units.get(unit_code, ())

    @cached_property
    def _forms_of_units(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for one in self.assignments:
            found[one.unit.unit_code] = (*found.get(one.unit.unit_code, ()), one.form_code)
        return found
