"""Answering: a receipt in the outbox for every submission whose state moved since the last look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select

from orchestration.stages import night_folder
from sources.definitions import Definitions
from sources.periods import PeriodError, parse_period
from warehouse.ledger.changes import chunks
from warehouse.ledger.tables import events, findings, submissions
from warehouse.receipts import Receipt, write_receipts
from warehouse.settings import Settings

MARK = "receipts.json"


def answer(settings: Settings, definitions: Definitions, engine: Engine) -> int:
    """Number of receipts written."""
    mark = settings.work / MARK
    since = json.loads(mark.read_text())["until"] if mark.exists() else datetime.min.isoformat()
    with engine.connect() as connection:
        until = connection.execute(select(func.max(events.c.recorded_at))).scalar()
        newer = events.c.recorded_at > datetime.fromisoformat(since)
        asked = select(events.c.submission_id).where(newer).distinct()
        moved = [str(row[0]) for row in connection.execute(asked)]
        rows: list[dict[str, Any]] = []
        found: dict[str, list[dict[str, Any]]] = {}
        for part in chunks(moved):
            of_part = select(submissions).where(submissions.c.submission_id.in_(part))
            rows += [dict(row) for row in connection.execute(of_part).mappings()]
            said = select(findings).where(
                findings.c.submission_id.in_(part), findings.c.status_code != "closed"
            )
            for row in connection.execute(said).mappings():
                found.setdefault(row["submission_id"], []).append(dict(row))
    forms = {(f.form_code, f.form_version): f.form_zh for f in definitions.form_versions}
    receipts = [_receipt(row, forms, found.get(row["submission_id"], [])) for row in rows]
    written = write_receipts(settings, receipts)
    if until is not None:
        night_folder(settings)
        mark.write_text(json.dumps({"until": until.isoformat()}))
    return written


def _receipt(
    row: Mapping[str, Any],
    forms: Mapping[tuple[str, str], str],
    said: list[dict[str, Any]],
) -> Receipt:
    return Receipt(
        submission_id=row["submission_id"],
        city_code=row["city_code"],
        unit_code=row["unit_code"],
        file_name=row["file_name"],
        file_sha256=row["file_sha256"],
        state_code=row["state_code"],
        received_at=row["received_at"],
        form_zh=forms.get((row["form_code"], row["form_version"])),
        period_zh=_period_zh(row["period_code"]),
        version=row["version"],
        cells_read=row["cells_read"],
        is_synthetic=row["is_synthetic"],
        form_sheet=row["form_sheet"],
        archive_sha256=row["archive_sha256"],
        findings=said,
    )


def _period_zh(code: str | None) -> str | None:
    if code is None:
        return None
    try:
        return parse_period(code).label_zh
    except PeriodError:
        return code
