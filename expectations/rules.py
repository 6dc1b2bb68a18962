"""The rule registry: every rule is a row of `rules.csv`, checked when it is read.

A rule is valid by the period reported, not by the day received. `stage` says who judges: `reader`
rules stand for errors the readers raise, `expectation` rules are run by this room. Left, operator
and right mean: for structure and value rules columns of the cell frame (`frames.CELL_COLUMNS`) or
literals; for consistency rules expressions of element codes; for history rules expressions of the
statistics in `rule_words.HISTORY_NAMES`.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property

from expectations.errors import (
    DuplicateRuleError,
    ExpressionError,
    RuleError,
    TemplateError,
    UnknownCodeError,
    UnknownRuleError,
)
from expectations.expressions import Expression, NotAnExpressionError, parse
from expectations.rule_words import (
    CELL_COLUMNS,
    COMPARISONS,
    HISTORY_NAMES,
    MISSING_STRATEGIES,
    OPERATORS,
    PARAMETERS,
    PLACEHOLDERS,
    RECONCILED,
    RULE_KINDS,
    SEVERITIES,
    STAGES,
    SUBMISSION_COLUMNS,
)
from sources.definitions import Definitions


@dataclass(frozen=True)
class Condition:
    """One test of a history rule's selector: `kind=flow`, `unit!=万元`."""

    attribute: str
    is_equal: bool
    wanted: str


@dataclass(frozen=True)
class Rule:
    """One version of one rule."""

    rule_id: str
    rule_version: str
    stage: str
    rule_kind: str
    severity_code: str
    form_code: str | None
    target_element: str | None
    left: str
    operator: str
    right: str
    tolerance_abs: Decimal
    tolerance_rel: Decimal
    missing_strategy: str
    title_zh: str
    message_zh: str
    advice_zh: str
    source_zh: str
    valid_from: date
    valid_to: date | None
    parameters: tuple[Decimal, ...] = ()
    """Numbers by which the left column is computed, see `PARAMETERS`."""

    @property
    def key(self) -> str:
        """Name of this version in suites and frames."""
        return f"{self.rule_id}@{self.rule_version}"

    @property
    def is_of_submission(self) -> bool:
        """Whether the rule looks at the submission as a whole, not at a cell."""
        return self.rule_kind in ("structure", "history") and self.left in SUBMISSION_COLUMNS

    @cached_property
    def left_expression(self) -> Expression:
        """The left side, of consistency and history rules."""
        return parse(self.left)

    @cached_property
    def right_expression(self) -> Expression:
        """The right side, of consistency and history rules."""
        return parse(self.right)

    @property
    def target(self) -> str:
        """The element whose cell a consistency finding points at."""
        return self.target_element or self.left_expression.operands[0].name

    @property
    def selector(self) -> tuple[tuple[Condition, ...], ...]:
        """Which elements a history rule looks at: any of the alternatives, all of its conditions.

        A bare code is an element; `kind=`, `unit=` and their `!=` ask the element's definition.
        Nothing at all means every element.
        """
        alternatives = [text for text in (self.target_element or "").split("|") if text.strip()]
        return tuple(tuple(_condition(part) for part in text.split("&")) for text in alternatives)

    def valid_on(self, day: date) -> bool:
        """Whether the rule is valid for a period that begins on the day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def applies_to(self, form_code: str, period_start: date) -> bool:
        """Whether the rule is to be asked of a form for a period."""
        return self.form_code in (None, form_code) and self.valid_on(period_start)


def _condition(text: str) -> Condition:
    for sign, is_equal in (("!=", False), ("=", True)):
        attribute, found, wanted = text.strip().partition(sign)
        if found:
            return Condition(attribute.strip(), is_equal, wanted.strip())
    return Condition("element", True, text.strip())


class Rules:
    """All rules, checked against the definitions they name.

    Raises:
        RuleError: a row cannot stand; the error names the rule and says why.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules

    @classmethod
    def load(cls, definitions: Definitions) -> Rules:
        """The registry of these definitions.

        Raises:
            RuleError: for the first rule that cannot stand; the others are its notes.
        """
        rules, errors = _sorted_out(definitions)
        if errors:
            first, *others = (errors[index] for index in sorted(errors))
            for other in others:
                first.add_note(str(other))
            raise first
        return cls(rules)

    @staticmethod
    def errors_of(definitions: Definitions) -> dict[int, RuleError]:
        """Every rule that cannot stand, by its place in the table, with what is wrong first."""
        return _sorted_out(definitions)[1]

    def __iter__(self) -> Iterator[Rule]:
        """Every version of every rule, in the order of the table."""
        return iter(self.rules)

    def of_stage(self, stage: str) -> tuple[Rule, ...]:
        """The rules of one stage."""
        return tuple(rule for rule in self.rules if rule.stage == stage)

    def get(self, rule_id: str, on: date | None = None) -> Rule:
        """The version of a rule valid for a period that begins on a day, else the newest.

        Raises:
            UnknownRuleError: there is no such rule.
        """
        versions = [rule for rule in self.rules if rule.rule_id == rule_id]
        if not versions:
            raise UnknownRuleError(rule_id)
        valid = [rule for rule in versions if on is not None and rule.valid_on(on)]
        return max(valid or versions, key=lambda rule: rule.valid_from)

    @cached_property
    def by_key(self) -> Mapping[str, Rule]:
        """Rule versions by `Rule.key`."""
        return {rule.key: rule for rule in self.rules}


