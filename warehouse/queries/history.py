"""What was published when, how two releases differ, and going back to an older one."""

from __future__ import annotations

from typing import Any

import duckdb

from warehouse.errors import NoRelease
from warehouse.queries.published import release_file, rows
from warehouse.releases.history import release_manifests
from warehouse.releases.swap import put_in_place
from warehouse.settings import Settings

Rows = list[dict[str, Any]]

# table → what names a row, what is compared
COMPARED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plan_table": (("target_code",), ("actual_value", "status_code", "coverage_pct")),
    "city_indicators": (
        ("city_code", "indicator_code", "period_code", "period_type"),
        ("value", "coverage_pct"),
    ),
    "unit_observations": (
        ("unit_code", "element_code", "period_code"),
        ("value", "obs_status"),
    ),
}


def releases(settings: Settings) -> Rows:
    """Manifests of every release kept, newest first."""
    return list(reversed(release_manifests(settings)))


def differences(settings: Settings, first: str, second: str) -> Rows:
    """Cells that differ between two releases: table, row, column, old and new value.

    Raises:
        NoRelease: one of them is not kept.
    """
    with duckdb.connect(":memory:") as connection:
        for name, release_id in (("first_file", first), ("second_file", second)):
            path = str(release_file(settings, release_id)).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} (read_only)")
        found: Rows = []
        for table, (key, columns) in COMPARED.items():
            for column in columns:
                found += _differing(connection, table, key, column)
        return found


def _differing(
    connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], column: str
) -> Rows:
    named = " || ' ' || ".join(f"cast({name} as varchar)" for name in key)
    joined = ", ".join(key)
    return rows(
        connection,
        f"""
        select '{table}' as table_name, {named} as key_text, '{column}' as column_name,
            cast(earlier.{column} as varchar) as old_value,
            cast(later.{column} as varchar) as new_value
        from first_file.marts.{table} as earlier
        full join second_file.marts.{table} as later using ({joined})
        where earlier.{column} is distinct from later.{column}
        order by key_text
        """,
    )


def roll_back(settings: Settings, release_id: str) -> dict[str, Any]:
    """The manifest of the older release that BI opens from now on; newer ones are kept.

    The next night publishes anew when its content differs from the release that stands.

    Raises:
        NoRelease: it is not kept.
    """
    if release_id not in {manifest["release_id"] for manifest in release_manifests(settings)}:
        raise NoRelease(release_id)
    return put_in_place(settings, release_id)
