"""Standing explanations (长期说明): what a steward approved to hold for later periods too.

One is of a rule, unit, form and element ("本旗无外观设计授权"), from the period it was approved on
until a day. It clears the 核实性 findings of periods that end by that day; the newest approval of
the same four stands, so that an earlier end takes it back. 准强制性 findings want evidence each
time, and no standing explanation clears them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from sources.periods import parse_period
from warehouse.clock import technical_now
from warehouse.errors import DecisionRefused
from warehouse.ledger.chain import insert_sealed_row
from warehouse.ledger.changes import Change, FindingMove, chunks
from warehouse.ledger.decisions import decide, submission_row
from warehouse.ledger.engine import writing
from warehouse.ledger.explanations import checked_explanation
from warehouse.ledger.findings import decide_findings, open_counts
from warehouse.ledger.states import TRANSITIONS
from warehouse.ledger.tables import findings, standing_explanations, submissions

STANDING = "standing"
"""Reason code of what a standing explanation cleared."""

LEAST_CHARACTERS = 6
"""A state that lasts is told in few words; a steward's approval stands behind them."""

_KEY = ("unit_code", "form_code", "rule_id", "element_code")
_TABLE = standing_explanations.c


@dataclass(frozen=True)
class Standing:
    """The approval that stands for a rule, unit, form and element."""

    unit_code: str
    form_code: str
    rule_id: str
    element_code: str
    submission_id: str
    from_period_code: str
    valid_until: date
    author: str
    approved_at: datetime
    reason_text: str

    @property
    def beside_zh(self) -> str:
        """As it is shown beside a finding that it clears."""
        return f"长期说明（至 {self.valid_until}）：{self.reason_text}"

    def covers(self, period_code: str) -> bool:
        """Whether a period lies within it: begun not before its first, ended by its last day."""
        period = parse_period(period_code)
        first = parse_period(self.from_period_code)
        return first.start <= period.start and period.end <= self.valid_until


def approve_standing(
    engine: Engine,
    submission_id: str,
    rule_id: str,
    *,
    author: str,
    at: datetime,
    until: date,
    text: str,
) -> list[Standing]:
    """Approves a standing explanation for each element a rule found in a submission.

    Args:
        engine: the ledger.
        submission_id: whose findings are explained, and from whose period on it holds.
        rule_id: the rule; its open findings are explained at once.
        author: the steward's account.
        at: business moment of the approval.
        until: last day; periods ending by it are covered.
        text: the explanation.

    Raises:
        ExplanationRefused: the text is a stock phrase, or says too little.
        DecisionRefused: the rule found nothing 核实性 here, or the day lies before the period ends.
    """
    reason = checked_explanation(text, LEAST_CHARACTERS)
    with writing(engine) as connection:
        row = submission_row(connection, submission_id, author)
        period = parse_period(row["period_code"]) if row["period_code"] else None
        found = _standable(connection, submission_id, rule_id)
        # An earlier day takes back what was approved; it covers no period at all.
        if period is None or not found:
            raise DecisionRefused(
                f"{submission_id} 没有规则 {rule_id} 的核实性问题可作长期说明；"
                "长期说明只用于落在指标上的核实性问题。"
            )
        key = (row["unit_code"], row["form_code"], rule_id)
        known = {one[:3] for one in _known(connection, [row["unit_code"]])}
        if until < at.date() and key not in known:
            raise DecisionRefused(f"长期说明的截止日 {until} 已过。")
        approved = [
            Standing(
                row["unit_code"], row["form_code"], rule_id, element, submission_id,
                period.code, until, author, at, reason,
            )
            for element in sorted({one["element_code"] for one in found})
        ]  # fmt: skip
        for one in approved:
            _insert(connection, one)
        _explain_here(connection, row, approved, found)
    return approved


def clear_standing(engine: Engine, submission_ids: Iterable[str], moment: datetime) -> int:
    """Number of open 核实性 findings of the submissions that a standing explanation clears.

    Args:
        engine: the ledger; the findings of the check are already in it.
        submission_ids: the submissions just checked.
        moment: business moment of the check.
    """
    cleared = 0
    with writing(engine) as connection:
        for part in chunks(submission_ids):
            rows = connection.execute(
                select(findings).where(
                    findings.c.submission_id.in_(part),
                    findings.c.severity_code == "verify",
                    findings.c.status_code == "open",
                    findings.c.element_code.is_not(None),
                )
            ).mappings()
            waiting = [dict(row) for row in rows]
            known = _known(connection, {row["unit_code"] for row in waiting})
            for row in waiting:
                one = known.get(_key_of(row))
                if one is not None and one.covers(row["period_code"]):
                    _clear(connection, one, [row["finding_id"]], moment)
                    cleared += 1
    return cleared


