"""Taking submissions into the ledger: versions, no-ops, known-from; findings; the check's verdict.

`version` counts the order in which files were taken in: 1, 2, 3 … per unit, form and period,
within one batch by (`received_at`, file name). `newest` is by (`received_at`, file name) whatever
that order was: a file that arrived earlier but is processed later gets the next number and is not
newest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select

from warehouse.clock import known_from
from warehouse.ledger.arrivals import mark_recorded
from warehouse.ledger.changes import SYSTEM, Change, apply_changes, chunks, register_files
from warehouse.ledger.closing import HELD_FOR_CLOSING, closed_periods
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import findings, submissions


@dataclass(frozen=True)
class ParsedRecord:
    """One arrived file after reading, as the ledger wants it.

    Without `form_code` and `period_code` the file could not be identified, and is refused.
    """

    unit_code: str
    city_code: str
    file_sha256: str
    size_bytes: int
    file_name: str
    channel_kind: str
    received_at: datetime
    is_synthetic: bool
    form_code: str | None = None
    form_version: str | None = None
    period_code: str | None = None
    is_refused: bool = False
    is_nil_return: bool = False
    cells_read: int = 0
    refusal_rule_id: str | None = None
    refusal_text: str | None = None
    arrival_id: str | None = None
    """The arrival of the ledger that this file is; None when it came by the inbox."""
    first_seen_at: datetime | None = None
    """When it was first seen; None for now."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Footer of the form; kept in the ledger only."""
    archive_sha256: str | None = None
    """The archive the file was a member of; its bytes are kept too."""
    archive_bytes: int = 0
    form_sheet: str | None = None
    """The form's sheet, where the workbook holds several forms."""
    part: int = 0
    """Which of the several forms of its file it is, from 1; 0 for the only one."""
    entered_by: str | None = None
    """The account that entered it on the unit's behalf (代录); it waits for the unit to confirm."""

    @property
    def is_identified(self) -> bool:
        """Whether form and period are known."""
        return self.form_code is not None and self.period_code is not None


@dataclass(frozen=True)
class Recorded:
    """What became of one record; for a no-op the submission it repeats."""

    record: ParsedRecord
    outcome: Literal["recorded", "no_op"]
    submission_id: str
    version: int | None
    replaces_version: int | None
    state_code: str
    known_from: datetime
    is_newest: bool = True
    is_same_arrival: bool = False
    """A no-op because this very arrival was recorded before, by a night that did not finish."""


Key = tuple[str, str, str]

UNCONFIRMED = "unconfirmed"
"""Reason code of a hold that the unit's confirmation lifts."""

_REMEMBERED = (
    "submission_id",
    "unit_code",
    "form_code",
    "period_code",
    "version",
    "replaces_version",
    "file_sha256",
    "file_name",
    "received_at",
    "known_from",
    "state_code",
)


def newest_order(row: Mapping[str, Any]) -> tuple[datetime, str, int]:
    """Sort key under which the last version of a unit, form and period is the newest."""
    return (row["received_at"], row["file_name"], row["version"])


def record_batch(
    engine: Engine | Connection,
    records: Sequence[ParsedRecord],
    business_now: datetime,
    last_release_as_of: date | None,
) -> list[Recorded]:
    """What became of each record, in the order given; one transaction for all.

    Args:
        engine: the ledger.
        records: arrived files whose bytes are already in `raw/`.
        business_now: the business clock.
        last_release_as_of: up to which day the last release stands, see `known_from`.
    """
    with writing(engine) as connection:
        desk = _Desk(connection, {record.unit_code for record in records})
        for index, record in sorted(
            enumerate(records), key=lambda pair: (pair[1].received_at, pair[1].file_name)
        ):
            moment = known_from(record.received_at, business_now, last_release_as_of)
            desk.take(index, record, moment, business_now)
        desk.write()
        return desk.outcomes()


