"""The bridge gives exactly the rows a plain filter gives, and never takes a breakdown for data."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest

from expectations.engine import _positions, failing_rows
from expectations.errors import ExpectationEngineError
from expectations.rules import Rules
from expectations.suites.checks import Check

ROWS = 3000


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    draw = random.Random(7)

    def maybe(value: object) -> object:
        return None if draw.random() < 0.2 else value

    return pl.DataFrame(
        {
            "word": [maybe(draw.choice(["3", "-3", "3.5", "x"])) for _ in range(ROWS)],
            "issue": [maybe(draw.choice(["percent", "formula"])) for _ in range(ROWS)],
            "a": [maybe(float(draw.randint(-5, 5))) for _ in range(ROWS)],
            "b": [maybe(float(draw.randint(-5, 5))) for _ in range(ROWS)],
        }
    )


def numbered(rules: Rules, *checks: Check) -> list[Check]:
    """The checks under rule versions of their own."""
    return [
        replace(check, rule=replace(rules.rules[0], rule_id=f"T{n:02d}"), evaluated=1)
        for n, check in enumerate(checks)
    ]


A, B = pl.col("a"), pl.col("b")


def test_counts_equal_a_plain_filter(frame: pl.DataFrame, rules: Rules) -> None:
    rule = rules.rules[0]
    cases = [
        (Check(rule, "not_null", "word"), pl.col("word").is_null()),
        (Check(rule, "not_in", "issue", values=("percent",)), pl.col("issue") == "percent"),
        (
            Check(rule, "matches", "word", values=("^-?[0-9]+$",)),
            ~pl.col("word").str.contains("^-?[0-9]+$"),
        ),
        (Check(rule, "pair_equal", "a", "b"), A != B),
        (Check(rule, "pair_at_least", "a", "b"), A < B),
        (Check(rule, "pair_at_least", "a", "b", is_strict=True), A <= B),
        (Check(rule, "between", "a", minimum=-2.0, maximum=3.0), (A < -2) | (A > 3)),
        (Check(rule, "between", "a", maximum=3.0), A > 3),
        (
            Check(rule, "between", "a", minimum=-2.0, maximum=3.0, is_strict=True),
            (A <= -2) | (A >= 3),
        ),
    ]
    checks = numbered(rules, *(check for check, _ in cases))
    found = failing_rows(frame, checks)
    indexed = frame.with_row_index()
    for check, (_, is_wrong) in zip(checks, cases, strict=True):
        assert sorted(found[check.rule.key]) == indexed.filter(is_wrong)["index"].to_list()
        assert found[check.rule.key], "a case in which nothing fails proves nothing"


def test_a_column_without_any_value_fails_nowhere(rules: Rules) -> None:
    empty = pl.DataFrame({"a": [None, None]}, schema={"a": pl.Float64})
    (check,) = numbered(rules, Check(rules.rules[0], "between", "a", minimum=0.0))
    assert failing_rows(empty, [check]) == {check.rule.key: []}


def test_a_check_that_cannot_run_raises(frame: pl.DataFrame, rules: Rules) -> None:
    (check,) = numbered(rules, Check(rules.rules[0], "between", "word", minimum=0.0))
    with pytest.raises(ExpectationEngineError, match="T00"):
        failing_rows(frame, [check])


def test_nothing_asked_starts_no_engine(frame: pl.DataFrame, rules: Rules) -> None:
    assert failing_rows(frame, [Check(rules.rules[0], "between", "missing", minimum=0.0)]) == {}


def result(**content: object) -> SimpleNamespace:
    info = {"raised_exception": False}
    return SimpleNamespace(result=content, exception_info=info)


def test_positions_fewer_than_counted_raise() -> None:
    with pytest.raises(ExpectationEngineError, match="3 rows failed but 2"):
        _positions("T00@1", result(unexpected_count=3, unexpected_index_list=[0, 1]))


def test_a_result_without_a_count_raises() -> None:
    with pytest.raises(ExpectationEngineError, match="no count"):
        _positions("T00@1", result())


def test_an_exception_kept_per_metric_raises() -> None:
    broken = result(unexpected_count=0)
    broken.exception_info = {"metric": {"raised_exception": True, "exception_message": "boom"}}
    with pytest.raises(ExpectationEngineError, match="boom"):
        _positions("T00@1", broken)
