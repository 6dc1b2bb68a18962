"""One file that holds a workspace, and a workspace made of it again.

In it: the ledger, received bytes, releases and their exports, the records of what was handed out,
the inbox and the outbox, the private warehouse, the workspace's own definitions and settings. Left
out: credentials (`secrets/`) and Dagster's history. Every file is told by its sha256 and checked on
the way back; a backup that is cut short or altered is refused whole.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from warehouse.clock import technical_now
from warehouse.errors import WarehouseError, WorkspaceMissing
from warehouse.settings import Settings

MANIFEST = "backup.json"
LEDGER = "ledger.sqlite"
LEFT_OUT = frozenset({"dagster", "secrets"})
_TEMPORARY = frozenset(
    {".building", ".exporting", ".official", "night.lock", "night.lease", "warehouse.lock"}
)
_FASTEST = 1
"""Most of a workspace is compressed already."""


class BackupRefused(WarehouseError):
    """A backup that cannot be made, or one that cannot be trusted; nothing was changed."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    file: Path
    files: int
    size: int
    made_at: str


def back_up(settings: Settings, file: Path, *, may_replace: bool = False) -> Backup:
    """Writes a workspace into one file, whole or not at all; the caller holds the night's lease.

    Raises:
        WorkspaceMissing: there is no ledger to back up.
        BackupRefused: the ledger lies on a database server, the file cannot be written, or one
            stands there already and may not be replaced.
    """
    ledger = _ledger_file(settings)
    if file.exists() and not may_replace:
        raise BackupRefused(f"已有文件“{file}”，没有备份；请换一个文件名，或加 --force 覆盖它。")
    aside = file.with_name(f".{file.name}.writing")
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / LEDGER
            with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as to:
                source.backup(to)
            made = _write(settings, copy, aside, {file.resolve(), aside.resolve()})
        _check(aside)
        aside.replace(file)
    except OSError as error:
        raise BackupRefused(
            f"备份没有写成“{file}”（{error.strerror or error}），没有留下半个文件。"
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return Backup(file, made[0], file.stat().st_size, made[1])


def restore(settings: Settings, file: Path) -> Backup:
    """Makes the workspace of a backup; only where there is none.

    Raises:
        BackupRefused: the workspace is not empty, or the backup is none, cut short or altered.
    """
    home = settings.home
    if home.exists() and any(home.iterdir()):
        raise BackupRefused(f"“{home}”不是空的，没有恢复；请另指定 QIANGSHI_HOME，或先把它移开。")
    home.parent.mkdir(parents=True, exist_ok=True)
    aside = home.with_name(f".{home.name}.restoring")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        told = _check(file)
        with tarfile.open(file) as archive:
            archive.extractall(aside, filter="data")
        (aside / MANIFEST).unlink()
        for path in aside.rglob("*"):
            if path.is_file() and path.relative_to(aside).parts[0] in ("releases", "published"):
                path.chmod(0o444 if path.name != "manifest.json" else 0o644)
        if home.exists():
            home.rmdir()
        aside.rename(home)
    except OSError as error:
        raise BackupRefused(f"没有恢复（{error.strerror or error}）。") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Backup(file, len(told["files"]), file.stat().st_size, str(told["made_at"]))


def _ledger_file(settings: Settings) -> Path:
    url = make_url(settings.ledger_url)
    if url.get_backend_name() != "sqlite":
        raise BackupRefused(
            "台账在数据库服务器上，不能一并备份；请用 pg_dump 备份台账，并复制工作区目录。"
        )
    path = Path(str(url.database))
    if not path.is_file():
        raise WorkspaceMissing(settings.home)
    return path


def _members(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Every file of the workspace that belongs in a backup, with its name there."""
    home = settings.home
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        is_kept = parts[0] not in LEFT_OUT and not _TEMPORARY & set(parts)
        if path.is_file() and is_kept and not path.name.startswith(LEDGER):
            yield path.relative_to(home).as_posix(), path


def _write(settings: Settings, ledger: Path, target: Path, own: set[Path]) -> tuple[int, str]:
    """Number of files and moment; `own` are the backup's own files, should it lie inside."""
    files: dict[str, str] = {}
    made_at = technical_now().isoformat(timespec="seconds")
    with (
        target.open("wb") as handle,
        gzip.GzipFile(fileobj=handle, mode="wb", compresslevel=_FASTEST) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, path in (*_members(settings), (LEDGER, ledger)):
            if path.resolve() in own:
                continue
            with path.open("rb") as content:
                files[name] = hashlib.file_digest(content, "sha256").hexdigest()
            archive.add(path, arcname=name, recursive=False)
        told = json.dumps({"made_at": made_at, "files": files}, ensure_ascii=False).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(told)
        archive.addfile(info, io.BytesIO(told))
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return len(files), made_at


def _check(file: Path) -> dict[str, dict[str, str]]:
    """What the backup says of itself, once every file in it is as it says.

    Raises:
        BackupRefused: it is none, or not as it was written.
    """
    found: dict[str, str] = {}
    told: dict[str, dict[str, str]] | None = None
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                if member.name == MANIFEST:
                    told = json.loads(content.read())
                else:
                    found[member.name] = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise BackupRefused(f"没有文件“{file}”。") from error
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, ValueError, OSError) as error:
        raise BackupRefused(f"“{file}”不是完整的备份，没有恢复。") from error
    if told is None or told["files"] != found:
        raise BackupRefused(f"“{file}”与备份时的校验值不符，没有恢复。")
    return told
