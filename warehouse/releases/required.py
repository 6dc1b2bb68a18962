"""Columns that are never empty become NOT NULL in the release, once no city can stop it any more.

Which they are stands in the properties of the marts and so in `data_dictionary`. While dbt builds,
the tables of cities do not bear the constraint: one empty value would stop the night of every city.
The test `required_values` tells such rows instead, and the gate holds back their city alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.connection import transaction
from warehouse.errors import ReleaseBroken
from warehouse.releases.digest import columns_of, mart_names
from warehouse.sql_text import quoted


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
    columns: dict[str, list[str]] = {}
    for table, column in required:
        columns.setdefault(table, []).append(column)
    with transaction(connection):
        for table, names in columns.items():
            gaps = _gaps(connection, table, names, release_id)
            for column in names:
                if not gaps[column]:
                    connection.execute(
                        f"alter table marts.{quoted(table)} alter {quoted(column)} set not null"
                    )


def _gaps(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], release_id: str
) -> dict[str, int]:
    """Rows that lack a value, by column: kept ones of an earlier release; one of this may not."""
    own = (
        "coalesce(release_id, $1) = $1"
        if "release_id" in columns_of(connection, table)
        else "$1 is not null"
    )
    counts = ", ".join(
        f"count(*) filter ({quoted(name)} is null),"
        f" count(*) filter ({quoted(name)} is null and {own})"
        for name in columns
    )
    [found] = connection.execute(
        f"select {counts} from marts.{quoted(table)}", [release_id]
    ).fetchall()
    for name, own_gaps in zip(columns, found[1::2], strict=True):
        if own_gaps:
            raise ReleaseBroken(f"发布表 {table} 的必填列 {name} 有 {own_gaps} 行空值。")
    return dict(zip(columns, found[::2], strict=True))
