"""The validation report of one submission as JSON, in the shape of the ESS validation report 1.0.1.

That shape is a list of entries: a validation with event (time, actor, agent, trigger), rule
(language, expression, severity), data (source and target, each a list of keys made of parts) and a
value "0", "1" or "NA"; and aggregations of them. Every finding is a validation with value "0"; one
aggregation counts them, so that an empty list cannot be taken for a whole one. What else a reader
of ours wants stands under `qiangshi`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from expectations.answers.letter import FoundItem, Letter
from expectations.rules import Rule, Rules

LANGUAGE = "qiangshi rules.csv"
ACTOR = "qiangshi"
_SEVERITY: Mapping[str, str] = {
    "blocking": "error",
    "quasi_blocking": "error",
    "verify": "warning",
    "info": "information",
}


def report_entries(letter: Letter, rules: Rules) -> list[dict[str, Any]]:
    """The entries of a submission's report."""
    entries = [_validation(letter, one, rules) for one in letter.findings]
    return [*entries, _aggregation(letter)]


def report_json(letter: Letter, rules: Rules) -> str:
    """The report as a JSON document, one entry a line."""
    entries = (json.dumps(one, ensure_ascii=False) for one in report_entries(letter, rules))
    return "[\n" + ",\n".join(entries) + "\n]\n"


def _event(letter: Letter, agent: str) -> dict[str, str]:
    at = letter.checked_at
    return {
        # Business time is Asia/Shanghai wall time; a reader elsewhere needs the offset.
        "time": at.strftime("%Y%m%dT%H%M%S+0800") if at else "",
        "actor": ACTOR,
        "agent": agent,
        "trigger": letter.submission_id,
    }


def _validation(letter: Letter, one: FoundItem, rules: Rules) -> dict[str, Any]:
    rule = _rule(rules, one)
    target = _key(letter, one.element_code)
    sources = [target]
    if rule is not None and rule.rule_kind == "consistency":
        sources = [
            [*_key(letter, operand.name), operand.lag]
            for side in (rule.left_expression, rule.right_expression)
            for operand in side.operands
        ]
    return {
        "id": one.finding_id,
        "type": "validation",
        "event": _event(letter, rule.stage if rule else "reader"),
        "rule": {
            "language": LANGUAGE,
            "expression": _expression(one, rule),
            "severity": _SEVERITY.get(one.severity_code, "error"),
            "description": rule.title_zh if rule else one.rule_id,
        },
        "data": {
            "source": sources,
            "target": [target],
            "description": one.place_zh or "整个文件",
        },
        "value": "0",
        "qiangshi": {
            "rule_id": one.rule_id,
            "severity_code": one.severity_code,
            "sheet": one.sheet,
            "cell": one.cell,
            "value_text": one.value_text,
            "expected_text": one.expected_text,
            "message_zh": one.message_zh,
            "advice_zh": one.advice_zh,
            "status_code": one.status_code,
            "notes_zh": list(one.notes_zh),
        },
    }


def _aggregation(letter: Letter) -> dict[str, Any]:
    return {
        "id": f"{letter.submission_id}#findings",
        "type": "aggregation",
        "event": _event(letter, "expectation"),
        "aggregate": {
            "language": LANGUAGE,
            "expression": 'count(value == "0")',
            "description": "本报送件不符合规则的次数；规则执行次数见当夜的审核报告",
        },
        "data": {
            "source": [[one.finding_id] for one in letter.findings],
            "target": [_key(letter, None)],
            "description": letter.tally_zh,
        },
        "value": str(len(letter.findings)),
        "qiangshi": {
            "facts_zh": dict(letter.facts),
            "next_zh": letter.next_zh,
            "against_zh": letter.against_zh,
            "corrected": [one.finding_id for one in letter.corrected],
        },
    }


def _key(letter: Letter, element: str | None) -> list[str]:
    parts = (letter.unit_code, letter.form_code, letter.period_code, element)
    return [part or "" for part in parts]


def _rule(rules: Rules, one: FoundItem) -> Rule | None:
    if one.rule_version:
        return rules.by_key.get(f"{one.rule_id}@{one.rule_version}")
    return next((rule for rule in rules if rule.rule_id == one.rule_id), None)


def _expression(one: FoundItem, rule: Rule | None) -> str:
    if rule is None or rule.stage == "reader":
        return one.rule_id
    return f"{rule.left} {rule.operator} {rule.right}".strip()
