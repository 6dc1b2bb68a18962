"""An accepted explanation is shown beside the same finding of later periods."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.unit.warehouse.builders import JAN_10, JAN_20, NOW
from warehouse.ledger import verbs
from warehouse.ledger.engine import writing
from warehouse.ledger.intake import settle
from warehouse.ledger.tables import findings
from warehouse.queries.explanations import explained_before

WORDS = "本月集中办理去年积压的授权登记"


def filed(ledger, sha: str, period: str, *, unit: str = "150402", at=JAN_10) -> str:
    submission_id = ledger.file(sha, period=period, unit=unit, at=at, name=f"{sha}.xlsx")
    submission_id = submission_id.submission_id
    ledger.find(submission_id, "verify")
    with writing(ledger.engine) as connection:
        connection.execute(
            findings.update()
            .where(findings.c.submission_id == submission_id)
            .values(unit_code=unit, form_code="M1", period_code=period)
        )
    settle(ledger.engine, [submission_id])
    return submission_id


def explain(ledger, submission_id: str, text: str = WORDS) -> None:
    verbs.explain(ledger.engine, submission_id, text=text, author="zhang", at=NOW)


def beside(ledger, submission_id: str) -> list[str]:
    with ledger.engine.connect() as connection:
        found = select(findings).where(findings.c.submission_id == submission_id)
        rows: list[dict[str, Any]] = [dict(row) for row in connection.execute(found).mappings()]
        told = explained_before(connection, rows)
        return [told[row["finding_id"]].beside(row["period_code"]) for row in rows
                if row["finding_id"] in told]  # fmt: skip


def test_last_periods_explanation_stands_beside_this_periods_finding(ledger) -> None:
    explain(ledger, filed(ledger, "a1", "2025-11"))
    assert beside(ledger, filed(ledger, "b2", "2025-12")) == [f"上期说明（2025年11月）：{WORDS}"]


def test_the_newest_earlier_explanation_is_the_one_shown(ledger) -> None:
    explain(ledger, filed(ledger, "a1", "2025-10"), "十月集中授权一批外观设计专利所致")
    explain(ledger, filed(ledger, "b2", "2025-11"))
    assert beside(ledger, filed(ledger, "c3", "2025-12")) == [f"上期说明（2025年11月）：{WORDS}"]


def test_an_explanation_of_the_version_before_is_said_to_be_that(ledger) -> None:
    explain(ledger, filed(ledger, "a1", "2025-12"))
    again = filed(ledger, "b2", "2025-12", at=JAN_20)
    assert beside(ledger, again) == [f"本期上一版说明（2025年12月）：{WORDS}"]


def test_neither_a_later_period_nor_another_unit_nor_an_open_finding_explains(ledger) -> None:
    explain(ledger, filed(ledger, "a1", "2026-01"))
    explain(ledger, filed(ledger, "b2", "2025-11", unit="150403"))
    filed(ledger, "c3", "2025-10")
    assert beside(ledger, filed(ledger, "d4", "2025-12")) == []


def test_an_explanation_of_what_was_withdrawn_does_not_travel(ledger) -> None:
    earlier = filed(ledger, "a1", "2025-11")
    explain(ledger, earlier)
    verbs.withdraw(ledger.engine, earlier, author="li", at=NOW, reason="口径有误")
    assert beside(ledger, filed(ledger, "b2", "2025-12")) == []
