"""Numbers as counties write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.definitions import Definitions
from sources.numbers import canonical, number_as_text, parse_filed, parse_number

MARKS = Definitions.load().marks


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"), ("12", "12"), ("007", "7"), ("1234.50", "1234.5"), ("-3", "-3"), ("−3", "-3"),
        ("+2.79", "2.79"), ("1,234", "1234"), ("12,345,678.9", "12345678.9"), (" 1 234 ", "1234"),
        ("-0", "0"), ("0.0", "0"), ("123456789012345", "123456789012345"),
    ],
)  # fmt: skip
def test_a_plain_number_is_read_exactly(text: str, number: str) -> None:
    parsed = parse_number(text)
    assert (parsed.number_text, parsed.issue) == (number, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("１２３", "123"),
        ("１，２３４", "1234"),
        ("－５", "-5"),
        ("3．17", "3.17"),
        ("1，234", "1234"),
    ],
)
def test_full_width_characters_are_read_and_noted(text: str, number: str) -> None:
    parsed = parse_number(text)
    assert (parsed.number_text, parsed.issue) == (number, "full_width")


@pytest.mark.parametrize("text", ["-", "—", "——", "–", "－", "无", "/", "…", "……", "...", "N/A"])
def test_a_missing_mark_is_no_number_and_never_zero(text: str) -> None:
    parsed = parse_number(text, MARKS)
    assert (parsed.number, parsed.issue, parsed.mark) == (None, "missing_mark", text)


def test_a_mark_that_is_no_row_of_the_table_is_no_missing_mark() -> None:
    assert parse_number("—").issue == "not_a_number"


@pytest.mark.parametrize("text", [None, "", "  ", "\u3000"])
def test_a_blank_is_blank_and_never_zero(text: str | None) -> None:
    assert (parse_number(text).number, parse_number(text).issue) == (None, "blank")


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("95.3%", "percent"), ("95.3％", "percent"), ("5‰", "percent"),
        ("3.17亿", "unit_suffix"), ("6万件", "unit_suffix"), ("12 件", "unit_suffix"),
        ("约100", "not_a_number"), ("近400", "not_a_number"), ("3—5", "not_a_number"),
        ("1,2345", "not_a_number"), ("12,34", "not_a_number"), ("1.2.3", "not_a_number"),
        ("1e5", "not_a_number"), ("#N/A", "not_a_number"), ("一百", "not_a_number"),
        ("2025-03-01", "not_a_number"), ("9" * 65, "not_a_number"), ("1、234", "not_a_number"),
    ],
)  # fmt: skip
def test_what_only_the_filer_knows_stays_text_with_its_reason(text: str, issue: str) -> None:
    parsed = parse_number(text)
    assert (parsed.number, parsed.issue) == (None, issue)


@pytest.mark.parametrize(
    ("number", "text"),
    [(12.0, "12"), (0.1 + 0.2, "0.3"), (0.953, "0.953"), (1e15, "1000000000000000"),
     (123456789012345.0, "123456789012345"), (1e-7, "0.0000001"), (-2.5, "-2.5"), (0.0, "0")],
)  # fmt: skip
def test_a_workbook_number_is_its_fifteen_digits(number: float, text: str) -> None:
    assert number_as_text(number) == text


LARGEST = 10**15 - 1


@given(st.decimals(-LARGEST, LARGEST, allow_nan=False, allow_infinity=False, places=4))
def test_every_canonical_numeral_is_read_back_as_the_same_number(number: Decimal) -> None:
    parsed = parse_number(canonical(number))
    assert parsed.number == number
    assert parsed.number_text == canonical(number)


@pytest.mark.parametrize("text", ["12①", "5²", "12 34", "3 5.2", "12\n34", "٣", "1234567890123456"])
def test_a_text_that_only_looks_like_a_number_is_not_changed_into_one(text: str) -> None:
    parsed = parse_number(text)
    assert (parsed.number, parsed.issue) == (None, "not_a_number")


@pytest.mark.parametrize(
    ("text", "unit", "number", "issue"),
    [
        ("12件", "件", "12", "unit_spelled"),
        ("1,234 件", "件", "1234", "unit_spelled"),
        ("１２件", "件", "12", "unit_spelled"),
        ("6万件", "件", "60000", "unit_scaled"),
        ("3.17亿元", "万元", "31700", "unit_scaled"),
        ("1500000元", "万元", "150", "unit_scaled"),
        ("150万元", "万元", "150", "unit_spelled"),
        ("2.79%", "%", "2.79", "unit_spelled"),
        ("增长-2.5%", "%", "-2.5", "growth_word"),
        ("同比增长 12", "件", "12", "growth_word"),
        ("下降2.79%", "%", "-2.79", "growth_word"),
        ("减少3件", "件", "-3", "growth_word"),
    ],
)
def test_a_text_that_names_its_unit_in_full_is_read_and_noted(
    text: str, unit: str, number: str, issue: str
) -> None:
    parsed = parse_filed(text, unit, MARKS)
    assert (parsed.number_text, parsed.issue) == (number, issue)


@pytest.mark.parametrize(
    ("text", "unit", "issue"),
    [
        ("1.2万", "件", "unit_suffix"),
        ("120万", "万元", "unit_suffix"),
        ("12项", "件", "unit_suffix"),
        ("95.3%", "件", "percent"),
        ("下降-2", "件", "not_a_number"),
        ("约100件", "件", "not_a_number"),
        ("12件左右", "件", "not_a_number"),
        ("999999999999999亿元", "万元", "unit_suffix"),
    ],
)
def test_a_text_that_leaves_its_unit_or_sign_open_is_not_guessed(
    text: str, unit: str, issue: str
) -> None:
    parsed = parse_filed(text, unit, MARKS)
    assert (parsed.number, parsed.issue) == (None, issue)
