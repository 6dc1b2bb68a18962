"""Traps of adding, dividing and dating: each with its rows and with what must hold of the build.

`tNN_rows` adds a city to the shared world, `tNN_holds` is called against the built world, sound or
spoilt by a mutation. What each trap is about stands in the docstring of `tNN_holds`.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.conformance.worlds import Indicator, TrapWorld, at


def near(value: float) -> object:
    """A double as computed from the same exact sums."""
    return pytest.approx(value, rel=1e-12)


def t01_rows(world: TrapWorld) -> None:
    world.city(1, 2, {"A": "2024-01-01"})
    for unit, year, closed, accepted in (
        (1, 2024, 90, 100),
        (2, 2024, 1, 10),
        (1, 2025, 10, 10),
        (2, 2025, 20, 100),
    ):
        figures = {"closed": str(closed), "accepted": str(accepted)}
        world.file(at(1, unit), "A", str(year), figures)


def t01_holds(world: TrapWorld) -> None:
    """A city's ratio is pooled, also where every county rises and the city falls (Simpson)."""
    rows = [world.city_value("RATE", 1, str(year), "year") for year in (2024, 2025)]
    assert [row["value"] for row in rows] == [near(100 * 91 / 110), near(100 * 30 / 110)]
    assert [(row["numerator"], row["denominator"]) for row in rows] == [(91, 110), (30, 110)]
    counties = world.query(
        "select unit_code, value from marts.unit_indicators where indicator_code = 'RATE'"
        f" and city_code = '{at(1)}' order by unit_code, period_code"
    )
    assert [value for _, value in counties] == [near(90), near(100), near(10), near(20)]
    for mart in ("city_indicators", "unit_indicators", "plan_progress"):
        assert world.query(f"select 1 from marts.{mart} where is_ratio and is_additive") == []


def t02_rows(world: TrapWorld) -> None:
    world.city(2, 1, {"MS": "2025-01-01"})
    world.people(at(2), 2023, "year_end", 100000, known="2024-04-30")
    world.months(at(2, 1), "MS", "2025-01", [300 + 10 * month for month in range(12)], "stock")


def t02_holds(world: TrapWorld) -> None:
    """A stock over a stock is one figure in month, quarter, half and year: nothing annualised."""
    views = world.query(
        "select period_type, value, denominator from marts.city_indicators"
        f" where city_code = '{at(2)}' and indicator_code = 'PER_10K' and period_end = '2025-12-31'"
        " order by period_type"
    )
    assert views == [(view, 41.0, 10) for view in ("half", "month", "quarter", "year")]


def t03_rows(world: TrapWorld) -> None:
    world.city(3, 1, {"MS": ("2021-07-01", "2021-07-31")})
    world.people(at(3), 2020, "census", 24049200, known="2021-05-20", on="2020-11-01")
    world.people(at(3), 2021, "year_end", 24000000, known="2022-03-01")
    world.file(at(3, 1), "MS", "2021-07", {"stock": "7672"})
    world.plan(3, "2021-01-01", "2021-12-31")
    world.target(3, "half-up", "PER_10K", "level", 2021, "3")
    for place in (303, 403):
        world.city(place, 1, {"MS": ("2022-12-01", "2022-12-31")})
        world.people(at(place), 2020, "census", 2709378, known="2021-05-31", on="2020-11-01")
        world.people(at(place), 2021, "year_end", 2717800, known="2022-04-01")
        world.people(at(place), 2022, "year_end", 2740400, known="2023-04-03")
        world.file(at(place, 1), "MS", "2022-12", {"stock": "2282"})
        world.plan(place, "2022-01-01", "2022-12-31")
        world.target(place, "printed", "PER_10K", "level", 2022, "8")
    world.target(303, "cut", "PER_10K_CUT", "level", 2022, "8")
    world.define("publication_settings", {
        "indicator_code": "PER_10K", "city_code": at(403), "rounding_mode": "truncate",
    })  # fmt: skip


