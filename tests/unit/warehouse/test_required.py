"""Columns that are never empty become NOT NULL in the release, whatever city is held back."""

from __future__ import annotations

import duckdb
import pytest

from warehouse.errors import ReleaseBroken
from warehouse.releases.required import set_required

NOW, BEFORE = "20260201-001", "20260131-001"

DDL = f"""
create schema marts;
create table marts.city_indicators (release_id varchar, city_code varchar, period_type varchar,
    value double);
create table marts.data_dictionary (table_name varchar, column_name varchar, is_required boolean);
insert into marts.data_dictionary values ('city_indicators', 'city_code', true),
    ('city_indicators', 'period_type', true), ('city_indicators', 'value', false),
    ('table_of_another_time', 'city_code', true);
insert into marts.city_indicators values ('{NOW}', '150400', 'year', null);
"""


@pytest.fixture
def built() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(DDL)
    return connection


def required(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns()"
        " where table_name = 'city_indicators' and not is_nullable order by all"
    ).fetchall()
    return [name for (name,) in rows]


def put(connection: duckdb.DuckDBPyConnection, *row: str | None) -> None:
    connection.execute("insert into marts.city_indicators values (?, ?, ?, 1)", row)


def test_what_the_dictionary_says_is_required_is_not_null_afterwards(
    built: duckdb.DuckDBPyConnection,
) -> None:
    set_required(built, NOW)
    assert required(built) == ["city_code", "period_type"]
    with pytest.raises(duckdb.ConstraintException):
        put(built, NOW, "150200", None)
    set_required(built, NOW)


def test_a_kept_row_of_before_the_column_leaves_that_column_alone_without(
    built: duckdb.DuckDBPyConnection,
) -> None:
    put(built, BEFORE, "150200", None)
    set_required(built, NOW)
    assert required(built) == ["city_code"]


@pytest.mark.parametrize("release_id", [NOW, None])
def test_a_row_of_this_release_that_the_gate_let_through_is_not_published(
    built: duckdb.DuckDBPyConnection, release_id: str | None
) -> None:
    put(built, release_id, "150200", None)
    with pytest.raises(ReleaseBroken, match="city_indicators 的必填列 period_type 有 1 行空值"):
        set_required(built, NOW)
    assert required(built) == []


def test_a_file_without_a_dictionary_is_left_as_it_is(built: duckdb.DuckDBPyConnection) -> None:
    built.execute("drop table marts.data_dictionary")
    set_required(built, NOW)
    assert required(built) == []
