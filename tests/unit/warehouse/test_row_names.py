"""Rows of the marts in words: what a steward or leader reads holds no code of a program."""

from __future__ import annotations

import pytest

from warehouse.queries.row_names import cell_words, row_zh, value_zh, without_needless_digits

NAMES = {"150400": "赤峰市", "PATENT_GRANTS": "专利授权量", "cf-1": "某规划"}


@pytest.mark.parametrize(
    ("key_text", "told"),
    [
        ("150400|PATENT_GRANTS|2025-12|month", "赤峰市 专利授权量 2025年12月"),
        ("150400|PATENT_GRANTS|2025-12|ytd", "赤峰市 专利授权量 2025年12月（本年累计）"),
        ("150400|PATENT_GRANTS|2025-S2|half", "赤峰市 专利授权量 2025年下半年"),
        ("cf-1|2025|plan_to_date", "某规划 2025年（规划期累计）"),
        ("nobody|2025-Q4|quarter", "nobody 2025年四季度"),
        ("month", "month"),
    ],
)
def test_a_row_is_named(key_text: str, told: str) -> None:
    assert row_zh(key_text, NAMES) == told


def test_a_missing_value_is_no_zero() -> None:
    assert value_zh("value", None) == ""
    assert value_zh("value", "0.0") == "0"
    assert value_zh("value", "142.50") == "142.5"
    assert value_zh("status_code", "incomplete") == "未报齐"


def test_a_cell_of_a_text_file_is_told_by_row_and_column() -> None:
    assert cell_words("csv!D11") == "第 11 行 D 列"
    assert cell_words("月报!D11") == "月报!D11"
    assert cell_words(None) == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("9.090909090909092", "9.090909"),
        ("0.500", "0.5"),
        ("150402", "150402"),
        ("007", "007"),
        ("3/9", "3/9"),
        ("111.0", "111.0"),
        (None, None),
    ],
)
def test_only_a_long_fraction_is_shortened(value: str | None, told: str | None) -> None:
    assert without_needless_digits(value) == told
