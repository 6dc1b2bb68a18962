"""From one published number back to terms, units, cells, files, decisions and the plan's clause.

`trace` lays out the tree and computes the number again from its leaves: a tree that does not add up
to what was published says so (`is_equal`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
from sqlalchemy import Engine

from warehouse.errors import UnknownTarget
from warehouse.queries.published import marts, rows
from warehouse.queries.trace.arithmetic import agrees, combined, growth, in_words
from warehouse.queries.trace.leaves import Row, Scope, terms_of
from warehouse.queries.trace.papers import lay_papers_beside
from warehouse.settings import Settings

__all__ = ["trace"]


def trace(
    settings: Settings,
    engine: Engine,
    target_code: str,
    period_code: str | None = None,
    release_id: str | None = None,
) -> dict[str, Any]:
    """The tree below one number of `plan_progress`; without a period, of `plan_table`.

    Returns:
        `target` (the plan's clause and its reading), `figure` (the published row), `indicator`,
        `terms` (each with its units and their leaves), for some bases `base_terms` (growth),
        `units` (per unit), `years` (a floor to hold) or `reference` (relative); `recomputed`,
        `is_equal`, `arithmetic_zh`; `submissions` (file, hash, decisions) by id.

    Raises:
        UnknownTarget: the release has no such target, or no figure of it for the period.
        WarehouseBusy: a night is writing the private warehouse.
    """
    with marts(settings, release_id) as connection:
        target = _target(connection, target_code)
        figure = _figure(connection, target_code, period_code)
        found: dict[str, Any] = {
            "target": target,
            "figure": figure,
            "indicator": _indicator(connection, target["indicator_code"]),
            "terms": [],
        }
        if found["indicator"] is not None:
            _lay_terms(connection, found)
    lay_papers_beside(settings, engine, found)
    return found


def _one(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> Row | None:
    found = rows(connection, sql, list(parameters))
    return found[0] if found else None


def _target(connection: duckdb.DuckDBPyConnection, target_code: str) -> Row:
    found = _one(connection, "select * from marts.plan_targets where target_code = ?", target_code)
    if found is None:
        raise UnknownTarget("指标", target_code)
    return found


def _indicator(connection: duckdb.DuckDBPyConnection, code: str | None) -> Row | None:
    sql = "select * from marts.indicators where indicator_code = ? order by is_current desc"
    return _one(connection, sql, code)


def _figure(
    connection: duckdb.DuckDBPyConnection, target_code: str, period_code: str | None
) -> Row:
    if period_code is None:
        found = _one(
            connection,
            "select progress.* from marts.plan_progress as progress"
            " left join marts.plan_table as printed"
            " on printed.target_code = progress.target_code"
            " and printed.period_code = progress.period_code"
            " where progress.target_code = ?"
            " order by printed.target_code is null, progress.period_end desc limit 1",
            target_code,
        )
    else:
        found = _one(
            connection,
            "select * from marts.plan_progress where target_code = ? and period_code = ?",
            target_code,
            period_code,
        )
    if found is None:
        raise UnknownTarget("该期的指标", f"{target_code} {period_code or ''}".strip())
    return found


def _lay_terms(connection: duckdb.DuckDBPyConnection, found: dict[str, Any]) -> None:
    target, figure, indicator = found["target"], found["figure"], found["indicator"]
    scope = Scope.of_figure(figure)
    factor = Decimal(indicator["factor"]) / Decimal(target["unit_factor"])
    if target["basis"] == "per_unit":
        found["units"] = _units(connection, found, scope, factor)
        values = [unit["recomputed"] for unit in found["units"] if unit["recomputed"] is not None]
        recomputed = (max if target["direction"] == "down" else min)(values, default=None)
        for unit in found["units"]:
            unit["is_deciding"] = recomputed is not None and unit["recomputed"] == recomputed
    elif target["basis"] == "growth":
        found["terms"] = terms_of(connection, indicator, scope)
        now = combined(found["terms"], factor, is_ratio=indicator["is_ratio"])
        if target["baseline_value"] is None:
            base_scope = scope.at_year_end(int(target["baseline_year"]))
            found["base_terms"] = terms_of(connection, indicator, base_scope)
            then = combined(found["base_terms"], factor, is_ratio=indicator["is_ratio"])
            if figure["denominator"] is None:
                # Counted by another definition: the base is shown and nothing measured from it.
                then = None
        else:
            then = Decimal(target["baseline_value"])
        recomputed = growth(now, then)
    else:
        found["terms"] = terms_of(connection, indicator, scope)
        recomputed = combined(found["terms"], factor, is_ratio=indicator["is_ratio"])
    if target["basis"] == "maintain":
        found["years"] = rows(
            connection,
            "select period_code, actual_value, actual_printed, status_code, status_reason_zh"
            " from marts.plan_progress where target_code = ? and period_end <= ?"
            " order by period_end",
            [target["target_code"], figure["period_end"]],
        )
    if target["relative_indicator_code"] is not None:
        reference = _indicator(connection, target["relative_indicator_code"])
        if reference is not None:
            found["reference"] = {
                "indicator": reference,
                "terms": terms_of(connection, reference, scope),
            }
    found["recomputed"] = recomputed
    found["is_equal"] = agrees(recomputed, figure["actual_value"])
    found["arithmetic_zh"] = in_words(found)


def _units(
    connection: duckdb.DuckDBPyConnection, found: dict[str, Any], scope: Scope, factor: Decimal
) -> list[Row]:
    bound = rows(
        connection,
        "select unit_code, unit_name_zh, actual_value, numerator, denominator, status_code,"
        " string_split(filed_unit_codes, '|') as filed_codes"
        " from marts.unit_progress where target_code = ? and period_code = ? order by unit_code",
        [found["target"]["target_code"], found["figure"]["period_code"]],
    )
    for unit in bound:
        own_scope = scope.of_unit(unit["unit_code"], unit.pop("filed_codes"))
        unit["terms"] = terms_of(connection, found["indicator"], own_scope)
        unit["recomputed"] = combined(
            unit["terms"], factor, is_ratio=found["indicator"]["is_ratio"]
        )
    return bound
