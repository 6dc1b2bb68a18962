"""What register rules compare, row by row, as small numbers.

A row rule becomes one column of signs: -1, 0 or 1 as the left side is below, equal to or above the
right one; null where either is missing or could not be read. For `only_where` it is 1 where a flag
is set on a row that may not have it. The right side is a column, `period_start`, `period_end`, a
number or one of two functions:

    kind_of(column;1=甲;2=乙)   what the digit of an application number stands for
    is_over(column;10)          是 where the day lies more than ten years before the period's end
"""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from expectations.errors import ExpressionError, UnknownCodeError
from expectations.rule_words import COMPARISONS
from expectations.rules import Rule
from sources.periods import Period
from sources.registers import Register
from sources.registers.definition import NO, YES

_FUNCTION = re.compile(r"(kind_of|is_over)\(([a-z_0-9]+);(.+)\)")
_DATES = ("period_start", "period_end")


def columns_of(rule: Rule, register: Register) -> set[str]:
    """The columns of the register that a row rule needs.

    Raises:
        UnknownCodeError: it names one that the register does not have.
    """
    if rule.operator not in ("only_where", *COMPARISONS):
        return set()
    names = {rule.left}
    if match := _FUNCTION.fullmatch(rule.right):
        names.add(match[2])
    elif rule.operator == "only_where":
        names.add(rule.right.partition("=")[0])
    elif rule.right in register.by_code:
        names.add(rule.right)
    for name in names:
        if name not in register.by_code:
            raise UnknownCodeError(rule.rule_id, "台账列", name)
    return names


def sign(rule: Rule, register: Register, period: Period) -> pl.Expr:
    """The sign of a row rule, one small integer per row."""
    if rule.operator == "only_where":
        column, _, wanted = rule.right.partition("=")
        misplaced = (pl.col(rule.left) == YES) & (pl.col(column) != wanted)
        return misplaced.cast(pl.Int8)
    left, right = _value(rule.left, register), _right(rule, register, period)
    if rule.operator == "=":
        return (left != right).cast(pl.Int8)
    return (left > right).cast(pl.Int8) - (left < right).cast(pl.Int8)


def _value(code: str, register: Register) -> pl.Expr:
    match register.by_code[code].data_type:
        case "date":
            return pl.col(code).str.to_date("%Y-%m-%d", strict=False)
        case "amount":
            return pl.col(code).cast(pl.Float64, strict=False)
        case _:
            return pl.col(code)


def _right(rule: Rule, register: Register, period: Period) -> pl.Expr:
    if rule.right in _DATES:
        return pl.lit(period.start if rule.right == "period_start" else period.end)
    if rule.right in register.by_code:
        return _value(rule.right, register)
    if match := _FUNCTION.fullmatch(rule.right):
        if match[1] == "is_over":
            return _is_over(_value(match[2], register), int(match[3]), period.end)
        return _kind_of(pl.col(match[2]), match[3])
    try:
        return pl.lit(float(rule.right))
    except ValueError as error:
        raise ExpressionError(rule.rule_id, rule.right, "不是台账列、日期、数或函数") from error


def _is_over(day: pl.Expr, years: int, end: date) -> pl.Expr:
    limit = date(end.year - years, end.month, 28 if (end.month, end.day) == (2, 29) else end.day)
    return pl.when(day < limit).then(pl.lit(YES)).when(day >= limit).then(pl.lit(NO))


def _kind_of(number: pl.Expr, told: str) -> pl.Expr:
    kinds = dict(pair.split("=", 1) for pair in told.split(";"))
    is_new = number.str.len_chars() == 14
    digit = pl.when(is_new).then(number.str.slice(4, 1)).otherwise(number.str.slice(2, 1))
    return digit.replace_strict(
        list(kinds), list(kinds.values()), default=None, return_dtype=pl.String
    )
