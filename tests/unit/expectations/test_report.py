"""The night's report opens anywhere, shows everything and leaks nothing."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from expectations.findings import FINDINGS_SCHEMA
from expectations.report import Names, write_report
from expectations.rules import Rules
from expectations.runner import EVALUATED_SCHEMA

NOW = datetime(2026, 1, 31, 23, 59, 59)
SUBMISSIONS = pl.DataFrame(
    {
        "submission_id": ["150402.IP-Q2.2025-Q1.v1", "150402.IP-Q3.2025-Q1.v1"],
        "unit_code": ["150402"] * 2,
        "city_code": ["150400"] * 2,
        "form_code": ["IP-Q2", "IP-Q3"],
        "period_code": ["2025-Q1"] * 2,
    }
)
NAMES = Names({"150400": "赤峰市"}, {"150402": "红山区"}, {"IP-Q2": "运用情况季报表"})


def finding(number: int, **changes: str | None) -> dict[str, str | None]:
    return {
        "finding_id": f"{number:040d}",
        "rule_id": "V02",
        "rule_version": "1",
        "severity_code": "blocking",
        "submission_id": "150402.IP-Q2.2025-Q1.v1",
        "unit_code": "150402",
        "form_code": "IP-Q2",
        "period_code": "2025-Q1",
        "sheet": "报表",
        "cell": f"D{number}",
        "element_code": "pledge_items",
        "value_text": "约十二",
        "expected_text": "数值",
        "message_zh": "不是数值",
        "advice_zh": "请只填数字",
    } | changes


def page(tmp_path: Path, rules: Rules, findings: list[dict[str, str | None]]) -> str:
    path = tmp_path / "report.html"
    evaluated = pl.DataFrame(
        [("V02", "IP-Q2", 40, len(findings), 3)], schema=EVALUATED_SCHEMA, orient="row"
    )
    write_report(
        path,
        SUBMISSIONS,
        pl.DataFrame(findings, schema=FINDINGS_SCHEMA),
        evaluated,
        rules,
        NOW,
        NAMES,
    )
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_outside(tmp_path: Path, rules: Rules) -> None:
    text = page(tmp_path, rules, [finding(1)])
    assert "http" not in text
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(|\bsrc=|\bhref=", text)


def test_what_was_filed_is_escaped(tmp_path: Path, rules: Rules) -> None:
    text = page(tmp_path, rules, [finding(1, value_text="<script>alert(1)</script>", cell="D&1")])
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "D&amp;1" in text


def test_every_row_is_listed(tmp_path: Path, rules: Rules) -> None:
    text = page(tmp_path, rules, [finding(number) for number in range(1, 1201)])
    assert text.count("请只填数字") == 1200
    assert "不是数值：1200 条" in text


@pytest.mark.parametrize(
    "words",
    [
        "赤峰市（150400）",
        "红山区（150402）",
        "运用情况季报表（IP-Q2）",
        "强制性",
        "<td class=n>40</td>",
        "<td class=n>3</td>",
        "2026-01-31",
    ],
)
def test_totals_and_names_are_shown(tmp_path: Path, rules: Rules, words: str) -> None:
    assert words in page(tmp_path, rules, [finding(1)])


def test_a_night_without_findings_says_so(tmp_path: Path, rules: Rules) -> None:
    assert "没有发现问题" in page(tmp_path, rules, [])


def test_a_refused_file_without_identity_is_listed(tmp_path: Path, rules: Rules) -> None:
    refused = finding(
        1,
        rule_id="S01",
        submission_id="150402.refused.0123456789ab",
        form_code=None,
        period_code=None,
        sheet=None,
        cell=None,
        element_code=None,
        value_text=None,
    )
    assert "（未识别）" in page(tmp_path, rules, [refused])
