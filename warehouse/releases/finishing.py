"""The last steps of any release: read back, Parquet beside it, facts of its files, frozen."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import duckdb

from warehouse.connection import scalar
from warehouse.errors import ReleaseBroken
from warehouse.releases.build import STORAGE_VERSION
from warehouse.releases.digest import digest_tables
from warehouse.releases.history import MANIFEST

Tables = dict[str, dict[str, str | int]]


def read_back(file: Path, tables: Tables) -> str:
    """The storage version of the file, once it reads back as written; Parquet beside it.

    Raises:
        ReleaseBroken: it does not, or a driver of another version could not open it.
    """
    if file.with_name(f"{file.name}.wal").exists():
        raise ReleaseBroken("发布文件尚有未写入的日志。")
    folder = file.parent / "parquet"
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(file), read_only=True) as connection:
        if digest_tables(connection) != tables:
            raise ReleaseBroken("发布文件重新读取后内容不一致。")
        storage = str(
            scalar(
                connection,
                "select tags['storage_version'] from duckdb_databases() "
                "where database_name = current_database()",
            )
        )
        if storage.rstrip("+") != STORAGE_VERSION:
            raise ReleaseBroken(f"发布文件的存储版本为 {storage}，应为 {STORAGE_VERSION}。")
        for table in tables:
            target = str(folder / f"{table}.parquet").replace("'", "''")
            rows = f'select * from marts."{table}" order by all'
            connection.execute(f"copy ({rows}) to '{target}' (format parquet)")
    return storage


def file_facts(folder: Path) -> dict[str, dict[str, str | int]]:
    """Hash and size of every file of a release but its manifest; all are on disk afterwards."""
    files: dict[str, dict[str, str | int]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as handle:
                sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
                os.fsync(handle.fileno())
            files[path.relative_to(folder).as_posix()] = {
                "sha256": sha256,
                "size": path.stat().st_size,
            }
    return files


def keep(folder: Path, target: Path) -> None:
    """Makes what was built a kept release: files read-only, the folder renamed in one step."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    folder.rename(target)
