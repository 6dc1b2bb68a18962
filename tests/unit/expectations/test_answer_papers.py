"""The report as JSON and the page to print: whole, escaped, and in the shape others read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from expectations.answers.ess import report_entries, report_json
from expectations.answers.page import page
from expectations.rules import Rules
from tests.unit.expectations.letters import SUBMISSION, found, letter

TEXT, ANY = str, object
EVENT = {"time": TEXT, "actor": TEXT, "agent": ANY, "trigger": ANY}
DATA = {"source": list, "target": list, "description": TEXT}
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "validation": {
        "id": TEXT, "type": TEXT, "event": EVENT, "data": DATA, "value": TEXT,
        "rule": {"language": TEXT, "expression": TEXT, "severity": TEXT, "description": TEXT},
    },
    "aggregation": {
        "id": TEXT, "type": TEXT, "event": EVENT, "data": DATA, "value": TEXT,
        "aggregate": {"language": TEXT, "expression": TEXT, "description": TEXT},
    },
}  # fmt: skip
"""The shape of the ESS validation report, in our own words."""


def assert_shaped(value: Any, shape: Any) -> None:
    if isinstance(shape, Mapping):
        assert isinstance(value, dict)
        for name, part in shape.items():
            assert name in value, name
            assert_shaped(value[name], part)
    else:
        assert isinstance(value, shape)


def test_every_entry_has_the_shape_of_its_type(rules: Rules) -> None:
    entries = report_entries(
        letter(found(), found(None, sheet=None, rule_id="S01", element_code=None)), rules
    )
    for entry in entries:
        assert_shaped(entry, SHAPES[entry["type"]])
        for side in ("source", "target"):
            assert all(isinstance(key, list) and key for key in entry["data"][side])
    findings = [entry for entry in entries if entry["type"] == "validation"]
    assert {entry["value"] for entry in findings} == {"0"}
    assert {entry["rule"]["severity"] for entry in findings} == {"error"}
    assert all(re.fullmatch(r"\d{8}T\d{6}\+0800", entry["event"]["time"]) for entry in entries)


def test_severities_are_said_in_the_reports_own_three_words(rules: Rules) -> None:
    codes = ("blocking", "quasi_blocking", "verify", "info")
    entries = report_entries(letter(*(found(severity_code=code) for code in codes)), rules)
    told = [entry["rule"]["severity"] for entry in entries if "rule" in entry]
    assert told == ["error", "error", "warning", "information"]


def test_a_rule_that_compares_names_what_it_compared(rules: Rules) -> None:
    rule = next(rule for rule in rules if rule.rule_kind == "consistency")
    one = found(rule_id=rule.rule_id, rule_version=rule.rule_version, element_code=rule.target)
    [entry, _] = report_entries(letter(one), rules)
    names = {key[3] for key in entry["data"]["source"]}
    sides = (rule.left_expression, rule.right_expression)
    assert names == {operand.name for side in sides for operand in side.operands}
    assert entry["data"]["target"] == [["150402", "IP-M1", "2025-12", rule.target]]


def test_a_clean_report_says_so_rather_than_being_empty(rules: Rules) -> None:
    [entry] = json.loads(report_json(letter(), rules))
    assert (entry["type"], entry["value"]) == ("aggregation", "0")


def test_the_report_holds_every_finding(rules: Rules) -> None:
    many = [found(f"D{row}", finding_id=str(row)) for row in range(1, 1501)]
    entries = json.loads(report_json(letter(*many), rules))
    assert len(entries) == 1501
    assert entries[-1]["value"] == "1500"


def test_the_page_needs_nothing_from_outside_and_prints_on_a4() -> None:
    text = page(letter(found()))
    assert "http" not in text
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(|\bsrc=|\bhref=", text)
    assert "@page{size:A4" in text


def test_the_page_shows_facts_findings_values_and_what_is_next() -> None:
    text = page(letter(found(earlier_zh="上期说明（2025年11月）：集中办理"), is_synthetic=True))
    for words in (
        "审核结果（演示数据）", SUBMISSION, "ABCD-2345", "审核未通过", "工作表“报表”单元格 D8",
        "约十二", "请只填数字", "上期说明（2025年11月）：集中办理", "请改正后重新报送。",
        "专利授权量合计", "未采用：约十二",
    ):  # fmt: skip
        assert words in text, words


def test_the_page_says_what_was_corrected() -> None:
    text = page(
        letter(corrected=[found(message_zh="合计不等于分项之和")], against_zh="已更正 1 条。")
    )
    assert "与上一版相比" in text
    assert "合计不等于分项之和" in text
    assert "与上一版相比" not in page(letter())


def test_what_was_filed_is_escaped_on_the_page() -> None:
    mean = "<script>alert(1)</script>"
    text = page(letter(found(value_text=mean, message_zh=mean, sheet=mean, earlier_zh=mean)))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") >= 4
