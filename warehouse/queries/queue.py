"""The stewards' queue: findings that ask for an act, filtered, counted and paged by the database.

A list of tens of thousands must come as fast as one of ten: nothing is sorted or cut in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Subquery, and_, case, func, select

from sources.vocabulary import SEVERITY_ZH, gravity_of
from warehouse.ledger.tables import corrections, findings, submissions

Rows = list[dict[str, Any]]

PAGE = 25
"""Submissions on a page."""
AGES_DAYS = (3, 7, 30)
"""Limits of age that a queue can be asked for: older than so many days."""
_OUT = ("superseded", "withdrawn")
_OF_SUBMISSION = (
    "submission_id", "city_code", "unit_code", "form_code", "period_code", "version", "state_code",
    "received_at", "file_name",
)  # fmt: skip
_SHOWN = (
    "finding_id", "rule_id", "severity_code", "submission_id", "unit_code", "form_code",
    "period_code", "sheet", "cell", "element_code", "value_text", "expected_text", "message_zh",
    "advice_zh", "status_code",
)  # fmt: skip
_ASKED = tuple(code for code in SEVERITY_ZH if code != "info")
"""Severities that ask for an act, gravest first."""


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for; None and empty mean no limit.

    Attributes:
        status_code: `open`, or another status of findings to look back at.
        older_than: arrived before this moment.
        within: condition on where the asker may look; None for everywhere.
        and_also: further conditions on findings, as of whose they are.
    """

    city_code: str | None = None
    unit_code: str | None = None
    form_code: str | None = None
    period_code: str | None = None
    severity_code: str | None = None
    rule_id: str | None = None
    status_code: str = "open"
    older_than: datetime | None = None
    within: ColumnElement[bool] | None = None
    and_also: tuple[ColumnElement[bool], ...] = field(default=())


@dataclass(frozen=True)
class QueuePage:
    """A page of the queue: submissions with their `findings`, and how many there are in all."""

    groups: Rows
    counts: dict[str, int]
    """Findings that the filter leaves, by severity."""
    total: int
    """Submissions that they are of."""


def queue_page(engine: Engine, wanted: Wanted, page: int, size: int = PAGE) -> QueuePage:
    """One page of the queue: submissions, those with the gravest findings first, then the newest.

    The findings are counted per submission first, out of one covering index; only what is left of
    them is joined and sorted. So a page costs much the same however many there are.
    """
    counted = _counted(wanted)
    counts = [counted.c[code] for code in _ASKED]
    found = (
        select(
            *(submissions.c[name] for name in _OF_SUBMISSION),
            *counts,
            func.count().over().label("total"),
            *(func.sum(one).over().label(f"total_{one.name}") for one in counts),
        )
        .join(counted, counted.c.submission_id == submissions.c.submission_id)
        .where(*_on_submissions(wanted))
        .order_by(*_order(counts))
        .limit(size)
        .offset((page - 1) * size)
    )
    with engine.connect() as connection:
        groups = [dict(row) for row in connection.execute(found).mappings()]
        if not groups and page > 1:
            return queue_page(engine, wanted, 1, size)
        rows = _findings_of(connection, wanted, [group["submission_id"] for group in groups])
    first = groups[0] if groups else {}
    totals = {code: int(first.get(f"total_{code}") or 0) for code in _ASKED}
    for group in groups:
        group["findings"] = rows.get(group["submission_id"], [])
    return QueuePage(groups, totals, int(first.get("total") or 0))


def neighbours(
    engine: Engine, wanted: Wanted, submission_id: str
) -> tuple[str | None, str | None, int, int]:
    """The submissions before and after one in the queue, its place from 1, and how many there are.

    A place of 0 says that it is not in the queue any more; the next one then is the first.
    """
    counted = _counted(wanted)
    listed = (
        select(submissions.c.submission_id)
        .join(counted, counted.c.submission_id == submissions.c.submission_id)
        .where(*_on_submissions(wanted))
        .order_by(*_order([counted.c[code] for code in _ASKED]))
    )
    with engine.connect() as connection:
        ids: list[str] = list(connection.execute(listed).scalars())
    if submission_id not in ids:
        return None, (ids[0] if ids else None), 0, len(ids)
    place = ids.index(submission_id)
    before = ids[place - 1] if place else None
    after = ids[place + 1] if place + 1 < len(ids) else None
    return before, after, place + 1, len(ids)


