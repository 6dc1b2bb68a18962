"""From one published number back to terms, units, cells, files and the plan's own clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import Engine, select

from sources.definitions import Definitions
from warehouse.connection import private_warehouse
from warehouse.errors import UnknownTarget
from warehouse.ledger.tables import submissions
from warehouse.queries.published import marts, rows
from warehouse.settings import Settings

SUMMED = frozenset({"flow", "fact"})
"""Kinds added over the periods of a window; of the others the last period's figure counts."""
POPULATION = "resident_population"

_LEAVES = """
    select unit_code, unit_name_zh, period_code, period_start, period_end, value, unit_zh,
        obs_status, is_provisional, submission_id, version, source_cell, received_at
    from marts.unit_observations
    where city_code = $city and element_code = $element and is_partition_member
        and period_start >= $start and period_end <= $end
    order by period_end, unit_code
"""


def trace(
    settings: Settings,
    engine: Engine,
    definitions: Definitions,
    target_code: str,
    period_code: str | None = None,
    release_id: str | None = None,
) -> dict[str, Any]:
    """The tree below one number of `plan_progress`; without a period, of `plan_table`.

    Raises:
        UnknownTarget: the release has no such target, or no figure of it for the period.
    """
    with marts(settings, release_id) as connection:
        target = _target(connection, target_code)
        figure = _figure(connection, target_code, period_code)
        kinds = {
            row["element_code"]: row["kind"]
            for row in rows(connection, "select element_code, kind from marts.elements")
        }
        terms = []
        wanted = definitions.table("indicator_terms").filter(
            pl.col("indicator_code") == target["indicator_code"]
        )
        for term in wanted.iter_rows(named=True):
            terms.append(dict(term) | {"leaves": _leaves(connection, figure, term, kinds)})
    submitted = {
        leaf["submission_id"]
        for term in terms
        for leaf in term["leaves"]
        if leaf.get("submission_id")
    }
    _lay_files_beside(settings, engine, terms, submitted)
    return {"target": target, "figure": figure, "terms": terms}


def _target(connection: Any, target_code: str) -> dict[str, Any]:
    found = rows(
        connection, "select * from marts.plan_targets where target_code = ?", [target_code]
    )
    if not found:
        raise UnknownTarget("指标", target_code)
    return found[0]


def _figure(connection: Any, target_code: str, period_code: str | None) -> dict[str, Any]:
    if period_code is None:
        found = rows(
            connection,
            "select progress.* from marts.plan_progress as progress"
            " left join marts.plan_table as printed"
            " on printed.target_code = progress.target_code"
            " and printed.period_code = progress.period_code"
            " where progress.target_code = ?"
            " order by printed.target_code is null, progress.period_end desc limit 1",
            [target_code],
        )
    else:
        found = rows(
            connection,
            "select * from marts.plan_progress where target_code = ? and period_code = ?",
            [target_code, period_code],
        )
    if not found:
        raise UnknownTarget("该期的指标", f"{target_code} {period_code or ''}".strip())
    return found[0]


def _leaves(
    connection: Any,
    figure: Mapping[str, Any],
    term: Mapping[str, Any],
    kinds: Mapping[str, str],
) -> list[dict[str, Any]]:
    element = term["element_code"]
    if element == POPULATION:
        return [
            {
                "unit_code": figure["city_code"],
                "unit_name_zh": figure["city_name_zh"],
                "value": figure["denominator"],
                "source_zh": figure["denominator_vintage"],
            }
        ]
    found = rows(
        connection,
        _LEAVES,
        {
            "city": figure["city_code"],
            "element": element,
            "start": figure["period_start"],
            "end": figure["period_end"],
        },
    )
    if kinds.get(element) in SUMMED or not found:
        return found
    last = max(row["period_end"] for row in found)
    return [row for row in found if row["period_end"] == last]


def _lay_files_beside(
    settings: Settings, engine: Engine, terms: list[dict[str, Any]], submitted: set[str]
) -> None:
    """Adds to each leaf the file it stands in and the text of its cell as filed."""
    if not submitted:
        return
    named = select(
        submissions.c.submission_id, submissions.c.file_name, submissions.c.file_sha256
    ).where(submissions.c.submission_id.in_(sorted(submitted)))
    with engine.connect() as ledger:
        files = {row.submission_id: row for row in ledger.execute(named)}
    with private_warehouse(settings) as connection:
        texts = {
            (row["submission_id"], row["element_code"]): row["text"]
            for row in rows(
                connection,
                "select submission_id, element_code, text from raw.reported_values"
                " where submission_id in (select unnest(?))",
                [sorted(submitted)],
            )
        }
    for term in terms:
        for leaf in term["leaves"]:
            key = leaf.get("submission_id")
            if key in files:
                leaf["file_name"] = files[key].file_name
                leaf["file_sha256"] = files[key].file_sha256
                leaf["text_as_filed"] = texts.get((key, term["element_code"]))
