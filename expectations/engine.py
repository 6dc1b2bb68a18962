"""The thin bridge to Great Expectations: checks over one frame in, failing row positions out.

The engine is imported inside the functions (it costs seconds) and runs on pandas at the edge, one
validation for all. Failing rows come back by position, so the frame keeps a clean 0..n-1 index
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
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation

_GX_SEVERITY = {
    "blocking": "critical",
    "quasi_blocking": "critical",
    "verify": "warning",
    "info": "info",
}
_PLACE = "place in the frame"


def failing_rows(frame: pl.DataFrame, checks: Sequence[Check]) -> dict[str, list[int]]:
    """Positions of the rows of `frame` that fail each check, by rule key.

    Raises:
        ExpectationEngineError: the engine broke, or did not name every failing row.
    """
    kinds: dict[str, list[Check]] = {}
    for check in checks:
        if check.evaluated:
            kinds.setdefault(check.rule.rule_kind, []).append(check)
    # The rows of one kind of rule are few, and the engine copies every column for each question.
    return {
        key: rows for asked in kinds.values() for key, rows in _failing_rows(frame, asked).items()
    }


def _failing_rows(frame: pl.DataFrame, asked: Sequence[Check]) -> dict[str, list[int]]:
    columns = sorted({name for check in asked for name in (check.column, check.other) if name})
    if any(check.shape == "not_null" for check in asked):
        held, places = frame.select(columns), None
    else:
        # A row without any of the columns fails no other check.
        indexed = frame.select(columns).with_row_index(_PLACE)
        held = indexed.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in columns))
        places, held = held[_PLACE].to_list(), held.drop(_PLACE)
    batch = _batch(held)
    # Most rules fail nowhere, and to ask only whether one does costs a third.
    verdicts = _answers(batch, asked, "BOOLEAN_ONLY")
    broken = [check for check in asked if not verdicts[check.rule.key].success]
    named = _answers(batch, broken, "COMPLETE") if broken else {}
    found: dict[str, list[int]] = {check.rule.key: [] for check in asked}
    for key, one in named.items():
        positions = _positions(key, one)
        found[key] = positions if places is None else [places[at] for at in positions]
    return found


def _batch(frame: pl.DataFrame) -> Batch:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("submissions")
        .add_dataframe_asset("cells")
        .add_batch_definition_whole_dataframe("night")
        .get_batch({"dataframe": frame.to_pandas()})
    )


def _answers(
    batch: Batch, checks: Sequence[Check], how: str
) -> dict[str, ExpectationValidationResult]:
    """The engine's result for each check, by rule key."""
    import great_expectations as gx

    suite = gx.ExpectationSuite("rules", expectations=[_expectation(check) for check in checks])
    by_key = {
        str(one.expectation_config.meta["rule_key"]): one
        for one in batch.validate(suite, result_format={"result_format": how}).results
        if one.expectation_config is not None
    }
    if missing := [check.rule.key for check in checks if check.rule.key not in by_key]:
        raise ExpectationEngineError(missing[0], "no result")
    return by_key


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
