"""Findings in the ledger: written by the check, moved on by decisions, never deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, insert, select, update

from sources.vocabulary import gravity_of
from warehouse.ledger.changes import FindingMove, chunks
from warehouse.ledger.engine import writing
from warehouse.ledger.tables import findings

WRITTEN = (
    "finding_id",
    "rule_id",
    "rule_version",
    "severity_code",
    "submission_id",
    "unit_code",
    "form_code",
    "period_code",
    "sheet",
    "cell",
    "element_code",
    "value_text",
    "expected_text",
    "message_zh",
    "advice_zh",
)
"""Columns of a finding as the check hands it over."""

MENDED = "resubmitted"
"""Reason code of a finding that a later version no longer has; the reason text names that one."""


def record_findings(
    engine: Engine | Connection, frame: pl.DataFrame, checked: Iterable[str] | None = None
) -> int:
    """Number of findings that were not there before.

    A finding met again keeps its status (an explained one stays explained); one that the check no
    longer makes is closed.

    Args:
        engine: the ledger.
        frame: one row per finding, columns `WRITTEN`.
        checked: submissions the check looked at; None for those that have a row in `frame`.
    """
    rows = frame.select(WRITTEN).unique("finding_id", keep="first", maintain_order=True).to_dicts()
    looked_at = {row["submission_id"] for row in rows} | set(checked or ())
    with writing(engine) as connection:
        known: dict[str, str] = {}
        for part in chunks(sorted(looked_at)):
            found = select(
                findings.c.finding_id, findings.c.status_code, findings.c.reason_code
            ).where(findings.c.submission_id.in_(part))
            for row in connection.execute(found).mappings():
                is_mended = row["status_code"] == "corrected" and row["reason_code"] == MENDED
                known[row["finding_id"]] = "closed" if is_mended else row["status_code"]
        met = {row["finding_id"] for row in rows}
        _set_status(connection, (key for key in known if key not in met), "closed")
        again = [key for key in met if known.get(key) == "closed"]
        _set_status(connection, again, "open")
        new = [row | {"status_code": "open"} for row in rows if row["finding_id"] not in known]
        if new:
            connection.execute(insert(findings), new)
    return len(new)


def record_findings_of_rules(
    engine: Engine, frame: pl.DataFrame, rule_ids: Iterable[str], looked_at: Iterable[str]
) -> int:
    """Number of new findings of a few rules; those of other rules stay as they are.

    For what only shows when submissions of several units are laid beside one another: it may
    concern one that was checked long ago.

    Args:
        engine: the ledger.
        frame: one row per finding, columns `WRITTEN`, of these rules only.
        rule_ids: the rules; their findings that are not met again are closed.
        looked_at: the submissions that were compared.
    """
    rows = frame.select(WRITTEN).unique("finding_id", keep="first", maintain_order=True).to_dicts()
    met = {row["finding_id"] for row in rows}
    wanted = list(rule_ids)
    with writing(engine) as connection:
        known: dict[str, str] = {}
        found = select(
            findings.c.finding_id, findings.c.status_code, findings.c.submission_id
        ).where(findings.c.rule_id.in_(wanted))
        compared = set(looked_at) | {row["submission_id"] for row in rows}
        for row in connection.execute(found).mappings():
            if row["submission_id"] in compared:
                known[row["finding_id"]] = row["status_code"]
        _set_status(connection, [key for key in known if key not in met], "closed")
        again = [key for key in met if known.get(key) == "closed"]
        _set_status(connection, again, "open")
        new = [row | {"status_code": "open"} for row in rows if row["finding_id"] not in known]
        if new:
            connection.execute(insert(findings), new)
    return len(new)


def open_counts(connection: Connection, submission_ids: Iterable[str]) -> dict[str, Counter[str]]:
    """Open findings per submission and severity; submissions without any are absent."""
    counts: dict[str, Counter[str]] = {}
    for part in chunks(submission_ids):
        found = select(findings.c.submission_id, findings.c.severity_code).where(
            findings.c.submission_id.in_(part), findings.c.status_code == "open"
        )
        for row in connection.execute(found).mappings():
            counts.setdefault(row["submission_id"], Counter())[row["severity_code"]] += 1
    return counts


def move_open(
    connection: Connection, submission_ids: Iterable[str], status: str
) -> dict[str, tuple[FindingMove, ...]]:
    """Moves every open finding of the submissions to a status; what moved, by submission."""
    moved: dict[str, list[FindingMove]] = {}
    for part in chunks(submission_ids):
        is_open = (findings.c.submission_id.in_(part), findings.c.status_code == "open")
        for submission_id, move in _moved(connection, is_open, status_code=status):
            moved.setdefault(submission_id, []).append(move)
    return {key: tuple(moves) for key, moves in moved.items()}


def reopen_mended(
    connection: Connection, submission_id: str, *, is_later: bool
) -> tuple[FindingMove, ...]:
    """Opens again what was marked corrected because of a later version.

    Args:
        connection: a writing transaction.
        submission_id: the version in question.
        is_later: True when it is the later version and no longer counts; False when it is the
            earlier one and is to count again.
    """
    column = findings.c.reason_text if is_later else findings.c.submission_id
    mended = (
        column == submission_id,
        findings.c.status_code == "corrected",
        findings.c.reason_code == MENDED,
    )
    return tuple(
        move
        for _, move in _moved(
            connection, mended,
            status_code="open", reason_code=None, reason_text=None, decided_by=None,
            decided_at=None,
        )
    )  # fmt: skip


def put_back(connection: Connection, submission_id: str, status: str) -> tuple[FindingMove, ...]:
    """Opens again the findings of a submission that a return or a replacement had put away."""
    away = (findings.c.submission_id == submission_id, findings.c.status_code == status)
    return tuple(move for _, move in _moved(connection, away, status_code="open"))


def decide_findings(
    connection: Connection,
    finding_ids: Iterable[str],
    status: str,
    *,
    author: str,
    moment: datetime,
    reason_code: str | None = None,
    reason_text: str | None = None,
) -> tuple[FindingMove, ...]:
    """Writes a decision on single findings; what moved. Without a reason the last one stays."""
    moved: list[FindingMove] = []
    reason = {"reason_code": reason_code, "reason_text": reason_text} if reason_text else {}
    for part in chunks(finding_ids):
        done = _moved(
            connection, (findings.c.finding_id.in_(part),),
            status_code=status, decided_by=author, decided_at=moment, **reason,
        )  # fmt: skip
        moved += [move for _, move in done]
    return tuple(moved)


def restore(connection: Connection, moves: Iterable[FindingMove]) -> tuple[FindingMove, ...]:
    """Takes moves back, each to what stood before; one that has moved on since stays."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for move in moves:
        alike.setdefault(astuple(move)[1:], []).append(move.finding_id)
    taken_back: list[FindingMove] = []
    for (before, after, code, text, decider, decided_at), finding_ids in alike.items():
        for part in chunks(finding_ids):
            unmoved = (findings.c.finding_id.in_(part), findings.c.status_code == after)
            done = _moved(
                connection, unmoved,
                status_code=before, reason_code=code, reason_text=text, decided_by=decider,
                decided_at=decided_at,
            )  # fmt: skip
            taken_back += [again for _, again in done]
    return tuple(taken_back)


