"""Texts compared, and texts made harmless for spreadsheets."""

import pytest

from sources.texts import harmless, normalised, shown


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|' /C calc'!A0", "+cmd|x", "-2+3+cmd|x", "@SUM(1)", "\t=1", "\r=1"]
)
def test_a_text_that_begins_like_a_formula_is_written_as_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-", "--", "-5", "+2.5", "-1,234.5", "12", "丁区", "a=b"])
def test_a_number_a_mark_and_a_plain_text_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_width_blanks_dashes_and_case_do_not_tell_texts_apart() -> None:
    assert normalised(" １—本月 累计 ") == normalised("1-本月累计")


def test_what_a_message_quotes_is_short_and_holds_nothing_unseen() -> None:
    assert shown("12 件") == "12 件"
    assert shown("20\u200b") == "20〔不可见字符 U+200B〕"
    assert shown("一\n二") == "一 二"
    assert shown("　 ") == "空格"
    assert shown("") == ""
    assert shown("x" * 60) == "x" * 60
    assert shown("x" * 32767) == "x" * 60 + "…（共 32767 个字符）"
