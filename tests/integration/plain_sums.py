"""The plain SUM that anybody writes in a BI tool, in words that DuckDB and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

COLUMNS = (
    "city_code", "indicator_code", "period_type", "period_code", "plan_code", "value", "numerator",
    "is_partition_member", "is_additive",
)  # fmt: skip
_KEY = COLUMNS[:4]


def question(
    units: str = "marts.unit_indicators",
    cities: str = "marts.city_indicators",
    names: Mapping[tuple[str, str], str] | None = None,
) -> str:
    """Per additive city figure: key, its value and numerator, and the plain sums over members.

    Args:
        units: the table of the units' figures.
        cities: the table of the cities' figures.
        names: what the columns are called there, by table and column; the same where not told.
    """
    named = names or {}
    unit = {one: f'"{named.get(("unit_indicators", one), one)}"' for one in COLUMNS}
    city = {one: f'"{named.get(("city_indicators", one), one)}"' for one in COLUMNS}
    own = ", ".join(f"cities.{city[one]}" for one in _KEY)
    listed = ", ".join(f"{unit[one]} as {one}" for one in (*_KEY, "plan_code"))
    grouped = ", ".join(unit[one] for one in (*_KEY, "plan_code"))
    joined = " and ".join(f"cities.{city[one]} = sums.{one}" for one in _KEY)
    return f"""
        with sums as (
            select {listed}, sum({unit["value"]}) as value, sum({unit["numerator"]}) as numerator
            from {units} where {unit["is_partition_member"]} group by {grouped}
        )
        select {own}, cities.{city["value"]}, sums.value, cities.{city["numerator"]}, sums.numerator
        from {cities} as cities
        left join sums on {joined}
            and coalesce(cities.{city["plan_code"]}, '') = coalesce(sums.plan_code, '')
        where cities.{city["is_additive"]}
    """


def differing(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows whose city figure is not the sum: numerators to the last digit, values as doubles."""
    return [
        row
        for row in rows
        if row[6] != row[7] or row[5] != (row[4] if row[4] is None else pytest.approx(row[4]))
    ]


def additive_indicators(rows: Iterable[tuple[Any, ...]]) -> set[str]:
    """The indicators that had a figure to add up."""
    return {row[1] for row in rows if row[4] is not None}
