"""Traps of who is added: recodes and merges, zones, residuals, blanks, and bodies not yet there.

`tNN_rows` adds a city to the shared world, `tNN_holds` is called against the built world, sound or
spoilt by a mutation.
"""

from __future__ import annotations

from tests.conformance.sums import near
from tests.conformance.worlds import TrapWorld, at


def t12_rows(world: TrapWorld) -> None:
    # 1 is recoded to 2 in July; 3 and 4 merge into 5; 6 stays as it was.
    world.city(12, 0)
    for unit, dates in {
        1: {"valid_to": "2025-07-01"}, 2: {"valid_from": "2025-07-01"},
        3: {"valid_to": "2025-07-01"}, 4: {"valid_to": "2025-07-01"},
        5: {"valid_from": "2025-07-01"}, 6: {},
    }.items():  # fmt: skip
        world.unit(12, unit, "county", **dates)
    for kind, old, new in (("recode", 1, 2), ("merge", 3, 5), ("merge", 4, 5)):
        world.define("unit_changes", {
            "change_code": f"12-{old}", "change_kind": kind, "changed_on": "2025-07-01",
            "from_unit_code": at(12, old), "to_unit_code": at(12, new), "share": "1",
        })  # fmt: skip
    world.owes(12, "county", "M", "2025-06-01", "2025-07-31")
    for unit, month, grants in ((1, 6, 10), (3, 6, 3), (4, 6, 4), (6, 6, 1),
                                (2, 7, 11), (5, 7, 8), (6, 7, 1)):  # fmt: skip
        world.file(at(12, unit), "M", f"2025-{month:02d}", {"grants": str(grants)})


def t12_holds(world: TrapWorld) -> None:
    """A recode and a merge lose nothing: the city as it was adds the bodies of each month, all of
    them expected and none of them twice; what the old bodies filed stays under their codes."""
    for period, value, bodies in (("2025-06", 18, 4), ("2025-07", 20, 3)):
        row = world.city_value("GRANTS", 12, period, "month")
        assert (row["value"], row["expected_units"], row["coverage_pct"]) == (value, bodies, 100)
    assert world.city_value("GRANTS", 12, "2025-Q2", "quarter")["numerator"] == 18
    assert world.query(
        "select unit_code, period_code, cast(value as integer) from marts.unit_observations"
        f" where city_code = '{at(12)}' order by period_code, unit_code"
    ) == [
        (at(12, 1), "2025-06", 10), (at(12, 3), "2025-06", 3), (at(12, 4), "2025-06", 4),
        (at(12, 6), "2025-06", 1), (at(12, 2), "2025-07", 11), (at(12, 5), "2025-07", 8),
        (at(12, 6), "2025-07", 1),
    ]  # fmt: skip


def t13_rows(world: TrapWorld) -> None:
    since = "2025-01-01"
    world.city(13, 2, {"M": (since, "2025-01-31")})
    world.unit(13, 71, "zone", host_unit_code=at(13, 1), zone_relation="inside",
               is_partition_member="false")  # fmt: skip
    world.unit(13, 72, "zone", host_unit_code=at(13, 2), zone_relation="carved_out")
    world.owes(13, "zone", "M", since, "2025-01-31")
    for unit, grants in ((1, 10), (71, 4), (2, 5), (72, 3)):
        world.file(at(13, unit), "M", "2025-01", {"grants": str(grants)})
    # Six functional areas add to 10,809 units; the declared overlap is a row of its own.
    world.city(313, 1, {"M": (since, "2025-01-31")})
    world.unit(313, 99, "residual")
    world.owes(313, "residual", "M", since, "2025-01-31")
    world.file(at(313, 1), "M", "2025-01", {"grants": "10809"})
    world.file(at(313, 99), "M", "2025-01", {"grants": "-681"})


def t13_holds(world: TrapWorld) -> None:
    """A city is the sum of its partition: a zone inside its host is shown and never added, a zone
    carved out is added, and a declared overlap is subtracted in sight."""
    city = world.city_value("GRANTS", 13, "2025-01", "month")
    assert (city["value"], city["expected_units"]) == (18, 3)
    zone = world.only(
        "select numerator, is_partition_member from marts.unit_indicators"
        f" where unit_code = '{at(13, 71)}' and period_type = 'month' and indicator_code = 'GRANTS'"
    )
    assert zone == {"numerator": 4, "is_partition_member": False}
    assert world.city_value("GRANTS", 313, "2025-01", "month")["value"] == 10128


