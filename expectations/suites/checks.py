"""A check: one rule asked of named columns of a form's frame, ready for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

import polars as pl

from expectations.frames import ASKED, NOT_ASKED
from expectations.rules import Rule

Shape = Literal["not_null", "not_in", "matches", "pair_equal", "pair_at_least", "between"]


@dataclass(frozen=True)
class Check:
    """One rule version as the engine is asked.

    Attributes:
        column: the column judged; of `pair_at_least` the one that must be the greater.
        other: the second column of a pair.
        values: the set or the pattern.
        minimum, maximum: the bounds of `between`.
        is_strict: whether equality fails.
        evaluated: rows judged; without any the engine is not asked.
        by_form: per form the rows judged, and the rows asked that lack what is needed.
    """

    rule: Rule
    shape: Shape
    column: str
    other: str = ""
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_strict: bool = False
    evaluated: int = 0
    by_form: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def counted(self, by_form: Mapping[str, tuple[int, int]]) -> Check:
        """The check with what was counted of it per form."""
        return replace(
            self, by_form=by_form, evaluated=sum(judged for judged, _ in by_form.values())
        )


def literal(text: str) -> float | None:
    """The number a right side holds, when it is no column."""
    try:
        return float(Decimal(text))
    except InvalidOperation:
        return None


def valid_rows(rule: Rule) -> pl.Expr:
    """Which rows are of the rule's form and about a period it is valid for."""
    start = pl.col("start_on")
    is_valid = start >= rule.valid_from
    if rule.valid_to is not None:
        is_valid &= start < rule.valid_to
    return (
        is_valid if rule.form_code is None else is_valid & (pl.col("form_code") == rule.form_code)
    )


def tallied(
    frame: pl.DataFrame, asked: pl.Expr, judged: pl.Expr, forms: Sequence[str] = ()
) -> dict[str, tuple[int, int]]:
    """Per form the rows judged, and the rows asked that lack what is needed.

    Args:
        frame: the night's rows.
        asked: which of them a rule is asked of.
        judged: which of those it can judge.
        forms: forms to name although nothing is asked of them.
    """
    counted = frame.group_by("form_code").agg(asked=asked.sum(), judged=judged.sum())
    return {
        str(form): (int(judged), int(asked - judged))
        for form, asked, judged in counted.iter_rows()
        if asked or form in forms
    }


def column_check(frame: pl.DataFrame, rule: Rule) -> tuple[pl.DataFrame, Check]:
    """A structure or value rule over the columns it names, and the frame that holds them.

    Rows of other forms and outside the rule's validity are blanked in columns of the rule's own.
    """
    is_cell = pl.col("row_code").is_not_null() != rule.is_of_submission
    is_valid = is_cell & valid_rows(rule)
    names = [rule.left]
    if rule.right in frame.columns:
        names.append(rule.right)
    own = {name: name for name in names}
    is_of_some = rule.valid_to is not None or rule.form_code is not None
    if is_of_some or (frame["start_on"] < rule.valid_from).any():
        own = {name: f"{rule.key}.{name}" for name in names}
        outside = pl.lit(NOT_ASKED) if rule.operator == "not_null" else pl.lit(None)
        frame = frame.with_columns(
            pl.when(is_valid).then(name).otherwise(outside).alias(own[name]) for name in names
        )
    else:
        is_valid = is_cell
    present = [pl.col(own[name]).is_not_null() for name in names]
    asked = is_valid & ASKED.get(rule.left, pl.lit(value=True))
    if len(names) == 2:
        asked = asked & present[1]
    judged = asked if rule.operator in ("not_null", "not_in") else asked & present[0]
    forms = [rule.form_code] if rule.form_code else frame["form_code"].unique().to_list()
    return frame, _shaped(rule, own).counted(tallied(frame, asked, judged, forms))


def _shaped(rule: Rule, own: dict[str, str]) -> Check:
    left = own[rule.left]
    if rule.operator == "not_null":
        return Check(rule, "not_null", left)
    if rule.operator == "not_in":
        return Check(rule, "not_in", left, values=tuple(rule.right.split("|")))
    if rule.operator == "matches":
        return Check(rule, "matches", left, values=(rule.right,))
    if rule.right not in own:
        low, high, is_strict = bounds(rule.operator, literal(rule.right) or 0.0, 0.0)
        return Check(rule, "between", left, minimum=low, maximum=high, is_strict=is_strict)
    right = own[rule.right]
    if rule.operator == "=":
        return Check(rule, "pair_equal", left, right)
    greater, lesser = (left, right) if rule.operator.startswith(">") else (right, left)
    is_strict = len(rule.operator) == 1
    return Check(rule, "pair_at_least", greater, lesser, is_strict=is_strict)


def bounds(operator: str, at: float, tolerance: float) -> tuple[float | None, float | None, bool]:
    """Lowest and highest allowed figure, and whether the bound itself fails."""
    low = at - tolerance if operator in ("=", ">=", ">") else None
    high = at + tolerance if operator in ("=", "<=", "<") else None
    return low, high, operator in ("<", ">")
