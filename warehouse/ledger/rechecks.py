"""Findings after a second check of a submission whose figures have been corrected since.

What a person decided stays decided, unless the value it was about has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, insert, select, update

from warehouse.ledger.changes import chunks
from warehouse.ledger.engine import writing
from warehouse.ledger.findings import MENDED, WRITTEN, open_counts
from warehouse.ledger.tables import corrections, events, findings

RECHECKED = "rechecked"
"""Reason code of a finding that a later check of the same submission no longer makes."""
_TOLD = ("severity_code", "value_text", "expected_text", "message_zh", "advice_zh")
_UNDECIDED = {"reason_code": None, "reason_text": None, "decided_by": None, "decided_at": None}


@dataclass(frozen=True)
class Rechecked:
    """How many findings a second check opened and closed, and how many are open now."""

    opened: int
    closed: int
    still_open: int


_FIGURES_MOVE = ("approve", "undo")


def corrected_since(engine: Engine, moment: datetime | None) -> list[str]:
    """Submissions of which a correction was approved, or an act undone, since a technical moment.

    Args:
        engine: the ledger.
        moment: when one last looked; None for ever.
    """
    asked = (
        select(events.c.submission_id)
        .join(corrections, corrections.c.submission_id == events.c.submission_id)
        .where(events.c.verb.in_(_FIGURES_MOVE))
        .distinct()
        .order_by(events.c.submission_id)
    )
    if moment is not None:
        asked = asked.where(events.c.recorded_at >= moment)
    with engine.connect() as connection:
        return list(connection.execute(asked).scalars())


def record_recheck(
    engine: Engine | Connection,
    frame: pl.DataFrame,
    checked: Iterable[str],
    rule_ids: Iterable[str],
) -> Rechecked:
    """What a second check changed.

    Open findings it no longer makes are closed; those it makes again with another value, or again
    after they were closed or corrected, are open; an explanation of the same value stands.

    Args:
        engine: the ledger.
        frame: one row per finding, columns `WRITTEN`.
        checked: the submissions that were looked at.
        rule_ids: the rules that were asked; findings of others stay as they are.
    """
    asked, looked_at = sorted(rule_ids), list(checked)
    met = {row["finding_id"]: row for row in frame.select(WRITTEN).to_dicts()}
    with writing(engine) as connection:
        known = _known(connection, looked_at, asked)
        gone = [
            key for key, row in known.items() if key not in met and row["status_code"] == "open"
        ]
        _move(connection, gone, status_code="closed", reason_code=RECHECKED)
        opened = 0
        for key, row in met.items():
            old = known.get(key)
            if old is None:
                connection.execute(insert(findings).values(**row, status_code="open"))
                opened += 1
                continue
            changes: dict[str, Any] = {name: row[name] for name in _TOLD if row[name] != old[name]}
            if _is_open_again(old, row):
                changes |= {"status_code": "open", **_UNDECIDED}
                opened += 1
            if changes:
                _move(connection, [key], **changes)
        still = sum(
            count
            for by_severity in open_counts(connection, looked_at).values()
            for severity, count in by_severity.items()
            if severity != "info"
        )
        return Rechecked(opened, len(gone), still)


def _is_open_again(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    status = old["status_code"]
    if status == "corrected":
        # A later version's word on it is that version's affair.
        return bool(old["reason_code"] != MENDED)
    if status == "closed":
        return True
    return bool(status == "explained" and old["value_text"] != new["value_text"])


def _known(
    connection: Connection, checked: Iterable[str], rule_ids: list[str]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(checked):
        asked = select(findings).where(
            findings.c.submission_id.in_(part), findings.c.rule_id.in_(rule_ids)
        )
        rows = connection.execute(asked)
        found |= {row["finding_id"]: dict(row) for row in rows.mappings()}
    return found


def _move(connection: Connection, keys: Iterable[str], **values: Any) -> None:
    for part in chunks(keys):
        connection.execute(update(findings).where(findings.c.finding_id.in_(part)).values(**values))
