"""Which rows of the marts are a city's, and a file of one city's rows made of a whole release.

A file made anew holds nothing of other cities, not even in blocks that were once theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from warehouse.connection import scalar, transaction
from warehouse.releases.build import STORAGE_VERSION
from warehouse.releases.chinese_views import create_chinese_views
from warehouse.releases.digest import columns_of, mart_names
from warehouse.sql_text import literal, quoted

LINKS: tuple[tuple[str, str], ...] = (
    ("city_code", "city_code = $city"),
    ("unit_code", "unit_code in (select unit_code from $file.marts.units where city_code = $city)"),
    ("area_code", "area_code in (select unit_code from $file.marts.units where city_code = $city)"),
    ("plan_code", "plan_code in (select plan_code from $file.marts.plans where city_code = $city)"),
    (
        "target_code",
        "target_code in ("
        "select targets.target_code from $file.marts.plan_targets as targets "
        "inner join $file.marts.plans as plans on targets.plan_code = plans.plan_code "
        "where plans.city_code = $city)",
    ),
)
"""How a mart's row is linked to its city, the first that it has; $file is the file it stands in."""

# A link between two plans is of both cities; a rule without a city is of all.
_OWN_WAYS = {
    "target_links": (
        "from_plan_code in (select plan_code from $file.marts.plans where city_code = $city)"
        " or to_plan_code in (select plan_code from $file.marts.plans where city_code = $city)"
    ),
    "sources_of_record": "coalesce(city_code, $city) = $city",
    "revisions": "false",
}
"""Marts whose rows of a city are found in another way; what one release revised is of it alone."""


def rows_of_city(table: str, columns: Iterable[str]) -> str | None:
    """The condition that tells a city's rows of a mart, odd ones too; None where all are common."""
    return _OWN_WAYS.get(table) or city_link(columns)


def city_link(columns: Iterable[str]) -> str | None:
    """The condition that tells a city's rows by a mart's columns; None where all are common."""
    known = set(columns)
    return next((sql for column, sql in LINKS if column in known), None)


def filled(link: str, database: str, city_code: str) -> str:
    """A condition of one file and city."""
    return link.replace("$file", database).replace("$city", literal(city_code))


def write_city_file(source: Path, target: Path, city_code: str, release_id: str) -> None:
    """Writes a new file with a city's rows of a release, and the definitions that all share.

    Contracts and comments go with the tables; the revisions of the release do not.

    Args:
        source: the release's file.
        target: the file to make.
        city_code: the city.
        release_id: what the release's own rows bear in the new file; rows of a city that was held
            back keep the release that they come from.
    """
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {literal(str(source))} as whole (read_only)")
        connection.execute(
            f"attach {literal(str(target))} as own (storage_version '{STORAGE_VERSION}')"
        )
        connection.execute("use own")
        # One transaction: hundreds of comments would each wait for the disk.
        with transaction(connection):
            connection.execute("create schema own.marts")
            for table in mart_names(connection, "whole", with_views=False):
                _copy_table(connection, table, city_code, release_id)
            create_chinese_views(connection)
        connection.execute("checkpoint own")


def make_like(connection: duckdb.DuckDBPyConnection, table: str, source: str) -> None:
    """Makes an empty mart in the database in use, with the contract it has in an attached one."""
    sql = scalar(
        connection,
        "select sql from duckdb_tables()"
        " where database_name = ? and schema_name = 'marts' and table_name = ?",
        [source, table],
    )
    connection.execute(str(sql))


def copy_comments(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    marks: Mapping[str, str] | None = None,
) -> None:
    """Puts a mart's comments on the one in use; `marks` is added to those of single columns."""
    place = f"marts.{quoted(table)}"
    of_table = "where database_name = ? and schema_name = 'marts' and table_name = ?"
    about = [source, table]
    said = scalar(connection, f"select comment from duckdb_tables() {of_table}", about)
    if said:
        connection.execute(f"comment on table {place} is {literal(str(said))}")
    for column, text in connection.execute(
        f"select column_name, comment from duckdb_columns() {of_table} and comment is not null",
        about,
    ).fetchall():
        told = f"{text}{(marks or {}).get(column, '')}"
        connection.execute(f"comment on column {place}.{quoted(column)} is {literal(told)}")


def _copy_table(
    connection: duckdb.DuckDBPyConnection, table: str, city_code: str, release_id: str
) -> None:
    make_like(connection, table, "whole")
    columns = columns_of(connection, table, "whole")
    link = rows_of_city(table, columns) or "true"
    where = filled(link, "whole", city_code)
    own = (
        f"case when release_id = (select release_id from whole.marts.release)"
        f" then {literal(release_id)} else release_id end"
    )
    told = f"* replace ({own} as release_id)" if "release_id" in columns else "*"
    connection.execute(
        f"insert into marts.{quoted(table)}"
        f" select {told} from whole.marts.{quoted(table)} where {where}"
    )
    copy_comments(connection, table, "whole")
