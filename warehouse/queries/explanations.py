"""What was explained before: the newest explanation of the same rule, unit and element.

An explanation travels: a clerk who explained a figure last month sees the words beside this
month's finding, and so does the steward. Words stay in the ledger, in answers to the unit and in
dry runs; marts carry only the coded reason, since a sentence may name a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from sources.periods import PeriodError, parse_period
from warehouse.ledger.changes import chunks
from warehouse.ledger.states import COUNTED
from warehouse.ledger.tables import findings, submissions

_STANDING = sorted(COUNTED | {"superseded"})


@dataclass(frozen=True)
class Explained:
    """An accepted explanation: of which period, and its words."""

    submission_id: str
    period_code: str
    period_zh: str
    text: str

    def beside(self, period_code: str | None) -> str:
        """The explanation as it is shown beside a finding of a period."""
        when = "本期上一版说明" if period_code == self.period_code else "上期说明"
        return f"{when}（{self.period_zh}）：{self.text}"


def explained_before(
    connection: Connection, rows: Iterable[Mapping[str, Any]]
) -> dict[str, Explained]:
    """The newest earlier explanation of each finding that has one, by finding id.

    Args:
        connection: the ledger.
        rows: findings with finding_id, submission_id, rule_id, unit_code, form_code, period_code
            and element_code; those without an element or a period have none.
    """
    wanted = [row for row in rows if row["element_code"] and _start(row["period_code"])]
    units = sorted({row["unit_code"] for row in wanted})
    known: dict[tuple[str, ...], list[tuple[date, Any]]] = {}
    for part in chunks(units):
        found = (
            select(findings)
            .join(submissions, findings.c.submission_id == submissions.c.submission_id)
            .where(
                findings.c.unit_code.in_(part),
                findings.c.status_code == "explained",
                submissions.c.state_code.in_(_STANDING),
            )
            .order_by(findings.c.decided_at, findings.c.finding_id)
        )
        for row in map(dict, connection.execute(found).mappings()):
            start = _start(row["period_code"])
            if start is not None and row["reason_text"]:
                known.setdefault(_series(row), []).append((start, row))
    told = {}
    for asked in wanted:
        start = _start(asked["period_code"])
        earlier = [
            (began, place, one)
            for place, (began, one) in enumerate(known.get(_series(asked), ()))
            if start is not None
            and began <= start
            and one["submission_id"] != asked["submission_id"]
        ]
        if earlier:
            told[asked["finding_id"]] = _explained(max(earlier, key=lambda one: one[:2])[2])
    return told


def _explained(row: Mapping[str, Any]) -> Explained:
    label = parse_period(row["period_code"]).label_zh
    return Explained(row["submission_id"], row["period_code"], label, row["reason_text"])


def _series(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (row["rule_id"], row["unit_code"], row["form_code"] or "", row["element_code"] or "")


def _start(period_code: str | None) -> date | None:
    try:
        return parse_period(period_code).start if period_code else None
    except PeriodError:
        return None
