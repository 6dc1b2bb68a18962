"""实际交件时间: when a submission was really handed in, told by a steward with evidence.

The channel's own arrival stays where it is and keeps ordering the versions; lateness alone is
judged by the time recorded here. A later record of the same submission takes its place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, func, select

from warehouse.clock import technical_now
from warehouse.errors import DecisionRefused
from warehouse.ledger.chain import insert_sealed_row
from warehouse.ledger.changes import register_files
from warehouse.ledger.decisions import required, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import arrival_corrections
from warehouse.raw_files import StoredFile


def record_actual_arrival(
    engine: Engine,
    submission_id: str,
    *,
    actual: datetime,
    author: str,
    at: datetime,
    reason: str,
    evidence: StoredFile,
    evidence_name: str,
) -> datetime:
    """The channel's arrival that the recorded time stands beside.

    Args:
        engine: the ledger.
        submission_id: the version that was handed in.
        actual: when it was handed in, Asia/Shanghai wall time.
        author: the steward's account.
        at: the business moment of the decision.
        reason: why the channel's time does not tell.
        evidence: the paper that shows it, already stored in `raw/`.
        evidence_name: its file name.

    Raises:
        UnknownSubmission: the ledger has no such submission.
        DecisionRefused: no reason, or a time that cannot be: after the file was here.
    """
    text = required(reason, "记录实际交件时间须写明原因。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        if actual > row["first_seen_at"]:
            raise DecisionRefused(
                f"实际交件时间 {actual:%Y-%m-%d %H:%M} 晚于本系统首次见到该文件的时间"
                f"（{row['first_seen_at']:%Y-%m-%d %H:%M}），请核对。"
            )
        register_files(connection, {evidence.sha256: evidence.size_bytes})
        last = select(func.max(arrival_corrections.c.correction_order)).where(
            arrival_corrections.c.submission_id == submission_id
        )
        insert_sealed_row(
            connection,
            arrival_corrections,
            submission_id=submission_id,
            correction_order=(connection.execute(last).scalar() or 0) + 1,
            actual_received_at=actual,
            author=author,
            decided_at=at,
            recorded_at=technical_now(),
            reason_text=text,
            evidence_sha256=evidence.sha256,
            evidence_name=evidence_name,
        )
        received: datetime = row["received_at"]
        return received
