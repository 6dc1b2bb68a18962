"""Finding a proposal, and what must hold of it before it may be decided on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from sources.vocabulary import RELEASE_KIND_ZH
from warehouse.errors import NoRelease
from warehouse.ledger.officials import approved_in, proposals_in
from warehouse.official.errors import (
    EmbargoTooShort,
    OfficialRefused,
    ProposalDecided,
    UnknownProposal,
)
from warehouse.releases.history import MANIFEST, OFFICIAL, read_manifest, release_db
from warehouse.settings import Settings

Row = dict[str, Any]


def find(engine: Engine, identity: str) -> Row:
    """The proposal of an id, or the one that an official release was made by.

    Raises:
        UnknownProposal: there is none.
    """
    with engine.connect() as connection:
        for row in proposals_in(connection):
            if identity.strip() in (row["proposal_id"], row["release_id"]):
                return row
    raise UnknownProposal(identity)


def open_proposal(connection: Connection, proposal_id: str) -> Row:
    """The proposal, which nobody has decided on and no newer one has replaced.

    Raises:
        UnknownProposal: there is none.
        ProposalDecided: it is decided or replaced.
    """
    for row in proposals_in(connection):
        if row["proposal_id"] != proposal_id:
            continue
        if row["state_code"] == "proposed":
            return row
        if row["decided_by"] is not None:
            act = "批准" if row["state_code"] == "approved" else "退回"
            raise ProposalDecided(proposal_id, act, row["decided_by"], row["approved_at"])
        newer = next(
            one for one in proposals_in(connection, str(row["city_code"]))
            if one["report_code"] == row["report_code"]
            and one["period_code"] == row["period_code"]
            and one["proposal_order"] > row["proposal_order"]
        )  # fmt: skip
        act = f"重新提请（{newer['proposal_id']}）"
        raise ProposalDecided(proposal_id, act, newer["author"], newer["recorded_at"])
    raise UnknownProposal(proposal_id)


def missing(row: Row) -> tuple[str, ...]:
    """What must be there before a proposal can be approved, in words."""
    wanted = {"文号": row["document_number"], "盖章扫描件": row["scan_sha256"]}
    return tuple(name for name, value in wanted.items() if not value)


def checked_embargo(engine: Engine, row: Row, changes: Sequence[Row], now: datetime) -> None:
    """What a release revises is told in it, old values too: it may not be public before them.

    Args:
        engine: the ledger.
        row: the proposal.
        changes: the official figures that it has otherwise.
        now: business moment.

    Raises:
        EmbargoTooShort: an earlier release's embargo is longer than the proposal's.
    """
    revised = {one["from_release_id"] for one in changes}
    with engine.connect() as connection:
        earlier = approved_in(connection, str(row["city_code"]))
    own = row["embargo_until"] or now
    for one in earlier:
        until = one["embargo_until"]
        if one["release_id"] in revised and until is not None and until > max(own, now):
            raise EmbargoTooShort(str(one["release_id"]), until)


def checked_base(settings: Settings, release_id: str) -> Row:
    """The manifest of a nightly release.

    Raises:
        NoRelease: it is not kept.
        OfficialRefused: it is itself an official one.
    """
    told = manifest_of(settings, release_id)
    if told.get("kind") == OFFICIAL:
        kind = RELEASE_KIND_ZH[OFFICIAL]
        raise OfficialRefused(f"{release_id} 是{kind}，不能作依据；请写一个夜间发布的发布号。")
    return told


def manifest_of(settings: Settings, release_id: str) -> Row:
    """The manifest of a kept release.

    Raises:
        NoRelease: it is not kept.
    """
    told = read_manifest(release_db(settings, release_id).parent / MANIFEST)
    if told is None:
        raise NoRelease(release_id)
    return told
