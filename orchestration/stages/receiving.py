"""Receiving: every settled file of an inbox or a channel kept by its hash, before anybody reads it.

Forms of the inbox stay there until the ledger has them as submissions. What a channel brings, what
a steward drops for others and what is a scan goes into the ledger at once, with its marker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from orchestration.progress import tell
from orchestration.stages import arrivals_in, night_folder
from orchestration.stages.fetching import fetch
from sources.channels import UNSORTED, ArrivedFile, FolderInbox
from sources.channels.inbox import FileChangedError
from sources.channels.polling import PollReport
from sources.definitions import Definitions
from sources.evidence import evidence_kind
from warehouse.clock import technical_now
from warehouse.ledger.arrivals import BroughtFile, arrival_counts, arrivals_in_state, keep_delivery
from warehouse.ledger.engine import open_ledger
from warehouse.raw_files import StoredFile, flush_file, flush_to_disk, raw_path, store_bytes
from warehouse.settings import Settings

SPOOL = "arrivals.json"
SPOOLED = ("arrival", "sha256", "size_bytes")


@dataclass(frozen=True)
class Received:
    """What a night received.

    Attributes:
        files: forms kept for reading.
        left_alone: files that changed under the hand and wait for the next look.
        fetched: files that far places brought.
        evidence: scans and photos newly kept.
        channels: what each far place came to.
    """

    files: int
    left_alone: int
    fetched: int
    evidence: int
    channels: Sequence[PollReport]


@dataclass(frozen=True)
class KeptArrival:
    """An arrival whose bytes are in `raw/`.

    One of the inbox lies there until the ledger has it; one of a far place has an `arrival_id`,
    because the ledger has it already.
    """

    arrival: ArrivedFile
    sha256: str
    size_bytes: int
    arrival_id: str | None = None
    first_seen_at: datetime | None = None
    entered_by: str | None = None
    """Who entered it on behalf of its unit."""


def receive(settings: Settings, definitions: Definitions, *, is_far_asked: bool = True) -> Received:
    """Keeps the bytes of every arrival and notes them for the reading stage.

    Args:
        settings: the workspace.
        definitions: its definitions.
        is_far_asked: whether mailboxes, SFTP folders and shares are asked too; by day only the
            inbox is looked at.
    """
    engine = open_ledger(settings)
    try:
        papers_before = arrival_counts(engine).get("evidence", 0)
        reports = fetch(settings, definitions, engine) if is_far_asked else ()
        kept, left_alone = _receive_inbox(settings, engine)
        counts = arrival_counts(engine)
    finally:
        engine.dispose()
    spool = night_folder(settings) / SPOOL
    # In ASCII: a path may hold a name that is no UTF-8.
    spool.write_text(json.dumps([_as_json(k) for k in kept]), encoding="ascii")
    return Received(
        files=len(kept) + counts.get("kept", 0),
        left_alone=left_alone,
        fetched=sum(report.files for report in reports),
        evidence=counts.get("evidence", 0) - papers_before,
        channels=reports,
    )


def _receive_inbox(settings: Settings, engine: Engine) -> tuple[list[KeptArrival], int]:
    """Forms of known units, still in the inbox, and how many files changed meanwhile."""
    tell("接收：查看收件箱")
    channel = FolderInbox(settings.inbox)
    kept: list[KeptArrival] = []
    left_alone = 0
    for arrival in arrivals_in(settings):
        try:
            data = channel.take(arrival)
        except (FileChangedError, FileNotFoundError):
            left_alone += 1
            continue
        stored = store_bytes(settings, data)
        is_paper = evidence_kind(data) is not None
        if is_paper or arrival.unit_code == UNSORTED:
            flush_file(stored)
            _keep_aside(settings, engine, arrival, stored, is_paper=is_paper)
            channel.done(arrival)
            continue
        kept.append(KeptArrival(arrival, stored.sha256, stored.size_bytes))
        if len(kept) % 500 == 0:
            tell(f"接收：已保存 {len(kept)} 个文件")
    if kept:
        flush_to_disk()
    return kept, left_alone


def _keep_aside(
    settings: Settings, engine: Engine, arrival: ArrivedFile, stored: StoredFile, *, is_paper: bool
) -> None:
    """Notes in the ledger what is no form to be read tonight: a scan, or a file of nobody yet."""
    place = f"{arrival.channel_kind}/{arrival.city_code}/{arrival.unit_code}"
    brought = BroughtFile(
        part="",
        file_name=arrival.file_name,
        file_sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        received_at=arrival.received_at,
        unit_code=None if arrival.unit_code == UNSORTED else arrival.unit_code,
        city_code=arrival.city_code,
        is_evidence=is_paper,
    )
    # An inbox is emptied, so every look is a new object; the same arrival is told by its file.
    far_id = f"{stored.sha256[:16]}|{technical_now().isoformat()}"
    keep_delivery(
        engine,
        channel_kind=arrival.channel_kind,
        place=place,
        far_id=far_id,
        files=[brought],
        seen_at=settings.clock.now(),
    )


def kept_for_reading(settings: Settings, engine: Engine) -> list[KeptArrival]:
    """What waits to be read: the inbox of this night, and all the ledger has kept so far."""
    found = list(kept_arrivals(settings))
    for row in arrivals_in_state(engine, "kept"):
        path = raw_path(settings, row["file_sha256"])
        size = path.stat().st_size
        arrival = ArrivedFile(
            channel_kind=row["channel_kind"],
            city_code=row["city_code"],
            unit_code=row["unit_code"],
            file_name=row["file_name"],
            path=path,
            size=size,
            received_at=row["received_at"],
            arrival_key=row["arrival_id"],
        )
        found.append(
            KeptArrival(
                arrival,
                row["file_sha256"],
                size,
                row["arrival_id"],
                row["first_seen_at"],
                row["entered_by"],
            )
        )
    return found


def kept_arrivals(settings: Settings) -> Iterator[KeptArrival]:
    """What the receiving stage of this night kept."""
    spool = night_folder(settings) / SPOOL
    if not spool.exists():
        return
    for row in json.loads(spool.read_text(encoding="ascii")):
        arrival = row["arrival"] | {
            "path": Path(row["arrival"]["path"]),
            "received_at": datetime.fromisoformat(row["arrival"]["received_at"]),
        }
        yield KeptArrival(ArrivedFile(**arrival), row["sha256"], row["size_bytes"])


def let_go(settings: Settings, kept: list[KeptArrival]) -> None:
    """Removes from the inbox what the ledger now holds."""
    channel = FolderInbox(settings.inbox)
    for one in kept:
        if one.arrival_id is None:
            channel.done(one.arrival)
    (night_folder(settings) / SPOOL).unlink(missing_ok=True)


def _as_json(kept: KeptArrival) -> dict[str, Any]:
    row = {name: value for name, value in asdict(kept).items() if name in SPOOLED}
    row["arrival"]["path"] = str(kept.arrival.path)
    row["arrival"]["received_at"] = kept.arrival.received_at.isoformat()
    return row
