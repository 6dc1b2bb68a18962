"""Two at one desk, the unit's own word, closed periods: what each is told, and what holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.unit.warehouse.builders import FEB_10, JAN_20, NOW, TODAY, filed
from warehouse.access.offices import declare_small_office
from warehouse.errors import (
    CorrectionsOff,
    DecisionConflict,
    DecisionRefused,
    ExplanationRefused,
    NotConfirmed,
    NothingToUndo,
    PeriodClosed,
    SelfApproval,
    SelfConfirmation,
)
from warehouse.ledger import verbs
from warehouse.ledger.frames import copies_for_build
from warehouse.ledger.intake import record_batch, settle
from warehouse.ledger.policies import AcceptancePolicies, PolicyRow
from warehouse.ledger.tables import closings, corrections, submissions
from warehouse.ledger.versions import held_for
from warehouse.raw_files import store_bytes

ZHANG: dict[str, Any] = {"author": "zhang", "at": NOW}
LI: dict[str, Any] = {"author": "li", "at": NOW}
COUNTY: dict[str, Any] = {"author": "county", "at": NOW}
REASON = "本月集中办理去年积压的授权登记"
DECEMBER = ("150400", "M1", "2025-12")


def version(ledger, submission_id: str) -> int:
    with ledger.engine.connect() as connection:
        return verbs.versions_of(connection, [submission_id])[submission_id]


def proposed(ledger, settings, submission_id: str, **words: Any) -> str:
    facts: dict[str, Any] = {
        "row_code": "01",
        "value_column": "current",
        "element_code": "patents",
        "new_number_text": "12",
        "reason": "填表时多录一位",
        "evidence": store_bytes(settings, b"a signed paper"),
        "evidence_name": "证明.pdf",
    }
    done = verbs.correct(ledger.engine, submission_id, **(facts | ZHANG | words))
    assert done.correction_id is not None
    return done.correction_id


def entered(ledger, sha: str = "e1", **words: Any) -> str:
    """A 代录 by the steward zhang."""
    record = replace(filed(sha, **words), entered_by="zhang")
    return record_batch(ledger.engine, [record], NOW, None)[0].submission_id


# Two at one desk.


def test_the_second_steward_on_a_finding_is_told_who_was_first(ledger):
    submission_id = ledger.file().submission_id
    first, second = ledger.find(submission_id, "verify", "verify")
    settle(ledger.engine)
    seen = version(ledger, submission_id)
    words: dict[str, Any] = {"text": REASON, "finding_ids": [first], "expected_version": seen}
    verbs.explain(ledger.engine, submission_id, **words, **ZHANG)
    with pytest.raises(DecisionConflict, match=r"这条问题已由“zhang”于 .* 处理（说明）") as caught:
        verbs.explain(ledger.engine, submission_id, **words, **LI)
    assert (caught.value.first_author, caught.value.verb) == ("zhang", "explain")
    # Another finding of the same submission is nobody's conflict.
    words["finding_ids"] = [second]
    verbs.explain(ledger.engine, submission_id, **words, **LI)
    assert ledger.finding_states(submission_id) == ["explained", "explained"]


def test_whoever_saw_the_state_of_before_is_refused_whatever_they_do(ledger):
    submission_id = ledger.passed()
    seen = version(ledger, submission_id)
    verbs.accept(ledger.engine, submission_id, level="county", expected_version=seen, **ZHANG)
    verbs.accept(ledger.engine, submission_id, level="city", **ZHANG)
    with pytest.raises(DecisionConflict, match=r"已由“zhang”于 .*此后又有 1 次处理"):
        verbs.return_(ledger.engine, submission_id, reason="合计不符", expected_version=seen, **LI)
    assert ledger.state(submission_id) == "accepted_city"


def test_a_decision_says_which_version_the_next_one_expects(ledger):
    submission_id = ledger.passed()
    done = verbs.accept(ledger.engine, submission_id, level="county", **ZHANG)
    assert done.version == version(ledger, submission_id) == 3
    verbs.accept(ledger.engine, submission_id, level="city", expected_version=3, **LI)


def test_of_many_acts_together_the_refused_leave_the_others_standing(ledger):
    one, other = ledger.passed("a1"), ledger.passed("b1", unit="150403")
    seen = version(ledger, one)
    verbs.return_(ledger.engine, one, reason="合计不符", **LI)

    def accepting(submission_id: str):
        def act(desk: Connection) -> verbs.Decision:
            return verbs.accept(desk, submission_id, level="county", expected_version=seen, **ZHANG)

        return act

    refused, done = verbs.together(ledger.engine, [accepting(one), accepting(other)])
    assert isinstance(refused, DecisionConflict)
    assert isinstance(done, verbs.Decision)
    assert (ledger.state(one), ledger.state(other)) == ("returned", "accepted_county")


# The reporting unit's own word.


def test_a_correction_waits_for_the_units_account_then_for_a_second_person(ledger, settings):
    submission_id = ledger.passed()
    correction_id = proposed(ledger, settings, submission_id)
    with pytest.raises(NotConfirmed):
        verbs.approve(ledger.engine, correction_id, **LI)
    with pytest.raises(SelfConfirmation):
        verbs.confirm(ledger.engine, correction_id, **ZHANG)
    verbs.confirm(ledger.engine, correction_id, **COUNTY)
    with pytest.raises(DecisionConflict, match="已由“county”"):
        verbs.confirm(ledger.engine, correction_id, **LI)
    for own in ("zhang", " ZHANG ", "county"):
        with pytest.raises(SelfApproval):
            verbs.approve(ledger.engine, correction_id, author=own, at=NOW)
    verbs.approve(ledger.engine, correction_id, **LI)
    with ledger.engine.connect() as connection:
        row = connection.execute(select(corrections)).mappings().one()
    assert (row["state_code"], row["confirmed_by"], row["confirmation_code"]) == (
        "approved", "county", "account",
    )  # fmt: skip


def test_a_city_may_switch_corrections_off_by_a_row(ledger, settings):
    submission_id = ledger.passed()
    off = AcceptancePolicies(
        (
            PolicyRow(None, None, "automatic", None, None),
            PolicyRow("150400", None, "automatic", None, None, corrections="off"),
        )
    )
    assert off.allows_corrections("150600", "M1", TODAY)
    with pytest.raises(CorrectionsOff, match="退回填报单位"):
        proposed(ledger, settings, submission_id, policies=off)
    assert len(ledger.events(submission_id)) == 2


def test_in_a_declared_small_office_the_countys_word_is_the_second_person(ledger, settings):
    submission_id = ledger.passed()
    correction_id = proposed(ledger, settings, submission_id)
    with pytest.raises(NotConfirmed):
        verbs.approve(ledger.engine, correction_id, **ZHANG)
    verbs.confirm(ledger.engine, correction_id, **COUNTY)
    with pytest.raises(SelfApproval):
        verbs.approve(ledger.engine, correction_id, **ZHANG)
    declare_small_office(
        ledger.engine, "150400", author="security", at=NOW, reason="数据科三人", starts_on=TODAY
    )
    verbs.approve(ledger.engine, correction_id, **ZHANG)


def test_what_was_entered_on_a_units_behalf_counts_only_once_the_unit_confirms(ledger):
    submission_id = entered(ledger)
    settle(ledger.engine)
    assert ledger.state(submission_id) == "held"
    assert ledger.apply() == []
    with pytest.raises(SelfConfirmation):
        verbs.confirm(ledger.engine, submission_id, **ZHANG)
    verbs.confirm(ledger.engine, submission_id, **COUNTY)
    with pytest.raises(DecisionRefused, match="已由“county”"):
        verbs.confirm(ledger.engine, submission_id, **LI)
    settle(ledger.engine)
    assert ledger.state(submission_id) == "passed"


def test_a_units_own_filing_needs_no_confirmation(ledger):
    with pytest.raises(DecisionRefused, match="无须确认"):
        verbs.confirm(ledger.engine, ledger.passed(), **COUNTY)


# 封库 and 开封.


def test_in_a_closed_period_no_act_changes_a_figure(ledger, settings):
    submission_id = ledger.passed(severity="verify")
    correction_id = proposed(ledger, settings, submission_id, confirmed_by="统计负责人")
    done = verbs.close(ledger.engine, DECEMBER, **ZHANG)
    assert (done.version, done.waiting) == (1, (submission_id,))
    acts: list[Any] = [
        lambda: verbs.accept(ledger.engine, submission_id, level="county", **LI),
        lambda: verbs.return_(ledger.engine, submission_id, reason="合计不符", **LI),
        lambda: verbs.withdraw(ledger.engine, submission_id, reason="合计不符", **LI),
        lambda: verbs.approve(ledger.engine, correction_id, **LI),
    ]
    for act in acts:
        with pytest.raises(PeriodClosed, match=r"已封库.*reopen 150400.M1.2025-12"):
            act()
    verbs.explain(ledger.engine, submission_id, text=REASON, **LI)
    assert ledger.apply() == []
    assert ledger.state(submission_id) == "explained"


def test_a_filing_for_a_closed_period_waits_for_the_reopening(ledger):
    old = ledger.passed()
    assert ledger.apply() == [old]
    verbs.close(ledger.engine, DECEMBER, **ZHANG)
    new = ledger.passed("b2", at=JAN_20)
    assert (ledger.state(old), ledger.state(new)) == ("accepted_city", "held")
    with ledger.engine.connect() as connection:
        assert held_for(connection, [old, new]) == {new: "closed"}
    other = ledger.passed("c3", period="2025-11")
    assert ledger.state(other) == "passed"
    done = verbs.reopen(
        ledger.engine, DECEMBER, author="li", at=FEB_10, reason="旗县补报专利数",
        release_name="2025年12月月报更正一",
    )  # fmt: skip
    assert done.waiting == (new,)
    settle(ledger.engine)
    assert ledger.apply() == [other, new]
    assert (ledger.state(old), ledger.state(new)) == ("superseded", "accepted_city")
    assert ledger.events(new)[-1][3] == FEB_10  # it counts from the reopening on


def test_closing_and_reopening_tell_who_was_first(ledger):
    with pytest.raises(DecisionRefused, match="从未封库"):
        verbs.reopen(ledger.engine, DECEMBER, reason="补报", release_name="更正一", **ZHANG)
    verbs.close(ledger.engine, DECEMBER, expected_version=0, **ZHANG)
    with pytest.raises(DecisionConflict, match="已由“zhang”"):
        verbs.close(ledger.engine, DECEMBER, expected_version=0, **LI)
    with pytest.raises(DecisionRefused, match="“zhang”"):
        verbs.close(ledger.engine, DECEMBER, **LI)
    for words in ({"reason": " ", "release_name": "更正一"}, {"reason": "x", "release_name": ""}):
        with pytest.raises(DecisionRefused, match="须写明"):
            verbs.reopen(ledger.engine, DECEMBER, **words, **LI)
    with ledger.engine.connect() as connection:
        assert len(connection.execute(select(closings)).all()) == 1


# 撤销.


def test_undoing_an_acceptance_brings_back_what_it_replaced(ledger):
    old, new = ledger.passed(), ledger.passed("b2", at=JAN_20)
    assert ledger.apply() == [old, new]
    assert ledger.state(old) == "superseded"
    with pytest.raises(NothingToUndo, match="由系统作出"):
        verbs.undo(ledger.engine, new, reason="点错了", **LI)
    third = ledger.passed("c3", at=FEB_10)
    verbs.accept(ledger.engine, third, level="county", **ZHANG)
    verbs.accept(ledger.engine, third, level="city", **ZHANG)
    assert ledger.state(new) == "superseded"
    verbs.undo(ledger.engine, third, reason="点错了", **LI)
    assert [ledger.state(key) for key in (old, new, third)] == [
        "superseded", "accepted_city", "accepted_county",
    ]  # fmt: skip
    verbs.undo(ledger.engine, third, reason="点错了", **LI)
    assert ledger.state(third) == "passed"


def test_an_approved_correction_is_undone_even_after_its_publication(ledger, settings):
    from warehouse.ledger.policies import mark_published

    submission_id = ledger.passed(severity="verify")
    correction_id = proposed(ledger, settings, submission_id, confirmed_by="统计负责人")
    verbs.approve(ledger.engine, correction_id, **LI)
    ledger.apply()
    mark_published(ledger.engine, "20260131-001", NOW)
    assert ledger.state(submission_id) == "published"
    verbs.undo(ledger.engine, correction_id, reason="依据有误", **LI)
    assert ledger.finding_states(submission_id) == ["open"]
    assert ledger.state(submission_id) == "published"
    with ledger.engine.connect() as connection:
        states = connection.execute(select(corrections.c.state_code)).scalars().all()
    assert states == ["proposed"]


def test_what_was_known_of_a_correction_on_a_day_is_told_after_its_undo_too(ledger, settings):
    submission_id = ledger.passed()
    correction_id = proposed(ledger, settings, submission_id, confirmed_by="统计负责人")
    verbs.approve(ledger.engine, correction_id, **LI)
    verbs.undo(ledger.engine, correction_id, reason="依据有误", author="li", at=FEB_10)

    def known(by: datetime | None) -> list[Any]:
        frame = copies_for_build(ledger.engine, by)["corrections"]
        return frame.select("state_code", "approved_at").rows()

    assert known(NOW - timedelta(seconds=1)) == []
    assert known(NOW) == [("approved", NOW)]
    assert known(FEB_10) == known(None) == [("proposed", None)]


def test_an_undo_needs_a_reason_and_is_an_event_itself(ledger):
    submission_id = ledger.passed(severity="verify")
    with pytest.raises(ExplanationRefused):
        verbs.explain(ledger.engine, submission_id, text="核实无误", **ZHANG)
    verbs.return_(ledger.engine, submission_id, reason="合计不符", **ZHANG)
    with pytest.raises(DecisionRefused, match="撤销须写明原因"):
        verbs.undo(ledger.engine, submission_id, reason="", **LI)
    verbs.undo(ledger.engine, submission_id, reason="看错了单位", **LI)
    assert ledger.finding_states(submission_id) == ["open"]
    assert [row[0] for row in ledger.events(submission_id)] == [
        "receive", "pass", "return", "undo",
    ]  # fmt: skip
    with ledger.engine.connect() as connection:
        assert connection.execute(select(submissions.c.state_code)).scalar() == "passed"
