"""Whether the official releases that lie there are the approved ones, and lie where they may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from warehouse.clock import end_of_day
from warehouse.ledger.officials import approved_in
from warehouse.official.figures import is_public
from warehouse.official.making import scan_file
from warehouse.official.placing import PUBLIC, official_folder
from warehouse.releases.history import OFFICIAL, last_as_of, release_manifests, standing_manifest
from warehouse.settings import Settings

Row = Mapping[str, Any]


def official_damage(settings: Settings, engine: Engine) -> list[str]:
    """A sentence for each thing about official releases that is not as the ledger has it."""
    with engine.connect() as connection:
        approved = approved_in(connection)
    return [*_kept(settings, approved), *_early(settings, approved, _latest(settings))]


def _latest(settings: Settings) -> datetime:
    """The business moment, or the end of the day up to which releases stand: what is later."""
    day = last_as_of(settings)
    now = settings.clock.now()
    return now if day is None else max(now, end_of_day(day))


def _kept(settings: Settings, approved: list[dict[str, Any]]) -> Iterator[str]:
    kept = {
        str(one["release_id"]): one
        for one in release_manifests(settings)
        if one.get("kind") == OFFICIAL
    }
    for row in approved:
        release_id = str(row["release_id"])
        manifest = kept.pop(release_id, None)
        if manifest is None:
            yield f"正式发布 {release_id} 已批准而没有制成，或已丢失；下次夜间运行补做。"
            continue
        wrong = [name for name, value in _told(row).items() if manifest["official"][name] != value]
        if wrong:
            yield f"正式发布 {release_id} 的清单与台账不符：{'、'.join(wrong)}。"
    for release_id in kept:
        yield f"{release_id} 自称正式发布，台账中没有它的批准。"


def _told(row: Row) -> dict[str, Any]:
    until = row["embargo_until"]
    names = ("city_code", "report_code", "period_code", "base_release_id", "document_number",
             "proposal_id", "scan_sha256")  # fmt: skip
    return {name: row[name] for name in names} | {
        "proposed_by": row["author"],
        "approved_by": row["decided_by"],
        "approved_at": row["approved_at"].isoformat(),
        "embargo_until": until.isoformat() if until else None,
        "scan_file": scan_file(row),
    }


def _early(settings: Settings, approved: list[dict[str, Any]], now: datetime) -> Iterator[str]:
    secret = {str(row["release_id"]) for row in approved if not is_public(row, now)}
    for row in approved:
        folder = official_folder(settings, row, PUBLIC)
        there = standing_manifest(folder) or {}
        if there.get("release_id") == row["release_id"] in secret:
            yield f"正式发布 {row['release_id']} 尚在保密期，却已在“{folder}”。"
