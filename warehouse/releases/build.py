"""A release being built: a fresh place aside, and what the models need to know before they run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.connection import scalar, transaction
from warehouse.releases.digest import mart_names
from warehouse.releases.history import next_release_id, published_manifest, release_db
from warehouse.releases.swap import finish_interrupted
from warehouse.settings import PUBLISHED_FILE, Settings

STORAGE_VERSION = "v1.2.0"
"""DuckDB 2 writes files that 1.x drivers refuse, unless the file was made for this version."""

DEFINITIONS = "definitions"
"""Folder of a release with the definition tables it was made with."""

_REVISIONS = (
    "from_release, to_release, table_name, key_text, column_name, old_value, new_value, "
    "reason_code, reason_zh"
)


@dataclass(frozen=True)
class Building:
    """Where the next release is put together; nothing under it is public."""

    release_id: str
    folder: Path

    @property
    def file(self) -> Path:
        """The DuckDB file that dbt attaches as `rel`; not there until dbt makes it."""
        return self.folder / PUBLISHED_FILE


def begin_build(settings: Settings, as_of: date) -> Building:
    """An empty place for the next release; leftovers of broken nights are cleared or completed."""
    finish_interrupted(settings)
    root = settings.releases / ".building"
    shutil.rmtree(root, ignore_errors=True)
    building = Building(next_release_id(settings, as_of), root / next_release_id(settings, as_of))
    building.folder.mkdir(parents=True)
    return building


def discard(building: Building) -> None:
    """Removes what was built; the published release stays."""
    shutil.rmtree(building.folder, ignore_errors=True)


def carry_revisions(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Rows of `raw.revisions`, taken anew from the published release: it is their only home."""
    published = published_manifest(settings)
    with transaction(connection):
        connection.execute("delete from raw.revisions")
    if published is None:
        return 0
    path = str(release_db(settings, published["release_id"])).replace("'", "''")
    connection.execute(f"attach '{path}' as carried (read_only)")
    try:
        if "revisions" not in mart_names(connection, "carried"):
            return 0
        with transaction(connection):
            connection.execute(
                f"insert into raw.revisions ({_REVISIONS}) "
                f"select {_REVISIONS} from carried.marts.revisions"
            )
    finally:
        connection.execute("detach carried")
    return int(scalar(connection, "select count(*) from raw.revisions"))
