"""Columns that are never empty become NOT NULL in the release, once no city can stop it any more.

Which they are stands in the properties of the marts and so in `data_dictionary`. While dbt builds,
the tables of cities do not bear the constraint: one empty value would stop the night of every city.
The test `required_values` tells such rows instead, and the gate holds back their city alone.
"""

from __future__ import annotations

import duckdb

from warehouse.connection import transaction
from warehouse.errors import ReleaseBroken
from warehouse.releases.chinese_views import quoted
from warehouse.releases.digest import columns_of, mart_names


def set_required(connection: duckdb.DuckDBPyConnection, release_id: str) -> None:
    """Sets NOT NULL on every column that the dictionary says is required.

    A city held back keeps rows of an earlier release. Where those lack a column that is required
    since, it stays without the constraint until the city is let through.

    Args:
        connection: the release being built, open for writing, held cities put back.
        release_id: the release being built.

    Raises:
        ReleaseBroken: a row of this release lacks a required value, though no city is held for it.
    """
    if "data_dictionary" not in mart_names(connection, with_views=False):
        return
    required = connection.execute(
        "select dictionary.table_name, dictionary.column_name"
        " from marts.data_dictionary as dictionary inner join duckdb_columns() as built"
        " on built.database_name = current_database() and built.schema_name = 'marts'"
        " and built.table_name = dictionary.table_name"
        " and built.column_name = dictionary.column_name"
        " where dictionary.is_required and built.is_nullable order by all"
    ).fetchall()
    with transaction(connection):
        for table, column in required:
            if not _has_gaps(connection, table, column, release_id):
                connection.execute(
                    f"alter table marts.{quoted(table)} alter {quoted(column)} set not null"
                )


def _has_gaps(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, release_id: str
) -> bool:
    """Whether kept rows of an earlier release lack a value; a row of this one may not."""
    own = (
        "coalesce(release_id, $1) = $1"
        if "release_id" in columns_of(connection, table)
        else "$1 is not null"
    )
    gaps, own_gaps = connection.execute(
        f"select count(*), count(*) filter (where {own})"
        f" from marts.{quoted(table)} where {quoted(column)} is null",
        [release_id],
    ).fetchall()[0]
    if own_gaps:
        raise ReleaseBroken(f"发布表 {table} 的必填列 {column} 有 {own_gaps} 行空值。")
    return bool(gaps)
