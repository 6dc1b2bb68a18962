"""The rules a clerk can see while filling: consistency rules as checks inside the blank form.

What lives here: which rules a form of a period has, and which cell or earlier figure each of their
names is. How a check becomes a formula is the template writer's. The night asks the same rules of
what was filed; the form only shows beforehand what they will say.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import polars as pl

from expectations.expressions import Expression, Operand, Term
from expectations.reference import past_frame
from expectations.rules import Rule, Rules
from sources.definitions import Definitions, FormElement, FormVersion, Unit
from sources.periods import MONTHS_IN, Period, index_in_year, previous, same_period_last_year
from sources.templates import (
    LAST_YEAR,
    PREVIOUS,
    Aids,
    CheckTerm,
    Comparison,
    Comparisons,
    Figure,
    FormCheck,
    FormFigure,
    KnownFigure,
)
from sources.vocabulary import SEVERITY_ZH

Amounts = Mapping[tuple[str, str], Decimal]
"""A unit's amounts by (element, period code), in the element's own unit."""

SIGNS_ZH: Mapping[str, str] = {"=": "＝", "<=": "≤", ">=": "≥", "<": "＜", ">": "＞"}


def amounts_of(unit: Unit, history: pl.DataFrame, definitions: Definitions) -> Amounts:
    """What a unit filed before, out of the history the rules themselves are given."""
    own = history.filter(pl.col("unit_code") == unit.unit_code)
    past = past_frame(own, definitions).select("element_code", "period_code", "amount")
    return {(element, period): amount for element, period, amount in past.iter_rows()}


def aids_of(
    rules: Rules, definitions: Definitions, form: FormVersion, period: Period, amounts: Amounts
) -> Aids:
    """The checks of a form and period, and the figures filed before, for the blank form."""
    translator = _Translator(definitions, form, period, amounts)
    checks = tuple(
        translator.check(rule)
        for rule in rules.of_stage("expectation")
        if rule.rule_kind == "consistency"
        and rule.applies_to(form.form_code, period.start)
        and rule.target in translator.elements
    )
    return Aids(checks, _comparisons(definitions, form, period, amounts))


def _comparisons(
    definitions: Definitions, form: FormVersion, period: Period, amounts: Amounts
) -> Comparisons:
    """The period before and the same period last year, which for yearly forms are one."""
    if period.period_type not in MONTHS_IN:
        return {}
    asked = {PREVIOUS: previous(period)}
    if period.period_type != "year":
        asked[LAST_YEAR] = same_period_last_year(period)
    elements = definitions.form_elements(form.form_code, form.form_version)
    return {
        role: {
            (element.row_code, element.value_column): amount / Decimal(element.unit_factor)
            for element in elements
            if (amount := amounts.get((element.element_code, when.code))) is not None
        }
        for role, when in asked.items()
    }


class _Translator:
    """Rules of one form and period in terms of its cells."""

    def __init__(
        self, definitions: Definitions, form: FormVersion, period: Period, amounts: Amounts
    ) -> None:
        self._period, self._amounts = period, amounts
        self.elements: dict[str, FormElement] = {}
        for element in definitions.form_elements(form.form_code, form.form_version):
            # An element that a form asks for twice is judged by its first cell, as in the night.
            self.elements.setdefault(element.element_code, element)
        self._names = dict(
            definitions.table("elements").select("element_code", "element_zh").iter_rows()
        )

    def check(self, rule: Rule) -> FormCheck:
        """A rule as an in-form check."""
        left, right = rule.left_expression, rule.right_expression
        words = (one.in_words(self._name_in_form) for one in (left, right))
        relation = f" {SIGNS_ZH[rule.operator]} ".join(words)
        if rule.tolerance_abs or rule.tolerance_rel:
            relation += f"（{_tolerance_zh(rule)}）"
        return FormCheck(
            rule_id=rule.rule_id,
            relation_zh=relation,
            severity_zh=SEVERITY_ZH[rule.severity_code],
            advice_zh=rule.advice_zh,
            left=self._side(left),
            operator=cast(Comparison, rule.operator),
            right=self._side(right),
            tolerance_abs=rule.tolerance_abs,
            tolerance_rel=rule.tolerance_rel,
            is_blank_zero=rule.missing_strategy == "never_skip",
        )

    def _side(self, expression: Expression) -> tuple[CheckTerm, ...]:
        return tuple(self._term(term) for term in expression.terms)

    def _term(self, term: Term) -> CheckTerm:
        figures = tuple(self._figure(operand) for operand in term.operands)
        return CheckTerm(term.coefficient, term.function, figures)

    def _figure(self, operand: Operand) -> Figure:
        element = self.elements.get(operand.name)
        if operand.lag == "same" and element is not None:
            key = element.row_code, element.value_column
            return FormFigure(key, Decimal(element.unit_factor))
        asked = self._period if operand.lag == "same" else previous(self._period)
        label = f"{self._names[operand.name]}（{asked.label_zh}）"
        if operand.lag == "ytd_before" and index_in_year(self._period) == 1:
            return KnownFigure(f"{label}：年初为 0", Decimal(0))
        return KnownFigure(label, self._amounts.get((operand.name, asked.code)))

    def _name_in_form(self, code: str) -> str:
        """An element's name, led by its row where the form has one: 01 专利授权量."""
        element = self.elements.get(code)
        name = self._names[code]
        return f"[{element.row_code}]{name}" if element is not None else name


def _tolerance_zh(rule: Rule) -> str:
    parts = []
    if rule.tolerance_abs:
        parts.append(f"{rule.tolerance_abs:f}")
    if rule.tolerance_rel:
        parts.append(f"{rule.tolerance_rel * 100:f}%")
    return f"允许相差 {'加'.join(parts)}"