def _sorted_out(definitions: Definitions) -> tuple[tuple[Rule, ...], dict[int, RuleError]]:
    elements = frozenset(definitions.table("elements")["element_code"].to_list())
    forms = frozenset(definitions.table("forms")["form_code"].to_list())
    sound: list[Rule] = []
    errors: dict[int, RuleError] = {}
    for index, row in enumerate(definitions.table("rules").iter_rows(named=True)):
        try:
            rule = _read(row)
            _check(rule, elements, forms)
            _check_versions(rule, [other for other in sound if other.rule_id == rule.rule_id])
        except RuleError as error:
            errors[index] = error
        else:
            sound.append(rule)
    return tuple(sound), errors


def _read(row: Mapping[str, str | None]) -> Rule:
    rule_id = row["rule_id"] or "（空）"

    def text(name: str) -> str:
        return row[name] or ""

    def tolerance(name: str) -> Decimal:
        try:
            return Decimal(text(name) or "0")
        except InvalidOperation as error:
            raise RuleError(rule_id, f"{name}“{row[name]}”不是数") from error

    def day(name: str) -> date | None:
        try:
            return date.fromisoformat(text(name)) if row[name] else None
        except ValueError as error:
            raise RuleError(rule_id, f"{name}“{row[name]}”不是日期") from error

    left, parameters = _with_parameters(rule_id, text("left_expression"))
    if not row["rule_id"] or not row["rule_version"]:
        raise RuleError(rule_id, "缺少 rule_id 或 rule_version")
    return Rule(
        rule_id=rule_id,
        rule_version=text("rule_version"),
        stage=text("stage"),
        rule_kind=text("rule_kind"),
        severity_code=text("severity_code"),
        form_code=row["form_code"],
        target_element=row["target_element"],
        left=left,
        operator=text("operator"),
        right=text("right_expression"),
        tolerance_abs=tolerance("tolerance_abs"),
        tolerance_rel=tolerance("tolerance_rel"),
        missing_strategy=row["missing_strategy"] or "skip",
        title_zh=text("title_zh"),
        message_zh=text("message_zh"),
        advice_zh=text("advice_zh"),
        source_zh=text("source_zh"),
        valid_from=day("valid_from") or date.min,
        valid_to=day("valid_to"),
        parameters=parameters,
    )


def _with_parameters(rule_id: str, left: str) -> tuple[str, tuple[Decimal, ...]]:
    """A left side that is a column computed by numbers, and the numbers: `copied_pct(5;7;5)`."""
    name, _, rest = left.partition("(")
    if name not in PARAMETERS:
        return left, ()
    numbers = [_literal(part) for part in rest.removesuffix(")").split(";")]
    known = tuple(number for number in numbers if number is not None and number >= 0)
    if len(known) != len(numbers) or len(known) != len(PARAMETERS[name]) or not rest.endswith(")"):
        raise ExpressionError(rule_id, left, f"应为 {name}(…)，括号内 {len(PARAMETERS[name])} 个数")
    return name, known


