"""Corrections: an overlay on one filed cell, for which three answer.

Nobody but the reporting unit changes its figure. A steward proposes with a reason and evidence; the
unit confirms, by its own account or by the sealed sheet attached; a second person at the city
approves. Raw files are never altered; a correction counts for the version it was made on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from warehouse.access.offices import is_small_office
from warehouse.errors import (
    CorrectionsOff,
    DecisionConflict,
    DecisionRefused,
    NotConfirmed,
    SelfApproval,
    SelfConfirmation,
)
from warehouse.ledger.changes import Change, register_files
from warehouse.ledger.closing import refuse_if_closed
from warehouse.ledger.decisions import Decision, decide, required, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.findings import decide_findings
from warehouse.ledger.policies import AcceptancePolicies
from warehouse.ledger.states import CORRECTION_TRANSITIONS
from warehouse.ledger.tables import corrections, events, findings
from warehouse.raw_files import StoredFile

BY_ACCOUNT, BY_SHEET = "account", "sealed_sheet"
"""How the reporting unit confirmed."""

SMALL_OFFICE = "small_office"
"""Reason text of an approval by the proposer where the county's word is the second person."""

# As exact as the warehouse keeps figures; what the form allows besides is the caller's to check.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


def correct(
    engine: Engine | Connection,
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
    confirmed_by: str | None = None,
    policies: AcceptancePolicies | None = None,
    expected_version: int | None = None,
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
        confirmed_by: who of the reporting unit signed the evidence, where that is a sealed sheet;
            None to wait for the unit's own account (`confirm`).
        policies: whether the city allows corrections; None for the defaults.
        expected_version: the version counter they had before their eyes.

    Raises:
        SelfConfirmation: the proposer is named as the signer.
        CorrectionsOff: the city has switched corrections off.
        DecisionConflict: somebody decided since.
        DecisionRefused: a fact is missing or no number.
    """
    text = required(reason, "更正须写明原因。")
    signed = None
    if confirmed_by is not None:
        signed = required(confirmed_by, "更正须写明填报单位的确认人。")
        if is_same(signed, author):
            raise SelfConfirmation(submission_id, author)
    number = new_number_text.strip()
    if not _NUMBER.fullmatch(number):
        raise DecisionRefused(f"更正值“{new_number_text}”不是数字，请填写如 12 或 12.5 的数字。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author, expected_version)
        if policies is not None and not policies.allows_corrections(
            row["city_code"], row["form_code"] or "", at.date()
        ):
            raise CorrectionsOff(submission_id)
        register_files(connection, {evidence.sha256: evidence.size_bytes})
        count = select(func.count()).where(corrections.c.submission_id == submission_id)
        correction_id = f"{submission_id}.c{(connection.execute(count).scalar() or 0) + 1}"
        change = Change(
            submission_id, "correct", row["state_code"], author, at,
            reason_code=correction_id, reason_text=text, evidence_sha256=evidence.sha256,
        )  # fmt: skip
        decision = decide(connection, change, correction_id=correction_id)
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
                confirmed_by=signed,
                confirmed_at=at if signed else None,
                confirmation_code=BY_SHEET if signed else None,
                evidence_sha256=evidence.sha256,
                evidence_name=evidence_name,
                reason_text=text,
            )
        )
        return decision


def confirm_correction(
    engine: Engine | Connection,
    correction_id: str,
    *,
    author: str,
    at: datetime,
    note: str = "",
    expected_version: int | None = None,
) -> Decision:
    """The reporting unit's own word for a proposed correction; whose account it is, access says.

    Raises:
        SelfConfirmation: the account proposed it.
        DecisionConflict: it is confirmed or decided already, or somebody decided since.
    """
    with writing(engine) as connection:
        correction, row = _proposed(connection, correction_id, author, "confirm", expected_version)
        if is_same(correction["proposed_by"], author):
            raise SelfConfirmation(correction_id, author)
        if correction["confirmed_at"] is not None:
            _refuse_as_decided(connection, correction)
        change = Change(
            row["submission_id"], "confirm", row["state_code"], author, at,
            reason_code=correction_id, reason_text=note.strip() or None,
        )  # fmt: skip
        decision = decide(connection, change, correction_id=correction_id)
        _write(
            connection, correction_id,
            confirmed_by=author, confirmed_at=at, confirmation_code=BY_ACCOUNT,
        )  # fmt: skip
        return decision


def approve(
    engine: Engine | Connection,
    correction_id: str,
    *,
    author: str,
    at: datetime,
    expected_version: int | None = None,
) -> Decision:
    """Puts a confirmed correction in force and marks the findings on its element corrected.

    Where the city is a declared small office (小型机构模式), the unit's confirmation by its own
    account is the second person, and the proposer may approve.

    Args:
        engine: the ledger.
        correction_id: the correction.
        author: a second account of the city, neither the proposer's nor the unit's.
        at: the business moment.
        expected_version: the version counter they had before their eyes.

    Raises:
        NotConfirmed: nobody of the reporting unit has confirmed it.
        SelfApproval: the author proposed or confirmed it.
        PeriodClosed: its period is closed.
        DecisionConflict: it is decided already, or somebody decided since.
    """
    with writing(engine) as connection:
        correction, row = _proposed(connection, correction_id, author, "approve", expected_version)
        if correction["confirmed_at"] is None:
            raise NotConfirmed(correction_id)
        is_own = is_same(correction["proposed_by"], author)
        # A name typed beside a sheet is no second person: in a small office the account's word is.
        is_by_account = correction["confirmation_code"] == BY_ACCOUNT
        is_small = is_by_account and is_small_office(connection, row["city_code"], at.date())
        if is_own and not is_small:
            raise SelfApproval(author)
        if is_same(correction["confirmed_by"], author):
            raise SelfApproval(author)
        refuse_if_closed(connection, row)
        on_element = select(findings.c.finding_id).where(
            findings.c.submission_id == row["submission_id"],
            findings.c.element_code == correction["element_code"],
            findings.c.status_code.in_(("open", "explained")),
        )
        moves = decide_findings(
            connection, connection.execute(on_element).scalars().all(), "corrected",
            author=author, moment=at,
        )  # fmt: skip
        change = Change(
            row["submission_id"], "approve", row["state_code"], author, at,
            reason_code=correction_id, reason_text=SMALL_OFFICE if is_own else None,
            evidence_sha256=correction["evidence_sha256"], moves=moves,
        )  # fmt: skip
        decision = decide(connection, change, correction_id=correction_id)
        _write(connection, correction_id, state_code="approved", decided_by=author, approved_at=at)
        return decision


def reject(
    engine: Engine | Connection,
    correction_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Decision:
    """Refuses a proposed correction; the submission stays as it is.

    Raises:
        DecisionConflict: it is decided already, or somebody decided since.
        DecisionRefused: there is no such correction, or no reason.
    """
    text = required(reason, "不同意更正须写明原因。")
    with writing(engine) as connection:
        _, row = _proposed(connection, correction_id, author, "reject", expected_version)
        change = Change(
            row["submission_id"], "reject", row["state_code"], author, at,
            reason_code=correction_id, reason_text=text,
        )  # fmt: skip
        decision = decide(connection, change, correction_id=correction_id)
        _write(connection, correction_id, state_code="rejected", decided_by=author)
        return decision


def take_back(connection: Connection, correction_id: str, verb: str) -> None:
    """Sets a correction back to before its last act: an undo's half, in its transaction."""
    before: dict[str, dict[str, Any]] = {
        "correct": {"state_code": "cancelled"},
        "confirm": {"confirmed_by": None, "confirmed_at": None, "confirmation_code": None},
        "approve": {"state_code": "proposed", "decided_by": None, "approved_at": None},
        "reject": {"state_code": "proposed", "decided_by": None},
    }
    _write(connection, correction_id, **before[verb])


def correction_row(connection: Connection, correction_id: str) -> Mapping[str, Any] | None:
    """The ledger's row of a correction; None when there is none."""
    found = select(corrections).where(corrections.c.correction_id == correction_id)
    row = connection.execute(found).mappings().first()
    return None if row is None else dict(row)


def is_same(one: str | None, other: str) -> bool:
    """Whether two account names are one person's: case and blanks make no second person."""
    return (one or "").strip().casefold() == other.strip().casefold()


def _proposed(
    connection: Connection,
    correction_id: str,
    author: str,
    verb: str,
    expected_version: int | None,
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    correction = correction_row(connection, correction_id)
    if correction is None:
        raise DecisionRefused(f"没有更正“{correction_id}”。")
    row = submission_row(
        connection, correction["submission_id"], author, expected_version,
        correction_id=correction_id,
    )  # fmt: skip
    if correction["state_code"] not in CORRECTION_TRANSITIONS[verb]:
        _refuse_as_decided(connection, correction)
    return correction, row


def _refuse_as_decided(connection: Connection, correction: Mapping[str, Any]) -> None:
    correction_id = correction["correction_id"]
    acts = select(events).where(
        events.c.submission_id == correction["submission_id"],
        events.c.reason_code == correction_id,
    )
    last = connection.execute(acts.order_by(events.c.event_order.desc()).limit(1)).mappings().one()
    raise DecisionConflict(
        f"更正“{correction_id}”", last["verb"], last["author"], last["recorded_at"]
    )


def _write(connection: Connection, correction_id: str, **values: Any) -> None:
    connection.execute(
        update(corrections).where(corrections.c.correction_id == correction_id).values(**values)
    )
