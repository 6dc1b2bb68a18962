"""Operators of VTL (sdmx-twg/vtl, reference manual 2.2) against what our models say."""

from __future__ import annotations

import pytest

from tests.conformance.completeness import ABSENT, CHILDREN, MODES, OURS
from tests.conformance.readings import night, rule
from tests.conformance.suites import FLOW_MONTHS
from tests.conformance.worlds import TrapWorld, at


def test_a_complete_figure_is_the_one_of_non_null() -> None:
    """Hierarchical roll-up: mode by mode, where our complete figure and VTL's differ."""
    assert set(MODES) == {
        "non_null", "non_zero", "partial_null", "partial_zero", "always_null", "always_zero",
    }  # fmt: skip
    complete = {period: value if share == 100 else None for period, (value, share) in OURS.items()}
    differs = {
        mode: [p for p in CHILDREN if (None if row[p] is ABSENT else row[p]) != complete[p]]
        for mode, row in MODES.items()
    }
    assert differs == {
        "non_null": [],
        "partial_null": [],
        "always_null": [],
        "non_zero": ["2025-02", "2025-05"],
        "partial_zero": ["2025-02", "2025-04"],
        "always_zero": ["2025-02", "2025-04", "2025-07"],
    }


@pytest.mark.parametrize("mode", ["non_zero", "partial_zero", "always_zero"])
def test_no_zero_is_ever_put_in_the_place_of_a_missing_child(city: TrapWorld, mode: str) -> None:
    """Where every child is missing a zero mode may say 0; our row says null and covers 0 %."""
    nothing = [p for p, children in CHILDREN.items() if not any(type(c) is int for c in children)]
    assert nothing == ["2025-07", "2025-08", "2025-09"]
    for period in nothing:
        row = city.city_value("GRANTS", 29, period, "month")
        assert (row["value"], row["coverage_pct"]) == (None, 0)
    assert MODES[mode]["2025-07"] in (0, ABSENT)


def test_flow_to_stock_goes_on_after_a_hole_and_says_so(city: TrapWorld) -> None:
    """Flow to stock: VTL leaves the point of an unknown flow unknown and adds on after it. Ours
    has the same sums; from the hole on they are incomplete, as no coverage of 100 % stands there
    again within the year."""
    theirs = [2, 7, None, 11, 8]
    rows = [city.city_value("GRANTS", 501, month, "ytd") for month in FLOW_MONTHS]
    assert [row["value"] for row in rows] == [2, 7, 7, 11, 8]
    assert [a for a, b in zip(rows, theirs, strict=True) if b not in (None, a["value"])] == []
    assert [row["coverage_pct"] for row in rows] == [100, 100, 0, 0, 0]


def test_plan_to_date_is_the_same_operator_from_the_plans_first_period(city: TrapWorld) -> None:
    rows = city.query(
        "select period_code, value from marts.city_indicators where indicator_code = 'GRANTS'"
        f" and city_code = '{at(501)}' and period_type = 'plan_to_date' and plan_code = 'plan-501'"
        " order by period_end"
    )
    assert [(p, v) for p, v in rows if p in FLOW_MONTHS] == [
        ("2025-02", 5), ("2025-03", 5), ("2025-04", 9), ("2025-05", 6),
    ]  # fmt: skip


def test_stock_to_flow_is_only_judged_where_both_ends_are_known() -> None:
    """Stock to flow: a difference with an unknown end is unknown. Ours derives no flow from stocks;
    the identity end = start + new − lapsed is a rule, and is not judged on half of it."""
    filed = night(
        S2F=rule("inv_valid_stock", "=", "prev(inv_valid_stock) + inv_valid_new - inv_valid_lapsed")
    )
    for unit, start, end, new in (
        ("150402", "10", "15", "5"),
        ("150403", "10", "15", "4"),
        ("150404", None, "15", "5"),
    ):
        if start:
            filed.know(unit, "IP-Q1", "2024-Q4", {"inv_valid_stock": start})
        filed.file(unit, "IP-Q1", "2025-Q1", {"inv_valid_stock": end, "inv_valid_new": new})
    result = filed.validate()
    assert result.evaluated.row(0) == ("S2F", "IP-Q1", 2, 1, 1)
    assert result.findings["unit_code"].to_list() == ["150403"]


def test_fill_time_series_is_the_grid_of_what_was_owed(city: TrapWorld) -> None:
    """Fill time series: `single` fills between a series' own ends, `all` between the data set's.
    Ours fills every owed period, known beforehand, and never a period nobody owed."""
    series = {
        unit: [
            value if value is None else int(value)
            for (value,) in city.query(
                "select value from marts.unit_observations"
                f" where unit_code = '{at(502, unit)}' order by period_code"
            )
        ]
        for unit in (1, 2)
    }
    assert series == {1: [None, 7, None, None], 2: [1, None, 3, None]}
    single = {1: [7], 2: [1, None, 3]}
    for unit, filled in single.items():
        own = series[unit]
        known = [place for place, value in enumerate(own) if value is not None]
        assert own[known[0] : known[-1] + 1] == filled
    assert city.query(
        "select distinct obs_status from marts.unit_observations"
        f" where city_code = '{at(502)}' and value is null"
    ) == [("missing",)]


def test_time_aggregation_adds_what_is_there_and_says_what_is_not(city: TrapWorld) -> None:
    """Time aggregation by sum skips nulls: the same figure here, beside a coverage below 100 %."""
    quarter = city.city_value("GRANTS", 501, "2025-Q1", "quarter")
    assert (quarter["value"], quarter["coverage_pct"]) == (7, 0)
    whole = city.city_value("GRANTS", 7, "2025-Q1", "quarter")
    assert (whole["value"], whole["coverage_pct"]) == (12, 100)
