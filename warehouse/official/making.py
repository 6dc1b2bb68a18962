"""Making an official release: a city's rows of a nightly release, its scan, and what was decided.

Everything is put together in `releases/.official/<id>`, which also keeps the id from being taken.
The approval is written into the ledger next, then the manifest, and the folder is renamed last. A
process that is killed in between leaves an approval without a folder: `complete` makes it, by the
next call or the next night.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import duckdb
from sqlalchemy import Engine

from warehouse.connection import transaction
from warehouse.errors import NoRelease, ReleaseBroken, ReleaseUnwritten, WarehouseError
from warehouse.ledger.chain import chain_head
from warehouse.ledger.officials import approved_in, revisions_in
from warehouse.official.figures import figure_changes
from warehouse.raw_files import raw_path
from warehouse.releases.build import DEFINITIONS
from warehouse.releases.city_rows import write_city_file
from warehouse.releases.digest import digest_tables, mart_names
from warehouse.releases.finishing import file_facts, keep, read_back
from warehouse.releases.history import (
    MANIFEST,
    OFFICIAL_ASIDE,
    read_manifest,
    release_db,
    write_manifest,
)
from warehouse.settings import PUBLISHED_FILE, Settings

Row = Mapping[str, Any]
SCAN = "sealed_table"
"""Name of the scan of the sealed table in a release, before its suffix."""
REVISED = "official_revision"
"""Reason code of a figure that a decision has revised."""


def aside_of(settings: Settings, release_id: str) -> Path:
    """Where an official release is put together."""
    return settings.releases / OFFICIAL_ASIDE / release_id


def make_aside(settings: Settings, engine: Engine, proposal: Row, release_id: str) -> Path:
    """The folder of an official release with all but its manifest.

    Raises:
        NoRelease: the release it is made from is not kept.
        ReleaseUnwritten: the disk would not take it.
    """
    base = release_db(settings, str(proposal["base_release_id"]))
    folder = aside_of(settings, release_id)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        file = folder / PUBLISHED_FILE
        write_city_file(base, file, str(proposal["city_code"]), release_id)
        _make_official(settings, engine, file, proposal, release_id)
        if (base.parent / DEFINITIONS).is_dir():
            shutil.copytree(base.parent / DEFINITIONS, folder / DEFINITIONS)
        shutil.copyfile(
            raw_path(settings, str(proposal["scan_sha256"])), folder / scan_file(proposal)
        )
    except (OSError, duckdb.IOException, duckdb.FatalException) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ReleaseUnwritten(folder, str(error)) from error
    return folder


def scan_file(proposal: Row) -> str:
    """Name of the scan in the release: the sender's own file name may hold a person's name."""
    return f"{SCAN}{PurePath(str(proposal['scan_name'] or '')).suffix.lower()}"


def finish(settings: Settings, engine: Engine, approved: Row) -> dict[str, Any]:
    """The manifest of an approved official release, kept from now on.

    Raises:
        ReleaseBroken: the file does not read back as written.
        ReleaseUnwritten: the disk would not take it.
    """
    release_id = str(approved["release_id"])
    folder = aside_of(settings, release_id)
    file = folder / PUBLISHED_FILE
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            tables = digest_tables(connection)
        storage = read_back(file, tables)
        facts = {"tables": tables, "storage_version": storage, "files": file_facts(folder)}
        manifest = _manifest(settings, engine, approved) | facts
        write_manifest(folder / MANIFEST, manifest)
        keep(folder, settings.releases / release_id)
    except (OSError, duckdb.IOException, duckdb.FatalException) as error:
        raise ReleaseUnwritten(folder, str(error)) from error
    return manifest


def unmade(settings: Settings, engine: Engine) -> list[Row]:
    """Approved official releases whose folder is not there, in the order they were approved."""
    with engine.connect() as connection:
        approved = approved_in(connection)
    folders = settings.releases
    return [
        row
        for row in reversed(approved)
        if read_manifest(folders / str(row["release_id"]) / MANIFEST) is None
    ]


def complete(settings: Settings, engine: Engine) -> tuple[list[str], list[str]]:
    """Ids of the approved releases made now, and a sentence for each that could not be made.

    What was put together without an approval is cleared away. The caller holds the night's lease.
    """
    made, problems = [], []
    wanted = unmade(settings, engine)
    for row in wanted:
        try:
            make_aside(settings, engine, row, str(row["release_id"]))
            finish(settings, engine, row)
            made.append(str(row["release_id"]))
        except WarehouseError as error:
            # Its id stays taken, so that the next night can make it.
            aside_of(settings, str(row["release_id"])).mkdir(parents=True, exist_ok=True)
            problems.append(f"正式发布 {row['release_id']} 未能制成：{error.message_zh}")
    root = settings.releases / OFFICIAL_ASIDE
    known = {str(row["release_id"]) for row in wanted} - set(made)
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)
    return made, problems


def _make_official(
    settings: Settings, engine: Engine, file: Path, proposal: Row, release_id: str
) -> None:
    """Says in the file that it is official, and which figures were revised, as rows."""
    revised = revised_figures(settings, engine, proposal)
    moment = proposal["approved_at"]
    with duckdb.connect(str(file)) as connection, transaction(connection):
        changed = connection.execute(
            "update marts.release set kind = 'official', published_at = ?", [moment]
        ).fetchall()
        if changed != [(1,)]:
            raise ReleaseBroken("作为依据的发布文件没有 release 行。")
        if revised and "revisions" in mart_names(connection):
            names = (
                "release_id, from_release, to_release, table_name, key_text, column_name,"
                " old_value, new_value, reason_code, reason_zh"
            )
            connection.executemany(
                f"insert into marts.revisions ({names}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    [release_id, one["from_release_id"], release_id, one["table_name"],
                     one["key_text"], one["column_name"], one["old_value"], one["new_value"],
                     REVISED, revision_reason_zh(one)]
                    for one in revised
                ],
            )  # fmt: skip
    with duckdb.connect(str(file)) as connection:
        connection.execute("checkpoint")


def revision_reason_zh(figure: Row) -> str:
    """Why a figure was revised, in words: the decision's document number and reason."""
    return f"修订决定（{figure['revision_document_number']}）：{figure['revision_reason']}"


