"""The closed lists of the rule registry: stages, kinds, operators and the names a rule may use."""

from __future__ import annotations

from collections.abc import Mapping

from sources.vocabulary import SEVERITY_ZH

SEVERITIES: tuple[str, ...] = tuple(SEVERITY_ZH)
STAGES: tuple[str, ...] = ("reader", "expectation", "register")
RULE_KINDS: tuple[str, ...] = (
    "structure", "value", "consistency", "history", "register", "reconcile",
)  # fmt: skip
COMPARISONS: Mapping[str, str] = {
    "=": "等于",
    "<=": "不大于",
    ">=": "不小于",
    "<": "小于",
    ">": "大于",
}
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "structure": ("not_null", "not_in", "matches", *COMPARISONS),
    "value": ("not_null", "not_in", "matches", *COMPARISONS),
    "consistency": tuple(COMPARISONS),
    "history": (*COMPARISONS, "within_factor"),
    "register": ("not_in", "only_where", "unique_across_units", *COMPARISONS),
    "reconcile": ("=",),
}
MISSING_STRATEGIES: tuple[str, ...] = ("skip", "never_skip")
CELL_COLUMNS: frozenset[str] = frozenset(
    {
        "entry",
        "issue_code",
        "number",
        "floor",
        "count_text",
        "decimals_used",
        "decimals_allowed",
        "min_value",
        "max_value",
        "nil_number",
    }
)
SUBMISSION_COLUMNS: frozenset[str] = frozenset(
    {
        "period_type",
        "frequency",
        "period_start",
        "period_end",
        "business_date",
        "copied_pct",
    }
)
RECONCILED = ("filed", "counted")
"""What a reconcile rule compares: an element as the summary form has it, and as a register counts
it."""
HISTORY_NAMES: frozenset[str] = frozenset({"value", "previous", "median", "usual", "spread"})
PLACEHOLDERS: frozenset[str] = frozenset(
    {
        "item",
        "value",
        "expected",
        "unit",
        "period",
        "previous",
        "difference",
        "left",
        "right",
        "formula",
        "median",
        "usual",
        "ratio",
        "form",
        "sheet",
        "cell",
        "message",
    }
)

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "copied_pct": ("cells", "digits", "digits of the period just before"),
}
"""Columns that are computed by numbers which the rule gives: `copied_pct(5;7;5)`."""
