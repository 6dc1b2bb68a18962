"""A sheet that repeats an earlier one is asked about; one that resembles it by chance is not."""

from __future__ import annotations

import polars as pl
import pytest

from expectations.errors import RuleError
from expectations.rules import Rules
from sources.definitions import Definitions
from tests.unit.expectations.history_examples import A_QUARTER

UNIT = "150402"
NOTHING = dict.fromkeys(A_QUARTER, "0")
TEN = {
    "patent_grants_invention_service": "21",
    "patent_grants_invention_non_service": "12",
    "patent_grants_utility_service": "33",
    "patent_grants_utility_non_service": "14",
    "patent_grants_design_service": "15",
    "patent_grants_design_non_service": "16",
    "tm_registered": "170",
    "tm_agri_registered": "18",
    "copyright_works": "19",
    "copyright_software": "20",
}


def _copied(night) -> list[str]:
    found = night.validate().findings
    return found.filter(pl.col("rule_id") == "H08")["submission_id"].to_list()


def _judged(night) -> int:
    counted = night.validate().evaluated
    return int(counted.filter(pl.col("rule_id") == "H08")["evaluated"].sum())


@pytest.mark.parametrize(("changed", "is_found"), [(0, True), (1, True), (2, False)])
def test_nine_tenths_of_the_figures_are_enough_and_eight_are_not(
    new_night, changed: int, is_found: bool
) -> None:
    night = new_night()
    others = {name: "7" for name in list(TEN)[:changed]}
    night.know(UNIT, "IP-M1", "2024-12", TEN)
    filed = night.file(UNIT, "IP-M1", "2025-01", {**TEN, **others})
    assert _copied(night) == ([filed] if is_found else [])


def test_the_finding_names_the_period_and_the_share(new_night) -> None:
    night = new_night()
    night.know(UNIT, "IP-Q3", "2024-Q2", A_QUARTER)
    night.file(UNIT, "IP-Q3", "2025-Q1", A_QUARTER)
    [row] = night.validate().findings.filter(pl.col("rule_id") == "H08").to_dicts()
    assert row["message_zh"].startswith("本期 100% 的非零当期数与2024年二季度的相同")
    assert row["severity_code"] == "quasi_blocking"


@pytest.mark.parametrize("count", [2, 4])
def test_a_sheet_of_few_figures_is_not_judged(new_night, count: int) -> None:
    night = new_night()
    few = {**NOTHING, **{name: "54321" for name in list(A_QUARTER)[:count]}}
    night.know(UNIT, "IP-Q3", "2024-Q4", few)
    night.file(UNIT, "IP-Q3", "2025-Q1", few)
    assert (_copied(night), _judged(night)) == ([], 0)


def test_small_figures_that_are_equal_by_chance_are_no_copy(new_night) -> None:
    night = new_night()
    small = dict(zip(A_QUARTER, "32413231", strict=True))
    night.know(UNIT, "IP-Q3", "2024-Q4", small)
    night.file(UNIT, "IP-Q3", "2025-Q1", small)
    assert (_copied(night), _judged(night)) == ([], 1)


@pytest.mark.parametrize(("period", "is_found"), [("2024-Q4", True), ("2024-Q3", False)])
def test_the_period_just_before_needs_fewer_digits(new_night, period: str, is_found: bool) -> None:
    night = new_night()
    middling = {**NOTHING, **dict.fromkeys(list(A_QUARTER)[:6], "10")}
    night.know(UNIT, "IP-Q3", period, middling)
    filed = night.file(UNIT, "IP-Q3", "2025-Q1", middling)
    assert _copied(night) == ([filed] if is_found else [])


def test_a_sum_says_nothing_more_than_its_parts(new_night) -> None:
    night = new_night()
    parts = {"02": "9", "03": "8", "04": "9", "05": "8"}
    kinds = ("patent", "trademark", "mixed", "copyright")
    small = {f"pledge_registered_{kind}": n for kind, n in zip(kinds, parts.values(), strict=True)}
    small |= {"pledge_registered_amount": "34", "pledge_items": "9"}
    night.know(UNIT, "IP-Q2", "2024-Q4", small)
    night.file(UNIT, "IP-Q2", "2025-Q1", small)
    assert _copied(night) == []


@pytest.mark.parametrize(
    ("unit", "period"), [("150403", "2024-Q4"), (UNIT, "2022-Q4"), (UNIT, "2025-Q1")]
)
def test_another_unit_a_far_period_and_the_same_period_are_no_copy(
    new_night, unit: str, period: str
) -> None:
    night = new_night()
    night.know(unit, "IP-Q3", period, A_QUARTER)
    night.file(UNIT, "IP-Q3", "2025-Q1", A_QUARTER)
    assert _copied(night) == []


def test_of_two_sheets_of_one_night_the_later_period_is_the_copy(new_night) -> None:
    night = new_night()
    night.file(UNIT, "IP-Q3", "2024-Q4", A_QUARTER)
    later = night.file(UNIT, "IP-Q3", "2025-Q1", A_QUARTER)
    assert _copied(night) == [later]


def test_a_late_sheet_that_repeats_a_later_period_is_found(new_night) -> None:
    night = new_night()
    night.know(UNIT, "IP-Q3", "2025-Q1", A_QUARTER)
    late = night.file(UNIT, "IP-Q3", "2024-Q4", A_QUARTER)
    assert _copied(night) == [late]


def test_a_sheet_of_a_period_to_come_is_refused_for_that_alone(new_night) -> None:
    night = new_night()
    night.know(UNIT, "IP-Q3", "2025-Q4", A_QUARTER)
    night.file(UNIT, "IP-Q3", "2026-Q2", A_QUARTER)
    assert night.validate().findings["rule_id"].to_list() == ["P03"]


def _with_numbers(definitions: Definitions, left: str) -> Definitions:
    table = definitions.table("rules").with_columns(
        left_expression=pl.when(pl.col("rule_id") == "H08")
        .then(pl.lit(left))
        .otherwise("left_expression")
    )
    tables = {name: definitions.table(name) for name in ("forms", "elements", "form_elements")}
    return Definitions(tables | {"rules": table})


def test_the_numbers_of_the_rule_decide_what_is_telling(new_night, definitions) -> None:
    def filed(left: str) -> tuple[int, int]:
        night = new_night()
        night.rules = Rules.load(_with_numbers(definitions, left))
        middling = {**NOTHING, **dict.fromkeys(list(A_QUARTER)[:6], "10")}
        night.know(UNIT, "IP-Q3", "2024-Q3", middling)
        night.file(UNIT, "IP-Q3", "2025-Q1", middling)
        return len(_copied(night)), _judged(night)

    assert filed("copied_pct(5;7;5)") == (0, 1)
    assert filed("copied_pct(5;6;5)") == (1, 1)
    assert filed("copied_pct(7;6;5)") == (0, 0)


@pytest.mark.parametrize(
    "left",
    ["copied_pct", "copied_pct()", "copied_pct(5;7)", "copied_pct(5;x;5)", "copied_pct(5;7;5"],
)
def test_a_rule_on_copies_without_its_numbers_is_refused(definitions, left: str) -> None:
    with pytest.raises(RuleError, match="H08"):
        Rules.load(_with_numbers(definitions, left))
