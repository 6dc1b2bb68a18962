"""The night over the whole demo, and what a reader finds in the marts."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sources.demo.arrivals import DEMO_PEOPLE_MARKERS
from tests.integration.conftest import Workspace

SEEDS = Path(__file__).resolve().parents[2] / "models/seeds"


def seed_rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_five_plan_tables_stand_in_the_plans_own_order_and_wording(demo: Workspace) -> None:
    printed = [
        (row["plan_code"], row["target_code"], row["indicator_zh"], row["target_printed"])
        for row in seed_rows("plan_targets")
        if row["tier"] == "table"
    ]
    found = demo.query(
        "select plan_code, target_code, indicator_zh, target_printed from marts.plan_table"
        " order by plan_code, target_order"
    )
    assert len(found) == 47
    assert sorted(found) == sorted(printed)
    for plan in {row[0] for row in printed}:
        assert [r for r in found if r[0] == plan] == [r for r in printed if r[0] == plan]


def test_every_table_row_but_the_rank_has_a_value(demo: Workspace) -> None:
    empty = demo.query(
        "select target_code, status_code, status_reason_zh from marts.plan_table"
        " where actual_value is null"
    )
    assert [(row[0], row[1]) for row in empty] == [("SZ-H05", "no_data")]
    assert empty[0][2]


def test_all_targets_have_a_place_in_plan_progress(demo: Workspace) -> None:
    [(targets,)] = demo.query("select count(distinct target_code) from marts.plan_progress")
    assert targets == 114
    unexplained = demo.query(
        "select target_code from marts.plan_progress"
        " where status_code is null or status_reason_zh is null"
    )
    assert unexplained == []


def test_the_table_with_baselines_is_the_documents(demo: Workspace) -> None:
    [plan] = [
        row["plan_code"] for row in seed_rows("plans") if row["has_baseline_column"] == "true"
    ]
    printed = {
        row["target_code"]: (
            float(row["baseline_value"]) if row["baseline_value"] else None,
            float(row["target_low"]),
            row["target_printed"],
        )
        for row in seed_rows("plan_targets")
        if row["plan_code"] == plan and row["tier"] == "table"
    }
    found = demo.query(
        "select target_code, case when baseline_source = 'printed' then baseline_value end,"
        " target_low, target_printed, baseline_year, target_year"
        " from marts.plan_table where plan_code = ?",
        plan,
    )
    assert len(found) == 10
    for code, baseline, low, text, baseline_year, target_year in found:
        assert (baseline, float(low), text) == printed[code]
        assert target_year == 2025
        if baseline is not None:
            assert baseline_year == 2020


@pytest.mark.parametrize(
    "table", ["plan_table", "plan_progress", "city_indicators", "unit_indicators"]
)
def test_a_ratio_is_its_numerator_by_its_denominator(demo: Workspace, table: str) -> None:
    value = "actual_value" if table.startswith("plan") else "value"
    [(rows, wrong)] = demo.query(
        f"select count(*), count(*) filter (abs({value}"
        " - cast(numerator as double) / nullif(cast(denominator as double), 0) * factor) > 1e-9)"
        f" from marts.{table} where is_ratio and {value} is not null"
    )
    assert rows > 0
    assert wrong == 0


def test_no_county_is_missing_without_a_status(demo: Workspace) -> None:
    statuses = dict(
        demo.query("select obs_status, count(*) from marts.unit_observations group by obs_status")
    )
    assert None not in statuses
    assert demo.query(
        "select count(*) from marts.unit_observations"
        " where value is null and obs_status in ('reported', 'nil', 'corrected', 'carried')"
    ) == [(0,)]
    filing = {
        row[0] for row in demo.query("select distinct unit_code from marts.unit_observations")
    }
    counties = {row["unit_code"] for row in seed_rows("units") if row["level"] == "county"}
    assert counties <= filing


def test_a_plain_sum_over_members_is_the_city(demo: Workspace) -> None:
    [(rows, wrong)] = demo.query(
        "with sums as (select city_code, indicator_code, period_code, period_type,"
        " sum(numerator) as total from marts.unit_indicators where is_partition_member"
        " group by all)"
        " select count(*), count(*) filter (sums.total is distinct from city.numerator)"
        " from marts.city_indicators as city join sums"
        " using (city_code, indicator_code, period_code, period_type) where city.is_additive"
    )
    assert rows > 1000
    assert wrong == 0


def test_the_clean_demo_has_no_blocking_finding_and_little_noise(demo: Workspace) -> None:
    counts = dict(
        demo.query("select severity_code, count(*) from marts.findings group by severity_code")
    )
    [(submissions,)] = demo.query("select count(*) from marts.reporting_rates where is_received")
    assert counts.get("blocking", 0) == 0
    assert counts.get("quasi_blocking", 0) == 0
    assert counts.get("verify", 0) <= 0.2 * submissions


def published_bytes(home: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in ("published", "releases", "outbox"):
        for path in (home / folder).rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def test_no_name_and_no_telephone_number_is_published(demo: Workspace) -> None:
    markers = [marker.encode() for marker in DEMO_PEOPLE_MARKERS]
    ledger = (demo.home / "ledger.sqlite").read_bytes()
    assert any(marker in ledger for marker in markers), "the markers were planted"
    leaks = {
        (path.name, marker.decode())
        for path, data in published_bytes(demo.home)
        for marker in markers
        if marker in data
    }
    # DuckDB and Parquet compress text, so the cells are asked too.
    tables = [row[0] for row in demo.query("select table_name from duckdb_tables()")]
    for table in tables:
        for marker in DEMO_PEOPLE_MARKERS:
            [(hits,)] = demo.query(
                f"select count(*) from marts.{table} as t where contains(cast(t as varchar), ?)",
                marker,
            )
            if hits:
                leaks.add((table, marker))
    assert leaks == set()


def ledger_rows(home: Path) -> dict[str, int]:
    with sqlite3.connect(home / "ledger.sqlite") as con:
        return {
            table: con.execute(f"select count(*) from {table}").fetchone()[0]
            for table in ("submissions", "events", "findings", "corrections", "files")
        }


def test_a_second_night_changes_nothing(demo: Workspace) -> None:
    before = (
        sha256(demo.home / "published/ip_marts.duckdb"),
        sorted(path.name for path in (demo.home / "releases").iterdir()),
        ledger_rows(demo.home),
    )
    again = demo.night()
    after = (
        sha256(demo.home / "published/ip_marts.duckdb"),
        sorted(path.name for path in (demo.home / "releases").iterdir()),
        ledger_rows(demo.home),
    )
    assert again["is_new"] is False
    assert after == before


def test_the_same_content_on_a_later_day_moves_only_the_checked_day(copied: Workspace) -> None:
    manifest = copied.home / "published/manifest.json"
    before = json.loads(manifest.read_text(encoding="utf-8"))
    assert copied.night("--date", "2026-02-01")["is_new"] is False
    after = json.loads(manifest.read_text(encoding="utf-8"))
    assert after["checked_as_of"] == "2026-02-01"
    moved = {"checked_as_of": None, "checked_chain": None}  # the day, and the ledger's head on it
    assert {**before, **moved} == {**after, **moved}
