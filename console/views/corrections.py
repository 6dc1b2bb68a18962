"""更正: proposing an overlay on one cell, the unit's word for it, and the second person's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from console import reach
from console.acting import (
    CORRECTION_PERMISSIONS,
    author_of,
    back_to,
    kept_evidence,
    policies_of,
    recorded,
    seen,
    told_who_was_first,
)
from console.desk import Visit
from console.errors import ConsoleError, NotHere
from console.routes import Act, Declared, Page
from console.views.queue import named, waiting
from warehouse.access.scope import may, require
from warehouse.ledger import verbs
from warehouse.ledger.confirming import confirm
from warehouse.ledger.corrections import correction_row
from warehouse.ledger.tables import corrections, submissions

CORRECTING = ("corrections.propose", "corrections.approve", "filings.confirm")
"""Any of which has to do with corrections."""
MOST = 200


def listing(visit: Visit) -> dict[str, Any]:
    """Corrections within reach: the proposed ones first, then those decided lately."""
    scope = reach.scope(visit)
    found = (
        select(
            corrections, submissions.c.city_code, submissions.c.unit_code,
            submissions.c.form_code, submissions.c.form_version, submissions.c.period_code,
            submissions.c.received_at,
        )
        .join(submissions, corrections.c.submission_id == submissions.c.submission_id)
        .where(scope.where(submissions.c.city_code, submissions.c.unit_code))
        .order_by(
            (corrections.c.state_code == "proposed").desc(),
            corrections.c.proposed_at.desc(), corrections.c.correction_id,
        )
        .limit(MOST)
    )  # fmt: skip
    with visit.engine.connect() as connection:
        rows = named(visit, [dict(row) for row in connection.execute(found).mappings()])
    for row in rows:
        row["may"] = may_decide(visit, row)
    return {"rows": rows, "waiting": waiting(visit), "me": author_of(visit), "most": MOST}


def may_decide(visit: Visit, row: dict[str, Any]) -> dict[str, bool]:
    """What the account may do with a proposed correction, by verb."""
    return {
        verb: row["state_code"] == "proposed" and reach.allowed(visit, row, permission)
        for verb, permission in CORRECTION_PERMISSIONS.items()
    }


def propose(visit: Visit) -> Response:
    """Proposes a correction; it takes effect only after the unit's word and a second person's."""
    row = reach.submission(visit, "corrections.propose")
    element = _element(visit, row)
    evidence = kept_evidence(visit)
    if evidence is None:
        raise ConsoleError("更正必须附依据文件（如盖章的更正说明、系统截图）。")
    signed = visit.field("confirmed_by") or None
    with told_who_was_first(visit, row["submission_id"], "correct"):
        verbs.correct(
            visit.engine, row["submission_id"], author=author_of(visit), at=visit.desk.moment(),
            row_code=element.row_code, value_column=element.value_column,
            element_code=element.element_code, new_number_text=visit.field("value"),
            reason=visit.field("reason"), evidence=evidence[0], evidence_name=evidence[1],
            confirmed_by=signed, policies=policies_of(visit), expected_version=seen(visit),
        )  # fmt: skip
    return back_to(visit, row["submission_id"], recorded("correct"))


def decide(visit: Visit) -> Response:
    """Confirms, approves or rejects a proposed correction."""
    wanted, verb = visit.params["correction_id"], visit.field("verb")
    with visit.engine.connect() as connection:
        correction = correction_row(connection, wanted)
        asked = select(submissions.c.city_code, submissions.c.unit_code).where(
            submissions.c.submission_id == (correction or {}).get("submission_id", "")
        )
        row = next(map(dict, connection.execute(asked).mappings()), None)
    if correction is None or row is None or not may(
        visit.person, "filings.read", reach.place_of(row)
    ):  # fmt: skip
        raise NotHere(f"更正“{wanted[:120]}”")
    if verb not in CORRECTION_PERMISSIONS:
        raise ConsoleError("请选择确认、批准或不同意。")
    require(visit.person, CORRECTION_PERMISSIONS[verb], reach.place_of(row))
    common: dict[str, Any] = {"author": author_of(visit), "at": visit.desk.moment()}
    with told_who_was_first(visit, correction["submission_id"], verb):
        if verb == "approve":
            verbs.approve(visit.engine, wanted, **common)
            visit.desk.daytime.revalidate([correction["submission_id"]], author_of(visit))
        elif verb == "confirm":
            confirm(visit.engine, wanted, note=visit.field("reason"), **common)
        else:
            verbs.reject(visit.engine, wanted, reason=visit.field("reason"), **common)
    return back_to(visit, correction["submission_id"], recorded(verb))


def _element(visit: Visit, row: dict[str, Any]) -> Any:
    cell = visit.field("cell")
    for one in visit.definitions.form_elements(row["form_code"] or "", row["form_version"] or ""):
        if f"{one.row_code}|{one.value_column}" == cell:
            return one
    raise ConsoleError("请选择要更正的单元格。")


ROUTES: tuple[Declared, ...] = (
    Page("/corrections", "corrections.html", listing, "filings.read"),
    Act("/submissions/{submission_id}/correct", propose, "corrections.propose"),
    Act("/corrections/{correction_id}/decide", decide, ("filings.confirm", "corrections.approve")),
)
