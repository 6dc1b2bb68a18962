"""Publishing: hold, compare, record revisions, re-read, keep, swap; or find nothing changed.

The order is what makes it safe. Until the build is renamed to `releases/<id>` nothing outside
`.building` has changed; from then on it is complete, and the next night finishes a broken swap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from warehouse.connection import scalar, transaction
from warehouse.errors import LockedTarget, ReleaseBroken, ReleaseUnwritten
from warehouse.raw_store import RunContext
from warehouse.releases.build import Building, discard
from warehouse.releases.chinese_views import create_chinese_views
from warehouse.releases.digest import digest_table, digest_tables, mart_names
from warehouse.releases.finishing import Tables, file_facts, keep, read_back
from warehouse.releases.gate import Verdict
from warehouse.releases.history import MANIFEST, published_manifest, release_db, write_manifest
from warehouse.releases.hold import hold_cities
from warehouse.releases.required import set_required
from warehouse.releases.revisions import record_revisions
from warehouse.releases.swap import (
    announce,
    forget_announced,
    note_checked,
    put_in_place,
    restore_published,
)
from warehouse.settings import Settings


@dataclass(frozen=True)
class Published:
    """What publishing came to."""

    outcome: Literal["released", "unchanged", "blocked"]
    release_id: str | None
    """The release BI opens afterwards (or will, once a locked file is let go)."""
    verdict: Verdict
    manifest: Mapping[str, Any] | None
    revisions: int = 0
    warning_zh: str | None = None


def publish(
    settings: Settings, building: Building, context: RunContext, verdict: Verdict
) -> Published:
    """Publishes what was built, unless the gate holds everything or nothing has changed.

    Args:
        settings: the workspace.
        building: where dbt has built; no connection to its file may be open.
        context: the run's one row, as the models saw it.
        verdict: the gate's.

    Raises:
        ReleaseBroken: the file built does not read back as it was written.
        ReleaseUnwritten: the disk is full; nothing was published.
    """
    try:
        return _publish(settings, building, context, verdict)
    except (OSError, duckdb.IOException, duckdb.FatalException) as error:
        discard(building)
        raise ReleaseUnwritten(building.folder, str(error)) from error


def _publish(
    settings: Settings, building: Building, context: RunContext, verdict: Verdict
) -> Published:
    before = published_manifest(settings)
    if verdict.holds_all:
        discard(building)
        return Published("blocked", before["release_id"] if before else None, verdict, before)
    if not building.file.is_file():
        raise ReleaseBroken(f"没有建成发布文件“{building.file}”。")
    held = [{"city_code": city.city_code, "reason": city.reason} for city in verdict.held]
    tables, revisions = _complete(settings, building, context, verdict, before)
    if before is not None and tables == before["tables"]:
        discard(building)
        forget_announced(settings)
        restore_published(settings)
        head = {"hash": context.chain_head, "length": context.chain_length}
        manifest = note_checked(settings, before, context.as_of.isoformat(), held, head)
        return Published("unchanged", before["release_id"], verdict, manifest)
    storage = read_back(building.file, tables)
    write_manifest(
        building.folder / MANIFEST,
        {
            "release_id": context.release_id,
            "kind": context.kind,
            "as_of": context.as_of.isoformat(),
            "checked_as_of": context.as_of.isoformat(),
            "published_at": context.published_at.isoformat(),
            "software_version": context.software_version,
            "definitions_hash": context.definitions_hash,
            "is_synthetic": context.is_synthetic,
            "tables": tables,
            "files": file_facts(building.folder),
            "storage_version": storage,
            "held_cities": held,
            "previous_release_id": before["release_id"] if before else None,
            "chain_head": context.chain_head,
            "chain_length": context.chain_length,
            "reopenings": [dict(one) for one in context.reopenings],
            "small_offices": [dict(one) for one in context.small_offices],
        },
    )
    # Named before it is kept: killed in between, the next night still puts it in place.
    announce(settings, building.release_id)
    keep(building.folder, settings.releases / building.release_id)
    warning = None
    manifest_now: Mapping[str, Any] | None = before
    try:
        manifest_now = put_in_place(settings, building.release_id)
    except LockedTarget as error:
        warning = error.message_zh
    except OSError as error:
        # The release is kept and announced: only its copy for BI waits for room.
        warning = ReleaseUnwritten(settings.published, str(error)).message_zh
    return Published("released", building.release_id, verdict, manifest_now, revisions, warning)


def _complete(
    settings: Settings,
    building: Building,
    context: RunContext,
    verdict: Verdict,
    before: Mapping[str, Any] | None,
) -> tuple[Tables, int]:
    """Digests of the build with held cities put back and, if it differs, its revisions recorded."""
    with duckdb.connect(str(building.file)) as connection:
        _refuse_strangers(connection, context)
        new = str(scalar(connection, "select current_database()"))
        old = None
        if before is not None:
            path = str(release_db(settings, before["release_id"])).replace("'", "''")
            old = "previous_release"
            connection.execute(f"attach '{path}' as {old} (read_only)")
        hold_cities(connection, verdict.held_codes, old)
        tables = digest_tables(connection)
        revisions = 0
        if before is not None and old is not None and tables != before["tables"]:
            revisions = record_revisions(
                connection,
                new=new,
                old=old,
                from_release=before["release_id"],
                to_release=building.release_id,
                reopened=context.reopenings,
            )
            # Nothing else has moved since: a digest of the whole costs as much as writing it.
            if "revisions" in tables:
                tables["revisions"] = digest_table(connection, "revisions")
        if old is not None:
            connection.execute(f"detach {old}")
        set_required(connection, context.release_id)
        # One transaction: hundreds of comments would each wait for the disk.
        with transaction(connection):
            create_chinese_views(connection)
        connection.execute("checkpoint")
        return tables, revisions


def _refuse_strangers(connection: duckdb.DuckDBPyConnection, context: RunContext) -> None:
    """The file must be the build of this run: one release row, with its id."""
    names = mart_names(connection)
    if "release" not in names:
        raise ReleaseBroken("发布文件中没有 release 表。")
    rows = connection.execute("select release_id from marts.release").fetchall()
    if rows != [(context.release_id,)]:
        found = "、".join(str(row[0]) for row in rows) or "无"
        raise ReleaseBroken(f"发布文件的版本号为 {found}，应为 {context.release_id}。")
