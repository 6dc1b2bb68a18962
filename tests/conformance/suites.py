"""Rows of public test suites, in our own words: how our figures relate to what they say.

VTL is the Validation and Transformation Language (sdmx-twg/vtl, reference manual 2.2); DHIS2 the
health information system (dhis2/dhis2-core). Cities from 501 on are theirs.
"""

from __future__ import annotations

from tests.conformance.worlds import TrapWorld, at

# Flows by month, the third one never filed.
FLOWS: list[int | None] = [2, 5, None, 4, -3]
FLOW_MONTHS = [f"2025-{month:02d}" for month in range(1, 6)]


def flow_to_stock_rows(world: TrapWorld) -> None:
    world.city(501, 1, {"M": ("2025-01-01", "2025-05-31")})
    world.months(at(501, 1), "M", "2025-01", FLOWS, "grants")
    world.plan(501, "2025-02-01", "2025-12-31")
    world.target(501, "total", "GRANTS", "cumulative", 2025, "10")


def fill_rows(world: TrapWorld) -> None:
    world.city(502, 2, {"M": ("2025-01-01", "2025-04-30")})
    world.months(at(502, 1), "M", "2025-02", [7], "grants")
    world.months(at(502, 2), "M", "2025-01", [1, None, 3], "grants")


def properties_rows(world: TrapWorld) -> None:
    """A city every cell of which a property test overwrites."""
    world.city(550, 3, {"M": ("2025-01-01", "2025-12-31"), "A": ("2025-01-01", "2025-12-31")})
    for unit in (1, 2, 3):
        world.months(at(550, unit), "M", "2025-01", [1] * 12, "grants")
        world.file(at(550, unit), "A", "2025", {"closed": "1", "accepted": "1"})
