"""Traps of one body under two codes or in two cities: what it says twice of one year counts once.

A yearly figure filed under the later code tells the whole year; what a body brought before it ended
stays its city's, also where the other side of a ratio is a level of the last day.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb

from tests.conformance.borders import _changed
from tests.conformance.sums import near
from tests.conformance.worlds import Indicator, TrapWorld, at
from warehouse.queries.trace.arithmetic import combined
from warehouse.queries.trace.leaves import Scope, terms_of

_JULY = "2025-07-01"
_YEAR = ("2025-01-01", "2025-12-31")
# Told by one figure a year after months with a gap; told by history under the later code.
_TOLD, _PAST = 621, 622
# A county moves from a city that files by months to one that files by quarters.
_MONTHLY, _QUARTERLY = 623, 624
_RECODED, _MERGED, _LEVELLED, _ANNUAL = 625, 626, 627, 632
# A zone comes out of its host: in a city that stays, and in one where another unit is recoded too.
_CARVED, _CARVED_BESIDE = 628, 629
# A county moves, and files its year in one figure that counts before its months.
_LEFT, _JOINED = 630, 631


def _recoded(world: TrapWorld, place: int) -> None:
    # 1 is recoded to 2; 3 stays as it was.
    world.city(place, 0)
    world.unit(place, 1, "county", valid_to=_JULY)
    world.unit(place, 2, "county", valid_from=_JULY)
    world.unit(place, 3, "county")
    _changed(world, "recode", _JULY, at(place, 1), at(place, 2))


def t12_told_rows(world: TrapWorld) -> None:
    for code, frequency, kind in (("QG", "quarter", "template"), ("HG", "year", "history")):
        world.define("forms", {
            "form_code": code, "form_version": "1", "form_zh": code, "frequency": frequency,
            "form_kind": kind, "valid_from": "2015-01-01",
        })  # fmt: skip
        world.define("form_elements", {
            "form_code": code, "form_version": "1", "row_code": "01", "element_code": "grants",
            "value_column": "current", "unit_factor": 1, "is_required": "true",
        })  # fmt: skip
    for place, november in ((_TOLD, None), (_PAST, 10)):
        _recoded(world, place)
        world.owes(place, "county", "M", *_YEAR)
        world.months(at(place, 1), "M", "2025-01", [10] * 6, "grants")
        world.months(at(place, 2), "M", "2025-07", [10] * 4 + [november, 10], "grants")
        world.months(at(place, 3), "M", "2025-01", [1] * 12, "grants")
        world.plan(place, "2025-01-01" if place == _TOLD else "2024-01-01", "2025-12-31")
        world.target(place, "SUM", "GRANTS", "cumulative", 2025, "1000")
        world.target(place, "EACH", "GRANTS", "per_unit", 2025, "12")
    world.owes(_TOLD, "county", "AG", *_YEAR)
    world.file(at(_TOLD, 2), "AG", "2025", {"grants": "120"})
    world.file(at(_TOLD, 3), "AG", "2025", {"grants": "12"})
    world.file(at(_PAST, 2), "HG", "2024", {"grants": "120"})
    world.file(at(_PAST, 3), "HG", "2024", {"grants": "12"})
    for place, form in ((_MONTHLY, "M"), (_QUARTERLY, "QG")):
        world.city(place, 0)
        world.unit(place, 1, "county")
        world.owes(place, "county", form, *_YEAR)
    world.unit(_MONTHLY, 2, "county", valid_to=_JULY)
    world.unit(_MONTHLY, 2, "county", valid_from=_JULY, city_code=at(_QUARTERLY))
    moved = at(_MONTHLY, 2)
    _changed(world, "transfer", _JULY, moved, moved)
    world.months(at(_MONTHLY, 1), "M", "2025-01", [1] * 12, "grants")
    for quarter in range(1, 5):
        world.file(at(_QUARTERLY, 1), "QG", f"2025-Q{quarter}", {"grants": "3"})
    for month in range(1, 7):
        world.file(moved, "M", f"2025-{month:02d}", {"grants": "10"}, city=at(_MONTHLY))
    for quarter in (3, 4):
        world.file(moved, "QG", f"2025-Q{quarter}", {"grants": "30"}, city=at(_QUARTERLY))


def t12_told_holds(world: TrapWorld) -> None:
    """A yearly figure under the later code holds the months under the former; a past year told
    under the later code lacks nobody; a county that files by other periods in its new city counts
    in both."""
    for place, period, view, value in (
        (_TOLD, "2025", "year", 132), (_TOLD, "2025-12", "plan_to_date", 132),
        (_PAST, "2024", "year", 132), (_PAST, "2025", "year", 132),
        (_PAST, "2025-12", "plan_to_date", 264), (_MONTHLY, "2025", "year", 72),
        (_QUARTERLY, "2025", "year", 72),
    ):  # fmt: skip
        row = world.city_value("GRANTS", place, period, view)
        assert (row["value"], row["coverage_pct"], row["missing_units_zh"]) == (
            value, 100, None,
        ), (place, period)  # fmt: skip
    assert world.query(
        "select unit_code, actual_value from marts.unit_progress"
        f" where target_code = '{_TOLD}-EACH' order by unit_code"
    ) == [(at(_TOLD, 2), 120), (at(_TOLD, 3), 12)]


def t12_levels_rows(world: TrapWorld) -> None:
    world.define_indicator("PER_STOCK", Indicator({"grants": "1"}, {"stock": "1"}, "1", 2))
    _recoded(world, _RECODED)
    world.city(_MERGED, 0)
    world.unit(_MERGED, 1, "county", valid_to=_JULY)
    world.unit(_MERGED, 2, "county")
    _changed(world, "merge", _JULY, at(_MERGED, 1), at(_MERGED, 2))
    world.city(_LEVELLED, 1)
    world.unit(_LEVELLED, 2, "zone", valid_to=_JULY)
    world.unit(_LEVELLED, 2, "county", valid_from=_JULY)
    for form, element, scale in (("M", "grants", 1), ("MS", "stock", 10)):
        for place in (_RECODED, _MERGED, _LEVELLED):
            world.owes(place, "county", form, *_YEAR)
        world.owes(_LEVELLED, "zone", form, *_YEAR)
        for place, unit, first, values in (
            (_RECODED, 1, 1, [10] * 6), (_RECODED, 2, 7, [10] * 6), (_RECODED, 3, 1, [10] * 12),
            (_MERGED, 1, 1, [10] * 6), (_MERGED, 2, 1, [10] * 6 + [20] * 6),
            (_LEVELLED, 1, 1, [10] * 12), (_LEVELLED, 2, 1, [40] * 12),
        ):  # fmt: skip
            filed = [value * scale for value in values]
            world.months(at(place, unit), form, f"2025-{first:02d}", filed, element)
    world.plan(_RECODED, *_YEAR)
    world.target(_RECODED, "EACH", "PER_STOCK", "per_unit", 2025, "1.2")


def t12_levels_holds(world: TrapWorld) -> None:
    """A year's flow over a level of its last day holds the flow of those that ended, merged or
    took another code or rank before that day."""
    for place, numerator, denominator in (
        (_RECODED, 240, 200), (_MERGED, 240, 200), (_LEVELLED, 600, 500),
    ):  # fmt: skip
        row = world.city_value("PER_STOCK", place, "2025", "year")
        assert (row["numerator"], row["denominator"]) == (numerator, denominator), place
        assert (row["value"], row["coverage_pct"]) == (near(1.2), 100)
    assert world.city_value("PER_STOCK", _LEVELLED, "2025", "year")["expected_units"] == 2
    assert world.query(
        "select unit_code, numerator, denominator, status_code from marts.unit_progress"
        f" where target_code = '{_RECODED}-EACH' order by unit_code"
    ) == [(at(_RECODED, 2), 120, 100, "met"), (at(_RECODED, 3), 120, 100, "met")]


def t13_carved_rows(world: TrapWorld) -> None:
    # 2 lies inside 1, which counts it, and stands by itself from July on.
    for place in (_CARVED, _CARVED_BESIDE):
        world.city(place, 1)
        inside = {"host_unit_code": at(place, 1), "is_partition_member": "false"}
        world.unit(place, 2, "zone", zone_relation="inside", valid_to=_JULY, **inside)
        own = inside | {"is_partition_member": "true"}
        world.unit(place, 2, "zone", zone_relation="carved_out", valid_from=_JULY, **own)
        for level in ("county", "zone"):
            for form in ("M", "MS"):
                world.owes(place, level, form, *_YEAR)
        world.months(at(place, 1), "M", "2025-01", [10] * 12, "grants")
        world.months(at(place, 1), "MS", "2025-01", [100] * 12, "stock")
        world.months(at(place, 2), "MS", "2025-01", [30] * 12, "stock")
        world.plan(place, *_YEAR)
        world.target(place, "SUM", "GRANTS", "cumulative", 2025, "138")
        world.target(place, "EACH", "GRANTS", "per_unit", 2025, "36")
    world.months(at(_CARVED, 2), "M", "2025-01", [3] * 12, "grants")
    # The other files nothing while its host counts it, but its last month.
    world.months(at(_CARVED_BESIDE, 2), "M", "2025-06", [3] * 7, "grants")
    world.unit(_CARVED_BESIDE, 3, "county", valid_to="2025-10-01")
    world.unit(_CARVED_BESIDE, 4, "county", valid_from="2025-10-01")
    _changed(world, "recode", "2025-10-01", at(_CARVED_BESIDE, 3), at(_CARVED_BESIDE, 4))
    for unit, first, count in ((3, "2025-01", 9), (4, "2025-10", 3)):
        world.months(at(_CARVED_BESIDE, unit), "M", first, [1] * count, "grants")
        world.months(at(_CARVED_BESIDE, unit), "MS", first, [10] * count, "stock")


def t13_carved_holds(world: TrapWorld) -> None:
    """A zone that comes out of its host within a year counts beside it from then on: the city has
    of it the months in which it was a member, the zone's own figure is whole."""
    for place, other in ((_CARVED, 0), (_CARVED_BESIDE, 1)):
        for period, view, value, units in (
            ("2025-06", "month", 10 + other, 1 + other),
            ("2025-S1", "half", 60 + 6 * other, 1 + other),
            ("2025-S2", "half", 78 + 6 * other, 2 + 2 * other),
            ("2025-09", "ytd", 99 + 9 * other, 2 + other),
            ("2025", "year", 138 + 12 * other, 2 + 2 * other),
            ("2025-12", "plan_to_date", 138 + 12 * other, 2 + 2 * other),
        ):  # fmt: skip
            row = world.city_value("GRANTS", place, period, view)
            found = (row["value"], row["expected_units"], row["coverage_pct"])
            assert found == (value, units, 100), (place, period)
        assert world.city_value("STOCK", place, "2025", "year")["value"] == 130 + 10 * other
        each = world.query(
            "select unit_code, actual_value, status_code from marts.unit_progress"
            f" where target_code = '{place}-EACH' and unit_code = '{at(place, 2)}'"
        )
        assert each == [
            (at(place, 2), 36, "met") if not other else (at(place, 2), 21, "incomplete")
        ]
    assert world.query(
        "select period_code, is_partition_member, numerator from marts.unit_indicators"
        f" where unit_code = '{at(_CARVED, 2)}' and indicator_code = 'GRANTS'"
        " and period_type in ('half', 'year') and plan_code is null order by period_code"
    ) == [("2025", True, 36), ("2025-S1", False, 18), ("2025-S2", True, 18)]
    assert world.city_value("GRANTS", _CARVED, "2025", "year")["is_additive"] is False
    for period, view, value in (("2025-S1", "half", 66), ("2025", "year", 150)):
        as_is = world.only(
            "select value, coverage_pct from marts.city_indicators_as_is where indicator_code ="
            f" 'GRANTS' and city_code = '{at(_CARVED_BESIDE)}' and period_code = '{period}'"
            f" and period_type = '{view}'"
        )
        assert as_is == {"value": value, "coverage_pct": 100}


