"""Years before the forms began, and bodies without a first day: what is lacking is counted.

Four small cities in one build. 甲市: a renamed county whose first day is not known. 乙市: forms
since 2025, years before filed as history. 丙市 and 丁市: a county born in July of the plan's first
year, whose year 2023 is told by itself or by its city.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.models.builders import Warehouse, problems

if TYPE_CHECKING:
    from pathlib import Path

RENAMED, FORMS_LATE, BORN, BORN_TOLD = "010100", "010200", "010300", "010400"
CITIES = {RENAMED: "甲市", FORMS_LATE: "乙市", BORN: "丙市", BORN_TOLD: "丁市"}

COUNTIES = (
    ("010101", "旧东县", RENAMED, "", "2025-07-01"),
    ("010101", "东县", RENAMED, "2025-07-01", ""),
    ("010102", "西县", RENAMED, "", ""),
    ("010201", "南县", FORMS_LATE, "", ""),
    ("010202", "北县", FORMS_LATE, "", ""),
    ("010203", "并入南县的县", FORMS_LATE, "", "2022-01-01"),
    ("010301", "新县", BORN, "2023-07-01", ""),
    ("010401", "新区", BORN_TOLD, "2023-07-01", ""),
)

SPRING_AND_SUMMER = {f"2024-{month:02d}" for month in range(3, 9)}

LACKING = {"010101": {"2025-04"}, "010301": SPRING_AND_SUMMER, "010401": SPRING_AND_SUMMER}
"""The months a county never filed."""

HISTORY = (
    (FORMS_LATE, "2023", None, None), ("010201", "2023", "30", "300"),
    (FORMS_LATE, "2022", "150", None), ("010201", "2022", "30", None),
    (FORMS_LATE, "2021", "40", None), ("010201", "2021", "10", None),
    ("010202", "2021", "20", None),
    (FORMS_LATE, "2020", "9", None), ("010201", "2020", "1", None), ("010202", "2020", "2", None),
    ("010203", "2020", "4", None),
    ("010301", "2023", "30", None), (BORN_TOLD, "2023", "30", None),
)  # fmt: skip


def _define_bodies(world: Warehouse) -> None:
    for city, name in CITIES.items():
        world.define(
            "units",
            {
                "unit_code": city,
                "unit_name_zh": name,
                "level": "city",
                "city_code": city,
                "is_partition_member": "false",
            },
        )
        world.define(
            "plans",
            {
                "plan_code": city,
                "city_code": city,
                "plan_zh": f"{name}规划",
                "status_code": "issued",
                "plan_start": "2023-01-01",
                "plan_end": "2025-12-31",
            },
        )
        world.define(
            "plan_targets",
            {
                "target_code": f"T-{city}",
                "plan_code": city,
                "tier": "table",
                "target_order": 1,
                "indicator_zh": "授权量",
                "indicator_code": "GRANTS",
                "unit_zh": "件",
                "unit_factor": 1,
                "basis": "cumulative",
                "target_year": 2025,
                "comparator": ">=",
                "target_low": "10",
                "target_printed": "10",
                "direction": "up",
                "is_aspiration": "false",
                "is_binding": "false",
            },
        )
    for code, name, city, valid_from, valid_to in COUNTIES:
        world.define(
            "units",
            {
                "unit_code": code,
                "unit_name_zh": name,
                "level": "county",
                "city_code": city,
                "is_partition_member": "true",
                "valid_from": valid_from,
                "valid_to": valid_to,
            },
        )
    for change, kind, day, old, new in (
        ("C1", "rename", "2025-07-01", "010101", "010101"),
        ("C2", "merge", "2022-01-01", "010203", "010201"),
    ):
        world.define(
            "unit_changes",
            {
                "change_code": change,
                "change_kind": kind,
                "changed_on": day,
                "from_unit_code": old,
                "to_unit_code": new,
                "share": 1,
            },
        )


def _define_forms(world: Warehouse) -> None:
    for code, frequency, kind in (
        ("M", "month", "template"),
        ("Q", "quarter", "template"),
        ("H1", "year", "history"),
    ):
        world.define(
            "forms",
            {
                "form_code": code,
                "form_version": "1",
                "form_zh": code,
                "frequency": frequency,
                "form_kind": kind,
                "valid_from": "2015-01-01",
            },
        )
    for element, kind, rows in (
        ("grants", "flow", (("M", "01"), ("H1", "01"))),
        ("inventions", "stock", (("Q", "01"), ("H1", "02"))),
    ):
        world.define(
            "elements",
            {
                "element_code": element,
                "element_zh": element,
                "kind": kind,
                "unit_zh": "件",
                "is_non_negative": "true",
            },
        )
        indicator = element.upper()
        world.define(
            "indicators",
            {
                "indicator_code": indicator,
                "indicator_zh": indicator,
                "unit_zh": "件",
                "is_ratio": "false",
                "factor": 1,
                "direction": "up",
                "decimals": 0,
                "rounding_mode": "half_up",
                "publish_min_coverage_pct": 100,
                "is_additive": "true",
            },
        )
        world.define(
            "indicator_terms",
            {
                "indicator_code": indicator,
                "term_role": "numerator",
                "term_order": 1,
                "element_code": element,
                "coefficient": 1,
            },
        )
        for form, row in rows:
            world.define(
                "form_elements",
                {
                    "form_code": form,
                    "form_version": "1",
                    "row_code": row,
                    "element_code": element,
                    "value_column": "current",
                    "unit_factor": 1,
                    "is_required": "true",
                },
            )
    for city in CITIES:
        year = 2024 if city in (BORN, BORN_TOLD) else 2025
        for form in ("M", "Q"):
            world.define(
                "form_assignments",
                {
                    "form_code": form,
                    "city_code": city,
                    "unit_level": "county",
                    "first_period_start": f"{year}-01-01",
                },
            )


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = _world(tmp_path_factory.mktemp("past"))
    assert problems(world.build()) == []
    return world


def _world(home: Path) -> Warehouse:
    world = Warehouse(home, as_of=date(2026, 1, 31))
    _define_bodies(world)
    _define_forms(world)
    for code, _, city, _, valid_to in COUNTIES:
        if valid_to:
            continue
        for year in (2024, 2025) if city in (BORN, BORN_TOLD) else (2025,):
            for month in (f"{year}-{number:02d}" for number in range(1, 13)):
                if month not in LACKING.get(code, ()):
                    world.file(code, "M", month, {"grants": "3"})
    for code, year, grants, inventions in HISTORY:
        world.file(code, "H1", year, {"grants": grants, "inventions": inventions})
    return world


def _told(world: Warehouse, city: str, indicator: str, *periods: str) -> list[tuple[object, ...]]:
    """Period, figure, bodies expected and reported, and coverage of a city's indicator."""
    wanted = ", ".join(f"'{period}'" for period in periods)
    return world.query(
        "select period_code, cast(numerator as integer), expected_units, reported_units,"
        f" coverage_pct from marts.city_indicators where city_code = '{city}'"
        f" and indicator_code = '{indicator}' and period_code in ({wanted})"
        " and period_type in ('month', 'quarter', 'year') order by period_code"
    )


