"""The papers behind the leaves: the file and cell as filed, and what was decided about it.

Names of persons stay in the ledger: of whoever acted it is told only whether it was a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select

from warehouse.connection import private_warehouse
from warehouse.ledger.changes import SYSTEM
from warehouse.ledger.tables import corrections, events, submissions
from warehouse.queries.published import rows
from warehouse.settings import Settings

Row = dict[str, Any]


def leaves_of(found: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """Every leaf of a trace with its element code."""
    reference = found.get("reference") or {}
    groups: list[Iterable[Row]] = [found["terms"], found.get("base_terms") or ()]
    groups += [reference.get("terms") or ()]
    groups += [unit["terms"] for unit in found.get("units") or ()]
    for terms in groups:
        for term in terms:
            for unit in term["units"]:
                for leaf in unit["leaves"]:
                    yield term["element_code"], leaf


def lay_papers_beside(settings: Settings, engine: Engine, found: Row) -> None:
    """Adds to each leaf the text of its cell, and to the trace its submissions by id."""
    wanted = sorted(
        {leaf["submission_id"] for _, leaf in leaves_of(found) if leaf.get("submission_id")}
    )
    found["submissions"] = {}
    if not wanted:
        return
    with engine.connect() as ledger:
        found["submissions"] = _submissions(ledger, wanted)
    with private_warehouse(settings) as connection:
        texts = {
            (row["submission_id"], row["element_code"]): row
            for row in rows(
                connection,
                "select filed.submission_id, filed.element_code, filed.text, filed.number_text,"
                " cells.unit_factor"
                " from raw.reported_values as filed"
                " left join definitions.form_elements as cells"
                " on filed.form_code = cells.form_code"
                " and filed.form_version = cells.form_version"
                " and filed.row_code = cells.row_code"
                " and filed.value_column = cells.value_column"
                " where filed.submission_id in (select unnest(?))",
                [wanted],
            )
        }
    for element, leaf in leaves_of(found):
        key = leaf.get("submission_id")
        paper = found["submissions"].get(key)
        if paper is None:
            continue
        leaf["file_name"], leaf["file_sha256"] = paper["file_name"], paper["file_sha256"]
        cell = texts.get((key, element)) or {}
        leaf["text_as_filed"] = cell.get("text")
        leaf["unit_factor"] = cell.get("unit_factor")


def _submissions(ledger: Connection, wanted: list[str]) -> dict[str, Row]:
    named = ("submission_id", "version", "file_name", "file_sha256", "received_at", "state_code")
    query = select(*(submissions.c[name] for name in named)).where(
        submissions.c.submission_id.in_(wanted)
    )
    papers = {
        row.submission_id: dict(row._mapping) | {"decisions": [], "corrections": []}
        for row in ledger.execute(query)
    }
    acts = (
        select(events)
        .where(events.c.submission_id.in_(wanted))
        .order_by(events.c.submission_id, events.c.event_order)
    )
    for act in ledger.execute(acts):
        papers[act.submission_id]["decisions"].append(
            {
                "verb": act.verb,
                "to_state": act.to_state,
                "effective_at": act.effective_at,
                "by_zh": "系统" if act.author == SYSTEM else "人工",
                "reason_code": act.reason_code,
            }
        )
    overlaid = (
        select(corrections)
        .where(corrections.c.submission_id.in_(wanted))
        .order_by(corrections.c.correction_id)
    )
    for row in ledger.execute(overlaid):
        papers[row.submission_id]["corrections"].append(
            {
                "correction_id": row.correction_id,
                "element_code": row.element_code,
                "new_number_text": row.new_number_text,
                "state_code": row.state_code,
                "approved_at": row.approved_at,
                "evidence_sha256": row.evidence_sha256,
            }
        )
    return papers
