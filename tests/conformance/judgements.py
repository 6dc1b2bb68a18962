"""Traps of judging: comparators, direction, rounding, units, and one truth for every reader."""

from __future__ import annotations

from tests.conformance.worlds import TrapWorld, at


def t21_rows(world: TrapWorld) -> None:
    world.city(21, 1, {"QP": "2025-01-01", "MS": ("2025-12-01", "2025-12-31")})
    for quarter, pledge in enumerate(("10000", "10000", "10000", "1700"), start=1):
        world.file(at(21, 1), "QP", f"2025-Q{quarter}", {"pledge": pledge})
    world.file(at(21, 1), "MS", "2025-12", {"stock": "60000"})
    world.plan(21, "2025-01-01", "2025-12-31")
    for name, indicator, basis, low in (
        ("yi", "PLEDGE", "annual_flow", "3.17"),
        ("wan", "STOCK", "level", "6"),
    ):
        world.target(21, name, indicator, basis, 2025, low, unit_factor=10000)


def t21_holds(world: TrapWorld) -> None:
    """万元 are filed, 亿元 printed; 6 万件 are 60000 件: converted once, by a declared factor."""
    assert world.query(
        "select target_code, actual_printed, status_code from marts.plan_table"
        f" where city_code = '{at(21)}' order by target_code"
    ) == [("21-wan", "6.00", "met"), ("21-yi", "3.17", "met")]


# name: indicator (X1.5 has the value 1.5), comparator, low, high, more → status at the deadline
COMPARISONS = {
    "range-1": ("X1", "range", "1", {"target_high": 2}, "met"),
    "range-2": ("X2", "range", "1", {"target_high": 2}, "met"),
    "range-3": ("X3", "range", "1", {"target_high": 2}, "met"),
    "range-0": ("X0", "range", "1", {"target_high": 2}, "not_met"),
    "over": ("X1.5", ">", "1.5", {}, "not_met"),
    "over-2": ("X2", ">", "1.5", {}, "met"),
    "at-least": ("X1.5", ">=", "1.5", {}, "met"),
    "equal": ("X2", "=", "2", {}, "met"),
    "equal-3": ("X3", "=", "2", {}, "not_met"),
    "about-9": ("X9", "about", "10", {"tolerance_pct": 10}, "met"),
    "about-9-none": ("X9", "about", "10", {"tolerance_pct": 5}, "not_met"),
    "about-12": ("X12", "about", "10", {"tolerance_pct": 10}, "met"),
    "above-outside": ("X3", "relative", "", {"relative_indicator_code": "OUTSIDE"}, "met"),
    "level-outside": ("X2", "relative", "", {"relative_indicator_code": "OUTSIDE"}, "not_met"),
    "zero": ("X0", ">=", "0", {}, "met"),
    "zero-none": ("X0", "=", "0", {}, "met"),
    "zero-one": ("X1", "=", "0", {}, "not_met"),
}
FALLING = {
    "down-below": ("X2", ">=", "3", {"direction": "down"}, "met"),
    "down-at": ("X3", ">=", "3", {"direction": "down"}, "met"),
    "down-above": ("X9", ">=", "3", {"direction": "down"}, "not_met"),
    "down-over": ("X3", ">", "3", {"direction": "down"}, "not_met"),
    "down-outside": ("X1", "relative", "", {
        "relative_indicator_code": "OUTSIDE", "direction": "down",
    }, "met"),
}  # fmt: skip


def t23_rows(world: TrapWorld) -> None:
    world.city(23, 1, {"AC": "2023-01-01"}, level="department")
    for year, held in ((2023, "6.5"), (2024, "5.9"), (2025, "6.2")):
        figures = {"one": "1", "held": held, "outside": "2"}
        world.file(at(23, 1), "AC", str(year), figures)
    world.plan(23, "2023-01-01", "2025-12-31")
    for name, (indicator, comparator, low, more, _) in {**COMPARISONS, **FALLING}.items():
        world.target(23, name, indicator, "annual_flow", 2025, low, comparator=comparator, **more)
    world.target(23, "held", "HELD", "maintain", 2025, "6")
    world.target(23, "held-low", "HELD", "maintain", 2025, "5.9")


