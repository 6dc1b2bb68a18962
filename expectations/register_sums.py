"""A register against the summary form: the same element, counted and filed.

The finding stands at the register, whichever of the two came later. A sum over one or two firms is
not judged: the finding would tell what a firm has.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from expectations.engine import failing_rows
from expectations.findings import FINDINGS_SCHEMA, finding_id
from expectations.frames import AMOUNT
from expectations.rule_words import PLACEHOLDERS
from expectations.rules import Rule, Rules
from expectations.suites.checks import Check
from sources.definitions import Definitions
from sources.numbers import canonical
from sources.periods import parse_period

KEYS = ("unit_code", "period_code", "element_code")


def reconcile_rules(rules: Rules) -> tuple[Rule, ...]:
    """The rules that hold a register against the summary forms."""
    return tuple(rule for rule in rules.of_stage("register") if rule.rule_kind == "reconcile")


def reconcile_findings(
    counted: pl.DataFrame, filed: pl.DataFrame, definitions: Definitions, rules: Rules
) -> pl.DataFrame:
    """One finding per register and element whose figure is not the summary form's.

    Args:
        counted: submission_id, unit_code, form_code, period_code, element_code, counted,
            is_disclosive: what the standing registers count, in the elements' units.
        filed: unit_code, form_code, period_code, element_code, number_text: what the newest usable
            summary forms say, in the forms' units.
        definitions: the definition tables.
        rules: the registry.

    Raises:
        ExpectationEngineError: the engine broke; nothing is a finding then.
    """
    beside = counted.filter(~pl.col("is_disclosive")).join(
        _amounts(filed, definitions), on=KEYS, how="inner", maintain_order="left"
    )
    found: list[dict[str, object]] = []
    for rule in reconcile_rules(rules):
        mine = beside.filter(pl.col("form_code") == rule.form_code)
        starts = [parse_period(code).start for code in mine["period_code"]]
        mine = mine.filter(pl.Series([rule.valid_on(day) for day in starts], dtype=pl.Boolean))
        for place in _failing(mine, rule):
            found.append(_finding(mine.row(place, named=True), rule, definitions))
    return pl.DataFrame(found, schema=FINDINGS_SCHEMA)


def _amounts(filed: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """What is filed, in the element's unit, with the form it stands in."""
    factors = (
        definitions.table("form_elements")
        .sort("form_version")
        .group_by("form_code", "element_code", maintain_order=True)
        .agg(unit_factor=pl.col("unit_factor").last().fill_null("1").cast(AMOUNT))
    )
    return (
        filed.rename({"form_code": "summary_form"})
        .join(
            factors,
            left_on=["summary_form", "element_code"],
            right_on=["form_code", "element_code"],
        )
        .with_columns(
            filed=pl.col("number_text").cast(AMOUNT, strict=False) * pl.col("unit_factor")
        )
        .drop_nulls("filed")
        .select(*KEYS, "summary_form", "filed")
    )


def _failing(beside: pl.DataFrame, rule: Rule) -> list[int]:
    """Places of the rows whose two figures differ by more than the rule allows."""
    if beside.is_empty():
        return []
    allowed = pl.lit(rule.tolerance_abs).cast(AMOUNT)
    difference = pl.col("filed").cast(AMOUNT) - pl.col("counted").cast(AMOUNT)
    beyond = pl.when(difference.abs() > allowed).then(difference).otherwise(0)
    frame = beside.select(beyond.cast(pl.Float64).alias(rule.key))
    check = Check(rule, "between", rule.key, minimum=0.0, maximum=0.0, evaluated=beside.height)
    return failing_rows(frame, [check])[rule.key]


def _finding(row: dict[str, object], rule: Rule, definitions: Definitions) -> dict[str, object]:
    element = str(row["element_code"])
    names = (
        definitions.table("elements").filter(pl.col("element_code") == element).row(0, named=True)
    )
    forms = {form.form_code: form.form_zh for form in definitions.form_versions}
    filed, counted = Decimal(str(row["filed"])), Decimal(str(row["counted"]))
    facts = dict.fromkeys(PLACEHOLDERS, "") | {
        "item": names["element_zh"], "unit": names["unit_zh"],
        "form": forms[str(row["summary_form"])],
        "period": parse_period(str(row["period_code"])).label_zh,
        "value": canonical(filed), "expected": canonical(counted),
        "difference": canonical(filed - counted),
    }  # fmt: skip
    submission_id = str(row["submission_id"])
    return {
        "finding_id": finding_id(submission_id, rule.rule_id, None, None, element),
        "rule_id": rule.rule_id,
        "rule_version": rule.rule_version,
        "severity_code": rule.severity_code,
        "submission_id": submission_id,
        "unit_code": row["unit_code"],
        "form_code": row["form_code"],
        "period_code": row["period_code"],
        "sheet": None,
        "cell": None,
        "element_code": element,
        "value_text": facts["value"],
        "expected_text": facts["expected"],
        "message_zh": rule.message_zh.format_map(facts),
        "advice_zh": rule.advice_zh.format_map(facts),
    }
