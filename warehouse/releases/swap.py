"""Putting a finished release where BI opens it: copy aside, replace, manifest last.

`releases/.publishing` names a release that is finished but not yet in place. It is written before
the first byte of `published/` moves and removed after the manifest, so that a night killed in
between, or a file that a program would not let go, is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.errors import LockedTarget, NoRelease
from warehouse.releases.history import (
    MANIFEST,
    published_manifest,
    read_manifest,
    release_db,
    write_manifest,
)
from warehouse.releases.places import place, stands
from warehouse.settings import Settings


def put_in_place(settings: Settings, release_id: str) -> dict[str, Any]:
    """The published manifest after making a kept release the published one.

    Raises:
        NoRelease: the release is not kept.
        LockedTarget: the published file could not be replaced; the next night tries again.
    """
    source = release_db(settings, release_id)
    manifest = read_manifest(source.parent / MANIFEST)
    if manifest is None:
        raise NoRelease(release_id)
    marker = announce(settings, release_id)
    public = place(source.parent, manifest, settings.published)
    marker.unlink(missing_ok=True)
    return public


def announce(settings: Settings, release_id: str) -> Path:
    """The marker that names the release about to be put in place, written."""
    marker = _marker(settings)
    marker.write_text(release_id, encoding="utf-8")
    return marker


def finish_interrupted(settings: Settings) -> str | None:
    """Id of a finished release that a broken night had not put in place, now in place."""
    marker = _marker(settings)
    if not marker.is_file():
        return None
    release_id = marker.read_text(encoding="utf-8").strip()
    try:
        put_in_place(settings, release_id)
    except NoRelease:
        marker.unlink(missing_ok=True)
        return None
    except (LockedTarget, OSError):
        # The night goes on: what it publishes takes this release's place, or the next one tries.
        return None
    return release_id


def announced(settings: Settings) -> str | None:
    """Id of a finished release that is not yet in place; None when there is none."""
    marker = _marker(settings)
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else None


def forget_announced(settings: Settings) -> None:
    """A release that could not be put in place is not wanted any more: the content went back."""
    _marker(settings).unlink(missing_ok=True)


def restore_published(settings: Settings) -> None:
    """Puts the published file back when it is missing or was changed; else leaves it alone."""
    manifest = published_manifest(settings)
    if manifest is None:
        return
    if stands(settings.published, manifest):
        return
    checked = manifest["checked_as_of"]
    try:
        placed = put_in_place(settings, manifest["release_id"])
    except (LockedTarget, OSError):
        return
    note_checked(settings, placed, checked)


def note_checked(
    settings: Settings,
    manifest: Mapping[str, Any],
    checked_as_of: str,
    held_cities: list[dict[str, str]] | None = None,
    chain: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The published manifest with the day moved on (never back) to which it was found unchanged.

    Args:
        settings: the workspace.
        manifest: the published one.
        checked_as_of: the day.
        held_cities: the cities held back on it.
        chain: head and length of the ledger's chain on it, kept as `checked_chain`.
    """
    moved = dict(manifest)
    moved["checked_as_of"] = max(str(manifest["checked_as_of"]), checked_as_of)
    if held_cities is not None:
        moved["held_cities"] = held_cities
    if chain is not None and chain["length"] > int(manifest.get("chain_length") or 0):
        moved["checked_chain"] = dict(chain)
    if moved != manifest or not settings.published_manifest.exists():
        write_manifest(settings.published_manifest, moved)
    return moved


def _marker(settings: Settings) -> Path:
    settings.releases.mkdir(parents=True, exist_ok=True)
    return settings.releases / ".publishing"
