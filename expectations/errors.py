"""What can be wrong with the rules themselves, or with the engine that runs them.

What was filed wrongly is never an exception here: that is a finding.
"""

from __future__ import annotations


class ExpectationError(Exception):
    """Base of all errors of this room."""


class RuleError(ExpectationError):
    """A row of the rule registry that cannot stand.

    Attributes:
        rule_id: the rule.
        problem_zh: what is wrong, in Chinese.
    """

    def __init__(self, rule_id: str, problem_zh: str) -> None:
        self.rule_id, self.problem_zh = rule_id, problem_zh
        super().__init__(f"rules.csv 规则 {rule_id}：{problem_zh}")


class DuplicateRuleError(RuleError):
    """The same rule id and version twice, or two versions valid on one day."""


class UnknownCodeError(RuleError):
    """A rule that names an element, form, operator, severity or column that does not exist."""

    def __init__(self, rule_id: str, kind_zh: str, code: str) -> None:
        self.code = code
        super().__init__(rule_id, f"未知的{kind_zh}“{code}”")


class ExpressionError(RuleError):
    """A left or right side that is no expression of the rule language."""

    def __init__(self, rule_id: str, expression: str, problem_zh: str) -> None:
        self.expression = expression
        super().__init__(rule_id, f"表达式“{expression}”{problem_zh}")


class TemplateError(RuleError):
    """A message or advice with a placeholder that nothing fills."""


class UnknownRuleError(ExpectationError):
    """A rule id that the registry does not hold.

    Attributes:
        rule_id: the id asked for.
    """

    def __init__(self, rule_id: str) -> None:
        self.rule_id = rule_id
        super().__init__(f"规则目录中没有规则 {rule_id}")


class ExpectationEngineError(ExpectationError):
    """The engine failed, which looks like a failed expectation and must never become a finding.

    Attributes:
        rule_id: the rule whose expectation broke.
    """

    def __init__(self, rule_id: str, detail: str) -> None:
        self.rule_id = rule_id
        super().__init__(f"rule {rule_id}: the validation engine failed: {detail}")


class AnsweringError(ExpectationError):
    """Not even a plain answer could be written: the answering processes do not work.

    Attributes:
        file_name: the answer that was to be written.
    """

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        super().__init__(f"the answering process could not write `{file_name}`")
