"""Official releases where readers find them: `published/official/<city>/<report>-<period>/`.

`office` is for the city's own offices and is laid out at the approval. `public` holds what the
definitions let anybody read, comes once the embargo is over, and until then is not there at all.
Both files are replaced by one rename, the manifest last.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from sources.definitions import Definitions
from warehouse.audiences.writing import is_current, write_audience_file
from warehouse.errors import LockedTarget, NoRelease, WarehouseError
from warehouse.ledger.officials import approved_in
from warehouse.official.figures import is_public
from warehouse.releases.history import (
    MANIFEST,
    read_manifest,
    release_db,
    standing_manifest,
    write_manifest,
)
from warehouse.releases.places import PARQUET, place, stands
from warehouse.settings import Settings

Row = Mapping[str, Any]
OFFICE, PUBLIC = "office", "public"

_NOT_PUBLIC = ("proposed_by", "approved_by", "scan_file", "proposal_id")


@dataclass(frozen=True)
class Placement:
    """One place of an official release that was looked after."""

    release_id: str
    audience: str
    folder: Path
    is_new: bool
    problem_zh: str | None = None


def official_folder(settings: Settings, row: Row, audience: str) -> Path:
    """The stable place of a city's report of a period, for an audience."""
    name = f"{row['report_code']}-{row['period_code'].replace('/', '_')}"
    return settings.published / "official" / str(row["city_code"]) / name / audience


def place_official(settings: Settings, engine: Engine, now: datetime) -> tuple[Placement, ...]:
    """Lays every official release where it belongs at a business moment; harmless when it is there.

    Of several of one city, report and period the last one stands; the public goes on reading the
    one before until the last one's embargo is over. Nothing here raises for a place that cannot be
    written: it is told, and the next call tries again.
    """
    with engine.connect() as connection:
        approved = approved_in(connection)
    found = []
    for audience, rows in (
        (OFFICE, approved),
        (PUBLIC, [row for row in approved if is_public(row, now)]),
    ):
        for row in _newest(rows):
            placed = _placed(settings, row, audience)
            if placed is not None:
                found.append(placed)
    return tuple(found)


def _newest(rows: Sequence[Row]) -> list[Row]:
    """The newest of each city, report and period, of rows that are newest first."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        found.setdefault((row["city_code"], row["report_code"], row["period_code"]), row)
    return list(found.values())


def _placed(settings: Settings, row: Row, audience: str) -> Placement | None:
    release_id = str(row["release_id"])
    folder = official_folder(settings, row, audience)
    try:
        source = release_db(settings, release_id).parent
    except NoRelease:
        # Approved and not made yet: what made it impossible is told where it was tried.
        return None
    try:
        is_new = _lay(settings, source, folder, audience)
    except LockedTarget as error:
        return Placement(release_id, audience, folder, False, error.message_zh)
    except (OSError, duckdb.Error, WarehouseError) as error:
        said = getattr(error, "message_zh", None) or f"写不进“{folder}”：{error}"
        return Placement(release_id, audience, folder, False, f"{said}下次再试。")
    return Placement(release_id, audience, folder, is_new)


def _lay(settings: Settings, source: Path, folder: Path, audience: str) -> bool:
    manifest = read_manifest(source / MANIFEST)
    if manifest is None:
        raise NoRelease(source.name)
    if audience == PUBLIC:
        return _lay_public(settings, source, folder, manifest)
    there = standing_manifest(folder)
    scan = str(manifest["official"]["scan_file"])
    if (
        there is not None
        and there.get("release_id") == manifest["release_id"]
        and stands(folder, there)
        and (folder / PARQUET).is_dir()
        and (folder / scan).is_file()
    ):
        return False
    place(source, manifest, folder)
    _copy_scan(source / scan, folder, scan)
    return True


def _lay_public(settings: Settings, source: Path, folder: Path, manifest: Row) -> bool:
    """Whether the public got a new file; no account's name and no signature is in what it gets."""
    city = str(manifest["official"]["city_code"])
    definitions = Definitions.load(settings.definitions_overlay)
    there = standing_manifest(folder) or {}
    # What says that it is official is written last: a cut-off may have left it out.
    if is_current(folder, source, city, PUBLIC, definitions) and "official" in there:
        return False
    told = write_audience_file(source, city, PUBLIC, folder, definitions)
    official = {
        name: value for name, value in manifest["official"].items() if name not in _NOT_PUBLIC
    }
    decisions = [
        {name: value for name, value in one.items() if name != "decided_by"}
        for one in manifest["revision_decisions"]
    ]
    write_manifest(
        folder / MANIFEST, told | {"official": official, "revision_decisions": decisions}
    )
    return True


def _copy_scan(source: Path, folder: Path, name: str) -> None:
    aside = folder / f".{name}"
    aside.unlink(missing_ok=True)
    shutil.copyfile(source, aside)
    aside.chmod(0o444)
    for old in folder.glob(f"{Path(name).stem}.*"):
        if old.name != name:
            old.unlink()
    aside.replace(folder / name)