def _moved(
    connection: Connection, chosen: Iterable[Any], **values: Any
) -> list[tuple[str, FindingMove]]:
    """Writes the values on the chosen findings; submission and move of each."""
    wanted = list(chosen)
    before = (
        connection.execute(select(findings).where(*wanted).order_by(findings.c.finding_id))
        .mappings()
        .all()
    )
    if before:
        connection.execute(update(findings).where(*wanted).values(**values))
    return [
        (
            row["submission_id"],
            FindingMove(
                row["finding_id"], row["status_code"], values["status_code"], row["reason_code"],
                row["reason_text"], row["decided_by"], row["decided_at"],
            ),
        )
        for row in before
    ]  # fmt: skip


def _set_status(connection: Connection, finding_ids: Iterable[str], status: str) -> None:
    for part in chunks(finding_ids):
        connection.execute(
            update(findings)
            .where(findings.c.finding_id.in_(part), findings.c.status_code != status)
            .values(status_code=status)
        )


def open_findings(
    connection: Connection, submission_id: str, severities: Iterable[str]
) -> list[dict[str, Any]]:
    """The open findings of a submission of some severities, gravest first."""
    found = select(findings).where(
        findings.c.submission_id == submission_id,
        findings.c.status_code == "open",
        findings.c.severity_code.in_(sorted(severities)),
    )
    rows = [dict(row) for row in connection.execute(found).mappings()]
    return sorted(rows, key=gravity_of)
