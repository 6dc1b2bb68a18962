"""Corrections: an overlay on one filed cell, proposed by one account and approved by another.

Raw files are never altered; a correction counts for the version it was made on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from warehouse.errors import DecisionRefused, SelfApproval
from warehouse.ledger.changes import Change, register_files
from warehouse.ledger.decisions import Decision, decide, required, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import corrections, findings
from warehouse.raw_files import StoredFile

# As exact as the warehouse keeps figures; what the form allows besides is the caller's to check.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


def correct(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    row_code: str,
    value_column: str,
    element_code: str,
    new_number_text: str,
    reason: str,
    evidence: StoredFile,
    evidence_name: str,
    confirmed_by: str,
) -> Decision:
    """Proposes an overlay on one cell, in the filed unit; without effect until approved.

    Args:
        engine: the ledger.
        submission_id: the version whose cell is meant.
        author: the steward's account.
        at: the business moment.
        row_code: row of the form.
        value_column: value column of the row.
        element_code: the element of the cell.
        new_number_text: plain decimal text.
        reason: why.
        evidence: the paper that shows it, already stored in `raw/`.
        evidence_name: its file name.
        confirmed_by: who of the reporting unit confirmed the figure.
    """
    text = required(reason, "更正须写明原因。")
    confirmed = required(confirmed_by, "更正须写明填报单位的确认人。")
    number = new_number_text.strip()
    if not _NUMBER.fullmatch(number):
        raise DecisionRefused(f"更正值“{new_number_text}”不是数字，请填写如 12 或 12.5 的数字。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        register_files(connection, {evidence.sha256: evidence.size_bytes})
        count = select(func.count()).where(corrections.c.submission_id == submission_id)
        correction_id = f"{submission_id}.c{(connection.execute(count).scalar() or 0) + 1}"
        decision = decide(
            connection,
            Change(
                submission_id,
                "correct",
                row["state_code"],
                author,
                at,
                reason_code=correction_id,
                reason_text=text,
                evidence_sha256=evidence.sha256,
            ),
            correction_id=correction_id,
        )
        connection.execute(
            insert(corrections).values(
                correction_id=correction_id,
                submission_id=submission_id,
                row_code=row_code,
                value_column=value_column,
                element_code=element_code,
                new_number_text=number,
                state_code="proposed",
                proposed_by=author,
                proposed_at=at,
                confirmed_by=confirmed,
                evidence_sha256=evidence.sha256,
                evidence_name=evidence_name,
                reason_text=text,
            )
        )
        return decision


def approve(engine: Engine, correction_id: str, *, author: str, at: datetime) -> Decision:
    """Puts a proposed correction in force and marks the findings on its element corrected.

    Raises:
        SelfApproval: the author proposed it.
    """
    with writing(engine) as connection:
        correction, row = _proposed(connection, correction_id, author)
        if _is_same(correction["proposed_by"], author):
            raise SelfApproval(author)
        change = Change(
            row["submission_id"],
            "approve",
            row["state_code"],
            author,
            at,
            reason_code=correction_id,
            evidence_sha256=correction["evidence_sha256"],
        )
        decision = decide(connection, change, correction_id=correction_id)
        _close_correction(connection, correction_id, "approved", author, at)
        connection.execute(
            update(findings)
            .where(
                findings.c.submission_id == row["submission_id"],
                findings.c.element_code == correction["element_code"],
                findings.c.status_code.in_(("open", "explained")),
            )
            .values(status_code="corrected", decided_by=author, decided_at=at)
        )
        return decision


def reject(
    engine: Engine, correction_id: str, *, author: str, at: datetime, reason: str
) -> Decision:
    """Refuses a proposed correction; the verb `return`, said of a correction."""
    text = required(reason, "不同意更正须写明原因。")
    with writing(engine) as connection:
        _, row = _proposed(connection, correction_id, author)
        state = row["state_code"]
        # Recorded under `correct`, which leaves the state alone: the submission is not returned.
        change = Change(
            row["submission_id"],
            "correct",
            state,
            author,
            at,
            reason_code=f"{correction_id}.rejected",
            reason_text=text,
        )
        decision = decide(connection, change, correction_id=correction_id)
        _close_correction(connection, correction_id, "rejected", author, None)
        return decision


def _proposed(
    connection: Connection, correction_id: str, author: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    found = select(corrections).where(corrections.c.correction_id == correction_id)
    correction = connection.execute(found).mappings().first()
    if correction is None:
        raise DecisionRefused(f"没有更正“{correction_id}”。")
    if correction["state_code"] != "proposed":
        raise DecisionRefused(f"更正“{correction_id}”已处理（{correction['state_code']}）。")
    return dict(correction), submission_row(connection, correction["submission_id"], author)


def _close_correction(
    connection: Connection, correction_id: str, state: str, author: str, at: datetime | None
) -> None:
    connection.execute(
        update(corrections)
        .where(corrections.c.correction_id == correction_id)
        .values(state_code=state, decided_by=author, approved_at=at)
    )


def _is_same(one: str, other: str) -> bool:
    """Whether two account names are one person's: case and blanks make no second person."""
    return one.strip().casefold() == other.strip().casefold()
