"""Receiving: every settled file of an inbox kept by its hash, before anybody looks inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.progress import tell
from orchestration.stages import arrivals_in, night_folder
from sources.channels import ArrivedFile, FolderInbox
from sources.channels.inbox import FileChangedError
from sources.definitions import Definitions
from warehouse.raw_files import flush_to_disk, store_bytes
from warehouse.settings import Settings

SPOOL = "arrivals.json"


@dataclass(frozen=True)
class Received:
    """How many files were kept, and how many changed under the hand and wait for the next look."""

    files: int
    left_alone: int


@dataclass(frozen=True)
class KeptArrival:
    """An arrival whose bytes are in `raw/`; its file lies in the inbox until the ledger has it."""

    arrival: ArrivedFile
    sha256: str
    size_bytes: int


def receive(settings: Settings, _definitions: Definitions) -> Received:
    """Keeps the bytes of every arrival and notes them for the reading stage."""
    tell("接收：查看收件箱")
    channel = FolderInbox(settings.inbox)
    kept: list[KeptArrival] = []
    left_alone = 0
    for arrival in arrivals_in(settings):
        try:
            stored = store_bytes(settings, channel.take(arrival))
        except (FileChangedError, FileNotFoundError):
            left_alone += 1
            continue
        kept.append(KeptArrival(arrival, stored.sha256, stored.size_bytes))
        if len(kept) % 500 == 0:
            tell(f"接收：已保存 {len(kept)} 个文件")
    if kept:
        flush_to_disk()
    spool = night_folder(settings) / SPOOL
    spool.write_text(json.dumps([_as_json(k) for k in kept], ensure_ascii=False), encoding="utf-8")
    return Received(len(kept), left_alone)


def kept_arrivals(settings: Settings) -> Iterator[KeptArrival]:
    """What the receiving stage of this night kept."""
    spool = night_folder(settings) / SPOOL
    if not spool.exists():
        return
    for row in json.loads(spool.read_text(encoding="utf-8")):
        arrival = row["arrival"] | {
            "path": Path(row["arrival"]["path"]),
            "received_at": datetime.fromisoformat(row["arrival"]["received_at"]),
        }
        yield KeptArrival(ArrivedFile(**arrival), row["sha256"], row["size_bytes"])


def let_go(settings: Settings, kept: list[KeptArrival]) -> None:
    """Removes from the inbox what the ledger now holds."""
    channel = FolderInbox(settings.inbox)
    for one in kept:
        channel.done(one.arrival)
    (night_folder(settings) / SPOOL).unlink(missing_ok=True)


def _as_json(kept: KeptArrival) -> dict[str, Any]:
    row = asdict(kept)
    row["arrival"]["path"] = str(kept.arrival.path)
    row["arrival"]["received_at"] = kept.arrival.received_at.isoformat()
    return row
