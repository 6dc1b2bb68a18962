"""One warehouse for all traps: a city per trap, so that a single dbt build serves them all.

What lives here: definitions shared by the cities and the vocabulary to add a city, its bodies, its
plan and its filings in one line each. The rows of a trap stand beside its assertion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.models.builders import Warehouse

if TYPE_CHECKING:
    from pathlib import Path

# element → kind, unit
ELEMENTS = {
    "grants": ("flow", "件"),
    "grants_ytd": ("ytd", "件"),
    "stock": ("stock", "件"),
    "staff": ("stock", "人"),
    "closed": ("flow", "件"),
    "accepted": ("flow", "件"),
    "firms": ("distinct", "家"),
    "attended": ("flow", "人次"),
    "pledge": ("flow", "万元"),
    "running": ("cumulative", "件"),
    "one": ("fact", "个"),
    "held": ("flow", "件"),
    "outside": ("rate", "分"),
    "resident_population": ("stock", "人"),
}
CARRY_PERIODS = {"staff": 2}
SIGNED = {"grants", "attended"}

# form → frequency, elements in the order of its rows
FORMS = {
    "M": ("month", ("grants",)),
    "MY": ("month", ("grants", "grants_ytd")),
    "MS": ("month", ("stock",)),
    "MC": ("month", ("running",)),
    "QS": ("quarter", ("staff",)),
    "QP": ("quarter", ("pledge",)),
    "QF": ("quarter", ("firms", "attended")),
    "A": ("year", ("closed", "accepted")),
    "AG": ("year", ("grants",)),
    "AC": ("year", ("one", "held", "outside")),
}


@dataclass(frozen=True)
class Indicator:
    """Σ coefficient × element, over Σ coefficient × element where it is a ratio."""

    numerator: Mapping[str, str]
    denominator: Mapping[str, str] | None = None
    factor: str = "1"
    decimals: int = 0
    rounding_mode: str = "half_up"
    is_additive: bool = True


POPULATION = {"resident_population": "0.0001"}
INDICATORS = {
    "GRANTS": Indicator({"grants": "1"}),
    "GRANTS_YTD": Indicator({"grants_ytd": "1"}),
    "STOCK": Indicator({"stock": "1"}),
    "STAFF": Indicator({"staff": "1"}),
    "RATE": Indicator({"closed": "1"}, {"accepted": "1"}, "100", 2),
    "PER_10K": Indicator({"stock": "1"}, POPULATION, "1", 2),
    "PER_10K_CUT": Indicator({"stock": "1"}, POPULATION, "1", 2, "truncate"),
    "PER_10M": Indicator({"stock": "1"}, {"resident_population": "0.0001"}, "1000", 2),
    "FIRMS": Indicator({"firms": "1"}, is_additive=False),
    "ATTENDED": Indicator({"attended": "1"}),
    "PLEDGE": Indicator({"pledge": "1"}, decimals=2),
    "RUNNING": Indicator({"running": "1"}),
    "HELD": Indicator({"held": "1"}, decimals=1),
    "OUTSIDE": Indicator({"outside": "1"}, decimals=1, is_additive=False),
    **{
        f"X{value}": Indicator({"one": value}, decimals=1)
        for value in ("0", "1", "1.5", "2", "3", "9", "11", "12")
    },
}


def at(place: int, unit: int = 0) -> str:
    """The code of a trap's city, or of the unit-th body of it; it begins with zero."""
    return f"0{place:03d}{unit:02d}"


