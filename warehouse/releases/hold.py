"""A city held back keeps its rows of the previous release, their `release_id` with them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from warehouse.connection import scalar, transaction
from warehouse.releases.digest import columns_of, mart_names

# How a mart's row is linked to its city, the first that it has; $file is the file it stands in.
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
# Replaced last: the links of the other marts are looked up in them.
_LOOKED_UP = ("plan_targets", "plans", "units")


def hold_cities(
    connection: duckdb.DuckDBPyConnection, city_codes: Iterable[str], previous: str | None
) -> dict[str, int]:
    """Rows each mart has of the held cities, all of them from the previous release.

    Args:
        connection: the release being built, open for writing.
        city_codes: the cities held back.
        previous: name under which the previous release is attached; None when there is none, and
            then a held city has no rows at all.
    """
    building = str(scalar(connection, "select current_database()"))
    names = mart_names(connection, with_views=False)
    known = mart_names(connection, previous, with_views=False) if previous else []
    ordered = [name for name in names if name not in _LOOKED_UP]
    ordered += [name for name in _LOOKED_UP if name in names]
    kept: dict[str, int] = dict.fromkeys(ordered, 0)
    with transaction(connection):
        for table in ordered:
            columns = columns_of(connection, table)
            link = next((sql for column, sql in LINKS if column in columns), None)
            if link is None:
                continue
            before = columns_of(connection, table, previous) if table in known else {}
            shared = ", ".join(f'"{name}"' for name in columns if name in before)
            for city_code in city_codes:
                here = filled(link, building, city_code)
                connection.execute(f'delete from {building}.marts."{table}" where {here}')
                if shared:
                    there = filled(link, str(previous), city_code)
                    added = scalar(
                        connection,
                        f'insert into {building}.marts."{table}" ({shared}) '
                        f'select {shared} from {previous}.marts."{table}" where {there}',
                    )
                    kept[table] += int(added)
    return kept


def filled(link: str, database: str, city_code: str) -> str:
    """A link with the file and the city it is asked for."""
    quoted = city_code.replace("'", "''")
    return link.replace("$file", database).replace("$city", f"'{quoted}'")