def t12_annual_rows(world: TrapWorld) -> None:
    for code, frequency in (("MA", "month"), ("AA", "year")):
        world.define("forms", {
            "form_code": code, "form_version": "1", "form_zh": code, "frequency": frequency,
            "form_kind": "template", "valid_from": "2015-01-01",
        })  # fmt: skip
        world.define("form_elements", {
            "form_code": code, "form_version": "1", "row_code": "01", "element_code": "apps",
            "value_column": "current", "unit_factor": 1, "is_required": "true",
        })  # fmt: skip
    world.define("elements", {
        "element_code": "apps", "element_zh": "apps", "kind": "flow", "unit_zh": "件",
        "is_non_negative": "true", "annual_precedence": "annual",
    })  # fmt: skip
    world.define_indicator("APPS", Indicator({"apps": "1"}))
    for place in (_LEFT, _JOINED):
        world.city(place, 1)
        world.plan(place, *_YEAR)
        world.target(place, "SUM", "APPS", "cumulative", 2025, "1")
        for form in ("MA", "AA"):
            world.owes(place, "county", form, *_YEAR)
        world.months(at(place, 1), "MA", "2025-01", [10] * 12, "apps")
        world.file(at(place, 1), "AA", "2025", {"apps": "125"})
    moved = at(_LEFT, 2)
    world.unit(_LEFT, 2, "county", valid_to=_JULY)
    world.unit(_LEFT, 2, "county", valid_from=_JULY, city_code=at(_JOINED))
    _changed(world, "transfer", _JULY, moved, moved)
    for month in range(1, 13):
        city = at(_LEFT) if month < 7 else at(_JOINED)
        world.file(moved, "MA", f"2025-{month:02d}", {"apps": "10"}, city=city)
    world.file(moved, "AA", "2025", {"apps": "125"}, city=at(_JOINED))


