"""A city whose figures an authority prints: which printing counts, and how it is walked back."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.models.builders import Warehouse, problems
from warehouse.queries.trace.leaves import Row, Scope, terms_of

if TYPE_CHECKING:
    from pathlib import Path

CITY, EAST, WEST, SOUTH = "010100", "010101", "010102", "010103"
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
QUARTERS = [f"2025-Q{quarter}" for quarter in range(1, 5)]
YEAR_2025 = (date(2025, 1, 1), date(2025, 12, 31))


def _define_bodies(world: Warehouse) -> None:
    for code, name, level in (
        (CITY, "甲市", "city"), (EAST, "东县", "county"), (WEST, "西县", "county"),
        (SOUTH, "南县", "county"),
    ):  # fmt: skip
        world.define("units", {
            "unit_code": code, "unit_name_zh": name, "level": level, "city_code": CITY,
            "is_partition_member": str(level == "county").lower(),
        })  # fmt: skip
    world.define("forms", {
        "form_code": "Q", "form_version": "1", "form_zh": "季报", "frequency": "quarter",
        "form_kind": "template", "valid_from": "2020-01-01",
    })  # fmt: skip
    world.define("form_assignments", {
        "form_code": "Q", "unit_level": "county", "first_period_start": "2025-01-01",
    })  # fmt: skip


def _define_figures(world: Warehouse) -> None:
    """What the authority prints (of which types of period), and what the counties file."""
    for element, kind, precedence, printed in (
        ("permits", "flow", "annual", ("month", "year")),
        ("licences", "flow", "months", ("month", "year")),
        ("holdings", "stock", "months", ("month", "year")),
        ("appeals", "flow", "months", ("month",)),
        ("people", "stock", "months", ("year",)),
        ("awards", "flow", "months", ()),
        ("won", "flow", "months", ()),
        ("tried", "flow", "months", ()),
    ):
        world.define("elements", {
            "element_code": element, "element_zh": element, "kind": kind, "unit_zh": "件",
            "is_non_negative": "true", "annual_precedence": precedence,
        })  # fmt: skip
        for period_type in printed:
            world.define("authority_series", {
                "series_code": f"{element}-{period_type}", "form_code": f"RA-{period_type}",
                "item_key": element, "element_code": element, "period_type": period_type,
                "unit_factor": 1,
            })  # fmt: skip
        if printed:
            world.define("sources_of_record", {
                "element_code": element, "city_code": CITY, "source_kind": "authority",
                "valid_from": "2020-01-01",
            })  # fmt: skip
        else:
            world.define("form_elements", {
                "form_code": "Q", "form_version": "1", "row_code": element,
                "element_code": element, "value_column": "current", "unit_factor": 1,
                "is_required": "true",
            })  # fmt: skip
    for indicator, numerator, denominator in (
        ("PERMITS", "permits", None), ("LICENCES", "licences", None),
        ("HOLDINGS", "holdings", None), ("APPEALS", "appeals", None),
        ("AWARDS_PER_HEAD", "awards", "people"), ("WON_PCT", "won", "tried"),
    ):  # fmt: skip
        world.define("indicators", {
            "indicator_code": indicator, "indicator_zh": indicator, "unit_zh": "件",
            "is_ratio": str(denominator is not None).lower(),
            "factor": 100 if indicator == "WON_PCT" else 1, "direction": "up", "decimals": 2,
            "rounding_mode": "half_up", "publish_min_coverage_pct": 50,
            "is_additive": str(denominator is None).lower(),
        })  # fmt: skip
        for role, term in (("numerator", numerator), ("denominator", denominator)):
            if term is not None:
                world.define("indicator_terms", {
                    "indicator_code": indicator, "term_role": role, "term_order": 1,
                    "element_code": term, "coefficient": 1,
                })  # fmt: skip
    world.define("plans", {
        "plan_code": "jia", "city_code": CITY, "plan_zh": "甲市规划", "status_code": "issued",
        "plan_start": "2025-01-01", "plan_end": "2025-12-31",
    })  # fmt: skip
    world.define("plan_targets", {
        "target_code": "T1", "plan_code": "jia", "tier": "table", "target_order": 1,
        "indicator_zh": "累计", "indicator_code": "PERMITS", "unit_zh": "件", "unit_factor": 1,
        "basis": "cumulative", "target_year": 2025, "comparator": ">=", "target_low": 100,
        "target_printed": 100, "direction": "up", "is_aspiration": "false",
        "is_binding": "false",
    })  # fmt: skip


def _print(
    world: Warehouse, element: str, period: str, value: int, *, version: int = 1,
    state: str = "accepted_city",
) -> None:  # fmt: skip
    """One figure of one release, each release a submission of its own."""
    period_type = "month" if "-" in period else "year"
    release = f"{element}-{period}"
    day = date(2026, 1, 10 + version)
    world.insert(
        "submissions", submission_id=f"{release}.v{version}", unit_code="RA", city_code="RA",
        form_code=f"RA-{period_type}", form_version="1", period_code=release, version=version,
        state_code=state, received_at=f"{day} 09:00:00", known_from=f"{day} 09:00:00",
        is_nil_return=False,
    )  # fmt: skip
    world.insert(
        "authority_values", submission_id=f"{release}.v{version}", authority_release_id=release,
        published_on="2026-01-10", area_code=CITY, area_name_zh="甲市", element_code=element,
        period_code=period, period_type=period_type, value_text=str(value), is_derived=False,
    )  # fmt: skip


def _world(home: Path) -> Warehouse:
    world = Warehouse(home, as_of=date(2026, 1, 31))
    _define_bodies(world)
    _define_figures(world)
    for month in MONTHS:
        _print(world, "permits", month, 10)
        _print(world, "licences", month, 10)
        _print(world, "holdings", month, 50)
        state = "passed" if month == "2025-12" else "accepted_city"
        _print(world, "appeals", month, 7, state=state)
    _print(world, "permits", "2025", 121)
    _print(world, "licences", "2025", 121)
    _print(world, "holdings", "2025", 50)
    _print(world, "people", "2025", 40)
    # Another copy of March, which only passed.
    _print(world, "appeals", "2025-03", 9, version=2, state="passed")
    for quarter in QUARTERS:
        for unit, won, tried in ((EAST, "15", "80"), (WEST, "15", "80"), (SOUTH, "50", None)):
            world.file(unit, "Q", quarter, {"awards": "5", "won": won, "tried": tried})
    return world


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = _world(tmp_path_factory.mktemp("authorities"))
    assert problems(world.build()) == []
    return world


def _numerator(city: Warehouse, indicator: str, period: str) -> float:
    [(value,)] = city.query(
        "select numerator from marts.city_indicators"
        " where period_type not in ('ytd', 'plan_to_date')"
        f" and indicator_code = '{indicator}' and period_code = '{period}'"
    )
    return float(value)


def _terms(city: Warehouse, indicator: str) -> dict[str, Row]:
    """The traced terms of a city's year, by element."""
    scope = Scope(CITY, *YEAR_2025)
    with duckdb.connect(str(city.release_file), read_only=True) as connection:
        [is_ratio] = connection.execute(
            "select is_ratio from marts.indicators where indicator_code = ?", [indicator]
        ).fetchone() or [None]
        found = terms_of(connection, {"indicator_code": indicator, "is_ratio": is_ratio}, scope)
    return {term["element_code"]: term for term in found}


