"""Observations of the SDMX file: which status each kind of row bears, and what is withheld."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from warehouse.exports.sdmx import COLUMNS, observation, period_type
from warehouse.exports.sdmx_structure import LISTS

PLAIN: dict[str, Any] = {
    "city_code": "150200", "indicator_code": "PATENT_GRANTS", "period_code": "2025-12",
    "period_type": "month", "plan_code": None, "value": Decimal("142.500000"), "conf_status": "F",
    "is_provisional": False, "coverage_pct": 100.0, "unit_zh": "件", "expected_units": 10,
    "reported_units": 10, "value_reason_zh": None,
}  # fmt: skip


def told(**changed: Any) -> dict[str, str]:
    return dict(zip(COLUMNS, observation(PLAIN | changed), strict=True))


@pytest.mark.parametrize(
    ("changed", "value", "status", "confidentiality"),
    [
        ({}, "142.5", "A", "F"),
        ({"coverage_pct": None}, "142.5", "A", "F"),
        ({"is_provisional": True}, "142.5", "P", "F"),
        ({"is_provisional": True, "coverage_pct": 90.0}, "142.5", "P", "F"),
        ({"coverage_pct": 90.0}, "142.5", "U", "F"),
        ({"value": None, "coverage_pct": 0.0}, "", "O", "F"),
        ({"value": Decimal(0)}, "0", "A", "F"),
        ({"conf_status": "N"}, "", "Q", "N"),
        ({"conf_status": "D"}, "", "Q", "D"),
        ({"conf_status": "C", "is_provisional": True}, "", "Q", "C"),
        ({"conf_status": "C", "value": None}, "", "O", "C"),
    ],
)
def test_a_row_bears_its_status(
    changed: dict[str, Any], value: str, status: str, confidentiality: str
) -> None:
    row = told(**changed)
    assert (row["OBS_VALUE"], row["OBS_STATUS"], row["CONF_STATUS"]) == (
        value, status, confidentiality,
    )  # fmt: skip
    assert row["OBS_STATUS"] in LISTS["OBS_STATUS"]
    assert row["CONF_STATUS"] in LISTS["CONF_STATUS"]


@pytest.mark.parametrize(
    ("period", "kind", "plan", "freq", "span"),
    [
        ("2025-12", "month", None, "M", "PER"), ("2025-Q4", "quarter", None, "Q", "PER"),
        ("2025-S1", "half", None, "S", "PER"), ("2025", "year", None, "A", "PER"),
        ("2025-11", "ytd", None, "M", "YTD"), ("2025-Q3", "ytd", None, "Q", "YTD"),
        ("2025", "ytd", None, "A", "YTD"), ("2025-06", "plan_to_date", "cf-1", "M", "PTD"),
        ("2025-Q2", "plan_to_date", "cf-1", "Q", "PTD"), ("2024", "plan_to_date", "tl", "A", "PTD"),
    ],
)  # fmt: skip
def test_every_period_has_a_frequency_and_a_span_and_comes_back(
    period: str, kind: str, plan: str | None, freq: str, span: str
) -> None:
    row = told(period_code=period, period_type=kind, plan_code=plan)
    assert (row["FREQ"], row["SPAN"], row["TIME_PERIOD"]) == (freq, span, period)
    assert row["PLAN"] == (plan or "_Z")
    assert period_type(freq, span) == kind


def test_every_code_of_the_statuses_is_used() -> None:
    rows = [told(), told(is_provisional=True), told(coverage_pct=1.0), told(value=None),
            *(told(conf_status=code) for code in "NDC")]  # fmt: skip
    assert {row["OBS_STATUS"] for row in rows} == set(LISTS["OBS_STATUS"])
    assert {row["CONF_STATUS"] for row in rows} == set(LISTS["CONF_STATUS"])
