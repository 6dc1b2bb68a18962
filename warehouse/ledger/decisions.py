"""What every decision shares: who may decide on what, what they had seen, the event it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, func, select

from warehouse.errors import DecisionConflict, DecisionRefused, UnknownSubmission
from warehouse.ledger.changes import SYSTEM, Change, apply_changes, chunks
from warehouse.ledger.tables import events, finding_moves, submissions


@dataclass(frozen=True)
class Decision:
    """What a verb did."""

    submission_id: str
    verb: str
    from_state: str
    to_state: str
    finding_ids: tuple[str, ...] = ()
    correction_id: str | None = None
    version: int = 0
    """The submission's version counter after it: what the next decision expects."""
    undone_verb: str | None = None
    """Of an undo: the verb it took back."""


def decide(
    connection: Connection,
    change: Change,
    *,
    finding_ids: tuple[str, ...] = (),
    correction_id: str | None = None,
    undone_verb: str | None = None,
) -> Decision:
    """Writes one change and says what it did."""
    after = apply_changes(connection, [change])[change.submission_id]
    return Decision(
        change.submission_id,
        change.verb,
        change.from_state or "",
        after.state_code,
        finding_ids,
        correction_id,
        after.event_order,
        undone_verb,
    )


def required(text: str, message_zh: str) -> str:
    """The text, trimmed; refused with the message when there is none."""
    if not text.strip():
        raise DecisionRefused(message_zh)
    return text.strip()


def checked_author(author: str) -> str:
    """The account that decides: somebody, and not the line itself."""
    if not author.strip() or author.strip() == SYSTEM:
        raise DecisionRefused(f"操作人“{author}”无效：须是一个账户，且不得为 {SYSTEM}。")
    return author


def submission_row(
    connection: Connection,
    submission_id: str,
    author: str,
    expected_version: int | None = None,
    *,
    finding_ids: Sequence[str] | None = None,
    correction_id: str | None = None,
) -> Mapping[str, Any]:
    """The ledger's row of a submission that a person is about to decide on.

    Args:
        connection: a writing transaction.
        submission_id: the submission.
        author: who is about to decide.
        expected_version: the version counter they had before their eyes (`versions_of`); None to
            decide on whatever stands.
        finding_ids: the findings the decision is about, where it is about some only: what others
            decided on other findings of the same submission is no conflict.
        correction_id: the correction the decision is about, in the same way.

    Raises:
        UnknownSubmission: the ledger has no such submission.
        DecisionConflict: somebody decided since.
    """
    checked_author(author)
    found = select(submissions).where(submissions.c.submission_id == submission_id)
    row = connection.execute(found).mappings().first()
    if row is None:
        known: list[str] = list(connection.execute(select(submissions.c.submission_id)).scalars())
        near = process.extract(submission_id, known, scorer=fuzz.ratio, limit=2, score_cutoff=80)
        raise UnknownSubmission(submission_id, [name for name, _, _ in near])
    if expected_version is not None:
        _refuse_if_moved(connection, submission_id, expected_version, finding_ids, correction_id)
    return dict(row)


def versions_of(connection: Connection, submission_ids: Iterable[str]) -> dict[str, int]:
    """The version counter of each submission: the number of its last event."""
    last: dict[str, int] = {}
    for part in chunks(submission_ids):
        rows = connection.execute(
            select(events.c.submission_id, func.max(events.c.event_order))
            .where(events.c.submission_id.in_(part))
            .group_by(events.c.submission_id)
        )
        last.update({str(row[0]): int(row[1]) for row in rows})
    return last


def _refuse_if_moved(
    connection: Connection,
    submission_id: str,
    expected_version: int,
    finding_ids: Sequence[str] | None,
    correction_id: str | None,
) -> None:
    since = select(events).where(
        events.c.submission_id == submission_id, events.c.event_order > expected_version
    )
    later = list(connection.execute(since.order_by(events.c.event_order)).mappings())
    subject = f"报送件“{submission_id}”"
    touched: set[int] | None = None
    if correction_id is not None:
        touched = {row["event_order"] for row in later if row["reason_code"] == correction_id}
        subject = f"更正“{correction_id}”"
    elif finding_ids is not None:
        touched = _touched(connection, submission_id, expected_version, finding_ids)
        subject += "的这条问题" if touched else ""
    if touched is not None:
        # Elsewhere on the submission nothing stands in the way, unless its state has moved.
        later = [
            row
            for row in later
            if row["event_order"] in touched or row["from_state"] != row["to_state"]
        ]
    if later:
        first = later[0]
        raise DecisionConflict(
            subject, first["verb"], first["author"], first["recorded_at"], len(later) - 1
        )


def _touched(
    connection: Connection, submission_id: str, since: int, finding_ids: Sequence[str]
) -> set[int]:
    """The events after one that moved any of the findings."""
    found: set[int] = set()
    for part in chunks(finding_ids):
        rows = connection.execute(
            select(finding_moves.c.event_order).where(
                finding_moves.c.submission_id == submission_id,
                finding_moves.c.event_order > since,
                finding_moves.c.finding_id.in_(part),
            )
        )
        found.update(rows.scalars())
    return found
