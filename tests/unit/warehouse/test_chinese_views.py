"""Chinese names over the marts: odd names, many plans, a plan that nothing can be computed for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.releases.chinese_views import create_chinese_views

DDL = """
create schema marts;
create table marts.plans (plan_code varchar, plan_zh varchar, table_title_zh varchar,
    plan_start date, plan_end date, has_attribute_column boolean);
create table marts.plan_table (release_id varchar, plan_code varchar, target_code varchar,
    target_order integer, category_zh varchar, indicator_zh varchar, unit_zh varchar,
    attribute_zh varchar, baseline_year integer, baseline_value double, target_year integer,
    target_printed varchar, period_code varchar, actual_value double, expected_value double,
    completion_pct double, status_code varchar, status_reason_zh varchar, coverage_pct double,
    is_additive boolean, is_provisional boolean, is_synthetic boolean, as_of date);
create table marts.plan_progress (plan_code varchar, target_code varchar, period_end date,
    actual_value double);
create table marts.units (unit_code varchar, unit_name_zh varchar);
create table marts.data_dictionary (table_name varchar, table_zh varchar, table_comment_zh varchar,
    column_name varchar, column_zh varchar, comment_zh varchar, column_order integer);
insert into marts.data_dictionary values
    ('units', '单位', '单位：“县”的''名称''', 'unit_code', '单位代码', '代码', 1),
    ('units', '单位', '单位：“县”的''名称''', 'unit_name_zh', '单位"名"称', '带''引号', 2),
    ('absent', '未建的表', '没有', 'a', '甲', '甲', 1);
insert into marts.units values ('150402', 'O''Brien"县"');
"""


@pytest.fixture
def release(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "ip_marts.duckdb")) as connection:
        connection.execute(DDL)
        yield connection


def plan(connection: duckdb.DuckDBPyConnection, code: str, *, status: str = "met") -> None:
    connection.execute(
        "insert into marts.plans values (?, ?, '主要指标', '2021-01-01', '2025-12-31', false)",
        [code, f"“{code}”的规划"],
    )
    value = 5.0 if status == "met" else None
    connection.execute(
        "insert into marts.plan_table by name select ? as plan_code, ? as target_code,"
        " 1 as target_order, '有效发明' as indicator_zh, ? as actual_value, ? as status_code",
        [code, f"{code}-1", value, status],
    )
    connection.execute(
        "insert into marts.plan_progress values (?, ?, '2024-12-31', ?)",
        [code, f"{code}-1", value],
    )


def test_quotes_in_names_and_comments_stand_as_they_are(
    release: duckdb.DuckDBPyConnection,
) -> None:
    plan(release, "o'brien\"s")
    made = create_chinese_views(release)
    assert made == ["单位", "规划表_o'brien\"s"]
    rows = release.sql('select "单位""名""称" from marts_zh."单位"').fetchall()
    assert rows == [('O\'Brien"县"',)]
    said = "select comment from duckdb_views() where view_name = '单位'"
    assert release.sql(said).fetchall() == [("单位：“县”的'名称'",)]
    wide = release.sql('select "2024年末实际值", "状态" from marts_zh."规划表_o\'brien""s"')
    assert wide.fetchall() == [(5.0, "达标")]
    told = dict(
        release.execute(
            "select column_name, comment from duckdb_columns() where table_name like '规划表_%'"
        ).fetchall()
    )
    assert told["完成率"].endswith("单位为 %")
    assert told["2024年末实际值"].startswith("2024年末实际值，按文件所印单位")


def test_a_hundred_plans_have_a_hundred_tables(release: duckdb.DuckDBPyConnection) -> None:
    for number in range(100):
        plan(release, f"city-{number:03d}")
    assert len(create_chinese_views(release)) == 101
    rows = release.sql('select "指标名称" from marts_zh."规划表_city-099"').fetchall()
    assert rows == [("有效发明",)]


def test_a_plan_with_nothing_computable_keeps_its_rows_without_a_zero(
    release: duckdb.DuckDBPyConnection,
) -> None:
    plan(release, "empty", status="not_computable")
    create_chinese_views(release)
    rows = release.sql(
        'select "本期实际值", "2024年末实际值", "状态" from marts_zh."规划表_empty"'
    ).fetchall()
    assert rows == [(None, None, "无法计算")]


def test_views_hold_no_name_of_their_file(release: duckdb.DuckDBPyConnection) -> None:
    plan(release, "one")
    create_chinese_views(release)
    path = release.sql("select path from duckdb_databases() where path is not null").fetchall()[0][
        0
    ]
    release.close()
    with duckdb.connect() as other:
        other.execute(f"attach '{path}' as earlier (read_only)")
        assert len(other.sql('select * from earlier.marts_zh."规划表_one"').fetchall()) == 1


def test_a_release_without_a_dictionary_gets_no_views(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("drop table marts.data_dictionary")
    assert create_chinese_views(release) == []
