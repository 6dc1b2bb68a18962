"""A new rule is a row: what the language offers beyond the project's own rules works too."""

from __future__ import annotations

import polars as pl
import pytest

from expectations.rules import Rules
from sources.definitions import Definitions

OWN = {
    "rule_version": "1",
    "stage": "expectation",
    "rule_kind": "consistency",
    "severity_code": "verify",
    "title_zh": "标题",
    "message_zh": "{item} 为 {value}，应 {expected}（{formula}）",
    "advice_zh": "请核对",
    "valid_from": "2021-01-01",
}


@pytest.fixture
def own_night(night, definitions: Definitions):
    """A night under the given rules alone."""

    def make(**rows: dict[str, str]):
        columns = definitions.table("rules").columns
        table = pl.DataFrame(
            [
                {name: ({"rule_id": key} | OWN | row).get(name) for name in columns}
                for key, row in rows.items()
            ],
            schema=dict.fromkeys(columns, pl.String),
        )
        tables = {name: definitions.table(name) for name in ("forms", "elements")}
        night.rules = Rules.load(Definitions({"rules": table} | tables))
        return night

    return make


def found(night) -> list[tuple[str, str]]:
    rows = night.validate().findings.select("submission_id", "rule_id")
    return sorted((s.split(".")[0], r) for s, r in rows.iter_rows())


def rule(left: str, operator: str, right: str, **more: str) -> dict[str, str]:
    return {"left_expression": left, "operator": operator, "right_expression": right, **more}


def test_a_rule_may_name_an_element_of_another_form_of_the_period(own_night) -> None:
    night = own_night(T01=rule("training_classes", "<=", "licence_contracts"))
    for unit, contracts in (("150402", "4"), ("150403", "3")):
        night.file(unit, "IP-Q3", "2025-Q1", {"training_classes": "4"})
        night.file(unit, "IP-Q2", "2025-Q1", {"licence_contracts": contracts})
    night.file("150404", "IP-Q3", "2025-Q1", {"training_classes": "4"})
    night.know("150404", "IP-Q2", "2025-Q1", {"licence_contracts": "2"})
    night.file("150421", "IP-Q3", "2025-Q1", {"training_classes": "4"})
    assert found(night) == [("150403", "T01"), ("150404", "T01")]
    evaluated = night.validate().evaluated
    assert evaluated.row(0) == ("T01", "IP-Q3", 3, 2, 1)


def test_the_greatest_and_the_least_of_several(own_night) -> None:
    night = own_night(
        T01=rule("pledge_items", ">=", "max(licence_contracts, transfer_contracts)"),
        T02=rule("pledge_items", "<=", "2 * min(licence_contracts, transfer_contracts)"),
    )
    filed = {"licence_contracts": "3", "transfer_contracts": "5"}
    for unit, items in (("150402", "5"), ("150403", "4"), ("150404", "7")):
        night.file(unit, "IP-Q2", "2025-Q1", filed | {"pledge_items": items})
    assert found(night) == [("150403", "T01"), ("150404", "T02")]


def test_a_relative_tolerance_grows_with_the_right_side(own_night) -> None:
    night = own_night(
        T01=rule("pledge_registered_amount", "=", "pledge_disbursed_amount", tolerance_rel="0.1")
    )
    for unit, amount in (("150402", "110"), ("150403", "110.01"), ("150404", "90")):
        filed = {"pledge_registered_amount": amount, "pledge_disbursed_amount": "100"}
        night.file(unit, "IP-Q2", "2025-Q1", filed)
    assert found(night) == [("150403", "T01")]


def test_an_absolute_tolerance_is_exact_at_its_edge(own_night) -> None:
    night = own_night(
        T01=rule("pledge_registered_amount", "=", "pledge_disbursed_amount", tolerance_abs="0.01")
    )
    for unit, amount in (("150402", "1000000.02"), ("150403", "1000000.01")):
        filed = {"pledge_registered_amount": amount, "pledge_disbursed_amount": "1000000"}
        night.file(unit, "IP-Q2", "2025-Q1", filed)
    assert found(night) == [("150402", "T01")]


def test_never_skip_takes_what_is_missing_for_nothing(own_night) -> None:
    night = own_night(
        T01=rule("pledge_items", "<=", "licence_contracts", missing_strategy="never_skip"),
        T02=rule("pledge_items", "<=", "licence_contracts"),
    )
    night.file(
        "150402",
        "IP-Q2",
        "2025-Q1",
        {"pledge_items": "1", "licence_contracts": (None, "blank")},
    )
    assert found(night) == [("150402", "T01")]


def test_a_strict_comparison_fails_at_equality(own_night) -> None:
    night = own_night(T01=rule("pledge_items", "<", "licence_contracts + 1"))
    for unit, items in (("150402", "2"), ("150403", "3")):
        night.file(unit, "IP-Q2", "2025-Q1", {"pledge_items": items, "licence_contracts": "2"})
    assert found(night) == [("150403", "T01")]


def test_a_cell_rule_counts_only_for_its_form_and_the_periods_it_is_valid_for(own_night) -> None:
    night = own_night(
        T01=rule(
            "number",
            "<=",
            "5",
            rule_kind="value",
            form_code="IP-Q3",
            valid_from="2024-01-01",
            valid_to="2025-01-01",
        )
    )
    for period in ("2023-Q4", "2024-Q1", "2024-Q4", "2025-Q1"):
        night.file("150402", "IP-Q3", period, {"aid_cases": "6"})
    night.file("150402", "IP-Q2", "2024-Q1", {"pledge_items": "6"})
    found = night.validate().findings["submission_id"].to_list()
    assert found == ["150402.IP-Q3.2024-Q1.v1", "150402.IP-Q3.2024-Q4.v1"]


def test_a_history_rule_may_name_its_elements(own_night) -> None:
    night = own_night(
        T01=rule(
            "value",
            "<=",
            "1.5 * previous",
            rule_kind="history",
            target_element="ip_workforce|ip_service_orgs",
        )
    )
    figures = {"ip_workforce": "10", "ip_service_orgs": "10", "tm_valid_stock": "10"}
    night.know("150402", "IP-Q1", "2024-Q4", figures)
    night.file("150402", "IP-Q1", "2025-Q1", dict.fromkeys(figures, "16"))
    found = night.validate().findings["element_code"].to_list()
    assert sorted(found) == ["ip_service_orgs", "ip_workforce"]


def test_a_figure_filed_in_another_unit_is_compared_in_the_elements_unit(own_night) -> None:
    night = own_night(T01=rule("pledge_disbursed_amount", "<=", "pledge_registered_amount"))
    elements = night.definitions.table("form_elements").with_columns(
        unit_factor=pl.when(pl.col("element_code") == "pledge_disbursed_amount")
        .then(pl.lit("0.0001"))
        .otherwise("unit_factor")
    )
    tables = {name: night.definitions.table(name) for name in ("forms", "elements", "rules")}
    night.definitions = Definitions(tables | {"form_elements": elements})
    for unit, disbursed in (("150402", "1000000"), ("150403", "1010000")):
        filed = {"pledge_disbursed_amount": disbursed, "pledge_registered_amount": "100"}
        night.file(unit, "IP-Q2", "2025-Q1", filed)
    (row,) = night.validate().findings.to_dicts()
    assert row["unit_code"] == "150403"
    assert row["expected_text"].startswith("不大于 1000000（")
