"""Which of several figures of one year stand below a traced number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from warehouse.queries.trace.leaves import Scope, chosen, printed, two_sided

CITY, EAST, WEST = "010100", "010101", "010102"
YEAR = Scope(city_code=CITY, start=date(2024, 1, 1), end=date(2024, 12, 31))


def _leaf(unit: str, period: str, value: int, obs_status: str = "reported") -> dict[str, Any]:
    if "Q" in period:
        quarter = int(period[-1])
        start, end = date(2024, 3 * quarter - 2, 1), date(2024, 3 * quarter, 28)
        kind = "quarter"
    else:
        start, end, kind = date(2024, 1, 1), date(2024, 12, 31), "year"
    return {
        "unit_code": unit, "body_code": unit, "period_code": period, "period_type": kind,
        "period_start": start, "period_end": end, "value": value, "obs_status": obs_status,
    }  # fmt: skip


QUARTERS = [_leaf(unit, f"2024-Q{n}", n) for unit in (EAST, WEST) for n in (1, 2, 3, 4)]
EAST_YEAR, EAST_AFTERWARDS = _leaf(EAST, "2024", 11), _leaf(EAST, "2024", 12, "history")
CITY_AFTERWARDS = _leaf(CITY, "2024", 30, "history")

Choices = Mapping[tuple[str, int, str], bool]


@pytest.mark.parametrize(
    ("leaves", "choices", "total"),
    [
        pytest.param(QUARTERS, {}, 20, id="quarters alone"),
        pytest.param([EAST_YEAR], {}, 11, id="a year alone"),
        pytest.param([*QUARTERS, EAST_YEAR], {(EAST, 2024, "year"): True}, 21, id="annual rules"),
        pytest.param([*QUARTERS, EAST_YEAR], {(EAST, 2024, "year"): False}, 20, id="months rule"),
        pytest.param(
            [*QUARTERS, EAST_AFTERWARDS], {(EAST, 2024, "history"): True}, 22, id="history"
        ),
        pytest.param(
            [*QUARTERS, CITY_AFTERWARDS], {(CITY, 2024, "history"): True}, 30, id="the city's own"
        ),
        pytest.param(
            [*QUARTERS, CITY_AFTERWARDS, EAST_AFTERWARDS],
            {(CITY, 2024, "history"): False, (EAST, 2024, "history"): True},
            22,
            id="a unit's own where the city's is not taken",
        ),
    ],
)
def test_one_figure_stands_for_a_year(
    leaves: list[dict[str, Any]], choices: Choices, total: int
) -> None:
    found = chosen(leaves, choices, YEAR, is_summed=True)
    assert sum(leaf["value"] for leaf in found) == total


def test_a_years_figure_is_no_part_of_a_quarter() -> None:
    quarter = Scope(city_code=CITY, start=date(2024, 10, 1), end=date(2024, 12, 31))
    leaves = [_leaf(EAST, "2024-Q4", 4), EAST_AFTERWARDS]
    found = chosen(leaves, {(EAST, 2024, "history"): True}, quarter, is_summed=True)
    assert [leaf["value"] for leaf in found] == [4]


RECODED = [leaf | {"body_code": EAST} for leaf in QUARTERS]
WEST_YEAR, WEST_MISSING = (
    _leaf(WEST, "2024", 25) | {"body_code": EAST},
    _leaf(WEST, "2024", 0) | {"body_code": EAST, "value": None},
)


@pytest.mark.parametrize(
    ("leaves", "choices", "total"),
    [
        pytest.param(
            [*RECODED, WEST_YEAR], {(WEST, 2024, "year"): True}, 25,
            id="beside months under its own code too",
        ),
        pytest.param([*RECODED[:4], WEST_YEAR], {}, 25, id="beside months of the former code only"),
        pytest.param(
            [*RECODED, WEST_YEAR], {(WEST, 2024, "year"): False}, 20, id="not where months rule"
        ),
        pytest.param([*RECODED, WEST_MISSING], {}, 20, id="not where it was never filed"),
    ],
)  # fmt: skip
def test_a_yearly_figure_tells_the_year_of_a_recoded_body(
    leaves: list[dict[str, Any]], choices: Choices, total: int
) -> None:
    found = chosen(leaves, choices, YEAR, is_summed=True)
    assert sum(leaf["value"] for leaf in found if leaf["value"] is not None) == total
    second_half = Scope(city_code=CITY, start=date(2024, 7, 1), end=date(2024, 12, 31))
    half = [leaf for leaf in leaves if leaf["period_end"] > date(2024, 6, 30)]
    told = [leaf for leaf in chosen(half, choices, second_half, is_summed=True) if leaf["value"]]
    assert [leaf for leaf in told if leaf["period_type"] == "quarter"] == [
        leaf for leaf in half if leaf["period_type"] == "quarter"
    ]


def test_a_level_is_that_of_the_last_day_only() -> None:
    june, december = (
        _leaf(unit, "2024", 100) | {"period_type": "month", "period_end": date(2024, month, 30)}
        for unit, month in ((EAST, 6), (WEST, 12))
    )
    to_that_day = Scope(city_code=CITY, start=date(2024, 1, 1), end=date(2024, 12, 30))
    assert chosen([june, december], {}, to_that_day, is_summed=False) == [december]


@pytest.mark.parametrize(("has_left", "total"), [(True, 18), (False, 12)])
def test_a_unit_that_left_keeps_its_flow_without_a_level(has_left: bool, total: int) -> None:
    def unit(code: str, value: int, *, has_left: bool = False) -> dict[str, Any]:
        leaf = {"level_code": "county", "has_left": has_left, "value": value}
        return {"unit_code": code, "value": value, "leaves": [leaf]}

    flow = [unit(EAST, 6, has_left=has_left), unit(WEST, 12)]
    found = two_sided(
        [
            {"term_role": "numerator", "units": flow},
            {"term_role": "denominator", "units": [unit(WEST, 100)]},
        ]
    )
    assert [term["value"] for term in found] == [total, 100]


PRINTED_QUARTERS = [_leaf(CITY, f"2024-Q{n}", n, "authority") for n in (1, 2, 3, 4)]
PRINTED_YEAR = _leaf(CITY, "2024", 11, "authority")


@pytest.mark.parametrize(
    ("leaves", "choices", "total"),
    [
        pytest.param([*PRINTED_QUARTERS, PRINTED_YEAR], {}, 10, id="the finest complete"),
        pytest.param(
            [*PRINTED_QUARTERS, PRINTED_YEAR], {(CITY, 2024, "authority"): True}, 11,
            id="annual rules",
        ),
        pytest.param([*PRINTED_QUARTERS[:3], PRINTED_YEAR], {}, 11, id="a quarter is missing"),
        pytest.param(PRINTED_QUARTERS[:3], {}, 6, id="what there is"),
        pytest.param(
            [*PRINTED_QUARTERS, PRINTED_QUARTERS[3] | {"period_type": "window", "value": 99}],
            {}, 10, id="a special window",
        ),
    ],
)  # fmt: skip
def test_of_what_an_authority_prints_one_way_stands_for_a_year(
    leaves: list[dict[str, Any]], choices: Choices, total: int
) -> None:
    found = printed(leaves, choices, YEAR, is_summed=True)
    assert sum(leaf["value"] for leaf in found) == total


def test_a_printed_year_is_no_part_of_a_quarter_and_a_level_is_read_once() -> None:
    leaves = [*PRINTED_QUARTERS, PRINTED_YEAR]
    quarter = Scope(city_code=CITY, start=date(2024, 10, 1), end=date(2024, 12, 31))
    ends = [leaf | {"period_end": date(2024, 12, 31)} for leaf in (leaves[3], PRINTED_YEAR)]
    assert printed(ends, {}, quarter, is_summed=True) == ends[:1]
    assert printed(ends, {}, YEAR, is_summed=False) == ends[:1]
    assert printed(ends, {(CITY, 2024, "authority"): True}, YEAR, is_summed=False) == ends[1:]
