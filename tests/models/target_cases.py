"""The cases of the truth tables of targets: what is filed, and what the target's row must say.

Three years of figures of two counties, or of one department; the deadline is the end of 2025, or
lies ahead in 2030.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
