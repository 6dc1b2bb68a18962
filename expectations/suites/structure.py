"""Structure: what must be filled, and what is asked of a submission as a whole."""

from __future__ import annotations

import polars as pl

from expectations.rules import Rule
from expectations.suites.checks import Check, column_check


def add_checks(frame: pl.DataFrame, rules: list[Rule]) -> tuple[pl.DataFrame, list[Check]]:
    """The structure rules over the frame's own columns."""
    checks = []
    for rule in rules:
        if rule.rule_kind == "structure" or rule.is_of_submission:
            frame, check = column_check(frame, rule)
            checks.append(check)
    return frame, checks