def t03_holds(world: TrapWorld) -> None:
    """A ratio divides by the newest population published by the period's end, and prints as its
    publisher rounds: 7672 / 2404.92 is 3.19; 2282 / 271.78 is 8.39 only when cut off, and never
    8.33, the figure of the same year-end, published after it."""
    printed = world.query(
        "select target_code, actual_printed, denominator_vintage from marts.plan_progress"
        f" where city_code in ('{at(3)}', '{at(303)}', '{at(403)}') order by target_code"
    )
    assert printed == [
        ("3-half-up", "3.19", "2020 census (2021-05-20)"),
        ("303-cut", "8.39", "2021 year_end (2022-04-01)"),
        ("303-printed", "8.40", "2021 year_end (2022-04-01)"),
        ("403-printed", "8.39", "2021 year_end (2022-04-01)"),
    ]


def t04_rows(world: TrapWorld) -> None:
    world.city(4, 1, {"MS": "2025-01-01", "M": "2025-01-01"})
    world.months(at(4, 1), "MS", "2025-01", [50] * 12, "stock")
    world.months(at(4, 1), "M", "2025-01", [2] * 11 + [7], "grants")


def t04_holds(world: TrapWorld) -> None:
    """Twelve equal month-ends give that level for the year; a flow is the sum, not its last."""
    for view, period in (("quarter", "2025-Q1"), ("half", "2025-S2"), ("year", "2025")):
        assert world.city_value("STOCK", 4, period, view)["value"] == 50
    assert world.city_value("GRANTS", 4, "2025", "year")["value"] == 29
    assert world.city_value("GRANTS", 4, "2025-Q4", "quarter")["value"] == 11


def t05_rows(world: TrapWorld) -> None:
    world.city(5, 1, {"QS": "2024-10-01"})
    world.file(at(5, 1), "QS", "2024-Q4", {"staff": "8"})


def t05_holds(world: TrapWorld) -> None:
    """A level is carried for the declared two periods, visibly, and is missing from then on."""
    assert world.query(
        "select period_code, cast(value as integer), obs_status from marts.unit_observations"
        f" where city_code = '{at(5)}' order by period_code"
    ) == [
        ("2024-Q4", 8, "reported"),
        ("2025-Q1", 8, "carried"),
        ("2025-Q2", 8, "carried"),
        ("2025-Q3", None, "missing"),
        ("2025-Q4", None, "missing"),
    ]


def t06_rows(world: TrapWorld) -> None:
    world.city(6, 1, {"M": ("2020-07-01", "2021-06-30")})
    world.months(at(6, 1), "M", "2020-07", [1] * 12, "grants")
    window = "2020-12-16/2021-06-15"
    world.authority("RA6", at(6), "grants", window, "window", 28335, "2021-09-06")
    world.authority("RA6", at(6), "grants", "2021-S1", "half", 6, "2021-09-06")


def t06_holds(world: TrapWorld) -> None:
    """A window of the 16th to the 15th stands with its own days and beside no calendar period."""
    assert world.query(
        "select period_type, period_start, period_end, cast(theirs as integer),"
        " cast(ours as integer), status_code from marts.reconciliation"
        f" where area_code = '{at(6)}' order by period_type"
    ) == [
        ("half", date(2021, 1, 1), date(2021, 6, 30), 6, 6, "equal"),
        ("window", date(2020, 12, 16), date(2021, 6, 15), 28335, None, "ours_not_collected"),
    ]
    assert world.city_value("GRANTS", 6, "2021-S1", "half")["value"] == 6


def t07_rows(world: TrapWorld) -> None:
    world.city(7, 1, {"MY": ("2024-01-01", "2025-03-31")})
    for year, months in ((2024, (4, 4, 2, *[1] * 9)), (2025, (5, 3, 4))):
        total = 0
        for month, grants in enumerate(months, start=1):
            total += grants
            figures = {"grants": str(grants), "grants_ytd": str(total)}
            world.file(at(7, 1), "MY", f"{year}-{month:02d}", figures)


