"""Readers' refusals and releases' failed sums as finding rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from expectations.errors import UnknownRuleError
from expectations.findings import (
    FINDINGS_SCHEMA,
    finding_id,
    findings_frame,
    from_sheet_check,
    from_source_error,
    numeral,
)
from expectations.rules import Rules
from sources.contract import SheetCheck
from sources.errors import MissingColumn, SourceError

REFUSED = "150402.refused.0123456789ab"


def test_a_refusal_keeps_the_readers_own_words(rules: Rules) -> None:
    error = MissingColumn(["本月"], ["本月份"], sheet="报表", cell="D8")
    row = from_source_error(error, REFUSED, "150402", None, None, rules)
    assert row["rule_id"] == "S09"
    assert row["severity_code"] == "blocking"
    assert row["message_zh"] == error.told_zh
    assert row["advice_zh"] == error.advice_zh
    # Whoever shows a finding shows both, and says what to do once.
    assert error.advice_zh not in error.told_zh
    assert error.message_zh == f"{error.told_zh}。{error.advice_zh}。"
    assert (row["sheet"], row["cell"]) == ("报表", "D8")
    assert dict(findings_frame([row]).schema) == FINDINGS_SCHEMA


def test_a_refusal_of_a_period_before_the_rule_still_has_its_rule(rules: Rules) -> None:
    error = MissingColumn(["本月"])
    row = from_source_error(error, REFUSED, "150402", "IP-M1", "1999-01", rules)
    assert row["rule_version"] == "1"


def test_an_error_the_registry_does_not_know_raises(rules: Rules) -> None:
    with pytest.raises(UnknownRuleError):
        from_source_error(SourceError("无", "无"), REFUSED, None, None, None, rules)


def test_a_failed_sum_of_a_release_is_a_finding_at_its_cell(rules: Rules) -> None:
    check = SheetCheck(
        "A01", "csv", "D4", "150200", "patent_grants", "385", "384", "包头市合计 385，应为 384"
    )
    row = from_sheet_check(check, "150000.RA-M1.2024-01.v1", "150000", "RA-M1", "2024-01", rules)
    assert row["element_code"] == "patent_grants"
    assert row["message_zh"] == "包头市合计 385，应为 384"
    assert row["advice_zh"]


def test_the_id_is_of_the_place_and_the_rule() -> None:
    same = finding_id("s", "V01", "报表", "D8", "a")
    assert same == finding_id("s", "V01", "报表", "D8", "a")
    assert same != finding_id("s", "V02", "报表", "D8", "a")
    assert same != finding_id("s", "V01", "报表", "D9", "a")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("120.500000"), "120.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-10"), "0"),
        (Decimal("-0.0"), "0"),
        (12.0, "12"),
        (0.30000000000000004, "0.3"),
        (None, "—"),
    ],
)
def test_numbers_read_as_people_write_them(number: Decimal | float | None, text: str) -> None:
    assert numeral(number) == text
