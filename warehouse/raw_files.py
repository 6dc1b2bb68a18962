"""Received bytes by content hash: `raw/<sha[:2]>/<sha>`, written once, never altered."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from threading import get_native_id

from warehouse.settings import Settings

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class StoredFile:
    """Bytes kept in `raw/`."""

    sha256: str
    size_bytes: int
    path: Path
    is_new: bool


def raw_path(settings: Settings, sha256: str) -> Path:
    """Where the bytes of a content hash lie."""
    return settings.raw / sha256[:2] / sha256


def store_bytes(settings: Settings, data: bytes) -> StoredFile:
    """Keeps bytes in `raw/`; call `flush_to_disk` once before the ledger commits to them."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = raw_path(settings, sha256)
    if path.exists() and path.stat().st_size == len(data):
        return StoredFile(sha256, len(data), path, is_new=False)
    aside = path.with_name(f".{sha256}.{os.getpid()}.{get_native_id()}")
    aside.unlink(missing_ok=True)
    try:
        descriptor = os.open(aside, _NEW_FILE, 0o444)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(aside, _NEW_FILE, 0o444)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
    aside.replace(path)
    return StoredFile(sha256, len(data), path, is_new=True)


def flush_to_disk() -> None:
    """Waits until written files are on disk: once a batch, as an fsync per file costs too much."""
    os.sync()


def flush_file(stored: StoredFile) -> None:
    """Waits until one file's bytes and its name are on disk: for files kept one by one."""
    for path in (stored.path, stored.path.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
