"""The registry refuses a row that could never be run as it is meant."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from expectations.errors import (
    DuplicateRuleError,
    ExpressionError,
    RuleError,
    TemplateError,
    UnknownCodeError,
    UnknownRuleError,
)
from expectations.rules import Rules
from sources.definitions import Definitions
from sources.errors import SOURCE_ERRORS

PLEDGE = {
    "rule_id": "T01",
    "rule_version": "1",
    "stage": "expectation",
    "rule_kind": "consistency",
    "severity_code": "verify",
    "left_expression": "pledge_firms",
    "operator": "<=",
    "right_expression": "pledge_items",
    "title_zh": "标题",
    "message_zh": "{item} 有误",
    "advice_zh": "请核对",
    "valid_from": "2021-01-01",
}


def with_rules(definitions: Definitions, *rows: dict[str, str]) -> Definitions:
    columns = definitions.table("rules").columns
    table = pl.DataFrame(
        [{name: row.get(name) for name in columns} for row in rows],
        schema=dict.fromkeys(columns, pl.String),
    )
    names = ("elements", "forms")
    return Definitions({"rules": table} | {n: definitions.table(n) for n in names})


def registry(definitions: Definitions, *rows: dict[str, str]) -> Rules:
    return Rules.load(with_rules(definitions, *rows))


def test_the_projects_own_rules_stand(rules: Rules) -> None:
    assert len(rules.rules) > 50


def test_every_reader_error_has_its_rule(rules: Rules) -> None:
    reader_rules = {rule.rule_id for rule in rules.of_stage("reader")}
    assert {error.rule_id for error in SOURCE_ERRORS} <= reader_rules


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"right_expression": "pledge_item"}, UnknownCodeError),
        ({"target_element": "nothing"}, UnknownCodeError),
        ({"operator": "=="}, UnknownCodeError),
        ({"severity_code": "fatal"}, UnknownCodeError),
        ({"stage": "later"}, UnknownCodeError),
        ({"rule_kind": "shape"}, UnknownCodeError),
        ({"missing_strategy": "guess"}, UnknownCodeError),
        ({"form_code": "XX-9"}, UnknownCodeError),
        ({"right_expression": "pledge_items /"}, ExpressionError),
        ({"left_expression": "3"}, ExpressionError),
        ({"message_zh": "{who} 有误"}, TemplateError),
        ({"message_zh": "{item 有误"}, TemplateError),
        ({"advice_zh": ""}, TemplateError),
        ({"tolerance_abs": "little"}, RuleError),
        ({"valid_from": "2021"}, RuleError),
        ({"rule_version": ""}, RuleError),
        ({"rule_kind": "value", "operator": "<=", "left_expression": "numbre"}, UnknownCodeError),
        (
            {"rule_kind": "value", "left_expression": "number", "right_expression": "x"},
            UnknownCodeError,
        ),
        (
            {"rule_kind": "history", "left_expression": "value", "right_expression": "mean"},
            UnknownCodeError,
        ),
        (
            {
                "rule_kind": "history",
                "left_expression": "value",
                "right_expression": "previous",
                "target_element": "colour=red",
            },
            UnknownCodeError,
        ),
        (
            {"rule_kind": "history", "left_expression": "value", "right_expression": "prev(value)"},
            ExpressionError,
        ),
    ],
)
def test_a_row_that_cannot_stand_is_refused(
    definitions: Definitions, change: dict[str, str], error: type[RuleError]
) -> None:
    with pytest.raises(error, match="T01"):
        registry(definitions, PLEDGE | change)


def test_every_rule_that_cannot_stand_is_named(definitions: Definitions) -> None:
    rows = [
        PLEDGE | {"rule_id": "T01", "severity_code": "fatal"},
        PLEDGE | {"rule_id": "T02"},
        PLEDGE | {"rule_id": "T03", "operator": "=="},
        PLEDGE | {"rule_id": "T02", "rule_version": "1"},
    ]
    errors = Rules.errors_of(with_rules(definitions, *rows))
    assert {place: error.rule_id for place, error in errors.items()} == {
        0: "T01",
        2: "T03",
        3: "T02",
    }
    with pytest.raises(RuleError, match="T01") as raised:
        registry(definitions, *rows)
    assert [note.count("T02") + note.count("T03") for note in raised.value.__notes__] == [1, 1]


def test_the_same_version_twice_is_refused(definitions: Definitions) -> None:
    with pytest.raises(DuplicateRuleError):
        registry(definitions, PLEDGE, PLEDGE)


def test_versions_that_overlap_are_refused(definitions: Definitions) -> None:
    with pytest.raises(DuplicateRuleError):
        registry(definitions, PLEDGE, PLEDGE | {"rule_version": "2", "valid_from": "2023-01-01"})


def test_the_version_is_the_one_valid_for_the_period(definitions: Definitions) -> None:
    rules = registry(
        definitions,
        PLEDGE | {"valid_to": "2023-01-01"},
        PLEDGE | {"rule_version": "2", "valid_from": "2023-01-01"},
    )
    assert rules.get("T01", date(2022, 12, 1)).rule_version == "1"
    assert rules.get("T01", date(2023, 1, 1)).rule_version == "2"
    assert rules.get("T01").rule_version == "2"


def test_an_unknown_rule_is_a_typed_error(rules: Rules) -> None:
    with pytest.raises(UnknownRuleError):
        rules.get("Z99")
