"""What was published when, how two releases differ, and going back to an older one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from sources.vocabulary import PUBLISHED_TABLE_ZH, REVISED_COLUMN_ZH, said
from warehouse.errors import NoRelease, OfficialStands
from warehouse.queries.published import marts, release_file, rows
from warehouse.queries.row_names import NAMES, row_zh, value_zh
from warehouse.releases.changes import explain_changes, reason_text
from warehouse.releases.history import OFFICIAL, release_manifests, thinned_releases
from warehouse.releases.swap import put_in_place
from warehouse.settings import Settings

Rows = list[dict[str, Any]]
_CITY_CODES = """
select city_code as code from marts.units union select unit_code from marts.units
union select plan_code from marts.plans union select target_code from marts.plan_targets
"""


def releases(settings: Settings) -> Rows:
    """Manifests of every release, newest first, each with the day it was thinned, if it was."""
    thinned = thinned_releases(settings)
    return [
        one | {"thinned_on": thinned.get(one["release_id"], {}).get("thinned_at", "")[:10] or None}
        for one in reversed(release_manifests(settings))
    ]


def differences(settings: Settings, first: str, second: str) -> Rows:
    """Published values that differ between any two releases: table, row, column, old, new, why.

    Raises:
        NoRelease: one of them is not kept.
    """
    reopened = [
        one
        for manifest in release_manifests(settings)
        if first < manifest["release_id"] <= second
        for one in manifest.get("reopenings", ())
    ]
    found = differences_of_files(
        release_file(settings, first), release_file(settings, second), reopened
    )
    ours = _of_one_city(settings, first, second)
    return found if ours is None else [row for row in found if ours & set(_codes(row))]


def _of_one_city(settings: Settings, *release_ids: str) -> set[str] | None:
    """Codes of the city, its units, plans and targets where a release is an official one of it.

    The other release holds every city: of the others nothing is gone or new.
    """
    for manifest in release_manifests(settings):
        if manifest["release_id"] in release_ids and manifest.get("kind") == OFFICIAL:
            with marts(settings, str(manifest["release_id"])) as connection:
                return {str(row["code"]) for row in rows(connection, _CITY_CODES)}
    return None


def _codes(row: Mapping[str, Any]) -> list[str]:
    return str(row["key_text"]).split("|")


def differences_of_files(
    first: Path, second: Path, reopened: Sequence[Mapping[str, Any]] = ()
) -> Rows:
    """The same of two files of marts."""
    with duckdb.connect(":memory:") as connection:
        for name, path in (("first_file", first), ("second_file", second)):
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {name} (read_only)")
        explain_changes(
            connection,
            new="second_file",
            old="first_file",
            is_first_told=True,
            reopened=reopened,
        )
        return rows(
            connection,
            f"select *, {reason_text('reason_code', connection)} as reason_zh from changes"
            " order by table_name, key_text, column_name",
        )


def in_words(settings: Settings, release_id: str, changes: Rows) -> Rows:
    """The same changes with words beside the codes, by the names that a release has.

    Raises:
        NoRelease: it is not kept.
    """
    with marts(settings, release_id) as connection:
        names = {str(row["code"]): str(row["name_zh"]) for row in rows(connection, NAMES)}
    return [
        change
        | {
            "table_zh": said(PUBLISHED_TABLE_ZH, change["table_name"]),
            "row_zh": row_zh(change["key_text"], names),
            "column_zh": said(REVISED_COLUMN_ZH, change["column_name"]),
            "old_zh": value_zh(change["column_name"], change["old_value"]),
            "new_zh": value_zh(change["column_name"], change["new_value"]),
        }
        for change in changes
    ]


def roll_back(settings: Settings, release_id: str) -> dict[str, Any]:
    """The manifest of the older release that BI opens from now on; newer ones are kept.

    The next night publishes anew when its content differs from the release that stands.

    Raises:
        NoRelease: it is not kept.
        OfficialStands: it is an official one, which is of one city.
    """
    kinds = {one["release_id"]: one.get("kind") for one in release_manifests(settings)}
    if release_id not in kinds:
        raise NoRelease(release_id)
    if kinds[release_id] == OFFICIAL:
        raise OfficialStands(release_id)
    return put_in_place(settings, release_id)
