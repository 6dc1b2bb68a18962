"""The desk's verbs: what a person may do to a submission, its findings and its period.

Each is one transaction: the event, the state and what hangs on it are written together or not at
all. `at` is the business moment of the decision (`warehouse.clock.decided_at`). `expected_version`
is the version counter that the person had before their eyes (`versions_of`): where somebody decided
since, the act is refused as a `DecisionConflict` that names who was first. Each verb also takes the
connection of a transaction at hand, and then is a part of it; `together` does many as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, select

from sources.vocabulary import FINDING_STATUS_ZH, said
from warehouse.errors import (
    DecisionRefused,
    IllegalTransition,
    NotConfirmed,
    OpenFindings,
    WarehouseError,
)
from warehouse.ledger import states
from warehouse.ledger.changes import Change, FindingMove, register_files
from warehouse.ledger.closing import close, refuse_if_closed, reopen
from warehouse.ledger.confirming import confirm
from warehouse.ledger.corrections import approve, correct, reject
from warehouse.ledger.decisions import Decision, decide, required, submission_row, versions_of
from warehouse.ledger.engine import writing
from warehouse.ledger.explanations import checked_explanation
from warehouse.ledger.findings import (
    decide_findings,
    move_open,
    open_counts,
    open_findings,
    put_back,
    reopen_mended,
)
from warehouse.ledger.policies import refuse_if_newer_accepted, supersede_older
from warehouse.ledger.tables import findings
from warehouse.ledger.undoing import undo
from warehouse.raw_files import StoredFile

__all__ = [
    "Decision",
    "accept",
    "approve",
    "close",
    "confirm",
    "correct",
    "explain",
    "reject",
    "reopen",
    "return_",
    "together",
    "undo",
    "versions_of",
    "withdraw",
]

_IN_THE_WAY = {
    "accepted_county": ("blocking",),
    "accepted_city": ("blocking", "quasi_blocking", "verify"),
}
"""Severities of which none may be open at each gate."""


def explain(
    engine: Engine | Connection,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    text: str,
    reason_code: str = "explanation",
    finding_ids: Iterable[str] | None = None,
    evidence: StoredFile | None = None,
    expected_version: int | None = None,
) -> Decision:
    """Explains open findings (all that can be, or those named); the last one moves the state.

    核实性 needs words; 准强制性 evidence too, since a true large value must be able to get in;
    强制性 cannot be explained away.

    Raises:
        ExplanationRefused: the text is too short or a stock phrase.
        DecisionConflict: somebody decided on one of these findings since, or moved the state.
        DecisionRefused: a finding is not of this submission, not open, or not to be explained.
        IllegalTransition: the submission is not in `passed`, `explained` or `accepted_county`.
    """
    reason = checked_explanation(text)
    named = None if finding_ids is None else list(finding_ids)
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author, expected_version, finding_ids=named)
        wanted = _explainable(connection, submission_id, named, has_evidence=evidence is not None)
        if evidence is not None:
            register_files(connection, {evidence.sha256: evidence.size_bytes})
        moves = decide_findings(
            connection, wanted, "explained",
            author=author, moment=at, reason_code=reason_code, reason_text=reason,
        )  # fmt: skip
        left = open_counts(connection, [submission_id]).get(submission_id)
        is_done = row["state_code"] == "explained" or not (
            left and (left["verify"] or left["quasi_blocking"])
        )
        # Between the two gates an explanation clears the way and leaves the county's word standing.
        is_before_county = row["state_code"] in ("passed", "explained")
        to_state = "explained" if is_done and is_before_county else row["state_code"]
        change = Change(
            submission_id, "explain", row["state_code"], author, at,
            to_state=to_state, reason_code=reason_code, reason_text=reason,
            evidence_sha256=evidence.sha256 if evidence else None, moves=moves,
        )  # fmt: skip
        return decide(connection, change, finding_ids=tuple(wanted))


def return_(
    engine: Engine | Connection,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    reason_code: str = "returned",
    expected_version: int | None = None,
) -> Decision:
    """Gives a submission back to the reporting unit; its open findings go with it.

    Raises:
        DecisionConflict: somebody decided since.
        PeriodClosed: its period is closed.
        DecisionRefused: no reason is given.
    """
    text = required(reason, "退回须写明原因（--reason）。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author, expected_version)
        return _put_away(connection, row, "return", "returned", author, at, text, reason_code)


def withdraw(
    engine: Engine | Connection,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    reason_code: str = "withdrawn",
    expected_version: int | None = None,
) -> Decision:
    """Takes a submission out of the line; the same bytes filed again are a new version.

    Raises:
        DecisionConflict: somebody decided since.
        PeriodClosed: its period is closed.
        DecisionRefused: no reason is given.
    """
    text = required(reason, "撤回须写明原因（--reason）。")
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author, expected_version)
        return _put_away(connection, row, "withdraw", "closed", author, at, text, reason_code)


def accept(
    engine: Engine | Connection,
    submission_id: str,
    *,
    author: str,
    at: datetime,
    level: Literal["county", "city"],
    note: str | None = None,
    expected_version: int | None = None,
) -> Decision:
    """Accepts at the county gate, or at the city gate after it; there the older version yields.

    Raises:
        NotConfirmed: it was entered on the unit's behalf, and the unit has not confirmed it.
        OpenFindings: blocking ones remain, or at the city gate any but 提示.
        DecisionConflict: somebody decided since.
        PeriodClosed: its period is closed.
        DecisionRefused: a newer version has been accepted already.
    """
    target = {"county": "accepted_county", "city": "accepted_city"}[level]
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author, expected_version)
        try:
            states.move("accept", row["state_code"], target)
        except IllegalTransition as error:
            raise error.about(submission_id) from error
        if row["entered_by"] is not None and row["confirmed_at"] is None:
            # By way of a return it would get around the gate that holds it.
            raise NotConfirmed(submission_id, "报送件")
        refuse_if_closed(connection, row)
        moves = _opened_again(connection, submission_id, row["state_code"])
        counts = open_counts(connection, [submission_id]).get(submission_id)
        standing = {code: counts[code] for code in _IN_THE_WAY[target] if counts and counts[code]}
        if standing:
            raise OpenFindings(
                submission_id, standing, open_findings(connection, submission_id, standing)
            )
        refuse_if_newer_accepted(connection, row)
        change = Change(
            submission_id, "accept", row["state_code"], author, at,
            to_state=target, reason_code=level, reason_text=note, moves=moves,
        )  # fmt: skip
        decision = decide(connection, change)
        if target == "accepted_city":
            supersede_older(connection, [submission_id], lambda _: at)
        return decision


def together(
    engine: Engine, acts: Sequence[Callable[[Connection], Decision]]
) -> list[Decision | WarehouseError]:
    """What became of each of many acts, done in one transaction: a decision, or why not.

    One that is refused leaves the others standing; when this returns, all decisions are committed.

    Args:
        engine: the ledger.
        acts: each calls one verb with the connection it is given.
    """
    done: list[Decision | WarehouseError] = []
    with writing(engine) as connection:
        for act in acts:
            try:
                done.append(act(connection))
            except WarehouseError as error:
                done.append(error)
    return done


def _put_away(
    connection: Connection,
    row: Mapping[str, Any],
    verb: str,
    findings_go: str,
    author: str,
    at: datetime,
    text: str,
    reason_code: str,
) -> Decision:
    submission_id = row["submission_id"]
    try:
        states.move(verb, row["state_code"])
    except IllegalTransition as error:
        raise error.about(submission_id) from error
    refuse_if_closed(connection, row)
    moves = move_open(connection, [submission_id], findings_go).get(submission_id, ())
    moves += reopen_mended(connection, submission_id, is_later=True)
    change = Change(
        submission_id, verb, row["state_code"], author, at,
        reason_code=reason_code, reason_text=text, moves=moves,
    )  # fmt: skip
    return decide(connection, change)


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


def _opened_again(
    connection: Connection, submission_id: str, state: str
) -> tuple[FindingMove, ...]:
    """Opens again what a return or a replacement had put away: taking it back mends nothing."""
    moves = reopen_mended(connection, submission_id, is_later=False)
    put_away = {"returned": "returned", "superseded": "closed"}.get(state)
    return moves + (put_back(connection, submission_id, put_away) if put_away else ())
