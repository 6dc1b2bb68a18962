"""The one place where a submission's state changes: event and state in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, func, insert, select, update

from warehouse.clock import technical_now
from warehouse.errors import IllegalTransition
from warehouse.ledger import states
from warehouse.ledger.chain import insert_sealed, key_of
from warehouse.ledger.tables import events, files, finding_moves, submissions

SYSTEM = "system"
_CHUNK = 900  # below every database's limit of bound parameters

Item = TypeVar("Item")


@dataclass(frozen=True)
class FindingMove:
    """What an act did to one finding: whence, where to, and what stood beside it before."""

    finding_id: str
    from_status: str
    to_status: str
    from_reason_code: str | None = None
    from_reason_text: str | None = None
    from_decided_by: str | None = None
    from_decided_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One verb on one submission, about to be written."""

    submission_id: str
    verb: str
    from_state: str | None
    author: str
    effective_at: datetime
    to_state: str | None = None
    """Where to, when the verb may lead to several states."""
    reason_code: str | None = None
    reason_text: str | None = None
    evidence_sha256: str | None = None
    undoes_order: int | None = None
    """Of an `undo`: the event it takes back."""
    moves: tuple[FindingMove, ...] = ()


@dataclass(frozen=True)
class Changed:
    """Where a submission stands after its changes: its state and its last event."""

    state_code: str
    event_order: int


def chunks(items: Iterable[Item], size: int = _CHUNK) -> Iterator[list[Item]]:
    """Lists of at most `size` items."""
    listed = list(items)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def apply_changes(connection: Connection, changes: Sequence[Change]) -> dict[str, Changed]:
    """Where each touched submission stands after the changes, which are applied in order.

    Raises:
        IllegalTransition: one of them is not allowed; the caller's transaction must be dropped.
    """
    state: dict[str, str] = {}
    order = _last_orders(connection, {c.submission_id for c in changes if c.from_state is not None})
    recorded_at = technical_now()
    rows: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for change in changes:
        try:
            to_state = states.move(change.verb, change.from_state, change.to_state)
        except IllegalTransition as error:
            raise error.about(change.submission_id) from error
        order[change.submission_id] = order.get(change.submission_id, 0) + 1
        state[change.submission_id] = to_state
        rows.append(
            {
                "submission_id": change.submission_id,
                "event_order": order[change.submission_id],
                "verb": change.verb,
                "from_state": change.from_state,
                "to_state": to_state,
                "author": change.author,
                "effective_at": change.effective_at,
                "recorded_at": recorded_at,
                "reason_code": change.reason_code,
                "reason_text": change.reason_text,
                "evidence_sha256": change.evidence_sha256,
                "undoes_order": change.undoes_order,
            }
        )
        key = {"submission_id": change.submission_id, "event_order": order[change.submission_id]}
        moved += [key | move.__dict__ for move in change.moves]
    beside: dict[str, list[dict[str, Any]]] = {}
    for move in moved:
        beside.setdefault(key_of(events, move), []).append(move)
    insert_sealed(connection, events, rows, beside)
    if moved:
        connection.execute(insert(finding_moves), moved)
    for to_state in sorted(set(state.values())):
        for part in chunks(key for key, value in state.items() if value == to_state):
            connection.execute(
                update(submissions)
                .where(submissions.c.submission_id.in_(part))
                .values(state_code=to_state)
            )
    return {key: Changed(value, order[key]) for key, value in state.items()}


def register_files(connection: Connection, sizes: dict[str, int]) -> None:
    """Writes the content hashes that the ledger does not know yet."""
    known: set[str] = set()
    for part in chunks(sizes):
        found = select(files.c.file_sha256).where(files.c.file_sha256.in_(part))
        known.update(connection.execute(found).scalars())
    stored_at = technical_now()
    rows = [
        {"file_sha256": sha256, "size_bytes": size, "stored_at": stored_at}
        for sha256, size in sizes.items()
        if sha256 not in known
    ]
    if rows:
        connection.execute(insert(files), rows)


def _last_orders(connection: Connection, submission_ids: set[str]) -> dict[str, int]:
    last: dict[str, int] = {}
    for part in chunks(sorted(submission_ids)):
        rows = connection.execute(
            select(events.c.submission_id, func.max(events.c.event_order).label("last"))
            .where(events.c.submission_id.in_(part))
            .group_by(events.c.submission_id)
        )
        last.update({row["submission_id"]: row["last"] for row in rows.mappings()})
    return last