def t12_annual_holds(world: TrapWorld) -> None:
    """Of a county that moved and tells its year in one figure the former city keeps its months and
    the last one has the rest, in the year and in the plan to date alike."""
    for place, value in ((_LEFT, 185), (_JOINED, 190)):
        for period, view in (("2025", "year"), ("2025-12", "plan_to_date")):
            row = world.city_value("APPS", place, period, view)
            found = (row["value"], row["expected_units"], row["coverage_pct"])
            assert found == (value, 2, 100), (place, view)
        year = Scope(at(place), date(2025, 1, 1), date(2025, 12, 31))
        with duckdb.connect(str(world.release_file), read_only=True) as connection:
            [term] = terms_of(connection, {"indicator_code": "APPS"}, year)
        assert sorted(unit["value"] for unit in term["units"]) == [value - 125, 125], place
    unit = world.only(
        "select city_code, value from marts.unit_indicators where indicator_code = 'APPS'"
        f" and unit_code = '{at(_LEFT, 2)}' and period_type = 'year'"
    )
    assert unit == {"city_code": at(_JOINED), "value": 125}
    assert world.query(
        "select sum_of_periods, annual_value, value_in_force from marts.annual_adjustments"
        f" where unit_code = '{at(_LEFT, 2)}' and element_code = 'apps'"
    ) == [(120, 125, 125)]
    for place, value in ((_LEFT, 125), (_JOINED, 250)):
        as_is = world.only(
            "select value, coverage_pct from marts.city_indicators_as_is where indicator_code ="
            f" 'APPS' and city_code = '{at(place)}' and period_type = 'year'"
        )
        assert as_is == {"value": value, "coverage_pct": 100}


