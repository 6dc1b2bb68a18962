"""Further places a release goes to: folders on shares, and a PostgreSQL database.

None of them can fail a night. Each is compared with what is published, so that a place that could
not be reached is made good by the next night, changed or not, and a roll-back reaches them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import LockedTarget, TargetRefused, WarehouseError
from warehouse.releases.history import (
    MANIFEST,
    published_manifest,
    read_manifest,
    release_db,
    write_manifest,
)
from warehouse.releases.places import place, stands
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
    try:
        return Delivery(str(folder), release_id, _mirror(settings, manifest, folder))
    except LockedTarget as error:
        problem = f"“{error.path}”被其他程序占用，仍为原来的版本；下次夜间运行补上"
    except TargetRefused as error:
        problem = error.message_zh
    except OSError as error:
        problem = f"写不进去：{error}；仍为原来的版本，下次夜间运行补上"
    return Delivery(str(folder), release_id, False, problem)


def _mirror(settings: Settings, manifest: Mapping[str, Any], folder: Path) -> bool:
    """Whether the folder took a new release.

    Raises:
        TargetRefused: there is no such folder: so looks a share that is not mounted.
    """
    if not folder.is_dir():
        raise TargetRefused("目录不存在（共享未挂载？），没有写入")
    try:
        there = read_manifest(folder / MANIFEST)
    except ValueError:
        there = None
    is_same = there is not None and there.get("release_id") == manifest["release_id"]
    if not is_same or not stands(folder, manifest):
        source = release_db(settings, str(manifest["release_id"])).parent
        kept = read_manifest(source / MANIFEST) or manifest
        place(source, kept, folder)
    if there != manifest:
        write_manifest(folder / MANIFEST, manifest)
    return not is_same


def _to_postgres(settings: Settings, manifest: Mapping[str, Any]) -> Delivery:
    from warehouse.releases.postgres import hand_over, place_name

    release_id, target = str(manifest["release_id"]), place_name(str(settings.publish_postgres))
    try:
        is_new = hand_over(settings, release_id)
    except WarehouseError as error:
        return Delivery(target, release_id, False, error.message_zh)
    return Delivery(target, release_id, is_new)