def waiting_counts(engine: Engine, within: ColumnElement[bool] | None) -> dict[str, int]:
    """Submissions in each state, within reach."""
    counted = select(submissions.c.state_code, func.count()).group_by(submissions.c.state_code)
    if within is not None:
        counted = counted.where(within)
    with engine.connect() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(counted)}


def proposed_corrections(engine: Engine, within: ColumnElement[bool] | None) -> int:
    """How many corrections wait for a word."""
    counted = (
        select(func.count())
        .select_from(corrections)
        .join(submissions, corrections.c.submission_id == submissions.c.submission_id)
        .where(corrections.c.state_code == "proposed", *([within] if within is not None else []))
    )
    with engine.connect() as connection:
        return int(connection.execute(counted).scalar() or 0)


def waiting_for_accept(
    engine: Engine, states: tuple[str, ...], wanted: Wanted, page: int, size: int = PAGE
) -> tuple[Rows, int]:
    """Submissions that wait for an accept and have nothing open in the way, oldest first."""
    in_the_way = select(findings.c.submission_id).where(
        findings.c.status_code == "open", findings.c.severity_code.in_(_ASKED)
    )
    tests: list[ColumnElement[bool]] = [
        submissions.c.state_code.in_(states),
        submissions.c.submission_id.not_in(in_the_way),
    ]
    for name in ("city_code", "unit_code", "form_code", "period_code"):
        if value := getattr(wanted, name):
            tests.append(submissions.c[name] == value)
    if wanted.within is not None:
        tests.append(wanted.within)
    names = (
        "submission_id", "city_code", "unit_code", "form_code", "period_code", "version",
        "replaces_version", "state_code", "received_at", "file_name",
    )  # fmt: skip
    found = (
        select(*(submissions.c[name] for name in names))
        .where(and_(*tests))
        .order_by(submissions.c.received_at, submissions.c.submission_id)
        .limit(size)
        .offset((page - 1) * size)
    )
    counted = select(func.count()).select_from(submissions).where(and_(*tests))
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
        return rows, int(connection.execute(counted).scalar() or 0)


def older_than(now: datetime, days: int) -> datetime:
    """The moment before which something is older than so many days."""
    return now - timedelta(days=days)


def periods(engine: Engine) -> list[str]:
    """Periods that were ever filed, the newest code first."""
    found = select(submissions.c.period_code).distinct()
    with engine.connect() as connection:
        return sorted(filter(None, connection.execute(found).scalars()), reverse=True)


def _on_findings(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = (wanted.severity_code,) if wanted.severity_code else _ASKED
    found: list[ColumnElement[bool]] = [
        findings.c.status_code == wanted.status_code,
        findings.c.severity_code.in_(asked),
        *wanted.and_also,
    ]
    return [*found, findings.c.rule_id == wanted.rule_id] if wanted.rule_id else found


def _on_submissions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [submissions.c.state_code.not_in(_OUT)]
    for name in ("city_code", "unit_code", "form_code", "period_code"):
        if value := getattr(wanted, name):
            found.append(submissions.c[name] == value)
    if wanted.older_than:
        found.append(submissions.c.received_at < wanted.older_than)
    return found if wanted.within is None else [*found, wanted.within]


def _counted(wanted: Wanted) -> Subquery:
    """How many findings of each severity a submission has, of those that are asked for."""
    sums = (
        func.sum(case((findings.c.severity_code == code, 1), else_=0)).label(code)
        for code in _ASKED
    )
    return (
        select(findings.c.submission_id, *sums)
        .where(*_on_findings(wanted))
        .group_by(findings.c.submission_id)
        .subquery()
    )


def _order(counts: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
    grave = (case((one > 0, 0), else_=1) for one in counts)
    return (*grave, submissions.c.received_at.desc(), submissions.c.submission_id.asc())


def _findings_of(
    connection: Connection, wanted: Wanted, submission_ids: Sequence[str]
) -> dict[str, Rows]:
    """The findings of a page's submissions, by sheet, row and column."""
    found = select(*(findings.c[name] for name in _SHOWN)).where(
        findings.c.submission_id.in_(submission_ids), *_on_findings(wanted)
    )
    rows: dict[str, Rows] = {}
    for row in map(dict, connection.execute(found).mappings()):
        rows.setdefault(row["submission_id"], []).append(row)
    return {key: sorted(listed, key=gravity_of) for key, listed in rows.items()}
