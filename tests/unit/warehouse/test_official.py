"""Official releases: who may do what, and what stands in the way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.unit.warehouse.builders import NOW
from tests.unit.warehouse.marts import Observed, ask, figures, release
from tests.unit.warehouse.officials import (
    BASE,
    CITY,
    FIRST,
    ONE_LEDGER,
    approve,
    changed,
    listed,
    official,
    propose,
)
from warehouse.errors import DecisionRefused, NoRelease
from warehouse.ledger.chain_check import chain_damage
from warehouse.ledger.closing import close
from warehouse.ledger.engine import writing
from warehouse.official import verbs
from warehouse.official.errors import (
    EmbargoTooShort,
    FiguresChanged,
    OfficialRefused,
    ProposalDecided,
    ProposalIncomplete,
    SamePerson,
    UnknownProposal,
)
from warehouse.releases.gate import HeldCity, Verdict
from warehouse.releases.seals import kept_heads
from warehouse.settings import Settings


@pytest.fixture
def published(settings: Settings) -> Settings:
    """A workspace with one nightly release of two cities, on the night's own day."""
    release(settings)
    return settings.on(date(2026, 1, 31))


def test_document_number_and_scan_are_required_before_the_approval(published, ledger):
    bare = propose(published, ledger, document_number=" ", scan=None)
    assert bare.missing_zh == ("文号", "盖章扫描件")
    with pytest.raises(ProposalIncomplete, match="缺少文号、盖章扫描件，不能批准"):
        approve(published, ledger, bare)
    assert not (published.releases / FIRST).exists()
    # Proposed again with both, the new proposal takes the first one's place.
    full = propose(published, ledger)
    with pytest.raises(ProposalDecided, match="重新提请"):
        approve(published, ledger, bare)
    assert approve(published, ledger, full).release_id == FIRST
    states = {row["proposal_id"][-1]: row["state_code"] for row in listed(published, ledger)}
    assert states == {"1": "replaced", "2": "approved"}


def test_who_proposed_cannot_approve_in_any_spelling(published, ledger):
    proposed = propose(published, ledger)
    with pytest.raises(SamePerson, match="须由另一账户批准"):
        verbs.approve(published, ledger.engine, proposed.proposal_id, author=" Steward ", at=NOW)
    assert listed(published, ledger)[0]["state_code"] == "proposed"


def test_a_decision_is_taken_once(published, ledger):
    proposed = propose(published, ledger)
    engine = ledger.engine
    with pytest.raises(OfficialRefused, match="须写明理由"):
        verbs.reject(engine, proposed.proposal_id, author="approver", at=NOW, reason=" ")
    verbs.reject(engine, proposed.proposal_id, author="approver", at=NOW, reason="表号不对")
    with pytest.raises(ProposalDecided, match="已由“approver”"):
        approve(published, ledger, proposed)
    again = official(published, ledger)
    with pytest.raises(ProposalDecided, match="批准"):
        verbs.reject(engine, again.proposal_id, author="approver", at=NOW, reason="表号不对")
    with pytest.raises(UnknownProposal):
        verbs.reject(engine, "x.y.z.1", author="approver", at=NOW, reason="表号不对")


@ONE_LEDGER
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"report_code": "weekly"}, "没有报告种类“weekly”"),
        ({"period_code": "2025"}, "季报的报告期应写成 2025-Q4 的样子"),
        ({"period_code": "Q4"}, "不是报告期代码"),
        ({"period_code": "2026-Q1"}, "尚未结束"),
        ({"city_code": "999999"}, "没有城市“999999”的规划和指标"),
        ({"scan": b"PK\x03\x04 no paper"}, "应为 PDF、JPG、PNG 或 OFD"),
        ({"author": "system"}, "操作人“system”无效"),
    ],
)
def test_what_cannot_be_proposed_is_said_and_nothing_is_written(published, ledger, words, said):
    with pytest.raises(DecisionRefused, match=said):
        propose(published, ledger, **words)
    assert listed(published, ledger) == []


