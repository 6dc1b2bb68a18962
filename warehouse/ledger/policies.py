"""Acceptance policies of the definitions, and the author `system` who acts on `automatic`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from warehouse.errors import DecisionRefused
from warehouse.ledger.changes import SYSTEM, Change, apply_changes, chunks
from warehouse.ledger.closing import closed_periods
from warehouse.ledger.engine import writing
from warehouse.ledger.findings import move_open, open_counts
from warehouse.ledger.intake import newest_order
from warehouse.ledger.states import ACCEPTED, PROVISIONAL, TRANSITIONS
from warehouse.ledger.tables import events, submissions

AUTOMATIC = "automatic"
MANUAL = "manual"
ALLOWED, OFF = "allowed", "off"
REQUIRED_CLEAR = ("blocking", "quasi_blocking", "verify")
"""Severities of which none may be open for the system to accept."""

_COLUMNS = (
    "submission_id",
    "unit_code",
    "city_code",
    "form_code",
    "period_code",
    "version",
    "file_name",
    "received_at",
    "known_from",
    "state_code",
)


@dataclass(frozen=True)
class PolicyRow:
    """One row of `acceptance_policies`; blank city or form means every one."""

    city_code: str | None
    form_code: str | None
    policy: str
    valid_from: date | None
    valid_to: date | None
    corrections: str | None = None
    """`allowed` or `off`: whether the city's stewards may propose corrections at all."""

    def applies(self, city_code: str, form_code: str, day: date) -> bool:
        """Whether the row speaks about this city, form and day."""
        return (
            self.city_code in (None, city_code)
            and self.form_code in (None, form_code)
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day < self.valid_to)
        )

    @property
    def precedence(self) -> tuple[bool, bool, date]:
        """City and form together before city, city before form, form before none; then newer."""
        return (
            self.city_code is not None,
            self.form_code is not None,
            self.valid_from or date.min,
        )


@dataclass(frozen=True)
class AcceptancePolicies:
    """The policy of each city and form; without any row, `automatic`."""

    rows: tuple[PolicyRow, ...] = ()

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> AcceptancePolicies:
        """Policies from the definition table (all columns text)."""

        def day(text: str | None) -> date | None:
            return date.fromisoformat(text) if text else None

        return cls(
            tuple(
                PolicyRow(
                    row["city_code"] or None,
                    row["form_code"] or None,
                    row["policy"],
                    day(row["valid_from"]),
                    day(row["valid_to"]),
                    row.get("corrections") or None,
                )
                for row in frame.to_dicts()
            )
        )

    def policy_for(self, city_code: str, form_code: str, day: date) -> str:
        """The most specific row's policy on a day."""
        speaking = self._speaking(city_code, form_code, day)
        return speaking[0].policy if speaking else AUTOMATIC

    def allows_corrections(self, city_code: str, form_code: str, day: date) -> bool:
        """Whether a steward may propose a correction; the most specific row that says so."""
        rows = self._speaking(city_code, form_code, day)
        return next((row.corrections for row in rows if row.corrections), ALLOWED) != OFF

    def _speaking(self, city_code: str, form_code: str, day: date) -> list[PolicyRow]:
        """The rows about a city, form and day, the most specific first."""
        speaking = [row for row in self.rows if row.applies(city_code, form_code, day)]
        return sorted(speaking, key=lambda row: row.precedence, reverse=True)


def apply_policies(
    engine: Engine | Connection, policies: AcceptancePolicies, today: date
) -> list[str]:
    """Submissions the system accepted at both gates, in the order of their arrival.

    Each version is judged by itself, oldest arrival first, so that the outcome does not depend on
    which versions came in one night. What an accepted newer version replaces becomes superseded.
    Periods that are closed wait for their reopening.
    """
    with writing(engine) as connection:
        closed = closed_periods(connection)
        waiting = [
            row
            for row in _rows(connection, submissions.c.state_code.in_(sorted(PROVISIONAL)))
            if policies.policy_for(row["city_code"], row["form_code"], today) == AUTOMATIC
            and (row["city_code"], row["form_code"], row["period_code"]) not in closed
        ]
        if not waiting:
            return []
        in_the_way = open_counts(connection, (row["submission_id"] for row in waiting))
        moments = _last_moments(connection, [row["submission_id"] for row in waiting])
        accepted, changes = [], []
        for row in sorted(waiting, key=newest_order):
            submission_id, moment = row["submission_id"], moments[row["submission_id"]]
            counts = in_the_way.get(submission_id)
            if counts and any(counts[code] for code in REQUIRED_CLEAR):
                continue
            state = row["state_code"]
            if state != "accepted_county":
                changes.append(_system(submission_id, "accept", state, moment))
            changes.append(_system(submission_id, "accept", "accepted_county", moment))
            accepted.append(submission_id)
        apply_changes(connection, changes)
        supersede_older(connection, accepted, lambda key: moments[key])
        return accepted


