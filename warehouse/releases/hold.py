"""A city held back keeps its rows of the previous release, their `release_id` with them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from warehouse.connection import scalar, transaction
from warehouse.releases.city_rows import city_link, filled
from warehouse.releases.digest import columns_of, mart_names

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
            link = city_link(columns)
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
