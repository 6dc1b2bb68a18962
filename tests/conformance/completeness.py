"""Traps of completeness: who was expected, who came in time, what stands for a missing child."""

from __future__ import annotations

from tests.conformance.worlds import TrapWorld, at

# unit: what came in for 2025-01, due at the last second of the 5th of February
ARRIVALS = {1: "2025-02-05 23:59:59", 2: "2025-02-06 00:00:00", 3: None}


def t19_rows(world: TrapWorld) -> None:
    world.city(19, 3, {"M": ("2025-01-01", "2026-01-31")})
    for unit, received in ARRIVALS.items():
        if received:
            world.file(at(19, unit), "M", "2025-01", {"grants": "1"}, received=received)
    # A second version of the first body, which may not count twice.
    world.file(
        at(19, 1), "M", "2025-01", {"grants": "2"}, version=2, received="2025-03-01 09:00:00"
    )
    # January 2026 is due after the day of the build; one body is early.
    world.file(at(19, 1), "M", "2026-01", {"grants": "1"}, received="2026-01-31 10:00:00")
    world.city(319, 1, {"M": ("2026-01-01", "2026-01-31")})


RATES = (
    "select period_code, sum(cast(is_expected as integer)) as expected,"
    " sum(cast(is_received as integer)) as received,"
    " sum(cast(is_on_time as integer)) as on_time,"
    " 100.0 * sum(cast(is_received as integer)) / nullif(sum(cast(is_expected as integer)), 0)"
    " as rate from marts.reporting_rates where city_code = '{city}'"
    " and period_code in ('2025-01', '2025-02', '2026-01') group by period_code order by 1"
)


def t19_holds(world: TrapWorld) -> None:
    """Nothing reported is 0, nothing expected is no rate, early and repeated filings never give
    more than 100 %. Also DHIS2's reporting-rate table (AnalyticsServiceReportingRateTest):
    actual over expected, no actual is 0, no expected is no row."""
    rates = [tuple(row.values()) for row in world.records(RATES.format(city=at(19)))]
    assert rates[0][:4] == ("2025-01", 3, 2, 1)
    assert round(float(rates[0][4]), 2) == 66.67
    assert [(*row[:4], row[4] and float(row[4])) for row in rates[1:]] == [
        ("2025-02", 3, 0, 0, 0),
        ("2026-01", 1, 1, 1, 100),
    ]
    nothing = [tuple(row.values()) for row in world.records(RATES.format(city=at(319)))]
    assert nothing == [("2026-01", 0, 0, 0, None)]
    assert (
        world.query(
            "select 1 from marts.reporting_rates where is_received and not is_expected"
            " or is_on_time and not is_received or filled_cells > expected_cells"
        )
        == []
    )


def t20_holds(world: TrapWorld) -> None:
    """The last second of the due day is on time, the first of the next day is late."""
    assert world.query(
        "select unit_code, is_on_time from marts.reporting_rates"
        f" where city_code = '{at(19)}' and period_code = '2025-01' order by unit_code"
    ) == [(at(19, 1), True), (at(19, 2), False), (at(19, 3), False)]


# period: first child, second child (None: row absent; "": row there, cell blank) → VTL's modes
CHILDREN: dict[str, tuple[int | str | None, int | str | None]] = {
    "2025-01": (5, 7),
    "2025-02": (5, None),
    "2025-03": (5, ""),
    "2025-04": (0, None),
    "2025-05": (0, 0),
    "2025-06": (5, 0),
    "2025-07": (None, None),
    "2025-08": ("", ""),
    "2025-09": ("", None),
}
"""Every way one of two children can be there, blank, zero or away."""

NULL = None
ABSENT = "no row"
MODES: dict[str, dict[str, object]] = {
    # mode: result per period, for parent = first + second, input priority the dataset
    "non_null": {
        "2025-01": 12, "2025-02": ABSENT, "2025-03": ABSENT, "2025-04": ABSENT, "2025-05": 0,
        "2025-06": 5, "2025-07": ABSENT, "2025-08": ABSENT, "2025-09": ABSENT,
    },
    "non_zero": {
        "2025-01": 12, "2025-02": 5, "2025-03": NULL, "2025-04": ABSENT, "2025-05": ABSENT,
        "2025-06": 5, "2025-07": ABSENT, "2025-08": NULL, "2025-09": NULL,
    },
    "partial_null": {
        "2025-01": 12, "2025-02": NULL, "2025-03": NULL, "2025-04": NULL, "2025-05": 0,
        "2025-06": 5, "2025-07": ABSENT, "2025-08": NULL, "2025-09": NULL,
    },
    "partial_zero": {
        "2025-01": 12, "2025-02": 5, "2025-03": NULL, "2025-04": 0, "2025-05": 0,
        "2025-06": 5, "2025-07": ABSENT, "2025-08": NULL, "2025-09": NULL,
    },
    "always_null": {
        "2025-01": 12, "2025-02": NULL, "2025-03": NULL, "2025-04": NULL, "2025-05": 0,
        "2025-06": 5, "2025-07": NULL, "2025-08": NULL, "2025-09": NULL,
    },
    "always_zero": {
        "2025-01": 12, "2025-02": 5, "2025-03": NULL, "2025-04": 0, "2025-05": 0,
        "2025-06": 5, "2025-07": 0, "2025-08": NULL, "2025-09": NULL,
    },
}  # fmt: skip

# period: what the city's row says: value, coverage %
OURS: dict[str, tuple[int | None, int]] = {
    "2025-01": (12, 100),
    "2025-02": (5, 50),
    "2025-03": (5, 50),
    "2025-04": (0, 50),
    "2025-05": (0, 100),
    "2025-06": (5, 100),
    "2025-07": (None, 0),
    "2025-08": (None, 0),
    "2025-09": (None, 0),
}


def t29_rows(world: TrapWorld) -> None:
    world.city(29, 2, {"M": ("2025-01-01", "2025-09-30")})
    for period, children in CHILDREN.items():
        for unit, filed in enumerate(children, start=1):
            if filed is not None:
                number = None if filed == "" else str(filed)
                world.file(at(29, unit), "M", period, {"grants": number})


def t29_holds(world: TrapWorld) -> None:
    """A missing child is never a zero: the sum of those there, always with its coverage, and as a
    complete figure exactly VTL's non_null. Where a zero mode would invent a 0, ours has none."""
    ours = {
        row["period_code"]: (row["value"], row["coverage_pct"])
        for row in world.records(
            "select period_code, value, coverage_pct from marts.city_indicators"
            f" where city_code = '{at(29)}' and indicator_code = 'GRANTS'"
            " and period_type = 'month'"
        )
    }
    assert ours == OURS
    complete = {period: value if share == 100 else None for period, (value, share) in ours.items()}
    assert complete == {
        period: None if value is ABSENT else value for period, value in MODES["non_null"].items()
    }
    for mode in ("non_zero", "partial_zero", "always_zero"):
        assert complete != {p: None if v is ABSENT else v for p, v in MODES[mode].items()}