def test_a_month_is_missing_though_the_first_day_of_a_renamed_county_is_not_known(
    cities: Warehouse,
) -> None:
    assert _told(cities, RENAMED, "GRANTS", "2025-04", "2025-05", "2025") == [
        ("2025", 69, 2, 1, 50.0),
        ("2025-04", 3, 2, 1, 50.0),
        ("2025-05", 6, 2, 2, 100.0),
    ]


def test_one_countys_past_year_is_not_its_citys(cities: Warehouse) -> None:
    assert _told(cities, FORMS_LATE, "GRANTS", "2023") == [("2023", 30, 2, 1, 50.0)]
    assert cities.query(
        "select missing_units_zh from marts.city_indicators where indicator_code = 'GRANTS'"
        f" and city_code = '{FORMS_LATE}' and period_code = '2023' and period_type = 'year'"
    ) == [("北县",)]


def test_one_countys_level_at_a_years_end_is_not_its_citys(cities: Warehouse) -> None:
    assert _told(cities, FORMS_LATE, "INVENTIONS", "2023-12", "2023-Q4", "2023") == [
        ("2023", 300, 2, 1, 50.0),
        ("2023-Q4", 300, 2, 1, 50.0),
    ]


def test_a_citys_own_year_stands_until_all_its_members_of_then_have_filed_theirs(
    cities: Warehouse,
) -> None:
    # In 2020 and 2021 there were three counties: one merged before the forms began.
    assert _told(cities, FORMS_LATE, "GRANTS", "2020", "2021", "2022") == [
        ("2020", 7, 3, 3, 100.0),
        ("2021", 40, 1, 1, 100.0),
        ("2022", 150, 1, 1, 100.0),
    ]


@pytest.mark.parametrize("city", [BORN, BORN_TOLD])
def test_a_year_told_whole_stands_for_no_month_before_a_county_was_born(
    cities: Warehouse, city: str
) -> None:
    """Half a year and the months filed are not the plan's thirty months: six are still lacking."""
    found = cities.query(
        "select cast(numerator as integer), min(reported_units) < min(expected_units)"
        f" from marts.city_indicators where city_code = '{city}' and indicator_code = 'GRANTS'"
        " and period_type = 'plan_to_date' and period_code = '2025-12' group by 1"
    )
    assert found == [(84, True)]
