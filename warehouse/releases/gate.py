"""The publish gate: which cities a failed check of the machinery holds back, and why.

It looks at failed tests of the models only. Late, held or missing counties hold no release.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from warehouse.connection import scalar


@dataclass(frozen=True)
class FailedTest:
    """A failed test of the models, and the table its failing rows were stored in."""

    name: str
    relation: str | None = None
    """`schema.table` or `"database"."schema"."table"`; None when there are no rows to look at."""
    message: str = ""


@dataclass(frozen=True)
class HeldCity:
    """A city whose rows of the previous release stay, and why."""

    city_code: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What the gate lets through."""

    held: tuple[HeldCity, ...] = ()
    all_held_because: tuple[str, ...] = ()
    """Reasons that concern every city: nothing is published."""

    @property
    def holds_all(self) -> bool:
        """Whether nothing may be published."""
        return bool(self.all_held_because)

    @property
    def held_codes(self) -> tuple[str, ...]:
        """Codes of the cities held back."""
        return tuple(city.city_code for city in self.held)


def judge(connection: duckdb.DuckDBPyConnection, failed: Iterable[FailedTest]) -> Verdict:
    """The verdict on a build: a failing row names its city in `city_code`, or concerns them all.

    Args:
        connection: the private warehouse, where the failing rows are stored.
        failed: the tests that failed; an errored test or model has no relation and holds all.
    """
    reasons: dict[str, list[str]] = {}
    for_all: list[str] = []
    for test in failed:
        counts = _rows_by_city(connection, test)
        if not counts or None in counts:
            number = sum(counts.values())
            rows = f"（{number} 行）" if number else ""
            for_all.append(f"检查 {test.name} 未通过{rows}{_tail(test)}")
            continue
        for city_code, number in counts.items():
            reasons.setdefault(str(city_code), []).append(f"检查 {test.name} 未通过（{number} 行）")
    held = (HeldCity(code, "；".join(texts)) for code, texts in sorted(reasons.items()))
    return Verdict(tuple(held), tuple(for_all))


def _rows_by_city(connection: duckdb.DuckDBPyConnection, test: FailedTest) -> dict[str | None, int]:
    """Failing rows per city; empty when they cannot be told apart."""
    if test.relation is None:
        return {}
    parts = [part.strip('"') for part in test.relation.split(".")][-2:]
    known = scalar(
        connection,
        "select 1 from duckdb_columns() "
        "where schema_name = ? and table_name = ? and column_name = 'city_code'",
        parts,
    )
    if known is None:
        return {}
    relation = ".".join(f'"{part}"' for part in parts)
    rows = connection.execute(
        f"select cast(city_code as varchar), count(*) from {relation} group by 1"
    ).fetchall()
    return {city_code: int(number) for city_code, number in rows}


def _tail(test: FailedTest) -> str:
    return f"：{test.message}" if test.message else ""
