"""The steward's six verbs: explain, return, correct, approve, accept, withdraw.

Each is one transaction: the event, the state and what hangs on it are written together or not at
all. `at` is the business moment of the decision (`warehouse.clock.decided_at`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, select, update

from sources.vocabulary import FINDING_STATUS_ZH, said
from warehouse.errors import DecisionRefused, IllegalTransition, OpenFindings
from warehouse.ledger import states
from warehouse.ledger.changes import Change, register_files
from warehouse.ledger.corrections import approve, correct, reject
from warehouse.ledger.decisions import Decision, decide, required, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.explanations import checked_explanation
from warehouse.ledger.findings import (
    decide_findings,
    move_open,
    open_counts,
    open_findings,
    reopen_mended,
)
from warehouse.ledger.policies import supersede_older
from warehouse.ledger.tables import findings, submissions
from warehouse.raw_files import StoredFile

__all__ = [
    "Decision",
    "accept",
    "approve",
    "correct",
    "explain",
    "reject",
    "return_",
    "withdraw",
]

_IN_THE_WAY = {
    "accepted_county": ("blocking",),
    "accepted_city": ("blocking", "quasi_blocking", "verify"),
}
"""Severities of which none may be open at each gate."""


def explain(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    text: str,
    reason_code: str = "explanation",
    finding_ids: Iterable[str] | None = None,
    evidence: StoredFile | None = None,
) -> Decision:
    """Explains open findings (all that can be, or those named); the last one moves the state.

    核实性 needs words; 准强制性 evidence too, since a true large value must be able to get in;
    强制性 cannot be explained away.

    Raises:
        ExplanationRefused: the text is too short or a stock phrase.
        DecisionRefused: a finding is not of this submission, not open, or not to be explained.
        IllegalTransition: the submission is not in `passed`, `explained` or `accepted_county`.
    """
    reason = checked_explanation(text)
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        wanted = _explainable(
            connection, submission_id, finding_ids, has_evidence=evidence is not None
        )
        if evidence is not None:
            register_files(connection, {evidence.sha256: evidence.size_bytes})
        decide_findings(
            connection,
            wanted,
            "explained",
            author=author,
            moment=at,
            reason_code=reason_code,
            reason_text=reason,
        )
        left = open_counts(connection, [submission_id]).get(submission_id)
        is_done = row["state_code"] == "explained" or not (
            left and (left["verify"] or left["quasi_blocking"])
        )
        # Between the two gates an explanation clears the way and leaves the county's word standing.
        is_before_county = row["state_code"] in ("passed", "explained")
        to_state = "explained" if is_done and is_before_county else row["state_code"]
        return decide(
            connection,
            Change(
                submission_id,
                "explain",
                row["state_code"],
                author,
                at,
                to_state=to_state,
                reason_code=reason_code,
                reason_text=reason,
                evidence_sha256=evidence.sha256 if evidence else None,
            ),
            finding_ids=tuple(wanted),
        )


def return_(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    reason_code: str = "returned",
) -> Decision:
    """Gives a submission back to the reporting unit; its open findings go with it."""
    text = required(reason, "退回须写明原因（--reason）。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        change = Change(
            submission_id,
            "return",
            row["state_code"],
            author,
            at,
            reason_code=reason_code,
            reason_text=text,
        )
        decision = decide(connection, change)
        move_open(connection, [submission_id], "returned")
        reopen_mended(connection, submission_id, is_later=True)
        return decision


def accept(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    level: Literal["county", "city"],
    note: str | None = None,
) -> Decision:
    """Accepts at the county gate, or at the city gate after it; there the older version yields.

    Raises:
        OpenFindings: blocking ones remain, or at the city gate any but 提示.
        DecisionRefused: a newer version has been accepted already.
    """
    target = {"county": "accepted_county", "city": "accepted_city"}[level]
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        try:
            states.move("accept", row["state_code"], target)
        except IllegalTransition as error:
            raise error.about(submission_id) from error
        _reopen(connection, submission_id, row["state_code"])
        counts = open_counts(connection, [submission_id]).get(submission_id)
        standing = {code: counts[code] for code in _IN_THE_WAY[target] if counts and counts[code]}
        if standing:
            raise OpenFindings(
                submission_id, standing, open_findings(connection, submission_id, standing)
            )
        _refuse_if_newer_accepted(connection, row)
        decision = decide(
            connection,
            Change(
                submission_id,
                "accept",
                row["state_code"],
                author,
                at,
                to_state=target,
                reason_code=level,
                reason_text=note,
            ),
        )
        if target == "accepted_city":
            supersede_older(connection, [submission_id], lambda _: at)
        return decision


def withdraw(
    engine: Engine,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    reason_code: str = "withdrawn",
) -> Decision:
    """Takes a submission out for ever; the same bytes filed again are a new version."""
    text = required(reason, "撤回须写明原因（--reason）。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        change = Change(
            submission_id,
            "withdraw",
            row["state_code"],
            author,
            at,
            reason_code=reason_code,
            reason_text=text,
        )
        decision = decide(connection, change)
        move_open(connection, [submission_id], "closed")
        reopen_mended(connection, submission_id, is_later=True)
        return decision


def _explainable(
    connection: Connection,
    submission_id: str,
    finding_ids: Iterable[str] | None,
    *,
    has_evidence: bool,
) -> list[str]:
    asked = ("verify", "quasi_blocking") if has_evidence else ("verify",)
    of_submission = select(
        findings.c.finding_id, findings.c.severity_code, findings.c.status_code
    ).where(findings.c.submission_id == submission_id)
    rows = {row.finding_id: row for row in connection.execute(of_submission)}
    if finding_ids is None:
        wanted = [
            key
            for key, row in sorted(rows.items())
            if row.severity_code in asked and row.status_code == "open"
        ]
        if not wanted:
            raise DecisionRefused(
                f"报送件“{submission_id}”没有可以说明的问题：没有待处理的核实性问题；"
                "准强制性的须附 --evidence 依据文件，强制性的须改正后重新报送。"
            )
        return wanted
    wanted = list(finding_ids)
    for key in wanted:
        if key not in rows:
            raise DecisionRefused(f"问题“{key}”不属于报送“{submission_id}”。")
        if rows[key].severity_code == "blocking":
            raise DecisionRefused(f"问题“{key}”为强制性，须更正数据重新报送，不能以说明代替。")
        if rows[key].severity_code not in (*asked, "info"):
            raise DecisionRefused(f"问题“{key}”为准强制性，说明须附证明材料，否则须更正数据。")
        if rows[key].status_code not in ("open", "explained"):
            raise DecisionRefused(
                f"问题“{key}”已处理（{said(FINDING_STATUS_ZH, rows[key].status_code)}）。"
            )
    return wanted


def _reopen(connection: Connection, submission_id: str, state: str) -> None:
    """Opens again what a return or a replacement had put away: undoing it mends nothing."""
    reopen_mended(connection, submission_id, is_later=False)
    put_away = {"returned": "returned", "superseded": "closed"}.get(state)
    connection.execute(
        update(findings)
        .where(findings.c.submission_id == submission_id, findings.c.status_code == put_away)
        .values(status_code="open")
    )


def _refuse_if_newer_accepted(connection: Connection, row: Mapping[str, Any]) -> None:
    newer = connection.execute(
        select(submissions.c.submission_id, submissions.c.received_at, submissions.c.file_name)
        .where(
            submissions.c.unit_code == row["unit_code"],
            submissions.c.form_code == row["form_code"],
            submissions.c.period_code == row["period_code"],
            submissions.c.state_code.in_(sorted(states.ACCEPTED)),
        )
        .order_by(submissions.c.received_at.desc(), submissions.c.file_name.desc())
    ).first()
    place = (row["received_at"], row["file_name"])
    if newer is not None and (newer.received_at, newer.file_name) > place:
        raise DecisionRefused(
            f"报送件“{row['submission_id']}”不能接收：更新的版本“{newer.submission_id}”已接收。"
            f"确要用这一版，请先用 qiangshi decide return {newer.submission_id} 退回它。"
        )