@ONE_LEDGER
def test_only_a_nightly_release_is_a_base(published, ledger):
    official(published, ledger)
    with pytest.raises(OfficialRefused, match="不能作依据"):
        propose(published, ledger, base_release_id=FIRST)
    with pytest.raises(NoRelease):
        propose(published, ledger, base_release_id="20200101-001")


@ONE_LEDGER
def test_a_proposal_tells_which_forms_are_not_closed(published, ledger):
    open_forms = [{"form_code": "M1", "period_code": "2025-12"}]
    assert list(propose(published, ledger).open_forms) == open_forms
    close(ledger.engine, (CITY, "M1", "2025-12"), author="approver", at=NOW)
    assert propose(published, ledger).open_forms == ()


def test_another_value_of_an_official_figure_needs_a_decision_that_names_it(published, ledger):
    official(published, ledger)
    base = changed(published)
    proposed = propose(published, ledger, report_code="annual", period_code="2025")
    [change] = proposed.changes
    assert change["key_text"] == "150400|patents|2025-12|month"
    assert (change["old_value"], change["new_value"]) == ("30.0", "31.0")
    with pytest.raises(FiguresChanged, match="1 个与本次不同，须先有修订决定：赤峰市") as refused:
        approve(published, ledger, proposed)
    named = f"赤峰市 专利授权量 2025年12月（{change['key_text']}）：30 → 31"
    assert named in refused.value.message_zh
    done = verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="赤知〔2026〕2号",
    )  # fmt: skip
    assert [one["new_value"] for one in done.figures] == ["31.0"]
    made = approve(published, ledger, proposed)
    assert made.manifest["official"]["base_release_id"] == base
    assert made.manifest["official"]["replaces"] is None
    [decision] = made.manifest["revision_decisions"]
    assert (decision["document_number"], decision["figures"]) == ("赤知〔2026〕2号", 1)
    file = published.releases / made.release_id / "ip_marts.duckdb"
    assert ask(
        file, "select from_release, old_value, new_value, reason_zh from marts.revisions"
    ) == [(FIRST, "30.0", "31.0", "修订决定（赤知〔2026〕2号）：补报一件")]
    # The decision was for 31, not for whatever comes after it.
    release(published, figures(u150402=Observed("12", "v3")))
    third = propose(published, ledger)
    with pytest.raises(FiguresChanged):
        approve(published, ledger, third)
    # Nor for going back: the figure that stands is now 31.
    back = propose(published, ledger, base_release_id=BASE)
    assert back.changes[0]["from_release_id"] == made.release_id


@ONE_LEDGER
def test_a_figure_that_is_gone_is_another_value(published, ledger):
    official(published, ledger)
    gone = figures(u150402=Observed(None, None, "missing"), u150403=Observed(None, None, "missing"))
    release(published, gone)
    changes = propose(published, ledger).changes
    # The total of nothing is 0 here; what is said is what the release says.
    assert [one["new_value"] for one in changes] == ["0.0"]


@ONE_LEDGER
def test_a_decision_to_revise_needs_reason_number_and_a_figure_that_differs(published, ledger):
    words: dict[str, Any] = {"author": "leader", "at": NOW}
    with pytest.raises(UnknownProposal):
        verbs.revise(published, ledger.engine, BASE, reason="补报", document_number="1号", **words)
    official(published, ledger)
    for given in (
        {"reason": "", "document_number": "1号"},
        {"reason": "补报", "document_number": ""},
    ):
        with pytest.raises(OfficialRefused, match="理由（--reason）和文号"):
            verbs.revise(published, ledger.engine, FIRST, **given, **words)
    with pytest.raises(OfficialRefused, match="相同，或不在其中"):
        verbs.revise(published, ledger.engine, FIRST, reason="补报", document_number="1号", **words)
    changed(published)
    with pytest.raises(OfficialRefused, match="no-such-figure"):
        verbs.revise(
            published, ledger.engine, FIRST, reason="补报", document_number="1号",
            keys=["no-such-figure"], **words,
        )  # fmt: skip


