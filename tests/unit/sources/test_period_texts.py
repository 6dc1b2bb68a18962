"""Periods in the spellings that counties use."""

import pytest

from sources.period_texts import read_period, serial_day


@pytest.mark.parametrize(
    ("text", "frequency", "code"),
    [
        ("2025-03", "month", "2025-03"), ("2025年3月", "month", "2025-03"),
        ("２０２５年０３月份", "month", "2025-03"), ("2025 年 3 月", "month", "2025-03"),
        ("二〇二五年三月", "month", "2025-03"), ("二○二五年十二月份", "month", "2025-12"),
        ("二零二五年十月", "month", "2025-10"), ("2025.03", "month", "2025-03"),
        ("2025.3", "month", "2025-03"), ("2025.10", "month", "2025-10"),
        ("2025/3", "month", "2025-03"), ("202503", "month", "2025-03"),
        ("2025年1—3月", "month", "2025-03"), ("2025年1月至3月", "quarter", "2025-Q1"),
        ("2025年7-9月", "quarter", "2025-Q3"), ("2025年1-6月", "half", "2025-S1"),
        ("2025年1-12月", "year", "2025"), ("2025年一季度", "quarter", "2025-Q1"),
        ("2025年第四季度", "quarter", "2025-Q4"), ("2025Q1", "quarter", "2025-Q1"),
        ("二〇二五年二季度", "quarter", "2025-Q2"), ("2025年上半年", "half", "2025-S1"),
        ("2025年度", "year", "2025"), ("二〇二五年", "year", "2025"),
        ("2025-03-01", "month", "2025-03"), ("2025-03-31 00:00:00", "month", "2025-03"),
    ],
)  # fmt: skip
def test_a_period_is_read_in_every_usual_spelling(text: str, frequency: str, code: str) -> None:
    period = read_period(text, frequency)
    assert period is not None
    assert period.code == code


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("三月", "month"), ("2025-13", "month"), ("上个月", "month"), ("2025-03-15", "month"),
        ("2025-03-01", "quarter"), ("2025年2-4月", "quarter"), ("2025年3-5月", "month"),
        ("45717", "month"), ("25年3月", "month"),
    ],
)  # fmt: skip
def test_what_could_be_another_period_is_not_guessed(text: str, frequency: str) -> None:
    assert read_period(text, frequency) is None


def test_october_typed_as_a_number_is_not_read_as_january() -> None:
    """Excel keeps a typed 2025.10 as the number 2025.1."""
    assert read_period("2025.1", "month") is None


def test_a_day_count_is_told_as_the_day_it_usually_means() -> None:
    day = serial_day("45717")
    assert day is not None
    assert day.isoformat() == "2025-03-01"
    assert serial_day("2025") is None
