"""Which rows of the marts are a city's, and a file of one city's rows made of a whole release.

A file made anew holds nothing of other cities, not even in blocks that were once theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from warehouse.connection import transaction
from warehouse.releases.build import STORAGE_VERSION
from warehouse.releases.chinese_views import create_chinese_views, literal, quoted
from warehouse.releases.digest import columns_of, mart_names

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


def _copy_table(
    connection: duckdb.DuckDBPyConnection, table: str, city_code: str, release_id: str
) -> None:
    [(ddl, comment)] = connection.execute(
        "select sql, comment from duckdb_tables()"
        " where database_name = 'whole' and schema_name = 'marts' and table_name = ?",
        [table],
    ).fetchall()
    connection.execute(ddl)
    columns = columns_of(connection, table, "whole")
    link = _OWN_WAYS.get(table) or city_link(columns) or "true"
    where = filled(link, "whole", city_code)
    name = f"own.marts.{quoted(table)}"
    own = (
        f"case when release_id = (select release_id from whole.marts.release)"
        f" then {literal(release_id)} else release_id end"
    )
    told = f"* replace ({own} as release_id)" if "release_id" in columns else "*"
    connection.execute(
        f"insert into {name} select {told} from whole.marts.{quoted(table)} where {where}"
    )
    if comment:
        connection.execute(f"comment on table {name} is {literal(comment)}")
    for column, said in connection.execute(
        "select column_name, comment from duckdb_columns()"
        " where database_name = 'whole' and schema_name = 'marts' and table_name = ?"
        " and comment is not null",
        [table],
    ).fetchall():
        connection.execute(f"comment on column {name}.{quoted(column)} is {literal(said)}")
