"""One build of a city small enough to add up by hand: what its marts must say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.models.builders import PROJECT, problems
from tests.models.worlds import CITY, EAST, WEST, ZONE, small_city

if TYPE_CHECKING:
    from tests.models.builders import Warehouse


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    world = small_city(tmp_path_factory.mktemp("city"))
    result = world.build()
    assert problems(result) == []
    return world


def test_a_seed_keeps_the_zero_its_codes_begin_with(city: Warehouse) -> None:
    types = city.private(
        "select distinct data_type from duckdb_columns() where schema_name = 'definitions'"
    )
    assert types == [("VARCHAR",)]
    assert city.query(f"select city_code from marts.units where unit_code = '{EAST}'") == [(CITY,)]


def test_a_build_leaves_the_definition_files_as_they_were(city: Warehouse) -> None:
    before = {path.name: path.read_bytes() for path in city.seeds.glob("*.csv")}
    result = city.dbt("seed")
    assert problems(result) == []
    assert {path.name: path.read_bytes() for path in city.seeds.glob("*.csv")} == before


def test_the_release_opens_with_the_pinned_storage_version_and_carries_comments(
    city: Warehouse,
) -> None:
    (tags,) = city.query("select tags from duckdb_databases() where database_name = 'ip_marts'")[0]
    assert tags["storage_version"].startswith("v1.2.0")
    uncommented = city.query(
        "select table_name, column_name from duckdb_columns()"
        " where schema_name = 'marts' and comment is null"
        " union all select table_name, null from duckdb_tables()"
        " where schema_name = 'marts' and comment is null"
    )
    assert uncommented == []
    # A table that belongs to cities bears its constraints only once the gate has judged them.
    assert city.query(
        "select table_name, is_nullable from duckdb_columns() where table_name in"
        " ('indicators', 'unit_observations') and column_name in ('indicator_code', 'obs_status')"
    ) == [("indicators", False), ("unit_observations", True)]


def test_a_missing_month_is_a_status_and_never_a_zero(city: Warehouse) -> None:
    assert city.query(
        "select value, obs_status from marts.unit_observations"
        f" where unit_code = '{WEST}' and period_code = '2025-08'"
    ) == [(None, "missing")]


def test_the_city_adds_its_members_and_says_how_many_reported(city: Warehouse) -> None:
    rows = city.query(
        "select period_code, cast(numerator as integer), expected_units, reported_units,"
        " coverage_pct from marts.city_indicators where indicator_code = 'GRANTS'"
        " and period_code in ('2025-05', '2025-08', '2025-Q3', '2025') and period_type <> 'ytd'"
        " order by period_code"
    )
    assert rows == [
        ("2025", 80, 2, 1, 50.0),
        ("2025-05", 7, 2, 2, 100.0),
        ("2025-08", 3, 2, 1, 50.0),
        ("2025-Q3", 17, 2, 1, 50.0),
    ]


def test_half_years_are_added_and_read_off_like_any_other_period(city: Warehouse) -> None:
    rows = city.query(
        "select indicator_code, period_code, cast(numerator as integer), coverage_pct"
        " from marts.city_indicators where indicator_code in ('AUDITS', 'POSTS')"
        " and period_type in ('half', 'year') order by 1, 2"
    )
    assert rows == [
        ("AUDITS", "2024", 23, 100), ("AUDITS", "2024-S1", 11, 100), ("AUDITS", "2024-S2", 12, 100),
        ("AUDITS", "2025", 23, 50), ("AUDITS", "2025-S1", 13, 100), ("AUDITS", "2025-S2", 10, 50),
        ("POSTS", "2024", 26, 100), ("POSTS", "2024-S1", 25, 100), ("POSTS", "2024-S2", 26, 100),
        ("POSTS", "2025", 27, 100), ("POSTS", "2025-S1", 27, 100), ("POSTS", "2025-S2", 27, 100),
    ]  # fmt: skip
    # East's stations of the second half are those of the first, carried one half-year.
    assert city.query(
        "select value, obs_status from marts.unit_observations where period_code = '2025-S2'"
        f" and unit_code = '{EAST}' order by element_code"
    ) == [(None, "missing"), (7, "carried")]


def test_a_zone_inside_its_host_shows_its_figures_and_is_not_added(city: Warehouse) -> None:
    assert city.query(
        "select is_partition_member, cast(numerator as integer) from marts.unit_indicators"
        f" where unit_code = '{ZONE}' and indicator_code = 'GRANTS' and period_code = '2025-05'"
        " and period_type = 'month'"
    ) == [(False, 2)]


def test_a_city_ratio_divides_by_the_population_published_by_then(city: Warehouse) -> None:
    assert city.query(
        "select value, denominator, denominator_vintage from marts.city_indicators"
        " where indicator_code = 'PER_10K' and period_code = '2025-Q4'"
        " and period_type = 'quarter'"
    ) == [(2.0, 20, "2023 year_end (2024-04-30)")]


def test_a_unit_without_a_sourced_population_has_no_ratio_and_says_why(city: Warehouse) -> None:
    assert city.query(
        "select distinct value, value_reason_zh from marts.unit_indicators"
        " where indicator_code = 'PER_10K'"
    ) == [(None, "缺少本单位在期末前已公布的常住人口")]


def test_the_plan_table_stands_in_the_plans_order_in_its_own_units(city: Warehouse) -> None:
    assert city.query(
        "select target_code, period_code, actual_printed, status_code from marts.plan_table"
    ) == [
        ("T1", "2025-Q4", "2.00", "met"),
        ("T2", "2025", "80", "incomplete"),
        ("T3", "2025", "3.17", "met"),
        ("T4", "2025", "1", "met"),
        ("T5", "2025", "80.50", "met"),
        ("T6", "2025", "36", "incomplete"),
        ("T7", "2025", None, "no_data"),
        ("T8", "2025", None, "not_computable"),
    ]


def test_a_per_unit_target_judges_each_county(city: Warehouse) -> None:
    assert city.query(
        "select unit_name_zh, cast(actual_value as integer), status_code"
        " from marts.unit_progress where target_code = 'T6' order by unit_code"
    ) == [("东县", 36, "met"), ("西县", 44, "incomplete")]


def test_authority_figures_are_compared_only_with_complete_sums(city: Warehouse) -> None:
    assert city.query(
        "select area_code, period_code, ours, difference, status_code from marts.reconciliation"
        " order by area_code, period_code"
    ) == [
        ("010100", "2025-05", 7, 0, "equal"),
        ("010100", "2025-07", 7, -1, "differs"),
        ("010100", "2025-08", None, None, "ours_missing"),
        ("010200", "2025-05", None, None, "ours_not_collected"),
    ]


def test_reporting_rates_tell_who_owes(city: Warehouse) -> None:
    assert city.query(
        "select is_expected, is_received, is_on_time, expected_cells, filled_cells"
        " from marts.reporting_rates"
        f" where unit_code = '{WEST}' and form_code = 'M' and period_code = '2025-08'"
    ) == [(True, False, False, 1, 0)]


def test_no_name_of_a_person_reaches_a_mart(city: Warehouse) -> None:
    texts = city.query(
        "select table_name, column_name from duckdb_columns()"
        " where schema_name = 'marts' and data_type = 'VARCHAR'"
    )
    assert city.private("select 1 from raw.submission_events where author = '张三' limit 1")
    for table, column in texts:
        found = city.query(f"select 1 from marts.{table} where \"{column}\" like '%张三%' limit 1")
        assert found == [], f"{table}.{column}"


def test_every_table_carries_the_release_and_every_period_its_bounds(city: Warehouse) -> None:
    columns: dict[str, set[str]] = {}
    for table, column in city.query(
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
    ):
        columns.setdefault(table, set()).add(column)
    assert len(columns) == len(list((PROJECT / "marts").rglob("*.sql")))
    for table, names in columns.items():
        assert "release_id" in names, table
        if "period_code" in names:
            assert {"period_type", "period_start", "period_end"} <= names, table
        if "unit_code" in names:
            assert "is_partition_member" in names, table


def test_where_no_unit_changed_nothing_is_restated(city: Warehouse) -> None:
    for body in ("city", "unit"):
        assert city.query(f"select * from marts.{body}_indicators_as_is") == []


def test_no_value_that_was_filed_is_a_float(city: Warehouse) -> None:
    floats = city.query(
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        " and data_type in ('DOUBLE', 'FLOAT') and (column_name in ('numerator', 'denominator',"
        " 'ours', 'theirs', 'difference', 'target_low', 'target_high')"
        " or (column_name = 'value' and table_name like 'unit_observation%'))"
    )
    assert floats == []
