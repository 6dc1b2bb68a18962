"""One night's validation: every rule over every new submission of every form, one engine run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from expectations.adjudicate import FAILURE_SCHEMA, standing
from expectations.copies import CopyLimits, copies_frame, sums_of
from expectations.engine import failing_rows
from expectations.findings import FINDINGS_SCHEMA, finding_row, findings_frame
from expectations.frames import cell_frame, submission_frame
from expectations.reference import SERIES_KEYS, reference_frame, statistics_frame
from expectations.rules import Rule, Rules
from expectations.suites import consistency, history, structure, values
from expectations.suites.checks import Check
from sources.definitions import Definitions

EVALUATED_SCHEMA: dict[str, pl.DataType] = {
    "rule_id": pl.String(),
    "form_code": pl.String(),
    "evaluated": pl.Int64(),
    "failed": pl.Int64(),
    "not_evaluated": pl.Int64(),
}

HISTORY_SCHEMA: dict[str, pl.DataType] = dict.fromkeys(
    ("unit_code", "form_code", "period_code", "element_code", "number_text"), pl.String()
)


@dataclass(frozen=True)
class ValidationResult:
    """What a validation found.

    Attributes:
        findings: FINDINGS_SCHEMA, every failing row, uncapped.
        evaluated: EVALUATED_SCHEMA, per rule and form how often it was judged, failed, and could
            not be judged because something it needs is missing or itself in question.
    """

    findings: pl.DataFrame
    evaluated: pl.DataFrame


def validate(
    submissions: pl.DataFrame,
    filed: pl.DataFrame,
    past: pl.DataFrame,
    definitions: Definitions,
    rules: Rules,
    business_now: datetime,
) -> ValidationResult:
    """Every rule of stage `expectation` over every submission.

    Args:
        submissions: submission_id, unit_code, form_code, form_version, period_code, received_at,
            version, is_nil_return; one row per submission.
        filed: submission_id and the columns of VALUES; one row per entry cell.
        past: unit_code, form_code, period_code, element_code, number_text of other periods.
        definitions: the definition tables.
        rules: the registry.
        business_now: the business clock.

    Raises:
        ExpectationEngineError: the engine broke; nothing is a finding then.
    """
    if submissions.is_empty():
        return ValidationResult(
            pl.DataFrame(schema=FINDINGS_SCHEMA), pl.DataFrame(schema=EVALUATED_SCHEMA)
        )
    asked = list(rules.of_stage("expectation"))
    known = submission_frame(submissions, definitions, business_now)
    cells = cell_frame(known, filed, definitions)
    reference = reference_frame(cells, known, past, definitions)
    copies = copies_frame(cells, known, reference, sums_of(asked), CopyLimits.of(asked))
    known = known.join(copies, on="submission_id", how="left")
    judged = consistency.judge(cells, reference, asked)
    cells = cells.with_columns(value=pl.col("amount").cast(pl.Float64)).join(
        statistics_frame(reference), on=SERIES_KEYS, how="left"
    )
    night = _night(known, cells, judged.sides, asked)
    could_judge = judged.sides.filter(pl.col("difference").is_not_null())
    kept, dropped = standing(night.failures, could_judge, judged.operands)
    rows = _facts_of(night, kept, judged.sides)
    names = dict(definitions.table("elements").select("element_code", "element_zh").iter_rows())
    findings = (
        findings_frame(
            finding_row(rules.by_key[row["rule_key"]], row, names)
            for row in rows.iter_rows(named=True)
        )
        .unique("finding_id", keep="first", maintain_order=True)
        .sort("form_code", "period_code", "submission_id", "cell", "rule_id", nulls_last=False)
    )
    return ValidationResult(findings, _counts(night.checks, kept, dropped))


@dataclass(frozen=True)
class _Night:
    """The run: the frame the engine saw, what was asked and what failed."""

    frame: pl.DataFrame
    checks: list[Check]
    failures: pl.DataFrame


def _night(
    known: pl.DataFrame, cells: pl.DataFrame, sides: pl.DataFrame, rules: list[Rule]
) -> _Night:
    frame = pl.concat([known, cells], how="diagonal_relaxed")
    # A whole submission is a row of the frame too; it needs no entry.
    frame = frame.with_columns(
        entry=pl.when(pl.col("row_code").is_null()).then(pl.lit("")).otherwise("entry")
    )
    checks: list[Check] = []
    for add in (structure.add_checks, values.add_checks, history.add_checks):
        frame, more = add(frame, rules)
        checks += more
    frame, more = consistency.add_checks(frame, sides, rules)
    checks += more
    failing = failing_rows(frame, checks)
    return _Night(frame, checks, _failures(frame, checks, failing))


def _failures(
    frame: pl.DataFrame, checks: list[Check], failing: dict[str, list[int]]
) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=FAILURE_SCHEMA)]
    for check in checks:
        rows = failing.get(check.rule.key)
        if not rows:
            continue
        names = (
            {one.name for one in check.rule.right_expression.operands}
            | {one.name for one in check.rule.left_expression.operands}
            if check.rule.rule_kind == "history"
            else set()
        )
        source = "previous_submission_id" if "previous" in names else pl.lit(None, pl.String)
        parts.append(
            frame[rows]
            .select(
                "submission_id",
                "element_code",
                "start_on",
                "form_code",
                rule_key=pl.lit(check.rule.key),
                rule_kind=pl.lit(check.rule.rule_kind),
                severity_code=pl.lit(check.rule.severity_code),
                row=pl.Series(rows, dtype=pl.Int64),
                previous_submission_id=source,
            )
            .select(list(FAILURE_SCHEMA))
        )
    return pl.concat(parts)


def _facts_of(night: _Night, kept: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    """The failing rows with everything a finding prints."""
    parts = []
    wanted = [
        "submission_id",
        "unit_code",
        "form_code",
        "form_zh",
        "period_code",
        "period_zh",
        "period_type",
        "frequency",
        "period_start",
        "period_end",
        "business_date",
        "row_code",
        "element_code",
        "element_zh",
        "item_zh",
        "unit_zh",
        "unit_factor",
        "sheet",
        "cell",
        "text",
        "number",
        "value",
        "median",
        "usual",
        "previous",
        "min_value",
        "max_value",
        "floor",
        "decimals_used",
        "decimals_allowed",
        "nil_number",
        "copied_pct",
        "copied_from",
    ]
    for check in night.checks:
        rows = kept.filter(pl.col("rule_key") == check.rule.key)["row"]
        if rows.is_empty():
            continue
        part = night.frame[rows].select(
            *wanted,
            rule_key=pl.lit(check.rule.key),
            limit=_limit(check),
        )
        if check.rule.rule_kind == "consistency":
            part = part.join(
                sides.drop("element_code"), on=["submission_id", "rule_key"], how="left"
            )
        parts.append(part)
    return pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()


def _limit(check: Check) -> pl.Expr:
    if check.rule.rule_kind == "history" and not check.rule.is_of_submission:
        return pl.col(history.right_column(check.rule))
    return pl.lit(None, pl.Float64)


def _counts(checks: list[Check], kept: pl.DataFrame, dropped: pl.DataFrame) -> pl.DataFrame:
    failed = _tally(kept)
    set_aside = _tally(dropped)

    def rows() -> Iterator[dict[str, Any]]:
        for check in checks:
            for form_code, (judged, missing) in check.by_form.items():
                place = (check.rule.key, form_code)
                aside = set_aside.get(place, 0)
                yield {
                    "rule_id": check.rule.rule_id,
                    "form_code": form_code,
                    "evaluated": judged - aside,
                    "failed": failed.get(place, 0),
                    "not_evaluated": missing + aside,
                }

    return (
        pl.DataFrame(list(rows()), schema=EVALUATED_SCHEMA)
        .group_by("rule_id", "form_code", maintain_order=True)
        .sum()
        .sort("form_code", "rule_id")
    )


def _tally(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    counted = frame.group_by("rule_key", "form_code").len()
    return {(str(key), str(form)): int(n) for key, form, n in counted.iter_rows()}