def _check(rule: Rule, elements: frozenset[str], forms: frozenset[str]) -> None:
    for kind_zh, code, known in (
        ("阶段", rule.stage, STAGES),
        ("规则类别", rule.rule_kind, RULE_KINDS),
        ("严重程度", rule.severity_code, SEVERITIES),
        ("缺项处理方式", rule.missing_strategy, MISSING_STRATEGIES),
    ):
        if code not in known:
            raise UnknownCodeError(rule.rule_id, kind_zh, code)
    if rule.form_code and rule.form_code not in forms:
        raise UnknownCodeError(rule.rule_id, "报表", rule.form_code)
    _check_templates(rule)
    if rule.stage == "reader":
        return
    if rule.operator not in OPERATORS[rule.rule_kind]:
        raise UnknownCodeError(rule.rule_id, "运算符", rule.operator)
    if rule.rule_kind == "register":
        return
    if rule.rule_kind == "reconcile":
        if (rule.left, rule.right) != RECONCILED:
            raise UnknownCodeError(rule.rule_id, "比较项", f"{rule.left}、{rule.right}")
        return
    if rule.rule_kind in ("structure", "value") or rule.is_of_submission:
        _check_columns(rule)
    elif rule.rule_kind == "consistency":
        _check_names(rule, elements, "指标")
        if rule.target not in elements:
            raise UnknownCodeError(rule.rule_id, "指标", rule.target)
    else:
        _check_names(rule, HISTORY_NAMES, "历史量")
        _check_selector(rule, elements)


def _check_selector(rule: Rule, elements: frozenset[str]) -> None:
    for condition in (one for conditions in rule.selector for one in conditions):
        if condition.attribute not in ("kind", "unit", "element"):
            raise UnknownCodeError(rule.rule_id, "筛选条件", condition.attribute)
        if condition.attribute == "element" and condition.wanted not in elements:
            raise UnknownCodeError(rule.rule_id, "指标", condition.wanted)


def _check_templates(rule: Rule) -> None:
    for template in (rule.title_zh, rule.message_zh, rule.advice_zh):
        if not template:
            raise TemplateError(rule.rule_id, "标题、说明、建议不能为空")
        try:
            fields = string.Formatter().parse(template)
            named = {name for _, name, _, _ in fields if name is not None}
        except ValueError as error:
            raise TemplateError(rule.rule_id, f"“{template}”花括号不成对") from error
        if unknown := sorted(named - PLACEHOLDERS):
            raise TemplateError(rule.rule_id, f"未知的占位符“{'、'.join(unknown)}”")


def _check_columns(rule: Rule) -> None:
    columns = CELL_COLUMNS | SUBMISSION_COLUMNS
    if rule.left not in columns:
        raise UnknownCodeError(rule.rule_id, "检查列", rule.left)
    if rule.operator in COMPARISONS and rule.right not in columns and _literal(rule.right) is None:
        raise UnknownCodeError(rule.rule_id, "检查列", rule.right)
    if rule.operator in ("not_in", "matches") and not rule.right:
        raise RuleError(rule.rule_id, "缺少 right_expression")


def _check_names(rule: Rule, known: frozenset[str], kind_zh: str) -> None:
    for text in (rule.left, rule.right):
        try:
            expression = parse(text)
        except NotAnExpressionError as error:
            raise ExpressionError(rule.rule_id, text, str(error)) from error
        for operand in expression.operands:
            if operand.name not in known:
                raise UnknownCodeError(rule.rule_id, kind_zh, operand.name)
            if kind_zh != "指标" and operand.lag != "same":
                raise ExpressionError(rule.rule_id, text, "不能再取上期，请用 previous")
    if not parse(rule.left).operands:
        raise ExpressionError(rule.rule_id, rule.left, "没有指标")


def _check_versions(rule: Rule, others: Sequence[Rule]) -> None:
    for other in others:
        if other.rule_version == rule.rule_version:
            raise DuplicateRuleError(rule.rule_id, f"第 {rule.rule_version} 版重复")
        later, earlier = sorted((rule, other), key=lambda r: r.valid_from, reverse=True)
        if earlier.valid_on(later.valid_from):
            raise DuplicateRuleError(
                rule.rule_id, f"第 {earlier.rule_version}、{later.rule_version} 版有效期重叠"
            )


def _literal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