def t12_traced_rows(world: TrapWorld) -> None:
    # The yearly form rules, though the months under both codes are whole.
    world.define("elements", {
        "element_code": "ruled", "element_zh": "ruled", "kind": "flow", "unit_zh": "件",
        "is_non_negative": "true", "annual_precedence": "annual",
    })  # fmt: skip
    world.define_indicator("RULED", Indicator({"ruled": "1"}))
    _recoded(world, _ANNUAL)
    for code, frequency in (("MR", "month"), ("AR", "year")):
        world.define("forms", {
            "form_code": code, "form_version": "1", "form_zh": code, "frequency": frequency,
            "form_kind": "template", "valid_from": "2015-01-01",
        })  # fmt: skip
        world.define("form_elements", {
            "form_code": code, "form_version": "1", "row_code": "01", "element_code": "ruled",
            "value_column": "current", "unit_factor": 1, "is_required": "true",
        })  # fmt: skip
        world.owes(_ANNUAL, "county", code, *_YEAR)
    for unit, first, months in ((1, 1, [10] * 6), (2, 7, [10] * 6), (3, 1, [1] * 12)):
        world.months(at(_ANNUAL, unit), "MR", f"2025-{first:02d}", months, "ruled")
    for unit, year in ((2, "125"), (3, "13")):
        world.file(at(_ANNUAL, unit), "AR", "2025", {"ruled": year})
    world.plan(_ANNUAL, *_YEAR)
    world.target(_ANNUAL, "EACH", "RULED", "per_unit", 2025, "13")


