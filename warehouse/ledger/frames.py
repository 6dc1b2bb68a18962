"""The ledger as Polars frames, shaped as the raw tables that dbt reads.

Persons' names (`people_json`, who proposed or confirmed) never leave the ledger here. The move to
`published` is left out and an accepted submission reads `published` beforehand: the frames say how
things stand once the release being built is out, so that building again the day after finds the
same rows.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine, Select, select

from warehouse.ledger.extensions import extensions_frame
from warehouse.ledger.findings import WRITTEN
from warehouse.ledger.tables import arrival_corrections, corrections, events, findings, submissions

_TEXT, _INT, _TIME, _FLAG = pl.String(), pl.Int32(), pl.Datetime("us"), pl.Boolean()

SUBMISSIONS: dict[str, pl.DataType] = {
    "submission_id": _TEXT,
    "unit_code": _TEXT,
    "city_code": _TEXT,
    "form_code": _TEXT,
    "form_version": _TEXT,
    "period_code": _TEXT,
    "version": _INT,
    "replaces_version": _INT,
    "file_sha256": _TEXT,
    "file_name": _TEXT,
    "channel_kind": _TEXT,
    "received_at": _TIME,
    "first_seen_at": _TIME,
    "known_from": _TIME,
    "state_code": _TEXT,
    "is_nil_return": _FLAG,
    "is_synthetic": _FLAG,
}
EVENTS: dict[str, pl.DataType] = {
    "submission_id": _TEXT,
    "event_order": _INT,
    "verb": _TEXT,
    "from_state": _TEXT,
    "to_state": _TEXT,
    "author": _TEXT,
    "effective_at": _TIME,
    "reason_code": _TEXT,
    "reason_text": _TEXT,
    "undoes_order": _INT,
}
FINDINGS: dict[str, pl.DataType] = {
    name: _TEXT for name in (*WRITTEN, "status_code", "reason_code")
}
CORRECTIONS: dict[str, pl.DataType] = {
    "correction_id": _TEXT,
    "submission_id": _TEXT,
    "row_code": _TEXT,
    "value_column": _TEXT,
    "element_code": _TEXT,
    "new_number_text": _TEXT,
    "state_code": _TEXT,
    "proposed_at": _TIME,
    "approved_at": _TIME,
    "reason_text": _TEXT,
}
_STATE_AFTER = {
    "correct": "proposed", "confirm": "proposed", "approve": "approved", "reject": "rejected",
}  # fmt: skip
"""State of a correction after its last act."""
ARRIVAL_CORRECTIONS: dict[str, pl.DataType] = {
    "submission_id": _TEXT,
    "correction_order": _INT,
    "actual_received_at": _TIME,
    "decided_at": _TIME,
}


def submissions_frame(engine: Engine) -> pl.DataFrame:
    """All versions of all submissions, the refused too, with the state as it stands."""
    query = select(*(submissions.c[name] for name in SUBMISSIONS))
    with engine.connect() as connection:
        return _frame(connection, query.order_by(submissions.c.submission_id), SUBMISSIONS)


def events_frame(engine: Engine) -> pl.DataFrame:
    """Every event of every submission, as it stands."""
    query = select(*(events.c[name] for name in EVENTS))
    with engine.connect() as connection:
        ordered = query.order_by(events.c.submission_id, events.c.event_order)
        return _frame(connection, ordered, EVENTS)


def findings_frame(engine: Engine) -> pl.DataFrame:
    """Every finding ever made, with its status."""
    query = select(*(findings.c[name] for name in FINDINGS)).order_by(findings.c.finding_id)
    with engine.connect() as connection:
        return _frame(connection, query, FINDINGS)


def corrections_frame(engine: Engine) -> pl.DataFrame:
    """Every correction, whatever became of it."""
    query = select(*(corrections.c[name] for name in CORRECTIONS))
    with engine.connect() as connection:
        return _frame(connection, query.order_by(corrections.c.correction_id), CORRECTIONS)


def arrival_corrections_frame(engine: Engine) -> pl.DataFrame:
    """Every recorded time of handing in, the replaced ones too; who said so and why stay behind."""
    query = select(*(arrival_corrections.c[name] for name in ARRIVAL_CORRECTIONS))
    ordered = query.order_by(
        arrival_corrections.c.submission_id, arrival_corrections.c.correction_order
    )
    with engine.connect() as connection:
        return _frame(connection, ordered, ARRIVAL_CORRECTIONS)


def copies_for_build(engine: Engine, known_by: datetime | None = None) -> dict[str, pl.DataFrame]:
    """The raw tables that copy the ledger, by name, as they stand once the build is published.

    Args:
        engine: the ledger.
        known_by: the moment as of which to say it; None for all that is known. Then a submission
            stands in the state its events had brought it to, and a correction approved later is
            still proposed.
    """
    as_published = pl.col("state_code").replace({"accepted_city": "published"})
    acts = events_frame(engine).filter(pl.col("verb") != "publish")
    filed, overlaid = submissions_frame(engine), corrections_frame(engine)
    handed_in = arrival_corrections_frame(engine)
    put_off = extensions_frame(engine)
    if known_by is not None:
        acts = acts.filter(pl.col("effective_at") <= known_by)
        overlaid = _corrections_known(overlaid, acts, known_by)
        filed = _submissions_known(filed, acts, known_by)
        handed_in = handed_in.filter(pl.col("decided_at") <= known_by)
        put_off = put_off.filter(pl.col("decided_at") <= known_by)
    return {
        "submissions": filed.with_columns(as_published),
        "submission_events": acts,
        "findings": findings_frame(engine).join(filed, on="submission_id", how="semi"),
        "corrections": overlaid,
        "arrival_corrections": handed_in,
        "extensions": put_off,
    }


def _submissions_known(filed: pl.DataFrame, acts: pl.DataFrame, known_by: datetime) -> pl.DataFrame:
    last_act = pl.col("to_state").sort_by("event_order").last().alias("state_code")
    states = acts.group_by("submission_id").agg(last_act)
    known = filed.filter(pl.col("known_from") <= known_by).drop("state_code")
    return known.join(states, on="submission_id", how="inner").select(list(SUBMISSIONS))


def _corrections_known(
    overlaid: pl.DataFrame, acts: pl.DataFrame, known_by: datetime
) -> pl.DataFrame:
    """Each correction in the state that its acts had brought it to; an undone act is none."""
    standing: dict[str, list[tuple[str, datetime]]] = {}
    told = acts.filter(pl.col("reason_code").is_in(overlaid["correction_id"].implode()))
    named = told.sort("submission_id", "event_order").select("reason_code", "verb", "effective_at")
    for correction_id, verb, moment in named.iter_rows():
        line = standing.setdefault(correction_id, [])
        if verb != "undo":
            line.append((verb, moment))
        elif line:
            line.pop()
    rows = []
    for row in overlaid.filter(pl.col("proposed_at") <= known_by).to_dicts():
        line = standing.get(row["correction_id"], [])
        state = _STATE_AFTER[line[-1][0]] if line else "cancelled"
        approved_at = line[-1][1] if state == "approved" else None
        rows.append(row | {"state_code": state, "approved_at": approved_at})
    return pl.DataFrame(rows, schema=CORRECTIONS, orient="row")


def _frame(
    connection: Connection, query: Select[tuple[object, ...]], schema: dict[str, pl.DataType]
) -> pl.DataFrame:
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=schema, orient="row")
