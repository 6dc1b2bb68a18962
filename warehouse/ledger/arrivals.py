"""What channels brought before it is a submission: markers, files waiting, scans, confirmations.

A far object's marker and its files are written in one transaction, so that nothing is fetched twice
or lost. A file is `kept` until the reading stage makes it a submission (`recorded`), `unsorted`
while nobody has confirmed whose it is, `evidence` when it is a scan or a photo, or `dismissed`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from warehouse.clock import technical_now
from warehouse.errors import DecisionRefused, UnknownArrival
from warehouse.ledger.changes import SYSTEM, chunks, register_files
from warehouse.ledger.decisions import required
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import arrivals, fetch_markers

_LISTED = (
    "arrival_id", "channel_kind", "place", "far_id", "file_name", "file_sha256", "unit_code",
    "city_code", "is_evidence", "state_code", "received_at", "first_seen_at", "proposed_unit_code",
    "proposal_note_zh", "form_code", "period_code", "submission_id", "entered_by",
)  # fmt: skip


@dataclass(frozen=True)
class BroughtFile:
    """One file of a delivery whose bytes are in `raw/`.

    Attributes:
        part: which part of the far object, empty when it is the object itself.
        sender: a mail's sender: for the ledger only.
        unit_code: whose it is; None when the channel does not say.
        is_evidence: whether it is a scan or a photo and no form.
        entered_by: who entered it on behalf of the unit (代录); None for what a unit sent itself.
    """

    part: str
    file_name: str
    file_sha256: str
    size_bytes: int
    received_at: datetime
    unit_code: str | None
    city_code: str | None
    is_evidence: bool
    sender: str | None = None
    entered_by: str | None = None


def known_objects(engine: Engine, place: str) -> set[str]:
    """Far ids of a place that were fetched before."""
    found = select(fetch_markers.c.far_id).where(fetch_markers.c.place == place)
    with engine.connect() as connection:
        return set(connection.execute(found).scalars())


def keep_delivery(
    engine: Engine,
    *,
    channel_kind: str,
    place: str,
    far_id: str,
    files: Sequence[BroughtFile],
    seen_at: datetime,
) -> int:
    """Number of files that are new; marker and files are written together, once.

    A file that came before under another identity (a mailbox renumbered, a server renamed) with the
    same bytes, name, sender and arrival is the same arrival and is not taken again.

    Args:
        engine: the ledger.
        channel_kind: kind of the channel.
        place: folder or mailbox.
        far_id: the far side's identity of the object.
        files: what it brought, maybe nothing.
        seen_at: the business moment.
    """
    with writing(engine) as connection:
        marker = (fetch_markers.c.place == place, fetch_markers.c.far_id == far_id)
        if connection.execute(select(func.count()).where(*marker)).scalar():
            return 0
        connection.execute(
            insert(fetch_markers).values(place=place, far_id=far_id, marked_at=technical_now())
        )
        new = [one for one in files if not _came_before(connection, channel_kind, one)]
        register_files(connection, {one.file_sha256: one.size_bytes for one in new})
        rows = [_row(channel_kind, place, far_id, one, seen_at) for one in new]
        if rows:
            connection.execute(insert(arrivals), rows)
        return len(rows)


def arrivals_in_state(engine: Engine, *states: str) -> list[dict[str, Any]]:
    """Arrivals in any of the states, in the order of arrival."""
    found = (
        select(*(arrivals.c[name] for name in _LISTED))
        .where(arrivals.c.state_code.in_(states))
        .order_by(arrivals.c.received_at, arrivals.c.file_name, arrivals.c.arrival_id)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(found).mappings()]


def arrival_counts(engine: Engine) -> dict[str, int]:
    """How many arrivals are in each state."""
    counted = select(arrivals.c.state_code, func.count()).group_by(arrivals.c.state_code)
    with engine.connect() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(counted)}


def propose(engine: Engine, proposals: Mapping[str, Mapping[str, str | None]]) -> None:
    """Writes what the content of unsorted arrivals says about whose they are.

    Args:
        engine: the ledger.
        proposals: `proposed_unit_code`, `form_code`, `period_code`, `proposal_note_zh` by arrival.
    """
    if not proposals:
        return
    with writing(engine) as connection:
        for arrival_id, said in proposals.items():
            connection.execute(
                update(arrivals)
                .where(arrivals.c.arrival_id == arrival_id, arrivals.c.state_code == "unsorted")
                .values(**said)
            )


def mark_recorded(connection: Connection, submission_of: Mapping[str, str]) -> None:
    """Notes, in the caller's transaction, which submission an arrival has become."""
    for arrival_id, submission_id in submission_of.items():
        connection.execute(
            update(arrivals)
            .where(arrivals.c.arrival_id == arrival_id)
            .values(state_code="recorded", submission_id=submission_id)
        )


def turn_to_evidence(engine: Engine, arrival_id: str) -> None:
    """Notes that an arrival which waited to be read is a paper: a zip that holds only scans."""
    with writing(engine) as connection:
        connection.execute(
            update(arrivals)
            .where(arrivals.c.arrival_id == arrival_id, arrivals.c.state_code == "kept")
            .values(state_code="evidence", is_evidence=True)
        )


