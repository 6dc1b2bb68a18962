"""撤销: the last act is taken back by a recorded act; the act itself stays in the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from sources.vocabulary import MOVE_ZH, VERB_ZH, said
from warehouse.errors import NothingToUndo
from warehouse.ledger.changes import SYSTEM, Change, FindingMove, apply_changes
from warehouse.ledger.closing import refuse_if_closed
from warehouse.ledger.confirming import write_confirmation
from warehouse.ledger.corrections import correction_row, take_back
from warehouse.ledger.decisions import Decision, decide, required, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.findings import restore
from warehouse.ledger.policies import refuse_if_newer_accepted, supersede_older
from warehouse.ledger.states import ACCEPTED, REVERSIBLE
from warehouse.ledger.tables import events, finding_moves, submissions

_OF_CORRECTIONS = frozenset({"correct", "approve", "reject"})
_CHANGES_NO_FIGURE = frozenset({"explain", "correct", "confirm", "reject"})

Act = Mapping[str, Any]


def undo(
    engine: Engine | Connection,
    identity: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Decision:
    """Takes back the last act on a submission, or on a correction whatever came after it.

    State, findings and correction stand afterwards as they stood before the act, and what an
    acceptance had replaced is back; a further undo takes back the act before. The line's own moves
    are not undone: what is published is returned, what was replaced is accepted again.

    Args:
        engine: the ledger.
        identity: a submission or a correction.
        author: the account that decides.
        at: business moment.
        reason: why.
        expected_version: the version counter they had before their eyes.

    Raises:
        NothingToUndo: the last move is the line's own, or there is none.
        DecisionConflict: somebody decided since.
        PeriodClosed: its period is closed and the undo would change a figure.
        DecisionRefused: no reason, or a newer version is in force.
    """
    text = required(reason, "撤销须写明原因（--reason）。")
    with writing(engine) as connection:
        correction = correction_row(connection, identity)
        submission_id = correction["submission_id"] if correction else identity
        row = submission_row(
            connection, submission_id, author, expected_version,
            correction_id=identity if correction else None,
        )  # fmt: skip
        act = _last_act(connection, submission_id, identity if correction else None)
        if act["verb"] not in _CHANGES_NO_FIGURE:
            refuse_if_closed(connection, row)
        decision = _taken_back(connection, row, act, author, at, text)
        if act["verb"] == "accept" and act["to_state"] in ACCEPTED:
            _bring_back(connection, submission_id, author, at, text)
        if decision.to_state in ACCEPTED and act["from_state"] != act["to_state"]:
            supersede_older(connection, [submission_id], lambda _: at)
        return decision


def standing_acts(connection: Connection, submission_id: str) -> list[Act]:
    """The moves of a submission that no undo has taken back, in order."""
    found = select(events).where(events.c.submission_id == submission_id)
    rows = connection.execute(found.order_by(events.c.event_order)).mappings().all()
    undone = {row["undoes_order"] for row in rows if row["verb"] == "undo"}
    return [dict(row) for row in rows if row["verb"] != "undo" and row["event_order"] not in undone]


def _last_act(connection: Connection, submission_id: str, correction_id: str | None) -> Act:
    acts = standing_acts(connection, submission_id)
    if correction_id is not None:
        acts = [act for act in acts if act["reason_code"] == correction_id]
    last = acts[-1] if acts else None
    if last is None or last["author"] == SYSTEM or last["verb"] not in REVERSIBLE:
        was = said({**MOVE_ZH, **VERB_ZH}, last["verb"]) if last else "无"
        raise NothingToUndo(
            f"“{correction_id or submission_id}”没有可以撤销的处理（最后一步：{was}，"
            "由系统作出）。已纳入发布的用退回，被新版替代的用接收（先旗县级），审核结论由重新审核更改。"
        )
    return last


def _taken_back(
    connection: Connection, row: Act, act: Act, author: str, at: datetime, text: str
) -> Decision:
    submission_id, verb = row["submission_id"], act["verb"]
    correction_id = act["reason_code"] if _is_of_correction(connection, act) else None
    to_state = row["state_code"] if correction_id else act["from_state"]
    if to_state in ACCEPTED and to_state != row["state_code"]:
        refuse_if_newer_accepted(connection, row)
    change = Change(
        submission_id, "undo", row["state_code"], author, at,
        to_state=to_state, reason_code=correction_id, reason_text=text,
        undoes_order=act["event_order"], moves=restore(connection, _moves_of(connection, act)),
    )  # fmt: skip
    decision = decide(connection, change, correction_id=correction_id, undone_verb=verb)
    if correction_id is not None:
        take_back(connection, correction_id, verb)
    elif verb == "confirm":
        write_confirmation(connection, submission_id, None, None)
    return decision


def _is_of_correction(connection: Connection, act: Act) -> bool:
    if act["verb"] in _OF_CORRECTIONS:
        return True
    is_named = act["verb"] == "confirm" and act["reason_code"] is not None
    return is_named and correction_row(connection, act["reason_code"]) is not None


def _moves_of(connection: Connection, act: Act) -> list[FindingMove]:
    names = list(FindingMove.__dataclass_fields__)
    found = select(*(finding_moves.c[name] for name in names)).where(
        finding_moves.c.submission_id == act["submission_id"],
        finding_moves.c.event_order == act["event_order"],
    )
    rows = connection.execute(found.order_by(finding_moves.c.finding_id)).mappings()
    return [FindingMove(**row) for row in rows]


def _bring_back(
    connection: Connection, submission_id: str, author: str, at: datetime, text: str
) -> None:
    """Takes back what an acceptance had replaced, where nothing has moved it since."""
    replaced = (
        select(events.c.submission_id)
        .join(submissions, submissions.c.submission_id == events.c.submission_id)
        .where(
            events.c.verb == "supersede",
            events.c.reason_text == submission_id,
            submissions.c.state_code == "superseded",
        )
        .distinct()
        .order_by(events.c.submission_id)
    )
    changes = []
    keys: list[str] = list(connection.execute(replaced).scalars())
    for key in keys:
        last = standing_acts(connection, key)[-1]
        if last["verb"] != "supersede" or last["reason_text"] != submission_id:
            continue
        changes.append(
            Change(
                key, "undo", "superseded", author, at,
                to_state=last["from_state"], reason_text=text, undoes_order=last["event_order"],
                moves=restore(connection, _moves_of(connection, last)),
            )
        )  # fmt: skip
    apply_changes(connection, changes)
