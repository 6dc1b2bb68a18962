"""正式发布 in the ledger: proposals, their approval or rejection, and decisions to revise a figure.

Rows are only added and sealed in the chain. Of one city, report and period the newest proposal
stands; a decision is of one proposal and is never taken back: an official release that was wrong is
followed by another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from warehouse.clock import technical_now
from warehouse.ledger.chain import insert_sealed, insert_sealed_row
from warehouse.ledger.changes import register_files
from warehouse.ledger.tables import (
    official_decisions,
    official_proposals,
    official_revision_figures,
    official_revisions,
)
from warehouse.raw_files import StoredFile

Row = dict[str, Any]
Subject = tuple[str, str, str]
"""City, report and period."""


def add_proposal(
    connection: Connection,
    subject: Subject,
    *,
    base_release_id: str,
    document_number: str | None,
    embargo_until: datetime | None,
    scan: StoredFile | None,
    scan_name: str | None,
    author: str,
    at: datetime,
    note: str | None,
) -> str:
    """The id of a new proposal: city, report, period and its number among those of the same."""
    city, report, period = subject
    last = select(func.max(official_proposals.c.proposal_order)).where(
        official_proposals.c.city_code == city,
        official_proposals.c.report_code == report,
        official_proposals.c.period_code == period,
    )
    number = int(connection.execute(last).scalar() or 0) + 1
    proposal_id = f"{city}.{report}.{period}.{number}"
    if scan is not None:
        register_files(connection, {scan.sha256: scan.size_bytes})
    insert_sealed_row(
        connection, official_proposals,
        proposal_id=proposal_id, city_code=city, report_code=report, period_code=period,
        proposal_order=number, base_release_id=base_release_id, document_number=document_number,
        embargo_until=embargo_until, scan_sha256=scan.sha256 if scan else None,
        scan_name=scan_name, author=author, decided_at=at, recorded_at=technical_now(),
        reason_text=note,
    )  # fmt: skip
    return proposal_id


def add_decision(
    connection: Connection,
    proposal_id: str,
    verb: str,
    *,
    author: str,
    at: datetime,
    reason: str | None,
    release_id: str | None = None,
) -> None:
    """Writes the approval or rejection of a proposal."""
    last = connection.execute(select(func.max(official_decisions.c.decision_order))).scalar()
    insert_sealed_row(
        connection, official_decisions,
        proposal_id=proposal_id, decision_order=int(last or 0) + 1, verb=verb, author=author,
        decided_at=at, recorded_at=technical_now(), reason_text=reason, release_id=release_id,
    )  # fmt: skip


def add_revision(
    connection: Connection,
    from_release_id: str,
    figures: Sequence[Mapping[str, Any]],
    *,
    city_code: str,
    base_release_id: str,
    document_number: str,
    reason: str,
    author: str,
    at: datetime,
) -> int:
    """The number of a decision to revise figures of an official release, with each figure.

    Args:
        connection: a writing transaction.
        from_release_id: the official release that holds the old values.
        figures: table_name, key_text, column_name, old_value and new_value of each.
        city_code: the release's city.
        base_release_id: the nightly release that shows the new values.
        document_number: 文号 of the decision.
        reason: why the figures are other ones.
        author: the account that decides.
        at: business moment.
    """
    last = select(func.max(official_revisions.c.revision_order)).where(
        official_revisions.c.from_release_id == from_release_id
    )
    number = int(connection.execute(last).scalar() or 0) + 1
    moment = technical_now()
    insert_sealed_row(
        connection, official_revisions,
        from_release_id=from_release_id, revision_order=number, city_code=city_code,
        base_release_id=base_release_id, document_number=document_number, reason_text=reason,
        author=author, decided_at=at, recorded_at=moment,
    )  # fmt: skip
    names = ("table_name", "key_text", "column_name", "old_value", "new_value")
    insert_sealed(
        connection, official_revision_figures,
        [
            {"from_release_id": from_release_id, "revision_order": number, "figure_order": order,
             "recorded_at": moment} | {name: figure[name] for name in names}
            for order, figure in enumerate(figures, start=1)
        ],
    )  # fmt: skip
    return number


def proposals_in(connection: Connection, city_code: str | None = None) -> list[Row]:
    """Every proposal with its decision and its state, newest first.

    Beside the proposal's columns: `state_code` (`proposed`, `approved`, `rejected`, `replaced`),
    and of the decision `decided_by`, `approved_at`, `decision_reason`, `decision_order`,
    `release_id`.
    """
    found = select(
        official_proposals,
        official_decisions.c.verb,
        official_decisions.c.author.label("decided_by"),
        official_decisions.c.decided_at.label("approved_at"),
        official_decisions.c.reason_text.label("decision_reason"),
        official_decisions.c.decision_order,
        official_decisions.c.release_id,
    ).join(
        official_decisions,
        official_decisions.c.proposal_id == official_proposals.c.proposal_id,
        isouter=True,
    )
    if city_code is not None:
        found = found.where(official_proposals.c.city_code == city_code)
    ordered = found.order_by(
        official_proposals.c.recorded_at.desc(), official_proposals.c.proposal_id.desc()
    )
    rows = [dict(row) for row in connection.execute(ordered).mappings()]
    newest: dict[Subject, int] = {}
    for row in rows:
        subject = (row["city_code"], row["report_code"], row["period_code"])
        newest[subject] = max(newest.get(subject, 0), row["proposal_order"])
    for row in rows:
        subject = (row["city_code"], row["report_code"], row["period_code"])
        row["state_code"] = _state(row, newest[subject])
        del row["verb"]
    return rows


def approved_in(connection: Connection, city_code: str | None = None) -> list[Row]:
    """The approved proposals, the newest approval first: a figure stands in the first with it."""
    found = [row for row in proposals_in(connection, city_code) if row["state_code"] == "approved"]
    return sorted(found, key=lambda row: -int(row["decision_order"]))


def revisions_in(connection: Connection, city_code: str | None = None) -> list[Row]:
    """Every decision to revise, in the order recorded, with its `figures`."""
    found = select(official_revisions)
    if city_code is not None:
        found = found.where(official_revisions.c.city_code == city_code)
    ordered = found.order_by(official_revisions.c.recorded_at, official_revisions.c.from_release_id)
    rows = [dict(row) for row in connection.execute(ordered).mappings()]
    table = official_revision_figures.c
    figures: dict[tuple[str, int], list[Row]] = {}
    asked = select(official_revision_figures).order_by(table.figure_order)
    if city_code is not None:
        asked = asked.where(table.from_release_id.in_([row["from_release_id"] for row in rows]))
    for figure in connection.execute(asked).mappings():
        key = (figure["from_release_id"], figure["revision_order"])
        figures.setdefault(key, []).append(dict(figure))
    for row in rows:
        row["figures"] = figures.get((row["from_release_id"], row["revision_order"]), [])
    return rows


def bases_in(connection: Connection) -> set[str]:
    """Nightly releases that a standing proposal or an official release is made from."""
    return {
        str(row["base_release_id"])
        for row in proposals_in(connection)
        if row["state_code"] in ("proposed", "approved")
    }


def _state(row: Mapping[str, Any], newest: int) -> str:
    if row["verb"] is not None:
        return {"approve": "approved", "reject": "rejected"}[str(row["verb"])]
    return "proposed" if row["proposal_order"] == newest else "replaced"
