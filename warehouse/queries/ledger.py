"""Questions to the ledger: submissions and their states, findings before their release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select

from sources.vocabulary import gravity_of
from warehouse.errors import DecisionRefused, UnknownSubmission
from warehouse.ledger.tables import corrections, events, findings, submissions

Rows = list[dict[str, Any]]

# Names and telephone numbers (`people_json`) are not among what is shown.
SHOWN = (
    "submission_id", "city_code", "unit_code", "form_code", "period_code", "version",
    "replaces_version", "state_code", "file_name", "file_sha256", "received_at", "known_from",
    "cells_read", "is_nil_return",
)  # fmt: skip
FILTERS = ("city_code", "unit_code", "form_code", "period_code", "state_code")


def submission_rows(engine: Engine, filters: Mapping[str, str | None]) -> Rows:
    """Submissions, newest arrival first, one row per version.

    `desk_version` counts what has happened to one: the next decision may say what it expects.
    """
    last = (
        select(func.max(events.c.event_order))
        .where(events.c.submission_id == submissions.c.submission_id)
        .scalar_subquery()
    )
    found = select(*(submissions.c[name] for name in SHOWN), last.label("desk_version"))
    for name in FILTERS:
        if filters.get(name) is not None:
            found = found.where(submissions.c[name] == filters[name])
    found = found.order_by(submissions.c.received_at.desc(), submissions.c.submission_id)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(found).mappings()]


def finding_rows(engine: Engine, filters: Mapping[str, str | None], *, is_open: bool) -> Rows:
    """Findings as the ledger holds them, those of refused files included; or the open ones.

    Gravest first; of equal gravity the newest file's first, each file's by sheet, row and column.
    """
    names = [column.name for column in findings.columns]
    found = select(
        *(findings.c[name] for name in names), submissions.c.file_name, submissions.c.received_at
    ).join(submissions, findings.c.submission_id == submissions.c.submission_id)
    for name in ("unit_code", "form_code", "period_code", "severity_code", "rule_id"):
        if filters.get(name) is not None:
            found = found.where(findings.c[name] == filters[name])
    if filters.get("city_code") is not None:
        found = found.where(submissions.c.city_code == filters["city_code"])
    if is_open:
        # 提示 asks for no act, so it is not among what is open.
        found = found.where(findings.c.status_code == "open", findings.c.severity_code != "info")
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(found).mappings()]
    # Gravest first; of equal gravity the newest file; within a file by sheet, row and column.
    rows.sort(key=lambda row: (row["submission_id"], *gravity_of(row)))
    rows.sort(key=lambda row: row["received_at"], reverse=True)
    rows.sort(key=lambda row: gravity_of(row)[0])
    return rows


def state_counts(engine: Engine) -> dict[str, int]:
    """How many submissions are in each state."""
    counted = select(submissions.c.state_code, func.count()).group_by(submissions.c.state_code)
    with engine.connect() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(counted)}


def waiting_for_a_steward(engine: Engine) -> dict[str, int]:
    """Open findings that need an act, by severity."""
    counted = (
        select(findings.c.severity_code, func.count())
        .where(findings.c.status_code == "open", findings.c.severity_code != "info")
        .group_by(findings.c.severity_code)
    )
    with engine.connect() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(counted)}


def finding_ids_of(engine: Engine, submission_id: str, rule_id: str) -> list[str]:
    """Open findings of a rule on a submission.

    Raises:
        DecisionRefused: there are none.
    """
    found = select(findings.c.finding_id).where(
        findings.c.submission_id == submission_id,
        findings.c.rule_id == rule_id,
        findings.c.status_code == "open",
    )
    with engine.connect() as connection:
        ids = [str(row[0]) for row in connection.execute(found)]
    if not ids:
        raise DecisionRefused(
            f"报送件“{submission_id}”没有规则 {rule_id} 的待处理问题；"
            "待处理的问题用 qiangshi findings 列出。"
        )
    return ids


def submission_key(engine: Engine, submission_id: str) -> tuple[str | None, str | None]:
    """Form and version of a submission.

    Raises:
        UnknownSubmission: the ledger has no such submission.
    """
    found = select(submissions.c.form_code, submissions.c.form_version).where(
        submissions.c.submission_id == submission_id
    )
    with engine.connect() as connection:
        row = connection.execute(found).first()
    if row is None:
        raise UnknownSubmission(submission_id)
    return row[0], row[1]


def history_of(engine: Engine, submission_id: str) -> Rows:
    """What was decided on a submission, in order, corrections included."""
    decided = (
        select(events).where(events.c.submission_id == submission_id).order_by(events.c.event_order)
    )
    overlaid = select(corrections).where(corrections.c.submission_id == submission_id)
    with engine.connect() as connection:
        acts = [dict(row) for row in connection.execute(decided).mappings()]
        return acts + [dict(row) for row in connection.execute(overlaid).mappings()]
