"""The content of a release as one digest per mart: the same rows in any order, the same digest.

Left out are the columns that name the release rather than say something: a build of the day after
with the same content has the same digests. The digest sums the two halves of each row's MD5, so it
needs no sort and no memory. It tells change; the manifest's sha256 of the files tell tampering.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

_HALF = 2**64 - 1

NOT_CONTENT = frozenset({"release_id", "as_of", "checked_as_of", "published_at", "chain_head"})


def mart_names(
    connection: duckdb.DuckDBPyConnection, database: str | None = None, *, with_views: bool = True
) -> list[str]:
    """Marts of an open release file (of an attached one, if named), in the order of their names."""
    found = connection.execute(
        """
        select table_name from duckdb_tables()
        where schema_name = 'marts' and database_name = coalesce($1, current_database())
        union all
        select view_name from duckdb_views()
        where schema_name = 'marts' and database_name = coalesce($1, current_database()) and $2
        order by all
        """,
        [database, with_views],
    ).fetchall()
    return [str(row[0]) for row in found]


def columns_of(
    connection: duckdb.DuckDBPyConnection, table: str, database: str | None = None
) -> dict[str, str]:
    """Column types of a mart by column name, in the table's order."""
    place = f'"{database}".' if database else ""
    described = connection.execute(f'describe {place}marts."{table}"').fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def digest_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str | int]]:
    """Rows and content digest of each mart of an open release file."""
    return {table: digest_table(connection, table) for table in mart_names(connection)}


def digest_table(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str | int]:
    """Rows and content digest of one mart."""
    columns = columns_of(connection, table)
    kept = sorted(name for name in columns if name not in NOT_CONTENT)
    # Each value is written with its length, so that no two rows run together to the same text.
    texts = [
        f"coalesce(length(cast(\"{name}\" as varchar)) || ':' || cast(\"{name}\" as varchar), '-')"
        for name in kept
    ]
    # Joined in one call: a chain of `||` would copy the growing text once a column.
    line = f"concat_ws('|', {', '.join(texts)})" if texts else "''"
    row = connection.execute(
        f"""
        select
            count(*),
            coalesce(sum(cast(number >> 64 as hugeint)), 0),
            coalesce(sum(cast(number & {_HALF}::uhugeint as hugeint)), 0)
        from (select md5_number({line}) as number from marts."{table}")
        """
    ).fetchall()[0]
    header = ",".join(f"{name}:{columns[name]}" for name in kept)
    text = f"{header}\n{row[0]}\n{row[1]}\n{row[2]}"
    return {"rows": int(row[0]), "digest": hashlib.sha256(text.encode()).hexdigest()}


def sha256_of(file: Path) -> str:
    """sha256 of a file's bytes, as manifests tell it."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