def standing_now(engine: Engine, city_code: str | None = None) -> list[Standing]:
    """The approvals that stand, by unit, form, rule and element; those that ended are among them.

    Their words may name a person: they stay with the steward.
    """
    with engine.connect() as connection:
        known = sorted(_known(connection, None).items())
        of_city = select(submissions.c.submission_id).where(submissions.c.city_code == city_code)
        wanted: set[str] | None = None
        if city_code:
            wanted = set(connection.execute(of_city).scalars())
    return [one for _, one in known if wanted is None or one.submission_id in wanted]


def standing_for(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[str, Standing]:
    """By finding id: the approval that would clear it; other findings are absent."""
    asked = [row for row in rows if row["severity_code"] == "verify" and row["element_code"]]
    known = _known(connection, {row["unit_code"] for row in asked})
    told = {row["finding_id"]: known.get(_key_of(row)) for row in asked}
    periods = {row["finding_id"]: row["period_code"] for row in asked}
    return {key: one for key, one in told.items() if one is not None and one.covers(periods[key])}


def _standable(connection: Connection, submission_id: str, rule_id: str) -> list[dict[str, Any]]:
    found = select(findings).where(
        findings.c.submission_id == submission_id,
        findings.c.rule_id == rule_id,
        findings.c.severity_code == "verify",
        findings.c.status_code.in_(("open", "explained")),
        findings.c.element_code.is_not(None),
    )
    return [dict(row) for row in connection.execute(found).mappings()]


def _insert(connection: Connection, one: Standing) -> None:
    same = [_TABLE[name] == getattr(one, name) for name in _KEY]
    last = connection.execute(select(func.max(_TABLE.standing_order)).where(*same)).scalar()
    insert_sealed_row(
        connection,
        standing_explanations,
        **one.__dict__,
        standing_order=(last or 0) + 1,
        recorded_at=technical_now(),
    )


def _explain_here(
    connection: Connection,
    row: Mapping[str, Any],
    approved: Iterable[Standing],
    found: Iterable[Mapping[str, Any]],
) -> None:
    """Clears the findings it was approved on; where a decision can be made, its event is left."""
    moment, cleared = None, []
    moves: tuple[FindingMove, ...] = ()
    for one in approved:
        moment = one.approved_at
        ids = [
            item["finding_id"]
            for item in found
            if item["element_code"] == one.element_code
            and item["status_code"] == "open"
            and one.covers(item["period_code"])
        ]
        moves += _clear(connection, one, ids, moment)
        cleared += ids
    if moment is None or not cleared or row["state_code"] not in TRANSITIONS["explain"]:
        return
    left = open_counts(connection, [row["submission_id"]]).get(row["submission_id"])
    is_left = left is not None and bool(left["verify"] or left["quasi_blocking"])
    state = row["state_code"]
    one = next(iter(approved))
    decide(
        connection,
        Change(
            row["submission_id"], "explain", state, one.author, moment,
            to_state="explained" if state == "passed" and not is_left else state,
            reason_code=STANDING, reason_text=one.reason_text, moves=moves,
        ),
        finding_ids=tuple(cleared),
    )  # fmt: skip


def _clear(
    connection: Connection, one: Standing, finding_ids: list[str], moment: datetime
) -> tuple[FindingMove, ...]:
    return decide_findings(
        connection, finding_ids, "explained",
        author=one.author, moment=moment, reason_code=STANDING, reason_text=one.reason_text,
    )  # fmt: skip


def _known(connection: Connection, units: Iterable[str] | None) -> dict[tuple[str, ...], Standing]:
    """The newest approval of each unit, form, rule and element; without units, of all."""
    names = list(Standing.__dataclass_fields__)
    query = select(*(_TABLE[name] for name in names)).order_by(_TABLE.standing_order)
    if units is not None:
        query = query.where(_TABLE.unit_code.in_(sorted(units)))
    known = {}
    for row in connection.execute(query).mappings():
        one = Standing(**row)
        known[tuple(getattr(one, name) for name in _KEY)] = one
    return known


def _key_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] or "" for name in _KEY)
