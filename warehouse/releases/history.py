"""What has been published: manifests, release ids, and up to which day releases stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from warehouse.errors import ManifestBroken, NoRelease, ThinnedRelease
from warehouse.settings import PUBLISHED_FILE, Settings

MANIFEST = "manifest.json"
THINNED = "thinned.json"
"""File beside the releases that tells which of them were thinned, and when."""
OFFICIAL = "official"
"""Kind of a release that stands for itself; those of the nights follow one another."""
OFFICIAL_ASIDE = ".official"
"""Folder below `releases` in which official ones are put together."""


def read_manifest(path: Path) -> dict[str, Any] | None:
    """A manifest file; None when there is none.

    Raises:
        ManifestBroken: it is no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ManifestBroken(path) from error
    if not isinstance(found, dict):
        raise ManifestBroken(path)
    return found


def standing_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest in a place of readers; None where there is none, or one that cannot be read.

    What lies in such a place can be laid out anew: a spoiled manifest is none and stops no night.
    """
    try:
        return read_manifest(folder / MANIFEST)
    except ManifestBroken:
        return None


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Writes a manifest whole or not at all."""
    aside = path.with_name(f".{path.name}")
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
    aside.write_text(f"{text}\n", encoding="utf-8")
    aside.replace(path)


def published_manifest(settings: Settings) -> dict[str, Any] | None:
    """The manifest of what BI opens now; None before the first release."""
    return read_manifest(settings.published_manifest)


def release_manifests(settings: Settings) -> list[dict[str, Any]]:
    """Manifests of every release kept, oldest first."""
    found = (read_manifest(folder / MANIFEST) for folder in _folders(settings))
    return [manifest for manifest in found if manifest is not None]


def nightly_manifests(settings: Settings) -> list[dict[str, Any]]:
    """Manifests of the kept releases of the nights, oldest first."""
    return [one for one in release_manifests(settings) if one.get("kind") != OFFICIAL]


def release_as_of(settings: Settings, day: date) -> str:
    """Id of the newest release of a night that stands at the end of a day.

    Raises:
        NoRelease: nothing had been released by then.
    """
    standing = [m for m in nightly_manifests(settings) if m["as_of"] <= day.isoformat()]
    if not standing:
        raise NoRelease(day.isoformat())
    return str(max(standing, key=lambda m: (m["as_of"], m["release_id"]))["release_id"])


def first_release(settings: Settings) -> str:
    """Id of the oldest release of a night that is kept.

    Raises:
        NoRelease: nothing has been released.
    """
    kept = nightly_manifests(settings)
    if not kept:
        raise NoRelease()
    return str(min(kept, key=lambda m: (m["as_of"], m["release_id"]))["release_id"])


def last_as_of(settings: Settings) -> date | None:
    """The day up to which releases stand: the last one's, or of its last check without change."""
    days = [manifest["as_of"] for manifest in nightly_manifests(settings)]
    published = published_manifest(settings)
    if published is not None:
        days += [published["as_of"], published["checked_as_of"]]
    return date.fromisoformat(max(days)) if days else None


def release_db(settings: Settings, release_id: str) -> Path:
    """A release's own DuckDB file.

    Raises:
        NoRelease: it is not kept; ThinnedRelease where it was thinned.
    """
    path = settings.releases / release_id / PUBLISHED_FILE
    if not path.is_file():
        raise not_there(settings, release_id)
    return path


def thinned_releases(settings: Settings) -> dict[str, dict[str, Any]]:
    """What was thinned, by release: `release_id`, `as_of`, `thinned_at`, sha256 of its manifest."""
    told = read_manifest(settings.releases / THINNED) or {"releases": []}
    return {str(one["release_id"]): one for one in told["releases"]}


def not_there(settings: Settings, release_id: str) -> NoRelease:
    """Why there is no file of a release: it was thinned, or never was."""
    thinned = thinned_releases(settings)
    if release_id not in thinned:
        return NoRelease(release_id)
    instead = min(
        (
            str(one["release_id"])
            for one in nightly_manifests(settings)
            if one["release_id"] > release_id and one["release_id"] not in thinned
        ),
        default=None,
    )
    return ThinnedRelease(release_id, thinned[release_id]["thinned_at"][:10], instead)


def next_release_id(settings: Settings, as_of: date) -> str:
    """The id of the next release of either kind: day and running number, 20260131-001."""
    prefix = f"{as_of:%Y%m%d}-"
    taken = [
        int(folder.name.removeprefix(prefix))
        for folder in (*_folders(settings), *_folders(settings, OFFICIAL_ASIDE))
        if folder.name.startswith(prefix)
    ]
    return f"{prefix}{max(taken, default=0) + 1:03d}"


def _folders(settings: Settings, below: str = "") -> list[Path]:
    root = settings.releases / below
    if not root.is_dir():
        return []
    return sorted(
        folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(".")
    )