@ONE_LEDGER
def test_another_citys_change_concerns_nobody_else(published, ledger):
    official(published, ledger)
    release(published, figures(u150202=Observed("6", "v2")))
    assert propose(published, ledger).changes == ()


@ONE_LEDGER
def test_a_release_tells_nobody_early_what_it_revises(published, ledger):
    """The public file names the old value and the release that holds it."""
    until = datetime(2026, 3, 1, 9, 0)
    official(published, ledger, embargo_until=until)
    changed(published)
    verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="2号",
    )  # fmt: skip
    for early in (None, datetime(2026, 2, 28)):
        proposed = propose(
            published, ledger, report_code="annual", period_code="2025", embargo_until=early
        )
        with pytest.raises(EmbargoTooShort, match="保密期到 2026-03-01 09:00"):
            approve(published, ledger, proposed)
    assert not (published.published / "official" / CITY / "annual-2025").exists()
    made = official(
        published, ledger, report_code="annual", period_code="2025", embargo_until=until
    )
    assert [one.audience for one in made.placements if one.release_id == made.release_id] == [
        "office"
    ]


@ONE_LEDGER
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("盖章表.html", "盖章表.html.pdf"),
        ("../../盖章表", "盖章表.pdf"),
        ("盖章表.PDF", "盖章表.PDF"),
        ("", "扫描件.pdf"),
    ],
)
def test_a_scan_is_called_what_its_bytes_are(published, ledger, given, kept):
    """It is laid where browsers open it: a page that holds a PDF must not be opened as a page."""
    page = b"<script>alert(1)</script>%PDF-1.4"
    official(published, ledger, scan=page, scan_name=given)
    assert listed(published, ledger)[0]["scan_name"] == kept
    place = published.published / "official" / CITY / "quarterly-2025-Q4" / "office"
    assert [path.name for path in place.glob("sealed_table*")] == ["sealed_table.pdf"]


@ONE_LEDGER
def test_a_city_held_since_by_a_night_without_a_release_is_told_to_be(published, ledger):
    """Where all else is unchanged the gate leaves the release, and its manifest, as it was."""
    assert not propose(published, ledger).is_held
    verdict = Verdict((HeldCity(CITY, "检查未通过"),))
    night = release(published, figures(u150402=Observed("11", "v2")), verdict=verdict)
    assert (night.outcome, night.release_id) == ("unchanged", BASE)
    assert propose(published, ledger).is_held


def test_every_row_is_in_the_chain_and_the_release_keeps_its_head(published, ledger):
    official(published, ledger)
    changed(published)
    verbs.revise(
        published, ledger.engine, FIRST, author="leader", at=NOW, reason="补报一件",
        document_number="2号",
    )  # fmt: skip
    seals = kept_heads(published)
    assert [seal.place_zh for seal in seals] == [f"发布版本 {FIRST} 的清单"]
    assert chain_damage(ledger.engine, seals) == []
    for act in (
        "update official_proposals set document_number = 'x'",
        "delete from official_decisions",
        "update official_revisions set reason_text = 'x'",
        "delete from official_revision_figures",
    ):
        with pytest.raises(DBAPIError, match="append-only"), writing(ledger.engine) as connection:
            connection.exec_driver_sql(act)


@ONE_LEDGER
def test_an_edit_behind_the_ledgers_back_is_found(published, ledger):
    official(published, ledger)
    engine = ledger.engine
    with writing(engine) as connection:
        connection.exec_driver_sql("drop trigger official_proposals_no_update")
        connection.exec_driver_sql("update official_proposals set document_number = 'x'")
    [damage] = chain_damage(engine, [])
    assert damage.place_zh == "正式发布的提请 150400.quarterly.2025-Q4.1"
