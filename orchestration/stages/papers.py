"""Scans that came in a zip beside forms: kept by themselves and hung on what they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from orchestration.stages.loading import Parsed
from orchestration.stages.receiving import KeptArrival
from warehouse.ledger.arrivals import (
    BroughtFile,
    arrivals_in_state,
    keep_delivery,
    link_evidence,
    turn_to_evidence,
)
from warehouse.settings import Settings


def keep_papers(
    settings: Settings, engine: Engine, kept: Sequence[KeptArrival], parsed: Parsed
) -> int:
    """Number of scans newly kept; a zip of nothing but scans is itself one.

    Written before the forms are recorded: a night that breaks off in between finds the zip of an
    inbox again, while that of a channel counts as read once its forms are recorded.
    """
    found = 0
    for number, one in enumerate(kept):
        members = parsed.archives.get(str(number), ())
        papers = [member for member in members if member.is_evidence]
        if not papers:
            continue
        arrival = one.arrival
        found += keep_delivery(
            engine,
            channel_kind=arrival.channel_kind,
            place=_place(one),
            far_id=_far_id(one),
            files=[
                BroughtFile(
                    part=paper.file_name,
                    file_name=paper.file_name,
                    file_sha256=paper.sha256,
                    size_bytes=paper.size_bytes,
                    received_at=arrival.received_at,
                    unit_code=arrival.unit_code,
                    city_code=arrival.city_code,
                    is_evidence=True,
                )
                for paper in papers
            ],
            seen_at=settings.clock.now(),
        )
        if len(papers) == len(members) and one.arrival_id is not None:
            turn_to_evidence(engine, one.arrival_id)
    return found


def hang_on_neighbours(
    engine: Engine, kept: Sequence[KeptArrival], submissions_of: Mapping[int, set[str]]
) -> None:
    """Hangs the scans of a zip on its one submission; of several, their names decide later.

    Args:
        engine: the ledger.
        kept: the arrivals of this reading.
        submissions_of: the submissions that each of them, by its place, has become.
    """
    only = {
        (_place(kept[number]), _far_id(kept[number])): next(iter(found))
        for number, found in submissions_of.items()
        if len(found) == 1
    }
    if not only:
        return
    loose = arrivals_in_state(engine, "evidence")
    link_evidence(engine, {
        row["arrival_id"]: only[row["place"], row["far_id"]]
        for row in loose
        if row["submission_id"] is None and (row["place"], row["far_id"]) in only
    })  # fmt: skip


def _place(one: KeptArrival) -> str:
    arrival = one.arrival
    return f"zip/{arrival.channel_kind}/{arrival.city_code}/{arrival.unit_code}"


def _far_id(one: KeptArrival) -> str:
    return f"{one.sha256[:16]}|{one.arrival.received_at.isoformat()}"
