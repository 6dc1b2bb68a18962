"""The steward's verbs: what each does, and what each refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.warehouse.builders import JAN_20, MANUAL, NOW
from warehouse.errors import (
    DecisionConflict,
    DecisionRefused,
    ExplanationRefused,
    IllegalTransition,
    OpenFindings,
    SelfApproval,
    UnknownSubmission,
)
from warehouse.ledger import verbs
from warehouse.ledger.frames import corrections_frame
from warehouse.raw_files import store_bytes

ZHANG: dict[str, Any] = {"author": "zhang", "at": NOW}
LI: dict[str, Any] = {"author": "li", "at": NOW}
REASON = "本月集中办理去年积压的授权登记"


def proposed(ledger, settings, submission_id: str, **words: Any) -> verbs.Decision:
    facts: dict[str, Any] = {
        "row_code": "01",
        "value_column": "current",
        "element_code": "patents",
        "new_number_text": "12",
        "reason": "填表时多录一位",
        "evidence": store_bytes(settings, b"a signed paper"),
        "evidence_name": "证明.pdf",
        "confirmed_by": "统计负责人",
    }
    return verbs.correct(ledger.engine, submission_id, **(facts | ZHANG | words))


@pytest.mark.parametrize(
    "text",
    [
        "核实无误",
        "情况属实",
        "数据无误。",
        "已核实",
        "经核实，情况属实，数据无误，特此说明。",
        "集中办理登记",
        "啊啊啊啊啊啊啊啊啊啊啊啊",
        "……………………………………",
        "",
    ],
)
def test_an_explanation_that_says_nothing_is_refused(ledger, text: str):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(ExplanationRefused):
        verbs.explain(ledger.engine, submission_id, text=text, **ZHANG)
    assert ledger.state(submission_id) == "passed"
    assert ledger.finding_states(submission_id) == ["open"]


def test_a_stock_phrase_beside_real_words_is_no_offence(ledger):
    submission_id = ledger.passed(severity="verify")
    verbs.explain(ledger.engine, submission_id, text=f"已核实，{REASON}", **ZHANG)
    assert ledger.finding_states(submission_id) == ["explained"]


def test_the_state_moves_when_the_last_finding_is_explained(ledger):
    submission_id = ledger.file().submission_id
    first, second, _ = ledger.find(submission_id, "verify", "verify", "info")
    ledger_settled(ledger)
    one = verbs.explain(ledger.engine, submission_id, text=REASON, finding_ids=[first], **ZHANG)
    assert (one.to_state, one.finding_ids) == ("passed", (first,))
    both = verbs.explain(ledger.engine, submission_id, text=REASON, **ZHANG)
    assert (both.to_state, both.finding_ids) == ("explained", (second,))
    assert ledger.finding_states(submission_id) == ["explained", "explained", "open"]


def test_a_quasi_blocking_finding_needs_evidence_with_its_explanation(ledger, settings):
    submission_id = ledger.passed(severity="quasi_blocking")
    with pytest.raises(DecisionRefused, match="没有可以说明"):
        verbs.explain(ledger.engine, submission_id, text=REASON, **ZHANG)
    with pytest.raises(DecisionRefused, match="证明材料"):
        verbs.explain(
            ledger.engine, submission_id, text=REASON, finding_ids=[f"{submission_id}#0"], **ZHANG
        )
    paper = store_bytes(settings, b"a contract")
    verbs.explain(ledger.engine, submission_id, text=REASON, evidence=paper, **ZHANG)
    assert ledger.state(submission_id) == "explained"


def test_a_blocking_finding_cannot_be_explained_nor_can_another_submissions(ledger, settings):
    submission_id = ledger.passed(severity="verify")
    other = ledger.passed("b2", severity="blocking", unit="150403")
    paper = store_bytes(settings, b"a contract")
    with pytest.raises(DecisionRefused, match="不属于"):
        verbs.explain(
            ledger.engine, submission_id, text=REASON, finding_ids=[f"{other}#0"], **ZHANG
        )
    with pytest.raises(DecisionRefused, match="强制性"):
        verbs.explain(
            ledger.engine, other, text=REASON, finding_ids=[f"{other}#0"], evidence=paper, **ZHANG
        )


def test_a_return_needs_a_reason_and_takes_the_findings_with_it(ledger):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(DecisionRefused, match="原因"):
        verbs.return_(ledger.engine, submission_id, reason="  ", **ZHANG)
    verbs.return_(ledger.engine, submission_id, reason="合计与分项不符", **ZHANG)
    assert ledger.state(submission_id) == "returned"
    assert ledger.finding_states(submission_id) == ["returned"]


def test_a_correction_waits_for_another_account(ledger, settings):
    submission_id = ledger.passed(severity="quasi_blocking")
    correction_id = proposed(ledger, settings, submission_id).correction_id
    assert correction_id == f"{submission_id}.c1"
    assert corrections_frame(ledger.engine)["state_code"].to_list() == ["proposed"]
    with pytest.raises(SelfApproval):
        verbs.approve(ledger.engine, correction_id, **ZHANG)
    assert corrections_frame(ledger.engine)["state_code"].to_list() == ["proposed"]
    verbs.approve(ledger.engine, correction_id, **LI)
    frame = corrections_frame(ledger.engine)
    assert frame.select("state_code", "new_number_text", "approved_at").rows() == [
        ("approved", "12", NOW)
    ]
    assert ledger.finding_states(submission_id) == ["corrected"]
    assert ledger.state(submission_id) == "passed"
    with pytest.raises(DecisionConflict, match=r"已由“li”于.*批准更正"):
        verbs.approve(ledger.engine, correction_id, **LI)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"reason": ""}, "原因"),
        ({"confirmed_by": " "}, "确认人"),
        ({"new_number_text": "十二"}, "不是数字"),
        ({"new_number_text": "1,200"}, "不是数字"),
        ({"author": "system"}, "system"),
    ],
)
def test_a_correction_without_its_facts_is_refused_whole(ledger, settings, words, said):
    submission_id = ledger.passed()
    with pytest.raises(DecisionRefused, match=said):
        proposed(ledger, settings, submission_id, **words)
    assert corrections_frame(ledger.engine).is_empty()
    assert len(ledger.events(submission_id)) == 2


def test_a_rejected_correction_has_no_effect_and_leaves_its_reason(ledger, settings):
    submission_id = ledger.passed()
    correction_id = proposed(ledger, settings, submission_id).correction_id
    verbs.reject(ledger.engine, correction_id, reason="证明材料不清楚", **LI)
    assert corrections_frame(ledger.engine)["state_code"].to_list() == ["rejected"]
    assert ledger.state(submission_id) == "passed"


def test_a_held_submission_is_not_corrected_but_filed_again(ledger, settings):
    submission_id = ledger.passed(severity="blocking")
    with pytest.raises(IllegalTransition):
        proposed(ledger, settings, submission_id)


def test_acceptance_goes_through_both_gates_in_order(ledger):
    submission_id = ledger.passed()
    with pytest.raises(IllegalTransition):
        verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    assert ledger.state(submission_id) == "accepted_county"
    verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    assert ledger.state(submission_id) == "accepted_city"


@pytest.mark.parametrize("severity", ["quasi_blocking", "verify"])
def test_the_city_gate_refuses_what_the_county_gate_lets_pass(ledger, severity: str):
    submission_id = ledger.passed(severity=severity)
    verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    with pytest.raises(OpenFindings) as caught:
        verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    assert caught.value.counts == {severity: 1}
    assert ledger.state(submission_id) == "accepted_county"


def test_a_held_submission_is_not_accepted_even_by_way_of_a_return(ledger):
    submission_id = ledger.passed(severity="blocking")
    with pytest.raises(IllegalTransition):
        verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    verbs.return_(ledger.engine, submission_id, reason="合计与分项不符", **ZHANG)
    with pytest.raises(OpenFindings):
        verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    assert ledger.finding_states(submission_id) == ["returned"]


def test_accepting_a_newer_version_supersedes_the_older_and_the_older_cannot_come_back_over_it(
    ledger,
):
    old, new = ledger.passed("a1"), ledger.passed("b2", at=JAN_20)
    for submission_id in (old, new):
        verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
        verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    assert (ledger.state(old), ledger.state(new)) == ("superseded", "accepted_city")
    with pytest.raises(DecisionRefused, match="更新的版本"):
        verbs.accept(ledger.engine, old, level="county", **ZHANG)
    verbs.withdraw(ledger.engine, new, reason="报错了单位", **ZHANG)
    verbs.accept(ledger.engine, old, level="county", **ZHANG)
    assert ledger.state(old) == "accepted_county"


def test_a_withdrawal_needs_a_reason_closes_findings_and_is_final(ledger):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(DecisionRefused, match="原因"):
        verbs.withdraw(ledger.engine, submission_id, reason="", **ZHANG)
    verbs.withdraw(ledger.engine, submission_id, reason="报错了单位", **ZHANG)
    assert ledger.state(submission_id) == "withdrawn"
    assert ledger.finding_states(submission_id) == ["closed"]
    with pytest.raises(IllegalTransition):
        verbs.return_(ledger.engine, submission_id, reason="合计与分项不符", **ZHANG)


def test_a_decision_on_nothing_or_by_nobody_is_refused(ledger):
    with pytest.raises(UnknownSubmission):
        verbs.withdraw(ledger.engine, "150402.M1.2025-12.v9", reason="报错了单位", **ZHANG)
    submission_id = ledger.passed()
    for author in ("", "system"):
        with pytest.raises(DecisionRefused):
            verbs.accept(ledger.engine, submission_id, author=author, at=NOW, level="county")


def ledger_settled(ledger) -> None:
    from warehouse.ledger.intake import settle

    settle(ledger.engine)
    assert ledger.apply(MANUAL) == []


def test_a_refused_acceptance_names_the_finding_the_reason_and_the_next_step(ledger):
    submission_id = ledger.passed(severity="verify")
    verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    with pytest.raises(OpenFindings) as caught:
        verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    said = caught.value.message_zh
    assert f"报送件“{submission_id}”尚有未处理的问题（核实性 1 条），不能接收" in said
    assert "【核实性】规则 " in said
    assert f"qiangshi decide explain {submission_id} --rule 规则 --reason 理由" in said
    assert "强制性的须由填报单位改正" not in said


def test_an_acceptance_at_the_city_before_the_county_says_what_to_do_first(ledger):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(IllegalTransition) as caught:
        verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    said = caught.value.message_zh
    assert f"报送件“{submission_id}”当前状态为“审核通过，待接收”，不能接收" in said
    assert "可以的状态：“旗县级已接收”。" in said
    assert f"qiangshi decide accept {submission_id} --level county" in said


def test_a_verb_on_a_withdrawn_submission_names_it_and_the_way_on(ledger):
    submission_id = ledger.passed(severity="verify")
    verbs.withdraw(ledger.engine, submission_id, reason="报错了单位", **ZHANG)
    with pytest.raises(IllegalTransition) as caught:
        verbs.return_(ledger.engine, submission_id, reason="口径不对", **ZHANG)
    said = caught.value.message_zh
    assert f"报送件“{submission_id}”当前状态为“已撤回”，不能退回" in said
    assert "须由填报单位重新报送" in said


def test_a_misspelt_submission_is_answered_with_the_nearest(ledger):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(UnknownSubmission) as caught:
        verbs.accept(ledger.engine, submission_id.replace("v1", "v7"), level="county", **ZHANG)
    assert caught.value.near == (submission_id,)
    assert f"是不是：{submission_id}？" in caught.value.message_zh
