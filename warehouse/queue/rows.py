"""What waits for a decision of an account: findings, submissions to accept or confirm, corrections.

One row per thing to decide. The order is that of the work: gravest findings first, those of one
submission together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, select

from sources.definitions import Definitions
from sources.periods import PeriodError, parse_period
from sources.vocabulary import SEVERITY_ZH, STATE_ZH, gravity_of, said
from warehouse.access.scope import Identity, Place, may, scope_of
from warehouse.ledger.tables import corrections, findings, submissions
from warehouse.ledger.verbs import versions_of
from warehouse.queue.acting import VERBS

_OUT = ("superseded", "withdrawn", "refused")
_GATES = {"passed": "accept_county", "explained": "accept_county", "accepted_county": "accept_city"}
_SHOWN = ("submission_id", "city_code", "unit_code", "form_code", "period_code", "version",
          "state_code")  # fmt: skip


@dataclass(frozen=True)
class QueueRow:
    """One thing to decide, with the words of a clerk; `verbs` are those the account may use."""

    kind_zh: str
    submission_id: str
    version_counter: int
    verbs: tuple[str, ...]
    unit_zh: str
    form_zh: str
    period_zh: str
    state_zh: str
    finding_id: str | None = None
    correction_id: str | None = None
    severity_zh: str = ""
    rule_id: str = ""
    place: str = ""
    element_zh: str = ""
    value_text: str = ""
    expected_text: str = ""
    message_zh: str = ""
    advice_zh: str = ""


@dataclass(frozen=True)
class Filter:
    """What of the queue is wanted; None means no limit."""

    city_code: str | None = None
    unit_code: str | None = None
    form_code: str | None = None
    period_code: str | None = None
    severity_code: str | None = None
    rule_id: str | None = None


def queue_rows(
    engine: Engine, definitions: Definitions, identity: Identity, wanted: Filter = Filter()
) -> list[QueueRow]:
    """Everything that waits for a decision within the account's reach, most urgent first."""
    names = _Names(definitions)
    within = scope_of(identity, "filings.read").where(
        submissions.c.city_code, submissions.c.unit_code
    )
    conditions = [within, *_conditions(wanted)]
    with engine.connect() as connection:
        found = _findings(connection, conditions, wanted)
        open_ids = {row["submission_id"] for row in found}
        others: list[dict[str, Any]] = []
        proposed: list[dict[str, Any]] = []
        if not wanted.severity_code and not wanted.rule_id:
            others = [
                row
                for row in _submissions(connection, conditions)
                if row["submission_id"] not in open_ids or _waits_for_word(row)
            ]
            proposed = _corrections(connection, conditions)
        every = [*found, *others, *proposed]
        counters = versions_of(connection, {row["submission_id"] for row in every})
    return (
        [_finding_row(row, counters, names, identity) for row in found]
        + [_submission_row(row, counters, names, identity) for row in others]
        + [_correction_row(row, counters, names, identity) for row in proposed]
    )


class _Names:
    """What codes are called."""

    def __init__(self, definitions: Definitions) -> None:
        self._units = {code: unit.unit_name_zh for code, unit in definitions.units.items()}
        self._forms = {one.form_code: one.form_zh for one in definitions.form_versions}
        table = definitions.table("elements").select("element_code", "element_zh")
        self.elements: dict[str, str] = dict(table.iter_rows())

    def common(self, row: Mapping[str, Any], counters: Mapping[str, int]) -> dict[str, Any]:
        form = row["form_code"] or ""
        return {
            "submission_id": row["submission_id"],
            "version_counter": counters.get(row["submission_id"], 0),
            "unit_zh": self._units.get(row["unit_code"], row["unit_code"]),
            "form_zh": f"{self._forms.get(form, '')}（{form}）" if form else "",
            "period_zh": _period_zh(row["period_code"]),
            "state_zh": said(STATE_ZH, row["state_code"]),
        }


def _finding_row(
    row: Mapping[str, Any], counters: Mapping[str, int], names: _Names, identity: Identity
) -> QueueRow:
    wanted = ("return",) if row["severity_code"] == "blocking" else ("explain", "return")
    return QueueRow(
        "问题",
        verbs=_allowed(identity, row, wanted),
        finding_id=row["finding_id"],
        severity_zh=said(SEVERITY_ZH, row["severity_code"]),
        rule_id=row["rule_id"],
        place=" ".join(filter(None, (row["sheet"], row["cell"]))),
        element_zh=names.elements.get(row["element_code"] or "", row["element_code"] or ""),
        value_text=row["value_text"] or "",
        expected_text=row["expected_text"] or "",
        message_zh=row["message_zh"],
        advice_zh=row["advice_zh"] or "",
        **names.common(row, counters),
    )