def link_evidence(engine: Engine, submission_of: Mapping[str, str]) -> None:
    """Hangs scans and photos on the submissions they belong to; a link once made stays."""
    if not submission_of:
        return
    with writing(engine) as connection:
        for arrival_id, submission_id in submission_of.items():
            connection.execute(
                update(arrivals)
                .where(arrivals.c.arrival_id == arrival_id, arrivals.c.submission_id.is_(None))
                .values(submission_id=submission_id)
            )


def evidence_of(engine: Engine, submission_ids: Iterable[str]) -> dict[str, list[str]]:
    """File names of the scans and photos that hang on each submission."""
    found: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for part in chunks(submission_ids):
            rows = connection.execute(
                select(arrivals.c.submission_id, arrivals.c.file_name)
                .where(arrivals.c.submission_id.in_(part), arrivals.c.state_code == "evidence")
                .order_by(arrivals.c.received_at, arrivals.c.file_name, arrivals.c.arrival_id)
            )
            for submission_id, file_name in rows:
                found.setdefault(str(submission_id), []).append(str(file_name))
    return found


def confirm_unit(
    engine: Engine,
    arrival_id: str,
    *,
    unit_code: str,
    city_code: str,
    author: str,
    at: datetime,
    reason: str = "",
) -> str:
    """State after somebody has said whose an unsorted arrival is; the next night reads it.

    Raises:
        UnknownArrival: there is no such arrival.
        DecisionRefused: it does not wait for a confirmation.
    """
    with writing(engine) as connection:
        row = _waiting(connection, arrival_id, author)
        state = "evidence" if row["is_evidence"] else "kept"
        _decide(
            connection, arrival_id, author, at, reason,
            unit_code=unit_code, city_code=city_code, state_code=state,
        )  # fmt: skip
        return state


def dismiss(engine: Engine, arrival_id: str, *, author: str, at: datetime, reason: str) -> None:
    """Puts an unsorted arrival aside as nobody's filing; its bytes stay.

    Raises:
        UnknownArrival: there is no such arrival.
        DecisionRefused: it does not wait for a confirmation, or no reason is given.
    """
    text = required(reason, "搁置须写明原因。")
    with writing(engine) as connection:
        _waiting(connection, arrival_id, author)
        _decide(connection, arrival_id, author, at, text, state_code="dismissed")


def unsorted_arrival(engine: Engine, arrival_id: str) -> dict[str, Any]:
    """An arrival that waits for a confirmation.

    Raises:
        UnknownArrival: there is no such arrival.
    """
    with engine.connect() as connection:
        return _found(connection, arrival_id)


def _found(connection: Connection, arrival_id: str) -> dict[str, Any]:
    asked = select(*(arrivals.c[name] for name in _LISTED))
    row = connection.execute(asked.where(arrivals.c.arrival_id == arrival_id)).mappings().first()
    if row is None:
        raise UnknownArrival(arrival_id)
    return dict(row)


def _waiting(connection: Connection, arrival_id: str, author: str) -> dict[str, Any]:
    if not author.strip() or author == SYSTEM:
        raise DecisionRefused(f"操作人“{author}”无效：须是一个账户，且不得为 {SYSTEM}。")
    row = _found(connection, arrival_id)
    if row["state_code"] != "unsorted":
        raise DecisionRefused(f"来件“{arrival_id}”不在待确认之列（{row['state_code']}）。")
    return row


def _decide(
    connection: Connection,
    arrival_id: str,
    author: str,
    at: datetime,
    reason: str,
    **values: object,
) -> None:
    connection.execute(
        update(arrivals)
        .where(arrivals.c.arrival_id == arrival_id)
        .values(decided_by=author, decided_at=at, reason_text=reason.strip() or None, **values)
    )


def _came_before(connection: Connection, channel_kind: str, one: BroughtFile) -> bool:
    same = select(func.count()).where(
        arrivals.c.channel_kind == channel_kind,
        arrivals.c.file_sha256 == one.file_sha256,
        arrivals.c.file_name == one.file_name,
        arrivals.c.received_at == one.received_at,
        arrivals.c.sender.is_not_distinct_from(one.sender),
        # Put aside by mistake and dropped again is no repetition.
        arrivals.c.state_code != "dismissed",
    )
    if one.sender is None:
        # Folders of two units may hold the same bytes under one name and time.
        same = same.where(arrivals.c.unit_code.is_not_distinct_from(one.unit_code))
    return bool(connection.execute(same).scalar())


def _row(
    channel_kind: str, place: str, far_id: str, one: BroughtFile, seen_at: datetime
) -> dict[str, Any]:
    identity = f"{place}\n{far_id}\n{one.part}"
    kind = "evidence" if one.is_evidence else "kept"
    return {
        "arrival_id": hashlib.sha256(identity.encode()).hexdigest()[:12],
        "channel_kind": channel_kind,
        "place": place,
        "far_id": far_id,
        "part": one.part,
        "file_sha256": one.file_sha256,
        "file_name": one.file_name,
        "sender": one.sender,
        "unit_code": one.unit_code,
        "city_code": one.city_code,
        "is_evidence": one.is_evidence,
        "entered_by": one.entered_by,
        "state_code": "unsorted" if one.unit_code is None else kind,
        "received_at": one.received_at,
        "first_seen_at": seen_at,
        "recorded_at": technical_now(),
    }
