"""Thinning: of releases of long ago the last of each month is kept, of the others what proves them.

A thinned release keeps its manifest and its definition tables: the chain's head stays where it was
sealed, its id is never given again, and a day of the past is still answered by running the models
over what was known then. Its figures, Parquet and exports go. `releases/thinned.json` tells what
was thinned when. Official releases, what they are made from, what is published, what was published
before it and what a marker or a mirror names are never thinned.

`python -m warehouse.releases.thinning HOME` thins and prints one line of JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from warehouse.clock import technical_now
from warehouse.ledger.engine import open_ledger
from warehouse.ledger.officials import bases_in
from warehouse.releases.build import DEFINITIONS
from warehouse.releases.delivery import perform_within_limit
from warehouse.releases.digest import sha256_of
from warehouse.releases.history import (
    MANIFEST,
    OFFICIAL,
    THINNED,
    nightly_manifests,
    published_manifest,
    release_manifests,
    thinned_releases,
    write_manifest,
)
from warehouse.releases.swap import announced
from warehouse.settings import PUBLISHED_FILE, Settings

STAYS = frozenset({MANIFEST, DEFINITIONS})
"""What a thinned release keeps."""


@dataclass(frozen=True)
class Thinned:
    """A release that is, or would be, thinned."""

    release_id: str
    as_of: str
    bytes: int
    """What goes."""


def thinnable(settings: Settings, keep_days: int) -> list[Thinned]:
    """What thinning would take away, oldest first.

    Args:
        settings: the workspace.
        keep_days: for how many days, back from the newest as-of day, every release is kept.
    """
    manifests = nightly_manifests(settings)
    if not manifests:
        return []
    kept = _spared(settings) | _kept_by_rule(manifests, keep_days)
    found = []
    for manifest in manifests:
        release_id = str(manifest["release_id"])
        size = sum(_sizes(settings.releases / release_id)) if release_id not in kept else 0
        if size:
            found.append(Thinned(release_id, str(manifest["as_of"]), size))
    return found


def thin(settings: Settings, keep_days: int) -> list[Thinned]:
    """What was taken away; each written down before its first byte goes. Under the night's lease.

    Raises:
        OSError: a file could not be removed; the next time tries again.
    """
    found = thinnable(settings, keep_days)
    for one in found:
        _write_down(settings, one)
        _empty(settings.releases / one.release_id)
    return found


def _kept_by_rule(manifests: list[dict[str, Any]], keep_days: int) -> set[str]:
    """All of the last days, and the last of each month."""
    newest = max(date.fromisoformat(one["as_of"]) for one in manifests)
    kept: set[str] = set()
    last: dict[str, tuple[str, str]] = {}
    for one in manifests:
        key = (str(one["as_of"]), str(one["release_id"]))
        if date.fromisoformat(key[0]) > newest - timedelta(days=keep_days):
            kept.add(key[1])
        last[key[0][:7]] = max(last.get(key[0][:7], key), key)
    return kept | {release_id for _, release_id in last.values()}


def _spared(settings: Settings) -> set[str]:
    """What is never thinned, whatever its age."""
    named: set[str | None] = {announced(settings)}
    for manifest in release_manifests(settings):
        if manifest.get("kind") == OFFICIAL:
            named |= {str(manifest["release_id"]), manifest["official"]["base_release_id"]}
    engine = open_ledger(settings)
    try:
        with engine.connect() as connection:
            named |= bases_in(connection)
    finally:
        engine.dispose()
    published = published_manifest(settings)
    if published is not None:
        named |= {str(published["release_id"]), published["previous_release_id"]}
    for folder in settings.publish_folders:
        # In a process of its own: the share may be dead.
        named.add(
            perform_within_limit({"kind": "standing", "folder": str(folder)}).get("release_id")
        )
    return {release_id for release_id in named if release_id}


def _goes(folder: Path) -> list[Path]:
    """What of a release's folder thinning takes: the file that BI opens first."""
    found = [path for path in folder.iterdir() if path.name not in STAYS]
    return sorted(found, key=lambda path: path.name != PUBLISHED_FILE)


def _sizes(folder: Path) -> Iterator[int]:
    for path in _goes(folder):
        files = path.rglob("*") if path.is_dir() else [path]
        yield sum(file.stat().st_size for file in files if file.is_file())


def _write_down(settings: Settings, one: Thinned) -> None:
    known = thinned_releases(settings)
    if one.release_id in known:
        # A thinning that was broken off is finished, not told twice.
        return
    known[one.release_id] = {
        "release_id": one.release_id,
        "as_of": one.as_of,
        "manifest_sha256": sha256_of(settings.releases / one.release_id / MANIFEST),
        "thinned_at": technical_now().isoformat(timespec="seconds"),
        "bytes": one.bytes,
    }
    write_manifest(settings.releases / THINNED, {"releases": list(known.values())})


def _empty(folder: Path) -> None:
    for path in _goes(folder):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def main(home: str) -> None:
    """Thins one workspace as its settings say."""
    settings = Settings.load(Path(home))
    found = thin(settings, settings.keep_days) if settings.keep_days else []
    told = {"releases": [asdict(one) for one in found], "failed": []}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
