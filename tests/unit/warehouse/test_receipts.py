"""Receipts: what a county reads about its file."""

from __future__ import annotations

import re

import pytest

from sources.vocabulary import STATE_ZH
from tests.unit.warehouse.builders import JAN_10
from warehouse.ledger.states import STATES
from warehouse.receipts import Receipt, answer_path, short_code, write_receipts
from warehouse.settings import Settings

FINDINGS = (
    {
        "severity_code": "verify",
        "rule_id": "H01",
        "sheet": "报表",
        "cell": "C9",
        "value_text": "300",
        "message_zh": "比上期增长过快",
        "advice_zh": "请核对并说明原因",
    },
    {
        "severity_code": "blocking",
        "rule_id": "C02",
        "sheet": "报表",
        "cell": "C7",
        "value_text": "12",
        "message_zh": "合计不等于分项之和",
        "advice_zh": "请改正后重报",
    },
)


def receipt(**words: object) -> Receipt:
    facts: dict[str, object] = {
        "submission_id": "150402.M1.2025-12.v2",
        "city_code": "150400",
        "unit_code": "150402",
        "file_name": "红山区 (终稿).xlsx",
        "file_sha256": "abcdef0123456789".ljust(64, "0"),
        "state_code": "held",
        "received_at": JAN_10,
        "form_zh": "知识产权创造月报",
        "period_zh": "2025年12月",
        "version": 2,
        "cells_read": 41,
        "is_synthetic": True,
        "findings": FINDINGS,
    }
    return Receipt(**(facts | words))  # type: ignore[arg-type]


def test_a_receipt_names_file_form_period_version_state_and_every_finding_gravest_first():
    text = receipt().text
    for said in (
        "（演示数据）",
        "红山区 (终稿).xlsx",
        "知识产权创造月报",
        "2025年12月（第 2 版）",
        "2026-01-10 09:00:00",
        "abcdef012345",
        "41 个",
        "审核未通过",
        "发现问题 2 条",
        "重新报送",
    ):
        assert said in text, said
    blocking = "1. 【强制性】合计不等于分项之和（工作表“报表”单元格 C7，值：12）［规则 C02］"
    assert blocking in text
    assert "   建议：请改正后重报" in text
    assert text.index("C02") < text.index("H01")


def test_a_refused_file_without_identity_still_gets_its_receipt():
    text = receipt(
        submission_id="150402.refused.abcdef012345", state_code="refused", form_zh=None,
        period_zh=None, version=None, findings=(),
    ).text  # fmt: skip
    assert "不予接收" in text
    assert "报表：" not in text


def test_every_state_has_a_chinese_name():
    assert set(STATE_ZH) == set(STATES)


def test_receipts_lie_beside_the_units_inbox_and_an_unchanged_one_is_not_rewritten(
    settings: Settings,
):
    first, second = receipt(), receipt(submission_id="150402.M1.2025-11.v1")
    assert write_receipts(settings, [first, second]) == 2
    assert (
        write_receipts(
            settings,
            [
                first,
                receipt(submission_id="150402.M1.2025-11.v1", state_code="passed", findings=()),
            ],
        )
        == 1
    )
    path = settings.outbox / "150400" / "150402" / "150402.M1.2025-12.v2.回执.txt"
    assert path == answer_path(settings, "150400", "150402", "150402.M1.2025-12.v2")
    assert path.read_text(encoding="utf-8") == first.text


def test_the_receipt_of_a_window_has_a_name_that_a_folder_can_hold(settings: Settings):
    path = answer_path(settings, "150400", "150402", "150402.W1.2020-12-16/2021-06-15.v1")
    assert path.name == "150402.W1.2020-12-16_2021-06-15.v1.回执.txt"


def test_a_receipt_counts_what_was_read_and_what_was_stored():
    text = receipt(cells_stored=41, entries_stored=20, figures_stored=19).text
    assert "读取单元格：41 个" in text
    assert "入库回读：单元格 41 个，指标 20 项，其中有数 19 项" in text


def test_the_short_code_is_of_the_submission_and_its_bytes_and_is_easy_to_read_out():
    code = short_code("150402.M1.2025-12.v2", "ab" * 32)
    assert f"短码：{short_code('150402.M1.2025-12.v2', receipt().file_sha256)}" in receipt().text
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", code)
    assert code != short_code("150402.M1.2025-12.v3", "ab" * 32)
    assert code != short_code("150402.M1.2025-12.v2", "cd" * 32)


def test_a_receipt_says_what_a_new_version_mended_and_what_was_explained_before():
    told = FINDINGS[0] | {
        "explanation_zh": "本月集中办理授权",
        "earlier_zh": "上期说明（2025年11月）：去年积压",
    }
    text = receipt(
        findings=[told],
        corrected=[FINDINGS[1]],
        against_zh="已更正 1 条，仍有 1 条，新出现 0 条。",
    ).text
    assert "   本期说明：本月集中办理授权\n   上期说明（2025年11月）：去年积压" in text
    assert "与上一版相比：已更正 1 条，仍有 1 条，新出现 0 条。" in text
    assert "1. 已更正：合计不等于分项之和［规则 C02］" in text


@pytest.mark.parametrize(
    ("state", "words", "next_words"),
    [
        ("superseded", "状态：已被第 3 版替代", "本版无须处理，请看第 3 版的回执。"),
        ("held", "状态：审核未通过，暂不采用（已有第 3 版，以第 3 版的回执为准）", "本版无须处理"),
    ],
)
def test_a_receipt_of_a_replaced_version_does_not_look_current(
    state: str, words: str, next_words: str
) -> None:
    text = receipt(state_code=state, replaced_by=3).text
    assert text.splitlines()[1].startswith("【已")
    assert words in text
    assert next_words in text
    assert "改正后重新报送" not in text


def test_a_receipt_after_the_release_says_that_the_figures_are_in_it() -> None:
    assert "状态：已纳入发布" in receipt(state_code="published").text


@pytest.mark.parametrize(
    ("held_for", "state", "next_"),
    [
        ("unconfirmed", "代录，待填报单位确认", "请填报单位核对后确认"),
        ("closed", "已封库，待开封", "开封以后重新审核"),
        (None, "审核未通过，暂不采用", "改正后重新报送"),
    ],
)
def test_what_waits_for_no_finding_is_not_told_to_mend_anything(held_for, state, next_):
    text = receipt(findings=(), held_for=held_for).text
    assert f"状态：{state}" in text
    assert next_ in text
    assert ("改正" in text) is (held_for is None)
