"""The truth tables of targets: every comparator, basis and status on literal figures.

One invented city. Each case is an indicator of its own, filed once a year by two counties (or by a
department where a figure has one source), and a target on it whose deadline is the end of 2025,
which has passed, or of 2030, which has not.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.models.builders import problems
from tests.models.target_cases import CASES, YEARS, Case
from tests.models.worlds import CITY, EAST, OFFICE, WEST, define_bodies

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

KINDS = {
    "level": "stock", "growth": "stock", "per_unit": "stock", "score": "score", "rank": "rank",
    "milestone": "fact",
}  # fmt: skip


def _define_case(world: Warehouse, name: str, case: Case, order: int) -> None:
    element, indicator = f"e_{name}", f"I_{name}"
    form = "D" if case.is_single else ("P" if case.provisional else "C")
    world.define(
        "elements",
        {"element_code": element, "element_zh": name, "kind": KINDS.get(case.basis, "flow"),
         "unit_zh": "件", "is_non_negative": "false" if "-1" in case.east else "true"},
    )  # fmt: skip
    world.define(
        "form_elements",
        {"form_code": form, "form_version": "1", "row_code": f"{order:03d}",
         "element_code": element, "value_column": "current", "unit_factor": 1},
    )  # fmt: skip
    world.define(
        "indicators",
        {"indicator_code": indicator, "indicator_zh": name, "unit_zh": "件", "is_ratio": "false",
         "factor": 1, "direction": case.direction, "decimals": 1, "rounding_mode": "half_up",
         "publish_min_coverage_pct": 100,
         "is_additive": "false" if case.is_single else "true"},
    )  # fmt: skip
    world.define(
        "indicator_terms",
        {"indicator_code": indicator, "term_role": "numerator", "term_order": 1,
         "element_code": element, "coefficient": 1},
    )  # fmt: skip
    world.define(
        "plan_targets",
        {"target_code": name, "plan_code": "long" if case.deadline == 2030 else "short",
         "tier": "table", "target_order": order, "indicator_zh": name,
         "indicator_code": indicator, "unit_zh": "件", "unit_factor": 1, "basis": case.basis,
         "target_year": case.deadline, "comparator": case.comparator, "target_low": case.low,
         "target_high": case.high, "target_printed": case.low, "direction": case.direction,
         "is_aspiration": "false", "is_binding": "false", **case.more},
    )  # fmt: skip
    if case.changed_on:
        world.define(
            "definition_changes",
            {"object_kind": "element", "object_code": element, "changed_on": case.changed_on,
             "definition_version": "2", "is_comparable": "false", "change_zh": "口径变更"},
        )  # fmt: skip
    if case.path:
        world.define("target_paths", {"target_code": name, **case.path})


def _file_cases(world: Warehouse) -> None:
    for position, year in enumerate(YEARS):
        filed: dict[tuple[str, str], dict[str, str | None]] = {}
        for name, case in CASES.items():
            if case.is_single:
                filed.setdefault((OFFICE, "D"), {})[f"e_{name}"] = case.east[position]
                continue
            form = "P" if case.provisional else "C"
            filed.setdefault((EAST, form), {})[f"e_{name}"] = case.east[position]
            filed.setdefault((WEST, form), {})[f"e_{name}"] = case.west[position]
        filed[(OFFICE, "D")]["region"] = "80.1"
        for (unit, form), numbers in filed.items():
            state = "passed" if form == "P" else "accepted_city"
            world.file(unit, form, str(year), numbers, state=state)


def _define_forms(world: Warehouse) -> None:
    for form, level in (("C", "county"), ("P", "county"), ("D", "department")):
        world.define(
            "forms",
            {"form_code": form, "form_version": "1", "form_zh": form, "frequency": "year",
             "form_kind": "template", "valid_from": "2020-01-01"},
        )  # fmt: skip
        world.define(
            "form_assignments",
            {"form_code": form, "city_code": CITY, "unit_level": level,
             "first_period_start": "2023-01-01"},
        )  # fmt: skip
    world.define(
        "elements",
        {"element_code": "region", "element_zh": "region", "kind": "score", "unit_zh": "分",
         "is_non_negative": "true"},
    )  # fmt: skip
    world.define(
        "form_elements",
        {"form_code": "D", "form_version": "1", "row_code": "000", "element_code": "region",
         "value_column": "current", "unit_factor": 1},
    )  # fmt: skip
    world.define(
        "indicators",
        {"indicator_code": "REGION", "indicator_zh": "REGION", "unit_zh": "分", "is_ratio": "false",
         "factor": 1, "direction": "up", "decimals": 1, "rounding_mode": "half_up",
         "publish_min_coverage_pct": 100, "is_additive": "false"},
    )  # fmt: skip
    world.define(
        "indicator_terms",
        {"indicator_code": "REGION", "term_role": "numerator", "term_order": 1,
         "element_code": "region", "coefficient": 1},
    )  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    from tests.models.builders import Warehouse

    world = Warehouse(tmp_path_factory.mktemp("algebra"), as_of=date(2026, 1, 31))
    define_bodies(world)
    _define_forms(world)
    for plan, start, end in (
        ("older", "2021-01-01", "2025-12-31"),
        ("short", "2023-01-01", "2025-12-31"),
        ("long", "2023-01-01", "2030-12-31"),
        ("next", "2026-01-01", "2030-12-31"),
    ):
        world.define(
            "plans",
            {"plan_code": plan, "city_code": CITY, "plan_zh": plan, "status_code": "issued",
             "plan_start": start, "plan_end": end},
        )  # fmt: skip
    for order, (name, case) in enumerate(CASES.items(), start=1):
        _define_case(world, name, case, order)
    _file_cases(world)
    assert problems(world.build()) == []
    return world


@pytest.mark.parametrize("name", CASES)
def test_a_target_is_judged_as_its_truth_table_says(judged: Warehouse, name: str) -> None:
    case = CASES[name]
    rows = judged.query(
        "select status_code, status_reason_zh from marts.plan_progress"
        f" where target_code = '{name}' and period_code = '{case.year}'"
    )
    assert [row[0] for row in rows] == [case.expects], rows
    assert case.words in rows[0][1]


def test_a_row_is_judged_by_what_is_not_rounded_and_printed_rounded(judged: Warehouse) -> None:
    assert judged.query(
        "select actual_printed, cast(actual_value as decimal(9, 3)), status_code"
        " from marts.plan_table where target_code = 'at_least_below'"
    ) == [("4.1", Decimal("4.096"), "not_met")]


def test_progress_is_counted_from_the_baseline_and_completion_from_nothing(
    judged: Warehouse,
) -> None:
    assert judged.query(
        "select baseline_source, cast(expected_value as decimal(9, 2)),"
        " cast(progress_pct as decimal(9, 2)), cast(completion_pct as decimal(9, 2))"
        " from marts.plan_table where target_code = 'linear_on'"
    ) == [("printed", 15, 50, 75)]


def test_without_a_printed_baseline_the_first_complete_year_is_the_observed_one(
    judged: Warehouse,
) -> None:
    assert judged.query(
        "select baseline_source, baseline_year, baseline_value from marts.plan_table"
        " where target_code = 'reached_before_the_deadline'"
    ) == [("observed", 2023, 1.0)]


def test_what_an_element_counts_is_part_of_the_version_of_its_indicator(
    judged: Warehouse,
) -> None:
    assert judged.query(
        "select period_code, definition_version from marts.city_indicators"
        " where indicator_code = 'I_growth_over_another_definition' and period_type = 'year'"
        " order by period_code"
    ) == [
        ("2023", "1"),
        ("2024", "1+e_growth_over_another_definition:2"),
        ("2025", "1+e_growth_over_another_definition:2"),
    ]


def test_each_unit_bound_has_its_own_row(judged: Warehouse) -> None:
    assert judged.query(
        "select unit_name_zh, status_code from marts.unit_progress"
        " where target_code = 'one_unit_short' and period_code = '2025' order by unit_code"
    ) == [("东县", "met"), ("西县", "not_met")]
