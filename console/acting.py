"""Decisions taken on the desk: right, place and reason checked, the ledger's verb called, told.

The verbs are the ledger's own; nothing here changes a state. A decision names the version of the
submission its author saw, so that a stale tab or a second steward is told who was first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from console.desk import Visit
from console.errors import ConsoleError
from warehouse.access.errors import AccessError
from warehouse.access.scope import Place, may, require
from warehouse.errors import WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.changes import chunks
from warehouse.ledger.tables import events, findings, submissions
from warehouse.raw_files import StoredFile, flush_file, store_bytes

EVIDENCE_BYTES = 16 * 1024 * 1024
VERB_PERMISSIONS: Mapping[str, str] = {
    "explain": "findings.explain",
    "return": "submissions.return",
    "accept_county": "submissions.accept_county",
    "accept_city": "submissions.accept_city",
    "withdraw": "filings.withdraw",
    "correct": "corrections.propose",
}
"""The permission each decision asks of the submission's place."""


@dataclass(frozen=True)
class Told:
    """What became of one submission of a bulk act."""

    submission_id: str
    is_done: bool
    message_zh: str


def author_of(visit: Visit) -> str:
    """The name under which the ledger records an act: the login."""
    return str(visit.person.login)


def kept_evidence(visit: Visit, name: str = "evidence") -> tuple[StoredFile, str] | None:
    """The paper attached to a form, stored by content hash, with its name; None without one.

    Raises:
        ConsoleError: it is empty or too large.
    """
    upload = visit.upload(name)
    if upload is None:
        return None
    data = upload.file.read(EVIDENCE_BYTES + 1)
    if not data:
        raise ConsoleError(f"依据文件“{upload.filename}”是空的，请重新选择。")
    if len(data) > EVIDENCE_BYTES:
        raise ConsoleError(f"依据文件超过 {EVIDENCE_BYTES >> 20} MB，请压缩后再传。")
    stored = store_bytes(visit.settings, data)
    flush_file(stored)
    return stored, str(upload.filename)


def decide_each(
    visit: Visit, verb: str, finding_ids: Sequence[str], submission_ids: Sequence[str]
) -> list[Told]:
    """One verb on many submissions; a refusal of one stops no other.

    Findings ticked are explained under their submission; return and accept are of submissions.

    Raises:
        ConsoleError: there is no such act.
    """
    if verb not in ("explain", "return", "accept_county", "accept_city"):
        raise ConsoleError("请选择要做的处理：说明、退回或接收。")
    by_submission = _by_submission(visit, finding_ids, submission_ids)
    reason = visit.field("reason")

    def one(submission_id: str, ids: list[str]) -> None:
        decide_one(visit, verb, submission_id, reason, finding_ids=ids or None)

    return [_told(visit, key, ids, one) for key, ids in by_submission.items()]


def decide_one(
    visit: Visit,
    verb: str,
    submission_id: str,
    reason: str,
    *,
    finding_ids: Sequence[str] | None = None,
    evidence: StoredFile | None = None,
    expected: int | None = None,
    reason_code: str = "explanation",
) -> verbs.Decision:
    """One decision by the ledger's own verb.

    Raises:
        WarehouseError: the ledger refuses it, in words.
    """
    common: dict[str, Any] = {"author": author_of(visit), "at": visit.desk.moment()}
    if expected is not None:
        common["expected_version"] = expected
    if verb == "explain":
        return verbs.explain(
            visit.engine, submission_id, text=reason, finding_ids=finding_ids, evidence=evidence,
            reason_code=reason_code, **common,
        )  # fmt: skip
    if verb == "return":
        return verbs.return_(visit.engine, submission_id, reason=reason, **common)
    if verb == "withdraw":
        return verbs.withdraw(visit.engine, submission_id, reason=reason, **common)
    return verbs.accept(
        visit.engine, submission_id, level="county" if verb == "accept_county" else "city",
        note=reason or None, **common,
    )  # fmt: skip


def _told(
    visit: Visit, submission_id: str, ids: list[str], act: Callable[[str, list[str]], None]
) -> Told:
    try:
        act(submission_id, ids)
    except (WarehouseError, ConsoleError) as error:
        return Told(submission_id, False, error.message_zh)
    return Told(submission_id, True, "已处理")


def _by_submission(
    visit: Visit, finding_ids: Sequence[str], submission_ids: Sequence[str]
) -> dict[str, list[str]]:
    """The findings ticked under their submissions; what the account may not decide is refused.

    Raises:
        AccessError: one of them is out of reach; nothing was done.
    """
    found: dict[str, list[str]] = {key: [] for key in submission_ids}
    with visit.engine.connect() as connection:
        for part in chunks(finding_ids):
            query = select(findings.c.finding_id, findings.c.submission_id).where(
                findings.c.finding_id.in_(part)
            )
            for row in connection.execute(query):
                found.setdefault(row.submission_id, []).append(row.finding_id)
        places: dict[str, Place] = {}
        for part in chunks(found):
            query = select(
                submissions.c.submission_id, submissions.c.city_code, submissions.c.unit_code
            ).where(submissions.c.submission_id.in_(part))
            for row in connection.execute(query):
                places[row.submission_id] = Place(row.city_code, row.unit_code)
    permission = VERB_PERMISSIONS[visit.field("verb")]
    for key in found:
        place = places.get(key)
        if place is None or not may(visit.person, "filings.read", place):
            raise ConsoleError("所选条目中有不在你职责范围内的，没有执行任何操作。")
        require(visit.person, permission, place)
    return found


__all__ = ["AccessError", "Told", "decide_each", "decide_one", "kept_evidence"]


_DONE_ZH = {
    "explain": "已记录说明。",
    "return": "已退回，填报单位将收到退回意见。",
    "accept_county": "旗县级已接收。",
    "accept_city": "市级已接收，下一次发布时纳入。",
    "withdraw": "已撤回。",
}


def recorded(verb: str) -> str:
    """What is said after a decision."""
    return _DONE_ZH.get(verb, "已记录。")


def is_my_repeat(visit: Visit, submission_id: str, verb: str, reason: str) -> bool:
    """Whether the last act on a submission is the very one that is asked for again.

    A double click sends a form twice; the second one finds its own act and is no conflict.
    """
    last = (
        select(events.c.verb, events.c.author, events.c.reason_text)
        .where(events.c.submission_id == submission_id)
        .order_by(events.c.event_order.desc())
        .limit(1)
    )
    with visit.engine.connect() as connection:
        row = connection.execute(last).first()
    wanted = (verb.removesuffix("_county").removesuffix("_city"), author_of(visit), reason or None)
    return row is not None and (row.verb, row.author, row.reason_text or None) == wanted