def t07_holds(world: TrapWorld) -> None:
    """Months and year-to-date are one identity, and each grows against its own kind alone."""
    so_far = [
        world.city_value(indicator, 7, f"2025-{month:02d}", "ytd")["value"]
        for indicator in ("GRANTS", "GRANTS_YTD")
        for month in (1, 2, 3)
    ]
    assert so_far == [5, 8, 12] * 2
    month = world.city_value("GRANTS", 7, "2025-03", "month")
    assert (month["same_period_last_year"], month["yoy_pct"]) == (2, 100)
    ytd = world.city_value("GRANTS", 7, "2025-03", "ytd")
    assert (ytd["same_period_last_year"], ytd["yoy_pct"]) == (10, 20)


RUNNING = {"2022-12": 133932, "2023-01": 136232, "2023-12": 156183, "2024-01": 158049}
FLOWS = [2300, *[1813] * 10, 1821, 1866]


def t08_rows(world: TrapWorld) -> None:
    world.city(8, 1, {"MC": ("2022-12-01", "2024-01-31"), "M": ("2023-01-01", "2024-01-31")})
    for period, total in RUNNING.items():
        world.file(at(8, 1), "MC", period, {"running": str(total)})
    world.months(at(8, 1), "M", "2023-01", FLOWS, "grants")


def t08_holds(world: TrapWorld) -> None:
    """A running total is read off, never added; the difference of two is the sum between them."""
    totals = {
        period: world.city_value("RUNNING", 8, period, "month")["value"] for period in RUNNING
    }
    flows = {period: world.city_value("GRANTS", 8, period, "month")["value"]
             for period in ("2023-01", "2024-01")}  # fmt: skip
    assert totals["2023-01"] - flows["2023-01"] == totals["2022-12"] == 133932
    assert totals["2024-01"] - flows["2024-01"] == totals["2023-12"] == 156183
    year = world.city_value("RUNNING", 8, "2023", "year")["value"]
    assert year - totals["2022-12"] == 22251 == sum(FLOWS[:12])
    assert world.city_value("GRANTS", 8, "2023", "year")["value"] == 22251


def t10_rows(world: TrapWorld) -> None:
    world.city(10, 1, {"M": ("2025-03-01", "2025-03-31")})
    unit = at(10, 1)
    world.file(unit, "M", "2025-03", {"grants": "5"}, received="2025-04-03 09:00:00")
    world.file(unit, "M", "2025-03", {"grants": "9"}, version=2, received="2025-06-01 09:00:00")
    world.authority("RA10-1", at(10), "grants", "2025-03", "month", 5, "2025-04-20")
    world.authority("RA10-2", at(10), "grants", "2025-03", "month", 9, "2025-06-20")


def t10_holds(world: TrapWorld) -> None:
    """What was known on a day stays answerable after a silent revision, ours and theirs."""
    for day, known in (
        (datetime(2025, 4, 1), []),
        (datetime(2025, 5, 1), [5]),
        (datetime(2025, 6, 1, 9), [9]),
        (datetime(2026, 1, 1), [9]),
    ):
        found = world.query(
            "select cast(value as integer) from marts.unit_observation_versions"
            f" where city_code = '{at(10)}' and known_from <= timestamp '{day}'"
            f" and (known_to is null or known_to > timestamp '{day}')"
        )
        assert [value for (value,) in found] == known, day
    assert world.query(
        "select authority_release_id, cast(theirs as integer), status_code"
        f" from marts.reconciliation where area_code = '{at(10)}' order by authority_release_id"
    ) == [("RA10-1", 5, "differs"), ("RA10-2", 9, "equal")]


