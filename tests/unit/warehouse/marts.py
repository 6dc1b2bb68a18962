"""A tiny release of two cities, made by hand as dbt would make it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.raw_store import RunContext
from warehouse.releases.build import Building, begin_build, carry_revisions
from warehouse.releases.gate import Verdict
from warehouse.releases.publish import Published, publish
from warehouse.settings import Settings

RED, SONG = "150402", "150403"
"""Two counties of 150400; 150202 is a county of 150200."""

NAMES = {"150400": "赤峰市", "150402": "红山区", "150403": "松山区", "150200": "包头市"}
DDL = """
create schema rel.marts;
create table rel.marts.release (
    release_id varchar, kind varchar, as_of date, published_at timestamp,
    software_version varchar, definitions_hash varchar, is_synthetic boolean, chain_head varchar);
create table rel.marts.units (
    release_id varchar, unit_code varchar, city_code varchar, unit_name_zh varchar,
    is_current boolean);
create table rel.marts.plans (
    release_id varchar, plan_code varchar, city_code varchar, plan_zh varchar);
create table rel.marts.indicators (
    release_id varchar, indicator_code varchar, indicator_zh varchar, is_current boolean);
create table rel.marts.elements (
    release_id varchar, element_code varchar, element_zh varchar, is_current boolean,
    confidentiality_zh varchar);
create table rel.marts.plan_targets (
    release_id varchar, target_code varchar, plan_code varchar, indicator_code varchar,
    relative_indicator_code varchar, basis_decided_by_zh varchar, indicator_zh varchar);
create table rel.marts.unit_observations (
    release_id varchar, unit_code varchar not null, city_code varchar, element_code varchar,
    period_code varchar, period_type varchar, period_start date, period_end date,
    value decimal(28, 6), obs_status varchar, submission_id varchar, version integer);
create table rel.marts.sources_of_record (
    release_id varchar, element_code varchar, city_code varchar, source_kind varchar,
    valid_from date, valid_to date);
create table rel.marts.reconciliation (
    release_id varchar, area_code varchar, element_code varchar, period_code varchar,
    period_type varchar, period_start date, period_end date, authority_release_id varchar,
    value_in_force decimal(28, 6));
create table rel.marts.city_indicators (
    release_id varchar, city_code varchar, indicator_code varchar, period_code varchar,
    period_type varchar, period_start date, period_end date, value double,
    missing_units_zh varchar);
create table rel.marts.plan_table (
    release_id varchar, plan_code varchar, city_code varchar, target_code varchar,
    period_code varchar, period_type varchar, period_start date, period_end date,
    actual_value double, as_of date);
create table rel.marts.reporting_rates (
    release_id varchar, unit_code varchar, city_code varchar, form_code varchar,
    period_code varchar, period_start date, period_end date, is_expected boolean);
create table rel.marts.findings (release_id varchar, finding_id varchar, unit_code varchar);
create table rel.marts.revisions (
    release_id varchar, from_release varchar, to_release varchar, table_name varchar,
    key_text varchar, column_name varchar, old_value varchar, new_value varchar,
    reason_code varchar, reason_zh varchar);
comment on table rel.marts.plan_table is '规划指标表';
comment on column rel.marts.plan_table.actual_value is '实际值';
"""


@dataclass
class Observed:
    """One unit's figure of December 2025, with the submission it came from."""

    value: str | None
    submission: str | None = "v1"
    status: str = "reported"


def figures(**changed: Observed) -> dict[str, Observed]:
    """December's figures of the three counties: 10 and 20 in 150400, 5 in 150200."""
    plain = {"150402": Observed("10"), "150403": Observed("20"), "150202": Observed("5")}
    return plain | {name.removeprefix("u"): value for name, value in changed.items()}


def context(
    building: Building, as_of: date, *, definitions: str = "d1", software: str = "0.1.0"
) -> RunContext:
    """The run's row of a build."""
    return RunContext(
        as_of, building.release_id, datetime(2026, 2, 1, 2, 0, 0), software, definitions,
        is_synthetic=True,
    )  # fmt: skip


