"""A steward's standing explanation clears the same finding of later periods until its day."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.unit.warehouse.builders import JAN_10, JAN_20, NOW
from warehouse.errors import DecisionRefused, ExplanationRefused
from warehouse.ledger.engine import writing
from warehouse.ledger.intake import settle
from warehouse.ledger.standing import approve_standing, clear_standing, standing_for, standing_now
from warehouse.ledger.tables import findings

WORDS = "本旗无外观设计授权"
UNTIL = date(2026, 12, 31)


def filed(
    ledger, sha: str, period: str, severity: str = "verify", *, unit: str = "150402",
    element: str = "patents", at=JAN_10,
) -> str:  # fmt: skip
    """A checked submission with a finding of rule R0, after its standing explanations."""
    submission_id = ledger.file(sha, period=period, unit=unit, at=at).submission_id
    ledger.find(submission_id, severity)
    with writing(ledger.engine) as connection:
        connection.execute(
            findings.update()
            .where(findings.c.submission_id == submission_id)
            .values(unit_code=unit, form_code="M1", period_code=period, element_code=element)
        )
    clear_standing(ledger.engine, [submission_id], NOW)
    settle(ledger.engine, [submission_id])
    return submission_id


def approve(ledger, submission_id: str, until: date = UNTIL, text: str = WORDS, rule: str = "R0"):
    return approve_standing(
        ledger.engine, submission_id, rule, author="zhang", at=NOW, until=until, text=text
    )


def status_of(ledger, submission_id: str) -> list[tuple[str, str | None]]:
    query = select(findings.c.status_code, findings.c.reason_text).where(
        findings.c.submission_id == submission_id
    )
    with ledger.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_it_explains_the_finding_it_was_approved_on(ledger) -> None:
    first = filed(ledger, "a1", "2025-11")
    [one] = approve(ledger, first)
    assert (one.rule_id, one.element_code, one.valid_until) == ("R0", "patents", UNTIL)
    assert status_of(ledger, first) == [("explained", WORDS)]
    assert ledger.state(first) == "explained"


def test_it_clears_the_same_finding_of_a_later_period_which_is_then_accepted(ledger) -> None:
    approve(ledger, filed(ledger, "a1", "2025-11"))
    later = filed(ledger, "b2", "2025-12")
    assert status_of(ledger, later) == [("explained", WORDS)]
    assert ledger.state(later) == "passed"
    ledger.apply()
    assert ledger.state(later) == "accepted_city"


@pytest.mark.parametrize(
    ("period", "unit", "element", "severity"),
    [
        ("2025-10", "150402", "patents", "verify"),
        ("2027-01", "150402", "patents", "verify"),
        ("2025-12", "150403", "patents", "verify"),
        ("2025-12", "150402", "trademarks", "verify"),
        ("2025-12", "150402", "patents", "quasi_blocking"),
    ],
    ids=["an earlier period", "after its day", "another unit", "another element", "graver"],
)
def test_it_clears_nothing_else(ledger, period, unit, element, severity) -> None:
    approve(ledger, filed(ledger, "a1", "2025-11"))
    other = filed(ledger, "b2", period, severity, unit=unit, element=element)
    assert status_of(ledger, other) == [("open", None)]


def test_a_period_that_ends_on_its_day_is_the_last_one_covered(ledger) -> None:
    approve(ledger, filed(ledger, "a1", "2025-11"), date(2026, 2, 28))
    assert status_of(ledger, filed(ledger, "b2", "2026-02"))[0][0] == "explained"
    assert status_of(ledger, filed(ledger, "c3", "2026-03"))[0][0] == "open"


def test_the_newest_approval_stands_and_a_day_gone_by_takes_it_back(ledger) -> None:
    first = filed(ledger, "a1", "2025-11")
    approve(ledger, first)
    approve(ledger, first, date(2025, 11, 30))
    assert [one.valid_until for one in standing_now(ledger.engine)] == [date(2025, 11, 30)]
    assert status_of(ledger, filed(ledger, "b2", "2025-12")) == [("open", None)]


@pytest.mark.parametrize("text", ["核实无误", "情况属实，特此说明", "无", "无无无无无无无无"])
def test_a_stock_phrase_does_not_become_standing(ledger, text: str) -> None:
    first = filed(ledger, "a1", "2025-11")
    with pytest.raises(ExplanationRefused):
        approve(ledger, first, text=text)
    assert standing_now(ledger.engine) == []


def test_what_needs_evidence_and_what_was_not_found_cannot_be_standing(ledger) -> None:
    graver = filed(ledger, "a1", "2025-11", "quasi_blocking")
    for rule in ("R0", "R9"):
        with pytest.raises(DecisionRefused, match="没有规则"):
            approve(ledger, graver, rule=rule)
    with pytest.raises(DecisionRefused, match="已过"):
        approve(ledger, filed(ledger, "b2", "2025-12"), date(2026, 1, 30))


def test_a_dry_run_is_told_what_would_clear_its_finding(ledger) -> None:
    approve(ledger, filed(ledger, "a1", "2025-11"))
    asked = {
        "finding_id": "f", "rule_id": "R0", "severity_code": "verify", "unit_code": "150402",
        "form_code": "M1", "period_code": "2026-01", "element_code": "patents",
    }  # fmt: skip
    with ledger.engine.connect() as connection:
        told = standing_for(connection, [asked, asked | {"finding_id": "g", "rule_id": "R1"}])
    assert {key: one.beside_zh for key, one in told.items()} == {
        "f": f"长期说明（至 2026-12-31）：{WORDS}"
    }


def test_a_new_version_of_the_period_is_cleared_as_well(ledger) -> None:
    approve(ledger, filed(ledger, "a1", "2025-11"))
    assert status_of(ledger, filed(ledger, "b2", "2025-11", at=JAN_20)) == [("explained", WORDS)]
