"""The in-form checks of a template as spreadsheet formulas.

What lives here: what a check compares, and the formula each part of it becomes. Which checks a form
has is decided by the caller: rules are not known in this room. No macro, and no function that is
younger than Excel 2007, so that WPS and LibreOffice compute the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sources.templates.grid import Comparisons, ValueKey

BALANCED_ZH, UNBALANCED_ZH = "平", "不平"
BLANK_ZH, NO_NUMBER_ZH, NOTHING_TO_COMPARE_ZH = "未填", "非数值", "无对比数"

# Sums of figures of up to nine digits are exact to this many places in a spreadsheet's doubles.
_PLACES = 6
_FUNCTIONS = {"max": "MAX", "min": "MIN", "sum": "SUM", "sign": "SIGN"}


@dataclass(frozen=True)
class FormFigure:
    """A figure the clerk fills in: its cell, and the factor from the form's unit to the element's.

    Attributes:
        key: (row code, value column) of the cell.
        factor: what the cell is multiplied by before it is compared.
    """

    key: ValueKey
    factor: Decimal = Decimal(1)


@dataclass(frozen=True)
class KnownFigure:
    """A figure from elsewhere (an earlier period, another form); None when none was filed."""

    label_zh: str
    amount: Decimal | None


Figure = FormFigure | KnownFigure
Comparison = Literal["=", "<=", ">=", "<", ">"]


@dataclass(frozen=True)
class CheckTerm:
    """coefficient × function of figures; without figures the coefficient itself."""

    coefficient: Decimal
    function: Literal["sum", "max", "min", "sign"] = "sum"
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class FormCheck:
    """One in-form check: left, operator, right, and what a clerk is told about it.

    Attributes:
        relation_zh: both sides in words.
        severity_zh: what it means when it does not balance (强制性 and so on).
        advice_zh: what to do then.
        tolerance_abs, tolerance_rel: how far apart the sides may lie, the second by right.
        is_blank_zero: whether a blank counts as 0 instead of leaving the check open.
    """

    rule_id: str
    relation_zh: str
    severity_zh: str
    advice_zh: str
    left: tuple[CheckTerm, ...]
    operator: Comparison
    right: tuple[CheckTerm, ...]
    tolerance_abs: Decimal = Decimal(0)
    tolerance_rel: Decimal = Decimal(0)
    is_blank_zero: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure of both sides, from left to right, each once."""
        terms = (*self.left, *self.right)
        return tuple(dict.fromkeys(figure for term in terms for figure in term.figures))

    @property
    def is_comparable(self) -> bool:
        """Whether every figure that the clerk does not fill is known."""
        known = (figure for figure in self.figures if isinstance(figure, KnownFigure))
        return self.is_blank_zero or all(figure.amount is not None for figure in known)


@dataclass(frozen=True)
class Aids:
    """What a blank form brings along for the clerk: its checks and the figures filed before."""

    checks: tuple[FormCheck, ...] = ()
    comparisons: Comparisons | None = None


@dataclass(frozen=True)
class CheckFormulas:
    """The four computed cells of a check; left and right are blank until all figures are there."""

    left: str
    right: str
    difference: str
    verdict: str


class FormulaWriter:
    """Formulas over the cells of one workbook.

    Args:
        entries: absolute reference of each form element's cell.
        known: absolute reference of each known figure's cell.
    """

    def __init__(self, entries: Mapping[ValueKey, str], known: Mapping[KnownFigure, str]) -> None:
        self._entries, self._known = entries, known

    def formulas(self, check: FormCheck, difference_cell: str, right_cell: str) -> CheckFormulas:
        """The cells of a check whose figures are all known or to be filled.

        Args:
            check: the check.
            difference_cell: where its difference will stand.
            right_cell: where its right side will stand.
        """
        left, right = self._side(check.left, check), self._side(check.right, check)
        cells = [self._entries[f.key] for f in check.figures if isinstance(f, FormFigure)]
        holds = _holds(check, difference_cell, right_cell)
        verdict = f'IF({holds},"{BALANCED_ZH}","{UNBALANCED_ZH}")'
        if check.is_blank_zero or not cells:
            return CheckFormulas(
                f"={_rounded(left)}", f"={_rounded(right)}", f"={_rounded(f'{left}-({right})')}",
                f"={verdict}",
            )  # fmt: skip
        listed = ",".join(cells)
        is_open = f"COUNT({listed})<{len(cells)}"
        why = f'IF(COUNTA({listed})<{len(cells)},"{BLANK_ZH}","{NO_NUMBER_ZH}")'
        return CheckFormulas(
            f'=IF({is_open},"",{_rounded(left)})',
            f'=IF({is_open},"",{_rounded(right)})',
            f'=IF({is_open},"",{_rounded(f"{left}-({right})")})',
            f"=IF({is_open},{why},{verdict})",
        )

    def _side(self, terms: tuple[CheckTerm, ...], check: FormCheck) -> str:
        text = ""
        for term in terms:
            sign = "-" if term.coefficient < 0 else "+" if text else ""
            size = abs(term.coefficient)
            if not term.figures:
                text += f"{sign}{size:f}"
                continue
            figures = [self._figure(figure, check.is_blank_zero) for figure in term.figures]
            body = (
                figures[0]
                if term.function == "sum" and len(figures) == 1
                else f"{_FUNCTIONS[term.function]}({','.join(figures)})"
            )
            text += f"{sign}{body}" if size == 1 else f"{sign}{size:f}*{body}"
        return text or "0"

    def _figure(self, figure: Figure, is_blank_zero: bool) -> str:
        if isinstance(figure, KnownFigure):
            return self._known[figure] if figure.amount is not None else "0"
        cell = self._entries[figure.key]
        # N() is 0 for a blank and for a text, which a plain sum would answer with #VALUE!.
        filled = f"N({cell})" if is_blank_zero else cell
        return filled if figure.factor == 1 else f"{filled}*{figure.factor:f}"


def _rounded(side: str) -> str:
    return f"ROUND({side},{_PLACES})"


def _holds(check: FormCheck, difference: str, right: str) -> str:
    """The condition under which a check balances, its tolerance included."""
    allowed = f"{check.tolerance_abs:f}"
    if check.tolerance_rel:
        # Within the relative tolerance the sides count as equal, whatever the operator.
        width = f"{allowed}+{check.tolerance_rel:f}*ABS({right})"
        difference, allowed = f"IF(ABS({difference})<={width},0,{difference})", "0"
    if check.operator == "=":
        return f"ABS({difference})<={allowed}"
    if check.operator.startswith("<"):
        return f"{difference}{check.operator}{allowed}"
    return f"{difference}{check.operator}-{allowed}"