class _Desk:
    """The versions of the units of one batch, with the batch laid on top."""

    def __init__(self, connection: Connection, units: set[str]) -> None:
        self._connection = connection
        self._versions: dict[Key, list[dict[str, Any]]] = {}
        self._unidentified: dict[str, dict[str, Any]] = {}
        self._rows: list[dict[str, Any]] = []
        self._changes: list[Change] = []
        self._taken: dict[int, tuple[ParsedRecord, dict[str, Any], bool]] = {}
        columns = [submissions.c[name] for name in _REMEMBERED]
        for part in chunks(sorted(units)):
            found = select(*columns).where(submissions.c.unit_code.in_(part))
            for row in connection.execute(found).mappings():
                self._keep(dict(row))

    def take(
        self, index: int, record: ParsedRecord, moment: datetime, business_now: datetime
    ) -> None:
        repeated = self._repeated(record)
        if repeated is not None:
            self._taken[index] = (record, repeated, False)
            return
        row = self._new_row(record, moment, business_now)
        self._keep(row)
        self._rows.append(row)
        self._changes.append(
            Change(
                row["submission_id"],
                "receive" if row["state_code"] == "received" else "refuse",
                None,
                SYSTEM,
                moment,
                reason_code=record.refusal_rule_id,
                reason_text=record.refusal_text,
            )
        )
        self._taken[index] = (record, row, True)

    def write(self) -> None:
        sizes = {record.file_sha256: record.size_bytes for record, _, _ in self._taken.values()}
        sizes |= {
            record.archive_sha256: record.archive_bytes
            for record, _, _ in self._taken.values()
            if record.archive_sha256 is not None
        }
        register_files(self._connection, sizes)
        if self._rows:
            self._connection.execute(insert(submissions), self._rows)
        apply_changes(self._connection, self._changes)
        mark_recorded(
            self._connection,
            {
                record.arrival_id: row["submission_id"]
                for record, row, _ in self._taken.values()
                if record.arrival_id is not None
            },
        )

    def outcomes(self) -> list[Recorded]:
        found = []
        for _, (record, row, is_new) in sorted(self._taken.items()):
            versions = self._versions.get(_key(row), [row])
            found.append(
                Recorded(
                    record=record,
                    outcome="recorded" if is_new else "no_op",
                    submission_id=row["submission_id"],
                    version=row["version"],
                    replaces_version=row["replaces_version"],
                    state_code=row["state_code"],
                    known_from=row["known_from"],
                    is_newest=row["version"] is None or max(versions, key=newest_order) is row,
                    is_same_arrival=not is_new
                    and (row["received_at"], row["file_name"])
                    == (record.received_at, record.file_name),
                )
            )
        return found

    def _keep(self, row: dict[str, Any]) -> None:
        if row["version"] is None:
            self._unidentified[row["submission_id"]] = row
        else:
            self._versions.setdefault(_key(row), []).append(row)

    def _repeated(self, record: ParsedRecord) -> dict[str, Any] | None:
        """The submission whose bytes these are, where filing them again means nothing.

        A withdrawn version is out of the line: its bytes filed again are a new version.
        """
        if not record.is_identified:
            return self._unidentified.get(_refused_id(record))
        versions = self._versions.get(_key(record.__dict__))
        latest = max(versions, key=newest_order) if versions else None
        if latest is None or latest["state_code"] == "withdrawn":
            return None
        return latest if latest["file_sha256"] == record.file_sha256 else None

    def _new_row(
        self, record: ParsedRecord, moment: datetime, business_now: datetime
    ) -> dict[str, Any]:
        version = replaces = None
        submission_id = _refused_id(record)
        if record.is_identified:
            versions = self._versions.get(_key(record.__dict__), [])
            version = max((row["version"] for row in versions), default=0) + 1
            place = (record.received_at, record.file_name, version)
            before = [row for row in versions if newest_order(row) < place]
            replaces = max(before, key=newest_order)["version"] if before else None
            submission_id = f"{record.unit_code}.{record.form_code}.{record.period_code}.v{version}"
        is_refused = record.is_refused or not record.is_identified
        people = json.dumps(dict(record.people), ensure_ascii=False) if record.people else None
        return {
            "submission_id": submission_id,
            "unit_code": record.unit_code,
            "city_code": record.city_code,
            "form_code": record.form_code,
            "form_version": record.form_version,
            "period_code": record.period_code,
            "version": version,
            "replaces_version": replaces,
            "file_sha256": record.file_sha256,
            "file_name": record.file_name,
            "channel_kind": record.channel_kind,
            "received_at": record.received_at,
            "first_seen_at": record.first_seen_at or business_now,
            "known_from": moment,
            "state_code": "refused" if is_refused else "received",
            "is_nil_return": record.is_nil_return,
            "is_synthetic": record.is_synthetic,
            "cells_read": record.cells_read,
            "people_json": people,
            "archive_sha256": record.archive_sha256,
            "form_sheet": record.form_sheet,
            "entered_by": record.entered_by,
        }


def _key(row: Mapping[str, Any]) -> Key:
    return (row["unit_code"], row["form_code"], row["period_code"])


def _refused_id(record: ParsedRecord) -> str:
    part = f".{record.part}" if record.part else ""
    return f"{record.unit_code}.refused.{record.file_sha256[:12]}{part}"


def awaiting_check(engine: Engine) -> list[str]:
    """Submissions in `received`: this batch's, and any a broken night left behind."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(submissions.c.submission_id)
            .where(submissions.c.state_code == "received")
            .order_by(
                submissions.c.received_at, submissions.c.file_name, submissions.c.submission_id
            )
        )
        return list(rows.scalars())


def settle(
    engine: Engine | Connection, submission_ids: Iterable[str] | None = None
) -> dict[str, str]:
    """State of each checked submission: `held` with an open blocking finding, else `passed`.

    Held too, with the reason in their event: what was entered on a unit's behalf until the unit
    confirms it, and what came for a closed period until that is reopened.

    Args:
        engine: the ledger; the findings of the check are already in it.
        submission_ids: those checked; None for all in `received`. Others are left alone.
    """
    wanted = None if submission_ids is None else set(submission_ids)
    with writing(engine) as connection:
        columns = [
            submissions.c[name]
            for name in ("submission_id", "known_from", "city_code", "form_code", "period_code",
                         "entered_by", "confirmed_at")
        ]  # fmt: skip
        waiting = connection.execute(
            select(*columns)
            .where(submissions.c.state_code == "received")
            .order_by(submissions.c.submission_id)
        ).mappings()
        blocked: set[str] = set(
            connection.execute(
                select(findings.c.submission_id).where(
                    findings.c.severity_code == "blocking", findings.c.status_code == "open"
                )
            ).scalars()
        )
        closed = closed_periods(connection)
        changes = []
        for row in waiting:
            key = row["submission_id"]
            if wanted is None or key in wanted:
                why = _waits_for(dict(row), closed)
                verb = "hold" if key in blocked or why else "pass"
                code = None if key in blocked else why
                changes.append(
                    Change(key, verb, "received", SYSTEM, row["known_from"], reason_code=code)
                )
        return {key: after.state_code for key, after in apply_changes(connection, changes).items()}


def _waits_for(row: Mapping[str, Any], closed: Mapping[Key, object]) -> str | None:
    """Why a submission without a blocking finding is held all the same."""
    if row["entered_by"] is not None and row["confirmed_at"] is None:
        return UNCONFIRMED
    is_closed = (row["city_code"], row["form_code"], row["period_code"]) in closed
    return HELD_FOR_CLOSING if is_closed else None
