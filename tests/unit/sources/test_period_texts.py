"""Periods in the spellings that counties use."""

import pytest

from sources.period_texts import asked_period, period_in_name, read_period, serial_day


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
        ("45717", "month"), ("25年3月", "month"), ("2024年1月至2025年3月", "month"),
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


@pytest.mark.parametrize(
    ("name", "frequency", "code"),
    [
        ("东河区2025年3月知识产权创造情况月报表.xlsx", "month", "2025-03"),
        ("强市知创月1表_东河区_2025-03.xlsx", "month", "2025-03"),
        ("150202_202503.csv", "month", "2025-03"),
        ("二〇二五年三月月报.xlsx", "month", "2025-03"),
        ("东河区2025年1—3月月报.xlsx", "month", "2025-03"),
        ("东河区2025年1-3月季报.xlsx", "quarter", "2025-Q1"),
        ("东河区2025年一季度.xlsx", "quarter", "2025-Q1"),
        ("季报2025Q1.xlsx", "quarter", "2025-Q1"),
        ("东河区2025年年报.xlsx", "year", "2025"),
        ("强市知能年1表_东河区_2025.xlsx", "year", "2025"),
        ("东河区2025年度年报（2026年1月报送）.xlsx", "year", "2025"),
        ("东河区2025年3月月报 2025.04.05.xlsx", "month", "2025-03"),
        ("东河区2025年3月月报（2025年4月3日）.xlsx", "month", "2025-03"),
        ("东河区月报 2025年4月报送.xlsx", "month", None),
        ("东河区月报 20250405.xlsx", "month", None),
        ("东河区月报 2025-04-05.xlsx", "month", None),
        ("东河区3月月报.xlsx", "month", None),
        ("2025年3月和2025年4月.xlsx", "month", None),
        ("东河区2025年3月.xlsx", "quarter", None),
        ("2026年报送.xlsx", "year", None),
        ("150202.xlsx", "month", None),
        ("150202.IP-M1.2025-12.v2.审核结果.xlsx", "month", "2025-12"),
        ("150000.refused.3e202511dc01.审核结果.xlsx", "month", None),
        ("", "month", None),
    ],
)
def test_the_period_a_files_name_tells(name: str, frequency: str, code: str | None) -> None:
    told = period_in_name(name, frequency)
    assert (told[1].code if told else None) == code


@pytest.mark.parametrize(
    ("text", "code", "is_running"),
    [
        ("2025", "2025", False), ("2025年", "2025", False), ("2025年度", "2025", False),
        ("2025-Q4", "2025-Q4", False), ("2025年四季度", "2025-Q4", False),
        ("2025年第4季度", "2025-Q4", False), ("2025年10—12月", "2025-Q4", False),
        ("2025年12月", "2025-12", False), ("2025-12", "2025-12", False),
        ("2025年上半年", "2025-S1", False), ("2025年7—12月", "2025-S2", False),
        ("2025年1—12月", "2025-12", True), ("2025年1-3月", "2025-03", True),
        ("2025年1月至1月", "2025-01", False),
        ("2020-12-16/2021-06-15", "2020-12-16/2021-06-15", False),
    ],
)  # fmt: skip
def test_a_person_asks_for_a_period_by_code_or_by_name(
    text: str, code: str, is_running: bool
) -> None:
    """No form is at hand to say how long a span is: from January on it is the year so far."""
    found = asked_period(text)
    assert found is not None
    assert (found[0].code, found[1]) == (code, is_running)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "四季度",
        "2025年五季度",
        "2025年2—4月",
        "2025-13",
        "去年",
        "2025-12-31",
        "2025年12月31日",
        "0000",
        "0000年1月",
        "0000-Q1",
        "0000年1—3月",
    ],
)
def test_what_names_no_period_is_not_guessed_for_a_person_either(text: str) -> None:
    assert asked_period(text) is None