def _statuses(world: TrapWorld, place: int) -> dict[str, str]:
    rows = world.query(
        f"select target_code, status_code from marts.plan_table where city_code = '{at(place)}'"
    )
    return {code.partition("-")[2]: status for code, status in rows}


def t23_holds(world: TrapWorld) -> None:
    """Every comparator as its word says; one bad year breaks a floor; a zero is a target too."""
    found = _statuses(world, 23)
    assert {name: found[name] for name in COMPARISONS} == {
        name: status for name, (*_, status) in COMPARISONS.items()
    }
    assert (found["held"], found["held-low"]) == ("not_met", "met")
    assert world.query(
        "select completion_pct, target_low from marts.plan_table where target_code = '23-zero'"
    ) == [(None, 0)]


def t24_holds(world: TrapWorld) -> None:
    """Where lower is better, lower meets; the comparator turns with the direction."""
    found = _statuses(world, 23)
    assert {name: found[name] for name in FALLING} == {
        name: status for name, (*_, status) in FALLING.items()
    }


def t23_each_rows(world: TrapWorld) -> None:
    # Each county is bound; 2 accepted nothing, so that nothing says how much of it was closed.
    world.city(223, 2, {"A": ("2025-01-01", "2025-12-31")})
    world.file(at(223, 1), "A", "2025", {"closed": "10", "accepted": "10"})
    world.file(at(223, 2), "A", "2025", {"closed": "0", "accepted": "0"})
    world.plan(223, "2025-01-01", "2025-12-31")
    world.target(223, "each", "RATE", "per_unit", 2025, "95")


def t23_each_holds(world: TrapWorld) -> None:
    """What binds each county is not met while one of them has nothing to divide by."""
    row = world.only("select * from marts.plan_table where target_code = '223-each'")
    assert (row["numerator"], row["denominator"]) == (1, 2)
    assert (row["status_code"], row["status_reason_zh"]) == ("not_computable", "分母为零")


def t26_rows(world: TrapWorld) -> None:
    world.city(26, 1, {"MS": ("2025-12-01", "2025-12-31")})
    world.people(at(26), 2024, "year_end", 10000000, known="2025-04-30")
    world.file(at(26, 1), "MS", "2025-12", {"stock": "4096"})
    world.plan(26, "2025-01-01", "2025-12-31")
    world.target(26, "near", "PER_10K", "level", 2025, "4.1")


def t26_holds(world: TrapWorld) -> None:
    """4.096 prints as 4.10 and does not meet 4.1: compared unrounded, printed rounded."""
    row = world.only("select * from marts.plan_table where target_code = '26-near'")
    assert (row["actual_value"], row["actual_printed"]) == (4.096, "4.10")
    assert row["status_code"] == "not_met"


def t30_holds(world: TrapWorld) -> None:
    """One published truth: every mart that shows a city's figure shows the same one, to every
    reader, and none of them has an account, a role or a person in it."""
    apart = world.query(
        "select p.target_code, p.period_code, p.actual_value, c.value"
        " from marts.plan_progress as p inner join marts.city_indicators as c"
        " on p.city_code = c.city_code and p.indicator_code = c.indicator_code"
        " and p.period_type = c.period_type and p.period_code = c.period_code"
        " and coalesce(c.plan_code, p.plan_code) = p.plan_code"
        " where p.basis not in ('growth', 'per_unit') and"
        " p.actual_value is distinct from c.value / cast(p.unit_factor as double)"
    )
    assert apart == []
    table = world.query(
        "select t.target_code from marts.plan_table as t inner join marts.plan_progress as p"
        " using (target_code, period_code, period_type)"
        " where t.actual_value is distinct from p.actual_value or t.status_code <> p.status_code"
    )
    assert table == []
    assert world.query("select count(*) from marts.plan_table") > [(20,)]
    asked = "select * from marts.city_indicators order by all"
    assert world.records(asked) == world.records(asked)
