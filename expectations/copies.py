"""Sheets that repeat an earlier one: clerks copy last month's file and forget to change it.

Per submission: what share of its flow figures that are not zero stand, equal, in another period of
the same unit. Small figures repeat by chance (one design a month, two trainings a quarter), so a
sheet with few figures is not judged, and equal figures count only when together they are telling.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from expectations.reference import WINDOWS
from expectations.rules import Rule

COLUMN = "copied_pct"


@dataclass(frozen=True)
class CopyLimits:
    """What makes equal figures telling; the numbers stand in the rule, `copied_pct(5;7;5)`.

    Attributes:
        cells: a sheet with fewer figures than this is not judged.
        digits: how many digits equal figures must have together (their decimal logarithms, added);
            a figure that is the sum of others says nothing more.
        digits_of_last_period: the same for the period just before.
    """

    cells: float
    digits: float
    digits_of_last_period: float

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> CopyLimits:
        """The limits of the newest rule that asks for copies; nothing is judged without one."""
        asking = [rule for rule in rules if rule.left == COLUMN]
        if not asking:
            return cls(math.inf, math.inf, math.inf)
        newest = max(asking, key=lambda rule: rule.valid_from)
        return cls(*(float(number) for number in newest.parameters))


COPIES_SCHEMA: dict[str, type[pl.DataType]] = {
    "submission_id": pl.String,
    "copied_pct": pl.Float64,
    "copied_from": pl.String,
}


def sums_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Elements that a consistency rule makes the sum of others of the same sheet."""
    return frozenset(
        rule.target
        for rule in rules
        if rule.rule_kind == "consistency"
        and rule.operator == "="
        and all(one.lag == "same" for one in rule.right_expression.operands)
    )


def copies_frame(
    cells: pl.DataFrame,
    known: pl.DataFrame,
    reference: pl.DataFrame,
    sums: frozenset[str],
    limits: CopyLimits,
) -> pl.DataFrame:
    """Per submission the share in % of its figures that another period has too, and which period.

    Of two sheets of the same night only the later period is held against the other; sheets of
    earlier nights are all compared, within the window of a unit's own past.

    Args:
        cells: the cell frame of the night.
        known: the submissions of the night with `period_zh`.
        reference: see `reference.reference_frame`.
        sums: see `sums_of`.
        limits: of the rule that asks.
    """
    figures = cells.filter(
        pl.col("kind") == "flow", pl.col("amount").is_not_null(), pl.col("amount") != 0
    ).select(
        "submission_id", "unit_code", "element_code", "period_type", "place", "amount",
        digits=pl.when(pl.col("element_code").is_in(sums)).then(0.0)
        .otherwise(pl.col("amount").cast(pl.Float64).abs().log10().clip(lower_bound=0.0)),
    )  # fmt: skip
    counted = figures.group_by("submission_id").agg(filled=pl.len())
    others = reference.select(
        "unit_code", "element_code", "period_type", "amount", "period_code",
        other_place="place", other_submission="submission_id",
    )  # fmt: skip
    back = pl.col("place") - pl.col("other_place")
    window = pl.col("period_type").replace_strict(WINDOWS, default=0, return_dtype=pl.Int64)
    least = pl.when(pl.col("back") == 1).then(limits.digits_of_last_period).otherwise(limits.digits)
    nearest = (
        figures.join(others, on=["unit_code", "element_code", "period_type", "amount"])
        .with_columns(back=back)
        .filter(
            pl.col("back") != 0,
            pl.col("back").abs() <= window,
            (pl.col("back") > 0) | pl.col("other_submission").is_null(),
        )
        .group_by("submission_id", "period_code", "back")
        .agg(equal=pl.len(), digits=pl.col("digits").sum())
        .filter(pl.col("digits") >= least)
        .sort("equal", pl.col("back").abs(), "period_code", descending=[True, False, False])
        .unique("submission_id", keep="first", maintain_order=True)
        .select("submission_id", "period_code", "equal")
    )
    judged = known.select("submission_id").join(
        counted.filter(pl.col("filled") >= limits.cells), on="submission_id"
    )
    return (
        judged.join(nearest, on="submission_id", how="left")
        .select(
            "submission_id",
            copied_pct=100.0 * pl.col("equal").fill_null(0) / pl.col("filled"),
            copied_from="period_code",
        )
        .cast(COPIES_SCHEMA)  # type: ignore[arg-type]
    )