def t14_rows(world: TrapWorld) -> None:
    world.city(14, 2, {"M": ("2025-01-01", "2025-02-28")})
    world.unit(14, 99, "residual")
    world.owes(14, "residual", "M", "2025-01-01", "2025-02-28")
    for unit, values in ((1, (7, 7)), (2, (8, 8)), (99, (0, 2))):
        world.months(at(14, unit), "M", "2025-01", values, "grants")


def t14_holds(world: TrapWorld) -> None:
    """What no county holds is a row of its own, kept when it is 0, and part of the total."""
    assert world.query(
        "select cast(value as integer), obs_status from marts.unit_observations"
        f" where unit_code = '{at(14, 99)}' order by period_code"
    ) == [(0, "reported"), (2, "reported")]
    values = [world.city_value("GRANTS", 14, f"2025-0{m}", "month")["value"] for m in (1, 2)]
    assert values == [15, 17]


def t15_rows(world: TrapWorld) -> None:
    world.city(15, 3, {"M": ("2025-01-01", "2025-01-31")})
    world.file(at(15, 1), "M", "2025-01", {"grants": "0"})
    world.file(at(15, 2), "M", "2025-01", {"grants": None})
    world.file(at(15, 3), "M", "2025-01", {"grants": None}, is_nil_return=True)


def t15_holds(world: TrapWorld) -> None:
    """A filed 0 is a figure, a blank is none, and a nil return is complete."""
    assert world.query(
        "select o.value, o.obs_status, r.is_complete from marts.unit_observations as o"
        " inner join marts.reporting_rates as r using (unit_code, form_code, period_code)"
        f" where o.city_code = '{at(15)}' order by o.unit_code"
    ) == [(0, "reported", True), (None, "missing", False), (0, "nil", True)]
    city = world.city_value("GRANTS", 15, "2025-01", "month")
    assert (city["value"], city["reported_units"], city["expected_units"]) == (0, 2, 3)


def t16_rows(world: TrapWorld) -> None:
    world.city(16, 12, {"AG": ("2025-01-01", "2025-12-31")})
    for unit in range(1, 12):
        world.file(at(16, unit), "AG", "2025", {"grants": "10"})
    world.plan(16, "2025-01-01", "2025-12-31")
    world.target(16, "above", "GRANTS", "annual_flow", 2025, "115")


def t16_holds(world: TrapWorld) -> None:
    """Eleven of twelve is said beside the sum, and a target missed by it is not called missed."""
    city = world.city_value("GRANTS", 16, "2025", "year")
    assert (city["value"], city["reported_units"], city["expected_units"]) == (110, 11, 12)
    assert city["coverage_pct"] == near(100 * 11 / 12)
    target = world.only("select * from marts.plan_table where target_code = '16-above'")
    assert (target["actual_value"], target["status_code"]) == (110, "incomplete")
    assert "12" in target["status_reason_zh"]
    assert "11" in target["status_reason_zh"]


def t17_rows(world: TrapWorld) -> None:
    world.city(17, 12, {"MS": ("2025-11-01", "2025-12-31")})
    world.people(at(17), 2023, "year_end", 1200000, known="2024-04-30")
    for unit in range(1, 13):
        world.people(at(17, unit), 2023, "year_end", 100000, known="2024-04-30")
        world.months(at(17, unit), "MS", "2025-11", [10, 10 if unit <= 9 else None], "stock")


def t17_holds(world: TrapWorld) -> None:
    """Nine counties over the people of twelve stands beside nine over the people of nine."""
    short = world.city_value("PER_10K", 17, "2025-12", "month")
    assert (short["value"], short["matched_value"]) == (near(90 / 120), 1)
    assert (short["covered_denominator_pct"], short["coverage_pct"]) == (75, 75)
    whole = world.city_value("PER_10K", 17, "2025-11", "month")
    assert (whole["value"], whole["matched_value"]) == (1, None)


def t18_rows(world: TrapWorld) -> None:
    world.city(18, 1, {"M": ("2025-05-01", "2025-08-31")})
    world.unit(18, 2, "county", valid_from="2025-07-01")
    world.months(at(18, 1), "M", "2025-05", [1] * 4, "grants")


def t18_holds(world: TrapWorld) -> None:
    """A body that opens in July is expected from July on, and no month before it changes."""
    expected = world.query(
        "select period_code, count(*), sum(cast(is_received as integer))"
        f" from marts.reporting_rates where city_code = '{at(18)}' group by 1 order by 1"
    )
    assert expected == [("2025-05", 1, 1), ("2025-06", 1, 1), ("2025-07", 2, 1), ("2025-08", 2, 1)]
    coverage = [world.city_value("GRANTS", 18, f"2025-0{m}", "month")["coverage_pct"]
                for m in (5, 6, 7, 8)]  # fmt: skip
    assert coverage == [100, 100, 50, 50]