class TrapWorld(Warehouse):
    """A warehouse with the shared definitions, and one line per city, target and filing."""

    compiled: tuple[tuple[str, str], ...] = ()
    """Of the sound build: each table built in the private warehouse, and its SQL, in order."""

    def remember_compiled(self) -> None:
        """Keeps the SQL of the build, before a mutation compiles another."""
        ran = json.loads((self.home / "target" / "run_results.json").read_text(encoding="utf-8"))
        self.compiled = tuple(
            (one["relation_name"], one["compiled_code"])
            for one in ran["results"]
            if one["unique_id"].split(".")[-1].startswith("int_")
        )

    def define_shared(self) -> None:
        """The elements, forms and indicators every trap's city may use."""
        for code, (kind, unit_zh) in ELEMENTS.items():
            self.define("elements", {
                "element_code": code, "element_zh": code, "kind": kind, "unit_zh": unit_zh,
                "is_non_negative": "false" if code in SIGNED else "true",
                "carry_periods": CARRY_PERIODS.get(code, 0),
            })  # fmt: skip
        for code, (frequency, elements) in FORMS.items():
            self.define("forms", {
                "form_code": code, "form_version": "1", "form_zh": code, "frequency": frequency,
                "form_kind": "template", "valid_from": "2015-01-01",
            })  # fmt: skip
            for order, element in enumerate(elements, start=1):
                self.define("form_elements", {
                    "form_code": code, "form_version": "1", "row_code": f"{order:02d}",
                    "element_code": element, "value_column": "current", "unit_factor": 1,
                    "is_required": "true",
                })  # fmt: skip
        for code, one in INDICATORS.items():
            self.define_indicator(code, one)

    def define_indicator(self, code: str, one: Indicator) -> None:
        """One indicator with its terms."""
        per_head = "resident_population" in (one.denominator or {})
        self.define("indicators", {
            "indicator_code": code, "indicator_zh": code, "unit_zh": "件",
            "is_ratio": "false" if one.denominator is None else "true",
            "factor": one.factor, "direction": "up", "decimals": one.decimals,
            "rounding_mode": one.rounding_mode, "publish_min_coverage_pct": 100,
            "denominator_vintage": "latest_published_by" if per_head else "",
            "is_additive": "true" if one.is_additive and not one.denominator else "false",
        })  # fmt: skip
        for role, terms in (("numerator", one.numerator), ("denominator", one.denominator or {})):
            for order, (element, coefficient) in enumerate(terms.items(), start=1):
                self.define("indicator_terms", {
                    "indicator_code": code, "term_role": role, "term_order": order,
                    "element_code": element, "coefficient": coefficient,
                })  # fmt: skip

    def city(
        self,
        place: int,
        units: int = 1,
        forms: Mapping[str, str | tuple[str, str | None]] | None = None,
        level: str = "county",
    ) -> str:
        """A city with so many bodies that owe forms from a day on (or between two days)."""
        city_code = at(place)
        self.unit(place, 0, "city", is_partition_member="false")
        for number in range(1, units + 1):
            self.unit(place, number, level)
        for form, since in (forms or {}).items():
            first, last = since if isinstance(since, tuple) else (since, None)
            self.owes(place, level, form, first, last)
        return city_code

    def owes(self, place: int, level: str, form: str, first: str, last: str | None = None) -> None:
        """Bodies of one level of a city owe a form from one day to another."""
        self.define("form_assignments", {
            "form_code": form, "city_code": at(place), "unit_level": level,
            "first_period_start": first, "last_period_end": last,
        })  # fmt: skip

    def unit(self, place: int, number: int, level: str, **more: str) -> str:
        """One body of a city, a member of its partition unless told otherwise."""
        code = at(place, number)
        self.define("units", {
            "unit_code": code, "unit_name_zh": f"{place}市" + (f"{number}区" if number else ""),
            "level": level, "city_code": at(place), "is_partition_member": "true", **more,
        })  # fmt: skip
        return code

    def people(
        self, area: str, year: int, kind: str, count: int, *, known: str, on: str | None = None
    ) -> None:
        """One published population figure."""
        self.define("populations", {
            "area_code": area, "year": year, "population_kind": kind,
            "reference_date": on or f"{year}-12-31", "available_from": known,
            "resident_population": count,
        })  # fmt: skip

    def plan(self, place: int, start: str, end: str) -> str:
        """The plan of a city."""
        code = f"plan-{place}"
        self.define("plans", {
            "plan_code": code, "city_code": at(place), "plan_zh": code, "status_code": "issued",
            "plan_start": start, "plan_end": end,
        })  # fmt: skip
        return code

    def target(
        self, place: int, name: str, indicator: str, basis: str, year: int, low: str, **more: object
    ) -> str:
        """One target of a city's plan; its comparator is >= and its direction up unless told."""
        code = f"{place}-{name}"
        order = len(self.definitions.get("plan_targets", [])) + 1
        self.define("plan_targets", {
            "target_code": code, "plan_code": f"plan-{place}", "tier": "table",
            "target_order": order, "indicator_zh": code, "indicator_code": indicator,
            "unit_zh": "件", "unit_factor": 1, "basis": basis, "target_year": year,
            "comparator": ">=", "target_low": low, "target_printed": low, "direction": "up",
            "is_aspiration": "false", "is_binding": "false", **more,
        })  # fmt: skip
        return code

    def months(
        self, unit: str, form: str, first: str, values: Sequence[str | int | None], element: str
    ) -> None:
        """Consecutive months of one element; None is a month that was never filed."""
        year, month = int(first[:4]), int(first[5:])
        for step, value in enumerate(values):
            place = year * 12 + month - 1 + step
            if value is not None:
                code = f"{place // 12}-{place % 12 + 1:02d}"
                self.file(unit, form, code, {element: str(value)})

    def authority(
        self, release: str, area: str, element: str, period: str, period_type: str, value: int,
        published_on: str,
    ) -> None:  # fmt: skip
        """One printed figure of a release of an authority, in force as soon as it is read."""
        submission = f"{release}.v1"
        if not any(row[0] == submission for row in self.rows.get("submissions", [])):
            self.insert(
                "submissions", submission_id=submission, unit_code=release, city_code=release,
                form_code=release, form_version="1", period_code="2025", version=1,
                state_code="accepted_city", received_at=f"{published_on} 09:00:00",
                known_from=f"{published_on} 09:00:00", is_nil_return=False,
            )  # fmt: skip
        self.insert(
            "authority_values", submission_id=submission, authority_release_id=release,
            published_on=published_on, area_code=area, area_name_zh=area, element_code=element,
            period_code=period, period_type=period_type, value_text=str(value), is_derived=False,
        )  # fmt: skip

    def city_value(self, indicator: str, place: int, period: str, view: str) -> dict[str, object]:
        """The one row of a city's indicator, by column."""
        return self.only(
            "select * from marts.city_indicators"
            f" where city_code = '{at(place)}' and indicator_code = '{indicator}'"
            f" and period_code = '{period}' and period_type = '{view}'"
        )

    def only(self, sql: str) -> dict[str, object]:
        """The single row a query must return, by column."""
        rows = self.records(sql)
        assert len(rows) == 1, f"{len(rows)} rows: {sql}"
        return rows[0]

    def records(self, sql: str) -> list[dict[str, object]]:
        """The rows of a query over the release, by column."""
        import duckdb

        with duckdb.connect(str(self.release_file), read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def empty_world(home: Path, project: Path) -> TrapWorld:
    """A world with its shared definitions and no city."""
    world = TrapWorld(home, project=project)
    world.define_shared()
    return world
