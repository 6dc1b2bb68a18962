"""Further places a release goes to: folders on shares, and a PostgreSQL database.

None of them can fail a night or hold it up. Each is compared with what is published, so that a
place that could not be reached is made good by the next night, changed or not, and a roll-back
reaches them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.releases.delivery import perform_within_limit
from warehouse.releases.history import MANIFEST, published_manifest, read_manifest, release_db
from warehouse.settings import Settings


@dataclass(frozen=True)
class Delivery:
    """What handing the published release to one further place came to."""

    target: str
    """The folder, or host and database; never a password."""
    release_id: str
    is_new: bool
    problem_zh: str | None = None


def deliver(settings: Settings) -> tuple[Delivery, ...]:
    """What each further place came to; empty where none is set or nothing is published."""
    manifest = published_manifest(settings)
    if manifest is None:
        return ()
    found = [_to_folder(settings, manifest, folder) for folder in settings.publish_folders]
    if settings.publish_postgres:
        found.append(_to_postgres(settings, manifest))
    return tuple(found)


def _to_folder(settings: Settings, manifest: Mapping[str, Any], folder: Path) -> Delivery:
    release_id = str(manifest["release_id"])
    source = release_db(settings, release_id).parent
    done = perform_within_limit(
        {
            "kind": "release",
            "source": str(source),
            "kept": read_manifest(source / MANIFEST) or manifest,
            "manifest": manifest,
            "folder": str(folder),
        }
    )
    return Delivery(str(folder), release_id, **done)


def _to_postgres(settings: Settings, manifest: Mapping[str, Any]) -> Delivery:
    from warehouse.releases.postgres import place_name

    release_id, url = str(manifest["release_id"]), str(settings.publish_postgres)
    done = perform_within_limit(
        {"kind": "postgres", "home": str(settings.home), "url": url, "release_id": release_id}
    )
    return Delivery(place_name(url), release_id, **done)
