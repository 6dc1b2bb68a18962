"""The files of every city and audience beside what is published, and copies of them on shares.

`published/cities/<city>/<audience>/` always follows the published release: written anew when it or
the audience changes, left alone otherwise, put back when a file is missing or was changed, taken
away when there is no such city or audience any more. One that fails is told and stops no other.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb
from filelock import FileLock

from sources.definitions import Definitions
from warehouse.audiences.definition import Audience, audiences_of
from warehouse.audiences.writing import is_current, write_audience_file
from warehouse.errors import LockedTarget, WarehouseError
from warehouse.releases.delivery import perform_within_limit
from warehouse.releases.digest import mart_names
from warehouse.releases.history import published_manifest, release_db, standing_manifest
from warehouse.settings import PUBLISHED_FILE, Settings

LOCK = "city_files.lock"


@dataclass
class Kept:
    """What keeping the files came to."""

    release_id: str | None = None
    written: int = 0
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    """`<city>/<audience>` of what is no more."""
    mirrored: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)


def city_file_folder(settings: Settings, city_code: str, audience_code: str) -> Path:
    """Where the file of a city for an audience lies, release after release."""
    return settings.city_files / city_code / audience_code


def are_kept(settings: Settings, definitions: Definitions) -> bool:
    """Whether every file is that of the published release, so that there is nothing to do."""
    manifest = published_manifest(settings)
    if manifest is None or not settings.has_city_files:
        return True
    release = release_db(settings, str(manifest["release_id"])).parent
    wanted = list(_wanted(settings, release, definitions))
    places = {(city, audience.code) for city, audience in wanted}
    return (
        not any(place not in places for place in _standing(settings))
        and all(
            is_current(
                city_file_folder(settings, city, audience.code), release, city, audience.code,
                definitions,
            )
            for city, audience in wanted
        )
        # Whether a share has its copy is asked in a process of its own: it may be dead.
        and not settings.audience_folders
    )  # fmt: skip


def keep_city_files(settings: Settings, definitions: Definitions) -> Kept:
    """Makes the files those of the published release.

    Raises:
        NoRelease: the published release is not kept.
    """
    kept = Kept()
    if not settings.has_city_files:
        return kept
    with FileLock(settings.work / LOCK):
        manifest = published_manifest(settings)
        if manifest is None:
            return kept
        kept.release_id = str(manifest["release_id"])
        release = release_db(settings, kept.release_id).parent
        wanted = list(_wanted(settings, release, definitions))
        for city, audience in wanted:
            act = partial(_keep_one, settings, release, city, audience, definitions, kept)
            _guarded(kept, f"{city} {audience.name_zh}", act)
        _remove_strangers(settings, {(city, audience.code) for city, audience in wanted}, kept)
    return kept


def left_standing(settings: Settings) -> str | None:
    """What is to be said of files that stand while none are written any more; None without any.

    They are an office's to take away: a share or a reader may still hang on them.
    """
    if settings.has_city_files:
        return None
    standing = [settings.city_files / city / audience for city, audience in _standing(settings)]
    manifests = [one for one in map(standing_manifest, standing) if one is not None]
    if not manifests:
        return None
    releases = sorted({str(one["release_id"]) for one in manifests})
    name = "QIANGSHI_CITY_FILES" if settings.has_exports else "QIANGSHI_EXPORTS"
    return (
        f"分城市文件已停写（{name}=off），“{settings.city_files}”里还有 {len(manifests)} 份，"
        f"是发布 {'、'.join(releases)} 的，不再更新；请删除，或把 {name} 改为 on。"
    )


def _wanted(
    settings: Settings, release: Path, definitions: Definitions
) -> Iterator[tuple[str, Audience]]:
    """The cities that have a plan or a figure in the release, each with every audience."""
    with duckdb.connect(str(release / PUBLISHED_FILE), read_only=True) as connection:
        parts = [
            f"select distinct city_code from marts.{table}"
            for table in ("plans", "city_indicators")
            if table in mart_names(connection)
        ]
        rows = connection.execute(f"{' union '.join(parts)} order by all").fetchall()
    audiences = audiences_of(definitions).values()
    for (city,) in rows:
        if city is not None and settings.serves(str(city)):
            for audience in audiences:
                yield str(city), audience


def _standing(settings: Settings) -> list[tuple[str, str]]:
    if not settings.city_files.is_dir():
        return []
    return [
        (city.name, audience.name)
        for city in sorted(settings.city_files.iterdir())
        if city.is_dir()
        for audience in sorted(city.iterdir())
        if audience.is_dir()
    ]


def _guarded(kept: Kept, what: str, act: Callable[[], None]) -> None:
    """Does one thing; whatever goes wrong is told and stops nothing else."""
    try:
        act()
    except LockedTarget as error:
        said = f"“{error.path}”被其他程序占用，仍为原来的版本；下次夜间运行补上"
        kept.failed.append({"part": what, "problem_zh": said})
    except WarehouseError as error:
        kept.failed.append({"part": what, "problem_zh": error.message_zh})
    except (OSError, duckdb.Error) as error:
        said = f"写不下去：{error}；原来的文件不受影响，下次夜间运行补上"
        kept.failed.append({"part": what, "problem_zh": said})


def _keep_one(
    settings: Settings,
    release: Path,
    city: str,
    audience: Audience,
    definitions: Definitions,
    kept: Kept,
) -> None:
    target = city_file_folder(settings, city, audience.code)
    if is_current(target, release, city, audience.code, definitions):
        kept.unchanged += 1
        return
    write_audience_file(release, city, audience.code, target, definitions)
    kept.written += 1


def _remove_strangers(settings: Settings, places: set[tuple[str, str]], kept: Kept) -> None:
    """Takes away what no row asks for: an old file would pass for a current one."""
    for city, audience in _standing(settings):
        if (city, audience) not in places:
            shutil.rmtree(settings.city_files / city / audience, ignore_errors=True)
            kept.removed.append(f"{city}/{audience}")
    if settings.city_files.is_dir():
        for folder in settings.city_files.iterdir():
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def deliver_city_files(settings: Settings, kept: Kept) -> None:
    """Lays copies into the folders that take one of the files, each in a process of its own."""
    if not settings.has_city_files or kept.release_id is None:
        return
    for one in settings.audience_folders:
        source = city_file_folder(settings, one.city_code, one.audience_code)
        done = perform_within_limit(
            {"kind": "city_file", "source": str(source), "folder": str(one.folder)}
        )
        kept.mirrored += done["is_new"]
        if done["problem_zh"]:
            kept.failed.append({"part": str(one.folder), "problem_zh": done["problem_zh"]})
