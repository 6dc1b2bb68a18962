"""The small language of a rule's left and right side.

Sums and differences of names with exact decimal coefficients, and five functions over names:

    pledge_items - 2 * pledge_firms + 0.5
    prev(x)          x in the previous period of the same frequency
    ytd_before(x)    the same, but 0 in the first period of a year
    max(x, y), min(x, y), sign(x)      sign is 1 for a positive value, 0 for none, -1 below

A name is an element code, or in a history rule a statistic of the unit's own past.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Lag = Literal["same", "prev", "ytd_before"]
Function = Literal["sum", "max", "min", "sign"]

_LAGS: dict[str, Lag] = {"prev": "prev", "ytd_before": "ytd_before"}
_FUNCTIONS: dict[str, Function] = {"max": "max", "min": "min", "sign": "sign"}
_LAG_ZH = {"same": "{}", "prev": "上期{}", "ytd_before": "上期{}"}
_FUNCTION_ZH = {"max": "最大值", "min": "最小值", "sign": "是否有"}


class NotAnExpressionError(ValueError):
    """A text outside the language; the message says why, in Chinese."""


@dataclass(frozen=True)
class Operand:
    """A name, and the period it is taken from."""

    name: str
    lag: Lag = "same"


@dataclass(frozen=True)
class Term:
    """coefficient × function of operands; without operands the coefficient itself."""

    coefficient: Decimal
    function: Function = "sum"
    operands: tuple[Operand, ...] = ()


@dataclass(frozen=True)
class Expression:
    """A sum of terms."""

    text: str
    terms: tuple[Term, ...]

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Every operand, from left to right."""
        return tuple(operand for term in self.terms for operand in term.operands)

    @property
    def only_operand(self) -> Operand | None:
        """The operand, when the whole expression is one plain name."""
        plain = len(self.terms) == 1 and self.terms[0].coefficient == 1
        if plain and self.terms[0].function == "sum" and len(self.terms[0].operands) == 1:
            return self.terms[0].operands[0]
        return None

    def in_words(self, name_zh: Callable[[str], str]) -> str:
        """The expression as a Chinese reader sees it: 甲＋上期乙－丙."""
        words = ""
        for term in self.terms:
            sign = "－" if term.coefficient < 0 else "＋" if words else ""
            size = abs(term.coefficient)
            named = [_LAG_ZH[one.lag].format(name_zh(one.name)) for one in term.operands]
            body = "、".join(named)
            if term.function != "sum":
                body = f"{_FUNCTION_ZH[term.function]}（{body}）"
            factor = "" if size == 1 and body else f"{size:f}" + ("×" if body else "")
            words += f"{sign}{factor}{body}"
        return words


def parse(text: str) -> Expression:
    """The expression a text holds.

    Raises:
        NotAnExpressionError: the text is outside the language.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise NotAnExpressionError("不合语法") from error
    return Expression(text.strip(), tuple(_terms(tree.body, Decimal(1))))


def _terms(node: ast.expr, factor: Decimal) -> Iterator[Term]:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _terms(left, factor)
            yield from _terms(right, factor)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield from _terms(left, factor)
            yield from _terms(right, -factor)
        case ast.BinOp(left=ast.Constant() as number, op=ast.Mult(), right=other):
            yield from _terms(other, factor * _number(number))
        case ast.BinOp(left=other, op=ast.Mult(), right=ast.Constant() as number):
            yield from _terms(other, factor * _number(number))
        case ast.UnaryOp(op=ast.USub(), operand=other):
            yield from _terms(other, -factor)
        case ast.Constant():
            yield Term(factor * _number(node))
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _FUNCTIONS and arguments:
            operands = tuple(_operand(argument) for argument in arguments)
            if name == "sign" and len(operands) != 1:
                raise NotAnExpressionError("中 sign 只取一项")
            yield Term(factor, _FUNCTIONS[name], operands)
        case _:
            yield Term(factor, "sum", (_operand(node),))


def _operand(node: ast.expr) -> Operand:
    match node:
        case ast.Name(id=name) if name not in _LAGS and name not in _FUNCTIONS:
            return Operand(name)
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=argument)]) if name in _LAGS:
            return Operand(argument, _LAGS[name])
    raise NotAnExpressionError(f"中“{ast.unparse(node)}”不是指标代码或规定的函数")


def _number(node: ast.Constant) -> Decimal:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise NotAnExpressionError(f"中“{ast.unparse(node)}”不是数")
    # repr gives the shortest text of a float, which is what the author typed.
    return Decimal(repr(node.value))