def supersede_older(
    connection: Connection, accepted: Iterable[str], moment_of: Callable[[str], datetime]
) -> list[str]:
    """Submissions replaced by a newer accepted version of the same unit, form and period.

    Args:
        connection: a writing transaction.
        accepted: submissions just accepted at the city gate.
        moment_of: when each of them was.
    """
    touched = set(accepted)
    live = sorted(str(state) for state in TRANSITIONS["supersede"])
    series: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in _rows(connection, submissions.c.state_code.in_(live)):
        series.setdefault((row["unit_code"], row["form_code"], row["period_code"]), []).append(row)
    changes: list[Change] = []
    for versions in series.values():
        if len(versions) == 1 or not any(row["submission_id"] in touched for row in versions):
            continue
        versions.sort(key=newest_order)
        standing = [row for row in versions if row["state_code"] in ACCEPTED]
        ours = [row["submission_id"] for row in versions if row["submission_id"] in touched]
        latest = max(moment_of(submission_id) for submission_id in ours)
        for row in versions[: versions.index(standing[-1])] if standing else []:
            # Replaced when the next accepted version after it was accepted; a latecomer, at once.
            after = [new for new in standing if newest_order(new) > newest_order(row)]
            new_ones = [new["submission_id"] for new in after if new["submission_id"] in touched]
            moment = moment_of(new_ones[0]) if new_ones else latest
            changes.append(
                Change(
                    row["submission_id"],
                    "supersede",
                    row["state_code"],
                    SYSTEM,
                    moment,
                    reason_code="newer_accepted",
                    reason_text=after[0]["submission_id"],
                )
            )
    replaced = [change.submission_id for change in changes]
    moved = move_open(connection, replaced, "closed")
    apply_changes(
        connection,
        [replace(change, moves=moved.get(change.submission_id, ())) for change in changes],
    )
    return replaced


def refuse_if_newer_accepted(connection: Connection, row: Mapping[str, Any]) -> None:
    """Refuses an acceptance beside a newer version that is in force for certain.

    Raises:
        DecisionRefused: there is one; it must be returned first.
    """
    newer = connection.execute(
        select(submissions.c.submission_id, submissions.c.received_at, submissions.c.file_name)
        .where(
            submissions.c.unit_code == row["unit_code"],
            submissions.c.form_code == row["form_code"],
            submissions.c.period_code == row["period_code"],
            submissions.c.state_code.in_(sorted(ACCEPTED)),
        )
        .order_by(submissions.c.received_at.desc(), submissions.c.file_name.desc())
    ).first()
    place = (row["received_at"], row["file_name"])
    if newer is not None and (newer.received_at, newer.file_name) > place:
        raise DecisionRefused(
            f"报送件“{row['submission_id']}”不能接收：更新的版本“{newer.submission_id}”已接收。"
            f"确要用这一版，请先用 qiangshi decide return {newer.submission_id} 退回它。"
        )


def mark_published(
    engine: Engine | Connection,
    release_id: str,
    as_of_end: datetime,
    held_cities: Iterable[str] = (),
) -> int:
    """Number of accepted submissions that a release made public; held cities' wait."""
    held = set(held_cities)
    with writing(engine) as connection:
        changes = [
            Change(
                row["submission_id"],
                "publish",
                "accepted_city",
                SYSTEM,
                as_of_end,
                reason_code="release",
                reason_text=release_id,
            )
            for row in _rows(connection, submissions.c.state_code == "accepted_city")
            if row["city_code"] not in held and row["known_from"] <= as_of_end
        ]
        apply_changes(connection, changes)
        return len(changes)


def _system(submission_id: str, verb: str, from_state: str, moment: datetime) -> Change:
    return Change(submission_id, verb, from_state, SYSTEM, moment, reason_code=AUTOMATIC)


def _rows(connection: Connection, condition: Any) -> list[dict[str, Any]]:
    columns = [submissions.c[name] for name in _COLUMNS]
    found = select(*columns).where(condition, submissions.c.version.is_not(None))
    return [dict(row) for row in connection.execute(found).mappings()]


def _last_moments(connection: Connection, submission_ids: list[str]) -> dict[str, datetime]:
    """When each submission last changed: known-from, unless a decision came later."""
    moments: dict[str, datetime] = {}
    for part in chunks(submission_ids):
        rows = connection.execute(
            select(events.c.submission_id, func.max(events.c.effective_at).label("last"))
            .where(events.c.submission_id.in_(part))
            .group_by(events.c.submission_id)
        )
        moments.update({row["submission_id"]: row["last"] for row in rows.mappings()})
    return moments
