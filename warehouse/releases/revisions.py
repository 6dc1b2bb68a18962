"""Revisions: published values that a new release changes, each with its reason.

Only values that were public count: a figure that comes for the first time revises nothing, and a
plan's table moving on to its next period neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from warehouse.connection import scalar
from warehouse.releases.changes import explain_changes, reason_text
from warehouse.releases.digest import columns_of, mart_names


def record_revisions(
    connection: duckdb.DuckDBPyConnection,
    *,
    new: str,
    old: str,
    from_release: str,
    to_release: str,
    reopened: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Number of revisions added to `marts.revisions` of the release being built.

    Args:
        connection: both releases attached, the new one writable.
        new: database name of the release being built.
        old: database name of the previous release.
        from_release: id of the previous release.
        to_release: id of the new one.
        reopened: the closed periods that were reopened for it, with the name it bears there.
    """
    if "revisions" not in mart_names(connection, new):
        return 0
    explain_changes(connection, new=new, old=old, reopened=reopened)
    has_id = "release_id" in columns_of(connection, "revisions", new)
    names = (
        "from_release, to_release, table_name, key_text, column_name, old_value, new_value,"
        " reason_code, reason_zh"
    )
    connection.execute(
        f"""
        insert into {new}.marts.revisions ({"release_id, " if has_id else ""}{names})
        select
            {f"'{to_release}'," if has_id else ""}
            '{from_release}', '{to_release}', table_name, key_text, column_name, old_value,
            new_value, reason_code, {reason_text("reason_code", connection)}
        from changes
        order by table_name, key_text, column_name
        """
    )
    return int(scalar(connection, "select count(*) from changes"))
