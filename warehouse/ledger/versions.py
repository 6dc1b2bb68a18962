"""Which version of a unit's form and period came after which: no old answer may look current."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from warehouse.ledger.changes import chunks
from warehouse.ledger.intake import newest_order
from warehouse.ledger.states import ACCEPTED
from warehouse.ledger.tables import events, submissions

Key = tuple[str, str, str]

TO_BE_MENDED = frozenset({"held", "returned", "refused"})
"""States in which a unit is asked for a new version; when that has come, nothing is asked."""

_COLUMNS = (
    "submission_id", "unit_code", "form_code", "period_code", "version", "received_at",
    "file_name", "state_code",
)  # fmt: skip


def replaced_by(connection: Connection, submission_ids: Iterable[str]) -> dict[str, int]:
    """By submission: the version that took its place, or came after it and is to be looked at.

    Only submissions that are superseded or were to be mended; one in force stays current whatever
    came after it.
    """
    wanted = set(submission_ids)
    found = {}
    for versions in _series(connection, wanted).values():
        for place, row in enumerate(versions):
            later = [one for one in versions[place + 1 :] if one["state_code"] != "withdrawn"]
            if row["submission_id"] not in wanted or not later:
                continue
            accepted = [one for one in later if one["state_code"] in ACCEPTED]
            if row["state_code"] == "superseded":
                found[row["submission_id"]] = (accepted or later)[-1]["version"]
            elif row["state_code"] in TO_BE_MENDED:
                found[row["submission_id"]] = later[-1]["version"]
    return found


def held_for(connection: Connection, submission_ids: Iterable[str]) -> dict[str, str]:
    """By submission that is held for no finding: why (`unconfirmed`, `closed`)."""
    found: dict[str, str] = {}
    for part in chunks(submission_ids):
        last = (
            select(events.c.submission_id, func.max(events.c.event_order).label("event_order"))
            .where(events.c.submission_id.in_(part))
            .group_by(events.c.submission_id)
            .subquery()
        )
        asked = (
            select(events.c.submission_id, events.c.reason_code)
            .join(
                last,
                (last.c.submission_id == events.c.submission_id)
                & (last.c.event_order == events.c.event_order),
            )
            .where(events.c.verb == "hold", events.c.reason_code.is_not(None))
        )
        found |= {str(row[0]): str(row[1]) for row in connection.execute(asked)}
    return found


def overtaken(connection: Connection, submission_ids: Iterable[str]) -> list[str]:
    """Older versions whose answer changes because of those named."""
    wanted = set(submission_ids)
    return sorted(
        row["submission_id"]
        for versions in _series(connection, wanted).values()
        for row in versions
        if row["state_code"] in {*TO_BE_MENDED, "superseded"} and row["submission_id"] not in wanted
    )


def _series(connection: Connection, submission_ids: set[str]) -> Mapping[Key, list[dict[str, Any]]]:
    """All versions of the units, forms and periods of some submissions, oldest first."""
    columns = [submissions.c[name] for name in _COLUMNS]
    keys: set[Key] = set()
    for part in chunks(sorted(submission_ids)):
        of_part = select(*columns).where(
            submissions.c.submission_id.in_(part), submissions.c.version > 1
        )
        keys |= {_key(dict(row)) for row in connection.execute(of_part).mappings()}
        first = select(*columns).where(
            submissions.c.submission_id.in_(part),
            submissions.c.state_code.in_(sorted({*TO_BE_MENDED, "superseded"})),
            submissions.c.version.is_not(None),
        )
        keys |= {_key(dict(row)) for row in connection.execute(first).mappings()}
    series: dict[Key, list[dict[str, Any]]] = {}
    for part in chunks(sorted({key[0] for key in keys})):
        of_units = select(*columns).where(
            submissions.c.unit_code.in_(part), submissions.c.version.is_not(None)
        )
        for row in connection.execute(of_units).mappings():
            if _key(dict(row)) in keys:
                series.setdefault(_key(dict(row)), []).append(dict(row))
    for versions in series.values():
        versions.sort(key=newest_order)
    return series


def _key(row: Mapping[str, Any]) -> Key:
    return (row["unit_code"], row["form_code"], row["period_code"])