def _submission_row(
    row: Mapping[str, Any], counters: Mapping[str, int], names: _Names, identity: Identity
) -> QueueRow:
    waits = _waits_for_word(row)
    gate = _GATES.get(row["state_code"])
    wanted = ("confirm",) if waits else tuple(filter(None, (gate, "return")))
    return QueueRow(
        "待确认" if waits else "待接收",
        verbs=_allowed(identity, row, wanted),
        message_zh="代录的报表，须由填报单位确认" if waits else "没有待处理的问题，可以接收",
        **names.common(row, counters),
    )


def _correction_row(
    row: Mapping[str, Any], counters: Mapping[str, int], names: _Names, identity: Identity
) -> QueueRow:
    is_confirmed = row["confirmed_by"] is not None
    wanted = ("approve", "reject") if is_confirmed else ("confirm", "reject")
    return QueueRow(
        "更正",
        verbs=_allowed(identity, row, wanted),
        correction_id=row["correction_id"],
        element_zh=names.elements.get(row["element_code"], row["element_code"]),
        place=f"{row['row_code']} {row['value_column']}",
        value_text=row["new_number_text"],
        message_zh=f"更正理由：{row['reason_text']}",
        advice_zh="" if is_confirmed else "须先由填报单位确认",
        **names.common(row, counters),
    )


def _allowed(identity: Identity, row: Mapping[str, Any], wanted: Iterable[str]) -> tuple[str, ...]:
    place = Place(row["city_code"], row["unit_code"])
    return tuple(code for code in wanted if may(identity, VERBS[code].permission, place))


def _waits_for_word(row: Mapping[str, Any]) -> bool:
    return row["entered_by"] is not None and row["confirmed_at"] is None


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    return [
        submissions.c[name] == getattr(wanted, name)
        for name in ("city_code", "unit_code", "form_code", "period_code")
        if getattr(wanted, name) is not None
    ]


def _findings(
    connection: Connection, conditions: list[ColumnElement[bool]], wanted: Filter
) -> list[dict[str, Any]]:
    asked = (
        select(
            *(findings.c[name] for name in (
                "finding_id", "rule_id", "severity_code", "sheet", "cell", "element_code",
                "value_text", "expected_text", "message_zh", "advice_zh",
            )),
            *(submissions.c[name] for name in _SHOWN),
            submissions.c.received_at,
        )
        .join(submissions, findings.c.submission_id == submissions.c.submission_id)
        .where(
            findings.c.status_code == "open",
            findings.c.severity_code != "info",
            submissions.c.state_code.not_in(_OUT),
            *conditions,
        )
    )  # fmt: skip
    if wanted.severity_code:
        asked = asked.where(findings.c.severity_code == wanted.severity_code)
    if wanted.rule_id:
        asked = asked.where(findings.c.rule_id == wanted.rule_id)
    rows = [dict(row) for row in connection.execute(asked).mappings()]
    rows.sort(key=gravity_of)
    gravest: dict[str, int] = {}
    for row in rows:
        gravest.setdefault(row["submission_id"], gravity_of(row)[0])
    rows.sort(key=lambda row: (gravest[row["submission_id"]], row["submission_id"]))
    return rows


def _submissions(
    connection: Connection, conditions: list[ColumnElement[bool]]
) -> list[dict[str, Any]]:
    waiting = submissions.c.entered_by.is_not(None) & submissions.c.confirmed_at.is_(None)
    asked = (
        select(
            *(submissions.c[name] for name in _SHOWN),
            submissions.c.entered_by, submissions.c.confirmed_at,
        )
        .where(
            submissions.c.state_code.in_(sorted(_GATES))
            | (waiting & submissions.c.state_code.not_in(_OUT)),
            *conditions,
        )
        .order_by(submissions.c.city_code, submissions.c.unit_code, submissions.c.submission_id)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(asked).mappings()]


def _corrections(
    connection: Connection, conditions: list[ColumnElement[bool]]
) -> list[dict[str, Any]]:
    asked = (
        select(
            *(corrections.c[name] for name in (
                "correction_id", "row_code", "value_column", "element_code", "new_number_text",
                "reason_text", "confirmed_by",
            )),
            *(submissions.c[name] for name in _SHOWN),
        )
        .join(submissions, corrections.c.submission_id == submissions.c.submission_id)
        .where(corrections.c.state_code == "proposed", *conditions)
        .order_by(corrections.c.proposed_at, corrections.c.correction_id)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(asked).mappings()]


def _period_zh(code: str | None) -> str:
    try:
        return parse_period(code).label_zh if code else ""
    except PeriodError:
        return code or ""
