"""A finished release laid into a folder that BI reads: `published/`, or a mirror on a share.

The DuckDB file is replaced by one rename. `parquet` points to a folder of the release, and the
pointer moves by one rename too; the folder before stays one release longer, for whoever reads it.
The manifest comes last and tells what stands there.
"""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.errors import LockedTarget
from warehouse.releases.digest import sha256_of
from warehouse.releases.history import MANIFEST, write_manifest
from warehouse.settings import PUBLISHED_FILE

ATTEMPTS = 5
PAUSE_SECONDS = 0.5
PARQUET = "parquet"
GENERATIONS = ".parquet"
"""Folder of the Parquet folders that `parquet` points to, one per release."""

# What a share answers when another program holds a file.
_HELD = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY})


def place(source: Path, manifest: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The manifest written into `folder` after laying a kept release there.

    Args:
        source: the release's own folder.
        manifest: the release's own manifest.
        folder: where BI reads; made when it is missing.

    Raises:
        LockedTarget: a program holds the file that stands there.
        OSError: the folder cannot be written (full, gone, not permitted); what stood there stands.
    """
    folder.mkdir(parents=True, exist_ok=True)
    release_id = str(manifest["release_id"])
    aside = folder / f".{release_id}.{PUBLISHED_FILE}"
    _clear_leftovers(folder)
    generation = _lay_parquet(source / PARQUET, folder, release_id)
    try:
        _copy(source / PUBLISHED_FILE, aside)
        target = folder / PUBLISHED_FILE
        remove_log(target)
        replace_patiently(aside, target)
        remove_log(target)
    except (OSError, LockedTarget):
        aside.unlink(missing_ok=True)
        raise
    if generation is not None:
        _point(folder, generation)
    files = {name: facts for name, facts in manifest["files"].items() if _is_placed(name)}
    public = dict(manifest) | {"files": files, "checked_as_of": manifest["as_of"]}
    write_manifest(folder / MANIFEST, public)
    return public


def place_copy(source: Path, target: Path) -> bool:
    """Whether a file at a fixed path is new; taken away where the release has none.

    An old file would pass for the new one.

    Raises:
        LockedTarget: a program holds the file that stands there.
        OSError: it cannot be written; what stood there stands.
    """
    if not source.is_file():
        target.unlink(missing_ok=True)
        return False
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return False
    aside = target.with_name(f".{target.name}.new")
    try:
        _copy(source, aside)
        replace_patiently(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return True


def stands(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the file in `folder` is the one the manifest tells of, with no foreign log beside."""
    target = folder / PUBLISHED_FILE
    known = manifest["files"][PUBLISHED_FILE]
    if log_of(target).exists() or not target.is_file() or target.stat().st_size != known["size"]:
        return False
    return sha256_of(target) == known["sha256"]


def log_of(path: Path) -> Path:
    """The write-ahead log that DuckDB would lay over a file when it opens it."""
    return path.with_name(f"{path.name}.wal")


def remove_log(path: Path) -> None:
    """Removes a log that a program left which opened the published file for writing.

    Laid over the next release it would mix that program's rows into it, without an error.
    """
    log_of(path).unlink(missing_ok=True)


def replace_patiently(source: Path, target: Path, attempts: int = ATTEMPTS) -> None:
    """Renames over a file that another program may hold for a moment (network shares, Windows).

    Raises:
        LockedTarget: it held it throughout.
    """
    for attempt in range(1, attempts + 1):
        try:
            source.replace(target)
        except OSError as error:
            if not isinstance(error, PermissionError) and error.errno not in _HELD:
                raise
            if attempt == attempts:
                raise LockedTarget(target, attempts) from error
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _is_placed(name: str) -> bool:
    return name == PUBLISHED_FILE or name.startswith(f"{PARQUET}/")


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb") as handle:
        os.fsync(handle.fileno())
    target.chmod(0o444)


def _clear_leftovers(folder: Path) -> None:
    """Halves that a delivery left which was given up or killed."""
    for half in folder.glob(f".*.{PUBLISHED_FILE}"):
        half.unlink()
    for half in (folder / GENERATIONS).glob(".*"):
        shutil.rmtree(half, ignore_errors=True)


def _lay_parquet(source: Path, folder: Path, release_id: str) -> Path | None:
    """The folder of the release's Parquet files below `folder`, not yet pointed to."""
    if not source.is_dir():
        return None
    generation = folder / GENERATIONS / release_id
    aside = generation.with_name(f".{release_id}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        for path in sorted(source.iterdir()):
            _copy(path, aside / path.name)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(generation, ignore_errors=True)
    aside.rename(generation)
    return generation


def _point(folder: Path, generation: Path) -> None:
    pointer, aside = folder / PARQUET, folder / f".{PARQUET}.new"
    before = pointer.readlink().name if pointer.is_symlink() else None
    if aside.is_symlink():
        aside.unlink()
    try:
        aside.symlink_to(Path(GENERATIONS) / generation.name, target_is_directory=True)
    except OSError:
        _stand_in(pointer, generation)
        return
    if pointer.is_dir() and not pointer.is_symlink():
        shutil.rmtree(pointer)
    replace_patiently(aside, pointer)
    for old in (folder / GENERATIONS).iterdir():
        if old.name not in {generation.name, before}:
            shutil.rmtree(old, ignore_errors=True)


def _stand_in(pointer: Path, generation: Path) -> None:
    """Where a share knows no pointers: the folder itself, moved in by two renames."""
    old = generation.with_name(".old")
    shutil.rmtree(old, ignore_errors=True)
    if pointer.exists():
        pointer.rename(old)
    generation.rename(pointer)
    shutil.rmtree(old, ignore_errors=True)