def t22_rows(world: TrapWorld) -> None:
    for place, figures in (
        (22, {2024: (2000, 300), 2025: (1700, 166)}),
        (322, {2024: (0, 0), 2025: (5, 0)}),
        (422, {2024: (-10, 0), 2025: (-12, 0)}),
    ):
        world.city(place, 2, {"AG": ("2024-01-01", "2025-12-31")})
        world.plan(place, "2025-01-01", "2025-12-31")
        world.target(place, "growth", "GRANTS", "growth", 2025, "-20", baseline_year=2024)
        for year, values in figures.items():
            for unit, value in enumerate(values, start=1):
                world.file(at(place, unit), "AG", str(year), {"grants": str(value)})


def t22_holds(world: TrapWorld) -> None:
    """Growth is of the summed levels, 1866 / 2300 − 1 = −18.87 %, not the mean of the counties'
    growths; on a base of 0, below 0 or none it is a status and never a number."""
    city = world.city_value("GRANTS", 22, "2025", "year")
    assert city["yoy_pct"] == pytest.approx(-18.87, abs=0.005)
    assert city["yoy_pct"] != pytest.approx((-15 + 100 * (166 / 300 - 1)) / 2, abs=1)
    statuses = [
        (row["yoy_status"], row["yoy_pct"])
        for row in (
            world.city_value("GRANTS", 22, "2024", "year"),
            world.city_value("GRANTS", 322, "2025", "year"),
            world.city_value("GRANTS", 422, "2025", "year"),
        )
    ]
    assert statuses == [
        ("base_missing", None), ("base_zero", None), ("base_zero", None),
    ]  # fmt: skip
    targets = world.query(
        "select target_code, round(actual_value, 2), status_code, status_reason_zh"
        " from marts.plan_progress"
        " where target_code in ('22-growth', '322-growth', '422-growth') and period_code = '2025'"
        " order by target_code"
    )
    assert targets == [
        ("22-growth", -18.87, "met", "已达到目标"),
        ("322-growth", None, "not_computable", "缺少基期值，或基期值不大于零"),
        ("422-growth", None, "not_computable", "缺少基期值，或基期值不大于零"),
    ]


def t25_rows(world: TrapWorld) -> None:
    world.city(25, 1, {"AG": ("2024-01-01", "2025-12-31")})
    world.define_indicator("REDEFINED", Indicator({"grants": "1"}))
    world.define("definition_changes", {
        "object_kind": "indicator", "object_code": "REDEFINED", "definition_version": "2",
        "changed_on": "2025-01-01", "is_comparable": "false", "change_zh": "口径由有效量改为高价值",
    })  # fmt: skip
    for year, grants in ((2024, 100), (2025, 300)):
        world.file(at(25, 1), "AG", str(year), {"grants": str(grants)})


def t25_holds(world: TrapWorld) -> None:
    """A row carries the version of its definition, and no growth is chained over a break."""
    rows = [world.city_value("REDEFINED", 25, str(year), "year") for year in (2024, 2025)]
    assert [(row["value"], row["definition_version"]) for row in rows] == [(100, "1"), (300, "2")]
    assert (rows[1]["yoy_status"], rows[1]["yoy_pct"]) == ("definition_changed", None)
    other = world.city_value("GRANTS", 25, "2025", "year")
    assert (other["yoy_status"], other["yoy_pct"]) == ("ok", 200)


def t27_rows(world: TrapWorld) -> None:
    world.city(27, 2, {"QF": "2025-01-01"})
    for unit in (1, 2):
        for quarter in (1, 2, 3, 4):
            figures = {"firms": str(10 + unit), "attended": str(100 * unit)}
            world.file(at(27, unit), "QF", f"2025-Q{quarter}", figures)


def t27_holds(world: TrapWorld) -> None:
    """Distinct firms are added neither over counties nor over quarters; attendances are."""
    assert world.query(
        "select distinct value from marts.city_indicators"
        f" where city_code = '{at(27)}' and indicator_code = 'FIRMS'"
    ) == [(None,)]
    assert world.query(
        "select distinct period_type, value from marts.unit_indicators"
        f" where unit_code = '{at(27, 1)}' and indicator_code = 'FIRMS'"
    ) == [("quarter", 11)]
    assert world.city_value("ATTENDED", 27, "2025", "year")["value"] == 1200
