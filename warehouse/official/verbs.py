"""What a person does with official releases: propose, approve, reject, revise; and what there is.

`at` is the business moment of the act, `author` the account; whether the account may is asked at
the door (`official.propose`, `official.approve`, `official.revise`, each of the city).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from sources.vocabulary import (
    OFFICIAL_REPORT_ZH,
    OFFICIAL_STATE_ZH,
)
from warehouse.errors import NoRelease
from warehouse.lease import night_lease
from warehouse.ledger.corrections import is_same
from warehouse.ledger.decisions import checked_author
from warehouse.ledger.engine import writing
from warehouse.ledger.officials import (
    add_decision,
    add_revision,
    proposals_in,
    revisions_in,
)
from warehouse.official.errors import (
    FiguresChanged,
    OfficialRefused,
    ProposalIncomplete,
    SamePerson,
    UnknownProposal,
)
from warehouse.official.figures import figure_changes, is_public, undecided
from warehouse.official.looking import (
    checked_base,
    checked_embargo,
    find,
    manifest_of,
    missing,
    open_proposal,
)
from warehouse.official.making import complete, finish, make_aside
from warehouse.official.placing import Placement, place_official
from warehouse.official.proposing import Proposed, propose, told_of
from warehouse.queries.history import in_words
from warehouse.queries.published import manifest
from warehouse.releases.history import next_release_id, release_db
from warehouse.settings import Settings

__all__ = [
    "Approved", "Proposed", "Revised", "approve", "find", "official_releases", "propose",
    "publish_due", "reject", "revise", "revision_decisions", "told_of",
]  # fmt: skip

Row = dict[str, Any]
WAIT_SECONDS = 60.0
"""How long an approval waits for a night that is running."""


@dataclass(frozen=True)
class Approved:
    """What an approval came to."""

    proposal_id: str
    release_id: str
    manifest: Row
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class Revised:
    """What a decision to revise came to."""

    from_release_id: str
    revision_order: int
    figures: tuple[Row, ...]


def approve(
    settings: Settings, engine: Engine, proposal_id: str, *, author: str, at: datetime,
    note: str = "",
) -> Approved:  # fmt: skip
    """Approves a proposal: the official release is made, kept for ever, and laid out.

    Args:
        settings: the workspace.
        engine: the ledger.
        proposal_id: the proposal.
        author: another account than the proposer's.
        at: business moment.
        note: what is to be remembered of the approval.

    Raises:
        UnknownProposal: there is none.
        ProposalDecided: it is decided or replaced already.
        ProposalIncomplete: document number or scan are missing.
        SamePerson: the author proposed it.
        FiguresChanged: figures of an earlier official release are other ones, undecided.
        EmbargoTooShort: it would tell figures of an earlier one whose embargo is longer.
        NightIsRunning: a night runs; nothing was written.
        ReleaseUnwritten: the disk is full. Where the approval stands already, the next night or
            the next call makes the release.
    """
    checked_author(author)
    with night_lease(settings, wait_seconds=WAIT_SECONDS):
        complete(settings, engine)
        with engine.connect() as connection:
            row = open_proposal(connection, proposal_id)
        lacking = missing(row)
        if lacking:
            raise ProposalIncomplete(proposal_id, lacking)
        if is_same(row["author"], author):
            raise SamePerson(proposal_id, author)
        base, city = str(row["base_release_id"]), str(row["city_code"])
        changes = figure_changes(settings, engine, city, base)
        changed = undecided(changes)
        if changed:
            raise FiguresChanged(in_words(settings, base, changed))
        checked_embargo(engine, row, changes, settings.clock.now())
        day = datetime.fromisoformat(str(manifest_of(settings, base)["as_of"])).date()
        release_id = next_release_id(settings, day)
        approval = {"release_id": release_id, "approved_at": at, "decision_order": None}
        make_aside(settings, engine, row | approval, release_id)
        with writing(engine) as connection:
            open_proposal(connection, proposal_id)
            add_decision(
                connection, proposal_id, "approve", author=author, at=at,
                reason=note.strip() or None, release_id=release_id,
            )  # fmt: skip
        made = finish(settings, engine, find(engine, proposal_id))
        placements = place_official(settings, engine, settings.clock.now())
    return Approved(proposal_id, release_id, made, placements)


def reject(engine: Engine, proposal_id: str, *, author: str, at: datetime, reason: str) -> None:
    """Rejects a proposal; it may be proposed again.

    Raises:
        UnknownProposal: there is none.
        ProposalDecided: it is decided or replaced already.
        OfficialRefused: no reason is given.
    """
    checked_author(author)
    if not reason.strip():
        raise OfficialRefused("不批准正式发布须写明理由。")
    with writing(engine) as connection:
        open_proposal(connection, proposal_id)
        add_decision(connection, proposal_id, "reject", author=author, at=at, reason=reason.strip())


def revise(
    settings: Settings,
    engine: Engine,
    from_release_id: str,
    *,
    author: str,
    at: datetime,
    reason: str,
    document_number: str,
    base_release_id: str | None = None,
    keys: Collection[str] | None = None,
) -> Revised:
    """Records the decision that figures of an official release have other values from now on.

    The figures with their old and new values are written down; a further official release with
    these values may then be approved.

    Args:
        settings: the workspace.
        engine: the ledger.
        from_release_id: the official release that holds the old values.
        author: the account that decides.
        at: business moment.
        reason: why.
        document_number: 文号 of the decision.
        base_release_id: the nightly release that shows the new values; the published one.
        keys: `key_text` of the figures meant; all that differ without.

    Raises:
        UnknownProposal: it is no official release.
        OfficialRefused: no reason, no document number, or no such figure differs.
        NoRelease: nothing is published, or the base is not kept.
    """
    checked_author(author)
    if not reason.strip() or not document_number.strip():
        raise OfficialRefused("修订决定须写明理由（--reason）和文号（--document-number）。")
    row = find(engine, from_release_id)
    if row["release_id"] is None:
        raise UnknownProposal(from_release_id)
    release_id, city = str(row["release_id"]), str(row["city_code"])
    base = base_release_id or str(manifest(settings)["release_id"])
    checked_base(settings, base)
    found = [
        one
        for one in undecided(figure_changes(settings, engine, city, base))
        if one["from_release_id"] == release_id and (keys is None or one["key_text"] in keys)
    ]
    unknown = sorted(set(keys or ()) - {one["key_text"] for one in found})
    if unknown or not found:
        named = f"（{'、'.join(unknown[:5])}）" if unknown else ""
        raise OfficialRefused(
            f"正式发布 {release_id} 的数{named}与发布 {base} 相同，或不在其中，或已有修订决定。"
        )
    with writing(engine) as connection:
        number = add_revision(
            connection, release_id, found, city_code=city, base_release_id=base,
            document_number=document_number.strip(), reason=reason.strip(), author=author, at=at,
        )  # fmt: skip
    return Revised(release_id, number, tuple(found))


def official_releases(
    settings: Settings, engine: Engine, *, city_code: str | None = None
) -> list[Row]:
    """Every proposal and what became of it, newest first.

    Beside the ledger's columns: `report_zh`, `state_zh`, `is_made` (the folder is there) and
    `is_public` (approved, and its embargo over by the business clock).
    """
    now = settings.clock.now()
    with engine.connect() as connection:
        rows = proposals_in(connection, city_code)
    for row in rows:
        is_approved = row["state_code"] == "approved"
        row["report_zh"] = OFFICIAL_REPORT_ZH.get(row["report_code"], row["report_code"])
        row["state_zh"] = OFFICIAL_STATE_ZH[row["state_code"]]
        row["is_made"] = is_approved and _is_made(settings, str(row["release_id"]))
        row["is_public"] = is_approved and is_public(row, now)
    return rows


def revision_decisions(engine: Engine, *, city_code: str | None = None) -> list[Row]:
    """Every decision to revise official figures, in order, each with its `figures`."""
    with engine.connect() as connection:
        return revisions_in(connection, city_code)


def publish_due(settings: Settings, engine: Engine) -> tuple[list[str], tuple[Placement, ...]]:
    """Makes what an interrupted approval left, and lays out what is due by the business clock.

    Returns the sentences of what could not be made, and every place that was looked after.

    Raises:
        NightIsRunning: a night runs, which does the same.
    """
    with night_lease(settings, wait_seconds=WAIT_SECONDS):
        _, problems = complete(settings, engine)
        return problems, place_official(settings, engine, settings.clock.now())


def _is_made(settings: Settings, release_id: str) -> bool:
    try:
        release_db(settings, release_id)
    except NoRelease:
        return False
    return True
