"""The thin bridge to Great Expectations: checks over one frame in, failing row positions out.

The engine is imported inside the functions (it costs seconds) and runs on pandas at the edge, one
validation per form. Failing rows come back by position, so the frame keeps a clean 0..n-1 index
and no index columns are named. The cut value lists of a result are never read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.errors import ExpectationEngineError
from expectations.suites.checks import Check

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
    )
    from great_expectations.expectations.expectation import Expectation

_GX_SEVERITY = {
    "blocking": "critical",
    "quasi_blocking": "critical",
    "verify": "warning",
    "info": "info",
}


def failing_rows(frame: pl.DataFrame, checks: Sequence[Check]) -> dict[str, list[int]]:
    """Positions of the rows of `frame` that fail each check, by rule key.

    Raises:
        ExpectationEngineError: the engine broke, or did not name every failing row.
    """
    asked = [check for check in checks if check.evaluated]
    if not asked:
        return {}
    columns = sorted({name for check in asked for name in (check.column, check.other) if name})
    result = _run(frame.select(columns), asked)
    by_key = {
        str(one.expectation_config.meta["rule_key"]): one
        for one in result.results
        if one.expectation_config is not None
    }
    if missing := [check.rule.key for check in asked if check.rule.key not in by_key]:
        raise ExpectationEngineError(missing[0], "no result")
    return {key: _positions(key, one) for key, one in by_key.items()}


def _run(frame: pl.DataFrame, checks: Sequence[Check]) -> ExpectationSuiteValidationResult:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("submissions")
        .add_dataframe_asset("cells")
        .add_batch_definition_whole_dataframe("night")
    )
    suite = gx.ExpectationSuite("rules", expectations=[_expectation(check) for check in checks])
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name="rules", data=batch, suite=context.suites.add(suite))
    )
    return validation.run(
        batch_parameters={"dataframe": frame.to_pandas()},
        result_format={"result_format": "COMPLETE"},
    )


def _expectation(check: Check) -> Expectation:
    import great_expectations.expectations as gxe

    rule = check.rule
    common: dict[str, Any] = {
        "severity": _GX_SEVERITY[rule.severity_code],
        "meta": {
            "rule_key": rule.key,
            "rule_id": rule.rule_id,
            "rule_version": rule.rule_version,
            "severity_code": rule.severity_code,
        },
    }
    if check.shape == "not_null":
        return gxe.ExpectColumnValuesToNotBeNull(column=check.column, **common)
    if check.shape == "not_in":
        return gxe.ExpectColumnValuesToNotBeInSet(
            column=check.column, value_set=list(check.values), **common
        )
    if check.shape == "matches":
        return gxe.ExpectColumnValuesToMatchRegex(
            column=check.column, regex=check.values[0], **common
        )
    if check.shape == "pair_equal":
        return gxe.ExpectColumnPairValuesToBeEqual(
            column_A=check.column,
            column_B=check.other,
            ignore_row_if="either_value_is_missing",
            **common,
        )
    if check.shape == "pair_at_least":
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=check.column,
            column_B=check.other,
            or_equal=not check.is_strict,
            ignore_row_if="either_value_is_missing",
            **common,
        )
    return gxe.ExpectColumnValuesToBeBetween(
        column=check.column,
        min_value=check.minimum,
        max_value=check.maximum,
        strict_min=check.is_strict and check.minimum is not None,
        strict_max=check.is_strict and check.maximum is not None,
        **common,
    )


def _positions(rule_key: str, one: Any) -> list[int]:
    for info in _exceptions(one.exception_info or {}):
        if info.get("raised_exception"):
            raise ExpectationEngineError(rule_key, str(info.get("exception_message")))
    count = one.result.get("unexpected_count")
    if count is None:
        raise ExpectationEngineError(rule_key, "the result holds no count")
    positions = [int(position) for position in one.result.get("unexpected_index_list") or []]
    if len(positions) != count:
        raise ExpectationEngineError(
            rule_key, f"{count} rows failed but {len(positions)} positions were named"
        )
    return positions


def _exceptions(info: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The exception records of a result: one flat record, or one per metric."""
    if "raised_exception" in info:
        yield info
        return
    for value in info.values():
        if isinstance(value, Mapping):
            yield from _exceptions(value)