def build(
    settings: Settings,
    observed: dict[str, Observed],
    as_of: date = date(2026, 1, 31),
    *,
    period: str = "2025-12",
    definitions: str = "d1",
    storage: str = "v1.2.0",
    weight: int = 1,
    printed: int | None = None,
    source: str = "authority",
) -> tuple[Building, RunContext]:
    """A built release, city totals and plan rows being the sums of the figures.

    With `printed` an authority prints the figure of 150400, and where `source` says so it counts.
    """
    building = begin_build(settings, as_of)
    run = context(building, as_of, definitions=definitions)
    release_id = building.release_id
    start, end = (
        date(int(period[:4]), int(period[5:]), 1),
        date(int(period[:4]), int(period[5:]), 28),
    )
    carried = _carried(settings)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{building.file}' as rel (storage_version '{storage}')")
        connection.execute(f"begin; {DDL}")

        def put(table: str, *rows: tuple[Any, ...]) -> None:
            marks = ", ".join("?" * (len(rows[0]) + 1)) if rows else ""
            for row in rows:
                connection.execute(
                    f"insert into rel.marts.{table} values ({marks})", [release_id, *row]
                )

        put(
            "release",
            ("nightly", as_of, run.published_at, "0.1.0", definitions, True, None),
        )
        put("units", *((unit, f"{unit[:4]}00", NAMES.get(unit, unit), True) for unit in (
            *observed, "150400", "150200")))  # fmt: skip
        put("plans", ("red", "150400", "赤峰规划"), ("steel", "150200", "包头规划"))
        put("indicators", ("patents", "专利授权量", True))
        put("elements", ("patents", "专利授权量", True, "公开"))
        put(
            "plan_targets",
            *(
                (f"{plan}-1", plan, "patents", None, None, "专利授权量")
                for plan in ("red", "steel")
            ),
        )
        put("findings", *((f"f-{unit}", unit) for unit in observed))
        put(
            "reporting_rates",
            *((unit, f"{unit[:4]}00", "M1", period, start, end, True) for unit in observed),
        )
        put(
            "unit_observations",
            *(
                (unit, f"{unit[:4]}00", "patents", period, "month", start, end, one.value,
                 one.status, f"{unit}.{one.submission}" if one.submission else None,
                 int(one.submission[1:]) if one.submission else None)
                for unit, one in observed.items()
            ),
        )  # fmt: skip
        for plan, city in (("red", "150400"), ("steel", "150200")):
            total = weight * sum(
                float(one.value)
                for unit, one in observed.items()
                if one.value is not None and unit.startswith(city[:4])
            )
            if printed is not None and city == "150400":
                put("sources_of_record", (None, None, "sum_of_units", None, None))
                put("sources_of_record", ("patents", city, source, None, None))
                put(
                    "reconciliation",
                    (city, "patents", period, "month", start, end, "RA-1", printed),
                )
                total = printed if source == "authority" else total
            put("city_indicators", (city, "patents", period, "month", start, end, total, None))
            put(
                "plan_table",
                (plan, city, f"{plan}-1", period, "month", start, end, total, as_of),
            )
        put("revisions", *carried)
        connection.execute("commit")
    return building, run


def release(
    settings: Settings,
    observed: dict[str, Observed] | None = None,
    as_of: date = date(2026, 1, 31),
    verdict: Verdict | None = None,
    **words: Any,
) -> Published:
    """Builds and publishes."""
    building, run = build(settings, observed or figures(), as_of, **words)
    return publish(settings, building, run, verdict or Verdict())


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer of a DuckDB file that nobody keeps open."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def _carried(settings: Settings) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        columns = (
            "from_release, to_release, table_name, key_text, column_name, old_value, new_value, "
            "reason_code, reason_zh"
        )
        names = ", ".join(f"{name} varchar" for name in columns.split(", "))
        connection.execute(f"create schema raw; create table raw.revisions ({names})")
        carry_revisions(connection, settings)
        return connection.sql("select * from raw.revisions").fetchall()
