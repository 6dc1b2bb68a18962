"""Consistency: parts and totals, year to date against months, stock against its movements.

Both sides are computed in exact decimals for every submission and rule in one query; what goes to
the engine is their difference, on the row of the cell the rule points at.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from expectations.frames import AMOUNT
from expectations.reference import SERIES_KEYS
from expectations.rules import Rule
from expectations.suites.checks import Check, bounds


@dataclass(frozen=True)
class Judged:
    """What the consistency rules compare.

    Attributes:
        sides: submission_id, rule_key, element_code (the target), left, right, difference,
            prior; left and right are null where an operand is missing.
        operands: submission_id, rule_key, element_code, lag, source_submission_id.
    """

    sides: pl.DataFrame
    operands: pl.DataFrame


def judge(cells: pl.DataFrame, reference: pl.DataFrame, rules: list[Rule]) -> Judged:
    """Both sides of every consistency rule for every submission that files its target."""
    rules = [rule for rule in rules if rule.rule_kind == "consistency"]
    jobs = _jobs(cells, rules)
    operands = _with_amounts(jobs.join(_terms(rules), on="rule_key"), cells, reference)
    sides = _sides(operands, rules)
    targets = jobs.select("submission_id", "rule_key", "element_code")
    return Judged(
        targets.join(sides, on=["submission_id", "rule_key"], how="left"),
        operands.filter(pl.col("name").is_not_null()).select(
            "submission_id", "rule_key", "lag", "source_submission_id", element_code="name"
        ),
    )


def _jobs(cells: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    """Every submission and rule: its target is on the form, and it is valid for the period."""
    targets = pl.DataFrame(
        [(r.key, r.target, r.form_code, r.valid_from, r.valid_to) for r in rules],
        schema={
            "rule_key": pl.String,
            "element_code": pl.String,
            "rule_form": pl.String,
            "valid_from": pl.Date,
            "valid_to": pl.Date,
        },
        orient="row",
    )
    return (
        cells.filter(pl.col("element_rank") == 0)
        .select(
            "submission_id",
            "unit_code",
            "form_code",
            "period_code",
            "previous_code",
            "is_first_of_year",
            "start_on",
            "element_code",
        )
        .join(targets, on="element_code")
        .filter(
            pl.col("rule_form").is_null() | (pl.col("rule_form") == pl.col("form_code")),
            pl.col("start_on") >= pl.col("valid_from"),
            pl.col("valid_to").is_null() | (pl.col("start_on") < pl.col("valid_to")),
        )
    )


def _terms(rules: list[Rule]) -> pl.DataFrame:
    """One row per operand of every rule; a constant is a row without a name."""
    rows: list[tuple[object, ...]] = []
    for rule in rules:
        for side, expression in (("left", rule.left_expression), ("right", rule.right_expression)):
            for term_no, term in enumerate(expression.terms):
                head = (rule.key, side, term_no, term.coefficient, term.function)
                if not term.operands:
                    rows.append((*head, None, "same"))
                rows += [(*head, operand.name, operand.lag) for operand in term.operands]
    return pl.DataFrame(
        rows,
        schema={
            "rule_key": pl.String,
            "side": pl.String,
            "term_no": pl.Int32,
            "coefficient": AMOUNT,
            "function": pl.String,
            "name": pl.String,
            "lag": pl.String,
        },
        orient="row",
    )


def _with_amounts(
    operands: pl.DataFrame, cells: pl.DataFrame, reference: pl.DataFrame
) -> pl.DataFrame:
    """Each operand's figure: the submission's own, another form's, or the period before's."""
    own = cells.filter(pl.col("element_rank") == 0).select(
        "submission_id", name="element_code", own_amount="amount", is_own=pl.lit(value=True)
    )
    referred = reference.select(
        *SERIES_KEYS, found="amount", source_submission_id="submission_id"
    ).rename({"element_code": "name", "period_code": "asked_period"})
    is_same = pl.col("lag") == "same"
    is_start = (pl.col("lag") == "ytd_before") & pl.col("is_first_of_year")
    return (
        operands.with_columns(
            asked_period=pl.when(is_same).then("period_code").otherwise("previous_code")
        )
        .join(own, on=["submission_id", "name"], how="left")
        .join(referred, on=["unit_code", "name", "asked_period"], how="left")
        .with_columns(
            operand=pl.when(pl.col("name").is_null())
            .then(pl.lit(1).cast(AMOUNT))
            .when(is_start)
            .then(pl.lit(0).cast(AMOUNT))
            .when(is_same & pl.col("is_own").is_not_null())
            .then("own_amount")
            .otherwise("found"),
            source_submission_id=pl.when(is_same & pl.col("is_own").is_not_null())
            .then("submission_id")
            .when(~is_start)
            .then("source_submission_id"),
        )
    )


def _sides(operands: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    """Left, right and their difference per submission and rule; null where something is missing."""
    lenient = [rule.key for rule in rules if rule.missing_strategy == "never_skip"]
    keys = ["submission_id", "rule_key"]
    filled = operands.with_columns(
        pl.when(pl.col("rule_key").is_in(lenient))
        .then(pl.col("operand").fill_null(pl.lit(0).cast(AMOUNT)))
        .otherwise("operand")
        .alias("operand")
    )
    function = pl.col("function").first()
    total = pl.col("operand").sum()
    terms = filled.group_by(*keys, "side", "term_no", maintain_order=True).agg(
        is_whole=pl.col("operand").is_not_null().all(),
        prior=pl.col("operand").filter(pl.col("lag") != "same").first(),
        amount=pl.col("coefficient").first()
        * pl.when(function == "max")
        .then(pl.col("operand").max())
        .when(function == "min")
        .then(pl.col("operand").min())
        .when(function == "sign")
        .then(total.cast(pl.Float64).sign().cast(AMOUNT))
        .otherwise(total),
    )
    side = pl.col("side")
    return (
        terms.group_by(*keys, maintain_order=True)
        .agg(
            is_whole=pl.col("is_whole").all(),
            prior=pl.col("prior").drop_nulls().first(),
            left=pl.col("amount").filter(side == "left").sum(),
            right=pl.col("amount").filter(side == "right").sum(),
        )
        .with_columns(pl.when("is_whole").then(name).alias(name) for name in ("left", "right"))
        .with_columns(difference=pl.col("left") - pl.col("right"))
        .drop("is_whole")
    )


def add_checks(
    frame: pl.DataFrame, sides: pl.DataFrame, rules: list[Rule]
) -> tuple[pl.DataFrame, list[Check]]:
    """The differences as one column per rule on the rows they point at, and a check for each."""
    asked = {rule.key: rule for rule in rules if rule.rule_kind == "consistency"}
    if sides.is_empty():
        return frame, []
    forms = frame.filter(pl.col("row_code").is_null()).select("submission_id", "form_code")
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    for key, form_code, judged, missing in (
        sides.join(forms, on="submission_id")
        .group_by("rule_key", "form_code")
        .agg(judged=pl.col("difference").count(), missing=pl.col("difference").null_count())
        .iter_rows()
    ):
        counts.setdefault(str(key), {})[str(form_code)] = (int(judged), int(missing))
    beyond = sides.with_columns(_beyond_tolerance(list(asked.values())))
    wide = beyond.with_columns(element_rank=pl.lit(0, pl.Int64)).pivot(
        on="rule_key", index=["submission_id", "element_code", "element_rank"], values="difference"
    )
    frame = frame.join(wide, on=["submission_id", "element_code", "element_rank"], how="left")
    checks = []
    for key, by_form in sorted(counts.items()):
        rule = asked[key]
        tolerance = 0.0 if rule.tolerance_rel else float(rule.tolerance_abs)
        low, high, is_strict = bounds(rule.operator, 0.0, tolerance)
        checks.append(
            Check(
                rule,
                "between",
                key,
                minimum=low,
                maximum=high,
                is_strict=is_strict,
            ).counted(by_form)
        )
    return frame, checks


def _beyond_tolerance(rules: list[Rule]) -> pl.Expr:
    """The difference as a double; zero where a relative tolerance allows it."""
    difference = pl.col("difference")
    expression = difference
    for rule in rules:
        if rule.tolerance_rel:
            allowed = pl.lit(rule.tolerance_abs).cast(AMOUNT) + pl.col("right").abs() * pl.lit(
                rule.tolerance_rel
            ).cast(AMOUNT)
            is_allowed = (pl.col("rule_key") == rule.key) & (difference.abs() <= allowed)
            expression = pl.when(is_allowed).then(pl.lit(0).cast(AMOUNT)).otherwise(expression)
    return expression.cast(pl.Float64).alias("difference")
