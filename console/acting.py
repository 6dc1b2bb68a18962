"""Decisions taken on the desk: right, place and reason checked, the ledger's verb called, told.

The verbs are the ledger's own; nothing here changes a state. A decision names the version of the
submission its author saw, so that a stale tab or a second steward is told who was first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from sqlalchemy import Connection, Engine, select
from starlette.responses import RedirectResponse, Response

from console import reach
from console.desk import Visit
from console.errors import ConsoleError, Stale
from warehouse.access.assignments import assign
from warehouse.access.scope import Place, may, require
from warehouse.clock import technical_now
from warehouse.errors import DecisionConflict, WarehouseError
from warehouse.ledger import verbs
from warehouse.ledger.changes import chunks
from warehouse.ledger.confirming import confirm
from warehouse.ledger.decisions import Decision
from warehouse.ledger.policies import AcceptancePolicies
from warehouse.ledger.states import ACCEPTED
from warehouse.ledger.tables import events, findings, submissions
from warehouse.ledger.undoing import undo
from warehouse.queue.acting import permission_of
from warehouse.raw_files import StoredFile, flush_file, store_bytes

EVIDENCE_BYTES = 16 * 1024 * 1024
VERB_PERMISSIONS: Mapping[str, str] = {
    "explain": "findings.explain",
    "return": "submissions.return",
    "accept_county": "submissions.accept_county",
    "accept_city": "submissions.accept_city",
    "withdraw": "filings.withdraw",
    "confirm": "filings.confirm",
}
"""The permission each decision on a submission asks of its place."""
CORRECTION_PERMISSIONS: Mapping[str, str] = {
    "confirm": "filings.confirm",
    "approve": "corrections.approve",
    "reject": "corrections.approve",
}
"""The same of a proposed correction."""
_OUT_OF_REACH_ZH = "所选条目中有不在你职责范围内的，没有执行任何操作。"
_OF_EVENT: Mapping[str, tuple[str, ...]] = {
    "accept": ("submissions.accept_county", "submissions.accept_city"),
    "correct": ("corrections.propose",),
    "approve": ("corrections.approve",),
    "reject": ("corrections.approve",),
    "supersede": ("submissions.accept_city",),
}


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
    """One verb on many submissions, in one transaction; a refusal of one stops no other.

    Findings ticked are explained under their submission; return and accept are of submissions.

    Raises:
        ConsoleError: there is no such act, or something ticked is out of reach.
    """
    if verb not in ("explain", "return", "accept_county", "accept_city"):
        raise ConsoleError("请选择要做的处理：说明、退回或接收。")
    ticked = _by_submission(visit, verb, finding_ids, submission_ids)
    reason = visit.field("reason")
    acts = [
        partial(decide_one, visit, verb, key, reason, finding_ids=ids or None)
        for key, ids in ticked.items()
    ]
    done = verbs.together(visit.engine, [_within(act) for act in acts])
    return [
        Told(key, False, one.message_zh)
        if isinstance(one, WarehouseError)
        else Told(key, True, "已处理")
        for key, one in zip(ticked, done, strict=True)
    ]


def assign_findings(visit: Visit, finding_ids: Sequence[str]) -> list[Told]:
    """Gives findings to somebody who may deal with them, or (`-`) back to nobody in particular.

    Raises:
        ConsoleError: something ticked, or the person, is out of reach.
    """
    ticked = _by_submission(visit, "assign", finding_ids, ())
    login = visit.field("login")
    if login not in reach.assignees(visit):
        raise ConsoleError("请选择本职责范围内的经办人。")
    assign(
        visit.engine, "finding", finding_ids, None if login == reach.NOBODY else login,
        author=author_of(visit), now=technical_now(), reason=visit.field("reason"),
    )  # fmt: skip
    return [Told(key, True, "已分派") for key in ticked]


def _within(act: Callable[..., Decision]) -> Callable[[Connection], Decision]:
    return lambda connection: act(engine=connection)


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
    engine: Engine | Connection | None = None,
) -> Decision:
    """One decision by the ledger's own verb.

    Raises:
        WarehouseError: the ledger refuses it, in words.
    """
    ledger = engine if engine is not None else visit.engine
    common: dict[str, Any] = {
        "author": author_of(visit), "at": visit.desk.moment(), "expected_version": expected,
    }  # fmt: skip
    if verb == "explain":
        return verbs.explain(
            ledger, submission_id, text=reason, finding_ids=finding_ids, evidence=evidence,
            reason_code=reason_code, **common,
        )  # fmt: skip
    if verb == "return":
        return verbs.return_(ledger, submission_id, reason=reason, **common)
    if verb == "withdraw":
        return verbs.withdraw(ledger, submission_id, reason=reason, **common)
    if verb == "undo":
        return undo(ledger, submission_id, reason=reason, **common)
    if verb == "confirm":
        return confirm(ledger, submission_id, note=reason, **common)
    level: Literal["county", "city"] = "county" if verb == "accept_county" else "city"
    return verbs.accept(ledger, submission_id, level=level, note=reason or None, **common)


def permissions_to_undo(act: Mapping[str, Any]) -> tuple[str, ...]:
    """Any of which lets somebody take an act back: that of the act itself.

    What the city has put in force, or taken out of it, only the city may move again.
    """
    verb = str(act["verb"])
    moved = {act["from_state"], act["to_state"]}
    if len(moved) > 1 and moved & ACCEPTED:
        return ("submissions.accept_city",)
    return _OF_EVENT.get(verb) or tuple(
        permission for name, permission in VERB_PERMISSIONS.items() if name == verb
    )


def _by_submission(
    visit: Visit, verb: str, finding_ids: Sequence[str], submission_ids: Sequence[str]
) -> dict[str, list[str]]:
    """The findings ticked under their submissions; what the account may not decide is refused.

    Raises:
        ConsoleError: one of them is out of reach; nothing was done.
    """
    found: dict[str, list[str]] = {key: [] for key in submission_ids}
    known: set[str] = set()
    with visit.engine.connect() as connection:
        for part in chunks(finding_ids):
            query = select(findings.c.finding_id, findings.c.submission_id).where(
                findings.c.finding_id.in_(part)
            )
            for row in connection.execute(query):
                found.setdefault(row.submission_id, []).append(row.finding_id)
                known.add(row.finding_id)
        places: dict[str, Place] = {}
        states: dict[str, str] = {}
        for part in chunks(found):
            query = select(
                submissions.c.submission_id,
                submissions.c.city_code,
                submissions.c.unit_code,
                submissions.c.state_code,
            ).where(submissions.c.submission_id.in_(part))
            for row in connection.execute(query):
                places[row.submission_id] = Place(row.city_code, row.unit_code)
                states[row.submission_id] = row.state_code
    # What is not there is told like what is another's: an id guessed right must not show.
    if not known.issuperset(finding_ids):
        raise ConsoleError(_OUT_OF_REACH_ZH)
    permission = "findings.assign" if verb == "assign" else VERB_PERMISSIONS[verb]
    for key in found:
        place = places.get(key)
        if place is None or not may(visit.person, "filings.read", place):
            raise ConsoleError(_OUT_OF_REACH_ZH)
        require(visit.person, permission_of(verb, permission, states[key]), place)
    return found


_DONE_ZH = {
    "explain": "已记录说明。",
    "return": "已退回，填报单位将收到退回意见。",
    "accept_county": "旗县级已接收。",
    "accept_city": "市级已接收，下一次发布时纳入。",
    "withdraw": "已撤回。",
    "confirm": "已确认。",
    "correct": "更正已提出，经填报单位确认、另一人批准后生效。",
    "approve": "更正已批准，下一次发布时生效。",
    "reject": "已记录不同意更正。",
    "undo": "已撤销上一步。",
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


@contextmanager
def told_who_was_first(visit: Visit, submission_id: str, verb: str) -> Iterator[None]:
    """Makes of a conflict a page that keeps what was written; of one's own second click, nothing.

    Raises:
        Stale: somebody else decided since the page was shown.
    """
    try:
        yield
    except DecisionConflict as error:
        reason = visit.field("reason")
        if is_my_repeat(visit, submission_id, verb, reason):
            return
        here = f"/submissions/{quote(submission_id)}"
        raise Stale(error.message_zh, {"原因或说明": reason}, here) from error


def seen(visit: Visit) -> int | None:
    """The version counter that the page was shown with; None where it carries none."""
    text = visit.field("counter")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def back_to(visit: Visit, submission_id: str, done: str) -> Response:
    """Back to the submission, with the queue's filter carried along."""
    query = dict(one for one in parse_qsl(visit.field("query")[:2000]) if one[0] != "done")
    address = f"/submissions/{quote(submission_id)}?{urlencode(query | {'done': done})}"
    return RedirectResponse(address, status_code=303)


def policies_of(visit: Visit) -> AcceptancePolicies:
    """The acceptance policies in force, which also say where corrections are switched off."""
    return AcceptancePolicies.from_frame(visit.definitions.table("acceptance_policies"))
