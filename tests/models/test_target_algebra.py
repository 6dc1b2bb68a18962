"""The truth tables of targets: every comparator, basis and status on literal figures.

One invented city. Each case is an indicator of its own, filed once a year by two counties (or by a
department where a figure has one source), and a target on it whose deadline is the end of 2025,
which has passed, or of 2030, which has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.models.builders import problems
from tests.models.worlds import CITY, EAST, OFFICE, WEST, define_bodies

if TYPE_CHECKING:
    from tests.models.builders import Warehouse

YEARS = (2023, 2024, 2025)
MISSING = None


@dataclass(frozen=True)
class Case:
    """One target, what was filed for it, and what its row of one year must say."""

    basis: str
    comparator: str
    low: str
    east: tuple[str | None, ...]
    expects: str
    high: str = ""
    west: tuple[str | None, ...] = ("0", "0", "0")
    direction: str = "up"
    deadline: int = 2025
    year: int = 2025
    words: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    changed_on: str = ""
    """From when on its indicator counts something that may not be compared."""

    @property
    def is_single(self) -> bool:
        return self.basis in ("score", "rank")


def before(*args: str | tuple[str | None, ...], **words: object) -> Case:
    """A case whose deadline lies ahead."""
    return Case(*args, deadline=2030, **words)  # type: ignore[arg-type]


STILL = ("100", "100", "100")
CASES: dict[str, Case] = {
    # comparators, after the deadline
    "at_least_below": Case("level", ">=", "4.1", ("0", "0", "4.096"), "not_met"),
    "at_least_equal": Case("level", ">=", "4.1", ("0", "0", "4.1"), "met"),
    "more_than_equal": Case("level", ">", "1.5", ("0", "0", "1.5"), "not_met"),
    "more_than_above": Case("level", ">", "1.5", ("0", "0", "1.500001"), "met"),
    "exactly_equal": Case("level", "=", "100", STILL, "met"),
    "exactly_above": Case("level", "=", "100", ("100", "100", "101"), "not_met"),
    "range_below": Case("cumulative", "range", "1", ("0", "0", "0"), "not_met", "2"),
    "range_low": Case("cumulative", "range", "1", ("0", "0", "1"), "met", "2"),
    "range_high": Case("cumulative", "range", "1", ("0", "1", "1"), "met", "2"),
    "range_above": Case(
        "cumulative", "range", "1", ("1", "1", "1"), "met", "2", words="高于区间上限"
    ),
    "about_below_within": Case(
        "level", "about", "10", ("0", "0", "9"), "met", more={"tolerance_pct": "10"}
    ),
    "about_below_beyond": Case(
        "level", "about", "10", ("0", "0", "8.999"), "not_met", more={"tolerance_pct": "10"}
    ),
    "about_above": Case(
        "level", "about", "10", ("0", "0", "25"), "met", more={"tolerance_pct": "10"}
    ),
    "relative_above": Case(
        "score", "relative", "", ("80", "80", "80.2"), "met", words="80.1",
        more={"relative_indicator_code": "REGION"},
    ),
    "relative_equal": Case(
        "score", "relative", "", ("80", "80", "80.1"), "not_met",
        more={"relative_indicator_code": "REGION"},
    ),
    "relative_to_nothing": Case(
        "score", "relative", "", ("80", "80", "90"), "no_data", words="对照值",
        more={"relative_indicator_code": "NOWHERE"},
    ),
    "relative_to_a_reference_not_all_filed": Case(
        "annual_flow", "relative", "", ("0", "0", "9"), "incomplete", words="对照值未报齐",
        more={"relative_indicator_code": "I_short_on_part"},
    ),
    "relative_to_a_reference_not_accepted": Case(
        "level", "relative", "", ("0", "0", "1"), "incomplete", words="对照值尚未验收",
        more={"relative_indicator_code": "I_provisional_at_the_deadline"},
    ),
    "falling_below": Case("level", ">=", "10", ("12", "11", "9"), "met", direction="down"),
    "falling_above": Case("level", ">=", "10", ("9", "9", "11"), "not_met", direction="down"),
    "falling_equal": Case("level", ">", "10", ("9", "9", "10"), "not_met", direction="down"),
    "nothing_wanted": Case("level", ">=", "0", ("0", "0", "0"), "met"),
    # bases
    "yearly_flow_is_of_its_year": Case("annual_flow", ">=", "6", ("9", "9", "5"), "not_met"),
    "running_total": Case("cumulative", ">=", "6", ("2", "2", "2"), "met"),
    "held_in_every_year": Case("maintain", ">=", "6", ("6", "7", "6"), "met"),
    "one_bad_year_breaks": Case("maintain", ">=", "6", ("7", "5", "9"), "not_met", words="2024"),
    "a_bad_year_ahead_of_time": before(
        "maintain", ">=", "6", ("7", "5", "9"), "behind", words="2024"
    ),
    "an_open_year_proves_nothing": Case(
        "maintain", ">=", "6", ("7", MISSING, "9"), "incomplete", words="以前年度",
    ),
    "years_nobody_was_asked_for_prove_nothing": Case(
        "maintain", ">=", "6", ("7", "7", "9"), "incomplete", words="以前年度",
        more={"plan_code": "older"},
    ),
    "years_nobody_was_asked_for_mend_nothing": Case(
        "maintain", ">=", "6", ("7", "5", "9"), "not_met", words="2024",
        more={"plan_code": "older"},
    ),
    "a_floor_kept_so_far": Case(
        "maintain", ">=", "6", ("7", "7", "9"), "met", year=2024, words="各年均保持",
    ),
    "a_floor_kept_as_far_as_is_known": Case(
        "maintain", ">=", "6", ("7", "7", "9"), "met", year=2024, words="尚不能判定",
        more={"plan_code": "older"},
    ),
    "a_broken_floor_and_a_missing_unit": Case(
        "maintain", ">=", "6", ("7", "5", "9"), "incomplete", west=("0", "0", MISSING),
        words="缺：西县",
    ),
    "a_floor_whose_last_year_is_provisional": Case(
        "maintain", ">=", "6", ("7", "7", "7"), "incomplete", provisional=True, words="期末值",
    ),
    "growth_reached": Case(
        "growth", ">=", "20", ("285", "300", "342"), "met", more={"baseline_year": "2023"}
    ),
    "growth_short": Case(
        "growth", ">=", "20", ("285", "300", "341"), "not_met", more={"baseline_year": "2023"}
    ),
    "growth_reached_in_tenths": Case(
        "growth", ">=", "20", ("0.1", "0.1", "0.12"), "met", more={"baseline_year": "2023"}
    ),
    "growth_from_nothing": Case(
        "growth", ">=", "20", ("0", "3", "4"), "not_computable", words="基期",
        more={"baseline_year": "2023"},
    ),
    "growth_from_a_printed_base": Case(
        "growth", ">=", "20", ("1", "1", "342"), "met",
        more={"baseline_year": "2020", "baseline_value": "285"},
    ),
    "growth_over_another_definition": Case(
        "growth", ">=", "20", ("285", "300", "342"), "not_computable", words="口径已变更",
        more={"baseline_year": "2023"}, changed_on="2024-07-01",
    ),
    "growth_before_another_definition": Case(
        "growth", ">=", "5", ("285", "300", "1"), "met", year=2024,
        more={"baseline_year": "2023"}, changed_on="2025-01-01",
    ),
    "growth_from_a_printed_base_over_another_definition": Case(
        "growth", ">=", "20", ("1", "1", "342"), "met", changed_on="2024-07-01",
        more={"baseline_year": "2020", "baseline_value": "285"},
    ),
    "milestone_reached_stays": Case("milestone", ">=", "1", ("0", "1", "0"), "met"),
    "milestone_revoked": Case("milestone", ">=", "1", ("1", "0", "-1"), "not_met"),
    "each_unit": Case(
        "per_unit", ">=", "5", ("5", "5", "6"), "met", west=("5", "5", "5"), words="各单位均已达到"
    ),
    "one_unit_short": Case(
        "per_unit", ">=", "5", ("5", "5", "9"), "not_met", west=("5", "5", "4"), words="西县"
    ),
    "no_unit_filed": Case(
        "per_unit", ">=", "5", (MISSING,) * 3, "no_data", west=(MISSING,) * 3, words="没有填报值"
    ),
    "a_rank_in_its_band": Case("rank", "", "4", ("9", "9", "7"), "met", "7", direction="down"),
    "a_rank_beyond_its_band": Case(
        "rank", "", "4", ("9", "9", "8"), "not_met", "7", direction="down"
    ),
    "a_rank_without_a_number": Case(
        "rank", "", "", ("4", "4", "4"), "no_data",
        more={"not_computable_reason_zh": "文件未给出位次数值"}, words="位次",
    ),
    # the order of statuses
    "not_yet_begun": before(
        "level", ">=", "1", STILL, "not_due", more={"plan_code": "next"}, year=2030
    ),
    "no_formula": Case(
        "level", ">=", "1", STILL, "not_computable", more={"indicator_code": ""}, words="公式"
    ),
    "nothing_filed": Case(
        "level", ">=", "1", (MISSING,) * 3, "no_data", west=(MISSING,) * 3, words="没有填报值"
    ),
    "reached_on_part": Case(
        "annual_flow", ">=", "6", ("7", "7", "7"), "met", west=("0", "0", MISSING), words="未报齐"
    ),
    "short_on_part": Case(
        "annual_flow", ">=", "6", ("5", "5", "5"), "incomplete", west=("0", "0", MISSING),
        words="缺：西县",
    ),
    "exact_on_part_waits": Case(
        "level", "=", "6", ("6", "6", "6"), "incomplete", west=("0", "0", MISSING)
    ),
    "provisional_at_the_deadline": Case(
        "level", ">=", "1", ("2", "2", "2"), "incomplete", provisional=True, words="验收"
    ),
    "provisional_before_it": before("level", ">=", "1", ("2", "2", "2"), "met", provisional=True),
    "binding_short_before_the_deadline": before(
        "level", ">=", "100", ("100", "100", "99.99"), "not_met", more={"is_binding": "true"}
    ),
    "exact_short_before_the_deadline": before(
        "level", "=", "100", ("100", "100", "99.99"), "not_met"
    ),
    "expected_short_before_the_deadline": before(
        "level", ">=", "100", ("100", "100", "99.99"), "behind", words="未分解年度目标"
    ),
    "reached_before_the_deadline": before("level", ">=", "3", ("1", "2", "3"), "met"),
    "no_deadline_printed": before(
        "level", ">=", "9", ("1", "2", "3"), "behind", words="期限", more={"target_year": ""}
    ),
    # paths: from 10 at the end of 2020 to 20 at the end of 2030
    "linear_on": before(
        "level", ">=", "20", ("13", "14", "15"), "on_track", words="15",
        more={"baseline_year": "2020", "baseline_value": "10"}, path={"path_method": "linear"},
    ),
    "linear_behind": before(
        "level", ">=", "20", ("13", "14", "14.999"), "behind",
        more={"baseline_year": "2020", "baseline_value": "10"}, path={"path_method": "linear"},
    ),
    "printed_rate_on": before(
        "level", ">=", "20", ("13", "14", "14.0256"), "on_track",
        more={"baseline_year": "2020", "baseline_value": "10"},
        path={"path_method": "cagr", "rate_pct": "7"},
    ),
    "printed_rate_behind": before(
        "level", ">=", "20", ("13", "14", "14.025"), "behind",
        more={"baseline_year": "2020", "baseline_value": "10"},
        path={"path_method": "cagr", "rate_pct": "7"},
    ),
    "flat_behind": before(
        "annual_flow", ">=", "20", ("20", "20", "19"), "behind", path={"path_method": "flat"}
    ),
    "this_years_target": before(
        "level", ">=", "20", ("13", "14", "12"), "on_track",
        path={"path_method": "yearly", "path_year": "2025", "path_value": "12"},
    ),
    "a_falling_path": before(
        "level", ">=", "10", ("18", "17", "15"), "on_track", direction="down",
        more={"baseline_year": "2020", "baseline_value": "20"}, path={"path_method": "linear"},
    ),
}  # fmt: skip

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