@pytest.mark.parametrize(
    ("indicator", "element", "year"),
    [("PERMITS", "permits", 121), ("LICENCES", "licences", 120), ("HOLDINGS", "holdings", 50)],
)
def test_twelve_months_and_a_yearly_figure_of_an_authority_are_never_added(
    city: Warehouse, indicator: str, element: str, year: int
) -> None:
    assert _numerator(city, indicator, "2025") == year
    assert _terms(city, indicator)[element]["value"] == year


def test_a_yearly_figure_of_an_authority_leaves_the_quarters_and_enters_the_plan(
    city: Warehouse,
) -> None:
    assert _numerator(city, "PERMITS", "2025-Q1") == 30
    assert city.query(
        "select actual_value from marts.plan_progress where target_code = 'T1'"
        " and period_code = '2025-12'"
    ) == [(121,)]


def test_an_authoritys_year_beside_its_months_is_a_row_of_the_adjustments(
    city: Warehouse,
) -> None:
    assert city.query(
        "select element_code, periods_source, cast(sum_of_periods as integer),"
        " cast(annual_value as integer), cast(value_in_force as integer), is_annual_in_force,"
        " status_code from marts.annual_adjustments where annual_source = 'authority' order by 1"
    ) == [
        ("holdings", "month", 50, 50, 50, False, "equal"),
        ("licences", "month", 120, 121, 120, False, "adjusted"),
        ("permits", "month", 120, 121, 121, True, "adjusted"),
    ]


def test_a_copy_that_only_passed_never_replaces_the_accepted_one(city: Warehouse) -> None:
    assert _numerator(city, "APPEALS", "2025-03") == 7
    assert _terms(city, "APPEALS")["appeals"]["value"] == 84
    # The comparison shows the newest that was read.
    assert city.query(
        "select cast(theirs as integer), cast(value_in_force as integer), is_provisional"
        " from marts.reconciliation where element_code = 'appeals' and period_code = '2025-03'"
    ) == [(9, 7, False)]


def test_a_figure_no_copy_of_which_is_accepted_counts_and_says_it_is_provisional(
    city: Warehouse,
) -> None:
    assert city.query(
        "select period_code, cast(numerator as integer), is_provisional"
        " from marts.city_indicators where indicator_code = 'APPEALS'"
        " and period_code in ('2025-11', '2025-12') and period_type = 'month' order by 1"
    ) == [("2025-11", 7, False), ("2025-12", 7, True)]


def test_a_county_without_a_denominator_brings_no_numerator_either(city: Warehouse) -> None:
    assert city.query(
        "select value, cast(numerator as integer), cast(denominator as integer), reported_units,"
        " expected_units, matched_value from marts.city_indicators"
        " where indicator_code = 'WON_PCT' and period_code = '2025-Q2' and period_type = 'quarter'"
    ) == [(18.75, 30, 160, 2, 3, None)]
    terms = _terms(city, "WON_PCT")
    assert (terms["won"]["value"], terms["tried"]["value"]) == (120, 640)


def test_a_sum_of_counties_is_divided_by_what_the_authority_prints(city: Warehouse) -> None:
    assert city.query(
        "select value, source_of_record from marts.city_indicators"
        " where indicator_code = 'AWARDS_PER_HEAD' and period_type = 'year'"
        " and period_code = '2025'"
    ) == [(1.5, "authority+sum_of_units")]
    terms = _terms(city, "AWARDS_PER_HEAD")
    assert (terms["awards"]["value"], terms["people"]["value"]) == (60, 40)
    assert [unit["unit_code"] for unit in terms["awards"]["units"]] == [EAST, WEST, SOUTH]
