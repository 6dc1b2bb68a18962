"""The stewards' queue: findings that ask for an act, filtered, counted and paged by the database.

A list of tens of thousands must come as fast as one of ten: nothing is sorted or cut in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, select

from sources.vocabulary import SEVERITY_ZH
from warehouse.ledger.tables import corrections, findings, submissions

Rows = list[dict[str, Any]]

PAGE = 50
AGES_DAYS = (3, 7, 30)
"""Limits of age that a queue can be asked for: older than so many days."""
_OUT = ("superseded", "withdrawn")
_SHOWN = (
    "finding_id", "rule_id", "severity_code", "submission_id", "unit_code", "form_code",
    "period_code", "sheet", "cell", "element_code", "value_text", "expected_text", "message_zh",
    "advice_zh", "status_code",
)  # fmt: skip
_GRAVITY = case(
    {code: place for place, code in enumerate(SEVERITY_ZH)}, value=findings.c.severity_code
)


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for; None and empty mean no limit.

    Attributes:
        status_code: `open`, or another status of findings to look back at.
        older_than: arrived before this moment.
        within: condition on where the asker may look; None for everywhere.
        finding_ids: only these, for what is assigned to somebody.
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


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The filter as conditions on `findings` joined with `submissions`."""
    found: list[ColumnElement[bool]] = [
        findings.c.status_code == wanted.status_code,
        submissions.c.state_code.not_in(_OUT),
    ]
    if wanted.severity_code:
        found.append(findings.c.severity_code == wanted.severity_code)
    else:
        found.append(findings.c.severity_code != "info")  # 提示 asks for no act
    for name in ("unit_code", "form_code", "period_code"):
        if value := getattr(wanted, name):
            found.append(submissions.c[name] == value)
    if wanted.rule_id:
        found.append(findings.c.rule_id == wanted.rule_id)
    if wanted.city_code:
        found.append(submissions.c.city_code == wanted.city_code)
    if wanted.older_than:
        found.append(submissions.c.received_at < wanted.older_than)
    if wanted.within is not None:
        found.append(wanted.within)
    return [*found, *wanted.and_also]


def queue_page(engine: Engine, wanted: Wanted, page: int, size: int = PAGE) -> Rows:
    """One page of the queue: gravest first, then newest arrival, then place in the form."""
    inner = _ordered(select(findings.c.finding_id), wanted)
    inner = inner.limit(size).offset((page - 1) * size)
    with engine.connect() as connection:
        ids: list[str] = list(connection.execute(inner).scalars())
        if not ids:
            return []
        full = select(
            *(findings.c[name] for name in _SHOWN),
            submissions.c.city_code, submissions.c.received_at, submissions.c.state_code,
            submissions.c.file_name,
        ).join(submissions, findings.c.submission_id == submissions.c.submission_id)  # fmt: skip
        found = connection.execute(full.where(findings.c.finding_id.in_(ids))).mappings()
        rows = {row["finding_id"]: dict(row) for row in found}
    return [rows[key] for key in ids if key in rows]


def queue_counts(engine: Engine, wanted: Wanted) -> dict[str, int]:
    """How many findings the filter leaves, by severity."""
    counted = (
        select(findings.c.severity_code, func.count())
        .join(submissions, findings.c.submission_id == submissions.c.submission_id)
        .where(and_(*conditions(wanted)))
        .group_by(findings.c.severity_code)
    )
    with engine.connect() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(counted)}


def neighbours(
    engine: Engine, wanted: Wanted, submission_id: str
) -> tuple[str | None, str | None, int, int]:
    """The submissions before and after one in the queue, its place from 1, and how many there are.

    A place of 0 says that it is not in the queue any more; the next one then is the first.
    """
    listed = (
        select(findings.c.submission_id, func.min(_GRAVITY), func.max(submissions.c.received_at))
        .join(submissions, findings.c.submission_id == submissions.c.submission_id)
        .where(and_(*conditions(wanted)))
        .group_by(findings.c.submission_id)
        .order_by(
            func.min(_GRAVITY), func.max(submissions.c.received_at).desc(),
            findings.c.submission_id,
        )
    )  # fmt: skip
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
    in_the_way = (
        select(findings.c.finding_id)
        .where(
            findings.c.submission_id == submissions.c.submission_id,
            findings.c.status_code == "open",
            findings.c.severity_code != "info",
        )
        .exists()
    )
    tests: list[ColumnElement[bool]] = [submissions.c.state_code.in_(states), ~in_the_way]
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


def _ordered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    return (
        query.join(submissions, findings.c.submission_id == submissions.c.submission_id)
        .where(and_(*conditions(wanted)))
        .order_by(
            _GRAVITY,
            submissions.c.received_at.desc(),
            findings.c.submission_id,
            func.length(findings.c.cell),
            findings.c.cell,
            findings.c.finding_id,
        )
    )


def choices(engine: Engine, within: ColumnElement[bool] | None) -> Mapping[str, list[str]]:
    """What the queue's filters can be set to: forms, periods, rules, units with open findings."""
    base = [findings.c.status_code == "open", findings.c.severity_code != "info"]
    with engine.connect() as connection:
        query = (
            select(
                submissions.c.unit_code, findings.c.form_code, findings.c.period_code,
                findings.c.rule_id,
            )
            .join(submissions, findings.c.submission_id == submissions.c.submission_id)
            .where(and_(*base, *([within] if within is not None else [])))
            .distinct()
        )  # fmt: skip
        rows = list(connection.execute(query))
    names = ("unit_code", "form_code", "period_code", "rule_id")
    return {
        name: sorted({row[place] for row in rows if row[place]}, reverse=name == "period_code")
        for place, name in enumerate(names)
    }
