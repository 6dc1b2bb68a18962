"""A letter and its findings in a few literal words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from expectations.answers.letter import FoundItem, Letter, ReadValue

SUBMISSION = "150402.IP-M1.2025-12.v1"


def found(cell: str | None = "D8", **changes: Any) -> FoundItem:
    """A blocking finding on the form's sheet."""
    facts: dict[str, Any] = {
        "finding_id": f"f-{cell}",
        "rule_id": "V02",
        "rule_version": "1",
        "severity_code": "blocking",
        "sheet": "报表",
        "cell": cell,
        "element_code": "patents_granted",
        "value_text": "约十二",
        "expected_text": "以“件”计的整数",
        "message_zh": "不是数值",
        "advice_zh": "请只填数字",
    }
    return FoundItem(**(facts | changes))


def letter(*findings: FoundItem, **changes: Any) -> Letter:
    """A letter about one submission."""
    facts: dict[str, Any] = {
        "submission_id": SUBMISSION,
        "facts": (("回执编号", SUBMISSION), ("短码", "ABCD-2345")),
        "next_zh": "请改正后重新报送。",
        "state_zh": "审核未通过",
        "findings": findings,
        "values": (ReadValue("01", "专利授权量合计", "件", "D8", "约十二", None),),
        "unit_code": "150402",
        "form_code": "IP-M1",
        "period_code": "2025-12",
        "checked_at": datetime(2026, 1, 10, 9, 0),
    }
    return Letter(**(facts | changes))
