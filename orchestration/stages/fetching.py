"""Fetching: what lies at far places, brought into `raw/` and the ledger, each object once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from threading import Lock

from sqlalchemy import Engine

from orchestration.progress import tell
from orchestration.stages import CHANNEL_REPORTS, serves
from sources.channels.credentials import Secrets
from sources.channels.polling import PollReport, poll_all
from sources.channels.remote import Delivery, Patience, Workshop
from sources.channels.rows import channel_rows, remote_channels
from sources.definitions import Definitions
from sources.evidence import evidence_kind
from warehouse.ledger.arrivals import BroughtFile, keep_delivery, known_objects
from warehouse.raw_files import flush_file, store_bytes
from warehouse.settings import Settings

PARTIAL = "fetching"


def fetch(
    settings: Settings,
    definitions: Definitions,
    engine: Engine,
    patience: Patience | None = None,
) -> list[PollReport]:
    """What each channel brought; one that is down is a line here and nothing worse."""
    workshop = Workshop(
        partial_folder=settings.work / PARTIAL,
        known_hosts=settings.known_hosts,
        ca_file=settings.ca_file,
        patience=patience or Patience(),
    )
    rows = channel_rows(definitions, settings.clock.today(), partial(serves, settings))
    channels = remote_channels(rows, settings.home, Secrets(settings.secrets), workshop)
    if channels:
        tell(f"接收：查看 {len(channels)} 个渠道")
    desk = _Desk(settings, engine)
    reports = poll_all(channels, desk.known, desk.keep, workshop.patience)
    _save(settings, reports)
    return reports


class _Desk:
    """Where deliveries of all channels are kept, one at a time."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._known: dict[str, set[str]] = {}
        self._lock = Lock()

    def known(self, place: str) -> set[str]:
        """Far ids of a place that were fetched before, tonight's too."""
        with self._lock:
            if place not in self._known:
                self._known[place] = known_objects(self._engine, place)
            return self._known[place]

    def keep(self, delivery: Delivery) -> int:
        """Number of new files; bytes first, then marker and files in one transaction."""
        files = []
        for one in delivery.files:
            stored = store_bytes(self._settings, one.data)
            flush_file(stored)
            files.append(
                BroughtFile(
                    part=one.part,
                    file_name=one.file_name,
                    file_sha256=stored.sha256,
                    size_bytes=stored.size_bytes,
                    received_at=one.received_at,
                    unit_code=one.unit_code,
                    city_code=one.city_code,
                    is_evidence=evidence_kind(one.data) is not None,
                    sender=one.sender,
                )
            )
        seen = self.known(delivery.place)
        with self._lock:
            kept = keep_delivery(
                self._engine,
                channel_kind=delivery.channel_kind,
                place=delivery.place,
                far_id=delivery.far_id,
                files=files,
                seen_at=self._settings.clock.now(),
            )
            seen.add(delivery.far_id)
            return kept


def _save(settings: Settings, reports: Sequence[PollReport]) -> None:
    rows = [asdict(report) for report in reports]
    path = settings.work / CHANNEL_REPORTS
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding="utf-8")
