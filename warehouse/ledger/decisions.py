"""What every decision shares: who may decide on what, and the event it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, select

from warehouse.errors import DecisionRefused, UnknownSubmission
from warehouse.ledger.changes import SYSTEM, Change, apply_changes
from warehouse.ledger.tables import submissions


@dataclass(frozen=True)
class Decision:
    """What a verb did."""

    submission_id: str
    verb: str
    from_state: str
    to_state: str
    finding_ids: tuple[str, ...] = ()
    correction_id: str | None = None


def decide(
    connection: Connection,
    change: Change,
    *,
    finding_ids: tuple[str, ...] = (),
    correction_id: str | None = None,
) -> Decision:
    """Writes one change and says what it did."""
    after = apply_changes(connection, [change])
    return Decision(
        change.submission_id,
        change.verb,
        change.from_state or "",
        after[change.submission_id],
        finding_ids,
        correction_id,
    )


def required(text: str, message_zh: str) -> str:
    """The text, trimmed; refused with the message when there is none."""
    if not text.strip():
        raise DecisionRefused(message_zh)
    return text.strip()


def submission_row(connection: Connection, submission_id: str, author: str) -> Mapping[str, Any]:
    """The ledger's row of a submission that a person is about to decide on."""
    if not author.strip() or author == SYSTEM:
        raise DecisionRefused(f"操作人“{author}”无效：须是一个账户，且不得为 {SYSTEM}。")
    found = select(submissions).where(submissions.c.submission_id == submission_id)
    row = connection.execute(found).mappings().first()
    if row is None:
        known: list[str] = list(connection.execute(select(submissions.c.submission_id)).scalars())
        near = process.extract(submission_id, known, scorer=fuzz.ratio, limit=2, score_cutoff=80)
        raise UnknownSubmission(submission_id, [name for name, _, _ in near])
    return dict(row)
