"""Who owes what and how late, and the text a unit is reminded with."""

from __future__ import annotations

from datetime import datetime

from warehouse.queries.reminders import Owed, reminder_text

NOW = datetime(2026, 1, 31, 23, 59, 59)


def owed(**changes: object) -> Owed:
    facts: dict[str, object] = {
        "city_code": "150400",
        "unit_code": "150402",
        "unit_name_zh": "红山区",
        "form_code": "M1",
        "form_zh": "知识产权创造月报",
        "period_code": "2025-12",
        "due_at": datetime(2026, 1, 12, 23, 59, 59),
        "extended_to": None,
        "days_late": 19,
        "state_zh": "未报送",
    }
    return Owed(**(facts | changes))  # type: ignore[arg-type]


def test_a_text_names_unit_forms_last_moment_and_days_late() -> None:
    text = reminder_text([owed(), owed(period_code="2025-Q4", state_zh="已退回", days_late=2)], NOW)
    for words in (
        "【催报】红山区：", "2 份报表逾期", "《知识产权创造月报》（M1）2025年12月：未报送",
        "应于 2026-01-12 23:59 前报送", "已逾期 19 天", "已退回", "零报告",
    ):  # fmt: skip
        assert words in text, words


def test_an_extension_is_named_beside_the_calendars_own_moment() -> None:
    text = reminder_text([owed(extended_to=datetime(2026, 1, 30, 17, 0), days_late=2)], NOW)
    assert "应于 2026-01-30 17:00 前报送（已延期，原定 2026-01-12 23:59）" in text


def test_nobody_is_reminded_of_what_is_not_late() -> None:
    assert reminder_text([owed(days_late=0)], NOW) == ""
    assert reminder_text([], NOW) == ""
