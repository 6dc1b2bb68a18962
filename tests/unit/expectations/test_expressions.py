"""The language of a rule's two sides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from expectations.expressions import NotAnExpressionError, Operand, Term, parse


def test_a_sum_keeps_signs_and_exact_coefficients() -> None:
    expression = parse("a - 0.1 * b + 3")
    assert expression.terms == (
        Term(Decimal(1), "sum", (Operand("a"),)),
        Term(Decimal("-0.1"), "sum", (Operand("b"),)),
        Term(Decimal(3)),
    )


def test_functions_take_names_and_earlier_periods() -> None:
    expression = parse("max(a, prev(b)) - sign(c) + ytd_before(d)")
    assert [one.lag for one in expression.operands] == ["same", "prev", "same", "ytd_before"]
    assert [term.function for term in expression.terms] == ["max", "sign", "sum"]


def test_a_minus_before_brackets_turns_every_sign() -> None:
    assert [term.coefficient for term in parse("-(a - b)").terms] == [Decimal(-1), Decimal(1)]


def test_an_expression_reads_in_chinese() -> None:
    names = {"a": "甲", "b": "乙", "c": "丙"}
    words = parse("prev(a) + b - 2 * c").in_words(names.__getitem__)
    assert words == "上期甲＋乙－2×丙"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "a / b",
        "a * b",
        "a ** 2",
        "f(a)",
        "prev(a + b)",
        "prev(a, b)",
        "sign(a, b)",
        "__import__('os')",
        "a.b",
        "'text'",
        "True",
        "max()",
        "a if b else c",
        "prev",
    ],
)
def test_what_is_outside_the_language_is_refused(text: str) -> None:
    with pytest.raises(NotAnExpressionError):
        parse(text)
