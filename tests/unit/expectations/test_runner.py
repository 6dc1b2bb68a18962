"""What a whole night finds: missing is not evaluated, one cause gives one finding."""

from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from expectations.runner import EVALUATED_SCHEMA, ValidationResult

MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
QUARTERS = [f"{year}-Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


def found(result: ValidationResult) -> set[tuple[str, str, str | None]]:
    columns = result.findings.select("submission_id", "rule_id", "element_code")
    return {(s, r, e) for s, r, e in columns.iter_rows()}


def counted(result: ValidationResult, rule_id: str) -> tuple[int, int, int]:
    rows = result.evaluated.filter(pl.col("rule_id") == rule_id)
    return tuple(int(rows[name].sum()) for name in ("evaluated", "failed", "not_evaluated"))


def test_a_form_filled_with_zeros_is_clean(night) -> None:
    night.file("150402", "IP-M1", "2025-01")
    result = night.validate()
    assert found(result) == set()
    assert dict(result.evaluated.schema) == EVALUATED_SCHEMA


def test_a_night_without_submissions_or_cells_is_clean(night) -> None:
    night.file("150402", "IP-M1", "2025-01")
    night.cells = []
    assert found(night.validate()) == set()
    night.submissions = []
    result = night.validate()
    assert found(result) == set()
    assert result.evaluated.is_empty()


def test_a_rule_with_a_missing_operand_is_not_evaluated(night) -> None:
    night.file("150402", "IP-Q2", "2025-Q1", {"pledge_items": (None, "blank")})
    result = night.validate()
    assert found(result) == {("150402.IP-Q2.2025-Q1.v1", "V01", "pledge_items")}
    assert counted(result, "C42") == (0, 0, 1)


def test_a_blank_of_a_nil_return_is_allowed(night) -> None:
    night.file("150402", "IP-Q3", "2025-Q1", is_nil=True, others=(None, "blank"))
    result = night.validate()
    assert found(result) == set()
    assert counted(result, "V01") == (0, 0, 0)


def test_an_unfilled_cell_that_is_not_required_is_allowed(night) -> None:
    night.file("150400SJ", "IP-C1", "2025", {"satisfaction_score": (None, "blank")})
    assert found(night.validate()) == set()


def test_a_running_total_without_the_month_before_is_not_evaluated(night) -> None:
    night.file("150402", "IP-M1", "2025-03", {"tm_registered": "5", "tm_registered_ytd": "99"})
    result = night.validate()
    assert found(result) == set()
    assert counted(result, "C09") == (0, 0, 1)


def test_january_starts_the_running_total_anew(night) -> None:
    night.know("150402", "IP-M1", "2024-12", {"tm_registered_ytd": "800"})
    night.file("150402", "IP-M1", "2025-01", {"tm_registered": "5", "tm_registered_ytd": "805"})
    result = night.validate()
    assert found(result) == {("150402.IP-M1.2025-01.v1", "C09", "tm_registered_ytd")}
    assert result.findings["expected_text"][0].startswith("等于 5（")


def test_the_month_before_is_taken_from_the_same_night(night) -> None:
    night.know("150402", "IP-M1", "2025-01", {"tm_registered_ytd": "70"})
    night.file("150402", "IP-M1", "2025-01", {"tm_registered": "5", "tm_registered_ytd": "5"})
    night.file("150402", "IP-M1", "2025-02", {"tm_registered": "2", "tm_registered_ytd": "7"})
    assert found(night.validate()) == set()


def test_of_two_versions_in_one_night_the_newer_one_is_the_reference(night) -> None:
    filed = {"tm_registered": "5", "tm_registered_ytd": "5"}
    night.file("150402", "IP-M1", "2025-01", filed, version=2)
    night.file("150402", "IP-M1", "2025-01", {"tm_registered": "9", "tm_registered_ytd": "9"})
    night.file("150402", "IP-M1", "2025-02", {"tm_registered": "2", "tm_registered_ytd": "7"})
    assert found(night.validate()) == set()


def test_a_wrong_month_does_not_accuse_the_month_after(night) -> None:
    night.file("150402", "IP-M1", "2025-01", {"tm_registered": "5", "tm_registered_ytd": "50"})
    night.file("150402", "IP-M1", "2025-02", {"tm_registered": "2", "tm_registered_ytd": "7"})
    night.file("150402", "IP-M1", "2025-03", {"tm_registered": "1", "tm_registered_ytd": "8"})
    result = night.validate()
    assert found(result) == {("150402.IP-M1.2025-01.v1", "C09", "tm_registered_ytd")}
    assert counted(result, "C09") == (2, 1, 1)


def test_a_refused_cell_is_not_held_against_others(night) -> None:
    night.file(
        "150402",
        "IP-Q3",
        "2025-Q1",
        {
            "enforcement_cases_received": "-1",
            "enforcement_cases_closed": "4",
        },
    )
    result = night.validate()
    assert found(result) == {("150402.IP-Q3.2025-Q1.v1", "V08", "enforcement_cases_received")}
    assert counted(result, "C50") == (0, 0, 1)


def test_a_passing_comparison_with_a_refused_cell_is_no_pass(night) -> None:
    night.file("150402", "IP-Q3", "2025-Q1", {"enforcement_cases_closed": "-4"})
    assert counted(night.validate(), "C50") == (0, 0, 1)


def test_sums_are_exact_where_doubles_are_not(night) -> None:
    # 0.1 + 0.2 is 0.30000000000000004 in doubles, and 0.31 - 0.3 is more than 0.01.
    night.file(
        "150402",
        "IP-Q2",
        "2025-Q1",
        {
            "pledge_items": "1",
            "pledge_firms": "1",
            "pledge_registered_amount": "0.31",
            "pledge_registered_patent": "0.1",
            "pledge_registered_trademark": "0.2",
        },
    )
    assert found(night.validate()) == set()


def test_a_category_above_all_valid_inventions_is_always_found(night) -> None:
    night.file(
        "150402",
        "IP-Q1",
        "2025-Q1",
        {
            "inv_valid_stock": "20",
            "hvp_stock": "20",
            "hvp_cat_award": "21",
        },
    )
    night.file(
        "150403",
        "IP-Q1",
        "2025-Q1",
        {
            "inv_valid_stock": "20",
            "hvp_stock": "21",
            "hvp_cat_award": "21",
        },
    )
    assert found(night.validate()) == {
        ("150402.IP-Q1.2025-Q1.v1", "C26", "hvp_cat_award"),
        ("150403.IP-Q1.2025-Q1.v1", "C21", "hvp_stock"),
    }


def test_farm_products_could_still_grow_before_the_register_closed(night) -> None:
    night.know("150402", "IP-Q1", "2021-Q4", {"farm_product_gi_stock": "4"})
    night.file("150402", "IP-Q1", "2022-Q1", {"farm_product_gi_stock": "5"})
    assert found(night.validate()) == set()


def test_a_ten_thousandfold_amount_is_found_once_by_its_past_or_by_its_items(night) -> None:
    for quarter in QUARTERS:
        night.know("150402", "IP-Q2", quarter, {"pledge_disbursed_amount": "120"})
    amounts = ("pledge_registered_amount", "pledge_registered_patent", "pledge_disbursed_amount")
    one = {"pledge_items": "1", "pledge_firms": "1"}
    night.file("150402", "IP-Q2", "2025-Q1", dict.fromkeys(amounts, "1200000") | one)
    result = night.validate()
    filing = "150402.IP-Q2.2025-Q1.v1"
    assert found(result) == {
        (filing, "C46", "pledge_registered_amount"),
        (filing, "H03", "pledge_disbursed_amount"),
    }
    assert sum("10000 倍" in text for text in result.findings["message_zh"]) == 1


def test_a_running_total_in_a_months_cell_is_found(night) -> None:
    for month in MONTHS:
        night.know("150402", "IP-M1", month, {"patent_grants": "380"})
    cells = ("", "_service", "_utility", "_utility_service", "_ytd")
    night.file("150402", "IP-M1", "2025-01", {f"patent_grants{cell}": "26609" for cell in cells})
    assert found(night.validate()) == {("150402.IP-M1.2025-01.v1", "H04", "patent_grants")}


def test_swings_of_half_raise_nothing(night) -> None:
    for place, month in enumerate(MONTHS):
        night.know("150402", "IP-M1", month, {"copyright_works": ("200", "600")[place % 2]})
    for month, works, so_far in (("2025-01", "200", "200"), ("2025-02", "600", "800")):
        filed = {"copyright_works": works, "copyright_works_ytd": so_far}
        night.file("150402", "IP-M1", month, filed)
    assert found(night.validate()) == set()


def test_a_short_past_is_no_past(night) -> None:
    for month in MONTHS[7:]:
        night.know("150402", "IP-M1", month, {"copyright_works": "10"})
    night.file(
        "150402",
        "IP-M1",
        "2025-01",
        {
            "copyright_works": "9999",
            "copyright_works_ytd": "9999",
        },
    )
    result = night.validate()
    assert found(result) == set()
    assert counted(result, "H04")[0] == 0


def test_a_small_stock_may_halve(night) -> None:
    night.know("150402", "IP-Q1", "2024-Q4", {"ip_service_orgs": "6"})
    night.file("150402", "IP-Q1", "2025-Q1", {"ip_service_orgs": "3"})
    assert found(night.validate()) == set()


def test_a_spike_does_not_accuse_the_return_to_normal(night) -> None:
    night.know("150402", "IP-Q1", "2024-Q4", {"ip_workforce": "100"})
    night.file("150402", "IP-Q1", "2025-Q1", {"ip_workforce": "1000"})
    night.file("150402", "IP-Q1", "2025-Q2", {"ip_workforce": "101"})
    assert found(night.validate()) == {("150402.IP-Q1.2025-Q1.v1", "H07", "ip_workforce")}


def test_another_units_past_is_not_mine(night) -> None:
    night.know("150403", "IP-Q1", "2024-Q4", {"ip_workforce": "100"})
    night.file("150402", "IP-Q1", "2025-Q1", {"ip_workforce": "1000"})
    assert found(night.validate()) == set()


def test_a_future_period_is_not_also_an_unfinished_one(night) -> None:
    night.file("150402", "IP-M1", "2026-06")
    result = night.validate()
    assert found(result) == {("150402.IP-M1.2026-06.v1", "P03", None)}
    assert result.findings["expected_text"][0] == "不晚于 2026-01-31"


def test_a_finding_says_where_what_and_what_to_do(night) -> None:
    night.file(
        "150402",
        "IP-Q3",
        "2025-Q1",
        {
            "enforcement_cases_received": "7",
            "enforcement_cases_closed": "9",
        },
    )
    (row,) = night.validate().findings.to_dicts()
    assert (row["sheet"], row["cell"], row["value_text"]) == ("报表", "D12", "9")
    assert row["expected_text"] == "不大于 7（知识产权行政执法案件受理数）"
    assert "D12" in row["message_zh"]
    assert "相差 2" in row["message_zh"]
    assert row["advice_zh"]


def test_the_same_night_gives_the_same_findings(night) -> None:
    night.file("150402", "IP-Q3", "2025-Q1", {"enforcement_cases_closed": "9"})
    night.file("150402", "IP-Q3", "2025-Q2", {"aid_cases": ("约十", "not_a_number")})
    first = night.validate()
    night.submissions.reverse()
    night.cells.reverse()
    assert_frame_equal(first.findings, night.validate().findings)
    assert first.findings["finding_id"].is_unique().all()