def _traced(
    world: TrapWorld, place: int, indicator: str, since: int = 2025
) -> tuple[float | None, dict[str, int]]:
    """A city's figure to the end of 2025 added up from its leaves; how many each unit has above."""
    [[is_ratio]] = world.query(
        f"select is_ratio from marts.indicators where indicator_code = '{indicator}'"
    )
    scope = Scope(at(place), date(since, 1, 1), date(2025, 12, 31))
    with duckdb.connect(str(world.release_file), read_only=True) as connection:
        terms = terms_of(connection, {"indicator_code": indicator, "is_ratio": is_ratio}, scope)
    leaves = {one["unit_code"]: len(one["leaves"]) for one in terms[0]["units"]}
    found = combined(terms, Decimal(1), is_ratio=bool(is_ratio))
    return None if found is None else float(found), leaves


def t12_traced_holds(world: TrapWorld) -> None:
    """A trace finds below a city's figure what the city added of a body that was recoded, merged or
    moved: its year once, its level of the last day only, and the flow it brought before."""
    for place, indicator, leaves in (
        (_TOLD, "GRANTS", {2: 1, 3: 12}), (_ANNUAL, "RULED", {2: 1, 3: 1}),
        (_PAST, "GRANTS", {1: 6, 2: 6, 3: 12}), (_MONTHLY, "GRANTS", {1: 12, 2: 6}),
        (_QUARTERLY, "GRANTS", {1: 4}), (_RECODED, "STOCK", {2: 1, 3: 1}),
        (_MERGED, "STOCK", {2: 1}), (_RECODED, "PER_STOCK", {1: 6, 2: 6, 3: 12}),
        (_MERGED, "PER_STOCK", {1: 6, 2: 12}), (_LEVELLED, "PER_STOCK", {1: 12, 2: 12}),
    ):  # fmt: skip
        expected = {at(place, unit): number for unit, number in leaves.items()}
        if place == _QUARTERLY:
            expected[at(_MONTHLY, 2)] = 2
        found, counted = _traced(world, place, indicator)
        published = world.city_value(indicator, place, "2025", "year")["value"]
        assert (found, counted) == (near(published), expected), (place, indicator)
    to_date = world.city_value("GRANTS", _PAST, "2025-12", "plan_to_date")["value"]
    assert _traced(world, _PAST, "GRANTS", since=2024)[0] == near(to_date)
    year = Scope(at(_ANNUAL), date(2025, 1, 1), date(2025, 12, 31))
    bound = world.query(
        "select unit_code, string_split(filed_unit_codes, '|'), actual_value"
        f" from marts.unit_progress where target_code = '{_ANNUAL}-EACH' order by unit_code"
    )
    assert [(unit, actual) for unit, _, actual in bound] == [
        (at(_ANNUAL, 2), 125),
        (at(_ANNUAL, 3), 13),
    ]
    with duckdb.connect(str(world.release_file), read_only=True) as connection:
        for unit, codes, actual in bound:
            [term] = terms_of(connection, {"indicator_code": "RULED"}, year.of_unit(unit, codes))
            assert term["value"] == actual