def revised_figures(settings: Settings, engine: Engine, proposal: Row) -> list[dict[str, Any]]:
    """The official figures that have another value in the release it is made from, as decided."""
    changes = figure_changes(
        settings, engine, str(proposal["city_code"]), str(proposal["base_release_id"]),
        before=proposal.get("decision_order"),
    )  # fmt: skip
    return [one for one in changes if one["revision_order"] is not None]


def _manifest(settings: Settings, engine: Engine, approved: Row) -> dict[str, Any]:
    base = read_manifest(release_db(settings, str(approved["base_release_id"])).parent / MANIFEST)
    if base is None:
        raise NoRelease(str(approved["base_release_id"]))
    city, head = str(approved["city_code"]), chain_head(engine)
    units = _units(settings, approved)
    carried = ("as_of", "software_version", "definitions_hash", "is_synthetic")
    return {name: base[name] for name in carried} | {
        "release_id": approved["release_id"],
        "kind": "official",
        "checked_as_of": base["as_of"],
        "published_at": approved["approved_at"].isoformat(),
        "held_cities": [one for one in base["held_cities"] if one["city_code"] == city],
        "previous_release_id": None,
        "chain_head": head.entry_hash,
        "chain_length": head.length,
        "reopenings": [],
        "small_offices": [
            one for one in base.get("small_offices", ()) if one["unit_code"] in units
        ],
        "official": _official(engine, approved),
        "revision_decisions": _decisions(settings, engine, approved),
    }


def _official(engine: Engine, approved: Row) -> dict[str, Any]:
    subject = ("city_code", "report_code", "period_code")
    with engine.connect() as connection:
        earlier = [
            row
            for row in approved_in(connection, str(approved["city_code"]))
            if row["decision_order"] < approved["decision_order"]
            and all(row[name] == approved[name] for name in subject)
        ]
    until = approved["embargo_until"]
    return {name: approved[name] for name in (*subject, "proposal_id", "base_release_id")} | {
        "document_number": approved["document_number"],
        "proposed_by": approved["author"],
        "approved_by": approved["decided_by"],
        "approved_at": approved["approved_at"].isoformat(),
        "embargo_until": until.isoformat() if until else None,
        "scan_sha256": approved["scan_sha256"],
        "scan_file": scan_file(approved),
        "replaces": earlier[0]["release_id"] if earlier else None,
    }


def _decisions(settings: Settings, engine: Engine, approved: Row) -> list[dict[str, Any]]:
    """The decisions behind the release's revised figures, each with how many are in it."""
    counts: dict[tuple[str, int], int] = {}
    for one in revised_figures(settings, engine, approved):
        key = (str(one["from_release_id"]), int(one["revision_order"]))
        counts[key] = counts.get(key, 0) + 1
    with engine.connect() as connection:
        rows: Sequence[Row] = revisions_in(connection, str(approved["city_code"]))
    return [
        {
            "from_release_id": row["from_release_id"],
            "revision_order": row["revision_order"],
            "document_number": row["document_number"],
            "reason_zh": row["reason_text"],
            "decided_by": row["author"],
            "decided_at": row["decided_at"].isoformat(),
            "figures": counts[key],
        }
        for row in rows
        if (key := (row["from_release_id"], row["revision_order"])) in counts
    ]


def _units(settings: Settings, approved: Row) -> set[str]:
    file = aside_of(settings, str(approved["release_id"])) / PUBLISHED_FILE
    with duckdb.connect(str(file), read_only=True) as connection:
        if "units" not in mart_names(connection):
            return set()
        return {
            str(row[0])
            for row in connection.execute("select unit_code from marts.units").fetchall()
        }
