"""One decision of an account: its right at the place is asked for, then the verb is called.

What lives here: which permission each verb needs. What a verb does is the ledger's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from warehouse.access.scope import Identity, Place, may, require
from warehouse.errors import UnknownSubmission
from warehouse.ledger import verbs
from warehouse.ledger.states import ACCEPTED
from warehouse.ledger.tables import corrections, submissions
from warehouse.ledger.verbs import Decision
from warehouse.raw_files import StoredFile


@dataclass(frozen=True)
class Verb:
    """A decision as a person names it, and the permission it needs at the place."""

    code: str
    name_zh: str
    permission: str
    needs_reason: bool = True


VERBS: Mapping[str, Verb] = {
    verb.code: verb
    for verb in (
        Verb("explain", "说明", "findings.explain"),
        Verb("return", "退回", "submissions.return"),
        Verb("accept_county", "旗县级接收", "submissions.accept_county", needs_reason=False),
        Verb("accept_city", "市级接收", "submissions.accept_city", needs_reason=False),
        Verb("confirm", "确认", "filings.confirm", needs_reason=False),
        Verb("approve", "批准更正", "corrections.approve", needs_reason=False),
        Verb("reject", "不同意更正", "corrections.approve"),
    )
}
"""Decisions that can be taken by file, in the order in which those on one submission are taken."""


def permission_of(verb: str, permission: str, state_code: str) -> str:
    """The permission that a decision on a submission in a state asks for.

    What the city has put in force only the city takes out again: a unit that would change its
    accepted figure files a new version, which counts once it is accepted.
    """
    is_taken_out = verb in ("return", "withdraw") and state_code in ACCEPTED
    return "submissions.accept_city" if is_taken_out else permission


@dataclass(frozen=True)
class Wanted:
    """One decision that somebody wants to take.

    Attributes:
        verb: one of `VERBS`.
        submission_id: the submission it is about; a correction's too.
        correction_id: the correction, where it is about one.
        finding_ids: the findings explained; None for all that can be.
        expected_version: the version counter that was before their eyes.
    """

    verb: str
    submission_id: str
    reason: str = ""
    reason_code: str = "explanation"
    correction_id: str | None = None
    finding_ids: tuple[str, ...] | None = None
    evidence: StoredFile | None = None
    expected_version: int | None = None


def place_of(connection: Connection, submission_id: str) -> Place:
    """Where a submission lies.

    Raises:
        UnknownSubmission: there is none of that id.
    """
    return _standing(connection, submission_id)[0]


def _standing(connection: Connection, submission_id: str) -> tuple[Place, str]:
    found = select(
        submissions.c.city_code, submissions.c.unit_code, submissions.c.state_code
    ).where(submissions.c.submission_id == submission_id)
    row = connection.execute(found).first()
    if row is None:
        raise UnknownSubmission(submission_id)
    return Place(row.city_code, row.unit_code), str(row.state_code)


def act(connection: Connection, identity: Identity, wanted: Wanted, at: datetime) -> Decision:
    """Takes one decision in the transaction at hand.

    Args:
        connection: a writing transaction.
        identity: who decides.
        wanted: what.
        at: the business moment from which it counts.

    Raises:
        UnknownSubmission: there is none, or it lies where the account may not look.
        Forbidden: the account may look but not decide that.
        DecisionRefused, IllegalTransition: the ledger does not allow it.
    """
    place, state_code = _standing(connection, wanted.submission_id)
    if not may(identity, "filings.read", place):
        # Whether there is one is nobody's business who may not see it.
        raise UnknownSubmission(wanted.submission_id)
    verb = VERBS[wanted.verb]
    require(identity, permission_of(verb.code, verb.permission, state_code), place)
    if wanted.correction_id is not None:
        _refuse_stranger(connection, wanted.correction_id, wanted.submission_id)
    common: dict[str, Any] = {
        "author": identity.login,
        "at": at,
        "expected_version": wanted.expected_version,
    }
    return _CALLS[wanted.verb](connection, wanted, common)


def _refuse_stranger(connection: Connection, correction_id: str, submission_id: str) -> None:
    """The right was asked of the submission's place: the correction must be that submission's."""
    found = select(corrections.c.submission_id).where(corrections.c.correction_id == correction_id)
    if connection.execute(found).scalar() != submission_id:
        raise UnknownSubmission(correction_id)


_Call = Callable[[Connection, Wanted, dict[str, Any]], Decision]


def _explain(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    return verbs.explain(
        connection, wanted.submission_id, text=wanted.reason, reason_code=wanted.reason_code,
        finding_ids=wanted.finding_ids, evidence=wanted.evidence, **common,
    )  # fmt: skip


def _return(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    return verbs.return_(connection, wanted.submission_id, reason=wanted.reason, **common)


def _accept_county(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    note = wanted.reason or None
    return verbs.accept(connection, wanted.submission_id, level="county", note=note, **common)


def _accept_city(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    note = wanted.reason or None
    return verbs.accept(connection, wanted.submission_id, level="city", note=note, **common)


def _confirm(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    subject = wanted.correction_id or wanted.submission_id
    return verbs.confirm(connection, subject, note=wanted.reason, **common)


def _approve(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    return verbs.approve(connection, wanted.correction_id or "", **common)


def _reject(connection: Connection, wanted: Wanted, common: dict[str, Any]) -> Decision:
    return verbs.reject(connection, wanted.correction_id or "", reason=wanted.reason, **common)


_CALLS: Mapping[str, _Call] = {
    "explain": _explain,
    "return": _return,
    "accept_county": _accept_county,
    "accept_city": _accept_city,
    "confirm": _confirm,
    "approve": _approve,
    "reject": _reject,
}
