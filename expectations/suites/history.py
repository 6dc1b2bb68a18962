"""History: a figure against the unit's own past.

`value` is the figure, `previous` the one before, `median` and `usual` of the periods before (see
`reference`). Thresholds are the rules' own; a count may swing by half without a word.
"""

from __future__ import annotations

import polars as pl

from expectations.expressions import Expression
from expectations.rules import Condition, Rule
from expectations.suites.checks import Check, bounds, tallied, valid_rows

_COLUMNS = {"kind": "kind", "unit": "element_unit_zh", "element": "element_code"}


def right_column(rule: Rule) -> str:
    """Name of the column that holds a history rule's right side."""
    return f"{rule.key}.right"


def add_checks(frame: pl.DataFrame, rules: list[Rule]) -> tuple[pl.DataFrame, list[Check]]:
    """One column per rule on the rows it looks at, and a check for each."""
    checks = []
    for rule in rules:
        if rule.rule_kind != "history" or rule.is_of_submission:
            continue
        asked = _asked(rule) & pl.col("row_code").is_not_null()
        left, right = _combined(rule.left_expression), _combined(rule.right_expression)
        frame = frame.with_columns(
            pl.when(asked).then(_measure(rule, left, right)).alias(rule.key),
            pl.when(asked).then(right).alias(right_column(rule)),
        )
        by_form = tallied(frame, asked, pl.col(rule.key).is_not_null())
        if not by_form:
            continue
        low: float | None
        high: float | None
        if rule.operator == "within_factor":
            factor = float(rule.tolerance_rel)
            low, high, is_strict = 1 / factor, factor, True
        else:
            low, high, is_strict = bounds(rule.operator, 0.0, 0.0)
        checks.append(
            Check(
                rule,
                "between",
                rule.key,
                minimum=low,
                maximum=high,
                is_strict=is_strict,
            ).counted(by_form)
        )
    return frame, checks


def _asked(rule: Rule) -> pl.Expr:
    is_valid = valid_rows(rule)
    alternatives = [
        pl.all_horizontal(_holds(condition) for condition in conditions)
        for conditions in rule.selector
    ]
    return is_valid & pl.any_horizontal(alternatives) if alternatives else is_valid


def _holds(condition: Condition) -> pl.Expr:
    is_wanted = pl.col(_COLUMNS[condition.attribute]) == condition.wanted
    return is_wanted if condition.is_equal else ~is_wanted


def _combined(expression: Expression) -> pl.Expr:
    total = pl.lit(0.0)
    for term in expression.terms:
        figures = [pl.col(operand.name) for operand in term.operands]
        if not figures:
            total = total + float(term.coefficient)
            continue
        figure = _figure(term.function, figures)
        is_whole = pl.all_horizontal(one.is_not_null() for one in figures)
        total = total + float(term.coefficient) * pl.when(is_whole).then(figure)
    return total


def _figure(function: str, figures: list[pl.Expr]) -> pl.Expr:
    if function == "max":
        return pl.max_horizontal(figures)
    if function == "min":
        return pl.min_horizontal(figures)
    total = pl.sum_horizontal(figures)
    return total.sign() if function == "sign" else total


def _measure(rule: Rule, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """How far the figure lies beyond what is allowed, zero within; or the ratio of the two."""
    if rule.operator == "within_factor":
        return pl.when((left > 0) & (right > 0)).then(left / right)
    difference = left - right
    allowed = float(rule.tolerance_abs) + float(rule.tolerance_rel) * right.abs()
    return pl.when(difference.abs() <= allowed).then(0.0).otherwise(difference)
